//! The page and the operations of the API.

use crate::openapi::{self, Describe, Operation};
use crate::problem::Problem;
use crate::stream::{Messages, Withdrawn};
use crate::{Shared, assets, defence, examples};
use agents::{Conversation, OpenError, Question, Stop};
use answer::{AnswerDocument, ErrorReport, Event, Status};
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use export::Format;
use memory::Key;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Bytes of a request at most.
const BODY_LIMIT: usize = 256 * 1024;
/// Bytes of a conversation id at most.
const CONVERSATION_ID_LIMIT: usize = 200;
/// A question that runs longer is stopped.
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// Ways to go on that are offered at most.
const COMPLETIONS: usize = 6;
const EVENT_STREAM: &str = "text/event-stream";
/// Prometheus' exposition format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Events that wait for a slow reader at most.
const EVENTS_AHEAD: usize = 64;

/// A question.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// In plain English.
    question: String,
    /// The thread that it belongs to: a name of 1 to 200 bytes.
    #[serde(default)]
    conversation: Option<String>,
    /// The day that stands for today (`YYYY-MM-DD`).
    #[serde(default)]
    as_of: Option<String>,
    /// Runs every step, also where its rows are known.
    #[serde(default)]
    no_cache: bool,
}

/// A text in the box, up to the cursor.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Typed {
    text: String,
    #[serde(default)]
    conversation: Option<String>,
}

/// The operations with what answers them: the table that is served and described.
fn operations() -> Vec<(Operation, MethodRouter<Arc<Shared>>)> {
    const JSON: &str = "application/json";
    let operation = |method, path, about, gives: Vec<(&'static str, Describe)>| Operation {
        path,
        method,
        about,
        takes: None,
        gives,
    };
    vec![
        (
            Operation {
                takes: Some(openapi::of::<Ask>),
                ..operation(
                    "post",
                    "/api/v1/ask",
                    "Answers a question, as `Accept` asks for: the whole document; the events understanding, plan, sql, rows, verdict, sentence, chart, clarification, error and at last done, which carries the document; or the rows of the answer as a file.",
                    vec![
                        (JSON, openapi::of::<AnswerDocument> as Describe),
                        (EVENT_STREAM, openapi::text),
                        (Format::Csv.media_type(), openapi::text),
                        (Format::Xlsx.media_type(), openapi::bytes),
                    ],
                )
            },
            post(ask),
        ),
        (
            Operation {
                takes: Some(openapi::of::<Typed>),
                ..operation(
                    "post",
                    "/api/v1/complete",
                    "Ways to go on from a text, best first.",
                    vec![(JSON, openapi::of::<Completions>)],
                )
            },
            post(complete),
        ),
        (
            operation(
                "get",
                "/api/v1/source",
                "What is open: tables, metrics, the days that the data covers, questions to begin with.",
                vec![(JSON, openapi::of::<Source>)],
            ),
            get(source),
        ),
        (
            operation(
                "get",
                "/api/v1/health",
                "Whether the server lives.",
                vec![(JSON, openapi::of::<Condition>)],
            ),
            get(|| async { condition() }),
        ),
        (
            operation(
                "get",
                "/api/v1/ready",
                "Whether it can answer: the data is open and as the files are now.",
                vec![(JSON, openapi::of::<Condition>)],
            ),
            get(ready),
        ),
        (
            operation(
                "get",
                "/api/v1/metrics",
                "What it has done since it started, as Prometheus reads it.",
                vec![(METRICS, openapi::text)],
            ),
            get(metrics),
        ),
        (
            operation(
                "get",
                "/api/v1/openapi.json",
                "This document.",
                vec![(JSON, openapi::object)],
            ),
            get(described),
        ),
    ]
}

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    let router = Router::new().route("/healthz", get(|| async { "ok" }));
    operations()
        .into_iter()
        .fold(router, |router, (operation, handler)| {
            router.route(operation.path, handler)
        })
        .fallback(page)
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this address does not take that method",
                "/api/v1/openapi.json says which ones there are",
            )
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(axum::middleware::from_fn(defence::defend))
        .with_state(shared)
}

