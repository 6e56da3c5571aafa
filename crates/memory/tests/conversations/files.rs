//! Files in a folder.

use crate::thread::{Time, answer, ask, codes, key, limited, over, questions};
use memory::{Files, Limits, Memory};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Folder(path)
    }

    fn memory(&self, owner: &str, time: &Time) -> Memory {
        over(Files::new(&self.0, &Limits::default()), owner, time)
    }

    /// Files of that ending, at any depth.
    fn files(&self, ending: &str) -> Vec<PathBuf> {
        fn below(folder: &Path, out: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.path() {
                    path if path.is_dir() => below(&path, out),
                    path => out.push(path),
                }
            }
        }
        let mut all = Vec::new();
        below(&self.0, &mut all);
        all.retain(|p| p.extension().is_some_and(|e| e == ending));
        all
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_conversation_goes_on_in_another_process() {
    let (folder, time) = (Folder::new("goes-on"), Time::now());
    assert_eq!(ask(&folder.memory("anna", &time), "c", "one"), []);
    assert_eq!(ask(&folder.memory("anna", &time), "c", "two"), []);
    let memory = folder.memory("anna", &time);
    assert_eq!(questions(&memory, "c"), ["one", "two"]);
    let conversation = memory.look(&key(&memory, "c")).unwrap();
    assert_eq!(conversation.context.unwrap().earlier.len(), 1);
    assert_eq!(questions(&memory, "another"), [""; 0]);
}

#[test]
fn nobody_reads_what_another_owner_said() {
    let (folder, time) = (Folder::new("owners"), Time::now());
    ask(&folder.memory("anna", &time), "c", "a secret");
    for owner in ["bert", "", "anna/c", "ANNA"] {
        assert_eq!(questions(&folder.memory(owner, &time), "c"), [""; 0]);
    }
    // Nor where a file is put in the place of one's own.
    ask(&folder.memory("bert", &time), "c", "mine");
    let files = folder.files("conversation");
    let [one, other] = &files[..] else {
        unreachable!("two conversations are two files: {files:?}")
    };
    for (from, to) in [(one, other), (other, one)] {
        let before = std::fs::read(to).unwrap();
        std::fs::copy(from, to).unwrap();
        let read: Vec<Vec<String>> = ["anna", "bert"]
            .map(|owner| questions(&folder.memory(owner, &time), "c"))
            .into();
        assert!(read.contains(&Vec::new()), "{read:?}");
        std::fs::write(to, before).unwrap();
    }
}

#[test]
fn two_windows_at_once_lose_nothing() {
    let (folder, time) = (Folder::new("windows"), Time::now());
    let (left, right) = (folder.memory("anna", &time), folder.memory("anna", &time));
    ask(&left, "c", "first");
    let ((), told) = left.turn(&key(&left, "c"), |conversation| {
        // The other window answers while this one works.
        assert_eq!(ask(&right, "c", "right"), []);
        answer(conversation, "left");
    });
    assert_eq!(told, []);
    let memory = folder.memory("anna", &time);
    let mut all = questions(&memory, "c");
    assert_eq!(all.remove(0), "first");
    all.sort();
    assert_eq!(all, ["left", "right"]);
    let context = memory.look(&key(&memory, "c")).unwrap().context.unwrap();
    assert_eq!(context.earlier.len(), 2, "both can be gone back to");
}

