//! Which type a column of text has, decided by the whole column.

use crate::sql::{identifier, quoted};
use duckdb::{Connection, Row};
use semantics::DataType;

/// Words that stand for a missing value wherever they occur.
const MARKERS: &[&str] = &[
    "ERROR", "UNKNOWN", "N/A", "#N/A", "NULL", "NAN", "#VALUE!", "#REF!", "#DIV/0!", "-", "--",
    "?", "(BLANK)", "(NULL)",
];
/// Words that stand for a missing value only in a column of numbers or dates.
const TYPED_MARKERS: &[&str] = &["NA", "NONE", "NIL", "TBD", "MISSING"];

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateOrder {
    DayFirst,
    MonthFirst,
}

/// What was found for one column.
#[derive(Debug, Clone)]
pub(crate) struct Typing {
    pub(crate) data_type: DataType,
    /// SELECT expression that makes the typed value.
    pub(crate) sql: String,
    pub(crate) remark: Option<String>,
    pub(crate) currency: Option<String>,
}

struct Counts {
    filled: i64,
    markers: i64,
    typed_markers: i64,
    whole: i64,
    leading_zero: i64,
    number: i64,
    decimals: i64,
    percent: i64,
    parted: i64,
    with_time: i64,
    first_max: i64,
    second_max: i64,
    iso: i64,
    midnight: i64,
    truth: i64,
    dollar: i64,
    euro: i64,
    pound: i64,
    longest_digits: i64,
}

fn list(words: &[&str]) -> String {
    words
        .iter()
        .map(|w| quoted(w))
        .collect::<Vec<_>>()
        .join(", ")
}

const PARTED: &str =
    r"^\d{1,2}[/.-]\d{1,2}[/.-](\d{2}|\d{4})([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?$";
const ISO: &str = r"^\d{4}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?$";
const NUMBER: &str =
    r"^\(?[-+]?\s*[$€£]?\s*[-+]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?([eE][-+]?\d+)?\s*[%$€£]?\)?$";

fn plain(value: &str) -> String {
    format!("regexp_replace({value}, '[$€£,%()\\s+]', '', 'g')")
}

fn count_columns(column: &str) -> String {
    let t = format!("trim({})", identifier(column));
    let missing = format!(
        "({t} IS NULL OR {t} = '' OR upper({t}) IN ({}))",
        list(MARKERS)
    );
    let typed_missing = format!("upper({t}) IN ({})", list(TYPED_MARKERS));
    let live = format!("(NOT {missing} AND NOT ({typed_missing}))");
    [
        format!("count(*) FILTER (WHERE {live})"),
        format!("count(*) FILTER (WHERE {t} <> '' AND {missing})"),
        format!("count(*) FILTER (WHERE {typed_missing})"),
        format!("count(*) FILTER (WHERE {live} AND regexp_full_match({t}, '[-+]?\\d{{1,18}}'))"),
        format!("count(*) FILTER (WHERE {live} AND regexp_full_match({t}, '0\\d+'))"),
        format!("count(*) FILTER (WHERE {live} AND regexp_full_match({t}, {}) AND regexp_matches({t}, '\\d'))", quoted(NUMBER)),
        format!("coalesce(max(length(regexp_extract({t}, '\\.(\\d+)\\s*[%)]?$', 1))) FILTER (WHERE {live}), 0)"),
        format!("count(*) FILTER (WHERE {live} AND {t} LIKE '%\\%' ESCAPE '\\')"),
        format!("count(*) FILTER (WHERE {live} AND regexp_full_match({t}, {}))", quoted(PARTED)),
        format!("count(*) FILTER (WHERE {live} AND {t} LIKE '%:%')"),
        format!("coalesce(max(try_cast(regexp_extract({t}, '^(\\d{{1,2}})[/.-]', 1) AS INTEGER)) FILTER (WHERE {live}), 0)"),
        format!("coalesce(max(try_cast(regexp_extract({t}, '^\\d{{1,2}}[/.-](\\d{{1,2}})[/.-]', 1) AS INTEGER)) FILTER (WHERE {live}), 0)"),
        format!("count(*) FILTER (WHERE {live} AND regexp_full_match({t}, {}) AND try_cast({t} AS TIMESTAMP) IS NOT NULL)", quoted(ISO)),
        format!("count(*) FILTER (WHERE {live} AND regexp_matches({t}, '[ T]0?0:00(:00(\\.0+)?)?$'))"),
        format!("count(*) FILTER (WHERE {live} AND lower({t}) IN ('true', 'false', 'yes', 'no'))"),
        format!("count(*) FILTER (WHERE {live} AND contains({t}, '$'))"),
        format!("count(*) FILTER (WHERE {live} AND contains({t}, '€'))"),
        format!("count(*) FILTER (WHERE {live} AND contains({t}, '£'))"),
        format!("coalesce(max(length(regexp_replace({t}, '\\D', '', 'g'))) FILTER (WHERE {live}), 0)"),
    ]
    .join(",\n")
}

