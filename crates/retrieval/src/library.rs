//! One entry for each thing of a model that a prompt may speak of.

use crate::bm25::Bm25;
use crate::fusion::fused;
use crate::vectors::{Embedder, Flat, HashedWords};
use crate::{Visibility, words_of};
use semantics::{Access, Additivity, DataType, Field, FieldRef, Metric, MetricKind, Model, Unit};
use std::sync::OnceLock;

/// How many of the nearest entries by vector take part in the ranking.
const NEAREST: usize = 60;

/// What an entry is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A metric, by name.
    Metric(String),
    /// A field.
    Field(FieldRef),
    /// A question that someone has checked; place in the model's list.
    Verified(usize),
}

/// A thing of the model with its line in a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// As it stands in a prompt.
    pub line: String,
    /// The words that it is found by.
    pub found_by: String,
}

/// The entries of a model that may be shown, ranked for a question.
pub struct Library {
    entries: Vec<Entry>,
    /// Links between datasets: from, to, and the line.
    pub(crate) links: Vec<(String, String, String)>,
    words: Bm25,
    hashed: Flat,
    embedded: OnceLock<Option<Flat>>,
}

impl Library {
    /// Everything of the model that may be shown.
    pub fn new(visibility: &Visibility) -> Library {
        let model = visibility.model();
        let mut entries: Vec<Entry> = model
            .metrics
            .iter()
            .filter(|m| m.access != Access::Part && visibility.metric(&m.name))
            // Such a metric is told by its value: "cancelled orders".
            .filter(|m| visibility.shows_values() || !of_a_value(m, model, 0))
            .map(metric)
            .collect();
        for dataset in &model.datasets {
            for field in &dataset.fields {
                let reference = FieldRef::new(&dataset.name, &field.name);
                // Such a field is told by its value: "cancelled order".
                let of_a_value = serde_json::to_value(&field.expression)
                    .is_ok_and(|expression| holds_value(&expression));
                if field.data_type != DataType::Opaque
                    && (visibility.shows_values() || !of_a_value)
                    && visibility.field(&reference)
                {
                    entries.push(self::field(&dataset.name, &dataset.label, field));
                }
            }
        }
        entries.extend(verified(model, visibility));
        let shown = |dataset: &str, fields: &[String]| {
            fields
                .iter()
                .all(|f| visibility.field(&FieldRef::new(dataset, f)))
        };
        let links = model
            .relationships
            .iter()
            .filter(|r| shown(&r.from, &r.from_fields) && shown(&r.to, &r.to_fields))
            .map(|r| {
                let line = format!(
                    "{}: {}.{} -> {}.{}",
                    r.name,
                    r.from,
                    r.from_fields.join("+"),
                    r.to,
                    r.to_fields.join("+")
                );
                (r.from.clone(), r.to.clone(), line)
            })
            .collect();
        let documents: Vec<Vec<String>> = entries.iter().map(|e| words_of(&e.found_by)).collect();
        let vectors = entries
            .iter()
            .map(|e| HashedWords.vector(&e.found_by))
            .collect();
        Library {
            words: Bm25::new(&documents),
            hashed: Flat::new(vectors),
            embedded: OnceLock::new(),
            entries,
            links,
        }
    }

    /// Every entry.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Entries for a question, best first: by its words and by vectors, those of `embedder` where it is
    /// given and works, hashed ones otherwise.
    pub fn rank(&self, question: &str, embedder: Option<&dyn Embedder>) -> Vec<&Entry> {
        let by_words: Vec<usize> = self
            .words
            .rank(&words_of(question))
            .into_iter()
            .map(|(at, _)| at)
            .collect();
        let near = self
            .embedded(embedder)
            .and_then(|(flat, e)| {
                let vector = e.embed(&[question.to_string()]).ok()?.pop()?;
                Some(flat.nearest(&vector, NEAREST))
            })
            .unwrap_or_else(|| self.hashed.nearest(&HashedWords.vector(question), NEAREST));
        let by_vector = near.into_iter().map(|(at, _)| at).collect();
        fused(&[by_words, by_vector])
            .into_iter()
            .filter_map(|at| self.entries.get(at))
            .collect()
    }

    /// The entries' vectors by the embedder, made on first use.
    fn embedded<'e>(
        &self,
        embedder: Option<&'e dyn Embedder>,
    ) -> Option<(&Flat, &'e dyn Embedder)> {
        let embedder = embedder?;
        let flat = self.embedded.get_or_init(|| {
            let texts: Vec<String> = self.entries.iter().map(|e| e.found_by.clone()).collect();
            let vectors = embedder.embed(&texts).ok()?;
            (vectors.len() == texts.len()).then(|| Flat::new(vectors))
        });
        Some((flat.as_ref()?, embedder))
    }
}

