//! When a call is made again, and after how long.

use crate::failure::Fault;
use crate::http::Head;
use crate::wire;
use jiff::Timestamp;
use std::time::Duration;

/// The wait before the first further try, without jitter.
const FIRST_WAIT: f64 = 0.5;
/// The longest wait that is not asked for by the provider.
const LONGEST_OWN_WAIT: f64 = 8.0;

/// What a status other than 200 means.
pub(crate) fn fault_of(status: u16) -> Fault {
    match status {
        401 | 403 => Fault::KeyRefused,
        408 => Fault::TimedOut,
        429 => Fault::RateLimited,
        500..=599 => Fault::Unavailable,
        _ => Fault::RequestRejected,
    }
}

/// Whether a status tells of something that passes. Never where the provider has understood the call
/// and said no.
pub(crate) fn is_passing(status: u16) -> bool {
    // 501 and 505 say what the server cannot do, however often it is asked.
    matches!(status, 408 | 429 | 500 | 502..=504 | 506..=599)
}

/// The wait before try number `tries` + 1: doubling, with full jitter (`chance` in 0..1), so that
/// many callers do not come back at once.
pub(crate) fn own_wait(tries: u32, chance: f64) -> Duration {
    let longest =
        (FIRST_WAIT * 2f64.powi(i32::try_from(tries).unwrap_or(30).min(30))).min(LONGEST_OWN_WAIT);
    Duration::from_secs_f64(longest * chance.clamp(0.0, 1.0))
}

/// How long the provider asks to wait: `retry-after-ms`, `retry-after` (seconds or a date), the
/// resets of exhausted limits, the details of Gemini's error.
pub(crate) fn asked_wait(head: &Head, body: &[u8], now: Timestamp) -> Option<Duration> {
    let milliseconds = head
        .header("retry-after-ms")
        .and_then(|text| text.trim().parse::<f64>().ok())
        .map(|ms| ms / 1000.0);
    let seconds = milliseconds
        .or_else(|| {
            head.header("retry-after")
                .and_then(|text| seconds_or_date(text, now))
        })
        .or_else(|| wire::retry_delay(body))
        .or_else(|| exhausted(head, now))?;
    seconds_of(seconds)
}

/// The wait that the headers of any reply ask for: until an exhausted limit is full again.
pub(crate) fn wait_after_success(head: &Head, now: Timestamp) -> Option<Duration> {
    exhausted(head, now).and_then(seconds_of)
}

fn seconds_of(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds.max(0.0)).ok()
}

/// The longest reset among the limits of which nothing remains (`x-ratelimit-*` of OpenAI and others,
/// `anthropic-ratelimit-*`).
fn exhausted(head: &Head, now: Timestamp) -> Option<f64> {
    const LIMITS: [(&str, &str); 6] = [
        (
            "x-ratelimit-remaining-requests",
            "x-ratelimit-reset-requests",
        ),
        ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
        (
            "anthropic-ratelimit-requests-remaining",
            "anthropic-ratelimit-requests-reset",
        ),
        (
            "anthropic-ratelimit-tokens-remaining",
            "anthropic-ratelimit-tokens-reset",
        ),
        (
            "anthropic-ratelimit-input-tokens-remaining",
            "anthropic-ratelimit-input-tokens-reset",
        ),
        (
            "anthropic-ratelimit-output-tokens-remaining",
            "anthropic-ratelimit-output-tokens-reset",
        ),
    ];
    LIMITS
        .iter()
        .filter(|(remaining, _)| head.header(remaining).is_some_and(|n| n.trim() == "0"))
        .filter_map(|(_, reset)| {
            let text = head.header(reset)?;
            spelled(text).or_else(|| seconds_or_date(text, now))
        })
        .reduce(f64::max)
}

fn seconds_or_date(text: &str, now: Timestamp) -> Option<f64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return seconds.is_finite().then_some(seconds);
    }
    let at = text.parse::<Timestamp>().ok().or_else(|| {
        jiff::fmt::rfc2822::parse(text)
            .ok()
            .map(|zoned| zoned.timestamp())
    })?;
    Some(at.duration_since(now).as_secs_f64())
}

/// Go's way to spell a duration, as OpenAI and Groq use it: `6m0s`, `7.66s`, `120ms`.
fn spelled(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, tail) = rest.split_at_checked(end)?;
        let number: f64 = number.parse().ok()?;
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit_end)?;
        seconds += number
            * match unit {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                _ => return None,
            };
        rest = tail;
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::{asked_wait, own_wait, wait_after_success};
    use crate::http::Head;
    use jiff::Timestamp;
    use std::time::Duration;

    fn head(headers: &[(&str, &str)]) -> Head {
        Head {
            status: 429,
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect(),
        }
    }

    #[test]
    fn hints_of_all_providers() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().expect("a time");
        let gemini = br#"[{"error":{"code":429,"details":[{"@type":"x"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}]"#;
        for (headers, body, seconds) in [
            (vec![("retry-after", "7")], &b""[..], Some(7.0)),
            (
                vec![("retry-after-ms", "250"), ("retry-after", "7")],
                b"",
                Some(0.25),
            ),
            (
                vec![("retry-after", "Sun, 01 Mar 2026 12:00:30 GMT")],
                b"",
                Some(30.0),
            ),
            (
                vec![("retry-after", "Sun, 01 Mar 2026 11:00:00 GMT")],
                b"",
                Some(0.0),
            ),
            (vec![("retry-after", "soon")], b"", None),
            (vec![], gemini, Some(34.5)),
            (
                vec![
                    ("x-ratelimit-remaining-requests", "0"),
                    ("x-ratelimit-reset-requests", "1m2.5s"),
                ],
                b"",
                Some(62.5),
            ),
            (
                vec![
                    ("x-ratelimit-remaining-requests", "3"),
                    ("x-ratelimit-reset-requests", "1m"),
                ],
                b"",
                None,
            ),
            (
                vec![
                    ("anthropic-ratelimit-tokens-remaining", "0"),
                    ("anthropic-ratelimit-tokens-reset", "2026-03-01T12:00:05Z"),
                ],
                b"",
                Some(5.0),
            ),
            (vec![("retry-after", "NaN")], b"", None),
            (vec![], b"not json", None),
        ] {
            let expected = seconds.map(Duration::from_secs_f64);
            assert_eq!(
                asked_wait(&head(&headers), body, now),
                expected,
                "{headers:?}"
            );
        }
        assert_eq!(
            wait_after_success(&head(&[("retry-after", "7")]), now),
            None
        );
    }

    #[test]
    fn own_waits_double_up_to_a_bound() {
        assert_eq!(own_wait(0, 1.0), Duration::from_millis(500));
        assert_eq!(own_wait(2, 0.5), Duration::from_secs(1));
        assert_eq!(own_wait(4_000_000_000, 1.0), Duration::from_secs(8));
        assert_eq!(own_wait(3, 0.0), Duration::ZERO);
    }
}
