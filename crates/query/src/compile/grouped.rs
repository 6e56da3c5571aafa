//! Queries with measures: groups, what is computed from them, which are kept, in which order.

use super::Compiler;
use super::calendar::Span;
use super::compare::Periods;
use super::cumulative::not_compared;
use super::frame::{TakenApart, Window};
use super::shape::Shape;
use super::statement::Select;
use crate::{Dimension, Grain, Measure, OutputColumn, Query, QueryError};

/// The running time dimension of a query: which one, and its grain.
pub(super) fn running(dimensions: &[Dimension]) -> Option<(usize, Grain)> {
    dimensions.iter().enumerate().find_map(|(i, d)| match d {
        Dimension::Time(g) | Dimension::TimeOf { grain: g, .. } if !g.is_cyclic() => Some((i, *g)),
        _ => None,
    })
}

/// What the steps of a grouped query share.
pub(super) struct Setting<'q> {
    pub(super) query: &'q Query,
    /// One per measure.
    pub(super) shapes: Vec<Shape>,
    /// Trees of the measures.
    pub(super) parts: TakenApart,
    /// Whether the groups carry the leaves as columns `l0…` (and `pl0…` of the other period).
    pub(super) with_leaves: bool,
    /// How people call the other period.
    pub(super) prior: String,
    pub(super) window: Window,
}

/// Whether a query's range is one of the field whose buckets run.
pub(super) fn by_range(query: &Query) -> bool {
    running(&query.dimensions).is_some_and(|(r, _)| match &query.dimensions[r] {
        Dimension::TimeOf { field, .. } => query.time.as_ref().is_some_and(|t| t.field == *field),
        _ => true,
    })
}

impl<'m> Compiler<'m> {
    /// The rows that a query asks for.
    pub(super) fn window(&self, query: &Query) -> Result<Window, QueryError> {
        let time = query.time.as_ref();
        if let Some(time) = time {
            self.temporal(&time.field)?;
        }
        Ok(Window {
            filter: query.filter.clone(),
            apart: None,
            stores: None,
            time: time.map(|t| t.field.clone()),
            asked: time.map(|t| t.field.clone()),
            span: Span::of(time.and_then(|t| t.range.as_ref()))?,
            reckoning: self.reckoning(time.and_then(|t| t.calendar.as_deref()))?,
            gap: None,
            moved: None,
            week_53: None,
        })
    }

    /// The periods of a query's comparison, and the window of its own.
    fn prior(
        &mut self,
        query: &Query,
        parts: &TakenApart,
        window: &mut Window,
    ) -> Result<Option<Periods>, QueryError> {
        let Some(compare) = &query.compare else {
            return Ok(None);
        };
        if self.anything_reaches_back(&parts.leaves, &query.dimensions)? {
            return Err(not_compared());
        }
        let periods = self.periods(compare, window, running(&query.dimensions))?;
        let asked = std::mem::replace(&mut window.span, periods.now);
        window.week_53 = periods.week_53.clone().filter(|_| periods.left_out);
        if let Some(rule) = &compare.comparable {
            window.stores = Some(self.comparable_stores(rule, asked, &periods, &parts.leaves)?);
        }
        Ok(Some(periods))
    }

