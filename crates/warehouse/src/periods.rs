//! Periods as the heads of columns: "Jan 2024", "2024-03", "Q1 2024", "FY2023", "2024".

use crate::grid::month_of;

/// A period that a column's name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Period {
    Year(i32),
    Quarter(Option<i32>, u32),
    Month(Option<i32>, u32),
    Day(i32, u32, u32),
}

impl Period {
    /// The first day, as `YYYY-MM-DD`; a month or quarter without a year has none.
    pub(crate) fn first_day(self) -> Option<String> {
        let (y, m, d) = match self {
            Period::Year(y) => (y, 1, 1),
            Period::Quarter(y, q) => (y?, 3 * (q - 1) + 1, 1),
            Period::Month(y, m) => (y?, m, 1),
            Period::Day(y, m, d) => (y, m, d),
        };
        Some(format!("{y:04}-{m:02}-{d:02}"))
    }

    /// What the period is called, as the head of the column that it becomes.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Period::Year(_) => "year",
            Period::Quarter(..) => "quarter",
            Period::Month(..) => "month",
            Period::Day(..) => "date",
        }
    }
}

fn year(word: &str) -> Option<i32> {
    let digits = word.strip_prefix('\'').unwrap_or(word);
    let value: i32 = digits.parse().ok()?;
    match digits.len() {
        4 => (1950..=2100).contains(&value).then_some(value),
        2 if value < 70 => Some(2000 + value),
        2 => Some(1900 + value),
        _ => None,
    }
}

fn quarter(word: &str) -> Option<u32> {
    let rest = word.strip_prefix(['q', 'Q'])?;
    rest.parse().ok().filter(|q| (1..=4).contains(q))
}

/// The period that a cell names and nothing besides.
pub(crate) fn heading(cell: &str) -> Option<Period> {
    let cell = cell.trim();
    if cell.len() > 24 || cell.is_empty() {
        return None;
    }
    if cell.len() == 4 && cell.bytes().all(|b| b.is_ascii_digit()) {
        return year(cell).map(Period::Year);
    }
    let lower = cell.to_lowercase();
    if let Some(rest) = lower
        .strip_prefix("fy")
        .or_else(|| lower.strip_prefix("cy"))
    {
        return year(rest.trim()).map(Period::Year);
    }
    let words: Vec<&str> = cell
        .split([' ', '-', '/', '_', ',', '.'])
        .filter(|w| !w.is_empty())
        .collect();
    match words[..] {
        [one] => {
            if let Some(m) = month_of(one) {
                return Some(Period::Month(None, m));
            }
            if let Some(q) = quarter(one) {
                return Some(Period::Quarter(None, q));
            }
            // "Jan24", "2024Q1".
            let cut = one.find(|c: char| c.is_ascii_digit()).filter(|at| *at > 0);
            if let Some(at) = cut
                && let (Some(m), Some(y)) = (month_of(&one[..at]), year(&one[at..]))
            {
                return Some(Period::Month(Some(y), m));
            }
            let (y, q) = (one.get(..4)?, one.get(4..)?);
            Some(Period::Quarter(Some(year(y)?), quarter(q)?))
        }
        [a, b] => {
            if let (Some(m), Some(y)) = (month_of(a), year(b)) {
                return Some(Period::Month(Some(y), m));
            }
            if let (Some(y), Some(m)) = (year(a).filter(|_| a.len() == 4), month_of(b)) {
                return Some(Period::Month(Some(y), m));
            }
            if let (Some(q), Some(y)) = (quarter(a), year(b)) {
                return Some(Period::Quarter(Some(y), q));
            }
            if let (Some(y), Some(q)) = (year(a).filter(|_| a.len() == 4), quarter(b)) {
                return Some(Period::Quarter(Some(y), q));
            }
            let month = |w: &str| w.parse::<u32>().ok().filter(|m| (1..=12).contains(m));
            if a.len() == 4 && b.len() == 2 {
                return Some(Period::Month(Some(year(a)?), month(b)?));
            }
            if a.len() == 2 && b.len() == 4 {
                return Some(Period::Month(Some(year(b)?), month(a)?));
            }
            None
        }
        _ => None,
    }
}

/// As [`heading`], and days written `YYYY-MM-DD` (with or without midnight) as well.
pub(crate) fn column_head(cell: &str) -> Option<Period> {
    if let Some(found) = heading(cell) {
        return Some(found);
    }
    let day = cell.trim().strip_suffix(" 00:00:00").unwrap_or(cell.trim());
    let mut parts = day.split('-');
    let (y, m, d) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || y.len() != 4 || m.len() != 2 || d.len() != 2 {
        return None;
    }
    let (m, d): (u32, u32) = (m.parse().ok()?, d.parse().ok()?);
    ((1..=12).contains(&m) && (1..=31).contains(&d)).then_some(Period::Day(year(y)?, m, d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_columns_name_periods() {
        for (cell, want) in [
            ("2024", Some(Period::Year(2024))),
            ("FY23", Some(Period::Year(2023))),
            ("Jan 2024", Some(Period::Month(Some(2024), 1))),
            ("Sept-23", Some(Period::Month(Some(2023), 9))),
            ("Jan'24", None),
            ("Mar24", Some(Period::Month(Some(2024), 3))),
            ("2024-03", Some(Period::Month(Some(2024), 3))),
            ("03/2024", Some(Period::Month(Some(2024), 3))),
            ("Q1 2024", Some(Period::Quarter(Some(2024), 1))),
            ("2024Q3", Some(Period::Quarter(Some(2024), 3))),
            ("March", Some(Period::Month(None, 3))),
            ("2024-03-01", Some(Period::Day(2024, 3, 1))),
            ("1234", None),
            ("region", None),
            ("May Sales", None),
        ] {
            assert_eq!(column_head(cell), want, "{cell}");
        }
    }
}
