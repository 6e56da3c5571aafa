//! A conversation: its turns, what the last answer left behind, an open question back.

use answer::{Certificate, Status};
use language::Context;
use query::Query;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Characters of a question that are kept.
const QUESTION: usize = 2_000;

/// What a conversation may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Turns; the oldest go first.
    pub turns: usize,
    /// Bytes as JSON.
    pub bytes: usize,
    /// Seconds after the last turn until it is forgotten.
    pub idle_seconds: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            turns: 200,
            bytes: 256 * 1024,
            idle_seconds: 30 * 24 * 3600,
        }
    }
}

/// What earlier turns left behind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// The last answered turn, which follow-ups change.
    #[serde(default)]
    pub context: Option<Context>,
    /// Labels and queries of an open question back.
    #[serde(default)]
    pub options: Vec<(String, Query)>,
    /// Oldest first.
    #[serde(default)]
    pub turns: Vec<Turn>,
}

/// One question and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Unique; given by [`crate::Memory`] when the turn is over.
    #[serde(default)]
    pub id: String,
    /// When it was over, in seconds since 1970; given likewise.
    #[serde(default)]
    pub at: i64,
    /// As asked.
    pub question: String,
    /// How it ended.
    pub status: Status,
    /// The option of the question back that it picked, by its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<String>,
    /// The reading that was answered, in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restatement: Option<String>,
    /// The same as a typed query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What the answer can be checked by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Seal>,
}

/// An answer's certificate; the sources, which may be thousands of files, as one hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seal {
    /// BLAKE3 of the sources' names and fingerprints.
    pub data_hash: String,
    /// The date that stood for today (`YYYY-MM-DD`).
    pub as_of: Option<String>,
    /// As in the certificate.
    pub model_hash: String,
    /// As in the certificate.
    pub query_hash: String,
    /// As in the certificate.
    pub sql_hash: String,
    /// As in the certificate.
    pub result_hash: String,
    /// As in the certificate.
    pub program: String,
}

impl From<&Certificate> for Seal {
    fn from(certificate: &Certificate) -> Self {
        let mut data = blake3::Hasher::new();
        for source in &certificate.sources {
            for part in [&source.path_or_url, &source.fingerprint] {
                data.update(&(part.len() as u64).to_le_bytes());
                data.update(part.as_bytes());
            }
        }
        Seal {
            data_hash: data.finalize().to_hex().to_string(),
            as_of: certificate.as_of.clone(),
            model_hash: certificate.model_hash.clone(),
            query_hash: certificate.query_hash.clone(),
            sql_hash: certificate.sql_hash.clone(),
            result_hash: certificate.result_hash.clone(),
            program: certificate.program.clone(),
        }
    }
}

impl Conversation {
    /// Adds a turn that is over.
    pub fn record(&mut self, mut turn: Turn) {
        if let Some((end, _)) = turn.question.char_indices().nth(QUESTION) {
            turn.question.truncate(end);
        }
        self.turns.push(turn);
    }

    /// When the last turn was over, in seconds since 1970.
    pub fn last_at(&self) -> Option<i64> {
        self.turns.last().map(|t| t.at)
    }

    /// Leaves out what `holds` refuses: queries over data that is no longer there. Says whether the
    /// last answered query was among it.
    pub fn keep_queries(&mut self, holds: impl Fn(&Query) -> bool) -> bool {
        self.options.retain(|(_, query)| holds(query));
        let Some(context) = &mut self.context else {
            return false;
        };
        if !holds(&context.query) {
            self.context = None;
            return true;
        }
        context.earlier.retain(holds);
        false
    }

    /// Two versions of one conversation as one: every turn of both, in the order of time. Follow-ups
    /// refer to the later one; "go back" reaches the other.
    pub fn merged(self, other: Conversation) -> Conversation {
        // Every turn counts: a joined thread does not end with the turn that was added last.
        let knows = |all: &Conversation, some: &Conversation| {
            let known: BTreeSet<&str> = all.turns.iter().map(|t| t.id.as_str()).collect();
            some.turns.iter().all(|t| known.contains(t.id.as_str()))
        };
        if knows(&self, &other) {
            return self;
        }
        if knows(&other, &self) {
            return other;
        }
        let order = |c: &Conversation| c.turns.last().map(|t| (t.at, t.id.clone()));
        let (older, newer) = if order(&self) <= order(&other) {
            (self, other)
        } else {
            (other, self)
        };
        let mut turns = older.turns;
        let known: BTreeSet<String> = turns.iter().map(|t| t.id.clone()).collect();
        turns.extend(newer.turns.into_iter().filter(|t| !known.contains(&t.id)));
        // Stable: turns of one second keep the order that each side has them in.
        turns.sort_by_key(|t| t.at);
        let context = match newer.context {
            Some(context) => Some(context.after(older.context, false)),
            None => older.context,
        };
        Conversation {
            context,
            options: newer.options,
            turns,
        }
    }

