//! Which rows of the other period meet this one.
//!
//! Each row of the other period meets one day of this one, or none; it counts where the day that
//! it meets counts, and in the period of that day.

use super::Days;
use super::filter::{days, within};
use super::lookup::day_of;
use crate::calendar;
use crate::counting::{Counting, RetailWeeks};
use crate::value::Value;
use query::{Align, Compare, CompareTo, Dimension, Grain, Query};
use semantics::{Event, EventDates, Model, Week53};

/// How days of the other period move onto days of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shift {
    Days(i64),
    /// A day that the other month lacks joins its last day.
    Months(i64),
    Hours(i64),
    /// To the same week and weekday of the next year; a 53rd week joins the last one, or meets
    /// nothing.
    RetailYear {
        weeks: RetailWeeks,
        joins: bool,
    },
    /// To the same place in the next period.
    Period(Counting, Grain),
}

impl Shift {
    /// The day or time that a day or time meets; NULL where it meets none.
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
            Shift::RetailYear { weeks, joins } => {
                let at = weeks.place(day);
                let same = at.next_year + (day - at.year);
                match at.week {
                    53 if joins => same - 7,
                    53 => return Value::Null,
                    _ => same,
                }
            }
            Shift::Period(counting, grain) => counting.a_period_later(day, grain),
        };
        match when {
            Value::Timestamp(s) => Value::Timestamp(moved * 86_400 + s.rem_euclid(86_400)),
            _ => Value::Date(moved),
        }
    }

    /// Whether weekdays stay what they are.
    pub(super) fn keeps_weekdays(self) -> bool {
        match self {
            Shift::Days(n) => n % 7 == 0,
            Shift::RetailYear { .. } => true,
            _ => false,
        }
    }
}

/// Whether a day or time is not in a 53rd week that is left out.
fn in_52_weeks(when: &Value, weeks: Option<RetailWeeks>) -> bool {
    match (weeks, day_of(when)) {
        (Some(weeks), Some(day)) => weeks.place(day).week <= 52,
        (Some(_), None) => false,
        (None, _) => true,
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
    /// Calendar whose 53rd weeks are met by nothing.
    pub(super) without_53: Option<RetailWeeks>,
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

    /// Whether some days meet nothing, whatever is asked for.
    pub(super) fn sorts_out(&self) -> bool {
        self.without_53.is_some()
            || matches!(self.shift, Some(Shift::RetailYear { joins: false, .. }))
    }

    /// The days that it has.
    pub(super) fn days(&self) -> Days {
        let cut = self.target.end.zip(self.shift).and_then(|(end, shift)| {
            let meets = |day: &i64| day_of(&shift.meets(&Value::Date(*day)));
            (end - 1500..end + 1500).find(|day| meets(day).is_some_and(|met| met >= end))
        });
        Days {
            start: self.first_day(),
            end: match (self.window.end, cut) {
                (Some(end), Some(cut)) => Some(end.min(cut)),
                (end, cut) => end.or(cut),
            },
        }
    }

    pub(super) fn counts(&self, when: &Value) -> bool {
        let Some(shift) = self.shift else {
            return within(when, self.window);
        };
        let met = shift.meets(when);
        within(when, self.window)
            && within(&met, self.target)
            && (when.is_null() || !met.is_null())
            && in_52_weeks(&met, self.without_53)
    }
}

/// The two sides of a comparison.
pub(super) struct Sides {
    pub(super) current: Current,
    pub(super) other: Other,
}

/// The period that is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Current {
    pub(super) window: Days,
    /// Calendar whose 53rd weeks are left out.
    pub(super) without_53: Option<RetailWeeks>,
}

impl From<Days> for Current {
    fn from(window: Days) -> Current {
        Current {
            window,
            without_53: None,
        }
    }
}

impl Current {
    /// Without a first day.
    pub(super) fn opened(&self) -> Current {
        Current {
            window: Days {
                start: None,
                ..self.window
            },
            ..*self
        }
    }

