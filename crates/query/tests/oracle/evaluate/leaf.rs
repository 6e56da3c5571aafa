//! One aggregate over the rows of its own dataset, each row at most once in a group.

use super::aggregate::aggregate;
use super::comparable::Stores;
use super::comparison::{Current, Other};
use super::lookup::{self, Link, reach, ways};
use super::{Evaluator, Groups, Key};
use crate::value::Value;
use query::{Dimension, End, Filter, Grain};
use semantics::{
    Aggregation, CumulativeWindow, Expression, FieldRef, Model, RowFilter, SemiAdditive,
};
use std::collections::{BTreeMap, BTreeSet};

/// What restricts and places rows.
#[derive(Debug, Clone)]
pub(super) struct Scope<'q> {
    pub(super) window: Current,
    pub(super) time: Option<&'q FieldRef>,
    pub(super) filters: Vec<&'q Filter>,
    /// How many of the filters are the query's own, and not those of one measure.
    pub(super) shared: usize,
    /// The rows are those of the other period of a comparison.
    pub(super) other: Option<Other>,
    /// The date that a measure is placed by instead of its own.
    pub(super) dated: Option<&'q FieldRef>,
    /// How many dimensions are the query's: the others make groups inside a measure.
    pub(super) outer: usize,
    /// Which stores take part.
    pub(super) stores: Option<Stores<'q>>,
    /// How far back rows count.
    pub(super) reach: Option<Reach>,
    /// Whether levels are those before the first day of a period.
    pub(super) opening: bool,
    /// Other names of groups; groups without one do not count.
    pub(super) relabel: Option<&'q BTreeMap<Key, Key>>,
}

/// How far back rows count, and to which day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    pub(super) window: CumulativeWindow,
    /// First day that does not count.
    pub(super) until: Option<i64>,
}

/// The day or time whose period a row of the other side belongs to: the one that it meets, for
/// running periods; its own for weekdays and the like, unless the movement keeps weekdays.
fn met(when: &Value, dimension: usize, own: bool, grain: Grain, other: Option<&Other>) -> Value {
    match other {
        Some(Other {
            shift: Some(shift),
            by_period: true,
            running,
            ..
        }) if (!grain.is_cyclic() && (own && running.is_some() || *running == Some(dimension)))
            || (grain.is_cyclic() && shift.keeps_weekdays()) =>
        {
            shift.meets(when)
        }
        _ => when.clone(),
    }
}

/// What is aggregated.
pub(super) enum Operand<'q> {
    Row,
    Field(&'q str),
    Expression(&'q Expression),
}

/// One aggregate over the rows of one dataset.
pub(super) struct Leaf<'q> {
    pub(super) home: &'q str,
    pub(super) operand: Operand<'q>,
    pub(super) aggregation: Aggregation,
    pub(super) only: Option<&'q RowFilter>,
    pub(super) time: Option<&'q FieldRef>,
    /// How it is read over time, if it is a level.
    pub(super) level: Option<SemiAdditive>,
    /// Whether it is the level before the first day of a period.
    pub(super) opening: bool,
    /// Time that rows are ordered by, where the value of the first or last of them counts.
    pub(super) at: Option<(End, &'q FieldRef)>,
}

/// The time field that places rows of a dataset: its own, or the nearest that it looks up.
/// Several equally near are an error.
pub(super) fn own_time(model: &Model, home: &str) -> Result<FieldRef, BTreeSet<&'static str>> {
    if let Some(time) = model.dataset(home).and_then(|d| d.event_time.as_ref()) {
        return Ok(FieldRef::new(home, time));
    }
    if let Some(elsewhere) = model.dataset(home).and_then(|d| d.event_time_of.clone()) {
        return Ok(elsewhere);
    }
    let mut near: Vec<(usize, FieldRef)> = Vec::new();
    for other in &model.datasets {
        if let Some(time) = &other.event_time {
            let field = FieldRef::new(&other.name, time);
            near.extend(
                ways(model, home, &field)
                    .into_iter()
                    .map(|way| (way.len(), field.clone())),
            );
        }
    }
    near.sort();
    match &near[..] {
        [] => Err(BTreeSet::from(["E_NO_PATH"])),
        [(first, _), (second, _), ..] if first == second => {
            Err(BTreeSet::from(["E_AMBIGUOUS_PATH"]))
        }
        [(_, field), ..] => Ok(field.clone()),
    }
}

