//! Models read from texts: Ossie documents with their overlay, and the JSON of [`Model`].

use crate::draft::Draft;
use crate::gaps::Gaps;
use crate::located::{Node, parse};
use crate::{Model, Places, Problem, Severity, ossie};

/// A text with the name of its file.
#[derive(Debug, Clone, Copy)]
pub struct Source<'t> {
    /// As it is to be called in messages.
    pub name: &'t str,
    /// YAML or JSON.
    pub text: &'t str,
}

/// A model as far as its text says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What was read; with errors among the problems, what could be.
    pub model: Model,
    /// What is wrong, in the order in which it was found.
    pub problems: Vec<Problem>,
    /// Where its parts stand.
    pub places: Places,
    /// What the text leaves open.
    pub(crate) gaps: Gaps,
}

impl Reading {
    /// Whether something is wrong such that the model cannot be used.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|p| p.severity == Severity::Error)
    }

    /// The model with what its text leaves open filled in from names alone. See
    /// [`Reading::bound`] for models that have data.
    pub fn completed(self) -> Model {
        let mut model = self.model;
        crate::complete::complete(&mut model, &self.gaps, None);
        model
    }
}

/// Reads a model: an Ossie document, YAML or JSON, with the overlay beside it, or the JSON of
/// [`Model`]. Nothing is refused as a whole: what is wrong stands among the problems.
pub fn read(document: Source<'_>, overlay: Option<Source<'_>>) -> Reading {
    let mut draft = Draft {
        files: std::iter::once(document.name)
            .chain(overlay.map(|o| o.name))
            .map(str::to_string)
            .collect(),
        ..Draft::default()
    };
    let root = tree(&mut draft, document.text, 0);
    let beside = overlay.and_then(|o| {
        // An empty overlay says nothing.
        if o.text.trim().is_empty() {
            return None;
        }
        tree(&mut draft, o.text, 1)
    });
    if let Some(root) = root {
        let foreign_format = crate::import::format_of(&root);
        if root.get("semantic_model").is_some()
            || (root.get("version").is_some() && foreign_format.is_none())
        {
            ossie::read(&mut draft, &root, beside);
        } else if root.get("datasets").is_some() {
            typed(&mut draft, &root, document.text, beside.as_ref());
        } else if let Some(format) = foreign_format {
            return foreign(
                crate::import::imported(&root, format, document.name),
                overlay,
            );
        } else {
            draft.report(
                Problem::error(
                    "no_model",
                    "",
                    format!("`{}` holds no semantic model", document.name),
                    "an Ossie document has `version` and `semantic_model`; `retail model infer` writes one. Models of dbt (semantic_manifest.json), Snowflake, Databricks and Cube are read too",
                ),
                root.at,
            );
        }
    }
    let Draft {
        model,
        mut problems,
        places,
        gaps,
        ..
    } = draft;
    places.locate(&mut problems);
    Reading {
        model,
        problems,
        places,
        gaps,
    }
}

/// A model of another program, by way of the documents that it is turned into.
fn foreign(imported: crate::import::Imported, overlay: Option<Source<'_>>) -> Reading {
    let mut reading = read(
        Source {
            name: imported.format.name(),
            text: &imported.document,
        },
        Some(Source {
            name: "overlay",
            text: &imported.overlay,
        }),
    );
    reading.problems.extend(imported.problems);
    if let Some(overlay) = overlay {
        reading.problems.push(
            Problem::error(
                "overlay_without_document",
                "",
                format!(
                    "`{}` belongs to an Ossie document, and this model is none",
                    overlay.name
                ),
                "write the model out with `retail model import` and put the overlay beside it",
            )
            .warning(),
        );
    }
    reading
}

fn tree(draft: &mut Draft, text: &str, file: usize) -> Option<Node> {
    match parse(text, file) {
        Ok(root) => Some(root),
        Err(misread) => {
            draft.report(
                Problem::error(
                    "unreadable",
                    "",
                    format!("it is no YAML and no JSON: {misread}"),
                    "mend the text at this place",
                ),
                misread.at,
            );
            None
        }
    }
}

/// The JSON of [`Model`], where nothing is open.
fn typed(draft: &mut Draft, root: &Node, text: &str, beside: Option<&Node>) {
    if let Some(beside) = beside {
        draft.report(
            Problem::error(
                "overlay_without_document",
                "",
                "an overlay belongs to an Ossie document, and this model is none",
                "write the model out with `retail model export`, or take the overlay away",
            ),
            beside.at,
        );
    }
    // Its own reader first: it is quicker, and knows numbers of any size.
    match serde_json::from_str::<Model>(text) {
        Ok(model) => draft.model = model,
        Err(_) => match crate::located::from_node(root, crate::located::Strictness::Closed) {
            Ok(model) => draft.model = model,
            Err(misread) => ossie::misread_key(draft, misread, "bad_model"),
        },
    }
    for section in ["datasets", "relationships", "metrics"] {
        for item in root.get(section).map(Node::items).unwrap_or_default() {
            let Some(name) = item.get("name").and_then(Node::text) else {
                continue;
            };
            draft.note_place(format!("{section}/{name}"), item.place(&["name"]));
            for field in item.get("fields").map(Node::items).unwrap_or_default() {
                if let Some(field_name) = field.get("name").and_then(Node::text) {
                    let at = field.place(&["name"]);
                    draft.note_place(format!("fields/{name}/{field_name}"), at);
                }
            }
        }
    }
}
