//! Calendars and events of the overlay.

use super::document::{CalendarEntry, CalendarLayout, Day, EventEntry, EventRule, MONTHS, Month};
use crate::draft::Draft;
use crate::{
    Calendar, CalendarKind, Event, EventDates, FieldRef, Week53, WeekPattern, YearEndRule,
    YearNaming,
};

/// `saturday_nearest_jan_31`, `last_saturday_of_january`: weekday, month and rule.
pub(super) fn year_end(text: &str) -> Option<(Day, Month, YearEndRule)> {
    let day = |word: &str| (1..=7).map(Day::of).find(|d| word == day_word(*d));
    let month = |word: &str| {
        MONTHS
            .into_iter()
            .find(|m| month_word(*m) == word || word.len() >= 3 && month_word(*m)[..3] == *word)
    };
    let words: Vec<&str> = text.split('_').collect();
    match words[..] {
        [weekday, "nearest", of, last] => {
            let month = month(of)?;
            let days = if month == Month::February {
                28
            } else {
                month_days(month)
            };
            (last.parse() == Ok(days)).then_some(())?;
            Some((day(weekday)?, month, YearEndRule::Nearest))
        }
        ["last", weekday, "of", of] => Some((day(weekday)?, month(of)?, YearEndRule::Last)),
        _ => None,
    }
}

fn month_days(month: Month) -> u32 {
    match month {
        Month::April | Month::June | Month::September | Month::November => 30,
        Month::February => 28,
        _ => 31,
    }
}

/// The rule as text.
pub(super) fn year_end_text(day: u8, month: u8, rule: YearEndRule) -> String {
    let month = MONTHS[usize::from((month + 11) % 12)];
    let weekday = day_word(Day::of(day));
    match rule {
        YearEndRule::Nearest => format!(
            "{weekday}_nearest_{}_{:02}",
            &month_word(month)[..3],
            month_days(month)
        ),
        YearEndRule::Last => format!("last_{weekday}_of_{}", month_word(month)),
    }
}

fn day_word(day: Day) -> &'static str {
    match day {
        Day::Monday => "monday",
        Day::Tuesday => "tuesday",
        Day::Wednesday => "wednesday",
        Day::Thursday => "thursday",
        Day::Friday => "friday",
        Day::Saturday => "saturday",
        Day::Sunday => "sunday",
    }
}

fn month_word(month: Month) -> &'static str {
    match month {
        Month::January => "january",
        Month::February => "february",
        Month::March => "march",
        Month::April => "april",
        Month::May => "may",
        Month::June => "june",
        Month::July => "july",
        Month::August => "august",
        Month::September => "september",
        Month::October => "october",
        Month::November => "november",
        Month::December => "december",
    }
}

/// Whether these fields are there; reports the first that is not.
fn fields_exist(draft: &mut Draft, item: (&str, usize), dataset: &str, fields: &[&str]) -> bool {
    for field in fields {
        let reference = FieldRef::new(dataset, *field);
        if draft.model.field(&reference).is_none() {
            draft.item_error(
                "unknown_field",
                item,
                format!("there is no field `{reference}`"),
                "name a dataset and its fields",
            );
            return false;
        }
    }
    true
}

pub(super) fn calendars(draft: &mut Draft) {
    for (at, entry) in draft.overlay.calendars.clone().into_iter().enumerate() {
        if draft.model.calendar(&entry.name).is_some() {
            draft.item_error(
                "duplicate_name",
                ("calendars", at),
                format!("two calendars are called `{}`", entry.name),
                "give one of them another name",
            );
            continue;
        }
        if let Some(calendar) = calendar(draft, at, &entry) {
            draft.model.calendars.push(calendar);
        }
    }
}

