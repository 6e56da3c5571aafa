//! What is odd about loaded tables: stretches of days without rows, values far out, references that
//! lead nowhere, keys that repeat.

use crate::sql::identifier;
use crate::{Warehouse, WarehouseError};

/// Days in a row on which a table has no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// First day without rows (`YYYY-MM-DD`).
    pub first: String,
    /// Last day without rows.
    pub last: String,
    /// How many days.
    pub days: u64,
}

/// How a date column covers time, up to its last plausible day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// First day with rows.
    pub first: String,
    /// Last day with rows.
    pub last: String,
    /// Days from the first to the last, both counted.
    pub days: u64,
    /// Of those, days with rows.
    pub filled: u64,
    /// Rows of each month (`YYYY-MM`), in order, months without rows among them.
    pub months: Vec<(String, u64)>,
    /// Stretches without rows that are longer than usual for this table, the longest first.
    pub gaps: Vec<Gap>,
}

/// Where most values of a numeric column lie, and how many lie far from there: beyond three times
/// the middle half's width below or above it (Tukey's outer fences).
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// A quarter of the values is below.
    pub lower_quartile: f64,
    /// Half of them is.
    pub median: f64,
    /// Three quarters are.
    pub upper_quartile: f64,
    /// Values below the lower fence.
    pub low: u64,
    /// Values above the upper fence.
    pub high: u64,
}

/// Above so many rows quartiles are estimated (t-digest), since exact ones hold every value in memory.
const EXACT_ROWS: u64 = 1_000_000;

/// A stretch is unusual if it is longer than so many days,
const SHORTEST_GAP: f64 = 7.0;
/// and longer than so many times the distance that 95 of 100 days with rows have to the next one.
const UNUSUAL: f64 = 1.5;

impl Warehouse {
    /// How a date column covers time; `None` if it has no value. `until` is the last day that counts.
    ///
    /// # Errors
    /// The engine's, for a column that is none or holds no dates.
    pub fn coverage(
        &self,
        table: &str,
        column: &str,
        until: Option<&str>,
    ) -> Result<Option<Coverage>, WarehouseError> {
        let connection = self.lock();
        let (t, c) = (identifier(table), identifier(column));
        // A day as text that is none counts as no limit.
        let days = format!(
            "SELECT CAST({c} AS DATE) AS day, count(*) AS n FROM {t} WHERE {c} IS NOT NULL AND CAST({c} AS DATE) <= coalesce(TRY_CAST(? AS DATE), DATE '9999-12-31') GROUP BY 1"
        );
        let bounds: (Option<String>, Option<String>, i64, i64) = connection.query_row(
            &format!(
                "SELECT CAST(min(day) AS VARCHAR), CAST(max(day) AS VARCHAR), coalesce(max(day) - min(day) + 1, 0), count(*) FROM ({days})"
            ),
            [until],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
        )?;
        let (Some(first), Some(last), span, filled) = bounds else {
            return Ok(None);
        };
        let mut statement = connection.prepare(&format!(
            "WITH days AS ({days}), months AS (SELECT date_trunc('month', day) AS month, sum(n) AS n FROM days GROUP BY 1) \
             SELECT strftime(all_months.month, '%Y-%m'), coalesce(months.n, 0)::BIGINT FROM (SELECT unnest(generate_series(min(month), max(month), INTERVAL 1 MONTH)) AS month FROM months) AS all_months LEFT JOIN months USING (month) ORDER BY 1"
        ))?;
        let months = statement
            .query_map([until], |r| {
                Ok((r.get(0)?, r.get::<_, i64>(1)?.unsigned_abs()))
            })?
            .collect::<duckdb::Result<_>>()?;
        let mut statement = connection.prepare(&format!(
            "WITH steps AS (SELECT lag(day) OVER (ORDER BY day) AS before, day FROM ({days})), \
             usual AS (SELECT quantile_cont(day - before, 0.95) AS distance FROM steps WHERE before IS NOT NULL) \
             SELECT CAST(before + 1 AS VARCHAR), CAST(day - 1 AS VARCHAR), day - before - 1 FROM steps, usual \
             WHERE day - before > {SHORTEST_GAP} AND day - before > {UNUSUAL} * distance ORDER BY 3 DESC, 1"
        ))?;
        let gaps = statement
            .query_map([until], |r| {
                Ok(Gap {
                    first: r.get(0)?,
                    last: r.get(1)?,
                    days: r.get::<_, i64>(2)?.unsigned_abs(),
                })
            })?
            .collect::<duckdb::Result<_>>()?;
        Ok(Some(Coverage {
            first,
            last,
            days: span.unsigned_abs(),
            filled: filled.unsigned_abs(),
            months,
            gaps,
        }))
    }

