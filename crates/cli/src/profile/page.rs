//! The report as one page: its style and drawings are in it, nothing is fetched and nothing runs.

use super::{listing, picture};
use agents::{ColumnReport, CoverageReport, DataReport, TableReport};
use std::fmt::Write as _;

const STYLE: &str = include_str!("page.css");

/// Nothing but the page's own style applies, whatever a value may hold.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

pub(super) fn page(report: &DataReport) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        escaped(&report.name)
    );
    let rows: u64 = report.tables.iter().map(|t| t.rows).sum();
    let _ = writeln!(
        out,
        "<h1>{}</h1>\n<p class=\"lead\">{} table{}, {rows} rows{}</p>",
        escaped(&report.name),
        report.tables.len(),
        if report.tables.len() == 1 { "" } else { "s" },
        report
            .as_of
            .as_ref()
            .map_or(String::new(), |d| format!(", up to {}", escaped(d)))
    );
    if !report.questions.is_empty() {
        out.push_str("<section>\n<h2>What can be asked</h2>\n<ul class=\"questions\">\n");
        for question in &report.questions {
            let _ = writeln!(out, "<li>{}</li>", escaped(question));
        }
        out.push_str("</ul>\n</section>\n");
    }
    out.push_str("<section>\n<h2>What is odd</h2>\n");
    if report.problems.is_empty() {
        out.push_str("<p>Nothing was found.</p>\n");
    } else {
        out.push_str("<table>\n<tr><th>Table</th><th>Column</th><th>What</th></tr>\n");
        for problem in &report.problems {
            let _ = writeln!(
                out,
                "<tr class=\"{}\"><td>{}</td><td>{}</td><td>{}</td></tr>",
                problem.code,
                escaped(&problem.table),
                escaped(problem.column.as_deref().unwrap_or_default()),
                escaped(&problem.text)
            );
        }
        out.push_str("</table>\n");
    }
    out.push_str("</section>\n");
    if let Some(drawing) = picture::picture(report) {
        let _ = writeln!(
            out,
            "<section>\n<h2>How the tables belong together</h2>\n<div class=\"wide\">{drawing}</div>\n<ul>"
        );
        for link in &report.links {
            let _ = writeln!(out, "<li>{}</li>", escaped(&picture::sentence(link)));
        }
        out.push_str("</ul>\n</section>\n");
    }
    out.push_str("<section>\n<h2>Tables</h2>\n");
    for table in &report.tables {
        of_table(table, &mut out);
    }
    out.push_str("</section>\n</main>\n</body>\n</html>\n");
    out
}

fn of_table(table: &TableReport, out: &mut String) {
    let _ = writeln!(
        out,
        "<details open>\n<summary>{}</summary>\n<p>{}</p>",
        escaped(&listing::heading(table)),
        escaped(&table.intake)
    );
    if let Some(coverage) = &table.coverage {
        let _ = writeln!(
            out,
            "<p>{}: {} to {}, rows on {} of {} days</p>\n{}",
            escaped(&coverage.column),
            escaped(&coverage.first),
            escaped(&coverage.last),
            coverage.filled,
            coverage.days,
            months(coverage)
        );
    }
    if !table.remarks.is_empty() {
        out.push_str("<ul>\n");
        for remark in &table.remarks {
            let _ = writeln!(out, "<li>{}</li>", escaped(remark));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("<div class=\"wide\"><table>\n<tr><th>Column</th><th>Type</th><th>Used as</th><th>Filled</th><th>Distinct</th><th>Median</th><th>Values</th></tr>\n");
    for column in &table.columns {
        of_column(column, table.rows, out);
    }
    out.push_str("</table></div>\n</details>\n");
}

fn of_column(column: &ColumnReport, rows: u64, out: &mut String) {
    let filled = 100.0 * (rows - column.missing.min(rows)) as f64 / rows.max(1) as f64;
    let _ = writeln!(
        out,
        "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"number\"><meter min=\"0\" max=\"100\" value=\"{filled:.0}\"></meter> {filled:.0}%</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td></tr>",
        escaped(&column.name),
        escaped(&column.data_type),
        escaped(column.role.as_deref().unwrap_or_default()),
        column.distinct,
        column.median.map_or(String::new(), |m| format!("{m:.2}")),
        escaped(&listing::values(column))
    );
}

/// Rows a month, as bars.
fn months(coverage: &CoverageReport) -> String {
    const WIDTH: usize = 10;
    const HEIGHT: u64 = 48;
    let most = coverage
        .months
        .iter()
        .map(|m| m.1)
        .max()
        .unwrap_or(0)
        .max(1);
    let width = WIDTH * coverage.months.len();
    let mut svg = format!(
        "<div class=\"wide\"><svg class=\"months\" role=\"img\" aria-label=\"Rows a month\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" height=\"{HEIGHT}\">"
    );
    for (i, (month, rows)) in coverage.months.iter().enumerate() {
        let height = (rows * HEIGHT).div_ceil(most);
        let _ = write!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\"><title>{}: {rows} rows</title></rect>",
            i * WIDTH,
            HEIGHT - height,
            WIDTH - 2,
            escaped(month)
        );
    }
    svg.push_str("</svg></div>");
    svg
}

/// A text of the data inside markup: nothing in it is read as markup, and no unseen character stays.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Directions and controls would show another text than there is.
            c if c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                out.push(' ');
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_markup() {
        assert_eq!(
            escaped("<script>alert('1')</script> & \"\u{202e}x\u{0}"),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot; x "
        );
    }
}
