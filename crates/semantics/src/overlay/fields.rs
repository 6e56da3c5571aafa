//! What the overlay says of datasets, fields and relationships.

use super::document::{
    AdditivityName, DatasetEntry, FieldEntry, IndexEntry, IndexName, Overlay, UnitEntry, VERSION,
};
use crate::draft::Draft;
use crate::gaps::FieldGaps;
use crate::ossie::set_expression;
use crate::sql::{Columns, Names, condition, nearest, or, row};
use crate::{
    Additivity, DataType, Dataset, Field, FieldCurrency, FieldRef, Unit, ValueIndex, Values,
};

/// Version and model of the overlay, and the names that it speaks of.
pub(crate) fn check_header(draft: &mut Draft) {
    let version = draft.overlay.overlay;
    if let Some(version) = version
        && version != VERSION
    {
        draft.overlay_error(
            "unsupported_version",
            &["overlay"],
            format!("the version {version} of the overlay is not known here"),
            format!("write overlay: {VERSION}"),
        );
    }
    if let Some(model) = draft.overlay.model.clone()
        && model != draft.model.name
    {
        draft.overlay_error(
            "which_model",
            &["model"],
            format!(
                "the overlay belongs to `{model}`, the document is `{}`",
                draft.model.name
            ),
            format!("write model: {}", draft.model.name),
        );
    }
    let overlay = draft.overlay.clone();
    let keys: Vec<String> = draft.tree.entries().iter().map(|e| e.key.clone()).collect();
    for key in keys {
        let at = draft.tree.place(&[&key]);
        draft.note_place(key, at);
    }
    for (name, _) in overlay.datasets.iter() {
        let path = ["datasets", name];
        note(draft, &path);
        if draft.model.dataset(name).is_none() {
            let known: Vec<String> = draft
                .model
                .datasets
                .iter()
                .map(|d| d.name.clone())
                .collect();
            draft.overlay_error(
                "bad_overlay_key",
                &path,
                format!("the document has no dataset `{name}`"),
                crate::sql::suggestion(name, known.iter().map(String::as_str)),
            );
        }
    }
    for (name, _) in overlay.relationships.iter() {
        let path = ["relationships", name];
        note(draft, &path);
        if draft.model.relationships.iter().all(|r| r.name != name) {
            let known: Vec<String> = draft
                .model
                .relationships
                .iter()
                .map(|r| r.name.clone())
                .collect();
            draft.overlay_error(
                "bad_overlay_key",
                &path,
                format!("the document has no relationship `{name}`"),
                crate::sql::suggestion(name, known.iter().map(String::as_str)),
            );
        }
    }
    for (name, _) in overlay.metrics.iter() {
        note(draft, &["metrics", name]);
    }
}

/// Notes where an entry of the overlay and its keys stand.
fn note(draft: &mut Draft, path: &[&str]) {
    let place = path.join("/");
    let at = draft.tree.place(path);
    draft.note_place(place.clone(), at);
    let keys: Vec<String> = draft
        .tree
        .path(path)
        .map(|n| n.entries().iter().map(|e| e.key.clone()).collect())
        .unwrap_or_default();
    for key in keys {
        let whole: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
        let at = draft.tree.place(&whole);
        draft.note_place(format!("{place}/{key}"), at);
    }
}

/// The dataset and the field of a key `dataset/field`.
fn split(key: &str) -> Option<(&str, &str)> {
    key.split_once('/')
        .filter(|(d, f)| !d.is_empty() && !f.is_empty())
}

