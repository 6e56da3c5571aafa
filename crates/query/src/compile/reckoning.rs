//! How days fall into periods: calendar months, fiscal years, weeks of a retail calendar, a table.

use super::Compiler;
use super::calendar::{Span, move_day};
use super::scope::Scope;
use crate::dialect::SqlDialect;
use crate::{Grain, QueryError, RetailCalendar};
use jiff::ToSpan;
use jiff::civil::Date;
use semantics::{CalendarKind, FieldRef, Week53};

/// A calendar that a query counts by.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reckoning {
    /// Calendar months, in a year that starts with one of them; weeks apart from both.
    Months {
        /// 1 … 12.
        first_month: i8,
        /// 1 = Monday … 7 = Sunday.
        week_start: u8,
    },
    /// Whole weeks.
    Weeks {
        name: String,
        calendar: RetailCalendar,
        week_53: Week53,
    },
    /// A table with one row a day.
    Table {
        name: String,
        dataset: String,
        day: String,
        /// Fields of week, month, quarter and year.
        periods: [Option<String>; 4],
        prior_year_day: Option<String>,
    },
}

/// Periods that a calendar's table may have, with the names of their columns.
const PERIODS: [(Grain, &str); 4] = [
    (Grain::Week, "week"),
    (Grain::Month, "month"),
    (Grain::Quarter, "quarter"),
    (Grain::Year, "year"),
];

impl Reckoning {
    /// First day of the period that a day lies in; `None` where only a table knows.
    pub(super) fn start(&self, grain: Grain, day: Date) -> Option<Date> {
        match self {
            Reckoning::Weeks { calendar, .. } => Some(calendar.position(day).start(grain, day)),
            Reckoning::Table { .. } if !matches!(grain, Grain::Day | Grain::Hour) => None,
            Reckoning::Table { .. } => Some(day),
            Reckoning::Months {
                first_month,
                week_start,
            } => {
                let back = i32::from(first_month - 1);
                let moved = day.saturating_sub(back.months());
                Some(match grain {
                    Grain::Week => {
                        let weekday = day.weekday().to_monday_one_offset();
                        let since =
                            (weekday - i8::try_from(*week_start).unwrap_or(1)).rem_euclid(7);
                        day.saturating_sub(i32::from(since).days())
                    }
                    Grain::Month => day.first_of_month(),
                    Grain::Quarter => {
                        let since = (moved.month() - 1) % 3;
                        day.first_of_month()
                            .saturating_sub(i32::from(since).months())
                    }
                    Grain::Year => moved.first_of_year().saturating_add(back.months()),
                    _ => day,
                })
            }
        }
    }

    /// The same place in the period that lies `by` periods away: as many days after its start,
    /// or its last day where it is shorter.
    pub(super) fn moved(&self, day: Date, grain: Grain, by: i32) -> Option<Date> {
        let Reckoning::Weeks { calendar, .. } = self else {
            return match self {
                Reckoning::Table { .. } if !matches!(grain, Grain::Day | Grain::Hour) => None,
                _ => Some(move_day(day, grain, i64::from(by))),
            };
        };
        if matches!(grain, Grain::Day | Grain::Hour) {
            return Some(day.saturating_add(by.days()));
        }
        let start = calendar.position(day).start(grain, day);
        let mut there = start;
        for _ in 0..by.unsigned_abs() {
            there = if by > 0 {
                calendar.next(grain, there)
            } else {
                let before = there.saturating_sub(1.days());
                calendar.position(before).start(grain, before)
            };
        }
        let last = calendar.next(grain, there).saturating_sub(1.days());
        Some(
            there
                .saturating_add((day - start).get_days().days())
                .min(last),
        )
    }
}

