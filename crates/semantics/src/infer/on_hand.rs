//! Tables that say by their name that a quantity in them is what stands in stock.

use super::columns::level_names;
use crate::{Additivity, DataType, Field, Role, Subject, Unit};

/// Words of a table of stock.
const STOCK: &[&str] = &["stock", "inventory", "on hand"];

/// Words of tables that hold what goes in and out, which adds up.
const MOVEMENTS: &[&str] = &[
    "movement",
    "transaction",
    "adjustment",
    "transfer",
    "receipt",
    "order",
    "sale",
    "sales",
    "change",
    "log",
    "history",
    "in",
    "out",
];

/// The quantity of a table that is called "stocks" or "store inventory" is a level: what there is, and
/// nothing that happened. Only one quantity can be meant.
pub(super) fn name(fields: &mut [Field], entity: &str) {
    let words: Vec<&str> = entity.split(' ').collect();
    let stock = STOCK.iter().any(|s| {
        let s: Vec<&str> = s.split(' ').collect();
        words.windows(s.len()).any(|w| w == s)
    });
    if !stock || words.iter().any(|w| MOVEMENTS.contains(w)) {
        return;
    }
    if fields
        .iter()
        .any(|f| f.subject == Subject::Stock && f.role == Role::Measure)
    {
        return;
    }
    let mut quantities = fields.iter_mut().filter(|f| {
        f.role == Role::Measure
            && f.subject == Subject::Quantity
            && f.data_type != DataType::Text
            && f.name.split('_').all(|w| {
                matches!(
                    w,
                    "quantity" | "units" | "unit" | "pieces" | "available" | "current"
                )
            })
    });
    if let (Some(quantity), None) = (quantities.next(), quantities.next()) {
        quantity.subject = Subject::Stock;
        quantity.additivity = Additivity::Semi;
        quantity.unit = Unit::Count("units".into());
        quantity.synonyms = level_names();
        quantity.evidence = Some(format!(
            "the quantity of a table of {entity}; a level, which adds up over items but not over time"
        ));
    }
}
