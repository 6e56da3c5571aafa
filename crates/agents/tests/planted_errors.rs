//! Errors planted in true narratives, one at a time, and how many of them the number check catches.
//!
//! It takes the bundled data and the questions of the benches, or the answers in the file that
//! `ANSWERS` names, one a line, as `retail ask --batch … --json` writes them. `SHOW=n` prints as
//! many of those that are missed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

use agents::validator::check_numbers;
use agents::{Assistant, Conversation, Options, Question};
use answer::{AnswerDocument, Cell, ColumnRole, ResultTable, Status, Verdict};
use std::collections::BTreeMap;

/// Least part of a class that has to be caught, and how many make it worth a judgement.
const CAUGHT: f64 = 0.995;
const ENOUGH: usize = 50;

/// Answers to the questions of the benches over the bundled data.
fn bundled_answers() -> Vec<AnswerDocument> {
    let data = bundled::ensure(&warehouse::default_cache_dir()).unwrap();
    let assistant = Assistant::open(&Options {
        data: vec![data],
        ..Options::default()
    })
    .unwrap();
    include_str!("../../../benches/questions.txt")
        .lines()
        .filter(|q| !q.trim().is_empty())
        .map(|q| {
            let question = Question {
                text: q.to_string(),
                ..Question::default()
            };
            assistant.ask(&question, &mut Conversation::default(), &mut |_| {})
        })
        .filter(|d| d.status == Status::Answered && d.narrative.is_some())
        .collect()
}

/// Answered documents of a file.
fn saved_answers(file: &str) -> Vec<AnswerDocument> {
    std::fs::read_to_string(file)
        .unwrap()
        .lines()
        .filter_map(|l| serde_json::from_str::<AnswerDocument>(l).ok())
        .filter(|d| d.status == Status::Answered && d.narrative.is_some())
        .collect()
}

/// A change of a text: the class of the error, and the text with it.
type Mutant = (&'static str, String);

/// Everything that the mutations know of a document, read here anew.
struct Told<'a> {
    chars: Vec<char>,
    document: &'a AnswerDocument,
    tables: Vec<&'a ResultTable>,
}

