//! Rows in memory, and their JSON form.

use crate::calendar;
use crate::value::{ColumnType, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// A physical table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) columns: Vec<(String, ColumnType)>,
    pub(crate) rows: Vec<Vec<Value>>,
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.0 == name)
    }
}

/// Physical tables by name (the last part of a dataset's `table`).
pub(crate) type Tables = BTreeMap<String, Table>;

/// A cell as JSON: decimals as text, days and times in ISO form.
pub(crate) fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => json!(b),
        Value::Exact { units, scale: 0 } => match i64::try_from(*units) {
            Ok(n) => json!(n),
            Err(_) => json!(units.to_string()),
        },
        Value::Float(x) => json!(x),
        other => json!(other.to_string()),
    }
}

/// A cell from JSON, read as its column's type wants it.
pub(crate) fn from_json(json: &Json, kind: ColumnType) -> Result<Value, String> {
    let bad = || format!("{json} is no {}", kind.name());
    match (json, kind) {
        (Json::Null, _) => Ok(Value::Null),
        (Json::Bool(b), ColumnType::Boolean) => Ok(Value::Bool(*b)),
        (Json::Number(n), ColumnType::Float) => n.as_f64().map(Value::Float).ok_or_else(bad),
        (Json::Number(n), ColumnType::Integer | ColumnType::Decimal) => {
            Value::parse_decimal(&n.to_string()).ok_or_else(bad)
        }
        (Json::String(t), ColumnType::Decimal | ColumnType::Integer) => {
            Value::parse_decimal(t).ok_or_else(bad)
        }
        (Json::String(t), ColumnType::Text) => Ok(Value::text(t)),
        (Json::String(t), ColumnType::Date) => {
            calendar::parse_day(t).map(Value::Date).ok_or_else(bad)
        }
        (Json::String(t), ColumnType::Timestamp) => calendar::parse_time(t).ok_or_else(bad),
        _ => Err(bad()),
    }
}

pub(crate) fn tables_to_json(tables: &Tables) -> Json {
    let mut all = serde_json::Map::new();
    for (name, table) in tables {
        let columns: Vec<Json> = table
            .columns
            .iter()
            .map(|(name, kind)| json!([name, kind.name()]))
            .collect();
        let rows: Vec<Json> = table
            .rows
            .iter()
            .map(|r| Json::Array(r.iter().map(to_json).collect()))
            .collect();
        all.insert(name.clone(), json!({"columns": columns, "rows": rows}));
    }
    Json::Object(all)
}

pub(crate) fn tables_from_json(json: &Json) -> Result<Tables, String> {
    let mut tables = Tables::new();
    for (name, table) in json.as_object().ok_or("`tables` is no object")? {
        let mut columns = Vec::new();
        for column in table["columns"].as_array().ok_or("a table has `columns`")? {
            let (Some(column), Some(kind)) = (column[0].as_str(), column[1].as_str()) else {
                return Err(format!("{name}: a column is [name, type]"));
            };
            let kind = ColumnType::from_name(kind)
                .ok_or_else(|| format!("{name}.{column}: unknown type {kind}"))?;
            columns.push((column.to_string(), kind));
        }
        let mut rows = Vec::new();
        for row in table["rows"].as_array().ok_or("a table has `rows`")? {
            let cells = row.as_array().ok_or("a row is a list")?;
            if cells.len() != columns.len() {
                return Err(format!("{name}: {row} has {} cells", cells.len()));
            }
            rows.push(
                cells
                    .iter()
                    .zip(&columns)
                    .map(|(cell, (_, kind))| from_json(cell, *kind))
                    .collect::<Result<Vec<Value>, String>>()?,
            );
        }
        tables.insert(name.clone(), Table { columns, rows });
    }
    Ok(tables)
}
