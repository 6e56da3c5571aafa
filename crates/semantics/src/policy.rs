//! Who may see what.

use crate::{FieldRef, RowFilter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a group of users sees. Rows and columns are taken away before anything is aggregated, in
/// every sub-query, in value look-up and in rollups. A user of several groups sees what any of
/// them sees.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Group (role) of users.
    pub group: String,
    /// Rows that are visible: each condition holds for every row of each dataset that reaches
    /// its fields many-to-one (or has them). All rows if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowFilter>,
    /// Fields that do not exist for the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden_fields: Vec<FieldRef>,
    /// Metrics that do not exist for the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden_metrics: Vec<String>,
    /// Fields that may be counted and joined by but whose values are never shown, compared or
    /// looked up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masked_fields: Vec<FieldRef>,
}
