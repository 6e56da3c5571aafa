//! Plans: several queries, of which later ones use earlier ones.

use super::{Banded, Decompose, Dimension, Filter, Having, Measure, Query, Threshold};
use crate::QueryError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One query of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unique in the plan, not empty.
    pub id: String,
    /// What it is for, in words for people.
    #[serde(default)]
    pub purpose: String,
    /// The query. Wherever it holds a sub-query, `{"step": id}` stands for the query of an
    /// earlier step.
    pub query: Query,
}

/// Several queries in order. The last one answers the question; the others are shown beside it
/// and may be used by later ones: as members ("of those …"), as one number ("more than that"),
/// or as a set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// One at least.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The queries of the steps with every reference replaced by what it refers to, so that each
    /// can be compiled by itself.
    ///
    /// # Errors
    /// `E_UNKNOWN_STEP` for a reference to no earlier step; `E_MALFORMED_QUERY` for a plan without
    /// steps, an id that is empty or taken, a step that is nothing but a reference, and a
    /// reference with anything beside it.
    pub fn resolved(&self) -> Result<Vec<Query>, QueryError> {
        if self.steps.is_empty() {
            return Err(QueryError::Malformed("a plan needs a step".into()));
        }
        let mut known: BTreeMap<&str, Query> = BTreeMap::new();
        let mut queries = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            if step.id.is_empty() || known.contains_key(step.id.as_str()) {
                return Err(QueryError::Malformed(format!(
                    "the id `{}` of a step is empty or taken",
                    step.id
                )));
            }
            if step.query.step.is_some() {
                return Err(QueryError::Malformed(format!(
                    "the step `{}` only repeats another",
                    step.id
                )));
            }
            let mut query = step.query.clone();
            filled(&mut query, &known)?;
            known.insert(&step.id, query.clone());
            queries.push(query);
        }
        Ok(queries)
    }
}

/// Replaces the references in a query.
fn filled(query: &mut Query, known: &BTreeMap<&str, Query>) -> Result<(), QueryError> {
    if let Some(id) = query.step.take() {
        if *query != Query::default() {
            return Err(QueryError::Malformed(format!(
                "a reference to the step `{id}` has nothing beside it"
            )));
        }
        *query = known
            .get(id.as_str())
            .cloned()
            .ok_or(QueryError::UnknownStep(id))?;
        return Ok(());
    }
    query.subqueries(&mut |inner| filled(inner, known))
}

/// What is done to a sub-query.
type Visit<'v> = dyn FnMut(&mut Query) -> Result<(), QueryError> + 'v;

impl Query {
    /// Visits every query directly inside this one, left to right; queries inside those are left
    /// to the visitor.
    pub(crate) fn subqueries(&mut self, visit: &mut Visit) -> Result<(), QueryError> {
        for term in &mut self.metrics {
            measure(&mut term.measure, visit)?;
        }
        for d in &mut self.dimensions {
            dimension(d, visit)?;
        }
        if let Some(over) = &mut self.filter {
            filter(over, visit)?;
        }
        for having in &mut self.having {
            condition(having, visit)?;
        }
        if let Some(sets) = &mut self.sets {
            sets.queries.iter_mut().try_for_each(&mut *visit)?;
        }
        if let Some(basket) = &mut self.basket {
            for side in [&mut basket.first, &mut basket.second]
                .into_iter()
                .flatten()
            {
                filter(side, visit)?;
            }
        }
        if let Some(Decompose::PriceVolumeMix(mix)) = &mut self.decompose {
            measure(&mut mix.value.measure, visit)?;
            measure(&mut mix.quantity, visit)?;
            mix.per.iter_mut().try_for_each(|d| dimension(d, visit))?;
        }
        if let Some(term) = self.cohort.as_mut().and_then(|c| c.measure.as_mut()) {
            measure(&mut term.measure, visit)?;
        }
        Ok(())
    }
}

fn measure(of: &mut Measure, visit: &mut Visit) -> Result<(), QueryError> {
    for part in of.parts_mut() {
        measure(part, visit)?;
    }
    match of {
        Measure::Where { filter: over, .. } => filter(over, visit),
        Measure::PerGroup { per, .. } => per.iter_mut().try_for_each(|d| dimension(d, visit)),
        Measure::BasketAttach { base, attach, .. } => {
            filter(base, visit)?;
            filter(attach, visit)
        }
        Measure::CountOf(query) => visit(query),
        _ => Ok(()),
    }
}

fn dimension(of: &mut Dimension, visit: &mut Visit) -> Result<(), QueryError> {
    match of {
        Dimension::Field(_)
        | Dimension::Time(_)
        | Dimension::TimeOf { .. }
        | Dimension::NewOrReturning { .. } => Ok(()),
        Dimension::Bucket { measure: of, .. } => measure(of, visit),
        Dimension::Band {
            of: Banded::Query(query),
            ..
        } => visit(query),
        Dimension::Band { .. } => Ok(()),
    }
}

fn filter(of: &mut Filter, visit: &mut Visit) -> Result<(), QueryError> {
    match of {
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter_mut().try_for_each(|p| filter(p, visit))
        }
        Filter::Not(inner) => filter(inner, visit),
        Filter::Members { query, .. } | Filter::CompareQuery { query, .. } => visit(query),
        Filter::Compare { .. }
        | Filter::CompareFields { .. }
        | Filter::In { .. }
        | Filter::Contains { .. }
        | Filter::IsNull { .. }
        | Filter::During { .. }
        | Filter::Cycle { .. } => Ok(()),
    }
}

fn condition(of: &mut Having, visit: &mut Visit) -> Result<(), QueryError> {
    threshold(&mut of.value, visit)?;
    of.or.iter_mut().try_for_each(|h| condition(h, visit))
}

fn threshold(of: &mut Threshold, visit: &mut Visit) -> Result<(), QueryError> {
    match of {
        Threshold::Query(query) => visit(query),
        Threshold::Times(_, of) => threshold(of, visit),
        Threshold::Number(_)
        | Threshold::AverageOfGroups
        | Threshold::AverageWithin(_)
        | Threshold::MedianOfGroups
        | Threshold::Metric(_)
        | Threshold::Part(..) => Ok(()),
    }
}
