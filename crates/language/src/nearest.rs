//! The nearest question that can be answered, from the parts of a declined one that were understood.

use crate::lattice::{Sense, Sources, best_paths, edges};
use crate::time::TimeSense;
use crate::token::tokenize;
use crate::understand::{Knowledge, Understanding, weigh};
use crate::vocabulary::Named;

/// Longest question that is searched for parts, in characters.
const LONGEST: usize = 300;

/// A question with the measure, group, value and period that were understood; only one that is
/// answered as it stands.
pub(crate) fn nearest(question: &str, code: &str, knowledge: &Knowledge) -> Option<String> {
    if question.chars().count() > LONGEST {
        return None;
    }
    let model = knowledge.model;
    let tokens = tokenize(question);
    let characters: Vec<char> = question.chars().collect();
    let sources = Sources {
        vocabulary: knowledge.vocabulary,
        values: knowledge.values,
        clock: &knowledge.clock,
        question: &characters,
    };
    let path = best_paths(&tokens, &edges(&tokens, &[], &sources))
        .into_iter()
        .next()?;
    let (mut metric, mut group, mut value, mut period) = (None, None, None, None);
    for item in &path.items {
        match &item.sense {
            Sense::Named(Named::Metric(name)) => {
                let label = model.metric(name).map(|m| m.label.to_lowercase());
                metric = metric.or(label);
            }
            Sense::Named(Named::Entity(i)) => {
                group = group.or(model.entities.get(*i).map(|e| e.name.clone()));
            }
            Sense::Named(Named::Field(field)) => {
                let known = model.field(field);
                let dimension = known.is_some_and(|f| f.role == semantics::Role::Dimension);
                let label = known.map(|f| f.label.to_lowercase()).filter(|_| dimension);
                group = group.or(label);
            }
            Sense::Value(found) => value = value.or(found.values.first().cloned()),
            Sense::Time(TimeSense::Range(_) | TimeSense::Yearless { .. }) => {
                period = period.or(Some(item.text.clone()));
            }
            _ => {}
        }
    }
    if metric.is_none() && group.is_none() && value.is_none() && period.is_none() {
        return None;
    }
    let metric = metric.or_else(|| {
        let name = model.default_metric.as_ref()?;
        model.metric(name).map(|m| m.label.to_lowercase())
    })?;
    let part = |lead: &str, text: &Option<String>| {
        text.as_ref()
            .map_or(String::new(), |t| format!(" {lead} {t}"))
    };
    let mut tries = Vec::new();
    if code == "cause" && period.is_some() {
        let by = group
            .clone()
            .or_else(|| model.entities.first().map(|e| e.name.clone()));
        tries.push(format!(
            "{metric}{}{} {} compared with the previous period",
            part("by", &by),
            part("for", &value),
            period.clone().unwrap_or_default()
        ));
    }
    tries.push(format!(
        "{metric}{}{}{}",
        part("by", &group),
        part("for", &value),
        part("in", &period)
    ));
    tries.push(format!(
        "{metric}{}{}",
        part("by", &group),
        part("in", &period)
    ));
    tries.push(format!("{metric}{}", part("by", &group)));
    tries.into_iter().find(|text| {
        *text != question
            && matches!(
                weigh(text, knowledge, None, &mut |_| {}),
                Understanding::Answer(_)
            )
    })
}
