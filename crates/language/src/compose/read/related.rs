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
            let Some(owned) = self.table_of(second).filter(|_| !self.used[second]) else {
                continue;
            };
            let Some(first) = (0..second).rev().find(|i| entity_at(*i).is_some()) else {
                continue;
            };
            let Some(owner) = entity_at(first)
                .filter(|o| self.model().entities[*o].dataset.as_ref() != Some(&owned))
            else {
                continue;
            };
            let only_links = (first + 1..second).all(|i| {
                matches!(
                    self.nodes[i].node,
                    Node::Mark(Mark::Relative | Mark::Which | Mark::Negation | Mark::All)
                        | Node::Verb(_)
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
                matches!(
                    w,
                    "a" | "an" | "any" | "no" | "some" | "without" | "one" | "never"
                )
            });
            if !only_links || !has || !one {
                continue;
            }
            let Some(filter) = self.members_with(owner, &owned) else {
                continue;
            };
            let negated = (first + 1..second).any(|i| self.is(i, Mark::Negation));
            for i in first + 1..self.nodes.len() {
                if i <= second || self.table_of(i).as_ref() == Some(&owned) {
                    self.take(i);
                }
            }
            let noun = self
                .model()
                .dataset(&owned)
                .map_or(owned.clone(), |d| d.entity.clone());
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

    /// The table whose rows a node names: an entity's, or what a count of rows counts.
    fn table_of(&self, at: usize) -> Option<String> {
        match &self.nodes[at].node {
            Node::Named(Named::Entity(e)) => self.model().entities[*e].dataset.clone(),
            Node::Named(Named::Metric(name)) => match &self.model().metric(name)?.kind {
                MetricKind::Simple {
                    dataset,
                    aggregation: Aggregation::Count,
                    expression: None,
                    filter: None,
                } => Some(dataset.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The owners that at least one row of the owned table belongs to.
    fn members_with(&self, owner: usize, owned: &str) -> Option<Filter> {
        let model = self.model();
        let key = model.entities[owner].key.clone();
        if model.entities[owner].dataset.as_deref() == Some(owned) {
            return None;
        }
        // Directly, or through a table that pairs the two.
        let dataset = if query::reachable(model, owned, &key).is_ok() {
            owned.to_string()
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
                .find(|d| to(&d.name, owned) && to(&d.name, &key.dataset))?
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
            let model = self.scene.model;
            let table_at = |i: usize| match &self.nodes[i].node {
                Node::Named(Named::Entity(e)) => model.entities[*e].dataset.as_deref(),
                Node::Named(Named::Field(f)) => Some(f.dataset.as_str()),
                _ => None,
            };
            let parts_of = |dataset: &semantics::Dataset| -> Vec<FieldRef> {
                [Subject::FirstName, Subject::LastName]
                    .iter()
                    .filter_map(|s| dataset.fields.iter().find(|f| f.subject == *s))
                    .map(|f| FieldRef::new(&dataset.name, &f.name))
                    .collect()
            };
            // Of the nearest that has such names, or of the only people there are.
            let beside = (at + 1..self.nodes.len())
                .chain((0..at).rev())
                .filter_map(table_at)
                .filter_map(|d| model.dataset(d))
                .map(parts_of)
                .find(|parts| !parts.is_empty());
            let mut people = model
                .datasets
                .iter()
                .map(parts_of)
                .filter(|p| !p.is_empty());
            let only = people.next().filter(|_| people.next().is_none());
            let Some(parts) = beside.or(only) else {
                continue;
            };
            self.take(at);
            for field in parts {
                self.draft.fields.push(field.clone());
                self.draft.named.push(field);
            }
        }
    }

    /// "the details of the investors", "its description": the column of the thing beside the noun. It is
    /// read as if it had been named in full.
    pub(super) fn shared_nouns(&mut self) {
        for at in 0..self.nodes.len() {
            let Node::Shared(fields) = self.nodes[at].node.clone() else {
                continue;
            };
            let model = self.scene.model;
            let table_at = |i: usize| match &self.nodes[i].node {
                Node::Named(Named::Entity(e)) => model.entities[*e].dataset.clone(),
                Node::Named(Named::Field(f)) => Some(f.dataset.clone()),
                _ => None,
            };
            let own = self
                .words_between(self.nodes[at].end, self.nodes[at].end + 1)
                .any(|w| matches!(w, "of" | "for" | "from"));
            let after = (at + 1..self.nodes.len().min(at + 4)).filter_map(table_at);
            let before = (0..at).rev().filter_map(table_at);
            let tables: Vec<String> = if own {
                after.chain(before).collect()
            } else {
                before.chain(after).collect()
            };
            let found = tables
                .iter()
                .find_map(|t| fields.iter().find(|f| f.dataset == *t));
            if let Some(field) = found {
                self.nodes[at].node = Node::Named(Named::Field(field.clone()));
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
