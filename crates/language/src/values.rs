//! The value index: which field holds what a person calls "Camembert" or "Philly".

use crate::lexicon::english;
use crate::morphology::{fold, is_slip, stem};
use semantics::FieldRef;
use std::collections::{BTreeMap, HashMap};

/// How well a value was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    /// All words, as stored (case, accents and plural aside).
    Exact,
    /// Another name of a place (German, NYC).
    Alias,
    /// Some words of the value (Camembert).
    Partial,
    /// A slip of the pen.
    Slip,
}

/// Values of one field that a stretch of the question may mean.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueMatch {
    /// The field.
    pub field: FieldRef,
    /// Stored values, sorted.
    pub values: Vec<String>,
    /// How they were met.
    pub quality: Quality,
    /// The part of the (shortest) value's words that were said, 0..1.
    pub cover: f64,
}

#[derive(Debug)]
struct Entry {
    field: u32,
    text: String,
    words: u32,
}

/// An index over the distinct values of searchable fields.
#[derive(Debug, Default)]
pub struct ValueIndex {
    fields: Vec<FieldRef>,
    entries: Vec<Entry>,
    exact: HashMap<String, Vec<u32>>,
    by_word: HashMap<String, Vec<u32>>,
    spelling: HashMap<char, Vec<String>>,
    /// Values of each field.
    breadths: Vec<usize>,
}

/// Folded singular words of a text; everything but letters and digits separates.
pub(crate) fn words_of(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(stem)
        .collect()
}

/// Whether a column's name has one of these words.
fn speaks_of(field: &FieldRef, words: &[&str]) -> bool {
    field.field.split('_').any(|w| words.contains(&w))
}

impl ValueIndex {
    /// Values with a word that starts with the (folded) letters, in order, at most so many.
    pub fn starting(&self, letters: &str, at_most: usize) -> Vec<String> {
        let Some(first) = letters.chars().next() else {
            return Vec::new();
        };
        let mut found: Vec<String> = self
            .spelling
            .get(&first)
            .into_iter()
            .flatten()
            .filter(|w| w.starts_with(letters))
            .take(at_most)
            .flat_map(|w| self.by_word.get(w).into_iter().flatten().take(at_most))
            .filter_map(|i| self.entries.get(*i as usize))
            .map(|e| e.text.clone())
            .filter(|t| fold(t).starts_with(letters))
            .collect();
        found.sort();
        found.dedup();
        found.truncate(at_most);
        found
    }

    /// Builds the index from (field, value, rows) triples; values that differ only in case
    /// or surrounding blanks stay apart as stored.
    pub fn build(triples: impl IntoIterator<Item = (FieldRef, String, u64)>) -> Self {
        let mut index = ValueIndex::default();
        let mut field_ids: HashMap<FieldRef, u32> = HashMap::new();
        for (field, text, _rows) in triples {
            let next = index.fields.len() as u32;
            let id = *field_ids.entry(field.clone()).or_insert_with(|| {
                index.fields.push(field);
                index.breadths.push(0);
                next
            });
            index.breadths[id as usize] += 1;
            let words = words_of(&text);
            if words.is_empty() {
                continue;
            }
            let entry = index.entries.len() as u32;
            index.exact.entry(words.join(" ")).or_default().push(entry);
            if words.len() > 1 {
                index.exact.entry(words.concat()).or_default().push(entry);
            }
            // Small words of a long value ("Could I Have This Kiss") do not name it.
            let mut seen: Vec<String> = words
                .iter()
                .filter(|w| words.len() == 1 || !english().is_ignorable(w))
                .cloned()
                .collect();
            seen.sort();
            seen.dedup();
            for word in seen {
                index.by_word.entry(word).or_default().push(entry);
            }
            index.entries.push(Entry {
                field: id,
                text,
                words: words.len() as u32,
            });
        }
        for word in index.by_word.keys() {
            if word.len() >= 4
                && let Some(first) = word.chars().next()
            {
                index.spelling.entry(first).or_default().push(word.clone());
            }
        }
        for list in index.spelling.values_mut() {
            list.sort();
        }
        index
    }

