//! Policies: random ones, and the rows that a reader may see by the letter of the contract.

use crate::data_generator::WORDS;
use crate::evaluate::Evaluator;
use crate::model_generator::row_filter;
use crate::random::Random;
use crate::tables::Tables;
use query::{Literal, Reader};
use semantics::{FieldRef, Model, Policy, RowFilter};

/// Name of the attribute that policies compare with.
const KINDS: &str = "kinds";

/// Gives a model the policies of two groups, and a reader who belongs to one or both.
pub(crate) fn design(random: &mut Random, model: &mut Model) -> Option<Reader> {
    // A condition on what several ways lead to would refuse everything.
    let clear: Vec<usize> = (0..model.datasets.len())
        .filter(|i| {
            let to = FieldRef::new(&model.datasets[*i].name, "");
            let mut from = model.datasets.iter();
            from.all(|d| crate::evaluate::is_clear(model, &d.name, &to))
        })
        .collect();
    let mut policies = Vec::new();
    for group in ["buyers", "sellers"] {
        let mut rows = Vec::new();
        for _ in 0..1 + random.below(2) {
            let home = &model.datasets[random.pick_from(&clear)?];
            rows.push(if random.chance(25) {
                RowFilter::UserAttribute {
                    field: FieldRef::new(&home.name, "kind"),
                    attribute: KINDS.into(),
                }
            } else {
                let filter = row_filter(random, home, 1);
                // Most rows stay.
                if random.chance(60) {
                    RowFilter::Not(Box::new(filter))
                } else {
                    filter
                }
            });
        }
        let some = |random: &mut Random| -> Vec<FieldRef> {
            let count = *random.pick(&[0, 0, 1, 2]);
            (0..count)
                .map(|_| {
                    let home = random.pick(&model.datasets);
                    FieldRef::new(&home.name, &random.pick(&home.fields).name)
                })
                .collect()
        };
        policies.push(Policy {
            group: group.into(),
            rows,
            hidden_fields: some(random),
            masked_fields: some(random),
            hidden_metrics: match random.pick_from(&model.metrics) {
                Some(metric) if random.chance(20) => vec![metric.name],
                _ => Vec::new(),
            },
        });
    }
    model.policies = policies;
    let mut reader = Reader::default();
    reader.groups.push("buyers".into());
    if random.chance(40) {
        reader.groups.push("sellers".into());
    }
    let words = (0..3).map(|_| Literal::Text((*random.pick(&WORDS)).to_string()));
    reader.attributes.insert(KINDS.into(), words.collect());
    Some(reader)
}

/// A condition with the reader's values in the place of their names.
fn of_reader(filter: &RowFilter, reader: &Reader) -> RowFilter {
    let all = |parts: &[RowFilter]| -> Vec<RowFilter> {
        parts.iter().map(|p| of_reader(p, reader)).collect()
    };
    match filter {
        RowFilter::And(parts) => RowFilter::And(all(parts)),
        RowFilter::Or(parts) => RowFilter::Or(all(parts)),
        RowFilter::Not(inner) => RowFilter::Not(Box::new(of_reader(inner, reader))),
        RowFilter::UserAttribute { field, attribute } => RowFilter::In {
            field: field.clone(),
            values: reader
                .attributes
                .get(attribute)
                .cloned()
                .unwrap_or_default(),
        },
        other => other.clone(),
    }
}

/// The rows that one policy of the reader's groups shows: every condition of it holds whose
/// fields they have or look up.
pub(crate) fn visible(model: &Model, tables: &Tables, reader: &Reader) -> Result<Tables, String> {
    let evaluator = Evaluator::new(model, tables)?;
    let mut shown = tables.clone();
    for dataset in &model.datasets {
        let sees = |row: usize| {
            let mut own = model
                .policies
                .iter()
                .filter(|p| reader.groups.contains(&p.group));
            own.any(|policy| {
                policy.rows.iter().all(|condition| {
                    let out_of_reach = condition
                        .fields()
                        .iter()
                        .any(|f| crate::evaluate::many_to_one(model, &dataset.name, f) == 0);
                    out_of_reach
                        || evaluator.declared(&dataset.name, row, &of_reader(condition, reader))
                })
            })
        };
        let Some(table) = dataset.table.last().and_then(|t| shown.get_mut(t)) else {
            continue;
        };
        let mut at = 0..;
        table.rows.retain(|_| at.next().is_some_and(sees));
    }
    Ok(shown)
}
