//! Metrics that are added up over time: since the beginning, over a trailing window, to date.
//!
//! What adds up is added up bucket by bucket. Everything else (distinct counts, means, medians) is
//! computed anew from the rows that each bucket reaches back to.

use super::Compiler;
use super::block::{Prepared, Value};
use super::calendar::Span;
use super::frame::Window;
use super::grouped::running;
use super::measure::{Basis, Leaf};
use super::reckoning::{Days, Reckoning};
use super::running::number;
use super::scope::Scope;
use super::statement::Select;
use crate::{Dimension, Grain, QueryError};
use jiff::ToSpan;
use jiff::civil::Date;
use semantics::{Aggregation, CumulativeWindow, Length, TimeUnit};

/// A unit as a grain.
fn grain_of(unit: TimeUnit) -> Grain {
    match unit {
        TimeUnit::Hour => Grain::Hour,
        TimeUnit::Day => Grain::Day,
        TimeUnit::Week => Grain::Week,
        TimeUnit::Month => Grain::Month,
        TimeUnit::Quarter => Grain::Quarter,
        TimeUnit::Year => Grain::Year,
    }
}

/// How many buckets of a grain a length is, if it is a whole number of them.
fn buckets(length: Length, grain: Grain) -> Option<i64> {
    let n = i64::from(length.count);
    let (mine, its) = match (length.unit, grain) {
        (TimeUnit::Hour, Grain::Hour)
        | (TimeUnit::Day, Grain::Day)
        | (TimeUnit::Week, Grain::Week)
        | (TimeUnit::Month, Grain::Month)
        | (TimeUnit::Quarter, Grain::Quarter)
        | (TimeUnit::Year, Grain::Year) => (1, 1),
        (TimeUnit::Day, Grain::Hour) => (24, 1),
        (TimeUnit::Week, Grain::Day) => (7, 1),
        (TimeUnit::Day, Grain::Week) => (1, 7),
        (TimeUnit::Quarter, Grain::Month) => (3, 1),
        (TimeUnit::Year, Grain::Month) => (12, 1),
        (TimeUnit::Year, Grain::Quarter) => (4, 1),
        (TimeUnit::Month, Grain::Quarter) => (1, 3),
        (TimeUnit::Month, Grain::Year) => (1, 12),
        (TimeUnit::Quarter, Grain::Year) => (1, 4),
        _ => return None,
    };
    (n > 0 && (n * mine) % its == 0).then(|| n * mine / its)
}

impl<'m> Compiler<'m> {
    /// As [`Compiler::block`], for leaves that reach back.
    pub(super) fn cumulated(
        &mut self,
        dimensions: &[Dimension],
        leaves: &[&Leaf],
        reach: CumulativeWindow,
        window: &Window,
    ) -> Result<String, QueryError> {
        if window.moved.is_some() || leaves.iter().any(|l| l.is_offset()) {
            return Err(not_compared());
        }
        if let Some(Leaf::Rows { home, .. }) = leaves.iter().find(|l| l.is_level()) {
            return Err(QueryError::UnsafeReaggregation {
                what: format!("a level of {home}"),
                how: "added up over time",
            });
        }
        // Its groups are those of the range, and its rows are not.
        let of_range = |d: &Dimension| {
            matches!(
                d,
                Dimension::Bucket { .. } | Dimension::NewOrReturning { grain: None, .. }
            )
        };
        if window.span.start.is_some() && dimensions.iter().any(of_range) {
            return Err(QueryError::Malformed(
                "a number that reaches back before a range is not grouped by what an entity is in the range: leave out its start, or group by a field".into(),
            ));
        }
        let until = leaves.iter().find_map(|l| l.until());
        let mut cut = window.clone();
        if let Some(until) = until
            && running(dimensions).is_none()
        {
            cut.span.end = Some(cut.span.end.map_or(until, |end| end.min(until)));
        }
        let window = &cut;
        let plain: Vec<Leaf> = leaves.iter().map(|l| l.without_reach()).collect();
        let plain: Vec<&Leaf> = plain.iter().collect();
        let Some((r, grain)) = running(dimensions) else {
            let window = self.reaching_back(window, reach, None)?;
            return self.block(dimensions, &plain, &window);
        };
        self.shown_by_its_time(dimensions.get(r), leaves, window)?;
        let adds = leaves.iter().all(|l| l.adds()) && !self.any_converted(leaves);
        let steps = match reach {
            CumulativeWindow::Trailing(length) => buckets(length, grain),
            _ => Some(0),
        };
        match steps {
            Some(steps) if adds && until.is_none() => {
                self.added_up(dimensions, &plain, (reach, steps), window, r, grain)
            }
            _ => self.counted_anew(dimensions, &plain, (reach, until), window, r, grain),
        }
    }

