//! Money of several currencies.

use crate::FieldRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which rate an amount is converted at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RatePolicy {
    /// The last rate on or before the day of the row.
    SpotAtTransaction,
    /// The mean rate of the calendar month of the row.
    PeriodAverage,
    /// The rate of one day for all rows (constant currency), `YYYY-MM-DD`.
    Constant(String),
}

/// How amounts of several currencies become amounts of the model's. Without a conversion they
/// are never added up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurrencyConversion {
    /// Field of the rates' dataset with the currency to convert from (ISO 4217).
    pub from: FieldRef,
    /// Field of the same dataset with the currency to convert to; the model's for all rows if
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<FieldRef>,
    /// Field of the same dataset with the day of the rate.
    pub day: FieldRef,
    /// Field of the same dataset with units of the target currency per unit of the source.
    pub rate: FieldRef,
    /// Which rate counts.
    pub policy: RatePolicy,
}
