//! What a model is asked to be.

use serde::{Deserialize, Serialize};

/// A part that a model plays. The configuration gives each part an ordered list of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Recognises what is wanted and holds the conversation; the strong model.
    Orchestrate,
    /// Splits a complex question into typed steps.
    Plan,
    /// Writes one typed query; the fast, cheap model.
    Query,
    /// Writes SQL where no typed query can say it.
    Sql,
    /// Writes prose out of computed findings.
    Summarise,
    /// Looks for what is wrong with a proposal; may reject or ask, never add.
    Validate,
    /// Turns texts into vectors.
    Embed,
}

impl Role {
    /// All of them, in the order in which they are documented.
    pub const ALL: [Self; 7] = [
        Self::Orchestrate,
        Self::Plan,
        Self::Query,
        Self::Sql,
        Self::Summarise,
        Self::Validate,
        Self::Embed,
    ];

    /// The name in the configuration, in answers and in transcripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Orchestrate => "orchestrate",
            Self::Plan => "plan",
            Self::Query => "query",
            Self::Sql => "sql",
            Self::Summarise => "summarise",
            Self::Validate => "validate",
            Self::Embed => "embed",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(self.name())
    }
}
