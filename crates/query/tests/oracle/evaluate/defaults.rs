//! Which rows count by default, and which customers are new.

use super::lookup::{Reach, reach, ways};
use super::{Evaluator, Key};
use crate::value::Value;
use semantics::FieldRef;

impl Evaluator<'_> {
    /// Whether a row passes the default filters of its dataset and of the facts that it is a line
    /// of: it counts where the row that it belongs to counts, or where there is none.
    pub(super) fn counts_by_default(&self, home: &str, row: usize) -> bool {
        let is_fact = |name: &str| self.model.dataset(name).is_some_and(|d| d.is_fact);
        self.model.datasets.iter().all(|d| {
            if d.default_filters.is_empty() || self.unfiltered.borrow().contains(&d.name) {
                return true;
            }
            let belongs_to = if d.name == home {
                Some(row)
            } else if d.is_fact && is_fact(home) {
                match &ways(self.model, home, &FieldRef::new(&d.name, ""))[..] {
                    [way] => self.follow(way, row),
                    _ => None,
                }
            } else {
                None
            };
            belongs_to.is_none_or(|row| {
                d.default_filters
                    .iter()
                    .all(|f| self.declared(&d.name, row, f))
            })
        })
    }

    /// `new` where the entity's first event is not before the start of the period, `returning`
    /// where it is, NULL without one of them.
    pub(super) fn new_or_returning(
        &self,
        who: &Value,
        entity: &FieldRef,
        event: &FieldRef,
        start: &Value,
    ) -> Value {
        if who.is_null() || start.is_null() {
            return Value::Null;
        }
        let home = self.dataset(&event.dataset);
        let Ok(Reach::Direct(way)) = reach(self.model, &event.dataset, entity) else {
            return Value::Null;
        };
        let events: Key = (0..self.row_count(home))
            .filter(|row| self.counts_by_default(&event.dataset, *row))
            .filter(|row| &self.at(&way, *row, entity) == who)
            .map(|row| self.field(home, Some(row), &event.field))
            .filter(|when| !when.is_null())
            .collect();
        let second = |when: &Value| match when {
            Value::Date(day) => day * 86_400,
            Value::Timestamp(second) => *second,
            _ => 0,
        };
        match events.iter().map(second).min() {
            None => Value::Null,
            Some(first) if first >= second(start) => Value::text("new"),
            Some(_) => Value::text("returning"),
        }
    }
}
