//! Metric views of Databricks (version 1.1): one source with its joins.

use super::builder::{Builder, FieldOf, items, quoted, text_of, texts};
use super::names::rewritten;
use crate::located::Node;
use serde_json::{Map, Value, json};

/// What the source is called in a view.
const SOURCE: &str = "source";

pub(super) fn read(builder: &mut Builder, root: &Node) {
    let source = text_of(root, "source").unwrap_or_default();
    builder.name = text_of(root, "name").unwrap_or("metric_view").to_string();
    builder.description = text_of(root, "comment").map(str::to_string);
    let home = home_name(source);
    builder.dataset(&home, source, root);
    for join in items(root, "joins") {
        joined(builder, &home, &home, join);
    }
    let mut dimensions = items(root, "fields").to_vec();
    dimensions.extend(items(root, "dimensions").iter().cloned());
    for node in &dimensions {
        dimension(builder, &home, node);
    }
    if let Some(filter) = text_of(root, "filter") {
        let at = root.get("filter").and_then(|n| n.at);
        match qualified(builder, &home, filter) {
            Ok(filter) => builder.dataset_entry(&home, "default_filters", json!([filter])),
            Err(why) => builder.not_carried("filter", why, at),
        }
    }
    for node in items(root, "measures") {
        if let Err(why) = measure(builder, &home, node) {
            let name = text_of(node, "name").unwrap_or("?");
            builder.not_carried(format!("metrics/{name}"), why, node.at);
        }
    }
    if let Some(node) = root.get("materialization") {
        builder.not_carried("materialization", "materialisations are not read", node.at);
    }
}

/// The last part of a table's name; a query has none.
fn home_name(source: &str) -> String {
    let plain = !source.trim().contains([' ', '\n', '(']);
    let last = source
        .rsplit('.')
        .next()
        .unwrap_or(source)
        .trim_matches('`');
    if plain && !last.is_empty() {
        last.to_string()
    } else {
        "rows".into()
    }
}

fn joined(builder: &mut Builder, home: &str, from: &str, join: &Node) {
    let Some(name) = text_of(join, "name") else {
        return;
    };
    let place = format!("relationships/{name}");
    let Some(source) = text_of(join, "source") else {
        builder.not_carried(place, "the join has no source", join.at);
        return;
    };
    let many = text_of(join, "cardinality").is_some_and(|c| c.eq_ignore_ascii_case("one_to_many"));
    if many {
        builder.not_carried(
            place,
            "one-to-many joins are facts of their own; give their table a view of its own",
            join.at,
        );
        return;
    }
    builder.dataset(name, source, join);
    let pairs = match (text_of(join, "on"), join.get("using")) {
        (Some(on), _) => equalities(on, from, home, name),
        (None, Some(columns)) => {
            let columns = texts(Some(columns));
            (!columns.is_empty()).then(|| columns.iter().map(|c| (c.clone(), c.clone())).collect())
        }
        _ => None,
    };
    let Some(pairs) = pairs else {
        builder.not_carried(place, "only joins on equal columns are known", join.at);
        return;
    };
    let mut columns = (Vec::new(), Vec::new());
    for (left, right) in pairs {
        columns.0.push(builder.field_of_column(from, &left));
        columns.1.push(builder.field_of_column(name, &right));
    }
    // The view's word that the joined side has one row each.
    builder.unique_key(name, columns.1.clone());
    builder.relationship((from, columns.0), (name, columns.1), None, join.at);
    for inner in items(join, "joins") {
        joined(builder, home, name, inner);
    }
}

/// `source.a = products.b AND …` as pairs of columns, the joining side first.
fn equalities(on: &str, from: &str, home: &str, to: &str) -> Option<Vec<(String, String)>> {
    let side = |text: &str| -> Option<(bool, String)> {
        let text = text.trim().replace('`', "");
        let (table, column) = text.rsplit_once('.')?;
        let plain = |t: &str| t.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !plain(column) {
            return None;
        }
        let last = table.rsplit('.').next()?;
        if last == to {
            Some((false, column.to_string()))
        } else if last == from || (last == SOURCE && from == home) {
            Some((true, column.to_string()))
        } else {
            None
        }
    };
    let lower = on.replace(" and ", " AND ");
    lower
        .split(" AND ")
        .map(|part| {
            let (a, b) = part.split_once('=')?;
            let (a, b) = (
                side(a.trim_start_matches('('))?,
                side(b.trim_end_matches(')'))?,
            );
            match (a, b) {
                ((true, left), (false, right)) | ((false, right), (true, left)) => {
                    Some((left, right))
                }
                _ => None,
            }
        })
        .collect()
}

fn dimension(builder: &mut Builder, home: &str, node: &Node) {
    let (Some(name), Some(expression)) = (text_of(node, "name"), text_of(node, "expr")) else {
        return;
    };
    // A column of a joined table is a field there.
    let parts: Vec<&str> = expression
        .split('.')
        .map(|p| p.trim().trim_matches('`'))
        .collect();
    let plain = |p: &str| !p.is_empty() && p.chars().all(|c| c.is_alphanumeric() || c == '_');
    let (dataset, own, written) = match parts[..] {
        [column] if plain(column) => (home.to_string(), name, quoted(column)),
        [.., table, column] if plain(table) && plain(column) => {
            let table = if table == SOURCE { home } else { table };
            if !builder.has_dataset(table) {
                builder.not_carried(
                    format!("fields/{name}"),
                    format!("there is no table `{table}`"),
                    node.at,
                );
                return;
            }
            (table.to_string(), name, quoted(column))
        }
        _ => (home.to_string(), name, expression.replace('`', "\"")),
    };
    let mut synonyms = texts(node.get("synonyms"));
    if let Some(shown) = text_of(node, "display_name") {
        synonyms.insert(0, shown.to_lowercase());
    }
    builder.field(
        &dataset,
        FieldOf {
            name: own,
            expression: &written,
            time: None,
            description: text_of(node, "comment"),
            synonyms,
            at: node.at,
        },
    );
}

