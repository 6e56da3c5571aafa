//! Cancelled and returned orders in the table of the sales: by a status or a flag, or by rows that
//! count backwards (negative quantities; order numbers with a letter in front).

use super::builder::{Builder, aggregate, field_of};
use super::orders::Sales;
use crate::infer::naming::{label, plural, singular, words};
use crate::{
    Additivity, Aggregation, CaseBranch, DataType, Dataset, Expression, Field, FieldRef, Literal,
    MetricKind, Operator, Role, RowFilter, Subject, Unit,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cancelled,
    Returned,
}

impl Kind {
    fn stems(self) -> &'static [&'static str] {
        match self {
            Kind::Cancelled => &["cancel", "void", "annul"],
            Kind::Returned => &["return", "refund"],
        }
    }

    /// Name of the condition, and of the metrics.
    fn participle(self) -> &'static str {
        match self {
            Kind::Cancelled => "cancelled",
            Kind::Returned => "returned",
        }
    }

    /// Nouns for the condition, singular.
    fn words(self) -> &'static [&'static str] {
        match self {
            Kind::Cancelled => &["cancellation", "cancelation"],
            Kind::Returned => &["return", "refund"],
        }
    }

    fn rate(self) -> &'static str {
        match self {
            Kind::Cancelled => "cancellation_rate",
            Kind::Returned => "return_rate",
        }
    }
}

/// Rows that take a sale back.
struct Withdrawn {
    kind: Kind,
    dataset: String,
    filter: RowFilter,
    /// Whether their quantities and amounts are negative, so that sums are net of them already.
    negative: bool,
    why: String,
}

/// Most states that a status may have.
const STATES: u64 = 20;

/// Values that speak of a kind. "Not returned" does not.
fn states(samples: &[String], kind: Kind) -> Vec<String> {
    let mut found: Vec<String> = samples
        .iter()
        .filter(|v| {
            let low = v.to_lowercase();
            let denied = ["no ", "not ", "non", "never "]
                .iter()
                .any(|d| low.starts_with(d));
            !denied && kind.stems().iter().any(|s| low.contains(s))
        })
        .cloned()
        .collect();
    found.sort();
    found
}

fn by_status(
    dataset: &Dataset,
    kind: Kind,
    samples: &dyn Fn(&Dataset, &Field) -> Vec<String>,
) -> Option<Withdrawn> {
    dataset
        .fields
        .iter()
        .filter(|f| {
            f.role == Role::Dimension
                && f.data_type == DataType::Text
                && f.subject == Subject::Status
                && f.distinct.is_some_and(|d| d > 1 && d <= STATES)
        })
        .find_map(|f| {
            let values = states(&samples(dataset, f), kind);
            if values.is_empty() {
                return None;
            }
            Some(Withdrawn {
                kind,
                dataset: dataset.name.clone(),
                filter: RowFilter::one_of(FieldRef::new(&dataset.name, &f.name), &values),
                negative: false,
                why: format!("{} is {}", f.label, values.join(" or ")),
            })
        })
}

/// "is_returned", "return flag": a yes or no that says it, or one of few letters.
fn by_flag(
    dataset: &Dataset,
    kind: Kind,
    samples: &dyn Fn(&Dataset, &Field) -> Vec<String>,
) -> Option<Withdrawn> {
    dataset.fields.iter().find_map(|f| {
        let said = f.name.split('_').all(|w| {
            kind.stems().iter().any(|s| w.starts_with(s))
                || matches!(
                    w,
                    "is" | "was" | "has" | "been" | "flag" | "order" | "item" | "sale" | "line"
                )
        });
        let named = kind.stems().iter().any(|s| f.name.contains(s));
        if !said || !named {
            return None;
        }
        let value = match f.data_type {
            DataType::Boolean => Literal::Bool(true),
            DataType::Integer
                if f.role == Role::Dimension
                    && f.min.as_deref() == Some("0")
                    && f.max.as_deref() == Some("1") =>
            {
                Literal::Integer(1)
            }
            DataType::Text if f.distinct.is_some_and(|d| d > 1 && d <= STATES) => {
                Literal::Text(letter_for(kind, &samples(dataset, f))?)
            }
            _ => return None,
        };
        Some(Withdrawn {
            kind,
            dataset: dataset.name.clone(),
            filter: RowFilter::Compare {
                field: FieldRef::new(&dataset.name, &f.name),
                op: Operator::Eq,
                value,
            },
            negative: false,
            why: format!("{} says so", f.label),
        })
    })
}

