//! What a document leaves open, filled in from names and, where there is data, from its profile.
//!
//! The rules are those of inference; what a document says is never touched.

use crate::gaps::{DatasetGaps, Dimension, FieldGaps, Gaps, MetricGaps};
use crate::infer::naming::{column_words, label, plural, singular_phrase, words};
use crate::infer::{columns, entities, event_time, is_fact, name_field};
use crate::{
    Additivity, Aggregation, Change, ColumnProfile, DataType, Dataset, Expression, Field, FieldRef,
    Intake, MetricExpression, MetricKind, Model, Role, Subject, TableProfile, Unit,
};
use std::collections::BTreeMap;

/// What the data says of fields that are columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    /// By dataset and field.
    pub(crate) columns: BTreeMap<(String, String), ColumnProfile>,
    /// Rows by dataset.
    pub(crate) rows: BTreeMap<String, u64>,
    /// Currency whose sign the data writes.
    pub(crate) currency: Option<String>,
}

/// Fills in what is open.
pub(crate) fn complete(model: &mut Model, gaps: &Gaps, measured: Option<&Measured>) {
    types(model, gaps, measured);
    for at in 0..model.datasets.len() {
        fields(model, gaps, measured, at);
    }
    summed(model, gaps);
    let relationships = model.relationships.clone();
    for dataset in &mut model.datasets {
        let Some(open) = gaps.datasets.get(&dataset.name) else {
            continue;
        };
        describe(dataset, open, gaps);
    }
    let rows = measured.map(|m| &m.rows);
    for dataset in &mut model.datasets {
        let Some(open) = gaps.datasets.get(&dataset.name) else {
            continue;
        };
        if open.is_fact {
            dataset.is_fact = is_fact(dataset, &relationships);
        }
        if open.rows
            && let Some(count) = rows.and_then(|r| r.get(&dataset.name))
        {
            dataset.rows = Some(*count);
        }
    }
    if gaps.currency && model.currency.is_none() {
        model.currency = measured.and_then(|m| m.currency.clone());
    }
    metrics(model, gaps);
    if gaps.entities {
        model.entities = entities::find(model, &mut |_, _, _| None);
    }
    if gaps.default_metric && model.default_metric.is_none() {
        model.default_metric = default_metric(model);
    }
    if gaps.default_time && model.default_time.is_none() {
        let home = model.default_metric.as_ref().and_then(|m| {
            let homes = model.home_datasets(m);
            homes.into_iter().next()
        });
        model.default_time = crate::infer::default_time(model, home.as_deref());
    }
}

/// Types that nothing states: a declared time is a day, what is summed is a decimal, anything
/// else is a text.
fn types(model: &mut Model, gaps: &Gaps, measured: Option<&Measured>) {
    let summed: Vec<FieldRef> = model.metrics.iter().flat_map(added_up).collect();
    for dataset in &mut model.datasets {
        for field in &mut dataset.fields {
            let key = (dataset.name.clone(), field.name.clone());
            let Some(open) = gaps.fields.get(&key).filter(|g| g.data_type) else {
                continue;
            };
            field.data_type = match measured.and_then(|m| m.columns.get(&key)) {
                Some(column) => column.data_type,
                None if open.dimension == Some(Dimension::Time) => DataType::Date,
                None if summed.contains(&FieldRef::new(&key.0, key.1.as_str())) => {
                    DataType::Decimal
                }
                None => computed_type(&field.expression),
            };
        }
    }
}

/// The type that the form of an expression gives away.
fn computed_type(e: &Expression) -> DataType {
    match e {
        Expression::DaysBetween { .. } => DataType::Integer,
        Expression::DateOf(_) => DataType::Date,
        Expression::Multiply(_)
        | Expression::Add(_)
        | Expression::Subtract(..)
        | Expression::Divide(..)
        | Expression::Absolute(_) => DataType::Decimal,
        _ => DataType::Text,
    }
}

