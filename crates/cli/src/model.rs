//! Semantic models: inferred, checked, written.

use crate::ask::report;
use clap::{Subcommand, ValueEnum};
use semantics::{Model, Problem, Severity};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(crate) enum ModelAction {
    /// Infer a model from data and print it as an Ossie document.
    Infer {
        /// Files or folders.
        #[arg(long = "data", required = true)]
        data: Vec<PathBuf>,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Explain every problem of a model: exit status 0 if there is none, else 1.
    Check {
        /// An Ossie document (YAML or JSON, with its overlay beside it) or a model in JSON.
        file: PathBuf,
        /// Files or folders that the model describes: tables, columns, types and keys are
        /// compared with them.
        #[arg(long = "data")]
        data: Vec<PathBuf>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Turn a model of another program into an Ossie document with its overlay, and list what it
    /// says that cannot be carried over: dbt's semantic_manifest.json, semantic views of Snowflake,
    /// metric views of Databricks, data models of Cube.
    Import {
        /// The model's file (JSON or YAML).
        file: PathBuf,
        /// Files or folders that the model describes: what it leaves open is measured.
        #[arg(long = "data")]
        data: Vec<PathBuf>,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Write a model as an Ossie document with its overlay.
    Export {
        /// An Ossie document (YAML or JSON, with its overlay beside it) or a model in JSON.
        file: PathBuf,
        /// Files or folders that the model describes: what it leaves open is measured.
        #[arg(long = "data")]
        data: Vec<PathBuf>,
        #[command(flatten)]
        output: OutputArguments,
    },
}

#[derive(clap::Args)]
pub(crate) struct OutputArguments {
    /// File for the document (X.ossie.yaml); what it cannot say goes to X.overlay.yaml beside it.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Put the overlay into the document's extensions instead.
    #[arg(long)]
    fold: bool,
    /// `ossie`, or `json` for the whole model as this program holds it.
    #[arg(long, value_enum, default_value_t = Format::Ossie)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Ossie,
    Json,
}

pub(crate) fn run(action: &ModelAction) -> u8 {
    match action {
        ModelAction::Infer { data, output } => match agents::model_over_data(data, None) {
            Ok(model) => write(&model, output),
            Err(e) => {
                report(&e);
                5
            }
        },
        ModelAction::Check { file, data, json } => check(file, data, *json),
        ModelAction::Import { file, data, output } => import(file, data, output),
        ModelAction::Export { file, data, output } => {
            let model = if data.is_empty() {
                agents::model_alone(file)
            } else {
                agents::model_over_data(data, Some(file))
            };
            match model {
                Ok(model) => write(&model, output),
                Err(e) => {
                    report(&e);
                    5
                }
            }
        }
    }
}

fn import(file: &Path, data: &[PathBuf], output: &OutputArguments) -> u8 {
    let reading = match agents::read_model(file) {
        Ok(reading) => reading,
        Err(e) => {
            report(&e);
            return 5;
        }
    };
    let listed = |code: &str| {
        let found: Vec<&Problem> = reading.problems.iter().filter(|p| p.code == code).collect();
        for problem in &found {
            eprintln!("{problem}");
        }
        found.len()
    };
    let (left, otherwise) = (listed("not_carried"), listed("read_otherwise"));
    let model = if data.is_empty() {
        agents::model_alone(file)
    } else {
        agents::model_over_data(data, Some(file))
    };
    match model {
        Ok(model) => {
            eprintln!(
                "{}: {} datasets, {} relationships, {} metrics; {} not carried over, {} read otherwise",
                model.name,
                model.datasets.len(),
                model.relationships.len(),
                model.metrics.len(),
                several(left, "part"),
                several(otherwise, "part"),
            );
            write(&model, output)
        }
        Err(e) => {
            report(&e);
            5
        }
    }
}

fn check(file: &Path, data: &[PathBuf], as_json: bool) -> u8 {
    let (model, problems) = match agents::check_model(file, data) {
        Ok(checked) => checked,
        Err(e) => {
            if as_json {
                println!(
                    "{}",
                    json!({"model": null, "ok": false, "problems": [
                        {"severity": "error", "code": e.code, "place": "", "message": e.message,
                         "fix": e.hint, "file": null, "line": null, "column": null}
                    ]})
                );
            }
            report(&e);
            return 5;
        }
    };
    let ok = problems.iter().all(|p| p.severity == Severity::Note);
    if as_json {
        let list: Vec<Value> = problems.iter().map(as_value).collect();
        println!(
            "{}",
            json!({
                "model": model.name,
                "ok": ok,
                "datasets": model.datasets.len(),
                "relationships": model.relationships.len(),
                "metrics": model.metrics.len(),
                "problems": list,
            })
        );
    } else {
        for problem in &problems {
            println!("{problem}\n  fix: {}", problem.fix);
        }
        let counted =
            |severity: Severity| problems.iter().filter(|p| p.severity == severity).count();
        println!(
            "{}: {} datasets, {} relationships, {} metrics; {}",
            if model.name.is_empty() {
                "no model"
            } else {
                &model.name
            },
            model.datasets.len(),
            model.relationships.len(),
            model.metrics.len(),
            if problems.is_empty() {
                "no problems".to_string()
            } else {
                format!(
                    "{}, {}, {}",
                    several(counted(Severity::Error), "error"),
                    several(counted(Severity::Warning), "warning"),
                    several(counted(Severity::Note), "note")
                )
            }
        );
    }
    u8::from(!ok)
}

fn several(count: usize, noun: &str) -> String {
    match count {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}

fn as_value(problem: &Problem) -> Value {
    let location = problem.location.as_ref();
    json!({
        "severity": problem.severity.name(),
        "code": problem.code,
        "place": problem.place,
        "message": problem.message,
        "fix": problem.fix,
        "file": location.map(|l| &l.file),
        "line": location.map(|l| l.line),
        "column": location.map(|l| l.column),
    })
}

/// Prints a model, or writes it to files.
fn write(model: &Model, output: &OutputArguments) -> u8 {
    if output.format == Format::Json {
        let text = serde_json::to_string_pretty(model).unwrap_or_default();
        return match &output.out {
            Some(path) => save(path, &format!("{text}\n")),
            None => print(&format!("{text}\n")),
        };
    }
    let out = match semantics::export(model, output.fold) {
        Ok(out) => out,
        Err(problems) => {
            for problem in problems {
                eprintln!("{problem}\nhint: {}", problem.fix);
            }
            return 1;
        }
    };
    for problem in out.problems.iter().filter(|p| p.severity != Severity::Note) {
        eprintln!("{problem}; {}", problem.fix);
    }
    let Some(path) = &output.out else {
        let printed = print(&out.document);
        if !output.fold {
            eprintln!(
                "note: what an Ossie document cannot say is not printed: --out X.ossie.yaml writes it \
                 beside the document, --fold puts it into the document"
            );
        }
        return printed;
    };
    let saved = save(path, &out.document);
    if saved != 0 || output.fold {
        return saved;
    }
    save(&overlay_beside(path), &out.overlay)
}

/// Prints a long text; a reader that has seen enough of it closes the pipe, which is no failure.
pub(crate) fn print(text: &str) -> u8 {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => 0,
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => 0,
        Err(_) => 1,
    }
}

/// `X.overlay.yaml` beside `X.ossie.yaml`.
fn overlay_beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem);
    let stem = stem.strip_suffix(".ossie").unwrap_or(stem);
    path.with_file_name(format!("{stem}.overlay.yaml"))
}

pub(crate) fn save(path: &Path, text: &str) -> u8 {
    match std::fs::write(path, text) {
        Ok(()) => {
            eprintln!("written: {}", path.display());
            0
        }
        Err(e) => {
            eprintln!(
                "error[not_written]: `{}` cannot be written: {e}\nhint: name a file in a folder that can be written",
                path.display()
            );
            1
        }
    }
}
