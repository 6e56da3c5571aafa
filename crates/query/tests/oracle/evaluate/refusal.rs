//! When a query must be refused, and with which code.
//!
//! All reasons are collected: the compiler may name any of them.

use super::columns::parts;
use super::comparison::{meet_one_by_one, running, sides, window};
use super::kinds::{Kind, of_dimension, of_field, of_measure};
use super::lists::{distinct_homes, fields_of};
use super::lookup::{Reach, onward, reach, ways};
use super::measure::{adds_up, leaf_time};
use crate::calendar;
use query::{
    Align, CompareTo, DateRange, Dimension, Filter, Grain, Having, Measure, OrderKey, Part, Query,
    Sets, Threshold,
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
}

struct Reasons<'m> {
    model: &'m Model,
    /// Datasets whose default filters are off.
    unfiltered: &'m [String],
    codes: Codes,
}

pub(crate) fn refusals(model: &Model, query: &Query) -> Codes {
    let mut reasons = Reasons {
        model,
        unfiltered: &query.without_default_filters,
        codes: Codes::new(),
    };
    reasons.query(query);
    reasons.codes
}

/// Whether the rows of a dataset can be dated and filtered as a query says.
pub(super) fn can_list(model: &Model, home: &str, query: &Query) -> bool {
    let mut reasons = Reasons {
        model,
        unfiltered: &query.without_default_filters,
        codes: Codes::new(),
    };
    reasons.dated(home, query);
    if let Some(filter) = &query.filter {
        reasons.filter(home, filter);
    }
    reasons.codes.is_empty()
}

