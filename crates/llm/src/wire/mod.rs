//! The three formats in which providers speak. A file for each: what is sent, and how what comes back
//! is read. Nothing here opens a connection.

mod anthropic;
mod gemini;
mod openai;

use crate::failure::Fault;
use crate::models::{Message, OutputSchema};
use crate::secret::Secret;
use crate::sse::{self, NotEvents};
use serde_json::Value;

/// A provider's format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Chat completions, as OpenAI and the many servers that follow it speak them.
    OpenAi {
        /// OpenAI itself, which has renamed the limit of output tokens; the others know the old name.
        own: bool,
    },
    /// The same under the addresses and with the header of Azure.
    Azure { api_version: String },
    /// Google's `generateContent`.
    Gemini,
    /// Anthropic's messages.
    Anthropic,
}

/// What a model is asked, with all that the format needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Asked<'a> {
    /// The provider's name of the model.
    pub(crate) model: &'a str,
    pub(crate) system: &'a str,
    pub(crate) messages: &'a [Message],
    /// The schema that the provider is to enforce.
    pub(crate) schema: Option<&'a OutputSchema>,
    pub(crate) temperature: Option<f64>,
    pub(crate) max_output_tokens: u32,
    /// Whether the stream is asked to end with the counts of tokens.
    pub(crate) counts: bool,
}

/// What goes over the connection.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, Secret)>,
    pub(crate) body: Value,
}

/// Counts of tokens, as the provider reports them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Usage {
    /// Of the prompt, as far as it was read anew.
    pub(crate) input: u64,
    /// Of the prompt, as far as it came out of the provider's cache.
    pub(crate) cached: u64,
    /// Of the prompt, as far as it was written to the provider's cache.
    pub(crate) cache_written: u64,
    /// Of the reply, with what the model thought.
    pub(crate) output: u64,
}

/// How a reply ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finish {
    /// By itself.
    Whole,
    /// At the limit of output tokens.
    AtLimit,
    /// The model or a filter refused; the provider's word for it.
    Refused(String),
}

/// A reply, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) usage: Option<Usage>,
    pub(crate) finish: Option<Finish>,
    /// The provider said that nothing more comes.
    pub(crate) ended: bool,
}

/// What comes back is not a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WireFault {
    pub(crate) fault: Fault,
    pub(crate) message: String,
}

impl WireFault {
    fn malformed(message: impl Into<String>) -> Self {
        Self {
            fault: Fault::ReplyMalformed,
            message: message.into(),
        }
    }
}

impl From<NotEvents> for WireFault {
    fn from(fault: NotEvents) -> Self {
        match fault {
            NotEvents::Encoding => Self::malformed("the stream is not UTF-8"),
            NotEvents::TooLong => Self {
                fault: Fault::TooLarge,
                message: "one event of the stream is longer than a megabyte".into(),
            },
        }
    }
}

impl Wire {
    /// The request of a reply that streams. `base` has no slash at its end.
    pub(crate) fn ask(&self, base: &str, key: Option<&Secret>, asked: &Asked<'_>) -> Outgoing {
        match self {
            Self::OpenAi { own } => openai::ask(base, key, asked, *own),
            Self::Azure { api_version } => openai::ask_azure(base, api_version, key, asked),
            Self::Gemini => gemini::ask(base, key, asked),
            Self::Anthropic => anthropic::ask(base, key, asked),
        }
    }

    /// Reads one event of the stream.
    pub(crate) fn read_event(
        &self,
        event: &sse::Event,
        into: &mut Written,
    ) -> Result<(), WireFault> {
        match self {
            Self::OpenAi { .. } | Self::Azure { .. } => openai::read_event(event, into),
            Self::Gemini => gemini::read_event(event, into),
            Self::Anthropic => anthropic::read_event(event, into),
        }
    }

    /// Reads a reply that came whole, from a server that does not stream.
    pub(crate) fn read_whole(&self, body: &[u8]) -> Result<Written, WireFault> {
        let value = parsed(body)?;
        let mut written = Written::default();
        match self {
            Self::OpenAi { .. } | Self::Azure { .. } => openai::read_whole(&value, &mut written),
            Self::Gemini => gemini::read_chunk(&value, &mut written),
            Self::Anthropic => anthropic::read_whole(&value, &mut written),
        }?;
        written.ended = true;
        Ok(written)
    }

    /// The request of vectors; none where the provider has no such thing.
    pub(crate) fn embed(
        &self,
        base: &str,
        key: Option<&Secret>,
        model: &str,
        texts: &[String],
    ) -> Option<Outgoing> {
        match self {
            Self::OpenAi { .. } => Some(openai::embed(base, key, model, texts)),
            Self::Azure { api_version } => {
                Some(openai::embed_azure(base, api_version, key, model, texts))
            }
            Self::Gemini => Some(gemini::embed(base, key, model, texts)),
            Self::Anthropic => None,
        }
    }

