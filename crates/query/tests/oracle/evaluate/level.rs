//! Levels: what there is of each item at the times that are asked for.

use super::aggregate::aggregate;
use super::filter::days_before;
use super::leaf::{Leaf, Scope, own_time};
use super::lookup::day_of;
use super::{Evaluator, Groups, Key};
use crate::value::{self, Value};
use query::{Dimension, Filter};
use semantics::{FieldRef, MissingSnapshot, Pick};
use std::collections::{BTreeMap, BTreeSet};

/// One row of the dataset of a level.
struct Snapshot {
    row: usize,
    item: Key,
    when: Value,
    /// Its groups.
    keys: BTreeSet<Key>,
}

/// The fields that a condition looks at.
fn looks_only_at(filter: &Filter, field: &FieldRef) -> bool {
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter().all(|f| looks_only_at(f, field)),
        Filter::Not(inner) => looks_only_at(inner, field),
        Filter::CompareFields { left, right, .. } => left == field && right == field,
        Filter::Compare { field: own, .. }
        | Filter::In { field: own, .. }
        | Filter::Contains { field: own, .. }
        | Filter::IsNull { field: own }
        | Filter::During { field: own, .. }
        | Filter::Cycle { field: own, .. }
        | Filter::CompareQuery { field: own, .. }
        | Filter::Members { field: own, .. } => own == field,
    }
}

/// The conditions that all have to hold.
fn parts(filter: &Filter) -> Vec<&Filter> {
    match filter {
        Filter::And(all) => all.iter().flat_map(parts).collect(),
        other => vec![other],
    }
}

