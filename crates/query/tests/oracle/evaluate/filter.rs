//! Whether a row passes a filter.
//!
//! Two-valued throughout: a comparison with NULL is false, and `not` keeps what its content
//! does not keep. A condition on something that is linked one-to-many holds for a row when it
//! holds for one of the linked rows; each condition looks for its own linked row.

use super::lookup::{Reach, day_of, literal_number, onward, reach};
use super::{Days, Evaluator};
use crate::calendar;
use crate::value::{self, Value};
use query::{DateRange, Filter, Literal, Operator};
use semantics::{FieldRef, Length, RowFilter, TimeUnit};
use std::cmp::Ordering;

pub(super) fn holds(op: Operator, order: Ordering) -> bool {
    match op {
        Operator::Eq => order == Ordering::Equal,
        Operator::Ne => order != Ordering::Equal,
        Operator::Lt => order == Ordering::Less,
        Operator::Le => order != Ordering::Greater,
        Operator::Gt => order == Ordering::Greater,
        Operator::Ge => order != Ordering::Less,
    }
}

/// A literal as a cell of the kind that the field has.
fn literal(value: &Literal, like: &Value) -> Value {
    match (value, like) {
        (Literal::Bool(b), _) => Value::Bool(*b),
        (Literal::Integer(n), _) => Value::int(i128::from(*n)),
        (Literal::Number(n), _) => literal_number(*n),
        (Literal::Text(t), Value::Date(_) | Value::Timestamp(_)) => {
            calendar::parse_day(t).map_or(Value::Null, Value::Date)
        }
        (Literal::Text(t), _) => Value::text(t),
    }
}

/// A cell against a literal; a day means the whole day, also for times.
fn against(cell: &Value, op: Operator, value: &Literal) -> bool {
    let other = literal(value, cell);
    let cell = match (cell, &other) {
        (Value::Timestamp(s), Value::Date(_)) => Value::Date(s.div_euclid(86_400)),
        _ => cell.clone(),
    };
    value::compare(&cell, &other).is_some_and(|order| holds(op, order))
}

/// Lower case without accents (the Latin letters that the data generator uses).
pub(super) fn folded(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .map(|c| match c {
            'à'..='å' => 'a',
            'ç' => 'c',
            'è'..='ë' => 'e',
            'ì'..='ï' => 'i',
            'ñ' => 'n',
            'ò'..='ö' => 'o',
            'ù'..='ü' => 'u',
            other => other,
        })
        .collect()
}

/// A day so long before another.
pub(super) fn days_before(day: i64, length: Length) -> i64 {
    let n = i64::from(length.count);
    match length.unit {
        TimeUnit::Hour => day - n / 24,
        TimeUnit::Day => day - n,
        TimeUnit::Week => day - 7 * n,
        TimeUnit::Month => calendar::add_months(day, -n),
        TimeUnit::Quarter => calendar::add_months(day, -3 * n),
        TimeUnit::Year => calendar::add_months(day, -12 * n),
    }
}

pub(super) fn days(range: &DateRange) -> Days {
    let day = |text: &Option<String>| text.as_deref().and_then(calendar::parse_day);
    Days {
        start: day(&range.start),
        end: day(&range.end),
    }
}

/// Whether a date or time lies in a window; NULL lies in the endless one only.
pub(super) fn within(value: &Value, window: Days) -> bool {
    if window.is_open() {
        return true;
    }
    day_of(value).is_some_and(|day| {
        window.start.is_none_or(|s| day >= s) && window.end.is_none_or(|e| day < e)
    })
}

