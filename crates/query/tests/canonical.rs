//! Spellings of the same query have one canonical text; different queries have different ones.

use query::{Query, canonical, hash};
use serde_json::Value as Json;

#[test]
fn spellings_of_a_query_share_a_text() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../suites/canonical/queries.json"
    );
    let suite: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut faults = Vec::new();
    for (list, alike) in [("same", true), ("different", false)] {
        for case in suite[list].as_array().unwrap() {
            let read =
                |side: &str| -> Query { serde_json::from_value(case[side].clone()).unwrap() };
            let (a, b) = (read("a"), read("b"));
            if (canonical(&a) == canonical(&b)) != alike || (hash(&a) == hash(&b)) != alike {
                faults.push(format!("{list}: {}", case["name"]));
            }
            for query in [a, b] {
                let again: Query = serde_json::from_str(&canonical(&query)).unwrap();
                if canonical(&again) != canonical(&query) {
                    faults.push(format!("not stable: {}", case["name"]));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