async fn described() -> Json<serde_json::Value> {
    let operations = operations();
    Json(openapi::document(operations.iter().map(|(o, _)| o)))
}

/// The server's condition.
#[derive(Serialize, JsonSchema)]
struct Condition {
    /// `ok`; what is not is a problem.
    status: &'static str,
    /// Name and version.
    program: &'static str,
}

fn condition() -> Json<Condition> {
    Json(Condition {
        status: "ok",
        program: concat!("retail ", env!("CARGO_PKG_VERSION")),
    })
}

async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let opened = tokio::task::spawn_blocking(move || shared.assistant.get().map(|_| ())).await;
    match opened {
        Ok(Ok(())) => condition().into_response(),
        Ok(Err(e)) => unavailable(&e).into_response(),
        Err(_) => defect().into_response(),
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let mut response = shared.metrics.text().into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(METRICS));
    response
}

async fn page(method: Method, uri: Uri) -> Response {
    let found = (method == Method::GET || method == Method::HEAD)
        .then(|| assets::at(uri.path()))
        .flatten();
    found.unwrap_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("there is nothing at {}", uri.path()),
            "the page is at /, the API at /api/v1/ask",
        )
        .into_response()
    })
}

/// What is open, for the page's head and its empty state.
#[derive(Serialize, JsonSchema)]
struct Source {
    /// As people call it.
    name: String,
    /// Labels of the metrics.
    metrics: Vec<String>,
    /// Labels of the tables and their rows.
    tables: Vec<Table>,
    /// The days that the data covers, if it has dates.
    span: Option<Span>,
    /// Questions that are answered.
    examples: Vec<String>,
    /// A question that the page asks by itself.
    opening: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Table {
    name: String,
    rows: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Span {
    first: Option<String>,
    last: Option<String>,
}

/// Ways to go on from a text.
#[derive(Serialize, JsonSchema)]
struct Completions {
    /// Best first.
    completions: Vec<Completion>,
}

#[derive(Serialize, JsonSchema)]
struct Completion {
    /// What stands in the box when it is taken.
    text: String,
    /// The words that it adds or finishes.
    added: String,
}

async fn source(State(shared): State<Arc<Shared>>) -> Response {
    let about = tokio::task::spawn_blocking(move || {
        let assistant = shared.assistant.get()?;
        let examples = shared
            .examples
            .get_or_init(|| examples::examples(&assistant));
        let model = assistant.model();
        let time = model.default_time.as_ref().and_then(|t| model.field(t));
        Ok(Source {
            name: assistant.source_name(),
            metrics: model.metrics.iter().map(|m| m.label.clone()).collect(),
            tables: model
                .datasets
                .iter()
                .map(|d| Table {
                    name: d.label.clone(),
                    rows: d.rows,
                })
                .collect(),
            span: time.map(|f| Span {
                first: f.min.clone(),
                last: f.max.clone(),
            }),
            examples: examples.clone(),
            opening: shared.opening.clone(),
        })
    })
    .await;
    match about {
        Ok(Ok(about)) => Json(about).into_response(),
        Ok(Err(e)) => unavailable(&e).into_response(),
        Err(_) => defect().into_response(),
    }
}

/// The files changed and cannot be opened as they are now.
fn unavailable(e: &OpenError) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "source_unavailable",
        e.message.clone(),
        e.hint.clone(),
    )
}

fn defect() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "defect",
        "the answer could not be made",
        "ask in another way; this is a defect of the program",
    )
}

