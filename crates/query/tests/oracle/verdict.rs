//! One case: the evaluator's answer against the compiler's, run by an engine.

use crate::difference::{Sameness, compare_rows};
use crate::engines::{Engine, Rows};
use crate::evaluate::{Answer, Evaluator, Shown};
use crate::policies;
use crate::shrink::Trial;
use query::{CompiledQuery, Dialect, Origin, Query, QueryError, Reader};
use semantics::{DataType, Model};

/// What came of a case.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    Agree {
        rows: usize,
        refused: Option<&'static str>,
    },
    /// Two floats were so near that rounding decided which rows stay.
    Rounding,
    Mismatch {
        /// What kind of difference it is; shrinking keeps it.
        kind: String,
        expected: Answer,
        actual: Result<Rows, String>,
    },
}

pub(crate) fn judge(engine: &mut dyn Engine, trial: &Trial) -> Verdict {
    let Trial {
        model,
        tables,
        query,
        reader,
    } = trial;
    let seen = match reader {
        Some(reader) => policies::visible(model, tables, reader),
        None => Ok(tables.clone()),
    };
    let answer = seen
        .and_then(|seen| Ok(Evaluator::for_reader(model, &seen, reader.as_ref())?.answer(query)));
    match answer {
        Ok(answer) => judge_against(engine, model, reader.as_ref(), query, answer),
        Err(message) => Verdict::Mismatch {
            kind: "broken case".into(),
            expected: Answer::Refused(Default::default()),
            actual: Err(message),
        },
    }
}

/// The statement for whoever asks.
pub(crate) fn compiled(
    model: &Model,
    reader: Option<&Reader>,
    query: &Query,
    dialect: Dialect,
) -> Result<CompiledQuery, QueryError> {
    match reader {
        Some(reader) => query::compile_for(model, query, dialect, reader),
        None => query::compile(model, query, dialect),
    }
}

/// The same with the evaluator's answer at hand.
pub(crate) fn judge_against(
    engine: &mut dyn Engine,
    model: &Model,
    reader: Option<&Reader>,
    query: &Query,
    expected: Answer,
) -> Verdict {
    let mismatch = |kind: String, expected: Answer, actual| Verdict::Mismatch {
        kind,
        expected,
        actual,
    };
    let compiled = match compiled(model, reader, query, engine.dialect()) {
        Ok(compiled) => compiled,
        Err(error) => {
            let code = error.code();
            return match &expected {
                Answer::Refused(codes) if codes.contains(code) => Verdict::Agree {
                    rows: 0,
                    refused: Some(code),
                },
                Answer::Refused(codes) => mismatch(
                    format!("refused with {code} for {codes:?}"),
                    expected.clone(),
                    Err(error.to_string()),
                ),
                Answer::Rows { .. } => mismatch(
                    format!("refused with {code}"),
                    expected.clone(),
                    Err(error.to_string()),
                ),
            };
        }
    };
    let actual = engine.run(&compiled);
    let Answer::Rows {
        columns,
        rows,
        rounding_decides,
    } = &expected
    else {
        let Answer::Refused(codes) = &expected else {
            unreachable!("an answer is rows or a refusal")
        };
        return mismatch(format!("not refused: {codes:?}"), expected.clone(), actual);
    };
    let found = match &actual {
        Ok(found) => found,
        Err(_) => return mismatch("engine error".into(), expected.clone(), actual),
    };
    let origins: Vec<Shown> = compiled
        .columns()
        .iter()
        .map(|c| match c.origin {
            Origin::Dimension(i) => Shown::Dimension(i),
            Origin::Metric(m, part) => Shown::Metric(m, part),
            Origin::RowField(i) | Origin::Shape(i) => Shown::Field(i),
        })
        .collect();
    if &origins != columns {
        return mismatch("columns".into(), expected.clone(), actual);
    }
    // Where a decimal may stand for a float, its digits are compared as those of a float.
    let floats: Vec<bool> = compiled
        .columns()
        .iter()
        .map(|c| c.data_type == DataType::Float)
        .collect();
    match compare_rows(rows, found, &floats) {
        Sameness::Same => Verdict::Agree {
            rows: rows.len(),
            refused: None,
        },
        Sameness::Reordered if *rounding_decides => Verdict::Agree {
            rows: rows.len(),
            refused: None,
        },
        Sameness::Different if *rounding_decides => Verdict::Rounding,
        Sameness::Reordered => mismatch("order".into(), expected.clone(), actual),
        Sameness::Different => mismatch("rows".into(), expected.clone(), actual),
    }
}
