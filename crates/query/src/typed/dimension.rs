//! What rows are grouped by.

use super::{Grain, Measure};
use schemars::JsonSchema;
use semantics::FieldRef;
use serde::{Deserialize, Serialize};

/// What rows are grouped by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// A field's value.
    Field(FieldRef),
    /// A period of the query's time field.
    Time(Grain),
    /// A period of a stated time field.
    TimeOf {
        /// Time field.
        field: FieldRef,
        /// Period.
        grain: Grain,
    },
    /// A measure of an entity as a group key ("orders by their number of lines"): rows are
    /// grouped by the value that the measure has for their `per`.
    Bucket {
        /// Column name.
        name: String,
        /// Measure whose value is the key.
        measure: Box<Measure>,
        /// Entity that it is computed for.
        per: FieldRef,
    },
}
