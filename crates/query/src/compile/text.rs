//! DuckDB's spelling of identifiers, literals, expressions and periods.

use crate::{Grain, Literal, Operator};
use semantics::{AddressPart, Dataset, Expression};

/// An identifier, quoted always: names come from people's files.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A qualified table name.
pub(super) fn table(parts: &[String]) -> String {
    parts
        .iter()
        .map(|p| identifier(p))
        .collect::<Vec<_>>()
        .join(".")
}

pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

pub(super) fn literal(value: &Literal) -> String {
    match value {
        Literal::Bool(b) => if *b { "TRUE" } else { "FALSE" }.to_string(),
        Literal::Integer(n) => n.to_string(),
        Literal::Number(x) => number(*x),
        Literal::Text(t) => text(t),
    }
}

pub(super) fn number(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e15 {
        format!("{x:.0}")
    } else {
        format!("CAST({x:?} AS DOUBLE)")
    }
}

pub(super) fn operator(op: Operator) -> &'static str {
    match op {
        Operator::Eq => "=",
        Operator::Ne => "<>",
        Operator::Lt => "<",
        Operator::Le => "<=",
        Operator::Gt => ">",
        Operator::Ge => ">=",
    }
}

/// A row expression over the table that has the alias.
pub(super) fn expression(e: &Expression, dataset: &Dataset, alias: &str) -> String {
    let go = |e: &Expression| expression(e, dataset, alias);
    match e {
        Expression::Column(name) => format!("{}.{}", identifier(alias), identifier(name)),
        Expression::Field(name) => match dataset.field(name) {
            Some(field) if field.expression != Expression::Field(name.clone()) => {
                go(&field.expression)
            }
            _ => format!("{}.{}", identifier(alias), identifier(name)),
        },
        Expression::Number(x) => number(*x),
        Expression::Multiply(parts) => {
            // Exact decimals run out of digits at three factors.
            let mut factors: Vec<String> = parts.iter().map(go).collect();
            if factors.len() > 2
                && let Some(first) = factors.first_mut()
            {
                *first = format!("CAST({first} AS DOUBLE)");
            }
            format!("({})", factors.join(" * "))
        }
        Expression::Add(parts) => {
            format!("({})", parts.iter().map(go).collect::<Vec<_>>().join(" + "))
        }
        Expression::Subtract(a, b) => format!("({} - {})", go(a), go(b)),
        Expression::Divide(a, b) => format!("(CAST({} AS DOUBLE) / NULLIF({}, 0))", go(a), go(b)),
        Expression::Concatenate { separator, parts } => format!(
            "NULLIF(concat_ws({}, {}), '')",
            text(separator),
            parts.iter().map(go).collect::<Vec<_>>().join(", ")
        ),
        Expression::Address { of, part } => match part {
            AddressPart::City => format!("NULLIF(trim(split_part({}, ',', -2)), '')", go(of)),
            AddressPart::State => format!(
                "NULLIF(split_part(trim(split_part({}, ',', -1)), ' ', 1), '')",
                go(of)
            ),
            AddressPart::PostalCode => format!(
                "NULLIF(split_part(trim(split_part({}, ',', -1)), ' ', 2), '')",
                go(of)
            ),
        },
        Expression::DaysBetween { from, to } => format!(
            "date_diff('day', CAST({} AS DATE), CAST({} AS DATE))",
            go(from),
            go(to)
        ),
    }
}

/// The period of a grain that a date or time falls in.
pub(super) fn period(grain: Grain, of: &str, week_start: u8) -> String {
    match grain {
        Grain::Hour => format!("date_trunc('hour', {of})"),
        Grain::Day => format!("CAST({of} AS DATE)"),
        Grain::Week => {
            let shift = (8 - i64::from(week_start)) % 7;
            if shift == 0 {
                format!("CAST(date_trunc('week', {of}) AS DATE)")
            } else {
                format!(
                    "CAST(date_trunc('week', CAST({of} AS DATE) + {shift}) - INTERVAL {shift} DAY AS DATE)"
                )
            }
        }
        Grain::Month => format!("CAST(date_trunc('month', {of}) AS DATE)"),
        Grain::Quarter => format!("CAST(date_trunc('quarter', {of}) AS DATE)"),
        Grain::Year => format!("CAST(date_trunc('year', {of}) AS DATE)"),
        Grain::HourOfDay => format!("hour({of})"),
        Grain::Weekday => format!("dayname({of})"),
        Grain::MonthOfYear => format!("month({of})"),
        Grain::QuarterOfYear => format!("quarter({of})"),
    }
}

/// One step of a running grain, as an interval.
pub(super) fn interval(grain: Grain, steps: i64) -> String {
    match grain {
        Grain::Hour => format!("INTERVAL {steps} HOUR"),
        Grain::Week => format!("INTERVAL {} DAY", steps * 7),
        Grain::Month => format!("INTERVAL {steps} MONTH"),
        Grain::Quarter => format!("INTERVAL {} MONTH", steps * 3),
        Grain::Year => format!("INTERVAL {steps} YEAR"),
        _ => format!("INTERVAL {steps} DAY"),
    }
}
