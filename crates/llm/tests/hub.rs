//! Budgets, stops, keys, connections and transcripts over real sockets.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "what prepares a test may end it"
)]

mod server;

use llm::{Configuration, Hub, Message, Models, Piece, Replay, Reply, Request, Role, Surroundings};
use serde_json::json;
use server::{Act, End, Part, Server};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const KEY: &str = "key-0123456789";

/// A folder of its own for a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("retail-llm-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn says(text: &str) -> Act {
    act(json!({"body": [
        {"event": {"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]}},
        {"event": {"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 10}}},
        {"text": "data: [DONE]\n\n"}
    ]}))
}

fn act(value: serde_json::Value) -> Act {
    serde_json::from_value(value).expect("an act")
}

fn surroundings(folder: &Path) -> Surroundings {
    Surroundings {
        environment: Box::new(|name| (name == "KEY").then(|| KEY.to_owned())),
        seed: 3,
        ..Surroundings::of_process(folder.to_owned(), folder.to_owned())
    }
}

/// A hub with one model at a server; `more` are further lines of the configuration.
fn hub(port: u16, folder: &Path, more: &str) -> Hub {
    let text = format!(
        "[models]\nprovider.one = {{ kind = \"openai\", url = \"http://127.0.0.1:{port}/v1\", key_env = \"KEY\" }}\nmodel.first = {{ provider = \"one\", name = \"m\", input_usd = 1, output_usd = 10 }}\nroles.default = [\"first\"]\n{more}\n"
    );
    let configuration = Configuration::read(&text)
        .expect(&text)
        .expect("it has models");
    Hub::open(&configuration, &surroundings(folder)).expect("it opens")
}

fn request() -> Request {
    Request {
        role: Role::Query,
        system: "You name a metric.".into(),
        messages: vec![Message::user("How much?")],
        schema: None,
        max_output_tokens: 50,
    }
}

fn ask(hub: &impl Models, user: &str) -> Result<Reply, llm::Failure> {
    hub.ask(&request(), &hub.purse(user), &|| false, &mut |_| ())
}

#[test]
fn a_stop_ends_a_call_wherever_it_is_and_closes_its_connection() {
    let hung = |body: Vec<Part>| Act {
        body,
        end: End::Hang,
        ..says("")
    };
    for (phase, act, hung) in [
        (
            "before the first byte",
            act(json!({"pause_ms": 3000, "body": [{"text": "x"}], "end": "hang"})),
            false,
        ),
        (
            "in mid-reply",
            hung(says("Revenue gr").body[..1].to_vec()),
            true,
        ),
        (
            "waiting to try again",
            act(json!({"status": 429, "headers": {"retry-after": "4"}})),
            false,
        ),
    ] {
        let server = Server::start([act]);
        let folder = Folder::new("stop");
        let hub = hub(server.port, &folder.0, "");
        let stop = AtomicBool::new(false);
        let (failure, late) = std::thread::scope(|scope| {
            let call = scope.spawn(|| {
                let purse = hub.purse("anna");
                let result = hub.ask(
                    &request(),
                    &purse,
                    &|| stop.load(Ordering::SeqCst),
                    &mut |_| (),
                );
                (result.expect_err("it was stopped"), Instant::now())
            });
            std::thread::sleep(Duration::from_millis(400));
            let stopped = Instant::now();
            stop.store(true, Ordering::SeqCst);
            let (failure, ended) = call.join().expect("no panic");
            (failure, ended.saturating_duration_since(stopped))
        });
        assert_eq!(failure.code(), "model_stopped", "{phase}");
        // A tenth of a second is promised; the rest is for a machine with other things to do.
        assert!(late < Duration::from_millis(500), "{phase}: {late:?}");
        if hung {
            let patience = Instant::now() + Duration::from_secs(5);
            while server.given_up() == 0 && Instant::now() < patience {
                std::thread::sleep(Duration::from_millis(10));
            }
            assert_eq!(
                server.given_up(),
                1,
                "{phase}: the provider sees that nobody listens"
            );
        }
    }
}

#[test]
fn a_question_ends_at_its_deadline_whatever_the_provider_does() {
    let server = Server::start([act(json!({"pause_ms": 8000}))]);
    let folder = Folder::new("deadline");
    let hub = hub(server.port, &folder.0, "budget.seconds = 0.4");
    let started = Instant::now();
    let failure = ask(&hub, "anna").expect_err("nothing came");
    assert_eq!(failure.code(), "model_deadline_passed");
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_question_that_has_spent_its_budget_asks_no_more() {
    for budget in ["question_tokens = 150", "question_usd = 0.0009"] {
        let server = Server::start((0..9).map(|_| says("Yes.")));
        let folder = Folder::new("question");
        let hub = hub(server.port, &folder.0, &format!("budget.{budget}"));
        let purse = hub.purse("anna");
        let mut replies = 0;
        let failure = loop {
            match hub.ask(&request(), &purse, &|| false, &mut |_| ()) {
                Ok(_) => replies += 1,
                Err(failure) => break failure,
            }
            assert!(replies < 9, "{budget}: it never ends");
        };
        assert_eq!(failure.code(), "model_budget_spent", "{budget}");
        assert!(replies >= 1, "{budget}: {failure}");
        assert_eq!(
            server.arrived().len(),
            replies,
            "{budget}: the last one was not sent"
        );
        assert!(
            ask(&hub, "anna").is_ok(),
            "another question has its own budget"
        );
    }
}

#[test]
fn budgets_of_a_day_hold_across_hubs_and_threads() {
    let server = Server::start((0..64).map(|_| says("Yes.")));
    let folder = Folder::new("day");
    let more = "budget.user_tokens = 400\nbudget.day_tokens = 700";
    let hubs = [
        hub(server.port, &folder.0, more),
        hub(server.port, &folder.0, more),
    ];
    let asked_until_spent = |user: &str| -> u64 {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|n| {
                    let hub = &hubs[n % 2];
                    scope.spawn(move || {
                        let mut tokens = 0;
                        loop {
                            match ask(hub, user) {
                                Ok(reply) => {
                                    tokens +=
                                        reply.calls[0].input_tokens + reply.calls[0].output_tokens
                                }
                                Err(failure) => {
                                    assert_eq!(failure.code(), "model_budget_spent");
                                    return tokens;
                                }
                            }
                        }
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .sum()
        })
    };
    let anna = asked_until_spent("anna");
    assert!((1..=400).contains(&anna), "{anna}");
    let bert = asked_until_spent("bert");
    assert!(bert >= 1 && anna + bert <= 700, "{anna} and {bert}");
    let later = hub(server.port, &folder.0, more);
    assert_eq!(
        ask(&later, "anna")
            .expect_err("a new process starts where the last one ended")
            .code(),
        "model_budget_spent"
    );
}

#[test]
fn a_ledger_out_of_order_stops_the_spending() {
    let server = Server::start([says("Yes.")]);
    let folder = Folder::new("ledger");
    let hub = hub(server.port, &folder.0, "budget.day_usd = 1");
    let ledger = folder.0.join("model-spending");
    std::fs::create_dir_all(&ledger).expect("a folder");
    let day = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    std::fs::write(ledger.join(format!("{day}.json")), "{\"anna\": oops").expect("a file");
    let failure = ask(&hub, "anna").expect_err("what was spent is not known");
    assert_eq!(failure.code(), "model_ledger_unusable");
    assert!(failure.message.contains(&day), "{failure}");
    assert!(server.arrived().is_empty());
}

#[test]
fn a_connection_is_used_again_and_may_be_closed_meanwhile() {
    let server = Server::start([
        says("one"),
        says("two"),
        Act {
            end: End::Close,
            ..says("three")
        },
        says("four"),
    ]);
    let folder = Folder::new("alive");
    let hub = hub(server.port, &folder.0, "");
    for text in ["one", "two", "three", "four"] {
        assert_eq!(ask(&hub, "anna").expect(text).text, text);
        // What is behind the reply is read beside the answer; only then the connection is free.
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_key_that_is_missing_leaves_the_other_models() {
    let server = Server::start([says("Yes."), says("Yes.")]);
    let folder = Folder::new("key");
    let keyless = format!(
        "provider.two = {{ kind = \"openai\", url = \"http://127.0.0.1:{}/v1\", key_env = \"ABSENT\" }}\nprovider.three = {{ kind = \"openai\", url = \"http://127.0.0.1:{}/v1\", key_file = \"absent.txt\" }}\nmodel.other = {{ provider = \"two\", name = \"m\" }}\nmodel.third = {{ provider = \"three\", name = \"m\" }}\nroles.query = [\"other\", \"third\", \"first\"]\nroles.sql = [\"other\"]",
        server.port, server.port
    );
    let hub = hub(server.port, &folder.0, &keyless);
    assert_eq!(ask(&hub, "anna").expect("the third does").text, "Yes.");
    let request = Request {
        role: Role::Sql,
        ..request()
    };
    let failure = hub
        .ask(&request, &hub.purse("anna"), &|| false, &mut |_| ())
        .expect_err("no key");
    assert_eq!(failure.code(), "model_key_refused");
    assert!(failure.message.contains("ABSENT"), "{failure}");
    std::fs::write(folder.0.join("absent.txt"), format!("{KEY}\n")).expect("a file");
    let later = self::hub(server.port, &folder.0, &keyless.replace("\"other\", ", ""));
    assert!(ask(&later, "anna").is_ok());
    let header = server.arrived()[1].headers.get("authorization").cloned();
    assert_eq!(
        header,
        Some(format!("Bearer {KEY}")),
        "the line feed of the file is no part of the key"
    );
}

#[test]
fn what_cannot_be_safe_does_not_open() {
    let folder = Folder::new("safe");
    std::fs::write(folder.0.join("empty.pem"), "").expect("a file");
    for (provider, said) in [
        (
            "url = \"http://models.example.com/v1\", key_env = \"KEY\"",
            "unencrypted",
        ),
        ("ca_file = \"absent.pem\", key_env = \"KEY\"", "absent.pem"),
        (
            "ca_file = \"empty.pem\", key_env = \"KEY\"",
            "no certificate",
        ),
        ("proxy = \"nonsense://x y\", key_env = \"KEY\"", "proxy"),
    ] {
        let text = format!(
            "[models]\nprovider.one = {{ kind = \"openai\", {provider} }}\nmodel.first = {{ provider = \"one\", name = \"m\", input_usd = 1, output_usd = 1 }}\nroles.default = [\"first\"]\n"
        );
        let configuration = Configuration::read(&text)
            .expect(&text)
            .expect("it has models");
        let error = Hub::open(&configuration, &surroundings(&folder.0)).expect_err(provider);
        assert!(error.message.contains(said), "{provider}: {error}");
        assert!(!error.message.contains(KEY));
    }
}

#[test]
fn a_proxy_is_asked_for_what_is_not_on_the_own_machine() {
    let server = Server::start([says("Yes."), says("Yes.")]);
    let folder = Folder::new("proxy");
    let more = format!(
        "provider.far = {{ kind = \"openai\", url = \"http://models.invalid/v1\", proxy = \"http://127.0.0.1:{}\" }}\nmodel.far = {{ provider = \"far\", name = \"m\", input_usd = 0, output_usd = 0 }}\nroles.query = [\"far\"]",
        server.port
    );
    let hub = hub(server.port, &folder.0, &more);
    let _ = ask(&hub, "anna");
    let arrived = server.arrived();
    assert!(
        arrived
            .first()
            .is_some_and(|first| first.path.contains("models.invalid")),
        "{arrived:?}"
    );
}

#[test]
fn transcripts_replay_byte_for_byte_and_hold_no_key() {
    let server = Server::start([
        says("Umsatz für 東京: 12 €"),
        act(
            json!({"body": [{"event": {"choices": [{"delta": {"content": "Rev"}}]}}], "end": "cut"}),
        ),
        act(json!({"status": 401, "body": [{"text": format!("unknown key {KEY}")}]})),
        act(
            json!({"content_type": "application/json", "body": [{"text": "{\"data\":[{\"index\":0,\"embedding\":[0.1,0.2]}]}"}]}),
        ),
    ]);
    let folder = Folder::new("transcript");
    let hub = hub(
        server.port,
        &folder.0,
        "transcript = \"models.jsonl\"\nroles.embed = [\"first\"]\nsend_values = false",
    );
    let texts = ["shoes".to_owned()];
    let told = |models: &dyn Models| {
        let purse = models.purse("anna");
        let mut told: Vec<String> = (0..3)
            .map(|_| {
                let mut pieces = Vec::new();
                let result = models.ask(&request(), &purse, &|| false, &mut |piece| {
                    pieces.push(match piece {
                        Piece::Text(text) => text.to_owned(),
                        Piece::Restart => "<restart>".into(),
                    });
                });
                format!("{pieces:?} {result:?}")
            })
            .collect();
        told.push(format!(
            "{:?} {:?}",
            models.embed(&texts, &purse, &|| false),
            purse.spent()
        ));
        told.push(format!(
            "{} {}",
            models.may_send_values(),
            models.offers(Role::Query)
        ));
        told
    };
    let first = told(&hub);
    assert!(first[1].contains("<restart>"), "{}", first[1]);
    let path = folder.0.join("models.jsonl");
    let replay = Replay::open(&path).expect("a transcript");
    assert_eq!(told(&replay), first);
    assert_eq!(
        ask(&replay, "anna")
            .expect_err("once more than recorded")
            .code(),
        "model_not_in_transcript"
    );
    let text = std::fs::read_to_string(&path).expect("a file");
    assert!(!text.contains(KEY) && text.contains("[redacted]"), "{text}");
    std::fs::write(&path, format!("{text}{{\"kind\": \"oops\"}}\n")).expect("a file");
    let failure = Replay::open(&path).expect_err("a line that is none");
    assert!(failure.message.contains("line 6"), "{failure}");
}
