//! What rose and what fell, and how many times over.

use super::formulas;
use super::periods::Span;
use super::proof::{self, Cue, Proof};
use super::relations::ratio_is;
use super::sentence::Reader;
use super::statements::sign;
use super::vocabulary::Kind;
use query::Part;

impl Reader<'_, '_> {
    /// "growth" and "grew" speak of a change: the number must be one.
    pub(super) fn changes(&mut self) {
        let Some(k) = (0..self.mentions.len()).find(|k| self.word(*k) == Some("growth")) else {
            return;
        };
        let target = self
            .proofs
            .iter()
            .position(|p| p.2.iter().any(Proof::is_change))
            .or_else(|| self.target(k, |_| false));
        if target.is_none() && self.of_subject(k, |_, _, _| true) {
            return;
        }
        if let Some(fault) = self.demand(
            target,
            |p, _| p.is_change(),
            "a growth was stated, but the number is a level",
        ) {
            self.faults[k] = Some(fault);
        }
    }

    pub(super) fn direction(&mut self, k: usize, wanted: i8) -> Option<String> {
        // "made up 38 %", "adds up to 1,200": nothing rose.
        let put = k > 0
            && matches!(
                self.word(k - 1),
                Some(
                    "make"
                        | "makes"
                        | "made"
                        | "making"
                        | "add"
                        | "adds"
                        | "adding"
                        | "added"
                        | "took"
                        | "takes"
                )
            );
        if put && self.word(k) == Some("up") {
            return None;
        }
        if self.word(k) == Some("added") && self.word(k + 1) == Some("up") {
            return None;
        }
        let is_direction = |j: &usize| matches!(self.kind(*j), Some(Kind::Direction(_)));
        let until = (k + 1..self.mentions.len())
            .find(is_direction)
            .unwrap_or(self.mentions.len());
        let mut span: Vec<usize> = (0..self.proofs.len())
            .filter(|p| self.proofs[*p].0 > k && self.proofs[*p].0 < until)
            .collect();
        if span.is_empty() {
            span = (0..self.proofs.len())
                .rev()
                .filter(|p| self.proofs[*p].0 < k)
                .take(1)
                .collect();
        }
        let mut evidence = 0;
        for &p in &span {
            if matches!(self.proofs[p].1.cue, Cue::Moving(side) if side == wanted) {
                evidence += 1;
                continue;
            }
            let i = self.proofs[p].0;
            let by = i > 0 && self.word(i - 1) == Some("by");
            if by && self.number(i).is_some_and(|n| n.signed && n.value < 0.0) {
                return Some("it moved by a number with the sign of the other way".to_string());
            }
            if self.proofs[p].2.iter().any(Proof::is_change) {
                let kept: Vec<Proof> = self.proofs[p]
                    .2
                    .iter()
                    .filter(|x| x.is_change() && sign(x.value) == wanted)
                    .cloned()
                    .collect();
                if kept.is_empty() {
                    return Some("the change has another sign".to_string());
                }
                self.proofs[p].2 = kept;
                evidence += 1;
            }
        }
        for pair in span.windows(2) {
            let (a, b) = (&self.proofs[pair[0]], &self.proofs[pair[1]]);
            let led = |i: usize, word: &str| {
                let from = i - self.hedge_words(i).min(i);
                from > 0 && self.word(from - 1) == Some(word)
            };
            if led(a.0, "from") && led(b.0, "to") {
                let (Some(x), Some(y)) = (a.2.first(), b.2.first()) else {
                    continue;
                };
                if sign(y.value - x.value) != wanted {
                    return Some("the two values move the other way".to_string());
                }
                evidence += 1;
            }
        }
        // A value that fell or rose against another period whose number is not printed.
        if evidence == 0
            && span.iter().any(|p| {
                self.proofs[*p].2.iter().any(|x| {
                    x.change_beside(self.evidence)
                        .is_some_and(|c| sign(c) == wanted)
                })
            })
        {
            evidence += 1;
        }
        if evidence == 0 && (self.moved(k, wanted) || self.all_move(k, wanted)) {
            evidence += 1;
        }
        (evidence == 0).then(|| "no change behind this word".to_string())
    }

