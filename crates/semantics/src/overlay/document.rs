//! The overlay as people write it: what an Ossie document cannot say.
//!
//! Expressions and conditions are SQL text (see [`crate::sql`]); the names of fields are
//! `dataset.field`, and the keys of `fields` are `dataset/field`.

use super::ordered::Ordered;
use crate::FieldRef;
use crate::{
    Access, Aggregation, AsOf, Change, Closures, ComparableMethod, Completeness,
    CurrencyConversion, DataType, DateBasis, Empty, Entity, Fill, Hierarchy, Length, Literal,
    Membership, MissingSnapshot, PeriodAlignment, Pick, Role, Subject, TimeUnit, Unit, Validity,
    VerifiedQuery, Week53, YearNaming,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// The version of this format.
pub(crate) const VERSION: u32 = 1;

/// A whole overlay: everything that is left out is inferred from names and, where there is any,
/// from the data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Overlay {
    /// Version of the format: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1))]
    pub(crate) overlay: Option<u32>,
    /// Name of the semantic model that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    /// IANA name of the zone whose midnight ends the business day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timezone: Option<String>,
    /// First day of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) week_start: Option<Day>,
    /// Year of calendar months that does not start in January.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fiscal: Option<FiscalYear>,
    /// Retail calendars, the house's own first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) calendars: Vec<CalendarEntry>,
    /// Holidays and campaigns that move.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) events: Vec<EventEntry>,
    /// Time field that a period means when nothing else is said.
    #[serde(
        default,
        deserialize_with = "stated",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) default_date_role: Option<Option<FieldRef>>,
    /// Metric that "how much did we sell" means.
    #[serde(
        default,
        deserialize_with = "stated",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) default_metric: Option<Option<String>>,
    /// ISO 4217 code of the amounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    pub(crate) currency: Option<String>,
    /// How amounts of other currencies become amounts of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) currency_conversion: Option<CurrencyConversion>,
    /// What "now" is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) as_of: Option<AsOf>,
    /// Comparable-store policies by name, the usual one first.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub(crate) comp_rules: Ordered<CompRule>,
    /// Words of the house.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lexicon: Option<LexiconEntry>,
    /// Questions that someone has checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) verified_queries: Vec<VerifiedQuery>,
    /// Who may see what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) policies: Vec<PolicyEntry>,
    /// What people count, rank and list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) entities: Option<Vec<Entity>>,
    /// Datasets by name.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub(crate) datasets: Ordered<DatasetEntry>,
    /// Fields by `dataset/field`. One that the Ossie document lacks needs an `expression`.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub(crate) fields: Ordered<FieldEntry>,
    /// Relationships by name.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub(crate) relationships: Ordered<RelationshipEntry>,
    /// Metrics by name. One that the Ossie document lacks needs a `type`.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub(crate) metrics: Ordered<MetricEntry>,
}

/// Tells a key that says "none" from one that is left out.
fn stated<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    /// 1 = Monday … 7 = Sunday.
    pub(crate) fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The day of a number, counted round.
    pub(crate) fn of(number: u8) -> Day {
        const ALL: [Day; 7] = [
            Day::Monday,
            Day::Tuesday,
            Day::Wednesday,
            Day::Thursday,
            Day::Friday,
            Day::Saturday,
            Day::Sunday,
        ];
        ALL[usize::from((number + 6) % 7)]
    }
}

/// A month of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Month {
    January,
    February,
    March,
    April,
    May,
    June,
    July,
    August,
    September,
    October,
    November,
    December,
}

/// All months, January first.
pub(super) const MONTHS: [Month; 12] = [
    Month::January,
    Month::February,
    Month::March,
    Month::April,
    Month::May,
    Month::June,
    Month::July,
    Month::August,
    Month::September,
    Month::October,
    Month::November,
    Month::December,
];

/// A fiscal year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FiscalYear {
    /// Its first month.
    pub(crate) first_month: Month,
    /// What gives it its number.
    #[serde(default)]
    pub(crate) named_by: YearNaming,
}