    /// Whether rows before a period count for a number, or for what groups are made by.
    pub(super) fn anything_reaches_back(
        &self,
        leaves: &[Leaf],
        dimensions: &[Dimension],
    ) -> Result<bool, QueryError> {
        for leaf in leaves {
            let reaches = match leaf {
                Leaf::Groups {
                    measure,
                    per,
                    basis,
                    ..
                } => self.anything_reaches_back(&self.leaves_inside(measure, basis)?, per)?,
                _ => leaf.reaches_back(),
            };
            if reaches {
                return Ok(true);
            }
        }
        for dimension in dimensions {
            if let Dimension::Bucket { measure, .. } = dimension
                && self.anything_reaches_back(&self.taken_apart(&[measure])?.leaves, &[])?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Refuses periods of a field that the rows do not look up, and of one that does not place
    /// them where a range of their own time says from when on periods are shown.
    fn shown_by_its_time(
        &self,
        periods: Option<&Dimension>,
        leaves: &[&Leaf],
        window: &Window,
    ) -> Result<(), QueryError> {
        let (Some(Dimension::TimeOf { field, .. }), Some(Leaf::Rows { home, basis, .. })) =
            (periods, leaves.first())
        else {
            return Ok(());
        };
        self.context.graph.reach(home, field)?;
        let stated = basis.time.as_ref().or(window.time.as_ref());
        if window.span.start.is_some()
            && Scope::unrestricted(&self.context, home)?.time(stated)? != *field
        {
            return Err(QueryError::Malformed(format!(
                "the rows of {home} are not dated by {field}: totals up to its periods need a range of it, or none"
            )));
        }
        Ok(())
    }

    /// A window opened as far as its first bucket reaches back; without buckets, as far as its
    /// last day does.
    fn reaching_back(
        &self,
        window: &Window,
        reach: CumulativeWindow,
        grain: Option<Grain>,
    ) -> Result<Window, QueryError> {
        let unknown = || {
            QueryError::Malformed(
                "a number to date needs a range that ends, or a time grain".into(),
            )
        };
        let reckoning = &window.reckoning;
        let from: Option<Date> = match (reach, grain, window.span) {
            (CumulativeWindow::All, ..) | (_, Some(_), Span { start: None, .. }) => None,
            (CumulativeWindow::ToDate(unit), None, Span { end: Some(end), .. }) => Some(
                reckoning
                    .start(grain_of(unit), end.saturating_sub(1.days()))
                    .ok_or_else(unknown)?,
            ),
            (CumulativeWindow::Trailing(length), None, Span { end: Some(end), .. }) => {
                Some(back(reckoning, end, length).ok_or_else(unknown)?)
            }
            (CumulativeWindow::ToDate(unit), Some(grain), Span { start: Some(s), .. }) => {
                let first = reckoning.start(grain, s).ok_or_else(unknown)?;
                Some(
                    reckoning
                        .start(grain_of(unit), first)
                        .ok_or_else(unknown)?
                        .min(first),
                )
            }
            (CumulativeWindow::Trailing(length), Some(grain), Span { start: Some(s), .. }) => {
                let first = reckoning.start(grain, s).ok_or_else(unknown)?;
                let next = reckoning.moved(first, grain, 1).ok_or_else(unknown)?;
                Some(
                    back(reckoning, next, length)
                        .ok_or_else(unknown)?
                        .min(first),
                )
            }
            (_, None, Span { end: None, .. }) => return Err(unknown()),
        };
        Ok(Window {
            span: Span {
                start: from,
                end: window.span.end,
            },
            // Days of the first bucket that the range leaves out are reached all the same.
            gap: None,
            ..window.clone()
        })
    }

    /// The condition that keeps the buckets of the range.
    fn in_range(&self, window: &Window, r: usize, grain: Grain) -> Vec<String> {
        window
            .span
            .start
            .map(|start| window.reckoning.start(grain, start).unwrap_or(start))
            .map(|first| format!("d{r} >= {}", self.sql.date(first)))
            .into_iter()
            .collect()
    }

    /// Sums over the buckets before.
    fn added_up(
        &mut self,
        dimensions: &[Dimension],
        leaves: &[&Leaf],
        (reach, steps): (CumulativeWindow, i64),
        window: &Window,
        r: usize,
        grain: Grain,
    ) -> Result<String, QueryError> {
        let sql = self.sql;
        let opened = self.reaching_back(window, reach, Some(grain))?;
        let base = self.block(dimensions, leaves, &opened)?;
        let own = format!("g.d{r}");
        let mut partition: Vec<String> = (0..dimensions.len())
            .filter(|d| *d != r)
            .map(|d| format!("g.d{d}"))
            .collect();
        let mut from = format!("FROM {base} AS g");
        let mut order = sql.ordered(&own, false);
        let mut frame = "ROWS UNBOUNDED PRECEDING".to_string();
        match reach {
            CumulativeWindow::All => {}
            CumulativeWindow::ToDate(unit) => {
                let days = Days {
                    from: format!("(SELECT MIN(d{r}) FROM {base})"),
                    to: format!("(SELECT MAX(d{r}) FROM {base})"),
                };
                let (join, period) =
                    self.bucket_period(&window.reckoning, grain_of(unit), &own, &days)?;
                from.push_str(&join);
                partition.push(period);
            }
            CumulativeWindow::Trailing(_) => {
                let (number, step, join) =
                    self.bucket_number(&window.reckoning, grain, &own, &base, r)?;
                from.push_str(&join);
                order = number;
                frame = format!(
                    "RANGE BETWEEN {} PRECEDING AND CURRENT ROW",
                    (steps - 1) * step
                );
            }
        }
        let partition = if partition.is_empty() {
            String::new()
        } else {
            format!("PARTITION BY {} ", partition.join(", "))
        };
        let mut select = Select {
            columns: (0..dimensions.len()).map(|d| format!("g.d{d}")).collect(),
            from,
            ..Select::default()
        };
        for i in 0..leaves.len() {
            // What has no date adds to nothing.
            select.columns.push(format!(
                "CASE WHEN {own} IS NOT NULL THEN SUM(g.a{i}) OVER ({partition}ORDER BY {order} {frame}) END AS a{i}"
            ));
        }
        let all = self.cte(
            "added_up",
            format!("{base}, added up over the buckets before"),
            &select,
        );
        let conditions = self.in_range(window, r, grain);
        if conditions.is_empty() {
            return Ok(all);
        }
        Ok(self.cte(
            "added_up_in_range",
            "without the buckets that are only added".into(),
            &Select::all(&all, conditions),
        ))
    }

    /// Aggregates over the rows that each bucket reaches back to.
    fn counted_anew(
        &mut self,
        dimensions: &[Dimension],
        leaves: &[&Leaf],
        (reach, until): (CumulativeWindow, Option<Date>),
        window: &Window,
        r: usize,
        grain: Grain,
    ) -> Result<String, QueryError> {
        let sql = self.sql;
        if grain == Grain::Hour {
            return Err(QueryError::Malformed(
                "what is counted anew for each period is not counted by the hour".into(),
            ));
        }
        let opened = self.reaching_back(window, reach, Some(grain))?;
        let mut prepared = self.prepared(dimensions, leaves, &opened)?;
        let time = match &dimensions[r] {
            Dimension::TimeOf { field, .. } => field.clone(),
            _ => prepared.scope.time(
                prepared
                    .window
                    .time
                    .as_ref()
                    .or(self.model.default_time.as_ref()),
            )?,
        };
        let at = prepared.scope.field(&time)?;
        let mut columns = prepared.columns();
        columns.push(format!("{} AS day", sql.day(&at)));
        let conditions = prepared.conditions();
        let Prepared { scope, values, .. } = &prepared;
        for (i, value) in values.iter().enumerate() {
            let counted = |of: &str| match &value.only[..] {
                [] => of.to_string(),
                only => format!("CASE WHEN {} THEN {of} END", only.join(" AND ")),
            };
            let of = value.of.as_deref().unwrap_or("1");
            columns.push(format!("{} AS v{i}", counted(of)));
            if let Some(raw) = &value.unconverted {
                columns.push(format!("{} AS raw{i}", counted(raw)));
            }
        }
        let home = scope.home.name.clone();
        let rows = self.cte(
            &format!("{home}_rows"),
            format!("rows of {home} with their bucket"),
            &scope.select(columns, conditions)?,
        );
        // Each bucket with the first day after it and the first day that it reaches back to.
        let own = format!("g.d{r}");
        let days = Days {
            from: format!("(SELECT MIN(d{r}) FROM {rows})"),
            to: format!("(SELECT MAX(d{r}) FROM {rows})"),
        };
        let (next_join, mut next) = self.bucket_next(&window.reckoning, grain, &own, &days)?;
        if let Some(until) = until {
            next = format!("LEAST({next}, {})", sql.date(until));
        }
        let (join, first) = match reach {
            CumulativeWindow::All => (String::new(), None),
            CumulativeWindow::ToDate(unit) => {
                let (join, first) =
                    self.bucket_period(&window.reckoning, grain_of(unit), &own, &days)?;
                (join, Some(first))
            }
            CumulativeWindow::Trailing(length) => (
                String::new(),
                Some(self.days_back(&window.reckoning, &next, length)?),
            ),
        };
        let mut select = Select {
            distinct: true,
            columns: (0..dimensions.len()).map(|d| format!("g.d{d}")).collect(),
            from: format!("FROM {rows} AS g{next_join}"),
            conditions: self
                .in_range(window, r, grain)
                .into_iter()
                .map(|c| format!("g.{c}"))
                .collect(),
            ..Select::default()
        };
        if join != next_join {
            select.from.push_str(&join);
        }
        select.columns.push(format!("{next} AS next_day"));
        if let Some(first) = &first {
            select.columns.push(format!("{first} AS first_day"));
        }
        let table = self.cte(
            "reaching",
            "buckets with the days that they reach".into(),
            &select,
        );
        let mut on: Vec<String> = dimensions
            .iter()
            .enumerate()
            .filter(|(d, _)| *d != r)
            .map(|(d, dimension)| {
                sql.same(
                    &format!("b.d{d}"),
                    &format!("v.d{d}"),
                    self.dimension_type(dimension),
                )
            })
            .collect();
        on.push("v.day < b.next_day".into());
        if first.is_some() {
            on.push("v.day >= b.first_day".into());
        }
        let mut grouped = Select {
            columns: (0..dimensions.len())
                .map(|d| format!("b.d{d} AS d{d}"))
                .collect(),
            from: format!(
                "FROM {table} AS b\n  LEFT JOIN {rows} AS v ON {}",
                on.join(" AND ")
            ),
            keys: dimensions.len(),
            ..Select::default()
        };
        for (i, value) in prepared.values.iter().enumerate() {
            let raw = value.unconverted.as_ref().map(|_| format!("v.raw{i}"));
            let whole = Value {
                only: Vec::new(),
                ..value.clone()
            };
            let aggregate = whole.aggregate(sql, Some(&format!("v.v{i}")), raw.as_deref());
            grouped.columns.push(format!(
                "CASE WHEN b.d{r} IS NOT NULL THEN {aggregate} END AS a{i}"
            ));
        }
        Ok(self.cte(
            &format!("{home}_reached"),
            format!(
                "{home}, counted anew for each {}",
                self.group_words(dimensions)
            ),
            &grouped,
        ))
    }

    /// The period of a bucket's first day, and what has to be joined for it.
    fn bucket_period(
        &mut self,
        reckoning: &Reckoning,
        unit: Grain,
        own: &str,
        days: &Days,
    ) -> Result<(String, String), QueryError> {
        if let Reckoning::Months { .. } = reckoning {
            return Ok((String::new(), self.plain_period(reckoning, unit, own)));
        }
        let column = match unit {
            Grain::Week => "week",
            Grain::Month => "month",
            Grain::Quarter => "quarter",
            Grain::Year => "year",
            _ => return Ok((String::new(), self.sql.day(own))),
        };
        let table = self.calendar_table(reckoning, days, column)?;
        Ok((
            format!("\n  LEFT JOIN {table} AS reached ON {own} = reached.day"),
            format!("reached.{column}"),
        ))
    }

    /// The first day after a bucket, and what has to be joined for it.
    fn bucket_next(
        &mut self,
        reckoning: &Reckoning,
        grain: Grain,
        own: &str,
        days: &Days,
    ) -> Result<(String, String), QueryError> {
        let sql = self.sql;
        let months = match (grain, reckoning) {
            (Grain::Day, _) => return Ok((String::new(), sql.plus_days(own, "1"))),
            (Grain::Week, Reckoning::Months { .. }) => {
                return Ok((String::new(), sql.plus_days(own, "7")));
            }
            (Grain::Month, _) => 1,
            (Grain::Quarter, _) => 3,
            _ => 12,
        };
        match reckoning {
            Reckoning::Months { .. } => Ok((String::new(), sql.plus_months(own, months))),
            Reckoning::Table { name, .. } => Err(QueryError::Malformed(format!(
                "the calendar {name} does not say how long its periods are"
            ))),
            Reckoning::Weeks { .. } => {
                let column = match grain {
                    Grain::Week => "next_week",
                    Grain::Month => "next_month",
                    Grain::Quarter => "next_quarter",
                    _ => "next_year",
                };
                let table = self.calendar_table(reckoning, days, column)?;
                Ok((
                    format!("\n  LEFT JOIN {table} AS reached ON {own} = reached.day"),
                    format!("reached.{column}"),
                ))
            }
        }
    }

    /// A day so long before another, as SQL.
    fn days_back(
        &self,
        reckoning: &Reckoning,
        day: &str,
        length: Length,
    ) -> Result<String, QueryError> {
        let n = i64::from(length.count);
        let sql = self.sql;
        let months = match length.unit {
            TimeUnit::Hour => {
                return Err(QueryError::Malformed(
                    "what is counted anew for each period reaches back whole days".into(),
                ));
            }
            TimeUnit::Day => return Ok(sql.plus_days(day, &format!("-{n}"))),
            TimeUnit::Week => return Ok(sql.plus_days(day, &format!("-{}", n * 7))),
            TimeUnit::Month => n,
            TimeUnit::Quarter => 3 * n,
            TimeUnit::Year => 12 * n,
        };
        match reckoning {
            Reckoning::Months { .. } => Ok(sql.plus_months(day, -months)),
            _ => Err(QueryError::Malformed(
                "a trailing window over periods of a retail calendar is given in weeks or days"
                    .into(),
            )),
        }
    }

    /// The number of a bucket, counted through, the step to the next, and what has to be joined.
    fn bucket_number(
        &mut self,
        reckoning: &Reckoning,
        grain: Grain,
        own: &str,
        base: &str,
        r: usize,
    ) -> Result<(String, i64, String), QueryError> {
        if matches!(reckoning, Reckoning::Months { .. })
            || matches!(grain, Grain::Day | Grain::Hour)
        {
            let (number, step) = number(self.sql, grain, own);
            return Ok((number, step, String::new()));
        }
        let days = Days {
            from: format!("(SELECT MIN(d{r}) FROM {base})"),
            to: format!("(SELECT MAX(d{r}) FROM {base})"),
        };
        let periods = self.counted_periods(reckoning, grain, &days)?;
        Ok((
            "counted.number".into(),
            1,
            format!("\n  LEFT JOIN {periods} AS counted ON {own} = counted.period"),
        ))
    }
}

/// A day so long before another.
fn back(reckoning: &Reckoning, day: Date, length: Length) -> Option<Date> {
    let n = i32::try_from(length.count).ok()?;
    reckoning.moved(day, grain_of(length.unit), -n)
}

/// Where each period reaches back by itself, two of them are not alike.
pub(super) fn not_compared() -> QueryError {
    QueryError::Malformed(
        "a number that is added up over time is not compared with another period".into(),
    )
}

impl Leaf {
    /// Whether rows before the period count.
    pub(super) fn reaches_back(&self) -> bool {
        matches!(self, Leaf::Rows { basis, .. } if basis.reach.is_some())
    }

    fn is_offset(&self) -> bool {
        matches!(self, Leaf::Rows { basis, .. } if basis.offset.is_some())
    }

    fn is_level(&self) -> bool {
        matches!(self, Leaf::Rows { level: Some(_), .. })
    }

    /// Whether sums of its values over time are its value.
    fn adds(&self) -> bool {
        matches!(
            self,
            Leaf::Rows {
                additive: true,
                aggregation: Aggregation::Sum | Aggregation::Count,
                ..
            }
        )
    }

    fn until(&self) -> Option<Date> {
        match self {
            Leaf::Rows { basis, .. } => basis.until,
            _ => None,
        }
    }

    fn without_reach(&self) -> Leaf {
        let mut leaf = self.clone();
        if let Leaf::Rows { basis, .. } = &mut leaf {
            **basis = Basis {
                reach: None,
                until: None,
                ..(**basis).clone()
            };
        }
        leaf
    }
}
