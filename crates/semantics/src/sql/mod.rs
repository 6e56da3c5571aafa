//! Expressions of model documents: SQL text read into our closed trees, and written from them.
//!
//! The grammar is the aggregate and scalar part of SQL:2003 that our trees can hold exactly, and
//! a few functions of ours for what SQL has no one spelling of:
//!
//! | text | meaning |
//! |--|--|
//! | `COLUMN('name')` | a physical column that a field of the same name hides |
//! | `ADDRESS_CITY(x)`, `ADDRESS_STATE(x)`, `ADDRESS_POSTAL_CODE(x)` | a part of a postal address |
//! | `DAYS_BETWEEN(a, b)` | whole days from `a` to `b` |
//! | `AGE_DAYS(x)` | whole days from `x` to the as-of date, in conditions (`x > as_of - 30d` says the same) |
//! | `USER_ATTRIBUTE('name')` | an attribute of the user who asks, in row policies |
//! | `COUNT(dataset.*)` | rows of a dataset |
//!
//! What the trees cannot hold is an error with a way out, never something near it.

mod aggregate;
mod condition;
mod inexpressible;
mod names;
mod parse;
mod row;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use aggregate::{Aggregate, MetricTree, looks_up, metric};
pub(crate) use condition::condition;
pub(crate) use inexpressible::Inexpressible;
pub(crate) use names::{Columns, Names, nearest, or, suggestion};
pub(crate) use row::row;
pub(crate) use write::{Readers, condition_text, expression_text, row_text, tree_text};
