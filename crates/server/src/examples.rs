//! Questions to start with: made from the model, and offered only if they are answered.

use agents::{Assistant, Conversation, Question};
use answer::Status;
use semantics::{DataType, Model, Role, Subject};

/// Examples that are offered at most.
const OFFERED: usize = 4;

/// Questions that this assistant answers.
pub(crate) fn examples(assistant: &Assistant) -> Vec<String> {
    candidates(assistant.model())
        .into_iter()
        .filter(|text| {
            let question = Question {
                text: text.clone(),
                ..Question::default()
            };
            let answer = assistant.ask(&question, &mut Conversation::default(), &mut |_| {});
            answer.status == Status::Answered
        })
        .take(OFFERED)
        .collect()
}

fn candidates(model: &Model) -> Vec<String> {
    let metric = model
        .default_metric
        .as_deref()
        .and_then(|name| model.metric(name))
        .or_else(|| model.metrics.first())
        .map(|m| m.label.to_lowercase());
    let Some(metric) = metric else {
        return Vec::new();
    };
    let mut groups: Vec<(u64, String)> = model
        .datasets
        .iter()
        .flat_map(|d| &d.fields)
        .filter(|f| f.role == Role::Dimension && f.data_type == DataType::Text)
        .filter(|f| {
            matches!(
                f.subject,
                Subject::Region
                    | Subject::Country
                    | Subject::State
                    | Subject::City
                    | Subject::Category
                    | Subject::Subcategory
                    | Subject::Brand
                    | Subject::Segment
                    | Subject::Channel
            )
        })
        .filter_map(|f| Some((f.distinct?, f.label.to_lowercase())))
        .filter(|(distinct, _)| (3..=60).contains(distinct))
        .collect();
    groups.sort();
    groups.dedup();
    let year = model
        .default_time
        .as_ref()
        .and_then(|t| model.field(t))
        .and_then(|f| f.max.as_deref())
        .and_then(|day| day.get(..4))
        .map(str::to_string);
    let mut out = Vec::new();
    if let Some(year) = &year {
        out.push(format!("{metric} by month in {year}"));
    }
    for entity in ["product", "customer", "store"] {
        if model.entities.iter().any(|e| e.name == entity) {
            let period = year
                .as_ref()
                .map(|y| format!(" in {y}"))
                .unwrap_or_default();
            out.push(format!("top 5 {entity}s by {metric}{period}"));
            break;
        }
    }
    for (i, (_, group)) in groups.iter().enumerate() {
        match (&year, i % 2) {
            (Some(year), 0) => out.push(format!("which {group} grew most in {year}?")),
            _ => out.push(format!("share of {metric} by {group}")),
        }
    }
    for (_, group) in &groups {
        out.push(format!("{metric} by {group}"));
    }
    out
}
