//! Amounts of several currencies are never one number.
//!
//! An amount whose currency each row says is a number only in groups of one currency: where the
//! groups are by it, or a condition leaves one.

use super::*;
use query::Literal;
use semantics::{FieldCurrency, Operator, RowFilter};

const MIXED: &str = "E_MIXED_CURRENCIES";

/// Groups and conditions of which a number is one.
#[derive(Clone)]
pub(super) struct OneNumber<'q> {
    pub(super) groups: Vec<&'q Dimension>,
    pub(super) filters: Vec<&'q Filter>,
}

fn is_amount(aggregation: Aggregation) -> bool {
    !matches!(aggregation, Aggregation::Count | Aggregation::CountDistinct)
}

fn same(a: &FieldRef, b: &FieldRef) -> bool {
    a.dataset == b.dataset && a.field == b.field
}

/// Whether a condition leaves one value of a text field.
fn leaves_one(filter: &Filter, of: &FieldRef) -> bool {
    match filter {
        Filter::And(all) => all.iter().any(|f| leaves_one(f, of)),
        Filter::Or(all) => all.len() == 1 && leaves_one(&all[0], of),
        Filter::Compare { field, op, value } => {
            *op == Operator::Eq && matches!(value, Literal::Text(_)) && same(field, of)
        }
        Filter::In { field, values } => values.len() == 1 && same(field, of),
        _ => false,
    }
}

fn declares_one(filter: &RowFilter, of: &FieldRef) -> bool {
    match filter {
        RowFilter::And(all) => all.iter().any(|f| declares_one(f, of)),
        RowFilter::Compare { field, op, value } => {
            *op == Operator::Eq && matches!(value, Literal::Text(_)) && same(field, of)
        }
        RowFilter::In { field, values } => values.len() == 1 && same(field, of),
        _ => false,
    }
}

