//! A model from measurements: nothing is known of the data but its names, types, values and keys.

mod attributes;
pub(crate) mod columns;
mod comparable;
mod dates;
mod derived;
pub(crate) mod entities;
mod flags;
mod keys;
mod metrics;
pub(crate) mod naming;
mod on_hand;
mod relationships;
mod siblings;
mod summaries;
mod twins;

use crate::{
    Additivity, DataType, Dataset, Evidence, Expression, Field, FieldRef, Model, Relationship,
    Role, SourceProfile, Subject, TableProfile, Unit,
};
pub(crate) use dates::event_time;
pub(crate) use keys::prove_key_of;
pub(crate) use metrics::default_time;
use naming::{column_words, label, singular_phrase, snake, words};
use std::collections::BTreeSet;

/// Infers a model. Empty tables stay in it, so that what refers to them can be explained.
pub fn infer(profile: &SourceProfile, evidence: &mut dyn Evidence) -> Model {
    let mut datasets: Vec<Dataset> = Vec::new();
    let names: Vec<&str> = profile.tables.iter().map(|t| t.name.as_str()).collect();
    for (table, words) in profile.tables.iter().zip(&naming::table_words(&names)) {
        let next = dataset(table, words, evidence, &datasets);
        datasets.push(next);
    }
    let relationships = relationships::find(profile, &datasets, evidence);
    for dataset in &mut datasets {
        dataset.is_fact = is_fact(dataset, &relationships);
    }
    dates::dated_by_calendar(&mut datasets, &relationships);
    dates::things_date_no_facts(&mut datasets, &relationships);
    dates::things_that_last(&mut datasets, &relationships);
    // A column that refers to another table is no amount.
    for relationship in &relationships {
        if let Some(dataset) = datasets.iter_mut().find(|d| d.name == relationship.from) {
            for field in dataset.fields.iter_mut().filter(|f| {
                relationship.from_fields.contains(&f.name)
                    && (f.role == Role::Measure
                        || f.role == Role::Dimension && f.data_type == DataType::Integer)
            }) {
                field.role = Role::Id;
                field.additivity = Additivity::Non;
                field.unit = Unit::Plain;
            }
        }
    }
    own_copies(&mut datasets, &relationships);
    let currency = profile
        .tables
        .iter()
        .flat_map(|t| &t.columns)
        .find_map(|c| c.currency.clone());
    let mut model = Model {
        name: if profile.name.is_empty() {
            "data".into()
        } else {
            snake(&words(&profile.name))
        },
        datasets,
        relationships,
        currency,
        ..Model::default()
    };
    model.entities = entities::find(&model, &mut entities::measured(profile, evidence));
    attributes::totals_of_orders(&mut model, &mut entities::measured(profile, evidence));
    attributes::settle(&mut model, &mut entities::measured(profile, evidence));
    let summarised = summaries::find(&model, profile, evidence);
    for dataset in &mut model.datasets {
        if let Some(grain) = summarised.get(&dataset.name) {
            summaries::name_flags(dataset);
            if dataset.primary_key.is_empty() {
                dataset.grain.clone_from(grain);
            }
        }
    }
    metrics::add(&mut model, profile, &summarised);
    comparable::add(&mut model);
    dates::end_with_the_facts(&mut model, profile, evidence);
    model
}

/// Where rows look up what is known of a thing for a day, or what another table knows of some of them
/// ("returns" of orders), and both say the same of it ("is holiday", "market"), the word means the
/// rows' own column; the other one goes by its table.
fn own_copies(datasets: &mut [Dataset], relationships: &[Relationship]) {
    for link in relationships {
        let Some(own) = datasets.iter().find(|d| d.name == link.from) else {
            continue;
        };
        let daily = link.from_fields.len() > 1
            && link
                .from_fields
                .iter()
                .any(|name| own.field(name).is_some_and(|f| f.role == Role::Time));
        let of_some = knows_some(own, link, datasets);
        if !daily && !of_some {
            continue;
        }
        let same: Vec<(String, DataType)> = own
            .fields
            .iter()
            .filter(|f| f.role == Role::Dimension && !link.from_fields.contains(&f.name))
            .map(|f| (f.name.clone(), f.data_type))
            .collect();
        let Some(other) = datasets.iter_mut().find(|d| d.name == link.to) else {
            continue;
        };
        let Dataset {
            fields,
            name,
            primary_key,
            name_field,
            ..
        } = other;
        for field in fields.iter_mut().filter(|f| {
            same.contains(&(f.name.clone(), f.data_type))
                && !link.to_fields.contains(&f.name)
                && !primary_key.contains(&f.name)
                && name_field.as_ref() != Some(&f.name)
        }) {
            field.name = format!("{name}_{}", field.name);
            field.label = label(&words(&field.name));
            field.synonyms.clear();
            field.searchable &= !of_some;
        }
    }
}

