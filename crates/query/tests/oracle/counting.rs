//! How days fall into periods: calendar months in a year that may start with any of them, or
//! whole weeks of a retail calendar.

use crate::calendar::{self, WEEKDAYS, add_months, civil, day, month_length, weekday};
use crate::value::Value;
use query::Grain;
use semantics::{Calendar, CalendarKind, Model, Week53, WeekPattern, YearEndRule};

/// A year of whole weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetailWeeks {
    weeks_of_months: [i64; 3],
    end_month: i64,
    /// 0 = Monday … 6 = Sunday.
    end_weekday: i64,
    nearest: bool,
    pub(crate) week_53: Week53,
}

/// Where a day is in a year of whole weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// First day of the year.
    pub(crate) year: i64,
    /// First day of the next one.
    pub(crate) next_year: i64,
    /// 1 … 53.
    pub(crate) week: i64,
    /// 1 … 12.
    month: i64,
    /// 1 … 4.
    quarter: i64,
}

impl RetailWeeks {
    pub(crate) fn of(calendar: &Calendar) -> Option<RetailWeeks> {
        let CalendarKind::Weeks {
            pattern,
            end_month,
            end_weekday,
            end_rule,
            ..
        } = &calendar.kind
        else {
            return None;
        };
        Some(RetailWeeks {
            weeks_of_months: match pattern {
                WeekPattern::FourFiveFour => [4, 5, 4],
                WeekPattern::FourFourFive => [4, 4, 5],
                WeekPattern::FiveFourFour => [5, 4, 4],
            },
            end_month: i64::from(*end_month),
            end_weekday: i64::from(*end_weekday) - 1,
            nearest: *end_rule == YearEndRule::Nearest,
            week_53: calendar.week_53,
        })
    }

    /// The last day of the year that ends around the end month of a civil year: tried day by day.
    fn end(&self, year: i64) -> i64 {
        let last = day(year, self.end_month, month_length(year, self.end_month));
        let tried = if self.nearest {
            last - 3..=last + 3
        } else {
            last - 6..=last
        };
        tried
            .into_iter()
            .find(|d| weekday(*d) == self.end_weekday)
            .unwrap_or(last)
    }

    /// Weeks before each month of the year, and of all.
    fn months(&self) -> Vec<i64> {
        let mut before = vec![0];
        for month in 0..12 {
            before.push(before[month] + self.weeks_of_months[month % 3]);
        }
        before
    }

    pub(crate) fn place(&self, of: i64) -> Place {
        let mut year = civil(of).0 - 1;
        while self.end(year) < of {
            year += 1;
        }
        let (start, next) = (self.end(year - 1) + 1, self.end(year) + 1);
        let week = (of - start) / 7;
        let months = self.months();
        // A 53rd week joins the last month.
        let month = (0..12)
            .rev()
            .find(|m| months[*m] <= week)
            .unwrap_or_default() as i64;
        Place {
            year: start,
            next_year: next,
            week: week + 1,
            month: month + 1,
            quarter: month / 3 + 1,
        }
    }

    fn start(&self, of: i64, grain: Grain) -> i64 {
        let at = self.place(of);
        let weeks = self.months();
        match grain {
            Grain::Week => at.year + 7 * (at.week - 1),
            Grain::Month => at.year + 7 * weeks[at.month as usize - 1],
            Grain::Quarter => at.year + 7 * weeks[3 * (at.quarter as usize - 1)],
            Grain::Year => at.year,
            _ => of,
        }
    }

    fn next(&self, of: i64, grain: Grain) -> i64 {
        let at = self.place(of);
        let weeks = self.months();
        match grain {
            Grain::Week => at.year + 7 * at.week,
            Grain::Month if at.month < 12 => at.year + 7 * weeks[at.month as usize],
            Grain::Quarter if at.quarter < 4 => at.year + 7 * weeks[3 * at.quarter as usize],
            Grain::Month | Grain::Quarter | Grain::Year => at.next_year,
            _ => of + 1,
        }
    }
}

/// What a query counts its periods by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counting {
    Months { first_month: i64, week_start: u8 },
    Weeks(RetailWeeks),
}

impl Counting {
    /// Calendar months, with the model's weeks.
    pub(crate) fn plain(model: &Model) -> Counting {
        Counting::Months {
            first_month: 1,
            week_start: model.week_start,
        }
    }

