//! What a change is made of.

use super::{Dimension, Measure, Term};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A change taken apart into effects that add up to it exactly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decompose {
    /// Into price, volume and mix.
    PriceVolumeMix(PriceVolumeMix),
}

/// A change of value (revenue) between two periods, taken apart into what prices, quantities and
/// the mix of items did (price-volume-mix bridge; accountancyindex, pongora).
///
/// With V and Q the value and the quantity of an item, 0 in the earlier period and 1 in this one,
/// summed within each group of the query's dimensions over the items that have a quantity in both:
///
/// * `Price` = Σ (V1 − Q1 · V0/Q0): the change of each item's price, at what is sold now.
/// * `Volume` = ΣQ1 · ΣV0/ΣQ0 − ΣV0: the change of the group's quantity, at its old mean price.
/// * `Mix` = Σ Q1 · V0/Q0 − ΣQ1 · ΣV0/ΣQ0: the move between dear and cheap items.
/// * `New` = the change of items without a quantity in the earlier period.
/// * `Dropped` = the change of items that had one then and have none now.
///
/// The five add up to the change, V1 − V0 of all items, exactly: products with old prices are
/// rounded once, to six decimals, where V is whole or decimal, and what is rounded off one effect
/// is in another. Effects of groups do not add up to those of the whole: a move between groups is
/// mix for the whole, and volume for the groups.
///
/// Columns: the dimensions, the value (named by `value`), `<name> (<label of the other period>)`,
/// `<name> change`, `Price`, `Volume`, `Mix`, `New`, `Dropped`. Order: dimensions ascending. A query
/// with `decompose` has `dimensions`, `time`, `filter`, `compare` and `limit` beside it, and what
/// `compare` shows is empty; otherwise `E_MALFORMED_QUERY`. Value and quantity are sums or counts
/// whose rows reach every dimension many-to-one; otherwise `E_UNSAFE_REAGGREGATION`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceVolumeMix {
    /// What changed.
    pub value: Term,
    /// How much was sold.
    pub quantity: Measure,
    /// What has a price: items, one at least. Rows without an item are one item.
    pub per: Vec<Dimension>,
}
