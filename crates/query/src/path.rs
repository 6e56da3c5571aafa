//! Ways through the relationships: many-to-one look-ups, and bridges over a third dataset.

use crate::{Measure, QueryError};
use semantics::{FieldRef, Model};
use std::collections::VecDeque;

/// Relationships to follow, in order, each from its many side to its one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path {
    /// Indexes into the model's relationships.
    pub steps: Vec<usize>,
}

/// The shortest many-to-one path from a dataset to the dataset of a field.
///
/// # Errors
/// `E_NO_PATH` when none leads there, `E_AMBIGUOUS_PATH` when several shortest ones do and the
/// field names none of their relationships.
pub fn reachable(model: &Model, from: &str, to: &FieldRef) -> Result<Path, QueryError> {
    let found = shortest(model, from, &to.dataset, to.via.as_deref());
    match found.len() {
        0 => Err(QueryError::NoPath {
            from: from.to_string(),
            to: to.dataset.clone(),
        }),
        1 => Ok(found.into_iter().next().unwrap_or_default()),
        _ => {
            let via = found
                .iter()
                .filter_map(|p| p.steps.last())
                .map(|i| model.relationships[*i].name.clone())
                .collect();
            Err(QueryError::AmbiguousPath {
                from: from.to_string(),
                to: to.dataset.clone(),
                via,
            })
        }
    }
}

fn shortest(model: &Model, from: &str, to: &str, via: Option<&str>) -> Vec<Path> {
    if from == to && via.is_none() {
        return vec![Path::default()];
    }
    let mut open: VecDeque<(String, Vec<usize>)> = VecDeque::from([(from.to_string(), Vec::new())]);
    let mut found: Vec<Path> = Vec::new();
    let mut best = usize::MAX;
    while let Some((at, steps)) = open.pop_front() {
        if steps.len() >= best.min(6) {
            continue;
        }
        for (i, relationship) in model.relationships.iter().enumerate() {
            let visited = steps
                .iter()
                .any(|s| model.relationships[*s].to == relationship.to)
                || relationship.to == from
                    && relationship.from == from
                    && via != Some(&relationship.name);
            if relationship.from != at || !relationship.unique || visited {
                continue;
            }
            let mut next = steps.clone();
            next.push(i);
            let named = via.is_none_or(|v| next.iter().any(|s| model.relationships[*s].name == v));
            if relationship.to == to && named {
                best = best.min(next.len());
                found.push(Path { steps: next });
            } else if relationship.to != to {
                open.push_back((relationship.to.clone(), next));
            }
        }
    }
    found.retain(|p| p.steps.len() == best);
    found
}

/// A third dataset that looks up both: rows of `from` and values of `to` belong together where a
/// row of the bridge belongs to both.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bridge {
    pub(crate) dataset: String,
    /// From the bridge to the home dataset.
    pub(crate) home: Path,
}

/// The nearest bridge from a home dataset to the dataset of a field.
pub(crate) fn bridge(model: &Model, from: &str, to: &FieldRef) -> Option<Bridge> {
    let mut found: Vec<(usize, String, Path)> = Vec::new();
    for dataset in &model.datasets {
        if dataset.name == from {
            continue;
        }
        let homes = shortest(model, &dataset.name, from, None);
        let Ok(target) = reachable(model, &dataset.name, to) else {
            continue;
        };
        if let [home] = &homes[..]
            && !home.steps.is_empty()
        {
            found.push((
                home.steps.len() + target.steps.len(),
                dataset.name.clone(),
                home.clone(),
            ));
        }
    }
    found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    found
        .into_iter()
        .next()
        .map(|(_, dataset, home)| Bridge { dataset, home })
}

/// The time field of a dataset: its own event time, or the one that it looks up.
pub fn time_field_of(model: &Model, dataset: &str) -> Option<FieldRef> {
    let home = model.dataset(dataset)?;
    if let Some(time) = &home.event_time {
        return Some(FieldRef::new(dataset, time));
    }
    let mut found: Vec<(usize, FieldRef)> = Vec::new();
    for other in &model.datasets {
        let Some(time) = &other.event_time else {
            continue;
        };
        let field = FieldRef::new(&other.name, time);
        if let Ok(path) = reachable(model, dataset, &field)
            && !path.steps.is_empty()
        {
            found.push((path.steps.len(), field));
        }
    }
    found.sort();
    found.into_iter().next().map(|f| f.1)
}

/// Datasets whose rows a measure aggregates, sorted and without repeats.
pub fn home_datasets(model: &Model, measure: &Measure) -> Vec<String> {
    let mut homes = match measure {
        Measure::Metric(name) => model.home_datasets(name),
        Measure::Aggregate { field, .. } => vec![field.dataset.clone()],
        Measure::Rows(dataset) => vec![dataset.clone()],
        Measure::Ratio {
            numerator: a,
            denominator: b,
        }
        | Measure::Difference { left: a, right: b } => {
            let mut both = home_datasets(model, a);
            both.extend(home_datasets(model, b));
            both
        }
        Measure::Where { measure, .. } | Measure::PerGroup { measure, .. } => {
            home_datasets(model, measure)
        }
        Measure::CountOf(query) => query
            .metrics
            .iter()
            .flat_map(|t| home_datasets(model, &t.measure))
            .collect(),
    };
    homes.sort();
    homes.dedup();
    homes
}
