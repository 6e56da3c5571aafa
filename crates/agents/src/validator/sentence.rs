//! One sentence: what each number, name, period and word in it refers to, and whether that holds.

use super::evidence::{Evidence, required_values};
use super::numbers::CheckedClaim;
use super::periods::{self, Span};
use super::proof::{self, Context, Cue, Proof};
use super::reading::{self, Mention, Number, What};
use super::vocabulary::{self, Kind};
use query::{CompareTo, Part};

/// Whom the sentences before spoke of, for an "it".
#[derive(Debug, Default)]
pub(super) struct Subject(Vec<Vec<String>>);

/// Checks a sentence; a claim for each statement in it.
pub(super) fn check(
    mentions: &[Mention],
    evidence: &Evidence,
    subject: &mut Subject,
) -> Vec<CheckedClaim> {
    let mut reader = Reader {
        mentions,
        evidence,
        carried: subject.0.clone(),
        used: vec![false; mentions.len()],
        faults: vec![None; mentions.len()],
        settled: vec![false; mentions.len()],
        proofs: Vec::new(),
    };
    reader.scopes();
    reader.comparators();
    reader.numbers();
    reader.changes_between();
    reader.shares_of_totals();
    reader.names();
    reader.words();
    reader.leftovers();
    let first = (0..mentions.len())
        .find(|k| reader.name(*k).is_some() && !(reader.used[*k] && reader.scope_like(*k)));
    if let Some(first) = first {
        let chain: Vec<usize> = (first..reader.chain(first)).collect();
        subject.0 = reader.groups(&chain);
    }
    reader.claims()
}

pub(super) struct Reader<'a, 'd> {
    pub(super) mentions: &'a [Mention],
    pub(super) evidence: &'a Evidence<'d>,
    /// Groups that an earlier sentence spoke of.
    pub(super) carried: Vec<Vec<String>>,
    /// Names and periods that something has proven.
    pub(super) used: Vec<bool>,
    /// Words that something has proven.
    pub(super) settled: Vec<bool>,
    /// What is wrong with a mention.
    pub(super) faults: Vec<Option<String>>,
    /// Number mentions with what could prove them.
    pub(super) proofs: Vec<(usize, Context, Vec<Proof>)>,
}

impl Reader<'_, '_> {
    pub(super) fn what(&self, i: usize) -> Option<&What> {
        self.mentions.get(i).map(|m| &m.what)
    }

    pub(super) fn word(&self, i: usize) -> Option<&str> {
        match self.what(i) {
            Some(What::Word(word)) => Some(word),
            _ => None,
        }
    }

    pub(super) fn kind(&self, i: usize) -> Option<Kind> {
        self.word(i).map(vocabulary::kind)
    }

    pub(super) fn name(&self, i: usize) -> Option<&str> {
        match self.what(i) {
            Some(What::Name(name)) => Some(name),
            _ => None,
        }
    }

    pub(super) fn number(&self, i: usize) -> Option<&Number> {
        match self.what(i) {
            Some(What::Number(number)) => Some(number),
            _ => None,
        }
    }

    pub(super) fn span(&self, i: usize) -> Option<Span> {
        match self.what(i) {
            Some(What::Period(span)) => Some(*span),
            _ => None,
        }
    }

    /// A noun of the data: a measure, a grouping column, or another word of its names.
    pub(super) fn noun(&self, i: usize) -> Option<&str> {
        match self.what(i) {
            Some(What::Measure(n) | What::Label(n) | What::Noun(n)) => Some(n),
            _ => None,
        }
    }

    pub(super) fn mark(&self, i: usize, marks: &[char]) -> bool {
        matches!(self.what(i), Some(What::Mark(m)) if marks.contains(m))
    }

    pub(super) fn joins(&self, i: usize) -> bool {
        self.mark(i, &['/', ',']) || self.word(i) == Some("and")
    }

    /// End of the chain of names that starts at `i`.
    pub(super) fn chain(&self, i: usize) -> usize {
        let mut end = i + 1;
        loop {
            let article = |k: usize| usize::from(self.word(k) == Some("the"));
            let step = if self.joins(end) && self.name(end + 1 + article(end + 1)).is_some() {
                2 + article(end + 1)
            } else if self.mark(end, &[','])
                && self.word(end + 1) == Some("and")
                && self.name(end + 2 + article(end + 2)).is_some()
            {
                3 + article(end + 2)
            } else {
                return end;
            };
            end += step;
        }
    }

    /// Start of the chain that `i` belongs to.
    pub(super) fn chain_start(&self, i: usize) -> usize {
        (0..=i)
            .find(|k| self.name(*k).is_some() && self.chain(*k) > i)
            .unwrap_or(i)
    }

