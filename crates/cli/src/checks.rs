//! Commands that check and print: SQL, answers.

use crate::ask::report;
use agents::{Conversation, Options, Question};
use answer::AnswerDocument;
use serde_json::{Value, json};
use std::io::BufRead;
use std::path::Path;

pub(crate) fn sql(model: &Path, query_file: &Path, dialect: &str) -> u8 {
    let dialect = match dialect.parse::<query::Dialect>() {
        Ok(dialect) => dialect,
        Err(e) => {
            eprintln!("error[usage]: {e}\nhint: --dialect duckdb or --dialect postgres");
            return 2;
        }
    };
    let model = match agents::model_alone(model) {
        Ok(model) => model,
        Err(e) => {
            report(&e);
            return 5;
        }
    };
    let read = std::fs::read_to_string(query_file)
        .map_err(|e| e.to_string())
        .and_then(|t| serde_json::from_str::<query::Query>(&t).map_err(|e| e.to_string()));
    let typed = match read {
        Ok(typed) => typed,
        Err(e) => {
            eprintln!(
                "error[query_invalid]: `{}` is no typed query: {e}\nhint: see schemas/query.schema.json",
                query_file.display()
            );
            return 2;
        }
    };
    match query::compile(&model, &typed, dialect) {
        Ok(compiled) => {
            println!("{}", compiled.sql());
            0
        }
        Err(e) => {
            eprintln!("error[{}]: {e}\nhint: {}", e.code(), e.hint());
            1
        }
    }
}

pub(crate) fn check_sql(model: Option<&Path>, dialect: &str, json: bool) -> u8 {
    let dialect = match dialect.parse::<guard::Dialect>() {
        Ok(dialect) => dialect,
        Err(e) => {
            eprintln!("error[usage]: {e}\nhint: duckdb, postgres, snowflake, bigquery or spark");
            return 2;
        }
    };
    let schema = match model.map(agents::model_alone).transpose() {
        Ok(model) => model.map(|m| guard::Schema::of(&m)),
        Err(e) => {
            report(&e);
            return 5;
        }
    };
    for line in std::io::stdin()
        .lock()
        .lines()
        .map_while(Result::ok)
        .filter(|l| !l.trim().is_empty())
    {
        let value: Value = serde_json::from_str(&line).unwrap_or_default();
        let id = value.get("id").cloned().unwrap_or_default();
        let verdict = match value.get("sql").and_then(Value::as_str) {
            Some(sql) => guard::check(sql, dialect, schema.as_ref())
                .map(|_| ())
                .map_err(|r| (r.code.to_string(), r.reason.clone())),
            None => Err(("bad_line".to_string(), "the line has no `sql`".to_string())),
        };
        let (safe, code, reason) = match verdict {
            Ok(()) => (true, Value::Null, Value::Null),
            Err((code, reason)) => (false, code.into(), reason.into()),
        };
        if json {
            println!(
                "{}",
                json!({"id": id, "safe": safe, "code": code, "reason": reason})
            );
        } else {
            println!(
                "{id}: {}",
                if safe {
                    "safe".to_string()
                } else {
                    format!(
                        "refused, {}: {}",
                        code.as_str().unwrap_or_default(),
                        reason.as_str().unwrap_or_default()
                    )
                }
            );
        }
    }
    0
}

pub(crate) fn check_answer(json: bool) -> u8 {
    for line in std::io::stdin()
        .lock()
        .lines()
        .map_while(Result::ok)
        .filter(|l| !l.trim().is_empty())
    {
        let id = serde_json::from_str::<Value>(&line)
            .ok()
            .and_then(|v| v.get("id").cloned())
            .unwrap_or_default();
        let out = match serde_json::from_str::<AnswerDocument>(&line) {
            Ok(document) => {
                let report = agents::validator::check_numbers(&document);
                let claims: Vec<Value> = report
                    .claims
                    .iter()
                    .map(|c| json!({"start": c.start, "end": c.end, "ok": c.ok, "why": c.why}))
                    .collect();
                json!({"id": id, "verdict": report.verdict, "claims": claims})
            }
            Err(e) => {
                json!({"id": id, "verdict": "rejected", "claims": [], "error": e.to_string()})
            }
        };
        if json {
            println!("{out}");
        } else {
            println!("{id}: {}", out["verdict"].as_str().unwrap_or_default());
        }
    }
    0
}

pub(crate) fn verify(file: &Path) -> u8 {
    let read = std::fs::read_to_string(file)
        .map_err(|e| e.to_string())
        .and_then(|t| serde_json::from_str::<AnswerDocument>(&t).map_err(|e| e.to_string()));
    let document = match read {
        Ok(document) => document,
        Err(e) => {
            eprintln!(
                "error[answer_invalid]: `{}` is no answer document: {e}\nhint: write one with `retail ask --json`",
                file.display()
            );
            return 2;
        }
    };
    let (Some(certificate), Some(step)) = (
        &document.certificate,
        document.plan.iter().find(|s| s.result == document.result),
    ) else {
        eprintln!(
            "error[no_certificate]: the document carries no certificate\nhint: only answered questions can be replayed"
        );
        return 2;
    };
    let options = match Options::try_from(certificate) {
        Ok(options) => options,
        Err(e) => {
            eprintln!(
                "error[answer_invalid]: the certificate says no way to read the data: {e}\nhint: write the answer again with `retail ask --json`"
            );
            return 2;
        }
    };
    let assistant = match agents::Assistant::open(&options) {
        Ok(assistant) => assistant,
        Err(e) => {
            report(&e);
            return 5;
        }
    };
    let question = Question {
        text: document.question.clone(),
        as_of: certificate.as_of.clone(),
        ..Question::default()
    };
    let again = assistant.replay(&question, &step.query, &mut Conversation::default());
    let Some(now) = &again.certificate else {
        println!("different: the question is no longer answered");
        return 1;
    };
    let mut differences = Vec::new();
    for (name, before, after) in [
        ("model", &certificate.model_hash, &now.model_hash),
        ("query", &certificate.query_hash, &now.query_hash),
        ("SQL", &certificate.sql_hash, &now.sql_hash),
        ("result", &certificate.result_hash, &now.result_hash),
    ] {
        if before != after {
            differences.push(name);
        }
    }
    for source in &certificate.sources {
        if now
            .sources
            .iter()
            .all(|s| s.fingerprint != source.fingerprint)
        {
            differences.push("source data");
            break;
        }
    }
    if differences.is_empty() {
        println!("the same: model, query, SQL, data and result");
        return 0;
    }
    println!("different: {}", differences.join(", "));
    1
}
