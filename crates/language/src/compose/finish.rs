//! The defaulting pass: what the words left open is written into the query, and the compiler is asked.

use super::columns::{identify, name_parts, one_copy, only_linked, only_named};
use super::draft::{Bound, CompareDraft, Draft, NamedMeasure, RankDraft, ShareDraft};
use super::list::{list_query, listed_rows, rows_query};
use super::read::fact_keys;
use super::{Misfit, Scene};
use crate::confidence::Signs;
use crate::time::Period;
use jiff::ToSpan;
use jiff::civil::Date;
use query::{
    Align, Compare, CompareTo, Dialect, Dimension, Direction, Filter, Having, Literal, Measure,
    Operator, Order, OrderKey, Part, Query, Rank, Share, Term, TimeScope,
};
use semantics::{Aggregation, DataType, FieldRef, MetricKind, Model, Role};

/// A query that compiles, with what was assumed.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) query: Query,
    pub(crate) words: String,
    pub(crate) notes: Vec<String>,
    pub(crate) penalty: f64,
    /// Whether the measure was said.
    pub(crate) measured: bool,
    /// Nouns that found no other place than to say what the measure is about.
    pub(crate) scoped: usize,
    /// How it was read.
    pub(crate) signs: Signs,
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
    let measured = draft.measures.is_empty() || draft.measures.iter().any(|m| m.explicit);
    let measured =
        measured && !(draft.measures.is_empty() && (draft.rank.is_some() || draft.share.is_some()));
    let scoped = draft.scoped;
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
                    measured,
                    scoped,
                    signs: Signs::default(),
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
        .or_else(|| own_date(&draft, model))
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
        && !draft.rank_trails
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
        query.compare = Some(Compare {
            comparable: draft.comparable.clone(),
            ..comparison(compare, scene)
        });
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
    // Like for like compares; alone it says nothing.
    if draft.comparable.is_some() && query.compare.is_none() {
        return Err(Misfit::Missing("which periods are compared"));
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

/// The date of what is measured, where all of it happens in one table: a refund counts on the day that
/// it was given, not on that of the sale.
fn own_date(draft: &Draft, model: &Model) -> Option<FieldRef> {
    let mut homes = draft
        .measures
        .iter()
        .flat_map(|m| query::home_datasets(model, &m.measure));
    let home = homes.next()?;
    if homes.any(|other| other != home) {
        return None;
    }
    // Lines are sold when their order is, whatever other dates they have.
    let sales = model
        .default_metric
        .as_ref()
        .is_some_and(|m| query::home_datasets(model, &Measure::Metric(m.clone())).contains(&home));
    let dataset = model.dataset(&home).filter(|d| d.is_fact && !sales)?;
    Some(FieldRef::new(&home, dataset.event_time.as_ref()?))
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
