//! Ways through the relationships: many-to-one look-ups, and links that go one-to-many.

use crate::{Measure, QueryError};
use semantics::{Dataset, FieldRef, Model};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Relationships to follow, in order, each from its many side to its one side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Path {
    /// Indexes into the model's relationships.
    pub steps: Vec<usize>,
}

/// Datasets at their distance from one, with the relationships that lead there in the fewest
/// steps.
struct Distances {
    /// Steps to each dataset; `None` where none lead.
    steps: Vec<Option<u32>>,
    /// Last relationships of the shortest ways.
    last: Vec<Vec<usize>>,
}

/// A link from rows of one dataset to many rows of another: a row belongs to a linked row where
/// the outer fields equal the inner ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// Many-to-one, from the home to the dataset that holds the outer fields.
    pub(crate) outer: Path,
    pub(crate) outer_fields: Vec<String>,
    /// Dataset whose rows are linked.
    pub(crate) dataset: String,
    /// Many-to-one, from that dataset to the one that holds the inner fields.
    pub(crate) inner: Path,
    pub(crate) inner_fields: Vec<String>,
    /// Relationship that is followed the wrong way round, or that is not unique.
    pub(crate) relationship: usize,
}

/// The relationships of a model, indexed.
///
/// Ways of the fewest steps count. Several of them are ambiguous unless the field names a
/// relationship of one. A relationship of a dataset to itself is followed only when it is named.
pub(crate) struct Graph<'m> {
    model: &'m Model,
    numbers: HashMap<&'m str, usize>,
    /// Many-to-one relationships by the number of their many side.
    outgoing: Vec<Vec<usize>>,
    /// The same by the number of their one side.
    incoming: Vec<Vec<usize>>,
    /// Both ends of every relationship; `None` where a dataset is unknown.
    ends: Vec<Option<(usize, usize)>>,
    onwards: RefCell<HashMap<usize, Rc<Distances>>>,
    backwards: RefCell<HashMap<usize, Rc<Distances>>>,
}

impl<'m> Graph<'m> {
    pub(crate) fn new(model: &'m Model) -> Graph<'m> {
        let numbers: HashMap<&str, usize> = model
            .datasets
            .iter()
            .enumerate()
            .map(|(i, d)| (d.name.as_str(), i))
            .collect();
        let ends: Vec<Option<(usize, usize)>> = model
            .relationships
            .iter()
            .map(|r| {
                numbers
                    .get(r.from.as_str())
                    .copied()
                    .zip(numbers.get(r.to.as_str()).copied())
            })
            .collect();
        let mut outgoing = vec![Vec::new(); model.datasets.len()];
        let mut incoming = vec![Vec::new(); model.datasets.len()];
        for (i, relationship) in model.relationships.iter().enumerate() {
            let Some((from, to)) = ends[i] else { continue };
            // Of the versions of a row, one holds at a time.
            if relationship.unique || model.datasets[to].validity.is_some() {
                outgoing[from].push(i);
                incoming[to].push(i);
            }
        }
        Graph {
            model,
            numbers,
            outgoing,
            incoming,
            ends,
            onwards: RefCell::default(),
            backwards: RefCell::default(),
        }
    }

    /// The dataset of that name, by index.
    pub(crate) fn dataset(&self, name: &str) -> Option<&'m Dataset> {
        self.numbers.get(name).map(|i| &self.model.datasets[*i])
    }

