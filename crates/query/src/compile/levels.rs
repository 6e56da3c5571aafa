//! Levels (stock on hand, balances): what there is at a time, never summed over time.
//!
//! 1. The times asked for: the last snapshot of the data in each period that is shown (in the
//!    range, where none is), or each of them where a mean, a least or a most is looked for.
//!    Where that is the end of everything, the last snapshot of each item is found directly.
//! 2. The snapshots of each item, each with the time of its next one.
//! 3. At a time asked for, an item has the snapshot that is the last one up to it, from whatever
//!    period: what was counted in January is still there in February until it is counted again.
//!
//! Conditions on anything but the snapshot's own time look at the snapshot that is found, so that
//! an item whose last snapshot does not meet them is left out, and does not fall back on an older
//! one.

use super::Compiler;
use super::block::{Prepared, Value};
use super::frame::Window;
use super::measure::{Basis, Leaf};
use super::scope::Scope;
use super::statement::Select;
use crate::{Dimension, Filter, QueryError};
use semantics::{Aggregation, FieldRef, Length, MissingSnapshot, Pick, SemiAdditive, TimeUnit};

/// How a level is read over time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Level {
    pub(super) read: SemiAdditive,
    /// Whether it is the level before the first day of a period, instead of that at its end.
    pub(super) opening: bool,
}

impl Level {
    /// Whether snapshots of earlier periods say something of a later one.
    fn carried(&self) -> bool {
        self.opening || self.read.pick != Pick::First && self.read.missing != MissingSnapshot::Skip
    }

    /// Whether it is the last snapshot of each item, however old.
    fn is_last_known(&self) -> bool {
        !self.opening
            && self.read.pick == Pick::Last
            && self.read.missing == MissingSnapshot::AsOf
            && self.read.max_age.is_none()
    }

    /// Whether it is asked for at each time of a period.
    fn each_time(&self) -> bool {
        !self.opening && matches!(self.read.pick, Pick::Average | Pick::Min | Pick::Max)
    }
}

/// A level that a query asks for.
struct Reading<'a> {
    dimensions: &'a [Dimension],
    /// Which of the dimensions are periods of the snapshots.
    periods: Vec<bool>,
    /// Whether the range is one of the snapshots' time.
    ranged: bool,
    home: &'a str,
    level: &'a Level,
    snapshot: FieldRef,
    /// Conditions on the time of snapshots, which say what snapshots there are.
    timely: Option<Filter>,
    /// As the home's rows see it.
    window: Window,
}

impl Reading<'_> {
    fn has_periods(&self) -> bool {
        self.periods.contains(&true)
    }
}

impl Window {
    /// Without its beginning.
    fn opened(&self) -> Window {
        let mut opened = self.clone();
        opened.span.start = None;
        opened.gap = None;
        if let Some(moved) = &mut opened.moved {
            moved.target.start = None;
        }
        opened
    }

    /// All snapshots that may say something of a time in it: also those of days that are left out
    /// of a comparison.
    fn known(&self) -> Window {
        let mut known = self.opened();
        known.week_53 = None;
        if let Some(moved) = &mut known.moved {
            moved.exactly = false;
        }
        known
    }

    /// Without its end.
    fn unended(&self) -> Window {
        let mut unended = self.clone();
        unended.span.end = None;
        if let Some(moved) = &mut unended.moved {
            moved.target.end = None;
        }
        unended
    }
}

/// Conditions that look at nothing but one field, and the others.
fn split(filter: Option<&Filter>, by: &FieldRef) -> (Option<Filter>, Option<Filter>) {
    let mut parts = Vec::new();
    if let Some(filter) = filter {
        conjuncts(filter, &mut parts);
    }
    let (own, rest): (Vec<Filter>, Vec<Filter>) = parts.into_iter().partition(|f| only(f, by));
    let all = |parts: Vec<Filter>| (!parts.is_empty()).then_some(Filter::And(parts));
    (all(own), all(rest))
}

