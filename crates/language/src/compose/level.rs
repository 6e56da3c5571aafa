//! Drilling down and rolling up: which group lies under or over another.

use super::{Misfit, Scene};
use query::{Dialect, Dimension, Filter, Grain, Query};
use semantics::{FieldRef, Model, Role, Subject};

/// Places and goods from the coarsest to the finest.
const PLACES: &[Subject] = &[
    Subject::Region,
    Subject::Country,
    Subject::State,
    Subject::City,
];
const TIMES: &[Grain] = &[
    Grain::Year,
    Grain::Quarter,
    Grain::Month,
    Grain::Week,
    Grain::Day,
];

/// The fields of the model from coarse to fine, by family.
fn ladders(model: &Model) -> Vec<Vec<FieldRef>> {
    let of = |wanted: &dyn Fn(&semantics::Field) -> bool| -> Vec<FieldRef> {
        model
            .datasets
            .iter()
            .flat_map(|d| {
                d.fields
                    .iter()
                    .filter(|f| f.role == Role::Dimension && wanted(f))
                    .map(|f| FieldRef::new(&d.name, &f.name))
            })
            .collect()
    };
    let named = |word: &'static str| {
        move |f: &semantics::Field| f.name == word || f.name == format!("{word}_name")
    };
    let mut goods: Vec<FieldRef> = Vec::new();
    for word in ["department", "division", "category"] {
        goods.extend(of(&named(word)));
    }
    for word in ["sub_category", "subcategory"] {
        goods.extend(of(&named(word)));
    }
    goods.extend(of(&|f: &semantics::Field| f.subject == Subject::Product));
    let mut places: Vec<FieldRef> = PLACES
        .iter()
        .flat_map(|s| of(&|f: &semantics::Field| f.subject == *s))
        .collect();
    places.extend(of(&|f: &semantics::Field| f.subject == Subject::Store));
    vec![goods, places]
}

/// Puts the groups of the query one level down (+1) or up (−1); a field that is filtered to one
/// value is the level to go down from.
pub(super) fn moved(by: i8, query: &mut Query, scene: &Scene) -> Result<(), Misfit> {
    let model = scene.model;
    let filtered = one_value(query.filter.as_ref());
    let from = filtered
        .iter()
        .cloned()
        .chain(query.dimensions.iter().rev().filter_map(|d| match d {
            Dimension::Field(f) => Some(f.clone()),
            _ => None,
        }));
    for field in from {
        for ladder in ladders(model) {
            let Some(at) = ladder.iter().position(|f| *f == field) else {
                continue;
            };
            let next: Vec<FieldRef> = if by > 0 {
                ladder[at + 1..].to_vec()
            } else {
                ladder[..at].iter().rev().cloned().collect()
            };
            for candidate in next {
                let mut tried = query.clone();
                tried
                    .dimensions
                    .retain(|d| !matches!(d, Dimension::Field(_)));
                tried.dimensions.push(Dimension::Field(candidate.clone()));
                tried.rank = None;
                tried.order.clear();
                let distinct = filtered.contains(&candidate);
                if !distinct && query::compile(model, &tried, Dialect::DuckDb).is_ok() {
                    *query = tried;
                    return Ok(());
                }
            }
        }
    }
    let running = query.dimensions.iter_mut().find_map(|d| match d {
        Dimension::Time(g) if !g.is_cyclic() => Some(g),
        _ => None,
    });
    if let Some(grain) = running
        && let Some(at) = TIMES.iter().position(|g| g == grain)
        && let Some(next) = at
            .checked_add_signed(isize::from(by))
            .and_then(|i| TIMES.get(i))
    {
        *grain = *next;
        return Ok(());
    }
    Err(Misfit::Missing("which level is meant"))
}

/// The fields that a filter leaves one value of.
fn one_value(filter: Option<&Filter>) -> Vec<FieldRef> {
    match filter {
        Some(Filter::And(list)) => list.iter().rev().flat_map(|f| one_value(Some(f))).collect(),
        Some(Filter::In { field, values }) if values.len() == 1 => vec![field.clone()],
        _ => Vec::new(),
    }
}