impl Evaluator<'_> {
    /// Whether a row passes a condition that the model declares.
    pub(crate) fn declared(&self, home: &str, row: usize, filter: &RowFilter) -> bool {
        let any = |field: &FieldRef, holds: &dyn Fn(&Value) -> bool| {
            self.values(home, row, field).iter().any(holds)
        };
        match filter {
            RowFilter::And(all) => all.iter().all(|f| self.declared(home, row, f)),
            RowFilter::Or(some) => some.iter().any(|f| self.declared(home, row, f)),
            RowFilter::Not(inner) => !self.declared(home, row, inner),
            RowFilter::Compare { field, op, value } => any(field, &|v| against(v, *op, value)),
            RowFilter::CompareFields { left, op, right } => self
                .pairs(home, row, left, right)
                .iter()
                .any(|(l, r)| value::compare(l, r).is_some_and(|order| holds(*op, order))),
            RowFilter::In { field, values } => any(field, &|v| {
                values.iter().any(|one| against(v, Operator::Eq, one))
            }),
            RowFilter::IsNull { field } => any(field, &Value::is_null),
            // Neither an as-of day nor a user is part of a case.
            RowFilter::Age { .. } | RowFilter::UserAttribute { .. } => false,
        }
    }

    /// Values of a field as seen from a row: one, or one for each linked row.
    pub(super) fn values(&self, home: &str, row: usize, field: &FieldRef) -> Vec<Value> {
        match reach(self.model, home, field) {
            Ok(Reach::Direct(way)) => vec![self.at(&way, row, field)],
            Ok(Reach::Linked(link, onward)) => self
                .linked(&link, home, row)
                .into_iter()
                .map(|b| self.looked_up(&link.dataset, b, &onward))
                .collect(),
            Err(_) => Vec::new(),
        }
    }

    /// The value of a field that a row has or looks up.
    pub(super) fn looked_up(&self, dataset: &str, row: usize, field: &FieldRef) -> Value {
        match reach(self.model, dataset, field) {
            Ok(Reach::Direct(way)) => self.at(&way, row, field),
            _ => Value::Null,
        }
    }

    /// Values of two fields as seen from a row, both from the same linked row where one is
    /// linked one-to-many.
    fn pairs(
        &self,
        home: &str,
        row: usize,
        left: &FieldRef,
        right: &FieldRef,
    ) -> Vec<(Value, Value)> {
        let link = [left, right]
            .into_iter()
            .find_map(|f| match reach(self.model, home, f) {
                Ok(Reach::Linked(link, _)) => Some(link),
                _ => None,
            });
        match link {
            None => vec![(
                self.looked_up(home, row, left),
                self.looked_up(home, row, right),
            )],
            Some(link) => self
                .linked(&link, home, row)
                .into_iter()
                .map(|b| {
                    (
                        self.looked_up(&link.dataset, b, &onward(self.model, &link, left)),
                        self.looked_up(&link.dataset, b, &onward(self.model, &link, right)),
                    )
                })
                .collect(),
        }
    }

    pub(super) fn passes(&self, home: &str, row: usize, filter: &Filter) -> bool {
        let any = |field: &FieldRef, holds: &dyn Fn(&Value) -> bool| {
            self.values(home, row, field).iter().any(holds)
        };
        match filter {
            Filter::And(all) => all.iter().all(|f| self.passes(home, row, f)),
            Filter::Or(some) => some.iter().any(|f| self.passes(home, row, f)),
            Filter::Not(inner) => !self.passes(home, row, inner),
            Filter::Compare { field, op, value } => any(field, &|v| against(v, *op, value)),
            Filter::CompareFields { left, op, right } => self
                .pairs(home, row, left, right)
                .iter()
                .any(|(l, r)| value::compare(l, r).is_some_and(|order| holds(*op, order))),
            Filter::In { field, values } => any(field, &|v| {
                values.iter().any(|one| against(v, Operator::Eq, one))
            }),
            Filter::Contains { field, text } => any(field, &|v| match v {
                Value::Text(t) => folded(t).contains(&folded(text)),
                _ => false,
            }),
            Filter::IsNull { field } => any(field, &Value::is_null),
            Filter::During { field, range } => {
                let window = days(range);
                any(field, &|v| !v.is_null() && within(v, window))
            }
            Filter::Cycle {
                field,
                grain,
                values,
            } => any(field, &|v| {
                let cycle = self.counting.get().period(v, *grain);
                values.iter().any(|one| against(&cycle, Operator::Eq, one))
            }),
            Filter::CompareQuery { field, op, query } => {
                let number = self.number_of(query);
                any(field, &|v| {
                    self.near(v, &number);
                    value::compare(v, &number).is_some_and(|order| holds(*op, order))
                })
            }
            Filter::Members { field, query } => {
                let members = self.members(query);
                any(field, &|v| members.contains(v))
            }
        }
    }
}
