//! Metrics of another period: growth that the model defines.

use super::Compiler;
use super::calendar::Span;
use super::compare::{Meeting, restated, same_fiscal_week};
use super::frame::{Moved, Window};
use super::grouped::running;
use super::measure::Basis;
use super::reckoning::Reckoning;
use super::scope::Scope;
use super::shift::Shift;
use crate::{Dimension, Grain, QueryError};
use jiff::ToSpan;
use jiff::civil::Date;
use semantics::{FieldRef, Length, PeriodAlignment, TimeUnit, Week53};

/// Which period's rows a leaf aggregates, where a metric compares two.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Offset {
    /// The earlier one, or the one that it is compared with.
    pub(super) earlier: bool,
    /// How long before.
    pub(super) by: Length,
    pub(super) align: PeriodAlignment,
    /// Calendar whose years and weeks are meant; the query's if absent.
    pub(super) calendar: Option<String>,
}

impl<'m> Compiler<'m> {
    /// A window as rows of another period see it.
    pub(super) fn offset(
        &self,
        window: &Window,
        home: &str,
        basis: &Basis,
        dimensions: &[Dimension],
    ) -> Result<Window, QueryError> {
        let Some(offset) = &basis.offset else {
            return Ok(window.clone());
        };
        if window.moved.is_some() {
            return Err(QueryError::Malformed(
                "a growth is a comparison already: ask for it without another".into(),
            ));
        }
        let running = running(dimensions);
        let grain = running.map(|r| r.1);
        let asked = window.span;
        if grain.is_none() && (asked.start.is_none() || asked.end.is_none()) {
            return Err(QueryError::Malformed(
                "a growth needs a time grain, or a range with a start and an end".into(),
            ));
        }
        let meeting = self.distance(window, offset, grain)?;
        let by_week = matches!(grain, Some(Grain::Week | Grain::Day | Grain::Hour));
        if !offset.earlier {
            return Ok(Window {
                week_53: meeting.week_53.filter(|_| !by_week),
                ..window.clone()
            });
        }
        let scope = Scope::unrestricted(&self.context, home)?;
        let field = scope.time(basis.time.as_ref().or(window.time.as_ref()))?;
        let (end, until) = self.reached(&field, window, offset, grain)?;
        let target = Span {
            end: match (asked.end, end) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            ..asked
        };
        let bound = |day: Option<Date>| day.and_then(|d| meeting.shift.back(d));
        Ok(Window {
            span: Span {
                start: bound(target.start),
                end: bound(target.end),
            },
            week_53: meeting.week_53,
            moved: Some(Moved {
                shift: meeting.shift,
                dimension: running.map(|r| r.0),
                inside: None,
                grain: match grain {
                    Some(Grain::Hour) => Grain::Hour,
                    _ => Grain::Day,
                },
                target,
                exactly: meeting.exactly,
                until,
            }),
            ..window.clone()
        })
    }

    /// How the two periods meet.
    fn distance(
        &self,
        window: &Window,
        offset: &Offset,
        grain: Option<Grain>,
    ) -> Result<Meeting, QueryError> {
        let reckoning = match &offset.calendar {
            Some(name) => self.reckoning(Some(name))?,
            None => window.reckoning.clone(),
        };
        let n = i32::try_from(offset.by.count).unwrap_or(i32::MAX);
        if n == 0 {
            return Err(QueryError::Malformed("a growth over no time".into()));
        }
        let unsupported = || {
            QueryError::Malformed(format!(
                "{n} {:?} before is not counted by that calendar",
                offset.by.unit
            ))
        };
        if let Reckoning::Weeks { week_53, .. } = &reckoning {
            match offset.by.unit {
                TimeUnit::Year if n == 1 => {
                    return Ok(match week_53 {
                        Week53::Restated => restated(reckoning, window.span),
                        Week53::SameFiscalWeek => same_fiscal_week(reckoning, window.span),
                    });
                }
                TimeUnit::Month | TimeUnit::Quarter => {
                    let unit = if offset.by.unit == TimeUnit::Month {
                        Grain::Month
                    } else {
                        Grain::Quarter
                    };
                    return match (n, grain) {
                        (1, None) => Ok(Shift::RetailPeriod(reckoning, unit).into()),
                        (1, Some(grain)) if grain == unit => {
                            Ok(Shift::RetailPeriod(reckoning, unit).into())
                        }
                        _ => Err(unsupported()),
                    };
                }
                TimeUnit::Year => return Err(unsupported()),
                TimeUnit::Hour | TimeUnit::Day | TimeUnit::Week => {}
            }
        }
        if let (Reckoning::Table { .. }, TimeUnit::Year, 1) = (&reckoning, offset.by.unit, n) {
            return Ok(Shift::TableYear(reckoning).into());
        }
        Ok(match (offset.by.unit, grain) {
            (TimeUnit::Hour, _) => Shift::Hours(i64::from(n)),
            (TimeUnit::Day, _) => Shift::Days(n),
            (TimeUnit::Week, _) => Shift::Days(n.saturating_mul(7)),
            // Weeks meet whole weeks.
            (TimeUnit::Year, Some(Grain::Week)) => Shift::Days(n.saturating_mul(364)),
            (TimeUnit::Month, _) => Shift::Months(n),
            (TimeUnit::Quarter, _) => Shift::Months(n.saturating_mul(3)),
            (TimeUnit::Year, _) => Shift::Months(n.saturating_mul(12)),
        }
        .into())
    }

    /// The first day that the data has not reached, or the last day that it has, as SQL: what
    /// meets a later one is of no period yet.
    fn reached(
        &self,
        field: &FieldRef,
        window: &Window,
        offset: &Offset,
        grain: Option<Grain>,
    ) -> Result<(Option<Date>, Option<String>), QueryError> {
        let known = self
            .context
            .graph
            .field(field)
            .and_then(|f| f.max.as_deref())
            .and_then(|day| day.get(..10))
            .and_then(|day| day.parse::<Date>().ok());
        let whole = offset.align == PeriodAlignment::Full;
        if whole && grain.is_none() {
            return Ok((None, None));
        }
        if let Some(last) = known {
            let end = last.saturating_add(1.days());
            let start = grain
                .filter(|_| whole)
                .and_then(|g| Some((g, window.reckoning.start(g, last)?)));
            let end = match start {
                Some((grain, start)) => window.reckoning.moved(start, grain, 1).unwrap_or(end),
                None => end,
            };
            return Ok((Some(end), None));
        }
        let mut scope = Scope::unrestricted(&self.context, &field.dataset)?;
        let of = scope.field(&FieldRef::new(&field.dataset, &field.field))?;
        let from = scope.from()?;
        Ok((None, Some(format!("(SELECT MAX({of}) {from})"))))
    }
}
