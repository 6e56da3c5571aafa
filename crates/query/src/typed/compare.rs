//! Comparison with another period, and the columns that a measure has.

use super::DateRange;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a comparison is with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CompareTo {
    /// The period just before, of the same length: the previous bucket when a running time
    /// grain is among the dimensions, else the range shifted by its own length in whole
    /// months (or days).
    PriorPeriod,
    /// The same period a year before.
    PriorYear,
    /// A stated range.
    Range(DateRange),
}

/// How two periods are made alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// A period that the data's watermark cuts off is compared with the same part of the other.
    ToDate,
    /// Whole periods as they stand.
    Full,
}

/// Columns of a comparison; every measure gets the ones that are listed, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The measure itself.
    Value,
    /// The same measure in the other period; the column is called `<name> (<label of the other period>)`.
    Prior,
    /// Value minus prior.
    Delta,
    /// Delta over prior, as a fraction; NULL if prior is 0 or NULL.
    Pct,
    /// Value over the total that `share` names, as a fraction.
    Share,
    /// Running total, if `cumulative`.
    Cumulative,
    /// Mean over the trailing window, if `rolling`.
    Rolling,
}

/// A comparison with another period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// With what.
    pub to: CompareTo,
    /// How they are made alike.
    pub align: Align,
    /// The data's last day (`YYYY-MM-DD`), for `to_date`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<String>,
    /// Which columns, in order.
    pub show: Vec<Part>,
}

/// What a share is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Indexes into `dimensions`: the total is taken within each of their groups; over
    /// everything if empty. The total keeps the query's filters and is computed before rank,
    /// having and limit.
    #[serde(default)]
    pub within: Vec<usize>,
    /// Whether the total is taken without the query's filters (time range kept).
    #[serde(default)]
    pub unfiltered: bool,
}
