//! Conversations between calls of the program, and on a terminal.

use crate::program::{Place, document};
use serde_json::Value;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

const SALES: &str = "order_id,order_date,region,amount\n1,2024-01-05,North,40.50\n2,2024-01-09,South,30.25\n3,2024-02-11,North,50.25\n4,2024-02-12,South,29.75\n";

fn place(name: &str) -> Place {
    let place = Place::new(name);
    std::fs::write(place.work().join("sales.csv"), SALES).unwrap();
    place
}

fn turn(place: &Place, question: &str, environment: &[(&str, &str)]) -> Value {
    let arguments = [
        "ask",
        "--data",
        "sales.csv",
        "--json",
        "--conversation",
        "t",
        question,
    ];
    let mut command = place.retail(&arguments);
    command.envs(environment.iter().copied());
    document(&command.output().unwrap())
}

fn rows(answer: &Value) -> &Value {
    &answer["result"]["rows"]
}

#[test]
fn calls_keep_the_thread_and_options_can_be_picked() {
    let place = place("thread");
    turn(&place, "revenue by region", &[]);
    let february = turn(&place, "only in February 2024", &[]);
    assert_eq!(
        rows(&february),
        &serde_json::json!([["North", 50.25], ["South", 29.75]])
    );
    assert_eq!(february["conversation"], "t");
    // A refusal leaves the last answer as what follow-ups mean.
    assert_eq!(turn(&place, "delete all orders", &[])["status"], "declined");
    let january = turn(&place, "and in January 2024?", &[]);
    assert_eq!(
        rows(&january),
        &serde_json::json!([["North", 40.5], ["South", 30.25]])
    );
    let open = turn(&place, "who is best?", &[]);
    assert_eq!(open["status"], "clarify", "{open}");
    assert_eq!(turn(&place, "1", &[])["status"], "answered");
}

#[test]
fn other_data_begins_anew_and_says_so() {
    let place = place("other-data");
    turn(&place, "revenue by region", &[]);
    std::fs::write(
        place.work().join("stock.csv"),
        "sku,counted_on,units\na,2024-01-01,5\nb,2024-01-01,7\n",
    )
    .unwrap();
    let arguments = [
        "ask",
        "--data",
        "stock.csv",
        "--json",
        "--conversation",
        "t",
        "total units",
    ];
    let answer = document(&place.run(&arguments));
    assert_eq!(answer["status"], "answered", "{answer}");
    let told = answer["assumptions"].to_string();
    assert!(told.contains("other data"), "{told}");
}

