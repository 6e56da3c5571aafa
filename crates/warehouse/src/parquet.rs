//! Parquet files, and folders of them in parts.

use crate::WarehouseError;
use crate::load::{Loaded, all_used, file_list, shown, typed_columns, unique_name};
use crate::source::Group;
use crate::sql::identifier;
use duckdb::Connection;

/// Loads the files of a group as one table. The `key=value` folders that they lie in are columns.
pub(crate) fn load(
    connection: &Connection,
    group: &Group,
    loaded: &[Loaded],
) -> Result<Vec<Loaded>, WarehouseError> {
    let name = unique_name(&group.name, loaded, &[]);
    connection
        .execute_batch(&format!(
            "CREATE TABLE {} AS SELECT * FROM read_parquet({}, union_by_name = true, hive_partitioning = {})",
            identifier(&name),
            file_list(group),
            group.partitioned
        ))
        .map_err(|e| WarehouseError::NotATable {
            path: shown(group),
            reason: e.to_string().lines().next().unwrap_or_default().to_string(),
        })?;
    let intake = all_used(connection, &name)?;
    if intake.used == 0 {
        connection.execute_batch(&format!("DROP TABLE {}", identifier(&name)))?;
        return Err(WarehouseError::Empty(shown(group)));
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
