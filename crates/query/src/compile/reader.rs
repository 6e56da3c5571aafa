//! Who asks, and what they may see.
//!
//! Rows are taken away where a table is read ([`super::scope`]), so that no part of a statement
//! can read them: not a sub-query, not a look-up, not a link. Fields and metrics are taken away
//! before anything is compiled, by a walk over the whole query.

use super::Context;
use super::scope::Scope;
use crate::{
    Banded, Decompose, Dimension, Filter, Measure, OrderKey, Query, QueryError, Threshold,
};
use semantics::{Aggregation, Expression, FieldRef, Literal, Metric, Model, Policy};
use std::collections::BTreeMap;

/// A person or program that asks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reader {
    /// Groups (roles) that the reader belongs to; what any of their policies shows is visible. A
    /// reader none of whose groups has a policy sees nothing of a model that has policies.
    pub groups: Vec<String>,
    /// Values that row policies compare with, by name.
    pub attributes: BTreeMap<String, Vec<Literal>>,
}

/// The policies that hold for a reader; `None` where nothing is restricted.
pub(super) fn policies<'m>(
    model: &'m Model,
    reader: &Reader,
) -> Result<Option<Vec<&'m Policy>>, QueryError> {
    if model.policies.is_empty() {
        return Ok(None);
    }
    let own: Vec<&Policy> = model
        .policies
        .iter()
        .filter(|p| reader.groups.contains(&p.group))
        .collect();
    if own.is_empty() {
        return Err(QueryError::AccessDenied(
            "the model shows nothing to these groups".into(),
        ));
    }
    Ok(Some(own))
}

/// The condition on the rows of a scope's home that the reader may see; `None` for all rows.
pub(super) fn visible<'m>(
    policies: &[&'m Policy],
    context: &Context<'m>,
    scope: &mut Scope<'m>,
) -> Result<Option<String>, QueryError> {
    let mut groups = Vec::new();
    for policy in policies {
        let mut conditions = Vec::new();
        for row in &policy.rows {
            // It holds for the datasets that reach all of its fields.
            let mut reaches = true;
            for field in row.fields() {
                match context.graph.reach(&scope.home.name, field) {
                    Ok(_) => {}
                    Err(QueryError::NoPath { .. }) => reaches = false,
                    Err(e) => return Err(e),
                }
            }
            if reaches {
                conditions.push(scope.declared(&[], row)?);
            }
        }
        if conditions.is_empty() {
            return Ok(None);
        }
        groups.push(conditions.join(" AND "));
    }
    Ok(match &groups[..] {
        [] => None,
        [only] => Some(only.clone()),
        many => Some(format!("(({}))", many.join(") OR ("))),
    })
}

/// What a use of a field shows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Its values, or which rows have them.
    Values,
    /// How many there are.
    Count,
}

/// The check of one query.
struct Check<'c, 'm> {
    context: &'c Context<'m>,
    policies: &'c [&'m Policy],
}

/// Refuses what the reader may not see.
pub(super) fn check(
    policies: &[&Policy],
    context: &Context,
    query: &Query,
) -> Result<(), QueryError> {
    Check { context, policies }.query(query)
}

/// Refuses to show, or to compare, the values of a field that the query does not name itself: the
/// time of the rows that it counts.
pub(super) fn shows(
    policies: &[&Policy],
    context: &Context,
    field: &FieldRef,
) -> Result<(), QueryError> {
    Check { context, policies }.field(field, Use::Values)
}

impl Check<'_, '_> {
    /// Whether every policy of the reader says so: what one of them shows is visible.
    fn all(&self, says: impl Fn(&Policy) -> bool) -> bool {
        self.policies.iter().all(|p| says(p))
    }

    fn field(&self, field: &FieldRef, how: Use) -> Result<(), QueryError> {
        let same = |other: &FieldRef| other.dataset == field.dataset && other.field == field.field;
        if self.all(|p| p.hidden_fields.iter().any(same)) {
            return Err(QueryError::UnknownField(field.to_string()));
        }
        if how == Use::Values && self.all(|p| p.masked_fields.iter().any(same)) {
            return Err(QueryError::AccessDenied(format!(
                "the values of {field} are not shown"
            )));
        }
        if let Some(known) = self.context.graph.field(field) {
            self.expression(&field.dataset, &field.field, &known.expression, how)?;
        }
        Ok(())
    }