/// The time field of an aggregate in a query: the metric's own if it declares one, else the
/// query's where it is in reach, else the dataset's.
pub(super) fn leaf_time(
    model: &Model,
    home: &str,
    declared: Option<&FieldRef>,
    asked: Option<&FieldRef>,
) -> Result<FieldRef, BTreeSet<&'static str>> {
    if let Some(field) = declared {
        return match ways(model, home, field).len() {
            0 => Err(BTreeSet::from(["E_NO_PATH"])),
            1 => Ok(field.clone()),
            _ => Err(BTreeSet::from(["E_AMBIGUOUS_PATH"])),
        };
    }
    if let Some(field) = asked {
        // What is merely linked does not date a row.
        match ways(model, home, field).len() {
            0 => {}
            1 => return Ok(field.clone()),
            _ => return Err(BTreeSet::from(["E_AMBIGUOUS_PATH"])),
        }
    }
    own_time(model, home)
}

impl Evaluator<'_> {
    pub(super) fn leaf(
        &self,
        leaf: &Leaf<'_>,
        dimensions: &[Dimension],
        scope: &Scope<'_>,
    ) -> Groups {
        let home = self.dataset(leaf.home);
        let time = leaf_time(self.model, leaf.home, scope.dated.or(leaf.time), scope.time).ok();
        if let Some(reach) = scope.reach {
            return self.cumulated(leaf, dimensions, scope, time.as_ref(), reach);
        }
        let sizes = self.sizes(dimensions, scope);
        // A table of one state is all there is.
        let one_state = own_time(self.model, leaf.home).is_err()
            && leaf
                .level
                .as_ref()
                .is_some_and(|l| l.non_additive_over.is_none());
        if leaf.level.is_some() && !one_state {
            return self.level(leaf, dimensions, scope, time.as_ref(), &sizes);
        }
        let mut gathered: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
        let mut ordered: BTreeMap<Key, Vec<(Value, Value)>> = BTreeMap::new();
        for row in 0..self.row_count(home) {
            if !self.counts(leaf.home, row, time.as_ref(), scope)
                || !leaf.only.is_none_or(|f| self.declared(leaf.home, row, f))
            {
                continue;
            }
            let value = self.operand(leaf, home, row);
            let keys: BTreeSet<Key> = self
                .keys(leaf.home, row, dimensions, time.as_ref(), &sizes, scope)
                .into_iter()
                .filter_map(|key| match scope.relabel {
                    Some(names) => names.get(&key).cloned(),
                    None => Some(key),
                })
                .collect();
            for key in keys {
                match leaf.at {
                    None => gathered.entry(key).or_default().push(value.clone()),
                    Some((_, by)) => {
                        let at = self.looked_up(leaf.home, row, by);
                        let known = ordered.entry(key).or_default();
                        if !at.is_null() && !value.is_null() {
                            known.push((at, value.clone()));
                        }
                    }
                }
            }
        }
        if let Some((end, _)) = leaf.at {
            return ordered
                .into_iter()
                .map(|(key, rows)| {
                    let found = match end {
                        End::First => rows.into_iter().min(),
                        End::Last => rows.into_iter().max(),
                    };
                    (key, found.map_or(Value::Null, |(_, value)| value))
                })
                .collect();
        }
        gathered
            .into_iter()
            .map(|(key, values)| (key, aggregate(leaf.aggregation, &values)))
            .collect()
    }

    /// Whether a row is one of those that a measure is over.
    pub(super) fn counts(
        &self,
        home: &str,
        row: usize,
        time: Option<&FieldRef>,
        scope: &Scope<'_>,
    ) -> bool {
        let when = time.and_then(|field| self.values(home, row, field).into_iter().next());
        let when = when.unwrap_or(Value::Null);
        let in_time = match &scope.other {
            Some(other) => other.counts(&when),
            None => scope.window.counts(&when),
        };
        in_time
            && self.counts_by_default(home, row)
            && scope.stores.is_none_or(|s| self.takes_part(home, row, &s))
            && scope.filters.iter().all(|f| self.passes(home, row, f))
    }

    /// For dimensions that tell entities apart by a number of theirs, that number, or its band.
    pub(super) fn sizes(&self, dimensions: &[Dimension], scope: &Scope<'_>) -> Vec<Option<Groups>> {
        let mut unshifted = scope.clone();
        if let Some(other) = &mut unshifted.other {
            other.by_period = false;
        }
        unshifted.relabel = None;
        unshifted.dated = None;
        unshifted.reach = None;
        unshifted.opening = false;
        // A group is the same one for every measure of the query.
        unshifted.filters.truncate(scope.shared);
        dimensions
            .iter()
            .map(|d| match d {
                Dimension::Bucket { measure, per, .. } => {
                    Some(self.groups(measure, &[Dimension::Field(per.clone())], &unshifted))
                }
                Dimension::Band { of, by, .. } => Some(self.bands(of, by)),
                _ => None,
            })
            .collect()
    }

    /// What is aggregated, of one row.
    pub(super) fn operand(&self, leaf: &Leaf<'_>, home: usize, row: usize) -> Value {
        match leaf.operand {
            Operand::Row => Value::int(1),
            Operand::Field(field) => self.field(home, Some(row), field),
            Operand::Expression(e) => self.expression(home, row, e),
        }
    }

    /// The groups that a row belongs to: one, unless a dimension is linked one-to-many.
    ///
    /// Dimensions that are reached through the same link take their values from the same linked
    /// row; a row that nothing is linked to is in the NULL group.
    pub(super) fn keys(
        &self,
        home: &str,
        row: usize,
        dimensions: &[Dimension],
        time: Option<&FieldRef>,
        sizes: &[Option<Groups>],
        scope: &Scope<'_>,
    ) -> BTreeSet<Key> {
        let field_of = |d: &Dimension| match d {
            Dimension::Field(field) | Dimension::TimeOf { field, .. } => Some(field.clone()),
            Dimension::Bucket { per, .. } => Some(per.clone()),
            Dimension::Time(_) => time.cloned(),
            Dimension::NewOrReturning { entity, .. } => Some(entity.clone()),
            Dimension::Band { of, .. } => of.key().cloned(),
        };
        let reached: Vec<Option<(FieldRef, lookup::Reach)>> = dimensions
            .iter()
            .map(|d| {
                let field = field_of(d)?;
                let way = reach(self.model, home, &field).ok()?;
                Some((field, way))
            })
            .collect();
        let mut links: Vec<&Link> = Vec::new();
        for (_, way) in reached.iter().flatten() {
            if let lookup::Reach::Linked(link, _) = way
                && !links.contains(&link)
            {
                links.push(link);
            }
        }
        // A linked row for each link, or none where none is linked.
        let mut choices: Vec<Vec<Option<usize>>> = vec![Vec::new()];
        for link in &links {
            let linked = self.linked(link, home, row);
            let options: Vec<Option<usize>> = if linked.is_empty() {
                vec![None]
            } else {
                linked.into_iter().map(Some).collect()
            };
            choices = choices
                .into_iter()
                .flat_map(|c| {
                    options.iter().map(move |o| {
                        let mut c = c.clone();
                        c.push(*o);
                        c
                    })
                })
                .collect();
        }
        choices
            .iter()
            .map(|chosen| {
                dimensions
                    .iter()
                    .enumerate()
                    .zip(&reached)
                    .zip(sizes)
                    .map(|(((i, dimension), reached), sizes)| {
                        let value = match reached {
                            None => Value::Null,
                            Some((field, lookup::Reach::Direct(way))) => self.at(way, row, field),
                            Some((_, lookup::Reach::Linked(link, onward))) => links
                                .iter()
                                .position(|l| *l == link)
                                .and_then(|l| chosen[l])
                                .map_or(Value::Null, |b| self.looked_up(&link.dataset, b, onward)),
                        };
                        match dimension {
                            Dimension::Field(_) => value,
                            Dimension::Time(grain) | Dimension::TimeOf { grain, .. } => {
                                let own = reached.as_ref().map(|r| &r.0) == time;
                                let other = scope.other.as_ref().filter(|_| i < scope.outer);
                                let met = met(&value, i, own, *grain, other);
                                self.counting.get().period(&met, *grain)
                            }
                            Dimension::Bucket { .. } if value.is_null() => Value::Null,
                            Dimension::Bucket { .. } => sizes
                                .as_ref()
                                .and_then(|s| s.get(&vec![value]))
                                .cloned()
                                .unwrap_or(Value::Null),
                            Dimension::NewOrReturning {
                                entity,
                                event,
                                grain,
                                ..
                            } => {
                                let start = match grain {
                                    Some(grain) => {
                                        let when = time.map_or(Value::Null, |field| {
                                            self.looked_up(home, row, field)
                                        });
                                        self.counting.get().period(&when, *grain)
                                    }
                                    None => match &scope.other {
                                        Some(other) => other.first_day(),
                                        None => scope.window.window.start,
                                    }
                                    .map_or(Value::Null, Value::Date),
                                };
                                self.new_or_returning(&value, entity, event, &start)
                            }
                            Dimension::Band { of, by, .. } => {
                                self.band_of(&value, of, by, sizes.as_ref())
                            }
                        }
                    })
                    .collect()
            })
            .collect()
    }
}
