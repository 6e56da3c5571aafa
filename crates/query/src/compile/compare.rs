//! Two periods side by side.

use super::Compiler;
use super::calendar::{Span, day};
use super::columns::grain_label;
use super::frame::{Moved, Window};
use super::grouped::{Setting, running};
use super::reckoning::Reckoning;
use super::shift::Shift;
use super::statement::Select;
use crate::{Align, Compare, CompareTo, Grain, QueryError, RetailCalendar};
use jiff::ToSpan;
use jiff::civil::Date;
use semantics::{CalendarKind, Week53};

/// The two periods of a comparison.
pub(super) struct Periods {
    /// This one.
    pub(super) now: Span,
    /// The other one.
    pub(super) then: Span,
    /// How its days come to meet those of this one; they do not where two ranges are compared as
    /// wholes.
    pub(super) moved: Option<Moved>,
    /// Retail calendar whose 53rd weeks are met by nothing.
    pub(super) week_53: Option<Reckoning>,
    /// Whether they are left out of this period too. Where weeks or days are shown one by one,
    /// they stand there without a partner.
    pub(super) left_out: bool,
    /// How people call the other one.
    pub(super) label: String,
}

/// How the periods of a comparison meet.
pub(super) struct Meeting {
    pub(super) shift: Shift,
    /// Whether days that meet nothing, or whose partner only the data knows, have to be sorted out.
    pub(super) exactly: bool,
    pub(super) week_53: Option<Reckoning>,
}

impl From<Shift> for Meeting {
    fn from(shift: Shift) -> Meeting {
        Meeting {
            exactly: matches!(
                shift,
                Shift::Hours(_)
                    | Shift::RetailYear { joins: false, .. }
                    | Shift::TableYear(_)
                    | Shift::Event(_)
            ),
            shift,
            week_53: None,
        }
    }
}

/// Months from one day to another, if they are on the same day of a month.
fn whole_months(start: Date, end: Date) -> Option<i32> {
    let months = i32::from(end.year() - start.year()) * 12 + i32::from(end.month() - start.month());
    (start.day() == end.day() && months > 0).then_some(months)
}

impl<'m> Compiler<'m> {
    pub(super) fn periods(
        &mut self,
        compare: &Compare,
        window: &Window,
        running: Option<(usize, Grain)>,
    ) -> Result<Periods, QueryError> {
        let asked = window.span;
        let watermark = compare
            .watermark
            .as_deref()
            .map(day)
            .transpose()?
            .map(|d| d.saturating_add(1.days()));
        let cut = watermark
            .filter(|mark| compare.align != Align::Full && asked.end.is_none_or(|end| *mark < end));
        let now = Span {
            end: cut.or(asked.end),
            ..asked
        };
        let grain = running.map(|r| r.1);
        let meeting = match &compare.to {
            CompareTo::Range(range) => {
                let other = Span::of(Some(range))?;
                let label = range.label.clone();
                return self.ranges(asked, now, other, running, label);
            }
            _ if grain.is_none() && (asked.start.is_none() || asked.end.is_none()) => {
                return Err(QueryError::Malformed(
                    "an open range has no period before it".into(),
                ));
            }
            CompareTo::PriorYear => self.year_before(compare, window, grain)?,
            CompareTo::PriorPeriod => self.period_before(compare, window, grain)?,
        };
        let bound = |day: Option<Date>| day.and_then(|d| meeting.shift.back(d));
        let then = Span {
            start: bound(now.start),
            // Hours are cut where they are; the day that they end in is looked at to its end.
            end: match meeting.shift {
                Shift::Hours(_) => now.end,
                _ => bound(now.end),
            },
        };
        let label = match (grain, &compare.to) {
            (Some(_), CompareTo::PriorYear) => "a year earlier".to_string(),
            (Some(grain), _) => format!("{} before", grain_label(grain).to_lowercase()),
            (None, _) if then == Span::default() => "the year before".to_string(),
            (None, _) => then.label(),
        };
        let by_the_hour = matches!(meeting.shift, Shift::Hours(_));
        Ok(Periods {
            now,
            then,
            moved: Some(Moved {
                shift: meeting.shift,
                dimension: running.map(|r| r.0),
                inside: None,
                grain: match grain {
                    Some(Grain::Hour) => Grain::Hour,
                    _ => Grain::Day,
                },
                target: now,
                // Every hour meets one: without a range there is nothing to sort out.
                exactly: meeting.exactly && !(by_the_hour && now == Span::default()),
                until: None,
            }),
            week_53: meeting.week_53,
            left_out: !matches!(grain, Some(Grain::Week | Grain::Day | Grain::Hour)),
            label,
        })
    }

