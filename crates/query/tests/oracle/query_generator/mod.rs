//! Random typed queries over a model: every feature, most of them answerable, some not.

mod filters;
mod groups;
mod lists;
mod measures;
mod shapes;
mod stock;
mod times;

use crate::calendar;
use crate::data_generator::{WORDS, first_day, last_day};
use crate::evaluate::{Reach, reach};
use crate::random::Random;
use crate::tables::Tables;
use crate::value::Value;
use query::{
    Align, Compare, CompareTo, DateRange, Dimension, Direction, End, Filter, Grain, Having,
    Literal, Measure, Operator, Order, OrderKey, Part, Query, Rank, RowRank, RowsOf, SetOperation,
    Sets, Share, Term, Threshold, Ties, TimeScope,
};
use semantics::{
    Additivity, Aggregation, DataType, Expression, Field, FieldRef, Fill, MetricKind, Model, Role,
};

const OPERATORS: [Operator; 6] = [
    Operator::Eq,
    Operator::Ne,
    Operator::Lt,
    Operator::Le,
    Operator::Gt,
    Operator::Ge,
];

pub(crate) struct QueryGenerator<'a> {
    pub(crate) model: &'a Model,
    pub(crate) tables: &'a Tables,
    pub(crate) random: &'a mut Random,
    /// Sub-queries have none of their own.
    pub(crate) nested: bool,
}

/// Datasets whose rows a measure aggregates.
fn homes(model: &Model, measure: &Measure, into: &mut Vec<String>) {
    match measure {
        Measure::Metric(name) => into.extend(model.home_datasets(name)),
        Measure::Aggregate { field, .. } => into.push(field.dataset.clone()),
        Measure::Rows(dataset) => into.push(dataset.clone()),
        Measure::Ratio {
            numerator: a,
            denominator: b,
        }
        | Measure::Difference { left: a, right: b } => {
            homes(model, a, into);
            homes(model, b, into);
        }
        Measure::Where { measure, .. } | Measure::PerGroup { measure, .. } => {
            homes(model, measure, into);
        }
        Measure::CountOf(_) => {}
        Measure::Dated { measure, .. } | Measure::OrZero(measure) => homes(model, measure, into),
        Measure::ValueAt { field, .. } | Measure::DaysSince { field, .. } => {
            into.push(field.dataset.clone());
        }
        Measure::BasketAttach { lines, .. } => into.push(lines.clone()),
        Measure::Opening(measure) | Measure::Cumulative { measure, .. } => {
            homes(model, measure, into);
        }
        Measure::SellThrough { sold, of } => {
            homes(model, sold, into);
            homes(model, of.measure(), into);
        }
        Measure::WeeksOfSupply { stock, sold, .. } => {
            homes(model, stock, into);
            homes(model, sold, into);
        }
    }
}

impl QueryGenerator<'_> {
    fn any_dataset(&mut self) -> String {
        // The last tables look up the others and have most rows.
        let n = self.model.datasets.len();
        let i = if self.random.chance(60) {
            n - 1 - self.random.below(n.min(2))
        } else {
            self.random.below(n)
        };
        self.model.datasets[i].name.clone()
    }

    /// Fields that all of some datasets reach, with the way's name where it is needed.
    fn reachable(&mut self, homes: &[String], fits: impl Fn(&Field) -> bool) -> Vec<FieldRef> {
        let bridges = self.random.chance(25);
        let anything = self.random.chance(3);
        let mut found = Vec::new();
        for dataset in &self.model.datasets {
            let mut refs = vec![None];
            refs.extend(
                self.model
                    .relationships
                    .iter()
                    .filter(|r| r.to == dataset.name)
                    .map(|r| Some(r.name.clone())),
            );
            for via in refs {
                let probe = FieldRef {
                    dataset: dataset.name.clone(),
                    field: String::new(),
                    via,
                };
                let fine = anything
                    || homes.iter().all(|h| match reach(self.model, h, &probe) {
                        Ok(Reach::Direct(_)) => true,
                        Ok(Reach::Linked(..)) => bridges,
                        Err(_) => false,
                    });
                if !fine {
                    continue;
                }
                for field in dataset.fields.iter().filter(|f| fits(f)) {
                    found.push(FieldRef {
                        field: field.name.clone(),
                        ..probe.clone()
                    });
                }
            }
        }
        found
    }

    fn skip(&mut self) -> u32 {
        if self.random.chance(22) {
            self.random.between(1, 2) as u32
        } else {
            0
        }
    }

    fn ties(&mut self) -> Ties {
        if self.random.chance(30) {
            Ties::Break
        } else {
            Ties::Keep
        }
    }

    fn direction(&mut self) -> Direction {
        *self
            .random
            .pick(&[Direction::Ascending, Direction::Descending])
    }

    pub(crate) fn query(&mut self) -> Query {
        let mut query = self.any_query();
        if self.random.chance(30) {
            let filtered = self.model.datasets.iter();
            query.without_default_filters = filtered
                .filter(|d| !d.default_filters.is_empty())
                .map(|d| d.name.clone())
                .collect();
        }
        let versions = self.model.datasets.iter().any(|d| d.validity.is_some());
        query.current_attributes = versions && self.random.chance(25);
        query
    }

    fn any_query(&mut self) -> Query {
        match self.random.below(100) {
            0..9 => return self.rows_query(),
            9..12 => return self.distinct_query(),
            12..15 => return self.sets_query(),
            17..20 => return self.basket_query(),
            20..23 => return self.cohort_query(),
            23..25 => return self.decomposed_query(),
            15..17 => {
                self.nested = true;
                let inner = match self.random.below(3) {
                    0 => self.rows_query(),
                    1 => self.distinct_query(),
                    _ => self.measured(),
                };
                self.nested = false;
                return Query {
                    metrics: vec![Term {
                        name: "how many".into(),
                        measure: Measure::CountOf(Box::new(inner)),
                    }],
                    ..Query::default()
                };
            }
            _ => {}
        }
        self.measured()
    }
}
