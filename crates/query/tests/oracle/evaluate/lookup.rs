//! From a row to the value of a field: expressions, look-ups, bridges.

use super::Evaluator;
use super::leaf::own_time;
use crate::value::{self, Value};
use semantics::{AddressPart, Expression, FieldRef, Model, Relationship};
use std::collections::BTreeSet;

/// How the rows of a dataset get at a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Many-to-one all the way: relationships in order.
    Direct(Vec<usize>),
    /// Through rows that are linked one-to-many.
    Linked(Link, FieldRef),
}

/// Rows that belong to a row without being the one that it looks up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// Many-to-one, from the home to the row that holds the outer fields.
    pub(super) outer: Vec<usize>,
    outer_fields: Vec<String>,
    /// Dataset of the linked rows.
    pub(crate) dataset: String,
    /// Many-to-one, from a linked row to the one that holds the inner fields.
    pub(super) inner: Vec<usize>,
    inner_fields: Vec<String>,
}

/// Whether the rows of a dataset are versions, one of which holds at a time.
fn versioned(model: &Model, dataset: &str) -> bool {
    model.dataset(dataset).is_some_and(|d| d.validity.is_some())
}

/// Whether a row looks up one row at most.
fn to_one(model: &Model, r: &Relationship) -> bool {
    r.unique || versioned(model, &r.to)
}

/// Why it is not known which versions a way leads to, if it is not: the time of the row that looks
/// one up is not clear, or is found through that version itself.
pub(crate) fn unclear_versions(model: &Model, from: &str, way: &[usize]) -> BTreeSet<&'static str> {
    let mut codes = BTreeSet::new();
    follow_versions(model, from, way, &mut Vec::new(), &mut codes);
    codes
}

/// Follows a way from a dataset, and the ways to the times that say which versions are meant.
/// `open` holds the look-ups whose version is being sought, each with the dataset it starts from.
fn follow_versions(
    model: &Model,
    from: &str,
    way: &[usize],
    open: &mut Vec<(String, usize)>,
    codes: &mut BTreeSet<&'static str>,
) {
    let mut at = from;
    for step in way {
        let relationship = &model.relationships[*step];
        if versioned(model, &relationship.to) {
            let look_up = (at.to_string(), *step);
            if open.contains(&look_up) {
                codes.insert("E_MALFORMED_QUERY");
                return;
            }
            match own_time(model, at) {
                Ok(time) => {
                    open.push(look_up);
                    for way in ways(model, at, &time) {
                        follow_versions(model, at, &way, open, codes);
                    }
                    open.pop();
                }
                // Without a time it is the version of now.
                Err(why) if why.contains("E_NO_PATH") => {}
                Err(why) => codes.extend(why),
            }
        }
        at = &relationship.to;
    }
}

/// All ways of the least number of many-to-one steps.
///
/// No dataset is visited twice; a relationship of a dataset to itself is followed only when it
/// is named.
///
/// Where a relationship is named, the way leads to its many side, along it, and on from its one
/// side.
pub(super) fn ways(model: &Model, from: &str, to: &FieldRef) -> Vec<Vec<usize>> {
    if let Some(via) = &to.via {
        let mut found: Vec<Vec<usize>> = Vec::new();
        for (i, r) in model.relationships.iter().enumerate() {
            if &r.name != via || !to_one(model, r) {
                continue;
            }
            let onward = ways(model, &r.to, &FieldRef::new(&to.dataset, &to.field));
            for before in ways(model, from, &FieldRef::new(&r.from, "")) {
                for after in &onward {
                    let mut way = before.clone();
                    way.push(i);
                    way.extend(after);
                    found.push(way);
                }
            }
        }
        return found;
    }
    if from == to.dataset {
        return vec![Vec::new()];
    }
    let mut found: Vec<Vec<usize>> = Vec::new();
    let mut open: Vec<(String, Vec<usize>)> = vec![(from.to_string(), Vec::new())];
    while let Some((at, steps)) = open.pop() {
        for (i, r) in model.relationships.iter().enumerate() {
            if r.from != at
                || !to_one(model, r)
                || r.from == r.to
                || steps.iter().any(|s| model.relationships[*s].to == r.to)
            {
                continue;
            }
            let mut next = steps.clone();
            next.push(i);
            if r.to == to.dataset {
                found.push(next);
            } else {
                open.push((r.to.clone(), next));
            }
        }
    }
    let least = found.iter().map(Vec::len).min().unwrap_or(0);
    found.retain(|w| w.len() == least);
    found
}

