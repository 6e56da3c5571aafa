//! Dates with the time of day in a column of its own: joined, so that hours can be asked for.

use crate::load::Loaded;
use crate::sql::identifier;
use duckdb::Connection;
use semantics::DataType;

/// Words around "date" and "time" that say no more than that something happened.
const EVENTS: &[&str] = &[
    "order",
    "sale",
    "sales",
    "transaction",
    "trans",
    "purchase",
    "invoice",
    "event",
    "visit",
    "of",
    "day",
    "the",
];

/// What a name says besides "date" and "time"; none if it says neither.
fn about(name: &str, kind: &str) -> Option<Vec<String>> {
    let mut words = semantics::name_words(name);
    let at = words.iter().position(|w| w == kind)?;
    words.remove(at);
    Some(words)
}

/// Reads the times of day of a text column.
fn time_of_day(column: &str) -> String {
    let c = format!("trim({})", identifier(column));
    format!(
        "CASE WHEN regexp_full_match({c}, '\\d{{1,2}}:\\d{{2}}(:\\d{{2}}(\\.\\d+)?)?') THEN try_cast(CASE WHEN length(regexp_replace({c}, '[^:]', '', 'g')) = 1 THEN {c} || ':00' ELSE {c} END AS TIME) \
         WHEN regexp_full_match(upper({c}), '\\d{{1,2}}:\\d{{2}} ?[AP]M') THEN CAST(try_strptime(replace(upper({c}), ' ', ''), '%I:%M%p') AS TIME) \
         WHEN regexp_full_match(upper({c}), '\\d{{1,2}}:\\d{{2}}:\\d{{2}} ?[AP]M') THEN CAST(try_strptime(replace(upper({c}), ' ', ''), '%I:%M:%S%p') AS TIME) END"
    )
}

/// Adds a column with date and time to a table that has a date and, in another column, the time of
/// day of every one of them.
pub(crate) fn join(connection: &Connection, table: &mut Loaded) -> duckdb::Result<()> {
    let of_type = |wanted: DataType, kind: &str| -> Vec<(String, Vec<String>)> {
        table
            .columns
            .iter()
            .filter(|(_, t, _)| *t == wanted)
            .filter_map(|(name, ..)| Some((name.clone(), about(name, kind)?)))
            .collect()
    };
    let dates = of_type(DataType::Date, "date");
    let times = of_type(DataType::Text, "time");
    let ([(time, said)], false) = (&times[..], dates.is_empty()) else {
        return Ok(());
    };
    // The date of the same event; else the only one, where the time says nothing of another event.
    let plain = |words: &[String]| words.iter().all(|w| EVENTS.contains(&w.as_str()));
    let same = dates.iter().find(|(_, d)| d == said);
    let only = dates
        .first()
        .filter(|(_, d)| dates.len() == 1 && plain(said) && plain(d));
    let Some((date, _)) = same.or(only) else {
        return Ok(());
    };
    let (t, d, reading) = (identifier(&table.name), identifier(date), time_of_day(time));
    let (dated, read): (i64, i64) = connection.query_row(
        &format!("SELECT count(*), count({reading}) FROM {t} WHERE {d} IS NOT NULL"),
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    // A date without its time would be moved to midnight.
    if dated == 0 || read < dated {
        return Ok(());
    }
    let joined = if date.contains('_') || date.chars().all(char::is_lowercase) {
        format!("{date}_and_time")
    } else {
        format!("{date} and time")
    };
    if table
        .columns
        .iter()
        .any(|(name, ..)| name.eq_ignore_ascii_case(&joined))
    {
        return Ok(());
    }
    let j = identifier(&joined);
    connection.execute_batch(&format!(
        "ALTER TABLE {t} ADD COLUMN {j} TIMESTAMP; UPDATE {t} SET {j} = {d} + {reading}"
    ))?;
    table.columns.push((joined, DataType::Timestamp, None));
    table.remarks.push(format!(
        "{date} and {time} are read together as one moment too"
    ));
    Ok(())
}
