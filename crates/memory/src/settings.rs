//! Where conversations are kept, as configured.

use crate::{Clock, Files, Limits, Memory, MemoryError, Owner, Redis, system_clock};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long Redis may take for an exchange, in milliseconds.
const PATIENCE_MS: u64 = 500;

/// The table `[memory]` of retail.toml. It has no `Debug`: the URL may hold a password.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `redis://[user@]host[:port][/database]`; the variable RETAIL_REDIS_URL goes before it, and
    /// RETAIL_REDIS_PASSWORD holds the password. Files if absent.
    redis: Option<String>,
    /// Folder of the files; one in the user's cache folder if absent.
    folder: Option<PathBuf>,
    /// Whose conversations these are on a shared Redis; user and machine if absent.
    owner: Option<String>,
    /// Days after the last turn until a conversation is forgotten (30).
    days: Option<u32>,
    /// Turns of a conversation that are kept (200).
    turns: Option<usize>,
    /// Kilobytes of a conversation that are kept (256).
    kilobytes: Option<usize>,
    /// Milliseconds that Redis may take for an exchange (500).
    timeout_ms: Option<u64>,
}

impl Settings {
    /// What these settings say, over `environment` (variables by name) and the defaults. Nothing is
    /// opened or called yet.
    ///
    /// # Errors
    /// [`MemoryError::Settings`].
    pub fn memory(
        &self,
        default_folder: &Path,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Memory, MemoryError> {
        self.memory_at(default_folder, environment, system_clock())
    }

    /// As [`Settings::memory`], with another clock.
    ///
    /// # Errors
    /// As there.
    pub fn memory_at(
        &self,
        default_folder: &Path,
        environment: impl Fn(&str) -> Option<String>,
        clock: Clock,
    ) -> Result<Memory, MemoryError> {
        let standard = Limits::default();
        let limits = Limits {
            turns: self.turns.unwrap_or(standard.turns).max(1),
            bytes: self
                .kilobytes
                .map_or(standard.bytes, |k| k.max(4).saturating_mul(1024)),
            idle_seconds: self
                .days
                .map_or(standard.idle_seconds, |d| i64::from(d.max(1)) * 24 * 3600),
        };
        let variable = |name: &str| environment(name).filter(|v| !v.is_empty());
        let url = variable("RETAIL_REDIS_URL").or_else(|| self.redis.clone());
        let owner = self
            .owner
            .as_deref()
            .map_or_else(Owner::of_this_machine, Owner::named);
        Ok(match url {
            Some(url) => {
                let patience = self.timeout_ms.unwrap_or(PATIENCE_MS).clamp(10, 60_000);
                let redis = Redis::new(
                    &url,
                    variable("RETAIL_REDIS_PASSWORD").as_deref(),
                    Duration::from_millis(patience),
                    &limits,
                )?;
                Memory::new(Box::new(redis), owner, limits, clock)
            }
            None => {
                let folder = self.folder.as_deref().unwrap_or(default_folder);
                let files = Files::new(folder, &limits);
                Memory::new(Box::new(files), owner, limits, clock)
            }
        })
    }
}
