//! JSON and JSON lines as tables: objects become rows, objects inside them more columns, lists of
//! objects inside them tables of their own that refer to the row they came from.

use crate::WarehouseError;
use crate::grid::Row;
use crate::layout::Block;
use crate::source::Input;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};

/// Objects inside objects deeper than that are kept as text.
const DEEPEST: usize = 6;
/// Keys under which services wrap their rows.
const WRAPPERS: usize = 3;

/// Tables of one file, the outer one first, each with its name.
pub(crate) struct Tables {
    pub(crate) blocks: Vec<(String, Block)>,
}

#[derive(Default)]
struct Table {
    columns: Vec<String>,
    at: HashMap<String, usize>,
    rows: Vec<Row>,
    lists: Vec<String>,
}

impl Table {
    fn column(&mut self, name: &str) -> usize {
        if let Some(at) = self.at.get(name) {
            return *at;
        }
        let at = self.columns.len();
        self.columns.push(name.to_string());
        self.at.insert(name.to_string(), at);
        at
    }
}

/// Reads a file of JSON values: one list of objects, an object that wraps such a list, or objects one
/// after the other.
///
/// # Errors
/// A place that is no JSON, with its line and column, or values that are no rows.
pub(crate) fn tables(input: &Input) -> Result<Tables, WarehouseError> {
    let shown = &input.shown;
    let unreadable = |e: std::io::Error| WarehouseError::Unreadable {
        path: shown.clone(),
        reason: e.to_string(),
    };
    let mut reader = BufReader::new(File::open(&input.path).map_err(unreadable)?);
    // A mark of UTF-8 and UTF-16 are no JSON for the parser.
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(unreadable)?;
    let text: std::borrow::Cow<'_, [u8]> = if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes[3..].into()
    } else if crate::text::is_text(&bytes) && bytes.contains(&0) {
        crate::text::decode_start(&bytes).into_bytes().into()
    } else {
        bytes.as_slice().into()
    };
    let mut tables: Vec<(String, Table)> = vec![(input.stem(), Table::default())];
    let mut records = 0usize;
    let mut bad: Vec<usize> = Vec::new();
    let mut stream = serde_json::Deserializer::from_slice(&text).into_iter::<Value>();
    let mut offset = 0;
    loop {
        match stream.next() {
            None => break,
            Some(Ok(value)) => {
                offset = stream.byte_offset();
                top(value, &mut tables, &mut records, 0);
            }
            Some(Err(e)) => {
                // A bad line among lines of JSON is set aside; anything else is damage.
                let rest = &text[offset..];
                let skip = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
                let line = 1 + text[..offset + skip]
                    .iter()
                    .filter(|b| **b == b'\n')
                    .count();
                let end = rest[skip..].iter().position(|b| *b == b'\n');
                match end {
                    Some(end)
                        if records > 0 && !e.is_eof() && !rest[skip..skip + end].is_empty() =>
                    {
                        bad.push(line);
                        offset += skip + end + 1;
                        bad.extend(lines(&text[offset..], line + 1, &mut tables, &mut records));
                        break;
                    }
                    _ if records > 0 && e.is_eof() => {
                        bad.push(line);
                        break;
                    }
                    _ => return Err(no_json(shown, &e)),
                }
            }
        }
    }
    let blocks: Vec<(String, Block)> = tables
        .into_iter()
        .filter(|(_, t)| !t.rows.is_empty() && !t.columns.is_empty())
        .map(|(name, table)| (name, block(table)))
        .collect();
    if blocks.is_empty() {
        return Err(if records == 0 && bad.is_empty() {
            WarehouseError::Empty(shown.clone())
        } else {
            WarehouseError::NotATable {
                path: shown.clone(),
                reason: "its values are no objects".into(),
            }
        });
    }
    let mut blocks = blocks;
    if !bad.is_empty()
        && let Some((_, first)) = blocks.first_mut()
    {
        first.aside.insert("line that is no JSON".into(), bad);
    }
    Ok(Tables { blocks })
}

fn no_json(shown: &str, e: &serde_json::Error) -> WarehouseError {
    WarehouseError::Damaged {
        path: shown.to_string(),
        reason: format!(
            "line {}, column {}: {}",
            e.line(),
            e.column(),
            e.to_string().split(" at line").next().unwrap_or_default()
        ),
    }
}

