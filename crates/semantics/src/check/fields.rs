//! Datasets and fields.

use crate::sql::suggestion;
use crate::{Dataset, Expression, Field, FieldRef, Model, Problem};

pub(super) fn check(model: &Model, problems: &mut Vec<Problem>) {
    for dataset in &model.datasets {
        let place = format!("datasets/{}", dataset.name);
        if bad_name(&dataset.name) {
            problems.push(Problem::error(
                "bad_name",
                place.clone(),
                format!(
                    "`{}` is no name of a dataset: it is empty or holds a dot, a slash or @",
                    dataset.name
                ),
                "write a word such as order_items",
            ));
        }
        if dataset.table.is_empty() && dataset.query.is_none() {
            problems.push(Problem::error(
                "no_source",
                place.clone(),
                format!("it is not said which table `{}` is", dataset.name),
                "name its table, or give a query",
            ));
        }
        parts(dataset, &place, problems);
        for field in &dataset.fields {
            check_field(model, dataset, field, problems);
        }
    }
}

fn bad_name(name: &str) -> bool {
    name.is_empty() || name.contains(['.', '@', '/'])
}

/// Fields that a dataset names.
fn parts(dataset: &Dataset, place: &str, problems: &mut Vec<Problem>) {
    let mut named: Vec<(&str, &str, &String)> = Vec::new();
    named.extend(
        dataset
            .primary_key
            .iter()
            .map(|f| ("primary_key", "unknown_key_field", f)),
    );
    named.extend(
        dataset
            .unique_keys
            .iter()
            .flatten()
            .map(|f| ("unique_keys", "unknown_key_field", f)),
    );
    named.extend(dataset.grain.iter().map(|f| ("grain", "unknown_field", f)));
    named.extend(
        dataset
            .watermark
            .iter()
            .map(|f| ("watermark", "unknown_field", f)),
    );
    named.extend(
        dataset
            .name_field
            .iter()
            .map(|f| ("name_field", "unknown_field", f)),
    );
    if let Some(validity) = &dataset.validity {
        named.push(("validity", "unknown_field", &validity.from));
        named.push(("validity", "unknown_field", &validity.to));
    }
    if let Some(completeness) = &dataset.completeness {
        named.extend(
            completeness
                .rows_per
                .iter()
                .map(|f| ("completeness", "unknown_field", f)),
        );
    }
    for (key, code, name) in named {
        if dataset.field(name).is_none() {
            problems.push(Problem::error(
                code,
                format!("{place}/{key}"),
                format!(
                    "{key} names `{name}`, which is no field of `{}`",
                    dataset.name
                ),
                suggestion(name, dataset.fields.iter().map(|f| f.name.as_str())),
            ));
        }
    }
    if let Some(time) = &dataset.event_time {
        match dataset.field(time) {
            Some(field) if field.data_type.is_temporal() => {}
            found => problems.push(Problem::error(
                "bad_event_time",
                format!("{place}/event_time"),
                match found {
                    Some(_) => format!("the event time `{time}` is no date and no time"),
                    None => format!("the event time `{time}` is no field of `{}`", dataset.name),
                },
                suggestion(
                    time,
                    dataset
                        .fields
                        .iter()
                        .filter(|f| f.data_type.is_temporal())
                        .map(|f| f.name.as_str()),
                ),
            )),
        }
    }
    for filter in &dataset.default_filters {
        for field in filter.fields() {
            if field.dataset == dataset.name && dataset.field(&field.field).is_none() {
                problems.push(unknown(
                    &format!("{place}/default_filters"),
                    dataset,
                    &field.field,
                ));
            }
        }
    }
}

fn unknown(place: &str, dataset: &Dataset, name: &str) -> Problem {
    Problem::error(
        "unknown_field",
        place,
        format!("the dataset `{}` has no field `{name}`", dataset.name),
        suggestion(name, dataset.fields.iter().map(|f| f.name.as_str())),
    )
}

fn check_field(model: &Model, dataset: &Dataset, field: &Field, problems: &mut Vec<Problem>) {
    let place = format!("fields/{}/{}", dataset.name, field.name);
    if bad_name(&field.name) {
        problems.push(Problem::error(
            "bad_field_name",
            place.clone(),
            format!(
                "`{}` is no name of a field: it is empty or holds a dot, a slash or @",
                field.name
            ),
            "write a word such as order_date",
        ));
    }
    for name in field.expression.fields() {
        if dataset.field(name).is_none() {
            problems.push(unknown(&format!("{place}/expression"), dataset, name));
        }
    }
    if let Some(other) = field.expression.lookups().first() {
        problems.push(Problem::error(
            "field_of_two_datasets",
            format!("{place}/expression"),
            format!(
                "`{}` is computed from `{other}` of another dataset",
                field.name
            ),
            "a field belongs to one dataset: compute it in the source query, or inside a metric",
        ));
    }
    for condition in field.expression.conditions() {
        for other in condition.fields() {
            if other.dataset != dataset.name {
                problems.push(Problem::error(
                    "field_of_two_datasets",
                    format!("{place}/expression"),
                    format!("`{}` depends on `{other}` of another dataset", field.name),
                    "a field belongs to one dataset: compute it in the source query, or inside a metric",
                ));
            } else if dataset.field(&other.field).is_none() {
                problems.push(unknown(
                    &format!("{place}/expression"),
                    dataset,
                    &other.field,
                ));
            }
        }
    }
    if reaches(dataset, &field.expression, &field.name, 0) {
        problems.push(Problem::error(
            "cyclic_field",
            format!("{place}/expression"),
            format!("`{}` is computed from itself", field.name),
            "give the column a field of another name, and compute this one from that",
        ));
    }
    let mut others: Vec<(&str, FieldRef)> = Vec::new();
    if let Some(sort) = &field.sort {
        others.push(("sort", FieldRef::new(&dataset.name, sort.as_str())));
    }
    if let Some(hierarchy) = &field.hierarchy {
        others.extend(
            hierarchy
                .parent
                .iter()
                .chain(&hierarchy.child)
                .map(|f| ("hierarchy", f.clone())),
        );
    }
    if let Some(crate::FieldCurrency::Field(currency)) = &field.currency {
        others.push(("currency", currency.clone()));
    }
    for (key, other) in others {
        if model.field(&other).is_none() {
            problems.push(Problem::error(
                "unknown_field",
                format!("{place}/{key}"),
                format!("{key} names `{other}`, which is no field"),
                "write dataset.field",
            ));
        }
    }
}

/// Whether an expression comes back to a field.
fn reaches(dataset: &Dataset, e: &Expression, target: &str, depth: usize) -> bool {
    if depth > dataset.fields.len() {
        // Some other field is computed from itself, and reported there.
        return false;
    }
    let read = e.fields().into_iter().map(str::to_string).chain(
        e.conditions()
            .into_iter()
            .flat_map(|c| c.fields())
            .filter(|f| f.dataset == dataset.name)
            .map(|f| f.field.clone()),
    );
    read.into_iter().any(|name| {
        name == target
            || dataset
                .field(&name)
                .is_some_and(|f| reaches(dataset, &f.expression, target, depth + 1))
    })
}
