//! What the overlay says of metrics.

use super::Overlay;
use super::document::{AdditivityEntry, Condition, MetricEntry, MetricType, OneOrMany, Polarity};
use super::fields::{additivity, unit};
use crate::draft::Draft;
use crate::gaps::MetricGaps;
use crate::ossie::{Definition, WrittenMetric, tree_of, written_tree};
use crate::sql::{Columns, Inexpressible, MetricTree, Names, condition, looks_up, row};
use crate::{
    Additivity, Aggregation, CumulativeWindow, FieldRef, Literal, Metric, MetricKind, Operator,
    RowFilter, SemiAdditive, Unit,
};
use std::collections::BTreeMap;

/// Whether an entry says what the metric is.
pub(crate) fn defines(entry: &MetricEntry) -> bool {
    entry.metric_type.is_some()
        || entry.aggregation.is_some()
        || entry.expression.is_some()
        || entry.numerator.is_some()
        || entry.left.is_some()
        || entry.of.is_some()
        || entry.base.is_some()
}

/// All metrics: those of the document, then those that only the overlay has; an overlay that
/// lists all of them gives their order.
pub(crate) fn metric_order(overlay: &Overlay, document: &[String]) -> Vec<String> {
    let listed: Vec<String> = overlay.metrics.iter().map(|(n, _)| n.to_string()).collect();
    if document.iter().all(|n| listed.contains(n)) {
        return listed;
    }
    let mut order = document.to_vec();
    order.extend(listed.into_iter().filter(|n| !document.contains(n)));
    order
}

/// What an entry defines.
pub(crate) fn definition(
    draft: &mut Draft,
    name: &str,
    entry: &MetricEntry,
    order: &[String],
    written: Option<&WrittenMetric>,
) -> Definition {
    let Some(kind) = kind_of(entry) else {
        draft.overlay_error(
            "metric_without_type",
            &["metrics", name],
            format!("it is not said what kind of metric `{name}` is"),
            "add a type: simple, ratio, difference, derived, cumulative, growth or basket_attach",
        );
        return Definition::Refused;
    };
    if let Some((key, belongs)) = misplaced(entry, kind) {
        draft.overlay_error(
            "misplaced_key",
            &["metrics", name, key],
            format!("`{key}` says nothing about a metric of this type"),
            format!("it belongs to {belongs}"),
        );
        return Definition::Refused;
    }
    match kind {
        MetricType::Simple => simple(draft, name, entry, written, order),
        MetricType::Ratio => pair(
            draft,
            name,
            (&entry.numerator, "numerator"),
            (&entry.denominator, "denominator"),
            order,
        )
        .map(|(numerator, denominator)| MetricKind::Ratio {
            numerator,
            denominator,
        })
        .or_else_written(
            draft,
            entry.numerator.is_none() && entry.denominator.is_none(),
            written,
            order,
        ),
        MetricType::Difference => pair(
            draft,
            name,
            (&entry.left, "left"),
            (&entry.right, "right"),
            order,
        )
        .map(|(left, right)| MetricKind::Difference { left, right })
        .or_else_written(
            draft,
            entry.left.is_none() && entry.right.is_none(),
            written,
            order,
        ),
        MetricType::Derived => match &entry.expression {
            Some(text) => {
                let read = tree_of(draft, text, order).and_then(|tree| match tree {
                    MetricTree::Aggregate(_) => Err(Inexpressible::new(
                        "not_derived",
                        "the expression is one aggregate",
                        "write type: simple, or leave the type out",
                    )),
                    tree => Ok(tree),
                });
                match draft.told(&["metrics", name, "expression"], read) {
                    Some(tree) => Definition::Tree(tree),
                    None => Definition::Refused,
                }
            }
            None => written
                .and_then(|w| written_tree(draft, w, order))
                .map_or_else(|| needs(draft, name, "expression"), Definition::Tree),
        },
        MetricType::Cumulative => {
            let Some(metric) = known_metric(draft, name, &entry.of, "of", order) else {
                return Definition::Refused;
            };
            let window = match (entry.window, entry.to_date) {
                (Some(_), Some(_)) => {
                    draft.overlay_error(
                        "misplaced_key",
                        &["metrics", name, "to_date"],
                        "`window` and `to_date` say two things",
                        "leave one of them out",
                    );
                    return Definition::Refused;
                }
                (Some(length), None) => CumulativeWindow::Trailing(length),
                (None, Some(unit)) => CumulativeWindow::ToDate(unit),
                (None, None) => CumulativeWindow::All,
            };
            Definition::Kind(Box::new(MetricKind::Cumulative { metric, window }))
        }
        MetricType::Growth => {
            let Some(metric) = known_metric(draft, name, &entry.of, "of", order) else {
                return Definition::Refused;
            };
            let Some(offset) = entry.offset else {
                return needs(draft, name, "offset");
            };
            Definition::Kind(Box::new(MetricKind::Growth {
                metric,
                offset,
                show: entry.show.unwrap_or_default(),
                align: entry.align.unwrap_or_default(),
                calendar: entry.calendar.clone(),
            }))
        }
        MetricType::BasketAttach => basket(draft, name, entry),
    }
}

