//! The server as clients see it: real requests over a real socket.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::Duration;

const SALES: &str = "order_id,order_date,region,amount\n1,2024-01-05,North,40.50\n2,2024-01-09,South,30.25\n3,2024-02-11,North,50.25\n4,2024-02-12,South,29.75\n";

/// Host and port of one server for all tests of this file.
fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("retail-http-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("sales.csv");
        std::fs::write(&file, SALES).unwrap();
        let assistant = agents::Assistant::open(&agents::Options {
            data: vec![file],
            ..agents::Options::default()
        })
        .unwrap();
        let options = server::Options {
            port: 0,
            opening: Some("total revenue".into()),
        };
        let memory = memory::Settings::default()
            .memory(&folder.join("conversations"), |_| None)
            .unwrap();
        let (ready, address) = mpsc::channel();
        std::thread::spawn(move || {
            server::serve(assistant, memory, &options, |url| {
                ready.send(url.to_string()).unwrap()
            })
            .unwrap();
        });
        let url = address.recv_timeout(Duration::from_secs(30)).unwrap();
        url.strip_prefix("http://").unwrap().to_string()
    })
}

struct Reply {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Reply {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
}

fn head(method: &str, path: &str, headers: &[(String, String)], length: usize) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("host")) {
        head.push_str(&format!("Host: {}\r\n", host()));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {}\r\n", value.replace("{host}", host())));
    }
    if length > 0 {
        head.push_str(&format!("Content-Length: {length}\r\n"));
    }
    head + "\r\n"
}

