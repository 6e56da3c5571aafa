//! A real model, served on the own machine: what a provider that follows the format really sends.
//! `scripts/serve-small-model.sh` fetches and serves it; where it cannot, the test says so and passes,
//! unless `REQUIRE_SMALL_MODEL` is set. Its exact words are never looked at: they are not stable, and
//! a model of this size is seldom right.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "what prepares a test may end it"
)]

use llm::{
    Configuration, Fault, Hub, Message, Models, OutputSchema, Piece, Request, Role, Surroundings,
};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The served model; it ends when its standard input does.
struct SmallModel {
    process: Child,
    address: String,
}

impl SmallModel {
    fn start() -> Option<Self> {
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../scripts/serve-small-model.sh"
        );
        let mut process = Command::new(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the script is there");
        let mut address = String::new();
        BufReader::new(process.stdout.take().expect("it is piped"))
            .read_line(&mut address)
            .expect("a line");
        if address.is_empty() {
            let _ = process.wait();
            assert!(
                std::env::var_os("REQUIRE_SMALL_MODEL").is_none(),
                "the small model cannot be served here"
            );
            eprintln!("skipped: the small model cannot be fetched or served here");
            return None;
        }
        Some(Self {
            process,
            address: address.trim().to_owned(),
        })
    }

    fn hub(&self, model: &str) -> Hub {
        let text = format!(
            "[models]\nprovider.local = {{ kind = \"openai\", url = \"{}\" }}\nmodel.small = {{ provider = \"local\", name = \"small\"{model} }}\nroles = {{ default = [\"small\"], embed = [\"small\"] }}\nbudget.seconds = 120\n",
            self.address
        );
        let configuration = Configuration::read(&text)
            .expect(&text)
            .expect("it has models");
        Hub::open(
            &configuration,
            &Surroundings::of_process(".".into(), ".".into()),
        )
        .expect("it opens")
    }
}

impl Drop for SmallModel {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn request(properties: serde_json::Value, max_output_tokens: u32) -> Request {
    let required: Vec<String> = properties
        .as_object()
        .map(|map| map.keys().cloned().collect())
        .unwrap_or_default();
    Request {
        role: Role::Query,
        system: "You turn questions about a shop into JSON.".into(),
        messages: vec![Message::user("How many units did we sell in Hamburg?")],
        schema: Some(OutputSchema {
            name: "query".into(),
            json: json!({"type": "object", "properties": properties, "required": required,
                "additionalProperties": false}),
        }),
        max_output_tokens,
    }
}

#[test]
fn a_real_model_streams_fits_its_schema_and_fails_with_a_reason() {
    let Some(model) = SmallModel::start() else {
        return;
    };
    let hub = model.hub("");
    let purse = hub.purse("anna");

    // Its schema is enforced by the server, its reply comes in pieces, its tokens are counted by it.
    let choice = json!({"metric": {"enum": ["revenue", "units"]}, "limit": {"type": "integer", "minimum": 1, "maximum": 9}});
    let mut pieces: Vec<String> = Vec::new();
    let reply = hub
        .ask(
            &request(choice.clone(), 100),
            &purse,
            &|| false,
            &mut |piece| match piece {
                Piece::Text(text) => pieces.push(text.to_owned()),
                Piece::Restart => pieces.clear(),
            },
        )
        .expect("a reply that fits");
    let value = reply.value.expect("a schema was asked for");
    assert!(
        value["metric"] == "revenue" || value["metric"] == "units",
        "{value}"
    );
    assert!(pieces.len() > 3, "{pieces:?}");
    assert_eq!(pieces.concat(), reply.text);
    assert!(
        reply.calls[0].input_tokens > 10 && reply.calls[0].output_tokens > 3,
        "{:?}",
        reply.calls
    );
    assert_eq!(reply.calls[0].cost_usd, 0.0);

    // A limit that no reply of this form can meet.
    let long = json!({"words": {"type": "array", "minItems": 40, "items": {"type": "string", "minLength": 3}}});
    let failure = model
        .hub(", max_output_tokens = 12")
        .ask(&request(long, 100), &purse, &|| false, &mut |_| ())
        .expect_err("twelve tokens are too few");
    assert_eq!(failure.fault, Fault::Truncated, "{failure}");
    assert_eq!(failure.calls[0].output_tokens, 12, "counted by the server");

    // Left to itself it talks; what does not fit is told back and at last refused.
    let told = model.hub(", structured = \"prompt\", max_output_tokens = 30");
    let code = json!({"code": {"const": "K7-QX-19"}, "sum": {"type": "integer", "minimum": 123_456, "maximum": 123_456}});
    match told.ask(&request(code, 30), &purse, &|| false, &mut |_| ()) {
        Ok(reply) => assert_eq!(
            reply.value,
            Some(json!({"code": "K7-QX-19", "sum": 123_456}))
        ),
        Err(failure) => {
            assert!(
                matches!(failure.fault, Fault::SchemaMismatch | Fault::Truncated),
                "{failure}"
            );
            assert!(
                (1..=3).contains(&failure.calls.len()),
                "{:?}",
                failure.calls
            );
        }
    }

    // A server without vectors says so.
    let failure = hub
        .embed(&["shoes".into()], &purse, &|| false)
        .expect_err("it has none");
    assert_eq!(failure.fault, Fault::Unavailable, "{failure}");
    assert!(failure.message.contains("501"), "{failure}");

    // A stop in mid-reply ends the call, and the server, which has one place, is free for the next.
    let prose = Request {
        schema: None,
        ..request(json!({}), 2000)
    };
    let stop = std::cell::Cell::new(None::<Instant>);
    let failure = hub
        .ask(&prose, &purse, &|| stop.get().is_some(), &mut |_| {
            if stop.get().is_none() {
                stop.set(Some(Instant::now()));
            }
        })
        .expect_err("it was stopped");
    assert_eq!(failure.fault, Fault::Stopped);
    let late = stop
        .get()
        .map(|at| at.elapsed())
        .expect("a first piece came");
    assert!(late < Duration::from_millis(500), "{late:?}");
    let started = Instant::now();
    hub.ask(&request(choice, 100), &purse, &|| false, &mut |_| ())
        .expect("it serves again");
    assert!(started.elapsed() < Duration::from_secs(60));
}
