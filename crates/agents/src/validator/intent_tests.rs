//! The intent check against compiled SQL and against SQL that computes something else.

use super::{check_intent, check_question_intent};
use answer::Intent;
use query::Query;
use serde_json::json;

fn model() -> semantics::Model {
    let field = |name: &str,
                 data_type: &str,
                 role: &str,
                 subject: &str,
                 unit: serde_json::Value| {
        json!({"name": name, "label": name, "expression": {"column": name}, "data_type": data_type, "role": role,
            "subject": subject, "additivity": if role == "measure" { "additive" } else { "non" }, "unit": unit})
    };
    serde_json::from_value(json!({
        "name": "shop",
        "datasets": [{"name": "sales", "label": "Sales", "table": ["main", "sales"], "entity": "sale", "is_fact": true,
            "event_time": "sold_on",
            "fields": [
                field("amount", "decimal", "measure", "amount", json!({"money": "USD"})),
                field("profit", "decimal", "measure", "profit", json!({"money": "USD"})),
                field("quantity", "integer", "measure", "quantity", json!({"count": "units"})),
                field("order_id", "text", "id", "order_number", json!("plain")),
                field("store", "integer", "id", "store", json!("plain")),
                field("region", "text", "dimension", "region", json!("plain")),
                field("category", "text", "dimension", "category", json!("plain")),
                field("product", "text", "dimension", "product", json!("plain")),
                field("sold_on", "date", "time", "other", json!("plain")),
            ]}],
        "relationships": [], "metrics": [], "default_time": "sales.sold_on"
    }))
    .unwrap()
}

/// The queries of the narratives' suite.
fn queries() -> Vec<(String, Query)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../suites/narratives");
    let mut found: Vec<(String, Query)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| {
            let case: serde_json::Value =
                serde_json::from_str(&std::fs::read_to_string(e.unwrap().path()).unwrap()).unwrap();
            (
                case["name"].as_str().unwrap().to_string(),
                serde_json::from_value(case["query"].clone()).unwrap(),
            )
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn compiled_sql_is_what_its_query_asks_for() {
    let model = model();
    let mut wrong = Vec::new();
    for (name, query) in queries() {
        let sql = match query::compile(&model, &query, query::Dialect::DuckDb) {
            Ok(compiled) => compiled.sql().to_string(),
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        let report = check_intent(&query, &sql, &model);
        for check in report.checks.iter().filter(|c| !c.passed) {
            wrong.push(format!("{name}: {}: {}\n{sql}", check.name, check.detail));
        }
        if let Err(refusal) = guard::check_compiled(&sql, guard::Dialect::DuckDb) {
            wrong.push(format!("{name}: {refusal}\n{sql}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The cases of the compiler's suite that give rows: name, model and query.
fn suite() -> Vec<(String, semantics::Model, Query)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../suites/queries");
    let read = |path: &std::path::Path| -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let file = read(&path);
        let model = match file["data"].as_str() {
            Some(name) => read(&path.with_file_name(format!("data/{name}.json")))["model"].clone(),
            None => file["model"].clone(),
        };
        for case in file["cases"].as_array().unwrap() {
            if case["expect"].get("rows").is_none() {
                continue;
            }
            let query = match case.get("plan") {
                None => serde_json::from_value(case["query"].clone()).unwrap(),
                Some(plan) => {
                    let plan: query::Plan = serde_json::from_value(plan.clone()).unwrap();
                    plan.resolved().unwrap().pop().unwrap()
                }
            };
            found.push((
                format!("{}: {}", path.display(), case["name"]),
                serde_json::from_value(model.clone()).unwrap(),
                query,
            ));
        }
    }
    found
}

#[test]
fn compiled_sql_of_the_suite_is_what_its_query_asks_for() {
    let mut wrong = Vec::new();
    for (name, model, query) in suite() {
        let sql = match query::compile(&model, &query, query::Dialect::DuckDb) {
            Ok(compiled) => compiled.sql().to_string(),
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        let report = check_intent(&query, &sql, &model);
        for check in report.checks.iter().filter(|c| !c.passed) {
            wrong.push(format!("{name}: {}: {}\n{sql}", check.name, check.detail));
        }
        if let Err(refusal) = guard::check_compiled(&sql, guard::Dialect::DuckDb) {
            wrong.push(format!("{name}: {refusal}\n{sql}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Changes of the SQL that change what it computes are seen.
#[test]
fn mutants_are_rejected() {
    let model = model();
    let swaps = [
        ("SUM(", "AVG("),
        ("SUM(", "MAX("),
        ("COUNT(DISTINCT", "COUNT("),
        ("2024-07-01", "2024-06-01"),
        ("2024-10-01", "2024-11-01"),
        ("2024-01-01", "2023-01-01"),
        ("'West'", "'East'"),
        (" = 'West'", " IS NOT NULL"),
        (" DESC", " ASC"),
        ("\"amount\"", "\"profit\""),
        ("\"region\"", "\"category\""),
        ("GROUP BY", "-- GROUP BY"),
    ];
    let mut survivors = Vec::new();
    let mut tried = 0;
    for (name, query) in queries() {
        let Ok(compiled) = query::compile(&model, &query, query::Dialect::DuckDb) else {
            continue;
        };
        for (from, to) in swaps {
            let mutant = compiled.sql().replace(from, to);
            if mutant == compiled.sql() {
                continue;
            }
            tried += 1;
            if check_intent(&query, &mutant, &model).ok {
                survivors.push(format!("{name}: {from} → {to}\n{mutant}"));
            }
        }
    }
    assert!(
        survivors.is_empty(),
        "{} of {tried} survive:\n{}",
        survivors.len(),
        survivors.join("\n")
    );
}

#[test]
fn a_level_does_not_answer_a_growth_question() {
    let sql = "SELECT region, SUM(amount) FROM sales WHERE sold_on >= DATE '2024-07-01' AND sold_on < DATE '2024-10-01' \
               GROUP BY region ORDER BY 2 DESC";
    assert!(!check_question_intent(Intent::Growth, sql).ok);
    assert!(check_question_intent(Intent::Ranking, sql).ok);
    let (_, growth) = queries()
        .into_iter()
        .find(|(name, _)| name == "growth_all")
        .unwrap();
    let report = check_intent(&growth, sql, &model());
    assert!(!report.ok);
    assert!(
        report
            .checks
            .iter()
            .any(|c| c.detail.contains("asks for growth, computes a level")),
        "{report:?}"
    );
}
