//! Refusals of the API as problem details (RFC 9457), with our stable code and what to do.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::borrow::Cow;

/// Why a request was not taken.
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// Stable.
    pub(crate) code: &'static str,
    /// What was wrong.
    pub(crate) detail: String,
    /// What to do.
    pub(crate) hint: Cow<'static, str>,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
        hint: impl Into<Cow<'static, str>>,
    ) -> Self {
        Problem {
            status,
            code,
            detail: detail.into(),
            hint: hint.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
            "hint": self.hint,
        });
        let mut response = (self.status, body.to_string()).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
    }
}
