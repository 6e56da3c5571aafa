//! Measures by group: arithmetic over aggregates, each of which is computed first.

use super::aggregate::aggregate;
use super::leaf::{Leaf, Operand, Reach, Scope, leaf_time};
use super::lookup::{day_of, literal_number};
use super::refusal;
use super::{Evaluator, Groups, Key};
use crate::calendar;
use crate::value::{self, Value};
use query::{Dimension, Measure, ToSell};
use semantics::{
    Additivity, Aggregation, CumulativeWindow, Empty, FieldRef, Length, Metric, MetricExpression,
    MetricKind, Model, SemiAdditive, TimeUnit,
};
use std::collections::{BTreeMap, BTreeSet};

/// Whether the values of groups add up to the value of the whole.
pub(crate) fn adds_up(model: &Model, measure: &Measure) -> bool {
    match measure {
        Measure::Metric(name) => model
            .metric(name)
            .is_some_and(|m| m.additivity == Additivity::Additive),
        Measure::Aggregate { aggregation, .. } => {
            matches!(aggregation, Aggregation::Sum | Aggregation::Count)
        }
        Measure::Rows(_) => true,
        Measure::Difference { left, right } => adds_up(model, left) && adds_up(model, right),
        Measure::Where { measure, .. }
        | Measure::Dated { measure, .. }
        | Measure::OrZero(measure) => adds_up(model, measure),
        _ => false,
    }
}

/// One side of a ratio, placed by the date that the metric says.
fn side(metric: &Metric, which: usize) -> Measure {
    let name = metric.parts().get(which).copied().unwrap_or_default();
    let measure = Measure::Metric(name.to_string());
    match &metric.date_basis {
        None => measure,
        Some(dates) => Measure::Dated {
            measure: Box::new(measure),
            by: match which {
                0 => dates.numerator.clone(),
                _ => dates.denominator.clone(),
            },
        },
    }
}

/// The units sold of a sell-through.
fn sold_of(measure: &Measure) -> &Measure {
    match measure {
        Measure::SellThrough { sold, .. } => sold,
        other => other,
    }
}

fn or_zero(value: Value) -> Value {
    if value.is_null() {
        Value::int(0)
    } else {
        value
    }
}

pub(super) fn ratio(a: &Value, b: &Value) -> Value {
    value::divide(a, b)
}

/// Left minus right; where one side adds up and has nothing, nothing is zero.
fn difference(a: &Value, b: &Value, a_adds: bool, b_adds: bool) -> Value {
    match (a, b) {
        (Value::Null, Value::Null) => Value::Null,
        (Value::Null, b) if a_adds => value::subtract(&Value::int(0), b),
        (a, Value::Null) if b_adds => a.clone(),
        _ => value::subtract(a, b),
    }
}

impl<'a> Evaluator<'a> {
    /// The value of a measure over no rows at all.
    pub(super) fn of_nothing(&self, measure: &Measure) -> Value {
        self.nothing(measure, false)
    }

