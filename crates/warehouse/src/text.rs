//! Text files of any encoding, and the rows of delimited text that is not regular.
//!
//! A byte-order mark says which Unicode a file is in; without one, zero bytes at every second place
//! do. What is no UTF-8 is taken for Windows-1252, what spreadsheets in the West write, line by line,
//! so that a file with lines of both is read too.

use crate::WarehouseError;
use crate::grid::{Grid, Row};
use crate::reading::Reading;
use crate::source::Input;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

/// Which of the two UTF-16 a text is in.
fn utf16(head: &[u8]) -> Option<&'static Encoding> {
    if head.starts_with(&[0xff, 0xfe]) {
        return Some(UTF_16LE);
    }
    if head.starts_with(&[0xfe, 0xff]) {
        return Some(UTF_16BE);
    }
    let pairs = head.len().min(4096) / 2;
    if pairs < 4 {
        return None;
    }
    let zeros = |at: usize| (0..pairs).filter(|i| head[2 * i + at] == 0).count();
    let (high_first, low_first) = (zeros(0), zeros(1));
    // Western text has a zero in most characters, always on the same side.
    if low_first * 2 > pairs && high_first * 10 < pairs {
        Some(UTF_16LE)
    } else if high_first * 2 > pairs && low_first * 10 < pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Whether the first bytes of a file are text of any encoding.
pub(crate) fn is_text(head: &[u8]) -> bool {
    utf16(head).is_some() || !head.contains(&0)
}

/// The first characters, for a look at what they are.
pub(crate) fn decode_start(head: &[u8]) -> String {
    match utf16(head) {
        Some(encoding) => encoding.decode(head).0.into_owned(),
        None => String::from_utf8_lossy(head).into_owned(),
    }
}

/// The file itself where it is UTF-8 or some text of one byte a character; a copy in UTF-8 where it
/// is UTF-16 or where the user names its encoding.
pub(crate) fn utf8(
    input: &Input,
    scratch: &Path,
    reading: &Reading,
) -> Result<(Input, Option<String>), WarehouseError> {
    let head = crate::source::start_of(&input.path, &input.shown, 65_536)?;
    let named = reading.encoding()?.filter(|e| *e != UTF_8);
    let Some(encoding) = named.or_else(|| utf16(&head)) else {
        return Ok((input.clone(), None));
    };
    let mut n = 0;
    let path = loop {
        let path = scratch.join(format!("decoded-{n}.txt"));
        if !path.exists() {
            break path;
        }
        n += 1;
    };
    transcode(&input.path, &path, encoding).map_err(|e| WarehouseError::Unreadable {
        path: input.shown.clone(),
        reason: e.to_string(),
    })?;
    let note = format!("{} read as {}", input.file_name(), encoding.name());
    Ok((
        Input {
            path,
            shown: input.shown.clone(),
        },
        Some(note),
    ))
}

fn transcode(from: &Path, to: &Path, encoding: &'static Encoding) -> io::Result<()> {
    let mut reader = DecodeReaderBytesBuilder::new()
        .encoding(Some(encoding))
        .bom_override(true)
        .build(BufReader::new(File::open(from)?));
    let mut writer = BufWriter::new(File::create_new(to)?);
    io::copy(&mut reader, &mut writer)?;
    writer.flush()
}

/// A first line `sep=;`, which some programs write for Excel: the separator, and where the rest
/// starts.
pub(crate) fn declared_separator(text: &str) -> Option<(char, usize)> {
    let rest = text.get(..4).filter(|s| s.eq_ignore_ascii_case("sep="))?;
    let separator = text[rest.len()..].chars().next()?;
    let after = rest.len() + separator.len_utf8();
    let end = text[after..].find(['\n', '\r'])?;
    (text[after..after + end].trim().is_empty() && separator.is_ascii())
        .then_some((separator, after + end))
}

/// Bytes as text: UTF-8, and what is none, line by line, Windows-1252. Says how many lines these were.
fn decoded(bytes: &[u8]) -> (Cow<'_, str>, usize) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), 0);
    }
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 8);
    let mut foreign = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        match std::str::from_utf8(line) {
            Ok(text) => out.push_str(text),
            Err(_) => {
                foreign += 1;
                out.push_str(&WINDOWS_1252.decode_without_bom_handling(line).0);
            }
        }
    }
    (Cow::Owned(out), foreign)
}

/// All rows of a delimited file, with what has to be said about how they were read.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn grid(input: &Input, delimiter: char) -> Result<(Grid, Vec<String>), WarehouseError> {
    let bytes = std::fs::read(&input.path).map_err(|e| WarehouseError::Unreadable {
        path: input.shown.clone(),
        reason: e.to_string(),
    })?;
    let (text, foreign) = decoded(&bytes);
    let mut notes = Vec::new();
    if foreign > 0 {
        notes.push(format!(
            "{} is no UTF-8; read as Windows-1252",
            input.stem()
        ));
    }
    let mut grid = Grid::new(&input.stem());
    let (start, first_line) = match declared_separator(&text) {
        Some((_, at)) => (at, 1),
        None => (0, 1),
    };
    let unclosed = records(&text[start..], delimiter, first_line, &mut grid.rows);
    if unclosed > 0 {
        notes.push(format!(
            "{}: {unclosed} quote{} never closed, read as part of the cell",
            input.stem(),
            if unclosed == 1 { " is" } else { "s are" }
        ));
    }
    Ok((grid, notes))
}

