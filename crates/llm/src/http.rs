//! Requests over the network that can be given up at any moment.
//!
//! Each exchange runs on a thread of its own and hands on what arrives; the caller looks at the clock
//! and at `stop` while it waits. What is given up is shut down, so that its thread ends and the
//! provider sees a closed connection and stops writing (and charging).

use crate::configuration::{Provider, is_own_machine};
use crate::wire::Outgoing;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// How often the caller looks whether it is to stop.
const TICK: Duration = Duration::from_millis(20);
/// Parts of a body that may wait to be read.
const PARTS_WAITING: usize = 16;
/// What is still read of a body whose end is known, to keep the connection for the next call.
const LEFT_OVER: usize = 64 << 10;

/// Status and headers of a reply.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// The type of the content without its parameters, in lower case.
    pub(crate) fn content_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_lowercase()
    }
}

/// Why an exchange has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No connection, or one that ended before the reply; `again` if another try may help.
    Unreachable { message: String, again: bool },
    /// Not HTTP.
    NotHttp(String),
    /// A time limit of the provider's entry passed; what it was waiting for.
    TimedOut(&'static str),
    /// The reply broke off.
    CutOff(String),
    /// The deadline of the question passed.
    Deadline,
    /// The caller asked to stop.
    Stopped,
}

/// Whether the caller wants more of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Yes.
    More,
    /// It has all that counts.
    Enough,
    /// What comes is of no use.
    GiveUp,
}

enum Happening {
    Head(Head),
    Bytes(Vec<u8>),
    End,
    Trouble(Trouble),
}

/// Connections to one provider.
#[derive(Debug)]
pub(crate) struct Connections {
    configuration: ureq::config::Config,
    first_byte: Duration,
    /// Agents whose connection is free. One agent serves one exchange at a time, since shutting an
    /// agent down ends all of its exchanges.
    idle: Arc<Mutex<Vec<Agent>>>,
}

impl Connections {
    /// Reads proxy and certificates; connects to nothing.
    ///
    /// # Errors
    /// A certificate file or a proxy that cannot be used.
    pub(crate) fn new(
        provider: &Provider,
        base: &str,
        ca_file: Option<&Path>,
    ) -> Result<Self, String> {
        let proxy = match provider.proxy.as_deref() {
            _ if is_own_machine(base) => None,
            None => ureq::Proxy::try_from_env(),
            Some("") => None,
            Some(url) => Some(
                ureq::Proxy::new(url)
                    .map_err(|error| format!("the proxy cannot be used: {error}"))?,
            ),
        };
        let mut tls = TlsConfig::builder();
        if let Some(path) = ca_file {
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates(path)?));
        }
        let connect = Duration::from_secs_f64(provider.connect_seconds);
        let first_byte = Duration::from_secs_f64(provider.first_byte_seconds);
        let configuration = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect could carry the prompt to somewhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("retail-insights/", env!("CARGO_PKG_VERSION")))
            .proxy(proxy)
            .tls_config(tls.build())
            .timeout_resolve(Some(connect))
            .timeout_connect(Some(connect))
            .timeout_send_request(Some(first_byte))
            .timeout_send_body(Some(first_byte))
            .timeout_recv_response(Some(first_byte))
            .timeout_per_read(Some(first_byte))
            .build();
        Ok(Self {
            configuration,
            first_byte,
            idle: Arc::default(),
        })
    }

    /// Posts a request and hands on the body of the reply as it arrives.
    ///
    /// # Errors
    /// See [`Trouble`]. A status other than 200 is none.
    pub(crate) fn exchange(
        &self,
        outgoing: Outgoing,
        patience: Instant,
        deadline: Instant,
        stop: &dyn Fn() -> bool,
        on_bytes: &mut dyn FnMut(&Head, &[u8]) -> Reading,
    ) -> Result<Head, Trouble> {
        let agent = self
            .lock()
            .pop()
            .unwrap_or_else(|| Agent::new_with_config(self.configuration.clone()));
        let (to, from) = sync_channel(PARTS_WAITING);
        let own = agent.clone();
        let idle = Arc::clone(&self.idle);
        // Who is first decides whether the agent serves again or is shut down; never both.
        let decided = Arc::new(AtomicBool::new(false));
        let is_decided = Arc::clone(&decided);
        let spawned = std::thread::Builder::new()
            .name("model call".into())
            .spawn(move || {
                if work(&own, &outgoing, &to) && !is_decided.swap(true, Ordering::SeqCst) {
                    idle.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(own);
                }
            });
        if let Err(error) = spawned {
            return Err(Trouble::Unreachable {
                message: format!("no thread for the call: {error}"),
                again: false,
            });
        }
        let result = self.attend(&from, patience, deadline, stop, on_bytes);
        let in_use = matches!(result, Ok((_, Reading::More | Reading::Enough)));
        if !in_use && !decided.swap(true, Ordering::SeqCst) {
            agent.shutdown();
        }
        result.map(|(head, _)| head)
    }

    fn attend(
        &self,
        from: &Receiver<Happening>,
        patience: Instant,
        deadline: Instant,
        stop: &dyn Fn() -> bool,
        on_bytes: &mut dyn FnMut(&Head, &[u8]) -> Reading,
    ) -> Result<(Head, Reading), Trouble> {
        let mut head: Option<Head> = None;
        // Connecting has limits of its own in the agent; this is the backstop for what they miss.
        let mut silence_ends = Instant::now() + self.first_byte * 4;
        loop {
            if stop() {
                return Err(Trouble::Stopped);
            }
            let now = Instant::now();
            if now >= deadline {
                return Err(Trouble::Deadline);
            }
            if now >= patience {
                return Err(Trouble::TimedOut("the whole reply"));
            }
            if now >= silence_ends {
                return Err(Trouble::TimedOut(if head.is_some() {
                    "the next part of the reply"
                } else {
                    "the first byte of the reply"
                }));
            }
            let wait = TICK.min(deadline.min(patience).min(silence_ends) - now);
            match from.recv_timeout(wait) {
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Trouble::CutOff("the call ended without a word".into()));
                }
                Ok(Happening::Head(h)) => head = Some(h),
                Ok(Happening::Bytes(bytes)) => {
                    if let Some(head) = &head {
                        let reading = on_bytes(head, &bytes);
                        if reading != Reading::More {
                            return Ok((head.clone(), reading));
                        }
                    }
                }
                Ok(Happening::End) => {
                    return Ok((head.unwrap_or_default(), Reading::More));
                }
                Ok(Happening::Trouble(trouble)) => return Err(trouble),
            }
            silence_ends = Instant::now() + self.first_byte;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Agent>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs one exchange; says whether the agent's connection is good for another.
