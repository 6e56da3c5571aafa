//! Conversations and questions over the bundled retailer: cases are data under `suites/`.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use agents::{Assistant, Conversation, Options, Question};
use answer::{AnswerDocument, Status};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

/// Longest time that one question may take to be read, in seconds, on a slow machine.
const LONGEST: f64 = 5.0;

fn suite(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../suites")
        .join(name);
    std::fs::read_to_string(&path).unwrap()
}

fn retailer() -> &'static Assistant {
    static RETAILER: OnceLock<Assistant> = OnceLock::new();
    RETAILER.get_or_init(|| {
        let folder: PathBuf = bundled::ensure(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
        let options = Options {
            data: vec![folder],
            ..Options::default()
        };
        Assistant::open(&options).unwrap()
    })
}

fn ask(text: &str, conversation: &mut Conversation) -> AnswerDocument {
    let question = Question {
        text: text.into(),
        ..Question::default()
    };
    retailer().ask(&question, conversation, &mut |_| {})
}

fn rows(document: &AnswerDocument) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = document
        .result
        .iter()
        .flat_map(|r| &r.rows)
        .map(|row| {
            row.iter()
                .map(|c| serde_json::to_string(c).unwrap())
                .collect()
        })
        .collect();
    rows.sort();
    rows
}

#[derive(Deserialize)]
struct Turn {
    say: String,
    means: Option<String>,
    rows: Option<serde_json::Value>,
    status: Option<String>,
    code: Option<String>,
}

#[derive(Deserialize)]
struct Talk {
    turns: Vec<Turn>,
}

#[derive(Deserialize)]
struct Talks {
    conversations: Vec<Talk>,
}