/// Fields that the document lacks and the overlay defines. They follow those of the document; an
/// overlay that lists all fields of a dataset gives their order.
pub(crate) fn add_fields(draft: &mut Draft) {
    let overlay = draft.overlay.clone();
    for (key, entry) in overlay.fields.iter() {
        let path = ["fields", key];
        note(draft, &path);
        let Some((dataset, field)) = split(key) else {
            draft.overlay_error(
                "bad_overlay_key",
                &path,
                format!("`{key}` is not of the form dataset/field"),
                "write orders/status, for instance",
            );
            continue;
        };
        let Some(home) = draft.model.datasets.iter_mut().find(|d| d.name == dataset) else {
            let known: Vec<String> = draft
                .model
                .datasets
                .iter()
                .map(|d| d.name.clone())
                .collect();
            draft.overlay_error(
                "bad_overlay_key",
                &path,
                format!("the document has no dataset `{dataset}`"),
                crate::sql::suggestion(dataset, known.iter().map(String::as_str)),
            );
            continue;
        };
        if home.field(field).is_none() {
            if entry.expression.is_none() {
                let fix = or(
                    nearest(field, home.fields.iter().map(|f| f.name.as_str())),
                    "give it an `expression`, or take it out",
                );
                draft.overlay_error(
                    "bad_overlay_key",
                    &path,
                    format!("the dataset `{dataset}` has no field `{field}`, and the overlay does not define one"),
                    fix,
                );
                continue;
            }
            home.fields.push(Field::column(field, DataType::Opaque));
            draft.gaps.fields.insert(
                (dataset.to_string(), field.to_string()),
                FieldGaps {
                    label: true,
                    data_type: true,
                    role: true,
                    subject: true,
                    additivity: true,
                    unit: true,
                    synonyms: true,
                    searchable: true,
                    profile: true,
                    dimension: None,
                },
            );
        }
    }
    for dataset in &mut draft.model.datasets {
        let listed = |name: &str| {
            let key = format!("{}/{name}", dataset.name);
            overlay.fields.iter().position(|(k, _)| k == key)
        };
        if dataset.fields.iter().all(|f| listed(&f.name).is_some()) {
            let order: Vec<Option<usize>> =
                dataset.fields.iter().map(|f| listed(&f.name)).collect();
            let mut sorted: Vec<(Option<usize>, Field)> =
                order.into_iter().zip(dataset.fields.drain(..)).collect();
            sorted.sort_by_key(|(at, _)| *at);
            dataset.fields = sorted.into_iter().map(|(_, f)| f).collect();
        }
    }
}

/// What fields are computed from, where the overlay says so.
pub(crate) fn field_expressions(draft: &mut Draft, known: &[Dataset]) {
    let overlay = draft.overlay.clone();
    for (key, entry) in overlay.fields.iter() {
        let (Some(text), Some((dataset, field))) = (&entry.expression, split(key)) else {
            continue;
        };
        let names = Names {
            own: Some(field),
            columns: Columns::Physical,
            ..Names::of(known).within(dataset)
        };
        let read = row(text, &names);
        if let Some(expression) = draft.told(&["fields", key, "expression"], read) {
            set_expression(draft, dataset, field, expression);
        }
    }
}

/// Everything else about datasets.
pub(crate) fn datasets(draft: &mut Draft) {
    let overlay = draft.overlay.clone();
    for (name, entry) in overlay.datasets.iter() {
        let Some(at) = draft.model.datasets.iter().position(|d| d.name == name) else {
            continue;
        };
        dataset(draft, at, name, entry);
    }
}

