//! Queries of a form of their own: baskets, cohorts, changes taken apart; and bands.

use super::*;
use query::{Banded, Banding, Basket, Cohort, Decompose, PairNumber, ParetoClass, PriceVolumeMix};

impl QueryGenerator<'_> {
    /// A dataset, and fields that tell its baskets and what lies in them apart.
    fn baskets_of(&mut self) -> Option<(String, FieldRef, FieldRef)> {
        let lines = self.any_dataset();
        let home = [lines.clone()];
        let ids = self.reachable(&home, |f| f.role == Role::Id);
        let items = self.reachable(&home, |f| {
            matches!(f.role, Role::Dimension | Role::Id) && f.data_type != DataType::Boolean
        });
        let basket = self.random.pick_from(&ids)?;
        let item = self.random.pick_from(&items)?;
        Some((lines, basket, item))
    }

    pub(super) fn basket_query(&mut self) -> Query {
        let Some((lines, basket, item)) = self.baskets_of() else {
            return self.distinct_query();
        };
        let home = [lines.clone()];
        let by = *self.random.pick(&[
            PairNumber::Baskets,
            PairNumber::Support,
            PairNumber::Confidence,
            PairNumber::Lift,
        ]);
        let mut side = |percent| {
            let wanted = self.random.chance(percent);
            wanted.then(|| self.filter(&home, 0))
        };
        let (first, second) = (side(55), side(35));
        Query {
            basket: Some(Basket {
                lines,
                basket,
                item,
                first,
                second,
                min_baskets: *self.random.pick(&[0, 1, 1, 2]),
                by,
            }),
            filter: self.random.chance(25).then(|| self.filter(&home, 1)),
            time: self.time(&home, 30),
            limit: self.random.chance(25).then_some(4),
            ..Query::default()
        }
    }

    /// A share of baskets; of what has none, its rows.
    pub(super) fn attach_rate(&mut self, lines: &str) -> Measure {
        let home = [lines.to_string()];
        let ids = self.reachable(&home, |f| f.role == Role::Id);
        match self.random.pick_from(&ids) {
            Some(basket) => Measure::BasketAttach {
                lines: lines.to_string(),
                basket,
                base: Box::new(self.filter(&home, 1)),
                attach: Box::new(self.filter(&home, 0)),
            },
            None => Measure::Rows(lines.to_string()),
        }
    }

    pub(super) fn cohort_query(&mut self) -> Query {
        let events: Vec<FieldRef> = self
            .model
            .datasets
            .iter()
            .flat_map(|d| d.fields.iter().map(|f| (&d.name, f)))
            .filter(|(_, f)| f.data_type.is_temporal())
            .map(|(d, f)| FieldRef::new(d, &f.name))
            .collect();
        let Some(event) = self.random.pick_from(&events) else {
            return self.distinct_query();
        };
        let home = [event.dataset.clone()];
        let who = self.reachable(&home, |f| matches!(f.role, Role::Id | Role::Dimension));
        let Some(entity) = self.random.pick_from(&who) else {
            return self.distinct_query();
        };
        let grain = *self.random.pick(&[
            Grain::Month,
            Grain::Month,
            Grain::Quarter,
            Grain::Year,
            Grain::Week,
            Grain::Day,
        ]);
        let measure = self.random.chance(60).then(|| Term {
            name: "spend".into(),
            measure: self.additive(&home),
        });
        Query {
            cohort: Some(Cohort {
                entity,
                event: event.clone(),
                grain,
                periods: self.random.between(0, 4) as u32,
                watermark: self.watermark(),
                measure,
            }),
            filter: self.random.chance(35).then(|| self.filter(&home, 1)),
            time: self.random.chance(40).then(|| TimeScope {
                field: event,
                range: Some(self.range()),
                calendar: None,
            }),
            limit: self.random.chance(15).then_some(5),
            ..Query::default()
        }
    }

    /// A measure that mostly adds up.
    fn additive(&mut self, near: &[String]) -> Measure {
        for _ in 0..8 {
            let measure = self.number(1, near);
            if crate::evaluate::adds_up(self.model, &measure) {
                return measure;
            }
        }
        self.number(0, near)
    }

    fn watermark(&mut self) -> String {
        calendar::show_day(match self.random.below(3) {
            0 => calendar::day(2024, 2, 27) + self.random.between(0, 3),
            1 => calendar::day(2024, 3, 29) + self.random.between(0, 3),
            _ => self.random.between(calendar::day(2024, 1, 1), last_day()),
        })
    }

    pub(super) fn decomposed_query(&mut self) -> Query {
        let home = [self.any_dataset()];
        let value = self.additive(&home);
        let quantity = self.additive(&home);
        let Some(time) = self.time(&home, 100) else {
            return self.distinct_query();
        };
        let mut dimensions = Vec::new();
        for _ in 0..*self.random.pick(&[0, 0, 1, 2]) {
            dimensions.extend(self.dimension(&home, Some(&time.field)));
        }
        dimensions.dedup();
        let mut per: Vec<Dimension> = Vec::new();
        for _ in 0..*self.random.pick(&[1, 1, 2]) {
            let fields = self.reachable(&home, |f| matches!(f.role, Role::Dimension | Role::Id));
            per.extend(self.random.pick_from(&fields).map(Dimension::Field));
        }
        let mut query = Query {
            dimensions,
            time: Some(time),
            decompose: Some(Decompose::PriceVolumeMix(PriceVolumeMix {
                value: Term {
                    name: "revenue".into(),
                    measure: value,
                },
                quantity,
                per,
            })),
            filter: self.random.chance(25).then(|| self.filter(&home, 1)),
            limit: self.random.chance(15).then_some(3),
            ..Query::default()
        };
        self.with_comparison(&mut query);
        if let Some(compare) = &mut query.compare {
            compare.show.clear();
        }
        query
    }

    /// Bands of a number of the rows of some datasets, or of an entity that they look up.
    pub(super) fn band(&mut self, homes: &[String]) -> Option<Dimension> {
        let own = self.nested || self.random.chance(45);
        let of = if own {
            let numbers = self.reachable(homes, |f| {
                f.data_type.is_numeric() || f.data_type.is_temporal()
            });
            Banded::Field(self.random.pick_from(&numbers)?)
        } else {
            let entities = self.reachable(homes, |f| matches!(f.role, Role::Id | Role::Dimension));
            let entity = self.random.pick_from(&entities)?;
            let mut query = self.member_query(&entity);
            for _ in 0..4 {
                if !query.metrics.is_empty() {
                    break;
                }
                query = self.member_query(&entity);
            }
            if query.metrics.is_empty() {
                return None;
            }
            query.dimensions = vec![Dimension::Field(entity)];
            if self.random.chance(50) {
                query.metrics[0].measure = self.additive(homes);
            }
            Banded::Query(Box::new(query))
        };
        let temporal = of.key().and_then(|f| self.model.field(f));
        let temporal = own && temporal.is_some_and(|f| f.data_type.is_temporal());
        let classes = !own && self.random.chance(55);
        let by = match self.random.below(if own { 8 } else { 10 }) {
            _ if classes => Banding::Pareto(
                [("A", 0.5), ("B", 0.8), ("C", 1.0)]
                    .map(|(name, up_to)| ParetoClass {
                        name: name.into(),
                        up_to,
                    })
                    .to_vec(),
            ),
            _ if temporal && self.random.chance(95) => {
                Banding::Quantiles(*self.random.pick(&[2, 3, 4, 10]))
            }
            0..3 => Banding::Width(*self.random.pick(&[1.0, 2.0, 5.0, 10.0, 0.5, 2.5])),
            3..6 => Banding::Edges(
                self.random
                    .pick(&[
                        vec![0.0, 10.0],
                        vec![1.0],
                        vec![2.0, 5.0, 100.0],
                        vec![0.5, 19.95],
                    ])
                    .clone(),
            ),
            6..8 => Banding::Quantiles(*self.random.pick(&[2, 3, 4, 5, 10])),
            _ => Banding::Width(*self.random.pick(&[3.0, 0.25])),
        };
        Some(Dimension::Band {
            name: "band".into(),
            of,
            by,
        })
    }
}
