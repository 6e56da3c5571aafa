//! Comparable stores: which of them take part in both periods of a comparison.

use super::Evaluator;
use super::comparison::Sides;
use super::filter::days_before;
use super::lookup::day_of;
use query::Query;
use semantics::{Closures, ComparableRule, Membership};

/// A policy, with the days that it asks about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stores<'q> {
    rule: &'q ComparableRule,
    /// The first day of both periods.
    start: i64,
    /// The first day after both.
    end: i64,
}

impl<'a> Evaluator<'a> {
    /// The policy of a query's comparison.
    pub(super) fn stores(&self, query: &Query, sides: Option<&Sides>) -> Option<Stores<'a>> {
        let name = query.compare.as_ref()?.comparable.as_ref()?;
        let rule = self.model.comp_rule(name)?;
        let sides = sides?;
        let (now, then) = (sides.current.window, sides.other.days());
        Some(Stores {
            rule,
            start: now.start.into_iter().chain(then.start).min()?,
            end: now.end.into_iter().chain(then.end).max()?,
        })
    }

    /// Whether the store of a row takes part; a row without one does not.
    pub(super) fn takes_part(&self, home: &str, row: usize, stores: &Stores<'_>) -> bool {
        let Stores { rule, start, end } = *stores;
        let day = |field| day_of(&self.looked_up(home, row, field));
        let oldest = days_before(start, rule.min_age);
        let open = day(&rule.opened).is_some_and(|opened| opened <= oldest);
        let stays = match (&rule.closed, rule.closures) {
            (Some(closed), Closures::ExcludeFromFirstClosedDay) => {
                day(closed).is_none_or(|closed| closed >= end)
            }
            _ => true,
        };
        // A store is as old as its last place.
        let settled = match (&rule.relocated, rule.relocation) {
            (Some(moved), Membership::Exclude) => {
                day(moved).is_none_or(|moved| moved <= oldest || moved >= end)
            }
            _ => true,
        };
        let online = match (&rule.online_stores, rule.online) {
            (Some(online), Membership::Exclude) => self.declared(home, row, online),
            _ => false,
        };
        open && stays && settled && !online
    }
}
