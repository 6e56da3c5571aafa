//! Metrics of an Ossie document and of its overlay: composites are taken apart into leaf
//! aggregates that are metrics themselves.

use super::document::Metric as Written;
use super::read::{expression_at, readable};
use crate::draft::Draft;
use crate::gaps::MetricGaps;
use crate::located::Node;
use crate::overlay;
use crate::sql::{Aggregate, MetricTree, Names, metric};
use crate::{Access, Metric, MetricExpression, MetricKind, Problem, RowFilter};

/// What a metric's definition has come to.
pub(crate) enum Definition {
    /// Complete.
    Kind(Box<MetricKind>),
    /// A formula whose aggregates have no names yet.
    Tree(MetricTree),
    /// Refused; the problem is reported.
    Refused,
}

/// Reads the metrics of the document and of the overlay.
pub(crate) fn read(draft: &mut Draft, written: &[Written], nodes: &[&Node]) {
    let mut names: Vec<String> = Vec::new();
    for (metric, node) in written.iter().zip(nodes) {
        if names.contains(&metric.name) {
            draft.report(
                Problem::error(
                    "duplicate_name",
                    format!("metrics/{}", metric.name),
                    format!("two metrics are called `{}`", metric.name),
                    "give one of them another name",
                ),
                node.place(&["name"]),
            );
        } else {
            names.push(metric.name.clone());
        }
    }
    let order = overlay::metric_order(&draft.overlay, &names);
    let mut found: Vec<(String, Definition)> = Vec::new();
    for name in &order {
        let entry = draft.overlay.metrics.get(name).cloned();
        let in_document = written.iter().zip(nodes).find(|(m, _)| m.name == *name);
        let definition = match &entry {
            Some(entry) if overlay::defines(entry) => {
                overlay::definition(draft, name, entry, &order, in_document.map(|(m, _)| m))
            }
            _ => match in_document {
                Some((metric, node)) => formula(draft, metric, node, &order),
                None => {
                    let path = ["metrics", name.as_str()];
                    draft.overlay_error(
                        "bad_overlay_key",
                        &path,
                        format!("the document has no metric `{name}`, and the overlay does not define one"),
                        crate::sql::or(
                            crate::sql::nearest(name, names.iter().map(String::as_str)),
                            "give it a `type`, or take it out",
                        ),
                    );
                    Definition::Refused
                }
            },
        };
        let definition = match entry.as_ref().and_then(|e| e.filter.as_deref()) {
            Some(_) if entry.as_ref().is_some_and(overlay::defines) => definition,
            Some(text) => narrowed(draft, name, definition, text),
            None => definition,
        };
        found.push((name.clone(), settled(definition)));
    }
    named(draft, written, found);
}

/// The formula of a metric of the document.
fn formula(draft: &mut Draft, written: &Written, node: &Node, order: &[String]) -> Definition {
    let read = match readable(&written.expression) {
        Ok(text) => tree_of(draft, text, order).map_err(|e| (e.code, e.message, e.fix)),
        Err((message, fix)) => Err(("no_readable_dialect", message, fix)),
    };
    match read {
        Ok(tree) => Definition::Tree(tree),
        Err((code, message, fix)) => {
            draft.report(
                Problem::error(code, format!("metrics/{}", written.name), message, fix),
                expression_at(node),
            );
            Definition::Refused
        }
    }
}

/// Reads a formula over the fields and metrics of the draft.
pub(crate) fn tree_of(
    draft: &Draft,
    text: &str,
    metrics: &[String],
) -> Result<MetricTree, crate::sql::Inexpressible> {
    let names = Names {
        metrics,
        ..Names::of(&draft.model.datasets)
    };
    metric(text, &names, &draft.model.relationships)
}

/// Reads the formula of a metric of the document.
pub(crate) fn written_tree(
    draft: &Draft,
    written: &Written,
    metrics: &[String],
) -> Option<MetricTree> {
    tree_of(draft, readable(&written.expression).ok()?, metrics).ok()
}

/// One aggregate is a metric of its own.
fn settled(definition: Definition) -> Definition {
    match definition {
        Definition::Tree(MetricTree::Aggregate(aggregate)) => {
            Definition::Kind(Box::new(simple(*aggregate)))
        }
        other => other,
    }
}

fn simple(aggregate: Aggregate) -> MetricKind {
    MetricKind::Simple {
        dataset: aggregate.dataset,
        aggregation: aggregate.aggregation,
        expression: aggregate.expression,
        filter: aggregate.filter,
    }
}

/// The aggregate over fewer rows.
fn narrowed(draft: &mut Draft, name: &str, definition: Definition, text: &str) -> Definition {
    let path = ["metrics", name, "filter"];
    let Definition::Tree(MetricTree::Aggregate(aggregate)) = definition else {
        if !matches!(definition, Definition::Refused) {
            draft.overlay_error(
                "filter_on_composite",
                &path,
                format!("`{name}` is made of several aggregates, and a filter narrows one"),
                "filter the metrics that it is made of",
            );
        }
        return Definition::Refused;
    };
    let datasets = draft.model.datasets.clone();
    let names = Names::of(&datasets).within(&aggregate.dataset);
    match draft.told(&path, crate::sql::condition(text, &names)) {
        Some(own) => Definition::Tree(MetricTree::Aggregate(Box::new(Aggregate {
            filter: Some(match aggregate.filter {
                Some(outer) => RowFilter::And(vec![outer, own]),
                None => own,
            }),
            ..*aggregate
        }))),
        None => Definition::Refused,
    }
}

