//! Expressions over one row.

use super::names::Named;
use super::parse::{name_of, parse};
use super::{Inexpressible, Names, condition};
use crate::{AddressPart, CaseBranch, DataType, Expression, RowFilter};
use sqlparser::ast::{
    BinaryOperator, CastKind, DataType as SqlType, DuplicateTreatment, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArguments, UnaryOperator, Value,
};

/// Reads an expression over a row. Fields of the home dataset come out as [`Expression::Field`],
/// all others as [`Expression::Lookup`].
pub(crate) fn row(text: &str, names: &Names<'_>) -> Result<Expression, Inexpressible> {
    let parsed = parse(text)?;
    Ok(homed(
        row_of(&parsed, names)?,
        names.home.unwrap_or_default(),
    ))
}

/// Look-ups of the home dataset itself as its fields.
pub(super) fn homed(e: Expression, home: &str) -> Expression {
    let all = |parts: Vec<Expression>| parts.into_iter().map(|p| homed(p, home)).collect();
    let one = |e: Box<Expression>| Box::new(homed(*e, home));
    match e {
        Expression::Lookup(f) if f.dataset == home && f.via.is_none() => Expression::Field(f.field),
        Expression::Multiply(parts) => Expression::Multiply(all(parts)),
        Expression::Add(parts) => Expression::Add(all(parts)),
        Expression::Coalesce(parts) => Expression::Coalesce(all(parts)),
        Expression::Concatenate { separator, parts } => Expression::Concatenate {
            separator,
            parts: all(parts),
        },
        Expression::Subtract(a, b) => Expression::Subtract(one(a), one(b)),
        Expression::Divide(a, b) => Expression::Divide(one(a), one(b)),
        Expression::DaysBetween { from, to } => Expression::DaysBetween {
            from: one(from),
            to: one(to),
        },
        Expression::Address { of, part } => Expression::Address { of: one(of), part },
        Expression::Absolute(of) => Expression::Absolute(one(of)),
        Expression::DateOf(of) => Expression::DateOf(one(of)),
        Expression::Case {
            branches,
            otherwise,
        } => Expression::Case {
            branches: branches
                .into_iter()
                .map(|b| CaseBranch {
                    when: b.when,
                    then: homed(b.then, home),
                })
                .collect(),
            otherwise: otherwise.map(one),
        },
        other => other,
    }
}

pub(super) fn row_of(e: &Expr, names: &Names<'_>) -> Result<Expression, Inexpressible> {
    if let Some(parts) = name_of(e) {
        return match names.resolve(&parts)? {
            Named::Field(field) => Ok(Expression::Lookup(field)),
            Named::Column(name) => Ok(Expression::Column(name)),
            Named::Metric(name) => Err(Inexpressible::new(
                "metric_in_row",
                format!("the metric `{name}` stands where the value of a row is due"),
                "aggregate a field, or put the metric outside the aggregate",
            )),
        };
    }
    match e {
        Expr::Nested(inner) => row_of(inner, names),
        Expr::Value(value) => literal(&value.value),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => Ok(match row_of(expr, names)? {
            Expression::Number(x) => Expression::Number(-x),
            other => Expression::Multiply(vec![Expression::Number(-1.0), other]),
        }),
        Expr::UnaryOp {
            op: UnaryOperator::Plus,
            expr,
        } => row_of(expr, names),
        Expr::BinaryOp { left, op, right } => binary(e, left, op, right, names),
        Expr::Case {
            operand,
            conditions,
            else_result,
            ..
        } => {
            let mut branches = Vec::new();
            for branch in conditions {
                let when = match operand {
                    None => condition::condition_of(&branch.condition, names)?,
                    Some(operand) => condition::equality(operand, &branch.condition, names)?,
                };
                branches.push(CaseBranch {
                    when,
                    then: row_of(&branch.result, names)?,
                });
            }
            let otherwise = match else_result.as_deref() {
                None => None,
                Some(e) if is_null(e) => None,
                Some(e) => Some(Box::new(row_of(e, names)?)),
            };
            Ok(Expression::Case {
                branches,
                otherwise,
            })
        }
        Expr::Cast {
            kind: CastKind::Cast | CastKind::DoubleColon,
            expr,
            data_type,
            ..
        } => cast(expr, data_type, names),
        Expr::Function(function) => call(function, names),
        other => Err(Inexpressible::unsupported(format!(
            "`{}` is more than a row expression can hold",
            super::parse::shortened(&other.to_string())
        ))),
    }
}

pub(super) fn is_null(e: &Expr) -> bool {
    match e {
        Expr::Nested(inner) => is_null(inner),
        Expr::Value(v) => v.value == Value::Null,
        _ => false,
    }
}

