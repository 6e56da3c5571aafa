//! Measures by group: every aggregate over the rows of its own dataset, each row at most once
//! in a group.

use super::filter::within;
use super::lookup::{Reach, literal_number, period, reach};
use super::{Days, Evaluator, Groups, Key};
use crate::calendar;
use crate::value::{self, Value};
use query::{Dimension, Filter, Grain, Measure};
use semantics::{
    Additivity, Aggregation, Expression, FieldRef, MetricExpression, MetricKind, Model, RowFilter,
};
use std::collections::{BTreeMap, BTreeSet};

/// Moves the buckets of the other period onto those of this one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shift {
    /// Index of the running dimension.
    pub(super) dimension: usize,
    pub(super) grain: Grain,
    /// By a year instead of by one bucket.
    pub(super) year: bool,
}

impl Shift {
    pub(super) fn bucket(self, bucket: &Value) -> Value {
        match bucket {
            Value::Date(day) => Value::Date(if !self.year {
                calendar::shift_period(*day, self.grain, 1)
            } else if self.grain == Grain::Week {
                day + 364
            } else {
                calendar::add_months(*day, 12)
            }),
            other => other.clone(),
        }
    }
}

/// What restricts and places rows.
#[derive(Debug, Clone)]
pub(super) struct Scope<'q> {
    pub(super) window: Days,
    pub(super) time: Option<&'q FieldRef>,
    pub(super) filters: Vec<&'q Filter>,
    pub(super) shift: Option<Shift>,
    /// Other names of groups; groups without one do not count.
    pub(super) relabel: Option<&'q BTreeMap<Key, Key>>,
}

/// What is aggregated.
enum Operand<'q> {
    Row,
    Field(&'q str),
    Expression(&'q Expression),
}

/// One aggregate over the rows of one dataset.
struct Leaf<'q> {
    home: &'q str,
    operand: Operand<'q>,
    aggregation: Aggregation,
    only: Option<&'q RowFilter>,
    time: Option<&'q FieldRef>,
    /// Whether it is a level: of each item the last snapshot counts.
    level: bool,
}

/// The time field that places rows of a dataset: its own, or the nearest that it looks up.
/// Several equally near are an error.
pub(super) fn own_time(model: &Model, home: &str) -> Result<FieldRef, BTreeSet<&'static str>> {
    if let Some(time) = model.dataset(home).and_then(|d| d.event_time.as_ref()) {
        return Ok(FieldRef::new(home, time));
    }
    let mut near: Vec<(usize, FieldRef)> = Vec::new();
    for other in &model.datasets {
        let Some(time) = &other.event_time else {
            continue;
        };
        let field = FieldRef::new(&other.name, time);
        if let Ok(Reach::Direct(way)) = reach(model, home, &field)
            && !way.is_empty()
        {
            near.push((way.len(), field));
        }
    }
    near.sort();
    match &near[..] {
        [] => Err(BTreeSet::from(["E_NO_PATH"])),
        [(first, _), (second, _), ..] if first == second => {
            Err(BTreeSet::from(["E_AMBIGUOUS_PATH"]))
        }
        [(_, field), ..] => Ok(field.clone()),
    }
}

/// The time field of an aggregate in a query: the metric's own if it declares one, else the
/// query's where it is in reach, else the dataset's.
pub(super) fn leaf_time(
    model: &Model,
    home: &str,
    declared: Option<&FieldRef>,
    asked: Option<&FieldRef>,
) -> Result<FieldRef, BTreeSet<&'static str>> {
    if let Some(field) = declared {
        return match reach(model, home, field)? {
            Reach::Direct(_) => Ok(field.clone()),
            Reach::Bridge { .. } => Err(BTreeSet::from(["E_NO_PATH"])),
        };
    }
    if let Some(field) = asked {
        match reach(model, home, field) {
            Ok(Reach::Direct(_)) => return Ok(field.clone()),
            Err(codes) if codes.contains("E_AMBIGUOUS_PATH") && codes.len() == 1 => {
                return Err(codes);
            }
            _ => {}
        }
    }
    own_time(model, home)
}