    /// The same; what stands for a metric over no rows stands for no total up to a day.
    fn nothing(&self, measure: &Measure, reaches_back: bool) -> Value {
        let of_nothing = |measure: &Measure| self.nothing(measure, reaches_back);
        let count = |aggregation: Aggregation| match aggregation {
            Aggregation::Count | Aggregation::CountDistinct => Value::int(0),
            _ => Value::Null,
        };
        match measure {
            Measure::Metric(name) => {
                let Some(metric) = self.model.metric(name) else {
                    return Value::Null;
                };
                let nothing = match &metric.kind {
                    MetricKind::Simple { aggregation, .. } => count(*aggregation),
                    MetricKind::Ratio { .. } => self.rate(
                        metric,
                        &of_nothing(&side(metric, 0)),
                        &of_nothing(&side(metric, 1)),
                    ),
                    MetricKind::Difference { left, right } => of_nothing(&Measure::Difference {
                        left: Box::new(Measure::Metric(left.clone())),
                        right: Box::new(Measure::Metric(right.clone())),
                    }),
                    MetricKind::Derived { expression } => self.derived(expression, &|name| {
                        of_nothing(&Measure::Metric(name.to_string()))
                    }),
                    // A group without rows of its own has no total up to it.
                    _ => Value::Null,
                };
                match metric.empty {
                    Empty::Zero if !reaches_back => or_zero(nothing),
                    _ => nothing,
                }
            }
            Measure::Aggregate { aggregation, .. } | Measure::PerGroup { aggregation, .. } => {
                count(*aggregation)
            }
            Measure::Rows(_) | Measure::CountOf(_) => Value::int(0),
            Measure::Ratio {
                numerator,
                denominator,
            } => ratio(&of_nothing(numerator), &of_nothing(denominator)),
            Measure::Difference { left, right } => difference(
                &of_nothing(left),
                &of_nothing(right),
                adds_up(self.model, left),
                adds_up(self.model, right),
            ),
            Measure::Where { measure, .. } | Measure::Dated { measure, .. } => of_nothing(measure),
            Measure::OrZero(measure) => or_zero(of_nothing(measure)),
            Measure::ValueAt { .. } | Measure::DaysSince { .. } | Measure::BasketAttach { .. } => {
                Value::Null
            }
            Measure::Opening(measure) => of_nothing(measure),
            // A group without rows of its own has no total up to it.
            Measure::Cumulative { .. }
            | Measure::SellThrough { .. }
            | Measure::WeeksOfSupply { .. } => Value::Null,
        }
    }

    /// The value of a measure in a group that has rows of another, and none of its own.
    fn of_no_rows(&self, measure: &Measure, dimensions: &[Dimension], scope: &Scope<'_>) -> Value {
        match scope.reach {
            Some(_) if !dimensions.is_empty() => Value::Null,
            reach => self.nothing(measure, reach.is_some()),
        }
    }

    /// The dataset of the first rows that a measure aggregates, and the field that places them;
    /// `stated` is the date that an outer measure says.
    pub(super) fn placed_by(
        &self,
        measure: &Measure,
        asked: Option<&FieldRef>,
        stated: Option<&FieldRef>,
    ) -> Option<(String, Option<FieldRef>)> {
        let placed = |home: &str, declared: Option<&FieldRef>| {
            let field = leaf_time(self.model, home, stated.or(declared), asked).ok();
            Some((home.to_string(), field))
        };
        match measure {
            Measure::Metric(name) => {
                let metric = self.model.metric(name)?;
                match &metric.kind {
                    MetricKind::Simple { dataset, .. } => {
                        placed(dataset, metric.time_field.as_ref())
                    }
                    _ => self.placed_by(&side(metric, 0), asked, stated),
                }
            }
            Measure::Aggregate { field, .. }
            | Measure::ValueAt { field, .. }
            | Measure::DaysSince { field, .. } => placed(&field.dataset, None),
            Measure::Rows(dataset) => placed(dataset, None),
            Measure::BasketAttach { lines, .. } => placed(lines, None),
            Measure::CountOf(_) => None,
            Measure::Dated { measure, by } => self.placed_by(measure, asked, Some(by)),
            made => self.placed_by(made.parts().first()?, asked, stated),
        }
    }

