//! Years of whole weeks (4-5-4, 4-4-5, 5-4-4), computed: no table of dates is needed.
//!
//! A week belongs to the year in whose twelve nominal months its *anchor* day lies. Where a year
//! ends on the weekday nearest to a month's end, the anchor is the fourth day of the week: the
//! last day of the year is then at most three days from the month's end. Where it ends on the
//! last such weekday of the month, the anchor is the last day of the week. Weeks are counted from
//! the first anchor of the year, so that the number of a week is the number of whole weeks between
//! the first nominal day of the year and its anchor.

use crate::Grain;
use jiff::civil::Date;
use jiff::{Span, ToSpan};
use semantics::{Calendar, CalendarKind, WeekPattern, YearEndRule, YearNaming};

/// A calendar of whole weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetailCalendar {
    /// Weeks of the three months of a quarter.
    weeks_of_months: [i32; 3],
    /// First nominal month of the year, 1 … 12.
    first_month: i8,
    /// Day on which weeks start, 1 = Monday … 7 = Sunday.
    week_start: i8,
    /// Days from the start of a week to its anchor.
    anchor: i32,
    named_by: YearNaming,
}

/// Where a day is in a retail calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetailDay {
    /// What the year is called.
    pub year: i32,
    /// 1 … 4.
    pub quarter: i32,
    /// Month of the year, 1 … 12; a 53rd week belongs to the last.
    pub month: i32,
    /// Week of the year, 1 … 53.
    pub week: i32,
    /// First day of the week.
    pub week_start: Date,
    /// First day of the year.
    pub year_start: Date,
    /// First week of the month.
    first_week_of_month: i32,
    /// First week of the quarter.
    first_week_of_quarter: i32,
}

impl RetailDay {
    /// First day of the period of a grain; the day itself for hours and days.
    pub fn start(&self, grain: Grain, day: Date) -> Date {
        let week = |number: i32| add_days(self.year_start, (number - 1) * 7);
        match grain {
            Grain::Week => self.week_start,
            Grain::Month => week(self.first_week_of_month),
            Grain::Quarter => week(self.first_week_of_quarter),
            Grain::Year => self.year_start,
            _ => day,
        }
    }
}

fn add_days(day: Date, days: i32) -> Date {
    day.saturating_add(days.days())
}

