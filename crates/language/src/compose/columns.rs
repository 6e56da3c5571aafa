//! What stands beside the groups of an answer: keys that tell things of one name apart, the parts of a
//! name, and the rows that have none of it.

use super::finish::all;
use query::{Dimension, Filter, OrderKey, Query};
use semantics::{Expression, FieldRef, Model};

/// A key that stands beside its copy in a table that refers to it is shown once.
pub(super) fn one_copy(query: &mut Query, model: &Model) {
    let plain = query.rank.as_ref().is_none_or(|r| r.per.is_empty()) && query.share.is_none();
    if !plain {
        return;
    }
    let shown = query.dimensions.clone();
    let copied = |d: &Dimension| match d {
        Dimension::Field(f) => model.relationships.iter().any(|r| {
            r.unique
                && r.from == f.dataset
                && r.from_fields == [f.field.clone()]
                && r.to_fields
                    .first()
                    .is_some_and(|to| shown.contains(&Dimension::Field(FieldRef::new(&r.to, to))))
        }),
        _ => false,
    };
    let kept: Vec<usize> = (0..shown.len()).filter(|i| !copied(&shown[*i])).collect();
    if kept.len() == shown.len() {
        return;
    }
    query.dimensions = kept.iter().map(|i| shown[*i].clone()).collect();
    query.order.retain_mut(|o| match &mut o.key {
        OrderKey::Dimension(at) => match kept.iter().position(|k| k == at) {
            Some(now) => {
                *at = now;
                true
            }
            None => false,
        },
        _ => true,
    });
}

/// A name that is put together from its parts is shown with them.
pub(super) fn name_parts(query: &mut Query, model: &Model) {
    let whole: Vec<FieldRef> = query
        .dimensions
        .iter()
        .filter_map(|d| match d {
            Dimension::Field(f) => Some(f.clone()),
            _ => None,
        })
        .collect();
    for field in whole {
        for part in parts_of(&field, model) {
            let part = Dimension::Field(part);
            if !query.dimensions.contains(&part) {
                query.dimensions.push(part);
            }
        }
    }
}

/// The name, with its parts, of what a reference to a row of the same table refers to (an employee's
/// manager).
pub(super) fn referred(field: &FieldRef, model: &Model) -> Vec<FieldRef> {
    let found = model
        .relationships
        .iter()
        .filter(|r| r.unique && r.from == r.to && r.from == field.dataset)
        .find(|r| r.from_fields == [field.field.clone()]);
    let Some(r) = found else { return Vec::new() };
    let Some(name) = model.dataset(&r.to).and_then(|d| d.name_field.as_ref()) else {
        return Vec::new();
    };
    let name = FieldRef::new(&r.to, name);
    let mut shown = vec![name.clone()];
    shown.extend(parts_of(&name, model));
    for field in &mut shown {
        field.via = Some(r.name.clone());
    }
    shown
}

