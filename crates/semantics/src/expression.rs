//! Row-level expressions that a field or a measure is computed from.
//!
//! A small closed tree rather than SQL text, so that the compiler can write it in
//! every dialect and the naive evaluator can compute it without SQL.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part of a postal address of the form `street, city, ST zip`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressPart {
    /// The second comma-separated part, trimmed.
    City,
    /// The first word of the third part.
    State,
    /// The second word of the third part.
    PostalCode,
}

/// An expression over the columns of one row of one dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expression {
    /// A physical column of the dataset's table.
    Column(String),
    /// Another field of the same dataset, by its model name.
    Field(String),
    /// A number.
    Number(f64),
    /// Product; NULL if any factor is NULL.
    Multiply(Vec<Expression>),
    /// Sum; NULL if any term is NULL.
    Add(Vec<Expression>),
    /// Left minus right; NULL if either is NULL.
    Subtract(Box<Expression>, Box<Expression>),
    /// Left over right; NULL if either is NULL or right is 0.
    Divide(Box<Expression>, Box<Expression>),
    /// Texts joined with the separator; NULL parts are left out; NULL if all are NULL.
    Concatenate {
        /// Between parts.
        separator: String,
        /// The parts, in order.
        parts: Vec<Expression>,
    },
    /// A part of a postal address held in a text field.
    Address {
        /// The text.
        of: Box<Expression>,
        /// Which part.
        part: AddressPart,
    },
    /// Whole days from `from` to `to` (dates); NULL if either is NULL.
    DaysBetween {
        /// Start.
        from: Box<Expression>,
        /// End.
        to: Box<Expression>,
    },
}
