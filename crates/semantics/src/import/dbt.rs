//! `semantic_manifest.json` of dbt and MetricFlow: semantic models, and metrics of all types.
//!
//! Both authoring specifications compile to it. Measures are no metrics of their own; a metric takes
//! the measure that it names, or the aggregation that it holds itself. Filters on inputs and on whole
//! metrics go down to the measures, where they are conditions on rows.

use super::builder::{Builder, FieldOf, flag, items, number, quoted, text_of, texts};
use super::names::rewritten;
use super::templates::{Call, filled};
use crate::located::{Node, Position};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Where a dimension or entity is: dataset and field.
type Place = (String, String);

struct Manifest<'n> {
    metrics: BTreeMap<String, &'n Node>,
    measures: BTreeMap<String, Measure>,
    /// Entity name → dataset whose rows it is, with the field of its key.
    owners: BTreeMap<String, Vec<Place>>,
    /// Dataset → its own entity, its entities and dimensions by name.
    own_entity: BTreeMap<String, String>,
    entities: BTreeMap<(String, String), String>,
    dimensions: BTreeMap<(String, String), Dimension>,
}

#[derive(Clone)]
struct Dimension {
    field: String,
    grain: String,
}

#[derive(Clone)]
struct Measure {
    dataset: String,
    aggregation: Value,
    /// Over a row; of rows if absent.
    expression: Option<String>,
    time: Option<String>,
    level: Option<Value>,
    /// What makes an item of a level, with its time.
    grain: Vec<String>,
    /// What is read otherwise.
    remark: Option<String>,
}

pub(super) fn read(builder: &mut Builder, root: &Node) {
    builder.name = "dbt".into();
    let mut manifest = Manifest {
        metrics: BTreeMap::new(),
        measures: BTreeMap::new(),
        owners: BTreeMap::new(),
        own_entity: BTreeMap::new(),
        entities: BTreeMap::new(),
        dimensions: BTreeMap::new(),
    };
    let models = items(root, "semantic_models");
    for model in models {
        dataset(builder, &mut manifest, model);
    }
    for model in models {
        measures(builder, &mut manifest, model);
    }
    joins(builder, &manifest, models);
    for metric in items(root, "metrics") {
        if let Some(name) = text_of(metric, "name") {
            manifest.metrics.insert(name.to_string(), metric);
        }
    }
    for metric in items(root, "metrics") {
        let Some(name) = text_of(metric, "name") else {
            continue;
        };
        if let Err(why) = metric_of(builder, &manifest, name, name, &[], &mut Vec::new()) {
            builder.not_carried(format!("metrics/{name}"), why, metric.at);
            continue;
        }
    }
    for query in items(root, "saved_queries") {
        let name = text_of(query, "name").unwrap_or("?");
        builder.not_carried(
            format!("saved_queries/{name}"),
            "saved queries are not read",
            query.at,
        );
    }
    let spines = root
        .get("project_configuration")
        .map(|p| items(p, "time_spines"))
        .unwrap_or_default();
    for spine in spines {
        for granularity in items(spine, "custom_granularities") {
            let name = text_of(granularity, "name").unwrap_or("?");
            builder.not_carried(
                format!("custom_granularities/{name}"),
                "custom periods are not read; `calendars` in the overlay says the same",
                granularity.at,
            );
        }
    }
}

