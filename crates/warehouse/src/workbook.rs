//! Workbooks (XLSX, XLSM, XLSB, XLS, ODS): the cells of their sheets as text.
//!
//! Dates become `YYYY-MM-DD`, moments `YYYY-MM-DD HH:MM:SS`, numbers the shortest text that gives the
//! same number at the fifteen digits that spreadsheets compute with.

use crate::WarehouseError;
use crate::grid::{Grid, Merge, Row};
use crate::reading::Reading;
use crate::source::{Input, Skipped};
use calamine::{
    Data, DataRef, ExcelDateTime, Ods, OdsError, Range, Reader, SheetType, SheetVisible, Xls,
    XlsError, Xlsb, XlsbError, Xlsx, XlsxError,
};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Cells of one workbook at most: what is more is no sheet that a person made.
const MOST_CELLS: usize = 60_000_000;

enum Book {
    Xlsx(Box<Xlsx<BufReader<File>>>),
    Xlsb(Box<Xlsb<BufReader<File>>>),
    Xls(Box<Xls<BufReader<File>>>),
    Ods(Box<Ods<BufReader<File>>>),
}

fn damaged(shown: &str, reason: &dyn std::fmt::Display) -> WarehouseError {
    WarehouseError::Damaged {
        path: shown.to_string(),
        reason: reason.to_string(),
    }
}

fn open(input: &Input) -> Result<Book, WarehouseError> {
    let shown = &input.shown;
    let unreadable = |e: io::Error| WarehouseError::Unreadable {
        path: shown.clone(),
        reason: e.to_string(),
    };
    let mut file = BufReader::new(File::open(&input.path).map_err(unreadable)?);
    let mut start = [0u8; 8];
    let got = file.read(&mut start).map_err(unreadable)?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    if !start[..got].starts_with(b"PK") {
        // A workbook of the new kind under a password lies in a container of the old kind.
        if holds_encrypted_package(&mut file).map_err(unreadable)? {
            return Err(WarehouseError::Protected(shown.clone()));
        }
        return match Xls::new(file) {
            Ok(book) => Ok(Book::Xls(Box::new(book))),
            Err(XlsError::Password) => Err(WarehouseError::Protected(shown.clone())),
            Err(e) => Err(damaged(shown, &e)),
        };
    }
    let names = zip::ZipArchive::new(&mut file)
        .map(|archive| crate::container::names(&archive))
        .map_err(|e| damaged(shown, &e))?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let has = |name: &str| names.iter().any(|n| n == name);
    if has("xl/workbook.xml") {
        match Xlsx::new(file) {
            Ok(book) => Ok(Book::Xlsx(Box::new(book))),
            Err(XlsxError::Password) => Err(WarehouseError::Protected(shown.clone())),
            Err(e) => Err(damaged(shown, &e)),
        }
    } else if has("xl/workbook.bin") {
        match Xlsb::new(file) {
            Ok(book) => Ok(Book::Xlsb(Box::new(book))),
            Err(XlsbError::Password) => Err(WarehouseError::Protected(shown.clone())),
            Err(e) => Err(damaged(shown, &e)),
        }
    } else {
        match Ods::new(file) {
            Ok(book) => Ok(Book::Ods(Box::new(book))),
            Err(OdsError::Password) => Err(WarehouseError::Protected(shown.clone())),
            Err(e) => Err(damaged(shown, &e)),
        }
    }
}

/// Looks for the name of the stream that holds an encrypted workbook.
fn holds_encrypted_package(file: &mut BufReader<File>) -> io::Result<bool> {
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut bytes = Vec::new();
    file.take(64 << 20).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(bytes.windows(name.len()).any(|w| w == name))
}

