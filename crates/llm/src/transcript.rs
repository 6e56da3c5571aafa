//! Exchanges on file: recorded as they happen, replayed byte for byte.
//!
//! A file of JSON lines. Lines of kind `ask` hold a request, the pieces of its reply in the order in
//! which they came (`null` where all before was void), and the reply or failure; lines of kind `embed`
//! hold texts and vectors; a line of kind `opened` begins each run. Keys of providers are taken out.

use crate::failure::{Failure, Fault};
use crate::models::{Embedding, Models, Piece, Reply, Request};
use crate::money::Money;
use crate::purse::{Allowance, Purse, Spent};
use crate::role::Role;
use crate::secret::Redactor;
use answer::ModelCall;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The version of the format.
const VERSION: u32 = 1;

/// A line of a transcript.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum Line {
    /// A run begins.
    Opened { version: u32, send_values: bool },
    /// A question to a model.
    Ask {
        request: Request,
        pieces: Vec<Option<String>>,
        outcome: Outcome,
    },
    /// Vectors of texts.
    Embed {
        texts: Vec<String>,
        outcome: VectorsOutcome,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Reply {
        text: String,
        value: Option<Value>,
        calls: Vec<ModelCall>,
    },
    Failure(FailureOnFile),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum VectorsOutcome {
    Vectors {
        vectors: Vec<Vec<f32>>,
        calls: Vec<ModelCall>,
    },
    Failure(FailureOnFile),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct FailureOnFile {
    code: String,
    message: String,
    calls: Vec<ModelCall>,
}

impl From<&Failure> for FailureOnFile {
    fn from(failure: &Failure) -> Self {
        Self {
            code: failure.code().into(),
            message: failure.message.clone(),
            calls: failure.calls.clone(),
        }
    }
}

impl From<FailureOnFile> for Failure {
    fn from(on_file: FailureOnFile) -> Self {
        let fault = Fault::ALL
            .into_iter()
            .find(|fault| fault.code() == on_file.code);
        Self::new(fault.unwrap_or(Fault::NotInTranscript), on_file.message).after(on_file.calls)
    }
}

/// Writes a transcript.
pub(crate) struct Recorder {
    file: Mutex<File>,
    redactor: Redactor,
}

impl Recorder {
    /// Adds to a file, which is made if there is none, readable by its owner alone.
    pub(crate) fn append_to(
        path: &Path,
        redactor: Redactor,
        send_values: bool,
    ) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let recorder = Self {
            file: Mutex::new(options.open(path)?),
            redactor,
        };
        recorder.write(&Line::Opened {
            version: VERSION,
            send_values,
        })?;
        Ok(recorder)
    }

    pub(crate) fn add(
        &self,
        request: &Request,
        pieces: &[Option<String>],
        result: &Result<Reply, Failure>,
    ) {
        let outcome = match result {
            Ok(reply) => Outcome::Reply {
                text: reply.text.clone(),
                value: reply.value.clone(),
                calls: reply.calls.clone(),
            },
            Err(failure) => Outcome::Failure(failure.into()),
        };
        // A full disk must not take the answer away; the transcript then lacks the line, and a replay
        // says so.
        let _ = self.write(&Line::Ask {
            request: request.clone(),
            pieces: pieces.to_vec(),
            outcome,
        });
    }

    pub(crate) fn add_vectors(&self, texts: &[String], result: &Result<Embedding, Failure>) {
        let outcome = match result {
            Ok(embedding) => VectorsOutcome::Vectors {
                vectors: embedding.vectors.clone(),
                calls: embedding.calls.clone(),
            },
            Err(failure) => VectorsOutcome::Failure(failure.into()),
        };
        let _ = self.write(&Line::Embed {
            texts: texts.to_vec(),
            outcome,
        });
    }

    fn write(&self, line: &Line) -> std::io::Result<()> {
        let mut text = self.redactor.redacted(&serde_json::to_string(line)?);
        text.push('\n');
        // One write a line: lines of processes side by side do not mix.
        self.file
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(text.as_bytes())
    }
}

/// The pieces of a reply as they came, and how it ended.
type Recorded = (Vec<Option<String>>, Outcome);

/// Models that say again what a transcript says they said. A request that was made several times gets
/// its replies in their order; one that was never made, or more often, fails with
/// [`Fault::NotInTranscript`].
#[derive(Debug)]
pub struct Replay {
    send_values: bool,
    roles: Vec<Role>,
    asked: Mutex<HashMap<String, VecDeque<Recorded>>>,
    embedded: Mutex<HashMap<Vec<String>, VecDeque<VectorsOutcome>>>,
}

impl Replay {
    /// Reads a transcript.
    ///
    /// # Errors
    /// [`Fault::NotInTranscript`] for a file that cannot be read or is none, with the line.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::new(
                Fault::NotInTranscript,
                format!("the transcript `{shown}` cannot be read: {error}"),
            )
        })?;
        let mut replay = Self {
            send_values: false,
            roles: Vec::new(),
            asked: Mutex::default(),
            embedded: Mutex::default(),
        };
        for (number, line) in text.lines().enumerate() {
            let fault = |what: String| {
                Failure::new(
                    Fault::NotInTranscript,
                    format!("the transcript `{shown}`, line {}: {what}", number + 1),
                )
            };
            match serde_json::from_str(line).map_err(|error| fault(error.to_string()))? {
                Line::Opened { version, .. } if version != VERSION => {
                    return Err(fault(format!(
                        "is of version {version}; this program reads {VERSION}"
                    )));
                }
                Line::Opened { send_values, .. } => replay.send_values |= send_values,
                Line::Ask {
                    request,
                    pieces,
                    outcome,
                } => {
                    if !replay.roles.contains(&request.role) {
                        replay.roles.push(request.role);
                    }
                    let key = key(&request)?;
                    let asked = replay
                        .asked
                        .get_mut()
                        .unwrap_or_else(PoisonError::into_inner);
                    asked.entry(key).or_default().push_back((pieces, outcome));
                }
                Line::Embed { texts, outcome } => {
                    if !replay.roles.contains(&Role::Embed) {
                        replay.roles.push(Role::Embed);
                    }
                    let embedded = replay
                        .embedded
                        .get_mut()
                        .unwrap_or_else(PoisonError::into_inner);
                    embedded.entry(texts).or_default().push_back(outcome);
                }
            }
        }
        Ok(replay)
    }
}