fn dataset(draft: &mut Draft, at: usize, name: &str, entry: &DatasetEntry) {
    let all = draft.model.datasets.clone();
    let home = &all[at];
    let mut out = home.clone();
    let mut gaps = draft.gaps.datasets.remove(name).unwrap_or_default();
    let missing = |draft: &mut Draft, key: &str, field: &str| {
        let fix = crate::sql::suggestion(field, home.fields.iter().map(|f| f.name.as_str()));
        draft.overlay_error(
            "unknown_field",
            &["datasets", name, key],
            format!("the dataset `{name}` has no field `{field}`"),
            fix,
        );
    };
    if let Some(label) = &entry.label {
        out.label = label.clone();
        gaps.label = false;
    }
    if let Some(entity) = &entry.entity {
        out.entity = entity.clone();
        gaps.entity = false;
    }
    if let Some(synonyms) = &entry.synonyms {
        out.synonyms = synonyms.clone();
    }
    if let Some(fact) = entry.is_fact {
        out.is_fact = fact;
        gaps.is_fact = false;
    }
    if let Some(text) = &entry.instructions {
        out.instructions = text.clone();
    }
    if entry.rows.is_some() {
        out.rows = entry.rows;
        gaps.rows = false;
    }
    out.remarks = entry.remarks.clone();
    out.evidence = entry.evidence.clone();
    for field in &entry.grain {
        if home.field(field).is_none() {
            missing(draft, "grain", field);
        }
    }
    out.grain = entry.grain.clone();
    if let Some(named) = &entry.name_field {
        if let Some(field) = named
            && home.field(field).is_none()
        {
            missing(draft, "name_field", field);
        }
        out.name_field = named.clone();
        gaps.name_field = false;
    }
    if let Some(stated) = &entry.event_time {
        gaps.event_time = false;
        match stated {
            None => out.event_time = None,
            Some(text) => match text.split_once('.') {
                Some((other, field)) if other != name => {
                    let reference = FieldRef::new(other, field);
                    if draft.model.field(&reference).is_none() {
                        draft.overlay_error(
                            "unknown_field",
                            &["datasets", name, "event_time"],
                            format!("there is no field `{text}`"),
                            "write dataset.field",
                        );
                    }
                    out.event_time_of = Some(reference);
                }
                other => {
                    let field = other.map_or(text.as_str(), |(_, f)| f);
                    if home.field(field).is_none() {
                        missing(draft, "event_time", field);
                    }
                    out.event_time = Some(field.to_string());
                }
            },
        }
    }
    if let Some(text) = &entry.watermark {
        let upper = text.to_ascii_uppercase();
        let inner = upper
            .strip_prefix("MAX(")
            .and_then(|t| t.strip_suffix(')'))
            .map(|inner| &text[4..4 + inner.len()]);
        let field = inner.unwrap_or(text).trim();
        let field = field.strip_prefix(&format!("{name}.")).unwrap_or(field);
        if home.field(field).is_none() {
            missing(draft, "watermark", field);
        }
        out.watermark = Some(field.to_string());
    }
    if let Some(completeness) = &entry.completeness {
        for field in &completeness.rows_per {
            if home.field(field).is_none() {
                missing(draft, "completeness", field);
            }
        }
        out.completeness = Some(completeness.clone());
    }
    if let Some(validity) = &entry.validity {
        for field in [&validity.from, &validity.to] {
            if home.field(field).is_none() {
                missing(draft, "validity", field);
            }
        }
        out.validity = Some(validity.clone());
    }
    for text in &entry.default_filters {
        let read = condition(text, &Names::of(&all).within(name));
        if let Some(filter) = draft.told(&["datasets", name, "default_filters"], read) {
            out.default_filters.push(filter);
        }
    }
    draft.model.datasets[at] = out;
    draft.gaps.datasets.insert(name.to_string(), gaps);
}

/// A unit in words.
pub(super) fn unit(entry: &UnitEntry) -> Unit {
    match entry {
        UnitEntry::Typed(unit) => unit.clone(),
        UnitEntry::Word(word) => match word.as_str() {
            "fraction" | "percent" | "%" => Unit::Fraction,
            "days" => Unit::Days,
            "plain" | "" => Unit::Plain,
            "money" => Unit::Money(None),
            code if is_currency(code) => Unit::Money(Some(code.to_string())),
            noun => Unit::Count(noun.to_string()),
        },
    }
}

/// Whether a word has the form of an ISO 4217 code.
pub(super) fn is_currency(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|b| b.is_ascii_uppercase())
}

pub(super) fn additivity(name: AdditivityName) -> Additivity {
    match name {
        AdditivityName::Additive => Additivity::Additive,
        AdditivityName::Semi => Additivity::Semi,
        AdditivityName::Non => Additivity::Non,
    }
}

/// Everything else about fields.
pub(crate) fn fields(draft: &mut Draft) {
    let overlay: Overlay = draft.overlay.clone();
    for (key, entry) in overlay.fields.iter() {
        let Some((dataset, field)) = split(key) else {
            continue;
        };
        let Some(known) = draft.model.field(&FieldRef::new(dataset, field)).cloned() else {
            continue;
        };
        let id = (dataset.to_string(), field.to_string());
        let mut gaps = draft.gaps.fields.remove(&id).unwrap_or_default();
        let out = field_entry(draft, key, dataset, known, entry, &mut gaps);
        draft.gaps.fields.insert(id, gaps);
        if let Some(place) = draft
            .model
            .datasets
            .iter_mut()
            .find(|d| d.name == dataset)
            .and_then(|d| d.fields.iter_mut().find(|f| f.name == field))
        {
            *place = out;
        }
    }
}

