//! The cases of `suites/wire`: a provider on a real socket does what the case says, and the case says
//! what has to come of it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "what prepares a test may end it"
)]

mod server;

use llm::{
    Author, Configuration, Hub, Message, Models, OutputSchema, Piece, Request, Role, Surroundings,
};
use serde::Deserialize;
use serde_json::{Value, json};
use server::{Act, Server};
use std::time::{Duration, Instant};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// The format; `openai` if absent.
    #[serde(default = "openai")]
    kind: String,
    /// More keys of the provider, as in retail.toml.
    #[serde(default)]
    provider: String,
    /// More keys of the model.
    #[serde(default)]
    model: String,
    /// Whether a second model of the same server follows the first.
    #[serde(default)]
    second: bool,
    /// Asks for an object `{"metric": "revenue" | "units"}`.
    #[serde(default)]
    schema: bool,
    /// Texts whose vectors are asked for instead.
    embed: Option<Vec<String>>,
    acts: Vec<Act>,
    /// What the server must have got, request by request.
    sent: Option<Vec<Sent>>,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    path: Option<String>,
    #[serde(default)]
    headers: serde_json::Map<String, Value>,
    /// What the body has to hold, at least.
    #[serde(default)]
    body: Value,
    /// What the body must not hold.
    #[serde(default)]
    without: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    text: Option<String>,
    value: Option<Value>,
    vectors: Option<Vec<Vec<f32>>>,
    code: Option<String>,
    /// What the message has to say.
    #[serde(default)]
    says: Vec<String>,
    /// The requests that were made; as many as acts if absent.
    requests: Option<usize>,
    /// Input tokens, output tokens and microdollars of each call.
    calls: Option<Vec<(u64, u64, f64)>>,
    /// The longest that it may take.
    within_ms: Option<u64>,
    /// The shortest.
    after_ms: Option<u64>,
}

fn openai() -> String {
    "openai".into()
}

const KEY: &str = "key-0123456789";

/// Opens the configuration of a case.
fn hub(case: &Case, port: u16) -> Hub {
    let comma = |more: &str| {
        if more.is_empty() {
            String::new()
        } else {
            format!(", {more}")
        }
    };
    let provider = |path: &str| {
        format!(
            "{{ kind = \"{}\", url = \"http://127.0.0.1:{port}/{path}\", key_env = \"KEY\"{} }}",
            case.kind,
            comma(&case.provider)
        )
    };
    let model = |provider: &str| {
        format!(
            "{{ provider = \"{provider}\", name = \"model-1\", input_usd = 1.0, output_usd = 10.0{} }}",
            comma(&case.model)
        )
    };
    let names = if case.second {
        "[\"first\", \"second\"]"
    } else {
        "[\"first\"]"
    };
    let embed = if case.kind == "anthropic" {
        "[]"
    } else {
        names
    };
    let text = format!(
        "[models]\nprovider.one = {}\nprovider.two = {}\nmodel.first = {}\nmodel.second = {}\nroles = {{ default = {names}, embed = {embed} }}\nbudget = {{ seconds = 5 }}\n",
        provider("v1"),
        provider("second"),
        model("one"),
        model("two"),
    );
    let configuration = Configuration::read(&text)
        .unwrap_or_else(|error| panic!("{}: {error}\n{text}", case.name))
        .expect("it has models");
    let surroundings = Surroundings {
        environment: Box::new(|name| (name == "KEY").then(|| KEY.to_owned())),
        seed: 7,
        ..Surroundings::of_process(".".into(), ".".into())
    };
    Hub::open(&configuration, &surroundings)
        .unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

/// Whether `part` is in `whole`: objects by their keys, lists item by item.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|found| holds(found, value))),
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(w, p)| holds(w, p))
        }
        _ => whole == part,
    }
}

