//! Row-level expressions that a field or a measure is computed from.
//!
//! A small closed tree rather than SQL text, so that the compiler can write it in
//! every dialect and the naive evaluator can compute it without SQL.

use crate::{FieldRef, RowFilter};
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

/// One `WHEN … THEN …`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseBranch {
    /// Condition on the row.
    pub when: RowFilter,
    /// Value where it holds and no branch before it did.
    pub then: Expression,
}

/// An expression over the columns of one row of one dataset, and over what that row looks up
/// many-to-one.
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
    /// A text.
    Text(String),
    /// A field of a dataset that this one reaches many-to-one (`products.unit_cost` on an order
    /// line); NULL where nothing is found.
    Lookup(FieldRef),
    /// The value of the first branch whose condition holds.
    Case {
        /// Branches, in order.
        branches: Vec<CaseBranch>,
        /// Value where none holds; NULL if absent.
        #[serde(default)]
        otherwise: Option<Box<Expression>>,
    },
    /// The first that is not NULL.
    Coalesce(Vec<Expression>),
    /// The value without its sign.
    Absolute(Box<Expression>),
    /// The day of a date or time.
    DateOf(Box<Expression>),
}

impl Default for Expression {
    /// A column without a name: no expression of a sound model.
    fn default() -> Self {
        Expression::Column(String::new())
    }
}

impl Expression {
    /// Calls `visit` for this expression and every one inside it, outer ones first. Conditions of
    /// branches are not expressions; see [`Expression::conditions`].
    pub fn walk<'e>(&'e self, visit: &mut dyn FnMut(&'e Expression)) {
        visit(self);
        match self {
            Expression::Column(_)
            | Expression::Field(_)
            | Expression::Number(_)
            | Expression::Text(_)
            | Expression::Lookup(_) => {}
            Expression::Multiply(parts)
            | Expression::Add(parts)
            | Expression::Concatenate { parts, .. }
            | Expression::Coalesce(parts) => parts.iter().for_each(|p| p.walk(visit)),
            Expression::Subtract(a, b)
            | Expression::Divide(a, b)
            | Expression::DaysBetween { from: a, to: b } => {
                a.walk(visit);
                b.walk(visit);
            }
            Expression::Address { of, .. } | Expression::Absolute(of) | Expression::DateOf(of) => {
                of.walk(visit)
            }
            Expression::Case {
                branches,
                otherwise,
            } => {
                branches.iter().for_each(|b| b.then.walk(visit));
                if let Some(otherwise) = otherwise {
                    otherwise.walk(visit);
                }
            }
        }
    }

    /// Conditions of all branches in it.
    pub fn conditions(&self) -> Vec<&RowFilter> {
        let mut found = Vec::new();
        self.walk(&mut |e| {
            if let Expression::Case { branches, .. } = e {
                found.extend(branches.iter().map(|b| &b.when));
            }
        });
        found
    }

    /// Physical columns that it reads by name, in the order of the text, with repeats.
    pub fn columns(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.walk(&mut |e| {
            if let Expression::Column(name) = e {
                found.push(name.as_str());
            }
        });
        found
    }

    /// Fields of the row's own dataset that it reads by name, outside conditions, with repeats.
    pub fn fields(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.walk(&mut |e| {
            if let Expression::Field(name) = e {
                found.push(name.as_str());
            }
        });
        found
    }

    /// Fields that it looks up in other datasets outside conditions, with repeats.
    pub fn lookups(&self) -> Vec<&FieldRef> {
        let mut found = Vec::new();
        self.walk(&mut |e| {
            if let Expression::Lookup(field) = e {
                found.push(field);
            }
        });
        found
    }

    /// Calls `rename` for the name of every physical column in it.
    pub fn rename_columns(&mut self, rename: &mut dyn FnMut(&mut String)) {
        match self {
            Expression::Column(name) => rename(name),
            Expression::Field(_)
            | Expression::Number(_)
            | Expression::Text(_)
            | Expression::Lookup(_) => {}
            Expression::Multiply(parts)
            | Expression::Add(parts)
            | Expression::Concatenate { parts, .. }
            | Expression::Coalesce(parts) => {
                parts.iter_mut().for_each(|p| p.rename_columns(rename));
            }
            Expression::Subtract(a, b)
            | Expression::Divide(a, b)
            | Expression::DaysBetween { from: a, to: b } => {
                a.rename_columns(rename);
                b.rename_columns(rename);
            }
            Expression::Address { of, .. } | Expression::Absolute(of) | Expression::DateOf(of) => {
                of.rename_columns(rename)
            }
            Expression::Case {
                branches,
                otherwise,
            } => {
                branches
                    .iter_mut()
                    .for_each(|b| b.then.rename_columns(rename));
                if let Some(otherwise) = otherwise {
                    otherwise.rename_columns(rename);
                }
            }
        }
    }
}
