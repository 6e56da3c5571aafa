//! Which picture fits, as a Vega-Lite specification with its values inline.

use super::Finding;
use super::table::Table;
use super::wording;
use query::Part;
use serde_json::{Map, Value, json};

/// Marks beyond which only the leading ones are drawn.
const MARKS: usize = 60;

/// The chart of a finding; `None` for single numbers and lists.
pub(super) fn chart(finding: &Finding) -> Option<Value> {
    let wider = finding.steps.iter().rev().find_map(|s| {
        let table = s.result.as_ref()?;
        (table.row_count > finding.result.row_count && table.columns == finding.result.columns)
            .then(|| {
                Some((
                    table,
                    serde_json::from_value::<query::Query>(s.query.clone()).ok()?,
                ))
            })?
    });
    let (source, query) = match &wider {
        Some((table, query)) => (*table, query),
        None => (finding.result, finding.query),
    };
    let table = Table::new("result", source, query);
    if table.rows.len() < 2 || table.dimensions.is_empty() {
        return None;
    }
    let rank = finding.query.rank.as_ref().map(|r| (r.by, r.on));
    let (term, part) = rank.or_else(|| table.measures.first().map(|m| (m.0, m.1)))?;
    let measure = table.column(term, part)?;
    let running = table.running();
    let others: Vec<usize> = table
        .naming()
        .into_iter()
        .filter(|c| Some(*c) != running)
        .collect();
    let shown = table.rows.len().min(MARKS);
    let field = |i: usize| format!("c{i}");
    let record = |r: usize, columns: &[usize]| -> Value {
        let mut map = Map::new();
        for &c in columns {
            let cell = &table.rows[r][c];
            let value =
                match wording::number(cell).filter(|_| table.measures.iter().any(|m| m.2 == c)) {
                    Some(x) => json!(x),
                    None if cell.is_null() && table.dimensions.contains(&c) => {
                        json!(format!("(no {})", table.columns[c].name))
                    }
                    None => serde_json::to_value(cell).unwrap_or(Value::Null),
                };
            map.insert(field(c), value);
        }
        Value::Object(map)
    };
    let axis = |c: usize| {
        let head = &table.columns[c];
        match head.unit.as_deref() {
            Some("fraction") => json!({"format": ".1%"}),
            Some(code) if wording::is_currency(code) && wording::currency_sign(code) == "$" => {
                json!({"format": "$,.3~s"})
            }
            _ => json!({"format": ",.3~s"}),
        }
    };
    let quantity = |c: usize| json!({"field": field(c), "type": "quantitative", "title": table.columns[c].name, "axis": axis(c)});
    let title = title(finding, &table, measure, &others, running);
    let mut columns: Vec<usize> = table.dimensions.clone();
    columns.push(measure);
    let mut spec = json!({
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": title,
        "width": "container",
    });
    if let Some(time) = running {
        let rows: Vec<Value> = (0..table.rows.len().min(1000))
            .map(|r| record(r, &columns))
            .collect();
        spec["data"] = json!({"values": rows});
        spec["mark"] = json!({"type": "line", "point": table.rows.len() <= MARKS, "tooltip": true});
        let grain = table.columns[time].grain.as_deref();
        let format = match grain {
            Some("year") => "%Y",
            Some("quarter") => "Q%q %Y",
            Some("month") => "%b %Y",
            _ => "%d %b %Y",
        };
        spec["encoding"] = json!({
            "x": {"field": field(time), "type": "temporal", "title": table.columns[time].name, "axis": {"format": format}},
            "y": quantity(measure),
        });
        if let Some(&series) = others.first() {
            spec["encoding"]["color"] = json!({"field": field(series), "type": "nominal", "title": table.columns[series].name});
        }
        return Some(spec);
    }
    let &first = others.first()?;
    let prior = table.column(term, Part::Prior);
    let value = table.column(term, Part::Value);
    if let (Some(prior), Some(value), Part::Value | Part::Delta) = (prior, value, part) {
        let mut rows = Vec::new();
        for r in 0..table.rows.len().min(MARKS / 2) {
            for c in [prior, value] {
                rows.push(json!({
                    "group": table.label(r, first), "period": table.columns[c].name, "value": table.number(r, c),
                }));
            }
        }
        spec["data"] = json!({"values": rows});
        spec["mark"] = json!({"type": "bar", "tooltip": true});
        spec["encoding"] = json!({
            "y": {"field": "group", "type": "nominal", "title": table.columns[first].name, "sort": null},
            "x": {"field": "value", "type": "quantitative", "title": table.columns[value].name, "axis": axis(value)},
            "yOffset": {"field": "period"},
            "color": {"field": "period", "type": "nominal", "title": null},
        });
        return Some(spec);
    }
    let rows: Vec<Value> = (0..shown).map(|r| record(r, &columns)).collect();
    spec["data"] = json!({"values": rows});
    spec["mark"] = json!({"type": "bar", "tooltip": true});
    spec["encoding"] = json!({
        "y": {"field": field(first), "type": "nominal", "title": table.columns[first].name, "sort": if cyclic(&table, first) { Value::Null } else { json!("-x") }},
        "x": quantity(measure),
    });
    if let Some(&second) = others.get(1) {
        spec["encoding"]["color"] =
            json!({"field": field(second), "type": "nominal", "title": table.columns[second].name});
    }
    Some(spec)
}

fn cyclic(table: &Table, column: usize) -> bool {
    table.columns[column].grain.is_some()
}

fn title(
    finding: &Finding,
    table: &Table,
    measure: usize,
    others: &[usize],
    running: Option<usize>,
) -> String {
    let mut title = table.columns[measure].name.clone();
    let mut by: Vec<&str> = others
        .iter()
        .map(|c| table.columns[*c].name.as_str())
        .collect();
    if let Some(time) = running {
        by.insert(0, &table.columns[time].name);
    }
    if !by.is_empty() {
        title.push_str(" by ");
        title.push_str(&by.join(" and "));
    }
    if let Some(range) = finding.query.time.as_ref().and_then(|t| t.range.as_ref())
        && let Some(words) = wording::during(range)
    {
        title.push(' ');
        title.push_str(&words);
    }
    title
}
