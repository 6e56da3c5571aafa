//! Data models of Cube in YAML: cubes with joins, dimensions and measures.

use super::builder::{Builder, FieldOf, flag, items, quoted, text_of, texts};
use super::names::rewritten;
use crate::located::Node;
use serde_json::{Map, Value, json};

pub(super) fn read(builder: &mut Builder, root: &Node) {
    builder.name = "cube".into();
    let cubes = items(root, "cubes");
    for cube in cubes {
        dataset(builder, cube);
    }
    for cube in cubes {
        let Some(name) = text_of(cube, "name") else {
            continue;
        };
        for node in items(cube, "joins") {
            join(builder, name, node);
        }
    }
    for cube in cubes {
        let Some(name) = text_of(cube, "name") else {
            continue;
        };
        // Measures may stand before those that they are made of.
        let mut open: Vec<&Node> = items(cube, "measures").iter().collect();
        loop {
            let before = open.len();
            open.retain(|node| {
                let waits = mentions(node).iter().any(|m| {
                    items(cube, "measures")
                        .iter()
                        .any(|o| text_of(o, "name") == Some(m))
                        && !builder.has_metric(m)
                });
                if waits {
                    return true;
                }
                if let Err(why) = measure(builder, name, node) {
                    let own = text_of(node, "name").unwrap_or("?");
                    builder.not_carried(format!("metrics/{own}"), why, node.at);
                }
                false
            });
            if open.is_empty() || open.len() == before {
                break;
            }
        }
        for node in open {
            let own = text_of(node, "name").unwrap_or("?");
            builder.not_carried(
                format!("metrics/{own}"),
                "a part of its formula is not carried over",
                node.at,
            );
        }
        for (key, what) in [
            ("pre_aggregations", "pre-aggregations are not read"),
            (
                "segments",
                "segments are not read; `lexicon` in the overlay says the same",
            ),
            (
                "access_policy",
                "access policies are not read; `policies` in the overlay says the same",
            ),
        ] {
            if let Some(node) = cube.get(key) {
                builder.not_carried(format!("datasets/{name}/{key}"), what, node.at);
            }
        }
    }
    for view in items(root, "views") {
        let name = text_of(view, "name").unwrap_or("?");
        builder.not_carried(
            format!("views/{name}"),
            "views choose among what the cubes hold, all of which is read",
            view.at,
        );
    }
}

fn dataset(builder: &mut Builder, cube: &Node) {
    let Some(name) = text_of(cube, "name") else {
        return;
    };
    if cube.get("extends").is_some() {
        builder.not_carried(
            format!("datasets/{name}"),
            "cubes that extend others are not read",
            cube.at,
        );
        return;
    }
    let source = text_of(cube, "sql_table").or_else(|| text_of(cube, "sql"));
    let Some(source) = source else {
        builder.not_carried(format!("datasets/{name}"), "it names no table", cube.at);
        return;
    };
    let source = source.trim().trim_end_matches(';').replace('`', "\"");
    builder.dataset(name, &source, cube);
    let mut key = Vec::new();
    for node in items(cube, "dimensions") {
        let (Some(own), Some(kind)) = (text_of(node, "name"), text_of(node, "type")) else {
            continue;
        };
        let place = format!("fields/{name}/{own}");
        if flag(node, "sub_query") || node.get("case").is_some() || kind == "geo" {
            builder.not_carried(place, "dimensions of this kind are not known", node.at);
            continue;
        }
        let written =
            text_of(node, "sql").map_or_else(|| Ok(quoted(own)), |sql| row(builder, name, sql));
        match written {
            Ok(expression) => builder.field(
                name,
                FieldOf {
                    name: own,
                    expression: &expression,
                    time: Some(kind == "time"),
                    description: text_of(node, "description"),
                    synonyms: synonyms(node),
                    at: node.at,
                },
            ),
            Err(why) => {
                builder.not_carried(place, why, node.at);
                continue;
            }
        }
        if flag(node, "primary_key") {
            key.push(own.to_string());
        }
        for part in ["granularities", "time_shift"] {
            if let Some(found) = node.get(part) {
                builder.not_carried(
                    format!("{place}/{part}"),
                    "periods of one's own are not read; `calendars` in the overlay says the same",
                    found.at,
                );
            }
        }
    }
    if !key.is_empty() {
        builder.primary_key(name, key);
    }
    let times: Vec<&str> = items(cube, "dimensions")
        .iter()
        .filter(|d| text_of(d, "type") == Some("time"))
        .filter_map(|d| text_of(d, "name"))
        .collect();
    if let [only] = times[..]
        && builder.has_field(name, only)
    {
        builder.dataset_entry(name, "event_time", json!(only));
    }
}

fn synonyms(node: &Node) -> Vec<String> {
    let mut out: Vec<String> = text_of(node, "title")
        .map(str::to_lowercase)
        .into_iter()
        .collect();
    if let Some(context) = node.get("meta").and_then(|m| m.get("ai_context")) {
        out.extend(texts(context.get("synonyms")));
    }
    out
}

