//! Whether measures can be computed, and added up where they are.

use super::*;
use query::{Banded, Banding, ToSell};
use semantics::{CumulativeWindow, Length, Pick, TimeUnit};

impl Reasons<'_> {
    /// Datasets whose rows a measure aggregates.
    pub(super) fn homes(&self, measure: &Measure) -> Vec<String> {
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
            Measure::BasketAttach { lines, .. } => vec![lines.clone()],
            Measure::Opening(measure) | Measure::Cumulative { measure, .. } => self.homes(measure),
            Measure::SellThrough { sold, of } => {
                let mut both = self.homes(sold);
                both.extend(self.homes(of.measure()));
                both
            }
            Measure::WeeksOfSupply { stock, sold, .. } => {
                let mut both = self.homes(stock);
                both.extend(self.homes(sold));
                both
            }
        }
    }

    /// Whether a measure is made of sums of additive fields and counts of rows alone.
    pub(super) fn made_of_sums(&self, measure: &Measure) -> bool {
        let summed =
            |aggregation: Aggregation| matches!(aggregation, Aggregation::Sum | Aggregation::Count);
        match measure {
            Measure::Rows(_) => true,
            Measure::Aggregate { aggregation, .. } => summed(*aggregation),
            Measure::Metric(name) => match self.model.metric(name).map(|m| &m.kind) {
                Some(MetricKind::Simple { aggregation, .. }) => {
                    summed(*aggregation)
                        && self.model.metric(name).is_some_and(|m| {
                            // The least of all is not the sum of the least of each.
                            let pick = m.semi_additive.as_ref().map(|r| r.pick);
                            m.additivity != Additivity::Non
                                && !matches!(pick, Some(Pick::Min | Pick::Max))
                        })
                }
                // Arithmetic over sums is done anew over the sums of the rest.
                Some(
                    MetricKind::Ratio { .. }
                    | MetricKind::Difference { .. }
                    | MetricKind::Derived { .. },
                ) => self.model.metric(name).is_some_and(|metric| {
                    let mut parts = metric.parts().into_iter();
                    parts.all(|part| self.made_of_sums(&Measure::Metric(part.to_string())))
                }),
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
            | Measure::Opening(measure)
            | Measure::OrZero(measure) => self.made_of_sums(measure),
            // A ratio of such sums.
            Measure::SellThrough { sold, of } => {
                self.made_of_sums(sold) && self.made_of_sums(of.measure())
            }
            _ => false,
        }
    }

    pub(super) fn leaf(&mut self, home: &str, declared: Option<&FieldRef>, place: &Place<'_>) {
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
        // A range of their own time says from when on totals are shown, so that it has to be that
        // of the periods.
        if let Some(Dimension::TimeOf { field, .. }) = runs(&place.dimensions)
            && place.reach
            && place.starts
            && leaf_time(self.model, home, declared, place.time).as_ref() != Ok(field)
        {
            self.add(MALFORMED);
        }
        if timed || place.dated {
            match leaf_time(self.model, home, declared, place.time) {
                Err(codes) => self.codes.extend(codes),
                Ok(field) => {
                    self.versions_on_the_way(home, &field);
                    self.shown(&field);
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
                        stated: None,
                        fed: None,
                        feeds: false,
                        reach: false,
                        opening: false,
                        ..place.clone()
                    };
                    self.measure(measure, &inner);
                }
                Dimension::Time(_) => {}
                Dimension::NewOrReturning { entity, event, .. } => {
                    self.direct(home, entity);
                    self.direct(&event.dataset, entity);
                    self.counted(&event.dataset);
                }
                Dimension::Band { of, by, .. } => {
                    if let Some(key) = of.key() {
                        self.direct(home, key);
                        // Quantiles of a field are those of the rows that count.
                        if matches!((of, by), (Banded::Field(_), Banding::Quantiles(_))) {
                            self.counted(&key.dataset);
                        }
                    }
                }
            }
        }
        for filter in &place.filters {
            self.filter(home, filter);
        }
    }

    /// Whether a measure is made of levels alone.
    fn is_level(&self, measure: &Measure) -> bool {
        match measure {
            Measure::Metric(name) => self.model.metric(name).is_some_and(|m| match &m.kind {
                MetricKind::Simple { aggregation, .. } => {
                    *aggregation == Aggregation::Sum && m.additivity == Additivity::Semi
                }
                _ => false,
            }),
            Measure::Where { measure, .. }
            | Measure::OrZero(measure)
            | Measure::Dated { measure, .. } => self.is_level(measure),
            Measure::Difference { left, right } => self.is_level(left) && self.is_level(right),
            _ => false,
        }
    }

    /// Whether a level is a part of a measure.
    pub(super) fn has_level(&self, measure: &Measure) -> bool {
        match measure {
            Measure::Metric(name) => self.model.metric(name).is_some_and(|m| {
                m.additivity == Additivity::Semi
                    || m.parts()
                        .iter()
                        .any(|part| self.has_level(&Measure::Metric((*part).to_string())))
            }),
            Measure::Aggregate { aggregation, field } => {
                *aggregation == Aggregation::Sum
                    && self
                        .model
                        .field(field)
                        .is_some_and(|f| f.additivity == Additivity::Semi)
            }
            other => other.parts().into_iter().any(|part| self.has_level(part)),
        }
    }

    /// Whether it is known what there is at a time, and before it.
    fn level(
        &mut self,
        home: &str,
        over: Option<&FieldRef>,
        declared: Option<&FieldRef>,
        place: &Place<'_>,
    ) {
        if place.reach {
            self.add(UNSAFE);
        }
        let tells_apart = over.cloned().map_or_else(|| own_time(self.model, home), Ok);
        match tells_apart {
            // A table of one state.
            Err(codes) if codes.contains(NO_PATH) && !place.opening => {}
            Err(codes) if codes.contains(NO_PATH) => self.add(MALFORMED),
            Err(codes) => self.codes.extend(codes),
            Ok(field) => {
                self.versions_on_the_way(home, &field);
                let declared = place.stated.or(declared);
                let placed = leaf_time(self.model, home, declared, place.time);
                // Which snapshot is the last one would hang on the buckets before the range.
                if place.feeds && placed.as_ref() != Ok(&field) {
                    self.add(MALFORMED);
                }
                // Before the first day of what?
                let timed = place.dimensions.iter().any(|d| match d {
                    Dimension::Time(_) => true,
                    Dimension::TimeOf { field: own, .. } => *own == field,
                    _ => false,
                });
                if place.opening && (placed.as_ref() != Ok(&field) || !timed && !place.starts) {
                    self.add(MALFORMED);
                }
            }
        }
    }

    /// Whether a measure can be added up over time.
    fn reaching(&mut self, measure: &Measure, window: CumulativeWindow, place: &Place<'_>) {
        let grain = place.dimensions.iter().find_map(|d| match d {
            Dimension::Time(grain) | Dimension::TimeOf { grain, .. } if !grain.is_cyclic() => {
                Some(*grain)
            }
            _ => None,
        });
        let of_range = |d: &&Dimension| {
            matches!(
                d,
                Dimension::Bucket { .. } | Dimension::NewOrReturning { grain: None, .. }
            )
        };
        if place.reach || place.compared || place.starts && place.dimensions.iter().any(of_range) {
            self.add(MALFORMED);
        }
        if grain.is_none() && !place.ends && window != CumulativeWindow::All {
            self.add(MALFORMED);
        }
        // The first of the running periods is the one that the number is shown for.
        if let Some(Dimension::TimeOf { field, .. }) = runs(&place.dimensions) {
            for home in self.homes(measure) {
                self.direct(&home, field);
            }
        }
        // By the hour only what adds up is added up.
        let by_hours = match window {
            CumulativeWindow::Trailing(length) => {
                matches!(length.unit, TimeUnit::Hour | TimeUnit::Day)
            }
            _ => true,
        };
        if grain == Some(Grain::Hour) && !(by_hours && self.made_of_sums(measure)) {
            self.add(MALFORMED);
        }
        self.measure(
            measure,
            &Place {
                reach: true,
                // Without periods, the days up to the range's last, if it has one.
                dated: match grain {
                    None => place.ends,
                    Some(_) => place.dated,
                },
                ..place.clone()
            },
        );
    }

    pub(super) fn percent(&mut self, aggregation: Aggregation) {
        if let Aggregation::Percentile(p) = aggregation
            && !(1..=99).contains(&p)
        {
            self.add(MALFORMED);
        }
    }

    pub(super) fn aggregate(&mut self, aggregation: Aggregation, field: &FieldRef) {
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

    pub(super) fn fields_of_expression(&mut self, dataset: &str, expression: &Expression) {
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

    pub(super) fn measure(&mut self, measure: &Measure, place: &Place<'_>) {
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
                        let read = metric.semi_additive.as_ref();
                        let over = read.and_then(|r| r.non_additive_over.as_ref());
                        let time = metric.time_field.as_ref().or(over);
                        if metric.additivity == Additivity::Semi && *aggregation == Aggregation::Sum
                        {
                            self.level(dataset, over, time, place);
                        }
                        self.leaf(dataset, time, place);
                    }
                    MetricKind::Ratio {
                        numerator,
                        denominator,
                    } if metric.date_basis.is_some() => {
                        for (name, by) in [numerator, denominator].into_iter().zip(
                            metric
                                .date_basis
                                .iter()
                                .flat_map(|d| [&d.numerator, &d.denominator]),
                        ) {
                            let dated = Place {
                                stated: Some(by),
                                ..place.clone()
                            };
                            self.measure(&Measure::Metric(name.clone()), &dated);
                        }
                    }
                    MetricKind::Cumulative {
                        metric: inner,
                        window,
                    } => self.reaching(&Measure::Metric(inner.clone()), *window, place),
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
                    MetricKind::BasketAttach {
                        dataset, basket, ..
                    } => {
                        self.direct(dataset, basket);
                        self.leaf(dataset, metric.time_field.as_ref(), place);
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
                        filters,
                        ..place.clone()
                    },
                );
            }
            Measure::PerGroup {
                aggregation,
                measure,
                per,
            } => {
                // Groups do not reach back in time.
                if place.reach {
                    self.add(MALFORMED);
                }
                let summed = !matches!(
                    aggregation,
                    Aggregation::Count | Aggregation::Min | Aggregation::Max
                );
                if summed && of_measure(self.model, measure) != Kind::Number {
                    self.add("E_TYPE_MISMATCH");
                }
                let by_period = per
                    .iter()
                    .any(|d| matches!(d, Dimension::Time(_) | Dimension::TimeOf { .. }));
                if *aggregation == Aggregation::Sum && by_period && self.has_level(measure) {
                    self.add(UNSAFE);
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
                        ..place.clone()
                    },
                );
            }
            Measure::CountOf(query) => {
                if place.reach {
                    self.add(MALFORMED);
                }
                self.query(query);
            }
            Measure::OrZero(inner) => {
                if !may_be_zero(self.model, inner) {
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
                if place.reach {
                    self.add(MALFORMED);
                }
                self.known(by);
                self.temporal(by);
                if self.known(field) {
                    self.direct(&field.dataset, by);
                    self.leaf(&field.dataset, None, place);
                }
            }
            Measure::BasketAttach {
                lines,
                basket,
                base,
                attach,
            } => {
                self.direct(lines, basket);
                for filter in [base, attach] {
                    self.filter_fields(filter);
                    self.filter(lines, filter);
                }
                self.leaf(lines, None, place);
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
            Measure::Opening(level) => {
                if !self.is_level(level) || place.reach {
                    self.add(MALFORMED);
                }
                self.measure(
                    level,
                    &Place {
                        opening: true,
                        ..place.clone()
                    },
                );
            }
            Measure::Cumulative { measure, window } => {
                self.reaching(measure, *window, place);
            }
            Measure::SellThrough { sold, of } => {
                self.measure(sold, place);
                match of {
                    ToSell::OpeningStock(stock) => {
                        self.measure(&Measure::Opening(stock.clone()), place);
                    }
                    ToSell::SoldAndClosingStock(other) | ToSell::Received(other) => {
                        self.measure(other, place);
                    }
                }
            }
            Measure::WeeksOfSupply {
                stock,
                sold,
                weeks,
                watermark,
            } => {
                if *weeks == 0 {
                    self.add(MALFORMED);
                }
                self.measure(stock, place);
                let place = &Place {
                    ends: place.ends || watermark.is_some(),
                    ..place.clone()
                };
                let weeks = CumulativeWindow::Trailing(Length {
                    count: *weeks,
                    unit: TimeUnit::Week,
                });
                self.reaching(sold, weeks, place);
            }
        }
    }
}

