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
                    // "customers with declining sales": those whose number fell.
                    let start = self.nodes[i].start;
                    let selects = self.nodes[i].text.ends_with("ing")
                        && self
                            .words_between(start.saturating_sub(1), start)
                            .any(|w| matches!(w, "with" | "have" | "had" | "has"));
                    if let Some(way) = way.filter(|_| selects) {
                        self.draft.having.push(Condition {
                            metric: 0,
                            on: Part::Delta,
                            op: match way {
                                Direction::Descending => Operator::Gt,
                                Direction::Ascending => Operator::Lt,
                            },
                            value: Threshold::Number(0.0),
                        });
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
        let bare = self.scene.last.is_some()
            && self
                .nodes
                .iter()
                .all(|n| matches!(n.node, Node::Period(_) | Node::Mark(Mark::And | Mark::Ref)));
        let moves = self.draft.continues || self.draft.refers || bare;
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
                ) || n.text.ends_with(" before that")
                    || n.text.starts_with("same ")
                    || n.text.starts_with("the same ")
                    || n.text == "this time last year"
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
        // "is revenue trending up or down": the series itself.
        let trending = self.nodes.iter().any(|n| {
            n.node == Node::Mark(Mark::Trend)
                && matches!(
                    n.text.as_str(),
                    "trending" | "trend" | "trended" | "over time"
                )
        });
        if trending
            && period.is_none()
            && self.draft.compare.is_none()
            && self.draft.rank.is_none()
            && !self.draft.growth
        {
            return Ok(());
        }
        // "change in units" names what changed unless a number is named already.
        if !self.draft.measures.iter().any(|m| m.explicit)
            && (0..self.nodes.len())
                .any(|i| self.is(i, Mark::Absolute) && self.nodes[i].text == "in units")
        {
            self.draft.penalty += 1.0;
        }
        let outgrown = self.outgrown();
        let pct = self.take_all(Mark::Pct);
        let spoken = self.nodes.iter().any(|n| {
            matches!(
                n.text.as_str(),
                "lost" | "lose" | "gained" | "gain" | "added"
            )
        });
        let fraction = self
            .draft
            .measures
            .first()
            .is_some_and(|m| self.is_fraction(&m.measure));
        // "lost the most revenue" counts the money; a percentage changes by points.
        let absolute = self.take_all(Mark::Absolute) || !pct && (spoken || fraction);
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
        // "how has the price changed over the year": the series within it.
        let within = !explicit_growth
            && self.draft.compare.is_none()
            && self.draft.period.is_some()
            && self.scene.tokens.windows(2).any(|w| {
                matches!(
                    w[0].folded.as_str(),
                    "over" | "during" | "throughout" | "within"
                ) && matches!(w[1].folded.as_str(), "the" | "this" | "last" | "past")
            });
        if within && !running && self.draft.rank.is_none() {
            self.draft
                .dimensions
                .insert(0, Dimension::Time(Grain::Month));
            self.draft.notes.push("by month".into());
            return Ok(());
        }
        if running && !explicit_growth && self.draft.compare.is_none() {
            // "how has it developed year by year" asks for the series itself.
            return Ok(());
        }
        self.draft.growth = true;
        // "versus last year" without a period of its own speaks of this year; "year on year" of every
        // year, unless it is asked of groups.
        let grouped = self
            .draft
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Field(_)))
            || self.nodes.iter().zip(&self.used).any(|(n, used)| {
                !used && matches!(&n.node, Node::Named(named) if self.group_of(named).is_some())
            });
        let ranged = self
            .scene
            .last
            .and_then(|q| q.time.as_ref())
            .is_some_and(|t| t.range.is_some());
        if self.draft.period.is_none()
            && !running
            && !ranged
            && self.draft.compare.is_none()
            && matches!(period, Some(Some(Grain::Year)))
            && (last_said(&self.nodes) || grouped)
        {
            let year = crate::time::period_of(
                self.scene.clock.today,
                Grain::Year,
                self.scene.clock.week_start,
            );
            self.draft.notes.push(format!("the year is {}", year.label));
            self.draft.period = Some(Period {
                relative: true,
                ..year
            });
        }
        match period {
            Some(Some(Grain::Year)) => {
                if self.draft.compare.is_none() {
                    self.draft.compare = Some(CompareDraft::Year);
                    if self.draft.period.is_none() && !running && !ranged {
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
                    self.draft.edits.implied_compare =
                        period.is_none() && self.scene.last.is_some();
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
                let limited = self
                    .draft
                    .having
                    .iter()
                    .any(|c| matches!(c.on, Part::Pct | Part::Delta));
                if outgrown || limited {
                } else if superlative {
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

    /// "did customers grow faster than revenue": both are shown with their growth.
    fn outgrown(&mut self) -> bool {
        if !self.take_all(Mark::Outgrow) {
            return false;
        }
        for at in 0..self.nodes.len() {
            if self.draft.measures.len() < 2
                && !self.used[at]
                && let Node::Named(Named::Entity(entity)) = self.nodes[at].node
            {
                self.take(at);
                let measure = self.count_of_entity(entity);
                self.add_measure(measure);
            }
        }
        true
    }

    /// "grew by more than 10 %", "fell over 5k": a limit on the change and not on the number.
    pub(super) fn grown_threshold(&mut self, at: usize, op: Operator, bar: &Bar) -> bool {
        let Bar::Number(value, _, percent) = bar else {
            return false;
        };
        let near = [at.wrapping_sub(1), at + 1].into_iter().find_map(|i| {
            match self.nodes.get(i).map(|n| &n.node) {
                Some(Node::Change(way)) => Some(*way),
                _ => None,
            }
        });
        let Some(way) = near else { return false };
        self.take(at);
        if self.draft.measures.is_empty()
            && let Some(default) = self.metric_like(RankBasis::Revenue)
        {
            self.add_measure(default);
        }
        let value = if *percent { value / 100.0 } else { *value };
        let (op, value) = match (way, op) {
            (Some(Direction::Ascending), Operator::Gt) => (Operator::Lt, -value),
            (Some(Direction::Ascending), Operator::Ge) => (Operator::Le, -value),
            (Some(Direction::Ascending), Operator::Lt) => (Operator::Gt, -value),
            (Some(Direction::Ascending), Operator::Le) => (Operator::Ge, -value),
            (_, op) => (op, value),
        };
        self.draft.having.push(Condition {
            metric: 0,
            on: if *percent { Part::Pct } else { Part::Delta },
            op,
            value: Threshold::Number(value),
        });
        true
    }
}

/// Whether the words set something against a year that is named from now ("last year", "a year ago").
fn last_said(nodes: &[Placed]) -> bool {
    nodes.iter().any(|n| {
        matches!(n.node, Node::Period(_))
            && n.text.split(' ').any(|w| {
                matches!(
                    w,
                    "last" | "ago" | "prior" | "previous" | "earlier" | "before" | "ly" | "py"
                )
            })
    })
}
