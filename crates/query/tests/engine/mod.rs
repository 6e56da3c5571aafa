//! Engines that run compiled SQL over small tables.

mod csv;
pub(crate) mod duckdb;
pub(crate) mod postgres;
mod server;

use ::query::{CompiledQuery, Dialect};
use serde_json::Value as Json;

/// A database that holds one data set at a time.
pub(crate) trait Engine {
    fn dialect(&self) -> Dialect;
    /// Replaces whatever was loaded.
    fn load(&mut self, tables: &Tables) -> Result<(), String>;
    /// Rows: floating point as JSON numbers with a fraction, whole numbers as such, decimals as
    /// texts, days and times in ISO form.
    fn run(&mut self, query: &CompiledQuery) -> Result<Vec<Vec<Json>>, String>;
}

/// Tables of a case file.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// Statements that create and fill them, readable by both engines.
    pub(crate) statements: Vec<String>,
    pub(crate) names: Vec<String>,
}

impl Tables {
    /// Reads `{table: {columns: [[name, type]], rows}}`.
    pub(crate) fn read(json: &Json) -> Result<Tables, String> {
        let mut tables = Tables::default();
        for (name, table) in json.as_object().ok_or("`tables` is no object")? {
            let columns = table["columns"].as_array().ok_or("a table has `columns`")?;
            let mut written = Vec::new();
            let mut kinds = Vec::new();
            for column in columns {
                let (Some(column), Some(kind)) = (column[0].as_str(), column[1].as_str()) else {
                    return Err(format!("{name}: a column is [name, type]"));
                };
                let sql = match kind {
                    "integer" => "BIGINT",
                    "decimal" => "DECIMAL(18, 2)",
                    "float" => "DOUBLE PRECISION",
                    "text" => "VARCHAR",
                    "date" => "DATE",
                    "timestamp" => "TIMESTAMP",
                    "boolean" => "BOOLEAN",
                    other => return Err(format!("{name}.{column}: unknown type {other}")),
                };
                written.push(format!("\"{column}\" {sql}"));
                kinds.push(kind);
            }
            tables.names.push(name.clone());
            tables
                .statements
                .push(format!("CREATE TABLE \"{name}\" ({})", written.join(", ")));
            let mut rows = Vec::new();
            for row in table["rows"].as_array().ok_or("a table has `rows`")? {
                let cells = row.as_array().ok_or("a row is a list")?;
                if cells.len() != columns.len() {
                    return Err(format!("{name}: {row} has {} cells", cells.len()));
                }
                let literals: Vec<String> = cells
                    .iter()
                    .zip(&kinds)
                    .map(|(cell, kind)| literal(cell, kind))
                    .collect();
                rows.push(format!("({})", literals.join(", ")));
            }
            if !rows.is_empty() {
                tables
                    .statements
                    .push(format!("INSERT INTO \"{name}\" VALUES {}", rows.join(", ")));
            }
        }
        Ok(tables)
    }
}

fn literal(cell: &Json, kind: &str) -> String {
    match (cell, kind) {
        (Json::Null, _) => "NULL".into(),
        (Json::String(t), "decimal" | "integer" | "float") => t.clone(),
        (Json::String(t), "date") => format!("DATE '{t}'"),
        (Json::String(t), "timestamp") => format!("TIMESTAMP '{t}'"),
        (Json::String(t), _) => format!("'{}'", t.replace('\'', "''")),
        (other, _) => other.to_string(),
    }
}