#[test]
fn a_batch_neither_reads_nor_writes_what_is_kept() {
    let place = place("batch-apart");
    turn(&place, "revenue by region", &[]);
    let kept = place.cache().join("conversations");
    let state = |place: &Place| {
        let files = place.files(&kept);
        files
            .iter()
            .map(|f| (f.clone(), std::fs::read(kept.join(f)).unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    let before = state(&place);
    std::fs::write(
        place.work().join("batch.jsonl"),
        "{\"id\":\"1\",\"question\":\"only in February 2024\",\"conversation\":\"t\"}\n{\"id\":\"2\",\"question\":\"total revenue\",\"conversation\":\"t\"}\n{\"id\":\"3\",\"question\":\"only in February 2024\",\"conversation\":\"t\"}\n",
    )
    .unwrap();
    let output = place.run(&[
        "ask",
        "--data",
        "sales.csv",
        "--json",
        "--batch",
        "batch.jsonl",
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let february = serde_json::json!([["North", 50.25], ["South", 29.75]]);
    assert_ne!(rows(&lines[0]), &february, "it starts empty");
    assert_eq!(
        rows(&lines[2]),
        &serde_json::json!([[80.0]]),
        "and keeps its own thread"
    );
    assert_eq!(state(&place), before);
}

#[test]
fn a_redis_that_is_not_there_is_said_beside_the_answer() {
    let place = place("no-redis");
    let dead = [("RETAIL_REDIS_URL", "redis://:hush@127.0.0.1:1/0")];
    let answer = turn(&place, "revenue by region", &dead);
    assert_eq!(answer["status"], "answered", "{answer}");
    let told = answer["assumptions"].to_string();
    assert!(
        told.contains("127.0.0.1:1") && told.contains("cannot be reached"),
        "{told}"
    );
    assert!(!answer.to_string().contains("hush"));
    let wrong = place
        .retail(&[
            "ask",
            "--data",
            "sales.csv",
            "--conversation",
            "t",
            "total revenue",
        ])
        .env("RETAIL_REDIS_URL", "hush://hush")
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(5));
    let errors = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        errors.contains("memory_settings") && !errors.contains("hush"),
        "{errors}"
    );
}

#[test]
fn known_rows_are_shown_as_such_and_can_be_passed_over() {
    let place = place("known-rows");
    let ask = |more: &[&str]| {
        let arguments = [
            &["ask", "--data", "sales.csv", "--json", "revenue by region"],
            more,
        ]
        .concat();
        document(&place.run(&arguments))
    };
    let first = ask(&[]);
    assert_eq!(first["plan"][0]["cache"], "miss");
    let again = ask(&[]);
    assert_eq!(again["plan"][0]["cache"], "hit");
    assert_eq!(again["result"].to_string(), first["result"].to_string());
    assert_eq!(again["narrative"], first["narrative"]);
    assert_eq!(ask(&["--no-cache"])["plan"][0]["cache"], "miss");
    let shown = place.run(&["ask", "--data", "sales.csv", "revenue by region"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("rows from the cache"));
    std::fs::write(
        place.work().join("sales.csv"),
        SALES.replace("40.50", "41.50"),
    )
    .unwrap();
    let changed = ask(&[]);
    assert_eq!(changed["plan"][0]["cache"], "miss");
    assert_ne!(rows(&changed), rows(&first));
    // The project file says for how long, per source.
    std::fs::write(
        place.work().join("retail.toml"),
        "data = [\"sales.csv\"]\n[cache]\nhours = 0\n",
    )
    .unwrap();
    for _ in 0..2 {
        let answer = document(&place.run(&["ask", "--json", "revenue by region"]));
        assert_eq!(answer["plan"][0]["cache"], "miss");
    }
}

#[test]
fn an_answer_is_written_to_a_file() {
    let place = place("export");
    let export = |file: &str, question: &str| {
        let output = place.run(&["ask", "--data", "sales.csv", "--export", file, question]);
        output.status.code()
    };
    assert_eq!(export("out.csv", "revenue by region"), Some(0));
    let text = std::fs::read_to_string(place.work().join("out.csv")).unwrap();
    assert!(text.lines().any(|l| l == "North,90.75"), "{text}");
    assert_eq!(export("out.xlsx", "revenue by region"), Some(0));
    // Our own reader takes it for what it is.
    let again = [
        "ask",
        "--data",
        "out.xlsx",
        "--json",
        "--no-cache",
        "total revenue",
    ];
    let answer = document(&place.run(&again));
    assert_eq!(rows(&answer), &serde_json::json!([[150.75]]), "{answer}");
    assert_eq!(export("none.csv", "delete all orders"), Some(4));
    assert_eq!(export("out.pdf", "revenue by region"), Some(2));
    assert_eq!(export("no/such/folder.csv", "revenue by region"), Some(1));
    let files = place.files(&place.work());
    assert_eq!(files, ["out.csv", "out.xlsx", "sales.csv"]);
}

/// Runs the program on a terminal: waits for each text and then types the keys beside it. None, with a
/// message, where `script` is not installed.
fn on_a_terminal(place: &Place, command: &str, keys: &[(&str, &str)]) -> Option<String> {
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `script` that opens a terminal");
        return None;
    }
    let program = env!("CARGO_BIN_EXE_retail");
    let mut child = Command::new("script")
        .args(["-qefc", &format!("{program} {command}"), "/dev/null"])
        .current_dir(place.work())
        .env("HOME", place.home())
        .env("TERM", "xterm")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .env_remove("XDG_CACHE_HOME")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typing = child.stdin.take().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut seen = Vec::new();
    let mut from = 0;
    for (text, keys) in keys {
        let find = |seen: &[u8]| seen.windows(text.len()).position(|w| w == text.as_bytes());
        let mut part = [0; 1024];
        let end = loop {
            if let Some(at) = find(&seen[from..]) {
                break from + at + text.len();
            }
            let read = out.read(&mut part).unwrap();
            assert!(
                read > 0,
                "no `{text}` in {}",
                String::from_utf8_lossy(&seen)
            );
            seen.extend(&part[..read]);
        };
        from = end;
        typing.write_all(keys.as_bytes()).unwrap();
    }
    // Held open to the end: without a keyboard the terminal would be closed.
    out.read_to_end(&mut seen).unwrap();
    drop(typing);
    let text = String::from_utf8_lossy(&seen).into_owned();
    let status = child.wait().unwrap();
    assert!(status.success(), "{status}: {text}");
    Some(text)
}

#[test]
fn a_terminal_sees_the_answer_grow_and_a_pipe_sees_it_whole() {
    let place = place("live");
    let command = "ask --data sales.csv 'revenue by region'";
    let Some(live) = on_a_terminal(&place, command, &[]) else {
        return;
    };
    let order = |text: &str, parts: &[&str]| {
        let places: Vec<usize> = parts
            .iter()
            .map(|p| text.find(p).unwrap_or_else(|| panic!("{p} in {text}")))
            .collect();
        assert!(places.is_sorted(), "{parts:?} in {text}");
    };
    order(&live, &["Read as", "90.75", "North had", "Verified"]);
    assert_eq!(live.matches("Read as").count(), 1);
    let piped: Output = place.run(&["ask", "--data", "sales.csv", "revenue by region"]);
    let piped = String::from_utf8(piped.stdout).unwrap();
    order(&piped, &["North had", "Read as", "Verified"]);
    let quiet = on_a_terminal(&place, &format!("{command} --quiet"), &[]).unwrap();
    assert!(!quiet.contains("Read as"), "{quiet}");
    let json = on_a_terminal(&place, &format!("{command} --json"), &[]).unwrap();
    assert!(json.contains("\"status\":\"answered\""), "{json}");
    assert!(!json.contains("Read as"), "{json}");
}

#[test]
fn at_a_prompt_tab_completes_ctrl_c_gives_up_the_line_and_the_history_stays() {
    let place = place("prompt");
    let keys = [
        ("› ", "revenue by reg\t"),
        ("region", "\r"),
        ("Verified", ""),
        ("› ", "nonsense\u{3}"),
        ("nonsense", ""),
        ("› ", "only in Febru\u{1b}[D\u{1b}[C\u{5}ary 2024\r"),
        ("Verified", ""),
        ("› ", "\u{4}"),
    ];
    let Some(text) = on_a_terminal(&place, "chat --data sales.csv --conversation t", &keys) else {
        return;
    };
    assert!(text.contains("revenue by region"), "{text}");
    assert_eq!(text.matches("Verified").count(), 2, "{text}");
    assert!(text.contains("29.75"), "{text}");
    let history = std::fs::read_to_string(place.cache().join("chat-history")).unwrap();
    assert_eq!(history, "revenue by region\nonly in February 2024\n");
    // The thread was kept under its name.
    let january = turn(&place, "and in January 2024?", &[]);
    assert_eq!(
        rows(&january),
        &serde_json::json!([["North", 40.5], ["South", 30.25]])
    );
}

#[test]
fn an_interrupted_program_ends_and_nothing_is_lost() {
    let place = place("interrupted");
    let mut child = place
        .retail(&["chat", "--data", "sales.csv", "--conversation", "t"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut typing = child.stdin.take().unwrap();
    typing.write_all(b"revenue by region\n").unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    while !lines.next().unwrap().unwrap().contains("Verified") {}
    let sent = Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let february = turn(&place, "only in February 2024", &[]);
    assert_eq!(
        rows(&february),
        &serde_json::json!([["North", 50.25], ["South", 29.75]])
    );
}
