//! One model of one provider: a request to it, with retries, concessions, repair and costs.

use crate::call::CallFault;
use crate::configuration::{Kind, Model, Provider, Structured};
use crate::failure::{Failure, Fault};
use crate::http::Connections;
use crate::models::{Message, Piece, Request};
use crate::money::Money;
use crate::purse::Purse;
use crate::retry;
use crate::role::Role;
use crate::secret::{Redactor, Secret};
use crate::structured;
use crate::wire::{Asked, Finish, Usage, Wire, Written};
use answer::ModelCall;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Repairs of a reply that does not fit its schema.
const REPAIRS: u32 = 2;
/// Texts whose vectors are asked for in one call.
const TEXTS_AT_ONCE: usize = 64;
/// The longest part of a faulty reply that is told back to its model, in characters.
const LONGEST_TOLD: usize = 4_000;

const SCHEMA_PROMPT: &str = include_str!("prompts/schema.md");
const REPAIR_PROMPT: &str = include_str!("prompts/repair.md");

/// What a call shares with the other calls of its question.
pub(crate) struct Asking<'a> {
    pub(crate) purse: &'a Purse,
    pub(crate) stop: &'a dyn Fn() -> bool,
    /// A number in 0..1, another one each time.
    pub(crate) chance: &'a dyn Fn() -> f64,
    pub(crate) now: fn() -> Timestamp,
    pub(crate) redactor: &'a Redactor,
    /// Calls made so far.
    pub(crate) calls: Vec<ModelCall>,
}

/// What a provider has turned out not to take; it is not offered again.
#[derive(Debug, Clone, Copy, Default)]
struct Concessions {
    schema: bool,
    temperature: bool,
    counts: bool,
}

/// A model that can be asked.
pub(crate) struct Spoke {
    /// Its name in the configuration.
    name: String,
    pub(crate) provider_name: String,
    pub(crate) provider: Provider,
    pub(crate) model: Model,
    pub(crate) wire: Wire,
    base: String,
    /// The key, or why there is none.
    key: Result<Option<Secret>, String>,
    pub(crate) connections: Arc<Connections>,
    concessions: Mutex<Concessions>,
    /// Until when the provider has asked not to be called.
    not_before: Mutex<Option<Instant>>,
}

