//! A turn of a conversation that is kept.

use crate::assistant::{Assistant, Question};
use answer::{AnswerDocument, Event};
use memory::{Conversation, Key, Memory};
use query::Dialect;

impl Assistant {
    /// Answers one question of a conversation that `memory` keeps under `key`. The last event goes out
    /// once the turn is kept; what stood in the way of that is among the assumptions.
    pub fn ask_in(
        &self,
        question: &Question,
        memory: &Memory,
        key: &Key,
        on_event: &mut dyn FnMut(&Event),
    ) -> AnswerDocument {
        let (mut document, notices) = memory.turn(key, |conversation| {
            let left = self.leave_other_data(conversation);
            let mut document = self.ask(question, conversation, &mut |event| {
                if !matches!(event, Event::Done(_)) {
                    on_event(event);
                }
            });
            document.assumptions.extend(left);
            document
        });
        document
            .assumptions
            .extend(notices.into_iter().map(|notice| notice.text));
        on_event(&Event::Done(Box::new(document.clone())));
        document
    }

    /// Leaves out the queries of earlier turns that this data cannot answer, since the conversation
    /// began over other data; says so where the last one is among them.
    pub fn leave_other_data(&self, conversation: &mut Conversation) -> Option<String> {
        conversation
            .keep_queries(|query| query::compile(&self.model, query, Dialect::DuckDb).is_ok())
            .then(|| {
                "Earlier turns of this conversation were about other data; this one starts anew."
                    .into()
            })
    }
}
