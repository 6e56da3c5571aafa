//! The engine's own reading of a statement, as a second witness beside the guard's.
//!
//! The statement is bound to empty tables that have the visible columns and no others, so that a
//! name the guard missed finds nothing. The plan before any optimisation then has to read exactly
//! the tables that the guard saw, by operators that are known to read nothing else.

use super::child::failed;
use super::protocol::Reply;
use crate::sql::identifier;
use duckdb::Connection;
use serde_json::Value;
use std::collections::BTreeSet;

/// Schema of the empty tables.
pub(super) const EMPTY: &str = "witness";

/// Operators of an unoptimised plan without a source of their own.
const INNER: &[&str] = &[
    "AGGREGATE",
    "ANY_JOIN",
    "ASOF_JOIN",
    "COMPARISON_JOIN",
    "CROSS_PRODUCT",
    "CTE",
    "CTE_SCAN",
    "DELIM_GET",
    "DELIM_JOIN",
    "DEPENDENT_JOIN",
    "DISTINCT",
    "DUMMY_SCAN",
    "EMPTY_RESULT",
    "EXCEPT",
    "EXPRESSION_GET",
    "COLUMN_DATA_SCAN",
    "COLUMN_DATA_GET",
    "CHUNK_GET",
    "FILTER",
    "INTERSECT",
    "LIMIT",
    "LIMIT_PERCENT",
    "MATERIALIZED_CTE",
    "ORDER_BY",
    "PIVOT",
    "POSITIONAL_JOIN",
    "PROJECTION",
    "RECURSIVE_CTE",
    "REC_CTE",
    "SAMPLE",
    "TOP_N",
    "UNION",
    "UNNEST",
    "WINDOW",
];

/// Table functions that make rows out of their arguments.
const SERIES: &[&str] = &["GENERATE_SERIES", "RANGE", "UNNEST"];

fn refused(reason: impl Into<String>) -> Reply {
    Reply::Refused {
        code: "witness".into(),
        reason: reason.into(),
    }
}

/// Binds a statement to the empty tables; gives the tables that the engine reads for it.
pub(super) fn bound(
    connection: &Connection,
    sql: &str,
    approved: &BTreeSet<String>,
) -> Result<Vec<String>, Reply> {
    // A name or a type that does not fit is an error of the statement like any other.
    let plan = plan(connection, sql).map_err(|e| failed(&e))?;
    let mut read = BTreeSet::new();
    let mut open: Vec<&Value> = match &plan {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    };
    if open.is_empty() {
        return Err(refused("the engine gives no plan"));
    }
    while let Some(node) = open.pop() {
        open.extend(node["children"].as_array().into_iter().flatten());
        let name = node["name"].as_str().unwrap_or_default().trim();
        match node["extra_info"]["Table"].as_str() {
            Some(table) => {
                let inside = format!(".{EMPTY}.");
                let Some((_, table)) = table.split_once(&inside) else {
                    return Err(refused(format!("the engine reads `{table}`")));
                };
                read.insert(table.trim_matches('"').to_lowercase());
            }
            None if INNER.contains(&name) || SERIES.contains(&name) => {}
            None => return Err(refused(format!("the engine's plan holds {name}"))),
        }
    }
    if read != *approved {
        return Err(refused(format!(
            "the engine reads {read:?}, the guard saw {approved:?}"
        )));
    }
    Ok(read.into_iter().collect())
}

/// A connection that sees the empty tables and tells plans in full.
pub(super) fn connection(connection: &Connection) -> duckdb::Result<Connection> {
    let other = connection.try_clone()?;
    for setting in query::Dialect::DuckDb.session() {
        other.execute_batch(setting)?;
    }
    other.execute_batch(&format!(
        "USE {}; SET explain_output = 'all'",
        identifier(EMPTY)
    ))?;
    Ok(other)
}

/// The plan before optimisation. In brackets no second statement can follow.
fn plan(connection: &Connection, sql: &str) -> duckdb::Result<Value> {
    let explain = format!("EXPLAIN (FORMAT JSON) SELECT * FROM (\n{sql}\n)");
    let mut statement = connection.prepare(&explain)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let kind: String = row.get(0)?;
        if kind == "logical_plan" {
            let text: String = row.get(1)?;
            return Ok(serde_json::from_str(&text).unwrap_or_default());
        }
    }
    Ok(Value::Array(Vec::new()))
}
