//! One dataset grouped by itself: a row counts once per group.

use super::Compiler;
use super::currency::Money;
use super::frame::Window;
use super::measure::{Basis, Leaf};
use super::reckoning::{Days, Reckoning};
use super::scope::Scope;
use super::statement::Select;
use crate::dialect::{SqlDialect, type_of};
use crate::{Dimension, Filter, Grain, Measure, Note, Query, QueryError};
use semantics::{Aggregation, DataType, FieldRef};

/// An aggregate of one dataset's rows: how, of what, over which of them.
#[derive(Clone)]
pub(super) struct Value {
    pub(super) aggregation: Aggregation,
    pub(super) of: Option<String>,
    pub(super) data_type: DataType,
    /// What rows are ordered by, where the value of one of them is looked for.
    pub(super) at: Option<String>,
    /// Conditions of this aggregate alone.
    pub(super) only: Vec<String>,
    /// What `of` is converted from: where one is not NULL and the other is, there is no rate, and
    /// no aggregate.
    pub(super) unconverted: Option<String>,
}

impl Value {
    /// The aggregate of an expression that stands for `of`, beside one that stands for what it is
    /// converted from.
    pub(super) fn aggregate(
        &self,
        sql: &dyn SqlDialect,
        of: Option<&str>,
        unconverted: Option<&str>,
    ) -> String {
        let only = (!self.only.is_empty()).then(|| self.only.join(" AND "));
        let over = |how: Aggregation, of: Option<&str>| {
            sql.aggregate(how, of, self.data_type, only.as_deref())
        };
        let aggregate = match (&self.at, of) {
            (Some(at), Some(of)) => {
                let last = self.aggregation == Aggregation::Max;
                sql.value_at(last, of, at, self.data_type, &self.only)
            }
            _ => over(self.aggregation, of),
        };
        match (of, unconverted) {
            (Some(of), Some(raw)) => format!(
                "CASE WHEN {} = {} THEN {aggregate} END",
                over(Aggregation::Count, Some(raw)),
                over(Aggregation::Count, Some(of))
            ),
            _ => aggregate,
        }
    }
}

/// The rows of one dataset, ready to be grouped.
pub(super) struct Prepared<'m> {
    pub(super) scope: Scope<'m>,
    /// One expression per dimension.
    pub(super) keys: Vec<String>,
    /// One per leaf.
    pub(super) values: Vec<Value>,
    /// Indexes of the dimensions that are reached through links.
    pub(super) linked: Vec<usize>,
    /// Conditions on the time of rows.
    pub(super) dated: Vec<String>,
    /// All other conditions.
    pub(super) filters: Vec<String>,
    /// With the leaves' own time field.
    pub(super) window: Window,
}

/// Whether a dimension asks when a row took place.
fn looks_at_time(dimension: &Dimension) -> bool {
    matches!(
        dimension,
        Dimension::Time(_) | Dimension::NewOrReturning { grain: Some(_), .. }
    )
}

impl<'m> Compiler<'m> {
    /// A CTE with columns `d0…` for the dimensions and `a0…` for the leaves, which share their
    /// rows; its name.
    pub(super) fn block(
        &mut self,
        dimensions: &[Dimension],
        leaves: &[&Leaf],
        window: &Window,
    ) -> Result<String, QueryError> {
        let (home, level, basis) = match leaves[0] {
            Leaf::Rows {
                home, level, basis, ..
            } => (home, level, basis),
            Leaf::Groups {
                aggregation,
                measure,
                per,
                basis,
            } => return self.over_groups(dimensions, *aggregation, measure, per, basis, window),
            Leaf::Query(query) => return self.counted(dimensions, query),
        };
        if let Some(reach) = &basis.reach {
            return self.cumulated(dimensions, leaves, *reach, window);
        }
        if let Some(level) = level
            && let Some(snapshot) = self.snapshot_of(home, level)?
        {
            return self.levels(dimensions, leaves, (level, snapshot), window);
        }
        let prepared = self.prepared(dimensions, leaves, window)?;
        let mut columns = prepared.columns();
        let conditions = prepared.conditions();
        let Prepared { scope, values, .. } = &prepared;
        let note = format!("{home}, one row per {}", self.group_words(dimensions));
        for (i, value) in values.iter().enumerate() {
            columns.push(format!(
                "{} AS a{i}",
                value.aggregate(self.sql, value.of.as_deref(), value.unconverted.as_deref())
            ));
        }
        let mut select = scope.select(columns, conditions)?;
        select.keys = dimensions.len();
        Ok(self.cte(&format!("{home}_grouped"), note, &select))
    }

