//! Measures taken apart: aggregates over one dataset each (leaves), and how they are put together.

use super::Compiler;
use crate::dialect::SqlDialect;
use crate::{Dimension, Filter, Measure, Query, QueryError, row_filter};
use semantics::{Additivity, Aggregation, Expression, MetricExpression, MetricKind};

/// An aggregate over one dataset.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Leaf {
    /// Over rows.
    Rows {
        home: String,
        aggregation: Aggregation,
        of: Option<Expression>,
        filters: Vec<Filter>,
        /// Whether it is a level, of which only the last snapshot counts.
        semi: bool,
        /// Whether the values of groups may be summed at all.
        additive: bool,
    },
    /// Over groups.
    Groups {
        aggregation: Aggregation,
        measure: Measure,
        per: Vec<Dimension>,
        filters: Vec<Filter>,
    },
    /// The number of rows of a query.
    Query(Box<Query>),
}

impl Leaf {
    /// Whether it counts something, so that nothing is 0 and not NULL.
    pub(super) fn counts(&self) -> bool {
        match self {
            Leaf::Rows { aggregation, .. } => {
                matches!(aggregation, Aggregation::Count | Aggregation::CountDistinct)
            }
            Leaf::Groups { aggregation, .. } => *aggregation == Aggregation::Count,
            Leaf::Query(_) => true,
        }
    }

    /// Whether both aggregate the same rows, so that one scan serves them.
    pub(super) fn same_rows(&self, other: &Leaf) -> bool {
        match (self, other) {
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
        }
    }
}

/// A number computed from leaves.
#[derive(Debug, Clone)]
pub(super) enum Tree {
    Leaf(usize),
    Ratio(Box<Tree>, Box<Tree>),
    Difference(Box<Tree>, Box<Tree>),
    Number(f64),
    Sum(Vec<Tree>),
    Product(Vec<Tree>),
    Coalesce(Vec<Tree>),
}

impl Tree {
    fn leaf(leaves: &mut Vec<Leaf>, leaf: Leaf) -> Tree {
        if let Some(at) = leaves.iter().position(|l| *l == leaf) {
            return Tree::Leaf(at);
        }
        leaves.push(leaf);
        Tree::Leaf(leaves.len() - 1)
    }

    /// The expression over leaves that are spelled so.
    pub(super) fn write(&self, sql: &dyn SqlDialect, leaf: &dyn Fn(usize) -> String) -> String {
        let all =
            |parts: &[Tree]| -> Vec<String> { parts.iter().map(|p| p.write(sql, leaf)).collect() };
        match self {
            Tree::Leaf(i) => leaf(*i),
            Tree::Ratio(a, b) => {
                format!(
                    "({})",
                    sql.quotient(&a.write(sql, leaf), &b.write(sql, leaf))
                )
            }
            Tree::Difference(a, b) => {
                format!("({} - {})", a.write(sql, leaf), b.write(sql, leaf))
            }
            Tree::Number(x) => sql.number(*x),
            Tree::Sum(parts) => format!("({})", all(parts).join(" + ")),
            Tree::Product(parts) => format!("({})", all(parts).join(" * ")),
            Tree::Coalesce(parts) => format!("COALESCE({})", all(parts).join(", ")),
        }
    }
}

