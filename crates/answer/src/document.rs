//! The answer document and its parts (one JSON object per question).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A verified answer stands in `result` and `narrative`.
    Answered,
    /// One question with at least two options stands in `clarification`.
    Clarify,
    /// The data cannot answer it, or it is not a question about the data.
    Declined,
    /// Something broke: data, connection, or a defect.
    Failed,
}

/// What kind of answer the question asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the names are the published vocabulary of intents"
)]
pub enum Intent {
    Point,
    List,
    Breakdown,
    Ranking,
    Trend,
    Comparison,
    Growth,
    Share,
    Ratio,
    Distribution,
    Set,
    Basket,
    Cohort,
    Stock,
    Drivers,
    Search,
    Definition,
    Quality,
}

/// Which road the SQL took to the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Compiled by us from a typed query.
    Compiled,
    /// Written by a model, passed by the guard.
    Generated,
}

/// One cell of a result.
///
/// Dates and times are ISO text (`YYYY-MM-DD`, `YYYY-MM-DDTHH:MM:SS`), integers
/// beyond 2^53 are text, and a period is its first day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Cell {
    /// Missing, NaN or infinite.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number within ±2^53.
    Integer(i64),
    /// Any other number, unrounded.
    Number(f64),
    /// Text, a date, a time, or a whole number too large for JSON.
    Text(String),
}

impl Cell {
    /// The number in the cell, if it holds one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Cell::Integer(n) => Some(*n as f64),
            Cell::Number(x) => Some(*x),
            _ => None,
        }
    }

    /// The text in the cell, if it holds text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Cell::Text(s) => Some(s),
            _ => None,
        }
    }

    /// Whether the cell is missing.
    pub fn is_null(&self) -> bool {
        matches!(self, Cell::Null)
    }
}

/// What a column is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnRole {
    /// Groups rows.
    Dimension,
    /// A computed number.
    Measure,
    /// A date, a time or a period (see `grain`).
    Time,
    /// Identifies something; never summed.
    Id,
    /// Free text.
    Text,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    /// Name as shown, unique within the result.
    pub name: String,
    /// `integer`, `number`, `text`, `date`, `timestamp` or `boolean`.
    #[serde(rename = "type")]
    pub data_type: String,
    /// `fraction` for shares, rates and growth; a currency or a noun otherwise.
    pub unit: Option<String>,
    /// What the column is to the reader.
    pub role: ColumnRole,
    /// For a period: `day`, `week`, `month`, `quarter`, `year`, or a cyclic grain
    /// (`hour_of_day`, `weekday`, `month_of_year`, `quarter_of_year`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grain: Option<String>,
}

/// Rows as the engine returned them, in the order that the query defines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResultTable {
    /// Left to right.
    pub columns: Vec<Column>,
    /// Each as wide as `columns`.
    pub rows: Vec<Vec<Cell>>,
    /// Rows in `rows`.
    pub row_count: usize,
    /// Whether more rows existed than are given here.
    pub truncated: bool,
}

/// One executed step of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanStep {
    /// `s1`, `s2`, … ; claims name it.
    pub id: String,
    /// What the step is for, in a few words.
    pub purpose: String,
    /// The typed query (its schema is published beside this one).
    pub query: Value,
    /// The SQL that ran.
    pub sql: String,
    /// Engine and version.
    pub engine: String,
    /// `miss`, `hit` or `rollup`.
    pub cache: String,
    /// Wall time in the engine, in milliseconds.
    pub elapsed_ms: f64,
    /// Rows, for each step that a claim or a later step uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultTable>,
}

/// Where a claim's value comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimSource {
    /// `[step, row, column]`; the step is a plan id or `result`; row and column count from 0.
    Cell(String, usize, usize),
    /// A published formula over cells and literals.
    #[serde(untagged)]
    Formula {
        /// Name from the published list of formulas.
        formula: String,
        /// Inputs: cells as `[step, row, column]`, or literals.
        inputs: Vec<Value>,
    },
}

/// A stretch of the narrative that states something checkable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Claim {
    /// First code point, counted from 0.
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
    /// What is stated.
    pub value: Value,
    /// What proves it.
    pub source: ClaimSource,
}

/// Prose about the result; every number, name, rank, period and direction is a claim.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Narrative {
    /// Plain text.
    pub text: String,
    /// In order of `start`, not overlapping.
    pub claims: Vec<Claim>,
}

/// One way to read an ambiguous question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClarificationOption {
    /// Short enough for a button.
    pub label: String,
    /// The full reading.
    pub restatement: String,
    /// The typed query behind it.
    pub query: Value,
}

/// One question back to the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Clarification {
    /// What is open.
    pub question: String,
    /// At least two; their queries differ.
    pub options: Vec<ClarificationOption>,
}

