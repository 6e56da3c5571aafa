//! The opening question on the bundled data: right against a reckoning of its own, and proven so that
//! nothing in the text can be changed unnoticed.

use crate::program::{Place, document};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::process::Stdio;

const QUESTION: &str = "Which region had the highest growth in Q3 2024?";

/// Rows of a bundled file, as maps from column to cell.
fn rows(place: &Place, name: &str) -> Vec<HashMap<String, String>> {
    let folder = std::fs::read_dir(place.cache())
        .unwrap()
        .flatten()
        .find(|e| e.file_name().to_string_lossy().starts_with("bundled-"))
        .unwrap();
    let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
    let mut lines = text.lines();
    let head: Vec<String> = lines
        .next()
        .unwrap()
        .split(',')
        .map(str::to_string)
        .collect();
    lines
        .map(|l| {
            head.iter()
                .cloned()
                .zip(l.split(',').map(str::to_string))
                .collect()
        })
        .collect()
}

fn pence(text: &str) -> i64 {
    text.trim_start_matches('£')
        .replace('.', "")
        .parse()
        .unwrap()
}

/// Net amount of each region in pence, from the first day to the last.
fn revenue(place: &Place, first: &str, last: &str) -> HashMap<String, i64> {
    let region: HashMap<String, String> = rows(place, "stores.csv")
        .into_iter()
        .map(|r| (r["store_id"].clone(), r["region"].clone()))
        .collect();
    let order: HashMap<String, String> = rows(place, "orders.csv")
        .into_iter()
        .filter(|r| (first..=last).contains(&r["order_date"].as_str()))
        .map(|r| (r["order_id"].clone(), region[&r["store_id"]].clone()))
        .collect();
    let mut sums = HashMap::new();
    for line in rows(place, "order_lines.csv") {
        if let Some(region) = order.get(&line["order_id"]) {
            *sums.entry(region.clone()).or_insert(0) += pence(&line["net_amount"]);
        }
    }
    sums
}

