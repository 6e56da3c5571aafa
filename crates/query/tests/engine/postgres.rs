//! PostgreSQL, one client for each statement.

use super::csv::records;
use super::server::{Server, run};
use super::{Engine, Tables};
use query::{CompiledQuery, Dialect};
use semantics::DataType;
use serde_json::{Value as Json, json};

pub(crate) struct Postgres {
    server: Server,
    loaded: Vec<String>,
}

impl Postgres {
    /// Starts a server; `None` where none is installed.
    pub(crate) fn start() -> Result<Option<Postgres>, String> {
        Ok(Server::start()?.map(|server| Postgres {
            server,
            loaded: Vec::new(),
        }))
    }

    fn psql(&self, sql: &str) -> Result<String, String> {
        run(self
            .server
            .psql()
            .args(["--set=ON_ERROR_STOP=1", "--command", sql]))
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
        script.push("CREATE SCHEMA IF NOT EXISTS main".into());
        script.push("SET search_path = main".into());
        // Each statement has a client of its own.
        script.push("ALTER ROLE tester SET search_path = main".into());
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
