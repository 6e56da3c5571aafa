//! Which cells and formulas give a number for what the sentence names.

use super::evidence::{Evidence, Table};
use super::periods::{self, Span};
use super::reading::{Number, cell_name};
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
    change: bool,
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
    fn extreme_side(&self, column: usize, ascending: bool) -> bool {
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
                if complete
                    && plain(number)
                    && number.rounds(table.rows.len() as f64)
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
pub(super) fn change(number: &Number, from: &[Proof], to: &[Proof]) -> Vec<Proof> {
    let mut found = Vec::new();
    for a in from {
        for b in to
            .iter()
            .filter(|b| b.table == a.table && b.column == a.column)
        {
            let (difference, ratio) = (b.value - a.value, (b.value - a.value) / a.value);
            let exact = if number.percent { ratio } else { difference };
            let close = exact.is_finite()
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

fn plain(number: &Number) -> bool {
    !number.percent && number.currency.is_none()
}

fn whole_scope(table: &Table, context: &Context) -> bool {
    context.spans.iter().all(|s| Some(*s) == table.scope())
}

/// Whether the number is written in the column's unit.
fn unit_fits(number: &Number, table: &Table, column: usize) -> bool {
    let unit = table.columns[column].unit.as_deref();
    let money = unit.filter(|u| u.len() == 3 && u.chars().all(|c| c.is_ascii_uppercase()));
    match (number.percent, &number.currency) {
        (true, None) => unit == Some("fraction"),
        (false, Some(code)) => money == Some(code.as_str()),
        (false, None) => unit != Some("fraction") && money.is_none(),
        (true, Some(_)) => false,
    }
}

fn measure_fits(context: &Context, table: &Table, column: usize, term: &str) -> bool {
    context.measure.as_ref().is_none_or(|m| {
        *m == term.to_lowercase() || *m == table.columns[column].name.to_lowercase()
    })
}

fn repeats<T: PartialEq>(list: &[T]) -> bool {
    list.iter()
        .enumerate()
        .any(|(i, one)| list[..i].contains(one))
}

/// Rows that fit one description.
fn rows_of(table: &Table, group: &[String]) -> Vec<usize> {
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
            group.iter().all(|g| names.contains(g))
        })
        .collect()
}

/// Whether a cell of a row and part belongs to the periods that the sentence names.
fn period_fits(table: &Table, row: usize, column: usize, part: Part, context: &Context) -> bool {
    let scope = table.scope();
    if let Some(own) = table.row_period(row) {
        let named = context.spans.contains(&own);
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
        if context.cue == Cue::Share && part != Part::Share {
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
        if context.groups.is_empty() {
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
fn sums_up(table: &Table, term: &str) -> bool {
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

fn over_rows(number: &Number, context: &Context, t: usize, table: &Table) -> Vec<Proof> {
    let mut found = Vec::new();
    if !table.complete() || table.rows.len() < 2 || !whole_scope(table, context) {
        return found;
    }
    for (column, term, part) in &table.measures {
        let values = table.numbers(*column);
        let sum: f64 = values.iter().sum();
        let value = if context.cue == Cue::Sum {
            sum
        } else {
            sum / values.len() as f64
        };
        let allowed = *part == Part::Value && (context.cue == Cue::Mean || sums_up(table, term));
        if allowed
            && unit_fits(number, table, *column)
            && measure_fits(context, table, *column, term)
            && number.rounds(value)
        {
            found.push(Proof {
                table: t,
                row: None,
                column: Some(*column),
                part: None,
                value,
                change: false,
            });
        }
    }
    found
}

fn share(number: &Number, context: &Context, t: usize, table: &Table) -> Vec<Proof> {
    let mut found = Vec::new();
    let [group] = context.groups.as_slice() else {
        return found;
    };
    if !table.complete() || table.running().is_some() || !whole_scope(table, context) {
        return found;
    }
    for (column, term, part) in &table.measures {
        if *part != Part::Value
            || !sums_up(table, term)
            || !measure_fits(context, table, *column, term)
        {
            continue;
        }
        let sum: f64 = table.numbers(*column).iter().sum();
        for r in rows_of(table, group) {
            let Some(x) = table.number(r, *column) else {
                continue;
            };
            let value = x / sum;
            if value.is_finite() && number.rounds(value) {
                found.push(Proof {
                    table: t,
                    row: Some(r),
                    column: Some(*column),
                    part: None,
                    value,
                    change: false,
                });
            }
        }
    }
    found
}

fn place(number: &Number, context: &Context, t: usize, table: &Table) -> Vec<Proof> {
    let mut found = Vec::new();
    let [group] = context.groups.as_slice() else {
        return found;
    };
    for (column, term, part) in &table.measures {
        if !measure_fits(context, table, *column, term) {
            continue;
        }
        for r in rows_of(table, group) {
            let from_top = !table.ascending();
            if table.extreme_side(*column, !from_top)
                && table
                    .place(r, *column, from_top)
                    .is_some_and(|p| number.rounds(p as f64))
            {
                found.push(Proof {
                    table: t,
                    row: Some(r),
                    column: Some(*column),
                    part: Some(*part),
                    value: number.value,
                    change: false,
                });
            }
        }
    }
    found
}

fn apart(
    number: &Number,
    context: &Context,
    t: usize,
    table: &Table,
    side: i8,
    other: &str,
) -> Vec<Proof> {
    let mut found = Vec::new();
    let [group] = context.groups.as_slice() else {
        return found;
    };
    for (column, term, part) in &table.measures {
        if *part != Part::Value
            || !measure_fits(context, table, *column, term)
            || !context.spans.iter().all(|s| Some(*s) == table.scope())
        {
            continue;
        }
        for a in rows_of(table, group) {
            for b in rows_of(table, &[other.to_string()]) {
                let (Some(x), Some(y)) = (table.number(a, *column), table.number(b, *column))
                else {
                    continue;
                };
                let difference = (x - y) * f64::from(side);
                let exact = if number.percent {
                    difference / y
                } else {
                    difference
                };
                let unit = number.percent || unit_fits(number, table, *column);
                if unit && exact > 0.0 && number.rounds(exact) {
                    found.push(Proof {
                        table: t,
                        row: Some(a),
                        column: Some(*column),
                        part: Some(*part),
                        value: exact,
                        change: false,
                    });
                }
            }
        }
    }
    found
}
