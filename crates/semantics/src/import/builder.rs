//! The two documents while they are being put together.

use crate::located::{Node, Position};
use crate::{Location, Problem};
use serde_json::{Map, Value, json};

/// What a metric is, and where it stands in the imported file.
struct Written {
    name: String,
    /// Formula for the Ossie document, or nothing.
    formula: Option<String>,
    /// Keys of the overlay.
    entry: Map<String, Value>,
    at: Option<Position>,
}

struct WrittenField {
    name: String,
    expression: String,
    time: Option<bool>,
    description: Option<String>,
    synonyms: Vec<String>,
    at: Option<Position>,
}

#[derive(Default)]
struct WrittenDataset {
    name: String,
    source: String,
    primary_key: Vec<String>,
    unique_keys: Vec<Vec<String>>,
    description: Option<String>,
    synonyms: Vec<String>,
    fields: Vec<WrittenField>,
    entry: Map<String, Value>,
    at: Option<Position>,
}

struct WrittenRelationship {
    name: String,
    from: (String, Vec<String>),
    to: (String, Vec<String>),
    role: Option<String>,
    at: Option<Position>,
}

/// A field as an importer gives it.
#[derive(Default)]
pub(super) struct FieldOf<'a> {
    pub(super) name: &'a str,
    pub(super) expression: &'a str,
    pub(super) time: Option<bool>,
    pub(super) description: Option<&'a str>,
    pub(super) synonyms: Vec<String>,
    pub(super) at: Option<Position>,
}

pub(super) struct Builder {
    file: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    datasets: Vec<WrittenDataset>,
    fields: Map<String, Value>,
    relationships: Vec<WrittenRelationship>,
    metrics: Vec<Written>,
    pub(super) problems: Vec<Problem>,
}

