//! Verbs: “shipped in May” is about the shipping date, “living in” about nothing that the
//! relationships do not say already.

use super::*;
use crate::lexicon::english;
use crate::morphology::stem;

impl Reader<'_> {
    /// Takes the verbs; one that means a date moves the period to that date.
    pub(super) fn events(&mut self) {
        let mut chosen: Option<(FieldRef, String)> = None;
        let mut unmet = None;
        for at in 0..self.nodes.len() {
            let Node::Verb(base) = self.nodes[at].node else {
                continue;
            };
            if self.used[at] {
                continue;
            }
            // "purchase orders that are still open" tells a state; "when did it open" asks for a day.
            let state = self.nodes[at].text == "open"
                && !self
                    .nodes
                    .iter()
                    .any(|n| n.node == Node::Mark(Mark::Which) && n.text.starts_with("when"))
                && self.draft.period.is_none()
                && !self
                    .words_between(0, self.nodes[at].start)
                    .any(|w| matches!(w, "did" | "does" | "do" | "will"));
            if state {
                continue;
            }
            self.take(at);
            // "how much shipping did we charge" asks for the amount that the word names.
            if self.nodes[at].text.ends_with("ing") && at > 0 && self.is(at - 1, Mark::HowMuch) {
                let freight = self
                    .model()
                    .metrics
                    .iter()
                    .find(|m| {
                        base == "ship"
                            && (m.name == "freight"
                                || m.synonyms.iter().any(|s| s == "shipping cost"))
                    })
                    .map(|m| (m.name.clone(), m.label.clone()));
                let Some((name, label)) = freight else {
                    self.used[at] = false;
                    continue;
                };
                self.take(at - 1);
                self.add_measure(NamedMeasure {
                    name: label,
                    measure: Measure::Metric(name),
                    explicit: true,
                });
                continue;
            }
            let stems = english().dates_of(base);
            if stems.is_empty() {
                continue;
            }
            // "orders that have not shipped yet": the date is missing.
            let negated = at
                .checked_sub(1)
                .filter(|b| self.is(*b, Mark::Negation) && !self.used[*b]);
            if let Some(negation) = negated
                && self.draft.period.is_none()
                && let Some(field) = self.date_named(stems)
                && self
                    .model()
                    .field(&field)
                    .is_some_and(|f| f.nulls != Some(0))
                && self.model().default_time.as_ref() != Some(&field)
            {
                self.take(negation);
                self.draft.filters.push(Bound {
                    words: format!("without a {}", self.label(&field)),
                    filter: Filter::IsNull {
                        field: field.clone(),
                    },
                    field: Some(field),
                    numerator: false,
                });
                continue;
            }
            // "shipped orders": those that have the date.
            let described = self.nodes[at].text.ends_with("ed")
                && self.adjacent(at, at + 1)
                && match self.nodes.get(at + 1).map(|n| &n.node) {
                    Some(Node::Named(Named::Entity(e))) => self.is_order(*e),
                    Some(Node::Named(Named::Metric(m))) => self
                        .model()
                        .metric(m)
                        .is_some_and(|m| matches!(m.unit, Unit::Count(_))),
                    _ => false,
                };
            if described
                && at + 1 < self.nodes.len()
                && self.draft.period.is_none()
                && let Some(field) = self.date_named(stems)
                && self
                    .model()
                    .field(&field)
                    .is_some_and(|f| f.nulls.is_some_and(|n| n > 0))
                && self.model().default_time.as_ref() != Some(&field)
            {
                self.draft.filters.push(Bound {
                    words: format!("with a {}", self.label(&field)),
                    filter: Filter::Not(Box::new(Filter::IsNull {
                        field: field.clone(),
                    })),
                    field: Some(field),
                    numerator: false,
                });
                continue;
            }
            match self.date_named(stems) {
                Some(field) => chosen = Some((field, self.nodes[at].text.clone())),
                None => unmet = unmet.or(Some(self.nodes[at].text.clone())),
            }
        }
        // "when did order 10643 ship": the date itself is asked for.
        let when = self
            .nodes
            .iter()
            .any(|n| n.node == Node::Mark(Mark::Which) && n.text.starts_with("when"));
        if when {
            if let Some((field, word)) = &chosen {
                // "which shops have closed and when": those that have.
                let done = word.ends_with("ed")
                    && self.scene.tokens.windows(2).any(|w| {
                        matches!(w[0].folded.as_str(), "have" | "has") && w[1].folded == *word
                    });
                let gaps = self
                    .model()
                    .field(field)
                    .is_some_and(|f| f.nulls.is_some_and(|n| n > 0));
                if done && gaps {
                    self.draft.filters.push(Bound {
                        words: format!("with a {}", self.label(field)),
                        filter: Filter::Not(Box::new(Filter::IsNull {
                            field: field.clone(),
                        })),
                        field: Some(field.clone()),
                        numerator: false,
                    });
                }
                self.draft.fields.push(field.clone());
            }
            self.draft.when = true;
            return;
        }
        let dated = self.draft.period.is_some()
            || self
                .nodes
                .iter()
                .any(|n| matches!(n.node, Node::Time(TimeSense::Grain(_))));
        if !dated {
            return;
        }
        match (chosen, unmet) {
            (Some((field, _)), _) if self.scene.model.default_time.as_ref() != Some(&field) => {
                self.draft.time_field = Some(field);
            }
            (None, Some(word)) => {
                if let Some(default) = self.scene.model.default_time.clone() {
                    self.draft.notes.push(format!(
                        "“{word}” is dated by {}; the data has no other date for it",
                        self.label(&default)
                    ));
                    self.draft.penalty += 0.3;
                }
            }
            _ => {}
        }
    }

    /// "shipped on 19 November that were ordered on 21 September": each verb with a period of its own
    /// sets a limit on its own date.
    pub(super) fn dated_verbs(&mut self) {
        let mut pairs: Vec<(usize, usize, FieldRef)> = Vec::new();
        for at in 0..self.nodes.len() {
            let Node::Verb(base) = self.nodes[at].node else {
                continue;
            };
            let stems = english().dates_of(base);
            let time = (at + 1..self.nodes.len())
                .take_while(|i| !matches!(self.nodes[*i].node, Node::Verb(_)))
                .find(|i| matches!(self.nodes[*i].node, Node::Time(TimeSense::Range(_))));
            if let (Some(time), Some(field)) =
                (time, self.date_named(stems).filter(|_| !stems.is_empty()))
            {
                pairs.push((at, time, field));
            }
        }
        if pairs.len() < 2 || pairs[0].2 == pairs[1].2 {
            return;
        }
        for (verb, time, field) in pairs {
            let Node::Time(sense) = self.nodes[time].node.clone() else {
                continue;
            };
            let Some(period) = self.resolve(&sense, None) else {
                continue;
            };
            self.take(verb);
            self.take(time);
            self.draft.filters.push(Bound {
                words: format!("{} in {}", self.label(&field), period.label),
                filter: Filter::During {
                    field: field.clone(),
                    range: period.to_range(),
                },
                field: Some(field),
                numerator: false,
            });
        }
    }

    /// The date (or whole-number year) whose name holds one of the stems: that of the default
    /// time if it is one of them, else the one in the largest dataset.
    pub(super) fn date_named(&self, stems: &[&str]) -> Option<FieldRef> {
        let model = self.model();
        let mut found: Vec<(u64, FieldRef)> = Vec::new();
        for dataset in &model.datasets {
            for field in &dataset.fields {
                let year = field.data_type.is_numeric()
                    && field.name.contains("year")
                    && !field.name.contains("years");
                if !field.data_type.is_temporal() && !year {
                    continue;
                }
                let named = field.name.split('_').any(|word| {
                    stems
                        .iter()
                        .any(|s| word == *s || stem(word).starts_with(s))
                });
                if named {
                    found.push((
                        dataset.rows.unwrap_or(0),
                        FieldRef::new(&dataset.name, &field.name),
                    ));
                }
            }
        }
        if let Some(default) = &model.default_time
            && found.iter().any(|(_, f)| f == default)
        {
            return Some(default.clone());
        }
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found.into_iter().next().map(|f| f.1)
    }
}
