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
                && (self.is(at + 1, Mark::Rolling) || at > 1 && self.is(at - 2, Mark::Rolling))
            {
                self.draft.rolling = Some(*n as u32);
                self.take(at - 1);
                self.take(at);
                self.add_dimension(Dimension::Time(grain));
                continue;
            }
            self.draft.grain = self.draft.grain.or(Some(grain));
        }
        self.seasons();
    }

    /// "seasonality by month", "seasonal pattern of sales": the months of all years together.
    fn seasons(&mut self) {
        let seasonal = self.nodes.iter().any(|n| {
            n.node == Node::Mark(Mark::Trend)
                && (n.text.starts_with("seasonal") || n.text.starts_with("season"))
        });
        if !seasonal {
            return;
        }
        for node in &mut self.nodes {
            if let Node::Time(TimeSense::Grain(grain)) = &mut node.node {
                *grain = match *grain {
                    Grain::Month => Grain::MonthOfYear,
                    Grain::Quarter => Grain::QuarterOfYear,
                    Grain::Week => Grain::WeekOfYear,
                    Grain::Day => Grain::Weekday,
                    other => other,
                };
            }
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
                _ => {}
            }
        }
        self.cycles();
        // "bought in both 2023 and 2024", "in each of the four years": membership takes them.
        let several = self.any(Mark::EveryPeriod)
            || self
                .find(Mark::Both)
                .is_some_and(|b| places.iter().filter(|p| **p > b).count() > 1);
        if several {
            return Ok(());
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
        if let [first, second] = &mut periods[..] {
            alike(&mut first.1, &mut second.1);
        }
        if periods.len() > 2 {
            return self.several(periods);
        }
        match periods.len() {
            1 => {
                let (at, period) = periods.remove(0);
                self.take(at);
                if self.against_one(at, &period) {
                    return Ok(());
                }
                self.against_the_one_before(&period);
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
                } else if same_length(&first, &second)
                    && !(first.grain == second.grain && first.grain.is_some())
                {
                    let (earlier, later) = if first.start <= second.start {
                        (first, second)
                    } else {
                        (second, first)
                    };
                    self.draft.period = Some(later);
                    self.draft.compare = Some(CompareDraft::Periods(earlier));
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

    /// Days of the week and hours of the day: a filter, or two sets side by side.
    fn cycles(&mut self) {
        let Some(field) = self.model().default_time.clone() else {
            return;
        };
        // A plain date knows no hour.
        let timed = self
            .model()
            .field(&field)
            .is_some_and(|f| f.data_type != DataType::Date);
        let mut found: Vec<(Grain, Vec<Literal>, String)> = Vec::new();
        for at in 0..self.nodes.len() {
            if !timed && matches!(self.nodes[at].node, Node::Time(TimeSense::Hours(..))) {
                continue;
            }
            let cycle = match &self.nodes[at].node {
                Node::Time(TimeSense::Weekdays(days, label)) => (
                    Grain::Weekday,
                    days.iter().cloned().map(Literal::Text).collect(),
                    label.clone(),
                ),
                Node::Time(TimeSense::Hours(hours, label)) => (
                    Grain::HourOfDay,
                    hours
                        .iter()
                        .map(|h| Literal::Integer(i64::from(*h)))
                        .collect(),
                    label.clone(),
                ),
                _ => continue,
            };
            self.take(at);
            found.push(cycle);
        }
        let filter = |grain: Grain, values: Vec<Literal>| Filter::Cycle {
            field: field.clone(),
            grain,
            values,
        };
        let single = found.iter().all(|(_, v, _)| v.len() == 1);
        if found.len() > 1 && !single && found.iter().all(|f| f.0 == found[0].0) {
            // "weekend against weekday sales": one number for each set of days.
            self.take_all(Mark::Versus);
            self.take_all(Mark::Compare);
            self.draft.sides = found
                .into_iter()
                .map(|(grain, values, label)| (filter(grain, values), label))
                .collect();
            return;
        }
        let grains: Vec<Grain> = found.iter().map(|f| f.0).collect();
        for grain in [Grain::Weekday, Grain::HourOfDay] {
            let of: Vec<&(Grain, Vec<Literal>, String)> =
                found.iter().filter(|f| f.0 == grain).collect();
            if of.is_empty() {
                continue;
            }
            let values = of.iter().flat_map(|f| f.1.iter().cloned()).collect();
            let label = of
                .iter()
                .map(|f| f.2.clone())
                .collect::<Vec<_>>()
                .join(", ");
            self.draft.filters.push(Bound {
                field: Some(field.clone()),
                words: format!("on {label}"),
                filter: filter(grain, values),
                numerator: self.any(Mark::Share),
            });
        }
        if grains.len() > 1 {
            // "Saturday vs Sunday": each of them.
            self.take_all(Mark::Versus);
            self.add_dimension(Dimension::Time(grains[0]));
        }
    }

    /// "last month compared with the month before": the words before point back from the period.
    fn against_the_one_before(&mut self, period: &Period) {
        let set_against = self.nodes.iter().any(|n| {
            matches!(
                n.node,
                Node::Mark(Mark::Versus | Mark::Compare | Mark::Than)
            )
        });
        let Some((-1, grain)) = self.draft.shift.filter(|_| set_against) else {
            return;
        };
        self.draft.shift = None;
        for mark in [Mark::Versus, Mark::Compare, Mark::Than] {
            self.take_all(mark);
        }
        self.draft.compare = Some(
            if grain == Grain::Year && period.grain != Some(Grain::Year) {
                CompareDraft::Year
            } else {
                CompareDraft::Prior
            },
        );
    }

    /// "vs last year", "how does it compare with last month": the running period against that one.
    fn against_one(&mut self, at: usize, period: &Period) -> bool {
        let versus = at > 0 && (self.is(at - 1, Mark::Versus) || self.is(at - 1, Mark::Than));
        let compared = at > 0 && self.is(at - 1, Mark::Compare);
        let ranged = self
            .scene
            .last
            .and_then(|q| q.time.as_ref())
            .is_some_and(|t| t.range.is_some());
        if !versus && !compared || self.any(Mark::Share) {
            return false;
        }
        let Some(grain) = period
            .grain
            .filter(|g| period.relative || *g == Grain::Year)
        else {
            return false;
        };
        let current =
            crate::time::period_of(self.scene.clock.today, grain, self.scene.clock.week_start);
        if current.start == period.start {
            return false;
        }
        self.take(at - 1);
        self.take_all(Mark::Versus);
        self.take_all(Mark::Compare);
        self.draft.compare = Some(CompareDraft::Periods(period.clone()));
        if !ranged {
            self.draft
                .notes
                .push(format!("compared with it: {}", current.label));
            self.draft.period = Some(Period {
                relative: true,
                ..current
            });
        }
        true
    }

    /// Three periods and more of one length: side by side, if they follow each other.
    fn several(&mut self, mut periods: Vec<(usize, Period)>) -> Result<(), Misfit> {
        for (at, _) in &periods {
            self.used[*at] = true;
        }
        periods.sort_by_key(|p| p.1.start);
        let follows = periods
            .windows(2)
            .all(|w| w[0].1.end == w[1].1.start && w[0].1.grain == w[1].1.grain);
        let (Some(first), Some(last)) = (periods.first(), periods.last()) else {
            return Ok(());
        };
        let (Some(grain), true) = (first.1.grain, follows) else {
            return Err(Misfit::Missing("one period"));
        };
        self.draft.period = Some(Period {
            start: first.1.start,
            end: last.1.end,
            label: format!("{} to {}", first.1.label, last.1.label),
            grain: None,
            relative: false,
        });
        self.take_all(Mark::Versus);
        self.take_all(Mark::Compare);
        self.add_dimension(Dimension::Time(grain));
        Ok(())
    }
}

/// Whether two periods have the same number of days, leap days aside.
fn same_length(a: &Period, b: &Period) -> bool {
    let days = |p: &Period| p.start.zip(p.end).map(|(s, e)| (e - s).get_days());
    days(a)
        .zip(days(b))
        .is_some_and(|(x, y)| x.abs_diff(y) <= 1 && a.start != b.start)
}

/// Makes two periods that are set against each other of one kind: "the last 7 days and the prior 7
/// days" are not the same days, and in "March 2024 and 2023" the year stands for its March.
fn alike(first: &mut Period, second: &mut Period) {
    if first.start == second.start && first.end == second.end && second.relative {
        if let (Some(start), Some(end)) = (second.start, second.end) {
            let whole_months = start.day() == 1 && end.day() == 1;
            let moved = |d: jiff::civil::Date, back: i64| {
                if whole_months {
                    let months = i64::from(end.year() - start.year()) * 12
                        + i64::from(end.month() - start.month());
                    crate::time::shifted(d, Grain::Month, -months * back)
                } else {
                    crate::time::shifted(d, Grain::Day, -i64::from((end - start).get_days()) * back)
                }
            };
            let (from, to) = (moved(start, 1), start);
            *second = Period {
                label: format!("{from} to {}", crate::time::shifted(to, Grain::Day, -1)),
                start: Some(from),
                end: Some(to),
                grain: second.grain,
                relative: true,
            };
        }
        return;
    }
    let part = |p: &Period| p.grain.is_some_and(|g| g != Grain::Year) && p.start.is_some();
    let in_year = |part: &Period, year: &Period| -> Option<Period> {
        let (start, end, target) = (part.start?, part.end?, year.start?);
        let by = i64::from(target.year() - start.year());
        (by != 0).then(|| Period {
            start: Some(crate::time::shifted(start, Grain::Year, by)),
            end: Some(crate::time::shifted(end, Grain::Year, by)),
            label: part
                .label
                .replace(&start.year().to_string(), &target.year().to_string()),
            ..part.clone()
        })
    };
    let whole = |p: &Period| p.grain == Some(Grain::Year);
    if part(first) && whole(second) && first.grain != Some(Grain::Week) {
        if let Some(period) = in_year(first, second) {
            *second = period;
        }
    } else if whole(first)
        && part(second)
        && second.grain != Some(Grain::Week)
        && let Some(period) = in_year(second, first)
    {
        *first = period;
    }
}
