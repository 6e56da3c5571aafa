//! Which groups are kept and in which order; comparison, share, running numbers.

use super::*;

impl QueryGenerator<'_> {
    pub(super) fn measured(&mut self) -> Query {
        let stock = match self.random.chance(40) {
            true => self.of_stock(),
            false => None,
        };
        let first = match stock {
            Some(measure) => measure,
            None => self.measure(2, &[]),
        };
        let mut places = Vec::new();
        homes(self.model, &first, &mut places);
        let mut measures = vec![first];
        // Others of the same rows, or of another fact that shares something.
        for _ in 0..*self.random.pick(&[0, 0, 1, 1, 2]) {
            let near: Vec<String> = if self.random.chance(50) {
                places.clone()
            } else {
                Vec::new()
            };
            let measure = self.measure(1, &near);
            homes(self.model, &measure, &mut places);
            measures.push(measure);
        }
        places.sort();
        places.dedup();
        let time = self.time(&places, 58);
        let mut dimensions: Vec<Dimension> = Vec::new();
        for _ in 0..*self.random.pick(&[0, 1, 1, 1, 2, 2, 3]) {
            if let Some(d) = self.dimension(&places, time.as_ref().map(|t| &t.field))
                && !dimensions.contains(&d)
                && !dimensions.iter().any(|other| {
                    let named = [other, &d].map(|d| match d {
                        Dimension::Bucket { name, .. } | Dimension::Band { name, .. } => Some(name),
                        _ => None,
                    });
                    named[0].is_some() && named[0] == named[1]
                })
            {
                dimensions.push(d);
            }
        }
        let mut query = Query {
            metrics: measures
                .into_iter()
                .enumerate()
                .map(|(i, measure)| Term {
                    name: format!("value {i}"),
                    measure,
                })
                .collect(),
            dimensions,
            time,
            ..Query::default()
        };
        self.not_too_many_periods(&mut query);
        if self.random.chance(45) {
            query.filter = Some(self.filter(&places, 2));
        }
        if self.random.chance(12) && self.reach_back(&mut query) {
            self.finish(&mut query);
            return query;
        }
        let numbers = query.metrics.iter().all(|t| self.is_number(&t.measure));
        // Who is new in the query's range is not said of another period.
        let in_range = query
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::NewOrReturning { grain: None, .. }));
        if numbers && !in_range {
            self.compare(&mut query);
        }
        let comparable = query
            .compare
            .as_ref()
            .is_some_and(|c| c.comparable.is_some());
        if numbers && !comparable && self.random.chance(14) {
            query.share = Some(Share {
                within: self.indexes(query.dimensions.len()),
                unfiltered: self.random.chance(40),
            });
        }
        let running = query.dimensions.iter().any(|d| {
            matches!(d, Dimension::Time(g) | Dimension::TimeOf { grain: g, .. } if !g.is_cyclic())
        });
        let bucket = query
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Bucket { .. }));
        if numbers
            && !in_range
            && !bucket
            && query.compare.is_none()
            && self.random.chance(if running { 40 } else { 1 })
        {
            query.cumulative = self.random.chance(60);
            if !query.cumulative || self.random.chance(40) {
                query.rolling = Some(self.random.between(1, 4) as u32);
            }
        }
        self.finish(&mut query);
        query
    }

    /// Where periods without rows are shown, days and hours of years would be thousands.
    fn not_too_many_periods(&mut self, query: &mut Query) {
        let filled = query.metrics.iter().any(|term| {
            let mut measure = &term.measure;
            while let Measure::Where { measure: inner, .. } = measure {
                measure = inner;
            }
            matches!(measure, Measure::Metric(name)
                if self.model.metric(name).is_some_and(|m| m.fill != Fill::None))
        });
        if !filled {
            return;
        }
        for dimension in &mut query.dimensions {
            if let Dimension::Time(grain) | Dimension::TimeOf { grain, .. } = dimension
                && matches!(grain, Grain::Day | Grain::Hour)
            {
                *grain = *self.random.pick(&[Grain::Week, Grain::Month]);
            }
        }
    }

    pub(super) fn compare(&mut self, query: &mut Query) {
        let running = query.dimensions.iter().any(|d| {
            matches!(d, Dimension::Time(g) | Dimension::TimeOf { grain: g, .. } if !g.is_cyclic())
        });
        let whole = query
            .time
            .as_ref()
            .and_then(|t| t.range.as_ref())
            .is_some_and(|r| r.start.is_some() && r.end.is_some());
        if (whole || running && query.time.is_some()) && self.random.chance(65) {
            self.with_comparison(query);
        }
    }

    pub(super) fn with_comparison(&mut self, query: &mut Query) {
        let to = match self.random.below(7) {
            0 | 1 => CompareTo::PriorPeriod,
            2..6 => CompareTo::PriorYear,
            _ => CompareTo::Range(self.range()),
        };
        let align = match &to {
            CompareTo::PriorYear => *self.random.pick(&[
                Align::ToDate,
                Align::ToDate,
                Align::Full,
                Align::SameFiscalWeek,
                Align::SameFiscalWeek,
                Align::SameFiscalWeek,
                Align::Restated,
                Align::Restated,
                Align::Restated,
                Align::SameWeekday,
                Align::Holiday,
                Align::Holiday,
                Align::Holiday,
            ]),
            CompareTo::PriorPeriod => *self.random.pick(&[
                Align::ToDate,
                Align::ToDate,
                Align::Full,
                Align::Full,
                Align::SameWeekday,
            ]),
            CompareTo::Range(_) => *self.random.pick(&[Align::ToDate, Align::Full]),
        };
        let event = (align == Align::Holiday).then(|| self.event(query));
        let to_date = align != Align::Full;
        let mut show: Vec<Part> = [Part::Value, Part::Prior, Part::Delta, Part::Pct]
            .into_iter()
            .filter(|_| self.random.chance(80))
            .collect();
        if self.random.chance(28) {
            show.push(Part::Contribution);
        }
        if self.random.chance(28) {
            show.push(Part::ShareOfChange);
        }
        if show.is_empty() {
            show.push(Part::Delta);
        }
        let watermark = match query.time.as_ref().and_then(|t| t.range.as_ref()) {
            Some(DateRange {
                start: Some(start),
                end: Some(end),
                ..
            }) if self.random.chance(75) => {
                let (start, end) = (
                    calendar::parse_day(start).unwrap_or(0),
                    calendar::parse_day(end).unwrap_or(0),
                );
                self.random.between(start, end)
            }
            _ => match self.random.below(3) {
                0 => calendar::day(2024, 2, 27) + self.random.between(0, 3),
                1 => calendar::day(2024, 3, 29) + self.random.between(0, 3),
                _ => self.random.between(calendar::day(2024, 1, 1), last_day()),
            },
        };
        query.compare = Some(Compare {
            to,
            align,
            watermark: (to_date && self.random.chance(90)).then(|| calendar::show_day(watermark)),
            event,
            comparable: self.comparable(),
            show,
        });
    }

    /// A comparable-store policy, once in a while one that the model does not have.
    fn comparable(&mut self) -> Option<String> {
        let rule = self.model.comp_rules.first()?.name.clone();
        match self.random.below(100) {
            0..16 => Some(rule),
            16 => Some("nothing like it".into()),
            _ => None,
        }
    }

    /// The name of an event, around which the range is put mostly.
    fn event(&mut self, query: &mut Query) -> String {
        let names: Vec<String> = self.model.events.iter().map(|e| e.name.clone()).collect();
        let name = self.random.pick_from(&names).unwrap_or("christmas".into());
        let days = match name.as_str() {
            "easter" => ["2023-04-09", "2024-03-31"],
            "campaign" => ["2024-02-28", "2025-02-27"],
            _ => ["2023-11-24", "2024-11-29"],
        };
        let day = days[self.random.below(days.len())];
        let day = calendar::parse_day(day).unwrap_or(0);
        if let Some(time) = &mut query.time
            && self.random.chance(90)
        {
            let before = self.random.between(0, 40);
            let after = self.random.between(1, 60);
            time.range = Some(DateRange {
                start: Some(calendar::show_day(day - before)),
                end: Some(calendar::show_day(day + after)),
                label: "around it".into(),
            });
        }
        name
    }

    pub(super) fn having(
        &mut self,
        query: &Query,
        numbers: &[usize],
        shown: &[Part],
        depth: usize,
    ) -> Having {
        let metric = *self.random.pick(numbers);
        let other = *self.random.pick(numbers);
        let value = match self.random.below(10) {
            0..3 => Threshold::Number(*self.random.pick(&[0.0, 1.0, 2.0, 10.5, 0.25])),
            3 => Threshold::AverageOfGroups,
            4 => Threshold::AverageWithin(self.indexes(query.dimensions.len())),
            5 => Threshold::MedianOfGroups,
            6 => Threshold::Metric(other),
            7 => Threshold::Part(other, *self.random.pick(shown)),
            8 if !self.nested => Threshold::Query(Box::new(self.scalar(&[]))),
            _ => Threshold::Times(
                *self.random.pick(&[0.5, 1.5, 2.0]),
                Box::new(if self.random.chance(50) {
                    Threshold::AverageOfGroups
                } else {
                    Threshold::Part(other, *self.random.pick(shown))
                }),
            ),
        };
        Having {
            metric,
            on: *self.random.pick(shown),
            op: *self.random.pick(&OPERATORS),
            value,
            or: if depth > 0 && self.random.chance(20) {
                vec![self.having(query, numbers, shown, depth - 1)]
            } else {
                Vec::new()
            },
        }
    }

    pub(super) fn finish(&mut self, query: &mut Query) {
        let mut shown = match &query.compare {
            Some(c) => c.show.clone(),
            None => vec![Part::Value],
        };
        if query.share.is_some() {
            shown.push(Part::Share);
        }
        if query.cumulative {
            shown.push(Part::Cumulative);
        }
        if query.rolling.is_some() {
            shown.push(Part::Rolling);
        }
        let numbers: Vec<usize> = (0..query.metrics.len())
            .filter(|m| self.is_number(&query.metrics[*m].measure))
            .collect();
        if !numbers.is_empty() && self.random.chance(18) {
            for _ in 0..*self.random.pick(&[1, 1, 1, 2]) {
                let having = self.having(query, &numbers, &shown, 1);
                query.having.push(having);
            }
        }
        if !query.dimensions.is_empty()
            && self.random.chance(26)
            && let Some(by) = self.random.pick_from(&numbers)
        {
            let percent = self.random.chance(15);
            query.rank = Some(Rank {
                by: if self.random.chance(2) { 7 } else { by },
                on: *self.random.pick(&shown),
                direction: self.direction(),
                n: if percent {
                    *self.random.pick(&[10, 25, 50, 100])
                } else {
                    self.random.between(1, 4) as u32
                },
                skip: self.skip(),
                per: self.indexes(query.dimensions.len()),
                ties: self.ties(),
                percent,
                other: self.random.chance(30).then(|| "Other".to_string()),
            });
        }
        if self.random.chance(25) {
            let metric = self.random.below(query.metrics.len());
            let key = if self.random.chance(50) && !query.dimensions.is_empty() {
                OrderKey::Dimension(self.random.below(query.dimensions.len()))
            } else {
                OrderKey::Metric(metric, *self.random.pick(&shown))
            };
            query.order.push(Order {
                key,
                direction: self.direction(),
            });
        }
        if self.random.chance(12) {
            query.limit = Some(self.random.between(1, 5) as u32);
        }
    }

    pub(super) fn indexes(&mut self, n: usize) -> Vec<usize> {
        (0..n).filter(|_| self.random.chance(35)).collect()
    }
}
