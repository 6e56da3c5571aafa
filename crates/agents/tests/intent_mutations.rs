//! SQL of answered questions changed in one thing, and how many of the changes the intent check
//! sees. A change counts when the changed statement computes something else than was asked for by
//! its form: another day, a filter less, another aggregate, another join, a level for a growth,
//! the order turned around.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

use agents::validator::check_intent;
use agents::{Assistant, Conversation, Options, Question};
use answer::Status;
use std::collections::BTreeMap;

/// Least part of the changes that has to be seen.
const SEEN: f64 = 0.99;

/// The same statement, written otherwise.
fn rewritings(sql: &str) -> Vec<String> {
    vec![
        sql.replace('\n', "  \n"),
        format!("-- the answer\n{sql}"),
        sql.replace(" AS ", " as ").replace("SELECT ", "select "),
    ]
}

fn changed(sql: &str) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let mut swap = |class: &'static str, from: &str, to: &str| {
        if sql.contains(from) {
            out.push((class, sql.replace(from, to)));
        }
    };
    swap("average for sum", "SUM(", "AVG(");
    swap("maximum for sum", "SUM(", "MAX(");
    swap("sum for average", "AVG(", "SUM(");
    swap("rows for distinct", "COUNT(DISTINCT ", "COUNT(");
    swap("order", " DESC", " ASC");
    swap("join", "FULL OUTER JOIN", "INNER JOIN");
    // A condition excludes the rows without a partner by itself; without one they are lost.
    for step in sql.split("\n),") {
        if step.contains("LEFT JOIN") && !step.contains("WHERE") {
            let other = step.replacen("LEFT JOIN", "INNER JOIN", 1);
            out.push(("join", sql.replacen(step, &other, 1)));
        }
    }
    // Another key of a join.
    for (at, _) in sql.match_indices(" ON \"") {
        let line = sql[at..].lines().next().unwrap_or_default();
        if let Some((left, right)) = line.split_once(" = ")
            && let Some((table, _)) = right.trim_end().rsplit_once('.')
            && left.contains('.')
        {
            let other = format!("{left} = {table}.\"name\"");
            out.push(("join key", sql.replacen(line, &other, 1)));
        }
    }
    // Another month, by each day that stands there.
    for (at, _) in sql.match_indices("DATE '") {
        let start = at + 6;
        let Some(day) = sql.get(start..start + 10) else {
            continue;
        };
        let month: u32 = day[5..7].parse().unwrap_or(1);
        let other = format!("{}-{:02}-{}", &day[..4], month % 12 + 1, &day[8..]);
        out.push((
            "period",
            format!("{}{other}{}", &sql[..start], &sql[start + 10..]),
        ));
    }
    // A condition less.
    for (at, _) in sql.match_indices(" = '") {
        let end = sql[at + 4..].find('\'').map(|e| at + 4 + e + 1);
        if let Some(end) = end {
            out.push((
                "filter",
                format!("{} IS NOT NULL{}", &sql[..at], &sql[end..]),
            ));
        }
    }
    out
}

#[test]
fn changed_sql_is_seen_and_the_same_sql_is_not() {
    let data = bundled::ensure(&warehouse::default_cache_dir()).unwrap();
    let assistant = Assistant::open(&Options {
        data: vec![data],
        ..Options::default()
    })
    .unwrap();
    let mut table: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut alarms, mut missed, mut asked) = (Vec::new(), Vec::new(), 0);
    for text in include_str!("../../../benches/questions.txt").lines() {
        let question = Question {
            text: text.to_string(),
            ..Question::default()
        };
        let document = assistant.ask(&question, &mut Conversation::default(), &mut |_| {});
        if document.status != Status::Answered {
            continue;
        }
        for step in &document.plan {
            let Ok(query) = serde_json::from_value::<query::Query>(step.query.clone()) else {
                continue;
            };
            asked += 1;
            let sees = |sql: &str| !check_intent(&query, sql, assistant.model()).ok;
            for same in rewritings(&step.sql).into_iter().chain([step.sql.clone()]) {
                if sees(&same) {
                    alarms.push(format!("{text}\n{same}"));
                }
            }
            for (class, sql) in changed(&step.sql) {
                let row = table.entry(class).or_default();
                row.0 += 1;
                if sees(&sql) {
                    row.1 += 1;
                } else {
                    missed.push(format!("{class}: {text}\n{sql}"));
                }
            }
        }
    }
    println!("{asked} statements, {} false alarms", alarms.len());
    for (class, (changed, seen)) in &table {
        println!(
            "{class:<20} {changed:>6} {seen:>6} {:>7.2}",
            100.0 * *seen as f64 / *changed as f64
        );
    }
    let show: usize = std::env::var("SHOW")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(2);
    for text in missed.iter().take(show) {
        println!("missed {text}");
    }
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
    let (all, seen) = table.values().fold((0, 0), |t, r| (t.0 + r.0, t.1 + r.1));
    assert!(all > 100, "only {all} changes");
    assert!(seen as f64 / all as f64 >= SEEN, "{seen} of {all} seen");
}
