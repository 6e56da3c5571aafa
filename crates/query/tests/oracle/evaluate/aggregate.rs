//! Aggregates of values.

use crate::value::{self, Value};
use semantics::Aggregation;
use std::collections::BTreeSet;

pub(super) fn mean(values: &[Value]) -> Value {
    if values.is_empty() {
        return Value::Null;
    }
    value::divide(&sum(values), &Value::int(values.len() as i128))
}

/// The middle value, or the mean of the two middle ones.
pub(super) fn median(mut values: Vec<Value>) -> Value {
    values.sort();
    match values.len() {
        0 => Value::Null,
        n if n % 2 == 1 => mean(&values[n / 2..=n / 2]),
        n => mean(&values[n / 2 - 1..=n / 2]),
    }
}

pub(super) fn sum(values: &[Value]) -> Value {
    values
        .iter()
        .cloned()
        .reduce(|a, b| value::add(&a, &b))
        .unwrap_or(Value::Null)
}

/// An aggregate of the non-null values.
pub(super) fn aggregate(aggregation: Aggregation, values: &[Value]) -> Value {
    let mut known: Vec<Value> = values.iter().filter(|v| !v.is_null()).cloned().collect();
    match aggregation {
        Aggregation::Sum => sum(&known),
        Aggregation::Count => Value::int(known.len() as i128),
        Aggregation::CountDistinct => {
            Value::int(known.into_iter().collect::<BTreeSet<Value>>().len() as i128)
        }
        Aggregation::Average => mean(&known),
        Aggregation::Min => known.into_iter().min().unwrap_or(Value::Null),
        Aggregation::Max => known.into_iter().max().unwrap_or(Value::Null),
        Aggregation::Median => median(known),
        Aggregation::Percentile(percent) => {
            known.sort();
            percentile(&known, percent)
        }
        Aggregation::Variance => variance(&known),
        Aggregation::StandardDeviation => match variance(&known) {
            Value::Float(v) => Value::Float(v.sqrt()),
            other => other,
        },
    }
}

/// The value at so many percent of the way through the sorted values, between neighbours in
/// proportion.
fn percentile(sorted: &[Value], percent: u8) -> Value {
    let Some(last) = sorted.len().checked_sub(1) else {
        return Value::Null;
    };
    let place = last * usize::from(percent);
    let (below, rest) = (place / 100, place % 100);
    match (
        sorted[below].as_f64(),
        sorted[(below + 1).min(last)].as_f64(),
    ) {
        (Some(a), Some(b)) => Value::Float(a + (b - a) * rest as f64 / 100.0),
        _ => Value::Null,
    }
}

/// Squared distances from the mean over one less than there are.
fn variance(values: &[Value]) -> Value {
    let numbers: Vec<f64> = values.iter().filter_map(Value::as_f64).collect();
    if numbers.len() < 2 {
        return Value::Null;
    }
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    let squares: f64 = numbers.iter().map(|x| (x - mean) * (x - mean)).sum();
    Value::Float(squares / (numbers.len() - 1) as f64)
}