/// Cuts `{CUBE}.amount`, `{revenue}` and `{orders.id}` out of a text: each piece with what stands in
/// the braces.
fn braces(sql: &str) -> Result<(String, Vec<String>), String> {
    let mut out = String::new();
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(open) = rest.find('{') {
        let close = rest[open..]
            .find('}')
            .map(|c| open + c)
            .ok_or("a brace is not closed")?;
        let inside = rest[open + 1..close].trim();
        let plain = inside
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        if !plain || inside.is_empty() {
            return Err(format!("`{{{inside}}}` is not understood"));
        }
        out.push_str(rest[..open].trim_end_matches('$'));
        out.push_str(&format!("braced{}braced", found.len()));
        found.push(inside.to_string());
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
    Ok((out, found))
}

/// Names in braces that a text mentions.
fn mentions(node: &Node) -> Vec<String> {
    text_of(node, "sql")
        .and_then(|sql| braces(sql).ok())
        .map(|(_, found)| found)
        .unwrap_or_default()
}

fn braced(word: &str) -> Option<usize> {
    word.strip_prefix("braced")?
        .strip_suffix("braced")?
        .parse()
        .ok()
}

/// An expression over a row of a cube, without the cube's name before its own columns.
fn row(builder: &Builder, cube: &str, sql: &str) -> Result<String, String> {
    let (text, found) = braces(sql)?;
    let mut refused = None;
    let written = rewritten(&text, |parts, call| {
        if call {
            return None;
        }
        let first = braced(&parts[0]).and_then(|i| found.get(i));
        match (first, parts) {
            (Some(own), [_, column]) if own == "CUBE" || own == cube => Some(quoted(column)),
            (Some(own), [_]) => {
                let own = own
                    .strip_prefix("CUBE.")
                    .or_else(|| own.strip_prefix(&format!("{cube}.")))
                    .unwrap_or(own);
                if builder.has_field(cube, own) {
                    Some(quoted(own))
                } else {
                    refused = Some(format!("`{own}` is no dimension of the cube"));
                    None
                }
            }
            (Some(other), _) => {
                refused = Some(format!(
                    "`{other}` of another cube inside a row is not known"
                ));
                None
            }
            (None, [column]) => Some(quoted(column)),
            _ => None,
        }
    })?;
    match refused {
        Some(why) => Err(why),
        None => Ok(written),
    }
}

fn join(builder: &mut Builder, cube: &str, node: &Node) {
    let Some(to) = text_of(node, "name") else {
        return;
    };
    let place = format!("relationships/{cube}/{to}");
    let kind = text_of(node, "relationship")
        .unwrap_or_default()
        .to_lowercase();
    let Some(pairs) = text_of(node, "sql").and_then(|sql| equalities(sql, cube, to)) else {
        builder.not_carried(place, "only joins on equal columns are known", node.at);
        return;
    };
    if !builder.has_dataset(to) || !builder.has_dataset(cube) {
        builder.not_carried(place, format!("there is no cube `{to}`"), node.at);
        return;
    }
    let mut columns = (Vec::new(), Vec::new());
    for (left, right) in pairs {
        columns.0.push(builder.field_of_column(cube, &left));
        columns.1.push(builder.field_of_column(to, &right));
    }
    match kind.as_str() {
        "many_to_one" | "belongs_to" | "belongsto" | "one_to_one" | "has_one" | "hasone" => {
            builder.unique_key(to, columns.1.clone());
            builder.relationship((cube, columns.0), (to, columns.1), None, node.at);
        }
        "one_to_many" | "has_many" | "hasmany" => {
            builder.unique_key(cube, columns.0.clone());
            builder.relationship((to, columns.1), (cube, columns.0), None, node.at);
        }
        other => builder.not_carried(
            place,
            format!("the relationship `{other}` is not known"),
            node.at,
        ),
    }
}

fn equalities(sql: &str, from: &str, to: &str) -> Option<Vec<(String, String)>> {
    let side = |text: &str| -> Option<(bool, String)> {
        let text = text.trim().replace(['$', '{', '}', '`', '"'], "");
        let (cube, column) = text.split_once('.')?;
        let plain = column.chars().all(|c| c.is_alphanumeric() || c == '_');
        match cube.trim() {
            _ if !plain => None,
            "CUBE" => Some((true, column.to_string())),
            own if own == from => Some((true, column.to_string())),
            other if other == to => Some((false, column.to_string())),
            _ => None,
        }
    };
    sql.replace(" and ", " AND ")
        .split(" AND ")
        .map(|part| {
            let (a, b) = part.split_once('=')?;
            match (side(a)?, side(b)?) {
                ((true, left), (false, right)) | ((false, right), (true, left)) => {
                    Some((left, right))
                }
                _ => None,
            }
        })
        .collect()
}

fn measure(builder: &mut Builder, cube: &str, node: &Node) -> Result<(), String> {
    let name = text_of(node, "name").ok_or("a measure without a name")?;
    let kind = text_of(node, "type").ok_or("it has no type")?;
    let mut entry = Map::new();
    if let Some(text) = text_of(node, "description") {
        entry.insert("description".into(), json!(text));
    }
    let other_words = synonyms(node);
    if !other_words.is_empty() {
        entry.insert("synonyms".into(), json!(other_words));
    }
    for key in ["group_by", "reduce_by", "add_group_by", "case", "switch"] {
        if node.get(key).is_some() {
            return Err(format!("`{key}` is not known"));
        }
    }
    let shift = items(node, "time_shift");
    if kind == "number" || (flag(node, "multi_stage") && !shift.is_empty()) {
        let sql = text_of(node, "sql").ok_or("it has no formula")?;
        let formula = formula(builder, cube, sql)?;
        if let [shift] = shift {
            return shifted(builder, name, (&formula, shift), entry, node);
        }
        if flag(node, "multi_stage") {
            return Err("measures over measures are not known".into());
        }
        builder.formula(name, formula, entry, node.at);
        return Ok(());
    }
    let aggregation = match kind {
        "sum" | "min" | "max" | "count_distinct" => kind,
        "avg" => "average",
        "count" => "count",
        "count_distinct_approx" => {
            builder.read_otherwise(
                format!("metrics/{name}"),
                "counted exactly, where an approximation was asked for",
                node.at,
            );
            "count_distinct"
        }
        other => return Err(format!("the type `{other}` is not known")),
    };
    let mut own = Map::from_iter([
        ("type".to_string(), json!("simple")),
        ("dataset".to_string(), json!(cube)),
        ("aggregation".to_string(), json!(aggregation)),
    ]);
    if let Some(sql) = text_of(node, "sql") {
        let expression = row(builder, cube, sql)?;
        builder.measured(cube, &expression);
        own.insert("expression".into(), json!(expression));
    } else if kind != "count" {
        return Err("it has no formula".into());
    }
    let filters: Result<Vec<String>, String> = items(node, "filters")
        .iter()
        .map(|f| {
            let sql = text_of(f, "sql").ok_or("a filter without SQL")?;
            Ok(format!("({})", row(builder, cube, sql)?))
        })
        .collect();
    let filters = filters?;
    if !filters.is_empty() {
        own.insert("filter".into(), json!(filters.join(" AND ")));
    }
    let Some(window) = node.get("rolling_window") else {
        own.extend(entry);
        builder.metric(name, Value::Object(own), node.at);
        return Ok(());
    };
    let base = format!("{name}_of_the_period");
    let mut running = Map::from_iter([
        ("type".to_string(), json!("cumulative")),
        ("of".to_string(), json!(base)),
    ]);
    if text_of(window, "type") == Some("to_date") {
        let grain = text_of(window, "granularity").ok_or("a window without its period")?;
        running.insert("to_date".into(), json!(grain));
    } else {
        let leading = text_of(window, "leading");
        if leading.is_some()
            || window
                .get("offset")
                .is_some_and(|o| o.text() != Some("end"))
        {
            return Err("windows that reach ahead or are moved are not known".into());
        }
        let trailing = text_of(window, "trailing").ok_or("a window without its length")?;
        if trailing != "unbounded" {
            running.insert("window".into(), json!(trailing));
        }
    }
    own.insert("access".into(), json!("part"));
    builder.metric(&base, Value::Object(own), node.at);
    running.extend(entry);
    builder.metric(name, Value::Object(running), node.at);
    Ok(())
}

/// Arithmetic over measures of this and other cubes.
fn formula(builder: &Builder, cube: &str, sql: &str) -> Result<String, String> {
    let (text, found) = braces(sql)?;
    let mut refused = None;
    let written = rewritten(&text, |parts, call| {
        if call {
            return None;
        }
        let own = match (braced(&parts[0]).and_then(|i| found.get(i)), parts) {
            (Some(own), [_]) => own.rsplit('.').next().unwrap_or(own).to_string(),
            (Some(own), [_, measure])
                if own == "CUBE" || own == cube || builder.has_dataset(own) =>
            {
                measure.clone()
            }
            (_, parts) => {
                refused = Some(format!("`{}` is no measure", parts.join(".")));
                return None;
            }
        };
        if builder.has_metric(&own) {
            Some(own)
        } else {
            refused = Some(format!("its part `{own}` is not carried over"));
            None
        }
    })?;
    match refused {
        Some(why) => Err(why),
        None => Ok(written),
    }
}

fn shifted(
    builder: &mut Builder,
    name: &str,
    (formula, shift): (&str, &Node),
    mut entry: Map<String, Value>,
    node: &Node,
) -> Result<(), String> {
    let interval = text_of(shift, "interval").ok_or("a shift without its length")?;
    if text_of(shift, "type").is_some_and(|t| t != "prior") {
        return Err("shifts into the future are not known".into());
    }
    if !builder.has_metric(formula.trim()) {
        return Err("only one measure can be shifted".into());
    }
    entry.extend([
        ("type".to_string(), json!("growth")),
        ("of".to_string(), json!(formula.trim())),
        ("offset".to_string(), json!(interval)),
        ("show".to_string(), json!("previous")),
    ]);
    builder.read_otherwise(
        format!("metrics/{name}"),
        "a period that the data cuts off is compared with the same part of the other one",
        node.at,
    );
    builder.metric(name, Value::Object(entry), node.at);
    Ok(())
}
