//! From typed query to SQL.
//!
//! 1. Each measure is taken apart into aggregates over one dataset each ([`frame`]).
//! 2. Each dataset is grouped by itself, looking dimensions up many-to-one ([`scope`]), so that a
//!    row counts once per group; groups of several datasets meet in a NULL-safe full outer join.
//! 3. Comparison, share, running numbers, conditions on groups and rank are computed on the groups.
//!
//! Leap days: 29 February compares with nothing a year before; days add up to their month.

mod calendar;
mod frame;
mod scope;
mod text;

use crate::compiled::unit_name;
use crate::{
    Align, Compare, CompareTo, CompiledQuery, Dialect, Dimension, Direction, Grain, Measure, Order,
    OrderKey, Origin, OutputColumn, OutputRole, Part, Query, QueryError, Threshold, hash,
};
use calendar::Span;
use frame::Window;
use jiff::ToSpan;
use scope::Scope;
use semantics::{Additivity, Aggregation, DataType, Expression, MetricKind, Model, Role};
use text::{identifier, interval, number, operator};

/// Compiles a query.
///
/// The same model, query and dialect give the same bytes.
///
/// # Errors
/// A typed refusal wherever the number could not be proven right.
pub fn compile(
    model: &Model,
    query: &Query,
    dialect: Dialect,
) -> Result<CompiledQuery, QueryError> {
    let mut compiler = Compiler {
        model,
        ctes: Vec::new(),
    };
    let (main, columns) = compiler.select(query)?;
    let mut names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|w| w[0] == w[1]) {
        return Err(QueryError::Malformed(format!(
            "two columns are called `{}`",
            twice[0]
        )));
    }
    let sql = if compiler.ctes.is_empty() {
        main
    } else {
        let list: Vec<String> = compiler
            .ctes
            .iter()
            .map(|(name, sql)| format!("{name} AS (\n  {sql}\n)"))
            .collect();
        format!("WITH {}\n{main}", list.join(",\n"))
    };
    Ok(CompiledQuery {
        sql,
        columns,
        query_hash: hash(query),
        dialect,
    })
}

struct Compiler<'m> {
    model: &'m Model,
    ctes: Vec<(String, String)>,
}

/// What is known of a measure's column.
struct Shape {
    data_type: DataType,
    unit: Option<String>,
    additive: bool,
}

