//! Who comes back.

use super::{Grain, Term};
use schemars::JsonSchema;
use semantics::FieldRef;
use serde::{Deserialize, Serialize};

/// Customers by the period of their first event, and what they do in the periods after it.
///
/// Events are the rows of the dataset of `event`. An entity's cohort is the period (of the plain
/// calendar) of its earliest event over all of them, whatever the query's filter and time: who
/// bought before is not new because a filter hides it. Members of a cohort are its entities that
/// have an event which passes the filter, at any time. The query's range selects cohorts: those
/// whose first day lies in it. Rows without an entity or without a time do not count.
///
/// One row for each cohort with members and each age from 0 to `periods`: age k is the k-th period
/// after the cohort's own. Columns: `Cohort` (first day of the period), `Age` (integer), `Members`
/// (integer), `Active` (integer: members with an event in that period that passes the filter),
/// `Retention` (Active / Members), and with `measure` two more: its name (the measure over that
/// period's rows of the members that pass the filter, 0 if there are none) and `<name> per member
/// to date` (its sum over the ages up to this one, over Members).
///
/// A period that has not ended by the watermark is not over yet: `Active`, `Retention` and the
/// measure are NULL there, never 0. Order: cohort, then age. A query with `cohort` has only
/// `time`, `filter` and `limit` beside it, `time.field` being `event`, and no calendar; `grain` is
/// one of day, week, month, quarter and year; `periods` is at most 120; otherwise
/// `E_MALFORMED_QUERY`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cohort {
    /// Who: a field of the events or one reached many-to-one from them.
    pub entity: FieldRef,
    /// When: a time field; the rows of its dataset are the events.
    pub event: FieldRef,
    /// Length of the periods.
    pub grain: Grain,
    /// How many periods after the first are listed.
    pub periods: u32,
    /// The data's last day (`YYYY-MM-DD`).
    pub watermark: String,
    /// What members are worth: a measure whose rows reach both `entity` and `event` many-to-one
    /// and whose values add up; otherwise `E_NO_PATH` or `E_UNSAFE_REAGGREGATION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Term>,
}
