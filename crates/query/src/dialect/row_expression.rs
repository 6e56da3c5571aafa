//! Expressions and declared conditions over one row.

use super::{SqlDialect, operator};
use crate::{QueryError, row_filter};
use semantics::{DataType, Dataset, Expression, Field, FieldRef, Literal, RowFilter};

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
    let column = |name: &str| format!("{}.{}", sql.identifier(alias), sql.identifier(name));
    let mut go = |e: &Expression| expression(sql, e, dataset, alias, outside);
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
                let then = expression(sql, &branch.then, dataset, alias, outside)?;
                let when = outside(Outside::Condition(&branch.when))?;
                out.push_str(&format!(" WHEN {when} THEN {then}"));
            }
            if let Some(otherwise) = otherwise {
                let value = expression(sql, otherwise, dataset, alias, outside)?;
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

/// A field of a dataset under an alias; its conditions are on the dataset's own fields.
///
/// # Errors
/// A field that is computed from another dataset.
pub(crate) fn own_field(
    sql: &dyn SqlDialect,
    field: &Field,
    dataset: &Dataset,
    alias: &str,
) -> Result<String, QueryError> {
    expression(sql, &field.expression, dataset, alias, &mut |o| match o {
        Outside::Field(other) => Err(QueryError::Malformed(format!(
            "the field {}.{} is computed from {other} of another dataset",
            dataset.name, field.name
        ))),
        Outside::Condition(condition) => own_condition(sql, condition, dataset, alias),
    })
}

/// A declared condition on one dataset's own fields; two-valued where it is negated.
fn own_condition(
    sql: &dyn SqlDialect,
    filter: &RowFilter,
    dataset: &Dataset,
    alias: &str,
) -> Result<String, QueryError> {
    let field = |f: &FieldRef| match dataset.field(&f.field) {
        Some(known) if f.dataset == dataset.name => own_field(sql, known, dataset, alias),
        _ => Err(QueryError::UnknownField(f.to_string())),
    };
    let all = |parts: &[RowFilter], joint: &str, none: &str| -> Result<String, QueryError> {
        let parts = parts
            .iter()
            .map(|p| own_condition(sql, p, dataset, alias))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(match &parts[..] {
            [] => none.to_string(),
            [one] => one.clone(),
            many => format!("({})", many.join(joint)),
        })
    };
    let temporal = |f: &FieldRef| {
        dataset
            .field(&f.field)
            .is_some_and(|k| k.data_type.is_temporal())
    };
    Ok(match filter {
        RowFilter::And(parts) => all(parts, " AND ", "TRUE")?,
        RowFilter::Or(parts) => all(parts, " OR ", "FALSE")?,
        RowFilter::Not(inner) => format!(
            "(({}) IS NOT TRUE)",
            own_condition(sql, inner, dataset, alias)?
        ),
        RowFilter::Compare {
            field: f,
            op,
            value,
        } => {
            let right = match value {
                Literal::Text(day) if temporal(f) => sql.date(
                    day.parse()
                        .map_err(|_| QueryError::Malformed(format!("`{day}` is no date")))?,
                ),
                other => sql.literal(other),
            };
            format!("{} {} {right}", field(f)?, operator(*op))
        }
        RowFilter::CompareFields { left, op, right } => {
            format!("{} {} {}", field(left)?, operator(*op), field(right)?)
        }
        RowFilter::In { field: f, values } => {
            let spelled: Vec<String> = values.iter().map(|v| sql.literal(v)).collect();
            match &spelled[..] {
                [] => "FALSE".into(),
                [one] => format!("{} = {one}", field(f)?),
                many => format!("{} IN ({})", field(f)?, many.join(", ")),
            }
        }
        RowFilter::IsNull { field: f } => format!("{} IS NULL", field(f)?),
        // Neither a user nor an as-of date is known to a field: `row_filter` says so.
        RowFilter::Age { .. } | RowFilter::UserAttribute { .. } => {
            return Err(row_filter(filter)
                .err()
                .unwrap_or_else(|| QueryError::Malformed("a field has no such condition".into())));
        }
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
