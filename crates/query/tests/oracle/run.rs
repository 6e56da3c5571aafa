//! Many cases: each seed gives data sets with models, and each of those several queries.

use crate::case_file::{Case, CaseFile, Expected, expectation};
use crate::coverage::Coverage;
use crate::data_generator;
use crate::engines::{Engine, Rows};
use crate::evaluate::{Answer, Evaluator, Shown};
use crate::model_generator;
use crate::policies;
use crate::query_generator::QueryGenerator;
use crate::random::Random;
use crate::shrink::{Shrinker, Trial};
use crate::tables::Tables;
use crate::value::Value;
use crate::verdict::{Verdict, compiled, judge, judge_against};
use query::{Query, Reader};
use semantics::Model;
use std::path::PathBuf;

/// Which cases a run has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) seed: u64,
    /// Data sets.
    pub(crate) sets: u64,
    /// Queries for each data set.
    pub(crate) queries: usize,
    /// Mismatches that are shrunk and shown.
    pub(crate) findings: usize,
}

/// A shrunken mismatch.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) kind: String,
    pub(crate) text: String,
    pub(crate) file: CaseFile,
}

/// What a run gave.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) coverage: Coverage,
    pub(crate) mismatches: usize,
    pub(crate) findings: Vec<Finding>,
}

/// A model, its data, and queries with what each must give.
struct DataSet {
    model: Model,
    tables: Tables,
    /// Who asks, where the model has policies.
    reader: Option<Reader>,
    cases: Vec<(Query, Answer)>,
}

/// A data set of a seed.
///
/// Most of what would be refused, and some of what would be empty, is drawn again: cases that
/// give numbers test more.
fn make(extent: &Extent, set: u64) -> Result<DataSet, String> {
    let mut random = Random::new(extent.seed.wrapping_mul(1_000_003).wrapping_add(set));
    let design = model_generator::design(&mut random);
    let tables = data_generator::fill(&mut random, &design);
    let mut model = design.model;
    let reader = match random.chance(12) {
        true => policies::design(&mut random, &mut model),
        false => None,
    };
    let seen = match &reader {
        Some(reader) => policies::visible(&model, &tables, reader)?,
        None => tables.clone(),
    };
    let evaluator = Evaluator::for_reader(&model, &seen, reader.as_ref())?;
    let mut cases = Vec::new();
    for _ in 0..extent.queries {
        let mut draws = 0;
        loop {
            let query = QueryGenerator {
                model: &model,
                tables: &tables,
                random: &mut random,
                nested: false,
            }
            .query();
            let answer = evaluator.answer(&query);
            draws += 1;
            let again = match &answer {
                Answer::Refused(_) => 80,
                Answer::Rows { rows, .. } if rows.is_empty() => 60,
                Answer::Rows { .. } => 0,
            };
            if draws >= 6 || !random.chance(again) {
                cases.push((query, answer));
                break;
            }
        }
    }
    Ok(DataSet {
        model,
        tables,
        reader,
        cases,
    })
}

/// Runs one data set in every `step`, from the `first` on.
pub(crate) fn run(
    engine: &mut dyn Engine,
    extent: &Extent,
    first: u64,
    step: u64,
) -> Result<Outcome, String> {
    let Extent {
        seed,
        sets,
        findings,
        ..
    } = *extent;
    let mut outcome = Outcome::default();
    let mut set = first;
    while set < sets {
        let DataSet {
            model,
            tables,
            reader,
            cases,
        } = make(extent, set)?;
        engine.load(&tables)?;
        for (query, answer) in cases {
            match judge_against(engine, &model, reader.as_ref(), &query, answer) {
                Verdict::Agree { rows, refused } => {
                    outcome.coverage.add(&model, &query, rows, refused);
                }
                Verdict::Rounding => outcome.coverage.rounding += 1,
                Verdict::Mismatch { kind, .. } => {
                    outcome.mismatches += 1;
                    let known = outcome.findings.iter().filter(|f| f.kind == kind).count();
                    if outcome.findings.len() < findings && known < findings.div_ceil(4) {
                        let trial = Trial {
                            model: model.clone(),
                            tables: tables.clone(),
                            query: query.clone(),
                            reader: reader.clone(),
                        };
                        outcome
                            .findings
                            .push(finding(engine, &kind, trial, seed, set));
                        engine.load(&tables)?;
                    }
                }
            }
        }
        set += step;
    }
    Ok(outcome)
}

