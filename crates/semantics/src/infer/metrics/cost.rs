//! What sales cost: a column of their rows, or a unit cost times the quantity, looked up where it
//! stands with the product.

use super::builder::{Builder, field_of, measure, sum};
use crate::infer::columns::is_currency;
use crate::{
    Additivity, Dataset, Expression, Field, FieldRef, MetricKind, Model, Role, Subject, Unit,
};

/// Words of a column that holds the cost of one piece.
const OF_ONE: &[&str] = &[
    "unit",
    "each",
    "cost",
    "costs",
    "price",
    "product",
    "item",
    "standard",
    "average",
    "current",
    "buy",
    "buying",
    "purchase",
    "wholesale",
    "cogs",
    "per",
    "landed",
];

/// Whether a dataset's rows are called by one of these nouns.
fn is_called(dataset: &Dataset, nouns: &[&str]) -> bool {
    dataset.entity.split(' ').any(|w| nouns.contains(&w))
}

/// A field of a subject in what a dataset refers to many-to-one that holds a figure of one piece.
fn of_one_piece(model: &Model, dataset: &Dataset, subjects: &[Subject]) -> Option<FieldRef> {
    model
        .relationships
        .iter()
        .filter(|r| r.from == dataset.name && r.to != dataset.name)
        .filter_map(|r| model.dataset(&r.to))
        .filter(|d| !d.is_fact || is_called(d, &["product", "item", "article", "sku"]))
        .find_map(|d| {
            subjects.iter().find_map(|subject| {
                d.fields
                    .iter()
                    .find(|f| {
                        f.role == Role::Measure
                            && f.subject == *subject
                            && (*subject != Subject::Cost
                                || f.name
                                    .split('_')
                                    .all(|w| OF_ONE.contains(&w) || is_currency(w)))
                    })
                    .map(|f| FieldRef::new(&d.name, &f.name))
            })
        })
}

/// What one piece costs to buy, as an expression over the rows of a dataset, with its name.
pub(super) fn unit_cost(model: &Model, dataset: &Dataset) -> Option<(Expression, String)> {
    let own = dataset.fields.iter().find(|f| {
        f.role == Role::Measure && f.subject == Subject::Cost && f.additivity == Additivity::Non
    });
    // In a table of things every cost is that of one piece.
    let own = own.or_else(|| measure(dataset, Subject::Cost).filter(|_| !dataset.is_fact));
    priced(model, dataset, own, &[Subject::Cost])
}

/// What one piece sells for.
pub(super) fn unit_price(model: &Model, dataset: &Dataset) -> Option<(Expression, String)> {
    let own = dataset.fields.iter().find(|f| {
        f.role == Role::Measure && matches!(f.subject, Subject::ListPrice | Subject::UnitPrice)
    });
    priced(
        model,
        dataset,
        own,
        &[Subject::ListPrice, Subject::UnitPrice],
    )
}

fn priced(
    model: &Model,
    dataset: &Dataset,
    own: Option<&Field>,
    subjects: &[Subject],
) -> Option<(Expression, String)> {
    if let Some(field) = own {
        return Some((field_of(&field.name), field.label.clone()));
    }
    let field = of_one_piece(model, dataset, subjects)?;
    let label = model.field(&field)?.label.clone();
    Some((Expression::Lookup(field), label))
}

/// Cost, profit and margin of the sales.
pub(super) fn add(model: &Model, home: &Dataset, b: &mut Builder) {
    let money = b.money.clone();
    if let Some(profit) = measure(home, Subject::Profit) {
        b.add(
            "profit",
            sum(home, field_of(&profit.name)),
            money.clone(),
            format!("sum of {}", profit.label),
        );
    }
    let stated = home.fields.iter().find(|f| {
        f.role == Role::Measure
            && f.subject == Subject::Cost
            && f.additivity == Additivity::Additive
    });
    let cost = match stated {
        Some(c) => Some((field_of(&c.name), format!("sum of {}", c.label))),
        None => measure(home, Subject::Quantity).and_then(|q| {
            let (each, label) = unit_cost(model, home)?;
            Some((
                Expression::Multiply(vec![field_of(&q.name), each]),
                format!("{} × {}", q.label, label.to_lowercase()),
            ))
        }),
    };
    if let Some((expression, description)) = cost {
        b.add("cost", sum(home, expression), money.clone(), description);
        let kind = MetricKind::Difference {
            left: "revenue".into(),
            right: "cost".into(),
        };
        b.add("profit", kind, money, "revenue minus cost");
    }
    b.ratio("margin", "profit", "revenue", Unit::Fraction);
    called_by_its_profit(home, b);
}

/// "Operating margin" is operating profit over sales, and so is a column of that name.
fn called_by_its_profit(home: &Dataset, b: &mut Builder) {
    let Some(profit) = measure(home, Subject::Profit).map(|f| f.name.replace('_', " ")) else {
        return;
    };
    let kind = profit
        .replace("profit", "")
        .replace("income", "")
        .trim()
        .to_string();
    let rates = home.fields.iter().filter(|f| {
        f.role == Role::Measure
            && f.additivity == Additivity::Non
            && f.name.split('_').any(|w| w == "margin")
    });
    let mut names: Vec<String> = rates.map(|f| f.label.to_lowercase()).collect();
    if !kind.is_empty() {
        names.push(format!("{kind} margin"));
        names.push(format!("{kind} profit margin"));
    }
    if let Some(margin) = b.metrics.iter_mut().find(|m| m.name == "margin") {
        for name in names {
            if !margin.synonyms.contains(&name) {
                margin.synonyms.push(name);
            }
        }
    }
}