impl Told<'_> {
    fn slice(&self, start: usize, end: usize) -> String {
        self.chars[start..end].iter().collect()
    }

    fn with(&self, start: usize, end: usize, text: &str) -> String {
        let mut out: String = self.chars[..start].iter().collect();
        out.push_str(text);
        out.extend(&self.chars[end..]);
        out
    }

    /// Whether two rows of some table that bear these names have the same numbers, or numbers that are
    /// the same share of their column as it is written (a tenth of a percent).
    fn alike(&self, a: &str, b: &str) -> bool {
        self.tables.iter().any(|table| {
            let measures: Vec<usize> = (0..table.columns.len())
                .filter(|c| table.columns[*c].role == ColumnRole::Measure)
                .collect();
            let sum = |column: usize| -> f64 {
                table.rows.iter().filter_map(|r| r[column].as_f64()).sum()
            };
            let written = |cell: &Cell, column: usize| match cell.as_f64() {
                Some(value) => format!("{:.1}", 100.0 * value / sum(column)),
                None => serde_json::to_string(cell).unwrap(),
            };
            let rows = |name: &str| -> Vec<Vec<String>> {
                table
                    .rows
                    .iter()
                    .filter(|r| r.iter().any(|c| c.as_str() == Some(name)))
                    .map(|r| measures.iter().map(|c| written(&r[*c], *c)).collect())
                    .collect()
            };
            let (a, b) = (rows(a), rows(b));
            // Same numbers in any of the columns may make the other name true as well.
            a.iter()
                .any(|x| b.iter().any(|y| x.iter().zip(y).any(|(p, q)| p == q)))
        })
    }

    fn mutants(&self) -> Vec<Mutant> {
        let mut out = Vec::new();
        let claims = &self.document.narrative.as_ref().unwrap().claims;
        for claim in claims {
            let said = self.slice(claim.start, claim.end);
            match claim.value.as_f64() {
                Some(exact)
                    if said.contains(|c: char| c.is_ascii_digit())
                        && !said.contains(|c: char| c.is_alphabetic()) =>
                {
                    self.number(claim.start, claim.end, &said, exact, &mut out);
                }
                Some(_) => self.word(claim.start, claim.end, &said, &mut out),
                None => {}
            }
            if let Some(name) = claim.value.as_str() {
                self.name(claim.start, claim.end, name, &mut out);
            }
            self.period(claim.start, claim.end, &said, &mut out);
        }
        out
    }

    fn number(&self, start: usize, end: usize, said: &str, exact: f64, out: &mut Vec<Mutant>) {
        let digits: Vec<usize> = (start..end)
            .filter(|i| self.chars[*i].is_ascii_digit())
            .collect();
        let bump = |i: usize, by: u32| {
            let d = self.chars[i].to_digit(10).unwrap();
            char::from_digit((d + by) % 10, 10).unwrap().to_string()
        };
        let last = *digits.last().unwrap();
        let first = digits[0];
        out.push(("digit", self.with(first, first + 1, &bump(first, 3))));
        if digits.len() > 2 {
            let middle = digits[digits.len() / 2];
            out.push(("digit", self.with(middle, middle + 1, &bump(middle, 5))));
        }
        // One in the last place: no rounding of the exact value gives it.
        let d = self.chars[last].to_digit(10).unwrap();
        let rounding = if d < 9 { d + 1 } else { d - 1 };
        if !halfway(said, exact) {
            out.push(("rounding", self.with(last, last + 1, &rounding.to_string())));
        }
        let counted = self.counted(end);
        if counted {
            out.push(("count", self.with(last, last + 1, &rounding.to_string())));
            let lower = if d > 0 { d - 1 } else { d + 2 };
            out.push(("count", self.with(last, last + 1, &lower.to_string())));
        }
        let percent = said.contains('%');
        let nothing = said.chars().all(|c| !('1'..='9').contains(&c));
        if !nothing {
            for scale in [" thousand", " million", "K", "M"] {
                if !percent {
                    out.push(("scale", self.with(end, end, scale)));
                }
            }
        }
        if percent {
            out.push(("unit", self.with(start, end, &said.replace('%', ""))));
            let points = said.replace('%', " percentage points");
            out.push(("percent for points", self.with(start, end, &points)));
        } else {
            out.push(("unit", self.with(end, end, "%")));
        }
        for (from, to) in [("$", "€"), ("€", "$"), ("£", "$"), ("$", "")] {
            if said.contains(from) {
                out.push(("unit", self.with(start, end, &said.replace(from, to))));
            }
        }
        if !nothing {
            if let Some(rest) = said.strip_prefix('+') {
                out.push(("sign", self.with(start, end, &format!("-{rest}"))));
            } else if let Some(rest) = said.strip_prefix('-') {
                out.push(("sign", self.with(start, end, &format!("+{rest}"))));
                out.push(("sign", self.with(start, end, rest)));
            } else if !counted {
                out.push(("sign", self.with(start, start, "-")));
            }
        }
    }

    /// Whether a number of rows or groups ends here.
    fn counted(&self, end: usize) -> bool {
        let rest: String = self.chars[end..].iter().take(9).collect();
        rest.starts_with(" row") || rest.starts_with(" group")
    }

    fn word(&self, start: usize, end: usize, said: &str, out: &mut Vec<Mutant>) {
        for (class, from, to) in [
            ("direction", "rose", "fell"),
            ("direction", "rose", "declined"),
            ("direction", "rose", "dropped"),
            ("direction", "rose", "slipped"),
            ("direction", "fell", "rose"),
            ("direction", "fell", "climbed"),
            ("direction", "fell", "increased"),
            ("direction", "fell", "grew"),
            ("superlative", "highest", "lowest"),
            ("superlative", "lowest", "highest"),
            ("rank", "first", "second"),
            ("rank", "second", "third"),
            ("rank", "second", "fourth"),
            ("rank", "third", "second"),
            ("rank", "fourth", "third"),
            ("count", "No rows", "Two rows"),
        ] {
            if said == from {
                out.push((class, self.with(start, end, to)));
            }
        }
    }

    fn name(&self, start: usize, end: usize, name: &str, out: &mut Vec<Mutant>) {
        let mut tried = 0;
        for table in &self.tables {
            for column in 0..table.columns.len() {
                let here = |r: &Vec<Cell>| r[column].as_str() == Some(name);
                if table.columns[column].role == ColumnRole::Time || !table.rows.iter().any(here) {
                    continue;
                }
                for row in &table.rows {
                    let Some(other) = row[column].as_str() else {
                        continue;
                    };
                    if other == name || other.is_empty() || self.alike(name, other) || tried == 3 {
                        continue;
                    }
                    tried += 1;
                    out.push(("entity", self.with(start, end, &format!("“{other}”"))));
                }
            }
        }
        if tried == 0 && self.slice(start, end).trim_matches(['“', '”']) == name {
            out.push(("entity", self.with(start, end, "Atlantis")));
        }
    }

    fn period(&self, start: usize, end: usize, said: &str, out: &mut Vec<Mutant>) {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let year = said
            .split(|c: char| !c.is_ascii_digit())
            .find(|w| w.len() == 4 && (w.starts_with("19") || w.starts_with("20")));
        let Some(year) = year.filter(|_| !said.contains([',', '%', '$', '“'])) else {
            return;
        };
        let before = (year.parse::<i32>().unwrap() - 1).to_string();
        out.push((
            "period",
            self.with(start, end, &said.replace(year, &before)),
        ));
        for quarter in 1..=4 {
            let now = format!("Q{quarter} ");
            if said.contains(&now) {
                let other = format!("Q{} ", quarter % 4 + 1);
                out.push(("period", self.with(start, end, &said.replace(&now, &other))));
            }
        }
        if let Some(at) = MONTHS.iter().position(|m| said.contains(m)) {
            let other = MONTHS[(at + 1) % 12];
            // Two months of the same number make either true.
            let day = |month: usize| format!("{year}-{:02}-01", month % 12 + 1);
            if self.alike(&day(at), &day(at + 1)) {
                return;
            }
            out.push((
                "period",
                self.with(start, end, &said.replace(MONTHS[at], other)),
            ));
        }
    }
}