fn show(rows: &Rows) -> String {
    rows.iter()
        .map(|r| {
            let cells: Vec<String> = r.iter().map(Value::to_string).collect();
            format!("    {}\n", cells.join(" | "))
        })
        .collect()
}

fn finding(engine: &mut dyn Engine, kind: &str, trial: Trial, seed: u64, set: u64) -> Finding {
    let small = Shrinker::new(engine, kind).shrink(trial);
    let _ = engine.load(&small.tables);
    let (expected, actual) = match judge(engine, &small) {
        Verdict::Mismatch {
            expected, actual, ..
        } => (expected, actual),
        _ => (Answer::Refused(Default::default()), Ok(Rows::new())),
    };
    let mut text = format!("{kind} (seed {seed}, data set {set})\n");
    for (name, table) in &small.tables {
        let columns: Vec<&str> = table.columns.iter().map(|c| c.0.as_str()).collect();
        text += &format!("  {name} ({})\n{}", columns.join(" | "), show(&table.rows));
    }
    for r in &small.model.relationships {
        text += &format!(
            "  {}: {}{:?} -> {}{:?}{}\n",
            r.name,
            r.from,
            r.from_fields,
            r.to,
            r.to_fields,
            if r.unique { "" } else { " (not unique)" }
        );
    }
    for m in &small.model.metrics {
        text += &format!(
            "  metric {} = {} {:?}\n",
            m.name,
            serde_json::to_string(&m.kind).unwrap_or_default(),
            m.time_field.as_ref().map(ToString::to_string)
        );
    }
    if let Some(reader) = &small.reader {
        let policies = serde_json::to_string(&small.model.policies).unwrap_or_default();
        text += &format!("  policies {policies}\n  {reader:?}\n");
    }
    text += &format!("  query {}\n", query::canonical(&small.query));
    let expected = match expected {
        Answer::Rows { columns, rows, .. } => {
            text += &format!("  expected\n{}", show(&rows));
            Expected::Rows {
                columns: names(&columns, &small.query),
                rows,
            }
        }
        Answer::Refused(codes) => {
            text += &format!("  expected refusal {codes:?}\n");
            Expected::Refusal(codes.iter().next().copied().unwrap_or_default().to_string())
        }
    };
    match &actual {
        Ok(rows) => text += &format!("  actual\n{}", show(rows)),
        Err(message) => text += &format!("  actual: {message}\n"),
    }
    if let Ok(compiled) = compiled(
        &small.model,
        small.reader.as_ref(),
        &small.query,
        engine.dialect(),
    ) {
        text += &format!("{}\n", compiled.sql());
    }
    Finding {
        kind: kind.to_string(),
        text,
        file: CaseFile {
            model: small.model,
            tables: small.tables,
            cases: vec![Case {
                name: format!("seed {seed}, data set {set}"),
                why: kind.to_string(),
                query: small.query,
                reader: small.reader,
                expect: Some(expectation(&expected)),
            }],
        },
    }
}

/// Names of columns that do not depend on the wording of the compiler.
pub(crate) fn names(columns: &[Shown], query: &Query) -> Vec<String> {
    columns
        .iter()
        .map(|c| match c {
            Shown::Dimension(i) => format!("dimension {i}"),
            Shown::Metric(m, part) => format!("{} {part:?}", query.metrics[*m].name),
            Shown::Field(i) => format!("field {i}"),
        })
        .collect()
}

/// Where shrunken cases are written.
pub(crate) fn write(findings: &[Finding]) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("oracle");
    let mut written = Vec::new();
    if std::fs::create_dir_all(&folder).is_err() {
        return written;
    }
    for (i, finding) in findings.iter().enumerate() {
        let path = folder.join(format!("mismatch-{i}.json"));
        if std::fs::write(&path, finding.file.write()).is_ok() {
            written.push(path);
        }
    }
    written
}
