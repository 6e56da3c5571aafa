//! Wall time of an answer minus the engine's own time, over varied questions on the bundled data.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on ends"
)]

use agents::{Assistant, CacheSettings, Conversation, Options, Question};
use answer::Status;
use std::time::Instant;

const ROUNDS: usize = 9;
const LIMIT_MS: f64 = 10.0;
const QUESTIONS: &str = include_str!("questions.txt");

fn main() {
    let data =
        bundled::ensure(&warehouse::default_cache_dir()).expect("the bundled data can be written");
    let assistant = Assistant::open(&Options {
        data: vec![data],
        // The engine runs each time.
        cache: CacheSettings {
            hours: 0.0,
            ..CacheSettings::default()
        },
        ..Options::default()
    })
    .expect("the bundled data opens");
    let questions: Vec<&str> = QUESTIONS
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    let mut all = Vec::new();
    let mut slow: Vec<(f64, &str)> = Vec::new();
    let mut answered = 0;
    for text in &questions {
        let mut own = Vec::new();
        for round in 0..=ROUNDS {
            let question = Question {
                text: (*text).to_string(),
                ..Question::default()
            };
            let start = Instant::now();
            let document = assistant.ask(&question, &mut Conversation::default(), &mut |_| {});
            let wall = start.elapsed().as_secs_f64() * 1000.0;
            // The first round warms caches up.
            if round == 0 {
                answered += usize::from(document.status == Status::Answered);
                continue;
            }
            let engine: f64 = document.plan.iter().map(|s| s.elapsed_ms).sum();
            own.push(wall - engine);
        }
        own.sort_by(f64::total_cmp);
        slow.push((own[own.len() / 2], text));
        all.extend(own);
    }
    all.sort_by(f64::total_cmp);
    slow.sort_by(|a, b| b.0.total_cmp(&a.0));
    let at = |share: f64| all[((all.len() - 1) as f64 * share).round() as usize];
    println!(
        "{} questions, {answered} answered, {ROUNDS} rounds each",
        questions.len()
    );
    println!(
        "an answer's wall time minus the engine's: median {:.2} ms (limit {LIMIT_MS} ms) {}, p90 {:.2} ms, p99 {:.2} ms",
        at(0.5),
        if at(0.5) < LIMIT_MS {
            "holds"
        } else {
            "MISSED"
        },
        at(0.9),
        at(0.99),
    );
    for (ms, text) in slow.iter().take(5) {
        println!("  {ms:6.2} ms  {text}");
    }
}
