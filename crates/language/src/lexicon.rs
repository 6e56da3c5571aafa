//! Words that do something in a question whatever the data: read from `lexicon/en`.

use crate::morphology::fold;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

/// What a role word does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Role {
    /// Category ("by", "rank", "share", …).
    pub kind: &'static str,
    /// What within the category ("desc", "average", …).
    pub payload: &'static str,
}

/// The English lexicon.
#[derive(Debug)]
pub(crate) struct Lexicon {
    /// Phrase (folded words joined by blanks) → what it does.
    roles: HashMap<String, Vec<Role>>,
    longest: usize,
    ignorable: HashSet<&'static str>,
    /// (code, phrase) of requests that are declined.
    topics: Vec<(&'static str, Vec<String>)>,
    /// Time words: word → (kind, value).
    times: HashMap<&'static str, Vec<(&'static str, &'static str)>>,
    /// Phrase of a named day → its rule and its name.
    events: HashMap<String, (crate::time::Rule, &'static str)>,
    /// (intent, name, phrases) of kinds of answers, narrow ones first.
    intents: Vec<(&'static str, &'static str, Vec<String>)>,
    numbers: HashMap<&'static str, u32>,
    /// Words that multiply the number before them.
    scales: HashMap<&'static str, f64>,
    /// Name of a place → its other names, as folded singular words.
    places: HashMap<String, Vec<String>>,
    codes: Vec<Code>,
    countries: std::collections::HashSet<String>,
    /// Base form of a verb → word stems of the dates that it means.
    verbs: HashMap<&'static str, Vec<&'static str>>,
    /// Words that are no part of a value's name by themselves.
    ordinary: HashSet<&'static str>,
    /// What is said around a question, as tokens join up; longest first.
    courtesies: Vec<Vec<String>>,
    /// Every word of the lists above, sorted.
    words: Vec<String>,
}

/// The spelling that a word's variants are compared by.
pub(crate) fn one_spelling(folded: &str) -> Option<&'static str> {
    static SPELLINGS: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    SPELLINGS
        .get_or_init(|| {
            rows(include_str!("../lexicon/en/spellings.tsv"))
                .filter_map(|row| match row[..] {
                    [common, others] => Some(others.split(" | ").map(move |o| (o, common))),
                    _ => None,
                })
                .flatten()
                .collect()
        })
        .get(folded)
        .copied()
}

/// Whether a folded word is English.
pub(crate) fn is_english(folded: &str) -> bool {
    static WORDS: OnceLock<HashSet<&'static str>> = OnceLock::new();
    WORDS
        .get_or_init(|| {
            include_str!("../lexicon/en/words.txt")
                .lines()
                .filter(|l| !l.starts_with('#'))
                .collect()
        })
        .contains(folded)
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines()
        .filter(|l| !l.starts_with("# ") && !l.trim().is_empty())
        .map(|l| l.split('\t').map(str::trim).collect())
}

/// The words that a short form stands for.
pub(crate) fn written_out(folded: &str) -> Option<&'static str> {
    static SHORT: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    SHORT
        .get_or_init(|| {
            rows(include_str!("../lexicon/en/abbreviations.tsv"))
                .filter_map(|row| match row[..] {
                    [short, long] => Some((short, long)),
                    _ => None,
                })
                .collect()
        })
        .get(folded)
        .copied()
}

/// Every phrase that a pattern stands for: `{on,vs} {the,} prior month` is four.
fn spelled_out(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else {
        return vec![pattern.split_whitespace().collect::<Vec<_>>().join(" ")];
    };
    let Some((choices, after)) = rest.split_once('}') else {
        return vec![pattern.to_string()];
    };
    choices
        .split(',')
        .flat_map(|choice| spelled_out(&format!("{before}{choice}{after}")))
        .collect()
}

