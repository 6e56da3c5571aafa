//! Where revenue is.

use super::builder::{field_of, measure};
use crate::{Additivity, Dataset, Expression, Field, Model, Role, Subject, Unit};

/// The amount that sales add up to.
pub(super) struct Revenue {
    /// Index of the dataset whose rows carry it.
    pub(super) home: usize,
    pub(super) expression: Expression,
    /// Before discount, and what the discount took off, where rows tell.
    pub(super) discounted: Option<(Expression, Expression)>,
    pub(super) description: String,
    /// Whether a row is one piece, so that the rows are the units sold.
    pub(super) by_piece: bool,
}

struct Candidate {
    score: i32,
    revenue: Revenue,
}

/// An amount on the line, or price times quantity (less discount).
pub(super) fn find(model: &Model) -> Option<Revenue> {
    let mut best: Option<Candidate> = None;
    for (home, dataset) in model.datasets.iter().enumerate() {
        let mut candidates = of_dataset(home, dataset);
        if candidates.is_empty() {
            candidates.extend(by_list_price(model, home, dataset));
        }
        if candidates.is_empty() {
            candidates.extend(by_piece(model, home, dataset));
        }
        for mut candidate in candidates {
            candidate.score += standing(model, dataset);
            if best.as_ref().is_none_or(|b| candidate.score > b.score) {
                best = Some(candidate);
            }
        }
    }
    best.filter(|b| b.score >= 40).map(|b| b.revenue)
}

/// How much a dataset looks like the one of the sales.
fn standing(model: &Model, dataset: &Dataset) -> i32 {
    let mut score = 0;
    let dated = dataset.event_time.is_some()
        || model.relationships.iter().any(|r| {
            r.from == dataset.name && model.dataset(&r.to).is_some_and(|d| d.event_time.is_some())
        });
    if dated {
        score += 30;
    }
    if !dataset.is_fact {
        score -= 40;
    }
    let links = model
        .relationships
        .iter()
        .filter(|r| r.from == dataset.name)
        .count();
    score += (links.min(3) as i32) * 3;
    if measure(dataset, Subject::Quantity).is_some() {
        score += 8;
    }
    if [
        "payment",
        "budget",
        "target",
        "bonus",
        "purchase_order",
        "return",
        "refund",
    ]
    .iter()
    .any(|w| dataset.name.contains(w))
    {
        score -= 25;
    }
    score
}

/// Lines with a quantity whose price stands with the product.
fn by_list_price(model: &Model, home: usize, dataset: &Dataset) -> Option<Candidate> {
    let quantity = measure(dataset, Subject::Quantity).filter(|_| dataset.is_fact)?;
    let (price, label) = super::cost::unit_price(model, dataset)?;
    Some(Candidate {
        score: 50,
        revenue: Revenue {
            home,
            expression: Expression::Multiply(vec![field_of(&quantity.name), price]),
            discounted: None,
            description: format!("{} × {}", quantity.label, label.to_lowercase()),
            by_piece: false,
        },
    })
}

/// Lines with a price and no quantity: each is one piece, sold at that price.
fn by_piece(model: &Model, home: usize, dataset: &Dataset) -> Option<Candidate> {
    let price = measure(dataset, Subject::UnitPrice).filter(|_| dataset.is_fact)?;
    let product = |d: &Dataset| {
        d.entity
            .split(' ')
            .any(|w| matches!(w, "product" | "item" | "article" | "sku"))
            && !d.is_fact
    };
    let sold = measure(dataset, Subject::Quantity).is_none()
        && measure(dataset, Subject::Stock).is_none()
        && model
            .relationships
            .iter()
            .any(|r| r.from == dataset.name && model.dataset(&r.to).is_some_and(product));
    sold.then(|| Candidate {
        score: 58,
        revenue: Revenue {
            home,
            expression: field_of(&price.name),
            discounted: None,
            description: format!("sum of {}, each row being one piece", price.label),
            by_piece: true,
        },
    })
}

