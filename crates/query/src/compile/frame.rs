//! Groups and numbers: each measure at the grain of its own dataset, then put side by side.

use super::Compiler;
use super::calendar::Span;
use super::scope::Scope;
use super::text::{expression, identifier, period, text};
use crate::path::{bridge, reachable, time_field_of};
use crate::{Dimension, Filter, Measure, Query, QueryError};
use semantics::{Additivity, Aggregation, Expression, FieldRef, MetricKind};

/// Which rows count.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    pub(super) filter: Option<Filter>,
    pub(super) time: Option<FieldRef>,
    pub(super) span: Span,
}

/// An aggregate over one dataset.
#[derive(Debug, Clone, PartialEq)]
enum Leaf {
    Rows {
        home: String,
        aggregation: Aggregation,
        of: Option<Expression>,
        filters: Vec<Filter>,
        semi: bool,
    },
    Groups {
        aggregation: Aggregation,
        measure: Measure,
        per: Vec<Dimension>,
        filters: Vec<Filter>,
    },
    Query(Box<Query>),
}

/// A number computed from leaves.
#[derive(Debug, Clone)]
enum Tree {
    Leaf(usize),
    Ratio(Box<Tree>, Box<Tree>),
    Difference(Box<Tree>, Box<Tree>),
}

impl Compiler<'_> {
    fn leaf(leaves: &mut Vec<Leaf>, leaf: Leaf) -> Tree {
        if let Some(at) = leaves.iter().position(|l| *l == leaf) {
            return Tree::Leaf(at);
        }
        leaves.push(leaf);
        Tree::Leaf(leaves.len() - 1)
    }

    fn tree(
        &self,
        measure: &Measure,
        filters: &[Filter],
        leaves: &mut Vec<Leaf>,
    ) -> Result<Tree, QueryError> {
        Ok(match measure {
            Measure::Metric(name) => {
                let metric = self
                    .model
                    .metric(name)
                    .ok_or_else(|| QueryError::UnknownMetric(name.clone()))?;
                match &metric.kind {
                    MetricKind::Simple {
                        dataset,
                        aggregation,
                        expression,
                        filter,
                    } => {
                        let mut all = filters.to_vec();
                        if let Some(f) = filter {
                            all.push(Filter::In {
                                field: FieldRef::new(dataset, &f.field),
                                values: f
                                    .one_of
                                    .iter()
                                    .map(|v| crate::Literal::Text(v.clone()))
                                    .collect(),
                            });
                        }
                        let semi = metric.additivity == Additivity::Semi
                            && *aggregation == Aggregation::Sum;
                        Self::leaf(
                            leaves,
                            Leaf::Rows {
                                home: dataset.clone(),
                                aggregation: *aggregation,
                                of: expression.clone(),
                                filters: all,
                                semi,
                            },
                        )
                    }
                    MetricKind::Ratio {
                        numerator,
                        denominator,
                    } => Tree::Ratio(
                        Box::new(self.tree(
                            &Measure::Metric(numerator.clone()),
                            filters,
                            leaves,
                        )?),
                        Box::new(self.tree(
                            &Measure::Metric(denominator.clone()),
                            filters,
                            leaves,
                        )?),
                    ),
                    MetricKind::Difference { left, right } => Tree::Difference(
                        Box::new(self.tree(&Measure::Metric(left.clone()), filters, leaves)?),
                        Box::new(self.tree(&Measure::Metric(right.clone()), filters, leaves)?),
                    ),
                }
            }
            Measure::Aggregate { aggregation, field } => {
                let known = self
                    .model
                    .field(field)
                    .ok_or_else(|| QueryError::UnknownField(field.to_string()))?;
                if *aggregation == Aggregation::Sum && known.additivity == Additivity::Non {
                    return Err(QueryError::UnsafeReaggregation {
                        what: known.label.clone(),
                        how: "summed",
                    });
                }
                let semi = known.additivity == Additivity::Semi && *aggregation == Aggregation::Sum;
                Self::leaf(
                    leaves,
                    Leaf::Rows {
                        home: field.dataset.clone(),
                        aggregation: *aggregation,
                        of: Some(Expression::Field(field.field.clone())),
                        filters: filters.to_vec(),
                        semi,
                    },
                )
            }
            Measure::Rows(dataset) => Self::leaf(
                leaves,
                Leaf::Rows {
                    home: dataset.clone(),
                    aggregation: Aggregation::Count,
                    of: None,
                    filters: filters.to_vec(),
                    semi: false,
                },
            ),
            Measure::Ratio {
                numerator,
                denominator,
            } => Tree::Ratio(
                Box::new(self.tree(numerator, filters, leaves)?),
                Box::new(self.tree(denominator, filters, leaves)?),
            ),
            Measure::Difference { left, right } => Tree::Difference(
                Box::new(self.tree(left, filters, leaves)?),
                Box::new(self.tree(right, filters, leaves)?),
            ),
            Measure::Where { measure, filter } => {
                let mut all = filters.to_vec();
                all.push((**filter).clone());
                self.tree(measure, &all, leaves)?
            }
            Measure::PerGroup {
                aggregation,
                measure,
                per,
            } => Self::leaf(
                leaves,
                Leaf::Groups {
                    aggregation: *aggregation,
                    measure: (**measure).clone(),
                    per: per.clone(),
                    filters: filters.to_vec(),
                },
            ),
            Measure::CountOf(query) => Self::leaf(leaves, Leaf::Query(query.clone())),
        })
    }

    /// A CTE with columns `d0…` for the dimensions and `m0…` for the measures; its name.
    pub(super) fn frame(
        &mut self,
        name: &str,
        dimensions: &[Dimension],
        measures: &[&Measure],
        window: &Window,
    ) -> Result<String, QueryError> {
        let mut leaves = Vec::new();
        let trees: Result<Vec<Tree>, QueryError> = measures
            .iter()
            .map(|m| self.tree(m, &[], &mut leaves))
            .collect();
        let trees = trees?;
        // Leaves over the same rows share one scan.
        let mut blocks: Vec<Vec<usize>> = Vec::new();
        for (i, leaf) in leaves.iter().enumerate() {
            let same = blocks.iter().position(|b| match (&leaves[b[0]], leaf) {
                (
                    Leaf::Rows {
                        home: a,
                        filters: fa,
                        semi: sa,
                        ..
                    },
                    Leaf::Rows {
                        home: b,
                        filters: fb,
                        semi: sb,
                        ..
                    },
                ) => a == b && fa == fb && sa == sb,
                _ => false,
            });
            match same {
                Some(at) => blocks[at].push(i),
                None => blocks.push(vec![i]),
            }
        }
        let mut places: Vec<(usize, usize)> = vec![(0, 0); leaves.len()];
        let mut names = Vec::new();
        for (b, block) in blocks.iter().enumerate() {
            for (a, leaf) in block.iter().enumerate() {
                places[*leaf] = (b, a);
            }
            let members: Vec<&Leaf> = block.iter().map(|i| &leaves[*i]).collect();
            names.push(self.block(dimensions, &members, window)?);
        }
        let mut sql = String::from("SELECT ");
        let mut columns = Vec::new();
        for d in 0..dimensions.len() {
            let sources: Vec<String> = (0..names.len()).map(|b| format!("b{b}.d{d}")).collect();
            columns.push(if sources.len() == 1 {
                format!("{} AS d{d}", sources[0])
            } else {
                format!("COALESCE({}) AS d{d}", sources.join(", "))
            });
        }
        for (i, tree) in trees.iter().enumerate() {
            columns.push(format!("{} AS m{i}", tree_sql(tree, &leaves, &places)));
        }
        sql.push_str(&columns.join(", "));
        for (b, block) in names.iter().enumerate() {
            if b == 0 {
                sql.push_str(&format!("\n  FROM {block} AS b0"));
            } else if dimensions.is_empty() {
                sql.push_str(&format!("\n  CROSS JOIN {block} AS b{b}"));
            } else {
                let on: Vec<String> = (0..dimensions.len())
                    .map(|d| {
                        let earlier: Vec<String> = (0..b).map(|e| format!("b{e}.d{d}")).collect();
                        let left = if earlier.len() == 1 {
                            earlier[0].clone()
                        } else {
                            format!("COALESCE({})", earlier.join(", "))
                        };
                        format!("{left} IS NOT DISTINCT FROM b{b}.d{d}")
                    })
                    .collect();
                sql.push_str(&format!(
                    "\n  FULL OUTER JOIN {block} AS b{b} ON {}",
                    on.join(" AND ")
                ));
            }
        }
        Ok(self.cte(name, sql))
    }

    fn block(
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
            } => (home.clone(), filters.clone(), *semi),
            Leaf::Groups {
                aggregation,
                measure,
                per,
                filters,
            } => return self.groups(dimensions, *aggregation, measure, per, filters, window),
            Leaf::Query(query) => {
                if !dimensions.is_empty() {
                    return Err(QueryError::UnsafeReaggregation {
                        what: "a count of groups".into(),
                        how: "broken down further",
                    });
                }
                let inner = self.finished(query)?;
                return Ok(self.cte("counted", format!("SELECT COUNT(*) AS a0 FROM ({inner})")));
            }
        };
        let mut scope = Scope::new(self.model, &home)?;
        let mut keys = Vec::new();
        let mut bridged: Option<(String, Vec<(usize, Dimension)>)> = None;
        for (i, dimension) in dimensions.iter().enumerate() {
            match self.dimension(&mut scope, dimension, window) {
                Ok(sql) => keys.push(sql),
                Err(QueryError::NoPath { from, to }) => {
                    let Dimension::Field(field) = dimension else {
                        return Err(QueryError::NoPath { from, to });
                    };
                    let found =
                        bridge(self.model, &home, field).ok_or(QueryError::NoPath { from, to })?;
                    match &mut bridged {
                        None => bridged = Some((found.dataset, vec![(i, dimension.clone())])),
                        Some((over, list)) if *over == found.dataset => {
                            list.push((i, dimension.clone()))
                        }
                        Some(_) => return Err(QueryError::NoSafeRewrite(home.clone())),
                    }
                    keys.push(format!("over.d{i}"));
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
        if let Some(filter) = &window.filter {
            conditions.push(self.condition(&mut scope, filter)?);
        }
        for filter in &filters {
            conditions.push(self.condition(&mut scope, filter)?);
        }
        let dataset = self
            .model
            .dataset(&home)
            .ok_or_else(|| QueryError::UnknownField(home.clone()))?
            .clone();
        let values: Vec<(Aggregation, Option<String>)> = leaves
            .iter()
            .map(|l| match l {
                Leaf::Rows {
                    aggregation, of, ..
                } => (
                    *aggregation,
                    of.as_ref().map(|e| expression(e, &dataset, &home)),
                ),
                _ => (Aggregation::Count, None),
            })
            .collect();
        let mut qualify = String::new();
        if semi && let Some(snapshot) = &dataset.event_time {
            // The last snapshot of each item in the span, or in each period when grouped by time.
            let at = scope.field(&FieldRef::new(&home, snapshot))?;
            let mut partition: Vec<String> = Vec::new();
            for key in dataset.primary_key.iter().filter(|k| *k != snapshot) {
                partition.push(scope.field(&FieldRef::new(&home, key))?);
            }
            if partition.is_empty() {
                return Err(QueryError::NoSafeRewrite(home.clone()));
            }
            for (i, d) in dimensions.iter().enumerate() {
                if matches!(d, Dimension::Time(_) | Dimension::TimeOf { .. }) {
                    partition.push(keys[i].clone());
                }
            }
            qualify = format!(
                "\n  QUALIFY row_number() OVER (PARTITION BY {} ORDER BY {at} DESC) = 1",
                partition.join(", ")
            );
        }
        if let Some((over, list)) = &bridged {
            let relationships = self.model.relationships.clone();
            let Some(found) = bridge(
                self.model,
                &home,
                match &list[0].1 {
                    Dimension::Field(f) => f,
                    _ => return Err(QueryError::NoSafeRewrite(home.clone())),
                },
            ) else {
                return Err(QueryError::NoSafeRewrite(home.clone()));
            };
            let mut inner = Scope::new(self.model, over)?;
            let keys_there = inner.keys_at(&found.home)?;
            let mut columns: Vec<String> = keys_there
                .iter()
                .enumerate()
                .map(|(i, k)| format!("{k} AS k{i}"))
                .collect();
            for (i, d) in list {
                columns.push(format!(
                    "{} AS d{i}",
                    self.dimension(&mut inner, d, window)?
                ));
            }
            // The span limits which links count, where the links are dated.
            let mut links = Vec::new();
            if let Some(time) = &window.time
                && time_field_of(self.model, over).is_some()
                && let Some(c) = inner.during(time, window.span)?
            {
                links.push(c);
            }
            let keep = if links.is_empty() {
                String::new()
            } else {
                format!(" WHERE {}", links.join(" AND "))
            };
            let last = found
                .home
                .steps
                .last()
                .map(|i| relationships[*i].clone())
                .ok_or_else(|| QueryError::NoSafeRewrite(home.clone()))?;
            let on: Result<Vec<String>, QueryError> = last
                .to_fields
                .iter()
                .enumerate()
                .map(|(i, f)| {
                    Ok(format!(
                        "{} = over.k{i}",
                        scope.field(&FieldRef::new(&home, f))?
                    ))
                })
                .collect();
            scope.join_text(format!(
                "LEFT JOIN (SELECT DISTINCT {} {}{keep}) AS over ON {}",
                columns.join(", "),
                inner.from().replace('\n', " "),
                on?.join(" AND ")
            ));
        }
        let mut select: Vec<String> = keys
            .iter()
            .enumerate()
            .map(|(i, k)| format!("{k} AS d{i}"))
            .collect();
        let whole = conditions.join(" AND ");
        let filter = if whole.is_empty() {
            String::new()
        } else {
            format!("\n  WHERE {whole}")
        };
        let group = if dimensions.is_empty() {
            String::new()
        } else {
            "\n  GROUP BY ALL".to_string()
        };
        let label = format!("{home}_grouped");
        let sql = if qualify.is_empty() {
            for (i, (aggregation, value)) in values.iter().enumerate() {
                select.push(format!(
                    "{} AS a{i}",
                    aggregate(*aggregation, value.as_deref())
                ));
            }
            format!(
                "SELECT {}\n  {}{filter}{group}",
                select.join(", "),
                scope.from()
            )
        } else {
            for (i, (_, value)) in values.iter().enumerate() {
                select.push(format!(
                    "{} AS v{i}",
                    value.clone().unwrap_or_else(|| "1".into())
                ));
            }
            let snapshot = self.cte(
                &format!("{home}_last"),
                format!(
                    "SELECT {}\n  {}{filter}{qualify}",
                    select.join(", "),
                    scope.from()
                ),
            );
            let mut outer: Vec<String> = (0..dimensions.len()).map(|d| format!("d{d}")).collect();
            for (i, (aggregation, _)) in values.iter().enumerate() {
                outer.push(format!(
                    "{} AS a{i}",
                    aggregate(*aggregation, Some(&format!("v{i}")))
                ));
            }
            format!("SELECT {}\n  FROM {snapshot}{group}", outer.join(", "))
        };
        Ok(self.cte(&label, sql))
    }

    /// An aggregate over groups: the measure for each group first, then the aggregate of those.
    fn groups(
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
            filter: if parts.is_empty() {
                None
            } else {
                Some(Filter::And(parts))
            },
            ..window.clone()
        };
        let inner = self.frame("each_group", &all, &[measure], &inner_window)?;
        let mut select: Vec<String> = (0..dimensions.len()).map(|d| format!("d{d}")).collect();
        select.push(format!("{} AS a0", aggregate(aggregation, Some("m0"))));
        // Rows that belong to no group are no group.
        let known: Vec<String> = (dimensions.len()..all.len())
            .map(|d| format!("d{d} IS NOT NULL"))
            .collect();
        let group = if dimensions.is_empty() {
            ""
        } else {
            "\n  GROUP BY ALL"
        };
        Ok(self.cte(
            "over_groups",
            format!(
                "SELECT {}\n  FROM {inner}\n  WHERE {}{group}",
                select.join(", "),
                known.join(" AND ")
            ),
        ))
    }

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
                Ok(period(*grain, &sql, self.model.week_start))
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
                Ok(period(*grain, &sql, self.model.week_start))
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
        let inner = self.finished(query)?;
        Ok(self.cte(
            "members",
            format!("SELECT DISTINCT member FROM ({inner}) AS found(member)"),
        ))
    }

    /// The whole of a query as one SELECT, for use inside another.
    fn finished(&mut self, query: &Query) -> Result<String, QueryError> {
        let (sql, columns) = self.select(query)?;
        let first = columns
            .first()
            .map(|c| identifier(&c.name))
            .unwrap_or_else(|| text(""));
        Ok(format!("SELECT {first} FROM ({sql})"))
    }
}

