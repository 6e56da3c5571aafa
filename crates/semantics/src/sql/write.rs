//! Trees written as text, such that reading it gives the same tree.

use super::aggregate::{Aggregate, MetricTree, as_case};
use crate::{
    AddressPart, Aggregation, Dataset, Expression, FieldRef, Literal, MetricExpression, Operator,
    RowFilter,
};

/// Who reads the text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Readers<'m> {
    /// Any program: plain SQL, every field with the prefix of its dataset.
    All,
    /// We: our own functions are known, and fields of the dataset need no prefix. With the name
    /// of the field that is being defined, if one is.
    Us {
        home: &'m Dataset,
        own: Option<&'m str>,
    },
    /// Any program, for the definition of a field: names are columns and fields of the dataset.
    Field,
}

/// A row expression as text; `None` where plain SQL has no one spelling for it.
pub(crate) fn row_text(e: &Expression, home: &str, readers: Readers<'_>) -> Option<String> {
    let text = Writer { home, readers }.row(e)?;
    // The outermost parentheses are not needed.
    Some(
        match text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
            Some(inner) if wraps(e) => inner.to_string(),
            _ => text,
        },
    )
}

fn wraps(e: &Expression) -> bool {
    matches!(
        e,
        Expression::Add(_)
            | Expression::Subtract(..)
            | Expression::Multiply(_)
            | Expression::Divide(..)
    )
}

/// A condition as text; `None` where plain SQL has no one spelling for it.
pub(crate) fn condition_text(
    filter: &RowFilter,
    home: &str,
    readers: Readers<'_>,
) -> Option<String> {
    Writer { home, readers }.condition(filter)
}

/// A metric's formula as text; `None` where plain SQL has no one spelling for it.
pub(crate) fn tree_text(tree: &MetricTree, readers: Readers<'_>) -> Option<String> {
    let all = |parts: &[MetricTree], joint: &str| -> Option<String> {
        let parts: Option<Vec<String>> = parts.iter().map(|p| nested(p, readers)).collect();
        Some(parts?.join(joint))
    };
    match tree {
        MetricTree::Aggregate(aggregate) => aggregate_text(aggregate, readers),
        MetricTree::Metric(name) => Some(identifier(name)),
        MetricTree::Number(x) => number(*x),
        MetricTree::Add(parts) => all(parts, " + "),
        MetricTree::Multiply(parts) => all(parts, " * "),
        MetricTree::Subtract(a, b) => {
            Some(format!("{} - {}", nested(a, readers)?, nested(b, readers)?))
        }
        MetricTree::Divide(a, b) => Some(format!(
            "{} / NULLIF({}, 0)",
            nested(a, readers)?,
            tree_text(b, readers)?
        )),
        MetricTree::Coalesce(parts) => {
            let parts: Option<Vec<String>> = parts.iter().map(|p| tree_text(p, readers)).collect();
            Some(format!("COALESCE({})", parts?.join(", ")))
        }
    }
}

/// Arithmetic over metrics as text.
pub(crate) fn expression_text(expression: &MetricExpression) -> Option<String> {
    fn tree(e: &MetricExpression) -> MetricTree {
        let all = |parts: &[MetricExpression]| parts.iter().map(tree).collect();
        match e {
            MetricExpression::Metric(name) => MetricTree::Metric(name.clone()),
            MetricExpression::Number(x) => MetricTree::Number(*x),
            MetricExpression::Add(parts) => MetricTree::Add(all(parts)),
            MetricExpression::Multiply(parts) => MetricTree::Multiply(all(parts)),
            MetricExpression::Coalesce(parts) => MetricTree::Coalesce(all(parts)),
            MetricExpression::Subtract(a, b) => {
                MetricTree::Subtract(Box::new(tree(a)), Box::new(tree(b)))
            }
            MetricExpression::Divide(a, b) => {
                MetricTree::Divide(Box::new(tree(a)), Box::new(tree(b)))
            }
        }
    }
    tree_text(&tree(expression), Readers::All)
}

fn nested(tree: &MetricTree, readers: Readers<'_>) -> Option<String> {
    let text = tree_text(tree, readers)?;
    Some(match tree {
        MetricTree::Aggregate(_)
        | MetricTree::Metric(_)
        | MetricTree::Number(_)
        | MetricTree::Coalesce(_) => text,
        _ => format!("({text})"),
    })
}

