//! Tables of a database that are one table cut into parts (a table a region, a table a year).

use crate::WarehouseError;
use crate::load::{Loaded, engine_type};
use crate::source::shared_name;
use crate::sql::{identifier, quoted};
use duckdb::Connection;
use semantics::{DataType, Intake};

/// Fewer columns may agree by chance (look-up tables of an id and a name).
const FEWEST_COLUMNS: usize = 5;

/// Reads tables of the same columns whose names share a word as one, under what they share. Where no
/// column says already which part a row is from, a column `source table` does.
pub(crate) fn merge(
    connection: &Connection,
    tables: Vec<Loaded>,
) -> Result<Vec<Loaded>, WarehouseError> {
    let mut groups: Vec<Vec<Loaded>> = Vec::new();
    for table in tables {
        let fits = |group: &Vec<Loaded>| {
            same_columns(&group[0], &table) && shared_name(&group[0].name, &table.name) != "data"
        };
        match groups.iter_mut().find(|g| fits(g)) {
            Some(group) => group.push(table),
            None => groups.push(vec![table]),
        }
    }
    let referred: Vec<String> = groups
        .iter()
        .flatten()
        .flat_map(|t| &t.foreign_keys)
        .map(|k| k.to_table.to_lowercase())
        .collect();
    let mut out: Vec<Loaded> = Vec::new();
    for group in groups {
        let apart = group.len() < 2
            || group
                .iter()
                .any(|t| referred.contains(&t.name.to_lowercase()));
        if apart {
            out.extend(group);
        } else {
            let merged = one(connection, &group)?;
            out.push(merged);
        }
    }
    Ok(out)
}

fn same_columns(a: &Loaded, b: &Loaded) -> bool {
    let kind = |t: DataType| if t.is_numeric() { DataType::Float } else { t };
    a.columns.len() >= FEWEST_COLUMNS
        && a.columns.len() == b.columns.len()
        && a.columns
            .iter()
            .zip(&b.columns)
            .all(|(x, y)| x.0.eq_ignore_ascii_case(&y.0) && kind(x.1) == kind(y.1))
}

/// The words of a name that the others do not have.
fn part(name: &str, shared: &str) -> String {
    let common: Vec<&str> = shared.split('_').collect();
    let own: Vec<&str> = name
        .split(['_', '-', ' ', '.'])
        .filter(|w| !common.contains(w))
        .collect();
    own.join(" ")
}

fn one(connection: &Connection, group: &[Loaded]) -> Result<Loaded, WarehouseError> {
    let name = group
        .iter()
        .skip(1)
        .fold(group[0].name.clone(), |n, t| shared_name(&n, &t.name));
    let parts: Vec<String> = group.iter().map(|t| part(&t.name, &name)).collect();
    let mut told = false;
    for (column, kind, _) in &group[0].columns {
        if *kind != DataType::Text {
            continue;
        }
        let mut all = true;
        for (table, part) in group.iter().zip(&parts) {
            let same: bool = connection.query_row(
                &format!(
                    "SELECT coalesce(bool_and(lower(trim({c})) = lower({p})), false) FROM {t}",
                    c = identifier(column),
                    p = quoted(part),
                    t = identifier(&table.name)
                ),
                [],
                |r| r.get(0),
            )?;
            all &= same;
        }
        told |= all;
    }
    let selects: Vec<String> = group
        .iter()
        .zip(&parts)
        .map(|(table, part)| {
            let source = if told {
                String::new()
            } else {
                format!(", {} AS \"source table\"", quoted(part))
            };
            format!("SELECT *{source} FROM {}", identifier(&table.name))
        })
        .collect();
    let staged = identifier("retail_merged");
    connection.execute_batch(&format!(
        "CREATE TABLE {staged} AS {}",
        selects.join(" UNION ALL ")
    ))?;
    for table in group {
        connection.execute_batch(&format!("DROP TABLE {}", identifier(&table.name)))?;
    }
    connection.execute_batch(&format!(
        "ALTER TABLE {staged} RENAME TO {}",
        identifier(&name)
    ))?;
    let mut statement = connection.prepare(&format!(
        "SELECT column_name, column_type FROM (DESCRIBE {})",
        identifier(&name)
    ))?;
    let columns = statement
        .query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?
        .collect::<duckdb::Result<Vec<_>>>()?;
    let currency = |column: &str| {
        group[0]
            .columns
            .iter()
            .find(|c| c.0 == column)
            .and_then(|c| c.2.clone())
    };
    let columns: Vec<_> = columns
        .into_iter()
        .map(|(n, t)| {
            let code = currency(&n);
            (n, engine_type(&t), code)
        })
        .collect();
    // A key of the parts is one of the whole only if no two parts share a value.
    let mut primary_key = group[0].primary_key.clone();
    if !primary_key.is_empty() {
        let list: Vec<String> = primary_key.iter().map(|c| identifier(c)).collect();
        let repeats: i64 = connection.query_row(
            &format!(
                "SELECT count(*) FROM (SELECT 1 FROM {} GROUP BY {} HAVING count(*) > 1)",
                identifier(&name),
                list.join(", ")
            ),
            [],
            |r| r.get(0),
        )?;
        if repeats > 0 {
            primary_key.clear();
        }
    }
    let mut remarks: Vec<String> = group.iter().flat_map(|t| t.remarks.clone()).collect();
    let listed: Vec<&str> = group.iter().map(|t| t.name.as_str()).collect();
    remarks.push(format!(
        "{} tables of the same columns ({}) read as one table, {name}",
        group.len(),
        listed.join(", ")
    ));
    let intake = group.iter().fold(Intake::default(), |mut sum, t| {
        sum.read += t.intake.read;
        sum.used += t.intake.used;
        sum.set_aside.extend(t.intake.set_aside.iter().cloned());
        sum
    });
    Ok(Loaded {
        intake,
        name,
        columns,
        primary_key,
        foreign_keys: group[0].foreign_keys.clone(),
        remarks,
    })
}
