//! The files of `suites/files`, changed at random and opened: whatever they hold, nothing panics, the
//! engine is never handed what it cannot take, every row is used or set aside, and nothing is left
//! behind. `make fuzz` runs it for ten minutes; without `FUZZ_SECONDS` it is a short look.
#![expect(clippy::unwrap_used, reason = "a test target")]

mod mutation;

use mutation::{Random, Run, mutated};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use warehouse::{Options, Reading, Warehouse};

/// What the readers decide by.
const PIECES: &[&[u8]] = &[
    b",",
    b";",
    b"\t",
    b"|",
    b"\"",
    b"\"\"",
    b"\n",
    b"\r",
    b"\r\n",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\0",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"null",
    b"1e999",
    b"-",
    b"(45.00)",
    b"$1,200.50",
    b"1.234,56",
    b"12 kg",
    b"50%",
    b"13/02/2024",
    b"2024-02-30",
    b"3 Mar 2024",
    b"Q1 2024",
    b"29/02/2023 25:61",
    b"45296",
    b"1704447000",
    b"Total",
    b"Grand total",
    b"Jan 2024",
    b"NA",
    b"#REF!",
    b"\\",
    b"\x1b[2J",
    b"99999999999999999999999999",
    b"0.000000000000000000001",
    b"\xe9",
    b"\xc3\xa9",
    b"sep=;\n",
];

/// Names and bytes of the files of the suite that are not made by an engine.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/files");
    let mut out = Vec::new();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&suite)
        .unwrap()
        .chain(std::fs::read_dir(suite.join("workbooks")).unwrap())
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_file() && p.extension().is_some_and(|e| e != "py"))
        .collect();
    paths.sort();
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        if path.extension().is_none_or(|e| e != "json") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            out.push((name, bytes));
            continue;
        }
        let cases: Value = serde_json::from_slice(&bytes).unwrap();
        for file in cases
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|c| c["files"].as_array().into_iter().flatten())
        {
            let (Some(path), Some(text)) = (file["path"].as_str(), file["text"].as_str()) else {
                continue;
            };
            let name = path.rsplit('/').next().unwrap().to_string();
            if !file["gzip"].as_bool().unwrap_or(false) && text.len() < 20_000 {
                out.push((name, text.as_bytes().to_vec()));
            }
        }
    }
    out
}

/// What is wrong with how a file was read, if anything.
fn fault(folder: &Path, name: &str, bytes: &[u8], strict: bool) -> Option<String> {
    let file = folder.join(name);
    std::fs::write(&file, bytes).unwrap();
    let cache = folder.join("cache");
    let options = Options {
        cache_dir: Some(cache.clone()),
        threads: Some(1),
        reading: Reading {
            strict,
            ..Reading::default()
        },
        ..Options::default()
    };
    let opened = catch_unwind(AssertUnwindSafe(|| Warehouse::open(&[file], &options)));
    let found = match opened {
        Err(_) => Some("it panicked".to_string()),
        Ok(Err(e)) if matches!(e.code(), "engine" | "data_unaccounted" | "cache_unusable") => {
            Some(format!("{}: {e}", e.code()))
        }
        Ok(Err(_)) => {
            let left = std::fs::read_dir(cache.join("tables")).map_or(0, Iterator::count);
            (left > 0).then(|| format!("{left} folders left behind"))
        }
        Ok(Ok(warehouse)) => warehouse
            .profile()
            .tables
            .iter()
            .find(|t| t.intake.read != t.intake.used + t.intake.aside() || t.rows == 0)
            .map(|t| format!("{}: {}, {} rows", t.name, t.intake.sentence(), t.rows)),
    };
    let _ = std::fs::remove_dir_all(&cache);
    found
}

#[test]
fn changed_files_are_read_or_refused() {
    let seeds = seeds();
    let run = Run::of_the_environment(30);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut wrong = Vec::new();
    let mut tries = 0;
    while run.goes_on(tries) && wrong.len() < 20 {
        let mut random = Random::new(run.seed.wrapping_mul(1_000_003).wrapping_add(tries));
        tries += 1;
        let (name, seed) = &seeds[random.below(seeds.len())];
        let (_, other) = &seeds[random.below(seeds.len())];
        let bytes = mutated(seed, other, PIECES, &mut random);
        if let Some(fault) = fault(&folder, name, &bytes, tries.is_multiple_of(4)) {
            let kept = folder.join(format!("fault-{tries}-{name}"));
            std::fs::write(&kept, &bytes).unwrap();
            wrong.push(format!("{}: {fault}", kept.display()));
        }
        let _ = std::fs::remove_file(folder.join(name));
    }
    println!("{tries} files of {} kinds", seeds.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
