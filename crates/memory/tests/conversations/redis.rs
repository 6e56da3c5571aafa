//! A real Redis: killed, filled, poisoned, slow, shared.

use crate::thread::{Time, answer, ask, codes, key, limited, over, questions};
use ::redis::Connection;
use memory::{Limits, Memory, MemoryError, Redis, Settings};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_millis(300);
/// Longer than a store that failed is left alone.
const REST: Duration = Duration::from_millis(1100);

/// A server of its own for a test.
struct Server {
    port: u16,
    folder: PathBuf,
    settings: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// None, with a message, where there is no Redis on this machine.
    fn start(name: &str, settings: &[&str]) -> Option<Server> {
        if Command::new("redis-server")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_err()
        {
            eprintln!("skipped: there is no redis-server");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("redis-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let mut server = Server {
            port,
            folder,
            settings: settings.iter().map(|s| s.to_string()).collect(),
            child: None,
        };
        server.run();
        Some(server)
    }

    fn run(&mut self) {
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--dir"])
            .arg(&self.folder)
            .args(&self.settings)
            .stdout(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        let start = Instant::now();
        // It takes connections before it has read what it wrote down.
        let client = ::redis::Client::open(self.url()).unwrap();
        let answers = || {
            let mut connection = client.get_connection()?;
            ::redis::cmd("PING").exec(&mut connection)
        };
        while answers()
            .is_err_and(|e: ::redis::RedisError| e.is_io_error() || e.code() == Some("LOADING"))
        {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "it does not start"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    fn store(&self, limits: &Limits) -> Redis {
        Redis::new(&self.url(), None, PATIENCE, limits).unwrap()
    }

    /// As another process sees it.
    fn memory(&self, owner: &str, time: &Time) -> Memory {
        over(self.store(&Limits::default()), owner, time)
    }

    fn connection(&self) -> Connection {
        let client = ::redis::Client::open(self.url()).unwrap();
        client.get_connection().unwrap()
    }

    fn command(&self, words: &[&str]) {
        let mut command = ::redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.exec(&mut self.connection()).unwrap();
    }

    fn keys(&self, pattern: &str) -> Vec<String> {
        ::redis::cmd("KEYS")
            .arg(pattern)
            .query(&mut self.connection())
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_conversation_goes_on_in_another_process_and_belongs_to_its_owner() {
    let Some(server) = Server::start("goes-on", &[]) else {
        return;
    };
    let time = Time::now();
    assert_eq!(ask(&server.memory("anna", &time), "c", "one"), []);
    assert_eq!(ask(&server.memory("anna", &time), "c", "two"), []);
    let memory = server.memory("anna", &time);
    assert_eq!(questions(&memory, "c"), ["one", "two"]);
    for owner in ["bert", "", "anna:c"] {
        let other = server.memory(owner, &time);
        assert_eq!(questions(&other, "c"), [""; 0]);
        ask(&other, "c", "mine");
        assert_eq!(questions(&other, "c"), ["mine"]);
    }
    assert_eq!(questions(&memory, "c"), ["one", "two"]);
}

#[test]
fn it_expires() {
    let Some(server) = Server::start("expires", &[]) else {
        return;
    };
    let limits = Limits {
        idle_seconds: 1,
        ..Limits::default()
    };
    let time = Time::now();
    let memory = || limited(server.store(&limits), "anna", &time, limits);
    let same = memory();
    ask(&same, "c", "one");
    assert_eq!(questions(&memory(), "c"), ["one"]);
    std::thread::sleep(Duration::from_millis(1300));
    time.pass(2);
    assert_eq!(questions(&memory(), "c"), [""; 0]);
    assert_eq!(questions(&same, "c"), [""; 0], "nor is the copy put back");
}

#[test]
fn a_server_that_restarts_keeps_what_it_wrote_down() {
    let Some(mut server) = Server::start(
        "restarts",
        &["--appendonly", "yes", "--appendfsync", "always"],
    ) else {
        return;
    };
    let time = Time::now();
    let memory = server.memory("anna", &time);
    ask(&memory, "c", "one");
    server.kill();
    server.run();
    // The connection is broken, the conversation is not.
    assert_eq!(ask(&memory, "c", "two"), []);
    assert_eq!(
        questions(&server.memory("anna", &time), "c"),
        ["one", "two"]
    );
}

#[test]
fn a_server_that_goes_away_is_said_and_nothing_is_lost() {
    let Some(mut server) = Server::start("goes-away", &[]) else {
        return;
    };
    let time = Time::now();
    let memory = server.memory("anna", &time);
    assert_eq!(ask(&memory, "c", "one"), []);
    assert_eq!(ask(&memory, "d", "another thread"), []);
    server.kill();
    for (id, question) in [("c", "two"), ("d", "its second"), ("c", "three")] {
        let start = Instant::now();
        let told = ask(&memory, id, question);
        assert_eq!(codes(&told), ["memory_unreachable"]);
        assert!(told[0].text.contains(&format!("127.0.0.1:{}", server.port)));
        assert!(start.elapsed() < Duration::from_secs(1));
    }
    assert_eq!(questions(&memory, "c"), ["one", "two", "three"]);
    // It kept nothing itself; what this process knows is put back.
    server.run();
    std::thread::sleep(REST);
    assert_eq!(ask(&memory, "c", "four"), []);
    let other = server.memory("anna", &time);
    assert_eq!(questions(&other, "c"), ["one", "two", "three", "four"]);
    assert_eq!(questions(&other, "d"), ["another thread", "its second"]);
}

#[test]
fn a_full_server_is_said_and_catches_up() {
    let Some(server) = Server::start("full", &["--maxmemory-policy", "noeviction"]) else {
        return;
    };
    let time = Time::now();
    let memory = server.memory("anna", &time);
    assert_eq!(ask(&memory, "c", "one"), []);
    server.command(&["CONFIG", "SET", "maxmemory", "100kb"]);
    let told = ask(&memory, "c", "two");
    assert_eq!(codes(&told), ["memory_full"]);
    let other = server.memory("anna", &time);
    assert_eq!(questions(&other, "c"), ["one"], "what was kept can be read");
    assert_eq!(codes(&ask(&memory, "c", "three")), ["memory_full"]);
    server.command(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(ask(&memory, "c", "four"), []);
    let all = ["one", "two", "three", "four"];
    assert_eq!(questions(&server.memory("anna", &time), "c"), all);
}

#[test]
fn a_key_that_others_wrote_is_set_aside_and_said() {
    let Some(server) = Server::start("poisoned", &[]) else {
        return;
    };
    let time = Time::now();
    ask(&server.memory("bert", &time), "c", "a secret");
    let foreign = server.keys("retail:*").pop().unwrap();
    let own = |server: &Server| {
        let mut keys = server.keys("retail:*}");
        keys.retain(|k| *k != foreign);
        keys.pop().unwrap()
    };
    let huge = "x".repeat(2 << 20);
    let poisons: [(&str, &[&[&str]]); 6] = [
        ("a text", &[&["SET", "KEY", "hello"]]),
        ("a list", &[&["RPUSH", "KEY", "hello"]]),
        (
            "no record",
            &[&["HSET", "KEY", "version", "1", "body", "{\"turns\""]],
        ),
        ("no body", &[&["HSET", "KEY", "something", "else"]]),
        (
            "too large",
            &[&["HSET", "KEY", "version", "1", "body", &huge]],
        ),
        ("another's", &[&["COPY", &foreign, "KEY"]]),
    ];
    for (name, commands) in poisons {
        ask(&server.memory("anna", &time), "c", "one");
        let key = own(&server);
        server.command(&["DEL", &key]);
        for command in commands {
            let words: Vec<&str> = command
                .iter()
                .map(|w| if *w == "KEY" { key.as_str() } else { w })
                .collect();
            server.command(&words);
        }
        let memory = server.memory("anna", &time);
        let told = ask(&memory, "c", "two");
        assert_eq!(codes(&told), ["memory_poisoned"], "{name}");
        assert!(!told[0].text.contains("secret"), "{}", told[0].text);
        assert_eq!(questions(&memory, "c"), ["two"], "{name}");
        assert_eq!(server.keys("*:damaged").len(), 1, "{name}");
        assert_eq!(ask(&server.memory("anna", &time), "c", "three"), []);
        server.command(&["DEL", &key]);
    }
    assert_eq!(questions(&server.memory("bert", &time), "c"), ["a secret"]);
}

#[test]
fn a_slow_server_holds_nobody_up() {
    let Some(server) = Server::start("slow", &[]) else {
        return;
    };
    let time = Time::now();
    let memory = server.memory("anna", &time);
    ask(&memory, "c", "one");
    server.command(&["CLIENT", "PAUSE", "2500", "ALL"]);
    let start = Instant::now();
    let told = ask(&memory, "c", "two");
    assert!(start.elapsed() < 3 * PATIENCE, "{:?}", start.elapsed());
    assert_eq!(codes(&told), ["memory_unreachable"]);
    assert!(told[0].text.contains("no reply within"), "{}", told[0].text);
    // It is not waited for again at once.
    let start = Instant::now();
    assert_eq!(codes(&ask(&memory, "c", "three")), ["memory_unreachable"]);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    std::thread::sleep(Duration::from_millis(2600));
    assert_eq!(ask(&memory, "c", "four"), []);
    let all = ["one", "two", "three", "four"];
    assert_eq!(questions(&server.memory("anna", &time), "c"), all);
}

#[test]
fn two_windows_at_once_lose_nothing() {
    let Some(server) = Server::start("windows", &[]) else {
        return;
    };
    let time = Time::now();
    let (left, right) = (server.memory("anna", &time), server.memory("anna", &time));
    ask(&left, "c", "first");
    let ((), told) = left.turn(&key(&left, "c"), |conversation| {
        assert_eq!(ask(&right, "c", "right"), []);
        answer(conversation, "left");
    });
    assert_eq!(told, []);
    let mut all = questions(&server.memory("anna", &time), "c");
    assert_eq!(all.remove(0), "first");
    all.sort();
    assert_eq!(all, ["left", "right"]);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let memory = server.memory("anna", &time);
            scope.spawn(move || {
                for i in 0..20 {
                    ask(&memory, "race", &format!("{writer}-{i}"));
                }
                while !ask(&memory, "race", &format!("{writer} ends")).is_empty() {}
            });
        }
    });
    let all = questions(&server.memory("anna", &time), "race");
    for writer in 0..4 {
        for i in 0..20 {
            let name = format!("{writer}-{i}");
            assert_eq!(all.iter().filter(|q| **q == name).count(), 1, "{name}");
        }
    }
}

#[test]
fn the_password_comes_from_the_environment_and_is_never_said() {
    let Some(server) = Server::start("password", &["--requirepass", "open-sesame"]) else {
        return;
    };
    let folder = server.folder.join("unused");
    let time = Time::now();
    let memory = |password: Option<&str>| {
        let (url, password) = (server.url(), password.map(str::to_string));
        Settings::default()
            .memory_at(
                &folder,
                move |name| match name {
                    "RETAIL_REDIS_URL" => Some(url.clone()),
                    "RETAIL_REDIS_PASSWORD" => password.clone(),
                    _ => None,
                },
                time.clock(),
            )
            .unwrap()
    };
    assert_eq!(ask(&memory(Some("open-sesame")), "c", "one"), []);
    assert_eq!(questions(&memory(Some("open-sesame")), "c"), ["one"]);
    for wrong in [None, Some("close-sesame")] {
        let told = ask(&memory(wrong), "c", "two");
        assert_eq!(codes(&told), ["memory_refused"], "{told:?}");
        assert!(!told[0].text.contains("sesame"), "{}", told[0].text);
    }
    assert!(!folder.exists(), "nothing goes to files");
    for url in [
        "redis://:open-sesame@host:port",
        "rediss://:open-sesame@localhost",
        "http://open-sesame",
        "open-sesame",
    ] {
        let e = Redis::new(url, None, PATIENCE, &Limits::default())
            .err()
            .unwrap();
        assert!(matches!(e, MemoryError::Settings(_)));
        assert!(!e.to_string().contains("sesame"), "{e}");
    }
}
