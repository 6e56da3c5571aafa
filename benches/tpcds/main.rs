//! Compiled SQL against SQL written by hand, over TPC-DS in the same engine and run.
//!
//! `queries.json` holds typed queries over `model.json`, `by_hand/` the statement that a person
//! would write for each. A pair gives the same rows, or the bench says so; its ratio is that of the
//! two medians, the statements taking turns. On a busy machine the ratio of the least times, beside
//! it, says more. `make bench-tpcds` fetches the data generator and
//! generates the data once; `SCALE` is the scale factor (1), `ROUNDS` how often each runs (7),
//! `ONLY` a part of a name.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on ends"
)]

use duckdb::Connection;
use duckdb::types::Value;
use query::{Dialect, Query, compile};
use semantics::Model;
use serde_json::{Map, Value as Json};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What a compiled statement may take, over the one by hand.
const LIMIT: f64 = 1.1;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/tpcds")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).expect("a file of the bench")
}

fn number(name: &str, otherwise: f64) -> f64 {
    std::env::var(name)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(otherwise)
}

/// The data at a scale, generated where it is not there yet.
fn data(extension: &Path, scale: f64) -> Connection {
    let path = extension.with_file_name(format!("sf{scale}.duckdb"));
    if !path.exists() {
        let half = path.with_extension("half");
        let _ = std::fs::remove_file(&half);
        println!("generating TPC-DS at scale {scale} …");
        let connection = Connection::open(&half).expect("a database file");
        connection
            .execute_batch(&format!(
                "LOAD '{}'; CALL dsdgen(sf = {scale}); CHECKPOINT;",
                extension.display()
            ))
            .expect("the generator runs");
        drop(connection);
        std::fs::rename(&half, &path).expect("the data has its name");
    }
    let connection = Connection::open(&path).expect("the data opens");
    // As every session that runs compiled queries.
    connection
        .execute_batch(&Dialect::DuckDb.session().join(";"))
        .expect("the session begins");
    connection
}

/// A cell as it is compared: numbers by value, everything else by its text.
fn cell(value: &Value) -> (Option<f64>, String) {
    let exact = |n: i128| (Some(n as f64), String::new());
    match value {
        Value::TinyInt(n) => exact((*n).into()),
        Value::SmallInt(n) => exact((*n).into()),
        Value::Int(n) => exact((*n).into()),
        Value::BigInt(n) => exact((*n).into()),
        Value::HugeInt(n) => exact(*n),
        Value::Float(x) => (Some(f64::from(*x)), String::new()),
        Value::Double(x) => (Some(*x), String::new()),
        Value::Decimal(d) => (d.to_string().parse().ok(), String::new()),
        other => (None, format!("{other:?}")),
    }
}

type Rows = Vec<Vec<(Option<f64>, String)>>;

/// Milliseconds until the last row, and the rows in one order.
fn run(connection: &Connection, sql: &str) -> Result<(f64, Rows), duckdb::Error> {
    let start = Instant::now();
    let mut statement = connection.prepare(sql)?;
    let mut found = statement.query([])?;
    let width = found.as_ref().map_or(0, |s| s.column_count());
    let mut values = Vec::new();
    while let Some(row) = found.next()? {
        let cells: Result<Vec<Value>, _> = (0..width).map(|i| row.get(i)).collect();
        values.push(cells?);
    }
    let took = start.elapsed().as_secs_f64() * 1000.0;
    let mut rows: Rows = values
        .iter()
        .map(|r| r.iter().map(cell).collect())
        .collect();
    rows.sort_by_key(|row| {
        row.iter()
            .map(|(n, t)| match n {
                Some(n) => format!("{n:.6e}"),
                None => t.clone(),
            })
            .collect::<Vec<_>>()
    });
    Ok((took, rows))
}

fn same(a: &Rows, b: &Rows) -> bool {
    let near = |x: f64, y: f64| (x - y).abs() <= 1e-6 * x.abs().max(y.abs()).max(1.0);
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| match (a.0, b.0) {
                    (Some(x), Some(y)) => near(x, y),
                    (None, None) => a.1 == b.1,
                    _ => false,
                })
        })
}

fn least(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() {
    let Some(extension) = std::env::var_os("TPCDS_EXTENSION").map(PathBuf::from) else {
        println!("skipped: without TPCDS_EXTENSION there is no data; `make bench-tpcds` sets it");
        return;
    };
    let rounds = number("ROUNDS", 7.0) as usize;
    let only = std::env::var("ONLY").unwrap_or_default();
    let model: Model = serde_json::from_str(&read("model.json")).expect("the model");
    let queries: Map<String, Json> =
        serde_json::from_str(&read("queries.json")).expect("the queries");
    let connection = data(&extension, number("SCALE", 1.0));
    let (mut slow, mut faults) = (Vec::new(), Vec::new());
    let (mut ratios, mut leasts) = (Vec::new(), Vec::new());
    println!(
        "{:>9} {:>9} {:>6} {:>6}  query",
        "compiled", "by hand", "ratio", "least"
    );
    for (name, query) in queries.iter().filter(|(name, _)| name.contains(&only)) {
        let query: Query = serde_json::from_value(query.clone()).expect("a typed query");
        let compiled = match compile(&model, &query, Dialect::DuckDb) {
            Ok(compiled) => compiled,
            Err(e) => {
                faults.push(format!("{name}: {}: {e}", e.code()));
                continue;
            }
        };
        let by_hand = read(&format!("by_hand/{name}.sql"));
        let statements = [compiled.sql(), by_hand.as_str()];
        let mut times = [Vec::new(), Vec::new()];
        let mut rows: [Option<Rows>; 2] = [None, None];
        let mut fault = None;
        'rounds: for round in 0..=rounds {
            for turn in 0..2 {
                let which = (turn + round) % 2;
                match run(&connection, statements[which]) {
                    // The first round warms caches up.
                    Ok((_, found)) if round == 0 => rows[which] = Some(found),
                    Ok((took, _)) => times[which].push(took),
                    Err(e) => {
                        fault = Some(format!("{name}: {e}"));
                        break 'rounds;
                    }
                }
            }
        }
        if let Some(fault) = fault {
            faults.push(fault);
            continue;
        }
        if let [Some(a), Some(b)] = &rows
            && !same(a, b)
        {
            faults.push(format!(
                "{name}: the rows differ\n{:?}\n{:?}",
                a.first(),
                b.first()
            ));
        }
        let [least_ours, least_theirs] = times.each_ref().map(|t| least(t));
        let [ours, theirs] = times.map(median);
        let least = least_ours / least_theirs;
        let ratio = ours / theirs;
        println!("{ours:6.1} ms {theirs:6.1} ms {ratio:6.2} {least:6.2}  {name}");
        ratios.push(ratio);
        leasts.push(least);
        if ratio > LIMIT {
            slow.push((ratio, name));
        }
    }
    slow.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!(
        "{} queries, median ratio {:.2} (of least times {:.2}), {} above {LIMIT}",
        ratios.len(),
        median(ratios),
        median(leasts),
        slow.len()
    );
    for (ratio, name) in slow {
        println!("  {ratio:5.2}  {name}");
    }
    for fault in &faults {
        println!("FAULT {fault}");
    }
    if !faults.is_empty() {
        std::process::exit(1);
    }
}