/// Fields that a metric adds up or averages.
fn added_up(metric: &crate::Metric) -> Vec<FieldRef> {
    match &metric.kind {
        MetricKind::Simple {
            dataset,
            aggregation:
                Aggregation::Sum
                | Aggregation::Average
                | Aggregation::Median
                | Aggregation::Percentile(_)
                | Aggregation::StandardDeviation
                | Aggregation::Variance,
            expression: Some(e),
            ..
        } => {
            let own = e.fields().into_iter().map(|f| FieldRef::new(dataset, f));
            own.chain(e.lookups().into_iter().cloned()).collect()
        }
        _ => Vec::new(),
    }
}

/// What names and profiles say of the fields of a dataset.
fn fields(model: &mut Model, gaps: &Gaps, measured: Option<&Measured>, at: usize) {
    let name = &model.datasets[at].name;
    let mut linked: Vec<String> = Vec::new();
    for relationship in &model.relationships {
        if relationship.from == *name {
            linked.extend(relationship.from_fields.iter().cloned());
        }
        if relationship.to == *name {
            linked.extend(relationship.to_fields.iter().cloned());
        }
    }
    let dataset = &mut model.datasets[at];
    let names: Vec<&str> = dataset.fields.iter().map(|f| f.name.as_str()).collect();
    let spoken = column_words(&names);
    let rows = measured
        .and_then(|m| m.rows.get(&dataset.name).copied())
        .unwrap_or(UNKNOWN_ROWS);
    let table = TableProfile {
        name: dataset.name.clone(),
        table: Vec::new(),
        rows,
        duplicate_rows: 0,
        columns: Vec::new(),
        primary_key: Vec::new(),
        foreign_keys: Vec::new(),
        remarks: Vec::new(),
        intake: Intake::default(),
    };
    let keys = dataset.primary_key.clone();
    for (field, words) in dataset.fields.iter_mut().zip(&spoken) {
        let key = (dataset.name.clone(), field.name.clone());
        let Some(open) = gaps.fields.get(&key) else {
            continue;
        };
        let column = measured.and_then(|m| m.columns.get(&key));
        let of = ColumnProfile {
            data_type: field.data_type,
            ..column.cloned().unwrap_or_else(|| unmeasured(&field.name))
        };
        let guess = columns::field(&of, words, &table, keys == [field.name.clone()]);
        let linked = linked.contains(&field.name) || keys.contains(&field.name);
        fill(field, open, guess, linked);
        if let Some(column) = column {
            field.distinct = Some(column.distinct);
            field.nulls = Some(column.nulls);
            field.min = column.min.clone();
            field.max = column.watermark.clone().or_else(|| column.max.clone());
        }
    }
}

/// Rows that are assumed where they are not counted: many.
const UNKNOWN_ROWS: u64 = 1_000;

/// A column of which only the name is known.
fn unmeasured(name: &str) -> ColumnProfile {
    ColumnProfile {
        name: name.to_string(),
        data_type: DataType::Opaque,
        nulls: 0,
        distinct: UNKNOWN_ROWS / 2,
        min: None,
        max: None,
        watermark: None,
        stray_after: 0,
        mean_length: 10.0,
        samples: Vec::new(),
        has_negative: false,
        all_whole: false,
        currency: None,
    }
}

fn fill(field: &mut Field, open: &FieldGaps, guess: Field, linked: bool) {
    if open.label {
        field.label = label(&words(&field.name));
    }
    if open.role {
        field.role = match (open.dimension, guess.role) {
            _ if field.data_type.is_temporal() => Role::Time,
            _ if linked => Role::Id,
            (Some(_), Role::Measure | Role::Text) => Role::Dimension,
            (_, role) => role,
        };
    }
    if open.subject {
        field.subject = guess.subject;
    }
    let measure = field.role == Role::Measure;
    if open.additivity {
        field.additivity = match (measure, guess.role) {
            (true, Role::Measure) => guess.additivity,
            (true, _) => Additivity::Additive,
            (false, _) => Additivity::Non,
        };
    }
    if open.unit {
        field.unit = if measure { guess.unit } else { Unit::Plain };
    }
    // Words that come with a subject do not come with another one.
    if open.synonyms && field.synonyms.is_empty() && field.subject == guess.subject {
        field.synonyms = guess.synonyms;
    }
    if open.searchable {
        field.searchable = guess.searchable;
    }
}