/// How many shortest many-to-one ways lead from a dataset to a field.
pub(crate) fn many_to_one(model: &Model, from: &str, to: &FieldRef) -> usize {
    ways(model, from, to).len()
}

/// Whether one way at most leads there, and to versions that are known.
pub(crate) fn is_clear(model: &Model, from: &str, to: &FieldRef) -> bool {
    match &ways(model, from, to)[..] {
        [] => true,
        [way] => unclear_versions(model, from, way).is_empty(),
        _ => false,
    }
}

/// The way from a dataset to a field, or the codes of why there is none.
///
/// What is not looked up many-to-one may be linked: by a relationship that is followed against its
/// direction, from rows that look up its many side, or by one whose one side is not unique. The
/// nearest link counts; of several that are equally near none is chosen in silence.
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
    let dataset = |name: &str| FieldRef::new(name, "");
    let distance = |a: &str, b: &str| ways(model, a, &dataset(b)).first().map(Vec::len);
    let mut codes = BTreeSet::from(["E_NO_PATH"]);
    let mut found: Vec<(usize, usize, Link)> = Vec::new();
    for (i, r) in model.relationships.iter().enumerate() {
        // Against a look-up of versions there is no link: which of them holds is said of the row
        // that looks it up.
        if versioned(model, &r.to) {
            continue;
        }
        if r.to == from {
            for linked in &model.datasets {
                let inner = ways(model, &linked.name, &dataset(&r.from));
                let Some(first) = inner.first() else { continue };
                // The linked rows look up the home by this relationship, not by a shorter way.
                let shorter = distance(&linked.name, from).is_some_and(|d| d < first.len() + 1);
                if linked.name == from || shorter {
                    continue;
                }
                let [inner] = &inner[..] else {
                    codes.insert("E_AMBIGUOUS_PATH");
                    continue;
                };
                found.push((
                    inner.len() + 1,
                    i,
                    Link {
                        outer: Vec::new(),
                        outer_fields: r.to_fields.clone(),
                        dataset: linked.name.clone(),
                        inner: inner.clone(),
                        inner_fields: r.from_fields.clone(),
                    },
                ));
            }
        }
        // Rows that do nothing but link to what the home looks up.
        let fact = model.dataset(&r.from).is_none_or(|d| d.is_fact);
        if r.unique && r.to != from && !fact && distance(from, &r.from).is_none() {
            match &ways(model, from, &dataset(&r.to))[..] {
                [] => {}
                [outer] => found.push((
                    outer.len() + 1,
                    i,
                    Link {
                        outer: outer.clone(),
                        outer_fields: r.to_fields.clone(),
                        dataset: r.from.clone(),
                        inner: Vec::new(),
                        inner_fields: r.from_fields.clone(),
                    },
                )),
                _ => {
                    codes.insert("E_AMBIGUOUS_PATH");
                }
            }
        }
        if !r.unique {
            let outer = ways(model, from, &dataset(&r.from));
            if outer.is_empty() {
                continue;
            }
            let [outer] = &outer[..] else {
                codes.insert("E_AMBIGUOUS_PATH");
                continue;
            };
            found.push((
                outer.len() + 1,
                i,
                Link {
                    outer: outer.clone(),
                    outer_fields: r.from_fields.clone(),
                    dataset: r.to.clone(),
                    inner: Vec::new(),
                    inner_fields: r.to_fields.clone(),
                },
            ));
        }
    }
    // From the linked rows the field is looked up; a relationship that the link itself uses need
    // not be on the way again.
    let mut reached: Vec<(usize, Link, FieldRef)> = Vec::new();
    for (steps, relationship, link) in found {
        let used = link
            .inner
            .iter()
            .chain(&link.outer)
            .chain([&relationship])
            .any(|s| Some(&model.relationships[*s].name) == to.via.as_ref());
        let onward = if used {
            FieldRef::new(&to.dataset, &to.field)
        } else {
            to.clone()
        };
        match &ways(model, &link.dataset, &onward)[..] {
            [] => {}
            [way] => reached.push((steps + way.len(), link, onward)),
            _ => {
                codes.insert("E_AMBIGUOUS_PATH");
            }
        }
    }
    let least = reached.iter().map(|f| f.0).min().unwrap_or(0);
    reached.retain(|f| f.0 == least);
    match reached.pop() {
        None => Err(codes),
        Some(_) if !reached.is_empty() => Err(BTreeSet::from(["E_AMBIGUOUS_PATH"])),
        Some((_, link, onward)) => Ok(Reach::Linked(link, onward)),
    }
}