    /// "for West and East": values of a filter of the main query, all of them.
    pub(super) fn scopes(&mut self) {
        let Some(query) = self.evidence.main() else {
            return;
        };
        let lists = required_values(query);
        for i in 0..self.mentions.len() {
            if self.name(i).is_none() {
                continue;
            }
            let article = i.checked_sub(1).filter(|k| self.word(*k) == Some("the"));
            let before = article
                .unwrap_or(i)
                .checked_sub(1)
                .and_then(|k| self.word(k));
            let end = self.chain(i);
            let mut said: Vec<&str> = (i..end).filter_map(|k| self.name(k)).collect();
            said.sort_unstable();
            let placed = matches!(
                before,
                Some(
                    "for"
                        | "in"
                        | "of"
                        | "at"
                        | "within"
                        | "from"
                        | "to"
                        | "by"
                        | "across"
                        | "among"
                )
            );
            let holds = lists.iter().any(|list| {
                let mut list: Vec<&str> = list.iter().map(String::as_str).collect();
                list.sort_unstable();
                list == said
            });
            // A value that every row has may stand anywhere.
            let fixed = said.len() == 1
                && lists
                    .iter()
                    .any(|list| list.len() == 1 && list[0] == said[0])
                && self
                    .evidence
                    .tables
                    .iter()
                    .all(|t| t.fixed.iter().any(|f| f == said[0]));
            if fixed || (holds && placed) {
                (i..end).for_each(|k| self.used[k] = true);
            }
        }
    }

    /// Whether a number, name or period at `i` is the other side of a comparison.
    pub(super) fn is_comparator(&self, i: usize) -> bool {
        let mut at = i;
        while at > 0
            && matches!(
                self.word(at - 1),
                Some("in" | "for" | "the" | "during" | "of")
            )
        {
            at -= 1;
        }
        let before = at.checked_sub(1).and_then(|k| self.word(k));
        let other =
            before == Some("on") && self.span(i).is_some_and(|s| self.others().contains(&s));
        other
            || matches!(
                before,
                Some("against" | "versus" | "vs" | "over" | "than" | "below" | "above")
            )
            || (matches!(before, Some("with" | "to"))
                && at >= 2
                && self.word(at - 2) == Some("compared"))
    }