/// A field that a metric adds up may be added up, whatever its name looks like; unless the
/// metric is a level.
fn summed(model: &mut Model, gaps: &Gaps) {
    let added: Vec<(FieldRef, Additivity)> = model
        .metrics
        .iter()
        .filter_map(|m| match &m.kind {
            MetricKind::Simple {
                dataset,
                aggregation: Aggregation::Sum,
                expression: Some(Expression::Field(f)),
                ..
            } => Some((FieldRef::new(dataset, f.as_str()), m.additivity)),
            _ => None,
        })
        .collect();
    for (field, additivity) in added {
        let key = (field.dataset.clone(), field.field.clone());
        let Some(open) = gaps.fields.get(&key) else {
            continue;
        };
        let Some(found) = model
            .datasets
            .iter_mut()
            .find(|d| d.name == field.dataset)
            .and_then(|d| d.fields.iter_mut().find(|f| f.name == field.field))
        else {
            continue;
        };
        if open.role && found.role == Role::Dimension && found.data_type.is_numeric() {
            found.role = Role::Measure;
        }
        if open.additivity && found.role == Role::Measure {
            found.additivity = match (found.additivity, additivity) {
                (Additivity::Semi, _) | (_, Additivity::Semi) => Additivity::Semi,
                _ => Additivity::Additive,
            };
        }
    }
}

fn describe(dataset: &mut Dataset, open: &DatasetGaps, gaps: &Gaps) {
    let spoken = words(&dataset.name);
    if open.label {
        dataset.label = label(&spoken);
    }
    if open.entity {
        dataset.entity = singular_phrase(&spoken);
    }
    if open.name_field {
        dataset.name_field = name_field(
            &dataset.fields,
            &dataset.entity,
            dataset.rows.unwrap_or(UNKNOWN_ROWS),
        );
    }
    if open.event_time && dataset.event_time.is_none() {
        // Dates that the document says are no time to count by stay out of it.
        let eligible: Vec<Field> = dataset
            .fields
            .iter()
            .filter(|f| {
                gaps.fields
                    .get(&(dataset.name.clone(), f.name.clone()))
                    .is_none_or(|g| g.dimension != Some(Dimension::Other))
            })
            .cloned()
            .collect();
        dataset.event_time = event_time(&eligible);
    }
}

fn metrics(model: &mut Model, gaps: &Gaps) {
    // Parts before what is made of them.
    let mut order: Vec<usize> = (0..model.metrics.len()).collect();
    order.sort_by_key(|i| depth(model, &model.metrics[*i].name, 0));
    for at in order {
        let name = model.metrics[at].name.clone();
        let Some(open) = gaps.metrics.get(&name) else {
            continue;
        };
        let (additivity, unit) = (
            additivity_of(model, &model.metrics[at].kind),
            unit_of(model, &model.metrics[at].name, &model.metrics[at].kind),
        );
        let metric = &mut model.metrics[at];
        let MetricGaps {
            label: open_label,
            additivity: open_additivity,
            unit: open_unit,
        } = open;
        if *open_label {
            metric.label = label(&words(&name));
        }
        if *open_additivity {
            metric.additivity = additivity;
        }
        if *open_unit {
            metric.unit = unit;
        }
    }
}

