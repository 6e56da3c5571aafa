//! Where the tables are in a sheet or an irregular text file.
//!
//! Reports as people have them put titles above the header, totals and remarks below, several tables
//! below one another, and facts as pairs of label and value. Every row that holds something ends up
//! as a header, as a row of a table, or set aside with a reason.

use crate::grid::{Grid, Look, Merge, Row, amount, look};
use std::collections::BTreeMap;

/// A table that was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Block {
    /// What the title above it says, where there are several in one sheet.
    pub(crate) title: Option<String>,
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// Reasons with the rows (by number) that are no rows of the table.
    pub(crate) aside: BTreeMap<String, Vec<usize>>,
    /// What has to be told besides.
    pub(crate) notes: Vec<String>,
    /// Rows that the header was made of.
    pub(crate) heads: usize,
}

impl Block {
    /// Rows of the sheet that are in it or beside it for a reason.
    pub(crate) fn held(&self) -> usize {
        self.rows.len() + self.heads + self.aside.values().map(Vec::len).sum::<usize>()
    }
}

/// What the user wants otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// Row (counted from 1) of the column names.
    pub(crate) header_row: Option<usize>,
    /// Totals stay rows.
    pub(crate) strict: bool,
}

pub(crate) const TITLE: &str = "title above the header";
pub(crate) const REMARK: &str = "remark beside the table";
pub(crate) const HEADER: &str = "repeated header row";
pub(crate) const BLANK: &str = "blank row";
pub(crate) const TOTAL: &str = "totals row";
pub(crate) const SUBTOTAL: &str = "subtotals row";
pub(crate) const WIDE: &str = "row with more cells than the header";

/// Rows that are looked at to learn what a column holds.
const SAMPLE: usize = 400;
/// Lines above a header at most.
const DEEPEST_HEADER: usize = 40;

/// Finds the tables of a sheet, from top to bottom.
pub(crate) fn tables(mut grid: Grid, wanted: Wanted) -> Vec<Block> {
    let filled = fill_merges(&mut grid);
    let mut blocks: Vec<Block> = Vec::new();
    let mut titles: Vec<Row> = Vec::new();
    let mut blanks = 0;
    let regions = regions(grid.rows, wanted.header_row, &mut blanks);
    let alone = regions.len() == 1;
    for region in regions {
        if let Some(last) = blocks.last_mut()
            && wanted.header_row.is_none()
            && titles.is_empty()
            && continues(last, &region)
        {
            last.rows.extend(region);
            continue;
        }
        match head(&region, wanted.header_row, alone) {
            Head::None => titles.extend(region),
            Head::Pairs => {
                let mut block = pairs(region);
                take_titles(&mut block, &mut titles);
                blocks.push(block);
            }
            Head::At { first, last, names } => {
                let mut rows = region.into_iter();
                titles.extend(rows.by_ref().take(first));
                let skipped = last + 1 - first;
                let mut block = Block {
                    heads: skipped,
                    header: names,
                    rows: rows.skip(skipped).collect(),
                    ..Block::default()
                };
                if skipped > 1 {
                    block
                        .notes
                        .push(format!("column names put together from {skipped} rows"));
                }
                take_titles(&mut block, &mut titles);
                blocks.push(block);
            }
            Head::Absent { first, width } => {
                let mut rows = region.into_iter();
                titles.extend(rows.by_ref().take(first));
                let mut block = Block {
                    header: (1..=width).map(|n| format!("column {n}")).collect(),
                    rows: rows.collect(),
                    ..Block::default()
                };
                block
                    .notes
                    .push("no line of column names: the columns are numbered".into());
                take_titles(&mut block, &mut titles);
                blocks.push(block);
            }
        }
    }
    // A header whose rows all came after a blank line has them in the region below it.
    blocks = joined_to_their_rows(blocks);
    if let Some(last) = blocks.last_mut() {
        for row in titles {
            last.aside
                .entry(REMARK.into())
                .or_default()
                .push(row.number);
        }
    }
    for block in &mut blocks {
        settle(block, wanted.strict);
    }
    let mut blocks = without_empty(blocks);
    if let Some(first) = blocks.first_mut() {
        if filled > 0 {
            first.notes.push(format!(
                "{filled} cells below merged cells take their value"
            ));
        }
        if blanks > 0 {
            first
                .aside
                .entry(BLANK.into())
                .or_default()
                .extend(std::iter::repeat_n(0, blanks));
        }
    }
    blocks
}

