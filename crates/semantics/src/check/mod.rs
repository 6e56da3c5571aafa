//! Whether a model hangs together.

mod fields;
mod links;
mod metrics;
mod paths;
mod rules;

use crate::{Model, Problem};

/// Every problem of a model, in the order of the document; none for a sound one. Without data:
/// what a model says of tables and columns is compared with them by [`crate::Reading::bound`].
pub fn check(model: &Model) -> Vec<Problem> {
    let mut problems = Vec::new();
    twice(model, &mut problems);
    fields::check(model, &mut problems);
    links::check(model, &mut problems);
    metrics::check(model, &mut problems);
    rules::check(model, &mut problems);
    problems
}

/// Hash of a model (blake3 of its JSON, hex).
pub fn hash(model: &Model) -> String {
    blake3::hash(&serde_json::to_vec(model).unwrap_or_default())
        .to_hex()
        .to_string()
}

/// Names that stand for two things.
fn twice(model: &Model, problems: &mut Vec<Problem>) {
    let lists: [(&str, &str, Vec<&str>); 6] = [
        (
            "datasets",
            "datasets",
            names(model.datasets.iter().map(|d| &d.name)),
        ),
        (
            "relationships",
            "relationships",
            names(model.relationships.iter().map(|r| &r.name)),
        ),
        (
            "metrics",
            "metrics",
            names(model.metrics.iter().map(|m| &m.name)),
        ),
        (
            "calendars",
            "calendars",
            names(model.calendars.iter().map(|c| &c.name)),
        ),
        (
            "events",
            "events",
            names(model.events.iter().map(|e| &e.name)),
        ),
        (
            "comp_rules",
            "comparable-store policies",
            names(model.comp_rules.iter().map(|c| &c.name)),
        ),
    ];
    for (section, what, list) in lists {
        for name in repeated(&list) {
            problems.push(Problem::error(
                "duplicate_name",
                format!("{section}/{name}"),
                format!("two {what} are called `{name}`"),
                "give one of them another name",
            ));
        }
    }
    for dataset in &model.datasets {
        let list = names(dataset.fields.iter().map(|f| &f.name));
        for name in repeated(&list) {
            problems.push(Problem::error(
                "duplicate_name",
                format!("fields/{}/{name}", dataset.name),
                format!("two fields of `{}` are called `{name}`", dataset.name),
                "give one of them another name",
            ));
        }
    }
}

fn names<'m>(of: impl Iterator<Item = &'m String>) -> Vec<&'m str> {
    of.map(String::as_str).collect()
}

/// Names that occur more than once, each once, in order.
fn repeated<'n>(list: &[&'n str]) -> Vec<&'n str> {
    let mut found: Vec<&str> = Vec::new();
    for (i, name) in list.iter().enumerate() {
        if list[..i].contains(name) && !found.contains(name) {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests;
