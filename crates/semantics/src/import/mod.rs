//! Semantic models of other programs, turned into an Ossie document with an overlay.
//!
//! Each format has a file. It says what it can in the two documents and lists the rest: a metric
//! whose meaning cannot be held exactly is left out and named, never carried over as another number.

mod builder;
mod cube;
mod databricks;
mod dbt;
mod names;
mod snowflake;
mod templates;

use crate::located::{Node, parse};
use crate::{Problem, Reading, Severity, Source};
use builder::Builder;

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportFormat {
    /// `semantic_manifest.json` of dbt and MetricFlow.
    Dbt,
    /// Semantic view or semantic model YAML of Snowflake.
    Snowflake,
    /// Metric view YAML of Databricks.
    Databricks,
    /// Data model YAML of Cube.
    Cube,
}

impl ImportFormat {
    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            ImportFormat::Dbt => "dbt semantic manifest",
            ImportFormat::Snowflake => "Snowflake semantic view",
            ImportFormat::Databricks => "Databricks metric view",
            ImportFormat::Cube => "Cube data model",
        }
    }
}

/// What came of an import.
#[derive(Debug, Clone)]
pub struct Imported {
    /// Which format it was.
    pub format: ImportFormat,
    /// The Ossie document, as JSON.
    pub document: String,
    /// The overlay, as JSON.
    pub overlay: String,
    /// What could not be carried over, as warnings, and what is read otherwise there, as notes; with
    /// the places of the imported file.
    pub problems: Vec<Problem>,
}

/// The format of a text by its keys.
pub(crate) fn format_of(root: &Node) -> Option<ImportFormat> {
    let has = |key: &str| root.get(key).is_some();
    if has("semantic_models") && (has("metrics") || has("project_configuration")) {
        return Some(ImportFormat::Dbt);
    }
    if has("cubes") || (has("views") && !has("source")) {
        return Some(ImportFormat::Cube);
    }
    if has("source") && (has("measures") || has("fields") || has("dimensions")) {
        return Some(ImportFormat::Databricks);
    }
    let based = root
        .get("tables")
        .is_some_and(|t| t.items().iter().any(|t| t.get("base_table").is_some()));
    based.then_some(ImportFormat::Snowflake)
}

/// Turns a model of another program into an Ossie document and an overlay; `None` where the text is
/// none of theirs.
pub fn import(source: Source<'_>) -> Option<Imported> {
    let root = parse(source.text, 0).ok()?;
    let format = format_of(&root)?;
    Some(imported(&root, format, source.name))
}

pub(crate) fn imported(root: &Node, format: ImportFormat, file: &str) -> Imported {
    let mut builder = Builder::new(file);
    match format {
        ImportFormat::Dbt => dbt::read(&mut builder, root),
        ImportFormat::Snowflake => snowflake::read(&mut builder, root),
        ImportFormat::Databricks => databricks::read(&mut builder, root),
        ImportFormat::Cube => cube::read(&mut builder, root),
    }
    // What our own reader refuses is left out, and what rests on it; the rest stands.
    while let Some(refused) = refused_part(&builder) {
        if !builder.leave_out(&refused) {
            break;
        }
    }
    let (document, overlay) = builder.documents();
    Imported {
        format,
        document,
        overlay,
        problems: builder.problems,
    }
}

/// The first part of the documents that our own reader finds wrong.
fn refused_part(builder: &Builder) -> Option<Problem> {
    let (document, overlay) = builder.documents();
    let reading: Reading = crate::read(
        Source {
            name: "document",
            text: &document,
        },
        Some(Source {
            name: "overlay",
            text: &overlay,
        }),
    );
    reading
        .problems
        .into_iter()
        .find(|p| p.severity == Severity::Error)
}

#[cfg(test)]
mod tests;