fn days_between(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

impl RetailCalendar {
    /// The calendar of a model's declaration; `None` for one that a table holds, or one that
    /// declares no month or weekday.
    pub fn of(calendar: &Calendar) -> Option<RetailCalendar> {
        let CalendarKind::Weeks {
            pattern,
            end_month,
            end_weekday,
            end_rule,
            named_by,
        } = &calendar.kind
        else {
            return None;
        };
        if !(1..=12).contains(end_month) || !(1..=7).contains(end_weekday) {
            return None;
        }
        Some(RetailCalendar {
            weeks_of_months: match pattern {
                WeekPattern::FourFiveFour => [4, 5, 4],
                WeekPattern::FourFourFive => [4, 4, 5],
                WeekPattern::FiveFourFour => [5, 4, 4],
            },
            first_month: i8::try_from(end_month % 12).unwrap_or(0) + 1,
            week_start: i8::try_from(end_weekday % 7).unwrap_or(0) + 1,
            anchor: match end_rule {
                YearEndRule::Nearest => 3,
                YearEndRule::Last => 6,
            },
            named_by: *named_by,
        })
    }

    /// Day on which weeks start, 1 = Monday … 7 = Sunday.
    pub fn week_start(&self) -> u8 {
        u8::try_from(self.week_start).unwrap_or(1)
    }

    /// Days from the start of a week to the day that says to which year the week belongs.
    pub(crate) fn anchor(&self) -> i32 {
        self.anchor
    }

    /// First nominal month of the year, 1 … 12.
    pub(crate) fn first_month(&self) -> i8 {
        self.first_month
    }

    /// First weeks of the months of a quarter, counted from 0.
    pub(crate) fn first_weeks(&self) -> [i32; 3] {
        let [a, b, _] = self.weeks_of_months;
        [0, a, a + b]
    }

    /// First nominal day of the year that a day lies in, months counted and not weeks.
    fn nominal_start(&self, day: Date) -> Date {
        let back: Span = i32::from(self.first_month - 1).months();
        let moved = day.saturating_sub(back);
        moved.first_of_year().saturating_add(back)
    }

    /// Where a day is.
    pub fn position(&self, day: Date) -> RetailDay {
        let weekday = day.weekday().to_monday_one_offset();
        let week_start = add_days(day, -i32::from((weekday - self.week_start).rem_euclid(7)));
        let anchor = add_days(week_start, self.anchor);
        let nominal = self.nominal_start(anchor);
        let week = days_between(nominal, anchor) / 7;
        let quarter = (week / 13).min(3);
        let within = week - 13 * quarter;
        let month = self
            .first_weeks()
            .iter()
            .rposition(|first| within >= *first)
            .unwrap_or(0);
        RetailDay {
            year: i32::from(nominal.year())
                + i32::from(self.named_by == YearNaming::End && self.first_month > 1),
            quarter: quarter + 1,
            month: 3 * quarter + i32::try_from(month).unwrap_or(0) + 1,
            week: week + 1,
            week_start,
            year_start: add_days(week_start, -7 * week),
            first_week_of_month: 13 * quarter + self.first_weeks()[month] + 1,
            first_week_of_quarter: 13 * quarter + 1,
        }
    }

    /// First day of the year that is called so.
    pub fn year_start(&self, year: i32) -> Date {
        let named = year - i32::from(self.named_by == YearNaming::End && self.first_month > 1);
        let nominal = Date::new(
            i16::try_from(named).unwrap_or(i16::MAX),
            self.first_month,
            1,
        )
        .unwrap_or(Date::MAX);
        // The first anchor is at most six days after the first nominal day.
        self.position(add_days(nominal, 6 - self.anchor)).year_start
    }

    /// Whole weeks of the year that is called so: 52 or 53.
    pub fn weeks_in_year(&self, year: i32) -> i32 {
        days_between(self.year_start(year), self.year_start(year + 1)) / 7
    }

    /// First day of a period of the year: month 1 … 12, quarter 1 … 4 or week 1 … 53; `None`
    /// where there is no such period.
    pub fn period_start(&self, year: i32, grain: Grain, number: i32) -> Option<Date> {
        let week = match grain {
            Grain::Year if number == 1 => 0,
            Grain::Quarter if (1..=4).contains(&number) => 13 * (number - 1),
            Grain::Month if (1..=12).contains(&number) => {
                let first = self.first_weeks()[usize::try_from((number - 1) % 3).ok()?];
                13 * ((number - 1) / 3) + first
            }
            Grain::Week if (1..=self.weeks_in_year(year)).contains(&number) => number - 1,
            _ => return None,
        };
        Some(add_days(self.year_start(year), 7 * week))
    }

    /// First day after the period of a grain that a day lies in.
    pub fn next(&self, grain: Grain, day: Date) -> Date {
        let at = self.position(day);
        match grain {
            Grain::Week => add_days(at.week_start, 7),
            Grain::Month if at.month < 12 => {
                let next = self.period_start(at.year, Grain::Month, at.month + 1);
                next.unwrap_or(Date::MAX)
            }
            Grain::Quarter if at.quarter < 4 => {
                let next = self.period_start(at.year, Grain::Quarter, at.quarter + 1);
                next.unwrap_or(Date::MAX)
            }
            Grain::Month | Grain::Quarter | Grain::Year => self.year_start(at.year + 1),
            _ => add_days(day, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use semantics::Week53;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn nrf() -> RetailCalendar {
        RetailCalendar::of(&Calendar::nrf("nrf")).unwrap()
    }

    fn calendar(
        pattern: WeekPattern,
        end_month: u8,
        end_weekday: u8,
        end_rule: YearEndRule,
        named_by: YearNaming,
    ) -> RetailCalendar {
        RetailCalendar::of(&Calendar {
            name: "house".into(),
            kind: CalendarKind::Weeks {
                pattern,
                end_month,
                end_weekday,
                end_rule,
                named_by,
            },
            week_53: Week53::Restated,
            holidays: Vec::new(),
        })
        .unwrap()
    }

    /// Published facts of the National Retail Federation's calendar.
    #[test]
    fn nrf_years_are_the_published_ones() {
        let starts = [
            (1995, "1995-01-29", 53),
            (1996, "1996-02-04", 52),
            (2000, "2000-01-30", 53),
            (2001, "2001-02-04", 52),
            (2006, "2006-01-29", 53),
            (2012, "2012-01-29", 53),
            (2013, "2013-02-03", 52),
            (2016, "2016-01-31", 52),
            (2017, "2017-01-29", 53),
            (2018, "2018-02-04", 52),
            (2019, "2019-02-03", 52),
            (2022, "2022-01-30", 52),
            (2023, "2023-01-29", 53),
            (2024, "2024-02-04", 52),
            (2025, "2025-02-02", 52),
            (2026, "2026-02-01", 52),
            (2027, "2027-01-31", 52),
            (2028, "2028-01-30", 53),
            (2029, "2029-02-04", 52),
            (2034, "2034-01-29", 53),
            (2040, "2040-01-29", 53),
        ];
        for (year, start, weeks) in starts {
            assert_eq!(nrf().year_start(year), day(start), "start of {year}");
            assert_eq!(nrf().weeks_in_year(year), weeks, "weeks of {year}");
        }
        let long: Vec<i32> = (1995..=2040)
            .filter(|y| nrf().weeks_in_year(*y) == 53)
            .collect();
        assert_eq!(long, [1995, 2000, 2006, 2012, 2017, 2023, 2028, 2034, 2040]);
    }

    #[test]
    fn nrf_days_are_where_they_are_published() {
        let table = [
            // day, year, quarter, month, week
            ("1995-01-29", 1995, 1, 1, 1),
            ("1996-02-03", 1995, 4, 12, 53),
            ("2017-01-28", 2016, 4, 12, 52),
            ("2017-02-05", 2017, 1, 1, 2),
            ("2018-01-27", 2017, 4, 12, 52),
            ("2018-01-28", 2017, 4, 12, 53),
            ("2018-02-03", 2017, 4, 12, 53),
            ("2018-02-04", 2018, 1, 1, 1),
            ("2023-02-25", 2023, 1, 1, 4),
            ("2023-02-26", 2023, 1, 2, 5),
            ("2023-04-01", 2023, 1, 2, 9),
            ("2023-04-02", 2023, 1, 3, 10),
            ("2023-04-29", 2023, 1, 3, 13),
            ("2023-04-30", 2023, 2, 4, 14),
            ("2023-07-30", 2023, 3, 7, 27),
            ("2023-10-29", 2023, 4, 10, 40),
            ("2023-12-31", 2023, 4, 12, 49),
            ("2024-01-28", 2023, 4, 12, 53),
            ("2024-02-03", 2023, 4, 12, 53),
            ("2024-02-04", 2024, 1, 1, 1),
            ("2024-02-29", 2024, 1, 1, 4),
            ("2024-03-03", 2024, 1, 2, 5),
            ("2024-11-29", 2024, 4, 10, 43),
            ("2025-02-01", 2024, 4, 12, 52),
            ("2029-02-03", 2028, 4, 12, 53),
            ("2041-02-02", 2040, 4, 12, 53),
        ];
        for (at, year, quarter, month, week) in table {
            let found = nrf().position(day(at));
            assert_eq!(
                (found.year, found.quarter, found.month, found.week),
                (year, quarter, month, week),
                "{at}"
            );
        }
    }

    #[test]
    fn periods_start_where_the_weeks_say() {
        let at = day("2024-01-30");
        let found = nrf().position(at);
        for (grain, start, next) in [
            (Grain::Week, "2024-01-28", "2024-02-04"),
            (Grain::Month, "2023-12-31", "2024-02-04"),
            (Grain::Quarter, "2023-10-29", "2024-02-04"),
            (Grain::Year, "2023-01-29", "2024-02-04"),
        ] {
            assert_eq!(found.start(grain, at), day(start), "{grain:?}");
            assert_eq!(nrf().next(grain, at), day(next), "{grain:?}");
        }
        assert_eq!(
            nrf().period_start(2024, Grain::Month, 2),
            Some(day("2024-03-03"))
        );
        assert_eq!(nrf().period_start(2024, Grain::Week, 53), None);
        assert_eq!(
            nrf().period_start(2023, Grain::Week, 53),
            Some(day("2024-01-28"))
        );
    }

    #[test]
    fn other_layouts() {
        // Costs and accounts of a house whose year ends on the last Saturday of January.
        let last = calendar(
            WeekPattern::FourFourFive,
            1,
            6,
            YearEndRule::Last,
            YearNaming::Start,
        );
        assert_eq!(last.year_start(2024), day("2024-01-28"));
        assert_eq!(last.year_start(2025), day("2025-01-26"));
        assert_eq!(last.position(day("2024-03-23")).month, 2);
        assert_eq!(last.position(day("2024-03-24")).month, 3);
        // A year that ends on the Sunday nearest to the end of June, named by its end.
        let june = calendar(
            WeekPattern::FiveFourFour,
            6,
            7,
            YearEndRule::Nearest,
            YearNaming::End,
        );
        assert_eq!(june.position(day("2024-07-01")).year, 2025);
        assert_eq!(june.position(day("2024-06-30")).year, 2024);
        assert_eq!(june.position(day("2024-08-04")).month, 1);
        assert_eq!(june.position(day("2024-08-05")).month, 2);
        // A year that ends on the last Sunday of December is named by the year that it covers.
        let december = calendar(
            WeekPattern::FourFourFive,
            12,
            7,
            YearEndRule::Last,
            YearNaming::End,
        );
        assert_eq!(december.year_start(2024), day("2024-01-01"));
        assert_eq!(december.position(day("2024-12-30")).year, 2025);
    }

    /// Every day of forty years: weeks follow each other without a gap, and a day's own start is
    /// its own start.
    #[test]
    fn every_day_has_its_place() {
        let rules = [YearEndRule::Nearest, YearEndRule::Last];
        let patterns = [
            WeekPattern::FourFiveFour,
            WeekPattern::FourFourFive,
            WeekPattern::FiveFourFour,
        ];
        for (pattern, rule) in patterns.iter().flat_map(|p| rules.map(|r| (p, r))) {
            for (end_month, end_weekday) in [(1, 6), (6, 7), (9, 3), (12, 5)] {
                let house = calendar(*pattern, end_month, end_weekday, rule, YearNaming::Start);
                let mut at = day("2000-01-01");
                let mut before = house.position(at);
                while at < day("2030-01-01") {
                    at = add_days(at, 1);
                    let now = house.position(at);
                    let follows = now.week_start == before.week_start
                        || now.week == before.week + 1 && now.year == before.year
                        || now.week == 1
                            && now.year == before.year + 1
                            && before.week == house.weeks_in_year(before.year);
                    assert!(follows, "{at}: {now:?} after {before:?}");
                    assert!([52, 53].contains(&house.weeks_in_year(now.year)), "{at}");
                    for grain in [Grain::Week, Grain::Month, Grain::Quarter, Grain::Year] {
                        let start = now.start(grain, at);
                        assert!(start <= at && at < house.next(grain, at), "{at} {grain:?}");
                        assert_eq!(
                            house.position(start).start(grain, start),
                            start,
                            "{at} {grain:?}"
                        );
                    }
                    before = now;
                }
            }
        }
    }
}
