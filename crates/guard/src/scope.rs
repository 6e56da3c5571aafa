//! Which names a part of a statement can see.

use std::collections::BTreeSet;

/// Columns of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Columns {
    /// Not known: no model was given.
    Open,
    /// These, lower case, in order where there is one.
    Known(Vec<String>),
    /// These, and any part of them behind the relation's own name (members of a list).
    Members(Vec<String>),
}

impl Columns {
    /// Whether a bare name may be one of them.
    fn has(&self, name: &str) -> bool {
        match self {
            Columns::Open => true,
            Columns::Known(list) | Columns::Members(list) => list.iter().any(|c| c == name),
        }
    }

    /// Whether a name behind the relation's own may be one of them.
    fn has_qualified(&self, name: &str) -> bool {
        matches!(self, Columns::Members(_)) || self.has(name)
    }
}

/// How many rows a relation may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rows {
    /// One at most.
    One,
    /// A number that the statement itself states.
    Few,
    /// One for each group of its rows.
    Grouped,
    /// As many as the data has.
    Many,
}

/// What a query or a table gives.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub(crate) columns: Columns,
    pub(crate) rows: Rows,
    /// Tables that its rows come from.
    pub(crate) tables: BTreeSet<String>,
}

/// A relation in FROM.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Names that may stand in front of its columns.
    pub(crate) names: Vec<String>,
    pub(crate) relation: Relation,
    /// Whether it was read with what stands before it at hand, and reads it.
    pub(crate) lateral: bool,
}

/// What one SELECT can see.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pub(crate) sources: Vec<Source>,
    /// Names that its own output gives, where they may be used.
    pub(crate) aliases: BTreeSet<String>,
    pub(crate) aliases_visible: bool,
}

/// Where a name was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A source: which frame, which source.
    Source(usize, usize),
    /// An output name, or a name that only an unknown relation can have.
    Elsewhere,
}

/// Finds a bare column name, from the innermost frame outwards.
pub(crate) fn bare(frames: &[Frame], name: &str) -> Option<Place> {
    for (f, frame) in frames.iter().enumerate().rev() {
        let known = frame
            .sources
            .iter()
            .position(|s| s.relation.columns != Columns::Open && s.relation.columns.has(name));
        let open: Vec<usize> = (0..frame.sources.len())
            .filter(|i| frame.sources[*i].relation.columns == Columns::Open)
            .collect();
        if let Some(s) = known {
            return Some(Place::Source(f, s));
        }
        if frame.aliases_visible && frame.aliases.contains(name) {
            return Some(Place::Elsewhere);
        }
        match open.as_slice() {
            [] => {}
            [one] => return Some(Place::Source(f, *one)),
            _ => return Some(Place::Elsewhere),
        }
    }
    None
}

/// Finds a source by the name in front of a column.
pub(crate) fn source(frames: &[Frame], name: &str) -> Option<(usize, usize)> {
    frames.iter().enumerate().rev().find_map(|(f, frame)| {
        let s = frame
            .sources
            .iter()
            .position(|s| s.names.iter().any(|n| n == name))?;
        Some((f, s))
    })
}

/// Finds a column written with names in front: its relation's, or a value that has parts.
pub(crate) fn path(frames: &[Frame], parts: &[String]) -> Option<Place> {
    for cut in (1..parts.len()).rev() {
        if let Some((f, s)) = source(frames, &parts[..cut].join(".")) {
            let relation = &frames[f].sources[s].relation;
            return relation
                .columns
                .has_qualified(&parts[cut])
                .then_some(Place::Source(f, s));
        }
    }
    // A part of a value: `address.city`.
    bare(frames, parts.first()?)
}
