//! The syntax tree, node by node.

use crate::{Refusal, Schema, names};
use sqlparser::ast::{
    Expr, JoinOperator, ObjectName, ObjectNamePart, Query, Select, SelectItem, SetExpr, Statement,
    TableFactor, TableWithJoins, Value, Visit, Visitor,
};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

const FUNCTIONS: &str = include_str!("../data/functions.txt");

/// Words that engines replace by facts about the session.
const SESSION: [&str; 7] = [
    "current_user",
    "session_user",
    "current_role",
    "current_schema",
    "current_database",
    "current_catalog",
    "system_user",
];

/// Most joins without a condition.
const CROSS_JOINS: usize = 2;

/// Table functions of our own compiler.
const OWN_TABLE_FUNCTIONS: [&str; 3] = ["generate_series", "range", "unnest"];

/// Walks a statement; `strict` for SQL that is not ours.
pub(crate) fn statement(
    statement: &Statement,
    schema: Option<&Schema>,
    strict: bool,
) -> Result<(), Refusal> {
    let Statement::Query(query) = statement else {
        let kind = statement
            .to_string()
            .split_whitespace()
            .next()
            .unwrap_or("")
            .to_uppercase();
        return Err(Refusal::new(
            "statement",
            format!("{kind} is not a SELECT"),
            "Only reading with SELECT is allowed.",
        ));
    };
    let mut aliases = Aliases::default();
    let _: ControlFlow<()> = query.visit(&mut aliases);
    let mut guard = Guard {
        schema,
        strict,
        scopes: Vec::new(),
        aliases: aliases.names,
        cross_joins: 0,
    };
    match query.visit(&mut guard) {
        ControlFlow::Break(refusal) => Err(refusal),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// Names that the statement itself introduces.
#[derive(Default)]
struct Aliases {
    names: BTreeSet<String>,
}

impl Visitor for Aliases {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|w| &w.cte_tables) {
            self.names.insert(cte.alias.name.value.to_lowercase());
            self.names.extend(
                cte.alias
                    .columns
                    .iter()
                    .map(|c| c.name.value.to_lowercase()),
            );
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.names.insert(alias.value.to_lowercase());
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let alias = match factor {
            TableFactor::Table { name, alias, .. } => {
                self.names
                    .extend(parts(name).last().map(|p| p.to_lowercase()));
                alias
            }
            TableFactor::Derived { alias, .. }
            | TableFactor::NestedJoin { alias, .. }
            | TableFactor::UNNEST { alias, .. } => alias,
            _ => &None,
        };
        if let Some(alias) = alias {
            self.names.insert(alias.name.value.to_lowercase());
            self.names
                .extend(alias.columns.iter().map(|c| c.name.value.to_lowercase()));
        }
        ControlFlow::Continue(())
    }
}

struct Guard<'a> {
    schema: Option<&'a Schema>,
    strict: bool,
    /// Names of common table expressions, a set for each query that is open.
    scopes: Vec<BTreeSet<String>>,
    aliases: BTreeSet<String>,
    cross_joins: usize,
}

fn parts(name: &ObjectName) -> Vec<String> {
    name.0
        .iter()
        .map(|p| match p {
            ObjectNamePart::Identifier(ident) => ident.value.clone(),
            ObjectNamePart::Function(f) => f.name.value.clone(),
        })
        .collect()
}

fn stop<T>(code: &'static str, reason: impl Into<String>, fix: &str) -> ControlFlow<Refusal, T> {
    ControlFlow::Break(Refusal::new(code, reason, fix))
}

impl Guard<'_> {
    fn relation(&self, name: &ObjectName) -> ControlFlow<Refusal> {
        let list = parts(name);
        let quoted = name
            .0
            .iter()
            .any(|p| matches!(p, ObjectNamePart::Identifier(i) if i.quote_style == Some('\'')));
        let called = name
            .0
            .iter()
            .any(|p| matches!(p, ObjectNamePart::Function(_)));
        if quoted || called {
            return stop(
                "file_or_url",
                format!("{name} is not the name of a table"),
                "Read the tables of the model only.",
            );
        }
        if !self.strict {
            return ControlFlow::Continue(());
        }
        let joined = list.join(".").to_lowercase();
        let known = self.schema.is_some_and(|s| s.tables.contains_key(&joined));
        let local = list.len() == 1 && self.scopes.iter().any(|s| s.contains(&joined));
        if known || local {
            return ControlFlow::Continue(());
        }
        if let Err(refusal) = names::relation(&list) {
            return ControlFlow::Break(refusal);
        }
        if self.schema.is_some() {
            return stop(
                "unknown_table",
                format!("there is no table `{joined}` in the model"),
                "Use a table of the model.",
            );
        }
        ControlFlow::Continue(())
    }

    fn set(&self, body: &SetExpr) -> ControlFlow<Refusal> {
        match body {
            SetExpr::Select(_) | SetExpr::Values(_) | SetExpr::Query(_) => {
                ControlFlow::Continue(())
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.set(left)?;
                self.set(right)
            }
            SetExpr::Table(_) => stop(
                "statement",
                "TABLE is a short form that is not read",
                "Write SELECT … FROM …",
            ),
            _ => stop(
                "statement",
                "a query that writes",
                "Only reading with SELECT is allowed.",
            ),
        }
    }

    fn joins(&mut self, from: &[TableWithJoins]) {
        self.cross_joins += from.len().saturating_sub(1);
        for join in from.iter().flat_map(|f| &f.joins) {
            if matches!(join.join_operator, JoinOperator::CrossJoin(_)) {
                self.cross_joins += 1;
            }
        }
    }
}