    /// A measure for every group that has rows; without dimensions for the one group of all.
    pub(super) fn groups(
        &self,
        measure: &Measure,
        dimensions: &[Dimension],
        scope: &Scope<'_>,
    ) -> Groups {
        let mut found = match measure {
            Measure::Metric(name) => self.metric(name, dimensions, scope),
            Measure::Aggregate { aggregation, field } => self.leaf(
                &Leaf {
                    home: &field.dataset,
                    operand: Operand::Field(&field.field),
                    aggregation: *aggregation,
                    only: None,
                    time: None,
                    level: self
                        .model
                        .field(field)
                        .filter(|f| {
                            *aggregation == Aggregation::Sum && f.additivity == Additivity::Semi
                        })
                        .map(|_| SemiAdditive::default()),
                    opening: scope.opening,
                    at: None,
                },
                dimensions,
                scope,
            ),
            Measure::Rows(dataset) => self.leaf(
                &Leaf {
                    home: dataset,
                    operand: Operand::Row,
                    aggregation: Aggregation::Count,
                    only: None,
                    time: None,
                    level: None,
                    opening: false,
                    at: None,
                },
                dimensions,
                scope,
            ),
            Measure::Ratio {
                numerator,
                denominator,
            } => self.pair(numerator, denominator, dimensions, scope, ratio),
            Measure::Difference { left, right } => {
                let (a, b) = (adds_up(self.model, left), adds_up(self.model, right));
                self.pair(left, right, dimensions, scope, |x, y| {
                    difference(x, y, a, b)
                })
            }
            Measure::Where { measure, filter } => {
                let mut narrower = scope.clone();
                narrower.filters.push(filter);
                self.groups(measure, dimensions, &narrower)
            }
            Measure::PerGroup {
                aggregation,
                measure,
                per,
            } => {
                let all: Vec<Dimension> = dimensions.iter().chain(per).cloned().collect();
                let mut gathered: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
                let mut each = scope.clone();
                each.outer = each.outer.min(dimensions.len());
                for (key, value) in self.groups(measure, &all, &each) {
                    let (outer, inner) = key.split_at(dimensions.len());
                    // What has no name is no group of its own.
                    if inner.iter().any(Value::is_null) {
                        continue;
                    }
                    gathered.entry(outer.to_vec()).or_default().push(value);
                }
                gathered
                    .into_iter()
                    .map(|(key, values)| (key, aggregate(*aggregation, &values)))
                    .collect()
            }
            Measure::CountOf(query) => {
                let n = self.rows_of(query).1.len();
                Groups::from([(Vec::new(), Value::int(n as i128))])
            }
            Measure::OrZero(measure) => self
                .groups(measure, dimensions, scope)
                .into_iter()
                .map(|(key, value)| (key, or_zero(value)))
                .collect(),
            Measure::Dated { measure, by } => {
                let mut dated = scope.clone();
                dated.dated = Some(by);
                self.groups(measure, dimensions, &dated)
            }
            Measure::ValueAt { end, field, by } => self.leaf(
                &Leaf {
                    home: &field.dataset,
                    operand: Operand::Field(&field.field),
                    aggregation: Aggregation::Min,
                    only: None,
                    time: None,
                    level: None,
                    opening: false,
                    at: Some((*end, by)),
                },
                dimensions,
                scope,
            ),
            Measure::Opening(level) => {
                let mut opening = scope.clone();
                opening.opening = true;
                self.groups(level, dimensions, &opening)
            }
            Measure::Cumulative { measure, window } => {
                let reaching = Scope {
                    reach: Some(Reach {
                        window: *window,
                        until: None,
                    }),
                    ..scope.clone()
                };
                self.groups(measure, dimensions, &reaching)
            }
            Measure::SellThrough { sold, of } => {
                let nothing_is_zero = refusal::may_be_zero(self.model, sold);
                let sold = |value: &Value| match nothing_is_zero {
                    true => or_zero(value.clone()),
                    false => value.clone(),
                };
                let opening;
                let beside = match of {
                    ToSell::OpeningStock(stock) => {
                        opening = Measure::Opening(stock.clone());
                        &opening
                    }
                    ToSell::SoldAndClosingStock(other) | ToSell::Received(other) => &**other,
                };
                let with_sold = matches!(of, ToSell::SoldAndClosingStock(_));
                let of_sold = sold_of(measure);
                self.pair(of_sold, beside, dimensions, scope, |a, b| {
                    let a = sold(a);
                    let below = match with_sold {
                        true => value::add(&a, b),
                        false => b.clone(),
                    };
                    ratio(&a, &below)
                })
            }
            Measure::WeeksOfSupply {
                stock,
                sold,
                weeks,
                watermark,
            } => {
                let until = watermark.as_deref().and_then(calendar::parse_day);
                let trailing = Scope {
                    reach: Some(Reach {
                        window: CumulativeWindow::Trailing(Length {
                            count: *weeks,
                            unit: TimeUnit::Week,
                        }),
                        until: until.map(|day| day + 1),
                    }),
                    ..scope.clone()
                };
                let stock_now = self.groups(stock, dimensions, scope);
                let sold_before = self.groups(sold, dimensions, &trailing);
                let nothing = [
                    self.of_no_rows(stock, dimensions, scope),
                    self.of_no_rows(sold, dimensions, &trailing),
                ];
                let keys: BTreeSet<&Key> = stock_now.keys().chain(sold_before.keys()).collect();
                keys.into_iter()
                    .map(|key| {
                        let stock = stock_now.get(key).unwrap_or(&nothing[0]);
                        let sold = sold_before.get(key).unwrap_or(&nothing[1]);
                        let weekly = ratio(sold, &Value::int(i128::from(*weeks)));
                        (key.clone(), ratio(stock, &weekly))
                    })
                    .collect()
            }
            Measure::BasketAttach {
                lines,
                basket,
                base,
                attach,
            } => self.attached(
                (lines, basket, None),
                &|row| self.passes(lines, row, base),
                &|row| self.passes(lines, row, attach),
                dimensions,
                scope,
            ),
            Measure::DaysSince { field, day } => {
                let latest = Measure::Aggregate {
                    aggregation: Aggregation::Max,
                    field: field.clone(),
                };
                let day = calendar::parse_day(day);
                self.groups(&latest, dimensions, scope)
                    .into_iter()
                    .map(|(key, last)| {
                        let since = day.zip(day_of(&last)).map(|(day, last)| day - last);
                        (
                            key,
                            since.map_or(Value::Null, |n| Value::int(i128::from(n))),
                        )
                    })
                    .collect()
            }
        };
        if dimensions.is_empty() && found.is_empty() {
            let nothing = self.nothing(measure, scope.reach.is_some());
            found.insert(Vec::new(), nothing);
        }
        found
    }

