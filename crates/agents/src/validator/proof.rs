//! Which cells and formulas give a number for what the sentence names.

use super::evidence::{Evidence, Table};
use super::formulas::{
    apart, bounded, extreme, first, in_time, moved, moving, over_rows, place, share, times,
    together,
};
use super::periods::{self, Span};
use super::reading::{Number, cell_name};
use super::vocabulary;
use query::{Measure, Part};
use semantics::Aggregation;

/// What the words around a number say that it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cue {
    /// Nothing in particular.
    Plain,
    /// A number of rows.
    Count,
    /// A number of rows that have this value.
    TieCount(Number),
    /// A place in a ranking.
    Place,
    /// A part of the total.
    Share,
    /// The sum over the rows.
    Sum,
    /// The mean over the rows.
    Mean,
    /// The value that a change starts from.
    Earlier,
    /// A value that several rows have.
    Shared,
    /// The change between two numbers of the sentence (places in the list of numbers).
    Change(usize, usize),
    /// More (1) or less (-1) than the named group.
    Apart(i8, String),
    /// So many times the named group.
    Times(String),
    /// A change, however the table gives it.
    Moved,
    /// The largest (1) or the smallest (-1) of its column.
    Extreme(i8),
    /// A number of groups whose change has this sign.
    Moving(i8),
    /// So many of the first by rank.
    First(usize),
    /// How many of the first are meant.
    Chosen,
    /// A bound that the query sets: at least, more than, at most, less than.
    Bound(&'static str),
    /// The first (-1) or the last (1) of a course of time.
    InTime(i8),
    /// The sum over the named groups.
    Together,
    /// The difference between the two named groups.
    Gap,
}

/// What a number is said of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Context {
    /// Row descriptions; each must have the number.
    pub(super) groups: Vec<Vec<String>>,
    /// Periods.
    pub(super) spans: Vec<Span>,
    /// Whether the periods stand right behind the number.
    pub(super) stated_behind: bool,
    /// Lower-case name of the measure last mentioned.
    pub(super) measure: Option<String>,
    /// Whether the rows are only said to be shown, not to be all.
    pub(super) shown: bool,
    /// Whether its names are the other side of a relation.
    pub(super) object: bool,
    /// Lower-case name of the grouping column that is counted.
    pub(super) label: Option<String>,
    /// What it is.
    pub(super) cue: Cue,
}

/// A cell, or a formula over a table, that gives the number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Proof {
    pub(super) table: usize,
    pub(super) row: Option<usize>,
    pub(super) column: Option<usize>,
    pub(super) part: Option<Part>,
    /// The exact value.
    pub(super) value: f64,
    pub(super) change: bool,
}

impl Proof {
    /// Whether the number is a change.
    pub(super) fn is_change(&self) -> bool {
        self.change
    }

    /// Whether it is the largest (1) or smallest (-1) of its column.
    pub(super) fn is_extreme(&self, side: i8, evidence: &Evidence) -> bool {
        let (Some(column), Some(_)) = (self.column, self.row) else {
            return false;
        };
        let table = &evidence.tables[self.table];
        table.extreme_holds(column, side)
            && table.numbers(column).iter().all(|x| {
                if side > 0 {
                    *x <= self.value
                } else {
                    *x >= self.value
                }
            })
    }

    /// Whether it has that place in its column.
    pub(super) fn is_place(&self, n: usize, bottom: bool, evidence: &Evidence) -> bool {
        let (Some(column), Some(row)) = (self.column, self.row) else {
            return false;
        };
        let table = &evidence.tables[self.table];
        let ascending =
            bottom || table.ascending() || evidence.tables.first().is_some_and(Table::ascending);
        table.extreme_side(column, ascending) && table.place(row, column, !ascending) == Some(n)
    }

    /// The change of the same row and term, where the table has one.
    pub(super) fn change_beside(&self, evidence: &Evidence) -> Option<f64> {
        let table = &evidence.tables[self.table];
        let (row, column) = (self.row?, self.column?);
        let term = &table.measures.iter().find(|m| m.0 == column)?.1;
        let beside = table
            .measures
            .iter()
            .find(|m| &m.1 == term && matches!(m.2, Part::Pct | Part::Delta))?;
        table.number(row, beside.0)
    }
}

impl Table<'_> {
    /// Whether places counted from this side are places among all groups.
    pub(super) fn extreme_side(&self, column: usize, ascending: bool) -> bool {
        let skip = self
            .query
            .as_ref()
            .and_then(|q| q.rank.as_ref())
            .is_some_and(|r| r.skip > 0);
        skip || self.extreme_holds(column, if ascending { -1 } else { 1 })
    }
}