/// The conditions that all have to hold.
fn conjuncts(filter: &Filter, into: &mut Vec<Filter>) {
    match filter {
        Filter::And(parts) => parts.iter().for_each(|part| conjuncts(part, into)),
        other => into.push(other.clone()),
    }
}

/// Whether a condition looks at nothing but a field.
fn only(filter: &Filter, by: &FieldRef) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().all(|f| only(f, by)),
        Filter::Not(inner) => only(inner, by),
        Filter::CompareFields { left, right, .. } => left == by && right == by,
        Filter::Compare { field, .. }
        | Filter::In { field, .. }
        | Filter::Contains { field, .. }
        | Filter::IsNull { field }
        | Filter::During { field, .. }
        | Filter::Cycle { field, .. }
        | Filter::CompareQuery { field, .. }
        | Filter::Members { field, .. } => field == by,
    }
}

impl<'m> Compiler<'m> {
    /// The field that tells the snapshots of an item apart in time; none where a table holds one
    /// snapshot alone, of which all rows count.
    pub(super) fn snapshot_of(
        &self,
        home: &str,
        level: &Level,
    ) -> Result<Option<FieldRef>, QueryError> {
        if let Some(stated) = &level.read.non_additive_over {
            return Ok(Some(stated.clone()));
        }
        match self.context.graph.time_field(home) {
            Ok(field) => Ok(Some(field)),
            Err(QueryError::NoPath { .. }) if level.opening => Err(QueryError::Malformed(format!(
                "{home} holds one state without a time, and none at the start of a period"
            ))),
            Err(QueryError::NoPath { .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// What a snapshot is of: the fields of a row's grain that do not date it.
    fn item_of(&self, home: &str, snapshot: &FieldRef) -> Result<Vec<String>, QueryError> {
        let graph = &self.context.graph;
        let dataset = graph
            .dataset(home)
            .ok_or_else(|| QueryError::UnknownField(home.to_string()))?;
        // A date that is looked up stands in the row as its key.
        let dates = match graph.reach(home, snapshot)?.steps.first() {
            None => vec![snapshot.field.clone()],
            Some(step) => self.model.relationships[*step].from_fields.clone(),
        };
        let grain = if dataset.grain.is_empty() {
            &dataset.primary_key
        } else {
            &dataset.grain
        };
        let item: Vec<String> = grain
            .iter()
            .filter(|k| !dates.contains(k))
            .cloned()
            .collect();
        if item.is_empty() {
            return Err(QueryError::NoSafeRewrite(home.to_string()));
        }
        Ok(item)
    }

    /// As [`Compiler::block`], for levels.
    pub(super) fn levels(
        &mut self,
        dimensions: &[Dimension],
        leaves: &[&Leaf],
        (level, snapshot): (&Level, FieldRef),
        window: &Window,
    ) -> Result<String, QueryError> {
        let Leaf::Rows { home, basis, .. } = leaves[0] else {
            return Err(QueryError::Malformed("no rows to group".into()));
        };
        let items = self.item_of(home, &snapshot)?;
        let (timely, rest) = split(window.filter.as_ref(), &snapshot);
        let asked = Window {
            filter: rest,
            apart: timely.clone(),
            ..window.clone()
        };
        let placed = Window {
            time: basis.time.clone().or_else(|| window.time.clone()),
            ..self.offset(&asked, home, basis, dimensions)?
        };
        // A range of another field says which snapshots there are, not at which time they count.
        let own_time = {
            let scope = Scope::unrestricted(&self.context, home)?;
            let is_snapshot = |field: &FieldRef| field == &snapshot;
            let periods = |d: &Dimension| match d {
                Dimension::TimeOf { field, .. } => is_snapshot(field),
                Dimension::Time(_) => {
                    let stated = placed.time.as_ref().or(self.model.default_time.as_ref());
                    scope.time(stated).is_ok_and(|f| is_snapshot(&f))
                }
                _ => false,
            };
            let ranged = scope
                .time(placed.time.as_ref())
                .is_ok_and(|f| is_snapshot(&f));
            (ranged, dimensions.iter().map(periods).collect::<Vec<_>>())
        };
        let (ranged, periods) = own_time;
        if level.opening && !ranged {
            return Err(QueryError::Malformed(format!(
                "the level of {home} at the start of a period needs periods of {snapshot}"
            )));
        }
        let all_days =
            placed.week_53.is_none() && !placed.moved.as_ref().is_some_and(|m| m.exactly);
        let mut seen = if level.carried() && ranged {
            placed.known()
        } else {
            placed.clone()
        };
        if level.opening {
            // What there was before the first day, also where the data ends before it.
            seen.span.end = seen
                .span
                .end
                .map(|end| placed.span.start.map_or(end, |s| s.max(end)));
        }
        let reading = Reading {
            dimensions,
            periods,
            ranged,
            home,
            level,
            snapshot,
            timely,
            window: placed,
        };
        let mut prepared = self.prepared_within(dimensions, leaves, &asked, Some(&seen))?;
        if !reading.has_periods() && level.is_last_known() && all_days {
            return self.last_known(&reading, prepared, &seen, &items);
        }
        let times = self.times_asked(&reading)?;
        let rows = self.snapshots(&reading, &mut prepared, &items)?;
        let grouped = self.at_times(&reading, &prepared, &rows, &times)?;
        if level.each_time() {
            return self.over_times(&reading, &prepared, &grouped, &times);
        }
        Ok(grouped)
    }

    /// The levels of a single time: of each item the last snapshot that there is.
    fn last_known(
        &mut self,
        reading: &Reading,
        mut prepared: Prepared<'m>,
        seen: &Window,
        items: &[String],
    ) -> Result<String, QueryError> {
        let home = prepared.scope.home;
        let mut scope = Scope::new(&self.context, &home.name)?;
        let mut conditions = self.in_window(&mut scope, seen)?;
        if let Some(filter) = &reading.timely {
            conditions.push(self.condition(&mut scope, filter)?);
        }
        let mut columns = Vec::new();
        let mut on = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let field = FieldRef::new(&home.name, item.as_str());
            columns.push(format!("{} AS i{i}", scope.field(&field)?));
            let own = prepared.scope.field(&field)?;
            on.push((own, format!("i{i}"), self.data_type(&field)?));
        }
        let at = scope.field(&reading.snapshot)?;
        columns.push(format!("MAX({at}) AS at"));
        let last = Select {
            keys: items.len(),
            ..scope.select(columns, conditions)?
        };
        let last = self.cte(
            &format!("last_{}", home.name),
            format!("{}: when each item was last counted", home.name),
            &last,
        );
        let at = prepared.scope.field(&reading.snapshot)?;
        let sql = self.sql;
        prepared.scope.join_once("last", |alias| {
            let on: Vec<String> = on
                .iter()
                .map(|(own, item, kind)| sql.same(own, &format!("{alias}.{item}"), *kind))
                .collect();
            format!(
                "JOIN {last} AS {alias} ON {at} = {alias}.at AND {}",
                on.join(" AND ")
            )
        });
        let mut columns = prepared.columns();
        for (i, value) in prepared.values.iter().enumerate() {
            columns.push(format!(
                "{} AS a{i}",
                value.aggregate(sql, value.of.as_deref(), value.unconverted.as_deref())
            ));
        }
        let mut conditions = prepared.filters.clone();
        if let Some(filter) = &reading.timely {
            conditions.push(self.condition(&mut prepared.scope, filter)?);
        }
        let select = Select {
            keys: reading.dimensions.len(),
            ..prepared.scope.select(columns, conditions)?
        };
        Ok(self.cte(
            &format!("{}_grouped", home.name),
            format!(
                "{} as it was last counted, one row per {}",
                home.name,
                self.group_words(reading.dimensions)
            ),
            &select,
        ))
    }

    /// A CTE of the times at which a level is looked at: the periods that are shown, `at`, and
    /// `first`, the first snapshot of each period; its name.
    fn times_asked(&mut self, reading: &Reading) -> Result<String, QueryError> {
        let Reading {
            dimensions,
            periods,
            ranged,
            home,
            level,
            snapshot,
            timely,
            window,
        } = reading;
        let mut scope = Scope::new(&self.context, home)?;
        let mut columns = Vec::new();
        for (i, dimension) in dimensions.iter().enumerate().filter(|(i, _)| periods[*i]) {
            let key = self.dimension(&mut scope, i, dimension, window)?;
            columns.push(format!("{key} AS d{i}"));
        }
        let at = scope.field(snapshot)?;
        // Up to the end of a range there may be a level although nothing was counted in it.
        let as_of = level.opening || level.read.missing == MissingSnapshot::AsOf;
        let picked = level.each_time() || level.read.pick == Pick::First && !level.opening;
        let whole = columns.is_empty() && as_of && !picked && *ranged;
        let shown = if whole && level.opening {
            // The first snapshot from the first day on, whether or not it is in the range.
            window.unended()
        } else if whole {
            window.opened()
        } else {
            window.clone()
        };
        let mut conditions = self.in_window(&mut scope, &shown)?;
        if let Some(filter) = timely {
            conditions.push(self.condition(&mut scope, filter)?);
        }
        let keys = columns.len();
        let (name, note, select) = if level.each_time() {
            conditions.push(format!("{at} IS NOT NULL"));
            columns.push(format!("{at} AS at"));
            (
                "times_asked",
                "every time at which something was counted",
                Select {
                    distinct: true,
                    ..scope.select(columns, conditions)?
                },
            )
        } else {
            let note = if level.opening {
                columns.push(format!("MAX({at}) AS at"));
                columns.push(format!("MIN({at}) AS first"));
                "the first time at which something was counted"
            } else if level.read.pick == Pick::First {
                columns.push(format!("MIN({at}) AS at"));
                columns.push(format!("MAX({at}) AS last"));
                "the first time at which something was counted"
            } else {
                columns.push(format!("MAX({at}) AS at"));
                "the last time at which something was counted"
            };
            (
                "times_asked",
                note,
                Select {
                    keys,
                    ..scope.select(columns, conditions)?
                },
            )
        };
        Ok(self.cte(name, format!("{home}: {note}"), &select))
    }

    /// A CTE of snapshots, each with the time of the item's next one (of the one before, where the
    /// first is looked for); its name.
    fn snapshots(
        &mut self,
        reading: &Reading,
        prepared: &mut Prepared<'m>,
        items: &[String],
    ) -> Result<String, QueryError> {
        let Reading {
            periods,
            level,
            snapshot,
            timely,
            ..
        } = reading;
        let home = prepared.scope.home;
        let at = prepared.scope.field(snapshot)?;
        let mut item = Vec::new();
        for key in items {
            item.push(
                prepared
                    .scope
                    .field(&FieldRef::new(&home.name, key.as_str()))?,
            );
        }
        let mut conditions = std::mem::take(&mut prepared.dated);
        if let Some(filter) = timely {
            conditions.push(self.condition(&mut prepared.scope, filter)?);
        }
        conditions.push(format!("{at} IS NOT NULL"));
        let mut columns: Vec<String> = prepared
            .keys
            .iter()
            .enumerate()
            .filter(|(d, _)| !periods[*d])
            .map(|(d, key)| format!("{key} AS d{d}"))
            .collect();
        for (i, value) in prepared.values.iter().enumerate() {
            let of = value.of.clone().unwrap_or_else(|| "1".into());
            columns.push(format!("{of} AS v{i}"));
            if let Some(raw) = &value.unconverted {
                columns.push(format!("{raw} AS raw{i}"));
            }
        }
        columns.push(format!("{at} AS at"));
        let (function, frame, name) = if level.read.pick == Pick::First && !level.opening {
            ("LAG", "PRECEDING", "prior_at")
        } else {
            ("LEAD", "FOLLOWING", "next_at")
        };
        let partition = item.join(", ");
        // A snapshot that is in several linked groups stands there several times, and none of them
        // is the one beside another.
        columns.push(if prepared.linked.is_empty() {
            format!("{function}({at}) OVER (PARTITION BY {partition} ORDER BY {at}) AS {name}")
        } else {
            format!(
                "MIN({at}) OVER (PARTITION BY {partition} ORDER BY {at} GROUPS BETWEEN 1 {frame} AND 1 {frame}) AS {name}"
            )
        });
        let filters = std::mem::take(&mut prepared.filters);
        if !filters.is_empty() {
            columns.push(format!("({}) AS counts", filters.join(" AND ")));
            prepared.filters = vec!["s.counts".into()];
        }
        Ok(self.cte(
            &format!("{}_snapshots", home.name),
            format!(
                "{}, each with the time of the one beside it of the same item",
                home.name
            ),
            &prepared.scope.select(columns, conditions)?,
        ))
    }

    /// The levels at the times asked for, summed over the items.
    fn at_times(
        &mut self,
        reading: &Reading,
        prepared: &Prepared<'m>,
        rows: &str,
        times: &str,
    ) -> Result<String, QueryError> {
        let Reading {
            dimensions,
            periods,
            level,
            window,
            ..
        } = reading;
        let sql = self.sql;
        let home = prepared.scope.home;
        let mut on = Vec::new();
        if level.opening {
            // Of another period, the first day that meets one asked for.
            let first = match (reading.has_periods(), window.span.start) {
                (true, _) => "t.first".to_string(),
                (false, Some(start)) => sql.date(start),
                (false, None) => {
                    return Err(QueryError::Malformed(format!(
                        "the level of {} at the start of a period needs a range with a start, or a time grain",
                        home.name
                    )));
                }
            };
            on.push(format!("s.at < {first}"));
            on.push(format!("(s.next_at IS NULL OR s.next_at >= {first})"));
        } else if level.read.pick == Pick::First {
            on.push("s.at >= t.at AND s.at <= t.last".into());
            on.push("(s.prior_at IS NULL OR s.prior_at < t.at)".into());
        } else {
            on.push("s.at <= t.at".into());
            on.push("(s.next_at IS NULL OR s.next_at > t.at)".into());
        }
        let mut values: Vec<String> = (0..prepared.values.len())
            .map(|i| format!("s.v{i}"))
            .collect();
        if let Some(length) = level.read.max_age
            && level.carried()
        {
            // At the first snapshot from the period's first day on, where it is the one before.
            let asked = if level.opening { "t.first" } else { "t.at" };
            on.push(self.young_enough("s.at", asked, length));
        }
        let same_day = format!("{} = {}", sql.day("s.at"), sql.day("t.at"));
        match level.read.missing {
            MissingSnapshot::Skip if !level.opening => on.push(same_day),
            MissingSnapshot::Zero if !level.opening => {
                for value in &mut values {
                    *value = format!("CASE WHEN {same_day} THEN {value} ELSE 0 END");
                }
            }
            _ => {}
        }
        on.extend(prepared.filters.iter().cloned());
        let mut columns: Vec<String> = (0..dimensions.len())
            .map(|d| format!("{}.d{d}", if periods[d] { "t" } else { "s" }))
            .collect();
        let each_time = level.each_time();
        let mut keys = dimensions.len();
        if each_time {
            columns.push("t.at".into());
            keys += 1;
        }
        for (i, value) in prepared.values.iter().enumerate() {
            let raw = value.unconverted.as_ref().map(|_| format!("s.raw{i}"));
            let whole = Value {
                only: Vec::new(),
                ..value.clone()
            };
            columns.push(format!(
                "{} AS a{i}",
                whole.aggregate(sql, Some(&values[i]), raw.as_deref())
            ));
        }
        let grouped = Select {
            columns,
            from: format!(
                "FROM {times} AS t\n  JOIN {rows} AS s ON {}",
                on.join(" AND ")
            ),
            keys,
            ..Select::default()
        };
        Ok(self.cte(
            &format!("{}_grouped", home.name),
            format!(
                "{} as of each time asked for, one row per {}{}",
                home.name,
                self.group_words(dimensions),
                if each_time { " and time" } else { "" }
            ),
            &grouped,
        ))
    }

    /// The mean, the least or the most over the times of a period.
    fn over_times(
        &mut self,
        reading: &Reading,
        prepared: &Prepared<'m>,
        grouped: &str,
        times: &str,
    ) -> Result<String, QueryError> {
        let Reading {
            dimensions,
            periods,
            level,
            ..
        } = reading;
        let sql = self.sql;
        let mut columns: Vec<String> = (0..dimensions.len()).map(|d| format!("g.d{d}")).collect();
        let mut from = format!("FROM {grouped} AS g");
        if level.read.pick == Pick::Average {
            // A mean over all times of the period, so that the means of groups add up.
            let by: Vec<usize> = (0..dimensions.len()).filter(|d| periods[*d]).collect();
            let mut counted: Vec<String> = by.iter().map(|d| format!("d{d}")).collect();
            counted.push("COUNT(*) AS n".into());
            let counted = self.cte(
                "times_counted",
                "how many times there are".into(),
                &Select {
                    columns: counted,
                    from: format!("FROM {times}"),
                    keys: by.len(),
                    ..Select::default()
                },
            );
            from.push_str(&match by.is_empty() {
                true => format!("\n  CROSS JOIN {counted} AS n"),
                false => {
                    let on: Vec<String> = by.iter().map(|d| format!("g.d{d} = n.d{d}")).collect();
                    format!("\n  JOIN {counted} AS n ON {}", on.join(" AND "))
                }
            });
        }
        for i in 0..prepared.values.len() {
            let of = format!("g.a{i}");
            let over = match level.read.pick {
                Pick::Min => format!("MIN({of})"),
                Pick::Max => format!("MAX({of})"),
                _ => sql.quotient(&format!("SUM({of})"), "MAX(n.n)"),
            };
            columns.push(format!("{over} AS a{i}"));
        }
        let over = Select {
            columns,
            from,
            keys: dimensions.len(),
            ..Select::default()
        };
        Ok(self.cte(
            &format!("{}_over_time", prepared.scope.home.name),
            format!("one row per {}", self.group_words(dimensions)),
            &over,
        ))
    }

    /// That a snapshot is not older than so long at a time.
    fn young_enough(&self, at: &str, asked: &str, length: Length) -> String {
        let sql = self.sql;
        let n = i64::from(length.count);
        let day = sql.day(asked);
        let from = match length.unit {
            TimeUnit::Hour => return format!("{at} >= {}", sql.plus_hours(asked, -n)),
            TimeUnit::Day => sql.plus_days(&day, &format!("-{n}")),
            TimeUnit::Week => sql.plus_days(&day, &format!("-{}", 7 * n)),
            TimeUnit::Month => sql.plus_months(&day, -n),
            TimeUnit::Quarter => sql.plus_months(&day, -3 * n),
            TimeUnit::Year => sql.plus_months(&day, -12 * n),
        };
        format!("{at} >= {from}")
    }
}

/// The level that an aggregate of a field or a metric is, if it is one.
pub(super) fn level_of(
    aggregation: Aggregation,
    additivity: semantics::Additivity,
    read: Option<&SemiAdditive>,
    basis: &Basis,
) -> Option<Box<Level>> {
    (additivity == semantics::Additivity::Semi && aggregation == Aggregation::Sum).then(|| {
        Box::new(Level {
            read: read.cloned().unwrap_or_default(),
            opening: basis.opening,
        })
    })
}
