//! From sheets, irregular text and JSON to typed tables, by way of a table of text.

use crate::delimited::parts_remark;
use crate::layout::{Block, Wanted};
use crate::load::{Loaded, STAGING, materialise, shown, unique_name};
use crate::reading::Reading;
use crate::source::{Group, Skipped, shared_name};
use crate::sql::identifier;
use crate::typing::{Counts, Style, typing};
use crate::{WarehouseError, layout, text, workbook};
use duckdb::{Connection, appender_params_from_iter};
use semantics::{Intake, SetAside};

/// Blocks of the same columns, which are one table.
struct Part {
    name: String,
    files: usize,
    blocks: Vec<Block>,
    /// What tells the blocks apart: the name of the sheet that each is from.
    sheets: Vec<String>,
}

fn wanted(reading: &Reading) -> Wanted {
    Wanted {
        header_row: reading.header_row,
        strict: reading.strict,
    }
}

/// Holds the rows of the tables that were found, and those set aside, against all rows of the sheet.
fn accounted(shown: &str, rows: usize, blocks: &[Block]) -> Result<(), WarehouseError> {
    let held: usize = blocks.iter().map(Block::held).sum();
    if blocks.is_empty() || held == rows {
        return Ok(());
    }
    let used: usize = blocks.iter().map(|b| b.rows.len()).sum();
    Err(WarehouseError::Unaccounted {
        path: shown.to_string(),
        read: rows as u64,
        used: used as u64,
        aside: (held - used) as u64,
    })
}

/// Delimited files that are not regular.
pub(crate) fn irregular(
    connection: &Connection,
    group: &Group,
    delimiter: char,
    reading: &Reading,
    loaded: &[Loaded],
) -> Result<Vec<Loaded>, WarehouseError> {
    let mut parts: Vec<Part> = Vec::new();
    let mut remarks = Vec::new();
    for file in &group.files {
        let (grid, notes) = text::grid(file, delimiter)?;
        remarks.extend(notes);
        let rows = layout::rows_to_account_for(&grid);
        let blocks = layout::tables(grid, wanted(reading));
        accounted(&file.shown, rows, &blocks)?;
        let several = blocks.len() > 1;
        for block in blocks {
            let title = block.title.clone().filter(|_| several);
            add(
                &mut parts,
                title.unwrap_or_else(|| file.stem()),
                block,
                None,
            );
        }
    }
    if group.files.len() > 1 && parts.len() == 1 {
        parts[0].name = group.name.clone();
    }
    tables(connection, group, parts, remarks, reading, loaded)
}