/// Everything that gives the number under the context.
pub(super) fn search(number: &Number, context: &Context, evidence: &Evidence) -> Vec<Proof> {
    let mut found = Vec::new();
    if repeats(&context.groups) {
        return found;
    }
    for (t, table) in evidence.tables.iter().enumerate() {
        match &context.cue {
            Cue::Count => {
                let complete = !table.truncated || context.shown;
                let mut counts = vec![table.rows.len()];
                counts.extend(context.label.iter().filter_map(|l| table.distinct(l)));
                if complete
                    && plain(number)
                    && counts.iter().any(|n| number.rounds(*n as f64))
                    && whole_scope(table, context)
                {
                    found.push(Proof {
                        table: t,
                        row: None,
                        column: None,
                        part: None,
                        value: number.value,
                        change: false,
                    });
                }
            }
            Cue::TieCount(value) => {
                for (column, _, _) in &table.measures {
                    let n = table
                        .numbers(*column)
                        .iter()
                        .filter(|x| value.rounds(**x))
                        .count();
                    if n > 1 && plain(number) && number.rounds(n as f64) {
                        found.push(Proof {
                            table: t,
                            row: None,
                            column: None,
                            part: None,
                            value: number.value,
                            change: false,
                        });
                    }
                }
            }
            Cue::Sum | Cue::Mean => found.extend(over_rows(number, context, t, table)),
            Cue::Share => found.extend(share(number, context, t, table)),
            Cue::Place => found.extend(place(number, context, t, table)),
            Cue::Apart(side, other) => found.extend(apart(number, context, t, table, *side, other)),
            Cue::Times(other) => found.extend(times(number, context, t, table, other)),
            Cue::Moved => found.extend(moved(number, context, t, table)),
            Cue::Extreme(side) => found.extend(extreme(number, context, t, table, *side)),
            Cue::InTime(side) => {
                for (column, term, part) in &table.measures {
                    let rows = in_time(table, *column);
                    let end = if *side > 0 { rows.last() } else { rows.first() };
                    if let Some((row, _, value)) = end
                        && number.rounds(*value)
                        && unit_fits(number, table, *column)
                        && measure_fits(context, table, *column, term)
                    {
                        found.push(proof(t, Some(*row), *column, Some(*part), *value));
                    }
                }
            }
            Cue::Moving(side) => found.extend(moving(number, context, t, table, *side)),
            Cue::First(n) => found.extend(first(number, context, t, table, *n)),
            Cue::Bound(op) => {
                if table
                    .query
                    .as_ref()
                    .and_then(|q| serde_json::to_value(q).ok())
                    .is_some_and(|q| bounded(&q, op, number.value))
                {
                    found.push(Proof {
                        table: t,
                        row: None,
                        column: None,
                        part: None,
                        value: number.value,
                        change: false,
                    });
                }
            }
            Cue::Chosen => {
                if plain(number) && number.value >= 1.0 && number.value <= table.rows.len() as f64 {
                    found.push(Proof {
                        table: t,
                        row: None,
                        column: None,
                        part: None,
                        value: number.value,
                        change: false,
                    });
                }
            }
            Cue::Together => found.extend(together(number, context, t, table)),
            Cue::Gap => {
                if let [a, b] = context.groups.as_slice() {
                    for (one, other) in [(a, b), (b, a)] {
                        let [other] = other.as_slice() else { continue };
                        let context = Context {
                            groups: vec![one.clone()],
                            ..context.clone()
                        };
                        found.extend(apart(number, &context, t, table, 1, other));
                    }
                }
            }
            Cue::Change(..) | Cue::Plain | Cue::Earlier | Cue::Shared => {}
        }
        if matches!(
            context.cue,
            Cue::Plain | Cue::Shared | Cue::Earlier | Cue::Change(..)
        ) || (context.cue == Cue::Share && number.percent)
        {
            found.extend(cells(number, context, t, table));
        }
    }
    found
}

