//! The analyst: turns computed rows into a narrative, a chart and next questions.
//!
//! Deterministic. Whatever it states is a claim with its evidence; the validator reads the
//! text again without looking at those claims.

mod chart;
mod completeness;
mod sentences;
mod suggestions;
mod table;
mod wording;
mod writer;

use answer::{Intent, Narrative, PlanStep, ResultTable};
use query::{OutputColumn, Query};
use semantics::Model;
use serde_json::Value;

/// What there is to talk about.
pub struct Finding<'a> {
    /// The semantic model, for labels, units and what may be summed.
    pub model: &'a Model,
    /// The query whose rows stand in `result`.
    pub query: &'a Query,
    /// The columns of `result` as the compiler describes them; may be empty.
    pub columns: &'a [OutputColumn],
    /// Exactly what was asked for.
    pub result: &'a ResultTable,
    /// Executed steps with their results; the last one is the main step, or the ranking
    /// behind a singular answer.
    pub steps: &'a [PlanStep],
    /// What kind of answer it is.
    pub intent: Intent,
    /// A remark on the period ("2024 runs to 15 August").
    pub time_note: Option<&'a str>,
}

/// What the analyst makes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// One to four sentences with their claims.
    pub narrative: Narrative,
    /// A Vega-Lite specification, where a picture helps.
    pub chart: Option<Value>,
    /// Up to three questions that the same model can answer.
    pub suggestions: Vec<String>,
}

/// Narrative, chart and next questions for a finding.
pub fn analyse(finding: &Finding) -> Analysis {
    Analysis {
        narrative: sentences::narrate(finding),
        chart: chart::chart(finding),
        suggestions: suggestions::suggestions(finding),
    }
}
