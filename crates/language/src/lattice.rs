//! Every reading of every stretch of the question, and the best ways through them.

use crate::lexicon::{Lexicon, Role, english};
use crate::spelling::Repaired;
use crate::time::{Clock, TimeSense, readings};
use crate::token::{Token, TokenKind};
use crate::values::{Quality, ValueIndex, ValueMatch, words_of};
use crate::vocabulary::{Named, Vocabulary};

/// One reading of a stretch of tokens.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Sense {
    /// Something of the model.
    Named(Named),
    /// Values of a field.
    Value(ValueMatch),
    /// A time.
    Time(TimeSense),
    /// A number; the flag says that a currency sign stood by it.
    Number(f64, bool),
    /// A word that does something.
    Role(Role),
    /// Text between quotation marks, as written.
    Literal(String),
    /// A noun that names a column of many tables: these.
    Shared(Vec<semantics::FieldRef>),
    /// A closed-list word that may be passed over.
    Ignorable,
    /// Not understood.
    Unknown,
}

/// A reading in its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    /// The reading.
    pub sense: Sense,
    /// First token.
    pub start: usize,
    /// Token after the last.
    pub end: usize,
    /// What it adds to the score of a path.
    pub weight: f64,
    /// As written, folded.
    pub text: String,
}

impl Item {
    /// Whether the item is this kind of role word.
    pub(crate) fn is_role(&self, kind: &str) -> bool {
        matches!(&self.sense, Sense::Role(role) if role.kind == kind)
    }
    /// The payload if the item is this kind of role word.
    pub(crate) fn role(&self, kind: &str) -> Option<&'static str> {
        match &self.sense {
            Sense::Role(role) if role.kind == kind => Some(role.payload),
            _ => None,
        }
    }
}

/// A way through the question.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    /// Left to right, every token covered once.
    pub items: Vec<Item>,
    /// Sum of weights.
    pub score: f64,
}

/// What the lattice is built from.
pub(crate) struct Sources<'a> {
    /// Names of the model.
    pub vocabulary: &'a Vocabulary,
    /// Values of the data.
    pub values: &'a ValueIndex,
    /// Today.
    pub clock: &'a Clock,
    /// The question as written.
    pub question: &'a [char],
}

const PATHS: usize = 48;
const LONGEST_VALUE: usize = 12;
/// Values of a field whose values are kinds of something.
const KINDS: usize = 8;
const UNKNOWN: f64 = -6.0;

/// All readings of all stretches, by first token; those of repaired words with them, for what the
/// repair costs.
pub(crate) fn edges(tokens: &[Token], repairs: &[Repaired], sources: &Sources) -> Vec<Vec<Item>> {
    let mut edges = edges_of(tokens, sources);
    for repaired in repairs {
        for (at, items) in edges_of(&repaired.tokens, sources).into_iter().enumerate() {
            for mut item in items {
                let cost: f64 = repaired.costs[item.start..item.end].iter().sum();
                if cost == 0.0 || matches!(item.sense, Sense::Unknown) {
                    continue;
                }
                item.weight -= cost;
                edges[at].push(item);
            }
        }
    }
    edges
}

fn edges_of(tokens: &[Token], sources: &Sources) -> Vec<Vec<Item>> {
    let lexicon = english();
    let phrased = phrased(tokens, lexicon);
    let mut edges: Vec<Vec<Item>> = (0..tokens.len())
        .map(|at| edges_at(tokens, at, sources, lexicon, &phrased))
        .collect();
    // What stands between quotation marks and is a value is nothing else.
    for (from, to) in quoted(tokens) {
        let whole = |i: &Item| {
            i.start == from
                && i.end == to
                && matches!(&i.sense, Sense::Value(v) if v.quality == Quality::Exact)
        };
        if edges[from].iter().any(whole) {
            edges[from].retain(whole);
            edges[from + 1..to].iter_mut().for_each(Vec::clear);
            // The mark before it may begin no other text.
            edges[from - 1].retain(|i| i.end == from);
        }
    }
    edges
}

/// The stretches between quotation marks: first token, token after the last.
fn quoted(tokens: &[Token]) -> Vec<(usize, usize)> {
    let mut stretches = Vec::new();
    let mut open: Option<usize> = None;
    for (at, token) in tokens.iter().enumerate() {
        if !is_quote(&token.text) {
            continue;
        }
        match open {
            Some(from) if at > from => {
                stretches.push((from, at));
                open = None;
            }
            _ => open = Some(at + 1),
        }
    }
    stretches
}

