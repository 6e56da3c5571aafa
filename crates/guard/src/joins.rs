//! Whether the relations of a FROM are held together, so that no product of them arises.

use crate::Refusal;
use crate::scope::{self, Columns, Frame, Place, Rows, Source};
use sqlparser::ast::{BinaryOperator, Expr, Visit, Visitor};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Pairs of sources that a condition makes equal.
pub(crate) type Edges = BTreeSet<(usize, usize)>;

/// Sources of the innermost frame that an expression reads; `None` if that cannot be told.
fn sources(expr: &Expr, frames: &[Frame]) -> Option<BTreeSet<usize>> {
    struct Find<'a> {
        frames: &'a [Frame],
        found: BTreeSet<usize>,
        unknown: bool,
    }
    impl Visitor for Find<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let place = match expr {
                Expr::Identifier(name) => scope::bare(self.frames, &name.value.to_lowercase()),
                Expr::CompoundIdentifier(path) => {
                    let parts: Vec<String> = path.iter().map(|p| p.value.to_lowercase()).collect();
                    scope::path(self.frames, &parts)
                }
                _ => return ControlFlow::Continue(()),
            };
            match place {
                Some(Place::Source(f, s)) if f + 1 == self.frames.len() => {
                    self.found.insert(s);
                }
                Some(Place::Elsewhere) => self.unknown = true,
                _ => {}
            }
            ControlFlow::Continue(())
        }
    }
    let mut find = Find {
        frames,
        found: BTreeSet::new(),
        unknown: false,
    };
    let _: ControlFlow<()> = expr.visit(&mut find);
    (!find.unknown).then_some(find.found)
}

/// Which sources a condition holds together.
pub(crate) fn edges(condition: &Expr, frames: &[Frame]) -> Edges {
    match condition {
        Expr::Nested(inner) => edges(inner, frames),
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::And => &edges(left, frames) | &edges(right, frames),
            BinaryOperator::Or => &edges(left, frames) & &edges(right, frames),
            BinaryOperator::Eq | BinaryOperator::Spaceship => equal(left, right, frames),
            _ => Edges::new(),
        },
        Expr::IsNotDistinctFrom(left, right) => equal(left, right, frames),
        _ => Edges::new(),
    }
}

fn equal(left: &Expr, right: &Expr, frames: &[Frame]) -> Edges {
    let all = frames.last().map_or(0, |f| f.sources.len());
    match (sources(left, frames), sources(right, frames)) {
        (Some(a), Some(b)) => a
            .iter()
            .flat_map(|x| b.iter().map(move |y| (*x.min(y), *x.max(y))))
            .filter(|(x, y)| x != y)
            .collect(),
        // Without a model a bare name may belong to any of them.
        _ => (1..all).map(|k| (k - 1, k)).collect(),
    }
}

/// Most relations of more than one row that nothing holds together.
const LOOSE: usize = 3;

/// Refuses a FROM whose relations multiply each other.
pub(crate) fn held_together(frame: &Frame, edges: &Edges) -> Result<(), Refusal> {
    let count = frame.sources.len();
    let mut group: Vec<usize> = (0..count).collect();
    let mut unite = |a: usize, b: usize| {
        let (from, to) = (group[a], group[b]);
        group
            .iter_mut()
            .filter(|g| **g == from)
            .for_each(|g| *g = to);
    };
    for &(a, b) in edges {
        unite(a, b);
    }
    for (i, source) in frame.sources.iter().enumerate() {
        if i > 0 && source.lateral {
            unite(i - 1, i);
        }
    }
    let whole: BTreeSet<usize> = (0..count)
        .filter(|i| frame.sources[*i].relation.rows > Rows::One)
        .map(|i| group[i])
        .collect();
    let mut parts: Vec<(usize, Vec<&Source>)> = Vec::new();
    for (i, source) in frame.sources.iter().enumerate() {
        if source.relation.rows <= Rows::Few {
            continue;
        }
        match parts.iter_mut().find(|(g, _)| *g == group[i]) {
            Some((_, members)) => members.push(source),
            None => parts.push((group[i], vec![source])),
        }
    }
    let refuse = |what: &str| {
        Err(Refusal::new(
            "cross_join",
            format!("relations without an equality between them: {what}"),
            "Join on keys.",
        ))
    };
    if whole.len() > LOOSE {
        return refuse("too many");
    }
    match parts.as_slice() {
        [] | [_] => Ok(()),
        [(_, a), (_, b)] => {
            let grouped = |s: &[&Source]| s.iter().all(|s| s.relation.rows == Rows::Grouped);
            let tables = |s: &[&Source]| -> BTreeSet<String> {
                s.iter().flat_map(|s| s.relation.tables.clone()).collect()
            };
            if !(grouped(a) || grouped(b) || tables(a).is_disjoint(&tables(b))) {
                return refuse("a table meets itself");
            }
            Ok(())
        }
        _ => refuse("three or more"),
    }
}

/// Whether columns are known, so that a natural join can be told.
pub(crate) fn known(source: &Source) -> bool {
    source.relation.columns != Columns::Open
}
