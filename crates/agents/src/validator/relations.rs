//! How the groups that a sentence names stand to each other: ahead of, twice, next after.

use super::proof::{self, Cue};
use super::reading::What;
use super::sentence::Reader;
use super::statements::sign;
use super::vocabulary::{Hedge, Kind};

/// How a name in the sentence is related to the one that it speaks of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Relation {
    /// The subject is larger (1) or smaller (-1) than it.
    Compare(i8),
    /// The subject is so many times it.
    Times(f64, Option<Hedge>),
    /// It has the place after the subject.
    Next,
    /// It is the first, and the subject the second.
    SecondOnly,
}

impl Reader<'_, '_> {
    /// Whether the chain of names that starts at `k` is the other side of a relation.
    pub(super) fn relation(&self, k: usize) -> Option<(Relation, usize)> {
        let mut j = k;
        let mut than = false;
        let mut passive = false;
        let mut to = false;
        for _ in 0..8 {
            j = j.checked_sub(1)?;
            match self.word(j) {
                Some(
                    "the" | "of" | "that" | "those" | "in" | "for" | "well" | "any" | "much"
                    | "many" | "as",
                ) => {}
                Some("than") => than = true,
                Some("by") => passive = true,
                Some("to") => to = true,
                Some("only") if to => {
                    return self.kind(j.checked_sub(1)?).and_then(|kind| match kind {
                        Kind::Ordinal(2) => Some((Relation::SecondOnly, j - 1)),
                        _ => None,
                    });
                }
                Some(_) => match self.kind(j)? {
                    Kind::Comparative(side) => {
                        let bare = matches!(
                            self.word(j),
                            Some(
                                "more"
                                    | "less"
                                    | "higher"
                                    | "lower"
                                    | "larger"
                                    | "smaller"
                                    | "greater"
                                    | "fewer"
                                    | "bigger"
                                    | "better"
                                    | "worse"
                                    | "stronger"
                                    | "weaker"
                            )
                        );
                        if bare && !than {
                            return None;
                        }
                        let side = if passive { -side } else { side };
                        return Some((Relation::Compare(side), j));
                    }
                    // "Debit leads Credit"
                    Kind::Extreme(1)
                        if matches!(self.word(j), Some("leads" | "led" | "leading"))
                            && (j + 1..k).all(|x| self.word(x) == Some("the")) =>
                    {
                        return Some((Relation::Compare(1), j));
                    }
                    Kind::Next if passive => return Some((Relation::Next, j)),
                    Kind::Fraction(f) if f.is_finite() && self.word(j + 1) == Some("of") => {
                        return Some((Relation::Times(f, self.hedge_before(j)), j));
                    }
                    Kind::Multiple(m) if !passive => {
                        let hedge = self.hedge_before(j);
                        return Some((Relation::Times(m, hedge), j));
                    }
                    Kind::Neutral | Kind::Hedge(_) => {}
                    _ => return None,
                },
                None => match self.what(j)? {
                    What::Measure(_) | What::Label(_) | What::Noun(_) => {}
                    _ => return None,
                },
            }
        }
        None
    }

    pub(super) fn hedge_before(&self, k: usize) -> Option<Hedge> {
        let at = |back: usize| k.checked_sub(back).and_then(|j| self.word(j));
        match (at(2), at(1)) {
            (Some("more"), Some("than")) => Some(Hedge::Over),
            (Some("less" | "fewer" | "lower"), Some("than")) => Some(Hedge::Less),
            (_, Some("over")) => Some(Hedge::Over),
            (_, Some("under" | "below")) => Some(Hedge::Less),
            (_, Some("nearly" | "almost")) => Some(Hedge::Under),
            (_, Some("about" | "around" | "roughly" | "approximately")) => Some(Hedge::About),
            _ => None,
        }
    }

    /// Relations between names, lists of the first, and whatever else a name proves.
    pub(super) fn names(&mut self) {
        let mut k = 0;
        while k < self.mentions.len() {
            if self.name(k).is_none() {
                k += 1;
                continue;
            }
            let end = self.chain(k);
            if let Some((relation, word)) = self.relation(k) {
                let holds = self.related(k, end, relation);
                if holds {
                    for j in k..end {
                        self.used[j] |= self.name(j).is_some();
                    }
                    self.settled[word] = true;
                    if relation == Relation::SecondOnly {
                        self.settled[word + 1] = true;
                    }
                } else {
                    self.faults[word] = Some("the rows do not stand so to each other".into());
                }
            }
            k = end;
        }
        self.first_few_named();
    }

