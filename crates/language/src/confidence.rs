//! How likely an answer is right: a logistic model over few, named signs of how the question was read
//! and of what the rows look like. The weights are fitted by `scripts/fit-confidence.py` and stand in
//! `lexicon/confidence.tsv`; `retail eval BOARD --calibration` measures the curve.

use crate::lattice::{Path, Sense};
use crate::lexicon::english;
use crate::token::Token;
use crate::values::Quality;
use query::Query;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Named numbers about one reading, each near 0..1 (see [`SIGNS`]).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signs(BTreeMap<&'static str, f64>);

/// The signs and what each says.
pub const SIGNS: &[(&str, &str)] = &[
    ("constant", "1"),
    (
        "strength",
        "weight of the way through the words, for each word",
    ),
    ("length", "words of the question, in tens"),
    (
        "passed_over",
        "part of the words that carry no meaning of their own",
    ),
    (
        "bent",
        "how far a better way through the words made no query, in points",
    ),
    (
        "rival",
        "how near the next reading that means something else is, 1 = as good",
    ),
    (
        "penalty",
        "what the reading cost: defaults and words that were stretched",
    ),
    ("notes", "assumptions, in fives"),
    ("default_measure", "1 if no measure was said"),
    (
        "inexact",
        "values that were met by a part or in another spelling",
    ),
    (
        "doubtful_value",
        "values that are words of the grammar or ordinary words as well",
    ),
    (
        "nouns_for_scope",
        "nouns that only say what the measure is about",
    ),
    ("repaired", "words whose spelling was repaired"),
    (
        "datasets",
        "tables that the query reads beyond the first, in threes",
    ),
    ("dimensions", "groups beyond the first"),
    ("filters", "conditions, in threes"),
    ("list", "1 for rows or names without a number"),
    ("rank", "1 for a ranking"),
    ("share", "1 for a share"),
    ("compare", "1 for a comparison"),
    ("threshold", "1 for a condition on groups"),
    ("nested", "1 for a set that another query gives"),
    ("follow_up", "1 for a turn that edits the one before"),
    ("empty", "1 if no row came back"),
    ("blank", "1 if every measure of the result is missing"),
    ("long", "1 if more than a hundred rows came back"),
    ("tied", "1 if a single winner was asked for and several tie"),
];

impl Signs {
    pub(crate) fn set(&mut self, name: &'static str, value: f64) {
        debug_assert!(
            SIGNS.iter().any(|(n, _)| *n == name),
            "{name} has no meaning"
        );
        if value.is_finite() {
            self.0.insert(name, value.clamp(-3.0, 3.0));
        }
    }

    /// What the rows say, once they are there: whether there are none, whether every measure is
    /// missing, whether there are very many, whether a single winner is tied.
    pub fn rows(&mut self, empty: bool, blank: bool, long: bool, tied: bool) {
        for (name, holds) in [
            ("empty", empty),
            ("blank", blank),
            ("long", long),
            ("tied", tied),
        ] {
            self.set(name, f64::from(u8::from(holds)));
        }
    }

    /// Name and value of each sign that was set.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + '_ {
        self.0.iter().map(|(n, v)| (*n, *v))
    }

    /// The probability that the answer is right.
    pub fn probability(&self) -> f64 {
        let sum: f64 = weights()
            .iter()
            .map(|(name, weight)| {
                let value = if name == "constant" {
                    1.0
                } else {
                    self.0.get(name.as_str()).copied().unwrap_or(0.0)
                };
                weight * value
            })
            .sum();
        1.0 / (1.0 + (-sum).exp())
    }

    /// What the way through the words says.
    pub(crate) fn of_path(&mut self, path: &Path, tokens: &[Token], repaired: usize) {
        let words = tokens
            .iter()
            .filter(|t| t.folded.chars().any(char::is_alphanumeric))
            .count()
            .max(1) as f64;
        let covered: usize = path.items.iter().map(|i| i.end - i.start).sum();
        let mut inexact = 0.0;
        let mut doubtful = 0.0;
        for item in &path.items {
            if let Sense::Value(found) = &item.sense {
                if matches!(found.quality, Quality::Partial | Quality::Slip) {
                    inexact += 1.0;
                }
                let lexicon = english();
                if !lexicon.roles(&item.text).is_empty() || lexicon.is_ordinary(&item.text) {
                    doubtful += 1.0;
                }
            }
        }
        self.set("strength", path.score / words);
        self.set("length", words / 10.0);
        self.set("passed_over", 1.0 - (covered as f64 / words).min(1.0));
        self.set("inexact", inexact);
        self.set("doubtful_value", doubtful);
        self.set("repaired", repaired as f64);
    }

    /// What the query says.
    pub(crate) fn of_query(&mut self, query: &Query, model: &semantics::Model) {
        let flag = |holds: bool| f64::from(u8::from(holds));
        let mut homes: Vec<String> = query
            .metrics
            .iter()
            .flat_map(|t| query::home_datasets(model, &t.measure))
            .chain(query.dimensions.iter().filter_map(|d| match d {
                query::Dimension::Field(f) => Some(f.dataset.clone()),
                _ => None,
            }))
            .collect();
        homes.sort();
        homes.dedup();
        self.set("datasets", homes.len().saturating_sub(1) as f64 / 3.0);
        self.set(
            "dimensions",
            query.dimensions.len().saturating_sub(1) as f64,
        );
        self.set("filters", conditions(query.filter.as_ref()) as f64 / 3.0);
        self.set("list", flag(query.metrics.is_empty()));
        self.set("rank", flag(query.rank.is_some()));
        self.set("share", flag(query.share.is_some()));
        self.set("compare", flag(query.compare.is_some()));
        self.set("threshold", flag(!query.having.is_empty()));
        self.set("nested", flag(nested(query.filter.as_ref())));
    }
}

fn conditions(filter: Option<&query::Filter>) -> usize {
    match filter {
        None => 0,
        Some(query::Filter::And(parts) | query::Filter::Or(parts)) => {
            parts.iter().map(|p| conditions(Some(p))).sum()
        }
        Some(query::Filter::Not(inner)) => conditions(Some(inner)),
        Some(_) => 1,
    }
}

fn nested(filter: Option<&query::Filter>) -> bool {
    match filter {
        Some(query::Filter::And(parts) | query::Filter::Or(parts)) => {
            parts.iter().any(|p| nested(Some(p)))
        }
        Some(query::Filter::Not(inner)) => nested(Some(inner)),
        Some(query::Filter::Members { .. } | query::Filter::CompareQuery { .. }) => true,
        _ => false,
    }
}

/// The fitted weights by name; a sign without one counts nothing.
fn weights() -> &'static [(String, f64)] {
    static WEIGHTS: OnceLock<Vec<(String, f64)>> = OnceLock::new();
    WEIGHTS.get_or_init(|| {
        include_str!("../lexicon/confidence.tsv")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .filter_map(|l| {
                let (name, weight) = l.split_once('\t')?;
                Some((name.to_string(), weight.trim().parse().ok()?))
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_is_of_a_sign() {
        assert!(!weights().is_empty());
        for (name, _) in weights() {
            assert!(SIGNS.iter().any(|(n, _)| n == name), "{name}");
        }
    }

    #[test]
    fn an_answer_without_rows_is_less_likely_right() {
        let mut signs = Signs::default();
        signs.set("strength", 1.0);
        let filled = signs.probability();
        signs.rows(true, false, false, false);
        assert!(signs.probability() < filled);
        assert!((0.0..=1.0).contains(&filled));
    }
}
