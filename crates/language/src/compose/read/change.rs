//! Growth and change against another period.

use super::*;

impl Reader<'_> {
    pub(super) fn changes(&mut self) -> Result<(), Misfit> {
        let mut direction = None;
        let mut changed = false;
        let mut period = None;
        let mut trend_word = false;
        for i in 0..self.nodes.len() {
            if self.used[i] {
                continue;
            }
            match self.nodes[i].node {
                Node::Change(way) => {
                    changed = true;
                    if way.is_none()
                        && matches!(
                            self.nodes[i].text.as_str(),
                            "develop"
                                | "developed"
                                | "evolve"
                                | "evolved"
                                | "move"
                                | "moved"
                                | "moving"
                                | "change"
                                | "changed"
                                | "changes"
                        )
                    {
                        trend_word = true;
                    }
                    direction = direction.or(way);
                    self.take(i);
                }
                Node::Period(grain) => {
                    changed = true;
                    period = Some(grain);
                    self.take(i);
                }
                _ => {}
            }
        }
        for i in 0..self.nodes.len() {
            let Node::Multiple(times, more) = self.nodes[i].node else {
                continue;
            };
            self.take(i);
            changed = true;
            let op = match (times < 1.0, more) {
                (true, _) => Operator::Le,
                (false, true) => Operator::Gt,
                (false, false) => Operator::Ge,
            };
            self.draft.having.push(Condition {
                metric: 0,
                on: Part::Pct,
                op,
                value: Threshold::Number(times - 1.0),
            });
        }
        // "same thing for the year before" moves the period; it compares nothing.
        let moves = self.draft.continues || self.draft.refers;
        let only = self.draft.measures.is_empty()
            && self.draft.compare.is_none()
            && !self.nodes.iter().any(|n| {
                matches!(
                    n.node,
                    Node::Change(_) | Node::Mark(Mark::Versus | Mark::Compare)
                )
            });
        if moves
            && only
            && let Some(Some(grain)) = period
            && self.nodes.iter().any(|n| {
                matches!(
                    n.text.as_str(),
                    "the year before" | "the previous year" | "the month before"
                )
            })
        {
            self.draft.shift = Some((-1, grain));
            return Ok(());
        }
        if self.draft.growth {
            changed = true;
        }
        if self.draft.compare.is_some() {
            changed = true;
        }
        if !changed {
            return Ok(());
        }
        let pct = self.take_all(Mark::Pct);
        let absolute = self.take_all(Mark::Absolute);
        let running = self
            .draft
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Time(g) if !g.is_cyclic()))
            || self.nodes.iter().zip(&self.used).any(|(n, used)| {
                !used && matches!(n.node, Node::Time(TimeSense::Grain(g)) if !g.is_cyclic())
            });
        let explicit_growth =
            period.is_some() || pct || absolute || direction.is_some() || !trend_word;
        if running && !explicit_growth && self.draft.compare.is_none() {
            // "how has it developed year by year" asks for the series itself.
            return Ok(());
        }
        self.draft.growth = true;
        match period {
            Some(Some(Grain::Year)) => {
                if self.draft.compare.is_none() {
                    self.draft.compare = Some(CompareDraft::Year);
                    if self.draft.period.is_none() && !running {
                        self.add_dimension(Dimension::Time(Grain::Year));
                    }
                }
            }
            Some(Some(grain)) => {
                if self.draft.compare.is_none() {
                    self.draft.compare = Some(CompareDraft::Prior);
                    let single = self
                        .draft
                        .period
                        .as_ref()
                        .is_some_and(|p| p.grain == Some(grain));
                    if !single {
                        self.add_dimension(Dimension::Time(grain));
                    }
                }
            }
            _ => {
                if self.draft.compare.is_none() {
                    self.draft.compare = Some(CompareDraft::Prior);
                }
            }
        }
        let part = if absolute { Part::Delta } else { Part::Pct };
        let which = self.any(Mark::Which) || self.any(Mark::List);
        match &mut self.draft.rank {
            Some(rank) => {
                rank.on = part;
                if direction == Some(Direction::Ascending)
                    && rank.direction == Direction::Descending
                {
                    rank.direction = Direction::Ascending;
                    if !pct {
                        rank.on = if absolute { Part::Delta } else { Part::Pct };
                    }
                }
            }
            None => {
                let grouped = self.draft.dimensions.iter().any(|d| matches!(d, Dimension::Field(_))) || self.nodes.iter().zip(&self.used).any(|(n, used)| !used && matches!(&n.node, Node::Named(named) if self.group_of(named).is_some()));
                let superlative = self
                    .nodes
                    .iter()
                    .any(|n| matches!(n.text.as_str(), "fastest"));
                if superlative {
                    self.draft.rank = Some(RankDraft {
                        direction: direction.unwrap_or(Direction::Descending),
                        n: Some(1),
                        skip: 0,
                        on: part,
                        per: Vec::new(),
                    });
                } else if which
                    && grouped
                    && let Some(way) = direction
                {
                    self.draft.having.push(Condition {
                        metric: 0,
                        on: Part::Delta,
                        op: if way == Direction::Ascending {
                            Operator::Lt
                        } else {
                            Operator::Gt
                        },
                        value: Threshold::Number(0.0),
                    });
                }
            }
        }
        Ok(())
    }
}
