//! The number check: re-reads the text and proves every statement from the rows.

use super::evidence::Evidence;
use super::reading::{self, Glossary};
use super::sentence;
use answer::{AnswerDocument, Status, Verdict};
use serde::Serialize;

/// A checkable statement found in the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedClaim {
    /// First code point of `narrative.text`, counted from 0.
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
    /// Whether it was proven.
    pub ok: bool,
    /// What proves it, or what is wrong.
    pub why: String,
}

/// What the number check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NumberReport {
    /// Verified only if every statement is proven.
    pub verdict: Verdict,
    /// Statements found in the text.
    pub found: usize,
    /// Of those, proven.
    pub bound: usize,
    /// Each statement, in order of `start`.
    pub claims: Vec<CheckedClaim>,
}

/// Reads the narrative and proves it from `result`, `plan[].result` and `plan[].query`.
///
/// A document that is answered must have a narrative; one that is not states nothing.
pub fn check_numbers(document: &AnswerDocument) -> NumberReport {
    let Some(narrative) = &document.narrative else {
        let verdict = if document.status == Status::Answered {
            Verdict::Rejected
        } else {
            Verdict::Verified
        };
        return NumberReport {
            verdict,
            found: 0,
            bound: 0,
            claims: Vec::new(),
        };
    };
    let evidence = Evidence::of(document);
    let glossary = Glossary::of(&evidence);
    let mut claims = Vec::new();
    let mut subject = sentence::Subject::default();
    for mentions in reading::read(&narrative.text, &glossary) {
        claims.extend(sentence::check(&mentions, &evidence, &mut subject));
    }
    claims.sort_by_key(|c| (c.start, c.end));
    let bound = claims.iter().filter(|c| c.ok).count();
    let sound = bound == claims.len() && !claims.is_empty();
    NumberReport {
        verdict: if sound {
            Verdict::Verified
        } else {
            Verdict::Rejected
        },
        found: claims.len(),
        bound,
        claims,
    }
}