/// The letter of a flag that stands for the kind: its first one ("R" beside "A" and "N"), or that of
/// "yes".
fn letter_for(kind: Kind, values: &[String]) -> Option<String> {
    if values.iter().any(|v| v.chars().count() != 1) {
        return None;
    }
    let first = kind.participle().chars().next()?.to_uppercase().to_string();
    [first.as_str(), "Y"]
        .iter()
        .find_map(|letter| values.iter().find(|v| v.eq_ignore_ascii_case(letter)))
        .cloned()
}

/// A table of what was taken back, with a row for each order that was: the sale has one there.
fn by_table(model: &crate::Model, home: &Dataset, kind: Kind) -> Option<Withdrawn> {
    let listed = model.relationships.iter().find(|r| {
        let speaks = |d: &Dataset| {
            d.entity
                .split(' ')
                .any(|w| kind.stems().iter().any(|s| w.starts_with(s)))
        };
        r.from == home.name && r.unique && model.dataset(&r.to).is_some_and(speaks)
    })?;
    let key = listed.to_fields.first()?;
    let to = model.dataset(&listed.to)?;
    Some(Withdrawn {
        kind,
        dataset: home.name.clone(),
        filter: RowFilter::Not(Box::new(RowFilter::IsNull {
            field: FieldRef::new(&to.name, key),
        })),
        negative: false,
        why: format!("{} has a row for it", to.label),
    })
}

fn below_zero(field: &Field) -> bool {
    field
        .min
        .as_deref()
        .and_then(|m| m.parse::<f64>().ok())
        .is_some_and(|m| m < 0.0)
}

/// Order numbers with a letter in front beside plain ones: the condition, and the letter.
fn lettered(home: &Dataset) -> Option<(RowFilter, char)> {
    let number = home.fields.iter().find(|f| {
        let numbers = f.subject == Subject::OrderNumber
            || matches!(f.name.as_str(), "invoice" | "order" | "receipt" | "bill");
        numbers && f.data_type == DataType::Text
    })?;
    let first = |text: &Option<String>| text.as_deref().and_then(|t| t.chars().next());
    let letter = first(&number.max).filter(char::is_ascii_uppercase)?;
    first(&number.min).filter(char::is_ascii_digit)?;
    let field = FieldRef::new(&home.name, &number.name);
    let side = |op, bound: char| RowFilter::Compare {
        field: field.clone(),
        op,
        value: Literal::Text(bound.to_string()),
    };
    let after = char::from(u8::try_from(letter).ok()?.checked_add(1)?);
    Some((
        RowFilter::And(vec![side(Operator::Ge, letter), side(Operator::Lt, after)]),
        letter,
    ))
}

/// Rows that count backwards.
fn by_sign(home: &Dataset, revenue: &Expression) -> Option<Withdrawn> {
    let quantity = home
        .fields
        .iter()
        .find(|f| f.role == Role::Measure && f.subject == Subject::Quantity);
    let amount = match revenue {
        Expression::Field(name) => home.field(name),
        _ => None,
    };
    let backwards = [quantity, amount]
        .into_iter()
        .flatten()
        .find(|f| below_zero(f))?;
    let (kind, filter, why) = match lettered(home) {
        Some((filter, letter)) => (
            if letter == 'R' {
                Kind::Returned
            } else {
                Kind::Cancelled
            },
            filter,
            format!(
                "numbers begin with {letter} where {} is negative",
                backwards.label.to_lowercase()
            ),
        ),
        None => (
            Kind::Returned,
            RowFilter::Compare {
                field: FieldRef::new(&home.name, &backwards.name),
                op: Operator::Lt,
                value: Literal::Integer(0),
            },
            format!("{} is negative", backwards.label),
        ),
    };
    Some(Withdrawn {
        kind,
        dataset: home.name.clone(),
        filter,
        negative: true,
        why,
    })
}

