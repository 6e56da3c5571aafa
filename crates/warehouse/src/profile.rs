//! Measurements of loaded tables, and answers to what inference asks about them.

use crate::load::Loaded;
use crate::sql::identifier;
use duckdb::Connection;
use semantics::{ColumnProfile, DataType, Evidence, TableProfile};

pub(crate) fn profile(connection: &Connection, table: &Loaded) -> duckdb::Result<TableProfile> {
    let name = identifier(&table.name);
    let rows: i64 =
        connection.query_row(&format!("SELECT count(*) FROM {name}"), [], |r| r.get(0))?;
    let mut columns = Vec::new();
    for chunk in table.columns.chunks(30) {
        let select: Vec<String> = chunk
            .iter()
            .map(|(column, data_type, _)| {
                let c = identifier(column);
                let text_length = if *data_type == DataType::Text { format!("coalesce(avg(length({c})), 0)") } else { "0.0".into() };
                let (negative, whole) = if data_type.is_numeric() { (format!("coalesce(bool_or({c} < 0), false)"), format!("coalesce(bool_and({c} = round({c})), true)")) } else { ("false".into(), "false".into()) };
                format!("count({c}), CAST(min({c}) AS VARCHAR), CAST(max({c}) AS VARCHAR), CAST({text_length} AS DOUBLE), {negative}, {whole}")
            })
            .collect();
        let found: Vec<ColumnProfile> = connection.query_row(
            &format!("SELECT {} FROM {name}", select.join(", ")),
            [],
            |row| {
                chunk
                    .iter()
                    .enumerate()
                    .map(|(i, (column, data_type, currency))| {
                        let at = i * 6;
                        let filled: i64 = row.get(at)?;
                        Ok(ColumnProfile {
                            name: column.clone(),
                            data_type: *data_type,
                            nulls: (rows - filled).max(0) as u64,
                            distinct: 0,
                            min: row.get(at + 1)?,
                            max: row.get(at + 2)?,
                            watermark: None,
                            stray_after: 0,
                            mean_length: row.get(at + 3)?,
                            samples: Vec::new(),
                            has_negative: row.get(at + 4)?,
                            all_whole: row.get(at + 5)?,
                            currency: currency.clone(),
                        })
                    })
                    .collect()
            },
        )?;
        columns.extend(found);
    }
    for column in &mut columns {
        count_values(connection, &name, column)?;
    }
    // A column without repetition tells all rows apart.
    let unique = !table.primary_key.is_empty()
        || columns
            .iter()
            .any(|c| c.nulls == 0 && c.distinct == rows.max(0) as u64);
    let distinct_rows: i64 = if unique {
        rows
    } else {
        connection.query_row(
            &format!("SELECT count(*) FROM (SELECT DISTINCT * FROM {name})"),
            [],
            |r| r.get(0),
        )?
    };
    let mut remarks = table.remarks.clone();
    if rows > distinct_rows {
        remarks.push(format!(
            "{} rows of {} repeat another row exactly and are kept",
            rows - distinct_rows,
            table.name
        ));
    }
    for column in &mut columns {
        let c = identifier(&column.name);
        if column.data_type.is_temporal() {
            let (watermark, stray) = watermark(connection, &name, &c)?;
            if stray > 0 {
                remarks.push(format!(
                    "{}: {stray} rows after {} stand alone and do not count as the data's last day",
                    column.name,
                    watermark.as_deref().unwrap_or("")
                ));
            }
            column.watermark = watermark;
            column.stray_after = stray;
        }
    }
    Ok(TableProfile {
        name: table.name.clone(),
        table: vec![table.name.clone()],
        rows: rows.max(0) as u64,
        duplicate_rows: (rows - distinct_rows).max(0) as u64,
        columns,
        primary_key: table.primary_key.clone(),
        foreign_keys: table.foreign_keys.clone(),
        remarks,
        intake: table.intake.clone(),
    })
}

/// Counts the values of a column, and keeps the most frequent ones; of equally frequent ones the first.
fn count_values(
    connection: &Connection,
    table: &str,
    column: &mut ColumnProfile,
) -> duckdb::Result<()> {
    let c = identifier(&column.name);
    let mut statement = connection.prepare(&format!(
        "WITH each AS MATERIALIZED (SELECT {c} AS v, count(*) AS n FROM {table} WHERE {c} IS NOT NULL GROUP BY 1) \
         SELECT (SELECT count(*) FROM each), CAST(v AS VARCHAR) FROM each ORDER BY n DESC, v LIMIT 20"
    ))?;
    let found = statement
        .query_map([], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?)))?
        .collect::<duckdb::Result<Vec<_>>>()?;
    column.distinct = found.first().map_or(0, |(n, _)| n.unsigned_abs());
    column.samples = found.into_iter().map(|(_, value)| value).collect();
    Ok(())
}