fn dataset(builder: &mut Builder, manifest: &mut Manifest<'_>, model: &Node) {
    let Some(name) = text_of(model, "name") else {
        return;
    };
    let relation = model.get("node_relation");
    let part = |key: &str| relation.and_then(|r| text_of(r, key));
    let source = match (part("schema_name"), part("alias")) {
        (Some(schema), Some(alias)) => format!("{schema}.{alias}"),
        (None, Some(alias)) => alias.to_string(),
        _ => name.to_string(),
    };
    builder.dataset(name, &source, model);
    let default_time = model
        .get("defaults")
        .and_then(|d| text_of(d, "agg_time_dimension"));
    for dimension in items(model, "dimensions") {
        let Some(own) = text_of(dimension, "name") else {
            continue;
        };
        let expression = text_of(dimension, "expr").map_or_else(|| quoted(own), str::to_string);
        let time = text_of(dimension, "type").is_some_and(|t| t.eq_ignore_ascii_case("time"));
        let parameters = dimension.get("type_params");
        let grain = parameters
            .and_then(|p| text_of(p, "time_granularity"))
            .unwrap_or("day")
            .to_lowercase();
        builder.field(
            name,
            FieldOf {
                name: own,
                expression: &expression,
                time: Some(time),
                description: text_of(dimension, "description"),
                at: dimension.at,
                ..FieldOf::default()
            },
        );
        manifest.dimensions.insert(
            (name.into(), own.into()),
            Dimension {
                field: own.into(),
                grain,
            },
        );
        let validity = parameters.and_then(|p| p.get("validity_params"));
        if let Some(validity) = validity {
            let end = if flag(validity, "is_start") {
                "from"
            } else {
                "to"
            };
            let other = manifest
                .entities
                .get(&(name.to_string(), format!("\u{1}{end}")))
                .cloned();
            if other.is_none() {
                manifest
                    .entities
                    .insert((name.into(), format!("\u{1}{end}")), own.into());
            }
        }
    }
    for entity in items(model, "entities") {
        let Some(own) = text_of(entity, "name") else {
            continue;
        };
        let expression = text_of(entity, "expr").unwrap_or(own);
        let plain = expression
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_');
        let field = if plain {
            builder
                .field_named(name, expression)
                .unwrap_or_else(|| expression.to_string())
        } else {
            format!("{own}_key")
        };
        builder.field(
            name,
            FieldOf {
                name: &field,
                expression: &if plain {
                    quoted(expression)
                } else {
                    expression.to_string()
                },
                time: Some(false),
                description: text_of(entity, "description"),
                at: entity.at,
                ..FieldOf::default()
            },
        );
        builder.field_entry(name, &field, "role", json!("id"));
        manifest
            .entities
            .insert((name.into(), own.into()), field.clone());
        match text_of(entity, "type")
            .unwrap_or_default()
            .to_lowercase()
            .as_str()
        {
            "primary" => {
                builder.primary_key(name, vec![field.clone()]);
                manifest.own_entity.insert(name.into(), own.into());
                manifest
                    .owners
                    .entry(own.into())
                    .or_default()
                    .insert(0, (name.into(), field));
            }
            "unique" => {
                builder.unique_key(name, vec![field.clone()]);
                manifest
                    .owners
                    .entry(own.into())
                    .or_default()
                    .push((name.into(), field));
            }
            "natural" => manifest
                .owners
                .entry(own.into())
                .or_default()
                .push((name.into(), field)),
            _ => {}
        }
    }
    if let Some(entity) = text_of(model, "primary_entity") {
        manifest
            .own_entity
            .entry(name.into())
            .or_insert_with(|| entity.into());
    }
    let bound = |end: &str| {
        manifest
            .entities
            .get(&(name.to_string(), format!("\u{1}{end}")))
            .cloned()
    };
    if let (Some(from), Some(to)) = (bound("from"), bound("to")) {
        builder.dataset_entry(name, "validity", json!({"from": from, "to": to}));
    }
    if let Some(time) = default_time {
        builder.dataset_entry(name, "event_time", json!(time));
    }
}