/// Relations that a query reads, its own names taken away.
struct Reads(BTreeSet<String>);

impl Visitor for Reads {
    type Break = ();
    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        self.0.insert(parts(name).join(".").to_lowercase());
        ControlFlow::Continue(())
    }
}

impl Visitor for Guard<'_> {
    type Break = Refusal;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        let mut names = BTreeSet::new();
        if let Some(with) = &query.with {
            if with.recursive && self.strict {
                return stop(
                    "recursion",
                    "WITH RECURSIVE has no bound",
                    "Write the query without recursion.",
                );
            }
            for (i, cte) in with.cte_tables.iter().enumerate() {
                // A name is not yet defined in its own body, nor in those before it.
                let undefined: BTreeSet<String> = with.cte_tables[i..]
                    .iter()
                    .map(|c| c.alias.name.value.to_lowercase())
                    .collect();
                let mut reads = Reads(BTreeSet::new());
                let _: ControlFlow<()> = cte.query.visit(&mut reads);
                if self.strict
                    && let Some(name) = reads.0.intersection(&undefined).next()
                    && self.schema.is_some_and(|s| !s.tables.contains_key(name))
                {
                    return stop(
                        "unknown_table",
                        format!("`{name}` is read before it is defined"),
                        "Use a table of the model.",
                    );
                }
                names.insert(cte.alias.name.value.to_lowercase());
            }
        }
        self.scopes.push(names);
        if !query.locks.is_empty() {
            return stop("lock", "the query locks rows", "Leave FOR UPDATE out.");
        }
        if query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return stop(
                "clause",
                "a clause that is not read",
                "Write a plain SELECT.",
            );
        }
        self.set(&query.body)
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<Refusal> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Refusal> {
        if select.into.is_some() {
            return stop("statement", "SELECT INTO writes a table", "Leave INTO out.");
        }
        if !select.lateral_views.is_empty()
            || !select.connect_by.is_empty()
            || select.value_table_mode.is_some()
        {
            return stop(
                "clause",
                "a clause that is not read",
                "Write a plain SELECT.",
            );
        }
        self.joins(&select.from);
        if self.strict && self.cross_joins > CROSS_JOINS {
            return stop(
                "cross_join",
                format!("more than {CROSS_JOINS} joins without a condition"),
                "Join on keys.",
            );
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<Refusal> {
        self.relation(name)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Refusal> {
        let own = |name: &ObjectName| {
            !self.strict && OWN_TABLE_FUNCTIONS.contains(&name.to_string().to_lowercase().as_str())
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
                    return stop(
                        "table_function",
                        format!("`{name}(…)` is a table function"),
                        "Read the tables of the model only.",
                    );
                }
                if version.is_some()
                    || sample.is_some()
                    || json_path.is_some()
                    || !with_hints.is_empty()
                    || !index_hints.is_empty()
                {
                    return stop(
                        "clause",
                        "time travel, samples and hints are not read",
                        "Read the table as it is.",
                    );
                }
                ControlFlow::Continue(())
            }
            TableFactor::Derived { .. } | TableFactor::NestedJoin { .. } => {
                ControlFlow::Continue(())
            }
            TableFactor::UNNEST { .. } if !self.strict => ControlFlow::Continue(()),
            TableFactor::Function { name, .. } if own(name) => ControlFlow::Continue(()),
            other => stop(
                "table_function",
                format!("`{other}` is not a table"),
                "Read the tables of the model only.",
            ),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Refusal> {
        if !self.strict {
            return ControlFlow::Continue(());
        }
        match expr {
            Expr::Function(function) => {
                let name = function.name.to_string().to_lowercase();
                let listed = FUNCTIONS
                    .lines()
                    .filter(|l| !l.starts_with('#'))
                    .any(|l| l.split('\t').next() == Some(name.as_str()));
                if !listed {
                    return stop(
                        "function",
                        format!("`{name}` is not among the reviewed functions"),
                        "Use ordinary aggregates, dates, text and arithmetic.",
                    );
                }
            }
            Expr::Identifier(ident) => {
                let name = ident.value.to_lowercase();
                if (ident.quote_style.is_none() && SESSION.contains(&name.as_str()))
                    || name.starts_with(['@', '$'])
                    || name.contains("@@")
                {
                    return stop(
                        "variable",
                        format!("`{name}` is a variable of the session"),
                        "Write the value itself.",
                    );
                }
                if let Some(schema) = self.schema
                    && !self.aliases.contains(&name)
                    && !schema.tables.values().any(|c| c.contains(&name))
                {
                    return stop(
                        "unknown_column",
                        format!("there is no column `{name}` in the model"),
                        "Use a column of the model.",
                    );
                }
            }
            Expr::CompoundIdentifier(path) => {
                if let Some(schema) = self.schema
                    && let Some(last) = path.last().map(|p| p.value.to_lowercase())
                    && !self.aliases.contains(&last)
                    && !schema.tables.values().any(|c| c.contains(&last))
                {
                    return stop(
                        "unknown_column",
                        format!("there is no column `{last}` in the model"),
                        "Use a column of the model.",
                    );
                }
            }
            Expr::Value(value) => {
                if matches!(value.value, Value::Placeholder(_)) {
                    return stop("variable", "a placeholder", "Write the value itself.");
                }
            }
            Expr::MatchAgainst { .. }
            | Expr::Lambda(_)
            | Expr::Prior(_)
            | Expr::Prefixed { .. } => {
                return stop(
                    "expression",
                    "an expression that is not read",
                    "Write plain SQL.",
                );
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
