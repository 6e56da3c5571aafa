//! A PostgreSQL server of its own for the length of a test, where the machine has one installed.

use super::{Engine, Tables};
use query::{CompiledQuery, Dialect};
use semantics::DataType;
use serde_json::{Value as Json, json};
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub(crate) struct Postgres {
    programs: PathBuf,
    folder: String,
    loaded: Vec<String>,
}

impl Postgres {
    /// Starts a server; `None` where none is installed.
    pub(crate) fn start() -> Result<Option<Postgres>, String> {
        let Some(programs) = programs() else {
            return Ok(None);
        };
        let folder = run(as_server("mktemp").args(["-d", "-t", "suite.XXXXXX"]))?;
        let server = Postgres {
            folder: folder.trim().to_string(),
            loaded: Vec::new(),
            programs,
        };
        run(as_server(server.program("initdb")).args([
            "--pgdata",
            &server.folder,
            "--auth=trust",
            "--username=tester",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]))?;
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off",
            server.folder
        );
        run(as_server(server.program("pg_ctl")).args([
            "--pgdata",
            &server.folder,
            "--options",
            &options,
            "--log",
            &format!("{}/log", server.folder),
            "--wait",
            "start",
        ]))?;
        Ok(Some(server))
    }

    fn program(&self, name: &str) -> String {
        self.programs.join(name).to_string_lossy().into_owned()
    }

    fn psql(&self, sql: &str) -> Result<String, String> {
        run(Command::new(self.program("psql")).args([
            "--host",
            &self.folder,
            "--username=tester",
            "--dbname=postgres",
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--command",
            sql,
        ]))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = run(as_server(self.program("pg_ctl")).args([
            "--pgdata",
            &self.folder,
            "--mode=immediate",
            "--wait",
            "stop",
        ]));
        let _ = run(as_server("rm").args(["-r", &self.folder]));
    }
}

/// Where Debian keeps the newest server's programs.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|e| Some(e.ok()?.path().join("bin")))
        .filter(|p| p.join("initdb").is_file())
        .collect();
    found.sort();
    found.pop()
}

/// A command that the server's account runs: the server refuses to run as root.
fn as_server(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let root = std::env::var_os("USER").is_none_or(|u| u == "root");
    if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

fn run(command: &mut Command) -> Result<String, String> {
    // The server inherits no pipe: reading would wait for it to end.
    let server = command.get_args().any(|a| a == "start");
    command.stdin(Stdio::null()).current_dir("/");
    if server {
        let status = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|e| format!("{command:?}: {e}"))?;
        return status
            .success()
            .then(String::new)
            .ok_or_else(|| format!("{command:?}: {status}"));
    }
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    String::from_utf8(output.stdout).map_err(|e| e.to_string())
}

impl Engine for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn load(&mut self, tables: &Tables) -> Result<(), String> {
        let mut script: Vec<String> = self
            .loaded
            .drain(..)
            .map(|name| format!("DROP TABLE \"{name}\""))
            .collect();
        script.push("CREATE SCHEMA IF NOT EXISTS main".into());
        script.push("SET search_path = main".into());
        script.extend(tables.statements.iter().cloned());
        self.loaded = tables
            .names
            .iter()
            .map(|n| format!("main\".\"{n}"))
            .collect();
        self.psql(&script.join(";\n")).map(|_| ())
    }

    fn run(&mut self, query: &CompiledQuery) -> Result<Vec<Vec<Json>>, String> {
        let text = self.psql(&format!(
            "COPY (\n{}\n) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *)",
            query.sql()
        ))?;
        records(&text)
            .into_iter()
            .map(|record| {
                record
                    .into_iter()
                    .zip(query.columns())
                    .map(|(cell, column)| value(cell, column.data_type))
                    .collect()
            })
            .collect()
    }
}

/// Records of a CSV text in which every cell but NULL is quoted.
fn records(text: &str) -> Vec<Vec<Option<String>>> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut cell: Option<String> = None;
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, quoted) {
            ('"', false) => {
                quoted = true;
                cell.get_or_insert_default();
            }
            ('"', true) if letters.peek() == Some(&'"') => {
                letters.next();
                cell.get_or_insert_default().push('"');
            }
            ('"', true) => quoted = false,
            (',', false) => record.push(cell.take()),
            ('\n', false) => {
                record.push(cell.take());
                records.push(std::mem::take(&mut record));
            }
            (other, _) => cell.get_or_insert_default().push(other),
        }
    }
    records
}

fn value(cell: Option<String>, data_type: DataType) -> Result<Json, String> {
    let Some(text) = cell else {
        return Ok(Json::Null);
    };
    let bad = || format!("`{text}` is no {data_type:?}");
    Ok(match data_type {
        DataType::Integer => json!(text.parse::<i64>().map_err(|_| bad())?),
        DataType::Float => json!(text.parse::<f64>().map_err(|_| bad())?),
        DataType::Boolean => json!(text == "t"),
        DataType::Timestamp => json!(text.replacen(' ', "T", 1)),
        DataType::Decimal | DataType::Text | DataType::Date | DataType::Opaque => json!(text),
    })
}