/// A definition from the overlay, or the formula of the document where the overlay names no parts.
trait OrWritten {
    fn or_else_written(
        self,
        draft: &Draft,
        silent: bool,
        written: Option<&WrittenMetric>,
        order: &[String],
    ) -> Definition;
}

impl OrWritten for Option<MetricKind> {
    fn or_else_written(
        self,
        draft: &Draft,
        silent: bool,
        written: Option<&WrittenMetric>,
        order: &[String],
    ) -> Definition {
        match self {
            Some(kind) => Definition::Kind(Box::new(kind)),
            None if silent => written
                .and_then(|w| written_tree(draft, w, order))
                .map_or(Definition::Refused, Definition::Tree),
            None => Definition::Refused,
        }
    }
}

fn kind_of(entry: &MetricEntry) -> Option<MetricType> {
    entry.metric_type.or(if entry.numerator.is_some() {
        Some(MetricType::Ratio)
    } else if entry.left.is_some() {
        Some(MetricType::Difference)
    } else if entry.base.is_some() {
        Some(MetricType::BasketAttach)
    } else if entry.aggregation.is_some() {
        Some(MetricType::Simple)
    } else {
        None
    })
}

/// A key that belongs to metrics of another type, and to which.
fn misplaced(entry: &MetricEntry, kind: MetricType) -> Option<(&'static str, &'static str)> {
    use MetricType::{BasketAttach, Cumulative, Derived, Difference, Growth, Ratio, Simple};
    let rules: [(&str, bool, &[MetricType], &str); 17] = [
        (
            "dataset",
            entry.dataset.is_some(),
            &[Simple, BasketAttach],
            "simple and basket_attach",
        ),
        (
            "aggregation",
            entry.aggregation.is_some(),
            &[Simple],
            "simple",
        ),
        (
            "expression",
            entry.expression.is_some(),
            &[Simple, Derived],
            "simple and derived",
        ),
        ("filter", entry.filter.is_some(), &[Simple], "simple"),
        ("numerator", entry.numerator.is_some(), &[Ratio], "ratio"),
        (
            "denominator",
            entry.denominator.is_some(),
            &[Ratio],
            "ratio",
        ),
        ("left", entry.left.is_some(), &[Difference], "difference"),
        ("right", entry.right.is_some(), &[Difference], "difference"),
        (
            "of",
            entry.of.is_some(),
            &[Cumulative, Growth],
            "cumulative and growth",
        ),
        ("offset", entry.offset.is_some(), &[Growth], "growth"),
        ("show", entry.show.is_some(), &[Growth], "growth"),
        ("align", entry.align.is_some(), &[Growth], "growth"),
        ("calendar", entry.calendar.is_some(), &[Growth], "growth"),
        (
            "window",
            entry.window.is_some(),
            &[Cumulative],
            "cumulative",
        ),
        (
            "to_date",
            entry.to_date.is_some(),
            &[Cumulative],
            "cumulative",
        ),
        (
            "base",
            entry.base.is_some(),
            &[BasketAttach],
            "basket_attach",
        ),
        (
            "attach",
            entry.attach.is_some(),
            &[BasketAttach],
            "basket_attach",
        ),
    ];
    rules
        .iter()
        .find(|(_, given, kinds, _)| *given && !kinds.contains(&kind))
        .map(|(key, _, _, belongs)| (*key, *belongs))
}

