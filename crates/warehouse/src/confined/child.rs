//! The child's side: reads a request, gives up its rights, runs the statement, replies, ends.

use super::protocol::{Confinement, Reply, Request, Table};
use super::visible::{STORED, schema};
use super::{restrict, witness};
use crate::hardening::{Spill, harden};
use crate::rows::cell;
use crate::sql::{identifier, quoted};
use answer::{Cell, Column, ColumnRole, ResultTable};
use duckdb::arrow::datatypes::DataType;
use duckdb::types::Value;
use duckdb::{Config, Connection};
use std::io::{BufRead, Read, Write};
use std::time::Instant;

/// Of the memory that the process may use, what the engine plans with: the rest is for what it does
/// not count.
const PLANNED: u64 = 70;

/// The whole life of a child: a request from standard input, a reply to standard output. Gives the
/// exit code.
pub fn serve() -> u8 {
    let mut line = String::new();
    let mut input = std::io::BufReader::new(std::io::stdin());
    let request = match input.read_line(&mut line) {
        Ok(_) => serde_json::from_str::<Request>(&line).map_err(|e| e.to_string()),
        Err(e) => Err(e.to_string()),
    };
    // The parent holds the other end until it has the reply: when it closes, nobody waits.
    std::thread::spawn(move || {
        let mut rest = [0u8; 64];
        while matches!(input.read(&mut rest), Ok(n) if n > 0) {}
        std::process::exit(1);
    });
    let reply = match request {
        Ok(request) => run(&request).unwrap_or_else(|reply| reply),
        Err(message) => Reply::Broken { message },
    };
    let Ok(bytes) = serde_json::to_vec(&reply) else {
        return 1;
    };
    let mut output = std::io::stdout().lock();
    match output.write_all(&bytes).and_then(|()| output.flush()) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn broken(message: impl std::fmt::Display) -> Reply {
    Reply::Broken {
        message: message.to_string(),
    }
}

/// The engine's errors, told apart.
pub(super) fn failed(e: &duckdb::Error) -> Reply {
    let message = e.to_string();
    if message.contains("Out of Memory Error")
        || message.contains("bad_alloc")
        || message.contains("Allocation failure")
    {
        Reply::Memory
    } else {
        Reply::Failed { message }
    }
}

fn run(request: &Request) -> Result<Reply, Reply> {
    let unusable = |e: duckdb::Error| match failed(&e) {
        Reply::Failed { message } => Reply::Broken { message },
        other => other,
    };
    let resources = restrict::resources(request.memory, request.processor_seconds);
    // The engine looks around the system when it starts, with one thread; the threads of its work
    // are started after files are closed, and so cannot open any either.
    let connection = start(request).map_err(unusable)?;
    let files = restrict::files(&request.database);
    let empty = lay_out(&connection, request).map_err(unusable)?;
    let confinement = Confinement {
        resources,
        files,
        calls: restrict::calls(),
    };
    // The verdict was given in another process: it is given again where it counts.
    let names = schema(&request.tables);
    let approved =
        guard::check(&request.sql, guard::Dialect::DuckDb, Some(&names)).map_err(|refusal| {
            Reply::Refused {
                code: refusal.code.into(),
                reason: refusal.reason,
            }
        })?;
    if !approved.tables().iter().eq(&request.read) {
        return Err(Reply::Refused {
            code: "witness".into(),
            reason: "the statement reads other tables than were approved".into(),
        });
    }
    let bound = witness::bound(&empty, approved.sql(), approved.tables())?;
    let start = Instant::now();
    let table = rows(&connection, approved.sql(), request)?;
    Ok(Reply::Rows {
        table,
        elapsed_ms: start.elapsed().as_secs_f64() * 1000.0,
        tables: bound,
        confinement,
    })
}

/// An engine in memory.
fn start(request: &Request) -> duckdb::Result<Connection> {
    let config = Config::default()
        .threads(1)?
        .max_memory(&format!("{}B", request.memory / 100 * PLANNED))?;
    Connection::open_in_memory_with_flags(config)
}

/// Attaches the stored tables for reading and puts before them what the reader may see. Gives a
/// second connection, to the empty tables of the witness.
fn lay_out(connection: &Connection, request: &Request) -> duckdb::Result<Connection> {
    for setting in query::Dialect::DuckDb.session() {
        connection.execute_batch(setting)?;
    }
    connection.execute_batch(&format!(
        "SET threads = {}; ATTACH {} AS {STORED} (READ_ONLY);
         CREATE SCHEMA {}",
        request.threads.max(1),
        quoted(&request.database.to_string_lossy()),
        witness::EMPTY
    ))?;
    for table in &request.tables {
        show(connection, table, &request.read)?;
    }
    let empty = witness::connection(connection)?;
    harden(connection, Spill::Never)?;
    Ok(empty)
}

/// What stands for a table. Where rows are taken away, those that are left are copied if they are
/// read: an expression over a view could be reckoned before the view's condition, and tell of
/// hidden rows by its errors.
fn show(connection: &Connection, table: &Table, read: &[String]) -> duckdb::Result<()> {
    let name = identifier(&table.name);
    let copied = table.restricted && read.contains(&table.name.to_lowercase());
    let kind = if copied { "TABLE" } else { "VIEW" };
    connection.execute_batch(&format!("CREATE {kind} {name} AS {}", table.sql))?;
    connection.execute_batch(&format!(
        "CREATE TABLE {}.{name} AS SELECT * FROM ({}) LIMIT 0",
        witness::EMPTY,
        table.sql
    ))
}

fn rows(connection: &Connection, sql: &str, request: &Request) -> Result<ResultTable, Reply> {
    let mut statement = connection.prepare(sql).map_err(|e| failed(&e))?;
    let mut rows = Vec::new();
    let mut truncated = false;
    let mut bytes = 0usize;
    let mut found = statement.query([]).map_err(|e| failed(&e))?;
    let width = found.as_ref().map_or(0, |s| s.column_count());
    while let Some(row) = found.next().map_err(|e| failed(&e))? {
        if rows.len() == request.rows {
            truncated = true;
            break;
        }
        let mut cells = Vec::with_capacity(width);
        for i in 0..width {
            let cell = cell(row.get::<_, Value>(i).map_err(|e| failed(&e))?);
            bytes = bytes.saturating_add(match &cell {
                Cell::Text(text) => text.len(),
                _ => 8,
            });
            cells.push(cell);
        }
        if bytes > request.bytes {
            return Err(Reply::TooLarge);
        }
        rows.push(cells);
    }
    drop(found);
    let mut columns: Vec<Column> = Vec::new();
    for i in 0..width {
        let name = statement.column_name(i).map_err(|e| failed(&e))?.clone();
        let (data_type, role) = kind(&statement.column_type(i));
        columns.push(Column {
            name: unique(name, &columns),
            data_type: data_type.into(),
            unit: None,
            role,
            grain: None,
        });
    }
    if columns.is_empty() {
        return Err(broken("the statement gives no columns"));
    }
    Ok(ResultTable {
        columns,
        row_count: rows.len(),
        rows,
        truncated,
    })
}

/// Two columns may bear one name in SQL, but not in a result.
fn unique(name: String, before: &[Column]) -> String {
    let taken = |n: &str| before.iter().any(|c| c.name == n);
    if !taken(&name) {
        return name;
    }
    (2..)
        .map(|n| format!("{name}_{n}"))
        .find(|n| !taken(n))
        .unwrap_or(name)
}

/// The name of a type in results, and what a column of it usually is.
fn kind(data_type: &DataType) -> (&'static str, ColumnRole) {
    match data_type {
        DataType::Decimal128(_, 0) => ("integer", ColumnRole::Measure),
        t if t.is_integer() => ("integer", ColumnRole::Measure),
        DataType::Decimal128(..) | DataType::Decimal256(..) => ("number", ColumnRole::Measure),
        t if t.is_floating() => ("number", ColumnRole::Measure),
        DataType::Date32 | DataType::Date64 => ("date", ColumnRole::Time),
        DataType::Timestamp(..) => ("timestamp", ColumnRole::Time),
        DataType::Boolean => ("boolean", ColumnRole::Dimension),
        _ => ("text", ColumnRole::Dimension),
    }
}
