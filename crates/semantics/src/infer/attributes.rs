//! Numbers that belong to what is sold and not to its sale: a bottle's volume, a pack's size. Each row
//! of the product repeats them; they do not add up.

use super::entities::Determines;
use crate::{Additivity, Model, Role, Subject};

/// Rows of a product on the average, below which a repeated number proves nothing.
const REPEATS: u64 = 5;

/// Products at least.
const PRODUCTS: u64 = 5;

/// Share of the products that have one value only.
const ALWAYS: f64 = 0.98;

/// Lines of an order on the average, below which its totals are as good as those of lines.
const LINES: f64 = 1.05;

/// Marks amounts of whole orders that stand on each of their lines ("grand total"), where price and
/// quantity say what a line comes to.
pub(super) fn totals_of_orders(model: &mut Model, determines: &mut Determines<'_>) {
    for at in 0..model.datasets.len() {
        let dataset = &model.datasets[at];
        let has = |subject| {
            dataset
                .fields
                .iter()
                .any(|f| f.role == Role::Measure && f.subject == subject)
        };
        let order = dataset
            .fields
            .iter()
            .find(|f| f.subject == Subject::OrderNumber && dataset.primary_key != [f.name.clone()]);
        let (Some(order), Some(rows)) = (order, dataset.rows) else {
            continue;
        };
        let lines = rows as f64 / order.distinct.unwrap_or(rows).max(1) as f64;
        if lines < LINES || !has(Subject::UnitPrice) || !has(Subject::Quantity) {
            continue;
        }
        let repeated: Vec<String> = dataset
            .fields
            .iter()
            .filter(|f| {
                f.role == Role::Measure
                    && f.additivity == Additivity::Additive
                    && f.subject == Subject::Amount
                    && f.distinct <= order.distinct
            })
            .filter(|f| {
                determines(dataset, &order.name, &f.name).is_some_and(|share| share >= 0.999)
            })
            .map(|f| f.name.clone())
            .collect();
        let number = order.label.to_lowercase();
        for field in &mut model.datasets[at].fields {
            if repeated.contains(&field.name) {
                field.additivity = Additivity::Non;
                field.subject = Subject::Other;
                field.evidence = Some(format!(
                    "every line of one {number} repeats it: it is a total of the order and does not add up over lines"
                ));
            }
        }
    }
}

/// Marks them in tables of sales that name the product.
pub(super) fn settle(model: &mut Model, determines: &mut Determines<'_>) {
    let keys: Vec<_> = model
        .entities
        .iter()
        .filter(|e| matches!(e.name.as_str(), "product" | "item" | "article" | "sku"))
        .map(|e| e.key.clone())
        .collect();
    for key in keys {
        let Some(at) = model.datasets.iter().position(|d| d.name == key.dataset) else {
            continue;
        };
        let dataset = &model.datasets[at];
        let products = dataset.field(&key.field).and_then(|f| f.distinct);
        let (Some(products), Some(rows)) = (products, dataset.rows) else {
            continue;
        };
        if !dataset.is_fact || products < PRODUCTS || rows < products.saturating_mul(REPEATS) {
            continue;
        }
        let of_product: Vec<String> = dataset
            .fields
            .iter()
            .filter(|f| {
                f.role == Role::Measure
                    && f.additivity == Additivity::Additive
                    && f.subject == Subject::Other
                    // What a product determines has no more values than there are products.
                    && f.distinct.is_some_and(|d| d > 1 && d <= products)
            })
            .map(|f| f.name.clone())
            .filter(|f| determines(dataset, &key.field, f).is_some_and(|share| share >= ALWAYS))
            .collect();
        for field in &mut model.datasets[at].fields {
            if of_product.contains(&field.name) {
                field.additivity = Additivity::Non;
                field.evidence = Some(format!(
                    "each {} has one, whatever the row: it belongs to what is sold and does not add up",
                    key.field.replace('_', " ")
                ));
            }
        }
    }
}
