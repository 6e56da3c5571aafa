//! Measures of every kind, and what they are grouped by.

use super::*;

impl QueryGenerator<'_> {
    pub(super) fn aggregate(&mut self, dataset: &str) -> Measure {
        let fields: Vec<Field> = self
            .model
            .dataset(dataset)
            .map_or(Vec::new(), |d| d.fields.clone());
        let additive: Vec<&Field> = fields
            .iter()
            .filter(|f| f.role == Role::Measure && f.additivity == Additivity::Additive)
            .collect();
        let numbers: Vec<&Field> = fields
            .iter()
            .filter(|f| f.role == Role::Measure && f.data_type.is_numeric())
            .collect();
        let (aggregation, name) = match self.random.below(10) {
            0..4 if !additive.is_empty() => {
                (Aggregation::Sum, self.random.pick(&additive).name.clone())
            }
            4..8 if !numbers.is_empty() => (
                *self.random.pick(&[
                    Aggregation::Average,
                    Aggregation::Average,
                    Aggregation::Median,
                    Aggregation::Min,
                    Aggregation::Max,
                    Aggregation::Percentile(25),
                    Aggregation::Percentile(90),
                    Aggregation::StandardDeviation,
                    Aggregation::Variance,
                ]),
                self.random.pick(&numbers).name.clone(),
            ),
            8 => {
                // Anything of anything, also what makes no sense.
                let field = self.random.pick(&fields).clone();
                let how = *self.random.pick(&[
                    Aggregation::Sum,
                    Aggregation::Average,
                    Aggregation::Count,
                    Aggregation::Count,
                    Aggregation::Min,
                    Aggregation::Max,
                ]);
                if field.data_type == DataType::Boolean {
                    (Aggregation::Count, field.name)
                } else {
                    (how, field.name)
                }
            }
            _ => (
                *self
                    .random
                    .pick(&[Aggregation::CountDistinct, Aggregation::Count]),
                self.random.pick(&fields).name.clone(),
            ),
        };
        Measure::Aggregate {
            aggregation,
            field: FieldRef::new(dataset, name),
        }
    }

    /// A measure; `near` names datasets that it should be of.
    pub(super) fn measure(&mut self, depth: usize, near: &[String]) -> Measure {
        let dataset = match self.random.pick_from(near) {
            Some(d) if self.random.chance(75) => d,
            _ => self.any_dataset(),
        };
        let roll = self.random.below(100);
        match roll {
            0..38 => {
                let metrics: Vec<String> = self
                    .model
                    .metrics
                    .iter()
                    .filter(|m| {
                        near.is_empty() || {
                            let mut found = Vec::new();
                            homes(self.model, &Measure::Metric(m.name.clone()), &mut found);
                            found.iter().all(|h| near.contains(h))
                        }
                    })
                    .map(|m| m.name.clone())
                    .collect();
                match self.random.pick_from(&metrics) {
                    Some(name) if !self.random.chance(1) => Measure::Metric(name),
                    _ => {
                        let all: Vec<String> =
                            self.model.metrics.iter().map(|m| m.name.clone()).collect();
                        if self.random.chance(2) {
                            Measure::Metric("nothing_like_it".into())
                        } else {
                            Measure::Metric(self.random.pick(&all).clone())
                        }
                    }
                }
            }
            38..60 => self.aggregate(&dataset),
            60..66 => Measure::Rows(dataset),
            66..68 => self.value_at(&dataset),
            68..69 => self.days_since(&dataset),
            69..70 => self.attach_rate(&dataset),
            _ if depth == 0 => Measure::Rows(dataset),
            70..73 => {
                let measure = self.measure(depth - 1, near);
                let mut places = Vec::new();
                homes(self.model, &measure, &mut places);
                let fields = self.reachable(&places, |f| f.data_type.is_temporal());
                match self.random.pick_from(&fields) {
                    Some(by) => Measure::Dated {
                        measure: Box::new(measure),
                        by,
                    },
                    None => measure,
                }
            }
            73..76 => Measure::OrZero(Box::new(self.number(depth - 1, near))),
            76..80 => Measure::Ratio {
                numerator: Box::new(self.number(depth - 1, near)),
                denominator: Box::new(self.number(depth - 1, near)),
            },
            80..85 => Measure::Difference {
                left: Box::new(self.number(depth - 1, near)),
                right: Box::new(self.number(depth - 1, near)),
            },
            85..92 => {
                let measure = self.measure(depth - 1, near);
                let mut places = Vec::new();
                homes(self.model, &measure, &mut places);
                let filter = self.filter(&places, 1);
                Measure::Where {
                    measure: Box::new(measure),
                    filter: Box::new(filter),
                }
            }
            _ => {
                let measure = self.number(depth - 1, near);
                let mut places = Vec::new();
                homes(self.model, &measure, &mut places);
                let mut per = self.dimension(&places, None);
                // Groups inside another period have no range of their own.
                if let Some(Dimension::NewOrReturning { grain, .. }) = &mut per {
                    grain.get_or_insert(Grain::Month);
                }
                let aggregation = *self.random.pick(&[
                    Aggregation::Sum,
                    Aggregation::Average,
                    Aggregation::Average,
                    Aggregation::Min,
                    Aggregation::Max,
                    Aggregation::Median,
                    Aggregation::Count,
                ]);
                match per {
                    Some(per) => Measure::PerGroup {
                        aggregation,
                        measure: Box::new(measure),
                        per: vec![per],
                    },
                    None => measure,
                }
            }
        }
    }

    fn new_or_returning(&mut self, homes: &[String]) -> Option<Dimension> {
        let keys = self.reachable(homes, |f| f.role == Role::Id);
        let entity = self.random.pick_from(&keys)?;
        let events: Vec<FieldRef> = self
            .model
            .datasets
            .iter()
            .filter(|d| matches!(reach(self.model, &d.name, &entity), Ok(Reach::Direct(_))))
            .flat_map(|d| d.fields.iter().map(|f| (&d.name, f)))
            .filter(|(_, f)| f.data_type.is_temporal())
            .map(|(d, f)| FieldRef::new(d, &f.name))
            .collect();
        let event = self.random.pick_from(&events)?;
        let grains = [Grain::Month, Grain::Year, Grain::Week, Grain::Day];
        Some(Dimension::NewOrReturning {
            name: "customers".into(),
            entity,
            event,
            grain: self.random.chance(75).then(|| *self.random.pick(&grains)),
        })
    }

    /// What something was first or last; of what has no date, its rows.
    fn value_at(&mut self, dataset: &str) -> Measure {
        let home = [dataset.to_string()];
        let own = self
            .model
            .dataset(dataset)
            .map_or(Vec::new(), |d| d.fields.clone());
        // Truth is not ordered by every engine.
        let fields: Vec<FieldRef> = own
            .iter()
            .filter(|f| f.data_type != DataType::Boolean)
            .map(|f| FieldRef::new(dataset, &f.name))
            .collect();
        let times = self.reachable(&home, |f| f.data_type.is_temporal());
        match (
            self.random.pick_from(&fields),
            self.random.pick_from(&times),
        ) {
            (Some(field), Some(by)) => Measure::ValueAt {
                end: *self.random.pick(&[End::First, End::Last]),
                field,
                by,
            },
            _ => Measure::Rows(dataset.to_string()),
        }
    }

    fn days_since(&mut self, dataset: &str) -> Measure {
        let times: Vec<FieldRef> = self
            .model
            .dataset(dataset)
            .into_iter()
            .flat_map(|d| &d.fields)
            .filter(|f| f.data_type.is_temporal())
            .map(|f| FieldRef::new(dataset, &f.name))
            .collect();
        match self.random.pick_from(&times) {
            Some(field) => Measure::DaysSince {
                field,
                day: calendar::show_day(self.random.between(first_day(), last_day())),
            },
            None => Measure::Rows(dataset.to_string()),
        }
    }

    /// A measure whose values are numbers.
    pub(super) fn number(&mut self, depth: usize, near: &[String]) -> Measure {
        for _ in 0..20 {
            let measure = self.measure(depth, near);
            if self.is_number(&measure) {
                return measure;
            }
        }
        Measure::Rows(self.model.datasets[0].name.clone())
    }

    pub(super) fn is_number(&self, measure: &Measure) -> bool {
        match measure {
            Measure::Aggregate { aggregation, field } => {
                matches!(aggregation, Aggregation::Count | Aggregation::CountDistinct)
                    || self
                        .model
                        .field(field)
                        .is_some_and(|f| f.data_type.is_numeric() && f.role == Role::Measure)
            }
            Measure::Where { measure, .. }
            | Measure::Dated { measure, .. }
            | Measure::Opening(measure)
            | Measure::Cumulative { measure, .. }
            | Measure::OrZero(measure) => self.is_number(measure),
            Measure::ValueAt { field, .. } => self
                .model
                .field(field)
                .is_some_and(|f| f.data_type.is_numeric() && f.role == Role::Measure),
            Measure::PerGroup {
                aggregation,
                measure,
                ..
            } => *aggregation == Aggregation::Count || self.is_number(measure),
            _ => true,
        }
    }

    pub(super) fn dimension(
        &mut self,
        homes: &[String],
        time: Option<&FieldRef>,
    ) -> Option<Dimension> {
        let roll = self.random.below(100);
        if roll < 40 {
            let grain = self.grain();
            if self.random.chance(70) || homes.is_empty() {
                return Some(Dimension::Time(grain));
            }
            let fields = match time {
                Some(field) if self.random.chance(50) => vec![field.clone()],
                _ => self.reachable(homes, |f| f.data_type.is_temporal()),
            };
            return self
                .random
                .pick_from(&fields)
                .map(|field| Dimension::TimeOf { field, grain });
        }
        if roll < 46 {
            let keys = self.reachable(homes, |f| f.role == Role::Id);
            if let Some(per) = self.random.pick_from(&keys) {
                let measure = self.number(0, homes);
                return Some(Dimension::Bucket {
                    name: "size".into(),
                    measure: Box::new(measure),
                    per,
                });
            }
        }
        if (51..57).contains(&roll)
            && let Some(dimension) = self.band(homes)
        {
            return Some(dimension);
        }
        if roll < 51
            && let Some(dimension) = self.new_or_returning(homes)
        {
            return Some(dimension);
        }
        let anything = self.random.chance(15);
        let fields = self.reachable(homes, |f| {
            f.role == Role::Dimension || (anything && f.role != Role::Measure)
        });
        self.random.pick_from(&fields).map(Dimension::Field)
    }

    /// A query that gives one number.
    pub(super) fn scalar(&mut self, near: &[String]) -> Query {
        let mut inner = QueryGenerator {
            model: self.model,
            tables: self.tables,
            random: self.random,
            nested: true,
        };
        let measure = inner.number(1, near);
        let mut places = Vec::new();
        homes(inner.model, &measure, &mut places);
        Query {
            metrics: vec![Term {
                name: "one".into(),
                measure,
            }],
            filter: inner.random.chance(40).then(|| inner.filter(&places, 0)),
            ..Query::default()
        }
    }
}
