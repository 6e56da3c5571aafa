//! Anthropic's messages. A schema becomes a tool that the model has to call: every model of theirs
//! can do that. <https://docs.anthropic.com/en/api/messages>

use super::{Asked, Finish, Outgoing, WireFault, Written, count, error_in_stream};
use crate::models::Author;
use crate::secret::Secret;
use crate::sse::Event;
use serde_json::{Map, Value, json};

const VERSION: &str = "2023-06-01";

pub(super) fn ask(base: &str, key: Option<&Secret>, asked: &Asked<'_>) -> Outgoing {
    let messages: Vec<Value> = asked
        .messages
        .iter()
        .map(|message| {
            let role = match message.author {
                Author::User => "user",
                Author::Model => "assistant",
            };
            json!({"role": role, "content": message.text})
        })
        .collect();
    let mut body = Map::new();
    body.insert("model".into(), json!(asked.model));
    body.insert("max_tokens".into(), json!(asked.max_output_tokens));
    // What stands before the mark (tools and instructions) is the same for many questions; the
    // provider keeps it for some minutes at a tenth of the price.
    body.insert(
        "system".into(),
        json!([{"type": "text", "text": asked.system, "cache_control": {"type": "ephemeral"}}]),
    );
    body.insert("messages".into(), Value::Array(messages));
    body.insert("stream".into(), json!(true));
    if let Some(temperature) = asked.temperature {
        body.insert("temperature".into(), json!(temperature));
    }
    if let Some(schema) = asked.schema {
        body.insert(
            "tools".into(),
            json!([{"name": schema.name, "description": "Takes the reply.", "input_schema": schema.json}]),
        );
        body.insert(
            "tool_choice".into(),
            json!({"type": "tool", "name": schema.name}),
        );
    }
    let mut headers = vec![("anthropic-version", Secret::new(VERSION))];
    headers.extend(key.map(|key| ("x-api-key", key.clone())));
    Outgoing {
        url: format!("{base}/messages"),
        headers,
        body: Value::Object(body),
    }
}

pub(super) fn read_event(event: &Event, into: &mut Written) -> Result<(), WireFault> {
    let chunk: Value = serde_json::from_str(&event.data)
        .map_err(|error| WireFault::malformed(format!("an event is not JSON: {error}")))?;
    match chunk.get("type").and_then(Value::as_str) {
        Some("message_start") => usage(chunk.pointer("/message/usage"), into),
        Some("content_block_delta") => {
            // The texts of a reply and the pieces of a tool's input; a reply has one or the other.
            let text = chunk
                .pointer("/delta/text")
                .or_else(|| chunk.pointer("/delta/partial_json"))
                .and_then(Value::as_str);
            into.text.push_str(text.unwrap_or_default());
        }
        Some("message_delta") => {
            usage(chunk.get("usage"), into);
            finish(chunk.pointer("/delta/stop_reason"), into);
        }
        Some("message_stop") => into.ended = true,
        Some("error") => {
            return Err(error_in_stream(chunk.get("error").unwrap_or(&Value::Null)));
        }
        // `ping`, starts and ends of blocks, and what may be added: the documentation asks to pass
        // unknown events over.
        Some(_) => {}
        None => return Err(WireFault::malformed("an event has no `type`")),
    }
    Ok(())
}

pub(super) fn read_whole(reply: &Value, into: &mut Written) -> Result<(), WireFault> {
    if let Some(error) = reply.get("error") {
        return Err(error_in_stream(error));
    }
    let blocks = reply
        .get("content")
        .and_then(Value::as_array)
        .ok_or_else(|| WireFault::malformed("the reply has no `content`"))?;
    for block in blocks {
        if let Some(text) = block.get("text").and_then(Value::as_str) {
            into.text.push_str(text);
        } else if let Some(input) = block.get("input") {
            into.text.push_str(&input.to_string());
        }
    }
    usage(reply.get("usage"), into);
    finish(reply.get("stop_reason"), into);
    Ok(())
}

/// Counts are cumulative; later events repeat some of them and leave others out.
fn usage(reported: Option<&Value>, into: &mut Written) {
    let Some(reported) = reported.filter(|reported| reported.is_object()) else {
        return;
    };
    let mut usage = into.usage.unwrap_or_default();
    for (pointer, to) in [
        ("/input_tokens", &mut usage.input),
        ("/cache_read_input_tokens", &mut usage.cached),
        ("/cache_creation_input_tokens", &mut usage.cache_written),
        ("/output_tokens", &mut usage.output),
    ] {
        *to = (*to).max(count(reported, pointer));
    }
    into.usage = Some(usage);
}

fn finish(reason: Option<&Value>, into: &mut Written) {
    match reason.and_then(Value::as_str) {
        Some("max_tokens" | "model_context_window_exceeded") => into.finish = Some(Finish::AtLimit),
        Some("refusal") => into.finish = Some(Finish::Refused("refusal".into())),
        Some(_) => into.finish = Some(Finish::Whole),
        None => {}
    }
}
