//! Measures by group: every aggregate over the rows of its own dataset, each row at most once
//! in a group.

use super::comparison::Other;
use super::filter::within;
use super::lookup::{Link, Reach, day_of, literal_number, period, reach, ways};
use super::{Days, Evaluator, Groups, Key};
use crate::calendar;
use crate::value::{self, Value};
use query::{Dimension, End, Filter, Grain, Measure};
use semantics::{
    Additivity, Aggregation, Expression, FieldRef, MetricExpression, MetricKind, Model, RowFilter,
};
use std::collections::{BTreeMap, BTreeSet};

/// What restricts and places rows.
#[derive(Debug, Clone)]
pub(super) struct Scope<'q> {
    pub(super) window: Days,
    pub(super) time: Option<&'q FieldRef>,
    pub(super) filters: Vec<&'q Filter>,
    /// How many of the filters are the query's own, and not those of one measure.
    pub(super) shared: usize,
    /// The rows are those of the other period of a comparison.
    pub(super) other: Option<Other>,
    /// The date that a measure is placed by instead of its own.
    pub(super) dated: Option<&'q FieldRef>,
    /// How many dimensions are the query's: the others make groups inside a measure.
    pub(super) outer: usize,
    /// Other names of groups; groups without one do not count.
    pub(super) relabel: Option<&'q BTreeMap<Key, Key>>,
}

/// The day or time whose period a row of the other side belongs to: the one that it meets, for
/// running periods; its own for weekdays and the like, unless the movement keeps weekdays.
fn met(when: &Value, dimension: usize, own: bool, grain: Grain, other: Option<&Other>) -> Value {
    match other {
        Some(Other {
            shift: Some(shift),
            by_period: true,
            running,
            ..
        }) if (!grain.is_cyclic() && (own && running.is_some() || *running == Some(dimension)))
            || (grain.is_cyclic() && shift.keeps_weekdays()) =>
        {
            shift.meets(when)
        }
        _ => when.clone(),
    }
}