    /// The field that a reference names, by index.
    pub(crate) fn field(&self, field: &FieldRef) -> Option<&'m semantics::Field> {
        self.dataset(&field.dataset)?.field(&field.field)
    }

    fn many_to_one(&self, relationship: usize) -> bool {
        self.ends[relationship].is_some_and(|(from, _)| self.outgoing[from].contains(&relationship))
    }

    fn distances(&self, from: usize, backwards: bool) -> Rc<Distances> {
        let memo = if backwards {
            &self.backwards
        } else {
            &self.onwards
        };
        if let Some(known) = memo.borrow().get(&from) {
            return Rc::clone(known);
        }
        let mut steps: Vec<Option<u32>> = vec![None; self.model.datasets.len()];
        let mut last: Vec<Vec<usize>> = vec![Vec::new(); self.model.datasets.len()];
        steps[from] = Some(0);
        let mut layer = vec![from];
        let mut depth = 0;
        while !layer.is_empty() {
            depth += 1;
            let mut next = Vec::new();
            for at in layer {
                let edges = if backwards {
                    &self.incoming[at]
                } else {
                    &self.outgoing[at]
                };
                for edge in edges {
                    let Some((many, one)) = self.ends[*edge] else {
                        continue;
                    };
                    let there = if backwards { many } else { one };
                    match steps[there] {
                        None => {
                            steps[there] = Some(depth);
                            last[there].push(*edge);
                            next.push(there);
                        }
                        Some(known) if known == depth => last[there].push(*edge),
                        Some(_) => {}
                    }
                }
            }
            layer = next;
        }
        let found = Rc::new(Distances { steps, last });
        memo.borrow_mut().insert(from, Rc::clone(&found));
        found
    }

    /// The shortest ways from one dataset to another: none, the only one, or several (then the
    /// relationships that they end with).
    fn shortest(&self, from: usize, to: usize) -> Ways {
        let distances = self.distances(from, false);
        if distances.steps[to].is_none() {
            return Ways::None;
        }
        let mut path = Vec::new();
        let mut at = to;
        while at != from {
            match &distances.last[at][..] {
                [only] => {
                    path.push(*only);
                    let Some((many, _)) = self.ends[*only] else {
                        return Ways::None;
                    };
                    at = many;
                }
                several => return Ways::Several(several.to_vec()),
            }
        }
        path.reverse();
        Ways::One(Path { steps: path })
    }

    /// The shortest ways that use a relationship.
    fn through(&self, from: usize, to: usize, relationship: usize) -> Ways {
        let Some((many, one)) = self.ends[relationship] else {
            return Ways::None;
        };
        match (self.shortest(from, many), self.shortest(one, to)) {
            (Ways::One(before), Ways::One(after)) => {
                let mut steps = before.steps;
                steps.push(relationship);
                steps.extend(after.steps);
                Ways::One(Path { steps })
            }
            (Ways::None, _) | (_, Ways::None) => Ways::None,
            (Ways::Several(found), _) | (_, Ways::Several(found)) => Ways::Several(found),
        }
    }

    /// Relationships of a name.
    fn named(&self, name: &str) -> Vec<usize> {
        self.model
            .relationships
            .iter()
            .enumerate()
            .filter(|(_, r)| r.name == name)
            .map(|(i, _)| i)
            .collect()
    }

    fn number(&self, dataset: &str) -> Result<usize, QueryError> {
        self.numbers
            .get(dataset)
            .copied()
            .ok_or_else(|| QueryError::UnknownField(dataset.to_string()))
    }

    fn ambiguous(&self, from: &str, to: &str, relationships: &[usize]) -> QueryError {
        QueryError::AmbiguousPath {
            from: from.to_string(),
            to: to.to_string(),
            via: relationships
                .iter()
                .map(|i| self.model.relationships[*i].name.clone())
                .collect(),
        }
    }

    /// See [`reachable`].
    pub(crate) fn reach(&self, from: &str, to: &FieldRef) -> Result<Path, QueryError> {
        let (start, end) = (self.number(from)?, self.number(&to.dataset)?);
        let ways = match &to.via {
            None => self.shortest(start, end),
            Some(name) => self
                .named(name)
                .into_iter()
                .filter(|r| self.many_to_one(*r))
                .map(|r| self.through(start, end, r))
                .find(|w| !matches!(w, Ways::None))
                .unwrap_or(Ways::None),
        };
        match ways {
            Ways::One(path) => Ok(path),
            Ways::None => Err(QueryError::NoPath {
                from: from.to_string(),
                to: to.to_string(),
            }),
            Ways::Several(last) => Err(self.ambiguous(from, &to.dataset, &last)),
        }
    }

    /// The nearest link from a dataset to rows that reach a field many-to-one.
    ///
    /// # Errors
    /// `E_NO_PATH` when there is none, `E_AMBIGUOUS_PATH` when several are equally near and the
    /// field names no relationship of one.
    pub(crate) fn link(&self, from: &str, to: &FieldRef) -> Result<Link, QueryError> {
        let (start, end) = (self.number(from)?, self.number(&to.dataset)?);
        let ahead = self.distances(start, false);
        let behind = self.distances(start, true);
        let target = self.distances(end, true);
        let mut found: Vec<(u32, Link)> = Vec::new();
        for (i, relationship) in self.model.relationships.iter().enumerate() {
            let Some((many, one)) = self.ends[i] else {
                continue;
            };
            // Against a look-up of versions there is no link: which of them holds is said of the
            // row that looks it up.
            if self.model.datasets[one].validity.is_some() {
                continue;
            }
            let link =
                |dataset: usize, outer, outer_fields: &[String], inner, inner_fields: &[String]| {
                    Link {
                        outer,
                        outer_fields: outer_fields.to_vec(),
                        dataset: self.model.datasets[dataset].name.clone(),
                        inner,
                        inner_fields: inner_fields.to_vec(),
                        relationship: i,
                    }
                };
            // Against its direction into the home, from rows that look up its many side.
            if one == start {
                for (d, near) in self.distances(many, true).steps.iter().enumerate() {
                    let (Some(near), Some(far)) = (near, target.steps[d]) else {
                        continue;
                    };
                    if d == start || behind.steps[d].is_some_and(|b| b < near + 1) {
                        continue;
                    }
                    let Ways::One(inner) = self.shortest(d, many) else {
                        continue;
                    };
                    found.push((
                        near + 1 + far,
                        link(
                            d,
                            Path::default(),
                            &relationship.to_fields,
                            inner,
                            &relationship.from_fields,
                        ),
                    ));
                }
            }
            // Against its direction into something that the home looks up, from rows that do nothing
            // but link (tags of products). Events are no such rows: returns have nothing to do with
            // the orders of the same customer.
            else if let Some(near) = ahead.steps[one]
                && self.many_to_one(i)
                && !self.model.datasets[many].is_fact
                && ahead.steps[many].is_none()
                && let Some(far) = target.steps[many]
                && let Ways::One(outer) = self.shortest(start, one)
            {
                found.push((
                    near + 1 + far,
                    link(
                        many,
                        outer,
                        &relationship.to_fields,
                        Path::default(),
                        &relationship.from_fields,
                    ),
                ));
            }
            // Along it, where the one side is not unique.
            if !self.many_to_one(i)
                && let (Some(near), Some(far)) = (ahead.steps[many], target.steps[one])
                && let Ways::One(outer) = self.shortest(start, many)
            {
                found.push((
                    near + 1 + far,
                    link(
                        one,
                        outer,
                        &relationship.from_fields,
                        Path::default(),
                        &relationship.to_fields,
                    ),
                ));
            }
        }
        // The target must be reached unambiguously from the linked rows, through the relationship
        // that the field names, if the link itself does not follow it.
        let mut problem = None;
        let uses = |link: &Link, name: &String| {
            let steps = link.inner.steps.iter().chain(&link.outer.steps);
            steps
                .chain([&link.relationship])
                .any(|s| self.model.relationships[*s].name == *name)
        };
        found.retain_mut(|(steps, link)| {
            let plain = FieldRef::new(&to.dataset, &to.field);
            let target = match &to.via {
                Some(name) if uses(link, name) => &plain,
                _ => to,
            };
            match self.reach(&link.dataset, target) {
                Ok(path) => {
                    let before = link.outer.steps.len() + 1 + link.inner.steps.len();
                    *steps = u32::try_from(before + path.steps.len()).unwrap_or(u32::MAX);
                    true
                }
                Err(e @ QueryError::AmbiguousPath { .. }) => {
                    problem.get_or_insert(e);
                    false
                }
                Err(_) => false,
            }
        });
        let Some(least) = found.iter().map(|f| f.0).min() else {
            return Err(problem.unwrap_or_else(|| QueryError::NoPath {
                from: from.to_string(),
                to: to.to_string(),
            }));
        };
        found.retain(|f| f.0 == least);
        if found.len() > 1 {
            let relationships: Vec<usize> = found.iter().map(|f| f.1.relationship).collect();
            return Err(self.ambiguous(from, &to.dataset, &relationships));
        }
        found.pop().map(|f| f.1).ok_or_else(|| QueryError::NoPath {
            from: from.to_string(),
            to: to.to_string(),
        })
    }

    /// The time field that dates the rows of a dataset: its own event time, the one that it
    /// declares elsewhere, or the nearest one that it looks up.
    ///
    /// # Errors
    /// `E_NO_PATH` when there is none, `E_AMBIGUOUS_PATH` when several are equally near.
    pub(crate) fn time_field(&self, dataset: &str) -> Result<FieldRef, QueryError> {
        let start = self.number(dataset)?;
        let home = &self.model.datasets[start];
        if let Some(time) = &home.event_time {
            return Ok(FieldRef::new(dataset, time));
        }
        if let Some(elsewhere) = &home.event_time_of {
            return Ok(elsewhere.clone());
        }
        let distances = self.distances(start, false);
        let mut found: Vec<(u32, usize, &String)> = self
            .model
            .datasets
            .iter()
            .enumerate()
            .filter_map(|(i, d)| Some((distances.steps[i]?, i, d.event_time.as_ref()?)))
            .collect();
        found.sort();
        match &found[..] {
            [] => Err(QueryError::NoPath {
                from: dataset.to_string(),
                to: "a date".into(),
            }),
            [(a, first, _), (b, second, _), ..] if a == b => {
                let last = |i: &usize| distances.last[*i].first().copied();
                let both: Vec<usize> = [last(first), last(second)].into_iter().flatten().collect();
                Err(self.ambiguous(dataset, "a date", &both))
            }
            [(_, i, time), ..] => {
                let field = FieldRef::new(&self.model.datasets[*i].name, *time);
                self.reach(dataset, &field)?;
                Ok(field)
            }
        }
    }
}

