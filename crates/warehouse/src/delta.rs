//! Delta tables: folders of Parquet files whose log says which of them count.

use crate::error::first_line;
use crate::extension::Extension;
use crate::load::{Loaded, all_used, shown, typed_columns, unique_name};
use crate::remote::DELTA_LOG;
use crate::source::Group;
use crate::sql::{identifier, quoted};
use crate::{Progress, WarehouseError, source};
use duckdb::Connection;
use std::path::{Path, PathBuf};

/// Whether a folder is a Delta table.
pub(crate) fn is_table(folder: &Path) -> bool {
    folder.join(DELTA_LOG).is_dir()
}

/// Fingerprint of a table: that of its log. Files of data are never changed once they are written.
///
/// # Errors
/// A log that cannot be read.
pub(crate) fn fingerprint(folder: &Path, shown: &str) -> Result<String, WarehouseError> {
    let unreadable = |e: std::io::Error| source::unreadable(shown, &e);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join(DELTA_LOG))
        .map_err(unreadable)?
        .filter_map(|e| e.ok().map(|e| e.path()))
        .filter(|p| p.is_file())
        .collect();
    files.sort();
    let mut whole = blake3::Hasher::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        whole.update(name.as_bytes());
        whole.update(source::fingerprint(&file, shown, &Progress::default())?.as_bytes());
    }
    Ok(whole.finalize().to_hex().to_string())
}

/// Loads the latest version of a table.
pub(crate) fn load(
    connection: &Connection,
    group: &Group,
    loaded: &[Loaded],
) -> Result<Vec<Loaded>, WarehouseError> {
    Extension::Delta.load(connection)?;
    let path = shown(group);
    let place = group
        .files
        .first()
        .map(|f| f.path.display().to_string())
        .unwrap_or_default();
    let name = unique_name(&group.name, loaded, &[]);
    connection
        .execute_batch(&format!(
            "CREATE TABLE {} AS SELECT * FROM delta_scan({})",
            identifier(&name),
            quoted(&place)
        ))
        .map_err(|e| WarehouseError::Damaged {
            path: path.clone(),
            reason: first_line(&e),
        })?;
    let intake = all_used(connection, &name)?;
    if intake.used == 0 {
        connection.execute_batch(&format!("DROP TABLE {}", identifier(&name)))?;
        return Err(WarehouseError::Empty(path));
    }
    let columns = typed_columns(connection, &name)?;
    Ok(vec![Loaded {
        name,
        columns,
        primary_key: Vec::new(),
        foreign_keys: Vec::new(),
        remarks: Vec::new(),
        intake,
    }])
}
