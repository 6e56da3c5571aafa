//! The seam between the compiler and an engine's language.
//!
//! The compiler builds statements out of the parts below and writes nothing that one engine
//! reads differently from another. A further dialect is one file: an implementation of
//! [`SqlDialect`] and a line in [`writer`].

mod duckdb;
mod postgres;
mod row_expression;

pub(crate) use row_expression::{Outside, expression, type_of};

use crate::{Dialect, Grain, Literal, Operator};
use jiff::civil::{Date, DateTime};
use semantics::{AddressPart, Aggregation, DataType};

/// How an engine spells what the compiler says.
///
/// Arguments are SQL of the same dialect. What has a body here is the same in every dialect that
/// we know.
pub(crate) trait SqlDialect: Sync {
    // ---- names and literals --------------------------------------------------------------

    /// An identifier, quoted always: names come from people's files.
    fn identifier(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    /// A qualified table name.
    fn table(&self, parts: &[String]) -> String {
        let parts: Vec<String> = parts.iter().map(|p| self.identifier(p)).collect();
        parts.join(".")
    }

    /// A text literal.
    fn text(&self, value: &str) -> String {
        format!("'{}'", value.replace('\'', "''"))
    }

    /// A day.
    fn date(&self, day: Date) -> String {
        format!("DATE '{day}'")
    }

    /// A day and time of day.
    fn time(&self, time: DateTime) -> String {
        format!("TIMESTAMP '{}'", time.strftime("%Y-%m-%d %H:%M:%S"))
    }

    /// A number as it was written: exact as long as it has a decimal form of reasonable length.
    fn number(&self, x: f64) -> String {
        if x == 0.0 {
            // No negative zero, which would not compare like zero everywhere.
            "0".into()
        } else if x.fract() == 0.0 && x.abs() < 1e15 {
            format!("{x:.0}")
        } else if x.abs() >= 1e-9 && x.abs() < 1e15 {
            format!("{x}")
        } else {
            self.float(&format!("{x:e}"))
        }
    }

    /// A literal.
    fn literal(&self, value: &Literal) -> String {
        match value {
            Literal::Bool(b) => if *b { "TRUE" } else { "FALSE" }.to_string(),
            Literal::Integer(n) => n.to_string(),
            Literal::Number(x) => self.number(*x),
            Literal::Text(t) => self.text(t),
        }
    }

    // ---- casts and arithmetic ------------------------------------------------------------

    /// The engine's name of a type, for casts.
    fn type_name(&self, data_type: DataType) -> &'static str;

    /// A cast.
    fn cast(&self, of: &str, to: DataType) -> String {
        format!("CAST({of} AS {})", self.type_name(to))
    }

    /// A number in floating point as a decimal, rounded to six places.
    fn rounded(&self, of: &str) -> String {
        self.cast(of, DataType::Decimal)
    }

    /// As binary floating point.
    fn float(&self, of: &str) -> String {
        self.cast(of, DataType::Float)
    }

    /// As a day.
    fn day(&self, of: &str) -> String {
        self.cast(of, DataType::Date)
    }

    /// A quotient in floating point; NULL when the divisor is 0.
    fn quotient(&self, above: &str, below: &str) -> String {
        format!("{} / NULLIF({below}, 0)", self.float(above))
    }

    /// How often a whole number that is not negative holds another.
    fn whole_quotient(&self, of: &str, by: i64) -> String;

    /// What is left of a whole number that is not negative, divided by another.
    fn remainder(&self, of: &str, by: i64) -> String {
        format!("(({of}) % {by})")
    }

    /// A product; `decimals` of the factors are exact decimals, and so is the product then.
    fn product(&self, factors: &[String], decimals: usize) -> String {
        let _ = decimals;
        format!("({})", factors.join(" * "))
    }

    // ---- comparison ----------------------------------------------------------------------

    /// NULL-safe equality that a full outer join may stand on; `data_type` is that of both sides.
    fn same(&self, left: &str, right: &str, data_type: DataType) -> String;

    /// What a column is sorted by, so that texts are in the order of their code points.
    fn sort_key(&self, of: &str, data_type: DataType) -> String {
        let _ = data_type;
        of.to_string()
    }

    /// Text with case and accents folded.
    fn folded(&self, of: &str) -> String;

    /// Whether a text contains another, case and accents folded.
    fn contains(&self, of: &str, part: &str) -> String {
        let pattern = part
            .to_lowercase()
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        format!(
            "{} LIKE {} ESCAPE '\\'",
            self.folded(of),
            self.folded(&self.text(&format!("%{pattern}%")))
        )
    }

    // ---- aggregates ----------------------------------------------------------------------

    /// An aggregate of a value, of rows when there is none (count only); over those of the rows
    /// that meet `only`.
    fn aggregate(
        &self,
        how: Aggregation,
        value: Option<&str>,
        data_type: DataType,
        only: Option<&str>,
    ) -> String {
        let v = value.unwrap_or("*");
        let filter = only.map_or(String::new(), |c| format!(" FILTER (WHERE {c})"));
        match how {
            Aggregation::Sum => format!("SUM({v}){filter}"),
            Aggregation::Count => format!("COUNT({v}){filter}"),
            Aggregation::CountDistinct => format!("COUNT(DISTINCT {v}){filter}"),
            Aggregation::Average => self.mean(v, &filter),
            Aggregation::Min => format!("MIN({}){filter}", self.sort_key(v, data_type)),
            Aggregation::Max => format!("MAX({}){filter}", self.sort_key(v, data_type)),
            Aggregation::Median => format!("{}{filter}", self.quantile(v, 0.5)),
            Aggregation::Percentile(p) => {
                format!("{}{filter}", self.quantile(v, f64::from(p) / 100.0))
            }
            Aggregation::StandardDeviation => format!("stddev_samp({}){filter}", self.float(v)),
            Aggregation::Variance => format!("var_samp({}){filter}", self.float(v)),
        }
    }

    /// Mean of the values that there are, in floating point, over the rows of a `FILTER` clause.
    fn mean(&self, of: &str, filter: &str) -> String;

    /// The value of the row that comes first or last in the order of `at`, of those rows that
    /// have both and meet the conditions; the smallest or largest of them where several do.
    fn value_at(
        &self,
        last: bool,
        value: &str,
        at: &str,
        data_type: DataType,
        only: &[String],
    ) -> String;

    /// A quantile between 0 and 1 in floating point, interpolated between the two values beside it.
    fn quantile(&self, of: &str, at: f64) -> String;

    // ---- time ----------------------------------------------------------------------------

    /// The period of a grain that a date or time falls in, by the plain calendar. Weeks start on
    /// `week_start` (1 = Monday … 7 = Sunday).
    fn period(&self, grain: Grain, of: &str, week_start: u8) -> String;

    /// The number of the week in its year: a week belongs to the year that its fourth day lies in
    /// (ISO 8601, where weeks start on Monday).
    fn week_of_year(&self, of: &str, week_start: u8) -> String {
        let fourth = self.plus_days(&self.period(Grain::Week, of, week_start), "3");
        let year = self.period(Grain::Year, &fourth, week_start);
        format!(
            "({} + 1)",
            self.whole_quotient(&self.days_between(&year, &fourth), 7)
        )
    }

    /// A day, moved by a number of days that is an expression of whole numbers.
    fn plus_days(&self, day: &str, days: &str) -> String;

    /// A day, moved by whole months; a day that the other month lacks becomes its last.
    fn plus_months(&self, day: &str, months: i64) -> String;

    /// A time, moved by whole months.
    fn time_plus_months(&self, time: &str, months: i64) -> String;

    /// A time, moved by hours.
    fn plus_hours(&self, time: &str, hours: i64) -> String;

    /// Whole days from one day to another.
    fn days_between(&self, from: &str, to: &str) -> String;

    /// Months counted through, of a day: twelve for a year.
    fn month_count(&self, day: &str) -> String;

    /// A SELECT with one column, `day`: every day from one to another, both included; no day
    /// where either is NULL.
    fn days(&self, from: &str, to: &str) -> String;

    /// A SELECT with one column, `period`: every hour from one time to another, both included.
    fn hours(&self, from: &str, to: &str) -> String;

    // ---- text ----------------------------------------------------------------------------

    /// Texts joined, NULLs left out; NULL if nothing is left.
    fn concatenate(&self, separator: &str, parts: &[String]) -> String {
        format!(
            "NULLIF(concat_ws({}, {}), '')",
            self.text(separator),
            parts.join(", ")
        )
    }

    /// A part of a postal address.
    fn address(&self, of: &str, part: AddressPart) -> String {
        match part {
            AddressPart::City => format!("NULLIF(trim(split_part({of}, ',', -2)), '')"),
            AddressPart::State => {
                format!("NULLIF(split_part(trim(split_part({of}, ',', -1)), ' ', 1), '')")
            }
            AddressPart::PostalCode => {
                format!("NULLIF(split_part(trim(split_part({of}, ',', -1)), ' ', 2), '')")
            }
        }
    }

    // ---- statements ----------------------------------------------------------------------

    /// The keys of a GROUP BY over the first columns of the SELECT.
    fn group_by(&self, keys: usize) -> String {
        let keys: Vec<String> = (1..=keys).map(|k| k.to_string()).collect();
        format!("GROUP BY {}", keys.join(", "))
    }

    /// A sort key with its direction; NULLs last both ways.
    fn ordered(&self, key: &str, descending: bool) -> String {
        format!(
            "{key} {} NULLS LAST",
            if descending { "DESC" } else { "ASC" }
        )
    }
}

/// The writer of a dialect.
pub(crate) fn writer(dialect: Dialect) -> &'static dyn SqlDialect {
    match dialect {
        Dialect::DuckDb => &duckdb::DuckDb,
        Dialect::Postgres => &postgres::Postgres,
    }
}

/// The sign of an operator.
pub(crate) fn operator(op: Operator) -> &'static str {
    match op {
        Operator::Eq => "=",
        Operator::Ne => "<>",
        Operator::Lt => "<",
        Operator::Le => "<=",
        Operator::Gt => ">",
        Operator::Ge => ">=",
    }
}