/// The change between two numbers that are themselves proven.
pub(super) fn change(
    number: &Number,
    from: &[Proof],
    to: &[Proof],
    evidence: &Evidence,
) -> Vec<Proof> {
    let mut found = Vec::new();
    for a in from {
        for b in to
            .iter()
            .filter(|b| b.table == a.table && b.column == a.column)
        {
            let (difference, ratio) = (b.value - a.value, (b.value - a.value) / a.value);
            let fraction = a.column.is_some_and(|c| {
                evidence.tables[a.table].columns[c].unit.as_deref() == Some("fraction")
            });
            let exact = if number.percent && !number.points {
                ratio
            } else {
                difference
            };
            let close = exact.is_finite()
                && (!number.points || fraction)
                && (number.rounds(exact) || (!number.signed && number.rounds(exact.abs())));
            if close {
                found.push(Proof {
                    table: a.table,
                    row: None,
                    column: a.column,
                    part: Some(Part::Pct),
                    value: exact,
                    change: true,
                });
            }
        }
    }
    found
}

pub(super) fn plain(number: &Number) -> bool {
    !number.percent && number.currency.is_none()
}

pub(super) fn whole_scope(table: &Table, context: &Context) -> bool {
    context.spans.iter().all(|s| Some(*s) == table.scope())
}

/// Whether the number is written in the column's unit.
pub(super) fn unit_fits(number: &Number, table: &Table, column: usize) -> bool {
    let unit = table.columns[column].unit.as_deref();
    let money = unit.filter(|u| u.len() == 3 && u.chars().all(|c| c.is_ascii_uppercase()));
    let part = table.measures.iter().find(|m| m.0 == column).map(|m| m.2);
    // The difference of two fractions is one of points; what is no difference is none.
    let difference = unit == Some("fraction") && part == Some(Part::Delta);
    if number.percent && number.points != difference {
        return false;
    }
    match (number.percent, &number.currency) {
        (true, None) => unit == Some("fraction"),
        (false, Some(code)) => money == Some(code.as_str()),
        (false, None) => unit != Some("fraction") && money.is_none(),
        (true, Some(_)) => false,
    }
}

pub(super) fn measure_fits(context: &Context, table: &Table, column: usize, term: &str) -> bool {
    let Some(wanted) = &context.measure else {
        return true;
    };
    let exact = |c: usize, t: &str| {
        *wanted == t.to_lowercase() || *wanted == table.columns[c].name.to_lowercase()
    };
    if table.measures.iter().any(|m| exact(m.0, &m.1)) {
        return exact(column, term);
    }
    // A noun: one of the words of the column, of its term or of its unit.
    let wanted = vocabulary::stem(wanted);
    let unit = table.columns[column].unit.as_deref().unwrap_or_default();
    let matches = |text: &str| {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .any(|w| vocabulary::same_noun(&vocabulary::stem(w), &wanted))
    };
    matches(term) || matches(&table.columns[column].name) || matches(unit)
}

pub(super) fn repeats<T: PartialEq>(list: &[T]) -> bool {
    list.iter()
        .enumerate()
        .any(|(i, one)| list[..i].contains(one))
}

/// Rows that fit one description.
pub(super) fn rows_of(table: &Table, group: &[String]) -> Vec<usize> {
    if repeats(group) {
        return Vec::new();
    }
    (0..table.rows.len())
        .filter(|&r| {
            let names: Vec<String> = table
                .dimensions
                .iter()
                .filter_map(|&c| cell_name(table, r, c))
                .collect();
            group
                .iter()
                .all(|g| names.contains(g) || table.fixed.contains(g))
        })
        .collect()
}

/// Whether a cell of a row and part belongs to the periods that the sentence names.
pub(super) fn period_fits(
    table: &Table,
    row: usize,
    column: usize,
    part: Part,
    context: &Context,
) -> bool {
    let scope = table.scope();
    if let Some(own) = table.row_period(row) {
        let named = context.spans.contains(&own);
        // The earlier value belongs to the row before.
        if part == Part::Prior && (context.cue != Cue::Earlier || context.stated_behind) {
            return false;
        }
        return (named || table.rows.len() == 1)
            && context.spans.iter().all(|s| *s == own || Some(*s) == scope);
    }
    if part == Part::Prior {
        let earlier = table.query.as_ref().and_then(periods::prior).or_else(|| {
            let name = &table.columns[column].name;
            let label: Vec<char> = name
                .rsplit_once('(')?
                .1
                .trim_end_matches(')')
                .chars()
                .collect();
            periods::read(&label).map(|(_, span)| span)
        });
        return if context.stated_behind {
            context.spans.iter().all(|s| Some(*s) == earlier)
        } else {
            context.cue == Cue::Earlier
        };
    }
    context.spans.iter().all(|s| Some(*s) == scope)
}

