//! Comma-separated values.

use crate::harmless;
use answer::{Cell, ResultTable};

/// The rows below a line of column names; missing cells are empty.
pub(crate) fn csv(table: &ResultTable) -> Vec<u8> {
    let mut out = String::new();
    line(
        &mut out,
        table.columns.iter().map(|c| quoted(&harmless(&c.name))),
    );
    for row in &table.rows {
        line(&mut out, row.iter().map(field));
    }
    out.into_bytes()
}

fn line(out: &mut String, fields: impl Iterator<Item = String>) {
    let fields: Vec<String> = fields.collect();
    out.push_str(&fields.join(","));
    out.push_str("\r\n");
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Bool(b) => b.to_string(),
        Cell::Integer(n) => n.to_string(),
        Cell::Number(x) => x.to_string(),
        Cell::Text(text) => quoted(&harmless(text)),
    }
}

/// In quotes where it would be taken for something else; an empty text is not a missing one.
fn quoted(text: &str) -> String {
    let special = [',', '"', '\n', '\r', ';', '\t'];
    if text.is_empty() || text.contains(special) || text.trim() != text {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}
