//! One data source with everything that answering questions about it needs.

use crate::model_file::{model_over, overlay_of};
use language::{ValueIndex, Vocabulary};
use query::{Dialect, Dimension, Measure, Query, Term};
use semantics::{FieldRef, Model, Role, Subject};
use std::path::PathBuf;
use warehouse::{Stop, Warehouse, WarehouseError, Watch};

/// What to open.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Files or folders.
    pub data: Vec<PathBuf>,
    /// A semantic model: an Ossie document with the overlay beside it, or the model's own JSON;
    /// inferred if absent.
    pub model: Option<PathBuf>,
    /// How the source is called before people ("bundled data"); its path if absent.
    pub name: Option<String>,
    /// What the user says about how files are to be read.
    pub reading: warehouse::Reading,
    /// Who is told how far loading is.
    pub progress: warehouse::Progress,
    /// How long and how much rows of earlier questions are kept.
    pub cache: warehouse::CacheSettings,
}

/// Variable of the environment that bounds the engine's memory ("2GB").
const MEMORY: &str = "RETAIL_MEMORY";

impl Options {
    /// The data alone.
    fn warehouse(&self) -> warehouse::Options {
        warehouse::Options {
            reading: self.reading.clone(),
            memory: std::env::var(MEMORY).ok().filter(|m| !m.is_empty()),
            progress: self.progress.clone(),
            results: self.cache.clone(),
            ..warehouse::Options::default()
        }
    }

    /// What certificates say of it.
    fn opening(&self) -> answer::Opening {
        answer::Opening {
            data: self.data.iter().map(|p| p.display().to_string()).collect(),
            model: self.model.as_ref().map(|p| p.display().to_string()),
            reading: (!self.reading.is_plain())
                .then(|| serde_json::to_value(&self.reading).unwrap_or_default()),
        }
    }
}

impl TryFrom<&answer::Certificate> for Options {
    type Error = serde_json::Error;

    /// Opens what an answer was read from in the same way; file by file, where its certificate does
    /// not say how.
    fn try_from(certificate: &answer::Certificate) -> Result<Options, serde_json::Error> {
        let Some(opening) = &certificate.opening else {
            return Ok(Options {
                data: certificate
                    .sources
                    .iter()
                    .map(|s| PathBuf::from(&s.path_or_url))
                    .collect(),
                ..Options::default()
            });
        };
        Ok(Options {
            data: opening.data.iter().map(PathBuf::from).collect(),
            model: opening.model.as_ref().map(PathBuf::from),
            name: None,
            reading: match &opening.reading {
                Some(reading) => serde_json::from_value(reading.clone())?,
                None => warehouse::Reading::default(),
            },
            progress: warehouse::Progress::default(),
            // A replay runs every step.
            cache: warehouse::CacheSettings::default(),
        })
    }
}

/// A question.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// As asked.
    pub text: String,
    /// Batch id.
    pub id: Option<String>,
    /// Conversation id, repeated in the document.
    pub conversation: Option<String>,
    /// The date that stands for today (`YYYY-MM-DD`).
    pub as_of: Option<String>,
    /// Runs every step, also where its rows are known.
    pub no_cache: bool,
    /// Ends the work early; the document then fails with the code `stopped`.
    pub stop: Stop,
}

/// Why a source could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct OpenError {
    /// Stable code.
    pub code: String,
    /// What was wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl From<WarehouseError> for OpenError {
    fn from(e: WarehouseError) -> Self {
        OpenError {
            code: e.code().into(),
            message: e.to_string(),
            hint: e.hint(),
        }
    }
}

/// The assistant over one source.
pub struct Assistant {
    pub(crate) model: Model,
    pub(crate) warehouse: Warehouse,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) values: ValueIndex,
    pub(crate) engine: String,
    pub(crate) opening: answer::Opening,
    name: String,
    options: Options,
    model_files: Watch,
}

/// Values of one field that are looked up from questions, at most.
const VALUES_PER_FIELD: usize = 200_000;

