//! Periods and grains of time, and which of two periods is compared with which.

use super::*;

impl Reader<'_> {
    /// `the week of`, `monthly`, `by quarter`: grains become dimensions unless they count or average.
    pub(super) fn grains(&mut self) {
        for at in 0..self.nodes.len() {
            let Node::Time(TimeSense::Grain(grain)) = self.nodes[at].node else {
                continue;
            };
            if self.used[at] {
                continue;
            }
            if let Some(Node::Number(n, false)) = at.checked_sub(1).map(|i| &self.nodes[i].node)
                && at + 1 < self.nodes.len()
                && self.is(at + 1, Mark::Rolling)
            {
                self.draft.rolling = Some(*n as u32);
                self.take(at - 1);
                self.take(at);
                self.add_dimension(Dimension::Time(grain));
                continue;
            }
            self.draft.grain = self.draft.grain.or(Some(grain));
        }
    }

    pub(super) fn resolve(&self, sense: &TimeSense, year: Option<i16>) -> Option<Period> {
        match sense {
            TimeSense::Range(period) => Some(period.clone()),
            TimeSense::Yearless { .. } => match year {
                Some(year) => in_year(sense, year),
                None if self.scene.year_hint.is_some() => {
                    self.scene.year_hint.and_then(|y| in_year(sense, y))
                }
                None => {
                    let today = self.scene.clock.today;
                    (0..2)
                        .filter_map(|back| in_year(sense, today.year() - back))
                        .find(|p| p.start.is_none_or(|s| s <= today))
                }
            },
            _ => None,
        }
    }

    pub(super) fn periods(&mut self) -> Result<(), Misfit> {
        let places: Vec<usize> = (0..self.nodes.len())
            .filter(|i| {
                !self.used[*i]
                    && matches!(
                        self.nodes[*i].node,
                        Node::Time(TimeSense::Range(_) | TimeSense::Yearless { .. })
                    )
            })
            .collect();
        for at in 0..self.nodes.len() {
            match &self.nodes[at].node {
                Node::Time(TimeSense::Whole) => {
                    self.draft.whole = true;
                    self.take(at);
                }
                Node::Time(TimeSense::Shift(by, grain)) => {
                    self.draft.shift = Some((*by, *grain));
                    self.take(at);
                }
                Node::Time(TimeSense::Weekday(day)) => {
                    let day = day.clone();
                    if let Some(field) = self.model().default_time.clone() {
                        self.draft.filters.push(Bound {
                            field: Some(field.clone()),
                            words: format!("on {day}s"),
                            filter: Filter::Cycle {
                                field,
                                grain: Grain::Weekday,
                                values: vec![Literal::Text(day)],
                            },
                            numerator: false,
                        });
                        self.take(at);
                    }
                }
                _ => {}
            }
        }
        if places.is_empty() {
            return Ok(());
        }
        // A year said once holds for the parts of a year beside it.
        let year = places
            .iter()
            .rev()
            .find_map(|i| match &self.nodes[*i].node {
                Node::Time(TimeSense::Range(p)) if !p.relative => {
                    p.start.or(p.end).map(|d| d.year())
                }
                Node::Time(TimeSense::Range(p)) if p.grain == Some(Grain::Year) => {
                    p.start.map(|d| d.year())
                }
                _ => None,
            });
        let mut periods: Vec<(usize, Period)> = Vec::new();
        for at in places {
            let Node::Time(sense) = &self.nodes[at].node else {
                continue;
            };
            let assumed = matches!(sense, TimeSense::Yearless { .. }) && year.is_none();
            let Some(period) = self.resolve(sense, year) else {
                return Err(Misfit::Missing("a period of the data"));
            };
            if assumed {
                self.draft
                    .notes
                    .push(format!("{} read as {}", self.nodes[at].text, period.label));
            }
            periods.push((at, period));
        }
        // `Q4 2022` said as a quarter and its year apart is one period, not two.
        if periods.len() == 2
            && let (Some(a), Some(b)) = (
                contains(&periods[0].1, &periods[1].1),
                contains(&periods[1].1, &periods[0].1),
            )
            && (a || b)
            && !self.any(Mark::Versus)
            && !self.any(Mark::Share)
        {
            let keep = if a { 1 } else { 0 };
            for (at, _) in &periods {
                self.used[*at] = true;
            }
            let period = periods.swap_remove(keep).1;
            self.draft.period = Some(period);
            return Ok(());
        }
        match periods.len() {
            1 => {
                let (at, period) = periods.remove(0);
                self.take(at);
                if at > 0
                    && matches!(
                        self.nodes[at - 1].node,
                        Node::Mark(Mark::From | Mark::Over | Mark::Between)
                    )
                {
                    self.used[at - 1] = true;
                }
                self.draft.period = Some(period);
            }
            2 => {
                let negated = (periods[0].0..periods[1].0).any(|i| self.is(i, Mark::Negation));
                if negated {
                    // "sold in 2021 but not in 2022": membership takes both.
                    return Ok(());
                }
                let (first_at, first) = periods.remove(0);
                let (second_at, second) = periods.remove(0);
                let compared = self.nodes.iter().any(|n| {
                    matches!(
                        n.node,
                        Node::Mark(Mark::Versus | Mark::Than | Mark::Compare)
                            | Node::Change(_)
                            | Node::Period(_)
                            | Node::Multiple(..)
                    )
                }) || (first_at..second_at).any(|i| {
                    self.is(i, Mark::Over) || matches!(&self.nodes[i].node, Node::Threshold(..))
                });
                let spans = (first_at > 0
                    && matches!(
                        self.nodes[first_at - 1].node,
                        Node::Mark(Mark::Between | Mark::From)
                    ))
                    || (first_at..second_at).any(|i| self.is(i, Mark::To));
                let than_op = (first_at..second_at).find(|i| {
                    matches!(
                        &self.nodes[*i].node,
                        Node::Mark(
                            Mark::Than
                                | Mark::Over
                                | Mark::Versus
                                | Mark::Compare
                                | Mark::To
                                | Mark::And
                        )
                    )
                });
                self.take(first_at);
                self.take(second_at);
                for i in first_at.saturating_sub(1)..second_at {
                    if matches!(
                        self.nodes[i].node,
                        Node::Mark(
                            Mark::Than
                                | Mark::Over
                                | Mark::Versus
                                | Mark::To
                                | Mark::And
                                | Mark::Between
                                | Mark::From
                                | Mark::Compare
                        )
                    ) {
                        self.used[i] = true;
                    }
                }
                let _ = than_op;
                if compared {
                    let (earlier, later) = if first.start <= second.start {
                        (first, second)
                    } else {
                        (second, first)
                    };
                    self.draft.period = Some(later);
                    self.draft.compare = Some(CompareDraft::Periods(earlier));
                } else if spans {
                    self.draft.period = Some(Period {
                        start: first.start,
                        end: second.end,
                        label: format!("{} to {}", first.label, second.label),
                        grain: None,
                        relative: false,
                    });
                } else if first.grain == second.grain && first.grain.is_some() {
                    // Two periods side by side ("May and June 2022"): one bucket each.
                    let (earlier, later) = if first.start <= second.start {
                        (first, second)
                    } else {
                        (second, first)
                    };
                    if earlier.end == later.start {
                        let grain = later.grain.unwrap_or(Grain::Month);
                        self.draft.period = Some(Period {
                            start: earlier.start,
                            end: later.end,
                            label: format!("{} and {}", earlier.label, later.label),
                            grain: None,
                            relative: false,
                        });
                        self.add_dimension(Dimension::Time(grain));
                    } else {
                        self.draft.period = Some(later);
                        self.draft.compare = Some(CompareDraft::Periods(earlier));
                    }
                } else {
                    return Err(Misfit::Missing("one period"));
                }
            }
            _ => return Err(Misfit::Missing("one period")),
        }
        Ok(())
    }
}
