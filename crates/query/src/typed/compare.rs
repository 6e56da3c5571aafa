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
    /// months (when it starts and ends on the same day of a month) or in days. Months, quarters
    /// and years of a retail calendar meet as wholes, and are shown without other periods beside
    /// them (`E_MALFORMED_QUERY`).
    PriorPeriod,
    /// The same period a year before.
    PriorYear,
    /// A stated range. With a running time grain it is as long as the query's own: its periods
    /// meet those of the query one by one.
    Range(DateRange),
}

/// How two periods are made alike.
///
/// Each row of the other period meets one day of this one, or none; what is shown for a period is
/// what meets its days, so that days add up to weeks, months and years. All but `full` cut a period
/// that the watermark cuts off, and the other one at the day that meets the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// The same date: a year before, a month before, as many days before. A date that the other
    /// month lacks joins its last day: 29 February 2024 meets 28 February 2025, together with the
    /// 28th, and 29 February 2024 is met by nothing. Weeks meet whole weeks: 364 days before. In a
    /// retail calendar a year before is what the calendar's own rule for a 53rd week says.
    ToDate,
    /// As `to_date`, whole periods as they stand, whatever the watermark. In a retail calendar a
    /// period meets the one of the same number; a 53rd week meets nothing.
    Full,
    /// The same week and weekday of the retail calendar's year before. A 53rd week meets nothing:
    /// it is left out of both sides, except where weeks or days are shown one by one. Only with
    /// `prior_year`.
    SameFiscalWeek,
    /// The day 364 days before, so that after a 53-week year the same days of the season meet:
    /// week 1 meets week 2. A 53rd week is left out as above. Only with `prior_year`.
    Restated,
    /// The same weekday: 364 days before, or the nearest number of whole weeks to the period.
    SameWeekday,
    /// The period moves as far as the occurrence of `event` in it is from the one before. The
    /// query's range holds exactly one. Only with `prior_year`.
    Holiday,
}

/// Columns of a comparison; `contribution` and `share_of_change` are parts of the change of all
/// groups together (in each period of a running time dimension by itself) before `having` and
/// `rank`: only of measures that add up over groups in one of which each row is, and without a
/// rest (`E_UNSAFE_REAGGREGATION`). Every measure gets the ones that are listed, in this order.
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
    /// Delta over the sum of all groups' priors, as a fraction: the points of the whole's growth
    /// that are this group's; they add up to it. NULL if that sum is 0.
    Contribution,
    /// Delta over the sum of all groups' deltas, as a fraction: the group's share of the change;
    /// undefined, and NULL, where nothing changed on the whole.
    ShareOfChange,
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
    /// The data's last day (`YYYY-MM-DD`), for all but `full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<String>,
    /// Event of the model, for `holiday`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Which columns, in order.
    pub show: Vec<Part>,
    /// Comparable-store policy of the model (like-for-like growth): on both sides only rows of
    /// stores count that take part throughout both periods. `E_UNKNOWN_COMPARABLE_RULE` if there is
    /// none of that name, `E_NO_PATH` for measures whose rows have no store; the range has a start
    /// and an end (`E_MALFORMED_QUERY`). Which stores take part is listed by a query of their
    /// fields with the same conditions; [`crate::Note::ComparableStores`] says that it was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparable: Option<String>,
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