    fn pair(
        &self,
        left: &Measure,
        right: &Measure,
        dimensions: &[Dimension],
        scope: &Scope<'_>,
        combine: impl Fn(&Value, &Value) -> Value,
    ) -> Groups {
        let (a, b) = (
            self.groups(left, dimensions, scope),
            self.groups(right, dimensions, scope),
        );
        let nothing = |measure| self.of_no_rows(measure, dimensions, scope);
        let (no_a, no_b) = (nothing(left), nothing(right));
        let keys: BTreeSet<&Key> = a.keys().chain(b.keys()).collect();
        keys.into_iter()
            .map(|key| {
                let (x, y) = (a.get(key).unwrap_or(&no_a), b.get(key).unwrap_or(&no_b));
                (key.clone(), combine(x, y))
            })
            .collect()
    }

    fn metric(&self, name: &str, dimensions: &[Dimension], scope: &Scope<'_>) -> Groups {
        let Some(metric) = self.model.metric(name) else {
            return Groups::new();
        };
        let mut found = match &metric.kind {
            MetricKind::Simple {
                dataset,
                aggregation,
                expression,
                filter,
            } => self.leaf(
                &Leaf {
                    home: dataset,
                    operand: expression
                        .as_ref()
                        .map_or(Operand::Row, Operand::Expression),
                    aggregation: *aggregation,
                    only: filter.as_ref(),
                    time: metric.time_field.as_ref().or(metric
                        .semi_additive
                        .as_ref()
                        .and_then(|r| r.non_additive_over.as_ref())),
                    level: (*aggregation == Aggregation::Sum
                        && metric.additivity == Additivity::Semi)
                        .then(|| metric.semi_additive.clone().unwrap_or_default()),
                    opening: scope.opening,
                    at: None,
                },
                dimensions,
                scope,
            ),
            MetricKind::Ratio { .. } => self.pair(
                &side(metric, 0),
                &side(metric, 1),
                dimensions,
                scope,
                |a, b| self.rate(metric, a, b),
            ),
            MetricKind::Cumulative { metric, window } => {
                let reaching = Scope {
                    reach: Some(Reach {
                        window: *window,
                        until: None,
                    }),
                    ..scope.clone()
                };
                self.groups(&Measure::Metric(metric.clone()), dimensions, &reaching)
            }
            MetricKind::Difference { left, right } => self.groups(
                &Measure::Difference {
                    left: Box::new(Measure::Metric(left.clone())),
                    right: Box::new(Measure::Metric(right.clone())),
                },
                dimensions,
                scope,
            ),
            MetricKind::BasketAttach {
                dataset,
                basket,
                base,
                attach,
            } => self.attached(
                (dataset, basket, metric.time_field.as_ref()),
                &|row| self.declared(dataset, row, base),
                &|row| self.declared(dataset, row, attach),
                dimensions,
                scope,
            ),
            MetricKind::Derived { expression } => {
                let parts: BTreeMap<&str, Groups> = expression
                    .metrics()
                    .into_iter()
                    .map(|name| (name, self.metric(name, dimensions, scope)))
                    .collect();
                let mut keys: BTreeSet<&Key> = parts.values().flat_map(Groups::keys).collect();
                let whole = Key::new();
                if dimensions.is_empty() {
                    keys.insert(&whole);
                }
                keys.into_iter()
                    .map(|key| {
                        let value = self.derived(expression, &|name| {
                            parts
                                .get(name)
                                .and_then(|g| g.get(key))
                                .cloned()
                                .unwrap_or_else(|| {
                                    let metric = Measure::Metric(name.to_string());
                                    self.of_no_rows(&metric, dimensions, scope)
                                })
                        });
                        (key.clone(), value)
                    })
                    .collect()
            }
            _ => Groups::new(),
        };
        // What reaches back is nothing where it has no rows.
        if metric.empty == Empty::Zero && scope.reach.is_none() {
            found.values_mut().for_each(|v| *v = or_zero(v.clone()));
        }
        found
    }

