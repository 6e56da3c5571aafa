//! What the hub takes from the process, so that a test can give it something else.

use jiff::Timestamp;
use std::path::PathBuf;

/// Reads an environment variable.
pub type Environment = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Folders, environment, clock and chance.
pub struct Surroundings {
    /// What paths in the configuration are relative to: the folder of retail.toml.
    pub folder: PathBuf,
    /// Where the program keeps files between runs; the spending ledger has a folder in it.
    pub cache: PathBuf,
    /// Reads an environment variable.
    pub environment: Box<Environment>,
    /// The time, for the day of a budget and for dates in the headers of providers.
    pub now: fn() -> Timestamp,
    /// Where the jitter of retries begins.
    pub seed: u64,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process(folder: PathBuf, cache: PathBuf) -> Self {
        use std::hash::{BuildHasher, RandomState};
        Self {
            folder,
            cache,
            environment: Box::new(|name| std::env::var(name).ok()),
            now: Timestamp::now,
            seed: RandomState::new().hash_one(std::process::id()),
        }
    }
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Surroundings")
            .field("folder", &self.folder)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}
