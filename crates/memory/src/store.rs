//! What a place that keeps conversations has to do.

use crate::{Conversation, Key, MemoryError};

/// A conversation as it is kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kept {
    /// What was said.
    pub conversation: Conversation,
    /// Counts the times that it was saved.
    pub version: u64,
}

/// How saving ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Saved {
    /// It is kept, as that version.
    Kept(u64),
    /// Someone else saved it since it was read; nothing was written. What stands there now, if it
    /// was not forgotten.
    Overtaken(Option<Box<Kept>>),
}

/// Keeps conversations. What [`Store::save`] has acknowledged survives the end of this process.
pub trait Store: Send + Sync {
    /// Which one it is, for messages; without secrets.
    fn name(&self) -> String;

    /// What is kept under a key, unless it has expired.
    ///
    /// # Errors
    /// [`MemoryError::Poisoned`] where something stands there that is no such conversation; that it
    /// cannot be reached otherwise.
    fn load(&self, key: &Key, now: i64) -> Result<Option<Kept>, MemoryError>;

    /// Keeps a conversation in the place of version `after` (0: of none).
    ///
    /// # Errors
    /// As [`Store::load`], and [`MemoryError::Full`].
    fn save(
        &self,
        key: &Key,
        conversation: &Conversation,
        after: u64,
        now: i64,
    ) -> Result<Saved, MemoryError>;

    /// Moves what cannot be read out of the way, where people can still look at it.
    ///
    /// # Errors
    /// That it cannot be reached.
    fn set_aside(&self, key: &Key) -> Result<(), MemoryError>;

    /// Whether it may have lost what it has acknowledged (a server in memory that was restarted or
    /// was short of room). Copies of this process are then put back.
    fn may_forget(&self) -> bool;
}
