//! A model while it is being read from a document and its overlay.

use crate::gaps::Gaps;
use crate::located::{Node, Position};
use crate::overlay::Overlay;
use crate::sql::Inexpressible;
use crate::{Location, Model, Places, Problem};

/// What has been read so far, and what was wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// Names of the files; positions refer to them by index.
    pub(crate) files: Vec<String>,
    pub(crate) model: Model,
    pub(crate) gaps: Gaps,
    pub(crate) problems: Vec<Problem>,
    pub(crate) places: Places,
    /// The overlay, from the file beside the document and from its extensions.
    pub(crate) overlay: Overlay,
    /// The same as a tree, for the places of its parts.
    pub(crate) tree: Node,
}

impl Draft {
    /// A position with the name of its file.
    pub(crate) fn location(&self, at: Option<Position>) -> Option<Location> {
        let at = at?;
        Some(Location {
            file: self.files.get(at.file)?.clone(),
            line: at.line,
            column: at.column,
        })
    }

    /// Notes where a part of the model stands.
    pub(crate) fn note_place(&mut self, place: impl Into<String>, at: Option<Position>) {
        let location = self.location(at);
        self.places.note(place, location);
    }

    /// Adds a problem at a position.
    pub(crate) fn report(&mut self, problem: Problem, at: Option<Position>) {
        let location = self.location(at);
        self.problems.push(Problem {
            location,
            ..problem
        });
    }

    /// Adds an error at a part of the overlay.
    pub(crate) fn overlay_error(
        &mut self,
        code: &'static str,
        path: &[&str],
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let at = self.tree.place(path);
        self.report(Problem::error(code, path.join("/"), message, fix), at);
    }

    /// Adds an error at an item of a list of the overlay.
    pub(crate) fn item_error(
        &mut self,
        code: &'static str,
        (section, item): (&str, usize),
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let at = self
            .tree
            .get(section)
            .and_then(|list| list.items().get(item))
            .and_then(|node| node.at)
            .or_else(|| self.tree.place(&[section]));
        self.report(Problem::error(code, section, message, fix), at);
    }

    /// What a text of the overlay says, or an error at it.
    pub(crate) fn told<T>(&mut self, path: &[&str], read: Result<T, Inexpressible>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(e) => {
                self.overlay_error(e.code, path, e.message, e.fix);
                None
            }
        }
    }
}
