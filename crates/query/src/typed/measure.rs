//! Numbers to compute.

use super::{Dimension, Filter, Query};
use schemars::JsonSchema;
use semantics::{Aggregation, FieldRef};
use serde::{Deserialize, Serialize};

/// A number to compute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// A metric of the model.
    Metric(String),
    /// An aggregate of one field at the grain of its own dataset.
    Aggregate {
        /// How.
        aggregation: Aggregation,
        /// Of what.
        field: FieldRef,
    },
    /// Rows of a dataset.
    Rows(String),
    /// One measure over another, each aggregated first; NULL if the denominator is 0 or NULL.
    Ratio {
        /// Above the line.
        numerator: Box<Measure>,
        /// Below the line.
        denominator: Box<Measure>,
    },
    /// One measure minus another.
    Difference {
        /// From this.
        left: Box<Measure>,
        /// This is taken away.
        right: Box<Measure>,
    },
    /// A measure over those rows only that pass.
    Where {
        /// What.
        measure: Box<Measure>,
        /// Over which rows.
        filter: Box<Filter>,
    },
    /// An aggregate over groups ("average of daily sales", "biggest single order"): the measure
    /// is computed for each group that has rows, then aggregated over the groups.
    PerGroup {
        /// Over the groups: sum, average, min, max, median or count.
        aggregation: Aggregation,
        /// In each group.
        measure: Box<Measure>,
        /// What makes a group.
        per: Vec<Dimension>,
    },
    /// The number of rows that a query returns (only as the sole measure, without dimensions).
    CountOf(Box<Query>),
}

/// A measure with the name that its column has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Column name, unique in the query, shown to people.
    pub name: String,
    /// What to compute.
    pub measure: Measure,
}
