//! What a SELECT computes, read from its syntax tree.

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr,
    JoinConstraint, JoinOperator, LimitClause, OrderByExpr, OrderByKind, OrderBySort, Query,
    Select, SetExpr, Statement, Value, Visit, Visitor, WindowType,
};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::parser::Parser;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// Counts of everything that bears on the meaning of a query.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// Aggregates outside windows, lower case; `count distinct` apart from `count`.
    pub(super) aggregates: BTreeMap<String, usize>,
    /// Windowed functions.
    pub(super) windows: BTreeMap<String, usize>,
    /// Every other function.
    pub(super) functions: BTreeSet<String>,
    /// Last parts of identifiers, lower case.
    pub(super) columns: BTreeSet<String>,
    /// Text literals.
    pub(super) texts: Vec<String>,
    /// Text literals that something is compared with.
    pub(super) compared: Vec<String>,
    /// Number literals as written.
    pub(super) numbers: Vec<String>,
    /// Comparison operators with a literal on the right: operator and literal.
    pub(super) comparisons: Vec<(String, String)>,
    /// Largest number of keys in a GROUP BY.
    pub(super) keys: usize,
    /// Sort keys that go down, and all of them.
    pub(super) descending: usize,
    /// Whether the first key of the outermost ORDER BY goes down.
    pub(super) first_descends: Option<bool>,
    /// LIMIT literals.
    pub(super) limits: Vec<String>,
    /// Subtractions and divisions.
    pub(super) minus: usize,
    /// Divisions.
    pub(super) divide: usize,
    /// Joins that keep only rows with a partner, lateral ones aside.
    pub(super) inner_joins: usize,
    /// Columns that joins make equal: table name and column of each side, lower case.
    pub(super) joined: Vec<[(String, String); 2]>,
    /// Columns of the outermost SELECT; `None` with a wildcard.
    pub(super) width: Option<usize>,
}

/// Functions that turn many rows into one value.
const AGGREGATES: [&str; 16] = [
    "sum",
    "avg",
    "mean",
    "count",
    "min",
    "max",
    "median",
    "any_value",
    "first",
    "last",
    "approx_count_distinct",
    "quantile_cont",
    "stddev_samp",
    "var_samp",
    "arg_min",
    "arg_max",
];

impl Inventory {
    /// Reads one SELECT statement; says why if it cannot.
    pub(super) fn read(sql: &str) -> Result<Inventory, String> {
        let statements = Parser::parse_sql(&DuckDbDialect {}, sql).map_err(|e| e.to_string())?;
        let [Statement::Query(query)] = statements.as_slice() else {
            return Err("not one SELECT".into());
        };
        let mut inventory = Inventory::default();
        if let Some(order) = &query.order_by
            && let OrderByKind::Expressions(keys) = &order.kind
        {
            inventory.first_descends = keys.first().map(descends);
        }
        if let SetExpr::Select(select) = query.body.as_ref() {
            let wild = select
                .projection
                .iter()
                .any(|p| p.to_string().ends_with('*'));
            inventory.width = (!wild).then_some(select.projection.len());
        }
        let _: ControlFlow<()> = query.visit(&mut inventory);
        Ok(inventory)
    }

    /// Whether a date occurs among the literals.
    pub(super) fn has_date(&self, date: &str) -> bool {
        self.texts.iter().any(|t| t.starts_with(date))
    }

    /// Dates among the literals.
    pub(super) fn dates(&self) -> BTreeSet<String> {
        self.texts
            .iter()
            .filter_map(|t| t.get(..10))
            .filter(|t| t.parse::<jiff::civil::Date>().is_ok())
            .map(String::from)
            .collect()
    }

    fn equalities(&mut self, condition: &Expr) {
        match condition {
            Expr::Nested(inner) => self.equalities(inner),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => {
                self.equalities(left);
                self.equalities(right);
            }
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Eq,
                right,
            } => {
                let side = |e: &Expr| match e {
                    Expr::CompoundIdentifier(parts) => {
                        let [.., table, column] = parts.as_slice() else {
                            return None;
                        };
                        Some((table.value.to_lowercase(), column.value.to_lowercase()))
                    }
                    _ => None,
                };
                if let (Some(a), Some(b)) = (side(left), side(right)) {
                    self.joined.push([a, b]);
                }
            }
            _ => {}
        }
    }

    fn order(&mut self, keys: &[OrderByExpr]) {
        self.descending += keys.iter().filter(|k| descends(k)).count();
    }
}

