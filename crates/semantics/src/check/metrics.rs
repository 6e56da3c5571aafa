//! Metrics.

use super::paths::shortest;
use crate::sql::suggestion;
use crate::{
    Additivity, Aggregation, DataType, Dataset, Expression, FieldRef, Metric, MetricKind, Model,
    Problem,
};
use std::collections::BTreeMap;

pub(super) fn check(model: &Model, problems: &mut Vec<Problem>) {
    for metric in &model.metrics {
        let place = format!("metrics/{}", metric.name);
        for part in metric.parts() {
            if model.metric(part).is_none() {
                problems.push(Problem::error(
                    "unknown_metric",
                    format!("{place}/expression"),
                    format!("`{}` is made of `{part}`, which is no metric", metric.name),
                    suggestion(part, model.metrics.iter().map(|m| m.name.as_str())),
                ));
            }
        }
        if let Some(circle) = circle(model, &metric.name) {
            problems.push(Problem::error(
                "cyclic_metric",
                format!("{place}/expression"),
                format!(
                    "`{}` is made of itself: {}",
                    metric.name,
                    circle.join(" → ")
                ),
                "define one of them by aggregates",
            ));
        }
        match &metric.kind {
            MetricKind::Simple { .. } => simple(model, metric, &place, problems),
            MetricKind::BasketAttach {
                dataset,
                basket,
                base,
                attach,
            } => {
                if let Some(home) = known_home(model, dataset, &place, problems) {
                    let fields = base.fields().into_iter().chain(attach.fields());
                    for field in fields.chain([basket]) {
                        reach(model, home, field, &place, problems);
                    }
                }
            }
            MetricKind::Growth {
                calendar: Some(calendar),
                ..
            } if model.calendar(calendar).is_none() => problems.push(Problem::error(
                "unknown_calendar",
                format!("{place}/calendar"),
                format!("there is no calendar `{calendar}`"),
                suggestion(calendar, model.calendars.iter().map(|c| c.name.as_str())),
            )),
            MetricKind::Cumulative { metric: of, .. } => {
                let levels = model
                    .metric(of)
                    .is_some_and(|m| m.additivity == Additivity::Semi);
                if levels {
                    problems.push(Problem::error(
                        "level_added_up",
                        place.clone(),
                        format!("`{of}` is a level, which is not added up over time"),
                        "take its average over the window, or the level itself",
                    ));
                }
            }
            _ => {}
        }
        times(model, metric, &place, problems);
    }
    grains(model, problems);
}

/// The way from a metric back to itself, if there is one.
fn circle(model: &Model, start: &str) -> Option<Vec<String>> {
    let mut open: Vec<Vec<String>> = vec![vec![start.to_string()]];
    let mut seen: Vec<String> = Vec::new();
    while let Some(way) = open.pop() {
        let Some(metric) = way.last().and_then(|m| model.metric(m)) else {
            continue;
        };
        for part in metric.parts() {
            let mut next = way.clone();
            next.push(part.to_string());
            if part == start {
                return Some(next);
            }
            if !seen.iter().any(|s| s == part) {
                seen.push(part.to_string());
                open.push(next);
            }
        }
    }
    None
}

fn known_home<'m>(
    model: &'m Model,
    dataset: &str,
    place: &str,
    problems: &mut Vec<Problem>,
) -> Option<&'m Dataset> {
    let found = model.dataset(dataset);
    if found.is_none() {
        problems.push(Problem::error(
            "unknown_dataset",
            format!("{place}/dataset"),
            format!("there is no dataset `{dataset}`"),
            suggestion(dataset, model.datasets.iter().map(|d| d.name.as_str())),
        ));
    }
    found
}