    /// Fields that an expression is computed from.
    fn expression(
        &self,
        dataset: &str,
        own: &str,
        e: &Expression,
        how: Use,
    ) -> Result<(), QueryError> {
        for name in e.fields() {
            if name != own {
                self.field(&FieldRef::new(dataset, name), how)?;
            }
        }
        for field in e
            .lookups()
            .into_iter()
            .chain(e.conditions().into_iter().flat_map(|c| c.fields()))
        {
            if field.dataset != dataset || field.field != own {
                self.field(field, how)?;
            }
        }
        Ok(())
    }

    fn metric(&self, metric: &Metric, depth: usize) -> Result<(), QueryError> {
        use semantics::MetricKind;
        if self.all(|p| p.hidden_metrics.contains(&metric.name)) || depth > 50 {
            return Err(QueryError::UnknownMetric(metric.name.clone()));
        }
        match &metric.kind {
            MetricKind::Simple {
                dataset,
                aggregation,
                expression,
                filter,
            } => {
                let how = counting(*aggregation);
                if let Some(e) = expression {
                    self.expression(dataset, "", e, how)?;
                }
                for field in filter.iter().flat_map(|f| f.fields()) {
                    self.field(field, Use::Values)?;
                }
            }
            MetricKind::BasketAttach {
                basket,
                base,
                attach,
                ..
            } => {
                self.field(basket, Use::Count)?;
                for field in base.fields().into_iter().chain(attach.fields()) {
                    self.field(field, Use::Values)?;
                }
            }
            _ => {}
        }
        for part in metric.parts() {
            if let Some(part) = self.context.model.metric(part) {
                self.metric(part, depth + 1)?;
            }
        }
        Ok(())
    }

    fn measure(&self, measure: &Measure) -> Result<(), QueryError> {
        match measure {
            Measure::Metric(name) => match self.context.model.metric(name) {
                Some(metric) => self.metric(metric, 0),
                None => Ok(()),
            },
            Measure::Aggregate { aggregation, field } => self.field(field, counting(*aggregation)),
            Measure::Rows(_) => Ok(()),
            Measure::Ratio {
                numerator: a,
                denominator: b,
            }
            | Measure::Difference { left: a, right: b } => {
                self.measure(a)?;
                self.measure(b)
            }
            Measure::Where { measure, filter } => {
                self.measure(measure)?;
                self.filter(filter)
            }
            Measure::PerGroup { measure, per, .. } => {
                self.measure(measure)?;
                per.iter().try_for_each(|d| self.grouped(d))
            }
            Measure::CountOf(query) => self.query(query),
            Measure::ValueAt { field, by, .. } => {
                self.field(field, Use::Values)?;
                self.field(by, Use::Values)
            }
            Measure::Dated { measure, by } => {
                self.field(by, Use::Values)?;
                self.measure(measure)
            }
            Measure::OrZero(measure) => self.measure(measure),
            Measure::Opening(_)
            | Measure::Cumulative { .. }
            | Measure::SellThrough { .. }
            | Measure::WeeksOfSupply { .. } => measure
                .parts()
                .into_iter()
                .try_for_each(|p| self.measure(p)),
            Measure::BasketAttach {
                basket,
                base,
                attach,
                ..
            } => {
                self.field(basket, Use::Count)?;
                self.filter(base)?;
                self.filter(attach)
            }
            Measure::DaysSince { field, .. } => self.field(field, Use::Values),
        }
    }

    /// A dimension that groups are made by but that is not shown.
    fn grouped(&self, dimension: &Dimension) -> Result<(), QueryError> {
        match dimension {
            Dimension::Field(field) => self.field(field, Use::Count),
            other => self.dimension(other),
        }
    }

