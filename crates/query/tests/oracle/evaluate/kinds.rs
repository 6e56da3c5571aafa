//! What kind of value a field, dimension or measure has.

use super::Evaluator;
use query::{Banding, Dimension, Grain, Measure};
use semantics::{Aggregation, DataType, Expression, FieldRef, MetricKind, Model};

/// Kinds of values that compare with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Time,
    Text,
    Flag,
    Other,
}

pub(super) fn of_type(data_type: DataType) -> Kind {
    match data_type {
        DataType::Integer | DataType::Decimal | DataType::Float => Kind::Number,
        DataType::Date | DataType::Timestamp => Kind::Time,
        DataType::Text => Kind::Text,
        DataType::Boolean => Kind::Flag,
        DataType::Opaque => Kind::Other,
    }
}

pub(super) fn of_field(model: &Model, field: &FieldRef) -> Kind {
    model
        .field(field)
        .map_or(Kind::Other, |f| of_type(f.data_type))
}

fn of_expression(model: &Model, dataset: &str, expression: &Expression) -> Kind {
    match expression {
        Expression::Field(name) => of_field(model, &FieldRef::new(dataset, name)),
        Expression::Lookup(field) => of_field(model, field),
        Expression::Text(_) | Expression::Concatenate { .. } | Expression::Address { .. } => {
            Kind::Text
        }
        Expression::DateOf(_) => Kind::Time,
        Expression::Coalesce(parts) => parts
            .first()
            .map_or(Kind::Other, |e| of_expression(model, dataset, e)),
        Expression::Case { branches, .. } => branches
            .first()
            .map_or(Kind::Other, |b| of_expression(model, dataset, &b.then)),
        _ => Kind::Number,
    }
}

pub(super) fn of_measure(model: &Model, measure: &Measure) -> Kind {
    let kept =
        |aggregation: Aggregation| matches!(aggregation, Aggregation::Min | Aggregation::Max);
    match measure {
        Measure::Aggregate { aggregation, field } if kept(*aggregation) => of_field(model, field),
        Measure::Metric(name) => match model.metric(name).map(|m| &m.kind) {
            Some(MetricKind::Simple {
                dataset,
                aggregation,
                expression: Some(e),
                ..
            }) if kept(*aggregation) => of_expression(model, dataset, e),
            _ => Kind::Number,
        },
        Measure::Where { measure, .. }
        | Measure::Dated { measure, .. }
        | Measure::OrZero(measure)
        | Measure::Opening(measure)
        | Measure::Cumulative { measure, .. } => of_measure(model, measure),
        Measure::ValueAt { field, .. } => of_field(model, field),
        Measure::PerGroup {
            aggregation,
            measure,
            ..
        } if kept(*aggregation) => of_measure(model, measure),
        _ => Kind::Number,
    }
}

pub(super) fn of_dimension(model: &Model, dimension: &Dimension) -> Kind {
    match dimension {
        Dimension::Field(field) => of_field(model, field),
        Dimension::Time(Grain::Weekday)
        | Dimension::TimeOf {
            grain: Grain::Weekday,
            ..
        } => Kind::Text,
        Dimension::Time(grain) | Dimension::TimeOf { grain, .. } if grain.is_cyclic() => {
            Kind::Number
        }
        Dimension::Time(_) | Dimension::TimeOf { .. } => Kind::Time,
        Dimension::Bucket { measure, .. } => of_measure(model, measure),
        Dimension::NewOrReturning { .. } => Kind::Text,
        Dimension::Band { by, .. } => match by {
            Banding::Edges(_) | Banding::Pareto(_) => Kind::Text,
            Banding::Width(_) | Banding::Quantiles(_) => Kind::Number,
        },
    }
}

impl Evaluator<'_> {
    pub(super) fn is_text(&self, dimension: &Dimension) -> bool {
        of_dimension(self.model, dimension) == Kind::Text
    }
}
