//! Ranking by nearness in a vector space.
//!
//! With a model for it the vectors are the model's; without one they are counts of words and of their
//! three-letter parts, hashed into a fixed number of places (Weinberger et al., "Feature Hashing for
//! Large Scale Multitask Learning", 2009), so that "turnovers" and "turnover" are near.

use crate::words_of;

/// Places of a hashed vector.
const PLACES: usize = 256;
/// What a whole word counts beside one of its parts.
const WORD: f32 = 2.0;

/// Turns texts into vectors of one length.
pub trait Embedder {
    /// One vector for each text, in order.
    ///
    /// # Errors
    /// Why there are none, in words for people.
    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, String>;
}

/// Hashed words and parts of words: the same text gives the same vector on every machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct HashedWords;

impl HashedWords {
    /// The vector of one text, of length 1 (or 0 for a text without words).
    pub fn vector(self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0; PLACES];
        for word in words_of(text) {
            add(&mut vector, &word, WORD);
            let framed: Vec<char> = format!("<{word}>").chars().collect();
            for part in framed.windows(3) {
                add(&mut vector, &part.iter().collect::<String>(), 1.0);
            }
        }
        unit(&mut vector);
        vector
    }
}

impl Embedder for HashedWords {
    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, String> {
        Ok(texts.iter().map(|t| self.vector(t)).collect())
    }
}

fn add(vector: &mut [f32], feature: &str, weight: f32) {
    let hash = fnv1a(feature.as_bytes());
    let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
    let place = (hash % PLACES as u64) as usize;
    if let Some(value) = vector.get_mut(place) {
        *value += sign * weight;
    }
}

/// 64-bit FNV-1a (Fowler, Noll, Vo).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn unit(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
}

/// Cosine of the angle between two vectors; 0 if either is of length 0 or they differ in dimension.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    if a.len() != b.len() {
        return 0.0;
    }
    let dot: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
    let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
    let both = length(a) * length(b);
    if both > 0.0 { dot / both } else { 0.0 }
}

/// Vectors by their place, compared one by one: exact, and fast enough for the things of a model.
#[derive(Debug, Default)]
pub struct Flat(Vec<Vec<f32>>);

impl Flat {
    /// Keeps the vectors.
    pub fn new(vectors: Vec<Vec<f32>>) -> Flat {
        Flat(vectors)
    }

    /// The `at_most` nearest with their cosines above 0, nearest first; of equal ones the first.
    pub fn nearest(&self, to: &[f32], at_most: usize) -> Vec<(usize, f32)> {
        let mut near: Vec<(usize, f32)> = self
            .0
            .iter()
            .enumerate()
            .map(|(at, v)| (at, cosine(v, to)))
            .filter(|(_, c)| *c > 0.0)
            .collect();
        near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        near.truncate(at_most);
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_words_bring_forms_of_a_word_together() {
        let of = |text| HashedWords.vector(text);
        let near = cosine(&of("profitability"), &of("profitable"));
        let far = cosine(&of("profitability"), &of("warehouse"));
        assert!(near > 0.3 && near > far + 0.2, "{near} {far}");
        assert!((cosine(&of("net sales"), &of("Net  Sale")) - 1.0).abs() < 1e-5);
        assert_eq!(cosine(&of(""), &of("sales")), 0.0);
    }

    #[test]
    fn the_nearest_come_first() {
        let flat = Flat::new(vec![vec![1.0, 0.0], vec![0.6, 0.8], vec![-1.0, 0.0]]);
        let near: Vec<usize> = flat.nearest(&[1.0, 0.1], 5).iter().map(|n| n.0).collect();
        assert_eq!(near, [0, 1]);
    }
}
