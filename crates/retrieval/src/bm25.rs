//! Ranking by words: Okapi BM25 (Robertson, Walker, Jones, Hancock-Beaulieu and Gatford, TREC-3) with
//! the usual constants, k1 = 1.2 and b = 0.75.

use std::collections::HashMap;

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// An index over documents that are lists of words.
#[derive(Debug, Default)]
pub struct Bm25 {
    /// Word → (document, how often).
    postings: HashMap<String, Vec<(usize, f64)>>,
    lengths: Vec<f64>,
    mean_length: f64,
}

impl Bm25 {
    /// Indexes the documents; each is known by its place.
    pub fn new(documents: &[Vec<String>]) -> Bm25 {
        let mut index = Bm25::default();
        for (at, words) in documents.iter().enumerate() {
            let mut counts: HashMap<&str, f64> = HashMap::new();
            for word in words {
                *counts.entry(word).or_default() += 1.0;
            }
            for (word, count) in counts {
                index
                    .postings
                    .entry(word.to_string())
                    .or_default()
                    .push((at, count));
            }
            index.lengths.push(words.len() as f64);
        }
        let all: f64 = index.lengths.iter().sum();
        index.mean_length = (all / index.lengths.len().max(1) as f64).max(1.0);
        index
    }

    /// Documents that hold any of the words with their scores, best first; of equal ones the first.
    pub fn rank(&self, words: &[String]) -> Vec<(usize, f64)> {
        let documents = self.lengths.len() as f64;
        let mut scores: HashMap<usize, f64> = HashMap::new();
        let mut seen: Vec<&String> = Vec::new();
        for word in words {
            let Some(list) = self.postings.get(word).filter(|_| !seen.contains(&word)) else {
                continue;
            };
            seen.push(word);
            let holding = list.len() as f64;
            let rarity = (1.0 + (documents - holding + 0.5) / (holding + 0.5)).ln();
            for (document, count) in list {
                let length = self.lengths.get(*document).copied().unwrap_or(1.0);
                let damped = count + K1 * (1.0 - B + B * length / self.mean_length);
                *scores.entry(*document).or_default() += rarity * count * (K1 + 1.0) / damped;
            }
        }
        let mut ranked: Vec<(usize, f64)> = scores.into_iter().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words_of;

    fn ranked(documents: &[&str], question: &str) -> Vec<usize> {
        let documents: Vec<Vec<String>> = documents.iter().map(|d| words_of(d)).collect();
        Bm25::new(&documents)
            .rank(&words_of(question))
            .into_iter()
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn rare_words_count_more_and_long_texts_less() {
        let documents = [
            "store name of the store",
            "store region",
            "order margin after discount of the order in the store",
        ];
        assert_eq!(ranked(&documents, "margin by store")[0], 2);
        assert_eq!(ranked(&documents, "region"), [1]);
        assert!(ranked(&documents, "weather").is_empty());
    }

    #[test]
    fn a_known_score() {
        // One document of one word that holds the word: rarity ln(1 + 0.5 / 1.5), damping 1.
        let index = Bm25::new(&[vec!["margin".to_string()]]);
        let score = index.rank(&["margin".to_string()])[0].1;
        assert!((score - (1.0f64 + 0.5 / 1.5).ln()).abs() < 1e-12);
    }
}