    /// Forgets what goes beyond the limits: the oldest turns, then the queries that "go back"
    /// reaches, then the names that the last result listed.
    pub fn bound(&mut self, limits: &Limits) {
        let surplus = self.turns.len().saturating_sub(limits.turns);
        self.turns.drain(..surplus);
        let size = |c: &Conversation| serde_json::to_vec(c).map_or(0, |b| b.len());
        while size(self) > limits.bytes && self.turns.len() > 1 {
            let half = self.turns.len() / 2;
            self.turns.drain(..half);
        }
        if size(self) > limits.bytes
            && let Some(context) = &mut self.context
        {
            context.earlier.clear();
        }
        if size(self) > limits.bytes
            && let Some(context) = &mut self.context
        {
            context.listed = None;
        }
        if size(self) > limits.bytes {
            // One query that is longer than the limit is not carried on.
            self.context = None;
            self.options.clear();
            for turn in &mut self.turns {
                turn.query = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(id: &str, at: i64) -> Turn {
        Turn {
            id: id.into(),
            at,
            question: format!("question {id}"),
            status: Status::Answered,
            chosen: None,
            restatement: None,
            query: Some(query(at as usize)),
            code: None,
            seal: None,
        }
    }

    fn query(limit: usize) -> Query {
        Query {
            limit: Some(limit as u32),
            ..Query::default()
        }
    }

    fn after(mut conversation: Conversation, id: &str, at: i64) -> Conversation {
        conversation.record(turn(id, at));
        let context = Context {
            query: query(at as usize),
            ..Context::default()
        };
        conversation.context = Some(context.after(conversation.context.take(), false));
        conversation
    }

    fn ids(conversation: &Conversation) -> Vec<&str> {
        conversation.turns.iter().map(|t| t.id.as_str()).collect()
    }

    #[test]
    fn a_later_version_stands_for_both() {
        let first = after(Conversation::default(), "a", 1);
        let second = after(first.clone(), "b", 2);
        assert_eq!(first.clone().merged(second.clone()), second);
        assert_eq!(second.clone().merged(first), second);
    }

    #[test]
    fn two_windows_lose_no_turn_and_go_back_reaches_the_other_one() {
        let first = after(Conversation::default(), "a", 1);
        let left = after(first.clone(), "l", 2);
        let right = after(first, "r", 3);
        for merged in [left.clone().merged(right.clone()), right.merged(left)] {
            assert_eq!(ids(&merged), ["a", "l", "r"]);
            let context = merged.context.unwrap();
            assert_eq!(context.query, query(3));
            assert_eq!(context.earlier, [query(1), query(2)]);
        }
    }

    #[test]
    fn the_oldest_turns_go_first_and_the_context_stays() {
        let mut conversation = Conversation::default();
        for i in 0..40 {
            conversation = after(conversation, &i.to_string(), i);
        }
        let limits = Limits {
            turns: 30,
            bytes: 4_000,
            ..Limits::default()
        };
        conversation.bound(&limits);
        assert!(serde_json::to_vec(&conversation).unwrap().len() <= 4_000);
        assert_eq!(conversation.turns.last().unwrap().id, "39");
        assert_eq!(conversation.context.unwrap().query, query(39));
    }

    #[test]
    fn a_query_beyond_the_limit_is_not_carried_on() {
        let mut conversation = after(Conversation::default(), "a", 1);
        if let Some(context) = &mut conversation.context {
            context.query.step = Some("q".repeat(400));
        }
        conversation.bound(&Limits {
            bytes: 300,
            ..Limits::default()
        });
        assert_eq!(conversation.context, None);
        assert!(serde_json::to_vec(&conversation).unwrap().len() <= 300);
    }

    #[test]
    fn queries_over_other_data_are_left_out() {
        let mut conversation = after(after(Conversation::default(), "a", 1), "b", 2);
        conversation.options = vec![("one".into(), query(1)), ("two".into(), query(2))];
        assert!(!conversation.keep_queries(|q| *q != query(1)));
        assert_eq!(conversation.options.len(), 1);
        assert!(conversation.context.as_ref().unwrap().earlier.is_empty());
        assert!(conversation.keep_queries(|_| false));
        assert_eq!(conversation.context, None);
        assert_eq!(conversation.turns.len(), 2);
    }
}