/// Whether a discount is written as percent (10 for a tenth).
fn in_percent(discount: &Field) -> bool {
    discount.unit != Unit::Fraction && discount.name.split('_').any(|w| w == "percent")
}

/// The part of the price that a discount takes off.
fn taken_off(discount: &Field) -> Expression {
    let field = field_of(&discount.name);
    if in_percent(discount) {
        Expression::Multiply(vec![field, Expression::Number(0.01)])
    } else {
        field
    }
}

fn less(discount: &Field) -> Expression {
    Expression::Subtract(
        Box::new(Expression::Number(1.0)),
        Box::new(taken_off(discount)),
    )
}

/// Of several prices the one that was paid: a net or discounted price before a unit price, and a list
/// price last.
fn price_paid(dataset: &Dataset) -> Option<&Field> {
    let rank = |f: &Field| {
        let says = |nouns: &[&str]| f.name.split('_').any(|w| nouns.contains(&w));
        if says(&["net", "paid", "final", "discounted", "actual", "sold"]) {
            0
        } else if f.subject == Subject::UnitPrice && !says(&["gross", "original", "regular"]) {
            1
        } else {
            2
        }
    };
    dataset
        .fields
        .iter()
        .filter(|f| {
            f.role == Role::Measure && matches!(f.subject, Subject::UnitPrice | Subject::ListPrice)
        })
        .min_by_key(|f| rank(f))
}

fn of_dataset(home: usize, dataset: &Dataset) -> Vec<Candidate> {
    let quantity = measure(dataset, Subject::Quantity);
    let price = price_paid(dataset);
    // A unit price or a list price is before its discount; a price that is only called so may be what
    // was paid, and a percentage beside it then only tells how it came about.
    let priced_before = price.is_some_and(|p| {
        p.subject == Subject::ListPrice || p.name.split('_').any(|w| w == "unit" || w == "list")
    });
    let discount = measure(dataset, Subject::Discount)
        .filter(|d| d.unit == Unit::Fraction || in_percent(d) && priced_before);
    let found = |score, expression, discounted, description| Candidate {
        score,
        revenue: Revenue {
            home,
            expression,
            discounted,
            description,
            by_piece: false,
        },
    };
    let mut candidates = Vec::new();
    let amounts = dataset.fields.iter().filter(|f| {
        f.role == Role::Measure
            && f.subject == Subject::Amount
            && f.additivity == Additivity::Additive
    });
    for amount in amounts {
        let mut score = 40;
        if ["sales", "revenue", "turnover", "net"]
            .iter()
            .any(|w| amount.name.contains(w))
        {
            score += 20;
        }
        if quantity.is_some() || dataset.is_fact {
            score += 10;
        }
        let whole = field_of(&amount.name);
        candidates.push(match discount {
            // An extended price is before discount.
            Some(d) if amount.name.contains("extended") => found(
                score + 25,
                Expression::Multiply(vec![whole.clone(), less(d)]),
                Some((
                    whole.clone(),
                    Expression::Multiply(vec![whole, taken_off(d)]),
                )),
                format!("{} less {}", amount.label, d.label.to_lowercase()),
            ),
            _ => found(score, whole, None, format!("sum of {}", amount.label)),
        });
    }
    // An amount that is there already needs no product.
    if let (Some(q), Some(p), true) = (quantity, price, candidates.is_empty()) {
        let factors = vec![field_of(&p.name), field_of(&q.name)];
        let times = |last: Expression| {
            let mut all = factors.clone();
            all.push(last);
            Expression::Multiply(all)
        };
        candidates.push(match discount {
            Some(d) => found(
                62,
                times(less(d)),
                Some((Expression::Multiply(factors.clone()), times(taken_off(d)))),
                format!(
                    "{} × {} × (1 − {})",
                    p.label,
                    q.label.to_lowercase(),
                    d.label.to_lowercase()
                ),
            ),
            None => found(
                60,
                Expression::Multiply(factors.clone()),
                None,
                format!("{} × {}", p.label, q.label.to_lowercase()),
            ),
        });
    }
    candidates
}