fn aggregate_text(aggregate: &Aggregate, readers: Readers<'_>) -> Option<String> {
    let home = &aggregate.dataset;
    let of = match (&aggregate.expression, &aggregate.filter) {
        (None, None) => format!("{}.*", identifier(home)),
        (None, Some(filter)) => row_text(
            &as_case(Expression::Number(1.0), filter.clone()),
            home,
            readers,
        )?,
        (Some(e), None) => row_text(e, home, readers)?,
        (Some(e), Some(filter)) => row_text(&as_case(e.clone(), filter.clone()), home, readers)?,
    };
    Some(match aggregate.aggregation {
        Aggregation::Sum => format!("SUM({of})"),
        Aggregation::Count => format!("COUNT({of})"),
        Aggregation::CountDistinct => format!("COUNT(DISTINCT {of})"),
        Aggregation::Average => format!("AVG({of})"),
        Aggregation::Min => format!("MIN({of})"),
        Aggregation::Max => format!("MAX({of})"),
        Aggregation::Median => format!("MEDIAN({of})"),
        Aggregation::Percentile(p) => format!(
            "PERCENTILE_CONT({}) WITHIN GROUP (ORDER BY {of})",
            f64::from(p) / 100.0
        ),
        Aggregation::StandardDeviation => format!("STDDEV_SAMP({of})"),
        Aggregation::Variance => format!("VAR_SAMP({of})"),
    })
}

/// Words that SQL keeps for itself in one engine or another, in alphabetical order.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "all", "and", "any", "array", "as", "asc", "at", "authorization", "begin", "between", "both",
    "by", "case", "cast", "ceil", "check", "collate", "column", "commit", "connect", "constraint",
    "convert", "create", "cross", "current", "current_catalog", "current_date", "current_time", "current_timestamp",
    "current_user",
    "cursor", "date", "datetime", "day", "declare", "default", "delete", "desc", "describe",
    "distinct", "drop", "else", "end", "escape", "except", "execute", "exists", "explain",
    "extract", "false", "fetch", "filter", "floor", "for", "foreign", "from", "full", "function",
    "grant", "group", "grouping", "having", "hour", "if", "in", "inner", "insert", "interval",
    "into", "is", "join", "lateral", "leading", "left", "like", "limit", "localtime",
    "localtimestamp", "map", "match", "merge", "minute", "month", "natural", "new", "no", "not",
    "null", "nullif", "of", "offset", "old", "on", "only", "open", "or", "order", "outer", "over",
    "overlaps", "overlay", "partition", "pivot", "position", "prepare", "primary", "prior",
    "procedure", "qualify", "range", "references", "replace", "returning", "right", "row", "rows",
    "sample", "second", "select", "session_user", "set", "similar", "some", "start", "struct",
    "substring", "symmetric", "table", "tablesample", "then", "time", "timestamp", "to", "top",
    "trailing", "trigger", "trim", "true", "truncate", "try_cast", "union", "unique", "unknown",
    "unnest", "unpivot", "update", "user", "using", "value", "values", "view", "when", "where",
    "window", "with", "within", "without", "year",
];