/// Every reference of a model to an entity leads to the models whose rows that entity is.
fn joins(builder: &mut Builder, manifest: &Manifest<'_>, models: &[Node]) {
    for model in models {
        let Some(name) = text_of(model, "name") else {
            continue;
        };
        for entity in items(model, "entities") {
            let Some(own) = text_of(entity, "name") else {
                continue;
            };
            let kind = text_of(entity, "type").unwrap_or_default().to_lowercase();
            let Some(field) = manifest.entities.get(&(name.to_string(), own.to_string())) else {
                continue;
            };
            let owners = manifest
                .owners
                .get(own)
                .map(Vec::as_slice)
                .unwrap_or_default();
            for (i, (to, key)) in owners.iter().enumerate() {
                let itself = to == name;
                // Of two models with the same key the later one refers to the first.
                let later = owners
                    .iter()
                    .position(|(d, _)| d == name)
                    .is_none_or(|at| at > i);
                if itself || (kind != "foreign" && !later) {
                    continue;
                }
                let role = (own != to && !to.starts_with(own)).then(|| own.to_string());
                let role = role.filter(|_| {
                    items(model, "entities")
                        .iter()
                        .filter_map(|e| text_of(e, "name"))
                        .filter(|e| {
                            manifest
                                .owners
                                .get(*e)
                                .is_some_and(|o| o.iter().any(|(d, _)| d == to))
                        })
                        .count()
                        > 1
                });
                builder.relationship(
                    (name, vec![field.clone()]),
                    (to, vec![key.clone()]),
                    role,
                    entity.at,
                );
            }
        }
    }
}

/// What rows are aggregated how, by a measure or by a metric itself.
fn measure(
    builder: &Builder,
    manifest: &Manifest<'_>,
    dataset: &str,
    node: &Node,
    name: &str,
) -> Result<Measure, String> {
    let aggregation = text_of(node, "agg").unwrap_or_default().to_lowercase();
    let written = text_of(node, "expr")
        .map(str::to_string)
        .or_else(|| match node.get("expr").map(|n| &n.value) {
            Some(crate::located::Value::Integer(n)) => Some(n.to_string()),
            _ => None,
        })
        .unwrap_or_else(|| quoted(name));
    let mut remark = None;
    let one = written.trim() == "1";
    let (aggregation, expression) = match aggregation.as_str() {
        "sum" | "count" if one => (json!("count"), None),
        "sum" | "count" | "count_distinct" | "average" | "min" | "max" | "median" => {
            (json!(aggregation), Some(written))
        }
        "sum_boolean" => (
            json!("sum"),
            Some(format!("CASE WHEN {written} THEN 1 ELSE 0 END")),
        ),
        "percentile" => {
            let parameters = node.get("agg_params");
            let discrete = parameters.is_some_and(|p| flag(p, "use_discrete_percentile"));
            let share = parameters
                .and_then(|p| number(p, "percentile"))
                .ok_or("a percentile without its share")?;
            let percent = share * 100.0;
            if discrete
                || (percent - percent.round()).abs() > 1e-9
                || !(1.0..=99.0).contains(&percent)
            {
                return Err("only interpolated percentiles of whole percents are known".into());
            }
            if parameters.is_some_and(|p| flag(p, "use_approximate_percentile")) {
                remark = Some("computed exactly, where an approximation was asked for".to_string());
            }
            (json!({"percentile": percent.round() as u8}), Some(written))
        }
        other => return Err(format!("the aggregation `{other}` is not known")),
    };
    let time = text_of(node, "agg_time_dimension").map(str::to_string);
    let mut grain = Vec::new();
    let level = match node
        .get("non_additive_dimension")
        .filter(|n| !n.entries().is_empty())
    {
        None => None,
        Some(level) => {
            let over = text_of(level, "name").ok_or("a level without its time")?;
            let field = manifest
                .dimensions
                .get(&(dataset.to_string(), over.to_string()))
                .map_or(over, |d| d.field.as_str());
            let choice = text_of(level, "window_choice")
                .or_else(|| text_of(level, "window_agg"))
                .unwrap_or("min")
                .to_lowercase();
            let pick = match choice.as_str() {
                "max" => "last",
                "min" => "first",
                other => return Err(format!("the choice `{other}` of a level is not known")),
            };
            let groupings: Vec<String> = texts(level.get("window_groupings"))
                .into_iter()
                .chain(texts(level.get("group_by")))
                .collect();
            // An item is what the groupings name; else all that the rows refer to.
            let own = manifest.own_entity.get(dataset);
            grain = manifest
                .entities
                .iter()
                .filter(|((d, e), _)| {
                    d == dataset
                        && !e.starts_with('\u{1}')
                        && if groupings.is_empty() {
                            own != Some(e)
                        } else {
                            groupings.contains(e)
                        }
                })
                .map(|(_, field)| field.clone())
                .collect();
            grain.push(field.to_string());
            if groupings.is_empty() {
                remark = Some(format!(
                    "MetricFlow takes the rows of the one {} day of a whole group; here the {} one of every item counts",
                    if pick == "last" { "last" } else { "first" },
                    pick
                ));
            }
            Some(
                json!({"kind": "semi", "non_additive_over": format!("{dataset}.{field}"), "pick": pick}),
            )
        }
    };
    if !builder.has_dataset(dataset) {
        return Err(format!("there is no semantic model `{dataset}`"));
    }
    Ok(Measure {
        dataset: dataset.to_string(),
        aggregation,
        expression,
        time,
        level,
        grain,
        remark,
    })
}

