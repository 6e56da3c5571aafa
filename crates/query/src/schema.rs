//! The published JSON Schema of the typed query.

/// JSON Schema (2020-12) of [`crate::Query`].
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(crate::Query).to_value()
}