/// Whether a table that rows refer to has a row for some of their keys only.
pub(crate) fn knows_some(from: &Dataset, link: &Relationship, datasets: &[Dataset]) -> bool {
    let [key] = &link.from_fields[..] else {
        return false;
    };
    let keys = from.field(key).and_then(|f| f.distinct);
    let known = datasets
        .iter()
        .find(|d| d.name == link.to)
        .and_then(|d| d.rows);
    matches!((keys, known), (Some(keys), Some(known)) if keys > known + known / 20)
}

/// Whether rows are events or lines that metrics are summed over: they refer to others and are
/// dated, or have amounts, or stand alone.
pub(crate) fn is_fact(dataset: &Dataset, relationships: &[Relationship]) -> bool {
    let refers = relationships
        .iter()
        .filter(|r| r.from == dataset.name && r.to != dataset.name)
        .map(|r| r.to.as_str())
        .collect::<BTreeSet<_>>()
        .len();
    let referred = relationships
        .iter()
        .any(|r| r.to == dataset.name && r.from != dataset.name);
    let measures = dataset.fields.iter().any(|f| f.role == Role::Measure);
    // A product has a price, a brand and a category; that does not make it an event.
    let amounts = dataset
        .fields
        .iter()
        .any(|f| f.role == Role::Measure && f.additivity == Additivity::Additive);
    let bridges = !measures
        && dataset.event_time.is_none()
        && dataset.primary_key.iter().all(|k| {
            relationships
                .iter()
                .any(|r| r.from == dataset.name && r.from_fields == [k.clone()])
        });
    relationships.is_empty()
        || dataset.event_time.is_some() && refers > 0
        || refers > 0 && measures && (!referred || refers > 1 && amounts)
        || (!referred && refers == 0 && dataset.event_time.is_some())
        || refers > 0 && dataset.primary_key.len() > 1 && !bridges
}