impl Builder {
    pub(super) fn new(file: &str) -> Self {
        Builder {
            file: file.to_string(),
            name: "imported".into(),
            description: None,
            datasets: Vec::new(),
            fields: Map::new(),
            relationships: Vec::new(),
            metrics: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn located(&self, problem: Problem, at: Option<Position>) -> Problem {
        Problem {
            location: at.map(|at| Location {
                file: self.file.clone(),
                line: at.line,
                column: at.column,
            }),
            ..problem
        }
    }

    /// Says that a part is not carried over, and why.
    pub(super) fn not_carried(
        &mut self,
        place: impl Into<String>,
        why: impl Into<String>,
        at: Option<Position>,
    ) {
        let problem = Problem::error(
            "not_carried",
            place,
            why,
            "questions that need it are declined; write it into the overlay by hand",
        )
        .warning();
        let problem = self.located(problem, at);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Says that a part means something else here than where it comes from.
    pub(super) fn read_otherwise(
        &mut self,
        place: impl Into<String>,
        how: impl Into<String>,
        at: Option<Position>,
    ) {
        let problem = Problem::error(
            "read_otherwise",
            place,
            how,
            "see docs/semantic-model.md for the rule",
        )
        .note();
        let problem = self.located(problem, at);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn dataset(&mut self, name: &str, source: &str, node: &Node) {
        self.datasets.push(WrittenDataset {
            name: name.to_string(),
            source: source.to_string(),
            description: text_of(node, "description").map(str::to_string),
            synonyms: texts(node.get("synonyms")),
            at: node.at,
            ..WrittenDataset::default()
        });
    }

    fn found(&mut self, dataset: &str) -> Option<&mut WrittenDataset> {
        self.datasets.iter_mut().find(|d| d.name == dataset)
    }

    pub(super) fn has_dataset(&self, name: &str) -> bool {
        self.datasets.iter().any(|d| d.name == name)
    }

    /// Adds a field, unless one of that name is there already.
    pub(super) fn field(&mut self, dataset: &str, field: FieldOf<'_>) {
        let Some(dataset) = self.found(dataset) else {
            return;
        };
        if dataset.fields.iter().any(|f| f.name == field.name) {
            return;
        }
        dataset.fields.push(WrittenField {
            name: field.name.to_string(),
            expression: field.expression.to_string(),
            time: field.time,
            description: field.description.map(str::to_string),
            synonyms: field.synonyms,
            at: field.at,
        });
    }

    pub(super) fn has_field(&self, dataset: &str, field: &str) -> bool {
        self.datasets
            .iter()
            .any(|d| d.name == dataset && d.fields.iter().any(|f| f.name == field))
    }

    /// The field of a dataset by name or by the column that it is, whatever the case.
    pub(super) fn field_named(&self, dataset: &str, name: &str) -> Option<String> {
        let fields = &self.datasets.iter().find(|d| d.name == dataset)?.fields;
        let bare = |e: &str| e.trim_matches(['"', '`']).to_lowercase();
        fields
            .iter()
            .find(|f| f.name == name)
            .or_else(|| fields.iter().find(|f| f.name.eq_ignore_ascii_case(name)))
            .or_else(|| {
                fields
                    .iter()
                    .find(|f| bare(&f.expression) == name.to_lowercase())
            })
            .map(|f| f.name.clone())
    }

    /// The field of a column; one is added where there is none.
    pub(super) fn field_of_column(&mut self, dataset: &str, column: &str) -> String {
        if let Some(name) = self.field_named(dataset, column) {
            return name;
        }
        self.field(
            dataset,
            FieldOf {
                name: column,
                expression: &quoted(column),
                ..FieldOf::default()
            },
        );
        column.to_string()
    }

    /// Makes a column that is aggregated a field, so that people can name it.
    pub(super) fn measured(&mut self, dataset: &str, expression: &str) {
        let bare = expression.trim().trim_matches('"');
        let plain = !bare.is_empty()
            && bare.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !bare.starts_with(|c: char| c.is_ascii_digit());
        if plain && self.has_dataset(dataset) && self.field_named(dataset, bare).is_none() {
            let field = self.field_of_column(dataset, bare);
            self.field_entry(dataset, &field, "role", json!("measure"));
        }
    }

    pub(super) fn primary_key(&mut self, dataset: &str, key: Vec<String>) {
        if let Some(dataset) = self.found(dataset) {
            dataset.primary_key = key;
        }
    }

    pub(super) fn unique_key(&mut self, dataset: &str, key: Vec<String>) {
        if let Some(dataset) = self.found(dataset)
            && dataset.primary_key != key
            && !dataset.unique_keys.contains(&key)
        {
            dataset.unique_keys.push(key);
        }
    }

    /// Sets a key of the overlay's entry of a dataset.
    pub(super) fn dataset_entry(&mut self, dataset: &str, key: &str, value: Value) {
        if let Some(dataset) = self.found(dataset) {
            dataset.entry.insert(key.into(), value);
        }
    }

    /// Sets a key of the overlay's entry of a field.
    pub(super) fn field_entry(&mut self, dataset: &str, field: &str, key: &str, value: Value) {
        let entry = self
            .fields
            .entry(format!("{dataset}/{field}"))
            .or_insert_with(|| json!({}));
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(key.into(), value);
        }
    }

    pub(super) fn relationship(
        &mut self,
        from: (&str, Vec<String>),
        to: (&str, Vec<String>),
        role: Option<String>,
        at: Option<Position>,
    ) {
        let base = format!("{}_to_{}", from.0, role.as_deref().unwrap_or(to.0));
        let mut name = base.clone();
        let mut n = 2;
        while self.relationships.iter().any(|r| r.name == name) {
            name = format!("{base}_{n}");
            n += 1;
        }
        self.relationships.push(WrittenRelationship {
            name,
            from: (from.0.to_string(), from.1),
            to: (to.0.to_string(), to.1),
            role,
            at,
        });
    }

    pub(super) fn has_metric(&self, name: &str) -> bool {
        self.metrics.iter().any(|m| m.name == name)
    }

    /// A metric by its formula.
    pub(super) fn formula(
        &mut self,
        name: &str,
        formula: String,
        entry: Map<String, Value>,
        at: Option<Position>,
    ) {
        self.metric_of(name, Some(formula), entry, at);
    }

    /// A metric by keys of the overlay alone.
    pub(super) fn metric(&mut self, name: &str, entry: Value, at: Option<Position>) {
        let entry = match entry {
            Value::Object(entry) => entry,
            _ => Map::new(),
        };
        self.metric_of(name, None, entry, at);
    }

    fn metric_of(
        &mut self,
        name: &str,
        formula: Option<String>,
        entry: Map<String, Value>,
        at: Option<Position>,
    ) {
        if self.has_metric(name) {
            self.not_carried(
                format!("metrics/{name}"),
                format!("there is another metric `{name}`"),
                at,
            );
            return;
        }
        self.metrics.push(Written {
            name: name.to_string(),
            formula,
            entry,
            at,
        });
    }

    /// The entry of a metric that was added.
    pub(super) fn entry_of(&self, name: &str) -> Option<&Map<String, Value>> {
        self.metrics
            .iter()
            .find(|m| m.name == name)
            .map(|m| &m.entry)
    }

    /// Leaves out the part that a problem speaks of; false if it speaks of none.
    pub(super) fn leave_out(&mut self, problem: &Problem) -> bool {
        let mut parts = problem.place.split('/');
        let (section, first, second) = (parts.next(), parts.next(), parts.next());
        let why = problem.message.clone();
        match (section, first, second) {
            (Some("metrics"), Some(name), _) => {
                let Some(i) = self.metrics.iter().position(|m| m.name == name) else {
                    return false;
                };
                let metric = self.metrics.remove(i);
                self.not_carried(format!("metrics/{name}"), why, metric.at);
                true
            }
            (Some("fields"), Some(dataset), Some(field)) => {
                self.fields.remove(&format!("{dataset}/{field}"));
                let Some(found) = self.found(dataset) else {
                    return false;
                };
                let Some(i) = found.fields.iter().position(|f| f.name == field) else {
                    return false;
                };
                let removed = found.fields.remove(i);
                self.not_carried(format!("fields/{dataset}/{field}"), why, removed.at);
                true
            }
            (Some("relationships"), Some(name), _) => {
                let Some(i) = self.relationships.iter().position(|r| r.name == name) else {
                    return false;
                };
                let removed = self.relationships.remove(i);
                self.not_carried(format!("relationships/{name}"), why, removed.at);
                true
            }
            (Some("datasets"), Some(name), key) => {
                let key = key.map(str::to_string);
                let Some(found) = self.found(name) else {
                    return false;
                };
                let at = found.at;
                match key {
                    Some(key) if found.entry.remove(&key).is_some() => {}
                    _ => self.datasets.retain(|d| d.name != name),
                }
                self.not_carried(problem.place.clone(), why, at);
                true
            }
            _ => false,
        }
    }

    /// Ossie document and overlay, as JSON.
    pub(super) fn documents(&self) -> (String, String) {
        let expression =
            |text: &str| json!({"dialects": [{"dialect": "ANSI_SQL", "expression": text}]});
        let context =
            |object: &mut Map<String, Value>, description: &Option<String>, synonyms: &[String]| {
                if let Some(description) = description {
                    object.insert("description".into(), json!(description));
                }
                if !synonyms.is_empty() {
                    object.insert("ai_context".into(), json!({"synonyms": synonyms}));
                }
            };
        let mut overlay_datasets = Map::new();
        let mut datasets = Vec::new();
        for dataset in &self.datasets {
            let mut object = Map::new();
            object.insert("name".into(), json!(dataset.name));
            object.insert("source".into(), json!(dataset.source));
            if !dataset.primary_key.is_empty() {
                object.insert("primary_key".into(), json!(dataset.primary_key));
            }
            if !dataset.unique_keys.is_empty() {
                object.insert("unique_keys".into(), json!(dataset.unique_keys));
            }
            context(&mut object, &dataset.description, &dataset.synonyms);
            let fields: Vec<Value> = dataset
                .fields
                .iter()
                .map(|field| {
                    let mut object = Map::new();
                    object.insert("name".into(), json!(field.name));
                    object.insert("expression".into(), expression(&field.expression));
                    if let Some(time) = field.time {
                        object.insert("dimension".into(), json!({"is_time": time}));
                    }
                    context(&mut object, &field.description, &field.synonyms);
                    Value::Object(object)
                })
                .collect();
            object.insert("fields".into(), json!(fields));
            datasets.push(Value::Object(object));
            if !dataset.entry.is_empty() {
                overlay_datasets.insert(dataset.name.clone(), json!(dataset.entry));
            }
        }
        let kept =
            |r: &&WrittenRelationship| self.has_dataset(&r.from.0) && self.has_dataset(&r.to.0);
        let relationships: Vec<Value> = self
            .relationships
            .iter()
            .filter(kept)
            .map(|r| {
                json!({"name": r.name, "from": r.from.0, "to": r.to.0, "from_columns": r.from.1, "to_columns": r.to.1})
            })
            .collect();
        let mut overlay_relationships = Map::new();
        for relationship in self.relationships.iter().filter(kept) {
            if let Some(role) = &relationship.role {
                overlay_relationships.insert(relationship.name.clone(), json!({"role": role}));
            }
        }
        let mut metrics = Vec::new();
        let mut overlay_metrics = Map::new();
        for metric in &self.metrics {
            let mut entry = metric.entry.clone();
            if let Some(formula) = &metric.formula {
                let mut object = Map::new();
                object.insert("name".into(), json!(metric.name));
                object.insert("expression".into(), expression(formula));
                metrics.push(Value::Object(object));
            }
            entry.retain(|_, v| !v.is_null());
            if !entry.is_empty() {
                overlay_metrics.insert(metric.name.clone(), Value::Object(entry));
            }
        }
        let mut model = Map::new();
        model.insert("name".into(), json!(self.name));
        if let Some(description) = &self.description {
            model.insert("description".into(), json!(description));
        }
        model.insert("datasets".into(), json!(datasets));
        if !relationships.is_empty() {
            model.insert("relationships".into(), json!(relationships));
        }
        if !metrics.is_empty() {
            model.insert("metrics".into(), json!(metrics));
        }
        let document = json!({"version": "0.2.0.dev0", "semantic_model": [model]});
        let mut overlay = Map::new();
        overlay.insert("overlay".into(), json!(1));
        overlay.insert("model".into(), json!(self.name));
        for (key, section) in [
            ("datasets", overlay_datasets),
            ("fields", self.fields.clone()),
            ("relationships", overlay_relationships),
            ("metrics", overlay_metrics),
        ] {
            if !section.is_empty() {
                overlay.insert(key.into(), Value::Object(section));
            }
        }
        (document.to_string(), Value::Object(overlay).to_string())
    }
}

/// A column's name as SQL, in quotes where it needs them.
pub(super) fn quoted(column: &str) -> String {
    let plain = column
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !column.starts_with(|c: char| c.is_ascii_digit());
    if plain {
        column.to_string()
    } else {
        format!("\"{}\"", column.replace('"', "\"\""))
    }
}

/// A text under a key.
pub(super) fn text_of<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key)
        .and_then(Node::text)
        .filter(|t| !t.trim().is_empty())
}

/// The texts of a list.
pub(super) fn texts(node: Option<&Node>) -> Vec<String> {
    node.map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|n| n.text().map(str::to_string))
        .collect()
}

/// The items under a key.
pub(super) fn items<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    node.get(key).map(Node::items).unwrap_or_default()
}

/// Whether a key says yes.
pub(super) fn flag(node: &Node, key: &str) -> bool {
    match node.get(key).map(|n| &n.value) {
        Some(crate::located::Value::Bool(b)) => *b,
        Some(crate::located::Value::Text(t)) => t.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// A number under a key, whether it is written as one or as a text.
pub(super) fn number(node: &Node, key: &str) -> Option<f64> {
    match &node.get(key)?.value {
        crate::located::Value::Integer(n) => Some(*n as f64),
        crate::located::Value::Unsigned(n) => Some(*n as f64),
        crate::located::Value::Float(x) => Some(*x),
        crate::located::Value::Text(t) => t.trim().parse().ok(),
        _ => None,
    }
}
