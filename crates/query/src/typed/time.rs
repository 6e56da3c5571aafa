//! Periods, ranges of days, and where in time a query looks.

use schemars::JsonSchema;
use semantics::FieldRef;
use serde::{Deserialize, Serialize};

/// Days from `start` up to but not including `end` (`YYYY-MM-DD` each; either may be open).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DateRange {
    /// First day in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// First day after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// How people call it ("Q3 2024").
    pub label: String,
}

/// Periods of a time field. The first six are points in time (a period is its first day),
/// the others repeat.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says what it is")]
pub enum Grain {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    /// 0..23.
    HourOfDay,
    /// English name.
    Weekday,
    /// 1..12.
    MonthOfYear,
    /// 1..4.
    QuarterOfYear,
    /// 1..53; a week belongs to the year that its fourth day lies in, unless the calendar says
    /// otherwise.
    WeekOfYear,
}

impl Grain {
    /// Whether the grain repeats (weekday) instead of running on (month).
    pub fn is_cyclic(self) -> bool {
        matches!(
            self,
            Grain::HourOfDay
                | Grain::Weekday
                | Grain::MonthOfYear
                | Grain::QuarterOfYear
                | Grain::WeekOfYear
        )
    }
}

/// Where in time the query looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeScope {
    /// Time field; every metric whose own time field differs uses its own, same range.
    pub field: FieldRef,
    /// Range; all of time if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<DateRange>,
    /// Calendar by which the query counts: the name of one of the model's, or `fiscal` for its
    /// fiscal year of calendar months. Weeks, months, quarters and years are those of it then, and
    /// so are numbers of weeks, months and quarters. The plain calendar if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
}

impl TimeScope {
    /// By the plain calendar.
    pub fn new(field: FieldRef, range: Option<DateRange>) -> TimeScope {
        TimeScope {
            field,
            range,
            calendar: None,
        }
    }
}
