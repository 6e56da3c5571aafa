//! The numbers that retailers expect, where their parts exist.

use super::naming::plural;
use crate::{
    Access, Additivity, Aggregation, Dataset, Expression, Field, FieldRef, Metric, MetricKind,
    Model, Role, RowFilter, Subject, Unit,
};

const REVENUE: &[&str] = &[
    "sales",
    "revenue",
    "turnover",
    "takings",
    "income",
    "sale",
    "sales amount",
    "sales value",
    "total sales",
    "money",
    "business",
    "sales revenue",
    "dollar sales",
    "sales figure",
    "net sales",
    "gross sales",
    "spend",
    "spending",
    "earnings",
    "amount sold",
    "value of order",
    "order total value",
    "money made",
    "sales volume in money",
    "taking",
];
const UNITS: &[&str] = &[
    "unit",
    "quantity",
    "unit sold",
    "piece",
    "item sold",
    "volume",
    "units sold",
    "unit sales",
    "unit sale",
    "quantity sold",
    "number of unit",
    "number of item",
    "piece sold",
    "item",
];
const AOV: &[&str] = &[
    "aov",
    "average order value",
    "basket value",
    "average basket",
    "average basket value",
    "average ticket",
    "avg ticket",
    "avg order value",
    "ticket",
    "ticket size",
    "order value",
    "average spend per transaction",
    "average spend per order",
    "average transaction value",
    "mean order value",
    "average basket size",
    "average sale per order",
    "avg basket value",
    "avg basket",
    "spend per transaction",
    "spend per order",
    "revenue per order",
    "sales per order",
    "average order size",
    "atv",
];
const PRICE: &[&str] = &[
    "average selling price",
    "average price per unit",
    "selling price per unit",
    "average selling price per unit",
    "asp",
    "aur",
    "price per unit",
    "average unit price",
    "avg selling price",
    "avg price per unit",
    "average price",
];
const MARGIN: &[&str] = &[
    "profit margin",
    "margin %",
    "profit margin %",
    "margin percent",
    "profitability",
    "gross margin",
    "margin rate",
    "profit ratio",
    "profit percentage",
    "profit rate",
];

fn measure(dataset: &Dataset, subject: Subject) -> Option<&Field> {
    dataset
        .fields
        .iter()
        .find(|f| f.role == Role::Measure && f.subject == subject)
}

fn field_of(name: &str) -> Expression {
    Expression::Field(name.to_string())
}

struct Builder {
    metrics: Vec<Metric>,
}

impl Builder {
    #[expect(clippy::too_many_arguments, reason = "one row of a table of metrics")]
    fn add(
        &mut self,
        name: &str,
        label: &str,
        kind: MetricKind,
        additivity: Additivity,
        unit: Unit,
        synonyms: &[&str],
        description: String,
        up: Option<bool>,
    ) {
        if self.metrics.iter().any(|m| m.name == name) {
            return;
        }
        let evidence = match &kind {
            MetricKind::Simple {
                dataset,
                expression: Some(e),
                ..
            } => {
                let mut read = e.fields();
                read.dedup();
                format!("{dataset} has {}", read.join(", "))
            }
            MetricKind::Simple { dataset, .. } => format!("a row of {dataset} is one"),
            MetricKind::Ratio {
                numerator: a,
                denominator: b,
            }
            | MetricKind::Difference { left: a, right: b } => format!("there is {a} and {b}"),
            _ => String::new(),
        };
        self.metrics.push(Metric {
            label: label.into(),
            additivity,
            access: if additivity == Additivity::Semi {
                Access::Private
            } else {
                Access::Public
            },
            evidence: Some(evidence).filter(|e| !e.is_empty()),
            unit,
            synonyms: synonyms.iter().map(|s| (*s).to_string()).collect(),
            description,
            up_is_good: up,
            ..Metric::new(name, kind)
        });
    }

