//! Conversations that are open in this process.

use agents::Conversation;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Conversations that are kept at most; the one that was idle longest goes first.
const KEPT: usize = 1_000;

/// By id. Turns of one conversation wait for each other; conversations do not.
#[derive(Default)]
pub(crate) struct Conversations(Mutex<Table>);

#[derive(Default)]
struct Table {
    clock: u64,
    known: HashMap<String, (u64, Arc<Mutex<Conversation>>)>,
}

impl Conversations {
    /// The conversation of that id, empty if it is new.
    pub(crate) fn get(&self, id: &str) -> Arc<Mutex<Conversation>> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.clock += 1;
        let now = table.clock;
        if let Some((used, conversation)) = table.known.get_mut(id) {
            *used = now;
            return conversation.clone();
        }
        if table.known.len() >= KEPT {
            let oldest = table
                .known
                .iter()
                .min_by_key(|(_, (used, _))| *used)
                .map(|(id, _)| id.clone());
            if let Some(oldest) = oldest {
                table.known.remove(&oldest);
            }
        }
        let conversation = Arc::new(Mutex::new(Conversation::default()));
        table
            .known
            .insert(id.to_string(), (now, conversation.clone()));
        conversation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conversation_that_was_idle_longest_goes_first() {
        let all = Conversations::default();
        let first = all.get("0");
        for i in 1..KEPT {
            all.get(&i.to_string());
        }
        assert!(Arc::ptr_eq(&first, &all.get("0")), "it is still known");
        let second = all.get("1");
        all.get("one more");
        assert!(Arc::ptr_eq(&first, &all.get("0")));
        assert!(Arc::ptr_eq(&second, &all.get("1")));
        assert_eq!(all.0.lock().unwrap().known.len(), KEPT);
    }
}