impl<'m> Compiler<'m> {
    /// The calendar of that name; the plain one, with the model's weeks, if none is named.
    pub(super) fn reckoning(&self, name: Option<&str>) -> Result<Reckoning, QueryError> {
        let plain = Reckoning::Months {
            first_month: 1,
            week_start: self.model.week_start.clamp(1, 7),
        };
        let Some(name) = name else {
            return Ok(plain);
        };
        let unknown = || QueryError::UnknownCalendar(name.to_string());
        let Some(known) = self.model.calendar(name) else {
            return match &self.model.fiscal {
                Some(fiscal) if name == "fiscal" => Ok(Reckoning::Months {
                    first_month: i8::try_from(fiscal.first_month.clamp(1, 12)).unwrap_or(1),
                    week_start: self.model.week_start.clamp(1, 7),
                }),
                _ => Err(unknown()),
            };
        };
        match &known.kind {
            CalendarKind::Weeks { .. } => Ok(Reckoning::Weeks {
                name: name.to_string(),
                calendar: RetailCalendar::of(known).ok_or_else(unknown)?,
                week_53: known.week_53,
            }),
            CalendarKind::Table {
                dataset,
                day,
                week,
                month,
                quarter,
                year,
                prior_year_day,
            } => Ok(Reckoning::Table {
                name: name.to_string(),
                dataset: dataset.clone(),
                day: day.clone(),
                periods: [
                    week.clone(),
                    month.clone(),
                    quarter.clone(),
                    Some(year.clone()),
                ],
                prior_year_day: prior_year_day.clone(),
            }),
        }
    }

    /// The period of a time, as an expression over the scope's rows. `days` holds every time that
    /// is not NULL.
    pub(super) fn period(
        &mut self,
        scope: &mut Scope<'m>,
        reckoning: &Reckoning,
        grain: Grain,
        of: &str,
        days: &Days,
    ) -> Result<String, QueryError> {
        let sql = self.sql;
        Ok(match (reckoning, grain) {
            (_, Grain::Hour | Grain::Day | Grain::HourOfDay | Grain::Weekday) => {
                sql.period(grain, of, 1)
            }
            (
                Reckoning::Months {
                    first_month,
                    week_start,
                },
                _,
            ) => months_period(sql, *first_month, *week_start, grain, of),
            (Reckoning::Weeks { .. } | Reckoning::Table { .. }, _) => {
                let column = match grain {
                    Grain::Week => "week",
                    Grain::Month => "month",
                    Grain::Quarter => "quarter",
                    Grain::Year => "year",
                    Grain::WeekOfYear => "week_number",
                    Grain::MonthOfYear => "month_number",
                    _ => "quarter_number",
                };
                let day = self.calendar_day(scope, reckoning, of, days, column)?;
                format!("{day}.{column}")
            }
        })
    }

    /// Joins the calendar's row of a time; its alias.
    pub(super) fn calendar_day(
        &mut self,
        scope: &mut Scope<'m>,
        reckoning: &Reckoning,
        of: &str,
        days: &Days,
        column: &str,
    ) -> Result<String, QueryError> {
        let table = self.calendar_table(reckoning, days, column)?;
        let day = self.sql.day(of);
        Ok(scope.join_once("calendar", |alias| {
            format!("LEFT JOIN {table} AS {alias} ON {day} = {alias}.day")
        }))
    }

    /// The CTE of a calendar's days; refused where it has no such column.
    pub(super) fn calendar_table(
        &mut self,
        reckoning: &Reckoning,
        days: &Days,
        column: &str,
    ) -> Result<String, QueryError> {
        Ok(match reckoning {
            Reckoning::Weeks { name, calendar, .. } => self.retail_days(name, calendar, days),
            Reckoning::Table {
                name,
                dataset,
                day,
                periods,
                ..
            } => {
                let has = match PERIODS.iter().position(|(_, c)| column.starts_with(c)) {
                    Some(at) => periods[at].is_some(),
                    None => true,
                };
                if !has {
                    return Err(QueryError::Malformed(format!(
                        "the calendar {name} has no column for the {}",
                        column.trim_end_matches("_number")
                    )));
                }
                self.table_days(name, dataset, day, periods)?
            }
            Reckoning::Months { .. } => {
                return Err(QueryError::Malformed(
                    "the plain calendar has no table of days".into(),
                ));
            }
        })
    }