    fn ratio(
        &mut self,
        name: &str,
        label: &str,
        above: &str,
        below: &str,
        unit: Unit,
        synonyms: &[&str],
    ) {
        if self.metrics.iter().any(|m| m.name == above)
            && self.metrics.iter().any(|m| m.name == below)
        {
            let kind = MetricKind::Ratio {
                numerator: above.into(),
                denominator: below.into(),
            };
            self.add(
                name,
                label,
                kind,
                Additivity::Non,
                unit,
                synonyms,
                format!("{above} divided by {below}, each added up first"),
                None,
            );
        }
    }
}

fn sum(dataset: &Dataset, expression: Expression) -> MetricKind {
    MetricKind::Simple {
        dataset: dataset.name.clone(),
        aggregation: Aggregation::Sum,
        expression: Some(expression),
        filter: None,
    }
}

/// Adds metrics, the default metric and the default time.
pub(super) fn add(model: &mut Model) {
    let mut b = Builder {
        metrics: Vec::new(),
    };
    let money = Unit::Money(model.currency.clone());
    if let Some((home, expression, gross, words)) = revenue(model) {
        let dataset = &model.datasets[home];
        b.add(
            "revenue",
            "Revenue",
            sum(dataset, expression),
            Additivity::Additive,
            money.clone(),
            REVENUE,
            words,
            Some(true),
        );
        if let Some((gross, given)) = gross {
            b.add(
                "gross_revenue",
                "Gross revenue",
                sum(dataset, gross),
                Additivity::Additive,
                money.clone(),
                &[
                    "gross sales before discount",
                    "sales before discount",
                    "revenue before discount",
                    "list sales",
                ],
                "price times quantity, before discount".into(),
                Some(true),
            );
            b.add(
                "discount_amount",
                "Discount given",
                sum(dataset, given),
                Additivity::Additive,
                money.clone(),
                &[
                    "discount amount",
                    "discounts given",
                    "discount value",
                    "money given away in discount",
                ],
                "what discounts took off".into(),
                Some(false),
            );
            b.ratio(
                "discount_rate",
                "Discount rate",
                "discount_amount",
                "gross_revenue",
                Unit::Fraction,
                &["discount share of sales", "effective discount"],
            );
        }
        if let Some(q) = measure(dataset, Subject::Quantity) {
            b.add(
                "units",
                "Units",
                sum(dataset, field_of(&q.name)),
                Additivity::Additive,
                Unit::Count("units".into()),
                UNITS,
                format!("sum of {}", q.label),
                Some(true),
            );
        }
        if let Some(p) = measure(dataset, Subject::Profit) {
            b.add(
                "profit",
                "Profit",
                sum(dataset, field_of(&p.name)),
                Additivity::Additive,
                money.clone(),
                &[
                    "earnings",
                    "gross profit",
                    "net profit",
                    "total profit",
                    "money made",
                    "bottom line",
                ],
                format!("sum of {}", p.label),
                Some(true),
            );
        } else if let Some(c) = dataset.fields.iter().find(|f| {
            f.role == Role::Measure
                && f.subject == Subject::Cost
                && f.additivity == Additivity::Additive
        }) {
            b.add(
                "cost",
                "Cost",
                sum(dataset, field_of(&c.name)),
                Additivity::Additive,
                money.clone(),
                &["cost of goods", "cogs", "cost of sales"],
                format!("sum of {}", c.label),
                Some(false),
            );
            b.add(
                "profit",
                "Profit",
                MetricKind::Difference {
                    left: "revenue".into(),
                    right: "cost".into(),
                },
                Additivity::Additive,
                money.clone(),
                &["gross profit", "earnings", "gross margin amount"],
                "revenue minus cost".into(),
                Some(true),
            );
        }
        b.ratio(
            "margin",
            "Margin",
            "profit",
            "revenue",
            Unit::Fraction,
            MARGIN,
        );
        orders(model, home, &mut b);
        // Where a row is an order, one without an amount is no order of amount zero.
        let by_row = b
            .metrics
            .iter()
            .find(|m| m.name == "orders")
            .is_some_and(|m| match &m.kind {
                MetricKind::Simple {
                    dataset: d,
                    aggregation: Aggregation::Count,
                    ..
                } => *d == dataset.name,
                MetricKind::Simple {
                    dataset: d,
                    expression: Some(Expression::Field(f)),
                    ..
                } => *d == dataset.name && dataset.primary_key == [f.clone()],
                _ => false,
            });
        let amount = b
            .metrics
            .iter()
            .find(|m| m.name == "revenue")
            .and_then(|m| match &m.kind {
                MetricKind::Simple { expression, .. } => expression.clone(),
                _ => None,
            });
        if let (true, Some(amount)) = (by_row, amount) {
            let kind = MetricKind::Simple {
                dataset: dataset.name.clone(),
                aggregation: Aggregation::Average,
                expression: Some(amount),
                filter: None,
            };
            b.add(
                "average_order_value",
                "Average order value",
                kind,
                Additivity::Non,
                money.clone(),
                AOV,
                "mean amount of the orders that have one".into(),
                Some(true),
            );
        }
        b.ratio(
            "average_order_value",
            "Average order value",
            "revenue",
            "orders",
            money.clone(),
            AOV,
        );
        b.ratio(
            "units_per_order",
            "Units per order",
            "units",
            "orders",
            Unit::Plain,
            &[
                "item per order",
                "unit per basket",
                "basket size in unit",
                "units per transaction",
                "unit per transaction",
                "upt",
                "items per basket",
                "quantity per order",
                "product per order",
                "average unit per order",
                "average item per order",
            ],
        );
        b.ratio(
            "average_price",
            "Average selling price",
            "revenue",
            "units",
            money.clone(),
            PRICE,
        );
        b.ratio(
            "revenue_per_customer",
            "Revenue per customer",
            "revenue",
            "customers",
            money.clone(),
            &[
                "sales per customer",
                "spend per customer",
                "average spend per customer",
                "average revenue per customer",
                "turnover per customer",
                "average customer spend",
                "avg spend per customer",
                "income per customer",
            ],
        );
        b.ratio(
            "orders_per_customer",
            "Orders per customer",
            "orders",
            "customers",
            Unit::Plain,
            &[
                "order frequency",
                "purchase frequency",
                "average order per customer",
                "transaction per customer",
            ],
        );
        b.ratio(
            "profit_per_order",
            "Profit per order",
            "profit",
            "orders",
            money.clone(),
            &["average profit per order", "avg profit per order"],
        );
    }
    headers(model, &mut b, &money);
    stock(model, &mut b, &money);
    rates(model, &mut b);
    model.default_metric = b
        .metrics
        .iter()
        .find(|m| m.name == "revenue")
        .map(|m| m.name.clone());
    let revenue_home = b
        .metrics
        .iter()
        .find(|m| m.name == "revenue")
        .and_then(|m| match &m.kind {
            MetricKind::Simple { dataset, .. } => Some(dataset.clone()),
            _ => None,
        });
    model.default_time = default_time(model, revenue_home.as_deref());
    model.metrics = b.metrics;
    rows(model);
}

