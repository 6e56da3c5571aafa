//! Fields: what a column is called, what it is, and what it is about.

use crate::{Expression, TimeUnit};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A field of a dataset, written `dataset.field`, or `dataset.field@relationship` where
/// several paths lead to the dataset and one is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldRef {
    /// Dataset name in the model.
    pub dataset: String,
    /// Field name in the dataset.
    pub field: String,
    /// Name of the relationship through which the dataset is reached, for role-playing
    /// dimensions (order date and ship date of one calendar, buyer's and supplier's country).
    pub via: Option<String>,
}

impl FieldRef {
    /// A field reached by the only path there is.
    pub fn new(dataset: impl Into<String>, field: impl Into<String>) -> Self {
        FieldRef {
            dataset: dataset.into(),
            field: field.into(),
            via: None,
        }
    }
}

impl fmt::Display for FieldRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.dataset, self.field)?;
        if let Some(via) = &self.via {
            write!(f, "@{via}")?;
        }
        Ok(())
    }
}

impl FromStr for FieldRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, via) = match text.split_once('@') {
            Some((path, via)) => (path, Some(via.to_string())),
            None => (text, None),
        };
        match path.split_once('.') {
            Some((dataset, field)) if !dataset.is_empty() && !field.is_empty() => Ok(FieldRef {
                dataset: dataset.to_string(),
                field: field.to_string(),
                via,
            }),
            _ => Err(format!("`{text}` is not of the form dataset.field")),
        }
    }
}

impl Serialize for FieldRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for FieldRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FieldRef".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[^.@]+\\.[^.@]+(@[^@]+)?$"})
    }
}

/// Logical type of a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    /// Whole numbers.
    Integer,
    /// Exact decimals (money).
    Decimal,
    /// Binary floating point.
    Float,
    /// Text.
    Text,
    /// Calendar day.
    Date,
    /// Day and time, no zone.
    Timestamp,
    /// Truth value.
    Boolean,
    /// Anything else; never shown, grouped or summed.
    #[default]
    Opaque,
}

impl DataType {
    /// Integer, Decimal or Float.
    pub fn is_numeric(self) -> bool {
        matches!(
            self,
            DataType::Integer | DataType::Decimal | DataType::Float
        )
    }
    /// Date or Timestamp.
    pub fn is_temporal(self) -> bool {
        matches!(self, DataType::Date | DataType::Timestamp)
    }
}

/// What a field is used for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Identifies a row or refers to one; never summed or averaged.
    Id,
    /// Groups rows; has searchable values.
    #[default]
    Dimension,
    /// A number that can be aggregated.
    Measure,
    /// A date or a time.
    Time,
    /// Free text: shown in lists, not grouped by default.
    Text,
}

/// How a numeric field or metric may be aggregated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Additivity {
    /// May be summed over everything (amounts, quantities).
    Additive,
    /// May be summed over everything but time (stock levels, balances).
    Semi,
    /// May never be summed (prices, rates, ages, ratios, distinct counts).
    #[default]
    Non,
}

/// What a number measures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Money; the ISO code where known.
    Money(Option<String>),
    /// Things counted; the plural noun (`units`, `orders`, `customers`).
    Count(String),
    /// A share, rate or growth as a fraction of 1.
    Fraction,
    /// Days.
    Days,
    /// Anything else.
    #[default]
    Plain,
}

/// What a field is about; guides which field a word means and which chart fits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says what it is")]
pub enum Subject {
    Country,
    State,
    Region,
    City,
    PostalCode,
    Address,
    Store,
    Product,
    Category,
    Subcategory,
    Brand,
    Customer,
    Segment,
    Employee,
    Supplier,
    Shipper,
    Channel,
    Payment,
    Status,
    OrderNumber,
    Quantity,
    UnitPrice,
    ListPrice,
    Amount,
    Cost,
    Profit,
    Discount,
    Freight,
    Tax,
    Stock,
    ReorderLevel,
    Rating,
    Balance,
    Duration,
    Name,
    FirstName,
    LastName,
    Email,
    Phone,
    #[default]
    Other,
}

/// How far the values of a field may be looked up from a question and shown to a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValueIndex {
    /// Not at all.
    #[default]
    None,
    /// Only when written exactly.
    Exact,
    /// Also with slips, parts and other spellings.
    Full,
}

/// What is declared about the values of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Values {
    /// Every value there may be, in the order in which people list them; empty if open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<String>,
    /// Whether the field has few values, all of them known words.
    #[serde(default, rename = "enum", skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// How they may be looked up; as `searchable` says if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<ValueIndex>,
    /// Whether they tell who a person is; such values go into no prompt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pii: bool,
}

/// Where a field stands between coarser and finer ones (city: parent state, child store).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hierarchy {
    /// Next coarser field: each value here belongs to one value there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<FieldRef>,
    /// Next finer field, which people drill down to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<FieldRef>,
}

/// Which currency an amount is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldCurrency {
    /// The same for all rows: an ISO 4217 code.
    Code(String),
    /// Each row says: the field that holds the ISO code, of this dataset or of one looked up.
    Field(FieldRef),
}

/// A field of a dataset.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// `snake_case`, unique in the dataset; has no dot and no `@`.
    pub name: String,
    /// As shown to people ("Sub-Category").
    pub label: String,
    /// What it is computed from (usually one column).
    pub expression: Expression,
    /// Logical type.
    pub data_type: DataType,
    /// Use.
    pub role: Role,
    /// What it is about.
    pub subject: Subject,
    /// For measures.
    pub additivity: Additivity,
    /// For measures.
    pub unit: Unit,
    /// Other words for it, singular, lower case.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// One sentence for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What a language model is told about it; data to it, never a command to us.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instructions: String,
    /// Distinct non-null values, where profiled.
    #[serde(default)]
    pub distinct: Option<u64>,
    /// NULLs, where profiled.
    #[serde(default)]
    pub nulls: Option<u64>,
    /// Smallest value as text (dates ISO), where profiled.
    #[serde(default)]
    pub min: Option<String>,
    /// Largest value as text; for dates the last *plausible* one (the watermark), isolated
    /// later dates being left out.
    #[serde(default)]
    pub max: Option<String>,
    /// Whether its values may be looked up from a question.
    #[serde(default)]
    pub searchable: bool,
    /// For time fields: the finest period that the values tell apart; a day for dates and the
    /// instant for timestamps if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<TimeUnit>,
    /// What is declared about its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Values>,
    /// Coarser and finer fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hierarchy: Option<Hierarchy>,
    /// Name of the field of the same dataset that values are sorted by (month name by month
    /// number); by themselves if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// For amounts: the currency, where it is not the model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<FieldCurrency>,
    /// Why role, subject and additivity are believed, for inferred ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

impl Field {
    /// A field that is one column of its own name.
    pub fn column(name: impl Into<String>, data_type: DataType) -> Field {
        let name = name.into();
        Field {
            label: name.clone(),
            expression: Expression::Column(name.clone()),
            role: if data_type.is_temporal() {
                Role::Time
            } else {
                Role::Dimension
            },
            data_type,
            name,
            ..Field::default()
        }
    }
}
