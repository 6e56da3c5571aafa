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
    /// A field's value on the earliest or latest row ("price at the last sale", "channel of the
    /// first order").
    ///
    /// Rows are those of the field's dataset in which neither `field` nor `by` is NULL; NULL if
    /// there are none. Of rows with the same time the smallest value counts for the first, the
    /// largest for the last (texts by code points). `by` is a date or a time of the dataset or of
    /// one that it reaches many-to-one; otherwise `E_MALFORMED_QUERY` or `E_NO_PATH`. The column
    /// has the type of the field; a measure that is no number has no change, share, running number
    /// or mean (`E_TYPE_MISMATCH`).
    ValueAt {
        /// Which row.
        end: End,
        /// Whose value.
        field: FieldRef,
        /// What rows are ordered by.
        by: FieldRef,
    },
    /// A measure placed in time by another date ("returned units by the day of the order"): the
    /// query's range and its time dimensions look at `by` instead of the measure's own time
    /// field. `by` is reached many-to-one from the rows of the measure; otherwise `E_NO_PATH`
    /// where the query looks at time.
    Dated {
        /// What.
        measure: Box<Measure>,
        /// Time field.
        by: FieldRef,
    },
    /// A measure, and 0 where it is NULL ("returned units of a store that took none back"). The
    /// measure is made of sums and counts and of differences of them; otherwise
    /// `E_UNSAFE_REAGGREGATION`: nothing is no average and no ratio. It adds no group.
    OrZero(Box<Measure>),
    /// Whole days from the latest value of a time field to a day ("days since the last order");
    /// NULL over no value, negative where the value is later. Unit: days.
    DaysSince {
        /// Time field, at the grain of its own dataset.
        field: FieldRef,
        /// To this day (`YYYY-MM-DD`).
        day: String,
    },
}

/// The first or the last of something in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says what it is")]
pub enum End {
    First,
    Last,
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
