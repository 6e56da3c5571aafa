//! A follow-up as a typed edit of the last query.

use super::draft::{CompareDraft, Draft, ShareDraft};
use super::finish::{all, comparison, ranked, terms};
use super::{Misfit, Scene};
use crate::time::{period_of, shifted};
use jiff::civil::Date;
use query::{
    Dimension, Direction, Filter, Grain, Having, Measure, Order, OrderKey, Part, Query, Rank,
    RowsOf, Share, TimeScope,
};
use semantics::FieldRef;

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

/// Applies what a follow-up says to the last query.
pub(super) fn edit(draft: Draft, last: &Query, scene: &Scene) -> Result<Query, Misfit> {
    let mut query = last.clone();
    let model = scene.model;
    let mut changed = false;
    // "those five": the members of the last ranking, whatever is asked of them next.
    if draft.refers
        && let (Some(_), Some(Dimension::Field(field))) = (&last.rank, last.dimensions.last())
        && (!draft.measures.is_empty() || !draft.having.is_empty())
        && draft.rank.is_none()
    {
        let set = Query {
            order: Vec::new(),
            ..last.clone()
        };
        query.filter = all(vec![Filter::Members {
            field: field.clone(),
            query: Box::new(set),
        }]);
        query.rank = None;
        query.order.clear();
    }
    // "which of those are under their reorder level": conditions between fields narrow the list.
    if draft.measures.is_empty()
        && draft
            .filters
            .iter()
            .any(|b| matches!(b.filter, Filter::CompareFields { .. }))
    {
        let mut list = parts(query.filter.as_ref());
        list.extend(draft.filters.iter().map(|b| b.filter.clone()));
        let fields: Vec<FieldRef> = last
            .dimensions
            .iter()
            .filter_map(|d| match d {
                Dimension::Field(f) => Some(f.clone()),
                _ => None,
            })
            .chain(draft.fields.iter().cloned())
            .collect();
        let Some(dataset) = fields.first().map(|f| f.dataset.clone()) else {
            return Err(Misfit::Missing("what is listed"));
        };
        return Ok(Query {
            rows: Some(RowsOf::new(dataset, fields)),
            filter: all(list),
            time: last.time.clone(),
            ..Query::default()
        });
    }
    if !draft.measures.is_empty() {
        if last.rows.is_some() {
            query.rows = None;
        }
        query.metrics = terms(&draft.measures);
        query.share = None;
        query.having.clear();
        query
            .order
            .retain(|o| !matches!(o.key, OrderKey::Metric(..) | OrderKey::Field(_)));
        changed = true;
    }
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
    if draft.refers
        && draft.rank.is_some()
        && draft
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Time(_)))
    {
        return Err(Misfit::Missing("which one is meant"));
    }
    if let (Some(period), None) = (&draft.period, base) {
        let field = last
            .time
            .as_ref()
            .map(|t| t.field.clone())
            .or_else(|| model.default_time.clone());
        let Some(field) = field else {
            return Err(Misfit::Missing("a date in the data"));
        };
        query.time = Some(TimeScope {
            field,
            range: Some(period.to_range()),
            calendar: None,
        });
        if draft.compare.is_none() && !draft.growth {
            query.compare = None;
        }
        changed = true;
    }
    if let Some((by, grain)) = draft.shift {
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
        changed = true;
    }
    // Filters on a field replace those on the same field.
    for bound in &draft.filters {
        let mut list = parts(query.filter.as_ref());
        if let Some(field) = &bound.field {
            list.retain(|f| field_of(f) != Some(field));
        }
        list.push(bound.filter.clone());
        query.filter = all(list);
        changed = true;
    }
    // Groups replace groups of their kind.
    let times: Vec<Dimension> = draft
        .dimensions
        .iter()
        .filter(|d| matches!(d, Dimension::Time(_) | Dimension::TimeOf { .. }))
        .cloned()
        .collect();
    let fields: Vec<Dimension> = draft
        .dimensions
        .iter()
        .filter(|d| !matches!(d, Dimension::Time(_) | Dimension::TimeOf { .. }))
        .cloned()
        .collect();
    // The entity of a value that was just filtered, or that is ranked anew, is no further breakdown.
    let same = |d: &Dimension| last.dimensions.contains(d);
    if !times.is_empty() && !times.iter().all(same) {
        query
            .dimensions
            .retain(|d| !matches!(d, Dimension::Time(_) | Dimension::TimeOf { .. }));
        for (i, d) in times.into_iter().enumerate() {
            query.dimensions.insert(i, d);
        }
        query.order.clear();
        query.rank = if draft.rank.is_some() {
            query.rank
        } else {
            None
        };
        if query.time.is_none() {
            let Some(field) = model.default_time.clone() else {
                return Err(Misfit::Missing("a date in the data"));
            };
            query.time = Some(TimeScope::new(field, None));
        }
        changed = true;
    }
    if !fields.is_empty() && !fields.iter().all(same) {
        query
            .dimensions
            .retain(|d| matches!(d, Dimension::Time(_) | Dimension::TimeOf { .. }));
        query.dimensions.extend(fields);
        query.order.clear();
        if draft.rank.is_none() {
            query.rank = None;
        }
        changed = true;
    } else if !fields.is_empty() {
        changed = true;
    }
    if query.rows.is_some() && (!draft.measures.is_empty() || draft.rank.is_some()) {
        query.rows = None;
    }
    if let Some(compare) = &draft.compare {
        query.compare = Some(match base {
            Some(period) => comparison(&CompareDraft::Periods(period.clone()), scene),
            None => comparison(compare, scene),
        });
        changed = true;
    }
    if let Some(rank) = &draft.rank {
        if query.dimensions.is_empty() || query.metrics.is_empty() {
            return Err(Misfit::Missing("what is ranked"));
        }
        let n = last.rank.as_ref().map_or(1, |r| r.n);
        let mut next = ranked(rank, n);
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
        changed = true;
    } else if let Some(Rank { by, on, per, .. }) = &mut query.rank {
        *by = 0;
        if query.compare.is_none() {
            *on = Part::Value;
        }
        per.retain(|p| *p < last.dimensions.len());
    }
    match &draft.share {
        Some(ShareDraft::Groups(_)) => {
            let within: Vec<usize> = (0..query.dimensions.len())
                .filter(|i| matches!(query.dimensions[*i], Dimension::Time(_)))
                .collect();
            query.share = Some(Share {
                within,
                unfiltered: true,
            });
            changed = true;
        }
        Some(ShareDraft::Part) => return Err(Misfit::Missing("whose share is meant")),
        None => {}
    }
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
    if !changed {
        return Err(Misfit::Missing("what should change"));
    }
    if query.rank.is_none()
        && query.order.is_empty()
        && query
            .metrics
            .iter()
            .all(|t| !matches!(t.measure, Measure::CountOf(_)))
        && !query.dimensions.is_empty()
        && !query
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Time(_) | Dimension::TimeOf { .. }))
        && !query.metrics.is_empty()
    {
        query.order = vec![Order {
            key: OrderKey::Metric(0, Part::Value),
            direction: Direction::Descending,
        }];
    }
    Ok(query)
}
