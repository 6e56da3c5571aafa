//! DuckDB in memory.

use super::{Engine, Tables};
use duckdb::Connection;
use duckdb::types::{TimeUnit, Value};
use jiff::ToSpan;
use jiff::civil::{DateTime, date};
use query::{CompiledQuery, Dialect};
use serde_json::{Value as Json, json};

pub(crate) struct Duck {
    connection: Connection,
    loaded: Vec<String>,
}

impl Duck {
    pub(crate) fn open() -> Result<Duck, String> {
        let connection = Connection::open_in_memory().map_err(|e| e.to_string())?;
        connection
            .execute_batch(&Dialect::DuckDb.session().join(";"))
            .map_err(|e| e.to_string())?;
        Ok(Duck {
            connection,
            loaded: Vec::new(),
        })
    }
}

impl Engine for Duck {
    fn dialect(&self) -> Dialect {
        Dialect::DuckDb
    }

    fn load(&mut self, tables: &Tables) -> Result<(), String> {
        let mut script: Vec<String> = self
            .loaded
            .drain(..)
            .map(|name| format!("DROP TABLE \"{name}\""))
            .collect();
        script.extend(tables.statements.iter().cloned());
        self.loaded.clone_from(&tables.names);
        self.connection
            .execute_batch(&script.join(";\n"))
            .map_err(|e| e.to_string())
    }

    fn run(&mut self, query: &CompiledQuery) -> Result<Vec<Vec<Json>>, String> {
        let mut statement = self
            .connection
            .prepare(query.sql())
            .map_err(|e| e.to_string())?;
        let mut found = statement.query([]).map_err(|e| e.to_string())?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(|e| e.to_string())? {
            let cells: Result<Vec<Json>, String> = (0..query.columns().len())
                .map(|i| cell(row.get::<_, Value>(i).map_err(|e| e.to_string())?))
                .collect();
            rows.push(cells?);
        }
        Ok(rows)
    }
}

fn cell(value: Value) -> Result<Json, String> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Boolean(b) => json!(b),
        Value::TinyInt(n) => json!(n),
        Value::SmallInt(n) => json!(n),
        Value::Int(n) => json!(n),
        Value::BigInt(n) => json!(n),
        Value::HugeInt(n) => json!(i64::try_from(n).map_err(|e| e.to_string())?),
        Value::Double(x) => json!(x),
        Value::Decimal(d) => json!(d.to_string()),
        Value::Text(t) => json!(t),
        Value::Date32(days) => json!(
            date(1970, 1, 1)
                .checked_add(i64::from(days).days())
                .map_err(|e| e.to_string())?
                .to_string()
        ),
        Value::Timestamp(TimeUnit::Microsecond, n) => json!(
            DateTime::constant(1970, 1, 1, 0, 0, 0, 0)
                .checked_add(n.microseconds())
                .map_err(|e| e.to_string())?
                .to_string()
        ),
        other => return Err(format!("a cell of an unexpected type: {other:?}")),
    })
}
