//! What a delimited file is written like, from one pass over its bytes: for each column how many
//! cells read as whole numbers, amounts, dates and so on, and which rows are no rows.
//!
//! The engine's regular expressions (`typing::count_columns`) say the same and are the fallback for
//! files that are not regular; a test holds the two together.

use crate::typing::{Counts, MARKERS, TYPED_MARKERS};
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

/// Bytes read at a time.
const BLOCK: usize = 16 << 20;
/// A record longer than that is no record of a table.
const LONGEST_RECORD: usize = 4 << 20;
/// Threads at most.
const THREADS: usize = 8;

/// What the pass found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scan {
    /// Records below the header; lines without a byte are none.
    pub(crate) rows: i64,
    /// Of those, repetitions of the header.
    pub(crate) headers: i64,
    /// Of those, records without a single value.
    pub(crate) blanks: i64,
    /// Of the other records, by column.
    pub(crate) columns: Vec<Counts>,
}

impl Scan {
    fn new(width: usize) -> Self {
        Scan {
            rows: 0,
            headers: 0,
            blanks: 0,
            columns: vec![Counts::default(); width],
        }
    }

    fn add(&mut self, other: &Scan) {
        self.rows += other.rows;
        self.headers += other.headers;
        self.blanks += other.blanks;
        for (own, more) in self.columns.iter_mut().zip(&other.columns) {
            own.add(more);
        }
    }
}

/// The file is not regular: quotes inside plain cells, records wider than the header, bytes that are
/// no UTF-8, line ends of old systems.
struct Irregular;

/// Reads the files, each with its own header line; `None` if one of them is not regular.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn scan(
    files: &[PathBuf],
    delimiter: u8,
    header: &[String],
) -> io::Result<Option<Scan>> {
    let names: Vec<Vec<u8>> = header
        .iter()
        .map(|n| trimmed(n.trim_start_matches('\u{feff}').as_bytes()).to_vec())
        .collect();
    // An empty line of a single column may be a value. Columns without a name, and values where
    // names should be, say that the header is elsewhere.
    let named = |name: &String| {
        let look = crate::grid::look(name.trim_start_matches('\u{feff}'));
        !matches!(look, crate::grid::Look::Blank | crate::grid::Look::Value)
    };
    if names.len() < 2 || !header.iter().all(named) {
        return Ok(None);
    }
    let reader = Reader::new(delimiter, names);
    let mut total = Scan::new(header.len());
    for path in files {
        if !reader.file(File::open(path)?, &mut total)? {
            return Ok(None);
        }
    }
    Ok(Some(total))
}

struct Reader {
    delimiter: u8,
    names: Vec<Vec<u8>>,
    /// Bytes at which a plain cell ends or is none.
    special: [bool; 256],
}

impl Reader {
    fn new(delimiter: u8, names: Vec<Vec<u8>>) -> Self {
        let mut special = [false; 256];
        for byte in [delimiter, b'\n', b'\r', b'"'] {
            special[usize::from(byte)] = true;
        }
        Reader {
            delimiter,
            names,
            special,
        }
    }

    /// Adds one file; false if it is not regular.
    fn file(&self, mut source: impl Read, total: &mut Scan) -> io::Result<bool> {
        let mut block: Vec<u8> = Vec::new();
        let mut first = true;
        loop {
            let kept = block.len();
            block.resize(kept + BLOCK, 0);
            let got = fill(&mut source, &mut block[kept..])?;
            block.truncate(kept + got);
            let last = got < BLOCK;
            if last && !block.is_empty() && block.last() != Some(&b'\n') {
                block.push(b'\n');
            }
            let mut start = 0;
            if first {
                first = false;
                if block.starts_with("\u{feff}".as_bytes()) {
                    start = 3;
                }
                // The header line itself.
                match line_end(&block[start..]) {
                    Some(end) => {
                        let line = block[start..start + end].trim_ascii();
                        if line.is_empty() || line.contains(&b'\r') {
                            return Ok(false);
                        }
                        start += end;
                    }
                    None => return Ok(false),
                }
            }
            let end = start + whole_records(&block[start..]);
            if std::str::from_utf8(&block[start..end]).is_err() {
                return Ok(false);
            }
            if self.parallel(&block[start..end], total).is_err() {
                return Ok(false);
            }
            block.drain(..end);
            if last {
                return Ok(block.is_empty());
            }
            if block.len() > LONGEST_RECORD {
                return Ok(false);
            }
        }
    }

