//! An Ossie document, with its overlay, as a model.

use super::document::{AiContext, Document, Expression, Extension, VENDOR};
use super::metrics;
use crate::draft::Draft;
use crate::gaps::{DatasetGaps, Dimension, FieldGaps};
use crate::located::{Misread, Node, Position, Strictness, Value, from_node, parse};
use crate::overlay::{self, Overlay};
use crate::sql::{Columns, Names, row};
use crate::{DataType, Dataset, Field, ForeignExtension, Problem, Relationship};

/// What a part of the document says beside the keys of the core.
struct Context<'d> {
    ai: Option<&'d AiContext>,
    extensions: &'d [Extension],
    at: Option<Position>,
}

/// Reads a document whose tree is given; what is wrong stands in the draft.
pub(crate) fn read(draft: &mut Draft, root: &Node, beside: Option<Node>) {
    let Some(document) = document(draft, root) else {
        return;
    };
    let beside_model = beside
        .as_ref()
        .and_then(|b| b.get("model"))
        .and_then(Node::text);
    let named_at = beside.as_ref().and_then(|b| b.place(&["model"]));
    let Some(at) = chosen(draft, root, &document, beside_model, named_at) else {
        return;
    };
    let read = &document.semantic_model[at];
    let empty = Node::default();
    let tree = root
        .get("semantic_model")
        .and_then(|m| m.items().get(at))
        .unwrap_or(&empty);
    let model_at = tree.place(&["name"]);
    draft.model.name = read.name.clone();
    draft.model.description = read.description.clone().unwrap_or_default();
    draft.note_place("", model_at);
    draft.gaps.entities = true;
    draft.gaps.default_time = true;
    draft.gaps.default_metric = true;
    draft.gaps.currency = true;

    let mut collected = Node {
        value: Value::Map(Vec::new()),
        at: model_at,
    };
    let context = Context {
        ai: read.ai_context.as_ref(),
        extensions: &read.custom_extensions,
        at: model_at,
    };
    if let Some(own) = extension(draft, "", &context, tree) {
        collected = collected.merged(listed_metrics(own), 3);
    }
    if let Some(ai) = &read.ai_context {
        draft.model.instructions = ai.instructions().to_string();
        draft.model.synonyms = ai.synonyms().unwrap_or_default().to_vec();
    }
    datasets(draft, read, tree, &mut collected);
    relationships(draft, read, tree, &mut collected);
    for (metric, node) in read.metrics.iter().zip(items(tree, "metrics")) {
        let place = format!("metrics/{}", metric.name);
        draft.note_place(place.clone(), node.place(&["name"]));
        draft.note_place(format!("{place}/expression"), expression_at(node));
        let context = Context {
            ai: metric.ai_context.as_ref(),
            extensions: &metric.custom_extensions,
            at: node.at,
        };
        if let Some(own) = extension(draft, &place, &context, node) {
            collected = collected.merged(nest(&["metrics", &metric.name], own), 3);
        }
    }
    if let Some(beside) = beside {
        collected = collected.merged(listed_metrics(beside), 3);
    }
    draft.tree = collected;
    match from_node::<Overlay>(&draft.tree, Strictness::PassExtensions) {
        Ok(overlay) => draft.overlay = overlay,
        Err(misread) => {
            misread_key(draft, misread, "bad_overlay");
            return;
        }
    }
    overlay::check_header(draft);
    overlay::add_fields(draft);
    fields(draft, read, tree);
    overlay::datasets(draft);
    overlay::fields(draft);
    overlay::relationships(draft);
    metrics::read(draft, &read.metrics, &items(tree, "metrics"));
    overlay::model(draft);
}

/// Items of a list under a key.
fn items<'n>(tree: &'n Node, key: &str) -> Vec<&'n Node> {
    tree.get(key)
        .map(|n| n.items().iter().collect())
        .unwrap_or_default()
}

/// Where the text of an expression stands.
pub(super) fn expression_at(node: &Node) -> Option<Position> {
    node.path(&["expression", "dialects"])
        .and_then(|d| d.items().first())
        .and_then(|d| d.place(&["expression"]))
        .or_else(|| node.place(&["expression"]))
}

