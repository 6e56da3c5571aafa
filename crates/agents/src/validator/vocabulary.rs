//! The closed vocabulary that the number check understands. A word outside it makes the
//! sentence unproven.

/// Words that state nothing by themselves.
const NEUTRAL: &[&str] = &[
    "a",
    "across",
    "against",
    "among",
    "an",
    "and",
    "are",
    "as",
    "at",
    "before",
    "by",
    "came",
    "change",
    "changes",
    "compared",
    "comes",
    "conditions",
    "during",
    "each",
    "for",
    "from",
    "group",
    "groups",
    "growth",
    "had",
    "has",
    "have",
    "in",
    "is",
    "it",
    "its",
    "level",
    "make",
    "makes",
    "match",
    "matches",
    "of",
    "on",
    "over",
    "period",
    "result",
    "periods",
    "row",
    "rows",
    "share",
    "shares",
    "shown",
    "since",
    "stated",
    "stood",
    "than",
    "that",
    "the",
    "there",
    "this",
    "tie",
    "tied",
    "to",
    "total",
    "under",
    "up-to-date",
    "value",
    "values",
    "versus",
    "vs",
    "was",
    "were",
    "whole",
    "with",
    "within",
    "together",
    "came",
    "average",
    "mean",
    "altogether",
    "combined",
    "sum",
    "amounted",
    "reached",
    "recorded",
    "accounted",
    "accounts",
    "which",
    "per",
    "about",
    "around",
    "roughly",
    "approximately",
];

/// What kind of statement a word makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    Neutral,
    /// It went up (1), down (-1) or neither (0).
    Direction(i8),
    /// It is the largest (1) or the smallest (-1).
    Extreme(i8),
    /// Its place, counted from 1.
    Ordinal(usize),
    /// More (1) or less (-1) than another.
    Comparative(i8),
    /// A number word.
    Number(u32),
    /// All of them.
    All,
    /// None of them.
    No,
    /// Not in the vocabulary.
    Unknown,
}

/// Looks a lower-case word up.
pub(super) fn kind(word: &str) -> Kind {
    match word {
        "rose" | "grew" | "increased" | "gained" | "climbed" | "up" | "rise" | "rises"
        | "increase" | "gain" | "grows" | "grown" | "risen" => Kind::Direction(1),
        "fell" | "dropped" | "decreased" | "declined" | "shrank" | "lost" | "down" | "fall"
        | "falls" | "drop" | "decrease" | "decline" | "fallen" | "shrunk" => Kind::Direction(-1),
        "unchanged" | "flat" => Kind::Direction(0),
        "highest" | "largest" | "biggest" | "greatest" | "best" | "most" | "top" | "leads"
        | "led" | "leader" | "leading" | "peak" | "peaked" | "strongest" | "maximum" => {
            Kind::Extreme(1)
        }
        "lowest" | "smallest" | "least" | "fewest" | "worst" | "weakest" | "minimum" | "trough" => {
            Kind::Extreme(-1)
        }
        "more" | "ahead" | "above" | "higher" | "larger" | "greater" | "exceeds" | "exceeded" => {
            Kind::Comparative(1)
        }
        "less" | "behind" | "below" | "lower" | "smaller" | "fewer" => Kind::Comparative(-1),
        "first" => Kind::Ordinal(1),
        "second" | "runner-up" => Kind::Ordinal(2),
        "third" => Kind::Ordinal(3),
        "fourth" => Kind::Ordinal(4),
        "fifth" => Kind::Ordinal(5),
        "sixth" => Kind::Ordinal(6),
        "seventh" => Kind::Ordinal(7),
        "eighth" => Kind::Ordinal(8),
        "ninth" => Kind::Ordinal(9),
        "tenth" => Kind::Ordinal(10),
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
        "all" => Kind::All,
        "no" => Kind::No,
        // Sides from which a rank is counted are read together with the ordinal.
        "bottom" => Kind::Neutral,
        _ if NEUTRAL.contains(&word) => Kind::Neutral,
        _ => Kind::Unknown,
    }
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
