//! What the words around a number say that it is: a change, a share, a count, a place.

use super::proof::Cue;
use super::reading::{Number, What};
use super::relations::Relation;
use super::sentence::Reader;
use super::vocabulary::{self, Hedge, Kind};

impl Reader<'_, '_> {
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
    pub(super) fn adds_up(&self, i: usize) -> bool {
        i.checked_sub(3).is_some_and(|k| {
            matches!(
                self.word(k),
                Some("add" | "adds" | "adding" | "added" | "sums" | "sum")
            )
        })
    }

    /// "over $1,200 in 2023": the earlier value that a change is over.
    pub(super) fn comparing(&self, i: usize) -> bool {
        (0..i.saturating_sub(1)).any(|k| {
            matches!(self.kind(k), Some(Kind::Direction(_)))
                && (k..i).any(|j| self.number(j).is_some())
        })
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
    pub(super) fn cues(&self, i: usize) -> Vec<Cue> {
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
    pub(super) fn pair_before(&self, i: usize) -> Option<(usize, usize)> {
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
}
