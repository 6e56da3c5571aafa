//! Entities by what belongs to them: “customers who have an account”, “artists without an album”;
//! and their keys: “names and ids of the customers”.

use super::*;
use query::{Having, Query, Term};

impl Reader<'_> {
    /// "customers who have an account", "artists that do not have any album".
    pub(super) fn existence(&mut self) {
        let entity_at = |at: usize| match self.nodes.get(at).map(|n| &n.node) {
            Some(Node::Named(Named::Entity(e))) => Some(*e),
            _ => None,
        };
        for second in 1..self.nodes.len() {
            let Some(owned) = entity_at(second).filter(|_| !self.used[second]) else {
                continue;
            };
            let Some(first) = (0..second).rev().find(|i| entity_at(*i).is_some()) else {
                continue;
            };
            let Some(owner) = entity_at(first).filter(|o| *o != owned) else {
                continue;
            };
            let only_links = (first + 1..second).all(|i| {
                matches!(
                    self.nodes[i].node,
                    Node::Mark(Mark::Relative | Mark::Negation | Mark::All) | Node::Verb(_)
                )
            });
            let (from, to) = (self.nodes[first].end, self.nodes[second].start);
            let has = self.words_between(from, to).any(|w| {
                matches!(
                    w,
                    "have"
                        | "has"
                        | "had"
                        | "having"
                        | "with"
                        | "without"
                        | "who"
                        | "that"
                        | "own"
                        | "hold"
                        | "do"
                        | "did"
                        | "not"
                        | "never"
                )
            });
            let one = self.words_between(from, to).last().is_some_and(|w| {
                matches!(w, "a" | "an" | "any" | "no" | "some" | "without" | "one")
            });
            if !only_links || !has || !one {
                continue;
            }
            let Some(filter) = self.members_with(owner, owned) else {
                continue;
            };
            let negated = (first + 1..second).any(|i| self.is(i, Mark::Negation));
            for i in first + 1..=second {
                self.take(i);
            }
            let noun = self.scene.model.entities[owned].name.clone();
            self.draft.filters.push(Bound {
                field: Some(self.scene.model.entities[owner].key.clone()),
                filter: if negated {
                    Filter::Not(Box::new(filter))
                } else {
                    filter
                },
                words: format!("{} {noun}", if negated { "without" } else { "with a" }),
                numerator: false,
            });
            return;
        }
    }

    /// The owners that at least one row of the owned entity's dataset belongs to.
    fn members_with(&self, owner: usize, owned: usize) -> Option<Filter> {
        let model = self.model();
        let key = model.entities[owner].key.clone();
        let dataset = model.entities[owned].dataset.clone()?;
        if model.entities[owner].dataset.as_ref() == Some(&dataset) {
            return None;
        }
        // Directly, or through a table that pairs the two.
        let dataset = if query::reachable(model, &dataset, &key).is_ok() {
            dataset
        } else {
            let to = |from: &str, to: &str| {
                model
                    .relationships
                    .iter()
                    .any(|r| r.from == from && r.to == to)
            };
            model
                .datasets
                .iter()
                .find(|d| to(&d.name, &dataset) && to(&d.name, &key.dataset))?
                .name
                .clone()
        };
        Some(Filter::Members {
            field: key.clone(),
            query: Box::new(Query {
                metrics: vec![Term {
                    name: "Rows".into(),
                    measure: Measure::Rows(dataset),
                }],
                dimensions: vec![Dimension::Field(key)],
                having: vec![Having::new(
                    0,
                    Part::Value,
                    Operator::Gt,
                    Threshold::Number(0.0),
                )],
                ..Query::default()
            }),
        })
    }

    /// "full name of the employee": the first and the last name of the entity beside the word.
    pub(super) fn full_names(&mut self) {
        for at in 0..self.nodes.len() {
            let computed = matches!(
                &self.nodes[at].node,
                Node::Named(Named::Field(f)) if f.field == "full_name"
            ) && self.nodes[at].text.contains("full name");
            if !(self.is(at, Mark::FullName) || computed) || self.used[at] {
                continue;
            }
            let entity_at = |i: usize| match &self.nodes[i].node {
                Node::Named(Named::Entity(e)) => Some(*e),
                _ => None,
            };
            let entity = (at + 1..self.nodes.len())
                .find_map(entity_at)
                .or_else(|| (0..at).rev().find_map(entity_at));
            let Some(dataset) = entity
                .and_then(|e| self.scene.model.entities[e].dataset.as_ref())
                .and_then(|d| self.scene.model.dataset(d))
            else {
                continue;
            };
            let parts: Vec<FieldRef> = [Subject::FirstName, Subject::LastName]
                .iter()
                .filter_map(|s| dataset.fields.iter().find(|f| f.subject == *s))
                .map(|f| FieldRef::new(&dataset.name, &f.name))
                .collect();
            self.take(at);
            for field in parts {
                self.draft.fields.push(field.clone());
                self.draft.named.push(field);
            }
        }
    }

    /// "ids of the customers", "the artist's name and id": the key of the entity beside the word.
    pub(super) fn keys(&mut self) {
        for at in 0..self.nodes.len() {
            if !self.is(at, Mark::Key) || self.used[at] {
                continue;
            }
            let entity_at = |i: usize| match &self.nodes[i].node {
                Node::Named(Named::Entity(e)) => Some(*e),
                Node::Named(named @ Named::Field(_)) => self.group_of(named).and_then(|g| g.1),
                _ => None,
            };
            let after = (at + 1..self.nodes.len().min(at + 5)).find_map(entity_at);
            // The thing just before; if it stands far off, what the question is about.
            let near = (0..at)
                .rev()
                .take_while(|i| self.nodes[*i].end + 3 >= self.nodes[at].start)
                .find_map(entity_at);
            let subject = self.draft.rank.as_ref().and(self.draft.subject);
            let before = || {
                near.or(subject)
                    .or_else(|| (0..at).rev().find_map(entity_at))
            };
            let own = self
                .words_between(self.nodes[at].end, self.nodes[at].end + 1)
                .any(|w| matches!(w, "of" | "for" | "from"));
            let Some(entity) = (if own {
                after.or_else(before)
            } else {
                before().or(after)
            }) else {
                continue;
            };
            let known = &self.scene.model.entities[entity];
            let (field, display) = (known.key.clone(), known.display.clone());
            self.take(at);
            // "names and ids": both were asked for.
            let named = self
                .words_between(
                    self.nodes[at].start.saturating_sub(3),
                    self.nodes[at].end + 3,
                )
                .any(|w| matches!(w, "name" | "names" | "title" | "titles"));
            for field in [Some(field), Some(display).filter(|_| named)]
                .into_iter()
                .flatten()
            {
                self.draft.fields.push(field.clone());
                self.add_dimension(Dimension::Field(field));
            }
        }
    }
}
