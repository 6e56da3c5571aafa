//! What a conversation carries from turn to turn: the last query, the names that its answer showed,
//! the queries before it; and the words of a turn that point back at them.

use crate::lattice::{Item, Sense};
use crate::lexicon::english;
use crate::time::{Period, TimeSense, period_of};
use crate::token::{Token, TokenKind};
use crate::values::{Quality, ValueMatch};
use jiff::civil::Date;
use query::{Dimension, Grain, Query};
use semantics::{FieldRef, Model};
use serde::{Deserialize, Serialize};

/// Turns that "go back" can reach, at most.
const REMEMBERED: usize = 16;
/// A reference read as what it points at beats every other reading of its words.
const REFERENCE: f64 = 2.6;

/// What the last answered turn left behind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// Its query.
    pub query: Query,
    /// The one value that its result named, if it was one.
    pub single: Option<(FieldRef, String)>,
    /// The names that its result showed, in order, with their field.
    #[serde(default)]
    pub listed: Option<(FieldRef, Vec<String>)>,
    /// The one period that its result named (its first day and length), if it was one.
    #[serde(default)]
    pub period: Option<(String, Grain)>,
    /// The queries of the turns before, oldest first.
    #[serde(default)]
    pub earlier: Vec<Query>,
}

impl Context {
    /// The context after one more answered turn; a turn that goes back forgets the one it undid.
    pub fn after(self, last: Option<Context>, rewinds: bool) -> Context {
        let mut earlier = Vec::new();
        if let Some(last) = last {
            earlier = last.earlier;
            if rewinds {
                earlier.pop();
            } else if last.query != self.query {
                earlier.push(last.query);
            }
            let surplus = earlier.len().saturating_sub(REMEMBERED);
            earlier.drain(..surplus);
        }
        Context { earlier, ..self }
    }
}

/// Whether the whole turn asks for the answer before the last one ("go back", "undo that").
pub(crate) fn asks_back(tokens: &[Token]) -> bool {
    let mut undo = false;
    for (at, token) in tokens.iter().enumerate() {
        let word = token.folded.as_str();
        match word {
            "undo" | "revert" | "back" => undo = true,
            "go" | "step" | "one" | "a" | "the" | "to" | "that" | "please" | "previous"
            | "last" | "answer" | "question" | "result" | "again" | "it" | "turn" | "before"
            | "change" | "and" | "ok" | "now" | "edit" | "us" | "take" | "me" | "up" => {}
            _ if matches!(token.kind, TokenKind::Mark) => {}
            _ => return false,
        }
        if at > 7 {
            return false;
        }
    }
    undo
}

/// Whether the first words say that the turn goes on from the one before.
pub(crate) fn starts_as_follow_up(tokens: &[Token]) -> bool {
    let words: Vec<&str> = tokens.iter().take(3).map(|t| t.folded.as_str()).collect();
    let first = words.first().copied().unwrap_or_default();
    matches!(
        first,
        "and"
            | "only"
            | "just"
            | "same"
            | "now"
            | "ok"
            | "okay"
            | "but"
            | "instead"
            | "fine"
            | "for"
            | "then"
            | "also"
            | "add"
            | "plus"
            | "include"
            | "drop"
            | "remove"
            | "exclude"
            | "without"
            | "drill"
            | "zoom"
            | "vs"
            | "versus"
            | "compared"
            | "make"
            | "switch"
            | "swap"
            | "hide"
            | "minus"
            | "keep"
            | "limit"
            | "restrict"
            | "narrow"
    ) || matches!(
        words[..],
        ["what", "about", ..]
            | ["how", "about", ..]
            | ["as", "a", ..]
            | ["as", "%", ..]
            | ["as", "percentage", ..]
            | ["in", "%", ..]
            | ["in", "percent", ..]
            | ["broken", "down", ..]
            | ["split", "by", ..]
            | ["break", "it", ..]
            | ["break", "that", ..]
            | ["break", "them", ..]
            | ["break", "this", ..]
            | ["split", "it", ..]
            | ["split", "that", ..]
            | ["show", "it", ..]
            | ["sort", "by", ..]
            | ["sort", "it", ..]
            | ["sort", "them", ..]
            | ["rank", "them", ..]
            | ["per", _]
            | ["by", ..]
    ) || tokens
        .iter()
        .any(|t| matches!(t.folded.as_str(), "instead" | "again" | "aswell"))
}

/// Items for the words that point at what the last answer showed: "the second one", "number one",
/// "the first two", "that month".
pub(crate) fn references(tokens: &[Token], context: &Context, model: &Model) -> Vec<Item> {
    let mut items = Vec::new();
    for start in 0..tokens.len() {
        if let Some((from, to, end)) = places(tokens, start, context, model)
            && let Some((field, names)) = &context.listed
            && let Some(values) = names.get(from..to)
            && !values.is_empty()
        {
            items.push(Item {
                sense: Sense::Value(ValueMatch {
                    field: field.clone(),
                    values: values.to_vec(),
                    quality: Quality::Exact,
                    cover: 1.0,
                }),
                start,
                end,
                weight: REFERENCE * (end - start) as f64,
                text: text_of(tokens, start, end),
            });
        }
        if let Some((period, end)) = period_meant(tokens, start, context) {
            items.push(Item {
                sense: Sense::Time(TimeSense::Range(period)),
                start,
                end,
                weight: REFERENCE * (end - start) as f64,
                text: text_of(tokens, start, end),
            });
        }
    }
    items
}

