//! Numbers that run over the buckets of time: totals to date, and means over trailing windows.

use super::Compiler;
use super::frame::Window;
use super::grouped::Setting;
use super::measure::Leaf;
use super::reckoning::{Days, Reckoning};
use super::scope::Scope;
use crate::dialect::SqlDialect;
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
        base: &str,
        r: usize,
        grain: Grain,
    ) -> Result<Counter, QueryError> {
        let sql = self.sql;
        let own = format!("g.d{r}");
        let reckoning = setting.window.reckoning.clone();
        let (home, field) = self.bucket_field(setting, r)?;
        let mut scope = Scope::unrestricted(&self.context, &home)?;
        let of = scope.field(&field)?;
        let of = match grain {
            Grain::Hour => of,
            _ => sql.day(&of),
        };
        let begins = self.cte(
            "beginning",
            format!("first {field} of {home}"),
            // A look-up that finds nothing dates nothing: engines read fewer rows when told.
            &scope.select(
                vec![format!("MIN({of}) AS day")],
                vec![format!("{of} IS NOT NULL")],
            )?,
        );
        let plain = matches!(reckoning, Reckoning::Months { .. })
            || matches!(grain, Grain::Day | Grain::Hour);
        if plain {
            let start = match grain {
                Grain::Hour => sql.period(Grain::Hour, "day", 1),
                _ => self.period(&mut scope, &reckoning, grain, "day", &Days::default())?,
            };
            let (first, step) = number(sql, grain, &start);
            return Ok(Counter {
                number: number(sql, grain, &own).0,
                step,
                first: format!("(SELECT {first} FROM {begins})"),
                join: String::new(),
            });
        }
        // The data's own days, and the periods of every measure that is shown.
        let own_days = Days::of_data(self, &field)?;
        let widest = |function: &str, of: &str, data: &str| {
            let shown = format!("(SELECT {of}(d{r}) FROM {base})");
            format!("{function}({}, {})", sql.day(data), sql.day(&shown))
        };
        let days = Days {
            from: widest("LEAST", "MIN", &own_days.from),
            to: widest("GREATEST", "MAX", &own_days.to),
        };
        let periods = self.counted_periods(&reckoning, grain, &days)?;
        Ok(Counter {
            number: "counted.number".into(),
            step: 1,
            first: format!(
                "(SELECT MAX(number) FROM {periods} WHERE period <= (SELECT day FROM {begins}))"
            ),
            join: format!("\n  LEFT JOIN {periods} AS counted ON {own} = counted.period"),
        })
    }

    /// A CTE of a calendar's periods, which may be of unequal length, counted through; its name.
    pub(super) fn counted_periods(
        &mut self,
        reckoning: &Reckoning,
        grain: Grain,
        days: &Days,
    ) -> Result<String, QueryError> {
        let column = match grain {
            Grain::Week => "week",
            Grain::Month => "month",
            Grain::Quarter => "quarter",
            _ => "year",
        };
        let table = self.calendar_table(reckoning, days, column)?;
        Ok(self.cte_text(
            &format!("{column}s_counted"),
            format!("the calendar's {column}s, counted through"),
            format!(
                "SELECT {column} AS period, ROW_NUMBER() OVER (ORDER BY {column}) AS number\n  \
                 FROM (SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL) AS periods"
            ),
        ))
    }

    /// The dataset of the first rows that leaves aggregate, and the time field that a metric gives
    /// them.
    fn first_rows(
        &self,
        leaves: &[Leaf],
    ) -> Result<Option<(String, Option<FieldRef>)>, QueryError> {
        for leaf in leaves {
            match leaf {
                Leaf::Rows { home, basis, .. } => {
                    return Ok(Some((home.clone(), basis.time.clone())));
                }
                Leaf::Groups { measure, basis, .. } => {
                    if let Some(found) = self.first_rows(&self.leaves_inside(measure, basis)?)? {
                        return Ok(Some(found));
                    }
                }
                Leaf::Query(_) => {}
            }
        }
        Ok(None)
    }

    /// Refuses leaves whose rows a range of a field does not select by that field: their buckets
    /// before the range would be fed with other rows.
    pub(super) fn dated_by(
        &self,
        field: &FieldRef,
        leaves: &[Leaf],
        window: &Window,
    ) -> Result<(), QueryError> {
        for leaf in leaves {
            match leaf {
                Leaf::Rows { home, basis, .. } => {
                    let stated = basis.time.as_ref().or(window.time.as_ref());
                    let own = Scope::unrestricted(&self.context, home)?.time(stated)?;
                    if own != *field {
                        return Err(QueryError::Malformed(format!(
                            "the rows of {home} are dated by {own}: buckets of {field} before the range are not theirs to average over; leave out the range or count by the time of the query"
                        )));
                    }
                }
                Leaf::Groups { measure, basis, .. } => {
                    self.dated_by(field, &self.leaves_inside(measure, basis)?, window)?;
                }
                Leaf::Query(_) => {}
            }
        }
        Ok(())
    }

    /// Refuses levels that are placed by another date than that of their snapshots: which snapshot
    /// is the last one of a range would hang on the buckets before it.
    pub(super) fn levels_by_their_time(
        &self,
        leaves: &[Leaf],
        window: &Window,
    ) -> Result<(), QueryError> {
        for leaf in leaves {
            match leaf {
                Leaf::Rows {
                    home,
                    basis,
                    level: Some(level),
                    ..
                } => {
                    let stated = basis.time.as_ref().or(window.time.as_ref());
                    let placed = Scope::unrestricted(&self.context, home)?.time(stated)?;
                    if let Some(snapshot) = self.snapshot_of(home, level)?
                        && snapshot != placed
                    {
                        return Err(QueryError::Malformed(format!(
                            "levels of {home} are counted at {snapshot} and placed by {placed}: a range of it has no levels before it to average over; leave out the range or the other date"
                        )));
                    }
                }
                Leaf::Groups { measure, basis, .. } => {
                    self.levels_by_their_time(&self.leaves_inside(measure, basis)?, window)?;
                }
                Leaf::Rows { .. } | Leaf::Query(_) => {}
            }
        }
        Ok(())
    }

    /// The dataset whose rows are in the buckets of the running dimension, and the time field that
    /// places them.
    pub(super) fn bucket_field(
        &self,
        setting: &Setting,
        r: usize,
    ) -> Result<(String, FieldRef), QueryError> {
        let stated = setting
            .window
            .time
            .as_ref()
            .or(self.model.default_time.as_ref());
        let first = self.first_rows(&setting.parts.leaves)?;
        let home = first.as_ref().map(|(home, time)| (home, time.as_ref()));
        if let Some(Dimension::TimeOf { field, .. }) = setting.query.dimensions.get(r) {
            let home = home
                .map(|h| h.0)
                .filter(|home| self.context.graph.reach(home, field).is_ok());
            let own = FieldRef::new(&field.dataset, &field.field);
            return Ok(match home {
                Some(home) => (home.clone(), field.clone()),
                None => (field.dataset.clone(), own),
            });
        }
        match (home, stated) {
            (Some((home, own)), stated) => {
                let field = Scope::unrestricted(&self.context, home)?.time(own.or(stated))?;
                Ok((home.clone(), field))
            }
            (None, Some(stated)) => Ok((
                stated.dataset.clone(),
                FieldRef::new(&stated.dataset, &stated.field),
            )),
            (None, None) => Err(QueryError::Malformed(
                "a running number needs a time field".into(),
            )),
        }
    }
}

/// The number of a bucket's start, counted through, and by how much it grows to the next.
pub(super) fn number(sql: &dyn SqlDialect, grain: Grain, start: &str) -> (String, i64) {
    let epoch = sql.date(jiff::civil::date(1970, 1, 1));
    match grain {
        Grain::Month => (sql.month_count(start), 1),
        Grain::Quarter => (sql.month_count(start), 3),
        Grain::Year => (sql.month_count(start), 12),
        Grain::Week => (sql.days_between(&epoch, start), 7),
        Grain::Hour => (
            format!(
                "({} * 24 + {})",
                sql.days_between(&epoch, start),
                sql.period(Grain::HourOfDay, start, 1)
            ),
            1,
        ),
        _ => (sql.days_between(&epoch, start), 1),
    }
}