    /// The groups of a query in both periods of its comparison: a CTE as of
    /// [`Compiler::side_by_side`].
    pub(super) fn both_sides<'q>(
        &mut self,
        query: &'q Query,
    ) -> Result<(Setting<'q>, String), QueryError> {
        let measures: Vec<_> = query.metrics.iter().map(|t| &t.measure).collect();
        let parts = self.taken_apart(&measures)?;
        let mut window = self.window(query)?;
        let periods = self
            .prior(query, &parts, &mut window)?
            .ok_or_else(|| QueryError::Malformed("nothing to compare with".into()))?;
        let setting = Setting {
            query,
            shapes: measures.iter().map(|m| self.shape(m)).collect(),
            parts,
            with_leaves: false,
            prior: periods.label.clone(),
            window,
        };
        let base = self.compared(&setting, &measures, &setting.window, &periods)?;
        Ok((setting, base))
    }

    /// The groups of both periods.
    fn compared(
        &mut self,
        setting: &Setting,
        measures: &[&Measure],
        window: &Window,
        periods: &Periods,
    ) -> Result<String, QueryError> {
        if self.in_one_pass(setting, periods) {
            return self.both_in_one_pass(setting, periods);
        }
        if let Some(both) = self.both_of_one_series(setting, periods)? {
            return Ok(both);
        }
        let current = self.frame_of(
            "groups",
            &setting.query.dimensions,
            measures,
            &setting.parts,
            setting.with_leaves,
            window,
        )?;
        self.side_by_side(setting, current, periods)
    }

    pub(super) fn grouped(
        &mut self,
        query: &Query,
    ) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        let shapes: Vec<Shape> = query
            .metrics
            .iter()
            .map(|t| self.shape(&t.measure))
            .collect();
        let running = running(&query.dimensions);
        if (query.cumulative || query.rolling.is_some()) && running.is_none() {
            return Err(QueryError::Malformed(
                "a running number needs a time dimension".into(),
            ));
        }
        if query.cumulative
            && let Some(i) = shapes.iter().position(|s| !s.additive)
        {
            return Err(QueryError::UnsafeReaggregation {
                what: query.metrics[i].name.clone(),
                how: "added up over time",
            });
        }
        let mut window = self.window(query)?;
        let asked = window.span;
        let measures: Vec<_> = query.metrics.iter().map(|t| &t.measure).collect();
        let parts = self.taken_apart(&measures)?;
        let prior = self.prior(query, &parts, &mut window)?;
        // Buckets before the range feed a trailing window, where it is a range of the field whose
        // buckets they are.
        let by_range = by_range(query);
        let mut fed = window.clone();
        if let (Some(n), Some((_, grain))) = (query.rolling, running) {
            if n == 0 {
                return Err(QueryError::Malformed(
                    "a window has one bucket at least".into(),
                ));
            }
            if by_range {
                self.feeding(&mut fed, grain, n)?;
            }
        }
        if let (Some(_), Some(_), Some((r, _)), true) =
            (query.rolling, asked.start, running, by_range)
        {
            if let Some(Dimension::TimeOf { field, .. }) = query.dimensions.get(r) {
                self.dated_by(field, &parts.leaves, &window)?;
            }
            self.levels_by_their_time(&parts.leaves, &window)?;
        }
        let mut with_leaves = false;
        if let Some(rank) = query.rank.as_ref().filter(|r| r.other.is_some()) {
            self.check_rest(query, rank, &parts.leaves)?;
            with_leaves = true;
        }
        let setting = Setting {
            query,
            shapes,
            parts,
            with_leaves,
            prior: prior.as_ref().map_or(String::new(), |p| p.label.clone()),
            window,
        };
        let base = match &prior {
            None => self.frame_of(
                "groups",
                &query.dimensions,
                &measures,
                &setting.parts,
                with_leaves,
                &fed,
            )?,
            Some(periods) => self.compared(&setting, &measures, &fed, periods)?,
        };
        let base = match running {
            Some(running) => self.filled(&setting, base, running, fed.span)?,
            None => base,
        };
        let mut measured = self.measured(&setting, &base, with_leaves)?;
        if query.rolling.is_some()
            && by_range
            && let (Some(start), Some((r, grain))) = (asked.start, running)
        {
            let first = setting
                .window
                .reckoning
                .start(grain, start)
                .unwrap_or(start);
            let in_range = format!("d{r} >= {}", self.sql.date(first));
            measured.table = self.cte(
                "in_range",
                "without the buckets that only feed the window".into(),
                &Select::all(&measured.table, vec![in_range]),
            );
        }
        let order = self.kept(&setting, &mut measured, running.map(|r| r.0))?;
        let select = Select {
            columns: measured
                .internal
                .iter()
                .zip(&measured.columns)
                .map(|(i, c)| format!("{i} AS {}", self.sql.identifier(&c.name)))
                .collect(),
            from: format!("FROM {}", measured.table),
            order,
            limit: query.limit,
            ..Select::default()
        };
        Ok((select, measured.columns))
    }
}
