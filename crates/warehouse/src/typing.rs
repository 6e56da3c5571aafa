//! Which type a column of text has, decided by the whole column.

use crate::reading::{Dates, Decimal, Reading};
use crate::sql::{identifier, quoted};
use duckdb::{Connection, Row};
use semantics::DataType;

/// Words that stand for a missing value wherever they occur.
pub(crate) const MARKERS: &[&str] = &[
    "ERROR", "UNKNOWN", "N/A", "#N/A", "NULL", "NAN", "#VALUE!", "#REF!", "#DIV/0!", "-", "--",
    "?", "(BLANK)", "(NULL)", "\\N",
];
/// Words that stand for a missing value only in a column of numbers or dates.
pub(crate) const TYPED_MARKERS: &[&str] = &["NA", "NONE", "NIL", "TBD", "MISSING"];

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
    /// The engine's own reading of the cells as that type gives the same values.
    pub(crate) plain: bool,
}

/// How the cells of a column are written; markers and empty cells count nowhere else.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) filled: i64,
    pub(crate) markers: i64,
    pub(crate) typed_markers: i64,
    pub(crate) whole: i64,
    pub(crate) leading_zero: i64,
    pub(crate) number: i64,
    pub(crate) decimals: i64,
    pub(crate) percent: i64,
    pub(crate) parted: i64,
    pub(crate) with_time: i64,
    pub(crate) first_max: i64,
    pub(crate) second_max: i64,
    pub(crate) iso: i64,
    pub(crate) midnight: i64,
    pub(crate) truth: i64,
    pub(crate) dollar: i64,
    pub(crate) euro: i64,
    pub(crate) pound: i64,
    pub(crate) longest_digits: i64,
    /// With spaces at an end.
    pub(crate) spaced: i64,
    /// Numbers and other texts with signs of currency, percent, brackets, commas or spaces.
    pub(crate) decorated: i64,
    /// In brackets, as bookkeepers write what is negative.
    pub(crate) parens: i64,
    /// Dates with years of two figures.
    pub(crate) short_years: i64,
    /// Amounts that can be read with a decimal comma, whole numbers among them.
    pub(crate) comma_number: i64,
    /// Of those, amounts that cannot be read with a decimal point.
    pub(crate) comma_sure: i64,
    /// Figures after the decimal comma at most.
    pub(crate) comma_decimals: i64,
}

impl Counts {
    /// Adds the counts of other cells of the column.
    pub(crate) fn add(&mut self, other: &Counts) {
        self.filled += other.filled;
        self.markers += other.markers;
        self.typed_markers += other.typed_markers;
        self.whole += other.whole;
        self.leading_zero += other.leading_zero;
        self.number += other.number;
        self.decimals = self.decimals.max(other.decimals);
        self.percent += other.percent;
        self.parted += other.parted;
        self.with_time += other.with_time;
        self.first_max = self.first_max.max(other.first_max);
        self.second_max = self.second_max.max(other.second_max);
        self.iso += other.iso;
        self.midnight += other.midnight;
        self.truth += other.truth;
        self.dollar += other.dollar;
        self.euro += other.euro;
        self.pound += other.pound;
        self.longest_digits = self.longest_digits.max(other.longest_digits);
        self.spaced += other.spaced;
        self.decorated += other.decorated;
        self.parens += other.parens;
        self.short_years += other.short_years;
        self.comma_number += other.comma_number;
        self.comma_sure += other.comma_sure;
        self.comma_decimals = self.comma_decimals.max(other.comma_decimals);
    }
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

/// With a decimal comma.
const COMMA: &str = r"^\(?[-+]?\s*[$€£]?\s*[-+]?(\d{1,3}([. ]\d{3})+|\d+)(,\d+)?\s*[%$€£]?\)?$";

/// How the numbers and dates of a table are written: what single columns leave open.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Style {
    pub(crate) strict: bool,
    /// Decimals stand after a comma.
    pub(crate) comma: bool,
    pub(crate) dates: Option<Dates>,
}

impl Style {
    /// What the user says, else what some column shows: one amount that cannot be read with a decimal
    /// point decides for the whole table.
    pub(crate) fn of<'a>(reading: &Reading, columns: impl IntoIterator<Item = &'a Counts>) -> Self {
        let shown = columns
            .into_iter()
            .any(|c| c.comma_sure > 0 && c.comma_number == c.filled);
        Style {
            strict: reading.strict,
            comma: match reading.decimal {
                Some(Decimal::Comma) => true,
                Some(Decimal::Point) => false,
                None => shown,
            },
            dates: reading.dates,
        }
    }
}

/// Whether a cell stands for a missing value.
pub(crate) fn is_marker(cell: &str) -> bool {
    let cell = cell.trim();
    cell.is_empty()
        || MARKERS
            .iter()
            .chain(TYPED_MARKERS)
            .any(|m| cell.eq_ignore_ascii_case(m))
}

