//! Numbers that run over the buckets of time: totals to date, and means over trailing windows.

use super::Compiler;
use super::frame::Window;
use super::grouped::Setting;
use super::measure::Leaf;
use super::reckoning::{Days, Reckoning};
use super::scope::Scope;
use crate::{Dimension, Grain, QueryError};
use jiff::ToSpan;
use semantics::FieldRef;

/// Buckets counted through.
pub(super) struct Counter {
    /// The number of a bucket's first day, over groups that are called `g`.
    pub(super) number: String,
    /// By how much it grows from one bucket to the next.
    pub(super) step: i64,
    /// The number of the first bucket of the data.
    pub(super) first: String,
    /// What has to be joined to the groups.
    pub(super) join: String,
}

impl<'m> Compiler<'m> {
    /// Opens a window for the buckets that feed a trailing window of so many.
    pub(super) fn feeding(
        &self,
        window: &mut Window,
        grain: Grain,
        buckets: u32,
    ) -> Result<(), QueryError> {
        let Some(start) = window.span.start else {
            return Ok(());
        };
        let unknown = || {
            QueryError::Malformed(
                "a calendar that a table holds has no periods before a range: leave out the range"
                    .into(),
            )
        };
        let first = window.reckoning.start(grain, start).ok_or_else(unknown)?;
        let back = 1 - i32::try_from(buckets).unwrap_or(i32::MAX);
        let from = match grain {
            Grain::Hour => first.saturating_sub((i64::from(-back) / 24 + 1).days()),
            _ => window
                .reckoning
                .moved(first, grain, back)
                .ok_or_else(unknown)?,
        };
        window.span.start = Some(from);
        // The first bucket itself is counted from where the range starts.
        if first < start {
            window.gap = Some((first, start));
        }
        Ok(())
    }

    /// Numbers the buckets of the running dimension `d<r>`.
    pub(super) fn counter(
        &mut self,
        setting: &Setting,
        r: usize,
        grain: Grain,
    ) -> Result<Counter, QueryError> {
        let sql = self.sql;
        let own = format!("g.d{r}");
        let field = self.bucket_field(setting, r)?;
        let days = Days::of_data(self, &field)?;
        let plain = matches!(setting.window.reckoning, Reckoning::Months { .. })
            || matches!(grain, Grain::Day | Grain::Hour);
        let number = |of: &str, raw: &str| -> (String, i64) {
            let epoch = sql.date(jiff::civil::date(1970, 1, 1));
            match grain {
                Grain::Month => (sql.month_count(of), 1),
                Grain::Quarter => (sql.month_count(of), 3),
                Grain::Year => (sql.month_count(of), 12),
                Grain::Week => (sql.days_between(&epoch, of), 7),
                Grain::Hour => (
                    format!(
                        "({} * 24 + {})",
                        sql.days_between(&epoch, raw),
                        sql.period(Grain::HourOfDay, raw, 1)
                    ),
                    1,
                ),
                _ => (sql.days_between(&epoch, of), 1),
            }
        };
        if plain {
            let mut scope = Scope::unrestricted(&self.context, &field.dataset)?;
            let first = self.period(
                &mut scope,
                &setting.window.reckoning,
                grain,
                &days.from,
                &days,
            )?;
            let (first, step) = number(&first, &days.from);
            return Ok(Counter {
                number: number(&own, &own).0,
                step,
                first,
                join: String::new(),
            });
        }
        // Periods of unequal length: all of the calendar's, one after the other.
        let mut scope = Scope::unrestricted(&self.context, &field.dataset)?;
        let of = scope.field(&FieldRef::new(&field.dataset, &field.field))?;
        let column = match grain {
            Grain::Week => "week",
            Grain::Month => "month",
            Grain::Quarter => "quarter",
            _ => "year",
        };
        let table = self.calendar_table(&setting.window.reckoning, &days, column)?;
        let _ = of;
        let periods = self.cte_text(
            &format!("{column}s_counted"),
            format!("the calendar's {column}s, counted through"),
            format!(
                "SELECT {column} AS period, ROW_NUMBER() OVER (ORDER BY {column}) AS number\n  \
                 FROM (SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL) AS periods"
            ),
        );
        let first_day = sql.day(&days.from);
        Ok(Counter {
            number: "counted.number".into(),
            step: 1,
            first: format!("(SELECT MAX(number) FROM {periods} WHERE period <= {first_day})"),
            join: format!("\n  LEFT JOIN {periods} AS counted ON {own} = counted.period"),
        })
    }

    /// The time field that the running dimension shows.
    fn bucket_field(&self, setting: &Setting, r: usize) -> Result<FieldRef, QueryError> {
        if let Some(Dimension::TimeOf { field, .. }) = setting.query.dimensions.get(r) {
            return Ok(field.clone());
        }
        let stated = setting
            .window
            .time
            .as_ref()
            .or(self.model.default_time.as_ref());
        let home = setting.parts.leaves.iter().find_map(|leaf| match leaf {
            Leaf::Rows { home, time, .. } => Some((home, time.as_ref())),
            _ => None,
        });
        match (home, stated) {
            (Some((home, own)), stated) => {
                Scope::unrestricted(&self.context, home)?.time(own.or(stated))
            }
            (None, Some(stated)) => Ok(stated.clone()),
            (None, None) => Err(QueryError::Malformed(
                "a running number needs a time field".into(),
            )),
        }
    }
}
