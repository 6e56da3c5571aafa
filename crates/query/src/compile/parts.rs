//! The columns that each measure has: value, prior, change, share, running numbers.

use super::Compiler;
use super::frame::Window;
use super::grouped::{Setting, by_range, running};
use super::running::Counter;
use super::statement::Select;
use crate::{Dimension, Origin, OutputColumn, OutputRole, Part, Query, QueryError};
use semantics::{DataType, Fill};

/// Groups with all their columns.
pub(super) struct Measured {
    /// CTE that holds them.
    pub(super) table: String,
    /// Columns, left to right.
    pub(super) columns: Vec<OutputColumn>,
    /// Their names in the CTE.
    pub(super) internal: Vec<String>,
}

impl Measured {
    /// The CTE's name of a part of a measure.
    pub(super) fn column(&self, m: usize, part: Part) -> Result<&str, QueryError> {
        self.columns
            .iter()
            .position(|c| c.origin == Origin::Metric(m, part))
            .and_then(|at| self.internal.get(at))
            .map(String::as_str)
            .ok_or_else(|| {
                QueryError::Malformed(format!("the query shows no {part:?} of measure {m}"))
            })
    }
}

/// Parts that a query shows of each measure.
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

fn part_name(part: Part) -> &'static str {
    match part {
        Part::Value => "value",
        Part::Prior => "prior",
        Part::Delta => "delta",
        Part::Pct => "pct",
        Part::Contribution => "contribution",
        Part::ShareOfChange => "of_change",
        Part::Share => "share",
        Part::Cumulative => "running",
        Part::Rolling => "rolling",
    }
}

/// The dimensions within whose groups shares are taken.
fn totalled(query: &Query) -> Vec<Dimension> {
    let within = query.share.as_ref().map_or(&[][..], |s| &s.within[..]);
    let dimensions = within.iter().filter_map(|i| query.dimensions.get(*i));
    dimensions.cloned().collect()
}

/// The total that a share of a measure is of: a sum of groups, or what was computed by itself.
fn total_of_shares(query: &Query, m: usize, adds: bool) -> String {
    if !adds {
        return format!("t.m{m}");
    }
    let within = query.share.as_ref().map_or(&[][..], |s| &s.within[..]);
    if within.is_empty() {
        return format!("SUM(g.m{m}) OVER ()");
    }
    let by: Vec<String> = within.iter().map(|d| format!("g.d{d}")).collect();
    format!("SUM(g.m{m}) OVER (PARTITION BY {})", by.join(", "))
}

