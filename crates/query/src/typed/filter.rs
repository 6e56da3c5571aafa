//! Filters on rows.

use super::{DateRange, Grain, Query};
use schemars::JsonSchema;
use semantics::{FieldRef, Literal, Operator};
use serde::{Deserialize, Serialize};

/// A filter on rows, typed. NULL never satisfies a comparison; `not` is two-valued: it keeps
/// every row that its content does not keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// All hold.
    And(Vec<Filter>),
    /// One holds at least.
    Or(Vec<Filter>),
    /// Does not hold.
    Not(Box<Filter>),
    /// Field against a literal.
    Compare {
        /// Left side.
        field: FieldRef,
        /// Operator.
        op: Operator,
        /// Right side.
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
    /// Text field contains this text, case and accents folded.
    Contains {
        /// Field.
        field: FieldRef,
        /// Text.
        text: String,
    },
    /// Field is NULL.
    IsNull {
        /// Field.
        field: FieldRef,
    },
    /// Time field lies in the range.
    During {
        /// Time field.
        field: FieldRef,
        /// Range.
        range: DateRange,
    },
    /// Time field falls on one of these values of a cyclic grain (hours, month numbers, or
    /// weekday names).
    Cycle {
        /// Time field.
        field: FieldRef,
        /// Cyclic grain.
        grain: Grain,
        /// Values.
        values: Vec<Literal>,
    },
    /// Field's value is among the values of the sub-query's first column ("customers who …").
    Members {
        /// Field.
        field: FieldRef,
        /// A query whose first dimension is a field of the same meaning.
        query: Box<Query>,
    },
    /// Field against the one number of a sub-query ("products priced above the average price").
    ///
    /// The sub-query is computed once, with its own filter and time and none of the outer
    /// query's. It has one metric and nothing that would give it more rows or columns (no
    /// dimensions, rows, comparison, share, running number, rank, having); otherwise
    /// `E_NOT_SCALAR`. A NULL result lets no row pass. Both sides are numbers or both are dates or
    /// times; otherwise `E_TYPE_MISMATCH`.
    CompareQuery {
        /// Left side.
        field: FieldRef,
        /// Operator.
        op: Operator,
        /// Right side.
        query: Box<Query>,
    },
}
