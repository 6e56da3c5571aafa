//! Semantic models in files, alone or over data.

use crate::OpenError;
use query::{Dialect, Query};
use semantics::{Evidence, Model, Problem, Reading, Severity, Source, SourceProfile};
use std::path::{Path, PathBuf};
use warehouse::Warehouse;

/// The overlay that belongs to a document: `X.overlay.yaml` beside `X.ossie.yaml` or `X.yaml`, or
/// the same with another ending.
pub(crate) fn overlay_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let (stem, _) = name.rsplit_once('.')?;
    let stem = stem.strip_suffix(".ossie").unwrap_or(stem);
    ["yaml", "yml", "json"]
        .iter()
        .map(|ending| path.with_file_name(format!("{stem}.overlay.{ending}")))
        .find(|p| p.is_file() && p != path)
}

/// Reads a model file: an Ossie document (YAML or JSON) with the overlay beside it, or the JSON of
/// the model itself. What is wrong in it stands among the problems of the reading.
///
/// # Errors
/// A file that cannot be read at all.
pub fn read_model(path: &Path) -> Result<Reading, OpenError> {
    let text_of = |path: &Path| {
        std::fs::read_to_string(path).map_err(|e| OpenError {
            code: "model_unreadable".into(),
            message: format!("`{}` cannot be read: {e}", path.display()),
            hint: "write one with `retail model infer`".into(),
        })
    };
    let text = text_of(path)?;
    let overlay = overlay_of(path);
    let overlay_text = overlay.as_deref().map(text_of).transpose()?;
    let (name, overlay_name) = (
        path.display().to_string(),
        overlay.map(|p| p.display().to_string()).unwrap_or_default(),
    );
    let document = Source {
        name: &name,
        text: &text,
    };
    let overlay = overlay_text.as_deref().map(|text| Source {
        name: &overlay_name,
        text,
    });
    let mut reading = semantics::read(document, overlay);
    queries(&mut reading);
    Ok(reading)
}

/// Datasets that are queries: each has to be one plain SELECT over tables.
fn queries(reading: &mut Reading) {
    let mut found = Vec::new();
    for dataset in &reading.model.datasets {
        if let Some(query) = &dataset.query
            && let Err(refusal) = guard::check(query, guard::Dialect::DuckDb, None)
        {
            found.push(Problem::error(
                "unsafe_source",
                format!("datasets/{}/source", dataset.name),
                format!("the source query may not run: {}", refusal.reason),
                refusal.fix,
            ));
        }
    }
    reading.places.locate(&mut found);
    reading.problems.extend(found);
}

/// A model without data: what its text leaves open is completed from names.
///
/// # Errors
/// The first of the problems that make it unusable.
pub fn model_alone(path: &Path) -> Result<Model, OpenError> {
    let reading = read_model(path)?;
    usable(&reading.problems)?;
    let places = reading.places.clone();
    let model = reading.completed();
    let mut problems = semantics::check(&model);
    places.locate(&mut problems);
    usable(&problems)?;
    Ok(model)
}

/// A model over loaded data.
///
/// # Errors
/// The first of the problems that make it unusable, of its text or against the data.
pub(crate) fn model_over(
    path: &Path,
    profile: &SourceProfile,
    evidence: &mut dyn Evidence,
) -> Result<Model, OpenError> {
    let reading = read_model(path)?;
    usable(&reading.problems)?;
    let reading = reading.bound(profile, evidence);
    usable(&reading.problems)?;
    let mut problems = semantics::check(&reading.model);
    reading.places.locate(&mut problems);
    usable(&problems)?;
    Ok(reading.model)
}

/// A model over the data of these files; inferred from it if no model file is given.
///
/// # Errors
/// What is wrong with the data or the model, with what to do.
pub fn model_over_data(data: &[PathBuf], path: Option<&Path>) -> Result<Model, OpenError> {
    let warehouse = Warehouse::open(data, &warehouse::Options::default())?;
    match path {
        Some(path) => model_over(path, warehouse.profile(), &mut warehouse.evidence()),
        None => Ok(crate::assistant::inferred(&warehouse)),
    }
}

/// Every problem of a model file: of its text, of its parts among each other and, where data is
/// given, against the data; and the model as far as it could be read.
///
/// # Errors
/// A model file or data that cannot be read at all.
pub fn check_model(path: &Path, data: &[PathBuf]) -> Result<(Model, Vec<Problem>), OpenError> {
    let reading = read_model(path)?;
    // What could not be read would only be missed once more further on.
    let broken = reading.has_errors();
    let reading = if data.is_empty() {
        reading
    } else {
        let warehouse = Warehouse::open(data, &warehouse::Options::default())?;
        reading.bound(warehouse.profile(), &mut warehouse.evidence())
    };
    let (places, mut problems) = (reading.places.clone(), reading.problems.clone());
    let model = reading.completed();
    let mut more = semantics::check(&model);
    more.extend(verified_queries(&model));
    places.locate(&mut more);
    for problem in more {
        let follows = broken && problem.code == "unknown_metric";
        let told = problems.iter().any(|p| {
            p.code == problem.code
                && (p.place == problem.place || problem.place.starts_with(&format!("{}/", p.place)))
        });
        if !follows && !told {
            problems.push(problem);
        }
    }
    Ok((model, problems))
}

/// Checked questions whose query is none, or none any more.
fn verified_queries(model: &Model) -> Vec<Problem> {
    let mut problems = Vec::new();
    for verified in &model.verified_queries {
        let place = "verified_queries";
        let question = &verified.question;
        match serde_json::from_value::<Query>(verified.query.clone()) {
            Ok(query) => {
                if let Err(e) = query::compile(model, &query, Dialect::DuckDb) {
                    problems.push(
                        Problem::error(
                            "verified_query_refused",
                            place,
                            format!("the query of \"{question}\" is refused: {e}"),
                            e.hint(),
                        )
                        .warning(),
                    );
                }
            }
            Err(e) => {
                let names = |key: &str| {
                    verified.query.get(key).is_none_or(|list| {
                        list.as_array()
                            .is_some_and(|l| l.iter().all(serde_json::Value::is_string))
                    })
                };
                let problem = Problem::error(
                    "verified_query_unread",
                    place,
                    format!("the query of \"{question}\" is no typed query: {e}"),
                    "schemas/query.schema.json says what it has to look like; `retail ask --json` prints one",
                );
                // A sketch of metric and field names tells people what is meant.
                problems.push(if names("metrics") && names("dimensions") {
                    problem.note()
                } else {
                    problem.warning()
                });
            }
        }
    }
    problems
}

/// The first error among problems.
fn usable(problems: &[Problem]) -> Result<(), OpenError> {
    let mut errors = problems.iter().filter(|p| p.severity == Severity::Error);
    let Some(first) = errors.next() else {
        return Ok(());
    };
    let more = match errors.count() {
        0 => String::new(),
        n => format!(" (and {n} more: `retail model check` lists them)"),
    };
    let place = match (&first.location, first.place.is_empty()) {
        (Some(location), _) => format!("{location}: "),
        (None, false) => format!("{}: ", first.place),
        (None, true) => String::new(),
    };
    Err(OpenError {
        code: first.code.into(),
        message: format!("{place}{}{more}", first.message),
        hint: first.fix.clone(),
    })
}
