//! The published JSON Schema of the answer document.

/// JSON Schema (2020-12) of what is written for a question: [`crate::AnswerDocument`] with every
/// key that is always there.
pub fn json_schema() -> serde_json::Value {
    schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<crate::AnswerDocument>()
        .to_value()
}
