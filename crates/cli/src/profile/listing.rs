//! The report on a terminal, or plain when piped.

use crate::cells::one_line;
use crate::grid;
use crate::terminal::{Ink, Terminal};
use agents::{ColumnReport, DataReport, TableReport};
use answer::{Cell, Column, ColumnRole, ResultTable};

/// Eight heights of a bar made of characters.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn lines(report: &DataReport, terminal: Terminal) -> Vec<String> {
    let mut out = Vec::new();
    for table in &report.tables {
        of_table(table, terminal, &mut out);
    }
    let mut section = |title: &str, items: Vec<String>| {
        if items.is_empty() {
            return;
        }
        out.push(terminal.paint(Ink::Strong, title));
        for item in items {
            out.extend(terminal.wrapped(&format!("  {}", one_line(&item)), 4));
        }
        out.push(String::new());
    };
    section(
        "How the tables belong together",
        report.links.iter().map(super::picture::sentence).collect(),
    );
    section(
        "What is odd",
        report
            .problems
            .iter()
            .map(|p| match &p.column {
                Some(column) => format!("{}, {column}: {}", p.table, p.text),
                None => format!("{}: {}", p.table, p.text),
            })
            .collect(),
    );
    let asked = report
        .questions
        .iter()
        .map(|q| format!("retail ask \"{q}\""))
        .collect();
    section("What can be asked", asked);
    out.pop();
    out
}

fn of_table(table: &TableReport, terminal: Terminal, out: &mut Vec<String>) {
    out.push(terminal.paint(Ink::Strong, &one_line(&heading(table))));
    let mut said = vec![table.intake.clone()];
    said.extend(table.coverage.as_ref().map(|c| {
        format!(
            "{}: {} to {}, rows on {} of {} days",
            c.column, c.first, c.last, c.filled, c.days
        )
    }));
    if let Some(coverage) = table.coverage.as_ref().filter(|_| terminal.is_rich()) {
        let room = terminal.width().unwrap_or(80).saturating_sub(2);
        let rows: Vec<u64> = coverage.months.iter().map(|m| m.1).collect();
        said.push(bars(&rows[rows.len().saturating_sub(room)..]));
    }
    said.extend(table.remarks.iter().cloned());
    for line in said {
        out.extend(terminal.wrapped(&format!("  {}", one_line(&line)), 4));
    }
    let columns = listed(&table.columns);
    out.extend(
        grid::all_lines(&columns, terminal)
            .into_iter()
            .map(|l| format!("  {l}")),
    );
    out.push(String::new());
}

/// "orders: 1853 rows, each an order; key: order_id".
pub(super) fn heading(table: &TableReport) -> String {
    let mut text = format!(
        "{}: {} row{}",
        table.name,
        table.rows,
        if table.rows == 1 { "" } else { "s" }
    );
    if !table.row_is.is_empty() {
        text += &format!(", one for each {}", table.row_is);
    }
    text += &match table.key.as_slice() {
        [] => "; no key".to_string(),
        key => format!("; key: {}", key.join(" and ")),
    };
    text
}

fn bars(rows: &[u64]) -> String {
    let most = rows.iter().copied().max().unwrap_or(0).max(1);
    rows.iter()
        .map(|n| match n {
            0 => ' ',
            n => HEIGHTS[usize::try_from(n * 7 / most).unwrap_or(7).min(7)],
        })
        .collect()
}

/// The columns of a table as a table.
fn listed(columns: &[ColumnReport]) -> ResultTable {
    let head = [
        ("column", ColumnRole::Dimension),
        ("type", ColumnRole::Dimension),
        ("used as", ColumnRole::Dimension),
        ("missing", ColumnRole::Measure),
        ("distinct", ColumnRole::Measure),
        ("values", ColumnRole::Text),
    ];
    let rows: Vec<Vec<Cell>> = columns
        .iter()
        .map(|c| {
            vec![
                Cell::Text(c.name.clone()),
                Cell::Text(c.data_type.clone()),
                Cell::Text(c.role.clone().unwrap_or_default()),
                Cell::Integer(i64::try_from(c.missing).unwrap_or(i64::MAX)),
                Cell::Integer(i64::try_from(c.distinct).unwrap_or(i64::MAX)),
                Cell::Text(values(c)),
            ]
        })
        .collect();
    ResultTable {
        columns: head
            .into_iter()
            .map(|(name, role)| Column {
                name: name.into(),
                data_type: if role == ColumnRole::Measure {
                    "integer".into()
                } else {
                    "text".into()
                },
                unit: None,
                role,
                grain: None,
            })
            .collect(),
        row_count: rows.len(),
        rows,
        truncated: false,
    }
}

/// What a column holds, in a few words: its range, or some of its values.
pub(super) fn values(column: &ColumnReport) -> String {
    let ordered = matches!(
        column.data_type.as_str(),
        "integer" | "decimal" | "float" | "date" | "timestamp"
    );
    match (&column.min, &column.max) {
        (Some(min), Some(max)) if ordered && column.role.as_deref() != Some("id") => {
            format!("{min} to {max}")
        }
        _ => column.examples.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_without_rows_are_blank() {
        assert_eq!(bars(&[1, 0, 8, 4]), "▁ █▄");
        assert_eq!(bars(&[]), "");
        assert_eq!(bars(&[0, 0]), "  ");
    }
}
