//! Dates that are written in words or with a zone (`Jan-23`, `3 March 2024`, `2024-12-30 22:46:26
//! +0000`): columns of text in which every value is one become dates.
//!
//! A month alone is its first day. A time with a zone keeps the time that the clock there showed.

use crate::load::Loaded;
use crate::sql::{identifier, quoted};
use crate::typing::MARKERS;
use duckdb::Connection;
use semantics::DataType;

/// What a way of writing looks like, what it is called, and how it is read; `{v}` is the value.
struct Way {
    looks: &'static str,
    called: &'static str,
    reads: &'static str,
    data_type: DataType,
}

const MONTH: &str = "(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*";

const WAYS: &[Way] = &[
    Way {
        looks: r"\d{4}-\d{2}-\d{2}[ t]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(z|utc|gmt|[+-]\d{2}:?\d{2})",
        called: "a time with its zone, kept as the clock there showed it",
        reads: r"try_cast(regexp_replace({v}, ' ?([Zz]|UTC|utc|GMT|gmt|[+-]\d{2}:?\d{2})$', '') AS TIMESTAMP)",
        data_type: DataType::Timestamp,
    },
    Way {
        looks: r"\d{1,2}/\d{1,2}/\d{4},? \d{1,2}:\d{2}(:\d{2})? ?[ap]m",
        called: "month/day/year with AM and PM",
        reads: r"try_strptime(upper(replace({v}, ',', '')), ['%m/%d/%Y %I:%M %p', '%m/%d/%Y %I:%M:%S %p', '%m/%d/%Y %I:%M%p', '%m/%d/%Y %I:%M:%S%p'])",
        data_type: DataType::Timestamp,
    },
    Way {
        looks: r"\d{1,2}/\d{1,2}/\d{4},? \d{1,2}:\d{2}(:\d{2})? ?[ap]m",
        called: "day/month/year with AM and PM",
        reads: r"try_strptime(upper(replace({v}, ',', '')), ['%d/%m/%Y %I:%M %p', '%d/%m/%Y %I:%M:%S %p', '%d/%m/%Y %I:%M%p', '%d/%m/%Y %I:%M:%S%p'])",
        data_type: DataType::Timestamp,
    },
    Way {
        looks: r"{month} \d{1,2},? \d{4},? \d{1,2}:\d{2}(:\d{2})? ?[ap]m( [a-z]{2,4})?",
        called: "month, day, year and time with AM and PM, as the clock there showed it",
        reads: r"try_strptime({m} || regexp_extract({v}, ' \d{1,2}') || regexp_extract({v}, ' \d{4}') || ' ' || regexp_extract({v}, '(\d{1,2}:\d{2}(:\d{2})?) ?[AaPp][Mm]', 1) || ' ' || upper(regexp_extract({v}, '([AaPp][Mm])( [A-Za-z]{2,4})?$', 1)), ['%b %d %Y %I:%M:%S %p', '%b %d %Y %I:%M %p'])",
        data_type: DataType::Timestamp,
    },
    Way {
        looks: r"\d{4}[/.]\d{1,2}[/.]\d{1,2}",
        called: "year, month and day",
        reads: "CAST(try_strptime(replace({v}, '.', '/'), '%Y/%m/%d') AS DATE)",
        data_type: DataType::Date,
    },
    Way {
        looks: r"\d{4}[/.]\d{1,2}[/.]\d{1,2} \d{1,2}:\d{2}(:\d{2})?",
        called: "year, month and day with the time",
        reads: r"try_strptime(replace({v}, '.', '/'), ['%Y/%m/%d %H:%M', '%Y/%m/%d %H:%M:%S'])",
        data_type: DataType::Timestamp,
    },
    Way {
        looks: r"q[1-4][ /-]?\d{4}|\d{4}[ /-]?q[1-4]",
        called: "quarter and year",
        reads: r"make_date(CAST(regexp_extract({v}, '\d{4}') AS INTEGER), 3 * CAST(regexp_extract({v}, '[Qq]([1-4])', 1) AS INTEGER) - 2, 1)",
        data_type: DataType::Date,
    },
    Way {
        looks: r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? \d{1,2}(st|nd|rd|th)? {month},? \d{4}",
        called: "weekday, day, month and year",
        reads: r"CAST(try_strptime(regexp_extract({v}, '(\d+)', 1) || ' ' || left(lower(regexp_extract({v}, '\d+(st|nd|rd|th)? ([A-Za-z]+)', 2)), 3) || ' ' || right({v}, 4), '%d %b %Y') AS DATE)",
        data_type: DataType::Date,
    },
    Way {
        looks: r"{month}[ '/-]{1,2}\d{2}",
        called: "month and year",
        reads: "CAST(try_strptime({m} || ' ' || right({v}, 2), '%b %y') AS DATE)",
        data_type: DataType::Date,
    },
    Way {
        looks: r"{month}[ /-]\d{4}",
        called: "month and year",
        reads: "CAST(try_strptime({m} || ' ' || right({v}, 4), '%b %Y') AS DATE)",
        data_type: DataType::Date,
    },
    Way {
        looks: r"\d{4}[-/](0[1-9]|1[0-2])",
        called: "year and month",
        reads: "CAST(try_strptime(replace({v}, '/', '-') || '-01', '%Y-%m-%d') AS DATE)",
        data_type: DataType::Date,
    },
    Way {
        looks: r"\d{1,2}(st|nd|rd|th)?[ /-]{month}[ /-]\d{2}",
        called: "day, month and year",
        reads: r"CAST(try_strptime(regexp_extract({v}, '^\d+') || ' ' || {m} || ' ' || right({v}, 2), '%d %b %y') AS DATE)",
        data_type: DataType::Date,
    },
    Way {
        looks: r"\d{1,2}(st|nd|rd|th)?[ /-]{month},?[ /-]\d{4}",
        called: "day, month and year",
        reads: r"CAST(try_strptime(regexp_extract({v}, '^\d+') || ' ' || {m} || ' ' || right({v}, 4), '%d %b %Y') AS DATE)",
        data_type: DataType::Date,
    },
    Way {
        looks: r"{month} \d{1,2}(st|nd|rd|th)?,? \d{4}",
        called: "month, day and year",
        reads: r"CAST(try_strptime(regexp_extract({v}, '(\d+)(st|nd|rd|th)?,? \d{4}$', 1) || ' ' || {m} || ' ' || right({v}, 4), '%d %b %Y') AS DATE)",
        data_type: DataType::Date,
    },
];