    /// Where the values of a numeric column lie; `None` if it has no value. A column whose middle
    /// half is one single value has no outliers: every other value would be one.
    ///
    /// # Errors
    /// The engine's, for a column that is none or holds no numbers.
    pub fn spread(&self, table: &str, column: &str) -> Result<Option<Spread>, WarehouseError> {
        let connection = self.lock();
        let (t, c) = (identifier(table), identifier(column));
        let rows: i64 =
            connection.query_row(&format!("SELECT count({c}) FROM {t}"), [], |r| r.get(0))?;
        if rows == 0 {
            return Ok(None);
        }
        let quantile = if rows.unsigned_abs() > EXACT_ROWS {
            "approx_quantile"
        } else {
            "quantile_cont"
        };
        let at = |share: f64| format!("{quantile}(CAST({c} AS DOUBLE), {share})");
        let found = connection.query_row(
            &format!(
                "WITH q AS (SELECT {} AS a, {} AS m, {} AS b FROM {t}) \
                 SELECT a, m, b, (SELECT count(*) FROM {t} WHERE b > a AND {c} < a - 3 * (b - a)), (SELECT count(*) FROM {t} WHERE b > a AND {c} > b + 3 * (b - a)) FROM q",
                at(0.25),
                at(0.5),
                at(0.75)
            ),
            [],
            |r| {
                Ok(Spread {
                    lower_quartile: r.get(0)?,
                    median: r.get(1)?,
                    upper_quartile: r.get(2)?,
                    low: r.get::<_, i64>(3)?.unsigned_abs(),
                    high: r.get::<_, i64>(4)?.unsigned_abs(),
                })
            },
        )?;
        Ok(Some(found))
    }

    /// Rows of `from` whose columns are filled and have no partner in `to`: a table and its columns
    /// on both sides, as many each.
    ///
    /// # Errors
    /// The engine's, for a table or column that is none.
    pub fn unmatched(
        &self,
        from: (&str, &[&str]),
        to: (&str, &[&str]),
    ) -> Result<u64, WarehouseError> {
        let filled: Vec<String> = from
            .1
            .iter()
            .map(|c| format!("f.{} IS NOT NULL", identifier(c)))
            .collect();
        let same: Vec<String> = from
            .1
            .iter()
            .zip(to.1)
            .map(|(a, b)| {
                format!(
                    "CAST(f.{} AS VARCHAR) = CAST(t.{} AS VARCHAR)",
                    identifier(a),
                    identifier(b)
                )
            })
            .collect();
        let rows: i64 = self.lock().query_row(
            &format!(
                "SELECT count(*) FROM {} AS f WHERE {} AND NOT EXISTS (SELECT 1 FROM {} AS t WHERE {})",
                identifier(from.0),
                filled.join(" AND "),
                identifier(to.0),
                same.join(" AND ")
            ),
            [],
            |r| r.get(0),
        )?;
        Ok(rows.unsigned_abs())
    }

    /// Values of a column that more than one row has: how many values, and rows that have one.
    ///
    /// # Errors
    /// The engine's, for a table or column that is none.
    pub fn repeats(&self, table: &str, column: &str) -> Result<(u64, u64), WarehouseError> {
        let c = identifier(column);
        let found: (i64, i64) = self.lock().query_row(
            &format!(
                "SELECT count(*), coalesce(sum(n), 0)::BIGINT FROM (SELECT count(*) AS n FROM {} WHERE {c} IS NOT NULL GROUP BY {c} HAVING count(*) > 1)",
                identifier(table)
            ),
            [],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?;
        Ok((found.0.unsigned_abs(), found.1.unsigned_abs()))
    }
}