/// The last plausible day. A last month with under a hundredth of the usual rows on three days at most,
/// after at least three months, is a stray, and so is what lies years ahead of everything else.
fn watermark(
    connection: &Connection,
    table: &str,
    column: &str,
) -> duckdb::Result<(Option<String>, u64)> {
    let mut statement = connection.prepare(&format!(
        "SELECT CAST(date_trunc('month', {column}) AS VARCHAR), count(*), count(DISTINCT CAST({column} AS DATE)), CAST(max(CAST({column} AS DATE)) AS VARCHAR) FROM {table} WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 1"
    ))?;
    let months: Vec<(String, i64, i64, String)> = statement
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?
        .collect::<duckdb::Result<_>>()?;
    let mut kept = months.len();
    let mut stray = 0;
    while kept > 3 {
        let mut sizes: Vec<i64> = months[..kept - 1].iter().map(|m| m.1).collect();
        sizes.sort_unstable();
        let median = sizes[sizes.len() / 2];
        let (_, rows, days, _) = &months[kept - 1];
        if rows * 100 >= median || *days > 3 {
            break;
        }
        stray += *rows;
        kept -= 1;
    }
    Ok((
        kept.checked_sub(1).map(|i| months[i].3.clone()),
        stray.max(0) as u64,
    ))
}

/// Answers of the engine to the questions of inference.
pub struct WarehouseEvidence<'a> {
    pub(crate) connection: std::sync::MutexGuard<'a, Connection>,
}

impl WarehouseEvidence<'_> {
    fn number(&self, sql: &str) -> Option<f64> {
        self.connection
            .query_row(sql, [], |r| r.get::<_, Option<f64>>(0))
            .ok()
            .flatten()
    }
}

impl Evidence for WarehouseEvidence<'_> {
    fn inclusion(&mut self, from: (&str, &[&str]), to: (&str, &[&str])) -> f64 {
        let as_text = |columns: &[&str]| -> Vec<String> {
            columns
                .iter()
                .map(|c| format!("CAST({} AS VARCHAR)", identifier(c)))
                .collect()
        };
        let row = |columns: &[&str]| format!("row({})", as_text(columns).join(", "));
        let filled: Vec<String> = from
            .1
            .iter()
            .map(|c| format!("{} IS NOT NULL", identifier(c)))
            .collect();
        self.number(&format!(
            "SELECT CAST(count(*) FILTER (WHERE v IN (SELECT {} FROM {})) AS DOUBLE) / nullif(count(*), 0) FROM (SELECT DISTINCT {} AS v FROM {} WHERE {})",
            row(to.1),
            identifier(to.0),
            row(from.1),
            identifier(from.0),
            filled.join(" AND ")
        ))
        .unwrap_or(0.0)
    }

    fn is_unique(&mut self, table: &str, columns: &[&str]) -> bool {
        let t = identifier(table);
        let list: Vec<String> = columns.iter().map(|c| identifier(c)).collect();
        let nulls: Vec<String> = list.iter().map(|c| format!("{c} IS NULL")).collect();
        self.number(&format!("SELECT CAST((SELECT count(*) FROM {t} WHERE {}) + (SELECT count(*) FROM (SELECT 1 FROM {t} GROUP BY {} HAVING count(*) > 1)) AS DOUBLE)", nulls.join(" OR "), list.join(", "))) == Some(0.0)
    }

    fn determines(&mut self, table: &str, of: &str, on: &str) -> f64 {
        let (t, a, b) = (identifier(table), identifier(of), identifier(on));
        self.number(&format!("SELECT CAST(count(*) FILTER (WHERE n = 1) AS DOUBLE) / nullif(count(*), 0) FROM (SELECT count(DISTINCT {b}) AS n FROM {t} WHERE {a} IS NOT NULL AND {b} IS NOT NULL GROUP BY {a})")).unwrap_or(0.0)
    }

    fn span(
        &mut self,
        calendar: &str,
        day: &str,
        key: &str,
        from: (&str, &str),
    ) -> Option<(String, String)> {
        let sql = format!(
            "SELECT CAST(min({d}) AS VARCHAR), CAST(max({d}) AS VARCHAR) FROM {c} WHERE {k} IN (SELECT {f} FROM {t})",
            d = identifier(day),
            c = identifier(calendar),
            k = identifier(key),
            f = identifier(from.1),
            t = identifier(from.0),
        );
        self.connection
            .query_row(&sql, [], |row| {
                Ok((
                    row.get::<_, Option<String>>(0)?,
                    row.get::<_, Option<String>>(1)?,
                ))
            })
            .ok()
            .and_then(|(first, last)| first.zip(last))
    }

    fn product_error(&mut self, table: &str, amount: &str, factors: &[&str]) -> f64 {
        let t = identifier(table);
        let a = format!("CAST({} AS DOUBLE)", identifier(amount));
        let product: Vec<String> = factors
            .iter()
            .map(|f| format!("CAST({} AS DOUBLE)", identifier(f)))
            .collect();
        self.number(&format!("SELECT avg(abs({a} - {p}) / greatest(abs({a}), 0.01)) FROM {t} WHERE {a} IS NOT NULL AND {p} IS NOT NULL", p = product.join(" * "))).unwrap_or(f64::INFINITY)
    }
}
