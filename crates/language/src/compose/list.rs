//! Queries that list: the lines of an order, rows of a table, the members of a field.

use super::columns::{by_members, identify, parts_of, referred};
use super::draft::Draft;
use super::finish::all;
use super::{Misfit, Scene};
use query::{Dimension, Direction, Measure, Order, OrderKey, Query, RowsOf, TimeScope};
use semantics::{Expression, FieldRef, MetricKind, Model, Role, Subject};

/// The dataset whose rows are listed, when the question asks for the lines of one order or for records.
pub(super) fn listed_rows(draft: &Draft, model: &Model) -> Option<String> {
    if let Some(rows) = &draft.rows {
        return Some(rows.clone());
    }
    let order = draft
        .filters
        .iter()
        .filter_map(|b| b.field.as_ref())
        .find(|f| {
            model
                .field(f)
                .is_some_and(|x| x.subject == Subject::OrderNumber || x.role == Role::Id)
                && tells_rows_apart(f, model)
        });
    let order = order?;
    let columns = draft.fields.len() + draft.measures.len();
    if draft.counted
        || draft.rank.is_some()
        || draft.share.is_some()
        || draft.compare.is_some()
        || draft.aggregated
        || columns < 2
    {
        return None;
    }
    // The lines of the order: the finest dataset that holds the asked columns.
    let mut datasets: Vec<String> = draft
        .measures
        .iter()
        .flat_map(|m| query::home_datasets(model, &m.measure))
        .collect();
    datasets.extend(draft.fields.iter().map(|f| f.dataset.clone()));
    let finest = model.datasets.iter().filter(|d| d.is_fact).find(|d| {
        datasets.iter().all(|x| {
            query::reachable(
                model,
                &d.name,
                &FieldRef::new(
                    x,
                    model
                        .dataset(x)
                        .and_then(|y| y.fields.first())
                        .map_or(String::new(), |f| f.name.clone()),
                ),
            )
            .is_ok()
        }) && query::reachable(model, &d.name, order).is_ok()
            && datasets.contains(&d.name)
    });
    finest
        .map(|d| d.name.clone())
        .or_else(|| Some(order.dataset.clone()))
}

/// Whether a field is a key, or refers to one.
fn tells_rows_apart(field: &FieldRef, model: &Model) -> bool {
    model
        .dataset(&field.dataset)
        .is_some_and(|d| d.primary_key == [field.field.clone()])
        || model
            .relationships
            .iter()
            .any(|r| r.from == field.dataset && r.from_fields == [field.field.clone()])
        || model.entities.iter().any(|e| e.key == *field)
}

fn as_field(measure: &Measure, model: &Model) -> Option<FieldRef> {
    match measure {
        Measure::Aggregate { field, .. } => Some(field.clone()),
        Measure::Metric(name) => match &model.metric(name)?.kind {
            MetricKind::Simple {
                dataset,
                expression: Some(Expression::Field(f)),
                ..
            } => Some(FieldRef::new(dataset, f)),
            // The average price of a line is its price.
            MetricKind::Ratio { .. } if name == "average_price" => {
                model.datasets.iter().filter(|d| d.is_fact).find_map(|d| {
                    d.fields
                        .iter()
                        .find(|f| f.subject == Subject::UnitPrice)
                        .map(|f| FieldRef::new(&d.name, &f.name))
                })
            }
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn rows_query(draft: Draft, dataset: String, scene: &Scene) -> Result<Query, Misfit> {
    let model = scene.model;
    let mut fields: Vec<FieldRef> = Vec::new();
    for field in &draft.fields {
        if !fields.contains(field) {
            fields.push(field.clone());
        }
    }
    for measure in &draft.measures {
        let Some(field) = as_field(&measure.measure, model) else {
            return Err(Misfit::Missing("a column for each thing asked"));
        };
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    if fields.is_empty() {
        let Some(known) = model.dataset(&dataset) else {
            return Err(Misfit::Missing("columns"));
        };
        fields = known
            .fields
            .iter()
            .filter(|f| f.data_type != semantics::DataType::Opaque && f.role != Role::Text)
            .take(12)
            .map(|f| FieldRef::new(&dataset, &f.name))
            .collect();
    }
    let time = draft
        .period
        .as_ref()
        .zip(model.default_time.clone())
        .map(|(p, field)| TimeScope {
            field,
            range: Some(p.to_range()),
            calendar: None,
        });
    Ok(Query {
        rows: Some(RowsOf::new(dataset, fields)),
        filter: all(draft.filters.into_iter().map(|b| b.filter).collect()),
        time,
        ..Query::default()
    })
}

pub(super) fn list_query(draft: Draft, scene: &Scene) -> Result<Query, Misfit> {
    let model = scene.model;
    if draft.dimensions.is_empty() && draft.fields.is_empty() {
        return Err(Misfit::Missing("a measure or something to list"));
    }
    if !draft.having.is_empty() {
        return Err(Misfit::Missing("a measure for the limit"));
    }
    let time = draft
        .period
        .as_ref()
        .zip(model.default_time.clone())
        .map(|(p, field)| TimeScope {
            field,
            range: Some(p.to_range()),
            calendar: None,
        });
    let filter = all(draft.filters.iter().map(|b| b.filter.clone()).collect());
    let home = draft
        .subject
        .and_then(|s| model.entities[s].dataset.clone())
        .or_else(|| draft.fields.first().map(|f| f.dataset.clone()));
    let own_rows = draft
        .subject
        .is_some_and(|s| model.entities[s].dataset.is_some())
        || draft.fields.len() > 1;
    if let (Some(dataset), true) = (home, own_rows && time.is_none()) {
        let mut fields: Vec<FieldRef> = Vec::new();
        for field in draft.dimensions.iter().filter_map(|d| match d {
            Dimension::Field(f) => Some(f),
            _ => None,
        }) {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        }
        for field in &draft.fields {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        }
        for field in fields.clone() {
            for part in parts_of(&field, model) {
                if !fields.contains(&part) {
                    fields.push(part);
                }
            }
        }
        for field in fields.clone() {
            fields.extend(referred(&field, model));
        }
        let distinct = !fields.iter().any(|f| f.dataset == dataset);
        let order = match (fields.first(), draft.alphabetical) {
            (Some(first), true) => vec![Order {
                key: OrderKey::Field(first.clone()),
                direction: Direction::Ascending,
            }],
            _ => Vec::new(),
        };
        return Ok(Query {
            order,
            rows: Some(RowsOf {
                distinct,
                ..RowsOf::new(dataset, fields)
            }),
            filter,
            time,
            ..Query::default()
        });
    }
    let mut dimensions = draft.dimensions;
    for dimension in dimensions.clone() {
        if let Dimension::Field(field) = &dimension {
            dimensions.extend(referred(field, model).into_iter().map(Dimension::Field));
        }
    }
    let mut query = Query {
        dimensions,
        filter,
        time,
        ..Query::default()
    };
    if by_key(&query, model) {
        identify(&mut query, model);
    }
    Ok(query)
}

/// Whether a set of keys picks what is listed.
fn by_key(query: &Query, model: &Model) -> bool {
    model
        .entities
        .iter()
        .filter_map(|e| e.id_field.as_ref())
        .any(|id| by_members(query.filter.as_ref(), id))
}