/// A field as linked rows reach it: a relationship that only the link uses is not named again.
pub(super) fn onward(model: &Model, link: &Link, field: &FieldRef) -> FieldRef {
    match reach(model, &link.dataset, field) {
        Ok(Reach::Direct(_)) => field.clone(),
        _ => FieldRef::new(&field.dataset, &field.field),
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
        let when = match versioned(self.model, &r.to) && !self.current_attributes.get() {
            true if !unclear_versions(self.model, &r.from, &[relationship]).is_empty() => {
                return None;
            }
            true => self.time_of_versions(&r.from, row),
            false => None,
        };
        (0..self.row_count(to)).find(|other| {
            r.to_fields
                .iter()
                .zip(&keys)
                .all(|(f, key)| &self.field(to, Some(*other), f) == key)
                && self.holds(to, *other, &when)
        })
    }

    /// The time at which the versions that a row looks up have to hold; `None` for now.
    fn time_of_versions(&self, dataset: &str, row: usize) -> Option<Value> {
        let time = own_time(self.model, dataset).ok()?;
        Some(self.looked_up(dataset, row, &time))
    }

    /// Whether a row holds at a time, or now, if it is a version.
    fn holds(&self, dataset: usize, row: usize, when: &Option<Value>) -> bool {
        let Some(validity) = &self.model.datasets[dataset].validity else {
            return true;
        };
        let since = self.field(dataset, Some(row), &validity.from);
        let until = self.field(dataset, Some(row), &validity.to);
        let Some(when) = when else {
            return until.is_null();
        };
        let (Some(day), Some(since)) = (day_of(when), day_of(&since)) else {
            return false;
        };
        day >= since
            && day_of(&until).is_none_or(|until| match validity.to_inclusive {
                true => day <= until,
                false => day < until,
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

    /// Rows that are linked to a row: keys equal, none NULL.
    pub(super) fn linked(&self, link: &Link, home: &str, row: usize) -> Vec<usize> {
        let keys = |dataset: &str, way: &[usize], row: usize, fields: &[String]| {
            let at = way
                .last()
                .map_or(dataset, |last| &self.model.relationships[*last].to);
            let end = self.follow(way, row)?;
            let cells: Vec<Value> = fields
                .iter()
                .map(|f| self.field(self.dataset(at), Some(end), f))
                .collect();
            (!cells.iter().any(Value::is_null)).then_some(cells)
        };
        let Some(outer) = keys(home, &link.outer, row, &link.outer_fields) else {
            return Vec::new();
        };
        (0..self.row_count(self.dataset(&link.dataset)))
            .filter(|b| self.counts_by_default(&link.dataset, *b))
            .filter(|b| {
                keys(&link.dataset, &link.inner, *b, &link.inner_fields).as_ref() == Some(&outer)
            })
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