/// Without what may stand around the figures of an amount.
fn bare(value: &str) -> String {
    format!("translate({value}, '$€£,%()+ \t\n\u{c}\r', '')")
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
        format!("count(*) FILTER (WHERE {live} AND regexp_full_match({t}, {}))", quoted(COMMA)),
        format!("count(*) FILTER (WHERE {live} AND regexp_full_match({t}, {}) AND NOT (regexp_full_match({t}, {}) AND regexp_matches({t}, '\\d')))", quoted(COMMA), quoted(NUMBER)),
        format!("coalesce(max(length(regexp_extract({t}, ',(\\d+)\\D*$', 1))) FILTER (WHERE {live} AND regexp_full_match({t}, {})), 0)", quoted(COMMA)),
        format!("count(*) FILTER (WHERE {} <> {t})", identifier(column)),
    ]
    .join(",\n")
}

/// Columns that [`count_columns`] selects.
const WIDTH: usize = 23;

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
        comma_number: n(19)?,
        comma_sure: n(20)?,
        comma_decimals: n(21)?,
        spaced: n(22)?,
        // Not measured: whatever they guard against may occur.
        decorated: 1,
        parens: 1,
        short_years: 1,
    })
}

/// The engine's counts of one column for each value of another, in its order.
#[cfg(test)]
pub(crate) fn measured(
    connection: &Connection,
    table: &str,
    column: &str,
    by: &str,
) -> duckdb::Result<Vec<Counts>> {
    let mut statement = connection.prepare(&format!(
        "SELECT {} FROM {table} GROUP BY {by} ORDER BY {by}",
        count_columns(column)
    ))?;
    statement
        .query_map([], |row| read_counts(row, 0))?
        .collect()
}

/// Types of all columns of a staging table of text.
pub(crate) fn decide(
    connection: &Connection,
    staging: &str,
    columns: &[String],
    reading: &Reading,
) -> duckdb::Result<Vec<Typing>> {
    let mut all = Vec::new();
    for chunk in columns.chunks(40) {
        let select: Vec<String> = chunk.iter().map(|c| count_columns(c)).collect();
        let counts: Vec<Counts> = connection.query_row(
            &format!("SELECT {} FROM {staging}", select.join(",\n")),
            [],
            |row| {
                (0..chunk.len())
                    .map(|i| read_counts(row, i * WIDTH))
                    .collect()
            },
        )?;
        all.extend(counts);
    }
    let style = Style::of(reading, &all);
    Ok(columns
        .iter()
        .zip(&all)
        .map(|(column, counts)| typing(column, counts, style))
        .collect())
}

/// The currency whose sign stands in the cells.
fn currency(c: &Counts) -> Option<String> {
    let code = if c.dollar > 0 {
        "USD"
    } else if c.euro > 0 {
        "EUR"
    } else if c.pound > 0 {
        "GBP"
    } else {
        return None;
    };
    Some(code.to_string())
}