fn measures(builder: &mut Builder, manifest: &mut Manifest<'_>, model: &Node) {
    let Some(dataset) = text_of(model, "name") else {
        return;
    };
    for node in items(model, "measures") {
        let Some(name) = text_of(node, "name") else {
            continue;
        };
        match measure(builder, manifest, dataset, node, name) {
            Ok(measure) => {
                manifest.measures.insert(name.into(), measure);
            }
            Err(why) => builder.not_carried(format!("measures/{name}"), why, node.at),
        }
    }
}

/// Adds a metric under a name, narrowed by filters; its parts are added before it.
fn metric_of(
    builder: &mut Builder,
    manifest: &Manifest<'_>,
    metric: &str,
    under: &str,
    filters: &[String],
    above: &mut Vec<String>,
) -> Result<(), String> {
    if builder.has_metric(under) {
        return Ok(());
    }
    if above.iter().any(|m| m == metric) {
        return Err(format!("`{metric}` is defined by itself"));
    }
    let node = *manifest
        .metrics
        .get(metric)
        .ok_or_else(|| format!("there is no metric `{metric}`"))?;
    above.push(metric.to_string());
    let mut filters = filters.to_vec();
    filters.extend(filters_of(node)?);
    let done = defined(builder, manifest, node, metric, under, &filters, above);
    above.pop();
    let entry = done?;
    builder.metric(under, with_words(entry, node, metric == under), node.at);
    Ok(())
}

fn with_words(mut entry: Map<String, Value>, node: &Node, named: bool) -> Value {
    if named {
        for (from, to) in [("label", "label"), ("description", "description")] {
            if let Some(text) = text_of(node, from) {
                entry.insert(to.into(), json!(text));
            }
        }
    } else {
        entry.insert("access".into(), json!("part"));
    }
    Value::Object(entry)
}

fn filters_of(node: &Node) -> Result<Vec<String>, String> {
    let Some(filter) = node.get("filter") else {
        return Ok(Vec::new());
    };
    if let Some(text) = filter.text() {
        return Ok(vec![text.to_string()]);
    }
    let list = if filter.items().is_empty() {
        items(filter, "where_filters")
    } else {
        filter.items()
    };
    list.iter()
        .map(|f| {
            f.text()
                .or_else(|| text_of(f, "where_sql_template"))
                .map(str::to_string)
                .ok_or_else(|| "a filter is no text".to_string())
        })
        .collect()
}