    pub(super) fn counts(&self, when: &Value) -> bool {
        within(when, self.window) && in_52_weeks(when, self.without_53)
    }
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

/// Western Easter Sundays and Black Fridays, as printed in calendars.
const EASTERS: [&str; 8] = [
    "2019-04-21",
    "2020-04-12",
    "2021-04-04",
    "2022-04-17",
    "2023-04-09",
    "2024-03-31",
    "2025-04-20",
    "2026-04-05",
];
const BLACK_FRIDAYS: [&str; 8] = [
    "2019-11-29",
    "2020-11-27",
    "2021-11-26",
    "2022-11-25",
    "2023-11-24",
    "2024-11-29",
    "2025-11-28",
    "2026-11-27",
];

fn first_days(event: &Event) -> Vec<i64> {
    let parsed = |days: &[&str]| days.iter().filter_map(|d| calendar::parse_day(d)).collect();
    let mut days: Vec<i64> = match &event.dates {
        EventDates::Listed(days) => days.iter().filter_map(|d| calendar::parse_day(d)).collect(),
        EventDates::Easter => parsed(&EASTERS),
        EventDates::BlackFriday => parsed(&BLACK_FRIDAYS),
        EventDates::Table { .. } => Vec::new(),
    };
    days.sort_unstable();
    days.dedup();
    days
}

/// The retail calendar of a query, or the house's where the query shows no periods of another.
fn retail(model: &Model, query: &Query) -> Result<RetailWeeks, &'static str> {
    if let Counting::Weeks(weeks) = counting(model, query) {
        return Ok(weeks);
    }
    let house = model.calendars.iter().find_map(RetailWeeks::of);
    match (house, running(query)) {
        (Some(house), None | Some((_, Grain::Day | Grain::Week))) => Ok(house),
        (Some(_), Some(_)) => Err("E_MALFORMED_QUERY"),
        (None, _) => Err("E_UNKNOWN_CALENDAR"),
    }
}

fn counting(model: &Model, query: &Query) -> Counting {
    let named = query.time.as_ref().and_then(|t| t.calendar.as_deref());
    Counting::of(model, named).unwrap_or(Counting::plain(model))
}

/// How two periods meet, and the calendar whose 53rd weeks meet nothing.
type Meeting = (Shift, Option<RetailWeeks>);

fn year_before(model: &Model, query: &Query, compare: &Compare) -> Result<Meeting, &'static str> {
    let grain = running(query).map(|r| r.1);
    let restated = |weeks| (Shift::Days(364), Some(weeks));
    let same_week = |weeks| {
        (
            Shift::RetailYear {
                weeks,
                joins: false,
            },
            Some(weeks),
        )
    };
    let one_by_one = matches!(grain, Some(Grain::Week | Grain::Day | Grain::Hour));
    let plain = match grain {
        Some(Grain::Week) => Shift::Days(364),
        _ => Shift::Months(12),
    };
    Ok(match (compare.align, counting(model, query)) {
        (Align::SameWeekday, _) => (Shift::Days(364), None),
        (Align::Restated, _) => restated(retail(model, query)?),
        (Align::SameFiscalWeek, _) => same_week(retail(model, query)?),
        (Align::Holiday, _) => (holiday(model, query, compare)?, None),
        (Align::ToDate, Counting::Weeks(weeks)) => match weeks.week_53 {
            Week53::Restated => restated(weeks),
            Week53::SameFiscalWeek => same_week(weeks),
        },
        (Align::Full, Counting::Weeks(weeks)) => {
            let joins = !one_by_one;
            (Shift::RetailYear { weeks, joins }, None)
        }
        (Align::ToDate | Align::Full, Counting::Months { .. }) => (plain, None),
    })
}

/// As far as the event's occurrence in the range is from the one before.
fn holiday(model: &Model, query: &Query, compare: &Compare) -> Result<Shift, &'static str> {
    let malformed = "E_MALFORMED_QUERY";
    let name = compare.event.as_deref().ok_or(malformed)?;
    let event = model.event(name).ok_or("E_UNKNOWN_EVENT")?;
    let range = window(query);
    let (Some(start), Some(end)) = (range.start, range.end) else {
        return Err(malformed);
    };
    let first = start - i64::from(event.days_after);
    let last = end + i64::from(event.days_before);
    let days = first_days(event);
    let within: Vec<usize> = (0..days.len())
        .filter(|i| (first..last).contains(&days[*i]))
        .collect();
    match within[..] {
        [at] if at > 0 => Ok(Shift::Days(days[at] - days[at - 1])),
        _ => Err(malformed),
    }
}

