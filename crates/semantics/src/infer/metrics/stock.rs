//! Stock: levels that stand, and what they are worth.

use super::builder::{Builder, field_of, level, sum};
use super::cost::{unit_cost, unit_price};
use crate::{Expression, Model, Role, Subject, Unit};

pub(super) fn add(model: &Model, b: &mut Builder) {
    let money = b.money.clone();
    for dataset in &model.datasets {
        let Some(on_hand) = dataset
            .fields
            .iter()
            .find(|f| f.role == Role::Measure && f.subject == Subject::Stock)
        else {
            continue;
        };
        let units = b.add(
            "stock_units",
            sum(dataset, field_of(&on_hand.name)),
            Unit::Count("units".into()),
            format!("sum of {}, as it stands", on_hand.label),
        );
        if let Some(metric) = units {
            level(metric);
        }
        let worth = |each: Expression| {
            sum(
                dataset,
                Expression::Multiply(vec![field_of(&on_hand.name), each]),
            )
        };
        let said = |each: &str| format!("{} × {}", on_hand.label, each.to_lowercase());
        let cost = unit_cost(model, dataset);
        let price = unit_price(model, dataset);
        let at_cost = cost.is_some();
        // Stock is worth what it cost, as far as that is known.
        if let Some((each, label)) = cost.or_else(|| price.clone())
            && let Some(metric) = b.add("stock_value", worth(each), money.clone(), said(&label))
        {
            level(metric);
            if at_cost {
                metric.label = "Stock value at cost".into();
                metric.synonyms.retain(|s| !s.contains("price"));
                for other in [
                    "stock value",
                    "stock at cost",
                    "inventory at cost",
                    "inventory value at cost",
                    "stock cost",
                ] {
                    metric.synonyms.push(other.into());
                }
            }
        }
        if let Some((each, label)) = price.filter(|_| at_cost)
            && let Some(metric) = b.add(
                "stock_value_at_price",
                worth(each),
                money.clone(),
                said(&label),
            )
        {
            level(metric);
        }
    }
}
