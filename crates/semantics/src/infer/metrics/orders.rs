//! Orders, lines, customers and products that the rows of sales belong to.

use super::builder::{Builder, aggregate, count, field_of};
use crate::infer::naming::{label, plural, singular};
use crate::{
    Additivity, Aggregation, DataType, Dataset, Field, FieldRef, MetricKind, Model, Role, Subject,
    Unit,
};

/// What is known of the sales.
pub(super) struct Sales<'m> {
    pub(super) model: &'m Model,
    pub(super) dataset: &'m Dataset,
    /// Whether a row is a total over a period, and no sale of its own.
    pub(super) summarised: bool,
}

impl Sales<'_> {
    fn is_called(&self, dataset: &str, nouns: &[&str]) -> bool {
        self.model
            .dataset(dataset)
            .is_some_and(|d| d.entity.split(' ').any(|w| nouns.contains(&w)))
    }

    /// The foreign key of the rows themselves, or of the order that they belong to.
    fn linked(&self, nouns: &[&str]) -> Option<FieldRef> {
        let relationships = &self.model.relationships;
        let key_to = |from: &str| {
            relationships
                .iter()
                .find(|r| {
                    r.from == from && r.from_fields.len() == 1 && self.is_called(&r.to, nouns)
                })
                .map(|r| FieldRef::new(&r.from, &r.from_fields[0]))
        };
        key_to(&self.dataset.name).or_else(|| {
            relationships
                .iter()
                .filter(|r| {
                    relationships
                        .iter()
                        .any(|first| first.from == self.dataset.name && first.to == r.from)
                })
                .find(|r| r.from_fields.len() == 1 && self.is_called(&r.to, nouns))
                .map(|r| FieldRef::new(&r.from, &r.from_fields[0]))
        })
    }

    /// The key and the noun of an entity that is a column of the rows, or of the orders that they
    /// are lines of.
    fn own(&self, nouns: &[&str]) -> Option<(FieldRef, String)> {
        let of = |dataset: &str| {
            self.model
                .entities
                .iter()
                .filter(|e| e.dataset.is_none())
                .find(|e| e.key.dataset == dataset && nouns.contains(&e.name.as_str()))
                .map(|e| (e.key.clone(), e.name.clone()))
        };
        let rows = self
            .model
            .entities
            .iter()
            .find(|e| e.key.dataset == self.dataset.name && nouns.contains(&e.name.as_str()))
            .map(|e| (e.key.clone(), e.name.clone()));
        rows.or_else(|| {
            self.model
                .relationships
                .iter()
                .filter(|r| r.from == self.dataset.name)
                .find_map(|r| of(&r.to))
        })
    }
}

fn distinct(field: &FieldRef) -> MetricKind {
    aggregate(
        &field.dataset,
        Aggregation::CountDistinct,
        Some(field_of(&field.field)),
        None,
    )
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_string()).collect()
}

/// What a row of a flat table of sales is called; "sales" itself would be taken for their amount.
fn row_noun(dataset: &Dataset) -> String {
    let last = dataset.entity.split(' ').next_back().unwrap_or_default();
    if matches!(last, "sale" | "order" | "transaction") && dataset.entity != "sale" {
        dataset.entity.clone()
    } else {
        "transaction".into()
    }
}

/// A column that holds how many of something there were in what the row is the total of.
fn counted<'d>(dataset: &'d Dataset, nouns: &[&str]) -> Option<&'d Field> {
    dataset.fields.iter().find(|f| {
        let words: Vec<String> = f.name.split('_').map(singular).collect();
        let plural = f.name.split('_').any(|w| singular(w) != w);
        let told = words
            .iter()
            .any(|w| matches!(w.as_str(), "number" | "count" | "total" | "footfall"));
        f.role == Role::Measure
            && f.additivity == Additivity::Additive
            // Gaps written as "n/a" make decimals of counts; a total of an order is no count of them.
            && (f.data_type == DataType::Integer
                || f.data_type.is_numeric() && plural && words.len() == 1)
            && (plural || told)
            && words.iter().all(|w| {
                nouns.contains(&w.as_str())
                    || matches!(
                        w.as_str(),
                        "number" | "count" | "total" | "of" | "no" | "daily" | "weekly" | "monthly"
                    )
            })
            && words.iter().any(|w| nouns.contains(&w.as_str()))
    })
}