impl Compiler<'_> {
    /// Adds a CTE under this name (numbered when it is taken) and returns the name.
    fn cte(&mut self, name: &str, sql: String) -> String {
        let plain: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '_'
                }
            })
            .collect();
        if let Some((known, _)) = self
            .ctes
            .iter()
            .find(|(n, s)| *s == sql && n.starts_with(&plain))
        {
            return known.clone();
        }
        let mut unique = plain.clone();
        let mut number = 2;
        while self.ctes.iter().any(|(n, _)| *n == unique) {
            unique = format!("{plain}_{number}");
            number += 1;
        }
        self.ctes.push((unique.clone(), sql));
        unique
    }

    fn shape(&self, measure: &Measure) -> Shape {
        match measure {
            Measure::Metric(name) => match self.model.metric(name) {
                Some(metric) => {
                    let whole = matches!(
                        metric.kind,
                        MetricKind::Simple {
                            aggregation: Aggregation::Count | Aggregation::CountDistinct,
                            ..
                        }
                    );
                    let data_type = match &metric.kind {
                        MetricKind::Simple {
                            dataset,
                            aggregation: Aggregation::Sum | Aggregation::Min | Aggregation::Max,
                            expression: Some(Expression::Field(f)),
                            ..
                        } => self
                            .model
                            .dataset(dataset)
                            .and_then(|d| d.field(f))
                            .map_or(DataType::Float, |f| f.data_type),
                        _ if whole => DataType::Integer,
                        _ => DataType::Float,
                    };
                    Shape {
                        data_type,
                        unit: unit_name(&metric.unit),
                        additive: metric.additivity == Additivity::Additive,
                    }
                }
                None => Shape {
                    data_type: DataType::Float,
                    unit: None,
                    additive: false,
                },
            },
            Measure::Aggregate { aggregation, field } => {
                let known = self.model.field(field);
                let unit = known.and_then(|f| unit_name(&f.unit));
                match aggregation {
                    Aggregation::Count | Aggregation::CountDistinct => Shape {
                        data_type: DataType::Integer,
                        unit: None,
                        additive: *aggregation == Aggregation::Count,
                    },
                    Aggregation::Average | Aggregation::Median => Shape {
                        data_type: DataType::Float,
                        unit,
                        additive: false,
                    },
                    Aggregation::Sum => Shape {
                        data_type: known.map_or(DataType::Float, |f| f.data_type),
                        unit,
                        additive: known.is_some_and(|f| f.additivity == Additivity::Additive),
                    },
                    Aggregation::Min | Aggregation::Max => Shape {
                        data_type: known.map_or(DataType::Float, |f| f.data_type),
                        unit,
                        additive: false,
                    },
                }
            }
            Measure::Rows(dataset) => Shape {
                data_type: DataType::Integer,
                unit: self.model.dataset(dataset).map(|d| d.label.to_lowercase()),
                additive: true,
            },
            Measure::Ratio {
                numerator,
                denominator,
            } => {
                let (a, b) = (self.shape(numerator), self.shape(denominator));
                Shape {
                    data_type: DataType::Float,
                    unit: if a.unit == b.unit {
                        Some("fraction".into())
                    } else {
                        a.unit
                    },
                    additive: false,
                }
            }
            Measure::Difference { left, right } => {
                let (a, b) = (self.shape(left), self.shape(right));
                Shape {
                    additive: a.additive && b.additive,
                    ..a
                }
            }
            Measure::Where { measure, .. } => self.shape(measure),
            Measure::PerGroup {
                aggregation,
                measure,
                ..
            } => {
                let inner = self.shape(measure);
                match aggregation {
                    Aggregation::Count | Aggregation::CountDistinct => Shape {
                        data_type: DataType::Integer,
                        unit: None,
                        additive: false,
                    },
                    Aggregation::Average | Aggregation::Median => Shape {
                        data_type: DataType::Float,
                        unit: inner.unit,
                        additive: false,
                    },
                    _ => Shape {
                        additive: false,
                        ..inner
                    },
                }
            }
            Measure::CountOf(_) => Shape {
                data_type: DataType::Integer,
                unit: None,
                additive: false,
            },
        }
    }

    /// The SELECT of a query and its columns; what it needs stands in the CTEs.
    fn select(&mut self, query: &Query) -> Result<(String, Vec<OutputColumn>), QueryError> {
        if query.rows.is_some() {
            return self.list(query);
        }
        if query.metrics.is_empty() {
            return self.values(query);
        }
        self.grouped(query)
    }

    // ---- lists ---------------------------------------------------------------------------

    fn list(&mut self, query: &Query) -> Result<(String, Vec<OutputColumn>), QueryError> {
        let Some(rows) = &query.rows else {
            return Err(QueryError::Malformed("no rows".into()));
        };
        let mut scope = Scope::new(self.model, &rows.dataset)?;
        let mut columns = Vec::new();
        let mut select = Vec::new();
        for (i, field) in rows.fields.iter().enumerate() {
            let known = self
                .model
                .field(field)
                .ok_or_else(|| QueryError::UnknownField(field.to_string()))?
                .clone();
            let sql = scope.field(field)?;
            let mut name = known.label.clone();
            if columns.iter().any(|c: &OutputColumn| c.name == name) {
                name = format!(
                    "{} ({})",
                    known.label,
                    self.model
                        .dataset(&field.dataset)
                        .map_or("", |d| d.label.as_str())
                );
            }
            select.push(format!("{sql} AS {}", identifier(&name)));
            columns.push(OutputColumn {
                name,
                data_type: known.data_type,
                unit: if known.role == Role::Measure {
                    unit_name(&known.unit)
                } else {
                    None
                },
                role: role_of(known.role),
                grain: None,
                origin: Origin::RowField(i),
            });
        }
        let mut conditions = Vec::new();
        if let Some(time) = &query.time
            && let Some(c) = scope.during(&time.field, Span::of(time.range.as_ref())?)?
        {
            conditions.push(c);
        }
        if let Some(filter) = &query.filter {
            conditions.push(self.condition(&mut scope, filter)?);
        }
        let mut keys = Vec::new();
        for order in &query.order {
            let way = direction(order.direction);
            match &order.key {
                OrderKey::Field(field) => {
                    keys.push(format!("{} {way} NULLS LAST", scope.field(field)?))
                }
                _ => {
                    return Err(QueryError::Malformed(
                        "a list of rows is sorted by fields".into(),
                    ));
                }
            }
        }
        if rows.distinct
            && !query
                .order
                .iter()
                .all(|o| matches!(&o.key, OrderKey::Field(f) if rows.fields.contains(f)))
        {
            return Err(QueryError::Malformed(
                "distinct rows are sorted by their own columns".into(),
            ));
        }
        keys.extend((1..=columns.len()).map(|i| format!("{i} ASC NULLS LAST")));
        let distinct = if rows.distinct { "DISTINCT " } else { "" };
        let filter = if conditions.is_empty() {
            String::new()
        } else {
            format!("\n  WHERE {}", conditions.join(" AND "))
        };
        let limit = query
            .limit
            .map_or(String::new(), |n| format!("\n  LIMIT {n}"));
        Ok((
            format!(
                "SELECT {distinct}{}\n  {}{filter}\n  ORDER BY {}{limit}",
                select.join(", "),
                scope.from(),
                keys.join(", ")
            ),
            columns,
        ))
    }

    /// The distinct values of the dimensions.
    fn values(&mut self, query: &Query) -> Result<(String, Vec<OutputColumn>), QueryError> {
        let Some(first) = query.dimensions.first() else {
            return Err(QueryError::Malformed(
                "a query needs a measure, a dimension or rows".into(),
            ));
        };
        let own = match first {
            Dimension::Field(f) | Dimension::TimeOf { field: f, .. } => f.dataset.clone(),
            Dimension::Time(_) | Dimension::Bucket { .. } => query
                .time
                .as_ref()
                .map(|t| t.field.dataset.clone())
                .or_else(|| self.model.default_time.as_ref().map(|t| t.dataset.clone()))
                .unwrap_or_default(),
        };
        let mut homes = vec![own.clone()];
        homes.extend(
            self.model
                .datasets
                .iter()
                .filter(|d| d.is_fact)
                .map(|d| d.name.clone()),
        );
        homes.extend(self.model.datasets.iter().map(|d| d.name.clone()));
        let mut problem = None;
        for home in homes {
            match self.values_from(&home, query) {
                Ok(found) => return Ok(found),
                Err(e) => problem = problem.or(Some(e)),
            }
        }
        Err(problem.unwrap_or_else(|| QueryError::Malformed("nothing to list".into())))
    }

    fn values_from(
        &mut self,
        home: &str,
        query: &Query,
    ) -> Result<(String, Vec<OutputColumn>), QueryError> {
        let mut scope = Scope::new(self.model, home)?;
        let window = Window {
            filter: None,
            time: query.time.as_ref().map(|t| t.field.clone()),
            span: Span::of(query.time.as_ref().and_then(|t| t.range.as_ref()))?,
        };
        let mut select = Vec::new();
        let columns = self.dimension_columns(query);
        let mut known = Vec::new();
        for (dimension, column) in query.dimensions.iter().zip(&columns) {
            let sql = self.dimension(&mut scope, dimension, &window)?;
            known.push(format!("{sql} IS NOT NULL"));
            select.push(format!("{sql} AS {}", identifier(&column.name)));
        }
        let mut conditions = if known.len() == 1 { known } else { Vec::new() };
        if let Some(time) = &window.time
            && let Some(c) = scope.during(time, window.span)?
        {
            conditions.push(c);
        }
        if let Some(filter) = &query.filter {
            conditions.push(self.condition(&mut scope, filter)?);
        }
        let mut keys = Vec::new();
        for order in &query.order {
            let OrderKey::Dimension(i) = order.key else {
                return Err(QueryError::Malformed(
                    "values are sorted by their own columns".into(),
                ));
            };
            keys.push(format!(
                "{} {} NULLS LAST",
                i + 1,
                direction(order.direction)
            ));
        }
        keys.extend((1..=columns.len()).map(|i| format!("{i} ASC NULLS LAST")));
        let filter = if conditions.is_empty() {
            String::new()
        } else {
            format!("\n  WHERE {}", conditions.join(" AND "))
        };
        let limit = query
            .limit
            .map_or(String::new(), |n| format!("\n  LIMIT {n}"));
        Ok((
            format!(
                "SELECT DISTINCT {}\n  {}{filter}\n  ORDER BY {}{limit}",
                select.join(", "),
                scope.from(),
                keys.join(", ")
            ),
            columns,
        ))
    }

    fn dimension_columns(&self, query: &Query) -> Vec<OutputColumn> {
        let mut columns: Vec<OutputColumn> = Vec::new();
        for (i, dimension) in query.dimensions.iter().enumerate() {
            let (mut name, data_type, role, grain) = match dimension {
                Dimension::Field(f) => match self.model.field(f) {
                    Some(known) => (
                        known.label.clone(),
                        known.data_type,
                        role_of(if known.role == Role::Measure {
                            Role::Dimension
                        } else {
                            known.role
                        }),
                        None,
                    ),
                    None => (f.field.clone(), DataType::Text, OutputRole::Dimension, None),
                },
                Dimension::Time(grain) | Dimension::TimeOf { grain, .. } => {
                    let data_type = match grain {
                        Grain::Hour => DataType::Timestamp,
                        Grain::Weekday => DataType::Text,
                        g if g.is_cyclic() => DataType::Integer,
                        _ => DataType::Date,
                    };
                    (
                        grain_label(*grain).to_string(),
                        data_type,
                        OutputRole::Time,
                        Some(*grain),
                    )
                }
                Dimension::Bucket { name, .. } => {
                    (name.clone(), DataType::Integer, OutputRole::Dimension, None)
                }
            };
            if columns.iter().any(|c| c.name == name) {
                name = match dimension {
                    Dimension::Field(f) | Dimension::TimeOf { field: f, .. } => format!(
                        "{name} ({})",
                        self.model
                            .dataset(&f.dataset)
                            .map_or("", |d| d.label.as_str())
                    ),
                    _ => format!("{name} {}", i + 1),
                };
            }
            columns.push(OutputColumn {
                name,
                data_type,
                unit: None,
                role,
                grain,
                origin: Origin::Dimension(i),
            });
        }
        columns
    }

    // ---- groups --------------------------------------------------------------------------

    #[expect(
        clippy::needless_range_loop,
        reason = "indexes are shared by several lists"
    )]
    fn grouped(&mut self, query: &Query) -> Result<(String, Vec<OutputColumn>), QueryError> {
        let dimensions = &query.dimensions;
        let measures: Vec<&Measure> = query.metrics.iter().map(|t| &t.measure).collect();
        let shapes: Vec<Shape> = measures.iter().map(|m| self.shape(m)).collect();
        let running = dimensions.iter().position(|d| matches!(d, Dimension::Time(g) | Dimension::TimeOf { grain: g, .. } if !g.is_cyclic()));
        let running_grain = running.and_then(|i| match dimensions[i] {
            Dimension::Time(g) | Dimension::TimeOf { grain: g, .. } => Some(g),
            _ => None,
        });
        let asked = Span::of(query.time.as_ref().and_then(|t| t.range.as_ref()))?;
        let mut window = Window {
            filter: query.filter.clone(),
            time: query.time.as_ref().map(|t| t.field.clone()),
            span: asked,
        };

        if (query.cumulative || query.rolling.is_some()) && running.is_none() {
            return Err(QueryError::Malformed(
                "a running number needs a time dimension".into(),
            ));
        }
        if query.cumulative
            && let Some(i) = shapes.iter().position(|s| !s.additive)
        {
            return Err(QueryError::UnsafeReaggregation {
                what: query.metrics[i].name.clone(),
                how: "added up over time",
            });
        }

        let mut prior = None;
        if let Some(compare) = &query.compare {
            let (now, then, shift) = self.periods(compare, asked, running_grain)?;
            window.span = now;
            let earlier = Window {
                span: then,
                ..window.clone()
            };
            let label = match &compare.to {
                CompareTo::Range(range) => range.label.clone(),
                _ if shift.is_some() => match (&compare.to, running_grain) {
                    (CompareTo::PriorYear, _) => "a year earlier".into(),
                    (_, Some(grain)) => format!("{} before", grain_label(grain).to_lowercase()),
                    _ => "before".into(),
                },
                _ => then.label(),
            };
            prior = Some((earlier, shift, label));
        }
        if let (Some(n), Some(grain)) = (query.rolling, running_grain) {
            window.span.start = window
                .span
                .start
                .map(|d| calendar::move_day(d, grain, -(i64::from(n) - 1)));
        }
        let current = self.frame("groups", dimensions, &measures, &window)?;

        // Side by side with the other period.
        let mut base = current.clone();
        let d_list: Vec<String> = (0..dimensions.len()).map(|d| format!("d{d}")).collect();
        if let Some((earlier, shift, _)) = &prior {
            let then = self.frame("groups_before", dimensions, &measures, earlier)?;
            let mut select: Vec<String> = Vec::new();
            let mut on = Vec::new();
            for d in 0..dimensions.len() {
                let moved = match (shift, running) {
                    (Some((grain, steps)), Some(at)) if at == d => {
                        format!("CAST(p.d{d} + {} AS DATE)", interval(*grain, *steps))
                    }
                    _ => format!("p.d{d}"),
                };
                select.push(format!("COALESCE(c.d{d}, {moved}) AS d{d}"));
                // 29 February has no day a year before, and no day a year later is moved onto another.
                on.push(format!("c.d{d} IS NOT DISTINCT FROM {moved}"));
            }
            for m in 0..measures.len() {
                let zero = self.counts(measures[m]);
                let (now, before) = (format!("c.m{m}"), format!("p.m{m}"));
                select.push(format!(
                    "{} AS m{m}",
                    if zero {
                        format!("COALESCE({now}, 0)")
                    } else {
                        now
                    }
                ));
                select.push(format!(
                    "{} AS p{m}",
                    if zero {
                        format!("COALESCE({before}, 0)")
                    } else {
                        before
                    }
                ));
            }
            let join = if dimensions.is_empty() {
                format!("CROSS JOIN {then} AS p")
            } else {
                format!(
                    "{} JOIN {then} AS p ON {}",
                    if shift.is_some() {
                        "LEFT"
                    } else {
                        "FULL OUTER"
                    },
                    on.join(" AND ")
                )
            };
            base = self.cte(
                "compared",
                format!(
                    "SELECT {}\n  FROM {current} AS c\n  {join}",
                    select.join(", ")
                ),
            );
        }

        // Columns computed from the groups.
        let mut columns = self.dimension_columns(query);
        let mut select: Vec<String> = d_list.iter().map(|d| format!("g.{d}")).collect();
        let mut internal: Vec<String> = d_list.clone();
        let mut joins = String::new();
        if let Some(share) = &query.share {
            let within: Vec<Dimension> = share
                .within
                .iter()
                .filter_map(|i| dimensions.get(*i).cloned())
                .collect();
            let scope = if share.unfiltered {
                Window {
                    filter: None,
                    ..window.clone()
                }
            } else {
                window.clone()
            };
            let whole = self.frame("whole", &within, &measures, &scope)?;
            let on: Vec<String> = share
                .within
                .iter()
                .enumerate()
                .map(|(w, i)| format!("g.d{i} IS NOT DISTINCT FROM t.d{w}"))
                .collect();
            joins = if on.is_empty() {
                format!("\n  CROSS JOIN {whole} AS t")
            } else {
                format!("\n  LEFT JOIN {whole} AS t ON {}", on.join(" AND "))
            };
        }
        let partition: Vec<String> = (0..dimensions.len())
            .filter(|d| Some(*d) != running)
            .map(|d| format!("g.d{d}"))
            .collect();
        let partition = if partition.is_empty() {
            String::new()
        } else {
            format!("PARTITION BY {} ", partition.join(", "))
        };
        let over = |frame: &str| {
            running.map_or(String::new(), |r| {
                format!("OVER ({partition}ORDER BY g.d{r} {frame})")
            })
        };
        for (m, (term, shape)) in query.metrics.iter().zip(&shapes).enumerate() {
            for part in parts_of(query) {
                let (sql, name, data_type, unit) = match part {
                    Part::Value => (
                        format!("g.m{m}"),
                        term.name.clone(),
                        shape.data_type,
                        shape.unit.clone(),
                    ),
                    Part::Prior => (
                        format!("g.p{m}"),
                        format!(
                            "{} ({})",
                            term.name,
                            prior.as_ref().map_or("", |p| p.2.as_str())
                        ),
                        shape.data_type,
                        shape.unit.clone(),
                    ),
                    Part::Delta => (
                        format!("COALESCE(g.m{m}, 0) - g.p{m}"),
                        format!("{} change", term.name),
                        shape.data_type,
                        shape.unit.clone(),
                    ),
                    Part::Pct => (
                        format!("CAST(COALESCE(g.m{m}, 0) - g.p{m} AS DOUBLE) / NULLIF(g.p{m}, 0)"),
                        format!("{} change %", term.name),
                        DataType::Float,
                        Some("fraction".into()),
                    ),
                    Part::Share => (
                        format!("CAST(g.m{m} AS DOUBLE) / NULLIF(t.m{m}, 0)"),
                        format!("{} share", term.name),
                        DataType::Float,
                        Some("fraction".into()),
                    ),
                    Part::Cumulative => (
                        format!("SUM(g.m{m}) {}", over("ROWS UNBOUNDED PRECEDING")),
                        format!("{} to date", term.name),
                        shape.data_type,
                        shape.unit.clone(),
                    ),
                    Part::Rolling => {
                        let n = query.rolling.unwrap_or(1);
                        let window = over(&format!("ROWS {} PRECEDING", n.saturating_sub(1)));
                        (
                            format!(
                                "CASE WHEN COUNT(*) {window} = {n} THEN AVG(g.m{m}) {window} END"
                            ),
                            format!("{} ({n}-period average)", term.name),
                            DataType::Float,
                            shape.unit.clone(),
                        )
                    }
                };
                let alias = format!("{}{m}", part_letter(part));
                select.push(format!("{sql} AS {alias}"));
                internal.push(alias);
                columns.push(OutputColumn {
                    name,
                    data_type,
                    unit,
                    role: OutputRole::Measure,
                    grain: None,
                    origin: Origin::Metric(m, part),
                });
            }
        }
        let mut table = self.cte(
            "measured",
            format!("SELECT {}\n  FROM {base} AS g{joins}", select.join(", ")),
        );
        if query.rolling.is_some()
            && let (Some(start), Some(r)) = (asked.start, running)
        {
            table = self.cte(
                "in_range",
                format!("SELECT * FROM {table} WHERE d{r} >= DATE '{start}'"),
            );
        }

        let column = |m: usize, part: Part| -> Result<String, QueryError> {
            let at = columns
                .iter()
                .position(|c| c.origin == Origin::Metric(m, part))
                .ok_or_else(|| {
                    QueryError::Malformed(format!("the query shows no {part:?} of measure {m}"))
                })?;
            Ok(internal[at].clone())
        };
        let mut conditions = Vec::new();
        for having in &query.having {
            let left = column(having.metric, having.on)?;
            let right = match &having.value {
                Threshold::Number(x) => number(*x),
                Threshold::AverageOfGroups => format!("(SELECT AVG({left}) FROM {table})"),
                Threshold::Metric(m) => column(*m, Part::Value)?,
            };
            conditions.push(format!("{left} {} {right}", operator(having.op)));
        }
        if !conditions.is_empty() {
            table = self.cte(
                "kept",
                format!("SELECT * FROM {table} WHERE {}", conditions.join(" AND ")),
            );
        }
        let mut order: Vec<String> = Vec::new();
        if let Some(rank) = &query.rank {
            let by = column(rank.by, rank.on)?;
            let per: Vec<String> = rank.per.iter().map(|d| format!("d{d}")).collect();
            let partition = if per.is_empty() {
                String::new()
            } else {
                format!("PARTITION BY {} ", per.join(", "))
            };
            let function = if rank.skip > 0 { "DENSE_RANK" } else { "RANK" };
            let way = direction(rank.direction);
            // The group without a name is no contender, and neither is one without a number.
            let mut contenders = vec![format!("{by} IS NOT NULL")];
            contenders.extend(
                (0..dimensions.len())
                    .filter(|d| !rank.per.contains(d))
                    .map(|d| format!("d{d} IS NOT NULL")),
            );
            let ranked = self.cte("ranked", format!("SELECT *, {function}() OVER ({partition}ORDER BY {by} {way}) AS place\n  FROM {table}\n  WHERE {}", contenders.join(" AND ")));
            table = self.cte(
                "placed",
                format!(
                    "SELECT * FROM {ranked} WHERE place > {} AND place <= {}",
                    rank.skip,
                    u64::from(rank.skip) + u64::from(rank.n)
                ),
            );
            order.extend(per.iter().map(|d| format!("{d} ASC NULLS LAST")));
            if query.order.is_empty() {
                order.push(format!("{by} {way} NULLS LAST"));
            }
        }
        for Order {
            key,
            direction: way,
        } in &query.order
        {
            let way = direction(*way);
            match key {
                OrderKey::Dimension(i) => order.push(format!(
                    "{} {way} NULLS LAST",
                    self.sort_key(dimensions, *i)
                )),
                OrderKey::Metric(m, part) => {
                    order.push(format!("{} {way} NULLS LAST", column(*m, *part)?))
                }
                OrderKey::Field(f) => {
                    return Err(QueryError::Malformed(format!(
                        "groups are not sorted by the field {f}"
                    )));
                }
            }
        }
        if let Some(r) = running.filter(|_| query.rank.is_none() && query.order.is_empty()) {
            order.push(format!("d{r} ASC NULLS LAST"));
        }
        for d in 0..dimensions.len() {
            let key = format!("{} ASC NULLS LAST", self.sort_key(dimensions, d));
            if !order.contains(&key) {
                order.push(key);
            }
        }
        let out: Vec<String> = internal
            .iter()
            .zip(&columns)
            .map(|(i, c)| format!("{i} AS {}", identifier(&c.name)))
            .collect();
        let sorted = if order.is_empty() {
            String::new()
        } else {
            format!("\nORDER BY {}", order.join(", "))
        };
        let limit = query
            .limit
            .map_or(String::new(), |n| format!("\nLIMIT {n}"));
        Ok((
            format!("SELECT {}\nFROM {table}{sorted}{limit}", out.join(", ")),
            columns,
        ))
    }

    fn sort_key(&self, dimensions: &[Dimension], d: usize) -> String {
        match dimensions.get(d) {
            Some(
                Dimension::Time(Grain::Weekday)
                | Dimension::TimeOf {
                    grain: Grain::Weekday,
                    ..
                },
            ) => {
                const DAYS: [&str; 7] = [
                    "Monday",
                    "Tuesday",
                    "Wednesday",
                    "Thursday",
                    "Friday",
                    "Saturday",
                    "Sunday",
                ];
                let first = usize::from(self.model.week_start.clamp(1, 7)) - 1;
                let list: Vec<String> = (0..7)
                    .map(|i| format!("'{}'", DAYS[(first + i) % 7]))
                    .collect();
                format!("list_position([{}], d{d})", list.join(", "))
            }
            _ => format!("d{d}"),
        }
    }

    fn counts(&self, measure: &Measure) -> bool {
        match measure {
            Measure::Rows(_) => true,
            Measure::Aggregate { aggregation, .. } => {
                matches!(aggregation, Aggregation::Count | Aggregation::CountDistinct)
            }
            Measure::Metric(name) => self.model.metric(name).is_some_and(|m| {
                matches!(
                    m.kind,
                    MetricKind::Simple {
                        aggregation: Aggregation::Count | Aggregation::CountDistinct,
                        ..
                    }
                )
            }),
            Measure::Where { measure, .. } => self.counts(measure),
            _ => false,
        }
    }

    /// This period, the other one, and how far buckets move (when there are any).
    #[expect(
        clippy::type_complexity,
        reason = "three plain values, read at one place"
    )]
    fn periods(
        &self,
        compare: &Compare,
        asked: Span,
        grain: Option<Grain>,
    ) -> Result<(Span, Span, Option<(Grain, i64)>), QueryError> {
        let watermark = compare
            .watermark
            .as_deref()
            .map(calendar::day)
            .transpose()?
            .map(|d| d.saturating_add(1.days()));
        let cut = match (compare.align, watermark, asked.end) {
            (Align::ToDate, Some(mark), Some(end))
                if mark < end && asked.start.is_none_or(|s| s < mark) =>
            {
                Some(mark)
            }
            (Align::ToDate, Some(mark), None) => Some(mark),
            _ => None,
        };
        let now = Span {
            end: cut.or(asked.end),
            ..asked
        };
        let moved = |by: &dyn Fn(Span) -> Span| -> Span {
            Span {
                end: by(now).end,
                ..by(asked)
            }
        };
        Ok(match (&compare.to, grain) {
            (CompareTo::PriorPeriod, Some(grain)) => {
                (now, moved(&|s| s.grains(grain, -1)), Some((grain, 1)))
            }
            (CompareTo::PriorYear, Some(_)) => {
                (now, moved(&|s| s.years(-1)), Some((Grain::Year, 1)))
            }
            (CompareTo::PriorYear, None) => (now, moved(&|s| s.years(-1)), None),
            (CompareTo::PriorPeriod, None) => {
                let before = asked.before().ok_or_else(|| {
                    QueryError::Malformed("an open range has no period before it".into())
                })?;
                let then = match cut {
                    None => before,
                    // The same part of the earlier period.
                    Some(mark) => {
                        let months = before.end.zip(before.start).map_or(0, |(e, s)| {
                            i32::from(e.year() - s.year()) * 12 + i32::from(e.month() - s.month())
                        });
                        let whole = before.start.is_some_and(|s| s.day() == 1)
                            && before.end.is_some_and(|e| e.day() == 1);
                        let end = if whole {
                            mark.saturating_sub(months.months())
                        } else {
                            mark.saturating_sub(
                                (before
                                    .end
                                    .zip(before.start)
                                    .map_or(0, |(e, s)| (e - s).get_days()))
                                .days(),
                            )
                        };
                        Span {
                            start: before.start,
                            end: Some(end),
                        }
                    }
                };
                (now, then, None)
            }
            (CompareTo::Range(range), _) => {
                let other = Span::of(Some(range))?;
                let then = match (cut, asked.start, other.start) {
                    (Some(mark), Some(start), Some(there)) => {
                        let days = (mark - start).get_days();
                        let months = i32::from(start.year() - there.year()) * 12
                            + i32::from(start.month() - there.month());
                        let end = if start.day() == there.day() {
                            mark.saturating_sub(months.months())
                        } else {
                            there.saturating_add(days.days())
                        };
                        Span {
                            start: other.start,
                            end: other.end.map_or(Some(end), |e| Some(e.min(end))),
                        }
                    }
                    _ => other,
                };
                (now, then, None)
            }
        })
    }
}

