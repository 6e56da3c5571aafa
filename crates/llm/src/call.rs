//! One call: what it may cost is reserved, it is sent, what comes back is read and paid for.

use crate::failure::Fault;
use crate::http::{Head, Reading, Trouble};
use crate::models::Piece;
use crate::purse::Spent;
use crate::retry;
use crate::role::Role;
use crate::spoke::{Asking, Spoke};
use crate::sse::{Decoder, Event};
use crate::tokens::estimated_tokens;
use crate::wire::{self, Outgoing, Usage, Wire, WireFault, Written};
use answer::ModelCall;
use std::time::{Duration, Instant};

/// The longest body of a reply that is read, in bytes.
const LONGEST_BODY: usize = 8 << 20;
/// The longest text of a reply, in bytes.
const LONGEST_TEXT: usize = 1 << 20;
/// The longest body of an error that is read, in bytes.
const LONGEST_ERROR: usize = 64 << 10;
/// The longest body with vectors, in bytes.
const LONGEST_VECTORS: usize = 64 << 20;

/// A call that gave no reply.
#[derive(Debug)]
pub(crate) struct CallFault {
    pub(crate) fault: Fault,
    pub(crate) message: String,
    /// Whether the same call may succeed later.
    pub(crate) again: bool,
    /// How long the provider asks to wait.
    pub(crate) wait: Option<Duration>,
}

impl CallFault {
    pub(crate) fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self {
            fault,
            message: message.into(),
            again: false,
            wait: None,
        }
    }
}

impl From<WireFault> for CallFault {
    fn from(found: WireFault) -> Self {
        Self {
            again: matches!(found.fault, Fault::RateLimited | Fault::Unavailable),
            ..Self::new(found.fault, found.message)
        }
    }
}

impl From<Trouble> for CallFault {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unreachable { message, again } => Self {
                again,
                ..Self::new(Fault::Unreachable, format!("no connection: {message}"))
            },
            Trouble::NotHttp(message) => Self::new(
                Fault::ReplyMalformed,
                format!("what came back is not HTTP: {message}"),
            ),
            Trouble::TimedOut(what) => {
                Self::new(Fault::TimedOut, format!("its time for {what} has passed"))
            }
            Trouble::CutOff(message) => Self {
                again: true,
                ..Self::new(
                    Fault::CutOff,
                    format!("the connection ended in mid-reply: {message}"),
                )
            },
            Trouble::Deadline => {
                Self::new(Fault::DeadlinePassed, "the time of the question is over")
            }
            Trouble::Stopped => Self::new(Fault::Stopped, "stopped"),
        }
    }
}

/// Reads the body of a reply as it arrives.
struct Reader<'a> {
    wire: &'a Wire,
    on_text: &'a mut dyn FnMut(Piece<'_>),
    decoder: Decoder,
    written: Written,
    /// How much of the text was handed on.
    shown: usize,
    /// A body that does not stream: an error, a whole reply, vectors.
    raw: Vec<u8>,
    longest: usize,
    /// A reply, not an error, has begun to come.
    began: bool,
    received: usize,
    fault: Option<WireFault>,
}

impl Reader<'_> {
    fn take(&mut self, head: &Head, bytes: &[u8]) -> Reading {
        if head.status != 200 {
            self.raw.extend_from_slice(bytes);
            return if self.raw.len() > LONGEST_ERROR {
                Reading::GiveUp
            } else {
                Reading::More
            };
        }
        self.began = true;
        self.received += bytes.len();
        if self.received > self.longest {
            return self.too_large(format!("its reply is longer than {} bytes", self.longest));
        }
        if !streams(head) {
            self.raw.extend_from_slice(bytes);
            return Reading::More;
        }
        let (wire, written) = (self.wire, &mut self.written);
        let fed = self
            .decoder
            .feed(bytes, &mut |event: Event| wire.read_event(&event, written));
        if let Some(new) = self
            .written
            .text
            .get(self.shown..)
            .filter(|new| !new.is_empty())
        {
            (self.on_text)(Piece::Text(new));
            self.shown = self.written.text.len();
        }
        if let Err(fault) = fed {
            // Something odd behind the end of a reply takes nothing from it.
            if self.written.finish.is_none() {
                self.fault = Some(fault);
            }
            return Reading::GiveUp;
        }
        if self.written.text.len() > LONGEST_TEXT {
            return self.too_large("its text is longer than a megabyte".into());
        }
        if self.written.ended {
            Reading::Enough
        } else {
            Reading::More
        }
    }

    fn too_large(&mut self, message: String) -> Reading {
        self.fault = Some(WireFault {
            fault: Fault::TooLarge,
            message,
        });
        Reading::GiveUp
    }
}

fn streams(head: &Head) -> bool {
    head.content_type() == "text/event-stream"
}