fn field_entry(
    draft: &mut Draft,
    key: &str,
    dataset: &str,
    known: Field,
    entry: &FieldEntry,
    gaps: &mut FieldGaps,
) -> Field {
    let mut out = known;
    if let Some(label) = &entry.label {
        out.label = label.clone();
        gaps.label = false;
    }
    if let Some(data_type) = entry.data_type {
        out.data_type = data_type;
        gaps.data_type = false;
    }
    if let Some(role) = entry.role {
        out.role = role;
        gaps.role = false;
    }
    if let Some(subject) = entry.subject {
        out.subject = subject;
        gaps.subject = false;
    }
    if let Some(name) = entry.additivity {
        out.additivity = additivity(name);
        gaps.additivity = false;
    }
    if let Some(word) = &entry.unit {
        out.unit = unit(word);
        gaps.unit = false;
    }
    if let Some(synonyms) = &entry.synonyms {
        // What both files say, once.
        for synonym in synonyms {
            if !out.synonyms.contains(synonym) {
                out.synonyms.push(synonym.clone());
            }
        }
        gaps.synonyms = false;
    }
    if let Some(text) = &entry.description {
        out.description = text.clone();
    }
    if let Some(text) = &entry.instructions {
        out.instructions = text.clone();
    }
    out.granularity = entry.granularity;
    out.evidence = entry.evidence.clone();
    if let Some(values) = &entry.values {
        let index = values.index.map(|i| match i {
            IndexEntry::Flag(true) | IndexEntry::Name(IndexName::Full) => ValueIndex::Full,
            IndexEntry::Flag(false) | IndexEntry::Name(IndexName::None) => ValueIndex::None,
            IndexEntry::Name(IndexName::Exact) => ValueIndex::Exact,
        });
        if let Some(index) = index {
            out.searchable = index != ValueIndex::None;
            gaps.searchable = false;
        }
        out.values = Some(Values {
            listed: values.listed.clone(),
            closed: values.closed,
            index,
            pii: values.pii,
        });
    }
    if let Some(searchable) = entry.searchable {
        out.searchable = searchable;
        gaps.searchable = false;
    }
    if let Some(hierarchy) = &entry.hierarchy {
        for (side, other) in [("parent", &hierarchy.parent), ("child", &hierarchy.child)] {
            if let Some(other) = other
                && draft.model.field(other).is_none()
            {
                draft.overlay_error(
                    "unknown_field",
                    &["fields", key, "hierarchy", side],
                    format!("there is no field `{other}`"),
                    "write dataset.field",
                );
            }
        }
        out.hierarchy = Some(hierarchy.clone());
    }
    if let Some(sort) = &entry.sort {
        if draft
            .model
            .field(&FieldRef::new(dataset, sort.as_str()))
            .is_none()
        {
            draft.overlay_error(
                "unknown_field",
                &["fields", key, "sort"],
                format!("the dataset `{dataset}` has no field `{sort}`"),
                "name a field of the same dataset",
            );
        }
        out.sort = Some(sort.clone());
    }
    if let Some(text) = &entry.currency {
        out.currency = if is_currency(text) {
            Some(FieldCurrency::Code(text.clone()))
        } else {
            let reference = text
                .parse()
                .unwrap_or_else(|_| FieldRef::new(dataset, text.as_str()));
            if draft.model.field(&reference).is_none() {
                draft.overlay_error(
                    "unknown_field",
                    &["fields", key, "currency"],
                    format!("`{text}` is neither a currency code nor a field"),
                    "write GBP, or the field that holds the code",
                );
            }
            Some(FieldCurrency::Field(reference))
        };
    }
    if let Some(profile) = &entry.profile {
        out.distinct = profile.distinct;
        out.nulls = profile.nulls;
        out.min = profile.min.clone();
        out.max = profile.max.clone();
        gaps.profile = false;
    }
    out
}

/// What the overlay says of relationships.
pub(crate) fn relationships(draft: &mut Draft) {
    for relationship in &mut draft.model.relationships {
        let Some(entry) = draft.overlay.relationships.get(&relationship.name) else {
            continue;
        };
        if let Some(unique) = entry.unique {
            relationship.unique = unique;
            draft.gaps.relationships.retain(|n| *n != relationship.name);
        }
        relationship.role = entry.role.clone();
        relationship.evidence = entry.evidence.clone();
    }
}