/// Gives every aggregate of a composite the name of the metric that it is.
fn named(draft: &mut Draft, written: &[Written], found: Vec<(String, Definition)>) {
    let taken: Vec<String> = found.iter().map(|(n, _)| n.clone()).collect();
    let mut leaves: Vec<(String, MetricKind)> = found
        .iter()
        .filter_map(|(n, d)| match d {
            Definition::Kind(kind) if matches!(**kind, MetricKind::Simple { .. }) => {
                Some((n.clone(), (**kind).clone()))
            }
            _ => None,
        })
        .collect();
    let mut parts: Vec<Metric> = Vec::new();
    for (name, definition) in found {
        let kind = match definition {
            Definition::Kind(kind) => *kind,
            Definition::Refused => continue,
            Definition::Tree(tree) => {
                let mut number = 0;
                let mut leaf = |aggregate: Aggregate| -> String {
                    let kind = simple(aggregate);
                    if let Some((known, _)) = leaves.iter().find(|(_, k)| *k == kind) {
                        return known.clone();
                    }
                    let part = loop {
                        number += 1;
                        let part = format!("{name}_part_{number}");
                        if !taken.contains(&part) && parts.iter().all(|p| p.name != part) {
                            break part;
                        }
                    };
                    leaves.push((part.clone(), kind.clone()));
                    parts.push(Metric {
                        access: Access::Part,
                        ..Metric::new(part.clone(), kind)
                    });
                    part
                };
                kind_of(tree, &mut leaf)
            }
        };
        let mut metric = Metric::new(name.clone(), kind);
        if let Some(written) = written.iter().find(|w| w.name == name) {
            metric.description = written.description.clone().unwrap_or_default();
            if let Some(ai) = &written.ai_context {
                metric.instructions = ai.instructions().to_string();
                metric.synonyms = ai.synonyms().unwrap_or_default().to_vec();
            }
        }
        let gaps = overlay::describe_metric(draft, &mut metric);
        draft.gaps.metrics.insert(name, gaps);
        draft.model.metrics.push(metric);
    }
    for part in parts {
        // A part stands where the formula is that it is a part of.
        let whole = part
            .name
            .rsplit_once("_part_")
            .map_or("", |(whole, _)| whole);
        let at = draft
            .places
            .find(&format!("metrics/{whole}/expression"))
            .cloned();
        draft.places.note(format!("metrics/{}", part.name), at);
        draft.gaps.metrics.insert(
            part.name.clone(),
            MetricGaps {
                label: true,
                additivity: true,
                unit: true,
            },
        );
        draft.model.metrics.push(part);
    }
}

/// A composite over metrics that have names.
fn kind_of(tree: MetricTree, leaf: &mut dyn FnMut(Aggregate) -> String) -> MetricKind {
    let expression = expression_of(tree, leaf);
    match expression {
        MetricExpression::Divide(a, b) => match (*a, *b) {
            (MetricExpression::Metric(numerator), MetricExpression::Metric(denominator)) => {
                MetricKind::Ratio {
                    numerator,
                    denominator,
                }
            }
            (a, b) => MetricKind::Derived {
                expression: MetricExpression::Divide(Box::new(a), Box::new(b)),
            },
        },
        MetricExpression::Subtract(a, b) => match (*a, *b) {
            (MetricExpression::Metric(left), MetricExpression::Metric(right)) => {
                MetricKind::Difference { left, right }
            }
            (a, b) => MetricKind::Derived {
                expression: MetricExpression::Subtract(Box::new(a), Box::new(b)),
            },
        },
        expression => MetricKind::Derived { expression },
    }
}

pub(crate) fn expression_of(
    tree: MetricTree,
    leaf: &mut dyn FnMut(Aggregate) -> String,
) -> MetricExpression {
    let mut all = |parts: Vec<MetricTree>| -> Vec<MetricExpression> {
        parts.into_iter().map(|p| expression_of(p, leaf)).collect()
    };
    match tree {
        MetricTree::Add(parts) => MetricExpression::Add(all(parts)),
        MetricTree::Multiply(parts) => MetricExpression::Multiply(all(parts)),
        MetricTree::Coalesce(parts) => MetricExpression::Coalesce(all(parts)),
        MetricTree::Aggregate(aggregate) => MetricExpression::Metric(leaf(*aggregate)),
        MetricTree::Metric(name) => MetricExpression::Metric(name),
        MetricTree::Number(x) => MetricExpression::Number(x),
        MetricTree::Subtract(a, b) => MetricExpression::Subtract(
            Box::new(expression_of(*a, leaf)),
            Box::new(expression_of(*b, leaf)),
        ),
        MetricTree::Divide(a, b) => MetricExpression::Divide(
            Box::new(expression_of(*a, leaf)),
            Box::new(expression_of(*b, leaf)),
        ),
    }
}
