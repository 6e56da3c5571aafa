//! Time of the guard and of the number check.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on ends"
)]

use agents::validator::check_numbers;
use answer::{AnswerDocument, Cell, Column, ColumnRole, Narrative, ResultTable, Status};
use std::time::Instant;

const ROUNDS: usize = 301;
const GUARD_LIMIT_MS: f64 = 1.0;
const NUMBERS_LIMIT_MS: f64 = 2.0;

/// Median milliseconds of a piece of work.
fn median(mut work: impl FnMut()) -> f64 {
    let mut all: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[ROUNDS / 2]
}

fn main() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/tpcds/by_hand");
    let mut statements: Vec<String> = std::fs::read_dir(folder)
        .expect("the statements are there")
        .filter_map(|e| std::fs::read_to_string(e.ok()?.path()).ok())
        .collect();
    statements.sort();
    let mut times: Vec<f64> = statements
        .iter()
        .map(|sql| {
            median(|| {
                let _ = guard::check(sql, guard::Dialect::DuckDb, None);
            })
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let guard = times[times.len() / 2];
    println!(
        "guard: median of {} statements {guard:.3} ms, slowest {:.3} ms",
        times.len(),
        times[times.len() - 1]
    );

    let document = hundred_rows();
    let text = &document.narrative.as_ref().expect("it has a text").text;
    let words = text.split_whitespace().count();
    let report = check_numbers(&document);
    let numbers = median(|| {
        let _ = check_numbers(&document);
    });
    println!(
        "number check: {words} words over 100 rows, {} of {} statements proven, median {numbers:.3} ms",
        report.bound, report.found
    );
    assert_eq!(report.bound, report.found, "the text is true");
    assert!(words >= 200, "only {words} words");
    assert!(guard < GUARD_LIMIT_MS, "the guard takes {guard} ms");
    assert!(
        numbers < NUMBERS_LIMIT_MS,
        "the number check takes {numbers} ms"
    );
}

/// An answer of a hundred groups with a text of two hundred words, all of it true.
fn hundred_rows() -> AnswerDocument {
    let column = |name: &str, unit: Option<&str>, role: ColumnRole| -> Column {
        serde_json::from_value(serde_json::json!({
            "name": name, "type": if unit.is_some() { "decimal" } else { "text" }, "unit": unit, "role": role
        }))
        .expect("a column")
    };
    let value = |i: usize| 100_000.0 - 937.0 * i as f64;
    let name =
        |i: usize| format!("Outlet {}", (b'A' + (i / 10) as u8) as char) + &format!("{}", i % 10);
    let mut document = AnswerDocument::empty("sales by outlet", Status::Answered);
    document.result = Some(ResultTable {
        columns: vec![
            column("Outlet", None, ColumnRole::Dimension),
            column("Sales", Some("USD"), ColumnRole::Measure),
        ],
        rows: (0..100)
            .map(|i| vec![Cell::Text(name(i)), Cell::Number(value(i))])
            .collect(),
        row_count: 100,
        truncated: false,
    });
    let mut text = format!(
        "“{}” had the highest Sales: ${}.",
        name(0),
        grouped(value(0))
    );
    for i in 1..26 {
        text.push_str(&format!(
            " “{}” recorded Sales of ${} for the period here.",
            name(i),
            grouped(value(i))
        ));
    }
    document.narrative = Some(Narrative {
        text,
        claims: Vec::new(),
    });
    document
}

fn grouped(x: f64) -> String {
    let plain = format!("{x:.0}");
    let (head, tail) = plain.split_at(plain.len().saturating_sub(3));
    if head.is_empty() {
        tail.to_string()
    } else {
        format!("{head},{tail}")
    }
}
