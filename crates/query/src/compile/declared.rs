//! Conditions that the model declares, and comparisons with literals.

use super::Context;
use super::calendar::Span;
use crate::dialect::{SqlDialect, operator};
use crate::{Literal, Operator, QueryError};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use semantics::{DataType, FieldRef, RowFilter};

/// A field against a literal. A day means the whole day, also for times: up to a day includes all
/// of it. Numbers written as text are numbers where the field is one.
pub(super) fn comparison(
    sql: &dyn SqlDialect,
    left: &str,
    data_type: DataType,
    op: Operator,
    value: &Literal,
) -> Result<String, QueryError> {
    let plain = |right: String| format!("{left} {} {right}", operator(op));
    let mismatch = || QueryError::TypeMismatch {
        left: format!("{data_type:?}").to_lowercase(),
        right: sql.literal(value),
    };
    let text = match (value, data_type) {
        (Literal::Bool(_), DataType::Boolean) => return Ok(plain(sql.literal(value))),
        (Literal::Integer(_) | Literal::Number(_), kind) if kind.is_numeric() => {
            return Ok(plain(sql.literal(value)));
        }
        // A number that is a code: compared as it is written.
        (Literal::Integer(n), DataType::Text | DataType::Opaque) => {
            return Ok(plain(sql.text(&n.to_string())));
        }
        (Literal::Text(text), _) => text,
        _ => return Err(mismatch()),
    };
    match data_type {
        DataType::Date => Ok(plain(sql.date(super::calendar::day(text)?))),
        DataType::Timestamp => match text.parse::<Date>() {
            Ok(day) if text.len() == 10 => {
                let next = day.saturating_add(1.days());
                let within = |start: Option<Date>, end: Option<Date>| {
                    Span { start, end }
                        .condition(sql, left)
                        .unwrap_or_else(|| "TRUE".into())
                };
                Ok(match op {
                    Operator::Eq => format!("({})", within(Some(day), Some(next))),
                    Operator::Ne => format!(
                        "({} OR {})",
                        within(None, Some(day)),
                        within(Some(next), None)
                    ),
                    Operator::Lt => within(None, Some(day)),
                    Operator::Le => within(None, Some(next)),
                    Operator::Gt => within(Some(next), None),
                    Operator::Ge => within(Some(day), None),
                })
            }
            _ => {
                let time: DateTime = text.parse().map_err(|_| {
                    QueryError::Malformed(format!(
                        "`{text}` is no day and no time of the form YYYY-MM-DDTHH:MM:SS"
                    ))
                })?;
                Ok(plain(sql.time(time)))
            }
        },
        kind if kind.is_numeric() => match text.parse::<f64>() {
            Ok(x) if x.is_finite() => Ok(plain(text.trim().to_string())),
            _ => Err(mismatch()),
        },
        DataType::Boolean => match text.as_str() {
            "true" | "false" => Ok(plain(text.to_uppercase())),
            _ => Err(mismatch()),
        },
        _ => Ok(plain(sql.text(text))),
    }
}

/// A field that is one of several literals.
pub(super) fn one_of(
    sql: &dyn SqlDialect,
    left: &str,
    data_type: DataType,
    values: &[Literal],
) -> Result<String, QueryError> {
    let each: Result<Vec<String>, QueryError> = values
        .iter()
        .map(|v| comparison(sql, left, data_type, Operator::Eq, v))
        .collect();
    let each = each?;
    let prefix = format!("{left} = ");
    Ok(match &each[..] {
        [] => "FALSE".into(),
        [only] => only.clone(),
        many => match many
            .iter()
            .map(|c| c.strip_prefix(&prefix))
            .collect::<Option<Vec<_>>>()
        {
            Some(literals) => format!("{left} IN ({})", literals.join(", ")),
            None => format!("({})", many.join(" OR ")),
        },
    })
}

/// A declared condition, two-valued where it is negated.
pub(super) fn condition(
    context: &Context,
    filter: &RowFilter,
    field: &mut dyn FnMut(&FieldRef) -> Result<String, QueryError>,
) -> Result<String, QueryError> {
    let sql = context.sql;
    let kind = |f: &FieldRef| {
        context
            .graph
            .field(f)
            .map(|k| k.data_type)
            .ok_or_else(|| QueryError::UnknownField(f.to_string()))
    };
    Ok(match filter {
        RowFilter::And(parts) | RowFilter::Or(parts) => {
            let all = matches!(filter, RowFilter::And(_));
            let mut written = Vec::new();
            for part in parts {
                written.push(condition(context, part, field)?);
            }
            match &written[..] {
                [] => if all { "TRUE" } else { "FALSE" }.into(),
                [only] => only.clone(),
                many => format!("({})", many.join(if all { " AND " } else { " OR " })),
            }
        }
        RowFilter::Not(inner) => {
            format!("(({}) IS NOT TRUE)", condition(context, inner, field)?)
        }
        RowFilter::Compare {
            field: f,
            op,
            value,
        } => comparison(sql, &field(f)?, kind(f)?, *op, value)?,
        RowFilter::CompareFields { left, op, right } => {
            format!("{} {} {}", field(left)?, operator(*op), field(right)?)
        }
        RowFilter::In { field: f, values } => one_of(sql, &field(f)?, kind(f)?, values)?,
        RowFilter::IsNull { field: f } => format!("{} IS NULL", field(f)?),
        RowFilter::Age { field: f, op, days } => {
            let today = context.as_of.ok_or_else(|| {
                QueryError::Malformed(format!(
                    "the age of {f} needs the day that the query is asked as of"
                ))
            })?;
            format!(
                "{} {} {days}",
                sql.days_between(&field(f)?, &sql.date(today)),
                operator(*op)
            )
        }
        RowFilter::UserAttribute {
            field: f,
            attribute,
        } => {
            let values = context
                .attributes
                .as_ref()
                .and_then(|a| a.get(attribute))
                .cloned()
                .unwrap_or_default();
            one_of(sql, &field(f)?, kind(f)?, &values)?
        }
    })
}
