//! Queries inside queries: the one number of a sub-query.

use super::Compiler;
use crate::{Query, QueryError};
use semantics::DataType;

/// Whether values of two types can be compared: numbers with numbers, dates with times, and each
/// type with itself.
pub(super) fn comparable(a: DataType, b: DataType) -> bool {
    a == b && a != DataType::Opaque
        || a.is_numeric() && b.is_numeric()
        || a.is_temporal() && b.is_temporal()
}

/// Whether a query gives one row of one column whatever the data.
fn is_scalar(query: &Query) -> bool {
    matches!(&query.metrics[..], [_])
        && query.dimensions.is_empty()
        && query.rows.is_none()
        && query.sets.is_none()
        && query.basket.is_none()
        && query.cohort.is_none()
        && query.having.is_empty()
        && query.compare.is_none()
        && query.rank.is_none()
        && query.share.is_none()
        && !query.cumulative
        && query.rolling.is_none()
        && query.limit.is_none()
}

impl Compiler<'_> {
    /// A query's one number as a scalar expression, and its type.
    pub(super) fn scalar(&mut self, query: &Query) -> Result<(String, DataType), QueryError> {
        if !is_scalar(query) {
            let what = match query.metrics.len() {
                0 => "no measure".to_string(),
                1 => query.metrics[0].name.clone(),
                n => format!("{n} measures"),
            };
            return Err(QueryError::NotScalar(what));
        }
        let (select, columns) = self.select(query)?;
        let [column] = &columns[..] else {
            return Err(QueryError::NotScalar(query.metrics[0].name.clone()));
        };
        let name = self.cte("single", format!("{} alone", column.name), &select);
        Ok((
            format!("(SELECT {} FROM {name})", self.sql.identifier(&column.name)),
            column.data_type,
        ))
    }
}
