//! Conditions on a row.
//!
//! SQL's NOT leaves out rows for which its content is unknown; ours keeps every row that its
//! content does not keep. A NOT in the text is therefore moved inwards, and our own is written
//! `(…) IS NOT TRUE`.

use super::names::Named;
use super::parse::{name_of, parse, shortened};
use super::row::{arguments, chain, is_called, is_null, number};
use super::{Inexpressible, Names};
use crate::{FieldRef, Literal, Operator, RowFilter};
use sqlparser::ast::{
    BinaryOperator, DateTimeField, Expr, TypedString, UnaryOperator, Value, ValueWithSpan,
};

/// Reads a condition.
pub(crate) fn condition(text: &str, names: &Names<'_>) -> Result<RowFilter, Inexpressible> {
    condition_of(&parse(text)?, names)
}

pub(super) fn condition_of(e: &Expr, names: &Names<'_>) -> Result<RowFilter, Inexpressible> {
    read(e, false, names)
}

fn read(e: &Expr, negated: bool, names: &Names<'_>) -> Result<RowFilter, Inexpressible> {
    let exactly = |filter: RowFilter| {
        if negated {
            RowFilter::Not(Box::new(filter))
        } else {
            filter
        }
    };
    match e {
        Expr::Nested(inner) => read(inner, negated, names),
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => read(expr, !negated, names),
        Expr::BinaryOp {
            op: op @ (BinaryOperator::And | BinaryOperator::Or),
            ..
        } => {
            let parts: Result<Vec<RowFilter>, Inexpressible> = chain(e, op)
                .into_iter()
                .map(|p| read(p, negated, names))
                .collect();
            Ok(if (*op == BinaryOperator::And) != negated {
                RowFilter::And(parts?)
            } else {
                RowFilter::Or(parts?)
            })
        }
        Expr::BinaryOp { left, op, right } => {
            let op = operator(op).ok_or_else(|| {
                Inexpressible::unsupported(format!("`{op}` makes no condition here"))
            })?;
            compare(left, if negated { opposite(op) } else { op }, right, names)
        }
        Expr::IsNull(of) => Ok(exactly(RowFilter::IsNull {
            field: field(of, names)?,
        })),
        Expr::IsNotNull(of) => {
            let missing = RowFilter::IsNull {
                field: field(of, names)?,
            };
            Ok(if negated {
                missing
            } else {
                RowFilter::Not(Box::new(missing))
            })
        }
        // These are never unknown.
        Expr::IsTrue(inner) => Ok(exactly(read(inner, false, names)?)),
        Expr::IsNotTrue(inner) => {
            let inner = read(inner, false, names)?;
            Ok(if negated {
                inner
            } else {
                RowFilter::Not(Box::new(inner))
            })
        }
        Expr::IsFalse(inner) => Ok(exactly(read(inner, true, names)?)),
        Expr::IsNotFalse(inner) => {
            let inner = read(inner, true, names)?;
            Ok(if negated {
                inner
            } else {
                RowFilter::Not(Box::new(inner))
            })
        }
        Expr::InList {
            expr,
            list,
            negated: not_in,
        } => {
            let of = field(expr, names)?;
            if let [only] = &list[..]
                && let Some(attribute) = user_attribute(only)
            {
                return attribute_test(of, attribute, *not_in != negated);
            }
            let values: Result<Vec<Literal>, Inexpressible> = list.iter().map(literal).collect();
            let among = RowFilter::In {
                field: of.clone(),
                values: values?,
            };
            Ok(if *not_in == negated {
                among
            } else {
                RowFilter::And(vec![
                    RowFilter::Not(Box::new(among)),
                    RowFilter::Not(Box::new(RowFilter::IsNull { field: of })),
                ])
            })
        }
        Expr::Between {
            expr,
            negated: outside,
            low,
            high,
        } => {
            if *outside == negated {
                Ok(RowFilter::And(vec![
                    compare(expr, Operator::Ge, low, names)?,
                    compare(expr, Operator::Le, high, names)?,
                ]))
            } else {
                Ok(RowFilter::Or(vec![
                    compare(expr, Operator::Lt, low, names)?,
                    compare(expr, Operator::Gt, high, names)?,
                ]))
            }
        }
        Expr::Value(ValueWithSpan {
            value: Value::Boolean(b),
            ..
        }) => Ok(if *b != negated {
            RowFilter::And(Vec::new())
        } else {
            RowFilter::Or(Vec::new())
        }),
        other if name_of(other).is_some() => Ok(RowFilter::Compare {
            field: field(other, names)?,
            op: Operator::Eq,
            value: Literal::Bool(!negated),
        }),
        other => Err(Inexpressible::new(
            "not_expressible",
            format!(
                "`{}` is no condition on a row",
                shortened(&other.to_string())
            ),
            "compare a field with a value or with a field, or use IN, BETWEEN or IS NULL",
        )),
    }
}