fn needs(draft: &mut Draft, name: &str, key: &str) -> Definition {
    draft.overlay_error(
        "missing_key",
        &["metrics", name],
        format!("the metric `{name}` has no `{key}`"),
        format!("add {key}"),
    );
    Definition::Refused
}

/// A metric that is named and there.
fn known_metric(
    draft: &mut Draft,
    name: &str,
    given: &Option<String>,
    key: &str,
    order: &[String],
) -> Option<String> {
    match given {
        Some(metric) if order.contains(metric) => Some(metric.clone()),
        Some(metric) => {
            let fix = crate::sql::suggestion(metric, order.iter().map(String::as_str));
            draft.overlay_error(
                "unknown_metric",
                &["metrics", name, key],
                format!("there is no metric `{metric}`"),
                fix,
            );
            None
        }
        None => {
            needs(draft, name, key);
            None
        }
    }
}

fn pair(
    draft: &mut Draft,
    name: &str,
    one: (&Option<String>, &str),
    other: (&Option<String>, &str),
    order: &[String],
) -> Option<(String, String)> {
    if one.0.is_none() && other.0.is_none() {
        return None;
    }
    let one = known_metric(draft, name, one.0, one.1, order);
    let other = known_metric(draft, name, other.0, other.1, order);
    one.zip(other)
}

/// An aggregate: of the overlay, or that of the document with the overlay's filter.
fn simple(
    draft: &mut Draft,
    name: &str,
    entry: &MetricEntry,
    written: Option<&WrittenMetric>,
    order: &[String],
) -> Definition {
    let from_document = match written {
        Some(w) if entry.aggregation.is_none() => match written_tree(draft, w, order) {
            Some(MetricTree::Aggregate(a)) => Some(a),
            _ => None,
        },
        _ => None,
    };
    let (dataset, aggregation) = match (&entry.dataset, entry.aggregation, &from_document) {
        (_, None, Some(known)) => (known.dataset.clone(), known.aggregation),
        (Some(dataset), Some(aggregation), _) => (dataset.clone(), aggregation),
        (None, _, _) => return needs(draft, name, "dataset"),
        (_, None, None) => return needs(draft, name, "aggregation"),
    };
    if let Aggregation::Percentile(p) = aggregation
        && !(1..=99).contains(&p)
    {
        draft.overlay_error(
            "bad_percentile",
            &["metrics", name, "aggregation"],
            format!("a percentile is between 1 and 99, not {p}"),
            "write aggregation: {percentile: 90}, for instance",
        );
        return Definition::Refused;
    }
    if draft.model.dataset(&dataset).is_none() {
        let known: Vec<String> = draft
            .model
            .datasets
            .iter()
            .map(|d| d.name.clone())
            .collect();
        draft.overlay_error(
            "unknown_dataset",
            &["metrics", name, "dataset"],
            format!("there is no dataset `{dataset}`"),
            crate::sql::suggestion(&dataset, known.iter().map(String::as_str)),
        );
        return Definition::Refused;
    }
    let datasets = draft.model.datasets.clone();
    let names = Names::of(&datasets).within(&dataset);
    let mut sound = true;
    let mut expression = from_document.as_ref().and_then(|a| a.expression.clone());
    if let Some(text) = &entry.expression {
        let physical = Names {
            columns: Columns::Physical,
            ..names
        };
        let read = row(text, &physical);
        expression = draft.told(&["metrics", name, "expression"], read);
        sound = expression.is_some();
    }
    let mut filter = from_document.and_then(|a| a.filter);
    if let Some(text) = &entry.filter {
        let read = condition(text, &names);
        match draft.told(&["metrics", name, "filter"], read) {
            Some(own) => {
                filter = Some(match filter {
                    Some(outer) => RowFilter::And(vec![outer, own]),
                    None => own,
                });
            }
            None => sound = false,
        }
    }
    if expression.is_none() && sound && aggregation != Aggregation::Count {
        return needs(draft, name, "expression");
    }
    if !sound {
        return Definition::Refused;
    }
    Definition::Kind(Box::new(MetricKind::Simple {
        dataset,
        aggregation,
        expression,
        filter,
    }))
}

