//! Models in the shape that each program's public documentation shows, under `suites/imports`, with
//! what has to come of them in `expected.json`: metrics by name and kind, joins, what is not carried
//! over and what is read otherwise.

use crate::{MetricKind, Severity, Source};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    metrics: BTreeMap<String, String>,
    joins: Vec<String>,
    not_carried: Vec<String>,
    read_otherwise: Vec<String>,
}

fn kind(model: &crate::Model, name: &str) -> String {
    let metric = model.metrics.iter().find(|m| m.name == name).unwrap();
    match &metric.kind {
        MetricKind::Simple {
            dataset,
            aggregation,
            filter,
            ..
        } => format!(
            "{aggregation:?} over {dataset}{}",
            if filter.is_some() { " where" } else { "" }
        ),
        MetricKind::Ratio {
            numerator,
            denominator,
        } => format!("{numerator} / {denominator}"),
        MetricKind::Difference { left, right } => format!("{left} - {right}"),
        MetricKind::Derived { expression } => format!("of {}", expression.metrics().join(", ")),
        MetricKind::Cumulative { metric, window } => format!("{metric} {window:?}"),
        MetricKind::Growth { metric, offset, .. } => format!("{metric} {offset} before"),
        MetricKind::BasketAttach { .. } => "attach".into(),
    }
}

#[test]
fn models_of_other_programs_are_carried_over_or_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/imports");
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let all: BTreeMap<String, Expected> = serde_json::from_str(&text).unwrap();
    let mut faults = Vec::new();
    for (file, expected) in &all {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let reading = crate::read(
            Source {
                name: file,
                text: &text,
            },
            None,
        );
        let errors: Vec<String> = reading
            .problems
            .iter()
            .filter(|p| p.severity == Severity::Error)
            .map(ToString::to_string)
            .collect();
        if !errors.is_empty() {
            faults.push(format!("{file}: {errors:#?}"));
            continue;
        }
        let places = |code: &str| -> Vec<String> {
            let mut found: Vec<String> = reading
                .problems
                .iter()
                .filter(|p| p.code == code)
                .inspect(|p| assert!(p.location.is_some(), "{file}: no place for {p}"))
                .map(|p| p.place.clone())
                .collect();
            found.sort();
            found
        };
        let (left, otherwise) = (places("not_carried"), places("read_otherwise"));
        let model = reading.completed();
        let public: BTreeMap<String, String> = model
            .metrics
            .iter()
            .filter(|m| m.access != crate::Access::Part)
            .map(|m| (m.name.clone(), kind(&model, &m.name)))
            .collect();
        let joins: Vec<String> = model
            .relationships
            .iter()
            .map(|r| format!("{} -> {}", r.from, r.to))
            .collect();
        for (what, got, want) in [
            (
                "metrics",
                format!("{public:#?}"),
                format!("{:#?}", expected.metrics),
            ),
            (
                "joins",
                format!("{joins:?}"),
                format!("{:?}", expected.joins),
            ),
            (
                "not carried",
                format!("{left:?}"),
                format!("{:?}", expected.not_carried),
            ),
            (
                "read otherwise",
                format!("{otherwise:?}"),
                format!("{:?}", expected.read_otherwise),
            ),
        ] {
            if got != want {
                faults.push(format!("{file}: {what}\n  got  {got}\n  want {want}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
