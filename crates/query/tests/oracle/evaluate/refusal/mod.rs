//! When a query must be refused, and with which code.
//!
//! All reasons are collected: the compiler may name any of them.

mod access;
mod fields;
mod measures;
mod money;
mod shapes;

pub(crate) use access::Shut;
pub(super) use measures::may_be_zero;

use super::columns::parts;
use super::comparison::{self, running, sides, window};
use super::kinds::{Kind, of_dimension, of_field, of_measure};
use super::leaf::{leaf_time, own_time};
use super::lists::{distinct_homes, fields_of};
use super::lookup::{Reach, onward, reach, unclear_versions, ways};
use super::measure::adds_up;
use crate::calendar;
use crate::counting::Counting;
use query::{
    CompareTo, DateRange, Decompose, Dimension, Filter, Grain, Having, Measure, OrderKey, Part,
    Query, Sets, Threshold,
};
use semantics::{Additivity, Aggregation, DataType, Expression, FieldRef, MetricKind, Model, Role};
use std::collections::BTreeSet;

pub(crate) type Codes = BTreeSet<&'static str>;

const FIELD: &str = "E_UNKNOWN_FIELD";
const METRIC: &str = "E_UNKNOWN_METRIC";
const NO_PATH: &str = "E_NO_PATH";
const UNSAFE: &str = "E_UNSAFE_REAGGREGATION";
const MALFORMED: &str = "E_MALFORMED_QUERY";

/// Where a leaf's rows are and how they are restricted.
#[derive(Clone)]
struct Place<'q> {
    dimensions: Vec<&'q Dimension>,
    filters: Vec<&'q Filter>,
    /// How many of the filters are the query's own.
    shared: usize,
    time: Option<&'q FieldRef>,
    dated: bool,
    /// The date that a measure is placed by instead of its own.
    stated: Option<&'q FieldRef>,
    /// The field whose buckets before the range feed a trailing window: it dates all rows.
    fed: Option<&'q FieldRef>,
    /// Whether buckets before the range feed a trailing window, of whatever field they are.
    feeds: bool,
    /// Whether there is another period beside the one asked for.
    compared: bool,
    /// Whether the range has a first day, and a last.
    starts: bool,
    ends: bool,
    /// Whether rows before the range count.
    reach: bool,
    /// Whether levels are those before a period.
    opening: bool,
}

struct Reasons<'m> {
    model: &'m Model,
    /// Datasets whose default filters are off.
    unfiltered: &'m [String],
    /// Whether attributes that change over time are those of now.
    current: bool,
    /// What whoever asks may not see.
    shut: &'m Shut,
    codes: Codes,
}

pub(crate) fn refusals(model: &Model, query: &Query, shut: &Shut) -> Codes {
    let mut reasons = Reasons {
        model,
        unfiltered: &query.without_default_filters,
        current: query.current_attributes,
        shut,
        codes: Codes::new(),
    };
    reasons.access(query);
    reasons.query(query);
    reasons.codes
}

/// Whether the rows of a dataset can be dated and filtered as a query says; the whole query says
/// which datasets count without their default filters, and whether attributes that change over time
/// are those of now (`current`).
pub(super) fn can_list(
    model: &Model,
    home: &str,
    query: &Query,
    (unfiltered, current): (&[String], bool),
    shut: &Shut,
) -> bool {
    let mut reasons = Reasons {
        model,
        unfiltered,
        current,
        shut,
        codes: Codes::new(),
    };
    reasons.listed(home, query);
    reasons.codes.is_empty()
}