fn literal(value: &Value) -> Result<Expression, Inexpressible> {
    match value {
        Value::Number(text, _) => number(text).map(Expression::Number),
        Value::SingleQuotedString(text) => Ok(Expression::Text(text.clone())),
        other => Err(Inexpressible::unsupported(format!(
            "`{other}` is no number and no text"
        ))),
    }
}

pub(super) fn number(text: &str) -> Result<f64, Inexpressible> {
    text.parse::<f64>()
        .ok()
        .filter(|x| x.is_finite())
        .ok_or_else(|| Inexpressible::unsupported(format!("`{text}` is no number")))
}

/// The divisor inside `NULLIF(divisor, 0)`, or the divisor itself: division by zero is NULL here
/// either way.
pub(super) fn divisor(e: &Expr) -> &Expr {
    match e {
        Expr::Nested(inner) => divisor(inner),
        Expr::Function(f) if is_called(f, "NULLIF") => match &arguments(f)[..] {
            [of, zero] if is_zero(zero) => of,
            _ => e,
        },
        _ => e,
    }
}

pub(super) fn is_zero(e: &Expr) -> bool {
    match e {
        Expr::Nested(inner) => is_zero(inner),
        Expr::Value(v) => {
            matches!(&v.value, Value::Number(n, _) if n.parse::<f64>().is_ok_and(|x| x == 0.0))
        }
        _ => false,
    }
}

/// Operands of a chain of one operator that is written without parentheses, left to right.
pub(super) fn chain<'e>(e: &'e Expr, of: &BinaryOperator) -> Vec<&'e Expr> {
    match e {
        Expr::BinaryOp { left, op, right } if op == of => {
            let mut parts = chain(left, of);
            parts.push(right);
            parts
        }
        other => vec![other],
    }
}

fn binary(
    whole: &Expr,
    left: &Expr,
    op: &BinaryOperator,
    right: &Expr,
    names: &Names<'_>,
) -> Result<Expression, Inexpressible> {
    let all = || -> Result<Vec<Expression>, Inexpressible> {
        chain(whole, op)
            .into_iter()
            .map(|p| row_of(p, names))
            .collect()
    };
    match op {
        BinaryOperator::Plus => Ok(Expression::Add(all()?)),
        BinaryOperator::Multiply => Ok(Expression::Multiply(all()?)),
        BinaryOperator::Minus => {
            let (a, b) = (row_of(left, names)?, row_of(right, names)?);
            if is_temporal(&a, names) && is_temporal(&b, names) {
                return Ok(Expression::DaysBetween {
                    from: Box::new(b),
                    to: Box::new(a),
                });
            }
            Ok(Expression::Subtract(Box::new(a), Box::new(b)))
        }
        BinaryOperator::Divide => Ok(Expression::Divide(
            Box::new(row_of(left, names)?),
            Box::new(row_of(divisor(right), names)?),
        )),
        BinaryOperator::StringConcat => Err(Inexpressible::new(
            "not_expressible",
            "`||` makes the whole NULL where one part is missing",
            "write CONCAT_WS(' ', a, b), which leaves missing parts out",
        )),
        other => Err(Inexpressible::unsupported(format!(
            "`{other}` makes no value of a row"
        ))),
    }
}

fn declared(e: &Expression, names: &Names<'_>) -> Option<DataType> {
    match e {
        Expression::Lookup(f) => names
            .dataset(&f.dataset)
            .and_then(|d| d.field(&f.field))
            .map(|f| f.data_type),
        Expression::DateOf(_) => Some(DataType::Date),
        _ => None,
    }
}

fn is_temporal(e: &Expression, names: &Names<'_>) -> bool {
    declared(e, names).is_some_and(DataType::is_temporal)
}

/// A cast to a day; one of a number to a wider number changes nothing here.
fn cast(expr: &Expr, to: &SqlType, names: &Names<'_>) -> Result<Expression, Inexpressible> {
    let of = row_of(expr, names)?;
    let numeric = || {
        declared(&of, names).is_some_and(DataType::is_numeric)
            || matches!(
                of,
                Expression::Number(_)
                    | Expression::Multiply(_)
                    | Expression::Add(_)
                    | Expression::Subtract(..)
                    | Expression::Divide(..)
            )
    };
    match to {
        SqlType::Date => Ok(Expression::DateOf(Box::new(of))),
        SqlType::Double(_)
        | SqlType::DoublePrecision
        | SqlType::Float(_)
        | SqlType::Float8
        | SqlType::Real
        | SqlType::Decimal(_)
        | SqlType::Numeric(_)
            if numeric() =>
        {
            Ok(of)
        }
        other => Err(Inexpressible::unsupported(format!(
            "a cast of `{expr}` to {other} may change its value"
        ))),
    }
}

