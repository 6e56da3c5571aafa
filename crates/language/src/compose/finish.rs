//! The defaulting pass: what the words left open is written into the query, and the compiler is asked.

use super::draft::{Bound, CompareDraft, Draft, NamedMeasure, RankDraft, ShareDraft};
use super::read::fact_keys;
use super::{Misfit, Scene};
use crate::time::Period;
use jiff::ToSpan;
use jiff::civil::Date;
use query::{
    Align, Compare, CompareTo, Dialect, Dimension, Direction, Filter, Having, Literal, Measure,
    Operator, Order, OrderKey, Part, Query, Rank, RowsOf, Share, Term, TimeScope,
};
use semantics::{Aggregation, DataType, Expression, FieldRef, MetricKind, Model, Role, Subject};

/// A query that compiles, with what was assumed.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) query: Query,
    pub(crate) words: String,
    pub(crate) notes: Vec<String>,
    pub(crate) penalty: f64,
}

/// How many a ranking shows when the question does not say.
const DEFAULT_RANK: u32 = 10;

/// Fills in the defaults; with an earlier query, edits that one instead.
pub(crate) fn finish(
    draft: Draft,
    scene: &Scene,
    last: Option<&Query>,
) -> Result<Finished, Misfit> {
    let model = scene.model;
    let mut notes = draft.notes.clone();
    let mut penalty = draft.penalty;
    let mut query = match last {
        _ if draft.shape.is_some() => draft.shape.clone().unwrap_or_default(),
        Some(last) => super::edit::edit(draft, last, scene)?,
        None => assemble(draft, scene, &mut notes, &mut penalty)?,
    };
    align(&mut query, scene, &mut notes);
    let mut refused = None;
    for candidate in variants(&query, model) {
        match query::compile(model, &candidate, Dialect::DuckDb) {
            Ok(_) => {
                let words = crate::restate::restate(&candidate, model);
                return Ok(Finished {
                    query: candidate,
                    words,
                    notes,
                    penalty,
                });
            }
            Err(e) => refused = refused.or(Some(e)),
        }
    }
    match refused {
        Some(e) => Err(Misfit::Refused {
            code: e.code().to_string(),
            message: e.to_string(),
        }),
        None => Err(Misfit::Missing("a query")),
    }
}

/// The query itself, and the same with entities counted where they were active instead of on file.
fn variants(query: &Query, model: &Model) -> Vec<Query> {
    let rows_of = |measure: &Measure| match measure {
        Measure::Rows(dataset) => Some(dataset.clone()),
        Measure::Metric(name) => match &model.metric(name)?.kind {
            MetricKind::Simple {
                dataset,
                aggregation: Aggregation::Count,
                expression: None,
                filter: None,
            } => Some(dataset.clone()),
            _ => None,
        },
        _ => None,
    };
    let counted = query.metrics.iter().find_map(|t| rows_of(&t.measure));
    let mut variants = vec![query.clone()];
    let Some(dataset) = counted else {
        return variants;
    };
    for field in fact_keys(model, &dataset) {
        let mut active = query.clone();
        for term in &mut active.metrics {
            if rows_of(&term.measure).as_ref() == Some(&dataset) {
                term.measure = Measure::Aggregate {
                    aggregation: Aggregation::CountDistinct,
                    field: field.clone(),
                };
            }
        }
        variants.push(active);
    }
    variants
}

