//! Parquet files, and folders of them in parts.

use crate::WarehouseError;
use crate::error::first_line;
use crate::load::{Loaded, all_used, file_list, shown, typed_columns, unique_name};
use crate::source::{Group, Kind, shared_name};
use crate::sql::{identifier, quoted};
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
            reason: first_line(&e),
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
        remarks: crate::delimited::parts_remark(group.files.len(), &group.name)
            .into_iter()
            .collect(),
        intake,
    }])
}

/// Puts the files of one folder that have the same columns together.
pub(crate) fn together(connection: &Connection, groups: Vec<Group>) -> Vec<Group> {
    let mut out: Vec<(Option<Vec<String>>, Group)> = Vec::new();
    for group in groups {
        let several = group.kind == Kind::Parquet && !group.partitioned && group.folder.is_some();
        let columns = several.then(|| columns(connection, &group)).flatten();
        let same = out.iter_mut().find(|(known, earlier)| {
            columns.is_some() && *known == columns && earlier.folder == group.folder
        });
        match same {
            Some((_, earlier)) => {
                earlier.name = shared_name(&earlier.name, &group.name);
                earlier.files.extend(group.files);
            }
            None => out.push((columns, group)),
        }
    }
    out.into_iter()
        .map(|(_, mut group)| {
            if group.kind == Kind::Parquet && group.files.len() > 1 && says_nothing(&group.name) {
                let folder = group.folder.as_ref().and_then(|f| f.file_name());
                group.name = folder.map_or(group.name, |n| n.to_string_lossy().into_owned());
            }
            group
        })
        .collect()
}

/// Whether a name is one that engines give the parts of a table ("part-00000-1f3c-c000.snappy").
fn says_nothing(name: &str) -> bool {
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let numbered = words.first() == Some(&"part");
    words.iter().all(|w| {
        let hexadecimal = w.chars().all(|c| c.is_ascii_hexdigit());
        let digits = w.chars().any(|c| c.is_ascii_digit());
        hexadecimal && (digits || numbered)
            || w.len() < 2
            || ["part", "data", "file", "snappy", "zstd", "gz"].contains(w)
    })
}

/// Names of the columns of a file, sorted; `None` if it cannot be read.
fn columns(connection: &Connection, group: &Group) -> Option<Vec<String>> {
    let file = group.files.first()?.path.display().to_string();
    let mut statement = connection
        .prepare(&format!(
            "SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet({})) ORDER BY 1",
            quoted(&file)
        ))
        .ok()?;
    let names = statement.query_map([], |row| row.get(0)).ok()?;
    names.collect::<duckdb::Result<Vec<String>>>().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_engines_give_say_nothing() {
        for (name, expected) in [
            ("part-00000-1f3c9d2e-beef-c000.snappy", true),
            ("cafe", false),
            ("data", true),
            ("part", true),
            ("orders", false),
            ("orders_part", false),
        ] {
            assert_eq!(says_nothing(name), expected, "{name}");
        }
    }
}
