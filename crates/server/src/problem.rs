//! Refusals of the API as problem details (RFC 9457), with our stable code and what to do.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;

/// Why a request was not taken (RFC 9457).
#[derive(Serialize, JsonSchema)]
pub(crate) struct ProblemDetails {
    /// `about:blank`: the status and `code` say what kind it is.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// What was wrong.
    detail: String,
    /// Stable.
    code: &'static str,
    /// What to do.
    hint: String,
}

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
        let details = ProblemDetails {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code,
            hint: self.hint.into_owned(),
        };
        let body = serde_json::to_string(&details).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
    }
}
