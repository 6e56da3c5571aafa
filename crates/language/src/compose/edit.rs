//! A follow-up as a typed edit of the last query.

use super::draft::{CompareDraft, Draft, Dropped, ShareDraft};
use super::finish::{all, comparison, ranked, terms};
use super::{Misfit, Scene, level};
use crate::time::{period_of, shifted};
use crate::vocabulary::Named;
use jiff::civil::Date;
use query::{
    Dimension, Direction, Filter, Grain, Having, Literal, Measure, Order, OrderKey, Part, Query,
    Rank, RowsOf, Share, Term, TimeScope,
};
use semantics::{FieldRef, Model, Subject, Unit};

fn parts(filter: Option<&Filter>) -> Vec<Filter> {
    match filter {
        None => Vec::new(),
        Some(Filter::And(list)) => list.clone(),
        Some(other) => vec![other.clone()],
    }
}

fn field_of(filter: &Filter) -> Option<&FieldRef> {
    match filter {
        Filter::In { field, .. }
        | Filter::Compare { field, .. }
        | Filter::Contains { field, .. }
        | Filter::Cycle { field, .. }
        | Filter::IsNull { field } => Some(field),
        Filter::Not(inner) => field_of(inner),
        _ => None,
    }
}

/// Whether a query keeps only some values of a field.
pub(super) fn filters_on(query: &Query, field: &FieldRef) -> bool {
    parts(query.filter.as_ref())
        .iter()
        .any(|f| field_of(f) == Some(field) && !matches!(f, Filter::Not(_)))
}

/// The fields of places that a query filters on.
pub(super) fn filtered_places(query: &Query, model: &Model) -> Vec<FieldRef> {
    parts(query.filter.as_ref())
        .iter()
        .filter_map(field_of)
        .filter(|f| {
            model.field(f).is_some_and(|x| {
                matches!(
                    x.subject,
                    Subject::Country
                        | Subject::Region
                        | Subject::State
                        | Subject::City
                        | Subject::Store
                )
            })
        })
        .cloned()
        .collect()
}

fn is_time(dimension: &Dimension) -> bool {
    matches!(dimension, Dimension::Time(_) | Dimension::TimeOf { .. })
}

/// Applies what a follow-up says to the last query.
pub(super) fn edit(draft: Draft, last: &Query, scene: &Scene) -> Result<Query, Misfit> {
    // "their profit" after a count speaks of the members that were counted.
    let inside = match &last.metrics[..] {
        [
            Term {
                measure: Measure::CountOf(inner),
                ..
            },
        ] if draft.refers && !draft.edits.members && !draft.edits.count => Some((**inner).clone()),
        _ => None,
    };
    let last = inside.as_ref().unwrap_or(last);
    let mut query = last.clone();
    let mut changed = false;
    if draft.edits.members || draft.edits.count {
        return if draft.edits.count {
            counted(last)
        } else {
            members(last, scene.model)
        };
    }
    if let Some(list) = conditions_between_fields(&draft, last)? {
        return Ok(list);
    }
    changed |= drop_parts(&draft, &mut query, scene)?;
    if draft.edits.all {
        query.rank = None;
        changed = true;
    }
    if draft.edits.total {
        query.dimensions.clear();
        query.rank = None;
        query.share = None;
        query.having.clear();
        query.order.clear();
        changed = true;
    }
    narrow_to_referred(&draft, last, &mut query);
    changed |= measures(&draft, last, &mut query);
    // "and how much is that up on November": the period is the one to compare with.
    let base = draft.period.as_ref().filter(|p| {
        let earlier = last
            .time
            .as_ref()
            .and_then(|t| t.range.as_ref())
            .and_then(|r| r.start.as_deref())
            .and_then(|d| d.parse::<Date>().ok());
        draft.compare == Some(CompareDraft::Prior)
            && p.end.zip(earlier).is_some_and(|(e, s)| e <= s)
    });
    if draft.refers && draft.rank.is_some() && draft.dimensions.iter().any(is_time) {
        return Err(Misfit::Missing("which one is meant"));
    }
    changed |= period(&draft, base.is_some(), last, &mut query, scene)?;
    changed |= shift(&draft, &mut query)?;
    changed |= filters(&draft, &mut query);
    changed |= groups(&draft, last, &mut query, scene)?;
    if draft.edits.level != 0 {
        level::moved(draft.edits.level, &mut query, scene)?;
        changed = true;
    }
    if query.rows.is_some() && (!draft.measures.is_empty() || draft.rank.is_some()) {
        query.rows = None;
    }
    if let Some(compare) = &draft.compare {
        let kept = draft.edits.implied_compare && query.compare.is_some() && base.is_none();
        if !kept {
            query.compare = Some(match base {
                Some(period) => comparison(&CompareDraft::Periods(period.clone()), scene),
                None => comparison(compare, scene),
            });
        }
        changed = true;
    }
    changed |= rank(&draft, last, &mut query)?;
    changed |= share(&draft, &mut query, scene)?;
    if !draft.having.is_empty() && query.dimensions.is_empty() {
        return Err(Misfit::Missing("what the limit is on"));
    }
    if !draft.having.is_empty() {
        query.having = draft
            .having
            .iter()
            .map(|c| {
                let metric = c.metric.min(query.metrics.len().saturating_sub(1));
                Having::new(metric, c.on, c.op, c.value.clone())
            })
            .collect();
        changed = true;
    }
    if draft.cumulative || draft.rolling.is_some() {
        query.cumulative = draft.cumulative;
        query.rolling = draft.rolling;
        changed = true;
    }
    if let Some(direction) = draft.sort {
        query.order = vec![Order {
            key: OrderKey::Metric(0, Part::Value),
            direction,
        }];
        changed = true;
    }
    if draft.edits.reverse {
        changed |= reverse(&mut query);
    }
    if draft.edits.within.is_some() && !changed {
        return Err(Misfit::Missing("what should change"));
    }
    if !changed {
        return Err(Misfit::Missing("what should change"));
    }
    order(&mut query);
    Ok(query)
}

