//! A conversation of numbered turns, each as an answered question leaves it behind.

use answer::Status;
use language::Context;
use memory::{Clock, Conversation, Key, Limits, Memory, Notice, Owner, Store, Turn};
use query::Query;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock that tests set.
#[derive(Clone)]
pub(crate) struct Time(Arc<AtomicI64>);

impl Time {
    /// The machine's time, so that the files' own times agree with it.
    pub(crate) fn now() -> Time {
        Time(Arc::new(AtomicI64::new(memory::system_clock()())))
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> Clock {
        let time = self.0.clone();
        Box::new(move || time.load(Ordering::SeqCst))
    }
}

pub(crate) fn over(store: impl Store + 'static, owner: &str, time: &Time) -> Memory {
    limited(store, owner, time, Limits::default())
}

pub(crate) fn limited(
    store: impl Store + 'static,
    owner: &str,
    time: &Time,
    limits: Limits,
) -> Memory {
    Memory::new(Box::new(store), Owner::named(owner), limits, time.clock())
}

pub(crate) fn key(memory: &Memory, id: &str) -> Key {
    Key::new(memory.owner(), id)
}

/// An answered turn.
pub(crate) fn answer(conversation: &mut Conversation, question: &str) {
    let query = Query {
        limit: Some(question.bytes().map(u32::from).sum()),
        ..Query::default()
    };
    let context = Context {
        query: query.clone(),
        ..Context::default()
    };
    conversation.context = Some(context.after(conversation.context.take(), false));
    conversation.record(Turn {
        id: String::new(),
        at: 0,
        question: question.into(),
        status: Status::Answered,
        chosen: None,
        restatement: Some(format!("what {question} asks")),
        query: Some(query),
        code: None,
        seal: None,
    });
}

/// Asks, and gives back what has to be told.
pub(crate) fn ask(memory: &Memory, id: &str, question: &str) -> Vec<Notice> {
    memory
        .turn(&key(memory, id), |conversation| {
            answer(conversation, question)
        })
        .1
}

/// Codes of what has to be told.
pub(crate) fn codes(notices: &[Notice]) -> Vec<&'static str> {
    notices.iter().map(|n| n.code).collect()
}

/// The questions that a conversation remembers.
pub(crate) fn questions(memory: &Memory, id: &str) -> Vec<String> {
    let conversation = memory.look(&key(memory, id)).unwrap();
    conversation.turns.into_iter().map(|t| t.question).collect()
}
