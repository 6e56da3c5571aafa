//! A workbook: Office Open XML (ECMA-376), as little of it as a spreadsheet needs.
//!
//! Texts are inline strings, which no program reads as formulas; the file holds no `<f>` element.

use crate::harmless;
use answer::{AnswerDocument, Cell, Column, ResultTable};
use std::fmt::Write as _;
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Characters (UTF-16 units) of a cell at most, by the specification's limits of Excel.
const LONGEST: usize = 32_767;
/// Beyond that a number in a cell loses digits.
const EXACT: i64 = 1 << 53;

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/worksheets/sheet2.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#;

const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;

const WORKBOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Answer" sheetId="1" r:id="rId1"/><sheet name="About" sheetId="2" r:id="rId2"/></sheets></workbook>"#;

const WORKBOOK_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;

/// In the order of [`Style`].
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/><numFmt numFmtId="166" formatCode="0.0%"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="5"><xf xfId="0"/><xf fontId="1" applyFont="1" xfId="0"/><xf numFmtId="164" applyNumberFormat="1" xfId="0"/><xf numFmtId="165" applyNumberFormat="1" xfId="0"/><xf numFmtId="166" applyNumberFormat="1" xfId="0"/></cellXfs></styleSheet>"#;

#[derive(Clone, Copy)]
enum Style {
    Plain = 0,
    Bold = 1,
    Date = 2,
    Moment = 3,
    Fraction = 4,
}

/// The rows on one sheet; question, reading, assumptions and hashes on the other.
pub(crate) fn xlsx(document: &AnswerDocument, table: &ResultTable) -> std::io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", RELATIONS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS),
        ("xl/styles.xml", STYLES),
        ("xl/worksheets/sheet1.xml", &answer(table)),
        ("xl/worksheets/sheet2.xml", &about(document, table)),
    ] {
        archive.start_file(name, SimpleFileOptions::default())?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

fn answer(table: &ResultTable) -> String {
    let mut rows = String::from("<row>");
    for column in &table.columns {
        text(&mut rows, &column.name, Style::Bold);
    }
    rows.push_str("</row>");
    for row in &table.rows {
        rows.push_str("<row>");
        for (cell, column) in row.iter().zip(&table.columns) {
            value(&mut rows, cell, column);
        }
        rows.push_str("</row>");
    }
    sheet(&rows)
}

fn about(document: &AnswerDocument, table: &ResultTable) -> String {
    let mut rows = String::new();
    let mut line = |label: &str, said: &str| {
        rows.push_str("<row>");
        text(&mut rows, label, Style::Bold);
        text(&mut rows, said, Style::Plain);
        rows.push_str("</row>");
    };
    line("Question", &document.question);
    line(
        "Read as",
        document.restatement.as_deref().unwrap_or_default(),
    );
    if let Some(narrative) = &document.narrative {
        line("Answer", &narrative.text);
    }
    for assumption in &document.assumptions {
        line("Assumes", assumption);
    }
    if table.truncated {
        line("Rows", &format!("the first {}", table.row_count));
    }
    if let Some(certificate) = &document.certificate {
        for source in &certificate.sources {
            line("Source", &source.path_or_url);
        }
        line("As of", certificate.as_of.as_deref().unwrap_or_default());
        line("Query", &certificate.query_hash);
        line("Result", &certificate.result_hash);
        line("Program", &certificate.program);
    }
    sheet(&rows)
}

fn sheet(rows: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    )
}

fn value(out: &mut String, cell: &Cell, column: &Column) {
    match cell {
        Cell::Null => out.push_str("<c/>"),
        Cell::Bool(b) => {
            let _ = write!(out, r#"<c t="b"><v>{}</v></c>"#, u8::from(*b));
        }
        Cell::Integer(n) if n.abs() <= EXACT => number(out, &n.to_string(), Style::Plain),
        Cell::Integer(n) => text(out, &n.to_string(), Style::Plain),
        Cell::Number(x) => {
            let style = if column.unit.as_deref() == Some("fraction") {
                Style::Fraction
            } else {
                Style::Plain
            };
            number(out, &x.to_string(), style);
        }
        Cell::Text(t) => match serial(t, &column.data_type) {
            Some((days, style)) => number(out, &days.to_string(), style),
            None => text(out, t, Style::Plain),
        },
    }
}

fn number(out: &mut String, digits: &str, style: Style) {
    let _ = write!(out, r#"<c s="{}"><v>{digits}</v></c>"#, style as u8);
}

fn text(out: &mut String, text: &str, style: Style) {
    let _ = write!(
        out,
        r#"<c t="inlineStr" s="{}"><is><t xml:space="preserve">{}</t></is></c>"#,
        style as u8,
        escaped(&short(harmless(text)))
    );
}

/// Days since the last of 1899, as spreadsheets count them; none for what they count otherwise (before
/// March 1900) or not at all.
fn serial(text: &str, data_type: &str) -> Option<(f64, Style)> {
    let (day, style) = match data_type {
        "date" => (
            text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0),
            Style::Date,
        ),
        "timestamp" => (text.parse::<jiff::civil::DateTime>().ok()?, Style::Moment),
        _ => return None,
    };
    let first = jiff::civil::date(1899, 12, 30).at(0, 0, 0, 0);
    let seconds = day.since((jiff::Unit::Second, first)).ok()?.get_seconds();
    let days = seconds as f64 / 86_400.0;
    (days >= 61.0).then_some((days, style))
}

fn short(text: String) -> String {
    let mut units = 0;
    let end = text.char_indices().find_map(|(at, c)| {
        units += c.len_utf16();
        (units > LONGEST).then_some(at)
    });
    match end {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

/// As XML 1.0 can hold it; characters that it cannot hold are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
