//! Stock: levels that stand, and what they are worth.

use super::builder::{Builder, count, field_of, level, sum};
use super::cost::{unit_cost, unit_price};
use crate::{Expression, Metric, Model, Role, Subject, Unit};

pub(super) fn add(model: &Model, b: &mut Builder) {
    levels(model, b);
    pieces(model, b);
}

/// Rows of an inventory without a quantity: each is one piece that is there. Where dates tell when it
/// came or went, it may be gone again.
fn pieces(model: &Model, b: &mut Builder) {
    let Some(dataset) = model.datasets.iter().find(|d| {
        let named = d
            .entity
            .split(' ')
            .all(|w| matches!(w, "inventory" | "stock" | "item" | "piece" | "unit"))
            && d.entity
                .split(' ')
                .any(|w| matches!(w, "inventory" | "stock"));
        let refers = |r: &&crate::Relationship| r.from == d.name;
        named
            && d.primary_key.len() == 1
            && d.event_time.is_none()
            && d.fields.iter().all(|f| {
                f.role != Role::Measure && (f.role != Role::Time || is_bookkeeping(&f.name))
            })
            && model.relationships.iter().filter(refers).count() > 0
    }) else {
        return;
    };
    let added = b.add(
        "stock_units",
        count(&dataset.name, None),
        Unit::Count("units".into()),
        format!("rows of {}, each being one piece", dataset.label),
    );
    if let Some(metric) = added {
        metric.synonyms.push("copy".into());
        metric.synonyms.push("copy in stock".into());
        metric.synonyms.push("piece in stock".into());
    }
}

/// Whether a date says when a record was written, and not what happened.
fn is_bookkeeping(name: &str) -> bool {
    name.split('_')
        .any(|w| matches!(w, "update" | "updated" | "modified" | "loaded"))
}

/// Names a value of stock by what it is reckoned with ("inventory value at cost").
fn named_by(metric: &mut Metric, each: &str) {
    let before =
        ["stock value", "inventory value", "stock", "inventory"].map(|w| format!("{w} at {each}"));
    let behind = ["stock", "the stock", "inventory", "the inventory"]
        .map(|w| format!("value of {w} at {each}"));
    for name in before.into_iter().chain(behind) {
        if !metric.synonyms.contains(&name) {
            metric.synonyms.push(name);
        }
    }
}

fn levels(model: &Model, b: &mut Builder) {
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
        let price_name = |label: &str| {
            let label = label.to_lowercase();
            if label.contains("list price") {
                "list price".into()
            } else {
                label
            }
        };
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
                named_by(metric, "cost");
                for other in ["stock value", "stock cost"] {
                    metric.synonyms.push(other.into());
                }
            } else {
                named_by(metric, &price_name(&label));
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
            named_by(metric, &price_name(&label));
        }
    }
}
