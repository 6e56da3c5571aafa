//! Reads a narrative into mentions: names, numbers, periods, measures and words.

use super::evidence::Evidence;
use super::periods::{self, Span};
use super::vocabulary::{self, Kind};
use answer::{Cell, ColumnRole};
use std::collections::{BTreeMap, BTreeSet};

/// What a stretch of text is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// A value of a grouping column or of a filter.
    Name(String),
    /// Quoted, but not a value of the data.
    Stranger(String),
    /// A measure's name, lower case.
    Measure(String),
    /// A grouping column's name.
    Label(String),
    /// A number.
    Number(Number),
    /// A calendar period.
    Period(Span),
    /// A period named by its relation to another.
    Relative(Relation),
    /// Any other word, lower case.
    Word(String),
    /// Punctuation.
    Mark(char),
}

/// How another period is related to the one at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// A year before.
    YearEarlier,
    /// Just before.
    PeriodBefore,
    /// Some stated one.
    Other,
}

/// A number as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Number {
    /// Its value; percentages as fractions.
    pub(super) value: f64,
    /// How far the exact value may be away for this to be its rounding.
    pub(super) tolerance: f64,
    /// Written with a percent sign.
    pub(super) percent: bool,
    /// ISO code of the currency sign.
    pub(super) currency: Option<String>,
    /// Whether a plus or minus sign was written.
    pub(super) signed: bool,
    /// Written as a place ("2nd").
    pub(super) ordinal: bool,
}

impl Number {
    /// Whether this is the correct rounding of `x`, halves away from zero.
    pub(super) fn rounds(&self, x: f64) -> bool {
        let distance = (x - self.value).abs();
        if self.tolerance == 0.0 {
            return distance == 0.0;
        }
        let halves = distance / self.tolerance;
        halves < 1.0 - 1e-6 || (halves < 1.0 + 1e-6 && self.value.abs() > x.abs())
    }
}

/// A mention with its place in code points.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mention {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: What,
}

/// Names and labels that may occur.
pub(super) struct Glossary {
    by_first: BTreeMap<char, Vec<(Vec<char>, What)>>,
    names: BTreeSet<String>,
}

impl Glossary {
    /// Everything that the document's tables and queries name.
    pub(super) fn of(evidence: &Evidence) -> Glossary {
        let mut names = BTreeSet::new();
        let mut labels = BTreeSet::new();
        let mut measures = BTreeSet::new();
        for table in &evidence.tables {
            for &c in &table.dimensions {
                labels.insert(table.columns[c].name.to_lowercase());
                names.extend((0..table.rows.len()).filter_map(|r| cell_name(table, r, c)));
            }
            for (c, term, _) in &table.measures {
                measures.insert(term.to_lowercase());
                measures.insert(table.columns[*c].name.to_lowercase());
            }
            if let Some(query) = &table.query {
                names.extend(
                    super::evidence::required_values(query)
                        .into_iter()
                        .flatten(),
                );
            }
        }
        let mut by_first: BTreeMap<char, Vec<(Vec<char>, What)>> = BTreeMap::new();
        let mut add = |text: &str, what: What| {
            if let Some(first) = text.chars().next() {
                by_first
                    .entry(lower(first))
                    .or_default()
                    .push((text.chars().collect(), what));
            }
        };
        for name in &names {
            if name_shape(name) {
                add(name, What::Name(name.clone()));
            }
        }
        for (set, measure) in [(&measures, true), (&labels, false)] {
            for text in set {
                if text
                    .split_whitespace()
                    .any(|w| vocabulary::kind(w) == Kind::Unknown)
                {
                    add(
                        text,
                        if measure {
                            What::Measure(text.clone())
                        } else {
                            What::Label(text.clone())
                        },
                    );
                    if !measure {
                        add(&format!("{text}s"), What::Label(text.clone()));
                    }
                }
            }
        }
        for list in by_first.values_mut() {
            // Longest first; names before measures before labels.
            list.sort_by_key(|(text, what)| {
                (
                    std::cmp::Reverse(text.len()),
                    !matches!(what, What::Name(_)),
                    !matches!(what, What::Measure(_)),
                )
            });
        }
        Glossary { by_first, names }
    }

