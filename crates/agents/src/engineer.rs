//! The data engineer: compiles a step and runs it.

use crate::assistant::{Assistant, Question};
use crate::planner::Step;
use answer::PlanStep;
use query::{CompiledQuery, Dialect, QueryError};
use warehouse::WarehouseError;

/// Why a step gave no rows.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    /// The compiler refuses the query.
    #[error("{0}")]
    Refused(#[from] QueryError),
    /// The engine fails.
    #[error("{0}")]
    Engine(#[from] WarehouseError),
}

impl StepError {
    pub(crate) fn code(&self) -> String {
        match self {
            StepError::Refused(e) => e.code().into(),
            StepError::Engine(e) => e.code().into(),
        }
    }
    pub(crate) fn hint(&self) -> String {
        match self {
            StepError::Refused(e) => e.hint(),
            StepError::Engine(e) => e.hint(),
        }
    }
}

/// Compiles one step and gets its rows, unless it is stopped.
pub(crate) fn run(
    assistant: &Assistant,
    step: &Step,
    number: usize,
    question: &Question,
) -> Result<(PlanStep, CompiledQuery), StepError> {
    let compiled = query::compile(&assistant.model, &step.query, Dialect::DuckDb)?;
    let asked = warehouse::Asked {
        reader: None,
        no_cache: question.no_cache,
        stop: &question.stop,
    };
    let done = assistant.warehouse.answer(&compiled, &asked)?;
    let plan = PlanStep {
        id: format!("s{number}"),
        purpose: step.purpose.clone(),
        query: serde_json::to_value(&step.query).unwrap_or_default(),
        sql: compiled.sql().to_string(),
        engine: assistant.engine.clone(),
        cache: done.cache.name().into(),
        elapsed_ms: done.elapsed_ms,
        result: Some(done.table),
    };
    Ok((plan, compiled))
}