fn calendar(draft: &mut Draft, at: usize, entry: &CalendarEntry) -> Option<Calendar> {
    let mut refuse = |message: String, fix: &str| -> Option<Calendar> {
        draft.item_error(
            "bad_calendar",
            ("calendars", at),
            format!("calendar `{}`: {message}", entry.name),
            fix,
        );
        None
    };
    let pattern = match entry.kind {
        CalendarLayout::Table => None,
        CalendarLayout::Nrf | CalendarLayout::FourFiveFour => Some(WeekPattern::FourFiveFour),
        CalendarLayout::FourFourFive => Some(WeekPattern::FourFourFive),
        CalendarLayout::FiveFourFour => Some(WeekPattern::FiveFourFour),
    };
    let kind = match pattern {
        Some(pattern) => {
            if entry.table.is_some() {
                return refuse(
                    "`table` belongs to kind: table".into(),
                    "write kind: table, or leave it out",
                );
            }
            let rule = match (&entry.year_end_rule, entry.kind) {
                (Some(text), _) => year_end(text),
                (None, CalendarLayout::Nrf) => {
                    Some((Day::Saturday, Month::January, YearEndRule::Nearest))
                }
                (None, _) => {
                    return refuse(
                        "it does not say where its year ends".into(),
                        "add year_end_rule: saturday_nearest_jan_31 or last_saturday_of_january",
                    );
                }
            };
            let Some((day, month, rule)) = rule else {
                return refuse(
                    format!(
                        "`{}` is no rule for the end of a year",
                        entry.year_end_rule.clone().unwrap_or_default()
                    ),
                    "write saturday_nearest_jan_31 or last_saturday_of_january, with any weekday and month",
                );
            };
            if let Some(start) = entry.week_start
                && start != Day::of(day.number() + 1)
            {
                return refuse(
                    format!(
                        "its weeks start on {}, but its year ends on a {}",
                        day_word(start),
                        day_word(day)
                    ),
                    "weeks start on the day after the one that ends the year",
                );
            }
            CalendarKind::Weeks {
                pattern,
                end_month: month as u8 + 1,
                end_weekday: day.number(),
                end_rule: rule,
                named_by: entry.named_by.unwrap_or(YearNaming::Start),
            }
        }
        None => {
            let Some(table) = &entry.table else {
                return refuse(
                    "kind: table needs `table`".into(),
                    "add table: {dataset: …, day: …, year: …}",
                );
            };
            if entry.year_end_rule.is_some()
                || entry.week_start.is_some()
                || entry.named_by.is_some()
            {
                return refuse(
                    "a table says itself where its weeks and years begin".into(),
                    "leave year_end_rule, week_start and named_by out",
                );
            }
            let mut fields = vec![table.day.as_str(), table.year.as_str()];
            fields.extend(table.week.as_deref());
            fields.extend(table.month.as_deref());
            fields.extend(table.quarter.as_deref());
            fields.extend(table.prior_year_day.as_deref());
            if !fields_exist(draft, ("calendars", at), &table.dataset, &fields) {
                return None;
            }
            CalendarKind::Table {
                dataset: table.dataset.clone(),
                day: table.day.clone(),
                week: table.week.clone(),
                month: table.month.clone(),
                quarter: table.quarter.clone(),
                year: table.year.clone(),
                prior_year_day: table.prior_year_day.clone(),
            }
        }
    };
    for holiday in &entry.holidays {
        if draft.model.event(holiday).is_some() {
            continue;
        }
        let dates = match holiday.as_str() {
            "easter" => EventDates::Easter,
            "black_friday" => EventDates::BlackFriday,
            other => {
                draft.item_error(
                    "unknown_event",
                    ("calendars", at),
                    format!(
                        "calendar `{}` names the holiday `{other}`, which is no event",
                        entry.name
                    ),
                    "add it under events, with its dates",
                );
                continue;
            }
        };
        draft.model.events.push(Event {
            name: holiday.clone(),
            synonyms: Vec::new(),
            dates,
            days_before: 0,
            days_after: 0,
        });
    }
    Some(Calendar {
        name: entry.name.clone(),
        kind,
        week_53: entry.compare_53.unwrap_or(Week53::Restated),
        holidays: entry.holidays.clone(),
    })
}

