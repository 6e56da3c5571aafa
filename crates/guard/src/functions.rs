//! The list of functions that SQL from outside may call.

use crate::Dialect;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The reviewed list; its comments say what each kind may do.
const LIST: &str = include_str!("../data/functions.txt");

/// What a function may do, and so which of its arguments are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One value of fixed size, or no larger than its arguments.
    Plain,
    /// A part of a date, a move in time: a unit of time may be one of its arguments.
    Time,
    /// One value of a group.
    Aggregate,
    /// The values of a group put together.
    Collect,
    /// Puts a literal text in the place of another.
    Replace,
    /// Puts a literal text in the place of what a pattern finds.
    ReplacePattern,
    /// Reads a pattern.
    Pattern,
    /// Repeats or pads to a size.
    Grows,
    /// Makes a list of numbers or days.
    Series,
    /// Compares two texts letter by letter.
    Edit,
    /// Raises to a power.
    Power,
}

impl Kind {
    fn named(name: &str) -> Option<Kind> {
        Some(match name {
            "time" => Kind::Time,
            "window" | "text" | "number" | "choice" | "cast" | "list" | "json" => Kind::Plain,
            "aggregate" => Kind::Aggregate,
            "collect" => Kind::Collect,
            "replace" => Kind::Replace,
            "replace_pattern" => Kind::ReplacePattern,
            "pattern" => Kind::Pattern,
            "grows" => Kind::Grows,
            "series" => Kind::Series,
            "edit" => Kind::Edit,
            "power" => Kind::Power,
            _ => return None,
        })
    }
}

fn letter(dialect: Dialect) -> char {
    match dialect {
        Dialect::DuckDb => 'D',
        Dialect::Postgres => 'P',
        Dialect::Snowflake => 'S',
        Dialect::BigQuery => 'B',
        Dialect::Spark => 'K',
    }
}

/// Function and dialect → kind. A line that cannot be read allows nothing.
fn list() -> &'static BTreeMap<(&'static str, char), Kind> {
    static READ: OnceLock<BTreeMap<(&'static str, char), Kind>> = OnceLock::new();
    READ.get_or_init(|| {
        let mut read = BTreeMap::new();
        for line in LIST.lines().filter(|l| !l.starts_with('#')) {
            let mut parts = line.split('\t');
            if let (Some(name), Some(dialects), Some(kind)) = (
                parts.next(),
                parts.next(),
                parts.next().and_then(Kind::named),
            ) {
                read.extend(dialects.chars().map(|d| ((name, d), kind)));
            }
        }
        read
    })
}

/// The kind of a function by its lower-case name; `None` if it may not be called.
pub(crate) fn kind(name: &str, dialect: Dialect) -> Option<Kind> {
    let list: &BTreeMap<(&str, char), Kind> = list();
    list.get(&(name, letter(dialect))).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_once() {
        let lines: Vec<&str> = LIST.lines().filter(|l| !l.starts_with('#')).collect();
        let mut seen = std::collections::BTreeSet::new();
        for line in &lines {
            let parts: Vec<&str> = line.split('\t').collect();
            assert_eq!(parts.len(), 3, "{line}");
            assert!(Kind::named(parts[2]).is_some(), "{line}");
            for dialect in parts[1].chars() {
                assert!("DPSBK".contains(dialect), "{line}");
                assert!(seen.insert((parts[0], dialect)), "twice: {line}");
            }
        }
        assert_eq!(seen.len(), list().len());
    }
}
