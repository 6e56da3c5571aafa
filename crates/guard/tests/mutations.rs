//! Attacks and twins changed at random, and pieces of both put together. Whatever the guard lets
//! through runs on engines that hold a canary: a forbidden table, a file, settings, row counts.
//!
//! `MUTANTS`, `TWINS`, `CROSSED` and `SEED` choose how many and which.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a test; each uses a part of the suite"
)]

#[path = "../../query/tests/engine/server.rs"]
mod server;
mod suite;

use std::io::Write;
use suite::Concrete;
use suite::mutate::{self, Random};

/// What no answer may hold.
const MARK: &str = "canary-7d1f";

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(otherwise)
}

/// Long statements bound the text, not its meaning: changing them shows nothing.
fn short(sql: &str) -> bool {
    !sql.trim().is_empty() && sql.len() < 2000
}

#[test]
fn changed_attacks_are_refused() {
    let model = suite::model();
    let cases: Vec<Concrete> = suite::cases()
        .into_iter()
        .filter(|c| short(&c.attack) && !c.codes.iter().any(|k| k == "empty"))
        .collect();
    let mut random = Random::new(number("SEED", 1));
    let all = number("MUTANTS", 4000);
    let mut passed = Vec::new();
    for _ in 0..all {
        let case = random.pick(&cases);
        let mut sql = case.attack.clone();
        for _ in 0..=random.below(3) {
            sql = mutate::same(&sql, case, true, &mut random);
        }
        if random.below(3) == 0 {
            sql = mutate::hide(&sql, case, &mut random);
        }
        if guard::check(&sql, case.dialect, case.model.then_some(&model)).is_ok() {
            passed.push(format!("{} {}: {sql}", case.category, case.letter));
        }
    }
    println!("{all} changed attacks, {} passed", passed.len());
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

#[test]
fn changed_twins_pass() {
    let model = suite::model();
    let cases: Vec<Concrete> = suite::cases()
        .into_iter()
        .filter(|c| short(&c.twin))
        .collect();
    let mut random = Random::new(number("SEED", 1));
    let all = number("TWINS", 1000);
    let mut refused = Vec::new();
    for _ in 0..all {
        let case = random.pick(&cases);
        let mut sql = case.twin.clone();
        for _ in 0..=random.below(3) {
            sql = mutate::same(&sql, case, false, &mut random);
        }
        if let Err(refusal) = guard::check(&sql, case.dialect, case.model.then_some(&model)) {
            refused.push(format!(
                "{} {}: {refusal}: {sql}",
                case.category, case.letter
            ));
        }
    }
    println!("{all} changed twins, {} refused", refused.len());
    for line in refused.iter().take(20) {
        println!("{line}");
    }
    assert!(refused.len() as u64 * 1000 <= all, "{}", refused.join("\n"));
}

/// Statements that passed the guard although pieces of attacks were put into them.
fn approved(letter: char, random: &mut Random) -> (u64, Vec<String>) {
    let model = suite::model();
    let cases: Vec<Concrete> = suite::cases()
        .into_iter()
        .filter(|c| c.letter == letter && short(&c.attack) && short(&c.twin))
        .collect();
    let all = number("CROSSED", 4000);
    let mut found = Vec::new();
    for i in 0..all {
        let (a, b) = (random.pick(&cases), random.pick(&cases));
        let sql = if i % 8 == 0 {
            a.twin.clone()
        } else {
            let (Some(into), Some(from)) = (
                mutate::tokens(&a.twin, a.dialect),
                mutate::tokens(&b.attack, b.dialect),
            ) else {
                continue;
            };
            mutate::crossed(&into, &from, random)
        };
        if guard::check(&sql, a.dialect, Some(&model)).is_ok() {
            found.push(sql);
        }
    }
    (all, found)
}

/// Tables of the suite's model, and what it does not hold.
fn tables(text: &str) -> Vec<String> {
    let mut out = vec![
        "CREATE SCHEMA hr".to_string(),
        format!("CREATE TABLE hr.payroll (id INT, salary INT, email {text})"),
        format!("INSERT INTO hr.payroll VALUES (1, 700001, '{MARK}')"),
        format!("CREATE TABLE sales (id INT, region {text}, amount INT, quantity INT, sold_on DATE, product_id INT, customer_id INT, store_id INT)"),
        "INSERT INTO sales VALUES (1, 'N', 10, 1, DATE '2024-01-05', 1, 1, 1), (2, 'S', 20, 2, DATE '2024-02-05', 2, 2, 1)".to_string(),
        format!("CREATE TABLE products (product_id INT, name {text}, category {text}, price INT, \"delete\" {text})"),
        "INSERT INTO products VALUES (1, 'Tee', 'Tops', 9, 'no'), (2, 'Jeans', 'Legs', 40, 'no')".to_string(),
        format!("CREATE TABLE stores (store_id INT, city {text}, opened_on DATE)"),
        "INSERT INTO stores VALUES (1, 'Ulm', DATE '2020-01-01')".to_string(),
        format!("CREATE TABLE customers (customer_id INT, segment {text}, country {text})"),
        "INSERT INTO customers VALUES (1, 'Home', 'DE'), (2, 'Work', 'FR')".to_string(),
    ];
    out.push("CREATE SCHEMA retail".to_string());
    for table in ["sales", "products", "stores", "customers"] {
        out.push(format!(
            "CREATE VIEW retail.{table} AS SELECT * FROM {table}"
        ));
    }
    out
}

#[test]
fn what_passes_leaves_the_canary_of_duckdb_alone() {
    let connection = duckdb::Connection::open_in_memory().unwrap();
    connection
        .execute_batch(&tables("VARCHAR").join("; "))
        .unwrap();
    let state = || -> String {
        let one = |sql: &str| -> String {
            connection
                .query_row(sql, [], |row| row.get::<_, String>(0))
                .unwrap_or_else(|e| e.to_string())
        };
        // What a session can change: settings, tables, their rows.
        one(
            "SELECT string_agg(name || '=' || coalesce(value, ''), ';' ORDER BY name) FROM duckdb_settings()",
        ) + &one(
            "SELECT string_agg(schema_name || '.' || table_name || estimated_size::VARCHAR, ';' ORDER BY ALL) FROM duckdb_tables()",
        ) + &one("SELECT (count(*) + sum(amount))::VARCHAR FROM sales")
            + &one("SELECT count(*)::VARCHAR FROM hr.payroll")
    };
    let before = state();
    let mut random = Random::new(number("SEED", 1));
    let (all, found) = approved('D', &mut random);
    let (mut ran, mut leaks) = (0, Vec::new());
    for sql in &found {
        let Ok(mut statement) = connection.prepare(sql) else {
            continue;
        };
        let Ok(mut rows) = statement.query([]) else {
            continue;
        };
        ran += 1;
        let mut seen = String::new();
        while let Ok(Some(row)) = rows.next() {
            let mut column = 0;
            while let Ok(value) = row.get_ref(column) {
                seen.push_str(&format!("{value:?} "));
                column += 1;
            }
        }
        if seen.contains(MARK) || seen.contains("700001") {
            leaks.push(sql.clone());
        }
    }
    println!(
        "{all} made, {} passed the guard, {ran} ran on DuckDB",
        found.len()
    );
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    assert_eq!(before, state());
    assert!(ran > 50, "only {ran} ran");
}

#[test]
fn what_passes_leaves_the_canary_of_postgresql_alone() {
    let Some(server) = server::Server::start().unwrap() else {
        println!("no PostgreSQL here: not run");
        return;
    };
    let mut random = Random::new(number("SEED", 1));
    let (all, found) = approved('P', &mut random);
    let state = "SELECT (SELECT count(*) FROM pg_class) || ' ' || (SELECT sum(amount) FROM sales) || ' ' || \
                 (SELECT count(*) FROM hr.payroll) || ' ' || (SELECT string_agg(name || setting, ';' ORDER BY name) FROM pg_settings);";
    let mut script = tables("TEXT").join(";\n") + ";\n";
    script.push_str(&format!(
        "\\echo BEFORE\n{state}\n\\echo RUN\nSET statement_timeout = '5s';\n"
    ));
    for sql in &found {
        // The extended protocol takes one statement, as a client of the engine would.
        script.push_str(&format!("{}\n;\n", sql.trim_end().trim_end_matches(';')));
    }
    script.push_str(&format!(
        "RESET statement_timeout;\n\\echo AFTER\n{state}\n"
    ));
    let mut child = server
        .psql()
        .args(["--tuples-only", "--no-align"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(script.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let (before, rest) = text
        .split_once("BEFORE\n")
        .unwrap()
        .1
        .split_once("RUN\n")
        .unwrap();
    let (ran, after) = rest.rsplit_once("AFTER\n").unwrap();
    println!(
        "{all} made, {} passed the guard and were sent to PostgreSQL",
        found.len()
    );
    assert!(
        !ran.contains(MARK) && !ran.contains("700001"),
        "the canary was read"
    );
    assert_eq!(before, after);
    assert!(found.len() > 50, "only {} passed", found.len());
}
