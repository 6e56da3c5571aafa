//! Typed events that a question sends out while it is being answered.

use crate::{AnswerDocument, Clarification, ErrorReport, PlanStep, ResultTable, Verification};
use serde::Serialize;
use serde_json::Value;

/// What happened, in the order in which it happens.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// How the question was read.
    Understanding {
        /// The reading in English.
        restatement: String,
        /// The typed query.
        query: Value,
    },
    /// The steps that will run (without SQL and rows).
    Plan(Vec<String>),
    /// A step was compiled.
    Sql {
        /// Step id.
        step: String,
        /// Its SQL.
        sql: String,
    },
    /// A step has run.
    Rows {
        /// The step as it will stand in the document.
        step: Box<PlanStep>,
        /// Its rows.
        table: ResultTable,
    },
    /// A sentence passed the number check.
    Sentence(String),
    /// The chart is chosen.
    Chart(Value),
    /// The validator has spoken.
    Verdict(Verification),
    /// One question back.
    Clarification(Clarification),
    /// It ended without an answer.
    Error(ErrorReport),
    /// The whole document.
    Done(Box<AnswerDocument>),
}