fn parts_of(query: &Query) -> Vec<Part> {
    let mut parts = match &query.compare {
        Some(compare) if !compare.show.is_empty() => compare.show.clone(),
        Some(_) => vec![Part::Value, Part::Prior, Part::Delta, Part::Pct],
        None => vec![Part::Value],
    };
    for (part, wanted) in [
        (Part::Share, query.share.is_some()),
        (Part::Cumulative, query.cumulative),
        (Part::Rolling, query.rolling.is_some()),
    ] {
        if wanted && !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}

fn part_letter(part: Part) -> &'static str {
    match part {
        Part::Value => "value",
        Part::Prior => "prior",
        Part::Delta => "delta",
        Part::Pct => "pct",
        Part::Share => "share",
        Part::Cumulative => "running",
        Part::Rolling => "rolling",
    }
}

fn direction(way: Direction) -> &'static str {
    match way {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    }
}

fn role_of(role: Role) -> OutputRole {
    match role {
        Role::Id => OutputRole::Id,
        Role::Dimension => OutputRole::Dimension,
        Role::Measure => OutputRole::Measure,
        Role::Time => OutputRole::Time,
        Role::Text => OutputRole::Text,
    }
}

fn grain_label(grain: Grain) -> &'static str {
    match grain {
        Grain::Hour => "Hour",
        Grain::Day => "Day",
        Grain::Week => "Week",
        Grain::Month => "Month",
        Grain::Quarter => "Quarter",
        Grain::Year => "Year",
        Grain::HourOfDay => "Hour of day",
        Grain::Weekday => "Weekday",
        Grain::MonthOfYear => "Month of year",
        Grain::QuarterOfYear => "Quarter of year",
    }
}