/// Rows that are looked at before the whole column is.
const SAMPLE: usize = 200;

/// Turns the columns of text that are dates into dates, and says so in the remarks.
pub(crate) fn read(connection: &Connection, loaded: &mut Loaded) -> duckdb::Result<()> {
    let table = identifier(&loaded.name);
    let markers: Vec<String> = MARKERS.iter().map(|m| quoted(m)).collect();
    for (name, data_type, _) in &mut loaded.columns {
        if *data_type != DataType::Text {
            continue;
        }
        let column = identifier(name);
        let value = format!("trim({column})");
        let filled = format!(
            "{column} IS NOT NULL AND {value} <> '' AND upper({value}) NOT IN ({})",
            markers.join(", ")
        );
        for way in WAYS {
            let looks = format!(
                "regexp_full_match(lower({value}), {})",
                quoted(&way.looks.replace("{month}", MONTH))
            );
            let all = |from: &str| -> duckdb::Result<bool> {
                connection.query_row(
                    &format!(
                        "SELECT coalesce(bool_and({looks}), false) FROM {from} WHERE {filled}"
                    ),
                    [],
                    |row| row.get(0),
                )
            };
            let sample =
                format!("(SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT {SAMPLE})");
            if !all(&sample)? || !all(&table)? {
                continue;
            }
            let month = format!("left(regexp_extract(lower({value}), {}), 3)", quoted(MONTH));
            let reads = way.reads.replace("{v}", &value).replace("{m}", &month);
            let read_all: bool = connection.query_row(
                &format!("SELECT bool_and(({reads}) IS NOT NULL) FROM {table} WHERE {filled}"),
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
                "ALTER TABLE {table} ALTER COLUMN {column} SET DATA TYPE {kind} USING CASE WHEN {filled} THEN {reads} END"
            ))?;
            *data_type = way.data_type;
            loaded
                .remarks
                .push(format!("{name} read as {}", way.called));
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_dates_are_dates_and_other_texts_are_not() {
        for (cells, want) in [
            (["Jan-23", "Dec-24"], Some("2023-01-01, 2024-12-01")),
            (["March 2024", "Sept 2023"], Some("2024-03-01, 2023-09-01")),
            (["2024-03", "2023-11"], Some("2024-03-01, 2023-11-01")),
            (["3-Mar-24", "21-Dec-23"], Some("2024-03-03, 2023-12-21")),
            (
                ["3rd March 2024", "1 May 2023"],
                Some("2024-03-03, 2023-05-01"),
            ),
            (
                ["March 3, 2024", "May 21 2023"],
                Some("2024-03-03, 2023-05-21"),
            ),
            (
                ["2024-12-30 22:46:26 +0000", "2024-06-01T01:00:00+02:00"],
                Some("2024-12-30 22:46:26, 2024-06-01 01:00:00"),
            ),
            (
                ["1/25/2024 3:45 PM", "1/5/2024 12:05 AM"],
                Some("2024-01-25 15:45:00, 2024-01-05 00:05:00"),
            ),
            (
                ["25/1/2024 3:45 PM", "5/1/2024 12:05 AM"],
                Some("2024-01-25 15:45:00, 2024-01-05 00:05:00"),
            ),
            (
                ["Jan 1, 2023 12:08:21 PM PST", "Mar 11, 2023 1:05 AM PDT"],
                Some("2023-01-01 12:08:21, 2023-03-11 01:05:00"),
            ),
            (["2024/01/25", "2024/1/5"], Some("2024-01-25, 2024-01-05")),
            (["Q3 2024", "2023-Q1"], Some("2024-07-01, 2023-01-01")),
            (
                ["Friday, 5 January 2024", "Sat 6th Jan 2024"],
                Some("2024-01-05, 2024-01-06"),
            ),
            (["May-23", "Marketing"], None),
            (["30-Feb-24", "1-Mar-24"], None),
            (["2023-13", "2023-12"], None),
        ] {
            let connection = Connection::open_in_memory().unwrap();
            connection
                .execute_batch(&format!(
                    "CREATE TABLE t AS SELECT * FROM (VALUES ('{}'), ('{}'), (NULL)) AS v(c)",
                    cells[0], cells[1]
                ))
                .unwrap();
            let mut loaded = Loaded {
                name: "t".into(),
                columns: vec![("c".into(), DataType::Text, None)],
                primary_key: Vec::new(),
                foreign_keys: Vec::new(),
                remarks: Vec::new(),
                intake: semantics::Intake::default(),
            };
            read(&connection, &mut loaded).unwrap();
            let got: String = connection
                .query_row(
                    "SELECT string_agg(CAST(c AS VARCHAR), ', ') FROM t",
                    [],
                    |r| r.get(0),
                )
                .unwrap();
            assert_eq!(
                loaded.columns[0].1 != DataType::Text,
                want.is_some(),
                "{cells:?}"
            );
            if let Some(want) = want {
                assert_eq!(got, want, "{cells:?}");
            }
        }
    }
}
