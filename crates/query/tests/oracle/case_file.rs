//! Cases as files: a model, its tables, and queries with what they must give.
//!
//! `{model, tables: {table: {columns: [[name, type]], rows}}, cases: [{name, why, query,
//! expect: {columns, rows} | {refusal}}]}`; decimals are texts, days and times in ISO form.
//! Row order counts. `suite.rs` runs these files on the engines; here the evaluator answers them.

use crate::evaluate::Answer;
use crate::tables::{self, Tables, tables_from_json, tables_to_json};
use crate::value::Value;
use query::{Plan, Query, Reader};
use semantics::Model;
use serde_json::{Value as Json, json};
use std::path::Path;

/// What a query must give.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    /// Columns' names and rows in order.
    Rows {
        columns: Vec<String>,
        rows: Vec<Vec<Value>>,
    },
    /// Code of the refusal.
    Refusal(String),
}

/// A query of a file.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) why: String,
    pub(crate) query: Query,
    /// Who asks, where the model has policies.
    pub(crate) reader: Option<Reader>,
    pub(crate) expect: Option<Json>,
}

/// A file.
#[derive(Debug, Clone)]
pub(crate) struct CaseFile {
    pub(crate) model: Model,
    pub(crate) tables: Tables,
    pub(crate) cases: Vec<Case>,
}

impl CaseFile {
    /// Reads a file of `suites/queries`, and the file of its `data` folder that it names, if it
    /// does.
    pub(crate) fn read(path: &Path) -> Result<CaseFile, String> {
        let parse = |path: &Path| -> Result<Json, String> {
            let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
            serde_json::from_str(&text).map_err(|e| e.to_string())
        };
        let json = parse(path)?;
        let data = match json["data"].as_str() {
            Some(name) => parse(&path.with_file_name("data").join(format!("{name}.json")))?,
            None => json.clone(),
        };
        let model: Model =
            serde_json::from_value(data["model"].clone()).map_err(|e| format!("model: {e}"))?;
        let tables = tables_from_json(&data["tables"])?;
        let mut cases = Vec::new();
        for case in json["cases"].as_array().ok_or("a file has `cases`")? {
            let name = case["name"]
                .as_str()
                .ok_or("a case has a `name`")?
                .to_string();
            let Some(query) = query_of(case).map_err(|e| format!("{name}: {e}"))? else {
                continue;
            };
            cases.push(Case {
                query,
                reader: None,
                why: case["why"].as_str().unwrap_or_default().to_string(),
                expect: case.get("expect").cloned(),
                name,
            });
        }
        Ok(CaseFile {
            model,
            tables,
            cases,
        })
    }

    pub(crate) fn write(&self) -> String {
        let cases: Vec<Json> = self
            .cases
            .iter()
            .map(|c| {
                let mut case =
                    json!({"name": c.name, "why": c.why, "query": c.query, "expect": c.expect});
                if let Some(reader) = &c.reader {
                    case["reader"] =
                        json!({"groups": reader.groups, "attributes": reader.attributes});
                }
                case
            })
            .collect();
        let all = json!({
            "model": self.model,
            "tables": tables_to_json(&self.tables),
            "cases": cases,
        });
        serde_json::to_string_pretty(&all).unwrap_or_default() + "\n"
    }
}

pub(crate) fn expectation(expected: &Expected) -> Json {
    match expected {
        Expected::Rows { columns, rows } => json!({
            "columns": columns,
            "rows": rows
                .iter()
                .map(|r| r.iter().map(tables::to_json).collect::<Vec<Json>>())
                .collect::<Vec<_>>(),
        }),
        Expected::Refusal(code) => json!({"refusal": code}),
    }
}

/// The query of a case, or the last one of its plan; `None` where the steps of a plan do not
/// resolve, which is not the evaluator's to judge.
fn query_of(case: &Json) -> Result<Option<Query>, String> {
    if case["plan"].is_null() {
        return serde_json::from_value(case["query"].clone())
            .map(Some)
            .map_err(|e| e.to_string());
    }
    let plan: Plan = serde_json::from_value(case["plan"].clone()).map_err(|e| e.to_string())?;
    Ok(plan.resolved().ok().and_then(|mut steps| steps.pop()))
}

/// What is wrong with an answer to a case, if anything.
pub(crate) fn fault(answer: &Answer, expect: &Json) -> Option<String> {
    match (answer, expect["refusal"].as_str()) {
        (Answer::Refused(codes), Some(code)) if codes.contains(code) => None,
        (Answer::Refused(codes), _) => Some(format!("refused: {codes:?}")),
        (Answer::Rows { .. }, Some(code)) => Some(format!("not refused with {code}")),
        (Answer::Rows { rows, .. }, None) => {
            let wanted = expect["rows"].as_array()?;
            let same = wanted.len() == rows.len()
                && wanted.iter().zip(rows).all(|(wanted, row)| {
                    wanted.as_array().is_some_and(|w| {
                        w.len() == row.len() && w.iter().zip(row).all(|(w, v)| is(v, w))
                    })
                });
            (!same).then(|| {
                rows.iter()
                    .map(|r| {
                        let cells: Vec<String> = r.iter().map(Value::to_string).collect();
                        format!("  {}", cells.join(" | "))
                    })
                    .collect::<Vec<_>>()
                    .join("\n")
            })
        }
    }
}

/// Whether a cell is what a file says.
fn is(value: &Value, wanted: &Json) -> bool {
    let text = match wanted {
        Json::String(t) => t.clone(),
        Json::Number(n) => n.to_string(),
        Json::Bool(b) => return matches!(value, Value::Bool(v) if v == b),
        Json::Null => return value.is_null(),
        _ => return false,
    };
    match value {
        Value::Exact { .. } => match Value::parse_decimal(&text) {
            Some(exact) => &exact == value,
            None => false,
        },
        Value::Float(x) => text
            .parse::<f64>()
            .is_ok_and(|y| (x - y).abs() <= 1e-9 * x.abs().max(y.abs()).max(1e-3)),
        other => other.to_string() == text,
    }
}
