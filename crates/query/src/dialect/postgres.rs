//! PostgreSQL 13 and newer, in a database whose encoding is UTF-8.

use super::SqlDialect;
use crate::Grain;
use semantics::DataType;

pub(crate) struct Postgres;

impl Postgres {
    /// A field of a date or time, as a whole number.
    fn part(&self, name: &str, of: &str) -> String {
        format!("CAST(EXTRACT({name} FROM {of}) AS INTEGER)")
    }
}

impl SqlDialect for Postgres {
    fn type_name(&self, data_type: DataType) -> &'static str {
        match data_type {
            DataType::Integer => "BIGINT",
            DataType::Decimal => "NUMERIC",
            DataType::Float => "DOUBLE PRECISION",
            DataType::Text | DataType::Opaque => "TEXT",
            DataType::Date => "DATE",
            DataType::Timestamp => "TIMESTAMP",
            DataType::Boolean => "BOOLEAN",
        }
    }

    /// A full outer join needs equalities that can be hashed, which `IS NOT DISTINCT FROM` is not:
    /// NULL becomes a value of the type, and a flag keeps it apart from that value.
    fn same(&self, left: &str, right: &str, data_type: DataType) -> String {
        let stand_in = match data_type {
            DataType::Integer | DataType::Decimal | DataType::Float => "0",
            DataType::Text | DataType::Opaque => "''",
            DataType::Date => "DATE '0001-01-01'",
            DataType::Timestamp => "TIMESTAMP '0001-01-01'",
            DataType::Boolean => "FALSE",
        };
        format!(
            "COALESCE({left}, {stand_in}) = COALESCE({right}, {stand_in}) AND ({left} IS NULL) = ({right} IS NULL)"
        )
    }

    fn rounded(&self, of: &str) -> String {
        format!("ROUND({}, 6)", self.cast(of, DataType::Decimal))
    }

    fn sort_key(&self, of: &str, data_type: DataType) -> String {
        if data_type == DataType::Text {
            format!("{of} COLLATE \"C\"")
        } else {
            of.to_string()
        }
    }

    /// Without an extension: letters are taken apart from their accents, which are dropped.
    fn folded(&self, of: &str) -> String {
        format!("regexp_replace(normalize(lower({of}), NFD), '[\\u0300-\\u036f]', '', 'g')")
    }

    fn mean(&self, of: &str, filter: &str) -> String {
        self.float(&format!("AVG({of}){filter}"))
    }

    fn value_at(
        &self,
        last: bool,
        value: &str,
        at: &str,
        data_type: DataType,
        only: &[String],
    ) -> String {
        let way = if last { "DESC" } else { "ASC" };
        let mut conditions = vec![format!("{value} IS NOT NULL"), format!("{at} IS NOT NULL")];
        conditions.extend_from_slice(only);
        format!(
            "(array_agg({value} ORDER BY {at} {way}, {} {way}) FILTER (WHERE {}))[1]",
            self.sort_key(value, data_type),
            conditions.join(" AND ")
        )
    }

    fn quantile(&self, of: &str, at: f64) -> String {
        format!(
            "PERCENTILE_CONT({at}) WITHIN GROUP (ORDER BY {})",
            self.float(of)
        )
    }

    fn period(&self, grain: Grain, of: &str, week_start: u8) -> String {
        // Through TIMESTAMP: a plain date would be truncated in the session's time zone.
        let truncated =
            |to: &str| format!("CAST(date_trunc('{to}', CAST({of} AS TIMESTAMP)) AS DATE)");
        match grain {
            Grain::Hour => format!("date_trunc('hour', CAST({of} AS TIMESTAMP))"),
            Grain::Day => self.day(of),
            Grain::Week => format!(
                "({} - ({} + {}) % 7)",
                self.day(of),
                self.part("ISODOW", of),
                7 - i64::from(week_start.clamp(1, 7))
            ),
            Grain::Month => truncated("month"),
            Grain::Quarter => truncated("quarter"),
            Grain::Year => truncated("year"),
            Grain::HourOfDay => self.part("HOUR", &format!("CAST({of} AS TIMESTAMP)")),
            Grain::Weekday => format!("to_char({of}, 'FMDay')"),
            Grain::MonthOfYear => self.part("MONTH", of),
            Grain::QuarterOfYear => self.part("QUARTER", of),
            Grain::WeekOfYear => self.week_of_year(of, week_start),
        }
    }

    fn plus_days(&self, day: &str, days: &str) -> String {
        format!("({day} + CAST({days} AS INTEGER))")
    }

    fn plus_months(&self, day: &str, months: i64) -> String {
        format!("CAST({day} + INTERVAL '{months} month' AS DATE)")
    }

    fn time_plus_months(&self, time: &str, months: i64) -> String {
        format!("({time} + INTERVAL '{months} month')")
    }

    fn plus_hours(&self, time: &str, hours: i64) -> String {
        format!("({time} + INTERVAL '{hours} hour')")
    }

    fn days_between(&self, from: &str, to: &str) -> String {
        format!("({} - {})", self.day(to), self.day(from))
    }

    /// Whole numbers are divided without a fraction.
    fn whole_quotient(&self, of: &str, by: i64) -> String {
        format!("({of}) / {by}")
    }

    fn hours(&self, from: &str, to: &str) -> String {
        let time = |of: &str| self.cast(of, DataType::Timestamp);
        format!(
            "SELECT generate_series({}, {}, INTERVAL '1 hour') AS period",
            time(from),
            time(to)
        )
    }

    fn month_count(&self, day: &str) -> String {
        format!(
            "({} * 12 + {})",
            self.part("YEAR", day),
            self.part("MONTH", day)
        )
    }

    fn days(&self, from: &str, to: &str) -> String {
        let time = |of: &str| self.cast(of, DataType::Timestamp);
        format!(
            "SELECT CAST(generate_series({}, {}, INTERVAL '1 day') AS DATE) AS day",
            time(&self.day(from)),
            time(&self.day(to))
        )
    }
}