fn period_before(model: &Model, query: &Query, compare: &Compare) -> Result<Shift, &'static str> {
    let malformed = "E_MALFORMED_QUERY";
    let range = window(query);
    let counting = counting(model, query);
    let grain = running(query).map(|r| r.1);
    if compare.align == Align::SameWeekday {
        // The nearest number of whole weeks to the period, one at least.
        let days = match grain {
            Some(Grain::Hour | Grain::Day | Grain::Week) => 7,
            Some(Grain::Month) => 28,
            Some(Grain::Quarter) => 91,
            Some(_) => 364,
            None => {
                let length = range.end.ok_or(malformed)? - range.start.ok_or(malformed)?;
                (2 * length + 7).div_euclid(14).max(1) * 7
            }
        };
        return Ok(Shift::Days(days));
    }
    if !matches!(compare.align, Align::ToDate | Align::Full) {
        return Err(malformed);
    }
    Ok(match (grain, counting) {
        (Some(Grain::Hour), _) => Shift::Hours(1),
        (Some(Grain::Day), _) => Shift::Days(1),
        (Some(Grain::Week), _) => Shift::Days(7),
        (Some(grain), Counting::Weeks(_)) => Shift::Period(counting, grain),
        (Some(Grain::Month), _) => Shift::Months(1),
        (Some(Grain::Quarter), _) => Shift::Months(3),
        (Some(_), _) => Shift::Months(12),
        (None, _) => {
            let (Some(start), Some(end)) = (range.start, range.end) else {
                return Err(malformed);
            };
            // A whole period of a retail calendar meets the one before it.
            let whole = [Grain::Year, Grain::Quarter, Grain::Month]
                .into_iter()
                .filter(|_| matches!(counting, Counting::Weeks(_)))
                .find(|g| {
                    counting.start(start, *g) == start && counting.shifted(start, *g, 1) == end
                });
            match (whole, whole_months(start, end)) {
                (Some(grain), _) => Shift::Period(counting, grain),
                (None, Some(months)) => Shift::Months(months),
                (None, None) => Shift::Days(end - start),
            }
        }
    })
}

fn meeting(
    model: &Model,
    query: &Query,
    compare: &Compare,
) -> Result<(Option<Shift>, Option<RetailWeeks>), &'static str> {
    let range = window(query);
    match &compare.to {
        CompareTo::Range(other) => {
            let there = days(other).start.zip(range.start);
            Ok((there.map(|(there, here)| between(there, here)), None))
        }
        CompareTo::PriorYear => {
            year_before(model, query, compare).map(|(shift, weeks)| (Some(shift), weeks))
        }
        CompareTo::PriorPeriod => {
            period_before(model, query, compare).map(|shift| (Some(shift), None))
        }
    }
}

/// Whether hours of the time that places rows are shown.
fn shows_hours(query: &Query) -> bool {
    let placing = query.time.as_ref().map(|t| &t.field);
    let runs = running(query).map(|(i, _)| &query.dimensions[i]);
    query.dimensions.iter().any(|d| match d {
        Dimension::Time(grain) => *grain == Grain::Hour,
        Dimension::TimeOf { field, grain } => {
            *grain == Grain::Hour
                && (placing.is_none_or(|p| p == field)
                    || matches!(runs, Some(Dimension::TimeOf { field: own, .. }) if own == field))
        }
        _ => false,
    })
}

/// Why a comparison cannot be made, if it cannot.
pub(super) fn refused(model: &Model, query: &Query, compare: &Compare) -> Option<&'static str> {
    let range = window(query);
    let malformed = Some("E_MALFORMED_QUERY");
    let grain = running(query).map(|r| r.1);
    if let CompareTo::Range(other) = &compare.to {
        let of_years = matches!(
            compare.align,
            Align::Restated | Align::SameFiscalWeek | Align::Holiday
        );
        if of_years || grain.is_some() && !meet_one_by_one(&range, &days(other)) {
            return malformed;
        }
        return None;
    }
    if grain.is_none() && (range.start.is_none() || range.end.is_none()) {
        return malformed;
    }
    match meeting(model, query, compare) {
        Err(code) => Some(code),
        // Hours are not counted by weeks of a retail calendar.
        Ok((Some(Shift::RetailYear { .. } | Shift::Period(..)), _)) if shows_hours(query) => {
            malformed
        }
        Ok(_) => None,
    }
}

/// Whether a stated range is as long as the query's, so that its periods meet those one by one.
fn meet_one_by_one(range: &Days, other: &Days) -> bool {
    let (Some(start), Some(end), Some(there), Some(other_end)) =
        (range.start, range.end, other.start, other.end)
    else {
        return false;
    };
    let shift = between(there, start);
    // The last days meet, and the days after them do not come before the end.
    day_of(&shift.meets(&Value::Date(other_end - 1))).is_some_and(|d| d < end)
        && day_of(&shift.meets(&Value::Date(other_end))).is_some_and(|d| d >= end)
}

pub(super) fn sides(model: &Model, query: &Query, compare: &Compare) -> Sides {
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
    let running = running(query);
    let (shift, weeks) = meeting(model, query, compare).unwrap_or((None, None));
    let one_by_one = matches!(running, Some((_, Grain::Week | Grain::Day | Grain::Hour)));
    let running = running.map(|r| r.0);
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
            without_53: None,
        },
        _ => Other {
            window: Days::default(),
            target: current,
            shift,
            by_period: true,
            running,
            without_53: weeks,
        },
    };
    Sides {
        current: Current {
            window: current,
            without_53: weeks.filter(|_| !one_by_one),
        },
        other,
    }
}
