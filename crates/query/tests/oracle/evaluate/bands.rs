//! Bands that numbers fall into: of a width, between edges, quantiles, classes of the largest.

use super::lookup::literal_number;
use super::{Evaluator, Groups};
use crate::value::{self, Value};
use query::{Banded, Banding, ParetoClass};
use std::collections::BTreeMap;

/// The names of bands that are texts, in their order.
pub(super) fn names(by: &Banding) -> Vec<String> {
    match by {
        Banding::Width(_) | Banding::Quantiles(_) => Vec::new(),
        Banding::Pareto(classes) => classes.iter().map(|c| c.name.clone()).collect(),
        Banding::Edges(edges) => {
            let n = edges.len();
            (0..=n)
                .map(|i| match i {
                    0 => format!("< {}", edges[0]),
                    _ if i == n => format!("≥ {}", edges[n - 1]),
                    _ => format!("{} – < {}", edges[i - 1], edges[i]),
                })
                .collect()
        }
    }
}

/// The largest multiple of a width that is not above a number.
fn lower_edge(number: &Value, width: f64) -> Value {
    match (number, literal_number(width)) {
        (
            Value::Exact { .. },
            wide @ Value::Exact {
                units: wide_units,
                scale: wide_scale,
            },
        ) => {
            // Both in units of the finer scale.
            let aligned = value::add(number, &value::multiply(&wide, &Value::int(0)));
            let Value::Exact { units, scale } = aligned else {
                return Value::Null;
            };
            let wide = wide_units * value::ten(scale - wide_scale);
            Value::Exact {
                units: units.div_euclid(wide) * wide,
                scale,
            }
        }
        _ => number
            .as_f64()
            .map_or(Value::Null, |x| Value::Float((x / width).floor() * width)),
    }
}

/// Which of `n` parts each number is in.
fn quantiles<K: Ord + Clone>(numbers: &[(K, Value)], n: u32) -> BTreeMap<K, Value> {
    numbers
        .iter()
        .map(|(key, number)| {
            let smaller = numbers.iter().filter(|(_, other)| other < number).count();
            let part = n as usize * smaller / numbers.len();
            (key.clone(), Value::int(part as i128 + 1))
        })
        .collect()
}

impl Evaluator<'_> {
    /// The band of each entity, or of each value of a field; its number itself where bands have
    /// edges.
    pub(super) fn bands(&self, of: &Banded, by: &Banding) -> Groups {
        let numbers: Vec<(Value, Value)> = match of {
            Banded::Field(field) => {
                let home = self.dataset(&field.dataset);
                (0..self.row_count(home))
                    .filter(|row| self.counts_by_default(&field.dataset, *row))
                    .map(|row| self.field(home, Some(row), &field.field))
                    .map(|number| (number.clone(), number))
                    .collect()
            }
            Banded::Query(query) => self
                .rows_of(query)
                .1
                .into_iter()
                .filter_map(|row| Some((row.first()?.clone(), row.get(1)?.clone())))
                .collect(),
        };
        let numbers: Vec<(Value, Value)> = numbers
            .into_iter()
            .filter(|(key, number)| !key.is_null() && !number.is_null())
            .collect();
        let bands = match by {
            Banding::Width(_) | Banding::Edges(_) => numbers.into_iter().collect(),
            Banding::Quantiles(n) => quantiles(&numbers, *n),
            Banding::Pareto(classes) => self.classes(&numbers, classes),
        };
        bands
            .into_iter()
            .map(|(key, band)| (vec![key], band))
            .collect()
    }

    fn classes(
        &self,
        numbers: &[(Value, Value)],
        classes: &[ParetoClass],
    ) -> BTreeMap<Value, Value> {
        let sum = |of: &dyn Fn(&Value) -> bool| {
            numbers
                .iter()
                .map(|(_, number)| number)
                .filter(|n| of(n))
                .fold(Value::int(0), |a, b| value::add(&a, b))
        };
        let whole = sum(&|_| true);
        let mut found = BTreeMap::new();
        for (key, number) in numbers {
            let larger = sum(&|n| n > number);
            let class = classes.iter().find(|class| {
                let end = value::multiply(&literal_number(class.up_to), &whole);
                self.near(&end, &larger);
                end > larger
            });
            // What is left is in the last one.
            let class = class.or(classes.last()).filter(|_| whole > Value::int(0));
            found.insert(
                key.clone(),
                class.map_or(Value::Null, |c| Value::text(&c.name)),
            );
        }
        found
    }

    /// The band of a row by the value of the field that finds its number.
    pub(super) fn band_of(
        &self,
        key: &Value,
        of: &Banded,
        by: &Banding,
        bands: Option<&Groups>,
    ) -> Value {
        if key.is_null() {
            return Value::Null;
        }
        let found = bands.and_then(|b| b.get(&vec![key.clone()]));
        let number = match (of, by) {
            (_, Banding::Quantiles(_) | Banding::Pareto(_)) => {
                return found.cloned().unwrap_or(Value::Null);
            }
            (Banded::Field(_), _) => key.clone(),
            (Banded::Query(query), _) => match found {
                Some(number) => number.clone(),
                None => {
                    let nothing = self.of_nothing(&query.metrics[0].measure);
                    if nothing == Value::int(0) {
                        nothing
                    } else {
                        Value::Null
                    }
                }
            },
        };
        match by {
            _ if number.is_null() => Value::Null,
            Banding::Width(width) => {
                if let (Value::Float(x), true) = (&number, *width > 0.0) {
                    let steps = x / width;
                    if (steps - steps.round()).abs() < 1e-9 && steps != steps.round() {
                        self.rounding.set(true);
                    }
                }
                lower_edge(&number, *width)
            }
            Banding::Edges(edges) => {
                let above = edges
                    .iter()
                    .filter(|edge| {
                        self.near(&number, &literal_number(**edge));
                        literal_number(**edge) <= number
                    })
                    .count();
                Value::text(&names(by)[above])
            }
            Banding::Quantiles(_) | Banding::Pareto(_) => Value::Null,
        }
    }
}
