//! What is inferred from tables that nobody prepared. The cases are data under `suites/inference`:
//! `[{name, why, files: {"NAME.csv": [lines]}, entities, fields, metrics, no_metrics, links, time, values}]`.
//!
//! `entities` gives key and display by noun; `fields` parts of a field by `dataset.field`, and under
//! `called` names that it must go by; `metrics` likewise, a `value` being computed for real;
//! `values` are rows of typed queries. Each model must be free of problems and come back unchanged
//! from the document that it is written into.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test target")]

use query::{Dialect, Measure, Query, Term};
use semantics::Model;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use warehouse::{Options, Warehouse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// What goes wrong otherwise, for people.
    #[serde(rename = "why")]
    _why: String,
    files: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    entities: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    fields: BTreeMap<String, Json>,
    #[serde(default)]
    metrics: BTreeMap<String, Json>,
    #[serde(default)]
    no_metrics: Vec<String>,
    /// References that are due, as "orders.ship_via -> shippers"; an empty list says that there is none.
    links: Option<Vec<String>>,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    values: Vec<Asked>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    query: Query,
    rows: Json,
}

fn cases() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/inference");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let cases: Vec<Case> =
                serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            cases.into_iter().map(move |c| (stem.clone(), c))
        })
        .collect()
}

fn opened(folder: &Path, case: &Case) -> Warehouse {
    let data = folder.join("data");
    std::fs::create_dir_all(&data).unwrap();
    for (name, lines) in &case.files {
        std::fs::write(data.join(name), lines.join("\n") + "\n").unwrap();
    }
    let options = Options {
        cache_dir: Some(folder.join("cache")),
        threads: Some(1),
        ..Options::default()
    };
    Warehouse::open(&[data], &options).unwrap()
}

fn number(cell: &answer::Cell) -> Json {
    match cell.as_f64() {
        Some(n) => serde_json::json!((n * 1e6).round() / 1e6),
        None => serde_json::to_value(cell).unwrap(),
    }
}

fn rows(warehouse: &Warehouse, model: &Model, query: &Query) -> Result<Vec<Vec<Json>>, String> {
    let compiled = query::compile(model, query, Dialect::DuckDb).map_err(|e| e.to_string())?;
    let found = warehouse.run(&compiled).map_err(|e| e.to_string())?;
    Ok(found
        .table
        .rows
        .iter()
        .map(|row| row.iter().map(number).collect())
        .collect())
}

fn alike(found: &Json, wanted: &Json) -> bool {
    match (found, wanted) {
        (Json::Number(a), Json::Number(b)) => {
            (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-6
        }
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        _ => found == wanted,
    }
}

/// What of the wanted parts a part of the model has not.
fn missing(of: &Json, wanted: &Json) -> Vec<String> {
    let mut wrong = Vec::new();
    for (key, value) in wanted.as_object().unwrap() {
        match key.as_str() {
            "value" => {}
            "called" => {
                let names = of["synonyms"].as_array().unwrap();
                let unknown = value
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|n| !names.contains(n));
                wrong.extend(unknown.map(|n| format!("is not called {n} but {names:?}")));
            }
            "not_called" => {
                let names = of["synonyms"].as_array().unwrap();
                let known = value
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|n| names.contains(n));
                wrong.extend(known.map(|n| format!("is called {n}")));
            }
            _ if of[key] != *value => wrong.push(format!("{key} is {}", of[key])),
            _ => {}
        }
    }
    wrong
}

fn judge(warehouse: &Warehouse, case: &Case) -> Vec<String> {
    let model = semantics::infer(warehouse.profile(), &mut warehouse.evidence());
    let mut wrong: Vec<String> = semantics::check(&model)
        .iter()
        .map(|p| format!("problem: {p:?}"))
        .collect();
    if let Err(problems) = semantics::export(&model, true) {
        wrong.push(format!("it is not written: {problems:?}"));
    }
    for (noun, wanted) in &case.entities {
        let Some(entity) = model.entities.iter().find(|e| e.name == *noun) else {
            wrong.push(format!("no entity {noun}"));
            continue;
        };
        let found = serde_json::to_value(entity).unwrap();
        for (part, value) in wanted {
            if found[part] != **value {
                wrong.push(format!("{noun}: {part} is {}", found[part]));
            }
        }
    }
    for (name, wanted) in &case.fields {
        match model.field(&name.parse().unwrap()) {
            Some(field) => wrong.extend(
                missing(&serde_json::to_value(field).unwrap(), wanted)
                    .into_iter()
                    .map(|w| format!("{name} {w}")),
            ),
            None => wrong.push(format!("no field {name}")),
        }
    }
    for (name, wanted) in &case.metrics {
        let Some(metric) = model.metric(name) else {
            wrong.push(format!("no metric {name}"));
            continue;
        };
        wrong.extend(
            missing(&serde_json::to_value(metric).unwrap(), wanted)
                .into_iter()
                .map(|w| format!("{name} {w}")),
        );
        let Some(value) = wanted.get("value") else {
            continue;
        };
        let query = Query {
            metrics: vec![Term {
                name: "value".into(),
                measure: Measure::Metric(name.clone()),
            }],
            ..Query::default()
        };
        match rows(warehouse, &model, &query) {
            Ok(found) if alike(&found[0][0], value) => {}
            other => wrong.push(format!("{name} is {other:?}, not {value}")),
        }
    }
    for name in &case.no_metrics {
        if model.metric(name).is_some() {
            wrong.push(format!("there is a metric {name}"));
        }
    }
    if let Some(links) = &case.links {
        let found: Vec<String> = model
            .relationships
            .iter()
            .map(|r| format!("{}.{} -> {}", r.from, r.from_fields.join("+"), r.to))
            .collect();
        if found != *links {
            wrong.push(format!("links {found:?}"));
        }
    }
    if let Some(time) = &case.time
        && model
            .default_time
            .as_ref()
            .map(ToString::to_string)
            .as_ref()
            != Some(time)
    {
        wrong.push(format!("time is {:?}", model.default_time));
    }
    for asked in &case.values {
        match rows(warehouse, &model, &asked.query) {
            Ok(found) if alike(&serde_json::to_value(&found).unwrap(), &asked.rows) => {}
            other => wrong.push(format!("{other:?}, not {}", asked.rows)),
        }
    }
    wrong
}

#[test]
fn what_is_inferred_is_what_a_retailer_would_say() {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("inference");
    let _ = std::fs::remove_dir_all(&base);
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(!cases.is_empty());
    for (i, (file, case)) in cases.iter().enumerate() {
        let warehouse = opened(&base.join(i.to_string()), case);
        wrong.extend(
            judge(&warehouse, case)
                .into_iter()
                .map(|w| format!("{file}: {}: {w}", case.name)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