#[test]
fn every_turn_means_what_the_full_question_says() {
    let mut wrong = Vec::new();
    for file in ["conversations/edits.json", "conversations/references.json"] {
        let talks: Talks = serde_json::from_str(&suite(file)).unwrap();
        for talk in talks.conversations {
            let mut conversation = Conversation::default();
            for turn in talk.turns {
                let got = ask(&turn.say, &mut conversation);
                let said = got.restatement.clone().unwrap_or_default();
                if turn.status.as_deref() == Some("declined") {
                    let code = got.error.as_ref().map(|e| e.code.clone());
                    if got.status != Status::Declined || code != turn.code {
                        wrong.push(format!("{}: {:?} {code:?}", turn.say, got.status));
                    }
                    continue;
                }
                if got.status != Status::Answered {
                    wrong.push(format!("{}: {:?} {:?}", turn.say, got.status, got.error));
                    continue;
                }
                if let Some(full) = &turn.means {
                    let want = ask(full, &mut Conversation::default());
                    if want.status != Status::Answered || rows(&got) != rows(&want) {
                        let full = want.restatement.unwrap_or_default();
                        wrong.push(format!("{}: “{said}” and not “{full}”", turn.say));
                    }
                }
                if let Some(want) = &turn.rows {
                    let have = serde_json::to_value(&got.result.as_ref().unwrap().rows).unwrap();
                    if have != *want {
                        wrong.push(format!("{}: {have} and not {want}", turn.say));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[derive(Deserialize)]
struct Timed {
    ask: String,
    range: [String; 2],
    against: Option<[String; 2]>,
}

#[derive(Deserialize)]
struct TimedQuestions {
    questions: Vec<Timed>,
}

#[test]
fn periods_are_the_days_that_people_mean() {
    let cases: TimedQuestions = serde_json::from_str(&suite("questions/time.json")).unwrap();
    let mut wrong = Vec::new();
    for case in cases.questions {
        let got = ask(&case.ask, &mut Conversation::default());
        let query = got.plan.iter().map(|s| &s.query).next();
        let day = |at: &str| {
            query
                .and_then(|q| q.pointer(at))
                .and_then(|d| d.as_str())
                .unwrap_or("open")
                .to_string()
        };
        let range = [day("/time/range/start"), day("/time/range/end")];
        let against = [day("/compare/to/range/start"), day("/compare/to/range/end")];
        let fits = case.against.as_ref().is_none_or(|a| *a == against);
        if got.status != Status::Answered || range != case.range || !fits {
            wrong.push(format!(
                "{}: {:?} {range:?} {against:?}",
                case.ask, got.status
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[derive(Deserialize)]
struct Same {
    ask: String,
    plain: String,
}

#[derive(Deserialize)]
struct Held {
    ask: String,
    /// Parts of the typed query, as it is written.
    holds: serde_json::Value,
}

#[derive(Deserialize)]
struct SaidInManyWays {
    questions: Vec<Same>,
    queries: Vec<Held>,
}

/// Whether `part` stands in `whole`: every member of an object, every element of a list.
fn stands_in(part: &serde_json::Value, whole: &serde_json::Value) -> bool {
    match (part, whole) {
        (serde_json::Value::Object(part), serde_json::Value::Object(whole)) => part
            .iter()
            .all(|(k, v)| whole.get(k).is_some_and(|w| stands_in(v, w))),
        (serde_json::Value::Array(part), serde_json::Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(p, w)| stands_in(p, w))
        }
        _ => part == whole,
    }
}

#[test]
fn what_is_said_in_many_ways_means_the_same() {
    let cases: SaidInManyWays = serde_json::from_str(&suite("questions/same.json")).unwrap();
    let mut wrong = Vec::new();
    for case in cases.questions {
        let got = ask(&case.ask, &mut Conversation::default());
        let want = ask(&case.plain, &mut Conversation::default());
        let both = got.status == Status::Answered && want.status == Status::Answered;
        if !both || rows(&got) != rows(&want) {
            wrong.push(format!(
                "{}: {:?} “{}” and not {:?} “{}”",
                case.ask,
                got.status,
                got.restatement.unwrap_or_default(),
                want.status,
                want.restatement.unwrap_or_default()
            ));
        }
    }
    for case in cases.queries {
        let got = ask(&case.ask, &mut Conversation::default());
        let query = got.plan.last().map(|s| s.query.clone()).unwrap_or_default();
        let held = got.plan.iter().any(|s| stands_in(&case.holds, &s.query));
        if got.status != Status::Answered || !held {
            wrong.push(format!("{}: {:?} {query}", case.ask, got.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_answer_states_how_likely_it_is_right() {
    let got = ask("revenue by region", &mut Conversation::default());
    let stated = got.confidence.unwrap();
    assert!((0.5..=1.0).contains(&stated), "{stated}");
}

#[derive(Deserialize)]
struct Refused {
    ask: String,
    code: Vec<String>,
}

#[derive(Deserialize)]
struct RefusedQuestions {
    questions: Vec<Refused>,
}

#[test]
fn what_cannot_be_answered_is_declined_with_its_reason() {
    let cases: RefusedQuestions = serde_json::from_str(&suite("questions/honesty.json")).unwrap();
    let mut wrong = Vec::new();
    retailer();
    for case in cases.questions {
        let start = Instant::now();
        let got = ask(&case.ask, &mut Conversation::default());
        let code = got.error.map_or(String::new(), |e| e.code);
        if got.status != Status::Declined || !case.code.contains(&code) {
            wrong.push(format!("{}: {:?} {code}", case.ask, got.status));
        }
        assert!(start.elapsed().as_secs_f64() < LONGEST, "{}", case.ask);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn endless_and_odd_questions_end_in_bounded_time() {
    let many = "revenue by region ".repeat(1_200);
    let nested = format!("{}revenue{}", "(".repeat(700), ")".repeat(700));
    retailer();
    let mixed = "выручка по 地区 für ñandú ".repeat(50);
    for text in [
        many.as_str(),
        nested.as_str(),
        mixed.as_str(),
        "?",
        "1 2 3 4 5 6 7 8 9 0",
        "%%%",
        "\u{0}\u{1}",
    ] {
        let start = Instant::now();
        let got = ask(text, &mut Conversation::default());
        assert_ne!(got.status, Status::Failed, "{:?}", got.error);
        assert!(start.elapsed().as_secs_f64() < LONGEST);
    }
}
