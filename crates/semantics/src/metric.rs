//! Metrics: named numbers, how they are computed and how they may be added up.

use crate::{Additivity, Expression, FieldRef, Length, RowFilter, TimeUnit, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How rows become a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Sum of non-null values; NULL over nothing.
    Sum,
    /// Count of non-null values (of rows when there is no expression).
    Count,
    /// Count of distinct non-null values.
    CountDistinct,
    /// Mean of non-null values.
    Average,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// Middle value (mean of the two middle ones).
    Median,
    /// Value below which so many percent (1 … 99) of the non-null values lie, interpolated
    /// linearly between neighbours (`PERCENTILE_CONT`).
    Percentile(u8),
    /// Standard deviation of a sample (n − 1); NULL below two values.
    StandardDeviation,
    /// Variance of a sample (n − 1); NULL below two values.
    Variance,
}

/// Which of the snapshots of a period counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The earliest of each item.
    First,
    /// The latest of each item.
    #[default]
    Last,
    /// The mean over the snapshot times of the sum over the items.
    Average,
    /// The smallest, over the snapshot times, of the sum over the items.
    Min,
    /// The largest, over the snapshot times, of the sum over the items.
    Max,
}

/// What stands for an item that has no snapshot at the time asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingSnapshot {
    /// Its last one before, if that is not older than `max_age`.
    #[default]
    AsOf,
    /// Nothing: the item is left out.
    Skip,
    /// Zero.
    Zero,
}

/// How a level is read over time. An item is a row of the home dataset's key without the
/// non-additive fields: one product in one store.
///
/// The time asked for is that of the last snapshot of any item in a period (in the range, where no
/// periods are shown; up to its end, for `as_of`). An item without any snapshot up to then is not
/// counted. What is summed over items, stores and regions is what each item has at that one time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SemiAdditive {
    /// Time field over which it is never summed; the home dataset's event time if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_additive_over: Option<FieldRef>,
    /// Which snapshot counts.
    #[serde(default)]
    pub pick: Pick,
    /// What stands for a missing one.
    #[serde(default)]
    pub missing: MissingSnapshot,
    /// Oldest snapshot that still counts; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Length>,
}

/// Arithmetic over metrics, each aggregated first. NULL in any part makes the whole NULL, except
/// inside `coalesce`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricExpression {
    /// A metric by name.
    Metric(String),
    /// A number.
    Number(f64),
    /// Sum of all.
    Add(Vec<MetricExpression>),
    /// Left minus right.
    Subtract(Box<MetricExpression>, Box<MetricExpression>),
    /// Product of all.
    Multiply(Vec<MetricExpression>),
    /// Left over right; NULL if right is 0 or NULL.
    Divide(Box<MetricExpression>, Box<MetricExpression>),
    /// The first that is not NULL.
    Coalesce(Vec<MetricExpression>),
}

impl MetricExpression {
    /// Names of the metrics in it, in the order of the text, with repeats.
    pub fn metrics(&self) -> Vec<&str> {
        match self {
            MetricExpression::Metric(name) => vec![name],
            MetricExpression::Number(_) => Vec::new(),
            MetricExpression::Add(parts)
            | MetricExpression::Multiply(parts)
            | MetricExpression::Coalesce(parts) => {
                parts.iter().flat_map(MetricExpression::metrics).collect()
            }
            MetricExpression::Subtract(a, b) | MetricExpression::Divide(a, b) => {
                let mut both = a.metrics();
                both.extend(b.metrics());
                both
            }
        }
    }
}

/// How far a running metric reaches back from the period that it is shown for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CumulativeWindow {
    /// To the beginning of the data.
    All,
    /// So long, the period itself included.
    Trailing(Length),
    /// To the start of the period that holds it (month to date, year to date).
    ToDate(TimeUnit),
}

/// What of a change is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Change over the earlier value, as a fraction; NULL if that is 0 or NULL.
    #[default]
    Relative,
    /// Value minus earlier value.
    Difference,
    /// The earlier value itself.
    Previous,
}

/// How two periods are made alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeriodAlignment {
    /// A period that the data's watermark cuts off is compared with the same part of the other.
    #[default]
    ToDate,
    /// Whole periods as they stand.
    Full,
}

