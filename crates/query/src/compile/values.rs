//! Queries without a measure: the distinct values of the dimensions.

use super::Compiler;
use super::calendar::Span;
use super::frame::Window;
use super::scope::Scope;
use super::statement::Select;
use crate::{Dimension, Direction, OrderKey, OutputColumn, Query, QueryError};

impl Compiler<'_> {
    pub(super) fn values(
        &mut self,
        query: &Query,
    ) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        let Some(first) = query.dimensions.first() else {
            return Err(QueryError::Malformed(
                "a query needs a measure, a dimension or rows".into(),
            ));
        };
        let own = match first {
            Dimension::Field(f) | Dimension::TimeOf { field: f, .. } => f.dataset.clone(),
            Dimension::Time(_) | Dimension::Bucket { .. } => query
                .time
                .as_ref()
                .map(|t| t.field.dataset.clone())
                .or_else(|| self.model.default_time.as_ref().map(|t| t.dataset.clone()))
                .unwrap_or_default(),
        };
        let facts = self.model.datasets.iter().filter(|d| d.is_fact);
        let mut homes = vec![own];
        homes.extend(facts.chain(&self.model.datasets).map(|d| d.name.clone()));
        let mut problem = None;
        for home in homes {
            match self.values_from(&home, query) {
                Ok(found) => return Ok(found),
                Err(e) => problem = problem.or(Some(e)),
            }
        }
        Err(problem.unwrap_or_else(|| QueryError::Malformed("nothing to list".into())))
    }

    fn values_from(
        &mut self,
        home: &str,
        query: &Query,
    ) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        let mut scope = Scope::new(self, home)?;
        let window = Window {
            filter: None,
            time: query.time.as_ref().map(|t| t.field.clone()),
            span: Span::of(query.time.as_ref().and_then(|t| t.range.as_ref()))?,
        };
        let columns = self.dimension_columns(query);
        let mut select = Vec::new();
        let mut known = Vec::new();
        for (dimension, column) in query.dimensions.iter().zip(&columns) {
            let sql = self.dimension(&mut scope, dimension, &window)?;
            known.push(format!("{sql} IS NOT NULL"));
            select.push(format!("{sql} AS {}", self.sql.identifier(&column.name)));
        }
        let mut conditions = if known.len() == 1 { known } else { Vec::new() };
        if let Some(time) = &window.time
            && let Some(c) = scope.during(time, window.span)?
        {
            conditions.push(c);
        }
        if let Some(filter) = &query.filter {
            conditions.push(self.condition(&mut scope, filter)?);
        }
        let mut order = Vec::new();
        for key in &query.order {
            let OrderKey::Dimension(i) = key.key else {
                return Err(QueryError::Malformed(
                    "values are sorted by their own columns".into(),
                ));
            };
            order.push(
                self.sql
                    .ordered(&(i + 1).to_string(), key.direction == Direction::Descending),
            );
        }
        order.extend((1..=columns.len()).map(|i| self.sql.ordered(&i.to_string(), false)));
        let select = Select {
            distinct: true,
            columns: select,
            from: scope.from()?,
            conditions,
            order,
            limit: query.limit,
            ..Select::default()
        };
        Ok((select, columns))
    }
}
