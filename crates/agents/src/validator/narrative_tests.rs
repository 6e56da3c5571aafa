//! The analyst's sentences against the number check, clean and tampered.

use super::check_numbers;
use crate::analyst::{Finding, analyse};
use answer::{AnswerDocument, Intent, PlanStep, ResultTable, Status, Verdict};
use query::Query;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    intent: Intent,
    query: Query,
    result: ResultTable,
    #[serde(default)]
    behind: Option<Behind>,
    /// A clean narrative.
    text: String,
    tampered: Vec<Tamper>,
}

#[derive(Deserialize)]
struct Behind {
    query: Query,
    result: ResultTable,
}

#[derive(Deserialize)]
struct Tamper {
    class: String,
    from: String,
    to: String,
}

fn cases() -> Vec<Case> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../suites/narratives");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|f| {
            serde_json::from_str(&std::fs::read_to_string(f).unwrap())
                .unwrap_or_else(|e| panic!("{f:?}: {e}"))
        })
        .collect()
}

fn model() -> semantics::Model {
    let measure = |name: &str| {
        serde_json::json!({"name": name, "label": name, "expression": {"column": name}, "data_type": "decimal", "role": "measure",
            "subject": "amount", "additivity": "additive", "unit": {"money": "USD"}})
    };
    serde_json::from_value(serde_json::json!({
        "name": "shop",
        "datasets": [{"name": "sales", "label": "Sales", "table": ["main", "sales"], "entity": "sale",
            "fields": [measure("amount"), measure("quantity")]}],
        "relationships": [], "metrics": []
    }))
    .unwrap()
}

fn document(case: &Case) -> AnswerDocument {
    let mut document = AnswerDocument::empty("?", Status::Answered);
    let step = |id: &str, query: &Query, result: Option<ResultTable>| PlanStep {
        id: id.into(),
        purpose: String::new(),
        query: serde_json::to_value(query).unwrap(),
        sql: String::new(),
        engine: String::new(),
        cache: "miss".into(),
        elapsed_ms: 0.0,
        result,
    };
    document
        .plan
        .push(step("s1", &case.query, Some(case.result.clone())));
    if let Some(behind) = &case.behind {
        document
            .plan
            .push(step("s2", &behind.query, Some(behind.result.clone())));
    }
    document.result = Some(case.result.clone());
    document
}

fn analysed(case: &Case, document: &AnswerDocument) -> crate::analyst::Analysis {
    let model = model();
    analyse(&Finding {
        model: &model,
        query: &case.query,
        columns: &[],
        result: &case.result,
        steps: &document.plan,
        intent: case.intent,
        time_note: None,
    })
}

fn verdict(document: &AnswerDocument, text: &str) -> (Verdict, String) {
    let mut document = document.clone();
    document.narrative = Some(answer::Narrative {
        text: text.to_string(),
        claims: Vec::new(),
    });
    let report = check_numbers(&document);
    let chars: Vec<char> = text.chars().collect();
    let faults: Vec<String> = report
        .claims
        .iter()
        .filter(|c| !c.ok)
        .map(|c| {
            format!(
                "{}: {}",
                chars[c.start..c.end].iter().collect::<String>(),
                c.why
            )
        })
        .collect();
    (report.verdict, faults.join("; "))
}