impl Reasons<'_> {
    /// The currencies that the fields of an expression are declared to be in.
    fn declared(&self, dataset: &str, e: &Expression, into: &mut Vec<FieldCurrency>) {
        for name in e.fields() {
            let Some(field) = self.model.field(&FieldRef::new(dataset, name)) else {
                continue;
            };
            match &field.currency {
                Some(currency) if into.contains(currency) => {}
                Some(currency) => into.push(currency.clone()),
                None => self.declared(dataset, &field.expression.clone(), into),
            }
        }
    }

    /// Aggregates of amounts that a measure is arithmetic over, each with the condition that its
    /// metric declares.
    fn amounts(&self, measure: &Measure, into: &mut Vec<(Vec<FieldCurrency>, Option<RowFilter>)>) {
        let mut put = |dataset: &str, e: &Expression, only: Option<&RowFilter>| {
            let mut found = Vec::new();
            self.declared(dataset, e, &mut found);
            into.push((found, only.cloned()));
        };
        match measure {
            Measure::Metric(name) => match self.model.metric(name).map(|m| (m, &m.kind)) {
                Some((
                    _,
                    MetricKind::Simple {
                        dataset,
                        aggregation,
                        expression: Some(e),
                        filter,
                    },
                )) if is_amount(*aggregation) => put(dataset, e, filter.as_ref()),
                Some((metric, _)) => {
                    for part in metric.parts() {
                        self.amounts(&Measure::Metric(part.to_string()), into);
                    }
                }
                None => {}
            },
            Measure::Aggregate { aggregation, field } if is_amount(*aggregation) => {
                put(
                    &field.dataset,
                    &Expression::Field(field.field.clone()),
                    None,
                );
            }
            Measure::ValueAt { field, .. } => {
                put(
                    &field.dataset,
                    &Expression::Field(field.field.clone()),
                    None,
                );
            }
            Measure::PerGroup {
                aggregation: Aggregation::Count,
                ..
            } => {}
            made => {
                for part in made.parts() {
                    self.amounts(part, into);
                }
            }
        }
    }

    /// Whether a measure is one number in each of the groups.
    pub(super) fn money(&mut self, measure: &Measure, one: &OneNumber<'_>) {
        let mut all = Vec::new();
        self.amounts(measure, &mut all);
        let mut currencies: Vec<&FieldCurrency> = Vec::new();
        for currency in all.iter().flat_map(|(found, _)| found) {
            if !currencies.contains(&currency) {
                currencies.push(currency);
            }
        }
        if currencies.len() > 1 {
            self.add(MIXED);
        }
        self.in_groups(measure, one, true);
    }

    /// `inside` says whether groups inside the measure are looked at, too.
    fn in_groups(&mut self, measure: &Measure, one: &OneNumber<'_>, inside: bool) {
        match measure {
            Measure::Where { measure, filter } => {
                let mut narrower = one.clone();
                narrower.filters.push(filter);
                self.in_groups(measure, &narrower, inside);
            }
            Measure::PerGroup {
                aggregation,
                measure,
                per,
            } => {
                if inside {
                    let mut each = one.clone();
                    each.groups.extend(per);
                    self.money(measure, &each);
                }
                if *aggregation != Aggregation::Count {
                    self.in_groups(measure, one, inside);
                }
            }
            Measure::Metric(_) | Measure::Aggregate { .. } | Measure::ValueAt { .. } => {
                let mut amounts = Vec::new();
                self.amounts(measure, &mut amounts);
                for (currencies, only) in amounts {
                    let told = currencies.iter().find_map(|c| match c {
                        FieldCurrency::Field(field) => Some(field),
                        FieldCurrency::Code(_) => None,
                    });
                    let Some(field) = told else { continue };
                    let grouped = one
                        .groups
                        .iter()
                        .any(|d| matches!(d, Dimension::Field(f) if same(f, field)));
                    let pinned = one.filters.iter().any(|f| leaves_one(f, field))
                        || only.as_ref().is_some_and(|f| declares_one(f, field));
                    if !grouped && !pinned {
                        self.add(MIXED);
                    }
                }
            }
            made => {
                for part in made.parts() {
                    self.in_groups(part, one, inside);
                }
            }
        }
    }

    /// The same of all numbers of a query: its measures, what they are shares and means of, and
    /// what groups are made by.
    pub(super) fn money_of(&mut self, query: &Query, shown: &[Part]) {
        let filters: Vec<&Filter> = query.filter.iter().collect();
        let picked = |indexes: &[usize]| -> Vec<&Dimension> {
            let found = indexes.iter().filter_map(|i| query.dimensions.get(*i));
            found.collect()
        };
        let all: Vec<usize> = (0..query.dimensions.len()).collect();
        let mut wholes: Vec<(Vec<&Dimension>, bool)> = vec![(picked(&all), true)];
        if let Some(share) = &query.share {
            wholes.push((picked(&share.within), !share.unfiltered));
        }
        if let Some(rank) = query.rank.as_ref().filter(|r| r.other.is_some()) {
            wholes.push((picked(&rank.per), true));
        }
        if shown
            .iter()
            .any(|p| matches!(p, Part::Contribution | Part::ShareOfChange))
        {
            let period: Vec<usize> = running(query).map(|r| r.0).into_iter().collect();
            wholes.push((picked(&period), true));
        }
        for (groups, filtered) in wholes {
            let one = OneNumber {
                groups,
                filters: if filtered {
                    filters.clone()
                } else {
                    Vec::new()
                },
            };
            for term in &query.metrics {
                self.money(&term.measure, &one);
            }
        }
        for having in &query.having {
            self.money_of_means(query, having);
        }
        let inner = query.metrics.iter().flat_map(|t| groups_inside(&t.measure));
        for dimension in query.dimensions.iter().chain(inner) {
            if let Dimension::Bucket { measure, per, .. } = dimension {
                let per = Dimension::Field(per.clone());
                let one = OneNumber {
                    groups: vec![&per],
                    filters: filters.clone(),
                };
                self.money(measure, &one);
            }
        }
    }

    fn money_of_means(&mut self, query: &Query, having: &Having) {
        let mut value = &having.value;
        while let Threshold::Times(_, inner) = value {
            value = inner;
        }
        let within = match value {
            Threshold::AverageOfGroups | Threshold::MedianOfGroups => Some(&[][..]),
            Threshold::AverageWithin(within) => Some(&within[..]),
            _ => None,
        };
        let fraction = matches!(
            having.on,
            Part::Pct | Part::Share | Part::Contribution | Part::ShareOfChange
        );
        if let (Some(within), false, Some(term)) =
            (within, fraction, query.metrics.get(having.metric))
        {
            let groups = within.iter().filter_map(|i| query.dimensions.get(*i));
            let one = OneNumber {
                groups: groups.collect(),
                filters: query.filter.iter().collect(),
            };
            // A mean of counts is none of amounts.
            self.in_groups(&term.measure, &one, false);
        }
        for other in &having.or {
            self.money_of_means(query, other);
        }
    }
}

/// Groups that measures inside a measure are computed for.
fn groups_inside(measure: &Measure) -> Vec<&Dimension> {
    let mut found: Vec<&Dimension> = match measure {
        Measure::PerGroup { per, .. } => per.iter().collect(),
        _ => Vec::new(),
    };
    for part in measure.parts() {
        found.extend(groups_inside(part));
    }
    found
}