/// A phrase as the tokens of a question join up.
fn joined(phrase: &str) -> String {
    crate::token::tokenize(phrase.trim())
        .into_iter()
        .map(|t| t.folded)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The lexicon, read once.
pub(crate) fn english() -> &'static Lexicon {
    static ENGLISH: OnceLock<Lexicon> = OnceLock::new();
    ENGLISH.get_or_init(|| {
        let mut roles: HashMap<String, Vec<Role>> = HashMap::new();
        let mut longest = 1;
        for row in rows(include_str!("../lexicon/en/roles.tsv")) {
            if let [kind, payload, phrases] = row[..] {
                for phrase in phrases.split(" | ").flat_map(spelled_out) {
                    let words: Vec<String> = crate::token::tokenize(phrase.trim())
                        .into_iter()
                        .map(|t| t.folded)
                        .collect();
                    longest = longest.max(words.len());
                    let role = Role { kind, payload };
                    let known = roles.entry(words.join(" ")).or_default();
                    if !known.contains(&role) {
                        known.push(role);
                    }
                }
            }
        }
        let mut verbs = HashMap::new();
        for row in rows(include_str!("../lexicon/en/verbs.tsv")) {
            if let [base, dates, forms] = row[..] {
                verbs.insert(
                    base,
                    dates.split(' ').filter(|d| *d != "-").collect::<Vec<_>>(),
                );
                for form in forms.split(" | ") {
                    longest = longest.max(form.split(' ').count());
                    roles.entry(form.to_string()).or_default().push(Role {
                        kind: "verb",
                        payload: base,
                    });
                }
            }
        }
        let superlatives = include_str!("../lexicon/en/superlatives.tsv").lines();
        for line in superlatives.filter(|l| !l.starts_with('#')) {
            if let Some((payload, phrases)) = line.rsplit_once('\t') {
                let kind = if payload.starts_with("gt") || payload.starts_with("lt") {
                    "comparative"
                } else {
                    "superlative"
                };
                for phrase in phrases.split(" | ") {
                    longest = longest.max(phrase.split(' ').count());
                    roles
                        .entry(phrase.to_string())
                        .or_default()
                        .push(Role { kind, payload });
                }
            }
        }
        let ignorable: HashSet<&'static str> = rows(include_str!("../lexicon/en/ignorable.tsv"))
            .flatten()
            .flat_map(str::split_whitespace)
            .collect();
        let ordinary = rows(include_str!("../lexicon/en/ordinary.tsv"))
            .flatten()
            .flat_map(str::split_whitespace)
            .collect();
        let topics = rows(include_str!("../lexicon/en/topics.tsv"))
            .filter_map(|row| match row[..] {
                [code, phrases] => Some((code, phrases.split(" | ").map(fold).collect())),
                _ => None,
            })
            .collect();
        let mut times: HashMap<&str, Vec<(&str, &str)>> = HashMap::new();
        for row in rows(include_str!("../lexicon/en/times.tsv")) {
            if let [kind, value, words] = row[..] {
                for word in words.split(" | ") {
                    times.entry(word).or_default().push((kind, value));
                }
            }
        }
        let mut events = HashMap::new();
        for row in rows(include_str!("../lexicon/en/events.tsv")) {
            if let [rule, name, phrases] = row[..]
                && let Some(rule) = crate::time::Rule::parse(rule)
            {
                for phrase in phrases.split(" | ") {
                    events.insert(joined(phrase), (rule, name));
                }
            }
        }
        let intents = rows(include_str!("../lexicon/en/intents.tsv"))
            .filter_map(|row| match row[..] {
                [intent, name, phrases] => {
                    Some((intent, name, phrases.split(" | ").map(joined).collect()))
                }
                _ => None,
            })
            .collect();
        let numbers: HashMap<&'static str, u32> = rows(include_str!("../lexicon/en/numbers.tsv"))
            .filter_map(|row| match row[..] {
                [word, value] => value.parse().ok().map(|v| (word, v)),
                _ => None,
            })
            .collect();
        let scales: HashMap<&'static str, f64> = rows(include_str!("../lexicon/en/scales.tsv"))
            .filter_map(|row| match row[..] {
                [word, factor] => factor.parse().ok().map(|f| (word, f)),
                _ => None,
            })
            .collect();
        let mut places: HashMap<String, Vec<String>> = HashMap::new();
        let named = semantics::places()
            .iter()
            .map(|place| (place.name, place.others.clone()))
            .chain(rows(include_str!("../lexicon/en/values.tsv")).filter_map(
                |row| match row[..] {
                    [name, others] => Some((name, others.split(" | ").collect())),
                    _ => None,
                },
            ));
        for (name, others) in named {
            let mut ring: Vec<String> = others
                .into_iter()
                .chain([name])
                .map(|n| crate::values::words_of(n).join(" "))
                .collect();
            ring.dedup();
            for alias in &ring {
                let entry = places.entry(alias.clone()).or_default();
                for other in &ring {
                    if other != alias && !entry.contains(other) {
                        entry.push(other.clone());
                    }
                }
            }
        }
        let codes = rows(include_str!("../lexicon/en/codes.tsv"))
            .filter_map(|row| match row[..] {
                [code, columns, meanings] => Some(Code {
                    code: crate::values::words_of(code).join(" "),
                    columns: columns.split(' ').collect(),
                    meanings: meanings
                        .split(" | ")
                        .map(|m| crate::values::words_of(m).join(" "))
                        .collect(),
                }),
                _ => None,
            })
            .collect();
        let countries = semantics::places()
            .iter()
            .filter(|place| place.kind == semantics::PlaceKind::Country)
            .flat_map(|place| place.others.iter().copied().chain([place.name]))
            .map(|name| crate::values::words_of(name).join(" "))
            .collect();
        let mut courtesies: Vec<Vec<String>> = rows(include_str!("../lexicon/en/courtesies.tsv"))
            .flat_map(|row| row.into_iter().flat_map(|line| line.split(" | ")))
            .map(|phrase| {
                joined(phrase)
                    .split(' ')
                    .map(str::to_string)
                    .collect::<Vec<_>>()
            })
            .collect();
        courtesies.sort_by_key(|words: &Vec<String>| std::cmp::Reverse(words.len()));
        let mut words: Vec<String> = roles
            .keys()
            .flat_map(|p| p.split(' '))
            .chain(times.keys().copied())
            .chain(ignorable.iter().copied())
            .chain(numbers.keys().copied())
            .chain(scales.keys().copied())
            .filter(|w| w.len() >= 2 && w.chars().all(char::is_alphabetic))
            .map(str::to_string)
            .collect();
        words.sort();
        words.dedup();
        Lexicon {
            roles,
            longest,
            ignorable,
            topics,
            times,
            events,
            intents,
            numbers,
            scales,
            places,
            codes,
            countries,
            verbs,
            ordinary,
            courtesies,
            words,
        }
    })
}