/// Whether a metric is over rows of one value of a field, itself or in a part of its formula.
fn of_a_value(metric: &Metric, model: &Model, depth: usize) -> bool {
    let filter = match &metric.kind {
        MetricKind::Simple { filter, .. } => filter.as_ref(),
        MetricKind::BasketAttach { .. } => return true,
        _ => None,
    };
    let own = filter
        .and_then(|f| serde_json::to_value(f).ok())
        .is_some_and(|f| holds_value(&f));
    own || depth < 20
        && metric
            .parts()
            .iter()
            .filter_map(|name| model.metric(name))
            .any(|part| of_a_value(part, model, depth + 1))
}

/// A remark of the model as it may stand in a prompt: one line, and none that holds an address (which
/// may hold a password).
fn remark(text: &str) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty() && !line.contains("://")).then_some(line)
}

fn also(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| {
        let few: Vec<&str> = names.iter().take(6).map(String::as_str).collect();
        format!("also: {}", few.join(", "))
    })
}

fn unit(unit: &Unit) -> Option<String> {
    match unit {
        Unit::Money(Some(code)) => Some(format!("money {code}")),
        Unit::Money(None) => Some("money".into()),
        Unit::Count(noun) => Some(format!("count of {noun}")),
        Unit::Fraction => Some("fraction".into()),
        Unit::Days => Some("days".into()),
        Unit::Plain => None,
    }
}

fn metric(metric: &Metric) -> Entry {
    let needs = match metric.kind {
        MetricKind::Cumulative { .. } => Some("needs a running time grain".to_string()),
        _ => None,
    };
    let level = (metric.additivity == Additivity::Semi)
        .then(|| "a level: not added up over time".to_string());
    let notes: Vec<String> = [
        Some(metric.label.clone()),
        unit(&metric.unit),
        level,
        needs,
        also(&metric.synonyms),
        remark(&metric.description),
        remark(&metric.instructions),
    ]
    .into_iter()
    .flatten()
    .collect();
    Entry {
        kind: Kind::Metric(metric.name.clone()),
        line: format!("{}: {}", metric.name, notes.join("; ")),
        found_by: format!("{} {}", metric.name, notes.join(" ")),
    }
}

fn field(dataset: &str, dataset_label: &str, field: &Field) -> Entry {
    let kind = match field.data_type {
        DataType::Integer | DataType::Decimal | DataType::Float => "number",
        DataType::Text => "text",
        DataType::Date => "date",
        DataType::Timestamp => "time",
        DataType::Boolean => "true/false",
        DataType::Opaque => "",
    };
    let mut notes = vec![kind.to_string()];
    let plain = field.label.to_lowercase().replace([' ', '-'], "_") == field.name;
    notes.extend((!plain).then(|| field.label.clone()));
    notes.extend(
        [
            unit(&field.unit),
            also(&field.synonyms),
            remark(&field.description),
            remark(&field.instructions),
        ]
        .into_iter()
        .flatten(),
    );
    Entry {
        kind: Kind::Field(FieldRef::new(dataset, &field.name)),
        line: format!("{dataset}.{}: {}", field.name, notes.join("; ")),
        found_by: format!(
            "{} {} {dataset_label} {}",
            field.name,
            field.label,
            notes.join(" ")
        ),
    }
}

/// Checked questions whose query the reader may run. Where values stay on the machine, only those whose
/// query holds no text that could be one.
fn verified(model: &Model, visibility: &Visibility) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (at, verified) in model.verified_queries.iter().enumerate() {
        let Ok(query) = serde_json::from_value::<query::Query>(verified.query.clone()) else {
            continue;
        };
        let refused = !visibility.allows(&query);
        let values = holds_value(&serde_json::to_value(&query).unwrap_or_default());
        if refused || values && !visibility.shows_values() {
            continue;
        }
        let json = serde_json::to_string(&query).unwrap_or_default();
        entries.push(Entry {
            kind: Kind::Verified(at),
            line: format!("Q: {}\nA: {json}", verified.question.trim()),
            found_by: verified.question.clone(),
        });
    }
    entries
}

/// Whether the JSON of a query compares a field with a literal that may be a cell's value.
fn holds_value(query: &serde_json::Value) -> bool {
    match query {
        serde_json::Value::Object(map) => map.iter().any(|(key, value)| match key.as_str() {
            "values" | "value" => {
                let text = |v: &serde_json::Value| v.is_string() || v.is_number();
                let list = value.as_array().is_some_and(|l| l.iter().any(text));
                text(value) || list || holds_value(value)
            }
            "contains" => true,
            _ => holds_value(value),
        }),
        serde_json::Value::Array(list) => list.iter().any(holds_value),
        _ => false,
    }
}
