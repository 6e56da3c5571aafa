//! Which names, periods and measures a number is said of.

use super::periods::Span;
use super::proof::{self, Context, Cue, Proof};
use super::reading::What;
use super::sentence::Reader;

impl Reader<'_, '_> {
    /// Names and periods right behind a number, up to the end of the chain.
    pub(super) fn behind(&self, i: usize) -> (Vec<usize>, Vec<usize>, usize) {
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

    pub(super) fn numbers(&mut self) {
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
    pub(super) fn span_choices(&self, i: usize, carried: &[usize], cue: &Cue) -> Vec<Vec<Span>> {
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
    pub(super) fn before(&self, i: usize, attached: &[bool]) -> Vec<usize> {
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
    pub(super) fn after(&self, i: usize) -> Vec<usize> {
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
    pub(super) fn is_group(&self, names: &[String]) -> bool {
        names.len() > 1
            && self
                .evidence
                .tables
                .iter()
                .any(|t| !proof::rows_of(t, names).is_empty())
    }

    /// The period that a number in a list belongs to: "Q1 and Q2 had 278 and 277".
    pub(super) fn respective_span(&self, i: usize) -> Option<Span> {
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
    pub(super) fn respective(&self, i: usize) -> Option<Vec<usize>> {
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
    pub(super) fn parted(&self, a: usize, b: usize) -> bool {
        (a + 1..b).any(|k| self.word(k) == Some("and") || self.mark(k, &[',']))
    }
}
