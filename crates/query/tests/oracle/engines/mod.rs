//! Engines that run the compiled SQL.

#[path = "../../engine/csv.rs"]
mod csv;
pub(crate) mod duck;
pub(crate) mod postgres;
#[path = "../../engine/server.rs"]
mod server;

use crate::tables::Tables;
use crate::value::Value;
use query::{CompiledQuery, Dialect};

/// Rows as an engine gave them.
pub(crate) type Rows = Vec<Vec<Value>>;

/// A database that holds one data set at a time.
pub(crate) trait Engine {
    fn dialect(&self) -> Dialect;
    /// Replaces whatever was loaded.
    fn load(&mut self, tables: &Tables) -> Result<(), String>;
    fn run(&mut self, query: &CompiledQuery) -> Result<Rows, String>;
}

/// Statements that create and fill the tables, readable by both engines.
pub(crate) fn load_statements(tables: &Tables) -> Vec<String> {
    let mut statements = Vec::new();
    for (name, table) in tables {
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|(column, kind)| format!("\"{column}\" {}", kind.sql()))
            .collect();
        statements.push(format!("CREATE TABLE \"{name}\" ({})", columns.join(", ")));
        if table.rows.is_empty() {
            continue;
        }
        let rows: Vec<String> = table
            .rows
            .iter()
            .map(|row| {
                let cells: Vec<String> = row.iter().map(literal).collect();
                format!("({})", cells.join(", "))
            })
            .collect();
        statements.push(format!("INSERT INTO \"{name}\" VALUES {}", rows.join(", ")));
    }
    statements
}

fn literal(value: &Value) -> String {
    match value {
        Value::Text(t) => format!("'{}'", t.replace('\'', "''")),
        Value::Date(_) => format!("DATE '{value}'"),
        Value::Timestamp(_) => format!("TIMESTAMP '{value}'"),
        other => other.to_string(),
    }
}
