//! From files to typed tables in the engine.

use crate::reading::Reading;
use crate::source::{Arranged, Group, Kind, Skipped};
use crate::sql::{identifier, quoted};
use crate::typing::Typing;
use crate::{Progress, Stage, WarehouseError, database, delimited, delta, parquet, staged};
use duckdb::Connection;
use semantics::{DataType, DeclaredKey, Intake};

/// A table as it was loaded.
pub(crate) struct Loaded {
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, DataType, Option<String>)>,
    pub(crate) primary_key: Vec<String>,
    pub(crate) foreign_keys: Vec<DeclaredKey>,
    pub(crate) remarks: Vec<String>,
    /// What became of the rows of its sources.
    pub(crate) intake: Intake,
}

/// Table of text that a file is read into before its types are known.
pub(crate) const STAGING: &str = "retail_staging";

/// Loads what was found. A file among others that cannot be read is named in the remarks; alone it
/// is an error.
pub(crate) fn load(
    connection: &Connection,
    arranged: Arranged,
    reading: &Reading,
    progress: &Progress,
) -> Result<Vec<Loaded>, WarehouseError> {
    let Arranged {
        groups,
        mut skipped,
        notes,
    } = arranged;
    let groups = parquet::together(connection, groups);
    let mut loaded: Vec<Loaded> = Vec::new();
    let mut first_error = None;
    for group in &groups {
        progress.tell(&Stage::Loading { table: &group.name });
        let tables = match group.kind {
            Kind::Delimited(delimiter) => {
                delimited::load(connection, group, delimiter, reading, &loaded)
            }
            Kind::Parquet => parquet::load(connection, group, &loaded),
            Kind::Delta => delta::load(connection, group, &loaded),
            Kind::Sqlite => database::sqlite(connection, group, reading, &loaded),
            Kind::DuckDb => database::duckdb(connection, group, &loaded),
            Kind::Workbook => staged::workbooks(connection, group, reading, &loaded, &mut skipped),
            Kind::Json => staged::json(connection, group, reading, &loaded, &mut skipped),
        };
        match tables.and_then(|tables| accounted(connection, group, tables)) {
            Ok(mut tables) => {
                let text = matches!(group.kind, Kind::Delimited(_) | Kind::Workbook | Kind::Json);
                if text && !reading.strict {
                    for table in &mut tables {
                        clean(connection, table)?;
                    }
                }
                loaded.extend(tables);
            }
            Err(e @ (WarehouseError::Engine(_) | WarehouseError::Unaccounted { .. })) => {
                return Err(e);
            }
            Err(e) => {
                skipped.extend(group.files.iter().map(|f| Skipped {
                    name: f.file_name().to_string(),
                    reason: e.reason(),
                }));
                first_error = first_error.or(Some(e));
            }
        }
    }
    if loaded.is_empty() {
        return Err(first_error.unwrap_or_else(|| {
            WarehouseError::Empty(
                groups
                    .first()
                    .and_then(|g| g.files.first())
                    .map(|f| f.shown.clone())
                    .unwrap_or_default(),
            )
        }));
    }
    // A database a month, each with the same table.
    let databases = |g: &&Group| matches!(g.kind, Kind::Sqlite | Kind::DuckDb);
    if groups.iter().filter(databases).count() > 1 && groups.iter().all(|g| databases(&g)) {
        loaded = crate::same_shape::merge(connection, loaded)?;
    }
    for table in &mut loaded {
        crate::written_dates::read(connection, table)?;
        crate::moments::join(connection, table)?;
    }
    if let Some(first) = loaded.first_mut() {
        first.remarks.extend(notes);
        if !skipped.is_empty() {
            first
                .remarks
                .push(format!("not read: {}", crate::source::named(&skipped)));
        }
    }
    Ok(loaded)
}

/// What people expect of files that people wrote.
fn clean(connection: &Connection, table: &mut Loaded) -> duckdb::Result<()> {
    crate::amounts::read(connection, table)?;
    crate::numbered_dates::read(connection, table)?;
    crate::unpivot::periods_to_rows(connection, table)?;
    crate::spellings::bring_together(connection, table)
}

