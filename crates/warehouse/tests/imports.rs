//! Numbers of imported models over data: `suites/imports/numbers.json` gives the tables, the value
//! of each metric and the revenue by region, worked out by hand.
#![expect(clippy::unwrap_used, reason = "a test target")]

use query::{Dialect, Dimension, Measure, Query, Term};
use serde_json::{Value, json};
use std::path::Path;
use warehouse::{Options, Warehouse};

fn rows(warehouse: &Warehouse, model: &semantics::Model, query: &Query) -> Vec<Vec<Value>> {
    let compiled = query::compile(model, query, Dialect::DuckDb).unwrap();
    let cell = |c: &answer::Cell| match c.as_f64() {
        Some(n) => json!((n * 1e6).round() / 1e6),
        None => serde_json::to_value(c).unwrap(),
    };
    let found = warehouse.run(&compiled).unwrap();
    let rows = found.table.rows.iter();
    rows.map(|r| r.iter().map(cell).collect()).collect()
}

fn asked(metric: &str) -> Query {
    Query {
        metrics: vec![Term {
            name: "value".into(),
            measure: Measure::Metric(metric.into()),
        }],
        ..Query::default()
    }
}

fn same(found: &Value, wanted: &Value) -> bool {
    match (found.as_f64(), wanted.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-5,
        _ => found == wanted,
    }
}

#[test]
fn imported_metrics_give_the_numbers_of_their_programs() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/imports");
    let text = std::fs::read_to_string(suite.join("numbers.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let folder = std::env::temp_dir().join(format!("imports-suite-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let data = folder.join("data");
    std::fs::create_dir_all(&data).unwrap();
    for (name, lines) in expected["data"].as_object().unwrap() {
        let lines: Vec<&str> = lines
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l.as_str().unwrap())
            .collect();
        std::fs::write(data.join(name), lines.join("\n") + "\n").unwrap();
    }
    let options = Options {
        cache_dir: Some(folder.join("cache")),
        threads: Some(1),
        ..Options::default()
    };
    let warehouse = Warehouse::open(&[data], &options).unwrap();
    let mut faults = Vec::new();
    for (file, values) in expected["values"].as_object().unwrap() {
        let text = std::fs::read_to_string(suite.join(file)).unwrap();
        let source = semantics::Source {
            name: file,
            text: &text,
        };
        let reading =
            semantics::read(source, None).bound(warehouse.profile(), &mut warehouse.evidence());
        let errors: Vec<String> = reading
            .problems
            .iter()
            .filter(|p| p.severity == semantics::Severity::Error)
            .map(ToString::to_string)
            .collect();
        if !errors.is_empty() {
            faults.push(format!("{file}: {errors:?}"));
            continue;
        }
        let model = reading.model;
        for (metric, wanted) in values.as_object().unwrap() {
            let found = rows(&warehouse, &model, &asked(metric));
            if !same(&found[0][0], wanted) {
                faults.push(format!("{file}: {metric} is {found:?}, not {wanted}"));
            }
        }
        let by_region = Query {
            dimensions: vec![Dimension::Field("customers.region".parse().unwrap())],
            ..asked("revenue")
        };
        let mut found = rows(&warehouse, &model, &by_region);
        found.sort_by_key(|r| r[0].to_string());
        for (found, wanted) in found.iter().zip(expected["by_region"].as_array().unwrap()) {
            if !same(&found[0], &wanted[0]) || !same(&found[1], &wanted[1]) {
                faults.push(format!("{file}: {found:?}, not {wanted}"));
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