/// Adds the metrics; what comes back are yes-or-no fields that say which rows are withdrawn, each
/// with its dataset.
pub(super) fn add(
    sales: &Sales<'_>,
    revenue: &Expression,
    samples: &dyn Fn(&Dataset, &Field) -> Vec<String>,
    b: &mut Builder,
) -> Vec<(String, Field)> {
    let home = sales.dataset;
    let order_home = b.get("orders").and_then(|m| match &m.kind {
        MetricKind::Simple { dataset, .. } => sales.model.dataset(dataset),
        _ => None,
    });
    let mut places = vec![home];
    // The header of the lines may say it.
    if let Some(header) = order_home.filter(|d| {
        sales
            .model
            .relationships
            .iter()
            .any(|r| r.from == home.name && r.to == d.name)
    }) {
        places.insert(0, header);
    }
    let mut found: Vec<Withdrawn> = Vec::new();
    for kind in [Kind::Cancelled, Kind::Returned] {
        found.extend(
            places
                .iter()
                .find_map(|d| by_status(d, kind, samples).or_else(|| by_flag(d, kind, samples)))
                .or_else(|| by_table(sales.model, home, kind)),
        );
    }
    if found.is_empty() {
        found.extend(by_sign(home, revenue));
    }
    let alone = found.len() == 1;
    let mut fields = Vec::new();
    for withdrawn in &found {
        // One way of taking back goes by all its names.
        let both = alone && withdrawn.negative;
        metrics(sales, revenue, withdrawn, both, b);
        fields.extend(condition(sales, withdrawn, both, b));
    }
    before_or_after(sales, revenue, &found, b);
    fields
}

fn metrics(
    sales: &Sales<'_>,
    revenue: &Expression,
    withdrawn: &Withdrawn,
    both: bool,
    b: &mut Builder,
) {
    let home = sales.dataset;
    let said = withdrawn.kind.participle();
    let only = || Some(withdrawn.filter.clone());
    if let Some(orders) = b.get("orders").cloned()
        && let MetricKind::Simple {
            dataset,
            aggregation,
            expression,
            ..
        } = &orders.kind
    {
        // Lines say it, orders are counted: by the orders that the lines refer to.
        let kind = if *dataset == withdrawn.dataset {
            Some(aggregate(dataset, *aggregation, expression.clone(), only()))
        } else {
            sales
                .model
                .relationships
                .iter()
                .find(|r| {
                    r.from == withdrawn.dataset && r.to == *dataset && r.from_fields.len() == 1
                })
                .map(|r| {
                    aggregate(
                        &r.from,
                        Aggregation::CountDistinct,
                        Some(field_of(&r.from_fields[0])),
                        only(),
                    )
                })
        };
        if let Some(kind) = kind {
            let name = format!("{said}_orders");
            let added = b.add(
                &name,
                kind,
                orders.unit.clone(),
                format!("{} where {}", orders.label, withdrawn.why),
            );
            if let (Some(metric), Unit::Count(noun)) = (added, &orders.unit) {
                metric.label = label(&[said.to_string(), noun.clone()]);
                if both {
                    metric.synonyms.extend(
                        [
                            "credit note",
                            "credit",
                            "return",
                            "refund",
                            "returned order",
                        ]
                        .map(str::to_string),
                    );
                }
            }
            b.ratio(withdrawn.kind.rate(), &name, "orders", Unit::Fraction);
            if both
                && let Some(rate) = b
                    .metrics
                    .iter_mut()
                    .find(|m| m.name == withdrawn.kind.rate())
            {
                for other in [
                    "return rate",
                    "refund rate",
                    "cancellation rate",
                    "credit rate",
                ] {
                    if !rate.label.eq_ignore_ascii_case(other) {
                        rate.synonyms.push(other.into());
                    }
                }
            }
        }
    }
    let quantity = home.fields.iter().find(|f| {
        f.role == Role::Measure
            && f.subject == Subject::Quantity
            && f.additivity == Additivity::Additive
    });
    if let Some(q) = quantity {
        let pieces = if withdrawn.negative {
            Expression::Absolute(Box::new(field_of(&q.name)))
        } else {
            field_of(&q.name)
        };
        let added = b.add(
            &format!("{said}_units"),
            aggregate(&home.name, Aggregation::Sum, Some(pieces), only()),
            Unit::Count("units".into()),
            format!("sum of {} where {}", q.label, withdrawn.why),
        );
        if let Some(metric) = added.filter(|_| both) {
            metric.synonyms.extend(
                [
                    "returned unit",
                    "unit returned",
                    "unit refunded",
                    "unit credited",
                ]
                .map(str::to_string),
            );
        }
    }
    let added = b.add(
        &format!("{said}_value"),
        aggregate(&home.name, Aggregation::Sum, Some(revenue.clone()), only()),
        b.money.clone(),
        format!("revenue of the rows where {}", withdrawn.why),
    );
    if let Some(metric) = added.filter(|_| both) {
        metric.synonyms.extend(
            [
                "value of returns",
                "value of refunds",
                "value of credits",
                "return value",
                "refund value",
                "refund amount",
                "credit value",
                "credited amount",
                "amount refunded",
            ]
            .map(str::to_string),
        );
    }
}