/// "which of those are under their reorder level": conditions between fields narrow the list.
fn conditions_between_fields(draft: &Draft, last: &Query) -> Result<Option<Query>, Misfit> {
    let between = draft
        .filters
        .iter()
        .any(|b| matches!(b.filter, Filter::CompareFields { .. }));
    if !draft.measures.is_empty() || !between {
        return Ok(None);
    }
    let mut list = parts(last.filter.as_ref());
    list.extend(draft.filters.iter().map(|b| b.filter.clone()));
    let mut fields: Vec<FieldRef> = Vec::new();
    let shown = last.dimensions.iter().filter_map(|d| match d {
        Dimension::Field(f) => Some(f.clone()),
        _ => None,
    });
    let listed = last.rows.iter().flat_map(|r| r.fields.iter().cloned());
    for field in shown.chain(listed).chain(draft.fields.iter().cloned()) {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    let dataset = draft
        .fields
        .first()
        .or(fields.first())
        .map(|f| f.dataset.clone());
    let Some(dataset) = dataset else {
        return Err(Misfit::Missing("what is listed"));
    };
    Ok(Some(Query {
        rows: Some(RowsOf::new(dataset, fields)),
        filter: all(list),
        time: last.time.clone(),
        ..Query::default()
    }))
}

/// How many members the last answer has.
fn counted(last: &Query) -> Result<Query, Misfit> {
    if last.dimensions.is_empty() && last.rows.is_none() {
        return Err(Misfit::Missing("what is counted"));
    }
    Ok(Query {
        metrics: vec![Term {
            name: "Number of rows".into(),
            measure: Measure::CountOf(Box::new(Query {
                order: Vec::new(),
                ..last.clone()
            })),
        }],
        ..Query::default()
    })
}

/// The members behind a count, listed.
fn members(last: &Query, model: &Model) -> Result<Query, Misfit> {
    if last.metrics.is_empty() {
        return Ok(last.clone());
    }
    let [term] = &last.metrics[..] else {
        return Err(Misfit::Missing("which ones are meant"));
    };
    if let Measure::CountOf(inner) = &term.measure {
        let mut list = (**inner).clone();
        for dimension in &mut list.dimensions {
            // Members are shown by their name.
            if let Dimension::Field(key) = dimension
                && let Some(entity) = model.entities.iter().find(|e| e.key == *key)
            {
                *dimension = Dimension::Field(entity.display.clone());
            }
        }
        return Ok(list);
    }
    let noun = match &term.measure {
        Measure::Metric(name) => match model.metric(name).map(|m| &m.unit) {
            Some(Unit::Count(noun)) => Some(noun.clone()),
            _ => None,
        },
        Measure::Rows(dataset) => model
            .entities
            .iter()
            .find(|e| e.dataset.as_ref() == Some(dataset))
            .map(|e| super::plural(&e.name)),
        Measure::Aggregate { field, .. } => model
            .entities
            .iter()
            .find(|e| e.key.field == field.field)
            .map(|e| super::plural(&e.name)),
        _ => None,
    };
    let entity = noun.and_then(|n| model.entities.iter().find(|e| super::plural(&e.name) == n));
    let Some(entity) = entity.filter(|_| last.dimensions.is_empty()) else {
        return Err(Misfit::Missing("which ones are meant"));
    };
    let mut dimensions = vec![Dimension::Field(entity.display.clone())];
    dimensions.extend(entity.id_field.clone().map(Dimension::Field));
    let mut query = Query {
        dimensions,
        filter: last.filter.clone(),
        time: last.time.clone(),
        ..Query::default()
    };
    // Who was active in a period is known from the facts alone.
    if query.time.is_some() {
        query.metrics = last.metrics.clone();
    }
    Ok(query)
}

fn drop_parts(draft: &Draft, query: &mut Query, scene: &Scene) -> Result<bool, Misfit> {
    let mut changed = false;
    for dropped in &draft.edits.drop {
        match dropped {
            Dropped::Filters => query.filter = None,
            Dropped::Groups => {
                query.dimensions.clear();
                query.rank = None;
                query.order.clear();
                query.share = None;
            }
            Dropped::Comparison => {
                query.compare = None;
                query.order.clear();
            }
            Dropped::Rank => query.rank = None,
            Dropped::Share => query.share = None,
            Dropped::Period => {
                if let Some(time) = &mut query.time {
                    time.range = None;
                }
            }
            Dropped::Values(field, values) => {
                let mut list = parts(query.filter.as_ref());
                exclude(&mut list, field, values);
                query.filter = all(list);
            }
            Dropped::Named(named) => drop_named(named, query, scene)?,
        }
        changed = true;
    }
    Ok(changed)
}

fn drop_named(named: &Named, query: &mut Query, scene: &Scene) -> Result<(), Misfit> {
    let model = scene.model;
    let fields: Vec<FieldRef> = match named {
        Named::Metric(name) => {
            let before = query.metrics.len();
            query
                .metrics
                .retain(|t| !matches!(&t.measure, Measure::Metric(n) if n == name));
            return if query.metrics.len() == before || query.metrics.is_empty() {
                Err(Misfit::Missing("what should change"))
            } else {
                query
                    .order
                    .retain(|o| !matches!(o.key, OrderKey::Metric(..)));
                query.rank = None;
                query.having.clear();
                Ok(())
            };
        }
        Named::Field(field) => vec![field.clone()],
        Named::Entity(i) => model
            .entities
            .get(*i)
            .map(|e| vec![e.display.clone(), e.key.clone()])
            .unwrap_or_default(),
    };
    let mut list = parts(query.filter.as_ref());
    let before = (list.len(), query.dimensions.len());
    list.retain(|f| !field_of(f).is_some_and(|x| fields.contains(x)));
    // A filter on the field goes first; a group by it when there is no such filter.
    if list.len() == before.0 {
        query
            .dimensions
            .retain(|d| !matches!(d, Dimension::Field(f) if fields.contains(f)));
        query.order.clear();
        query.rank = None;
    }
    let gone = list.len() != before.0 || query.dimensions.len() != before.1;
    query.filter = all(list);
    if gone {
        Ok(())
    } else {
        Err(Misfit::Missing("what should change"))
    }
}

/// "those five": the members of the last ranking, whatever is asked of them next.
fn narrow_to_referred(draft: &Draft, last: &Query, query: &mut Query) {
    let chosen = last.rank.is_some() || !last.having.is_empty();
    let key = last
        .dimensions
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, d)| match d {
            Dimension::Field(f) => Some((at, f)),
            _ => None,
        });
    let asked = !draft.measures.is_empty() || !draft.having.is_empty();
    if draft.refers
        && chosen
        && asked
        && draft.rank.is_none()
        && let Some((at, field)) = key
    {
        let mut set = Query {
            order: Vec::new(),
            ..last.clone()
        };
        // Members are what the first column holds.
        set.dimensions.swap(0, at);
        if let Some(rank) = &mut set.rank {
            for of in &mut rank.per {
                if *of == 0 {
                    *of = at;
                } else if *of == at {
                    *of = 0;
                }
            }
        }
        query.filter = all(vec![Filter::Members {
            field: field.clone(),
            query: Box::new(set),
        }]);
        query.rank = None;
        query.having.clear();
        query.order.clear();
    }
}