/// Ways to go on from a text: `{"completions": [{"text", "added"}]}`, best first.
async fn complete(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let typed: Typed = match json(&headers, body, "{\"text\": \"sales by re\"}") {
        Ok(typed) => typed,
        Err(problem) => return problem.into_response(),
    };
    if let Err(problem) = conversation_id(typed.conversation.as_deref()) {
        return problem.into_response();
    }
    let found = tokio::task::spawn_blocking(move || {
        let assistant = shared.assistant.get()?;
        let conversation = match typed.conversation.as_deref() {
            Some(id) => {
                let key = Key::new(shared.memory.owner(), id);
                // A turn that runs holds its conversation; completion does not wait for it.
                let Some(mut conversation) = shared.memory.look(&key) else {
                    return Ok(Vec::new());
                };
                assistant.leave_other_data(&mut conversation);
                conversation
            }
            None => Conversation::default(),
        };
        let cursor = typed.text.chars().count();
        Ok(assistant.complete(&typed.text, cursor, &conversation, COMPLETIONS))
    })
    .await;
    match found {
        Ok(Err(e)) => unavailable(&e).into_response(),
        Ok(Ok(found)) => {
            let completions = found
                .into_iter()
                .map(|c| Completion {
                    text: c.text,
                    added: c.added,
                })
                .collect();
            Json(Completions { completions }).into_response()
        }
        Err(_) => defect().into_response(),
    }
}

async fn ask(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let asked = match read(&headers, body) {
        Ok(asked) => asked,
        Err(problem) => return problem.into_response(),
    };
    let stop = Stop::default();
    let question = Question {
        text: asked.question,
        id: None,
        conversation: asked.conversation,
        as_of: asked.as_of,
        no_cache: asked.no_cache,
        stop: stop.clone(),
    };
    // Dropped with the reply, so also when the client goes away.
    let mut withdrawn = Withdrawn::after(stop, TIME_LIMIT);
    if wants_events(&headers) {
        let (sender, messages) = mpsc::channel::<Bytes>(EVENTS_AHEAD);
        tokio::task::spawn_blocking(move || {
            answer(&shared, &question, &mut |event| {
                // Nobody reads on: the token stops the work, its events go nowhere.
                let _ = sender.blocking_send(message(event));
            })
        });
        let mut response = Response::new(Body::from_stream(Messages::new(messages, withdrawn)));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
        return response;
    }
    let document =
        tokio::task::spawn_blocking(move || answer(&shared, &question, &mut |_| {})).await;
    withdrawn.keep();
    match (document, wants_file(&headers)) {
        (Ok(document), None) => Json(document).into_response(),
        (Ok(document), Some(format)) => file(&document, format),
        (Err(_), _) => defect().into_response(),
    }
}

/// The kind of file that is accepted in the place of the document.
fn wants_file(headers: &HeaderMap) -> Option<Format> {
    let accepted = headers.get(header::ACCEPT)?.to_str().ok()?;
    let media = |format: &Format| format.media_type().split(';').next().unwrap_or_default();
    Format::ALL
        .into_iter()
        .find(|format| accepted.contains(media(format)))
}

/// An answer's rows as a file to keep.
fn file(document: &AnswerDocument, format: Format) -> Response {
    let bytes = match export::export(document, format) {
        Ok(bytes) => bytes,
        Err(e) => {
            let why = document.error.as_ref().map(|e| e.message.clone());
            return Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                e.code(),
                why.unwrap_or_else(|| e.to_string()),
                e.hint(),
            )
            .into_response();
        }
    };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.media_type()),
    );
    let name = match format {
        Format::Csv => "attachment; filename=\"answer.csv\"",
        Format::Xlsx => "attachment; filename=\"answer.xlsx\"",
    };
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    response
}

fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.contains(EVENT_STREAM))
}

