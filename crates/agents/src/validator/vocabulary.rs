//! The closed vocabulary that the number check understands. A word outside it makes the
//! sentence unproven.

use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Words that state nothing by themselves.
const NEUTRAL: &str = include_str!("neutral.txt");

/// Participles that state a cause, a course or a judgement that no row proves.
const LOADED: &[&str] = &[
    "caused",
    "fuelled",
    "fueled",
    "boosted",
    "helped",
    "supported",
    "hampered",
    "affected",
    "attributed",
    "linked",
    "related",
    "impacted",
    "influenced",
    "powered",
    "lifted",
    "dragged",
    "hindered",
    "stimulated",
    "spurred",
    "sparked",
    "triggered",
    "propelled",
    "buoyed",
    "offset",
    "expected",
    "predicted",
    "projected",
    "estimated",
    "forecasted",
    "planned",
    "targeted",
    "plateaued",
    "stagnated",
    "levelled",
    "leveled",
    "stabilised",
    "stabilized",
    "fluctuated",
    "recovered",
    "reversed",
    "halted",
    "exploded",
    "supposed",
    "alleged",
    "failed",
    "missed",
    "needed",
    "unexpected",
    "unprecedented",
    "limited",
    "excluded",
    "removed",
    "cancelled",
    "canceled",
    "returned",
    "refunded",
    "discounted",
    "adjusted",
    "unmatched",
    "unrivalled",
    "unsold",
    "hundred",
    "ended",
];

fn is_neutral(word: &str) -> bool {
    static READ: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    READ.get_or_init(|| NEUTRAL.lines().filter(|l| !l.starts_with('#')).collect())
        .contains(word)
}

/// How a number in words relates to the exact one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hedge {
    /// More than it, by less than its last figure.
    Over,
    /// Less than it, by less than its last figure.
    Under,
    /// Less than it, by how much is open.
    Less,
    /// It, rounded at its last figure.
    About,
}

/// What kind of statement a word makes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Nothing.
    Neutral,
    /// It went up (1), down (-1) or neither (0).
    Direction(i8),
    /// It is the largest (1) or the smallest (-1).
    Extreme(i8),
    /// Its place, counted from 1.
    Ordinal(usize),
    /// The place after the one before.
    Next,
    /// More (1) or less (-1) than another.
    Comparative(i8),
    /// A number word.
    Number(u32),
    /// A part of a whole.
    Fraction(f64),
    /// A number of times another.
    Multiple(f64),
    /// How exact the number behind it is.
    Hedge(Hedge),
    /// The first (-1) or the last (1) in time.
    InTime(i8),
    /// Above (1) or below (-1) nothing.
    Sign(i8),
    /// All of them.
    All,
    /// The two that there are.
    Both,
    /// Those and no others.
    Only,
    /// None of them.
    No,
    /// Not in the vocabulary.
    Unknown,
}

