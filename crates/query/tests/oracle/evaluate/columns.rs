//! From groups to rows: comparison, share, running columns, order, limit.

use super::aggregate::mean;
use super::bands;
use super::comparison::{Current, running, sides, window};
use super::leaf::Scope;
use super::lookup::{Reach, day_of, reach};
use super::measure::adds_up;
use super::{Days, Evaluator, Groups, Key, Shown};
use crate::calendar;
use crate::counting::Counting;
use crate::value::{self, Value};
use query::{Decompose, Dimension, Direction, Grain, Measure, Order, OrderKey, Part, Query};
use semantics::{FieldRef, Fill};
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
pub(super) fn sortable(value: &Value, dimension: &Dimension, week_start: u8) -> Value {
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
        (Dimension::Band { by, .. }, Value::Text(name)) => bands::names(by)
            .iter()
            .position(|band| band == name)
            .map_or(value.clone(), |i| Value::int(i as i128)),
        _ => value.clone(),
    }
}

/// The bucket so many before one.
fn back(counting: Counting, bucket: &Value, grain: Grain, n: i64) -> Value {
    match bucket {
        Value::Timestamp(second) => Value::Timestamp(second - 3600 * n),
        Value::Date(day) => Value::Date(counting.shifted(*day, grain, -n)),
        other => other.clone(),
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

/// The last period that the data has reached.
fn last_reached(time: usize, current: &[Groups]) -> Option<Value> {
    let periods = current.iter().flat_map(Groups::keys).map(|k| &k[time]);
    periods.filter(|v| !v.is_null()).max().cloned()
}

/// Puts what measures declare in the place of values that there are none of, in periods.
fn fill(query: &Query, fills: &[Fill], keys: &[Key], values: &mut [Vec<Value>]) {
    let Some((time, _)) = running(query) else {
        return;
    };
    let dated = |i: usize| !keys[i][time].is_null();
    for (fill, values) in fills.iter().zip(values) {
        match fill {
            Fill::None | Fill::Null => {}
            Fill::Zero => {
                for (i, value) in values.iter_mut().enumerate() {
                    if dated(i) && value.is_null() {
                        *value = Value::int(0);
                    }
                }
            }
            Fill::Previous => {
                let mut order: Vec<usize> = (0..keys.len()).filter(|i| dated(*i)).collect();
                order.sort_by(|a, b| keys[*a][time].cmp(&keys[*b][time]));
                let mut last: BTreeMap<Key, Value> = BTreeMap::new();
                for i in order {
                    let mut other = keys[i].clone();
                    other.remove(time);
                    if values[i].is_null() {
                        values[i] = last.get(&other).cloned().unwrap_or(Value::Null);
                    } else {
                        last.insert(other, values[i].clone());
                    }
                }
            }
        }
    }
}

pub(super) type SortKeys = Vec<(Value, Direction)>;

impl Evaluator<'_> {
    pub(super) fn sortable(&self, value: &Value, dimension: &Dimension) -> Value {
        sortable(value, dimension, self.model.week_start)
    }

    /// Columns and rows of a query that is not refused.
    pub(super) fn rows_of(&self, query: &Query) -> (Vec<Shown>, Vec<Vec<Value>>) {
        let outer = self.counting.replace(self.counting_of(query));
        let found = self.rows_by(query);
        self.counting.set(outer);
        found
    }

    fn rows_by(&self, query: &Query) -> (Vec<Shown>, Vec<Vec<Value>>) {
        if let Some(sets) = &query.sets {
            return self.sets(query, sets);
        }
        if let Some(basket) = &query.basket {
            return self.pairs_of_items(query, basket);
        }
        if let Some(cohort) = &query.cohort {
            return self.cohorts(query, cohort);
        }
        if let Some(Decompose::PriceVolumeMix(mix)) = &query.decompose {
            return self.price_volume_mix(query, mix);
        }
        match &query.rows {
            Some(rows) => self.listed(query, rows),
            None if query.metrics.is_empty() => self.distinct(query),
            None => self.measured(query),
        }
    }

    pub(super) fn scope<'q>(&self, query: &'q Query, window: impl Into<Current>) -> Scope<'q> {
        Scope {
            window: window.into(),
            time: query.time.as_ref().map(|t| &t.field),
            filters: query.filter.iter().collect(),
            shared: usize::from(query.filter.is_some()),
            other: None,
            dated: None,
            stores: None,
            reach: None,
            opening: false,
            outer: usize::MAX,
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
        let sides = query.compare.as_ref().map(|c| sides(self.model, query, c));
        let current_window = sides.as_ref().map_or(window(query).into(), |s| s.current);
        let stores = self.stores(query, sides.as_ref());
        let mut scope = self.scope(query, current_window);
        scope.stores = stores;
        let mut current = self.frame(query, &query.dimensions, &scope);
        // Buckets before the range feed a trailing window and are not shown.
        let fed = self.fed(query, current_window.window);
        if let Some(feeding) = &fed {
            let earlier = self.frame(query, &query.dimensions, &self.scope(query, *feeding));
            for (groups, earlier) in current.iter_mut().zip(earlier) {
                groups.extend(earlier);
            }
        }
        let mut keys: BTreeSet<Key> = current.iter().flat_map(|g| g.keys().cloned()).collect();
        let mut prior = None;
        if let Some(sides) = &sides {
            let mut scope = self.scope(query, Days::default());
            scope.other = Some(sides.other);
            scope.stores = stores;
            let mut before = self.frame(query, &query.dimensions, &scope);
            if let Some((time, _)) = running(query) {
                self.until_reached(time, &current, &mut before);
            }
            // Every group of either period is kept.
            keys.extend(before.iter().flat_map(|g| g.keys().cloned()));
            prior = Some(before);
        }
        let fills = self.fills(query);
        let with_rows = keys.clone();
        if fills.is_some() {
            let shown = Days {
                start: fed.map_or(current_window.window.start, |fed| fed.start),
                ..current_window.window
            };
            self.add_periods(query, shown, &mut keys);
        }
        let keys: Vec<Key> = keys.into_iter().collect();
        let mut side = |frame: &[Groups]| -> Vec<Vec<Value>> {
            let values = (0..query.metrics.len()).map(|m| {
                let carried = fills.as_ref().map(|f| f[m]) == Some(Fill::Previous);
                let of_key = |key: &Key| match carried && !with_rows.contains(key) {
                    true => Value::Null,
                    false => self.value(query, frame, m, key),
                };
                keys.iter().map(of_key).collect()
            });
            let mut values: Vec<Vec<Value>> = values.collect();
            if let Some(fills) = &fills {
                fill(query, fills, &keys, &mut values);
            }
            values
        };
        let now = side(&current);
        let before = prior.as_deref().map(&mut side);
        let mut lines: Vec<Line> = keys
            .iter()
            .enumerate()
            .map(|(i, key)| Line {
                parts: (0..query.metrics.len())
                    .map(|m| {
                        let value = now[m][i].clone();
                        let mut parts = BTreeMap::from([(Part::Value as u8, value)]);
                        if let Some(before) = &before {
                            self.add_change(query, m, before[m][i].clone(), &mut parts);
                        }
                        parts
                    })
                    .collect(),
                key: key.clone(),
                is_rest: false,
            })
            .collect();
        self.add_contribution(query, &mut lines);
        self.add_share(query, current_window, &mut lines);
        self.add_running(query, fed, &mut lines);
        if let (Some((time, _)), Some(Days { end: Some(end), .. })) = (running(query), fed) {
            lines.retain(|l| day_of(&l.key[time]).is_none_or(|day| day >= end));
        }
        self.keep_having(query, &mut lines);
        if let Some(rank) = &query.rank {
            let rest = self.keep_ranked(query, rank, &mut lines);
            if let Some(label) = &rank.other {
                let last = running(query).and_then(|(time, _)| last_reached(time, &current));
                let mut summed = self.rest(query, rank, label, rest, sides.as_ref(), last.as_ref());
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

    /// What each measure declares for periods without a value, if any declares something and
    /// periods are shown.
    fn fills(&self, query: &Query) -> Option<Vec<Fill>> {
        running(query)?;
        let fills: Vec<Fill> = query
            .metrics
            .iter()
            .map(|term| {
                let mut measure = &term.measure;
                while let Measure::Where { measure: inner, .. } = measure {
                    measure = inner;
                }
                match measure {
                    Measure::Metric(name) => self.model.metric(name).map_or(Fill::None, |m| m.fill),
                    _ => Fill::None,
                }
            })
            .collect();
        fills.iter().any(|f| *f != Fill::None).then_some(fills)
    }

    /// Adds a group for every period of the range that the first measure's data has reached, and
    /// every combination of the other groups.
    fn add_periods(&self, query: &Query, window: Days, keys: &mut BTreeSet<Key>) {
        let Some((time, grain)) = running(query) else {
            return;
        };
        let counting = self.counting.get();
        let shown: BTreeSet<Value> = keys
            .iter()
            .map(|key| key[time].clone())
            .filter(|v| !v.is_null())
            .collect();
        let reached = self
            .days_of_data(query, time)
            .and_then(|d| d.into_iter().max());
        let last = match (window.end, reached) {
            (Some(end), Some(reached)) => Some(reached.min(end - 1)),
            (_, reached) => reached,
        };
        let first = window.start.or_else(|| shown.first().and_then(day_of));
        let mut periods = shown.clone();
        if let (Some(first), Some(last)) = (first, last) {
            for day in first..=last {
                match grain {
                    Grain::Hour => periods.extend(
                        (0..24)
                            .map(|hour| Value::Timestamp(day * 86_400 + hour * 3_600))
                            .filter(|at| shown.last().is_some_and(|last| at <= last)),
                    ),
                    _ => {
                        periods.insert(counting.period(&Value::Date(day), grain));
                    }
                }
            }
        }
        let mut others: BTreeSet<Key> = keys
            .iter()
            .map(|key| {
                let mut key = key.clone();
                key.remove(time);
                key
            })
            .collect();
        // Where periods alone are shown there is one combination of no other groups.
        if query.dimensions.len() == 1 {
            others.insert(Key::new());
        }
        for period in &periods {
            keys.extend(others.iter().map(|other| {
                let mut key = other.clone();
                key.insert(time, period.clone());
                key
            }));
        }
    }

    /// What has no date is in no period, so it has none before it; and no period is shown that
    /// the data has not reached.
    pub(super) fn until_reached(&self, time: usize, current: &[Groups], before: &mut [Groups]) {
        let last = last_reached(time, current);
        for groups in before {
            groups.retain(|key, _| {
                !key[time].is_null() && last.as_ref().is_some_and(|l| &key[time] <= l)
            });
        }
    }

    /// The parts that each group's change is of the change of all groups of its period.
    fn add_contribution(&self, query: &Query, lines: &mut [Line]) {
        if query.compare.is_none() {
            return;
        }
        let known = |value: Value| {
            if value.is_null() {
                Value::int(0)
            } else {
                value
            }
        };
        let change = |line: &Line, m: usize| {
            value::subtract(
                &known(line.part(m, Part::Value)),
                &known(line.part(m, Part::Prior)),
            )
        };
        let time = running(query).map(|r| r.0);
        let period = |line: &Line| time.map(|t| line.key[t].clone());
        for m in 0..query.metrics.len() {
            let parts: Vec<(Value, Value)> = lines
                .iter()
                .map(|line| {
                    let all = || lines.iter().filter(|l| period(l) == period(line));
                    let before = all()
                        .map(|l| l.part(m, Part::Prior))
                        .filter(|v| !v.is_null())
                        .reduce(|a, b| value::add(&a, &b))
                        .unwrap_or(Value::Null);
                    let whole = all()
                        .map(|l| change(l, m))
                        .fold(Value::int(0), |a, b| value::add(&a, &b));
                    let own = change(line, m);
                    (value::divide(&own, &before), value::divide(&own, &whole))
                })
                .collect();
            for (line, (contribution, of_change)) in lines.iter_mut().zip(parts) {
                line.parts[m].insert(Part::Contribution as u8, contribution);
                line.parts[m].insert(Part::ShareOfChange as u8, of_change);
            }
        }
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

    fn add_share(&self, query: &Query, window: Current, lines: &mut [Line]) {
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
            scope.shared = 0;
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

    /// The days before a range whose buckets feed a trailing window, where it is a range of the
    /// field whose buckets they are.
    fn fed(&self, query: &Query, window: Days) -> Option<Days> {
        let (time, grain) = running(query)?;
        let n = i64::from(query.rolling?);
        let by_range = match &query.dimensions[time] {
            Dimension::TimeOf { field, .. } => {
                query.time.as_ref().is_some_and(|t| t.field == *field)
            }
            _ => true,
        };
        if !by_range {
            return None;
        }
        let first = self.counting.get().start(window.start?, grain);
        // Hours of the days before are enough of them.
        let back = match grain {
            Grain::Hour => n / 24 + 1,
            _ => n - 1,
        };
        Some(Days {
            start: Some(self.counting.get().shifted(first, grain, -back)),
            end: Some(first),
        })
    }

    fn add_running(&self, query: &Query, fed: Option<Days>, lines: &mut [Line]) {
        let Some((time, grain)) = running(query) else {
            return;
        };
        if !query.cumulative && query.rolling.is_none() {
            return;
        }
        let first = self.first_bucket(query, time, grain);
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
                let up_to: Vec<(Value, Value)> = lines
                    .iter()
                    .filter(|l| {
                        other(&l.key) == other(&at)
                            && !l.key[time].is_null()
                            && l.key[time] <= at[time]
                    })
                    .map(|l| (l.key[time].clone(), l.part(m, Part::Value)))
                    .collect();
                if query.cumulative {
                    // Buckets before the range are no part of its total.
                    let first = fed.and_then(|fed| fed.end);
                    let in_range = |bucket: &Value| first.is_none_or(|f| day_of(bucket) >= Some(f));
                    let total = up_to
                        .iter()
                        .filter(|(bucket, _)| in_range(bucket))
                        .map(|(_, v)| v)
                        .filter(|v| !v.is_null())
                        .cloned()
                        .reduce(|a, b| value::add(&a, &b))
                        .unwrap_or(Value::Null);
                    lines[i].parts[m].insert(Part::Cumulative as u8, total);
                }
                if let Some(n) = query.rolling {
                    let from = back(self.counting.get(), &at[time], grain, i64::from(n) - 1);
                    let known: Vec<Value> = up_to
                        .iter()
                        .filter(|(bucket, value)| *bucket >= from && !value.is_null())
                        .map(|(_, value)| value.clone())
                        .collect();
                    let rolling = if first.as_ref().is_none_or(|first| from < *first) {
                        Value::Null
                    } else if adds_up(self.model, &query.metrics[m].measure) {
                        // A bucket without rows is zero.
                        known
                            .iter()
                            .cloned()
                            .reduce(|a, b| value::add(&a, &b))
                            .map_or(Value::Null, |sum| {
                                value::divide(&sum, &Value::int(i128::from(n)))
                            })
                    } else {
                        mean(&known)
                    };
                    lines[i].parts[m].insert(Part::Rolling as u8, rolling);
                }
            }
        }
    }

    /// The first bucket of the data: of all rows of the dataset that the first measure is of.
    fn first_bucket(&self, query: &Query, time: usize, grain: Grain) -> Option<Value> {
        let times = self.times_of_data(query, time)?;
        let first = times.into_iter().min()?;
        Some(self.counting.get().period(&first, grain))
    }

    /// The days of that data.
    fn days_of_data(&self, query: &Query, time: usize) -> Option<Vec<i64>> {
        let times = self.times_of_data(query, time)?;
        Some(times.iter().filter_map(day_of).collect())
    }

    /// The times that place all rows of the dataset that the first measure is of.
    fn times_of_data(&self, query: &Query, time: usize) -> Option<Vec<Value>> {
        let (home, placed) = self.placed_by(
            &query.metrics[0].measure,
            query.time.as_ref().map(|t| &t.field),
            None,
        )?;
        let field = match &query.dimensions[time] {
            Dimension::TimeOf { field, .. } => field.clone(),
            _ => placed?,
        };
        // Where the rows do not look the field up, those of its own dataset tell.
        let (home, field) = match reach(self.model, &home, &field) {
            Ok(Reach::Direct(_)) => (home, field),
            _ => (
                field.dataset.clone(),
                FieldRef::new(&field.dataset, &field.field),
            ),
        };
        let rows = 0..self.row_count(self.dataset(&home));
        let times = rows.map(|row| self.looked_up(&home, row, &field));
        Some(times.filter(|v| !v.is_null()).collect())
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