#[test]
fn the_analysts_sentences_verify() {
    let mut failed = Vec::new();
    for case in cases() {
        let document = document(&case);
        let text = analysed(&case, &document).narrative.text;
        println!("{}: {text}", case.name);
        let (verdict, faults) = verdict(&document, &text);
        if verdict != Verdict::Verified {
            failed.push(format!("{}: {text}\n  {faults}", case.name));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn claims_cover_what_they_say() {
    for case in cases() {
        let document = document(&case);
        let narrative = analysed(&case, &document).narrative;
        let chars: Vec<char> = narrative.text.chars().collect();
        let mut last = 0;
        for claim in &narrative.claims {
            assert!(
                claim.start >= last && claim.end > claim.start && claim.end <= chars.len(),
                "{}: {claim:?}",
                case.name
            );
            last = claim.end;
        }
    }
}

#[test]
fn planted_errors_are_rejected() {
    let mut planted = 0;
    for case in cases() {
        let document = document(&case);
        let (clean, faults) = verdict(&document, &case.text);
        assert_eq!(
            clean,
            Verdict::Verified,
            "{}: {}\n{faults}",
            case.name,
            case.text
        );
        for tamper in &case.tampered {
            assert!(
                case.text.contains(&tamper.from),
                "{}: {} is not in the text",
                case.name,
                tamper.from
            );
            let text = case.text.replacen(&tamper.from, &tamper.to, 1);
            assert_eq!(
                verdict(&document, &text).0,
                Verdict::Rejected,
                "{} ({}): {text}",
                case.name,
                tamper.class
            );
            planted += 1;
        }
    }
    assert!(planted >= 40, "only {planted} planted errors");
}

/// Every single change of a digit, a name, a direction word or a period is caught.
#[test]
fn every_perturbation_is_rejected() {
    let mut survivors = Vec::new();
    let mut tried = 0;
    for case in cases() {
        let document = document(&case);
        let text = analysed(&case, &document).narrative.text;
        for tampered in perturbations(&text, &case) {
            tried += 1;
            if verdict(&document, &tampered).0 == Verdict::Verified {
                survivors.push(format!("{}: {tampered}", case.name));
            }
        }
    }
    assert!(
        survivors.is_empty(),
        "{} of {tried} survive:\n{}",
        survivors.len(),
        survivors.join("\n")
    );
    assert!(tried > 500, "only {tried} perturbations");
}

fn perturbations(text: &str, case: &Case) -> Vec<String> {
    let mut out = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        if let Some(d) = c.to_digit(10) {
            for other in [(d + 1) % 10, (d + 9) % 10, (d + 5) % 10] {
                let mut changed = chars.clone();
                changed[i] = char::from_digit(other, 10).unwrap();
                out.push(changed.iter().collect());
            }
        }
    }
    let table = case.behind.as_ref().map_or(&case.result, |b| &b.result);
    let mut names: Vec<String> = table
        .rows
        .iter()
        .flatten()
        .filter_map(|c| c.as_str().map(String::from))
        .collect();
    names.extend(["Atlantis".to_string(), "Nobody".to_string()]);
    names.sort();
    names.dedup();
    for name in &names {
        for (at, _) in text.match_indices(name.as_str()) {
            for other in names.iter().filter(|o| *o != name) {
                out.push(format!(
                    "{}{other}{}",
                    &text[..at],
                    &text[at + name.len()..]
                ));
            }
        }
    }
    let swaps = [
        ("rose", "fell"),
        ("fell", "rose"),
        ("grew", "shrank"),
        ("highest", "lowest"),
        ("lowest", "highest"),
        ("second", "third"),
        ("second", "first"),
        ("first", "second"),
        ("+", "-"),
        ("-", "+"),
        ("+", ""),
        ("January", "February"),
        ("December", "November"),
        ("October", "September"),
        ("growth in", "share of"),
        ("$", "€"),
        ("$", ""),
        ("%", ""),
    ];
    for (from, to) in swaps {
        for (at, _) in text.match_indices(from) {
            // A hyphen inside a name or "-" before nothing is not a sign.
            if from == "-" && !text[at + 1..].starts_with(|c: char| c.is_ascii_digit() || c == '$')
            {
                continue;
            }
            if from == "+" && to.is_empty() {
                continue;
            }
            if from == "growth in" {
                continue;
            }
            out.push(format!("{}{to}{}", &text[..at], &text[at + from.len()..]));
        }
    }
    for quarter in 1..=4 {
        for other in (1..=4).filter(|o| *o != quarter) {
            for (at, hit) in text.match_indices(&format!("Q{quarter} ")) {
                out.push(format!(
                    "{}Q{other} {}",
                    &text[..at],
                    &text[at + hit.len()..]
                ));
            }
        }
    }
    out.retain(|t| t != text);
    out
}

/// True sentences in other words, by the name of their case.
fn other_words() -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../suites/other_words/narratives.json"
    ))
    .unwrap();
    let read: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    read.into_iter()
        .map(|(name, list)| (name, serde_json::from_value(list).unwrap()))
        .collect()
}

#[test]
fn true_sentences_in_other_words_verify() {
    let cases = cases();
    let (mut all, mut rejected) = (0, Vec::new());
    for (name, texts) in other_words() {
        let case = cases
            .iter()
            .find(|c| c.name == name)
            .unwrap_or_else(|| panic!("{name}"));
        let document = document(case);
        for text in texts {
            all += 1;
            let (verdict, faults) = verdict(&document, &text);
            if verdict != Verdict::Verified {
                rejected.push(format!("{name}: {text}\n    {faults}"));
            }
        }
    }
    println!("{} of {all} true sentences rejected", rejected.len());
    assert!(
        rejected.len() * 20 <= all,
        "{} of {all}:\n{}",
        rejected.len(),
        rejected.join("\n")
    );
}