fn simple(model: &Model, metric: &Metric, place: &str, problems: &mut Vec<Problem>) {
    let MetricKind::Simple {
        dataset,
        aggregation,
        expression,
        filter,
    } = &metric.kind
    else {
        return;
    };
    let Some(home) = known_home(model, dataset, place, problems) else {
        return;
    };
    let at = format!("{place}/expression");
    if expression.is_none() && *aggregation != Aggregation::Count {
        problems.push(Problem::error(
            "no_field",
            at.clone(),
            format!("it is not said of what `{}` is the aggregate", metric.name),
            "name a field; only rows are counted without one",
        ));
    }
    if let Aggregation::Percentile(p) = aggregation
        && !(1..=99).contains(p)
    {
        problems.push(Problem::error(
            "bad_percentile",
            at.clone(),
            format!("a percentile is between 1 and 99, not {p}"),
            "write a whole number of percent",
        ));
    }
    if let Some(e) = expression {
        for name in e.fields() {
            match home.field(name) {
                None => problems.push(Problem::error(
                    "unknown_field",
                    at.clone(),
                    format!("the dataset `{dataset}` has no field `{name}`"),
                    suggestion(name, home.fields.iter().map(|f| f.name.as_str())),
                )),
                Some(field)
                    if matches!(aggregation, Aggregation::Sum | Aggregation::Average)
                        && matches!(e, Expression::Field(_))
                        && matches!(
                            field.data_type,
                            DataType::Text
                                | DataType::Date
                                | DataType::Timestamp
                                | DataType::Opaque
                        ) =>
                {
                    problems.push(Problem::error(
                        "sum_of_no_number",
                        at.clone(),
                        format!("`{}` adds up `{name}`, which holds no numbers", metric.name),
                        "count it, or state the type of the field",
                    ));
                }
                Some(_) => {}
            }
        }
        for field in e.lookups() {
            reach(model, home, field, &at, problems);
        }
        for field in e.conditions().into_iter().flat_map(|c| c.fields()) {
            reach(model, home, field, &at, problems);
        }
    }
    for field in filter.iter().flat_map(|f| f.fields()) {
        reach(model, home, field, &at, problems);
    }
    if metric.additivity == Additivity::Semi {
        level(model, metric, home, place, problems);
    }
}

/// A level needs a time over which it is not added up, and items that it is the level of.
fn level(model: &Model, metric: &Metric, home: &Dataset, place: &str, problems: &mut Vec<Problem>) {
    let stated = metric
        .semi_additive
        .as_ref()
        .and_then(|s| s.non_additive_over.as_ref());
    let at = format!("{place}/additivity");
    if let Some(over) = stated {
        match model.field(over) {
            Some(field) if field.data_type.is_temporal() => {
                reach(model, home, over, &at, problems);
            }
            found => problems.push(Problem::error(
                "unknown_field",
                at.clone(),
                match found {
                    Some(_) => format!("`{over}` is no date and no time"),
                    None => format!("there is no field `{over}`"),
                },
                "name the field that dates a snapshot",
            )),
        }
    }
    // Without a time the table holds one snapshot, and nothing can be added up over time.
    let over = stated
        .filter(|f| f.dataset == home.name)
        .map(|f| f.field.clone())
        .or_else(|| home.event_time.clone());
    let Some(over) = over else { return };
    let key = if home.grain.is_empty() {
        &home.primary_key
    } else {
        &home.grain
    };
    if !key.iter().any(|k| *k != over) {
        problems.push(
            Problem::error(
                "metric_without_grain",
                place,
                format!(
                    "`{}` is a level, and it is not said what a row of `{}` is the level of",
                    metric.name, home.name
                ),
                format!(
                    "give `{}` a primary_key of the date and the items, such as [{over}, product_id, store_id]",
                    home.name
                ),
            )
            .warning(),
        );
    }
}

