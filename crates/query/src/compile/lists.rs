//! Rows queries: a list of rows of one dataset with what it looks up.

use super::Compiler;
use super::columns::role_of;
use super::scope::Scope;
use super::statement::Select;
use crate::compiled::unit_name;
use crate::{Direction, OrderKey, Origin, OutputColumn, Query, QueryError};
use semantics::Role;

impl<'m> Compiler<'m> {
    pub(super) fn list(
        &mut self,
        query: &Query,
    ) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        let Some(rows) = &query.rows else {
            return Err(QueryError::Malformed("no rows".into()));
        };
        let mut scope = Scope::new(&self.context, &rows.dataset)?;
        let mut columns: Vec<OutputColumn> = Vec::new();
        let mut select = Vec::new();
        for (i, field) in rows.fields.iter().enumerate() {
            let known = self
                .model
                .field(field)
                .ok_or_else(|| QueryError::UnknownField(field.to_string()))?;
            let sql = scope.field(field)?;
            let name = self.free_name(known.label.clone(), Some(field), &columns);
            select.push(format!("{sql} AS {}", self.sql.identifier(&name)));
            columns.push(OutputColumn {
                name,
                data_type: known.data_type,
                unit: if known.role == Role::Measure {
                    unit_name(&known.unit)
                } else {
                    None
                },
                role: role_of(known.role),
                grain: None,
                origin: Origin::RowField(i),
            });
        }
        let mut conditions = Vec::new();
        let window = self.window(query)?;
        conditions.extend(self.in_window(&mut scope, &window)?);
        if let Some(filter) = &query.filter {
            conditions.push(self.condition(&mut scope, filter)?);
        }
        if let Some(rank) = &rows.rank {
            let select = self.ranked_rows(&mut scope, query, rows, rank, &columns, conditions)?;
            return Ok((select, columns));
        }
        let mut order = Vec::new();
        for key in &query.order {
            let OrderKey::Field(field) = &key.key else {
                return Err(QueryError::Malformed(
                    "a list of rows is sorted by fields".into(),
                ));
            };
            let descending = key.direction == Direction::Descending;
            // Distinct rows can be sorted by what they show and by nothing else.
            match rows.fields.iter().position(|f| f == field) {
                None if rows.distinct => {
                    return Err(QueryError::Malformed(
                        "distinct rows are sorted by their own columns".into(),
                    ));
                }
                Some(at) if rows.distinct => {
                    order.push(self.sql.ordered(&(at + 1).to_string(), descending))
                }
                _ => {
                    let data_type = self
                        .model
                        .field(field)
                        .map_or(semantics::DataType::Opaque, |f| f.data_type);
                    let sql = self.sql.sort_key(&scope.field(field)?, data_type);
                    order.push(self.sql.ordered(&sql, descending));
                }
            }
        }
        order.extend((1..=columns.len()).map(|i| self.sql.ordered(&i.to_string(), false)));
        let select = Select {
            distinct: rows.distinct,
            order,
            limit: query.limit,
            ..scope.select(select, conditions)?
        };
        Ok((select, columns))
    }
}
