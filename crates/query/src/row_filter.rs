//! Conditions that the model declares, as filters of a typed query.

use crate::{Filter, QueryError};
use semantics::RowFilter;

/// The same condition as a filter.
///
/// # Errors
/// Conditions on the user or on the as-of date have no filter of their own: what they mean is
/// known only where a query is asked.
pub fn row_filter(declared: &RowFilter) -> Result<Filter, QueryError> {
    let all = |parts: &[RowFilter]| parts.iter().map(row_filter).collect::<Result<Vec<_>, _>>();
    Ok(match declared {
        RowFilter::And(parts) => Filter::And(all(parts)?),
        RowFilter::Or(parts) => Filter::Or(all(parts)?),
        RowFilter::Not(inner) => Filter::Not(Box::new(row_filter(inner)?)),
        RowFilter::Compare { field, op, value } => Filter::Compare {
            field: field.clone(),
            op: *op,
            value: value.clone(),
        },
        RowFilter::CompareFields { left, op, right } => Filter::CompareFields {
            left: left.clone(),
            op: *op,
            right: right.clone(),
        },
        RowFilter::In { field, values } => Filter::In {
            field: field.clone(),
            values: values.clone(),
        },
        RowFilter::IsNull { field } => Filter::IsNull {
            field: field.clone(),
        },
        RowFilter::Age { field, .. } => {
            return Err(QueryError::Malformed(format!(
                "the age of {field} needs an as-of date"
            )));
        }
        RowFilter::UserAttribute { field, attribute } => {
            return Err(QueryError::Malformed(format!(
                "{field} is compared with the attribute `{attribute}` of a user, and no user is known"
            )));
        }
    })
}
