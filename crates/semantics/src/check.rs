//! Whether a model hangs together.

use crate::{MetricKind, Model};

/// Something wrong in a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable code.
    pub code: &'static str,
    /// Where.
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// Every problem of a model, in the order of the document; none for a sound one.
pub fn check(model: &Model) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |code, place: String, message: &str| {
        problems.push(Problem {
            code,
            place,
            message: message.to_string(),
        })
    };
    for dataset in &model.datasets {
        for key in &dataset.primary_key {
            if dataset.field(key).is_none() {
                add(
                    "unknown_key_field",
                    format!("{}.{key}", dataset.name),
                    "the primary key names a field that is not there",
                );
            }
        }
        for field in &dataset.fields {
            if field.name.contains(['.', '@']) {
                add(
                    "bad_field_name",
                    format!("{}.{}", dataset.name, field.name),
                    "a field name has neither dots nor @",
                );
            }
        }
        if let Some(time) = &dataset.event_time
            && !dataset
                .field(time)
                .is_some_and(|f| f.data_type.is_temporal())
        {
            add(
                "bad_event_time",
                format!("{}.{time}", dataset.name),
                "the event time is no date or time field",
            );
        }
    }
    for relationship in &model.relationships {
        for (dataset, fields) in [
            (&relationship.from, &relationship.from_fields),
            (&relationship.to, &relationship.to_fields),
        ] {
            match model.dataset(dataset) {
                None => add(
                    "unknown_dataset",
                    relationship.name.clone(),
                    "the relationship names a dataset that is not there",
                ),
                Some(known) => {
                    if fields.iter().any(|f| known.field(f).is_none()) {
                        add(
                            "unknown_field",
                            relationship.name.clone(),
                            "the relationship names a field that is not there",
                        );
                    }
                }
            }
        }
        if relationship.from_fields.len() != relationship.to_fields.len() {
            add(
                "key_length",
                relationship.name.clone(),
                "both sides need the same number of fields",
            );
        }
    }
    for metric in &model.metrics {
        if let MetricKind::Simple { dataset, .. } = &metric.kind
            && model.dataset(dataset).is_none()
        {
            add(
                "unknown_dataset",
                metric.name.clone(),
                "the metric names a dataset that is not there",
            );
        }
        if metric.parts().iter().any(|m| model.metric(m).is_none()) {
            add(
                "unknown_metric",
                metric.name.clone(),
                "the metric is made of one that is not there",
            );
        }
    }
    problems
}

/// Hash of a model (blake3 of its JSON, hex).
pub fn hash(model: &Model) -> String {
    blake3::hash(&serde_json::to_vec(model).unwrap_or_default())
        .to_hex()
        .to_string()
}