    fn read(&self, text: &[char]) -> Option<(usize, What)> {
        let list = self.by_first.get(&lower(*text.first()?))?;
        list.iter()
            .find(|(phrase, what)| {
                text.len() >= phrase.len()
                    && !text.get(phrase.len()).is_some_and(|c| {
                        c.is_alphanumeric() && phrase.last().is_some_and(|l| l.is_alphanumeric())
                    })
                    && phrase.iter().zip(text).all(|(a, b)| {
                        if matches!(what, What::Name(_)) {
                            a == b
                        } else {
                            lower(*a) == lower(*b)
                        }
                    })
            })
            .map(|(phrase, what)| (phrase.len(), what.clone()))
    }
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// Whether a name can be told from ordinary words without quotation marks.
fn name_shape(name: &str) -> bool {
    let first = name.chars().next();
    let lower = name.to_lowercase();
    first.is_some_and(|c| {
        c.is_uppercase()
            || c == '('
            || c.is_lowercase() && lower.chars().any(|c| c.is_ascii_digit())
    }) && !(vocabulary::kind(&lower) != Kind::Unknown || vocabulary::month(&lower).is_some())
}

/// How a cell of a grouping column is named in text.
pub(super) fn cell_name(
    table: &super::evidence::Table,
    row: usize,
    column: usize,
) -> Option<String> {
    let head = table.columns.get(column)?;
    match table.rows.get(row)?.get(column)? {
        Cell::Null => Some(format!("(no {})", head.name)),
        Cell::Text(_) if table.running().is_some_and(|(c, _)| c == column) => None,
        Cell::Text(text) if text.is_empty() => None,
        Cell::Text(text) => Some(text.clone()),
        Cell::Integer(n) => Some(format!("{} {n}", head.name)),
        Cell::Number(x) => Some(format!("{} {x}", head.name)),
        Cell::Bool(b) if head.role != ColumnRole::Measure => Some(format!("{} {b}", head.name)),
        Cell::Bool(_) => None,
    }
}

/// Splits the text into sentences of mentions.
pub(super) fn read(text: &str, glossary: &Glossary) -> Vec<Vec<Mention>> {
    let chars: Vec<char> = text.chars().collect();
    let mut sentences = vec![Vec::new()];
    let mut i = 0;
    while i < chars.len() {
        if chars[i].is_whitespace() {
            i += 1;
            continue;
        }
        let boundary = i == 0 || !chars[i - 1].is_alphanumeric();
        let (length, what) = one(&chars, i, boundary, glossary);
        let stop = matches!(what, What::Mark('.' | '!' | '?'))
            && chars.get(i + 1).is_none_or(|c| c.is_whitespace());
        if !stop && let Some(open) = sentences.last_mut() {
            open.push(Mention {
                start: i,
                end: i + length,
                what,
            });
        }
        if stop {
            sentences.push(Vec::new());
        }
        i += length.max(1);
    }
    sentences.retain(|s| !s.is_empty());
    sentences
}

fn one(chars: &[char], i: usize, boundary: bool, glossary: &Glossary) -> (usize, What) {
    let rest = &chars[i..];
    if let Some(close) = match rest[0] {
        '“' => Some('”'),
        '"' => Some('"'),
        '‘' => Some('’'),
        _ => None,
    } && let Some(length) = closing(rest, close, glossary)
    {
        let content: String = rest[1..length - 1].iter().collect();
        let known = glossary.names.contains(&content);
        return (
            length,
            if known {
                What::Name(content)
            } else {
                What::Stranger(content)
            },
        );
    }
    if boundary {
        let period = periods::read(rest);
        if let Some((length, what)) = glossary.read(rest)
            && period.as_ref().is_none_or(|(other, _)| length >= *other)
        {
            return (length, what);
        }
        if let Some((length, relation)) = relative(rest) {
            return (length, What::Relative(relation));
        }
        let decimal = |n: usize| {
            matches!(rest.get(n), Some('.' | ','))
                && rest.get(n + 1).is_some_and(char::is_ascii_digit)
        };
        if let Some((length, span)) = period
            && !decimal(length)
            && !matches!(rest.get(length), Some('%'))
        {
            return (length, What::Period(span));
        }
        if let Some((length, number)) = number(rest) {
            return (length, What::Number(number));
        }
    }
    let length = rest
        .iter()
        .enumerate()
        .take_while(|(k, c)| {
            c.is_alphanumeric()
                || (matches!(c, '-' | '\'' | '’')
                    && *k > 0
                    && rest.get(k + 1).is_some_and(|n| n.is_alphanumeric()))
        })
        .count();
    if length > 0 {
        let word: String = rest[..length]
            .iter()
            .flat_map(|c| c.to_lowercase())
            .collect();
        return match vocabulary::kind(&word) {
            Kind::Number(n) => (
                length,
                What::Number(Number {
                    value: n.into(),
                    tolerance: 0.0,
                    percent: false,
                    currency: None,
                    signed: false,
                    ordinal: false,
                }),
            ),
            _ => (length, What::Word(word)),
        };
    }
    match rest[0] {
        mark @ ('.' | '!' | '?' | ',' | ';' | ':' | '(' | ')' | '/') => (1, What::Mark(mark)),
        other => (1, What::Word(other.to_string())),
    }
}

/// Length up to the closing mark; a known name that contains the mark is read whole.
fn closing(rest: &[char], close: char, glossary: &Glossary) -> Option<usize> {
    let ends: Vec<usize> = (1..rest.len())
        .filter(|&k| rest[k] == close)
        .take(6)
        .collect();
    let known = |k: &&usize| {
        glossary
            .names
            .contains(&rest[1..**k].iter().collect::<String>())
    };
    ends.iter().find(known).or(ends.first()).map(|k| k + 1)
}

fn relative(rest: &[char]) -> Option<(usize, Relation)> {
    const PHRASES: [(&str, Relation); 7] = [
        ("a year earlier", Relation::YearEarlier),
        ("a year before", Relation::YearEarlier),
        ("the year before", Relation::YearEarlier),
        ("the previous year", Relation::YearEarlier),
        ("the period before", Relation::PeriodBefore),
        ("the previous period", Relation::PeriodBefore),
        ("the other period", Relation::Other),
    ];
    PHRASES.iter().find_map(|(phrase, relation)| {
        let n = phrase.chars().count();
        let fits = rest.len() >= n
            && phrase.chars().zip(rest).all(|(a, b)| a == lower(*b))
            && !rest.get(n).is_some_and(|c| c.is_alphanumeric());
        fits.then_some((n, *relation))
    })
}

/// Reads a number with its sign, currency, percent, scale or ordinal ending.
fn number(rest: &[char]) -> Option<(usize, Number)> {
    let mut i = 0;
    let mut sign = None;
    let mut currency = None;
    for _ in 0..2 {
        match rest.get(i)? {
            '+' if sign.is_none() => {
                sign = Some(1.0);
                i += 1;
            }
            '-' | '−' | '–' if sign.is_none() => {
                sign = Some(-1.0);
                i += 1;
            }
            '$' | '€' | '£' | '¥' | '₹' if currency.is_none() => {
                currency = Some(
                    match rest[i] {
                        '$' => "USD",
                        '€' => "EUR",
                        '£' => "GBP",
                        '¥' => "JPY",
                        _ => "INR",
                    }
                    .to_string(),
                );
                i += 1;
            }
            _ => {}
        }
    }
    if currency.is_none()
        && rest.len() > i + 4
        && rest[i..i + 3].iter().all(char::is_ascii_uppercase)
        && rest[i + 3] == ' '
        && rest[i + 4].is_ascii_digit()
    {
        currency = Some(rest[i..i + 3].iter().collect());
        i += 4;
    }
    let from = i;
    let digit = |k: usize| rest.get(k).is_some_and(char::is_ascii_digit);
    let mut body = String::new();
    while digit(i)
        || (i > from
            && rest.get(i) == Some(&',')
            && digit(i + 1)
            && digit(i + 2)
            && digit(i + 3)
            && !digit(i + 4))
    {
        if rest[i] != ',' {
            body.push(rest[i]);
        }
        i += 1;
    }
    if body.is_empty() {
        return None;
    }
    let mut decimals = 0;
    if rest.get(i) == Some(&'.') && digit(i + 1) {
        body.push('.');
        i += 1;
        while digit(i) {
            body.push(rest[i]);
            decimals += 1;
            i += 1;
        }
    }
    let mut scale = 1.0;
    let mut percent = false;
    let mut ordinal = false;
    let after: String = rest[i..].iter().take(12).collect();
    let spaced = after.trim_start();
    let gap = after.chars().count() - spaced.chars().count();
    let word: String = spaced.chars().take_while(|c| c.is_alphabetic()).collect();
    if spaced.starts_with('%') {
        (percent, scale, i) = (true, 0.01, i + gap + 1);
    } else if let Some(factor) = match (word.as_str(), gap) {
        ("k" | "K", 0) | ("thousand", _) => Some(1e3),
        ("m" | "M", 0) | ("million", _) => Some(1e6),
        ("bn" | "B", 0) | ("billion", _) => Some(1e9),
        ("percent", _) => Some(0.01),
        _ => None,
    } {
        percent = word == "percent";
        (scale, i) = (factor, i + gap + word.chars().count());
    } else if gap == 0 && decimals == 0 && matches!(word.as_str(), "st" | "nd" | "rd" | "th") {
        ordinal = true;
        i += 2;
    } else if gap == 0 && !word.is_empty() {
        // Digits glued to letters are not a number.
        return None;
    }
    let value: f64 = body.parse().ok()?;
    let step = 10f64.powi(-decimals) * scale;
    Some((
        i,
        Number {
            value: value * scale * sign.unwrap_or(1.0),
            tolerance: step * 0.5,
            percent,
            currency,
            signed: sign.is_some(),
            ordinal,
        },
    ))
}
