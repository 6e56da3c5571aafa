//! What is wrong with a model, where, and what to do.

use std::collections::BTreeMap;
use std::fmt;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is wrong, but something is worth knowing.
    Note,
    /// Some questions will be refused, or rest on a guess.
    Warning,
    /// The model is not used.
    Error,
}

impl Severity {
    /// In lower case.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// Where something stands: 1-based line and column, in characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// File, as it was called.
    pub file: String,
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Something wrong in a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code.
    pub code: &'static str,
    /// Which part: `datasets/orders`, `fields/orders/status`, `relationships/…`, `metrics/…`;
    /// empty for the whole.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// Where in the file, if it was read from one.
    pub location: Option<Location>,
}

impl Problem {
    /// An error at a part of the model.
    pub fn error(
        code: &'static str,
        place: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Problem {
        Problem {
            severity: Severity::Error,
            code,
            place: place.into(),
            message: message.into(),
            fix: fix.into(),
            location: None,
        }
    }

    /// The same, as a warning.
    pub fn warning(self) -> Problem {
        Problem {
            severity: Severity::Warning,
            ..self
        }
    }

    /// The same, as a note.
    pub fn note(self) -> Problem {
        Problem {
            severity: Severity::Note,
            ..self
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        write!(f, "{}[{}]", self.severity.name(), self.code)?;
        if !self.place.is_empty() {
            write!(f, " {}", self.place)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Where the parts of a model stand in the files that it was read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    known: BTreeMap<String, Location>,
}

impl Places {
    /// Notes where a part stands; the first note holds.
    pub(crate) fn note(&mut self, place: impl Into<String>, location: Option<Location>) {
        if let Some(location) = location {
            self.known.entry(place.into()).or_insert(location);
        }
    }

    /// Where a part stands, or the nearest part around it that is known.
    pub fn find(&self, place: &str) -> Option<&Location> {
        let mut place = place;
        loop {
            if let Some(found) = self.known.get(place) {
                return Some(found);
            }
            place = place.rsplit_once('/')?.0;
        }
    }

    /// Gives problems that have no location the one of their part.
    pub fn locate(&self, problems: &mut [Problem]) {
        for problem in problems.iter_mut().filter(|p| p.location.is_none()) {
            problem.location = self.find(&problem.place).cloned();
        }
    }
}
