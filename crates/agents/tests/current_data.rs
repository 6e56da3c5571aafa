//! An assistant that stays open while its files change.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use agents::{Assistant, Conversation, CurrentAssistant, Options, Question};
use answer::{AnswerDocument, Cell, Status, Verdict};
use std::path::PathBuf;

const SALES: &str = "order_id,order_date,region,amount\n1,2024-01-05,North,40.50\n2,2024-01-09,South,30.25\n3,2024-02-11,North,50.25\n4,2024-02-12,South,29.75\n";

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("current-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        // Other content than in other runs, so that their results are not known.
        let place = Place(folder);
        place.write(&format!(
            "{SALES}5,2024-02-12,{name}{},1.5\n",
            std::process::id()
        ));
        place
    }

    fn file(&self) -> PathBuf {
        self.0.join("sales.csv")
    }

    fn write(&self, text: &str) {
        std::fs::write(self.file(), text).unwrap();
    }

    fn open(&self) -> CurrentAssistant {
        let options = Options {
            data: vec![self.file()],
            ..Options::default()
        };
        CurrentAssistant::new(Assistant::open(&options).unwrap())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn total(current: &CurrentAssistant, no_cache: bool) -> AnswerDocument {
    let question = Question {
        text: "total amount".into(),
        no_cache,
        ..Question::default()
    };
    let assistant = current.get().unwrap();
    let answer = assistant.ask(&question, &mut Conversation::default(), &mut |_| {});
    assert_eq!(answer.status, Status::Answered, "{:?}", answer.error);
    assert_eq!(answer.verification.verdict, Verdict::Verified);
    answer
}

fn value(answer: &AnswerDocument) -> Option<f64> {
    answer
        .result
        .as_ref()?
        .rows
        .first()?
        .first()
        .and_then(Cell::as_f64)
}

fn uses(answer: &AnswerDocument) -> Vec<&str> {
    answer.plan.iter().map(|s| s.cache.as_str()).collect()
}

#[test]
fn known_rows_give_the_same_verified_answer_and_can_be_passed_over() {
    let place = Place::new("known");
    let current = place.open();
    let first = total(&current, false);
    assert_eq!(uses(&first), ["miss"]);
    let again = total(&current, false);
    assert_eq!(uses(&again), ["hit"]);
    let bytes =
        |a: &AnswerDocument| serde_json::to_vec(&(&a.result, &a.narrative, &a.chart)).unwrap();
    assert_eq!(bytes(&again), bytes(&first));
    assert_eq!(
        again.certificate.as_ref().map(|c| &c.result_hash),
        first.certificate.as_ref().map(|c| &c.result_hash)
    );
    assert_eq!(uses(&total(&current, true)), ["miss"]);
    // Another process finds them on disk.
    assert_eq!(uses(&total(&place.open(), false)), ["hit"]);
}

#[test]
fn the_answer_goes_with_the_file() {
    let place = Place::new("goes-with");
    let current = place.open();
    let before = value(&total(&current, false)).unwrap();
    assert_eq!(uses(&total(&current, false)), ["hit"]);
    let mut text = std::fs::read_to_string(place.file()).unwrap();
    text.push_str("6,2024-02-13,East,100\n");
    place.write(&text);
    let after = total(&current, false);
    assert_eq!(value(&after), Some(before + 100.0));
    assert_eq!(uses(&after), ["miss"]);
    // What cannot be read answers nothing, and what can be read again does.
    std::fs::remove_file(place.file()).unwrap();
    assert_eq!(current.get().err().unwrap().code, "data_missing");
    place.write("");
    assert_eq!(current.get().err().unwrap().code, "data_empty");
    place.write(&text);
    assert_eq!(value(&total(&current, false)), Some(before + 100.0));
}
