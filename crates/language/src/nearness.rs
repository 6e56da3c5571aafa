//! What one reading of a question is worth beside another: how far its fields lie from its numbers,
//! whether it speaks of the things that the question names, and whether two readings are one.

use crate::lattice::{Path, Sense};
use query::{Dimension, Measure, Query};
use semantics::Model;

/// The query with each reference to a thing written as the thing's own key: readings that differ in
/// which copy of a key they show are one.
pub(crate) fn same_keys(query: &Query, model: &Model) -> String {
    // What is left out because it has no name makes no other meaning.
    let unnamed = |f: &query::Filter| matches!(f, query::Filter::Not(inner) if matches!(**inner, query::Filter::IsNull { .. }));
    let mut plain = query.clone();
    plain.filter = match plain.filter.take() {
        Some(query::Filter::And(mut parts)) => {
            parts.retain(|p| !unnamed(p));
            match parts.len() {
                0 => None,
                1 => parts.pop(),
                _ => Some(query::Filter::And(parts)),
            }
        }
        Some(f) if unnamed(&f) => None,
        other => other,
    };
    // A measure is what it computes, however it is called.
    for (i, term) in plain.metrics.iter_mut().enumerate() {
        term.name = i.to_string();
        if let Measure::Metric(name) = &term.measure
            && let Some(field) = model.summed_field(name)
        {
            term.measure = Measure::Aggregate {
                aggregation: semantics::Aggregation::Sum,
                field,
            };
        }
    }
    // A key and its copy beside it are one column; the order of rows makes no other meaning.
    let own = |f: &semantics::FieldRef| {
        model
            .relationships
            .iter()
            .find(|r| r.unique && r.from == f.dataset && r.from_fields == [f.field.clone()])
            .and_then(|r| Some(semantics::FieldRef::new(&r.to, r.to_fields.first()?)))
            .unwrap_or_else(|| f.clone())
    };
    let mut columns: Vec<Dimension> = Vec::new();
    for dimension in std::mem::take(&mut plain.dimensions) {
        let column = match dimension {
            Dimension::Field(f) if f.via.is_none() => Dimension::Field(own(&f)),
            other => other,
        };
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    plain.dimensions = columns;
    plain.order.clear();
    plain.filter = plain.filter.map(listed);
    let mut text = query::canonical(&plain);
    for r in &model.relationships {
        if let ([from], [to]) = (&r.from_fields[..], &r.to_fields[..])
            && r.unique
        {
            text = text.replace(
                &format!("\"{}.{from}\"", r.from),
                &format!("\"{}.{to}\"", r.to),
            );
        }
    }
    text
}

/// "equal to 1" written as "one of 1".
fn listed(filter: query::Filter) -> query::Filter {
    match filter {
        query::Filter::And(parts) => query::Filter::And(parts.into_iter().map(listed).collect()),
        query::Filter::Compare {
            field,
            op: query::Operator::Eq,
            value: query::Literal::Integer(value),
        } => query::Filter::In {
            field,
            values: vec![query::Literal::Text(value.to_string())],
        },
        other => other,
    }
}

/// The tables of the things that a way through the question names.
pub(crate) fn spoken_of(path: &Path, model: &Model) -> Vec<String> {
    path.items
        .iter()
        .filter_map(|i| match &i.sense {
            Sense::Named(crate::vocabulary::Named::Entity(e)) => {
                let entity = model.entities.get(*e)?;
                let of = model.dataset(&entity.key.dataset).filter(|d| !d.is_fact);
                entity.dataset.clone().or(of.map(|d| d.name.clone()))
            }
            _ => None,
        })
        .collect()
}

/// "Austria, Germany and the USA": the values of a list are of one column, and not each of another
/// table's.
pub(crate) fn scattered(path: &Path, model: &Model) -> f64 {
    let last = |field: &semantics::FieldRef| {
        let label = model.field(field)?.label.to_lowercase();
        label.rsplit(' ').next().map(str::to_string)
    };
    let mut cost = 0.0;
    let mut before: Option<&semantics::FieldRef> = None;
    for item in &path.items {
        match &item.sense {
            Sense::Value(v) => {
                if let Some(b) = before.filter(|b| **b != v.field)
                    && last(b).is_some()
                    && last(b) == last(&v.field)
                {
                    cost += 0.5;
                }
                before = Some(&v.field);
            }
            Sense::Role(role) if matches!(role.kind, "conj" | "or") => {}
            _ => before = None,
        }
    }
    cost
}

/// "customers whose email …": a column that a table of the things spoken of has as well is meant there.
pub(crate) fn elsewhere(query: &Query, spoken: &[String], model: &Model) -> f64 {
    if spoken.is_empty() {
        return 0.0;
    }
    let mut fields: Vec<semantics::FieldRef> = query
        .dimensions
        .iter()
        .filter_map(|d| match d {
            Dimension::Field(f) => Some(f.clone()),
            _ => None,
        })
        .collect();
    fields.extend(query.rows.iter().flat_map(|r| r.fields.clone()));
    fields.extend(query.metrics.iter().filter_map(|t| match &t.measure {
        Measure::Aggregate { field, .. } => Some(field.clone()),
        _ => None,
    }));
    collect_fields(query.filter.as_ref(), &mut fields);
    let last = |f: &semantics::Field| {
        f.label
            .rsplit(' ')
            .next()
            .unwrap_or_default()
            .to_lowercase()
    };
    let mut cost = 0.0;
    for field in fields {
        let Some(known) = model.field(&field) else {
            continue;
        };
        let noun = last(known);
        let there = |exact: bool| {
            spoken
                .iter()
                .filter_map(|d| model.dataset(d))
                .flat_map(|d| &d.fields)
                .any(|f| {
                    if exact {
                        f.label.eq_ignore_ascii_case(&known.label)
                    } else {
                        last(f) == noun
                    }
                })
        };
        let listed = query
            .rows
            .as_ref()
            .is_some_and(|r| r.dataset == field.dataset);
        if !listed
            && !spoken.contains(&field.dataset)
            && !matches!(noun.as_str(), "id" | "name" | "date")
        {
            if there(true) {
                cost += 0.3;
            } else if there(false) && known.label.contains(' ') {
                cost += 0.25;
            }
        }
    }
    cost
}

/// How far the query's fields lie from its numbers: near fields are the likelier meaning.
pub(crate) fn distance(query: &Query, model: &Model) -> f64 {
    let homes: Vec<String> = query
        .metrics
        .iter()
        .flat_map(|t| query::home_datasets(model, &t.measure))
        .collect();
    let mut far = 0.0;
    if let Some(rows) = &query.rows {
        far += 0.15
            * rows
                .fields
                .iter()
                .filter(|f| {
                    f.dataset != rows.dataset
                        && model
                            .field(f)
                            .is_some_and(|x| x.role == semantics::Role::Measure)
                })
                .count() as f64;
    }
    let mut fields: Vec<semantics::FieldRef> = query
        .dimensions
        .iter()
        .filter_map(|d| match d {
            Dimension::Field(f) => Some(f.clone()),
            _ => None,
        })
        .collect();
    collect_fields(query.filter.as_ref(), &mut fields);
    // A thing counted for each of itself is always one.
    let itself = query.having.is_empty()
        && query.metrics.len() == 1
        && matches!(&query.metrics[0].measure, Measure::Rows(dataset)
            if query.dimensions.iter().any(|d| matches!(d, Dimension::Field(f)
                if model.entities.iter().any(|e| e.dataset.as_ref() == Some(dataset) && e.key == *f))));
    if itself {
        far += 1.0;
    }
    // A look-up reads the row that its filter finds.
    if homes.is_empty() {
        let mut shown: Vec<&str> = query
            .dimensions
            .iter()
            .filter_map(|d| match d {
                Dimension::Field(f) => Some(f.dataset.as_str()),
                _ => None,
            })
            .collect();
        if let Some(rows) = &query.rows {
            shown.extend(rows.fields.iter().map(|f| f.dataset.as_str()));
        }
        let found_in = filtered(query.filter.as_ref());
        if !found_in.is_empty() {
            far += 0.3
                * shown
                    .iter()
                    .filter(|d| found_in.iter().all(|f| f.dataset != **d))
                    .count() as f64;
        }
    }
    for field in &fields {
        let Some(home) = homes.first() else { continue };
        far += match query::reachable(model, home, field) {
            Ok(path) => 0.08 * path.steps.len() as f64,
            Err(_) => 1.5,
        };
        // People mean the customer's place unless they say otherwise.
        let dataset = model.dataset(&field.dataset);
        let place = model.field(field).is_some_and(|f| {
            matches!(
                f.subject,
                semantics::Subject::Country
                    | semantics::Subject::City
                    | semantics::Subject::State
                    | semantics::Subject::Region
            )
        });
        if place
            && field.dataset != *home
            && let Some(dataset) = dataset
        {
            let entity = dataset.entity.as_str();
            let of_customers = query.metrics.first().is_some_and(|t| match &t.measure {
                Measure::Metric(name) => name == "customers",
                _ => false,
            });
            far += if entity.contains("customer") || entity.contains("client") {
                if of_customers { -0.6 } else { -0.2 }
            } else if ["store", "shop", "branch", "outlet"]
                .iter()
                .any(|w| entity.contains(w))
            {
                // A shop's takings are spoken of by the place of the shop.
                -0.4
            } else if ["supplier", "employee", "vendor"]
                .iter()
                .any(|w| entity.contains(w))
            {
                0.3
            } else {
                0.0
            };
            if field.field.starts_with("ship") || field.field.starts_with("bill") {
                far += 0.12;
            }
        }
    }
    far
}

pub(crate) fn filtered(filter: Option<&query::Filter>) -> Vec<semantics::FieldRef> {
    let mut fields = Vec::new();
    collect_fields(filter, &mut fields);
    fields
}

pub(crate) fn collect_fields(filter: Option<&query::Filter>, out: &mut Vec<semantics::FieldRef>) {
    match filter {
        Some(query::Filter::And(list) | query::Filter::Or(list)) => {
            list.iter().for_each(|f| collect_fields(Some(f), out))
        }
        Some(query::Filter::Not(inner)) => collect_fields(Some(inner), out),
        Some(
            query::Filter::In { field, .. }
            | query::Filter::Compare { field, .. }
            | query::Filter::Contains { field, .. }
            | query::Filter::CompareQuery { field, .. },
        ) => out.push(field.clone()),
        _ => {}
    }
}