/// One named check of the validator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Stable name.
    pub name: String,
    /// Whether it held.
    pub passed: bool,
    /// What was compared.
    pub detail: String,
}

/// Counts of statements found in the text and bound to evidence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NumberCheck {
    /// Checkable statements found in the text.
    pub found: usize,
    /// Of those, proven from cells or formulas.
    pub bound: usize,
}

/// The validator's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every check held.
    Verified,
    /// At least one did not; nothing is released.
    Rejected,
}

/// What the validator did and found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verification {
    /// The SQL is one of ours, or passed the guard.
    pub sql_safe: bool,
    /// The SQL computes what was asked.
    pub intent_match: bool,
    /// The number check.
    pub numbers: NumberCheck,
    /// Each check by name.
    pub checks: Vec<Check>,
    /// The conclusion.
    pub verdict: Verdict,
}

/// Why there is no answer, and the way out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorReport {
    /// Stable code.
    pub code: String,
    /// What was wrong.
    pub message: String,
    /// What to do; for a decline, the nearest answerable question.
    pub hint: Option<String>,
}

/// One call to a language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(
    missing_docs,
    reason = "field names are the published contract and say what they are"
)]
pub struct ModelCall {
    pub role: String,
    pub provider: String,
    pub model: String,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cost_usd: f64,
    pub ms: f64,
}

/// A file or connection that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// As the user gave it.
    pub path_or_url: String,
    /// Content fingerprint.
    pub fingerprint: String,
}

/// What is needed to replay the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// Everything that was read.
    pub sources: Vec<Source>,
    /// The date that stood for today (`YYYY-MM-DD`), if the data has dates.
    pub as_of: Option<String>,
    /// Hash of the semantic model.
    pub model_hash: String,
    /// Hash of the canonical typed query.
    pub query_hash: String,
    /// Hash of the SQL text.
    pub sql_hash: String,
    /// Hash of the result's JSON.
    pub result_hash: String,
    /// Program name and version.
    pub program: String,
    /// How the sources were opened; absent in documents of earlier programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Opening>,
}

/// How sources were opened, so that they can be opened again in the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Opening {
    /// Files, folders and addresses, as given.
    pub data: Vec<String>,
    /// The file of the semantic model, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What was said about how files are to be read (`[reading]` of `retail.toml`), if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<serde_json::Value>,
}

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnswerDocument {
    /// The batch line's id, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// As asked.
    pub question: String,
    /// Conversation it belongs to.
    pub conversation: Option<String>,
    /// How it ended.
    pub status: Status,
    /// The reading, in one English sentence.
    pub restatement: Option<String>,
    /// Defaults that were filled in and data remarks.
    pub assumptions: Vec<String>,
    /// Words that were not understood.
    pub unknown_words: Vec<String>,
    /// Calibrated probability of being right; null until calibrated.
    pub confidence: Option<f64>,
    /// Compiled or generated.
    pub lane: Lane,
    /// What kind of answer it is.
    pub intent: Option<Intent>,
    /// The steps that ran.
    pub plan: Vec<PlanStep>,
    /// Exactly what was asked for.
    pub result: Option<ResultTable>,
    /// Prose with its claims.
    pub narrative: Option<Narrative>,
    /// Vega-Lite specification.
    pub chart: Option<Value>,
    /// Questions that could follow.
    pub suggestions: Vec<String>,
    /// The question back, for `clarify`.
    pub clarification: Option<Clarification>,
    /// The validator's report.
    pub verification: Verification,
    /// For `declined` and `failed`.
    pub error: Option<ErrorReport>,
    /// Language model calls, in order.
    pub model_calls: Vec<ModelCall>,
    /// Wall time per stage in milliseconds.
    pub timings_ms: BTreeMap<String, f64>,
    /// What is needed to replay it.
    pub certificate: Option<Certificate>,
}

impl AnswerDocument {
    /// A document with nothing in it yet but the question and a verdict that releases nothing.
    pub fn empty(question: &str, status: Status) -> Self {
        AnswerDocument {
            id: None,
            question: question.to_string(),
            conversation: None,
            status,
            restatement: None,
            assumptions: Vec::new(),
            unknown_words: Vec::new(),
            confidence: None,
            lane: Lane::Compiled,
            intent: None,
            plan: Vec::new(),
            result: None,
            narrative: None,
            chart: None,
            suggestions: Vec::new(),
            clarification: None,
            verification: Verification {
                sql_safe: false,
                intent_match: false,
                numbers: NumberCheck::default(),
                checks: Vec::new(),
                verdict: Verdict::Rejected,
            },
            error: None,
            model_calls: Vec::new(),
            timings_ms: BTreeMap::new(),
            certificate: None,
        }
    }
}
