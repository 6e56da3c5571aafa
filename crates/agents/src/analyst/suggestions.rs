//! Questions that could follow, in the model's own words.

use super::Finding;
use query::{Dimension, Measure};
use semantics::{Aggregation, DataType, FieldRef, Role};

/// Up to three questions that the same model can answer.
pub(super) fn suggestions(finding: &Finding) -> Vec<String> {
    let mut out = Vec::new();
    let Some(term) = finding.query.metrics.first() else {
        return out;
    };
    let what = term.name.to_lowercase();
    let period = finding
        .query
        .time
        .as_ref()
        .and_then(|t| t.range.as_ref())
        .and_then(super::wording::during)
        .map(|p| format!(" {p}"))
        .unwrap_or_default();
    let grouped: Vec<&FieldRef> = finding
        .query
        .dimensions
        .iter()
        .filter_map(|d| {
            if let Dimension::Field(f) = d {
                Some(f)
            } else {
                None
            }
        })
        .collect();
    let over_time = finding
        .query
        .dimensions
        .iter()
        .any(super::wording::is_running);
    if let Some(label) = next_dimension(finding, &grouped) {
        out.push(format!("Show {what} by {label}{period}"));
    }
    if finding.query.time.is_some() || finding.model.default_time.is_some() {
        if !over_time {
            out.push(format!("Show {what} by month{period}"));
        }
        if finding.query.compare.is_none() && !period.is_empty() {
            out.push(format!("Compare {what}{period} with the year before"));
        }
    }
    if out.len() < 3
        && grouped.is_empty()
        && let Some(label) = next_dimension(finding, &grouped)
    {
        out.push(format!("Which {label} has the highest {what}{period}?"));
    }
    out.truncate(3);
    out
}

/// The coarsest dimension of the measure's own dataset, or one link away, that the query does
/// not use yet.
fn next_dimension(finding: &Finding, used: &[&FieldRef]) -> Option<String> {
    let model = finding.model;
    let home = home(finding)?;
    let mut datasets = vec![home.clone()];
    datasets.extend(
        model
            .relationships
            .iter()
            .filter(|r| r.from == home && r.unique)
            .map(|r| r.to.clone()),
    );
    let mut best: Option<(u64, String)> = None;
    for dataset in datasets.iter().filter_map(|d| model.dataset(d)) {
        for field in &dataset.fields {
            let distinct = field.distinct.unwrap_or(u64::MAX);
            let fits = field.role == Role::Dimension
                && field.data_type == DataType::Text
                && (2..=200).contains(&distinct)
                && !used
                    .iter()
                    .any(|u| u.dataset == dataset.name && u.field == field.name);
            if fits && best.as_ref().is_none_or(|(d, _)| distinct < *d) {
                best = Some((distinct, field.label.to_lowercase()));
            }
        }
    }
    best.map(|(_, label)| label)
}

fn home(finding: &Finding) -> Option<String> {
    fn of(measure: &Measure, model: &semantics::Model) -> Option<String> {
        match measure {
            Measure::Metric(name) => model.home_datasets(name).into_iter().next(),
            Measure::Aggregate { field, aggregation } => {
                let _: &Aggregation = aggregation;
                Some(field.dataset.clone())
            }
            Measure::Rows(dataset) => Some(dataset.clone()),
            Measure::Ratio { numerator, .. } => of(numerator, model),
            Measure::Difference { left, .. } => of(left, model),
            Measure::Where { measure, .. }
            | Measure::PerGroup { measure, .. }
            | Measure::Dated { measure, .. }
            | Measure::OrZero(measure) => of(measure, model),
            Measure::ValueAt { field, .. } | Measure::DaysSince { field, .. } => {
                Some(field.dataset.clone())
            }
            Measure::Opening(_)
            | Measure::Cumulative { .. }
            | Measure::SellThrough { .. }
            | Measure::WeeksOfSupply { .. } => of(measure.parts().first()?, model),
            Measure::BasketAttach { lines, .. } => Some(lines.clone()),
            Measure::CountOf(_) => None,
        }
    }
    of(&finding.query.metrics.first()?.measure, finding.model)
}