enum Ways {
    None,
    One(Path),
    Several(Vec<usize>),
}

/// The shortest many-to-one path from a dataset to the dataset of a field.
///
/// # Errors
/// `E_NO_PATH` when none leads there, `E_AMBIGUOUS_PATH` when several shortest ones do and the
/// field names none of their relationships.
pub fn reachable(model: &Model, from: &str, to: &FieldRef) -> Result<Path, QueryError> {
    Graph::new(model).reach(from, to)
}

/// The time field of a dataset: its own event time, or the one that it looks up; none where
/// there is none or where several are equally near.
pub fn time_field_of(model: &Model, dataset: &str) -> Option<FieldRef> {
    Graph::new(model).time_field(dataset).ok()
}

/// Datasets whose rows a measure aggregates, sorted and without repeats.
pub fn home_datasets(model: &Model, measure: &Measure) -> Vec<String> {
    let mut homes = match measure {
        Measure::Metric(name) => model.home_datasets(name),
        Measure::Aggregate { field, .. }
        | Measure::ValueAt { field, .. }
        | Measure::DaysSince { field, .. } => vec![field.dataset.clone()],
        Measure::Rows(dataset) => vec![dataset.clone()],
        Measure::BasketAttach { lines, .. } => vec![lines.clone()],
        Measure::CountOf(query) => query
            .metrics
            .iter()
            .flat_map(|t| home_datasets(model, &t.measure))
            .collect(),
        made => {
            let parts = made.parts();
            parts.iter().flat_map(|p| home_datasets(model, p)).collect()
        }
    };
    homes.sort();
    homes.dedup();
    homes
}
