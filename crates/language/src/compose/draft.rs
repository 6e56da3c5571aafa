//! What a reading amounts to before the missing parts are filled in.

use crate::time::Period;
use query::{Dimension, Direction, Filter, Grain, Measure, Operator, Part, Query, Threshold};
use semantics::FieldRef;

/// A measure with its name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NamedMeasure {
    /// Column name.
    pub name: String,
    /// What.
    pub measure: Measure,
    /// Whether the question named it (and not a default).
    pub explicit: bool,
}

/// A filter with the field that it binds, so that a follow-up can replace it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound {
    /// Field that it is about.
    pub field: Option<FieldRef>,
    /// The filter.
    pub filter: Filter,
    /// In words.
    pub words: String,
    /// Whether it belongs to the numerator of a share only.
    pub numerator: bool,
}

/// The rank that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RankDraft {
    /// Best first or worst first.
    pub direction: Direction,
    /// How many; one for a singular noun; open if nothing says.
    pub n: Option<u32>,
    /// Ranks to pass over.
    pub skip: u32,
    /// Part to rank on, if growth was asked for.
    pub on: Part,
    /// Dimensions to rank within (indexes).
    pub per: Vec<usize>,
}

/// The comparison that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CompareDraft {
    /// The later of two periods against the earlier.
    Periods(Period),
    /// Against the period before.
    Prior,
    /// Against the same period a year before.
    Year,
}

/// What a share is of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ShareDraft {
    /// Each group's part of the total, within the dimensions (indexes).
    Groups(Vec<usize>),
    /// The filtered part of the whole.
    Part,
}

/// A condition on groups.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    /// Measure it is on (index).
    pub metric: usize,
    /// Which column.
    pub on: Part,
    /// Operator.
    pub op: Operator,
    /// Right side.
    pub value: Threshold,
}

/// What a follow-up takes away from the last query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Dropped {
    /// A measure or a group by its name.
    Named(crate::vocabulary::Named),
    /// Values of a field.
    Values(FieldRef, Vec<String>),
    /// All filters.
    Filters,
    /// All groups.
    Groups,
    /// The comparison.
    Comparison,
    /// The ranking.
    Rank,
    /// The shares.
    Share,
    /// The period.
    Period,
}

/// What a follow-up does to the last query beyond naming new parts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Edits {
    /// New parts join the old ones instead of replacing them.
    pub add: bool,
    /// New groups take the place of all old ones.
    pub swap: bool,
    /// What is taken away.
    pub drop: Vec<Dropped>,
    /// All members instead of the first few.
    pub all: bool,
    /// Without groups.
    pub total: bool,
    /// One level finer (+1) or coarser (−1).
    pub level: i8,
    /// The other way round.
    pub reverse: bool,
    /// How many members there are.
    pub count: bool,
    /// Field whose filtered value is compared with a further one.
    pub against: Option<FieldRef>,
    /// A period of the last query is meant ("the year"), not a breakdown by it.
    pub within: Option<Grain>,
    /// The comparison is a default, so that the last one stays.
    pub implied_compare: bool,
    /// The members themselves are asked for ("which ones?").
    pub members: bool,
    /// Values that came from a reference to the last answer.
    pub referred: Option<FieldRef>,
}

/// Everything that was found in the words.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Draft {
    /// Measures.
    pub measures: Vec<NamedMeasure>,
    /// Groups.
    pub dimensions: Vec<Dimension>,
    /// Entity whose members are listed or counted (index into the model's).
    pub subject: Option<usize>,
    /// Fields to list.
    pub fields: Vec<FieldRef>,
    /// Dataset of a list of rows.
    pub rows: Option<String>,
    /// Filters.
    pub filters: Vec<Bound>,
    /// Period.
    pub period: Option<Period>,
    /// Comparison.
    pub compare: Option<CompareDraft>,
    /// Whether only growth columns matter (a question for change).
    pub growth: bool,
    /// Rank.
    pub rank: Option<RankDraft>,
    /// Share.
    pub share: Option<ShareDraft>,
    /// Conditions on groups.
    pub having: Vec<Condition>,
    /// Running total.
    pub cumulative: bool,
    /// Moving mean.
    pub rolling: Option<u32>,
    /// Grain that the question speaks in.
    pub grain: Option<Grain>,
    /// Whether the question said how a number is aggregated.
    pub aggregated: bool,
    /// Whether the members are counted.
    pub counted: bool,
    /// Sort asked for.
    pub sort: Option<Direction>,
    /// Parts of the name to show beside the entity.
    pub named: Vec<FieldRef>,
    /// Whether a date was asked for.
    pub when: bool,
    /// Sort by the first group's own order.
    pub alphabetical: bool,
    /// Sort by this group and not by a measure.
    pub sort_by: Option<Dimension>,
    /// Assumptions to state.
    pub notes: Vec<String>,
    /// What the reading costs.
    pub penalty: f64,
    /// Whether words referred to the last answer.
    pub refers: bool,
    /// Whether "each" or the like asked for all values.
    pub whole: bool,
    /// Time field to use instead of the default.
    pub time_field: Option<FieldRef>,
    /// Year shift for a follow-up.
    pub shift: Option<(i32, Grain)>,
    /// Whether the question is a continuation by its first words.
    pub continues: bool,
    /// The comparable-store policy that a comparison keeps to.
    pub comparable: Option<String>,
    /// Nouns that only say what the measure is about.
    pub scoped: usize,
    /// A query with a shape of its own (pairs, cohorts), complete.
    pub shape: Option<Query>,
    /// Whether the rank counts percent of the members.
    pub rank_percent: bool,
    /// Whether the ranking stands behind the groups that it ranks ("share by state, top 5").
    pub rank_trails: bool,
    /// Whether the members that are not kept are summed up as one.
    pub rank_other: bool,
    /// What it does to the last query.
    pub edits: Edits,
    /// Sets of rows that are set side by side, with their names.
    pub sides: Vec<(Filter, String)>,
}