/// Holds the rows of every table against those of its sources.
fn accounted(
    connection: &Connection,
    group: &Group,
    mut tables: Vec<Loaded>,
) -> Result<Vec<Loaded>, WarehouseError> {
    for table in &mut tables {
        let rows = rows_of(connection, &table.name)?;
        let (used, aside) = (table.intake.used, table.intake.aside());
        if rows != used || table.intake.read != used + aside {
            return Err(WarehouseError::Unaccounted {
                path: shown(group),
                read: table.intake.read,
                used: rows,
                aside,
            });
        }
        together(&mut table.remarks, " read with decimal comma");
        if aside > 0 {
            let sentence = table.intake.sentence();
            table
                .remarks
                .insert(0, format!("{}: {sentence}", table.name));
        }
    }
    Ok(tables)
}

/// Makes one remark of those that say the same of several columns.
fn together(remarks: &mut Vec<String>, saying: &str) {
    let columns: Vec<String> = remarks
        .iter()
        .filter_map(|r| r.strip_suffix(saying).map(str::to_string))
        .collect();
    if let (Some((last, before)), true) = (columns.split_last(), columns.len() > 1) {
        remarks.retain(|r| !r.ends_with(saying));
        remarks.push(format!("{} and {last}{saying}", before.join(", ")));
    }
}

/// Rows of a table in the engine.
pub(crate) fn rows_of(connection: &Connection, table: &str) -> duckdb::Result<u64> {
    let rows: i64 = connection.query_row(
        &format!("SELECT count(*) FROM {}", identifier(table)),
        [],
        |r| r.get(0),
    )?;
    Ok(rows.max(0) as u64)
}

/// All rows used.
pub(crate) fn all_used(connection: &Connection, table: &str) -> duckdb::Result<Intake> {
    let rows = rows_of(connection, table)?;
    Ok(Intake {
        read: rows,
        used: rows,
        set_aside: Vec::new(),
    })
}

/// The first file of a group, as people call it.
pub(crate) fn shown(group: &Group) -> String {
    group
        .files
        .first()
        .map(|f| f.shown.clone())
        .unwrap_or_default()
}

/// A list of files for the engine's readers.
pub(crate) fn file_list(group: &Group) -> String {
    let files: Vec<String> = group
        .files
        .iter()
        .map(|f| quoted(&f.path.display().to_string()))
        .collect();
    format!("[{}]", files.join(", "))
}

/// The name wanted, numbered where another table has it.
pub(crate) fn unique_name(wanted: &str, loaded: &[Loaded], more: &[Loaded]) -> String {
    let mut name = wanted.to_string();
    let mut n = 2;
    while loaded
        .iter()
        .chain(more)
        .any(|t| t.name.eq_ignore_ascii_case(&name))
    {
        name = format!("{wanted}_{n}");
        n += 1;
    }
    name
}

/// Column names of a table or query.
pub(crate) fn column_names(connection: &Connection, table: &str) -> duckdb::Result<Vec<String>> {
    let mut statement =
        connection.prepare(&format!("SELECT column_name FROM (DESCRIBE {table})"))?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    names.collect()
}

/// Makes the typed table from a table of text.
pub(crate) fn materialise(
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
    // The engine's search for common parts takes the square of the number of columns.
    let wide = columns.len() > 300;
    if wide {
        connection.execute_batch("SET disabled_optimizers = 'common_subexpressions'")?;
    }
    let made = connection.execute_batch(&format!(
        "CREATE TABLE {} AS SELECT {} FROM {from}",
        identifier(name),
        select.join(", ")
    ));
    if wide {
        connection.execute_batch("RESET disabled_optimizers")?;
    }
    made?;
    Ok(kept)
}

/// The logical type of an engine's type.
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

/// Columns of a table in the engine, with their logical types.
pub(crate) fn typed_columns(
    connection: &Connection,
    table: &str,
) -> duckdb::Result<Vec<(String, DataType, Option<String>)>> {
    let mut statement = connection.prepare(&format!(
        "SELECT column_name, column_type FROM (DESCRIBE {})",
        identifier(table)
    ))?;
    let columns = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    columns
        .map(|c| c.map(|(name, kind)| (name, engine_type(&kind), None)))
        .collect()
}