    /// Reads whole records in several threads: pieces are cut at line ends outside quotes.
    fn parallel(&self, bytes: &[u8], total: &mut Scan) -> Result<(), Irregular> {
        let threads = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(THREADS);
        let mut pieces = Vec::new();
        let (mut start, mut quoted, mut seen) = (0, false, 0);
        for piece in 1..threads {
            let aim = bytes.len() * piece / threads;
            if aim <= seen {
                continue;
            }
            quoted ^= odd_quotes(&bytes[seen..aim]);
            seen = aim;
            while let Some(byte) = bytes.get(seen) {
                seen += 1;
                quoted ^= *byte == b'"';
                if *byte == b'\n' && !quoted {
                    break;
                }
            }
            pieces.push(&bytes[start..seen]);
            start = seen;
        }
        pieces.push(&bytes[start..]);
        let found: Vec<Result<Scan, Irregular>> = std::thread::scope(|scope| {
            let running: Vec<_> = pieces
                .iter()
                .map(|piece| scope.spawn(|| self.records(piece)))
                .collect();
            running
                .into_iter()
                .map(|thread| thread.join().unwrap_or(Err(Irregular)))
                .collect()
        });
        for scan in found {
            total.add(&scan?);
        }
        Ok(())
    }

    fn records(&self, bytes: &[u8]) -> Result<Scan, Irregular> {
        let width = self.names.len();
        let mut scan = Scan::new(width);
        let mut at = 0;
        let mut fields: Vec<(usize, usize)> = Vec::with_capacity(width);
        let mut gap = false;
        // Cells with doubled quotes are undoubled here, behind the end of the bytes.
        let mut undoubled: Vec<u8> = Vec::new();
        while at < bytes.len() {
            fields.clear();
            undoubled.clear();
            at = self.record(bytes, at, &mut fields, &mut undoubled)?;
            let cell = |(from, to): (usize, usize)| match from.checked_sub(bytes.len()) {
                Some(behind) => &undoubled[behind..to - bytes.len()],
                None => &bytes[from..to],
            };
            if fields.len() == 1 && cell(fields[0]).is_empty() {
                gap = true;
                continue;
            }
            // One cell where rows have many is a remark.
            if fields.len() > width || (fields.len() == 1 && width > 2) {
                return Err(Irregular);
            }
            scan.rows += 1;
            let first = trimmed(cell(fields[0]));
            let all = |f: &dyn Fn(usize, &[u8]) -> bool| {
                fields
                    .iter()
                    .enumerate()
                    .all(|(i, field)| f(i, trimmed(cell(*field))))
            };
            if first.is_empty() && all(&|_, c| c.is_empty()) {
                scan.blanks += 1;
                gap = true;
                continue;
            }
            if first == self.names[0] && fields.len() == width && all(&|i, c| c == self.names[i]) {
                scan.headers += 1;
                gap = false;
                continue;
            }
            let label = fields
                .iter()
                .map(|f| trimmed(cell(*f)))
                .find(|c| !c.is_empty());
            let letters = |c: &[u8]| c.iter().any(u8::is_ascii_alphabetic);
            let bare = first.is_empty() && all(&|_, c| !letters(c));
            if bare || label.is_some_and(may_name_a_total) {
                return Err(Irregular);
            }
            // Words alone below a gap may head another table.
            if std::mem::take(&mut gap) && all(&|_, c| !c.iter().any(u8::is_ascii_digit)) {
                return Err(Irregular);
            }
            for (counts, field) in scan.columns.iter_mut().zip(&fields) {
                count(counts, cell(*field));
            }
        }
        Ok(scan)
    }