    pub(super) fn related(&mut self, start: usize, end: usize, relation: Relation) -> bool {
        let objects: Vec<usize> = (start..end).filter(|j| self.name(*j).is_some()).collect();
        let objects = self.groups(&objects);
        let (subject, at) = self.subject_before(start);
        let [subject] = subject.as_slice() else {
            return false;
        };
        for (t, column) in self.columns(start) {
            let table = &self.evidence.tables[t];
            let [own] = proof::rows_of(table, subject)[..] else {
                continue;
            };
            let others: Option<Vec<usize>> = objects
                .iter()
                .map(|o| match proof::rows_of(table, o)[..] {
                    [one] => Some(one),
                    _ => None,
                })
                .collect();
            let Some(others) = others else { continue };
            let Some(x) = table.number(own, column) else {
                continue;
            };
            let values: Option<Vec<f64>> =
                others.iter().map(|r| table.number(*r, column)).collect();
            let Some(values) = values else { continue };
            let descending = !table.ascending();
            let place = |r: usize| table.place(r, column, descending);
            let holds = match relation {
                Relation::Compare(side) => values.iter().all(|y| (x - y) * f64::from(side) > 0.0),
                Relation::Times(m, hedge) => values.iter().all(|y| ratio_is(x / y, m, hedge)),
                Relation::Next => {
                    let mut last = place(own);
                    others.iter().all(|r| {
                        let (now, before) = (place(*r), last);
                        last = now;
                        matches!((before, now), (Some(b), Some(n)) if n == b + 1)
                    })
                }
                Relation::SecondOnly => {
                    others.len() == 1 && place(own) == Some(2) && place(others[0]) == Some(1)
                }
            };
            if holds {
                at.iter().for_each(|j| self.used[*j] = true);
                return true;
            }
        }
        false
    }

    /// The names before `k` that are no other side of a relation, else whom an "it" stands for.
    pub(super) fn subject_before(&self, k: usize) -> (Vec<Vec<String>>, Vec<usize>) {
        let followed = self.relation(k).is_some_and(|r| r.0 == Relation::Next);
        let last = (0..k).rev().find(|j| {
            self.name(*j).is_some()
                && !(self.used[*j] && self.scope_like(*j))
                && (followed || self.relation(self.chain_start(*j)).is_none())
        });
        match last {
            Some(last) => {
                let mut at: Vec<usize> = (self.chain_start(last)..=last)
                    .filter(|j| self.name(*j).is_some())
                    .collect();
                let groups = self.groups(&at);
                // "A, B and C, followed by D": D comes after the last of them.
                if followed && groups.len() > 1 {
                    at = vec![last];
                    return (self.groups(&at), at);
                }
                (groups, at)
            }
            None if !self.carried.is_empty() => (self.carried.clone(), Vec::new()),
            None => (Vec::new(), Vec::new()),
        }
    }

    /// "The top three were A, B and C": exactly the first of the table.
    pub(super) fn first_few_named(&mut self) {
        for i in 1..self.mentions.len() {
            let Some(n) = self.first_few(i).filter(|_| self.name(i).is_some()) else {
                continue;
            };
            let end = self.chain(i);
            let at: Vec<usize> = (i..end).filter(|j| self.name(*j).is_some()).collect();
            let groups = self.groups(&at);
            if groups.len() < 2 || self.chain_start(i) != i {
                continue;
            }
            let columns = self.columns(i);
            let holds = groups.len() == n
                && columns.iter().any(|&(t, column)| {
                    let table = &self.evidence.tables[t];
                    let descending = !table.ascending();
                    // Each by its own row, in the order of their places.
                    let rows: Option<Vec<usize>> = groups
                        .iter()
                        .map(|g| match proof::rows_of(table, g)[..] {
                            [one] => Some(one),
                            _ => None,
                        })
                        .collect();
                    rows.is_some_and(|rows| {
                        let places: Option<Vec<usize>> = rows
                            .iter()
                            .map(|r| table.place(*r, column, descending))
                            .collect();
                        !proof::repeats(&rows)
                            && places.is_some_and(|p| {
                                p.is_sorted() && p.last().is_some_and(|last| *last <= n)
                            })
                    })
                });
            if holds {
                at.iter().for_each(|j| self.used[*j] = true);
            } else {
                at.iter().for_each(|j| {
                    self.faults[*j] = Some("these are not the first ones".into());
                });
            }
        }
    }

    /// "next" without a relation: the place after the one that an earlier name has.
    pub(super) fn next(&mut self, k: usize) -> Option<String> {
        let before = (0..k).rev().find(|j| self.name(*j).is_some());
        let after = (k + 1..self.mentions.len()).find(|j| self.name(*j).is_some());
        let earlier = before.and_then(|b| {
            let start = self.chain_start(b);
            (0..start).rev().find(|j| self.name(*j).is_some())
        });
        // "Latin follows": the one in front of the word comes after the one named before it.
        let active = matches!(self.word(k), Some("follows" | "followed"));
        let (first, second) = match (before, after) {
            (Some(b), _) if active => match earlier {
                Some(e) => (self.groups(&[e]), self.groups(&[b])),
                None => (self.carried.clone(), self.groups(&[b])),
            },
            (Some(b), Some(a)) => (self.groups(&[b]), self.groups(&[a])),
            (None, Some(a)) => (self.carried.clone(), self.groups(&[a])),
            _ => (Vec::new(), Vec::new()),
        };
        let [second] = second.as_slice() else {
            return Some("nothing proves what comes next".to_string());
        };
        let first = match first.as_slice() {
            [one] => Some(one),
            [] => None,
            _ => return Some("nothing proves what comes next".to_string()),
        };
        let holds = self.columns(k).iter().any(|&(t, column)| {
            let table = &self.evidence.tables[t];
            let place = |g: &[String]| match proof::rows_of(table, g)[..] {
                [one] => table.place(one, column, !table.ascending()),
                _ => None,
            };
            // With nothing before it, it comes after the first.
            let before = first.map_or(Some(1), |f| place(f));
            matches!((before, place(second)), (Some(a), Some(b)) if b == a + 1)
        });
        (!holds).then(|| "another one comes next".to_string())
    }