    /// The calendar of that name; the plain one, with the model's weeks, if none is named.
    pub(crate) fn of(model: &Model, name: Option<&str>) -> Option<Counting> {
        let months = |first_month: u8| Counting::Months {
            first_month: i64::from(first_month),
            week_start: model.week_start,
        };
        let Some(name) = name else {
            return Some(Counting::plain(model));
        };
        match model.calendar(name) {
            Some(calendar) => RetailWeeks::of(calendar).map(Counting::Weeks),
            None if name == "fiscal" => model.fiscal.map(|fiscal| months(fiscal.first_month)),
            None => None,
        }
    }

    /// First day of the running period that holds a day.
    pub(crate) fn start(self, of: i64, grain: Grain) -> i64 {
        match self {
            Counting::Weeks(weeks) => weeks.start(of, grain),
            Counting::Months {
                first_month,
                week_start,
            } => {
                let (year, month, _) = civil(of);
                // Months since the year began.
                let since = (month - first_month).rem_euclid(12);
                match grain {
                    Grain::Week => of - (weekday(of) - (i64::from(week_start) - 1)).rem_euclid(7),
                    Grain::Month => day(year, month, 1),
                    Grain::Quarter => add_months(day(year, month, 1), -(since % 3)),
                    Grain::Year => add_months(day(year, month, 1), -since),
                    _ => of,
                }
            }
        }
    }

    /// First day of the running period that is `n` periods after the one that starts on a day.
    pub(crate) fn shifted(self, start: i64, grain: Grain, n: i64) -> i64 {
        match (self, grain) {
            (_, Grain::Week) => start + 7 * n,
            (Counting::Weeks(weeks), Grain::Month | Grain::Quarter | Grain::Year) => {
                let mut at = start;
                for _ in 0..n.abs() {
                    at = if n > 0 {
                        weeks.next(at, grain)
                    } else {
                        weeks.start(at - 1, grain)
                    };
                }
                at
            }
            (_, Grain::Month) => add_months(start, n),
            (_, Grain::Quarter) => add_months(start, 3 * n),
            (_, Grain::Year) => add_months(start, 12 * n),
            _ => start + n,
        }
    }

    /// The same place in the next period: as many days after its start, or its last day where it
    /// is shorter.
    pub(crate) fn a_period_later(self, of: i64, grain: Grain) -> i64 {
        let start = self.start(of, grain);
        let next = self.shifted(start, grain, 1);
        (next + of - start).min(self.shifted(next, grain, 1) - 1)
    }

    /// The period of a date or time.
    pub(crate) fn period(self, value: &Value, grain: Grain) -> Value {
        let (of, second) = match value {
            Value::Date(day) => (*day, day * 86_400),
            Value::Timestamp(second) => (second.div_euclid(86_400), *second),
            _ => return Value::Null,
        };
        let number = |n: i64| Value::int(i128::from(n));
        match (self, grain) {
            (_, Grain::Hour) => Value::Timestamp(second.div_euclid(3600) * 3600),
            (_, Grain::HourOfDay) => number(second.rem_euclid(86_400) / 3600),
            (_, Grain::Weekday) => Value::text(WEEKDAYS[calendar::weekday(of) as usize]),
            (Counting::Weeks(weeks), Grain::MonthOfYear) => number(weeks.place(of).month),
            (Counting::Weeks(weeks), Grain::QuarterOfYear) => number(weeks.place(of).quarter),
            (Counting::Weeks(weeks), Grain::WeekOfYear) => number(weeks.place(of).week),
            (Counting::Months { first_month, .. }, Grain::MonthOfYear) => {
                number((civil(of).1 - first_month).rem_euclid(12) + 1)
            }
            (Counting::Months { first_month, .. }, Grain::QuarterOfYear) => {
                number((civil(of).1 - first_month).rem_euclid(12) / 3 + 1)
            }
            (Counting::Months { .. }, Grain::WeekOfYear) => {
                // A week belongs to the year of its fourth day.
                let week = self.start(of, Grain::Week);
                let year = self.start(week + 3, Grain::Year);
                let weeks =
                    (0..53).take_while(|n| self.start(week + 3 - 7 * n, Grain::Year) == year);
                number(weeks.count() as i64)
            }
            _ => Value::Date(self.start(of, grain)),
        }
    }
}
