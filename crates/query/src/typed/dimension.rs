//! What rows are grouped by.

use super::{Banded, Banding, Grain, Measure};
use schemars::JsonSchema;
use semantics::FieldRef;
use serde::{Deserialize, Serialize};

/// What rows are grouped by.
///
/// A field is looked up many-to-one from the rows that a measure counts, in the fewest steps. Where
/// it is out of reach so, it is reached through the nearest link, and a row counts once in each
/// group that it is linked to: through rows that look up the counted ones (customers by the product
/// that they ordered), through rows that do nothing but link (`is_fact` is false) to what the
/// counted ones look up (sales by the tags of their product), or through a relationship whose one
/// side is not unique. A row that nothing is linked to is in the group without a name. Links of
/// equal length are `E_AMBIGUOUS_PATH`, unless the field names a relationship of one. No link leads
/// from versions of a row to what looks them up: which of them holds is said of that (`E_NO_PATH`).
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
    /// The band that a number of the row, or of its entity, falls into ("customers by spend",
    /// "units by price point", ABC classes). Three such dimensions over the latest order, the
    /// number of orders and the spend of each customer are an RFM segmentation.
    ///
    /// `of` is reached many-to-one; otherwise `E_NO_PATH`. Bands are of numbers, quantiles of
    /// dates and times too; otherwise `E_TYPE_MISMATCH`. Only in queries with metrics.
    Band {
        /// Column name.
        name: String,
        /// Whose number.
        of: Banded,
        /// Into which bands.
        by: Banding,
    },
    /// Whether a row's customer is new in its period or came before: the text `new` or
    /// `returning`.
    ///
    /// The first event of an entity is the earliest value of `event` over all rows of its dataset
    /// that have the entity and count by default, whatever the query's filter and time. A row is `new` if its entity's
    /// first event is not before the start of the row's period, `returning` if it is, NULL if the
    /// row has no entity or the entity no event. The period of a row is that of `grain` which its
    /// time lies in (as for `time`), or the query's range where `grain` is absent.
    ///
    /// `entity` is reached many-to-one from the rows of the measure and from the dataset of
    /// `event`; otherwise `E_NO_PATH`. `grain` does not repeat; without it the range has a start;
    /// otherwise `E_MALFORMED_QUERY`.
    NewOrReturning {
        /// Column name.
        name: String,
        /// Who (the customer's number).
        entity: FieldRef,
        /// Time of the events (of the orders).
        event: FieldRef,
        /// Length of the periods.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grain: Option<Grain>,
    },
}
