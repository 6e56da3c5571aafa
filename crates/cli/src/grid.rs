//! A result table in characters, as wide as there is room.

use crate::cells::{one_line, written};
use crate::terminal::{Ink, Terminal};
use answer::{Cell, ColumnRole, ResultTable};
use unicode_width::UnicodeWidthStr;

/// Rows that are shown.
const ROWS: usize = 20;
/// A column of words is not cut shorter than that.
const NARROWEST: usize = 8;
const WIDEST: usize = 48;
const GAP: usize = 2;
/// Characters of the longest bar.
const BAR: usize = 18;

/// Lines of the table; rows in `answers` stand out.
pub(crate) fn lines(result: &ResultTable, terminal: Terminal, answers: &[usize]) -> Vec<String> {
    first_lines(result, terminal, answers, ROWS)
}

/// Lines of all rows of a table.
pub(crate) fn all_lines(result: &ResultTable, terminal: Terminal) -> Vec<String> {
    first_lines(result, terminal, &[], usize::MAX)
}

fn first_lines(
    result: &ResultTable,
    terminal: Terminal,
    answers: &[usize],
    at_most: usize,
) -> Vec<String> {
    let shown = result.rows.len().min(at_most);
    let texts: Vec<Vec<String>> = result
        .columns
        .iter()
        .enumerate()
        .map(|(c, column)| {
            let cells: Vec<&Cell> = result.rows[..shown].iter().map(|r| &r[c]).collect();
            written(column, &cells)
        })
        .collect();
    let names: Vec<String> = result.columns.iter().map(|c| one_line(&c.name)).collect();
    let mut widths: Vec<usize> = names
        .iter()
        .zip(&texts)
        .map(|(name, column)| {
            let longest = column.iter().map(|t| t.width()).max().unwrap_or(0);
            longest.max(name.width()).min(WIDEST)
        })
        .collect();
    let is_number = |c: usize| result.columns[c].role == ColumnRole::Measure;
    let left_out = fit(&mut widths, terminal.width(), &is_number);
    let line = |cells: &dyn Fn(usize) -> String| -> String {
        widths
            .iter()
            .enumerate()
            .map(|(c, width)| aligned(&cells(c), *width, is_number(c)))
            .collect::<Vec<_>>()
            .join(&" ".repeat(GAP))
    };
    let mut out = vec![terminal.paint(Ink::Faint, line(&|c| names[c].clone()).trim_end())];
    if terminal.is_rich() {
        let rule: Vec<String> = widths.iter().map(|w| "─".repeat(*w)).collect();
        out.push(terminal.paint(Ink::Faint, &rule.join(&" ".repeat(GAP))));
    }
    let bars = bars(result, shown, &widths, terminal);
    out.extend((0..shown).map(|row| {
        let text = line(&|c| texts[c][row].clone());
        let text = if answers.contains(&row) {
            terminal.paint(Ink::Strong, &text)
        } else {
            text
        };
        let bar = bars.get(row).map_or("", String::as_str);
        format!("{text}{}", terminal.paint(Ink::Accent, bar))
            .trim_end()
            .to_string()
    }));
    let hidden = result.row_count - shown;
    if hidden > 0 {
        let more = if result.truncated { "more than " } else { "" };
        out.push(terminal.paint(
            Ink::Faint,
            &format!("… {more}{hidden} more rows; --json has them all"),
        ));
    }
    if left_out > 0 {
        out.push(terminal.paint(
            Ink::Faint,
            &format!("… {left_out} more columns; --json has them all"),
        ));
    }
    out
}

/// Narrows columns of words, then leaves out the last columns; returns how many.
fn fit(widths: &mut Vec<usize>, room: Option<usize>, is_number: &dyn Fn(usize) -> bool) -> usize {
    let Some(room) = room else { return 0 };
    let total = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * (widths.len() - 1);
    while total(widths) > room {
        let widest = (0..widths.len())
            .filter(|c| !is_number(*c) && widths[*c] > NARROWEST)
            .max_by_key(|c| widths[*c]);
        match widest {
            Some(c) => widths[c] -= 1,
            None => break,
        }
    }
    let all = widths.len();
    while widths.len() > 1 && total(widths) > room {
        widths.pop();
    }
    all - widths.len()
}

fn aligned(text: &str, width: usize, right: bool) -> String {
    let mut text = text.to_string();
    if text.width() > width {
        while text.width() + 1 > width && text.pop().is_some() {}
        text.push('…');
    }
    let pad = " ".repeat(width.saturating_sub(text.width()));
    if right { pad + &text } else { text + &pad }
}

/// Bars beside the rows, for a single measure if all of it is positive and there is room.
fn bars(result: &ResultTable, shown: usize, widths: &[usize], terminal: Terminal) -> Vec<String> {
    let room = terminal.width().unwrap_or(0);
    let used = widths.iter().sum::<usize>() + GAP * widths.len();
    // Beside several measures it would not be clear which one they show.
    let mut measures =
        (0..result.columns.len()).filter(|c| result.columns[*c].role == ColumnRole::Measure);
    let measure = measures.next().filter(|_| measures.next().is_none());
    let Some(measure) = measure.filter(|_| terminal.is_rich() && shown > 1) else {
        return Vec::new();
    };
    let numbers: Vec<f64> = result
        .rows
        .iter()
        .map(|r| r[measure].as_f64().unwrap_or(0.0))
        .collect();
    let largest = numbers.iter().copied().fold(0.0, f64::max);
    if used + BAR > room || largest <= 0.0 || numbers.iter().any(|x| *x < 0.0) {
        return Vec::new();
    }
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    numbers
        .iter()
        .take(shown)
        .map(|x| {
            let eighths = (x / largest * BAR as f64 * 8.0).round() as usize;
            format!(
                "{}{}{}",
                " ".repeat(GAP),
                "█".repeat(eighths / 8),
                EIGHTHS[eighths % 8]
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_give_way_before_numbers_and_last_columns_before_first() {
        let number = |c: usize| c > 0;
        let mut widths = vec![30, 12, 12];
        assert_eq!(fit(&mut widths, Some(44), &number), 0);
        assert_eq!(widths, [16, 12, 12]);
        let mut widths = vec![30, 20, 20];
        assert_eq!(fit(&mut widths, Some(40), &number), 1);
        assert_eq!(widths, [8, 20]);
        let mut widths = vec![30, 20, 20];
        assert_eq!(fit(&mut widths, None, &number), 0);
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(aligned("Newcastle upon Tyne", 10, false), "Newcastle…");
        assert_eq!(aligned("12", 5, true), "   12");
        assert_eq!(aligned("日本", 6, false), "日本  ");
    }
}
