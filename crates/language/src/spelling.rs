//! Slips of the pen: what a word that nobody knows may have been meant to be.
//!
//! Words of the grammar, of the model's names and of the data are tried, and those made from the same
//! root. A repaired word costs its
//! reading something, and the answer says how it was read.

use crate::lexicon::{english, is_english};
use crate::morphology::{fold, stem};
use crate::token::{Token, TokenKind};
use crate::values::ValueIndex;
use crate::vocabulary::Vocabulary;

/// The question with its unknown words repaired in one way.
#[derive(Debug, Clone)]
pub(crate) struct Repaired {
    /// All tokens, the repaired ones among them.
    pub tokens: Vec<Token>,
    /// What each repair costs, by token; 0 where nothing was changed.
    pub costs: Vec<f64>,
}

/// Ways of repair that are tried.
const WAYS: usize = 3;
/// Slips at most in one question.
const MOST_SLIPS: usize = 6;
/// What a repair costs a reading.
const SLIP: f64 = 0.5;
/// What it costs when the written word is English too ("moth" for "month").
const REAL_WORD: f64 = 1.2;
/// How much farther a word of the data lies than one of the grammar.
const VALUE: f64 = 0.2;
/// What each less likely repair costs more.
const LESS_LIKELY: f64 = 0.15;

/// The question without what is said around it: greetings, thanks, haste.
pub(crate) fn without_courtesies(tokens: Vec<Token>) -> Vec<Token> {
    let phrase_at = |at: usize| {
        english().courtesies().iter().find(|phrase| {
            tokens.len() - at >= phrase.len()
                && phrase
                    .iter()
                    .zip(&tokens[at..])
                    .all(|(w, t)| *w == t.folded)
        })
    };
    let mut spoken = vec![true; tokens.len()];
    let mut at = 0;
    while at < tokens.len() {
        match phrase_at(at) {
            Some(phrase) => {
                spoken[at..at + phrase.len()].fill(false);
                at += phrase.len();
            }
            None => at += 1,
        }
    }
    // "Morning! how many …": a greeting, where a mark ends it.
    let greeting = matches!(
        tokens.first().map(|t| t.folded.as_str()),
        Some("morning" | "afternoon" | "evening")
    ) && tokens
        .get(1)
        .is_some_and(|t| matches!(t.folded.as_str(), "!" | "," | "-" | "–" | "."));
    if greeting {
        spoken[0] = false;
    }
    // "1,900 square metres", "three pairs of shoes": what is counted or measured in.
    for at in 1..tokens.len() {
        let word = tokens[at].folded.as_str();
        let after_number = matches!(tokens[at - 1].kind, TokenKind::Number(_, false));
        let measured = matches!(
            word,
            "metres"
                | "meters"
                | "metre"
                | "meter"
                | "kilometres"
                | "kilometers"
                | "km"
                | "miles"
                | "kg"
                | "kilos"
                | "kilograms"
                | "grams"
                | "lbs"
                | "litres"
                | "liters"
                | "sqm"
                | "sqft"
        );
        let squared = matches!(word, "square" | "sq")
            && tokens.get(at + 1).is_some_and(|t| {
                matches!(
                    t.folded.as_str(),
                    "metres" | "meters" | "feet" | "foot" | "ft" | "m"
                )
            });
        if after_number && measured {
            spoken[at] = false;
        } else if after_number && squared {
            spoken[at..=at + 1].fill(false);
        }
        let packed = matches!(
            word,
            "pairs" | "bottles" | "boxes" | "packs" | "tins" | "cans" | "jars" | "bags" | "packets"
        ) && tokens.get(at + 1).is_some_and(|t| t.folded == "of")
            && tokens.get(at + 2).is_some_and(|t| {
                !matches!(
                    t.folded.as_str(),
                    "products"
                        | "items"
                        | "articles"
                        | "skus"
                        | "things"
                        | "categories"
                        | "goods"
                        | "lines"
                )
            })
            && tokens[..at]
                .iter()
                .any(|t| matches!(t.folded.as_str(), "many" | "number"));
        if packed {
            spoken[at..=at + 1].fill(false);
        }
    }
    let asks = |t: &Token| !matches!(t.kind, TokenKind::Mark) && !english().is_ignorable(&t.folded);
    if !tokens.iter().zip(&spoken).any(|(t, s)| *s && asks(t)) {
        return tokens;
    }
    // The dash or colon that led over to the question goes with what came before it.
    let mut led = true;
    tokens
        .into_iter()
        .zip(spoken)
        .filter(|(token, spoken)| {
            let lead = led
                && matches!(token.kind, TokenKind::Mark)
                && !matches!(
                    token.folded.as_str(),
                    "%" | "#" | "\"" | "'" | "(" | "<" | ">" | "<=" | ">="
                );
            led &= !*spoken || lead;
            *spoken && !lead
        })
        .map(|(token, _)| token)
        .collect()
}

