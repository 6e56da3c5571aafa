//! Rules with statements that they must and must not match.

use super::{Dialect, Schema, check};

#[derive(serde::Deserialize)]
struct Rule {
    code: String,
    /// Dialect of all examples; DuckDB if absent.
    dialect: Option<String>,
    /// Whether the examples are read against the example schema.
    #[serde(default)]
    schema: bool,
    matches: Vec<String>,
    passes: Vec<String>,
}

fn schema() -> Schema {
    let columns = |names: &[&str]| names.iter().map(|n| n.to_string()).collect();
    Schema {
        tables: [
            (
                "sales".to_string(),
                columns(&["id", "region", "amount", "sold_on", "product_id"]),
            ),
            (
                "retail.products".to_string(),
                columns(&["product_id", "name", "delete"]),
            ),
        ]
        .into(),
    }
}

#[test]
fn rules_match_what_they_say() {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../suites/guard/rules.json"
    ))
    .unwrap();
    let rules: Vec<Rule> = serde_json::from_str(&text).unwrap();
    let known = schema();
    let mut wrong = Vec::new();
    let mut attacks = 0;
    for rule in &rules {
        let dialect: Dialect = rule.dialect.as_deref().unwrap_or("duckdb").parse().unwrap();
        let schema = rule.schema.then_some(&known);
        for sql in &rule.matches {
            attacks += 1;
            match check(sql, dialect, schema) {
                Ok(_) => wrong.push(format!("passed ({}): {sql}", rule.code)),
                Err(refusal) if !rule.code.split('|').any(|c| c == refusal.code) => {
                    wrong.push(format!("{refusal} instead of {}: {sql}", rule.code))
                }
                Err(_) => {}
            }
        }
        for sql in &rule.passes {
            if let Err(refusal) = check(sql, dialect, schema) {
                wrong.push(format!("refused, {refusal}: {sql}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(attacks >= 100, "only {attacks} attacks");
}

#[test]
fn hostile_sizes_are_refused_quickly() {
    let deep = format!("SELECT {}1{}", "(".repeat(3000), ")".repeat(3000));
    assert_eq!(
        check(&deep, Dialect::DuckDb, None).unwrap_err().code,
        "too_deep"
    );
    let sum = format!("SELECT {}", vec!["1"; 20_000].join("+"));
    assert!(check(&sum, Dialect::DuckDb, None).is_err());
    let sets = vec!["SELECT 1"; 3000].join(" UNION ALL ");
    assert_eq!(
        check(&sets, Dialect::DuckDb, None).unwrap_err().code,
        "too_many_sets"
    );
    let list = format!(
        "SELECT a FROM t WHERE a IN ({})",
        (0..2000)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .join(",")
    );
    assert!(check(&list, Dialect::DuckDb, None).is_ok());
}
