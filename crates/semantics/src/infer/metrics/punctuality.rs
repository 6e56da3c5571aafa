//! On time and late, where a row has a promised date beside the actual one (see
//! [`crate::infer::dates`], which makes the fields).

use super::builder::{Builder, aggregate, count, field_of};
use crate::infer::dates::DAYS_LATE;
use crate::infer::naming::{label, plural};
use crate::{
    Aggregation, Dataset, FieldRef, Literal, MetricKind, Model, Operator, RowFilter, Unit,
};

pub(super) fn add(model: &Model, home: Option<&str>, b: &mut Builder) {
    let orders = b.get("orders").and_then(|m| match &m.kind {
        MetricKind::Simple { dataset, .. } => {
            Some((dataset.clone(), m.kind.clone(), m.unit.clone()))
        }
        _ => None,
    });
    let mut dated: Vec<&Dataset> = model
        .datasets
        .iter()
        .filter(|d| d.field(DAYS_LATE).is_some())
        .collect();
    // The orders of customers first, then the sales, then whatever else is promised.
    dated.sort_by_key(|d| {
        if orders.as_ref().is_some_and(|(o, ..)| *o == d.name) {
            0
        } else {
            2 - i32::from(home == Some(d.name.as_str()))
        }
    });
    let Some(dataset) = dated.first() else { return };
    let late = FieldRef::new(&dataset.name, DAYS_LATE);
    let days = |op| RowFilter::Compare {
        field: late.clone(),
        op,
        value: Literal::Integer(0),
    };
    // The order is what is late, where its lines are the rows.
    let counted = match &orders {
        Some((
            home,
            MetricKind::Simple {
                aggregation,
                expression,
                ..
            },
            unit,
        )) if *home == dataset.name => Some((*aggregation, expression.clone(), unit.clone())),
        _ => None,
    };
    let noun = match &counted {
        Some((_, _, Unit::Count(noun))) => noun.clone(),
        _ if dataset.entity.is_empty() => "orders".into(),
        _ => plural(&dataset.entity),
    };
    let kind = |filter| match &counted {
        Some((aggregation, expression, _)) => aggregate(
            &dataset.name,
            *aggregation,
            expression.clone(),
            Some(filter),
        ),
        None => count(&dataset.name, Some(filter)),
    };
    let unit = Unit::Count(noun.clone());
    for (name, said, filter, description) in [
        (
            "late_orders",
            "late",
            days(Operator::Gt),
            "completed after the promised day",
        ),
        (
            "on_time_orders",
            "on time",
            days(Operator::Le),
            "completed on the promised day or before",
        ),
        (
            "orders_with_both_dates",
            "completed and promised",
            RowFilter::Not(Box::new(RowFilter::IsNull {
                field: late.clone(),
            })),
            "with a promised and an actual date",
        ),
    ] {
        let added = b.add(
            name,
            kind(filter),
            unit.clone(),
            format!("{noun} {description}"),
        );
        if let Some(metric) = added {
            metric.label = match said {
                "late" => label(&["late".into(), noun.clone()]),
                _ => label(&[noun.clone(), said.to_string()]),
            };
            if said == "late" {
                let own = format!("late {}", dataset.entity);
                if !metric.synonyms.contains(&own) {
                    metric.synonyms.push(own);
                }
            }
        }
    }
    b.ratio(
        "late_rate",
        "late_orders",
        "orders_with_both_dates",
        Unit::Fraction,
    );
    b.ratio(
        "on_time_rate",
        "on_time_orders",
        "orders_with_both_dates",
        Unit::Fraction,
    );
    let delay = aggregate(
        &dataset.name,
        Aggregation::Average,
        Some(field_of(DAYS_LATE)),
        Some(days(Operator::Gt)),
    );
    b.add(
        "average_days_late",
        delay,
        Unit::Days,
        format!("mean days after the promised day of the {noun} that are late"),
    );
    if let Some(part) = b
        .metrics
        .iter_mut()
        .find(|m| m.name == "orders_with_both_dates")
    {
        part.access = crate::Access::Part;
    }
}
