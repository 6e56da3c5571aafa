//! Rows instead of groups: lists, ranked lists, and sets of members.

use super::{Direction, Query, Ties, is_default};
use schemars::JsonSchema;
use semantics::FieldRef;
use serde::{Deserialize, Serialize};

/// Keep the rows of a list at the first `n` places by a field ("the product with the highest
/// price", "the first order of each customer").
///
/// Contenders are the rows that pass filter and time and have a value in `by`; the others are
/// left out. The remaining columns that break ties are the fields of the list, then what the list is
/// sorted by; rows that are equal in all of them are alike to the reader, and it does not matter
/// which is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowRank {
    /// Field of the dataset, or of one reached many-to-one from it.
    pub by: FieldRef,
    /// Best first.
    pub direction: Direction,
    /// How many places to keep.
    pub n: u32,
    /// Places to pass over first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub skip: u32,
    /// Equal values.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ties: Ties,
    /// Rank within each combination of these fields (NULL is a value); they need not be listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub per: Vec<FieldRef>,
}

/// A list of rows instead of aggregates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowsOf {
    /// Dataset whose rows are listed.
    pub dataset: String,
    /// Columns: fields of the dataset or of one reached many-to-one from it.
    pub fields: Vec<FieldRef>,
    /// Whether equal rows are listed once.
    #[serde(default)]
    pub distinct: bool,
    /// First n by a field; before `distinct`. Without `order`, rows come in the order of `per`
    /// (ascending), then of the places, then of the columns; with `distinct` in that of the
    /// columns alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<RowRank>,
}

impl RowsOf {
    /// All rows, as often as they occur.
    pub fn new(dataset: impl Into<String>, fields: Vec<FieldRef>) -> RowsOf {
        RowsOf {
            dataset: dataset.into(),
            fields,
            distinct: false,
            rank: None,
        }
    }
}

/// How sets are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetOperation {
    /// In one of them at least.
    Union,
    /// In all of them.
    Intersect,
    /// In the first and in none of the others.
    Except,
}

/// A set operation between the members that queries find ("products among the top 20 of last
/// year that are not among those of this year").
///
/// A member is a row of a query's dimensions (of its fields, for a rows query); its metrics serve
/// rank, having and order only. The result has the columns of the first query's members, each
/// member once, NULL being equal to NULL, in ascending order unless `order` names a dimension of
/// the first query. All queries have equally many such columns, one at least, of pairwise
/// comparable types (numbers; dates and times; the same); otherwise `E_MALFORMED_QUERY`. A query
/// with `sets` has only `order` and `limit` beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sets {
    /// How.
    pub operation: SetOperation,
    /// Two at least.
    pub queries: Vec<Query>,
}