/// The sheets that hold something, in the order of the workbook. Sheets that cannot be read, that
/// are hidden, or that hold charts or pictures only, are named as skipped.
///
/// # Errors
/// A workbook that cannot be opened or that holds no cell at all.
pub(crate) fn sheets(
    input: &Input,
    reading: &Reading,
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<Grid>, WarehouseError> {
    let mut book = open(input)?;
    let listed: Vec<(String, SheetType, SheetVisible)> = {
        let all = match &book {
            Book::Xlsx(b) => b.sheets_metadata(),
            Book::Xlsb(b) => b.sheets_metadata(),
            Book::Xls(b) => b.sheets_metadata(),
            Book::Ods(b) => b.sheets_metadata(),
        };
        all.iter()
            .map(|s| (s.name.clone(), s.typ, s.visible))
            .collect()
    };
    for wanted in &reading.sheets {
        if !listed.iter().any(|(n, ..)| n.eq_ignore_ascii_case(wanted)) {
            return Err(WarehouseError::Reading {
                option: "sheet".into(),
                value: wanted.clone(),
                known: listed
                    .iter()
                    .map(|(n, ..)| n.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            });
        }
    }
    let mut grids = Vec::new();
    let mut first_error = None;
    for (name, kind, visible) in &listed {
        let chosen = reading.sheets.iter().any(|w| w.eq_ignore_ascii_case(name));
        if !reading.sheets.is_empty() && !chosen {
            continue;
        }
        let mut skip = |reason: &str| {
            skipped.push(Skipped {
                name: format!("sheet {name} of {}", input.file_name()),
                reason: reason.into(),
            });
        };
        if *visible != SheetVisible::Visible && !chosen {
            skip("hidden; --sheet reads it");
            continue;
        }
        if !matches!(kind, SheetType::WorkSheet) {
            skip("no sheet of cells");
            continue;
        }
        match sheet(&mut book, name, &input.shown) {
            Ok(grid) if grid.rows.is_empty() => skip("no cell is filled"),
            Ok(grid) => grids.push(grid),
            Err(e) => {
                skip(&e.reason());
                first_error = first_error.or(Some(e));
            }
        }
    }
    match (grids.is_empty(), first_error) {
        (true, Some(e)) => Err(e),
        (true, None) => Err(WarehouseError::Empty(input.shown.clone())),
        _ => Ok(grids),
    }
}

fn sheet(book: &mut Book, name: &str, shown: &str) -> Result<Grid, WarehouseError> {
    let mut grid = Grid::new(name);
    match book {
        Book::Xlsx(book) => {
            xlsx_cells(book, name, shown, &mut grid)?;
            let merges = book.merge_cells_by_sheet_name(name).unwrap_or_default();
            grid.merges = merges.iter().map(merge).collect();
        }
        Book::Xlsb(book) => {
            let range = book.worksheet_range(name).map_err(|e| damaged(shown, &e))?;
            from_range(&range, &mut grid);
        }
        Book::Xls(book) => {
            let range = book.worksheet_range(name).map_err(|e| damaged(shown, &e))?;
            from_range(&range, &mut grid);
            let merges = book.merge_cells_by_sheet_name(name).unwrap_or_default();
            grid.merges = merges.iter().map(merge).collect();
        }
        Book::Ods(book) => {
            let range = book.worksheet_range(name).map_err(|e| damaged(shown, &e))?;
            from_range(&range, &mut grid);
        }
    }
    Ok(grid)
}

fn merge(cells: &calamine::Dimensions) -> Merge {
    let at = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    Merge {
        rows: (at(cells.start.0), at(cells.end.0)),
        columns: (at(cells.start.1), at(cells.end.1)),
    }
}

/// Reads the cells one by one: a sheet with one cell in its last corner takes no room.
fn xlsx_cells(
    book: &mut Xlsx<BufReader<File>>,
    name: &str,
    shown: &str,
    grid: &mut Grid,
) -> Result<(), WarehouseError> {
    let mut reader = book
        .worksheet_cells_reader(name)
        .map_err(|e| damaged(shown, &e))?;
    let mut count = 0;
    while let Some(cell) = reader.next_cell().map_err(|e| damaged(shown, &e))? {
        let text = match cell.get_value() {
            DataRef::SharedString(s) => (*s).to_string(),
            other => text_of(&Data::from(other.clone())),
        };
        if text.is_empty() {
            continue;
        }
        count += 1;
        if count > MOST_CELLS {
            return Err(WarehouseError::TooLarge {
                path: shown.to_string(),
                reason: format!("it holds over {MOST_CELLS} cells"),
            });
        }
        let (row, column) = cell.get_position();
        let number = usize::try_from(row).unwrap_or(usize::MAX).saturating_add(1);
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        // Rows come in order; those of a damaged sheet that do not are sorted below.
        if grid.rows.last().is_none_or(|r| r.number != number) {
            grid.rows.push(Row {
                number,
                cells: Vec::new(),
            });
        }
        if let Some(last) = grid.rows.last_mut()
            && column < 16_384
        {
            if last.cells.len() <= column {
                last.cells.resize(column + 1, String::new());
            }
            last.cells[column] = text;
        }
    }
    grid.rows.sort_by_key(|r| r.number);
    Ok(())
}

fn from_range(range: &Range<Data>, grid: &mut Grid) {
    let (first_row, first_column) = range.start().unwrap_or_default();
    let number = |i: usize| i + usize::try_from(first_row).unwrap_or(0) + 1;
    let shift = usize::try_from(first_column).unwrap_or(0);
    for (i, cells) in range.rows().enumerate() {
        let mut row = Row {
            number: number(i),
            cells: vec![String::new(); shift],
        };
        row.cells.extend(cells.iter().map(text_of));
        let width = row.width();
        row.cells.truncate(width);
        if width > 0 {
            grid.rows.push(row);
        }
    }
}

fn text_of(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Int(n) => n.to_string(),
        Data::Float(x) => number(*x),
        Data::String(s) => s.trim().to_string(),
        Data::Bool(b) => b.to_string(),
        Data::DateTime(moment) => moment_of(moment),
        Data::DateTimeIso(text) => iso(text),
        Data::DurationIso(text) => duration(text),
        Data::Error(e) => e.to_string(),
    }
}

/// The shortest text of a number, of fifteen digits at most.
fn number(x: f64) -> String {
    let shortest = x.to_string();
    let digits = shortest.bytes().filter(u8::is_ascii_digit).count();
    if digits <= 15 || !shortest.contains('.') {
        return shortest;
    }
    let rounded = format!("{x:.14e}").parse().unwrap_or(x);
    let text = rounded.to_string();
    if text.len() < shortest.len() {
        text
    } else {
        shortest
    }
}

fn moment_of(moment: &ExcelDateTime) -> String {
    if moment.is_duration() {
        let seconds = (moment.as_f64() * 86_400.0).round();
        return clock(seconds);
    }
    let value = moment.as_f64();
    // A time of day without a day.
    if (0.0..1.0).contains(&value) {
        return clock((value * 86_400.0).round());
    }
    let (y, m, d, h, min, s, ms) = moment.to_ymd_hms_milli();
    let date = format!("{y:04}-{m:02}-{d:02}");
    if (h, min, s, ms) == (0, 0, 0, 0) {
        date
    } else {
        format!("{date} {h:02}:{min:02}:{s:02}")
    }
}

fn clock(seconds: f64) -> String {
    let total = seconds.abs() as u64;
    format!(
        "{}{:02}:{:02}:{:02}",
        if seconds < 0.0 { "-" } else { "" },
        total / 3600,
        total / 60 % 60,
        total % 60
    )
}

fn iso(text: &str) -> String {
    let text = text.trim().replace('T', " ");
    text.strip_suffix(" 00:00:00").unwrap_or(&text).to_string()
}

/// `PT10H30M00S` as a time of day.
fn duration(text: &str) -> String {
    let mut seconds = 0.0;
    let mut figures = String::new();
    for c in text.trim_start_matches("PT").chars() {
        match c {
            'H' | 'M' | 'S' => {
                let n: f64 = figures.parse().unwrap_or(0.0);
                seconds += n * match c {
                    'H' => 3600.0,
                    'M' => 60.0,
                    _ => 1.0,
                };
                figures.clear();
            }
            c if c.is_ascii_digit() || c == '.' => figures.push(c),
            _ => return text.to_string(),
        }
    }
    clock(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lose_no_digit_that_a_spreadsheet_has() {
        for (x, want) in [
            (261.96, "261.96"),
            (0.1 + 0.2, "0.3"),
            (12.0, "12"),
            (1e15, "1000000000000000"),
            (-0.000_001, "-0.000001"),
        ] {
            assert_eq!(number(x), want);
        }
    }

    #[test]
    fn times_of_day_have_no_day() {
        assert_eq!(duration("PT10H30M00S"), "10:30:00");
        assert_eq!(clock(37_800.0), "10:30:00");
        assert_eq!(iso("2024-01-05T00:00:00"), "2024-01-05");
    }
}