    /// How many different values the field of a match has.
    pub(crate) fn breadth(&self, field: &FieldRef) -> usize {
        self.fields
            .iter()
            .position(|f| f == field)
            .and_then(|i| self.breadths.get(i).copied())
            .unwrap_or(0)
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is indexed.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn group(&self, ids: &[u32], quality: Quality, said: usize) -> Vec<ValueMatch> {
        let mut groups: BTreeMap<u32, (Vec<String>, u32)> = BTreeMap::new();
        for &id in ids {
            let entry = &self.entries[id as usize];
            let group = groups.entry(entry.field).or_insert((Vec::new(), u32::MAX));
            group.0.push(entry.text.clone());
            group.1 = group.1.min(entry.words);
        }
        groups
            .into_iter()
            .map(|(field, (mut values, words))| {
                values.sort();
                values.dedup();
                ValueMatch {
                    field: self.fields[field as usize].clone(),
                    values,
                    quality,
                    cover: (said as f64 / f64::from(words.max(1))).min(1.0),
                }
            })
            .collect()
    }

    /// Matches for a stretch of words (folded, singular), all fields, best quality first.
    /// Partial and misspelt matches are tried only where `loose` says so.
    pub fn look_up(&self, words: &[String], loose: bool) -> Vec<ValueMatch> {
        let joined = words.join(" ");
        let mut found = self
            .exact
            .get(&joined)
            .map(|ids| self.group(ids, Quality::Exact, words.len()))
            .unwrap_or_default();
        for other in english().other_names(&joined) {
            if let Some(ids) = self.exact.get(other) {
                // "CA" is Canada among countries, and California among states.
                let elsewhere = other.len() <= 3 && english().is_country(&joined);
                let places: Vec<ValueMatch> = self
                    .group(ids, Quality::Alias, usize::MAX)
                    .into_iter()
                    .filter(|m| !(elsewhere && speaks_of(&m.field, &["state", "province"])))
                    .filter(|m| !found.iter().any(|f| f.field == m.field))
                    .collect();
                found.extend(places);
            }
        }
        for code in english().codes(&joined) {
            if let Some(ids) = self.exact.get(&code.code) {
                let coded: Vec<ValueMatch> = self
                    .group(ids, Quality::Alias, usize::MAX)
                    .into_iter()
                    .filter(|m| speaks_of(&m.field, &code.columns))
                    .filter(|m| !found.iter().any(|f| f.field == m.field))
                    .collect();
                found.extend(coded);
            }
        }
        if !loose {
            return found;
        }
        let longest = words.iter().map(|w| w.chars().count()).max().unwrap_or(0);
        if longest >= 3 {
            let ids = self.holding(words);
            let partial: Vec<ValueMatch> = self
                .group(&ids, Quality::Partial, words.len())
                .into_iter()
                .filter(|m| !found.iter().any(|f| f.field == m.field))
                .collect();
            found.extend(partial);
        }
        if found.is_empty()
            && let Some(repaired) = self.repair(words)
        {
            let joined = repaired.join(" ");
            // A slip in a part of a name is forgiven only if it is a small one.
            let close = || {
                words
                    .iter()
                    .zip(&repaired)
                    .all(|(a, b)| strsim::osa_distance(a, b) <= 1)
            };
            let ids = match self.exact.get(&joined) {
                Some(ids) => ids.clone(),
                None if close() && (words.len() > 1 || longest >= 7) => self.holding(&repaired),
                None => Vec::new(),
            };
            found = self.group(&ids, Quality::Slip, words.len());
        }
        found
    }

    /// Values that hold the words side by side, small ones too ("whole milk" in "Whole Milk 2L").
    pub(crate) fn holding_in_order(&self, words: &[String]) -> Vec<ValueMatch> {
        let telling: Vec<String> = words
            .iter()
            .filter(|w| !english().is_ignorable(w))
            .cloned()
            .collect();
        if telling.is_empty() || telling.iter().all(|w| w.chars().count() < 3) {
            return Vec::new();
        }
        let ids: Vec<u32> = self
            .holding(&telling)
            .into_iter()
            .filter(|id| {
                words_of(&self.entries[*id as usize].text)
                    .windows(words.len())
                    .any(|w| w == words)
            })
            .collect();
        self.group(&ids, Quality::Partial, words.len())
    }

    /// Entries that hold every one of the words.
    fn holding(&self, words: &[String]) -> Vec<u32> {
        let mut lists: Vec<&Vec<u32>> = Vec::new();
        for word in words {
            match self.by_word.get(word) {
                Some(list) => lists.push(list),
                None => return Vec::new(),
            }
        }
        lists.sort_by_key(|l| l.len());
        let Some((first, rest)) = lists.split_first() else {
            return Vec::new();
        };
        first
            .iter()
            .copied()
            .filter(|id| rest.iter().all(|l| l.binary_search(id).is_ok()))
            .filter(|id| self.entries[*id as usize].words as usize >= words.len())
            .collect()
    }

    fn repair(&self, words: &[String]) -> Option<Vec<String>> {
        if words.len() > 1
            && let Some(whole) = self.repair_whole(words)
        {
            return Some(whole);
        }
        let mut changed = false;
        let repaired: Option<Vec<String>> = words
            .iter()
            .map(|word| {
                if self.by_word.contains_key(word) {
                    return Some(word.clone());
                }
                changed = true;
                let first = word.chars().next()?;
                let near: Vec<&String> = self
                    .spelling
                    .get(&first)?
                    .iter()
                    .filter(|w| is_slip(word, w))
                    .collect();
                near.iter()
                    .min_by_key(|w| strsim::osa_distance(word, w))
                    .map(|w| (*w).clone())
            })
            .collect();
        repaired.filter(|_| changed)
    }

    /// The words of a value that these are, but for slips in some of them ("los angles").
    fn repair_whole(&self, words: &[String]) -> Option<Vec<String>> {
        words
            .iter()
            .filter_map(|anchor| self.by_word.get(anchor).map(|ids| (anchor, ids)))
            .filter(|(_, ids)| ids.len() <= 2_000)
            .flat_map(|(_, ids)| ids.iter())
            .filter(|id| self.entries[**id as usize].words as usize == words.len())
            .map(|id| words_of(&self.entries[*id as usize].text))
            .find(|value| {
                value != words
                    && value.len() == words.len()
                    && value
                        .iter()
                        .zip(words)
                        .all(|(v, w)| v == w || is_slip(w, v))
            })
    }

    /// The words of values (four letters and more, singular) that begin with the letter.
    pub(crate) fn words_at(&self, first: char) -> &[String] {
        self.spelling.get(&first).map_or(&[], Vec::as_slice)
    }

    /// Whether a word occurs in any value.
    pub fn knows(&self, word: &str) -> bool {
        self.by_word.contains_key(word)
    }

    /// Stored values near to a word, for hints.
    pub fn near(&self, word: &str, at_most: usize) -> Vec<String> {
        let mut close: Vec<(usize, &Entry)> = self
            .entries
            .iter()
            .take(20_000)
            .map(|e| (strsim::osa_distance(&fold(&e.text), word), e))
            .filter(|(d, e)| *d <= 3 && *d < e.text.chars().count() / 2)
            .collect();
        close.sort_by(|a, b| (a.0, &a.1.text).cmp(&(b.0, &b.1.text)));
        close
            .into_iter()
            .map(|(_, e)| e.text.clone())
            .take(at_most)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> ValueIndex {
        let country = FieldRef::new("customers", "country");
        let product = FieldRef::new("products", "name");
        ValueIndex::build([
            (country.clone(), "Germany".to_string(), 3),
            (country, "São Paulo".to_string(), 1),
            (product.clone(), "Camembert Pierrot".to_string(), 1),
            (product, "Office Supplies".to_string(), 1),
        ])
    }

    #[test]
    fn values_are_met_by_name_adjective_part_and_slip() {
        let index = index();
        let quality = |text: &str| {
            index
                .look_up(&words_of(text), true)
                .first()
                .map(|m| (m.values[0].clone(), m.quality))
        };
        assert_eq!(quality("germany"), Some(("Germany".into(), Quality::Exact)));
        assert_eq!(quality("German"), Some(("Germany".into(), Quality::Alias)));
        assert_eq!(
            quality("sao paulo"),
            Some(("São Paulo".into(), Quality::Exact))
        );
        assert_eq!(
            quality("camembert"),
            Some(("Camembert Pierrot".into(), Quality::Partial))
        );
        assert_eq!(
            quality("camenbert"),
            Some(("Camembert Pierrot".into(), Quality::Slip))
        );
        assert_eq!(
            quality("office supply"),
            Some(("Office Supplies".into(), Quality::Exact))
        );
        assert_eq!(quality("xyzzy"), None);
    }
}
