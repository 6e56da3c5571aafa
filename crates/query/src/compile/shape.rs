//! What is known of a measure's column before it is computed.

use super::Compiler;
use crate::Measure;
use crate::compiled::unit_name;
use crate::dialect::type_of;
use semantics::{Additivity, Aggregation, Change, DataType, MetricKind, Pick, Unit};

/// Type, unit and additivity of a measure.
pub(super) struct Shape {
    pub(super) data_type: DataType,
    pub(super) unit: Option<String>,
    /// Whether the values of groups may be added up.
    pub(super) additive: bool,
}

impl Shape {
    fn of(data_type: DataType, unit: Option<String>, additive: bool) -> Shape {
        Shape {
            data_type,
            unit,
            additive,
        }
    }
}

/// The type of a sum or difference of two numbers.
fn wider(a: DataType, b: DataType) -> DataType {
    match (a, b) {
        (DataType::Integer, DataType::Integer) => DataType::Integer,
        (DataType::Integer | DataType::Decimal, DataType::Integer | DataType::Decimal) => {
            DataType::Decimal
        }
        _ => DataType::Float,
    }
}

impl Compiler<'_> {
    pub(super) fn shape(&self, measure: &Measure) -> Shape {
        match measure {
            Measure::Metric(name) => {
                let Some(metric) = self.model.metric(name) else {
                    return Shape::of(DataType::Float, None, false);
                };
                Shape::of(
                    self.type_of_metric(name, 0),
                    unit_name(&metric.unit),
                    metric.additivity == Additivity::Additive,
                )
            }
            Measure::Aggregate { aggregation, field } => {
                let known = self.model.field(field);
                let unit = known.and_then(|f| unit_name(&f.unit));
                let own = known.map_or(DataType::Float, |f| f.data_type);
                match aggregation {
                    Aggregation::Count | Aggregation::CountDistinct => {
                        Shape::of(DataType::Integer, None, *aggregation == Aggregation::Count)
                    }
                    Aggregation::Average
                    | Aggregation::Median
                    | Aggregation::Percentile(_)
                    | Aggregation::StandardDeviation => Shape::of(DataType::Float, unit, false),
                    Aggregation::Variance => Shape::of(DataType::Float, None, false),
                    Aggregation::Sum => Shape::of(
                        own,
                        unit,
                        known.is_some_and(|f| f.additivity == Additivity::Additive),
                    ),
                    Aggregation::Min | Aggregation::Max => Shape::of(own, unit, false),
                }
            }
            Measure::Rows(dataset) => Shape::of(
                DataType::Integer,
                self.model.dataset(dataset).map(|d| d.label.to_lowercase()),
                true,
            ),
            Measure::Ratio {
                numerator,
                denominator,
            } => {
                let (a, b) = (self.shape(numerator), self.shape(denominator));
                let unit = if a.unit == b.unit {
                    Some("fraction".into())
                } else {
                    a.unit
                };
                Shape::of(DataType::Float, unit, false)
            }
            Measure::Difference { left, right } => {
                let (a, b) = (self.shape(left), self.shape(right));
                Shape {
                    data_type: wider(a.data_type, b.data_type),
                    additive: a.additive && b.additive,
                    ..a
                }
            }
            Measure::Where { measure, .. } => self.shape(measure),
            Measure::PerGroup {
                aggregation,
                measure,
                ..
            } => {
                let inner = self.shape(measure);
                match aggregation {
                    Aggregation::Count | Aggregation::CountDistinct => {
                        Shape::of(DataType::Integer, None, false)
                    }
                    Aggregation::Average
                    | Aggregation::Median
                    | Aggregation::Percentile(_)
                    | Aggregation::StandardDeviation => {
                        Shape::of(DataType::Float, inner.unit, false)
                    }
                    Aggregation::Variance => Shape::of(DataType::Float, None, false),
                    Aggregation::Sum | Aggregation::Min | Aggregation::Max => Shape {
                        additive: false,
                        ..inner
                    },
                }
            }
            Measure::CountOf(_) => Shape::of(DataType::Integer, None, false),
            Measure::ValueAt { field, .. } => {
                let known = self.model.field(field);
                Shape::of(
                    known.map_or(DataType::Opaque, |f| f.data_type),
                    known.and_then(|f| unit_name(&f.unit)),
                    false,
                )
            }
            Measure::Dated { measure, .. } | Measure::OrZero(measure) => self.shape(measure),
            Measure::Opening(measure) | Measure::Cumulative { measure, .. } => Shape {
                additive: false,
                ..self.shape(measure)
            },
            Measure::SellThrough { .. } | Measure::BasketAttach { .. } => {
                Shape::of(DataType::Float, Some("fraction".into()), false)
            }
            Measure::WeeksOfSupply { .. } => {
                Shape::of(DataType::Float, Some("weeks".into()), false)
            }
            Measure::DaysSince { .. } => {
                Shape::of(DataType::Integer, unit_name(&Unit::Days), false)
            }
        }
    }

    fn type_of_metric(&self, name: &str, depth: usize) -> DataType {
        match self.model.metric(name) {
            None => DataType::Float,
            // A mean over times is no whole number.
            Some(m) if m.semi_additive.as_ref().map(|r| r.pick) == Some(Pick::Average) => {
                DataType::Float
            }
            Some(m) => self.metric_type(&m.kind, depth),
        }
    }

    fn metric_type(&self, kind: &MetricKind, depth: usize) -> DataType {
        match kind {
            MetricKind::Simple {
                aggregation: Aggregation::Count | Aggregation::CountDistinct,
                ..
            } => DataType::Integer,
            MetricKind::Simple {
                dataset,
                aggregation: Aggregation::Sum | Aggregation::Min | Aggregation::Max,
                expression: Some(expression),
                ..
            } => self
                .context
                .graph
                .dataset(dataset)
                .map_or(DataType::Float, |d| type_of(expression, d)),
            // A change or a total is what it is of.
            MetricKind::Cumulative { metric, .. }
            | MetricKind::Growth {
                metric,
                show: Change::Difference | Change::Previous,
                ..
            } if depth < 40 => self.type_of_metric(metric, depth + 1),
            MetricKind::Difference { left, right } if depth < 40 => {
                let side = |name: &String| self.type_of_metric(name, depth + 1);
                match (side(left), side(right)) {
                    (DataType::Integer, DataType::Integer) => DataType::Integer,
                    (
                        DataType::Integer | DataType::Decimal,
                        DataType::Integer | DataType::Decimal,
                    ) => DataType::Decimal,
                    _ => DataType::Float,
                }
            }
            _ => DataType::Float,
        }
    }
}
