//! Which group is the largest, the smallest, the second, the last.

use super::evidence::Table;
use super::formulas;
use super::proof::{Cue, Proof};
use super::reading::What;
use super::sentence::Reader;
use super::statements::sign;
use super::vocabulary::Kind;

impl Reader<'_, '_> {
    /// Whether a number is a cell, so that a word about it is one about its column.
    pub(super) fn of_a_row(&self, target: Option<usize>) -> bool {
        target.is_some_and(|p| self.proofs[p].2.iter().any(|x| x.row.is_some()))
    }

    pub(super) fn extreme(&mut self, k: usize, side: i8) -> Option<String> {
        // "the top three": which they are is proven where they are named or summed up.
        if self
            .proofs
            .iter()
            .any(|p| p.0 == k + 1 && p.1.cue == Cue::Chosen && !p.2.is_empty())
        {
            return None;
        }
        // "the steepest drop": the largest below nothing.
        let side = match (k + 1..k + 3).find_map(|j| match self.kind(j) {
            Some(Kind::Direction(d)) => Some((j, d)),
            _ => None,
        }) {
            Some((_, -1)) => -side,
            _ => side,
        };
        if self.word(k) == Some("most")
            && !matches!(self.word(k + 2), Some("all" | "any"))
            && (self.word(k + 1) == Some("of") || matches!(self.what(k + 1), Some(What::Label(_))))
        {
            return self.most(k);
        }
        let target = self.target(k, |kind| {
            matches!(kind, Kind::Extreme(_) | Kind::Ordinal(_))
        });
        // "grew most": of the changes, whatever number stands behind it.
        let grew = k > 0
            && (matches!(self.kind(k - 1), Some(Kind::Direction(_)))
                || self.word(k - 1) == Some("the")
                    && k > 1
                    && matches!(self.kind(k - 2), Some(Kind::Direction(_))));
        let level = target.is_some_and(|p| !self.proofs[p].2.iter().any(Proof::is_change));
        let fault = if grew && level {
            Some("the rows do not make it the extreme".to_string())
        } else {
            let fault = self.demand(
                target,
                |p, e| p.is_extreme(side, e),
                "the rows do not make it the extreme",
            );
            if fault.is_none() || self.of_a_row(target) {
                return fault;
            }
            fault
        };
        let holds = self.of_subject(k, |evidence, (t, row), column| {
            let table = &evidence.tables[t];
            let Some(own) = table.number(row, column) else {
                return false;
            };
            table.extreme_holds(column, side)
                && table
                    .numbers(column)
                    .iter()
                    .all(|x| (own - x) * f64::from(side) >= 0.0)
        });
        if holds { None } else { fault }
    }

    pub(super) fn ordinal(&mut self, k: usize, n: usize) -> Option<String> {
        // "a third of", "one third"
        let part = n == 3
            && (self.word(k + 1) == Some("of")
                || matches!(self.what(k.wrapping_sub(1)), Some(What::Number(x)) if x.value == 1.0));
        if part {
            return self.fraction(k, 1.0 / 3.0);
        }
        let target = self.target(k, |kind| {
            matches!(kind, Kind::Extreme(_) | Kind::Ordinal(_))
        });
        let near = k..(k + 5).min(self.mentions.len());
        let bottom = near.clone().any(|j| {
            self.word(j) == Some("bottom")
                || (j <= k + 1 && self.kind(j) == Some(Kind::Extreme(-1)))
        });
        // "second highest": the word behind is part of the place.
        if matches!(self.kind(k + 1), Some(Kind::Extreme(_))) {
            self.settled[k + 1] = true;
        }
        let fault = self.demand(
            target,
            |p, e| p.is_place(n, bottom, e),
            "the rows give another place",
        );
        if fault.is_none() || self.of_a_row(target) {
            return fault;
        }
        let holds = self.of_subject(k, |evidence, (t, row), column| {
            let table = &evidence.tables[t];
            let ascending = bottom || table.ascending();
            table.extreme_holds(column, if ascending { -1 } else { 1 })
                && table.place(row, column, !ascending) == Some(n)
        });
        if holds { None } else { fault }
    }

    /// "a negative margin of -1.2 %"
    pub(super) fn signed(&mut self, k: usize, side: i8) -> Option<String> {
        let target = self.target(k, |kind| matches!(kind, Kind::Sign(_)));
        self.demand(
            target,
            |p, _| sign(p.value) == side,
            "the number has another sign",
        )
    }

    /// "the last month", "the latest figure": the first or last row of time, or place.
    pub(super) fn in_time(&mut self, k: usize, side: i8) -> Option<String> {
        let first_or_last = |table: &Table, row: usize, column: usize| {
            let rows = formulas::in_time(table, column);
            let end = if side > 0 { rows.last() } else { rows.first() };
            end.is_some_and(|e| e.0 == row)
        };
        let numbered = self
            .target(k, |kind| matches!(kind, Kind::InTime(_)))
            .is_some_and(|p| {
                self.proofs[p].2.iter().any(|x| match (x.row, x.column) {
                    (Some(row), Some(column)) => {
                        first_or_last(&self.evidence.tables[x.table], row, column)
                    }
                    _ => false,
                })
            });
        let holds = numbered
            || self.of_subject(k, |evidence, (t, row), column| {
                let table = &evidence.tables[t];
                first_or_last(table, row, column)
                    || table.running().is_none()
                        && side > 0
                        && table.complete()
                        && table.place(row, column, table.ascending()) == Some(1)
            });
        (!holds).then(|| "another one is at that end".to_string())
    }
}
