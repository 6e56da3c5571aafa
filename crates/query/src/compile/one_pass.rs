//! Both periods of a comparison in one pass over the rows, where nothing but their days differs.
//!
//! Without periods a row counts for the side that it is on. By periods, the other side of each one
//! is another one of the same series, where both ranges hold whole periods and the movement is by
//! whole periods.

use super::Compiler;
use super::calendar::Span;
use super::compare::Periods;
use super::frame::{TakenApart, Window};
use super::grouped::{Setting, running};
use super::measure::Leaf;
use super::reckoning::Reckoning;
use super::shift::Shift;
use super::statement::Select;
use super::tree::Tree;
use crate::{Dimension, Grain, QueryError};
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

/// Whether a leaf aggregates the rows of a window and no others.
fn of_its_rows(leaf: &Leaf) -> bool {
    matches!(leaf, Leaf::Rows { basis, level, .. }
        if level.is_none() && basis.reach.is_none() && basis.offset.is_none())
}

/// Whether a group is the same one whenever its rows took place.
fn is_timeless(dimension: &Dimension) -> bool {
    matches!(dimension, Dimension::Field(_) | Dimension::Band { .. })
}

/// Both spans in one, with the days between them.
fn together(now: Span, then: Span) -> (Span, Option<(Date, Date)>) {
    let span = Span {
        start: now.start.zip(then.start).map(|(a, b)| a.min(b)),
        end: now.end.zip(then.end).map(|(a, b)| a.max(b)),
    };
    (span, sides(now, then).1)
}

impl Compiler<'_> {
    /// The running dimension of a comparison whose other periods are periods of the same series.
    fn of_one_series(&self, setting: &Setting, periods: &Periods) -> Option<usize> {
        let dimensions = &setting.query.dimensions;
        let (r, grain) = running(dimensions)?;
        let moved = periods.moved.as_ref()?;
        let reckoning = &setting.window.reckoning;
        let whole = match (&moved.shift, grain, reckoning) {
            (_, _, Reckoning::Table { .. }) => false,
            (Shift::Days(_), Grain::Day, _) => true,
            (Shift::Days(n), Grain::Week, _) => n % 7 == 0,
            (Shift::Months(_), Grain::Month, Reckoning::Months { .. }) => true,
            (Shift::Months(n), Grain::Quarter, Reckoning::Months { .. }) => n % 3 == 0,
            (Shift::Months(n), Grain::Year, Reckoning::Months { .. }) => n % 12 == 0,
            _ => false,
        };
        let bounds = [
            (periods.now.start, periods.then.start),
            (periods.now.end, periods.then.end),
        ];
        let starts = |day: Date| reckoning.start(grain, day) == Some(day);
        let aligned = bounds.iter().all(|bound| match bound {
            (None, None) => true,
            (Some(now), Some(then)) => starts(*now) && starts(*then),
            _ => false,
        });
        let own_time = matches!(dimensions.get(r), Some(Dimension::Time(_)));
        let others = dimensions.iter().enumerate();
        (whole
            && aligned
            && own_time
            && moved.dimension == Some(r)
            && !moved.exactly
            && moved.until.is_none()
            && periods.week_53.is_none()
            && setting.query.rolling.is_none()
            && setting.parts.leaves.iter().all(of_its_rows)
            && others.filter(|(d, _)| *d != r).all(|(_, d)| is_timeless(d)))
        .then_some(r)
    }

    /// As [`Compiler::side_by_side`], from one series that holds the periods of both sides; `None`
    /// where they are none.
    pub(super) fn both_of_one_series(
        &mut self,
        setting: &Setting,
        periods: &Periods,
    ) -> Result<Option<String>, QueryError> {
        let (Some(r), Some(moved)) = (self.of_one_series(setting, periods), &periods.moved) else {
            return Ok(None);
        };
        let dimensions = &setting.query.dimensions;
        let measures: Vec<_> = setting.query.metrics.iter().map(|t| &t.measure).collect();
        let (span, gap) = together(periods.now, periods.then);
        let window = Window {
            span,
            gap,
            ..setting.window.clone()
        };
        let series = self.frame_of(
            "series",
            dimensions,
            &measures,
            &setting.parts,
            setting.with_leaves,
            &window,
        )?;
        let sql = self.sql;
        let period = format!("d{r}");
        let within =
            |span: Span| -> Vec<String> { span.condition(sql, &period).into_iter().collect() };
        let now = self.cte(
            "groups",
            "the periods asked for".into(),
            &Select::all(&series, within(periods.now)),
        );
        let met = match moved.shift {
            Shift::Days(n) => sql.plus_days(&period, &n.to_string()),
            Shift::Months(n) => sql.plus_months(&period, i64::from(n)),
            _ => return Ok(None),
        };
        let mut columns: Vec<String> = (0..dimensions.len())
            .map(|d| match d == r {
                true => format!("{met} AS d{d}"),
                false => format!("d{d}"),
            })
            .collect();
        columns.extend((0..measures.len()).map(|m| format!("m{m}")));
        if setting.with_leaves {
            columns.extend((0..setting.parts.leaves.len()).map(|i| format!("l{i}")));
        }
        let then = self.cte(
            "groups_before",
            format!("{}, at the periods that they meet", periods.label),
            &Select {
                columns,
                from: format!("FROM {series}"),
                conditions: within(periods.then),
                ..Select::default()
            },
        );
        Ok(Some(self.beside(setting, &now, then, periods)))
    }

    /// Whether a group and a row are the same ones in both periods, so that a row of either is
    /// read once and counted for the side that it is on.
    pub(super) fn in_one_pass(&self, setting: &Setting, periods: &Periods) -> bool {
        let bounded = |span: Span| span.start.is_some() && span.end.is_some();
        let plain = periods
            .moved
            .as_ref()
            .is_none_or(|m| m.dimension.is_none() && !m.exactly && m.until.is_none());
        plain
            && periods.week_53.is_none()
            && bounded(periods.now)
            && bounded(periods.then)
            && setting.parts.leaves.iter().all(of_its_rows)
            && !self.any_converted(&setting.parts.leaves.iter().collect::<Vec<_>>())
            && setting.query.dimensions.iter().all(is_timeless)
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
        let (sides, _) = sides(now, then);
        let (span, gap) = together(now, then);
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
            span,
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