/// Rows of tables that are no entity (pairs, events without a key of their own) can be counted too.
fn rows(model: &mut Model) {
    if model.datasets.len() < 2 {
        return;
    }
    let mut found = Vec::new();
    for dataset in &model.datasets {
        let known = model
            .entities
            .iter()
            .any(|e| e.dataset.as_ref() == Some(&dataset.name))
            || model.metrics.iter().any(|m| {
                matches!(&m.kind, MetricKind::Simple { dataset: d, aggregation: Aggregation::Count, expression: None, filter: None } if *d == dataset.name)
            });
        let taken = model.entities.iter().any(|e| e.name == dataset.entity);
        if known || taken || dataset.entity.is_empty() {
            continue;
        }
        let noun = plural(&dataset.entity);
        let kind = MetricKind::Simple {
            dataset: dataset.name.clone(),
            aggregation: Aggregation::Count,
            expression: None,
            filter: None,
        };
        found.push(Metric {
            label: super::naming::label(&super::naming::words(&noun)),
            additivity: Additivity::Additive,
            unit: Unit::Count(noun),
            synonyms: vec![dataset.entity.clone()],
            description: format!("rows of {}", dataset.label),
            ..Metric::new(format!("{}_rows", dataset.name), kind)
        });
    }
    model.metrics.extend(found);
}