    /// A ratio as its metric says what an empty side and a small denominator mean.
    fn rate(&self, metric: &Metric, above: &Value, below: &Value) -> Value {
        let above = match metric.numerator_empty {
            Empty::Zero => or_zero(above.clone()),
            Empty::Null => above.clone(),
        };
        let enough = metric.min_denominator.is_none_or(|least| {
            let least = literal_number(least);
            self.near(below, &least);
            value::compare(below, &least).is_some_and(std::cmp::Ordering::is_ge)
        });
        if enough {
            ratio(&above, below)
        } else {
            Value::Null
        }
    }

    fn derived(&self, formula: &MetricExpression, of: &dyn Fn(&str) -> Value) -> Value {
        let all = |parts: &[MetricExpression]| -> Vec<Value> {
            parts.iter().map(|p| self.derived(p, of)).collect()
        };
        match formula {
            MetricExpression::Metric(name) => of(name),
            MetricExpression::Number(n) => literal_number(*n),
            MetricExpression::Add(parts) => all(parts)
                .into_iter()
                .reduce(|a, b| value::add(&a, &b))
                .unwrap_or(Value::Null),
            MetricExpression::Multiply(parts) => all(parts)
                .into_iter()
                .reduce(|a, b| value::multiply(&a, &b))
                .unwrap_or(Value::Null),
            MetricExpression::Subtract(a, b) => {
                value::subtract(&self.derived(a, of), &self.derived(b, of))
            }
            MetricExpression::Divide(a, b) => ratio(&self.derived(a, of), &self.derived(b, of)),
            MetricExpression::Coalesce(parts) => all(parts)
                .into_iter()
                .find(|v| !v.is_null())
                .unwrap_or(Value::Null),
        }
    }
}
