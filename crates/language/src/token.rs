//! Splitting a question into tokens.

use crate::morphology::{fold, stem};

/// What a token is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenKind {
    /// Letters, possibly with digits.
    Word,
    /// A number; the flag says whether a currency sign stood by it.
    Number(f64, bool),
    /// Anything else.
    Mark,
}

/// A piece of the question.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// As written.
    pub text: String,
    /// Lower case, without accents.
    pub folded: String,
    /// Singular form of `folded`.
    pub stem: String,
    /// Kind.
    pub kind: TokenKind,
    /// First code point in the question, counted from 0.
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
    /// The hyphen or stroke that tied it to the token before.
    pub tied: Option<char>,
}

const CONTRACTIONS: &[(&str, &[&str])] = &[
    ("haven't", &["have", "not"]),
    ("hasn't", &["has", "not"]),
    ("hadn't", &["had", "not"]),
    ("didn't", &["did", "not"]),
    ("doesn't", &["does", "not"]),
    ("don't", &["do", "not"]),
    ("isn't", &["is", "not"]),
    ("aren't", &["are", "not"]),
    ("weren't", &["were", "not"]),
    ("wasn't", &["was", "not"]),
    ("won't", &["will", "not"]),
    ("can't", &["can", "not"]),
    ("who've", &["who", "have"]),
    ("who'd", &["who", "had"]),
    ("that've", &["that", "have"]),
    ("what've", &["what", "have"]),
    ("what's", &["what", "is"]),
    ("who's", &["who", "is"]),
    ("that's", &["that", "is"]),
    ("it's", &["it", "is"]),
    ("there's", &["there", "is"]),
    ("where's", &["where", "is"]),
    ("let's", &["let", "us"]),
    ("i'm", &["i", "am"]),
    ("i'd", &["i", "would"]),
    ("we've", &["we", "have"]),
    ("we're", &["we", "are"]),
    ("they've", &["they", "have"]),
];

/// Splits a question. Words are cut at hyphens and slashes unless digits say that they are a
/// code or a date; a number keeps its sign of currency and its scale (`$1.5k`).
pub(crate) fn tokenize(question: &str) -> Vec<Token> {
    let characters: Vec<char> = question
        .chars()
        .map(|c| {
            if matches!(c, '’' | '‘' | '`' | '´') {
                '\''
            } else {
                c
            }
        })
        .collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let c = characters[at];
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        if matches!(c, '$' | '€' | '£')
            && characters
                .get(at + 1)
                .is_some_and(|n| n.is_ascii_digit() || n.is_whitespace())
        {
            let mut next = at + 1;
            while characters.get(next).is_some_and(|n| n.is_whitespace()) {
                next += 1;
            }
            if let Some((value, end)) = number_at(&characters, next) {
                push(
                    &mut tokens,
                    &characters,
                    at,
                    end,
                    TokenKind::Number(value, true),
                );
                at = end;
                continue;
            }
        }
        if c.is_ascii_digit()
            || (c == '.' && characters.get(at + 1).is_some_and(char::is_ascii_digit))
        {
            let code_end = code_at(&characters, at);
            if let Some((value, end)) = number_at(&characters, at)
                && end >= code_end
            {
                let money = matches!(characters.get(end), Some('$' | '€' | '£'));
                push(
                    &mut tokens,
                    &characters,
                    at,
                    end,
                    TokenKind::Number(value, money),
                );
                at = if money { end + 1 } else { end };
                continue;
            }
            push(&mut tokens, &characters, at, code_end, TokenKind::Word);
            at = code_end;
            continue;
        }
        if c.is_alphabetic() {
            at = word_at(&mut tokens, &characters, at);
            continue;
        }
        let two: String = characters[at..characters.len().min(at + 2)]
            .iter()
            .collect();
        let length = if matches!(two.as_str(), ">=" | "<=") {
            2
        } else {
            1
        };
        push(&mut tokens, &characters, at, at + length, TokenKind::Mark);
        at += length;
    }
    tokens
}

/// The sentences of a text: it is cut behind `?`, `!`, `;` and line ends, and behind a stop that a
/// blank and a capital follow. Parts without a letter belong to what came before.
pub(crate) fn sentences(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut parts: Vec<String> = Vec::new();
    let mut part = String::new();
    for (at, c) in characters.iter().enumerate() {
        part.push(*c);
        let next = characters.get(at + 1);
        let ends = match c {
            '?' | '!' | ';' | '\n' => true,
            '.' => {
                next.is_none_or(|n| n.is_whitespace())
                    && characters.get(at + 2).is_none_or(|n| n.is_uppercase())
                    && at
                        .checked_sub(2)
                        .is_some_and(|b| characters[b].is_alphabetic())
            }
            _ => false,
        };
        if ends {
            parts.push(std::mem::take(&mut part));
        }
    }
    parts.push(part);
    let mut out: Vec<String> = Vec::new();
    for part in parts {
        let told = part.chars().any(char::is_alphanumeric);
        match out.last_mut() {
            Some(last) if !told => last.push_str(&part),
            _ if told => out.push(part.trim().to_string()),
            _ => {}
        }
    }
    out
}

