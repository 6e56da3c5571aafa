//! From typed query to SQL.
//!
//! 1. Each measure is taken apart into aggregates over one dataset each ([`measure`]).
//! 2. Each dataset is grouped by itself ([`block`]), looking dimensions up many-to-one
//!    ([`scope`]), so that a row counts once per group; groups of several datasets meet in a
//!    NULL-safe full outer join ([`frame`]).
//! 3. Comparison ([`compare`]), share and running numbers ([`parts`]), conditions on groups and
//!    rank ([`rank`]) are computed on the groups.
//!
//! Every piece of text that an engine might read differently comes from [`crate::dialect`].
//!
//! Leap days: 29 February compares with nothing a year before; days add up to their month.

mod block;
mod bridge;
mod calendar;
mod columns;
mod compare;
mod filter;
mod frame;
mod grouped;
mod lists;
mod measure;
mod parts;
mod rank;
mod rest;
mod row_rank;
mod scope;
mod sets;
mod shape;
mod statement;
mod subquery;
mod threshold;
mod values;

use crate::dialect::{Outside, SqlDialect, expression, writer};
use crate::{CompiledQuery, Dialect, OutputColumn, Query, QueryError, hash, row_filter};
use scope::Scope;
use semantics::{Dataset, Expression, Model};
use statement::Select;

/// Compiles a query.
///
/// The same model, query and dialect give the same bytes.
///
/// # Errors
/// A typed refusal wherever the number could not be proven right.
pub fn compile(
    model: &Model,
    query: &Query,
    dialect: Dialect,
) -> Result<CompiledQuery, QueryError> {
    let mut compiler = Compiler {
        model,
        sql: writer(dialect),
        ctes: Vec::new(),
    };
    let (main, columns) = compiler.select(query)?;
    let mut names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|w| w[0] == w[1]) {
        return Err(QueryError::Malformed(format!(
            "two columns are called `{}`",
            twice[0]
        )));
    }
    let main = main.write(compiler.sql);
    let sql = if compiler.ctes.is_empty() {
        main
    } else {
        let list: Vec<String> = compiler.ctes.iter().map(Cte::write).collect();
        format!("WITH {}\n{main}", list.join(",\n"))
    };
    Ok(CompiledQuery {
        sql,
        columns,
        query_hash: hash(query),
        dialect,
    })
}

/// The state of one compilation.
struct Compiler<'m> {
    model: &'m Model,
    sql: &'static dyn SqlDialect,
    ctes: Vec<Cte>,
}

/// A named step of the statement.
struct Cte {
    name: String,
    /// What a row of it is, for the reader.
    note: String,
    sql: String,
}

impl Cte {
    fn write(&self) -> String {
        format!(
            "{} AS ( -- {}\n  {}\n)",
            self.name,
            // A comment ends with its line; names come from people's files.
            self.note
                .split(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}')
                .collect::<Vec<_>>()
                .join(" "),
            self.sql
        )
    }
}

impl Compiler<'_> {
    /// Adds a CTE under this name (numbered when it is taken) and returns the name. A step that
    /// is there already is not written again.
    fn cte(&mut self, name: &str, note: String, select: &Select) -> String {
        self.cte_text(name, note, select.write(self.sql))
    }

    fn cte_text(&mut self, name: &str, note: String, sql: String) -> String {
        let plain: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '_'
                }
            })
            .collect();
        if let Some(known) = self
            .ctes
            .iter()
            .find(|c| c.sql == sql && c.name.starts_with(&plain))
        {
            return known.name.clone();
        }
        let mut unique = plain.clone();
        let mut number = 2;
        // A step must not hide a table of the same name.
        let hides = |name: &str| {
            self.model
                .datasets
                .iter()
                .any(|d| matches!(&d.table[..], [only] if only.eq_ignore_ascii_case(name)))
        };
        while self.ctes.iter().any(|c| c.name == unique) || hides(&unique) {
            unique = format!("{plain}_{number}");
            number += 1;
        }
        self.ctes.push(Cte {
            name: unique.clone(),
            note,
            sql,
        });
        unique
    }

    /// The SELECT of a query and its columns; what it needs stands in the CTEs.
    fn select(&mut self, query: &Query) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        if let Some(id) = &query.step {
            return Err(QueryError::UnknownStep(id.clone()));
        }
        if let Some(sets) = &query.sets {
            return self.sets(query, sets);
        }
        if query.rows.is_some() {
            return self.list(query);
        }
        if query.metrics.is_empty() {
            return self.values(query);
        }
        self.grouped(query)
    }

    /// The value that a metric aggregates, over the rows of the scope's home.
    fn value(
        &mut self,
        scope: &mut Scope,
        e: &Expression,
        home: &Dataset,
    ) -> Result<String, QueryError> {
        let (sql, alias) = (self.sql, scope.home.clone());
        expression(sql, e, home, &alias, &mut |outside| match outside {
            Outside::Field(field) => scope.field(field),
            Outside::Condition(condition) => self.condition(scope, &row_filter(condition)?),
        })
    }
}