/// Where revenue is: an amount on the line, or price times quantity (less discount).
#[expect(clippy::type_complexity, reason = "one result read at one place")]
fn revenue(model: &Model) -> Option<(usize, Expression, Option<(Expression, Expression)>, String)> {
    let mut best: Option<(
        i32,
        usize,
        Expression,
        Option<(Expression, Expression)>,
        String,
    )> = None;
    for (i, dataset) in model.datasets.iter().enumerate() {
        let dated = dataset.event_time.is_some()
            || model.relationships.iter().any(|r| {
                r.from == dataset.name
                    && model.dataset(&r.to).is_some_and(|d| d.event_time.is_some())
            });
        let quantity = measure(dataset, Subject::Quantity);
        let price = dataset.fields.iter().find(|f| {
            f.role == Role::Measure && matches!(f.subject, Subject::UnitPrice | Subject::ListPrice)
        });
        let amounts: Vec<&Field> = dataset
            .fields
            .iter()
            .filter(|f| {
                f.role == Role::Measure
                    && f.subject == Subject::Amount
                    && f.additivity == Additivity::Additive
            })
            .collect();
        let discount = measure(dataset, Subject::Discount).filter(|d| d.unit == Unit::Fraction);
        let mut options: Vec<(i32, Expression, Option<(Expression, Expression)>, String)> =
            Vec::new();
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
            let extended = amount.name.contains("extended");
            match discount {
                // An extended price is before discount.
                Some(d) if extended => {
                    let off = Expression::Multiply(vec![
                        field_of(&amount.name),
                        Expression::Subtract(
                            Box::new(Expression::Number(1.0)),
                            Box::new(field_of(&d.name)),
                        ),
                    ]);
                    let given =
                        Expression::Multiply(vec![field_of(&amount.name), field_of(&d.name)]);
                    options.push((
                        score + 25,
                        off,
                        Some((field_of(&amount.name), given)),
                        format!("{} less {}", amount.label, d.label.to_lowercase()),
                    ));
                }
                _ => options.push((
                    score,
                    field_of(&amount.name),
                    None,
                    format!("sum of {}", amount.label),
                )),
            }
        }
        if let (Some(q), Some(p)) = (quantity, price) {
            // An amount that is there already needs no product.
            if options.is_empty() {
                let product = Expression::Multiply(vec![field_of(&p.name), field_of(&q.name)]);
                match discount {
                    Some(d) => {
                        let net = Expression::Multiply(vec![
                            field_of(&p.name),
                            field_of(&q.name),
                            Expression::Subtract(
                                Box::new(Expression::Number(1.0)),
                                Box::new(field_of(&d.name)),
                            ),
                        ]);
                        let given = Expression::Multiply(vec![
                            field_of(&p.name),
                            field_of(&q.name),
                            field_of(&d.name),
                        ]);
                        options.push((
                            62,
                            net,
                            Some((product, given)),
                            format!(
                                "{} × {} × (1 − {})",
                                p.label,
                                q.label.to_lowercase(),
                                d.label.to_lowercase()
                            ),
                        ));
                    }
                    None => options.push((
                        60,
                        product,
                        None,
                        format!("{} × {}", p.label, q.label.to_lowercase()),
                    )),
                }
            }
        }
        for (mut score, expression, gross, words) in options {
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
            if quantity.is_some() {
                score += 8;
            }
            if dataset.name.contains("payment")
                || dataset.name.contains("budget")
                || dataset.name.contains("target")
                || dataset.name.contains("bonus")
            {
                score -= 25;
            }
            if best.as_ref().is_none_or(|x| score > x.0) {
                best = Some((score, i, expression, gross, words));
            }
        }
    }
    best.filter(|x| x.0 >= 40)
        .map(|(_, i, e, g, w)| (i, e, g, w))
}

