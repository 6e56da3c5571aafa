//! A line that is typed at a prompt: editing, history, completion.
//!
//! The keys are those of readline. The terminal is in raw mode only while a line is being typed, so
//! that Ctrl-C is a key here and a signal everywhere else.

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Lines of the history that are offered.
const REMEMBERED: usize = 1_000;
/// Lines of its file at which it is written anew.
const LONGEST: usize = 4 * REMEMBERED;
/// Columns where the terminal does not say how many it has.
const COLUMNS: usize = 80;

/// How a line ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    Line(String),
    /// Ctrl-C: the line is given up.
    GivenUp,
    /// Ctrl-D on an empty line, or the terminal is gone.
    End,
}

/// What is offered for a text: whole texts that begin another way to go on.
pub(crate) type Complete<'a> = &'a dyn Fn(&str) -> Vec<String>;

/// Reads lines from the terminal and remembers them in a file.
pub(crate) struct LineEditor {
    file: PathBuf,
    history: Vec<String>,
}

impl LineEditor {
    /// With the history of that file, if there is one.
    pub(crate) fn with_history(file: PathBuf) -> LineEditor {
        let text = fs::read(&file).unwrap_or_default();
        let mut history: Vec<String> = String::from_utf8_lossy(&text)
            .lines()
            .map(|line| line.chars().filter(|c| !c.is_control()).collect())
            .collect();
        if history.len() > LONGEST {
            history.drain(..history.len() - REMEMBERED);
            // Where this is not possible the file stays long.
            let _ = replace(&file, &history);
        }
        let surplus = history.len().saturating_sub(REMEMBERED);
        history.drain(..surplus);
        LineEditor { file, history }
    }

    /// Remembers a line, once if it is repeated.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn remember(&mut self, line: &str) -> io::Result<()> {
        if self.history.last().is_some_and(|last| last == line) {
            return Ok(());
        }
        self.history.push(line.to_string());
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // One write, so that lines of two terminals do not mix.
        options
            .open(&self.file)?
            .write_all(format!("{line}\n").as_bytes())
    }

    /// Reads a line.
    ///
    /// # Errors
    /// When the terminal cannot be set or read.
    pub(crate) fn read(&self, prompt: &Prompt, complete: Complete<'_>) -> io::Result<Entered> {
        let raw = Raw::enter()?;
        let mut out = io::stdout().lock();
        let mut typing = Typing::new(&self.history);
        let mut keys = Keys::default();
        typing.draw(&mut out, prompt)?;
        let mut input = io::stdin().lock();
        loop {
            let mut byte = [0];
            if input.read(&mut byte)? == 0 {
                break Ok(Entered::End);
            }
            let Some(key) = keys.next(byte[0]) else {
                continue;
            };
            let done = typing.press(key, complete);
            if let Some(offered) = typing.offered.take() {
                write!(out, "\r\n{}\r\n", offered.join("\r\n"))?;
            }
            typing.draw(&mut out, prompt)?;
            if let Some(entered) = done {
                write!(out, "\r\n")?;
                out.flush()?;
                drop(raw);
                break Ok(entered);
            }
        }
    }
}

fn replace(file: &Path, lines: &[String]) -> io::Result<()> {
    let part = file.with_extension(format!("{}.part", std::process::id()));
    fs::write(&part, lines.join("\n") + "\n")?;
    fs::rename(&part, file)
}

/// What stands before the line.
pub(crate) struct Prompt {
    /// As it is written, with colours.
    pub(crate) painted: String,
    /// Columns that it takes.
    pub(crate) width: usize,
}

/// Every key comes as bytes for as long as this lives.
struct Raw(Termios);

