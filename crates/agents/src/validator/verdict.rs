//! The two checks put together.

use super::{NumberReport, check_intent, check_numbers};
use answer::{AnswerDocument, Narrative, NumberCheck, Verdict, Verification};
use query::Query;
use semantics::Model;

/// The verification of a document whose rows come from `sql`, compiled from `query`.
pub fn verify(document: &AnswerDocument, query: &Query, sql: &str, model: &Model) -> Verification {
    let intent = check_intent(query, sql, model);
    let numbers = check_numbers(document);
    Verification {
        sql_safe: false,
        intent_match: intent.ok,
        numbers: NumberCheck { found: numbers.found, bound: numbers.bound },
        checks: intent.checks,
        verdict: Verdict::Rejected,
    }
}

/// The narrative without the sentences that failed; `None` if the headline (the first
/// sentence) failed.
pub fn release(_narrative: &Narrative, _report: &NumberReport) -> Option<Narrative> {
    None
}