    /// The fields of the record that starts at `at`; returns where the next one starts.
    fn record(
        &self,
        bytes: &[u8],
        mut at: usize,
        fields: &mut Vec<(usize, usize)>,
        undoubled: &mut Vec<u8>,
    ) -> Result<usize, Irregular> {
        loop {
            let start = at;
            if bytes.get(at) == Some(&b'"') {
                at += 1;
                let from = at;
                let mut doubled = false;
                loop {
                    match bytes.get(at) {
                        None => return Err(Irregular),
                        Some(b'"') if bytes.get(at + 1) == Some(&b'"') => {
                            doubled = true;
                            at += 2;
                        }
                        Some(b'"') => break,
                        Some(_) => at += 1,
                    }
                }
                if doubled {
                    let base = bytes.len() + undoubled.len();
                    let mut escaped = false;
                    for byte in &bytes[from..at] {
                        escaped = *byte == b'"' && !escaped;
                        if !escaped {
                            undoubled.push(*byte);
                        }
                    }
                    fields.push((base, bytes.len() + undoubled.len()));
                } else {
                    fields.push((from, at));
                }
                at += 1;
            } else {
                let length = bytes[at..]
                    .iter()
                    .position(|b| self.special[usize::from(*b)])
                    .ok_or(Irregular)?;
                at += length;
                fields.push((start, at));
            }
            match bytes.get(at) {
                Some(byte) if *byte == self.delimiter => at += 1,
                Some(b'\n') => return Ok(at + 1),
                Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => return Ok(at + 2),
                _ => return Err(Irregular),
            }
        }
    }
}