    /// A CTE of days with the first day of every retail period that they lie in, and with that of
    /// the next.
    fn retail_days(&mut self, name: &str, calendar: &RetailCalendar, days: &Days) -> String {
        let sql = self.sql;
        let [_, second, third] = calendar.first_weeks();
        let week_of = |day: &str| sql.period(Grain::Week, day, calendar.week_start());
        let year_of = |day: &str| months_period(sql, calendar.first_month(), 1, Grain::Year, day);
        let anchored = self.cte_text(
            &format!("{name}_weeks"),
            format!("calendar {name}: each day, its week, and the day that says to which year the week belongs"),
            format!(
                "SELECT day, week, {} AS anchor\n  FROM (SELECT day, {} AS week FROM ({}) AS every_day) AS weeks",
                sql.plus_days("week", &calendar.anchor().to_string()),
                week_of("day"),
                sql.days(&days.from, &days.to)
            ),
        );
        // The first anchor on or after the nominal start of the next year is in its first week.
        let next = sql.plus_days(
            &sql.plus_months("nominal", 12),
            &(6 - calendar.anchor()).to_string(),
        );
        let placed = self.cte_text(
            &format!("{name}_years"),
            format!("calendar {name}: weeks before the week in its year, and the week in which the next year starts"),
            format!(
                "SELECT day, week, {} AS weeks_before, {} AS next_year\n  FROM (SELECT *, {} AS nominal FROM {anchored}) AS nominal_years",
                sql.whole_quotient(&sql.days_between("nominal", "anchor"), 7),
                week_of(&next),
                year_of("anchor")
            ),
        );
        let within = "weeks_before - 13 * quarters";
        let quartered = self.cte_text(
            &format!("{name}_quarters"),
            format!("calendar {name}: quarters before the week in its year, and weeks before its month in the quarter"),
            format!(
                "SELECT *, CASE WHEN {within} >= {third} THEN {third} WHEN {within} >= {second} THEN {second} ELSE 0 END AS month_week\n  \
                 FROM (SELECT *, {} AS year, CASE WHEN weeks_before >= 39 THEN 3 ELSE {} END AS quarters FROM {placed}) AS years",
                sql.plus_days("week", "-7 * weeks_before"),
                sql.whole_quotient("weeks_before", 13)
            ),
        );
        let after_month = format!(
            "7 * (13 * quarters + CASE month_week WHEN 0 THEN {second} WHEN {second} THEN {third} ELSE 13 END)"
        );
        self.cte_text(
            &format!("{name}_days"),
            format!("calendar {name}, one row per day with the first days of its periods and the next"),
            format!(
                "SELECT day, week, {} AS month, {} AS quarter, year,\n    \
                 {} AS next_week,\n    \
                 CASE WHEN quarters = 3 AND month_week = {third} THEN next_year ELSE {} END AS next_month,\n    \
                 CASE WHEN quarters = 3 THEN next_year ELSE {} END AS next_quarter, next_year,\n    \
                 weeks_before + 1 AS week_number,\n    \
                 3 * quarters + CASE month_week WHEN 0 THEN 1 WHEN {second} THEN 2 ELSE 3 END AS month_number,\n    \
                 quarters + 1 AS quarter_number\n  FROM {quartered}",
                sql.plus_days("year", "7 * (13 * quarters + month_week)"),
                sql.plus_days("year", "7 * 13 * quarters"),
                sql.plus_days("week", "7"),
                sql.plus_days("year", &after_month),
                sql.plus_days("year", "7 * 13 * (quarters + 1)")
            ),
        )
    }

    /// A CTE of a calendar table's days with the first day of every period that they lie in.
    fn table_days(
        &mut self,
        name: &str,
        dataset: &str,
        day: &str,
        periods: &[Option<String>; 4],
    ) -> Result<String, QueryError> {
        let mut scope = Scope::unrestricted(&self.context, dataset)?;
        let mut field = |name: &str| scope.field(&FieldRef::new(dataset, name));
        let day = field(day)?;
        let year = periods[3].as_deref().map(&mut field).transpose()?;
        let year = year.unwrap_or_default();
        let mut columns = vec![format!("{} AS day", self.sql.day(&day))];
        for ((_, column), period) in PERIODS.iter().zip(periods) {
            if let Some(period) = period {
                let value = field(period)?;
                // Numbers of weeks and months start anew every year.
                let partition = if *column == "year" {
                    year.clone()
                } else {
                    format!("{year}, {value}")
                };
                columns.push(format!(
                    "MIN({}) OVER (PARTITION BY {partition}) AS {column}",
                    self.sql.day(&day)
                ));
            }
        }
        let from = scope.from()?;
        let days = self.cte(
            &format!("{name}_periods"),
            format!("calendar {name}, one row per day"),
            &super::statement::Select {
                columns,
                from,
                ..super::statement::Select::default()
            },
        );
        let mut columns = vec!["*".to_string()];
        for ((_, column), period) in PERIODS.iter().zip(periods) {
            if period.is_some() && *column != "year" {
                columns.push(format!(
                    "DENSE_RANK() OVER (PARTITION BY year ORDER BY {column}) AS {column}_number"
                ));
            }
        }
        Ok(self.cte(
            &format!("{name}_days"),
            format!("calendar {name}, with the numbers of the periods in their year"),
            &super::statement::Select {
                columns,
                from: format!("FROM {days}"),
                ..super::statement::Select::default()
            },
        ))
    }

