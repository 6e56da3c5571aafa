//! From groups to rows: comparison, share, running columns, order, limit.

use super::comparison::{running, window, windows};
use super::measure::{Scope, adds_up, mean};
use super::{Days, Evaluator, Groups, Key, Shown};
use crate::calendar;
use crate::value::{self, Value};
use query::{Dimension, Direction, Grain, Order, OrderKey, Part, Query};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The parts that each measure shows, in order.
pub(super) fn parts(query: &Query) -> Vec<Part> {
    let mut parts = match &query.compare {
        Some(compare) => compare.show.clone(),
        None => vec![Part::Value],
    };
    if query.share.is_some() {
        parts.push(Part::Share);
    }
    if query.cumulative {
        parts.push(Part::Cumulative);
    }
    if query.rolling.is_some() {
        parts.push(Part::Rolling);
    }
    parts
}

/// A group with all parts of all measures, shown or not.
pub(super) struct Line {
    pub(super) key: Key,
    pub(super) parts: Vec<BTreeMap<u8, Value>>,
    /// Whether it sums up what a rank left out.
    pub(super) is_rest: bool,
}

impl Line {
    pub(super) fn part(&self, metric: usize, part: Part) -> Value {
        self.parts[metric]
            .get(&(part as u8))
            .cloned()
            .unwrap_or(Value::Null)
    }
}

/// Days from the start of the week for a weekday's name: weekdays sort as they follow.
fn sortable(value: &Value, dimension: &Dimension, week_start: u8) -> Value {
    match (dimension, value) {
        (
            Dimension::Time(Grain::Weekday)
            | Dimension::TimeOf {
                grain: Grain::Weekday,
                ..
            },
            Value::Text(name),
        ) => calendar::WEEKDAYS
            .iter()
            .position(|w| w == name)
            .map_or(Value::Null, |i| {
                let since = (i as i128 + 1 - i128::from(week_start)).rem_euclid(7);
                Value::int(since)
            }),
        _ => value.clone(),
    }
}

/// NULLs last in both directions.
pub(super) fn directed(a: &Value, b: &Value, direction: Direction) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        _ => match direction {
            Direction::Ascending => a.cmp(b),
            Direction::Descending => b.cmp(a),
        },
    }
}

pub(super) type SortKeys = Vec<(Value, Direction)>;

