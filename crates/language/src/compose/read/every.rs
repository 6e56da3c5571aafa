//! Members by the periods in which they were active: “ordered in every one of the four years”,
//! “sold every month”, “no sales in 60 days”.

use super::*;
use query::{Having, Query, Term, TimeScope};

impl Reader<'_> {
    /// "customers who ordered in each of the four years": as many periods with activity as there are.
    pub(super) fn every_period(&mut self) -> Result<(), Misfit> {
        let Some(at) = (0..self.nodes.len()).find(|i| {
            !self.used[*i]
                && (self.is(*i, Mark::EveryPeriod)
                    || self.is(*i, Mark::By)
                        && self.nodes[*i].text == "every"
                        && self.after_relative(*i))
        }) else {
            return Ok(());
        };
        let mut next = at + 1;
        let mut stated = None;
        if let Some(Node::Number(n, false)) = self.nodes.get(next).map(|n| n.node.clone()) {
            stated = Some(n);
            next += 1;
        }
        let Some(Node::Time(TimeSense::Grain(grain))) =
            self.nodes.get(next).map(|n| n.node.clone())
        else {
            return Ok(());
        };
        let Some(entity) = self.head_entity() else {
            return Ok(());
        };
        let (Some((field, fact)), false) = (self.activity(entity), grain.is_cyclic()) else {
            return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
        };
        let Some(time) = self.time_for(&fact) else {
            return Err(Misfit::Missing("a date in the data"));
        };
        let range = self.draft.period.take();
        let Some(n) = stated.or_else(|| self.periods_of(grain, range.as_ref(), &time)) else {
            return Err(Misfit::Missing("how many periods there are"));
        };
        for i in at..=next {
            self.take(i);
        }
        let periods = Measure::PerGroup {
            aggregation: Aggregation::Count,
            measure: Box::new(Measure::Rows(fact.dataset.clone())),
            per: vec![Dimension::Time(grain)],
        };
        let noun = crate::time::grain_noun(grain);
        let inner = Query {
            metrics: vec![Term {
                name: format!("{}s with activity", capitalised(noun)),
                measure: periods,
            }],
            dimensions: vec![Dimension::Field(fact)],
            time: Some(TimeScope::new(time, range.map(|p| p.to_range()))),
            having: vec![Having::new(
                0,
                Part::Value,
                Operator::Ge,
                Threshold::Number(n),
            )],
            ..Query::default()
        };
        self.draft.filters.push(Bound {
            field: Some(field.clone()),
            filter: Filter::Members {
                field,
                query: Box::new(inner),
            },
            words: format!("active in each of {n} {noun}s"),
            numerator: false,
        });
        Ok(())
    }

    /// Whether the words before say what someone did ("who ordered every month").
    fn after_relative(&self, at: usize) -> bool {
        (0..at).any(|i| self.is(i, Mark::Relative))
            && (0..at).any(|i| matches!(self.nodes[i].node, Node::Named(_)))
    }

    /// How many periods of a grain the range (or the data) has.
    fn periods_of(&self, grain: Grain, range: Option<&Period>, time: &FieldRef) -> Option<f64> {
        let day = |text: Option<&str>| {
            text.and_then(|d| d.get(..10))
                .and_then(|d| d.parse::<jiff::civil::Date>().ok())
        };
        let field = self.model().field(time)?;
        let first = range.and_then(|p| p.start).or(day(field.min.as_deref()))?;
        let last = range
            .and_then(|p| p.end)
            .map(|e| crate::time::shifted(e, Grain::Day, -1))
            .or(day(field.max.as_deref()))?;
        let mut n = 0.0;
        let mut at = crate::time::period_of(first, grain, self.scene.clock.week_start).start?;
        while at <= last && n < 10_000.0 {
            n += 1.0;
            at = crate::time::period_of(at, grain, self.scene.clock.week_start).end?;
        }
        Some(n)
    }

    /// "products with no sales in 60 days", "stores without orders yesterday": those that are not
    /// among the active ones.
    pub(super) fn without_activity(&mut self) -> Result<(), Misfit> {
        for at in 1..self.nodes.len().saturating_sub(1) {
            let none = self.is(at, Mark::Negation)
                && matches!(
                    self.nodes[at].text.as_str(),
                    "no" | "without" | "not any" | "zero" | "but no" | "but without"
                )
                || matches!(self.nodes[at].node, Node::Number(0.0, false));
            let Node::Named(Named::Metric(name)) = self.nodes[at + 1].node.clone() else {
                continue;
            };
            if !none || self.used[at] || !self.adjacent(at, at + 1) {
                continue;
            }
            let Some(entity) = self.head_entity() else {
                continue;
            };
            let Some((field, fact)) = self.activity(entity) else {
                continue;
            };
            // A level (stock) is there and zero; a happening is not there at all.
            let homes = query::home_datasets(self.model(), &Measure::Metric(name));
            let level = homes.iter().any(|h| {
                self.model()
                    .dataset(h)
                    .is_some_and(|d| d.fields.iter().any(|f| f.additivity == Additivity::Semi))
            });
            let reached = homes
                .iter()
                .any(|h| *h == fact.dataset || query::reachable(self.model(), h, &fact).is_ok());
            if level || !reached || self.model().entities[entity].dataset.is_none() {
                continue;
            }
            let mut inner = Query {
                dimensions: vec![Dimension::Field(fact.clone())],
                ..Query::default()
            };
            let mut words = String::from("without any");
            if let Some(period) = self.draft.period.take() {
                let Some(time) = self.time_for(&fact) else {
                    return Err(Misfit::Missing("a date"));
                };
                words = format!("without any in {}", period.label);
                inner.time = Some(TimeScope::new(time, Some(period.to_range())));
            }
            self.take(at);
            self.take(at + 1);
            self.draft.filters.push(Bound {
                field: Some(field.clone()),
                filter: Filter::Not(Box::new(Filter::Members {
                    field,
                    query: Box::new(inner),
                })),
                words,
                numerator: false,
            });
        }
        Ok(())
    }
}
