//! Routes: the page, `POST /api/v1/ask`, `POST /api/v1/complete`, what is open, and whether the server
//! lives.

use crate::problem::Problem;
use crate::stream::{Messages, Withdrawn};
use crate::{Shared, assets, defence, examples};
use agents::{Conversation, Question, Stop};
use answer::{AnswerDocument, Event};
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use std::sync::{Arc, PoisonError};
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
/// Events that wait for a slow reader at most.
const EVENTS_AHEAD: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    question: String,
    #[serde(default)]
    conversation: Option<String>,
    #[serde(default)]
    as_of: Option<String>,
}

/// A text in the box, up to the cursor.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    text: String,
    #[serde(default)]
    conversation: Option<String>,
}

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/api/v1/source", get(source))
        .route("/api/v1/ask", post(ask))
        .route("/api/v1/complete", post(complete))
        .fallback(page)
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this address does not take that method",
                "POST /api/v1/ask with a JSON body",
            )
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(axum::middleware::from_fn(defence::defend))
        .with_state(shared)
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
async fn source(State(shared): State<Arc<Shared>>) -> Response {
    let about = tokio::task::spawn_blocking(move || {
        let examples = shared
            .examples
            .get_or_init(|| examples::examples(&shared.assistant));
        let model = shared.assistant.model();
        let metrics: Vec<&str> = model.metrics.iter().map(|m| m.label.as_str()).collect();
        let tables: Vec<_> = model
            .datasets
            .iter()
            .map(|d| serde_json::json!({"name": d.label, "rows": d.rows}))
            .collect();
        let span = model
            .default_time
            .as_ref()
            .and_then(|t| model.field(t))
            .map(|f| serde_json::json!({"first": f.min, "last": f.max}));
        serde_json::json!({
            "name": shared.assistant.source_name(),
            "metrics": metrics,
            "tables": tables,
            "span": span,
            "examples": examples,
            "opening": shared.opening,
        })
    })
    .await;
    match about {
        Ok(about) => Json(about).into_response(),
        Err(_) => defect().into_response(),
    }
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
        let cursor = typed.text.chars().count();
        let complete = |conversation: &Conversation| {
            shared
                .assistant
                .complete(&typed.text, cursor, conversation, COMPLETIONS)
        };
        match typed.conversation.as_deref() {
            Some(id) => {
                let conversation = shared.conversations.get(id);
                // A turn that runs holds its conversation; completion does not wait for it.
                match conversation.try_lock() {
                    Ok(conversation) => complete(&conversation),
                    Err(_) => Vec::new(),
                }
            }
            None => complete(&Conversation::default()),
        }
    })
    .await;
    match found {
        Ok(found) => {
            let ways: Vec<_> = found
                .iter()
                .map(|c| serde_json::json!({"text": c.text, "added": c.added}))
                .collect();
            Json(serde_json::json!({ "completions": ways })).into_response()
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
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        );
        return response;
    }
    let document =
        tokio::task::spawn_blocking(move || answer(&shared, &question, &mut |_| {})).await;
    withdrawn.keep();
    match document {
        Ok(document) => Json(document).into_response(),
        Err(_) => defect().into_response(),
    }
}

fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.contains("text/event-stream"))
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
        "{\"question\": \"sales by region\", \"conversation\"?: \"…\", \"as_of\"?: \"YYYY-MM-DD\"}",
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
    match &question.conversation {
        Some(id) => {
            let conversation = shared.conversations.get(id);
            let mut conversation = conversation.lock().unwrap_or_else(PoisonError::into_inner);
            shared.assistant.ask(question, &mut conversation, on_event)
        }
        None => shared
            .assistant
            .ask(question, &mut Conversation::default(), on_event),
    }
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
