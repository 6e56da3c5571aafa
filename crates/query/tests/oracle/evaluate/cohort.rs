//! Customers by the period of their first event, and what they do after it.

use super::columns::SortKeys;
use super::filter::days;
use super::filter::within;
use super::{Days, Evaluator, Shown};
use crate::calendar;
use crate::counting::Counting;
use crate::value::{self, Value};
use query::{Cohort, Dimension, Direction, Query};
use std::collections::{BTreeMap, BTreeSet};

impl Evaluator<'_> {
    pub(super) fn cohorts(&self, query: &Query, of: &Cohort) -> (Vec<Shown>, Vec<Vec<Value>>) {
        let events = &of.event.dataset;
        // By the plain calendar.
        let counting = Counting::plain(self.model);
        let period_of =
            |row: usize| match self.field(self.dataset(events), Some(row), &of.event.field) {
                Value::Null => None,
                when => super::lookup::day_of(&when).map(|day| counting.start(day, of.grain)),
            };
        let mut first: BTreeMap<Value, i64> = BTreeMap::new();
        let mut active: BTreeMap<Value, BTreeSet<i64>> = BTreeMap::new();
        for row in 0..self.row_count(self.dataset(events)) {
            let who = self.looked_up(events, row, &of.entity);
            let (Some(period), false) = (period_of(row), who.is_null()) else {
                continue;
            };
            if !self.counts_by_default(events, row) {
                continue;
            }
            let earliest = first.entry(who.clone()).or_insert(period);
            *earliest = period.min(*earliest);
            if query
                .filter
                .as_ref()
                .is_none_or(|f| self.passes(events, row, f))
            {
                active.entry(who).or_default().insert(period);
            }
        }
        let worth = of.measure.as_ref().map(|term| {
            let by = [
                Dimension::Field(of.entity.clone()),
                Dimension::TimeOf {
                    field: of.event.clone(),
                    grain: of.grain,
                },
            ];
            let undated = Query {
                time: None,
                ..query.clone()
            };
            self.groups(&term.measure, &by, &self.scope(&undated, Days::default()))
        });
        let range = query
            .time
            .as_ref()
            .and_then(|t| t.range.as_ref())
            .map(days)
            .unwrap_or_default();
        let mut members: BTreeMap<i64, Vec<&Value>> = BTreeMap::new();
        for who in active.keys() {
            if within(&Value::Date(first[who]), range) {
                members.entry(first[who]).or_default().push(who);
            }
        }
        let watermark = calendar::parse_day(&of.watermark).unwrap_or(i64::MAX);
        let mut lines: Vec<(SortKeys, Vec<Value>)> = Vec::new();
        for (cohort, members) in members {
            let size = Value::int(members.len() as i128);
            let mut so_far = Value::int(0);
            for age in 0..=of.periods {
                let start = counting.shifted(cohort, of.grain, i64::from(age));
                let end = counting.shifted(cohort, of.grain, i64::from(age) + 1);
                let over = end - 1 <= watermark;
                let shown = |value: Value| if over { value } else { Value::Null };
                let here = members.iter().filter(|who| active[**who].contains(&start));
                let here = Value::int(here.count() as i128);
                let mut cells = vec![
                    Value::Date(cohort),
                    Value::int(i128::from(age)),
                    size.clone(),
                    shown(here.clone()),
                    shown(value::divide(&here, &size)),
                ];
                if let Some(worth) = &worth {
                    let spent = members
                        .iter()
                        .filter_map(|who| worth.get(&vec![(*who).clone(), Value::Date(start)]))
                        .filter(|v| !v.is_null())
                        .fold(Value::int(0), |a, b| value::add(&a, b));
                    so_far = value::add(&so_far, &spent);
                    cells.push(shown(spent));
                    cells.push(shown(value::divide(&so_far, &size)));
                }
                let keys = vec![
                    (cells[0].clone(), Direction::Ascending),
                    (cells[1].clone(), Direction::Ascending),
                ];
                lines.push((keys, cells));
            }
        }
        let width = if of.measure.is_some() { 7 } else { 5 };
        let columns = (0..width).map(Shown::Field).collect();
        (columns, self.sorted(lines, query.limit))
    }
}
