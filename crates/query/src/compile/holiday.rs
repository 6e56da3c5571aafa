//! Holidays and campaigns that move: when they were, and how far apart.

use super::Compiler;
use super::compare::Meeting;
use super::frame::Window;
use super::scope::Scope;
use super::shift::Shift;
use crate::{Compare, QueryError};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use semantics::{Event, EventDates, FieldRef};

/// Western Easter Sunday of a year (the anonymous Gregorian computus).
pub(super) fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The Friday after the fourth Thursday of November.
pub(super) fn black_friday(year: i16) -> Option<Date> {
    let thursday = Date::new(year, 11, 1)
        .ok()?
        .nth_weekday_of_month(4, Weekday::Thursday)
        .ok()?;
    Some(thursday.saturating_add(1.days()))
}

/// First days of the occurrences that are known without the data, in order, around some years.
fn occurrences(event: &Event, from: i16, to: i16) -> Option<Vec<Date>> {
    let mut days: Vec<Date> = match &event.dates {
        EventDates::Listed(days) => days.iter().filter_map(|d| d.parse().ok()).collect(),
        EventDates::Easter => (from..=to).filter_map(easter).collect(),
        EventDates::BlackFriday => (from..=to).filter_map(black_friday).collect(),
        EventDates::Table { .. } => return None,
    };
    days.sort_unstable();
    days.dedup();
    Some(days)
}

impl<'m> Compiler<'m> {
    /// How a period meets the one around the event's occurrence before.
    pub(super) fn holiday(
        &mut self,
        compare: &Compare,
        window: &Window,
    ) -> Result<Meeting, QueryError> {
        let name = compare.event.as_deref().ok_or_else(|| {
            QueryError::Malformed("a comparison by holiday names the event".into())
        })?;
        let event = self
            .model
            .event(name)
            .ok_or_else(|| QueryError::UnknownEvent(name.to_string()))?;
        let (Some(start), Some(end)) = (window.span.start, window.span.end) else {
            return Err(QueryError::Malformed(format!(
                "a comparison by {name} needs a range with one occurrence in it"
            )));
        };
        // The occurrence with the days around it that belong to it.
        let first = start.saturating_sub(i64::from(event.days_after).days());
        let last = end.saturating_add(i64::from(event.days_before).days());
        let Some(days) = occurrences(event, first.year() - 3, last.year() + 1) else {
            return self.holiday_of_table(event, first, last);
        };
        let within: Vec<usize> = (0..days.len())
            .filter(|i| days[*i] >= first && days[*i] < last)
            .collect();
        match within[..] {
            [at] if at > 0 => Ok(Shift::Days((days[at] - days[at - 1]).get_days()).into()),
            [_] => Err(QueryError::Malformed(format!(
                "no occurrence of {name} is known before {start}"
            ))),
            _ => Err(QueryError::Malformed(format!(
                "the range holds {} occurrences of {name}, and one can be compared at a time",
                within.len()
            ))),
        }
    }

    /// The same where a table holds the dates; without exactly one occurrence in the range there
    /// is nothing to meet.
    fn holiday_of_table(
        &mut self,
        event: &Event,
        first: Date,
        last: Date,
    ) -> Result<Meeting, QueryError> {
        let EventDates::Table {
            dataset,
            start,
            named,
            ..
        } = &event.dates
        else {
            return Err(QueryError::UnknownEvent(event.name.clone()));
        };
        let mut scope = Scope::unrestricted(&self.context, dataset)?;
        let start = scope.field(&FieldRef::new(dataset, start))?;
        let mut conditions = vec![format!("{start} IS NOT NULL")];
        if let Some((field, value)) = named {
            let field = scope.field(&FieldRef::new(dataset, field))?;
            conditions.push(format!("{field} = {}", self.sql.text(value)));
        }
        let mut select =
            scope.select(vec![format!("{} AS day", self.sql.day(&start))], conditions)?;
        select.distinct = true;
        let days = self.cte(
            &format!("{}_days", event.name),
            format!("first days of {}", event.name),
            &select,
        );
        let (from, to) = (self.sql.date(first), self.sql.date(last));
        let distance = self.sql.days_between("MAX(before.day)", "MAX(this.day)");
        let apart = self.cte_text(
            &format!("{}_apart", event.name),
            format!("days between {} and the one before", event.name),
            format!(
                "SELECT CASE WHEN COUNT(DISTINCT this.day) = 1 THEN {distance} END AS days\n  \
                 FROM {days} AS this\n  LEFT JOIN {days} AS before ON before.day < this.day\n  \
                 WHERE this.day >= {from} AND this.day < {to}"
            ),
        );
        Ok(Shift::Event(format!("(SELECT days FROM {apart})")).into())
    }
}

#[cfg(test)]
mod tests {
    use super::{black_friday, easter};

    #[test]
    fn holidays_are_on_their_published_days() {
        let days = [
            (2019, "2019-04-21", "2019-11-29"),
            (2020, "2020-04-12", "2020-11-27"),
            (2021, "2021-04-04", "2021-11-26"),
            (2022, "2022-04-17", "2022-11-25"),
            (2023, "2023-04-09", "2023-11-24"),
            (2024, "2024-03-31", "2024-11-29"),
            (2025, "2025-04-20", "2025-11-28"),
            (2026, "2026-04-05", "2026-11-27"),
            (2038, "2038-04-25", "2038-11-26"),
        ];
        for (year, sunday, friday) in days {
            assert_eq!(easter(year).unwrap().to_string(), sunday);
            assert_eq!(black_friday(year).unwrap().to_string(), friday);
        }
    }
}
