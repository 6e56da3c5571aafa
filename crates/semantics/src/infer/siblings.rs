//! What a column is beside the others of its table.

use super::columns::is_thing;
use super::naming::singular_phrase;
use crate::{Additivity, DataType, Field, Role, Subject, TableProfile, Unit};

/// Settles what the columns of a table mean beside each other, before anything is derived from them.
pub(super) fn settle(
    fields: &mut [Field],
    table: &TableProfile,
    table_words: &[String],
    entity: &str,
) {
    order_of_lines(fields, table);
    one_duration(fields);
    own_names_first(fields, entity);
    one_rate(fields, table_words);
    in_charge(fields);
}

/// A table of nothing but people and regions (or stores) says who is in charge of which.
fn in_charge(fields: &mut [Field]) {
    let [a, b] = fields else { return };
    let person = |f: &Field| {
        f.data_type == DataType::Text
            && matches!(f.name.as_str(), "person" | "manager" | "owner" | "contact")
    };
    let (person, of) = if person(a) {
        (a, b)
    } else if person(b) {
        (b, a)
    } else {
        return;
    };
    let place = matches!(
        of.subject,
        Subject::Region | Subject::Store | Subject::State | Subject::Country | Subject::City
    );
    if !place {
        return;
    }
    let mut names = vec![
        "manager".to_string(),
        format!("{} manager", of.label.to_lowercase()),
    ];
    if of.subject == Subject::Region {
        names.push("regional manager".into());
    }
    names.retain(|n| *n != person.label.to_lowercase());
    person.synonyms.extend(names);
}

/// Of several durations, "length" and the like mean the one that is called nothing else: a film's
/// running time, and not how long it is lent for.
fn one_duration(fields: &mut [Field]) {
    let lasting = |f: &Field| f.role == Role::Measure && f.subject == Subject::Duration;
    let bare = |f: &Field| {
        matches!(
            f.name.as_str(),
            "duration" | "length" | "runtime" | "run_time" | "running_time" | "milliseconds"
        )
    };
    let all = fields.iter().filter(|f| lasting(f));
    if all.clone().count() < 2 || all.filter(|f| bare(f)).count() != 1 {
        return;
    }
    for field in fields.iter_mut().filter(|f| lasting(f) && !bare(f)) {
        field.subject = Subject::Other;
        field.synonyms.clear();
    }
}

/// An export of orders has a row for each line, and what names the order comes first ("Name" before
/// "Lineitem name"): it is the number of the order, whatever it is called.
fn order_of_lines(fields: &mut [Field], table: &TableProfile) {
    let lines = fields
        .iter()
        .any(|f| f.name.starts_with("line_item_") || f.name.starts_with("lineitem_"));
    let numbered = fields.iter().any(|f| f.subject == Subject::OrderNumber);
    if !lines || numbered || fields.iter().any(|f| f.name == "order_number") {
        return;
    }
    let Some(first) = fields.first_mut() else {
        return;
    };
    let repeats = first.distinct.is_some_and(|d| d > 1 && d < table.rows) && first.nulls == Some(0);
    let names = matches!(
        first.name.as_str(),
        "name" | "number" | "no" | "order" | "reference"
    );
    if repeats && names && matches!(first.data_type, DataType::Text | DataType::Integer) {
        first.synonyms = ["order id", "order no", "order code", "order name"]
            .iter()
            .map(|s| (*s).to_string())
            .collect();
        first.evidence = Some(format!(
            "`{}` comes first and repeats for the lines of an order",
            first.name
        ));
        first.name = "order_number".into();
        first.label = "Order number".into();
        first.role = Role::Id;
        first.subject = Subject::OrderNumber;
    }
}

/// A name that one column has is no by-name of another one: where there is a "store location", a store
/// is not called "location".
fn own_names_first(fields: &mut [Field], entity: &str) {
    let noun = entity.replace(' ', "_");
    let names: Vec<String> = fields.iter().map(|f| f.name.clone()).collect();
    for field in fields.iter_mut() {
        let of_others = |synonym: &String| {
            let name = synonym.replace(' ', "_");
            names
                .iter()
                .filter(|n| **n != field.name)
                .any(|n| *n == name || *n == format!("{noun}_{name}"))
        };
        let kept: Vec<String> = field
            .synonyms
            .iter()
            .filter(|s| !of_others(s))
            .cloned()
            .collect();
        field.synonyms = kept;
    }
}

/// "Product" means the product's name, and not its description beside it.
pub(super) fn only_the_name(fields: &mut [Field], name: &str) {
    let Some(subject) = fields.iter().find(|f| f.name == name).map(|f| f.subject) else {
        return;
    };
    let described = |f: &Field| {
        f.name
            .rsplit('_')
            .next()
            .is_some_and(|w| matches!(w, "description" | "details" | "detail"))
    };
    for field in fields
        .iter_mut()
        .filter(|f| f.name != name && f.subject == subject && is_thing(subject) && described(f))
    {
        field.subject = Subject::Other;
        field.synonyms.clear();
    }
}

/// The number of a table of rates ("exchange rates") is a rate, and answers to the table's name.
fn one_rate(fields: &mut [Field], table_words: &[String]) {
    let entity = singular_phrase(table_words);
    if !entity.ends_with(" rate") {
        return;
    }
    let mut rates = fields.iter_mut().filter(|f| {
        f.role == Role::Measure
            && f.name
                .split('_')
                .all(|w| matches!(w, "rate" | "value") || table_words.iter().any(|t| t == w))
    });
    if let (Some(rate), None) = (rates.next(), rates.next()) {
        rate.additivity = Additivity::Non;
        rate.unit = Unit::Plain;
        rate.subject = Subject::Other;
        rate.synonyms = vec![entity.clone(), "rate".into()];
        rate.synonyms.retain(|s| s.replace(' ', "_") != rate.name);
        rate.evidence = Some(format!(
            "the number of a table of {entity}s; rates do not add up"
        ));
    }
}
