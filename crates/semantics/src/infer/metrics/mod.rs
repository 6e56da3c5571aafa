//! The numbers that retailers expect, where their parts exist.

mod builder;
mod cancellations;
mod cost;
mod orders;
mod punctuality;
mod purchases;
mod returns;
mod revenue;
mod stock;

use super::naming::{label, plural, words};
use crate::{
    Additivity, Aggregation, Dataset, Expression, Field, FieldRef, Metric, MetricKind, Model, Role,
    SourceProfile, Subject, Unit,
};
use builder::{Builder, aggregate, count, field_of, measure, sum};
use orders::Sales;
use std::collections::BTreeMap;

/// Adds metrics, the default metric and the default time. `summarised` names the datasets whose
/// rows are totals over periods.
pub(super) fn add(
    model: &mut Model,
    profile: &SourceProfile,
    summarised: &BTreeMap<String, Vec<String>>,
) {
    let mut b = Builder {
        metrics: Vec::new(),
        money: Unit::Money(model.currency.clone()),
    };
    let found = revenue::find(model);
    let home = found.as_ref().map(|r| model.datasets[r.home].name.clone());
    let mut conditions = Vec::new();
    if let Some(revenue) = &found {
        let sales = Sales {
            model,
            dataset: &model.datasets[revenue.home],
            summarised: summarised.contains_key(&model.datasets[revenue.home].name),
        };
        of_sales(&sales, revenue, &mut b);
        conditions = cancellations::add(
            &sales,
            &revenue.expression,
            &|dataset, field| samples(profile, dataset, field),
            &mut b,
        );
        returns::add(model, revenue, &mut b);
    }
    for dataset in &model.datasets {
        // At the order's grain, never multiplied by its lines.
        if let Some(f) = measure(dataset, Subject::Freight) {
            b.add(
                "freight",
                sum(dataset, field_of(&f.name)),
                b.money.clone(),
                format!("sum of {}", f.label),
            );
        }
    }
    stock::add(model, &mut b);
    purchases::add(model, home.as_deref(), &mut b);
    punctuality::add(model, home.as_deref(), &mut b);
    model.default_metric = b.get("revenue").map(|m| m.name.clone());
    model.default_time = default_time(model, home.as_deref());
    model.metrics = b.metrics;
    for (dataset, field) in conditions {
        if let Some(dataset) = model.datasets.iter_mut().find(|d| d.name == dataset) {
            dataset.fields.push(field);
        }
    }
    units_are_those_sold(model, home.as_deref());
    rows(model);
}

/// Frequent values of a field that is a column.
fn samples(profile: &SourceProfile, dataset: &Dataset, field: &Field) -> Vec<String> {
    let Expression::Column(column) = &field.expression else {
        return Vec::new();
    };
    profile
        .tables
        .iter()
        .filter(|t| t.table == dataset.table)
        .flat_map(|t| &t.columns)
        .find(|c| c.name == *column)
        .map(|c| c.samples.clone())
        .unwrap_or_default()
}