pub(super) fn events(draft: &mut Draft) {
    for (at, entry) in draft.overlay.events.clone().into_iter().enumerate() {
        if draft.model.event(&entry.name).is_some() {
            draft.item_error(
                "duplicate_name",
                ("events", at),
                format!("two events are called `{}`", entry.name),
                "give one of them another name",
            );
            continue;
        }
        if let Some(event) = event(draft, at, &entry) {
            draft.model.events.push(event);
        }
    }
}

fn event(draft: &mut Draft, at: usize, entry: &EventEntry) -> Option<Event> {
    let ways = usize::from(!entry.dates.is_empty())
        + usize::from(entry.rule.is_some())
        + usize::from(entry.table.is_some());
    if ways != 1 {
        draft.item_error(
            "bad_event",
            ("events", at),
            format!(
                "event `{}`: {ways} of dates, rule and table say when it is",
                entry.name
            ),
            "give exactly one of them",
        );
        return None;
    }
    let dates = match (&entry.rule, &entry.table) {
        (Some(EventRule::Easter), _) => EventDates::Easter,
        (Some(EventRule::BlackFriday), _) => EventDates::BlackFriday,
        (None, Some(table)) => {
            let mut fields = vec![table.start.as_str()];
            fields.extend(table.end.as_deref());
            fields.extend(table.name_field.as_deref());
            if !fields_exist(draft, ("events", at), &table.dataset, &fields) {
                return None;
            }
            EventDates::Table {
                dataset: table.dataset.clone(),
                start: table.start.clone(),
                end: table.end.clone(),
                named: table.name_field.clone().map(|field| {
                    (
                        field,
                        table.named.clone().unwrap_or_else(|| entry.name.clone()),
                    )
                }),
            }
        }
        (None, None) => {
            if let Some(bad) = entry.dates.iter().find(|d| !is_date(d)) {
                draft.item_error(
                    "bad_event",
                    ("events", at),
                    format!("event `{}`: `{bad}` is no date", entry.name),
                    "write YYYY-MM-DD",
                );
                return None;
            }
            EventDates::Listed(entry.dates.clone())
        }
    };
    Some(Event {
        name: entry.name.clone(),
        synonyms: entry.synonyms.clone(),
        dates,
        days_before: entry.days_before,
        days_after: entry.days_after,
    })
}

/// `YYYY-MM-DD` with a day that the month has.
pub(super) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else {
        return false;
    };
    if year.len() != 4 || month.len() != 2 || day.len() != 2 {
        return false;
    }
    let (Ok(year), Ok(month), Ok(day)) = (
        year.parse::<u32>(),
        month.parse::<usize>(),
        day.parse::<u32>(),
    ) else {
        return false;
    };
    let Some(name) = month.checked_sub(1).and_then(|m| MONTHS.get(m)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = month_days(*name) + u32::from(leap && *name == Month::February);
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_the_year_end_survive_their_text() {
        for day in 1..=7 {
            for month in 1..=12 {
                for rule in [YearEndRule::Nearest, YearEndRule::Last] {
                    let text = year_end_text(day, month, rule);
                    let read = year_end(&text).map(|(d, m, r)| (d.number(), m as u8 + 1, r));
                    assert_eq!(read, Some((day, month, rule)), "{text}");
                }
            }
        }
        assert_eq!(
            year_end_text(6, 1, YearEndRule::Nearest),
            "saturday_nearest_jan_31"
        );
        for bad in [
            "saturday_nearest_jan_30",
            "someday_nearest_jan_31",
            "last_saturday",
            "",
        ] {
            assert_eq!(year_end(bad), None, "{bad}");
        }
    }

    #[test]
    fn dates_are_days_that_there_are() {
        for (text, good) in [
            ("2024-02-29", true),
            ("2023-02-29", false),
            ("2024-13-01", false),
            ("2024-1-1", false),
            ("2024-00-10", false),
            ("today", false),
        ] {
            assert_eq!(is_date(text), good, "{text}");
        }
    }
}