/// A name, in quotation marks where it is not a plain word.
pub(crate) fn identifier(name: &str) -> String {
    let plain = name
        .chars()
        .enumerate()
        .all(|(i, c)| c.is_ascii_lowercase() || c == '_' || i > 0 && c.is_ascii_digit())
        && !name.is_empty()
        && RESERVED.binary_search(&name).is_err();
    if plain {
        name.to_string()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn number(x: f64) -> Option<String> {
    x.is_finite().then(|| x.to_string())
}

struct Writer<'m> {
    home: &'m str,
    readers: Readers<'m>,
}

impl Writer<'_> {
    fn field(&self, field: &FieldRef) -> String {
        let name = match &field.via {
            Some(via) => identifier(&format!("{}@{via}", field.field)),
            None => identifier(&field.field),
        };
        let plain = field.dataset == self.home
            && field.via.is_none()
            && !matches!(self.readers, Readers::All);
        if plain {
            name
        } else {
            format!("{}.{name}", identifier(&field.dataset))
        }
    }

    fn row(&self, e: &Expression) -> Option<String> {
        let all = |parts: &[Expression], joint: &str| -> Option<String> {
            let parts: Option<Vec<String>> = parts.iter().map(|p| self.row(p)).collect();
            Some(parts?.join(joint))
        };
        let ours = matches!(self.readers, Readers::Us { .. });
        Some(match e {
            Expression::Column(name) => match self.readers {
                Readers::All => return None,
                Readers::Field => identifier(name),
                Readers::Us { home, own } => {
                    if own != Some(name) && home.field(name).is_some() {
                        format!("COLUMN({})", quoted(name))
                    } else {
                        identifier(name)
                    }
                }
            },
            Expression::Field(name) => self.field(&FieldRef::new(self.home, name)),
            Expression::Lookup(field) => self.field(field),
            Expression::Number(x) => number(*x)?,
            Expression::Text(t) => quoted(t),
            Expression::Multiply(parts) => format!("({})", all(parts, " * ")?),
            Expression::Add(parts) => format!("({})", all(parts, " + ")?),
            Expression::Subtract(a, b) => format!("({} - {})", self.row(a)?, self.row(b)?),
            Expression::Divide(a, b) => {
                format!("({} / NULLIF({}, 0))", self.row(a)?, self.row(b)?)
            }
            Expression::Coalesce(parts) => format!("COALESCE({})", all(parts, ", ")?),
            Expression::Absolute(of) => format!("ABS({})", self.row(of)?),
            Expression::DateOf(of) => format!("CAST({} AS DATE)", self.row(of)?),
            Expression::Concatenate { separator, parts } if ours => {
                format!("CONCAT_WS({}, {})", quoted(separator), all(parts, ", ")?)
            }
            Expression::Address { of, part } if ours => {
                let part = match part {
                    AddressPart::City => "CITY",
                    AddressPart::State => "STATE",
                    AddressPart::PostalCode => "POSTAL_CODE",
                };
                format!("ADDRESS_{part}({})", self.row(of)?)
            }
            Expression::DaysBetween { from, to } if ours => {
                format!("DAYS_BETWEEN({}, {})", self.row(from)?, self.row(to)?)
            }
            Expression::Concatenate { .. }
            | Expression::Address { .. }
            | Expression::DaysBetween { .. } => return None,
            Expression::Case {
                branches,
                otherwise,
            } => {
                let mut out = String::from("CASE");
                for branch in branches {
                    out.push_str(&format!(
                        " WHEN {} THEN {}",
                        self.condition(&branch.when)?,
                        self.row(&branch.then)?
                    ));
                }
                if let Some(otherwise) = otherwise {
                    out.push_str(&format!(" ELSE {}", self.row(otherwise)?));
                }
                out.push_str(" END");
                out
            }
        })
    }

    fn condition(&self, filter: &RowFilter) -> Option<String> {
        let all = |parts: &[RowFilter], joint: &str, none: &str| -> Option<String> {
            if parts.is_empty() {
                return Some(none.to_string());
            }
            let parts: Option<Vec<String>> = parts
                .iter()
                .map(|p| {
                    let text = self.condition(p)?;
                    Some(match p {
                        RowFilter::And(inner) | RowFilter::Or(inner) if !inner.is_empty() => {
                            format!("({text})")
                        }
                        _ => text,
                    })
                })
                .collect();
            Some(parts?.join(joint))
        };
        let ours = matches!(self.readers, Readers::Us { .. });
        Some(match filter {
            RowFilter::And(parts) => all(parts, " AND ", "TRUE")?,
            RowFilter::Or(parts) => all(parts, " OR ", "FALSE")?,
            RowFilter::Not(inner) => match &**inner {
                RowFilter::IsNull { field } => format!("{} IS NOT NULL", self.field(field)),
                other => format!("({}) IS NOT TRUE", self.condition(other)?),
            },
            RowFilter::Compare { field, op, value } => {
                format!("{} {} {}", self.field(field), sign(*op), literal(value)?)
            }
            RowFilter::CompareFields { left, op, right } => {
                format!("{} {} {}", self.field(left), sign(*op), self.field(right))
            }
            RowFilter::In { values, .. } if values.is_empty() => "FALSE".into(),
            RowFilter::In { field, values } => {
                let values: Option<Vec<String>> = values.iter().map(literal).collect();
                format!("{} IN ({})", self.field(field), values?.join(", "))
            }
            RowFilter::IsNull { field } => format!("{} IS NULL", self.field(field)),
            RowFilter::Age { field, op, days } if ours => {
                format!("AGE_DAYS({}) {} {days}", self.field(field), sign(*op))
            }
            RowFilter::UserAttribute { field, attribute } if ours => format!(
                "{} = USER_ATTRIBUTE({})",
                self.field(field),
                quoted(attribute)
            ),
            RowFilter::Age { .. } | RowFilter::UserAttribute { .. } => return None,
        })
    }
}

fn sign(op: Operator) -> &'static str {
    match op {
        Operator::Eq => "=",
        Operator::Ne => "<>",
        Operator::Lt => "<",
        Operator::Le => "<=",
        Operator::Gt => ">",
        Operator::Ge => ">=",
    }
}

fn literal(value: &Literal) -> Option<String> {
    Some(match value {
        Literal::Bool(b) => if *b { "TRUE" } else { "FALSE" }.into(),
        Literal::Integer(n) => n.to_string(),
        Literal::Number(x) if x.is_finite() => format!("{x:?}"),
        Literal::Number(_) => return None,
        Literal::Text(t) => quoted(t),
    })
}
