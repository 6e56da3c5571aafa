//! Formulas over the cells of a table: shares, sums, differences, changes, ratios, places.

use super::evidence::Table;
use super::periods::{self, Span};
use super::proof::{
    Context, Cue, Proof, measure_fits, plain, proof, rows_of, sums_up, unit_fits, whole_scope,
};
use super::reading::Number;
use query::Part;

pub(super) fn share(number: &Number, context: &Context, t: usize, table: &Table) -> Vec<Proof> {
    let mut found = Vec::new();
    // "Q4 accounted for": a row of time has its part of the whole as well.
    let dated: Vec<usize> = (0..table.rows.len())
        .filter(|r| {
            table
                .row_period(*r)
                .is_some_and(|p| context.spans.contains(&p))
        })
        .collect();
    let rows = match context.groups.as_slice() {
        [group] if table.running().is_none() && whole_scope(table, context) => {
            rows_of(table, group)
        }
        [] if table.dimensions.len() == 1 => dated,
        _ => return found,
    };
    if !table.complete() {
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
        for r in rows.iter().copied() {
            let Some(x) = table.number(r, *column) else {
                continue;
            };
            let value = x / sum;
            if value.is_finite() && number.percent && !number.points && number.rounds(value) {
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

pub(super) fn place(number: &Number, context: &Context, t: usize, table: &Table) -> Vec<Proof> {
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

pub(super) fn apart(
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

pub(super) fn over_rows(number: &Number, context: &Context, t: usize, table: &Table) -> Vec<Proof> {
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

/// "2.5 times the East's": one group's value over another's.
pub(super) fn times(
    number: &Number,
    context: &Context,
    t: usize,
    table: &Table,
    other: &str,
) -> Vec<Proof> {
    let mut found = Vec::new();
    let [group] = context.groups.as_slice() else {
        return found;
    };
    for (column, term, part) in &table.measures {
        if *part != Part::Value || !measure_fits(context, table, *column, term) || !plain(number) {
            continue;
        }
        for a in rows_of(table, group) {
            for b in rows_of(table, &[other.to_string()]) {
                if let (Some(x), Some(y)) = (table.number(a, *column), table.number(b, *column))
                    && y != 0.0
                    && number.rounds(x / y)
                {
                    found.push(proof(t, Some(a), *column, Some(*part), x / y));
                }
            }
        }
    }
    found
}

pub(super) fn moved(number: &Number, context: &Context, t: usize, table: &Table) -> Vec<Proof> {
    let mut found = Vec::new();
    for (column, term, part) in &table.measures {
        if *part != Part::Value
            && table
                .measures
                .iter()
                .any(|m| &m.1 == term && m.2 == Part::Value)
        {
            continue;
        }
        if !measure_fits(context, table, *column, term) {
            continue;
        }
        let fraction = table.columns[*column].unit.as_deref() == Some("fraction");
        let fits = |delta: f64, pct: f64| -> Option<f64> {
            let close = |x: f64| {
                x.is_finite() && (number.rounds(x) || (!number.signed && number.rounds(x.abs())))
            };
            if number.percent {
                if number.points {
                    (fraction && close(delta)).then_some(delta)
                } else {
                    close(pct).then_some(pct)
                }
            } else {
                (!fraction && unit_fits(number, table, *column) && close(delta)).then_some(delta)
            }
        };
        // The column that has the change itself, where there is one.
        let wanted = if number.percent && !number.points {
            Part::Pct
        } else {
            Part::Delta
        };
        let own = table
            .measures
            .iter()
            .find(|m| &m.1 == term && m.2 == wanted)
            .map(|m| m.0);
        let mut add = |row: Option<usize>, value: f64| {
            found.push(Proof {
                table: t,
                row,
                column: own,
                part: Some(Part::Pct),
                value,
                change: true,
            });
        };
        if table.running().is_some() && table.dimensions.len() == 1 {
            let plain = context
                .groups
                .iter()
                .flatten()
                .all(|g| table.fixed.contains(g));
            if plain
                && *part == Part::Value
                && let Some((a, b)) = ends(table, *column, &context.spans)
                && let Some(value) = fits(b - a, (b - a) / a)
            {
                add(None, value);
            }
            continue;
        }
        let earlier = table.query.as_ref().and_then(periods::prior);
        let scope = table.scope();
        // "from Q3 to Q4" may be read as one stretch.
        let both = |s: &Span| {
            earlier.is_some_and(|e| e.start == s.start) && scope.is_some_and(|o| o.end == s.end)
        };
        let known = |s: &Span| Some(*s) == scope || Some(*s) == earlier || both(s);
        if !context.spans.iter().all(known) {
            continue;
        }
        let rows: Vec<usize> = match context.groups.as_slice() {
            [] if table.rows.len() == 1 => vec![0],
            [group] => rows_of(table, group),
            _ => Vec::new(),
        };
        for row in rows {
            if let Some((delta, pct)) = change_of(table, row, term)
                && let Some(value) = fits(delta, pct)
            {
                add(
                    Some(row),
                    own.and_then(|c| table.number(row, c)).unwrap_or(value),
                );
            }
        }
    }
    found
}

/// "The highest value was 643": a number that stands for the row that has it.
pub(super) fn extreme(
    number: &Number,
    context: &Context,
    t: usize,
    table: &Table,
    side: i8,
) -> Vec<Proof> {
    let mut found = Vec::new();
    if !context.groups.is_empty() {
        return found;
    }
    for (column, term, part) in &table.measures {
        let values = table.numbers(*column);
        let best = values
            .iter()
            .copied()
            .reduce(|a, b| if (side > 0) == (b > a) { b } else { a });
        if let Some(best) = best
            && table.extreme_holds(*column, side)
            && number.rounds(best)
            && unit_fits(number, table, *column)
            && measure_fits(context, table, *column, term)
            && whole_scope(table, context)
        {
            let row = (0..table.rows.len()).find(|r| table.number(*r, *column) == Some(best));
            found.push(proof(t, row, *column, Some(*part), best));
        }
    }
    found
}

/// How many groups moved that way.
pub(super) fn moving(
    number: &Number,
    context: &Context,
    t: usize,
    table: &Table,
    side: i8,
) -> Vec<Proof> {
    let mut found = Vec::new();
    if !plain(number) || !table.complete() || !whole_scope(table, context) {
        return found;
    }
    let mut terms: Vec<&String> = table.measures.iter().map(|m| &m.1).collect();
    terms.dedup();
    for term in terms {
        let changes: Vec<f64> = (0..table.rows.len())
            .filter_map(|r| change_of(table, r, term).map(|c| c.0))
            .collect();
        let n = changes
            .iter()
            .filter(|c| **c * f64::from(side) > 0.0)
            .count();
        if changes.len() == table.rows.len() && !changes.is_empty() && number.rounds(n as f64) {
            found.push(Proof {
                table: t,
                row: None,
                column: None,
                part: None,
                value: n as f64,
                change: false,
            });
        }
    }
    found
}

/// "The top three together": the sum over the first rows, or their part of the whole.
pub(super) fn first(
    number: &Number,
    context: &Context,
    t: usize,
    table: &Table,
    n: usize,
) -> Vec<Proof> {
    let mut found = Vec::new();
    for (column, term, part) in &table.measures {
        let mut values = table.numbers(*column);
        if *part != Part::Value
            || !sums_up(table, term)
            || !table.extreme_holds(*column, 1)
            || values.len() < n
            || !measure_fits(context, table, *column, term)
        {
            continue;
        }
        values.sort_by(|a, b| b.total_cmp(a));
        let sum: f64 = values.iter().take(n).sum();
        let share = sum / values.iter().sum::<f64>();
        found.extend(sum_or_part(number, table, t, *column, (sum, share)));
    }
    found
}

/// A number said as a sum of some rows, or in percent as their part of the column.
fn sum_or_part(
    number: &Number,
    table: &Table,
    t: usize,
    column: usize,
    (sum, share): (f64, f64),
) -> Option<Proof> {
    let (value, fits) = if number.percent {
        (share, table.complete() && !number.points)
    } else {
        (sum, unit_fits(number, table, column))
    };
    (fits && number.rounds(value)).then(|| proof(t, None, column, None, value))
}

/// The sum over the groups that are named, or their part of the whole.
pub(super) fn together(number: &Number, context: &Context, t: usize, table: &Table) -> Vec<Proof> {
    let mut found = Vec::new();
    if context.groups.len() < 2 || !whole_scope(table, context) {
        return found;
    }
    for (column, term, part) in &table.measures {
        if *part != Part::Value
            || !sums_up(table, term)
            || !measure_fits(context, table, *column, term)
        {
            continue;
        }
        let parts: Option<Vec<f64>> = context
            .groups
            .iter()
            .map(|g| match rows_of(table, g).as_slice() {
                [one] => table.number(*one, *column),
                _ => None,
            })
            .collect();
        let Some(parts) = parts else { continue };
        let sum: f64 = parts.iter().sum();
        let share = sum / table.numbers(*column).iter().sum::<f64>();
        found.extend(sum_or_part(number, table, t, *column, (sum, share)));
    }
    found
}

/// Rows of a table in the order of time, with their values in a column.
pub(super) fn in_time(table: &Table, column: usize) -> Vec<(usize, Span, f64)> {
    if table.dimensions.len() != 1 {
        return Vec::new();
    }
    let mut rows: Vec<(usize, Span, f64)> = (0..table.rows.len())
        .filter_map(|r| Some((r, table.row_period(r)?, table.number(r, column)?)))
        .collect();
    rows.sort_by_key(|(_, span, _)| (span.start, span.hour));
    rows
}

/// The two values that a sentence about a course of time compares: those of the two periods that
/// it names, else the one named and the one before it, else the first and the last.
pub(super) fn ends(table: &Table, column: usize, spans: &[Span]) -> Option<(f64, f64)> {
    let rows = in_time(table, column);
    let own: Vec<&Span> = spans
        .iter()
        .filter(|s| Some(**s) != table.scope())
        .collect();
    let at = |span: &Span| rows.iter().position(|(_, s, _)| s == span);
    match own.as_slice() {
        [] => Some((rows.first()?.2, rows.last().filter(|_| rows.len() > 1)?.2)),
        // "from January to December": a stretch whose ends are rows.
        [one] if at(one).is_none() => {
            let start = rows.iter().find(|(_, s, _)| s.start == one.start)?;
            let end = rows.iter().find(|(_, s, _)| s.end == one.end)?;
            (start.0 != end.0).then_some((start.2, end.2))
        }
        [one] => {
            let k = at(one)?;
            Some((rows.get(k.checked_sub(1)?)?.2, rows[k].2))
        }
        [a, b] => {
            let (a, b) = (at(a)?, at(b)?);
            Some((rows[a.min(b)].2, rows[a.max(b)].2))
        }
        _ => None,
    }
}

/// The change of a row as its table has it, or as its value and the earlier one give it.
pub(super) fn change_of(table: &Table, row: usize, term: &str) -> Option<(f64, f64)> {
    let column = |part: Part| {
        table
            .measures
            .iter()
            .find(|m| m.1 == term && m.2 == part)
            .map(|m| m.0)
    };
    let cell = |part: Part| column(part).and_then(|c| table.number(row, c));
    if let (Some(value), Some(prior)) = (cell(Part::Value), cell(Part::Prior)) {
        return Some((value - prior, (value - prior) / prior));
    }
    match (cell(Part::Delta), cell(Part::Pct)) {
        (None, None) => None,
        (delta, pct) => Some((delta.or(pct)?, pct.unwrap_or(f64::NAN))),
    }
}

/// Whether a query compares with that number in that way.
pub(super) fn bounded(json: &serde_json::Value, op: &str, value: f64) -> bool {
    match json {
        serde_json::Value::Object(map) => {
            let number = |v: &serde_json::Value| {
                v.as_f64()
                    .or_else(|| v.get("number").and_then(serde_json::Value::as_f64))
                    .or_else(|| v.get("integer").and_then(serde_json::Value::as_f64))
            };
            let here = map.get("op").and_then(|o| o.as_str()) == Some(op)
                && map.get("value").and_then(number) == Some(value);
            here || map.values().any(|v| bounded(v, op, value))
        }
        serde_json::Value::Array(list) => list.iter().any(|v| bounded(v, op, value)),
        _ => false,
    }
}
