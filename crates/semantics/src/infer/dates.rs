//! Dates of a row: which one dates it, and what lies between them.

use super::naming::label;
use crate::{
    Additivity, CaseBranch, DataType, Dataset, Evidence, Expression, Field, FieldRef, Literal,
    MetricKind, Model, Operator, Relationship, Role, RowFilter, SourceProfile, Subject, Unit,
};

/// Name of the field with the days from the promised day to the actual one.
pub(super) const DAYS_LATE: &str = "days_late";

/// How the column is named that joins a date with the time of day beside it.
const JOINED: &str = "_and_time";

/// Which date dates a row: the order's rather than the shipment's or a person's birth.
pub(crate) fn event_time(fields: &[Field]) -> Option<String> {
    let rank = |f: &Field| -> i32 {
        // With the time of day it is the better date.
        match f.name.strip_suffix(JOINED) {
            Some(day) if f.data_type == DataType::Timestamp => match weight(day) {
                -1 => -1,
                known => known + 1,
            },
            _ => weight(&f.name),
        }
    };
    // An order is dated by when it was made; a person or a product is not.
    let happens = happens(fields);
    let mut candidates: Vec<(i32, &Field)> = fields
        .iter()
        .filter(|f| f.role == Role::Time)
        .map(|f| {
            let made = happens && was_created(&f.name);
            (if made { CREATED } else { rank(f) }, f)
        })
        .filter(|(r, _)| *r >= 0)
        .collect();
    candidates.sort_by_key(|c| std::cmp::Reverse(c.0));
    candidates.first().map(|(_, f)| f.name.clone())
}

/// Rank of the moment at which a record of an event was made: before its shipment, behind a date
/// that says whose it is.
const CREATED: i32 = 6;

fn was_created(name: &str) -> bool {
    matches!(
        name,
        "created" | "created_at" | "created_on" | "created_date" | "create_date" | "date_created"
    )
}

/// Whether rows are events, by what they hold besides: amounts, quantities, the number of an order,
/// moments of a delivery.
fn happens(fields: &[Field]) -> bool {
    fields.iter().any(|f| match f.role {
        Role::Measure => matches!(f.subject, Subject::Amount | Subject::Quantity),
        Role::Id | Role::Dimension => f.subject == Subject::OrderNumber,
        Role::Time => matches!(moment(&f.name), Some(Moment::Shipped | Moment::Delivered)),
        Role::Text => false,
    })
}

fn weight(name: &str) -> i32 {
    let has = |words: &[&str]| name.split('_').any(|w| words.contains(&w));
    let side = [
        "birth",
        "hire",
        "hired",
        "modified",
        "updated",
        "expiry",
        "expiration",
        "due",
        "required",
        "born",
        "dob",
        "birthday",
        "update",
        "end",
        "to",
        "until",
        "joined",
        "join",
        "created",
        "create",
    ];
    if has(&side) && !has(&["order"]) {
        return -1;
    }
    if has(&[
        "order",
        "sale",
        "sales",
        "transaction",
        "purchase",
        "invoice",
        "payment",
    ]) {
        return 10;
    }
    if has(&["snapshot", "event"])
        || matches!(name, "date" | "day" | "timestamp" | "datetime" | "time")
    {
        return 8;
    }
    if has(&["month", "week", "period", "quarter", "posting", "reporting"]) {
        return 7;
    }
    if has(&["ship", "shipped", "shipment", "delivery", "delivered"]) {
        return 4;
    }
    if has(BEGINNINGS) {
        return 1;
    }
    2
}

