//! Things that people count and rank: tables with a key, and columns of a flat table.

use super::naming::{label, singular_phrase, words};
use super::reference;
use crate::{DataType, Dataset, Entity, Evidence, Field, Model, Role, SourceProfile, Subject};
use std::collections::BTreeSet;

/// Whether one field of a dataset has a single value for each value of another, as the share (0..1)
/// of the values for which it is so; none where the data is not at hand.
pub(crate) type Determines<'d> = dyn FnMut(&Dataset, &str, &str) -> Option<f64> + 'd;

/// [`Determines`] by what the tables hold.
pub(super) fn measured<'d>(
    profile: &'d SourceProfile,
    evidence: &'d mut dyn Evidence,
) -> impl FnMut(&Dataset, &str, &str) -> Option<f64> + 'd {
    move |dataset, of, on| {
        let table = profile.tables.iter().find(|t| t.table == dataset.table)?;
        let column = |name: &str| match &dataset.field(name)?.expression {
            crate::Expression::Column(c) => Some(c.clone()),
            _ => None,
        };
        Some(evidence.determines(&table.name, &column(of)?, &column(on)?))
    }
}

/// Codes of products that say so without the word, the best key first.
const PRODUCT_CODES: &[&str] = &[
    "stock code",
    "sku",
    "sku code",
    "sku id",
    "sku number",
    "material",
    "material number",
    "plu",
    "plu code",
    "upc",
    "ean",
    "gtin",
    "barcode",
    "isbn",
    "asin",
    "style",
    "style code",
    "style number",
    "style id",
];

/// Columns that name the product of a code.
const PRODUCT_NAMES: &[&str] = &[
    "product_name",
    "item_name",
    "article_name",
    "product_title",
    "product_description",
    "item_description",
    "product",
    "item",
    "article",
    "item_purchased",
    "product_purchased",
    "item_sold",
    "product_sold",
    "item_bought",
    "description",
    "title",
];

/// Whether an id is the key of what a name shows. An id that several names share, or one of many
/// that a name has (branches of a chain), is not; but many people have the same name.
fn identifies(dataset: &Dataset, id: &Field, name: &str, determines: &mut Determines<'_>) -> bool {
    let names = determines(dataset, &id.name, name).is_none_or(|share| share >= 0.8);
    let person = matches!(id.subject, Subject::Customer | Subject::Employee);
    names && (person || determines(dataset, name, &id.name).is_none_or(|share| share >= 0.5))
}

/// The product of a flat table whose columns do not say "product": a stock code and a description,
/// a SKU.
fn coded_product(dataset: &Dataset, determines: &mut Determines<'_>) -> Option<Entity> {
    let grouping = |f: &&Field| f.role == Role::Dimension && f.data_type == DataType::Text;
    let code = PRODUCT_CODES.iter().find_map(|code| {
        dataset
            .fields
            .iter()
            .find(|f| f.name.replace('_', " ") == *code && (f.role == Role::Id || grouping(f)))
    });
    let sold = dataset
        .fields
        .iter()
        .any(|f| f.role == Role::Measure && f.subject == Subject::Quantity);
    let name = PRODUCT_NAMES
        .iter()
        .find_map(|name| {
            dataset
                .fields
                .iter()
                .filter(grouping)
                .find(|f| f.name == *name)
        })
        .filter(|f| {
            code.is_some()
                || sold
                || ["item", "product", "article"]
                    .iter()
                    .any(|w| f.name.starts_with(w))
        });
    let (key, display) = match (code, name) {
        (Some(code), Some(name)) if identifies(dataset, code, &name.name, determines) => {
            (code, name)
        }
        (_, Some(name)) => (name, name),
        (Some(code), None) => (code, code),
        (None, None) => return None,
    };
    let (key, display) = (
        reference(dataset, &key.name),
        reference(dataset, &display.name),
    );
    Some(Entity {
        name: "product".into(),
        label: "Product".into(),
        synonyms: synonyms("product"),
        id_field: (display != key).then(|| key.clone()),
        key,
        display,
        dataset: None,
    })
}