fn assemble(
    mut draft: Draft,
    scene: &Scene,
    notes: &mut Vec<String>,
    penalty: &mut f64,
) -> Result<Query, Misfit> {
    let model = scene.model;
    if draft.shift.is_some() {
        return Err(Misfit::Missing("which period is meant"));
    }
    let no_measure = draft.measures.is_empty();
    if no_measure {
        elsewhere(&mut draft, model)?;
    }
    let wants_number = draft.rank.is_some()
        || !draft.sides.is_empty()
        || draft.compare.is_some()
        || draft.growth
        || draft.share.is_some()
        || draft.cumulative
        || draft.rolling.is_some()
        || draft
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Time(_)));
    if let Some(rows) = listed_rows(&draft, model) {
        return rows_query(draft, rows, scene);
    }
    if draft.measures.is_empty() && !wants_number {
        return list_query(draft, scene);
    }
    if draft.measures.is_empty() {
        let Some(name) = model.default_metric.clone() else {
            return Err(Misfit::Missing("a measure"));
        };
        let label = model
            .metric(&name)
            .map_or(name.clone(), |m| m.label.clone());
        notes.push(format!("measured by {}", label.to_lowercase()));
        *penalty += 0.4;
        draft.measures.push(NamedMeasure {
            name: label,
            measure: Measure::Metric(name),
            explicit: false,
        });
    }
    part_by_count(&mut draft, model);
    let time_field = draft
        .time_field
        .clone()
        .or_else(|| model.default_time.clone());
    let dated = draft.period.is_some()
        || draft.compare.is_some()
        || draft
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Time(_)));
    let elsewhere = elsewhere(&mut draft, model)?;
    let dated = dated && !elsewhere;
    let mut query = Query {
        dimensions: draft.dimensions.clone(),
        ..Query::default()
    };
    if dated {
        let Some(field) = time_field else {
            return Err(Misfit::Missing("a date in the data"));
        };
        query.time = Some(TimeScope {
            field,
            range: draft.period.as_ref().map(|p| p.to_range()),
            calendar: None,
        });
    }
    let numerator: Vec<Bound> = draft
        .filters
        .iter()
        .filter(|b| b.numerator && draft.share == Some(ShareDraft::Part))
        .cloned()
        .collect();
    let scope: Vec<Filter> = draft
        .filters
        .iter()
        .filter(|b| !(b.numerator && draft.share == Some(ShareDraft::Part)))
        .map(|b| b.filter.clone())
        .collect();
    query.filter = all(scope);
    query.metrics = terms(&draft.measures);
    if !draft.sides.is_empty() {
        query.metrics = sides(&query.metrics, &draft.sides);
    }

    // "the ten biggest customers' share": a set against the whole.
    if draft.share.is_some()
        && let Some(rank) = draft.rank.clone()
        && rank.per.is_empty()
        && draft.having.is_empty()
    {
        let Some(Dimension::Field(field)) = draft.dimensions.last().cloned() else {
            return Err(Misfit::Missing("whose share is meant"));
        };
        let set = Query {
            dimensions: vec![Dimension::Field(field.clone())],
            metrics: query.metrics[..1].to_vec(),
            rank: Some(Rank {
                percent: draft.rank_percent,
                ..ranked(&rank, 1)
            }),
            time: query.time.clone(),
            filter: query.filter.clone(),
            ..Query::default()
        };
        let members = Filter::Members {
            field,
            query: Box::new(set),
        };
        let whole = query.metrics[0].clone();
        query.dimensions.clear();
        query.metrics = vec![
            Term {
                name: format!("Share of {}", whole.name.to_lowercase()),
                measure: part_of(&whole.measure, members),
            },
            whole,
        ];
        return Ok(query);
    }
    match &draft.share {
        Some(ShareDraft::Part) => {
            let Some(filter) = all(numerator.iter().map(|b| b.filter.clone()).collect()) else {
                return Err(Misfit::Missing("whose share is meant"));
            };
            // Naming the field of the part is no breakdown ("what portion used same-day shipping").
            let parts: Vec<&FieldRef> = numerator.iter().filter_map(|b| b.field.as_ref()).collect();
            query
                .dimensions
                .retain(|d| !matches!(d, Dimension::Field(f) if parts.contains(&f)));
            // Nor is naming what is counted ("B2B orders as a percentage of all orders").
            let counted: Vec<String> = draft
                .measures
                .iter()
                .filter_map(|m| match &m.measure {
                    Measure::Metric(name) => match &model.metric(name)?.unit {
                        semantics::Unit::Count(noun) => Some(noun.clone()),
                        _ => None,
                    },
                    Measure::Rows(dataset) => {
                        Some(super::read::plural(&model.dataset(dataset)?.entity))
                    }
                    _ => None,
                })
                .collect();
            query.dimensions.retain(|d| {
                !model.entities.iter().any(|e| {
                    counted.contains(&super::read::plural(&e.name))
                        && [&e.key, &e.display]
                            .iter()
                            .any(|f| *d == Dimension::Field((*f).clone()))
                })
            });
            let words: Vec<String> = numerator.iter().map(|b| b.words.clone()).collect();
            query.metrics = draft
                .measures
                .iter()
                .map(|m| Term {
                    name: format!("{} share of {}", m.name, words.join(", ")),
                    measure: part_of(&m.measure, filter.clone()),
                })
                .collect();
        }
        Some(ShareDraft::Groups(_)) => {
            if query.dimensions.is_empty() {
                return Err(Misfit::Missing("whose share is meant"));
            }
            let mut within: Vec<usize> = (0..query.dimensions.len())
                .filter(|i| matches!(query.dimensions[*i], Dimension::Time(_)))
                .collect();
            if within.len() == query.dimensions.len() {
                within.clear();
            }
            let fields: Vec<usize> = (0..query.dimensions.len())
                .filter(|i| !within.contains(i))
                .collect();
            if fields.len() > 1 {
                within.extend(&fields[..fields.len() - 1]);
            }
            query.share = Some(Share {
                within,
                unfiltered: false,
            });
        }
        None => {}
    }
    if let Some(compare) = &draft.compare {
        query.compare = Some(comparison(compare, scene));
        let running = query
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Time(g) if !g.is_cyclic()));
        let ranged = query
            .time
            .as_ref()
            .and_then(|t| t.range.as_ref())
            .is_some_and(|r| r.start.is_some() && r.end.is_some());
        if !running && !ranged {
            return Err(Misfit::Missing("which periods are compared"));
        }
    }
    query.cumulative = draft.cumulative;
    query.rolling = draft.rolling;
    if (query.cumulative || query.rolling.is_some())
        && !query
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Time(g) if !g.is_cyclic()))
    {
        query
            .dimensions
            .insert(0, Dimension::Time(query::Grain::Month));
        notes.push("by month".into());
    }
    // Conditions on groups; with a counted entity, the groups that pass are counted.
    if !draft.having.is_empty() {
        let conditions: Vec<Having> = draft
            .having
            .iter()
            .map(|c| Having::new(c.metric, c.on, c.op, c.value.clone()))
            .collect();
        if draft.counted {
            // One row a thing: a limit on its rows says the same more simply.
            let own = draft
                .subject
                .and_then(|s| model.entities[s].dataset.as_ref())
                .is_some_and(|d| {
                    conditions.iter().all(|c| {
                        query.metrics.get(c.metric).is_some_and(|t| {
                            query::home_datasets(model, &t.measure) == [d.clone()]
                                && matches!(t.measure, Measure::Aggregate { .. })
                        })
                    })
                });
            if own {
                return Err(Misfit::Missing("whose rows are limited"));
            }
            return counted_groups(query, conditions, &draft, model);
        }
        if query.dimensions.is_empty() {
            return Err(Misfit::Missing("what the limit is on"));
        }
        query.having = conditions;
    }
    if let Some(rank) = &draft.rank {
        if query.dimensions.is_empty() {
            return Err(Misfit::Missing("what is ranked"));
        }
        if rank.n.is_none() {
            notes.push(format!("the first {DEFAULT_RANK} are shown"));
            *penalty += 0.2;
        }
        let mut rank_query = ranked(rank, DEFAULT_RANK);
        rank_query.percent = draft.rank_percent;
        rank_query.other = draft.rank_other.then(|| "Other".to_string());
        if query.compare.is_none() {
            rank_query.on = Part::Value;
        }
        if query.share.is_some() && rank_query.on == Part::Value {
            rank_query.on = Part::Value;
        }
        // A counted entity is ranked by its own number.
        query.rank = Some(rank_query);
    }
    if query.rank.is_none()
        && !query.dimensions.is_empty()
        && !query
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Time(_) | Dimension::TimeOf { .. }))
    {
        let part = if draft.growth && query.compare.is_some() {
            Part::Pct
        } else {
            Part::Value
        };
        let direction = draft.sort.unwrap_or(Direction::Descending);
        if query.dimensions.len() > 1 {
            query.order = (0..query.dimensions.len() - 1)
                .map(|d| Order {
                    key: OrderKey::Dimension(d),
                    direction: Direction::Ascending,
                })
                .collect();
        }
        query.order.push(Order {
            key: OrderKey::Metric(0, part),
            direction,
        });
    } else if let Some(direction) = draft.sort
        && query.rank.is_none()
        && !query.dimensions.is_empty()
    {
        query.order = vec![Order {
            key: OrderKey::Metric(0, Part::Value),
            direction,
        }];
    }
    let sorted = match &draft.sort_by {
        Some(dimension) => query.dimensions.iter().position(|d| d == dimension),
        None if draft.alphabetical => query
            .dimensions
            .iter()
            .position(|d| {
                matches!(d, Dimension::Field(f)
                    if model.field(f).is_some_and(|x| x.data_type == DataType::Text && x.role != Role::Id))
            })
            .or((!query.dimensions.is_empty()).then_some(0)),
        None => None,
    };
    if let Some(at) = sorted {
        query.order = vec![Order {
            key: OrderKey::Dimension(at),
            direction: draft.sort.unwrap_or(Direction::Ascending),
        }];
    }
    identify(&mut query, model);
    for field in &draft.named {
        let part = Dimension::Field(field.clone());
        if !query.dimensions.contains(&part) && !query.dimensions.is_empty() {
            query.dimensions.push(part);
        }
    }
    name_parts(&mut query, model);
    one_copy(&mut query, model);
    only_named(&mut query, model, notes);
    only_linked(&mut query, model, notes);
    Ok(query)
}

