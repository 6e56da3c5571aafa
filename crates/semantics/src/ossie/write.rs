//! A model as an Ossie document and its overlay.
//!
//! The document alone never says a wrong number to a program that knows only Ossie: what it
//! cannot express rightly stands in the overlay and nowhere else.

use super::document::{
    AiContext, DataType as OutType, Dataset as OutDataset, Dimension, Document, Expression as Sql,
    Extension, Field as OutField, Metric as OutMetric, Relationship as OutRelationship,
    SemanticModel, VENDOR,
};
use crate::infer::naming::{label, words};
use crate::overlay::extract;
use crate::sql::{
    Aggregate, Columns, MetricTree, Names, Readers, metric, row, row_text, tree_text,
};
use crate::{
    Access, Additivity, Aggregation, DataType, Dataset, Expression, Field, Metric,
    MetricExpression, MetricKind, Model, Problem,
};
use std::collections::BTreeMap;

/// A model in the exchanged form.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// The Ossie document, YAML.
    pub document: String,
    /// The overlay, YAML; empty if it was folded into the document.
    pub overlay: String,
    /// What a program that reads the document alone does not see.
    pub problems: Vec<Problem>,
}

/// What the document says of fields, relationships and metrics, read back.
#[derive(Debug, Default)]
pub(crate) struct Written {
    fields: BTreeMap<(String, String), Expression>,
    unique: BTreeMap<String, bool>,
    metrics: BTreeMap<String, MetricTree>,
}

impl Written {
    pub(crate) fn field(&self, dataset: &str, field: &str) -> Option<&Expression> {
        self.fields.get(&(dataset.to_string(), field.to_string()))
    }
    pub(crate) fn metric(&self, name: &str) -> Option<&MetricTree> {
        self.metrics.get(name)
    }
    pub(crate) fn is_unique(&self, relationship: &str) -> bool {
        self.unique.get(relationship).copied().unwrap_or(false)
    }
}

/// The label that a name gets when nothing else is said.
pub(crate) fn label_of(name: &str) -> String {
    label(&words(name))
}

/// Writes a model; with `fold` the overlay stands in the document's extensions.
///
/// Reading both back gives the same model, but that levels over time are marked private.
///
/// # Errors
/// A model that no document can hold: names with dots, for instance.
pub fn export(model: &Model, fold: bool) -> Result<Export, Vec<Problem>> {
    let mut model = model.clone();
    for metric in &mut model.metrics {
        if metric.additivity == Additivity::Semi && metric.access == Access::Public {
            metric.access = Access::Private;
        }
    }
    write(&model, fold)
}

fn write(model: &Model, fold: bool) -> Result<Export, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut written = Written::default();
    let mut document = Document {
        version: "0.2.0.dev0".into(),
        dialects: None,
        vendors: None,
        semantic_model: vec![SemanticModel {
            name: model.name.clone(),
            description: some(&model.description),
            ai_context: AiContext::of(&model.instructions, &model.synonyms),
            datasets: model
                .datasets
                .iter()
                .map(|d| dataset(model, d, &mut written))
                .collect(),
            relationships: model
                .relationships
                .iter()
                .map(|r| OutRelationship {
                    name: r.name.clone(),
                    from: r.from.clone(),
                    to: r.to.clone(),
                    from_columns: r.from_fields.clone(),
                    to_columns: r.to_fields.clone(),
                    ai_context: None,
                    custom_extensions: foreign(model, &format!("relationships/{}", r.name)),
                })
                .collect(),
            metrics: metrics(model, &mut written, &mut problems),
            custom_extensions: foreign(model, ""),
        }],
    };
    for r in &model.relationships {
        let unique = model
            .dataset(&r.to)
            .is_some_and(|d| d.is_unique(&r.to_fields));
        written.unique.insert(r.name.clone(), unique);
    }
    for d in model
        .datasets
        .iter()
        .filter(|d| !d.default_filters.is_empty())
    {
        problems.push(
            Problem::error(
                "filters_not_exported",
                format!("datasets/{}", d.name),
                format!(
                    "other programs do not apply the default filters of `{}`",
                    d.name
                ),
                "their numbers include the rows that are left out here",
            )
            .warning(),
        );
    }
    let overlay = extract(model, &written);
    if fold {
        let data = serde_json::to_string(&overlay).map_err(|e| vec![unwritable(&e.to_string())])?;
        if let Some(only) = document.semantic_model.first_mut() {
            only.custom_extensions.push(Extension {
                vendor_name: VENDOR.into(),
                data,
            });
        }
    }
    let out = Export {
        document: yaml(&document)?,
        overlay: if fold { String::new() } else { yaml(&overlay)? },
        problems,
    };
    verified(model, &out)?;
    Ok(out)
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_string())
}

