//! Chat completions: OpenAI, Azure, and servers that follow them (vLLM, Ollama, llama.cpp, Groq,
//! Together …). <https://platform.openai.com/docs/api-reference/chat>

use super::{Asked, Finish, Outgoing, Usage, WireFault, Written, count, error_in_stream, numbers};
use crate::models::Author;
use crate::secret::Secret;
use crate::sse::Event;
use serde_json::{Map, Value, json};

pub(super) fn ask(base: &str, key: Option<&Secret>, asked: &Asked<'_>, own: bool) -> Outgoing {
    Outgoing {
        url: format!("{base}/chat/completions"),
        headers: bearer(key),
        body: body(asked, own),
    }
}

pub(super) fn ask_azure(
    base: &str,
    api_version: &str,
    key: Option<&Secret>,
    asked: &Asked<'_>,
) -> Outgoing {
    Outgoing {
        url: azure_url(base, asked.model, "chat/completions", api_version),
        headers: azure_key(key),
        body: body(asked, true),
    }
}

fn bearer(key: Option<&Secret>) -> Vec<(&'static str, Secret)> {
    key.map(|key| ("authorization", key.behind("Bearer")))
        .into_iter()
        .collect()
}

fn azure_key(key: Option<&Secret>) -> Vec<(&'static str, Secret)> {
    key.map(|key| ("api-key", key.clone()))
        .into_iter()
        .collect()
}

fn azure_url(base: &str, deployment: &str, what: &str, api_version: &str) -> String {
    format!("{base}/openai/deployments/{deployment}/{what}?api-version={api_version}")
}

fn body(asked: &Asked<'_>, own: bool) -> Value {
    let mut messages = vec![json!({"role": "system", "content": asked.system})];
    messages.extend(asked.messages.iter().map(|message| {
        let role = match message.author {
            Author::User => "user",
            Author::Model => "assistant",
        };
        json!({"role": role, "content": message.text})
    }));
    let mut body = Map::new();
    body.insert("model".into(), json!(asked.model));
    body.insert("messages".into(), Value::Array(messages));
    body.insert("stream".into(), json!(true));
    if asked.counts {
        body.insert("stream_options".into(), json!({"include_usage": true}));
    }
    let limit = if own {
        "max_completion_tokens"
    } else {
        "max_tokens"
    };
    body.insert(limit.into(), json!(asked.max_output_tokens));
    if let Some(temperature) = asked.temperature {
        body.insert("temperature".into(), json!(temperature));
    }
    if let Some(schema) = asked.schema {
        body.insert(
            "response_format".into(),
            json!({"type": "json_schema", "json_schema": {
                "name": schema.name,
                "schema": schema.json,
                "strict": is_strict(&schema.json),
            }}),
        );
    }
    Value::Object(body)
}

/// Whether a schema is in the part of JSON Schema that OpenAI can enforce; it refuses others under
/// `strict`: every object closed, every property required, no composition but `anyOf`.
fn is_strict(schema: &Value) -> bool {
    fn walk(value: &Value) -> bool {
        match value {
            Value::Object(map) => {
                const COMPOSED: [&str; 9] = [
                    "oneOf",
                    "allOf",
                    "not",
                    "if",
                    "then",
                    "else",
                    "patternProperties",
                    "dependentSchemas",
                    "prefixItems",
                ];
                if COMPOSED.iter().any(|key| map.contains_key(*key)) {
                    return false;
                }
                let is_object = map.get("type").is_some_and(|t| match t {
                    Value::Array(types) => types.iter().any(|t| t == "object"),
                    other => other == "object",
                });
                if is_object {
                    let required = map.get("required").and_then(Value::as_array);
                    let complete = match map.get("properties").and_then(Value::as_object) {
                        None => true,
                        Some(properties) => properties.keys().all(|name| {
                            required.is_some_and(|list| list.iter().any(|item| item == name))
                        }),
                    };
                    if map.get("additionalProperties") != Some(&Value::Bool(false)) || !complete {
                        return false;
                    }
                }
                map.values().all(walk)
            }
            Value::Array(list) => list.iter().all(walk),
            _ => true,
        }
    }
    schema.get("type").is_some_and(|t| t == "object") && walk(schema)
}

