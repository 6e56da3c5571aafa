//! A result seen as groups with measures.

use super::wording;
use super::writer::At;
use answer::{Cell, Column, ColumnRole, ResultTable};
use query::{Origin, OutputColumn, Part, Query};

/// A result table with the meaning of its columns.
pub(super) struct Table<'a> {
    /// Plan id or `result`.
    pub(super) step: String,
    /// The rows.
    pub(super) rows: &'a [Vec<Cell>],
    /// The columns.
    pub(super) columns: &'a [Column],
    /// Whether more rows existed.
    pub(super) truncated: bool,
    /// Columns that group rows.
    pub(super) dimensions: Vec<usize>,
    /// Columns with numbers: term index, part, column.
    pub(super) measures: Vec<(usize, Part, usize)>,
}

impl<'a> Table<'a> {
    /// Reads a result against the query that made it.
    pub(super) fn new(step: &str, table: &'a ResultTable, query: &Query) -> Table<'a> {
        let is_measure = |c: &Column| c.role == ColumnRole::Measure;
        let numeric: Vec<usize> = (0..table.columns.len())
            .filter(|&i| is_measure(&table.columns[i]))
            .collect();
        let mut wanted = Vec::new();
        for term in 0..query.metrics.len() {
            wanted.extend(parts(query).into_iter().map(|part| (term, part)));
        }
        let measures = if wanted.len() == numeric.len() {
            wanted
                .into_iter()
                .zip(&numeric)
                .map(|((term, part), &column)| (term, part, column))
                .collect()
        } else {
            // Not the columns that were expected: only those that bear a term's own name.
            numeric
                .iter()
                .filter_map(|&c| {
                    Some((
                        query
                            .metrics
                            .iter()
                            .position(|t| t.name == table.columns[c].name)?,
                        Part::Value,
                        c,
                    ))
                })
                .collect()
        };
        Table {
            step: step.to_string(),
            rows: &table.rows,
            columns: &table.columns,
            truncated: table.truncated,
            dimensions: (0..table.columns.len())
                .filter(|&i| !is_measure(&table.columns[i]))
                .collect(),
            measures,
        }
    }

    /// The same with the compiler's own word on where each column comes from.
    pub(super) fn described(mut self, columns: &[OutputColumn]) -> Table<'a> {
        if columns.len() == self.columns.len() {
            self.measures = columns
                .iter()
                .enumerate()
                .filter_map(|(c, column)| {
                    if let Origin::Metric(term, part) = column.origin {
                        Some((term, part, c))
                    } else {
                        None
                    }
                })
                .collect();
        }
        self
    }

    /// The column of a term's part.
    pub(super) fn column(&self, term: usize, part: Part) -> Option<usize> {
        self.measures
            .iter()
            .find(|m| m.0 == term && m.1 == part)
            .map(|m| m.2)
    }

    /// The number in a cell.
    pub(super) fn number(&self, row: usize, column: usize) -> Option<f64> {
        self.rows
            .get(row)
            .and_then(|r| r.get(column))
            .and_then(wording::number)
    }

    /// Evidence for a cell.
    pub(super) fn at(&self, row: usize, column: usize) -> At {
        At {
            step: self.step.clone(),
            row,
            column,
        }
    }

    /// Columns that hold a running period.
    pub(super) fn running(&self) -> Option<usize> {
        self.dimensions.iter().copied().find(|&c| {
            matches!(
                self.columns[c].grain.as_deref(),
                Some("hour" | "day" | "week" | "month" | "quarter" | "year")
            )
        })
    }

    /// A cell of a grouping column as people read it.
    pub(super) fn label(&self, row: usize, column: usize) -> String {
        let head = &self.columns[column];
        match self.rows.get(row).and_then(|r| r.get(column)) {
            None | Some(Cell::Null) => format!("(no {})", head.name),
            Some(Cell::Text(text)) => {
                let running = head.grain.as_deref().filter(|g| {
                    matches!(*g, "hour" | "day" | "week" | "month" | "quarter" | "year")
                });
                match (running, head.role) {
                    (Some(grain), _) => {
                        wording::bucket(text, grain).unwrap_or_else(|| wording::name(text))
                    }
                    (None, ColumnRole::Time) => {
                        wording::bucket(text, "day").unwrap_or_else(|| wording::name(text))
                    }
                    _ => wording::name(text),
                }
            }
            Some(Cell::Integer(n)) => format!("{} {n}", head.name),
            Some(Cell::Number(x)) => format!("{} {x}", head.name),
            Some(Cell::Bool(b)) => format!("{} {b}", head.name),
        }
    }

    /// Grouping columns that need naming: ids are left out beside a name that is unique.
    pub(super) fn naming(&self) -> Vec<usize> {
        let texts: Vec<usize> = self
            .dimensions
            .iter()
            .copied()
            .filter(|&c| self.columns[c].role != ColumnRole::Id)
            .collect();
        if texts.is_empty() || texts.len() == self.dimensions.len() {
            return self.dimensions.clone();
        }
        let mut seen: Vec<Vec<String>> = (0..self.rows.len())
            .map(|r| texts.iter().map(|&c| self.label(r, c)).collect())
            .collect();
        seen.sort();
        let before = seen.len();
        seen.dedup();
        if seen.len() == before {
            texts
        } else {
            self.dimensions.clone()
        }
    }

    /// Rows with a number in the column, best first.
    pub(super) fn ranked(&self, column: usize, descending: bool) -> Vec<(usize, f64)> {
        let mut order: Vec<(usize, f64)> = (0..self.rows.len())
            .filter_map(|r| Some((r, self.number(r, column)?)))
            .collect();
        order.sort_by(|a, b| {
            if descending {
                b.1.total_cmp(&a.1)
            } else {
                a.1.total_cmp(&b.1)
            }
        });
        order
    }
}

/// Columns that each term of a query has, in order.
pub(super) fn parts(query: &Query) -> Vec<Part> {
    let mut parts = match &query.compare {
        Some(compare) => compare.show.clone(),
        None => vec![Part::Value],
    };
    let mut add = |wanted: bool, part: Part| {
        if wanted && !parts.contains(&part) {
            parts.push(part);
        }
    };
    add(query.share.is_some(), Part::Share);
    add(query.cumulative, Part::Cumulative);
    add(query.rolling.is_some(), Part::Rolling);
    parts
}