    /// A comparison with a stated range.
    fn ranges(
        &self,
        asked: Span,
        now: Span,
        other: Span,
        running: Option<(usize, Grain)>,
        label: String,
    ) -> Result<Periods, QueryError> {
        let shift = match (asked.start, other.start) {
            (Some(start), Some(there)) => Some(match whole_months(there, start) {
                Some(months) => Shift::Months(months),
                None => match whole_months(start, there) {
                    Some(months) => Shift::Months(-months),
                    None => Shift::Days((start - there).get_days()),
                },
            }),
            _ => None,
        };
        let mut then = other;
        // The same part of the other range.
        if now.end != asked.end
            && let (Some(shift), Some(end)) = (&shift, now.end)
            && let Some(cut) = shift.back(end)
        {
            then.end = Some(other.end.map_or(cut, |end| end.min(cut)));
        }
        let mut moved = None;
        if let Some((dimension, grain)) = running {
            let same_length = shift.as_ref().is_some_and(|shift| {
                asked.end.and_then(|end| shift.back(end)) == other.end && other.end.is_some()
            });
            let (Some(shift), true) = (shift, same_length) else {
                return Err(QueryError::Malformed(format!(
                    "the periods of {label} do not meet those of the query one by one: give two ranges of the same length, or leave out the {}",
                    grain_label(grain).to_lowercase()
                )));
            };
            moved = Some(Moved {
                shift,
                dimension: Some(dimension),
                inside: None,
                grain: if grain == Grain::Hour {
                    Grain::Hour
                } else {
                    Grain::Day
                },
                target: now,
                exactly: false,
                until: None,
            });
        }
        Ok(Periods {
            now,
            then,
            moved,
            week_53: None,
            left_out: false,
            label,
        })
    }

    fn year_before(
        &mut self,
        compare: &Compare,
        window: &Window,
        grain: Option<Grain>,
    ) -> Result<Meeting, QueryError> {
        let reckoning = &window.reckoning;
        let by_week = matches!(grain, Some(Grain::Week | Grain::Day | Grain::Hour));
        Ok(match compare.align {
            Align::Holiday => self.holiday(compare, window)?,
            Align::SameWeekday => Shift::Days(364).into(),
            Align::Restated => {
                let retail = self.retail(reckoning, grain)?;
                restated(retail, window.span)
            }
            Align::SameFiscalWeek => {
                let retail = self.retail(reckoning, grain)?;
                same_fiscal_week(retail, window.span)
            }
            Align::ToDate => match reckoning {
                Reckoning::Weeks {
                    week_53: Week53::Restated,
                    ..
                } => restated(reckoning.clone(), window.span),
                Reckoning::Weeks { .. } => same_fiscal_week(reckoning.clone(), window.span),
                Reckoning::Table {
                    prior_year_day: Some(_),
                    ..
                } => Shift::TableYear(reckoning.clone()).into(),
                _ => plain_year(grain),
            },
            Align::Full => match reckoning {
                Reckoning::Weeks { .. } => Shift::RetailYear {
                    reckoning: reckoning.clone(),
                    joins: !by_week,
                }
                .into(),
                Reckoning::Table {
                    prior_year_day: Some(_),
                    ..
                } => Shift::TableYear(reckoning.clone()).into(),
                _ => plain_year(grain),
            },
        })
    }

    fn period_before(
        &self,
        compare: &Compare,
        window: &Window,
        grain: Option<Grain>,
    ) -> Result<Meeting, QueryError> {
        let whole_weeks = compare.align == Align::SameWeekday;
        if !whole_weeks && !matches!(compare.align, Align::ToDate | Align::Full) {
            return Err(QueryError::Malformed(format!(
                "{:?} compares a year with the year before: compare to prior_year",
                compare.align
            )));
        }
        let days = match grain {
            Some(Grain::Hour) if !whole_weeks => return Ok(Shift::Hours(1).into()),
            Some(Grain::Hour | Grain::Day) => 1,
            Some(Grain::Week) => 7,
            Some(Grain::Month) if whole_weeks => 28,
            Some(Grain::Quarter) if whole_weeks => 91,
            Some(Grain::Year) if whole_weeks => 364,
            Some(grain) => {
                return match &window.reckoning {
                    Reckoning::Table { name, .. } => Err(QueryError::Malformed(format!(
                        "the calendar {name} does not say how long its periods are: compare to prior_year or to a range"
                    ))),
                    Reckoning::Weeks { .. } => {
                        Ok(Shift::RetailPeriod(window.reckoning.clone(), grain).into())
                    }
                    Reckoning::Months { .. } => Ok(Shift::Months(match grain {
                        Grain::Year => 12,
                        Grain::Quarter => 3,
                        _ => 1,
                    })
                    .into()),
                };
            }
            None => {
                let (Some(start), Some(end)) = (window.span.start, window.span.end) else {
                    return Err(QueryError::Malformed("no range".into()));
                };
                if !whole_weeks
                    && let Reckoning::Weeks { calendar, .. } = &window.reckoning
                    && let Some(grain) = [Grain::Year, Grain::Quarter, Grain::Month]
                        .into_iter()
                        .find(|g| {
                            calendar.position(start).start(*g, start) == start
                                && calendar.next(*g, start) == end
                        })
                {
                    return Ok(Shift::RetailPeriod(window.reckoning.clone(), grain).into());
                }
                match whole_months(start, end) {
                    Some(months) if !whole_weeks => return Ok(Shift::Months(months).into()),
                    _ => (end - start).get_days(),
                }
            }
        };
        Ok(Shift::Days(if whole_weeks {
            ((days + 3) / 7).max(1) * 7
        } else {
            days
        })
        .into())
    }