impl Evaluator<'_> {
    /// Columns and rows of a query that is not refused.
    pub(super) fn rows_of(&self, query: &Query) -> (Vec<Shown>, Vec<Vec<Value>>) {
        if let Some(sets) = &query.sets {
            return self.sets(query, sets);
        }
        match &query.rows {
            Some(rows) => self.listed(query, rows),
            None if query.metrics.is_empty() => self.distinct(query),
            None => self.measured(query),
        }
    }

    pub(super) fn scope<'q>(&self, query: &'q Query, window: Days) -> Scope<'q> {
        Scope {
            window,
            time: query.time.as_ref().map(|t| &t.field),
            filters: query.filter.iter().collect(),
            shift: None,
            relabel: None,
        }
    }

    /// One measure each, by group.
    pub(super) fn frame(
        &self,
        query: &Query,
        dimensions: &[Dimension],
        scope: &Scope<'_>,
    ) -> Vec<Groups> {
        query
            .metrics
            .iter()
            .map(|term| self.groups(&term.measure, dimensions, scope))
            .collect()
    }

    pub(super) fn value(&self, query: &Query, frame: &[Groups], metric: usize, key: &Key) -> Value {
        frame[metric]
            .get(key)
            .cloned()
            .unwrap_or_else(|| self.of_nothing(&query.metrics[metric].measure))
    }

    fn measured(&self, query: &Query) -> (Vec<Shown>, Vec<Vec<Value>>) {
        let windows = query.compare.as_ref().map(|c| windows(query, c));
        let current_window = windows.as_ref().map_or(window(query), |w| w.current);
        let scope = self.scope(query, current_window);
        let current = self.frame(query, &query.dimensions, &scope);
        let mut keys: BTreeSet<Key> = current.iter().flat_map(|g| g.keys().cloned()).collect();
        let mut prior = None;
        if let Some(windows) = &windows {
            let mut scope = self.scope(query, windows.prior);
            scope.shift = windows.shift;
            let mut before = self.frame(query, &query.dimensions, &scope);
            if let Some(shift) = windows.shift {
                // What has no date is in no period, so it has none before it.
                for groups in &mut before {
                    groups.retain(|key, _| !key[shift.dimension].is_null());
                }
                // Every group of the other period is kept, in the buckets that there are.
                let buckets: BTreeSet<Value> =
                    keys.iter().map(|k| k[shift.dimension].clone()).collect();
                keys.extend(
                    before
                        .iter()
                        .flat_map(|g| g.keys())
                        .filter(|k| buckets.contains(&k[shift.dimension]))
                        .cloned(),
                );
            } else {
                keys.extend(before.iter().flat_map(|g| g.keys().cloned()));
            }
            prior = Some(before);
        }
        let mut lines: Vec<Line> = keys
            .into_iter()
            .map(|key| Line {
                parts: (0..query.metrics.len())
                    .map(|m| {
                        let value = self.value(query, &current, m, &key);
                        let mut parts = BTreeMap::from([(Part::Value as u8, value.clone())]);
                        if let Some(prior) = &prior {
                            let undated = windows
                                .as_ref()
                                .and_then(|w| w.shift)
                                .is_some_and(|s| key[s.dimension].is_null());
                            let before = if undated {
                                self.of_nothing(&query.metrics[m].measure)
                            } else {
                                self.value(query, prior, m, &key)
                            };
                            self.add_change(query, m, before, &mut parts);
                        }
                        parts
                    })
                    .collect(),
                key,
                is_rest: false,
            })
            .collect();
        self.add_share(query, current_window, &mut lines);
        self.add_running(query, current_window, &mut lines);
        self.keep_having(query, &mut lines);
        if let Some(rank) = &query.rank {
            let rest = self.keep_ranked(rank, &mut lines);
            if let Some(label) = &rank.other {
                let mut summed = self.rest(query, rank, label, rest, windows.as_ref());
                self.add_share(query, current_window, &mut summed);
                lines.extend(summed);
            }
        }
        let shown = parts(query);
        let mut columns: Vec<Shown> = (0..query.dimensions.len()).map(Shown::Dimension).collect();
        for m in 0..query.metrics.len() {
            columns.extend(shown.iter().map(|p| Shown::Metric(m, *p)));
        }
        let rows = lines
            .iter()
            .map(|line| {
                let mut cells = line.key.clone();
                let mut numbers = Vec::new();
                for m in 0..query.metrics.len() {
                    numbers.extend(shown.iter().map(|p| line.part(m, *p)));
                }
                cells.extend(numbers.iter().cloned());
                (self.row_keys(query, &line.key, &numbers, Some(line)), cells)
            })
            .collect();
        (columns, self.sorted(rows, query.limit))
    }

    /// Prior, change and relative change of a measure whose value is known.
    pub(super) fn add_change(
        &self,
        query: &Query,
        metric: usize,
        before: Value,
        parts: &mut BTreeMap<u8, Value>,
    ) {
        let value = parts[&(Part::Value as u8)].clone();
        let adds = adds_up(self.model, &query.metrics[metric].measure);
        let delta = match (&value, &before) {
            (Value::Null, Value::Null) => Value::Null,
            // What is sold no more is down by all of it.
            (Value::Null, b) if adds => value::subtract(&Value::int(0), b),
            (v, b) => value::subtract(v, b),
        };
        parts.insert(Part::Pct as u8, value::divide(&delta, &before));
        parts.insert(Part::Delta as u8, delta);
        parts.insert(Part::Prior as u8, before);
    }

    fn add_share(&self, query: &Query, window: Days, lines: &mut [Line]) {
        let Some(share) = &query.share else {
            return;
        };
        let within: Vec<Dimension> = share
            .within
            .iter()
            .map(|i| query.dimensions[*i].clone())
            .collect();
        let mut scope = self.scope(query, window);
        if share.unfiltered {
            scope.filters.clear();
        }
        // Each total is computed from the rows anew, never added up from the groups.
        let totals = self.frame(query, &within, &scope);
        for line in lines {
            let key: Key = share.within.iter().map(|i| line.key[*i].clone()).collect();
            for (m, parts) in line.parts.iter_mut().enumerate() {
                let total = self.value(query, &totals, m, &key);
                let value = parts[&(Part::Value as u8)].clone();
                parts.insert(Part::Share as u8, value::divide(&value, &total));
            }
        }
    }

    fn add_running(&self, query: &Query, window: Days, lines: &mut [Line]) {
        let Some((time, grain)) = running(query) else {
            return;
        };
        if !query.cumulative && query.rolling.is_none() {
            return;
        }
        let earlier = match (query.rolling, window.start) {
            (Some(n), Some(start)) => {
                let first = calendar::period_start(start, grain, self.model.week_start);
                let from = calendar::shift_period(first, grain, -(i64::from(n) - 1));
                self.frame(
                    query,
                    &query.dimensions,
                    &self.scope(
                        query,
                        Days {
                            start: Some(from),
                            end: Some(first),
                        },
                    ),
                )
            }
            _ => vec![Groups::new(); query.metrics.len()],
        };
        let earlier_keys: BTreeSet<Key> = earlier.iter().flat_map(|g| g.keys().cloned()).collect();
        let other = |key: &Key| -> Key {
            let mut key = key.clone();
            key.remove(time);
            key
        };
        for i in 0..lines.len() {
            let at = lines[i].key.clone();
            if at[time].is_null() {
                continue;
            }
            for m in 0..query.metrics.len() {
                let mut up_to: Vec<(Value, Value)> = lines
                    .iter()
                    .filter(|l| {
                        other(&l.key) == other(&at)
                            && !l.key[time].is_null()
                            && l.key[time] <= at[time]
                    })
                    .map(|l| (l.key[time].clone(), l.part(m, Part::Value)))
                    .collect();
                if query.cumulative {
                    let total = up_to
                        .iter()
                        .map(|(_, v)| v)
                        .filter(|v| !v.is_null())
                        .cloned()
                        .reduce(|a, b| value::add(&a, &b))
                        .unwrap_or(Value::Null);
                    lines[i].parts[m].insert(Part::Cumulative as u8, total);
                }
                if let Some(n) = query.rolling {
                    up_to.extend(
                        earlier_keys
                            .iter()
                            .filter(|k| other(k) == other(&at) && !k[time].is_null())
                            .map(|k| (k[time].clone(), self.value(query, &earlier, m, k))),
                    );
                    up_to.sort_by(|a, b| b.0.cmp(&a.0));
                    up_to.truncate(n as usize);
                    let known: Vec<Value> = up_to
                        .iter()
                        .map(|(_, v)| v.clone())
                        .filter(|v| !v.is_null())
                        .collect();
                    let rolling = if up_to.len() == n as usize {
                        mean(&known)
                    } else {
                        Value::Null
                    };
                    lines[i].parts[m].insert(Part::Rolling as u8, rolling);
                }
            }
        }
    }

    /// What a row is sorted by: stated keys, else rank, else dimensions with the running time
    /// first; then every column from left to right.
    pub(super) fn row_keys(
        &self,
        query: &Query,
        key: &[Value],
        numbers: &[Value],
        line: Option<&Line>,
    ) -> SortKeys {
        let dimension = |i: usize| sortable(&key[i], &query.dimensions[i], self.model.week_start);
        let mut keys: SortKeys = Vec::new();
        if let Some(rank) = query.rank.as_ref().filter(|r| r.other.is_some()) {
            for i in &rank.per {
                keys.push((dimension(*i), Direction::Ascending));
            }
            let last = line.is_some_and(|l| l.is_rest);
            keys.push((Value::Bool(last), Direction::Ascending));
        }
        if !query.order.is_empty() {
            for Order { key, direction } in &query.order {
                match key {
                    OrderKey::Dimension(i) => keys.push((dimension(*i), *direction)),
                    OrderKey::Metric(m, part) => {
                        keys.push((line.map_or(Value::Null, |l| l.part(*m, *part)), *direction))
                    }
                    OrderKey::Field(_) => {}
                }
            }
        } else if let Some(rank) = &query.rank {
            for i in &rank.per {
                keys.push((dimension(*i), Direction::Ascending));
            }
            keys.push((
                line.map_or(Value::Null, |l| l.part(rank.by, rank.on)),
                rank.direction,
            ));
        } else if let Some((time, _)) = running(query) {
            keys.push((dimension(time), Direction::Ascending));
        }
        for i in 0..key.len() {
            keys.push((dimension(i), Direction::Ascending));
        }
        for number in numbers {
            keys.push((number.clone(), Direction::Ascending));
        }
        keys
    }

    pub(super) fn sorted(
        &self,
        mut rows: Vec<(SortKeys, Vec<Value>)>,
        limit: Option<u32>,
    ) -> Vec<Vec<Value>> {
        let order = |a: &SortKeys, b: &SortKeys| {
            a.iter()
                .zip(b)
                .map(|((x, direction), (y, _))| directed(x, y, *direction))
                .find(|o| *o != Ordering::Equal)
                .unwrap_or(Ordering::Equal)
        };
        rows.sort_by(|a, b| order(&a.0, &b.0));
        for pair in rows.windows(2) {
            for ((x, _), (y, _)) in pair[0].0.iter().zip(&pair[1].0) {
                self.near(x, y);
                if x != y {
                    break;
                }
            }
        }
        let mut rows: Vec<Vec<Value>> = rows.into_iter().map(|(_, cells)| cells).collect();
        if let Some(limit) = limit {
            rows.truncate(limit as usize);
        }
        rows
    }
}