/// The rest of a file of lines, one value a line; lines that are none are given back by number.
fn lines(
    text: &[u8],
    first: usize,
    tables: &mut Vec<(String, Table)>,
    records: &mut usize,
) -> Vec<usize> {
    let mut bad = Vec::new();
    for (i, line) in text.split(|b| *b == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<Value>(line) {
            Ok(value) => top(value, tables, records, 0),
            Err(_) => bad.push(first + i),
        }
    }
    bad
}

/// One value of the file: a row, or a list of rows, or what wraps them.
fn top(value: Value, tables: &mut Vec<(String, Table)>, records: &mut usize, depth: usize) {
    match value {
        Value::Array(items) => {
            // A list of lists has its names in the first one.
            if let Some(names) = header_of_lists(&items) {
                for item in items.into_iter().skip(1) {
                    if let Value::Array(cells) = item {
                        let object: Map<String, Value> = names.iter().cloned().zip(cells).collect();
                        *records += 1;
                        row(object, 0, &[], tables, *records);
                    }
                }
                return;
            }
            for item in items {
                if let Value::Object(object) = item {
                    *records += 1;
                    row(object, 0, &[], tables, *records);
                }
            }
        }
        Value::Object(object) => {
            let lists: Vec<&String> = object
                .iter()
                .filter(|(_, v)| is_list_of_objects(v))
                .map(|(k, _)| k)
                .collect();
            // `{"count": 2, "data": [{…}, {…}]}` wraps rows; `{"order": 1, "items": [{…}]}` is one.
            let wraps = *records == 0
                && depth < WRAPPERS
                && !lists.is_empty()
                && object
                    .iter()
                    .all(|(k, v)| is_list_of_objects(v) || names_an_envelope(k));
            if wraps {
                for (key, value) in object {
                    if !is_list_of_objects(&value) {
                        continue;
                    }
                    if !tables[0].1.rows.is_empty() || !names_an_envelope(&key) {
                        // Lists side by side are tables side by side.
                        let mut inner = vec![(key, Table::default())];
                        let mut own = 0;
                        top(value, &mut inner, &mut own, depth + 1);
                        *records += own;
                        tables.extend(inner);
                    } else {
                        top(value, tables, records, depth + 1);
                    }
                }
                return;
            }
            if depth < WRAPPERS
                && *records == 0
                && object.len() <= 4
                && object.values().any(Value::is_object)
                && object
                    .iter()
                    .all(|(k, v)| v.is_object() || names_an_envelope(k))
                && object.values().any(holds_a_list_of_objects)
            {
                for (_, value) in object {
                    if holds_a_list_of_objects(&value) {
                        top(value, tables, records, depth + 1);
                    }
                }
                return;
            }
            // Columns as lists of the same length.
            if *records == 0
                && object.len() > 1
                && let Some(length) = common_length(&object)
            {
                for i in 0..length {
                    let one: Map<String, Value> = object
                        .iter()
                        .map(|(k, v)| (k.clone(), v.get(i).cloned().unwrap_or(Value::Null)))
                        .collect();
                    *records += 1;
                    row(one, 0, &[], tables, *records);
                }
                return;
            }
            *records += 1;
            row(object, 0, &[], tables, *records);
        }
        _ => {}
    }
}

fn header_of_lists(items: &[Value]) -> Option<Vec<String>> {
    let names = items.first()?.as_array()?;
    let names: Option<Vec<String>> = names
        .iter()
        .map(|n| n.as_str().map(str::to_string))
        .collect();
    names.filter(|n| n.len() > 1 && items.len() > 1 && items.iter().all(Value::is_array))
}

fn common_length(object: &Map<String, Value>) -> Option<usize> {
    let mut lengths = object.values().map(|v| {
        v.as_array()
            .filter(|l| !l.iter().any(|i| i.is_object() || i.is_array()))
            .map(Vec::len)
    });
    let first = lengths.next()??;
    (first > 0 && lengths.all(|n| n == Some(first))).then_some(first)
}

fn is_list_of_objects(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|l| !l.is_empty() && l.iter().all(Value::is_object))
}