/// Looks a lower-case word up.
pub(super) fn kind(word: &str) -> Kind {
    match word {
        "rose" | "grew" | "increased" | "gained" | "climbed" | "up" | "rise" | "rises"
        | "increase" | "increases" | "gain" | "gains" | "grows" | "grow" | "grown" | "risen"
        | "growing" | "rising" | "climbing" | "increasing" | "gaining" | "jumped" | "jump"
        | "surged" | "surge" | "soared" | "advanced" | "expanded" | "improved" | "improvement"
        | "improving" | "rebounded" | "uptick" | "upturn" | "expansion" | "climb" | "upward"
        | "upwards" | "expanding" | "added" | "skyrocketed" | "rocketed" | "spiked"
        | "ballooned" | "mushroomed" | "boomed" | "leapt" | "leaped" | "vaulted" | "mounted"
        | "escalated" | "swelled" | "strengthened" | "accelerated" => Kind::Direction(1),
        "fell" | "dropped" | "decreased" | "declined" | "shrank" | "lost" | "down" | "fall"
        | "falls" | "falling" | "drop" | "drops" | "dropping" | "decrease" | "decreases"
        | "decreasing" | "decline" | "declines" | "declining" | "fallen" | "shrunk"
        | "shrinking" | "slipped" | "slip" | "slid" | "slide" | "sank" | "tumbled" | "plunged"
        | "plummeted" | "dipped" | "dip" | "contracted" | "contraction" | "eased" | "weakened"
        | "reduced" | "reduction" | "downward" | "downwards" | "slump" | "slumped" | "dwindled"
        | "downturn" | "shed" | "cratered" | "nosedived" | "collapsed" | "crashed" | "receded"
        | "retreated" | "diminished" | "lessened" | "subsided" | "softened" | "cooled"
        | "slowed" | "waned" | "deteriorated" | "worsened" | "sinking" | "losing" | "loss" => {
            Kind::Direction(-1)
        }
        "unchanged" | "flat" | "stable" => Kind::Direction(0),
        "highest" | "largest" | "biggest" | "greatest" | "best" | "most" | "top" | "leads"
        | "led" | "leader" | "leading" | "peak" | "peaked" | "peaks" | "strongest" | "maximum"
        | "max" | "best-selling" | "top-selling" | "bestselling" | "bestseller" | "best-seller"
        | "best-performing" | "top-performing" | "topped" | "tops" | "topping" | "headed"
        | "heads" | "fastest" | "fastest-growing" | "steepest" | "sharpest" | "busiest"
        | "richest" | "number-one" | "high" | "heaviest" | "priciest" | "dearest" | "winner"
        | "chart-topper" | "dominant" | "front-runner" | "dominated" | "dominates"
        | "dominating" | "frontrunner" | "highest-grossing" | "highest-ranked" | "top-ranked"
        | "longest" => Kind::Extreme(1),
        "lowest" | "smallest" | "least" | "fewest" | "worst" | "weakest" | "minimum" | "min"
        | "trough" | "slowest" | "poorest" | "laggard" | "worst-performing" | "quietest"
        | "low" | "lowest-ranked" | "worst-selling" | "slowest-growing" | "bottomed"
        | "cheapest" | "lightest" | "shortest" => Kind::Extreme(-1),
        "more" | "ahead" | "above" | "higher" | "larger" | "greater" | "exceeds" | "exceeded"
        | "exceeding" | "bigger" | "better" | "outsold" | "outperformed" | "surpassed"
        | "surpasses" | "beat" | "beats" | "beating" | "outpaced" | "stronger" | "outranked"
        | "ahead-of" => Kind::Comparative(1),
        "less" | "behind" | "below" | "lower" | "smaller" | "fewer" | "worse" | "weaker"
        | "trailed" | "trails" | "trailing" | "lagged" | "lags" | "lagging" => {
            Kind::Comparative(-1)
        }
        "first" => Kind::Ordinal(1),
        "second" | "runner-up" | "second-highest" | "second-largest" | "second-best"
        | "second-biggest" => Kind::Ordinal(2),
        "third" | "third-highest" | "third-largest" | "third-best" | "third-biggest" => {
            Kind::Ordinal(3)
        }
        "fourth" => Kind::Ordinal(4),
        "fifth" => Kind::Ordinal(5),
        "sixth" => Kind::Ordinal(6),
        "seventh" => Kind::Ordinal(7),
        "eighth" => Kind::Ordinal(8),
        "ninth" => Kind::Ordinal(9),
        "tenth" => Kind::Ordinal(10),
        "followed" | "next" | "follows" => Kind::Next,
        "one" => Kind::Number(1),
        "two" => Kind::Number(2),
        "three" => Kind::Number(3),
        "four" => Kind::Number(4),
        "five" => Kind::Number(5),
        "six" => Kind::Number(6),
        "seven" => Kind::Number(7),
        "eight" => Kind::Number(8),
        "nine" => Kind::Number(9),
        "ten" => Kind::Number(10),
        "eleven" => Kind::Number(11),
        "twelve" => Kind::Number(12),
        "thirteen" => Kind::Number(13),
        "fourteen" => Kind::Number(14),
        "fifteen" => Kind::Number(15),
        "sixteen" => Kind::Number(16),
        "seventeen" => Kind::Number(17),
        "eighteen" => Kind::Number(18),
        "nineteen" => Kind::Number(19),
        "twenty" => Kind::Number(20),
        "thirty" => Kind::Number(30),
        "forty" => Kind::Number(40),
        "fifty" => Kind::Number(50),
        "half" => Kind::Fraction(0.5),
        "thirds" => Kind::Fraction(2.0 / 3.0),
        "majority" => Kind::Fraction(f64::INFINITY),
        "twice" | "double" | "doubled" | "doubles" | "doubling" => Kind::Multiple(2.0),
        "triple" | "tripled" | "triples" | "thrice" | "threefold" | "trebled" => {
            Kind::Multiple(3.0)
        }
        "quadruple" | "quadrupled" | "fourfold" => Kind::Multiple(4.0),
        "halved" => Kind::Multiple(0.5),
        "nearly" | "almost" => Kind::Hedge(Hedge::Under),
        "~" | "≈" | "about" | "around" | "roughly" | "approximately" | "approx" | "circa" => {
            Kind::Hedge(Hedge::About)
        }
        "latest" | "final" | "last" | "recent" => Kind::InTime(1),
        "earliest" | "initial" | "opening" => Kind::InTime(-1),
        "positive" => Kind::Sign(1),
        "negative" => Kind::Sign(-1),
        "all" | "every" => Kind::All,
        "both" => Kind::Both,
        "only" => Kind::Only,
        "no" | "none" | "neither" | "nothing" | "zero" => Kind::No,
        // Sides from which a rank is counted are read together with the ordinal.
        "bottom" => Kind::Neutral,
        _ if is_neutral(word) => Kind::Neutral,
        // What somebody did with something: neither a direction nor a cause.
        _ if word.ends_with("ed") && word.len() > 4 && !LOADED.contains(&word) => Kind::Neutral,
        _ => Kind::Unknown,
    }
}