fn read_counts(row: &Row, at: usize) -> duckdb::Result<Counts> {
    let n = |i: usize| row.get::<_, i64>(at + i);
    Ok(Counts {
        filled: n(0)?,
        markers: n(1)?,
        typed_markers: n(2)?,
        whole: n(3)?,
        leading_zero: n(4)?,
        number: n(5)?,
        decimals: n(6)?,
        percent: n(7)?,
        parted: n(8)?,
        with_time: n(9)?,
        first_max: n(10)?,
        second_max: n(11)?,
        iso: n(12)?,
        midnight: n(13)?,
        truth: n(14)?,
        dollar: n(15)?,
        euro: n(16)?,
        pound: n(17)?,
        longest_digits: n(18)?,
    })
}

/// Types of all columns of a staging table of text.
pub(crate) fn decide(
    connection: &Connection,
    staging: &str,
    columns: &[String],
    strict: bool,
) -> duckdb::Result<Vec<Typing>> {
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let mut typings = Vec::new();
    for chunk in columns.chunks(40) {
        let select: Vec<String> = chunk.iter().map(|c| count_columns(c)).collect();
        let counts: Vec<Counts> = connection.query_row(
            &format!("SELECT {} FROM {staging}", select.join(",\n")),
            [],
            |row| (0..chunk.len()).map(|i| read_counts(row, i * 19)).collect(),
        )?;
        for (column, counts) in chunk.iter().zip(counts) {
            typings.push(typing(column, &counts, strict));
        }
    }
    Ok(typings)
}