fn cells(number: &Number, context: &Context, t: usize, table: &Table) -> Vec<Proof> {
    let mut found = Vec::new();
    for (column, term, part) in &table.measures {
        let (column, part) = (*column, *part);
        let change = matches!(part, Part::Pct | Part::Delta);
        if !unit_fits(number, table, column) || !measure_fits(context, table, column, term) {
            continue;
        }
        if part == Part::Share
            && context.cue != Cue::Share
            && context.measure.as_ref() != Some(&table.columns[column].name.to_lowercase())
        {
            continue;
        }
        let own_share = part == Part::Value
            && table.columns[column].unit.as_deref() == Some("fraction")
            && term.to_lowercase().contains("share");
        if context.cue == Cue::Share && part != Part::Share && !own_share {
            continue;
        }
        // "from" starts at the earlier value where the table has one.
        let has_prior = table
            .measures
            .iter()
            .any(|m| &m.1 == term && m.2 == Part::Prior);
        if context.cue == Cue::Earlier
            && has_prior
            && part != Part::Prior
            && table.running().is_none()
        {
            continue;
        }
        let hit = |r: usize| {
            let x = table.number(r, column)?;
            let close = number.rounds(x) || (change && !number.signed && number.rounds(x.abs()));
            (close && period_fits(table, r, column, part, context)).then_some(x)
        };
        let unnamed = context
            .groups
            .iter()
            .all(|g| g.iter().all(|n| table.fixed.contains(n)));
        if unnamed {
            // Without a name only a single row, or one told apart by its period, is meant.
            let dated = table.running().is_some() && table.dimensions.len() == 1;
            if table.rows.len() == 1 || dated {
                for r in 0..table.rows.len() {
                    found.extend(hit(r).map(|value| Proof {
                        table: t,
                        row: Some(r),
                        column: Some(column),
                        part: Some(part),
                        value,
                        change,
                    }));
                }
            }
            let all_equal = table.rows.len() > 1
                && context.cue == Cue::Shared
                && tie_value(number, table, column);
            if all_equal && found.is_empty() && !dated {
                found.push(Proof {
                    table: t,
                    row: None,
                    column: Some(column),
                    part: Some(part),
                    value: number.value,
                    change,
                });
            }
            continue;
        }
        let mut proofs = Vec::new();
        let every = context.groups.iter().all(|group| {
            let rows: Vec<Proof> = rows_of(table, group)
                .into_iter()
                .filter_map(|r| {
                    hit(r).map(|value| Proof {
                        table: t,
                        row: Some(r),
                        column: Some(column),
                        part: Some(part),
                        value,
                        change,
                    })
                })
                .collect();
            proofs.extend(rows.iter().cloned());
            !rows.is_empty()
        });
        if every {
            found.extend(proofs);
        }
    }
    found
}

/// Whether several rows have this value and the sentence may speak of them together.
fn tie_value(number: &Number, table: &Table, column: usize) -> bool {
    table
        .numbers(column)
        .iter()
        .filter(|x| number.rounds(**x))
        .count()
        > 1
}

/// Whether a term's values may be summed over rows, as far as the query tells.
pub(super) fn sums_up(table: &Table, term: &str) -> bool {
    fn measure(m: &Measure) -> bool {
        match m {
            Measure::Aggregate { aggregation, .. } => {
                matches!(aggregation, Aggregation::Sum | Aggregation::Count)
            }
            Measure::Metric(name) => by_name(name),
            Measure::Rows(_) => true,
            Measure::Difference { left, right } => measure(left) && measure(right),
            Measure::Where { measure: inner, .. }
            | Measure::Dated { measure: inner, .. }
            | Measure::OrZero(inner) => measure(inner),
            // Ratios, aggregates over groups, levels and whatever else is not known to add up.
            _ => false,
        }
    }
    fn by_name(name: &str) -> bool {
        const NEVER: [&str; 10] = [
            "average",
            "avg",
            "mean",
            "median",
            "rate",
            "ratio",
            "price",
            "distinct",
            "percent",
            "margin_pct",
        ];
        !name
            .to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .any(|w| NEVER.contains(&w) || w == "per")
    }
    let Some(query) = &table.query else {
        return by_name(term);
    };
    query
        .metrics
        .iter()
        .find(|m| m.name == term)
        .is_some_and(|m| measure(&m.measure))
}

pub(super) fn proof(
    t: usize,
    row: Option<usize>,
    column: usize,
    part: Option<Part>,
    value: f64,
) -> Proof {
    Proof {
        table: t,
        row,
        column: Some(column),
        part,
        value,
        change: false,
    }
}