fn text_of(tokens: &[Token], start: usize, end: usize) -> String {
    tokens[start..end]
        .iter()
        .map(|t| t.folded.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

fn ordinal(word: &str) -> Option<usize> {
    Some(match word {
        "first" | "1st" | "top" | "best" | "leading" | "leader" => 0,
        "second" | "2nd" => 1,
        "third" | "3rd" => 2,
        "fourth" | "4th" => 3,
        "fifth" | "5th" => 4,
        "sixth" | "6th" => 5,
        _ => return None,
    })
}

fn count(token: Option<&Token>) -> Option<usize> {
    let token = token?;
    match token.kind {
        TokenKind::Number(value, false)
            if value.fract() == 0.0 && (1.0..=50.0).contains(&value) =>
        {
            Some(value as usize)
        }
        _ => english()
            .number(&token.folded)
            .map(|n| n as usize)
            .filter(|n| (1..=50).contains(n)),
    }
}

/// Which of the listed names a stretch means: (first, after the last, token after it).
fn places(
    tokens: &[Token],
    start: usize,
    context: &Context,
    model: &Model,
) -> Option<(usize, usize, usize)> {
    let (field, names) = context.listed.as_ref()?;
    let word = |i: usize| tokens.get(i).map_or("", |t| t.folded.as_str());
    let the = usize::from(matches!(word(start), "the" | "that" | "our"));
    let at = start + the;
    // "number one", "no. 2", "#1"
    if matches!(word(at), "number" | "no" | "no." | "#")
        && let Some(n) = count(tokens.get(at + 1))
        && !matches!(word(at.wrapping_sub(1)), "a" | "what" | "order" | "store")
        && !matches!(word(at + 2), "of" | "by")
    {
        return Some((n - 1, n, at + 2));
    }
    if the == 1 && matches!(word(at), "winner" | "leader") {
        return Some((0, 1, at + 1));
    }
    let last = matches!(word(at), "last" | "bottom" | "worst" | "final");
    if ordinal(word(at)).is_none() && !last {
        return None;
    }
    let noun = |i: usize| {
        word(i) == "one"
            || the == 1
                && !last
                && ordinal(word(at)).is_some()
                && !matches!(word(at), "top" | "best" | "leading")
                && model.entities.iter().any(|e| {
                    (e.display == *field || e.key == *field)
                        && tokens
                            .get(i)
                            .is_some_and(|t| t.stem == e.name && t.folded == t.stem)
                })
    };
    // "the best one by profit" ranks anew; "the second one by month" does not.
    let anew = matches!(word(at), "top" | "best" | "worst" | "bottom" | "leading");
    if noun(at + 1) && word(at + 2) != "of" && !(anew && word(at + 2) == "by") {
        let place = if last {
            names.len().checked_sub(1)?
        } else {
            ordinal(word(at))?
        };
        return Some((place, place + 1, at + 2));
    }
    // "the first two", "the last three"
    if the == 1
        && matches!(word(at), "first" | "top" | "last" | "bottom")
        && let Some(n) = count(tokens.get(at + 1))
        && tokens.get(at + 2).is_none_or(|t| {
            matches!(t.kind, TokenKind::Mark)
                || matches!(t.folded.as_str(), "by" | "in" | "over" | "per" | "only")
        })
        && n < names.len()
        && !(matches!(word(at), "top" | "bottom") && word(at + 2) == "by")
    {
        let from = if last { names.len() - n } else { 0 };
        return Some((from, from + n, at + 2));
    }
    None
}

/// "that month", "in that year", when the last answer named one.
fn period_meant(tokens: &[Token], start: usize, context: &Context) -> Option<(Period, usize)> {
    let (day, grain) = context.period.as_ref()?;
    let word = |i: usize| tokens.get(i).map_or("", |t| t.folded.as_str());
    if !matches!(word(start), "that" | "this" | "the same") {
        return None;
    }
    let named = crate::time::grain_noun(*grain);
    if word(start + 1) != named {
        return None;
    }
    let day: Date = day.parse().ok()?;
    Some((period_of(day, *grain, 1), start + 2))
}

/// The field whose names a result lists, and its column: the group that is shown last, an id beside a
/// name aside.
pub fn listed_field(query: &Query, model: &Model) -> Option<(usize, FieldRef)> {
    if let Some(rows) = &query.rows {
        return rows.fields.first().map(|f| (0, f.clone()));
    }
    let is_id = |f: &FieldRef| {
        model
            .field(f)
            .is_some_and(|x| x.role == semantics::Role::Id)
    };
    let fields: Vec<(usize, FieldRef)> = query
        .dimensions
        .iter()
        .enumerate()
        .filter_map(|(i, d)| match d {
            Dimension::Field(f) => Some((i, f.clone())),
            _ => None,
        })
        .collect();
    fields
        .iter()
        .rev()
        .find(|(_, f)| !is_id(f))
        .or(fields.last())
        .cloned()
}