/// A table as a dataset.
fn dataset(
    table: &TableProfile,
    table_words: &[String],
    evidence: &mut dyn Evidence,
    others: &[Dataset],
) -> Dataset {
    let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    let column_words = column_words(&names);
    let mut name = snake(table_words);
    if name.is_empty() {
        name = "data".into();
    }
    while others.iter().any(|d| d.name == name) {
        name.push_str("_2");
    }
    let key_columns: Vec<String> = if table.primary_key.is_empty() {
        keys::prove_key(table, &column_words, evidence)
    } else {
        table.primary_key.clone()
    };
    let mut fields: Vec<Field> = Vec::new();
    for (column, w) in table.columns.iter().zip(&column_words) {
        let is_key = key_columns.len() == 1 && key_columns[0].eq_ignore_ascii_case(&column.name);
        let mut field = columns::field(column, w, table, is_key);
        if field.name.is_empty() {
            field.name = "value".into();
        }
        while fields.iter().any(|f| f.name == field.name) {
            field.name.push_str("_2");
        }
        fields.push(field);
    }
    let primary_key: Vec<String> = key_columns
        .iter()
        .filter_map(|k| {
            fields
                .iter()
                .find(
                    |f| matches!(&f.expression, Expression::Column(c) if c.eq_ignore_ascii_case(k)),
                )
                .map(|f| f.name.clone())
        })
        .collect();
    let mut entity = singular_phrase(table_words);
    // What a file of a contest is for says nothing of its rows.
    if matches!(entity.as_str(), "train" | "test" | "training" | "data") {
        entity.clear();
    }
    // "sales" is what they add up to; a row of them is a line.
    if matches!(entity.as_str(), "sales" | "sale")
        && fields
            .iter()
            .any(|f| f.role == Role::Measure && f.subject == Subject::Amount)
    {
        entity = "sales line".into();
    }
    // Rows of "transactions" that share their transaction id are its lines.
    let shared = |f: &Field| {
        f.role == Role::Id
            && ["id", "number", "key", "code"]
                .iter()
                .any(|end| f.name == format!("{}_{end}", entity.replace(' ', "_")))
            && primary_key != [f.name.clone()]
            && f.distinct.is_some_and(|d| d < table.rows)
    };
    if !primary_key.is_empty() && fields.iter().any(shared) {
        entity.push_str(" line");
    }
    derived::add(&mut fields, table, &entity);
    on_hand::name(&mut fields, &entity);
    twins::settle(&mut fields, table, &primary_key, evidence);
    siblings::settle(&mut fields, table, table_words, &entity);
    derived::unit_margin(&mut fields);
    flags::add(&name, &mut fields);
    dates::add(&mut fields);
    fields.extend(dates::flags(&name, &fields));
    // A person's title is a job.
    if fields.iter().any(|f| f.subject == Subject::LastName)
        && let Some(title) = fields.iter_mut().find(|f| f.name == "title")
    {
        for other in ["job title", "job", "position"] {
            title.synonyms.push(other.into());
        }
    }
    let event_time = event_time(&fields);
    let name_field = name_field(&fields, &entity, table.rows);
    if let Some(name) = &name_field {
        siblings::only_the_name(&mut fields, name);
    }
    let mut reasons = vec![match (&primary_key[..], table.primary_key.is_empty()) {
        ([], _) => "nothing tells the rows apart".to_string(),
        (key, true) => format!("measured: no two rows share {}", key.join(", ")),
        (key, false) => format!("{} is declared as the key", key.join(", ")),
    }];
    if let Some(time) = &event_time {
        reasons.push(format!(
            "of its dates {time} is named most like that of an event"
        ));
    }
    Dataset {
        evidence: Some(reasons.join("; ")),
        label: label(table_words),
        table: table.table.clone(),
        entity,
        primary_key,
        name_field,
        event_time,
        rows: Some(table.rows),
        fields,
        remarks: table.remarks.clone(),
        name,
        ..Dataset::default()
    }
}

/// The field that names a row to people.
pub(crate) fn name_field(fields: &[Field], entity: &str, rows: u64) -> Option<String> {
    let text = |f: &&Field| f.data_type == DataType::Text && !matches!(f.role, Role::Id);
    if fields.iter().any(|f| f.name == "full_name") {
        let company = fields.iter().find(|f| {
            text(f)
                && matches!(
                    f.name.as_str(),
                    "company_name" | "customer_name" | "supplier_name" | "store_name"
                )
        });
        return Some(company.map_or_else(|| "full_name".to_string(), |f| f.name.clone()));
    }
    let noun = entity.replace(' ', "_");
    // A "product sub category" is also named by its "sub category name".
    let by_noun = noun
        .match_indices('_')
        .map(|(at, _)| format!("{}_name", &noun[at + 1..]));
    let best = std::iter::once(format!("{noun}_name")).chain(by_noun);
    // What many rows share says what kind they are, and names none of them.
    let tells_apart = |f: &&Field| {
        !f.name.ends_with("description")
            || rows < 10
            || f.distinct.is_none_or(|d| d.saturating_mul(2) >= rows)
    };
    for wanted in best.chain([
        "name".into(),
        "company_name".into(),
        noun.clone(),
        format!("{noun}_title"),
        "title".into(),
        format!("{noun}_description"),
        "description".into(),
    ]) {
        let named = fields.iter().filter(text).filter(tells_apart);
        if let Some(f) = named.into_iter().find(|f| f.name == wanted) {
            return Some(f.name.clone());
        }
    }
    let by_ending = |ending: &str| {
        fields
            .iter()
            .filter(text)
            .filter(tells_apart)
            .find(|f| f.name.ends_with(ending))
            .map(|f| f.name.clone())
    };
    by_ending("_description").or_else(|| {
        // Details that tell nearly all rows apart serve as a name where there is no better one.
        by_ending("_details").filter(|name| {
            fields
                .iter()
                .find(|f| f.name == *name)
                .and_then(|f| f.distinct)
                .is_some_and(|d| d * 10 >= rows * 9)
        })
    })
}

/// A reference to a field of a dataset.
fn reference(dataset: &Dataset, field: &str) -> FieldRef {
    FieldRef::new(&dataset.name, field)
}