/// `left = right`, for the short form of CASE.
pub(super) fn equality(
    left: &Expr,
    right: &Expr,
    names: &Names<'_>,
) -> Result<RowFilter, Inexpressible> {
    compare(left, Operator::Eq, right, names)
}

fn operator(op: &BinaryOperator) -> Option<Operator> {
    Some(match op {
        BinaryOperator::Eq => Operator::Eq,
        BinaryOperator::NotEq => Operator::Ne,
        BinaryOperator::Lt => Operator::Lt,
        BinaryOperator::LtEq => Operator::Le,
        BinaryOperator::Gt => Operator::Gt,
        BinaryOperator::GtEq => Operator::Ge,
        _ => return None,
    })
}

fn opposite(op: Operator) -> Operator {
    match op {
        Operator::Eq => Operator::Ne,
        Operator::Ne => Operator::Eq,
        Operator::Lt => Operator::Ge,
        Operator::Ge => Operator::Lt,
        Operator::Gt => Operator::Le,
        Operator::Le => Operator::Gt,
    }
}

/// The operator with its sides exchanged.
fn mirrored(op: Operator) -> Operator {
    match op {
        Operator::Lt => Operator::Gt,
        Operator::Gt => Operator::Lt,
        Operator::Le => Operator::Ge,
        Operator::Ge => Operator::Le,
        same => same,
    }
}

fn compare(
    left: &Expr,
    op: Operator,
    right: &Expr,
    names: &Names<'_>,
) -> Result<RowFilter, Inexpressible> {
    if is_null(left) || is_null(right) {
        return Err(Inexpressible::new(
            "compared_with_null",
            "nothing is equal to NULL, and nothing differs from it",
            "write IS NULL or IS NOT NULL",
        ));
    }
    if let Some(of) = age(left) {
        return aged(of, op, right, names);
    }
    if let Some(of) = age(right) {
        return aged(of, mirrored(op), left, names);
    }
    if let Some(days) = before_as_of(right)? {
        // A later date is a smaller age.
        return Ok(RowFilter::Age {
            field: field(left, names)?,
            op: mirrored(op),
            days,
        });
    }
    if let Some(days) = before_as_of(left)? {
        return Ok(RowFilter::Age {
            field: field(right, names)?,
            op,
            days,
        });
    }
    match (name_of(left).is_some(), name_of(right).is_some()) {
        (true, true) => Ok(RowFilter::CompareFields {
            left: field(left, names)?,
            op,
            right: field(right, names)?,
        }),
        (true, false) => {
            let of = field(left, names)?;
            if let Some(attribute) = user_attribute(right) {
                return match op {
                    Operator::Eq => attribute_test(of, attribute, false),
                    Operator::Ne => attribute_test(of, attribute, true),
                    _ => Err(Inexpressible::unsupported(
                        "an attribute of the user is only tested for equality",
                    )),
                };
            }
            Ok(RowFilter::Compare {
                field: of,
                op,
                value: literal(right)?,
            })
        }
        (false, true) => compare(right, mirrored(op), left, names),
        (false, false) => Err(Inexpressible::new(
            "not_expressible",
            format!(
                "neither `{}` nor `{}` is a field",
                shortened(&left.to_string()),
                shortened(&right.to_string())
            ),
            "give the expression a field of its own, and compare that",
        )),
    }
}

fn attribute_test(
    field: FieldRef,
    attribute: String,
    negated: bool,
) -> Result<RowFilter, Inexpressible> {
    if negated {
        return Err(Inexpressible::new(
            "not_expressible",
            "a policy says which rows a user sees, not which ones are hidden",
            "list what is visible",
        ));
    }
    Ok(RowFilter::UserAttribute { field, attribute })
}

