//! Parts of a year that come back every year: months, days, named days, weeks by number.

use jiff::ToSpan;
use jiff::civil::{Date, date};

/// How the days of a yearly period follow from its year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Months from the first up to, but not including, the second (2..13).
    Months(i8, i8),
    /// Days of a month, first and last.
    Days(i8, i8, i8),
    /// The last so many days of a month.
    LastDays(i8, i8),
    /// A fixed span, (month, day) each; a last day before the first lies in the next year.
    Span((i8, i8), (i8, i8)),
    /// The n-th (−1: last) weekday (1 = Monday) of a month, moved by days.
    Weekday {
        /// Which one.
        nth: i8,
        /// 1 = Monday … 7 = Sunday.
        weekday: i8,
        /// 1..12.
        month: i8,
        /// Days to move by.
        moved: i16,
    },
    /// From so many to so many days after Western Easter Sunday.
    Easter(i16, i16),
    /// The week (from Monday) that holds the first day of another period.
    WeekOf(&'static Rule),
    /// The weekend at another period: from a Friday itself, else from the Saturday nearest to it.
    WeekendOf(&'static Rule),
    /// Week of that number: weeks start on Monday, week 1 holds the first Thursday (ISO 8601).
    Week(i8),
}

impl Rule {
    /// First day and the day after the last.
    pub fn in_year(self, year: i16) -> Option<(Date, Date)> {
        let next = |day: Date| day.saturating_add(1.days());
        Some(match self {
            Rule::Months(from, to) => (super::first_of(year, from), super::first_of(year, to)),
            Rule::Days(month, first, last) => {
                let start = Date::new(year, month, first).ok()?;
                (start, next(last_valid(year, month, last)?))
            }
            Rule::LastDays(month, n) => {
                let end = super::first_of(year, month + 1);
                (end.saturating_sub(i64::from(n).days()), end)
            }
            Rule::Span((m, d), (to_m, to_d)) => {
                let to_year = if (to_m, to_d) < (m, d) {
                    year + 1
                } else {
                    year
                };
                (
                    Date::new(year, m, d).ok()?,
                    next(last_valid(to_year, to_m, to_d)?),
                )
            }
            Rule::Weekday {
                nth,
                weekday,
                month,
                moved,
            } => {
                let day = nth_weekday(year, month, weekday, nth)?;
                let day = day.saturating_add(i64::from(moved).days());
                (day, next(day))
            }
            Rule::Easter(from, to) => {
                let sunday = easter(year)?;
                (
                    sunday.saturating_add(i64::from(from).days()),
                    next(sunday.saturating_add(i64::from(to).days())),
                )
            }
            Rule::WeekOf(of) => {
                let day = of.in_year(year)?.0;
                let start =
                    day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days());
                (start, start.saturating_add(7.days()))
            }
            Rule::WeekendOf(of) => {
                let day = of.in_year(year)?.0;
                let offset = i64::from(day.weekday().to_monday_zero_offset());
                let sunday = if offset <= 1 {
                    day.saturating_sub((offset + 1).days())
                } else {
                    day.saturating_add((6 - offset).days())
                };
                let start = if offset == 4 {
                    day
                } else {
                    sunday.saturating_sub(1.days())
                };
                (start, next(sunday))
            }
            Rule::Week(n) => {
                let fourth = date(year, 1, 4);
                let monday = fourth
                    .saturating_sub(i64::from(fourth.weekday().to_monday_zero_offset()).days());
                let start = monday.saturating_add((i64::from(n - 1) * 7).days());
                let end = start.saturating_add(7.days());
                // Week 53 only where the year has one: its Thursday lies in the year.
                if start.saturating_add(3.days()).year() != year {
                    return None;
                }
                (start, end)
            }
        })
    }

    /// Reads a rule of `events.tsv`.
    pub fn parse(text: &str) -> Option<Rule> {
        let words: Vec<&str> = text.split(' ').collect();
        let day = |t: &str| -> Option<(i8, i8)> {
            let (m, d) = t.split_once('-')?;
            Some((m.parse().ok()?, d.parse().ok()?))
        };
        match words[..] {
            ["on", at] => day(at).map(|d| Rule::Span(d, d)),
            ["span", from, to] => Some(Rule::Span(day(from)?, day(to)?)),
            ["nth", nth, weekday, month, moved] => Some(Rule::Weekday {
                nth: nth.parse().ok()?,
                weekday: weekday.parse().ok()?,
                month: month.parse().ok()?,
                moved: moved.parse().ok()?,
            }),
            ["easter", from, to] => Some(Rule::Easter(from.parse().ok()?, to.parse().ok()?)),
            _ => None,
        }
    }
}

/// The day, or the last day of the month if the month is shorter.
fn last_valid(year: i16, month: i8, day: i8) -> Option<Date> {
    Date::new(year, month, day)
        .ok()
        .or_else(|| Some(Date::new(year, month, 1).ok()?.last_of_month()))
}

fn nth_weekday(year: i16, month: i8, weekday: i8, nth: i8) -> Option<Date> {
    let first = Date::new(year, month, 1).ok()?;
    let weekday = jiff::civil::Weekday::from_monday_one_offset(weekday).ok()?;
    first.nth_weekday_of_month(nth, weekday).ok()
}

/// Western Easter Sunday (the anonymous Gregorian computus, Meeus, Astronomical Algorithms, ch. 8).
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    Date::new(
        year,
        i8::try_from(n / 31).ok()?,
        i8::try_from(n % 31 + 1).ok()?,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_days_fall_where_the_calendar_puts_them() {
        for (rule, year, first) in [
            ("nth 4 4 11 1", 2024, "2024-11-29"),
            ("nth 4 4 11 1", 2025, "2025-11-28"),
            ("nth 4 4 11 4", 2024, "2024-12-02"),
            ("nth -1 1 5 0", 2024, "2024-05-27"),
            ("nth 2 7 5 0", 2023, "2023-05-14"),
            ("easter 0 0", 2024, "2024-03-31"),
            ("easter 0 0", 2025, "2025-04-20"),
            ("easter -2 1", 2022, "2022-04-15"),
            ("on 12-25", 2022, "2022-12-25"),
        ] {
            let day = Rule::parse(rule)
                .and_then(|r| r.in_year(year))
                .map(|d| d.0.to_string());
            assert_eq!(day.as_deref(), Some(first), "{rule} {year}");
        }
        let winter = Rule::parse("span 12-01 02-29").and_then(|r| r.in_year(2022));
        assert_eq!(
            winter.map(|d| d.1.to_string()).as_deref(),
            Some("2023-03-01")
        );
        assert_eq!(
            Rule::Week(1)
                .in_year(2021)
                .map(|d| d.0.to_string())
                .as_deref(),
            Some("2021-01-04")
        );
        assert_eq!(Rule::Week(53).in_year(2021), None);
        assert_eq!(
            Rule::Week(53)
                .in_year(2020)
                .map(|d| d.0.to_string())
                .as_deref(),
            Some("2020-12-28")
        );
    }
}
