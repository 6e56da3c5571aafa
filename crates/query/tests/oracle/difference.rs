//! Whether the engine's rows are the evaluator's.

use crate::value::{self, Value};
use std::cmp::Ordering;

/// Exact on whole numbers, decimals, texts, days and times; floats within 1e-9, relative above 1: what is left of
/// two almost equal ones is noise.
pub(crate) fn same_cell(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Null, Value::Null) => true,
        (Value::Float(x), other) => other
            .as_f64()
            .is_some_and(|y| x == &y || (x - y).abs() <= 1e-9 * x.abs().max(y.abs()).max(1.0)),
        (Value::Exact { .. }, Value::Exact { .. })
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Text(_), Value::Text(_))
        | (Value::Date(_), Value::Date(_))
        | (Value::Timestamp(_), Value::Timestamp(_)) => {
            value::compare(expected, actual) == Some(Ordering::Equal)
        }
        _ => false,
    }
}

fn same_row(expected: &[Value], actual: &[Value], floats: &[bool]) -> bool {
    expected.len() == actual.len()
        && expected
            .iter()
            .zip(actual)
            .zip(floats)
            .all(|((e, a), float)| {
                same_cell(e, a)
                    || *float
                        && matches!(a, Value::Float(_))
                        && e.as_f64().is_some_and(|x| same_cell(&Value::Float(x), a))
            })
}

/// How two lists of rows compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sameness {
    Same,
    /// The same rows in another order.
    Reordered,
    Different,
}

pub(crate) fn compare_rows(
    expected: &[Vec<Value>],
    actual: &[Vec<Value>],
    floats: &[bool],
) -> Sameness {
    if expected.len() != actual.len() {
        return Sameness::Different;
    }
    if expected
        .iter()
        .zip(actual)
        .all(|(e, a)| same_row(e, a, floats))
    {
        return Sameness::Same;
    }
    let mut left: Vec<&Vec<Value>> = actual.iter().collect();
    for row in expected {
        match left.iter().position(|a| same_row(row, a, floats)) {
            Some(i) => {
                left.remove(i);
            }
            None => return Sameness::Different,
        }
    }
    Sameness::Reordered
}
