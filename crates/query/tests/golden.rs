//! The SQL of typed queries, letter by letter, in every dialect.
//!
//! `suites/queries/golden/queries.json` names a file of `suites/queries/data`, whose model is used,
//! and queries; each has a file of SQL per dialect beside it. `UPDATE=1` writes them anew: read the
//! difference before you keep it.
#![expect(clippy::panic, reason = "a test target")]

use query::{Dialect, Query, Reader, compile, compile_for};
use semantics::Model;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/queries")
}

fn read(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn sql_is_what_it_was() {
    let golden = folder().join("golden");
    let file = read(&golden.join("queries.json"));
    let update = std::env::var_os("UPDATE").is_some();
    let (mut faults, mut known) = (Vec::new(), Vec::new());
    for (name, case) in file["queries"].as_object().unwrap() {
        let data = case["data"].as_str().unwrap();
        let data = read(&folder().join("data").join(format!("{data}.json")));
        let model: Model = serde_json::from_value(data["model"].clone()).unwrap();
        let query: Query =
            serde_json::from_value(case["query"].clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
        for dialect in Dialect::ALL {
            let sql = || {
                let compiled = match case["groups"].as_array() {
                    None => compile(&model, &query, dialect),
                    Some(groups) => {
                        let groups = groups.iter().map(|g| g.as_str().unwrap().to_string());
                        let reader = Reader {
                            groups: groups.collect(),
                            ..Reader::default()
                        };
                        compile_for(&model, &query, dialect, &reader)
                    }
                };
                let compiled = compiled.unwrap_or_else(|e| panic!("{name}: {e}"));
                format!("{}\n", compiled.sql())
            };
            let found = sql();
            assert_eq!(found, sql(), "{name}: the same query gives the same bytes");
            let path = golden.join(format!("{name}.{dialect}.sql"));
            known.push(path.clone());
            if update {
                std::fs::write(&path, &found).unwrap();
            } else if std::fs::read_to_string(&path).ok().as_ref() != Some(&found) {
                faults.push(format!("{name}, {dialect}:\n{found}"));
            }
        }
    }
    for entry in std::fs::read_dir(&golden).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "sql") && !known.contains(&path) {
            faults.push(format!("{} belongs to no query", path.display()));
        }
    }
    assert!(
        faults.is_empty(),
        "{} statements are new; UPDATE=1 writes them\n\n{}",
        faults.len(),
        faults.join("\n")
    );
}