/// Blocks without a row are words beside their neighbours.
fn without_empty(blocks: Vec<Block>) -> Vec<Block> {
    let (mut kept, empty): (Vec<Block>, Vec<Block>) =
        blocks.into_iter().partition(|b| !b.rows.is_empty());
    if let Some(first) = kept.first_mut() {
        for block in empty {
            let rows = first.aside.entry(REMARK.into()).or_default();
            rows.extend(std::iter::repeat_n(0, block.heads));
            rows.extend(block.aside.into_values().flatten());
        }
    }
    kept
}

/// Rows of a grid that have to be accounted for: those that hold something, and blank ones that a
/// text file writes with its separators.
pub(crate) fn rows_to_account_for(grid: &Grid) -> usize {
    grid.rows
        .iter()
        .filter(|r| !r.is_blank() || r.cells.len() > 1)
        .count()
}

fn take_titles(block: &mut Block, titles: &mut Vec<Row>) {
    // The last line above a table names it, where it is a single cell.
    block.title = titles
        .last()
        .filter(|r| r.filled().count() == 1)
        .and_then(|r| r.filled().next().map(|i| r.cell(i).to_string()))
        .filter(|t| t.len() <= 60);
    for row in titles.drain(..) {
        block
            .aside
            .entry(TITLE.into())
            .or_default()
            .push(row.number);
    }
}

/// Runs of rows between blank ones. Blank rows of text files that hold separators are counted.
fn regions(rows: Vec<Row>, header_row: Option<usize>, blanks: &mut usize) -> Vec<Vec<Row>> {
    let mut out: Vec<Vec<Row>> = Vec::new();
    let mut before: Option<usize> = None;
    for row in rows {
        if row.is_blank() {
            *blanks += usize::from(row.cells.len() > 1);
            before = None;
            continue;
        }
        let lines = row
            .cells
            .iter()
            .map(|c| c.matches('\n').count())
            .sum::<usize>();
        let near = header_row.is_some() || before.is_some_and(|number| row.number <= number + 1);
        before = Some(row.number + lines);
        match out.last_mut() {
            Some(region) if near => region.push(row),
            _ => out.push(vec![row]),
        }
    }
    out
}

/// Gives every row below a merged cell its value; merged cells of one row stay as they are, for
/// titles are merged over their whole table.
fn fill_merges(grid: &mut Grid) -> usize {
    let mut filled = 0;
    for Merge { rows, columns } in grid.merges.clone() {
        if rows.1 == rows.0 {
            continue;
        }
        let Some(value) = grid
            .rows
            .iter()
            .find(|r| r.number == rows.0 + 1)
            .map(|r| r.cell(columns.0).to_string())
            .filter(|v| !v.is_empty())
        else {
            continue;
        };
        for row in &mut grid.rows {
            if row.number > rows.0 + 1
                && row.number <= rows.1 + 1
                && row.cell(columns.0).is_empty()
                && !row.is_blank()
            {
                if row.cells.len() <= columns.0 {
                    row.cells.resize(columns.0 + 1, String::new());
                }
                row.cells[columns.0] = value.clone();
                filled += 1;
            }
        }
    }
    filled
}

enum Head {
    /// Column names in the rows from `first` to `last`.
    At {
        first: usize,
        last: usize,
        names: Vec<String>,
    },
    /// Rows from `first` on, without names.
    Absent { first: usize, width: usize },
    /// Labels with a value each.
    Pairs,
    /// No table: titles or remarks.
    None,
}