impl Compiler<'_> {
    /// The leaves of a measure, added to those that there are, and its tree over them.
    pub(super) fn tree(
        &self,
        measure: &Measure,
        filters: &[Filter],
        leaves: &mut Vec<Leaf>,
    ) -> Result<Tree, QueryError> {
        Ok(match measure {
            Measure::Metric(name) => self.metric(name, filters, leaves)?,
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
                Tree::leaf(
                    leaves,
                    Leaf::Rows {
                        home: field.dataset.clone(),
                        aggregation: *aggregation,
                        of: Some(Expression::Field(field.field.clone())),
                        filters: filters.to_vec(),
                        semi,
                        additive: matches!(aggregation, Aggregation::Sum | Aggregation::Count),
                    },
                )
            }
            Measure::Rows(dataset) => Tree::leaf(
                leaves,
                Leaf::Rows {
                    home: dataset.clone(),
                    aggregation: Aggregation::Count,
                    of: None,
                    filters: filters.to_vec(),
                    semi: false,
                    additive: true,
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
            } => Tree::leaf(
                leaves,
                Leaf::Groups {
                    aggregation: *aggregation,
                    measure: (**measure).clone(),
                    per: per.clone(),
                    filters: filters.to_vec(),
                },
            ),
            Measure::CountOf(query) => Tree::leaf(leaves, Leaf::Query(query.clone())),
        })
    }

    fn metric(
        &self,
        name: &str,
        filters: &[Filter],
        leaves: &mut Vec<Leaf>,
    ) -> Result<Tree, QueryError> {
        let metric = self
            .model
            .metric(name)
            .ok_or_else(|| QueryError::UnknownMetric(name.to_string()))?;
        let mut part = |name: &str| Ok(Box::new(self.metric(name, filters, leaves)?));
        Ok(match &metric.kind {
            MetricKind::Simple {
                dataset,
                aggregation,
                expression,
                filter,
            } => {
                let mut all = filters.to_vec();
                if let Some(f) = filter {
                    all.push(row_filter(f)?);
                }
                let semi =
                    metric.additivity == Additivity::Semi && *aggregation == Aggregation::Sum;
                Tree::leaf(
                    leaves,
                    Leaf::Rows {
                        home: dataset.clone(),
                        aggregation: *aggregation,
                        of: expression.clone(),
                        filters: all,
                        semi,
                        additive: matches!(aggregation, Aggregation::Sum | Aggregation::Count)
                            && metric.additivity != Additivity::Non,
                    },
                )
            }
            MetricKind::Ratio {
                numerator,
                denominator,
            } => Tree::Ratio(part(numerator)?, part(denominator)?),
            MetricKind::Difference { left, right } => Tree::Difference(part(left)?, part(right)?),
            MetricKind::Derived { expression } => self.derived(expression, filters, leaves)?,
            MetricKind::Cumulative { .. } => return Err(unsupported(name, "a running total")),
            MetricKind::Growth { .. } => return Err(unsupported(name, "a growth")),
            MetricKind::BasketAttach { .. } => {
                return Err(unsupported(name, "a share of baskets"));
            }
        })
    }

    fn derived(
        &self,
        expression: &MetricExpression,
        filters: &[Filter],
        leaves: &mut Vec<Leaf>,
    ) -> Result<Tree, QueryError> {
        let mut all = |parts: &[MetricExpression]| -> Result<Vec<Tree>, QueryError> {
            parts
                .iter()
                .map(|p| self.derived(p, filters, leaves))
                .collect()
        };
        Ok(match expression {
            MetricExpression::Add(parts) => Tree::Sum(all(parts)?),
            MetricExpression::Multiply(parts) => Tree::Product(all(parts)?),
            MetricExpression::Coalesce(parts) => Tree::Coalesce(all(parts)?),
            MetricExpression::Metric(name) => self.metric(name, filters, leaves)?,
            MetricExpression::Number(x) => Tree::Number(*x),
            MetricExpression::Subtract(a, b) => Tree::Difference(
                Box::new(self.derived(a, filters, leaves)?),
                Box::new(self.derived(b, filters, leaves)?),
            ),
            MetricExpression::Divide(a, b) => Tree::Ratio(
                Box::new(self.derived(a, filters, leaves)?),
                Box::new(self.derived(b, filters, leaves)?),
            ),
        })
    }
}

fn unsupported(metric: &str, kind: &'static str) -> QueryError {
    QueryError::UnsupportedMetric {
        metric: metric.to_string(),
        kind,
    }
}