fn document(draft: &mut Draft, root: &Node) -> Option<Document> {
    let version = root.get("version").and_then(|v| match &v.value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    });
    match version.as_deref() {
        Some("0.1.0" | "0.1.1") => {}
        Some(v) if v.starts_with("0.2.0.dev") => {}
        other => {
            let (message, fix) = match other {
                Some(v) => (
                    format!("the version `{v}` of the document format is not known here"),
                    "0.1.0, 0.1.1 and 0.2.0.dev0 are read",
                ),
                None => (
                    "the document does not say its version as a text".to_string(),
                    "write version: \"0.2.0.dev0\" at its beginning",
                ),
            };
            draft.report(
                Problem::error("unsupported_version", "", message, fix),
                root.place(&["version"]),
            );
            return None;
        }
    }
    let document: Document = match from_node(root, Strictness::Closed) {
        Ok(document) => document,
        Err(misread) => {
            misread_key(draft, misread, "bad_document");
            return None;
        }
    };
    if document.version.starts_with("0.1.") {
        typed_too_early(draft, root, &document.version);
    }
    Some(document)
}

/// `datatype` came with 0.2.
fn typed_too_early(draft: &mut Draft, root: &Node, version: &str) {
    let mut found = Vec::new();
    for model in items(root, "semantic_model") {
        let of_fields = items(model, "datasets")
            .into_iter()
            .flat_map(|d| items(d, "fields"));
        found.extend(
            of_fields
                .chain(items(model, "metrics"))
                .filter_map(|n| n.entry("datatype"))
                .map(|e| e.key_at),
        );
    }
    for at in found {
        draft.report(
            Problem::error(
                "unknown_key",
                "",
                format!("the key `datatype` does not belong to version {version}"),
                "set version: \"0.2.0.dev0\", or move it to `data_type` in the overlay",
            ),
            at,
        );
    }
}

/// A value that does not fit, told so that the key can be found and mended.
pub(crate) fn misread_key(draft: &mut Draft, misread: Misread, code: &'static str) {
    let unknown = misread
        .message
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split_once('`'));
    let problem = match unknown {
        Some((key, rest)) => {
            let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
            let fix = if key.contains(['(', ')', '\'']) {
                "inside { } a comma ends a value: put the expression in quotation marks".into()
            } else {
                crate::sql::suggestion(key, known.into_iter())
            };
            Problem::error(
                "unknown_key",
                "",
                format!("the key `{key}` is not known here"),
                fix,
            )
        }
        None => Problem::error(
            code,
            "",
            misread.message,
            "docs/semantic-model.md and schemas/overlay.schema.json say what belongs here",
        ),
    };
    draft.report(problem, misread.at);
}

/// The one model of a document, or the one that the overlay names.
fn chosen(
    draft: &mut Draft,
    root: &Node,
    document: &Document,
    wanted: Option<&str>,
    wanted_at: Option<Position>,
) -> Option<usize> {
    let names: Vec<&str> = document
        .semantic_model
        .iter()
        .map(|m| m.name.as_str())
        .collect();
    let at = wanted_at.or(root.place(&["semantic_model"]));
    let mut refuse = |message: String, fix: String| {
        draft.report(Problem::error("which_model", "", message, fix), at);
        None
    };
    match (&names[..], wanted) {
        ([], _) => refuse(
            "the document holds no semantic model".into(),
            "add one under semantic_model".into(),
        ),
        ([_], None) => Some(0),
        (_, Some(wanted)) => match names.iter().position(|n| *n == wanted) {
            Some(at) => Some(at),
            None => refuse(
                format!("the overlay belongs to the model `{wanted}`, which the document lacks"),
                format!("it holds {}", names.join(", ")),
            ),
        },
        (_, None) => refuse(
            format!(
                "the document holds several semantic models: {}",
                names.join(", ")
            ),
            "name one in the overlay: `model: name`".into(),
        ),
    }
}

