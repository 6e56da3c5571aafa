//! Whether measures can be computed, and added up where they are.

use super::*;

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
            _ => unreachable!("no part of a generated query"),
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
    pub(super) fn may_be_zero(&self, measure: &Measure) -> bool {
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
                Dimension::Band { of, .. } => {
                    if let Some(key) = of.key() {
                        self.direct(home, key);
                        self.counted(&key.dataset);
                    }
                }
            }
        }
        for filter in &place.filters {
            self.filter(home, filter);
        }
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
            _ => unreachable!("no part of a generated query"),
        }
    }
}