/// How a retail calendar is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum CalendarLayout {
    /// The 4-5-4 calendar of the National Retail Federation.
    #[serde(rename = "nrf_454")]
    Nrf,
    /// Months of 4, 5 and 4 weeks.
    #[serde(rename = "4-5-4")]
    FourFiveFour,
    /// Months of 4, 4 and 5 weeks.
    #[serde(rename = "4-4-5")]
    FourFourFive,
    /// Months of 5, 4 and 4 weeks.
    #[serde(rename = "5-4-4")]
    FiveFourFour,
    /// A table with one row per day.
    #[serde(rename = "table")]
    Table,
}

/// A retail calendar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarEntry {
    /// Unique in the model.
    pub(crate) name: String,
    /// How it is laid out.
    pub(crate) kind: CalendarLayout,
    /// First day of its weeks: the day after the one that ends the year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) week_start: Option<Day>,
    /// Where the year ends: `saturday_nearest_jan_31` or `last_saturday_of_january`, with any
    /// weekday and month. Needed for all layouts but `nrf_454` and `table`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(
        pattern = "^([a-z]+day_nearest_[a-z]{3}_[0-9]{2}|last_[a-z]+day_of_[a-z]+)$"
    ))]
    pub(crate) year_end_rule: Option<String>,
    /// What gives the year its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) named_by: Option<YearNaming>,
    /// What years with a 53rd week are compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_53: Option<Week53>,
    /// Names of events that sales move with; `easter` and `black_friday` are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) holidays: Vec<String>,
    /// For the layout `table`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) table: Option<CalendarTable>,
}

/// A table with one row per day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarTable {
    /// Dataset.
    pub(crate) dataset: String,
    /// Field with the day.
    pub(crate) day: String,
    /// Field with the week's number or first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) week: Option<String>,
    /// Field with the month's number or first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) month: Option<String>,
    /// Field with the quarter's number or first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) quarter: Option<String>,
    /// Field with the year.
    pub(crate) year: String,
    /// Field with the day that a day is compared with a year before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) prior_year_day: Option<String>,
}

/// Events whose dates we know how to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventRule {
    /// Western Easter Sunday.
    Easter,
    /// The day after the fourth Thursday of November.
    BlackFriday,
}

/// A holiday or campaign that moves. Exactly one of `dates`, `rule` and `table` says when it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventEntry {
    /// Unique in the model.
    pub(crate) name: String,
    /// Other words for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) synonyms: Vec<String>,
    /// Its days, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dates: Vec<String>,
    /// The rule that gives its days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<EventRule>,
    /// The table that holds its days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) table: Option<EventTable>,
    /// Days before it that belong to it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) days_before: u32,
    /// Days after it that belong to it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) days_after: u32,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// A table with one row per occurrence of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventTable {
    /// Dataset.
    pub(crate) dataset: String,
    /// Field with the first day.
    pub(crate) start: String,
    /// Field with the last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<String>,
    /// Field that names the event; all rows are this one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name_field: Option<String>,
    /// The event's name there; its name here if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) named: Option<String>,
}

/// A comparable-store policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompRule {
    /// Key of the stores; found by name if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) store: Option<FieldRef>,
    /// Day the store opened; found by name if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) opened: Option<FieldRef>,
    /// Day the store closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) closed: Option<FieldRef>,
    /// Day the store moved or was rebuilt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) relocated: Option<FieldRef>,
    /// How old a store has to be at the start of the earlier period.
    pub(crate) min_age: Length,
    /// When it takes part.
    #[serde(default)]
    pub(crate) method: ComparableMethod,
    /// What a closure does.
    #[serde(default)]
    pub(crate) closures: Closures,
    /// What a relocation does.
    #[serde(default = "keep")]
    pub(crate) relocation: Membership,
    /// Whether online stores take part.
    #[serde(default = "keep")]
    pub(crate) online: Membership,
    /// Which stores are online ones (a condition).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) online_stores: Option<String>,
}

fn keep() -> Membership {
    Membership::Keep
}

/// Words of the house.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LexiconEntry {
    /// Verb → dataset whose rows it speaks of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) verbs: BTreeMap<String, String>,
    /// Adjective or noun phrase → condition.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) adjectives: BTreeMap<String, String>,
}

/// One value or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    /// Exactly this.
    One(Literal),
    /// Any of these.
    Many(Vec<Literal>),
}

/// A condition: SQL text, or values by field, all of which must fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Condition {
    /// SQL text.
    Text(String),
    /// `dataset.field` → value or values. In a policy `{user.name}` stands for an attribute of
    /// the user who asks.
    Values(BTreeMap<String, OneOrMany>),
}

