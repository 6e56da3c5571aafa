//! Whether baskets, cohorts, changes taken apart and bands can be made.

use super::money::OneNumber;
use super::*;
use crate::evaluate::Days;
use crate::evaluate::comparison::Shift;
use query::{Banded, Banding, Basket, Cohort, Compare, PriceVolumeMix, TimeScope};
use semantics::ComparableMethod;

impl Reasons<'_> {
    /// Whether a query has nothing beside its shape but time, filter and limit.
    fn alone(&mut self, query: &Query) {
        let rest = Query {
            time: None,
            filter: None,
            limit: None,
            basket: None,
            cohort: None,
            // Said of the whole query.
            without_default_filters: Vec::new(),
            current_attributes: false,
            ..query.clone()
        };
        if rest != Query::default() {
            self.add(MALFORMED);
        }
    }

    pub(super) fn basket(&mut self, query: &Query, basket: &Basket) {
        self.alone(query);
        self.dated(&basket.lines, query);
        for field in [&basket.basket, &basket.item] {
            self.direct(&basket.lines, field);
        }
        for filter in [&query.filter, &basket.first, &basket.second]
            .into_iter()
            .flatten()
        {
            self.filter_fields(filter);
            self.filter(&basket.lines, filter);
        }
    }

    pub(super) fn cohort(&mut self, query: &Query, cohort: &Cohort) {
        self.alone(query);
        let events = &cohort.event.dataset;
        self.known(&cohort.event);
        self.temporal(&cohort.event);
        self.counted(events);
        self.direct(events, &cohort.entity);
        let fits = matches!(
            cohort.grain,
            Grain::Day | Grain::Week | Grain::Month | Grain::Quarter | Grain::Year
        );
        let other = |t: &TimeScope| t.field != cohort.event || t.calendar.is_some();
        if !fits || cohort.periods > 120 || query.time.as_ref().is_some_and(other) {
            self.add(MALFORMED);
        }
        if let Some(filter) = &query.filter {
            self.filter(events, filter);
        }
        if let Some(term) = &cohort.measure {
            for home in self.homes(&term.measure) {
                self.direct(&home, &cohort.entity);
                self.direct(&home, &cohort.event);
            }
            if !adds_up(self.model, &term.measure) {
                self.add(UNSAFE);
            }
            let whole = OneNumber {
                groups: Vec::new(),
                filters: query.filter.iter().collect(),
            };
            self.money(&term.measure, &whole);
            let by = [
                Dimension::Field(cohort.entity.clone()),
                Dimension::TimeOf {
                    field: cohort.event.clone(),
                    grain: cohort.grain,
                },
            ];
            let place = Place {
                dimensions: by.iter().collect(),
                filters: query.filter.iter().collect(),
                shared: 1,
                time: None,
                dated: false,
                stated: None,
                fed: None,
                feeds: false,
                compared: false,
                starts: false,
                ends: false,
                reach: false,
                opening: false,
            };
            self.measure(&term.measure, &place);
        }
    }

    pub(super) fn price_volume_mix(&mut self, query: &Query, mix: &PriceVolumeMix) {
        let rest = Query {
            dimensions: Vec::new(),
            time: None,
            filter: None,
            compare: None,
            decompose: None,
            limit: None,
            without_default_filters: Vec::new(),
            current_attributes: false,
            ..query.clone()
        };
        let shows = |c: &Compare| !c.show.is_empty();
        if rest != Query::default()
            || query.compare.as_ref().is_none_or(shows)
            || mix.per.is_empty()
        {
            self.add(MALFORMED);
        }
        let mut dimensions = query.dimensions.clone();
        dimensions.extend(mix.per.iter().cloned());
        let whole = OneNumber {
            groups: query.dimensions.iter().collect(),
            filters: query.filter.iter().collect(),
        };
        for measure in [&mix.value.measure, &mix.quantity] {
            self.adds_up_over(measure, dimensions.iter());
            self.money(measure, &whole);
        }
        let items = Query {
            metrics: vec![
                mix.value.clone(),
                query::Term {
                    name: "quantity".into(),
                    measure: mix.quantity.clone(),
                },
            ],
            dimensions,
            decompose: None,
            limit: None,
            ..query.clone()
        };
        for dimension in &mix.per {
            self.dimension(dimension);
        }
        self.measured(&items);
    }

    /// Whether the groups of dimensions are parts of what a measure is over all of them: it adds
    /// up, and each row is in one of them.
    pub(super) fn adds_up_over<'d>(
        &mut self,
        measure: &Measure,
        dimensions: impl Iterator<Item = &'d Dimension>,
    ) {
        let mut adds = adds_up(self.model, measure);
        let homes = self.homes(measure);
        for dimension in dimensions {
            let field = match dimension {
                Dimension::Field(field) | Dimension::TimeOf { field, .. } => Some(field),
                Dimension::Bucket { per, .. } => Some(per),
                Dimension::NewOrReturning { entity, .. } => Some(entity),
                Dimension::Band { of, .. } => of.key(),
                Dimension::Time(_) => None,
            };
            let Some(field) = field else {
                continue;
            };
            adds &= homes
                .iter()
                .all(|home| ways(self.model, home, field).len() == 1);
        }
        if !adds {
            self.add(UNSAFE);
        }
    }

    /// Whether numbers fall into bands.
    pub(super) fn band(&mut self, of: &Banded, by: &Banding) {
        let Some(key) = of.key() else {
            self.add(MALFORMED);
            return;
        };
        self.known(key);
        let ascends = |numbers: &[f64]| {
            !numbers.is_empty() && numbers.windows(2).all(|pair| pair[0] < pair[1])
        };
        let told_apart = match by {
            Banding::Width(width) => *width > 0.0,
            Banding::Edges(edges) => ascends(edges),
            Banding::Quantiles(n) => (2..=100).contains(n),
            Banding::Pareto(classes) => {
                let ends: Vec<f64> = classes.iter().map(|c| c.up_to).collect();
                matches!(of, Banded::Query(_)) && ascends(&ends) && ends.last() == Some(&1.0)
            }
        };
        if !told_apart {
            self.add(MALFORMED);
        }
        let kind = match of {
            Banded::Field(field) => of_field(self.model, field),
            Banded::Query(query) => {
                self.query(query);
                let measure = &query.metrics[0].measure;
                if matches!(by, Banding::Pareto(_)) {
                    if !adds_up(self.model, measure) {
                        self.add(UNSAFE);
                    }
                    let whole = OneNumber {
                        groups: Vec::new(),
                        filters: query.filter.iter().collect(),
                    };
                    self.money(measure, &whole);
                }
                of_measure(self.model, measure)
            }
        };
        let dated = kind == Kind::Time && matches!(by, Banding::Quantiles(_));
        if kind != Kind::Number && !dated {
            self.add("E_TYPE_MISMATCH");
        }
    }

    /// Whether it is known which stores are comparable, and which rows are theirs.
    pub(super) fn comparable(&mut self, query: &Query, name: &str) {
        let Some(rule) = self.model.comp_rule(name) else {
            self.add("E_UNKNOWN_COMPARABLE_RULE");
            return;
        };
        let opened = rule.opened.clone();
        if rule.method == ComparableMethod::DayByDay {
            self.add("E_UNSUPPORTED_COMPARABLE_RULE");
        }
        let closed = |days: Days| days.start.is_some() && days.end.is_some();
        let sides = query.compare.as_ref().map(|c| sides(self.model, query, c));
        if !closed(window(query)) || !sides.is_some_and(|s| closed(s.other.days())) {
            self.add(MALFORMED);
        }
        for term in &query.metrics {
            if matches!(term.measure, Measure::CountOf(_)) {
                self.add(MALFORMED);
            }
            for home in self.homes(&term.measure) {
                self.direct(&home, &opened);
            }
        }
    }

    /// A day that meets the same place in the next period of a retail calendar is in no certain
    /// period of another length.
    pub(super) fn periods_of_one_length(&mut self, query: &Query, compare: &Compare) {
        let other = sides(self.model, query, compare).other;
        let (Some(Shift::Period(_, unit)), Some(_)) = (other.shift, running(query)) else {
            return;
        };
        let asked = query.time.as_ref().map(|t| &t.field);
        for dimension in &query.dimensions {
            let (grain, moves) = match dimension {
                Dimension::Time(grain) => (*grain, true),
                Dimension::TimeOf { field, grain } => {
                    let homes = query.metrics.iter().flat_map(|t| self.homes(&t.measure));
                    let placed = |home: String| {
                        leaf_time(self.model, &home, None, asked).as_ref() == Ok(field)
                    };
                    (*grain, homes.into_iter().any(placed))
                }
                _ => continue,
            };
            if moves && !grain.is_cyclic() && grain != unit {
                self.add(MALFORMED);
            }
        }
    }

    /// Whether the parts of a change that are shown add up to it.
    pub(super) fn contributions(&mut self, query: &Query, shown: &[Part]) {
        if !shown
            .iter()
            .any(|p| matches!(p, Part::Contribution | Part::ShareOfChange))
        {
            return;
        }
        if query.rank.as_ref().is_some_and(|r| r.other.is_some()) {
            self.add(UNSAFE);
        }
        let period = running(query).map(|r| r.0);
        for term in &query.metrics {
            let groups = query.dimensions.iter().enumerate();
            self.adds_up_over(
                &term.measure,
                groups.filter(|(d, _)| Some(*d) != period).map(|(_, d)| d),
            );
        }
    }
}