fn aggregate(how: Aggregation, value: Option<&str>) -> String {
    let v = value.unwrap_or("*");
    match how {
        Aggregation::Sum => format!("SUM({v})"),
        Aggregation::Count => format!("COUNT({v})"),
        Aggregation::CountDistinct => format!("COUNT(DISTINCT {v})"),
        Aggregation::Average => format!("AVG({v})"),
        Aggregation::Min => format!("MIN({v})"),
        Aggregation::Max => format!("MAX({v})"),
        Aggregation::Median => format!("MEDIAN({v})"),
    }
}

fn tree_sql(tree: &Tree, leaves: &[Leaf], places: &[(usize, usize)]) -> String {
    match tree {
        Tree::Leaf(i) => {
            let (block, at) = places[*i];
            let counts = match &leaves[*i] {
                Leaf::Rows { aggregation, .. } => {
                    matches!(aggregation, Aggregation::Count | Aggregation::CountDistinct)
                }
                Leaf::Groups { aggregation, .. } => *aggregation == Aggregation::Count,
                Leaf::Query(_) => true,
            };
            if counts {
                format!("COALESCE(b{block}.a{at}, 0)")
            } else {
                format!("b{block}.a{at}")
            }
        }
        Tree::Ratio(a, b) => format!(
            "(CAST({} AS DOUBLE) / NULLIF({}, 0))",
            tree_sql(a, leaves, places),
            tree_sql(b, leaves, places)
        ),
        Tree::Difference(a, b) => format!(
            "({} - {})",
            tree_sql(a, leaves, places),
            tree_sql(b, leaves, places)
        ),
    }
}