    /// Whether the groups, or the course of time, that the sentence speaks of moved that way.
    pub(super) fn moved(&mut self, k: usize, wanted: i8) -> bool {
        let (groups, at) = self.subject(k);
        let spans: Vec<Span> = (0..self.mentions.len())
            .filter_map(|j| self.span(j))
            .collect();
        for t in 0..self.evidence.tables.len() {
            let table = &self.evidence.tables[t];
            let fixed = groups.iter().flatten().all(|g| table.fixed.contains(g));
            for (column, term, part) in &table.measures {
                if *part == Part::Value && fixed && table.running().is_some() {
                    let rows: Vec<Span> =
                        spans.iter().copied().filter(|s| self.is_row(s)).collect();
                    if let Some((a, b)) = formulas::ends(table, *column, &rows)
                        && sign(b - a) == wanted
                    {
                        at.iter().for_each(|j| self.used[*j] = true);
                        for j in 0..self.mentions.len() {
                            if self.span(j).is_some_and(|s| rows.contains(&s)) {
                                self.used[j] = true;
                            }
                        }
                        return true;
                    }
                    continue;
                }
                let groups: Vec<Vec<String>> = groups.clone();
                let every = if groups.is_empty() || fixed {
                    table.rows.len() == 1
                        && formulas::change_of(table, 0, term).is_some_and(|c| sign(c.0) == wanted)
                } else {
                    groups.iter().all(|g| {
                        let rows = proof::rows_of(table, g);
                        rows.len() == 1
                            && formulas::change_of(table, rows[0], term)
                                .is_some_and(|c| sign(c.0) == wanted)
                    })
                };
                if every {
                    at.iter().for_each(|j| self.used[*j] = true);
                    return true;
                }
            }
        }
        false
    }

    /// "All regions grew", "no region grew", "both fell": the word about how many stands before.
    pub(super) fn all_move(&self, k: usize, wanted: i8) -> bool {
        let start = self.clause_start(k);
        let before = |kind: Kind| (start..k).any(|j| self.kind(j) == Some(kind));
        let no = before(Kind::No);
        if !(no
            || before(Kind::All)
            || before(Kind::Both)
            || (start..k).any(|j| self.word(j) == Some("each")))
        {
            return false;
        }
        self.evidence.tables.iter().any(|table| {
            table.complete()
                && table.rows.len() > 1
                && (!before(Kind::Both) || table.rows.len() == 2)
                && table.measures.first().is_some_and(|m| {
                    (0..table.rows.len()).all(|r| {
                        formulas::change_of(table, r, &m.1)
                            .is_some_and(|c| (sign(c.0) == wanted) != no)
                    })
                })
        })
    }

    pub(super) fn moving_all(&self, d: i8) -> bool {
        self.evidence.tables.iter().any(|table| {
            table.complete()
                && table.rows.len() > 1
                && table.measures.first().is_some_and(|m| {
                    (0..table.rows.len()).all(|r| {
                        formulas::change_of(table, r, &m.1).is_some_and(|c| sign(c.0) == d)
                    })
                })
        })
    }

    /// "doubled": the later value over the earlier one.
    pub(super) fn multiple(&mut self, k: usize, m: f64) -> Option<String> {
        let hedge = self.hedge_before(k);
        let (groups, at) = self.subject(k);
        let spans: Vec<Span> = (0..self.mentions.len())
            .filter_map(|j| self.span(j))
            .filter(|s| self.is_row(s))
            .collect();
        let holds = self.evidence.tables.iter().any(|table| {
            let fixed = groups.iter().flatten().all(|g| table.fixed.contains(g));
            table.measures.iter().any(|(column, term, part)| {
                if *part == Part::Value
                    && fixed
                    && let Some((a, b)) = formulas::ends(table, *column, &spans)
                {
                    return ratio_is(b / a, m, hedge);
                }
                let row = match groups.as_slice() {
                    [] if table.rows.len() == 1 => Some(0),
                    [group] => proof::rows_of(table, group).first().copied(),
                    _ => None,
                };
                row.and_then(|r| formulas::change_of(table, r, term))
                    .is_some_and(|c| ratio_is(1.0 + c.1, m, hedge))
            })
        });
        if holds {
            at.iter().for_each(|j| self.used[*j] = true);
            for j in 0..self.mentions.len() {
                if self.span(j).is_some_and(|s| spans.contains(&s)) {
                    self.used[j] = true;
                }
            }
            return None;
        }
        Some("the rows give another number of times".to_string())
    }
}