/// What is aggregated.
pub(super) enum Operand<'q> {
    Row,
    Field(&'q str),
    Expression(&'q Expression),
}

/// One aggregate over the rows of one dataset.
pub(super) struct Leaf<'q> {
    pub(super) home: &'q str,
    operand: Operand<'q>,
    pub(super) aggregation: Aggregation,
    pub(super) only: Option<&'q RowFilter>,
    time: Option<&'q FieldRef>,
    /// Whether it is a level: of each item the last snapshot counts.
    level: bool,
    /// Time that rows are ordered by, where the value of the first or last of them counts.
    at: Option<(End, &'q FieldRef)>,
}

/// The time field that places rows of a dataset: its own, or the nearest that it looks up.
/// Several equally near are an error.
pub(super) fn own_time(model: &Model, home: &str) -> Result<FieldRef, BTreeSet<&'static str>> {
    if let Some(time) = model.dataset(home).and_then(|d| d.event_time.as_ref()) {
        return Ok(FieldRef::new(home, time));
    }
    if let Some(elsewhere) = model.dataset(home).and_then(|d| d.event_time_of.clone()) {
        return Ok(elsewhere);
    }
    let mut near: Vec<(usize, FieldRef)> = Vec::new();
    for other in &model.datasets {
        if let Some(time) = &other.event_time {
            let field = FieldRef::new(&other.name, time);
            near.extend(
                ways(model, home, &field)
                    .into_iter()
                    .map(|way| (way.len(), field.clone())),
            );
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
            Reach::Linked(..) => Err(BTreeSet::from(["E_NO_PATH"])),
        };
    }
    if let Some(field) = asked {
        // What is merely linked does not date a row.
        match ways(model, home, field).len() {
            0 => {}
            1 => return Ok(field.clone()),
            _ => return Err(BTreeSet::from(["E_AMBIGUOUS_PATH"])),
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
        Measure::Where { measure, .. }
        | Measure::Dated { measure, .. }
        | Measure::OrZero(measure) => adds_up(model, measure),
        _ => false,
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
            Measure::Where { measure, .. } | Measure::Dated { measure, .. } => {
                self.of_nothing(measure)
            }
            Measure::OrZero(measure) => or_zero(self.of_nothing(measure)),
            Measure::ValueAt { .. } | Measure::DaysSince { .. } => Value::Null,
            _ => unreachable!("no part of a generated query"),
        }
    }

    /// The dataset of the first rows that a measure aggregates, and the field that places them.
    pub(super) fn placed_by(
        &self,
        measure: &Measure,
        asked: Option<&FieldRef>,
    ) -> Option<(String, Option<FieldRef>)> {
        let placed = |home: &str, declared: Option<&FieldRef>| {
            let field = leaf_time(self.model, home, declared, asked).ok();
            Some((home.to_string(), field))
        };
        match measure {
            Measure::Metric(name) => {
                let metric = self.model.metric(name)?;
                match &metric.kind {
                    MetricKind::Simple { dataset, .. } => {
                        placed(dataset, metric.time_field.as_ref())
                    }
                    _ => {
                        self.placed_by(&Measure::Metric(metric.parts().first()?.to_string()), asked)
                    }
                }
            }
            Measure::Aggregate { field, .. } => placed(&field.dataset, None),
            Measure::Rows(dataset) => placed(dataset, None),
            Measure::Ratio { numerator, .. } => self.placed_by(numerator, asked),
            Measure::Difference { left, .. } => self.placed_by(left, asked),
            Measure::Where { measure, .. } | Measure::PerGroup { measure, .. } => {
                self.placed_by(measure, asked)
            }
            Measure::CountOf(_) => None,
            Measure::OrZero(measure) => self.placed_by(measure, asked),
            Measure::Dated { measure, by } => self
                .placed_by(measure, asked)
                .map(|(home, _)| (home, Some(by.clone()))),
            Measure::ValueAt { field, .. } | Measure::DaysSince { field, .. } => {
                placed(&field.dataset, None)
            }
            _ => unreachable!("no part of a generated query"),
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
                    level: false,
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
                    level: false,
                    at: Some((*end, by)),
                },
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
            _ => unreachable!("no part of a generated query"),
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
                    at: None,
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
        let time = leaf_time(self.model, leaf.home, scope.dated.or(leaf.time), scope.time).ok();
        let mut unshifted = scope.clone();
        if let Some(other) = &mut unshifted.other {
            other.by_period = false;
        }
        unshifted.relabel = None;
        unshifted.dated = None;
        // A group is the same one for every measure of the query.
        unshifted.filters.truncate(scope.shared);
        let sizes: Vec<Option<Groups>> = dimensions
            .iter()
            .map(|d| match d {
                Dimension::Bucket { measure, per, .. } => {
                    Some(self.groups(measure, &[Dimension::Field(per.clone())], &unshifted))
                }
                _ => None,
            })
            .collect();
        if leaf.level {
            return self.level(leaf, dimensions, scope, time.as_ref(), &sizes);
        }
        let mut gathered: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
        let mut ordered: BTreeMap<Key, Vec<(Value, Value)>> = BTreeMap::new();
        for row in 0..self.row_count(home) {
            let when = time.as_ref().map_or(Value::Null, |field| {
                self.values(leaf.home, row, field)
                    .into_iter()
                    .next()
                    .unwrap_or(Value::Null)
            });
            let counts = match &scope.other {
                Some(other) => other.counts(&when),
                None => within(&when, scope.window),
            };
            if !counts || !self.counts_by_default(leaf.home, row) {
                continue;
            }
            if !leaf.only.is_none_or(|f| self.declared(leaf.home, row, f)) {
                continue;
            }
            if !scope.filters.iter().all(|f| self.passes(leaf.home, row, f)) {
                continue;
            }
            let value = self.operand(leaf, home, row);
            let keys: BTreeSet<Key> = self
                .keys(leaf.home, row, dimensions, time.as_ref(), &sizes, scope)
                .into_iter()
                .filter_map(|key| match scope.relabel {
                    Some(names) => names.get(&key).cloned(),
                    None => Some(key),
                })
                .collect();
            for key in keys {
                match leaf.at {
                    None => gathered.entry(key).or_default().push(value.clone()),
                    Some((_, by)) => {
                        let at = self.looked_up(leaf.home, row, by);
                        let known = ordered.entry(key).or_default();
                        if !at.is_null() && !value.is_null() {
                            known.push((at, value.clone()));
                        }
                    }
                }
            }
        }
        if let Some((end, _)) = leaf.at {
            return ordered
                .into_iter()
                .map(|(key, rows)| {
                    let found = match end {
                        End::First => rows.into_iter().min(),
                        End::Last => rows.into_iter().max(),
                    };
                    (key, found.map_or(Value::Null, |(_, value)| value))
                })
                .collect();
        }
        gathered
            .into_iter()
            .map(|(key, values)| (key, aggregate(leaf.aggregation, &values)))
            .collect()
    }

    /// What is aggregated, of one row.
    pub(super) fn operand(&self, leaf: &Leaf<'_>, home: usize, row: usize) -> Value {
        match leaf.operand {
            Operand::Row => Value::int(1),
            Operand::Field(field) => self.field(home, Some(row), field),
            Operand::Expression(e) => self.expression(home, row, e),
        }
    }

    /// What a snapshot is of: the key of its row without the time.
    pub(super) fn item(&self, dataset: usize, row: usize) -> Key {
        let home = &self.model.datasets[dataset];
        home.primary_key
            .iter()
            .filter(|k| Some(*k) != home.event_time.as_ref())
            .map(|k| self.field(dataset, Some(row), k))
            .collect()
    }

    /// The groups that a row belongs to: one, unless a dimension is linked one-to-many.
    ///
    /// Dimensions that are reached through the same link take their values from the same linked
    /// row; a row that nothing is linked to is in the NULL group.
    pub(super) fn keys(
        &self,
        home: &str,
        row: usize,
        dimensions: &[Dimension],
        time: Option<&FieldRef>,
        sizes: &[Option<Groups>],
        scope: &Scope<'_>,
    ) -> BTreeSet<Key> {
        let field_of = |d: &Dimension| match d {
            Dimension::Field(field) | Dimension::TimeOf { field, .. } => Some(field.clone()),
            Dimension::Bucket { per, .. } => Some(per.clone()),
            Dimension::Time(_) => time.cloned(),
            Dimension::NewOrReturning { entity, .. } => Some(entity.clone()),
            _ => unreachable!("no part of a generated query"),
        };
        let reached: Vec<Option<(FieldRef, Reach)>> = dimensions
            .iter()
            .map(|d| {
                let field = field_of(d)?;
                let way = reach(self.model, home, &field).ok()?;
                Some((field, way))
            })
            .collect();
        let mut links: Vec<&Link> = Vec::new();
        for (_, way) in reached.iter().flatten() {
            if let Reach::Linked(link, _) = way
                && !links.contains(&link)
            {
                links.push(link);
            }
        }
        // A linked row for each link, or none where none is linked.
        let mut choices: Vec<Vec<Option<usize>>> = vec![Vec::new()];
        for link in &links {
            let linked = self.linked(link, home, row);
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
                        c.push(*o);
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
                    .enumerate()
                    .zip(&reached)
                    .zip(sizes)
                    .map(|(((i, dimension), reached), sizes)| {
                        let value = match reached {
                            None => Value::Null,
                            Some((field, Reach::Direct(way))) => self.at(way, row, field),
                            Some((_, Reach::Linked(link, onward))) => links
                                .iter()
                                .position(|l| *l == link)
                                .and_then(|l| chosen[l])
                                .map_or(Value::Null, |b| self.looked_up(&link.dataset, b, onward)),
                        };
                        match dimension {
                            Dimension::Field(_) => value,
                            Dimension::Time(grain) | Dimension::TimeOf { grain, .. } => {
                                let own = reached.as_ref().map(|r| &r.0) == time;
                                let other = scope.other.as_ref().filter(|_| i < scope.outer);
                                let met = met(&value, i, own, *grain, other);
                                period(&met, *grain, self.model.week_start)
                            }
                            Dimension::Bucket { .. } if value.is_null() => Value::Null,
                            Dimension::Bucket { .. } => sizes
                                .as_ref()
                                .and_then(|s| s.get(&vec![value]))
                                .cloned()
                                .unwrap_or(Value::Null),
                            Dimension::NewOrReturning {
                                entity,
                                event,
                                grain,
                                ..
                            } => {
                                let start = match grain {
                                    Some(grain) => {
                                        let when = time.map_or(Value::Null, |field| {
                                            self.looked_up(home, row, field)
                                        });
                                        period(&when, *grain, self.model.week_start)
                                    }
                                    None => match &scope.other {
                                        Some(other) => other.first_day(),
                                        None => scope.window.start,
                                    }
                                    .map_or(Value::Null, Value::Date),
                                };
                                self.new_or_returning(&value, entity, event, &start)
                            }
                            _ => unreachable!("no part of a generated query"),
                        }
                    })
                    .collect()
            })
            .collect()
    }
}
