//! Both periods of a comparison in one pass over the rows, where nothing but their days differs.

use super::Compiler;
use super::calendar::Span;
use super::compare::Periods;
use super::frame::{TakenApart, Window};
use super::grouped::Setting;
use super::measure::Leaf;
use super::statement::Select;
use super::tree::Tree;
use crate::{Dimension, QueryError};
use jiff::civil::Date;

/// One of two periods that are read together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Side {
    pub(super) own: Span,
    /// What tells its days from the other's, among those of both.
    pub(super) told_apart: Span,
}

/// Both periods, and the days between them.
fn sides(now: Span, then: Span) -> ([Side; 2], Option<(Date, Date)>) {
    let told_apart = |own: Span, other: Span| {
        if own.end <= other.start {
            Span {
                start: None,
                end: own.end,
            }
        } else if own.start >= other.end {
            Span {
                start: own.start,
                end: None,
            }
        } else {
            own
        }
    };
    let side = |own: Span, other: Span| Side {
        own,
        told_apart: told_apart(own, other),
    };
    let between = |first: Span, last: Span| first.end.zip(last.start).filter(|(a, b)| a < b);
    (
        [side(now, then), side(then, now)],
        between(then, now).or_else(|| between(now, then)),
    )
}

/// A leaf over the rows of a side alone.
fn within(leaf: &Leaf, side: &Side) -> Leaf {
    let mut leaf = leaf.clone();
    if let Leaf::Rows { basis, .. } = &mut leaf {
        basis.side = Some(side.clone());
    }
    leaf
}

impl Compiler<'_> {
    /// Whether a group and a row are the same ones in both periods, so that a row of either is
    /// read once and counted for the side that it is on.
    pub(super) fn in_one_pass(&self, setting: &Setting, periods: &Periods) -> bool {
        let bounded = |span: Span| span.start.is_some() && span.end.is_some();
        let plain = periods
            .moved
            .as_ref()
            .is_none_or(|m| m.dimension.is_none() && !m.exactly && m.until.is_none());
        let leaf = |leaf: &Leaf| match leaf {
            Leaf::Rows { basis, level, .. } => {
                level.is_none() && basis.reach.is_none() && basis.offset.is_none()
            }
            _ => false,
        };
        let timeless = |d: &Dimension| matches!(d, Dimension::Field(_) | Dimension::Band { .. });
        plain
            && periods.week_53.is_none()
            && bounded(periods.now)
            && bounded(periods.then)
            && setting.parts.leaves.iter().all(leaf)
            && !self.any_converted(&setting.parts.leaves.iter().collect::<Vec<_>>())
            && setting.query.dimensions.iter().all(timeless)
    }

    /// As [`Compiler::side_by_side`], from one frame of both periods.
    pub(super) fn both_in_one_pass(
        &mut self,
        setting: &Setting,
        periods: &Periods,
    ) -> Result<String, QueryError> {
        let dimensions = &setting.query.dimensions;
        let TakenApart { trees, leaves } = &setting.parts;
        let (now, then) = (periods.now, periods.then);
        let (sides, gap) = sides(now, then);
        let both = TakenApart {
            leaves: sides
                .iter()
                .flat_map(|side| leaves.iter().map(|l| within(l, side)))
                .collect(),
            trees: (0..sides.len())
                .flat_map(|side| trees.iter().map(move |t| t.moved(side * leaves.len())))
                .collect::<Vec<Tree>>(),
        };
        let measures: Vec<_> = setting.query.metrics.iter().map(|t| &t.measure).collect();
        let window = Window {
            span: Span {
                start: now.start.into_iter().chain(then.start).min(),
                end: now.end.into_iter().chain(then.end).max(),
            },
            gap,
            ..setting.window.clone()
        };
        let frame = self.frame_of(
            "groups",
            dimensions,
            &measures,
            &both,
            setting.with_leaves,
            &window,
        )?;
        let mut columns: Vec<String> = (0..dimensions.len()).map(|d| format!("d{d}")).collect();
        for m in 0..trees.len() {
            columns.push(format!("m{m}"));
            columns.push(format!("m{} AS p{m}", trees.len() + m));
        }
        if setting.with_leaves {
            for i in 0..leaves.len() {
                columns.push(format!("l{i}"));
                columns.push(format!("l{} AS pl{i}", leaves.len() + i));
            }
        }
        let select = Select {
            columns,
            from: format!("FROM {frame}"),
            ..Select::default()
        };
        Ok(self.cte(
            "compared",
            format!("m: the period asked for, p: {}", periods.label),
            &select,
        ))
    }
}