fn work(agent: &Agent, outgoing: &Outgoing, to: &SyncSender<Happening>) -> bool {
    let mut request = agent
        .post(&outgoing.url)
        .header("content-type", "application/json")
        .header("accept", "text/event-stream, application/json");
    for (name, value) in &outgoing.headers {
        request = request.header(*name, value.exposed());
    }
    let response = match request.send(outgoing.body.to_string()) {
        Ok(response) => response,
        Err(error) => {
            // Nobody listens any more if the caller gave up.
            let _ = to.send(Happening::Trouble(before_reply(error)));
            return false;
        }
    };
    let head = Head {
        status: response.status().as_u16(),
        headers: response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
    };
    if to.send(Happening::Head(head)).is_err() {
        return false;
    }
    let mut reader = response.into_body().into_reader();
    let mut part = vec![0; 16 << 10];
    let mut left_over = 0;
    loop {
        match reader.read(&mut part) {
            Ok(0) => {
                let _ = to.send(Happening::End);
                return true;
            }
            Ok(length) => {
                let bytes = part.get(..length).unwrap_or_default().to_vec();
                if left_over > 0 || to.send(Happening::Bytes(bytes)).is_err() {
                    left_over += length;
                    if left_over > LEFT_OVER {
                        return false;
                    }
                }
            }
            Err(error) => {
                let trouble = match ureq::Error::from(error) {
                    ureq::Error::Timeout(_) => Trouble::TimedOut("the next part of the reply"),
                    error => Trouble::CutOff(error.to_string()),
                };
                let _ = to.send(Happening::Trouble(trouble));
                return false;
            }
        }
    }
}

/// What an error before the reply means.
fn before_reply(error: ureq::Error) -> Trouble {
    use std::io::ErrorKind;
    use ureq::{Error, Timeout};
    match error {
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => Trouble::TimedOut("the connection"),
        Error::Timeout(_) => Trouble::TimedOut("the first byte of the reply"),
        Error::Io(error) => Trouble::Unreachable {
            again: matches!(
                error.kind(),
                ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::BrokenPipe
                    | ErrorKind::UnexpectedEof
            ),
            message: error.to_string(),
        },
        Error::Protocol(error) => Trouble::NotHttp(error.to_string()),
        error @ Error::LargeResponseHeader(..) => Trouble::NotHttp(error.to_string()),
        error => Trouble::Unreachable {
            message: error.to_string(),
            again: false,
        },
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let shown = path.display();
    let bytes =
        std::fs::read(path).map_err(|error| format!("`{shown}` cannot be read: {error}"))?;
    let mut found = Vec::new();
    for item in parse_pem(&bytes) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(format!("`{shown}` is no file of certificates: {error}")),
        }
    }
    if found.is_empty() {
        return Err(format!("`{shown}` holds no certificate in PEM"));
    }
    Ok(found)
}
