//! A conversation as a store keeps it.

use crate::{Conversation, Key};
use serde::{Deserialize, Serialize};

/// Changes when older programs can no longer read what is written.
pub(crate) const FORMAT: u32 = 1;

/// What is written. Owner and name stand in it so that a record in a wrong place is noticed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) format: u32,
    pub(crate) owner: String,
    pub(crate) id: String,
    /// Counts the times that it was saved.
    pub(crate) version: u64,
    /// When it was saved, in seconds since 1970.
    pub(crate) saved_at: i64,
    pub(crate) conversation: Conversation,
}

impl Record {
    pub(crate) fn new(key: &Key, conversation: &Conversation, version: u64, now: i64) -> Record {
        Record {
            format: FORMAT,
            owner: key.owner.name().to_string(),
            id: key.id.clone(),
            version,
            saved_at: now,
            conversation: conversation.clone(),
        }
    }

    /// As one line of JSON.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads it back; the reason where it is no record of that key.
    pub(crate) fn read(bytes: &[u8], key: &Key) -> Result<Record, String> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let head: Head =
            serde_json::from_slice(bytes).map_err(|_| "it is no record of a conversation")?;
        if head.format != FORMAT {
            return Err(format!(
                "it is of format {}, this program reads {FORMAT}",
                head.format
            ));
        }
        // The message would repeat what was said.
        let record: Record =
            serde_json::from_slice(bytes).map_err(|_| "its parts do not fit together")?;
        if record.owner != key.owner.name() || record.id != key.id {
            return Err("it belongs to another conversation".into());
        }
        Ok(record)
    }
}
