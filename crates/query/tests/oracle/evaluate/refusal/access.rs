//! What whoever asks may not see: fields and metrics that do not exist for them, and fields whose
//! values are never shown, compared or looked up, but may be counted and joined by.

use super::*;
use query::{Banded, Reader};
use semantics::Policy;

/// Names of a dataset and of a field of it.
type Name = (String, String);

/// What is shut to a reader: what none of their groups shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shut {
    hidden: BTreeSet<Name>,
    masked: BTreeSet<Name>,
    metrics: BTreeSet<String>,
}

impl Shut {
    pub(crate) fn to(model: &Model, reader: &Reader) -> Shut {
        let mut own = model
            .policies
            .iter()
            .filter(|p| reader.groups.contains(&p.group));
        let names = |fields: &[FieldRef]| -> BTreeSet<Name> {
            let name = |f: &FieldRef| (f.dataset.clone(), f.field.clone());
            fields.iter().map(name).collect()
        };
        let of = |policy: &Policy| Shut {
            hidden: names(&policy.hidden_fields),
            masked: names(&policy.masked_fields),
            metrics: policy.hidden_metrics.iter().cloned().collect(),
        };
        let Some(first) = own.next().map(of) else {
            return Shut::default();
        };
        own.map(of).fold(first, |a, b| Shut {
            hidden: &a.hidden & &b.hidden,
            masked: &a.masked & &b.masked,
            metrics: &a.metrics & &b.metrics,
        })
    }
}

