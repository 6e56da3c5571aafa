//! Conditions on rows that a model declares: metric filters, default filters, row policies.

use crate::FieldRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A literal in a filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Literal {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// Text, or a date as `YYYY-MM-DD`.
    Text(String),
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the usual six")]
pub enum Operator {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// A condition on a row of a dataset. Fields belong to the dataset itself or to one that it
/// reaches many-to-one. NULL never satisfies a comparison; `not` is two-valued: it keeps every
/// row that its content does not keep. The same meaning as the filter of a typed query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowFilter {
    /// All hold; true if empty.
    And(Vec<RowFilter>),
    /// One holds at least; false if empty.
    Or(Vec<RowFilter>),
    /// Does not hold.
    Not(Box<RowFilter>),
    /// Field against a literal.
    Compare {
        /// Left side.
        field: FieldRef,
        /// Operator.
        op: Operator,
        /// Right side; for dates and times `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS`.
        value: Literal,
    },
    /// Field against a field of the same row (or one reached from it).
    CompareFields {
        /// Left side.
        left: FieldRef,
        /// Operator.
        op: Operator,
        /// Right side.
        right: FieldRef,
    },
    /// Field is one of these, compared exactly.
    In {
        /// Field.
        field: FieldRef,
        /// Values.
        values: Vec<Literal>,
    },
    /// Field is NULL.
    IsNull {
        /// Field.
        field: FieldRef,
    },
    /// Whole days from the field's value to the as-of date, against a number ("new store":
    /// opened fewer than 365 days ago).
    Age {
        /// Time field.
        field: FieldRef,
        /// Operator.
        op: Operator,
        /// Days.
        days: i64,
    },
    /// Field is one of the values of an attribute of the user who asks; in row policies only. A
    /// user without the attribute sees no row.
    UserAttribute {
        /// Field.
        field: FieldRef,
        /// Name of the attribute.
        attribute: String,
    },
}

impl RowFilter {
    /// `field` is one of these texts.
    pub fn one_of(field: FieldRef, values: &[impl AsRef<str>]) -> RowFilter {
        RowFilter::In {
            field,
            values: values
                .iter()
                .map(|v| Literal::Text(v.as_ref().to_string()))
                .collect(),
        }
    }

    /// Every field that it reads, in the order of the text, with repeats.
    pub fn fields(&self) -> Vec<&FieldRef> {
        match self {
            RowFilter::And(parts) | RowFilter::Or(parts) => {
                parts.iter().flat_map(RowFilter::fields).collect()
            }
            RowFilter::Not(inner) => inner.fields(),
            RowFilter::CompareFields { left, right, .. } => vec![left, right],
            RowFilter::Compare { field, .. }
            | RowFilter::In { field, .. }
            | RowFilter::IsNull { field }
            | RowFilter::Age { field, .. }
            | RowFilter::UserAttribute { field, .. } => vec![field],
        }
    }

    /// Every text that it compares with, in the order of the text.
    pub fn texts(&self) -> Vec<&str> {
        match self {
            RowFilter::And(parts) | RowFilter::Or(parts) => {
                parts.iter().flat_map(RowFilter::texts).collect()
            }
            RowFilter::Not(inner) => inner.texts(),
            RowFilter::Compare {
                value: Literal::Text(t),
                ..
            } => vec![t],
            RowFilter::In { values, .. } => values
                .iter()
                .filter_map(|v| match v {
                    Literal::Text(t) => Some(t.as_str()),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}
