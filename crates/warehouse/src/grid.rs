//! Rows of cells as a sheet or an irregular text file has them, before anything is known of them.

/// A row that holds something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Line of the file or row of the sheet, counted from 1.
    pub(crate) number: usize,
    pub(crate) cells: Vec<String>,
}

impl Row {
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |c| c.trim())
    }

    /// Columns that hold something.
    pub(crate) fn filled(&self) -> impl Iterator<Item = usize> + '_ {
        self.cells
            .iter()
            .enumerate()
            .filter(|(_, c)| !c.trim().is_empty())
            .map(|(i, _)| i)
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.filled().next().is_none()
    }

    /// One past the last column that holds something.
    pub(crate) fn width(&self) -> usize {
        self.filled().last().map_or(0, |i| i + 1)
    }
}

/// Cells that are shown as one: rows and columns counted from 0, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Merge {
    pub(crate) rows: (usize, usize),
    pub(crate) columns: (usize, usize),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Grid {
    /// The sheet's name, or the file's without its ending.
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) merges: Vec<Merge>,
}

impl Grid {
    pub(crate) fn new(name: &str) -> Self {
        Grid {
            name: name.to_string(),
            ..Grid::default()
        }
    }
}

/// What a cell is by its look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Blank,
    /// A number, an amount, a date or a time.
    Value,
    /// A year or a period ("2024", "Jan 2024", "Q1"), which may head a column as well.
    Period,
    Word,
}

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The month that a word names (1 … 12).
pub(crate) fn month_of(word: &str) -> Option<u32> {
    const FULL: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let lower = word.trim_end_matches('.').to_lowercase();
    if lower == "sept" {
        return Some(9);
    }
    let at = MONTHS
        .iter()
        .position(|m| *m == lower)
        .or_else(|| FULL.iter().position(|m| *m == lower))?;
    u32::try_from(at + 1).ok()
}

pub(crate) fn look(cell: &str) -> Look {
    let cell = cell.trim();
    if cell.is_empty() {
        return Look::Blank;
    }
    if crate::periods::heading(cell).is_some() {
        return Look::Period;
    }
    let bare: String = cell
        .chars()
        .filter(|c| !"$€£¥₹%()+-−,.' \u{a0}\u{202f}".contains(*c))
        .collect();
    if !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit()) {
        return Look::Value;
    }
    // Dates, times and exponents.
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    let dated = bare
        .split(|c: char| !c.is_alphabetic())
        .filter(|w| !w.is_empty())
        .all(|w| {
            month_of(w).is_some()
                || matches!(
                    w.to_ascii_lowercase().as_str(),
                    "t" | "z" | "am" | "pm" | "e" | "st" | "nd" | "rd" | "th" | "utc" | "gmt"
                )
        });
    let signs = bare
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | ':'));
    if digits > 0
        && dated
        && signs
        && cell.starts_with(|c: char| c.is_ascii_digit() || "+-($€£".contains(c))
    {
        return Look::Value;
    }
    if digits > 2 && dated && signs && bare.chars().any(char::is_alphabetic) {
        return Look::Value;
    }
    Look::Word
}

/// The number in a cell, whichever decimal sign it is written with; brackets are negative.
pub(crate) fn amount(cell: &str) -> Option<f64> {
    let cell = cell.trim();
    let negative = (cell.starts_with('(') && cell.ends_with(')')) || cell.ends_with('-');
    let percent = cell.ends_with('%');
    let bare: String = cell
        .chars()
        .filter(|c| !"$€£¥₹%() '\u{a0}\u{202f}+".contains(*c))
        .map(|c| if c == '−' { '-' } else { c })
        .collect();
    let bare = bare.trim_end_matches('-');
    let point = bare.rfind('.');
    let comma = bare.rfind(',');
    let grouped = |s: char| {
        let mut parts = bare.trim_start_matches('-').split(s);
        parts.next().is_some_and(|p| (1..=3).contains(&p.len()))
            && parts.all(|p| p.len() == 3 && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let plain = match (point, comma) {
        (Some(p), Some(c)) if p > c => bare.replace(',', ""),
        (Some(_), Some(_)) => bare.replace('.', "").replace(',', "."),
        (None, Some(_)) if grouped(',') => bare.replace(',', ""),
        (None, Some(_)) => bare.replace(',', "."),
        _ => bare.to_string(),
    };
    let value: f64 = plain.parse().ok().filter(|v: &f64| v.is_finite())?;
    let value = if negative { -value.abs() } else { value };
    Some(if percent { value / 100.0 } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_told_apart_by_their_look() {
        for (cell, want) in [
            ("", Look::Blank),
            ("12", Look::Value),
            ("-1,234.50", Look::Value),
            ("€ 12,5", Look::Value),
            ("(45.00)", Look::Value),
            ("12%", Look::Value),
            ("2024-01-05", Look::Value),
            ("05/01/2024 10:30", Look::Value),
            ("3 Mar 2024", Look::Value),
            ("1.5E3", Look::Value),
            ("2024", Look::Period),
            ("Jan 2024", Look::Period),
            ("Q1", Look::Period),
            ("S1", Look::Word),
            ("North", Look::Word),
            ("12 kg", Look::Word),
            ("order_id", Look::Word),
            ("5th Avenue", Look::Word),
            ("A-1001", Look::Word),
        ] {
            assert_eq!(look(cell), want, "{cell}");
        }
    }

    #[test]
    fn amounts_are_read_with_either_decimal_sign() {
        for (cell, want) in [
            ("1,234.50", Some(1234.5)),
            ("1.234,50", Some(1234.5)),
            ("40,50", Some(40.5)),
            ("1,200", Some(1200.0)),
            ("(45.00)", Some(-45.0)),
            ("$12", Some(12.0)),
            ("50%", Some(0.5)),
            ("n/a", None),
        ] {
            assert_eq!(amount(cell), want, "{cell}");
        }
    }
}
