//! The words that the semantic model brings: metrics, fields and entities by every name they have.

use crate::morphology::is_slip;
use crate::values::words_of;
use semantics::{FieldRef, Model, Role};
use std::collections::HashMap;

/// Something of the model that a phrase names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Named {
    /// A metric.
    Metric(String),
    /// A field.
    Field(FieldRef),
    /// An entity, by its place in the model's list.
    Entity(usize),
}

/// A name with how good a name it is (1 = its own label).
#[derive(Debug, Clone, PartialEq)]
pub struct Naming {
    /// What is named.
    pub named: Named,
    /// 0..1.
    pub weight: f64,
}

/// All names of a model.
#[derive(Debug, Default)]
pub struct Vocabulary {
    phrases: HashMap<String, Vec<Naming>>,
    words: Vec<String>,
    longest: usize,
    /// The fields that identify or show each entity.
    identifying: Vec<Vec<FieldRef>>,
    /// The fields that show or identify the rows of a table of things.
    shown: Vec<FieldRef>,
}

/// What people call a field of several words for short: "manager" for "manager name", "priority"
/// for "order priority". Words that many fields share are no such names.
fn parts_of_name(label: &str) -> Vec<String> {
    const SHARED: &[&str] = &[
        "name",
        "id",
        "key",
        "number",
        "no",
        "code",
        "date",
        "time",
        "year",
        "type",
        "amount",
        "total",
        "price",
        "value",
        "count",
        "description",
        "desc",
        "status",
        "first",
        "last",
        "unit",
        "order",
        "customer",
        "product",
        "item",
        "sale",
        "sales",
        "store",
        "country",
        "region",
        "city",
        "state",
        "address",
        "ship",
        "shipping",
    ];
    let words: Vec<String> = label.split_whitespace().map(str::to_lowercase).collect();
    if words.len() < 2 {
        return Vec::new();
    }
    let mut parts = Vec::new();
    let tail = &words[1..];
    if !tail.iter().any(|w| SHARED.contains(&w.as_str())) {
        parts.push(tail.join(" "));
    }
    let head = &words[..words.len() - 1];
    let ends = matches!(
        words[words.len() - 1].as_str(),
        "name" | "code" | "description" | "type"
    );
    if ends && !head.iter().any(|w| SHARED.contains(&w.as_str())) {
        parts.push(head.join(" "));
    }
    parts
}

impl Vocabulary {
    /// Collects the names. Opaque fields have none.
    pub fn new(model: &Model) -> Self {
        let mut vocabulary = Vocabulary::default();
        for metric in model
            .metrics
            .iter()
            .filter(|m| m.access != semantics::Access::Part)
        {
            vocabulary.add(&metric.label, Named::Metric(metric.name.clone()), 1.0);
            vocabulary.add(
                &metric.name.replace('_', " "),
                Named::Metric(metric.name.clone()),
                1.0,
            );
            for (i, synonym) in metric.synonyms.iter().enumerate() {
                vocabulary.add(
                    synonym,
                    Named::Metric(metric.name.clone()),
                    0.97 - 0.01 * (i.min(20) as f64),
                );
            }
        }
        for (i, entity) in model.entities.iter().enumerate() {
            let mut fields = vec![entity.key.clone(), entity.display.clone()];
            // The same key stands in the tables that refer to the entity.
            for r in &model.relationships {
                if r.to == entity.key.dataset && r.to_fields == [entity.key.field.clone()] {
                    fields.extend(r.from_fields.first().map(|f| FieldRef::new(&r.from, f)));
                }
            }
            vocabulary.identifying.push(fields);
            if entity.dataset.is_some() {
                vocabulary
                    .shown
                    .extend([entity.key.clone(), entity.display.clone()]);
            }
            vocabulary.add(&entity.name, Named::Entity(i), 1.0);
            vocabulary.add(&entity.label, Named::Entity(i), 0.95);
            for synonym in &entity.synonyms {
                vocabulary.add(synonym, Named::Entity(i), 0.93);
            }
        }
        for dataset in &model.datasets {
            for field in &dataset.fields {
                if field.data_type == semantics::DataType::Opaque {
                    continue;
                }
                let named = Named::Field(FieldRef::new(&dataset.name, &field.name));
                let base = if field.role == Role::Text { 0.85 } else { 0.95 };
                vocabulary.add(&field.label, named.clone(), base);
                vocabulary.add(&field.name.replace('_', " "), named.clone(), base);
                for part in parts_of_name(&field.label) {
                    vocabulary.add(&part, named.clone(), base - 0.22);
                }
                let entity = if dataset.entity.is_empty() {
                    dataset.label.clone()
                } else {
                    dataset.entity.clone()
                };
                vocabulary.add(&format!("{entity} {}", field.label), named.clone(), base);
                for (i, synonym) in field.synonyms.iter().enumerate() {
                    vocabulary.add(
                        synonym,
                        named.clone(),
                        base - 0.05 - 0.005 * (i.min(20) as f64),
                    );
                    if dataset.entity != *synonym {
                        vocabulary.add(&format!("{entity} {synonym}"), named.clone(), base - 0.05);
                    }
                }
            }
        }
        // One thing under two names is named once: a metric stands for the field it adds up, an
        // entity for the field that shows it.
        for namings in vocabulary.phrases.values_mut() {
            let metrics = namings.iter().any(|n| matches!(n.named, Named::Metric(_)));
            let shown: Vec<FieldRef> = namings
                .iter()
                .filter_map(|n| match n.named {
                    Named::Entity(i) => model.entities.get(i),
                    _ => None,
                })
                .flat_map(|e| [e.display.clone(), e.key.clone()])
                .collect();
            let nouns: Vec<String> = namings
                .iter()
                .filter_map(|n| match n.named {
                    Named::Entity(i) => model
                        .entities
                        .get(i)
                        .map(|e| crate::compose::plural(&e.name)),
                    _ => None,
                })
                .collect();
            namings.retain(|n| match &n.named {
                // "customers" names people; their count is asked for by "how many".
                Named::Metric(m) if m != "orders" => !model.metric(m).is_some_and(
                    |x| matches!(&x.unit, semantics::Unit::Count(noun) if nouns.contains(noun)),
                ),
                Named::Field(f) => {
                    !(shown.contains(f)
                        || metrics && model.field(f).is_some_and(|x| x.role == Role::Measure))
                }
                _ => true,
            });
        }
        // A bare "name" or "id" where several tables have one means that of the thing beside it.
        for generic in ["name", "id"] {
            if let Some(namings) = vocabulary.phrases.get_mut(generic) {
                let fields = namings
                    .iter()
                    .filter(|n| matches!(n.named, Named::Field(_)))
                    .count();
                if fields > 1 {
                    namings.retain(|n| !matches!(n.named, Named::Field(_)));
                }
            }
        }
        vocabulary.words = {
            let mut words: Vec<String> = vocabulary
                .phrases
                .keys()
                .flat_map(|p| p.split(' '))
                .filter(|w| w.len() >= 4)
                .map(str::to_string)
                .collect();
            words.sort();
            words.dedup();
            words
        };
        vocabulary
    }

