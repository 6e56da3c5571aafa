//! What is said of all of them, most of them, none of them, or of a part of the whole.

use super::formulas;
use super::proof::{self, Cue};
use super::reading::What;
use super::sentence::Reader;
use super::statements::sign;
use super::vocabulary::{Hedge, Kind};
use query::Part;

impl Reader<'_, '_> {
    pub(super) fn all(&mut self, k: usize, least: usize) -> Option<String> {
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
                    let rows = formulas::in_time(table, m.0);
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

    pub(super) fn most(&self, k: usize) -> Option<String> {
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
                                formulas::change_of(table, *r, &m.1).is_some_and(|c| sign(c.0) == d)
                            })
                            .count();
                        n * 2 > table.rows.len()
                    })
            })
        });
        (!holds).then(|| "nothing proves that it is most of them".to_string())
    }

    pub(super) fn only(&mut self, k: usize) -> Option<String> {
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
                        formulas::change_of(table, r, &m.1)
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
    pub(super) fn fraction(&mut self, k: usize, fraction: f64) -> Option<String> {
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
                    formulas::change_of(table, r, &m.1).is_some_and(|c| wanted(c.1.abs()))
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

    pub(super) fn nothing(&mut self, k: usize) -> Option<String> {
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
}