/// Which tokens lie in a phrase of several words that does something ("most common"): they are no
/// part of a value's name by themselves.
fn phrased(tokens: &[Token], lexicon: &Lexicon) -> Vec<bool> {
    let mut phrased = vec![false; tokens.len()];
    for at in 0..tokens.len() {
        for length in 2..=lexicon.longest().min(tokens.len() - at) {
            let phrase = tokens[at..at + length]
                .iter()
                .map(|t| t.folded.as_str())
                .collect::<Vec<_>>()
                .join(" ");
            if !lexicon.roles(&phrase).is_empty() {
                phrased[at..at + length].fill(true);
            }
        }
    }
    phrased
}

fn edges_at(
    tokens: &[Token],
    at: usize,
    sources: &Sources,
    lexicon: &Lexicon,
    phrased: &[bool],
) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let token = &tokens[at];
    let text_of = |end: usize| {
        tokens[at..end]
            .iter()
            .map(|t| t.folded.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let mut add = |sense: Sense, end: usize, weight: f64| {
        found.push(Item {
            sense,
            start: at,
            end,
            weight,
            text: text_of(end),
        });
    };

    for (sense, end) in readings(tokens, at, sources.clock) {
        let length = (end - at) as f64;
        // `may` and `second` are months and grains only where they must be.
        let doubtful = matches!(
            token.folded.as_str(),
            "may" | "mar" | "sat" | "sun" | "dec" | "jan"
        ) && end == at + 1
            && !after_time_word(tokens, at);
        add(
            Sense::Time(sense),
            end,
            length * 1.6 - if doubtful { 1.4 } else { 0.0 },
        );
    }
    match token.kind {
        TokenKind::Number(value, money) => add(Sense::Number(value, money), at + 1, 0.9),
        TokenKind::Word => {
            if let Some(value) = lexicon.number(&token.folded) {
                add(Sense::Number(f64::from(value), false), at + 1, 0.9);
            }
        }
        TokenKind::Mark => {}
    }
    // "two million"
    if let Some(scale) = tokens.get(at + 1).and_then(|t| lexicon.scale(&t.folded)) {
        let base = match token.kind {
            TokenKind::Number(value, money) => Some((value, money)),
            _ => lexicon.number(&token.folded).map(|n| (f64::from(n), false)),
        };
        if let Some((value, money)) = base {
            add(Sense::Number(value * scale, money), at + 2, 2.2);
        }
    }
    let shared = sources.vocabulary.shared(&token.stem);
    if !shared.is_empty() {
        add(Sense::Shared(shared.to_vec()), at + 1, 1.0);
    }
    let longest_role = lexicon.longest().min(tokens.len() - at);
    for length in 1..=longest_role {
        let phrase = text_of(at + length);
        for role in lexicon.roles(&phrase) {
            // "shipped via ship": what follows such a word is a thing, never a deed.
            let by_means = at
                .checked_sub(1)
                .is_some_and(|i| matches!(tokens[i].folded.as_str(), "via" | "through" | "using"));
            if by_means && role.kind == "verb" {
                continue;
            }
            add(
                Sense::Role(role.clone()),
                at + length,
                role_weight(length, role.kind),
            );
        }
    }
    // "contains \"gmail.com\"": text between quotation marks stands for itself, if it is no value.
    if is_quote(&token.text) {
        let closing = (at + 1..tokens.len()).find(|i| is_quote(&tokens[*i].text));
        if let Some(close) = closing.filter(|c| *c > at + 1 && *c - at <= LONGEST_VALUE) {
            let text: String = sources
                .question
                .get(tokens[at].end..tokens[close].start)
                .unwrap_or_default()
                .iter()
                .collect();
            add(
                Sense::Literal(text.trim().to_string()),
                close + 1,
                0.4 * (close - at) as f64,
            );
        }
    }
    let names_start = matches!(token.kind, TokenKind::Word | TokenKind::Number(..));
    if names_start {
        let mut words: Vec<String> = Vec::new();
        for end in at + 1..=(at + LONGEST_VALUE.max(sources.vocabulary.longest())).min(tokens.len())
        {
            if end > at + 1
                && matches!(
                    tokens[end - 1].folded.as_str(),
                    "%" | "#" | ">" | "<" | "=" | ">=" | "<="
                )
            {
                break;
            }
            let more = words_of(&tokens[end - 1].folded);
            if more.is_empty()
                && (end == at + 1
                    || matches!(tokens[end - 1].folded.as_str(), "?" | ";" | "." | "!"))
            {
                break;
            }
            let closes = !more.is_empty();
            words.extend(more);
            if !closes {
                continue;
            }
            let length = (end - at) as f64;
            name_edges(&words, tokens, at, end, length, sources, lexicon, &mut add);
            let free = !phrased[at..end].iter().all(|p| *p);
            value_edges(
                &words, tokens, at, end, length, sources, lexicon, free, &mut add,
            );
        }
    }
    if lexicon.is_ignorable(&token.folded)
        || matches!(token.kind, TokenKind::Mark)
            && token
                .folded
                .chars()
                .all(|c| !c.is_alphanumeric() && c != '%')
    {
        add(Sense::Ignorable, at + 1, 0.0);
    } else {
        add(Sense::Unknown, at + 1, UNKNOWN);
    }
    found
}

fn is_quote(text: &str) -> bool {
    matches!(text, "\"" | "'" | "“" | "”" | "«" | "»")
}

/// What a role phrase is worth: long phrases beat their parts, and "of" alone says little.
fn role_weight(length: usize, kind: &str) -> f64 {
    match length {
        1 if kind == "among" => 0.6,
        1 if kind == "verb" => 0.3,
        1 => 0.85,
        2 if kind == "verb" => 0.9,
        2 if kind == "edit" => 3.4,
        2 if kind == "gain" => 3.2,
        2 if kind == "rows" => 3.7,
        2 => 2.1,
        n => 1.7 * n as f64,
    }
}

fn after_time_word(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |i| tokens[i].folded.as_str());
    let next = tokens.get(at + 1);
    matches!(
        before,
        "in" | "during"
            | "for"
            | "of"
            | "since"
            | "until"
            | "between"
            | "and"
            | "to"
            | "from"
            | "vs"
            | "versus"
            | "than"
            | "through"
            | "last"
            | "by"
            | "on"
            | "till"
            | "after"
            | "before"
            | "against"
            | "with"
    ) || next.is_some_and(|t| {
        matches!(t.kind, TokenKind::Number(v, false) if (1.0..=2100.0).contains(&v))
            || matches!(t.folded.as_str(), "vs" | "versus" | "and" | "to")
    })
}

