//! The words that the semantic model brings: metrics, fields and entities by every name they have.

use crate::lexicon::english;
use crate::values::words_of;
use semantics::{FieldRef, Model, Role};
use std::collections::{BTreeMap, HashMap};

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
    /// Fields that hold ids.
    ids: Vec<FieldRef>,
    /// Nouns that are short names of many fields ("details"): the thing beside them says of which.
    shared: BTreeMap<String, Vec<FieldRef>>,
}

/// Words of a column's name that say how it is kept or in what, and seldom are said.
const LIGHT: &[&str] = &[
    "g",
    "gb",
    "mb",
    "kg",
    "km",
    "cm",
    "mm",
    "m",
    "lb",
    "ml",
    "l",
    "percent",
    "pct",
    "name",
    "id",
    "key",
    "code",
    "description",
    "desc",
    "number",
    "no",
    "num",
    "of",
    "in",
    "the",
    "type",
    "amount",
    "value",
    "dollar",
    "dollars",
    "euro",
    "euros",
    "pound",
    "pounds",
    "usd",
    "eur",
    "gbp",
    "billion",
    "million",
    "thousand",
    "yn",
    "details",
    "detail",
    "text",
    "count",
];

/// Words that say too little by themselves to name one column.
const VAGUE: &[&str] = &[
    "date",
    "time",
    "year",
    "total",
    "price",
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
    "other",
    "line",
    "low",
    "high",
    "open",
    "full",
    "good",
    "bad",
    "or",
    "and",
    "to",
    "from",
    "by",
    "is",
    "has",
    "with",
    "new",
    "old",
    "main",
    "average",
    "min",
    "max",
    "per",
    "day",
    "month",
    "week",
    "hour",
    "quarter",
    "data",
    "level",
    "rate",
    "size",
    "group",
    "percentage",
    "number",
    "share",
];

/// Words that join the others and neither begin nor end a name.
const PARTICLES: &[&str] = &[
    "of", "in", "the", "and", "or", "to", "on", "at", "as", "for", "with", "by", "from", "is", "a",
];

/// What people call a field of several words for short: "manager" for "manager name", "type code"
/// for "transaction type code", "gross" for "gross in dollar"; each with what it costs.
fn parts_of_name(label: &str) -> Vec<(String, f64)> {
    let words: Vec<String> = label.split_whitespace().map(str::to_lowercase).collect();
    let light = |w: &String| LIGHT.contains(&w.as_str());
    // The noun that the others describe: "segment" of a market segment, "type" of a card type code.
    let before_of = words
        .iter()
        .position(|w| w == "of")
        .and_then(|of| of.checked_sub(1))
        .filter(|i| !light(&words[*i]));
    let head = before_of.unwrap_or_else(|| {
        words
            .iter()
            .rposition(|w| !light(w) || w == "type")
            .unwrap_or(0)
    });
    // "food" for a food type: a kind is named by what it is a kind of.
    let kind = matches!(words[head].as_str(), "type" | "group" | "class") && head > 0;
    let mut parts: Vec<(String, f64)> = Vec::new();
    for length in 1..words.len() {
        for start in 0..=words.len() - length {
            let part = &words[start..start + length];
            let tells = |w: &&String| {
                !light(w) && !VAGUE.contains(&w.as_str()) && !english().is_ignorable(w)
            };
            let joint = |w: Option<&String>| w.is_some_and(|w| PARTICLES.contains(&w.as_str()));
            let claimed = length == 1 && CLAIMABLE.contains(&part[0].as_str());
            let tells = part.iter().any(|w| tells(&w));
            // "3" is no name of the third markdown.
            if part.iter().all(|w| w.chars().all(|c| c.is_ascii_digit())) {
                continue;
            }
            let whole = length > 1 && part.iter().all(|w| !joint(Some(w)));
            let range = start..start + length;
            let headed = range.contains(&head) || kind && range.contains(&(head - 1));
            if !(tells || claimed || whole) || !headed || joint(part.first()) || joint(part.last())
            {
                continue;
            }
            let vague = if tells { 0.0 } else { 0.1 };
            let missing = words
                .iter()
                .enumerate()
                .filter(|(i, _)| *i < start || *i >= start + length);
            let cost: f64 = missing
                .map(|(_, w)| if light(w) { 0.05 } else { 0.14 })
                .sum();
            parts.push((part.join(" "), 0.08 + cost + vague));
        }
    }
    // "daily cost" for a daily hire cost, "membership level" for a level of membership.
    if let [first, middle, last] = &words[..] {
        if middle == "of" {
            parts.push((format!("{last} {first}"), 0.05));
        } else if !light(first) && !light(last) && !PARTICLES.contains(&middle.as_str()) {
            parts.push((format!("{first} {last}"), 0.2));
        }
    }
    parts
}