impl Spoke {
    pub(crate) fn new(
        name: &str,
        model: &Model,
        provider: &Provider,
        key: Result<Option<Secret>, String>,
        connections: Arc<Connections>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            provider_name: model.provider.get_ref().clone(),
            wire: wire_of(provider),
            base: base_of(provider),
            provider: provider.clone(),
            model: model.clone(),
            key,
            connections,
            concessions: Mutex::default(),
            not_before: Mutex::default(),
        }
    }

    /// Asks until there is a reply that fits, or no hope of one.
    pub(crate) fn ask(
        &self,
        request: &Request,
        asking: &mut Asking<'_>,
        on_text: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(String, Option<Value>), Failure> {
        let mut messages = request.messages.clone();
        let cap = self.model.max_output_tokens.unwrap_or(u32::MAX);
        let mut limit = request.max_output_tokens.min(cap);
        let (mut tries, mut repairs, mut extended) = (0, 0, false);
        loop {
            let written = match self.reply(request, &messages, limit, asking, on_text) {
                Ok(written) => written,
                Err(fault) => {
                    if self.conceded(&fault) {
                        continue;
                    }
                    self.wait_or_fail(fault, request.role, &mut tries, asking)?;
                    continue;
                }
            };
            let parsed = request
                .schema
                .as_ref()
                .map(|schema| structured::parsed(&written.text, schema))
                .transpose();
            match (written.finish, parsed) {
                (Some(Finish::Refused(reason)), _) => {
                    let message = format!("it refused to reply ({reason})");
                    return Err(self.failure(request.role, Fault::Declined, &message));
                }
                (Some(Finish::AtLimit), Ok(Some(value))) => return Ok((written.text, Some(value))),
                (Some(Finish::AtLimit), _) => {
                    let longer = limit.saturating_mul(2).min(cap);
                    if extended || longer <= limit {
                        let message = format!("its reply ended at {limit} tokens");
                        return Err(self.failure(request.role, Fault::Truncated, &message));
                    }
                    extended = true;
                    limit = longer;
                    on_text(Piece::Restart);
                }
                (_, Ok(_)) if written.text.trim().is_empty() => {
                    return Err(self.failure(
                        request.role,
                        Fault::ReplyMalformed,
                        "its reply is empty",
                    ));
                }
                (_, Ok(value)) => return Ok((written.text, value)),
                (_, Err(fault)) if repairs < REPAIRS => {
                    repairs += 1;
                    on_text(Piece::Restart);
                    // Earlier repairs are dropped: the last reply and what is wrong with it suffice.
                    messages.truncate(request.messages.len());
                    messages.push(Message::model(
                        written.text.chars().take(LONGEST_TOLD).collect::<String>(),
                    ));
                    messages.push(Message::user(
                        REPAIR_PROMPT.replace("{{fault}}", &fault).trim(),
                    ));
                }
                (_, Err(fault)) => {
                    let message = format!("{fault} (after {REPAIRS} repairs)");
                    return Err(self.failure(request.role, Fault::SchemaMismatch, &message));
                }
            }
        }
    }

    /// Vectors of texts.
    pub(crate) fn embed(
        &self,
        texts: &[String],
        asking: &mut Asking<'_>,
    ) -> Result<Vec<Vec<f32>>, Failure> {
        let mut tries = 0;
        let mut vectors = Vec::with_capacity(texts.len());
        let mut rest = texts.chunks(TEXTS_AT_ONCE);
        let mut batch = rest.next();
        while let Some(texts) = batch {
            let done = self.key().and_then(|key| {
                let outgoing = self
                    .wire
                    .embed(&self.base, key, &self.model.name, texts)
                    .ok_or_else(|| {
                        CallFault::new(Fault::NotConfigured, "its provider has no vectors")
                    })?;
                self.call_for_vectors(outgoing, texts.len(), asking)
            });
            match done {
                Ok(found) => {
                    vectors.extend(found);
                    batch = rest.next();
                }
                Err(fault) => self.wait_or_fail(fault, Role::Embed, &mut tries, asking)?,
            }
        }
        Ok(vectors)
    }

    /// Waits before a further try, or says why there is none.
    fn wait_or_fail(
        &self,
        fault: CallFault,
        role: Role,
        tries: &mut u32,
        asking: &Asking<'_>,
    ) -> Result<(), Failure> {
        let longest = Duration::from_secs_f64(self.provider.longest_wait_seconds);
        let wait = fault
            .wait
            .unwrap_or_else(|| retry::own_wait(*tries, (asking.chance)()));
        let in_time = asking.purse.time_left().is_some_and(|left| wait < left);
        if fault.again && *tries < self.provider.retries && wait <= longest && in_time {
            *tries += 1;
            return self
                .pause(wait, asking)
                .map_err(|f| self.failure(role, f.fault, &f.message));
        }
        let mut message = fault.message;
        if *tries > 0 {
            message = format!("{message} (after {} tries)", *tries + 1);
        }
        Err(self.failure(role, fault.fault, &asking.redactor.redacted(&message)))
    }

    fn pause(&self, wait: Duration, asking: &Asking<'_>) -> Result<(), CallFault> {
        let until = Instant::now() + wait;
        loop {
            if (asking.stop)() {
                return Err(CallFault::new(
                    Fault::Stopped,
                    "stopped while waiting to try again",
                ));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(Duration::from_millis(20)));
        }
    }

    /// Honours what the provider has asked of any caller: waits a little, or fails without a call.
    pub(crate) fn heed_limit(&self, asking: &Asking<'_>) -> Result<(), CallFault> {
        let Some(until) = *lock(&self.not_before) else {
            return Ok(());
        };
        let wait = until.saturating_duration_since(Instant::now());
        let longest = Duration::from_secs_f64(self.provider.longest_wait_seconds);
        let in_time = asking.purse.time_left().is_some_and(|left| wait < left);
        if wait > longest || !in_time {
            return Err(CallFault::new(
                Fault::RateLimited,
                format!(
                    "its provider has asked to wait {:.1} more seconds",
                    wait.as_secs_f64()
                ),
            ));
        }
        self.pause(wait, asking)
    }

    pub(crate) fn hold_off(&self, wait: Option<Duration>) {
        if let Some(until) = wait.and_then(|wait| Instant::now().checked_add(wait)) {
            let mut not_before = lock(&self.not_before);
            *not_before = Some(not_before.map_or(until, |earlier| earlier.max(until)));
        }
    }

    /// One call for a reply.
    fn reply(
        &self,
        request: &Request,
        messages: &[Message],
        limit: u32,
        asking: &mut Asking<'_>,
        on_text: &mut dyn FnMut(Piece<'_>),
    ) -> Result<Written, CallFault> {
        let conceded = *lock(&self.concessions);
        let by_provider = self.model.structured == Structured::Schema && !conceded.schema;
        let mut system = request.system.clone();
        if let Some(schema) = &request.schema
            && !by_provider
        {
            system.push_str("\n\n");
            system.push_str(
                SCHEMA_PROMPT
                    .replace("{{schema}}", &schema.json.to_string())
                    .trim(),
            );
        }
        let asked = Asked {
            model: &self.model.name,
            system: &system,
            messages,
            schema: request.schema.as_ref().filter(|_| by_provider),
            temperature: (!conceded.temperature).then_some(self.model.temperature),
            max_output_tokens: limit,
            counts: !conceded.counts,
        };
        let outgoing = self.wire.ask(&self.base, self.key()?, &asked);
        self.call(request.role, outgoing, limit, asking, on_text)
    }

    fn key(&self) -> Result<Option<&Secret>, CallFault> {
        match &self.key {
            Ok(key) => Ok(key.as_ref()),
            Err(why) => Err(CallFault::new(Fault::KeyRefused, why.clone())),
        }
    }

    /// Whether a request that was rejected names something that can be left out, and was not yet:
    /// another request may then do. Remembered for the calls after it.
    fn conceded(&self, fault: &CallFault) -> bool {
        if fault.fault != Fault::RequestRejected {
            return false;
        }
        let said = fault.message.to_lowercase();
        let names = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let mut concessions = lock(&self.concessions);
        let place = if names(&["stream_options", "include_usage"]) {
            &mut concessions.counts
        } else if names(&["temperature"]) {
            &mut concessions.temperature
        } else if self.model.structured == Structured::Schema
            && names(&[
                "schema",
                "response_format",
                "responsemimetype",
                "grammar",
                "tool",
            ])
        {
            &mut concessions.schema
        } else {
            return false;
        };
        !std::mem::replace(place, true)
    }

    /// The most that a call can cost.
    pub(crate) fn highest_price(&self, input: u64, output: u64) -> Money {
        let rates = self.rates();
        let input_rate = rates.input.max(rates.cache_written);
        Money::of_tokens(input, input_rate) + Money::of_tokens(output, rates.output)
    }

    /// What a call has cost.
    pub(crate) fn price(&self, usage: Usage) -> Money {
        let rates = self.rates();
        Money::of_tokens(usage.input, rates.input)
            + Money::of_tokens(usage.cached, rates.cached)
            + Money::of_tokens(usage.cache_written, rates.cache_written)
            + Money::of_tokens(usage.output, rates.output)
    }

    fn rates(&self) -> Rates {
        let input = self.model.input_usd.unwrap_or(0.0);
        let kept = if self.wire == Wire::Anthropic {
            1.25
        } else {
            1.0
        };
        Rates {
            input,
            cached: self.model.cached_input_usd.unwrap_or(input),
            cache_written: self.model.cache_write_usd.unwrap_or(input * kept),
            output: self.model.output_usd.unwrap_or(0.0),
        }
    }

    fn failure(&self, role: Role, fault: Fault, what: &str) -> Failure {
        Failure::new(
            fault,
            format!(
                "role `{role}`, model `{}` of provider `{}`: {what}",
                self.name, self.provider_name
            ),
        )
    }
}

/// US dollars for a million tokens.
struct Rates {
    input: f64,
    cached: f64,
    cache_written: f64,
    output: f64,
}

/// The format of a provider.
fn wire_of(provider: &Provider) -> Wire {
    match provider.kind {
        Kind::OpenAi => Wire::OpenAi {
            own: provider.url.is_none(),
        },
        Kind::Azure => Wire::Azure {
            api_version: provider.api_version.clone().unwrap_or_default(),
        },
        Kind::Gemini => Wire::Gemini,
        Kind::Anthropic => Wire::Anthropic,
    }
}

/// The address of a provider, without a slash at its end.
pub(crate) fn base_of(provider: &Provider) -> String {
    let public = match provider.kind {
        Kind::OpenAi => "https://api.openai.com/v1",
        Kind::Gemini => "https://generativelanguage.googleapis.com/v1beta",
        Kind::Anthropic => "https://api.anthropic.com/v1",
        // The configuration does without no address for Azure.
        Kind::Azure => "",
    };
    let url = provider.url.as_ref().map_or(public, |url| url.get_ref());
    url.trim_end_matches('/').to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