#[expect(clippy::too_many_arguments, reason = "one place in one loop")]
fn name_edges(
    words: &[String],
    tokens: &[Token],
    at: usize,
    end: usize,
    length: f64,
    sources: &Sources,
    lexicon: &Lexicon,
    add: &mut impl FnMut(Sense, usize, f64),
) {
    let direct = sources.vocabulary.look_up(words);
    for naming in direct {
        add(
            Sense::Named(naming.named.clone()),
            end,
            length * (1.5 * naming.weight + 0.3) + 0.6 * (length - 1.0),
        );
    }
    if !direct.is_empty() || words.len() > 4 {
        return;
    }
    let mut changed = false;
    let completed: Vec<String> = words
        .iter()
        .zip(&tokens[at..end])
        .map(|(word, token)| {
            let plain = lexicon.is_ignorable(&token.folded)
                || sources.vocabulary.knows(word)
                || sources.values.knows(word)
                || !lexicon.roles(&token.folded).is_empty()
                || !lexicon.times(&token.folded).is_empty();
            if plain {
                return word.clone();
            }
            // A short form has no plural of its own: "coun" is "country", "couns" is not.
            match sources
                .vocabulary
                .begun(word)
                .filter(|_| *word == token.folded)
            {
                Some(better) => {
                    changed = true;
                    better.to_string()
                }
                None => word.clone(),
            }
        })
        .collect();
    if changed && end - at == words.len() {
        for naming in sources.vocabulary.look_up(&completed) {
            add(
                Sense::Named(naming.named.clone()),
                end,
                length * 1.3 * naming.weight + 0.6 * (length - 1.0),
            );
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one place in one loop")]
fn value_edges(
    words: &[String],
    tokens: &[Token],
    at: usize,
    end: usize,
    length: f64,
    sources: &Sources,
    lexicon: &Lexicon,
    free: bool,
    add: &mut impl FnMut(Sense, usize, f64),
) {
    let first = &tokens[at];
    let content = tokens[at..end].iter().any(|t| {
        !lexicon.is_ignorable(&t.folded) && matches!(t.kind, TokenKind::Word) && t.folded.len() > 1
    });
    let number_only = tokens[at..end]
        .iter()
        .all(|t| matches!(t.kind, TokenKind::Number(..)));
    // "branch A", "grade b": one letter is a value only beside the name of what it tells apart.
    let lettered = end == at + 1
        && first.text.chars().count() == 1
        && first.text.chars().all(char::is_alphanumeric)
        && at > 0;
    let edge_words_ok = {
        let last = &tokens[end - 1];
        !(lexicon.is_ignorable(&last.folded)
            && end > at + 1
            && matches!(last.kind, TokenKind::Mark))
    };
    // "in-store", "pick-up": written as one, and one value.
    let joined =
        end > at + 1 && tokens[at + 1..end].iter().all(|t| t.tied == Some('-')) && !number_only;
    // "aged 26-35": a band of the data.
    let band = end == at + 3
        && tokens[at + 1].folded == "-"
        && [at, end - 1]
            .iter()
            .all(|i| matches!(tokens[*i].kind, TokenKind::Number(..)));
    if !edge_words_ok || (!content && !number_only && !joined && !band) {
        // A value may still be an ignorable word in capitals ("US", "IT").
        let shouted = end == at + 1
            && first.text.len() >= 2
            && first.text.chars().all(|c| c.is_ascii_uppercase());
        if !shouted && !lettered {
            return;
        }
    }
    // A short number is a value only right after the name of what it identifies ("store 12").
    // "stores 1, 3 and 5": the name holds for the whole list.
    let at_list = {
        let mut start = at;
        let joins = |t: &Token| matches!(t.folded.as_str(), "," | "and" | "or" | "&");
        if number_only {
            while start >= 2 && joins(&tokens[start - 1]) {
                let mut back = start - 1;
                while back > 0 && joins(&tokens[back]) {
                    back -= 1;
                }
                if !matches!(tokens[back].kind, TokenKind::Number(..)) {
                    break;
                }
                start = back;
            }
        }
        start
    };
    let named_before = |field: &semantics::FieldRef| {
        (1..=3).any(|back| {
            at_list.checked_sub(back).is_some_and(|from| {
                let words: Vec<String> = tokens[from..at_list]
                    .iter()
                    .flat_map(|t| words_of(&t.folded))
                    .filter(|w| !matches!(w.as_str(), "no" | "number" | "of" | "is"))
                    .collect();
                sources.vocabulary.names_field(&words, field)
            })
        })
    };
    let ignorable_edge =
        lexicon.is_ignorable(&first.folded) || lexicon.is_ignorable(&tokens[end - 1].folded);
    // "how many are consumers": the name of a segment says more than "people" does.
    let is_role_word = end == at + 1
        && (lexicon
            .roles(&first.folded)
            .iter()
            .any(|r| r.kind != "people")
            || !lexicon.times(&first.folded).is_empty()
            || lexicon.is_ignorable(&first.folded));
    let verb = lexicon
        .roles(&first.folded)
        .iter()
        .all(|r| r.kind == "verb")
        && lexicon.times(&first.folded).is_empty()
        && !lexicon.is_ignorable(&first.folded);
    // Part of a value is named by content words alone; numbers and words of the grammar are no part.
    let all_content = tokens[at..end].iter().all(|t| {
        matches!(t.kind, TokenKind::Word)
            && !lexicon.is_ignorable(&t.folded)
            && lexicon.roles(&t.folded).is_empty()
            && lexicon.times(&t.folded).is_empty()
            && lexicon.number(&t.folded).is_none()
            || t.text.chars().any(|c| c.is_ascii_digit()) && matches!(t.kind, TokenKind::Word)
    });
    let ordinary = words.len() == 1
        && lexicon.is_ordinary(&first.folded)
        && first.text.chars().all(|c| !c.is_uppercase());
    let loose = free
        && !ordinary
        && !number_only
        && !ignorable_edge
        && !is_role_word
        && words.len() <= 6
        && all_content;
    if !free && tokens[at..end].iter().all(|t| t.text == t.folded) {
        return;
    }
    let mut matches = sources.values.look_up(words, loose);
    // "whole milk": small words are part of a name where they stand in it just so.
    let opens = !matches!(
        first.folded.as_str(),
        "the"
            | "a"
            | "an"
            | "of"
            | "in"
            | "on"
            | "at"
            | "for"
            | "to"
            | "by"
            | "with"
            | "my"
            | "our"
            | "and"
            | "from"
    ) && !lexicon
        .roles(&first.folded)
        .iter()
        .any(|r| r.kind == "verb");
    let last = &tokens[end - 1].folded;
    let closes = !lexicon.is_ignorable(last) && lexicon.roles(last).is_empty();
    if matches.is_empty() && content && opens && closes && (2..=6).contains(&words.len()) && free {
        matches = sources.values.holding_in_order(words);
        matches.retain(|m| m.cover >= 0.5);
    }
    // A copy of a name in a fact ("ship name") stands back behind the thing that has the name.
    let shown: Vec<Vec<String>> = matches
        .iter()
        .filter(|m| sources.vocabulary.identifies(&m.field))
        .map(|m| m.values.clone())
        .collect();
    let fields: Vec<semantics::FieldRef> = matches.iter().map(|m| m.field.clone()).collect();
    // "Q2" of a calendar's column is the quarter all the same.
    let time = !matches.is_empty()
        && readings(tokens, at, sources.clock)
            .iter()
            .any(|(_, until)| *until == end);
    for found in matches {
        // "status" before "courier status", if both hold the value.
        let named: Vec<&str> = found.field.field.split('_').collect();
        let narrower = fields.iter().any(|f| {
            let plain: Vec<&str> = f.field.split('_').collect();
            f.dataset == found.field.dataset
                && plain.len() < named.len()
                && plain.iter().all(|w| named.contains(w))
        });
        let copied = !sources.vocabulary.identifies(&found.field) && shown.contains(&found.values);
        let shouted_alias = found.quality == Quality::Alias
            && first.text.len() <= 2
            && !first.text.chars().all(|c| c.is_ascii_uppercase());
        if shouted_alias {
            continue;
        }
        // "when did we last receive …" is a deed.
        let acted = verb
            && end == at + 1
            && first.text == first.folded
            && at.checked_sub(1).is_some_and(|b| {
                let before = |i: usize| tokens.get(i).map_or("", |t| t.folded.as_str());
                let subject = |w: &str| matches!(w, "we" | "they" | "you" | "i");
                subject(before(b)) || before(b) == "last" && b > 0 && subject(before(b - 1))
            });
        if acted {
            continue;
        }
        // "shipped to Mumbai" is a deed.
        let deed = verb
            && !lexicon.roles(&first.folded).is_empty()
            && end == at + 1
            && first.text == first.folded
            && tokens.get(end).is_some_and(|t| {
                matches!(
                    t.folded.as_str(),
                    "to" | "from" | "via" | "by" | "on" | "in" | "into" | "with"
                )
            });
        if deed {
            continue;
        }
        // "shipped orders": a verb may be a value as it stands ("Shipped").
        if is_role_word
            && !(verb && found.quality == Quality::Exact)
            && !(found.quality <= Quality::Alias
                && first.text.chars().next().is_some_and(char::is_uppercase))
        {
            // "normal customers": one of a few kinds, if the word finds no other use.
            if found.quality == Quality::Exact
                && sources.values.breadth(&found.field) <= KINDS
                && first.text.len() >= 4
                && (!lexicon.is_ignorable(&first.folded) || trade_before_noun(tokens, at, sources))
            {
                add(Sense::Value(found), end, 0.6);
            }
            continue;
        }
        if number_only && first.text.len() < 5 && !named_before(&found.field) {
            continue;
        }
        if band {
            if found.quality == Quality::Exact {
                add(Sense::Value(found), end, 3.2);
            }
            continue;
        }
        if lettered && matches!(first.kind, TokenKind::Word) {
            let beside = named_before(&found.field) || {
                let after: Vec<String> = tokens
                    .get(at + 1)
                    .map(|t| words_of(&t.folded))
                    .unwrap_or_default();
                sources.vocabulary.names_field(&after, &found.field)
            };
            if beside && found.quality == Quality::Exact {
                add(Sense::Value(found), end, 1.2);
            }
            continue;
        }
        let inexact = matches!(found.quality, Quality::Slip | Quality::Partial);
        if inexact && sources.vocabulary.is_id(&found.field) {
            continue;
        }
        let unit = match found.quality {
            Quality::Exact => 1.35,
            Quality::Alias => 1.25,
            Quality::Partial => 0.6 + 0.4 * found.cover,
            Quality::Slip => 0.5 + 0.4 * found.cover,
        };
        // A plain number is a value only in a field of codes, and then rather an id than an amount.
        let weight = if number_only && named_before(&found.field) {
            1.0
        } else if number_only {
            0.75
        } else {
            length * unit
                + 0.45 * (length - 1.0)
                + if found.quality == Quality::Exact {
                    0.3
                } else {
                    0.0
                }
        };
        let weight = if copied { weight - 0.2 } else { weight };
        // "Pop" is rather one of 25 genres than one of 300 albums.
        let breadth = sources.values.breadth(&found.field).max(1) as f64;
        let weight = weight - 0.12 * breadth.log10();
        // "stores" are the shops and not the channel "Store", unless the list says otherwise.
        let noun = sources
            .vocabulary
            .look_up(words)
            .iter()
            .any(|n| matches!(n.named, Named::Entity(_)));
        // "Store vs Online": set against another value, it is one.
        let opposed = |i: Option<usize>| {
            i.and_then(|i| tokens.get(i))
                .is_some_and(|t| matches!(t.folded.as_str(), "vs" | "v" | "versus" | "or"))
        };
        let opposed = opposed(at.checked_sub(1)) || opposed(Some(end));
        let weight = if noun && !opposed {
            weight - 1.0
        } else {
            weight
        };
        let weight = if narrower { weight - 0.3 } else { weight };
        let weight = if time { weight - 1.5 } else { weight };
        add(Sense::Value(found), end, weight);
    }
}

/// "sell transactions", "purchase orders": a verb of trade right before a thing that is counted says
/// of which kind it is.
fn trade_before_noun(tokens: &[Token], at: usize, sources: &Sources) -> bool {
    let trade = matches!(
        tokens[at].folded.as_str(),
        "sell" | "buy" | "purchase" | "rent" | "return"
    );
    let counted = tokens.get(at + 1).is_some_and(|t| {
        t.folded != t.stem && !sources.vocabulary.look_up(&words_of(&t.folded)).is_empty()
    });
    let described = at
        .checked_sub(1)
        .is_some_and(|b| !matches!(tokens[b].folded.as_str(), "we" | "you" | "they" | "to"));
    trade && counted && described
}

/// The best ways from the first token to the last, best first. Items keep only content: paths that
/// differ in passed-over words alone are one.
pub(crate) fn best_paths(tokens: &[Token], edges: &[Vec<Item>]) -> Vec<Path> {
    let mut reached: Vec<Vec<Path>> = vec![Vec::new(); tokens.len() + 1];
    reached[0].push(Path {
        items: Vec::new(),
        score: 0.0,
    });
    for at in 0..tokens.len() {
        let mut here = std::mem::take(&mut reached[at]);
        prune(&mut here);
        for path in &here {
            for edge in &edges[at] {
                let mut items = path.items.clone();
                if edge.sense != Sense::Ignorable {
                    items.push(edge.clone());
                }
                reached[edge.end].push(Path {
                    items,
                    score: path.score + edge.weight,
                });
            }
        }
    }
    let mut last = reached.pop().unwrap_or_default();
    prune(&mut last);
    last
}

fn prune(paths: &mut Vec<Path>) {
    paths.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Path> = Vec::with_capacity(PATHS);
    for path in paths.drain(..) {
        if kept.len() >= PATHS {
            break;
        }
        let same = kept.iter().any(|k| {
            k.items.len() == path.items.len()
                && k.items
                    .iter()
                    .zip(&path.items)
                    .all(|(a, b)| a.sense == b.sense && a.start == b.start)
        });
        if !same {
            kept.push(path);
        }
    }
    *paths = kept;
}