/// Nouns for who buys.
const BUYERS: &[&str] = &[
    "customer",
    "client",
    "member",
    "buyer",
    "shopper",
    "household",
    "user",
    "guest",
    "sold to",
];

/// Sums of columns that count orders and customers, where rows are totals.
fn counts(sales: &Sales<'_>, b: &mut Builder) {
    let dataset = sales.dataset;
    let columns = [
        (
            "orders",
            &[
                "order",
                "transaction",
                "ticket",
                "receipt",
                "invoice",
                "basket",
            ][..],
        ),
        (
            "customers",
            &[
                "customer", "visitor", "shopper", "footfall", "client", "guest", "visit",
            ],
        ),
    ];
    for (name, nouns) in columns {
        // In the rows of the sales, or in a table of nothing but such counts ("transactions").
        let others = sales.model.datasets.iter().filter(|d| {
            d.event_time.is_some() && d.name != dataset.name && nouns.contains(&d.entity.as_str())
        });
        let Some((dataset, field)) = std::iter::once(dataset)
            .chain(others)
            .find_map(|d| Some((d, counted(d, nouns)?)))
        else {
            continue;
        };
        let noun = field.label.to_lowercase();
        let added = b.add(
            name,
            super::builder::sum(dataset, field_of(&field.name)),
            Unit::Count(noun.clone()),
            format!("sum of {}", field.label),
        );
        if let Some(metric) = added {
            metric.label.clone_from(&field.label);
            metric.up_is_good = Some(true);
            metric.additivity = Additivity::Additive;
            metric.synonyms = vec![singular(&noun)];
            metric.synonyms.extend(field.synonyms.iter().cloned());
            metric.synonyms.push(format!("number of {noun}"));
            metric.synonyms.push(format!("{} count", singular(&noun)));
        }
    }
}

/// Whether the customers that a key leads to have a column that says which of them are active.
fn says_who_is_active(model: &Model, key: &FieldRef) -> bool {
    model
        .relationships
        .iter()
        .filter(|r| r.from == key.dataset && r.from_fields == [key.field.clone()])
        .filter_map(|r| model.dataset(&r.to))
        .chain(model.dataset(&key.dataset))
        .flat_map(|d| &d.fields)
        .any(|f| matches!(f.name.as_str(), "active" | "is_active" | "active_flag"))
}

/// Whether a field alone tells the rows apart.
fn is_key(dataset: &Dataset, field: &Field) -> bool {
    dataset.primary_key == [field.name.clone()]
}

pub(super) fn add(sales: &Sales<'_>, b: &mut Builder) {
    counts(sales, b);
    orders(sales, b);
    let fact = &sales.dataset.name;
    let by_row = |m: &crate::Metric| matches!(&m.kind, MetricKind::Simple { dataset, aggregation: Aggregation::Count, .. } if dataset == fact);
    if b.get("orders").is_some_and(|m| !by_row(m)) {
        b.add(
            "line_items",
            count(fact, None),
            Unit::Count("line items".into()),
            "number of order lines",
        );
    }
    if let Some(key) = sales
        .own(BUYERS)
        .map(|x| x.0)
        .or_else(|| sales.linked(BUYERS))
    {
        let flagged = says_who_is_active(sales.model, &key);
        let added = b.add(
            "customers",
            distinct(&key),
            Unit::Count("customers".into()),
            "distinct customers with a purchase",
        );
        if let Some(metric) = added.filter(|_| flagged) {
            metric.synonyms.retain(|s| s != "active customer");
        }
    }
    if let Some(key) = sales
        .own(&["product"])
        .map(|x| x.0)
        .or_else(|| sales.linked(&["product", "item", "part", "article"]))
        .or_else(|| sales.own(&["item", "article"]).map(|x| x.0))
    {
        b.add(
            "distinct_products",
            distinct(&key),
            Unit::Count("products".into()),
            "distinct products with a sale",
        );
    }
}

