//! The planner: which queries an answer needs, and in which order.

use query::{Dimension, Filter, Order, OrderKey, Query};

/// A step before it is run.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) purpose: String,
    pub(crate) query: Query,
    /// Whether its rows are the answer.
    pub(crate) main: bool,
}

/// Splits a query into steps: sets that it selects from first, then the answer, then the ranking
/// behind a singular answer.
pub(crate) fn plan(query: &Query, restatement: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    sets(query.filter.as_ref(), &mut steps);
    steps.push(Step {
        purpose: restatement.to_string(),
        query: query.clone(),
        main: true,
    });
    if let Some(rank) = &query.rank
        && rank.n == 1
    {
        let mut behind = query.clone();
        behind.rank = None;
        behind.limit = Some(1000);
        behind.order = rank
            .per
            .iter()
            .map(|d| Order {
                key: OrderKey::Dimension(*d),
                direction: query::Direction::Ascending,
            })
            .collect();
        behind.order.push(Order {
            key: OrderKey::Metric(rank.by, rank.on),
            direction: rank.direction,
        });
        steps.push(Step {
            purpose: "the ranking behind it".into(),
            query: behind,
            main: false,
        });
    }
    steps
}

fn sets(filter: Option<&Filter>, steps: &mut Vec<Step>) {
    match filter {
        Some(Filter::And(list) | Filter::Or(list)) => {
            list.iter().for_each(|f| sets(Some(f), steps))
        }
        Some(Filter::Not(inner)) => sets(Some(inner), steps),
        Some(Filter::Members { query, .. }) if query.rank.is_some() => {
            let what = match query.dimensions.last() {
                Some(Dimension::Field(f)) => f.field.replace('_', " "),
                _ => "group".into(),
            };
            steps.push(Step {
                purpose: format!("the set that is asked about, by {what}"),
                query: (**query).clone(),
                main: false,
            });
        }
        _ => {}
    }
}
