//! One thing under several spellings: values that differ in case, spaces or accents alone count as
//! one, under the spelling that most rows have.

use crate::load::Loaded;
use crate::sql::{identifier, quoted};
use duckdb::Connection;
use semantics::DataType;

/// Columns with more values are free text or keys.
const MOST_VALUES: i64 = 20_000;
/// Spellings that are listed by name.
const LISTED: usize = 5;

/// Words of names whose values are codes: there, case may tell two things apart.
const CODES: &[&str] = &[
    "id",
    "code",
    "sku",
    "key",
    "number",
    "no",
    "email",
    "mail",
    "url",
    "link",
    "hash",
    "password",
    "token",
    "uuid",
    "guid",
    "barcode",
    "ean",
    "upc",
    "asin",
    "isbn",
    "path",
    "file",
    "note",
    "notes",
    "comment",
    "comments",
    "remark",
    "remarks",
    "description",
    "review",
    "text",
    "message",
];

/// Brings the spellings of the values of text columns together, and lists each in the remarks.
pub(crate) fn bring_together(connection: &Connection, table: &mut Loaded) -> duckdb::Result<()> {
    let name = identifier(&table.name);
    for (column, data_type, _) in &table.columns {
        if *data_type != DataType::Text
            || semantics::name_words(column)
                .iter()
                .any(|w| CODES.contains(&w.as_str()))
        {
            continue;
        }
        let c = identifier(column);
        let (values, filled): (i64, i64) = connection.query_row(
            &format!("SELECT approx_count_distinct({c}), count({c}) FROM {name}"),
            [],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?;
        if values > MOST_VALUES || values * 10 > filled * 9 && filled > 20 {
            continue;
        }
        connection.execute_batch(&format!(
            "CREATE OR REPLACE TEMP TABLE retail_spellings AS \
             WITH counted AS (SELECT {c} AS spelling, count(*) AS n FROM {name} WHERE {c} IS NOT NULL GROUP BY 1), \
             each AS (SELECT spelling, n, lower(strip_accents(regexp_replace(trim(spelling), '\\s+', ' ', 'g'))) AS folded FROM counted), \
             several AS (SELECT folded FROM each GROUP BY folded HAVING count(*) > 1) \
             SELECT e.spelling, e.n, first_value(trim(regexp_replace(e.spelling, '\\s+', ' ', 'g'))) OVER (PARTITION BY e.folded ORDER BY e.n DESC, e.spelling = upper(e.spelling) OR e.spelling = lower(e.spelling), e.spelling <> trim(e.spelling), e.spelling) AS kept \
             FROM each e SEMI JOIN several s ON e.folded = s.folded"
        ))?;
        let mut statement = connection.prepare(
            "SELECT kept, string_agg(spelling, chr(31) ORDER BY n DESC, spelling), sum(n)::BIGINT FROM (FROM retail_spellings WHERE spelling <> kept) GROUP BY kept ORDER BY sum(n) DESC, kept",
        )?;
        let folded = statement
            .query_map([], |r| {
                Ok((
                    r.get::<_, String>(0)?,
                    r.get::<_, String>(1)?,
                    r.get::<_, i64>(2)?,
                ))
            })?
            .collect::<duckdb::Result<Vec<_>>>()?;
        if folded.is_empty() {
            continue;
        }
        connection.execute_batch(&format!(
            "UPDATE {name} SET {c} = s.kept FROM retail_spellings s WHERE {name}.{c} = s.spelling AND s.spelling <> s.kept"
        ))?;
        let listed: Vec<String> = folded
            .iter()
            .take(LISTED)
            .map(|(kept, others, _)| {
                let others: Vec<String> = others.split('\u{1f}').map(quoted).collect();
                format!("{} as {}", others.join(", "), quoted(kept))
            })
            .collect();
        let more = folded.len().saturating_sub(LISTED);
        let rows: i64 = folded.iter().map(|f| f.2).sum();
        table.remarks.push(format!(
            "{column}: {rows} cells spelled otherwise counted under one spelling: {}{} (--strict keeps them apart)",
            listed.join("; "),
            if more > 0 {
                format!("; and {more} more")
            } else {
                String::new()
            }
        ));
    }
    connection.execute_batch("DROP TABLE IF EXISTS retail_spellings")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_value_become_one() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (state VARCHAR, sku VARCHAR); INSERT INTO t VALUES \
                 ('Karnataka', 'a1'), ('Karnataka', 'A1'), ('KARNATAKA', 'a1'), ('S\u{e3}o  Paulo', 'b'), ('Sao Paulo', 'b'), ('Sao Paulo', 'b'), ('Kerala', 'c'), (NULL, 'c')",
            )
            .unwrap();
        let mut loaded = Loaded {
            name: "t".into(),
            columns: vec![
                ("state".into(), DataType::Text, None),
                ("sku".into(), DataType::Text, None),
            ],
            primary_key: Vec::new(),
            foreign_keys: Vec::new(),
            remarks: Vec::new(),
            intake: semantics::Intake::default(),
        };
        bring_together(&connection, &mut loaded).unwrap();
        let got: String = connection
            .query_row(
                "SELECT string_agg(state || ' ' || n, ', ' ORDER BY state) FROM (SELECT state, count(*) AS n FROM t WHERE state IS NOT NULL GROUP BY 1)",
                [],
                |r| r.get(0),
            )
            .unwrap();
        assert_eq!(got, "Karnataka 3, Kerala 1, Sao Paulo 3");
        assert_eq!(
            loaded.remarks,
            [
                "state: 2 cells spelled otherwise counted under one spelling: 'KARNATAKA' as 'Karnataka'; 'S\u{e3}o  Paulo' as 'Sao Paulo' (--strict keeps them apart)"
            ]
        );
        let codes: i64 = connection
            .query_row("SELECT count(DISTINCT sku) FROM t", [], |r| r.get(0))
            .unwrap();
        assert_eq!(codes, 4);
    }
}
