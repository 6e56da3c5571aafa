//! Conversations: what earlier turns said, kept so that the next one can refer to it.
//!
//! [`Memory`] is what callers use. Behind it stands a [`Store`]: files in the user's folder
//! ([`Files`]), or Redis ([`Redis`]). A conversation belongs to an [`Owner`]; the key of an owner
//! never reads what another owner has said.

mod conversation;
mod error;
mod files;
mod keeper;
mod key;
mod record;
mod redis_store;
mod settings;
mod store;

pub use conversation::{Conversation, Limits, Seal, Turn};
pub use error::MemoryError;
pub use files::Files;
pub use keeper::{Clock, Memory, Notice, system_clock};
pub use key::{Key, Owner};
pub use redis_store::Redis;
pub use settings::Settings;
pub use store::{Kept, Saved, Store};
