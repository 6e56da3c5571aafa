//! From readings to phrases: thresholds, counted things, measures and groups.

use crate::lattice::{Item, Sense};
use crate::time::TimeSense;
use crate::values::ValueMatch;
use crate::vocabulary::Named;
use query::{Direction, Operator};
use semantics::Aggregation;

/// What a threshold compares with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bar {
    /// A number, whether money was said, whether percent was said.
    Number(f64, bool, bool),
    /// The average over the groups (of a grain, if one was said).
    Average,
    /// The highest, lowest or middle value of all rows.
    Stat(Aggregation),
    /// Another named number.
    Named(Named),
}

/// What a "best-selling" word ranks by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RankBasis {
    Revenue,
    Units,
    Price,
    Orders,
    Profit,
    Time,
    Growth,
}

/// Kinds of words that do one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    By,
    Count,
    HowMuch,
    Distinct,
    Share,
    MakeUp,
    Versus,
    Compare,
    Between,
    From,
    To,
    Over,
    Than,
    Pct,
    Absolute,
    Cumulative,
    Rolling,
    Trend,
    Negation,
    Both,
    And,
    Or,
    But,
    Relative,
    Among,
    Which,
    List,
    All,
    RowsWord,
    Worth,
    NeverOrdered,
    EveryPeriod,
    Pair,
    New,
    Ref,
    RankVerb,
    Vague,
    /// "id", "ids": of the entity beside it.
    Key,
    /// "full name": first and last.
    FullName,
    /// "times": of orders or visits.
    Occasions,
    /// "ratio of … to …"
    Ratio,
    /// "difference between … and …"
    Apart,
    /// "faster than": one growth against another.
    Outgrow,
    /// "retention", "cohort": who comes back.
    Cohort,
    /// "lift": a number about pairs.
    PairNumber,
    /// "and everything else": what a ranking leaves out, summed up.
    Rest,
    /// "customers", "shoppers": those who buy, where the model has a table of them or not.
    People,
    /// "out of stock".
    NoStock,
    /// "sell-through".
    SellThrough,
    /// "weeks of supply", "stock cover".
    Supply,
    /// "like for like", "same-store".
    Comparable,
    /// "new vs returning customers".
    Returning,
    /// "ABC analysis".
    Abc,
    /// "repeat customer rate".
    Repeat,
    /// "days since the last order".
    DaysSince,
    /// "need reordering".
    Reorder,
    /// "price volume mix".
    PriceVolumeMix,
}

/// What a word does to the last query of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EditWord {
    /// Further parts.
    Add,
    /// Other parts.
    Swap,
    /// Fewer parts.
    Drop,
    /// Into one member.
    Drill,
    /// One level down.
    Finer,
    /// One level up.
    Coarser,
    /// The other way round.
    Reverse,
}

