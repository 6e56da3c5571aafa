//! What can prove a statement: the rows and the typed queries of a document.

use super::periods::{self, Span};
use answer::{AnswerDocument, Cell, Column, ColumnRole};
use query::{Direction, Filter, Literal, Operator, Part, Query};

/// A result with the query that made it.
pub(super) struct Table<'a> {
    pub(super) rows: &'a [Vec<Cell>],
    pub(super) columns: &'a [Column],
    pub(super) truncated: bool,
    pub(super) query: Option<Query>,
    /// Columns that group rows.
    pub(super) dimensions: Vec<usize>,
    /// Number columns: column, name of the term, part.
    pub(super) measures: Vec<(usize, String, Part)>,
    /// Values that every row has because the query asks for them.
    pub(super) fixed: Vec<String>,
}

/// Everything of a document that the number check trusts.
pub(super) struct Evidence<'a> {
    /// `result` first, then the steps.
    pub(super) tables: Vec<Table<'a>>,
}

impl<'a> Evidence<'a> {
    /// Reads `result`, `plan[].result` and `plan[].query`; nothing else.
    pub(super) fn of(document: &'a AnswerDocument) -> Evidence<'a> {
        let query = |i: usize| {
            document
                .plan
                .get(i)
                .and_then(|s| serde_json::from_value::<Query>(s.query.clone()).ok())
        };
        let mut tables = Vec::new();
        if let Some(result) = &document.result {
            let same = document.plan.iter().position(|s| {
                s.result
                    .as_ref()
                    .is_some_and(|r| r.columns == result.columns && r.rows == result.rows)
            });
            let bare = || document.plan.iter().rposition(|s| s.result.is_none());
            let made_by = same.or_else(bare).or(document.plan.len().checked_sub(1));
            tables.push(Table::new(
                &result.columns,
                &result.rows,
                result.truncated,
                made_by.and_then(query),
            ));
        }
        for (i, step) in document.plan.iter().enumerate() {
            if let Some(result) = &step.result {
                tables.push(Table::new(
                    &result.columns,
                    &result.rows,
                    result.truncated,
                    query(i),
                ));
            }
        }
        Evidence { tables }
    }

    /// The query behind `result`.
    pub(super) fn main(&self) -> Option<&Query> {
        self.tables.first().and_then(|t| t.query.as_ref())
    }
}

impl<'a> Table<'a> {
    fn new(
        columns: &'a [Column],
        rows: &'a [Vec<Cell>],
        truncated: bool,
        query: Option<Query>,
    ) -> Table<'a> {
        let numeric: Vec<usize> = (0..columns.len())
            .filter(|&i| columns[i].role == ColumnRole::Measure)
            .collect();
        let mut expected = Vec::new();
        if let Some(query) = &query {
            for term in &query.metrics {
                let mut parts = query
                    .compare
                    .as_ref()
                    .map_or_else(|| vec![Part::Value], |c| c.show.clone());
                for (wanted, part) in [
                    (query.share.is_some(), Part::Share),
                    (query.cumulative, Part::Cumulative),
                    (query.rolling.is_some(), Part::Rolling),
                ] {
                    if wanted && !parts.contains(&part) {
                        parts.push(part);
                    }
                }
                expected.extend(parts.into_iter().map(|p| (term.name.clone(), p)));
            }
        }
        let measures = if expected.len() == numeric.len() {
            numeric
                .iter()
                .zip(expected)
                .map(|(&c, (name, part))| (c, name, part))
                .collect()
        } else {
            numeric
                .iter()
                .map(|&c| (c, columns[c].name.clone(), guess(&columns[c].name)))
                .collect()
        };
        let mut fixed: Vec<String> = query
            .as_ref()
            .map(required_values)
            .unwrap_or_default()
            .into_iter()
            .filter(|list| list.len() == 1)
            .flatten()
            .collect();
        // What the only measure counts alone: the numerator of a share.
        if let Some(query) = &query
            && let [only] = query.metrics.as_slice()
            && let Ok(json) = serde_json::to_value(&only.measure)
        {
            conditions(&json, &mut fixed);
        }
        Table {
            rows,
            columns,
            truncated,
            query,
            dimensions: (0..columns.len())
                .filter(|i| !numeric.contains(i))
                .collect(),
            measures,
            fixed,
        }
    }

    /// The number in a cell.
    pub(super) fn number(&self, row: usize, column: usize) -> Option<f64> {
        match self.rows.get(row)?.get(column)? {
            Cell::Text(text) => text.parse().ok().filter(|x: &f64| x.is_finite()),
            cell => cell.as_f64(),
        }
    }

    /// The numbers of a column.
    pub(super) fn numbers(&self, column: usize) -> Vec<f64> {
        (0..self.rows.len())
            .filter_map(|r| self.number(r, column))
            .collect()
    }

    /// How many values a grouping column has, by its lower-case name.
    pub(super) fn distinct(&self, label: &str) -> Option<usize> {
        let column = *self
            .dimensions
            .iter()
            .find(|c| self.columns[**c].name.to_lowercase() == label)?;
        let mut values: Vec<String> = self
            .rows
            .iter()
            .filter_map(|r| r.get(column))
            .map(|c| serde_json::to_string(c).unwrap_or_default())
            .collect();
        values.sort();
        values.dedup();
        Some(values.len())
    }

    /// The grain of the running time column, and the column.
    pub(super) fn running(&self) -> Option<(usize, &str)> {
        self.dimensions.iter().find_map(|&c| {
            let undated =
                self.columns[c].role == ColumnRole::Time && self.columns[c].grain.is_none();
            let grain = if undated {
                "day"
            } else {
                self.columns[c].grain.as_deref()?
            };
            matches!(
                grain,
                "hour" | "day" | "week" | "month" | "quarter" | "year"
            )
            .then_some((c, grain))
        })
    }

