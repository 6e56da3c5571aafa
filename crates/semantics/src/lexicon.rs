//! Words of the house: what verbs and adjectives mean, and questions that someone has checked.

use crate::RowFilter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Words that the names of the model do not tell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lexicon {
    /// Verb (any form, lower case) → dataset whose rows it speaks of ("returned" → returns).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub verbs: BTreeMap<String, String>,
    /// Adjective or noun phrase (lower case) → condition ("new store", "cancelled").
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub adjectives: BTreeMap<String, RowFilter>,
}

impl Lexicon {
    /// Whether it has no words.
    pub fn is_empty(&self) -> bool {
        self.verbs.is_empty() && self.adjectives.is_empty()
    }
}

/// A question whose typed query someone has checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifiedQuery {
    /// As people ask it.
    pub question: String,
    /// The typed query as JSON (see the schema of the typed query).
    pub query: serde_json::Value,
    /// Who checked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<String>,
    /// When (`YYYY-MM-DD`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<String>,
}