fn measures(draft: &Draft, last: &Query, query: &mut Query) -> bool {
    if draft.measures.is_empty() {
        return false;
    }
    if last.rows.is_some() {
        query.rows = None;
    }
    // "as a share of all 1998 revenue" names the measure that is there already.
    let wanted = terms(&draft.measures);
    let same = draft.share.is_some()
        && wanted
            .iter()
            .all(|t| query.metrics.iter().any(|m| m.measure == t.measure));
    if draft.edits.add && last.rows.is_none() {
        for term in wanted {
            if !query
                .metrics
                .iter()
                .any(|m| m.measure == term.measure || m.name == term.name)
            {
                query.metrics.push(term);
            }
        }
        return true;
    }
    if same {
        return true;
    }
    query.metrics = wanted;
    query.share = None;
    query.having.clear();
    query
        .order
        .retain(|o| !matches!(o.key, OrderKey::Metric(..) | OrderKey::Field(_)));
    true
}

fn period(
    draft: &Draft,
    is_base: bool,
    last: &Query,
    query: &mut Query,
    scene: &Scene,
) -> Result<bool, Misfit> {
    let Some(period) = draft.period.as_ref().filter(|_| !is_base) else {
        return Ok(false);
    };
    let field = last
        .time
        .as_ref()
        .map(|t| t.field.clone())
        .or_else(|| scene.model.default_time.clone());
    let Some(field) = field else {
        return Err(Misfit::Missing("a date in the data"));
    };
    query.time = Some(TimeScope {
        field,
        range: Some(period.to_range()),
        calendar: None,
    });
    if draft.compare.is_none() && !draft.growth {
        // A comparison with a stated period falls with it; "a year before" moves along.
        let stated = matches!(
            query.compare.as_ref().map(|c| &c.to),
            Some(query::CompareTo::Range(_))
        );
        if stated {
            query.compare = None;
        }
    }
    Ok(true)
}

