//! Running a compiled query and turning engine values into cells.

use crate::{CacheUse, Stop, WarehouseError};
use answer::{Cell, Column, ColumnRole, ResultTable};
use duckdb::Connection;
use duckdb::types::{TimeUnit, Value};
use query::{CompiledQuery, Grain, OutputRole};
use semantics::DataType;
use std::time::Instant;

/// Rows at most in a result.
pub(crate) const ROW_LIMIT: usize = 10_000;
const EXACT: i64 = 1 << 53;

/// What a query gave.
#[derive(Debug, Clone)]
pub struct Execution {
    /// The rows.
    pub table: ResultTable,
    /// Wall time in the engine, or of the look-up in the cache, in milliseconds.
    pub elapsed_ms: f64,
    /// Whether the engine ran.
    pub cache: CacheUse,
}

pub(crate) fn execute(
    connection: &Connection,
    query: &CompiledQuery,
    limit: usize,
    stop: &Stop,
) -> Result<Execution, WarehouseError> {
    let start = Instant::now();
    let width = query.columns().len();
    let mut statement = connection.prepare(query.sql())?;
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    let mut truncated = false;
    while let Some(row) = found.next()? {
        if rows.len() == limit {
            truncated = true;
            break;
        }
        if stop.is_stopped() {
            return Err(WarehouseError::Stopped);
        }
        let cells: duckdb::Result<Vec<Cell>> = (0..width)
            .map(|i| row.get::<_, Value>(i).map(cell))
            .collect();
        rows.push(cells?);
    }
    let columns = query
        .columns()
        .iter()
        .map(|c| Column {
            name: c.name.clone(),
            data_type: match c.data_type {
                DataType::Integer => "integer",
                DataType::Decimal | DataType::Float => "number",
                DataType::Date => "date",
                DataType::Timestamp => "timestamp",
                DataType::Boolean => "boolean",
                DataType::Text | DataType::Opaque => "text",
            }
            .to_string(),
            unit: c.unit.clone(),
            role: match c.role {
                OutputRole::Dimension => ColumnRole::Dimension,
                OutputRole::Measure => ColumnRole::Measure,
                OutputRole::Time => ColumnRole::Time,
                OutputRole::Id => ColumnRole::Id,
                OutputRole::Text => ColumnRole::Text,
            },
            grain: c.grain.map(|g| grain_name(g).to_string()),
        })
        .collect();
    Ok(Execution {
        table: ResultTable {
            columns,
            row_count: rows.len(),
            rows,
            truncated,
        },
        elapsed_ms: start.elapsed().as_secs_f64() * 1000.0,
        cache: CacheUse::Miss,
    })
}

fn grain_name(grain: Grain) -> &'static str {
    match grain {
        Grain::Hour => "hour",
        Grain::Day => "day",
        Grain::Week => "week",
        Grain::Month => "month",
        Grain::Quarter => "quarter",
        Grain::Year => "year",
        Grain::HourOfDay => "hour_of_day",
        Grain::Weekday => "weekday",
        Grain::MonthOfYear => "month_of_year",
        Grain::QuarterOfYear => "quarter_of_year",
        Grain::WeekOfYear => "week_of_year",
    }
}

fn whole(n: i64) -> Cell {
    if n.abs() <= EXACT {
        Cell::Integer(n)
    } else {
        Cell::Text(n.to_string())
    }
}

fn number(x: f64) -> Cell {
    if x.is_finite() {
        Cell::Number(x)
    } else {
        Cell::Null
    }
}

pub(crate) fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Boolean(b) => Cell::Bool(b),
        Value::TinyInt(n) => whole(n.into()),
        Value::SmallInt(n) => whole(n.into()),
        Value::Int(n) => whole(n.into()),
        Value::BigInt(n) => whole(n),
        Value::HugeInt(n) => i64::try_from(n).map_or_else(|_| Cell::Text(n.to_string()), whole),
        Value::UTinyInt(n) => whole(n.into()),
        Value::USmallInt(n) => whole(n.into()),
        Value::UInt(n) => whole(n.into()),
        Value::UBigInt(n) => i64::try_from(n).map_or_else(|_| Cell::Text(n.to_string()), whole),
        Value::Float(x) => number(x.into()),
        Value::Double(x) => number(x),
        Value::Decimal(d) => d.to_string().parse::<f64>().map_or(Cell::Null, number),
        Value::Text(t) => Cell::Text(t),
        Value::Enum(t) => Cell::Text(t),
        Value::Date32(days) => date(i64::from(days)).map_or(Cell::Null, |(y, m, d)| {
            Cell::Text(format!("{y:04}-{m:02}-{d:02}"))
        }),
        Value::Timestamp(unit, n) => {
            let seconds = match unit {
                TimeUnit::Second => n,
                TimeUnit::Millisecond => n.div_euclid(1_000),
                TimeUnit::Microsecond => n.div_euclid(1_000_000),
                TimeUnit::Nanosecond => n.div_euclid(1_000_000_000),
            };
            let (day, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
            date(day).map_or(Cell::Null, |(y, m, d)| {
                Cell::Text(format!(
                    "{y:04}-{m:02}-{d:02}T{:02}:{:02}:{:02}",
                    rest / 3600,
                    rest / 60 % 60,
                    rest % 60
                ))
            })
        }
        other => Cell::Text(format!("{other:?}")),
    }
}

/// Civil date of a day counted from 1970-01-01 (H. Hinnant's `civil_from_days`).
fn date(days: i64) -> Option<(i64, i64, i64)> {
    let z = days.checked_add(719_468)?;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    Some((yoe + era * 400 + i64::from(month <= 2), month, day))
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_become_dates() {
        assert_eq!(date(0), Some((1970, 1, 1)));
        assert_eq!(date(19_782), Some((2024, 2, 29)));
    }
}
