//! The published JSON Schema of the overlay.

use super::Overlay;
use serde_json::{Value, json};

/// JSON Schema (2020-12) of the overlay. Keys that begin with `x-` are reserved for other
/// programs and allowed in every mapping of fixed keys.
pub fn overlay_schema() -> Value {
    let mut schema = schemars::schema_for!(Overlay).to_value();
    open(&mut schema);
    schema
}

/// Allows keys that begin with `x-` wherever no others are allowed.
fn open(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.values_mut().for_each(open);
            if map.get("additionalProperties") == Some(&Value::Bool(false)) {
                map.insert("patternProperties".into(), json!({"^x-": true}));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(open),
        _ => {}
    }
}