/// A key that stands beside its copy in a table that refers to it is shown once.
fn one_copy(query: &mut Query, model: &Model) {
    let plain = query.rank.as_ref().is_none_or(|r| r.per.is_empty()) && query.share.is_none();
    if !plain {
        return;
    }
    let shown = query.dimensions.clone();
    let copied = |d: &Dimension| match d {
        Dimension::Field(f) => model.relationships.iter().any(|r| {
            r.unique
                && r.from == f.dataset
                && r.from_fields == [f.field.clone()]
                && r.to_fields
                    .first()
                    .is_some_and(|to| shown.contains(&Dimension::Field(FieldRef::new(&r.to, to))))
        }),
        _ => false,
    };
    let kept: Vec<usize> = (0..shown.len()).filter(|i| !copied(&shown[*i])).collect();
    if kept.len() == shown.len() {
        return;
    }
    query.dimensions = kept.iter().map(|i| shown[*i].clone()).collect();
    query.order.retain_mut(|o| match &mut o.key {
        OrderKey::Dimension(at) => match kept.iter().position(|k| k == at) {
            Some(now) => {
                *at = now;
                true
            }
            None => false,
        },
        _ => true,
    });
}

/// A name that is put together from its parts is shown with them.
fn name_parts(query: &mut Query, model: &Model) {
    let whole: Vec<FieldRef> = query
        .dimensions
        .iter()
        .filter_map(|d| match d {
            Dimension::Field(f) => Some(f.clone()),
            _ => None,
        })
        .collect();
    for field in whole {
        for part in parts_of(&field, model) {
            let part = Dimension::Field(part);
            if !query.dimensions.contains(&part) {
                query.dimensions.push(part);
            }
        }
    }
}