/// `USER_ATTRIBUTE('name')`.
fn user_attribute(e: &Expr) -> Option<String> {
    match e {
        Expr::Nested(inner) => user_attribute(inner),
        Expr::Function(f) if is_called(f, "USER_ATTRIBUTE") => match &arguments(f)[..] {
            [Expr::Value(v)] => match &v.value {
                Value::SingleQuotedString(name) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// `AGE_DAYS(field)`.
fn age(e: &Expr) -> Option<&Expr> {
    match e {
        Expr::Nested(inner) => age(inner),
        Expr::Function(f) if is_called(f, "AGE_DAYS") => match &arguments(f)[..] {
            [of] => Some(of),
            _ => None,
        },
        _ => None,
    }
}

fn aged(
    of: &Expr,
    op: Operator,
    days: &Expr,
    names: &Names<'_>,
) -> Result<RowFilter, Inexpressible> {
    match literal(days)? {
        Literal::Integer(days) => Ok(RowFilter::Age {
            field: field(of, names)?,
            op,
            days,
        }),
        _ => Err(Inexpressible::new(
            "not_expressible",
            "an age is a whole number of days",
            "write AGE_DAYS(field) < 365",
        )),
    }
}

/// The days of `as_of - INTERVAL 'n' DAY`; 0 for `as_of` alone.
fn before_as_of(e: &Expr) -> Result<Option<i64>, Inexpressible> {
    let is_as_of =
        |e: &Expr| matches!(e, Expr::Identifier(i) if i.value.eq_ignore_ascii_case("as_of"));
    match e {
        Expr::Nested(inner) => before_as_of(inner),
        e if is_as_of(e) => Ok(Some(0)),
        Expr::BinaryOp {
            left,
            op: op @ (BinaryOperator::Minus | BinaryOperator::Plus),
            right,
        } if is_as_of(left) => {
            let days = days_of(right).ok_or_else(|| {
                Inexpressible::new(
                    "not_expressible",
                    format!("`{right}` is no number of days"),
                    "write as_of - 365d",
                )
            })?;
            Ok(Some(if *op == BinaryOperator::Minus {
                days
            } else {
                -days
            }))
        }
        _ => Ok(None),
    }
}

fn days_of(e: &Expr) -> Option<i64> {
    let whole = |e: &Expr| match e {
        Expr::Value(v) => match &v.value {
            Value::Number(n, _) | Value::SingleQuotedString(n) => n.parse::<i64>().ok(),
            _ => None,
        },
        _ => None,
    };
    match e {
        Expr::Interval(interval) if interval.leading_field == Some(DateTimeField::Day) => {
            whole(&interval.value)
        }
        other => whole(other),
    }
}

fn field(e: &Expr, names: &Names<'_>) -> Result<FieldRef, Inexpressible> {
    let Some(parts) = name_of(e) else {
        return Err(Inexpressible::new(
            "not_expressible",
            format!("`{}` is no field", shortened(&e.to_string())),
            "give the expression a field of its own, and compare that",
        ));
    };
    match names.resolve(&parts)? {
        Named::Field(field) => Ok(field),
        Named::Column(name) => Err(Inexpressible::new(
            "unknown_field",
            format!("the condition reads `{name}`, which is a column but no field"),
            format!("define a field on the column `{name}`, under another name than this field's"),
        )),
        Named::Metric(name) => Err(Inexpressible::new(
            "metric_in_row",
            format!("the condition reads the metric `{name}`, which rows do not have"),
            "compare a field",
        )),
    }
}

pub(super) fn literal(e: &Expr) -> Result<Literal, Inexpressible> {
    let bad = || {
        Inexpressible::new(
            "not_expressible",
            format!("`{}` is no plain value", shortened(&e.to_string())),
            "compare with a number, a text, a date or TRUE",
        )
    };
    match e {
        Expr::Nested(inner) => literal(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => match literal(expr)? {
            Literal::Integer(n) => n.checked_neg().map(Literal::Integer).ok_or_else(bad),
            Literal::Number(x) => Ok(Literal::Number(-x)),
            _ => Err(bad()),
        },
        Expr::Value(v) => match &v.value {
            Value::Number(text, _) => match text.parse::<i64>() {
                Ok(n) => Ok(Literal::Integer(n)),
                Err(_) => number(text).map(Literal::Number),
            },
            Value::SingleQuotedString(text) => Ok(Literal::Text(text.clone())),
            Value::Boolean(b) => Ok(Literal::Bool(*b)),
            _ => Err(bad()),
        },
        // DATE '2024-01-31'
        Expr::TypedString(TypedString { value, .. }) => match &value.value {
            Value::SingleQuotedString(text) => Ok(Literal::Text(text.clone())),
            _ => Err(bad()),
        },
        _ => Err(bad()),
    }
}