/// The usual width of the rows.
fn usual_width(rows: &[Row]) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for row in rows.iter().take(SAMPLE) {
        *counts.entry(row.width()).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(width, n)| (*n, *width))
        .map_or(0, |(width, _)| width)
}

/// For each column: how many of the rows hold a value, and how many hold anything.
fn values(rows: &[Row], width: usize) -> Vec<(usize, usize)> {
    (0..width)
        .map(|c| {
            let looks = rows.iter().take(SAMPLE).map(|r| look(r.cell(c)));
            looks.fold((0, 0), |(v, n), l| match l {
                Look::Blank => (v, n),
                Look::Value | Look::Period => (v + 1, n + 1),
                Look::Word => (v, n + 1),
            })
        })
        .collect()
}

fn head(rows: &[Row], wanted: Option<usize>, alone: bool) -> Head {
    if let Some(number) = wanted {
        let Some(at) = rows.iter().position(|r| r.number >= number) else {
            return Head::None;
        };
        return Head::At {
            first: at,
            last: at,
            names: (0..rows[at].width())
                .map(|c| rows[at].cell(c).to_string())
                .collect(),
        };
    }
    let width = usual_width(rows);
    if rows.len() < 2 || width == 0 {
        // One full line of words may head the rows below a blank line.
        return match rows {
            [only]
                if only.width() >= 2
                    && only.filled().count() == only.width()
                    && names_only(only) =>
            {
                Head::At {
                    first: 0,
                    last: 0,
                    names: names(only, only.width()),
                }
            }
            _ => Head::None,
        };
    }
    // Lines of one cell beside other tables are titles and remarks.
    if width == 1
        && !alone
        && rows[1..]
            .iter()
            .all(|r| r.filled().all(|c| look(r.cell(c)) == Look::Word))
    {
        return Head::None;
    }
    // Labels with colons above or beside a table say something of it.
    let labelled = width <= 2
        && rows
            .iter()
            .all(|r| r.width() == 2 && r.cell(0).ends_with(':'));
    if labelled && !alone {
        return Head::None;
    }
    if width <= 2 && (labelled || is_pairs(rows)) {
        return Head::Pairs;
    }
    let enough = if width == 1 {
        1
    } else {
        (width * 3).div_ceil(5).max(2)
    };
    for (i, row) in rows.iter().enumerate().take(DEEPEST_HEADER) {
        if row.filled().count() < enough {
            continue;
        }
        let body = &rows[i + 1..];
        if body.is_empty() {
            return Head::None;
        }
        if names_only(row) || heads_of_periods(row, body) {
            let (first, names) = put_together(rows, i, width);
            return Head::At {
                first,
                last: i,
                names,
            };
        }
        // A full row with values: the rows have begun, and there were no names.
        return Head::Absent { first: i, width };
    }
    if width == 1 {
        Head::None
    } else {
        Head::Absent { first: 0, width }
    }
}

fn names_only(row: &Row) -> bool {
    row.filled()
        .all(|c| matches!(look(row.cell(c)), Look::Word | Look::Period))
        && row.filled().any(|c| look(row.cell(c)) == Look::Word)
}

/// Whether dates head the columns of numbers.
fn heads_of_periods(row: &Row, body: &[Row]) -> bool {
    let periods: Vec<usize> = row
        .filled()
        .filter(|c| crate::periods::column_head(row.cell(*c)).is_some())
        .collect();
    let words = row
        .filled()
        .filter(|c| look(row.cell(*c)) == Look::Word)
        .count();
    let counts = values(body, row.width());
    periods.len() >= 3
        && periods.len() + words == row.filled().count()
        && periods
            .iter()
            .all(|c| counts[*c].0 * 10 >= counts[*c].1 * 8)
        && periods.windows(2).all(|p| row.cell(p[0]) != row.cell(p[1]))
}

