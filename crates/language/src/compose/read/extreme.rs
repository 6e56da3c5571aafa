//! Superlatives and comparatives that choose their own field: “longest”, “youngest”, “older than 30”;
//! and balances: “in debt”.

use super::*;
use crate::morphology::stem;

impl Reader<'_> {
    /// The field that the stems name: in the table of the thing that is spoken of, else the only
    /// one there is; and whether it turns the direction round.
    pub(super) fn field_by_stems(&self, stems: &str, at: usize) -> Option<(FieldRef, bool)> {
        let model = self.model();
        let table_at = |i: usize| match &self.nodes[i].node {
            Node::Named(Named::Entity(e)) => model.entities[*e].dataset.clone(),
            Node::Named(Named::Field(f)) => Some(f.dataset.clone()),
            _ => None,
        };
        let mut near: Vec<String> = Vec::new();
        near.extend((at + 1..self.nodes.len().min(at + 3)).find_map(table_at));
        near.extend((0..at).rev().filter_map(table_at));
        near.extend(
            self.draft
                .subject
                .or_else(|| self.head_entity())
                .and_then(|e| model.entities[e].dataset.clone()),
        );
        let named = |dataset: &semantics::Dataset, wanted: &str| -> Vec<FieldRef> {
            dataset
                .fields
                .iter()
                .filter(|f| f.data_type.is_numeric() || f.data_type.is_temporal())
                .filter(|f| f.role != Role::Id)
                .filter(|f| f.name.split('_').any(|w| w == wanted || stem(w) == wanted))
                .map(|f| FieldRef::new(&dataset.name, &f.name))
                .collect()
        };
        let places = near.iter().map(Some).chain([None]);
        for place in places {
            for wanted in stems.split(' ') {
                let (wanted, turned) = wanted
                    .strip_prefix('-')
                    .map_or((wanted, false), |w| (w, true));
                let found: Vec<FieldRef> = model
                    .datasets
                    .iter()
                    .filter(|d| place.is_none_or(|p| *p == d.name))
                    .flat_map(|d| named(d, wanted))
                    .collect();
                if let [field] = &found[..] {
                    return Some((field.clone(), turned));
                }
            }
        }
        None
    }

    /// "customers older than 30": a filter on the rows.
    pub(super) fn limits(&mut self) -> Result<(), Misfit> {
        for at in 0..self.nodes.len() {
            match self.nodes[at].node {
                Node::Limit(op, stems, value) => {
                    let Some((field, _)) = self.field_by_stems(stems, at) else {
                        return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
                    };
                    self.take(at);
                    self.limit_rows(field, op, value);
                }
                Node::Debt => {
                    let Some((field, _)) = self.field_by_stems("balance", at) else {
                        return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
                    };
                    self.take(at);
                    let negated = at
                        .checked_sub(1)
                        .filter(|b| self.is(*b, Mark::Negation) && !self.used[*b]);
                    if let Some(negation) = negated {
                        self.take(negation);
                    }
                    let op = if negated.is_some() {
                        Operator::Ge
                    } else {
                        Operator::Lt
                    };
                    let share = self.any(Mark::Share);
                    self.limit_rows(field, op, 0.0);
                    if let Some(bound) = self.draft.filters.last_mut() {
                        bound.numerator = share;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// "without a discount", "no discount": the number is 0.
    pub(super) fn zeros(&mut self) {
        for at in 1..self.nodes.len() {
            let none = self.is(at - 1, Mark::Negation)
                && !self.used[at - 1]
                && matches!(
                    self.nodes[at - 1].text.as_str(),
                    "no" | "without" | "with no"
                );
            let Node::Named(named @ (Named::Field(_) | Named::Metric(_))) =
                self.nodes[at].node.clone()
            else {
                continue;
            };
            if !none || self.used[at] || !self.adjacent(at - 1, at) {
                continue;
            }
            let Some(field) = self.number_of(&named, None).and_then(|n| n.field) else {
                continue;
            };
            self.take(at - 1);
            self.take(at);
            let share = self.any(Mark::Share);
            self.limit_rows(field, Operator::Eq, 0.0);
            if let Some(bound) = self.draft.filters.last_mut() {
                bound.numerator = share;
            }
        }
    }
}