/// What a calendar table dates is not dated by the other things that it refers to: a store's opening
/// day says nothing of its sales.
pub(super) fn dated_by_calendar(datasets: &mut [Dataset], relationships: &[Relationship]) {
    let calendars: Vec<String> = datasets
        .iter()
        .filter(|d| {
            matches!(
                d.entity.as_str(),
                "date" | "calendar" | "calendar date" | "day" | "time"
            ) && d.event_time.is_some()
                && relationships.iter().any(|r| r.to == d.name)
        })
        .map(|d| d.name.clone())
        .collect();
    let by_calendar: Vec<&str> = relationships
        .iter()
        .filter(|r| calendars.contains(&r.to))
        .map(|r| r.from.as_str())
        .collect();
    let things: Vec<String> = relationships
        .iter()
        .filter(|r| by_calendar.contains(&r.from.as_str()) && !calendars.contains(&r.to))
        .map(|r| r.to.clone())
        .collect();
    for dataset in datasets.iter_mut() {
        if things.contains(&dataset.name) && !dataset.is_fact {
            dataset.event_time = None;
        }
    }
}

/// What happened to a thing once (a store opened, a product came on the market) dates no row that
/// refers to it: stock that is counted without a date has none, whenever its stores opened.
pub(super) fn things_date_no_facts(datasets: &mut [Dataset], relationships: &[Relationship]) {
    let mut things: Vec<String> = Vec::new();
    for fact in datasets
        .iter()
        .filter(|d| d.is_fact && d.event_time.is_none())
    {
        let mut seen = vec![fact.name.as_str()];
        let mut layer = seen.clone();
        while !layer.is_empty() {
            let next: Vec<&str> = relationships
                .iter()
                .filter(|r| layer.contains(&r.from.as_str()) && !seen.contains(&r.to.as_str()))
                .map(|r| r.to.as_str())
                .collect();
            let dated: Vec<&Dataset> = datasets
                .iter()
                .filter(|d| next.contains(&d.name.as_str()) && d.event_time.is_some())
                .collect();
            // The date of an order is that of its lines; beyond it nothing is looked for.
            if dated.iter().any(|d| dates_others(d)) {
                break;
            }
            things.extend(dated.iter().map(|d| d.name.clone()));
            seen.extend(&next);
            layer = next;
        }
    }
    for dataset in datasets.iter_mut().filter(|d| things.contains(&d.name)) {
        dataset.event_time = None;
    }
}

/// A shop that opened years ago is there this year: what lasts, and others refer to, is not dated by
/// its beginning.
pub(super) fn things_that_last(datasets: &mut [Dataset], relationships: &[Relationship]) {
    let referred: Vec<String> = relationships.iter().map(|r| r.to.clone()).collect();
    for dataset in datasets
        .iter_mut()
        .filter(|d| !d.is_fact && referred.contains(&d.name) && !dates_others(d))
    {
        dataset.event_time = None;
    }
}

/// Words of what happens to a thing once.
const BEGINNINGS: &[&str] = &[
    "open",
    "opened",
    "opening",
    "founded",
    "established",
    "launch",
    "launched",
    "introduced",
    "start",
    "started",
    "since",
    "signup",
    "registered",
    "registration",
    "built",
    "close",
    "closed",
    "closing",
    "remodel",
    "remodelled",
    "renovated",
];

/// Nouns of things that last, and do not happen.
const THINGS: &[&str] = &[
    "store",
    "shop",
    "branch",
    "outlet",
    "site",
    "warehouse",
    "depot",
    "product",
    "item",
    "article",
    "sku",
    "customer",
    "client",
    "member",
    "employee",
    "staff",
    "supplier",
    "vendor",
    "brand",
    "category",
];

/// Whether the date of a row is not that of something which merely lasts.
fn dates_others(dataset: &Dataset) -> bool {
    let begins = dataset
        .event_time
        .iter()
        .flat_map(|t| t.split('_'))
        .any(|w| BEGINNINGS.contains(&w));
    let last = dataset.entity.rsplit(' ').next().unwrap_or_default();
    dataset.is_fact || !begins && !THINGS.contains(&last)
}