    pub(super) fn comparators(&mut self) {
        for i in 0..self.mentions.len() {
            match self.what(i) {
                Some(What::Relative(relation)) => {
                    let holds = self
                        .evidence
                        .tables
                        .iter()
                        .filter_map(|t| t.query.as_ref()?.compare.as_ref())
                        .any(|c| match relation {
                            reading::Relation::YearEarlier => c.to == CompareTo::PriorYear,
                            reading::Relation::PeriodBefore => c.to == CompareTo::PriorPeriod,
                            reading::Relation::Other => matches!(c.to, CompareTo::Range(_)),
                        });
                    // Another period that is named may be the year before, or end where this begins.
                    let holds = holds
                        || self.evidence.tables.iter().any(|t| {
                            let (Some(now), Some(other)) =
                                (t.scope(), t.query.as_ref().and_then(periods::prior))
                            else {
                                return false;
                            };
                            match relation {
                                reading::Relation::YearEarlier => {
                                    periods::a_year_apart(&other, &now)
                                }
                                reading::Relation::PeriodBefore => other.end == now.start,
                                reading::Relation::Other => false,
                            }
                        });
                    self.used[i] = true;
                    if !holds {
                        self.faults[i] = Some("no such comparison was made".into());
                    }
                }
                Some(What::Period(span)) if self.is_comparator(i) => {
                    let dated = self.is_row(span);
                    let own = matches!(
                        self.word(i - 1),
                        Some("on" | "in" | "for" | "during" | "over")
                    ) && !self.others().contains(span);
                    if dated || own {
                        continue;
                    }
                    let holds = self.others().contains(span);
                    self.used[i] = true;
                    if !holds {
                        self.faults[i] = Some("not the period that was compared with".into());
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a period is that of a row.
    pub(super) fn is_row(&self, span: &Span) -> bool {
        self.evidence
            .tables
            .iter()
            .any(|t| (0..t.rows.len()).any(|r| t.row_period(r).as_ref() == Some(span)))
    }

    /// Periods that the queries compare with.
    pub(super) fn others(&self) -> Vec<Span> {
        self.evidence
            .tables
            .iter()
            .filter_map(|t| periods::prior(t.query.as_ref()?))
            .collect()
    }

    /// Where the clause of a mention starts.
    pub(super) fn clause_start(&self, i: usize) -> usize {
        (0..i)
            .rev()
            .find(|k| self.mark(*k, &[';']))
            .map_or(0, |k| k + 1)
    }

    pub(super) fn clause_end(&self, i: usize) -> usize {
        (i..self.mentions.len())
            .find(|k| self.mark(*k, &[';']))
            .unwrap_or(self.mentions.len())
    }

    /// Whether a name stands where filters are put in words.
    pub(super) fn scope_like(&self, k: usize) -> bool {
        let mut first = k;
        while first >= 2 && self.joins(first - 1) && self.name(first - 2).is_some() {
            first -= 2;
        }
        let fixed = self.name(k).is_some_and(|n| {
            self.evidence
                .tables
                .iter()
                .all(|t| t.fixed.iter().any(|f| f == n))
        });
        fixed || first > 0 && matches!(self.word(first - 1), Some("for" | "in" | "of" | "at"))
    }

    /// Changes whose two values stand elsewhere in the sentence: "up 74.4 %, from A to B".
    pub(super) fn changes_between(&mut self) {
        for p in 0..self.proofs.len() {
            let (i, context, found) = &self.proofs[p];
            let i = *i;
            if !found.is_empty()
                || !matches!(context.cue, Cue::Moved | Cue::Plain | Cue::Change(..))
                || !self.is_change(i)
            {
                continue;
            }
            let Some(number) = self.hedged(i) else {
                continue;
            };
            let levels: Vec<usize> = (0..self.proofs.len())
                .filter(|k| *k != p && !self.proofs[*k].2.is_empty())
                .filter(|k| {
                    self.proofs[*k]
                        .2
                        .iter()
                        .any(|x| !x.is_change() && x.row.is_some())
                })
                .collect();
            let led = |k: usize, words: &[&str]| {
                let from = k - self.hedge_words(k).min(k);
                from > 0 && self.word(from - 1).is_some_and(|w| words.contains(&w))
            };
            let mut proofs = Vec::new();
            for &a in &levels {
                for &b in &levels {
                    if a != b && led(self.proofs[a].0, &["from", "against", "versus"]) {
                        proofs.extend(proof::change(
                            &number,
                            &self.proofs[a].2,
                            &self.proofs[b].2,
                            self.evidence,
                        ));
                    }
                }
            }
            if !proofs.is_empty() {
                self.faults[i] = None;
                self.proofs[p].2 = proofs;
            }
        }
    }

    /// "38.8 % of the total of 5,959": both of one column.
    pub(super) fn shares_of_totals(&mut self) {
        for p in 0..self.proofs.len().saturating_sub(1) {
            let (share, total) = (&self.proofs[p], &self.proofs[p + 1]);
            let together = matches!(share.1.cue, Cue::Share | Cue::First(_) | Cue::Together)
                && total.1.cue == Cue::Sum
                && self.word(share.0 + 1) == Some("of");
            if !together {
                continue;
            }
            let of = |x: &Proof| (x.table, x.column);
            let totals: Vec<_> = total.2.iter().map(of).collect();
            let kept: Vec<Proof> = share
                .2
                .iter()
                .filter(|x| totals.contains(&of(x)))
                .cloned()
                .collect();
            if kept.is_empty() && !share.2.is_empty() && !total.2.is_empty() {
                let at = share.0;
                self.faults[at] = Some("a part of another total".into());
            }
            self.proofs[p].2 = kept;
        }
    }

    /// Unsigned losses need a word that says so; names and periods nobody used are unproven.
    pub(super) fn leftovers(&mut self) {
        for (i, _, proofs) in self.proofs.clone() {
            let Some(number) = self.number(i).cloned() else {
                continue;
            };
            if proofs.is_empty() || number.signed {
                continue;
            }
            let direction = |k: usize| match self.kind(k) {
                Some(Kind::Direction(d)) => Some(d < 0),
                Some(Kind::Comparative(d)) => Some(d < 0),
                _ => None,
            };
            let down = direction(i + 1).or_else(|| (0..i).rev().find_map(direction));
            let bare = i >= 2 && self.word(i - 2) == Some("change");
            if proofs.iter().all(|p| p.value < 0.0) && (bare || down != Some(true)) {
                self.faults[i] = Some("a loss is written as a gain".to_string());
            }
        }
        let scope = self.evidence.tables.first().and_then(|t| t.scope());
        for k in 0..self.mentions.len() {
            if self.used[k] {
                continue;
            }
            match self.what(k) {
                Some(What::Name(_)) => {
                    self.faults[k] = Some("nothing in the sentence proves this name".to_string())
                }
                Some(What::Stranger(_)) => {
                    self.faults[k] = Some("not a value in the data".to_string())
                }
                Some(What::Period(span)) if Some(*span) != scope => {
                    self.faults[k] = Some("not a period of the query".to_string())
                }
                _ => {}
            }
        }
    }

    pub(super) fn claims(self) -> Vec<CheckedClaim> {
        self.mentions
            .iter()
            .zip(&self.faults)
            .filter_map(|(mention, fault)| {
                let checkable = match &mention.what {
                    What::Word(word) => {
                        !matches!(vocabulary::kind(word), Kind::Neutral | Kind::Hedge(_))
                            || fault.is_some()
                    }
                    What::Mark(_) | What::Measure(_) | What::Label(_) | What::Noun(_) => {
                        fault.is_some()
                    }
                    _ => true,
                };
                checkable.then(|| CheckedClaim {
                    start: mention.start,
                    end: mention.end,
                    ok: fault.is_none(),
                    why: fault
                        .clone()
                        .unwrap_or_else(|| "proven from the rows and the query".to_string()),
                })
            })
            .collect()
    }

    /// Whether a part of a measure is a change.
    pub(super) fn is_change_part(part: Part) -> bool {
        matches!(part, Part::Pct | Part::Delta)
    }
}