/// A word without the endings that count and possession give it.
pub(super) fn stem(word: &str) -> String {
    let word = word
        .trim_end_matches("'s")
        .trim_end_matches("’s")
        .trim_end_matches('\'');
    if let Some(start) = word.strip_suffix("ies").filter(|s| s.len() > 2) {
        return format!("{start}y");
    }
    for ending in ["sses", "shes", "ches", "xes"] {
        if let Some(start) = word.strip_suffix("es").filter(|_| word.ends_with(ending)) {
            return start.to_string();
        }
    }
    match word.strip_suffix('s') {
        Some(start) if start.len() > 2 && !start.ends_with(['s', 'u', 'i']) => start.to_string(),
        _ => word.to_string(),
    }
}

/// Nouns that name the same quantity: where the data has one of a line, any of it may be said.
const SAME: &[&[&str]] = &[
    &[
        "sale", "revenue", "turnover", "taking", "receipt", "proceed", "income", "earning",
        "gross", "business",
    ],
    &["unit", "quantity", "piece", "volume", "item"],
    &["order", "purchase", "transaction", "invoice"],
    &["customer", "client", "shopper", "buyer", "account"],
    &["employee", "staff", "worker", "people", "person"],
    &["profit", "earning"],
    &["cost", "expense", "spend", "spending", "spent"],
    &["price", "pricing"],
    &["store", "shop", "outlet", "branch", "location"],
    &["product", "item", "article", "good"],
    &["city", "town"],
    &["country", "nation", "market"],
    &["average", "mean"],
    &["rating", "score"],
    &["film", "movie"],
    &["track", "song"],
    &["freight", "shipping"],
];

/// Whether two stems name the same quantity.
pub(super) fn same_noun(a: &str, b: &str) -> bool {
    a == b
        || SAME
            .iter()
            .any(|line| line.contains(&a) && line.contains(&b))
}

/// Month number of an English month name or its first three letters.
pub(super) fn month(word: &str) -> Option<i8> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = NAMES
        .iter()
        .position(|n| *n == word || (word.len() == 3 && n.starts_with(word)))?;
    i8::try_from(at + 1).ok()
}

/// Whether a text is an English weekday.
pub(super) fn weekday(text: &str) -> Option<()> {
    const NAMES: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    NAMES.contains(&text.to_lowercase().as_str()).then_some(())
}