    /// The rows that leaves share, with an expression for each dimension and each leaf.
    pub(super) fn prepared(
        &mut self,
        dimensions: &[Dimension],
        leaves: &[&Leaf],
        window: &Window,
    ) -> Result<Prepared<'m>, QueryError> {
        self.prepared_within(dimensions, leaves, window, None)
    }

    /// As [`Compiler::prepared`], with the times of rows in another window.
    pub(super) fn prepared_within(
        &mut self,
        dimensions: &[Dimension],
        leaves: &[&Leaf],
        window: &Window,
        seen: Option<&Window>,
    ) -> Result<Prepared<'m>, QueryError> {
        let Leaf::Rows { home, basis, .. } = leaves[0] else {
            return Err(QueryError::Malformed("no rows to group".into()));
        };
        let mut scope = Scope::new(&self.context, home)?;
        let window = Window {
            time: basis.time.clone().or_else(|| window.time.clone()),
            ..self.offset(window, home, basis, dimensions)?
        };
        if let Some(own) = &basis.time
            && (window.is_dated() || dimensions.iter().any(looks_at_time))
        {
            scope.reach(own)?;
        }
        // What leaves rows out is looked up first, so that less is looked up for the rest.
        let dated = self.in_window(&mut scope, seen.unwrap_or(&window))?;
        let mut filters = Vec::new();
        for filter in [&window.filter, &window.stores].into_iter().flatten() {
            filters.push(self.condition(&mut scope, filter)?);
        }
        let (mut keys, mut linked) = (Vec::new(), Vec::new());
        for (i, dimension) in dimensions.iter().enumerate() {
            let out_of_reach = match dimension {
                Dimension::Field(field)
                | Dimension::TimeOf { field, .. }
                | Dimension::Bucket { per: field, .. } => {
                    matches!(scope.reach(field), Err(QueryError::NoPath { .. }))
                }
                Dimension::Time(_) | Dimension::NewOrReturning { .. } | Dimension::Band { .. } => {
                    false
                }
            };
            if out_of_reach {
                linked.push((i, dimension));
                keys.push(String::new());
            } else {
                keys.push(self.dimension(&mut scope, i, dimension, &window)?);
            }
        }
        for (i, sql) in self.join_links(&mut scope, &linked, &window)? {
            keys[i] = sql;
        }
        let linked = linked.iter().map(|(i, _)| *i).collect();
        let mut values: Vec<Value> = Vec::new();
        for leaf in leaves {
            let Leaf::Rows {
                aggregation,
                of,
                at,
                basis,
                declared,
                ..
            } = leaf
            else {
                continue;
            };
            let mut only = Vec::new();
            if let Some(declared) = declared {
                only.push(scope.declared(&[], declared)?);
            }
            for filter in &basis.filters {
                only.push(self.condition(&mut scope, filter)?);
            }
            let mut value = of.as_ref().map(|e| scope.value(e)).transpose()?;
            let mut unconverted = None;
            if let (Some(amount), Money::Converted(from)) =
                (&value, self.money(leaf, dimensions, &window)?)
            {
                let converted = self.converted(&mut scope, amount, &from, &window)?;
                unconverted = value.replace(converted);
            }
            values.push(Value {
                aggregation: *aggregation,
                of: value,
                unconverted,
                data_type: of
                    .as_ref()
                    .map_or(DataType::Integer, |e| type_of(e, scope.home)),
                at: at.as_ref().map(|by| scope.field(by)).transpose()?,
                only,
            });
        }
        narrow(&mut values, &mut filters);
        // Rows of both sides make groups; which side a row is on decides what it counts for.
        for (leaf, value) in leaves.iter().zip(&mut values) {
            let Leaf::Rows { basis, .. } = leaf else {
                continue;
            };
            if let Some(side) = &basis.side {
                let field = scope.time(window.time.as_ref())?;
                let own = Window {
                    span: side.own,
                    ..window.clone()
                };
                self.whole_periods(&field, &own)?;
                value.only.extend(scope.during(&field, side.told_apart)?);
            }
        }
        Ok(Prepared {
            scope,
            keys,
            values,
            linked,
            dated,
            filters,
            window,
        })
    }

    /// The conditions that a window sets on the rows of a scope.
    pub(super) fn in_window(
        &mut self,
        scope: &mut Scope<'m>,
        window: &Window,
    ) -> Result<Vec<String>, QueryError> {
        if !window.is_dated() {
            return Ok(Vec::new());
        }
        let field = scope.time(window.time.as_ref())?;
        self.context.shows_time(&field)?;
        let mut conditions = Vec::new();
        self.whole_periods(&field, window)?;
        conditions.extend(scope.during(&field, window.span)?);
        let mut met = scope.field(&field)?;
        if let Some((from, to)) = window.gap {
            let (from, to) = (self.sql.date(from), self.sql.date(to));
            conditions.push(format!("({met} < {from} OR {met} >= {to})"));
        }
        let mut days = self.days(&field, window.span)?;
        if let Some(moved) = &window.moved
            && (moved.exactly || moved.until.is_some() || window.week_53.is_some())
        {
            met = self.shifted(scope, &moved.shift, &met, moved.grain, &days)?;
            days = self.days_met(&field, moved.target)?;
            if let Some(until) = &moved.until {
                conditions.push(format!("{met} <= {until}"));
            }
            if moved.exactly {
                conditions.push(
                    moved
                        .target
                        .condition(self.sql, &met)
                        .unwrap_or_else(|| format!("{met} IS NOT NULL")),
                );
            }
        }
        if let Some(retail) = &window.week_53 {
            if let Reckoning::Weeks { name, .. } = retail
                && window.moved.is_none()
            {
                self.context.note(Note::Week53LeftOut {
                    calendar: name.clone(),
                });
            }
            let at = self.calendar_day(scope, retail, &met, &days, "week_number")?;
            conditions.push(format!("{at}.week_number <= 52"));
        }
        Ok(conditions)
    }

    /// Days that a time field can have in a span.
    fn days(&self, field: &FieldRef, span: super::calendar::Span) -> Result<Days, QueryError> {
        match Days::of(self.sql, span) {
            Some(days) => Ok(days),
            None => Days::of_data(self, field),
        }
    }

    /// Days that the times of another period can meet.
    fn days_met(
        &self,
        field: &FieldRef,
        target: super::calendar::Span,
    ) -> Result<Days, QueryError> {
        let days = self.days(field, target)?;
        if target.start.is_some() && target.end.is_some() {
            return Ok(days);
        }
        // The data's own days, and those up to two years later.
        Ok(Days {
            to: self.sql.plus_days(&self.sql.day(&days.to), "800"),
            ..days
        })
    }

    /// The number of rows of a query.
    fn counted(&mut self, dimensions: &[Dimension], query: &Query) -> Result<String, QueryError> {
        if !dimensions.is_empty() {
            return Err(QueryError::UnsafeReaggregation {
                what: "a count of groups".into(),
                how: "broken down further",
            });
        }
        let inner = self.first_column(query)?;
        Ok(self.cte_text(
            "counted",
            "number of rows".into(),
            format!("SELECT COUNT(*) AS a0 FROM (\n  {inner}\n  ) AS listed"),
        ))
    }

    /// An aggregate over groups: the measure for each group first, then the aggregate of those.
    fn over_groups(
        &mut self,
        dimensions: &[Dimension],
        aggregation: Aggregation,
        measure: &Measure,
        per: &[Dimension],
        basis: &Basis,
        window: &Window,
    ) -> Result<String, QueryError> {
        if per.is_empty() {
            return Err(QueryError::Malformed(
                "an aggregate over groups needs something that makes a group".into(),
            ));
        }
        let mut all = dimensions.to_vec();
        all.extend(per.iter().cloned());
        // Conditions of the measure stay its own: what a group is called does not hang on them.
        let mut measure = match basis.filters.len() {
            0 => measure.clone(),
            _ => Measure::Where {
                measure: Box::new(measure.clone()),
                filter: Box::new(Filter::And(basis.filters.clone())),
            },
        };
        // So does the date that it is placed by.
        if let Some(by) = &basis.time {
            measure = Measure::Dated {
                measure: Box::new(measure),
                by: by.clone(),
            };
        }
        let measure = &measure;
        // What groups hold is put together again: the outer groups decide on currencies.
        if aggregation != Aggregation::Count {
            for leaf in &self.taken_apart(&[measure])?.leaves {
                self.money_in(leaf, dimensions, window)?;
            }
        }
        let mut each = window.clone();
        if let Some(moved) = &mut each.moved {
            moved.inside.get_or_insert(dimensions.len());
        }
        let inner = self.frame("each_group", &all, &[measure], &each)?;
        let mut columns: Vec<String> = (0..dimensions.len()).map(|d| format!("d{d}")).collect();
        let data_type = self.shape(measure).data_type;
        columns.push(format!(
            "{} AS a0",
            self.sql.aggregate(aggregation, Some("m0"), data_type, None)
        ));
        let select = Select {
            columns,
            from: format!("FROM {inner}"),
            // Rows that belong to no group are no group.
            conditions: (dimensions.len()..all.len())
                .map(|d| format!("d{d} IS NOT NULL"))
                .collect(),
            keys: dimensions.len(),
            ..Select::default()
        };
        let note = format!(
            "{} over the groups, one row per {}",
            format!("{aggregation:?}").to_lowercase(),
            self.group_words(dimensions)
        );
        Ok(self.cte("over_groups", note, &select))
    }

    /// The SQL of the query's `i`th dimension as the scope's rows have it.
    pub(super) fn dimension(
        &mut self,
        scope: &mut Scope<'m>,
        i: usize,
        dimension: &Dimension,
        window: &Window,
    ) -> Result<String, QueryError> {
        match dimension {
            Dimension::Field(field) => scope.field(field),
            Dimension::TimeOf { field, grain } => {
                self.temporal(field)?;
                self.time_dimension(scope, i, field, *grain, window)
            }
            Dimension::Time(grain) => {
                let stated = window.time.as_ref().or(self.model.default_time.as_ref());
                let field = scope.time(stated)?;
                self.context.shows_time(&field)?;
                self.time_dimension(scope, i, &field, *grain, window)
            }
            Dimension::NewOrReturning {
                entity,
                event,
                grain,
                ..
            } => self.new_or_returning(scope, entity, event, *grain, window),
            Dimension::Band { of, by, .. } => self.band(scope, of, by),
            Dimension::Bucket { measure, per, .. } => {
                let own = scope.field(per)?;
                self.bucket(scope, &own, measure, per, window)
            }
        }
    }

    /// The value of a measure for each `per`, looked up by `own`, which is `per` as the scope's
    /// rows have it.
    pub(super) fn bucket(
        &mut self,
        scope: &mut Scope<'m>,
        own: &str,
        measure: &Measure,
        per: &FieldRef,
        window: &Window,
    ) -> Result<String, QueryError> {
        // A group is the same one for every measure of the query.
        let filter = match (&window.apart, &window.filter) {
            (Some(apart), Some(rest)) => Some(Filter::And(vec![apart.clone(), rest.clone()])),
            (apart, rest) => apart.as_ref().or(rest.as_ref()).cloned(),
        };
        let mut whole = Window {
            filter,
            apart: None,
            time: window.asked.clone(),
            ..window.clone()
        };
        if let Some(moved) = &mut whole.moved {
            moved.dimension = None;
        }
        let sizes = self.frame(
            "sizes",
            &[Dimension::Field(per.clone())],
            &[measure],
            &whole,
        )?;
        let alias = scope.join_once("size", |alias| {
            format!("LEFT JOIN {sizes} AS {alias} ON {own} = {alias}.d0")
        });
        Ok(format!("{alias}.m0"))
    }

    fn time_dimension(
        &mut self,
        scope: &mut Scope<'m>,
        i: usize,
        field: &FieldRef,
        grain: Grain,
        window: &Window,
    ) -> Result<String, QueryError> {
        self.fine_enough(field, grain)?;
        let of = scope.field(field)?;
        let own = window.time.as_ref().is_none_or(|t| t == field);
        let span = if own { window.span } else { Default::default() };
        let days = self.days(field, span)?;
        // Every period of the field that places rows moves with them.
        let placed = scope
            .time(window.time.as_ref())
            .is_ok_and(|placing| placing == *field);
        if let Some(moved) = &window.moved
            && moved.inside.is_none_or(|inside| i < inside)
            && (moved.dimension == Some(i)
                || moved.dimension.is_some() && placed && !grain.is_cyclic()
                // Moved by whole days, an hour stays what it is.
                || grain.is_cyclic()
                    && grain != Grain::HourOfDay
                    && moved.shift.keeps_weekdays())
        {
            if let super::shift::Shift::RetailPeriod(_, unit) = &moved.shift
                && *unit != grain
            {
                return Err(QueryError::Malformed(format!(
                    "a {unit:?} of a retail calendar meets the one before it as a whole: show no {grain:?} beside it, or compare without"
                )));
            }
            let met = self.shifted(scope, &moved.shift, &of, grain, &days)?;
            if let super::shift::Shift::RetailPeriod(..) = moved.shift {
                return Ok(met);
            }
            let days = self.days_met(
                field,
                if own {
                    moved.target
                } else {
                    Default::default()
                },
            )?;
            return self.period(scope, &window.reckoning, grain, &met, &days);
        }
        self.period(scope, &window.reckoning, grain, &of, &days)
    }

    /// Refuses a range that cuts the periods of a time field in two.
    fn whole_periods(&self, field: &FieldRef, window: &Window) -> Result<(), QueryError> {
        use semantics::TimeUnit;
        let known = self.context.graph.field(field);
        let Some(finest) = known.and_then(|f| f.granularity) else {
            return Ok(());
        };
        let grain = match finest {
            TimeUnit::Hour | TimeUnit::Day => return Ok(()),
            TimeUnit::Week => Grain::Week,
            TimeUnit::Month => Grain::Month,
            TimeUnit::Quarter => Grain::Quarter,
            TimeUnit::Year => Grain::Year,
        };
        let reckoning = self.reckoning(None)?;
        for day in [window.span.start, window.span.end].into_iter().flatten() {
            if reckoning.start(grain, day) != Some(day) {
                return Err(QueryError::TooCoarse {
                    field: field.to_string(),
                    finest,
                    asked: format!("in a range with a bound on {day}"),
                });
            }
        }
        Ok(())
    }

    /// Refuses periods finer than the values of a time field tell apart.
    fn fine_enough(&self, field: &FieldRef, grain: Grain) -> Result<(), QueryError> {
        use semantics::TimeUnit;
        let known = self.context.graph.field(field);
        let Some(known) = known else { return Ok(()) };
        let finest = known.granularity.unwrap_or(match known.data_type {
            DataType::Timestamp => TimeUnit::Hour,
            _ => TimeUnit::Day,
        });
        let needed = match grain {
            Grain::Hour | Grain::HourOfDay => TimeUnit::Hour,
            Grain::Day | Grain::Weekday => TimeUnit::Day,
            Grain::Week | Grain::WeekOfYear => TimeUnit::Week,
            Grain::Month | Grain::MonthOfYear => TimeUnit::Month,
            Grain::Quarter | Grain::QuarterOfYear => TimeUnit::Quarter,
            Grain::Year => TimeUnit::Year,
        };
        // A month holds no whole number of weeks.
        let weeks = needed == TimeUnit::Week && finest > TimeUnit::Week
            || finest == TimeUnit::Week && needed > TimeUnit::Week;
        if finest > needed || weeks {
            return Err(QueryError::TooCoarse {
                field: field.to_string(),
                finest,
                asked: format!("by {}", format!("{grain:?}").to_lowercase()),
            });
        }
        Ok(())
    }

    /// A CTE with one column, `member`: the first column of a query.
    pub(super) fn members(&mut self, query: &Query) -> Result<String, QueryError> {
        let inner = self.first_column(query)?;
        Ok(self.cte_text(
            "members",
            "values of the sub-query".into(),
            format!("SELECT DISTINCT member FROM (\n  {inner}\n  ) AS found(member)"),
        ))
    }

    /// A whole query's first column as one SELECT, for use inside another.
    fn first_column(&mut self, query: &Query) -> Result<String, QueryError> {
        let (select, columns) = self.select(query)?;
        let first = columns
            .first()
            .map_or_else(|| self.sql.text(""), |c| self.sql.identifier(&c.name));
        Ok(format!(
            "SELECT {first} FROM (\n  {}\n  ) AS whole",
            select.unordered().write(self.sql)
        ))
    }
}

