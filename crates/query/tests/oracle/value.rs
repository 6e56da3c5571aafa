//! Values of the naive evaluator: exact numbers, floats, texts, days and times.

use std::cmp::Ordering;
use std::fmt;

/// A cell.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// `units` times ten to the minus `scale`; scale 0 is a whole number.
    Exact {
        units: i128,
        scale: u8,
    },
    Float(f64),
    Text(String),
    /// Days since 1970-01-01.
    Date(i64),
    /// Seconds since 1970-01-01T00:00:00.
    Timestamp(i64),
}

/// Type of a physical column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnType {
    Integer,
    /// DECIMAL(18, 2).
    Decimal,
    Float,
    Text,
    Date,
    Timestamp,
    Boolean,
}

impl ColumnType {
    pub(crate) fn name(self) -> &'static str {
        match self {
            ColumnType::Integer => "integer",
            ColumnType::Decimal => "decimal",
            ColumnType::Float => "float",
            ColumnType::Text => "text",
            ColumnType::Date => "date",
            ColumnType::Timestamp => "timestamp",
            ColumnType::Boolean => "boolean",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<ColumnType> {
        [
            ColumnType::Integer,
            ColumnType::Decimal,
            ColumnType::Float,
            ColumnType::Text,
            ColumnType::Date,
            ColumnType::Timestamp,
            ColumnType::Boolean,
        ]
        .into_iter()
        .find(|t| t.name() == name)
    }

    /// Name in SQL, the same in both engines.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            ColumnType::Integer => "BIGINT",
            ColumnType::Decimal => "DECIMAL(18, 2)",
            ColumnType::Float => "DOUBLE PRECISION",
            ColumnType::Text => "VARCHAR",
            ColumnType::Date => "DATE",
            ColumnType::Timestamp => "TIMESTAMP",
            ColumnType::Boolean => "BOOLEAN",
        }
    }
}

impl Value {
    pub(crate) fn int(n: i128) -> Value {
        Value::Exact { units: n, scale: 0 }
    }

    pub(crate) fn text(t: &str) -> Value {
        Value::Text(t.to_string())
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Exact { units, scale } => Some(*units as f64 / 10f64.powi(i32::from(*scale))),
            Value::Float(x) => Some(*x),
            _ => None,
        }
    }

    /// A number from JSON or a literal: whole numbers and short decimals exactly.
    pub(crate) fn parse_decimal(text: &str) -> Option<Value> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let joined = format!("{whole}{part}");
        if joined.is_empty() || !joined.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Some(Value::Exact {
            units: sign * joined.parse::<i128>().ok()?,
            scale: u8::try_from(part.len()).ok()?,
        })
    }
}

/// Ten to the power.
pub(crate) fn ten(power: u8) -> i128 {
    10i128.pow(u32::from(power))
}

fn aligned(a: (i128, u8), b: (i128, u8)) -> (i128, i128, u8) {
    let scale = a.1.max(b.1);
    (a.0 * ten(scale - a.1), b.0 * ten(scale - b.1), scale)
}

/// Arithmetic of two cells; NULL if either is NULL; exact while both are.
fn arithmetic(
    a: &Value,
    b: &Value,
    exact: impl Fn((i128, u8), (i128, u8)) -> (i128, u8),
    float: impl Fn(f64, f64) -> f64,
) -> Value {
    match (a, b) {
        (
            Value::Exact { units, scale },
            Value::Exact {
                units: other,
                scale: other_scale,
            },
        ) => {
            let (units, scale) = exact((*units, *scale), (*other, *other_scale));
            Value::Exact { units, scale }
        }
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(x), Some(y)) => Value::Float(float(x, y)),
            _ => Value::Null,
        },
    }
}

pub(crate) fn add(a: &Value, b: &Value) -> Value {
    arithmetic(
        a,
        b,
        |x, y| {
            let (x, y, scale) = aligned(x, y);
            (x + y, scale)
        },
        |x, y| x + y,
    )
}

pub(crate) fn subtract(a: &Value, b: &Value) -> Value {
    arithmetic(
        a,
        b,
        |x, y| {
            let (x, y, scale) = aligned(x, y);
            (x - y, scale)
        },
        |x, y| x - y,
    )
}

pub(crate) fn multiply(a: &Value, b: &Value) -> Value {
    arithmetic(a, b, |x, y| (x.0 * y.0, x.1 + y.1), |x, y| x * y)
}

/// Left over right as a float; NULL if either is NULL or right is 0.
pub(crate) fn divide(a: &Value, b: &Value) -> Value {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) if y != 0.0 => Value::Float(x / y),
        _ => Value::Null,
    }
}

/// Order of two non-null cells of like kind; `None` when they cannot be compared.
pub(crate) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => None,
        (
            Value::Exact { units, scale },
            Value::Exact {
                units: other,
                scale: other_scale,
            },
        ) => {
            let (x, y, _) = aligned((*units, *scale), (*other, *other_scale));
            Some(x.cmp(&y))
        }
        (Value::Bool(x), Value::Bool(y)) => Some(x.cmp(y)),
        (Value::Text(x), Value::Text(y)) => Some(x.as_bytes().cmp(y.as_bytes())),
        (Value::Date(x), Value::Date(y)) => Some(x.cmp(y)),
        (Value::Timestamp(x), Value::Timestamp(y)) => Some(x.cmp(y)),
        (Value::Date(x), Value::Timestamp(y)) => Some((x * 86_400).cmp(y)),
        (Value::Timestamp(x), Value::Date(y)) => Some(x.cmp(&(y * 86_400))),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn kind(v: &Value) -> u8 {
    match v {
        Value::Bool(_) => 0,
        Value::Exact { .. } | Value::Float(_) => 1,
        Value::Text(_) => 2,
        Value::Date(_) | Value::Timestamp(_) => 3,
        Value::Null => 4,
    }
}

/// A total order: NULL last, so that cells can be keys.
impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        kind(self)
            .cmp(&kind(other))
            .then_with(|| compare(self, other).unwrap_or(Ordering::Equal))
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("NULL"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Exact { units, scale: 0 } => write!(f, "{units}"),
            Value::Exact { units, scale } => {
                let sign = if *units < 0 { "-" } else { "" };
                let size = units.unsigned_abs();
                let unit = ten(*scale).unsigned_abs();
                write!(
                    f,
                    "{sign}{}.{:0width$}",
                    size / unit,
                    size % unit,
                    width = usize::from(*scale)
                )
            }
            Value::Float(x) => write!(f, "{x:?}"),
            Value::Text(t) => f.write_str(t),
            Value::Date(d) => f.write_str(&crate::calendar::show_day(*d)),
            Value::Timestamp(s) => {
                let (day, rest) = (s.div_euclid(86_400), s.rem_euclid(86_400));
                write!(
                    f,
                    "{}T{:02}:{:02}:{:02}",
                    crate::calendar::show_day(day),
                    rest / 3600,
                    rest / 60 % 60,
                    rest % 60
                )
            }
        }
    }
}
