//! How a day of another period comes to meet a day of this one.

use super::Compiler;
use super::reckoning::{Days, Reckoning};
use super::scope::Scope;
use crate::{Grain, QueryError};
use jiff::ToSpan;
use jiff::civil::Date;

/// A movement of days onto later ones. It never changes their order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shift {
    /// By hours; days by their hours.
    Hours(i64),
    /// By days.
    Days(i32),
    /// By calendar months. A day that the later month lacks joins its last day, so that the days
    /// of a month add up to it.
    Months(i32),
    /// To the same week and weekday of the next year of a retail calendar. A 53rd week has no
    /// partner, or joins week 52.
    RetailYear { reckoning: Reckoning, joins: bool },
    /// To the same place in the next period of a retail calendar.
    RetailPeriod(Reckoning, Grain),
    /// To the day whose prior-year day it is, as a calendar's table says.
    TableYear(Reckoning),
    /// By a number of days that the data says, as SQL.
    Event(String),
}

impl Shift {
    /// Whether weekdays stay what they are.
    pub(super) fn keeps_weekdays(&self) -> bool {
        match self {
            Shift::Days(n) => n % 7 == 0,
            Shift::RetailYear { .. } => true,
            _ => false,
        }
    }

    /// The day that a day meets; `None` where it meets none, or only the data knows.
    fn forward(&self, day: Date) -> Option<Date> {
        match self {
            Shift::Hours(_) => Some(day),
            Shift::Days(n) => Some(day.saturating_add(n.days())),
            Shift::Months(n) => Some(day.saturating_add(n.months())),
            Shift::RetailYear {
                reckoning: Reckoning::Weeks { calendar, .. },
                joins,
            } => {
                let at = calendar.position(day);
                let weeks = calendar.weeks_in_year(at.year);
                match (at.week, joins) {
                    (..=52, _) => Some(day.saturating_add((7 * weeks).days())),
                    (_, true) => Some(day.saturating_add((7 * weeks - 7).days())),
                    (_, false) => None,
                }
            }
            Shift::RetailPeriod(reckoning, grain) => reckoning.moved(day, *grain, 1),
            Shift::RetailYear { .. } | Shift::TableYear(_) | Shift::Event(_) => None,
        }
    }

    /// The first day that meets this one or a later one; `None` where only the data knows.
    pub(super) fn back(&self, bound: Date) -> Option<Date> {
        match self {
            Shift::TableYear(_) | Shift::Event(_) => return None,
            // Hours are cut where they are, with a day to spare.
            Shift::Hours(n) => {
                let days = n.unsigned_abs().div_ceil(24);
                return Some(bound.saturating_sub(i64::try_from(days).unwrap_or(0).days()));
            }
            Shift::Days(n) => return Some(bound.saturating_sub(n.days())),
            _ => {}
        }
        // Where a day meets none, the last one before it that meets some decides: what is met
        // never goes back.
        let reached = |day: Date| {
            (0..=7)
                .find_map(|n| self.forward(day.saturating_sub(n.days())))
                .is_some_and(|met| met >= bound)
        };
        let (before, after) = match self {
            Shift::Months(n) => (n.max(&0).saturating_mul(31), n.min(&0).saturating_mul(-31)),
            _ => (400, 0),
        };
        let mut low = bound.saturating_sub((before + 40).days());
        let mut high = bound.saturating_add(after.days());
        if reached(low) || !reached(high) {
            return None;
        }
        while (high - low).get_days() > 1 {
            let middle = low.saturating_add(((high - low).get_days() / 2).days());
            if reached(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(high)
    }
}

impl<'m> Compiler<'m> {
    /// The time that a time of the other period meets, as an expression over the scope's rows;
    /// NULL where it meets none. `days` holds every time of the other period.
    pub(super) fn shifted(
        &mut self,
        scope: &mut Scope<'m>,
        shift: &Shift,
        of: &str,
        grain: Grain,
        days: &Days,
    ) -> Result<String, QueryError> {
        let sql = self.sql;
        let by_the_hour = matches!(grain, Grain::Hour | Grain::HourOfDay);
        Ok(match shift {
            Shift::Hours(n) => sql.plus_hours(of, *n),
            Shift::Days(n) if by_the_hour => sql.plus_hours(of, i64::from(*n) * 24),
            Shift::Days(n) => sql.plus_days(&sql.day(of), &n.to_string()),
            Shift::Months(n) if by_the_hour => sql.time_plus_months(of, i64::from(*n)),
            Shift::Months(n) => sql.plus_months(&sql.day(of), i64::from(*n)),
            Shift::Event(by) => sql.plus_days(&sql.day(of), by),
            _ if by_the_hour => {
                return Err(QueryError::Malformed(
                    "hours are not compared by a retail calendar".into(),
                ));
            }
            Shift::RetailYear { reckoning, joins } => {
                let at = self.calendar_day(scope, reckoning, of, days, "week_number")?;
                let length = sql.days_between(&format!("{at}.year"), &format!("{at}.next_year"));
                let to = |days: &str| sql.plus_days(&format!("{at}.day"), days);
                let last = if *joins {
                    format!(" ELSE {}", to(&format!("{length} - 7")))
                } else {
                    String::new()
                };
                format!(
                    "CASE WHEN {at}.week_number <= 52 THEN {}{last} END",
                    to(&length)
                )
            }
            Shift::RetailPeriod(reckoning, grain) => {
                let column = match grain {
                    Grain::Week => "next_week",
                    Grain::Month => "next_month",
                    Grain::Quarter => "next_quarter",
                    _ => "next_year",
                };
                let at = self.calendar_day(scope, reckoning, of, days, column)?;
                format!("{at}.{column}")
            }
            Shift::TableYear(reckoning) => {
                let table = self.next_year_days(reckoning)?;
                let day = sql.day(of);
                let at = scope.join_once("next_year", |alias| {
                    format!("LEFT JOIN {table} AS {alias} ON {day} = {alias}.day")
                });
                format!("{at}.meets")
            }
        })
    }
}
