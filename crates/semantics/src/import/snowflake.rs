//! Semantic views of Snowflake in YAML, and the older semantic models of its analyst.

use super::builder::{Builder, FieldOf, flag, items, quoted, text_of, texts};
use super::names::rewritten;
use crate::located::Node;
use serde_json::{Map, Value, json};

pub(super) fn read(builder: &mut Builder, root: &Node) {
    builder.name = text_of(root, "name").unwrap_or("snowflake").to_string();
    builder.description = text_of(root, "description").map(str::to_string);
    for table in items(root, "tables") {
        dataset(builder, table);
    }
    for relationship in items(root, "relationships") {
        join(builder, relationship);
    }
    for table in items(root, "tables") {
        let Some(name) = text_of(table, "name") else {
            continue;
        };
        for metric in items(table, "metrics") {
            measure(builder, Some(name), metric);
        }
        // Older models aggregate a fact by its name.
        for fact in items(table, "measures").iter().chain(items(table, "facts")) {
            if let (Some(own), Some(aggregation)) =
                (text_of(fact, "name"), text_of(fact, "default_aggregation"))
            {
                let aggregation = match aggregation.to_lowercase().as_str() {
                    "avg" => "average".to_string(),
                    other => other.to_string(),
                };
                builder.metric(
                    own,
                    words(
                        object(json!({"type": "simple", "dataset": name, "aggregation": aggregation, "expression": quoted(own)})),
                        fact,
                    ),
                    fact.at,
                );
            }
        }
        for filter in items(table, "filters") {
            let own = text_of(filter, "name").unwrap_or("?");
            builder.not_carried(
                format!("filters/{name}/{own}"),
                "named filters are not read; `lexicon` in the overlay says the same",
                filter.at,
            );
        }
    }
    for metric in items(root, "metrics") {
        measure(builder, None, metric);
    }
    for query in items(root, "verified_queries") {
        let name = text_of(query, "name").unwrap_or("?");
        builder.not_carried(
            format!("verified_queries/{name}"),
            "verified queries are SQL, which is never run from a model file",
            query.at,
        );
    }
    for key in ["custom_instructions", "module_custom_instructions"] {
        if let Some(node) = root.get(key) {
            builder.not_carried(
                key,
                "instructions to a language model are not read",
                node.at,
            );
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn words(mut entry: Map<String, Value>, node: &Node) -> Value {
    let synonyms = texts(node.get("synonyms"));
    if !synonyms.is_empty() {
        entry.insert("synonyms".into(), json!(synonyms));
    }
    if let Some(text) = text_of(node, "description") {
        entry.insert("description".into(), json!(text));
    }
    if text_of(node, "access_modifier") == Some("private_access") {
        entry.insert("access".into(), json!("part"));
    }
    Value::Object(entry)
}

fn dataset(builder: &mut Builder, table: &Node) {
    let Some(name) = text_of(table, "name") else {
        return;
    };
    let base = table.get("base_table");
    let parts: Vec<&str> = ["database", "schema", "table"]
        .iter()
        .filter_map(|k| base.and_then(|b| text_of(b, k)))
        .collect();
    let source = if parts.is_empty() {
        name.to_string()
    } else {
        parts.join(".")
    };
    builder.dataset(name, &source, table);
    for (section, time) in [("time_dimensions", true), ("dimensions", false)] {
        for node in items(table, section) {
            field(builder, name, node, Some(time));
            let Some(own) = text_of(node, "name") else {
                continue;
            };
            let samples = texts(node.get("sample_values"));
            if flag(node, "is_enum") && !samples.is_empty() {
                builder.field_entry(
                    name,
                    own,
                    "values",
                    json!({"enum": true, "listed": samples}),
                );
            }
            if flag(node, "unique") {
                builder.unique_key(name, vec![own.to_string()]);
            }
        }
    }
    for section in ["facts", "measures"] {
        for node in items(table, section) {
            field(builder, name, node, None);
            if let Some(own) = text_of(node, "name") {
                builder.field_entry(name, own, "role", json!("measure"));
            }
        }
    }
    let columns = texts(table.get("primary_key").and_then(|k| k.get("columns")));
    if !columns.is_empty() {
        let key = columns
            .iter()
            .map(|c| builder.field_of_column(name, c))
            .collect();
        builder.primary_key(name, key);
    }
    for key in items(table, "unique_keys") {
        let columns = texts(key.get("columns"));
        if !columns.is_empty() {
            let key = columns
                .iter()
                .map(|c| builder.field_of_column(name, c))
                .collect();
            builder.unique_key(name, key);
        }
    }
    if let [only] = items(table, "time_dimensions")
        && let Some(time) = text_of(only, "name")
    {
        builder.dataset_entry(name, "event_time", json!(time));
    }
}

fn field(builder: &mut Builder, dataset: &str, node: &Node, time: Option<bool>) {
    let Some(own) = text_of(node, "name") else {
        return;
    };
    let expression = text_of(node, "expr").map_or_else(|| quoted(own), str::to_string);
    builder.field(
        dataset,
        FieldOf {
            name: own,
            expression: &expression,
            time,
            description: text_of(node, "description"),
            synonyms: texts(node.get("synonyms")),
            at: node.at,
        },
    );
}

fn join(builder: &mut Builder, node: &Node) {
    let name = text_of(node, "name").unwrap_or("?");
    let (Some(left), Some(right)) = (text_of(node, "left_table"), text_of(node, "right_table"))
    else {
        builder.not_carried(
            format!("relationships/{name}"),
            "it does not name its two tables",
            node.at,
        );
        return;
    };
    let mut columns = (Vec::new(), Vec::new());
    for pair in items(node, "relationship_columns") {
        if let (Some(l), Some(r)) = (text_of(pair, "left_column"), text_of(pair, "right_column")) {
            columns.0.push(builder.field_of_column(left, l));
            columns.1.push(builder.field_of_column(right, r));
        } else {
            builder.not_carried(
                format!("relationships/{name}"),
                "only joins on equal columns are known",
                node.at,
            );
            return;
        }
    }
    if columns.0.is_empty() {
        builder.not_carried(
            format!("relationships/{name}"),
            "only joins on equal columns are known",
            node.at,
        );
        return;
    }
    // Snowflake joins toward the side whose key it is.
    builder.relationship((left, columns.0), (right, columns.1), None, node.at);
}

fn measure(builder: &mut Builder, table: Option<&str>, node: &Node) {
    let Some(name) = text_of(node, "name") else {
        return;
    };
    let Some(expression) = text_of(node, "expr") else {
        builder.not_carried(format!("metrics/{name}"), "it has no expression", node.at);
        return;
    };
    if let Some(level) = node
        .get("non_additive_dimensions")
        .or_else(|| node.get("non_additive_by"))
    {
        builder.not_carried(
            format!("metrics/{name}"),
            "how levels are written in this format is not settled",
            level.at,
        );
        return;
    }
    let mut missing: Option<String> = None;
    let written = rewritten(expression, |parts, call| {
        if call {
            return None;
        }
        let (dataset, own) = match parts {
            [own] => (table, own),
            [dataset, own] => (Some(dataset.as_str()), own),
            _ => return None,
        };
        let known = |d: &str, own: &str| {
            builder
                .field_named(d, own)
                .map(|f| format!("{d}.{}", quoted(&f)))
        };
        match dataset {
            // Another metric by name, before a field.
            _ if builder.has_metric(own) => Some(own.clone()),
            Some(d) => {
                let found = known(d, own);
                if found.is_none() {
                    missing = Some(format!("{d}.{own}"));
                }
                found
            }
            None => {
                missing = Some(own.clone());
                None
            }
        }
    });
    let written = match (written, missing) {
        (Err(why), _) => Err(why),
        (Ok(_), Some(name)) if table.is_none() || name.contains('.') => {
            let (dataset, column) = name.split_once('.').unwrap_or(("", &name));
            // A column that the file does not list is one all the same.
            if builder.has_dataset(dataset) {
                builder.field_of_column(dataset, column);
                return measure(builder, table, node);
            }
            Err(format!("there is no `{name}`"))
        }
        (Ok(written), _) => Ok(written),
    };
    match written {
        Ok(formula) => {
            let Value::Object(entry) = words(Map::new(), node) else {
                return;
            };
            builder.formula(name, formula, entry, node.at);
        }
        Err(why) => builder.not_carried(format!("metrics/{name}"), why, node.at),
    }
}