fn shift(draft: &Draft, query: &mut Query) -> Result<bool, Misfit> {
    let Some((by, grain)) = draft.shift else {
        return Ok(false);
    };
    let Some(range) = query.time.as_mut().and_then(|t| t.range.as_mut()) else {
        return Err(Misfit::Missing("a period to move"));
    };
    let step = |day: &Option<String>| {
        day.as_ref()
            .and_then(|d| d.parse::<Date>().ok())
            .map(|d| shifted(d, grain, i64::from(by)))
    };
    let (start, end) = (step(&range.start), step(&range.end));
    let label = match (start, end) {
        (Some(s), Some(e)) => [Grain::Year, Grain::Quarter, Grain::Month, Grain::Day]
            .iter()
            .map(|g| period_of(s, *g, 1))
            .find(|p| p.end == Some(e))
            .map_or_else(|| format!("{s} to {e}"), |p| p.label),
        _ => format!(
            "{} moved by a {}",
            range.label,
            crate::time::grain_noun(grain)
        ),
    };
    *range = query::DateRange {
        start: start.map(|d| d.to_string()),
        end: end.map(|d| d.to_string()),
        label,
    };
    Ok(true)
}

/// Takes values out of what is kept, or keeps them out.
fn exclude(list: &mut Vec<Filter>, field: &FieldRef, values: &[String]) {
    let out = |l: &Literal| matches!(l, Literal::Text(t) if values.contains(t));
    for filter in list.iter_mut() {
        match filter {
            Filter::In {
                field: f,
                values: kept,
            } if f == field => {
                let left: Vec<Literal> = kept.iter().filter(|l| !out(l)).cloned().collect();
                if !left.is_empty() && left.len() < kept.len() {
                    *kept = left;
                    return;
                }
            }
            Filter::Not(inner) => {
                if let Filter::In {
                    field: f,
                    values: gone,
                } = &mut **inner
                    && f == field
                {
                    let more = values.iter().cloned().map(Literal::Text);
                    let more: Vec<Literal> = more.filter(|l| !gone.contains(l)).collect();
                    gone.extend(more);
                    return;
                }
            }
            _ => {}
        }
    }
    list.retain(|f| !matches!(f, Filter::In { field: x, .. } if x == field));
    list.push(Filter::Not(Box::new(Filter::In {
        field: field.clone(),
        values: values.iter().cloned().map(Literal::Text).collect(),
    })));
}