/// An expression whose names say their tables.
fn qualified(builder: &mut Builder, home: &str, text: &str) -> Result<String, String> {
    let text = text.replace('`', "\"");
    // Columns that no field names are fields too.
    let mut found: Vec<(String, String)> = Vec::new();
    rewritten(&text, |parts, call| {
        if !call {
            match parts {
                [own] => found.push((home.to_string(), own.clone())),
                [.., table, own] => {
                    let table = if table == SOURCE { home } else { table };
                    found.push((table.to_string(), own.clone()));
                }
                [] => {}
            }
        }
        None
    })?;
    for (dataset, own) in &found {
        if !builder.has_dataset(dataset) {
            return Err(format!("there is no table `{dataset}`"));
        }
        if !(dataset == home && builder.has_metric(own)) {
            builder.field_of_column(dataset, own);
        }
    }
    let mut names = found.into_iter();
    rewritten(&text, |_, call| {
        if call {
            return None;
        }
        let (dataset, own) = names.next()?;
        let field = builder.field_named(&dataset, &own)?;
        Some(format!("{dataset}.{}", quoted(&field)))
    })
}

fn measure(builder: &mut Builder, home: &str, node: &Node) -> Result<(), String> {
    let name = text_of(node, "name").ok_or("a measure without a name")?;
    let expression = text_of(node, "expr").ok_or("it has no expression")?;
    let mut entry = Map::new();
    let mut synonyms = texts(node.get("synonyms"));
    if let Some(shown) = text_of(node, "display_name") {
        synonyms.insert(0, shown.to_lowercase());
    }
    if !synonyms.is_empty() {
        entry.insert("synonyms".into(), json!(synonyms));
    }
    if let Some(text) = text_of(node, "comment") {
        entry.insert("description".into(), json!(text));
    }
    // MEASURE(x) is the metric x.
    let mut others = Vec::new();
    let mut plain = expression.to_string();
    while let Some(start) = plain.to_uppercase().find("MEASURE(") {
        let end = plain[start..]
            .find(')')
            .map(|e| start + e)
            .ok_or("a bracket is not closed")?;
        let other = plain[start + "MEASURE(".len()..end]
            .trim()
            .trim_matches('`')
            .to_string();
        if !builder.has_metric(&other) {
            return Err(format!("its part `{other}` is not carried over"));
        }
        plain.replace_range(start..=end, &format!("\u{2}{}\u{3}", others.len()));
        others.push(other);
    }
    let formula = if others.is_empty() {
        qualified(builder, home, expression)?
    } else {
        let bare = plain.replace(['\u{2}', '\u{3}'], "");
        let named = rewritten(&bare, |_, _| None);
        if named.is_err() {
            return Err("its formula is not understood".into());
        }
        let mut out = plain;
        for (i, other) in others.iter().enumerate() {
            out = out.replace(&format!("\u{2}{i}\u{3}"), other);
        }
        out
    };
    match items(node, "window") {
        [] => {
            builder.formula(name, formula, entry, node.at);
            Ok(())
        }
        [one] => windowed(builder, (name, formula), entry, one, node),
        _ => Err("several windows at once are not known".into()),
    }
}

fn windowed(
    builder: &mut Builder,
    (name, formula): (&str, String),
    mut entry: Map<String, Value>,
    window: &Node,
    node: &Node,
) -> Result<(), String> {
    let range = text_of(window, "range").unwrap_or("current").to_lowercase();
    let offset = text_of(window, "offset").map(str::to_lowercase);
    let base = format!("{name}_of_the_period");
    let part = Map::from_iter([("access".to_string(), json!("part"))]);
    let words: Vec<&str> = range.split_whitespace().collect();
    match (&words[..], offset) {
        (["current"], Some(offset)) => {
            let back = offset
                .trim()
                .strip_prefix('-')
                .ok_or("offsets into the future are not known")?;
            builder.formula(&base, formula, part, node.at);
            entry.extend(object(
                json!({"type": "growth", "of": base, "offset": back.trim(), "show": "previous"}),
            ));
            builder.read_otherwise(
                format!("metrics/{name}"),
                "a period that the data cuts off is compared with the same part of the other one",
                node.at,
            );
        }
        (["trailing", count, unit, "inclusive"], None) => {
            builder.formula(&base, formula, part, node.at);
            entry.extend(object(
                json!({"type": "cumulative", "of": base, "window": format!("{count} {unit}")}),
            ));
        }
        (["cumulative"], None) => {
            builder.formula(&base, formula, part, node.at);
            entry.extend(object(json!({"type": "cumulative", "of": base})));
        }
        (["trailing", ..], None) => {
            return Err("a trailing window without `inclusive` leaves the current day out, which is not known here".into());
        }
        (["current"], None) => {
            return Err("a level does not say here what its items are; `additivity` and `grain` in the overlay do".into());
        }
        _ => return Err(format!("the window `{range}` is not known")),
    }
    builder.metric(name, Value::Object(entry), node.at);
    Ok(())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
