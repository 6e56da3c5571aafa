//! Tables with a column for every period ("Jan 2024", "Feb 2024", …) become tables with a row for
//! every period, so that time can be asked for.

use crate::layout::names_a_total;
use crate::load::{Loaded, rows_of, typed_columns};
use crate::periods::{Period, column_head};
use crate::sql::{identifier, quoted};
use duckdb::Connection;
use semantics::DataType;
use std::collections::BTreeMap;

/// Fewer columns of periods may be facts of their own ("2023" and "2024" side by side).
const FEWEST: usize = 3;

/// Name, type and currency.
type Column = (String, DataType, Option<String>);

/// A column that holds what was measured in one period.
struct Headed {
    column: String,
    period: Period,
    /// What the name says besides the period ("sales" in "2024 sales").
    measure: String,
    data_type: DataType,
}

fn headed(column: &str, data_type: DataType) -> Option<Headed> {
    if !data_type.is_numeric() {
        return None;
    }
    let made = |period, measure: String| Headed {
        column: column.to_string(),
        period,
        measure,
        data_type,
    };
    if let Some(period) = column_head(column) {
        return Some(made(period, String::new()));
    }
    let words: Vec<&str> = column.split([' ', '_']).filter(|w| !w.is_empty()).collect();
    for length in [2, 1] {
        if words.len() <= length {
            continue;
        }
        let (front, rest) = words.split_at(length);
        if let Some(period) = column_head(&front.join(" ")) {
            return Some(made(period, rest.join(" ")));
        }
        let (rest, back) = words.split_at(words.len() - length);
        if let Some(period) = column_head(&back.join(" ")) {
            return Some(made(period, rest.join(" ")));
        }
    }
    None
}

/// The year that a table's name says, for months without one.
fn year_of(name: &str) -> Option<i32> {
    let mut years = name
        .split(|c: char| !c.is_ascii_digit())
        .filter(|w| w.len() == 4)
        .filter_map(|w| w.parse().ok())
        .filter(|y| (1950..=2100).contains(y));
    let first = years.next()?;
    years.next().is_none().then_some(first)
}

fn with_year(period: Period, year: Option<i32>) -> Period {
    match period {
        Period::Month(None, m) => Period::Month(year, m),
        Period::Quarter(None, q) => Period::Quarter(year, q),
        other => other,
    }
}

/// What the numbers under the periods are called: the measure that the table's name speaks of.
fn measure_of(table: &str) -> String {
    const MEASURES: &[&str] = &[
        "sales",
        "revenue",
        "turnover",
        "units",
        "quantity",
        "orders",
        "cost",
        "costs",
        "profit",
        "margin",
        "stock",
        "inventory",
        "budget",
        "plan",
        "target",
        "forecast",
        "visits",
        "visitors",
        "footfall",
        "customers",
        "returns",
        "spend",
        "expenses",
        "income",
        "price",
        "hours",
    ];
    semantics::name_words(table)
        .into_iter()
        .rev()
        .find(|w| MEASURES.contains(&w.as_str()))
        .unwrap_or_else(|| "amount".into())
}

