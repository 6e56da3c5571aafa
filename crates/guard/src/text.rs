//! Bounds on the text before it is parsed.

use crate::Refusal;

/// Longest statement, in bytes.
const LONGEST: usize = 200_000;
/// Deepest nesting of parentheses.
const DEEPEST: usize = 60;
/// Most arithmetic operators.
const TERMS: usize = 2000;
/// Most set operations.
const SETS: usize = 100;

/// Refuses text that the parser should not be given: too long, too deep, invisible
/// characters outside of literals, hint comments, several statements.
pub(crate) fn bounded(sql: &str) -> Result<(), Refusal> {
    if sql.len() > LONGEST {
        return Err(Refusal::new(
            "too_long",
            format!("{} bytes; {LONGEST} are allowed", sql.len()),
            "Shorten the statement.",
        ));
    }
    let chars: Vec<char> = sql.chars().collect();
    let (mut depth, mut terms, mut i) = (0_usize, 0_usize, 0);
    while i < chars.len() {
        let c = chars[i];
        match c {
            '\'' | '"' | '`' => i = closing(&chars, i, c),
            '(' | '[' => {
                depth += 1;
                if depth > DEEPEST {
                    return Err(Refusal::new(
                        "too_deep",
                        format!("parentheses more than {DEEPEST} deep"),
                        "Nest less.",
                    ));
                }
            }
            '+' | '*' | '|' | '%' => {
                terms += 1;
                if terms > TERMS {
                    return Err(Refusal::new(
                        "too_deep",
                        format!("more than {TERMS} operators"),
                        "Write shorter expressions.",
                    ));
                }
            }
            ')' | ']' => depth = depth.saturating_sub(1),
            '/' if chars.get(i + 1) == Some(&'*') => {
                if matches!(chars.get(i + 2), Some('!' | '+')) {
                    return Err(Refusal::new(
                        "hint_comment",
                        "a comment that engines execute or obey",
                        "Leave the comment out.",
                    ));
                }
                i = (i + 2..chars.len())
                    .find(|k| chars[*k] == '*' && chars.get(k + 1) == Some(&'/'))
                    .map_or(chars.len(), |k| k + 1);
            }
            '-' if chars.get(i + 1) == Some(&'-') => {
                i = (i..chars.len())
                    .find(|k| chars[*k] == '\n')
                    .unwrap_or(chars.len())
            }
            ';' if chars[i + 1..].iter().any(|c| !c.is_whitespace()) => {
                return Err(Refusal::new(
                    "several_statements",
                    "something follows the first statement",
                    "Send one statement at a time.",
                ));
            }
            _ if hidden(c) => {
                return Err(Refusal::new(
                    "hidden_character",
                    format!("an invisible or look-alike character U+{:04X}", c as u32),
                    "Type it in plain characters.",
                ));
            }
            _ => {}
        }
        i += 1;
    }
    let lower = sql.to_lowercase();
    let sets: usize = ["union", "intersect", "except"]
        .iter()
        .map(|w| lower.matches(w).count())
        .sum();
    if sets > SETS {
        return Err(Refusal::new(
            "too_many_sets",
            format!("more than {SETS} set operations"),
            "Combine fewer queries.",
        ));
    }
    Ok(())
}

fn closing(chars: &[char], from: usize, quote: char) -> usize {
    (from + 1..chars.len())
        .find(|k| chars[*k] == quote)
        .unwrap_or(chars.len())
}

fn hidden(c: char) -> bool {
    matches!(c, '\0' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '；' | '\u{ff07}' | '\u{2028}' | '\u{2029}')
        || (c.is_control() && !c.is_whitespace())
}
