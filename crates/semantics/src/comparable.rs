//! Comparable (like-for-like) stores: which stores count when growth is compared.

use crate::{FieldRef, Length, RowFilter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a store takes part in a comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparableMethod {
    /// It is open, and old enough, during the whole of both periods.
    #[default]
    OpenInBothPeriods,
    /// Each day counts by itself: the store is open, and old enough, on that day and on the day
    /// it is compared with.
    DayByDay,
}

/// What a closure does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Closures {
    /// The store leaves the comparison from its first closed day.
    #[default]
    ExcludeFromFirstClosedDay,
    /// It stays in to the end.
    Keep,
}

/// Whether a kind of store takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// It takes part as if nothing had happened.
    Keep,
    /// It takes no part.
    Exclude,
}

/// A comparable-store policy; membership is decided for both periods of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparableRule {
    /// Unique in the model ("like_for_like").
    pub name: String,
    /// Key of the stores' dataset; its dataset is that of the other fields.
    pub store: FieldRef,
    /// Day the store opened; a store without one takes no part.
    pub opened: FieldRef,
    /// Day the store closed, NULL while it is open; stores never close if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<FieldRef>,
    /// Day the store moved or was rebuilt, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relocated: Option<FieldRef>,
    /// How old a store has to be at the start of the earlier period.
    pub min_age: Length,
    /// When it takes part.
    #[serde(default)]
    pub method: ComparableMethod,
    /// What a closure does.
    #[serde(default)]
    pub closures: Closures,
    /// What a relocation does (`exclude`: the age counts from it).
    pub relocation: Membership,
    /// Whether online stores take part.
    pub online: Membership,
    /// Which stores are online ones, where some are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online_stores: Option<RowFilter>,
}