impl Raw {
    fn enter() -> io::Result<Raw> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Drain, &raw)?;
        Ok(Raw(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // There is nobody left to tell where the terminal is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.0);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Character(char),
    Enter,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
    Up,
    Down,
    /// From the cursor back to the start.
    CutBefore,
    /// From the cursor to the end.
    CutAfter,
    CutWord,
    Interrupt,
    /// Ctrl-D.
    Close,
}

/// Takes bytes together to keys: UTF-8, and the sequences that terminals send for keys without a sign.
#[derive(Default)]
struct Keys {
    begun: Vec<u8>,
}

impl Keys {
    /// The key that a byte completes.
    fn next(&mut self, byte: u8) -> Option<Key> {
        self.begun.push(byte);
        match &self.begun[..] {
            [0x1b] | [0x1b, b'[' | b'O'] => None,
            [0x1b, b'[', .., last] if !(0x40..=0x7e).contains(last) => None,
            [0x1b, ..] => {
                let sequence = std::mem::take(&mut self.begun);
                Self::named(&sequence)
            }
            _ => self.character(),
        }
    }

    fn named(sequence: &[u8]) -> Option<Key> {
        Some(match sequence {
            b"\x1b[A" | b"\x1bOA" => Key::Up,
            b"\x1b[B" | b"\x1bOB" => Key::Down,
            b"\x1b[C" | b"\x1bOC" => Key::Right,
            b"\x1b[D" | b"\x1bOD" => Key::Left,
            b"\x1b[H" | b"\x1bOH" | b"\x1b[1~" | b"\x1b[7~" => Key::Start,
            b"\x1b[F" | b"\x1bOF" | b"\x1b[4~" | b"\x1b[8~" => Key::End,
            b"\x1b[3~" => Key::Delete,
            b"\x1b[1;5C" | b"\x1b[1;3C" | b"\x1bf" => Key::WordRight,
            b"\x1b[1;5D" | b"\x1b[1;3D" | b"\x1bb" => Key::WordLeft,
            _ => return None,
        })
    }

    fn character(&mut self) -> Option<Key> {
        let key = match std::str::from_utf8(&self.begun) {
            Ok(text) => text.chars().next().and_then(Self::typed),
            // The rest of it comes with the next bytes.
            Err(e) if e.error_len().is_none() => return None,
            Err(_) => None,
        };
        self.begun.clear();
        key
    }

    fn typed(c: char) -> Option<Key> {
        Some(match c {
            '\r' | '\n' => Key::Enter,
            '\t' => Key::Tab,
            '\u{7f}' | '\u{8}' => Key::Backspace,
            '\u{1}' => Key::Start,
            '\u{2}' => Key::Left,
            '\u{3}' => Key::Interrupt,
            '\u{4}' => Key::Close,
            '\u{5}' => Key::End,
            '\u{6}' => Key::Right,
            '\u{b}' => Key::CutAfter,
            '\u{e}' => Key::Down,
            '\u{10}' => Key::Up,
            '\u{15}' => Key::CutBefore,
            '\u{17}' => Key::CutWord,
            c if c.is_control() => return None,
            c => Key::Character(c),
        })
    }
}

/// A line as it stands.
struct Typing<'a> {
    history: &'a [String],
    /// Which line of the history is shown; its length for the line that is typed.
    at: usize,
    /// The line that is typed, while another is shown.
    draft: Vec<char>,
    line: Vec<char>,
    cursor: usize,
    /// What is to be listed.
    offered: Option<Vec<String>>,
}

impl<'a> Typing<'a> {
    fn new(history: &'a [String]) -> Self {
        Typing {
            history,
            at: history.len(),
            draft: Vec::new(),
            line: Vec::new(),
            cursor: 0,
            offered: None,
        }
    }

    /// What a key does; how the line ended, if it ends it.
    fn press(&mut self, key: Key, complete: Complete<'_>) -> Option<Entered> {
        match key {
            Key::Character(c) => {
                self.line.insert(self.cursor, c);
                self.cursor += 1;
            }
            Key::Enter => return Some(Entered::Line(self.line.iter().collect())),
            Key::Interrupt => return Some(Entered::GivenUp),
            Key::Close if self.line.is_empty() => return Some(Entered::End),
            Key::Close | Key::Delete => {
                if self.cursor < self.line.len() {
                    self.line.remove(self.cursor);
                }
            }
            Key::Backspace => {
                if let Some(before) = self.cursor.checked_sub(1) {
                    self.line.remove(before);
                    self.cursor = before;
                }
            }
            Key::Left => self.cursor = self.cursor.saturating_sub(1),
            Key::Right => self.cursor = (self.cursor + 1).min(self.line.len()),
            Key::WordLeft => self.cursor = self.word_before(),
            Key::WordRight => self.cursor = self.word_after(),
            Key::Start => self.cursor = 0,
            Key::End => self.cursor = self.line.len(),
            Key::Up => self.show(self.at.saturating_sub(1)),
            Key::Down => self.show((self.at + 1).min(self.history.len())),
            Key::CutBefore => self.cut(0),
            Key::CutAfter => self.line.truncate(self.cursor),
            Key::CutWord => self.cut(self.word_before()),
            Key::Tab => self.complete(complete),
        }
        None
    }

