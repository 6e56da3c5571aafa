//! The tables and their references as a drawing (SVG): those that refer stand left of those that they
//! refer to.

use super::page::escaped;
use agents::{DataReport, Link, TableReport};
use std::fmt::Write as _;

/// Pixels.
const WIDTH: usize = 210;
const HEAD: usize = 30;
const LINE: usize = 20;
const BETWEEN: usize = 110;
const BELOW: usize = 26;
const MARGIN: usize = 12;
/// Characters of a name that fit into a box.
const CHARACTERS: usize = 27;

/// A table's place.
struct Node<'r> {
    table: &'r TableReport,
    /// Key columns and columns that refer.
    columns: Vec<&'r str>,
    layer: usize,
    y: usize,
}

impl Node<'_> {
    fn x(&self) -> usize {
        MARGIN + self.layer * (WIDTH + BETWEEN)
    }

    fn height(&self) -> usize {
        HEAD + LINE * self.columns.len() + 6
    }

    /// The height at which a column's line is.
    fn line(&self, column: Option<&String>) -> usize {
        let at = column.and_then(|c| self.columns.iter().position(|n| n == c));
        self.y + at.map_or(HEAD / 2, |i| HEAD + i * LINE + LINE / 2)
    }
}

/// "order_lines.order_id refers to orders.order_id (declared as a foreign key)".
pub(super) fn sentence(link: &Link) -> String {
    let side = |table: &str, columns: &[String]| format!("{table}.{}", columns.join(" and "));
    let mut text = format!(
        "{} refers to {}",
        side(&link.from, &link.from_columns),
        side(&link.to, &link.to_columns)
    );
    if !link.many_to_one {
        text += ", which is not unique: nothing is looked up through it";
    }
    if let Some(reason) = &link.reason {
        text += &format!(" ({reason})");
    }
    text
}

/// The drawing; `None` where no table refers to another.
pub(super) fn picture(report: &DataReport) -> Option<String> {
    if report.links.is_empty() {
        return None;
    }
    let nodes = placed(report);
    let width = nodes.iter().map(|n| n.x() + WIDTH).max().unwrap_or(0) + MARGIN;
    let height = nodes.iter().map(|n| n.y + n.height()).max().unwrap_or(0) + MARGIN;
    let mut svg = format!(
        "<svg class=\"picture\" role=\"img\" aria-label=\"Tables and their references\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n"
    );
    let node = |name: &str| nodes.iter().find(|n| n.table.name == name);
    for link in &report.links {
        let Some((from, to)) = node(&link.from).zip(node(&link.to)) else {
            continue;
        };
        let (y1, y2) = (
            from.line(link.from_columns.first()),
            to.line(link.to_columns.first()),
        );
        // A table that is referred to from its right or from its own column is reached from there.
        let (x1, x2, bend) = if to.layer > from.layer {
            (from.x() + WIDTH, to.x(), BETWEEN / 2)
        } else {
            (from.x() + WIDTH, to.x() + WIDTH, BETWEEN / 2)
        };
        let end = if to.layer > from.layer {
            x2 - bend.min(x2)
        } else {
            x2 + bend
        };
        let _ = writeln!(
            svg,
            "<path class=\"link{}\" d=\"M{x1} {y1} C{} {y1} {end} {y2} {x2} {y2}\"><title>{}</title></path><circle class=\"end\" cx=\"{x2}\" cy=\"{y2}\" r=\"4\"/>",
            if link.many_to_one { "" } else { " unproven" },
            x1 + bend,
            escaped(&sentence(link))
        );
    }
    for node in &nodes {
        let (x, y) = (node.x(), node.y);
        let kind = if node.table.is_fact { "fact" } else { "thing" };
        let _ = write!(
            svg,
            "<g class=\"{kind}\"><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{}\" rx=\"6\"/><text class=\"name\" x=\"{}\" y=\"{}\">{}</text><text class=\"rows\" x=\"{}\" y=\"{}\">{}</text>",
            node.height(),
            x + 10,
            y + 20,
            escaped(&cut(&node.table.name, CHARACTERS - 9)),
            x + WIDTH - 10,
            y + 20,
            node.table.rows
        );
        for (i, column) in node.columns.iter().enumerate() {
            let is_key = node.table.key.iter().any(|k| k == column);
            let _ = write!(
                svg,
                "<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>",
                if is_key { "key" } else { "column" },
                x + 10,
                y + HEAD + i * LINE + 14,
                escaped(&cut(column, CHARACTERS))
            );
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>");
    Some(svg)
}

fn cut(text: &str, at_most: usize) -> String {
    if text.chars().count() <= at_most {
        return text.to_string();
    }
    let kept: String = text.chars().take(at_most - 1).collect();
    format!("{kept}…")
}

/// Each table in the layer after the last one that refers to it, near those that do.
fn placed(report: &DataReport) -> Vec<Node<'_>> {
    let layers = layers(report);
    let mut nodes: Vec<Node> = Vec::new();
    for layer in 0..=layers.iter().copied().max().unwrap_or(0) {
        let mut members: Vec<(usize, &TableReport)> = report
            .tables
            .iter()
            .zip(&layers)
            .filter(|(_, l)| **l == layer)
            .map(|(table, _)| {
                // The mean height of what refers to it.
                let from: Vec<usize> = report
                    .links
                    .iter()
                    .filter(|l| l.to == table.name)
                    .filter_map(|l| nodes.iter().find(|n| n.table.name == l.from))
                    .map(|n| n.y)
                    .collect();
                (from.iter().sum::<usize>() / from.len().max(1), table)
            })
            .collect();
        members.sort_by_key(|(height, _)| *height);
        let mut y = MARGIN;
        for (_, table) in members {
            let node = Node {
                table,
                columns: linking(report, table),
                layer,
                y,
            };
            y += node.height() + BELOW;
            nodes.push(node);
        }
    }
    nodes
}

fn layers(report: &DataReport) -> Vec<usize> {
    let position = |name: &str| report.tables.iter().position(|t| t.name == name);
    let links: Vec<(usize, usize)> = report
        .links
        .iter()
        .filter_map(|l| Some((position(&l.from)?, position(&l.to)?)))
        .filter(|(from, to)| from != to)
        .collect();
    let mut layers = vec![0; report.tables.len()];
    // As many rounds as there are tables settle everything but circles, which end there.
    for _ in 0..report.tables.len() {
        let mut moved = false;
        for (from, to) in &links {
            if layers[*to] <= layers[*from] && layers[*from] + 1 < report.tables.len() {
                layers[*to] = layers[*from] + 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    layers
}

/// Columns of a table that keys and references are made of, in its order.
fn linking<'r>(report: &DataReport, table: &'r TableReport) -> Vec<&'r str> {
    let used = |column: &String| {
        table.key.contains(column)
            || report.links.iter().any(|l| {
                l.from == table.name && l.from_columns.contains(column)
                    || l.to == table.name && l.to_columns.contains(column)
            })
    };
    table
        .columns
        .iter()
        .map(|c| &c.name)
        .filter(|name| used(name))
        .map(String::as_str)
        .collect()
}
