//! The Apache Ossie core document, as its JSON Schema has it: no key beyond these.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

/// A mapping on one line of YAML. Only for what never holds a text that begins with a comma,
/// which the writer leaves unquoted there: formulas and flags.
fn one_line<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serde_saphyr::FlowMap(value).serialize(serializer)
}

/// Whole document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(crate) version: String,
    /// Some builds of the schema list the dialects that the document uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dialects: Option<Value>,
    /// Some builds of the schema list the vendors of its extensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) vendors: Option<Value>,
    pub(crate) semantic_model: Vec<SemanticModel>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SemanticModel {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ai_context: Option<AiContext>,
    pub(crate) datasets: Vec<Dataset>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) relationships: Vec<Relationship>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) metrics: Vec<Metric>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) custom_extensions: Vec<Extension>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dataset {
    pub(crate) name: String,
    pub(crate) source: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) primary_key: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unique_keys: Vec<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ai_context: Option<AiContext>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) fields: Vec<Field>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) custom_extensions: Vec<Extension>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) name: String,
    #[serde(serialize_with = "one_line")]
    pub(crate) expression: Expression,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "one_line"
    )]
    pub(crate) dimension: Option<Dimension>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// Since 0.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) datatype: Option<DataType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ai_context: Option<AiContext>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) custom_extensions: Vec<Extension>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dimension {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) is_time: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DataType {
    String,
    Integer,
    Decimal,
    Float,
    Boolean,
    Date,
    Time,
    DateTime,
    DateTimeTz,
    Opaque,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Relationship {
    pub(crate) name: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) from_columns: Vec<String>,
    pub(crate) to_columns: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ai_context: Option<AiContext>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) custom_extensions: Vec<Extension>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metric {
    pub(crate) name: String,
    #[serde(serialize_with = "one_line")]
    pub(crate) expression: Expression,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// Since 0.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) datatype: Option<DataType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ai_context: Option<AiContext>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) custom_extensions: Vec<Extension>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expression {
    pub(crate) dialects: Vec<DialectExpression>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DialectExpression {
    pub(crate) dialect: Dialect,
    pub(crate) expression: String,
}

/// In the order in which we would rather read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Dialect {
    AnsiSql,
    #[serde(rename = "Ossie_SQL_2026")]
    OssieSql,
    Snowflake,
    Databricks,
    Bigquery,
    Sigma,
    Thoughtspot,
    Tableau,
    Mdx,
    Maql,
    Dax,
}

impl Dialect {
    /// Whether it is SQL.
    pub(crate) fn is_sql(self) -> bool {
        self <= Dialect::Bigquery
    }
}

impl Expression {
    /// One of plain SQL.
    pub(crate) fn sql(text: String) -> Expression {
        Expression {
            dialects: vec![DialectExpression {
                dialect: Dialect::AnsiSql,
                expression: text,
            }],
        }
    }
}

/// What a language model is told: a text, or a mapping of which three keys have a meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum AiContext {
    Text(String),
    Keys(AiKeys),
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct AiKeys {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) synonyms: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) examples: Option<Vec<Value>>,
    #[serde(flatten)]
    pub(crate) more: Map<String, Value>,
}

impl AiContext {
    /// Instructions and synonyms, if there is either.
    pub(crate) fn of(instructions: &str, synonyms: &[String]) -> Option<AiContext> {
        (!instructions.is_empty() || !synonyms.is_empty()).then(|| {
            AiContext::Keys(AiKeys {
                instructions: (!instructions.is_empty()).then(|| instructions.to_string()),
                synonyms: (!synonyms.is_empty()).then(|| synonyms.to_vec()),
                ..AiKeys::default()
            })
        })
    }

    pub(crate) fn instructions(&self) -> &str {
        match self {
            AiContext::Text(text) => text,
            AiContext::Keys(keys) => keys.instructions.as_deref().unwrap_or_default(),
        }
    }

    pub(crate) fn synonyms(&self) -> Option<&[String]> {
        match self {
            AiContext::Text(_) => None,
            AiContext::Keys(keys) => keys.synonyms.as_deref(),
        }
    }

    /// Keys that are passed over.
    pub(crate) fn unread(&self) -> Vec<&str> {
        match self {
            AiContext::Text(_) => Vec::new(),
            AiContext::Keys(keys) => keys
                .examples
                .iter()
                .map(|_| "examples")
                .chain(keys.more.keys().map(String::as_str))
                .collect(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extension {
    pub(crate) vendor_name: String,
    /// A JSON text.
    pub(crate) data: String,
}

/// Our name in `custom_extensions`.
pub(crate) const VENDOR: &str = "RETAIL_INSIGHTS";
