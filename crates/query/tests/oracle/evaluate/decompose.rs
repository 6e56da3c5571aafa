//! A change taken apart into what prices, quantities and the mix of items did.

use super::columns::SortKeys;
use super::comparison::{running, sides};
use super::{Days, Evaluator, Key, Shown};
use crate::value::{self, Value};
use query::{Dimension, Direction, PriceVolumeMix, Query, Term};
use std::collections::{BTreeMap, BTreeSet};

/// An item in both periods, nothing being zero.
struct Item {
    value: [Value; 2],
    quantity: [Value; 2],
}

fn zero() -> Value {
    Value::int(0)
}

fn known(value: Value) -> Value {
    if value.is_null() { zero() } else { value }
}

fn total<'v>(values: impl Iterator<Item = &'v Value>) -> Value {
    values.fold(zero(), |a, b| value::add(&a, b))
}

impl Evaluator<'_> {
    pub(super) fn price_volume_mix(
        &self,
        query: &Query,
        mix: &PriceVolumeMix,
    ) -> (Vec<Shown>, Vec<Vec<Value>>) {
        let by = query.dimensions.len();
        let mut columns: Vec<Shown> = (0..by).map(Shown::Dimension).collect();
        columns.extend((by..by + 8).map(Shown::Field));
        let Some(compare) = &query.compare else {
            return (columns, Vec::new());
        };
        let mut dimensions: Vec<Dimension> = query.dimensions.clone();
        dimensions.extend(mix.per.iter().cloned());
        let items = Query {
            metrics: vec![
                mix.value.clone(),
                Term {
                    name: "quantity".into(),
                    measure: mix.quantity.clone(),
                },
            ],
            dimensions,
            time: query.time.clone(),
            filter: query.filter.clone(),
            compare: Some(compare.clone()),
            ..Query::default()
        };
        let sides = sides(self.model, &items, compare);
        let stores = self.stores(&items, Some(&sides));
        let mut scope = self.scope(&items, sides.current);
        scope.stores = stores;
        let now = self.frame(&items, &items.dimensions, &scope);
        let mut scope = self.scope(&items, Days::default());
        scope.other = Some(sides.other);
        scope.stores = stores;
        let mut then = self.frame(&items, &items.dimensions, &scope);
        if let Some((time, _)) = running(&items) {
            self.until_reached(time, &now, &mut then);
        }
        let keys: BTreeSet<&Key> = now.iter().chain(&then).flat_map(|g| g.keys()).collect();
        let mut groups: BTreeMap<Key, Vec<Item>> = BTreeMap::new();
        for key in keys {
            let of = |m: usize| {
                [
                    known(self.value(&items, &now, m, key)),
                    known(self.value(&items, &then, m, key)),
                ]
            };
            groups.entry(key[..by].to_vec()).or_default().push(Item {
                value: of(0),
                quantity: of(1),
            });
        }
        // Of everything there is one bridge, also where there is nothing.
        if by == 0 {
            groups.entry(Key::new()).or_default();
        }
        let exact = groups
            .values()
            .flatten()
            .flat_map(|i| &i.value)
            .all(|v| matches!(v, Value::Exact { .. }));
        let mut lines: Vec<(SortKeys, Vec<Value>)> = Vec::new();
        for (key, items) in groups {
            let numbers = self.effects(&items, exact);
            let mut order: Vec<usize> = (0..by).collect();
            if let Some((time, _)) = running(query) {
                order.retain(|d| *d != time);
                order.insert(0, time);
            }
            let keys = order
                .into_iter()
                .map(|d| {
                    (
                        self.sortable(&key[d], &query.dimensions[d]),
                        Direction::Ascending,
                    )
                })
                .collect();
            let mut cells = key;
            cells.extend(numbers);
            lines.push((keys, cells));
        }
        (columns, self.sorted(lines, query.limit))
    }

    /// What a quantity is worth at another's price; NULL where that has none.
    fn at_price(&self, worth: &Value, of: &Value, quantity: &Value, exact: bool) -> Value {
        let (Some(worth), Some(of), Some(quantity)) =
            (worth.as_f64(), of.as_f64(), quantity.as_f64())
        else {
            return Value::Null;
        };
        if of == 0.0 {
            return Value::Null;
        }
        let priced = worth * quantity / of;
        if !exact {
            return Value::Float(priced);
        }
        let millionths = priced * 1e6;
        // Which way a half is rounded hangs on the last digit of a float.
        if ((millionths - millionths.floor()) - 0.5).abs() < 1e-4 {
            self.rounding.set(true);
        }
        Value::Exact {
            units: millionths.round() as i128,
            scale: 6,
        }
    }

    /// Value, prior value, change, and the five effects.
    fn effects(&self, items: &[Item], exact: bool) -> Vec<Value> {
        let sold = |item: &Item, period: usize| item.quantity[period] != zero();
        let stays: Vec<&Item> = items.iter().filter(|i| sold(i, 0) && sold(i, 1)).collect();
        let at_old: Vec<Value> = stays
            .iter()
            .map(|i| self.at_price(&i.value[1], &i.quantity[1], &i.quantity[0], exact))
            .collect();
        let sum = |of: &dyn Fn(&Item) -> Value| {
            total(stays.iter().map(|i| of(i)).collect::<Vec<_>>().iter())
        };
        let before = sum(&|i| i.value[1].clone());
        let at_mean = self.at_price(
            &before,
            &sum(&|i| i.quantity[1].clone()),
            &sum(&|i| i.quantity[0].clone()),
            exact,
        );
        let volume = match at_mean {
            Value::Null => zero(),
            worth => value::subtract(&worth, &before),
        };
        let at_old = total(at_old.iter());
        let change = |of: &dyn Fn(&&Item) -> bool| {
            let changes: Vec<Value> = items
                .iter()
                .filter(|i| of(i))
                .map(|i| value::subtract(&i.value[0], &i.value[1]))
                .collect();
            total(changes.iter())
        };
        let now = total(items.iter().map(|i| &i.value[0]));
        let then = total(items.iter().map(|i| &i.value[1]));
        vec![
            now.clone(),
            then.clone(),
            value::subtract(&now, &then),
            value::subtract(&sum(&|i| i.value[0].clone()), &at_old),
            volume.clone(),
            value::subtract(&value::subtract(&at_old, &before), &volume),
            change(&|i| !sold(i, 1)),
            change(&|i| sold(i, 1) && !sold(i, 0)),
        ]
    }
}
