//! Expressions and declared conditions over one row.

use super::SqlDialect;
use crate::QueryError;
use semantics::{DataType, Dataset, Expression, FieldRef, RowFilter};

/// What a row expression reads beyond the columns of its own table.
pub(crate) enum Outside<'e> {
    /// A field of a dataset that is looked up.
    Field(&'e FieldRef),
    /// A condition on the row.
    Condition(&'e RowFilter),
}

/// Writes what a row expression reads beyond its own table.
pub(crate) type Resolver<'r> = &'r mut dyn FnMut(Outside<'_>) -> Result<String, QueryError>;

/// A row expression over the table that has the alias.
///
/// # Errors
/// Those of `outside`.
pub(crate) fn expression(
    sql: &dyn SqlDialect,
    e: &Expression,
    dataset: &Dataset,
    alias: &str,
    outside: Resolver<'_>,
) -> Result<String, QueryError> {
    written(sql, e, dataset, alias, outside, 0)
}

/// Fields that may be computed from each other: far more than anyone writes, and few enough for a
/// definition in a circle to end in a refusal.
const DEEPEST: usize = 64;

fn written(
    sql: &dyn SqlDialect,
    e: &Expression,
    dataset: &Dataset,
    alias: &str,
    outside: Resolver<'_>,
    depth: usize,
) -> Result<String, QueryError> {
    if depth > DEEPEST {
        return Err(QueryError::Malformed(format!(
            "a field of {} is computed from itself",
            dataset.name
        )));
    }
    let column = |name: &str| format!("{}.{}", sql.identifier(alias), sql.identifier(name));
    let mut go = |e: &Expression| written(sql, e, dataset, alias, outside, depth + 1);
    Ok(match e {
        Expression::Column(name) => column(name),
        Expression::Field(name) => match dataset.field(name) {
            Some(field) if field.expression != Expression::Field(name.clone()) => {
                go(&field.expression)?
            }
            _ => column(name),
        },
        Expression::Number(x) => sql.number(*x),
        Expression::Text(t) => sql.text(t),
        Expression::Multiply(parts) => {
            let decimals = parts
                .iter()
                .filter(|p| type_of(p, dataset) == DataType::Decimal)
                .count();
            let parts = parts.iter().map(go).collect::<Result<Vec<_>, _>>()?;
            sql.product(&parts, decimals)
        }
        Expression::Add(parts) => {
            let parts = parts.iter().map(go).collect::<Result<Vec<_>, _>>()?;
            format!("({})", parts.join(" + "))
        }
        Expression::Subtract(a, b) => format!("({} - {})", go(a)?, go(b)?),
        Expression::Divide(a, b) => format!("({})", sql.quotient(&go(a)?, &go(b)?)),
        Expression::Concatenate { separator, parts } => {
            let parts = parts.iter().map(go).collect::<Result<Vec<_>, _>>()?;
            sql.concatenate(separator, &parts)
        }
        Expression::Address { of, part } => sql.address(&go(of)?, *part),
        Expression::DaysBetween { from, to } => sql.days_between(&go(from)?, &go(to)?),
        Expression::Lookup(field) => outside(Outside::Field(field))?,
        Expression::Case {
            branches,
            otherwise,
        } => {
            let mut out = String::from("CASE");
            for branch in branches {
                let then = written(sql, &branch.then, dataset, alias, outside, depth + 1)?;
                let when = outside(Outside::Condition(&branch.when))?;
                out.push_str(&format!(" WHEN {when} THEN {then}"));
            }
            if let Some(otherwise) = otherwise {
                let value = written(sql, otherwise, dataset, alias, outside, depth + 1)?;
                out.push_str(&format!(" ELSE {value}"));
            }
            out.push_str(" END");
            out
        }
        Expression::Coalesce(parts) => {
            let parts = parts.iter().map(go).collect::<Result<Vec<_>, _>>()?;
            format!("COALESCE({})", parts.join(", "))
        }
        Expression::Absolute(of) => format!("abs({})", go(of)?),
        Expression::DateOf(of) => sql.day(&go(of)?),
    })
}

/// The type that a row expression has.
pub(crate) fn type_of(e: &Expression, dataset: &Dataset) -> DataType {
    let widest = |parts: &mut dyn Iterator<Item = &Expression>| {
        parts
            .map(|p| type_of(p, dataset))
            .reduce(|widest, t| match (widest, t) {
                (a, b) if a == b => a,
                (DataType::Integer | DataType::Decimal, DataType::Integer | DataType::Decimal) => {
                    DataType::Decimal
                }
                _ => DataType::Float,
            })
            .unwrap_or(DataType::Integer)
    };
    match e {
        Expression::Column(_) => dataset
            .fields
            .iter()
            .find(|f| f.expression == *e)
            .map_or(DataType::Opaque, |f| f.data_type),
        Expression::Field(name) => dataset
            .field(name)
            .map_or(DataType::Opaque, |f| f.data_type),
        Expression::Number(x) if x.fract() == 0.0 => DataType::Integer,
        Expression::Number(_) => DataType::Decimal,
        Expression::Multiply(parts) | Expression::Add(parts) | Expression::Coalesce(parts) => {
            widest(&mut parts.iter())
        }
        Expression::Subtract(a, b) => widest(&mut [&**a, &**b].into_iter()),
        Expression::Case {
            branches,
            otherwise,
        } => widest(&mut branches.iter().map(|b| &b.then).chain(otherwise.as_deref())),
        // What is looked up belongs to another dataset, whose type is not known here.
        Expression::Divide(..) | Expression::Lookup(_) => DataType::Float,
        Expression::Text(_) | Expression::Concatenate { .. } | Expression::Address { .. } => {
            DataType::Text
        }
        Expression::DaysBetween { .. } => DataType::Integer,
        Expression::Absolute(of) => type_of(of, dataset),
        Expression::DateOf(_) => DataType::Date,
    }
}
