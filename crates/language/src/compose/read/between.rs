//! Two numbers against each other: “the ratio of A to B”, “the difference between A and B”.

use super::*;

impl Reader<'_> {
    /// Reads both halves by themselves and puts one over, or takes one from, the other.
    pub(super) fn between(&mut self) -> Result<bool, Misfit> {
        let found =
            (0..self.nodes.len()).find(|i| self.is(*i, Mark::Ratio) || self.is(*i, Mark::Apart));
        let Some(at) = found else { return Ok(false) };
        let ratio = self.is(at, Mark::Ratio);
        let joints: Vec<usize> = (at + 2..self.nodes.len().saturating_sub(1))
            .filter(|i| {
                if ratio {
                    matches!(
                        self.nodes[*i].node,
                        Node::Mark(Mark::To | Mark::And | Mark::Versus | Mark::Among)
                    ) && self.nodes[*i].text != "of"
                } else {
                    matches!(
                        self.nodes[*i].node,
                        Node::Mark(Mark::And | Mark::Versus | Mark::From)
                    )
                }
            })
            .collect();
        let before: Vec<Placed> = self.nodes[..at]
            .iter()
            .filter(|n| !matches!(n.node, Node::Mark(Mark::Which | Mark::List)))
            .cloned()
            .collect();
        if !before.is_empty() {
            return Ok(false);
        }
        for joint in joints {
            let left_nodes = self.nodes[at + 1..joint].to_vec();
            let mut right_nodes = self.nodes[joint + 1..].to_vec();
            let scope = self.common_scope(&left_nodes, &mut right_nodes);
            let Some((left, right)) = self.halves([left_nodes, right_nodes]) else {
                continue;
            };
            if let Some(scope) = scope {
                let (filter, words) = value_filter(&scope);
                self.draft.filters.push(Bound {
                    field: Some(scope.field),
                    filter,
                    words,
                    numerator: false,
                });
            }
            let name = if ratio {
                format!(
                    "Ratio of {} to {}",
                    left.name.to_lowercase(),
                    right.name.to_lowercase()
                )
            } else {
                format!("{} minus {}", left.name, right.name.to_lowercase())
            };
            let (left, right) = (Box::new(left.measure), Box::new(right.measure));
            self.draft.measures = vec![NamedMeasure {
                name,
                measure: if ratio {
                    Measure::Ratio {
                        numerator: left,
                        denominator: right,
                    }
                } else {
                    Measure::Difference { left, right }
                },
                explicit: true,
            }];
            self.used.fill(true);
            self.draft.refers = false;
            return Ok(true);
        }
        Ok(false)
    }

    /// "the ratio of A to B in New York": a place at the end, of a field that the first half does not
    /// name, holds for both.
    fn common_scope(&self, left: &[Placed], right: &mut Vec<Placed>) -> Option<ValueMatch> {
        let last = right.last()?;
        let Node::Value(found) = &last.node else {
            return None;
        };
        let led = last.start.checked_sub(1).is_some_and(|t| {
            matches!(
                self.scene.tokens[t].folded.as_str(),
                "in" | "at" | "for" | "within"
            )
        });
        let named = left
            .iter()
            .any(|n| matches!(&n.node, Node::Value(v) if v.field == found.field));
        let other = left
            .iter()
            .any(|n| matches!(n.node, Node::Value(_) | Node::Threshold(..)));
        if !led || named || !other || right.len() < 2 {
            return None;
        }
        let found = found.clone();
        right.pop();
        Some(found)
    }

    fn halves(&self, halves: [Vec<Placed>; 2]) -> Option<(NamedMeasure, NamedMeasure)> {
        let mut drafts = halves.map(|nodes| {
            Reader {
                scene: self.scene,
                used: vec![false; nodes.len()],
                nodes,
                draft: Draft::default(),
            }
            .run()
            .ok()
        });
        let right = drafts[1].take()?;
        let left = drafts[0].take()?;
        let shared = right.measures.first().or(left.measures.first()).cloned();
        let noun = right.subject.or(left.subject);
        Some((
            self.one_number(left, shared.clone(), noun)?,
            self.one_number(right, shared, noun)?,
        ))
    }

    /// A half as one measure over its own rows; a half without a measure has the other's.
    fn one_number(
        &self,
        draft: Draft,
        shared: Option<NamedMeasure>,
        noun: Option<usize>,
    ) -> Option<NamedMeasure> {
        let plain = draft.rank.is_none()
            && draft.compare.is_none()
            && draft.share.is_none()
            && draft.having.is_empty()
            && draft.measures.len() <= 1;
        if !plain {
            return None;
        }
        let measure = draft
            .measures
            .first()
            .cloned()
            .or(shared)
            .or_else(|| noun.map(|n| self.count_of_entity(n)))?;
        let mut filters: Vec<Filter> = draft.filters.iter().map(|b| b.filter.clone()).collect();
        let mut words: Vec<String> = draft.filters.iter().map(|b| b.words.clone()).collect();
        if let Some(period) = &draft.period {
            filters.push(Filter::During {
                field: draft
                    .time_field
                    .clone()
                    .or_else(|| self.model().default_time.clone())?,
                range: period.to_range(),
            });
            words.push(period.label.clone());
        }
        let name = if words.is_empty() {
            measure.name.clone()
        } else {
            format!("{} ({})", measure.name, words.join(", "))
        };
        let filter = super::super::all(filters);
        Some(NamedMeasure {
            name,
            measure: match filter {
                Some(filter) => Measure::Where {
                    measure: Box::new(measure.measure),
                    filter: Box::new(filter),
                },
                None => measure.measure,
            },
            explicit: true,
        })
    }
}
