//! From files to typed tables in the engine.

use crate::source::{Group, Inventory, Kind};
use crate::sql::{identifier, quoted};
use crate::typing::{Typing, decide, typing};
use crate::{WarehouseError, declared, lexical};
use duckdb::Connection;
use semantics::{DataType, DeclaredKey};
use std::path::PathBuf;

/// A table as it was loaded.
pub(crate) struct Loaded {
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, DataType, Option<String>)>,
    pub(crate) primary_key: Vec<String>,
    pub(crate) foreign_keys: Vec<DeclaredKey>,
    pub(crate) remarks: Vec<String>,
}

const STAGING: &str = "retail_staging";

pub(crate) fn load(
    connection: &Connection,
    inventory: &Inventory,
    strict: bool,
) -> Result<Vec<Loaded>, WarehouseError> {
    let mut loaded: Vec<Loaded> = Vec::new();
    for group in &inventory.groups {
        let tables = match group.kind {
            Kind::Delimited(delimiter) => {
                vec![delimited(connection, group, delimiter, strict, &loaded)?]
            }
            Kind::Parquet => vec![parquet(connection, group, &loaded)?],
            Kind::Sqlite => sqlite(connection, group, strict, &loaded)?,
        };
        loaded.extend(tables);
    }
    if loaded.is_empty() {
        return Err(WarehouseError::Empty(
            inventory
                .sources
                .first()
                .map(|s| s.path_or_url.clone())
                .unwrap_or_default(),
        ));
    }
    for table in &mut loaded {
        crate::written_dates::read(connection, table)?;
        crate::moments::join(connection, table)?;
    }
    if !inventory.skipped.is_empty()
        && let Some(first) = loaded.first_mut()
    {
        first
            .remarks
            .push(format!("not read: {}", inventory.skipped.join(", ")));
    }
    Ok(loaded)
}

fn unique_name(wanted: &str, loaded: &[Loaded]) -> String {
    let mut name = wanted.to_string();
    let mut n = 2;
    while loaded.iter().any(|t| t.name.eq_ignore_ascii_case(&name)) {
        name = format!("{wanted}_{n}");
        n += 1;
    }
    name
}

fn shown(group: &Group) -> String {
    group
        .files
        .first()
        .map(|f| f.display().to_string())
        .unwrap_or_default()
}

