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

mod bands;
mod basket;
mod block;
mod bridge;
mod calendar;
mod cohort;
mod columns;
mod comparable;
mod compare;
mod cumulative;
mod currency;
mod customers;
mod declared;
mod decompose;
mod fill;
mod filter;
mod frame;
mod grouped;
mod growth;
mod holiday;
mod levels;
mod lists;
mod measure;
mod one_pass;
mod parts;
mod rank;
mod reader;
mod reckoning;
mod rest;
mod row_rank;
mod running;
mod scope;
mod sets;
mod shape;
mod shapes;
mod shift;
mod statement;
mod subquery;
mod threshold;
mod tree;
mod values;
mod visible;

use crate::dialect::{SqlDialect, writer};
use crate::path::Graph;
use crate::{CompiledQuery, Dialect, Note, OutputColumn, Query, QueryError, hash};
use jiff::civil::Date;
pub use reader::Reader;
use scope::Versions;
use semantics::{Dataset, FieldRef, Literal, Model, Policy};
use statement::Select;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
pub use visible::{VisibleTable, visible_tables};

/// Compiles a query that may read everything.
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
    compiled(model, query, dialect, None)
}

/// Compiles a query for someone who may not see everything: the policies of the model take rows,
/// fields and metrics away in every part of the statement.
///
/// # Errors
/// As [`compile`]; `E_UNKNOWN_FIELD` and `E_UNKNOWN_METRIC` for what is hidden, `E_ACCESS_DENIED`
/// for what may not be shown.
pub fn compile_for(
    model: &Model,
    query: &Query,
    dialect: Dialect,
    reader: &Reader,
) -> Result<CompiledQuery, QueryError> {
    compiled(model, query, dialect, Some(reader))
}

fn compiled(
    model: &Model,
    query: &Query,
    dialect: Dialect,
    reader: Option<&Reader>,
) -> Result<CompiledQuery, QueryError> {
    let policies = match reader {
        Some(reader) => reader::policies(model, reader)?.map(Rc::new),
        None => None,
    };
    let context = Rc::new(Context {
        model,
        graph: Rc::new(Graph::new(model)),
        sql: writer(dialect),
        reader: policies.clone(),
        attributes: reader.map(|r| Rc::new(r.attributes.clone())),
        as_of: query.as_of.as_deref().map(calendar::day).transpose()?,
        versions: if query.current_attributes {
            Versions::Current
        } else {
            Versions::AtEvent
        },
        filtered: model
            .datasets
            .iter()
            .filter(|d| !d.default_filters.is_empty())
            .collect(),
        unfiltered: query.without_default_filters.clone(),
        notes: Rc::default(),
    });
    if let Some(policies) = &policies {
        reader::check(policies, &context, query)?;
    }
    let mut compiler = Compiler {
        model,
        sql: context.sql,
        context,
        calendar: None,
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
        notes: compiler.context.notes.take(),
    })
}

/// What every part of a compilation reads.
#[derive(Clone)]
struct Context<'m> {
    model: &'m Model,
    graph: Rc<Graph<'m>>,
    sql: &'static dyn SqlDialect,
    /// Policies of whoever asks; everything is visible if absent.
    reader: Option<Rc<Vec<&'m Policy>>>,
    attributes: Option<Rc<BTreeMap<String, Vec<Literal>>>>,
    as_of: Option<Date>,
    versions: Versions,
    /// Datasets with default filters.
    filtered: Vec<&'m Dataset>,
    /// Those of them whose default filters are off.
    unfiltered: Vec<String>,
    notes: Rc<RefCell<Vec<Note>>>,
}

impl Context<'_> {
    /// Refuses to show the time of rows to who may not see it.
    fn shows_time(&self, field: &FieldRef) -> Result<(), QueryError> {
        match &self.reader {
            Some(policies) => reader::shows(policies, self, field),
            None => Ok(()),
        }
    }

    fn note(&self, note: Note) {
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
}

/// The state of one compilation.
struct Compiler<'m> {
    model: &'m Model,
    sql: &'static dyn SqlDialect,
    context: Rc<Context<'m>>,
    /// Calendar of the query that is being compiled.
    calendar: Option<String>,
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
        // A name of a step begins with a letter, whatever the table is called ("2023_orders").
        let plain = if plain.starts_with(|c: char| c.is_ascii_digit()) {
            format!("t_{plain}")
        } else {
            plain
        };
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
        let calendar = query.time.as_ref().and_then(|t| t.calendar.clone());
        let outer = std::mem::replace(&mut self.calendar, calendar);
        let found = self.select_of_kind(query);
        self.calendar = outer;
        found
    }

    fn select_of_kind(&mut self, query: &Query) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        if let Some(id) = &query.step {
            return Err(QueryError::UnknownStep(id.clone()));
        }
        if let Some(sets) = &query.sets {
            return self.sets(query, sets);
        }
        if let Some(basket) = &query.basket {
            shapes::alone(query, "baskets")?;
            return self.basket(query, basket);
        }
        if let Some(cohort) = &query.cohort {
            shapes::alone(query, "cohorts")?;
            return self.cohort(query, cohort);
        }
        if let Some(decompose) = &query.decompose {
            return self.decompose(query, decompose);
        }
        if query.rows.is_some() {
            return self.list(query);
        }
        if query.metrics.is_empty() {
            return self.values(query);
        }
        self.grouped(query)
    }
}
