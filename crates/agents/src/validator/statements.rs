//! What the words of a sentence state of groups: which is the largest, which is ahead, what rose,
//! what holds for all of them.

use super::evidence::{Evidence, Table};
use super::periods::Span;
use super::proof::{self, Cue, Proof};
use super::reading::What;
use super::sentence::Reader;
use super::vocabulary::Kind;
use query::Part;

/// A row of a table.
type Place = (usize, usize);

/// Names and a period that a row may be told by, and where they stand.
type Try = (Vec<Vec<String>>, Option<Span>, Vec<usize>);

impl Reader<'_, '_> {
    /// Whether the sentence speaks of changes.
    pub(super) fn of_change(&self, k: usize) -> bool {
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
    pub(super) fn columns(&self, k: usize) -> Vec<(usize, usize)> {
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

    pub(super) fn measure_near(&self, k: usize) -> Option<String> {
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
    pub(super) fn subject(&self, k: usize) -> (Vec<Vec<String>>, Vec<usize>) {
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
    pub(super) fn subject_period(&self, k: usize) -> Option<(Span, usize)> {
        let (start, end) = (self.clause_start(k), self.clause_end(k));
        let row = |j: &usize| self.span(*j).is_some_and(|s| self.is_row(&s));
        let at = (start..k)
            .rev()
            .find(row)
            .or_else(|| (k + 1..end).find(row))?;
        Some((self.span(at)?, at))
    }

    pub(super) fn rows(
        &self,
        table: &Table,
        groups: &[Vec<String>],
        period: Option<Span>,
    ) -> Vec<usize> {
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
    pub(super) fn of_subject(
        &mut self,
        k: usize,
        holds: impl Fn(&Evidence, Place, usize) -> bool,
    ) -> bool {
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

    /// Index into `proofs` of the number that a word at `k` speaks about.
    pub(super) fn target(&self, k: usize, same: impl Fn(&Kind) -> bool) -> Option<usize> {
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

    pub(super) fn demand(
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

    /// Names in a sentence that states nothing else: they are in the result.
    pub(super) fn mere_members(&mut self) {
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

    pub(super) fn mark_between(&self, number: usize, name: Option<usize>) -> bool {
        name.is_some_and(|n| {
            number < n
                && (number..n).any(|j| {
                    self.mark(j, &[':', '—', '–']) || matches!(self.word(j), Some("are" | "were"))
                })
        })
    }
}

pub(super) fn sign(x: f64) -> i8 {
    if x > 0.0 {
        1
    } else if x < 0.0 {
        -1
    } else {
        0
    }
}
