//! The typed query: everything a question can mean, as data.
//!
//! Every default is written into it before compilation; the compiler fills in
//! nothing. Serialisation is deterministic; its hash is the cache key.

use schemars::JsonSchema;
use semantics::{Aggregation, FieldRef};
use serde::{Deserialize, Serialize};

pub use semantics::{Literal, Operator};
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Days from `start` up to but not including `end` (`YYYY-MM-DD` each; either may be open).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DateRange {
    /// First day in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// First day after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// How people call it ("Q3 2024").
    pub label: String,
}

/// Periods of a time field. The first six are points in time (a period is its first day),
/// the others repeat.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says what it is")]
pub enum Grain {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    /// 0..23.
    HourOfDay,
    /// English name.
    Weekday,
    /// 1..12.
    MonthOfYear,
    /// 1..4.
    QuarterOfYear,
}

impl Grain {
    /// Whether the grain repeats (weekday) instead of running on (month).
    pub fn is_cyclic(self) -> bool {
        matches!(
            self,
            Grain::HourOfDay | Grain::Weekday | Grain::MonthOfYear | Grain::QuarterOfYear
        )
    }
}

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

/// Where in time the query looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeScope {
    /// Time field; every metric whose own time field differs uses its own, same range.
    pub field: FieldRef,
    /// Range; all of time if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<DateRange>,
}

/// What a comparison is with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CompareTo {
    /// The period just before, of the same length: the previous bucket when a running time
    /// grain is among the dimensions, else the range shifted by its own length in whole
    /// months (or days).
    PriorPeriod,
    /// The same period a year before.
    PriorYear,
    /// A stated range.
    Range(DateRange),
}

/// How two periods are made alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// A period that the data's watermark cuts off is compared with the same part of the other.
    ToDate,
    /// Whole periods as they stand.
    Full,
}

/// Columns of a comparison; every measure gets the ones that are listed, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The measure itself.
    Value,
    /// The same measure in the other period; the column is called `<name> (<label of the other period>)`.
    Prior,
    /// Value minus prior.
    Delta,
    /// Delta over prior, as a fraction; NULL if prior is 0 or NULL.
    Pct,
    /// Value over the total that `share` names, as a fraction.
    Share,
    /// Running total, if `cumulative`.
    Cumulative,
    /// Mean over the trailing window, if `rolling`.
    Rolling,
}

/// A comparison with another period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// With what.
    pub to: CompareTo,
    /// How they are made alike.
    pub align: Align,
    /// The data's last day (`YYYY-MM-DD`), for `to_date`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<String>,
    /// Which columns, in order.
    pub show: Vec<Part>,
}

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// What happens to contenders of equal value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// They share a place, and all of a kept place are kept. With `skip` = 0 a place is one more
    /// than the number of better contenders (1, 1, 3); with `skip` > 0 it is one more than the
    /// number of better *values* (1, 1, 2), so that the second highest is the next value below
    /// the highest.
    #[default]
    Keep,
    /// Each has a place of its own (1, 2, 3): those of equal value stand in the order of their
    /// remaining columns, left to right, ascending, NULLs last.
    Break,
}

/// Keep the first `n` places by a column.
///
/// Contenders are the groups that pass `having`, have a value in the column and no NULL among
/// the dimensions outside `per`. The remaining columns that break ties are the dimensions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rank {
    /// Index into `metrics`.
    pub by: usize,
    /// Which of its columns.
    pub on: Part,
    /// Best first.
    pub direction: Direction,
    /// How many places to keep.
    pub n: u32,
    /// Places to pass over first (1 for "second highest" with n = 1).
    #[serde(default)]
    pub skip: u32,
    /// Indexes into `dimensions`: rank within each of their groups (NULL is one).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub per: Vec<usize>,
    /// Equal values.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ties: Ties,
    /// Whether `n` is a percentage of the contenders (of each group of `per`), rounded up to
    /// whole places ("the bottom 10 % of stores").
    #[serde(default, skip_serializing_if = "is_default")]
    pub percent: bool,
    /// Adds one row (for each group of `per`) that sums up the rest of the groups: those that
    /// pass `having` and are not kept, the ones without a name among them. Its first text
    /// dimension outside `per` holds this label, the others outside `per` are NULL; it comes
    /// last (within its group of `per`) and is left out where there is no rest. Its numbers are
    /// computed anew from sums: `E_UNSAFE_REAGGREGATION` unless each measure is made of sums of
    /// additive fields and counts of rows alone (a ratio of such sums is; a distinct count, a
    /// mean, a level in time and a running number are not). Needs a text dimension outside `per`
    /// and `skip` = 0; otherwise `E_MALFORMED_QUERY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
}

impl Rank {
    /// The first `n` places, ties kept.
    pub fn new(by: usize, on: Part, direction: Direction, n: u32) -> Rank {
        Rank {
            by,
            on,
            direction,
            n,
            skip: 0,
            per: Vec::new(),
            ties: Ties::Keep,
            percent: false,
            other: None,
        }
    }
}

/// What a share is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Indexes into `dimensions`: the total is taken within each of their groups; over
    /// everything if empty. The total keeps the query's filters and is computed before rank,
    /// having and limit.
    #[serde(default)]
    pub within: Vec<usize>,
    /// Whether the total is taken without the query's filters (time range kept).
    #[serde(default)]
    pub unfiltered: bool,
}

