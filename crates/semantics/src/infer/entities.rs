//! Things that people count and rank: tables with a key, and columns of a flat table.

use super::naming::{label, singular_phrase, words};
use super::reference;
use crate::{DataType, Dataset, Entity, Model, Role, Subject};
use std::collections::BTreeSet;

fn synonyms(noun: &str) -> Vec<String> {
    include_str!("../../lexicon/entities.tsv")
        .lines()
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split_once('\t'))
        .filter(|(n, _)| *n == noun)
        .flat_map(|(_, others)| others.split(" | ").map(str::to_string))
        .collect()
}

pub(crate) fn find(model: &Model) -> Vec<Entity> {
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
        taken.insert(noun);
        taken.insert(dataset.entity.clone());
        found.push(Entity {
            name: dataset.entity.clone(),
            label: label(&words(&dataset.entity)),
            synonyms: others,
            id_field: (display != key && !unique(dataset, &display.field)).then(|| key.clone()),
            key,
            display,
            dataset: Some(dataset.name.clone()),
        });
    }
    for dataset in &model.datasets {
        if !dataset.is_fact && !flat {
            continue;
        }
        for field in &dataset.fields {
            let w: Vec<String> = words(&field.label).into_iter().collect();
            let bare: Vec<String> = w
                .iter()
                .filter(|x| !matches!(x.as_str(), "id" | "name" | "number" | "no" | "code" | "key"))
                .cloned()
                .collect();
            if bare.is_empty() || !matches!(field.data_type, DataType::Text | DataType::Integer) {
                continue;
            }
            let noun = singular_phrase(&bare);
            let is_id = field.role == Role::Id && w.len() > bare.len();
            let referenced = model
                .relationships
                .iter()
                .any(|r| r.from == dataset.name && r.from_fields == [field.name.clone()]);
            if referenced || taken.contains(&noun) || noun == "row" {
                continue;
            }
            if is_id && !matches!(field.subject, Subject::PostalCode | Subject::Phone) {
                // (Customer ID, Customer Name): counted by the one, shown by the other.
                let named = dataset.fields.iter().find(|f| {
                    f.data_type == DataType::Text
                        && f.role == Role::Dimension
                        && (f.name == format!("{}_name", bare.join("_"))
                            || f.name == bare.join("_")
                            || f.name == format!("{}_description", bare.join("_")))
                });
                let key = reference(dataset, &field.name);
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
            let grouping = field.role == Role::Dimension && field.data_type == DataType::Text;
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
                .filter(|x| x != "name")
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
    // A noun of one thing is no by-name of another.
    let nouns: Vec<String> = found.iter().map(|e| e.name.clone()).collect();
    for entity in &mut found {
        entity
            .synonyms
            .retain(|s| !nouns.contains(s) || *s == entity.name);
    }
    found
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
