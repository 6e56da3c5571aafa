//! Files, folders and Delta tables in object stores, on a server that speaks S3's protocol (moto, which
//! `scripts/fetch-moto.sh` installs). Without the server or the engine's extensions the test is skipped
//! and says so.
#![expect(
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, one that is skipped says so"
)]

use crate::program::{Place, document};
use duckdb::Connection;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const KEY: &str = "AKIAREMOTETEST";
const SECRET: &str = "secret-of-the-remote-test";

/// The server, ended when it is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start() -> Option<Server> {
        let cache = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".cache")))?;
        let program = cache.join("retail-insights/moto-5.2.5/bin/moto_server");
        if !program.is_file() {
            eprintln!("skipped: no moto server; scripts/fetch-moto.sh installs it");
            return None;
        }
        let beside = PathBuf::from(option_env!("RETAIL_SQLITE_EXTENSION")?);
        for name in ["httpfs", "delta"] {
            if !beside
                .with_file_name(format!("{name}.duckdb_extension"))
                .is_file()
            {
                eprintln!("skipped: no extension {name}; scripts/fetch-extensions.sh fetches it");
                return None;
            }
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Server { child, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(180), "no server");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(server)
    }

    fn put(&self, path: &str, body: &[u8]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.port,
            body.len()
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 200"), "{path}: {reply}");
    }

    /// Puts every file below a folder under a prefix.
    fn put_folder(&self, prefix: &str, place: &Place, folder: &Path) {
        for name in place.files(folder) {
            let file = folder.join(&name);
            if file.is_file() {
                self.put(&format!("{prefix}/{name}"), &std::fs::read(file).unwrap());
            }
        }
    }

    /// The program with the store's keys in its environment.
    fn run(&self, place: &Place, arguments: &[&str]) -> Output {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        place
            .retail(arguments)
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", &endpoint)
            .env("GCS_ACCESS_KEY_ID", KEY)
            .env("GCS_SECRET_ACCESS_KEY", SECRET)
            .env("STORAGE_EMULATOR_HOST", &endpoint)
            .output()
            .unwrap()
    }
}

const ORDERS: &str = "order_id,order_date,region,amount\n1,2024-01-05,North,40.50\n2,2024-01-09,South,30.25\n3,2024-02-11,North,50.25\n";

/// A folder with a CSV file, Parquet files in parts by year, and a Delta table of which one file no
/// longer counts.
fn lake(folder: &Path) {
    let engine = Connection::open_in_memory().unwrap();
    let parquet = |query: &str, name: &str| {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        engine
            .execute_batch(&format!(
                "COPY ({query}) TO '{}' (FORMAT parquet)",
                file.display()
            ))
            .unwrap();
        std::fs::metadata(file).unwrap().len()
    };
    std::fs::create_dir_all(folder.join("stock/_delta_log")).unwrap();
    std::fs::write(
        folder.join("returns.csv"),
        ORDERS.replace("order_", "return_"),
    )
    .unwrap();
    for year in [2023, 2024] {
        parquet(
            &format!(
                "SELECT range AS visit_id, DATE '{year}-03-01' + range::INT AS day FROM range(5)"
            ),
            &format!("year={year}/part-0.parquet"),
        );
    }
    let old = parquet("SELECT 'Pune' AS store, 99 AS units", "stock/old.parquet");
    let new = parquet(
        "SELECT * FROM (VALUES ('Pune', 7), ('Delhi', 5)) AS v(store, units)",
        "stock/new.parquet",
    );
    let schema = json!({"type": "struct", "fields": [
        {"name": "store", "type": "string", "nullable": true, "metadata": {}},
        {"name": "units", "type": "integer", "nullable": true, "metadata": {}}
    ]});
    let add = |path: &str, size: u64| json!({"add": {"path": path, "partitionValues": {}, "size": size, "modificationTime": 1_700_000_000_000_u64, "dataChange": true}});
    let log = |version: u32, actions: &[Value]| {
        let lines: String = actions.iter().map(|a| format!("{a}\n")).collect();
        std::fs::write(
            folder.join(format!("stock/_delta_log/{version:020}.json")),
            lines,
        )
        .unwrap();
    };
    log(
        0,
        &[
            json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}),
            json!({"metaData": {"id": "3f1b8d2e-0c6a-4c57-9b53-6a1d1f0e7c11", "format": {"provider": "parquet", "options": {}}, "schemaString": schema.to_string(), "partitionColumns": [], "configuration": {}, "createdTime": 1_700_000_000_000_u64}}),
            add("old.parquet", old),
        ],
    );
    log(
        1,
        &[
            json!({"remove": {"path": "old.parquet", "deletionTimestamp": 1_700_000_001_000_u64, "dataChange": true}}),
            add("new.parquet", new),
        ],
    );
}

