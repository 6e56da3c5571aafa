//! Datasets and the links between them.

use crate::{Field, FieldRef, RowFilter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Fields between which a row is valid, for attributes that change over time (slowly changing
/// dimensions, price lists).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// Field that holds the first day or instant.
    pub from: String,
    /// Field that holds the first day or instant after it; NULL where the row is still valid.
    pub to: String,
    /// Whether `to` is the last valid day instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_inclusive: bool,
}

/// Which rows have to be there for a period to be complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Completeness {
    /// Fields of the dataset: every combination that occurs at all should have a row (one per
    /// store and day).
    pub rows_per: Vec<String>,
}

/// A table, or something that behaves like one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// `snake_case`, unique in the model; has no dot and no `@`.
    pub name: String,
    /// As shown to people ("Order Details").
    pub label: String,
    /// Identifier parts of the physical table in the engine (`["main", "Order Details"]`).
    pub table: Vec<String>,
    /// A SELECT statement whose rows are the dataset, instead of a table; `table` is empty then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// What one row is, singular ("order line"); empty if unknown.
    pub entity: String,
    /// Other words for the entity, singular, lower case.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// One sentence for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What a language model is told about it; data to it, never a command to us.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instructions: String,
    /// Field names that identify a row; empty if no key is known.
    #[serde(default)]
    pub primary_key: Vec<String>,
    /// Other sets of field names that each identify a row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique_keys: Vec<Vec<String>>,
    /// Field names that say what one row stands for (one row per store, item and day); the
    /// primary key if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grain: Vec<String>,
    /// The field that names a row to people (product name), if there is one.
    #[serde(default)]
    pub name_field: Option<String>,
    /// Time field that dates a row, if there is one in this dataset.
    #[serde(default)]
    pub event_time: Option<String>,
    /// Time field of a dataset reached many-to-one that dates a row, where the dataset has none
    /// of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time_of: Option<FieldRef>,
    /// Field whose largest value says how far the data reaches; the event time if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<String>,
    /// From when to when a row holds; rows of other datasets look up the one that held at their
    /// own event time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<Validity>,
    /// Rows that count; every condition holds for each row that any metric or list reads, unless
    /// a query says otherwise. Shown with every answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default_filters: Vec<RowFilter>,
    /// What makes a period complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completeness: Option<Completeness>,
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
    /// Why key, event time and kind are believed, for inferred ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

impl Dataset {
    /// A dataset over a table, without fields yet.
    pub fn new(name: impl Into<String>, table: Vec<String>) -> Dataset {
        let name = name.into();
        Dataset {
            label: name.clone(),
            name,
            table,
            ..Dataset::default()
        }
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// Whether these fields identify a row, by the primary key or another declared key. Any set
    /// that contains a key does.
    pub fn is_unique(&self, fields: &[String]) -> bool {
        std::iter::once(&self.primary_key)
            .chain(&self.unique_keys)
            .any(|key| !key.is_empty() && key.iter().all(|k| fields.contains(k)))
    }
}

/// Many rows of `from` belong to one row of `to`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// What the one side is called when reached this way ("buyer", "ship date"), where several
    /// relationships lead to the same dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Why it is believed (0..1 and words), for inferred ones.
    #[serde(default)]
    pub evidence: Option<String>,
}
