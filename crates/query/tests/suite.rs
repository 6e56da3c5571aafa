//! The cases of `suites/queries`: small tables, a typed query, and the rows that it must give,
//! worked out by hand. Each runs for real.
//!
//! A file is `{data | model + tables, cases: [{name, why, query, expect}]}`: `data` names a file of
//! `suites/queries/data` that holds `model` and `tables`; a case may have a `plan` instead of a
//! `query`, whose last step is run. `expect` is `{columns, rows}`, in which
//! order counts, or `{refusal: code}`; `notes` may list what has to be said beside the rows, and
//! `reader` who asks. Decimals are texts, days and times in ISO form; what the
//! engine gives in floating point is compared to nine digits, everything else exactly.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test target")]

mod engine;

use engine::{Engine, Tables};
use query::{Note, Plan, Query, QueryError, Reader, compile, compile_for};
use semantics::Model;
use serde_json::Value as Json;
use std::io::Write;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/queries")
}

fn read(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The files of the suite and of its folders of cases.
fn files() -> Vec<(String, Json)> {
    let mut found: Vec<(String, Json)> = [folder(), folder().join("time"), folder().join("safety")]
        .iter()
        .flat_map(|f| std::fs::read_dir(f).unwrap())
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .map(|p| {
            (
                p.file_stem().unwrap().to_string_lossy().into_owned(),
                read(&p),
            )
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Whether a cell is what was expected of its column.
fn same(found: &Json, wanted: &Json) -> bool {
    let exact = |j: &Json| match j {
        Json::String(t) => Some(t.clone()),
        Json::Number(n) => Some(n.to_string()),
        _ => None,
    };
    // A decimal is known by its digits, however many zeros follow.
    let trimmed = |t: &str| -> String {
        if t.contains('.') && t.parse::<f64>().is_ok() {
            t.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            t.to_string()
        }
    };
    match (found, wanted) {
        (Json::Number(a), b) if a.is_f64() => {
            let wanted = match b {
                Json::Number(n) => n.as_f64(),
                Json::String(t) => t.parse().ok(),
                _ => None,
            };
            a.as_f64()
                .zip(wanted)
                .is_some_and(|(a, b)| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3))
        }
        (a, b) => match (exact(a), exact(b)) {
            (Some(a), Some(b)) => trimmed(&a) == trimmed(&b),
            _ => a == b,
        },
    }
}

/// The query of a case, or the last one of its plan.
fn query_of(case: &Json) -> Result<Result<Query, QueryError>, String> {
    let unread = |e: serde_json::Error| format!("no typed query: {e}");
    if case["plan"].is_null() {
        return serde_json::from_value(case["query"].clone())
            .map(Ok)
            .map_err(unread);
    }
    let plan: Plan = serde_json::from_value(case["plan"].clone()).map_err(unread)?;
    Ok(plan
        .resolved()
        .map(|mut queries| queries.swap_remove(queries.len() - 1)))
}

/// Whoever asks, if the case says so.
fn reader(case: &Json) -> Option<Reader> {
    let reader = case["reader"].as_object()?;
    let mut found = Reader::default();
    for group in reader["groups"].as_array().unwrap() {
        found.groups.push(group.as_str().unwrap().to_string());
    }
    for (name, values) in reader
        .get("attributes")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
    {
        let values = serde_json::from_value(values.clone()).unwrap();
        found.attributes.insert(name.clone(), values);
    }
    Some(found)
}

fn note(note: &Note) -> &'static str {
    match note {
        Note::DefaultFilters { .. } => "default_filters",
        Note::OverlappingGroups(_) => "overlapping_groups",
        Note::Week53LeftOut { .. } => "week_53_left_out",
        Note::Converted { .. } => "converted",
        Note::ComparableStores { .. } => "comparable_stores",
        Note::Restricted => "restricted",
    }
}

/// What is wrong with a case on an engine, if anything.
fn fault(engine: &mut dyn Engine, model: &Model, case: &Json) -> Option<String> {
    let compiled = match query_of(case) {
        Ok(query) => query.and_then(|q| match reader(case) {
            Some(reader) => compile_for(model, &q, engine.dialect(), &reader),
            None => compile(model, &q, engine.dialect()),
        }),
        Err(e) => return Some(e),
    };
    let compiled = match (compiled, case["expect"]["refusal"].as_str()) {
        (Err(e), Some(code)) if e.code() == code => return None,
        (Err(e), _) => return Some(format!("refused with {}: {e}", e.code())),
        (Ok(compiled), Some(code)) => {
            return Some(format!("not refused with {code}:\n{}", compiled.sql()));
        }
        (Ok(compiled), None) => compiled,
    };
    let columns: Vec<Json> = compiled
        .columns()
        .iter()
        .map(|c| c.name.clone().into())
        .collect();
    let wanted = case["expect"]["columns"].as_array().unwrap();
    if columns != *wanted {
        return Some(format!(
            "columns {}, not {}",
            Json::from(columns),
            Json::from(wanted.clone())
        ));
    }
    let notes: Vec<&str> = compiled.notes().iter().map(note).collect();
    if let Some(wanted) = case["expect"]["notes"].as_array()
        && Json::from(notes.clone()) != Json::from(wanted.clone())
    {
        return Some(format!("notes {notes:?}, not {wanted:?}"));
    }
    let rows = match engine.run(&compiled) {
        Ok(rows) => rows,
        Err(e) => return Some(format!("{e}\n{}", compiled.sql())),
    };
    let wanted: Vec<&Vec<Json>> = case["expect"]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r.as_array().unwrap())
        .collect();
    let equal = rows.len() == wanted.len()
        && rows
            .iter()
            .zip(&wanted)
            .all(|(a, b)| a.len() == b.len() && a.iter().zip(*b).all(|(a, b)| same(a, b)));
    (!equal).then(|| {
        let show = |r: &[Json]| Json::from(r.to_vec()).to_string();
        format!(
            "found\n  {}\nnot\n  {}\n{}",
            rows.iter()
                .map(|r| show(r))
                .collect::<Vec<_>>()
                .join("\n  "),
            wanted
                .iter()
                .map(|r| show(r))
                .collect::<Vec<_>>()
                .join("\n  "),
            compiled.sql()
        )
    })
}

fn run(engine: &mut dyn Engine) {
    let only = std::env::var("CASE").ok();
    let mut faults = Vec::new();
    let mut count = 0;
    for (file, json) in files() {
        let data = match json["data"].as_str() {
            Some(name) => read(&folder().join("data").join(format!("{name}.json"))),
            None => json.clone(),
        };
        let model: Model = serde_json::from_value(data["model"].clone())
            .unwrap_or_else(|e| panic!("{file}: model: {e}"));
        let tables = Tables::read(&data["tables"]).unwrap_or_else(|e| panic!("{file}: {e}"));
        engine
            .load(&tables)
            .unwrap_or_else(|e| panic!("{file}: {e}"));
        for case in json["cases"].as_array().unwrap() {
            let name = format!("{file}: {}", case["name"].as_str().unwrap());
            if only.as_ref().is_some_and(|o| !name.contains(o)) {
                continue;
            }
            count += 1;
            if let Some(fault) = fault(engine, &model, case) {
                faults.push(format!("{name}\n{fault}"));
            }
        }
    }
    assert!(count > 0, "no case ran");
    assert!(
        faults.is_empty(),
        "{} of {count} cases fail:\n\n{}",
        faults.len(),
        faults.join("\n\n")
    );
}

#[test]
fn duckdb_gives_the_rows_worked_out_by_hand() {
    run(&mut engine::duckdb::Duck::open().unwrap());
}

#[test]
fn postgres_gives_the_rows_worked_out_by_hand() {
    match engine::postgres::Postgres::start().unwrap() {
        Some(mut server) => run(&mut server),
        // Past the capture of the test harness: a test that did not run has to say so.
        None => writeln!(
            std::io::stderr(),
            "skipped: no PostgreSQL server is installed here, so that no case ran on one"
        )
        .unwrap(),
    }
}