/// Reports a field that is not there, or that the home does not look up in one way.
fn reach(
    model: &Model,
    home: &Dataset,
    field: &FieldRef,
    place: &str,
    problems: &mut Vec<Problem>,
) {
    let Some(target) = model.dataset(&field.dataset) else {
        problems.push(Problem::error(
            "unknown_dataset",
            place,
            format!("there is no dataset `{}`", field.dataset),
            suggestion(
                &field.dataset,
                model.datasets.iter().map(|d| d.name.as_str()),
            ),
        ));
        return;
    };
    if target.field(&field.field).is_none() {
        problems.push(Problem::error(
            "unknown_field",
            place,
            format!(
                "the dataset `{}` has no field `{}`",
                target.name, field.field
            ),
            suggestion(&field.field, target.fields.iter().map(|f| f.name.as_str())),
        ));
        return;
    }
    if let Some(via) = &field.via {
        if model.relationships.iter().all(|r| r.name != *via) {
            problems.push(Problem::error(
                "unknown_relationship",
                place,
                format!("there is no relationship `{via}`"),
                suggestion(via, model.relationships.iter().map(|r| r.name.as_str())),
            ));
        }
        return;
    }
    let ways = shortest(model, &home.name, &target.name);
    match ways.len() {
        1 => {}
        0 => problems.push(Problem::error(
            "no_path",
            place,
            format!(
                "`{}` does not look `{}` up many-to-one, so that `{field}` has no one value there",
                home.name, target.name
            ),
            format!(
                "add a relationship from `{}`, or the primary key of the one side of the way there",
                home.name
            ),
        )),
        _ => {
            let names: Vec<&str> = ways
                .iter()
                .filter_map(|w| w.last())
                .map(|i| model.relationships[*i].name.as_str())
                .collect();
            problems.push(Problem::error(
                "ambiguous_path",
                place,
                format!(
                    "from `{}` there are several ways to `{field}`: {}",
                    home.name,
                    names.join(", ")
                ),
                format!("write \"{}@{}\"", field.field, names[0]),
            ));
        }
    }
}

/// Time fields that place metrics in time.
fn times(model: &Model, metric: &Metric, place: &str, problems: &mut Vec<Problem>) {
    let mut named: Vec<(&str, &FieldRef)> = Vec::new();
    if let Some(field) = &metric.time_field {
        named.push(("time_dimension", field));
    }
    if let Some(basis) = &metric.date_basis {
        named.push(("date_basis", &basis.numerator));
        named.push(("date_basis", &basis.denominator));
    }
    for (key, field) in named {
        match model.field(field) {
            Some(found) if found.data_type.is_temporal() => {}
            found => problems.push(Problem::error(
                "bad_time_field",
                format!("{place}/{key}"),
                match found {
                    Some(_) => format!("`{field}` is no date and no time"),
                    None => format!("there is no field `{field}`"),
                },
                "name a date or time as dataset.field",
            )),
        }
    }
    if let (Some(field), MetricKind::Simple { dataset, .. }) = (&metric.time_field, &metric.kind)
        && let Some(home) = model.dataset(dataset)
        && model.field(field).is_some()
    {
        reach(
            model,
            home,
            field,
            &format!("{place}/time_dimension"),
            problems,
        );
    }
}

/// Datasets of metrics of which it is not known what one row is. Where nothing is joined, nothing
/// can count twice.
fn grains(model: &Model, problems: &mut Vec<Problem>) {
    let mut of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for metric in &model.metrics {
        if let MetricKind::Simple { dataset, .. } | MetricKind::BasketAttach { dataset, .. } =
            &metric.kind
        {
            of.entry(dataset).or_default().push(&metric.name);
        }
    }
    for dataset in &model.datasets {
        let joined = model
            .relationships
            .iter()
            .any(|r| r.from == dataset.name || r.to == dataset.name);
        let Some(metrics) = of.get(dataset.name.as_str()).filter(|_| joined) else {
            continue;
        };
        if dataset.primary_key.is_empty()
            && dataset.unique_keys.is_empty()
            && dataset.grain.is_empty()
        {
            problems.push(
                Problem::error(
                    "metric_without_grain",
                    format!("metrics/{}", metrics[0]),
                    format!(
                        "it is not said what one row of `{}` is, over which {} {} computed",
                        dataset.name,
                        metrics.join(", "),
                        if metrics.len() == 1 { "is" } else { "are" }
                    ),
                    format!(
                        "add the primary_key of `{}`, or its `grain` in the overlay",
                        dataset.name
                    ),
                )
                .warning(),
            );
        }
    }
}