/// Filters on a field replace those on the same field; added values join them.
fn filters(draft: &Draft, query: &mut Query) -> bool {
    for bound in &draft.filters {
        let mut list = parts(query.filter.as_ref());
        let joins =
            draft.edits.add || draft.edits.against.is_some() && draft.edits.against == bound.field;
        if let Filter::Not(inner) = &bound.filter
            && let Filter::In { field, values } = &**inner
        {
            let texts: Vec<String> = values
                .iter()
                .filter_map(|l| match l {
                    Literal::Text(t) => Some(t.clone()),
                    _ => None,
                })
                .collect();
            if texts.len() == values.len() {
                exclude(&mut list, field, &texts);
                query.filter = all(list);
                continue;
            }
        }
        let mut met = false;
        if joins && let Filter::In { field, values } = &bound.filter {
            for filter in &mut list {
                if let Filter::In {
                    field: f,
                    values: kept,
                } = filter
                    && f == field
                {
                    for value in values {
                        if !kept.contains(value) {
                            kept.push(value.clone());
                        }
                    }
                    met = true;
                }
            }
        }
        if !met {
            if let Some(field) = &bound.field {
                list.retain(|f| field_of(f) != Some(field));
            }
            list.push(bound.filter.clone());
        }
        query.filter = all(list);
    }
    // Values side by side are shown side by side.
    if let Some(field) = &draft.edits.against {
        let by = Dimension::Field(field.clone());
        if !query.dimensions.contains(&by) {
            query
                .dimensions
                .retain(|d| !matches!(d, Dimension::Field(_)));
            query.dimensions.push(by);
        }
        if draft.edits.within.is_some() {
            query.dimensions.retain(|d| !is_time(d));
        }
        query.rank = None;
    }
    // The one that was pointed at is no longer one of several.
    if let Some(field) = &draft.edits.referred {
        query.rank = None;
        query.having.clear();
        query.order.clear();
        if query.dimensions.len() > 1 || !draft.dimensions.is_empty() || !draft.measures.is_empty()
        {
            query
                .dimensions
                .retain(|d| *d != Dimension::Field(field.clone()));
        }
    }
    !draft.filters.is_empty()
}

/// Groups replace groups of their kind, or join them.
fn groups(draft: &Draft, last: &Query, query: &mut Query, scene: &Scene) -> Result<bool, Misfit> {
    let split = |time: bool| -> Vec<Dimension> {
        draft
            .dimensions
            .iter()
            .filter(|d| is_time(d) == time)
            .cloned()
            .collect()
    };
    let (times, fields) = (split(true), split(false));
    let mut changed = false;
    // "by month instead"
    if draft.edits.swap
        && draft
            .dimensions
            .iter()
            .any(|d| !last.dimensions.contains(d))
    {
        query.dimensions.clear();
    }
    // "which month was best": the months are ranked, whatever the groups were before.
    if let (Some(_), [Dimension::Time(grain)], true) =
        (&draft.rank, &draft.dimensions[..], !draft.edits.add)
        && !last.dimensions.contains(&Dimension::Time(*grain))
    {
        query.dimensions.clear();
    }
    // "which branch sold the most": the branches are ranked over the whole time.
    if draft.rank.is_some()
        && times.is_empty()
        && !fields.is_empty()
        && !draft.edits.add
        && draft.rank.as_ref().is_some_and(|r| r.per.is_empty())
    {
        query.dimensions.retain(|d| !is_time(d));
    }
    // The group of a ranking that is asked anew is no further breakdown.
    let same = |d: &Dimension| last.dimensions.contains(d);
    if !times.is_empty() && !times.iter().all(same) {
        query.dimensions.retain(|d| !is_time(d));
        for (i, d) in times.into_iter().enumerate() {
            query.dimensions.insert(i, d);
        }
        query.order.clear();
        if draft.rank.is_none() {
            query.rank = None;
        }
        if query.time.is_none() {
            let Some(field) = scene.model.default_time.clone() else {
                return Err(Misfit::Missing("a date in the data"));
            };
            query.time = Some(TimeScope::new(field, None));
        }
        changed = true;
    }
    if fields.is_empty() {
        return Ok(changed);
    }
    if !fields.iter().all(same) {
        if !draft.edits.add {
            query.dimensions.retain(is_time);
        }
        for field in fields {
            if !query.dimensions.contains(&field) {
                query.dimensions.push(field);
            }
        }
        query.order.clear();
        if draft.rank.is_none() {
            query.rank = None;
        }
    }
    Ok(true)
}