/// What we ourselves keep in the extensions of a part; what others keep is carried along.
fn extension(draft: &mut Draft, place: &str, context: &Context<'_>, node: &Node) -> Option<Node> {
    let unread = context.ai.map(AiContext::unread).unwrap_or_default();
    if !unread.is_empty() {
        draft.report(
            Problem::error(
                "ai_context_passed_over",
                place,
                format!("ai_context holds {}, which is not used", unread.join(", ")),
                "nothing has to be done",
            )
            .note(),
            node.place(&["ai_context"]),
        );
    }
    let mut own: Option<Node> = None;
    for (i, extension) in context.extensions.iter().enumerate() {
        if !extension.vendor_name.eq_ignore_ascii_case(VENDOR) {
            draft.model.foreign_extensions.push(ForeignExtension {
                place: place.to_string(),
                vendor_name: extension.vendor_name.clone(),
                data: extension.data.clone(),
            });
            continue;
        }
        let at = items(node, "custom_extensions")
            .get(i)
            .and_then(|n| n.place(&["data"]))
            .or(context.at);
        match parse(&extension.data, 0) {
            Ok(
                tree @ Node {
                    value: Value::Map(_),
                    ..
                },
            ) => {
                let tree = tree.moved_to(at);
                own = Some(match own {
                    Some(known) => known.merged(tree, 3),
                    None => tree,
                });
            }
            other => {
                let why = match other {
                    Ok(tree) => format!("it is {}", tree.kind()),
                    Err(misread) => misread.message,
                };
                draft.report(
                    Problem::error(
                        "bad_extension",
                        place,
                        format!("the data of our extension is no JSON mapping: {why}"),
                        "write the overlay file instead, and have `retail model export --fold` fold it in",
                    ),
                    at,
                );
            }
        }
    }
    own
}

/// A tree under a path of keys.
fn nest(path: &[&str], node: Node) -> Node {
    path.iter().rev().fold(node, |inner, key| Node {
        at: inner.at,
        value: Value::Map(vec![crate::located::Entry {
            key: (*key).to_string(),
            key_at: inner.at,
            value: inner,
        }]),
    })
}

/// `derived: [{name: n, kind: k, metric: m, …}]`, the older way to write
/// `metrics: {n: {type: k, of: m, …}}`.
fn listed_metrics(node: Node) -> Node {
    let Node {
        value: Value::Map(entries),
        at,
    } = node
    else {
        return node;
    };
    let mut rest = Vec::new();
    let mut listed = Vec::new();
    for entry in entries {
        match entry.value.value {
            Value::List(items)
                if entry.key == "derived"
                    && items
                        .iter()
                        .all(|i| i.get("name").and_then(Node::text).is_some()) =>
            {
                listed.extend(items);
            }
            _ => rest.push(entry),
        }
    }
    let mut out = Node {
        value: Value::Map(rest),
        at,
    };
    for item in listed {
        let name = item
            .get("name")
            .and_then(Node::text)
            .unwrap_or_default()
            .to_string();
        let item_at = item.at;
        let Value::Map(mut keys) = item.value else {
            continue;
        };
        keys.retain(|e| e.key != "name");
        for entry in &mut keys {
            match entry.key.as_str() {
                "kind" => entry.key = "type".into(),
                "metric" => entry.key = "of".into(),
                _ => {}
            }
        }
        let metric = Node {
            value: Value::Map(keys),
            at: item_at,
        };
        out = out.merged(nest(&["metrics", &name], metric), 3);
    }
    out
}