impl Reasons<'_> {
    fn add(&mut self, code: &'static str) {
        self.codes.insert(code);
    }

    fn known(&mut self, field: &FieldRef) -> bool {
        let known = self.model.field(field).is_some()
            && field
                .via
                .as_ref()
                .is_none_or(|via| self.model.relationships.iter().any(|r| &r.name == via));
        if self.model.field(field).is_none() {
            self.add(FIELD);
        }
        known
    }

    /// Adds why a field cannot be reached; says whether it can many-to-one.
    fn way(&mut self, home: &str, field: &FieldRef) -> Option<Reach> {
        if self.model.field(field).is_none() || self.model.dataset(home).is_none() {
            self.add(FIELD);
            return None;
        }
        match reach(self.model, home, field) {
            Ok(way) => {
                if let Reach::Linked(link, _) = &way {
                    self.counted(&link.dataset);
                }
                Some(way)
            }
            Err(codes) => {
                self.codes.extend(codes);
                None
            }
        }
    }

    /// Whether it is clear which rows of a dataset count by default.
    fn counted(&mut self, home: &str) {
        let is_fact = |name: &str| self.model.dataset(name).is_some_and(|d| d.is_fact);
        let unclear = self.model.datasets.iter().any(|d| {
            let line = d.name != home && d.is_fact && is_fact(home);
            line && !d.default_filters.is_empty()
                && !self.unfiltered.contains(&d.name)
                && ways(self.model, home, &FieldRef::new(&d.name, "")).len() > 1
        });
        if unclear {
            self.add("E_AMBIGUOUS_PATH");
        }
    }

    fn direct(&mut self, home: &str, field: &FieldRef) {
        if self.model.field(field).is_none() || self.model.dataset(home).is_none() {
            self.add(FIELD);
            return;
        }
        match ways(self.model, home, field).len() {
            0 => self.add(NO_PATH),
            1 => {}
            _ => self.add("E_AMBIGUOUS_PATH"),
        }
    }

    fn range(&mut self, range: &DateRange) {
        for day in [&range.start, &range.end].into_iter().flatten() {
            if calendar::parse_day(day).is_none() {
                self.add(MALFORMED);
            }
        }
    }

    fn query(&mut self, query: &Query) {
        if let Some(time) = &query.time {
            self.known(&time.field);
            if let Some(range) = &time.range {
                self.range(range);
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

    /// Whether the rows of a list can be placed in time, where that is asked for.
    fn dated(&mut self, home: &str, query: &Query) {
        self.counted(home);
        if let Some(time) = query.time.as_ref().filter(|_| !window(query).is_open())
            && let Err(codes) = leaf_time(self.model, home, None, Some(&time.field))
        {
            self.codes.extend(codes);
        }
    }

    fn sets(&mut self, query: &Query, sets: &Sets) {
        let plain = Query {
            sets: None,
            order: Vec::new(),
            limit: None,
            // Said of the whole query.
            without_default_filters: Vec::new(),
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
            if can_list(self.model, &home, query) {
                found = true;
                break;
            }
            let mut tried = Reasons {
                model: self.model,
                unfiltered: self.unfiltered,
                codes: Codes::new(),
            };
            tried.dated(&home, query);
            if let Some(filter) = &query.filter {
                tried.filter(&home, filter);
            }
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
        if query.dimensions.iter().any(in_range) && window(query).start.is_none() {
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
                        let sides = sides(query, compare);
                        !(sides.current.is_open()
                            && sides.other.window.is_open()
                            && sides.other.target.is_open())
                    }
                },
                stated: None,
                fed,
            };
            self.measure(&term.measure, &place);
            if query.cumulative && !adds_up(self.model, &term.measure) {
                self.add(UNSAFE);
            }
            let computed = |p: &Part| !matches!(p, Part::Value | Part::Prior);
            if of_measure(self.model, &term.measure) != Kind::Number && shown.iter().any(computed) {
                self.add("E_TYPE_MISMATCH");
            }
        }
        if (query.cumulative || query.rolling.is_some()) && running(query).is_none() {
            self.add(MALFORMED);
        }
        if query.rolling == Some(0) {
            self.add(MALFORMED);
        }
        if let Some(compare) = &query.compare {
            let range = window(query);
            let closed = range.start.is_some() && range.end.is_some();
            if let CompareTo::Range(other) = &compare.to {
                self.range(other);
            }
            if !matches!(compare.to, CompareTo::Range(_)) && running(query).is_none() && !closed {
                self.add(MALFORMED);
            }
            if running(query).is_some() && !meet_one_by_one(query, compare) {
                self.add(MALFORMED);
            }
            if compare.to == CompareTo::PriorPeriod
                && !matches!(
                    compare.align,
                    Align::ToDate | Align::Full | Align::SameWeekday
                )
            {
                self.add(MALFORMED);
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
                        query.dimensions.iter().enumerate().any(|(i, d)| match d {
                            Dimension::Field(field)
                            | Dimension::TimeOf { field, .. }
                            | Dimension::Bucket { per: field, .. } => {
                                !rank.per.contains(&i)
                                    && !matches!(
                                        reach(self.model, &home, field),
                                        Ok(Reach::Direct(_))
                                    )
                            }
                            _ => false,
                        })
                    });
                if within
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

    /// Datasets whose rows a measure aggregates.
    fn homes(&self, measure: &Measure) -> Vec<String> {
        match measure {
            Measure::Metric(name) => self.model.home_datasets(name),
            Measure::Aggregate { field, .. } => vec![field.dataset.clone()],
            Measure::Rows(dataset) => vec![dataset.clone()],
            Measure::Ratio {
                numerator: a,
                denominator: b,
            }
            | Measure::Difference { left: a, right: b } => {
                let mut both = self.homes(a);
                both.extend(self.homes(b));
                both
            }
            Measure::Where { measure, .. } | Measure::PerGroup { measure, .. } => {
                self.homes(measure)
            }
            Measure::CountOf(_) => Vec::new(),
            Measure::Dated { measure, .. } | Measure::OrZero(measure) => self.homes(measure),
            Measure::ValueAt { field, .. } | Measure::DaysSince { field, .. } => {
                vec![field.dataset.clone()]
            }
            _ => unreachable!("no part of a generated query"),
        }
    }

    /// Whether a measure is made of sums of additive fields and counts of rows alone.
    fn made_of_sums(&self, measure: &Measure) -> bool {
        let summed =
            |aggregation: Aggregation| matches!(aggregation, Aggregation::Sum | Aggregation::Count);
        match measure {
            Measure::Rows(_) => true,
            Measure::Aggregate { aggregation, .. } => summed(*aggregation),
            Measure::Metric(name) => match self.model.metric(name).map(|m| &m.kind) {
                Some(MetricKind::Simple { aggregation, .. }) => summed(*aggregation),
                Some(
                    MetricKind::Ratio {
                        numerator: a,
                        denominator: b,
                    }
                    | MetricKind::Difference { left: a, right: b },
                ) => [a, b]
                    .into_iter()
                    .all(|m| self.made_of_sums(&Measure::Metric(m.clone()))),
                _ => false,
            },
            Measure::Ratio {
                numerator: a,
                denominator: b,
            }
            | Measure::Difference { left: a, right: b } => {
                self.made_of_sums(a) && self.made_of_sums(b)
            }
            Measure::Where { measure, .. }
            | Measure::Dated { measure, .. }
            | Measure::OrZero(measure) => self.made_of_sums(measure),
            _ => false,
        }
    }

    /// Whether nothing of a measure is 0 of it: sums, counts, and differences of them.
    fn may_be_zero(&self, measure: &Measure) -> bool {
        let counted = |a: Aggregation| {
            matches!(
                a,
                Aggregation::Sum | Aggregation::Count | Aggregation::CountDistinct
            )
        };
        match measure {
            Measure::Rows(_) | Measure::CountOf(_) => true,
            Measure::Aggregate { aggregation, .. } => counted(*aggregation),
            Measure::Metric(name) => self.model.metric(name).is_some_and(|m| match &m.kind {
                MetricKind::Simple { aggregation, .. } => counted(*aggregation),
                MetricKind::Difference { .. } => m.additivity == Additivity::Additive,
                _ => false,
            }),
            Measure::Difference { left, right } => {
                self.may_be_zero(left) && self.may_be_zero(right)
            }
            Measure::Where { measure, .. }
            | Measure::Dated { measure, .. }
            | Measure::OrZero(measure) => self.may_be_zero(measure),
            Measure::PerGroup {
                aggregation,
                measure,
                ..
            } => match aggregation {
                Aggregation::Count => true,
                Aggregation::Sum => self.may_be_zero(measure),
                _ => false,
            },
            _ => false,
        }
    }

    fn dimension(&mut self, dimension: &Dimension) {
        match dimension {
            Dimension::Field(field) => {
                self.known(field);
            }
            Dimension::TimeOf { field, grain } => {
                self.known(field);
                self.temporal(field);
                self.fine_enough(field, *grain);
            }
            Dimension::Time(_) => {}
            Dimension::Bucket { per, .. } => {
                self.known(per);
            }
            Dimension::NewOrReturning {
                entity,
                event,
                grain,
                ..
            } => {
                self.known(entity);
                self.known(event);
                self.temporal(event);
                if grain.is_some_and(Grain::is_cyclic) {
                    self.add(MALFORMED);
                }
            }
            _ => unreachable!("no part of a generated query"),
        }
    }

    /// Days have no hours.
    fn fine_enough(&mut self, field: &FieldRef, grain: Grain) {
        if matches!(grain, Grain::Hour | Grain::HourOfDay)
            && self
                .model
                .field(field)
                .is_some_and(|f| f.data_type == DataType::Date)
        {
            self.add("E_TIME_TOO_COARSE");
        }
    }

    fn temporal(&mut self, field: &FieldRef) {
        if let Some(found) = self.model.field(field)
            && !found.data_type.is_temporal()
        {
            self.add(MALFORMED);
        }
    }

    fn filter_fields(&mut self, filter: &Filter) {
        match filter {
            Filter::And(all) | Filter::Or(all) => all.iter().for_each(|f| self.filter_fields(f)),
            Filter::Not(inner) => self.filter_fields(inner),
            Filter::Members { field, query } => {
                self.known(field);
                self.query(query);
            }
            Filter::CompareQuery { field, query, .. } => {
                if self.known(field) {
                    self.scalar(query, of_field(self.model, field));
                }
            }
            Filter::Compare { field, .. }
            | Filter::In { field, .. }
            | Filter::Contains { field, .. }
            | Filter::IsNull { field } => {
                self.known(field);
            }
            Filter::During { field, range } => {
                self.known(field);
                self.temporal(field);
                self.range(range);
            }
            Filter::Cycle { field, grain, .. } => {
                self.known(field);
                self.temporal(field);
                if !grain.is_cyclic() {
                    self.add(MALFORMED);
                }
            }
            Filter::CompareFields { left, right, .. } => {
                self.known(left);
                self.known(right);
            }
        }
    }

    /// Whether the rows of a dataset can be filtered so.
    fn filter(&mut self, home: &str, filter: &Filter) {
        match filter {
            Filter::And(all) | Filter::Or(all) => all.iter().for_each(|f| self.filter(home, f)),
            Filter::Not(inner) => self.filter(home, inner),
            Filter::Compare { field, .. }
            | Filter::In { field, .. }
            | Filter::Contains { field, .. }
            | Filter::IsNull { field }
            | Filter::During { field, .. }
            | Filter::Cycle { field, .. }
            | Filter::CompareQuery { field, .. }
            | Filter::Members { field, .. } => {
                self.way(home, field);
            }
            Filter::CompareFields { left, right, .. } => {
                let ways = [self.way(home, left), self.way(home, right)];
                for way in ways.into_iter().flatten() {
                    if let Reach::Linked(link, _) = way {
                        // Both are read from the linked row.
                        self.direct(&link.dataset, &onward(self.model, &link, left));
                        self.direct(&link.dataset, &onward(self.model, &link, right));
                    }
                }
            }
        }
    }

    fn leaf(&mut self, home: &str, declared: Option<&FieldRef>, place: &Place<'_>) {
        if self.model.dataset(home).is_none() {
            self.add(FIELD);
            return;
        }
        self.counted(home);
        let declared = place.stated.or(declared);
        let timed = place.dimensions.iter().any(|d| {
            matches!(
                d,
                Dimension::Time(_) | Dimension::NewOrReturning { grain: Some(_), .. }
            )
        });
        if let Some(fed) = place.fed
            && leaf_time(self.model, home, declared, place.time).as_ref() != Ok(fed)
        {
            self.add(MALFORMED);
        }
        if timed || place.dated {
            match leaf_time(self.model, home, declared, place.time) {
                Err(codes) => self.codes.extend(codes),
                Ok(field) => {
                    for dimension in &place.dimensions {
                        if let Dimension::Time(grain)
                        | Dimension::NewOrReturning {
                            grain: Some(grain), ..
                        } = dimension
                        {
                            self.fine_enough(&field, *grain);
                        }
                    }
                }
            }
        }
        for dimension in &place.dimensions {
            match dimension {
                Dimension::Field(field) => {
                    self.way(home, field);
                }
                Dimension::TimeOf { field, .. } => {
                    self.way(home, field);
                }
                Dimension::Bucket { measure, per, .. } => {
                    self.way(home, per);
                    let own = Dimension::Field(per.clone());
                    let inner = Place {
                        dimensions: vec![&own],
                        filters: place.filters[..place.shared].to_vec(),
                        shared: place.shared,
                        time: place.time,
                        dated: place.dated,
                        stated: None,
                        fed: None,
                    };
                    self.measure(measure, &inner);
                }
                Dimension::Time(_) => {}
                Dimension::NewOrReturning { entity, event, .. } => {
                    self.direct(home, entity);
                    self.direct(&event.dataset, entity);
                    self.counted(&event.dataset);
                }
                _ => unreachable!("no part of a generated query"),
            }
        }
        for filter in &place.filters {
            self.filter(home, filter);
        }
    }

    fn percent(&mut self, aggregation: Aggregation) {
        if let Aggregation::Percentile(p) = aggregation
            && !(1..=99).contains(&p)
        {
            self.add(MALFORMED);
        }
    }

    fn aggregate(&mut self, aggregation: Aggregation, field: &FieldRef) {
        self.percent(aggregation);
        let Some(found) = self.model.field(field) else {
            return;
        };
        let numeric = found.data_type.is_numeric();
        let fits = match aggregation {
            Aggregation::Sum => {
                numeric && found.role != Role::Id && found.additivity != Additivity::Non
            }
            Aggregation::Average
            | Aggregation::Median
            | Aggregation::Percentile(_)
            | Aggregation::Variance
            | Aggregation::StandardDeviation => numeric && found.role != Role::Id,
            _ => true,
        };
        if !fits {
            self.add(UNSAFE);
        }
    }

    fn fields_of_expression(&mut self, dataset: &str, expression: &Expression) {
        let Some(home) = self.model.dataset(dataset) else {
            return;
        };
        if expression
            .fields()
            .iter()
            .any(|name| home.field(name).is_none())
        {
            self.add(FIELD);
        }
    }

    fn measure(&mut self, measure: &Measure, place: &Place<'_>) {
        match measure {
            Measure::Metric(name) => {
                let Some(metric) = self.model.metric(name).cloned() else {
                    self.add(METRIC);
                    return;
                };
                match &metric.kind {
                    MetricKind::Simple {
                        dataset,
                        expression,
                        aggregation,
                        ..
                    } => {
                        self.percent(*aggregation);
                        if let Some(e) = expression {
                            self.fields_of_expression(dataset, e);
                        }
                        self.leaf(dataset, metric.time_field.as_ref(), place);
                    }
                    MetricKind::Ratio {
                        numerator: a,
                        denominator: b,
                    }
                    | MetricKind::Difference { left: a, right: b } => {
                        self.measure(&Measure::Metric(a.clone()), place);
                        self.measure(&Measure::Metric(b.clone()), place);
                    }
                    MetricKind::Derived { expression } => {
                        for name in expression.metrics() {
                            self.measure(&Measure::Metric(name.to_string()), place);
                        }
                    }
                    _ => self.add("E_UNSUPPORTED_METRIC"),
                }
            }
            Measure::Aggregate { aggregation, field } => {
                if self.known(field) {
                    self.aggregate(*aggregation, field);
                    self.leaf(&field.dataset, None, place);
                }
            }
            Measure::Rows(dataset) => self.leaf(dataset, None, place),
            Measure::Ratio {
                numerator: a,
                denominator: b,
            }
            | Measure::Difference { left: a, right: b } => {
                self.measure(a, place);
                self.measure(b, place);
            }
            Measure::Where { measure, filter } => {
                self.filter_fields(filter);
                let mut filters = place.filters.clone();
                filters.push(filter);
                self.measure(
                    measure,
                    &Place {
                        dimensions: place.dimensions.clone(),
                        filters,
                        shared: place.shared,
                        time: place.time,
                        dated: place.dated,
                        stated: place.stated,
                        fed: place.fed,
                    },
                );
            }
            Measure::PerGroup {
                aggregation,
                measure,
                per,
            } => {
                let summed = !matches!(
                    aggregation,
                    Aggregation::Count | Aggregation::Min | Aggregation::Max
                );
                if summed && of_measure(self.model, measure) != Kind::Number {
                    self.add("E_TYPE_MISMATCH");
                }
                if *aggregation == Aggregation::CountDistinct || per.is_empty() {
                    self.add(MALFORMED);
                }
                self.percent(*aggregation);
                for dimension in per {
                    self.dimension(dimension);
                }
                self.measure(
                    measure,
                    &Place {
                        dimensions: place.dimensions.iter().copied().chain(per).collect(),
                        filters: place.filters.clone(),
                        shared: place.shared,
                        time: place.time,
                        dated: place.dated,
                        stated: place.stated,
                        fed: place.fed,
                    },
                );
            }
            Measure::CountOf(query) => self.query(query),
            Measure::OrZero(inner) => {
                if !self.may_be_zero(inner) {
                    self.add(UNSAFE);
                }
                self.measure(inner, place);
            }
            Measure::Dated { measure, by } => {
                self.known(by);
                self.temporal(by);
                let dated = Place {
                    stated: Some(by),
                    ..place.clone()
                };
                self.measure(measure, &dated);
            }
            Measure::ValueAt { field, by, .. } => {
                self.known(by);
                self.temporal(by);
                if self.known(field) {
                    self.direct(&field.dataset, by);
                    self.leaf(&field.dataset, None, place);
                }
            }
            Measure::DaysSince { field, day } => {
                self.temporal(field);
                if calendar::parse_day(day).is_none() {
                    self.add(MALFORMED);
                }
                if self.known(field) {
                    self.leaf(&field.dataset, None, place);
                }
            }
            _ => unreachable!("no part of a generated query"),
        }
    }
}