fn orders(sales: &Sales<'_>, b: &mut Builder) {
    if b.has("orders") {
        return;
    }
    let counted = |noun: &str| Unit::Count(plural(noun));
    // "Increment id", "sales document": numbers of orders by other names, where no table has them.
    let linked = sales.linked(&["order", "invoice", "transaction", "sale", "basket"]);
    let numbered = sales
        .dataset
        .fields
        .iter()
        .filter(|_| linked.is_none())
        .find(|f| f.subject == Subject::OrderNumber && !is_key(sales.dataset, f))
        .map(|f| {
            (
                FieldRef::new(&sales.dataset.name, &f.name),
                "order".to_string(),
            )
        });
    let own = sales.own(&[
        "order",
        "transaction",
        "invoice",
        "sale",
        "basket",
        "receipt",
        "ticket",
        "bill",
        "check",
        "voucher",
    ]);
    if let Some((key, noun)) = own.or(numbered) {
        let added = b.add(
            "orders",
            distinct(&key),
            counted(&noun),
            format!("distinct {}", plural(&noun)),
        );
        if let Some(metric) = added {
            metric.label = label(&[plural(&noun)]);
            metric.up_is_good = Some(true);
            metric.synonyms = vec![noun.clone()];
            metric
                .synonyms
                .extend(strings(&["order", "transaction", "purchase"]));
            metric.synonyms.push(format!("{noun} count"));
            // "Sales document": also a document.
            if let Some(said) = sales.model.field(&key).map(|f| f.label.to_lowercase())
                && said.ends_with(" document")
            {
                metric.synonyms.push("document".into());
                metric.synonyms.push(said);
            }
            metric.synonyms.extend(strings(&[
                "number of orders",
                "order count",
                "number of transactions",
                "transaction count",
                "sales transaction",
            ]));
        }
    } else if let Some(key) = linked {
        let target = sales
            .model
            .relationships
            .iter()
            .find(|r| r.from == key.dataset && r.from_fields == [key.field.clone()])
            .and_then(|r| sales.model.dataset(&r.to));
        let Some(target) = target else { return };
        let noun = target.entity.clone();
        let added = b.add(
            "orders",
            count(&target.name, None),
            counted(&noun),
            format!("number of {}", plural(&noun)),
        );
        if let Some(metric) = added {
            metric.label = label(&[plural(&noun)]);
            metric.up_is_good = Some(true);
            metric.synonyms = vec![noun.clone()];
            metric.synonyms.extend(strings(&["order", "purchase"]));
            metric.synonyms.push(format!("{noun} count"));
            metric
                .synonyms
                .extend(strings(&["number of orders", "order count", "transaction"]));
        }
    } else if sales.dataset.event_time.is_some()
        && !sales.summarised
        && !b.has("customers")
        && sales
            .dataset
            .fields
            .iter()
            .all(|f| f.subject != Subject::OrderNumber || is_key(sales.dataset, f))
    {
        let noun = row_noun(sales.dataset);
        let added = b.add(
            "orders",
            count(&sales.dataset.name, None),
            counted(&noun),
            "number of rows",
        );
        if let Some(metric) = added {
            metric.label = label(&[plural(&noun)]);
            metric.up_is_good = Some(true);
            metric.synonyms = strings(&[
                "transaction",
                "order",
                "purchase",
                "number of transactions",
                "transaction count",
                "order count",
                "line",
                "line item",
                "sales line",
                "order line",
                "invoice line",
            ]);
        }
    }
}