    fn cut(&mut self, from: usize) {
        self.line.drain(from..self.cursor);
        self.cursor = from;
    }

    fn word_before(&self) -> usize {
        let before = &self.line[..self.cursor];
        let end = before.iter().rposition(|c| !c.is_whitespace());
        end.map_or(0, |end| {
            before[..end]
                .iter()
                .rposition(|c| c.is_whitespace())
                .map_or(0, |space| space + 1)
        })
    }

    fn word_after(&self) -> usize {
        let after = &self.line[self.cursor..];
        let start = after.iter().position(|c| !c.is_whitespace());
        let end = start.and_then(|s| {
            after[s..]
                .iter()
                .position(|c| c.is_whitespace())
                .map(|e| s + e)
        });
        end.map_or(self.line.len(), |end| self.cursor + end)
    }

    /// Shows a line of the history, or the draft.
    fn show(&mut self, at: usize) {
        if at == self.at {
            return;
        }
        if self.at == self.history.len() {
            self.draft = std::mem::take(&mut self.line);
        }
        self.line = match self.history.get(at) {
            Some(line) => line.chars().collect(),
            None => std::mem::take(&mut self.draft),
        };
        self.at = at;
        self.cursor = self.line.len();
    }

    /// Takes what all ways to go on have in common; lists them where that is no more than what stands
    /// there.
    fn complete(&mut self, complete: Complete<'_>) {
        let typed: String = self.line[..self.cursor].iter().collect();
        let offered = complete(&typed);
        let Some(mut common) = offered.first().map(|o| o.chars().collect::<Vec<char>>()) else {
            return;
        };
        for other in &offered[1..] {
            let same = common
                .iter()
                .zip(other.chars())
                .take_while(|(a, b)| **a == *b)
                .count();
            common.truncate(same);
        }
        if common.len() > self.cursor {
            let after = self.line.split_off(self.cursor);
            self.line = common;
            self.cursor = self.line.len();
            self.line.extend(after);
        } else if offered.len() > 1 {
            self.offered = Some(offered);
        } else if let Some(only) = offered.into_iter().next() {
            // It spells what was typed in another way.
            let after = self.line.split_off(self.cursor);
            self.line = only.chars().collect();
            self.cursor = self.line.len();
            self.line.extend(after);
        }
    }

    /// Writes the line over itself; of one that is too long, the part around the cursor.
    fn draw(&self, out: &mut impl Write, prompt: &Prompt) -> io::Result<()> {
        let columns = terminal_size::terminal_size().map_or(COLUMNS, |(w, _)| usize::from(w.0));
        let (shown, before) = self.window(columns.saturating_sub(prompt.width + 1).max(8));
        write!(out, "\r{}{shown}\u{1b}[K\r", prompt.painted)?;
        let column = prompt.width + before;
        if column > 0 {
            write!(out, "\u{1b}[{column}C")?;
        }
        out.flush()
    }

