//! The published JSON Schemas and their examples.
//!
//! `make schemas` (or `UPDATE_SCHEMAS=1` on this test) writes the schemas anew from the types.

#![expect(clippy::expect_used, reason = "a test target")]

use query::Dialect;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

fn schemas() -> [(&'static str, Value); 3] {
    [
        ("query", query::json_schema()),
        ("answer", answer::json_schema()),
        ("overlay", semantics::overlay_schema()),
    ]
}

/// The examples of a schema: name, text, value.
fn examples(of: &str) -> Vec<(String, String, Value)> {
    let mut found: Vec<_> = std::fs::read_dir(folder().join("examples").join(of))
        .expect("a folder of examples")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("an example");
            let value = match path.extension().and_then(|e| e.to_str()) {
                Some("json") => serde_json::from_str(&text).expect("JSON"),
                _ => serde_saphyr::from_str(&text).expect("YAML"),
            };
            (path.display().to_string(), text, value)
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(found.len(), 5, "five examples of {of}");
    found
}

#[test]
fn the_published_schemas_are_those_of_the_types() {
    for (name, schema) in schemas() {
        let path = folder().join(format!("{name}.schema.json"));
        let text = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&path, &text).expect("a folder that can be written");
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            published == text,
            "schemas/{name}.schema.json is out of date: run `make schemas`"
        );
    }
}

#[test]
fn examples_have_the_form_of_their_schema() {
    for (name, schema) in schemas() {
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        for (file, _, value) in examples(name) {
            let told: Vec<String> = validator
                .iter_errors(&value)
                .map(|e| format!("{}: {e}", e.instance_path()))
                .collect();
            assert!(told.is_empty(), "{file}: {told:?}");
        }
    }
}

#[test]
fn what_is_wrong_has_not_the_form() {
    let wrong = [
        ("query", r#"{"metrics": [{"name": "Revenue"}]}"#),
        ("query", r#"{"metric": "revenue"}"#),
        ("query", r#"{"dimensions": [{"field": "region"}]}"#),
        ("query", r#"{"limit": -1}"#),
        ("answer", r#"{"status": "answered"}"#),
        ("overlay", r#"{"overlay": 2}"#),
        ("overlay", r#"{"colour": "red"}"#),
        ("overlay", r#"{"metrics": {"revenue": {"unti": "EUR"}}}"#),
        (
            "overlay",
            r#"{"metrics": {"stock": {"additivity": {"kind": "semi", "max_age": "soon"}}}}"#,
        ),
        ("overlay", r#"{"comp_rules": {"lfl": {"min_age": 13}}}"#),
    ];
    for (name, text) in wrong {
        let (_, schema) = schemas()
            .into_iter()
            .find(|(n, _)| *n == name)
            .expect("a schema");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let value: Value = serde_json::from_str(text).expect("JSON");
        assert!(!validator.is_valid(&value), "{name}: {text}");
    }
}

fn reading(overlay: &str) -> semantics::Reading {
    let text = std::fs::read_to_string(folder().join("../suites/models/retail.ossie.yaml"))
        .expect("the example model");
    semantics::read(
        semantics::Source {
            name: "retail.ossie.yaml",
            text: &text,
        },
        Some(semantics::Source {
            name: "overlay",
            text: overlay,
        }),
    )
}

#[test]
fn example_queries_compile_over_the_example_model() {
    let overlay = std::fs::read_to_string(folder().join("../suites/models/retail.overlay.yaml"))
        .expect("the example model");
    let model = reading(&overlay).completed();
    for (file, text, _) in examples("query") {
        let query: query::Query = serde_json::from_str(&text).expect("a typed query");
        for dialect in [Dialect::DuckDb, Dialect::Postgres] {
            if let Err(e) = query::compile(&model, &query, dialect) {
                panic!("{file}: {e}");
            }
        }
    }
}

#[test]
fn example_overlays_fit_the_example_model() {
    for (file, text, _) in examples("overlay") {
        let reading = reading(&text);
        assert!(
            reading.problems.is_empty(),
            "{file}: {:?}",
            reading.problems
        );
        let problems = semantics::check(&reading.completed());
        assert!(problems.is_empty(), "{file}: {problems:?}");
    }
}

#[test]
fn example_answers_are_documents_whose_numbers_are_proven() {
    for (file, text, value) in examples("answer") {
        let document: answer::AnswerDocument = serde_json::from_str(&text).expect("a document");
        let back = serde_json::to_value(&document).expect("JSON");
        assert_eq!(back, value, "{file}");
        let report = agents::validator::check_numbers(&document);
        let unproven: Vec<_> = report.claims.iter().filter(|c| !c.ok).collect();
        assert!(unproven.is_empty(), "{file}: {unproven:?}");
    }
}