/// Right side of a `having`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// A number.
    Number(f64),
    /// The mean of the same column over all groups that have a value in it, before any `having`.
    AverageOfGroups,
    /// The same over the groups that share these dimensions (indexes; NULL is a value): "above
    /// the average of their region".
    AverageWithin(Vec<usize>),
    /// The median of the same column over all groups that have a value in it, before any
    /// `having`.
    MedianOfGroups,
    /// Another measure's value in the same group (index into `metrics`).
    Metric(usize),
    /// Any column of any measure in the same group ("more than in the year before").
    Part(usize, Part),
    /// The one number of a sub-query, with its own filter and time; rules as for
    /// [`Filter::CompareQuery`].
    Query(Box<Query>),
    /// So many times another threshold ("at least twice the average", "10 % above last year").
    Times(f64, Box<Threshold>),
}

/// A condition on groups. NULL on either side does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Having {
    /// Index into `metrics`.
    pub metric: usize,
    /// Which of its columns.
    pub on: Part,
    /// Operator.
    pub op: Operator,
    /// Right side.
    pub value: Threshold,
    /// Alternatives: the condition holds if it or one of these does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub or: Vec<Having>,
}

impl Having {
    /// A condition without alternatives.
    pub fn new(metric: usize, on: Part, op: Operator, value: Threshold) -> Having {
        Having {
            metric,
            on,
            op,
            value,
            or: Vec::new(),
        }
    }
}

/// What to sort by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderKey {
    /// Index into `dimensions`.
    Dimension(usize),
    /// Index into `metrics`, and which column.
    Metric(usize, Part),
    /// A field (rows queries).
    Field(FieldRef),
}

/// One sort key; NULLs come last in both directions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Key.
    pub key: OrderKey,
    /// Direction.
    pub direction: Direction,
}

/// Keep the rows of a list at the first `n` places by a field ("the product with the highest
/// price", "the first order of each customer").
///
/// Contenders are the rows that pass filter and time and have a value in `by`; the others are
/// left out. The remaining columns that break ties are the fields of the list; rows that are
/// equal in all of them are alike to the reader, and it does not matter which is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowRank {
    /// Field of the dataset, or of one reached many-to-one from it.
    pub by: FieldRef,
    /// Best first.
    pub direction: Direction,
    /// How many places to keep.
    pub n: u32,
    /// Places to pass over first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub skip: u32,
    /// Equal values.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ties: Ties,
    /// Rank within each combination of these fields (NULL is a value); they need not be listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub per: Vec<FieldRef>,
}

/// A list of rows instead of aggregates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowsOf {
    /// Dataset whose rows are listed.
    pub dataset: String,
    /// Columns: fields of the dataset or of one reached many-to-one from it.
    pub fields: Vec<FieldRef>,
    /// Whether equal rows are listed once.
    #[serde(default)]
    pub distinct: bool,
    /// First n by a field; before `distinct`. Without `order`, rows come in the order of `per`
    /// (ascending), then of the places, then of the columns; with `distinct` in that of the
    /// columns alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<RowRank>,
}

impl RowsOf {
    /// All rows, as often as they occur.
    pub fn new(dataset: impl Into<String>, fields: Vec<FieldRef>) -> RowsOf {
        RowsOf {
            dataset: dataset.into(),
            fields,
            distinct: false,
            rank: None,
        }
    }
}

/// How sets are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetOperation {
    /// In one of them at least.
    Union,
    /// In all of them.
    Intersect,
    /// In the first and in none of the others.
    Except,
}

/// A set operation between the members that queries find ("products among the top 20 of last
/// year that are not among those of this year").
///
/// A member is a row of a query's dimensions (of its fields, for a rows query); its metrics serve
/// rank, having and order only. The result has the columns of the first query's members, each
/// member once, NULL being equal to NULL, in ascending order unless `order` names a dimension of
/// the first query. All queries have equally many such columns, one at least, of pairwise
/// comparable types (numbers; dates and times; the same); otherwise `E_MALFORMED_QUERY`. A query
/// with `sets` has only `order` and `limit` beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sets {
    /// How.
    pub operation: SetOperation,
    /// Two at least.
    pub queries: Vec<Query>,
}

/// A typed query.
///
/// Columns of the result: the dimensions in order, then for each term its parts (`value`
/// alone unless `compare`, `share`, `cumulative` or `rolling` add some); for a rows query its
/// fields. Row order: `order`, else rank order, else dimensions ascending (time first run
/// ascending), with all remaining columns as tie-breakers so that the order is total.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Measures; empty for a rows query, or for the distinct values of the dimensions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Term>,
    /// Groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Dimension>,
    /// A list of rows instead of metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowsOf>,
    /// Members put together from those of other queries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sets: Option<Sets>,
    /// Where in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeScope>,
    /// Which rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// Which groups; all must hold. Applied before rank.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub having: Vec<Having>,
    /// Against another period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Compare>,
    /// First n.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
    /// Share columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// Running total over the running time dimension (within the other dimensions).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cumulative: bool,
    /// Trailing mean over this many buckets of the running time dimension; NULL until the
    /// window is full. Buckets before the range feed the window where the data has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<u32>,
    /// Sort keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<Order>,
    /// Rows at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
