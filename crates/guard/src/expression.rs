//! Expressions of SQL from outside: every form that may stand is named here.

use crate::bounds;
use crate::functions::{self, Kind};
use crate::scope::{self, Place};
use crate::walk::{Walk, parts, refuse};
use crate::{Dialect, Refusal, names};
use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, JsonPathElem, OrderByExpr, Subscript, Value, Visit,
    Visitor, WindowFrameBound, WindowSpec, WindowType,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Most members of a list of values.
const LISTED: usize = 5000;

/// Words that engines replace by facts about the session.
const SESSION: [&str; 10] = [
    "current_user",
    "session_user",
    "user",
    "current_role",
    "current_schema",
    "current_database",
    "current_catalog",
    "current_warehouse",
    "current_account",
    "system_user",
];

/// Units of time, as they stand bare among the arguments of functions.
const UNITS: [&str; 44] = [
    "millennium",
    "century",
    "decade",
    "year",
    "years",
    "yyyy",
    "yy",
    "isoyear",
    "quarter",
    "quarters",
    "qtr",
    "q",
    "month",
    "months",
    "mm",
    "mon",
    "week",
    "weeks",
    "isoweek",
    "ww",
    "wk",
    "week_iso",
    "day",
    "days",
    "dd",
    "d",
    "dayofweek",
    "dow",
    "dayofweek_iso",
    "isodow",
    "dayofyear",
    "doy",
    "hour",
    "hours",
    "hh",
    "minute",
    "minutes",
    "mi",
    "second",
    "seconds",
    "ss",
    "millisecond",
    "microsecond",
    "epoch",
];

/// Days that a week may begin on, as an argument of it.
const WEEKDAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];

fn odd<T>(what: &str) -> Result<T, Refusal> {
    refuse("expression", what, "Write plain SQL.")
}