fn names(row: &Row, width: usize) -> Vec<String> {
    (0..width.max(row.width()))
        .map(|c| row.cell(c).split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// The names of a header, with the group names of the row above where the names alone repeat.
fn put_together(rows: &[Row], at: usize, width: usize) -> (usize, Vec<String>) {
    let own = names(&rows[at], width);
    let mut sorted: Vec<String> = own
        .iter()
        .filter(|n| !n.is_empty())
        .map(|n| n.to_lowercase())
        .collect();
    sorted.sort();
    let repeats = sorted.windows(2).any(|p| p[0] == p[1]);
    let above = at.checked_sub(1).map(|i| &rows[i]);
    match above {
        Some(above) if repeats && above.filled().count() >= 2 => {
            let mut group = String::new();
            let together = own
                .iter()
                .enumerate()
                .map(|(c, name)| {
                    if !above.cell(c).is_empty() {
                        group = above.cell(c).to_string();
                    }
                    match (group.is_empty(), name.is_empty()) {
                        (true, _) => name.clone(),
                        (false, true) => group.clone(),
                        (false, false) => format!("{group} {name}"),
                    }
                })
                .collect();
            (at - 1, together)
        }
        _ => (at, own),
    }
}

/// Whether the rows are labels with a value each: words on the left, values of several kinds on the
/// right.
fn is_pairs(rows: &[Row]) -> bool {
    if rows.len() < 3 || rows.len() > 80 || rows.iter().any(|r| r.width() > 2) {
        return false;
    }
    let labels: Vec<String> = rows.iter().map(|r| r.cell(0).to_lowercase()).collect();
    let mut distinct = labels.clone();
    distinct.sort();
    distinct.dedup();
    if distinct.len() < labels.len()
        || rows
            .iter()
            .any(|r| look(r.cell(0)) != Look::Word || r.cell(1).is_empty())
    {
        return false;
    }
    let is_value = |r: &&Row| matches!(look(r.cell(1)), Look::Value | Look::Period);
    let marker = |r: &Row| crate::typing::is_marker(r.cell(1));
    let values = rows.iter().filter(is_value).count();
    let words = rows
        .iter()
        .skip(1)
        .filter(|r| !is_value(r) && !marker(r))
        .count();
    values >= 2 && words >= 1 && (words + 1) * 4 >= rows.len()
}

fn pairs(rows: Vec<Row>) -> Block {
    let header = rows
        .iter()
        .map(|r| r.cell(0).trim_end_matches(':').trim().to_string())
        .collect();
    let number = rows.first().map_or(1, |r| r.number);
    let cells = rows.iter().map(|r| r.cell(1).to_string()).collect();
    Block {
        header,
        // Each line is a name and a value of the one row.
        heads: rows.len() - 1,
        rows: vec![Row { number, cells }],
        notes: vec![format!(
            "{} labels with a value each read as one row",
            rows.len()
        )],
        ..Block::default()
    }
}

/// Whether rows below a blank line belong to the table above it.
fn continues(block: &Block, region: &[Row]) -> bool {
    let width = block.header.len();
    let Some(first) = region.first() else {
        return true;
    };
    if is_header(block, first) {
        return true;
    }
    if block.rows.is_empty() {
        // A header alone: the rows below it, if they are none of their own.
        return first.width() <= width && !names_only(first);
    }
    if region.iter().map(Row::width).max().unwrap_or(0) > width {
        return false;
    }
    let counts = values(&block.rows, width);
    let typed: Vec<usize> = (0..width)
        .filter(|c| counts[*c].1 > 0 && counts[*c].0 * 5 >= counts[*c].1 * 4)
        .collect();
    let is_value = |c: usize| matches!(look(first.cell(c)), Look::Value | Look::Period);
    if typed.is_empty() {
        return first.filled().count() * 2 > width;
    }
    // Labels of totals stand in rows with values too.
    typed.iter().any(|c| is_value(*c))
        && typed
            .iter()
            .all(|c| look(first.cell(*c)) != Look::Word || crate::typing::is_marker(first.cell(*c)))
}

fn is_header(block: &Block, row: &Row) -> bool {
    row.width() > 0
        && row.width()
            == block
                .header
                .iter()
                .rposition(|h| !h.is_empty())
                .map_or(0, |i| i + 1)
        && block
            .header
            .iter()
            .enumerate()
            .all(|(c, name)| row.cell(c).eq_ignore_ascii_case(name.trim()))
}

/// Sets aside rows that repeat the names of the columns, and rows without a single value.
pub(crate) fn without_junk(block: &mut Block) {
    for row in std::mem::take(&mut block.rows) {
        let reason = if row.is_blank() {
            BLANK
        } else if is_header(block, &row) {
            HEADER
        } else {
            block.rows.push(row);
            continue;
        };
        block
            .aside
            .entry(reason.into())
            .or_default()
            .push(row.number);
    }
}

fn joined_to_their_rows(blocks: Vec<Block>) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    for block in blocks {
        match out.last_mut() {
            Some(last) if last.rows.is_empty() && last.header.len() == block.header.len() => {
                // Two headers in a row: the first was a line of words of its own.
                last.header = block.header;
                last.rows = block.rows;
                last.heads += block.heads;
                last.notes.extend(block.notes);
                for (reason, rows) in block.aside {
                    last.aside.entry(reason).or_default().extend(rows);
                }
            }
            _ => out.push(block),
        }
    }
    out
}

/// Names every column, and sets aside what is no row of the table.
fn settle(block: &mut Block, strict: bool) {
    let width = block.header.len();
    let rows = std::mem::take(&mut block.rows);
    let wider = rows.iter().filter(|r| r.width() > width).count();
    // Many wide rows have a column without a name; a few are broken.
    let widen = wider * 10 > rows.len() && wider > 1;
    if widen {
        let widest = rows.iter().map(Row::width).max().unwrap_or(width);
        block.header.resize(widest, String::new());
    }
    for row in rows {
        if is_header(block, &row) {
            block
                .aside
                .entry(HEADER.into())
                .or_default()
                .push(row.number);
        } else if row.width() > block.header.len() {
            block.aside.entry(WIDE.into()).or_default().push(row.number);
        } else {
            block.rows.push(row);
        }
    }
    remove_empty_columns(block);
    for (i, name) in block.header.iter_mut().enumerate() {
        if name.trim().is_empty() {
            *name = format!("column {}", i + 1);
        }
    }
    make_distinct(&mut block.header);
    remarks_below(block);
    if !strict {
        totals(block);
    }
}

fn remove_empty_columns(block: &mut Block) {
    let empty: Vec<usize> = (0..block.header.len())
        .filter(|c| {
            block.header[*c].trim().is_empty() && block.rows.iter().all(|r| r.cell(*c).is_empty())
        })
        .collect();
    if empty.is_empty() {
        return;
    }
    let kept = |c: &usize| !empty.contains(c);
    block.header = (0..block.header.len())
        .filter(kept)
        .map(|c| block.header[c].clone())
        .collect();
    for row in &mut block.rows {
        row.cells = (0..row.cells.len())
            .filter(kept)
            .map(|c| std::mem::take(&mut row.cells[c]))
            .collect();
    }
}

fn make_distinct(header: &mut [String]) {
    let mut seen: Vec<String> = Vec::new();
    for name in header {
        let mut candidate = name.clone();
        let mut n = 1;
        while seen.contains(&candidate.to_lowercase()) {
            candidate = format!("{name}_{n}");
            n += 1;
        }
        seen.push(candidate.to_lowercase());
        *name = candidate;
    }
}

/// Lines of one or two words after the last row that is filled as rows usually are.
fn remarks_below(block: &mut Block) {
    let width = block.header.len();
    if width < 3 {
        return;
    }
    while let Some(last) = block.rows.last() {
        let filled: Vec<usize> = last.filled().collect();
        let words = filled.iter().all(|c| look(last.cell(*c)) == Look::Word);
        let sentence = filled
            .first()
            .is_some_and(|c| last.cell(*c).contains([' ', ':', '*']));
        let lonely = block
            .rows
            .iter()
            .rev()
            .skip(1)
            .take(SAMPLE)
            .all(|r| r.filled().count() > filled.len());
        if block.rows.len() < 2 || filled.len() > 1 || !words || !sentence || !lonely {
            return;
        }
        let number = last.number;
        block.rows.pop();
        block.aside.entry(REMARK.into()).or_default().push(number);
    }
}

/// What totals rows are called, in the languages that exports come in.
pub(crate) fn names_a_total(cell: &str) -> bool {
    let lower = cell.trim().trim_end_matches(':').to_lowercase();
    const ALONE: &[&str] = &[
        "total",
        "totals",
        "grand total",
        "sub total",
        "subtotal",
        "sub-total",
        "sum",
        "overall",
        "overall total",
        "all",
        "gesamt",
        "gesamtsumme",
        "summe",
        "zwischensumme",
        "total général",
        "total general",
        "totale",
        "totaal",
        "suma",
        "итого",
    ];
    ALONE.contains(&lower.as_str())
        || lower.ends_with(" total")
        || lower.ends_with(" subtotal")
        || lower.starts_with("total ")
        || lower.starts_with("grand total ")
        || lower.starts_with("subtotal ")
        || lower.starts_with("sub total ")
}

/// Sets totals rows aside: rows that are called so, or that have no label at all, and whose numbers
/// are the sums of the rows above, or that lack what every other row says.
fn totals(block: &mut Block) {
    let width = block.header.len();
    let counts = values(&block.rows, width);
    let last = block.rows.len().saturating_sub(1);
    let numeric: Vec<usize> = (0..width)
        .filter(|c| counts[*c].1 > 0 && counts[*c].0 * 5 >= counts[*c].1 * 4)
        .filter(|c| {
            block
                .rows
                .iter()
                .take(SAMPLE)
                .filter(|r| amount(r.cell(*c)).is_some())
                .count()
                * 2
                >= counts[*c].1
        })
        .collect();
    // Columns of labels that (almost) every row fills that is called no total and is not the last.
    let plain: Vec<&Row> = block.rows[..last]
        .iter()
        .take(SAMPLE)
        .filter(|r| !r.filled().any(|c| names_a_total(r.cell(c))))
        .collect();
    let labels: Vec<usize> = (0..width)
        .filter(|c| {
            let filled = plain.iter().filter(|r| !r.cell(*c).is_empty()).count();
            !numeric.contains(c) && filled > 0 && filled * 10 >= plain.len() * 9
        })
        .collect();
    let mut since = vec![0.0; width];
    let mut all = vec![0.0; width];
    let mut rows_since = 0;
    let mut kept: Vec<Row> = Vec::with_capacity(block.rows.len());
    // Totals rows, with how many rows stand above each and whether they are the sums of all of them.
    let mut found: Vec<(usize, usize, bool)> = Vec::new();
    for (i, row) in std::mem::take(&mut block.rows).into_iter().enumerate() {
        let label = row.filled().find(|c| look(row.cell(*c)) == Look::Word);
        let called = label.is_some_and(|c| names_a_total(row.cell(c)));
        let bare = label.is_none() && i == last;
        let adds_up = |sums: &[f64], of: usize| {
            of > 0
                && numeric.iter().any(|c| {
                    amount(row.cell(*c))
                        .is_some_and(|v| v != 0.0 && (v - sums[*c]).abs() <= 0.005 + 1e-6 * v.abs())
                })
        };
        let whole = adds_up(&all, kept.len());
        let missing = labels.iter().filter(|c| row.cell(**c).is_empty()).count();
        let lacks = missing * 2 >= labels.len() && missing > 0;
        let all_missing = !labels.is_empty() && missing == labels.len() && kept.len() > 1;
        let is_total = called && (adds_up(&since, rows_since) || whole || lacks)
            || bare && all_missing && whole;
        if is_total && i > 0 {
            found.push((row.number, kept.len(), whole));
            since.fill(0.0);
            rows_since = 0;
            continue;
        }
        for c in &numeric {
            let v = amount(row.cell(*c)).unwrap_or(0.0);
            since[*c] += v;
            all[*c] += v;
        }
        rows_since += 1;
        kept.push(row);
    }
    for (i, (number, above, whole)) in found.iter().enumerate() {
        let final_one = i + 1 == found.len() && *above == kept.len();
        let reason = if final_one && (*whole || found.len() == 1) {
            TOTAL
        } else {
            SUBTOTAL
        };
        block.aside.entry(reason.into()).or_default().push(*number);
    }
    block.rows = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(text: &str) -> Grid {
        let mut grid = Grid::new("sheet");
        for (i, line) in text.lines().enumerate() {
            grid.rows.push(Row {
                number: i + 1,
                cells: line.split('|').map(|c| c.trim().to_string()).collect(),
            });
        }
        grid
    }

    /// Headers, number of rows, and what was set aside, a table a line.
    fn found(text: &str) -> Vec<String> {
        tables(grid(text), Wanted::default())
            .into_iter()
            .map(|b| {
                let aside: Vec<String> = b
                    .aside
                    .iter()
                    .map(|(reason, rows)| format!("{} {reason}", rows.len()))
                    .collect();
                format!(
                    "{} / {} / {}",
                    b.header.join(","),
                    b.rows.len(),
                    aside.join(", ")
                )
            })
            .collect()
    }

    #[test]
    fn tables_are_found_in_reports() {
        for (text, want) in [
            (
                "Sales report\nGenerated 1 March\n\nid|region|amount\n1|N|5\n2|S|6",
                vec!["id,region,amount / 2 / 2 title above the header"],
            ),
            (
                "id|region|amount\n1|N|5\n2|S|6\nTotal||11",
                vec!["id,region,amount / 2 / 1 totals row"],
            ),
            (
                "region|city|amount\nN|a|5\nN|b|6\nN total||11\nS|c|2\nS total||2\nGrand total||13",
                vec!["region,city,amount / 3 / 2 subtotals row, 1 totals row"],
            ),
            (
                "region|amount\nN|5\nS|6\n\nstore|city|opened\nS1|Pune|2020-01-01\nS2|Delhi|2021-01-01",
                vec!["region,amount / 2 / ", "store,city,opened / 2 / "],
            ),
            (
                "region|2022|2023|2024\nN|1|2|3\nS|4|5|6",
                vec!["region,2022,2023,2024 / 2 / "],
            ),
            (
                "1|2024-01-05|N|40.50\n2|2024-01-09|S|30.25",
                vec!["column 1,column 2,column 3,column 4 / 2 / "],
            ),
            (
                "Store|Pune\nManager|Ada\nRevenue|1200\nOrders|12",
                vec!["Store,Manager,Revenue,Orders / 1 / "],
            ),
            (
                "|2023||2024|\nregion|sales|units|sales|units\nN|1|2|3|4\nS|5|6|7|8",
                vec!["region,2023 sales,2023 units,2024 sales,2024 units / 2 / "],
            ),
            (
                "id|name|amount\n1|a|5\n\n2|b|6\n3|c|7\nSource: the till",
                vec!["id,name,amount / 3 / 1 remark beside the table"],
            ),
            // A product that is called so is no total.
            (
                "product|brand|amount\nTotal|Colgate|5\nSoap|Dove|6",
                vec!["product,brand,amount / 2 / "],
            ),
            (
                "id|name|amount\n1|a|5\n2|b|6|x\n3|c|7",
                vec!["id,name,amount / 2 / 1 row with more cells than the header"],
            ),
            ("name|city\nAda|Pune\nBen|Delhi", vec!["name,city / 2 / "]),
        ] {
            assert_eq!(found(text), want, "{text}");
        }
    }
}