fn push(tokens: &mut Vec<Token>, characters: &[char], start: usize, end: usize, kind: TokenKind) {
    let text: String = characters[start..end].iter().collect();
    let folded = fold(&text);
    let written_out = crate::lexicon::written_out(&folded);
    if let Some(words) = written_out
        && words.contains(' ')
    {
        for word in words.split(' ') {
            tokens.push(Token {
                text: word.to_string(),
                folded: word.to_string(),
                stem: stem(word),
                kind: TokenKind::Word,
                start,
                end,
                tied: None,
            });
        }
        return;
    }
    let folded = written_out.map_or(folded, str::to_string);
    let stem = if matches!(kind, TokenKind::Word) {
        stem(&folded)
    } else {
        folded.clone()
    };
    tokens.push(Token {
        text,
        folded,
        stem,
        kind,
        start,
        end,
        tied: None,
    });
}

/// A number with thousands separators, decimals, and a scale letter.
fn number_at(characters: &[char], start: usize) -> Option<(f64, usize)> {
    let mut digits = String::new();
    let mut at = start;
    while let Some(&c) = characters.get(at) {
        let next_digits = characters[at + 1..]
            .iter()
            .take_while(|d| d.is_ascii_digit())
            .count();
        if c.is_ascii_digit() {
            digits.push(c);
        } else if c == ',' && next_digits == 3 && !digits.is_empty() && !digits.contains('.') {
        } else if c == '.' && next_digits > 0 && !digits.contains('.') {
            digits.push('.');
        } else {
            break;
        }
        at += 1;
    }
    let mut value: f64 = digits.parse().ok()?;
    let rest: String = characters[at..]
        .iter()
        .take(4)
        .collect::<String>()
        .to_lowercase();
    for (suffix, scale) in [
        ("bn", 1e9),
        ("mio", 1e6),
        ("k", 1e3),
        ("m", 1e6),
        ("b", 1e9),
    ] {
        if rest.starts_with(suffix)
            && !characters
                .get(at + suffix.len())
                .is_some_and(|c| c.is_alphanumeric())
        {
            value *= scale;
            at += suffix.len();
            break;
        }
    }
    Some((value, at))
}

/// End of the run of letters, digits and inner joints that starts here, as in `2022-05-01`, `27in`, `5-B`.
fn code_at(characters: &[char], start: usize) -> usize {
    let mut end = start;
    while let Some(&c) = characters.get(end) {
        let inner = matches!(c, '-' | '_' | '/' | ':' | '.')
            && characters.get(end + 1).is_some_and(|n| n.is_alphanumeric());
        if !(c.is_alphanumeric() || inner) {
            break;
        }
        end += 1;
    }
    let text: String = characters[start..end].iter().collect();
    let joints = text
        .chars()
        .filter(|c| matches!(c, '-' | '_' | '/' | ':'))
        .count();
    let letters = text.chars().any(char::is_alphabetic);
    let digit_groups: Vec<&str> = text.split(['-', '/', ':', '_']).collect();
    let dated = digit_groups.len() == 3
        && digit_groups
            .iter()
            .all(|g| g.chars().all(|c| c.is_ascii_digit()));
    // `3-month`, `9-15` and `same-day` are words and numbers side by side; `2022-05-01` and `US-2022-118017` are one thing.
    if joints > 0 && !dated {
        let plain_word_tail = digit_groups.len() == 2
            && digit_groups[1].chars().all(char::is_alphabetic)
            && digit_groups[1].len() > 2;
        let two_numbers = digit_groups.len() == 2 && !letters;
        if plain_word_tail || two_numbers {
            return start + digit_groups[0].chars().count();
        }
    }
    end
}

