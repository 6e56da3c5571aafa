//! Queries without a measure: the distinct values of the dimensions.

use super::Compiler;
use super::scope::Scope;
use super::statement::Select;
use crate::{Dimension, Direction, OrderKey, OutputColumn, Query, QueryError};

impl<'m> Compiler<'m> {
    pub(super) fn values(
        &mut self,
        query: &Query,
    ) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        let Some(first) = query.dimensions.first() else {
            return Err(QueryError::Malformed(
                "a query needs a measure, a dimension or rows".into(),
            ));
        };
        if query
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Band { .. }))
        {
            return Err(QueryError::Malformed(
                "bands group a measure: give one".into(),
            ));
        }
        let own = match first {
            Dimension::Field(f) | Dimension::TimeOf { field: f, .. } => Some(f.clone()),
            Dimension::NewOrReturning { event, .. } => Some(event.clone()),
            Dimension::Band { .. } => None,
            Dimension::Time(_) | Dimension::Bucket { .. } => query
                .time
                .as_ref()
                .map(|t| t.field.clone())
                .or_else(|| self.model.default_time.clone()),
        };
        if let Some(own) = &own {
            self.data_type(own)?;
        }
        // The dataset that reaches all of them in the fewest steps; of equally near ones a fact,
        // of several facts the first of the model.
        let mut homes: Vec<(usize, bool, usize)> = Vec::new();
        for (i, dataset) in self.model.datasets.iter().enumerate() {
            let steps: Option<usize> = query
                .dimensions
                .iter()
                .map(|d| match d {
                    Dimension::Field(f)
                    | Dimension::TimeOf { field: f, .. }
                    | Dimension::Bucket { per: f, .. }
                    | Dimension::NewOrReturning { entity: f, .. } => Some(f),
                    Dimension::Time(_) => own.as_ref(),
                    Dimension::Band { of, .. } => of.key(),
                })
                .map(|field| {
                    let path = self.context.graph.reach(&dataset.name, field?).ok()?;
                    Some(path.steps.len())
                })
                .sum();
            if let Some(steps) = steps {
                homes.push((steps, !dataset.is_fact, i));
            }
        }
        homes.sort_unstable();
        let mut problem = None;
        for (_, _, i) in homes {
            let steps = self.ctes.len();
            let notes = self.context.notes.borrow().len();
            match self.values_from(&self.model.datasets[i].name, query) {
                Ok(found) => return Ok(found),
                Err(e) => problem = problem.or(Some(e)),
            }
            self.ctes.truncate(steps);
            self.context.notes.borrow_mut().truncate(notes);
        }
        Err(problem.unwrap_or_else(|| QueryError::NoPath {
            from: own.map_or_else(|| "any dataset".into(), |f| f.dataset),
            to: self.group_words(&query.dimensions),
        }))
    }

    fn values_from(
        &mut self,
        home: &str,
        query: &Query,
    ) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        let mut scope = Scope::new(&self.context, home)?;
        let window = self.window(query)?;
        let columns = self.dimension_columns(query);
        let mut select = Vec::new();
        let mut known = Vec::new();
        for (i, (dimension, column)) in query.dimensions.iter().zip(&columns).enumerate() {
            let sql = self.dimension(&mut scope, i, dimension, &window)?;
            known.push(format!("{sql} IS NOT NULL"));
            select.push(format!("{sql} AS {}", self.sql.identifier(&column.name)));
        }
        let mut conditions = if known.len() == 1 { known } else { Vec::new() };
        conditions.extend(self.in_window(&mut scope, &window)?);
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
            order,
            limit: query.limit,
            ..scope.select(select, conditions)?
        };
        Ok((select, columns))
    }
}