/// Turns the columns of periods into rows.
pub(crate) fn periods_to_rows(connection: &Connection, table: &mut Loaded) -> duckdb::Result<()> {
    let year = year_of(&table.name);
    let mut found: Vec<Headed> = table
        .columns
        .iter()
        .filter_map(|(name, data_type, _)| headed(name, *data_type))
        .collect();
    for column in &mut found {
        column.period = with_year(column.period, year);
    }
    let mut by_period: BTreeMap<Period, Vec<&Headed>> = BTreeMap::new();
    for column in &found {
        by_period.entry(column.period).or_default().push(column);
    }
    let mut kinds: Vec<&str> = by_period.keys().map(|p| p.noun()).collect();
    kinds.dedup();
    let mut measures: Vec<&str> = Vec::new();
    for column in &found {
        if !measures.contains(&column.measure.as_str()) {
            measures.push(&column.measure);
        }
    }
    // Each measure in each period, once.
    let whole = found.len() == by_period.len() * measures.len()
        && by_period.values().all(|c| c.len() == measures.len());
    let ([kind], true) = (&kinds[..], whole && by_period.len() >= FEWEST) else {
        return Ok(());
    };
    let kept = table
        .columns
        .iter()
        .filter(|(name, ..)| !found.iter().any(|f| f.column == *name));
    let (sums, labels): (Vec<Column>, Vec<Column>) = kept
        .cloned()
        .partition(|(name, data_type, _)| data_type.is_numeric() && names_a_total(name));
    // Another number in the row would be counted once for every period.
    let repeated = labels.iter().find(|(name, data_type, _)| {
        data_type.is_numeric()
            && !semantics::name_words(name).iter().any(|w| {
                matches!(
                    w.as_str(),
                    "id" | "no" | "number" | "code" | "sku" | "key" | "year" | "ean"
                )
            })
    });
    if let Some((name, ..)) = repeated {
        table.remarks.push(format!(
            "{}: the columns of {kind}s stay columns, for {name} would be repeated in each row",
            table.name
        ));
        return Ok(());
    }
    if labels.is_empty() {
        return Ok(());
    }
    let dated = by_period.keys().all(|p| p.first_day().is_some());
    let mut taken: Vec<String> = labels.iter().map(|l| l.0.to_lowercase()).collect();
    let mut free = |wanted: &str| {
        let mut name = wanted.to_string();
        let mut n = 2;
        while taken.contains(&name.to_lowercase()) {
            name = format!("{wanted} {n}");
            n += 1;
        }
        taken.push(name.to_lowercase());
        name
    };
    let time = free(kind);
    let values: Vec<String> = measures
        .iter()
        .map(|m| {
            if m.is_empty() {
                free(&measure_of(&table.name))
            } else {
                free(m)
            }
        })
        .collect();
    let type_of = |measure: &str| {
        let all: Vec<DataType> = found
            .iter()
            .filter(|f| f.measure == measure)
            .map(|f| f.data_type)
            .collect();
        if all.contains(&DataType::Float) {
            "DOUBLE"
        } else if all.contains(&DataType::Decimal) {
            "DECIMAL(18,4)"
        } else {
            "BIGINT"
        }
    };
    let name = identifier(&table.name);
    let (rows, columns) = (rows_of(connection, &table.name)?, found.len());
    let mut select: Vec<String> = labels.iter().map(|l| identifier(&l.0)).collect();
    select.extend(found.iter().map(|f| {
        format!(
            "CAST({c} AS {t}) AS {c}",
            c = identifier(&f.column),
            t = type_of(&f.measure)
        )
    }));
    let spelled = |p: &Period| match p.first_day() {
        Some(day) if dated => day,
        _ => match p {
            Period::Month(_, m) => MONTHS[(*m as usize).saturating_sub(1) % 12].to_string(),
            Period::Quarter(_, q) => format!("Q{q}"),
            other => format!("{other:?}"),
        },
    };
    let on: Vec<String> = by_period
        .iter()
        .map(|(period, columns)| {
            let of: Vec<String> = measures
                .iter()
                .filter_map(|m| columns.iter().find(|c| c.measure == *m))
                .map(|c| identifier(&c.column))
                .collect();
            format!("({}) AS {}", of.join(", "), identifier(&spelled(period)))
        })
        .collect();
    let staged = identifier("retail_unpivoted");
    let value_list: Vec<String> = values.iter().map(|v| identifier(v)).collect();
    let label_list: Vec<String> = labels.iter().map(|l| identifier(&l.0)).collect();
    let time_sql = if dated {
        format!("CAST(retail_period AS DATE) AS {}", identifier(&time))
    } else {
        format!("retail_period AS {}", identifier(&time))
    };
    connection.execute_batch(&format!(
        "CREATE TABLE {staged} AS SELECT {}, {time_sql}, {} FROM (UNPIVOT (SELECT {} FROM {name}) ON {} INTO NAME retail_period VALUE {}); DROP TABLE {name}; ALTER TABLE {staged} RENAME TO {name}",
        label_list.join(", "),
        value_list.join(", "),
        select.join(", "),
        on.join(", "),
        value_list.join(", ")
    ))?;
    let currencies: Vec<Option<String>> = measures
        .iter()
        .map(|m| {
            found
                .iter()
                .find(|f| f.measure == *m)
                .and_then(|f| table.columns.iter().find(|c| c.0 == f.column))
                .and_then(|c| c.2.clone())
        })
        .collect();
    let sums: Vec<String> = sums.iter().map(|s| s.0.clone()).collect();
    let mut new: Vec<Column> = typed_columns(connection, &table.name)?;
    for (column, _, currency) in &mut new {
        if let Some(i) = values.iter().position(|v| v == column) {
            *currency = currencies[i].clone();
        } else if let Some(old) = table.columns.iter().find(|c| c.0 == *column) {
            *currency = old.2.clone();
        }
    }
    let after = rows_of(connection, &table.name)?;
    table.columns = new;
    table.remarks.push(format!(
        "{}: {columns} columns of {kind}s turned into rows with the columns {} and {} ({rows} rows became {after}, empty cells none)",
        table.name,
        quoted(&time),
        values
            .iter()
            .map(|v| quoted(v))
            .collect::<Vec<_>>()
            .join(", ")
    ));
    if !sums.is_empty() {
        table.remarks.push(format!(
            "{}: {} left out, as it adds up the others",
            table.name,
            sums.join(", ")
        ));
    }
    Ok(())
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn unpivoted(name: &str, select: &str) -> (Vec<String>, String) {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(&format!("CREATE TABLE \"{name}\" AS {select}"))
            .unwrap();
        let mut loaded = Loaded {
            name: name.into(),
            columns: typed_columns(&connection, name).unwrap(),
            primary_key: Vec::new(),
            foreign_keys: Vec::new(),
            remarks: Vec::new(),
            intake: semantics::Intake::default(),
        };
        periods_to_rows(&connection, &mut loaded).unwrap();
        let columns: Vec<String> = loaded.columns.iter().map(|c| c.0.clone()).collect();
        let row = columns
            .iter()
            .map(|c| format!("CAST({} AS VARCHAR)", identifier(c)))
            .collect::<Vec<_>>()
            .join(" || ',' || ");
        let rows = connection
            .query_row(
                &format!(
                    "SELECT coalesce(string_agg({row}, ' ' ORDER BY {row}), '') FROM \"{name}\""
                ),
                [],
                |r| r.get(0),
            )
            .unwrap();
        (columns, rows)
    }

    #[test]
    fn columns_of_periods_become_rows() {
        for (name, select, columns, rows) in [
            (
                "sales",
                "SELECT 'N' AS region, 1 AS \"Jan 2024\", 2 AS \"Feb 2024\", NULL::INTEGER AS \"Mar 2024\", 3 AS \"Total\"",
                vec!["region", "month", "sales"],
                "N,2024-01-01,1 N,2024-02-01,2",
            ),
            (
                "sales_2023",
                "SELECT 'N' AS region, 1 AS Jan, 2 AS Feb, 3 AS Mar",
                vec!["region", "month", "sales"],
                "N,2023-01-01,1 N,2023-02-01,2 N,2023-03-01,3",
            ),
            (
                "shops",
                "SELECT 'N' AS region, 1 AS \"2022 sales\", 2 AS \"2022 units\", 3 AS \"2023 sales\", 4 AS \"2023 units\", 5 AS \"2024 sales\", 6 AS \"2024 units\"",
                vec!["region", "year", "sales", "units"],
                "N,2022-01-01,1,2 N,2023-01-01,3,4 N,2024-01-01,5,6",
            ),
            (
                "prices",
                "SELECT 'N' AS region, 9.5 AS weight, 1 AS Jan, 2 AS Feb, 3 AS Mar",
                vec!["region", "weight", "Jan", "Feb", "Mar"],
                "N,9.5,1,2,3",
            ),
            (
                "two",
                "SELECT 'N' AS region, 1 AS \"2023\", 2 AS \"2024\"",
                vec!["region", "2023", "2024"],
                "N,1,2",
            ),
        ] {
            let (got, content) = unpivoted(name, select);
            assert_eq!(got, columns, "{name}");
            assert_eq!(content, rows, "{name}");
        }
    }
}
