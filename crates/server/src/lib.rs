//! The HTTP API and the page, on the loopback address only.

use agents::{Assistant, Conversation, Question};
use axum::extract::{Json, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(serde::Deserialize)]
struct Body {
    question: String,
    conversation: Option<String>,
    as_of: Option<String>,
}

type Desk = Arc<Mutex<(Assistant, HashMap<String, Conversation>)>>;

/// Serves until the process is told to stop; `ready` gets the address.
///
/// # Errors
/// When the port is taken.
pub fn serve(assistant: Assistant, port: u16, ready: impl FnOnce(&str)) -> std::io::Result<()> {
    let desk: Desk = Arc::new(Mutex::new((assistant, HashMap::new())));
    let routes = axum::Router::new()
        .route("/", get(|| async { text("text/html", include_str!("../../../web/index.html")) }))
        .route("/style.css", get(|| async { text("text/css", include_str!("../../../web/style.css")) }))
        .route("/app.js", get(|| async { text("text/javascript", include_str!("../../../web/app.js")) }))
        .route("/healthz", get(|| async { "ok" }))
        .route("/api/v1/ask", post(ask))
        .layer(from_fn(local_only))
        .with_state(desk);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        let mut stop = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        ready(&format!("http://{}/", listener.local_addr()?));
        axum::serve(listener, routes)
            .with_graceful_shutdown(async move {
                tokio::select! { _ = stop.recv() => {}, _ = tokio::signal::ctrl_c() => {} }
            })
            .await
    })
}

fn text(kind: &'static str, body: &'static str) -> Response {
    ([(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], body).into_response()
}

/// Refuses other host names, so that no foreign page reaches the data by rebinding a name.
async fn local_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if name != "127.0.0.1" && name != "localhost" {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(POLICY));
    response
}

async fn ask(State(desk): State<Desk>, headers: HeaderMap, Json(body): Json<Body>) -> Response {
    if body.question.trim().is_empty() {
        return (StatusCode::BAD_REQUEST, "the question is empty").into_response();
    }
    let stream = headers.get(header::ACCEPT).and_then(|h| h.to_str().ok()).is_some_and(|a| a.contains("text/event-stream"));
    let work = tokio::task::spawn_blocking(move || {
        let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
        let (assistant, conversations) = &mut *desk;
        let question = Question { text: body.question, id: None, conversation: body.conversation, as_of: body.as_of };
        let mut once = Conversation::default();
        let conversation = match &question.conversation {
            Some(id) => conversations.entry(id.clone()).or_default(),
            None => &mut once,
        };
        let mut events = String::new();
        let document = assistant.ask(&question, conversation, &mut |event| {
            if let Ok(value) = serde_json::to_value(event) {
                let name = value["event"].as_str().unwrap_or_default();
                events.push_str(&format!("event: {name}\ndata: {}\n\n", value["data"]));
            }
        });
        (events, document)
    });
    match work.await {
        Ok((events, _)) if stream => ([(header::CONTENT_TYPE, "text/event-stream")], events).into_response(),
        Ok((_, document)) => axum::Json(document).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
