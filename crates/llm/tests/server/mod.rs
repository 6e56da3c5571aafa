//! A provider on a real socket that does what a script says, faults included.

#![allow(
    dead_code,
    clippy::expect_used,
    reason = "support of tests, of which each file uses a part"
)]

use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server does with one request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Act {
    /// Before the status line.
    #[serde(default)]
    pub(crate) pause_ms: u64,
    /// Closes the connection instead of replying.
    #[serde(default)]
    pub(crate) hang_up: bool,
    #[serde(default = "ok")]
    pub(crate) status: u16,
    #[serde(default = "event_stream")]
    pub(crate) content_type: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) body: Vec<Part>,
    /// Sends the body in chunks of so many bytes, whole parts otherwise.
    pub(crate) chunk_bytes: Option<usize>,
    /// What stands at the end.
    #[serde(default)]
    pub(crate) end: End,
}

/// A part of a body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Part {
    /// Characters as they are.
    Text(String),
    /// Bytes in hexadecimal.
    Hex(String),
    /// A server-sent event with this data.
    Event(Value),
    /// A named server-sent event.
    Named(String, Value),
    /// The same part many times.
    Repeat(Box<Part>, usize),
    /// Nothing, for so many milliseconds.
    PauseMs(u64),
}

/// The end of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// As HTTP has it; the connection stays open.
    #[default]
    Whole,
    /// The connection closes in mid-body.
    Cut,
    /// As HTTP has it, then the connection closes without having said so.
    Close,
    /// Nothing more comes, and nothing closes.
    Hang,
}

fn ok() -> u16 {
    200
}

fn event_stream() -> String {
    "text/event-stream".into()
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

/// The server; it ends with the process.
pub(crate) struct Server {
    pub(crate) port: u16,
    acts: Arc<Mutex<VecDeque<Act>>>,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    /// Connections that the other side closed before the reply was over.
    given_up: Arc<Mutex<usize>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    pub(crate) fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = Self {
            port: listener.local_addr().expect("an address").port(),
            acts: Arc::new(Mutex::new(acts.into_iter().collect())),
            arrived: Arc::default(),
            given_up: Arc::default(),
            connections: Arc::default(),
        };
        let connections = Arc::clone(&server.connections);
        let (acts, arrived, given_up) = (
            Arc::clone(&server.acts),
            Arc::clone(&server.arrived),
            Arc::clone(&server.given_up),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                *connections.lock().expect("no panic") += 1;
                let (acts, arrived, given_up) = (
                    Arc::clone(&acts),
                    Arc::clone(&arrived),
                    Arc::clone(&given_up),
                );
                std::thread::spawn(move || {
                    if serve(&stream, &acts, &arrived).is_err() {
                        *given_up.lock().expect("no panic") += 1;
                    }
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        });
        server
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().expect("no panic").clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().expect("no panic")
    }

    pub(crate) fn given_up(&self) -> usize {
        *self.given_up.lock().expect("no panic")
    }
}

fn serve(
    stream: &TcpStream,
    acts: &Mutex<VecDeque<Act>>,
    arrived: &Mutex<Vec<Arrived>>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
        let length = headers
            .get("content-length")
            .and_then(|n| n.parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        arrived.lock().expect("no panic").push(Arrived {
            path,
            headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        });
        let act = acts.lock().expect("no panic").pop_front();
        let act = act.unwrap_or_else(|| Act {
            status: 418,
            content_type: "text/plain".into(),
            body: vec![Part::Text("the script of the test is over".into())],
            ..serde_json::from_str("{}").expect("all fields have defaults")
        });
        if !perform(stream, &act)? {
            return Ok(());
        }
    }
}

/// Says whether the connection stays.
fn perform(mut stream: &TcpStream, act: &Act) -> std::io::Result<bool> {
    std::thread::sleep(Duration::from_millis(act.pause_ms));
    if act.hang_up {
        return Ok(false);
    }
    let mut head = format!(
        "HTTP/1.1 {} Said\r\ncontent-type: {}\r\ntransfer-encoding: chunked\r\n",
        act.status, act.content_type
    );
    for (name, value) in &act.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    for part in &act.body {
        send(stream, part, act.chunk_bytes)?;
    }
    match act.end {
        End::Whole => stream.write_all(b"0\r\n\r\n").map(|()| true),
        End::Close => stream.write_all(b"0\r\n\r\n").map(|()| false),
        End::Cut => Ok(false),
        End::Hang => {
            // Until the other side closes.
            stream.read_exact(&mut [0])?;
            Ok(false)
        }
    }
}

fn send(mut stream: &TcpStream, part: &Part, chunk_bytes: Option<usize>) -> std::io::Result<()> {
    let bytes = match part {
        Part::PauseMs(ms) => {
            std::thread::sleep(Duration::from_millis(*ms));
            return Ok(());
        }
        Part::Repeat(part, times) => {
            for _ in 0..*times {
                send(stream, part, chunk_bytes)?;
            }
            return Ok(());
        }
        Part::Text(text) => text.clone().into_bytes(),
        Part::Hex(text) => (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal"))
            .collect(),
        Part::Event(data) => format!("data: {data}\n\n").into_bytes(),
        Part::Named(name, data) => format!("event: {name}\ndata: {data}\n\n").into_bytes(),
    };
    for chunk in bytes.chunks(chunk_bytes.unwrap_or(usize::MAX).min(64 << 10)) {
        let mut framed = format!("{:x}\r\n", chunk.len()).into_bytes();
        framed.extend_from_slice(chunk);
        framed.extend_from_slice(b"\r\n");
        stream.write_all(&framed)?;
    }
    Ok(())
}
