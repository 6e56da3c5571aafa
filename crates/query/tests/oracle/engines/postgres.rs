//! PostgreSQL through one client that stays connected.

use super::csv::records;
use super::server::Server;
use super::{Engine, Rows, load_statements};
use crate::calendar;
use crate::tables::Tables;
use crate::value::Value;
use query::{CompiledQuery, Dialect};
use semantics::DataType;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// What the client prints after each statement.
const END: &str = "== end of answer ==";

pub(crate) struct Postgres {
    client: Child,
    statements: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Stops with the engine.
    _server: Server,
    loaded: Vec<String>,
}

impl Postgres {
    /// Starts a server; `None` where none is installed.
    pub(crate) fn start() -> Result<Option<Postgres>, String> {
        let Some(server) = Server::start()? else {
            return Ok(None);
        };
        let mut command = server.psql();
        command
            .arg("--set=VERBOSITY=terse")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        // Answers and errors come through one pipe, in order.
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", "exec \"$@\" 2>&1", "sh"])
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut client = shell.spawn().map_err(|e| format!("psql: {e}"))?;
        let (Some(statements), Some(answers)) = (client.stdin.take(), client.stdout.take()) else {
            return Err("psql has no pipes".into());
        };
        let mut engine = Postgres {
            client,
            statements,
            answers: BufReader::new(answers),
            _server: server,
            loaded: Vec::new(),
        };
        engine.say("CREATE SCHEMA main; SET search_path = main;")?;
        Ok(Some(engine))
    }

    /// Sends a statement and reads what is printed up to its end.
    fn say(&mut self, statement: &str) -> Result<String, String> {
        writeln!(self.statements, "{statement}\n\\echo {END}")
            .and_then(|()| self.statements.flush())
            .map_err(|e| format!("psql: {e}"))?;
        let mut answer = String::new();
        loop {
            let mut line = String::new();
            let read = self
                .answers
                .read_line(&mut line)
                .map_err(|e| format!("psql: {e}"))?;
            if read == 0 {
                return Err(format!("psql ended: {answer}"));
            }
            if line.trim_end() == END {
                break;
            }
            answer.push_str(&line);
        }
        if answer.lines().any(|l| l.starts_with("ERROR:")) {
            return Err(answer);
        }
        Ok(answer)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
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
        script.extend(load_statements(tables));
        self.loaded = tables.keys().cloned().collect();
        self.say(&format!("{};", script.join(";\n"))).map(|_| ())
    }

    fn run(&mut self, query: &CompiledQuery) -> Result<Rows, String> {
        let answer = self.say(&format!(
            "COPY (\n{}\n) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *);",
            query.sql()
        ))?;
        records(&answer)
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

fn value(cell: Option<String>, data_type: DataType) -> Result<Value, String> {
    let Some(text) = cell else {
        return Ok(Value::Null);
    };
    let bad = || format!("`{text}` is no {data_type:?}");
    match data_type {
        DataType::Integer | DataType::Decimal | DataType::Float => {
            match Value::parse_decimal(&text) {
                Some(exact) => Ok(exact),
                None => text.parse().map(Value::Float).map_err(|_| bad()),
            }
        }
        DataType::Boolean => Ok(Value::Bool(text == "t")),
        DataType::Date => calendar::parse_day(&text).map(Value::Date).ok_or_else(bad),
        DataType::Timestamp => calendar::parse_time(&text.replacen(' ', "T", 1)).ok_or_else(bad),
        DataType::Text | DataType::Opaque => Ok(Value::Text(text)),
    }
}