/// Conditions on rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Conditions {
    /// One.
    One(Condition),
    /// Several, all of which hold.
    Many(Vec<Condition>),
}

/// What a group of users sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyEntry {
    /// Group of users.
    pub(crate) group: String,
    /// Rows that are visible; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<Conditions>,
    /// Fields (`dataset.field`) and metrics that are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) members: Option<Members>,
}

/// Fields and metrics that a group of users does not see.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Members {
    /// Fields and metrics that do not exist for the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) exclude: Vec<String>,
    /// Fields whose values are never shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) mask: Vec<String>,
}

/// What the Ossie document does not say of a dataset.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatasetEntry {
    /// As shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    /// What one row is, singular; empty if it has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) entity: Option<String>,
    /// Other words for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) synonyms: Option<Vec<String>>,
    /// Fields that say what one row stands for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) grain: Vec<String>,
    /// Time field that dates a row, of this dataset or (`dataset.field`) of one that is looked
    /// up.
    #[serde(
        default,
        deserialize_with = "stated",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) event_time: Option<Option<String>>,
    /// How far the data reaches: a field, or `MAX(field)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) watermark: Option<String>,
    /// What makes a period complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) completeness: Option<Completeness>,
    /// From when to when a row holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) validity: Option<Validity>,
    /// Conditions that hold for every row that counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) default_filters: Vec<String>,
    /// Field that names a row to people.
    #[serde(
        default,
        deserialize_with = "stated",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) name_field: Option<Option<String>>,
    /// Whether rows are events or lines that metrics are summed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) is_fact: Option<bool>,
    /// What a language model is told about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<String>,
    /// Rows, where counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<u64>,
    /// What was cleaned while reading.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) remarks: Vec<String>,
    /// Why this is believed, for what was inferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<String>,
}

/// How the values of a field may be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IndexName {
    /// Not at all.
    None,
    /// Only when written exactly.
    Exact,
    /// Also with slips, parts and other spellings.
    Full,
}

/// How the values of a field may be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum IndexEntry {
    /// Also with slips (`true`), or not at all (`false`).
    Flag(bool),
    /// By name.
    Name(IndexName),
}

/// The values of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValuesEntry {
    /// Every value there may be, in people's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) listed: Vec<String>,
    /// Whether they are few, all of them known words.
    #[serde(default, rename = "enum", skip_serializing_if = "std::ops::Not::not")]
    pub(crate) closed: bool,
    /// How they may be looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<IndexEntry>,
    /// Whether they tell who a person is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) pii: bool,
}

/// What was measured of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileEntry {
    /// Distinct values that are not missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) distinct: Option<u64>,
    /// Missing values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nulls: Option<u64>,
    /// Smallest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) min: Option<String>,
    /// Largest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max: Option<String>,
}

/// What a number measures: `fraction`, `days`, `plain`, `money`, an ISO 4217 code, or the plural
/// noun of what is counted; `{money: code}` and `{count: noun}` where that could be mistaken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum UnitEntry {
    /// In words.
    Word(String),
    /// By kind.
    Typed(Unit),
}

/// What the Ossie document does not say of a field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldEntry {
    /// As shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    /// What it is computed from, for what plain SQL cannot say or the Ossie document lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expression: Option<String>,
    /// Logical type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) data_type: Option<DataType>,
    /// Use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<Role>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Subject>,
    /// For measures: how it may be added up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) additivity: Option<AdditivityName>,
    /// For measures: what it measures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<UnitEntry>,
    /// For amounts: an ISO 4217 code, or the field that holds one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<String>,
    /// For time fields: the finest period that values tell apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) granularity: Option<TimeUnit>,
    /// Its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) values: Option<ValuesEntry>,
    /// Coarser and finer fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hierarchy: Option<Hierarchy>,
    /// Field of the same dataset that values are sorted by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sort: Option<String>,
    /// Other words for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) synonyms: Option<Vec<String>>,
    /// One sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// What a language model is told about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<String>,
    /// Whether its values may be looked up from a question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) searchable: Option<bool>,
    /// What was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<ProfileEntry>,
    /// Why this is believed, for what was inferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<String>,
}

