//! What every request passes: only this machine's own names and pages may speak to the server, and
//! every reply carries the headers that keep the page from running or loading anything else.

use crate::problem::Problem;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Nothing inline, nothing evaluated, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Refuses what another site had a browser send, and adds the headers to every reply.
pub(crate) async fn defend(request: Request, next: Next) -> Response {
    let mut response = match refuse(request.headers()) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn refuse(headers: &HeaderMap) -> Option<Problem> {
    let text = |name: HeaderName| headers.get(name).map(|v| v.to_str().unwrap_or("\u{fffd}"));
    // A name that an attacker points at 127.0.0.1 still stands in the Host header.
    let host = text(header::HOST).unwrap_or_default();
    if !is_loopback(host) {
        return Some(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "host_refused",
            "the server answers for localhost only",
            "open it as http://127.0.0.1 or http://localhost",
        ));
    }
    // Browsers name the page that sends; programs send neither header.
    let foreign_origin =
        text(header::ORIGIN).is_some_and(|o| o.strip_prefix("http://").is_none_or(|o| o != host));
    let foreign_site = text(HeaderName::from_static("sec-fetch-site"))
        .is_some_and(|s| !matches!(s, "same-origin" | "none"));
    // A link that leads here is a visit to the page, which changes nothing.
    let visit = text(HeaderName::from_static("sec-fetch-mode")) == Some("navigate");
    if foreign_origin || (foreign_site && !visit) {
        return Some(Problem::new(
            StatusCode::FORBIDDEN,
            "origin_refused",
            "the request comes from another site",
            "ask from the page that this server serves",
        ));
    }
    None
}

/// Whether a Host header names this machine's loopback interface, with or without a port.
fn is_loopback(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').unwrap_or((rest, "?")),
        None => host.find(':').map_or((host, ""), |at| host.split_at(at)),
    };
    let port_ok = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|p| p.parse::<u16>().is_ok());
    port_ok
        && (name.eq_ignore_ascii_case("localhost")
            || name
                .parse::<std::net::IpAddr>()
                .is_ok_and(|a| a.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:8765",
            "[::1]:1",
            "[::1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "127.0.0.1:80.evil.example",
            "192.168.1.4:8765",
            "localhost:99999",
            "[::1",
            "[::1]x",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn another_site_is_refused_and_a_visit_is_not() {
        let refused = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static("localhost:8765"));
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            refuse(&headers).map(|p| p.code)
        };
        assert_eq!(refused(&[]), None);
        assert_eq!(refused(&[("origin", "http://localhost:8765")]), None);
        assert_eq!(refused(&[("sec-fetch-site", "same-origin")]), None);
        assert_eq!(
            refused(&[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate")
            ]),
            None
        );
        for pairs in [
            &[("origin", "http://evil.example")][..],
            &[("origin", "http://localhost:9999")],
            &[("origin", "https://localhost:8765")],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")],
            &[("sec-fetch-site", "same-site")],
        ] {
            assert_eq!(refused(pairs), Some("origin_refused"), "{pairs:?}");
        }
    }
}