fn run(case: &Case) {
    let name = &case.name;
    let server = Server::start(case.acts.clone());
    let hub = hub(case, server.port);
    let request = Request {
        role: Role::Query,
        system: "You name a metric.".into(),
        messages: vec![
            Message::user("Hello"),
            Message {
                author: Author::Model,
                text: "Ask.".into(),
            },
            Message::user("How much did we sell?"),
        ],
        schema: case.schema.then(|| OutputSchema {
            name: "choice".into(),
            json: json!({"type": "object", "properties": {"metric": {"enum": ["revenue", "units"]}},
                "required": ["metric"], "additionalProperties": false}),
        }),
        max_output_tokens: 50,
    };
    let purse = hub.purse("anna");
    let started = Instant::now();
    let mut shown = String::new();
    let (calls, failure) = if let Some(texts) = &case.embed {
        match hub.embed(texts, &purse, &|| false) {
            Ok(found) => {
                assert_eq!(Some(&found.vectors), case.expect.vectors.as_ref(), "{name}");
                (found.calls, None)
            }
            Err(failure) => (failure.calls.clone(), Some(failure)),
        }
    } else {
        let reply = hub.ask(&request, &purse, &|| false, &mut |piece| match piece {
            Piece::Text(text) => shown.push_str(text),
            Piece::Restart => shown.clear(),
        });
        match reply {
            Ok(reply) => {
                assert_eq!(
                    shown, reply.text,
                    "{name}: what was shown is what was replied"
                );
                assert_eq!(reply.value.is_some(), case.schema, "{name}");
                if let Some(text) = &case.expect.text {
                    assert_eq!(&reply.text, text, "{name}");
                }
                if let Some(value) = &case.expect.value {
                    assert_eq!(reply.value.as_ref(), Some(value), "{name}");
                }
                assert!(
                    case.expect.code.is_none(),
                    "{name}: a reply: {}",
                    reply.text
                );
                (reply.calls, None)
            }
            Err(failure) => (failure.calls.clone(), Some(failure)),
        }
    };
    let took = started.elapsed();
    if let Some(failure) = &failure {
        assert_eq!(
            Some(failure.code()),
            case.expect.code.as_deref(),
            "{name}: {failure}"
        );
        assert_eq!(shown, "", "{name}: what was shown is taken back");
        for part in &case.expect.says {
            assert!(failure.message.contains(part), "{name}: {failure}");
        }
        assert!(
            !failure.message.contains(KEY),
            "{name}: the key shows in {failure}"
        );
        assert!(!failure.hint().is_empty(), "{name}");
    }
    let arrived = server.arrived();
    assert_eq!(
        arrived.len(),
        case.expect.requests.unwrap_or(case.acts.len()),
        "{name}: requests; {failure:?}"
    );
    for (sent, arrived) in case.sent.iter().flatten().zip(&arrived) {
        if let Some(path) = &sent.path {
            assert_eq!(&arrived.path, path, "{name}");
        }
        for (header, value) in &sent.headers {
            assert_eq!(
                arrived.headers.get(header).map(String::as_str),
                value.as_str(),
                "{name}: header {header}"
            );
        }
        if !sent.body.is_null() {
            assert!(holds(&arrived.body, &sent.body), "{name}: {}", arrived.body);
        }
        let body = arrived.body.to_string();
        for text in &sent.without {
            assert!(!body.contains(text), "{name}: {text} in {body}");
        }
    }
    if let Some(expected) = &case.expect.calls {
        let found: Vec<_> = calls
            .iter()
            .map(|call| {
                (
                    call.input_tokens,
                    call.output_tokens,
                    (call.cost_usd * 1e12).round() / 1e6,
                )
            })
            .collect();
        assert_eq!(&found, expected, "{name}");
    }
    assert_eq!(
        purse.spent().tokens,
        calls
            .iter()
            .map(|call| call.input_tokens + call.output_tokens)
            .sum::<u64>(),
        "{name}: what is reported is what the purse has paid"
    );
    assert!(
        took < Duration::from_millis(case.expect.within_ms.unwrap_or(5_500)),
        "{name}: {took:?}"
    );
    assert!(
        took >= Duration::from_millis(case.expect.after_ms.unwrap_or(0)),
        "{name}: {took:?}"
    );
}

fn cases(text: &str) -> Vec<Case> {
    serde_json::from_str(text).expect("a list of cases")
}

#[test]
fn openai_compatible() {
    cases(include_str!("../../../suites/wire/openai.json"))
        .iter()
        .for_each(run);
}

#[test]
fn gemini() {
    cases(include_str!("../../../suites/wire/gemini.json"))
        .iter()
        .for_each(run);
}

#[test]
fn anthropic() {
    cases(include_str!("../../../suites/wire/anthropic.json"))
        .iter()
        .for_each(run);
}

#[test]
fn faults() {
    cases(include_str!("../../../suites/wire/faults.json"))
        .iter()
        .for_each(run);
}
