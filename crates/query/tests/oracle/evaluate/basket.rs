//! What is bought together: pairs of items, and baskets with one thing that hold another.

use super::columns::SortKeys;
use super::leaf::{Scope, leaf_time};
use super::{Evaluator, Groups, Key, Shown};
use crate::value::{self, Value};
use query::{Basket, Dimension, Direction, Filter, PairNumber, Query};
use semantics::FieldRef;
use std::collections::{BTreeMap, BTreeSet};

/// The baskets of each item.
type Held = BTreeMap<Value, BTreeSet<Value>>;

/// Columns: the two items, and the four numbers.
const WIDTH: usize = 6;

impl Evaluator<'_> {
    pub(super) fn pairs_of_items(
        &self,
        query: &Query,
        basket: &Basket,
    ) -> (Vec<Shown>, Vec<Vec<Value>>) {
        let rows: Vec<(usize, Value)> = (0..self.row_count(self.dataset(&basket.lines)))
            .filter(|row| self.in_scope(query, &basket.lines, *row))
            .map(|row| (row, self.looked_up(&basket.lines, row, &basket.basket)))
            .filter(|(_, id)| !id.is_null())
            .collect();
        let all: BTreeSet<&Value> = rows.iter().map(|(_, id)| id).collect();
        let side = |only: &Option<Filter>| -> Held {
            let mut held = Held::new();
            for (row, id) in &rows {
                let passes = |f| self.passes(&basket.lines, *row, f);
                let item = self.looked_up(&basket.lines, *row, &basket.item);
                if !item.is_null() && only.as_ref().is_none_or(passes) {
                    held.entry(item).or_default().insert(id.clone());
                }
            }
            held
        };
        let (first, second) = (side(&basket.first), side(&basket.second));
        let directed = basket.first.is_some() || basket.second.is_some();
        let number = |n: usize| Value::int(n as i128);
        let mut lines: Vec<(SortKeys, Vec<Value>)> = Vec::new();
        for (a, with_a) in &first {
            for (b, with_b) in &second {
                let apart = if directed { a != b } else { a < b };
                let both = with_a.intersection(with_b).count();
                if !apart || both == 0 || both < basket.min_baskets as usize {
                    continue;
                }
                let by_chance = value::multiply(&number(with_a.len()), &number(with_b.len()));
                let cells = vec![
                    a.clone(),
                    b.clone(),
                    number(both),
                    value::divide(&number(both), &number(all.len())),
                    value::divide(&number(both), &number(with_a.len())),
                    value::divide(
                        &value::multiply(&number(both), &number(all.len())),
                        &by_chance,
                    ),
                ];
                let by = match basket.by {
                    PairNumber::Baskets => 2,
                    PairNumber::Support => 3,
                    PairNumber::Confidence => 4,
                    PairNumber::Lift => 5,
                };
                let keys = vec![
                    (cells[by].clone(), Direction::Descending),
                    (cells[2].clone(), Direction::Descending),
                    (a.clone(), Direction::Ascending),
                    (b.clone(), Direction::Ascending),
                ];
                lines.push((keys, cells));
            }
        }
        let columns = (0..WIDTH).map(Shown::Field).collect();
        (columns, self.sorted(lines, query.limit))
    }

    /// By group, the baskets that have a line that passes `base`, and how many of them have one
    /// anywhere that passes `attach`.
    pub(super) fn attached(
        &self,
        (lines, basket, time): (&str, &FieldRef, Option<&FieldRef>),
        base: &dyn Fn(usize) -> bool,
        attach: &dyn Fn(usize) -> bool,
        dimensions: &[Dimension],
        scope: &Scope<'_>,
    ) -> Groups {
        let home = self.dataset(lines);
        let time = leaf_time(self.model, lines, scope.dated.or(time), scope.time).ok();
        let sizes = self.sizes(dimensions, scope);
        let id = |row: usize| self.looked_up(lines, row, basket);
        let with: BTreeSet<Value> = (0..self.row_count(home))
            .filter(|row| self.counts_by_default(lines, *row) && attach(*row))
            .map(id)
            .filter(|id| !id.is_null())
            .collect();
        let mut found: BTreeMap<Key, BTreeSet<Value>> = BTreeMap::new();
        for row in 0..self.row_count(home) {
            if !self.counts(lines, row, time.as_ref(), scope) || !base(row) {
                continue;
            }
            let id = id(row);
            for key in self.keys(lines, row, dimensions, time.as_ref(), &sizes, scope) {
                let baskets = found.entry(key).or_default();
                if !id.is_null() {
                    baskets.insert(id.clone());
                }
            }
        }
        found
            .into_iter()
            .map(|(key, baskets)| {
                let attached = baskets.intersection(&with).count();
                let rate = value::divide(
                    &Value::int(attached as i128),
                    &Value::int(baskets.len() as i128),
                );
                (key, rate)
            })
            .collect()
    }
}
