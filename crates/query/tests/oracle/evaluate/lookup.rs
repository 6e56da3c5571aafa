//! From a row to the value of a field: expressions, look-ups, bridges.

use super::Evaluator;
use crate::calendar;
use crate::value::{self, Value};
use semantics::{AddressPart, Expression, FieldRef, Model};
use std::collections::BTreeSet;

/// How the rows of a dataset get at a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Many-to-one all the way: relationships in order.
    Direct(Vec<usize>),
    /// Through the rows of a third dataset that look up both.
    Bridge {
        dataset: String,
        home: Vec<usize>,
        target: Vec<usize>,
    },
}

/// All ways of the least number of many-to-one steps.
///
/// No dataset is visited twice; a relationship of a dataset to itself is followed only when it
/// is named.
fn ways(model: &Model, from: &str, to: &FieldRef) -> Vec<Vec<usize>> {
    if from == to.dataset && to.via.is_none() {
        return vec![Vec::new()];
    }
    let mut found: Vec<Vec<usize>> = Vec::new();
    let mut open: Vec<(String, Vec<usize>)> = vec![(from.to_string(), Vec::new())];
    while let Some((at, steps)) = open.pop() {
        for (i, r) in model.relationships.iter().enumerate() {
            let to_itself = r.from == r.to;
            if r.from != at
                || !r.unique
                || steps.iter().any(|s| model.relationships[*s].to == r.to)
                || (to_itself && to.via.as_ref() != Some(&r.name))
            {
                continue;
            }
            let mut next = steps.clone();
            next.push(i);
            if r.to == to.dataset {
                let named = match &to.via {
                    None => true,
                    Some(via) => next.iter().any(|s| &model.relationships[*s].name == via),
                };
                if named {
                    found.push(next);
                }
            } else {
                open.push((r.to.clone(), next));
            }
        }
    }
    let least = found.iter().map(Vec::len).min().unwrap_or(0);
    found.retain(|w| w.len() == least);
    found
}

/// The way from a dataset to a field, or the codes of why there is none.
pub(crate) fn reach(
    model: &Model,
    from: &str,
    to: &FieldRef,
) -> Result<Reach, BTreeSet<&'static str>> {
    match &ways(model, from, to)[..] {
        [one] => return Ok(Reach::Direct(one.clone())),
        [] => {}
        _ => return Err(BTreeSet::from(["E_AMBIGUOUS_PATH"])),
    }
    let mut codes = BTreeSet::from(["E_NO_PATH"]);
    let mut found: Vec<(usize, Reach)> = Vec::new();
    for bridge in &model.datasets {
        if bridge.name == from {
            continue;
        }
        let home = ways(model, &bridge.name, &FieldRef::new(from, ""));
        let target = ways(model, &bridge.name, to);
        if home.is_empty() || target.is_empty() {
            continue;
        }
        let ([home], [target]) = (&home[..], &target[..]) else {
            codes.insert("E_AMBIGUOUS_PATH");
            continue;
        };
        found.push((
            home.len() + target.len(),
            Reach::Bridge {
                dataset: bridge.name.clone(),
                home: home.clone(),
                target: target.clone(),
            },
        ));
    }
    let least = found.iter().map(|f| f.0).min().unwrap_or(0);
    found.retain(|f| f.0 == least);
    if found.len() > 1 {
        // Two bridges give two different numbers: neither may be chosen in silence.
        return Err(BTreeSet::from(["E_AMBIGUOUS_PATH"]));
    }
    let keyed = model
        .dataset(from)
        .is_some_and(|d| !d.primary_key.is_empty());
    match found.pop() {
        None => Err(codes),
        Some(_) if !keyed => Err(BTreeSet::from(["E3012_MN_NO_SAFE_REWRITE"])),
        Some((_, bridge)) => Ok(bridge),
    }
}