/// The body of a request as JSON; `example` shows what would be right.
fn json<T: serde::de::DeserializeOwned>(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
    example: &str,
) -> Result<T, Problem> {
    // A browser sends JSON across origins only after asking, which is never granted here.
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split(';').next())
        .is_some_and(|v| v.trim().eq_ignore_ascii_case("application/json"));
    if !json {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            "the request is not application/json",
            format!("send {example} with Content-Type: application/json"),
        ));
    }
    let body = body.map_err(|e| {
        if e.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                format!("a request holds {BODY_LIMIT} bytes at most"),
                "ask a shorter question",
            )
        } else {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "body_unreadable",
                "the request's body could not be read",
                "send it again",
            )
        }
    })?;
    serde_json::from_slice(&body).map_err(|e| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            format!("the request cannot be read: {e}"),
            format!("send {example}"),
        )
    })
}

/// Whether a conversation's id can be one.
fn conversation_id(id: Option<&str>) -> Result<(), Problem> {
    if id.is_some_and(|c| c.is_empty() || c.len() > CONVERSATION_ID_LIMIT) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_conversation",
            format!("a conversation id holds 1 to {CONVERSATION_ID_LIMIT} bytes"),
            "take a UUID",
        ));
    }
    Ok(())
}

fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Ask, Problem> {
    let asked: Ask = json(
        headers,
        body,
        "{\"question\": \"sales by region\", \"conversation\"?: \"…\", \"as_of\"?: \"YYYY-MM-DD\", \"no_cache\"?: false}",
    )?;
    if asked.question.trim().is_empty() {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "usage",
            "the question is empty",
            "fill in `question`",
        ));
    }
    if let Some(day) = &asked.as_of
        && !is_day(day)
    {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_date",
            format!(
                "`as_of` is no day: `{}`",
                day.chars().take(40).collect::<String>()
            ),
            "write it as YYYY-MM-DD",
        ));
    }
    conversation_id(asked.conversation.as_deref())?;
    Ok(asked)
}

/// Whether a text is a day that exists, as `YYYY-MM-DD`.
fn is_day(text: &str) -> bool {
    let number = |range: std::ops::Range<usize>| {
        text.get(range)
            .filter(|t| t.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|t| t.parse::<u32>().ok())
    };
    let dashes = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    dashes && (1..=length).contains(&day)
}

fn answer(
    shared: &Shared,
    question: &Question,
    on_event: &mut dyn FnMut(&Event),
) -> AnswerDocument {
    let running = shared.metrics.begin();
    let document = match (shared.assistant.get(), &question.conversation) {
        (Err(e), _) => not_opened(question, e, on_event),
        (Ok(assistant), Some(id)) => {
            let key = Key::new(shared.memory.owner(), id);
            assistant.ask_in(question, &shared.memory, &key, on_event)
        }
        (Ok(assistant), None) => assistant.ask(question, &mut Conversation::default(), on_event),
    };
    running.end(&document);
    document
}

fn not_opened(
    question: &Question,
    e: OpenError,
    on_event: &mut dyn FnMut(&Event),
) -> AnswerDocument {
    let report = ErrorReport {
        code: e.code,
        message: e.message,
        hint: Some(e.hint),
    };
    on_event(&Event::Error(report.clone()));
    let document = AnswerDocument {
        conversation: question.conversation.clone(),
        error: Some(report),
        ..AnswerDocument::empty(&question.text, Status::Failed)
    };
    on_event(&Event::Done(Box::new(document.clone())));
    document
}

/// An event as the `text/event-stream` format writes it.
fn message(event: &Event) -> Bytes {
    let value = serde_json::to_value(event).unwrap_or_default();
    let name = value["event"].as_str().unwrap_or("message");
    // JSON on one line holds no line break, so that one `data` line carries it.
    Bytes::from(format!("event: {name}\ndata: {}\n\n", value["data"]))
}

#[cfg(test)]
mod tests {
    use super::is_day;

    #[test]
    fn days_exist_or_are_refused() {
        for day in ["2024-02-29", "2024-12-31", "1999-01-01"] {
            assert!(is_day(day), "{day}");
        }
        for day in [
            "2023-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-1-1",
            "24-12-31",
            "2024/12/31",
            "+024-12-31",
            "tomorrow",
            "",
        ] {
            assert!(!is_day(day), "{day}");
        }
    }
}