impl Models for Replay {
    fn offers(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    fn may_send_values(&self) -> bool {
        self.send_values
    }

    /// What was recorded had its budget then; here there is none but an hour.
    fn purse(&self, _user: &str) -> Purse {
        Purse::new(Allowance {
            tokens: u64::MAX,
            money: Money::MAX,
            time: Duration::from_secs(3600),
        })
    }

    fn ask(
        &self,
        request: &Request,
        purse: &Purse,
        stop: &dyn Fn() -> bool,
        on_text: &mut dyn FnMut(Piece<'_>),
    ) -> Result<Reply, Failure> {
        stopped(stop)?;
        let found = self
            .asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(&key(request)?)
            .and_then(VecDeque::pop_front);
        let Some((pieces, outcome)) = found else {
            return Err(Failure::new(
                Fault::NotInTranscript,
                format!(
                    "the transcript holds no further reply to this request of role `{}`",
                    request.role
                ),
            ));
        };
        for piece in &pieces {
            on_text(piece.as_deref().map_or(Piece::Restart, Piece::Text));
        }
        let result = match outcome {
            Outcome::Reply { text, value, calls } => Ok(Reply { text, value, calls }),
            Outcome::Failure(failure) => Err(Failure::from(failure)),
        };
        pay(
            purse,
            result.as_ref().map_or_else(|f| &f.calls, |r| &r.calls),
        )?;
        result
    }

    fn embed(
        &self,
        texts: &[String],
        purse: &Purse,
        stop: &dyn Fn() -> bool,
    ) -> Result<Embedding, Failure> {
        stopped(stop)?;
        let found = self
            .embedded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(texts)
            .and_then(VecDeque::pop_front);
        let result = match found {
            Some(VectorsOutcome::Vectors { vectors, calls }) => Ok(Embedding { vectors, calls }),
            Some(VectorsOutcome::Failure(failure)) => Err(Failure::from(failure)),
            None => Err(Failure::new(
                Fault::NotInTranscript,
                "the transcript holds no further vectors of these texts",
            )),
        };
        pay(
            purse,
            result.as_ref().map_or_else(|f| &f.calls, |r| &r.calls),
        )?;
        result
    }
}

fn key(request: &Request) -> Result<String, Failure> {
    serde_json::to_string(request).map_err(|error| {
        Failure::new(
            Fault::NotInTranscript,
            format!("the request cannot be written down: {error}"),
        )
    })
}

fn stopped(stop: &dyn Fn() -> bool) -> Result<(), Failure> {
    if stop() {
        return Err(Failure::new(
            Fault::Stopped,
            "stopped before the transcript was asked",
        ));
    }
    Ok(())
}

/// Counts the calls of a replayed exchange as spent.
fn pay(purse: &Purse, calls: &[ModelCall]) -> Result<(), Failure> {
    let cost = Spent {
        tokens: calls
            .iter()
            .map(|call| call.input_tokens + call.output_tokens)
            .sum(),
        money: calls
            .iter()
            .map(|call| Money::from_usd(call.cost_usd))
            .sum(),
    };
    purse.reserve(cost)?.settle(cost);
    Ok(())
}