#[test]
fn many_processes_write_one_conversation() {
    let (folder, time) = (Folder::new("many"), Time::now());
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let memory = folder.memory("anna", &time);
            scope.spawn(move || {
                for i in 0..10 {
                    ask(&memory, "c", &format!("{writer}-{i}"));
                }
                // Whatever was overtaken too often goes with this one.
                while !ask(&memory, "c", &format!("{writer} ends")).is_empty() {}
            });
        }
    });
    let all = questions(&folder.memory("anna", &time), "c");
    for writer in 0..4 {
        for i in 0..10 {
            let name = format!("{writer}-{i}");
            assert_eq!(all.iter().filter(|q| **q == name).count(), 1, "{name}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_set_aside_and_said() {
    let time = Time::now();
    for (name, damage) in [
        (
            "cut",
            (|b| b[..b.len() - 9].to_vec()) as fn(Vec<u8>) -> Vec<u8>,
        ),
        ("empty", |_| Vec::new()),
        ("changed", |mut b| {
            let at = b.len() - 20;
            b[at] ^= 1;
            b
        }),
        ("other", |_| b"{\"turns\": []}".to_vec()),
        ("huge", |_| vec![b' '; 4 << 20]),
    ] {
        let folder = Folder::new(&format!("damaged-{name}"));
        ask(&folder.memory("anna", &time), "c", "one");
        let file = folder.files("conversation").pop().unwrap();
        let bytes = damage(std::fs::read(&file).unwrap());
        std::fs::write(&file, &bytes).unwrap();
        let memory = folder.memory("anna", &time);
        let told = ask(&memory, "c", "two");
        assert_eq!(codes(&told), ["memory_poisoned"], "{name}");
        assert!(told[0].text.contains("set aside"), "{}", told[0].text);
        assert_eq!(questions(&memory, "c"), ["two"], "{name}");
        let aside = folder.files("damaged").pop().unwrap();
        assert_eq!(std::fs::read(aside).unwrap(), bytes, "{name}");
        assert_eq!(ask(&folder.memory("anna", &time), "c", "three"), []);
    }
}

#[test]
fn a_conversation_is_forgotten_when_it_was_idle_too_long() {
    let (folder, time) = (Folder::new("idle"), Time::now());
    let limits = Limits {
        idle_seconds: 1000,
        ..Limits::default()
    };
    let memory = || limited(Files::new(&folder.0, &limits), "anna", &time, limits);
    ask(&memory(), "c", "one");
    time.pass(900);
    ask(&memory(), "c", "two");
    time.pass(900);
    assert_eq!(questions(&memory(), "c"), ["one", "two"]);
    time.pass(200);
    assert_eq!(questions(&memory(), "c"), [""; 0]);
    assert_eq!(ask(&memory(), "c", "three"), []);
    assert_eq!(questions(&memory(), "c"), ["three"]);
    // Others go from the disk, too.
    time.pass(7200);
    ask(&memory(), "d", "four");
    assert_eq!(folder.files("conversation").len(), 1);
}

#[test]
fn the_folder_stays_within_its_room() {
    let (folder, time) = (Folder::new("room"), Time::now());
    for i in 0..30 {
        let files = Files::new(&folder.0, &Limits::default()).with_room(10, 1 << 20);
        ask(&over(files, "anna", &time), &i.to_string(), "a question");
        time.pass(3600);
    }
    let kept = folder.files("conversation").len();
    assert!((1..=10).contains(&kept), "{kept}");
}

#[test]
fn a_folder_that_cannot_be_used_is_said_and_the_thread_goes_on() {
    let (folder, time) = (Folder::new("unusable"), Time::now());
    std::fs::write(&folder.0, "a file in its place").unwrap();
    let memory = folder.memory("anna", &time);
    assert_eq!(codes(&ask(&memory, "c", "one")), ["memory_unreachable"]);
    assert_eq!(codes(&ask(&memory, "c", "two")), ["memory_unreachable"]);
    std::fs::remove_file(&folder.0).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(ask(&memory, "c", "three"), []);
    let again = folder.memory("anna", &time);
    assert_eq!(questions(&again, "c"), ["one", "two", "three"]);
}

/// Where the process that is killed writes; it is this test program, started again.
const WRITER: &str = "RETAIL_TEST_WRITES_TO";

#[test]
fn the_writer_that_is_killed() {
    let Some(folder) = std::env::var_os(WRITER) else {
        return;
    };
    let files = Files::new(Path::new(&folder), &Limits::default());
    let memory = over(files, "anna", &Time::now());
    for i in 0.. {
        assert_eq!(ask(&memory, "c", &i.to_string()), []);
        println!("kept {i}");
    }
}

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let folder = Folder::new("killed");
    let mut acknowledged = Vec::new();
    for kills in [1, 2, 5, 11, 23] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "files::the_writer_that_is_killed", "--nocapture"])
            .env(WRITER, &folder.0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut count = 0;
        while count < kills {
            let line = lines.next().unwrap().unwrap();
            // The harness writes its own words before the first line.
            if let Some((_, turn)) = line.split_once("kept ") {
                acknowledged.push(turn.to_string());
                count += 1;
            }
        }
        child.kill().unwrap();
        acknowledged.extend(
            lines
                .map_while(Result::ok)
                .filter_map(|l| l.split_once("kept ").map(|(_, t)| t.to_string())),
        );
        child.wait().unwrap();
        let memory = folder.memory("anna", &Time::now());
        let mut there = questions(&memory, "c").into_iter();
        for turn in &acknowledged {
            assert!(there.any(|t| t == *turn), "{turn} is lost");
        }
    }
    assert!(acknowledged.len() >= 42);
}