/// Orders, customers and products that the revenue rows belong to.
fn orders(model: &Model, home: usize, b: &mut Builder) {
    let dataset = &model.datasets[home];
    let fact = &dataset.name;
    let count = |noun: &str| Unit::Count(plural(noun));
    let distinct = |field: &FieldRef| MetricKind::Simple {
        dataset: field.dataset.clone(),
        aggregation: Aggregation::CountDistinct,
        expression: Some(field_of(&field.field)),
        filter: None,
    };
    let linked = |subject_words: &[&str]| -> Option<FieldRef> {
        // The foreign key of the rows themselves, or of the order that they belong to.
        let direct = model.relationships.iter().find(|r| {
            r.from == *fact
                && r.from_fields.len() == 1
                && model.dataset(&r.to).is_some_and(|d| {
                    subject_words
                        .iter()
                        .any(|w| d.entity.split(' ').any(|x| x == *w))
                })
        });
        if let Some(r) = direct {
            return Some(FieldRef::new(fact, &r.from_fields[0]));
        }
        let over: Vec<&str> = model
            .relationships
            .iter()
            .filter(|r| r.from == *fact)
            .map(|r| r.to.as_str())
            .collect();
        model
            .relationships
            .iter()
            .find(|r| {
                over.contains(&r.from.as_str())
                    && r.from_fields.len() == 1
                    && model.dataset(&r.to).is_some_and(|d| {
                        subject_words
                            .iter()
                            .any(|w| d.entity.split(' ').any(|x| x == *w))
                    })
            })
            .map(|r| FieldRef::new(&r.from, &r.from_fields[0]))
    };
    let own = |nouns: &[&str]| {
        model
            .entities
            .iter()
            .find(|e| e.key.dataset == *fact && nouns.contains(&e.name.as_str()))
            .map(|e| (e.key.clone(), e.name.clone()))
    };
    if let Some((key, noun)) = own(&[
        "order",
        "transaction",
        "invoice",
        "sale",
        "basket",
        "receipt",
        "ticket",
    ]) {
        let label = if noun == "order" {
            "Orders".to_string()
        } else {
            super::naming::label(&[plural(&noun)])
        };
        let synonyms: Vec<String> = vec![
            noun.clone(),
            "order".into(),
            "transaction".into(),
            "purchase".into(),
            format!("{noun} count"),
            "number of orders".into(),
            "order count".into(),
            "number of transactions".into(),
            "transaction count".into(),
            "sales transaction".into(),
        ];
        let list: Vec<&str> = synonyms.iter().map(String::as_str).collect();
        b.add(
            "orders",
            &label,
            distinct(&key),
            Additivity::Non,
            count(&noun),
            &list,
            format!("distinct {}", plural(&noun)),
            Some(true),
        );
    } else if let Some(key) = linked(&["order", "invoice", "transaction", "sale", "basket"]) {
        let target = model
            .relationships
            .iter()
            .find(|r| r.from == key.dataset && r.from_fields == [key.field.clone()])
            .map(|r| r.to.clone());
        if let Some(target) = target {
            let noun = model
                .dataset(&target)
                .map_or("order".into(), |d| d.entity.clone());
            let kind = MetricKind::Simple {
                dataset: target,
                aggregation: Aggregation::Count,
                expression: None,
                filter: None,
            };
            let synonyms: Vec<String> = vec![
                noun.clone(),
                "order".into(),
                "purchase".into(),
                format!("{noun} count"),
                "number of orders".into(),
                "order count".into(),
                "transaction".into(),
            ];
            let list: Vec<&str> = synonyms.iter().map(String::as_str).collect();
            b.add(
                "orders",
                &super::naming::label(&[plural(&noun)]),
                kind,
                Additivity::Additive,
                count(&noun),
                &list,
                format!("number of {}", plural(&noun)),
                Some(true),
            );
        }
    } else if dataset.event_time.is_some()
        && dataset
            .fields
            .iter()
            .all(|f| f.subject != Subject::OrderNumber)
    {
        let noun = if dataset.entity.contains("sale")
            || dataset.entity.contains("order")
            || dataset.entity.contains("transaction")
        {
            dataset.entity.clone()
        } else {
            "transaction".into()
        };
        let kind = MetricKind::Simple {
            dataset: fact.clone(),
            aggregation: Aggregation::Count,
            expression: None,
            filter: None,
        };
        b.add(
            "orders",
            &super::naming::label(&[plural(&noun)]),
            kind,
            Additivity::Additive,
            count(&noun),
            &[
                "transaction",
                "order",
                "purchase",
                "number of transactions",
                "transaction count",
                "order count",
            ],
            "number of rows".into(),
            Some(true),
        );
    }
    if b.metrics.iter().any(|m| m.name == "orders" && !matches!(&m.kind, MetricKind::Simple { dataset, aggregation: Aggregation::Count, .. } if dataset == fact)) {
        let kind = MetricKind::Simple { dataset: fact.clone(), aggregation: Aggregation::Count, expression: None, filter: None };
        b.add("line_items", "Line items", kind, Additivity::Additive, Unit::Count("line items".into()), &["line item", "order line", "line", "order item", "item line", "sales line"], "number of order lines".into(), Some(true));
    }
    if let Some(key) = own(&["customer", "client", "member", "buyer"])
        .map(|x| x.0)
        .or_else(|| linked(&["customer", "client", "buyer", "member"]))
    {
        b.add(
            "customers",
            "Customers",
            distinct(&key),
            Additivity::Non,
            Unit::Count("customers".into()),
            &[
                "active customer",
                "buying customer",
                "customer count",
                "buyer",
            ],
            "distinct customers with a purchase".into(),
            Some(true),
        );
    }
    if let Some(key) = own(&["product", "item", "article"])
        .map(|x| x.0)
        .or_else(|| linked(&["product", "item", "part", "article"]))
    {
        b.add(
            "products_sold",
            "Products sold",
            distinct(&key),
            Additivity::Non,
            Unit::Count("products".into()),
            &[
                "number of different products sold",
                "distinct products sold",
            ],
            "distinct products with a sale".into(),
            None,
        );
    }
}

