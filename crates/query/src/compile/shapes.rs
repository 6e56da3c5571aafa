//! What the queries that have a shape of their own (baskets, cohorts) share.

use super::Compiler;
use super::measure::Leaf;
use super::scope::Scope;
use crate::{Dimension, Query, QueryError};

/// Refuses anything beside the shape but time, filter and limit.
pub(super) fn alone(query: &Query, shape: &str) -> Result<(), QueryError> {
    let rest = Query {
        time: None,
        filter: None,
        limit: None,
        as_of: None,
        current_attributes: false,
        without_default_filters: Vec::new(),
        basket: None,
        cohort: None,
        ..query.clone()
    };
    let shapes = usize::from(query.basket.is_some()) + usize::from(query.cohort.is_some());
    if rest != Query::default() || shapes != 1 {
        return Err(QueryError::Malformed(format!(
            "a query of {shape} has only a time, a filter and a limit beside it"
        )));
    }
    Ok(())
}

impl<'m> Compiler<'m> {
    /// The rows of a dataset that pass a query's filter and time, and the conditions that say so.
    pub(super) fn rows_of(
        &mut self,
        dataset: &str,
        query: &Query,
    ) -> Result<(Scope<'m>, Vec<String>), QueryError> {
        let mut scope = Scope::new(&self.context, dataset)?;
        let window = self.window(query)?;
        let mut conditions = self.in_window(&mut scope, &window)?;
        if let Some(filter) = &query.filter {
            conditions.push(self.condition(&mut scope, filter)?);
        }
        Ok((scope, conditions))
    }

    /// Why a leaf cannot be split by a dimension many-to-one, if one cannot.
    pub(super) fn unreached(&self, leaves: &[Leaf], by: &[Dimension]) -> Option<QueryError> {
        for leaf in leaves {
            let Leaf::Rows { home, .. } = leaf else {
                continue;
            };
            for dimension in by {
                if let Dimension::Field(f) | Dimension::TimeOf { field: f, .. } = dimension
                    && let Err(e) = self.context.graph.reach(home, f)
                {
                    return Some(e);
                }
            }
        }
        None
    }
}