impl Compiler<'_> {
    /// A CTE with `d0…` and the parts of each measure, from groups in `base`; with the leaves
    /// that these carry if asked for.
    pub(super) fn measured(
        &mut self,
        setting: &Setting,
        base: &str,
        with_leaves: bool,
    ) -> Result<Measured, QueryError> {
        let Setting { query, shapes, .. } = setting;
        let dimensions = &query.dimensions;
        let running = running(dimensions).map(|r| r.0);
        let mut columns = self.dimension_columns(query);
        let mut internal: Vec<String> = (0..dimensions.len()).map(|d| format!("d{d}")).collect();
        let mut select = Select {
            columns: internal.iter().map(|d| format!("g.{d}")).collect(),
            from: format!("FROM {base} AS g"),
            ..Select::default()
        };
        let adds = self.shares_add_up(setting);
        if query.share.is_some() && !adds {
            let join = self.whole(query, &setting.window)?;
            select.from.push_str(&join);
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
        let counter = match (query.rolling, super::grouped::running(dimensions)) {
            (Some(_), Some((r, grain))) => {
                let counter = self.counter(setting, base, r, grain)?;
                select.from.push_str(&counter.join);
                Some(counter)
            }
            _ => None,
        };
        // Where a rate is missing there is no value, and no sum with it.
        let converted = self.any_converted(&setting.parts.leaves.iter().collect::<Vec<_>>());
        let complete = |m: usize, over: &str, sql: String| {
            if converted {
                format!("CASE WHEN COUNT(g.m{m}) {over} = COUNT(*) {over} THEN {sql} END")
            } else {
                sql
            }
        };
        let up_to_here = running.map_or(String::new(), |r| {
            let order = self.sql.ordered(&format!("g.d{r}"), false);
            format!("OVER ({partition}ORDER BY {order} ROWS UNBOUNDED PRECEDING)")
        });
        // What has no date comes last and adds to nothing.
        let dated = |sql: String| match running {
            Some(r) => format!("CASE WHEN g.d{r} IS NOT NULL THEN {sql} END"),
            None => sql,
        };
        // Nothing counts as zero beside something, for what can be added up.
        let delta = |m: usize| {
            if shapes[m].additive {
                format!("COALESCE(g.m{m}, 0) - g.p{m}")
            } else {
                format!("g.m{m} - g.p{m}")
            }
        };
        // Dates and texts are shown as they are, and nothing is computed from them.
        for (term, shape) in query.metrics.iter().zip(shapes) {
            let computed = |p: &Part| !matches!(p, Part::Value | Part::Prior);
            if !shape.data_type.is_numeric()
                && let Some(part) = parts_of(query).into_iter().find(computed)
            {
                return Err(QueryError::TypeMismatch {
                    left: term.name.clone(),
                    right: format!("numbers, as its {part:?} needs").to_lowercase(),
                });
            }
        }
        // The whole of a change: all groups of the same period.
        let whole = match running {
            Some(r) => format!("OVER (PARTITION BY g.d{r})"),
            None => "OVER ()".to_string(),
        };
        self.check_contributions(setting)?;
        // A group that is new has grown from nothing.
        let moved = |m: usize| format!("(COALESCE(g.m{m}, 0) - COALESCE(g.p{m}, 0))");
        // What only feeds a trailing window is before the total starts.
        let start = match (super::grouped::running(dimensions), query.rolling) {
            (Some((r, grain)), Some(_)) if by_range(query) => {
                let first = setting.window.span.start.map(|start| {
                    let own = setting.window.reckoning.start(grain, start);
                    self.sql.date(own.unwrap_or(start))
                });
                first.map(|first| format!("g.d{r} >= {first}"))
            }
            _ => None,
        };
        let in_range = |m: usize| match &start {
            Some(condition) => format!("CASE WHEN {condition} THEN g.m{m} END"),
            None => format!("g.m{m}"),
        };
        let fraction = Some("fraction".to_string());
        for (m, (term, shape)) in query.metrics.iter().zip(shapes).enumerate() {
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
                        format!("{} ({})", term.name, setting.prior),
                        shape.data_type,
                        shape.unit.clone(),
                    ),
                    Part::Delta => (
                        delta(m),
                        format!("{} change", term.name),
                        shape.data_type,
                        shape.unit.clone(),
                    ),
                    Part::Pct => (
                        self.sql.quotient(&delta(m), &format!("g.p{m}")),
                        format!("{} change %", term.name),
                        DataType::Float,
                        fraction.clone(),
                    ),
                    Part::Contribution => (
                        self.sql
                            .quotient(&moved(m), &format!("SUM(g.p{m}) {whole}")),
                        format!("{} contribution", term.name),
                        DataType::Float,
                        fraction.clone(),
                    ),
                    Part::ShareOfChange => (
                        self.sql
                            .quotient(&moved(m), &format!("SUM({}) {whole}", moved(m))),
                        format!("{} share of change", term.name),
                        DataType::Float,
                        fraction.clone(),
                    ),
                    Part::Share => (
                        self.sql
                            .quotient(&format!("g.m{m}"), &total_of_shares(query, m, adds)),
                        format!("{} share", term.name),
                        DataType::Float,
                        fraction.clone(),
                    ),
                    Part::Cumulative => (
                        dated(complete(
                            m,
                            &up_to_here,
                            format!("SUM({}) {up_to_here}", in_range(m)),
                        )),
                        format!("{} to date", term.name),
                        shape.data_type,
                        shape.unit.clone(),
                    ),
                    Part::Rolling => {
                        let n = query.rolling.unwrap_or(1);
                        let Some(Counter {
                            number,
                            step,
                            first,
                            ..
                        }) = &counter
                        else {
                            continue;
                        };
                        let back = i64::from(n.saturating_sub(1)) * step;
                        let window = format!(
                            "OVER ({partition}ORDER BY {number} RANGE BETWEEN {back} PRECEDING AND CURRENT ROW)"
                        );
                        let mean = if shape.additive {
                            let sum = format!("SUM(g.m{m}) {window}");
                            format!("{} / {n}", self.sql.float(&sum))
                        } else {
                            format!("AVG({}) {window}", self.sql.float(&format!("g.m{m}")))
                        };
                        let mean = complete(m, &window, mean);
                        (
                            format!("CASE WHEN {number} - {back} >= {first} THEN {mean} END"),
                            format!("{} ({n}-period average)", term.name),
                            DataType::Float,
                            shape.unit.clone(),
                        )
                    }
                };
                let alias = format!("{}{m}", part_name(part));
                select.columns.push(format!("{sql} AS {alias}"));
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
        if with_leaves {
            for i in 0..setting.parts.leaves.len() {
                select.columns.push(format!("g.l{i}"));
                if query.compare.is_some() {
                    select.columns.push(format!("g.pl{i}"));
                }
            }
        }
        let names: Vec<&str> = query.metrics.iter().map(|t| t.name.as_str()).collect();
        let note = format!(
            "{}, one row per {}",
            names.join(", "),
            self.group_words(dimensions)
        );
        Ok(Measured {
            table: self.cte("measured", note, &select),
            columns,
            internal,
        })
    }

    /// Whether the totals that shares are of are sums of the groups that there are.
    fn shares_add_up(&self, setting: &Setting) -> bool {
        let Setting {
            query,
            shapes,
            parts,
            ..
        } = setting;
        let over: Vec<&Dimension> = query.dimensions.iter().collect();
        let within = totalled(query);
        let fed = query.rolling.is_some();
        let with_rest = query.rank.as_ref().is_some_and(|r| r.other.is_some());
        // A value that is carried on stands there again, and adds nothing to the whole.
        let carried = query
            .metrics
            .iter()
            .any(|t| self.fill(&t.measure) == Fill::Previous);
        query.share.as_ref().is_some_and(|s| !s.unfiltered)
            && !fed
            && !carried
            && !with_rest
            && shapes.iter().all(|s| s.additive)
            && parts.leaves.iter().all(|l| {
                self.adds_up(l, &over)
                    && !self.any_converted([&l])
                    && self.money(l, &within, &setting.window).is_ok()
            })
    }

    /// Refuses parts of a change that do not add up to it.
    fn check_contributions(&self, setting: &Setting) -> Result<(), QueryError> {
        let Setting {
            query,
            shapes,
            parts,
            ..
        } = setting;
        let asked = |p: &Part| matches!(p, Part::Contribution | Part::ShareOfChange);
        if !parts_of(query).iter().any(asked) {
            return Ok(());
        }
        let running = running(&query.dimensions).map(|r| r.0);
        let over: Vec<&Dimension> = query
            .dimensions
            .iter()
            .enumerate()
            .filter(|(d, _)| Some(*d) != running)
            .map(|(_, d)| d)
            .collect();
        let with_rest = query.rank.as_ref().is_some_and(|r| r.other.is_some());
        let adds = shapes.iter().all(|s| s.additive)
            && parts.leaves.iter().all(|l| self.adds_up(l, &over));
        if with_rest || !adds {
            let names: Vec<&str> = query.metrics.iter().map(|t| t.name.as_str()).collect();
            return Err(QueryError::UnsafeReaggregation {
                what: names.join(", "),
                how: "shown as parts of a change that add up to it",
            });
        }
        // The whole of a change is in one currency, or it is none.
        let period: Vec<Dimension> = running
            .and_then(|r| query.dimensions.get(r).cloned())
            .into_iter()
            .collect();
        for leaf in &parts.leaves {
            self.money(leaf, &period, &setting.window)?;
        }
        Ok(())
    }

    /// The join of the totals that shares are of, as `t`.
    fn whole(&mut self, query: &Query, window: &Window) -> Result<String, QueryError> {
        let Some(share) = &query.share else {
            return Ok(String::new());
        };
        let within = totalled(query);
        let scope = Window {
            filter: if share.unfiltered {
                None
            } else {
                window.filter.clone()
            },
            ..window.clone()
        };
        let measures: Vec<_> = query.metrics.iter().map(|t| &t.measure).collect();
        let whole = self.frame("whole", &within, &measures, &scope)?;
        if within.is_empty() {
            return Ok(format!("\n  CROSS JOIN {whole} AS t"));
        }
        let on: Vec<String> = share
            .within
            .iter()
            .zip(&within)
            .enumerate()
            .map(|(w, (i, dimension))| {
                self.sql.same(
                    &format!("g.d{i}"),
                    &format!("t.d{w}"),
                    self.dimension_type(dimension),
                )
            })
            .collect();
        Ok(format!(
            "\n  LEFT JOIN {whole} AS t ON {}",
            on.join(" AND ")
        ))
    }
}
