//! Periods that are said in parts: “Jan to Jul 2015”, “this January”, “January last year”, “the same
//! months of 2014”.

use super::*;
use jiff::civil::Date;

impl Reader<'_> {
    /// Puts the parts together, so that each period is one node.
    pub(super) fn join_periods(&mut self) {
        self.named_months_of_years();
        self.spans();
        self.same_months();
    }

    fn is_period(&self, at: usize) -> bool {
        matches!(
            self.nodes.get(at).map(|n| &n.node),
            Some(Node::Time(TimeSense::Range(_) | TimeSense::Yearless { .. }))
        )
    }

    /// Puts one node in the place of several.
    fn merge(&mut self, from: usize, to: usize, node: Node) {
        let (end, text) = (self.nodes[to].end, self.nodes[from].text.clone());
        self.nodes[from].node = node;
        self.nodes[from].end = end;
        self.nodes[from].text = text;
        self.nodes.drain(from + 1..=to);
        self.used.drain(from + 1..=to);
    }

    /// "this January" is the last one that has begun; "January last year" has its year beside it.
    fn named_months_of_years(&mut self) {
        for at in 0..self.nodes.len() {
            let Some(Node::Time(sense @ TimeSense::Yearless { .. })) =
                self.nodes.get(at).map(|n| n.node.clone())
            else {
                continue;
            };
            let this = at.checked_sub(1).filter(|b| {
                self.is(*b, Mark::Ref) && self.nodes[*b].text == "this" && self.adjacent(*b, at)
            });
            if let Some(before) = this {
                let today = self.scene.clock.today;
                let begun =
                    |y: i16| in_year(&sense, y).filter(|p| p.start.is_none_or(|s| s <= today));
                if let Some(period) = begun(today.year()).or_else(|| begun(today.year() - 1)) {
                    self.merge(before, at, Node::Time(TimeSense::Range(period)));
                    return self.named_months_of_years();
                }
            }
            let year = match self.nodes.get(at + 1).map(|n| &n.node) {
                Some(Node::Time(TimeSense::Range(p)))
                    if p.relative && p.grain == Some(Grain::Year) && self.adjacent(at, at + 1) =>
                {
                    p.start.map(|d| d.year())
                }
                _ => None,
            };
            if let Some(period) = year.and_then(|y| in_year(&sense, y)) {
                self.merge(at, at + 1, Node::Time(TimeSense::Range(period)));
                return self.named_months_of_years();
            }
        }
    }

    /// "Jan to Jul 2015" beside another period.
    fn spans(&mut self) {
        let periods = (0..self.nodes.len()).filter(|i| self.is_period(*i)).count();
        if periods < 3 {
            return;
        }
        for at in 0..self.nodes.len().saturating_sub(2) {
            let joined = self.is_period(at)
                && self.is(at + 1, Mark::To)
                && self.is_period(at + 2)
                && self.adjacent(at, at + 1)
                && self.adjacent(at + 1, at + 2);
            if !joined {
                continue;
            }
            let (Node::Time(first), Node::Time(last)) =
                (self.nodes[at].node.clone(), self.nodes[at + 2].node.clone())
            else {
                continue;
            };
            let year = match &last {
                TimeSense::Range(p) => p.start.map(|d| d.year()),
                _ => None,
            };
            let (Some(first), Some(last)) = (self.resolve(&first, year), self.resolve(&last, year))
            else {
                continue;
            };
            if first.start >= last.end {
                continue;
            }
            let whole = Period {
                start: first.start,
                end: last.end,
                label: format!("{} to {}", first.label, last.label),
                grain: None,
                relative: false,
            };
            self.merge(at, at + 2, Node::Time(TimeSense::Range(whole)));
            return self.spans();
        }
    }

    /// "the same months of 2014", "the same period in 2014": the other period, moved to that year.
    fn same_months(&mut self) {
        for at in 0..self.nodes.len() {
            let same = self.is(at, Mark::Ref)
                && matches!(self.nodes[at].text.as_str(), "the same" | "same" | "those")
                && matches!(
                    self.nodes.get(at + 1).map(|n| &n.node),
                    Some(Node::Time(TimeSense::Grain(_)) | Node::Mark(Mark::Vague))
                );
            if !same {
                continue;
            }
            let year_at = if self.is(at + 2, Mark::Among) {
                at + 3
            } else {
                at + 2
            };
            // "the same period last year" is a comparison of its own.
            let year = match self.nodes.get(year_at).map(|n| &n.node) {
                Some(Node::Time(TimeSense::Range(p)))
                    if p.grain == Some(Grain::Year) && !p.relative =>
                {
                    p.start.map(|d| d.year())
                }
                _ => None,
            };
            let other = (0..at).rev().find_map(|i| match &self.nodes[i].node {
                Node::Time(sense @ (TimeSense::Range(_) | TimeSense::Yearless { .. })) => {
                    self.resolve(sense, None)
                }
                _ => None,
            });
            let (Some(year), Some(other)) = (year, other) else {
                continue;
            };
            let Some(by) = other.start.map(|d| d.year() - year) else {
                continue;
            };
            let moved =
                |d: Option<Date>| d.map(|d| crate::time::shifted(d, Grain::Year, -i64::from(by)));
            let period = Period {
                start: moved(other.start),
                end: moved(other.end),
                label: format!("the same part of {year}"),
                grain: None,
                relative: false,
            };
            self.merge(at, year_at, Node::Time(TimeSense::Range(period)));
            return;
        }
    }
}
