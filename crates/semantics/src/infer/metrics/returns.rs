//! Returns in a table of their own.

use super::builder::{Builder, count, field_of, measure, sum};
use super::revenue::Revenue;
use crate::{Dataset, Expression, FieldRef, Model, Subject, Unit};

/// Words of a table of returns.
const RETURNS: &[&str] = &["return", "refund", "returned"];

pub(super) fn add(model: &Model, revenue: &Revenue, b: &mut Builder) {
    let home = &model.datasets[revenue.home];
    let Some(returns) = model
        .datasets
        .iter()
        .find(|d| d.name != home.name && d.entity.split(' ').any(|w| RETURNS.contains(&w)))
    else {
        return;
    };
    let pieces = match measure(returns, Subject::Quantity) {
        Some(q) => Some((
            sum(returns, field_of(&q.name)),
            format!("sum of {}", q.label),
        )),
        // One return of one piece, where a sale is one too.
        None if revenue.by_piece => Some((
            count(&returns.name, None),
            format!("rows of {}, each being one piece", returns.label),
        )),
        None => None,
    };
    if let Some((kind, description)) = pieces {
        let added = b.add(
            "returned_units",
            kind,
            Unit::Count("units".into()),
            description,
        );
        // Where returns are a table, "the most returned product" can mean nothing else.
        if let Some(metric) = added {
            for other in ["returned", "brought back", "sent back"] {
                metric.synonyms.push(other.into());
            }
        }
        b.ratio("return_rate", "returned_units", "units", Unit::Fraction);
    } else if let Some(kind) = orders(model, returns, b) {
        b.add(
            "returned_orders",
            kind,
            Unit::Count("orders".into()),
            format!("orders in {}", returns.label),
        );
        b.ratio("return_rate", "returned_orders", "orders", Unit::Fraction);
    }
    if let Some((expression, description)) = value(model, home, returns, revenue) {
        let added = b.add(
            "returned_value",
            sum(returns, expression),
            b.money.clone(),
            description,
        );
        if let Some(metric) = added {
            for other in ["refunded", "paid back", "given back"] {
                metric.synonyms.push(other.into());
            }
        }
    }
    // A sale without a return is no missing rate.
    if let Some(rate) = b.metrics.iter_mut().find(|m| m.name == "return_rate") {
        rate.numerator_empty = crate::Empty::Zero;
    }
}

/// Distinct orders that the returns refer to.
fn orders(model: &Model, returns: &Dataset, b: &Builder) -> Option<crate::MetricKind> {
    let crate::MetricKind::Simple { dataset, .. } = &b.get("orders")?.kind else {
        return None;
    };
    let link = model
        .relationships
        .iter()
        .find(|r| r.from == returns.name && r.to == *dataset && r.from_fields.len() == 1)?;
    Some(super::builder::aggregate(
        &returns.name,
        crate::Aggregation::CountDistinct,
        Some(field_of(&link.from_fields[0])),
        None,
    ))
}

/// What was paid back: an amount of the return, or that of the sale that it refers to.
fn value(
    model: &Model,
    home: &Dataset,
    returns: &Dataset,
    revenue: &Revenue,
) -> Option<(Expression, String)> {
    if let Some(amount) = measure(returns, Subject::Amount) {
        return Some((field_of(&amount.name), format!("sum of {}", amount.label)));
    }
    // What comes back is paid back at the price that it is sold for, where sales are reckoned so.
    if let (Expression::Multiply(factors), Some(pieces)) =
        (&revenue.expression, measure(returns, Subject::Quantity))
        && let [Expression::Field(_), Expression::Lookup(price)] = &factors[..]
        && model
            .relationships
            .iter()
            .any(|r| r.from == returns.name && r.to == price.dataset)
    {
        let each = Expression::Lookup(price.clone());
        let label = model.field(price)?.label.to_lowercase();
        return Some((
            Expression::Multiply(vec![field_of(&pieces.name), each]),
            format!("{} × {label}", pieces.label),
        ));
    }
    let Expression::Field(amount) = &revenue.expression else {
        return None;
    };
    model
        .relationships
        .iter()
        .any(|r| r.from == returns.name && r.to == home.name)
        .then(|| {
            (
                Expression::Lookup(FieldRef::new(&home.name, amount)),
                format!("revenue of the sales that {} refers to", returns.label),
            )
        })
}
