//! SQL of our own compiler: functions and names are its own; what must not occur is a statement
//! that writes or reads outside of tables.

use crate::Refusal;
use crate::walk::{file_or_url, not_select};
use sqlparser::ast::{ObjectName, Query, Select, SetExpr, Statement, TableFactor, Visit, Visitor};
use std::ops::ControlFlow;

/// Table functions of our own compiler.
const OWN_TABLE_FUNCTIONS: [&str; 3] = ["generate_series", "range", "unnest"];

pub(crate) fn statement(statement: &Statement) -> Result<(), Refusal> {
    let Statement::Query(query) = statement else {
        return Err(not_select(statement));
    };
    match query.visit(&mut Compiled) {
        ControlFlow::Break(refusal) => Err(refusal),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Compiled;

fn stop(code: &'static str, reason: impl Into<String>) -> ControlFlow<Refusal> {
    ControlFlow::Break(Refusal::new(
        code,
        reason,
        "Read named tables with one plain SELECT.",
    ))
}

fn set(body: &SetExpr) -> ControlFlow<Refusal> {
    match body {
        SetExpr::Select(_) | SetExpr::Values(_) | SetExpr::Query(_) => ControlFlow::Continue(()),
        SetExpr::SetOperation { left, right, .. } => {
            set(left)?;
            set(right)
        }
        _ => stop("statement", "a query that writes"),
    }
}

impl Visitor for Compiled {
    type Break = Refusal;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        if !query.locks.is_empty() {
            return stop("lock", "the query locks rows");
        }
        if query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return stop("clause", "a clause that is not read");
        }
        set(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Refusal> {
        if select.into.is_some() {
            return stop("statement", "SELECT INTO writes a table");
        }
        if !select.lateral_views.is_empty()
            || !select.connect_by.is_empty()
            || select.value_table_mode.is_some()
        {
            return stop("clause", "a clause that is not read");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<Refusal> {
        match file_or_url(name) {
            Some(refusal) => ControlFlow::Break(refusal),
            None => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Refusal> {
        let own = |name: &ObjectName| {
            OWN_TABLE_FUNCTIONS.contains(&name.to_string().to_lowercase().as_str())
        };
        match factor {
            TableFactor::Table {
                name,
                args,
                version,
                sample,
                json_path,
                with_hints,
                index_hints,
                ..
            } => {
                if args.is_some() && !own(name) {
                    return stop("table_function", format!("`{name}(…)` is a table function"));
                }
                if version.is_some()
                    || sample.is_some()
                    || json_path.is_some()
                    || !with_hints.is_empty()
                    || !index_hints.is_empty()
                {
                    return stop("clause", "time travel, samples and hints are not read");
                }
                ControlFlow::Continue(())
            }
            TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::UNNEST { .. } => ControlFlow::Continue(()),
            TableFactor::Function { name, .. } if own(name) => ControlFlow::Continue(()),
            other => stop("table_function", format!("`{other}` is not a table")),
        }
    }
}
