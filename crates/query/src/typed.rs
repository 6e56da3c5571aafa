//! The typed query: everything a question can mean, as data.
//!
//! Every default is written into it before compilation; the compiler fills in
//! nothing. Serialisation is deterministic; its hash is the cache key.

mod banding;
mod basket;
mod cohort;
mod compare;
mod decompose;
mod dimension;
mod filter;
mod groups;
mod measure;
mod members;
mod plan;
mod time;

pub use banding::*;
pub use basket::*;
pub use cohort::*;
pub use compare::*;
pub use decompose::*;
pub use dimension::*;
pub use filter::*;
pub use groups::*;
pub use measure::*;
pub use members::*;
pub use plan::{Plan, Step};
pub use semantics::{Literal, Operator};
pub use time::*;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A typed query.
///
/// Columns of the result: the dimensions in order, then for each term its parts (`value`
/// alone unless `compare`, `share`, `cumulative` or `rolling` add some); for a rows query its
/// fields. Row order: `order`, else rank order, else dimensions ascending (time first run
/// ascending), with all remaining columns as tie-breakers so that the order is total.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// In a plan, and only as a sub-query: the query of the earlier step that has this id. Nothing
    /// stands beside it. The compiler takes plans whose references are replaced
    /// ([`Plan::resolved`]); any other it refuses (`E_UNKNOWN_STEP`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Measures; empty for a rows query, or for the distinct values of the dimensions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Term>,
    /// Groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Dimension>,
    /// A list of rows instead of metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowsOf>,
    /// Members put together from those of other queries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sets: Option<Sets>,
    /// Pairs of items in the same basket, instead of metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basket: Option<Basket>,
    /// Cohorts and their retention, instead of metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cohort: Option<Cohort>,
    /// Where in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeScope>,
    /// Which rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// Which groups; all must hold. Applied before rank.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub having: Vec<Having>,
    /// Against another period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Compare>,
    /// What the change between the two periods is made of, instead of metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decompose: Option<Decompose>,
    /// First n.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
    /// Share columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// Running total over the running time dimension (within the other dimensions).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cumulative: bool,
    /// Trailing mean over this many buckets of the running time dimension, its own the last,
    /// counted by the calendar: a bucket without rows is zero for measures that add up, and is
    /// left out for others. Buckets before the range feed the window. NULL where the window
    /// reaches back before the first bucket of the data (of all rows of the dataset that the first
    /// measure counts first), and where a row has no time. The buckets
    /// of a stated time field (`time_of`) can be fed only where that field dates the rows of every
    /// measure; otherwise, with a range of that field that has a start, `E_MALFORMED_QUERY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<u32>,
    /// Sort keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<Order>,
    /// Rows at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The day that "now" is (`YYYY-MM-DD`), for conditions on age. Sub-queries take that of the
    /// whole query, here and below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// Whether attributes that change over time are those of now, instead of those that held when
    /// an event took place. An event whose time is found only through the attributes that it
    /// chooses is `E_MALFORMED_QUERY` without it. What a reader may see is said by those that held.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub current_attributes: bool,
    /// Datasets of which every row counts: their default filters are off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_default_filters: Vec<String>,
}