fn descends(key: &OrderByExpr) -> bool {
    matches!(key.options.sort, Some(OrderBySort::Desc))
}

fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(v) => match &v.value {
            Value::SingleQuotedString(s) => Some(s.clone()),
            Value::Number(n, _) => Some(n.to_string()),
            Value::Boolean(b) => Some(b.to_string()),
            _ => None,
        },
        Expr::TypedString(t) => match &t.value.value {
            Value::SingleQuotedString(s) => Some(s.clone()),
            _ => None,
        },
        Expr::Cast { expr, .. } | Expr::Nested(expr) => literal(expr),
        Expr::UnaryOp { expr, .. } => literal(expr).map(|n| format!("-{n}")),
        Expr::Function(f) => match &f.args {
            FunctionArguments::List(list) => match list.args.as_slice() {
                [FunctionArg::Unnamed(FunctionArgExpr::Expr(only))] => literal(only),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

impl Visitor for Inventory {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if let Some(order) = &query.order_by
            && let OrderByKind::Expressions(keys) = &order.kind
        {
            self.order(keys);
        }
        if let Some(LimitClause::LimitOffset {
            limit: Some(limit), ..
        }) = &query.limit_clause
        {
            self.limits.extend(literal(limit));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        for join in select.from.iter().flat_map(|f| &f.joins) {
            let (inner, constraint) = match &join.join_operator {
                JoinOperator::Join(c) | JoinOperator::Inner(c) => (true, c),
                JoinOperator::Left(c)
                | JoinOperator::LeftOuter(c)
                | JoinOperator::Right(c)
                | JoinOperator::RightOuter(c)
                | JoinOperator::FullOuter(c) => (false, c),
                _ => continue,
            };
            self.inner_joins += usize::from(inner);
            if let JoinConstraint::On(condition) = constraint {
                self.equalities(condition);
            }
        }
        if let GroupByExpr::Expressions(keys, _) = &select.group_by {
            self.keys = self.keys.max(keys.len());
        } else {
            self.keys = usize::MAX;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => {
                self.columns.insert(name.value.to_lowercase());
            }
            Expr::CompoundIdentifier(parts) => {
                self.columns
                    .extend(parts.last().map(|p| p.value.to_lowercase()));
            }
            Expr::Function(function) => self.function(function),
            Expr::BinaryOp { left, op, right } => {
                match op {
                    BinaryOperator::Minus => self.minus += 1,
                    BinaryOperator::Divide => self.divide += 1,
                    _ => {}
                }
                if let Some(value) = literal(right).filter(|_| literal(left).is_none()) {
                    self.comparisons.push((op.to_string(), value.clone()));
                    if matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq)
                        && matches!(plain(right), Expr::Value(v) if matches!(v.value, Value::SingleQuotedString(_)))
                    {
                        self.compared.push(value);
                    }
                }
            }
            Expr::InList { list, .. } => {
                self.compared.extend(list.iter().filter(|e| matches!(plain(e), Expr::Value(v) if matches!(v.value, Value::SingleQuotedString(_)))).filter_map(literal));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &sqlparser::ast::ValueWithSpan) -> ControlFlow<()> {
        match &value.value {
            Value::SingleQuotedString(s) => self.texts.push(s.clone()),
            Value::Number(n, _) => self.numbers.push(n.to_string()),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn plain(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => plain(inner),
        other => other,
    }
}

impl Inventory {
    fn function(&mut self, function: &Function) {
        let mut name = function.name.to_string().to_lowercase();
        if let FunctionArguments::List(list) = &function.args
            && list
                .duplicate_treatment
                .as_ref()
                .is_some_and(|d| d.to_string() == "DISTINCT")
        {
            name.push_str(" distinct");
        }
        if let Some(window) = &function.over {
            *self.windows.entry(name).or_default() += 1;
            if let WindowType::WindowSpec(spec) = window {
                self.order(&spec.order_by);
            }
        } else if AGGREGATES.contains(&name.trim_end_matches(" distinct")) {
            *self.aggregates.entry(name).or_default() += 1;
        } else {
            self.functions.insert(name);
        }
    }
}