fn holds_a_list_of_objects(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|o| o.values().any(is_list_of_objects))
}

/// Keys that stand around rows in what services answer.
fn names_an_envelope(key: &str) -> bool {
    const KEYS: &[&str] = &[
        "data",
        "results",
        "result",
        "items",
        "records",
        "rows",
        "value",
        "values",
        "response",
        "payload",
        "count",
        "total",
        "total_count",
        "page",
        "pages",
        "per_page",
        "limit",
        "offset",
        "next",
        "previous",
        "prev",
        "has_more",
        "status",
        "success",
        "ok",
        "error",
        "errors",
        "meta",
        "metadata",
        "links",
        "pagination",
        "version",
        "timestamp",
        "generated_at",
        "message",
        "info",
        "schema",
        "object",
        "type",
        "url",
        "cursor",
        "next_cursor",
        "@odata.context",
    ];
    KEYS.contains(&key.to_lowercase().as_str())
}

/// What rows of an inner table carry of the row around them.
type Link = (String, String);

fn row(
    object: Map<String, Value>,
    table: usize,
    links: &[Link],
    tables: &mut Vec<(String, Table)>,
    number: usize,
) {
    let mut flat: Vec<(String, Value)> = Vec::new();
    let mut inner: Vec<(String, Vec<Value>)> = Vec::new();
    flatten("", object, 0, &mut flat, &mut inner);
    let own_link = if inner.is_empty() {
        None
    } else {
        Some(link(&tables[table].0, &flat, number))
    };
    let target = &mut tables[table].1;
    let mut cells: Vec<String> = Vec::new();
    let mut put = |target: &mut Table, name: &str, text: String| {
        let at = target.column(name);
        if cells.len() <= at {
            cells.resize(at + 1, String::new());
        }
        cells[at] = text;
    };
    for (name, value) in links {
        put(target, name, value.clone());
    }
    let mut lists = Vec::new();
    for (name, value) in &flat {
        if value.is_array() {
            lists.push(name.clone());
        }
        put(target, name, text_of(value));
    }
    if let Some((Some(name), value)) = &own_link {
        put(target, name, value.clone());
    }
    for name in lists {
        if !target.lists.contains(&name) {
            target.lists.push(name);
        }
    }
    target.rows.push(Row { number, cells });
    let Some((made, value)) = own_link else {
        return;
    };
    for (key, items) in inner {
        let name = made
            .clone()
            .unwrap_or_else(|| reference(&tables[table].0, &flat));
        let mut links: Vec<Link> = links.to_vec();
        links.push((name, value.clone()));
        let parent = tables[table].0.clone();
        let full = if tables.iter().take(1).any(|(n, _)| *n == key) {
            format!("{parent}_{key}")
        } else {
            key
        };
        let at = match tables.iter().position(|(n, _)| *n == full) {
            Some(at) => at,
            None => {
                tables.push((full, Table::default()));
                tables.len() - 1
            }
        };
        for item in items {
            if let Value::Object(item) = item {
                row(item, at, &links, tables, number);
            }
        }
    }
}

/// The column that tells a row from others: `id`, or the first that ends so.
fn key(flat: &[(String, Value)]) -> Option<&(String, Value)> {
    let scalar = |v: &Value| v.is_string() || v.is_number();
    let exact = flat
        .iter()
        .find(|(n, v)| matches!(n.to_lowercase().as_str(), "id" | "_id") && scalar(v));
    exact.or_else(|| {
        flat.iter().find(|(n, v)| {
            let words = semantics::name_words(n);
            scalar(v)
                && words
                    .last()
                    .is_some_and(|w| w == "id" || w == "number" || w == "no")
        })
    })
}

/// The value that inner rows carry; a name besides where the row has no key and a number of its own
/// becomes one.
fn link(table: &str, flat: &[(String, Value)], number: usize) -> (Option<String>, String) {
    match key(flat) {
        Some((_, value)) => (None, text_of(value)),
        None => (Some(format!("{table}_row")), number.to_string()),
    }
}

/// What the key of a table is called in another one: `id` of `orders` is `order_id` there.
fn reference(table: &str, flat: &[(String, Value)]) -> String {
    match key(flat) {
        Some((name, _)) if matches!(name.to_lowercase().as_str(), "id" | "_id") => {
            let one = table.strip_suffix('s').unwrap_or(table);
            format!("{one}_id")
        }
        Some((name, _)) => name.clone(),
        None => format!("{table}_row"),
    }
}