fn synonyms(noun: &str) -> Vec<String> {
    include_str!("../../lexicon/entities.tsv")
        .lines()
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split_once('\t'))
        .filter(|(nouns, _)| nouns.split('|').any(|n| n == noun))
        .flat_map(|(_, others)| others.split(" | ").map(str::to_string))
        .filter(|other| other != noun)
        .collect()
}

pub(crate) fn find(model: &Model, determines: &mut Determines<'_>) -> Vec<Entity> {
    let mut found: Vec<Entity> = Vec::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    // Tables first: their rows are the thing itself.
    let flat = model.datasets.len() == 1;
    for dataset in &model.datasets {
        let [key] = &dataset.primary_key[..] else {
            continue;
        };
        if dataset.entity.is_empty() || flat {
            continue;
        }
        let key = reference(dataset, key);
        let display = dataset
            .name_field
            .as_ref()
            .map_or_else(|| key.clone(), |n| reference(dataset, n));
        let noun = core_noun(&dataset.entity);
        let mut others = synonyms(&noun);
        if noun != dataset.entity {
            others.push(noun.clone());
        }
        for synonym in &dataset.synonyms {
            if !others.contains(synonym) {
                others.push(synonym.clone());
            }
        }
        let names = |word: &str| {
            model
                .datasets
                .iter()
                .any(|d| d.entity == word || core_noun(&d.entity) == word)
        };
        for other in class_alone(&noun).into_iter().filter(|o| !names(o)) {
            if !others.contains(&other) {
                others.push(other);
            }
        }
        taken.insert(noun.clone());
        taken.insert(dataset.entity.clone());
        // Where a row is a customer of one order, and another id says who it is.
        let same = [
            format!("{noun}_unique_id"),
            format!("unique_{noun}_id"),
            format!("{noun}_master_id"),
            format!("master_{noun}_id"),
        ]
        .iter()
        .find_map(|id| dataset.field(id))
        .filter(|f| f.distinct.is_some_and(|d| Some(d) < dataset.rows))
        .map(|f| reference(dataset, &f.name));
        let (key, display, rows) = match same {
            Some(id) if display == key => (id.clone(), id, None),
            Some(id) => (id, display, None),
            None => (key, display, Some(dataset.name.clone())),
        };
        found.push(Entity {
            name: dataset.entity.clone(),
            label: label(&words(&dataset.entity)),
            synonyms: others,
            id_field: (display != key && !unique(dataset, &display.field)).then(|| key.clone()),
            key,
            display,
            dataset: rows,
        });
    }
    for dataset in &model.datasets {
        if !dataset.is_fact && !flat && !heads_lines(model, dataset) {
            continue;
        }
        let said = ["product", "item", "article"].iter().any(|noun| {
            taken.contains(*noun)
                || ["", "_id", "_code", "_number", "_key", "_name"]
                    .iter()
                    .any(|end| dataset.field(&format!("{noun}{end}")).is_some())
        });
        let mut coded_key = None;
        if !said && let Some(product) = coded_product(dataset, determines) {
            coded_key = Some(product.key.clone());
            taken.insert(product.name.clone());
            for field in [&product.key, &product.display] {
                taken.insert(singular_phrase(&words(&field.field)));
            }
            found.push(product);
        }
        for field in &dataset.fields {
            let w: Vec<String> = words(&field.label).into_iter().collect();
            let bare: Vec<String> = w
                .iter()
                .filter(|x| !matches!(x.as_str(), "id" | "name" | "number" | "no" | "code" | "key"))
                .cloned()
                .collect();
            // Numbers may have been written as "150043.0", where some of them are missing.
            let whole = matches!(field.data_type, DataType::Text | DataType::Integer)
                || field.role == Role::Id && field.data_type.is_numeric();
            if bare.is_empty() || !whole {
                continue;
            }
            let noun = singular_phrase(&bare);
            let is_id = field.role == Role::Id && w.len() > bare.len();
            // What another table knows only some of is counted here.
            let known = |r: &&crate::Relationship| !super::knows_some(dataset, r, &model.datasets);
            let referenced = model
                .relationships
                .iter()
                .filter(known)
                .any(|r| r.from == dataset.name && r.from_fields == [field.name.clone()]);
            if referenced
                || numbers_within(model, dataset, field, &noun)
                || taken.contains(&noun)
                || matches!(noun.as_str(), "row" | "sales" | "sale")
            {
                continue;
            }
            if is_id
                && coded_key.as_ref() != Some(&reference(dataset, &field.name))
                && !matches!(field.subject, Subject::PostalCode | Subject::Phone)
            {
                // (Customer ID, Customer Name): counted by the one, shown by the other.
                let named = dataset.fields.iter().find(|f| {
                    f.data_type == DataType::Text
                        && f.role == Role::Dimension
                        && (f.name == format!("{}_name", bare.join("_"))
                            || f.name == bare.join("_")
                            || ["description", "detail", "details", "title", "label"]
                                .iter()
                                .any(|end| f.name == format!("{}_{end}", bare.join("_"))))
                });
                let key = match named {
                    Some(f) if !identifies(dataset, field, &f.name, determines) => f,
                    _ => field,
                };
                let key = reference(dataset, &key.name);
                let display = named
                    .map(|f| reference(dataset, &f.name))
                    .or_else(|| linked_name(model, dataset, &field.name, &noun))
                    .unwrap_or_else(|| key.clone());
                let row = dataset.primary_key == [field.name.clone()];
                taken.insert(noun.clone());
                found.push(Entity {
                    label: label(&words(&noun)),
                    synonyms: synonyms(&noun),
                    id_field: (display != key).then(|| key.clone()),
                    key,
                    display,
                    dataset: row.then(|| dataset.name.clone()),
                    name: noun,
                });
            }
        }
        for field in &dataset.fields {
            let coded = field.data_type == DataType::Integer
                && super::columns::is_thing(field.subject)
                && field.distinct.is_none_or(|d| d > 2)
                && !model
                    .relationships
                    .iter()
                    .any(|r| r.from == dataset.name && r.from_fields.contains(&field.name));
            let grouping = field.role == Role::Dimension
                && (field.data_type == DataType::Text || coded)
                && field.name != "time";
            if !grouping
                || matches!(
                    field.subject,
                    Subject::FirstName | Subject::LastName | Subject::Email | Subject::Phone
                )
            {
                continue;
            }
            let w: Vec<String> = words(&field.label)
                .into_iter()
                .filter(|x| !matches!(x.as_str(), "name" | "description" | "full"))
                .collect();
            let noun = singular_phrase(&w);
            // "ship name" names whoever it was shipped to, and no ship.
            if matches!(noun.as_str(), "ship" | "shipping" | "bill" | "billing") {
                continue;
            }
            if noun.is_empty()
                || found
                    .iter()
                    .any(|e| e.display == reference(dataset, &field.name))
                || !taken.insert(noun.clone())
            {
                continue;
            }
            let key = reference(dataset, &field.name);
            let mut others = synonyms(&noun);
            others.extend(
                field
                    .synonyms
                    .iter()
                    .filter(|s| !others.contains(s))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            let own_noun = found.iter().map(|e| e.name.clone()).collect::<Vec<_>>();
            others.retain(|o| !own_noun.contains(o));
            found.push(Entity {
                label: field.label.clone(),
                synonyms: others,
                key: key.clone(),
                display: key,
                id_field: None,
                dataset: None,
                name: noun,
            });
        }
    }
    // The category of a film is a "film category", where a table of that name pairs both.
    let pairs: Vec<(String, String)> = model
        .datasets
        .iter()
        .filter_map(|d| Some((pair(model, d)?.name.clone(), d.entity.clone())))
        .collect();
    for (dataset, name) in pairs {
        let thing = found
            .iter_mut()
            .find(|e| e.dataset.as_ref() == Some(&dataset));
        if let Some(thing) = thing.filter(|t| !t.synonyms.contains(&name)) {
            thing.synonyms.push(name);
        }
    }
    // A noun of one thing is no by-name of another.
    let nouns: Vec<String> = found.iter().map(|e| e.name.clone()).collect();
    for entity in &mut found {
        entity
            .synonyms
            .retain(|s| !nouns.contains(s) || *s == entity.name);
    }
    found
}

/// Whether rows are orders whose lines stand in another table: who ordered, and how it was paid, are
/// their columns.
fn heads_lines(model: &Model, dataset: &Dataset) -> bool {
    let [key] = &dataset.primary_key[..] else {
        return false;
    };
    dataset.event_time.is_some()
        && dataset
            .field(key)
            .is_some_and(|f| f.subject == Subject::OrderNumber)
        && model.relationships.iter().any(|r| {
            r.to == dataset.name && model.dataset(&r.from).is_some_and(|from| from.is_fact)
        })
}

/// The second of the two things that a table pairs and is called by ("film category": category); none
/// for any other table.
pub(super) fn pair<'m>(model: &'m Model, dataset: &Dataset) -> Option<&'m Dataset> {
    let [a, b] = &dataset.primary_key[..] else {
        return None;
    };
    if dataset.is_fact {
        return None;
    }
    let to = |field: &String| {
        model
            .relationships
            .iter()
            .find(|r| r.from == dataset.name && r.from_fields == [field.clone()])
            .and_then(|r| model.dataset(&r.to))
    };
    let (a, b) = (to(a)?, to(b)?);
    [(a, b), (b, a)]
        .into_iter()
        .find(|(first, second)| dataset.entity == format!("{} {}", first.entity, second.entity))
        .map(|(_, second)| second)
}