/// Values by field, all of which must fit.
pub(super) fn values(
    given: &BTreeMap<String, OneOrMany>,
    names: &Names<'_>,
) -> Result<RowFilter, Inexpressible> {
    let mut all = Vec::new();
    for (key, values) in given {
        let field: FieldRef = key.parse().map_err(|e: String| {
            Inexpressible::new("bad_overlay_key", e, "write dataset.field: value")
        })?;
        let field = names.field(&field)?;
        all.push(match values {
            OneOrMany::One(Literal::Text(text)) => match attribute(text) {
                Some(attribute) => RowFilter::UserAttribute { field, attribute },
                None => equal(field, Literal::Text(text.clone())),
            },
            OneOrMany::One(value) => equal(field, value.clone()),
            OneOrMany::Many(values) => RowFilter::In {
                field,
                values: values.clone(),
            },
        });
    }
    Ok(match all.len() {
        1 => all.remove(0),
        _ => RowFilter::And(all),
    })
}

fn equal(field: FieldRef, value: Literal) -> RowFilter {
    RowFilter::Compare {
        field,
        op: Operator::Eq,
        value,
    }
}

/// The attribute in `{user.attribute}`.
fn attribute(text: &str) -> Option<String> {
    let name = text.strip_prefix("{user.")?.strip_suffix('}')?;
    (!name.is_empty()).then(|| name.to_string())
}

/// A condition of either form.
pub(super) fn either(given: &Condition, names: &Names<'_>) -> Result<RowFilter, Inexpressible> {
    match given {
        Condition::Text(text) => condition(text, names),
        Condition::Values(map) => values(map, names),
    }
}

fn basket(draft: &mut Draft, name: &str, entry: &MetricEntry) -> Definition {
    let datasets = draft.model.datasets.clone();
    let names = match &entry.dataset {
        Some(dataset) => Names::of(&datasets).within(dataset),
        None => Names::of(&datasets),
    };
    let mut sides = Vec::new();
    for (key, given) in [("base", &entry.base), ("attach", &entry.attach)] {
        let Some(given) = given else {
            return needs(draft, name, key);
        };
        let read = either(given, &names);
        match draft.told(&["metrics", name, key], read) {
            Some(filter) => sides.push(filter),
            None => return Definition::Refused,
        }
    }
    let noun = match &entry.unit {
        Some(u) => match unit(u) {
            Unit::Count(noun) => Some(noun),
            _ => None,
        },
        None => None,
    };
    // Lines: rows that look up all that is asked of them, and the basket.
    let mut fitting: Vec<(String, FieldRef)> = Vec::new();
    for dataset in &datasets {
        if entry.dataset.as_ref().is_some_and(|d| *d != dataset.name) {
            continue;
        }
        let reads_all = sides
            .iter()
            .flat_map(RowFilter::fields)
            .all(|f| looks_up(&draft.model.relationships, &dataset.name, &f.dataset));
        if !reads_all {
            continue;
        }
        if let Some(basket) = &entry.basket {
            if looks_up(&draft.model.relationships, &dataset.name, &basket.dataset) {
                fitting.push((dataset.name.clone(), basket.clone()));
            }
            continue;
        }
        let Some(noun) = &noun else { continue };
        let stem = noun.trim_end_matches('s');
        for r in &draft.model.relationships {
            if r.from == dataset.name
                && r.from_fields.len() == 1
                && r.to.trim_end_matches('s').eq_ignore_ascii_case(stem)
            {
                fitting.push((
                    dataset.name.clone(),
                    FieldRef::new(&dataset.name, r.from_fields[0].as_str()),
                ));
            }
        }
    }
    let (Some(attach), Some(base)) = (sides.pop(), sides.pop()) else {
        return Definition::Refused;
    };
    match &fitting[..] {
        [(dataset, basket)] => Definition::Kind(Box::new(MetricKind::BasketAttach {
            dataset: dataset.clone(),
            basket: basket.clone(),
            base,
            attach,
        })),
        _ => {
            draft.overlay_error(
                "basket_of_what",
                &["metrics", name],
                format!("it is not clear which rows are the lines of a basket of `{name}`"),
                "add `dataset` (the lines) and `basket` (dataset.field of the order number)",
            );
            Definition::Refused
        }
    }
}