fn of_sales(sales: &Sales<'_>, revenue: &revenue::Revenue, b: &mut Builder) {
    let dataset = sales.dataset;
    let money = b.money.clone();
    let reckoned = !matches!(revenue.expression, Expression::Field(_));
    let added = b.add(
        "revenue",
        sum(dataset, revenue.expression.clone()),
        money.clone(),
        revenue.description.clone(),
    );
    // Where no column is the amount, it is what "value" means.
    if let Some(metric) = added.filter(|_| reckoned) {
        metric.synonyms.extend(["total value"].map(str::to_string));
    }
    if let Some((gross, given)) = &revenue.discounted {
        b.add(
            "gross_revenue",
            sum(dataset, gross.clone()),
            money.clone(),
            "price times quantity, before discount",
        );
        b.add(
            "discount_amount",
            sum(dataset, given.clone()),
            money.clone(),
            "what discounts took off",
        );
        b.ratio(
            "discount_rate",
            "discount_amount",
            "gross_revenue",
            Unit::Fraction,
        );
    }
    // What the lines were given on the average, whatever they are worth.
    if let Some(given) = measure(dataset, Subject::Discount).filter(|d| d.unit == Unit::Fraction) {
        b.add(
            "average_discount",
            aggregate(
                &dataset.name,
                Aggregation::Average,
                Some(field_of(&given.name)),
                None,
            ),
            Unit::Fraction,
            format!("mean of {}", given.label),
        );
    }
    if let Some(q) = measure(dataset, Subject::Quantity) {
        b.add(
            "units",
            sum(dataset, field_of(&q.name)),
            Unit::Count("units".into()),
            format!("sum of {}", q.label),
        );
    }
    if revenue.by_piece {
        b.add(
            "units",
            count(&dataset.name, None),
            Unit::Count("units".into()),
            format!("rows of {}, each being one piece", dataset.label),
        );
    }
    cost::add(sales.model, dataset, b);
    stated_profits(dataset, b);
    orders::add(sales, b);
    average_order(dataset, b);
    units_of_order(dataset, b);
    b.ratio("units_per_order", "units", "orders", Unit::Plain);
    b.ratio("average_price", "revenue", "units", money.clone());
    b.ratio(
        "revenue_per_customer",
        "revenue",
        "customers",
        money.clone(),
    );
    b.ratio("orders_per_customer", "orders", "customers", Unit::Plain);
    b.ratio("profit_per_order", "profit", "orders", money);
}

/// Profits that the rows state beside the sales ("EBITDA"), and each as a share of them.
fn stated_profits(dataset: &Dataset, b: &mut Builder) {
    const PROFITS: &[&str] = &[
        "ebitda",
        "ebit",
        "operating_profit",
        "operating_income",
        "net_profit",
        "net_income",
        "gross_profit",
        "contribution",
    ];
    let money = b.money.clone();
    for field in &dataset.fields {
        let stated = field.role == Role::Measure
            && field.additivity == Additivity::Additive
            && PROFITS.contains(&field.name.as_str());
        if !stated || !b.has("revenue") {
            continue;
        }
        let label = field.label.clone();
        let said = label.to_lowercase();
        let added = b.add(
            &field.name,
            sum(dataset, field_of(&field.name)),
            money.clone(),
            format!("sum of {label}"),
        );
        if let Some(metric) = added {
            metric.label.clone_from(&label);
            metric.up_is_good = Some(true);
        }
        let margin = format!("{}_margin", field.name);
        b.ratio(&margin, &field.name, "revenue", Unit::Fraction);
        if let Some(metric) = b.metrics.iter_mut().find(|m| m.name == margin) {
            metric.label = format!("{label} margin");
            metric.up_is_good = Some(true);
            metric.synonyms = ["margin %", "margin percent", "percent", "rate", "%"]
                .iter()
                .map(|end| format!("{said} {end}"))
                .collect();
        }
    }
}

/// Whether each row of the sales is an order.
fn orders_are_rows(dataset: &Dataset, b: &Builder) -> bool {
    b.get("orders").is_some_and(|m| match &m.kind {
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
    })
}

/// Units of an order, where a row is one: of those that say how many.
fn units_of_order(dataset: &Dataset, b: &mut Builder) {
    let quantity = measure(dataset, Subject::Quantity).map(|q| q.name.clone());
    if let (true, Some(quantity)) = (orders_are_rows(dataset, b), quantity) {
        b.add(
            "units_per_order",
            aggregate(
                &dataset.name,
                Aggregation::Average,
                Some(field_of(&quantity)),
                None,
            ),
            Unit::Plain,
            "mean units of the orders that say how many",
        );
    }
}

