//! Faulty exchanges drawn at random: whatever a provider does, a call ends in time with a whole reply
//! or with a failure that says what was wrong. `make soak` runs many.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "what prepares a test may end it"
)]

mod server;

use llm::{
    Configuration, Fault, Hub, Message, Models, OutputSchema, Piece, Request, Role, Surroundings,
};
use serde_json::json;
use server::{Act, End, Part, Server};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const KEY: &str = "key-0123456789";
/// What a question has, in seconds.
const DEADLINE: f64 = 0.6;
/// What one exchange of many on few cores may add.
const SLACK: Duration = Duration::from_secs(2);
/// How long a thread that only sleeps was kept from waking so far, in microseconds: the part of a
/// delay that is the machine's.
static LATE: AtomicU64 = AtomicU64::new(0);
const AT_ONCE: u64 = 8;

/// SplitMix64.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).expect("small")]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    OpenAi,
    Gemini,
    Anthropic,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Gemini => "gemini",
            Self::Anthropic => "anthropic",
        }
    }

    /// A piece of text on its way.
    fn delta(self, text: &str) -> Part {
        match self {
            Self::OpenAi => Part::Event(json!({"choices": [{"delta": {"content": text}}]})),
            Self::Gemini => {
                Part::Event(json!({"candidates": [{"content": {"parts": [{"text": text}]}}]}))
            }
            Self::Anthropic => Part::Named(
                "content_block_delta".into(),
                json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}}),
            ),
        }
    }

    /// The end of a reply, at its limit or by itself.
    fn finish(self, at_limit: bool) -> Vec<Part> {
        match self {
            Self::OpenAi => vec![
                Part::Event(
                    json!({"choices": [{"delta": {}, "finish_reason": if at_limit { "length" } else { "stop" }}]}),
                ),
                Part::Text("data: [DONE]\n\n".into()),
            ],
            Self::Gemini => vec![Part::Event(
                json!({"candidates": [{"content": {"parts": []},
                "finishReason": if at_limit { "MAX_TOKENS" } else { "STOP" }}]}),
            )],
            Self::Anthropic => vec![
                Part::Event(json!({"type": "message_delta", "delta":
                    {"stop_reason": if at_limit { "max_tokens" } else { "end_turn" }}})),
                Part::Event(json!({"type": "message_stop"})),
            ],
        }
    }
}

/// A reply of the server, good or not; `whole` is the text that a caller may get from it.
fn drawn(kind: Kind, number: u64, draws: &mut Draws) -> (Act, Option<String>) {
    let text = format!("{{\"metric\": \"für 東京 {number}\"}}");
    let half: String = text.chars().take(6).collect();
    let rest: String = text.chars().skip(6).collect();
    let mut whole = None;
    let mut body = vec![kind.delta(&half)];
    let mut good = |body: &mut Vec<Part>| {
        body.push(kind.delta(&rest));
        body.extend(kind.finish(false));
        whole = Some(text.clone());
    };
    let mut act = Act {
        pause_ms: 0,
        hang_up: false,
        status: 200,
        content_type: "text/event-stream".into(),
        headers: BTreeMap::new(),
        body: Vec::new(),
        chunk_bytes: match draws.below(3) {
            0 => None,
            _ => Some(usize::try_from(1 + draws.below(40)).expect("small")),
        },
        end: End::Whole,
    };
    match draws.below(24) {
        0..=3 => good(&mut body),
        4 => {
            act.pause_ms = 30;
            good(&mut body);
        }
        5 => act.pause_ms = 5_000,
        6 => act.hang_up = true,
        7 => act.end = End::Cut,
        8 => act.end = End::Hang,
        9 => {} // Ends as if all were well.
        10 => body.push(Part::Text("data: {\"half\": \n\n".into())),
        11 => body.push(Part::Hex("646174613a20fffe800a0a".into())),
        12 => {
            body.push(kind.delta(&rest));
            body.extend(kind.finish(true));
            // An object that fits counts, also at the limit.
            whole = Some(text.clone());
        }
        13 => body.extend(kind.finish(true)),
        14 => {
            body = vec![kind.delta("I would rather talk about the weather.")];
            body.extend(kind.finish(false));
        }
        15 => {
            body = vec![kind.delta("{\"wrong\": true}")];
            body.extend(kind.finish(false));
        }
        16 => body.push(Part::Repeat(Box::new(kind.delta(&"la".repeat(4000))), 400)),
        17 => {
            body = vec![
                Part::Text("data: ".into()),
                Part::Repeat(Box::new(Part::Text("la".repeat(4000))), 400),
            ]
        }
        18 => {
            act.status = draws.one_of(&[500, 502, 503, 529, 408]);
            body = vec![Part::Text("<html>busy</html>".into())];
        }
        19 => {
            act.status = 429;
            if draws.below(2) == 0 {
                act.headers.insert(
                    "retry-after".into(),
                    draws
                        .one_of(&["0", "1", "3600", "soon", "-5", "1e300"])
                        .into(),
                );
            }
            body = vec![Part::Text(
                "{\"error\": {\"message\": \"slow down\"}}".into(),
            )];
        }
        20 => {
            act.status = draws.one_of(&[400, 401, 403, 404, 302, 204, 101]);
            body = vec![Part::Text(format!(
                "{{\"error\": {{\"message\": \"{KEY} and temperature and schema\"}}}}"
            ))];
        }
        21 => {
            act.content_type = draws
                .one_of(&["text/html", "application/json", "", "image/png"])
                .into();
            good(&mut body);
            // Without the right type it is no stream.
            whole = None;
        }
        22 => body = vec![],
        _ => {
            body = vec![Part::Event(
                json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}),
            )];
        }
    }
    act.body = body;
    (act, whole)
}

