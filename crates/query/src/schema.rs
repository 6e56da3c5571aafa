//! The published JSON Schemas of the typed query and of plans.

/// JSON Schema (2020-12) of [`crate::Query`].
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(crate::Query).to_value()
}

/// JSON Schema (2020-12) of [`crate::Plan`].
pub fn plan_schema() -> serde_json::Value {
    schemars::schema_for!(crate::Plan).to_value()
}