/// Whether the exact value is so near the middle that both neighbours round it.
fn halfway(said: &str, exact: f64) -> bool {
    let decimals = said.split_once('.').map_or(0, |(_, rest)| {
        rest.chars().take_while(char::is_ascii_digit).count()
    });
    let scale = if said.contains('%') { 100.0 } else { 1.0 };
    let steps = exact.abs() * scale * 10f64.powi(i32::try_from(decimals).unwrap());
    (steps - steps.floor() - 0.5).abs() < 1e-4
}

/// Whether the document shows two or more rows whose order a superlative can turn around.
fn orders(document: &AnswerDocument) -> bool {
    document
        .plan
        .iter()
        .filter_map(|s| s.result.as_ref())
        .chain(document.result.as_ref())
        .any(|t| {
            (0..t.columns.len())
                .filter(|c| t.columns[*c].role == ColumnRole::Measure)
                .any(|c| t.rows.iter().any(|r| r[c] != t.rows[0][c]))
        })
}

#[test]
fn planted_errors_are_caught_and_true_narratives_are_not() {
    let documents = match std::env::var("ANSWERS") {
        Ok(file) => saved_answers(&file),
        Err(_) => bundled_answers(),
    };
    let mut alarms = Vec::new();
    let mut table: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut missed = Vec::new();
    let show: usize = std::env::var("SHOW")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(3);
    for document in &documents {
        let narrative = document.narrative.clone().unwrap();
        let report = check_numbers(document);
        if report.verdict != Verdict::Verified {
            alarms.push(format!("{}: {}", document.question, narrative.text));
            continue;
        }
        let told = Told {
            chars: narrative.text.chars().collect(),
            document,
            tables: document
                .plan
                .iter()
                .filter_map(|s| s.result.as_ref())
                .chain(document.result.as_ref())
                .collect(),
        };
        for (class, text) in told.mutants() {
            if text == narrative.text || (class == "superlative" && !orders(document)) {
                continue;
            }
            let mut changed = document.clone();
            changed.narrative = Some(answer::Narrative {
                text: text.clone(),
                claims: narrative.claims.clone(),
            });
            let row = table.entry(class).or_default();
            row.0 += 1;
            if check_numbers(&changed).verdict == Verdict::Verified {
                missed.push((class, format!("{text}\n      was {}", narrative.text)));
            } else {
                row.1 += 1;
            }
        }
    }
    println!(
        "{} narratives, {} false alarms",
        documents.len(),
        alarms.len()
    );
    println!(
        "{:<20} {:>8} {:>8} {:>8}",
        "error", "planted", "caught", "%"
    );
    for (class, (planted, caught)) in &table {
        println!(
            "{class:<20} {planted:>8} {caught:>8} {:>8.2}",
            100.0 * *caught as f64 / *planted as f64
        );
        for (_, text) in missed.iter().filter(|m| m.0 == *class).take(show) {
            println!("    missed: {text}");
        }
    }
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
    for (class, (planted, caught)) in table {
        assert!(
            planted < ENOUGH || caught as f64 / planted as f64 >= CAUGHT,
            "{class}: {caught} of {planted}"
        );
    }
}
