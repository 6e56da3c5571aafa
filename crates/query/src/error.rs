//! Why a typed query has no safe SQL.

use semantics::TimeUnit;
use thiserror::Error;

/// A refusal, with a stable code and a way out.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum QueryError {
    /// The model has no such dataset or field.
    #[error("the model has no field `{0}`")]
    UnknownField(String),
    /// The model has no such metric.
    #[error("the model has no metric `{0}`")]
    UnknownMetric(String),
    /// No relationship leads there.
    #[error("no relationship leads from {from} to {to}")]
    NoPath {
        /// Dataset that is counted or summed.
        from: String,
        /// What was asked for.
        to: String,
    },
    /// Several relationships lead there.
    #[error("several relationships lead from {from} to {to}: {}", .via.join(", "))]
    AmbiguousPath {
        /// Dataset that is counted or summed.
        from: String,
        /// Dataset that was asked for.
        to: String,
        /// Names of the relationships.
        via: Vec<String>,
    },
    /// The number cannot be added up that way.
    #[error("{what} cannot be {how}")]
    UnsafeReaggregation {
        /// The measure.
        what: String,
        /// What was to be done with it.
        how: &'static str,
    },
    /// A many-to-many link without a key to tell rows apart.
    #[error(
        "rows of {0} cannot be told apart, so that a split over a one-to-many link could count them twice"
    )]
    NoSafeRewrite(String),
    /// The model has a metric of a kind that is not compiled.
    #[error("the metric `{metric}` is {kind}, which cannot be computed here")]
    UnsupportedMetric {
        /// Name.
        metric: String,
        /// Its kind, with an article.
        kind: &'static str,
    },
    /// A sub-query that should give one number gives more or none.
    #[error("a comparison needs one number, and this sub-query gives something else: {0}")]
    NotScalar(String),
    /// A plan has no earlier step of that id.
    #[error("no earlier step is called `{0}`")]
    UnknownStep(String),
    /// Values that do not compare.
    #[error("{left} cannot be compared with {right}")]
    TypeMismatch {
        /// One side.
        left: String,
        /// The other.
        right: String,
    },
    /// The model has no such calendar.
    #[error("the model has no calendar `{0}`")]
    UnknownCalendar(String),
    /// The model has no such comparable-store policy.
    #[error("the model has no comparable-store policy `{0}`")]
    UnknownComparableRule(String),
    /// A comparable-store policy that is not compiled.
    #[error("the comparable-store policy `{rule}` {why}, which cannot be computed here")]
    UnsupportedComparableRule {
        /// Name.
        rule: String,
        /// What it does.
        why: &'static str,
    },
    /// The model has no such event.
    #[error("the model has no event `{0}`")]
    UnknownEvent(String),
    /// Periods finer than a time field tells apart.
    #[error("{field} tells no period shorter than a {} apart, and was asked for {asked}", unit(*.finest))]
    TooCoarse {
        /// Time field.
        field: String,
        /// Finest period that its values tell apart.
        finest: TimeUnit,
        /// What was asked for.
        asked: String,
    },
    /// Amounts of several currencies would be one number.
    #[error("{what} are in several currencies ({})", .by.join(", "))]
    MixedCurrencies {
        /// Whose amounts.
        what: String,
        /// The currencies, or the field that says which.
        by: Vec<String>,
    },
    /// Whoever asks may not see it.
    #[error("{0}")]
    AccessDenied(String),
    /// The query contradicts itself.
    #[error("{0}")]
    Malformed(String),
}

fn unit(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Hour => "hour",
        TimeUnit::Day => "day",
        TimeUnit::Week => "week",
        TimeUnit::Month => "month",
        TimeUnit::Quarter => "quarter",
        TimeUnit::Year => "year",
    }
}

impl QueryError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            QueryError::UnknownField(_) => "E_UNKNOWN_FIELD",
            QueryError::UnknownMetric(_) => "E_UNKNOWN_METRIC",
            QueryError::NoPath { .. } => "E_NO_PATH",
            QueryError::AmbiguousPath { .. } => "E_AMBIGUOUS_PATH",
            QueryError::UnsafeReaggregation { .. } => "E_UNSAFE_REAGGREGATION",
            QueryError::NoSafeRewrite(_) => "E3012_MN_NO_SAFE_REWRITE",
            QueryError::UnsupportedMetric { .. } => "E_UNSUPPORTED_METRIC",
            QueryError::NotScalar(_) => "E_NOT_SCALAR",
            QueryError::UnknownStep(_) => "E_UNKNOWN_STEP",
            QueryError::TypeMismatch { .. } => "E_TYPE_MISMATCH",
            QueryError::UnknownCalendar(_) => "E_UNKNOWN_CALENDAR",
            QueryError::UnknownComparableRule(_) => "E_UNKNOWN_COMPARABLE_RULE",
            QueryError::UnsupportedComparableRule { .. } => "E_UNSUPPORTED_COMPARABLE_RULE",
            QueryError::UnknownEvent(_) => "E_UNKNOWN_EVENT",
            QueryError::TooCoarse { .. } => "E_TIME_TOO_COARSE",
            QueryError::MixedCurrencies { .. } => "E_MIXED_CURRENCIES",
            QueryError::AccessDenied(_) => "E_ACCESS_DENIED",
            QueryError::Malformed(_) => "E_MALFORMED_QUERY",
        }
    }

    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            QueryError::UnknownField(_) | QueryError::UnknownMetric(_) => {
                "`retail model infer` lists what there is".into()
            }
            QueryError::NoPath { from, to } => format!(
                "ask for {to} of something that is linked to it, or add a relationship from {from} to the model"
            ),
            QueryError::AmbiguousPath { via, .. } => format!(
                "name one: `field@{}`",
                via.first().map_or("relationship", String::as_str)
            ),
            QueryError::UnsafeReaggregation { .. } => "ask for each period by itself".into(),
            QueryError::NoSafeRewrite(dataset) => {
                format!("declare the primary key of {dataset} in the model")
            }
            QueryError::UnsupportedMetric { .. } => {
                "ask for the metrics that it is made of, with a comparison or a running total"
                    .into()
            }
            QueryError::NotScalar(_) => {
                "give the sub-query one metric and neither dimensions nor rank".into()
            }
            QueryError::UnknownStep(_) => {
                "refer to a step that stands before this one in the plan".into()
            }
            QueryError::TypeMismatch { .. } => {
                "compare numbers with numbers and dates with dates".into()
            }
            QueryError::UnknownCalendar(_) => {
                "declare it among the model's `calendars`, or leave it out".into()
            }
            QueryError::UnknownComparableRule(_) => {
                "declare it among the model's `comp_rules`, or compare all stores".into()
            }
            QueryError::UnsupportedComparableRule { .. } => {
                "use a policy whose method is `open_in_both_periods`".into()
            }
            QueryError::UnknownEvent(_) => "declare it among the model's `events`".into(),
            QueryError::TooCoarse { finest, .. } => {
                format!("ask for whole {}s or longer", unit(*finest))
            }
            QueryError::MixedCurrencies { by, .. } => format!(
                "group by {} or ask for one currency, or declare the model's `currency_conversion`",
                by.first().map_or("the currency", String::as_str)
            ),
            QueryError::AccessDenied(_) => {
                "ask whoever keeps the model's policies, or ask for a count instead".into()
            }
            QueryError::Malformed(_) => "see the schema of the typed query".into(),
        }
    }
}