impl Reasons<'_> {
    /// A field whose values are shown, compared or looked up.
    pub(super) fn shown(&mut self, field: &FieldRef) {
        self.used(field, true);
    }

    /// A field that is counted or joined by.
    fn counted_by(&mut self, field: &FieldRef) {
        self.used(field, false);
    }

    fn used(&mut self, field: &FieldRef, by_value: bool) {
        let name = (field.dataset.clone(), field.field.clone());
        if self.shut.hidden.contains(&name) {
            self.add(FIELD);
        }
        if by_value && self.shut.masked.contains(&name) {
            self.add("E_ACCESS_DENIED");
        }
        let expression = self.model.field(field).map(|f| f.expression.clone());
        if let Some(expression) = expression {
            self.computed_from(&field.dataset, &expression, by_value);
        }
    }

    fn computed_from(&mut self, dataset: &str, expression: &Expression, by_value: bool) {
        for part in expression.fields() {
            self.used(&FieldRef::new(dataset, part), by_value);
        }
    }

    fn of_metric(&mut self, name: &str) {
        if self.shut.metrics.contains(name) {
            self.add(METRIC);
        }
        let Some(metric) = self.model.metric(name).cloned() else {
            return;
        };
        if let MetricKind::Simple {
            dataset,
            aggregation,
            expression,
            filter,
        } = &metric.kind
        {
            if let Some(expression) = expression {
                self.computed_from(dataset, expression, !counts(*aggregation));
            }
            for field in filter.iter().flat_map(|f| f.fields()) {
                self.shown(field);
            }
        }
        for part in metric.parts() {
            self.of_metric(part);
        }
    }

    fn of_measure(&mut self, measure: &Measure) {
        match measure {
            Measure::Metric(name) => self.of_metric(name),
            Measure::Aggregate { aggregation, field } => match counts(*aggregation) {
                true => self.counted_by(field),
                false => self.shown(field),
            },
            Measure::Where { filter, .. } => self.of_filter(filter),
            Measure::PerGroup { per, .. } => per.iter().for_each(|d| self.of_group(d, false)),
            Measure::CountOf(query) => self.access(query),
            Measure::ValueAt { field, by, .. } => {
                self.shown(field);
                self.shown(by);
            }
            Measure::Dated { by, .. } => self.shown(by),
            Measure::DaysSince { field, .. } => self.shown(field),
            Measure::BasketAttach {
                basket,
                base,
                attach,
                ..
            } => {
                self.counted_by(basket);
                self.of_filter(base);
                self.of_filter(attach);
            }
            _ => {}
        }
        for part in measure.parts() {
            self.of_measure(part);
        }
    }

    /// A group, which may be shown or only tell rows apart.
    fn of_group(&mut self, dimension: &Dimension, shown: bool) {
        match dimension {
            Dimension::Field(field) if !shown => self.counted_by(field),
            Dimension::Field(field) | Dimension::TimeOf { field, .. } => self.shown(field),
            // The time of the rows: see where they are placed.
            Dimension::Time(_) => {}
            Dimension::Bucket { measure, per, .. } => {
                self.of_measure(measure);
                self.counted_by(per);
            }
            Dimension::Band { of, .. } => match of {
                Banded::Field(field) => self.shown(field),
                Banded::Query(query) => self.of_members(query),
            },
            Dimension::NewOrReturning { entity, event, .. } => {
                self.counted_by(entity);
                self.shown(event);
            }
        }
    }

    fn of_filter(&mut self, filter: &Filter) {
        match filter {
            Filter::And(all) | Filter::Or(all) => all.iter().for_each(|f| self.of_filter(f)),
            Filter::Not(inner) => self.of_filter(inner),
            Filter::CompareFields { left, right, .. } => {
                self.shown(left);
                self.shown(right);
            }
            Filter::Members { field, query } => {
                self.counted_by(field);
                self.of_members(query);
            }
            Filter::CompareQuery { field, query, .. } => {
                self.shown(field);
                self.access(query);
            }
            Filter::Compare { field, .. }
            | Filter::In { field, .. }
            | Filter::Contains { field, .. }
            | Filter::IsNull { field }
            | Filter::During { field, .. }
            | Filter::Cycle { field, .. } => self.shown(field),
        }
    }

    /// A query whose first column says who is meant and is not shown.
    fn of_members(&mut self, query: &Query) {
        let mut rest = query.clone();
        if !rest.dimensions.is_empty() {
            let key = rest.dimensions.remove(0);
            self.of_group(&key, false);
        } else if let Some(rows) = &mut rest.rows {
            let key = rows.fields.remove(0);
            self.counted_by(&key);
        }
        self.access(&rest);
    }

    /// Everything that a query names.
    pub(super) fn access(&mut self, query: &Query) {
        for term in &query.metrics {
            self.of_measure(&term.measure);
        }
        for dimension in &query.dimensions {
            self.of_group(dimension, true);
        }
        if let Some(rows) = &query.rows {
            let rank = rows.rank.iter().flat_map(|r| r.per.iter().chain([&r.by]));
            for field in rows.fields.iter().chain(rank) {
                self.shown(field);
            }
        }
        for part in query.sets.iter().flat_map(|s| &s.queries) {
            self.access(part);
        }
        if let Some(basket) = &query.basket {
            self.counted_by(&basket.basket);
            self.shown(&basket.item);
            for side in [&basket.first, &basket.second].into_iter().flatten() {
                self.of_filter(side);
            }
        }
        if let Some(cohort) = &query.cohort {
            self.counted_by(&cohort.entity);
            self.shown(&cohort.event);
            if let Some(term) = &cohort.measure {
                self.of_measure(&term.measure);
            }
        }
        if let Some(Decompose::PriceVolumeMix(mix)) = &query.decompose {
            self.of_measure(&mix.value.measure);
            self.of_measure(&mix.quantity);
            mix.per.iter().for_each(|d| self.of_group(d, false));
        }
        if let Some(time) = &query.time {
            self.shown(&time.field);
        }
        if let Some(filter) = &query.filter {
            self.of_filter(filter);
        }
        for having in &query.having {
            self.of_having(having);
        }
        for order in &query.order {
            if let OrderKey::Field(field) = &order.key {
                self.shown(field);
            }
        }
    }

    fn of_having(&mut self, having: &Having) {
        let mut value = &having.value;
        while let Threshold::Times(_, inner) = value {
            value = inner;
        }
        if let Threshold::Query(query) = value {
            self.access(query);
        }
        for other in &having.or {
            self.of_having(other);
        }
    }
}

fn counts(aggregation: Aggregation) -> bool {
    matches!(aggregation, Aggregation::Count | Aggregation::CountDistinct)
}
