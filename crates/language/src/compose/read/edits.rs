//! Words of a follow-up that take away, turn round, or move by a level.

use super::*;

/// Words that say what a "drop …" takes away when it names no part of the model.
fn part_named(word: &str) -> Option<Dropped> {
    Some(match word {
        "filter" | "filters" | "condition" | "conditions" | "restriction" | "restrictions" => {
            Dropped::Filters
        }
        "comparison" | "comparisons" | "compare" | "change" | "growth" => Dropped::Comparison,
        "split" | "breakdown" | "grouping" | "groups" | "group" => Dropped::Groups,
        "ranking" | "limit" | "rank" | "top" => Dropped::Rank,
        "share" | "shares" | "percentage" | "percentages" | "%" => Dropped::Share,
        "period" | "date" | "dates" => Dropped::Period,
        _ => return None,
    })
}

impl Reader<'_> {
    /// Reads what the turn does to the last query beyond naming parts.
    pub(super) fn edits(&mut self) {
        for at in 0..self.nodes.len() {
            match self.nodes[at].node {
                Node::Edit(EditWord::Reverse) => {
                    self.take(at);
                    self.draft.edits.reverse = true;
                }
                Node::Edit(EditWord::Finer) => {
                    self.take(at);
                    self.drill(at);
                }
                Node::Edit(EditWord::Coarser) => {
                    self.take(at);
                    self.draft.edits.level = -1;
                }
                Node::Edit(EditWord::Drill) => {
                    self.take(at);
                    self.drill(at);
                }
                _ => {}
            }
            if self.drops(at) {
                self.take(at);
                self.dropped(at);
            }
        }
        self.all_again();
        self.numbers_of_reference();
        self.the_period();
        self.members();
    }

    /// "drill into seafood", "break it down": one level down unless the words name the groups.
    fn drill(&mut self, at: usize) {
        let grouped = (at + 1..self.nodes.len()).any(|i| {
            self.is(i, Mark::By)
                || matches!(&self.nodes[i].node, Node::Named(n) if self.group_of(n).is_some())
        });
        if !grouped {
            self.draft.edits.level = 1;
        }
    }

    /// Whether the node says that what follows is taken away.
    fn drops(&self, at: usize) -> bool {
        if self.used[at] {
            return false;
        }
        let named = matches!(
            self.nodes.get(at + 1).map(|n| &n.node),
            Some(
                Node::Named(_)
                    | Node::Value(_)
                    | Node::Mark(Mark::Compare | Mark::Share | Mark::Pct)
                    | Node::Change(_)
                    | Node::Rank(_)
            )
        ) || self.nodes.get(at + 1).is_none();
        match &self.nodes[at].node {
            Node::Edit(EditWord::Drop) => true,
            Node::Mark(Mark::Negation) | Node::Change(Some(Direction::Ascending)) => {
                named
                    && matches!(
                        self.nodes[at].text.as_str(),
                        "drop"
                            | "take out"
                            | "leave out"
                            | "lose"
                            | "without"
                            | "omit"
                            | "no"
                            | "excluding"
                            | "exclude"
                            | "ignore"
                    )
                    && at <= 1
                    && (self.nodes.get(at + 1).is_some() || self.part_after(at).is_some())
            }
            _ => false,
        }
    }

    fn part_after(&self, at: usize) -> Option<Dropped> {
        self.words_between(self.nodes[at].end, self.scene.tokens.len())
            .find_map(part_named)
    }

    fn dropped(&mut self, at: usize) {
        let mut next = at + 1;
        let before = self.draft.edits.drop.len();
        while next < self.nodes.len() && !self.used[next] {
            match self.nodes[next].node.clone() {
                Node::Named(named) => self.draft.edits.drop.push(Dropped::Named(named)),
                Node::Value(found) => self
                    .draft
                    .edits
                    .drop
                    .push(Dropped::Values(found.field.clone(), found.values.clone())),
                Node::Time(TimeSense::Grain(_))
                | Node::Mark(Mark::And | Mark::All | Mark::List | Mark::Ref | Mark::By) => {}
                Node::Mark(Mark::Compare | Mark::Share | Mark::Pct)
                | Node::Change(_)
                | Node::Period(_) => {}
                Node::Rank(_) => {}
                _ => break,
            }
            self.take(next);
            next += 1;
        }
        if self.draft.edits.drop.len() == before
            && let Some(part) = self.part_after(at)
        {
            self.draft.edits.drop.push(part);
        }
        self.draft.refers = false;
    }

    /// "all regions", "show all": no longer only some.
    fn all_again(&mut self) {
        let Some(last) = self.scene.last else { return };
        let everywhere = (0..self.nodes.len()).find(|i| {
            self.is(*i, Mark::All)
                && matches!(
                    self.nodes[*i].text.as_str(),
                    "everywhere" | "nationwide" | "companywide" | "worldwide"
                )
        });
        if let Some(at) = everywhere {
            let places = super::super::edit::filtered_places(last, self.scene.model);
            if !places.is_empty() {
                self.take(at);
                let named = places.into_iter().map(|f| Dropped::Named(Named::Field(f)));
                self.draft.edits.drop.extend(named);
            }
        }
        for at in 0..self.nodes.len() {
            if !self.is(at, Mark::All) || self.used[at] {
                continue;
            }
            let mut next = at + 1;
            while self.is(next, Mark::Among) || self.is(next, Mark::Ref) {
                next += 1;
            }
            if let Some(Node::Named(named)) = self.nodes.get(next).map(|n| n.node.clone())
                && let Some((field, _)) = self.group_of(&named)
            {
                let filtered = super::super::edit::filters_on(last, &field);
                if filtered {
                    self.take(at);
                    self.take(next);
                    self.draft.edits.drop.push(Dropped::Named(named));
                } else if last.rank.is_some() && last.dimensions.contains(&Dimension::Field(field))
                {
                    self.take(at);
                    self.take(next);
                    self.draft.edits.all = true;
                }
            } else if last.rank.is_some() && self.nodes.get(next).is_none() {
                self.draft.edits.all = true;
            }
        }
    }

    /// "those five", "the two": how many there are is known already.
    fn numbers_of_reference(&mut self) {
        for at in 0..self.nodes.len().saturating_sub(1) {
            if self.is(at, Mark::Ref)
                && matches!(self.nodes[at + 1].node, Node::Number(_, false))
                && self.adjacent(at, at + 1)
            {
                self.take(at + 1);
            }
        }
    }

    /// "how does the year compare": the period that is spoken of, no breakdown by it.
    fn the_period(&mut self) {
        for at in 0..self.nodes.len() {
            let Node::Time(TimeSense::Grain(grain)) = self.nodes[at].node else {
                continue;
            };
            let before = self.nodes[at].start;
            let the = before > 0
                && self
                    .words_between(before - 1, before)
                    .any(|w| w == "the" || w == "full" || w == "whole");
            let alone = matches!(
                self.nodes[at].text.as_str(),
                "year" | "quarter" | "month" | "week"
            );
            let grouped = at > 0 && self.is(at - 1, Mark::By);
            let ranked = self.nodes.iter().any(|n| {
                matches!(
                    n.node,
                    Node::Rank(_) | Node::RankBy(..) | Node::Mark(Mark::Which)
                )
            });
            if the && alone && !grouped && !ranked && !grain.is_cyclic() && !self.used[at] {
                self.take(at);
                self.draft.edits.within = Some(grain);
            }
        }
    }

    /// "which ones?", "who are they?": the members that were counted or meant.
    fn members(&mut self) {
        let asks = self.any(Mark::Which) || self.any(Mark::List);
        let points = (0..self.nodes.len()).any(|i| self.is(i, Mark::Ref));
        let only = self.nodes.iter().all(|n| {
            matches!(
                n.node,
                Node::Mark(
                    Mark::Which | Mark::List | Mark::Ref | Mark::Relative | Mark::Among | Mark::All
                )
            )
        });
        if asks && points && only {
            self.draft.edits.members = true;
        }
        // "how many is that?", "how many are there?"
        let counted = self.any(Mark::Count);
        let only_count = self.nodes.iter().all(|n| {
            matches!(
                n.node,
                Node::Mark(Mark::Count | Mark::Ref | Mark::Among | Mark::All)
            )
        });
        if counted && only_count {
            self.take_all(Mark::Count);
            self.draft.edits.count = true;
        }
    }
}