/// The type of a column that is written so, and the expression that reads it.
pub(crate) fn typing(column: &str, c: &Counts, style: Style) -> Typing {
    let strict = style.strict;
    let t = if c.spaced == 0 {
        identifier(column)
    } else {
        format!("trim({})", identifier(column))
    };
    let typed_missing = format!("upper({t}) IN ({}, {})", list(MARKERS), list(TYPED_MARKERS));
    let text_is_plain = c.spaced == 0 && (strict || c.markers == 0);
    let text_value = if text_is_plain {
        t.clone()
    } else if strict {
        format!("nullif({t}, '')")
    } else {
        format!(
            "CASE WHEN {t} = '' OR upper({t}) IN ({}) THEN NULL ELSE {t} END",
            list(MARKERS)
        )
    };
    // Empty cells are NULL where no spaces are in the way.
    let clean = c.spaced == 0 && c.markers + c.typed_markers == 0;
    let value = if clean {
        t.clone()
    } else {
        format!("CASE WHEN {t} = '' OR {typed_missing} THEN NULL ELSE {t} END")
    };
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
        plain: text_is_plain,
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
                plain: clean && c.with_time == 0,
            };
        }
        return Typing {
            data_type: DataType::Timestamp,
            sql: format!("try_cast({value} AS TIMESTAMP)"),
            remark: joined(None),
            currency: None,
            plain: clean,
        };
    }
    let told = style.dates.or(match (c.first_max > 12, c.second_max > 12) {
        (true, false) => Some(Dates::DayFirst),
        (false, true) => Some(Dates::MonthFirst),
        _ => None,
    });
    let fits = c.first_max <= 31
        && c.second_max <= 31
        && match told {
            Some(Dates::DayFirst) => c.second_max <= 12,
            Some(Dates::MonthFirst) => c.first_max <= 12,
            None => c.first_max <= 12 && c.second_max <= 12,
        };
    let mixed = c.parted > 0 && c.iso > 0 && all(c.parted + c.iso);
    if (mixed && (told.is_none() || !fits)) || (all(c.parted) && !fits) {
        return Typing {
            remark: joined(Some(format!(
                "{column}: dates written in several ways, of which some may be day/month or \
                 month/day, are kept as text; --dates day-first or month-first reads them"
            ))),
            ..text
        };
    }
    if all(c.parted) || mixed {
        let order = match told {
            Some(Dates::DayFirst) => DateOrder::DayFirst,
            _ => DateOrder::MonthFirst,
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
        let date = if mixed {
            format!(
                "CASE WHEN {value} IS NULL THEN NULL WHEN {value} LIKE '____-%' THEN CAST(try_cast({value} AS TIMESTAMP) AS DATE) ELSE TRY(make_date({year}, CAST({} AS INTEGER), CAST({} AS INTEGER))) END",
                part(month),
                part(day)
            )
        } else if c.short_years == 0 && c.with_time == 0 {
            let format = if order == DateOrder::DayFirst {
                "%d/%m/%Y"
            } else {
                "%m/%d/%Y"
            };
            format!("CAST(try_strptime(translate({value}, '.-', '//'), '{format}') AS DATE)")
        } else {
            format!(
                "CASE WHEN {value} IS NULL THEN NULL ELSE TRY(make_date({year}, CAST({} AS INTEGER), CAST({} AS INTEGER))) END",
                part(month),
                part(day)
            )
        };
        let written = if order == DateOrder::DayFirst {
            "day/month/year"
        } else {
            "month/day/year"
        };
        let note = Some(format!(
            "{column} read as {written}{}",
            match (told, mixed) {
                (None, _) => " (no value tells which; month first assumed)".to_string(),
                (_, true) => format!(", and {} values as year-month-day", c.iso),
                _ => String::new(),
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
                plain: false,
            };
        }
        return Typing {
            data_type: DataType::Date,
            sql: date,
            remark: joined(note),
            currency: None,
            plain: false,
        };
    }
    if all(c.truth) {
        return Typing {
            data_type: DataType::Boolean,
            sql: format!("lower({value}) IN ('true', 'yes')"),
            remark: joined(None),
            currency: None,
            plain: false,
        };
    }
    if all(c.whole) && c.leading_zero == 0 {
        return Typing {
            data_type: DataType::Integer,
            sql: format!("try_cast({value} AS BIGINT)"),
            remark: joined(None),
            currency: None,
            plain: clean,
        };
    }
    if style.comma && all(c.comma_number) && c.leading_zero == 0 {
        let figures = format!("replace(translate({value}, '$€£%.()+ \t\n\u{c}\r', ''), ',', '.')");
        let negative = if c.parens == 0 {
            String::new()
        } else {
            format!(" * CASE WHEN {value} LIKE '(%)' THEN -1 ELSE 1 END")
        };
        let exact = c.percent == 0 && c.comma_decimals <= 4 && c.longest_digits <= 17;
        let sql = if exact {
            format!("CAST(try_cast({figures} AS DECIMAL(18,4)){negative} AS DECIMAL(18,4))")
        } else {
            format!(
                "try_cast({figures} AS DOUBLE){negative} / CASE WHEN {value} LIKE '%\\%' ESCAPE '\\' THEN 100 ELSE 1 END"
            )
        };
        let percent = if c.percent > 0 {
            ", percentages as fractions"
        } else {
            ""
        };
        return Typing {
            data_type: if exact {
                DataType::Decimal
            } else {
                DataType::Float
            },
            sql,
            remark: joined(Some(format!("{column} read with decimal comma{percent}"))),
            currency: currency(c),
            plain: false,
        };
    }
    let signs = [c.dollar, c.euro, c.pound]
        .iter()
        .filter(|n| **n > 0)
        .count();
    if all(c.number) && signs > 1 {
        return Typing {
            remark: joined(Some(format!(
                "{column}: amounts in several currencies are kept as text, for they do not add up"
            ))),
            ..text
        };
    }
    if all(c.number) && c.leading_zero == 0 {
        let currency = currency(c);
        let figures = if c.decorated == 0 {
            value.clone()
        } else {
            bare(&value)
        };
        let negative = if c.parens == 0 {
            String::new()
        } else {
            format!(" * CASE WHEN {value} LIKE '(%)' THEN -1 ELSE 1 END")
        };
        let plain = clean && c.decorated == 0;
        if c.percent > 0 {
            return Typing {
                data_type: DataType::Float,
                sql: format!(
                    "try_cast({figures} AS DOUBLE){negative} / CASE WHEN {value} LIKE '%\\%' ESCAPE '\\' THEN 100 ELSE 1 END"
                ),
                remark: joined(Some(format!("{column}: percentages read as fractions"))),
                currency,
                plain: false,
            };
        }
        if c.decimals <= 4 && c.longest_digits <= 17 {
            return Typing {
                data_type: DataType::Decimal,
                sql: if negative.is_empty() {
                    format!("try_cast({figures} AS DECIMAL(18,4))")
                } else {
                    format!("CAST(try_cast({figures} AS DECIMAL(18,4)){negative} AS DECIMAL(18,4))")
                },
                remark: joined(None),
                currency,
                plain,
            };
        }
        return Typing {
            data_type: DataType::Float,
            sql: format!("try_cast({figures} AS DOUBLE){negative}"),
            remark: joined(None),
            currency,
            plain,
        };
    }
    text
}