/// A calendar goes on past the data: the first and the last day are those that facts refer to.
pub(super) fn end_with_the_facts(
    model: &mut Model,
    profile: &SourceProfile,
    evidence: &mut dyn Evidence,
) {
    let Some(time) = model.default_time.clone() else {
        return;
    };
    let physical = |dataset: &Dataset, field: &str| match &dataset.field(field)?.expression {
        Expression::Column(column) => Some(column.clone()),
        _ => None,
    };
    let table = |dataset: &Dataset| {
        profile
            .tables
            .iter()
            .find(|t| t.table == dataset.table)
            .map(|t| t.name.clone())
    };
    let of_sales = model
        .default_metric
        .as_ref()
        .and_then(|m| match &model.metric(m)?.kind {
            MetricKind::Simple { dataset, .. } => Some(dataset.clone()),
            _ => None,
        });
    let span = model
        .relationships
        .iter()
        .filter(|r| r.to == time.dataset && of_sales.as_ref().is_none_or(|d| *d == r.from))
        .find_map(|r| {
            let (from, to) = (model.dataset(&r.from)?, model.dataset(&r.to)?);
            let ([from_field], [to_field]) = (&r.from_fields[..], &r.to_fields[..]) else {
                return None;
            };
            (from.is_fact && !to.is_fact).then_some(())?;
            evidence.span(
                &table(to)?,
                &physical(to, &time.field)?,
                &physical(to, to_field)?,
                (&table(from)?, &physical(from, from_field)?),
            )
        });
    let dataset = model.datasets.iter_mut().find(|d| d.name == time.dataset);
    if let Some((first, last)) = span
        && let Some(field) =
            dataset.and_then(|d| d.fields.iter_mut().find(|f| f.name == time.field))
    {
        field.min = Some(first);
        field.max = Some(last);
    }
}

/// What a date of an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Ordered,
    Promised,
    Shipped,
    Delivered,
    Paid,
}

fn moment(name: &str) -> Option<Moment> {
    let begins = |stems: &[&str]| {
        name.split('_')
            .any(|w| stems.iter().any(|s| w.starts_with(s)))
    };
    let is = |words: &[&str]| name.split('_').any(|w| words.contains(&w));
    if begins(&[
        "require", "expect", "estimat", "promis", "schedul", "commit",
    ]) || is(&["due", "eta", "target", "planned"])
    {
        return Some(Moment::Promised);
    }
    if begins(&["ship", "dispatch", "carrier"]) {
        return Some(Moment::Shipped);
    }
    if begins(&["deliver", "receiv", "receipt", "arriv"]) {
        return Some(Moment::Delivered);
    }
    if is(&["paid", "payment"]) {
        return Some(Moment::Paid);
    }
    begins(&["order", "purchase"]).then_some(Moment::Ordered)
}

fn days(name: &str, from: &str, to: &str, synonyms: &[&str]) -> Field {
    let said: Vec<String> = name.split('_').map(str::to_string).collect();
    Field {
        name: name.into(),
        label: label(&said),
        expression: Expression::DaysBetween {
            from: Box::new(Expression::Field(from.into())),
            to: Box::new(Expression::Field(to.into())),
        },
        data_type: DataType::Integer,
        role: Role::Measure,
        subject: Subject::Other,
        additivity: Additivity::Non,
        unit: Unit::Days,
        synonyms: synonyms.iter().map(|s| (*s).to_string()).collect(),
        evidence: Some(format!("there is {from} and {to}")),
        ..Field::default()
    }
}

const TO_SHIP: &[&str] = &[
    "day from order to shipment",
    "day from order to dispatch",
    "day between order and shipment",
    "day to dispatch",
    "shipping time",
    "time to ship",
    "shipping delay",
    "lead time",
    "fulfilment time",
];
const TO_DELIVER: &[&str] = &[
    "day from order to delivery",
    "day from order to receipt",
    "day from order to arrival",
    "day from purchase to delivery",
    "day from purchase to arrival",
    "day between order and delivery",
    "day between purchase and delivery",
    "delivery time",
    "day to deliver",
    "day to receive",
    "time to deliver",
    "lead time",
];

