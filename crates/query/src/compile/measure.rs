//! Measures taken apart: aggregates over one dataset each (leaves), and trees over them.

use super::Compiler;
use super::growth::Offset;
use super::levels::{Level, level_of};
use super::one_pass::Side;
use super::tree::Tree;
use crate::{Dimension, End, Filter, Measure, Query, QueryError, RowsOf, TimeScope, ToSell};
use jiff::ToSpan;
use jiff::civil::Date;
use semantics::{
    Additivity, Aggregation, Change, CumulativeWindow, DataType, Empty, Expression, FieldRef,
    Length, MetricExpression, MetricKind, Role, RowFilter, TimeUnit,
};

/// An aggregate over one dataset.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Leaf {
    /// Over rows.
    Rows {
        home: String,
        aggregation: Aggregation,
        of: Option<Expression>,
        /// Time field that rows are ordered by, where the value of the first (of a minimum) or
        /// the last (of a maximum) is looked for.
        at: Option<FieldRef>,
        basis: Box<Basis>,
        /// Condition that the metric declares.
        declared: Option<Box<RowFilter>>,
        /// How it is read over time, if it is a level.
        level: Option<Box<Level>>,
        /// Whether the values of groups may be summed at all.
        additive: bool,
    },
    /// Over groups.
    Groups {
        aggregation: Aggregation,
        measure: Measure,
        per: Vec<Dimension>,
        basis: Box<Basis>,
    },
    /// The number of rows of a query.
    Query(Box<Query>),
}

impl Leaf {
    /// Whether it counts something, so that nothing is 0 and not NULL.
    pub(super) fn counts(&self) -> bool {
        match self {
            // What reaches back is not nothing where a group has no rows of its own.
            Leaf::Rows {
                aggregation, basis, ..
            } => {
                basis.reach.is_none()
                    && matches!(aggregation, Aggregation::Count | Aggregation::CountDistinct)
            }
            Leaf::Groups { aggregation, .. } => *aggregation == Aggregation::Count,
            Leaf::Query(_) => true,
        }
    }

    /// Whether one scan serves both. Their own filters may differ, unless the last of several
    /// rows is looked for, or rows before the period count.
    pub(super) fn same_rows(&self, other: &Leaf) -> bool {
        match (self, other) {
            (
                Leaf::Rows {
                    home: a,
                    basis: ba,
                    declared: da,
                    level: la,
                    ..
                },
                Leaf::Rows {
                    home: b,
                    basis: bb,
                    declared: db,
                    level: lb,
                    ..
                },
            ) => {
                let dated = ba.time == bb.time
                    && ba.offset == bb.offset
                    && ba.reach == bb.reach
                    && ba.until == bb.until;
                let alike = ba.filters == bb.filters && da == db;
                // What reaches back is nothing where a group has no rows of its own, whatever
                // other measures have there.
                let apart = la.is_some() || ba.reach.is_some();
                a == b && la == lb && dated && (!apart || alike)
            }
            _ => false,
        }
    }
}

/// What measures inside others take over from them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Basis {
    /// Conditions on rows.
    pub(super) filters: Vec<Filter>,
    /// Time field that places rows; the query's or the dataset's if absent.
    pub(super) time: Option<FieldRef>,
    /// Whether rows are those of another period.
    pub(super) offset: Option<Offset>,
    /// Which rows of a window that holds two periods count.
    pub(super) side: Option<Side>,
    /// Whether levels are those before the first day of a period.
    pub(super) opening: bool,
    /// How far back rows count for a period.
    pub(super) reach: Option<CumulativeWindow>,
    /// The first day that the data has not reached, where a period is not looked at beyond it.
    pub(super) until: Option<Date>,
    /// Metrics that are made of each other so far.
    pub(super) depth: usize,
}

impl Basis {
    /// As a leaf has it, with the time field of its metric where none is stated.
    fn for_leaf(&self, time: Option<&FieldRef>) -> Box<Basis> {
        Box::new(Basis {
            time: self.time.clone().or_else(|| time.cloned()),
            depth: 0,
            ..self.clone()
        })
    }
}

