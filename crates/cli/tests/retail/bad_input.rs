//! Bad files, bad questions, bad flags: the right reply, the right exit code, nothing written but the
//! cache. Cases stand in `suites/bad_input`.

use crate::program::{Place, document};
use serde_json::Value;
use std::path::Path;

const SALES: &str = "order_id,order_date,region,customer,amount\n1,2024-01-05,North,Ada,40.50\n2,2024-01-09,South,Ben,30.25\n3,2024-02-11,North,Ada,50.25\n4,2024-02-12,South,Clara,29.75\n";

fn lay(work: &Path, file: &Value) {
    let path = work.join(file["path"].as_str().unwrap());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    if file["folder"] == true {
        std::fs::create_dir_all(path).unwrap();
    } else if let Some(target) = file["link"].as_str() {
        std::os::unix::fs::symlink(target, path).unwrap();
    } else if let Some(hex) = file["hex"].as_str() {
        let byte = |i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        std::fs::write(path, bytes).unwrap();
    } else {
        std::fs::write(path, file["text"].as_str().unwrap()).unwrap();
    }
}

fn check(case: &Value, json: bool) -> Vec<String> {
    let place = Place::new(&format!("bad-input-{json}"));
    let work = place.work();
    for file in case["files"].as_array().into_iter().flatten() {
        lay(&work, file);
    }
    let mut arguments = vec!["ask".to_string()];
    if case["data"] == true {
        std::fs::write(work.join("sales.csv"), SALES).unwrap();
        arguments.extend(["--data".into(), "sales.csv".into()]);
    }
    if json {
        arguments.push("--json".into());
    }
    let folder = work.display().to_string();
    let long = "revenue by region and ".repeat(1_000);
    arguments.extend(case["ask"].as_array().unwrap().iter().map(|a| {
        a.as_str()
            .unwrap()
            .replace("{dir}", &folder)
            .replace("{20000}", &long[..20_000])
    }));
    let before = place.files(&work);
    let output = place.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut faults = Vec::new();
    let exit = output.status.code().map(Value::from).unwrap_or_default();
    let expected = &case["exit"];
    if !(expected == &exit || expected.as_array().is_some_and(|all| all.contains(&exit))) {
        faults.push(format!("exit {exit}, {errors}"));
    }
    if errors.contains("panicked") {
        faults.push(format!("it panicked: {errors}"));
    }
    if json {
        let found = document(&output);
        let status = found["status"].as_str().unwrap_or_default();
        if case["status"].as_str().is_some_and(|s| s != status) {
            faults.push(format!("status {status}: {}", found["error"]));
        }
        if case["code"]
            .as_str()
            .is_some_and(|c| found["error"]["code"] != c)
        {
            faults.push(format!("the error is {}", found["error"]));
        }
        let unanswered = matches!(status, "declined" | "failed");
        if unanswered && (found["error"]["message"].is_null() || found["error"]["hint"].is_null()) {
            faults.push(format!("what to do is not said: {}", found["error"]));
        }
        if unanswered
            && !(found["result"].is_null()
                && found["narrative"].is_null()
                && found["chart"].is_null())
        {
            faults.push("an answer stands beside the refusal".into());
        }
        if let Some(word) = case["unknown"].as_str() {
            let named = found["unknown_words"]
                .as_array()
                .unwrap()
                .iter()
                .any(|w| w.as_str().is_some_and(|w| w.eq_ignore_ascii_case(word)));
            if !named {
                faults.push(format!("{word} is not named: {}", found["unknown_words"]));
            }
        }
    } else if expected != &Value::from(0) && !expected.is_array() {
        if errors.trim().is_empty() {
            faults.push("standard error is silent".into());
        }
        if !output.stdout.is_empty() {
            faults.push("a refusal stands on standard output".into());
        }
        if errors.contains('\u{1b}') || errors.contains('\u{7}') {
            faults.push(format!("control characters reach the reader: {errors:?}"));
        }
    }
    let after = place.files(&work);
    if after != before {
        faults.push(format!("the work folder holds {after:?}"));
    }
    let outside: Vec<String> = place
        .files(&place.home())
        .into_iter()
        .filter(|f| f != ".cache" && !f.starts_with(".cache/retail-insights"))
        .collect();
    if !outside.is_empty() {
        faults.push(format!("outside the cache stands {outside:?}"));
    }
    if place
        .files(&place.cache())
        .iter()
        .any(|f| f.ends_with(".part"))
    {
        faults.push("something half written is left".into());
    }
    let name = case["name"].as_str().unwrap_or_default();
    faults
        .into_iter()
        .map(|f| format!("{name} ({}): {f}", if json { "--json" } else { "plain" }))
        .collect()
}

fn cases() -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/bad_input/cases.json");
    serde_json::from_slice(&std::fs::read(file).expect("the suite")).expect("a list of cases")
}

#[test]
fn each_bad_input_gets_its_document() {
    let faults: Vec<String> = cases()
        .iter()
        .filter(|c| c["plain_only"] != true)
        .flat_map(|c| check(c, true))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_bad_input_gets_its_words() {
    let faults: Vec<String> = cases().iter().flat_map(|c| check(c, false)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_bad_line_of_a_batch_stops_no_other() {
    let place = Place::new("batch");
    std::fs::write(place.work().join("sales.csv"), SALES).unwrap();
    let lines = "{\"id\":\"a\",\"question\":\"total revenue\",\"conversation\":\"c\"}\nno json\n{\"id\":\"b\"}\n{\"id\":\"c\",\"question\":\"\"}\n\n{\"id\":\"d\",\"question\":\"and in January?\",\"conversation\":\"c\"}\n{\"id\":\"e\",\"question\":\"delete all orders\"}\n";
    std::fs::write(place.work().join("batch.jsonl"), lines).unwrap();
    let output = place.run(&[
        "ask",
        "--data",
        "sales.csv",
        "--batch",
        "batch.jsonl",
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(0));
    let replies: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let told: Vec<(Option<&str>, &str)> = replies
        .iter()
        .map(|r| (r["id"].as_str(), r["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("a"), "answered"),
            (None, "failed"),
            (Some("b"), "failed"),
            (Some("c"), "failed"),
            (Some("d"), "answered"),
            (Some("e"), "declined")
        ]
    );
    assert_eq!(replies[4]["result"]["rows"][0][0], 70.75);
    let missing = place.run(&[
        "ask",
        "--data",
        "sales.csv",
        "--batch",
        "none.jsonl",
        "--json",
    ]);
    assert_eq!(missing.status.code(), Some(5));
}
