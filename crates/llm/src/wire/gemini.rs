//! Google Gemini: `streamGenerateContent` and `batchEmbedContents`.
//! <https://ai.google.dev/api/generate-content>

use super::{Asked, Finish, Outgoing, Usage, WireFault, Written, count, error_in_stream, numbers};
use crate::models::Author;
use crate::secret::Secret;
use crate::sse::Event;
use serde_json::{Map, Value, json};

pub(super) fn ask(base: &str, key: Option<&Secret>, asked: &Asked<'_>) -> Outgoing {
    let contents: Vec<Value> = asked
        .messages
        .iter()
        .map(|message| {
            let role = match message.author {
                Author::User => "user",
                Author::Model => "model",
            };
            json!({"role": role, "parts": [{"text": message.text}]})
        })
        .collect();
    let mut generation = Map::new();
    generation.insert("maxOutputTokens".into(), json!(asked.max_output_tokens));
    if let Some(temperature) = asked.temperature {
        generation.insert("temperature".into(), json!(temperature));
    }
    if let Some(schema) = asked.schema {
        generation.insert("responseMimeType".into(), json!("application/json"));
        generation.insert("responseJsonSchema".into(), schema.json.clone());
    }
    Outgoing {
        url: format!(
            "{base}/models/{}:streamGenerateContent?alt=sse",
            asked.model
        ),
        headers: headers(key),
        body: json!({
            "systemInstruction": {"parts": [{"text": asked.system}]},
            "contents": contents,
            "generationConfig": generation,
        }),
    }
}

fn headers(key: Option<&Secret>) -> Vec<(&'static str, Secret)> {
    key.map(|key| ("x-goog-api-key", key.clone()))
        .into_iter()
        .collect()
}

pub(super) fn read_event(event: &Event, into: &mut Written) -> Result<(), WireFault> {
    let chunk: Value = serde_json::from_str(&event.data)
        .map_err(|error| WireFault::malformed(format!("an event is not JSON: {error}")))?;
    read_chunk(&chunk, into)
}

/// Reads a part of a stream or a whole reply, which have the same form.
pub(super) fn read_chunk(chunk: &Value, into: &mut Written) -> Result<(), WireFault> {
    if let Some(error) = chunk.get("error") {
        return Err(error_in_stream(error));
    }
    if let Some(usage) = chunk.get("usageMetadata") {
        let cached = count(usage, "/cachedContentTokenCount");
        into.usage = Some(Usage {
            input: count(usage, "/promptTokenCount").saturating_sub(cached),
            cached,
            cache_written: 0,
            output: count(usage, "/candidatesTokenCount") + count(usage, "/thoughtsTokenCount"),
        });
    }
    if let Some(reason) = chunk
        .pointer("/promptFeedback/blockReason")
        .and_then(Value::as_str)
    {
        into.finish = Some(Finish::Refused(reason.to_owned()));
        return Ok(());
    }
    let Some(candidate) = chunk.pointer("/candidates/0") else {
        return if chunk.get("usageMetadata").is_some() {
            Ok(())
        } else {
            Err(WireFault::malformed("the reply has no `candidates`"))
        };
    };
    for part in candidate
        .pointer("/content/parts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let is_thought = part
            .get("thought")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        if let Some(text) = part
            .get("text")
            .and_then(Value::as_str)
            .filter(|_| !is_thought)
        {
            into.text.push_str(text);
        }
    }
    if let Some(reason) = candidate.get("finishReason").and_then(Value::as_str) {
        into.finish = Some(match reason {
            "STOP" => Finish::Whole,
            "MAX_TOKENS" => Finish::AtLimit,
            other => Finish::Refused(other.to_owned()),
        });
    }
    Ok(())
}

pub(super) fn embed(base: &str, key: Option<&Secret>, model: &str, texts: &[String]) -> Outgoing {
    let requests: Vec<Value> = texts
        .iter()
        .map(|text| {
            json!({"model": format!("models/{model}"), "content": {"parts": [{"text": text}]}})
        })
        .collect();
    Outgoing {
        url: format!("{base}/models/{model}:batchEmbedContents"),
        headers: headers(key),
        body: json!({"requests": requests}),
    }
}

pub(super) fn read_vectors(reply: &Value) -> Result<(Vec<Vec<f32>>, Option<Usage>), WireFault> {
    let vectors = reply
        .get("embeddings")
        .and_then(Value::as_array)
        .ok_or_else(|| WireFault::malformed("the reply has no `embeddings`"))?
        .iter()
        .map(|row| numbers(row.get("values")))
        .collect::<Result<_, _>>()?;
    Ok((vectors, None))
}
