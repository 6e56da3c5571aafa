//! What the server has done since it started, as Prometheus reads it.

use answer::{AnswerDocument, Status};
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Upper bounds of the times that answers are counted by, in seconds.
const BOUNDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
const STATUSES: [(Status, &str); 4] = [
    (Status::Answered, "answered"),
    (Status::Clarify, "clarify"),
    (Status::Declined, "declined"),
    (Status::Failed, "failed"),
];
/// How steps come by their rows, as documents call it.
const USES: [&str; 3] = ["hit", "miss", "rollup"];

/// Counts of questions and how they ended.
#[derive(Default)]
pub(crate) struct Metrics {
    by_status: [AtomicU64; STATUSES.len()],
    /// Not cumulative; the last is for what took longer than all bounds.
    by_time: [AtomicU64; BOUNDS.len() + 1],
    microseconds: AtomicU64,
    steps: [AtomicU64; USES.len()],
    running: AtomicI64,
}

/// A question that is being answered; it is counted as running until this is dropped.
pub(crate) struct Running<'a> {
    metrics: &'a Metrics,
    since: Instant,
}

impl Metrics {
    pub(crate) fn begin(&self) -> Running<'_> {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running {
            metrics: self,
            since: Instant::now(),
        }
    }

    fn count(&self, document: &AnswerDocument, took: Duration) {
        if let Some(at) = STATUSES.iter().position(|(s, _)| *s == document.status) {
            self.by_status[at].fetch_add(1, Ordering::Relaxed);
        }
        let seconds = took.as_secs_f64();
        let at = BOUNDS.iter().position(|b| seconds <= *b);
        self.by_time[at.unwrap_or(BOUNDS.len())].fetch_add(1, Ordering::Relaxed);
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
        for step in &document.plan {
            if let Some(at) = USES.iter().position(|u| *u == step.cache) {
                self.steps[at].fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Text in the exposition format 0.0.4.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let head = |out: &mut String, name: &str, kind: &str, help: &str| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        head(
            &mut out,
            "retail_questions_total",
            "counter",
            "Questions by how they ended.",
        );
        for ((_, status), count) in STATUSES.iter().zip(&self.by_status) {
            let count = get(count);
            let _ = writeln!(out, "retail_questions_total{{status=\"{status}\"}} {count}");
        }
        let name = "retail_question_duration_seconds";
        head(
            &mut out,
            name,
            "histogram",
            "Time from a question to its document.",
        );
        let mut sum = 0;
        for (bound, count) in BOUNDS.iter().zip(&self.by_time) {
            sum += get(count);
            let _ = writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {sum}");
        }
        sum += self.by_time.last().map_or(0, get);
        let seconds = get(&self.microseconds) as f64 / 1e6;
        let _ = writeln!(
            out,
            "{name}_bucket{{le=\"+Inf\"}} {sum}\n{name}_sum {seconds}\n{name}_count {sum}"
        );
        head(
            &mut out,
            "retail_steps_total",
            "counter",
            "Steps by where their rows came from.",
        );
        for (kind, count) in USES.iter().zip(&self.steps) {
            let count = get(count);
            let _ = writeln!(out, "retail_steps_total{{cache=\"{kind}\"}} {count}");
        }
        head(
            &mut out,
            "retail_questions_running",
            "gauge",
            "Questions that are being answered.",
        );
        let running = self.running.load(Ordering::Relaxed);
        let _ = writeln!(out, "retail_questions_running {running}");
        out
    }
}

impl Running<'_> {
    /// The question has its document.
    pub(crate) fn end(self, document: &AnswerDocument) {
        self.metrics.count(document, self.since.elapsed());
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.metrics.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_cumulatively() {
        let metrics = Metrics::default();
        let document = AnswerDocument::empty("?", Status::Declined);
        for milliseconds in [4, 30, 60_000] {
            metrics.count(&document, Duration::from_millis(milliseconds));
        }
        let running = metrics.begin();
        let text = metrics.text();
        for line in [
            "retail_questions_total{status=\"declined\"} 3",
            "retail_question_duration_seconds_bucket{le=\"0.005\"} 1",
            "retail_question_duration_seconds_bucket{le=\"0.025\"} 1",
            "retail_question_duration_seconds_bucket{le=\"0.05\"} 2",
            "retail_question_duration_seconds_bucket{le=\"30\"} 2",
            "retail_question_duration_seconds_bucket{le=\"+Inf\"} 3",
            "retail_question_duration_seconds_sum 60.034",
            "retail_question_duration_seconds_count 3",
            "retail_questions_running 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
        drop(running);
        assert!(metrics.text().contains("retail_questions_running 0"));
    }
}
