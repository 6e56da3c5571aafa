//! Datasets, fields, relationships and metrics.

use crate::Expression;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Identifies a row or refers to one; never summed or averaged.
    Id,
    /// Groups rows; has searchable values.
    Dimension,
    /// A number that can be aggregated.
    Measure,
    /// A date or a time.
    Time,
    /// Free text: shown in lists, not grouped by default.
    Text,
}

/// How a numeric field or metric may be aggregated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Additivity {
    /// May be summed over everything (amounts, quantities).
    Additive,
    /// May be summed over everything but time (stock levels, balances).
    Semi,
    /// May never be summed (prices, rates, ages, ratios, distinct counts).
    Non,
}

/// What a number measures.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
    Plain,
}

/// What a field is about; guides which field a word means and which chart fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
    Other,
}

/// A field of a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
}

/// A table, or something that behaves like one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// `snake_case`, unique in the model; has no dot and no `@`.
    pub name: String,
    /// As shown to people ("Order Details").
    pub label: String,
    /// Identifier parts of the physical table in the engine (`["main", "Order Details"]`).
    pub table: Vec<String>,
    /// What one row is, singular ("order line"); empty if unknown.
    pub entity: String,
    /// Other words for the entity, singular, lower case.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Field names that identify a row; empty if no key is known.
    #[serde(default)]
    pub primary_key: Vec<String>,
    /// The field that names a row to people (product name), if there is one.
    #[serde(default)]
    pub name_field: Option<String>,
    /// Time field that dates a row, if there is one in this dataset.
    #[serde(default)]
    pub event_time: Option<String>,
    /// Whether rows are events or lines that metrics are summed over (a fact table).
    #[serde(default)]
    pub is_fact: bool,
    /// Rows, where profiled.
    #[serde(default)]
    pub rows: Option<u64>,
    /// Fields, in the order of the source.
    pub fields: Vec<Field>,
    /// What was cleaned or set aside while reading; shown as assumptions.
    #[serde(default)]
    pub remarks: Vec<String>,
}

impl Dataset {
    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }
}

/// Many rows of `from` belong to one row of `to`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relationship {
    /// Unique in the model; has no `@`.
    pub name: String,
    /// The many side.
    pub from: String,
    /// The one side.
    pub to: String,
    /// Field names on the many side.
    pub from_fields: Vec<String>,
    /// Field names on the one side, same length; together unique in `to`.
    pub to_fields: Vec<String>,
    /// Whether `to_fields` are proven (declared or measured) unique; if not, the compiler
    /// treats the relationship as many-to-many.
    pub unique: bool,
    /// Why it is believed (0..1 and words), for inferred ones.
    #[serde(default)]
    pub evidence: Option<String>,
}

/// How rows become a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Sum of non-null values; NULL over nothing.
    Sum,
    /// Count of non-null values (of rows when there is no expression).
    Count,
    /// Count of distinct non-null values.
    CountDistinct,
    /// Mean of non-null values.
    Average,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// Middle value (mean of the two middle ones).
    Median,
}

/// A condition on one field of the metric's own dataset, for metrics such as "cancelled orders".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct MetricFilter {
    /// Field name in the metric's dataset.
    pub field: String,
    /// Rows whose value is one of these (text, compared exactly).
    pub one_of: Vec<String>,
}

/// What a metric is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    /// An aggregate over the rows of one dataset: its home grain.
    Simple {
        /// Dataset whose rows are aggregated.
        dataset: String,
        /// How.
        aggregation: Aggregation,
        /// Of what; rows if absent (only for `count`).
        #[serde(default)]
        expression: Option<Expression>,
        /// Over which rows only.
        #[serde(default)]
        filter: Option<MetricFilter>,
    },
    /// Numerator over denominator, each aggregated first; NULL if the denominator is 0 or NULL.
    Ratio {
        /// Metric name.
        numerator: String,
        /// Metric name.
        denominator: String,
    },
    /// Left minus right (revenue minus cost).
    Difference {
        /// Metric name.
        left: String,
        /// Metric name.
        right: String,
    },
}

/// A named number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// `snake_case`, unique in the model.
    pub name: String,
    /// As shown to people ("Revenue").
    pub label: String,
    /// What it is.
    pub kind: MetricKind,
    /// How it may be re-aggregated.
    pub additivity: Additivity,
    /// What it measures.
    pub unit: Unit,
    /// Other words for it, singular, lower case, most specific first.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// One sentence: the definition.
    #[serde(default)]
    pub description: String,
    /// Time field that places it in time; the dataset's event time (own or through a
    /// many-to-one path) if absent.
    #[serde(default)]
    pub time_field: Option<FieldRef>,
    /// Whether up is good (`Some(true)`), down is good (`Some(false)`), or neither.
    #[serde(default)]
    pub up_is_good: Option<bool>,
}

/// Something that people count, rank and list: customers, products, orders, cities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Singular noun, lower case.
    pub name: String,
    /// As shown to people.
    pub label: String,
    /// Other nouns, singular, lower case.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// What is counted distinct.
    pub key: FieldRef,
    /// What is shown.
    pub display: FieldRef,
    /// The id to show beside a name that is not unique.
    #[serde(default)]
    pub id_field: Option<FieldRef>,
    /// The dataset whose rows are the entity (its key is the primary key), if there is one.
    #[serde(default)]
    pub dataset: Option<String>,
}

/// The whole model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name.
    pub name: String,
    /// What it is about.
    #[serde(default)]
    pub description: String,
    /// Tables.
    pub datasets: Vec<Dataset>,
    /// Many-to-one links.
    pub relationships: Vec<Relationship>,
    /// Named numbers.
    pub metrics: Vec<Metric>,
    /// Things with a name.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// The time field that "in 2022" means when nothing else is said.
    #[serde(default)]
    pub default_time: Option<FieldRef>,
    /// The metric that "how much did we sell" means.
    #[serde(default)]
    pub default_metric: Option<String>,
    /// ISO currency code, if known.
    #[serde(default)]
    pub currency: Option<String>,
    /// First day of the week: 1 = Monday … 7 = Sunday.
    #[serde(default = "monday")]
    pub week_start: u8,
}

fn monday() -> u8 {
    1
}

impl Model {
    /// The dataset of that name.
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|d| d.name == name)
    }
    /// The metric of that name.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|m| m.name == name)
    }
    /// The field that a reference names.
    pub fn field(&self, field: &FieldRef) -> Option<&Field> {
        self.dataset(&field.dataset)?.field(&field.field)
    }
    /// Leaf datasets that a metric's aggregates run over, sorted and without repeats.
    pub fn home_datasets(&self, metric: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![metric.to_string()];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            match self.metric(&name).map(|m| &m.kind) {
                Some(MetricKind::Simple { dataset, .. }) => found.push(dataset.clone()),
                Some(MetricKind::Ratio {
                    numerator,
                    denominator,
                }) => open.extend([numerator.clone(), denominator.clone()]),
                Some(MetricKind::Difference { left, right }) => {
                    open.extend([left.clone(), right.clone()])
                }
                None => {}
            }
        }
        found.sort();
        found.dedup();
        found
    }
}