/// Workbooks: their sheets, those of the same columns as one table.
pub(crate) fn workbooks(
    connection: &Connection,
    group: &Group,
    reading: &Reading,
    loaded: &[Loaded],
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<Loaded>, WarehouseError> {
    let mut parts: Vec<Part> = Vec::new();
    let mut first_error = None;
    for file in &group.files {
        let sheets = match workbook::sheets(file, reading, skipped) {
            Ok(sheets) => sheets,
            Err(e @ WarehouseError::Reading { .. }) => return Err(e),
            Err(e) => {
                if group.files.len() > 1 {
                    skipped.push(Skipped {
                        name: file.file_name().to_string(),
                        reason: e.reason(),
                    });
                }
                first_error = first_error.or(Some(e));
                continue;
            }
        };
        let alone = sheets.len() == 1;
        for sheet in sheets {
            let name = sheet.name.clone();
            let plain = names_nothing(&name);
            let rows = layout::rows_to_account_for(&sheet);
            let blocks = layout::tables(sheet, wanted(reading));
            accounted(&file.shown, rows, &blocks)?;
            if blocks.is_empty() {
                skipped.push(Skipped {
                    name: format!("sheet {name} of {}", file.file_name()),
                    reason: "no table in it".into(),
                });
            }
            let several = blocks.len() > 1;
            for block in blocks {
                let called = match block.title.clone().filter(|_| several) {
                    Some(title) => title,
                    None if alone || plain => file.stem(),
                    None => name.clone(),
                };
                add(&mut parts, called, block, Some((name.clone(), file.stem())));
            }
        }
    }
    match first_error {
        Some(e) if parts.is_empty() => Err(e),
        _ => tables(connection, group, parts, Vec::new(), reading, loaded),
    }
}

/// JSON files: their rows, and the rows inside these.
pub(crate) fn json(
    connection: &Connection,
    group: &Group,
    reading: &Reading,
    loaded: &[Loaded],
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<Loaded>, WarehouseError> {
    let mut parts: Vec<Part> = Vec::new();
    let mut first_error = None;
    for file in &group.files {
        match crate::json::tables(file) {
            Ok(found) => {
                for (name, block) in found.blocks {
                    add(&mut parts, name, block, None);
                }
            }
            Err(e) => {
                if group.files.len() > 1 {
                    skipped.push(Skipped {
                        name: file.file_name().to_string(),
                        reason: e.reason(),
                    });
                }
                first_error = first_error.or(Some(e));
            }
        }
    }
    match first_error {
        Some(e) if parts.is_empty() => Err(e),
        _ => tables(connection, group, parts, Vec::new(), reading, loaded),
    }
}

/// The names that spreadsheets give sheets of themselves.
fn names_nothing(sheet: &str) -> bool {
    let lower = sheet.to_lowercase();
    let bare = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
    [
        "sheet", "tabelle", "feuil", "hoja", "foglio", "blad", "planilha", "data", "export",
        "report",
    ]
    .contains(&bare)
}

/// Puts a block to those of the same columns. `sheet` is the name of the sheet and of its file.
fn add(parts: &mut Vec<Part>, name: String, block: Block, sheet: Option<(String, String)>) {
    let same = |p: &&mut Part| {
        let header = &p.blocks[0].header;
        header.len() > 1
            && header.len() == block.header.len()
            && header
                .iter()
                .zip(&block.header)
                .all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    let label = sheet
        .as_ref()
        .map_or_else(|| name.clone(), |(s, _)| s.clone());
    match parts.iter_mut().find(same) {
        Some(part) => {
            let shared = shared_name(&part.name, &name);
            part.name = match sheet {
                // Sheets of one workbook that share no word are called as the workbook is.
                Some((_, file)) if shared == "data" => file,
                _ => shared,
            };
            part.files += 1;
            part.blocks.push(block);
            part.sheets.push(label);
        }
        None => parts.push(Part {
            name,
            files: 1,
            blocks: vec![block],
            sheets: vec![label],
        }),
    }
}

fn tables(
    connection: &Connection,
    group: &Group,
    parts: Vec<Part>,
    mut remarks: Vec<String>,
    reading: &Reading,
    loaded: &[Loaded],
) -> Result<Vec<Loaded>, WarehouseError> {
    let mut made: Vec<Loaded> = Vec::new();
    for part in parts {
        let name = unique_name(&part.name, loaded, &made);
        let mut table = table(connection, &name, part, reading)?;
        remarks.append(&mut table.remarks);
        table.remarks = std::mem::take(&mut remarks);
        made.push(table);
    }
    if made.is_empty() {
        return Err(WarehouseError::Empty(shown(group)));
    }
    Ok(made)
}

fn table(
    connection: &Connection,
    name: &str,
    part: Part,
    reading: &Reading,
) -> Result<Loaded, WarehouseError> {
    let mut remarks: Vec<String> = Vec::new();
    let mut columns = part.blocks[0].header.clone();
    // Sheets of a workbook say by their names what their rows are (a month, a region).
    let told_apart = part.files > 1
        && part.blocks.len() > 1
        && {
            let mut distinct = part.sheets.clone();
            distinct.sort();
            distinct.dedup();
            distinct.len() == part.sheets.len()
        }
        && part.sheets.iter().all(|s| !names_nothing(s))
        && !columns.iter().any(|c| c.eq_ignore_ascii_case("sheet"));
    let width = columns.len();
    if told_apart {
        columns.push("sheet".into());
    }
    let definitions: Vec<String> = columns
        .iter()
        .map(|c| format!("{} VARCHAR", identifier(c)))
        .collect();
    connection.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE {STAGING} ({})",
        definitions.join(", ")
    ))?;
    let mut intake = Intake::default();
    let mut counts = vec![Counts::default(); columns.len()];
    let mut appender = connection.appender(STAGING)?;
    for (block, sheet) in part.blocks.iter().zip(&part.sheets) {
        for row in &block.rows {
            for (column, counts) in counts.iter_mut().enumerate() {
                let cell = if column < width {
                    row.cell(column)
                } else {
                    sheet
                };
                crate::lexical::count(counts, cell.as_bytes());
            }
            let cells = (0..width)
                .map(|c| Some(row.cell(c)).filter(|c| !c.is_empty()))
                .chain(told_apart.then_some(Some(sheet.as_str())));
            appender.append_row(appender_params_from_iter(cells))?;
        }
        intake.used += block.rows.len() as u64;
        for (reason, rows) in &block.aside {
            let found = intake.set_aside.iter_mut().find(|s| s.reason == *reason);
            let entry = match found {
                Some(entry) => entry,
                None => {
                    intake.set_aside.push(SetAside {
                        reason: reason.clone(),
                        rows: 0,
                        at: Vec::new(),
                    });
                    let last = intake.set_aside.len() - 1;
                    &mut intake.set_aside[last]
                }
            };
            entry.rows += rows.len() as u64;
            let known = rows.iter().filter(|n| **n > 0).map(|n| *n as u64);
            entry.at.extend(known.take(20 - entry.at.len().min(20)));
        }
        for note in &block.notes {
            let note = format!("{name}: {note}");
            if !remarks.contains(&note) {
                remarks.push(note);
            }
        }
    }
    appender.flush()?;
    drop(appender);
    intake.read = intake.used + intake.aside();
    if part.files > 1 {
        remarks.extend(parts_remark(part.files, name).map(|r| {
            if told_apart {
                r.replace(" files ", " sheets ")
            } else {
                r
            }
        }));
    }
    let style = Style::of(reading, &counts);
    let typings = columns
        .iter()
        .zip(&counts)
        .map(|(column, counts)| typing(column, counts, style))
        .collect();
    let kept = materialise(connection, STAGING, name, &columns, typings, &mut remarks)?;
    connection.execute_batch(&format!("DROP TABLE {STAGING}"))?;
    Ok(Loaded {
        name: name.to_string(),
        columns: kept,
        primary_key: Vec::new(),
        foreign_keys: Vec::new(),
        remarks,
        intake,
    })
}