/// A phrase.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Named(Named),
    Value(ValueMatch),
    Time(TimeSense),
    Number(f64, bool),
    Threshold(Operator, Bar),
    Aggregation(Aggregation),
    Rank(Direction),
    RankBy(RankBasis, Direction),
    Nth(u32),
    Sort(Direction),
    Change(Option<Direction>),
    /// Against the period before (grain), or a year before, or just the period before.
    Period(Option<query::Grain>),
    Mark(Mark),
    /// Grown to so many times as much, or to more than that.
    Multiple(f64, bool),
    /// Exactly so many times.
    Times(u32),
    /// Alphabetically.
    Alphabetical,
    /// "has more …, A or B": which of the two is ahead.
    Contest(Direction),
    /// Made a profit, or a loss.
    Gain(Operator),
    /// A unit of time after a number.
    Unit(&'static str),
    /// In debt.
    Debt,
    /// At a discount, or at the full price.
    Discounted(Operator),
    /// "longest": the extreme of the field that the stems name.
    Extreme(Direction, &'static str),
    /// "longer than 5": a limit on the field that the stems name.
    Limit(Operator, &'static str, f64),
    /// A word that edits the last query.
    Edit(EditWord),
    /// A verb by its base form ("ship" for "shipped").
    Verb(&'static str),
    /// Text between quotation marks, as written.
    Literal(String),
    /// A noun that names a column of many tables: these.
    Shared(Vec<semantics::FieldRef>),
    Unknown,
}

/// A phrase in its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) node: Node,
    /// First token.
    pub(super) start: usize,
    /// Token after the last.
    pub(super) end: usize,
    /// As written, folded.
    pub(super) text: String,
}

fn basis(word: &str) -> Option<RankBasis> {
    Some(match word {
        "revenue" => RankBasis::Revenue,
        "units" => RankBasis::Units,
        "price" => RankBasis::Price,
        "orders" => RankBasis::Orders,
        "profit" => RankBasis::Profit,
        "time" => RankBasis::Time,
        "growth" => RankBasis::Growth,
        _ => return None,
    })
}

fn direction(word: &str) -> Direction {
    if word == "asc" {
        Direction::Ascending
    } else {
        Direction::Descending
    }
}

fn operator(word: &str) -> Operator {
    match word {
        "ge" => Operator::Ge,
        "lt" => Operator::Lt,
        "le" => Operator::Le,
        "eq" => Operator::Eq,
        _ => Operator::Gt,
    }
}

fn simple(item: &Item) -> Node {
    let role = match &item.sense {
        Sense::Named(named) => return Node::Named(named.clone()),
        Sense::Value(found) => return Node::Value(found.clone()),
        Sense::Time(time) => return Node::Time(time.clone()),
        Sense::Number(value, money) => return Node::Number(*value, *money),
        Sense::Literal(text) => return Node::Literal(text.clone()),
        Sense::Shared(fields) => return Node::Shared(fields.clone()),
        Sense::Role(role) => role,
        Sense::Ignorable | Sense::Unknown => return Node::Unknown,
    };
    let payload = role.payload;
    match role.kind {
        "agg" => Node::Aggregation(match payload {
            "average" => Aggregation::Average,
            "median" => Aggregation::Median,
            "max" => Aggregation::Max,
            "min" => Aggregation::Min,
            _ => Aggregation::Sum,
        }),
        "rank" => Node::Rank(direction(payload)),
        "rankby" => {
            let (word, way) = payload.split_once(' ').unwrap_or((payload, "desc"));
            basis(word).map_or(Node::Unknown, |b| Node::RankBy(b, direction(way)))
        }
        "sign" => Node::Threshold(operator(payload), Bar::Number(0.0, false, false)),
        "unit" => Node::Unit(payload),
        "contest" => Node::Contest(direction(payload)),
        "nth" => payload.parse().map_or(Node::Unknown, Node::Nth),
        "direction" if payload == "alpha" => Node::Alphabetical,
        "direction" => Node::Sort(direction(payload)),
        "change" => Node::Change(match payload {
            "up" => Some(Direction::Descending),
            "down" => Some(Direction::Ascending),
            _ => None,
        }),
        "period" => Node::Period(match payload {
            "year" => Some(query::Grain::Year),
            "quarter" => Some(query::Grain::Quarter),
            "month" => Some(query::Grain::Month),
            "week" => Some(query::Grain::Week),
            "day" => Some(query::Grain::Day),
            _ => None,
        }),
        "verb" => Node::Verb(payload),
        "edit" => Node::Edit(match payload {
            "add" => EditWord::Add,
            "swap" => EditWord::Swap,
            "drill" => EditWord::Drill,
            "finer" => EditWord::Finer,
            "coarser" => EditWord::Coarser,
            "reverse" => EditWord::Reverse,
            _ => EditWord::Drop,
        }),
        "gain" => Node::Gain(operator(payload)),
        "debt" => Node::Debt,
        "discounted" => Node::Discounted(operator(payload)),
        "superlative" => {
            let (way, stems) = payload.split_once('\t').unwrap_or((payload, ""));
            Node::Extreme(direction(way), stems)
        }
        "multiple" => {
            let (times, more) = payload.split_once(' ').unwrap_or((payload, ""));
            times
                .parse()
                .map_or(Node::Unknown, |t| Node::Multiple(t, more == "more"))
        }
        "times" => payload.parse().map_or(Node::Unknown, Node::Times),
        "yearbyyear" => Node::Time(TimeSense::Grain(query::Grain::Year)),
        kind => mark(kind).map_or(Node::Unknown, Node::Mark),
    }
}

fn mark(kind: &str) -> Option<Mark> {
    Some(match kind {
        "by" | "within" => Mark::By,
        "count" => Mark::Count,
        "howmuch" => Mark::HowMuch,
        "distinct" => Mark::Distinct,
        "share" => Mark::Share,
        "makeup" => Mark::MakeUp,
        "versus" => Mark::Versus,
        "compare" => Mark::Compare,
        "between" => Mark::Between,
        "from" => Mark::From,
        "to" => Mark::To,
        "over" => Mark::Over,
        "than" => Mark::Than,
        "pct" => Mark::Pct,
        "absolute" => Mark::Absolute,
        "cumulative" => Mark::Cumulative,
        "rolling" => Mark::Rolling,
        "trend" => Mark::Trend,
        "negation" => Mark::Negation,
        "also" => Mark::Both,
        "conj" => Mark::And,
        "or" => Mark::Or,
        "but" => Mark::But,
        "relative" => Mark::Relative,
        "among" => Mark::Among,
        "which" => Mark::Which,
        "list" => Mark::List,
        "all" => Mark::All,
        "rows" => Mark::RowsWord,
        "worth" => Mark::Worth,
        "exists" => Mark::NeverOrdered,
        "everyperiod" => Mark::EveryPeriod,
        "pair" => Mark::Pair,
        "new" => Mark::New,
        "ref" => Mark::Ref,
        "rankverb" => Mark::RankVerb,
        "vague" => Mark::Vague,
        "key" => Mark::Key,
        "fullname" => Mark::FullName,
        "occasions" => Mark::Occasions,
        "ratio" => Mark::Ratio,
        "apart" => Mark::Apart,
        "outgrow" => Mark::Outgrow,
        "cohort" => Mark::Cohort,
        "pairnumber" => Mark::PairNumber,
        "rest" => Mark::Rest,
        "people" => Mark::People,
        "nostock" => Mark::NoStock,
        "sellthrough" => Mark::SellThrough,
        "supply" => Mark::Supply,
        "comparable" => Mark::Comparable,
        "returning" => Mark::Returning,
        "abc" => Mark::Abc,
        "repeat" => Mark::Repeat,
        "dayssince" => Mark::DaysSince,
        "reorder" => Mark::Reorder,
        "pvm" => Mark::PriceVolumeMix,
        _ => return None,
    })
}

/// Merges operator and number into thresholds ("more than 25", "3 or more", "between 10 and 20",
/// "above the average") and leaves the rest as it is.
pub(super) fn phrases(items: &[Item]) -> Vec<Placed> {
    // "under their reorder level": whose it is, the noun says.
    let own = |i: usize| {
        i > 0
            && items[i].is_role("ref")
            && matches!(items[i].text.as_str(), "their" | "its")
            && items[i - 1].is_role("op")
    };
    let items: Vec<Item> = (0..items.len())
        .filter(|i| !own(*i))
        .map(|i| items[i].clone())
        .collect();
    let items = &items[..];
    let mut out: Vec<Placed> = Vec::new();
    let mut at = 0;
    while at < items.len() {
        let item = &items[at];
        let place = |node: Node, last: usize| Placed {
            node,
            start: item.start,
            end: items[last].end,
            text: items[at..=last]
                .iter()
                .map(|i| i.text.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        };
        let percent_at = |i: usize| {
            items
                .get(i)
                .is_some_and(|x| x.is_role("share") || x.is_role("pct"))
        };
        let number_at = |i: usize| match items.get(i).map(|x| &x.sense) {
            Some(Sense::Number(value, money)) => Some((*value, *money)),
            _ => None,
        };
        if let Some(op) = item
            .role("op")
            .or_else(|| item.is_role("over").then_some("gt"))
        {
            if let Some((value, money)) = number_at(at + 1) {
                let percent = percent_at(at + 2) && items[at + 2].start == items[at + 1].end;
                let last = if percent { at + 2 } else { at + 1 };
                out.push(place(
                    Node::Threshold(operator(op), Bar::Number(value, money, percent)),
                    last,
                ));
                at = last + 1;
                continue;
            }
            if item.is_role("op") {
                let grain = matches!(
                    items.get(at + 1).map(|x| &x.sense),
                    Some(Sense::Time(TimeSense::Grain(_)))
                );
                let next = if grain { at + 2 } else { at + 1 };
                if items.get(next).and_then(|x| x.role("agg")) == Some("average") {
                    out.push(place(Node::Threshold(operator(op), Bar::Average), next));
                    at = next + 1;
                    continue;
                }
                // "lower than the highest price"
                let stat = items
                    .get(at + 1)
                    .and_then(|x| match (x.role("agg"), x.role("rank")) {
                        (Some("max"), _) | (_, Some("desc")) => Some(Aggregation::Max),
                        (Some("min"), _) | (_, Some("asc")) => Some(Aggregation::Min),
                        (Some("median"), _) => Some(Aggregation::Median),
                        _ => None,
                    });
                if let Some(how) = stat {
                    out.push(place(Node::Threshold(operator(op), Bar::Stat(how)), at + 1));
                    at += 2;
                    continue;
                }
                // "under age 30"
                if let Some(Sense::Named(named)) = items.get(at + 1).map(|x| &x.sense)
                    && let Some((value, money)) = number_at(at + 2)
                    && items[at + 2].start == items[at + 1].end
                {
                    let mut field = place(Node::Named(named.clone()), at + 1);
                    field.text = items[at + 1].text.clone();
                    out.push(field);
                    out.push(place(
                        Node::Threshold(operator(op), Bar::Number(value, money, false)),
                        at + 2,
                    ));
                    at += 3;
                    continue;
                }
                if let Some(Sense::Named(named)) = items.get(at + 1).map(|x| &x.sense) {
                    out.push(place(
                        Node::Threshold(operator(op), Bar::Named(named.clone())),
                        at + 1,
                    ));
                    at += 2;
                    continue;
                }
            }
        }
        // "more shops than average", "more orders than 5"
        if let Some(way) = item.role("contest")
            && let Some(Sense::Named(named)) = items.get(at + 1).map(|x| &x.sense)
            && items
                .get(at + 2)
                .is_some_and(|x| x.is_role("than") || x.text == "than")
        {
            let op = if way == "desc" {
                Operator::Gt
            } else {
                Operator::Lt
            };
            let average = (at + 3..items.len().min(at + 5))
                .find(|i| items[*i].role("agg") == Some("average"));
            let bar = average
                .map(|i| (Bar::Average, i))
                .or_else(|| number_at(at + 3).map(|(v, m)| (Bar::Number(v, m, false), at + 3)));
            if let Some((bar, last)) = bar {
                let mut noun = place(Node::Named(named.clone()), at + 1);
                noun.start = items[at + 1].start;
                noun.text = items[at + 1].text.clone();
                let mut limit = place(Node::Threshold(op, bar), last);
                limit.start = items[at + 2].start;
                out.push(noun);
                out.push(limit);
                at = last + 1;
                continue;
            }
        }
        // "older than 30"
        if let Some((op, stems)) = item.role("comparative").and_then(|p| p.split_once('\t'))
            && let Some((value, _)) = number_at(at + 1)
        {
            out.push(place(Node::Limit(operator(op), stems, value), at + 1));
            at += 2;
            continue;
        }
        // "2+ orders"
        if let Some((value, money)) = number_at(at)
            && items
                .get(at + 1)
                .is_some_and(|x| x.text == "+" && x.start == item.end)
        {
            out.push(place(
                Node::Threshold(Operator::Ge, Bar::Number(value, money, false)),
                at + 1,
            ));
            at += 2;
            continue;
        }
        // "20% or more"
        if let Some((value, _)) = number_at(at)
            && percent_at(at + 1)
            && let Some(op @ ("ge" | "le")) = items.get(at + 2).and_then(|x| x.role("op"))
            && items[at + 2].text.starts_with("or ")
        {
            out.push(place(
                Node::Threshold(operator(op), Bar::Number(value, false, true)),
                at + 2,
            ));
            at += 3;
            continue;
        }
        if let Some((value, money)) = number_at(at)
            && let Some(op @ ("ge" | "le")) = items.get(at + 1).and_then(|x| x.role("op"))
            && items[at + 1].text.starts_with("or ")
        {
            out.push(place(
                Node::Threshold(operator(op), Bar::Number(value, money, false)),
                at + 1,
            ));
            at += 2;
            continue;
        }
        if item.is_role("between")
            && let (Some((low, money)), Some((high, money_too))) =
                (number_at(at + 1), number_at(at + 3))
            && items[at + 2].is_role("conj")
        {
            out.push(place(
                Node::Threshold(Operator::Ge, Bar::Number(low, money, false)),
                at + 1,
            ));
            out.push(place(
                Node::Threshold(Operator::Le, Bar::Number(high, money_too, false)),
                at + 3,
            ));
            at += 4;
            continue;
        }
        out.push(place(simple(item), at));
        at += 1;
    }
    out
}