/// How many steps a metric is away from rows.
fn depth(model: &Model, name: &str, steps: usize) -> usize {
    let Some(metric) = model.metric(name).filter(|_| steps < 32) else {
        return steps;
    };
    metric
        .parts()
        .into_iter()
        .map(|p| depth(model, p, steps + 1))
        .max()
        .unwrap_or(steps)
}

fn additivity_of(model: &Model, kind: &MetricKind) -> Additivity {
    let of = |name: &str| model.metric(name).map_or(Additivity::Non, |m| m.additivity);
    let both = |a: Additivity, b: Additivity| match (a, b) {
        (Additivity::Additive, Additivity::Additive) => Additivity::Additive,
        (Additivity::Semi, Additivity::Semi) => Additivity::Semi,
        _ => Additivity::Non,
    };
    fn linear(model: &Model, e: &MetricExpression) -> Additivity {
        let of = |name: &str| model.metric(name).map_or(Additivity::Non, |m| m.additivity);
        match e {
            MetricExpression::Metric(name) => of(name),
            MetricExpression::Add(parts) => {
                if parts
                    .iter()
                    .all(|p| linear(model, p) == Additivity::Additive)
                {
                    Additivity::Additive
                } else {
                    Additivity::Non
                }
            }
            MetricExpression::Subtract(a, b) => {
                if linear(model, a) == Additivity::Additive
                    && linear(model, b) == Additivity::Additive
                {
                    Additivity::Additive
                } else {
                    Additivity::Non
                }
            }
            MetricExpression::Multiply(parts) => {
                let mut others = parts
                    .iter()
                    .filter(|p| !matches!(p, MetricExpression::Number(_)));
                match (others.next(), others.next()) {
                    (Some(only), None) => linear(model, only),
                    _ => Additivity::Non,
                }
            }
            MetricExpression::Number(_)
            | MetricExpression::Divide(..)
            | MetricExpression::Coalesce(_) => Additivity::Non,
        }
    }
    match kind {
        MetricKind::Simple {
            aggregation: Aggregation::Count,
            ..
        } => Additivity::Additive,
        MetricKind::Simple {
            dataset,
            aggregation: Aggregation::Sum,
            expression: Some(e),
            ..
        } => {
            let level = model.dataset(dataset).is_some_and(|d| {
                e.fields()
                    .iter()
                    .filter_map(|f| d.field(f))
                    .any(|f| f.additivity == Additivity::Semi)
            });
            if level {
                Additivity::Semi
            } else {
                Additivity::Additive
            }
        }
        MetricKind::Difference { left, right } => both(of(left), of(right)),
        MetricKind::Derived { expression } => linear(model, expression),
        _ => Additivity::Non,
    }
}

/// Whether a name says that the number is a part of a whole.
fn names_a_fraction(name: &str) -> bool {
    words(name).iter().any(|w| {
        matches!(
            w.as_str(),
            "rate" | "pct" | "percent" | "percentage" | "share" | "ratio" | "margin"
        )
    })
}