impl Evaluator<'_> {
    /// What a snapshot is of: its grain, or else the key of its row, without the time.
    fn item(&self, dataset: usize, row: usize, snapshot: &FieldRef) -> Key {
        let home = &self.model.datasets[dataset];
        let grain = match home.grain.is_empty() {
            true => &home.primary_key,
            false => &home.grain,
        };
        let dated: Vec<&String> = match super::reach(self.model, &home.name, snapshot) {
            Ok(super::Reach::Direct(way)) => match way.first() {
                // A date that is looked up stands in the row as its key.
                Some(step) => self.model.relationships[*step].from_fields.iter().collect(),
                None => vec![&snapshot.field],
            },
            _ => Vec::new(),
        };
        grain
            .iter()
            .filter(|k| !dated.contains(k))
            .map(|k| self.field(dataset, Some(row), k))
            .collect()
    }

    /// A level by group. `placed` is the field that the query's range and periods look at.
    pub(super) fn level(
        &self,
        leaf: &Leaf<'_>,
        dimensions: &[Dimension],
        scope: &Scope<'_>,
        placed: Option<&FieldRef>,
        sizes: &[Option<Groups>],
    ) -> Groups {
        let home = self.dataset(leaf.home);
        let read = leaf.level.clone().unwrap_or_default();
        let stated = read.non_additive_over.clone();
        let Some(tells_apart) = stated.or_else(|| own_time(self.model, leaf.home).ok()) else {
            return Groups::new();
        };
        let ranged = placed == Some(&tells_apart);
        // What is said of the time of snapshots alone says which there are.
        let (timely, others): (Vec<&Filter>, Vec<&Filter>) = scope
            .filters
            .iter()
            .take(scope.shared)
            .flat_map(|f| parts(f))
            .partition(|f| looks_only_at(f, &tells_apart));
        let counts = |when: &Value, opened: bool| match (&scope.other, opened) {
            (Some(other), false) => other.counts(when),
            (Some(other), true) => other.opened().counts(when),
            (None, false) => scope.window.counts(when),
            (None, true) => scope.window.opened().counts(when),
        };
        let snapshots: Vec<Snapshot> = (0..self.row_count(home))
            .filter(|row| self.counts_by_default(leaf.home, *row))
            .filter(|row| timely.iter().all(|f| self.passes(leaf.home, *row, f)))
            .filter(|row| {
                // So does a range of another field.
                let when = placed.map_or(Value::Null, |f| self.looked_up(leaf.home, *row, f));
                ranged || counts(&when, false)
            })
            .map(|row| Snapshot {
                row,
                item: self.item(home, row, &tells_apart),
                when: self.looked_up(leaf.home, row, &tells_apart),
                keys: self.keys(leaf.home, row, dimensions, placed, sizes, scope),
            })
            .filter(|s| !s.when.is_null())
            .collect();
        let in_time: Vec<bool> = dimensions
            .iter()
            .map(|d| match d {
                Dimension::Time(_) => ranged,
                Dimension::TimeOf { field, .. } => *field == tells_apart,
                _ => false,
            })
            .collect();
        let period = |key: &Key| -> Key {
            let parts = key.iter().zip(&in_time);
            parts.filter(|(_, t)| **t).map(|(v, _)| v.clone()).collect()
        };
        let each_time = matches!(read.pick, Pick::Average | Pick::Min | Pick::Max);
        // Without periods there is a level at the end of a range in which nothing was counted.
        let whole = !in_time.contains(&true)
            && (leaf.opening || read.pick == Pick::Last && read.missing == MissingSnapshot::AsOf);
        let mut asked: BTreeMap<Key, BTreeSet<Value>> = BTreeMap::new();
        for snapshot in &snapshots {
            // What there was before the first day does not hang on where a range ends.
            let before = leaf.opening && whole;
            if ranged && !before && !counts(&snapshot.when, whole) {
                continue;
            }
            for key in &snapshot.keys {
                let times = asked.entry(period(key)).or_default();
                times.insert(snapshot.when.clone());
            }
        }
        let young = |when: &Value, at: &Value| match (read.max_age, day_of(at)) {
            (Some(age), Some(day)) => day_of(when) >= Some(days_before(day, age)),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let day_of_range = match &scope.other {
            Some(other) => other.first_day(),
            None => scope.window.window.start,
        };
        let mut found: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
        for (period, times) in &asked {
            let (Some(first), Some(last)) = (times.first(), times.last()) else {
                continue;
            };
            let at: Vec<&Value> = match read.pick {
                _ if leaf.opening => vec![first],
                Pick::First => vec![first],
                Pick::Last => vec![last],
                Pick::Average | Pick::Min | Pick::Max => times.iter().collect(),
            };
            let times_in_all = at.len();
            let mut sums: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
            for at in at {
                let start = match day_of_range {
                    Some(day) if whole => Value::Date(day),
                    _ => at.clone(),
                };
                // Up to when, and whether the first or the last of an item counts.
                let stands = |s: &&Snapshot| match read.pick {
                    _ if leaf.opening => s.when < start,
                    Pick::First => s.when >= *at && s.when <= *last,
                    _ => s.when <= *at,
                };
                let mut of_item: BTreeMap<&Key, &Snapshot> = BTreeMap::new();
                for snapshot in snapshots.iter().filter(stands) {
                    let known = of_item.entry(&snapshot.item).or_insert(snapshot);
                    let earlier = read.pick == Pick::First && !leaf.opening;
                    if (snapshot.when < known.when) == earlier && snapshot.when != known.when {
                        *known = snapshot;
                    }
                }
                let judged = if leaf.opening {
                    let from = snapshots.iter().map(|s| &s.when).filter(|w| **w >= start);
                    from.min().unwrap_or(&Value::Null)
                } else {
                    at
                };
                let mut values: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
                for snapshot in of_item.values() {
                    let then = leaf.opening || day_of(&snapshot.when) == day_of(at);
                    let carried = read.pick != Pick::First || leaf.opening;
                    if carried && !young(&snapshot.when, judged)
                        || !then && read.missing == MissingSnapshot::Skip
                    {
                        continue;
                    }
                    let row = snapshot.row;
                    let passes = leaf.only.is_none_or(|f| self.declared(leaf.home, row, f))
                        && scope
                            .stores
                            .is_none_or(|s| self.takes_part(leaf.home, row, &s))
                        && others.iter().all(|f| self.passes(leaf.home, row, f))
                        && scope.filters[scope.shared..]
                            .iter()
                            .all(|f| self.passes(leaf.home, row, f));
                    if !passes {
                        continue;
                    }
                    let value = match (then, read.missing) {
                        (false, MissingSnapshot::Zero) => Value::int(0),
                        _ => self.operand(leaf, home, row),
                    };
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
                        values.entry(key).or_default().push(value.clone());
                    }
                }
                for (key, values) in values {
                    let sum = aggregate(leaf.aggregation, &values);
                    sums.entry(key).or_default().push(sum);
                }
            }
            for (key, sums) in sums {
                let known: Vec<Value> = sums.into_iter().filter(|v| !v.is_null()).collect();
                let level = match read.pick {
                    _ if !each_time || leaf.opening => known.first().cloned(),
                    Pick::Min => known.into_iter().min(),
                    Pick::Max => known.into_iter().max(),
                    // Over all times of the period, so that the means of groups add up.
                    _ => known
                        .into_iter()
                        .reduce(|a, b| value::add(&a, &b))
                        .map(|sum| value::divide(&sum, &Value::int(times_in_all as i128))),
                };
                found
                    .entry(key)
                    .or_default()
                    .push(level.unwrap_or(Value::Null));
            }
        }
        found
            .into_iter()
            .map(|(key, values)| (key, values.into_iter().next().unwrap_or(Value::Null)))
            .collect()
    }
}
