//! One sentence: what each number, name, period and word in it refers to, and whether that holds.

use super::evidence::{Evidence, required_values};
use super::numbers::CheckedClaim;
use super::periods::{self, Span};
use super::proof::{self, Context, Cue, Proof};
use super::reading::{self, Mention, Number, What};
use super::statements::Relation;
use super::vocabulary::{self, Hedge, Kind};
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

    fn joins(&self, i: usize) -> bool {
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
    fn scopes(&mut self) {
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

    /// Names and periods right behind a number, up to the end of the chain.
    fn behind(&self, i: usize) -> (Vec<usize>, Vec<usize>, usize) {
        let (mut names, mut spans) = (Vec::new(), Vec::new());
        let mut at = i + 1;
        if self.word(at) == Some("each") || self.noun(at).is_some() {
            at += 1;
        }
        loop {
            let open = self.mark(at, &['(']);
            // "9 refunds": the group itself is counted.
            let counted = at == i + 1 && self.name(at).is_some();
            let preposition = open
                || counted
                || matches!(
                    self.word(at),
                    Some("in" | "on" | "for" | "at" | "of" | "during" | "from" | "by" | "to")
                );
            let mut next = if preposition && !counted { at + 1 } else { at };
            if self.word(next) == Some("the") {
                next += 1;
            }
            match self.what(next) {
                Some(What::Period(span))
                    if preposition || span.start.is_none() || span.end.is_none() =>
                {
                    // "from May to June", "in May to 5 in June": an end, not what the number is of.
                    if self.word(at) == Some("to") {
                        return (names, spans, at);
                    }
                    spans.push(next);
                    at = next + 1;
                }
                Some(What::Name(_)) if preposition => {
                    if self.word(at) == Some("to") {
                        return (names, spans, at);
                    }
                    let end = self.chain(next);
                    names.extend((next..end).filter(|k| self.name(*k).is_some()));
                    at = end;
                }
                _ => return (names, spans, at),
            }
            if self.mark(at, &[')']) {
                at += 1;
            }
        }
    }

    /// The number with what the words in front say of it.
    pub(super) fn hedged(&self, i: usize) -> Option<Number> {
        let mut number = self.number(i)?.clone();
        let at = |back: usize| i.checked_sub(back).and_then(|k| self.word(k));
        let hedge = match (at(2), at(1)) {
            (Some("more" | "higher" | "greater"), Some("than")) => Some(Hedge::Over),
            (Some("less" | "fewer" | "lower"), Some("than")) => Some(Hedge::Under),
            (_, Some("over" | "exceeding" | "exceeded")) if !self.comparing(i) => Some(Hedge::Over),
            (_, Some("under")) => Some(Hedge::Under),
            (Some("close" | "up"), Some("to")) if !self.adds_up(i) => Some(Hedge::Under),
            (Some("shy"), Some("of")) => Some(Hedge::Under),
            (_, Some(word)) => match vocabulary::kind(word) {
                Kind::Hedge(hedge) => Some(hedge),
                _ => None,
            },
            _ => None,
        };
        if self.hedge_words(i) > 0 {
            number.hedge = hedge;
        }
        Some(number)
    }

    /// How many words in front of a number only say how exact it is.
    pub(super) fn hedge_words(&self, i: usize) -> usize {
        let at = |back: usize| i.checked_sub(back).and_then(|k| self.word(k));
        match (at(2), at(1)) {
            (Some("more" | "higher" | "greater" | "less" | "fewer" | "lower"), Some("than")) => 2,
            (Some("close" | "up"), Some("to")) if !self.adds_up(i) => 2,
            (Some("shy"), Some("of")) => 2,
            (_, Some("over" | "exceeding" | "exceeded")) if !self.comparing(i) => 1,
            (_, Some("under")) => 1,
            (_, Some(word)) if matches!(vocabulary::kind(word), Kind::Hedge(_)) => 1,
            (_, Some("just" | "some" | "exactly" | "precisely" | "only")) => 0,
            _ => 0,
        }
    }

    /// "add up to 1,200": no bound.
    fn adds_up(&self, i: usize) -> bool {
        i.checked_sub(3).is_some_and(|k| {
            matches!(
                self.word(k),
                Some("add" | "adds" | "adding" | "added" | "sums" | "sum")
            )
        })
    }

    /// "over $1,200 in 2023": the earlier value that a change is over.
    fn comparing(&self, i: usize) -> bool {
        (0..i.saturating_sub(1)).any(|k| {
            matches!(self.kind(k), Some(Kind::Direction(_)))
                && (k..i).any(|j| self.number(j).is_some())
        })
    }

    fn numbers(&mut self) {
        let mut attached = vec![false; self.mentions.len()];
        for i in 0..self.mentions.len() {
            let Some(number) = self.hedged(i) else {
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
            let clause = self.clause_start(i);
            let carried: Vec<usize> = if spans_after.is_empty() {
                (clause..i)
                    .filter(|k| self.span(*k).is_some() && !attached[*k] && !self.is_comparator(*k))
                    .collect()
            } else {
                spans_after.clone()
            };
            let before = self.before(i, &attached);
            let mut choices: Vec<(Vec<usize>, Vec<Vec<String>>)> = Vec::new();
            let choice = |at: Vec<usize>| {
                let groups = self.groups(&at);
                (at, groups)
            };
            if let Some(only) = self.respective(i) {
                choices.push(choice(only));
            }
            // "Furniture sold 12 in the West": one row that bears both names.
            if let ([a], [b]) = (
                self.groups(&before).as_slice(),
                self.groups(&own).as_slice(),
            ) {
                let both: Vec<String> = a.iter().chain(b).cloned().collect();
                if self.is_group(&both) {
                    choices.push((before.iter().chain(&own).copied().collect(), vec![both]));
                }
            }
            if !own.is_empty() {
                choices.push(choice(own.clone()));
            } else if !before.is_empty() {
                // Behind "ahead of the East" the one who is ahead is meant as well.
                if self.relation(self.chain_start(before[0])).is_some() {
                    choices.push(choice(self.before(self.chain_start(before[0]), &attached)));
                }
                choices.push(choice(before.clone()));
            }
            if choices.is_empty() {
                let after = self.after(i);
                if !after.is_empty() {
                    choices.push(choice(after));
                }
                choices.push((Vec::new(), Vec::new()));
            }
            let said = self.pronoun(i);
            let moved = number.percent && !number.signed && self.is_change(i);
            let mut done = None;
            for cue in self.cues(i) {
                for (group, groups) in &choices {
                    let mut groups = groups.clone();
                    if groups.is_empty() && said {
                        groups = self.carried.clone();
                    }
                    for spans in self.span_choices(i, &carried, &cue) {
                        let context = Context {
                            groups: groups.clone(),
                            spans,
                            stated_behind: !spans_after.is_empty(),
                            measure: self.measure(i),
                            shown: self.word(i + 3) == Some("shown"),
                            label: self.noun(i + 1).map(String::from),
                            object: group
                                .first()
                                .is_some_and(|k| self.relation(self.chain_start(*k)).is_some()),
                            cue: cue.clone(),
                        };
                        let mut proofs = match &cue {
                            Cue::Change(a, b) => proof::change(
                                &number,
                                &self.proofs[*a].2,
                                &self.proofs[*b].2,
                                self.evidence,
                            ),
                            _ => Vec::new(),
                        };
                        if proofs.is_empty() {
                            proofs = proof::search(&number, &context, self.evidence);
                        }
                        // What is said to have moved by it is no level.
                        if cue == Cue::Plain && moved {
                            proofs.retain(Proof::is_change);
                        }
                        if !proofs.is_empty() || done.is_none() {
                            let found = !proofs.is_empty();
                            done = Some((context, proofs, group.clone()));
                            if found {
                                break;
                            }
                        }
                    }
                    if done.as_ref().is_some_and(|d| !d.1.is_empty()) {
                        break;
                    }
                }
                if done.as_ref().is_some_and(|d| !d.1.is_empty()) {
                    break;
                }
            }
            let Some((context, proofs, group)) = done else {
                continue;
            };
            if proofs.is_empty() {
                self.faults[i] =
                    Some("no cell or formula gives this number for what the sentence names".into());
            } else {
                let whole = matches!(
                    context.cue,
                    Cue::Count
                        | Cue::TieCount(_)
                        | Cue::Sum
                        | Cue::Mean
                        | Cue::First(_)
                        | Cue::Chosen
                        | Cue::Moving(_)
                        | Cue::Extreme(_)
                );
                if let Cue::Times(other) | Cue::Apart(_, other) = &context.cue
                    && let Some(k) =
                        (i..self.mentions.len()).find(|k| self.name(*k) == Some(other.as_str()))
                {
                    self.used[k] = true;
                }
                if !whole {
                    group.iter().for_each(|k| self.used[*k] = true);
                }
                for k in 0..self.mentions.len() {
                    let near = carried.contains(&k) || matches!(context.cue, Cue::Moved);
                    if near && self.span(k).is_some_and(|s| context.spans.contains(&s)) {
                        self.used[k] = true;
                    }
                }
            }
            self.proofs.push((i, context, proofs));
        }
    }

    /// Which of the periods in front of a number it may be said of.
    fn span_choices(&self, i: usize, carried: &[usize], cue: &Cue) -> Vec<Vec<Span>> {
        let all: Vec<Span> = carried.iter().filter_map(|k| self.span(*k)).collect();
        let mut out = Vec::new();
        // Both ends of "between May and June 2022", wherever they stand.
        if matches!(cue, Cue::Moved) {
            let every: Vec<Span> = (0..self.mentions.len())
                .filter_map(|k| self.span(k))
                .collect();
            let mut rows: Vec<Span> = every.iter().copied().filter(|s| self.is_row(s)).collect();
            rows.dedup();
            if !rows.is_empty() {
                out.push(rows);
            }
            let others = self.others();
            out.push(every.into_iter().filter(|s| !others.contains(s)).collect());
        }
        out.push(all.clone());
        if let Some(own) = self.respective_span(i) {
            out.insert(0, vec![own]);
        }
        // A scope that is stated once, and the nearest row of time.
        if let Some(last) = all.last().copied().filter(|_| all.len() > 1) {
            out.push(vec![last]);
        }
        out.dedup();
        out
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

    /// Whether an "it" in front of a mention stands for whom an earlier sentence spoke of.
    pub(super) fn pronoun(&self, i: usize) -> bool {
        !self.carried.is_empty()
            && (0..i).any(|k| {
                matches!(
                    self.word(k),
                    Some("it" | "its" | "that" | "they" | "their" | "this")
                )
            })
    }

    /// The measure that a number is said to be of: the noun right behind it, else the last in front.
    pub(super) fn measure(&self, i: usize) -> Option<String> {
        let noun = |k: usize| match self.what(k) {
            Some(What::Measure(n) | What::Noun(n)) => Some(n.clone()),
            _ => None,
        };
        let behind = if self.word(i + 1) == Some("in") || self.word(i + 1) == Some("of") {
            noun(i + 2)
        } else {
            noun(i + 1)
        };
        let fits = |name: &String| {
            self.evidence.tables.iter().any(|t| {
                t.measures.iter().any(|(column, term, _)| {
                    let context = Context {
                        groups: Vec::new(),
                        spans: Vec::new(),
                        stated_behind: false,
                        measure: Some(name.clone()),
                        shown: false,
                        label: None,
                        object: false,
                        cue: Cue::Plain,
                    };
                    proof::measure_fits(&context, t, *column, term)
                })
            })
        };
        let before = || {
            (0..i).rev().find_map(|k| match self.what(k) {
                Some(What::Measure(name)) => Some(name.clone()),
                Some(What::Noun(name)) if fits(name) => Some(name.clone()),
                _ => None,
            })
        };
        behind.filter(fits).or_else(before)
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
        self.linked(last)
    }

    /// The chain that ends at a name, with a name that it stands within: "Technology in the East".
    pub(super) fn linked(&self, last: usize) -> Vec<usize> {
        let first = self.chain_start(last);
        let names: Vec<usize> = (first..=last).filter(|k| self.name(*k).is_some()).collect();
        let mut at = first;
        while at > 0
            && matches!(
                self.word(at - 1),
                Some("in" | "the" | "for" | "within" | "at" | "of")
            )
        {
            at -= 1;
        }
        if names.len() == 1
            && at > 0
            && at < first
            && let (Some(outer), Some(inner)) = (self.name(at - 1), self.name(last))
            && self.is_group(&[outer.to_string(), inner.to_string()])
        {
            return vec![at - 1, last];
        }
        names
    }

    /// The first chain of names behind a number, before the next one.
    fn after(&self, i: usize) -> Vec<usize> {
        let end = (i + 1..self.clause_end(i))
            .find(|k| self.number(*k).is_some())
            .unwrap_or(self.clause_end(i));
        let Some(first) = (i + 1..end).find(|k| self.name(*k).is_some() && !self.used[*k]) else {
            return Vec::new();
        };
        (first..self.chain(first))
            .filter(|k| self.name(*k).is_some())
            .collect()
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

    /// Names as alternatives of row descriptions: "A / X and B / Y".
    pub(super) fn groups(&self, names: &[usize]) -> Vec<Vec<String>> {
        let mut groups: Vec<Vec<String>> = Vec::new();
        // "In the West, Office Supplies": what every row has names none of them.
        let fixed = |k: usize| {
            self.name(k).is_some_and(|n| {
                self.evidence
                    .tables
                    .iter()
                    .all(|t| t.fixed.iter().any(|f| f == n))
            })
        };
        let own: Vec<usize> = names.iter().copied().filter(|k| !fixed(*k)).collect();
        let names = if own.is_empty() { names } else { &own };
        for (n, &k) in names.iter().enumerate() {
            let Some(name) = self.name(k) else { continue };
            let same_row = n > 0 && k > 0 && !self.parted(names[n - 1], k);
            match groups.last_mut() {
                Some(group) if same_row => group.push(name.to_string()),
                _ => groups.push(vec![name.to_string()]),
            }
        }
        groups
    }

    /// Whether some row bears all of these names.
    fn is_group(&self, names: &[String]) -> bool {
        names.len() > 1
            && self
                .evidence
                .tables
                .iter()
                .any(|t| !proof::rows_of(t, names).is_empty())
    }

    /// The period that a number in a list belongs to: "Q1 and Q2 had 278 and 277".
    fn respective_span(&self, i: usize) -> Option<Span> {
        let within = self.clause_start(i)..self.clause_end(i);
        let numbers: Vec<usize> = within
            .clone()
            .filter(|k| self.number(*k).is_some())
            .collect();
        let spans: Vec<usize> = within.filter(|k| self.span(*k).is_some()).collect();
        let listed = |list: &[usize]| {
            list.windows(2).all(|pair| {
                (pair[0] + 1..pair[1]).all(|k| self.mark(k, &[',']) || self.word(k) == Some("and"))
            })
        };
        let fits = numbers.len() > 1
            && numbers.len() == spans.len()
            && spans.last() < numbers.first()
            && listed(&numbers)
            && listed(&spans);
        let at = numbers.iter().position(|k| *k == i)?;
        if fits {
            self.span(*spans.get(at)?)
        } else {
            None
        }
    }

    /// The name that "respectively" gives a number in a list.
    fn respective(&self, i: usize) -> Option<Vec<usize>> {
        let numbers: Vec<usize> = (self.clause_start(i)..self.clause_end(i))
            .filter(|k| self.number(*k).is_some())
            .collect();
        let first = (0..self.mentions.len()).find(|k| {
            let end = self.chain(*k);
            self.name(*k).is_some()
                && self.chain_start(*k) == *k
                && (*k..end).filter(|j| self.name(*j).is_some()).count() == numbers.len()
        })?;
        let names: Vec<usize> = (first..self.chain(first))
            .filter(|k| self.name(*k).is_some())
            .collect();
        // Said so, or one number behind the other.
        let said = (0..self.mentions.len()).any(|k| self.word(k) == Some("respectively"));
        let listed = numbers.windows(2).all(|pair| {
            (pair[0] + 1..pair[1]).all(|k| {
                self.mark(k, &[',']) || matches!(self.word(k), Some("and" | "about" | "roughly"))
            })
        });
        if numbers.len() < 2 || !(said || listed) {
            return None;
        }
        let at = numbers.iter().position(|k| *k == i)?;
        Some(vec![*names.get(at)?])
    }

    /// Whether "and" or a comma stands between two names.
    fn parted(&self, a: usize, b: usize) -> bool {
        (a + 1..b).any(|k| self.word(k) == Some("and") || self.mark(k, &[',']))
    }

    /// Whether a comparison at `k` is with a period: "less than in Q3 1997".
    pub(super) fn period_behind(&self, k: usize) -> bool {
        let mut at = k + 1;
        while matches!(
            self.word(at),
            Some("than" | "in" | "the" | "for" | "during" | "of")
        ) || self.noun(at).is_some()
        {
            at += 1;
        }
        self.span(at).is_some() || matches!(self.what(at), Some(What::Relative(_)))
    }

    /// Whether the words around a number say that something moved by it.
    pub(super) fn is_change(&self, i: usize) -> bool {
        let noun = |k: usize| {
            matches!(self.kind(k), Some(Kind::Direction(_)))
                || matches!(
                    self.word(k),
                    Some("change" | "growth" | "changes" | "changed")
                )
        };
        // "East: $2.31M (+2.7%)"
        if self.number(i).is_some_and(|n| n.signed && n.percent) {
            return true;
        }
        // "388 higher than in January", "7.9 % below January".
        if let Some(Kind::Comparative(_)) = self.kind(i + 1)
            && self.period_behind(i + 1)
        {
            return true;
        }
        if noun(i + 1)
            || (self.word(i + 1) == Some("more") || self.word(i + 1) == Some("less"))
                && self.number(i).is_some_and(|n| n.percent)
                && self.word(i + 2) != Some("than")
        {
            return true;
        }
        let from = i - self.hedge_words(i).min(i);
        let Some(last) = from.checked_sub(1) else {
            return false;
        };
        // "(28.6%)" behind a change.
        if self.mark(last, &['(']) && last > 0 && self.number(last - 1).is_some() {
            return self.is_change(last - 1)
                || (0..last).any(|k| matches!(self.kind(k), Some(Kind::Direction(_))));
        }
        // Back over "by", "of", "a", measure and period to the word that moves.
        let mut k = last;
        for _ in 0..8 {
            if noun(k) {
                return true;
            }
            let word = self.word(k);
            let passes = matches!(
                word,
                Some(
                    "by" | "of"
                        | "a"
                        | "an"
                        | "was"
                        | "is"
                        | "in"
                        | "for"
                        | "the"
                        | "at"
                        | "with"
                        | "just"
                        | "only"
                        | "some"
                        | "had"
                        | "from"
                        | "highest"
                        | "lowest"
                        | "fastest"
                )
            ) && !(k == last && matches!(word, Some("from" | "at")))
                || self.noun(k).is_some()
                || self.name(k).is_some()
                || self.span(k).is_some()
                || self.mark(k, &[':', ','])
                || matches!(self.what(k), Some(What::Relative(_)));
            if !passes || k == 0 {
                return false;
            }
            k -= 1;
        }
        false
    }

    /// What the words around a number may say that it is, likeliest first.
    fn cues(&self, i: usize) -> Vec<Cue> {
        let mut cues = Vec::new();
        let next = self.word(i + 1);
        let Some(number) = self.number(i).cloned() else {
            return cues;
        };
        if matches!(
            next,
            Some("rows" | "row" | "groups" | "group" | "periods" | "period" | "results" | "result")
        ) {
            if matches!(self.word(i + 2), Some("share" | "shared"))
                && let Some(other) =
                    (i + 3..self.mentions.len()).find_map(|k| self.number(k).cloned())
            {
                return vec![Cue::TieCount(other)];
            }
            return vec![Cue::Count];
        }
        if number.ordinal {
            return vec![Cue::Place];
        }
        // "the top three": the number of those that are meant.
        if i > 0
            && number.tolerance <= 0.5
            && (self.noun(i + 1).is_some()
                || matches!(
                    next,
                    Some("of" | "together" | "combined" | "are" | "were" | "by")
                ))
            && matches!(self.kind(i - 1), Some(Kind::Extreme(_)))
            && matches!(
                self.word(i - 1),
                Some("top" | "leading" | "best" | "highest" | "largest" | "biggest")
            )
        {
            return vec![Cue::Chosen];
        }
        if number.percent
            && next == Some("of")
            && !matches!(self.what(i + 2), Some(What::Period(_) | What::Name(_)))
        {
            if let Some(n) = self.first_few(i) {
                cues.push(Cue::First(n));
            }
            cues.push(Cue::Together);
            cues.push(Cue::Share);
            return cues;
        }
        if let Some(Kind::Comparative(side)) = self.kind(i + 1) {
            let mut at = i + 2;
            while matches!(
                self.word(at),
                Some("than" | "of" | "the" | "that" | "in" | "for")
            ) || self.noun(at).is_some()
            {
                at += 1;
            }
            if let Some(other) = self.name(at) {
                return vec![Cue::Apart(side, other.to_string())];
            }
        }
        if self.word(i + 1) == Some("times")
            || (i > 0 && number.tolerance == 0.0 && self.word(i + 1) == Some("times"))
        {
            let mut at = i + 2;
            while matches!(
                self.word(at),
                Some(
                    "as" | "much"
                        | "many"
                        | "that"
                        | "of"
                        | "the"
                        | "those"
                        | "more"
                        | "than"
                        | "in"
                        | "for"
                )
            ) || self.noun(at).is_some()
            {
                at += 1;
            }
            if let Some(other) = self.name(at) {
                return vec![Cue::Times(other.to_string())];
            }
        }
        let before = i.checked_sub(1).and_then(|k| self.word(k));
        // "more than 25 orders": a bound of the query.
        let at = |back: usize| i.checked_sub(back).and_then(|k| self.word(k));
        let bound = match (at(2), at(1)) {
            (Some("more" | "higher" | "greater"), Some("than")) => Some("gt"),
            (_, Some("over" | "above" | "exceeding")) => Some("gt"),
            (Some("less" | "fewer" | "lower"), Some("than")) => Some("lt"),
            (_, Some("below" | "under")) => Some("lt"),
            (Some("at"), Some("least")) => Some("ge"),
            (Some("at"), Some("most")) => Some("le"),
            _ => None,
        };
        cues.extend(bound.map(Cue::Bound));
        // "three studios made two films each"
        let each = (i + 1..self.clause_end(i)).any(|k| self.word(k) == Some("each"));
        if each {
            match (i + 1..self.clause_end(i)).find_map(|k| self.number(k).cloned()) {
                Some(other) => cues.push(Cue::TieCount(other)),
                None => cues.push(Cue::Shared),
            }
        }
        // "Debit leads Credit by one": how far apart they are.
        if before == Some("by")
            && let Some(k) = (self.clause_start(i)..i)
                .rev()
                .find(|k| self.name(*k).is_some())
            && let Some((Relation::Compare(side), _)) = self.relation(self.chain_start(k))
            && let Some(other) = self.name(k)
        {
            return vec![Cue::Apart(side, other.to_string())];
        }
        if before == Some("of") && i > 1 && self.word(i - 2) == Some("out") {
            cues.push(Cue::Sum);
        }
        for k in (0..i).rev() {
            match self.what(k) {
                Some(What::Name(_) | What::Measure(_) | What::Mark(';')) => break,
                Some(What::Number(_))
                    if self.noun(k + 1).is_none()
                        && !matches!(self.word(k + 1), Some("rows" | "groups")) =>
                {
                    break;
                }
                Some(What::Word(w))
                    if matches!(
                        w.as_str(),
                        "total"
                            | "sum"
                            | "altogether"
                            | "combined"
                            | "totals"
                            | "overall"
                            | "totalled"
                            | "totaled"
                    ) =>
                {
                    cues.push(Cue::Sum);
                    // "the total of N" is the total and nothing else.
                    if k > 0 && self.word(k - 1) == Some("the") && w == "total" {
                        return cues;
                    }
                    break;
                }
                Some(What::Word(w))
                    if matches!(w.as_str(), "average" | "mean" | "averaged" | "averaging") =>
                {
                    cues.push(Cue::Mean);
                    break;
                }
                _ => {}
            }
        }
        if matches!(next, Some("altogether" | "overall" | "combined"))
            || (next == Some("in") && matches!(self.word(i + 2), Some("total" | "all")))
        {
            cues.push(Cue::Sum);
        }
        if let Some(n) = self.first_few(i) {
            cues.push(Cue::First(n));
        }
        if (0..i).any(|k| {
            matches!(
                self.word(k),
                Some("together" | "combined" | "jointly" | "collectively")
            )
        }) || matches!(
            next,
            Some("together" | "combined" | "jointly" | "collectively")
        ) {
            cues.push(Cue::Together);
        }
        if (i..self.clause_end(i)).any(|k| {
            matches!(self.word(k), Some("altogether" | "combined"))
                || (self.word(k) == Some("in") && matches!(self.word(k + 1), Some("total" | "all")))
        }) {
            cues.push(Cue::Sum);
        }
        if let Some(side) = (self.clause_start(i)..i).find_map(|k| match self.kind(k) {
            Some(Kind::InTime(side)) => Some(side),
            _ => None,
        }) {
            cues.push(Cue::InTime(side));
        }
        if (self.clause_start(i)..i)
            .any(|k| matches!(self.word(k), Some("gap" | "difference" | "lead" | "margin")))
        {
            cues.push(Cue::Gap);
        }
        if number.percent
            && (self.clause_start(i)..i).any(|k| {
                matches!(
                    self.word(k),
                    Some(
                        "share"
                            | "accounts"
                            | "accounted"
                            | "accounting"
                            | "contributed"
                            | "contributes"
                            | "represented"
                            | "represents"
                            | "representing"
                            | "contributing"
                            | "portion"
                            | "proportion"
                            | "account"
                    )
                ) || (self.word(k) == Some("makes") || self.word(k) == Some("made"))
                    && self.word(k + 1) == Some("up")
            })
        {
            cues.push(Cue::Share);
        }
        match before {
            Some("from" | "against" | "versus" | "over") => cues.push(Cue::Earlier),
            Some("to" | "with") if i > 1 && self.word(i - 2) == Some("compared") => {
                cues.push(Cue::Earlier);
            }
            Some("value") if i >= 3 && self.word(i - 3) == Some("share") => cues.push(Cue::Shared),
            Some("of" | "by") => {
                if let Some((a, b)) = self.pair_before(i) {
                    cues.push(Cue::Change(a, b));
                }
            }
            _ => {}
        }
        if self.is_change(i) {
            cues.push(Cue::Moved);
            if number.percent {
                // What is said to be a change is no level.
                cues.push(Cue::Plain);
                return cues;
            }
        }
        cues.push(Cue::Plain);
        // The earlier value of "up from 1,340 a year earlier", "the previous year's 1,340".
        if i > 0 && matches!(self.what(i - 1), Some(What::Relative(_))) {
            cues.push(Cue::Earlier);
        }
        let near = (i.saturating_sub(6)..i)
            .rev()
            .take_while(|k| self.number(*k).is_none());
        if let Some(Kind::Extreme(side)) = near
            .filter_map(|k| self.kind(k))
            .find(|k| matches!(k, Kind::Extreme(_)))
        {
            cues.push(Cue::Extreme(side));
        }
        if self.noun(i + 1).is_some() || self.word(i + 1) == Some("of") || number.tolerance == 0.0 {
            if let Some(side) =
                (i + 1..(i + 5).min(self.mentions.len())).find_map(|k| match self.kind(k) {
                    Some(Kind::Direction(d)) if d != 0 => Some(d),
                    _ => None,
                })
            {
                cues.push(Cue::Moving(side));
            }
            cues.push(Cue::Count);
        }
        cues
    }

    /// "the top three … 86 %": how many of the first a number is of.
    pub(super) fn first_few(&self, i: usize) -> Option<usize> {
        (1..i).rev().find_map(|k| {
            let number = self.number(k)?;
            let top = matches!(
                self.word(k - 1),
                Some("top" | "leading" | "best" | "highest" | "largest" | "biggest")
            );
            let whole = number.value.fract() == 0.0 && number.value >= 1.0 && number.value < 1000.0;
            (top && whole).then_some(number.value as usize)
        })
    }

    /// The two numbers of "from A … to B" before `i`.
    fn pair_before(&self, i: usize) -> Option<(usize, usize)> {
        let number = |k: &usize| self.number(*k).is_some();
        let second = (0..i).rev().find(number)?;
        let first = (0..second).rev().find(number)?;
        let led = |k: usize, word: &str| {
            let from = k - self.hedge_words(k).min(k);
            from > 0 && self.word(from - 1) == Some(word)
        };
        let at = |k: usize| self.proofs.iter().position(|p| p.0 == k);
        (led(first, "from") && led(second, "to")).then(|| Some((at(first)?, at(second)?)))?
    }

    /// Changes whose two values stand elsewhere in the sentence: "up 74.4 %, from A to B".
    fn changes_between(&mut self) {
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
    fn shares_of_totals(&mut self) {
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
    fn leftovers(&mut self) {
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

    fn claims(self) -> Vec<CheckedClaim> {
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