fn typing(column: &str, c: &Counts, strict: bool) -> Typing {
    let t = format!("trim({})", identifier(column));
    let typed_missing = format!("upper({t}) IN ({}, {})", list(MARKERS), list(TYPED_MARKERS));
    let text_value = if strict {
        format!("nullif({t}, '')")
    } else {
        format!(
            "CASE WHEN {t} = '' OR upper({t}) IN ({}) THEN NULL ELSE {t} END",
            list(MARKERS)
        )
    };
    let value = format!("CASE WHEN {t} = '' OR {typed_missing} THEN NULL ELSE {t} END");
    let missing_remark = |n: i64| {
        (n > 0).then(|| {
            format!("{column}: {n} marker values (such as ERROR, UNKNOWN or N/A) read as missing")
        })
    };
    let text = Typing {
        data_type: DataType::Text,
        sql: text_value,
        remark: if strict {
            None
        } else {
            missing_remark(c.markers)
        },
        currency: None,
    };
    // A column of markers that would otherwise be text keeps the words that only numbers lose.
    if c.filled == 0 {
        return text;
    }
    let all = |n: i64| n == c.filled;
    let remark = missing_remark(c.markers + c.typed_markers);
    let joined = |extra: Option<String>| match (&remark, extra) {
        (Some(a), Some(b)) => Some(format!("{b}; {a}")),
        (a, b) => b.or_else(|| a.clone()),
    };
    if strict && c.markers + c.typed_markers > 0 {
        return text;
    }
    if all(c.iso) {
        if c.with_time == 0 || all(c.midnight) || c.with_time == c.midnight {
            return Typing {
                data_type: DataType::Date,
                sql: format!("CAST(try_cast({value} AS TIMESTAMP) AS DATE)"),
                remark: joined(None),
                currency: None,
            };
        }
        return Typing {
            data_type: DataType::Timestamp,
            sql: format!("try_cast({value} AS TIMESTAMP)"),
            remark: joined(None),
            currency: None,
        };
    }
    if all(c.parted)
        && (c.first_max <= 12 || c.second_max <= 12)
        && c.first_max <= 31
        && c.second_max <= 31
    {
        let order = if c.first_max > 12 {
            DateOrder::DayFirst
        } else {
            DateOrder::MonthFirst
        };
        let (day, month) = if order == DateOrder::DayFirst {
            (1, 2)
        } else {
            (2, 1)
        };
        let part = |i: usize| {
            format!(
                "regexp_extract({value}, '^(\\d{{1,2}})[/.-](\\d{{1,2}})[/.-](\\d{{2,4}})', {i})"
            )
        };
        let year = format!(
            "CASE WHEN length({y}) = 2 THEN CASE WHEN CAST({y} AS INTEGER) < 70 THEN 2000 ELSE 1900 END + CAST({y} AS INTEGER) ELSE CAST({y} AS INTEGER) END",
            y = part(3)
        );
        let date = format!(
            "make_date({year}, CAST({} AS INTEGER), CAST({} AS INTEGER))",
            part(month),
            part(day)
        );
        let date = format!("CASE WHEN {value} IS NULL THEN NULL ELSE {date} END");
        let written = if order == DateOrder::DayFirst {
            "day/month/year"
        } else {
            "month/day/year"
        };
        let sure = c.first_max > 12 || c.second_max > 12;
        let note = Some(format!(
            "{column} read as {written}{}",
            if sure {
                ""
            } else {
                " (no value tells which; month first assumed)"
            }
        ));
        if c.with_time > 0 && c.with_time != c.midnight {
            let clock = format!(
                "try_cast(regexp_extract({value}, '[ T](\\d{{1,2}}:\\d{{2}}(:\\d{{2}})?)', 1) || CASE WHEN regexp_matches({value}, ':\\d{{2}}:') THEN '' ELSE ':00' END AS TIME)"
            );
            return Typing {
                data_type: DataType::Timestamp,
                sql: format!("({date}) + coalesce({clock}, TIME '00:00:00')"),
                remark: joined(note),
                currency: None,
            };
        }
        return Typing {
            data_type: DataType::Date,
            sql: date,
            remark: joined(note),
            currency: None,
        };
    }
    if all(c.truth) {
        return Typing {
            data_type: DataType::Boolean,
            sql: format!("lower({value}) IN ('true', 'yes')"),
            remark: joined(None),
            currency: None,
        };
    }
    if all(c.whole) && c.leading_zero == 0 {
        return Typing {
            data_type: DataType::Integer,
            sql: format!("try_cast({value} AS BIGINT)"),
            remark: joined(None),
            currency: None,
        };
    }
    if all(c.number) && c.leading_zero == 0 {
        let currency = if c.dollar > 0 {
            Some("USD")
        } else if c.euro > 0 {
            Some("EUR")
        } else if c.pound > 0 {
            Some("GBP")
        } else {
            None
        }
        .map(str::to_string);
        let negative = format!("CASE WHEN {value} LIKE '(%)' THEN -1 ELSE 1 END");
        if c.percent > 0 {
            return Typing {
                data_type: DataType::Float,
                sql: format!(
                    "try_cast({} AS DOUBLE) * {negative} / CASE WHEN {value} LIKE '%\\%' ESCAPE '\\' THEN 100 ELSE 1 END",
                    plain(&value)
                ),
                remark: joined(Some(format!("{column}: percentages read as fractions"))),
                currency,
            };
        }
        if c.decimals <= 4 && c.longest_digits <= 17 {
            return Typing {
                data_type: DataType::Decimal,
                sql: format!(
                    "CAST(try_cast({} AS DECIMAL(18,4)) * {negative} AS DECIMAL(18,4))",
                    plain(&value)
                ),
                remark: joined(None),
                currency,
            };
        }
        return Typing {
            data_type: DataType::Float,
            sql: format!("try_cast({} AS DOUBLE) * {negative}", plain(&value)),
            remark: joined(None),
            currency,
        };
    }
    text
}
