//! What kind of answer a typed query gives.

use answer::Intent;
use query::{Dimension, Filter, Measure, Part, Query};

fn has_members(filter: Option<&Filter>) -> bool {
    match filter {
        Some(Filter::And(list) | Filter::Or(list)) => list.iter().any(|f| has_members(Some(f))),
        Some(Filter::Not(inner)) => has_members(Some(inner)),
        Some(Filter::Members { .. }) => true,
        _ => false,
    }
}

/// Whether a measure is about levels of stock by its form.
fn on_stock(measure: &Measure) -> bool {
    matches!(
        measure,
        Measure::SellThrough { .. } | Measure::WeeksOfSupply { .. } | Measure::Opening(_)
    )
}

/// The intent of a query.
pub(crate) fn of(query: &Query) -> Intent {
    if query.basket.is_some() {
        return Intent::Basket;
    }
    if query.cohort.is_some() {
        return Intent::Cohort;
    }
    if query.sets.is_some() {
        return Intent::Set;
    }
    if query.rows.is_some() || query.metrics.is_empty() {
        return Intent::List;
    }
    if query.decompose.is_some() {
        return Intent::Drivers;
    }
    if query.metrics.iter().any(|t| on_stock(&t.measure)) {
        return Intent::Stock;
    }
    for dimension in &query.dimensions {
        match dimension {
            Dimension::NewOrReturning { .. } => return Intent::Cohort,
            Dimension::Band { .. } => return Intent::Distribution,
            _ => {}
        }
    }
    if let Some(compare) = &query.compare {
        let growth = compare.comparable.is_some()
            || query
                .rank
                .as_ref()
                .is_some_and(|r| matches!(r.on, Part::Pct | Part::Delta))
            || compare.show.first() != Some(&Part::Value);
        return if growth {
            Intent::Growth
        } else {
            Intent::Comparison
        };
    }
    if query.rank.is_some() {
        return Intent::Ranking;
    }
    if query.share.is_some() {
        return Intent::Share;
    }
    if has_members(query.filter.as_ref())
        || query
            .metrics
            .iter()
            .any(|t| matches!(t.measure, Measure::CountOf(_)))
    {
        return Intent::Set;
    }
    let running = query
        .dimensions
        .iter()
        .any(|d| matches!(d, Dimension::Time(g) if !g.is_cyclic()));
    if running {
        return Intent::Trend;
    }
    if query
        .dimensions
        .iter()
        .any(|d| matches!(d, Dimension::Time(_) | Dimension::Bucket { .. }))
    {
        return Intent::Distribution;
    }
    if query.metrics.iter().any(|t| matches!(&t.measure, Measure::Ratio { numerator, .. } if matches!(**numerator, Measure::Where { .. }))) {
        return Intent::Share;
    }
    if !query.dimensions.is_empty() {
        return Intent::Breakdown;
    }
    if query
        .metrics
        .iter()
        .any(|t| matches!(t.measure, Measure::Ratio { .. }))
    {
        return Intent::Ratio;
    }
    Intent::Point
}

/// The intent of that name.
pub(crate) fn named(name: &str) -> Option<Intent> {
    serde_json::from_value(serde_json::Value::String(name.into())).ok()
}
