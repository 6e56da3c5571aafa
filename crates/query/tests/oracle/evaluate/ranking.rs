//! Which groups are kept: conditions on groups, ranks, and the rest that a rank leaves out.

use super::aggregate::{mean, median};
use super::columns::{Line, directed, sortable};
use super::comparison::{Sides, running};
use super::filter::holds;
use super::lookup::literal_number;
use super::{Evaluator, Key};
use crate::value::{self, Value};
use query::{Having, Part, Query, Rank, Threshold, Ties};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

impl Evaluator<'_> {
    /// What a column is compared with in one group.
    fn threshold(&self, having: &Having, of: &Threshold, line: &Line, lines: &[Line]) -> Value {
        let column = |among: &dyn Fn(&Line) -> bool| -> Vec<Value> {
            lines
                .iter()
                .filter(|l| among(l))
                .map(|l| l.part(having.metric, having.on))
                .filter(|v| !v.is_null())
                .collect()
        };
        match of {
            Threshold::Number(n) => literal_number(*n),
            Threshold::AverageOfGroups => mean(&column(&|_| true)),
            Threshold::AverageWithin(dimensions) => mean(&column(&|l| {
                dimensions.iter().all(|d| l.key[*d] == line.key[*d])
            })),
            Threshold::MedianOfGroups => median(column(&|_| true)),
            Threshold::Metric(other) => line.part(*other, Part::Value),
            Threshold::Part(other, part) => line.part(*other, *part),
            Threshold::Query(query) => self.number_of(query),
            Threshold::Times(factor, inner) => value::multiply(
                &literal_number(*factor),
                &self.threshold(having, inner, line, lines),
            ),
        }
    }

    fn meets(&self, having: &Having, line: &Line, lines: &[Line]) -> bool {
        let left = line.part(having.metric, having.on);
        let right = self.threshold(having, &having.value, line, lines);
        self.near(&left, &right);
        value::compare(&left, &right).is_some_and(|order| holds(having.op, order))
            || having.or.iter().any(|h| self.meets(h, line, lines))
    }

    pub(super) fn keep_having(&self, query: &Query, lines: &mut Vec<Line>) {
        let keep: Vec<bool> = lines
            .iter()
            .map(|line| query.having.iter().all(|h| self.meets(h, line, lines)))
            .collect();
        let mut keep = keep.into_iter();
        lines.retain(|_| keep.next().unwrap_or(false));
    }

    /// Keeps the places asked for; gives the groups that are left out.
    pub(super) fn keep_ranked(
        &self,
        query: &Query,
        rank: &Rank,
        lines: &mut Vec<Line>,
    ) -> Vec<Key> {
        let contenders: Vec<(Key, Value)> = lines
            .iter()
            .filter(|l| {
                // The nameless are never ranked, nor is what has no value.
                !l.part(rank.by, rank.on).is_null()
                    && l.key
                        .iter()
                        .enumerate()
                        .all(|(i, k)| rank.per.contains(&i) || !k.is_null())
            })
            .map(|l| (l.key.clone(), l.part(rank.by, rank.on)))
            .collect();
        let class = |key: &Key| -> Key { rank.per.iter().map(|i| key[*i].clone()).collect() };
        let order = |key: &Key| -> Key {
            key.iter()
                .zip(&query.dimensions)
                .map(|(value, d)| sortable(value, d, self.model.week_start))
                .collect()
        };
        let mut kept: BTreeSet<Key> = BTreeSet::new();
        for (key, value) in &contenders {
            let rivals: Vec<&(Key, Value)> = contenders
                .iter()
                .filter(|(other, _)| class(other) == class(key))
                .collect();
            for (other, v) in &rivals {
                if other != key {
                    self.near(v, value);
                }
            }
            let better = rivals
                .iter()
                .filter(|(_, v)| directed(v, value, rank.direction) == Ordering::Less);
            let place = match rank.ties {
                Ties::Break => rivals
                    .iter()
                    .filter(|(other, v)| {
                        directed(v, value, rank.direction)
                            .then_with(|| order(other).cmp(&order(key)))
                            == Ordering::Less
                    })
                    .count(),
                // "The second best" passes over all who share the first place; "the best
                // three" counts those who share a place one by one.
                Ties::Keep if rank.skip > 0 => {
                    better.map(|(_, v)| v).collect::<BTreeSet<_>>().len()
                }
                Ties::Keep => better.count(),
            };
            let n = if rank.percent {
                (rank.n as usize * rivals.len()).div_ceil(100)
            } else {
                rank.n as usize
            };
            let skip = rank.skip as usize;
            if place >= skip && place < skip + n {
                kept.insert(key.clone());
            }
        }
        let rest = lines
            .iter()
            .map(|l| l.key.clone())
            .filter(|k| !kept.contains(k))
            .collect();
        lines.retain(|l| kept.contains(&l.key));
        rest
    }

    /// One line for each group of `per` that has a rest, its numbers computed from the rows.
    pub(super) fn rest(
        &self,
        query: &Query,
        rank: &Rank,
        label: &str,
        rest: Vec<Key>,
        sides: Option<&Sides>,
        last: Option<&Value>,
    ) -> Vec<Line> {
        let labelled = (0..query.dimensions.len())
            .find(|i| !rank.per.contains(i) && self.is_text(&query.dimensions[*i]));
        let relabel: BTreeMap<Key, Key> = rest
            .into_iter()
            .map(|key| {
                let named = key
                    .iter()
                    .enumerate()
                    .map(|(i, value)| {
                        if rank.per.contains(&i) {
                            value.clone()
                        } else if labelled == Some(i) {
                            Value::text(label)
                        } else {
                            Value::Null
                        }
                    })
                    .collect();
                (key, named)
            })
            .collect();
        let mut scope = self.scope(
            query,
            sides.map_or_else(|| super::comparison::window(query).into(), |s| s.current),
        );
        scope.relabel = Some(&relabel);
        scope.stores = self.stores(query, sides);
        let current = self.frame(query, &query.dimensions, &scope);
        // What has no date has no period before it, nor has one that the data has not reached.
        let mut met = relabel.clone();
        if let Some((time, _)) = running(query) {
            met.retain(|key, _| {
                !key[time].is_null() && last.is_some_and(|last| &key[time] <= last)
            });
        }
        let before = sides.map(|s| {
            let mut scope = scope.clone();
            scope.other = Some(s.other);
            scope.relabel = Some(&met);
            self.frame(query, &query.dimensions, &scope)
        });
        let lines: BTreeSet<&Key> = relabel.values().collect();
        lines
            .into_iter()
            .map(|key| Line {
                key: key.clone(),
                parts: (0..query.metrics.len())
                    .map(|m| {
                        let value = self.value(query, &current, m, key);
                        let mut parts = BTreeMap::from([(Part::Value as u8, value)]);
                        if let Some(before) = &before {
                            let before = self.value(query, before, m, key);
                            self.add_change(query, m, before, &mut parts);
                        }
                        parts
                    })
                    .collect(),
                is_rest: true,
            })
            .collect()
    }
}