fn rank(draft: &Draft, last: &Query, query: &mut Query) -> Result<bool, Misfit> {
    let Some(rank) = &draft.rank else {
        if let Some(Rank { by, on, per, .. }) = &mut query.rank {
            *by = 0;
            if query.compare.is_none() {
                *on = Part::Value;
            }
            per.retain(|p| *p < last.dimensions.len());
        }
        return Ok(false);
    };
    if query.dimensions.is_empty() || query.metrics.is_empty() {
        return Err(Misfit::Missing("what is ranked"));
    }
    let n = last.rank.as_ref().map_or(1, |r| r.n);
    let mut next = ranked(rank, n);
    next.percent = draft.rank_percent;
    next.other = draft.rank_other.then(|| "Other".to_string());
    next.on = if query.compare.is_some() && (draft.growth || rank.on != Part::Value) {
        if rank.on == Part::Value {
            Part::Pct
        } else {
            rank.on
        }
    } else {
        Part::Value
    };
    if next.per.iter().any(|p| *p >= query.dimensions.len()) {
        next.per.clear();
    }
    query.rank = Some(next);
    query.order.clear();
    Ok(true)
}

fn share(draft: &Draft, query: &mut Query, scene: &Scene) -> Result<bool, Misfit> {
    match &draft.share {
        None => Ok(false),
        Some(ShareDraft::Part) => Err(Misfit::Missing("whose share is meant")),
        Some(ShareDraft::Groups(_)) => {
            if query.rows.is_some() || query.metrics.is_empty() {
                return Err(Misfit::Missing("whose share is meant"));
            }
            let within: Vec<usize> = (0..query.dimensions.len())
                .filter(|i| is_time(&query.dimensions[*i]))
                .collect();
            // Within what is left by the filters the parts of a breakdown make up the whole; a
            // single number is a part of what the filters left out.
            let broken_down = within.len() < query.dimensions.len();
            let of_all = scene.tokens.iter().any(|t| {
                matches!(
                    t.folded.as_str(),
                    "company"
                        | "overall"
                        | "all"
                        | "whole"
                        | "entire"
                        | "everything"
                        | "business"
                        | "group"
                )
            });
            if !broken_down && query.filter.is_none() {
                return Err(Misfit::Missing("whose share is meant"));
            }
            query.share = Some(Share {
                within: if broken_down && query.dimensions.len() == within.len() {
                    Vec::new()
                } else {
                    within
                },
                unfiltered: of_all || !broken_down,
            });
            Ok(true)
        }
    }
}

fn reverse(query: &mut Query) -> bool {
    let turned = |d: Direction| match d {
        Direction::Ascending => Direction::Descending,
        Direction::Descending => Direction::Ascending,
    };
    if let Some(rank) = &mut query.rank {
        rank.direction = turned(rank.direction);
        return true;
    }
    if query.order.is_empty() && !query.metrics.is_empty() && !query.dimensions.is_empty() {
        query.order = vec![Order {
            key: OrderKey::Metric(0, Part::Value),
            direction: Direction::Ascending,
        }];
        return true;
    }
    for order in &mut query.order {
        order.direction = turned(order.direction);
    }
    !query.order.is_empty()
}

/// The usual order of a breakdown, where nothing else orders it.
fn order(query: &mut Query) {
    // Keys of a query that has lost a measure or a group.
    let (metrics, dimensions) = (query.metrics.len(), query.dimensions.len());
    query.order.retain(|o| match o.key {
        OrderKey::Metric(i, _) => i < metrics,
        OrderKey::Dimension(i) => i < dimensions,
        OrderKey::Field(_) => true,
    });
    let plain = query.rank.is_none()
        && query.order.is_empty()
        && query
            .metrics
            .iter()
            .all(|t| !matches!(t.measure, Measure::CountOf(_)));
    if plain && dimensions > 0 && metrics > 0 && !query.dimensions.iter().any(is_time) {
        query.order = vec![Order {
            key: OrderKey::Metric(0, Part::Value),
            direction: Direction::Descending,
        }];
    }
}