/// A code that stands for a word in columns of one kind ("F" under "gender").
#[derive(Debug)]
pub(crate) struct Code {
    /// As folded words.
    pub(crate) code: String,
    /// Words of which the column's name has one.
    pub(crate) columns: Vec<&'static str>,
    /// What it stands for, as folded singular words.
    pub(crate) meanings: Vec<String>,
}

impl Lexicon {
    /// What a phrase of folded words does.
    pub(crate) fn roles(&self, phrase: &str) -> &[Role] {
        self.roles.get(phrase).map_or(&[], Vec::as_slice)
    }
    /// Words in the longest role phrase.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }
    /// Whether a word may be passed over.
    pub(crate) fn is_ignorable(&self, folded: &str) -> bool {
        self.ignorable.contains(folded)
    }
    /// Whether a word is too ordinary to be a part of a value's name by itself.
    pub(crate) fn is_ordinary(&self, folded: &str) -> bool {
        self.ordinary.contains(folded)
    }
    /// Word stems of the dates that a verb means; empty if it means none.
    pub(crate) fn dates_of(&self, verb: &str) -> &[&'static str] {
        self.verbs.get(verb).map_or(&[], Vec::as_slice)
    }
    /// Requests that are declined, with their code.
    pub(crate) fn topics(&self) -> &[(&'static str, Vec<String>)] {
        &self.topics
    }
    /// Time readings of a word.
    pub(crate) fn times(&self, folded: &str) -> &[(&'static str, &'static str)] {
        self.times.get(folded).map_or(&[], Vec::as_slice)
    }
    /// The rule and the name of a day that has one.
    pub(crate) fn event(&self, phrase: &str) -> Option<(&crate::time::Rule, &'static str)> {
        self.events.get(phrase).map(|(rule, name)| (rule, *name))
    }
    /// Kinds of answers with the phrases that ask for them.
    pub(crate) fn intents(&self) -> &[(&'static str, &'static str, Vec<String>)] {
        &self.intents
    }
    /// A number word's value.
    pub(crate) fn number(&self, folded: &str) -> Option<u32> {
        self.numbers.get(folded).copied()
    }
    /// The factor of a word that multiplies the number before it.
    pub(crate) fn scale(&self, folded: &str) -> Option<f64> {
        self.scales.get(folded).copied()
    }
    /// The words of the names of places that data may know under other names.
    pub(crate) fn place_words(&self) -> impl Iterator<Item = &str> {
        self.places.keys().flat_map(|name| name.split(' '))
    }
    /// Other names of a place, as folded singular words.
    pub(crate) fn other_names(&self, folded: &str) -> &[String] {
        self.places.get(folded).map_or(&[], Vec::as_slice)
    }
    /// Codes that stand for a phrase.
    pub(crate) fn codes(&self, folded: &str) -> impl Iterator<Item = &Code> {
        self.codes
            .iter()
            .filter(move |c| c.meanings.iter().any(|m| m == folded))
    }
    /// Whether a phrase names a country, or is its adjective.
    pub(crate) fn is_country(&self, folded: &str) -> bool {
        self.countries.contains(folded)
    }
    /// What is said around a question, longest first.
    pub(crate) fn courtesies(&self) -> &[Vec<String>] {
        &self.courtesies
    }
    /// Every word of the grammar, sorted.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }
    /// Whether the word by itself does something, tells a time or is a number.
    pub(crate) fn acts(&self, folded: &str) -> bool {
        !self.roles(folded).is_empty()
            || !self.times(folded).is_empty()
            || self.number(folded).is_some()
            || self.scale(folded).is_some()
    }
}
