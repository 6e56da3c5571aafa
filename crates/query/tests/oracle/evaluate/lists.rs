//! Lists: rows of a dataset, distinct values, members of sets.

use super::columns::{SortKeys, directed};
use super::comparison::window;
use super::filter::within;
use super::leaf::leaf_time;
use super::lookup::reach;
use super::refusal;
use super::{Evaluator, Reach, Shown};
use crate::value::Value;
use query::{Dimension, Direction, OrderKey, Query, RowRank, RowsOf, SetOperation, Sets, Ties};
use semantics::FieldRef;
use std::cmp::Ordering;
use std::collections::BTreeSet;

impl Evaluator<'_> {
    pub(super) fn in_scope(&self, query: &Query, home: &str, row: usize) -> bool {
        let window = window(query);
        let when = match &query.time {
            Some(time) if !window.is_open() => leaf_time(self.model, home, None, Some(&time.field))
                .map_or(Value::Null, |field| self.looked_up(home, row, &field)),
            _ => Value::Null,
        };
        within(&when, window)
            && self.counts_by_default(home, row)
            && query
                .filter
                .as_ref()
                .is_none_or(|f| self.passes(home, row, f))
    }

    pub(super) fn listed(&self, query: &Query, of: &RowsOf) -> (Vec<Shown>, Vec<Vec<Value>>) {
        let home = self.dataset(&of.dataset);
        let cell = |row: usize, field: &FieldRef| {
            self.values(&of.dataset, row, field)
                .into_iter()
                .next()
                .unwrap_or(Value::Null)
        };
        let mut rows: Vec<(SortKeys, Vec<Value>)> = Vec::new();
        let found: Vec<usize> = (0..self.row_count(home))
            .filter(|row| self.in_scope(query, &of.dataset, *row))
            .collect();
        let found: Vec<(usize, SortKeys)> = match &of.rank {
            None => found.into_iter().map(|row| (row, Vec::new())).collect(),
            Some(rank) => self.placed(query, of, rank, &found),
        };
        for (row, placed) in found {
            let cells: Vec<Value> = of.fields.iter().map(|f| cell(row, f)).collect();
            let mut keys: SortKeys = query
                .order
                .iter()
                .filter_map(|o| match &o.key {
                    OrderKey::Field(field) => Some((cell(row, field), o.direction)),
                    _ => None,
                })
                .collect();
            if query.order.is_empty() && !of.distinct {
                keys.extend(placed);
            }
            keys.extend(cells.iter().map(|c| (c.clone(), Direction::Ascending)));
            rows.push((keys, cells));
        }
        if of.distinct {
            let mut seen = BTreeSet::new();
            rows.retain(|(_, cells)| seen.insert(cells.clone()));
        }
        let columns = (0..of.fields.len()).map(Shown::Field).collect();
        (columns, self.sorted(rows, query.limit))
    }

    pub(super) fn distinct(&self, query: &Query) -> (Vec<Shown>, Vec<Vec<Value>>) {
        let columns = (0..query.dimensions.len()).map(Shown::Dimension).collect();
        let fields = fields_of(query);
        let unfiltered: Vec<String> = self.unfiltered.borrow().iter().cloned().collect();
        let of_all = (&unfiltered[..], self.current_attributes.get());
        let placed = |home: &String| refusal::can_list(self.model, home, query, of_all, &self.shut);
        let Some(home) = distinct_homes(self.model, query).into_iter().find(placed) else {
            return (columns, Vec::new());
        };
        let mut found: BTreeSet<Vec<Value>> = BTreeSet::new();
        for row in 0..self.row_count(self.dataset(&home)) {
            if !self.in_scope(query, &home, row) {
                continue;
            }
            let cells: Vec<Value> = query
                .dimensions
                .iter()
                .zip(&fields)
                .map(|(dimension, field)| {
                    let value = self
                        .values(&home, row, field)
                        .into_iter()
                        .next()
                        .unwrap_or(Value::Null);
                    match dimension {
                        Dimension::Time(grain) | Dimension::TimeOf { grain, .. } => {
                            self.counting.get().period(&value, *grain)
                        }
                        _ => value,
                    }
                })
                .collect();
            // A value that is not there is no value, but half a pair is worth showing.
            if cells.len() == 1 && cells[0].is_null() {
                continue;
            }
            found.insert(cells);
        }
        let rows = found
            .into_iter()
            .map(|cells| (self.row_keys(query, &cells, &[], None), cells))
            .collect();
        (columns, self.sorted(rows, query.limit))
    }

    /// Rows that take the places asked for, each with what sorts it: the groups, its place.
    fn placed(
        &self,
        query: &Query,
        of: &RowsOf,
        rank: &RowRank,
        rows: &[usize],
    ) -> Vec<(usize, SortKeys)> {
        let cell = |row: usize, field: &FieldRef| {
            self.values(&of.dataset, row, field)
                .into_iter()
                .next()
                .unwrap_or(Value::Null)
        };
        // Of rows that look alike, how they are sorted tells which comes first.
        let sorted = |a: usize, b: usize| {
            query.order.iter().fold(Ordering::Equal, |so_far, o| {
                so_far.then_with(|| match &o.key {
                    OrderKey::Field(field) => {
                        directed(&cell(a, field), &cell(b, field), o.direction)
                    }
                    _ => Ordering::Equal,
                })
            })
        };
        let contenders: Vec<(usize, Vec<Value>, Value, Vec<Value>)> = rows
            .iter()
            .map(|row| {
                (
                    *row,
                    rank.per.iter().map(|f| cell(*row, f)).collect(),
                    cell(*row, &rank.by),
                    of.fields.iter().map(|f| cell(*row, f)).collect(),
                )
            })
            .filter(|c: &(usize, Vec<Value>, Value, Vec<Value>)| !c.2.is_null())
            .collect();
        let mut kept = Vec::new();
        for (at, (row, class, value, cells)) in contenders.iter().enumerate() {
            let rivals = contenders
                .iter()
                .enumerate()
                .filter(|(_, c)| &c.1 == class)
                .map(|(i, c)| (i, &c.2, &c.3));
            let place = match rank.ties {
                Ties::Keep => {
                    let better: Vec<&Value> = rivals
                        .map(|(_, v, _)| v)
                        .filter(|v| directed(v, value, rank.direction) == Ordering::Less)
                        .collect();
                    if rank.skip > 0 {
                        better.into_iter().collect::<BTreeSet<_>>().len()
                    } else {
                        better.len()
                    }
                }
                // Of rows that are alike to the reader it does not matter which is kept.
                Ties::Break => rivals
                    .filter(|(i, v, other)| {
                        directed(v, value, rank.direction)
                            .then_with(|| (*other).cmp(cells))
                            .then_with(|| sorted(contenders[*i].0, *row))
                            .then_with(|| i.cmp(&at))
                            == Ordering::Less
                    })
                    .count(),
            };
            let skip = rank.skip as usize;
            if place >= skip && place < skip + rank.n as usize {
                let mut keys: SortKeys = class
                    .iter()
                    .map(|c| (c.clone(), Direction::Ascending))
                    .collect();
                keys.push((Value::int(place as i128), Direction::Ascending));
                kept.push((*row, keys));
            }
        }
        kept
    }

    /// Members put together from those of other queries, each once.
    pub(super) fn sets(&self, query: &Query, sets: &Sets) -> (Vec<Shown>, Vec<Vec<Value>>) {
        let mut columns = Vec::new();
        let mut found: Option<BTreeSet<Vec<Value>>> = None;
        for part in &sets.queries {
            let (shown, rows) = self.rows_of(part);
            let width = shown
                .iter()
                .filter(|c| !matches!(c, Shown::Metric(..)))
                .count();
            let members: BTreeSet<Vec<Value>> = rows
                .into_iter()
                .map(|mut row| {
                    row.truncate(width);
                    row
                })
                .collect();
            found = Some(match found {
                None => {
                    columns = shown;
                    columns.truncate(width);
                    members
                }
                Some(so_far) => match sets.operation {
                    SetOperation::Union => so_far.union(&members).cloned().collect(),
                    SetOperation::Intersect => so_far.intersection(&members).cloned().collect(),
                    SetOperation::Except => so_far.difference(&members).cloned().collect(),
                },
            });
        }
        let rows = found
            .unwrap_or_default()
            .into_iter()
            .map(|cells| {
                let mut keys: SortKeys = query
                    .order
                    .iter()
                    .filter_map(|o| match o.key {
                        OrderKey::Dimension(i) => Some((cells.get(i)?.clone(), o.direction)),
                        _ => None,
                    })
                    .collect();
                keys.extend(cells.iter().map(|c| (c.clone(), Direction::Ascending)));
                (keys, cells)
            })
            .collect();
        (columns, self.sorted(rows, query.limit))
    }
}

