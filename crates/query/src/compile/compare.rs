//! Two periods side by side.

use super::Compiler;
use super::calendar::{Span, day};
use super::columns::grain_label;
use super::frame::Window;
use super::grouped::{Setting, running};
use super::statement::Select;
use crate::dialect::moved;
use crate::{Align, Compare, CompareTo, Grain, QueryError};
use jiff::ToSpan;

/// The two periods of a comparison.
pub(super) struct Periods {
    /// This one.
    pub(super) now: Span,
    /// The other one.
    pub(super) then: Span,
    /// How far its buckets move to meet this one's, when there are any.
    pub(super) shift: Option<(Grain, i64)>,
    /// How people call the other one.
    pub(super) label: String,
}

impl Compiler<'_> {
    pub(super) fn periods(
        &self,
        compare: &Compare,
        asked: Span,
        grain: Option<Grain>,
    ) -> Result<Periods, QueryError> {
        let watermark = compare
            .watermark
            .as_deref()
            .map(day)
            .transpose()?
            .map(|d| d.saturating_add(1.days()));
        let cut = match (compare.align, watermark, asked.end) {
            (Align::ToDate, Some(mark), Some(end))
                if mark < end && asked.start.is_none_or(|s| s < mark) =>
            {
                Some(mark)
            }
            (Align::ToDate, Some(mark), None) => Some(mark),
            _ => None,
        };
        let now = Span {
            end: cut.or(asked.end),
            ..asked
        };
        let moved = |by: &dyn Fn(Span) -> Span| -> Span {
            Span {
                end: by(now).end,
                ..by(asked)
            }
        };
        let (then, shift) = match (&compare.to, grain) {
            (CompareTo::PriorPeriod, Some(grain)) => {
                (moved(&|s| s.grains(grain, -1)), Some((grain, 1)))
            }
            (CompareTo::PriorYear, Some(_)) => (moved(&|s| s.years(-1)), Some((Grain::Year, 1))),
            (CompareTo::PriorYear, None) => (moved(&|s| s.years(-1)), None),
            (CompareTo::PriorPeriod, None) => {
                let before = asked.before().ok_or_else(|| {
                    QueryError::Malformed("an open range has no period before it".into())
                })?;
                let then = match cut {
                    None => before,
                    // The same part of the earlier period.
                    Some(mark) => {
                        let months = before.end.zip(before.start).map_or(0, |(e, s)| {
                            i32::from(e.year() - s.year()) * 12 + i32::from(e.month() - s.month())
                        });
                        let whole = before.start.is_some_and(|s| s.day() == 1)
                            && before.end.is_some_and(|e| e.day() == 1);
                        let end = if whole {
                            mark.saturating_sub(months.months())
                        } else {
                            mark.saturating_sub(
                                (before
                                    .end
                                    .zip(before.start)
                                    .map_or(0, |(e, s)| (e - s).get_days()))
                                .days(),
                            )
                        };
                        Span {
                            start: before.start,
                            end: Some(end),
                        }
                    }
                };
                (then, None)
            }
            (CompareTo::Range(range), _) => {
                let other = Span::of(Some(range))?;
                let then = match (cut, asked.start, other.start) {
                    (Some(mark), Some(start), Some(there)) => {
                        let days = (mark - start).get_days();
                        let months = i32::from(start.year() - there.year()) * 12
                            + i32::from(start.month() - there.month());
                        let end = if start.day() == there.day() {
                            mark.saturating_sub(months.months())
                        } else {
                            there.saturating_add(days.days())
                        };
                        Span {
                            start: other.start,
                            end: other.end.map_or(Some(end), |e| Some(e.min(end))),
                        }
                    }
                    _ => other,
                };
                (then, None)
            }
        };
        let label = match &compare.to {
            CompareTo::Range(range) => range.label.clone(),
            _ if shift.is_some() => match (&compare.to, grain) {
                (CompareTo::PriorYear, _) => "a year earlier".into(),
                (_, Some(grain)) => format!("{} before", grain_label(grain).to_lowercase()),
                _ => "before".into(),
            },
            _ => then.label(),
        };
        Ok(Periods {
            now,
            then,
            shift,
            label,
        })
    }

    /// A CTE with the groups of both periods: `m0…` for this one, `p0…` for the other; its name.
    pub(super) fn side_by_side(
        &mut self,
        setting: &Setting,
        current: String,
        periods: &Periods,
    ) -> Result<String, QueryError> {
        let query = setting.query;
        let dimensions = &query.dimensions;
        let measures: Vec<_> = query.metrics.iter().map(|t| &t.measure).collect();
        let earlier = Window {
            span: periods.then,
            ..setting.window.clone()
        };
        let then = self.frame_of(
            "groups_before",
            dimensions,
            &measures,
            &setting.parts,
            setting.with_leaves,
            &earlier,
        )?;
        let running = running(dimensions).map(|r| r.0);
        let mut select = Select::default();
        let mut on = Vec::new();
        for (d, dimension) in dimensions.iter().enumerate() {
            let there = format!("p.d{d}");
            let meets = match periods.shift {
                Some((grain, steps)) if running == Some(d) => moved(self.sql, &there, grain, steps),
                _ => there,
            };
            select
                .columns
                .push(format!("COALESCE(c.d{d}, {meets}) AS d{d}"));
            on.push(
                self.sql
                    .same(&format!("c.d{d}"), &meets, self.dimension_type(dimension)),
            );
        }
        for (m, measure) in measures.iter().enumerate() {
            for (side, name) in [("c", "m"), ("p", "p")] {
                let value = format!("{side}.m{m}");
                select.columns.push(if self.counts(measure) {
                    format!("COALESCE({value}, 0) AS {name}{m}")
                } else {
                    format!("{value} AS {name}{m}")
                });
            }
        }
        if setting.with_leaves {
            for i in 0..setting.parts.leaves.len() {
                select.columns.push(format!("c.l{i}"));
                select.columns.push(format!("p.l{i} AS pl{i}"));
            }
        }
        select.from = if dimensions.is_empty() {
            format!("FROM {current} AS c\n  CROSS JOIN {then} AS p")
        } else {
            let join = if periods.shift.is_some() {
                "LEFT"
            } else {
                "FULL OUTER"
            };
            format!(
                "FROM {current} AS c\n  {join} JOIN {then} AS p ON {}",
                on.join(" AND ")
            )
        };
        Ok(self.cte(
            "compared",
            format!("m: the period asked for, p: {}", periods.label),
            &select,
        ))
    }
}
