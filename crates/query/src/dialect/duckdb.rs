//! DuckDB 1.5.

use super::SqlDialect;
use crate::Grain;
use semantics::DataType;

pub(crate) struct DuckDb;

impl SqlDialect for DuckDb {
    fn type_name(&self, data_type: DataType) -> &'static str {
        match data_type {
            DataType::Integer => "BIGINT",
            DataType::Decimal => "DECIMAL(38, 6)",
            DataType::Float => "DOUBLE",
            DataType::Text | DataType::Opaque => "VARCHAR",
            DataType::Date => "DATE",
            DataType::Timestamp => "TIMESTAMP",
            DataType::Boolean => "BOOLEAN",
        }
    }

    /// Two decimals of 18 digits have a product of 18 digits here, which overflows at large
    /// amounts: a factor of 38 digits widens it without rounding.
    fn product(&self, factors: &[String], decimals: usize) -> String {
        let widen = if decimals > 1 {
            "CAST(1 AS DECIMAL(38, 0)) * "
        } else {
            ""
        };
        format!("({widen}{})", factors.join(" * "))
    }

    fn whole_quotient(&self, of: &str, by: i64) -> String {
        format!("({of}) // {by}")
    }

    fn same(&self, left: &str, right: &str, _: DataType) -> String {
        format!("{left} IS NOT DISTINCT FROM {right}")
    }

    fn folded(&self, of: &str) -> String {
        format!("strip_accents(lower({of}))")
    }

    fn mean(&self, of: &str, filter: &str) -> String {
        format!("AVG({of}){filter}")
    }

    fn value_at(&self, last: bool, value: &str, at: &str, _: DataType, only: &[String]) -> String {
        let function = if last { "arg_max" } else { "arg_min" };
        let mut conditions = vec![format!("{value} IS NOT NULL"), format!("{at} IS NOT NULL")];
        conditions.extend_from_slice(only);
        format!(
            "{function}({value}, row({at}, {value})) FILTER (WHERE {})",
            conditions.join(" AND ")
        )
    }

    fn quantile(&self, of: &str, at: f64) -> String {
        if at == 0.5 {
            format!("MEDIAN({})", self.float(of))
        } else {
            format!("QUANTILE_CONT({}, {at})", self.float(of))
        }
    }

    fn period(&self, grain: Grain, of: &str, week_start: u8) -> String {
        let truncated = |to: &str| format!("CAST(date_trunc('{to}', {of}) AS DATE)");
        match grain {
            Grain::Hour => format!("date_trunc('hour', {of})"),
            Grain::Day => self.day(of),
            Grain::Week => format!(
                "({} - CAST((isodow({of}) + {}) % 7 AS INTEGER))",
                self.day(of),
                7 - i64::from(week_start.clamp(1, 7))
            ),
            Grain::Month => truncated("month"),
            Grain::Quarter => truncated("quarter"),
            Grain::Year => truncated("year"),
            Grain::HourOfDay => format!("hour({of})"),
            Grain::Weekday => format!("dayname({of})"),
            Grain::MonthOfYear => format!("month({of})"),
            Grain::QuarterOfYear => format!("quarter({of})"),
            Grain::WeekOfYear => self.week_of_year(of, week_start),
        }
    }

    fn plus_days(&self, day: &str, days: &str) -> String {
        format!("({day} + CAST({days} AS INTEGER))")
    }

    fn plus_months(&self, day: &str, months: i64) -> String {
        format!("CAST({} AS DATE)", moved(day, months, "MONTH"))
    }

    fn time_plus_months(&self, time: &str, months: i64) -> String {
        format!("({})", moved(time, months, "MONTH"))
    }

    fn plus_hours(&self, time: &str, hours: i64) -> String {
        format!("({})", moved(time, hours, "HOUR"))
    }

    fn days_between(&self, from: &str, to: &str) -> String {
        format!("date_diff('day', {}, {})", self.day(from), self.day(to))
    }

    fn hours(&self, from: &str, to: &str) -> String {
        let time = |of: &str| self.cast(of, DataType::Timestamp);
        format!(
            "SELECT unnest(generate_series({}, {}, INTERVAL 1 HOUR)) AS period",
            time(from),
            time(to)
        )
    }

    fn month_count(&self, day: &str) -> String {
        format!("(year({day}) * 12 + month({day}))")
    }

    fn days(&self, from: &str, to: &str) -> String {
        format!(
            "SELECT CAST(unnest(generate_series({}, {}, INTERVAL 1 DAY)) AS DATE) AS day",
            self.day(from),
            self.day(to)
        )
    }
}

/// A day or time, moved forwards or backwards.
fn moved(of: &str, by: i64, unit: &str) -> String {
    let sign = if by < 0 { '-' } else { '+' };
    format!("{of} {sign} INTERVAL {} {unit}", by.unsigned_abs())
}
