//! Functions whose work or output is not bounded by their input: their arguments are literals
//! under a cap, and what they multiply is multiplied up over the whole statement.

use crate::functions::Kind;
use crate::{Dialect, Refusal};
use sqlparser::ast::{DataType, Expr, UnaryOperator, Value};

/// How many times longer a text may become within a statement.
const GROWTH: f64 = 10_000.0;
/// Longest padded text.
const PADDED: f64 = 10_000.0;
/// Most members of all series of a statement, multiplied.
const MEMBERS: f64 = 1_000_000.0;
/// Longest literal that is compared letter by letter.
const EDITED: usize = 200;
/// Largest literal exponent.
const EXPONENT: f64 = 100.0;
/// Longest pattern, and most repetitions that it may ask for.
const PATTERN: usize = 500;
const REPETITIONS: u32 = 1000;
/// Longest text that a type may pad to.
const WIDTH: u64 = 100_000;

/// What a statement multiplies so far.
#[derive(Debug)]
pub(crate) struct Bounds {
    growth: f64,
    members: f64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            growth: 1.0,
            members: 1.0,
        }
    }
}

fn refuse(reason: impl Into<String>) -> Refusal {
    Refusal::new(
        "unbounded",
        reason,
        "Use literal sizes, counts and patterns, and small ones.",
    )
}

impl Bounds {
    /// Looks at the arguments of a call by what its function may do.
    pub(crate) fn call(
        &mut self,
        name: &str,
        kind: Kind,
        arguments: &[&Expr],
        dialect: Dialect,
    ) -> Result<(), Refusal> {
        match kind {
            Kind::Grows => {
                let at = usize::from(name != "space");
                let size = arguments
                    .get(at)
                    .and_then(|e| number(e))
                    .filter(|n| *n <= PADDED)
                    .ok_or_else(|| refuse(format!("`{name}` without a small literal size")))?;
                if name.ends_with("pad") {
                    Ok(())
                } else {
                    self.grow(size)
                }
            }
            Kind::Replace => match arguments {
                [_, _] => Ok(()),
                [_, from, to, ..] => {
                    let to = text(to).ok_or_else(|| refuse("what is put in is no literal"))?;
                    let from = text(from).map_or(1, |t| t.chars().count().max(1));
                    self.grow(to.chars().count() as f64 / from as f64)
                }
                _ => Err(refuse(format!("`{name}` without its arguments"))),
            },
            Kind::ReplacePattern => {
                let pattern = arguments.get(1).and_then(|e| text(e));
                safe_pattern(pattern.as_deref(), dialect)?;
                match arguments.get(2) {
                    None => Ok(()),
                    Some(to) => {
                        let to = text(to).ok_or_else(|| refuse("what is put in is no literal"))?;
                        self.grow(to.chars().count() as f64)
                    }
                }
            }
            Kind::Pattern => {
                safe_pattern(arguments.get(1).and_then(|e| text(e)).as_deref(), dialect)
            }
            Kind::Series => {
                let n = members(arguments).ok_or_else(|| {
                    refuse(format!("`{name}` without literal ends of its series"))
                })?;
                self.members *= n.max(1.0);
                if self.members > MEMBERS {
                    return Err(refuse(format!("series of more than {MEMBERS} members")));
                }
                Ok(())
            }
            Kind::Edit => {
                let short = arguments
                    .iter()
                    .any(|e| text(e).is_some_and(|t| t.chars().count() <= EDITED));
                if short {
                    Ok(())
                } else {
                    Err(refuse(format!("`{name}` of two texts of any length")))
                }
            }
            Kind::Power => match arguments.get(1).and_then(|e| number(e)) {
                Some(n) if n.abs() > EXPONENT => Err(refuse(format!("the power {n}"))),
                _ => Ok(()),
            },
            Kind::Plain | Kind::Time | Kind::Aggregate | Kind::Collect => Ok(()),
        }
    }

