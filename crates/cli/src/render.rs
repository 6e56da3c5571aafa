//! An answer on a terminal, or plain when piped.

use crate::cells::one_line;
use crate::grid;
use crate::terminal::{Ink, Terminal};
use answer::{AnswerDocument, Clarification, ErrorReport, ResultTable, Status};
use std::io::Write;

const ASSUMPTIONS: usize = 6;

/// What is shown beside the answer itself.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Detail {
    /// The SQL of each step.
    pub(crate) sql: bool,
    /// Nothing but the answer.
    pub(crate) quiet: bool,
}

/// Prints an answer: what was found goes to standard output, why there is none to standard error.
pub(crate) fn show(document: &AnswerDocument, detail: Detail) {
    match document.status {
        Status::Answered => print(&answered(document, Terminal::output(), detail)),
        Status::Clarify => {
            if let Some(open) = &document.clarification {
                print(&clarification(open, Terminal::output()));
            }
        }
        Status::Declined | Status::Failed => {
            if let Some(error) = &document.error {
                let declined = document.status == Status::Declined;
                let lines = refusal(error, declined, Terminal::errors());
                let _ = std::io::stderr()
                    .lock()
                    .write_all(joined(&lines).as_bytes());
            }
        }
    }
}

fn joined(lines: &[String]) -> String {
    lines
        .iter()
        .map(|l| format!("{}\n", l.trim_end()))
        .collect()
}

/// A reader that has gone away (`| head`) is no error.
pub(crate) fn print(lines: &[String]) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(joined(lines).as_bytes());
    let _ = out.flush();
}

fn answered(document: &AnswerDocument, terminal: Terminal, detail: Detail) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(narrative) = &document.narrative {
        out.extend(narrated(&narrative.text, terminal));
    }
    if let Some((table, answers)) = table(document) {
        out.push(String::new());
        out.extend(grid::lines(table, terminal, &answers));
    }
    if detail.quiet {
        return out;
    }
    out.push(String::new());
    if let Some(reading) = &document.restatement {
        out.extend(labelled("Read as", reading, terminal));
    }
    out.extend(beside(document, terminal, detail));
    out
}

/// A text whose first sentence stands out.
fn narrated(text: &str, terminal: Terminal) -> Vec<String> {
    let text = one_line(text);
    let (head, rest) = match text.split_once(". ") {
        Some((head, rest)) => (format!("{head}."), rest),
        None => (text.clone(), ""),
    };
    let mut out: Vec<String> = terminal
        .wrapped(&head, 0)
        .iter()
        .map(|l| terminal.paint(Ink::Strong, l))
        .collect();
    if !rest.is_empty() {
        out.extend(terminal.wrapped(rest, 0));
    }
    out
}

/// A line with its label before it, as many lines as it takes.
pub(crate) fn labelled(label: &str, text: &str, terminal: Terminal) -> Vec<String> {
    let lines = terminal.wrapped(&format!("{label}  {}", one_line(text)), label.len() + 2);
    lines
        .into_iter()
        .enumerate()
        .map(|(i, line)| match line.strip_prefix(label) {
            Some(rest) if i == 0 => terminal.paint(Ink::Faint, label) + rest,
            _ => line,
        })
        .collect()
}

/// What stands beside an answer: what it assumes, the verdict, the SQL, where to go from here.
pub(crate) fn beside(document: &AnswerDocument, terminal: Terminal, detail: Detail) -> Vec<String> {
    let mut out = Vec::new();
    for assumption in document.assumptions.iter().take(ASSUMPTIONS) {
        out.extend(labelled("Assumes", assumption, terminal));
    }
    let more = document.assumptions.len().saturating_sub(ASSUMPTIONS);
    if more > 0 {
        let text = format!("and {more} more; --json has them all");
        out.extend(labelled("       ", &text, terminal));
    }
    out.extend(verdict(document, terminal));
    if detail.sql {
        for step in &document.plan {
            out.push(String::new());
            out.push(terminal.paint(
                Ink::Faint,
                &format!("-- {}: {}", step.id, one_line(&step.purpose)),
            ));
            out.extend(step.sql.lines().map(|l| terminal.paint(Ink::Accent, l)));
        }
    }
    if terminal.is_rich() && !document.suggestions.is_empty() {
        out.push(String::new());
        for (i, next) in document.suggestions.iter().enumerate() {
            let label = if i == 0 { "Next" } else { "    " };
            out.push(format!(
                "{}  {}",
                terminal.paint(Ink::Faint, label),
                one_line(next)
            ));
        }
    }
    out
}

