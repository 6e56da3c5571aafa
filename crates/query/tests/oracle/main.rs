//! The compiler against a naive evaluator over rows in memory.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test target"
)]

mod calendar;
mod case_file;
mod counting;
mod coverage;
mod data_generator;
mod difference;
mod engines;
mod evaluate;
mod model_generator;
mod policies;
mod query_generator;
mod random;
mod run;
mod shrink;
mod tables;
mod value;
mod verdict;

use engines::{Engine, duck::Duck, postgres::Postgres};
use run::{Extent, Outcome, run};
use std::io::Write;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(otherwise)
}

/// The engine that `ENGINE` names (`duckdb` if absent, or `postgres`); `None` where it is not
/// installed.
fn engine() -> Option<Box<dyn Engine>> {
    match std::env::var("ENGINE").as_deref() {
        Err(_) | Ok("" | "duckdb") => Some(Box::new(Duck::open().unwrap())),
        Ok("postgres") => Postgres::start()
            .unwrap()
            .map(|e| Box::new(e) as Box<dyn Engine>),
        Ok(other) => panic!("ENGINE is duckdb or postgres, not {other}"),
    }
}

/// Shows what differs, writes it down, and fails if anything does.
fn no_mismatch(all: &Outcome) {
    for finding in &all.findings {
        println!("{}", finding.text);
    }
    for path in run::write(&all.findings) {
        println!("written to {}", path.display());
    }
    assert_eq!(all.mismatches, 0, "cases in which the compiler differs");
}

/// A few hundred cases over as many kinds of models as may be.
const SHORT: Extent = Extent {
    seed: 20_240_229,
    sets: 60,
    queries: 8,
    findings: 2,
};

#[test]
fn compiler_and_evaluator_agree_on_duckdb() {
    no_mismatch(&run(&mut Duck::open().unwrap(), &SHORT, 0, 1).unwrap());
}

#[test]
fn compiler_and_evaluator_agree_on_postgres() {
    match Postgres::start().unwrap() {
        Some(mut server) => no_mismatch(&run(&mut server, &SHORT, 0, 1).unwrap()),
        // Past the capture of the test harness: a test that did not run has to say so.
        None => writeln!(
            std::io::stderr(),
            "skipped: no PostgreSQL server is installed here, so that no case ran on one"
        )
        .unwrap(),
    }
}

/// `CASES` of them from `SEED` on, in `JOBS` threads, with a table of what they cover.
#[test]
#[ignore = "long: `make oracle` runs it"]
fn compiler_and_evaluator_agree_on_many_cases() {
    let jobs = number("JOBS", 1).max(1);
    let queries = 50;
    let extent = Extent {
        seed: number("SEED", 1),
        sets: number("CASES", 2000).div_ceil(queries),
        queries: queries as usize,
        findings: number("FINDINGS", 6) as usize,
    };
    let start = std::time::Instant::now();
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs)
            .map(|job| {
                scope.spawn(move || {
                    let mut engine = engine()?;
                    Some(run(&mut *engine, &extent, job, jobs).unwrap())
                })
            })
            .collect();
        workers
            .into_iter()
            .filter_map(|w| w.join().unwrap())
            .collect()
    });
    if outcomes.is_empty() {
        println!("no PostgreSQL server is installed here: nothing to run on");
        return;
    }
    let seconds = start.elapsed().as_secs_f64();
    let mut all = Outcome::default();
    for outcome in outcomes {
        all.coverage.merge(&outcome.coverage);
        all.mismatches += outcome.mismatches;
        all.findings.extend(outcome.findings);
    }
    println!("{}", all.coverage.table());
    println!(
        "seed {}: {} cases in {seconds:.1} s, {:.0} a second, {jobs} threads",
        extent.seed,
        extent.sets * queries,
        (extent.sets * queries) as f64 / seconds
    );
    no_mismatch(&all);
    if all.coverage.cases >= 20_000 {
        assert!(all.coverage.non_empty_percent() >= 60.0);
        let rare = all.coverage.rare(1.0);
        assert!(rare.is_empty(), "in less than 1 % of the cases: {rare:?}");
    }
}

/// The evaluator gives what people worked out by hand.
#[test]
fn evaluator_gives_the_rows_worked_out_by_hand() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/queries");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    paths.sort();
    let mut faults = Vec::new();
    for path in paths {
        let file =
            case_file::CaseFile::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let evaluator = evaluate::Evaluator::new(&file.model, &file.tables).unwrap();
        for case in &file.cases {
            let answer = evaluator.answer(&case.query);
            if let Some(fault) = case_file::fault(&answer, case.expect.as_ref().unwrap()) {
                faults.push(format!("{}: {}\n{fault}", path.display(), case.name));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}