/// Amounts of the order itself, such as freight: at the order's grain, never multiplied by its lines.
fn headers(model: &Model, b: &mut Builder, money: &Unit) {
    for dataset in &model.datasets {
        if let Some(f) = measure(dataset, Subject::Freight) {
            b.add(
                "freight",
                "Freight",
                sum(dataset, field_of(&f.name)),
                Additivity::Additive,
                money.clone(),
                &[
                    "freight cost",
                    "shipping cost",
                    "freight charge",
                    "shipping charge",
                    "postage",
                    "shipping fee",
                    "total freight",
                ],
                format!("sum of {}", f.label),
                Some(false),
            );
        }
    }
}

fn stock(model: &Model, b: &mut Builder, money: &Unit) {
    for dataset in &model.datasets {
        let Some(on_hand) = dataset
            .fields
            .iter()
            .find(|f| f.role == Role::Measure && f.subject == Subject::Stock)
        else {
            continue;
        };
        b.add(
            "stock_units",
            "Units in stock",
            sum(dataset, field_of(&on_hand.name)),
            Additivity::Semi,
            Unit::Count("units".into()),
            &[
                "stock",
                "unit in stock",
                "stock on hand",
                "on hand",
                "inventory",
                "stock level",
                "stock unit",
                "unit on hand",
                "inventory level",
            ],
            format!("sum of {}, as it stands", on_hand.label),
            None,
        );
        if let Some(price) = dataset
            .fields
            .iter()
            .find(|f| matches!(f.subject, Subject::ListPrice | Subject::UnitPrice))
        {
            let value = Expression::Multiply(vec![field_of(&on_hand.name), field_of(&price.name)]);
            b.add(
                "stock_value",
                "Stock value",
                sum(dataset, value),
                Additivity::Semi,
                money.clone(),
                &[
                    "value of stock",
                    "value of the stock",
                    "inventory value",
                    "value of inventory",
                    "value of the stock on hand",
                    "stock value at list price",
                    "value of stock on hand",
                ],
                format!("{} × {}", on_hand.label, price.label.to_lowercase()),
                None,
            );
        }
    }
}