impl Spoke {
    /// Sends a request for a reply and reads it to its end.
    pub(crate) fn call(
        &self,
        role: Role,
        outgoing: Outgoing,
        most_output: u32,
        asking: &mut Asking<'_>,
        on_text: &mut dyn FnMut(Piece<'_>),
    ) -> Result<Written, CallFault> {
        let mut reader = self.reader(on_text, LONGEST_BODY);
        let result = self.perform(role, outgoing, most_output.into(), asking, &mut reader);
        let result = result.and_then(|head| {
            if !streams(&head) {
                let whole = self.whole(&head, &reader.raw)?;
                if !whole.text.is_empty() {
                    (reader.on_text)(Piece::Text(&whole.text));
                }
                return Ok(whole);
            }
            if reader.written.finish.is_none() && !reader.written.ended {
                return Err(Trouble::CutOff("the stream has no end".into()).into());
            }
            Ok(std::mem::take(&mut reader.written))
        });
        result.map_err(|mut fault: CallFault| {
            if reader.shown > 0 {
                // What has begun to come is not asked for again.
                fault.again = false;
                (reader.on_text)(Piece::Restart);
            }
            fault
        })
    }

    /// Sends a request for vectors.
    pub(crate) fn call_for_vectors(
        &self,
        outgoing: Outgoing,
        texts: usize,
        asking: &mut Asking<'_>,
    ) -> Result<Vec<Vec<f32>>, CallFault> {
        let mut ignored = |_: Piece<'_>| ();
        let mut reader = self.reader(&mut ignored, LONGEST_VECTORS);
        let head = self.perform(Role::Embed, outgoing, 0, asking, &mut reader)?;
        is_json(&head)?;
        let (vectors, _) = self.wire.read_vectors(&reader.raw, texts)?;
        Ok(vectors)
    }

    fn whole(&self, head: &Head, body: &[u8]) -> Result<Written, CallFault> {
        is_json(head)?;
        Ok(self.wire.read_whole(body)?)
    }

    fn reader<'a>(&'a self, on_text: &'a mut dyn FnMut(Piece<'_>), longest: usize) -> Reader<'a> {
        Reader {
            wire: &self.wire,
            on_text,
            decoder: Decoder::default(),
            written: Written::default(),
            shown: 0,
            raw: Vec::new(),
            longest,
            began: false,
            received: 0,
            fault: None,
        }
    }

    fn perform(
        &self,
        role: Role,
        outgoing: Outgoing,
        most_output: u64,
        asking: &mut Asking<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<Head, CallFault> {
        self.heed_limit(asking)?;
        let input = estimated_tokens(&outgoing.body.to_string());
        let reservation = asking
            .purse
            .reserve(Spent {
                tokens: input + most_output,
                money: self.highest_price(input, most_output),
            })
            .map_err(|failure| CallFault::new(failure.fault, failure.message))?;
        let started = Instant::now();
        let patience = started + Duration::from_secs_f64(self.provider.total_seconds);
        let result = self.connections.exchange(
            outgoing,
            patience,
            asking.purse.ends(),
            asking.stop,
            &mut |head, bytes| reader.take(head, bytes),
        );
        // A request that was given up may have been worked on all the same.
        let given_up = matches!(
            result,
            Err(Trouble::Stopped | Trouble::Deadline | Trouble::TimedOut("the whole reply"))
        );
        if reader.began || given_up {
            let usage = self.usage(reader, input);
            let tokens = usage.input + usage.cached + usage.cache_written;
            let money = self.price(usage);
            reservation.settle(Spent {
                tokens: tokens + usage.output,
                money,
            });
            asking.calls.push(ModelCall {
                role: role.name().into(),
                provider: self.provider_name.clone(),
                model: self.model.name.clone(),
                input_tokens: tokens,
                output_tokens: usage.output,
                cost_usd: money.usd(),
                ms: started.elapsed().as_secs_f64() * 1e3,
            });
        }
        if let Some(fault) = reader.fault.take() {
            return Err(fault.into());
        }
        let head = match result {
            Ok(head) => head,
            // The reply was complete; what broke off is the end of the connection.
            Err(Trouble::CutOff(_)) if reader.written.finish.is_some() => Head {
                status: 200,
                headers: vec![("content-type".into(), "text/event-stream".into())],
            },
            Err(trouble) => return Err(trouble.into()),
        };
        let now = (asking.now)();
        if head.status == 200 {
            self.hold_off(retry::wait_after_success(&head, now));
            return Ok(head);
        }
        let wait = retry::asked_wait(&head, &reader.raw, now);
        if head.status == 429 {
            self.hold_off(wait);
        }
        Err(CallFault {
            fault: retry::fault_of(head.status),
            message: format!(
                "its provider replied with status {}: {}",
                head.status,
                wire::error_message(&reader.raw)
            ),
            again: retry::is_passing(head.status),
            wait,
        })
    }

    /// What the provider counted, else an estimate.
    fn usage(&self, reader: &Reader<'_>, input: u64) -> Usage {
        let reported = reader.written.usage.or_else(|| {
            // A reply or vectors that came whole; errors in it are found later.
            let value: serde_json::Value = serde_json::from_slice(&reader.raw).ok()?;
            let whole = self
                .wire
                .read_whole(&reader.raw)
                .ok()
                .and_then(|whole| whole.usage);
            whole.or_else(|| {
                let input = value.pointer("/usage/prompt_tokens")?.as_u64()?;
                Some(Usage {
                    input,
                    ..Usage::default()
                })
            })
        });
        let text = estimated_tokens(&reader.written.text);
        match reported {
            // A stream that broke off has reported less than it had written.
            Some(usage) => Usage {
                output: if reader.written.finish.is_none() {
                    usage.output.max(text)
                } else {
                    usage.output
                },
                ..usage
            },
            None => Usage {
                input,
                output: text,
                ..Usage::default()
            },
        }
    }
}

fn is_json(head: &Head) -> Result<(), CallFault> {
    match head.content_type().as_str() {
        "application/json" => Ok(()),
        other => Err(CallFault::new(
            Fault::ReplyMalformed,
            format!(
                "what came back is `{}`, not a reply of a model",
                wire::shortened(other)
            ),
        )),
    }
}