/// Metrics that may be made of each other: far more than anyone writes, and few enough for a
/// definition in a circle to end in a refusal.
const DEEPEST: usize = 40;

impl Compiler<'_> {
    /// The leaves of a measure, added to those that there are, and its tree over them.
    pub(super) fn tree(
        &self,
        measure: &Measure,
        basis: &Basis,
        leaves: &mut Vec<Leaf>,
    ) -> Result<Tree, QueryError> {
        Ok(match measure {
            Measure::Metric(name) => self.metric(name, basis, leaves)?,
            Measure::Aggregate { aggregation, field } => {
                let known = self
                    .model
                    .field(field)
                    .ok_or_else(|| QueryError::UnknownField(field.to_string()))?;
                let counted = known.data_type.is_numeric() && known.role != Role::Id;
                let fits = match aggregation {
                    Aggregation::Sum => counted && known.additivity != Additivity::Non,
                    Aggregation::Average
                    | Aggregation::Median
                    | Aggregation::Percentile(_)
                    | Aggregation::StandardDeviation
                    | Aggregation::Variance => counted,
                    Aggregation::Count
                    | Aggregation::CountDistinct
                    | Aggregation::Min
                    | Aggregation::Max => known.data_type != DataType::Opaque,
                };
                if !fits {
                    return Err(QueryError::UnsafeReaggregation {
                        what: known.label.clone(),
                        how: if *aggregation == Aggregation::Sum {
                            "summed"
                        } else {
                            "aggregated that way"
                        },
                    });
                }
                let level = level_of(*aggregation, known.additivity, None, basis);
                Tree::leaf(
                    leaves,
                    Leaf::Rows {
                        home: field.dataset.clone(),
                        aggregation: *aggregation,
                        of: Some(Expression::Field(field.field.clone())),
                        at: None,
                        basis: basis.for_leaf(None),
                        declared: None,
                        level,
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
                    at: None,
                    basis: basis.for_leaf(None),
                    declared: None,
                    level: None,
                    additive: true,
                },
            ),
            Measure::Ratio {
                numerator,
                denominator,
            } => Tree::Ratio(
                Box::new(self.tree(numerator, basis, leaves)?),
                Box::new(self.tree(denominator, basis, leaves)?),
            ),
            Measure::Difference { left, right } => Tree::Difference {
                left_adds: self.shape(left).additive,
                right_adds: self.shape(right).additive,
                left: Box::new(self.tree(left, basis, leaves)?),
                right: Box::new(self.tree(right, basis, leaves)?),
            },
            Measure::Where { measure, filter } => {
                let mut narrower = basis.clone();
                narrower.filters.push((**filter).clone());
                self.tree(measure, &narrower, leaves)?
            }
            Measure::PerGroup {
                aggregation,
                measure,
                per,
            } => {
                let counts_or_compares = matches!(
                    aggregation,
                    Aggregation::Count
                        | Aggregation::CountDistinct
                        | Aggregation::Min
                        | Aggregation::Max
                );
                if !counts_or_compares && !self.shape(measure).data_type.is_numeric() {
                    return Err(QueryError::TypeMismatch {
                        left: self.measure_words(measure),
                        right: "numbers, which alone are added up".into(),
                    });
                }
                if *aggregation == Aggregation::Sum && per.iter().any(is_period) {
                    self.no_level(measure)?;
                }
                Tree::leaf(
                    leaves,
                    Leaf::Groups {
                        aggregation: *aggregation,
                        measure: (**measure).clone(),
                        per: per.clone(),
                        basis: Box::new(basis.clone()),
                    },
                )
            }
            Measure::CountOf(query) => Tree::leaf(leaves, Leaf::Query(query.clone())),
            Measure::ValueAt { end, field, by } => {
                let known = self
                    .model
                    .field(field)
                    .ok_or_else(|| QueryError::UnknownField(field.to_string()))?;
                if known.data_type == DataType::Opaque {
                    return Err(QueryError::UnsafeReaggregation {
                        what: known.label.clone(),
                        how: "aggregated that way",
                    });
                }
                self.temporal(by)?;
                Tree::leaf(
                    leaves,
                    Leaf::Rows {
                        home: field.dataset.clone(),
                        aggregation: match end {
                            End::First => Aggregation::Min,
                            End::Last => Aggregation::Max,
                        },
                        of: Some(Expression::Field(field.field.clone())),
                        at: Some(by.clone()),
                        basis: basis.for_leaf(None),
                        declared: None,
                        level: None,
                        additive: false,
                    },
                )
            }
            Measure::Dated { measure, by } => {
                self.temporal(by)?;
                let dated = Basis {
                    time: Some(by.clone()),
                    ..basis.clone()
                };
                self.tree(measure, &dated, leaves)?
            }
            Measure::OrZero(inner) => {
                if !self.is_sum(inner) {
                    return Err(QueryError::UnsafeReaggregation {
                        what: self.measure_words(inner),
                        how: "taken as 0 where there is nothing",
                    });
                }
                let tree = self.tree(inner, basis, leaves)?;
                Tree::Coalesce(vec![tree, Tree::Number(0.0)])
            }
            Measure::Opening(inner) => {
                let opening = Basis {
                    opening: true,
                    ..basis.clone()
                };
                let tree = self.tree(inner, &opening, leaves)?;
                let mut used = Vec::new();
                tree.leaves(&mut used);
                let level = |i: &usize| matches!(leaves[*i], Leaf::Rows { level: Some(_), .. });
                if !used.iter().all(level) {
                    return Err(QueryError::Malformed(format!(
                        "{} is no level, so that it has no state before a period",
                        self.measure_words(inner)
                    )));
                }
                tree
            }
            Measure::Cumulative { measure, window } => {
                let reaching =
                    self.reaching(basis, *window, None, || self.measure_words(measure))?;
                self.over_rows(measure, &reaching, leaves)?
            }
            Measure::SellThrough { sold, of } => {
                let mut above = self.tree(sold, basis, leaves)?;
                if self.is_sum(sold) {
                    above = Tree::Coalesce(vec![above, Tree::Number(0.0)]);
                }
                let below = match of {
                    ToSell::OpeningStock(stock) => {
                        self.tree(&Measure::Opening(stock.clone()), basis, leaves)?
                    }
                    ToSell::SoldAndClosingStock(stock) => {
                        Tree::Sum(vec![above.clone(), self.tree(stock, basis, leaves)?])
                    }
                    ToSell::Received(received) => self.tree(received, basis, leaves)?,
                };
                Tree::Ratio(Box::new(above), Box::new(below))
            }
            Measure::WeeksOfSupply {
                stock,
                sold,
                weeks,
                watermark,
            } => {
                if *weeks == 0 {
                    return Err(QueryError::Malformed(
                        "a mean over no week: give one at least".into(),
                    ));
                }
                let until = watermark.as_deref().map(super::calendar::day).transpose()?;
                let trailing = CumulativeWindow::Trailing(Length {
                    count: *weeks,
                    unit: TimeUnit::Week,
                });
                let until = until.map(|d| d.saturating_add(1.days()));
                let reaching =
                    self.reaching(basis, trailing, until, || self.measure_words(sold))?;
                let stock = self.tree(stock, basis, leaves)?;
                let weekly = Tree::Ratio(
                    Box::new(self.over_rows(sold, &reaching, leaves)?),
                    Box::new(Tree::Number(f64::from(*weeks))),
                );
                Tree::Ratio(Box::new(stock), Box::new(weekly))
            }
            Measure::BasketAttach {
                lines,
                basket,
                base,
                attach,
            } => {
                let baskets = (lines.as_str(), basket, None);
                self.attached(baskets, base, attach, basis, leaves)?
            }
            Measure::DaysSince { field, day } => {
                self.temporal(field)?;
                let last = Measure::Aggregate {
                    aggregation: Aggregation::Max,
                    field: field.clone(),
                };
                Tree::DaysTo(
                    Box::new(self.tree(&last, basis, leaves)?),
                    super::calendar::day(day)?,
                )
            }
        })
    }

    /// The leaves of a measure inside groups, over the rows and at the dates that the groups are
    /// made of.
    pub(super) fn leaves_inside(
        &self,
        measure: &Measure,
        outer: &Basis,
    ) -> Result<Vec<Leaf>, QueryError> {
        let basis = Basis {
            filters: outer.filters.clone(),
            time: outer.time.clone(),
            ..Basis::default()
        };
        let mut leaves = Vec::new();
        self.tree(measure, &basis, &mut leaves)?;
        Ok(leaves)
    }

    /// The tree of a measure that is arithmetic over rows, which alone can reach back.
    fn over_rows(
        &self,
        measure: &Measure,
        basis: &Basis,
        leaves: &mut Vec<Leaf>,
    ) -> Result<Tree, QueryError> {
        let tree = self.tree(measure, basis, leaves)?;
        let mut used = Vec::new();
        tree.leaves(&mut used);
        let of_all_rows = |i: &usize| matches!(leaves[*i], Leaf::Rows { at: None, .. });
        if !used.iter().all(of_all_rows) {
            return Err(QueryError::Malformed(format!(
                "{} is made of groups or of single rows, which do not reach back in time: add up the rows that they are made of",
                self.measure_words(measure)
            )));
        }
        Ok(tree)
    }

    /// What a measure that reaches back takes over.
    fn reaching(
        &self,
        basis: &Basis,
        window: CumulativeWindow,
        until: Option<Date>,
        what: impl Fn() -> String,
    ) -> Result<Basis, QueryError> {
        if basis.reach.is_some() {
            return Err(QueryError::Malformed(format!(
                "{} is added up over time already",
                what()
            )));
        }
        Ok(Basis {
            reach: Some(window),
            until,
            ..basis.clone()
        })
    }

    /// The share of the baskets of a dataset with one line that have another.
    fn attached(
        &self,
        (lines, basket, time): (&str, &FieldRef, Option<&FieldRef>),
        base: &Filter,
        attach: &Filter,
        basis: &Basis,
        leaves: &mut Vec<Leaf>,
    ) -> Result<Tree, QueryError> {
        // A line has one basket.
        self.context.graph.reach(lines, basket)?;
        let with = Filter::Members {
            field: basket.clone(),
            query: Box::new(Query {
                rows: Some(RowsOf::new(lines, vec![basket.clone()])),
                filter: Some(attach.clone()),
                // Counted by the query's calendar, whose lines they are.
                time: counted_by(attach).map(|field| TimeScope {
                    field: field.clone(),
                    range: None,
                    calendar: self.calendar.clone(),
                }),
                ..Query::default()
            }),
        };
        let mut baskets = |more: Option<Filter>| {
            let mut basis = basis.clone();
            basis.filters.push(base.clone());
            basis.filters.extend(more);
            let own = basket.dataset == lines && basket.via.is_none();
            let leaf = Leaf::Rows {
                home: lines.to_string(),
                aggregation: Aggregation::CountDistinct,
                of: Some(if own {
                    Expression::Field(basket.field.clone())
                } else {
                    Expression::Lookup(basket.clone())
                }),
                at: None,
                basis: basis.for_leaf(time),
                declared: None,
                level: None,
                additive: false,
            };
            Box::new(Tree::leaf(leaves, leaf))
        };
        Ok(Tree::Ratio(baskets(Some(with)), baskets(None)))
    }

    /// Refuses to sum a level over time.
    fn no_level(&self, measure: &Measure) -> Result<(), QueryError> {
        let parts = self.taken_apart(&[measure])?;
        if self.any_level(&parts.leaves)? {
            return Err(QueryError::UnsafeReaggregation {
                what: self.measure_words(measure),
                how: "added up over time",
            });
        }
        Ok(())
    }

    /// Whether one of the leaves is a level, or is made of groups of levels.
    fn any_level(&self, leaves: &[Leaf]) -> Result<bool, QueryError> {
        for leaf in leaves {
            let level = match leaf {
                Leaf::Rows { level, .. } => level.is_some(),
                Leaf::Groups { measure, basis, .. } => {
                    self.any_level(&self.leaves_inside(measure, basis)?)?
                }
                Leaf::Query(_) => false,
            };
            if level {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a measure is made of sums and counts, and of differences of them: over nothing it
    /// is nothing.
    pub(super) fn is_sum(&self, measure: &Measure) -> bool {
        match measure {
            Measure::Metric(name) => self.model.metric(name).is_some_and(|m| match &m.kind {
                MetricKind::Simple { aggregation, .. } => {
                    adds_or_counts(*aggregation) && m.additivity != Additivity::Non
                        || *aggregation == Aggregation::CountDistinct
                }
                _ => m.additivity == Additivity::Additive,
            }),
            Measure::Aggregate { aggregation, .. } => {
                adds_or_counts(*aggregation) || *aggregation == Aggregation::CountDistinct
            }
            Measure::Rows(_) | Measure::CountOf(_) => true,
            Measure::Difference { left, right } => self.is_sum(left) && self.is_sum(right),
            Measure::Where { measure, .. }
            | Measure::Dated { measure, .. }
            | Measure::OrZero(measure) => self.is_sum(measure),
            Measure::PerGroup {
                aggregation,
                measure,
                ..
            } => {
                *aggregation == Aggregation::Count
                    || *aggregation == Aggregation::Sum && self.is_sum(measure)
            }
            Measure::Opening(_) => true,
            Measure::Ratio { .. }
            | Measure::ValueAt { .. }
            | Measure::Cumulative { .. }
            | Measure::SellThrough { .. }
            | Measure::WeeksOfSupply { .. }
            | Measure::BasketAttach { .. }
            | Measure::DaysSince { .. } => false,
        }
    }

    fn metric(
        &self,
        name: &str,
        basis: &Basis,
        leaves: &mut Vec<Leaf>,
    ) -> Result<Tree, QueryError> {
        let metric = self
            .model
            .metric(name)
            .ok_or_else(|| QueryError::UnknownMetric(name.to_string()))?;
        if basis.depth > DEEPEST {
            return Err(QueryError::Malformed(format!(
                "the metric `{name}` is defined in terms of itself"
            )));
        }
        let basis = &Basis {
            depth: basis.depth + 1,
            ..basis.clone()
        };
        let tree = match &metric.kind {
            MetricKind::Simple {
                dataset,
                aggregation,
                expression,
                filter,
            } => {
                let read = metric.semi_additive.as_ref();
                let level = level_of(*aggregation, metric.additivity, read, basis);
                let over = read.and_then(|r| r.non_additive_over.as_ref());
                Tree::leaf(
                    leaves,
                    Leaf::Rows {
                        home: dataset.clone(),
                        aggregation: *aggregation,
                        of: expression.clone(),
                        at: None,
                        basis: basis.for_leaf(metric.time_field.as_ref().or(over)),
                        declared: filter.clone().map(Box::new),
                        level,
                        additive: matches!(aggregation, Aggregation::Sum | Aggregation::Count)
                            && metric.additivity != Additivity::Non,
                    },
                )
            }
            MetricKind::Ratio {
                numerator,
                denominator,
            } => {
                let dated = |time: Option<&FieldRef>| Basis {
                    time: time.cloned().or_else(|| basis.time.clone()),
                    ..basis.clone()
                };
                let own = metric.date_basis.as_ref();
                let above = dated(own.map(|b| &b.numerator));
                let below = dated(own.map(|b| &b.denominator));
                let mut above = self.metric(numerator, &above, leaves)?;
                if metric.numerator_empty == Empty::Zero {
                    above = Tree::Coalesce(vec![above, Tree::Number(0.0)]);
                }
                let below = self.metric(denominator, &below, leaves)?;
                let ratio = Tree::Ratio(Box::new(above), Box::new(below.clone()));
                match metric.min_denominator {
                    Some(least) => Tree::AtLeast(Box::new(ratio), Box::new(below), least),
                    None => ratio,
                }
            }
            MetricKind::Difference { left, right } => {
                let adds = |name: &String| self.shape(&Measure::Metric(name.clone())).additive;
                Tree::Difference {
                    left_adds: adds(left),
                    right_adds: adds(right),
                    left: Box::new(self.metric(left, basis, leaves)?),
                    right: Box::new(self.metric(right, basis, leaves)?),
                }
            }
            MetricKind::Derived { expression } => self.derived(expression, basis, leaves)?,
            MetricKind::Cumulative { metric, window } => {
                let reaching = self.reaching(basis, *window, None, || name.to_string())?;
                self.metric(metric, &reaching, leaves)?
            }
            MetricKind::Growth {
                metric,
                offset,
                show,
                align,
                calendar,
            } => {
                if basis.offset.is_some() {
                    return Err(QueryError::Malformed(format!(
                        "the metric `{name}` compares what is compared already"
                    )));
                }
                let side = |earlier: bool| Basis {
                    offset: Some(Offset {
                        earlier,
                        by: *offset,
                        align: *align,
                        calendar: calendar.clone(),
                    }),
                    ..basis.clone()
                };
                let before = self.metric(metric, &side(true), leaves)?;
                if *show == Change::Previous {
                    before
                } else {
                    let change = Tree::Difference {
                        left: Box::new(self.metric(metric, &side(false), leaves)?),
                        right: Box::new(before.clone()),
                        left_adds: self.shape(&Measure::Metric(metric.clone())).additive,
                        right_adds: false,
                    };
                    match show {
                        Change::Relative => Tree::Ratio(Box::new(change), Box::new(before)),
                        _ => change,
                    }
                }
            }
            MetricKind::BasketAttach {
                dataset,
                basket,
                base,
                attach,
            } => {
                let (base, attach) = (crate::row_filter(base)?, crate::row_filter(attach)?);
                let baskets = (dataset.as_str(), basket, metric.time_field.as_ref());
                self.attached(baskets, &base, &attach, basis, leaves)?
            }
        };
        Ok(match metric.empty {
            Empty::Zero if basis.reach.is_none() => Tree::Coalesce(vec![tree, Tree::Number(0.0)]),
            _ => tree,
        })
    }

    fn derived(
        &self,
        expression: &MetricExpression,
        basis: &Basis,
        leaves: &mut Vec<Leaf>,
    ) -> Result<Tree, QueryError> {
        let mut all = |parts: &[MetricExpression]| -> Result<Vec<Tree>, QueryError> {
            parts
                .iter()
                .map(|p| self.derived(p, basis, leaves))
                .collect()
        };
        Ok(match expression {
            MetricExpression::Add(parts) => Tree::Sum(all(parts)?),
            MetricExpression::Multiply(parts) => Tree::Product(all(parts)?),
            MetricExpression::Coalesce(parts) => Tree::Coalesce(all(parts)?),
            MetricExpression::Metric(name) => self.metric(name, basis, leaves)?,
            MetricExpression::Number(x) => Tree::Number(*x),
            MetricExpression::Subtract(a, b) => Tree::Difference {
                left: Box::new(self.derived(a, basis, leaves)?),
                right: Box::new(self.derived(b, basis, leaves)?),
                left_adds: false,
                right_adds: false,
            },
            MetricExpression::Divide(a, b) => Tree::Ratio(
                Box::new(self.derived(a, basis, leaves)?),
                Box::new(self.derived(b, basis, leaves)?),
            ),
        })
    }
}

/// A time field whose periods a condition counts.
fn counted_by(filter: &Filter) -> Option<&FieldRef> {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().find_map(counted_by),
        Filter::Not(inner) => counted_by(inner),
        Filter::Cycle { field, .. } => Some(field),
        _ => None,
    }
}

fn is_period(dimension: &Dimension) -> bool {
    matches!(dimension, Dimension::Time(_) | Dimension::TimeOf { .. })
}

fn adds_or_counts(aggregation: Aggregation) -> bool {
    matches!(aggregation, Aggregation::Sum | Aggregation::Count)
}
