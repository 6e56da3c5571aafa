//! The model documents of the suites, changed at random and read: whatever they hold, the readers end
//! without a panic, and what they take for a model without errors is written and read back. `make fuzz`
//! runs it for ten minutes; without `FUZZ_SECONDS` it is a short look.
#![expect(clippy::unwrap_used, reason = "a test target")]

#[path = "../../warehouse/tests/mutation/mod.rs"]
mod mutation;

use mutation::{Random, Run, mutated};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What the readers decide by.
const PIECES: &[&[u8]] = &[
    b":",
    b"- ",
    b"\n",
    b"\n  ",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"'",
    b"&a",
    b"*a",
    b"|",
    b">",
    b"!!map",
    b"~",
    b"null",
    b"true",
    b"1e999",
    b"SUM(",
    b")",
    b"/ NULLIF(",
    b"CASE WHEN",
    b"${",
    b"{{",
    b"}}",
    b"\\",
    b"#",
    b"%",
    b"---\n",
    b"?",
    b"<<: *a",
    b"\t",
    b"\xc3\xa9",
];

/// A model is read in less time than that, however it was changed.
const LONGEST: Duration = Duration::from_secs(30);

fn seeds() -> Vec<(String, Vec<u8>)> {
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites");
    let mut paths: Vec<PathBuf> = ["models", "imports"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(suites.join(folder)).unwrap())
        .map(|e| e.unwrap().path())
        .filter(|p| {
            let name = p.file_name().unwrap().to_string_lossy().into_owned();
            !["problems.json", "expected.json", "numbers.json"].contains(&name.as_str())
        })
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|p| {
            let name = p.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(p).unwrap())
        })
        .collect()
}

/// Reads a text as a model; what is no model ends in problems.
fn read(name: &str, text: &str) {
    let source = semantics::Source { name, text };
    let reading = semantics::read(source, None);
    let sound = !reading.has_errors();
    let model = reading.completed();
    if sound && semantics::check(&model).is_empty() {
        // What cannot be written says so; it does not panic.
        let _ = semantics::export(&model, true);
    }
}

#[test]
fn changed_models_are_read_or_refused() {
    let seeds = seeds();
    let run = Run::of_the_environment(200);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz-models");
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
        let text = String::from_utf8_lossy(&bytes);
        let begun = Instant::now();
        let panicked = catch_unwind(AssertUnwindSafe(|| read(name, &text))).is_err();
        if panicked || begun.elapsed() > LONGEST {
            let kept = folder.join(format!("fault-{tries}-{name}"));
            std::fs::write(&kept, &bytes).unwrap();
            let what = if panicked { "panicked" } else { "took long" };
            wrong.push(format!("{}: {what}", kept.display()));
        }
    }
    println!("{tries} models of {} documents", seeds.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
