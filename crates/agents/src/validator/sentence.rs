//! One sentence: what each number, name, period and word in it refers to, and whether that holds.

use super::evidence::{Evidence, required_values};
use super::numbers::CheckedClaim;
use super::periods::{self, Span};
use super::proof::{self, Context, Proof};
use super::reading::{Mention, Relation, What};
use super::vocabulary::{self, Kind};
use query::{CompareTo, Part};

/// Checks a sentence; a claim for each statement in it.
pub(super) fn check(mentions: &[Mention], evidence: &Evidence) -> Vec<CheckedClaim> {
    let mut reader = Reader {
        mentions,
        evidence,
        used: vec![false; mentions.len()],
        faults: vec![None; mentions.len()],
        proofs: Vec::new(),
    };
    reader.scopes();
    reader.comparators();
    reader.numbers();
    reader.words();
    reader.leftovers();
    reader.claims()
}

struct Reader<'a, 'd> {
    mentions: &'a [Mention],
    evidence: &'a Evidence<'d>,
    /// Names and periods that something has proven.
    used: Vec<bool>,
    /// What is wrong with a mention.
    faults: Vec<Option<String>>,
    /// Number mentions with what could prove them.
    proofs: Vec<(usize, Context, Vec<Proof>)>,
}

impl Reader<'_, '_> {
    fn what(&self, i: usize) -> Option<&What> {
        self.mentions.get(i).map(|m| &m.what)
    }