pub(super) fn read_event(event: &Event, into: &mut Written) -> Result<(), WireFault> {
    if event.data.trim() == "[DONE]" {
        into.ended = true;
        return Ok(());
    }
    let chunk: Value = serde_json::from_str(&event.data)
        .map_err(|error| WireFault::malformed(format!("an event is not JSON: {error}")))?;
    read(&chunk, "delta", into)
}

pub(super) fn read_whole(reply: &Value, into: &mut Written) -> Result<(), WireFault> {
    if reply.get("error").is_none_or(Value::is_null) && reply.get("choices").is_none() {
        return Err(WireFault::malformed("the reply has no `choices`"));
    }
    read(reply, "message", into)
}

fn read(chunk: &Value, part: &str, into: &mut Written) -> Result<(), WireFault> {
    if let Some(error) = chunk.get("error").filter(|error| !error.is_null()) {
        return Err(error_in_stream(error));
    }
    if let Some(usage) = chunk.get("usage").filter(|usage| usage.is_object()) {
        let cached = count(usage, "/prompt_tokens_details/cached_tokens");
        into.usage = Some(Usage {
            input: count(usage, "/prompt_tokens").saturating_sub(cached),
            cached,
            cache_written: 0,
            output: count(usage, "/completion_tokens"),
        });
    }
    let Some(choice) = chunk.pointer("/choices/0") else {
        return Ok(());
    };
    let written = choice.get(part);
    if let Some(text) = written
        .and_then(|w| w.get("content"))
        .and_then(Value::as_str)
    {
        into.text.push_str(text);
    }
    if let Some(refusal) = written
        .and_then(|w| w.get("refusal"))
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
    {
        into.finish = Some(Finish::Refused(super::shortened(refusal)));
    }
    match choice.get("finish_reason").and_then(Value::as_str) {
        Some("length") => into.finish = Some(Finish::AtLimit),
        Some("content_filter") => into.finish = Some(Finish::Refused("content_filter".into())),
        Some(_) if into.finish.is_none() => into.finish = Some(Finish::Whole),
        _ => {}
    }
    Ok(())
}

pub(super) fn embed(base: &str, key: Option<&Secret>, model: &str, texts: &[String]) -> Outgoing {
    Outgoing {
        url: format!("{base}/embeddings"),
        headers: bearer(key),
        body: json!({"model": model, "input": texts, "encoding_format": "float"}),
    }
}

pub(super) fn embed_azure(
    base: &str,
    api_version: &str,
    key: Option<&Secret>,
    model: &str,
    texts: &[String],
) -> Outgoing {
    Outgoing {
        url: azure_url(base, model, "embeddings", api_version),
        headers: azure_key(key),
        body: json!({"input": texts, "encoding_format": "float"}),
    }
}

pub(super) fn read_vectors(reply: &Value) -> Result<(Vec<Vec<f32>>, Option<Usage>), WireFault> {
    let mut rows: Vec<&Value> = reply
        .get("data")
        .and_then(Value::as_array)
        .ok_or_else(|| WireFault::malformed("the reply has no `data`"))?
        .iter()
        .collect();
    rows.sort_by_key(|row| count(row, "/index"));
    let vectors = rows
        .into_iter()
        .map(|row| numbers(row.get("embedding")))
        .collect::<Result<_, _>>()?;
    let usage = reply
        .get("usage")
        .filter(|usage| usage.is_object())
        .map(|usage| Usage {
            input: count(usage, "/prompt_tokens"),
            ..Usage::default()
        });
    Ok((vectors, usage))
}

#[cfg(test)]
mod tests {
    use super::is_strict;
    use serde_json::json;

    #[test]
    fn only_closed_schemas_are_strict() {
        let closed = json!({"type": "object", "additionalProperties": false, "required": ["a"],
            "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}});
        assert!(is_strict(&closed));
        for open in [
            json!({"type": "object", "required": ["a"], "properties": {"a": {}}}),
            json!({"type": "object", "additionalProperties": false, "properties": {"a": {}}}),
            json!({"type": "object", "additionalProperties": false, "oneOf": []}),
            json!({"anyOf": [closed]}),
            json!({"type": "object", "additionalProperties": false, "required": ["a"],
                "properties": {"a": {"type": ["object", "null"], "properties": {"b": {}}}}}),
        ] {
            assert!(!is_strict(&open), "{open}");
        }
    }
}
