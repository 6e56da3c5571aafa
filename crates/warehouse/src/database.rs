//! Database files: their tables, with the keys that they declare.

use crate::error::first_line;
use crate::extension::Extension;
use crate::layout::{BLANK, HEADER};
use crate::load::{
    Loaded, STAGING, all_used, column_names, materialise, shown, typed_columns, unique_name,
};
use crate::reading::Reading;
use crate::source::Group;
use crate::sql::{identifier, quoted};
use crate::typing::{Typing, decide};
use crate::{WarehouseError, declared};
use duckdb::Connection;
use semantics::{DataType, DeclaredKey, SetAside};

fn file_of(group: &Group) -> String {
    group
        .files
        .first()
        .map(|f| f.path.display().to_string())
        .unwrap_or_default()
}

/// The tables of a DuckDB file, with their own types.
pub(crate) fn duckdb(
    connection: &Connection,
    group: &Group,
    loaded: &[Loaded],
) -> Result<Vec<Loaded>, WarehouseError> {
    let path = shown(group);
    let damaged = |e: duckdb::Error| WarehouseError::Damaged {
        path: path.clone(),
        reason: first_line(&e),
    };
    connection
        .execute_batch(&format!(
            "ATTACH {} AS source_db (READ_ONLY)",
            quoted(&file_of(group))
        ))
        .map_err(damaged)?;
    let result = duckdb_tables(connection, loaded).map_err(damaged);
    connection.execute_batch("DETACH source_db")?;
    let tables = crate::same_shape::merge(connection, result?)?;
    if tables.is_empty() {
        return Err(WarehouseError::Empty(path));
    }
    Ok(tables)
}

fn duckdb_tables(connection: &Connection, loaded: &[Loaded]) -> duckdb::Result<Vec<Loaded>> {
    let mut statement = connection.prepare(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source_db' AND NOT internal ORDER BY table_oid",
    )?;
    let found = statement
        .query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?
        .collect::<duckdb::Result<Vec<_>>>()?;
    let mut tables: Vec<Loaded> = Vec::new();
    for (schema, name) in found {
        let unique = unique_name(&name, loaded, &tables);
        connection.execute_batch(&format!(
            "CREATE TABLE {} AS SELECT * FROM source_db.{}.{}",
            identifier(&unique),
            identifier(&schema),
            identifier(&name)
        ))?;
        let columns = typed_columns(connection, &unique)?;
        let (primary_key, foreign_keys) = duckdb_keys(connection, &schema, &name)?;
        tables.push(Loaded {
            intake: all_used(connection, &unique)?,
            name: unique,
            columns,
            primary_key,
            foreign_keys,
            remarks: Vec::new(),
        });
    }
    Ok(tables)
}

fn duckdb_keys(
    connection: &Connection,
    schema: &str,
    table: &str,
) -> duckdb::Result<(Vec<String>, Vec<DeclaredKey>)> {
    let mut statement = connection.prepare(&format!(
        "SELECT constraint_type, array_to_string(constraint_column_names, chr(31)), referenced_table, array_to_string(referenced_column_names, chr(31)) FROM duckdb_constraints() WHERE database_name = 'source_db' AND schema_name = {} AND table_name = {}",
        quoted(schema),
        quoted(table)
    ))?;
    let found = statement
        .query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                row.get::<_, Option<String>>(3)?.unwrap_or_default(),
            ))
        })?
        .collect::<duckdb::Result<Vec<_>>>()?;
    let names = |list: &str| -> Vec<String> {
        list.split('\u{1f}')
            .filter(|n| !n.is_empty())
            .map(str::to_string)
            .collect()
    };
    let mut primary = Vec::new();
    let mut foreign = Vec::new();
    for (kind, columns, to_table, to_columns) in found {
        match kind.as_str() {
            "PRIMARY KEY" => primary = names(&columns),
            "FOREIGN KEY" => foreign.push(DeclaredKey {
                columns: names(&columns),
                to_table,
                to_columns: names(&to_columns),
            }),
            _ => {}
        }
    }
    Ok((primary, foreign))
}

/// The tables of an SQLite file.
pub(crate) fn sqlite(
    connection: &Connection,
    group: &Group,
    reading: &Reading,
    loaded: &[Loaded],
) -> Result<Vec<Loaded>, WarehouseError> {
    let path = shown(group);
    let file = file_of(group);
    let bad = |e: duckdb::Error| WarehouseError::NotATable {
        path: path.clone(),
        reason: first_line(&e),
    };
    Extension::Sqlite.load(connection)?;
    connection
        .execute_batch("SET sqlite_all_varchar = true")
        .map_err(bad)?;
    connection
        .execute_batch(&format!(
            "ATTACH {} AS source_db (TYPE sqlite, READ_ONLY)",
            quoted(&file)
        ))
        .map_err(bad)?;
    let result = sqlite_tables(connection, (&path, &file), reading, loaded);
    connection.execute_batch("DETACH source_db")?;
    let tables = crate::same_shape::merge(connection, result?)?;
    if tables.is_empty() {
        return Err(WarehouseError::Empty(path));
    }
    Ok(tables)
}