fn unwritable(reason: &str) -> Problem {
    Problem::error(
        "not_exportable",
        "",
        format!("the model cannot be written: {reason}"),
        "`retail model check` says what is wrong with it",
    )
}

fn yaml(value: &impl serde::Serialize) -> Result<String, Vec<Problem>> {
    let options = serde_saphyr::ser_options! {
        compact_list_indent: true,
    };
    serde_saphyr::to_string_with_options(value, options)
        .map_err(|e| vec![unwritable(&e.to_string())])
}

/// Reads what was written: a document that says something else is not handed out.
fn verified(model: &Model, out: &Export) -> Result<(), Vec<Problem>> {
    let overlay = (!out.overlay.is_empty()).then_some(crate::Source {
        name: "overlay",
        text: &out.overlay,
    });
    let document = crate::Source {
        name: "document",
        text: &out.document,
    };
    let read = crate::read(document, overlay);
    let errors: Vec<Problem> = read
        .problems
        .iter()
        .filter(|p| p.severity == crate::Severity::Error)
        .cloned()
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let back = read.completed();
    if back != *model {
        return Err(vec![unwritable(&difference(model, &back))]);
    }
    Ok(())
}

/// The first part of a model that came back otherwise.
fn difference(model: &Model, back: &Model) -> String {
    for (a, b) in model.datasets.iter().zip(&back.datasets) {
        if let Some((f, _)) = a.fields.iter().zip(&b.fields).find(|(f, g)| f != g) {
            return format!(
                "the field {}.{} would be read back otherwise",
                a.name, f.name
            );
        }
        if a != b {
            return format!("the dataset {} would be read back otherwise", a.name);
        }
    }
    if let Some((m, _)) = model
        .metrics
        .iter()
        .zip(&back.metrics)
        .find(|(m, n)| m != n)
    {
        return format!("the metric {} would be read back otherwise", m.name);
    }
    if let Some((r, _)) = model
        .relationships
        .iter()
        .zip(&back.relationships)
        .find(|(r, s)| r != s)
    {
        return format!("the relationship {} would be read back otherwise", r.name);
    }
    "it would be read back otherwise".into()
}

/// What other programs keep at a part.
fn foreign(model: &Model, place: &str) -> Vec<Extension> {
    model
        .foreign_extensions
        .iter()
        .filter(|e| e.place == place)
        .map(|e| Extension {
            vendor_name: e.vendor_name.clone(),
            data: e.data.clone(),
        })
        .collect()
}

fn dataset(model: &Model, dataset: &Dataset, written: &mut Written) -> OutDataset {
    let fields = dataset
        .fields
        .iter()
        .filter_map(|f| field(model, dataset, f, written))
        .collect();
    OutDataset {
        name: dataset.name.clone(),
        source: dataset
            .query
            .clone()
            .unwrap_or_else(|| source(&dataset.table)),
        primary_key: dataset.primary_key.clone(),
        unique_keys: dataset.unique_keys.clone(),
        description: some(&dataset.description),
        ai_context: AiContext::of(&dataset.instructions, &dataset.synonyms),
        fields,
        custom_extensions: foreign(model, &format!("datasets/{}", dataset.name)),
    }
}

/// A table's name, each part in quotation marks where it is no plain word.
fn source(parts: &[String]) -> String {
    let spelled: Vec<String> = parts
        .iter()
        .map(|p| {
            let plain =
                p.chars().enumerate().all(|(i, c)| {
                    c.is_ascii_alphabetic() || c == '_' || i > 0 && c.is_ascii_digit()
                }) && !p.is_empty();
            if plain {
                p.clone()
            } else {
                format!("\"{}\"", p.replace('"', "\"\""))
            }
        })
        .collect();
    spelled.join(".")
}