fn verdicts(place: &Place, documents: &[Value]) -> Vec<String> {
    let mut child = place
        .retail(&["check-answer", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines: String = documents.iter().map(|d| format!("{d}\n")).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|l| {
            serde_json::from_str::<Value>(l).unwrap()["verdict"]
                .as_str()
                .unwrap()
                .to_string()
        })
        .collect()
}

fn with_text(document: &Value, text: &str) -> Value {
    let mut changed = document.clone();
    changed["narrative"]["text"] = json!(text);
    changed
}

#[test]
fn the_opening_answer_is_right_and_cannot_be_tampered_with() {
    let place = Place::new("opening");
    let output = place.run(&["ask", "--json", QUESTION]);
    let answer = document(&output);
    assert_eq!(
        (output.status.code(), answer["status"].as_str()),
        (Some(0), Some("answered")),
        "{answer}"
    );
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("bundled data"),
        "it says which data it took"
    );

    // Right, against our own sums.
    let now = revenue(&place, "2024-07-01", "2024-09-30");
    let before = revenue(&place, "2024-04-01", "2024-06-30");
    let growth = |r: &str| now[r] as f64 / before[r] as f64 - 1.0;
    let mut regions: Vec<&str> = now.keys().map(String::as_str).collect();
    regions.sort_by(|a, b| growth(b).total_cmp(&growth(a)));
    let largest = now.iter().max_by_key(|(_, v)| **v).unwrap().0;
    assert_ne!(regions[0], largest, "the leader by level is another one");
    let row = &answer["result"]["rows"][0];
    assert_eq!(answer["result"]["rows"].as_array().unwrap().len(), 1);
    assert_eq!(row[0], regions[0]);
    assert_eq!(row[1].as_f64().unwrap(), now[regions[0]] as f64 / 100.0);
    assert_eq!(row[2].as_f64().unwrap(), before[regions[0]] as f64 / 100.0);
    assert!((row[4].as_f64().unwrap() - growth(regions[0])).abs() < 1e-12);

    // Against an earlier period that it names, with all regions behind it.
    let text = answer["narrative"]["text"].as_str().unwrap();
    assert!(
        text.contains("Q3 2024") && text.contains("Q2 2024"),
        "{text}"
    );
    assert!(
        answer["restatement"]
            .as_str()
            .unwrap()
            .contains("compared with"),
        "{answer}"
    );
    let ranking = answer["plan"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["result"]["rows"])
        .find(|r| r.as_array().is_some_and(|r| r.len() == regions.len()))
        .unwrap();
    let order: Vec<&str> = ranking
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r[0].as_str().unwrap())
        .collect();
    assert_eq!(order, regions);

    // Every digit, every region's name, each word of direction and each period: one change is enough.
    let mut changed = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        let other = char::from(b'0' + (c as u8 - b'0' + 3) % 10);
        changed.push(format!("{}{other}{}", &text[..at], &text[at + 1..]));
    }
    for name in &regions {
        let other = regions.iter().find(|r| *r != name).unwrap();
        for (at, _) in text.match_indices(name) {
            changed.push(format!(
                "{}{other}{}",
                &text[..at],
                &text[at + name.len()..]
            ));
        }
    }
    for (word, other) in [
        ("highest", "lowest"),
        ("second", "third"),
        ("+", "-"),
        ("Q3 2024", "Q1 2024"),
        ("Q2 2024", "Q2 2023"),
    ] {
        for (at, _) in text.match_indices(word) {
            changed.push(format!(
                "{}{other}{}",
                &text[..at],
                &text[at + word.len()..]
            ));
        }
    }
    assert!(changed.len() > 25, "{text}");
    let mut documents = vec![answer.clone()];
    documents.extend(changed.iter().map(|t| with_text(&answer, t)));
    let found = verdicts(&place, &documents);
    assert_eq!(found[0], "verified");
    for (text, verdict) in changed.iter().zip(&found[1..]) {
        assert_eq!(verdict, "rejected", "{text}");
    }

    // A direction in words.
    let trend = document(&place.run(&["ask", "--json", "revenue by month in 2024"]));
    let text = trend["narrative"]["text"].as_str().unwrap();
    assert!(text.contains(" rose "), "{text}");
    let fell = with_text(&trend, &text.replacen(" rose ", " fell ", 1));
    assert_eq!(verdicts(&place, &[trend, fell]), ["verified", "rejected"]);

    // The obvious join counts the fee of an order once for each of its lines; the answer does not.
    let lines: HashMap<String, i64> =
        rows(&place, "order_lines.csv")
            .iter()
            .fold(HashMap::new(), |mut all, r| {
                *all.entry(r["order_id"].clone()).or_insert(0) += 1;
                all
            });
    let orders = rows(&place, "orders.csv");
    let fees: i64 = orders.iter().map(|r| pence(&r["shipping_fee"])).sum();
    let joined: i64 = orders
        .iter()
        .map(|r| pence(&r["shipping_fee"]) * lines[&r["order_id"]])
        .sum();
    assert!(joined as f64 > 1.5 * fees as f64, "{joined} against {fees}");
    let answer =
        document(&place.run(&["ask", "--json", "total shipping fee and revenue by region"]));
    let columns = answer["result"]["columns"]
        .as_array()
        .unwrap_or_else(|| panic!("{answer}"));
    let fee = columns
        .iter()
        .position(|c| {
            c["name"].as_str().is_some_and(|n| {
                n.to_lowercase().contains("freight") || n.to_lowercase().contains("shipping")
            })
        })
        .unwrap_or_else(|| panic!("{columns:?}"));
    let told: f64 = answer["result"]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r[fee].as_f64().unwrap())
        .sum();
    assert!(
        (told - fees as f64 / 100.0).abs() < 0.005,
        "{told} against {fees}"
    );
}