fn file_list(files: &[PathBuf]) -> String {
    format!(
        "[{}]",
        files
            .iter()
            .map(|f| quoted(&f.display().to_string()))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

fn column_names(connection: &Connection, table: &str) -> duckdb::Result<Vec<String>> {
    let mut statement =
        connection.prepare(&format!("SELECT column_name FROM (DESCRIBE {table})"))?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    names.collect()
}

fn delimited(
    connection: &Connection,
    group: &Group,
    delimiter: char,
    strict: bool,
    loaded: &[Loaded],
) -> Result<Loaded, WarehouseError> {
    let path = shown(group);
    if let Some(table) = regular(connection, group, delimiter, strict, loaded)? {
        return Ok(table);
    }
    let read = |files: &[PathBuf], extra: &str| {
        format!(
            "CREATE OR REPLACE TEMP TABLE {STAGING} AS SELECT * FROM read_csv({}, delim = {}, header = true, all_varchar = true, quote = '\"', escape = '\"', null_padding = true, strict_mode = false, normalize_names = false{extra})",
            file_list(files),
            quoted(&delimiter.to_string())
        )
    };
    // Quoted line breaks cannot be read in parallel beside padded rows.
    let mut problem = None;
    let mut done = false;
    for extra in ["", ", parallel = false"] {
        match connection.execute_batch(&read(&group.files, extra)) {
            Ok(()) => {
                done = true;
                break;
            }
            Err(e) => problem = problem.or(Some(e)),
        }
    }
    let mut remarks = Vec::new();
    if !done
        && let Ok(copies) = crate::encoding::Copies::of(&group.files)
        && connection
            .execute_batch(&read(&copies.files, ", parallel = false"))
            .is_ok()
    {
        done = true;
        remarks.push(format!("{} is no UTF-8; read as Windows-1252", group.name));
    }
    if !done {
        let reason = problem
            .map(|e| e.to_string().lines().next().unwrap_or_default().to_string())
            .unwrap_or_default();
        return Err(WarehouseError::NotATable { path, reason });
    }
    let columns = column_names(connection, STAGING)?;
    let name = unique_name(&group.name, loaded);
    // Header lines inside the file, and lines without a single value.
    let header_line: Vec<String> = columns
        .iter()
        .map(|c| {
            format!(
                "trim({}) = {}",
                identifier(c),
                quoted(c.trim_start_matches('\u{feff}'))
            )
        })
        .collect();
    let blank_line: Vec<String> = columns
        .iter()
        .map(|c| format!("coalesce(trim({}), '') = ''", identifier(c)))
        .collect();
    let (headers, blanks, rows): (i64, i64, i64) = connection.query_row(
        &format!("SELECT count(*) FILTER (WHERE {}), count(*) FILTER (WHERE {}), count(*) FROM {STAGING}", header_line.join(" AND "), blank_line.join(" AND ")),
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    if rows - headers - blanks <= 0 {
        return Err(WarehouseError::Empty(path));
    }
    if headers + blanks > 0 {
        connection.execute_batch(&format!(
            "DELETE FROM {STAGING} WHERE ({}) OR ({})",
            header_line.join(" AND "),
            blank_line.join(" AND ")
        ))?;
        remarks.extend(junk_remark(headers, blanks));
    }
    remarks.extend(parts_remark(group, &name));
    let typings = decide(connection, STAGING, &columns, strict)?;
    let kept = materialise(connection, STAGING, &name, &columns, typings, &mut remarks)?;
    connection.execute_batch(&format!("DROP TABLE {STAGING}"))?;
    Ok(Loaded {
        name,
        columns: kept,
        primary_key: Vec::new(),
        foreign_keys: Vec::new(),
        remarks,
    })
}

/// Loads files whose every record is well formed: their types are known from one pass over the bytes,
/// so that the engine reads them straight into the table. `None` where that cannot be told for sure.
fn regular(
    connection: &Connection,
    group: &Group,
    delimiter: char,
    strict: bool,
    loaded: &[Loaded],
) -> Result<Option<Loaded>, WarehouseError> {
    let path = shown(group);
    let Ok(byte) = u8::try_from(delimiter) else {
        return Ok(None);
    };
    let found = lexical::scan(&group.files, byte, &group.header).map_err(|e| {
        WarehouseError::Unreadable {
            path: path.clone(),
            reason: e.to_string(),
        }
    })?;
    let Some(found) = found else { return Ok(None) };
    let rows = found.rows - found.headers - found.blanks;
    if rows <= 0 {
        return Err(WarehouseError::Empty(path));
    }
    let reader = |how: &str| {
        format!(
            "read_csv({}, delim = {}, header = true, quote = '\"', escape = '\"', null_padding = true, strict_mode = false, normalize_names = false, {how})",
            file_list(&group.files),
            quoted(&delimiter.to_string())
        )
    };
    let Ok(columns) = column_names(
        connection,
        &format!("SELECT * FROM {}", reader("all_varchar = true")),
    ) else {
        return Ok(None);
    };
    let names: Vec<String> = columns
        .iter()
        .map(|c| c.trim().trim_start_matches('\u{feff}').to_string())
        .collect();
    if names != group.header {
        return Ok(None);
    }
    let typings: Vec<Typing> = columns
        .iter()
        .zip(&found.columns)
        .map(|(column, counts)| typing(column, counts, strict))
        .collect();
    let plain = found.headers + found.blanks == 0 && typings.iter().all(|t| t.plain);
    let source = if plain {
        let types: Vec<String> = columns
            .iter()
            .zip(&typings)
            .map(|(c, t)| format!("{}: {}", quoted(c), quoted(engine_name(t.data_type))))
            .collect();
        let select: Vec<String> = columns
            .iter()
            .zip(&names)
            .map(|(c, name)| format!("{} AS {}", identifier(c), identifier(name)))
            .collect();
        format!(
            "SELECT {} FROM {}",
            select.join(", "),
            reader(&format!(
                "auto_detect = false, columns = {{{}}}",
                types.join(", ")
            ))
        )
    } else {
        let select: Vec<String> = typings
            .iter()
            .zip(&names)
            .map(|(t, name)| format!("{} AS {}", t.sql, identifier(name)))
            .collect();
        format!(
            "SELECT {} FROM {}{}",
            select.join(", "),
            reader("all_varchar = true"),
            if found.headers + found.blanks > 0 {
                format!(" WHERE {}", is_a_row(&columns, &names))
            } else {
                String::new()
            }
        )
    };
    let name = unique_name(&group.name, loaded);
    let made = connection
        .execute_batch(&format!("CREATE TABLE {} AS {source}", identifier(&name)))
        .and_then(|()| filled(connection, &name, &names));
    // Where the engine counts other records than we do, or cannot read what we think it can, the
    // file is not as regular as it looks.
    let agreed = made.is_ok_and(|counts| {
        counts[0] == rows
            && counts[1..]
                .iter()
                .zip(&typings)
                .zip(&found.columns)
                .all(|((got, t), c)| t.data_type == DataType::Text || *got == c.filled)
    });
    if !agreed {
        connection.execute_batch(&format!("DROP TABLE IF EXISTS {}", identifier(&name)))?;
        return Ok(None);
    }
    let mut remarks = Vec::new();
    remarks.extend(junk_remark(found.headers, found.blanks));
    remarks.extend(parts_remark(group, &name));
    remarks.extend(typings.iter().filter_map(|t| t.remark.clone()));
    let columns = names
        .into_iter()
        .zip(typings)
        .map(|(name, t)| (name, t.data_type, t.currency))
        .collect();
    Ok(Some(Loaded {
        name,
        columns,
        primary_key: Vec::new(),
        foreign_keys: Vec::new(),
        remarks,
    }))
}

/// The rows of a table, then the filled cells of each column.
fn filled(connection: &Connection, table: &str, columns: &[String]) -> duckdb::Result<Vec<i64>> {
    let counts: Vec<String> = columns
        .iter()
        .map(|c| format!("count({})", identifier(c)))
        .collect();
    connection.query_row(
        &format!(
            "SELECT count(*), {} FROM {}",
            counts.join(", "),
            identifier(table)
        ),
        [],
        |row| (0..=columns.len()).map(|i| row.get(i)).collect(),
    )
}

/// A condition that repeated headers and blank records do not meet. The other cells of a record are
/// looked at only where its first one gives reason to.
fn is_a_row(columns: &[String], names: &[String]) -> String {
    let header: Vec<String> = columns
        .iter()
        .zip(names)
        .map(|(c, name)| format!("trim({}) = {}", identifier(c), quoted(name)))
        .collect();
    let blank: Vec<String> = columns
        .iter()
        .map(|c| format!("coalesce(trim({}), '') = ''", identifier(c)))
        .collect();
    format!(
        "CASE WHEN {} THEN NOT coalesce({}, false) WHEN {} THEN NOT ({}) ELSE true END",
        header[0],
        header.join(" AND "),
        blank[0],
        blank.join(" AND ")
    )
}

fn engine_name(data_type: DataType) -> &'static str {
    match data_type {
        DataType::Integer => "BIGINT",
        DataType::Decimal => "DECIMAL(18,4)",
        DataType::Float => "DOUBLE",
        DataType::Date => "DATE",
        DataType::Timestamp => "TIMESTAMP",
        DataType::Boolean => "BOOLEAN",
        DataType::Text | DataType::Opaque => "VARCHAR",
    }
}

fn junk_remark(headers: i64, blanks: i64) -> Option<String> {
    let parts: Vec<String> = [(headers, "repeated header row"), (blanks, "blank row")]
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}{}", if *n == 1 { "" } else { "s" }))
        .collect();
    (!parts.is_empty()).then(|| format!("{} removed", parts.join(" and ")))
}

fn parts_remark(group: &Group, name: &str) -> Option<String> {
    (group.files.len() > 1).then(|| {
        format!(
            "{} files of the same columns read as one table, {name}",
            group.files.len()
        )
    })
}

fn materialise(
    connection: &Connection,
    from: &str,
    name: &str,
    columns: &[String],
    typings: Vec<Typing>,
    remarks: &mut Vec<String>,
) -> Result<Vec<(String, DataType, Option<String>)>, WarehouseError> {
    let mut select = Vec::new();
    let mut kept = Vec::new();
    for (column, typing) in columns.iter().zip(typings) {
        let clean = column.trim().trim_start_matches('\u{feff}').to_string();
        select.push(format!("{} AS {}", typing.sql, identifier(&clean)));
        remarks.extend(typing.remark.clone());
        kept.push((clean, typing.data_type, typing.currency));
    }
    connection.execute_batch(&format!(
        "CREATE TABLE {} AS SELECT {} FROM {from}",
        identifier(name),
        select.join(", ")
    ))?;
    Ok(kept)
}

fn parquet(
    connection: &Connection,
    group: &Group,
    loaded: &[Loaded],
) -> Result<Loaded, WarehouseError> {
    let name = unique_name(&group.name, loaded);
    connection
        .execute_batch(&format!(
            "CREATE TABLE {} AS SELECT * FROM read_parquet({}, union_by_name = true)",
            identifier(&name),
            file_list(&group.files)
        ))
        .map_err(|e| WarehouseError::NotATable {
            path: shown(group),
            reason: e.to_string().lines().next().unwrap_or_default().to_string(),
        })?;
    let mut statement = connection.prepare(&format!(
        "SELECT column_name, column_type FROM (DESCRIBE {})",
        identifier(&name)
    ))?;
    let columns = statement
        .query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?
        .collect::<duckdb::Result<Vec<_>>>()?;
    let columns = columns
        .into_iter()
        .map(|(n, t)| (n, engine_type(&t), None))
        .collect();
    let rows: i64 = connection.query_row(
        &format!("SELECT count(*) FROM {}", identifier(&name)),
        [],
        |r| r.get(0),
    )?;
    if rows == 0 {
        return Err(WarehouseError::Empty(shown(group)));
    }
    Ok(Loaded {
        name,
        columns,
        primary_key: Vec::new(),
        foreign_keys: Vec::new(),
        remarks: Vec::new(),
    })
}

pub(crate) fn engine_type(name: &str) -> DataType {
    let upper = name.to_uppercase();
    match upper.as_str() {
        "DATE" => DataType::Date,
        "BOOLEAN" => DataType::Boolean,
        "VARCHAR" => DataType::Text,
        "FLOAT" | "DOUBLE" | "REAL" => DataType::Float,
        _ if upper.starts_with("DECIMAL") => DataType::Decimal,
        _ if upper.starts_with("TIMESTAMP") => DataType::Timestamp,
        _ if upper.contains("INT") => DataType::Integer,
        _ if upper.starts_with("ENUM") => DataType::Text,
        _ => DataType::Opaque,
    }
}

fn sqlite(
    connection: &Connection,
    group: &Group,
    strict: bool,
    loaded: &[Loaded],
) -> Result<Vec<Loaded>, WarehouseError> {
    let path = shown(group);
    let extension = crate::extension_file();
    let bad = |e: duckdb::Error| WarehouseError::NotATable {
        path: path.clone(),
        reason: e.to_string().lines().next().unwrap_or_default().to_string(),
    };
    match extension {
        Some(file) => {
            connection.execute_batch(&format!("LOAD {}", quoted(&file.display().to_string())))?
        }
        // On a user's machine without the packaged file the engine installs it itself.
        None => connection.execute_batch("INSTALL sqlite; LOAD sqlite")?,
    }
    connection
        .execute_batch("SET sqlite_all_varchar = true")
        .map_err(bad)?;
    connection
        .execute_batch(&format!(
            "ATTACH {} AS source_db (TYPE sqlite, READ_ONLY)",
            quoted(&path)
        ))
        .map_err(bad)?;
    let result = sqlite_tables(connection, &path, strict, loaded);
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

fn sqlite_tables(
    connection: &Connection,
    path: &str,
    strict: bool,
    loaded: &[Loaded],
) -> Result<Vec<Loaded>, WarehouseError> {
    let bad = |e: duckdb::Error| WarehouseError::NotATable {
        path: path.to_string(),
        reason: e.to_string().lines().next().unwrap_or_default().to_string(),
    };
    let mut statement = connection
        .prepare(&format!("SELECT name, sql FROM sqlite_scan({}, 'sqlite_master') WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid", quoted(path)))
        .or_else(|_| connection.prepare(&format!("SELECT name, sql FROM sqlite_scan({}, 'sqlite_master') WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", quoted(path))))
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
        let mut typings = decide(connection, STAGING, &columns, strict)?;
        // A database says itself what is text; its words are values, not markers.
        for (column, typing) in columns.iter().zip(&mut typings) {
            let declared_type = declared
                .types
                .iter()
                .find(|(n, _)| n.eq_ignore_ascii_case(column))
                .map(|(_, t)| t.to_uppercase())
                .unwrap_or_default();
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
        let mut taken: Vec<Loaded> = Vec::new();
        std::mem::swap(&mut taken, &mut tables);
        let unique = {
            let mut names: Vec<&str> = loaded.iter().map(|t| t.name.as_str()).collect();
            names.extend(taken.iter().map(|t| t.name.as_str()));
            let mut candidate = name.clone();
            let mut n = 2;
            while names.iter().any(|x| x.eq_ignore_ascii_case(&candidate)) {
                candidate = format!("{name}_{n}");
                n += 1;
            }
            candidate
        };
        tables = taken;
        let mut remarks = Vec::new();
        let kept = materialise(
            connection,
            STAGING,
            &unique,
            &columns,
            typings,
            &mut remarks,
        )?;
        connection.execute_batch(&format!("DROP TABLE {STAGING}"))?;
        tables.push(Loaded {
            name: unique,
            columns: kept,
            primary_key: declared.primary_key,
            foreign_keys: declared.foreign_keys,
            remarks,
        });
    }
    Ok(tables)
}
