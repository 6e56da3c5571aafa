//! Relationships, and the ways that they make.

use super::paths::shortest;
use crate::sql::suggestion;
use crate::{MetricKind, Model, Problem, Relationship};
use std::collections::BTreeSet;

pub(super) fn check(model: &Model, problems: &mut Vec<Problem>) {
    for relationship in &model.relationships {
        sides(model, relationship, problems);
    }
    ambiguous(model, problems);
}

fn sides(model: &Model, relationship: &Relationship, problems: &mut Vec<Problem>) {
    let place = format!("relationships/{}", relationship.name);
    let mut sound = true;
    for (key, columns, name, fields) in [
        (
            "from",
            "from_columns",
            &relationship.from,
            &relationship.from_fields,
        ),
        (
            "to",
            "to_columns",
            &relationship.to,
            &relationship.to_fields,
        ),
    ] {
        match model.dataset(name) {
            None => {
                sound = false;
                problems.push(Problem::error(
                    "unknown_dataset",
                    format!("{place}/{key}"),
                    format!("there is no dataset `{name}`"),
                    suggestion(name, model.datasets.iter().map(|d| d.name.as_str())),
                ));
            }
            Some(dataset) => {
                for field in fields.iter().filter(|f| dataset.field(f).is_none()) {
                    sound = false;
                    problems.push(Problem::error(
                        "unknown_field",
                        format!("{place}/{columns}"),
                        format!("the dataset `{name}` has no field `{field}`"),
                        suggestion(field, dataset.fields.iter().map(|f| f.name.as_str())),
                    ));
                }
            }
        }
    }
    if relationship.from_fields.len() != relationship.to_fields.len()
        || relationship.from_fields.is_empty()
    {
        sound = false;
        problems.push(Problem::error(
            "key_length",
            place.clone(),
            format!(
                "one side has {} columns, the other {}",
                relationship.from_fields.len(),
                relationship.to_fields.len()
            ),
            "both sides need the same number of columns, at least one",
        ));
    }
    if sound && !relationship.unique {
        problems.push(
            Problem::error(
                "one_side_not_unique",
                format!("{place}/to_columns"),
                format!(
                    "no key says that {} tells the rows of `{}` apart, so that many of them may fit \
                     one row of `{}`",
                    relationship.to_fields.join(", "),
                    relationship.to,
                    relationship.from
                ),
                format!(
                    "if it does, add primary_key: [{}] to `{}`; if not, questions across the \
                     relationship are answered only where nothing counts twice",
                    relationship.to_fields.join(", "),
                    relationship.to
                ),
            )
            .warning(),
        );
    }
}

/// Datasets that are reached in several ways from where metrics live. Ways whose relationships
/// have roles are told apart by them.
fn ambiguous(model: &Model, problems: &mut Vec<Problem>) {
    let homes: BTreeSet<&str> = model
        .metrics
        .iter()
        .filter_map(|m| match &m.kind {
            MetricKind::Simple { dataset, .. } | MetricKind::BasketAttach { dataset, .. } => {
                Some(dataset.as_str())
            }
            _ => None,
        })
        .collect();
    let mut told: BTreeSet<Vec<usize>> = BTreeSet::new();
    for home in homes {
        for to in &model.datasets {
            let ways = shortest(model, home, &to.name);
            if ways.len() < 2 {
                continue;
            }
            // Where the ways part.
            let shared = (0..ways[0].len())
                .take_while(|i| ways.iter().all(|w| w[*i] == ways[0][*i]))
                .count();
            let parting: BTreeSet<usize> = ways.iter().map(|w| w[shared]).collect();
            let ends: BTreeSet<usize> = ways.iter().filter_map(|w| w.last().copied()).collect();
            let known = |set: &BTreeSet<usize>| {
                set.len() == ways.len()
                    && set.iter().all(|i| model.relationships[*i].role.is_some())
            };
            if known(&parting) || known(&ends) {
                continue;
            }
            if !told.insert(parting.iter().copied().collect()) {
                continue;
            }
            let names: Vec<&str> = parting
                .iter()
                .map(|i| model.relationships[*i].name.as_str())
                .collect();
            problems.push(
                Problem::error(
                    "ambiguous_path",
                    format!("relationships/{}", names[names.len() - 1]),
                    format!(
                        "from `{home}` there are several ways to `{}`: {}",
                        to.name,
                        names.join(", ")
                    ),
                    format!(
                        "give each of them a `role` in the overlay, such as `buyer`; a query names \
                         one of them with {}.field@{}",
                        to.name, names[0]
                    ),
                )
                .warning(),
            );
        }
    }
}