fn exchange(seed: u64) -> String {
    let mut draws = Draws(seed);
    let kind = draws.one_of(&[Kind::OpenAi, Kind::Gemini, Kind::Anthropic]);
    let (acts, wholes): (Vec<_>, Vec<_>) = (0..8).map(|n| drawn(kind, n, &mut draws)).unzip();
    let server = Server::start(acts);
    let model = "{ provider = \"one\", name = \"m\", input_usd = 1, output_usd = 1 }";
    let text = format!(
        "[models]\nprovider.one = {{ kind = \"{}\", url = \"http://127.0.0.1:{}/v1\", key_env = \"KEY\", connect_seconds = 0.3, first_byte_seconds = 0.2, total_seconds = 0.5, longest_wait_seconds = 0.1 }}\nmodel.first = {model}\nmodel.second = {model}\nroles.default = [\"first\", \"second\"]\nbudget.seconds = {DEADLINE}\n",
        kind.name(),
        server.port
    );
    let configuration = Configuration::read(&text)
        .expect(&text)
        .expect("it has models");
    let surroundings = Surroundings {
        environment: Box::new(|_| Some(KEY.to_owned())),
        seed,
        ..Surroundings::of_process(".".into(), ".".into())
    };
    let hub = Hub::open(&configuration, &surroundings).expect("it opens");
    let request = Request {
        role: Role::Query,
        system: "You name a metric.".into(),
        messages: vec![Message::user("How much?")],
        schema: Some(OutputSchema {
            name: "choice".into(),
            json: json!({"type": "object", "properties": {"metric": {"type": "string"}}, "required": ["metric"]}),
        }),
        max_output_tokens: 50,
    };
    let purse = hub.purse("anna");
    let stop_after = (draws.below(5) == 0).then(|| Duration::from_millis(draws.below(400)));
    let late_before = LATE.load(Ordering::Relaxed);
    let started = Instant::now();
    let mut shown = String::new();
    let result = hub.ask(
        &request,
        &purse,
        &|| stop_after.is_some_and(|after| started.elapsed() > after),
        &mut |piece| match piece {
            Piece::Text(text) => shown.push_str(text),
            Piece::Restart => shown.clear(),
        },
    );
    let took = started.elapsed();
    // A call takes a handful of turns of the scheduler.
    let machine = Duration::from_micros(LATE.load(Ordering::Relaxed) - late_before) * 3;
    let longest = machine
        + stop_after
            .unwrap_or(Duration::MAX)
            .min(Duration::from_secs_f64(DEADLINE))
        + SLACK;
    assert!(took < longest, "seed {seed}: {took:?}");
    let spent = |calls: &[answer::ModelCall]| {
        calls
            .iter()
            .map(|c| c.input_tokens + c.output_tokens)
            .sum::<u64>()
    };
    match result {
        Ok(reply) => {
            assert!(
                wholes.contains(&Some(reply.text.clone())),
                "seed {seed}: {}",
                reply.text
            );
            assert_eq!(shown, reply.text, "seed {seed}");
            assert_eq!(purse.spent().tokens, spent(&reply.calls), "seed {seed}");
            "a reply".into()
        }
        Err(failure) => {
            assert!(Fault::ALL.contains(&failure.fault));
            assert!(
                !failure.message.is_empty() && !failure.hint().is_empty(),
                "seed {seed}"
            );
            assert!(!failure.message.contains(KEY), "seed {seed}: {failure}");
            assert!(
                failure.message.chars().count() < 4_000,
                "seed {seed}: {failure}"
            );
            assert_eq!(shown, "", "seed {seed}: what was shown is taken back");
            assert_eq!(purse.spent().tokens, spent(&failure.calls), "seed {seed}");
            failure.code().into()
        }
    }
}

#[test]
fn faulty_exchanges_end_in_time_with_a_reply_or_a_reason() {
    let number = |name: &str, default| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let exchanges: u64 = number("EXCHANGES", 120);
    let first: u64 = number("FIRST", 0);
    let seed: u64 = number("SEED", 1);
    let next = AtomicU64::new(0);
    let outcomes: Mutex<BTreeMap<String, u64>> = Mutex::default();
    let slowest: Mutex<Duration> = Mutex::default();
    std::thread::spawn(|| {
        let rest = Duration::from_millis(10);
        loop {
            let started = Instant::now();
            std::thread::sleep(rest);
            let late = started.elapsed().saturating_sub(rest * 2);
            LATE.fetch_add(
                u64::try_from(late.as_micros()).unwrap_or(0),
                Ordering::Relaxed,
            );
        }
    });
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= exchanges {
                        return;
                    }
                    let started = Instant::now();
                    let outcome =
                        exchange(seed.wrapping_mul(1_000_003).wrapping_add(first + number));
                    *outcomes
                        .lock()
                        .expect("no panic")
                        .entry(outcome)
                        .or_default() += 1;
                    let mut slowest = slowest.lock().expect("no panic");
                    *slowest = slowest.max(started.elapsed());
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no panic");
    println!(
        "{exchanges} exchanges, slowest {:?}, the machine late by {:?}: {outcomes:?}",
        slowest.into_inner().expect("no panic"),
        Duration::from_micros(LATE.load(Ordering::Relaxed))
    );
    assert_eq!(outcomes.values().sum::<u64>(), exchanges);
    assert!(
        outcomes.contains_key("a reply") && outcomes.len() > 5,
        "{outcomes:?}"
    );
}
