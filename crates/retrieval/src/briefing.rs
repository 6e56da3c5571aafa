//! The part of a prompt that tells a model what there is: what the question names first, then what ranks
//! best, as far as the budget reaches.

use crate::library::{Entry, Kind, Library};
use crate::vectors::Embedder;
use semantics::FieldRef;
use std::fmt::Write as _;

/// Checked questions that are shown as examples, at most.
const EXAMPLES: usize = 3;
/// The part of the budget that examples and links may take together.
const SIDE_SHARE: u64 = 3;

/// How much may be said.
#[derive(Clone, Copy)]
pub struct Budget {
    /// Tokens at most.
    pub tokens: u64,
    /// How many tokens a text has.
    pub measure: fn(&str) -> u64,
}

/// What holds for every question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// The day that stands for today, and the first day of the data; absent where no value of the data
    /// may be sent.
    pub days: Option<(String, String)>,
    /// The metric that is meant where none is said.
    pub metric: Option<String>,
    /// The time field that a period is of where nothing else is said.
    pub time: Option<FieldRef>,
}

/// A value of the data that the question speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownValue {
    /// The words of the question.
    pub said: String,
    /// Whose value.
    pub field: FieldRef,
    /// As stored, or what stands for it.
    pub value: String,
    /// The key of the row that it names, with its field.
    pub id: Option<(FieldRef, String)>,
}

/// What a question is about, as far as that is known before a model is asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// The question as it is sent.
    pub question: String,
    /// Metrics that its words name.
    pub metrics: Vec<String>,
    /// Fields that its words name.
    pub fields: Vec<FieldRef>,
    /// Values that its words name.
    pub values: Vec<KnownValue>,
    /// Periods that its words name: the words, and what they mean.
    pub periods: Vec<(String, String)>,
    /// Fields of few values with all of these.
    pub lists: Vec<(FieldRef, Vec<String>)>,
}

/// What is told to a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Briefing {
    /// The text.
    pub text: String,
    /// Metrics in it.
    pub metrics: Vec<String>,
    /// Fields in it.
    pub fields: Vec<FieldRef>,
    /// Entries of the library that the budget left out.
    pub left_out: usize,
}

/// A text that grows as far as its budget reaches.
struct Page {
    budget: Budget,
    used: u64,
}

impl Page {
    fn fits(&mut self, line: &str, within: u64) -> bool {
        let tokens = (self.budget.measure)(line) + 1;
        let fits = self.used + tokens <= within.min(self.budget.tokens);
        if fits {
            self.used += tokens;
        }
        fits
    }
}