    fn dimension(&self, dimension: &Dimension) -> Result<(), QueryError> {
        match dimension {
            Dimension::Field(field) | Dimension::TimeOf { field, .. } => {
                self.field(field, Use::Values)
            }
            Dimension::Time(_) => Ok(()),
            Dimension::Bucket { measure, per, .. } => {
                self.measure(measure)?;
                self.field(per, Use::Count)
            }
            Dimension::Band { of, .. } => match of {
                Banded::Field(field) => self.field(field, Use::Values),
                Banded::Query(query) => self.members(query),
            },
            Dimension::NewOrReturning { entity, event, .. } => {
                self.field(entity, Use::Count)?;
                self.field(event, Use::Values)
            }
        }
    }

    fn filter(&self, filter: &Filter) -> Result<(), QueryError> {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().try_for_each(|p| self.filter(p)),
            Filter::Not(inner) => self.filter(inner),
            Filter::Compare { field, .. }
            | Filter::In { field, .. }
            | Filter::Contains { field, .. }
            | Filter::IsNull { field }
            | Filter::During { field, .. }
            | Filter::Cycle { field, .. } => self.field(field, Use::Values),
            Filter::CompareFields { left, right, .. } => {
                self.field(left, Use::Values)?;
                self.field(right, Use::Values)
            }
            // Which keys are members says nothing of the keys themselves.
            Filter::Members { field, query } => {
                self.field(field, Use::Count)?;
                self.members(query)
            }
            Filter::CompareQuery { field, query, .. } => {
                self.field(field, Use::Values)?;
                self.query(query)
            }
        }
    }

    /// A query of which only the members are used, and not shown.
    fn members(&self, query: &Query) -> Result<(), QueryError> {
        let mut hidden = query.clone();
        if let Some(first) = hidden.dimensions.first() {
            self.grouped(first)?;
            hidden.dimensions.remove(0);
        } else if let Some(rows) = &mut hidden.rows
            && !rows.fields.is_empty()
        {
            self.field(&rows.fields.remove(0), Use::Count)?;
        }
        self.query(&hidden)
    }

    fn query(&self, query: &Query) -> Result<(), QueryError> {
        query
            .metrics
            .iter()
            .try_for_each(|t| self.measure(&t.measure))?;
        query
            .dimensions
            .iter()
            .try_for_each(|d| self.dimension(d))?;
        if let Some(rows) = &query.rows {
            let ranked = rows.rank.iter().flat_map(|r| r.per.iter().chain([&r.by]));
            for field in rows.fields.iter().chain(ranked) {
                self.field(field, Use::Values)?;
            }
        }
        if let Some(sets) = &query.sets {
            sets.queries.iter().try_for_each(|q| self.query(q))?;
        }
        if let Some(basket) = &query.basket {
            self.field(&basket.basket, Use::Count)?;
            self.field(&basket.item, Use::Values)?;
            for side in [&basket.first, &basket.second].into_iter().flatten() {
                self.filter(side)?;
            }
        }
        if let Some(cohort) = &query.cohort {
            self.field(&cohort.entity, Use::Count)?;
            self.field(&cohort.event, Use::Values)?;
            if let Some(term) = &cohort.measure {
                self.measure(&term.measure)?;
            }
        }
        if let Some(Decompose::PriceVolumeMix(mix)) = &query.decompose {
            self.measure(&mix.value.measure)?;
            self.measure(&mix.quantity)?;
            mix.per.iter().try_for_each(|d| self.grouped(d))?;
        }
        if let Some(time) = &query.time {
            self.field(&time.field, Use::Values)?;
        }
        if let Some(filter) = &query.filter {
            self.filter(filter)?;
        }
        let mut open: Vec<&crate::Having> = query.having.iter().collect();
        while let Some(having) = open.pop() {
            open.extend(&having.or);
            let mut value = &having.value;
            while let Threshold::Times(_, inner) = value {
                value = inner;
            }
            if let Threshold::Query(query) = value {
                self.query(query)?;
            }
        }
        for order in &query.order {
            if let OrderKey::Field(field) = &order.key {
                self.field(field, Use::Values)?;
            }
        }
        Ok(())
    }
}

fn counting(aggregation: Aggregation) -> Use {
    match aggregation {
        Aggregation::Count | Aggregation::CountDistinct => Use::Count,
        _ => Use::Values,
    }
}