/// What people call a yes or no for short: "subscription" and "subscribers" for a subscription status,
/// "promo code" for a promo code used.
fn flag_names(label: &str) -> Vec<String> {
    let label = label.to_lowercase();
    let words: Vec<&str> = label.split_whitespace().collect();
    let plain: Vec<&str> = words
        .iter()
        .copied()
        .filter(|w| {
            !matches!(
                *w,
                "is" | "has" | "status" | "flag" | "indicator" | "applied" | "used" | "yn"
            )
        })
        .collect();
    let name = plain.join(" ");
    if plain.is_empty() || VAGUE.contains(&name.as_str()) || LIGHT.contains(&name.as_str()) {
        return Vec::new();
    }
    let mut names = Vec::new();
    // Those who have it: a subscription has subscribers, a membership members.
    if let Some(stem) = name.strip_suffix("scription") {
        names.push(format!("{stem}scriber"));
    }
    if let Some(member) = name.strip_suffix("ship").filter(|m| m.ends_with("er")) {
        names.push(member.to_string());
    }
    if plain.len() < words.len() {
        names.push(name);
    }
    names
}

/// Forms of the verb behind a doer: "directed", "directs" for a director; "manages" for a manager.
fn deeds(label: &str) -> Vec<String> {
    let Some(doer) = label
        .split(' ')
        .map(str::to_lowercase)
        .find(|w| w.len() >= 6 && (w.ends_with("er") || w.ends_with("or")))
    else {
        return Vec::new();
    };
    let stem = &doer[..doer.len() - 2];
    let known = matches!(
        doer.as_str(),
        "customer"
            | "number"
            | "member"
            | "order"
            | "register"
            | "quarter"
            | "shipper"
            | "calendar"
    );
    let dated = [stem.to_string(), format!("{stem}e")]
        .iter()
        .any(|b| !english().dates_of(b).is_empty());
    if known || dated {
        return Vec::new();
    }
    let stem = stem
        .strip_suffix('i')
        .map_or(stem.to_string(), |s| format!("{s}y"));
    ["", "s", "ed", "e", "es", "d"]
        .iter()
        .map(|ending| match stem.strip_suffix('y') {
            Some(s) if matches!(*ending, "s" | "ed") => {
                format!("{s}i{}", if *ending == "s" { "es" } else { "ed" })
            }
            _ => format!("{stem}{ending}"),
        })
        .collect()
}

/// Vague words that are a column's short name where only one column has them.
const CLAIMABLE: &[&str] = &[
    "sales",
    "price",
    "status",
    "rate",
    "size",
    "level",
    "address",
    "region",
    "city",
    "state",
    "country",
    "group",
    "type",
    "code",
    "count",
    "amount",
    "description",
    "details",
    "year",
    "date",
];

/// What "codes of products" is worth beside "product codes", for each of its three words.
const OF_TURNED: f64 = 0.6;