/// Whether the values of groups add up to the value of the whole.
pub(super) fn adds_up(model: &Model, measure: &Measure) -> bool {
    match measure {
        Measure::Metric(name) => model
            .metric(name)
            .is_some_and(|m| m.additivity == Additivity::Additive),
        Measure::Aggregate { aggregation, .. } => {
            matches!(aggregation, Aggregation::Sum | Aggregation::Count)
        }
        Measure::Rows(_) => true,
        Measure::Difference { left, right } => adds_up(model, left) && adds_up(model, right),
        Measure::Where { measure, .. } => adds_up(model, measure),
        _ => false,
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

fn sum(values: &[Value]) -> Value {
    values
        .iter()
        .cloned()
        .reduce(|a, b| value::add(&a, &b))
        .unwrap_or(Value::Null)
}

/// An aggregate of the non-null values.
fn aggregate(aggregation: Aggregation, values: &[Value]) -> Value {
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

impl<'a> Evaluator<'a> {
    /// The value of a measure over no rows at all.
    pub(super) fn of_nothing(&self, measure: &Measure) -> Value {
        let count = |aggregation: Aggregation| match aggregation {
            Aggregation::Count | Aggregation::CountDistinct => Value::int(0),
            _ => Value::Null,
        };
        match measure {
            Measure::Metric(name) => match self.model.metric(name).map(|m| &m.kind) {
                Some(MetricKind::Simple { aggregation, .. }) => count(*aggregation),
                Some(MetricKind::Ratio {
                    numerator,
                    denominator,
                }) => ratio(
                    &self.of_nothing(&Measure::Metric(numerator.clone())),
                    &self.of_nothing(&Measure::Metric(denominator.clone())),
                ),
                Some(MetricKind::Difference { left, right }) => {
                    self.of_nothing(&Measure::Difference {
                        left: Box::new(Measure::Metric(left.clone())),
                        right: Box::new(Measure::Metric(right.clone())),
                    })
                }
                Some(MetricKind::Derived { expression }) => {
                    self.derived(expression, &|name| self.metric_of_nothing(name))
                }
                _ => Value::Null,
            },
            Measure::Aggregate { aggregation, .. } | Measure::PerGroup { aggregation, .. } => {
                count(*aggregation)
            }
            Measure::Rows(_) | Measure::CountOf(_) => Value::int(0),
            Measure::Ratio {
                numerator,
                denominator,
            } => ratio(&self.of_nothing(numerator), &self.of_nothing(denominator)),
            Measure::Difference { left, right } => difference(
                &self.of_nothing(left),
                &self.of_nothing(right),
                adds_up(self.model, left),
                adds_up(self.model, right),
            ),
            Measure::Where { measure, .. } => self.of_nothing(measure),
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
                    level: *aggregation == Aggregation::Sum
                        && self
                            .model
                            .field(field)
                            .is_some_and(|f| f.additivity == Additivity::Semi),
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
                    level: false,
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
                for (key, value) in self.groups(measure, &all, scope) {
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
        };
        if dimensions.is_empty() && found.is_empty() {
            found.insert(Vec::new(), self.of_nothing(measure));
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
        let (no_a, no_b) = (self.of_nothing(left), self.of_nothing(right));
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
        match &metric.kind {
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
                    time: metric.time_field.as_ref(),
                    level: *aggregation == Aggregation::Sum
                        && metric.additivity == Additivity::Semi,
                },
                dimensions,
                scope,
            ),
            MetricKind::Ratio {
                numerator,
                denominator,
            } => self.groups(
                &Measure::Ratio {
                    numerator: Box::new(Measure::Metric(numerator.clone())),
                    denominator: Box::new(Measure::Metric(denominator.clone())),
                },
                dimensions,
                scope,
            ),
            MetricKind::Difference { left, right } => self.groups(
                &Measure::Difference {
                    left: Box::new(Measure::Metric(left.clone())),
                    right: Box::new(Measure::Metric(right.clone())),
                },
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
                                .unwrap_or_else(|| self.metric_of_nothing(name))
                        });
                        (key.clone(), value)
                    })
                    .collect()
            }
            _ => Groups::new(),
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

    fn metric_of_nothing(&self, name: &str) -> Value {
        self.of_nothing(&Measure::Metric(name.to_string()))
    }

    fn leaf(&self, leaf: &Leaf<'_>, dimensions: &[Dimension], scope: &Scope<'_>) -> Groups {
        let home = self.dataset(leaf.home);
        let time = leaf_time(self.model, leaf.home, leaf.time, scope.time).ok();
        let mut unshifted = scope.clone();
        unshifted.shift = None;
        unshifted.relabel = None;
        let sizes: Vec<Option<Groups>> = dimensions
            .iter()
            .map(|d| match d {
                Dimension::Bucket { measure, per, .. } => {
                    Some(self.groups(measure, &[Dimension::Field(per.clone())], &unshifted))
                }
                _ => None,
            })
            .collect();
        let mut gathered: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
        let mut snapshots: BTreeMap<(Key, Key), (Value, Value)> = BTreeMap::new();
        for row in 0..self.row_count(home) {
            let when = time.as_ref().map_or(Value::Null, |field| {
                self.values(leaf.home, row, field)
                    .into_iter()
                    .next()
                    .unwrap_or(Value::Null)
            });
            if !within(&when, scope.window) {
                continue;
            }
            if !leaf.only.is_none_or(|f| self.declared(leaf.home, row, f)) {
                continue;
            }
            if !scope.filters.iter().all(|f| self.passes(leaf.home, row, f)) {
                continue;
            }
            let value = match leaf.operand {
                Operand::Row => Value::int(1),
                Operand::Field(field) => self.field(home, Some(row), field),
                Operand::Expression(e) => self.expression(home, row, e),
            };
            let keys: BTreeSet<Key> = self
                .keys(leaf.home, row, dimensions, time.as_ref(), &sizes)
                .into_iter()
                .filter_map(|mut key| {
                    if let Some(shift) = scope.shift {
                        key[shift.dimension] = shift.bucket(&key[shift.dimension]);
                    }
                    match scope.relabel {
                        Some(names) => names.get(&key).cloned(),
                        None => Some(key),
                    }
                })
                .collect();
            for key in keys {
                if leaf.level {
                    let seen = (when.clone(), value.clone());
                    let known = snapshots
                        .entry((key, self.item(home, row)))
                        .or_insert_with(|| seen.clone());
                    if known.0.is_null() || (!when.is_null() && known.0 < when) {
                        *known = seen;
                    }
                } else {
                    gathered.entry(key).or_default().push(value.clone());
                }
            }
        }
        for ((key, _), (_, value)) in snapshots {
            gathered.entry(key).or_default().push(value);
        }
        gathered
            .into_iter()
            .map(|(key, values)| (key, aggregate(leaf.aggregation, &values)))
            .collect()
    }

    /// What a snapshot is of: the key of its row without the time.
    fn item(&self, dataset: usize, row: usize) -> Key {
        let home = &self.model.datasets[dataset];
        home.primary_key
            .iter()
            .filter(|k| Some(*k) != home.event_time.as_ref())
            .map(|k| self.field(dataset, Some(row), k))
            .collect()
    }

    /// The groups that a row belongs to: one, unless a dimension is linked one-to-many.
    ///
    /// Dimensions that are reached through the same bridge take their values from the same
    /// row of it; a row that no bridge row looks up is in the NULL group.
    fn keys(
        &self,
        home: &str,
        row: usize,
        dimensions: &[Dimension],
        time: Option<&FieldRef>,
        sizes: &[Option<Groups>],
    ) -> BTreeSet<Key> {
        let field_of = |d: &Dimension| match d {
            Dimension::Field(field) | Dimension::TimeOf { field, .. } => Some(field.clone()),
            Dimension::Bucket { per, .. } => Some(per.clone()),
            Dimension::Time(_) => time.cloned(),
        };
        let reached: Vec<Option<(FieldRef, Reach)>> = dimensions
            .iter()
            .map(|d| {
                let field = field_of(d)?;
                let way = reach(self.model, home, &field).ok()?;
                Some((field, way))
            })
            .collect();
        let mut choices: Vec<BTreeMap<String, Option<usize>>> = vec![BTreeMap::new()];
        for (_, way) in reached.iter().flatten() {
            let Reach::Bridge { dataset, home, .. } = way else {
                continue;
            };
            if choices.iter().all(|c| c.contains_key(dataset)) {
                continue;
            }
            let linked = self.linked(dataset, home, row);
            let options: Vec<Option<usize>> = if linked.is_empty() {
                vec![None]
            } else {
                linked.into_iter().map(Some).collect()
            };
            choices = choices
                .into_iter()
                .flat_map(|c| {
                    options.iter().map(move |o| {
                        let mut c = c.clone();
                        c.insert(dataset.clone(), *o);
                        c
                    })
                })
                .collect();
        }
        choices
            .iter()
            .map(|chosen| {
                dimensions
                    .iter()
                    .zip(&reached)
                    .zip(sizes)
                    .map(|((dimension, reached), sizes)| {
                        let value = match reached {
                            None => Value::Null,
                            Some((field, Reach::Direct(way))) => self.at(way, row, field),
                            Some((
                                field,
                                Reach::Bridge {
                                    dataset, target, ..
                                },
                            )) => chosen
                                .get(dataset)
                                .copied()
                                .flatten()
                                .map_or(Value::Null, |b| self.at(target, b, field)),
                        };
                        match dimension {
                            Dimension::Field(_) => value,
                            Dimension::Time(grain) | Dimension::TimeOf { grain, .. } => {
                                period(&value, *grain, self.model.week_start)
                            }
                            Dimension::Bucket { .. } if value.is_null() => Value::Null,
                            Dimension::Bucket { .. } => sizes
                                .as_ref()
                                .and_then(|s| s.get(&vec![value]))
                                .cloned()
                                .unwrap_or(Value::Null),
                        }
                    })
                    .collect()
            })
            .collect()
    }
}