/// Fields of the dimensions; a bare time grain takes the query's time field.
pub(super) fn fields_of(query: &Query) -> Vec<FieldRef> {
    query
        .dimensions
        .iter()
        .filter_map(|d| match d {
            Dimension::Field(field) | Dimension::TimeOf { field, .. } => Some(field.clone()),
            Dimension::Bucket { per, .. } => Some(per.clone()),
            Dimension::Time(_) => query.time.as_ref().map(|t| t.field.clone()),
            Dimension::NewOrReturning { .. } | Dimension::Band { .. } => None,
        })
        .collect()
}

/// Datasets whose rows may give the distinct values of a query's dimensions: those that reach all
/// of them, in the fewest steps first, of equally near ones facts first.
pub(super) fn distinct_homes(model: &semantics::Model, query: &Query) -> Vec<String> {
    let fields = fields_of(query);
    if fields.len() < query.dimensions.len() {
        return Vec::new();
    }
    let mut homes: Vec<(usize, bool, usize)> = Vec::new();
    for (i, dataset) in model.datasets.iter().enumerate() {
        let steps: Option<usize> = fields
            .iter()
            .map(|field| match reach(model, &dataset.name, field) {
                Ok(Reach::Direct(way)) => Some(way.len()),
                _ => None,
            })
            .sum();
        if let Some(steps) = steps {
            homes.push((steps, !dataset.is_fact, i));
        }
    }
    homes.sort_unstable();
    homes
        .into_iter()
        .map(|(_, _, i)| model.datasets[i].name.clone())
        .collect()
}
