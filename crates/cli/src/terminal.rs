//! What the place that output goes to can show.

use std::io::IsTerminal;
use unicode_width::UnicodeWidthStr;

/// Narrower than that nothing can be laid out; wider lines are hard to read.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=120;

/// Colours and width of standard output or standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    colour: bool,
    width: Option<usize>,
}

/// What a stretch of text is, which decides how it is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Strong,
    Faint,
    Good,
    Warning,
    Bad,
    Accent,
}

impl Terminal {
    /// Standard output: colours on a terminal unless `NO_COLOR` is set, or where
    /// `CLICOLOR_FORCE` is; a width on a terminal, or where `COLUMNS` says it.
    pub(crate) fn output() -> Self {
        Self::of(std::io::stdout().is_terminal())
    }

    /// Standard error, likewise.
    pub(crate) fn errors() -> Self {
        Self::of(std::io::stderr().is_terminal())
    }

    fn of(is_terminal: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let forced =
            set("CLICOLOR_FORCE") && std::env::var_os("CLICOLOR_FORCE") != Some("0".into());
        let columns = || {
            std::env::var("COLUMNS")
                .ok()
                .and_then(|v| v.parse::<usize>().ok())
        };
        let measured = || terminal_size::terminal_size().map(|(w, _)| usize::from(w.0));
        Terminal {
            colour: !set("NO_COLOR") && (is_terminal || forced),
            width: (is_terminal || forced)
                .then(|| columns().or_else(measured).unwrap_or(100))
                .map(|w| w.clamp(*WIDTHS.start(), *WIDTHS.end())),
        }
    }

    /// Whether colours and pictures made of characters are wanted.
    pub(crate) fn is_rich(self) -> bool {
        self.colour
    }

    /// Characters of a line, where there is a limit.
    pub(crate) fn width(self) -> Option<usize> {
        self.width
    }

    pub(crate) fn paint(self, ink: Ink, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_string();
        }
        let code = match ink {
            Ink::Strong => "1",
            Ink::Faint => "2",
            Ink::Good => "32",
            Ink::Warning => "33",
            Ink::Bad => "31",
            Ink::Accent => "36",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// The text in lines of the terminal's width; later lines are indented.
    pub(crate) fn wrapped(self, text: &str, indent: usize) -> Vec<String> {
        let Some(width) = self.width else {
            return vec![text.to_string()];
        };
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split(' ') {
            let limit = if lines.is_empty() {
                width
            } else {
                width - indent
            };
            if !line.is_empty() && line.width() + 1 + word.width() > limit {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
        for later in lines.iter_mut().skip(1) {
            later.insert_str(0, &" ".repeat(indent));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_never_lose_one() {
        let terminal = Terminal {
            colour: false,
            width: Some(12),
        };
        let lines = terminal.wrapped("North had the highest revenue-per-store ever", 2);
        assert_eq!(
            lines,
            [
                "North had",
                "  the",
                "  highest",
                "  revenue-per-store",
                "  ever"
            ]
        );
        let pipe = Terminal {
            colour: false,
            width: None,
        };
        assert_eq!(pipe.wrapped("one line however long it is", 2).len(), 1);
    }
}
