//! Recursion that provably ends.
//!
//! Two forms are known: counting up (or down) to a literal, one row for each row, and following
//! keys with `UNION`, which keeps each combination of the data's own values once.

use crate::bounds::number;
use sqlparser::ast::{
    BinaryOperator, Cte, Expr, GroupByExpr, Query, Select, SelectItem, SetExpr, SetOperator,
    SetQuantifier, TableFactor, Visit, Visitor,
};
use std::ops::ControlFlow;

/// Most steps of a recursion that counts.
const STEPS: f64 = 10_000.0;

/// How often a name is read as a table.
pub(crate) fn reads(query: &impl Visit, name: &str) -> usize {
    struct Count<'a>(&'a str, usize);
    impl Visitor for Count<'_> {
        type Break = ();
        fn pre_visit_relation(&mut self, relation: &sqlparser::ast::ObjectName) -> ControlFlow<()> {
            if crate::walk::parts(relation).join(".").to_lowercase() == self.0 {
                self.1 += 1;
            }
            ControlFlow::Continue(())
        }
    }
    let mut count = Count(name, 0);
    let _: ControlFlow<()> = query.visit(&mut count);
    count.1
}

/// The first branch of a recursive query, which does not read itself.
pub(crate) fn anchor(query: &Query) -> Option<&SetExpr> {
    match query.body.as_ref() {
        SetExpr::SetOperation { left, .. } => Some(left),
        _ => None,
    }
}

/// Whether the recursion of a common table expression ends whatever the data is.
pub(crate) fn ends(cte: &Cte) -> bool {
    let name = cte.alias.name.value.to_lowercase();
    let SetExpr::SetOperation {
        op: SetOperator::Union,
        set_quantifier,
        left,
        right,
    } = cte.query.body.as_ref()
    else {
        return false;
    };
    let (SetExpr::Select(first), SetExpr::Select(next)) = (left.as_ref(), right.as_ref()) else {
        return false;
    };
    let once = reads(left.as_ref(), &name) == 0 && reads(right.as_ref(), &name) == 1;
    let plain = cte.query.with.is_none()
        && cte.query.order_by.is_none()
        && next.having.is_none()
        && next.qualify.is_none()
        && next.distinct.is_none()
        && matches!(&next.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    once && plain && (counts(cte, first, next) || follows(*set_quantifier, next))
}

/// The names of a column: bare and qualified.
fn column(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.to_lowercase()),
        Expr::CompoundIdentifier(path) => path.last().map(|p| p.value.to_lowercase()),
        Expr::Nested(inner) => column(inner),
        _ => None,
    }
}

fn item(item: &SelectItem) -> Option<(&Expr, Option<String>)> {
    match item {
        SelectItem::UnnamedExpr(expr) => Some((expr, column(expr))),
        SelectItem::ExprWithAlias { expr, alias } => Some((expr, Some(alias.value.to_lowercase()))),
        _ => None,
    }
}

/// `SELECT n + 1, … FROM itself WHERE n < 100`.
fn counts(cte: &Cte, first: &Select, next: &Select) -> bool {
    let [from] = next.from.as_slice() else {
        return false;
    };
    if !from.joins.is_empty() || !matches!(from.relation, TableFactor::Table { .. }) {
        return false;
    }
    if first.projection.len() != next.projection.len() {
        return false;
    }
    let listed: Vec<String> = cte
        .alias
        .columns
        .iter()
        .map(|c| c.name.value.to_lowercase())
        .collect();
    let mut counted = false;
    for (i, (a, b)) in first.projection.iter().zip(&next.projection).enumerate() {
        let (Some((start, named)), Some((step, _))) = (item(a), item(b)) else {
            return false;
        };
        let Some(name) = listed.get(i).cloned().or(named) else {
            return false;
        };
        match step {
            Expr::BinaryOp { left, op, right } => {
                // The step is a literal number; dates move by literal intervals.
                if column(left).is_none() {
                    return false;
                }
                let up = match op {
                    BinaryOperator::Plus => 1.0,
                    BinaryOperator::Minus => -1.0,
                    _ => return false,
                };
                if let (Some(by), Some(from)) = (number(right), number(start)) {
                    let by = by * up;
                    let until = next
                        .selection
                        .as_ref()
                        .and_then(|w| limit(w, &name, by > 0.0));
                    counted |= column(left).as_deref() == Some(name.as_str())
                        && until.is_some_and(|end| by != 0.0 && ((end - from) / by) <= STEPS);
                } else if !matches!(right.as_ref(), Expr::Interval(_)) && number(right).is_none() {
                    return false;
                }
            }
            other if column(other).is_some() || number(other).is_some() => {}
            _ => return false,
        }
    }
    counted
}

/// The literal that a conjunct of the condition holds the counter under (or over).
fn limit(condition: &Expr, name: &str, up: bool) -> Option<f64> {
    match condition {
        Expr::Nested(inner) => limit(inner, name, up),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => limit(left, name, up).or_else(|| limit(right, name, up)),
        Expr::BinaryOp { left, op, right } => {
            let under = matches!(op, BinaryOperator::Lt | BinaryOperator::LtEq);
            let over = matches!(op, BinaryOperator::Gt | BinaryOperator::GtEq);
            let own = column(left).as_deref() == Some(name);
            if own && ((up && under) || (!up && over)) {
                return number(right);
            }
            // `n + 1 <= 100` bounds n as well.
            match left.as_ref() {
                Expr::BinaryOp {
                    left: inner,
                    op: BinaryOperator::Plus,
                    right: by,
                } if up
                    && under
                    && column(inner).as_deref() == Some(name)
                    && number(by).is_some_and(|b| b >= 0.0) =>
                {
                    number(right)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// `UNION` (not `ALL`) whose columns are the data's own: no new values, so an end.
fn follows(quantifier: SetQuantifier, next: &Select) -> bool {
    let distinct = matches!(quantifier, SetQuantifier::Distinct | SetQuantifier::None);
    distinct
        && next
            .projection
            .iter()
            .all(|p| item(p).is_some_and(|(expr, _)| column(expr).is_some()))
}
