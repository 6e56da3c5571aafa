//! The compiler's product: SQL that only this crate can make.

use crate::{Grain, Part};
use semantics::{DataType, FieldRef, RatePolicy, RowFilter, Unit};
use std::fmt;
use std::str::FromStr;

/// SQL dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// DuckDB 1.5.
    DuckDb,
    /// PostgreSQL 13 and newer.
    Postgres,
}

impl Dialect {
    /// Every dialect that the compiler writes.
    pub const ALL: [Dialect; 2] = [Dialect::DuckDb, Dialect::Postgres];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::DuckDb => "duckdb",
            Dialect::Postgres => "postgres",
        }
    }
}

impl Dialect {
    /// Statements that every session begins with before it runs compiled queries, so that the
    /// engine gives the rows that the query means.
    ///
    /// Two optimizers of DuckDB 1.5.5 are told not to run. `common_subplan` takes sub-plans for
    /// equal that read different columns of a table joined to itself, and counts come out wrong in
    /// silence. `compressed_materialization` ends in an internal error where statistics prove that
    /// no row passes a filter whose parts are also conditions of aggregates. Grouped by two columns,
    /// ten million rows take a tenth longer without them; other aggregates take as long.
    /// `suites/queries/safety/engine_optimizers.json` holds such queries.
    pub fn session(self) -> &'static [&'static str] {
        match self {
            Dialect::DuckDb => {
                &["SET disabled_optimizers = 'common_subplan,compressed_materialization'"]
            }
            Dialect::Postgres => &[],
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dialect {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Dialect::ALL.into_iter().find(|d| d.name() == text);
        known.ok_or_else(|| {
            format!(
                "the compiler does not write `{text}`; it writes {}",
                Dialect::ALL.map(Dialect::name).join(" and ")
            )
        })
    }
}

/// What an output column is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputRole {
    /// Groups rows.
    Dimension,
    /// A computed number.
    Measure,
    /// A date or period.
    Time,
    /// An identifier.
    Id,
    /// Free text.
    Text,
}

/// Where in the query a column comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Index into `dimensions`.
    Dimension(usize),
    /// Index into `metrics`, and which part.
    Metric(usize, Part),
    /// Index into `rows.fields`.
    RowField(usize),
    /// Column of a query that has a shape of its own (basket, cohort), from the left.
    Shape(usize),
}

/// A column of the result.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputColumn {
    /// Name, unique in the result.
    pub name: String,
    /// Type.
    pub data_type: DataType,
    /// `fraction`, a currency code, `money`, a plural noun, `days`, or nothing.
    pub unit: Option<String>,
    /// Use.
    pub role: OutputRole,
    /// For periods.
    pub grain: Option<Grain>,
    /// Origin.
    pub origin: Origin,
}

/// A unit as results name it.
pub(crate) fn unit_name(unit: &Unit) -> Option<String> {
    match unit {
        Unit::Money(Some(code)) => Some(code.clone()),
        Unit::Money(None) => Some("money".into()),
        Unit::Count(noun) => Some(noun.clone()),
        Unit::Fraction => Some("fraction".into()),
        Unit::Days => Some("days".into()),
        Unit::Plain => None,
    }
}

/// What a reader of the numbers has to know of how they were computed.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// Rows of a dataset, and of facts that belong to them, were left out because the model says
    /// that they do not count.
    DefaultFilters {
        /// Dataset.
        dataset: String,
        /// All hold for the rows that count.
        filters: Vec<RowFilter>,
    },
    /// A row can be in several groups of this field, once in each: the groups do not add up to the
    /// total.
    OverlappingGroups(FieldRef),
    /// Days of a 53rd week were left out of both periods, because they have no partner.
    Week53LeftOut {
        /// Calendar.
        calendar: String,
    },
    /// Amounts were converted to this currency.
    Converted {
        /// ISO 4217 code.
        to: String,
        /// At which rate.
        rate: RatePolicy,
    },
    /// Only rows of stores that take part in both periods were counted.
    ComparableStores {
        /// Policy of the model.
        rule: String,
    },
    /// Whoever asks does not see every row: a total is that of what is visible, and so is a share
    /// of it.
    Restricted,
}

/// Compiled SQL. Only this crate can construct it.
#[derive(Debug, Clone, PartialEq)]
pub struct CompiledQuery {
    pub(crate) sql: String,
    pub(crate) columns: Vec<OutputColumn>,
    pub(crate) query_hash: String,
    pub(crate) dialect: Dialect,
    pub(crate) notes: Vec<Note>,
}

impl CompiledQuery {
    /// The statement.
    pub fn sql(&self) -> &str {
        &self.sql
    }
    /// Columns, left to right.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }
    /// Hash of the canonical query.
    pub fn query_hash(&self) -> &str {
        &self.query_hash
    }
    /// Hash of the SQL text.
    pub fn sql_hash(&self) -> String {
        blake3::hash(self.sql.as_bytes()).to_hex().to_string()
    }
    /// What a reader of the numbers has to know, each once, in the order of the statement.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
    /// Dialect of the SQL.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }
}
