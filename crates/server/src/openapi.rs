//! The OpenAPI 3.1 document, made from the table of operations that is also served.

use crate::problem::ProblemDetails;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

/// What an address does with a method.
pub(crate) struct Operation {
    /// `/api/v1/…`
    pub(crate) path: &'static str,
    /// `get` or `post`.
    pub(crate) method: &'static str,
    /// In a sentence.
    pub(crate) about: &'static str,
    /// The JSON that it takes.
    pub(crate) takes: Option<Describe>,
    /// What it gives when all is well, by media type.
    pub(crate) gives: Vec<(&'static str, Describe)>,
}

/// The schema of a type.
pub(crate) type Describe = fn(&mut SchemaGenerator) -> Schema;

/// The schema of what is written or read as `T`.
pub(crate) fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Text that no schema takes apart.
pub(crate) fn text(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"type": "string"})
}

/// Bytes, which have no schema.
pub(crate) fn bytes(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({})
}

/// Any JSON object.
pub(crate) fn object(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"type": "object"})
}

/// Everything that a client needs to know of the operations.
pub(crate) fn document<'a>(operations: impl Iterator<Item = &'a Operation>) -> Value {
    let settings = || {
        SchemaSettings::draft2020_12().with(|s| {
            s.meta_schema = None;
            s.definitions_path = "/components/schemas".into();
        })
    };
    // What is taken may leave out what has a default; what is given has every key.
    let mut takes = settings().into_generator();
    let mut gives = settings().for_serialize().into_generator();
    let mut paths = Map::new();
    for operation in operations {
        let content: Map<String, Value> = operation
            .gives
            .iter()
            .map(|(media, describe)| {
                let schema = describe(&mut gives).to_value();
                (media.to_string(), json!({ "schema": schema }))
            })
            .collect();
        let problem = gives.subschema_for::<ProblemDetails>().to_value();
        let mut described = json!({
            "operationId": operation_id(operation),
            "summary": operation.about,
            "responses": {
                "200": {"description": "As asked.", "content": content},
                "default": {
                    "description": "Why not, with a stable code and what to do (RFC 9457).",
                    "content": {"application/problem+json": {"schema": problem}},
                },
            },
        });
        if let Some(describe) = operation.takes {
            let schema = describe(&mut takes).to_value();
            described["requestBody"] = json!({
                "required": true,
                "content": {"application/json": {"schema": schema}},
            });
        }
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = described;
    }
    let mut schemas = takes.take_definitions(true);
    schemas.extend(gives.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Retail Insights Assistant",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Questions about sales data in plain English, answered with the evidence. Served on the loopback address.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

/// `post_ask`, `get_source`, …
fn operation_id(operation: &Operation) -> String {
    let name = operation.path.rsplit('/').next().unwrap_or_default();
    let name = name.split('.').next().unwrap_or_default();
    format!("{}_{name}", operation.method)
}
