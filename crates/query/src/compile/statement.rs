//! A SELECT, part by part.

use crate::dialect::SqlDialect;

/// What a statement reads and returns; its text has one layout.
#[derive(Debug, Clone, Default)]
pub(super) struct Select {
    /// Whether equal rows come once.
    pub(super) distinct: bool,
    /// Columns as `expression AS name`.
    pub(super) columns: Vec<String>,
    /// `FROM …` with its joins.
    pub(super) from: String,
    /// All must hold.
    pub(super) conditions: Vec<String>,
    /// How many of the first columns are group keys; none for no grouping.
    pub(super) keys: usize,
    /// Sort keys with their directions.
    pub(super) order: Vec<String>,
    /// Rows at most.
    pub(super) limit: Option<u32>,
}

impl Select {
    /// All of a table's columns.
    pub(super) fn all(table: &str, conditions: Vec<String>) -> Select {
        Select {
            columns: vec!["*".into()],
            from: format!("FROM {table}"),
            conditions,
            ..Select::default()
        }
    }

    /// The same rows for who reads them in no order: sorted only where that says which are kept.
    pub(super) fn unordered(mut self) -> Select {
        if self.limit.is_none() {
            self.order.clear();
        }
        self
    }

    pub(super) fn write(&self, dialect: &dyn SqlDialect) -> String {
        let mut out = format!(
            "SELECT {}{}\n  {}",
            if self.distinct { "DISTINCT " } else { "" },
            self.columns.join(", "),
            self.from
        );
        if !self.conditions.is_empty() {
            out.push_str("\n  WHERE ");
            out.push_str(&self.conditions.join(" AND "));
        }
        if self.keys > 0 {
            out.push_str("\n  ");
            out.push_str(&dialect.group_by(self.keys));
        }
        if !self.order.is_empty() {
            out.push_str("\n  ORDER BY ");
            out.push_str(&self.order.join(", "));
        }
        if let Some(limit) = self.limit {
            out.push_str(&format!("\n  LIMIT {limit}"));
        }
        out
    }
}