impl Walk<'_> {
    pub(crate) fn exprs<'e>(
        &mut self,
        list: impl IntoIterator<Item = &'e Expr>,
    ) -> Result<(), Refusal> {
        list.into_iter().try_for_each(|e| self.expr(e))
    }

    pub(crate) fn keys(&mut self, keys: &[OrderByExpr]) -> Result<(), Refusal> {
        for key in keys {
            if key.with_fill.is_some() {
                return odd("WITH FILL makes rows");
            }
            self.expr(&key.expr)?;
        }
        Ok(())
    }

    pub(crate) fn window(&mut self, spec: &WindowSpec) -> Result<(), Refusal> {
        self.exprs(&spec.partition_by)?;
        self.keys(&spec.order_by)?;
        if let Some(frame) = &spec.window_frame {
            for bound in [Some(&frame.start_bound), frame.end_bound.as_ref()]
                .into_iter()
                .flatten()
            {
                match bound {
                    WindowFrameBound::Preceding(Some(e)) | WindowFrameBound::Following(Some(e)) => {
                        self.expr(e)?;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Chains of operators are walked in a loop: they may be long.
    pub(crate) fn expr(&mut self, expr: &Expr) -> Result<(), Refusal> {
        self.repeats(expr)?;
        let mut at = expr;
        while let Expr::BinaryOp { left, op, right } = at {
            self.operator(left, op, right)?;
            self.expr(right)?;
            at = left;
        }
        self.one(at)
    }

    fn operator(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Result<(), Refusal> {
        match op {
            BinaryOperator::PGRegexMatch
            | BinaryOperator::PGRegexIMatch
            | BinaryOperator::PGRegexNotMatch
            | BinaryOperator::PGRegexNotIMatch
            | BinaryOperator::Regexp => {
                bounds::safe_pattern(bounds::text(right).as_deref(), self.dialect)
            }
            BinaryOperator::Or => {
                if constant(left) || constant(right) || always(left) || always(right) {
                    return refuse(
                        "tautology",
                        "a condition that is widened by a constant",
                        "Leave it out.",
                    );
                }
                Ok(())
            }
            BinaryOperator::Custom(_) | BinaryOperator::PGCustomBinaryOperator(_) => {
                odd("an operator by name")
            }
            BinaryOperator::Assignment => odd("an assignment"),
            _ => Ok(()),
        }
    }

    /// A text put together from itself grows with each time it stands there.
    fn repeats(&mut self, expr: &Expr) -> Result<(), Refusal> {
        let mut pieces: BTreeMap<String, usize> = BTreeMap::new();
        let mut count = |e: &Expr| {
            if matches!(e, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
                *pieces.entry(e.to_string().to_lowercase()).or_default() += 1;
            }
        };
        match expr {
            Expr::BinaryOp {
                op: BinaryOperator::StringConcat | BinaryOperator::Plus,
                ..
            } => {
                let mut text = false;
                let mut at = expr;
                while let Expr::BinaryOp { left, op, right } = at {
                    text |= matches!(op, BinaryOperator::StringConcat);
                    count(right);
                    at = left;
                }
                count(at);
                if !text {
                    return Ok(());
                }
            }
            Expr::Function(f) if f.name.to_string().to_lowercase().starts_with("concat") => {
                arguments(f).into_iter().for_each(&mut count);
            }
            _ => return Ok(()),
        }
        let most = pieces.values().max().copied().unwrap_or(1);
        self.bounds.grow(most as f64)
    }

    fn one(&mut self, expr: &Expr) -> Result<(), Refusal> {
        match expr {
            Expr::Identifier(name) => self.bare(&name.value, name.quote_style.is_some()),
            Expr::CompoundIdentifier(path) => {
                let parts: Vec<String> = path.iter().map(|p| p.value.clone()).collect();
                self.path(&parts)
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.expr(root)?;
                for access in access_chain {
                    match access {
                        // A part of a value, or a function written behind it.
                        AccessExpr::Dot(Expr::Identifier(_)) => {}
                        AccessExpr::Dot(inner @ Expr::Function(_)) => self.expr(inner)?,
                        AccessExpr::Dot(_) => return odd("a part of a value by expression"),
                        AccessExpr::Subscript(s) => self.subscript(s)?,
                    }
                }
                Ok(())
            }
            Expr::JsonAccess { value, path } => {
                self.expr(value)?;
                for element in &path.path {
                    if let JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } =
                        element
                    {
                        self.expr(key)?;
                    }
                }
                Ok(())
            }
            Expr::IsFalse(e)
            | Expr::IsNotFalse(e)
            | Expr::IsTrue(e)
            | Expr::IsNotTrue(e)
            | Expr::IsNull(e)
            | Expr::IsNotNull(e)
            | Expr::IsUnknown(e)
            | Expr::IsNotUnknown(e)
            | Expr::Nested(e)
            | Expr::UnaryOp { expr: e, .. }
            | Expr::Collate { expr: e, .. }
            | Expr::Ceil { expr: e, .. }
            | Expr::Floor { expr: e, .. }
            | Expr::Extract { expr: e, .. }
            | Expr::IsJson { expr: e, .. }
            | Expr::IsNormalized { expr: e, .. } => self.expr(e),
            Expr::IsDistinctFrom(a, b) | Expr::IsNotDistinctFrom(a, b) => self.exprs([&**a, &**b]),
            Expr::InList { expr, list, .. } => {
                if list.len() > LISTED {
                    return refuse(
                        "too_long",
                        format!("a list of more than {LISTED} values"),
                        "Name fewer values.",
                    );
                }
                self.expr(expr)?;
                self.exprs(list)
            }
            Expr::InSubquery { expr, subquery, .. } => {
                self.expr(expr)?;
                self.query(subquery).map(|_| ())
            }
            Expr::InUnnest {
                expr, array_expr, ..
            } => self.exprs([&**expr, &**array_expr]),
            Expr::Between {
                expr, low, high, ..
            } => self.exprs([&**expr, &**low, &**high]),
            Expr::Like {
                expr,
                pattern,
                escape_char,
                ..
            }
            | Expr::ILike {
                expr,
                pattern,
                escape_char,
                ..
            } => {
                self.exprs([&**expr, &**pattern])?;
                self.exprs(escape_char.iter().map(|e| &**e))
            }
            Expr::SimilarTo {
                expr,
                pattern,
                escape_char,
                ..
            } => {
                bounds::safe_pattern(bounds::text(pattern).as_deref(), self.dialect)?;
                self.expr(expr)?;
                self.exprs(escape_char.iter().map(|e| &**e))
            }
            Expr::RLike { expr, pattern, .. } => {
                bounds::safe_pattern(bounds::text(pattern).as_deref(), self.dialect)?;
                self.expr(expr)
            }
            Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => {
                self.exprs([&**left, &**right])
            }
            Expr::Cast {
                expr, data_type, ..
            } => {
                bounds::safe_type(data_type)?;
                let endless = bounds::text(expr).is_some_and(|t| {
                    let t = t.trim().trim_start_matches(['+', '-']).to_lowercase();
                    matches!(t.as_str(), "nan" | "inf" | "infinity")
                });
                if endless {
                    return refuse(
                        "unbounded",
                        "a number that is none",
                        "Write a finite number.",
                    );
                }
                self.expr(expr)
            }
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => self.exprs([&**timestamp, &**time_zone]),
            Expr::Position { expr, r#in } => self.exprs([&**expr, &**r#in]),
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                self.expr(expr)?;
                self.exprs(substring_from.iter().chain(substring_for).map(|e| &**e))
            }
            Expr::Trim {
                expr,
                trim_what,
                trim_characters,
                ..
            } => {
                self.expr(expr)?;
                self.exprs(trim_what.iter().map(|e| &**e))?;
                self.exprs(trim_characters.iter().flatten())
            }
            Expr::Overlay {
                expr,
                overlay_what,
                overlay_from,
                overlay_for,
            } => {
                self.exprs([&**expr, &**overlay_what, &**overlay_from])?;
                self.exprs(overlay_for.iter().map(|e| &**e))
            }
            Expr::Value(value) => match value.value {
                Value::Placeholder(_) => {
                    refuse("variable", "a placeholder", "Write the value itself.")
                }
                _ => Ok(()),
            },
            Expr::TypedString(typed) => bounds::safe_type(&typed.data_type),
            Expr::Function(function) => self.function(function),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => {
                self.exprs(operand.iter().map(|e| &**e))?;
                for when in conditions {
                    self.exprs([&when.condition, &when.result])?;
                }
                self.exprs(else_result.iter().map(|e| &**e))
            }
            Expr::Exists { subquery, .. } | Expr::Subquery(subquery) => {
                self.query(subquery).map(|_| ())
            }
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                self.exprs(sets.iter().flatten())
            }
            Expr::Tuple(list) | Expr::Struct { values: list, .. } => self.exprs(list),
            Expr::Named { expr, .. } => self.expr(expr),
            Expr::Array(array) => {
                if array.elem.len() > LISTED {
                    return refuse(
                        "too_long",
                        format!("a list of more than {LISTED} values"),
                        "Name fewer values.",
                    );
                }
                self.exprs(&array.elem)
            }
            Expr::Interval(interval) => self.expr(&interval.value),
            Expr::BinaryOp { .. } => self.expr(expr),
            Expr::Convert { .. }
            | Expr::Prefixed { .. }
            | Expr::Dictionary(_)
            | Expr::Map(_)
            | Expr::MatchAgainst { .. }
            | Expr::Wildcard(_)
            | Expr::QualifiedWildcard(..)
            | Expr::OuterJoin(_)
            | Expr::Prior(_)
            | Expr::Lambda(_)
            | Expr::MemberOf(_) => odd("an expression that is not read"),
        }
    }

    fn subscript(&mut self, subscript: &Subscript) -> Result<(), Refusal> {
        match subscript {
            Subscript::Index { index } => self.expr(index),
            Subscript::Slice {
                lower_bound,
                upper_bound,
                stride,
            } => self.exprs(lower_bound.iter().chain(upper_bound).chain(stride)),
        }
    }

    fn bare(&mut self, name: &str, quoted: bool) -> Result<(), Refusal> {
        let name = name.to_lowercase();
        let place = scope::bare(&self.frames, &name);
        // A column of the model may have any name.
        if let Some(place) = place
            && self.schema.is_some()
        {
            return self.found(place);
        }
        if (!quoted && SESSION.contains(&name.as_str())) || name.starts_with(['@', '$']) {
            return refuse(
                "variable",
                format!("`{name}` is a variable of the session"),
                "Write the value itself.",
            );
        }
        if names::is_pseudo_column(&name) {
            return unknown_column(&name);
        }
        match (place, self.schema) {
            (Some(place), _) => self.found(place),
            (None, None) => Ok(()),
            (None, Some(_)) => unknown_column(&name),
        }
    }

    fn found(&mut self, place: Place) -> Result<(), Refusal> {
        if let Place::Source(frame, _) = place {
            self.outermost = self.outermost.min(frame);
        }
        Ok(())
    }

    /// A column with names in front.
    pub(crate) fn path(&mut self, parts: &[String]) -> Result<(), Refusal> {
        let parts: Vec<String> = parts.iter().map(|p| p.to_lowercase()).collect();
        match (scope::path(&self.frames, &parts), self.schema) {
            (Some(place), _) => {
                if self.schema.is_none() && parts.iter().any(|p| names::is_pseudo_column(p)) {
                    return unknown_column(&parts.join("."));
                }
                self.found(place)
            }
            (None, None) if !parts.iter().any(|p| names::is_pseudo_column(p)) => Ok(()),
            _ => unknown_column(&parts.join(".")),
        }
    }

    fn function(&mut self, function: &Function) -> Result<(), Refusal> {
        let Function {
            name,
            uses_odbc_syntax: _,
            parameters,
            args,
            within_group,
            filter,
            null_treatment: _,
            over,
        } = function;
        let mut path: Vec<String> = parts(name).iter().map(|p| p.to_lowercase()).collect();
        if self.dialect == Dialect::BigQuery && path.len() == 2 && path[0] == "safe" {
            path.remove(0);
        }
        let called = path.join(".");
        let kind = match path.as_slice() {
            [only] => functions::kind(only, self.dialect),
            _ => None,
        };
        let Some(kind) = kind else {
            return refuse(
                "function",
                format!("`{called}` is not among the reviewed functions"),
                "Use ordinary aggregates, dates, text and arithmetic.",
            );
        };
        if !matches!(parameters, FunctionArguments::None) {
            return odd("a function with parameters");
        }
        match args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(_) => return odd("a query as an argument"),
            FunctionArguments::List(list) => {
                for arg in &list.args {
                    self.argument(arg, &called, kind)?;
                }
                for clause in &list.clauses {
                    match clause {
                        FunctionArgumentClause::OrderBy(keys) => self.keys(keys)?,
                        FunctionArgumentClause::Limit(e) | FunctionArgumentClause::Where(e) => {
                            self.expr(e)?;
                        }
                        FunctionArgumentClause::Having(bound) => self.expr(&bound.1)?,
                        FunctionArgumentClause::IgnoreOrRespectNulls(_)
                        | FunctionArgumentClause::OnOverflow(_)
                        | FunctionArgumentClause::Separator(_)
                        | FunctionArgumentClause::JsonNullClause(_)
                        | FunctionArgumentClause::JsonReturningClause(_) => {}
                    }
                }
            }
        }
        self.bounds
            .call(&called, kind, &arguments(function), self.dialect)?;
        self.keys(within_group)?;
        if let Some(filter) = filter {
            self.expr(filter)?;
        }
        match over {
            Some(WindowType::WindowSpec(spec)) => self.window(spec),
            Some(WindowType::NamedWindow(_)) | None => Ok(()),
        }
    }

    fn argument(&mut self, arg: &FunctionArg, called: &str, kind: Kind) -> Result<(), Refusal> {
        let arg = match arg {
            FunctionArg::Unnamed(arg) | FunctionArg::Named { arg, .. } => arg,
            FunctionArg::ExprNamed { .. } => return odd("an argument by a computed name"),
        };
        match arg {
            FunctionArgExpr::Expr(expr) => {
                if kind == Kind::Time && is_unit(expr) {
                    return Ok(());
                }
                self.expr(expr)
            }
            FunctionArgExpr::Wildcard if called == "count" => Ok(()),
            _ => refuse(
                "star",
                format!("`{called}(*)` reads columns that are not named"),
                "Name the columns.",
            ),
        }
    }
}

fn unknown_column<T>(name: &str) -> Result<T, Refusal> {
    refuse(
        "unknown_column",
        format!("there is no column `{name}` in what is read here"),
        "Use a column of the model, with its table in FROM.",
    )
}

/// A bare unit of time, or a week with its first day.
fn is_unit(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(name) => {
            name.quote_style.is_none() && UNITS.contains(&name.value.to_lowercase().as_str())
        }
        Expr::Function(f) if f.name.to_string().eq_ignore_ascii_case("week") => {
            let days = arguments(f);
            matches!(days.as_slice(), [Expr::Identifier(day)] if WEEKDAYS.contains(&day.value.to_lowercase().as_str()))
        }
        _ => false,
    }
}

/// Positional arguments of a call.
fn arguments(function: &Function) -> Vec<&Expr> {
    match &function.args {
        FunctionArguments::List(list) => list
            .args
            .iter()
            .filter_map(|a| match a {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Some(e),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether an expression reads nothing of the data.
fn constant(expr: &Expr) -> bool {
    struct Find;
    impl Visitor for Find {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Identifier(_)
                | Expr::CompoundIdentifier(_)
                | Expr::Subquery(_)
                | Expr::Exists { .. }
                | Expr::InSubquery { .. } => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    expr.visit(&mut Find).is_continue()
}

/// Whether a comparison has the same on both of its sides.
fn always(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => always(inner),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq | BinaryOperator::LtEq | BinaryOperator::GtEq,
            right,
        } => {
            let column = |e: &Expr| {
                matches!(e, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
                    .then(|| e.to_string().to_lowercase())
            };
            left == right || (column(left).is_some() && column(left) == column(right))
        }
        _ => false,
    }
}