impl Library {
    /// What to tell a model for a question.
    pub fn brief(
        &self,
        wanted: &Wanted,
        ground: &Ground,
        embedder: Option<&dyn Embedder>,
        budget: Budget,
    ) -> Briefing {
        let mut page = Page { budget, used: 0 };
        let mut heads = Vec::new();
        if let Some((today, first)) = &ground.days {
            heads.push(format!("Today: {today}. Data since {first}."));
        }
        if let Some(metric) = &ground.metric {
            heads.push(format!("Metric where none is said: {metric}."));
        }
        if let Some(time) = &ground.time {
            heads.push(format!("Time field where none is said: {time}."));
        }
        let values: Vec<String> = wanted.values.iter().map(value_line).collect();
        let periods: Vec<String> = wanted
            .periods
            .iter()
            .map(|(said, means)| format!("\"{said}\" = {means}"))
            .collect();
        let whole = budget.tokens;
        heads.retain(|line| page.fits(line, whole));
        let values = kept(values, &mut page, whole);
        let periods = kept(periods, &mut page, whole);

        // What the question names comes first, then what ranks best, then the rest of a small model.
        let ranked = self.rank(&wanted.question, embedder);
        let named = |entry: &Entry| match &entry.kind {
            Kind::Metric(name) => {
                wanted.metrics.contains(name) || ground.metric.as_ref() == Some(name)
            }
            Kind::Field(field) => {
                wanted.fields.contains(field)
                    || ground.time.as_ref() == Some(field)
                    || wanted.values.iter().any(|v| v.field == *field)
            }
            Kind::Verified(_) => false,
        };
        let mut order: Vec<&Entry> = self.entries().iter().filter(|e| named(e)).collect();
        for entry in ranked.iter().copied().chain(self.entries()) {
            if !order.iter().any(|known| known.kind == entry.kind) {
                order.push(entry);
            }
        }
        let side = whole - whole / SIDE_SHARE;
        let mut chosen: Vec<(&Entry, String)> = Vec::new();
        let mut left_out = 0;
        for entry in order {
            if matches!(entry.kind, Kind::Verified(_)) {
                continue;
            }
            let line = self.with_list(entry, wanted);
            if page.fits(&line, side) {
                chosen.push((entry, line));
            } else {
                left_out += 1;
            }
        }
        let fields: Vec<FieldRef> = chosen
            .iter()
            .filter_map(|(e, _)| match &e.kind {
                Kind::Field(f) => Some(f.clone()),
                _ => None,
            })
            .collect();
        let metrics: Vec<String> = chosen
            .iter()
            .filter_map(|(e, _)| match &e.kind {
                Kind::Metric(m) => Some(m.clone()),
                _ => None,
            })
            .collect();
        let spoken = |dataset: &String| fields.iter().any(|f| f.dataset == *dataset);
        let links = self
            .links
            .iter()
            .filter(|(from, to, _)| spoken(from) && spoken(to))
            .map(|(_, _, line)| line.clone())
            .collect();
        let links = kept(links, &mut page, whole);
        let examples = ranked
            .iter()
            .filter(|e| matches!(e.kind, Kind::Verified(_)))
            .take(EXAMPLES)
            .map(|e| e.line.clone())
            .collect();
        let examples = kept(examples, &mut page, whole);

        let lines = |metric: bool| -> Vec<String> {
            let mut lines: Vec<(usize, String)> = chosen
                .iter()
                .filter(|(e, _)| matches!(e.kind, Kind::Metric(_)) == metric)
                .map(|(e, line)| {
                    let place = self.entries().iter().position(|x| x.kind == e.kind);
                    (place.unwrap_or(usize::MAX), line.clone())
                })
                .collect();
            // In the order of the model, so that the same choice makes the same text.
            lines.sort();
            lines.into_iter().map(|(_, line)| line).collect()
        };
        let mut text = heads.join("\n");
        for (title, lines) in [
            ("Metrics", lines(true)),
            ("Fields", lines(false)),
            ("Links", links),
            ("Values in the question", values),
            ("Periods in the question", periods),
            ("Checked examples", examples),
        ] {
            if !lines.is_empty() {
                let _ = write!(text, "\n{title}:\n{}", lines.join("\n"));
            }
        }
        Briefing {
            text: text.trim().to_string(),
            metrics,
            fields,
            left_out,
        }
    }

    fn with_list(&self, entry: &Entry, wanted: &Wanted) -> String {
        let list = match &entry.kind {
            Kind::Field(field) => wanted.lists.iter().find(|(f, _)| f == field),
            _ => None,
        };
        match list {
            Some((_, values)) => format!("{}; one of: {}", entry.line, values.join(" | ")),
            None => entry.line.clone(),
        }
    }
}

fn kept(lines: Vec<String>, page: &mut Page, within: u64) -> Vec<String> {
    lines
        .into_iter()
        .filter(|line| page.fits(line, within))
        .collect()
}

fn value_line(value: &KnownValue) -> String {
    let id = value
        .id
        .as_ref()
        .map_or(String::new(), |(field, id)| format!(" ({field} {id})"));
    format!(
        "\"{}\" = {} {}{id}",
        value.said,
        value.field,
        serde_json::Value::String(value.value.clone())
    )
}