fn flatten(
    prefix: &str,
    object: Map<String, Value>,
    depth: usize,
    flat: &mut Vec<(String, Value)>,
    inner: &mut Vec<(String, Vec<Value>)>,
) {
    for (key, value) in object {
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}_{key}")
        };
        match value {
            Value::Object(object) if depth < DEEPEST => {
                flatten(&name, object, depth + 1, flat, inner);
            }
            Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object) => {
                inner.push((name, items));
            }
            // An empty list of what are objects elsewhere is no value.
            Value::Array(items) if items.is_empty() => {}
            value => flat.push((name, value)),
        }
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(s) => s.trim().to_string(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(", "),
        Value::Object(_) => value.to_string(),
    }
}

fn block(table: Table) -> Block {
    let mut notes = Vec::new();
    if !table.lists.is_empty() {
        notes.push(format!(
            "lists of values in {} kept as text",
            table.lists.join(", ")
        ));
    }
    let mut header = table.columns;
    let mut seen: Vec<String> = Vec::new();
    for name in &mut header {
        while seen.contains(&name.to_lowercase()) {
            name.push_str("_2");
        }
        seen.push(name.to_lowercase());
    }
    let mut block = Block {
        header,
        rows: table.rows,
        notes,
        ..Block::default()
    };
    crate::layout::without_junk(&mut block);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let path = std::env::temp_dir().join(format!(
            "json-{}-{}.json",
            std::process::id(),
            blake3::hash(text.as_bytes()).to_hex()
        ));
        std::fs::write(&path, text).unwrap();
        let read = tables(&Input {
            path: path.clone(),
            shown: "orders.json".into(),
        });
        std::fs::remove_file(path).unwrap();
        match read {
            Err(e) => vec![e.code().to_string()],
            Ok(tables) => tables
                .blocks
                .into_iter()
                .map(|(name, b)| {
                    let rows: Vec<String> = b
                        .rows
                        .iter()
                        .map(|r| {
                            (0..b.header.len())
                                .map(|c| r.cell(c))
                                .collect::<Vec<_>>()
                                .join(",")
                        })
                        .collect();
                    format!("{name}({}): {}", b.header.join(","), rows.join(" / "))
                })
                .collect(),
        }
    }

    #[test]
    fn objects_become_rows() {
        for (text, want) in [
            (
                r#"[{"id":1,"v":2.50},{"id":2,"v":null}]"#,
                vec!["orders(id,v): 1,2.5 / 2,"],
            ),
            (
                "{\"id\":1}\n{\"id\":2,\"v\":true}\n",
                vec!["orders(id,v): 1, / 2,true"],
            ),
            (
                r#"[{"id":1,"customer":{"name":"Ada","city":"Pune"}}]"#,
                vec!["orders(id,customer_name,customer_city): 1,Ada,Pune"],
            ),
            (
                r#"[{"id":1,"items":[{"sku":"a","n":2},{"sku":"b","n":1}]},{"id":2,"items":[]}]"#,
                vec!["orders(id): 1 / 2", "items(order_id,sku,n): 1,a,2 / 1,b,1"],
            ),
            (
                r#"{"count":2,"data":[{"a":1},{"a":2}]}"#,
                vec!["orders(a): 1 / 2"],
            ),
            (
                r#"{"a":[1,2],"b":["x","y"]}"#,
                vec!["orders(a,b): 1,x / 2,y"],
            ),
            (r#"[["a","b"],[1,2],[3,4]]"#, vec!["orders(a,b): 1,2 / 3,4"]),
            (r#"[{"tags":["x","y"]}]"#, vec!["orders(tags): x, y"]),
            ("{\"a\":1}\n{broken\n{\"a\":3}\n", vec!["orders(a): 1 / 3"]),
            (r#"[{"a":1},"#, vec!["data_damaged"]),
            ("[]", vec!["data_empty"]),
            ("[1,2]", vec!["data_empty"]),
        ] {
            assert_eq!(read(text), want, "{text}");
        }
    }
}