/// What the Ossie document does not say of a relationship.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelationshipEntry {
    /// Whether the fields of the one side are unique there, where no key of the Ossie document
    /// says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unique: Option<bool>,
    /// What the one side is called when reached this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
    /// Why this is believed, for what was inferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<String>,
}

/// How a number may be added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AdditivityName {
    /// Over everything.
    Additive,
    /// Over everything but time.
    Semi,
    /// Not at all.
    Non,
}

/// How a metric may be added up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum AdditivityEntry {
    /// In a word.
    Name(AdditivityName),
    /// With what a level over time needs.
    Level(Level),
}

/// How a level is read over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Level {
    /// How it may be added up; the other keys belong to `semi`.
    pub(crate) kind: AdditivityName,
    /// Time field over which it is never summed; the event time if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) non_additive_over: Option<FieldRef>,
    /// Which snapshot of a period counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pick: Option<Pick>,
    /// What stands for a missing one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) missing: Option<MissingSnapshot>,
    /// Oldest snapshot that still counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_age: Option<Length>,
}

/// Kinds of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MetricType {
    /// An aggregate over rows: `dataset`, `aggregation`, `expression`, `filter`.
    Simple,
    /// `numerator` over `denominator`.
    Ratio,
    /// `left` minus `right`.
    Difference,
    /// Other arithmetic over metrics: `expression`.
    Derived,
    /// `of` added up over time: `window` or `to_date`, else from the beginning.
    Cumulative,
    /// `of` against itself `offset` before: `show`, `align`, `calendar`.
    Growth,
    /// Share of baskets with `base` that also hold `attach`: `dataset`, `basket`.
    BasketAttach,
}

/// Whether up is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Polarity {
    /// Up is good.
    Up,
    /// Down is good.
    Down,
    /// Neither.
    None,
}

/// What the Ossie document does not say of a metric. The keys that define it (`type` and those
/// named there) take the place of its expression in the Ossie document; `filter` narrows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricEntry {
    /// As shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    /// What kind of metric it is.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) metric_type: Option<MetricType>,
    /// Dataset whose rows are aggregated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dataset: Option<String>,
    /// How rows are aggregated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) aggregation: Option<Aggregation>,
    /// Of a row (`simple`), or over metrics (`derived`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expression: Option<String>,
    /// Rows that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) filter: Option<String>,
    /// Metric above the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) numerator: Option<String>,
    /// Metric below the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) denominator: Option<String>,
    /// Metric from which is taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) left: Option<String>,
    /// Metric that is taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) right: Option<String>,
    /// Metric that grows or adds up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<String>,
    /// How long before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<Length>,
    /// What of the change is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) show: Option<Change>,
    /// How the two periods are made alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) align: Option<PeriodAlignment>,
    /// Calendar whose years and weeks are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) calendar: Option<String>,
    /// How far back a running total reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) window: Option<Length>,
    /// Period at whose start a running total starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to_date: Option<TimeUnit>,
    /// Lines that make a basket count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<Condition>,
    /// Lines that are looked for in those baskets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attach: Option<Condition>,
    /// Field that tells baskets apart; the key of the entity that `unit` names if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) basket: Option<FieldRef>,
    /// How it may be added up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) additivity: Option<AdditivityEntry>,
    /// What it measures; for `basket_attach` the entity that is a basket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<UnitEntry>,
    /// ISO 4217 code of an amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    pub(crate) currency: Option<String>,
    /// Whether up is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) polarity: Option<Polarity>,
    /// What stands for it over no rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) empty: Option<Empty>,
    /// What stands for the numerator over no rows while the denominator has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) numerator_empty: Option<Empty>,
    /// Below this denominator the value is too small to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) min_denominator: Option<f64>,
    /// Time field that places it in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time_dimension: Option<FieldRef>,
    /// Time fields of the two sides of a ratio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) date_basis: Option<DateBasis>,
    /// What stands in periods without rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fill: Option<Fill>,
    /// Whether it is the metric that "how much did we sell" means.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) default: bool,
    /// Other words for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) synonyms: Option<Vec<String>>,
    /// One sentence: the definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// What a language model is told about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<String>,
    /// Where the definition comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) definition_source: Option<String>,
    /// Who reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) access: Option<Access>,
    /// Why this is believed, for what was inferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<String>,
}
