//! Which rows of the other period meet this one.
//!
//! Each row of the other period meets one day of this one, or none; it counts where the day that
//! it meets counts, and in the period of that day.

use super::Days;
use super::filter::{days, within};
use super::lookup::day_of;
use crate::calendar;
use crate::value::Value;
use query::{Align, Compare, CompareTo, Dimension, Grain, Query};

/// How days of the other period move onto days of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shift {
    Days(i64),
    /// A day that the other month lacks joins its last day.
    Months(i64),
    Hours(i64),
}

impl Shift {
    /// The day or time that a day or time meets.
    pub(super) fn meets(self, when: &Value) -> Value {
        let Some(day) = day_of(when) else {
            return Value::Null;
        };
        let moved = match self {
            Shift::Days(n) => day + n,
            Shift::Months(n) => calendar::add_months(day, n),
            Shift::Hours(n) => {
                let second = match when {
                    Value::Timestamp(s) => *s,
                    _ => day * 86_400,
                };
                return Value::Timestamp(second + n * 3600);
            }
        };
        match when {
            Value::Timestamp(s) => Value::Timestamp(moved * 86_400 + s.rem_euclid(86_400)),
            _ => Value::Date(moved),
        }
    }

    /// Whether weekdays stay what they are.
    pub(super) fn keeps_weekdays(self) -> bool {
        matches!(self, Shift::Days(n) if n % 7 == 0)
    }
}

/// Rows of the other period.
#[derive(Debug, Clone, Copy)]
pub(super) struct Other {
    /// Days that they lie in.
    pub(super) window: Days,
    /// Days that they have to meet.
    pub(super) target: Days,
    pub(super) shift: Option<Shift>,
    /// Whether periods are those of the days that are met.
    pub(super) by_period: bool,
    /// Index of the running time dimension.
    pub(super) running: Option<usize>,
}

impl Other {
    /// Without a first day.
    pub(super) fn opened(&self) -> Other {
        let open = |days: Days| Days {
            start: None,
            ..days
        };
        Other {
            window: open(self.window),
            target: open(self.target),
            ..*self
        }
    }

    /// The first day of the other period: the one stated, or the first that meets a day asked for.
    pub(super) fn first_day(&self) -> Option<i64> {
        self.window.start.or_else(|| {
            let target = self.target.start?;
            let shift = self.shift?;
            (target - 1500..target + 1500)
                .find(|day| day_of(&shift.meets(&Value::Date(*day))).is_some_and(|d| d >= target))
        })
    }

    pub(super) fn counts(&self, when: &Value) -> bool {
        within(when, self.window)
            && self
                .shift
                .is_none_or(|shift| within(&shift.meets(when), self.target))
    }
}

/// The two sides of a comparison.
pub(super) struct Sides {
    pub(super) current: Days,
    pub(super) other: Other,
}

/// Index and grain of the running time dimension.
pub(super) fn running(query: &Query) -> Option<(usize, Grain)> {
    query
        .dimensions
        .iter()
        .enumerate()
        .find_map(|(i, d)| match d {
            Dimension::Time(grain) | Dimension::TimeOf { grain, .. } if !grain.is_cyclic() => {
                Some((i, *grain))
            }
            _ => None,
        })
}

pub(super) fn window(query: &Query) -> Days {
    query
        .time
        .as_ref()
        .and_then(|t| t.range.as_ref())
        .map(days)
        .unwrap_or_default()
}

/// Months between two days of the same day of the month.
fn whole_months(start: i64, end: i64) -> Option<i64> {
    let ((y, m, d), (y2, m2, d2)) = (calendar::civil(start), calendar::civil(end));
    let months = (y2 - y) * 12 + m2 - m;
    (d == d2 && months > 0).then_some(months)
}

/// From the first day of one range to the first of another, by months where it can be.
fn between(there: i64, here: i64) -> Shift {
    match (whole_months(there, here), whole_months(here, there)) {
        (Some(n), _) => Shift::Months(n),
        (_, Some(n)) => Shift::Months(-n),
        _ => Shift::Days(here - there),
    }
}

fn shift(query: &Query, compare: &Compare, range: &Days) -> Option<Shift> {
    let grain = running(query).map(|r| r.1);
    Some(match (&compare.to, grain) {
        (CompareTo::Range(other), _) => between(days(other).start?, range.start?),
        (CompareTo::PriorYear, Some(Grain::Week)) => Shift::Days(364),
        (CompareTo::PriorYear, _) => Shift::Months(12),
        (CompareTo::PriorPeriod, Some(Grain::Hour)) => Shift::Hours(1),
        (CompareTo::PriorPeriod, Some(Grain::Week)) => Shift::Days(7),
        (CompareTo::PriorPeriod, Some(Grain::Month)) => Shift::Months(1),
        (CompareTo::PriorPeriod, Some(Grain::Quarter)) => Shift::Months(3),
        (CompareTo::PriorPeriod, Some(Grain::Year)) => Shift::Months(12),
        (CompareTo::PriorPeriod, Some(_)) => Shift::Days(1),
        (CompareTo::PriorPeriod, None) => {
            let (start, end) = (range.start?, range.end?);
            whole_months(start, end).map_or(Shift::Days(end - start), Shift::Months)
        }
    })
}

/// Whether a stated range is as long as the query's, so that its periods meet those one by one.
pub(super) fn meet_one_by_one(query: &Query, compare: &Compare) -> bool {
    let range = window(query);
    let CompareTo::Range(other) = &compare.to else {
        return true;
    };
    let other = days(other);
    let (Some(shift), Some(end), Some(other_end)) =
        (shift(query, compare, &range), range.end, other.end)
    else {
        return false;
    };
    // The last days meet, and the days after them do not come before the end.
    day_of(&shift.meets(&Value::Date(other_end - 1))).is_some_and(|d| d < end)
        && day_of(&shift.meets(&Value::Date(other_end))).is_some_and(|d| d >= end)
}

pub(super) fn sides(query: &Query, compare: &Compare) -> Sides {
    let whole = window(query);
    let cut = match (compare.align, &compare.watermark) {
        (Align::Full, _) | (_, None) => None,
        // Of a period that has not begun there is nothing yet.
        (_, Some(day)) => calendar::parse_day(day).map(|d| d + 1),
    };
    let current = Days {
        start: whole.start,
        end: match (whole.end, cut) {
            (Some(end), Some(cut)) => Some(end.min(cut)),
            (end, cut) => end.or(cut),
        },
    };
    let running = running(query).map(|r| r.0);
    let shift = shift(query, compare, &whole);
    let other = match &compare.to {
        CompareTo::Range(range) => Other {
            window: days(range),
            // The same part of the other range.
            target: if current.end == whole.end {
                Days::default()
            } else {
                Days {
                    start: None,
                    end: current.end,
                }
            },
            shift,
            by_period: running.is_some(),
            running,
        },
        _ => Other {
            window: Days::default(),
            target: current,
            shift,
            by_period: true,
            running,
        },
    };
    Sides { current, other }
}