/// A "product category" is a category: the class without what it is a class of, and its other names.
fn class_alone(noun: &str) -> Vec<String> {
    const CLASSES: &[&str] = &[
        "category",
        "sub category",
        "brand",
        "territory",
        "region",
        "segment",
    ];
    let Some(class) = noun.split_once(' ').map(|(_, rest)| rest) else {
        return Vec::new();
    };
    if !CLASSES.contains(&class) {
        return Vec::new();
    }
    let mut names = vec![class.to_string()];
    names.extend(synonyms(class));
    names
}

/// Whether an "item id" only numbers the lines of an order: it tells them apart together with the
/// order, and what was sold is another column.
fn numbers_within(model: &Model, dataset: &Dataset, field: &Field, noun: &str) -> bool {
    matches!(noun, "item" | "line" | "line item" | "position")
        && dataset.primary_key.len() > 1
        && dataset.primary_key.contains(&field.name)
        && model.relationships.iter().any(|r| {
            r.from == dataset.name
                && !r.from_fields.contains(&field.name)
                && model.dataset(&r.to).is_some_and(|to| {
                    ["product", "article", "sku"]
                        .iter()
                        .any(|n| to.entity.split(' ').any(|w| w == *n))
                })
        })
}

/// The name of what an id and another column refer to together, in the table that they refer to.
fn linked_name(model: &Model, dataset: &Dataset, id: &str, noun: &str) -> Option<crate::FieldRef> {
    model
        .relationships
        .iter()
        .filter(|r| {
            r.from == dataset.name
                && r.from_fields.len() > 1
                && r.from_fields.first().is_some_and(|f| f == id)
        })
        .find_map(|r| {
            let to = model.dataset(&r.to)?;
            let wanted = format!("{}_name", noun.replace(' ', "_"));
            let field = to
                .fields
                .iter()
                .find(|f| f.name == wanted)
                .or_else(|| to.fields.iter().find(|f| f.name == "name"))?;
            Some(reference(to, &field.name))
        })
}

/// Whether no two rows share a value, as far as it was profiled.
fn unique(dataset: &Dataset, field: &str) -> bool {
    dataset
        .field(field)
        .and_then(|f| f.distinct)
        .is_some_and(|d| Some(d) == dataset.rows)
}

/// `customer` for tables called "customer master", "dim customer" or "customers info".
fn core_noun(entity: &str) -> String {
    let w: Vec<&str> = entity
        .split(' ')
        .filter(|x| {
            !matches!(
                *x,
                "dim" | "fact" | "tbl" | "master" | "info" | "data" | "table"
            )
        })
        .collect();
    if w.is_empty() {
        entity.to_string()
    } else {
        w.join(" ")
    }
}