    fn word(&self, i: usize) -> Option<&str> {
        match self.what(i) {
            Some(What::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn name(&self, i: usize) -> Option<&str> {
        match self.what(i) {
            Some(What::Name(name)) => Some(name),
            _ => None,
        }
    }

    fn joins(&self, i: usize) -> bool {
        matches!(self.what(i), Some(What::Mark('/' | ','))) || self.word(i) == Some("and")
    }

    /// End of the chain of names that starts at `i`.
    fn chain(&self, i: usize) -> usize {
        let mut end = i + 1;
        loop {
            let step = if self.joins(end) && self.name(end + 1).is_some() {
                2
            } else if matches!(self.what(end), Some(What::Mark(',')))
                && self.word(end + 1) == Some("and")
                && self.name(end + 2).is_some()
            {
                3
            } else {
                return end;
            };
            end += step;
        }
    }

    /// "for West and East": values of a filter of the main query, all of them.
    fn scopes(&mut self) {
        let Some(query) = self.evidence.main() else {
            return;
        };
        let lists = required_values(query);
        for i in 1..self.mentions.len() {
            if self.name(i).is_none()
                || !matches!(self.word(i - 1), Some("for" | "in" | "of" | "at"))
            {
                continue;
            }
            let end = self.chain(i);
            let mut said: Vec<&str> = (i..end).filter_map(|k| self.name(k)).collect();
            said.sort_unstable();
            let holds = lists.iter().any(|list| {
                let mut list: Vec<&str> = list.iter().map(String::as_str).collect();
                list.sort_unstable();
                list == said
            });
            if holds {
                (i..end).for_each(|k| self.used[k] = true);
            }
        }
    }

    /// Whether a number, name or period at `i` is the other side of a comparison.
    fn is_comparator(&self, i: usize) -> bool {
        let before = i.checked_sub(1).and_then(|k| self.word(k));
        matches!(before, Some("against" | "versus" | "vs" | "over" | "than"))
            || (matches!(before, Some("with" | "to"))
                && i >= 2
                && self.word(i - 2) == Some("compared"))
    }

    fn comparators(&mut self) {
        for i in 0..self.mentions.len() {
            match self.what(i) {
                Some(What::Relative(relation)) => {
                    let holds = self
                        .evidence
                        .tables
                        .iter()
                        .filter_map(|t| t.query.as_ref()?.compare.as_ref())
                        .any(|c| match relation {
                            Relation::YearEarlier => c.to == CompareTo::PriorYear,
                            Relation::PeriodBefore => c.to == CompareTo::PriorPeriod,
                            Relation::Other => matches!(c.to, CompareTo::Range(_)),
                        });
                    self.used[i] = true;
                    if !holds {
                        self.faults[i] = Some("no such comparison was made".into());
                    }
                }
                Some(What::Period(span)) if self.is_comparator(i) => {
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

    /// Periods that the queries compare with.
    fn others(&self) -> Vec<Span> {
        self.evidence
            .tables
            .iter()
            .filter_map(|t| periods::prior(t.query.as_ref()?))
            .collect()
    }

    /// Names and periods right behind a number, up to the end of the chain.
    fn behind(&self, i: usize) -> (Vec<usize>, Vec<usize>, usize) {
        let (mut names, mut spans) = (Vec::new(), Vec::new());
        let mut at = i + 1;
        if self.word(at) == Some("each") {
            at += 1;
        }
        loop {
            let preposition = matches!(
                self.word(at),
                Some("in" | "on" | "for" | "at" | "of" | "during" | "from")
            );
            let next = if preposition { at + 1 } else { at };
            match self.what(next) {
                Some(What::Period(span))
                    if preposition || span.start.is_none() || span.end.is_none() =>
                {
                    spans.push(next);
                    at = next + 1;
                }
                Some(What::Name(_)) if preposition => {
                    let end = self.chain(next);
                    names.extend((next..end).filter(|k| self.name(*k).is_some()));
                    at = end;
                }
                _ => return (names, spans, at),
            }
        }
    }

    fn numbers(&mut self) {
        let mut attached = vec![false; self.mentions.len()];
        for i in 0..self.mentions.len() {
            let Some(What::Number(number)) = self.what(i).cloned() else {
                continue;
            };
            let (names_after, spans_after, _) = self.behind(i);
            names_after
                .iter()
                .chain(&spans_after)
                .for_each(|k| attached[*k] = true);
            let own: Vec<usize> = names_after
                .iter()
                .copied()
                .filter(|k| !self.used[*k])
                .collect();
            let group = if own.is_empty() {
                self.before(i, &attached)
            } else {
                own
            };
            let groups = self.groups(&group);
            let clause = (0..i)
                .rev()
                .find(|k| matches!(self.what(*k), Some(What::Mark(';'))))
                .unwrap_or(0);
            let carried: Vec<usize> = if spans_after.is_empty() {
                (clause..i)
                    .filter(|k| {
                        matches!(self.what(*k), Some(What::Period(_)))
                            && !attached[*k]
                            && !self.is_comparator(*k)
                    })
                    .collect()
            } else {
                spans_after.clone()
            };
            let spans = carried
                .iter()
                .filter_map(|k| {
                    if let Some(What::Period(span)) = self.what(*k) {
                        Some(*span)
                    } else {
                        None
                    }
                })
                .collect();
            let context = Context {
                groups,
                spans,
                stated_behind: !spans_after.is_empty(),
                measure: (0..i).rev().find_map(|k| {
                    if let Some(What::Measure(name)) = self.what(k) {
                        Some(name.clone())
                    } else {
                        None
                    }
                }),
                shown: self.word(i + 3) == Some("shown"),
                cue: self.cue(i),
            };
            let mut proofs = match context.cue {
                proof::Cue::Change(a, b) => {
                    proof::change(&number, &self.proofs[a].2, &self.proofs[b].2)
                }
                _ => Vec::new(),
            };
            if proofs.is_empty() {
                proofs = proof::search(&number, &context, self.evidence);
            }
            if proofs.is_empty() {
                self.faults[i] =
                    Some("no cell or formula gives this number for what the sentence names".into());
            } else {
                let whole = matches!(
                    context.cue,
                    proof::Cue::Count
                        | proof::Cue::TieCount(_)
                        | proof::Cue::Sum
                        | proof::Cue::Mean
                );
                if !whole {
                    group.iter().for_each(|k| self.used[*k] = true);
                }
                carried.iter().for_each(|k| self.used[*k] = true);
            }
            self.proofs.push((i, context, proofs));
        }
    }

    /// The nearest chain of names before a number that is not spoken for.
    fn before(&self, i: usize, attached: &[bool]) -> Vec<usize> {
        let scope = |k: usize| self.used[k] && self.scope_like(k);
        let Some(last) = (0..i)
            .rev()
            .find(|k| self.name(*k).is_some() && !attached[*k] && !scope(*k))
        else {
            return Vec::new();
        };
        let first = (0..=last)
            .find(|k| self.name(*k).is_some() && self.chain(*k) > last)
            .unwrap_or(last);
        (first..=last).filter(|k| self.name(*k).is_some()).collect()
    }

    /// Whether a name stands where filters are put in words.
    fn scope_like(&self, k: usize) -> bool {
        let mut first = k;
        while first >= 2 && self.joins(first - 1) && self.name(first - 2).is_some() {
            first -= 2;
        }
        first > 0 && matches!(self.word(first - 1), Some("for" | "in" | "of" | "at"))
    }

    /// Names as alternatives of row descriptions: "A / X and B / Y".
    fn groups(&self, names: &[usize]) -> Vec<Vec<String>> {
        let mut groups: Vec<Vec<String>> = Vec::new();
        for (n, &k) in names.iter().enumerate() {
            let Some(name) = self.name(k) else { continue };
            let same_row = n > 0
                && !(self.word(k - 1) == Some("and")
                    || matches!(self.what(k - 1), Some(What::Mark(','))));
            match groups.last_mut() {
                Some(group) if same_row => group.push(name.to_string()),
                _ => groups.push(vec![name.to_string()]),
            }
        }
        groups
    }

    /// What the words around a number say that it is.
    fn cue(&self, i: usize) -> proof::Cue {
        use proof::Cue;
        let next = self.word(i + 1);
        if matches!(
            next,
            Some("rows" | "row" | "groups" | "group" | "periods" | "period")
        ) {
            if self.word(i + 2) == Some("share")
                && let Some(What::Number(other)) = (i + 3..self.mentions.len())
                    .find_map(|k| self.what(k).filter(|w| matches!(w, What::Number(_))))
            {
                return Cue::TieCount(other.clone());
            }
            return Cue::Count;
        }
        if let Some(What::Number(number)) = self.what(i) {
            if number.ordinal {
                return Cue::Place;
            }
            if number.percent
                && next == Some("of")
                && !matches!(self.what(i + 2), Some(What::Period(_) | What::Name(_)))
            {
                return Cue::Share;
            }
        }
        if let Some(side) = next.and_then(|w| {
            if let Kind::Comparative(s) = vocabulary::kind(w) {
                Some(s)
            } else {
                None
            }
        }) {
            let at = if matches!(self.word(i + 2), Some("than" | "of")) {
                i + 3
            } else {
                i + 2
            };
            if let Some(other) = self.name(at) {
                return Cue::Apart(side, other.to_string());
            }
        }
        let before = i.checked_sub(1).and_then(|k| self.word(k));
        for k in (0..i).rev() {
            match self.what(k) {
                Some(What::Name(_) | What::Measure(_) | What::Mark(';')) => break,
                Some(What::Number(_)) if !matches!(self.cue(k), Cue::Count) => break,
                Some(What::Word(w))
                    if matches!(w.as_str(), "total" | "sum" | "altogether" | "combined") =>
                {
                    return Cue::Sum;
                }
                Some(What::Word(w)) if matches!(w.as_str(), "average" | "mean") => {
                    return Cue::Mean;
                }
                _ => {}
            }
        }
        match before {
            Some("from" | "against" | "versus" | "over") => Cue::Earlier,
            Some("value") if i >= 3 && self.word(i - 3) == Some("share") => Cue::Shared,
            Some("of" | "by") => self
                .pair_before(i)
                .map_or(Cue::Plain, |(a, b)| Cue::Change(a, b)),
            _ => Cue::Plain,
        }
    }

    /// The two numbers of "from A … to B" before `i`.
    fn pair_before(&self, i: usize) -> Option<(usize, usize)> {
        let number = |k: &usize| matches!(self.what(*k), Some(What::Number(_)));
        let second = (0..i).rev().find(number)?;
        let first = (0..second).rev().find(number)?;
        let led = |k: usize, word: &str| k > 0 && self.word(k - 1) == Some(word);
        let at = |k: usize| self.proofs.iter().position(|p| p.0 == k);
        (led(first, "from") && led(second, "to")).then(|| Some((at(first)?, at(second)?)))?
    }

    /// Index into `proofs` of the number that a word at `k` speaks about.
    fn target(&self, k: usize, same: impl Fn(&Kind) -> bool) -> Option<usize> {
        let until = (k + 1..self.mentions.len())
            .find(|j| self.word(*j).is_some_and(|w| same(&vocabulary::kind(w))))
            .unwrap_or(self.mentions.len());
        let counts = |c: &proof::Cue| matches!(c, proof::Cue::Count | proof::Cue::TieCount(_));
        self.proofs
            .iter()
            .position(|p| p.0 > k && p.0 < until && !counts(&p.1.cue))
            .or_else(|| {
                self.proofs
                    .iter()
                    .rposition(|p| p.0 < k && !counts(&p.1.cue))
            })
    }

    fn words(&mut self) {
        self.changes();
        for k in 0..self.mentions.len() {
            let Some(word) = self.word(k).map(str::to_string) else {
                continue;
            };
            let fault = match vocabulary::kind(&word) {
                Kind::Extreme(side) => {
                    let target = self.target(k, |kind| {
                        matches!(kind, Kind::Extreme(_) | Kind::Ordinal(_))
                    });
                    self.demand(
                        target,
                        |p, e| p.is_extreme(side, e),
                        "the rows do not make it the extreme",
                    )
                }
                Kind::Ordinal(n) => {
                    let target = self.target(k, |kind| {
                        matches!(kind, Kind::Extreme(_) | Kind::Ordinal(_))
                    });
                    let bottom = (k + 1..k + 4).any(|j| self.word(j) == Some("bottom"));
                    self.demand(
                        target,
                        |p, e| p.is_place(n, bottom, e),
                        "the rows give another place",
                    )
                }
                Kind::Direction(d) => self.direction(k, d),
                Kind::Comparative(_) => {
                    let holds = k > 0
                        && self.proofs.iter().any(|p| {
                            p.0 == k - 1
                                && matches!(p.1.cue, proof::Cue::Apart(..))
                                && !p.2.is_empty()
                        });
                    if holds {
                        None
                    } else {
                        Some("nothing proves this comparison".to_string())
                    }
                }
                Kind::All => {
                    let counted = self
                        .proofs
                        .iter()
                        .any(|p| p.0 == k + 1 && matches!(p.1.cue, proof::Cue::Count));
                    if counted {
                        None
                    } else {
                        Some("nothing proves that it is all of them".to_string())
                    }
                }
                Kind::No => self.nothing(k),
                Kind::Unknown if word == "did" && self.word(k + 1) == Some("not") => {
                    self.direction(k, 0)
                }
                Kind::Unknown if word == "not" && k > 0 && self.word(k - 1) == Some("did") => None,
                Kind::Unknown if word == "ended" && self.word(k + 1) == Some("where") => {
                    self.direction(k, 0)
                }
                Kind::Unknown
                    if matches!(word.as_str(), "where" | "began")
                        && (0..k).any(|j| self.word(j) == Some("ended")) =>
                {
                    None
                }
                Kind::Unknown => {
                    Some("a word that is neither in the data nor in the vocabulary".to_string())
                }
                Kind::Neutral | Kind::Number(_) => None,
            };
            if fault.is_some() {
                self.faults[k] = fault;
            }
        }
    }

    /// "growth" and "grew" speak of a change: the number must be one.
    fn changes(&mut self) {
        let Some(k) = (0..self.mentions.len()).find(|k| self.word(*k) == Some("growth")) else {
            return;
        };
        let target = self.target(k, |_| false);
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

    fn direction(&mut self, k: usize, wanted: i8) -> Option<String> {
        let is_direction = |j: &usize| {
            self.word(*j)
                .is_some_and(|w| matches!(vocabulary::kind(w), Kind::Direction(_)))
        };
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
        let sign = |x: f64| {
            if x > 0.0 {
                1
            } else if x < 0.0 {
                -1
            } else {
                0
            }
        };
        let mut evidence = 0;
        for &p in &span {
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
            let led = |i: usize, word: &str| i > 0 && self.word(i - 1) == Some(word);
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
        if evidence == 0 {
            Some("no change behind this word".to_string())
        } else {
            None
        }
    }

    fn nothing(&mut self, k: usize) -> Option<String> {
        let main = self.evidence.tables.first();
        let empty = main.is_some_and(|t| t.rows.is_empty());
        match self.word(k + 1) {
            Some("rows") if empty => None,
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

    /// Unsigned losses need a word that says so; names and periods nobody used are unproven.
    fn leftovers(&mut self) {
        for (i, _, proofs) in self.proofs.clone() {
            let Some(What::Number(number)) = self.what(i).cloned() else {
                continue;
            };
            if proofs.is_empty() || number.signed {
                continue;
            }
            let down = (0..i)
                .rev()
                .find_map(|k| match self.word(k).map(vocabulary::kind) {
                    Some(Kind::Direction(d)) => Some(d < 0),
                    _ => None,
                });
            let bare = i >= 2 && self.word(i - 2) == Some("change");
            if proofs.iter().all(|p| p.value < 0.0) && (bare || down != Some(true)) {
                self.faults[i] = Some("a loss is written as a gain".to_string());
            }
        }
        let scope = self
            .evidence
            .main()
            .and_then(|q| Span::of(q.time.as_ref()?.range.as_ref()?));
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

    fn claims(self) -> Vec<CheckedClaim> {
        self.mentions
            .iter()
            .zip(&self.faults)
            .filter_map(|(mention, fault)| {
                let checkable = match &mention.what {
                    What::Word(word) => {
                        !matches!(vocabulary::kind(word), Kind::Neutral) || fault.is_some()
                    }
                    What::Mark(_) | What::Measure(_) | What::Label(_) => fault.is_some(),
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
}