fn verdict(document: &AnswerDocument, terminal: Terminal) -> Vec<String> {
    let numbers = document.verification.numbers;
    let took = document.timings_ms.get("total").copied().unwrap_or(0.0);
    let known = document.plan.iter().filter(|s| s.cache == "hit").count();
    let rows = match document.plan.len() {
        _ if known == 0 => "",
        all if known == all => ", rows from the cache",
        _ => ", some rows from the cache",
    };
    let text = format!(
        "✓ Verified: {} of {} statements proven, the SQL matches the question ({took:.0} ms{rows})",
        numbers.bound, numbers.found
    );
    terminal
        .wrapped(&text, 2)
        .iter()
        .map(|line| terminal.paint(Ink::Good, line))
        .collect()
}

/// The table worth showing and its rows that are the answer: the ranking behind a single row, or the
/// result, unless the text says it all.
pub(crate) fn table(document: &AnswerDocument) -> Option<(&ResultTable, Vec<usize>)> {
    let result = document.result.as_ref()?;
    let behind = document
        .plan
        .iter()
        .filter_map(|s| s.result.as_ref())
        .find(|t| {
            t.row_count > result.row_count
                && t.columns.len() == result.columns.len()
                && t.columns
                    .iter()
                    .zip(&result.columns)
                    .all(|(a, b)| a.name == b.name)
                && result.rows.iter().all(|r| t.rows.contains(r))
        });
    match behind {
        Some(table) if result.row_count >= 1 => {
            let answers = result
                .rows
                .iter()
                .filter_map(|r| table.rows.iter().position(|other| other == r))
                .collect();
            Some((table, answers))
        }
        _ => (result.row_count > 1 || result.columns.len() > 1).then_some((result, Vec::new())),
    }
}

fn clarification(open: &Clarification, terminal: Terminal) -> Vec<String> {
    let mut out: Vec<String> = terminal
        .wrapped(&one_line(&open.question), 0)
        .iter()
        .map(|l| terminal.paint(Ink::Strong, l))
        .collect();
    for (i, option) in open.options.iter().enumerate() {
        let number = terminal.paint(Ink::Accent, &format!("{}.", i + 1));
        out.push(format!("  {number} {}", one_line(&option.label)));
        if option.restatement != option.label {
            let text = format!("     {}", one_line(&option.restatement));
            out.push(terminal.paint(Ink::Faint, &text));
        }
    }
    out
}

/// A refusal or a failure: kind, code, what was wrong, what to do.
pub(crate) fn refusal(error: &ErrorReport, declined: bool, terminal: Terminal) -> Vec<String> {
    let (kind, ink) = if declined {
        ("declined", Ink::Warning)
    } else {
        ("error", Ink::Bad)
    };
    let mut out = terminal.wrapped(
        &format!("{kind}[{}]: {}", error.code, one_line(&error.message)),
        2,
    );
    if let Some(first) = out.first_mut()
        && let Some(rest) = first.strip_prefix(kind)
    {
        *first = terminal.paint(ink, kind) + rest;
    }
    if let Some(hint) = &error.hint {
        let label = if declined { "try" } else { "hint" };
        out.extend(terminal.wrapped(&format!("{label}: {}", one_line(hint)), 2));
    }
    out
}
