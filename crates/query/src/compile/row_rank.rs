//! Ranks over the rows of a list.

use super::Compiler;
use super::scope::Scope;
use super::statement::Select;
use crate::{Direction, OrderKey, OutputColumn, Query, QueryError, RowRank, RowsOf, Ties};
use semantics::{DataType, FieldRef};

impl Compiler<'_> {
    /// A field as rows are sorted by it.
    fn row_key(&self, scope: &mut Scope, field: &FieldRef) -> Result<String, QueryError> {
        let data_type = self
            .model
            .field(field)
            .map_or(DataType::Opaque, |f| f.data_type);
        Ok(self.sql.sort_key(&scope.field(field)?, data_type))
    }

    /// A list of which only the rows at some places are kept; `conditions` are those on all rows.
    pub(super) fn ranked_rows(
        &mut self,
        scope: &mut Scope,
        query: &Query,
        rows: &RowsOf,
        rank: &RowRank,
        columns: &[OutputColumn],
        mut conditions: Vec<String>,
    ) -> Result<Select, QueryError> {
        let by = self.row_key(scope, &rank.by)?;
        conditions.push(format!("{by} IS NOT NULL"));
        let descending = rank.direction == Direction::Descending;
        let mut keys = vec![format!("{by} {}", if descending { "DESC" } else { "ASC" })];
        let function = match rank.ties {
            Ties::Keep if rank.skip > 0 => "DENSE_RANK",
            Ties::Keep => "RANK",
            Ties::Break => {
                for field in &rows.fields {
                    let key = self.row_key(scope, field)?;
                    keys.push(self.sql.ordered(&key, false));
                }
                // Of rows that look alike the one that stands first is kept.
                for key in &query.order {
                    if let OrderKey::Field(field) = &key.key {
                        let sql = self.row_key(scope, field)?;
                        let descending = key.direction == Direction::Descending;
                        keys.push(self.sql.ordered(&sql, descending));
                    }
                }
                "ROW_NUMBER"
            }
        };
        let per: Result<Vec<String>, QueryError> =
            rank.per.iter().map(|f| self.row_key(scope, f)).collect();
        let per = per?;
        let partition = if per.is_empty() {
            String::new()
        } else {
            format!("PARTITION BY {} ", per.join(", "))
        };
        let mut inner = Select {
            conditions,
            ..Select::default()
        };
        for (i, field) in rows.fields.iter().enumerate() {
            inner
                .columns
                .push(format!("{} AS c{i}", scope.field(field)?));
        }
        let mut order = Vec::new();
        for (i, key) in query.order.iter().enumerate() {
            let OrderKey::Field(field) = &key.key else {
                return Err(QueryError::Malformed(
                    "a list of rows is sorted by fields".into(),
                ));
            };
            let descending = key.direction == Direction::Descending;
            if rows.distinct {
                let Some(at) = rows.fields.iter().position(|f| f == field) else {
                    return Err(QueryError::Malformed(
                        "distinct rows are sorted by their own columns".into(),
                    ));
                };
                let key = self
                    .sql
                    .sort_key(&format!("listed.c{at}"), columns[at].data_type);
                order.push(self.sql.ordered(&key, descending));
            } else {
                let sql = self.row_key(scope, field)?;
                inner.columns.push(format!("{sql} AS o{i}"));
                order.push(self.sql.ordered(&format!("listed.o{i}"), descending));
            }
        }
        for (i, key) in per.iter().enumerate() {
            inner.columns.push(format!("{key} AS per{i}"));
        }
        if query.order.is_empty() && !rows.distinct {
            order
                .extend((0..per.len()).map(|i| self.sql.ordered(&format!("listed.per{i}"), false)));
            order.push(self.sql.ordered("listed.place", false));
        }
        order.extend(columns.iter().enumerate().map(|(i, column)| {
            let key = self.sql.sort_key(&format!("listed.c{i}"), column.data_type);
            self.sql.ordered(&key, false)
        }));
        inner.columns.push(format!(
            "{function}() OVER ({partition}ORDER BY {}) AS place",
            keys.join(", ")
        ));
        let whole = scope.select(Vec::new(), std::mem::take(&mut inner.conditions))?;
        inner.from = whole.from;
        inner.conditions = whole.conditions;
        let ranked = self.cte(
            "ranked_rows",
            format!("rows of {} with their place by {}", rows.dataset, rank.by),
            &inner,
        );
        let mut conditions = vec![format!(
            "place <= {}",
            u64::from(rank.skip) + u64::from(rank.n)
        )];
        if rank.skip > 0 {
            conditions.push(format!("place > {}", rank.skip));
        }
        let mut table = ranked;
        if rows.distinct {
            table = self.cte(
                "distinct_rows",
                "each once".into(),
                &Select {
                    distinct: true,
                    columns: (0..columns.len()).map(|i| format!("c{i}")).collect(),
                    from: format!("FROM {table}"),
                    conditions: std::mem::take(&mut conditions),
                    ..Select::default()
                },
            );
        }
        Ok(Select {
            columns: columns
                .iter()
                .enumerate()
                .map(|(i, c)| format!("c{i} AS {}", self.sql.identifier(&c.name)))
                .collect(),
            // A column of the list may be called like one of ours: keys name the table.
            from: format!("FROM {table} AS listed"),
            conditions,
            order,
            limit: query.limit,
            ..Select::default()
        })
    }
}