/// Moves conditions that all aggregates share to the rows; where each has some of its own, only
/// rows that one of them counts make a group.
fn narrow(values: &mut [Value], conditions: &mut Vec<String>) {
    let Some(first) = values.first() else { return };
    let shared: Vec<String> = first
        .only
        .iter()
        .filter(|c| values.iter().all(|v| v.only.contains(c)))
        .cloned()
        .collect();
    for value in values.iter_mut() {
        value.only.retain(|c| !shared.contains(c));
    }
    conditions.extend(shared);
    if values.iter().all(|v| !v.only.is_empty()) {
        let mut each: Vec<String> = values
            .iter()
            .map(|v| match &v.only[..] {
                [only] => only.clone(),
                many => format!("({})", many.join(" AND ")),
            })
            .collect();
        each.dedup();
        conditions.push(format!("({})", each.join(" OR ")));
    }
}

impl Prepared<'_> {
    /// What holds for the rows.
    pub(super) fn conditions(&self) -> Vec<String> {
        self.dated.iter().chain(&self.filters).cloned().collect()
    }

    /// The dimensions as columns `d0…`.
    pub(super) fn columns(&self) -> Vec<String> {
        self.keys
            .iter()
            .enumerate()
            .map(|(i, k)| format!("{k} AS d{i}"))
            .collect()
    }
}
