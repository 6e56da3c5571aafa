//! Comparable (like-for-like) stores: rows of stores that take part in both periods of a comparison.

use super::Compiler;
use super::calendar::{Span, move_day};
use super::compare::Periods;
use super::measure::Leaf;
use crate::{Filter, Grain, Note, QueryError, row_filter};
use jiff::civil::Date;
use semantics::{
    Closures, ComparableMethod, ComparableRule, FieldRef, Length, Literal, Membership, Operator,
    TimeUnit,
};

/// A day so long before another.
fn before(day: Date, length: Length) -> Date {
    let n = -i64::from(length.count);
    match length.unit {
        // A store opens on a day.
        TimeUnit::Hour => move_day(day, Grain::Day, n / 24),
        TimeUnit::Day => move_day(day, Grain::Day, n),
        TimeUnit::Week => move_day(day, Grain::Week, n),
        TimeUnit::Month => move_day(day, Grain::Month, n),
        TimeUnit::Quarter => move_day(day, Grain::Quarter, n),
        TimeUnit::Year => move_day(day, Grain::Year, n),
    }
}

fn against(field: &FieldRef, op: Operator, day: Date) -> Filter {
    Filter::Compare {
        field: field.clone(),
        op,
        value: Literal::Text(day.to_string()),
    }
}

impl Compiler<'_> {
    /// The condition that a policy of the model sets on the rows of both periods.
    pub(super) fn comparable_stores(
        &self,
        name: &str,
        asked: Span,
        periods: &Periods,
        leaves: &[Leaf],
    ) -> Result<Filter, QueryError> {
        let rule = self
            .model
            .comp_rule(name)
            .ok_or_else(|| QueryError::UnknownComparableRule(name.to_string()))?;
        self.each_has_a_store(rule, leaves)?;
        if rule.method == ComparableMethod::DayByDay {
            return Err(QueryError::UnsupportedComparableRule {
                rule: name.to_string(),
                why: "decides day by day",
            });
        }
        let (now, then) = (periods.now, periods.then);
        let (Some(now), Some(then)) = (
            now.start
                .zip(now.end)
                .filter(|_| asked.start.is_some() && asked.end.is_some()),
            then.start.zip(then.end),
        ) else {
            return Err(QueryError::Malformed(
                "which stores are comparable is known for a range with a start and an end".into(),
            ));
        };
        let (start, end) = (now.0.min(then.0), now.1.max(then.1));
        let oldest = before(start, rule.min_age);
        let mut conditions = vec![against(&rule.opened, Operator::Le, oldest)];
        let unless = |field: &FieldRef, otherwise: Vec<Filter>| {
            let mut alternatives = vec![Filter::IsNull {
                field: field.clone(),
            }];
            alternatives.extend(otherwise);
            Filter::Or(alternatives)
        };
        if let (Some(closed), Closures::ExcludeFromFirstClosedDay) = (&rule.closed, rule.closures) {
            conditions.push(unless(closed, vec![against(closed, Operator::Ge, end)]));
        }
        if let (Some(moved), Membership::Exclude) = (&rule.relocated, rule.relocation) {
            let settled = against(moved, Operator::Le, oldest);
            let later = against(moved, Operator::Ge, end);
            conditions.push(unless(moved, vec![settled, later]));
        }
        if let (Some(online), Membership::Exclude) = (&rule.online_stores, rule.online) {
            conditions.push(Filter::Not(Box::new(row_filter(online)?)));
        }
        self.context.note(Note::ComparableStores {
            rule: name.to_string(),
        });
        Ok(Filter::And(conditions))
    }

    /// Refuses measures whose rows belong to no store.
    fn each_has_a_store(&self, rule: &ComparableRule, leaves: &[Leaf]) -> Result<(), QueryError> {
        for leaf in leaves {
            match leaf {
                Leaf::Rows { home, .. } => {
                    self.context.graph.reach(home, &rule.opened)?;
                }
                Leaf::Groups { measure, .. } => {
                    let inner = self.taken_apart(&[measure])?;
                    self.each_has_a_store(rule, &inner.leaves)?;
                }
                Leaf::Query(_) => {
                    return Err(QueryError::Malformed(
                        "the number of rows of a query belongs to no store".into(),
                    ));
                }
            }
        }
        Ok(())
    }
}
