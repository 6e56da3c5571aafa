//! Bands of a number: “ages 18-29, 30-44, 45-59 and 60+”, “by age in bands of 10”.

use super::*;
use query::{Banded, Banding};

impl Reader<'_> {
    /// A field with ranges behind it, or with a width, is grouped by them.
    pub(super) fn bands(&mut self) {
        for at in 0..self.nodes.len() {
            let Node::Named(Named::Field(field)) = self.nodes[at].node.clone() else {
                continue;
            };
            let numeric = self
                .model()
                .field(&field)
                .is_some_and(|f| f.data_type.is_numeric());
            if !numeric || self.used[at] {
                continue;
            }
            let found = self
                .listed_ranges(at + 1)
                .or_else(|| self.band_width(at + 1));
            let Some((by, last)) = found else { continue };
            let beyond = self.beyond(&by, last);
            let label = capitalised(&self.label(&field));
            for i in at..=last {
                self.take(i);
            }
            if let Some(before) = at.checked_sub(1).filter(|b| self.is(*b, Mark::By)) {
                self.take(before);
            }
            self.draft.measures.retain(
                |m| !matches!(&m.measure, Measure::Aggregate { field: f, .. } if *f == field),
            );
            if let Banding::Edges(edges) = &by {
                let open = self.is_open_end(last) || beyond.is_some();
                if let Some(first) = edges.first() {
                    self.limit_rows(field.clone(), Operator::Ge, *first);
                }
                if let Some(end) = edges.last().filter(|_| !open) {
                    self.limit_rows(field.clone(), Operator::Lt, *end);
                }
            }
            if let Some(end) = beyond {
                self.take(end);
            }
            self.draft.dimensions.push(Dimension::Band {
                name: format!("{label} band"),
                of: Banded::Field(field),
                by,
            });
            return;
        }
    }

    /// "… and 60+", where the last range ends at 59: its node.
    fn beyond(&self, by: &Banding, last: usize) -> Option<usize> {
        let Banding::Edges(edges) = by else {
            return None;
        };
        let mut at = last + 1;
        while self.is(at, Mark::And) {
            at += 1;
        }
        match &self.nodes.get(at)?.node {
            Node::Threshold(Operator::Ge | Operator::Gt, Bar::Number(value, _, false))
                if edges
                    .last()
                    .is_some_and(|e| e == value || *e == value + 1.0) =>
            {
                Some(at)
            }
            _ => None,
        }
    }

    fn whole(&self, at: usize) -> Option<f64> {
        match self.nodes.get(at).map(|n| &n.node) {
            Some(Node::Number(value, false)) if value.fract() == 0.0 => Some(*value),
            _ => None,
        }
    }

    /// "60+": the number has no end.
    fn is_open_end(&self, at: usize) -> bool {
        self.words_between(
            self.nodes.get(at).map_or(0, |n| n.start),
            self.nodes.get(at).map_or(0, |n| n.end + 1),
        )
        .any(|w| matches!(w, "+" | "over" | "above" | "plus"))
    }

    /// Ranges that follow each other without a gap, at least two, the last of which may be open; with
    /// the place of the last node.
    fn listed_ranges(&self, start: usize) -> Option<(Banding, usize)> {
        let mut edges: Vec<f64> = Vec::new();
        let mut at = start;
        let mut last = None;
        let mut ranges = 0;
        while let Some(low) = self.whole(at) {
            let hyphen = self.nodes.get(at + 1).is_some_and(|n| {
                self.words_between(self.nodes[at].end, n.start)
                    .any(|w| matches!(w, "-" | "–"))
            });
            let high_at = if hyphen {
                at + 1
            } else if self.is(at + 1, Mark::To) {
                at + 2
            } else {
                at
            };
            if edges.last().is_some_and(|e| *e != low) {
                return None;
            }
            if edges.is_empty() {
                edges.push(low);
            }
            ranges += 1;
            if high_at == at {
                // Only the last one may be open.
                if !self.is_open_end(at) {
                    return None;
                }
                last = Some(at);
                break;
            }
            let high = self.whole(high_at).filter(|h| *h >= low)?;
            edges.push(high + 1.0);
            last = Some(high_at);
            at = high_at + 1;
            while self.is(at, Mark::And) {
                at += 1;
            }
        }
        let last = last.filter(|_| ranges >= 2)?;
        Some((Banding::Edges(edges), last))
    }

    /// "in bands of 10"
    fn band_width(&self, start: usize) -> Option<(Banding, usize)> {
        let at = (start..self.nodes.len().min(start + 3)).find(|i| self.whole(*i).is_some())?;
        let before: Vec<&str> = self
            .words_between(self.nodes[at].start.saturating_sub(2), self.nodes[at].start)
            .collect();
        let banded = matches!(
            before[..],
            ["bands" | "groups" | "brackets" | "steps", "of"]
        );
        let width = self.whole(at).filter(|w| *w > 0.0 && banded)?;
        Some((Banding::Width(width), at))
    }
}