fn datasets(
    draft: &mut Draft,
    read: &super::document::SemanticModel,
    tree: &Node,
    collected: &mut Node,
) {
    for (dataset, node) in read.datasets.iter().zip(items(tree, "datasets")) {
        let place = format!("datasets/{}", dataset.name);
        let at = node.place(&["name"]);
        draft.note_place(place.clone(), at);
        draft.note_place(format!("{place}/source"), node.place(&["source"]));
        draft.note_place(format!("{place}/primary_key"), node.place(&["primary_key"]));
        if draft.model.dataset(&dataset.name).is_some() {
            draft.report(
                Problem::error(
                    "duplicate_name",
                    place.clone(),
                    format!("two datasets are called `{}`", dataset.name),
                    "give one of them another name",
                ),
                at,
            );
            continue;
        }
        bad_name(draft, &place, &dataset.name, at);
        let mut out = Dataset::new(dataset.name.clone(), Vec::new());
        match source(&dataset.source) {
            Ok(Source::Table(parts)) => out.table = parts,
            Ok(Source::Query(text)) => out.query = Some(text),
            Err((message, fix)) => {
                let at = node.place(&["source"]);
                draft.report(
                    Problem::error("bad_source", place.clone(), message, fix),
                    at,
                );
            }
        }
        out.primary_key = dataset.primary_key.clone();
        out.unique_keys = dataset.unique_keys.clone();
        out.description = dataset.description.clone().unwrap_or_default();
        if let Some(ai) = &dataset.ai_context {
            out.instructions = ai.instructions().to_string();
            out.synonyms = ai.synonyms().unwrap_or_default().to_vec();
        }
        draft.gaps.datasets.insert(
            dataset.name.clone(),
            DatasetGaps {
                label: true,
                entity: true,
                primary_key: dataset.primary_key.is_empty(),
                name_field: true,
                event_time: true,
                is_fact: true,
                rows: true,
            },
        );
        let context = Context {
            ai: dataset.ai_context.as_ref(),
            extensions: &dataset.custom_extensions,
            at: node.at,
        };
        if let Some(own) = extension(draft, &place, &context, node) {
            let old = std::mem::take(collected);
            *collected = old.merged(nest(&["datasets", &dataset.name], own), 3);
        }
        for (field, node) in dataset.fields.iter().zip(items(node, "fields")) {
            let place = format!("fields/{}/{}", dataset.name, field.name);
            let at = node.place(&["name"]);
            draft.note_place(place.clone(), at);
            draft.note_place(format!("{place}/expression"), expression_at(node));
            if out.field(&field.name).is_some() {
                draft.report(
                    Problem::error(
                        "duplicate_name",
                        place,
                        format!(
                            "two fields of `{}` are called `{}`",
                            dataset.name, field.name
                        ),
                        "give one of them another name",
                    ),
                    at,
                );
                continue;
            }
            bad_name(draft, &place, &field.name, at);
            let known = Known::of(field);
            out.fields.push(known.field);
            draft
                .gaps
                .fields
                .insert((dataset.name.clone(), field.name.clone()), known.gaps);
            let context = Context {
                ai: field.ai_context.as_ref(),
                extensions: &field.custom_extensions,
                at: node.at,
            };
            if let Some(own) = extension(draft, &place, &context, node) {
                let key = format!("{}/{}", dataset.name, field.name);
                let old = std::mem::take(collected);
                *collected = old.merged(nest(&["fields", &key], own), 3);
            }
            if field.datatype == Some(super::document::DataType::Time) {
                draft.report(
                    Problem::error(
                        "opaque_type",
                        format!("fields/{}/{}", dataset.name, field.name),
                        "a time of day without a date is neither grouped nor compared here",
                        "give the dataset a date-time field for it",
                    )
                    .note(),
                    at,
                );
            }
        }
        draft.model.datasets.push(out);
    }
}

/// A field as far as the core document describes it.
struct Known {
    field: Field,
    gaps: FieldGaps,
}

impl Known {
    fn of(field: &super::document::Field) -> Known {
        use super::document::DataType as Ossie;
        let data_type = field.datatype.map(|t| match t {
            Ossie::String => DataType::Text,
            Ossie::Integer => DataType::Integer,
            Ossie::Decimal => DataType::Decimal,
            Ossie::Float => DataType::Float,
            Ossie::Boolean => DataType::Boolean,
            Ossie::Date => DataType::Date,
            Ossie::DateTime | Ossie::DateTimeTz => DataType::Timestamp,
            Ossie::Time | Ossie::Opaque => DataType::Opaque,
        });
        let mut out = Field::column(field.name.clone(), data_type.unwrap_or_default());
        if let Some(label) = &field.label {
            out.label = label.clone();
        }
        out.description = field.description.clone().unwrap_or_default();
        let synonyms = field.ai_context.as_ref().and_then(AiContext::synonyms);
        out.synonyms = synonyms.unwrap_or_default().to_vec();
        if let Some(ai) = &field.ai_context {
            out.instructions = ai.instructions().to_string();
        }
        Known {
            field: out,
            gaps: FieldGaps {
                label: field.label.is_none(),
                data_type: data_type.is_none(),
                role: true,
                subject: true,
                additivity: true,
                unit: true,
                synonyms: synonyms.is_none(),
                searchable: true,
                profile: true,
                dimension: field.dimension.as_ref().map(|d| {
                    if d.is_time == Some(true) {
                        Dimension::Time
                    } else {
                        Dimension::Other
                    }
                }),
            },
        }
    }
}

