//! Questions over models of other programs, as files that the user has: `suites/imports/numbers.json`
//! gives the tables and the rows of each answer.

use crate::program::{Place, document};
use serde_json::Value;
use std::path::Path;

#[test]
fn models_of_other_programs_answer_questions() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/imports");
    let text = std::fs::read_to_string(suite.join("numbers.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let place = Place::new("imported-models");
    let data = place.work().join("data");
    std::fs::create_dir_all(&data).unwrap();
    for (name, lines) in expected["data"].as_object().unwrap() {
        let lines = lines.as_array().unwrap().iter();
        let lines: Vec<&str> = lines.map(|l| l.as_str().unwrap()).collect();
        std::fs::write(data.join(name), lines.join("\n") + "\n").unwrap();
    }
    for model in expected["values"].as_object().unwrap().keys() {
        let model = suite.join(model).display().to_string();
        for case in expected["questions"].as_array().unwrap() {
            let question = case["question"].as_str().unwrap();
            let output = place.run(&[
                "ask", "--data", "data", "--model", &model, "--json", question,
            ]);
            let document = document(&output);
            let place = format!("{model}: {question}: {document}");
            assert_eq!(document["status"], "answered", "{place}");
            let rows = document["result"]["rows"].as_array().unwrap();
            let wanted = case["rows"].as_array().unwrap();
            assert_eq!(rows.len(), wanted.len(), "{place}");
            for (row, wanted) in rows.iter().zip(wanted) {
                let row = row.as_array().unwrap();
                let wanted = wanted.as_array().unwrap();
                assert_eq!(row.len(), wanted.len(), "{place}");
                for (cell, wanted) in row.iter().zip(wanted) {
                    match (number(cell), wanted.as_f64()) {
                        (Some(a), Some(b)) => assert!((a - b).abs() < 1e-6, "{place}"),
                        _ => assert_eq!(cell, wanted, "{place}"),
                    }
                }
            }
        }
    }
}

/// A cell as a number, whether it is written as one or as an exact decimal in text.
fn number(cell: &Value) -> Option<f64> {
    cell.as_f64()
        .or_else(|| cell.as_str().and_then(|text| text.parse().ok()))
}

#[test]
fn a_model_that_does_not_fit_the_bundled_data_is_refused() {
    let place = Place::new("other-model");
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/imports");
    let model = suite.join("dbt.json").display().to_string();
    let output = place.run(&["ask", "--model", &model, "--json", "revenue by region"]);
    let document = document(&output);
    assert_eq!(document["status"], "failed", "{document}");
    assert_ne!(output.status.code(), Some(0));
}
