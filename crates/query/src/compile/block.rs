//! One dataset grouped by itself: a row counts once per group.

use super::Compiler;
use super::frame::Window;
use super::measure::Leaf;
use super::scope::Scope;
use super::statement::Select;
use crate::dialect::type_of;
use crate::path::{reachable, time_field_of};
use crate::{Dimension, Filter, Measure, Query, QueryError};
use semantics::{Aggregation, DataType, FieldRef};

/// An aggregate of one dataset's rows: how, of what, and the type of that.
struct Value {
    aggregation: Aggregation,
    of: Option<String>,
    data_type: DataType,
}

impl Compiler<'_> {
    /// A CTE with columns `d0…` for the dimensions and `a0…` for the leaves, which share their
    /// rows; its name.
    pub(super) fn block(
        &mut self,
        dimensions: &[Dimension],
        leaves: &[&Leaf],
        window: &Window,
    ) -> Result<String, QueryError> {
        let (home, filters, semi) = match leaves[0] {
            Leaf::Rows {
                home,
                filters,
                semi,
                ..
            } => (home, filters, *semi),
            Leaf::Groups {
                aggregation,
                measure,
                per,
                filters,
            } => return self.over_groups(dimensions, *aggregation, measure, per, filters, window),
            Leaf::Query(query) => return self.counted(dimensions, query),
        };
        let mut scope = Scope::new(self, home)?;
        let mut keys = Vec::new();
        let mut bridged = Vec::new();
        for (i, dimension) in dimensions.iter().enumerate() {
            match self.dimension(&mut scope, dimension, window) {
                Ok(sql) => keys.push(sql),
                Err(e @ QueryError::NoPath { .. }) => {
                    let Dimension::Field(field) = dimension else {
                        return Err(e);
                    };
                    bridged.push((i, field.clone()));
                    keys.push(format!("link.d{i}"));
                }
                Err(e) => return Err(e),
            }
        }
        let mut conditions = Vec::new();
        if let Some(time) = &window.time
            && let Some(c) = scope.during(time, window.span)?
        {
            conditions.push(c);
        }
        for filter in window.filter.iter().chain(filters) {
            conditions.push(self.condition(&mut scope, filter)?);
        }
        let dataset = self
            .model
            .dataset(home)
            .ok_or_else(|| QueryError::UnknownField(home.clone()))?;
        let mut values: Vec<Value> = Vec::new();
        for leaf in leaves {
            if let Leaf::Rows {
                aggregation, of, ..
            } = leaf
            {
                let value = match of {
                    Some(e) => Some(self.value(&mut scope, e, dataset)?),
                    None => None,
                };
                values.push(Value {
                    aggregation: *aggregation,
                    of: value,
                    data_type: of
                        .as_ref()
                        .map_or(DataType::Integer, |e| type_of(e, dataset)),
                });
            }
        }
        // The last snapshot of each item in the span, or in each period when grouped by time.
        let mut last = None;
        if semi && let Some(snapshot) = &dataset.event_time {
            let at = scope.field(&FieldRef::new(home, snapshot))?;
            let mut partition = Vec::new();
            for key in dataset.primary_key.iter().filter(|k| *k != snapshot) {
                partition.push(scope.field(&FieldRef::new(home, key))?);
            }
            if partition.is_empty() {
                return Err(QueryError::NoSafeRewrite(home.clone()));
            }
            for (i, d) in dimensions.iter().enumerate() {
                if matches!(d, Dimension::Time(_) | Dimension::TimeOf { .. }) {
                    partition.push(keys[i].clone());
                }
            }
            last = Some(format!(
                "row_number() OVER (PARTITION BY {} ORDER BY {at} DESC)",
                partition.join(", ")
            ));
        }
        if !bridged.is_empty() {
            self.join_links(&mut scope, &bridged, window)?;
        }
        let mut select = Select {
            columns: keys
                .iter()
                .enumerate()
                .map(|(i, k)| format!("{k} AS d{i}"))
                .collect(),
            from: scope.from()?,
            conditions,
            keys: dimensions.len(),
            ..Select::default()
        };
        let note = format!("{home}, one row per {}", self.group_words(dimensions));
        let Some(last) = last else {
            for (i, value) in values.iter().enumerate() {
                select.columns.push(format!(
                    "{} AS a{i}",
                    self.sql
                        .aggregate(value.aggregation, value.of.as_deref(), value.data_type)
                ));
            }
            return Ok(self.cte(&format!("{home}_grouped"), note, &select));
        };
        for (i, value) in values.iter().enumerate() {
            select.columns.push(format!(
                "{} AS v{i}",
                value.of.clone().unwrap_or_else(|| "1".into())
            ));
        }
        select.columns.push(format!("{last} AS nth"));
        select.keys = 0;
        let snapshots = self.cte(
            &format!("{home}_snapshots"),
            format!("{home}, from the last snapshot of each item backwards"),
            &select,
        );
        let mut grouped = Select {
            columns: (0..dimensions.len()).map(|d| format!("d{d}")).collect(),
            from: format!("FROM {snapshots}"),
            conditions: vec!["nth = 1".into()],
            keys: dimensions.len(),
            ..Select::default()
        };
        for (i, value) in values.iter().enumerate() {
            grouped.columns.push(format!(
                "{} AS a{i}",
                self.sql
                    .aggregate(value.aggregation, Some(&format!("v{i}")), value.data_type)
            ));
        }
        Ok(self.cte(&format!("{home}_grouped"), note, &grouped))
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
        filters: &[Filter],
        window: &Window,
    ) -> Result<String, QueryError> {
        let mut all = dimensions.to_vec();
        all.extend(per.iter().cloned());
        let mut parts: Vec<Filter> = window.filter.iter().cloned().collect();
        parts.extend(filters.iter().cloned());
        let inner_window = Window {
            filter: (!parts.is_empty()).then_some(Filter::And(parts)),
            ..window.clone()
        };
        let inner = self.frame("each_group", &all, &[measure], &inner_window)?;
        let mut columns: Vec<String> = (0..dimensions.len()).map(|d| format!("d{d}")).collect();
        let data_type = self.shape(measure).data_type;
        columns.push(format!(
            "{} AS a0",
            self.sql.aggregate(aggregation, Some("m0"), data_type)
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

    /// The SQL of a dimension as the scope's rows have it.
    pub(super) fn dimension(
        &mut self,
        scope: &mut Scope,
        dimension: &Dimension,
        window: &Window,
    ) -> Result<String, QueryError> {
        match dimension {
            Dimension::Field(field) => scope.field(field),
            Dimension::TimeOf { field, grain } => {
                let sql = scope.field(field)?;
                Ok(self.sql.period(*grain, &sql, self.model.week_start))
            }
            Dimension::Time(grain) => {
                let stated = window
                    .time
                    .clone()
                    .or_else(|| self.model.default_time.clone());
                let field = match stated {
                    Some(f) if reachable(self.model, &scope.home, &f).is_ok() => f,
                    _ => time_field_of(self.model, &scope.home).ok_or_else(|| {
                        QueryError::NoPath {
                            from: scope.home.clone(),
                            to: "a date".into(),
                        }
                    })?,
                };
                let sql = scope.field(&field)?;
                Ok(self.sql.period(*grain, &sql, self.model.week_start))
            }
            Dimension::Bucket { measure, per, .. } => {
                let own = scope.field(per)?;
                let sizes = self.frame(
                    "sizes",
                    &[Dimension::Field(per.clone())],
                    &[measure],
                    window,
                )?;
                scope.join_text(format!("LEFT JOIN {sizes} AS size ON {own} = size.d0"));
                Ok("size.m0".into())
            }
        }
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
            select.write(self.sql)
        ))
    }
}