/// The periods that run on, of several the first.
fn runs<'q>(dimensions: &[&'q Dimension]) -> Option<&'q Dimension> {
    dimensions.iter().copied().find(|d| {
        matches!(d, Dimension::Time(grain) | Dimension::TimeOf { grain, .. } if !grain.is_cyclic())
    })
}

/// Whether nothing of a measure is 0 of it: sums, counts, and differences of them.
pub(crate) fn may_be_zero(model: &Model, measure: &Measure) -> bool {
    let counted = |a: Aggregation| {
        matches!(
            a,
            Aggregation::Sum | Aggregation::Count | Aggregation::CountDistinct
        )
    };
    match measure {
        Measure::Rows(_) | Measure::CountOf(_) => true,
        Measure::Aggregate { aggregation, .. } => counted(*aggregation),
        Measure::Metric(name) => model.metric(name).is_some_and(|m| match &m.kind {
            MetricKind::Simple { aggregation, .. } => counted(*aggregation),
            MetricKind::Difference { .. } => m.additivity == Additivity::Additive,
            _ => false,
        }),
        Measure::Difference { left, right } => {
            may_be_zero(model, left) && may_be_zero(model, right)
        }
        Measure::Where { measure, .. }
        | Measure::Dated { measure, .. }
        | Measure::OrZero(measure) => may_be_zero(model, measure),
        Measure::Opening(_) => true,
        Measure::PerGroup {
            aggregation,
            measure,
            ..
        } => match aggregation {
            Aggregation::Count => true,
            Aggregation::Sum => may_be_zero(model, measure),
            _ => false,
        },
        _ => false,
    }
}
