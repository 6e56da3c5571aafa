//! The validator: decides whether an answer may be released.
//!
//! Two independent readers. The intent check reads the SQL's syntax tree and compares what it
//! computes with what the query asks for; the number check reads the narrative's text and
//! proves every statement from the rows. Both fail closed.

mod binding;
mod cues;
mod evidence;
mod extremes;
mod formulas;
mod intent;
mod inventory;
mod movement;
mod numbers;
mod periods;
mod proof;
mod quantifiers;
mod reading;
mod relations;
mod sentence;
mod statements;
mod verdict;
mod vocabulary;

pub use intent::{IntentReport, check_intent, check_question_intent};
pub use numbers::{CheckedClaim, NumberReport, check_numbers};
pub use verdict::{release, verify};

#[cfg(test)]
mod narrative_tests;

#[cfg(test)]
mod intent_tests;