fn word_at(tokens: &mut Vec<Token>, characters: &[char], start: usize) -> usize {
    let mut end = start;
    while let Some(&c) = characters.get(end) {
        let next = characters.get(end + 1);
        let inner = match c {
            '\'' => next.is_some_and(|n| n.is_alphabetic()),
            // "customers w/ over 5 orders"
            '/' if end == start + 1 && matches!(characters.get(start), Some('w' | 'W')) => true,
            '-' | '_' | '/' | '.' | '&' => next.is_some_and(|n| n.is_alphanumeric()),
            // `Brand#12` is a code.
            '#' => next.is_some_and(char::is_ascii_digit),
            _ => false,
        };
        if !(c.is_alphanumeric() || inner) {
            break;
        }
        end += 1;
    }
    let text: String = characters[start..end].iter().collect();
    let lower = fold(&text);
    if let Some((_, parts)) = CONTRACTIONS.iter().find(|(short, _)| *short == lower) {
        for part in *parts {
            tokens.push(Token {
                text: (*part).to_string(),
                folded: (*part).to_string(),
                stem: stem(part),
                kind: TokenKind::Word,
                start,
                end,
                tied: None,
            });
        }
        return end;
    }
    // "over-60s" are people by their age.
    if let Some((side, years)) = lower
        .strip_suffix('s')
        .and_then(|l| l.split_once('-'))
        .filter(|(side, years)| {
            matches!(*side, "over" | "under")
                && years.len() == 2
                && years.chars().all(|c| c.is_ascii_digit())
        })
    {
        for word in ["age", side, years] {
            tokens.push(Token {
                text: word.to_string(),
                folded: word.to_string(),
                stem: stem(word),
                kind: word
                    .parse()
                    .map_or(TokenKind::Word, |n| TokenKind::Number(n, false)),
                start,
                end,
                tied: None,
            });
        }
        return end;
    }
    let has_digit = text.chars().any(|c| c.is_ascii_digit());
    let known_short = matches!(
        lower.as_str(),
        "y/y" | "m/m" | "q/q" | "no." | "vs." | "w/o" | "w/" | "b/w"
    );
    let initials =
        lower.len() <= 6 && lower.contains('.') && lower.split('.').all(|p| p.len() <= 1);
    if known_short || initials || (has_digit && text.contains(['-', '_', '#'])) {
        push(tokens, characters, start, end, TokenKind::Word);
        return end;
    }
    let mut piece = start;
    let mut tie = None;
    for at in start..=end {
        let c = if at < end { characters[at] } else { ' ' };
        if at == end || matches!(c, '-' | '/' | '.' | '&' | '_') {
            if at > piece {
                let mut stop = at;
                let tail: String = characters[piece..at]
                    .iter()
                    .collect::<String>()
                    .to_lowercase();
                if tail.ends_with("'s") {
                    stop -= 2;
                }
                // "no.4"
                let digits: String = characters[piece..stop].iter().collect();
                let kind = match digits.parse::<f64>() {
                    Ok(value) if digits.chars().all(|c| c.is_ascii_digit()) => {
                        TokenKind::Number(value, false)
                    }
                    _ => TokenKind::Word,
                };
                push(tokens, characters, piece, stop, kind);
                if let Some(last) = tokens.last_mut() {
                    last.tied = tie;
                }
            }
            tie = Some(c);
            if c == '&' {
                push(tokens, characters, at, at + 1, TokenKind::Mark);
            }
            piece = at + 1;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(question: &str) -> Vec<String> {
        tokenize(question).into_iter().map(|t| t.folded).collect()
    }

    #[test]
    fn words_numbers_and_codes_are_told_apart() {
        assert_eq!(
            folded("best-selling sub-category?"),
            ["best", "selling", "sub", "category", "?"]
        );
        assert_eq!(
            folded("order US-2022-118017: qty"),
            ["order", "us-2022-118017", ":", "quantity"]
        );
        assert_eq!(
            folded("3-month 9-15 December"),
            ["3", "-", "month", "9", "-", "15", "december"]
        );
        assert_eq!(folded("since 2022-05-01"), ["since", "2022-05-01"]);
        assert_eq!(
            folded("customers w/ orders w/o cards"),
            ["customers", "with", "orders", "without", "cards"]
        );
        assert_eq!(
            folded("Peacock's haven't São"),
            ["peacock", "have", "not", "sao"]
        );
    }

    #[test]
    fn amounts_carry_scale_and_currency() {
        let values: Vec<TokenKind> = tokenize("$100k 5,000 1.5m 20 %")
            .into_iter()
            .map(|t| t.kind)
            .collect();
        assert_eq!(values[0], TokenKind::Number(100_000.0, true));
        assert_eq!(values[1], TokenKind::Number(5_000.0, false));
        assert_eq!(values[2], TokenKind::Number(1_500_000.0, false));
        assert_eq!(values[4], TokenKind::Mark);
    }
}