/// The fields that a name is put together from; none if it is a column of its own.
pub(super) fn parts_of(field: &FieldRef, model: &Model) -> Vec<FieldRef> {
    match model.field(field).map(|f| &f.expression) {
        Some(Expression::Concatenate { parts, .. }) => parts
            .iter()
            .filter_map(|p| match p {
                Expression::Field(name) => Some(FieldRef::new(&field.dataset, name)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Things counted for each of what they are linked to over a third table: those that are linked to
/// none are in no group, and said to be left out.
pub(super) fn only_linked(query: &mut Query, model: &Model, notes: &mut Vec<String>) {
    if query.share.is_some() || query.compare.is_some() || query.rank.is_some() {
        return;
    }
    let Some(home) = query
        .metrics
        .first()
        .and_then(|t| query::home_datasets(model, &t.measure).into_iter().next())
    else {
        return;
    };
    let linked: Option<FieldRef> = query.dimensions.iter().find_map(|d| match d {
        Dimension::Field(f) if query::reachable(model, &home, f).is_err() => Some(f.clone()),
        _ => None,
    });
    let Some(field) = linked else { return };
    let label = model
        .field(&field)
        .map_or_else(|| field.to_string(), |f| f.label.to_lowercase());
    let Some(linked) = linked_members(model, &home, &field.dataset) else {
        return;
    };
    notes.push(format!("what belongs to no {label} is left out"));
    query.filter = all(query.filter.take().into_iter().chain([linked]).collect());
}

/// A ranking or a choice is among things that are there: rows without one are set aside, and said.
pub(super) fn only_named(query: &mut Query, model: &Model, notes: &mut Vec<String>) {
    let chosen = query.rank.is_some() || !query.having.is_empty();
    let summed = query.rank.as_ref().is_some_and(|r| r.other.is_some());
    if !chosen || summed || query.share.is_some() || query.compare.is_some() {
        return;
    }
    let fields: Vec<&FieldRef> = query
        .dimensions
        .iter()
        .rev()
        .filter_map(|d| match d {
            Dimension::Field(f) => Some(f),
            _ => None,
        })
        .collect();
    // The thing itself must be there; what is told of it may be missing.
    let thing = fields.iter().find(|f| {
        model
            .entities
            .iter()
            .any(|e| e.key == ***f || e.display == ***f)
    });
    let Some(field) = thing.or(fields.first()).map(|f| (*f).clone()) else {
        return;
    };
    let Some(known) = model.field(&field) else {
        return;
    };
    let fact = query
        .metrics
        .first()
        .and_then(|t| query::home_datasets(model, &t.measure).into_iter().next());
    // The dataset's own column without a gap needs no filter.
    if known.nulls == Some(0) && fact.as_ref() == Some(&field.dataset) {
        return;
    }
    notes.push(format!(
        "rows without a {} are left out of the choice",
        known.label.to_lowercase()
    ));
    let there = Filter::Not(Box::new(Filter::IsNull { field }));
    query.filter = all(query.filter.take().into_iter().chain([there]).collect());
}

/// Whether a filter picks members by this key.
pub(super) fn by_members(filter: Option<&Filter>, key: &FieldRef) -> bool {
    match filter {
        Some(Filter::And(list) | Filter::Or(list)) => list.iter().any(|f| by_members(Some(f), key)),
        Some(Filter::Not(inner)) => by_members(Some(inner), key),
        Some(Filter::Members { field, .. }) => field == key,
        _ => false,
    }
}

/// The rows of a table that a table of pairs links to another one.
fn linked_members(model: &Model, home: &str, other: &str) -> Option<Filter> {
    let links = |from: &str, to: &str| {
        model
            .relationships
            .iter()
            .find(|r| r.from == from && r.to == to && r.unique && r.from_fields.len() == 1)
    };
    let (own, _) = model.datasets.iter().find_map(|d| {
        let own = links(&d.name, home)?;
        let reached = d.name == other || links(&d.name, other).is_some();
        reached.then_some((own, d))
    })?;
    let key = FieldRef::new(&own.from, &own.from_fields[0]);
    let linked = Query {
        dimensions: vec![Dimension::Field(key)],
        ..Query::default()
    };
    Some(Filter::Members {
        field: FieldRef::new(home, &own.to_fields[0]),
        query: Box::new(linked),
    })
}

/// Things of one name are told apart by their key, which stands beside the name.
pub(super) fn identify(query: &mut Query, model: &Model) {
    for entity in &model.entities {
        let display = Dimension::Field(entity.display.clone());
        let Some(id) = &entity.id_field else { continue };
        let key = Dimension::Field(id.clone());
        // A set of keys shows the keys.
        let set = by_members(query.filter.as_ref(), id);
        if (entity.dataset.is_some() || set)
            && query.dimensions.contains(&display)
            && !query.dimensions.contains(&key)
        {
            query.dimensions.push(key);
        }
    }
}