/// Average order value. Where a row is an order, one without an amount is no order of amount zero.
fn average_order(dataset: &Dataset, b: &mut Builder) {
    let by_row = orders_are_rows(dataset, b);
    let amount = b.get("revenue").and_then(|m| match &m.kind {
        MetricKind::Simple { expression, .. } => expression.clone(),
        _ => None,
    });
    let money = b.money.clone();
    if let (true, Some(amount)) = (by_row, amount) {
        b.add(
            "average_order_value",
            aggregate(&dataset.name, Aggregation::Average, Some(amount), None),
            money.clone(),
            "mean amount of the orders that have one",
        );
    }
    // An order without lines is none of amount zero either: those of the rows count.
    let of_rows = dataset.fields.iter().find(|f| {
        f.subject == Subject::OrderNumber
            && f.role == Role::Id
            && b.get("orders").is_some_and(|m| {
                matches!(&m.kind, MetricKind::Simple { dataset: home, aggregation: Aggregation::Count, .. } if *home != dataset.name)
            })
    });
    if let Some(number) = of_rows {
        let kind = aggregate(
            &dataset.name,
            Aggregation::CountDistinct,
            Some(builder::field_of(&number.name)),
            None,
        );
        let unit = Unit::Count("orders".into());
        b.add("orders_with_lines", kind, unit, "orders that have a line");
        b.ratio(
            "average_order_value",
            "revenue",
            "orders_with_lines",
            money.clone(),
        );
    }
    b.ratio("average_order_value", "revenue", "orders", money.clone());
    // Where customers at the till are counted and their orders are not, each of them is one.
    if !b.has("orders")
        && b.get("customers")
            .is_some_and(|m| m.additivity == Additivity::Additive)
    {
        b.ratio("average_order_value", "revenue", "customers", money);
    }
    if let Some(metric) = b
        .metrics
        .iter_mut()
        .find(|m| m.name == "average_order_value")
    {
        metric.up_is_good = Some(true);
    }
    // Where each ticket is one row's, a "ticket" is that, and not what it comes to.
    let counted = match b.get("orders").map(|m| &m.unit) {
        Some(Unit::Count(noun)) => crate::infer::naming::singular(noun),
        _ => return,
    };
    for metric in &mut b.metrics {
        if metric.name == "average_order_value" {
            metric.synonyms.retain(|s| *s != counted);
        }
    }
}

/// Where units are sold, "units" means those, and no quantity that was ordered or has room.
fn units_are_those_sold(model: &mut Model, home: Option<&str>) {
    let Some(home) = home.filter(|_| model.metric("units").is_some()) else {
        return;
    };
    for dataset in model.datasets.iter_mut().filter(|d| d.name != home) {
        for field in &mut dataset.fields {
            if matches!(field.subject, Subject::Quantity | Subject::Stock) {
                field
                    .synonyms
                    .retain(|s| !matches!(s.as_str(), "unit" | "quantity" | "piece" | "item"));
            }
        }
    }
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
        // The table of rates is no noun of its own: its number answers to it.
        let taken = model.entities.iter().any(|e| e.name == dataset.entity)
            || dataset.fields.iter().any(|f| {
                f.role == Role::Measure
                    && (f.synonyms.contains(&dataset.entity)
                        || f.label.to_lowercase() == dataset.entity)
            });
        if known || taken || dataset.entity.is_empty() || is_pair(model, dataset) {
            continue;
        }
        let noun = plural(&dataset.entity);
        found.push(Metric {
            label: label(&words(&noun)),
            additivity: Additivity::Additive,
            unit: Unit::Count(noun),
            synonyms: vec![dataset.entity.clone()],
            description: format!("rows of {}", dataset.label),
            ..Metric::new(format!("{}_rows", dataset.name), count(&dataset.name, None))
        });
    }
    model.metrics.extend(found);
}

/// Whether rows do nothing but pair two things, and are called by both ("film category"): the words
/// mean the one thing of the other then.
fn is_pair(model: &Model, dataset: &Dataset) -> bool {
    super::entities::pair(model, dataset).is_some()
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