    /// The retail calendar of a query, or the house's where the query shows no periods of another.
    fn retail(&self, reckoning: &Reckoning, grain: Option<Grain>) -> Result<Reckoning, QueryError> {
        if matches!(reckoning, Reckoning::Weeks { .. }) {
            return Ok(reckoning.clone());
        }
        let house = self
            .model
            .calendars
            .iter()
            .find(|c| matches!(c.kind, CalendarKind::Weeks { .. }));
        match (house, grain) {
            (Some(house), None | Some(Grain::Day | Grain::Week)) => {
                self.reckoning(Some(&house.name))
            }
            (Some(house), Some(_)) => Err(QueryError::Malformed(format!(
                "months and years of the plain calendar hold no whole weeks: count by the calendar `{}`",
                house.name
            ))),
            (None, _) => Err(QueryError::UnknownCalendar("of whole weeks".into())),
        }
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
            moved: periods.moved.clone(),
            week_53: periods.week_53.clone(),
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
        Ok(self.beside(setting, &current, then, periods))
    }

    /// The groups of both periods, joined: `m0…` for this one, `p0…` for the other; the CTE's name.
    pub(super) fn beside(
        &mut self,
        setting: &Setting,
        current: &str,
        mut then: String,
        periods: &Periods,
    ) -> String {
        let dimensions = &setting.query.dimensions;
        // What has no date is in no period, so it has none before it; and no period is shown that
        // the data has not reached.
        if let Some((r, _)) = running(dimensions)
            && periods.moved.is_some()
        {
            then = self.cte(
                "met",
                "what meets a period that the data has reached".into(),
                &Select::all(
                    &then,
                    vec![format!("d{r} <= (SELECT MAX(d{r}) FROM {current})")],
                ),
            );
        }
        let mut select = Select::default();
        let mut on = Vec::new();
        for (d, dimension) in dimensions.iter().enumerate() {
            let (here, there) = (format!("c.d{d}"), format!("p.d{d}"));
            select
                .columns
                .push(format!("COALESCE({here}, {there}) AS d{d}"));
            on.push(self.sql.same(&here, &there, self.dimension_type(dimension)));
        }
        for (m, tree) in setting.parts.trees.iter().enumerate() {
            // A group that one side lacks has there what the measure is over no rows.
            let nothing = tree.of_nothing(&setting.parts.leaves);
            for (side, name) in [("c", "m"), ("p", "p")] {
                let value = format!("{side}.m{m}");
                select.columns.push(match nothing {
                    Some(x) => format!("COALESCE({value}, {}) AS {name}{m}", self.sql.number(x)),
                    None => format!("{value} AS {name}{m}"),
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
            format!(
                "FROM {current} AS c\n  FULL OUTER JOIN {then} AS p ON {}",
                on.join(" AND ")
            )
        };
        self.cte(
            "compared",
            format!("m: the period asked for, p: {}", periods.label),
            &select,
        )
    }
}

/// A year of calendar months; whole weeks for weeks.
fn plain_year(grain: Option<Grain>) -> Meeting {
    match grain {
        Some(Grain::Week) => Shift::Days(364).into(),
        _ => Shift::Months(12).into(),
    }
}

/// Whether a span may hold a 53rd week.
fn may_hold_week_53(calendar: &RetailCalendar, span: Span) -> bool {
    let (Some(start), Some(end)) = (span.start, span.end) else {
        return true;
    };
    let last = calendar.position(end.saturating_sub(1.days())).year;
    (calendar.position(start).year..=last).any(|year| {
        calendar
            .period_start(year, Grain::Week, 53)
            .is_some_and(|week| week < end && week.saturating_add(7.days()) > start)
    })
}

/// The calendar, if a span may hold a 53rd week of it.
fn with_week_53(reckoning: &Reckoning, span: Span) -> Option<Reckoning> {
    let Reckoning::Weeks { calendar, .. } = reckoning else {
        return None;
    };
    may_hold_week_53(calendar, span).then(|| reckoning.clone())
}

pub(super) fn restated(reckoning: Reckoning, span: Span) -> Meeting {
    Meeting {
        week_53: with_week_53(&reckoning, span),
        ..Shift::Days(364).into()
    }
}

pub(super) fn same_fiscal_week(reckoning: Reckoning, span: Span) -> Meeting {
    Meeting {
        week_53: with_week_53(&reckoning, span),
        ..Shift::RetailYear {
            reckoning,
            joins: false,
        }
        .into()
    }
}
