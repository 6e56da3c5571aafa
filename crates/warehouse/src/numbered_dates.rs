//! Dates that came out of an export as bare numbers: eight figures (20240105), the serial days of
//! spreadsheets (45296), seconds or milliseconds since 1970. A column is one only where its name
//! speaks of a date and every one of its values is a day between 1950 and 2100.

use crate::load::Loaded;
use crate::sql::identifier;
use duckdb::Connection;
use semantics::DataType;

struct Way {
    /// Words of which the column's name has to have one.
    names: &'static [&'static str],
    /// Bounds of the values.
    from: f64,
    to: f64,
    whole: bool,
    /// `{v}` is the value as a whole number, `{x}` as it stands.
    reads: &'static str,
    data_type: DataType,
    called: &'static str,
}

const DATES: &[&str] = &["date", "day", "dt"];
const MOMENTS: &[&str] = &[
    "timestamp",
    "time",
    "datetime",
    "created",
    "updated",
    "modified",
    "at",
    "ts",
    "date",
    "epoch",
];
/// Such numbers refer to something or count something.
const OTHER: &[&str] = &[
    "id", "key", "code", "number", "no", "count", "days", "sk", "num",
];

const WAYS: &[Way] = &[
    Way {
        names: DATES,
        from: 19_500_101.0,
        to: 21_001_231.0,
        whole: true,
        reads: "CAST(try_strptime(CAST({v} AS VARCHAR), '%Y%m%d') AS DATE)",
        data_type: DataType::Date,
        called: "year, month and day in eight figures",
    },
    Way {
        names: &["date"],
        from: 18_264.0,
        to: 73_415.0,
        whole: true,
        reads: "DATE '1899-12-30' + CAST({v} AS INTEGER)",
        data_type: DataType::Date,
        called: "days since 1899-12-30, as spreadsheets count them",
    },
    Way {
        names: &["date", "datetime"],
        from: 18_264.0,
        to: 73_415.0,
        whole: false,
        reads: "make_timestamp(CAST(round((CAST({x} AS DOUBLE) - 25569) * 86400) AS BIGINT) * 1000000)",
        data_type: DataType::Timestamp,
        called: "days since 1899-12-30 with the time of day, as spreadsheets count them",
    },
    Way {
        names: MOMENTS,
        from: 500_000_000.0,
        to: 4_102_444_800.0,
        whole: true,
        reads: "make_timestamp({v} * 1000000)",
        data_type: DataType::Timestamp,
        called: "seconds since 1970",
    },
    Way {
        names: MOMENTS,
        from: 500_000_000_000.0,
        to: 4_102_444_800_000.0,
        whole: true,
        reads: "make_timestamp({v} * 1000)",
        data_type: DataType::Timestamp,
        called: "milliseconds since 1970",
    },
];

/// Turns such columns into dates, and says so in the remarks.
pub(crate) fn read(connection: &Connection, loaded: &mut Loaded) -> duckdb::Result<()> {
    let table = identifier(&loaded.name);
    for (name, data_type, _) in &mut loaded.columns {
        let words = semantics::name_words(name);
        let says = |any: &[&str]| words.iter().any(|w| any.contains(&w.as_str()));
        if !data_type.is_numeric() || says(OTHER) || !says(MOMENTS) && !says(DATES) {
            continue;
        }
        let column = identifier(name);
        let (first, last, whole): (Option<f64>, Option<f64>, bool) = connection.query_row(
            &format!(
                "SELECT CAST(min({column}) AS DOUBLE), CAST(max({column}) AS DOUBLE), coalesce(bool_and({column} = round({column})), false) FROM {table}"
            ),
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let (Some(first), Some(last)) = (first, last) else {
            continue;
        };
        let fitting = WAYS.iter().find(|way| {
            says(way.names) && first >= way.from && last <= way.to && (!way.whole || whole)
        });
        let Some(way) = fitting else { continue };
        let reads = way
            .reads
            .replace("{v}", &format!("CAST({column} AS BIGINT)"))
            .replace("{x}", &column);
        let read_all: bool = connection.query_row(
            &format!(
                "SELECT bool_and(({reads}) IS NOT NULL) FROM {table} WHERE {column} IS NOT NULL"
            ),
            [],
            |row| row.get(0),
        )?;
        if !read_all {
            continue;
        }
        let kind = match way.data_type {
            DataType::Timestamp => "TIMESTAMP",
            _ => "DATE",
        };
        connection.execute_batch(&format!(
            "ALTER TABLE {table} ALTER COLUMN {column} SET DATA TYPE {kind} USING {reads}"
        ))?;
        *data_type = way.data_type;
        loaded
            .remarks
            .push(format!("{name} read as {}", way.called));
    }
    Ok(())
}