impl Evaluator<'_> {
    pub(super) fn row_count(&self, dataset: usize) -> usize {
        self.tables[dataset].rows.len()
    }

    /// A field of a row; NULL of no row.
    pub(super) fn field(&self, dataset: usize, row: Option<usize>, field: &str) -> Value {
        let (Some(row), Some(field)) = (row, self.model.datasets[dataset].field(field)) else {
            return Value::Null;
        };
        self.expression(dataset, row, &field.expression)
    }

    pub(super) fn expression(&self, dataset: usize, row: usize, e: &Expression) -> Value {
        let part = |e: &Expression| self.expression(dataset, row, e);
        match e {
            Expression::Column(name) => {
                let table = self.tables[dataset];
                table
                    .column(name)
                    .map_or(Value::Null, |c| table.rows[row][c].clone())
            }
            Expression::Field(name) => self.field(dataset, Some(row), name),
            Expression::Number(n) => literal_number(*n),
            Expression::Multiply(factors) => factors
                .iter()
                .map(part)
                .reduce(|a, b| value::multiply(&a, &b))
                .unwrap_or(Value::Null),
            Expression::Add(terms) => terms
                .iter()
                .map(part)
                .reduce(|a, b| value::add(&a, &b))
                .unwrap_or(Value::Null),
            Expression::Subtract(a, b) => value::subtract(&part(a), &part(b)),
            Expression::Divide(a, b) => value::divide(&part(a), &part(b)),
            Expression::Concatenate { separator, parts } => {
                let texts: Vec<String> = parts
                    .iter()
                    .map(part)
                    .filter(|v| !v.is_null())
                    .map(|v| v.to_string())
                    .collect();
                if texts.is_empty() {
                    Value::Null
                } else {
                    Value::Text(texts.join(separator))
                }
            }
            Expression::Address { of, part: which } => match part(of) {
                Value::Text(t) => address(&t, *which),
                _ => Value::Null,
            },
            Expression::Text(t) => Value::text(t),
            Expression::Lookup(field) => {
                let home = &self.model.datasets[dataset].name;
                match reach(self.model, home, field) {
                    Ok(Reach::Direct(way)) => self.at(&way, row, field),
                    _ => Value::Null,
                }
            }
            Expression::Case {
                branches,
                otherwise,
            } => {
                let home = &self.model.datasets[dataset].name;
                branches
                    .iter()
                    .find(|b| self.declared(home, row, &b.when))
                    .map(|b| &b.then)
                    .or(otherwise.as_deref())
                    .map_or(Value::Null, part)
            }
            Expression::Coalesce(parts) => parts
                .iter()
                .map(part)
                .find(|v| !v.is_null())
                .unwrap_or(Value::Null),
            Expression::Absolute(of) => match part(of) {
                Value::Exact { units, scale } => Value::Exact {
                    units: units.abs(),
                    scale,
                },
                Value::Float(x) => Value::Float(x.abs()),
                other => other,
            },
            Expression::DateOf(of) => day_of(&part(of)).map_or(Value::Null, Value::Date),
            Expression::DaysBetween { from, to } => {
                match (day_of(&part(from)), day_of(&part(to))) {
                    (Some(a), Some(b)) => Value::int(i128::from(b - a)),
                    _ => Value::Null,
                }
            }
        }
    }

    /// The row that a relationship leads to: keys equal, none NULL.
    fn step(&self, relationship: usize, row: usize) -> Option<usize> {
        let r = &self.model.relationships[relationship];
        let (from, to) = (self.dataset(&r.from), self.dataset(&r.to));
        let keys: Vec<Value> = r
            .from_fields
            .iter()
            .map(|f| self.field(from, Some(row), f))
            .collect();
        if keys.iter().any(Value::is_null) {
            return None;
        }
        (0..self.row_count(to)).find(|other| {
            r.to_fields
                .iter()
                .zip(&keys)
                .all(|(f, key)| &self.field(to, Some(*other), f) == key)
        })
    }

    /// The row at the end of a many-to-one way.
    pub(super) fn follow(&self, way: &[usize], row: usize) -> Option<usize> {
        way.iter().try_fold(row, |at, step| self.step(*step, at))
    }

    /// The value of a field that is reached many-to-one.
    pub(super) fn at(&self, way: &[usize], row: usize, field: &FieldRef) -> Value {
        self.field(
            self.dataset(&field.dataset),
            self.follow(way, row),
            &field.field,
        )
    }

    /// Rows of a bridge that look up a row.
    pub(super) fn linked(&self, bridge: &str, home: &[usize], row: usize) -> Vec<usize> {
        (0..self.row_count(self.dataset(bridge)))
            .filter(|b| self.follow(home, *b) == Some(row))
            .collect()
    }
}

/// A number of the model or the query, exactly as written.
pub(super) fn literal_number(n: f64) -> Value {
    Value::parse_decimal(&format!("{n}")).unwrap_or(Value::Float(n))
}

/// The day of a date or a time.
pub(super) fn day_of(value: &Value) -> Option<i64> {
    match value {
        Value::Date(d) => Some(*d),
        Value::Timestamp(s) => Some(s.div_euclid(86_400)),
        _ => None,
    }
}

fn address(text: &str, which: AddressPart) -> Value {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let words: Vec<&str> = parts.get(2).map_or(Vec::new(), |p| p.split(' ').collect());
    let found = match which {
        AddressPart::City => parts.get(1).copied(),
        AddressPart::State => words.first().copied(),
        AddressPart::PostalCode => words.get(1).copied(),
    };
    found.map_or(Value::Null, Value::text)
}

/// The period of a date or time.
pub(super) fn period(value: &Value, grain: query::Grain, week_start: u8) -> Value {
    use query::Grain;
    let Some(day) = day_of(value) else {
        return Value::Null;
    };
    let second = match value {
        Value::Timestamp(s) => *s,
        _ => day * 86_400,
    };
    let (_, month, _) = calendar::civil(day);
    match grain {
        Grain::Hour => Value::Timestamp(second.div_euclid(3600) * 3600),
        Grain::HourOfDay => Value::int(i128::from(second.rem_euclid(86_400) / 3600)),
        Grain::Weekday => Value::text(calendar::WEEKDAYS[calendar::weekday(day) as usize]),
        Grain::MonthOfYear => Value::int(i128::from(month)),
        Grain::QuarterOfYear => Value::int(i128::from((month - 1) / 3 + 1)),
        _ => Value::Date(calendar::period_start(day, grain, week_start)),
    }
}
