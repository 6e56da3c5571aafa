//! Levels and what is made of them; numbers that reach back in time.

use super::*;
use query::ToSell;
use semantics::{CumulativeWindow, Length, TimeUnit};

/// Whether a measure is a level, or has one in it.
fn has_level(model: &Model, measure: &Measure) -> bool {
    match measure {
        Measure::Metric(name) => model.metric(name).is_some_and(|m| {
            m.additivity == Additivity::Semi
                || m.parts()
                    .iter()
                    .any(|p| has_level(model, &Measure::Metric((*p).to_string())))
        }),
        other => other.parts().into_iter().any(|m| has_level(model, m)),
    }
}

/// Whether a metric reaches back in time already.
fn reaches_back(model: &Model, name: &str) -> bool {
    model.metric(name).is_some_and(|m| {
        matches!(m.kind, MetricKind::Cumulative { .. })
            || m.parts().iter().any(|part| reaches_back(model, part))
    })
}

/// Whether a measure is arithmetic over aggregates of rows, which can reach back in time.
fn of_rows(model: &Model, measure: &Measure) -> bool {
    match measure {
        Measure::Metric(name) => {
            !reaches_back(model, name)
                && !model.metric(name).is_some_and(|m| {
                    matches!(
                        m.kind,
                        MetricKind::BasketAttach { .. } | MetricKind::Derived { .. }
                    )
                })
        }
        Measure::Aggregate { .. } | Measure::Rows(_) => true,
        Measure::Ratio { .. } | Measure::Difference { .. } | Measure::Where { .. } => {
            measure.parts().into_iter().all(|part| of_rows(model, part))
        }
        _ => false,
    }
}

impl QueryGenerator<'_> {
    /// Metrics of the model that are levels.
    fn levels(&self) -> Vec<Measure> {
        self.model
            .metrics
            .iter()
            .filter(|m| m.additivity == Additivity::Semi)
            .map(|m| Measure::Metric(m.name.clone()))
            .collect()
    }

    /// Something that is counted over rows and is no level.
    fn sold(&mut self, near: &[String]) -> Measure {
        for _ in 0..8 {
            let measure = self.number(0, near);
            if of_rows(self.model, &measure) && !has_level(self.model, &measure) {
                return measure;
            }
        }
        Measure::Rows(self.any_dataset())
    }

    /// A level, one before a period, or a number made of it and of what was sold.
    pub(super) fn of_stock(&mut self) -> Option<Measure> {
        let stock = Box::new(self.random.pick_from(&self.levels())?);
        let mut places = Vec::new();
        homes(self.model, &stock, &mut places);
        let near = if self.random.chance(60) {
            places
        } else {
            Vec::new()
        };
        let sold = Box::new(self.sold(&near));
        Some(match self.random.below(10) {
            0 => *stock,
            1..4 => Measure::Opening(stock),
            4 => Measure::SellThrough {
                sold,
                of: ToSell::OpeningStock(stock),
            },
            5 => Measure::SellThrough {
                sold,
                of: ToSell::SoldAndClosingStock(stock),
            },
            6 => Measure::SellThrough {
                sold,
                of: ToSell::Received(Box::new(self.number(0, &near))),
            },
            _ => Measure::WeeksOfSupply {
                stock,
                sold,
                weeks: self.random.between(1, 8) as u32,
                watermark: self
                    .random
                    .chance(60)
                    .then(|| calendar::show_day(last_day())),
            },
        })
    }

    /// Makes some measures of a query reach back in time, where its groups let them.
    pub(super) fn reach_back(&mut self, query: &mut Query) -> bool {
        let own = |d: &Dimension| {
            !matches!(
                d,
                Dimension::TimeOf { .. }
                    | Dimension::Bucket { .. }
                    | Dimension::NewOrReturning { .. }
            )
        };
        let runs: Vec<Grain> = query
            .dimensions
            .iter()
            .filter_map(|d| match d {
                Dimension::Time(grain) if !grain.is_cyclic() => Some(*grain),
                _ => None,
            })
            .collect();
        if runs.len() > 1 || !query.dimensions.iter().all(own) {
            return false;
        }
        let calendar = query.time.as_ref().and_then(|t| t.calendar.clone());
        let by_weeks = calendar.is_some_and(|name| name != "fiscal");
        let mut reaches = false;
        for term in &mut query.metrics {
            let refused = matches!(
                term.measure,
                Measure::PerGroup { .. } | Measure::ValueAt { .. }
            );
            let anything = refused && self.random.chance(5);
            let fits = of_rows(self.model, &term.measure) && !has_level(self.model, &term.measure);
            if !fits && !anything {
                continue;
            }
            let window = match self.random.below(3) {
                0 => CumulativeWindow::All,
                1 => CumulativeWindow::ToDate(match runs.first() {
                    // Weeks lie within the months of a calendar of weeks alone.
                    Some(Grain::Week) if !by_weeks => continue,
                    Some(Grain::Year) => TimeUnit::Year,
                    Some(Grain::Quarter) => *self.random.pick(&[TimeUnit::Quarter, TimeUnit::Year]),
                    Some(Grain::Hour) => TimeUnit::Day,
                    _ => *self
                        .random
                        .pick(&[TimeUnit::Month, TimeUnit::Quarter, TimeUnit::Year]),
                }),
                _ => {
                    let unit = match runs.first() {
                        Some(Grain::Hour) => TimeUnit::Hour,
                        _ if by_weeks => *self.random.pick(&[TimeUnit::Day, TimeUnit::Week]),
                        _ => *self.random.pick(&[
                            TimeUnit::Day,
                            TimeUnit::Week,
                            TimeUnit::Month,
                            TimeUnit::Quarter,
                            TimeUnit::Year,
                        ]),
                    };
                    CumulativeWindow::Trailing(Length {
                        count: self.random.between(1, 9) as u32,
                        unit,
                    })
                }
            };
            reaches = true;
            term.measure = Measure::Cumulative {
                measure: Box::new(term.measure.clone()),
                window,
            };
        }
        reaches
    }
}
