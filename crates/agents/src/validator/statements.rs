//! What the words of a sentence state of groups: which is the largest, which is ahead, what rose,
//! what holds for all of them.

use super::evidence::{Evidence, Table};
use super::periods::Span;
use super::proof::{self, Cue, Proof};
use super::reading::What;
use super::sentence::Reader;
use super::vocabulary::{Hedge, Kind};
use query::Part;

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

/// A row of a table.
type Place = (usize, usize);

/// Names and a period that a row may be told by, and where they stand.
type Try = (Vec<Vec<String>>, Option<Span>, Vec<usize>);

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

    fn hedge_before(&self, k: usize) -> Option<Hedge> {
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

    /// Whether the sentence speaks of changes.
    fn of_change(&self, k: usize) -> bool {
        (self.clause_start(k)..self.clause_end(k)).any(|j| {
            matches!(
                self.word(j),
                Some(
                    "growth"
                        | "fastest"
                        | "slowest"
                        | "fastest-growing"
                        | "slowest-growing"
                        | "steepest"
                )
            ) || matches!(self.kind(j), Some(Kind::Direction(_)))
        })
    }

    /// Columns that a statement at `k` may be about: those of the measure that is named, else
    /// those that the table is about.
    fn columns(&self, k: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let noun = self.measure_near(k);
        let change = self.of_change(k);
        for (t, table) in self.evidence.tables.iter().enumerate() {
            let changes = table.measures.iter().any(|m| Self::is_change_part(m.2));
            let main = table
                .query
                .as_ref()
                .and_then(|q| q.rank.as_ref())
                .and_then(|r| {
                    let term = &table.query.as_ref()?.metrics.get(r.by)?.name;
                    table.measures.iter().find(|m| &m.1 == term && m.2 == r.on)
                })
                .or(table.measures.first());
            for (column, term, part) in &table.measures {
                let fits = match &noun {
                    Some(noun) => {
                        let context = proof::Context {
                            groups: Vec::new(),
                            spans: Vec::new(),
                            stated_behind: false,
                            measure: Some(noun.clone()),
                            shown: false,
                            label: None,
                            object: false,
                            cue: Cue::Plain,
                        };
                        proof::measure_fits(&context, table, *column, term)
                    }
                    None => main.is_some_and(|m| &m.1 == term),
                };
                let right = if change && changes {
                    Self::is_change_part(*part)
                } else {
                    main.is_some_and(|m| m.0 == *column)
                        || matches!(part, Part::Value | Part::Share)
                };
                if fits && right {
                    found.push((t, *column));
                }
            }
        }
        found
    }

    fn measure_near(&self, k: usize) -> Option<String> {
        let fits = |j: usize| {
            self.noun(j)
                .is_some()
                .then(|| self.measure(j + 1))
                .flatten()
        };
        (k + 1..(k + 4).min(self.mentions.len()))
            .find_map(|j| match self.what(j) {
                Some(What::Measure(n)) => Some(n.clone()),
                _ => None,
            })
            .or_else(|| (0..k).rev().find_map(fits))
            .or_else(|| {
                (k..self.mentions.len()).find_map(|j| match self.what(j) {
                    Some(What::Measure(n)) => Some(n.clone()),
                    _ => None,
                })
            })
    }

    /// The names or the period that a word at `k` speaks of, and where they stand.
    fn subject(&self, k: usize) -> (Vec<Vec<String>>, Vec<usize>) {
        let start = self.clause_start(k);
        let object = |j: usize| self.relation(self.chain_start(j)).is_some();
        let free = |j: &usize| {
            self.name(*j).is_some() && !(self.used[*j] && self.scope_like(*j)) && !object(*j)
        };
        let last = (start..k).rev().find(free);
        let at: Vec<usize> = match last {
            Some(last) => self.linked(last),
            None if self.pronoun(k) => return (self.carried.clone(), Vec::new()),
            None => {
                let end = self.clause_end(k);
                match (k + 1..end).find(free) {
                    Some(first) => (first..self.chain(first))
                        .filter(|j| self.name(*j).is_some())
                        .collect(),
                    None => Vec::new(),
                }
            }
        };
        (self.groups(&at), at)
    }

    /// The period in the clause that a word at `k` speaks of, where rows are periods.
    fn subject_period(&self, k: usize) -> Option<(Span, usize)> {
        let (start, end) = (self.clause_start(k), self.clause_end(k));
        let row = |j: &usize| self.span(*j).is_some_and(|s| self.is_row(&s));
        let at = (start..k)
            .rev()
            .find(row)
            .or_else(|| (k + 1..end).find(row))?;
        Some((self.span(at)?, at))
    }

    fn rows(&self, table: &Table, groups: &[Vec<String>], period: Option<Span>) -> Vec<usize> {
        let mut rows = match groups {
            [group] => proof::rows_of(table, group),
            [] if period.is_some() => (0..table.rows.len()).collect(),
            _ => Vec::new(),
        };
        if let Some(span) = period {
            rows.retain(|r| table.row_period(*r) == Some(span));
        }
        rows
    }

    /// Whether something holds of the rows that the sentence speaks of at `k`; marks them as used.
    fn of_subject(&mut self, k: usize, holds: impl Fn(&Evidence, Place, usize) -> bool) -> bool {
        let columns = self.columns(k);
        let (groups, at) = self.subject(k);
        let tries: Vec<Try> = if groups.is_empty() {
            match self.subject_period(k) {
                Some((span, at)) => vec![(Vec::new(), Some(span), vec![at])],
                None => Vec::new(),
            }
        } else {
            let mut tries = vec![(groups.clone(), None, at.clone())];
            if let Some((span, place)) = self.subject_period(k) {
                let at = at.into_iter().chain([place]).collect();
                tries.insert(0, (groups, Some(span), at));
            }
            tries
        };
        for (groups, period, at) in tries {
            for &(t, column) in &columns {
                let table = &self.evidence.tables[t];
                // Several groups may hold it together, each of them.
                let lists: Vec<Vec<Vec<String>>> = if groups.len() > 1 {
                    groups.iter().map(|g| vec![g.clone()]).collect()
                } else {
                    vec![groups.clone()]
                };
                let every = lists
                    .iter()
                    .all(|list| match self.rows(table, list, period)[..] {
                        [row] => holds(self.evidence, (t, row), column),
                        _ => false,
                    });
                if every {
                    at.iter().for_each(|j| self.used[*j] = true);
                    return true;
                }
            }
        }
        false
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

    fn related(&mut self, start: usize, end: usize, relation: Relation) -> bool {
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
    fn subject_before(&self, k: usize) -> (Vec<Vec<String>>, Vec<usize>) {
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
    fn first_few_named(&mut self) {
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

    /// Index into `proofs` of the number that a word at `k` speaks about.
    fn target(&self, k: usize, same: impl Fn(&Kind) -> bool) -> Option<usize> {
        let until = (k + 1..self.mentions.len())
            .find(|j| self.kind(*j).as_ref().is_some_and(&same))
            .unwrap_or(self.mentions.len());
        let counts = |c: &Cue| {
            matches!(
                c,
                Cue::Count | Cue::TieCount(_) | Cue::Chosen | Cue::Moving(_)
            )
        };
        // "49.62, the most of all;": the clause of the word before the next one.
        let (start, end) = (self.clause_start(k), self.clause_end(k));
        let within = |p: &(usize, proof::Context, Vec<Proof>)| !counts(&p.1.cue) && !p.1.object;
        let after = self
            .proofs
            .iter()
            .any(|p| p.0 > k && p.0 < until.min(end) && within(p));
        if !after
            && let Some(found) = self
                .proofs
                .iter()
                .rposition(|p| p.0 < k && p.0 >= start && within(p))
        {
            return Some(found);
        }
        self.proofs
            .iter()
            .position(|p| p.0 > k && p.0 < until && !counts(&p.1.cue) && !p.1.object)
            .or_else(|| {
                self.proofs
                    .iter()
                    .rposition(|p| p.0 < k && !counts(&p.1.cue) && !p.1.object)
            })
    }

    pub(super) fn words(&mut self) {
        self.changes();
        for k in 0..self.mentions.len() {
            let Some(word) = self.word(k).map(str::to_string) else {
                continue;
            };
            if self.settled[k] {
                continue;
            }
            let fault = match super::vocabulary::kind(&word) {
                Kind::Extreme(side) => self.extreme(k, side),
                Kind::Ordinal(n) => self.ordinal(k, n),
                Kind::Direction(d) => self.direction(k, d),
                Kind::Comparative(side) => self.comparative(k, side),
                Kind::All => self.all(k, 1),
                Kind::Both => self.all(k, 2),
                Kind::Sign(side) => self.signed(k, side),
                Kind::Only => self.only(k),
                Kind::No => self.nothing(k),
                Kind::Next => self.next(k),
                Kind::Fraction(f) => self.fraction(k, f),
                Kind::Multiple(m) => self.multiple(k, m),
                // "the bottom three"; "second from the bottom" is read with its ordinal.
                Kind::Neutral
                    if word == "bottom"
                        && !(k.saturating_sub(4)..k)
                            .any(|j| matches!(self.kind(j), Some(Kind::Ordinal(_)))) =>
                {
                    self.extreme(k, -1)
                }
                Kind::Neutral
                    if word == "quarter"
                        && k > 0
                        && self.word(k - 1) == Some("a")
                        && (self.word(k + 1) == Some("of")
                            || k > 1
                                && matches!(
                                    self.word(k - 2),
                                    Some(
                                        "than" | "about" | "over" | "nearly" | "almost" | "roughly"
                                    )
                                )) =>
                {
                    self.fraction(k, 0.25)
                }
                Kind::InTime(side) => self.in_time(k, side),
                Kind::Unknown if word == "did" && self.word(k + 1) == Some("not") => {
                    self.direction(k, 0)
                }
                Kind::Unknown if word == "not" && k > 0 && self.word(k - 1) == Some("did") => None,
                Kind::Unknown if word == "ended" && self.word(k + 1) == Some("where") => {
                    self.direction(k, 0)
                }
                Kind::Unknown if matches!(word.as_str(), "ended" | "began") => None,
                Kind::Unknown
                    if word == "where" && (0..k).any(|j| self.word(j) == Some("ended")) =>
                {
                    None
                }
                Kind::Unknown => {
                    Some("a word that is neither in the data nor in the vocabulary".to_string())
                }
                Kind::Neutral | Kind::Number(_) | Kind::Hedge(_) => None,
            };
            if fault.is_some() {
                self.faults[k] = fault;
            }
        }
        self.mere_members();
    }

    /// "growth" and "grew" speak of a change: the number must be one.
    fn changes(&mut self) {
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

    fn demand(
        &mut self,
        target: Option<usize>,
        holds: impl Fn(&Proof, &Evidence) -> bool,
        fault: &str,
    ) -> Option<String> {
        let Some(target) = target else {
            return Some("no number stands behind this word".to_string());
        };
        let kept: Vec<Proof> = self.proofs[target]
            .2
            .iter()
            .filter(|p| holds(p, self.evidence))
            .cloned()
            .collect();
        if kept.is_empty() {
            return Some(fault.to_string());
        }
        self.proofs[target].2 = kept;
        None
    }

    /// Whether a number is a cell, so that a word about it is one about its column.
    fn of_a_row(&self, target: Option<usize>) -> bool {
        target.is_some_and(|p| self.proofs[p].2.iter().any(|x| x.row.is_some()))
    }

    fn extreme(&mut self, k: usize, side: i8) -> Option<String> {
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

    fn ordinal(&mut self, k: usize, n: usize) -> Option<String> {
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

    /// "next" without a relation: the place after the one that an earlier name has.
    fn next(&mut self, k: usize) -> Option<String> {
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

    /// "a negative margin of -1.2 %"
    fn signed(&mut self, k: usize, side: i8) -> Option<String> {
        let target = self.target(k, |kind| matches!(kind, Kind::Sign(_)));
        self.demand(
            target,
            |p, _| sign(p.value) == side,
            "the number has another sign",
        )
    }

    fn direction(&mut self, k: usize, wanted: i8) -> Option<String> {
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
    fn moved(&mut self, k: usize, wanted: i8) -> bool {
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
                    if let Some((a, b)) = proof::ends(table, *column, &rows)
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
                        && proof::change_of(table, 0, term).is_some_and(|c| sign(c.0) == wanted)
                } else {
                    groups.iter().all(|g| {
                        let rows = proof::rows_of(table, g);
                        rows.len() == 1
                            && proof::change_of(table, rows[0], term)
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
    fn all_move(&self, k: usize, wanted: i8) -> bool {
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
                        proof::change_of(table, r, &m.1)
                            .is_some_and(|c| (sign(c.0) == wanted) != no)
                    })
                })
        })
    }

    fn comparative(&mut self, k: usize, side: i8) -> Option<String> {
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

    fn all(&mut self, k: usize, least: usize) -> Option<String> {
        // "grew every year"
        if self.word(k) == Some("every")
            && matches!(
                self.word(k + 1),
                Some("year" | "quarter" | "month" | "week" | "day")
            )
            && let Some(d) =
                (self.clause_start(k)..self.clause_end(k)).find_map(|j| match self.kind(j) {
                    Some(Kind::Direction(d)) => Some(d),
                    _ => None,
                })
        {
            let holds = self.evidence.tables.iter().any(|table| {
                table.measures.first().is_some_and(|m| {
                    let rows = proof::in_time(table, m.0);
                    rows.len() > 1 && rows.windows(2).all(|w| sign(w[1].2 - w[0].2) == d)
                })
            });
            return (!holds).then(|| "it does not hold for each of them".to_string());
        }
        let counted = self.proofs.iter().any(|p| {
            p.0 == k + 1 && matches!(p.1.cue, Cue::Count | Cue::Moving(_)) && !p.2.is_empty()
        });
        let moves = (k..self.clause_end(k)).find_map(|j| match self.kind(j) {
            Some(Kind::Direction(d)) => Some((j, d)),
            _ => None,
        });
        if let Some((j, d)) = moves {
            let told = counted && (k..j).any(|i| self.number(i).is_some());
            return if self.all_move(j, d) || (told && self.moving_all(d)) {
                None
            } else {
                Some("it does not hold for all of them".to_string())
            };
        }
        if counted {
            return None;
        }
        // "Both West and East": what is said of them is proven of each.
        if least == 2 && self.name(k + 1).is_some() {
            let names = (k + 1..self.chain(k + 1))
                .filter(|j| self.name(*j).is_some())
                .count();
            return (names != 2).then(|| "these are not two".to_string());
        }
        let whole = self.evidence.tables.iter().any(|t| {
            t.complete() && t.rows.len() > 1 && (least != 2 || t.rows.len() == 2) && !t.filtered()
        });
        // "the most of all": what is the most is proven there.
        if k > 0
            && self.word(k - 1) == Some("of")
            && (self.clause_start(k)..k).any(|j| matches!(self.kind(j), Some(Kind::Extreme(_))))
        {
            return None;
        }
        let of_groups = (k + 1..(k + 4).min(self.mentions.len())).any(|j| {
            self.noun(j).is_some()
                || matches!(self.word(j), Some("others" | "groups" | "rows" | "other"))
        });
        // Of whom it holds is proven by the other words; a threshold for all is not read.
        let threshold =
            (k..self.clause_end(k)).any(|j| self.number(j).is_some() && self.hedge_words(j) > 0);
        if whole && of_groups && !threshold {
            return None;
        }
        Some("nothing proves that it is all of them".to_string())
    }

    fn moving_all(&self, d: i8) -> bool {
        self.evidence.tables.iter().any(|table| {
            table.complete()
                && table.rows.len() > 1
                && table.measures.first().is_some_and(|m| {
                    (0..table.rows.len())
                        .all(|r| proof::change_of(table, r, &m.1).is_some_and(|c| sign(c.0) == d))
                })
        })
    }

    fn most(&self, k: usize) -> Option<String> {
        let moves = (k..self.clause_end(k)).find_map(|j| match self.kind(j) {
            Some(Kind::Direction(d)) => Some(d),
            _ => None,
        });
        let holds = moves.is_some_and(|d| {
            self.evidence.tables.iter().any(|table| {
                table.complete()
                    && table.measures.first().is_some_and(|m| {
                        let n = (0..table.rows.len())
                            .filter(|r| {
                                proof::change_of(table, *r, &m.1).is_some_and(|c| sign(c.0) == d)
                            })
                            .count();
                        n * 2 > table.rows.len()
                    })
            })
        });
        (!holds).then(|| "nothing proves that it is most of them".to_string())
    }

    fn only(&mut self, k: usize) -> Option<String> {
        // "only 53": a remark on the number.
        let number = (k + 1..(k + 3).min(self.mentions.len())).any(|j| self.number(j).is_some());
        if number {
            return None;
        }
        let moves = (k..self.clause_end(k)).find_map(|j| match self.kind(j) {
            Some(Kind::Direction(d)) => Some(d),
            _ => None,
        });
        let first = (k + 1..self.mentions.len())
            .chain((0..k).rev())
            .find(|j| self.name(*j).is_some())
            .map(|j| self.chain_start(j));
        // "the only one": there are no other rows.
        if let (None, Some(first)) = (moves, first) {
            let at: Vec<usize> = (first..self.chain(first))
                .filter(|j| self.name(*j).is_some())
                .collect();
            let groups = self.groups(&at);
            let alone = self.evidence.tables.first().is_some_and(|t| {
                t.complete()
                    && t.rows.len() == groups.len()
                    && groups.iter().all(|g| !proof::rows_of(t, g).is_empty())
            });
            if alone {
                at.iter().for_each(|j| self.used[*j] = true);
                return None;
            }
        }
        let (Some(d), Some(first)) = (moves, first) else {
            return Some("nothing proves that there are no others".to_string());
        };
        let at: Vec<usize> = (first..self.chain(first))
            .filter(|j| self.name(*j).is_some())
            .collect();
        let groups = self.groups(&at);
        let holds = self.evidence.tables.iter().any(|table| {
            let named: Vec<usize> = groups
                .iter()
                .flat_map(|g| proof::rows_of(table, g))
                .collect();
            table.complete()
                && named.len() == groups.len()
                && table.measures.first().is_some_and(|m| {
                    (0..table.rows.len()).all(|r| {
                        proof::change_of(table, r, &m.1)
                            .is_some_and(|c| (sign(c.0) == d) == named.contains(&r))
                    })
                })
        });
        if holds {
            at.iter().for_each(|j| self.used[*j] = true);
            return None;
        }
        Some("nothing proves that there are no others".to_string())
    }

    /// "half of the total", "more than a third of sales": the part that the subject has of the whole.
    fn fraction(&mut self, k: usize, fraction: f64) -> Option<String> {
        let mut hedge = None;
        for back in 1..5 {
            let Some(j) = k.checked_sub(back) else { break };
            match self.word(j) {
                Some("a" | "the" | "of") => {}
                Some("than") => {
                    hedge = match self.word(j.wrapping_sub(1)) {
                        Some("more" | "higher") => Some(Hedge::Over),
                        Some("less" | "fewer") => Some(Hedge::Less),
                        _ => None,
                    };
                    break;
                }
                Some("over") => {
                    hedge = Some(Hedge::Over);
                    break;
                }
                Some("under") => {
                    hedge = Some(Hedge::Less);
                    break;
                }
                Some(word) => {
                    if let Kind::Hedge(h) = super::vocabulary::kind(word) {
                        hedge = Some(h);
                        break;
                    }
                }
                None => match self.number(j).map(|n| n.value) {
                    Some(1.0 | 2.0) => {}
                    _ => break,
                },
            }
        }
        let wanted = |share: f64| {
            if fraction.is_infinite() {
                return share > 0.5;
            }
            match hedge {
                None => (share - fraction).abs() <= 0.01,
                Some(Hedge::About) => (share - fraction).abs() <= 0.03,
                Some(Hedge::Over) => share > fraction && share < fraction + 0.17,
                Some(Hedge::Under) => share < fraction && share > fraction - 0.06,
                Some(Hedge::Less) => share < fraction && share > fraction - 0.17,
            }
        };
        let (groups, at) = self.subject(k);
        // "up by more than a quarter": of what it was before.
        let moves =
            (self.clause_start(k)..k).any(|j| matches!(self.kind(j), Some(Kind::Direction(_))));
        let changed = moves
            && self.evidence.tables.iter().any(|table| {
                let row = match groups.as_slice() {
                    [] if table.rows.len() == 1 => Some(0),
                    [group] => proof::rows_of(table, group).first().copied(),
                    _ => None,
                };
                row.zip(table.measures.first()).is_some_and(|(r, m)| {
                    proof::change_of(table, r, &m.1).is_some_and(|c| wanted(c.1.abs()))
                })
            });
        // A share that the query computed.
        let told = self.evidence.tables.first().is_some_and(|table| {
            let fixed = groups.iter().flatten().all(|g| table.fixed.contains(g));
            fixed
                && table.rows.len() == 1
                && table.measures.iter().any(|(c, term, _)| {
                    table.columns[*c].unit.as_deref() == Some("fraction")
                        && term.to_lowercase().contains("share")
                        && table.number(0, *c).is_some_and(wanted)
                })
        });
        if changed || told {
            at.iter().for_each(|j| self.used[*j] = true);
            return None;
        }
        let few = self.first_few(k);
        let columns = self.columns(k);
        let holds = columns.iter().any(|&(t, column)| {
            let table = &self.evidence.tables[t];
            let Some((_, term, part)) = table.measures.iter().find(|m| m.0 == column) else {
                return false;
            };
            if *part == Part::Share && groups.len() == 1 {
                return proof::rows_of(table, &groups[0])
                    .iter()
                    .any(|r| table.number(*r, column).is_some_and(wanted));
            }
            if *part != Part::Value || !table.complete() || !proof::sums_up(table, term) {
                return false;
            }
            let all = table.numbers(column);
            let sum: f64 = all.iter().sum();
            let own: Option<f64> = match few {
                Some(n) if groups.is_empty() => {
                    let mut sorted = all.clone();
                    sorted.sort_by(|a, b| b.total_cmp(a));
                    (n <= sorted.len()).then(|| sorted.iter().take(n).sum())
                }
                _ => groups
                    .iter()
                    .map(|g| match proof::rows_of(table, g)[..] {
                        [one] => table.number(one, column),
                        _ => None,
                    })
                    .sum(),
            };
            !(groups.is_empty() && few.is_none()) && own.is_some_and(|x| wanted(x / sum))
        });
        if holds {
            at.iter().for_each(|j| self.used[*j] = true);
            return None;
        }
        Some("the rows give another part of the whole".to_string())
    }

    /// "doubled": the later value over the earlier one.
    fn multiple(&mut self, k: usize, m: f64) -> Option<String> {
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
                    && let Some((a, b)) = proof::ends(table, *column, &spans)
                {
                    return ratio_is(b / a, m, hedge);
                }
                let row = match groups.as_slice() {
                    [] if table.rows.len() == 1 => Some(0),
                    [group] => proof::rows_of(table, group).first().copied(),
                    _ => None,
                };
                row.and_then(|r| proof::change_of(table, r, term))
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

    /// "the last month", "the latest figure": the first or last row of time, or place.
    fn in_time(&mut self, k: usize, side: i8) -> Option<String> {
        let first_or_last = |table: &Table, row: usize, column: usize| {
            let rows = proof::in_time(table, column);
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

    fn nothing(&mut self, k: usize) -> Option<String> {
        // "No artist has more albums than Iron Maiden"
        let more = (k..self.clause_end(k)).find_map(|j| match self.kind(j) {
            Some(Kind::Comparative(side)) => Some((j, side)),
            _ => None,
        });
        if let Some((j, side)) = more
            && let Some(name) = (j..self.clause_end(k)).find(|x| self.name(*x).is_some())
            && (j..name).any(|x| self.word(x) == Some("than"))
        {
            let groups = self.groups(&[name]);
            let holds = self.columns(k).iter().any(|&(t, column)| {
                let table = &self.evidence.tables[t];
                match proof::rows_of(table, &groups[0])[..] {
                    [row] => {
                        table.extreme_holds(column, side)
                            && table.number(row, column).is_some_and(|own| {
                                table
                                    .numbers(column)
                                    .iter()
                                    .all(|x| (own - x) * f64::from(side) >= 0.0)
                            })
                    }
                    _ => false,
                }
            });
            if holds {
                self.used[name] = true;
                self.settled[j] = true;
                self.faults[j] = None;
                return None;
            }
        }
        let main = self.evidence.tables.first();
        let empty = main.is_some_and(|t| t.rows.is_empty());
        let moves = (k..self.clause_end(k)).find_map(|j| match self.kind(j) {
            Some(Kind::Direction(d)) => Some((j, d)),
            _ => None,
        });
        if let Some((j, d)) = moves {
            return if self.all_move(j, d) {
                None
            } else {
                Some("there are some".to_string())
            };
        }
        match self.word(k + 1) {
            Some("rows" | "results" | "data" | "record" | "records") if empty => None,
            _ if empty && self.noun(k + 1).is_some() => None,
            Some("value") => {
                let measure = (k..self.mentions.len()).find_map(|j| {
                    if let Some(What::Measure(name)) = self.what(j) {
                        Some(name.clone())
                    } else {
                        None
                    }
                });
                let holds = main.is_some_and(|t| {
                    let mut columns = t
                        .measures
                        .iter()
                        .filter(|m| {
                            measure.as_ref().is_none_or(|n| m.1.to_lowercase() == *n)
                                && m.2 == Part::Value
                        })
                        .peekable();
                    columns.peek().is_some() && columns.all(|m| t.numbers(m.0).is_empty())
                });
                if holds {
                    None
                } else {
                    Some("there are values".to_string())
                }
            }
            _ => Some("there are rows".to_string()),
        }
    }

    /// Names in a sentence that states nothing else: they are in the result.
    fn mere_members(&mut self) {
        let states = (0..self.mentions.len()).any(|j| {
            self.number(j).is_some()
                || self
                    .kind(j)
                    .is_some_and(|k| !matches!(k, Kind::Neutral | Kind::Hedge(_)))
        });
        let counted = self
            .proofs
            .iter()
            .all(|p| matches!(p.1.cue, Cue::Count) && !p.2.is_empty());
        let Some(table) = self.evidence.tables.first() else {
            return;
        };
        if states && (self.proofs.is_empty() || !counted) {
            return;
        }
        for j in 0..self.mentions.len() {
            let Some(name) = self.name(j).map(str::to_string) else {
                continue;
            };
            if !self.used[j] && !proof::rows_of(table, &[name]).is_empty() {
                self.used[j] = true;
            }
        }
        // A list with a count names each of them.
        let names: Vec<usize> = (0..self.mentions.len())
            .filter(|j| self.name(*j).is_some())
            .collect();
        let groups = self.groups(&names);
        for p in &self.proofs {
            let listed = groups.len() > 1 && self.mark_between(p.0, names.first().copied());
            if listed && (p.2.iter().all(|x| x.value != groups.len() as f64)) {
                self.faults[p.0] = Some("another number of them is named".to_string());
            }
        }
    }

    fn mark_between(&self, number: usize, name: Option<usize>) -> bool {
        name.is_some_and(|n| {
            number < n
                && (number..n).any(|j| {
                    self.mark(j, &[':', '—', '–']) || matches!(self.word(j), Some("are" | "were"))
                })
        })
    }
}

fn sign(x: f64) -> i8 {
    if x > 0.0 {
        1
    } else if x < 0.0 {
        -1
    } else {
        0
    }
}

/// Whether a ratio is what a number of times says, to a fortieth, or beyond it as a word says.
fn ratio_is(ratio: f64, m: f64, hedge: Option<Hedge>) -> bool {
    match hedge {
        None => (ratio / m - 1.0).abs() <= 0.025,
        Some(Hedge::About) => (ratio / m - 1.0).abs() <= 0.07,
        Some(Hedge::Over) => ratio > m && ratio < m + 1.0,
        Some(Hedge::Under) => ratio < m && ratio > m * 0.85,
        Some(Hedge::Less) => ratio < m && ratio > m * 0.5,
    }
}
