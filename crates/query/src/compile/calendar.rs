//! Ranges moved, cut and named.

use crate::dialect::SqlDialect;
use crate::{DateRange, Grain, QueryError};
use jiff::ToSpan;
use jiff::civil::Date;

pub(super) fn day(text: &str) -> Result<Date, QueryError> {
    text.parse::<Date>()
        .map_err(|_| QueryError::Malformed(format!("`{text}` is no day of the form YYYY-MM-DD")))
}

/// A range as two days, either open.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Span {
    pub(super) start: Option<Date>,
    pub(super) end: Option<Date>,
}

impl Span {
    pub(super) fn of(range: Option<&DateRange>) -> Result<Span, QueryError> {
        let Some(range) = range else {
            return Ok(Span::default());
        };
        Ok(Span {
            start: range.start.as_deref().map(day).transpose()?,
            end: range.end.as_deref().map(day).transpose()?,
        })
    }

    /// The condition that it sets on a date or time: half-open, so that a last day counts whole.
    pub(super) fn condition(self, sql: &dyn SqlDialect, of: &str) -> Option<String> {
        let parts: Vec<String> = [
            self.start.map(|d| format!("{of} >= {}", sql.date(d))),
            self.end.map(|d| format!("{of} < {}", sql.date(d))),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| parts.join(" AND "))
    }

    /// How people call it.
    pub(super) fn label(self) -> String {
        match (self.start, self.end) {
            (Some(start), Some(end)) => {
                let months = i32::from(end.year() - start.year()) * 12
                    + i32::from(end.month() - start.month());
                if start.day() == 1 && end.day() == 1 {
                    if months == 12 && start.month() == 1 {
                        return start.year().to_string();
                    }
                    if months == 3 && (start.month() - 1) % 3 == 0 {
                        return format!("Q{} {}", (start.month() - 1) / 3 + 1, start.year());
                    }
                    if months == 1 {
                        return start.strftime("%B %Y").to_string();
                    }
                }
                let last = end.saturating_sub(1.days());
                if last == start {
                    start.to_string()
                } else {
                    format!("{start} to {last}")
                }
            }
            (Some(start), None) => format!("since {start}"),
            (None, Some(end)) => format!("before {end}"),
            (None, None) => "all time".into(),
        }
    }
}

pub(super) fn move_day(d: Date, grain: Grain, by: i64) -> Date {
    match grain {
        Grain::Week => d.saturating_add((by * 7).days()),
        Grain::Month => d.saturating_add(by.months()),
        Grain::Quarter => d.saturating_add((by * 3).months()),
        Grain::Year => d.saturating_add(by.years()),
        _ => d.saturating_add(by.days()),
    }
}
