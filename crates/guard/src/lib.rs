//! SQL that we did not compile: read by a real parser and let through only if every part of
//! it is on an allow-list.

mod bounds;
mod compiled;
mod expression;
mod functions;
mod joins;
mod lexical;
mod names;
mod recursion;
mod scope;
mod walk;

use sqlparser::ast::Statement;
use sqlparser::dialect as parsers;
use sqlparser::parser::Parser;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// Dialects that the guard reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// DuckDB.
    DuckDb,
    /// PostgreSQL.
    Postgres,
    /// Snowflake.
    Snowflake,
    /// BigQuery.
    BigQuery,
    /// Spark SQL and Databricks.
    Spark,
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "duckdb" => Ok(Dialect::DuckDb),
            "postgres" => Ok(Dialect::Postgres),
            "snowflake" => Ok(Dialect::Snowflake),
            "bigquery" => Ok(Dialect::BigQuery),
            "spark" => Ok(Dialect::Spark),
            other => Err(format!(
                "`{other}` is none of duckdb, postgres, snowflake, bigquery, spark"
            )),
        }
    }
}

impl Dialect {
    fn parser(self) -> Box<dyn parsers::Dialect> {
        match self {
            Dialect::DuckDb => Box::new(parsers::DuckDbDialect {}),
            Dialect::Postgres => Box::new(parsers::PostgreSqlDialect {}),
            Dialect::Snowflake => Box::new(parsers::SnowflakeDialect {}),
            Dialect::BigQuery => Box::new(parsers::BigQueryDialect {}),
            Dialect::Spark => Box::new(parsers::DatabricksDialect {}),
        }
    }
}

/// Tables and columns that may be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// Table (lower case, parts joined with `.`) → its columns, lower case.
    pub tables: BTreeMap<String, Vec<String>>,
}

impl Schema {
    /// The physical tables of a semantic model with the columns that its fields are computed
    /// from; a table is known by its full name and by its last part.
    pub fn of(model: &semantics::Model) -> Schema {
        let mut tables = BTreeMap::new();
        for dataset in &model.datasets {
            let mut columns = Vec::new();
            dataset
                .fields
                .iter()
                .for_each(|f| physical(&f.expression, &mut columns));
            columns.sort();
            columns.dedup();
            let parts: Vec<String> = dataset.table.iter().map(|p| p.to_lowercase()).collect();
            tables.insert(parts.join("."), columns.clone());
            if let Some(last) = parts.last() {
                tables.insert(last.clone(), columns);
            }
        }
        Schema { tables }
    }
}

fn physical(expression: &semantics::Expression, columns: &mut Vec<String>) {
    let named = expression
        .columns()
        .into_iter()
        .chain(expression.fields())
        .chain(
            expression
                .conditions()
                .into_iter()
                .flat_map(|c| c.fields())
                .map(|f| f.field.as_str()),
        );
    columns.extend(named.map(str::to_lowercase));
}

/// SQL that passed the guard. Only [`check`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedSql {
    sql: String,
    dialect: Dialect,
    schema: Option<Schema>,
    tables: BTreeSet<String>,
}

impl ApprovedSql {
    /// The text that was approved.
    pub fn sql(&self) -> &str {
        &self.sql
    }
    /// The dialect that it was read in.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }
    /// The tables and columns that it was held against; `None` if any ordinary name passed.
    pub fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }
    /// Tables of the schema that it reads, as the schema calls them.
    pub fn tables(&self) -> &BTreeSet<String> {
        &self.tables
    }
}

/// Why a statement may not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {reason}")]
pub struct Refusal {
    /// Stable code.
    pub code: &'static str,
    /// What was found.
    pub reason: String,
    /// What to write instead.
    pub fix: String,
}

impl Refusal {
    fn new(code: &'static str, reason: impl Into<String>, fix: &str) -> Refusal {
        Refusal {
            code,
            reason: reason.into(),
            fix: fix.to_string(),
        }
    }
}

/// Approves one reading statement, or says why not.
///
/// Without a schema ordinary table and column names pass; catalogues, files, URLs and table
/// functions never do.
pub fn check(sql: &str, dialect: Dialect, schema: Option<&Schema>) -> Result<ApprovedSql, Refusal> {
    let statement = read(sql, dialect)?;
    let tables = walk::statement(&statement, dialect, schema)?;
    Ok(ApprovedSql {
        sql: sql.to_string(),
        dialect,
        schema: schema.cloned(),
        tables,
    })
}

/// Reads SQL of our own compiler: one SELECT over named tables. Functions and names are the
/// compiler's own; what must not occur is a statement that writes, or reads outside tables.
pub fn check_compiled(sql: &str, dialect: Dialect) -> Result<(), Refusal> {
    let statement = read(sql, dialect)?;
    compiled::statement(&statement)
}

fn read(sql: &str, dialect: Dialect) -> Result<Statement, Refusal> {
    let sql = &*lexical::parted(sql, dialect);
    lexical::bounded(sql, dialect)?;
    let mut statements = Parser::new(dialect.parser().as_ref())
        .with_recursion_limit(200)
        .try_with_sql(sql)
        .and_then(|mut p| p.parse_statements())
        .map_err(|e| lexical::unreadable(&e.to_string()))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(Refusal::new(
            "empty",
            "there is no statement",
            "Write one SELECT statement.",
        )),
        _ => Err(Refusal::new(
            "several_statements",
            "more than one statement",
            "Send one statement at a time.",
        )),
    }
}

#[cfg(test)]
mod tests;