impl Assistant {
    /// Loads the data, reads or infers the model, indexes the values.
    ///
    /// # Errors
    /// What is wrong with the data or the model, with what to do.
    pub fn open(options: &Options) -> Result<Assistant, OpenError> {
        let mut model_files: Vec<PathBuf> = options.model.iter().cloned().collect();
        model_files.extend(options.model.as_deref().and_then(overlay_of));
        let model_files = Watch::over(&model_files);
        let warehouse = Warehouse::open(&options.data, &options.warehouse())?;
        let model = match &options.model {
            Some(path) => model_over(path, warehouse.profile(), &mut warehouse.evidence())?,
            None => inferred(&warehouse),
        };
        let values = ValueIndex::build(values(&model, &warehouse));
        let vocabulary = Vocabulary::new(&model);
        let engine = warehouse.engine();
        let name = options.name.clone().unwrap_or_else(|| {
            options
                .data
                .iter()
                .map(|p| {
                    p.file_name().map_or_else(
                        || p.display().to_string(),
                        |n| n.to_string_lossy().into_owned(),
                    )
                })
                .collect::<Vec<_>>()
                .join(", ")
        });
        Ok(Assistant {
            model,
            warehouse,
            vocabulary,
            values,
            engine,
            opening: options.opening(),
            name,
            options: options.clone(),
            model_files,
        })
    }

    /// Whether files and model are still what was opened.
    pub fn is_current(&self) -> bool {
        self.warehouse.is_current() && self.model_files.is_unchanged()
    }

    /// Opens the same source again, as it is now.
    ///
    /// # Errors
    /// As [`Assistant::open`].
    pub fn reopen(&self) -> Result<Assistant, OpenError> {
        Assistant::open(&self.options)
    }

    /// The semantic model in use.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Which data is open, in a few words for people.
    pub fn source_name(&self) -> String {
        self.name.clone()
    }
}

/// The model inferred from loaded data, kept beside it.
pub(crate) fn inferred(warehouse: &Warehouse) -> Model {
    let name = format!("model-{}.json", semantics::STAMP);
    if let Some(model) = warehouse
        .artifact(&name)
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
    {
        return model;
    }
    let model = semantics::infer(warehouse.profile(), &mut warehouse.evidence());
    if let Ok(bytes) = serde_json::to_vec(&model) {
        warehouse.store_artifact(&name, &bytes);
    }
    model
}

fn values(model: &Model, warehouse: &Warehouse) -> Vec<(FieldRef, String, u64)> {
    let name = format!("values-1-{}.json", &semantics::hash(model)[..16]);
    if let Some(known) = warehouse
        .artifact(&name)
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
    {
        return known;
    }
    let mut all = Vec::new();
    for dataset in &model.datasets {
        for field in &dataset.fields {
            if !field.searchable
                || field.role == Role::Text
                || matches!(
                    field.subject,
                    Subject::Address | Subject::Email | Subject::Phone
                )
                // A part of the values would be found and the rest not.
                || field.distinct.is_some_and(|n| n > VALUES_PER_FIELD as u64)
            {
                continue;
            }
            let reference = FieldRef::new(&dataset.name, &field.name);
            let query = Query {
                metrics: vec![Term {
                    name: "rows".into(),
                    measure: Measure::Rows(dataset.name.clone()),
                }],
                dimensions: vec![Dimension::Field(reference.clone())],
                ..Query::default()
            };
            let Ok(compiled) = query::compile(model, &query, Dialect::DuckDb) else {
                continue;
            };
            let Ok(found) = warehouse.scan(&compiled, VALUES_PER_FIELD) else {
                continue;
            };
            for row in found.table.rows {
                let text = match &row[0] {
                    answer::Cell::Text(t) => t.clone(),
                    answer::Cell::Integer(n) => n.to_string(),
                    _ => continue,
                };
                all.push((
                    reference.clone(),
                    text,
                    row[1].as_f64().unwrap_or(0.0) as u64,
                ));
            }
        }
    }
    if let Ok(bytes) = serde_json::to_vec(&all) {
        warehouse.store_artifact(&name, &bytes);
    }
    all
}
