//! SQL that the compiler did not write, in its child process: what it may see (`statements.json`) and
//! what it may use (`resources.json`).

use crate::program::Place;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use warehouse::{Limits, Program, Stop, Visible, Warehouse, WarehouseError};

fn suite(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../suites/confined")
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Tables of a folder, with the built program as the child.
fn warehouse(place: &Place) -> Warehouse {
    let options = warehouse::Options {
        cache_dir: Some(place.cache()),
        child: Some(Program {
            path: env!("CARGO_BIN_EXE_retail").into(),
            arguments: vec![Program::ARGUMENT.into()],
        }),
        ..warehouse::Options::default()
    };
    Warehouse::open(&[place.work()], &options).unwrap()
}

/// The usual limits, and time enough for a machine that does other things too.
fn patient() -> Limits {
    Limits {
        time: Duration::from_secs(60),
        ..Limits::default()
    }
}

fn approve(sql: &str, visible: &Visible) -> Result<guard::ApprovedSql, guard::Refusal> {
    guard::check(sql, guard::Dialect::DuckDb, Some(visible.schema()))
}

fn reader(case: &Value) -> Option<query::Reader> {
    let groups = case["groups"].as_array()?;
    Some(query::Reader {
        groups: groups.iter().map(|g| g.as_str().unwrap().into()).collect(),
        attributes: serde_json::from_value(case["attributes"].clone()).unwrap_or_default(),
    })
}

#[test]
fn sql_sees_what_its_reader_may_see() {
    let suite = suite("statements.json");
    let place = Place::new("confined-statements");
    for (file, text) in suite["tables"].as_object().unwrap() {
        std::fs::write(place.work().join(file), text.as_str().unwrap()).unwrap();
    }
    let warehouse = warehouse(&place);
    let model: semantics::Model = serde_json::from_value(suite["model"].clone()).unwrap();
    let mut faults = Vec::new();
    for case in suite["cases"].as_array().unwrap() {
        let sql = case["sql"].as_str().unwrap();
        let visible = Visible::of(&model, reader(case).as_ref());
        if case["denied"] == true {
            if visible.is_ok() {
                faults.push(format!("{case}: shown"));
            }
            continue;
        }
        let visible = visible.unwrap();
        let approved = match (approve(sql, &visible), case["refused"].as_str()) {
            (Ok(approved), None) => approved,
            (Err(refusal), Some(code)) if refusal.code == code => continue,
            (found, _) => {
                faults.push(format!("{sql}: {found:?}"));
                continue;
            }
        };
        let stop = Stop::default();
        match warehouse.run_approved(&approved, &visible, &patient(), &stop) {
            Ok(done) => {
                let table = serde_json::to_value(&done.execution.table).unwrap();
                let names: Vec<&str> = table["columns"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|c| c["name"].as_str().unwrap())
                    .collect();
                let columns = case["columns"].as_array();
                if table["rows"] != case["rows"]
                    || serde_json::json!(done.tables) != case["reads"]
                    || columns.is_some_and(|c| c.iter().ne(names))
                {
                    faults.push(format!("{sql}: {table}, reads {:?}", done.tables));
                }
                if cfg!(target_os = "linux")
                    && !(done.confinement.resources
                        && done.confinement.files
                        && done.confinement.calls)
                {
                    faults.push(format!("{sql}: {:?}", done.confinement));
                }
            }
            Err(e) if case["error"] == e.code() => {}
            Err(e) => faults.push(format!("{sql}: {}: {e}", e.code())),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_verdict_for_other_tables_does_not_count() {
    let suite = suite("statements.json");
    let place = Place::new("confined-verdicts");
    for (file, text) in suite["tables"].as_object().unwrap() {
        std::fs::write(place.work().join(file), text.as_str().unwrap()).unwrap();
    }
    let warehouse = warehouse(&place);
    let model: semantics::Model = serde_json::from_value(suite["model"].clone()).unwrap();
    let all = Visible::of(&model, None).unwrap();
    let north = query::Reader {
        groups: vec!["north".into()],
        attributes: BTreeMap::default(),
    };
    let north = Visible::of(&model, Some(&north)).unwrap();
    let sql = "SELECT manager FROM stores";
    let run = |approved, visible| {
        let done = warehouse.run_approved(&approved, visible, &patient(), &Stop::default());
        done.map_err(|e| e.code())
    };
    assert!(run(approve(sql, &all).unwrap(), &all).is_ok());
    assert_eq!(
        run(approve(sql, &all).unwrap(), &north).unwrap_err(),
        "sql_not_visible"
    );
    let open = guard::check(sql, guard::Dialect::DuckDb, None).unwrap();
    assert_eq!(run(open, &all).unwrap_err(), "sql_not_visible");
}

/// Peak memory of the children of this process that run statements, bytes.
fn children_peak() -> u64 {
    let mut highest = 0;
    let own = std::process::id().to_string();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let folder = entry.path();
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        let status = read("status");
        let field = |name: &str| {
            let line = status.lines().find(|l| l.starts_with(name))?;
            line.split_whitespace().nth(1)
        };
        if field("PPid:") == Some(&own) && read("cmdline").contains(Program::ARGUMENT) {
            let kib: u64 = field("VmHWM:").and_then(|n| n.parse().ok()).unwrap_or(0);
            highest = highest.max(kib * 1024);
        }
    }
    highest
}

/// Runs something and gives what it gave, how long it took, less what a sleeping thread was woken
/// too late meanwhile, and the peak of its child.
fn watched<T>(work: impl FnOnce() -> T) -> (T, Duration, u64) {
    const NAP: Duration = Duration::from_millis(3);
    let done = Arc::new(AtomicBool::new(false));
    let peak = Arc::new(AtomicU64::new(0));
    let watcher = std::thread::spawn({
        let (done, peak) = (Arc::clone(&done), Arc::clone(&peak));
        move || {
            let mut latest = Duration::ZERO;
            while !done.load(Ordering::SeqCst) {
                peak.fetch_max(children_peak(), Ordering::SeqCst);
                let asleep = Instant::now();
                std::thread::sleep(NAP);
                latest = latest.max(asleep.elapsed() - NAP);
            }
            latest
        }
    });
    let start = Instant::now();
    let gave = work();
    let took = start.elapsed();
    done.store(true, Ordering::SeqCst);
    let late = watcher.join().unwrap();
    (gave, took.saturating_sub(late), peak.load(Ordering::SeqCst))
}

#[test]
fn statements_that_take_too_much_end_within_their_limits() {
    let suite = suite("resources.json");
    let place = Place::new("confined-resources");
    let mut text = String::from("id,region,day,amount,note\n");
    for i in 0..300_000 {
        let region = ["North", "South", "East", "West"][i % 4];
        let day = 1 + i % 28;
        writeln!(text, "{i},{region},2024-03-{day:02},{}.50,note {i}", i % 97).unwrap();
    }
    std::fs::write(place.work().join("sales.csv"), text).unwrap();
    let warehouse = warehouse(&place);
    let field = |name: &str, data_type: &str| {
        serde_json::json!({"name": name, "label": name, "expression": {"column": name},
            "data_type": data_type, "role": "dimension", "subject": "other", "additivity": "non",
            "unit": "plain"})
    };
    let model: semantics::Model = serde_json::from_value(serde_json::json!({
        "name": "sales", "relationships": [], "metrics": [],
        "datasets": [{"name": "sales", "label": "Sales", "table": ["sales"], "entity": "sale",
            "primary_key": ["id"], "event_time": null, "is_fact": true,
            "fields": [field("id", "integer"), field("region", "text"), field("day", "date"),
                field("amount", "decimal"), field("note", "text")]}],
    }))
    .unwrap();
    let visible = Visible::of(&model, None).unwrap();
    let limits = Limits {
        time: Duration::from_millis(suite["time_ms"].as_u64().unwrap()),
        memory: suite["memory_mib"].as_u64().unwrap() << 20,
        ..Limits::default()
    };
    let next = approve("SELECT count(*) AS n FROM sales", &visible).unwrap();
    let mut faults = Vec::new();
    for case in suite["statements"].as_array().unwrap() {
        let (name, sql) = (&case["name"], case["sql"].as_str().unwrap());
        let ended = match approve(sql, &visible) {
            Err(_) => "refused",
            Ok(approved) => {
                let (gave, took, peak) = watched(|| {
                    warehouse.run_approved(&approved, &visible, &limits, &Stop::default())
                });
                let over = limits.memory / 10;
                if took > limits.time + Duration::from_secs(1) || peak > limits.memory + over {
                    faults.push(format!("{name}: {took:?}, {} MiB", peak >> 20));
                }
                if std::env::var_os("SHOW").is_some() {
                    let how = gave.as_ref().err().map(WarehouseError::code);
                    eprintln!("{name}: {how:?} after {took:?}, {} MiB", peak >> 20);
                }
                match gave {
                    Ok(_) => "rows",
                    Err(WarehouseError::Limit { .. }) => "limit",
                    Err(WarehouseError::SqlFailed(_)) => "failed",
                    Err(e) => {
                        faults.push(format!("{name}: {}: {e}", e.code()));
                        "otherwise"
                    }
                }
            }
        };
        if case["ends"] != "any" && case["ends"] != ended {
            faults.push(format!("{name}: ended {ended}"));
        }
        if ended == "refused" {
            continue;
        }
        let again = warehouse.run_approved(&next, &visible, &patient(), &Stop::default());
        match again {
            Ok(done) if done.execution.table.rows == [[answer::Cell::Integer(300_000)]] => {}
            other => faults.push(format!("{name}: the next question: {other:?}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn nobody_waits_for_a_statement_that_was_stopped() {
    let suite = suite("statements.json");
    let place = Place::new("confined-stop");
    let mut text = String::from("id,store_id,day,amount,customer\n");
    for i in 0..50_000 {
        writeln!(text, "{i},1,2024-01-05,1.50,Ada").unwrap();
    }
    std::fs::write(place.work().join("sales.csv"), text).unwrap();
    let warehouse = warehouse(&place);
    let mut model: semantics::Model = serde_json::from_value(suite["model"].clone()).unwrap();
    model.datasets.truncate(1);
    model.relationships.clear();
    model.policies.clear();
    let visible = Visible::of(&model, None).unwrap();
    let sql = "SELECT count(*) FROM sales a JOIN sales b ON a.store_id = b.store_id JOIN sales c ON c.store_id = b.store_id";
    let approved = approve(sql, &visible).unwrap();
    let stop = Stop::default();
    let start = Instant::now();
    std::thread::spawn({
        let stop = stop.clone();
        move || {
            std::thread::sleep(Duration::from_millis(300));
            stop.stop();
        }
    });
    let gave = warehouse.run_approved(&approved, &visible, &patient(), &stop);
    assert_eq!(gave.unwrap_err().code(), "stopped");
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
}