/// Cancelled and returned orders, where a status says so.
fn rates(model: &Model, b: &mut Builder) {
    let Some(orders) = b.metrics.iter().find(|m| m.name == "orders").cloned() else {
        return;
    };
    let MetricKind::Simple {
        dataset,
        aggregation,
        expression,
        ..
    } = &orders.kind
    else {
        return;
    };
    let Some(home) = model.dataset(dataset) else {
        return;
    };
    for status in home
        .fields
        .iter()
        .filter(|f| f.subject == Subject::Status && f.distinct.is_some_and(|d| d <= 20))
    {
        let Some((low, high)) = status.min.as_ref().zip(status.max.as_ref()) else {
            continue;
        };
        for (name, label, stem) in [
            ("cancelled_orders", "Cancelled orders", "cancel"),
            ("returned_orders", "Returned orders", "return"),
        ] {
            // Only the ends of the value range are known here; they are enough for short lists of states.
            let values: Vec<String> = [low, high]
                .into_iter()
                .filter(|v| v.to_lowercase().contains(stem))
                .cloned()
                .collect();
            if values.is_empty() {
                continue;
            }
            let kind = MetricKind::Simple {
                dataset: dataset.clone(),
                aggregation: *aggregation,
                expression: expression.clone(),
                filter: Some(RowFilter::one_of(
                    FieldRef::new(dataset, &status.name),
                    &values,
                )),
            };
            b.add(
                name,
                label,
                kind,
                orders.additivity,
                orders.unit.clone(),
                &[],
                format!(
                    "{} with {} {}",
                    orders.label,
                    status.label,
                    values.join(", ")
                ),
                Some(false),
            );
            let (rate, rate_label, synonym) = if stem == "cancel" {
                ("cancellation_rate", "Cancellation rate", "cancel rate")
            } else {
                ("return_rate", "Return rate", "returns rate")
            };
            b.ratio(rate, rate_label, name, "orders", Unit::Fraction, &[synonym]);
        }
    }
}

pub(crate) fn default_time(model: &Model, revenue_home: Option<&str>) -> Option<FieldRef> {
    if let Some(home) = revenue_home.and_then(|h| model.dataset(h)) {
        if let Some(time) = &home.event_time {
            let shipped = ["ship", "delivery", "due"].iter().any(|w| time.contains(w));
            if !shipped {
                return Some(FieldRef::new(&home.name, time));
            }
        }
        for r in model.relationships.iter().filter(|r| r.from == home.name) {
            if let Some(time) = model.dataset(&r.to).and_then(|d| d.event_time.as_ref()) {
                return Some(FieldRef::new(&r.to, time));
            }
        }
        if let Some(time) = &home.event_time {
            return Some(FieldRef::new(&home.name, time));
        }
    }
    let mut dated: Vec<&Dataset> = model
        .datasets
        .iter()
        .filter(|d| d.event_time.is_some())
        .collect();
    dated.sort_by_key(|d| (std::cmp::Reverse(d.is_fact), std::cmp::Reverse(d.rows)));
    dated
        .first()
        .and_then(|d| d.event_time.as_ref().map(|t| FieldRef::new(&d.name, t)))
}