/// The condition as a field: "excluding cancellations", "returned items".
fn condition(
    sales: &Sales<'_>,
    withdrawn: &Withdrawn,
    both: bool,
    b: &Builder,
) -> Option<(String, Field)> {
    let dataset = sales.model.dataset(&withdrawn.dataset)?;
    // A field reads its own rows only.
    if withdrawn
        .filter
        .fields()
        .iter()
        .any(|f| f.dataset != dataset.name)
    {
        return None;
    }
    // A noun: "never cancelled" says more than that a row is no cancellation.
    let name = format!("is_{}", withdrawn.kind.words()[0]);
    if dataset.fields.iter().any(|f| f.name == name) {
        return None;
    }
    let mut synonyms: Vec<String> = withdrawn
        .kind
        .words()
        .iter()
        .map(|w| (*w).to_string())
        .collect();
    if both {
        for kind in [Kind::Cancelled, Kind::Returned] {
            synonyms.extend(kind.words().iter().map(|w| (*w).to_string()));
        }
        synonyms.extend(["credit", "credit note"].map(str::to_string));
    }
    let mut nouns = vec!["order".to_string(), "sale".into(), "item".into()];
    if let Some(Unit::Count(noun)) = b.get("orders").map(|m| &m.unit) {
        nouns.push(singular(noun));
    }
    let kinds = if both {
        vec![Kind::Cancelled, Kind::Returned]
    } else {
        vec![withdrawn.kind]
    };
    for noun in &nouns {
        synonyms.extend(kinds.iter().map(|k| format!("{} {noun}", k.participle())));
    }
    let mut seen = std::collections::BTreeSet::new();
    synonyms.retain(|s| seen.insert(s.clone()));
    let otherwise = Some(Box::new(Expression::Number(0.0)));
    Some((
        withdrawn.dataset.clone(),
        Field {
            label: label(&words(&name)),
            name,
            expression: Expression::Case {
                branches: vec![CaseBranch {
                    when: withdrawn.filter.clone(),
                    then: Expression::Number(1.0),
                }],
                otherwise,
            },
            data_type: DataType::Integer,
            role: Role::Dimension,
            synonyms,
            distinct: Some(2),
            nulls: Some(0),
            min: Some("0".into()),
            max: Some("1".into()),
            evidence: Some(withdrawn.why.clone()),
            ..Field::default()
        },
    ))
}

/// Revenue without the rows that are taken back, beside the revenue that has them all.
fn before_or_after(sales: &Sales<'_>, revenue: &Expression, found: &[Withdrawn], b: &mut Builder) {
    let Some(first) = found.first() else { return };
    let without = RowFilter::Not(Box::new(match found {
        [one] => one.filter.clone(),
        several => RowFilter::Or(several.iter().map(|w| w.filter.clone()).collect()),
    }));
    let said: Vec<&str> = found.iter().map(|w| w.why.as_str()).collect();
    let nouns: Vec<String> = found.iter().map(|w| plural(w.kind.words()[0])).collect();
    let name = match (first.negative, first.kind) {
        (false, _) => "net_revenue",
        (true, Kind::Cancelled) => "revenue_before_cancellations",
        (true, Kind::Returned) => "revenue_before_returns",
    };
    // "Net" and "gross" are told apart here, unless a discount does it.
    let discounted = b.has("gross_revenue");
    let taken: &[&str] = match (discounted, first.negative) {
        (true, _) => &[],
        (false, true) => &["gross sales", "gross revenue", "gross turnover"],
        (false, false) => &["net sales", "net turnover"],
    };
    let added = b.add(
        name,
        aggregate(
            &sales.dataset.name,
            Aggregation::Sum,
            Some(revenue.clone()),
            Some(without),
        ),
        b.money.clone(),
        format!("revenue without the rows where {}", said.join(" or ")),
    );
    if let Some(metric) = added {
        metric
            .synonyms
            .extend(taken.iter().map(|t| (*t).to_string()));
    }
    if let Some(whole) = b.metrics.iter_mut().find(|m| m.name == "revenue") {
        whole.synonyms.retain(|s| !taken.contains(&s.as_str()));
        if first.negative {
            for noun in ["cancellation", "return", "refund", "credit"] {
                for way in ["net of", "after", "less"] {
                    whole.synonyms.push(format!("{way} {noun}"));
                    whole.synonyms.push(format!("revenue {way} {noun}"));
                    whole.synonyms.push(format!("sales {way} {noun}"));
                }
            }
            whole.description = format!("{}, net of {}", whole.description, nouns.join(" and "));
        }
    }
}