/// Whether a column's name says that it counts or measures, however it was declared.
fn names_an_amount(column: &str) -> bool {
    let name = column.to_lowercase();
    [
        "count", "amount", "quantity", "qty", "price", "cost", "total", "balance", "rating",
        "score", "salary", "height", "length", "width", "weight", "capacity",
    ]
    .iter()
    .any(|w| {
        name.split(|c: char| !c.is_alphanumeric())
            .any(|part| part == *w)
    })
}

/// Takes rows out of the staging table that repeat the names of its columns or hold no value at all.
fn junk(connection: &Connection, columns: &[String]) -> duckdb::Result<Vec<(&'static str, u64)>> {
    let header: Vec<String> = columns
        .iter()
        .map(|c| format!("trim({}) = {}", identifier(c), quoted(c)))
        .collect();
    let blank: Vec<String> = columns
        .iter()
        .map(|c| format!("coalesce(trim({}), '') = ''", identifier(c)))
        .collect();
    let mut found = Vec::new();
    for (reason, condition) in [(HEADER, header), (BLANK, blank)] {
        let rows = connection.execute(
            &format!("DELETE FROM {STAGING} WHERE {}", condition.join(" AND ")),
            [],
        )?;
        if rows > 0 {
            found.push((reason, rows as u64));
        }
    }
    Ok(found)
}

fn sqlite_tables(
    connection: &Connection,
    (path, file): (&str, &str),
    reading: &Reading,
    loaded: &[Loaded],
) -> Result<Vec<Loaded>, WarehouseError> {
    let bad = |e: duckdb::Error| WarehouseError::NotATable {
        path: path.to_string(),
        reason: first_line(&e),
    };
    let mut statement = connection
        .prepare(&format!("SELECT name, sql FROM sqlite_scan({}, 'sqlite_master') WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid", quoted(file)))
        .or_else(|_| connection.prepare(&format!("SELECT name, sql FROM sqlite_scan({}, 'sqlite_master') WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", quoted(file))))
        .map_err(bad)?;
    let found = statement
        .query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
        })
        .map_err(bad)?
        .collect::<duckdb::Result<Vec<_>>>()
        .map_err(bad)?;
    let mut tables: Vec<Loaded> = Vec::new();
    for (name, definition) in found {
        let declared = declared::read(definition.as_deref().unwrap_or_default());
        let source = format!("source_db.{}", identifier(&name));
        let all = column_names(connection, &source).map_err(bad)?;
        let opaque = |c: &str| {
            declared
                .types
                .iter()
                .any(|(n, t)| n.eq_ignore_ascii_case(c) && t.to_uppercase().contains("BLOB"))
        };
        let columns: Vec<String> = all.into_iter().filter(|c| !opaque(c)).collect();
        if columns.is_empty() {
            continue;
        }
        let list: Vec<String> = columns.iter().map(|c| identifier(c)).collect();
        connection
            .execute_batch(&format!(
                "CREATE OR REPLACE TEMP TABLE {STAGING} AS SELECT {} FROM {source}",
                list.join(", ")
            ))
            .map_err(bad)?;
        let junk = junk(connection, &columns).map_err(bad)?;
        let mut typings = decide(connection, STAGING, &columns, reading)?;
        let mut remarks: Vec<String> = Vec::new();
        // A database says itself what is text; its words are values, not markers.
        for (column, typing) in columns.iter().zip(&mut typings) {
            let declared_type = declared
                .types
                .iter()
                .find(|(n, _)| n.eq_ignore_ascii_case(column))
                .map(|(_, t)| t.to_uppercase())
                .unwrap_or_default();
            // Columns without a type are a file's that someone poured in.
            if declared_type.is_empty() {
                continue;
            }
            let texty = ["CHAR", "TEXT", "CLOB"]
                .iter()
                .any(|t| declared_type.contains(t));
            if typing.data_type == DataType::Text || (texty && !typing.data_type.is_temporal()) {
                let keep_code = texty
                    && matches!(
                        typing.data_type,
                        DataType::Integer | DataType::Decimal | DataType::Float | DataType::Boolean
                    )
                    && declared_type.contains("CHAR")
                    && !names_an_amount(column);
                if typing.data_type == DataType::Text || keep_code {
                    *typing = Typing {
                        data_type: DataType::Text,
                        sql: format!("nullif(trim({}), '')", identifier(column)),
                        remark: None,
                        currency: None,
                        plain: false,
                    };
                }
            }
        }
        let unique = unique_name(&name, loaded, &tables);
        let kept = materialise(
            connection,
            STAGING,
            &unique,
            &columns,
            typings,
            &mut remarks,
        )?;
        connection.execute_batch(&format!("DROP TABLE {STAGING}"))?;
        let mut intake = all_used(connection, &unique)?;
        for (reason, rows) in junk {
            intake.read += rows;
            intake.set_aside.push(SetAside {
                reason: reason.into(),
                rows,
                at: Vec::new(),
            });
        }
        tables.push(Loaded {
            name: unique,
            columns: kept,
            primary_key: declared.primary_key,
            foreign_keys: declared.foreign_keys,
            remarks,
            intake,
        });
    }
    Ok(tables)
}