/// The name of a function, in capitals; empty if it is qualified.
pub(super) fn called(function: &Function) -> String {
    match &function.name.0[..] {
        [only] => only
            .as_ident()
            .map(|i| i.value.to_uppercase())
            .unwrap_or_default(),
        _ => String::new(),
    }
}

pub(super) fn is_called(function: &Function, name: &str) -> bool {
    called(function) == name
}

/// Plain positional arguments; empty where any is of another form.
pub(super) fn arguments(function: &Function) -> Vec<&Expr> {
    match &function.args {
        FunctionArguments::List(list)
            if list.clauses.is_empty()
                && !matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct)) =>
        {
            list.args
                .iter()
                .map(|a| match a {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Some(e),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()
                .unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Functions that aggregate; they have no place inside a row.
pub(super) const AGGREGATES: [&str; 22] = [
    "SUM",
    "COUNT",
    "AVG",
    "MEAN",
    "MIN",
    "MAX",
    "MEDIAN",
    "STDDEV",
    "STDDEV_SAMP",
    "STDDEV_POP",
    "VAR",
    "VARIANCE",
    "VAR_SAMP",
    "VAR_POP",
    "PERCENTILE_CONT",
    "PERCENTILE_DISC",
    "APPROX_COUNT_DISTINCT",
    "APPROX_PERCENTILE",
    "ANY_VALUE",
    "STRING_AGG",
    "LISTAGG",
    "ARRAY_AGG",
];

fn call(function: &Function, names: &Names<'_>) -> Result<Expression, Inexpressible> {
    let name = called(function);
    if AGGREGATES.contains(&name.as_str()) {
        return Err(Inexpressible::new(
            "aggregate_in_row",
            format!("{name} stands where the value of a row is due"),
            "aggregates do not nest: define the inner one as a metric, or move it out",
        ));
    }
    if function.over.is_some() {
        return Err(Inexpressible::unsupported(format!(
            "{name} is computed over a window"
        )));
    }
    let given = arguments(function);
    let all = || -> Result<Vec<Expression>, Inexpressible> {
        given.iter().map(|a| row_of(a, names)).collect()
    };
    let text = |e: &Expr| match e {
        Expr::Value(v) => match &v.value {
            Value::SingleQuotedString(t) => Some(t.clone()),
            _ => None,
        },
        _ => None,
    };
    let address = |part| -> Result<Expression, Inexpressible> {
        Ok(Expression::Address {
            of: Box::new(row_of(given[0], names)?),
            part,
        })
    };
    match (name.as_str(), &given[..]) {
        ("COALESCE", [_, _, ..]) => Ok(Expression::Coalesce(all()?)),
        ("ABS", [of]) => Ok(Expression::Absolute(Box::new(row_of(of, names)?))),
        ("DATE", [of]) => Ok(Expression::DateOf(Box::new(row_of(of, names)?))),
        ("CONCAT_WS", [separator, _, ..]) => match text(separator) {
            Some(separator) => Ok(Expression::Concatenate {
                separator,
                parts: all()?.split_off(1),
            }),
            None => Err(Inexpressible::unsupported(
                "the separator of CONCAT_WS is no plain text",
            )),
        },
        ("ADDRESS_CITY", [_]) => address(AddressPart::City),
        ("ADDRESS_STATE", [_]) => address(AddressPart::State),
        ("ADDRESS_POSTAL_CODE", [_]) => address(AddressPart::PostalCode),
        ("DAYS_BETWEEN", [from, to]) => Ok(Expression::DaysBetween {
            from: Box::new(row_of(from, names)?),
            to: Box::new(row_of(to, names)?),
        }),
        ("DATEDIFF" | "DATE_DIFF", [unit, from, to]) if is_day(unit) => {
            Ok(Expression::DaysBetween {
                from: Box::new(row_of(from, names)?),
                to: Box::new(row_of(to, names)?),
            })
        }
        ("COLUMN", [column]) if names.columns == super::Columns::Physical => match text(column) {
            Some(column) => Ok(Expression::Column(column)),
            None => Err(Inexpressible::unsupported(
                "the name in COLUMN('…') is no plain text",
            )),
        },
        ("NULLIF", [of, other]) => Ok(Expression::Case {
            branches: vec![CaseBranch {
                when: RowFilter::Not(Box::new(condition::equality(of, other, names)?)),
                then: row_of(of, names)?,
            }],
            otherwise: None,
        }),
        _ => Err(Inexpressible::unsupported(format!(
            "the function {name} with {} arguments is not one that is known here",
            given.len()
        ))),
    }
}

fn is_day(e: &Expr) -> bool {
    match e {
        Expr::Value(v) => {
            matches!(&v.value, Value::SingleQuotedString(t) if t.eq_ignore_ascii_case("day"))
        }
        Expr::Identifier(i) => i.value.eq_ignore_ascii_case("day"),
        _ => false,
    }
}
