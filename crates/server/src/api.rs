//! Routes: the page, its parts, and `POST /api/v1/ask`.

use crate::Shared;
use agents::Question;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use std::sync::{Arc, PoisonError};

/// Bytes of a request at most.
const BODY_LIMIT: usize = 64 * 1024;
/// Conversations that are kept at most.
const CONVERSATIONS: usize = 1_000;
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Deserialize)]
struct Ask {
    question: String,
    #[serde(default)]
    conversation: Option<String>,
    #[serde(default)]
    as_of: Option<String>,
}

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(
            "/",
            get(|| async {
                page(
                    "text/html; charset=utf-8",
                    include_str!("../../../web/index.html"),
                )
            }),
        )
        .route(
            "/style.css",
            get(|| async {
                page(
                    "text/css; charset=utf-8",
                    include_str!("../../../web/style.css"),
                )
            }),
        )
        .route(
            "/app.js",
            get(|| async {
                page(
                    "text/javascript; charset=utf-8",
                    include_str!("../../../web/app.js"),
                )
            }),
        )
        .route("/healthz", get(|| async { "ok" }))
        .route("/api/v1/source", get(source))
        .route("/api/v1/ask", post(ask))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(shared)
}

fn page(kind: &'static str, text: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}

async fn source(State(shared): State<Arc<Shared>>) -> Json<serde_json::Value> {
    let model = shared.assistant.model();
    let metrics: Vec<&str> = model.metrics.iter().map(|m| m.label.as_str()).collect();
    let entities: Vec<&str> = model.entities.iter().map(|e| e.name.as_str()).collect();
    Json(
        serde_json::json!({"name": shared.assistant.source_name(), "metrics": metrics, "entities": entities}),
    )
}

async fn ask(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    // A browser sends JSON across origins only after asking, which is never granted here.
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.starts_with("application/json"));
    if !json {
        return problem(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the request is not application/json",
        );
    }
    let Ok(asked) = serde_json::from_slice::<Ask>(&body) else {
        return problem(
            StatusCode::BAD_REQUEST,
            "the request is no JSON object with a `question`",
        );
    };
    if asked.question.trim().is_empty() {
        return problem(StatusCode::BAD_REQUEST, "the question is empty");
    }
    let stream = headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.contains("text/event-stream"));
    let done = tokio::task::spawn_blocking(move || answer(&shared, asked, stream)).await;
    match done {
        Ok(response) => response,
        Err(_) => problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the answer could not be made",
        ),
    }
}

fn answer(shared: &Shared, asked: Ask, stream: bool) -> Response {
    let question = Question {
        text: asked.question,
        id: None,
        conversation: asked.conversation.clone(),
        as_of: asked.as_of,
    };
    let mut conversation = {
        let known = shared
            .conversations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        asked
            .conversation
            .as_ref()
            .and_then(|c| known.get(c))
            .cloned()
            .unwrap_or_default()
    };
    let mut events = String::new();
    let document = shared
        .assistant
        .ask(&question, &mut conversation, &mut |event| {
            if stream && let Ok(value) = serde_json::to_value(event) {
                let name = value
                    .get("event")
                    .and_then(serde_json::Value::as_str)
                    .unwrap_or("message")
                    .to_string();
                let data = value.get("data").cloned().unwrap_or_default();
                events.push_str(&format!("event: {name}\ndata: {data}\n\n"));
            }
        });
    if let Some(name) = asked.conversation {
        let mut known = shared
            .conversations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CONVERSATIONS && !known.contains_key(&name) {
            known.clear();
        }
        known.insert(name, conversation);
    }
    if stream {
        let mut response = Response::new(Body::from(events));
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        );
        return response;
    }
    Json(document).into_response()
}

/// RFC 9457.
fn problem(status: StatusCode, detail: &str) -> Response {
    let body = serde_json::json!({"type": "about:blank", "title": status.canonical_reason(), "status": status.as_u16(), "detail": detail}).to_string();
    let mut response = (status, body).into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}