    /// A CTE of the days that the days of a calendar's table are compared with, each with the
    /// first day that it meets.
    pub(super) fn next_year_days(&mut self, reckoning: &Reckoning) -> Result<String, QueryError> {
        let Reckoning::Table {
            name,
            dataset,
            day,
            prior_year_day: Some(prior),
            ..
        } = reckoning
        else {
            return Err(QueryError::Malformed(
                "the calendar does not say which day a day is compared with".into(),
            ));
        };
        let mut scope = Scope::unrestricted(&self.context, dataset)?;
        let day = scope.field(&FieldRef::new(dataset, day))?;
        let prior = scope.field(&FieldRef::new(dataset, prior))?;
        let mut select = scope.select(
            vec![
                format!("{} AS day", self.sql.day(&prior)),
                format!("MIN({}) AS meets", self.sql.day(&day)),
            ],
            Vec::new(),
        )?;
        select.keys = 1;
        Ok(self.cte(
            &format!("{name}_next_year"),
            format!("calendar {name}, the day that each day is compared with a year later"),
            &select,
        ))
    }
}

impl Compiler<'_> {
    /// A period of a calendar of months.
    pub(super) fn plain_period(&self, reckoning: &Reckoning, grain: Grain, of: &str) -> String {
        match reckoning {
            Reckoning::Months {
                first_month,
                week_start,
            } => months_period(self.sql, *first_month, *week_start, grain, of),
            _ => self.sql.period(grain, of, 1),
        }
    }
}

/// First and last day that a calendar has to hold, as SQL.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Days {
    pub(super) from: String,
    pub(super) to: String,
}

impl Days {
    /// All days of a time field in the data.
    pub(super) fn of_data(compiler: &Compiler, field: &FieldRef) -> Result<Days, QueryError> {
        let mut scope = Scope::unrestricted(&compiler.context, &field.dataset)?;
        let of = scope.field(&FieldRef::new(&field.dataset, &field.field))?;
        let from = scope.from()?;
        Ok(Days {
            from: format!("(SELECT MIN({of}) {from})"),
            to: format!("(SELECT MAX({of}) {from})"),
        })
    }

    /// The days of a span that is closed on both sides.
    pub(super) fn of(sql: &dyn SqlDialect, span: Span) -> Option<Days> {
        let (start, end) = (span.start?, span.end?);
        Some(Days {
            from: sql.date(start),
            to: sql.date(end.saturating_sub(1.days())),
        })
    }
}

/// A period of a calendar of months.
fn months_period(
    sql: &dyn SqlDialect,
    first_month: i8,
    week_start: u8,
    grain: Grain,
    of: &str,
) -> String {
    let back = i64::from(first_month - 1);
    if back == 0 || matches!(grain, Grain::Week | Grain::Month) {
        return sql.period(grain, of, week_start);
    }
    let day = sql.day(of);
    match grain {
        Grain::Year => {
            let moved = sql.plus_months(&day, -back);
            sql.plus_months(&sql.period(Grain::Year, &moved, week_start), back)
        }
        Grain::Quarter if back % 3 == 0 => sql.period(Grain::Quarter, of, week_start),
        Grain::Quarter => {
            let moved = sql.plus_months(&day, -(back % 3));
            sql.plus_months(&sql.period(Grain::Quarter, &moved, week_start), back % 3)
        }
        Grain::MonthOfYear => {
            let month = sql.period(Grain::MonthOfYear, of, week_start);
            format!(
                "({} + 1)",
                sql.remainder(&format!("{month} + {}", 11 - back), 12)
            )
        }
        Grain::QuarterOfYear => {
            let month = months_period(sql, first_month, week_start, Grain::MonthOfYear, of);
            format!("({} + 1)", sql.whole_quotient(&format!("{month} - 1"), 3))
        }
        _ => {
            let fourth = sql.plus_days(&sql.period(Grain::Week, of, week_start), "3");
            let year = months_period(sql, first_month, week_start, Grain::Year, &fourth);
            format!(
                "({} + 1)",
                sql.whole_quotient(&sql.days_between(&year, &fourth), 7)
            )
        }
    }
}
