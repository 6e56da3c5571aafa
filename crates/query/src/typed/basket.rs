//! What is bought together.

use super::Filter;
use schemars::JsonSchema;
use semantics::FieldRef;
use serde::{Deserialize, Serialize};

/// A number about a pair of items. With N baskets in all, A of them with the first item, B with
/// the second and AB with both:
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PairNumber {
    /// AB.
    Baskets,
    /// AB / N.
    Support,
    /// AB / A: the share of the first item's baskets that hold the second too (attach rate).
    Confidence,
    /// AB · N / (A · B): how much oftener both occur together than they would by chance.
    Lift,
}

/// Pairs of different items that occur in the same basket.
///
/// What counts are the rows of `lines` that pass the query's filter and time and have a basket:
/// N is the number of their distinct baskets. A line of the first side also passes `first`, a
/// line of the second side `second`, and both have an item; a basket is counted once for an item
/// however many of its lines hold it.
///
/// With neither `first` nor `second` each pair is listed once, the item that comes first in
/// ascending order on the left. With either, pairs have a direction: the left item is one of the
/// first side, the right one of the second side.
///
/// Columns: the item (named by its label), the other item (`<label> with`), `Baskets` (integer),
/// `Support`, `Confidence`, `Lift` (floating point). Order: `by` downwards, then `Baskets`
/// downwards, then both items ascending. A query with `basket` has only `time`, `filter` and
/// `limit` beside it; otherwise `E_MALFORMED_QUERY`. `basket` and `item` are fields of `lines` or
/// reached many-to-one from it; otherwise `E_NO_PATH`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basket {
    /// Dataset whose rows are the lines of baskets.
    pub lines: String,
    /// What tells baskets apart (the order's number).
    pub basket: FieldRef,
    /// What is paired (the product, its category).
    pub item: FieldRef,
    /// Which lines the first side has ("what is bought together with pasta").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Filter>,
    /// Which lines the second side has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Filter>,
    /// Pairs in fewer baskets are left out.
    pub min_baskets: u32,
    /// What pairs are sorted by.
    pub by: PairNumber,
}