fn defined(
    builder: &mut Builder,
    manifest: &Manifest<'_>,
    node: &Node,
    metric: &str,
    under: &str,
    filters: &[String],
    above: &mut Vec<String>,
) -> Result<Map<String, Value>, String> {
    let empty = Node::default();
    let parameters = node.get("type_params").unwrap_or(&empty);
    let kind = text_of(node, "type").unwrap_or_default().to_lowercase();
    match kind.as_str() {
        "simple" => {
            let own = parameters
                .get("metric_aggregation_params")
                .filter(|p| !p.entries().is_empty());
            let input = parameters.get("measure");
            let (measure, input) = match own {
                Some(own) => {
                    let dataset = text_of(own, "semantic_model").unwrap_or_default();
                    let mut merged = own.clone();
                    if own.get("expr").is_none()
                        && let Some(expr) = parameters.entry("expr")
                        && let crate::located::Value::Map(entries) = &mut merged.value
                    {
                        entries.push(expr.clone());
                    }
                    (
                        measure(builder, manifest, dataset, &merged, metric)?,
                        Some(parameters),
                    )
                }
                None => (measure_of(manifest, input)?, input),
            };
            let mut all = filters.to_vec();
            if let Some(input) = input.filter(|_| own.is_none()) {
                all.extend(filters_of(input)?);
            }
            simple(builder, manifest, &measure, input, &all, (under, node.at))
        }
        "ratio" => {
            let side = |key: &str| {
                parameters
                    .get(key)
                    .ok_or_else(|| format!("a ratio without its {key}"))
            };
            let numerator = input_of(builder, manifest, side("numerator")?, under, filters, above)?;
            let denominator = input_of(
                builder,
                manifest,
                side("denominator")?,
                under,
                filters,
                above,
            )?;
            Ok(object(
                json!({"type": "ratio", "numerator": numerator, "denominator": denominator}),
            ))
        }
        "derived" => {
            let expression =
                text_of(parameters, "expr").ok_or("a derived metric without its formula")?;
            let mut named: BTreeMap<String, String> = BTreeMap::new();
            let inputs = items(parameters, "metrics")
                .iter()
                .chain(items(parameters, "input_metrics"));
            for input in inputs {
                let alias = text_of(input, "alias")
                    .or_else(|| text_of(input, "name"))
                    .unwrap_or_default();
                let name = input_of(builder, manifest, input, under, filters, above)?;
                named.insert(alias.to_string(), name);
            }
            let mut unknown = None;
            let formula = rewritten(expression, |parts, call| match parts {
                [one] if !call => match named.get(one) {
                    Some(name) => Some(name.clone()),
                    None => {
                        unknown = Some(one.clone());
                        None
                    }
                },
                _ => None,
            })?;
            if let Some(unknown) = unknown {
                return Err(format!("`{unknown}` of its formula is none of its inputs"));
            }
            // A formula that is one metric is that metric.
            if let Some(same) = named.values().find(|n| **n == formula.trim()) {
                let entry = builder.entry_of(same).cloned();
                return entry.ok_or_else(|| format!("`{same}` is not carried over"));
            }
            Ok(object(json!({"type": "derived", "expression": formula})))
        }
        "cumulative" => {
            let own = parameters
                .get("cumulative_type_params")
                .filter(|p| !p.entries().is_empty());
            let said = |key: &str| {
                own.and_then(|o| o.get(key))
                    .or_else(|| parameters.get(key))
                    .filter(|n| !matches!(n.value, crate::located::Value::Null))
            };
            let base = match own
                .and_then(|o| o.get("metric"))
                .filter(|m| text_of(m, "name").is_some())
            {
                Some(input) => input_of(builder, manifest, input, under, filters, above)?,
                None => {
                    let input = parameters.get("measure");
                    let measure = measure_of(manifest, input)?;
                    let mut all = filters.to_vec();
                    if let Some(input) = input {
                        all.extend(filters_of(input)?);
                    }
                    let name = format!("{under}_of_the_period");
                    let entry = simple(builder, manifest, &measure, input, &all, (&name, node.at))?;
                    builder.metric(&name, with_words(entry, node, false), node.at);
                    name
                }
            };
            let mut entry = object(json!({"type": "cumulative", "of": base}));
            if let Some(window) = said("window") {
                entry.insert("window".into(), json!(length(window)?));
            }
            if let Some(grain) = said("grain_to_date").and_then(Node::text) {
                entry.insert("to_date".into(), json!(grain.to_lowercase()));
            }
            if let Some(period) = said("period_agg").and_then(Node::text)
                && !period.eq_ignore_ascii_case("last")
            {
                builder.read_otherwise(
                    format!("metrics/{under}"),
                    format!(
                        "MetricFlow shows the {} value of a longer period; here it is the last",
                        period.to_lowercase()
                    ),
                    node.at,
                );
            }
            Ok(entry)
        }
        "conversion" => Err("conversions within a window are no kind of metric here".into()),
        other => Err(format!("the type `{other}` is not known")),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn measure_of(manifest: &Manifest<'_>, input: Option<&Node>) -> Result<Measure, String> {
    let name = input
        .and_then(|i| i.text().or_else(|| text_of(i, "name")))
        .ok_or("it names no measure")?;
    manifest
        .measures
        .get(name)
        .cloned()
        .ok_or_else(|| format!("its measure `{name}` is not carried over"))
}

/// The keys of a simple metric over a measure.
fn simple(
    builder: &mut Builder,
    manifest: &Manifest<'_>,
    measure: &Measure,
    input: Option<&Node>,
    filters: &[String],
    (under, at): (&str, Option<Position>),
) -> Result<Map<String, Value>, String> {
    let mut entry = object(json!({
        "type": "simple",
        "dataset": measure.dataset,
        "aggregation": measure.aggregation,
    }));
    if let Some(expression) = &measure.expression {
        builder.measured(&measure.dataset, expression);
        entry.insert("expression".into(), json!(expression));
    }
    if let Some(level) = &measure.level {
        builder.dataset_entry(&measure.dataset, "grain", json!(measure.grain));
        entry.insert("additivity".into(), level.clone());
        entry.insert("access".into(), json!("private"));
    }
    if let Some(time) = &measure.time {
        entry.insert(
            "time_dimension".into(),
            json!(format!("{}.{time}", measure.dataset)),
        );
    }
    let conditions: Result<Vec<String>, String> = filters
        .iter()
        .map(|f| condition(manifest, &measure.dataset, f))
        .collect();
    let conditions = conditions?;
    match &conditions[..] {
        [] => {}
        [one] => {
            entry.insert("filter".into(), json!(one));
        }
        several => {
            let all: Vec<String> = several.iter().map(|c| format!("({c})")).collect();
            entry.insert("filter".into(), json!(all.join(" AND ")));
        }
    }
    let fills = input.is_some_and(|i| number(i, "fill_nulls_with") == Some(0.0));
    if fills {
        entry.insert("empty".into(), json!("zero"));
    }
    if input.is_some_and(|i| flag(i, "join_to_timespine")) {
        entry.insert("fill".into(), json!(if fills { "zero" } else { "null" }));
    }
    if let Some(remark) = &measure.remark {
        builder.read_otherwise(format!("metrics/{under}"), remark.clone(), at);
    }
    Ok(entry)
}

/// Adds what an input of a metric stands for, and gives its name: the metric itself, or a part that
/// is narrowed by filters or lies a while before.
fn input_of(
    builder: &mut Builder,
    manifest: &Manifest<'_>,
    input: &Node,
    under: &str,
    filters: &[String],
    above: &mut Vec<String>,
) -> Result<String, String> {
    let metric = input
        .text()
        .or_else(|| text_of(input, "name"))
        .ok_or("an input without a name")?;
    let present = |key: &str| {
        input
            .get(key)
            .filter(|n| !matches!(n.value, crate::located::Value::Null))
    };
    if present("offset_to_grain").is_some() {
        return Err("offsets to the start of a period are not known".into());
    }
    let mut all = filters.to_vec();
    all.extend(filters_of(input)?);
    let base = if all.is_empty() {
        metric.to_string()
    } else {
        let alias = text_of(input, "alias").unwrap_or(metric);
        format!("{under}_{alias}")
    };
    metric_of(builder, manifest, metric, &base, &all, above)?;
    let Some(offset) = present("offset_window") else {
        return Ok(base);
    };
    let offset = length(offset)?;
    let name = format!("{base}_{}_before", offset.replace(' ', "_"));
    if !builder.has_metric(&name) {
        builder.metric(
            &name,
            json!({"type": "growth", "of": base, "offset": offset, "show": "previous", "access": "part"}),
            input.at,
        );
        builder.read_otherwise(
            format!("metrics/{under}"),
            "a period that the data cuts off is compared with the same part of the other one; MetricFlow compares it with the whole",
            input.at,
        );
    }
    Ok(name)
}

/// `{count: 7, granularity: day}` or `7 days`.
fn length(node: &Node) -> Result<String, String> {
    if let Some(text) = node.text() {
        return Ok(text.to_lowercase());
    }
    let count = number(node, "count").ok_or("a length without its count")?;
    let unit = text_of(node, "granularity").ok_or("a length without its period")?;
    let unit = unit.to_lowercase();
    let unit = unit.trim_end_matches('s');
    Ok(format!(
        "{count} {unit}{}",
        if count == 1.0 { "" } else { "s" }
    ))
}

/// A filter as a condition on the rows of a dataset and of what it looks up.
fn condition(manifest: &Manifest<'_>, home: &str, template: &str) -> Result<String, String> {
    filled(template, |call| place(manifest, home, call))
}

fn place(manifest: &Manifest<'_>, home: &str, call: &Call) -> Result<String, String> {
    let path = call.arguments.first().ok_or("a call without a name")?;
    let found = match call.function.as_str() {
        "Dimension" => dimension(manifest, home, path)?,
        "TimeDimension" => {
            let (place, grain) = timed(manifest, home, path)?;
            let wanted = call.arguments.get(1).map(|g| g.to_lowercase());
            if wanted.is_some_and(|w| w != grain) {
                return Err(format!(
                    "`{path}` is asked for by another period than it has"
                ));
            }
            place
        }
        "Entity" => entity(manifest, home, path)?,
        "Metric" => return Err("conditions on metrics inside a metric are not known".into()),
        other => return Err(format!("`{other}` is not known in filters")),
    };
    Ok(format!("{}.{}", found.0, quoted(&found.1)))
}

fn timed(manifest: &Manifest<'_>, home: &str, path: &str) -> Result<(Place, String), String> {
    if path == "metric_time" {
        return Err("`metric_time` inside a metric is not known".into());
    }
    let place = dimension(manifest, home, path)?;
    let grain = manifest
        .dimensions
        .get(&place)
        .map_or_else(|| "day".to_string(), |d| d.grain.clone());
    Ok((place, grain))
}

/// `order__customer__country`: the last entity says whose dimension it is.
fn dimension(manifest: &Manifest<'_>, home: &str, path: &str) -> Result<Place, String> {
    let parts: Vec<&str> = path.split("__").collect();
    let (name, entities) = parts.split_last().ok_or("an empty name")?;
    let known = |dataset: &str| {
        manifest
            .dimensions
            .get(&(dataset.to_string(), (*name).to_string()))
            .map(|d| (dataset.to_string(), d.field.clone()))
    };
    let none = || format!("there is no dimension `{path}`");
    let Some(last) = entities.last() else {
        return known(home).ok_or_else(none);
    };
    if entities.len() == 1 && manifest.own_entity.get(home).is_some_and(|e| e == last) {
        return known(home).ok_or_else(none);
    }
    let owners = manifest
        .owners
        .get(*last)
        .map(Vec::as_slice)
        .unwrap_or_default();
    owners
        .iter()
        .find_map(|(dataset, _)| known(dataset))
        .or_else(|| {
            manifest
                .own_entity
                .iter()
                .filter(|(_, e)| e == last)
                .find_map(|(dataset, _)| known(dataset))
        })
        .ok_or_else(none)
}

fn entity(manifest: &Manifest<'_>, home: &str, path: &str) -> Result<Place, String> {
    let parts: Vec<&str> = path.split("__").collect();
    let none = || format!("there is no entity `{path}`");
    let known = |dataset: &str, name: &str| {
        manifest
            .entities
            .get(&(dataset.to_string(), name.to_string()))
            .map(|field| (dataset.to_string(), field.clone()))
    };
    match parts[..] {
        [name] => known(home, name).ok_or_else(none),
        [.., owner, name] => manifest
            .owners
            .get(owner)
            .into_iter()
            .flatten()
            .find_map(|(dataset, _)| known(dataset, name))
            .ok_or_else(none),
        [] => Err(none()),
    }
}