fn unit_of(model: &Model, name: &str, kind: &MetricKind) -> Unit {
    let of = |name: &str| model.metric(name).map_or(Unit::Plain, |m| m.unit.clone());
    match kind {
        MetricKind::Simple {
            dataset,
            aggregation,
            expression,
            ..
        } => {
            let home = model.dataset(dataset);
            match (aggregation, expression) {
                (Aggregation::Count, _) => Unit::Count(plural(
                    home.map_or("row", |d| d.entity.as_str())
                        .trim()
                        .trim_end_matches("row"),
                ))
                .or_rows(),
                (Aggregation::CountDistinct, Some(Expression::Field(f))) => {
                    let noun: Vec<String> = words(f)
                        .into_iter()
                        .filter(|w| !matches!(w.as_str(), "id" | "key" | "code" | "number" | "no"))
                        .collect();
                    Unit::Count(plural(&singular_phrase(&noun))).or_rows()
                }
                (Aggregation::CountDistinct, _) | (Aggregation::Variance, _) => Unit::Plain,
                (_, Some(e)) => home.map_or(Unit::Plain, |d| amount(model, d, e)),
                (_, None) => Unit::Plain,
            }
        }
        MetricKind::Ratio {
            numerator,
            denominator,
        } => {
            let (a, b) = (of(numerator), of(denominator));
            if names_a_fraction(name) || a == b && a != Unit::Plain {
                Unit::Fraction
            } else if matches!(a, Unit::Money(_)) && !matches!(b, Unit::Money(_)) {
                a
            } else {
                Unit::Plain
            }
        }
        MetricKind::Difference { left, .. } => of(left),
        MetricKind::Derived { expression } => {
            if names_a_fraction(name) {
                return Unit::Fraction;
            }
            let parts = expression.metrics();
            let units: Vec<Unit> = parts.iter().map(|p| of(p)).collect();
            let divides = matches!(expression, MetricExpression::Divide(..));
            match units.first() {
                Some(first) if units.iter().all(|u| u == first) && !divides => first.clone(),
                Some(first) if units.iter().all(|u| u == first) && *first != Unit::Plain => {
                    Unit::Fraction
                }
                _ => Unit::Plain,
            }
        }
        MetricKind::Cumulative { metric, .. } => of(metric),
        MetricKind::Growth { metric, show, .. } => match show {
            Change::Relative => Unit::Fraction,
            Change::Difference | Change::Previous => of(metric),
        },
        MetricKind::BasketAttach { .. } => Unit::Fraction,
    }
}

/// The unit of the value of a row: money where any factor is an amount or a price.
fn amount(model: &Model, home: &Dataset, e: &Expression) -> Unit {
    let mut units = Vec::new();
    e.walk(&mut |part| match part {
        Expression::Field(name) => units.extend(home.field(name).map(|f| f.unit.clone())),
        Expression::Lookup(field) => units.extend(model.field(field).map(|f| f.unit.clone())),
        _ => {}
    });
    let money = units.iter().find(|u| matches!(u, Unit::Money(_)));
    match (money, &units[..]) {
        (Some(Unit::Money(None)), _) => Unit::Money(model.currency.clone()),
        (Some(money), _) => money.clone(),
        (None, [only]) => only.clone(),
        (None, _) => Unit::Plain,
    }
}

trait OrRows {
    fn or_rows(self) -> Unit;
}

impl OrRows for Unit {
    /// Rows, where the noun is empty.
    fn or_rows(self) -> Unit {
        match self {
            Unit::Count(noun) if noun.len() < 3 => Unit::Count("rows".into()),
            other => other,
        }
    }
}

/// The metric that "how much did we sell" means: one called revenue or sales, else the first
/// amount that may be added up.
fn default_metric(model: &Model) -> Option<String> {
    let public = || {
        model
            .metrics
            .iter()
            .filter(|m| m.access == crate::Access::Public)
    };
    let named = |wanted: &str| public().find(|m| m.name == wanted);
    [
        "revenue",
        "net_revenue",
        "sales",
        "net_sales",
        "total_sales",
        "turnover",
    ]
    .iter()
    .find_map(|w| named(w))
    .or_else(|| {
        public().find(|m| {
            m.additivity == Additivity::Additive
                && matches!(m.unit, Unit::Money(_))
                && !is_cost(model, &m.kind)
        })
    })
    .map(|m| m.name.clone())
}

fn is_cost(model: &Model, kind: &MetricKind) -> bool {
    match kind {
        MetricKind::Simple {
            dataset,
            expression: Some(Expression::Field(f)),
            ..
        } => model
            .dataset(dataset)
            .and_then(|d| d.field(f))
            .is_some_and(|f| {
                matches!(
                    f.subject,
                    Subject::Cost | Subject::Freight | Subject::Tax | Subject::Discount
                )
            }),
        _ => false,
    }
}
