//! Why a conversation could not be read or kept.

use thiserror::Error;

/// A failure of the store, with a stable code and what to do. No variant carries a password or
/// anything that was said.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MemoryError {
    /// The settings cannot be meant so.
    #[error("the setting of the conversation store cannot be used: {0}")]
    Settings(String),
    /// The store does not answer, or not in time.
    #[error("the conversation store {store} cannot be reached: {reason}")]
    Unreachable {
        /// Which one.
        store: String,
        /// What the system says.
        reason: String,
    },
    /// The store does not let us in.
    #[error("the conversation store {store} refuses: {reason}")]
    Refused {
        /// Which one.
        store: String,
        /// What it says.
        reason: String,
    },
    /// The store takes nothing more.
    #[error("the conversation store {store} is full")]
    Full {
        /// Which one.
        store: String,
    },
    /// What stands under the key is no conversation of ours.
    #[error("what {store} holds for this conversation cannot be read: {reason}")]
    Poisoned {
        /// Which one.
        store: String,
        /// Why.
        reason: String,
    },
    /// Others wrote the same conversation each time that we tried.
    #[error("the conversation is being written by others in {store}")]
    Conflict {
        /// Which one.
        store: String,
    },
}

impl MemoryError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            MemoryError::Settings(_) => "memory_settings",
            MemoryError::Unreachable { .. } => "memory_unreachable",
            MemoryError::Refused { .. } => "memory_refused",
            MemoryError::Full { .. } => "memory_full",
            MemoryError::Poisoned { .. } => "memory_poisoned",
            MemoryError::Conflict { .. } => "memory_conflict",
        }
    }

    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            MemoryError::Settings(_) => {
                "set `[memory] redis = \"redis://host:6379/0\"` in retail.toml or RETAIL_REDIS_URL, and the password in RETAIL_REDIS_PASSWORD"
            }
            MemoryError::Unreachable { .. } => "check that it runs and can be reached from here",
            MemoryError::Refused { .. } => "check user, password and rights",
            MemoryError::Full { .. } => "give it more room, or a policy that drops the oldest",
            MemoryError::Poisoned { .. } => "another program writes these keys; give this one a database of its own",
            MemoryError::Conflict { .. } => "ask again",
        }
        .into()
    }
}