fn bad_name(draft: &mut Draft, place: &str, name: &str, at: Option<Position>) {
    if name.is_empty() || name.contains(['.', '@', '/']) {
        draft.report(
            Problem::error(
                "bad_name",
                place,
                format!("`{name}` is no name: it is empty or holds a dot, a slash or @"),
                "names of datasets and fields are words such as order_date",
            ),
            at,
        );
    }
}

enum Source {
    Table(Vec<String>),
    Query(String),
}

/// A table's name, in up to three parts, or a query.
fn source(text: &str) -> Result<Source, (String, String)> {
    use sqlparser::dialect::GenericDialect;
    use sqlparser::parser::Parser;
    let trimmed = text.trim().trim_end_matches(';').trim();
    let parser = || {
        Parser::new(&GenericDialect {})
            .with_recursion_limit(100)
            .try_with_sql(trimmed)
    };
    let first = trimmed
        .trim_start_matches('(')
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if first == "select" || first == "with" {
        let read = parser().and_then(|mut p| {
            let query = p.parse_query()?;
            p.expect_token(&sqlparser::tokenizer::Token::EOF)?;
            Ok(query)
        });
        return match read {
            Ok(_) => Ok(Source::Query(trimmed.to_string())),
            Err(e) => Err((
                format!("the source query cannot be read: {e}"),
                "write one SELECT statement, or the name of a table".into(),
            )),
        };
    }
    let read = parser().and_then(|mut p| {
        let name = p.parse_object_name(false)?;
        p.expect_token(&sqlparser::tokenizer::Token::EOF)?;
        Ok(name)
    });
    let parts: Option<Vec<String>> = read.ok().and_then(|name| {
        name.0
            .iter()
            .map(|p| p.as_ident().map(|i| i.value.clone()))
            .collect()
    });
    match parts {
        Some(parts) if (1..=3).contains(&parts.len()) => Ok(Source::Table(parts)),
        // A file's or table's name that is no SQL word.
        _ if !trimmed.is_empty() && !trimmed.contains(['"', '\'', ';', '(']) => Ok(Source::Table(
            trimmed.split('.').map(str::to_string).collect(),
        )),
        _ => Err((
            format!("`{text}` is neither a table nor a query"),
            "write database.schema.table, schema.table, table, or one SELECT statement".into(),
        )),
    }
}

fn relationships(
    draft: &mut Draft,
    read: &super::document::SemanticModel,
    tree: &Node,
    collected: &mut Node,
) {
    for (relationship, node) in read.relationships.iter().zip(items(tree, "relationships")) {
        let place = format!("relationships/{}", relationship.name);
        let at = node.place(&["name"]);
        draft.note_place(place.clone(), at);
        for key in ["from", "to", "from_columns", "to_columns"] {
            draft.note_place(format!("{place}/{key}"), node.place(&[key]));
        }
        if draft
            .model
            .relationships
            .iter()
            .any(|r| r.name == relationship.name)
        {
            draft.report(
                Problem::error(
                    "duplicate_name",
                    place.clone(),
                    format!("two relationships are called `{}`", relationship.name),
                    "give one of them another name",
                ),
                at,
            );
            continue;
        }
        let context = Context {
            ai: relationship.ai_context.as_ref(),
            extensions: &relationship.custom_extensions,
            at: node.at,
        };
        if let Some(own) = extension(draft, &place, &context, node) {
            let old = std::mem::take(collected);
            *collected = old.merged(nest(&["relationships", &relationship.name], own), 3);
        }
        // Columns of the core document are fields here; a field may be called otherwise than the
        // column that it is.
        let unique = draft
            .model
            .dataset(&relationship.to)
            .is_some_and(|d| d.is_unique(&relationship.to_columns));
        if !unique {
            draft.gaps.relationships.push(relationship.name.clone());
        }
        draft.model.relationships.push(Relationship {
            name: relationship.name.clone(),
            from: relationship.from.clone(),
            to: relationship.to.clone(),
            from_fields: relationship.from_columns.clone(),
            to_fields: relationship.to_columns.clone(),
            unique,
            role: None,
            evidence: None,
        });
    }
}