impl Reasons<'_> {
    fn add(&mut self, code: &'static str) {
        self.codes.insert(code);
    }

    fn query(&mut self, query: &Query) {
        if let Some(time) = &query.time {
            self.known(&time.field);
            if let Some(range) = &time.range {
                self.range(range);
            }
            if Counting::of(self.model, time.calendar.as_deref()).is_none() {
                self.add("E_UNKNOWN_CALENDAR");
            }
        }
        for dimension in &query.dimensions {
            self.dimension(dimension);
        }
        if let Some(filter) = &query.filter {
            self.filter_fields(filter);
        }
        if let Some(sets) = &query.sets {
            self.sets(query, sets);
            return;
        }
        if let Some(basket) = &query.basket {
            self.basket(query, basket);
            return;
        }
        if let Some(cohort) = &query.cohort {
            self.cohort(query, cohort);
            return;
        }
        if let Some(Decompose::PriceVolumeMix(mix)) = &query.decompose {
            self.price_volume_mix(query, mix);
            return;
        }
        match &query.rows {
            Some(_) if !query.metrics.is_empty() || !query.dimensions.is_empty() => {
                self.add(MALFORMED);
            }
            Some(rows) => {
                if self.model.dataset(&rows.dataset).is_none() {
                    self.add(FIELD);
                }
                if rows.fields.is_empty() {
                    self.add(MALFORMED);
                }
                for field in &rows.fields {
                    self.direct(&rows.dataset, field);
                }
                for order in &query.order {
                    match &order.key {
                        OrderKey::Field(field) => {
                            self.direct(&rows.dataset, field);
                            if rows.distinct && !rows.fields.contains(field) {
                                self.add(MALFORMED);
                            }
                        }
                        _ => self.add(MALFORMED),
                    }
                }
                if let Some(rank) = &rows.rank {
                    self.direct(&rows.dataset, &rank.by);
                    for field in &rank.per {
                        self.direct(&rows.dataset, field);
                    }
                }
                if let Some(filter) = &query.filter {
                    self.filter(&rows.dataset, filter);
                }
                self.dated(&rows.dataset, query);
            }
            None if query.metrics.is_empty() => self.distinct(query),
            None => self.measured(query),
        }
    }

    /// Whether rows of a dataset can give the distinct values of a query's groups.
    fn listed(&mut self, home: &str, query: &Query) {
        for field in fields_of(query) {
            self.versions_on_the_way(home, &field);
        }
        self.dated(home, query);
        if let Some(filter) = &query.filter {
            self.filter(home, filter);
        }
    }

    /// Whether the rows of a list can be placed in time, where that is asked for.
    fn dated(&mut self, home: &str, query: &Query) {
        self.counted(home);
        if let Some(time) = query.time.as_ref().filter(|_| !window(query).is_open()) {
            match leaf_time(self.model, home, None, Some(&time.field)) {
                Ok(field) => {
                    self.versions_on_the_way(home, &field);
                    self.shown(&field);
                }
                Err(codes) => self.codes.extend(codes),
            }
        }
    }

    fn sets(&mut self, query: &Query, sets: &Sets) {
        let plain = Query {
            sets: None,
            order: Vec::new(),
            limit: None,
            // Said of the whole query.
            without_default_filters: Vec::new(),
            current_attributes: false,
            ..query.clone()
        };
        if plain != Query::default() || sets.queries.len() < 2 {
            self.add(MALFORMED);
        }
        let mut widths: Vec<Vec<Kind>> = Vec::new();
        for part in &sets.queries {
            self.query(part);
            widths.push(self.member_kinds(part));
        }
        let Some(first) = widths.first() else {
            return;
        };
        if first.is_empty() || widths.iter().any(|w| w != first) {
            self.add(MALFORMED);
        }
        for order in &query.order {
            if !matches!(order.key, OrderKey::Dimension(i) if i < first.len()) {
                self.add(MALFORMED);
            }
        }
    }

    /// Kinds of a query's columns that are no measures.
    fn member_kinds(&self, query: &Query) -> Vec<Kind> {
        if let Some(sets) = &query.sets {
            return sets
                .queries
                .first()
                .map_or(Vec::new(), |q| self.member_kinds(q));
        }
        match &query.rows {
            Some(rows) => rows
                .fields
                .iter()
                .map(|f| of_field(self.model, f))
                .collect(),
            None => query
                .dimensions
                .iter()
                .map(|d| of_dimension(self.model, d))
                .collect(),
        }
    }

    /// A sub-query that must give one number.
    fn scalar(&mut self, query: &Query, beside: Kind) {
        let bare = Query {
            metrics: query.metrics.clone(),
            time: query.time.clone(),
            filter: query.filter.clone(),
            order: query.order.clone(),
            limit: query.limit,
            ..Query::default()
        };
        if query.metrics.len() != 1 || &bare != query {
            self.add("E_NOT_SCALAR");
            return;
        }
        self.query(query);
        let kind = of_measure(self.model, &query.metrics[0].measure);
        if kind != beside || !matches!(kind, Kind::Number | Kind::Time) {
            self.add("E_TYPE_MISMATCH");
        }
    }

    fn distinct(&mut self, query: &Query) {
        if query.dimensions.is_empty() {
            self.add(MALFORMED);
            return;
        }
        let of_metrics = |d: &Dimension| {
            matches!(
                d,
                Dimension::Bucket { .. }
                    | Dimension::Band { .. }
                    | Dimension::NewOrReturning { .. }
            )
        };
        if query.dimensions.iter().any(of_metrics) {
            self.add(MALFORMED);
            return;
        }
        let homes = distinct_homes(self.model, query);
        if homes.is_empty() {
            self.add(NO_PATH);
            for field in fields_of(query) {
                for dataset in &self.model.datasets {
                    if let Err(codes) = reach(self.model, &dataset.name, &field) {
                        self.codes.extend(codes);
                    }
                }
            }
        }
        // The first that can be dated and filtered gives the rows.
        let mut problems = Codes::new();
        let mut found = homes.is_empty();
        for home in homes {
            if can_list(
                self.model,
                &home,
                query,
                (self.unfiltered, self.current),
                self.shut,
            ) {
                found = true;
                break;
            }
            let mut tried = Reasons {
                model: self.model,
                unfiltered: self.unfiltered,
                current: self.current,
                shut: self.shut,
                codes: Codes::new(),
            };
            tried.listed(&home, query);
            problems.extend(tried.codes);
        }
        if !found {
            self.codes.extend(problems);
        }
        for order in &query.order {
            if !matches!(order.key, OrderKey::Dimension(i) if i < query.dimensions.len()) {
                self.add(MALFORMED);
            }
        }
    }

    fn measured(&mut self, query: &Query) {
        let shown = parts(query);
        let mut names: BTreeSet<String> = BTreeSet::new();
        let in_range = |d: &Dimension| matches!(d, Dimension::NewOrReturning { grain: None, .. });
        // Who is new in the range has to be said of each period.
        let other_starts = query.compare.as_ref().is_none_or(|compare| {
            let other = sides(self.model, query, compare).other;
            other.first_day().is_some()
        });
        let starts = window(query).start.is_some() && other_starts;
        if query.dimensions.iter().any(in_range) && !starts {
            self.add(MALFORMED);
        }
        let fed = match (query.rolling, running(query), &query.time) {
            (Some(_), Some((r, _)), Some(time)) if window(query).start.is_some() => {
                match &query.dimensions[r] {
                    Dimension::TimeOf { field, .. } if *field == time.field => Some(field),
                    _ => None,
                }
            }
            _ => None,
        };
        for term in &query.metrics {
            if !names.insert(term.name.clone()) {
                self.add(MALFORMED);
            }
            if matches!(term.measure, Measure::CountOf(_))
                && (query.metrics.len() > 1 || !query.dimensions.is_empty())
            {
                self.add(MALFORMED);
            }
            let place = Place {
                dimensions: query.dimensions.iter().collect(),
                filters: query.filter.iter().collect(),
                shared: usize::from(query.filter.is_some()),
                time: query.time.as_ref().map(|t| &t.field),
                dated: match &query.compare {
                    None => !window(query).is_open(),
                    Some(compare) => {
                        let sides = sides(self.model, query, compare);
                        !(sides.current.window.is_open()
                            && sides.current.without_53.is_none()
                            && !sides.other.sorts_out()
                            && sides.other.window.is_open()
                            && sides.other.target.is_open())
                    }
                },
                stated: None,
                fed,
                feeds: query.rolling.is_some()
                    && window(query).start.is_some()
                    && running(query).is_some_and(|(r, _)| match &query.dimensions[r] {
                        Dimension::TimeOf { field, .. } => {
                            query.time.as_ref().is_some_and(|t| t.field == *field)
                        }
                        _ => true,
                    }),
                compared: query.compare.is_some(),
                starts,
                ends: window(query).end.is_some()
                    || query
                        .compare
                        .as_ref()
                        .is_some_and(|c| c.watermark.is_some()),
                reach: false,
                opening: false,
            };
            self.measure(&term.measure, &place);
            // The total that shares are of is computed in the same way.
            if let Some(share) = &query.share
                && share.within.iter().all(|i| *i < query.dimensions.len())
            {
                let within = share.within.iter().map(|i| &query.dimensions[*i]);
                let whole = Place {
                    dimensions: within.collect(),
                    ..place.clone()
                };
                self.measure(&term.measure, &whole);
            }
            if query.cumulative && !adds_up(self.model, &term.measure) {
                self.add(UNSAFE);
            }
            let computed = |p: &Part| !matches!(p, Part::Value | Part::Prior);
            if of_measure(self.model, &term.measure) != Kind::Number && shown.iter().any(computed) {
                self.add("E_TYPE_MISMATCH");
            }
        }
        self.contributions(query, &shown);
        self.money_of(query, &shown);
        if (query.cumulative || query.rolling.is_some()) && running(query).is_none() {
            self.add(MALFORMED);
        }
        if query.rolling == Some(0) {
            self.add(MALFORMED);
        }
        if let Some(compare) = &query.compare {
            if let CompareTo::Range(other) = &compare.to {
                self.range(other);
            }
            if let Some(code) = comparison::refused(self.model, query, compare) {
                self.add(code);
            }
            self.periods_of_one_length(query, compare);
            if let Some(name) = &compare.comparable {
                self.comparable(query, name);
            }
        }
        if let Some(share) = &query.share
            && share.within.iter().any(|i| *i >= query.dimensions.len())
        {
            self.add(MALFORMED);
        }
        let has = |metric: usize, part| metric < query.metrics.len() && shown.contains(&part);
        if let Some(rank) = &query.rank {
            if !has(rank.by, rank.on) || rank.per.iter().any(|i| *i >= query.dimensions.len()) {
                self.add(MALFORMED);
            }
            if rank.other.is_some() {
                let text = query.dimensions.iter().enumerate().any(|(i, d)| {
                    !rank.per.contains(&i) && of_dimension(self.model, d) == Kind::Text
                });
                if !text || rank.skip > 0 {
                    self.add(MALFORMED);
                }
                let within = query
                    .share
                    .as_ref()
                    .is_some_and(|s| s.within.iter().any(|i| !rank.per.contains(i)));
                let linked = query
                    .metrics
                    .iter()
                    .flat_map(|t| self.homes(&t.measure))
                    .any(|home| {
                        query.dimensions.iter().enumerate().any(|(i, d)| {
                            let field = match d {
                                Dimension::Field(field) | Dimension::TimeOf { field, .. } => {
                                    Some(field)
                                }
                                Dimension::Bucket { per, .. } => Some(per),
                                Dimension::NewOrReturning { entity, .. } => Some(entity),
                                Dimension::Band { of, .. } => of.key(),
                                Dimension::Time(_) => None,
                            };
                            !rank.per.contains(&i)
                                && field.is_some_and(|field| {
                                    !matches!(reach(self.model, &home, field), Ok(Reach::Direct(_)))
                                })
                        })
                    });
                // What there is at one time is no part of what there is at another.
                let over_time = query.dimensions.iter().enumerate().any(|(i, d)| {
                    !rank.per.contains(&i)
                        && matches!(d, Dimension::Time(_) | Dimension::TimeOf { .. })
                });
                let levels = query.metrics.iter().any(|t| self.has_level(&t.measure));
                if within
                    || over_time && levels
                    || linked
                    || query.cumulative
                    || query.rolling.is_some()
                    || !query.metrics.iter().all(|t| self.made_of_sums(&t.measure))
                {
                    self.add(UNSAFE);
                }
            }
        }
        for having in &query.having {
            self.having(query, having, &has);
        }
        for order in &query.order {
            let fits = match &order.key {
                OrderKey::Dimension(i) => *i < query.dimensions.len(),
                OrderKey::Metric(m, part) => has(*m, *part),
                OrderKey::Field(_) => false,
            };
            if !fits {
                self.add(MALFORMED);
            }
        }
    }

    fn having(&mut self, query: &Query, having: &Having, has: &dyn Fn(usize, Part) -> bool) {
        if !has(having.metric, having.on) {
            self.add(MALFORMED);
            return;
        }
        let kind = match having.on {
            Part::Value | Part::Prior => {
                of_measure(self.model, &query.metrics[having.metric].measure)
            }
            _ => Kind::Number,
        };
        self.threshold(query, &having.value, kind, has);
        for other in &having.or {
            self.having(query, other, has);
        }
    }

    fn threshold(
        &mut self,
        query: &Query,
        value: &Threshold,
        kind: Kind,
        has: &dyn Fn(usize, Part) -> bool,
    ) {
        let other = match value {
            Threshold::Number(_) => Kind::Number,
            Threshold::AverageOfGroups
            | Threshold::AverageWithin(_)
            | Threshold::MedianOfGroups => {
                if let Threshold::AverageWithin(within) = value
                    && within.iter().any(|i| *i >= query.dimensions.len())
                {
                    self.add(MALFORMED);
                }
                Kind::Number
            }
            Threshold::Metric(m) => {
                if !has(*m, Part::Value) {
                    self.add(MALFORMED);
                    return;
                }
                of_measure(self.model, &query.metrics[*m].measure)
            }
            Threshold::Part(m, part) => {
                if !has(*m, *part) {
                    self.add(MALFORMED);
                    return;
                }
                match part {
                    Part::Value | Part::Prior => of_measure(self.model, &query.metrics[*m].measure),
                    _ => Kind::Number,
                }
            }
            Threshold::Query(inner) => {
                self.scalar(inner, kind);
                return;
            }
            Threshold::Times(_, inner) => {
                self.threshold(query, inner, Kind::Number, has);
                Kind::Number
            }
        };
        if other != kind {
            self.add("E_TYPE_MISMATCH");
        }
    }
}