/// Names and rows of the tables of a report.
fn tables(output: &Output) -> Vec<(String, u64)> {
    let report = document(output);
    let mut found: Vec<(String, u64)> = report["tables"]
        .as_array()
        .unwrap_or_else(|| panic!("{report}"))
        .iter()
        .map(|t| {
            (
                t["name"].as_str().unwrap().to_string(),
                t["rows"].as_u64().unwrap(),
            )
        })
        .collect();
    found.sort();
    found
}

fn expected(tables: &[(&str, u64)]) -> Vec<(String, u64)> {
    tables.iter().map(|(n, r)| ((*n).to_string(), *r)).collect()
}

fn code(output: &Output) -> (Option<i32>, String) {
    let error = document(output)["error"]["code"].clone();
    (
        output.status.code(),
        error.as_str().unwrap_or_default().to_string(),
    )
}

#[test]
fn object_stores_are_read_like_folders_and_keys_stay_secret() {
    let Some(server) = Server::start() else {
        return;
    };
    let place = Place::new("remote");
    let folder = place.work().join("lake");
    std::fs::create_dir_all(&folder).unwrap();
    lake(&folder);
    let all = [("lake", 10), ("returns", 3), ("stock", 2)];

    // The same folder on disk and in a store.
    let local = place.run(&["profile", "--json", "--data", "lake"]);
    assert_eq!(tables(&local), expected(&all));
    let table = place.run(&["profile", "--json", "--data", "lake/stock/"]);
    assert_eq!(tables(&table), expected(&[("stock", 2)]));

    server.put("/shop", b"");
    server.put("/shop/orders.csv", ORDERS.as_bytes());
    server.put_folder("/shop/lake", &place, &folder);
    let mut outputs = Vec::new();
    let mut run = |arguments: &[&str]| {
        let output = server.run(&place, arguments);
        outputs.push(output.clone());
        output
    };
    for address in ["s3://shop/lake", "s3://shop/lake/", "gs://shop/lake"] {
        let output = run(&["profile", "--json", "--data", address]);
        assert_eq!(tables(&output), expected(&all), "{address}");
    }
    let output = run(&["profile", "--json", "--data", "s3://shop/lake/stock"]);
    assert_eq!(tables(&output), expected(&[("stock", 2)]));
    let pattern = "s3://shop/lake/year=*/*.parquet";
    let output = run(&["profile", "--json", "--data", pattern]);
    assert_eq!(tables(&output).iter().map(|t| t.1).sum::<u64>(), 10);

    // One object; its answer names it and can be replayed until the object changes.
    for scheme in ["s3", "gs"] {
        let address = format!("{scheme}://shop/orders.csv");
        let ask = ["ask", "--json", "--data", &address, "total amount"];
        let output = run(&ask);
        let answer = document(&output);
        assert_eq!(answer["result"]["rows"][0][0], 121.0, "{answer}");
        assert_eq!(
            answer["certificate"]["sources"][0]["path_or_url"],
            address.as_str()
        );
    }
    let address = "s3://shop/orders.csv";
    let ask = ["ask", "--json", "--data", address, "total amount"];
    let answer = run(&ask).stdout;
    std::fs::write(place.work().join("answer.json"), answer).unwrap();
    assert_eq!(run(&["verify", "answer.json"]).status.code(), Some(0));
    let more = format!("{ORDERS}4,2024-02-12,South,9.00\n");
    server.put("/shop/orders.csv", more.as_bytes());
    assert_eq!(document(&run(&ask))["result"]["rows"][0][0], 130.0);
    assert_eq!(run(&["verify", "answer.json"]).status.code(), Some(1));

    // What is not there.
    for address in [
        "s3://shop/nothing.csv",
        "s3://shop/nothing",
        "s3://shop/nothing/*.csv",
        "s3://no-such-bucket/orders.csv",
    ] {
        let output = run(&["ask", "--json", "--data", address, "total amount"]);
        assert_eq!(code(&output), (Some(5), "data_missing".into()), "{address}");
    }

    // No key may show anywhere: in what is printed, nor in what is kept.
    for output in &outputs {
        for text in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(text);
            assert!(!text.contains(SECRET) && !text.contains(KEY), "{text}");
        }
    }
    for name in place.files(&place.home()) {
        let file = place.home().join(&name);
        if file.is_file() {
            let bytes = std::fs::read(file).unwrap();
            let held = bytes.windows(SECRET.len()).any(|w| w == SECRET.as_bytes());
            assert!(!held, "{name}");
        }
    }

    // A server that is gone.
    drop(server);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let output = place
        .retail(&[
            "ask",
            "--json",
            "--data",
            "s3://shop/orders.csv",
            "total amount",
        ])
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_ENDPOINT_URL", endpoint)
        .output()
        .unwrap();
    assert_eq!(code(&output), (Some(5), "data_unreachable".into()));
    let told = document(&output)["error"].to_string();
    assert!(told.contains("AWS_ACCESS_KEY_ID"), "{told}");
    assert!(!told.contains(SECRET), "{told}");
}
