//! Replies that are no answers: why a question is declined, and what to ask instead.

use crate::compose::Misfit;
use crate::lattice::{Path, Sense};
use crate::lexicon::english;
use crate::morphology::fold;
use crate::token::{Token, TokenKind};
use crate::understand::{Knowledge, Reading, Understanding};
use jiff::civil::Date;
use query::{Dimension, Measure, Query, Term};

pub(crate) fn refused_topic(tokens: &[Token]) -> Option<(&'static str, String)> {
    let text = format!(
        " {} ",
        tokens
            .iter()
            .map(|t| t.folded.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    );
    for (code, phrases) in english().topics() {
        if *code == "off_topic" {
            continue;
        }
        for phrase in phrases {
            if let Some(at) = text.find(&format!(" {phrase} ")) {
                // An order to change data comes at the front.
                let words_before = text[..at].split_whitespace().count();
                if *code != "write_request" || words_before <= 4 {
                    return Some((code, phrase.clone()));
                }
            }
        }
    }
    None
}

pub(crate) fn decline(
    knowledge: &Knowledge,
    code: &'static str,
    message: String,
    unknown: Vec<String>,
) -> Understanding {
    let example = knowledge
        .model
        .default_metric
        .as_ref()
        .and_then(|m| knowledge.model.metric(m))
        .map(|m| m.label.to_lowercase());
    let group = knowledge
        .model
        .entities
        .iter()
        .find(|e| {
            matches!(
                e.name.as_str(),
                "region" | "category" | "product" | "item" | "country" | "customer"
            )
        })
        .or_else(|| knowledge.model.entities.first());
    let hint = match (example, group) {
        (Some(metric), Some(entity)) => format!("{metric} by {}", entity.name),
        (None, Some(entity)) => format!("how many {}?", crate::compose::plural(&entity.name)),
        _ => "ask about a column of the data".to_string(),
    };
    Understanding::Decline {
        code,
        message,
        hint,
        unknown,
    }
}

pub(crate) fn not_understood(
    tokens: &[Token],
    path: Option<&Path>,
    knowledge: &Knowledge,
) -> Understanding {
    let unknown: Vec<String> = path
        .map(|p| {
            p.items
                .iter()
                .filter(|i| i.sense == Sense::Unknown)
                .map(|i| tokens[i.start].text.clone())
                .collect()
        })
        .unwrap_or_default();
    let text = format!(
        " {} ",
        tokens
            .iter()
            .map(|t| t.folded.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    );
    let off_topic = english()
        .topics()
        .iter()
        .filter(|(c, _)| *c == "off_topic")
        .any(|(_, phrases)| phrases.iter().any(|p| text.contains(&format!(" {p} "))));
    let content = tokens
        .iter()
        .filter(|t| matches!(t.kind, TokenKind::Word) && !english().is_ignorable(&t.folded))
        .count();
    let proper = unknown
        .iter()
        .any(|w| w.chars().next().is_some_and(char::is_uppercase))
        && tokens
            .first()
            .is_some_and(|t| Some(&t.text) != unknown.first());
    let code = if off_topic || (content > 0 && unknown.len() >= content) {
        "off_topic"
    } else if proper {
        "unknown_value"
    } else {
        "unknown_metric"
    };
    let mut message = format!(
        "not understood: {}",
        unknown
            .iter()
            .map(|w| format!("“{w}”"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    let mut near: Vec<String> = Vec::new();
    for word in &unknown {
        near.extend(knowledge.vocabulary.near(&fold(word), 2));
        near.extend(knowledge.values.near(&fold(word), 2));
    }
    if !near.is_empty() {
        message.push_str(&format!("; near to it in the data: {}", near.join(", ")));
    }
    decline(knowledge, code, message, unknown)
}

pub(crate) fn unfit(
    misfits: &[(f64, Misfit)],
    knowledge: &Knowledge,
    in_conversation: bool,
) -> Understanding {
    let Some((_, misfit)) = misfits.iter().max_by(|a, b| a.0.total_cmp(&b.0)) else {
        return decline(
            knowledge,
            "off_topic",
            "there is nothing to answer in it".into(),
            Vec::new(),
        );
    };
    match misfit {
        Misfit::Missing(what) => {
            let options = general_options(knowledge);
            if options.len() > 1 && !(in_conversation && what.is_empty()) {
                return Understanding::Clarify {
                    question: format!("The question leaves open {what}. Do you mean one of these?"),
                    options,
                };
            }
            decline(
                knowledge,
                "unknown_metric",
                format!("the question leaves open {what}"),
                Vec::new(),
            )
        }
        Misfit::Unused(word) | Misfit::Unsupported(word) => decline(
            knowledge,
            "unknown_metric",
            format!("“{word}” has no place in what was understood"),
            vec![word.clone()],
        ),
        Misfit::Refused { code, message } => decline(
            knowledge,
            "unknown_field",
            format!("{message} ({code})"),
            Vec::new(),
        ),
    }
}

/// Readings to offer when a question leaves its main part open.
fn general_options(knowledge: &Knowledge) -> Vec<(String, Reading)> {
    let model = knowledge.model;
    let mut options = Vec::new();
    let Some(metric) = model.default_metric.as_ref().and_then(|m| model.metric(m)) else {
        return options;
    };
    let term = Term {
        name: metric.label.clone(),
        measure: Measure::Metric(metric.name.clone()),
    };
    let mut queries = Vec::new();
    for noun in [
        "product", "item", "customer", "category", "region", "store", "country", "state",
    ] {
        if let Some(entity) = model.entities.iter().find(|e| e.name == noun) {
            queries.push(Query {
                metrics: vec![term.clone()],
                dimensions: vec![Dimension::Field(entity.display.clone())],
                rank: Some(query::Rank::new(
                    0,
                    query::Part::Value,
                    query::Direction::Descending,
                    10,
                )),
                ..Query::default()
            });
        }
    }
    queries.truncate(2);
    if let Some(time) = &model.default_time {
        queries.push(Query {
            metrics: vec![term.clone()],
            dimensions: vec![Dimension::Time(query::Grain::Year)],
            time: Some(query::TimeScope {
                field: time.clone(),
                range: None,
                calendar: None,
            }),
            ..Query::default()
        });
    }
    queries.push(Query {
        metrics: vec![term],
        ..Query::default()
    });
    for query in queries {
        if query::compile(model, &query, query::Dialect::DuckDb).is_ok() {
            let restatement = crate::restate::restate(&query, model);
            options.push((
                restatement.clone(),
                Reading {
                    query,
                    restatement,
                    assumptions: Vec::new(),
                    rewinds: false,
                    signs: None,
                    others: Vec::new(),
                },
            ));
        }
    }
    options.truncate(4);
    options
}

/// A period that lies wholly outside the data is declined, not answered with nothing.
pub(crate) fn outside_data(query: &Query, knowledge: &Knowledge) -> Option<Understanding> {
    let mut ranges: Vec<&query::DateRange> =
        query.time.iter().filter_map(|t| t.range.as_ref()).collect();
    if let Some(query::Compare {
        to: query::CompareTo::Range(range),
        ..
    }) = &query.compare
    {
        ranges.push(range);
    }
    let first = knowledge.first_day?;
    for range in ranges {
        let start = range.start.as_deref().and_then(|d| d.parse::<Date>().ok());
        let end = range.end.as_deref().and_then(|d| d.parse::<Date>().ok());
        if start.is_some_and(|s| s > knowledge.clock.today) || end.is_some_and(|e| e <= first) {
            return Some(decline(
                knowledge,
                "outside_data",
                format!(
                    "the data covers {first} to {}; {} lies outside",
                    knowledge.clock.today, range.label
                ),
                Vec::new(),
            ));
        }
    }
    None
}