    /// The period of a row, where rows have one.
    pub(super) fn row_period(&self, row: usize) -> Option<Span> {
        let (column, grain) = self.running()?;
        periods::bucket(self.rows.get(row)?.get(column)?.as_str()?, grain)
    }

    /// The period that the query covers.
    pub(super) fn scope(&self) -> Option<Span> {
        let query = self.query.as_ref()?;
        if let Some(range) = query.time.as_ref().and_then(|t| t.range.as_ref()) {
            return Span::of(range);
        }
        // A condition on another date bounds the rows as well.
        let conditions = match query.filter.as_ref()? {
            Filter::And(all) => all.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut during = conditions.iter().filter_map(|c| match c {
            Filter::During { range, .. } => Span::of(range),
            _ => None,
        });
        let only = during.next()?;
        during.next().is_none().then_some(only)
    }

    /// Whether the query leaves rows out, other than those without a value.
    pub(super) fn filtered(&self) -> bool {
        let filter = self.query.as_ref().and_then(|q| q.filter.as_ref());
        filter.is_some_and(
            |f| !matches!(f, Filter::Not(inner) if matches!(inner.as_ref(), Filter::IsNull { .. })),
        )
    }

    /// Whether the rows are all groups there are.
    pub(super) fn complete(&self) -> bool {
        !self.truncated
            && self
                .query
                .as_ref()
                .is_none_or(|q| q.rank.is_none() && !self.cut(q) && q.having.is_empty())
    }

    /// Whether a limit may have cut rows off.
    fn cut(&self, query: &Query) -> bool {
        query.limit.is_some_and(|n| self.rows.len() >= n as usize)
    }

    /// Whether an extreme of the column over these rows is one over all groups.
    pub(super) fn extreme_holds(&self, column: usize, side: i8) -> bool {
        if self.truncated {
            return false;
        }
        let Some(query) = &self.query else {
            return self.rows.len() > 1;
        };
        let Some((_, name, part)) = self.measures.iter().find(|m| m.0 == column) else {
            return false;
        };
        match (&query.rank, query.limit) {
            (Some(rank), _) => {
                rank.skip == 0
                    && rank.per.is_empty()
                    && query.metrics.get(rank.by).is_some_and(|t| &t.name == name)
                    && rank.on == *part
                    && (rank.direction == Direction::Descending) == (side > 0)
            }
            (None, Some(_)) if !self.cut(query) => self.rows.len() > 1,
            (None, Some(_)) => query.order.first().is_some_and(|o| {
                let query::OrderKey::Metric(term, on) = o.key else {
                    return false;
                };
                query.metrics.get(term).is_some_and(|t| &t.name == name)
                    && on == *part
                    && (o.direction == Direction::Descending) == (side > 0)
            }),
            (None, None) => self.rows.len() > 1,
        }
    }

    /// Whether the query ranks or orders from the smallest.
    pub(super) fn ascending(&self) -> bool {
        self.query.as_ref().is_some_and(|q| {
            q.rank
                .as_ref()
                .map(|r| r.direction)
                .or_else(|| q.order.first().map(|o| o.direction))
                == Some(Direction::Ascending)
        })
    }

    /// Place of a row in a column, from the top or the bottom, counting from 1.
    pub(super) fn place(&self, row: usize, column: usize, from_top: bool) -> Option<usize> {
        let own = self.number(row, column)?;
        let better = self
            .numbers(column)
            .iter()
            .filter(|x| if from_top { **x > own } else { **x < own })
            .count();
        let skipped = self
            .query
            .as_ref()
            .and_then(|q| q.rank.as_ref())
            .map_or(0, |r| r.skip as usize);
        Some(better + skipped + 1)
    }
}

/// Texts that a measure's own conditions compare with.
fn conditions(json: &serde_json::Value, found: &mut Vec<String>) {
    match json {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("values", serde_json::Value::Array(list)) if list.len() == 1 => {
                        found.extend(list.iter().filter_map(|v| v.as_str()).map(String::from));
                    }
                    ("value", serde_json::Value::String(text)) => found.push(text.clone()),
                    _ => conditions(value, found),
                }
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|v| conditions(v, found)),
        _ => {}
    }
}

fn guess(name: &str) -> Part {
    let lower = name.to_lowercase();
    if lower.contains('%')
        || lower.contains("pct")
        || lower.contains("growth")
        || lower.contains("percent")
    {
        Part::Pct
    } else if lower.contains("share") {
        Part::Share
    } else if lower.contains("change") || lower.contains("delta") {
        Part::Delta
    } else if lower.contains("prior") || lower.contains("previous") || lower.ends_with(')') {
        Part::Prior
    } else {
        Part::Value
    }
}

/// Text values that every row of the query has to have: a list per condition, which are alternatives.
pub(super) fn required_values(query: &Query) -> Vec<Vec<String>> {
    let conditions: Vec<&Filter> = match &query.filter {
        None => Vec::new(),
        Some(Filter::And(all)) => all.iter().collect(),
        Some(one) => vec![one],
    };
    conditions
        .into_iter()
        .filter_map(|c| match c {
            Filter::Compare {
                op: Operator::Eq,
                value: Literal::Text(text),
                ..
            } => Some(vec![text.clone()]),
            Filter::In { values, .. } => values
                .iter()
                .map(|v| {
                    if let Literal::Text(t) = v {
                        Some(t.clone())
                    } else {
                        None
                    }
                })
                .collect::<Option<Vec<_>>>(),
            _ => None,
        })
        .collect()
}
