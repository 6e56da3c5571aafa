//! Numbers to compute.

use super::{Dimension, Filter, Query};
use schemars::JsonSchema;
use semantics::{Aggregation, CumulativeWindow, FieldRef};
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
    /// is computed for each group that has rows, then aggregated over the groups. Days and months
    /// inside another period of a comparison are its own: the average day of February 2024 is one
    /// of 29, whatever it is compared with.
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
    /// A level as it was before the first day of a period ("beginning on hand"): of the range, or
    /// of each period that is shown. The last snapshot of each item before that day counts, however
    /// long before, if it is not older than the metric's `max_age` at the first snapshot that the
    /// data has from that day on. It needs a range with a start or a time grain, of the snapshots'
    /// own time, and is made of levels alone; otherwise `E_MALFORMED_QUERY`.
    Opening(Box<Measure>),
    /// A measure added up over time, shown for each period: a total that restarts with the year,
    /// the quarter or the month (`to_date`), one over a trailing window, or one since the beginning.
    /// What does not add up (a distinct count, a mean) is counted anew over the days that it
    /// reaches back to. Without a time grain it is that of the range's last day. A group without
    /// rows in a period has none there, nor have rows without a time; what a metric is over no rows
    /// (`empty`) is no total. A level is not added up (`E_UNSAFE_REAGGREGATION`), nor is an
    /// aggregate over groups or the value of one row (`E_MALFORMED_QUERY`).
    Cumulative {
        /// What.
        measure: Box<Measure>,
        /// How far back.
        window: CumulativeWindow,
    },
    /// Sell-through, a fraction: units sold over what there was to sell. Three formulas go by the
    /// name and give three numbers on the same data, so that the query says which. Nothing sold is
    /// 0 where the denominator is known, if `sold` is made of sums.
    SellThrough {
        /// Units sold.
        sold: Box<Measure>,
        /// What there was to sell.
        of: ToSell,
    },
    /// Weeks of supply: stock at the end of a period over the mean weekly units of the last
    /// `weeks` weeks up to then (backward cover; Toolio, retail math: current units / average
    /// weekly units sold). NULL where nothing was sold. A period that the data's last day cuts off
    /// is looked at as of that day, if the query says which it is: `watermark`.
    WeeksOfSupply {
        /// A level.
        stock: Box<Measure>,
        /// Units sold.
        sold: Box<Measure>,
        /// Length of the window, 1 at least.
        weeks: u32,
        /// The data's last day (`YYYY-MM-DD`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        watermark: Option<String>,
    },
    /// Attach rate, a fraction: of the baskets with a line that passes `base`, the share that has a
    /// line that passes `attach` too (orders with A and B / orders with A; it has a direction). NULL
    /// if no basket has the first.
    ///
    /// The query's filter, time and groups choose the lines of `base`; the other line may be any
    /// line of the same basket. A basket counts once, however many lines it has. `basket` is a field
    /// of `lines` or one reached many-to-one; otherwise `E_NO_PATH`.
    BasketAttach {
        /// Dataset whose rows are the lines of baskets.
        lines: String,
        /// What tells baskets apart (the order's number).
        basket: FieldRef,
        /// Which lines a basket needs to count.
        base: Box<Filter>,
        /// Which lines are looked for in it.
        attach: Box<Filter>,
    },
    /// Whole days from the latest value of a time field to a day ("days since the last order");
    /// NULL over no value, negative where the value is later. Unit: days.
    DaysSince {
        /// Time field, at the grain of its own dataset.
        field: FieldRef,
        /// To this day (`YYYY-MM-DD`).
        day: String,
    },
}

/// What units sold are compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToSell {
    /// Sold / stock at the beginning of the period (Toolio, APQC). The level, not its opening.
    OpeningStock(Box<Measure>),
    /// Sold / (sold + stock at the end of the period).
    SoldAndClosingStock(Box<Measure>),
    /// Sold / units received in the period.
    Received(Box<Measure>),
}

impl ToSell {
    /// The measure beside the units sold.
    pub fn measure(&self) -> &Measure {
        match self {
            ToSell::OpeningStock(of) | ToSell::SoldAndClosingStock(of) | ToSell::Received(of) => of,
        }
    }
}

/// The measures directly inside one, left to right: by reference, or to be changed in place.
macro_rules! parts {
    ($of:expr) => {
        match $of {
            Measure::Metric(_)
            | Measure::Aggregate { .. }
            | Measure::Rows(_)
            | Measure::CountOf(_)
            | Measure::ValueAt { .. }
            | Measure::BasketAttach { .. }
            | Measure::DaysSince { .. } => Vec::new(),
            Measure::Ratio {
                numerator: a,
                denominator: b,
            }
            | Measure::Difference { left: a, right: b }
            | Measure::WeeksOfSupply {
                stock: a, sold: b, ..
            }
            | Measure::SellThrough {
                sold: a,
                of: ToSell::OpeningStock(b) | ToSell::SoldAndClosingStock(b) | ToSell::Received(b),
            } => vec![a, b],
            Measure::Where { measure, .. }
            | Measure::PerGroup { measure, .. }
            | Measure::Dated { measure, .. }
            | Measure::Cumulative { measure, .. }
            | Measure::OrZero(measure)
            | Measure::Opening(measure) => vec![measure],
        }
    };
}

impl Measure {
    /// The measures directly inside it, left to right.
    pub fn parts(&self) -> Vec<&Measure> {
        parts!(self)
    }

    /// The same, to be changed in place.
    pub(crate) fn parts_mut(&mut self) -> Vec<&mut Measure> {
        parts!(self)
    }
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
