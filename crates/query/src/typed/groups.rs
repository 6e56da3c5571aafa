//! Which groups are kept, and in which order.

use super::{Part, Query, is_default};
use schemars::JsonSchema;
use semantics::{FieldRef, Operator};
use serde::{Deserialize, Serialize};

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// What happens to contenders of equal value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// They share a place, and all of a kept place are kept. With `skip` = 0 a place is one more
    /// than the number of better contenders (1, 1, 3); with `skip` > 0 it is one more than the
    /// number of better *values* (1, 1, 2), so that the second highest is the next value below
    /// the highest.
    #[default]
    Keep,
    /// Each has a place of its own (1, 2, 3): those of equal value stand in the order of their
    /// remaining columns, left to right, ascending, NULLs last.
    Break,
}

/// Keep the first `n` places by a column.
///
/// Contenders are the groups that pass `having`, have a value in the column and no NULL among
/// the dimensions outside `per`. The remaining columns that break ties are the dimensions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rank {
    /// Index into `metrics`.
    pub by: usize,
    /// Which of its columns.
    pub on: Part,
    /// Best first.
    pub direction: Direction,
    /// How many places to keep.
    pub n: u32,
    /// Places to pass over first (1 for "second highest" with n = 1).
    #[serde(default)]
    pub skip: u32,
    /// Indexes into `dimensions`: rank within each of their groups (NULL is one).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub per: Vec<usize>,
    /// Equal values.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ties: Ties,
    /// Whether `n` is a percentage of the contenders (of each group of `per`), rounded up to
    /// whole places ("the bottom 10 % of stores").
    #[serde(default, skip_serializing_if = "is_default")]
    pub percent: bool,
    /// Adds one row (for each group of `per`) that sums up the rest of the groups: those that
    /// pass `having` and are not kept, the ones without a name among them. Its first text
    /// dimension outside `per` holds this label, the others outside `per` are NULL; it comes
    /// last (within its group of `per`) and is left out where there is no rest. Its numbers are
    /// computed anew from sums: `E_UNSAFE_REAGGREGATION` unless each measure is made of sums of
    /// additive fields and counts of rows alone (a ratio of such sums is; a distinct count, a
    /// mean, a level in time and a running number are not). Needs a text dimension outside `per`
    /// and `skip` = 0; otherwise `E_MALFORMED_QUERY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
}

impl Rank {
    /// The first `n` places, ties kept.
    pub fn new(by: usize, on: Part, direction: Direction, n: u32) -> Rank {
        Rank {
            by,
            on,
            direction,
            n,
            skip: 0,
            per: Vec::new(),
            ties: Ties::Keep,
            percent: false,
            other: None,
        }
    }
}

/// Right side of a `having`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// A number.
    Number(f64),
    /// The mean of the same column over all groups that have a value in it, before any `having`.
    AverageOfGroups,
    /// The same over the groups that share these dimensions (indexes; NULL is a value): "above
    /// the average of their region".
    AverageWithin(Vec<usize>),
    /// The median of the same column over all groups that have a value in it, before any
    /// `having`.
    MedianOfGroups,
    /// Another measure's value in the same group (index into `metrics`).
    Metric(usize),
    /// Any column of any measure in the same group ("more than in the year before").
    Part(usize, Part),
    /// The one number of a sub-query, with its own filter and time; rules as for
    /// [`Filter::CompareQuery`].
    Query(Box<Query>),
    /// So many times another threshold ("at least twice the average", "10 % above last year").
    Times(f64, Box<Threshold>),
}

/// A condition on groups. NULL on either side does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Having {
    /// Index into `metrics`.
    pub metric: usize,
    /// Which of its columns.
    pub on: Part,
    /// Operator.
    pub op: Operator,
    /// Right side.
    pub value: Threshold,
    /// Alternatives: the condition holds if it or one of these does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub or: Vec<Having>,
}

impl Having {
    /// A condition without alternatives.
    pub fn new(metric: usize, on: Part, op: Operator, value: Threshold) -> Having {
        Having {
            metric,
            on,
            op,
            value,
            or: Vec::new(),
        }
    }
}

/// What to sort by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderKey {
    /// Index into `dimensions`.
    Dimension(usize),
    /// Index into `metrics`, and which column.
    Metric(usize, Part),
    /// A field (rows queries).
    Field(FieldRef),
}

/// One sort key; NULLs come last in both directions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Key.
    pub key: OrderKey,
    /// Direction.
    pub direction: Direction,
}
