//! Delimited text files.

use crate::encoding::Copies;
use crate::layout::{BLANK, HEADER};
use crate::load::{Loaded, STAGING, column_names, file_list, materialise, shown, unique_name};
use crate::reading::Reading;
use crate::source::Group;
use crate::sql::{identifier, quoted};
use crate::typing::{Style, Typing, decide, typing};
use crate::{WarehouseError, lexical};
use duckdb::Connection;
use semantics::{DataType, Intake, SetAside};
use std::path::PathBuf;

/// Irregular files up to so many bytes are laid out in memory; the engine reads larger ones.
const LARGEST_GRID: u64 = 192 << 20;

/// A sheet of facts is no longer than that.
const LARGEST_SHEET_OF_FACTS: u64 = 16 << 10;

/// The reckoning of a file of which repeated headers and blank records are no rows.
fn intake(rows: i64, headers: i64, blanks: i64) -> Intake {
    let count = |n: i64| n.max(0) as u64;
    let aside = [(headers, HEADER), (blanks, BLANK)];
    Intake {
        read: count(rows),
        used: count(rows - headers - blanks),
        set_aside: aside
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, reason)| SetAside {
                reason: (*reason).to_string(),
                rows: count(*n),
                at: Vec::new(),
            })
            .collect(),
    }
}

/// Loads a delimited file, or several of the same columns.
pub(crate) fn load(
    connection: &Connection,
    group: &Group,
    delimiter: char,
    reading: &Reading,
    loaded: &[Loaded],
) -> Result<Vec<Loaded>, WarehouseError> {
    let bytes: u64 = group
        .files
        .iter()
        .filter_map(|f| std::fs::metadata(&f.path).ok())
        .map(|m| m.len())
        .sum();
    // Two columns of few lines may be labels with a value each.
    let pairs = group.header.len() == 2 && bytes < LARGEST_SHEET_OF_FACTS;
    if reading.header_row.is_none()
        && !pairs
        && let Some(table) = regular(connection, group, delimiter, reading, loaded)?
    {
        return Ok(vec![table]);
    }
    if bytes <= LARGEST_GRID {
        return crate::staged::irregular(connection, group, delimiter, reading, loaded);
    }
    by_the_engine(connection, group, delimiter, reading, loaded).map(|table| vec![table])
}

/// Loads large files that are not regular: the engine cuts them into cells of text.
fn by_the_engine(
    connection: &Connection,
    group: &Group,
    delimiter: char,
    reading: &Reading,
    loaded: &[Loaded],
) -> Result<Loaded, WarehouseError> {
    let path = shown(group);
    let read = |files: &str, extra: &str| {
        format!(
            "CREATE OR REPLACE TEMP TABLE {STAGING} AS SELECT * FROM read_csv({}, delim = {}, header = true, all_varchar = true, quote = '\"', escape = '\"', null_padding = true, strict_mode = false, normalize_names = false{extra})",
            files,
            quoted(&delimiter.to_string())
        )
    };
    // Quoted line breaks cannot be read in parallel beside padded rows.
    let mut problem = None;
    let mut done = false;
    for extra in ["", ", parallel = false"] {
        match connection.execute_batch(&read(&file_list(group), extra)) {
            Ok(()) => {
                done = true;
                break;
            }
            Err(e) => problem = problem.or(Some(e)),
        }
    }
    let mut remarks = Vec::new();
    if !done
        && let Ok(copies) = Copies::of(&group.files)
        && connection
            .execute_batch(&read(&copies.list(), ", parallel = false"))
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
    let name = unique_name(&group.name, loaded, &[]);
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
    }
    remarks.extend(parts_remark(group.files.len(), &name));
    let typings = decide(connection, STAGING, &columns, reading)?;
    let kept = materialise(connection, STAGING, &name, &columns, typings, &mut remarks)?;
    connection.execute_batch(&format!("DROP TABLE {STAGING}"))?;
    Ok(Loaded {
        name,
        columns: kept,
        primary_key: Vec::new(),
        foreign_keys: Vec::new(),
        remarks,
        intake: intake(rows, headers, blanks),
    })
}

/// Loads files whose every record is well formed: their types are known from one pass over the bytes,
/// so that the engine reads them straight into the table. `None` where that cannot be told for sure.
fn regular(
    connection: &Connection,
    group: &Group,
    delimiter: char,
    reading: &Reading,
    loaded: &[Loaded],
) -> Result<Option<Loaded>, WarehouseError> {
    let path = shown(group);
    let Ok(byte) = u8::try_from(delimiter) else {
        return Ok(None);
    };
    let files: Vec<PathBuf> = group.files.iter().map(|f| f.path.clone()).collect();
    let found =
        lexical::scan(&files, byte, &group.header).map_err(|e| WarehouseError::Unreadable {
            path: path.clone(),
            reason: e.to_string(),
        })?;
    let Some(found) = found else { return Ok(None) };
    let rows = found.rows - found.headers - found.blanks;
    if rows <= 0 {
        return Err(WarehouseError::Empty(path));
    }
    let reader = |how: &str| {
        format!(
            "read_csv({}, delim = {}, header = true, quote = '\"', escape = '\"', null_padding = true, strict_mode = false, normalize_names = false, {how})",
            file_list(group),
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
    let style = Style::of(reading, &found.columns);
    let typings: Vec<Typing> = columns
        .iter()
        .zip(&found.columns)
        .map(|(column, counts)| typing(column, counts, style))
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
    let name = unique_name(&group.name, loaded, &[]);
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
    remarks.extend(parts_remark(group.files.len(), &name));
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
        intake: intake(found.rows, found.headers, found.blanks),
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

/// That several files are one table.
pub(crate) fn parts_remark(files: usize, name: &str) -> Option<String> {
    (files > 1).then(|| format!("{files} files of the same columns read as one table, {name}"))
}
