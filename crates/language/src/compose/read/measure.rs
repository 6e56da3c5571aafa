//! What is computed.

use super::*;

impl Reader<'_> {
    pub(super) fn measures(&mut self) -> Result<(), Misfit> {
        let grain_average = self.nodes.windows(2).any(|w| {
            matches!(
                (&w[0].node, &w[1].node),
                (
                    Node::Aggregation(Aggregation::Average),
                    Node::Time(TimeSense::Grain(_))
                )
            ) || matches!(
                (&w[0].node, &w[1].node),
                (
                    Node::Time(TimeSense::Grain(_)),
                    Node::Aggregation(Aggregation::Average)
                )
            )
        });
        if grain_average && let Some(at) = (0..self.nodes.len()).find(|i| {
            !self.used[*i]
                && matches!(self.nodes[*i].node, Node::Time(TimeSense::Grain(g)) if !g.is_cyclic())
        }) {
            let Node::Time(TimeSense::Grain(grain)) = self.nodes[at].node else {
                return Ok(());
            };
            // "average daily sales"
            let next_number = (at + 1..self.nodes.len()).find(|i| matches!(&self.nodes[*i].node, Node::Named(n) if self.number_of(n, None).is_some()));
            if next_number.is_some()
                && !self
                    .nodes
                    .iter()
                    .any(|n| matches!(n.node, Node::Threshold(_, Bar::Average)))
            {
                self.average_per(Dimension::Time(grain), at, at);
            }
        }
        // "how many units does a typical order contain": average next to an entity.
        for at in 0..self.nodes.len().saturating_sub(1) {
            if self.used[at] || self.nodes[at].node != Node::Aggregation(Aggregation::Average) {
                continue;
            }
            if let Node::Named(named @ Named::Entity(entity)) = self.nodes[at + 1].node.clone()
                && !self.used[at + 1]
                && self.number_of(&named, None).is_none()
                && self.is_transactional(entity)
                && self.has_unclaimed_number(at + 1)
            {
                self.average_per_entity(entity, at, at + 1);
            }
        }
        for at in 0..self.nodes.len() {
            if self.used[at] {
                continue;
            }
            let Node::Named(named) = self.nodes[at].node.clone() else {
                continue;
            };
            let before = at.checked_sub(1).filter(|i| !self.used[*i]);
            let aggregation = before.and_then(|i| match self.nodes[i].node {
                Node::Aggregation(how) => Some((i, how)),
                _ => None,
            });
            // "minimum, maximum and average price": one measure for each.
            let mut listed = Vec::new();
            if let Some((last, _)) = aggregation {
                let mut i = last;
                while i > 0 {
                    i -= 1;
                    match self.nodes[i].node {
                        Node::Mark(Mark::And) => {}
                        Node::Aggregation(how) if !self.used[i] => listed.push((i, how)),
                        _ => break,
                    }
                }
            }
            for (i, how) in listed.into_iter().rev() {
                if let Some(number) = self.number_of(&named, Some(how)) {
                    self.take(i);
                    self.add_measure(NamedMeasure {
                        name: number.name,
                        measure: number.measure,
                        explicit: true,
                    });
                }
            }
            if let Some(number) = self.number_of(&named, aggregation.map(|a| a.1)) {
                self.take(at);
                if let Some((i, _)) = aggregation {
                    self.take(i);
                }
                self.add_measure(NamedMeasure {
                    name: number.name,
                    measure: number.measure,
                    explicit: true,
                });
            }
        }
        // "freight as a percentage of revenue"
        if self.draft.measures.len() == 2
            && let Some(share) = self.find(Mark::Share)
            && self.nodes[share].text.contains(" of")
            && self.draft.filters.is_empty()
            && !self.nodes.iter().any(|n| matches!(n.node, Node::Value(_)))
            && let [above, below] = &self.draft.measures[..]
            && !self.is_fraction(&above.measure)
            && !self.is_fraction(&below.measure)
            && [above, below].iter().all(|m| {
                !matches!(
                    m.measure,
                    Measure::Aggregate {
                        aggregation: Aggregation::Average,
                        ..
                    }
                )
            })
        {
            let ratio = NamedMeasure {
                name: format!("{} as a share of {}", above.name, below.name.to_lowercase()),
                measure: Measure::Ratio {
                    numerator: Box::new(above.measure.clone()),
                    denominator: Box::new(below.measure.clone()),
                },
                explicit: true,
            };
            self.take(share);
            self.draft.measures = vec![ratio];
        }
        if self.take_all(Mark::HowMuch) && self.draft.measures.is_empty() && !self.any(Mark::Share)
        {
            let Some(default) = self.metric_like(RankBasis::Revenue) else {
                return Err(Misfit::Missing("a measure"));
            };
            self.draft.notes.push(format!(
                "“how much” read as {}",
                default.name.to_lowercase()
            ));
            self.add_measure(NamedMeasure {
                explicit: true,
                ..default
            });
        }
        Ok(())
    }
}