/// Cuts text into records. Quotes enclose separators and line ends; a quote that nothing closes is a
/// sign like others. Returns how many of these there were.
fn records(text: &str, delimiter: char, first_line: usize, rows: &mut Vec<Row>) -> usize {
    let mut unclosed = 0;
    let mut line = first_line;
    let mut at = 0;
    while at < text.len() {
        let (record, next, lines) = match record(&text[at..], delimiter, true) {
            Some(read) => read,
            None => {
                unclosed += 1;
                match record(&text[at..], delimiter, false) {
                    Some(read) => read,
                    None => break,
                }
            }
        };
        rows.push(Row {
            number: line,
            cells: record,
        });
        at += next;
        line += lines;
    }
    unclosed
}

/// One record: its cells, where the next one starts and how many line ends were passed. `None` where
/// a quote is opened and never closed.
fn record(text: &str, delimiter: char, quotes: bool) -> Option<(Vec<String>, usize, usize)> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut lines = 0;
    let mut characters = text.char_indices().peekable();
    let mut at_start = true;
    while let Some((i, c)) = characters.next() {
        if c == '"' && quotes && at_start {
            let mut enclosed = 0;
            loop {
                let (_, inner) = characters.next()?;
                if inner == '"' {
                    if characters.next_if(|(_, n)| *n == '"').is_some() {
                        cell.push('"');
                    } else {
                        break;
                    }
                } else {
                    enclosed += usize::from(inner == '\n');
                    cell.push(inner);
                }
            }
            at_start = false;
            // A cell over several lines that goes on after its end is two stray quotes.
            let goes_on = characters
                .peek()
                .is_some_and(|(_, n)| *n != delimiter && !matches!(n, '\n' | '\r' | ' '));
            if enclosed > 0 && goes_on {
                return None;
            }
            lines += enclosed;
        } else if c == delimiter {
            cells.push(std::mem::take(&mut cell));
            at_start = true;
        } else if c == '\n' || c == '\r' {
            let mut end = i + 1;
            if c == '\r' && characters.next_if(|(_, n)| *n == '\n').is_some() {
                end += 1;
            }
            cells.push(cell);
            return Some((cells, end, lines + 1));
        } else {
            // Spaces before a quote belong to nothing.
            at_start = at_start && c == ' ';
            if c != '\0' {
                cell.push(c);
            }
            if at_start && characters.peek().is_some_and(|(_, n)| *n == '"') {
                cell.clear();
            }
        }
    }
    cells.push(cell);
    Some((cells, text.len(), lines + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        records(text, ',', 1, &mut rows);
        rows.into_iter().map(|r| r.cells).collect()
    }

    #[test]
    fn records_are_cut_at_line_ends_outside_quotes() {
        for (text, want) in [
            ("a,b\n1,2\n", vec![vec!["a", "b"], vec!["1", "2"]]),
            ("a,b\r1,2\r", vec![vec!["a", "b"], vec!["1", "2"]]),
            ("a,\"x\ny\"\r\n", vec![vec!["a", "x\ny"]]),
            ("1,\"5\"\" pipe\"\n", vec![vec!["1", "5\" pipe"]]),
            ("2,5\" pipe\n", vec![vec!["2", "5\" pipe"]]),
            (
                "1,\"cut,2\n3,4",
                vec![vec!["1", "\"cut", "2"], vec!["3", "4"]],
            ),
            ("a,,\n", vec![vec!["a", "", ""]]),
        ] {
            assert_eq!(cells(text), want, "{text:?}");
        }
    }

    #[test]
    fn lines_of_two_encodings_are_read_each_in_its_own() {
        let bytes = b"name,price\n\x91Nduja\x92,\x805\ncaf\xc3\xa9,2\n";
        let (text, foreign) = decoded(bytes);
        assert_eq!(
            text,
            "name,price\n\u{2018}Nduja\u{2019},\u{20ac}5\ncaf\u{e9},2\n"
        );
        assert_eq!(foreign, 1);
    }

    #[test]
    fn unicode_of_two_bytes_is_seen_without_a_mark() {
        let text = "order_id,amount\n1,2\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(utf16(&little), Some(UTF_16LE));
        assert_eq!(utf16(&big), Some(UTF_16BE));
        assert_eq!(utf16(text.as_bytes()), None);
        assert!(!is_text(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"));
    }

    #[test]
    fn a_separator_may_be_declared() {
        assert_eq!(declared_separator("sep=;\na;b\n"), Some((';', 5)));
        assert_eq!(declared_separator("sepal,petal\n"), None);
    }
}