/// What a metric is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    /// An aggregate over the rows of one dataset: its home grain.
    Simple {
        /// Dataset whose rows are aggregated.
        dataset: String,
        /// How.
        aggregation: Aggregation,
        /// Of what; rows if absent (only for `count`).
        #[serde(default)]
        expression: Option<Expression>,
        /// Over which rows only.
        #[serde(default)]
        filter: Option<RowFilter>,
    },
    /// Numerator over denominator, each aggregated first; NULL if the denominator is 0 or NULL.
    Ratio {
        /// Metric name.
        numerator: String,
        /// Metric name.
        denominator: String,
    },
    /// Left minus right (revenue minus cost).
    Difference {
        /// Metric name.
        left: String,
        /// Metric name.
        right: String,
    },
    /// Any other arithmetic over metrics.
    Derived {
        /// The formula.
        expression: MetricExpression,
    },
    /// A metric added up over time; it needs a running time grain.
    Cumulative {
        /// Metric name; additive, or a distinct count, which is counted anew.
        metric: String,
        /// How far back.
        window: CumulativeWindow,
    },
    /// A metric against itself some time before.
    Growth {
        /// Metric name.
        metric: String,
        /// How long before.
        offset: Length,
        /// What is shown.
        #[serde(default)]
        show: Change,
        /// How the two periods are made alike.
        #[serde(default)]
        align: PeriodAlignment,
        /// Name of the calendar whose years and weeks are meant; the usual one if absent.
        #[serde(default)]
        calendar: Option<String>,
    },
    /// Share (0..1) of the baskets with one thing that also hold another.
    BasketAttach {
        /// Dataset whose rows are basket lines.
        dataset: String,
        /// Field that tells baskets apart (order id).
        basket: FieldRef,
        /// Lines that make a basket count.
        base: RowFilter,
        /// Lines that are looked for in those baskets.
        attach: RowFilter,
    },
}

/// What stands for a metric over no rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// NULL, as the aggregate says (counts are 0 always).
    #[default]
    Null,
    /// Zero.
    Zero,
}

/// What stands in a period or group without rows when a series is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// The period is left out.
    #[default]
    None,
    /// A row with NULL.
    Null,
    /// A row with zero.
    Zero,
    /// A row with the value before.
    Previous,
}

/// Dates that place the two sides of a ratio in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DateBasis {
    /// Time field of the numerator (returns by return date).
    pub numerator: FieldRef,
    /// Time field of the denominator (sales by order date).
    pub denominator: FieldRef,
}

/// Who reads a metric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Everyone.
    #[default]
    Public,
    /// Questions and queries here, but no other program: one that does not know how a level is
    /// read over time would add it up.
    Private,
    /// Only other metrics: it is a part of their formulas, and no word of a question means it.
    Part,
}

/// A named number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// `snake_case`, unique in the model.
    pub name: String,
    /// As shown to people ("Revenue").
    pub label: String,
    /// What it is.
    pub kind: MetricKind,
    /// How it may be re-aggregated.
    pub additivity: Additivity,
    /// For semi-additive ones: how a level is read over time. The latest snapshot of each item,
    /// however old, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semi_additive: Option<SemiAdditive>,
    /// What it measures.
    pub unit: Unit,
    /// Other words for it, singular, lower case, most specific first.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// One sentence: the definition.
    #[serde(default)]
    pub description: String,
    /// What a language model is told about it; data to it, never a command to us.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instructions: String,
    /// Time field that places it in time; the dataset's event time (own or through a
    /// many-to-one path) if absent.
    #[serde(default)]
    pub time_field: Option<FieldRef>,
    /// For ratios: the dates of the two sides, where they differ from those of their metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_basis: Option<DateBasis>,
    /// What stands for it over no rows.
    #[serde(default, skip_serializing_if = "is_default")]
    pub empty: Empty,
    /// For ratios: what stands for the numerator over no rows while the denominator has some.
    #[serde(default, skip_serializing_if = "is_default")]
    pub numerator_empty: Empty,
    /// For ratios: below this denominator the value is shown as too small to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_denominator: Option<f64>,
    /// What stands in periods without rows.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fill: Fill,
    /// Whether up is good (`Some(true)`), down is good (`Some(false)`), or neither.
    #[serde(default)]
    pub up_is_good: Option<bool>,
    /// Who reads it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub access: Access,
    /// Where the definition comes from (a page, a person), for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition_source: Option<String>,
    /// Why it is believed, for inferred ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Metric {
    /// A metric that everyone may ask for, of which nothing but the formula is known; additive
    /// if the formula is a sum or a count of rows or values.
    pub fn new(name: impl Into<String>, kind: MetricKind) -> Metric {
        let name = name.into();
        let additivity = match &kind {
            MetricKind::Simple {
                aggregation: Aggregation::Sum | Aggregation::Count,
                ..
            } => Additivity::Additive,
            _ => Additivity::Non,
        };
        Metric {
            label: name.clone(),
            name,
            kind,
            additivity,
            semi_additive: None,
            unit: Unit::Plain,
            synonyms: Vec::new(),
            description: String::new(),
            instructions: String::new(),
            time_field: None,
            date_basis: None,
            empty: Empty::Null,
            numerator_empty: Empty::Null,
            min_denominator: None,
            fill: Fill::None,
            up_is_good: None,
            access: Access::Public,
            definition_source: None,
            evidence: None,
        }
    }

    /// Names of the metrics that it is made of, in the order of the formula.
    pub fn parts(&self) -> Vec<&str> {
        match &self.kind {
            MetricKind::Simple { .. } | MetricKind::BasketAttach { .. } => Vec::new(),
            MetricKind::Ratio {
                numerator: a,
                denominator: b,
            }
            | MetricKind::Difference { left: a, right: b } => vec![a, b],
            MetricKind::Derived { expression } => expression.metrics(),
            MetricKind::Cumulative { metric, .. } | MetricKind::Growth { metric, .. } => {
                vec![metric]
            }
        }
    }
}