    /// A text put together from this many copies of itself.
    pub(crate) fn grow(&mut self, factor: f64) -> Result<(), Refusal> {
        self.growth *= factor.max(1.0);
        if self.growth > GROWTH {
            return Err(refuse(format!(
                "a text that grows more than {GROWTH} times"
            )));
        }
        Ok(())
    }
}

/// A number literal, also with a sign or in parentheses.
pub(crate) fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Value(v) => match &v.value {
            Value::Number(n, _) => n.replace('_', "").parse().ok(),
            _ => None,
        },
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => number(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => number(expr).map(|n| -n),
        _ => None,
    }
}

/// A text literal.
pub(crate) fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(v) => match &v.value {
            Value::SingleQuotedString(s)
            | Value::EscapedStringLiteral(s)
            | Value::NationalStringLiteral(s)
            | Value::DoubleQuotedString(s)
            | Value::TripleSingleQuotedString(s)
            | Value::TripleDoubleQuotedString(s)
            | Value::SingleQuotedRawStringLiteral(s)
            | Value::DoubleQuotedRawStringLiteral(s)
            | Value::TripleSingleQuotedRawStringLiteral(s)
            | Value::TripleDoubleQuotedRawStringLiteral(s) => Some(s.clone()),
            Value::DollarQuotedString(s) => Some(s.value.clone()),
            _ => None,
        },
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => text(inner),
        Expr::TypedString(typed) => match &typed.value.value {
            Value::SingleQuotedString(s) => Some(s.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Members of a series between literal ends.
fn members(arguments: &[&Expr]) -> Option<f64> {
    let days = |e: &Expr| -> Option<f64> {
        let text = match e {
            Expr::Function(f) if f.name.to_string().eq_ignore_ascii_case("to_date") => {
                let sqlparser::ast::FunctionArguments::List(list) = &f.args else {
                    return None;
                };
                match list.args.first()? {
                    sqlparser::ast::FunctionArg::Unnamed(
                        sqlparser::ast::FunctionArgExpr::Expr(inner),
                    ) => text(inner)?,
                    _ => return None,
                }
            }
            other => text(other)?,
        };
        let mut parts = text.get(..10)?.split('-').map(|p| p.parse::<f64>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        Some(year * 372.0 + month * 31.0 + day)
    };
    match arguments {
        [end] => number(end),
        [start, end, rest @ ..] => {
            if let (Some(a), Some(b)) = (number(start), number(end)) {
                let step = match rest {
                    [] => 1.0,
                    [step, ..] => number(step)?,
                };
                return (step != 0.0).then(|| ((b - a) / step).abs() + 1.0);
            }
            let per_day = match rest {
                [] => 1.0,
                [step, ..] => {
                    let Expr::Interval(interval) = step else {
                        return None;
                    };
                    let size = number(&interval.value)
                        .or_else(|| text(&interval.value)?.split(' ').next()?.parse().ok())
                        .filter(|n| n.abs() >= 1.0)?;
                    let unit = interval
                        .leading_field
                        .as_ref()
                        .map(ToString::to_string)
                        .or_else(|| text(&interval.value)?.split(' ').nth(1).map(String::from))?
                        .to_lowercase();
                    match unit.trim_end_matches('s') {
                        "year" | "quarter" | "month" | "week" | "day" => 1.0,
                        "hour" => 24.0 / size.abs(),
                        "minute" => 1440.0 / size.abs(),
                        _ => return None,
                    }
                }
            };
            Some((days(end)? - days(start)?).abs() * per_day + 1.0)
        }
        [] => None,
    }
}

/// Refuses patterns that an engine with backtracking never finishes: repetition of a group that
/// repeats or chooses within, references back, large counts.
pub(crate) fn safe_pattern(pattern: Option<&str>, dialect: Dialect) -> Result<(), Refusal> {
    let pattern = pattern.ok_or_else(|| refuse("a pattern that is no literal"))?;
    let chars: Vec<char> = pattern.chars().collect();
    if chars.len() > PATTERN {
        return Err(refuse("a pattern that is too long"));
    }
    let backtracks = matches!(dialect, Dialect::Postgres | Dialect::Spark);
    // For each open group: whether it repeats without bound, or chooses, within.
    let mut open: Vec<bool> = Vec::new();
    let mut closed = false;
    let mut i = 0;
    while i < chars.len() {
        let mut now_closed = false;
        match chars[i] {
            '\\' => {
                let referred = chars.get(i + 1).is_some_and(|c| ('1'..='9').contains(c));
                if backtracks && referred {
                    return Err(refuse("a pattern that refers back to what it found"));
                }
                i += 1;
            }
            '[' => {
                let mut k = i + 1 + usize::from(chars.get(i + 1) == Some(&'^'));
                k += usize::from(chars.get(k) == Some(&']'));
                while k < chars.len() && chars[k] != ']' {
                    k += 1 + usize::from(chars[k] == '\\');
                }
                i = k;
            }
            '(' => open.push(false),
            ')' => {
                closed = open.pop().unwrap_or(false);
                if closed && let Some(outer) = open.last_mut() {
                    *outer = true;
                }
                now_closed = true;
            }
            '|' if backtracks => {
                if let Some(group) = open.last_mut() {
                    *group = true;
                }
            }
            '*' | '+' | '{' => {
                let mut unbounded = true;
                if chars[i] == '{' {
                    let end = (i..chars.len()).find(|k| chars[*k] == '}');
                    let inner: String = chars[i + 1..end.unwrap_or(i + 1)].iter().collect();
                    let bounds: Vec<Option<u32>> =
                        inner.split(',').map(|n| n.trim().parse().ok()).collect();
                    if bounds.iter().flatten().any(|n| *n > REPETITIONS) {
                        return Err(refuse("a pattern with a large count"));
                    }
                    unbounded = bounds.last() == Some(&None);
                    i = end.unwrap_or(i);
                }
                if closed {
                    return Err(refuse("a pattern that repeats what repeats"));
                }
                if unbounded && let Some(group) = open.last_mut() {
                    *group = true;
                }
            }
            _ => {}
        }
        if !now_closed {
            closed = false;
        }
        i += 1;
    }
    Ok(())
}

/// Types that a value may be cast to: no names of catalogue objects, no large padding.
pub(crate) fn safe_type(data_type: &DataType) -> Result<(), Refusal> {
    const KNOWN: [&str; 63] = [
        "int",
        "integer",
        "bigint",
        "smallint",
        "tinyint",
        "mediumint",
        "hugeint",
        "uhugeint",
        "ubigint",
        "uinteger",
        "usmallint",
        "utinyint",
        "int1",
        "int2",
        "int4",
        "int8",
        "int16",
        "int32",
        "int64",
        "int128",
        "float",
        "float4",
        "float8",
        "float32",
        "float64",
        "double",
        "real",
        "decimal",
        "dec",
        "numeric",
        "number",
        "bignumeric",
        "bigdecimal",
        "bool",
        "boolean",
        "text",
        "varchar",
        "char",
        "character",
        "nvarchar",
        "bpchar",
        "string",
        "date",
        "date32",
        "time",
        "timetz",
        "timestamp",
        "timestamptz",
        "timestamp_ntz",
        "timestamp_ltz",
        "timestamp_tz",
        "timestamp_s",
        "timestamp_ms",
        "timestamp_us",
        "datetime",
        "interval",
        "json",
        "jsonb",
        "variant",
        "uuid",
        "long",
        "short",
        "byte",
    ];
    let text = data_type.to_string().to_lowercase();
    let word: String = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let array = matches!(data_type, DataType::Array(_));
    if !array && !KNOWN.contains(&word.as_str()) {
        return Err(Refusal::new(
            "type",
            format!("`{text}` is not among the reviewed types"),
            "Cast to ordinary numbers, dates and text.",
        ));
    }
    let wide = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|n| n.len() > 3)
        .any(|n| n.parse::<u64>().map_or(true, |n| n > WIDTH));
    if wide {
        return Err(refuse("a type that pads to a large width"));
    }
    Ok(())
}