/// Everything else about a metric; what stays open.
pub(crate) fn describe_metric(draft: &mut Draft, metric: &mut Metric) -> MetricGaps {
    let mut gaps = MetricGaps {
        label: true,
        additivity: true,
        unit: true,
    };
    let name = metric.name.clone();
    let Some(entry) = draft.overlay.metrics.get(&name).cloned() else {
        return gaps;
    };
    if let Some(label) = &entry.label {
        metric.label = label.clone();
        gaps.label = false;
    }
    match &entry.additivity {
        None => {}
        Some(AdditivityEntry::Name(word)) => {
            metric.additivity = additivity(*word);
            gaps.additivity = false;
        }
        Some(AdditivityEntry::Level(level)) => {
            metric.additivity = additivity(level.kind);
            gaps.additivity = false;
            if metric.additivity == Additivity::Semi {
                metric.semi_additive = Some(SemiAdditive {
                    non_additive_over: level.non_additive_over.clone(),
                    pick: level.pick.unwrap_or_default(),
                    missing: level.missing.unwrap_or_default(),
                    max_age: level.max_age,
                });
            } else if level.non_additive_over.is_some()
                || level.pick.is_some()
                || level.missing.is_some()
                || level.max_age.is_some()
            {
                draft.overlay_error(
                    "misplaced_key",
                    &["metrics", &name, "additivity"],
                    "pick, missing, max_age and non_additive_over belong to kind: semi",
                    "write kind: semi, or leave them out",
                );
            }
        }
    }
    if let Some(word) = &entry.unit {
        metric.unit = match &metric.kind {
            MetricKind::BasketAttach { .. } => Unit::Fraction,
            _ => unit(word),
        };
        gaps.unit = false;
    }
    if let Some(code) = &entry.currency {
        metric.unit = Unit::Money(Some(code.clone()));
        gaps.unit = false;
    }
    match entry.polarity {
        Some(Polarity::Up) => metric.up_is_good = Some(true),
        Some(Polarity::Down) => metric.up_is_good = Some(false),
        Some(Polarity::None) | None => {}
    }
    if let Some(empty) = entry.empty {
        metric.empty = empty;
    }
    if let Some(empty) = entry.numerator_empty {
        metric.numerator_empty = empty;
    }
    metric.min_denominator = entry.min_denominator;
    let ratio = matches!(
        metric.kind,
        MetricKind::Ratio { .. } | MetricKind::Derived { .. }
    );
    for (key, given) in [
        ("numerator_empty", entry.numerator_empty.is_some()),
        ("min_denominator", entry.min_denominator.is_some()),
        ("date_basis", entry.date_basis.is_some()),
    ] {
        if given && !ratio {
            draft.overlay_error(
                "misplaced_key",
                &["metrics", &name, key],
                format!("`{key}` says nothing about a metric of this type"),
                "it belongs to ratio",
            );
        }
    }
    let mut times: Vec<(&str, &FieldRef)> = Vec::new();
    if let Some(field) = &entry.time_dimension {
        times.push(("time_dimension", field));
    }
    if let Some(basis) = &entry.date_basis {
        times.push(("date_basis", &basis.numerator));
        times.push(("date_basis", &basis.denominator));
    }
    for (key, field) in times {
        if draft.model.field(field).is_none() {
            draft.overlay_error(
                "unknown_field",
                &["metrics", &name, key],
                format!("there is no field `{field}`"),
                "write dataset.field",
            );
        }
    }
    metric.time_field = entry.time_dimension.clone();
    metric.date_basis = entry.date_basis.clone();
    if let Some(fill) = entry.fill {
        metric.fill = fill;
    }
    if let Some(synonyms) = &entry.synonyms {
        for synonym in synonyms {
            if !metric.synonyms.contains(synonym) {
                metric.synonyms.push(synonym.clone());
            }
        }
    }
    if let Some(text) = &entry.description {
        metric.description = text.clone();
    }
    if let Some(text) = &entry.instructions {
        metric.instructions = text.clone();
    }
    metric.definition_source = entry.definition_source.clone();
    if let Some(access) = entry.access {
        metric.access = access;
    }
    metric.evidence = entry.evidence.clone();
    if entry.default {
        draft.model.default_metric = Some(name);
        draft.gaps.default_metric = false;
    }
    gaps
}