/// The name, with its parts, of what a reference to a row of the same table refers to (an employee's
/// manager).
fn referred(field: &FieldRef, model: &Model) -> Vec<FieldRef> {
    let found = model
        .relationships
        .iter()
        .filter(|r| r.unique && r.from == r.to && r.from == field.dataset)
        .find(|r| r.from_fields == [field.field.clone()]);
    let Some(r) = found else { return Vec::new() };
    let Some(name) = model.dataset(&r.to).and_then(|d| d.name_field.as_ref()) else {
        return Vec::new();
    };
    let name = FieldRef::new(&r.to, name);
    let mut shown = vec![name.clone()];
    shown.extend(parts_of(&name, model));
    for field in &mut shown {
        field.via = Some(r.name.clone());
    }
    shown
}

/// The fields that a name is put together from; none if it is a column of its own.
fn parts_of(field: &FieldRef, model: &Model) -> Vec<FieldRef> {
    match model.field(field).map(|f| &f.expression) {
        Some(Expression::Concatenate { parts, .. }) => parts
            .iter()
            .filter_map(|p| match p {
                Expression::Field(name) => Some(FieldRef::new(&field.dataset, name)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Things counted for each of what they are linked to over a third table: those that are linked to
/// none are in no group, and said to be left out.
fn only_linked(query: &mut Query, model: &Model, notes: &mut Vec<String>) {
    if query.share.is_some() || query.compare.is_some() || query.rank.is_some() {
        return;
    }
    let Some(home) = query
        .metrics
        .first()
        .and_then(|t| query::home_datasets(model, &t.measure).into_iter().next())
    else {
        return;
    };
    let linked: Option<FieldRef> = query.dimensions.iter().find_map(|d| match d {
        Dimension::Field(f) if query::reachable(model, &home, f).is_err() => Some(f.clone()),
        _ => None,
    });
    let Some(field) = linked else { return };
    let label = model
        .field(&field)
        .map_or_else(|| field.to_string(), |f| f.label.to_lowercase());
    let Some(linked) = linked_members(model, &home, &field.dataset) else {
        return;
    };
    notes.push(format!("what belongs to no {label} is left out"));
    query.filter = all(query.filter.take().into_iter().chain([linked]).collect());
}

/// A ranking or a choice is among things that are there: rows without one are set aside, and said.
fn only_named(query: &mut Query, model: &Model, notes: &mut Vec<String>) {
    let chosen = query.rank.is_some() || !query.having.is_empty();
    let summed = query.rank.as_ref().is_some_and(|r| r.other.is_some());
    if !chosen || summed || query.share.is_some() || query.compare.is_some() {
        return;
    }
    let fields: Vec<&FieldRef> = query
        .dimensions
        .iter()
        .rev()
        .filter_map(|d| match d {
            Dimension::Field(f) => Some(f),
            _ => None,
        })
        .collect();
    // The thing itself must be there; what is told of it may be missing.
    let thing = fields.iter().find(|f| {
        model
            .entities
            .iter()
            .any(|e| e.key == ***f || e.display == ***f)
    });
    let Some(field) = thing.or(fields.first()).map(|f| (*f).clone()) else {
        return;
    };
    let Some(known) = model.field(&field) else {
        return;
    };
    let fact = query
        .metrics
        .first()
        .and_then(|t| query::home_datasets(model, &t.measure).into_iter().next());
    // The dataset's own column without a gap needs no filter.
    if known.nulls == Some(0) && fact.as_ref() == Some(&field.dataset) {
        return;
    }
    notes.push(format!(
        "rows without a {} are left out of the choice",
        known.label.to_lowercase()
    ));
    let there = Filter::Not(Box::new(Filter::IsNull { field }));
    query.filter = all(query.filter.take().into_iter().chain([there]).collect());
}

/// Whether a filter picks members by this key.
fn by_members(filter: Option<&Filter>, key: &FieldRef) -> bool {
    match filter {
        Some(Filter::And(list) | Filter::Or(list)) => list.iter().any(|f| by_members(Some(f), key)),
        Some(Filter::Not(inner)) => by_members(Some(inner), key),
        Some(Filter::Members { field, .. }) => field == key,
        _ => false,
    }
}

/// The rows of a table that a table of pairs links to another one.
fn linked_members(model: &Model, home: &str, other: &str) -> Option<Filter> {
    let links = |from: &str, to: &str| {
        model
            .relationships
            .iter()
            .find(|r| r.from == from && r.to == to && r.unique && r.from_fields.len() == 1)
    };
    let (own, _) = model.datasets.iter().find_map(|d| {
        let own = links(&d.name, home)?;
        let reached = d.name == other || links(&d.name, other).is_some();
        reached.then_some((own, d))
    })?;
    let key = FieldRef::new(&own.from, &own.from_fields[0]);
    let linked = Query {
        dimensions: vec![Dimension::Field(key)],
        ..Query::default()
    };
    Some(Filter::Members {
        field: FieldRef::new(home, &own.to_fields[0]),
        query: Box::new(linked),
    })
}

/// Things of one name are told apart by their key, which stands beside the name.
fn identify(query: &mut Query, model: &Model) {
    for entity in &model.entities {
        let display = Dimension::Field(entity.display.clone());
        let Some(id) = &entity.id_field else { continue };
        let key = Dimension::Field(id.clone());
        // A set of keys shows the keys.
        let set = by_members(query.filter.as_ref(), id);
        if (entity.dataset.is_some() || set)
            && query.dimensions.contains(&display)
            && !query.dimensions.contains(&key)
        {
            query.dimensions.push(key);
        }
    }
}

/// "what share of customers ordered only once": the members that pass the limit are the part.
fn part_by_count(draft: &mut Draft, model: &Model) {
    let Some(entity) = draft.subject.filter(|_| draft.share.is_some()) else {
        return;
    };
    if draft.having.is_empty() {
        return;
    }
    let key = model.entities[entity].key.clone();
    let limited: Vec<usize> = draft.having.iter().map(|c| c.metric).collect();
    if limited.contains(&0) || draft.measures.len() < 2 {
        return;
    }
    let inner = Query {
        dimensions: vec![Dimension::Field(key.clone())],
        metrics: terms(&draft.measures[1..]),
        having: draft
            .having
            .drain(..)
            .map(|c| Having::new(c.metric - 1, c.on, c.op, c.value))
            .collect(),
        ..Query::default()
    };
    draft.measures.truncate(1);
    draft.dimensions.clear();
    draft.share = Some(ShareDraft::Part);
    draft.filters.push(Bound {
        words: crate::restate::restate(&inner, model).to_lowercase(),
        filter: Filter::Members {
            field: key.clone(),
            query: Box::new(inner),
        },
        field: Some(key),
        numerator: true,
    });
}

/// A period of another date than the default one ("shipped in May") becomes a filter on that
/// date, and its grains become grains of it. Whether there was one.
fn elsewhere(draft: &mut Draft, model: &Model) -> Result<bool, Misfit> {
    let Some(field) = draft.time_field.clone() else {
        return Ok(false);
    };
    if draft.compare.is_some() || draft.cumulative || draft.rolling.is_some() {
        return Err(Misfit::Missing("which date is meant"));
    }
    let year = model
        .field(&field)
        .is_some_and(|f| f.data_type.is_numeric());
    for dimension in &mut draft.dimensions {
        if let Dimension::Time(grain) = dimension {
            if year {
                if *grain != query::Grain::Year {
                    return Err(Misfit::Missing("which date is meant"));
                }
                *dimension = Dimension::Field(field.clone());
                continue;
            }
            *dimension = Dimension::TimeOf {
                field: field.clone(),
                grain: *grain,
            };
        }
    }
    if let Some(period) = draft.period.take() {
        let label = model
            .field(&field)
            .map_or_else(|| field.to_string(), |f| f.label.to_lowercase());
        draft.filters.push(Bound {
            words: format!("{label} in {}", period.label),
            filter: within(&field, &period, model),
            field: Some(field),
            numerator: false,
        });
    }
    Ok(true)
}

/// The rows whose date (or whole-number year) lies in the period.
fn within(field: &FieldRef, period: &Period, model: &Model) -> Filter {
    let year = model.field(field).is_some_and(|f| f.data_type.is_numeric());
    if !year {
        return Filter::During {
            field: field.clone(),
            range: period.to_range(),
        };
    }
    let bound = |op, year: i16| Filter::Compare {
        field: field.clone(),
        op,
        value: Literal::Integer(i64::from(year)),
    };
    let mut parts = Vec::new();
    if let Some(start) = period.start {
        parts.push(bound(Operator::Ge, start.year()));
    }
    if let Some(end) = period.end {
        parts.push(bound(Operator::Le, end.saturating_sub(1.days()).year()));
    }
    Filter::And(parts)
}

fn counted_groups(
    query: Query,
    having: Vec<Having>,
    draft: &Draft,
    model: &Model,
) -> Result<Query, Misfit> {
    let days = query
        .dimensions
        .first()
        .cloned()
        .filter(|d| matches!(d, Dimension::Time(_)));
    let (dimension, name) = match (days, draft.subject) {
        (Some(d @ Dimension::Time(grain)), _) => {
            (d, format!("Number of {}s", crate::time::grain_noun(grain)))
        }
        (_, Some(entity)) => (
            Dimension::Field(model.entities[entity].key.clone()),
            format!(
                "Number of {}",
                super::read::plural(&model.entities[entity].name)
            ),
        ),
        _ => return Err(Misfit::Missing("what is counted")),
    };
    // The count itself is no condition; the measures that are limited are.
    let used: Vec<usize> = {
        let mut u: Vec<usize> = having.iter().map(|h| h.metric).collect();
        u.sort_unstable();
        u.dedup();
        u
    };
    let metrics: Vec<Term> = used
        .iter()
        .filter_map(|i| query.metrics.get(*i).cloned())
        .collect();
    if metrics.is_empty() {
        return Err(Misfit::Missing("a measure for the limit"));
    }
    // Rows without a date belong to no day.
    let mut query = query;
    if let (Dimension::Time(_), Some(time)) = (&dimension, &query.time) {
        let dated = Filter::Not(Box::new(Filter::IsNull {
            field: time.field.clone(),
        }));
        query.filter = all(query.filter.take().into_iter().chain([dated]).collect());
    }
    // Nobody is no customer.
    let own = |field: &FieldRef| {
        metrics
            .iter()
            .all(|t| query::home_datasets(model, &t.measure) == [field.dataset.clone()])
    };
    if let Dimension::Field(field) = &dimension
        && (!own(field) || model.field(field).is_some_and(|f| f.nulls != Some(0)))
    {
        let there = Filter::Not(Box::new(Filter::IsNull {
            field: field.clone(),
        }));
        query.filter = all(query.filter.take().into_iter().chain([there]).collect());
    }
    let having = having
        .into_iter()
        .map(|h| Having {
            metric: used.iter().position(|u| *u == h.metric).unwrap_or(0),
            ..h
        })
        .collect();
    let inner = Query {
        dimensions: vec![dimension],
        metrics,
        having,
        time: query.time,
        filter: query.filter,
        compare: query.compare,
        ..Query::default()
    };
    Ok(Query {
        metrics: vec![Term {
            name,
            measure: Measure::CountOf(Box::new(inner)),
        }],
        ..Query::default()
    })
}

/// Each measure over each of the sets that are set side by side.
fn sides(metrics: &[Term], sides: &[(Filter, String)]) -> Vec<Term> {
    metrics
        .iter()
        .flat_map(|term| {
            sides.iter().map(|(filter, label)| Term {
                name: format!("{} ({label})", term.name),
                measure: Measure::Where {
                    measure: Box::new(term.measure.clone()),
                    filter: Box::new(filter.clone()),
                },
            })
        })
        .collect()
}

pub(super) fn terms(measures: &[NamedMeasure]) -> Vec<Term> {
    let mut out: Vec<Term> = Vec::new();
    for measure in measures {
        let mut name = measure.name.clone();
        while out.iter().any(|t| t.name == name) {
            name.push('\u{2032}');
        }
        out.push(Term {
            name,
            measure: measure.measure.clone(),
        });
    }
    out
}

pub(super) fn ranked(rank: &RankDraft, n: u32) -> Rank {
    Rank {
        skip: rank.skip,
        per: rank.per.clone(),
        ..Rank::new(0, rank.on, rank.direction, rank.n.unwrap_or(n))
    }
}

fn part_of(measure: &Measure, filter: Filter) -> Measure {
    Measure::Ratio {
        numerator: Box::new(Measure::Where {
            measure: Box::new(measure.clone()),
            filter: Box::new(filter),
        }),
        denominator: Box::new(measure.clone()),
    }
}

pub(super) fn all(mut parts: Vec<Filter>) -> Option<Filter> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Filter::And(parts)),
    }
}

pub(super) fn comparison(compare: &CompareDraft, scene: &Scene) -> Compare {
    let to = match compare {
        CompareDraft::Periods(period) => CompareTo::Range(period.to_range()),
        CompareDraft::Prior => CompareTo::PriorPeriod,
        CompareDraft::Year => CompareTo::PriorYear,
    };
    Compare {
        to,
        align: Align::ToDate,
        watermark: Some(scene.clock.today.to_string()),
        event: None,
        comparable: None,
        show: vec![Part::Value, Part::Prior, Part::Delta, Part::Pct],
    }
}

/// Periods that the data's last day all but completes are compared whole; the rest to date.
fn align(query: &mut Query, scene: &Scene, notes: &mut Vec<String>) {
    let range = query.time.as_ref().and_then(|t| t.range.clone());
    let Some(compare) = &mut query.compare else {
        return;
    };
    let day = |t: Option<&String>| t.and_then(|d| d.parse::<Date>().ok());
    let mark = scene.clock.today.saturating_add(1.days());
    compare.align = Align::Full;
    let (start, end) = match &range {
        Some(r) => (day(r.start.as_ref()), day(r.end.as_ref())),
        None => (None, None),
    };
    let Some(end) = end else {
        compare.align = Align::ToDate;
        return;
    };
    if mark >= end {
        return;
    }
    let missing = (end - mark).get_days();
    let length = start.map_or(365, |s| (end - s).get_days());
    if missing * 30 > length {
        compare.align = Align::ToDate;
        notes.push(format!(
            "the data ends on {}, so the same part of the other period is compared",
            scene.clock.today
        ));
    }
}

// ---- lists -------------------------------------------------------------------------------------

/// The dataset whose rows are listed, when the question asks for the lines of one order or for records.
fn listed_rows(draft: &Draft, model: &Model) -> Option<String> {
    if let Some(rows) = &draft.rows {
        return Some(rows.clone());
    }
    let order = draft
        .filters
        .iter()
        .filter_map(|b| b.field.as_ref())
        .find(|f| {
            model
                .field(f)
                .is_some_and(|x| x.subject == Subject::OrderNumber || x.role == Role::Id)
                && tells_rows_apart(f, model)
        });
    let order = order?;
    let columns = draft.fields.len() + draft.measures.len();
    if draft.counted
        || draft.rank.is_some()
        || draft.share.is_some()
        || draft.compare.is_some()
        || draft.aggregated
        || columns < 2
    {
        return None;
    }
    // The lines of the order: the finest dataset that holds the asked columns.
    let mut datasets: Vec<String> = draft
        .measures
        .iter()
        .flat_map(|m| query::home_datasets(model, &m.measure))
        .collect();
    datasets.extend(draft.fields.iter().map(|f| f.dataset.clone()));
    let finest = model.datasets.iter().filter(|d| d.is_fact).find(|d| {
        datasets.iter().all(|x| {
            query::reachable(
                model,
                &d.name,
                &FieldRef::new(
                    x,
                    model
                        .dataset(x)
                        .and_then(|y| y.fields.first())
                        .map_or(String::new(), |f| f.name.clone()),
                ),
            )
            .is_ok()
        }) && query::reachable(model, &d.name, order).is_ok()
            && datasets.contains(&d.name)
    });
    finest
        .map(|d| d.name.clone())
        .or_else(|| Some(order.dataset.clone()))
}

/// Whether a field is a key, or refers to one.
fn tells_rows_apart(field: &FieldRef, model: &Model) -> bool {
    model
        .dataset(&field.dataset)
        .is_some_and(|d| d.primary_key == [field.field.clone()])
        || model
            .relationships
            .iter()
            .any(|r| r.from == field.dataset && r.from_fields == [field.field.clone()])
        || model.entities.iter().any(|e| e.key == *field)
}

fn as_field(measure: &Measure, model: &Model) -> Option<FieldRef> {
    match measure {
        Measure::Aggregate { field, .. } => Some(field.clone()),
        Measure::Metric(name) => match &model.metric(name)?.kind {
            MetricKind::Simple {
                dataset,
                expression: Some(Expression::Field(f)),
                ..
            } => Some(FieldRef::new(dataset, f)),
            // The average price of a line is its price.
            MetricKind::Ratio { .. } if name == "average_price" => {
                model.datasets.iter().filter(|d| d.is_fact).find_map(|d| {
                    d.fields
                        .iter()
                        .find(|f| f.subject == Subject::UnitPrice)
                        .map(|f| FieldRef::new(&d.name, &f.name))
                })
            }
            _ => None,
        },
        _ => None,
    }
}

fn rows_query(draft: Draft, dataset: String, scene: &Scene) -> Result<Query, Misfit> {
    let model = scene.model;
    let mut fields: Vec<FieldRef> = Vec::new();
    for field in &draft.fields {
        if !fields.contains(field) {
            fields.push(field.clone());
        }
    }
    for measure in &draft.measures {
        let Some(field) = as_field(&measure.measure, model) else {
            return Err(Misfit::Missing("a column for each thing asked"));
        };
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    if fields.is_empty() {
        let Some(known) = model.dataset(&dataset) else {
            return Err(Misfit::Missing("columns"));
        };
        fields = known
            .fields
            .iter()
            .filter(|f| f.data_type != semantics::DataType::Opaque && f.role != Role::Text)
            .take(12)
            .map(|f| FieldRef::new(&dataset, &f.name))
            .collect();
    }
    let time = draft
        .period
        .as_ref()
        .zip(model.default_time.clone())
        .map(|(p, field)| TimeScope {
            field,
            range: Some(p.to_range()),
            calendar: None,
        });
    Ok(Query {
        rows: Some(RowsOf::new(dataset, fields)),
        filter: all(draft.filters.into_iter().map(|b| b.filter).collect()),
        time,
        ..Query::default()
    })
}

fn list_query(draft: Draft, scene: &Scene) -> Result<Query, Misfit> {
    let model = scene.model;
    if draft.dimensions.is_empty() && draft.fields.is_empty() {
        return Err(Misfit::Missing("a measure or something to list"));
    }
    if !draft.having.is_empty() {
        return Err(Misfit::Missing("a measure for the limit"));
    }
    let time = draft
        .period
        .as_ref()
        .zip(model.default_time.clone())
        .map(|(p, field)| TimeScope {
            field,
            range: Some(p.to_range()),
            calendar: None,
        });
    let filter = all(draft.filters.iter().map(|b| b.filter.clone()).collect());
    let home = draft
        .subject
        .and_then(|s| model.entities[s].dataset.clone())
        .or_else(|| draft.fields.first().map(|f| f.dataset.clone()));
    let own_rows = draft
        .subject
        .is_some_and(|s| model.entities[s].dataset.is_some())
        || draft.fields.len() > 1;
    if let (Some(dataset), true) = (home, own_rows && time.is_none()) {
        let mut fields: Vec<FieldRef> = Vec::new();
        for field in draft.dimensions.iter().filter_map(|d| match d {
            Dimension::Field(f) => Some(f),
            _ => None,
        }) {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        }
        for field in &draft.fields {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        }
        for field in fields.clone() {
            for part in parts_of(&field, model) {
                if !fields.contains(&part) {
                    fields.push(part);
                }
            }
        }
        for field in fields.clone() {
            fields.extend(referred(&field, model));
        }
        let distinct = !fields.iter().any(|f| f.dataset == dataset);
        let order = match (fields.first(), draft.alphabetical) {
            (Some(first), true) => vec![Order {
                key: OrderKey::Field(first.clone()),
                direction: Direction::Ascending,
            }],
            _ => Vec::new(),
        };
        return Ok(Query {
            order,
            rows: Some(RowsOf {
                distinct,
                ..RowsOf::new(dataset, fields)
            }),
            filter,
            time,
            ..Query::default()
        });
    }
    let mut dimensions = draft.dimensions;
    for dimension in dimensions.clone() {
        if let Dimension::Field(field) = &dimension {
            dimensions.extend(referred(field, model).into_iter().map(Dimension::Field));
        }
    }
    let mut query = Query {
        dimensions,
        filter,
        time,
        ..Query::default()
    };
    if by_key(&query, model) {
        identify(&mut query, model);
    }
    Ok(query)
}

/// Whether a set of keys picks what is listed.
fn by_key(query: &Query, model: &Model) -> bool {
    model
        .entities
        .iter()
        .filter_map(|e| e.id_field.as_ref())
        .any(|id| by_members(query.filter.as_ref(), id))
}