/// Fields that share a short name, at most; a name of more fields tells none of them.
const SHARING: usize = 3;

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
            // "mailshots" for mailshot campaigns, "stations" for gas stations: a word of one entity only.
            let nouns: Vec<&str> = entity
                .name
                .split(' ')
                .take_while(|w| !PARTICLES.contains(w))
                .collect();
            // A sub category is no category.
            for start in (1..nouns.len()).filter(|s| nouns[s - 1] != "sub") {
                vocabulary.add(&nouns[start..].join(" "), Named::Entity(i), 0.72);
            }
            for noun in nouns.iter().filter(|_| nouns.len() > 1) {
                let alone = model
                    .entities
                    .iter()
                    .filter(|e| {
                        e.name.split(' ').any(|w| w == *noun)
                            || e.synonyms.iter().any(|s| s == noun)
                    })
                    .count()
                    == 1;
                let vague =
                    LIGHT.contains(noun) || VAGUE.contains(noun) || english().is_ignorable(noun);
                if alone && entity.dataset.is_some() && !vague && noun.len() > 3 {
                    vocabulary.add(noun, Named::Entity(i), 0.7);
                }
            }
            for synonym in &entity.synonyms {
                // What another thing is by its own noun ("category" for the product category) is a poor
                // by-name of this one.
                let taken = model.entities.iter().enumerate().any(|(other, e)| {
                    other != i && e.name.rsplit(' ').next() == Some(synonym.as_str())
                });
                let own = entity.name.rsplit(' ').next() == Some(synonym.as_str());
                let weight = if taken && !own { 0.6 } else { 0.93 };
                vocabulary.add(synonym, Named::Entity(i), weight);
            }
        }
        let mut parts: BTreeMap<String, Vec<(String, Named, f64)>> = BTreeMap::new();
        for dataset in &model.datasets {
            for field in &dataset.fields {
                if field.data_type == semantics::DataType::Opaque {
                    continue;
                }
                if field.role == Role::Id {
                    vocabulary
                        .ids
                        .push(FieldRef::new(&dataset.name, &field.name));
                }
                let named = Named::Field(FieldRef::new(&dataset.name, &field.name));
                // A column called "total" is seldom what the word "total" means.
                let grammar = english()
                    .roles(&field.label.to_lowercase())
                    .iter()
                    .any(|r| matches!(r.kind, "agg" | "key"));
                let base = match field.role {
                    _ if grammar => 0.1,
                    Role::Text => 0.85,
                    _ => 0.95,
                };
                vocabulary.add(&field.label, named.clone(), base);
                vocabulary.add(&field.name.replace('_', " "), named.clone(), base);
                if field.data_type == semantics::DataType::Text {
                    for deed in deeds(&field.label) {
                        vocabulary.add(&deed, named.clone(), 0.5);
                    }
                }
                if field.data_type == semantics::DataType::Boolean {
                    for name in flag_names(&field.label) {
                        vocabulary.add(&name, named.clone(), 0.7);
                    }
                }
                for (part, cost) in parts_of_name(&field.label) {
                    let key = words_of(&part).join(" ");
                    parts
                        .entry(key)
                        .or_default()
                        .push((part, named.clone(), base - cost));
                }
                let entity = if dataset.entity.is_empty() {
                    dataset.label.clone()
                } else {
                    dataset.entity.clone()
                };
                vocabulary.add(
                    &format!("{entity} {}", field.label),
                    named.clone(),
                    base.max(0.85),
                );
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
        for (key, named) in parts {
            let full = vocabulary
                .phrases
                .get(&key)
                .is_some_and(|n| n.iter().any(|n| n.weight > 0.8));
            let mut fields: Vec<&Named> = named.iter().map(|(_, n, _)| n).collect();
            fields.dedup();
            let sharing = if CLAIMABLE.contains(&key.as_str()) {
                1
            } else {
                SHARING
            };
            if !full && fields.len() <= sharing {
                for (part, named, weight) in &named {
                    vocabulary.add(part, named.clone(), weight.max(0.5));
                }
            } else if !key.contains(' ') {
                let shared = vocabulary.shared.entry(key).or_default();
                shared.extend(named.iter().filter_map(|(_, n, _)| match n {
                    Named::Field(f) => Some(f.clone()),
                    _ => None,
                }));
            }
        }
        // Where sales are a number, the rows of a table called "sales" are not meant by the word.
        for noun in ["sale", "sales"] {
            if let Some(namings) = vocabulary.phrases.get_mut(noun)
                && namings.iter().any(|n| matches!(n.named, Named::Metric(_)))
            {
                namings.retain(|n| !matches!(n.named, Named::Entity(_)));
            }
        }
        // One thing under two names is named once: a metric stands for the field it adds up, an
        // entity for the field that shows it.
        for namings in vocabulary.phrases.values_mut() {
            let homes: Vec<String> = namings
                .iter()
                .filter_map(|n| match &n.named {
                    Named::Metric(m) => Some(model.home_datasets(m)),
                    _ => None,
                })
                .flatten()
                .collect();
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
            let thing = namings.iter().any(|n| match n.named {
                Named::Entity(i) => {
                    n.weight > 0.9 && model.entities.get(i).is_some_and(|e| e.dataset.is_some())
                }
                _ => false,
            });
            // The noun of a table of things is no by-name of a column.
            if thing {
                namings.retain(|n| !matches!(n.named, Named::Field(_)) || n.weight >= 0.95);
            }
            namings.retain(|n| match &n.named {
                // "customers" names people; their count is asked for by "how many".
                Named::Metric(m) if m != "orders" => !model.metric(m).is_some_and(
                    |x| matches!(&x.unit, semantics::Unit::Count(noun) if nouns.contains(noun)),
                ),
                Named::Field(f) => {
                    !(shown.contains(f)
                        || homes.contains(&f.dataset)
                            && model.field(f).is_some_and(|x| x.role == Role::Measure))
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
                let several = model
                    .datasets
                    .iter()
                    .filter(|d| d.name_field.is_some())
                    .count()
                    > 1;
                if fields > 1 || several && generic == "name" {
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
        // A number is no name.
        if words.iter().all(|w| w.bytes().all(|b| b.is_ascii_digit())) {
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
            // "of" says nothing: the phrase must not win by its length over what it is made of.
            let weight = if key.contains(" of ") {
                weight * OF_TURNED
            } else {
                weight
            };
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

    /// The fields that a noun shared by many is the short name of.
    pub fn shared(&self, word: &str) -> &[FieldRef] {
        self.shared.get(word).map_or(&[], Vec::as_slice)
    }

    /// Whether a field holds ids, which are said in full or not at all.
    pub fn is_id(&self, field: &FieldRef) -> bool {
        self.ids.contains(field)
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

    /// The words of four letters and more that occur in names, singular and sorted.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The name word that the letters begin, if they begin only one.
    pub fn begun(&self, letters: &str) -> Option<&str> {
        let mut whole = self
            .words
            .iter()
            .filter(|w| w.starts_with(letters) && w.len() > letters.len() + 1);
        match (whole.next(), whole.next()) {
            (Some(word), None) if letters.len() >= 3 => Some(word),
            _ => None,
        }
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