    fn add(&mut self, phrase: &str, named: Named, weight: f64) {
        let words = words_of(phrase);
        if words.is_empty() {
            return;
        }
        self.longest = self.longest.max(words.len());
        let mut keys = vec![words.join(" ")];
        // "type of transaction" for "transaction type"
        if let [first, second] = &words[..]
            && !matches!(second.as_str(), "number" | "no" | "count" | "amount")
        {
            keys.push(format!("{second} of {first}"));
            self.longest = self.longest.max(3);
        }
        if words.len() == 2 {
            keys.push(words.concat());
        }
        for key in keys {
            let namings = self.phrases.entry(key).or_default();
            match namings.iter_mut().find(|n| n.named == named) {
                Some(known) => known.weight = known.weight.max(weight),
                None => namings.push(Naming {
                    named: named.clone(),
                    weight,
                }),
            }
        }
    }

    /// Whether a phrase names a field, or the entity that the field identifies.
    pub fn names_field(&self, words: &[String], field: &FieldRef) -> bool {
        self.look_up(words).iter().any(|n| match &n.named {
            Named::Field(f) => f == field,
            Named::Entity(e) => self.identifying.get(*e).is_some_and(|f| f.contains(field)),
            Named::Metric(_) => false,
        }) || words.last().is_some_and(|last| {
            // "orders" may be named as a metric; its key says the noun as well.
            field.field.split('_').next() == Some(last.as_str())
                && field.field.split('_').count() <= 2
        })
    }

    /// Whether a field shows or identifies the rows of a table of things.
    pub fn identifies(&self, field: &FieldRef) -> bool {
        self.shown.contains(field)
    }

    /// Words in the longest name.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// What a phrase of folded singular words names.
    pub fn look_up(&self, words: &[String]) -> &[Naming] {
        self.phrases
            .get(&words.join(" "))
            .map_or(&[], Vec::as_slice)
    }

    /// Whether a word occurs in any name.
    pub fn knows(&self, word: &str) -> bool {
        self.words
            .binary_search_by(|w| w.as_str().cmp(word))
            .is_ok()
    }

    /// The name word that a misspelt or shortened word stands for, if only one comes near.
    pub fn repair(&self, word: &str) -> Option<&str> {
        let slips: Vec<&String> = self.words.iter().filter(|w| is_slip(word, w)).collect();
        if let Some(best) = slips
            .iter()
            .min_by_key(|w| (strsim::osa_distance(word, w), w.len()))
        {
            return Some(best);
        }
        if word.len() >= 3 {
            let whole: Vec<&String> = self
                .words
                .iter()
                .filter(|w| w.starts_with(word) && w.len() > word.len() + 1)
                .collect();
            if whole.len() == 1 {
                return Some(whole[0]);
            }
        }
        None
    }

    /// Names near to a word, for hints.
    pub fn near(&self, word: &str, at_most: usize) -> Vec<String> {
        let mut close: Vec<(usize, &String)> = self
            .words
            .iter()
            .map(|w| (strsim::osa_distance(w, word), w))
            .filter(|(d, _)| *d <= 3)
            .collect();
        close.sort();
        close
            .into_iter()
            .map(|(_, w)| w.clone())
            .take(at_most)
            .collect()
    }
}