fn field(
    model: &Model,
    dataset: &Dataset,
    field: &Field,
    written: &mut Written,
) -> Option<OutField> {
    let text = row_text(&field.expression, &dataset.name, Readers::Field)?;
    let names = Names {
        own: Some(&field.name),
        columns: Columns::Physical,
        ..Names::of(&model.datasets).within(&dataset.name)
    };
    let back = row(&text, &names).ok()?;
    written
        .fields
        .insert((dataset.name.clone(), field.name.clone()), back);
    let dimension = match field.role {
        crate::Role::Time => Some(Dimension {
            is_time: Some(true),
        }),
        crate::Role::Dimension | crate::Role::Text => Some(Dimension {
            is_time: Some(false),
        }),
        crate::Role::Id | crate::Role::Measure => None,
    };
    Some(OutField {
        name: field.name.clone(),
        expression: Sql::sql(text),
        dimension,
        label: None,
        description: some(&field.description),
        datatype: Some(match field.data_type {
            DataType::Integer => OutType::Integer,
            DataType::Decimal => OutType::Decimal,
            DataType::Float => OutType::Float,
            DataType::Text => OutType::String,
            DataType::Date => OutType::Date,
            DataType::Timestamp => OutType::DateTime,
            DataType::Boolean => OutType::Boolean,
            DataType::Opaque => OutType::Opaque,
        }),
        ai_context: AiContext::of(&field.instructions, &field.synonyms),
        custom_extensions: foreign(model, &format!("fields/{}/{}", dataset.name, field.name)),
    })
}

fn metrics(model: &Model, written: &mut Written, problems: &mut Vec<Problem>) -> Vec<OutMetric> {
    let mut out = Vec::new();
    for m in &model.metrics {
        let place = format!("metrics/{}", m.name);
        match exported(model, &m.name, 0) {
            Ok(tree) => {
                let Some(text) = tree_text(&tree, Readers::All) else {
                    continue;
                };
                let names = Names::of(&model.datasets);
                let Ok(back) = metric(&text, &names, &model.relationships) else {
                    continue;
                };
                written.metrics.insert(m.name.clone(), back);
                out.push(OutMetric {
                    name: m.name.clone(),
                    expression: Sql::sql(text),
                    description: some(&m.description),
                    datatype: None,
                    ai_context: AiContext::of(&m.instructions, &m.synonyms),
                    custom_extensions: foreign(model, &place),
                });
            }
            Err(Hidden::Part) => {}
            Err(Hidden::Level) => problems.push(
                Problem::error(
                    "level_not_exported",
                    place,
                    format!(
                        "`{}` is a level over time, which other programs would add up over all days",
                        m.name
                    ),
                    "it stands in the overlay only, with access: private",
                )
                .warning(),
            ),
            Err(Hidden::Private) => problems.push(
                Problem::error(
                    "metric_not_exported",
                    place,
                    format!("`{}` is private", m.name),
                    "it stands in the overlay only",
                )
                .note(),
            ),
            Err(Hidden::Beyond) => problems.push(
                Problem::error(
                    "metric_not_exported",
                    place,
                    format!("`{}` has no form that other programs read", m.name),
                    "it stands in the overlay only",
                )
                .note(),
            ),
        }
    }
    out
}

/// Why a metric is not in the document.
enum Hidden {
    /// It is a part of others.
    Part,
    /// It, or what it is made of, is a level over time.
    Level,
    /// It is kept from other programs.
    Private,
    /// Ossie has nothing for it.
    Beyond,
}

/// A metric as a formula over aggregates that is right by itself.
fn exported(model: &Model, name: &str, depth: usize) -> Result<MetricTree, Hidden> {
    let found = model
        .metric(name)
        .filter(|_| depth < 32)
        .ok_or(Hidden::Beyond)?;
    if found.access == Access::Part && depth == 0 {
        return Err(Hidden::Part);
    }
    if found.additivity == Additivity::Semi {
        return Err(Hidden::Level);
    }
    let tree = formula(model, found, depth)?;
    if found.access == Access::Private {
        return Err(Hidden::Private);
    }
    Ok(tree)
}

