//! Reads a narrative into mentions: names, numbers, periods, measures and words.

use super::evidence::Evidence;
use super::periods::{self, Span};
use super::vocabulary::{self, Hedge, Kind, stem};
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
    /// A noun that names columns or datasets of the query, without its ending.
    Noun(String),
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
    /// One in the last place that is not zero.
    pub(super) place: f64,
    /// What a word in front says of the exact value.
    pub(super) hedge: Option<Hedge>,
    /// Written in percentage points.
    pub(super) points: bool,
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
        match self.hedge {
            Some(Hedge::Over) => {
                return x > self.value && x < self.value + self.place.max(self.tolerance * 2.0);
            }
            Some(Hedge::Under | Hedge::Less) => {
                return x < self.value && x > self.value - self.place.max(self.tolerance * 2.0);
            }
            Some(Hedge::About) => {
                return (x - self.value).abs() <= self.place * 0.5 + f64::EPSILON;
            }
            None => {}
        }
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
    /// Stems of the nouns in the names of columns, units and fields.
    nouns: BTreeSet<String>,
    /// Periods that rows and ranges have.
    spans: Vec<Span>,
    by_first: BTreeMap<char, Vec<(Vec<char>, What)>>,
    names: BTreeSet<String>,
}

impl Glossary {
    /// Everything that the document's tables and queries name.
    pub(super) fn of(evidence: &Evidence) -> Glossary {
        let mut names = BTreeSet::new();
        let mut nouns = BTreeSet::new();
        let mut spans = Vec::new();
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
            for column in table.columns {
                nouns.extend(words(&column.name));
                nouns.extend(column.unit.iter().flat_map(|u| words(u)));
            }
            spans.extend((0..table.rows.len()).filter_map(|r| table.row_period(r)));
            spans.extend(table.scope());
            if let Some(query) = &table.query {
                spans.extend(periods::prior(query));
                if let Ok(json) = serde_json::to_value(query) {
                    named(&json, &mut nouns);
                }
                names.extend(
                    super::evidence::required_values(query)
                        .into_iter()
                        .flatten(),
                );
                names.extend(table.fixed.iter().cloned());
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
                // "Investor 19" for the number 19 in a column "Investor ID".
                if let Some((head, number)) = name.rsplit_once(' ')
                    && let Some(short) = [" ID", " id", " number", " no", " code"]
                        .iter()
                        .find_map(|e| head.strip_suffix(e))
                    && number.chars().all(|c| c.is_ascii_digit())
                {
                    add(&format!("{short} {number}"), What::Name(name.clone()));
                }
                if name.chars().count() > 3 && name.chars().all(char::is_alphabetic) {
                    add(&format!("{name}s"), What::Name(name.clone()));
                }
            }
        }
        for (set, measure) in [(&measures, true), (&labels, false)] {
            for text in set {
                let several = text.split_whitespace().count() > 1;
                if several || vocabulary::kind(text) == Kind::Unknown {
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
        spans.sort_by_key(|s| (s.start, s.end, s.hour));
        spans.dedup();
        Glossary {
            nouns,
            spans,
            by_first,
            names,
        }
    }

    /// Whether a word is a noun of the data, or another word for one.
    fn knows(&self, word: &str) -> bool {
        let stem = stem(word);
        self.nouns
            .iter()
            .any(|noun| vocabulary::same_noun(noun, &stem))
    }

    fn read(&self, text: &[char]) -> Option<(usize, What)> {
        let list = self.by_first.get(&lower(*text.first()?))?;
        list.iter()
            .find(|(phrase, what)| {
                text.len() >= phrase.len()
                    && !text.get(phrase.len()).is_some_and(|c| {
                        c.is_alphanumeric() && phrase.last().is_some_and(|l| l.is_alphanumeric())
                    })
                    && phrase
                        .iter()
                        .zip(text)
                        .all(|(a, b)| a == b || (folds(phrase, what) && lower(*a) == lower(*b)))
            })
            .map(|(phrase, what)| (phrase.len(), what.clone()))
    }
}

/// Words of a name, without their endings.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| w.chars().count() > 2 && w.chars().all(char::is_alphabetic))
        .map(|w| stem(&w.to_lowercase()))
        .collect()
}

/// Words in the names of a query's fields and measures; values of its conditions are none.
fn named(json: &serde_json::Value, nouns: &mut BTreeSet<String>) {
    match json {
        serde_json::Value::String(text) => nouns.extend(words(text)),
        serde_json::Value::Array(list) => list.iter().for_each(|v| named(v, nouns)),
        serde_json::Value::Object(map) => map
            .iter()
            .filter(|(key, _)| !matches!(key.as_str(), "value" | "values" | "text" | "range"))
            .for_each(|(_, v)| named(v, nouns)),
        _ => {}
    }
}

/// Whether a phrase is also known in other cases: labels always, names where they are no words.
fn folds(phrase: &[char], what: &What) -> bool {
    match what {
        What::Name(_) => {
            let text: String = phrase.iter().flat_map(|c| c.to_lowercase()).collect();
            phrase.len() >= 4
                && text
                    .split_whitespace()
                    .any(|w| vocabulary::kind(w) == Kind::Unknown)
                && vocabulary::month(&text).is_none()
        }
        _ => true,
    }
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// Whether a name can be told from ordinary words without quotation marks.
fn name_shape(name: &str) -> bool {
    let first = name.chars().next();
    let lower = name.to_lowercase();
    let said = |text: &str| {
        text.split_whitespace()
            .all(|w| vocabulary::kind(w) == Kind::Unknown)
    };
    // A code in capitals is told from a word by them.
    let code = name.chars().count() > 1 && name.chars().all(|c| c.is_ascii_uppercase());
    let titled = first.is_some_and(|c| c.is_ascii_digit())
        && name
            .split_whitespace()
            .any(|w| w.chars().count() > 2 && w.chars().all(char::is_alphabetic));
    if code || titled {
        return true;
    }
    first.is_some_and(|c| {
        c.is_uppercase()
            || c == '('
            || c.is_lowercase() && (lower.chars().any(|c| c.is_ascii_digit()) || said(&lower))
    }) && matches!(vocabulary::kind(&lower), Kind::Unknown | Kind::Neutral)
        && vocabulary::month(&lower).is_none()
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
        // The ending of a possessive says nothing by itself.
        if matches!(chars[i], '\'' | '’')
            && i > 0
            && (chars[i - 1].is_alphanumeric() || chars[i - 1] == '”')
            && (chars.get(i + 1) == Some(&'s')
                && !chars.get(i + 2).is_some_and(|c| c.is_alphanumeric())
                || chars[i - 1] == 's' && !chars.get(i + 1).is_some_and(|c| c.is_alphanumeric()))
        {
            i += 1 + usize::from(chars.get(i + 1) == Some(&'s'));
            continue;
        }
        let boundary = i == 0 || !chars[i - 1].is_alphanumeric();
        let (length, what) = one(&chars, i, boundary, glossary);
        let short = sentences
            .last()
            .and_then(|s| s.last())
            .is_some_and(|m: &Mention| matches!(&m.what, What::Word(w) if matches!(w.as_str(), "vs" | "approx" | "incl" | "excl")));
        let stop = matches!(what, What::Mark('.' | '!' | '?'))
            && !short
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
        let period = periods::read(rest).or_else(|| periods::bare(rest, &glossary.spans));
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
                    place: 1.0,
                    hedge: None,
                    points: false,
                    percent: false,
                    currency: None,
                    signed: false,
                    ordinal: false,
                }),
            ),
            Kind::Unknown if glossary.knows(&word) => (length, What::Noun(stem(&word))),
            _ => (length, What::Word(word)),
        };
    }
    match rest[0] {
        mark @ ('.' | '!' | '?' | ',' | ';' | ':' | '(' | ')' | '/' | '—' | '–' | '-' | '•'
        | '*') => (1, What::Mark(mark)),
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
    const PHRASES: [(&str, Relation); 28] = [
        ("yoy", Relation::YearEarlier),
        ("mom", Relation::PeriodBefore),
        ("qoq", Relation::PeriodBefore),
        ("month on month", Relation::PeriodBefore),
        ("month-on-month", Relation::PeriodBefore),
        ("month over month", Relation::PeriodBefore),
        ("month-over-month", Relation::PeriodBefore),
        ("quarter over quarter", Relation::PeriodBefore),
        ("the prior year", Relation::YearEarlier),
        ("the same period a year earlier", Relation::YearEarlier),
        (
            "the same period of the previous year",
            Relation::YearEarlier,
        ),
        ("the same period last year", Relation::YearEarlier),
        ("last year", Relation::YearEarlier),
        ("year on year", Relation::YearEarlier),
        ("year over year", Relation::YearEarlier),
        ("year-on-year", Relation::YearEarlier),
        ("year-over-year", Relation::YearEarlier),
        ("the prior period", Relation::PeriodBefore),
        ("the preceding period", Relation::PeriodBefore),
        ("the previous quarter", Relation::PeriodBefore),
        ("the previous month", Relation::PeriodBefore),
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
    let mut points = false;
    let mut ordinal = false;
    let after: String = rest[i..].iter().take(24).collect();
    let spaced = after.trim_start();
    let gap = after.chars().count() - spaced.chars().count();
    let word: String = spaced.chars().take_while(|c| c.is_alphabetic()).collect();
    let phrase = |text: &str| {
        spaced.to_lowercase().starts_with(text)
            && !spaced
                .chars()
                .nth(text.chars().count())
                .is_some_and(char::is_alphanumeric)
    };
    const POINTS: [&str; 8] = [
        "percentage points",
        "percentage point",
        "percent points",
        "% points",
        "points",
        "pp",
        "ppts",
        "pts",
    ];
    if let Some(found) = POINTS.iter().find(|p| phrase(p)) {
        (percent, points, scale, i) = (true, true, 0.01, i + gap + found.chars().count());
    } else if let Some(found) = ["basis points", "bps"].iter().find(|p| phrase(p)) {
        (percent, points, scale, i) = (true, true, 0.0001, i + gap + found.chars().count());
    } else if spaced.starts_with('%') {
        (percent, scale, i) = (true, 0.01, i + gap + 1);
    } else if phrase("per cent") {
        (percent, scale, i) = (true, 0.01, i + gap + 8);
    } else if let Some(factor) = match (word.as_str(), gap) {
        ("k" | "K", 0) | ("thousand", _) => Some(1e3),
        ("m" | "M" | "mn" | "mm", 0) | ("million" | "mn", _) => Some(1e6),
        ("bn" | "B" | "b", 0) | ("billion" | "bn", _) => Some(1e9),
        ("percent" | "pct", _) => Some(0.01),
        _ => None,
    } {
        percent = matches!(word.as_str(), "percent" | "pct");
        (scale, i) = (factor, i + gap + word.chars().count());
    } else if gap == 0 && decimals == 0 && matches!(word.as_str(), "st" | "nd" | "rd" | "th") {
        ordinal = true;
        i += 2;
    } else if gap == 0
        && !word.is_empty()
        && !(word == "x" && spaced.chars().nth(1).is_none_or(|c| !c.is_alphanumeric()))
    {
        // Digits glued to letters are not a number.
        return None;
    }
    // A currency in words.
    if currency.is_none() && !percent {
        let rest: String = rest[i..].iter().take(12).collect();
        let word: String = rest
            .trim_start()
            .chars()
            .take_while(|c| c.is_alphabetic())
            .collect();
        let code = match word.to_lowercase().as_str() {
            "dollar" | "dollars" | "usd" => Some("USD"),
            "euro" | "euros" | "eur" => Some("EUR"),
            "pounds" | "gbp" => Some("GBP"),
            "yen" | "jpy" => Some("JPY"),
            "rupees" | "inr" => Some("INR"),
            _ => None,
        };
        if let Some(code) = code {
            let gap = rest.chars().count() - rest.trim_start().chars().count();
            currency = Some(code.to_string());
            i += gap + word.chars().count();
        }
    }
    let value: f64 = body.parse().ok()?;
    let step = 10f64.powi(-decimals) * scale;
    let digits: Vec<char> = body.chars().filter(char::is_ascii_digit).collect();
    let zeros = i32::try_from(digits.iter().rev().take_while(|c| **c == '0').count()).ok()?;
    let place = if value == 0.0 || decimals > 0 {
        step
    } else {
        step * 10f64.powi(zeros)
    };
    Some((
        i,
        Number {
            value: value * scale * sign.unwrap_or(1.0),
            tolerance: step * 0.5,
            place,
            hedge: None,
            points,
            percent,
            currency,
            signed: sign.is_some(),
            ordinal,
        },
    ))
}