/// Adds what lies between the dates of a row, and whether it was on time.
pub(super) fn add(fields: &mut Vec<Field>) {
    let first = |wanted: Moment| {
        fields
            .iter()
            .filter(|f| f.role == Role::Time)
            .find(|f| moment(&f.name) == Some(wanted))
            .map(|f| f.name.clone())
    };
    let created = || {
        fields
            .iter()
            .find(|f| f.role == Role::Time && was_created(&f.name))
            .map(|f| f.name.clone())
    };
    let ordered = first(Moment::Ordered).or_else(created);
    let promised = first(Moment::Promised);
    let shipped = first(Moment::Shipped);
    let delivered = first(Moment::Delivered);
    let paid = first(Moment::Paid);
    let mut made = Vec::new();
    if let Some(from) = &ordered {
        match (&shipped, &delivered) {
            (Some(out), Some(there)) => {
                made.push(days(
                    "days_to_ship",
                    from,
                    out,
                    &without(TO_SHIP, "lead time"),
                ));
                made.push(days("days_to_deliver", from, there, TO_DELIVER));
            }
            (Some(out), None) => {
                let mut all = TO_SHIP.to_vec();
                all.extend(without(TO_DELIVER, "lead time"));
                made.push(days("days_to_ship", from, out, &all));
            }
            (None, Some(there)) => {
                let mut all = TO_DELIVER.to_vec();
                all.extend(without(TO_SHIP, "lead time"));
                made.push(days("days_to_deliver", from, there, &all));
            }
            (None, None) => {}
        }
    }
    if let Some(promise) = &promised {
        // A promised shipment is kept by shipping, anything else by arriving, if that is known.
        let by_shipping = promise.contains("ship");
        let actual = if by_shipping {
            shipped.or(delivered)
        } else {
            delivered.or(shipped).or(paid)
        };
        if let Some(actual) = actual {
            made.push(days(
                DAYS_LATE,
                promise,
                &actual,
                &["delay in day", "day of delay", "day overdue"],
            ));
        }
    }
    for field in made {
        if !fields.iter().any(|f| f.name == field.name) {
            fields.push(field);
        }
    }
}

fn without<'w>(words: &[&'w str], one: &str) -> Vec<&'w str> {
    words.iter().copied().filter(|w| *w != one).collect()
}

/// Yes-or-no fields for "late" and "on time", where the days late are known; empty where a date is
/// missing.
pub(super) fn flags(dataset: &str, fields: &[Field]) -> Vec<Field> {
    if !fields.iter().any(|f| f.name == DAYS_LATE) {
        return Vec::new();
    }
    let compare = |op| RowFilter::Compare {
        field: FieldRef::new(dataset, DAYS_LATE),
        op,
        value: Literal::Integer(0),
    };
    let branch = |when, then| CaseBranch {
        when,
        then: Expression::Number(then),
    };
    [
        (
            "late",
            Operator::Gt,
            Operator::Le,
            &["delayed", "overdue", "delivered late", "shipped late"][..],
        ),
        (
            "on_time",
            Operator::Le,
            Operator::Gt,
            &["punctual", "delivered on time", "shipped on time"],
        ),
    ]
    .into_iter()
    .filter(|(name, ..)| !fields.iter().any(|f| f.name == *name))
    .map(|(name, yes, no, synonyms)| Field {
        name: name.into(),
        label: label(&name.split('_').map(str::to_string).collect::<Vec<_>>()),
        expression: Expression::Case {
            branches: vec![branch(compare(yes), 1.0), branch(compare(no), 0.0)],
            otherwise: None,
        },
        data_type: DataType::Integer,
        role: Role::Dimension,
        synonyms: synonyms.iter().map(|s| (*s).to_string()).collect(),
        distinct: Some(2),
        min: Some("0".into()),
        max: Some("1".into()),
        evidence: Some("by the days between the promised day and the actual one".into()),
        ..Field::default()
    })
    .collect()
}