fn formula(model: &Model, found: &Metric, depth: usize) -> Result<MetricTree, Hidden> {
    let part = |name: &str| exported(model, name, depth + 1);
    match &found.kind {
        MetricKind::Simple {
            dataset,
            aggregation,
            expression,
            filter,
        } => {
            let home = model.dataset(dataset).ok_or(Hidden::Beyond)?;
            let expression = match (expression, filter, aggregation) {
                // Rows are counted by something that is never missing.
                (None, None, Aggregation::Count) => {
                    let field = home
                        .primary_key
                        .first()
                        .cloned()
                        .or_else(|| {
                            home.fields
                                .iter()
                                .find(|f| f.nulls == Some(0))
                                .map(|f| f.name.clone())
                        })
                        .ok_or(Hidden::Beyond)?;
                    Some(Expression::Field(field))
                }
                (e, _, _) => e.clone(),
            };
            // Only what the document itself defines may stand in its formulas.
            let tree = MetricTree::Aggregate(Box::new(Aggregate {
                dataset: dataset.clone(),
                aggregation: *aggregation,
                expression,
                filter: filter.clone(),
            }));
            if reads_only_written(model, &tree) {
                Ok(tree)
            } else {
                Err(Hidden::Beyond)
            }
        }
        MetricKind::Ratio {
            numerator,
            denominator,
        } => Ok(MetricTree::Divide(
            Box::new(part(numerator)?),
            Box::new(part(denominator)?),
        )),
        MetricKind::Difference { left, right } => Ok(MetricTree::Subtract(
            Box::new(part(left)?),
            Box::new(part(right)?),
        )),
        MetricKind::Derived { expression } => derived(model, expression, depth),
        MetricKind::Cumulative { .. }
        | MetricKind::Growth { .. }
        | MetricKind::BasketAttach { .. } => Err(Hidden::Beyond),
    }
}

fn derived(model: &Model, e: &MetricExpression, depth: usize) -> Result<MetricTree, Hidden> {
    let all = |parts: &[MetricExpression]| -> Result<Vec<MetricTree>, Hidden> {
        parts.iter().map(|p| derived(model, p, depth)).collect()
    };
    let one = |e: &MetricExpression| Ok(Box::new(derived(model, e, depth)?));
    Ok(match e {
        MetricExpression::Metric(name) => exported(model, name, depth + 1)?,
        MetricExpression::Number(x) => MetricTree::Number(*x),
        MetricExpression::Add(parts) => MetricTree::Add(all(parts)?),
        MetricExpression::Multiply(parts) => MetricTree::Multiply(all(parts)?),
        MetricExpression::Coalesce(parts) => MetricTree::Coalesce(all(parts)?),
        MetricExpression::Subtract(a, b) => MetricTree::Subtract(one(a)?, one(b)?),
        MetricExpression::Divide(a, b) => MetricTree::Divide(one(a)?, one(b)?),
    })
}

/// Whether every field of an aggregate has a form in the document.
fn reads_only_written(model: &Model, tree: &MetricTree) -> bool {
    let MetricTree::Aggregate(aggregate) = tree else {
        return true;
    };
    let Some(home) = model.dataset(&aggregate.dataset) else {
        return false;
    };
    let writable = |dataset: &Dataset, name: &str| {
        dataset
            .field(name)
            .is_some_and(|f| row_text(&f.expression, &dataset.name, Readers::Field).is_some())
    };
    let reference = |f: &crate::FieldRef| {
        model
            .dataset(&f.dataset)
            .is_some_and(|d| writable(d, &f.field))
            && f.via.is_none()
    };
    let of_rows = aggregate.expression.iter().all(|e| {
        e.fields().iter().all(|f| writable(home, f))
            && e.lookups().into_iter().all(reference)
            && e.conditions()
                .into_iter()
                .flat_map(|c| c.fields())
                .all(reference)
    });
    of_rows
        && aggregate
            .filter
            .iter()
            .flat_map(|f| f.fields())
            .all(reference)
}
