use crate::{Problem, Reading, Source, read};
use serde::Deserialize;

const DOCUMENT: &str = include_str!("../../../../suites/models/retail.ossie.yaml");
const OVERLAY: &str = include_str!("../../../../suites/models/retail.overlay.yaml");

fn reading(document: &str, overlay: &str) -> Reading {
    read(
        Source {
            name: "m.ossie.yaml",
            text: document,
        },
        Some(Source {
            name: "m.overlay.yaml",
            text: overlay,
        }),
    )
}

/// Problems of the texts, then, if they can be read, of the model.
fn problems(document: &str, overlay: &str) -> Vec<Problem> {
    let read = reading(document, overlay);
    if read.has_errors() {
        return read.problems;
    }
    let (places, mut all) = (read.places.clone(), read.problems.clone());
    let mut more = super::check(&read.completed());
    places.locate(&mut more);
    all.extend(more);
    all
}

#[test]
fn the_example_model_is_sound() {
    let told: Vec<String> = problems(DOCUMENT, OVERLAY)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(told, Vec::<String>::new());
}

/// The example with one thing made wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    what: String,
    r#in: String,
    from: String,
    to: String,
    /// "line severity code place" of every problem, in order.
    told: Vec<String>,
    /// Whether only the first problem is listed.
    #[serde(default)]
    first: bool,
    /// What the first fix says among other things.
    fix: String,
}

#[test]
fn what_is_wrong_is_told_with_place_and_fix() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../../../suites/models/problems.json"))
            .expect("cases");
    let mut failures = Vec::new();
    for case in cases {
        let (mut document, mut overlay) = (DOCUMENT.to_string(), OVERLAY.to_string());
        let text = if case.r#in == "document" {
            &mut document
        } else {
            &mut overlay
        };
        assert!(
            text.contains(&case.from),
            "{}: nothing to change",
            case.what
        );
        *text = text.replacen(&case.from, &case.to, 1);
        let found = problems(&document, &overlay);
        let mut told: Vec<String> = found
            .iter()
            .map(|p| {
                let line = p.location.as_ref().map_or(0, |l| l.line);
                format!("{line} {} {} {}", p.severity.name(), p.code, p.place)
            })
            .collect();
        if case.first {
            told.truncate(1);
        }
        let fixed = found.first().is_none_or(|p| p.fix.contains(&case.fix));
        if told != case.told || !fixed {
            failures.push(format!(
                "{}\n  told {told:?}\n  want {:?}\n  fix {:?}",
                case.what,
                case.told,
                found.first().map(|p| &p.fix)
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
