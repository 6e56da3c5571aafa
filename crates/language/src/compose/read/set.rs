//! Sets of entities: “of the top 3 …”, “customers who never …”.

use super::*;

impl Reader<'_> {
    /// "of the top 3 states by revenue, which one …": the first half names a set.
    pub(super) fn subset(&mut self) -> Result<(), Misfit> {
        let Some(which) = (1..self.nodes.len()).find(|i| {
            self.is(*i, Mark::Which)
                || (self.is(*i, Mark::Ref) && self.is(i.wrapping_sub(1), Mark::Which))
        }) else {
            return Ok(());
        };
        let head: Vec<usize> = (0..which).collect();
        let has_rank = head
            .iter()
            .any(|i| matches!(self.nodes[*i].node, Node::Rank(_) | Node::RankBy(..)));
        let tail_rank = (which..self.nodes.len()).any(|i| {
            matches!(
                self.nodes[i].node,
                Node::Rank(_) | Node::RankBy(..) | Node::Change(_) | Node::Threshold(..)
            )
        });
        if !has_rank || !tail_rank || !(self.is(0, Mark::Among)) {
            return Ok(());
        }
        let scene = self.scene;
        let nodes: Vec<Placed> = self.nodes[..which]
            .iter()
            .filter(|n| n.node != Node::Mark(Mark::Among))
            .cloned()
            .collect();
        let set = Reader {
            scene,
            used: vec![false; nodes.len()],
            nodes,
            draft: Draft::default(),
        }
        .run()?;
        let Some(Dimension::Field(field)) = set.dimensions.last().cloned() else {
            return Err(Misfit::Missing("what is ranked"));
        };
        let finished = super::super::finish(set, scene, None)?;
        let words = finished.words.clone();
        self.draft.filters.push(Bound {
            field: Some(field.clone()),
            filter: Filter::Members {
                field: field.clone(),
                query: Box::new(finished.query),
            },
            words,
            numerator: false,
        });
        self.add_dimension(Dimension::Field(field));
        for i in head {
            self.used[i] = true;
        }
        for i in which..self.nodes.len() {
            if self.is(i, Mark::Ref) {
                self.used[i] = true;
            }
        }
        self.draft.refers = false;
        Ok(())
    }

    /// Entities who did one thing and not another: "bought furniture but never technology".
    pub(super) fn membership(&mut self) -> Result<(), Misfit> {
        let did_never = self
            .find(Mark::NeverOrdered)
            .filter(|at| self.said_of_activity(*at));
        if let Some(at) = did_never {
            let parts = self.scope_parts();
            return self.never(Some(at), &parts);
        }
        if let Some(at) = self.find(Mark::NeverOrdered) {
            self.take(at);
            let Some(entity) = self.head_entity() else {
                return Err(Misfit::Missing("who is meant"));
            };
            let Some((field, fact)) = self.activity(entity) else {
                return Err(Misfit::Missing("the orders"));
            };
            let query = query::Query {
                dimensions: vec![Dimension::Field(fact)],
                ..query::Query::default()
            };
            self.draft.filters.push(Bound {
                field: Some(field.clone()),
                filter: Filter::Not(Box::new(Filter::Members {
                    field,
                    query: Box::new(query),
                })),
                words: "without any order".into(),
                numerator: false,
            });
            return Ok(());
        }
        let negation = self.find(Mark::Negation);
        let both = self.find(Mark::Both);
        let parts = self.scope_parts();
        let first_part = parts.first().copied();
        let split = match (negation, first_part) {
            (Some(at), Some(first)) if first < at && parts.iter().any(|p| *p > at) => Some(at),
            _ => None,
        };
        let ranked = self
            .nodes
            .iter()
            .any(|n| matches!(n.node, Node::Rank(_) | Node::RankBy(..)));
        if let Some(at) = split.filter(|_| ranked)
            && parts
                .iter()
                .all(|p| matches!(self.nodes[*p].node, Node::Time(_)))
        {
            // "top 20 last year and not this year": two rankings, no activity.
            return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
        }
        if split.is_none() && both.is_none() {
            return self.never(negation, &parts);
        }
        let Some(entity) = self.head_entity() else {
            return Ok(());
        };
        let same_field = |a: usize, b: usize| match (&self.nodes[a].node, &self.nodes[b].node) {
            (Node::Value(x), Node::Value(y)) => x.field == y.field,
            (Node::Time(_), Node::Time(_)) => true,
            _ => false,
        };
        let pair = match split {
            Some(at) => {
                let after = parts.iter().copied().find(|p| *p > at);
                let before = parts
                    .iter()
                    .copied()
                    .rev()
                    .find(|p| *p < at && after.is_some_and(|a| same_field(*p, a)));
                before.zip(after)
            }
            None => {
                let at = both.unwrap_or(0);
                let values: Vec<usize> = parts.iter().copied().filter(|p| *p > at).collect();
                match values[..] {
                    [a, b, ..] if same_field(a, b) => Some((a, b)),
                    _ => None,
                }
            }
        };
        let Some((first, second)) = pair else {
            return Ok(());
        };
        let key = self.model().entities[entity].key.clone();
        let Some((field, fact)) = self
            .activity(entity)
            .or_else(|| Some((key.clone(), key.clone())))
        else {
            return Ok(());
        };
        for (at, negated) in [(first, false), (second, split.is_some())] {
            let mut query = query::Query {
                dimensions: vec![Dimension::Field(fact.clone())],
                ..query::Query::default()
            };
            let words = match self.nodes[at].node.clone() {
                Node::Value(found) => {
                    let (filter, words) = value_filter(&found);
                    query.filter = Some(filter);
                    words
                }
                Node::Time(sense) => {
                    let Some(period) = self.resolve(&sense, None) else {
                        return Err(Misfit::Missing("a period"));
                    };
                    let Some(time) = self.time_for(&fact) else {
                        return Err(Misfit::Missing("a date"));
                    };
                    query.time = Some(query::TimeScope {
                        field: time,
                        range: Some(period.to_range()),
                        calendar: None,
                    });
                    format!("in {}", period.label)
                }
                _ => continue,
            };
            // A period that holds for both parts holds in both sets.
            if query.time.is_none()
                && let Some(period) = self.draft.period.clone()
                && let Some(time) = self.time_for(&fact)
            {
                query.time = Some(query::TimeScope {
                    field: time,
                    range: Some(period.to_range()),
                    calendar: None,
                });
            }
            let members = Filter::Members {
                field: field.clone(),
                query: Box::new(query),
            };
            let filter = if negated {
                Filter::Not(Box::new(members))
            } else {
                members
            };
            let noun = plural(&self.model().entities[entity].name);
            self.draft.filters.push(Bound {
                field: Some(field.clone()),
                filter,
                words: format!(
                    "{noun} {} {words}",
                    if negated { "without" } else { "with" }
                ),
                numerator: false,
            });
            self.take(at);
            // "both Metal and Rock tracks": the noun behind says what they are.
            if matches!(self.nodes.get(at + 1).map(|n| &n.node), Some(Node::Named(Named::Entity(e))) if *e != entity)
                && self.adjacent(at, at + 1)
            {
                self.take(at + 1);
            }
        }
        if split.is_some() {
            self.take_all(Mark::Negation);
        }
        self.take_all(Mark::Both);
        self.take_all(Mark::But);
        if self.draft.period.is_some() {
            // The sets hold the period; the members themselves are not dated.
            self.draft.period = None;
        }
        Ok(())
    }

    /// The values and periods that wait for a place.
    fn scope_parts(&self) -> Vec<usize> {
        (0..self.nodes.len())
            .filter(|i| {
                !self.used[*i]
                    && matches!(
                        self.nodes[*i].node,
                        Node::Value(_)
                            | Node::Time(TimeSense::Range(_) | TimeSense::Yearless { .. })
                    )
            })
            .collect()
    }

    /// "never sold in Florida", "did not sell last quarter": whether something after the words says
    /// where or when, other than what the things are themselves.
    fn said_of_activity(&self, at: usize) -> bool {
        let own = self
            .head_entity()
            .and_then(|e| self.model().entities[e].dataset.clone());
        (at + 1..self.nodes.len()).any(|i| match &self.nodes[i].node {
            Node::Value(v) => !self.used[i] && own.as_ref() != Some(&v.field.dataset),
            Node::Time(TimeSense::Range(_) | TimeSense::Yearless { .. }) => true,
            _ => false,
        })
    }

    /// "which products did the Leeds shop not sell": who did not do it stands before the negation.
    fn who_did_not(&self, at: usize, parts: &[usize]) -> Vec<usize> {
        let Some(head) = (0..at).find(|i| matches!(self.nodes[*i].node, Node::Named(_))) else {
            return Vec::new();
        };
        parts
            .iter()
            .copied()
            .filter(|p| *p > head && *p < at)
            .filter(|p| {
                self.words_between(self.nodes[head].end, self.nodes[*p].start)
                    .any(|w| matches!(w, "did" | "does" | "do" | "has" | "have"))
            })
            .collect()
    }

    /// "customers who have never bought a beverage", "customers who did not order in 1998": what the
    /// members did not do is a set, not a condition on the rows of what they did.
    fn never(&mut self, negation: Option<usize>, parts: &[usize]) -> Result<(), Misfit> {
        let Some(at) = negation else { return Ok(()) };
        let text = self.nodes[at].text.clone();
        let whose = self.who_did_not(at, parts);
        let past = [
            "never", "did", "didn't", "have", "has", "haven't", "hasn't", "do", "don't", "does",
            "doesn't", "nobody",
        ]
        .iter()
        .any(|w| text.split(' ').any(|t| t == *w))
            || !whose.is_empty()
            || self.is(at, Mark::NeverOrdered)
            // "products that were not sold in May"
            || self
                .words_between(self.nodes[at].end, self.nodes[at].end + 1)
                .any(|w| {
                    matches!(
                        w,
                        "sold" | "bought" | "purchased" | "ordered" | "rented" | "stocked"
                    )
                });
        let Some(entity) = self.head_entity() else {
            return Ok(());
        };
        let mut after: Vec<usize> = whose;
        after.extend(parts.iter().copied().filter(|p| *p > at));
        // The period of what they did not do.
        if let Some(period) = (at..self.nodes.len())
            .find(|i| {
                matches!(
                    self.nodes[*i].node,
                    Node::Time(TimeSense::Range(_) | TimeSense::Yearless { .. })
                )
            })
            .filter(|_| self.draft.period.is_some())
        {
            after.push(period);
        }
        let limited = self.nodes[at..]
            .iter()
            .any(|n| matches!(n.node, Node::Threshold(_, Bar::Number(..))));
        if !past || after.is_empty() && !limited {
            return Ok(());
        }
        let Some((field, fact)) = self.activity(entity) else {
            return Ok(());
        };
        if field == fact && self.model().entities[entity].dataset.is_some() {
            return Ok(());
        }
        let mut query = query::Query {
            dimensions: vec![Dimension::Field(fact.clone())],
            ..query::Query::default()
        };
        let mut filters = Vec::new();
        let mut words = Vec::new();
        for part in after {
            match self.nodes[part].node.clone() {
                Node::Value(found) => {
                    let own = self.model().entities[entity].dataset.as_ref()
                        == Some(&found.field.dataset);
                    if own {
                        continue;
                    }
                    let (filter, said) = value_filter(&found);
                    filters.push(filter);
                    words.push(said);
                }
                Node::Time(sense) => {
                    let Some(period) = self.resolve(&sense, None) else {
                        return Err(Misfit::Missing("a period"));
                    };
                    let Some(time) = self.time_for(&fact) else {
                        return Err(Misfit::Missing("a date"));
                    };
                    query.time = Some(query::TimeScope {
                        field: time,
                        range: Some(period.to_range()),
                        calendar: None,
                    });
                    words.push(format!("in {}", period.label));
                    self.draft.period = None;
                }
                _ => continue,
            }
            self.take(part);
        }
        // "never booked with an amount above 200"
        for limit in at + 1..self.nodes.len() {
            let Node::Threshold(op, Bar::Number(value, _, false)) = self.nodes[limit].node else {
                continue;
            };
            let near = [limit.wrapping_sub(1), limit + 1]
                .into_iter()
                .find_map(|i| match self.nodes.get(i).map(|n| &n.node) {
                    Some(Node::Named(n)) => self
                        .number_of(n, None)
                        .and_then(|n| n.field)
                        .map(|f| (i, f)),
                    _ => None,
                });
            let Some((near, field)) = near.filter(|(_, f)| f.dataset == fact.dataset) else {
                continue;
            };
            self.take(limit);
            self.take(near);
            words.push(format!(
                "{} {} {value}",
                self.label(&field),
                operator_word(op)
            ));
            filters.push(Filter::Compare {
                field,
                op,
                value: if value.fract() == 0.0 {
                    Literal::Integer(value as i64)
                } else {
                    Literal::Number(value)
                },
            });
        }
        if words.is_empty() {
            return Ok(());
        }
        self.take(at);
        query.filter = super::super::all(filters);
        let noun = plural(&self.model().entities[entity].name);
        self.draft.filters.push(Bound {
            field: Some(field.clone()),
            filter: Filter::Not(Box::new(Filter::Members {
                field,
                query: Box::new(query),
            })),
            words: format!("{noun} without {}", words.join(", ")),
            numerator: false,
        });
        Ok(())
    }

    /// The entity that the question is about: the first named one.
    pub(super) fn head_entity(&self) -> Option<usize> {
        (0..self.nodes.len()).find_map(|i| match &self.nodes[i].node {
            Node::Named(named) => match named {
                Named::Entity(e) => Some(*e),
                Named::Metric(name) => {
                    let metric = self.model().metric(name)?;
                    let Unit::Count(noun) = &metric.unit else {
                        return None;
                    };
                    self.model()
                        .entities
                        .iter()
                        .position(|e| plural(&e.name) == *noun)
                }
                Named::Field(_) => self.group_of(named).and_then(|(_, e)| e),
            },
            _ => None,
        })
    }

    /// For an entity: the field to test, and the field of the fact whose rows are its activity.
    pub(super) fn activity(&self, entity: usize) -> Option<(FieldRef, FieldRef)> {
        let model = self.model();
        let entity = &model.entities[entity];
        let Some(dataset) = &entity.dataset else {
            return Some((entity.key.clone(), entity.key.clone()));
        };
        let fact = self.fact_field(dataset)?;
        Some((entity.key.clone(), fact))
    }

    /// The foreign key in the dated or fact dataset nearest to this one.
    pub(super) fn fact_field(&self, dataset: &str) -> Option<FieldRef> {
        let keys = fact_keys(self.model(), dataset);
        let sales = self.default_fact();
        keys.iter()
            .find(|k| {
                sales.as_ref().is_some_and(|s| {
                    k.dataset == *s || query::reachable(self.model(), s, k).is_ok()
                })
            })
            .or(keys.first())
            .cloned()
    }

    pub(super) fn time_for(&self, fact: &FieldRef) -> Option<FieldRef> {
        query::time_field_of(self.model(), &fact.dataset)
            .or_else(|| self.model().default_time.clone())
    }
}