fn send(method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(host()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
        .write_all(head(method, path, headers, body.len()).as_bytes())
        .unwrap();
    // A server that refuses a large body may close before it has read it all.
    let _ = stream.write_all(body);
    let mut raw = Vec::new();
    let _ = stream.read_to_end(&mut raw);
    parse(&raw)
}

fn parse(raw: &[u8]) -> Reply {
    let end = raw
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8_lossy(&raw[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers: HashMap<String, String> = lines
        .filter_map(|l| l.split_once(": "))
        .map(|(n, v)| (n.to_lowercase(), v.to_string()))
        .collect();
    let body = raw[end + 4..].to_vec();
    let chunked = headers
        .get("transfer-encoding")
        .is_some_and(|v| v == "chunked");
    Reply {
        status,
        headers,
        body: if chunked { unchunk(&body) } else { body },
    }
}

fn unchunk(mut raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(at) = raw.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&raw[..at]).unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        out.extend_from_slice(&raw[at + 2..at + 2 + size]);
        raw = &raw[at + 4 + size..];
    }
    out
}

fn json_headers(accept: &str) -> Vec<(String, String)> {
    vec![
        ("Content-Type".into(), "application/json".into()),
        ("Accept".into(), accept.into()),
    ]
}

fn ask(body: &Value) -> Value {
    let reply = send(
        "POST",
        "/api/v1/ask",
        &json_headers("application/json"),
        body.to_string().as_bytes(),
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

#[test]
fn each_request_of_the_suite_gets_its_reply() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../suites/http/requests.json");
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let mut faults = Vec::new();
    for case in &cases {
        let request = &case["request"];
        let mut headers: Vec<(String, String)> = request["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(n, v)| (n.clone(), v.as_str().unwrap().to_string()))
            .collect();
        let mut body = Vec::new();
        if let Some(document) = request.get("json") {
            body = document.to_string().into_bytes();
            if !headers.iter().any(|(n, _)| n == "Content-Type") {
                headers.push(("Content-Type".into(), "application/json".into()));
            }
        } else if let Some(text) = request["body"].as_str() {
            body = text.as_bytes().to_vec();
        } else if let Some(hex) = request["body_hex"].as_str() {
            body = (0..hex.len())
                .step_by(2)
                .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
                .collect();
        } else if let Some(parts) = request["body_repeat"].as_array() {
            body = parts[0]
                .as_str()
                .unwrap()
                .repeat(parts[1].as_u64().unwrap() as usize)
                .into_bytes();
        }
        let has_body = !body.is_empty();
        let method = request["method"]
            .as_str()
            .unwrap_or(if has_body { "POST" } else { "GET" });
        let path = request["path"].as_str().unwrap_or("/api/v1/ask");
        let reply = send(method, path, &headers, &body);
        let mut fault = |what: String| {
            faults.push(format!(
                "{}: {what}",
                case["name"].as_str().unwrap_or_default()
            ))
        };
        if u64::from(reply.status) != case["status"].as_u64().unwrap() {
            fault(format!("status {}, body {}", reply.status, reply.text()));
            continue;
        }
        for (name, value) in case["headers"].as_object().into_iter().flatten() {
            if reply.headers.get(name).map(String::as_str) != value.as_str() {
                fault(format!("{name} is {:?}", reply.headers.get(name)));
            }
        }
        for text in case["body_has"].as_array().into_iter().flatten() {
            if !reply.text().contains(text.as_str().unwrap()) {
                fault(format!(
                    "the body lacks {text}: {}",
                    reply.text().chars().take(600).collect::<String>()
                ));
            }
        }
        if let Some(code) = case["code"].as_str() {
            let problem = reply.json();
            let complete = ["type", "title", "status", "detail", "hint"]
                .iter()
                .all(|k| !problem[*k].is_null());
            if reply.headers["content-type"] != "application/problem+json"
                || problem["code"] != code
                || !complete
            {
                fault(format!("the problem is {problem}"));
            }
        }
        // Every reply, refusals too.
        for (name, part) in [
            ("content-security-policy", "default-src 'none'"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            if !reply.headers.get(name).is_some_and(|v| v.contains(part)) {
                fault(format!(
                    "the header {name} is {:?}",
                    reply.headers.get(name)
                ));
            }
        }
        let policy = &reply.headers["content-security-policy"];
        if policy.contains("unsafe") || policy.contains("http") || policy.contains('*') {
            fault(format!("the policy is loose: {policy}"));
        }
        if reply.headers.contains_key("access-control-allow-origin") {
            fault("another origin is let in".into());
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(cases.len() > 30);
}

#[test]
fn the_stream_tells_the_stages_in_order_and_ends_with_the_document() {
    let reply = send(
        "POST",
        "/api/v1/ask",
        &json_headers("text/event-stream"),
        json!({"question": "revenue by region"})
            .to_string()
            .as_bytes(),
    );
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "text/event-stream");
    let events = events(&reply.text());
    let names: Vec<&str> = events.iter().map(|(n, _)| n.as_str()).collect();
    let place = |name: &str| {
        names
            .iter()
            .position(|n| *n == name)
            .unwrap_or_else(|| panic!("{name} in {names:?}"))
    };
    for pair in [
        "understanding",
        "plan",
        "sql",
        "rows",
        "verdict",
        "sentence",
        "chart",
        "done",
    ]
    .windows(2)
    {
        assert!(place(pair[0]) < place(pair[1]), "{pair:?} in {names:?}");
    }
    assert_eq!(names.iter().filter(|n| **n == "done").count(), 1);
    assert_eq!(names.last(), Some(&"done"));
    let mut streamed = events.last().unwrap().1.clone();
    let mut plain = ask(&json!({"question": "revenue by region"}));
    for document in [&mut streamed, &mut plain] {
        document["timings_ms"] = Value::Null;
        for step in document["plan"].as_array_mut().unwrap() {
            step["elapsed_ms"] = Value::Null;
            step["cache"] = Value::Null;
        }
    }
    assert_eq!(streamed, plain, "the same document on both roads");
    let told: String = events
        .iter()
        .filter(|(n, _)| n == "sentence")
        .map(|(_, d)| d.as_str().unwrap())
        .collect();
    assert_eq!(told, plain["narrative"]["text"].as_str().unwrap());
}

#[test]
fn the_first_event_comes_at_once() {
    let waited = (0..10)
        .map(|_| {
            let body = json!({"question": "revenue by region", "no_cache": true}).to_string();
            let headers = json_headers("text/event-stream");
            let mut stream = TcpStream::connect(host()).unwrap();
            let request = head("POST", "/api/v1/ask", &headers, body.len()) + &body;
            let start = std::time::Instant::now();
            stream.write_all(request.as_bytes()).unwrap();
            let mut seen: Vec<u8> = Vec::new();
            let mut part = [0; 1024];
            while !seen.windows(6).any(|w| w == b"event:") {
                let read = stream.read(&mut part).unwrap();
                assert!(read > 0, "it ends before the first event");
                seen.extend(&part[..read]);
            }
            start.elapsed()
        })
        .min()
        .unwrap();
    assert!(waited < Duration::from_millis(50), "{waited:?}");
}

#[test]
fn known_rows_are_named_and_can_be_passed_over() {
    let of = |no_cache: bool| {
        let answer = ask(&json!({"question": "amount by region", "no_cache": no_cache}));
        answer["plan"][0]["cache"].clone()
    };
    of(false);
    assert_eq!(of(false), "hit");
    assert_eq!(of(true), "miss");
}

#[test]
fn a_refusal_and_a_question_back_are_streamed_too() {
    for (question, event) in [
        ("delete all orders", "error"),
        ("who is best?", "clarification"),
    ] {
        let reply = send(
            "POST",
            "/api/v1/ask",
            &json_headers("text/event-stream"),
            json!({"question": question}).to_string().as_bytes(),
        );
        let names: Vec<String> = events(&reply.text()).into_iter().map(|(n, _)| n).collect();
        assert_eq!(names, [event, "done"], "{question}");
    }
}

fn events(text: &str) -> Vec<(String, Value)> {
    text.split("\n\n")
        .filter(|block| !block.is_empty())
        .map(|block| {
            let (name, data) = block.split_once('\n').expect("two lines");
            (
                name.strip_prefix("event: ").unwrap().to_string(),
                serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_operation_of_the_document_answers_as_described() {
    let document = send("GET", "/api/v1/openapi.json", &[], b"").json();
    assert_eq!(document["openapi"], "3.1.0");
    let fits = |schema: &Value, value: &Value, what: &str| {
        let whole = json!({"allOf": [schema], "components": document["components"]});
        let errors: Vec<String> = jsonschema::validator_for(&whole)
            .unwrap()
            .iter_errors(value)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{what}: {errors:?} in {value}");
    };
    let bodies = [
        (
            "/api/v1/ask",
            json!({"question": "revenue by region", "as_of": "2024-03-01"}),
        ),
        ("/api/v1/complete", json!({"text": "revenue by re"})),
    ];
    let mut seen = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let body = bodies.iter().find(|(p, _)| p == path).map(|(_, b)| b);
            let schema = operation.pointer("/requestBody/content/application~1json/schema");
            assert_eq!(body.is_some(), schema.is_some(), "{path}");
            if let (Some(body), Some(schema)) = (body, schema) {
                fits(schema, body, path);
            }
            let text = body.map(Value::to_string).unwrap_or_default();
            let replies = operation["responses"]["200"]["content"]
                .as_object()
                .unwrap();
            for (media, described) in replies {
                let method = method.to_uppercase();
                let reply = send(&method, path, &json_headers(media), text.as_bytes());
                assert_eq!(reply.status, 200, "{path}: {}", reply.text());
                assert_eq!(&reply.headers["content-type"], media, "{path}");
                let value = if media == "application/json" {
                    reply.json()
                } else {
                    Value::String(reply.text())
                };
                fits(&described["schema"], &value, path);
            }
            if body.is_some() {
                let refused = send("POST", path, &json_headers("application/json"), b"{}");
                assert_eq!(refused.status, 400);
                let described = &operation["responses"]["default"]["content"];
                let media = refused.headers["content-type"].as_str();
                fits(&described[media]["schema"], &refused.json(), path);
            }
            seen.push(path.as_str());
        }
    }
    for path in [
        "ask",
        "complete",
        "source",
        "health",
        "ready",
        "metrics",
        "openapi.json",
    ] {
        assert!(seen.contains(&format!("/api/v1/{path}").as_str()), "{path}");
    }
}

#[test]
fn an_answer_is_given_as_a_file_and_no_answer_is_not() {
    let csv = |question: &str| {
        let body = json!({ "question": question }).to_string();
        send(
            "POST",
            "/api/v1/ask",
            &json_headers("text/csv"),
            body.as_bytes(),
        )
    };
    let reply = csv("revenue by region");
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.headers["content-disposition"],
        "attachment; filename=\"answer.csv\""
    );
    let rows = ask(&json!({"question": "revenue by region"}))["result"]["rows"].clone();
    assert_eq!(
        reply.text().lines().count(),
        1 + rows.as_array().unwrap().len()
    );
    assert!(reply.text().contains("North,90.75"), "{}", reply.text());
    let refused = csv("delete all orders");
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["code"], "export_no_answer");
}

#[test]
fn questions_are_counted() {
    let count = |status: &str| -> u64 {
        let text = send("GET", "/api/v1/metrics", &[], b"").text();
        let line = format!("retail_questions_total{{status=\"{status}\"}} ");
        let found = text.lines().find_map(|l| l.strip_prefix(&line));
        found.unwrap().parse().unwrap()
    };
    let before = count("declined");
    ask(&json!({"question": "delete all orders"}));
    assert!(count("declined") > before);
}

#[test]
fn conversations_do_not_hear_each_other() {
    ask(&json!({"question": "revenue by region", "conversation": "one"}));
    let here = ask(&json!({"question": "only in February 2024", "conversation": "one"}));
    assert_eq!(here["status"], "answered", "{here}");
    assert_eq!(here["conversation"], "one");
    assert_eq!(
        here["result"]["rows"],
        json!([["North", 50.25], ["South", 29.75]])
    );
    let elsewhere = ask(&json!({"question": "only in February 2024", "conversation": "two"}));
    assert_ne!(elsewhere["result"]["rows"], here["result"]["rows"]);
    let alone = ask(&json!({"question": "only in February 2024"}));
    assert_ne!(alone["result"]["rows"], here["result"]["rows"]);
}

#[test]
fn a_question_back_is_picked_by_label_or_number() {
    for pick in [json!("1"), Value::Null] {
        let id = format!("pick {pick}");
        let open = ask(&json!({"question": "who is best?", "conversation": id}));
        assert_eq!(open["status"], "clarify", "{open}");
        let label = &open["clarification"]["options"][0]["label"];
        let turn = if pick.is_null() {
            label.clone()
        } else {
            pick.clone()
        };
        let picked = ask(&json!({"question": turn, "conversation": id}));
        assert_eq!(picked["status"], "answered", "{picked}");
    }
}

#[test]
fn many_clients_at_once_get_their_own_answers() {
    let expected = ask(&json!({"question": "revenue by region"}))["result"].clone();
    std::thread::scope(|scope| {
        for i in 0..24 {
            let expected = &expected;
            scope.spawn(move || {
                let answer = ask(
                    &json!({"question": "revenue by region", "conversation": format!("crowd {i}")}),
                );
                assert_eq!(&answer["result"], expected);
            });
        }
    });
}

#[test]
fn a_client_that_leaves_or_talks_nonsense_harms_nobody() {
    for _ in 0..8 {
        let mut stream = TcpStream::connect(host()).unwrap();
        let body = json!({"question": "revenue by region"}).to_string();
        let headers = json_headers("text/event-stream");
        stream
            .write_all(head("POST", "/api/v1/ask", &headers, body.len()).as_bytes())
            .unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        drop(stream);
    }
    let mut stream = TcpStream::connect(host()).unwrap();
    stream
        .write_all(b"\x16\x03\x01\x02\x00 this is no HTTP\r\n\r\n")
        .unwrap();
    drop(stream);
    assert_eq!(send("GET", "/healthz", &[], b"").text(), "ok");
    assert_eq!(
        ask(&json!({"question": "total revenue"}))["status"],
        "answered"
    );
}

#[test]
fn other_interfaces_are_not_served() {
    let port: u16 = host().rsplit(':').next().unwrap().parse().unwrap();
    // The address that this machine has towards others, if it has one.
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    if socket.connect("192.0.2.1:9").is_err() {
        return;
    }
    let outward = socket.local_addr().unwrap().ip();
    if outward.is_loopback() || outward.is_unspecified() {
        return;
    }
    assert!(TcpStream::connect_timeout(&(outward, port).into(), Duration::from_secs(2)).is_err());
}
