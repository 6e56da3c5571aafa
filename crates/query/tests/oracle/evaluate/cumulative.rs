//! Numbers that reach back in time: since the beginning, over a trailing window, to date.

use super::aggregate::aggregate;
use super::comparison::Current;
use super::filter::days_before;
use super::leaf::{Leaf, Reach, Scope};
use super::lookup::day_of;
use super::{Days, Evaluator, Groups, Key};
use crate::value::Value;
use query::{Dimension, Grain};
use semantics::{CumulativeWindow, FieldRef, Length, TimeUnit};
use std::collections::BTreeSet;

/// In seconds.
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// A unit as a grain.
pub(super) fn grain_of(unit: TimeUnit) -> Grain {
    match unit {
        TimeUnit::Hour => Grain::Hour,
        TimeUnit::Day => Grain::Day,
        TimeUnit::Week => Grain::Week,
        TimeUnit::Month => Grain::Month,
        TimeUnit::Quarter => Grain::Quarter,
        TimeUnit::Year => Grain::Year,
    }
}

impl Evaluator<'_> {
    /// The first day that a number reaches back to from the day before `next`; the period that
    /// it is shown for starts on `first`.
    fn reaches_back_to(&self, window: CumulativeWindow, first: i64, next: i64) -> Option<i64> {
        match window {
            CumulativeWindow::All => None,
            CumulativeWindow::ToDate(unit) => {
                Some(self.counting.get().start(first, grain_of(unit)))
            }
            CumulativeWindow::Trailing(length) => Some(days_before(next, length)),
        }
    }

    pub(super) fn cumulated(
        &self,
        leaf: &Leaf<'_>,
        dimensions: &[Dimension],
        scope: &Scope<'_>,
        time: Option<&FieldRef>,
        reach: Reach,
    ) -> Groups {
        let counting = self.counting.get();
        let asked = scope.window.window;
        let runs = dimensions.iter().enumerate().find_map(|(i, d)| match d {
            Dimension::Time(grain) | Dimension::TimeOf { grain, .. } if !grain.is_cyclic() => {
                Some((i, *grain))
            }
            _ => None,
        });
        let mut plain = scope.clone();
        plain.reach = None;
        let Some((r, grain)) = runs else {
            // That of the range's last day.
            let end = match (asked.end, reach.until) {
                (Some(end), Some(until)) => Some(end.min(until)),
                (end, until) => end.or(until),
            };
            plain.window = Current::from(Days {
                start: end.and_then(|end| self.reaches_back_to(reach.window, end - 1, end)),
                end,
            });
            return self.leaf(leaf, dimensions, &plain);
        };
        let opened = Days {
            start: None,
            ..asked
        };
        plain.window = Current::from(opened);
        let home = self.dataset(leaf.home);
        let sizes = self.sizes(dimensions, &plain);
        let second = |when: &Value| match when {
            Value::Timestamp(second) => Some(*second),
            other => day_of(other).map(|day| day * DAY),
        };
        let rows: Vec<(Option<i64>, Key, Value)> = (0..self.row_count(home))
            .filter(|row| {
                self.counts(leaf.home, *row, time, &plain)
                    && leaf.only.is_none_or(|f| self.declared(leaf.home, *row, f))
            })
            .flat_map(|row| {
                // Up to a period of the field that is shown.
                let field = match &dimensions[r] {
                    Dimension::TimeOf { field, .. } => Some(field),
                    _ => time,
                };
                let when = field.map_or(Value::Null, |f| self.looked_up(leaf.home, row, f));
                let value = self.operand(leaf, home, row);
                let keys = self.keys(leaf.home, row, dimensions, time, &sizes, &plain);
                keys.into_iter()
                    .map(move |key| (second(&when), key, value.clone()))
            })
            .collect();
        // Periods that have rows; the first of the range is a whole one.
        let from = asked.start.map(|start| counting.start(start, grain));
        let shown: BTreeSet<&Key> = rows
            .iter()
            .map(|(_, key, _)| key)
            .filter(|key| match (from, day_of(&key[r])) {
                (Some(from), Some(day)) => day >= from,
                (Some(_), None) => false,
                (None, _) => true,
            })
            .collect();
        shown
            .into_iter()
            .map(|key| {
                let (Some(start), Some(first)) = (second(&key[r]), day_of(&key[r])) else {
                    // What has no date adds to nothing.
                    return (key.clone(), Value::Null);
                };
                let (from, to) = match (grain, reach.window) {
                    (Grain::Hour, CumulativeWindow::Trailing(Length { count, unit })) => {
                        let hours = i64::from(count) * if unit == TimeUnit::Day { 24 } else { 1 };
                        let end = start + HOUR;
                        (Some(end - hours * HOUR), end)
                    }
                    (Grain::Hour, window) => {
                        let from = self.reaches_back_to(window, first, first + 1);
                        (from.map(|day| day * DAY), start + HOUR)
                    }
                    (_, window) => {
                        let next = counting.shifted(first, grain, 1);
                        let next = reach.until.map_or(next, |until| next.min(until));
                        let from = self.reaches_back_to(window, first, next);
                        (from.map(|day| day * DAY), next * DAY)
                    }
                };
                let alike = |other: &Key| (0..key.len()).all(|i| i == r || other[i] == key[i]);
                let values: Vec<Value> = rows
                    .iter()
                    .filter(|(when, other, _)| {
                        alike(other)
                            && when.is_some_and(|w| w < to && from.is_none_or(|from| w >= from))
                    })
                    .map(|(_, _, value)| value.clone())
                    .collect();
                (key.clone(), aggregate(leaf.aggregation, &values))
            })
            .collect()
    }
}
