//! The intent check.

use answer::{Check, Intent};
use query::Query;
use semantics::Model;

/// What the intent check found.
#[derive(Debug, Clone, PartialEq)]
pub struct IntentReport {
    /// Whether the SQL computes what the query asks for.
    pub ok: bool,
    /// Each comparison by name.
    pub checks: Vec<Check>,
}

/// Compares what `sql` computes with what `query` asks for.
pub fn check_intent(_query: &Query, _sql: &str, _model: &Model) -> IntentReport {
    IntentReport { ok: false, checks: Vec::new() }
}

/// Compares what `sql` computes with the kind of answer that the question wants.
pub fn check_question_intent(_intent: Intent, _sql: &str) -> IntentReport {
    IntentReport { ok: false, checks: Vec::new() }
}
