//! Purchases from suppliers: what was ordered and received, and at what cost.

use super::builder::{Builder, field_of, sum};
use super::cost::unit_cost;
use crate::{Expression, Field, Model, Role, Subject, Unit};

pub(super) fn add(model: &Model, home: Option<&str>, b: &mut Builder) {
    for dataset in &model.datasets {
        let buys = dataset.entity.split(' ').any(|w| {
            matches!(
                w,
                "purchase" | "purchasing" | "procurement" | "replenishment"
            )
        });
        if home == Some(dataset.name.as_str()) || !dataset.is_fact || !buys {
            continue;
        }
        let quantity = |words: &[&str]| -> Option<&Field> {
            dataset.fields.iter().find(|f| {
                f.role == Role::Measure
                    && f.subject == Subject::Quantity
                    && f.name.split('_').any(|w| words.contains(&w))
            })
        };
        let received = quantity(&["received", "delivered"]);
        let ordered = quantity(&["ordered", "order", "requested"]);
        let any = received.or(ordered).or_else(|| {
            dataset
                .fields
                .iter()
                .find(|f| f.role == Role::Measure && f.subject == Subject::Quantity)
        });
        if let (Some(q), Some((each, label))) = (any, unit_cost(model, dataset)) {
            let spend = Expression::Multiply(vec![field_of(&q.name), each]);
            b.add(
                "purchase_spend",
                sum(dataset, spend),
                b.money.clone(),
                format!("{} × {}", q.label, label.to_lowercase()),
            );
        }
        if let (Some(received), Some(ordered)) = (received, ordered) {
            for (name, field) in [
                ("purchased_units_received", received),
                ("purchased_units_ordered", ordered),
            ] {
                let added = b.add(
                    name,
                    sum(dataset, field_of(&field.name)),
                    Unit::Count("units".into()),
                    format!("sum of {}", field.label),
                );
                if let Some(metric) = added {
                    metric.label = field.label.clone();
                    // "Units" alone are those sold.
                    metric.synonyms = field
                        .synonyms
                        .iter()
                        .filter(|s| s.contains(' '))
                        .cloned()
                        .collect();
                }
            }
            b.ratio(
                "fill_rate",
                "purchased_units_received",
                "purchased_units_ordered",
                Unit::Fraction,
            );
        }
    }
}
