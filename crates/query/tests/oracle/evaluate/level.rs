//! Levels: of each item the last snapshot up to the times that are asked for.

use super::aggregate::aggregate;
use super::leaf::{Leaf, Scope};
use super::{Evaluator, Groups, Key};
use crate::value::Value;
use query::Dimension;
use semantics::FieldRef;
use std::collections::{BTreeMap, BTreeSet};

/// One row of the dataset of a level.
struct Snapshot {
    row: usize,
    item: Key,
    when: Value,
    /// Its groups.
    keys: BTreeSet<Key>,
}

impl Evaluator<'_> {
    /// A level by group. `time` is the field that tells snapshots apart; only the level at the end
    /// of a period is known here, as of the last snapshot of each item however old.
    pub(super) fn level(
        &self,
        leaf: &Leaf<'_>,
        dimensions: &[Dimension],
        scope: &Scope<'_>,
        time: Option<&FieldRef>,
        sizes: &[Option<Groups>],
    ) -> Groups {
        let home = self.dataset(leaf.home);
        let snapshots: Vec<Snapshot> = (0..self.row_count(home))
            .filter(|row| self.counts_by_default(leaf.home, *row))
            .filter_map(|row| {
                let when = self.values(leaf.home, row, time?).into_iter().next()?;
                Some(Snapshot {
                    row,
                    item: self.item(home, row),
                    when,
                    keys: self.keys(leaf.home, row, dimensions, time, sizes, scope),
                })
            })
            .filter(|s| !s.when.is_null())
            .collect();
        let in_time: Vec<bool> = dimensions
            .iter()
            .map(|d| match d {
                Dimension::Time(_) => true,
                Dimension::TimeOf { field, .. } => Some(field) == time,
                _ => false,
            })
            .collect();
        let period = |key: &Key| -> Key {
            let parts = key.iter().zip(&in_time);
            parts.filter(|(_, t)| **t).map(|(v, _)| v.clone()).collect()
        };
        // Without periods there is a level at the end of a range in which nothing was counted.
        let open = !in_time.contains(&true);
        let counts = |when: &Value| match (&scope.other, open) {
            (Some(other), false) => other.counts(when),
            (Some(other), true) => other.opened().counts(when),
            (None, false) => scope.window.counts(when),
            (None, true) => scope.window.opened().counts(when),
        };
        let mut asked: BTreeMap<Key, Value> = BTreeMap::new();
        for snapshot in snapshots.iter().filter(|s| counts(&s.when)) {
            for key in &snapshot.keys {
                let last = asked.entry(period(key)).or_insert(snapshot.when.clone());
                *last = (*last).clone().max(snapshot.when.clone());
            }
        }
        let mut gathered: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
        for (period, until) in &asked {
            let mut last: BTreeMap<&Key, &Snapshot> = BTreeMap::new();
            for snapshot in snapshots.iter().filter(|s| s.when <= *until) {
                let known = last.entry(&snapshot.item).or_insert(snapshot);
                if known.when < snapshot.when {
                    *known = snapshot;
                }
            }
            for snapshot in last.values() {
                let row = snapshot.row;
                let passes = leaf.only.is_none_or(|f| self.declared(leaf.home, row, f))
                    && scope.filters.iter().all(|f| self.passes(leaf.home, row, f));
                if !passes {
                    continue;
                }
                let keys: BTreeSet<Key> = snapshot
                    .keys
                    .iter()
                    .map(|key| {
                        let mut own = period.iter();
                        let parts = key.iter().zip(&in_time);
                        parts
                            .map(|(v, t)| match t {
                                true => own.next().cloned().unwrap_or(Value::Null),
                                false => v.clone(),
                            })
                            .collect()
                    })
                    .filter_map(|key: Key| match scope.relabel {
                        Some(names) => names.get(&key).cloned(),
                        None => Some(key),
                    })
                    .collect();
                for key in keys {
                    let value = self.operand(leaf, home, row);
                    gathered.entry(key).or_default().push(value);
                }
            }
        }
        gathered
            .into_iter()
            .map(|(key, values)| (key, aggregate(leaf.aggregation, &values)))
            .collect()
    }
}