/// The likeliest repairs of the words that nobody knows, likeliest first; none if all are known.
pub(crate) fn repairs(
    tokens: &[Token],
    vocabulary: &Vocabulary,
    values: &ValueIndex,
) -> Vec<Repaired> {
    let mut slips = 0;
    let mut found: Vec<Vec<(f64, String)>> = Vec::with_capacity(tokens.len());
    for at in 0..tokens.len() {
        let of_word = candidates(tokens, at, vocabulary, values);
        slips += usize::from(!of_word.is_empty());
        // A text of so many slips is no question that anybody mistyped.
        if slips > MOST_SLIPS {
            return Vec::new();
        }
        found.push(of_word);
    }
    let candidates = found;
    let ways = candidates.iter().map(Vec::len).max().unwrap_or(0);
    (0..ways)
        .map(|way| {
            let mut repaired = Repaired {
                tokens: tokens.to_vec(),
                costs: vec![0.0; tokens.len()],
            };
            for (at, candidates) in candidates.iter().enumerate() {
                let Some((cost, word)) = candidates.get(way).or_else(|| candidates.first()) else {
                    continue;
                };
                let token = &mut repaired.tokens[at];
                token.folded = word.clone();
                token.stem = stem(word);
                repaired.costs[at] = *cost;
            }
            repaired
        })
        .collect()
}

