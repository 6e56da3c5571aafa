//! The program as a process: signals, pipes, what is left when it is killed.

use crate::program::{Place, document};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

fn ended(child: &mut Child, within: Duration) -> i32 {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().expect("it ends by itself");
        }
        assert!(start.elapsed() < within, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn many_sales(rows: usize) -> String {
    let mut text = String::from("order_id,order_date,region,product,amount\n");
    for i in 0..rows {
        let _ = writeln!(
            text,
            "{i},2024-{:02}-{:02},{},Product {},{}.25",
            1 + i % 12,
            1 + i % 28,
            ["North", "South", "East"][i % 3],
            i % 500,
            i % 900
        );
    }
    text
}

#[test]
fn the_server_says_where_it_is_and_stops_when_told() {
    let place = Place::new("serve");
    std::fs::write(place.work().join("sales.csv"), many_sales(200)).unwrap();
    for name in ["TERM", "INT"] {
        let mut child = place
            .retail(&["serve", "--data", "sales.csv", "--port", "0", "--no-open"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let host = line
            .split("http://")
            .nth(1)
            .and_then(|l| l.split(' ').next())
            .unwrap_or_else(|| panic!("no address in {line}"))
            .to_string();
        let mut stream = TcpStream::connect(&host).unwrap();
        write!(
            stream,
            "GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(
            reply.starts_with("HTTP/1.1 200") && reply.ends_with("ok"),
            "{reply}"
        );
        // A connection that stays open holds nothing up.
        let idle = TcpStream::connect(&host).unwrap();
        signal(&child, name);
        assert_eq!(ended(&mut child, Duration::from_secs(8)), 0, "after {name}");
        drop(idle);
        assert!(TcpStream::connect(&host).is_err(), "the port is free again");
    }
}

#[test]
fn a_taken_port_is_said() {
    let place = Place::new("taken");
    std::fs::write(place.work().join("sales.csv"), many_sales(20)).unwrap();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port().to_string();
    let output = place.run(&["serve", "--data", "sales.csv", "--port", &port, "--no-open"]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("--port"), "{errors}");
}

#[test]
fn a_killed_load_leaves_nothing_that_is_taken_for_whole() {
    let place = Place::new("killed");
    std::fs::write(place.work().join("sales.csv"), many_sales(120_000)).unwrap();
    let arguments = ["ask", "--data", "sales.csv", "--json", "how many orders?"];
    for delay in [15, 60, 120, 200, 300, 450] {
        let mut child = place
            .retail(&arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        let _ = child.kill();
        let _ = child.wait();
        for folder in std::fs::read_dir(place.cache().join("tables"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = folder.file_name().into_string().unwrap();
            let whole = folder.path().join("profile.json").is_file()
                && folder.path().join("tables.duckdb").is_file();
            assert!(name.ends_with(".part") || whole, "{name} is half written");
        }
    }
    let answer = document(&place.run(&arguments));
    assert_eq!(answer["status"], "answered", "{answer}");
    assert_eq!(answer["result"]["rows"][0][0], 120_000);
    // What the killed ones left is gone.
    let left: Vec<String> = place
        .files(&place.cache())
        .into_iter()
        .filter(|f| f.ends_with(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn two_at_once_load_the_same_file() {
    let place = Place::new("twice");
    std::fs::write(place.work().join("sales.csv"), many_sales(30_000)).unwrap();
    let arguments = ["ask", "--data", "sales.csv", "--json", "how many orders?"];
    let children: Vec<Child> = (0..4)
        .map(|_| {
            place
                .retail(&arguments)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let answer = document(&child.wait_with_output().unwrap());
        assert_eq!(answer["result"]["rows"][0][0], 30_000, "{answer}");
    }
}

#[test]
fn pipes_are_plain_and_terminals_are_not() {
    let place = Place::new("pipes");
    std::fs::write(place.work().join("sales.csv"), many_sales(300)).unwrap();
    let ask = ["ask", "--data", "sales.csv", "revenue by region"];
    let text = |command: &mut Command| String::from_utf8(command.output().unwrap().stdout).unwrap();
    let plain = text(&mut place.retail(&ask));
    assert!(!plain.contains('\u{1b}') && !plain.contains('█'), "{plain}");
    assert!(
        plain.contains("Read as") && plain.contains("Verified"),
        "{plain}"
    );
    let rich = text(
        place
            .retail(&ask)
            .env("CLICOLOR_FORCE", "1")
            .env("COLUMNS", "100"),
    );
    assert!(rich.contains("\u{1b}[1m") && rich.contains('█'), "{rich}");
    let without = text(
        place
            .retail(&ask)
            .env("CLICOLOR_FORCE", "1")
            .env("NO_COLOR", "1"),
    );
    assert!(!without.contains('\u{1b}'), "{without}");
    let narrow = text(
        place
            .retail(&ask)
            .env("CLICOLOR_FORCE", "1")
            .env("COLUMNS", "40")
            .env("NO_COLOR", "1"),
    );
    for line in narrow.lines() {
        assert!(line.chars().count() <= 40, "{line}");
    }
    let quiet =
        text(&mut place.retail(&["ask", "--quiet", "--data", "sales.csv", "revenue by region"]));
    assert!(
        !quiet.contains("Read as") && !quiet.contains("Verified") && quiet.contains("North"),
        "{quiet}"
    );
    let sql =
        text(&mut place.retail(&["ask", "--sql", "--data", "sales.csv", "revenue by region"]));
    assert!(sql.contains("SUM("), "{sql}");
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&mut place.retail(&["completions", shell]));
        assert!(
            script.contains("check-answer") && script.contains("no-open"),
            "{shell}"
        );
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let place = Place::new("leaves");
    std::fs::write(place.work().join("sales.csv"), many_sales(300)).unwrap();
    let mut child = place
        .retail(&["ask", "--data", "sales.csv", "revenue by region"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(ended(&mut child, Duration::from_secs(60)), 0);
    let mut errors = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut errors)
        .unwrap();
    assert!(!errors.contains("panicked"), "{errors}");
}

#[test]
fn a_conversation_by_hand_keeps_its_thread() {
    let place = Place::new("chat");
    std::fs::write(place.work().join("sales.csv"), many_sales(300)).unwrap();
    let mut child = place
        .retail(&["chat", "--data", "sales.csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"revenue by region\nonly in March 2024\nwho is best?\n1\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0));
    assert!(text.contains("in March 2024"), "{text}");
    assert!(
        text.contains("  1. ") && text.matches("Verified").count() == 3,
        "{text}"
    );
}