    /// Reads vectors: as many as texts, all of one length.
    pub(crate) fn read_vectors(
        &self,
        body: &[u8],
        texts: usize,
    ) -> Result<(Vec<Vec<f32>>, Option<Usage>), WireFault> {
        let value = parsed(body)?;
        let (vectors, usage) = match self {
            Self::Gemini => gemini::read_vectors(&value),
            _ => openai::read_vectors(&value),
        }?;
        if vectors.len() != texts {
            return Err(WireFault::malformed(format!(
                "{} vectors came back for {texts} texts",
                vectors.len()
            )));
        }
        let length = vectors.first().map_or(0, Vec::len);
        if texts > 0 && (length == 0 || vectors.iter().any(|v| v.len() != length)) {
            return Err(WireFault::malformed(
                "the vectors are empty or of different lengths",
            ));
        }
        Ok((vectors, usage))
    }
}

fn parsed(body: &[u8]) -> Result<Value, WireFault> {
    serde_json::from_slice(body)
        .map_err(|error| WireFault::malformed(format!("the reply is not JSON: {error}")))
}

/// What a provider says in a body of an error: all three formats hold it in `error.message`; Gemini
/// wraps it into a list when it streams, others give a bare text.
pub(crate) fn error_message(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let value = value.get(0).unwrap_or(&value);
    let error = value.get("error").unwrap_or(value);
    let said = error
        .get("message")
        .or_else(|| error.get("detail"))
        .unwrap_or(error);
    match said {
        Value::String(text) => shortened(text),
        _ => shortened(&String::from_utf8_lossy(body)),
    }
}

/// How long Gemini asks to wait, in the details of its error (`"retryDelay": "34s"`), in seconds.
pub(crate) fn retry_delay(body: &[u8]) -> Option<f64> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let value = value.get(0).unwrap_or(&value);
    value
        .pointer("/error/details")?
        .as_array()?
        .iter()
        .find_map(|detail| {
            detail
                .get("retryDelay")?
                .as_str()?
                .strip_suffix('s')?
                .parse()
                .ok()
        })
}

/// One line of at most 300 characters, without control characters.
pub(crate) fn shortened(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(301)
        .collect();
    match clean.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", clean.get(..end).unwrap_or_default()),
        None => clean,
    }
}

/// An error that comes inside of a stream, after status 200.
fn error_in_stream(error: &Value) -> WireFault {
    let kind = ["type", "status", "code"]
        .iter()
        .filter_map(|key| error.get(key))
        .map(|value| match value {
            Value::String(text) => text.to_lowercase(),
            other => other.to_string(),
        })
        .collect::<Vec<_>>()
        .join(" ");
    let has = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    let fault = if has(&["rate_limit", "resource_exhausted", "429"]) {
        Fault::RateLimited
    } else if has(&[
        "overloaded",
        "api_error",
        "server_error",
        "unavailable",
        "internal",
        "50",
    ]) {
        Fault::Unavailable
    } else if has(&[
        "authentication",
        "permission",
        "unauthenticated",
        "401",
        "403",
    ]) {
        Fault::KeyRefused
    } else {
        Fault::RequestRejected
    };
    let said = error
        .get("message")
        .and_then(Value::as_str)
        .map_or_else(|| shortened(&error.to_string()), shortened);
    WireFault {
        fault,
        message: format!("the stream ended in an error: {said}"),
    }
}

/// Numbers of a vector; anything else makes it no vector.
fn numbers(value: Option<&Value>) -> Result<Vec<f32>, WireFault> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "vectors are compared by cosine, for which 24 bits are plenty"
    )]
    value
        .and_then(Value::as_array)
        .and_then(|list| list.iter().map(|n| n.as_f64().map(|n| n as f32)).collect())
        .ok_or_else(|| {
            WireFault::malformed("a vector is missing or holds something else than numbers")
        })
}

fn count(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Wire, Written, error_message, retry_delay};
    use crate::sse::Event;
    use proptest::prelude::*;

    /// Values of the shapes that replies have, with anything in their places.
    fn shapes() -> impl Strategy<Value = String> {
        const NAMES: &str = "choices|delta|message|content|parts|text|candidates|usage|error|type|finish_reason|data|embedding|embeddings|values|index|details|retryDelay|stop_reason|usageMetadata";
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("-1e300".to_owned()),
            Just("18446744073709551616".to_owned()),
            "\"[a-zäß\\\\n]{0,8}\"",
            Just("\"message_delta\"".to_owned()),
            any::<i64>().prop_map(|n| n.to_string()),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4)
                    .prop_map(|l| format!("[{}]", l.join(","))),
                proptest::collection::vec((NAMES, inner), 0..5).prop_map(|fields| {
                    let fields: Vec<String> = fields
                        .iter()
                        .map(|(name, value)| format!("\"{name}\":{value}"))
                        .collect();
                    format!("{{{}}}", fields.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_reply_crashes_a_reader(text in prop_oneof![shapes(), ".{0,40}"]) {
            for wire in [
                Wire::OpenAi { own: true },
                Wire::Azure { api_version: String::new() },
                Wire::Gemini,
                Wire::Anthropic,
            ] {
                let mut written = Written::default();
                let event = Event { name: String::new(), data: text.clone() };
                let _ = wire.read_event(&event, &mut written);
                let _ = wire.read_whole(text.as_bytes());
                if let Ok((vectors, _)) = wire.read_vectors(text.as_bytes(), 2) {
                    prop_assert_eq!(vectors.len(), 2);
                }
            }
            prop_assert!(error_message(text.as_bytes()).chars().count() <= 301);
            let _ = retry_delay(text.as_bytes());
        }
    }
}
