//! Makes a mismatch small: fewer tables, rows, fields and query parts, as long as the same
//! kind of difference stays.

use crate::engines::Engine;
use crate::tables::Tables;
use crate::verdict::{Verdict, judge};
use query::{Dimension, Filter, Measure, Query, Reader};
use semantics::{Expression, MetricKind, Model, RowFilter};

/// A case on its own.
#[derive(Debug, Clone)]
pub(crate) struct Trial {
    pub(crate) model: Model,
    pub(crate) tables: Tables,
    pub(crate) query: Query,
    pub(crate) reader: Option<Reader>,
}

/// Attempts at most.
const PATIENCE: usize = 1500;

pub(crate) struct Shrinker<'e> {
    engine: &'e mut dyn Engine,
    kind: String,
    tries: usize,
}

impl<'e> Shrinker<'e> {
    pub(crate) fn new(engine: &'e mut dyn Engine, kind: &str) -> Shrinker<'e> {
        Shrinker {
            engine,
            kind: kind.to_string(),
            tries: 0,
        }
    }

    fn still(&mut self, trial: &Trial) -> bool {
        self.tries += 1;
        if self.tries > PATIENCE
            || !semantics::check(&trial.model).is_empty()
            || !is_whole(&trial.model)
            || self.engine.load(&trial.tables).is_err()
        {
            return false;
        }
        matches!(
            judge(self.engine, trial),
            Verdict::Mismatch { kind, .. } if kind == self.kind
        )
    }

    pub(crate) fn shrink(mut self, mut trial: Trial) -> Trial {
        loop {
            let before = size(&trial);
            for query in simpler_queries(&trial.query) {
                let next = Trial {
                    query,
                    ..trial.clone()
                };
                if self.still(&next) {
                    trial = next;
                    break;
                }
            }
            if size(&trial) < before {
                continue;
            }
            trial = self.fewer_rows(trial);
            for model in simpler_models(&trial.model) {
                let mut next = trial.clone();
                next.tables
                    .retain(|name, _| model.datasets.iter().any(|d| d.table.last() == Some(name)));
                next.model = model;
                if self.still(&next) {
                    trial = next;
                    break;
                }
            }
            trial = self.fewer_columns(trial);
            if size(&trial) >= before || self.tries > PATIENCE {
                return trial;
            }
        }
    }

    fn fewer_rows(&mut self, mut trial: Trial) -> Trial {
        let names: Vec<String> = trial.tables.keys().cloned().collect();
        for name in names {
            let mut chunk = trial.tables[&name].rows.len().div_ceil(2).max(1);
            loop {
                let mut at = 0;
                while at < trial.tables[&name].rows.len() {
                    let mut next = trial.clone();
                    if let Some(table) = next.tables.get_mut(&name) {
                        let end = (at + chunk).min(table.rows.len());
                        table.rows.drain(at..end);
                    }
                    if self.still(&next) {
                        trial = next;
                    } else {
                        at += chunk;
                    }
                }
                if chunk == 1 {
                    break;
                }
                chunk = chunk.div_ceil(2);
            }
        }
        trial
    }

    /// Drops physical columns that no field reads any more.
    fn fewer_columns(&mut self, mut trial: Trial) -> Trial {
        for dataset in trial.model.datasets.clone() {
            let Some(name) = dataset.table.last() else {
                continue;
            };
            let read = serde_json::to_string(&dataset.fields).unwrap_or_default();
            let unread: Vec<usize> = trial.tables[name]
                .columns
                .iter()
                .enumerate()
                .filter(|(_, c)| {
                    let quoted = serde_json::to_string(&c.0).unwrap_or_default();
                    !read.contains(&format!("{{\"column\":{quoted}}}"))
                })
                .map(|(i, _)| i)
                .rev()
                .collect();
            let mut next = trial.clone();
            if let Some(table) = next.tables.get_mut(name) {
                for i in unread {
                    table.columns.remove(i);
                    for row in &mut table.rows {
                        row.remove(i);
                    }
                }
            }
            if size(&next) < size(&trial) && self.still(&next) {
                trial = next;
            }
        }
        trial
    }
}

/// Whether no expression reads a field that was taken out.
fn is_whole(model: &Model) -> bool {
    let reads = |dataset: &str, e: &Expression| {
        model
            .dataset(dataset)
            .is_some_and(|d| e.fields().iter().all(|f| d.field(f).is_some()))
    };
    model
        .datasets
        .iter()
        .all(|d| d.fields.iter().all(|f| reads(&d.name, &f.expression)))
        && model.metrics.iter().all(|m| match &m.kind {
            MetricKind::Simple {
                dataset,
                expression,
                filter,
                ..
            } => {
                expression.as_ref().is_none_or(|e| reads(dataset, e))
                    && filter
                        .iter()
                        .flat_map(RowFilter::fields)
                        .all(|f| model.field(f).is_some())
            }
            _ => true,
        })
}

fn size(trial: &Trial) -> usize {
    serde_json::to_string(&trial.query).map_or(0, |t| t.len())
        + serde_json::to_string(&trial.model).map_or(0, |t| t.len())
        + trial
            .tables
            .values()
            .map(|t| t.columns.len() + 10 * t.rows.len() * t.columns.len().max(1))
            .sum::<usize>()
}

fn simpler_models(model: &Model) -> Vec<Model> {
    let mut simpler = Vec::new();
    for i in 0..model.datasets.len() {
        let name = model.datasets[i].name.clone();
        let mut next = model.clone();
        next.datasets.remove(i);
        next.relationships
            .retain(|r| r.from != name && r.to != name);
        if !next.datasets.is_empty() {
            simpler.push(next);
        }
    }
    for i in 0..model.metrics.len() {
        let mut next = model.clone();
        next.metrics.remove(i);
        simpler.push(next);
    }
    for i in 0..model.relationships.len() {
        let mut next = model.clone();
        next.relationships.remove(i);
        simpler.push(next);
    }
    for i in 0..model.datasets.len() {
        for f in 0..model.datasets[i].fields.len() {
            let name = &model.datasets[i].fields[f].name;
            if model.datasets[i].primary_key.contains(name)
                || model.datasets[i].event_time.as_ref() == Some(name)
            {
                continue;
            }
            let mut next = model.clone();
            next.datasets[i].fields.remove(f);
            simpler.push(next);
        }
    }
    simpler
}

fn without<T: Clone>(items: &[T], i: usize) -> Vec<T> {
    let mut rest = items.to_vec();
    rest.remove(i);
    rest
}

fn simpler_filters(filter: &Filter) -> Vec<Filter> {
    match filter {
        Filter::And(all) | Filter::Or(all) => {
            let mut simpler = all.clone();
            for i in 0..all.len() {
                for inner in simpler_filters(&all[i]) {
                    let mut next = all.clone();
                    next[i] = inner;
                    simpler.push(match filter {
                        Filter::And(_) => Filter::And(next),
                        _ => Filter::Or(next),
                    });
                }
            }
            simpler
        }
        Filter::Not(inner) => {
            let mut simpler = vec![(**inner).clone()];
            simpler.extend(
                simpler_filters(inner)
                    .into_iter()
                    .map(|f| Filter::Not(Box::new(f))),
            );
            simpler
        }
        Filter::In { field, values } if values.len() > 1 => (0..values.len())
            .map(|i| Filter::In {
                field: field.clone(),
                values: without(values, i),
            })
            .collect(),
        Filter::CompareQuery { field, op, query } => simpler_queries(query)
            .into_iter()
            .map(|q| Filter::CompareQuery {
                field: field.clone(),
                op: *op,
                query: Box::new(q),
            })
            .collect(),
        Filter::Members { field, query } => simpler_queries(query)
            .into_iter()
            .map(|q| Filter::Members {
                field: field.clone(),
                query: Box::new(q),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn simpler_measures(measure: &Measure) -> Vec<Measure> {
    match measure {
        Measure::Ratio {
            numerator: a,
            denominator: b,
        }
        | Measure::Difference { left: a, right: b } => {
            let rebuild = |a: Measure, b: Measure| match measure {
                Measure::Ratio { .. } => Measure::Ratio {
                    numerator: Box::new(a),
                    denominator: Box::new(b),
                },
                _ => Measure::Difference {
                    left: Box::new(a),
                    right: Box::new(b),
                },
            };
            let mut simpler = vec![(**a).clone(), (**b).clone()];
            simpler.extend(
                simpler_measures(a)
                    .into_iter()
                    .map(|a| rebuild(a, (**b).clone())),
            );
            simpler.extend(
                simpler_measures(b)
                    .into_iter()
                    .map(|b| rebuild((**a).clone(), b)),
            );
            simpler
        }
        Measure::Where { measure, filter } => {
            let mut simpler = vec![(**measure).clone()];
            simpler.extend(simpler_filters(filter).into_iter().map(|f| Measure::Where {
                measure: measure.clone(),
                filter: Box::new(f),
            }));
            simpler.extend(
                simpler_measures(measure)
                    .into_iter()
                    .map(|m| Measure::Where {
                        measure: Box::new(m),
                        filter: filter.clone(),
                    }),
            );
            simpler
        }
        Measure::PerGroup {
            aggregation,
            measure,
            per,
        } => {
            let mut simpler = vec![(**measure).clone()];
            simpler.extend(
                simpler_measures(measure)
                    .into_iter()
                    .map(|m| Measure::PerGroup {
                        aggregation: *aggregation,
                        measure: Box::new(m),
                        per: per.clone(),
                    }),
            );
            simpler
        }
        Measure::CountOf(query) => simpler_queries(query)
            .into_iter()
            .map(|q| Measure::CountOf(Box::new(q)))
            .collect(),
        _ => Vec::new(),
    }
}

/// Index after one was taken out; `None` if it was that one.
fn closed(index: usize, gone: usize) -> Option<usize> {
    match index.cmp(&gone) {
        std::cmp::Ordering::Less => Some(index),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(index - 1),
    }
}

fn without_metric(query: &Query, gone: usize) -> Query {
    use query::{OrderKey, Threshold};
    let mut next = query.clone();
    next.metrics.remove(gone);
    next.having.retain_mut(|h| {
        if let Threshold::Metric(other) = &mut h.value {
            match closed(*other, gone) {
                Some(i) => *other = i,
                None => return false,
            }
        }
        closed(h.metric, gone).map(|i| h.metric = i).is_some()
    });
    next.rank = next
        .rank
        .and_then(|r| closed(r.by, gone).map(|by| query::Rank { by, ..r }));
    next.order.retain_mut(|o| match &mut o.key {
        OrderKey::Metric(m, _) => closed(*m, gone).map(|i| *m = i).is_some(),
        _ => true,
    });
    next
}

fn without_dimension(query: &Query, gone: usize) -> Query {
    use query::OrderKey;
    let mut next = query.clone();
    next.dimensions.remove(gone);
    let close = |all: &mut Vec<usize>| {
        *all = all.iter().filter_map(|i| closed(*i, gone)).collect();
    };
    if let Some(rank) = &mut next.rank {
        close(&mut rank.per);
    }
    if let Some(share) = &mut next.share {
        close(&mut share.within);
    }
    next.order.retain_mut(|o| match &mut o.key {
        OrderKey::Dimension(d) => closed(*d, gone).map(|i| *d = i).is_some(),
        _ => true,
    });
    next
}

fn simpler_queries(query: &Query) -> Vec<Query> {
    let mut simpler: Vec<Query> = Vec::new();
    let mut change = |f: &dyn Fn(&mut Query)| {
        let mut next = query.clone();
        f(&mut next);
        if &next != query {
            simpler.push(next);
        }
    };
    change(&|q| q.limit = None);
    change(&|q| q.order.clear());
    change(&|q| q.rank = None);
    change(&|q| q.having.clear());
    change(&|q| q.share = None);
    change(&|q| q.rolling = None);
    change(&|q| q.cumulative = false);
    change(&|q| q.compare = None);
    change(&|q| q.filter = None);
    change(&|q| q.time = None);
    change(&|q| {
        if let Some(time) = &mut q.time {
            time.range = None;
        }
    });
    change(&|q| {
        if let Some(share) = &mut q.share {
            share.unfiltered = false;
        }
    });
    change(&|q| {
        if let Some(share) = &mut q.share {
            share.within.clear();
        }
    });
    change(&|q| {
        if let Some(rank) = &mut q.rank {
            rank.per.clear();
        }
    });
    change(&|q| {
        if let Some(rank) = &mut q.rank {
            rank.skip = 0;
        }
    });
    change(&|q| {
        if let Some(rank) = &mut q.rank {
            rank.other = None;
        }
    });
    change(&|q| {
        if let Some(rows) = &mut q.rows {
            rows.rank = None;
        }
    });
    change(&|q| {
        if let Some(rows) = &mut q.rows {
            rows.distinct = false;
        }
    });
    change(&|q| {
        if let Some(basket) = &mut q.basket {
            basket.first = None;
        }
    });
    change(&|q| {
        if let Some(basket) = &mut q.basket {
            basket.second = None;
        }
    });
    change(&|q| {
        if let Some(cohort) = &mut q.cohort {
            cohort.measure = None;
        }
    });
    for i in 0..query.having.len() {
        change(&|q| {
            q.having.remove(i);
        });
        change(&|q| q.having[i].or.clear());
    }
    if let Some(sets) = &query.sets {
        for i in 0..sets.queries.len() {
            if sets.queries.len() > 2 {
                change(&|q| {
                    if let Some(sets) = &mut q.sets {
                        sets.queries.remove(i);
                    }
                });
            }
            for part in simpler_queries(&sets.queries[i]) {
                change(&|q| {
                    if let Some(sets) = &mut q.sets {
                        sets.queries[i] = part.clone();
                    }
                });
            }
        }
    }
    change(&|q| {
        if let Some(compare) = &mut q.compare
            && compare.show.len() > 1
        {
            compare.show.pop();
        }
    });
    change(&|q| {
        if let Some(compare) = &mut q.compare
            && compare.show.len() > 1
        {
            compare.show.remove(0);
        }
    });
    for i in 0..query.metrics.len() {
        if query.metrics.len() > 1 {
            simpler.push(without_metric(query, i));
        }
    }
    for i in 0..query.dimensions.len() {
        simpler.push(without_dimension(query, i));
    }
    if let Some(rows) = &query.rows {
        for i in 0..rows.fields.len() {
            if rows.fields.len() > 1 {
                let mut next = query.clone();
                if let Some(rows) = &mut next.rows {
                    rows.fields.remove(i);
                }
                simpler.push(next);
            }
        }
    }
    if let Some(filter) = &query.filter {
        for f in simpler_filters(filter) {
            let mut next = query.clone();
            next.filter = Some(f);
            simpler.push(next);
        }
    }
    for (i, term) in query.metrics.iter().enumerate() {
        for m in simpler_measures(&term.measure) {
            let mut next = query.clone();
            next.metrics[i].measure = m;
            simpler.push(next);
        }
    }
    for (i, dimension) in query.dimensions.iter().enumerate() {
        if let Dimension::Bucket { name, measure, per } = dimension {
            for m in simpler_measures(measure) {
                let mut next = query.clone();
                next.dimensions[i] = Dimension::Bucket {
                    name: name.clone(),
                    measure: Box::new(m),
                    per: per.clone(),
                };
                simpler.push(next);
            }
        }
    }
    simpler
}