    /// The part of the line that fits into `room` columns, and the columns of it before the cursor.
    fn window(&self, room: usize) -> (String, usize) {
        let width = |c: &char| c.width().unwrap_or(0);
        let mut from = self.cursor;
        let mut before = 0;
        while from > 0 && before + width(&self.line[from - 1]) <= room {
            from -= 1;
            before += width(&self.line[from]);
        }
        let mut shown = String::new();
        for c in &self.line[from..] {
            if shown.width() + width(c) > room {
                break;
            }
            shown.push(*c);
        }
        (shown, before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types bytes; the line, the place of the cursor and how it ended.
    fn typed(history: &[&str], bytes: &str) -> (String, usize, Option<Entered>) {
        let offers = |text: &str| -> Vec<String> {
            ["sales by region", "sales by month", "orders"]
                .iter()
                .filter(|o| o.starts_with(&text.to_lowercase()))
                .map(|o| o.to_string())
                .collect()
        };
        let history: Vec<String> = history.iter().map(|h| h.to_string()).collect();
        let mut typing = Typing::new(&history);
        let mut keys = Keys::default();
        let mut entered = None;
        for byte in bytes.bytes() {
            if let Some(key) = keys.next(byte) {
                entered = typing.press(key, &offers);
            }
        }
        (typing.line.iter().collect(), typing.cursor, entered)
    }

    #[test]
    fn keys_edit_the_line() {
        for (bytes, line, cursor) in [
            ("abc", "abc", 3),
            ("abc\u{1b}[D\u{1b}[Dx", "axbc", 2),
            ("Zürich\u{7f}\u{7f}", "Züri", 4),
            ("売上\u{1b}[Hx", "x売上", 1),
            ("a b  c\u{17}", "a b  ", 5),
            ("a b  c\u{17}\u{17}", "a ", 2),
            ("one two\u{1}\u{b}", "", 0),
            ("one two\u{1b}b\u{15}", "two", 0),
            ("one two\u{1}\u{1b}[1;5C!", "one! two", 4),
            ("abc\u{1b}[D\u{1b}[3~", "ab", 2),
            ("\u{7f}\u{1b}[D\u{1b}[3~x", "x", 1),
            ("a\u{1b}[99~\u{1b}[15;2~b", "ab", 2),
        ] {
            let (l, c, ended) = typed(&[], bytes);
            assert_eq!((l.as_str(), c, ended), (line, cursor, None), "{bytes:?}");
        }
    }

    #[test]
    fn a_line_ends_in_three_ways() {
        assert_eq!(typed(&[], "sales\r").2, Some(Entered::Line("sales".into())));
        assert_eq!(typed(&[], "sales\u{3}").2, Some(Entered::GivenUp));
        assert_eq!(typed(&[], "\u{4}").2, Some(Entered::End));
        assert_eq!(typed(&[], "sales\u{4}").2, None);
    }

    #[test]
    fn the_history_comes_back_and_the_draft_is_not_lost() {
        let up = "\u{1b}[A";
        let down = "\u{1b}[B";
        let history = ["first", "second"];
        for (keys, line) in [
            (format!("draft{up}"), "second"),
            (format!("draft{up}{up}{up}"), "first"),
            (format!("draft{up}{up}{down}"), "second"),
            (format!("draft{up}{up}{down}{down}{down}"), "draft"),
        ] {
            assert_eq!(typed(&history, &keys).0, line, "{keys:?}");
        }
    }

    #[test]
    fn tab_takes_what_is_common_and_then_lists() {
        assert_eq!(typed(&[], "sa\t").0, "sales by ");
        assert_eq!(typed(&[], "sales by r\t").0, "sales by region");
        assert_eq!(typed(&[], "ORD\t").0, "orders");
        assert_eq!(typed(&[], "nothing\t").0, "nothing");
        let offers = |_: &str| vec!["ab".to_string(), "ac".to_string()];
        let mut typing = Typing::new(&[]);
        typing.press(Key::Character('a'), &offers);
        typing.press(Key::Tab, &offers);
        assert_eq!(typing.offered, Some(offers("")));
        assert_eq!(typing.line, ['a']);
    }

    #[test]
    fn a_long_line_shows_the_part_around_the_cursor() {
        let mut typing = Typing::new(&[]);
        typing.line = "0123456789売上".chars().collect();
        typing.cursor = 12;
        assert_eq!(typing.window(8), ("6789売上".into(), 8));
        typing.cursor = 0;
        assert_eq!(typing.window(8), ("01234567".into(), 0));
        typing.cursor = 3;
        assert_eq!(typing.window(40), ("0123456789売上".into(), 3));
    }
}