fn fill(source: &mut impl Read, mut into: &mut [u8]) -> io::Result<usize> {
    let wanted = into.len();
    while !into.is_empty() {
        match source.read(into) {
            Ok(0) => break,
            Ok(n) => into = &mut into[n..],
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(wanted - into.len())
}

fn odd_quotes(bytes: &[u8]) -> bool {
    bytes.contains(&b'"') && bytes.iter().filter(|b| **b == b'"').count() % 2 == 1
}

/// One past the first line end outside quotes.
fn line_end(bytes: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for (i, byte) in bytes.iter().enumerate() {
        quoted ^= *byte == b'"';
        if *byte == b'\n' && !quoted {
            return Some(i + 1);
        }
    }
    None
}

/// How many of the bytes are whole records: up to the last line end outside quotes.
fn whole_records(bytes: &[u8]) -> usize {
    let mut quoted = odd_quotes(bytes);
    for (i, byte) in bytes.iter().enumerate().rev() {
        quoted ^= *byte == b'"';
        if *byte == b'\n' && !quoted {
            return i + 1;
        }
    }
    0
}

/// Without spaces at either end, as the engine's `trim` does it.
fn trimmed(bytes: &[u8]) -> &[u8] {
    if bytes.first() != Some(&b' ') && bytes.last() != Some(&b' ') {
        return bytes;
    }
    let from = bytes.iter().position(|b| *b != b' ').unwrap_or(bytes.len());
    let to = bytes
        .iter()
        .rposition(|b| *b != b' ')
        .map_or(from, |at| at + 1);
    &bytes[from..to]
}

/// Whether a row with this label has to be looked at as a totals row.
fn may_name_a_total(label: &[u8]) -> bool {
    let any = |words: &[&str]| {
        words.iter().any(|w| {
            label
                .windows(w.len())
                .any(|part| part.eq_ignore_ascii_case(w.as_bytes()))
        })
    };
    label.len() <= 40
        && label.first().is_some_and(|b| !b.is_ascii_digit())
        && (any(&["total", "summe"])
            || one_of(
                label,
                &["sum", "all", "overall", "gesamt", "totaal", "suma"],
            ))
}

fn one_of(cell: &[u8], words: &[&str]) -> bool {
    words
        .iter()
        .any(|w| cell.eq_ignore_ascii_case(w.as_bytes()))
}

const FIGURE: u8 = 1;
const COLON: u8 = 2;
const DECORATION: u8 = 4;

/// What each byte is to an amount or a time.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => FIGURE,
            b':' => COLON,
            b'$' | b'%' | b'(' | b')' | b',' | b' ' | b'\t' | b'\n' | b'\r' | 0x0c | 0x80.. => {
                DECORATION
            }
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Adds one cell to the counts of its column.
pub(crate) fn count(c: &mut Counts, raw: &[u8]) {
    let cell = trimmed(raw);
    if cell.len() != raw.len() {
        c.spaced += 1;
    }
    let Some(&first) = cell.first() else {
        return;
    };
    // No marker is longer, and none starts with a figure.
    if cell.len() <= 8 && !first.is_ascii_digit() {
        if one_of(cell, MARKERS) {
            c.markers += 1;
            return;
        }
        if one_of(cell, TYPED_MARKERS) {
            c.typed_markers += 1;
            return;
        }
        if one_of(cell, &["true", "false", "yes", "no"]) {
            c.truth += 1;
        }
    }
    c.filled += 1;
    let (mut digits, mut seen) = (0, 0);
    for byte in cell {
        let class = CLASSES[usize::from(*byte)];
        digits += i64::from(class & FIGURE);
        seen |= class;
    }
    c.with_time += i64::from(seen & COLON != 0);
    c.longest_digits = c.longest_digits.max(digits);
    let plain_digits = digits as usize;
    if plain_digits == cell.len() {
        c.whole += i64::from(cell.len() <= 18);
        c.leading_zero += i64::from(first == b'0' && cell.len() > 1);
        c.number += 1;
        c.comma_number += 1;
        return;
    }
    if seen & DECORATION != 0 {
        c.decorated += 1;
        c.parens += i64::from(first == b'(');
        c.dollar += i64::from(cell.contains(&b'$'));
        c.percent += i64::from(cell.last() == Some(&b'%'));
        let holds = |sign: &str| i64::from(cell.windows(sign.len()).any(|w| w == sign.as_bytes()));
        if !cell.is_ascii() {
            c.euro += holds("€");
            c.pound += holds("£");
        }
    }
    if digits == 0 {
        return;
    }
    let signed = matches!(first, b'-' | b'+') && plain_digits + 1 == cell.len();
    c.whole += i64::from(signed && plain_digits <= 18);
    if let Some(after) = fraction_length(cell) {
        c.decimals = c.decimals.max(after);
    }
    let number = is_number(cell);
    c.number += i64::from(number);
    if let Some(decimals) = comma_number(cell) {
        c.comma_number += 1;
        c.comma_sure += i64::from(!number);
        c.comma_decimals = c.comma_decimals.max(decimals);
    }
    dates(c, cell);
}

/// Figures after the point at the cell's end, a percent sign or a bracket after them.
fn fraction_length(cell: &[u8]) -> Option<i64> {
    let mut rest = cell;
    if let Some((b'%' | b')', before)) = rest.split_last() {
        rest = before;
    }
    while let Some((b' ' | b'\t' | b'\n' | b'\r' | 0x0c, before)) = rest.split_last() {
        rest = before;
    }
    let figures = rest.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let point = rest.len().checked_sub(figures + 1)?;
    (figures > 0 && rest[point] == b'.').then_some(figures as i64)
}

/// An amount: sign, currency, thousands in groups or none, decimals, exponent, percent, brackets.
/// The cell holds a figure.
fn is_number(cell: &[u8]) -> bool {
    let mut rest = Cursor(cell);
    rest.skip(b"(");
    rest.skip(b"-+");
    rest.spaces();
    rest.currency(false);
    rest.spaces();
    rest.skip(b"-+");
    let figures = rest.figures();
    if (1..=3).contains(&figures) {
        while let [b',', a, b, c, ..] = rest.0
            && [a, b, c].iter().all(|d| d.is_ascii_digit())
        {
            rest.0 = &rest.0[4..];
        }
    }
    if rest.skip(b".") {
        rest.figures();
    }
    if let [b'e' | b'E', after @ ..] = rest.0 {
        let mut exponent = Cursor(after);
        exponent.skip(b"-+");
        if exponent.figures() > 0 {
            rest = exponent;
        }
    }
    rest.spaces();
    rest.currency(true);
    rest.skip(b")");
    rest.0.is_empty()
}

/// The decimals of an amount with a decimal comma, its thousands parted by points or spaces.
fn comma_number(cell: &[u8]) -> Option<i64> {
    let mut rest = Cursor(cell);
    rest.skip(b"(");
    rest.skip(b"-+");
    rest.spaces();
    rest.currency(false);
    rest.spaces();
    rest.skip(b"-+");
    let figures = rest.figures();
    if figures == 0 {
        return None;
    }
    if figures <= 3 {
        while let [b'.' | b' ', a, b, c, ..] = rest.0
            && [a, b, c].iter().all(|d| d.is_ascii_digit())
        {
            rest.0 = &rest.0[4..];
        }
    }
    let mut decimals = 0;
    if rest.skip(b",") {
        decimals = rest.figures();
        if decimals == 0 {
            return None;
        }
    }
    rest.spaces();
    rest.currency(true);
    rest.skip(b")");
    rest.0.is_empty().then_some(decimals as i64)
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn skip(&mut self, any: &[u8]) -> bool {
        let found = self.0.first().is_some_and(|b| any.contains(b));
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    fn spaces(&mut self) {
        while self.skip(b" \t\n\r\x0c") {}
    }

    fn figures(&mut self) -> usize {
        let n = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        self.0 = &self.0[n..];
        n
    }

    fn currency(&mut self, percent: bool) {
        if self.skip(b"$") || (percent && self.skip(b"%")) {
            return;
        }
        for sign in ["€", "£"] {
            if let Some(rest) = self.0.strip_prefix(sign.as_bytes()) {
                self.0 = rest;
                return;
            }
        }
    }

    /// A number of one or two figures.
    fn short(&mut self) -> Option<i64> {
        let n = self
            .0
            .iter()
            .take(2)
            .take_while(|b| b.is_ascii_digit())
            .count();
        let value = self.0[..n]
            .iter()
            .fold(0, |v, d| v * 10 + i64::from(d - b'0'));
        self.0 = &self.0[n..];
        (n > 0).then_some(value)
    }

    /// A number of exactly `n` figures.
    fn exactly(&mut self, n: usize) -> Option<i64> {
        let figures = self
            .0
            .get(..n)
            .filter(|f| f.iter().all(u8::is_ascii_digit))?;
        let value = figures.iter().fold(0, |v, d| v * 10 + i64::from(d - b'0'));
        self.0 = &self.0[n..];
        Some(value)
    }

    /// The rest is nothing, or a time of day: hours, minutes, seconds and whether there is more
    /// than zero in it.
    fn time_or_end(&mut self) -> Option<Option<Time>> {
        if self.0.is_empty() {
            return Some(None);
        }
        if !self.skip(b" T") {
            return None;
        }
        let hour = self.short()?;
        let mut time = Time {
            hour,
            minute: 0,
            second: 0,
            fraction: false,
        };
        if !self.skip(b":") {
            return None;
        }
        time.minute = self.exactly(2)?;
        if self.skip(b":") {
            time.second = self.exactly(2)?;
            if self.skip(b".") {
                let figures = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
                time.fraction = self.0[..figures].iter().any(|d| *d != b'0');
                if self.figures() == 0 {
                    return None;
                }
            }
        }
        self.0.is_empty().then_some(Some(time))
    }
}

struct Time {
    hour: i64,
    minute: i64,
    second: i64,
    fraction: bool,
}

impl Time {
    fn exists(&self) -> bool {
        let whole_day = self.hour == 24 && self.minute == 0 && self.second == 0 && !self.fraction;
        whole_day || (self.hour < 24 && self.minute < 60 && self.second < 60)
    }

    fn is_midnight(&self) -> bool {
        self.hour == 0 && self.minute == 0 && self.second == 0 && !self.fraction
    }
}

fn dates(c: &mut Counts, cell: &[u8]) {
    let mut rest = Cursor(cell);
    // Day and month, either first.
    if let Some(first) = rest.short()
        && rest.skip(b"/.-")
    {
        c.first_max = c.first_max.max(first);
        if let Some(second) = rest.short()
            && rest.skip(b"/.-")
        {
            c.second_max = c.second_max.max(second);
            let years = rest.0.iter().take_while(|b| b.is_ascii_digit()).count();
            if (years == 2 || years == 4)
                && rest.exactly(years).is_some()
                && let Some(time) = rest.time_or_end()
            {
                c.parted += 1;
                c.short_years += i64::from(years == 2);
                c.midnight += i64::from(time.is_some_and(|t| t.is_midnight()));
                return;
            }
        }
        return c.midnight += i64::from(ends_at_midnight(cell));
    }
    let mut rest = Cursor(cell);
    let iso = (|| {
        let year = rest.exactly(4)?;
        rest.skip(b"-").then_some(())?;
        let month = rest.short()?;
        rest.skip(b"-").then_some(())?;
        let day = rest.short()?;
        Some((year, month, day, rest.time_or_end()?))
    })();
    match iso {
        Some((year, month, day, time)) => {
            let valid = is_date(year, month, day) && time.as_ref().is_none_or(Time::exists);
            c.iso += i64::from(valid);
            c.midnight += i64::from(time.is_some_and(|t| t.is_midnight()));
        }
        None => c.midnight += i64::from(ends_at_midnight(cell)),
    }
}

/// For what is no date: whether it ends like a time of midnight.
fn ends_at_midnight(cell: &[u8]) -> bool {
    (0..cell.len()).any(|i| {
        matches!(cell[i], b' ' | b'T')
            && Cursor(&cell[i..])
                .time_or_end()
                .flatten()
                .is_some_and(|t| t.is_midnight())
    })
}

fn is_date(year: i64, month: i64, day: i64) -> bool {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=length).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typing::measured;
    use duckdb::Connection;

    fn reader() -> Reader {
        Reader::new(b',', vec![b"a".to_vec(), b"b".to_vec()])
    }

    fn scanned(text: &[u8]) -> Option<Scan> {
        let mut total = Scan::new(2);
        let regular = reader().file(text, &mut total).unwrap();
        regular.then_some(total)
    }

    /// Pieces that cells are put together from: what people write, and what looks like it.
    const PIECES: &[&str] = &[
        "1",
        "12",
        "2024",
        "0",
        "00",
        "007",
        "999999999999999999",
        "-",
        "+",
        "(",
        ")",
        "$",
        "€",
        "£",
        "%",
        ",",
        ",234",
        ".",
        ".5",
        ".50",
        "e5",
        "E-2",
        " ",
        "/",
        "-01-",
        "-02-30",
        "01-05",
        "31/12/2024",
        "1/2/24",
        "13.5.2024",
        "2024-02-29",
        "2023-02-29",
        " 00:00",
        "T0:00:00",
        " 12:30:15.250",
        " 24:00",
        ":",
        "T",
        "N/A",
        "ERROR",
        "NA",
        "none",
        "yes",
        "False",
        "x",
        "Straße",
        "#DIV/0!",
        "(blank)",
        "?",
        "--",
        "\t",
    ];

    #[test]
    fn the_engine_counts_the_same() {
        let mut state = 20_240_229_u64;
        let mut next = |end: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % end
        };
        let cells: Vec<String> = (0..20_000)
            .map(|_| {
                (0..1 + next(3))
                    .map(|_| PIECES[next(PIECES.len())])
                    .collect()
            })
            .collect();
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TEMP TABLE cells (id INTEGER, cell VARCHAR)")
            .unwrap();
        let mut appender = connection.appender("cells").unwrap();
        for (id, cell) in cells.iter().enumerate() {
            appender
                .append_row(duckdb::params![id as i32, cell])
                .unwrap();
        }
        appender.flush().unwrap();
        drop(appender);
        let theirs = measured(&connection, "cells", "cell", "id").unwrap();
        for (cell, theirs) in cells.iter().zip(theirs) {
            let mut own = Counts::default();
            count(&mut own, cell.as_bytes());
            let own = Counts {
                spaced: theirs.spaced,
                decorated: theirs.decorated,
                parens: theirs.parens,
                short_years: theirs.short_years,
                ..own
            };
            assert_eq!(own, theirs, "{cell:?}");
        }
    }

    #[test]
    fn records_end_where_quotes_say() {
        let text = b"a,b\n1,\"x, \"\"y\"\"\nz\"\r\n2,\n\n,\na , b\n3\n";
        let scan = scanned(text).unwrap();
        assert_eq!((scan.rows, scan.headers, scan.blanks), (5, 1, 1));
        assert_eq!((scan.columns[0].whole, scan.columns[1].filled), (3, 1));
    }

    #[test]
    fn what_is_not_regular_is_left_to_the_engine() {
        for text in [
            &b"a,b\n1,5\" pipe\n"[..],
            b"a,b\n1,2,3\n",
            b"a,b\n1,\"open\n",
            b"a,b\n1,\"x\"y\n",
            b"a,b\r1,2\r",
            b"\n\na,b\n1,2\n",
            b"a,b\n1,caf\xe9\n",
        ] {
            assert!(scanned(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn cuts_between_threads_change_nothing() {
        let mut text = String::from("a,b\n");
        for i in 0..5_000 {
            text.push_str(&format!("{i},\"line {i}\n\"\"quoted\"\", with a comma\"\n"));
        }
        let whole = scanned(text.as_bytes()).unwrap();
        let of = |i: usize| whole.columns[i].clone();
        assert_eq!(
            (whole.rows, of(0).whole, of(1).filled),
            (5_000, 5_000, 5_000)
        );
    }
}
