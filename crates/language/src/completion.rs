//! What can be typed next: words and phrases that can still end in a query, from the same grammar
//! that reads questions.

use crate::dialogue::Context;
use crate::lattice::{Sense, Sources, best_paths, edges};
use crate::morphology::fold;
use crate::token::tokenize;
use crate::understand::{Knowledge, Understanding, understand};
use semantics::{DataType, Role};

/// Candidates that are read to the end, at most: the bound on the time that completing takes.
const TRIED: usize = 10;

/// A way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What stands in the box when it is taken.
    pub text: String,
    /// The words that it adds or finishes.
    pub added: String,
}

/// What may come next where the words stop.
enum Place {
    /// At the start.
    Start,
    /// After "by", "per".
    Group,
    /// After "top 5".
    Ranked,
    /// After "in", "for".
    Scope,
    /// After "vs".
    Against,
    /// After a measure or a group.
    Further,
}

/// The ways to go on from the first `cursor` characters of a text, best first. Each can still end in
/// a question that is answered; without any there is nothing to complete.
pub fn complete(
    text: &str,
    cursor: usize,
    knowledge: &Knowledge,
    context: Option<&Context>,
    at_most: usize,
) -> Vec<Completion> {
    let typed: String = text.chars().take(cursor).collect();
    let done = match typed.rfind(char::is_whitespace) {
        _ if typed.is_empty() => "",
        Some(at) => &typed[..at + typed[at..].chars().next().map_or(1, char::len_utf8)],
        None => "",
    };
    let partial = fold(&typed[done.len()..]);
    let Some(place) = place(done, knowledge) else {
        return Vec::new();
    };
    let mut found: Vec<Completion> = Vec::new();
    let mut tried = 0;
    for (candidate, ending) in candidates(&place, &partial, knowledge) {
        if tried >= TRIED || found.len() >= at_most {
            break;
        }
        let starts = fold(&candidate).starts_with(&partial) && fold(&candidate) != partial;
        // A thing and the column that shows it have one name.
        let known = found.iter().any(|f| f.added == candidate);
        if !starts || known {
            continue;
        }
        tried += 1;
        let whole = format!("{done}{candidate}");
        let question = format!("{whole}{ending}");
        if matches!(
            understand(&question, knowledge, context),
            Understanding::Answer(_)
        ) {
            found.push(Completion {
                text: whole,
                added: candidate,
            });
        }
    }
    found
}

/// Where the finished words stop; nothing if they are not understood.
fn place(done: &str, knowledge: &Knowledge) -> Option<Place> {
    let tokens = tokenize(done);
    let Some(last) = tokens.last() else {
        return Some(Place::Start);
    };
    let characters: Vec<char> = done.chars().collect();
    let sources = Sources {
        vocabulary: knowledge.vocabulary,
        values: knowledge.values,
        clock: &knowledge.clock,
        question: &characters,
    };
    let paths = best_paths(&tokens, &edges(&tokens, &[], &sources));
    let path = paths
        .iter()
        .find(|p| p.items.iter().all(|i| i.sense != Sense::Unknown))?;
    let ranked = path.items.iter().rev().take(2).any(|i| i.is_role("rank"));
    Some(match last.folded.as_str() {
        "in" | "for" | "during" | "at" | "only" => Place::Scope,
        "vs" | "versus" | "with" | "than" => Place::Against,
        _ if path.items.last().is_some_and(|i| i.is_role("by")) => Place::Group,
        _ if ranked => Place::Ranked,
        _ if path
            .items
            .iter()
            .any(|i| matches!(i.sense, Sense::Named(_) | Sense::Value(_))) =>
        {
            Place::Further
        }
        _ => Place::Start,
    })
}

/// What may stand at a place, with what would end the question after it.
fn candidates(place: &Place, partial: &str, knowledge: &Knowledge) -> Vec<(String, String)> {
    let model = knowledge.model;
    let metrics: Vec<String> = {
        let default = model.default_metric.iter();
        let others = model.metrics.iter().map(|m| &m.name);
        let mut names: Vec<&String> = default.chain(others).collect();
        let mut seen = std::collections::HashSet::new();
        names.retain(|n| seen.insert(n.as_str()));
        names
            .into_iter()
            .filter_map(|n| model.metric(n))
            .filter(|m| m.access == semantics::Access::Public)
            .map(|m| m.label.to_lowercase())
            .collect()
    };
    let metric = metrics.first().cloned().unwrap_or_default();
    let nouns: Vec<String> = model.entities.iter().map(|e| e.name.clone()).collect();
    let groups = || {
        let fields = model
            .datasets
            .iter()
            .flat_map(|d| &d.fields)
            .filter(|f| f.role == Role::Dimension && f.data_type != DataType::Opaque);
        nouns
            .iter()
            .cloned()
            .chain(fields.map(|f| f.label.to_lowercase()))
            .chain(["month", "quarter", "week", "year"].map(String::from))
    };
    let first_group = nouns.first().cloned().unwrap_or_else(|| "month".into());
    let periods = || {
        let year = knowledge.clock.today.year();
        [
            "last month",
            "this month",
            "last quarter",
            "this year",
            "last year",
            "last week",
        ]
        .map(String::from)
        .into_iter()
        .chain((0..3).map(move |back| (year - back).to_string()))
    };
    let values = || {
        if partial.chars().count() < 2 {
            return Vec::new();
        }
        knowledge.values.starting(partial, 6)
    };
    let plain = |words: Vec<String>| {
        words
            .into_iter()
            .map(|w| (w, String::new()))
            .collect::<Vec<_>>()
    };
    match place {
        Place::Start => {
            let mut all = plain(metrics.clone());
            all.push(("top 5".into(), format!(" {first_group} by {metric}")));
            all.push((
                "how many".into(),
                format!(" {}", crate::compose::plural(&first_group)),
            ));
            all.extend(
                plain(values())
                    .into_iter()
                    .map(|(v, _)| (v, format!(" {metric}"))),
            );
            all.extend(
                plain(nouns.iter().map(|n| crate::compose::plural(n)).collect())
                    .into_iter()
                    .map(|(n, _)| (n, format!(" by {metric}"))),
            );
            all
        }
        Place::Group => plain(groups().collect()),
        Place::Ranked => nouns
            .iter()
            .map(|n| (crate::compose::plural(n), format!(" by {metric}")))
            .collect(),
        Place::Scope => plain(periods().chain(values()).collect()),
        Place::Against => plain(periods().collect()),
        Place::Further => {
            let mut all = vec![
                ("by".to_string(), format!(" {first_group}")),
                (
                    "in".to_string(),
                    format!(" {}", knowledge.clock.today.year()),
                ),
                ("per month".to_string(), String::new()),
                ("vs last year".to_string(), String::new()),
                ("last month".to_string(), String::new()),
                ("this year".to_string(), String::new()),
            ];
            if !partial.is_empty() {
                all.extend(plain(metrics.clone()));
                all.extend(plain(groups().collect()));
                all.extend(plain(values()));
            }
            all
        }
    }
}