/// The expression to read: of the SQL dialects, the plainest.
pub(super) fn readable(expression: &Expression) -> Result<&str, (String, String)> {
    let mut known: Vec<_> = expression.dialects.iter().collect();
    known.sort_by_key(|d| d.dialect);
    match known.first() {
        Some(first) if first.dialect.is_sql() => Ok(&first.expression),
        Some(_) => Err((
            "the expression is in no dialect of SQL".into(),
            "add one with dialect: ANSI_SQL".into(),
        )),
        None => Err((
            "the expression has no dialects".into(),
            "add one with dialect: ANSI_SQL".into(),
        )),
    }
}

/// What fields are computed from, once all their names are known.
fn fields(draft: &mut Draft, read: &super::document::SemanticModel, tree: &Node) {
    let known = draft.model.datasets.clone();
    for (dataset, node) in read.datasets.iter().zip(items(tree, "datasets")) {
        for (field, node) in dataset.fields.iter().zip(items(node, "fields")) {
            let key = format!("{}/{}", dataset.name, field.name);
            let place = format!("fields/{key}");
            if draft
                .overlay
                .fields
                .get(&key)
                .is_some_and(|f| f.expression.is_some())
            {
                continue;
            }
            let names = Names {
                own: Some(&field.name),
                columns: Columns::Physical,
                ..Names::of(&known).within(&dataset.name)
            };
            let expression = match readable(&field.expression) {
                Ok(text) => row(text, &names).map_err(|e| (e.code, e.message, e.fix)),
                Err((message, fix)) => Err(("no_readable_dialect", message, fix)),
            };
            match expression {
                Ok(expression) => set_expression(draft, &dataset.name, &field.name, expression),
                Err((code, message, fix)) => draft.report(
                    Problem::error(code, place, message, fix),
                    expression_at(node),
                ),
            }
        }
    }
    overlay::field_expressions(draft, &known);
    by_column(draft);
}

pub(crate) fn set_expression(
    draft: &mut Draft,
    dataset: &str,
    field: &str,
    expression: crate::Expression,
) {
    if let Some(found) = draft
        .model
        .datasets
        .iter_mut()
        .find(|d| d.name == dataset)
        .and_then(|d| d.fields.iter_mut().find(|f| f.name == field))
    {
        found.expression = expression;
    }
}

/// Keys and relationships may name columns: the fields that they are.
fn by_column(draft: &mut Draft) {
    let datasets = draft.model.datasets.clone();
    let field_of = |dataset: &str, name: &String| -> String {
        let Some(dataset) = datasets.iter().find(|d| d.name == dataset) else {
            return name.clone();
        };
        if dataset.field(name).is_some() {
            return name.clone();
        }
        let is_it = |f: &&Field| {
            f.name.eq_ignore_ascii_case(name)
                || matches!(&f.expression, crate::Expression::Column(c) if c.eq_ignore_ascii_case(name))
        };
        dataset
            .fields
            .iter()
            .find(is_it)
            .map_or_else(|| name.clone(), |f| f.name.clone())
    };
    for dataset in &mut draft.model.datasets {
        for key in dataset
            .primary_key
            .iter_mut()
            .chain(dataset.unique_keys.iter_mut().flatten())
        {
            *key = field_of(&dataset.name, key);
        }
    }
    for relationship in &mut draft.model.relationships {
        for name in &mut relationship.from_fields {
            *name = field_of(&relationship.from, name);
        }
        for name in &mut relationship.to_fields {
            *name = field_of(&relationship.to, name);
        }
    }
    let datasets = draft.model.datasets.clone();
    for relationship in draft.model.relationships.iter_mut().filter(|r| !r.unique) {
        relationship.unique = datasets
            .iter()
            .any(|d| d.name == relationship.to && d.is_unique(&relationship.to_fields));
        if relationship.unique {
            draft.gaps.relationships.retain(|n| *n != relationship.name);
        }
    }
}