/// What the word may have been meant to be, with the cost of each, cheapest first.
fn candidates(
    tokens: &[Token],
    at: usize,
    vocabulary: &Vocabulary,
    values: &ValueIndex,
) -> Vec<(f64, String)> {
    let token = &tokens[at];
    let written = token.folded.as_str();
    let plain = matches!(token.kind, TokenKind::Word)
        && written.len() >= 3
        && written.chars().all(char::is_alphabetic)
        // Names and initials are not repaired into words of the grammar.
        && !token.text.chars().all(char::is_uppercase);
    let lexicon = english();
    let known = || {
        lexicon
            .words()
            .binary_search_by(|w| w.as_str().cmp(written))
            .is_ok()
            || vocabulary.knows(&token.stem)
            || vocabulary.knows(written)
            || values.knows(&token.stem)
            || vocabulary.begun(written).is_some()
    };
    if !plain || known() {
        return Vec::new();
    }
    if lexicon.is_ordinary(written) {
        return derived(written, vocabulary, values)
            .into_iter()
            .take(WAYS)
            .map(|word| (SLIP, word))
            .collect();
    }
    let name = at > 0 && token.text.chars().next().is_some_and(char::is_uppercase);
    let real = is_english(written);
    let mut found: Vec<(f64, String)> = Vec::new();
    let mut consider = |word: &str, says_nothing: bool| {
        if let Some(distance) = slip(written, word, real)
            && !(says_nothing && (real || name))
        {
            found.push((
                distance + if says_nothing { 0.1 } else { 0.0 },
                word.to_string(),
            ));
        }
    };
    for word in lexicon.words() {
        consider(word, !lexicon.acts(word) && lexicon.is_ignorable(word));
    }
    let many = token.stem != token.folded;
    for word in vocabulary.words() {
        consider(word, false);
        consider(&crate::compose::plural(word), false);
    }
    // Words of the data are many: only what is no English word is taken for one of them.
    if !real && written.len() >= 4 {
        let first = written.chars().next().unwrap_or_default();
        let of_data = values.words_at(first).iter().map(String::as_str);
        for word in of_data.chain(lexicon.place_words().filter(|w| w.starts_with(first))) {
            if let Some(distance) = slip(written, word, false).filter(|d| *d < 2.0) {
                found.push((distance + VALUE, word.to_string()));
            }
            if many && let Some(distance) = slip(&token.stem, word, false).filter(|d| *d < 2.0) {
                found.push((distance + VALUE, word.to_string()));
            }
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    let mut seen: Vec<String> = Vec::new();
    found.retain(|(_, word)| {
        let new = !seen.contains(word);
        seen.push(word.clone());
        new
    });
    let base = if real || name { REAL_WORD } else { SLIP };
    let slips = found.into_iter().map(|(_, word)| (base, word));
    derived(written, vocabulary, values)
        .into_iter()
        .map(|word| (SLIP, word))
        .chain(slips)
        .take(WAYS)
        .enumerate()
        .map(|(i, (cost, word))| (cost + LESS_LIKELY * i as f64, word))
        .collect()
}

/// Words of the data and of the model made from the same root: "successful" for "success",
/// "cancellations" for "cancelled".
fn derived(written: &str, vocabulary: &Vocabulary, values: &ValueIndex) -> Vec<String> {
    let Some(meant) = root(written) else {
        return Vec::new();
    };
    let first = written.chars().next().unwrap_or_default();
    // "deliveries" are deeds; "suppliers" and "associates" are people.
    let deed = ["ies", "ied", "ing", "ed"]
        .iter()
        .any(|e| written.ends_with(e));
    let of_grammar = english()
        .words()
        .iter()
        .filter(|w| deed && english().roles(w).iter().any(|r| r.kind == "verb"));
    let mut found: Vec<&String> = values
        .words_at(first)
        .iter()
        .chain(
            vocabulary
                .words()
                .iter()
                .chain(of_grammar)
                .filter(|w| w.starts_with(first)),
        )
        .filter(|w| w.as_str() == meant || root(w) == Some(meant))
        .collect();
    found.sort_by_key(|w| (w.len().abs_diff(written.len()), *w));
    found.dedup();
    found.into_iter().cloned().collect()
}

/// A word without its ending, if five letters and more are left of it.
fn root(word: &str) -> Option<&str> {
    const ENDINGS: &[&str] = &[
        "ations", "ation", "fully", "ments", "ment", "ings", "ing", "ions", "ion", "ies", "ied",
        "ful", "ers", "ed", "es", "ly", "er", "al", "y", "e", "s",
    ];
    let stripped = ENDINGS
        .iter()
        .find_map(|ending| word.strip_suffix(ending).filter(|r| r.len() >= 5));
    // "cancell" and "cancel" are one.
    let bare = stripped.unwrap_or(word);
    let bytes = bare.as_bytes();
    let doubled = bytes.len() > 5 && bytes[bytes.len() - 1] == bytes[bytes.len() - 2];
    let bare = if doubled && stripped.is_some() {
        &bare[..bare.len() - 1]
    } else {
        bare
    };
    (bare.len() >= 5 && word.is_ascii()).then_some(bare)
}

/// How far a slip leads from the word that was meant, or none if it is no slip: a letter left out,
/// doubled, put in, mistaken or swapped with its neighbour; two of these in long words.
fn slip(written: &str, meant: &str, real: bool) -> Option<f64> {
    let (a, b) = (written.len(), meant.len());
    let shorter = a.min(b);
    if shorter < 3 || a.abs_diff(b) > 2 || !meant.is_ascii() || !written.is_ascii() {
        return None;
    }
    let first = written.as_bytes()[0] == meant.as_bytes()[0];
    let allowed = match shorter {
        _ if real => usize::from(first && shorter >= 4),
        0..=6 => 1,
        7..=8 => 1 + usize::from(first),
        _ => 2,
    };
    let distance = strsim::osa_distance(written, meant);
    if distance == 0 || distance > allowed {
        return None;
    }
    // Nobody writes another first letter but by swapping the first two or leaving one out.
    let mistaken = a == b && strsim::hamming(written, meant).is_ok_and(|d| d == 1);
    if !first && (mistaken || distance > 1) || shorter == 3 && mistaken && real {
        return None;
    }
    let swapped = a == b && distance == 1 && !mistaken;
    Some(
        distance as f64 + if mistaken { 0.3 } else { 0.0 } + if first { 0.0 } else { 0.3 }
            - if swapped { 0.1 } else { 0.0 },
    )
}

/// “slaes” read as “sales”, for each repaired word of a stretch.
pub(crate) fn notes(written: &[Token], read: &str) -> Option<String> {
    let meant: Vec<&str> = read.split(' ').collect();
    let said: Vec<String> = written.iter().map(|t| fold(&t.folded)).collect();
    if said.len() != meant.len() {
        return None;
    }
    let changed: Vec<String> = written
        .iter()
        .zip(&meant)
        .filter(|(t, m)| t.folded != **m)
        .map(|(t, m)| format!("“{}” read as “{m}”", t.text))
        .collect();
    (!changed.is_empty()).then(|| changed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_words() {
        for (written, meant) in [
            ("slaes", "sales"),
            ("unnits", "units"),
            ("hom", "how"),
            ("cound", "count"),
            ("segemnt", "segment"),
            ("categroy", "category"),
            ("erly", "early"),
        ] {
            assert!(
                slip(written, meant, false).is_some(),
                "{written} for {meant}"
            );
        }
        assert!(slip("moth", "month", true).is_some());
        for (written, other) in [("east", "cast"), ("wages", "pages"), ("cost", "count")] {
            assert!(
                slip(written, other, true).is_none(),
                "{written} for {other}"
            );
        }
    }

    #[test]
    fn courtesies_are_no_question() {
        let left = |text: &str| {
            without_courtesies(crate::token::tokenize(text))
                .iter()
                .map(|t| t.folded.clone())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(left("Quick one - sales by region?"), "sales by region ?");
        assert_eq!(
            left("Can you help me out? top 5 products"),
            "top 5 products"
        );
        assert_eq!(left("Thanks!"), "thanks !");
        // Words that ask for something stay.
        assert_eq!(left("revenue ty vs ly"), "revenue ty vs ly");
        assert_eq!(
            left("which brand grew most quickly"),
            "which brand grew most quickly"
        );
    }
}
