//! Time as a retailer counts it: fiscal years, retail calendars, holidays that move.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Periods that lengths and granularities are counted in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says what it is")]
pub enum TimeUnit {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// A length of time, written as a number and a period: `13 months`, `1 year`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Length {
    /// How many; never negative.
    pub count: u32,
    /// Of what.
    pub unit: TimeUnit,
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            TimeUnit::Hour => "hour",
            TimeUnit::Day => "day",
            TimeUnit::Week => "week",
            TimeUnit::Month => "month",
            TimeUnit::Quarter => "quarter",
            TimeUnit::Year => "year",
        };
        write!(
            f,
            "{} {unit}{}",
            self.count,
            if self.count == 1 { "" } else { "s" }
        )
    }
}

impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Length, String> {
        let bad = || format!("`{text}` is no length of time such as `13 months`");
        let (count, unit) = text.trim().split_once(' ').ok_or_else(bad)?;
        let unit = match unit.trim().trim_end_matches('s') {
            "hour" => TimeUnit::Hour,
            "day" => TimeUnit::Day,
            "week" => TimeUnit::Week,
            "month" => TimeUnit::Month,
            "quarter" => TimeUnit::Quarter,
            "year" => TimeUnit::Year,
            _ => return Err(bad()),
        };
        Ok(Length {
            count: count.parse().map_err(|_| bad())?,
            unit,
        })
    }
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Length {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Length".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A length of time: a number and a period.",
            "pattern": "^[0-9]+ (hour|day|week|month|quarter|year)s?$"
        })
    }
}

/// Which calendar year gives a year that starts later its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum YearNaming {
    /// The one in which it starts (the 4-5-4 year 2023 starts in February 2023).
    #[default]
    Start,
    /// The one in which it ends (the fiscal year 2024 of a company that closes in June 2024).
    End,
}

/// A year of twelve calendar months that does not start in January.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fiscal {
    /// First month of the year, 1 = January … 12.
    pub first_month: u8,
    /// What the year is called.
    #[serde(default)]
    pub named_by: YearNaming,
}

/// How the thirteen weeks of a quarter fall into its three months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WeekPattern {
    /// 4, 5 and 4 weeks (National Retail Federation).
    #[serde(rename = "4-5-4")]
    FourFiveFour,
    /// 4, 4 and 5 weeks.
    #[serde(rename = "4-4-5")]
    FourFourFive,
    /// 5, 4 and 4 weeks.
    #[serde(rename = "5-4-4")]
    FiveFourFour,
}

/// Where a year of whole weeks ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum YearEndRule {
    /// On the weekday nearest to the last day of the month (Saturday nearest to 31 January).
    Nearest,
    /// On the last such weekday of the month.
    Last,
}

/// What the years that have a 53rd week are compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Week53 {
    /// Each week with the week 364 days before it, so that the same days of the season meet: the
    /// year after a 53-week year is compared with weeks 2 to 53 of it.
    #[default]
    Restated,
    /// Each week with the week of the same number a year before; week 53 has no partner.
    SameFiscalWeek,
}

/// How a retail calendar is laid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CalendarKind {
    /// Years of 52 or 53 whole weeks; a 53rd week joins the last month.
    Weeks {
        /// Weeks of each month of a quarter.
        pattern: WeekPattern,
        /// Month at whose end the year ends, 1 = January … 12.
        end_month: u8,
        /// Last day of the year and of each week: 1 = Monday … 7 = Sunday. Weeks start on the
        /// day after it.
        end_weekday: u8,
        /// Which of those days ends the year.
        end_rule: YearEndRule,
        /// What the year is called.
        named_by: YearNaming,
    },
    /// A table with one row per day.
    Table {
        /// Dataset of the model that holds it.
        dataset: String,
        /// Field with the day, unique.
        day: String,
        /// Field with the week's number or first day, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        week: Option<String>,
        /// Field with the month's number or first day, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        month: Option<String>,
        /// Field with the quarter's number or first day, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quarter: Option<String>,
        /// Field with the year.
        year: String,
        /// Field with the day that a day is compared with a year before, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prior_year_day: Option<String>,
    },
}

/// A calendar that queries may name beside the usual one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Unique in the model.
    pub name: String,
    /// How it is laid out.
    pub kind: CalendarKind,
    /// What the year after a 53-week year is compared with.
    #[serde(default)]
    pub week_53: Week53,
    /// Names of the model's events that sales move with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<String>,
}

impl Calendar {
    /// The 4-5-4 calendar of the National Retail Federation: weeks from Sunday to Saturday, the
    /// year ends on the Saturday nearest to 31 January and is named by the year it starts in.
    pub fn nrf(name: impl Into<String>) -> Calendar {
        Calendar {
            name: name.into(),
            kind: CalendarKind::Weeks {
                pattern: WeekPattern::FourFiveFour,
                end_month: 1,
                end_weekday: 6,
                end_rule: YearEndRule::Nearest,
                named_by: YearNaming::Start,
            },
            week_53: Week53::default(),
            holidays: Vec::new(),
        }
    }
}

/// When an event takes place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EventDates {
    /// On these days (`YYYY-MM-DD`), one occurrence each.
    Listed(Vec<String>),
    /// As a table of the model says, one row an occurrence.
    Table {
        /// Dataset.
        dataset: String,
        /// Field with the first day.
        start: String,
        /// Field with the last day; the first one if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<String>,
        /// Field that names the event, and the name that this one has there; all rows if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        named: Option<(String, String)>,
    },
    /// On Western Easter Sunday.
    Easter,
    /// On the Friday after the fourth Thursday of November.
    BlackFriday,
}

/// A holiday or campaign whose date moves from year to year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Unique in the model ("easter", "black_friday").
    pub name: String,
    /// Other words for it, lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    /// When it takes place.
    pub dates: EventDates,
    /// Days before the first day that belong to it.
    #[serde(default)]
    pub days_before: u32,
    /// Days after the last day that belong to it.
    #[serde(default)]
    pub days_after: u32,
}

/// What "now" is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AsOf {
    /// The last plausible day of the data.
    #[default]
    Watermark,
    /// A stated day (`YYYY-MM-DD`).
    Date(String),
}