    pub(super) fn comparative(&mut self, k: usize, side: i8) -> Option<String> {
        let apart = k > 0
            && self
                .proofs
                .iter()
                .any(|p| p.0 == k - 1 && matches!(p.1.cue, Cue::Apart(..)) && !p.2.is_empty());
        // "more than any other region"
        let any = self.word(k + 1) == Some("than")
            && (k + 2..k + 5).any(|j| {
                matches!(
                    self.word(j),
                    Some("any" | "anyone" | "anybody" | "anything")
                )
            });
        if any {
            let holds = self.of_subject(k, |evidence, (t, row), column| {
                let table = &evidence.tables[t];
                let own = table.number(row, column);
                table.extreme_holds(column, side)
                    && own.is_some_and(|own| {
                        (0..table.rows.len()).filter(|r| *r != row).all(|r| {
                            table
                                .number(r, column)
                                .is_none_or(|x| (own - x) * f64::from(side) > 0.0)
                        })
                    })
            });
            return (!holds).then(|| "another one is beyond it".to_string());
        }
        // "more than 1,200": it says how exact the number is.
        let hedges = (k + 1..(k + 4).min(self.mentions.len())).any(|i| {
            self.number(i).is_some() && self.hedge_words(i) == i - k && self.hedge_words(i) > 0
                || self.word(k + 1) == Some("than")
                    && (matches!(self.kind(i), Some(Kind::Fraction(_) | Kind::Multiple(_)))
                        || self.word(i) == Some("quarter") && self.word(i - 1) == Some("a")
                        || self.kind(i) == Some(Kind::Ordinal(3)) && self.word(i + 1) == Some("of"))
        });
        if apart || hedges {
            return None;
        }
        // "lower than the 268,700 of 2019": of two numbers that are proven.
        if self.word(k + 1) == Some("than") {
            let after = (0..self.proofs.len()).find(|p| self.proofs[*p].0 > k);
            let before = (0..self.proofs.len()).rev().find(|p| self.proofs[*p].0 < k);
            if let (Some(a), Some(b)) = (before, after)
                && let (Some(x), Some(y)) = (self.proofs[a].2.first(), self.proofs[b].2.first())
                && x.column == y.column
                && x.row.is_some()
                && y.row.is_some()
                && sign(x.value - y.value) == side
            {
                return None;
            }
        }
        // "sold less than in Q3 1997"
        if self.period_behind(k) && !(k > 0 && self.number(k - 1).is_some()) {
            return self.direction(k, side);
        }
        // "17 % higher", "383 more": a change.
        if k > 0 && self.number(k - 1).is_some() {
            let target = self.proofs.iter().position(|p| p.0 == k - 1);
            let fault = self.demand(
                target,
                |p, _| p.is_change() && sign(p.value) == side,
                "nothing proves this comparison",
            );
            fault.as_ref()?;
        }
        if self.word(k) == Some("ahead")
            && self.of_subject(k, |evidence, (t, row), column| {
                let table = &evidence.tables[t];
                table.extreme_holds(column, 1) && table.place(row, column, true) == Some(1)
            })
        {
            return None;
        }
        // "The South trailed": it is not the first (or not the last).
        let bare = matches!(
            self.word(k),
            Some("trailed" | "trails" | "trailing" | "lagged" | "lags" | "lagging" | "behind")
        );
        if bare
            && self.of_subject(k, |evidence, (t, row), column| {
                let table = &evidence.tables[t];
                table.place(row, column, true).is_some_and(|p| p > 1)
            })
        {
            return None;
        }
        Some("nothing proves this comparison".to_string())
    }
}

/// Whether a ratio is what a number of times says, to a fortieth, or beyond it as a word says.
pub(super) fn ratio_is(ratio: f64, m: f64, hedge: Option<Hedge>) -> bool {
    match hedge {
        None => (ratio / m - 1.0).abs() <= 0.025,
        Some(Hedge::About) => (ratio / m - 1.0).abs() <= 0.07,
        Some(Hedge::Over) => ratio > m && ratio < m + 1.0,
        Some(Hedge::Under) => ratio < m && ratio > m * 0.85,
        Some(Hedge::Less) => ratio < m && ratio > m * 0.5,
    }
}
