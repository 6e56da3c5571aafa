//! An answer on a terminal, or plain when piped.

use answer::{AnswerDocument, Cell, Column, ColumnRole, ResultTable, Status};
use std::io::IsTerminal;

const ROWS: usize = 20;

struct Style {
    on: bool,
}

impl Style {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.on {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_string()
        }
    }
}

/// Prints an answer.
pub(crate) fn show(document: &AnswerDocument, sql: bool, quiet: bool) {
    let style = Style {
        on: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    match document.status {
        Status::Answered => answered(document, &style, sql, quiet),
        Status::Clarify => {
            if let Some(c) = &document.clarification {
                println!("{}", style.paint("1", &c.question));
                for (i, option) in c.options.iter().enumerate() {
                    println!("  {}. {}", i + 1, option.label);
                }
            }
        }
        Status::Declined | Status::Failed => {
            if let Some(e) = &document.error {
                eprintln!(
                    "{}[{}]: {}",
                    if document.status == Status::Declined {
                        "declined"
                    } else {
                        "error"
                    },
                    e.code,
                    e.message
                );
                if let Some(hint) = &e.hint {
                    eprintln!("hint: {hint}");
                }
            }
        }
    }
}

fn answered(document: &AnswerDocument, style: &Style, sql: bool, quiet: bool) {
    if let Some(narrative) = &document.narrative {
        let (head, rest) = narrative
            .text
            .split_once(". ")
            .map_or((narrative.text.as_str(), ""), |(h, r)| (h, r));
        let head = if rest.is_empty() {
            head.to_string()
        } else {
            format!("{head}.")
        };
        println!("{}", style.paint("1", &head));
        if !rest.is_empty() {
            println!("{rest}");
        }
    }
    if let Some(result) = &document.result
        && (result.row_count > 1 || result.columns.len() > 1)
    {
        println!();
        table(result, style);
    }
    if quiet {
        return;
    }
    println!();
    if let Some(reading) = &document.restatement {
        println!("{} {reading}", style.paint("2", "Read as:"));
    }
    for assumption in document.assumptions.iter().take(6) {
        println!("{} {assumption}", style.paint("2", "Note:"));
    }
    let v = &document.verification;
    println!(
        "{}",
        style.paint(
            "32",
            &format!(
                "✓ verified: {} of {} statements proven, SQL matches the question",
                v.numbers.bound, v.numbers.found
            )
        )
    );
    if sql && let Some(step) = document.plan.iter().find(|s| s.result == document.result) {
        println!("\n{}", style.paint("36", &step.sql));
    }
    if !document.suggestions.is_empty() && style.on {
        println!(
            "{} {}",
            style.paint("2", "Next:"),
            document.suggestions.join(" · ")
        );
    }
}

/// A cell as people write it.
fn shown(cell: &Cell, column: &Column) -> String {
    let number = cell.as_f64().filter(|_| column.role == ColumnRole::Measure);
    match (cell, number, column.unit.as_deref()) {
        (Cell::Null, ..) => "–".into(),
        (_, Some(x), Some("fraction")) => format!("{:.1} %", x * 100.0),
        (Cell::Integer(n), Some(_), _) => grouped(*n as f64, 0),
        (_, Some(x), _) => grouped(
            x,
            if x.fract() == 0.0 && x.abs() >= 1000.0 {
                0
            } else {
                2
            },
        ),
        (Cell::Text(t), ..) => t.clone(),
        (Cell::Integer(n), ..) => n.to_string(),
        (Cell::Number(x), ..) => x.to_string(),
        (Cell::Bool(b), ..) => b.to_string(),
    }
}

fn grouped(x: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", x.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    if !part.is_empty() {
        out.push('.');
        out.push_str(part);
    }
    if x < 0.0 { format!("-{out}") } else { out }
}

fn table(result: &ResultTable, style: &Style) {
    let rows: Vec<Vec<String>> = result
        .rows
        .iter()
        .take(ROWS)
        .map(|r| {
            r.iter()
                .zip(&result.columns)
                .map(|(c, column)| shown(c, column))
                .collect()
        })
        .collect();
    let widths: Vec<usize> = (0..result.columns.len())
        .map(|i| {
            rows.iter()
                .map(|r| r[i].chars().count())
                .chain([result.columns[i].name.chars().count()])
                .max()
                .unwrap_or(0)
                .min(46)
        })
        .collect();
    let right: Vec<bool> = result
        .columns
        .iter()
        .map(|c| c.role == ColumnRole::Measure)
        .collect();
    let line = |cells: &[String]| -> String {
        cells
            .iter()
            .enumerate()
            .map(|(i, c)| {
                let c: String = if c.chars().count() > widths[i] {
                    c.chars()
                        .take(widths[i].saturating_sub(1))
                        .chain(['…'])
                        .collect()
                } else {
                    c.clone()
                };
                let pad = " ".repeat(widths[i].saturating_sub(c.chars().count()));
                if right[i] {
                    format!("{pad}{c}")
                } else {
                    format!("{c}{pad}")
                }
            })
            .collect::<Vec<_>>()
            .join("  ")
    };
    let names: Vec<String> = result.columns.iter().map(|c| c.name.clone()).collect();
    println!("{}", style.paint("4", line(&names).trim_end()));
    // A bar beside each row shows the first measure where all values are of one sign.
    let measure = result
        .columns
        .iter()
        .position(|c| c.role == ColumnRole::Measure);
    let largest = measure
        .map(|m| {
            result
                .rows
                .iter()
                .filter_map(|r| r[m].as_f64())
                .fold(0.0, f64::max)
        })
        .unwrap_or(0.0);
    let bars = style.on
        && rows.len() > 1
        && largest > 0.0
        && measure.is_some_and(|m| {
            result
                .rows
                .iter()
                .all(|r| r[m].as_f64().is_none_or(|x| x >= 0.0))
        });
    for (i, row) in rows.iter().enumerate() {
        let bar = if bars {
            measure
                .and_then(|m| result.rows[i][m].as_f64())
                .map_or(String::new(), |x| {
                    "▇".repeat((x / largest * 18.0).round() as usize)
                })
        } else {
            String::new()
        };
        println!("{}  {}", line(row).trim_end(), style.paint("34", &bar));
    }
    if result.row_count > ROWS {
        println!("… {} more rows", result.row_count - ROWS);
    }
}
