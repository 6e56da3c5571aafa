//! Which days a comparison looks at.
//!
//! The other window is this one moved back; a day that the other month does not have ("31
//! February") stands for the first day after it, so that a window that ends at the end of a
//! month still does.

use super::Days;
use super::filter::days;
use super::measure::Shift;
use crate::calendar;
use query::{Align, Compare, CompareTo, Dimension, Grain, Query};

/// The two windows of a comparison.
pub(super) struct Windows {
    pub(super) current: Days,
    pub(super) prior: Days,
    pub(super) shift: Option<Shift>,
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

/// The same day of another month, or the first day after that month.
fn boundary(day: i64, months: i64) -> i64 {
    let moved = calendar::add_months(day, months);
    if calendar::civil(moved).2 < calendar::civil(day).2 {
        moved + 1
    } else {
        moved
    }
}

/// Months between two days of the same day of the month.
fn whole_months(start: i64, end: i64) -> Option<i64> {
    let ((y, m, d), (y2, m2, d2)) = (calendar::civil(start), calendar::civil(end));
    let months = (y2 - y) * 12 + m2 - m;
    (d == d2 && months > 0).then_some(months)
}

fn moved(window: Days, by: impl Fn(i64) -> i64) -> Days {
    Days {
        start: window.start.map(&by),
        end: window.end.map(&by),
    }
}

pub(super) fn windows(query: &Query, compare: &Compare) -> Windows {
    let whole = window(query);
    let cut = match (compare.align, &compare.watermark) {
        (Align::ToDate, Some(day)) => calendar::parse_day(day).map(|d| d + 1),
        _ => None,
    };
    let current = Days {
        start: whole.start,
        end: match (whole.end, cut) {
            (Some(end), Some(cut)) => Some(end.min(cut)),
            (end, cut) => end.or(cut),
        },
    };
    let running = running(query);
    match (&compare.to, running) {
        (CompareTo::Range(range), _) => {
            let mut prior = days(range);
            if let (Some(cut), Some(start), Some(prior_start)) = (cut, whole.start, prior.start)
                && whole.end.is_none_or(|end| cut < end)
            {
                let part = prior_start + (cut - start);
                prior.end = Some(prior.end.map_or(part, |end| end.min(part)));
            }
            Windows {
                current,
                prior,
                shift: None,
            }
        }
        (to, Some((dimension, grain))) => {
            let year = *to == CompareTo::PriorYear;
            let back = |day: i64| match (year, grain) {
                (true, Grain::Week) => day - 364,
                (true, _) => boundary(day, -12),
                (false, Grain::Month) => boundary(day, -1),
                (false, Grain::Quarter) => boundary(day, -3),
                (false, Grain::Year) => boundary(day, -12),
                (false, Grain::Week) => day - 7,
                (false, _) => day - 1,
            };
            Windows {
                current,
                prior: moved(current, back),
                shift: Some(Shift {
                    dimension,
                    grain,
                    year,
                }),
            }
        }
        (CompareTo::PriorYear, None) => Windows {
            current,
            prior: moved(current, |day| boundary(day, -12)),
            shift: None,
        },
        (CompareTo::PriorPeriod, None) => {
            let (Some(start), Some(end)) = (whole.start, whole.end) else {
                return Windows {
                    current,
                    prior: current,
                    shift: None,
                };
            };
            let prior = match whole_months(start, end) {
                Some(months) => moved(current, |day| boundary(day, -months)),
                None => moved(current, |day| day - (end - start)),
            };
            Windows {
                current,
                prior,
                shift: None,
            }
        }
    }
}
