//! Questions with a shape of their own: what is bought together, who comes back, who is new.

use super::*;
use query::{Basket, Cohort, PairNumber, TimeScope};

/// Pairs in fewer baskets say nothing.
const FEWEST_BASKETS: u32 = 2;
/// Pairs that are shown when the question does not say.
const PAIRS: u32 = 10;

impl Reader<'_> {
    /// "what is bought together with pasta", "which pair of products …": takes the question whole.
    pub(super) fn pairs(&mut self, at: usize) -> Result<(), Misfit> {
        let pair = self.nodes[at].text.clone();
        let refuse = || Err(Misfit::Unsupported(pair.clone()));
        self.take(at);
        let Some((lines, basket, product)) = self.basket_lines() else {
            return refuse();
        };
        self.periods()?;
        let mut item = product.clone();
        let mut first: Vec<Filter> = Vec::new();
        let mut scope: Vec<Filter> = Vec::new();
        let (mut min, mut limit, mut by) = (None, None, PairNumber::Baskets);
        for i in 0..self.nodes.len() {
            if self.used[i] {
                continue;
            }
            match self.nodes[i].node.clone() {
                Node::Value(found) => {
                    let (filter, _) = value_filter(&found);
                    let of_item = found.field.dataset == product.dataset
                        && !matches!(
                            self.model().field(&found.field).map(|f| f.subject),
                            Some(
                                Subject::Country | Subject::Region | Subject::State | Subject::City
                            )
                        )
                        && query::reachable(self.model(), &lines, &found.field).is_ok();
                    if of_item && first.is_empty() {
                        first.push(filter);
                    } else {
                        scope.push(filter);
                    }
                }
                Node::Named(named) => {
                    if let Some((field, entity)) = self.group_of(&named) {
                        let order = entity.is_some_and(|e| self.is_order(e));
                        if !order && field.dataset == product.dataset {
                            item = field;
                        } else if !order {
                            return refuse();
                        }
                    } else if !matches!(&named, Named::Metric(m) if self.model().metric(m).is_some_and(|m| matches!(m.unit, Unit::Count(_))))
                    {
                        return refuse();
                    }
                }
                Node::Threshold(Operator::Ge | Operator::Gt, Bar::Number(n, false, false)) => {
                    min = Some(n as u32)
                }
                Node::Number(n, false) if (1.0..=1000.0).contains(&n) => limit = Some(n as u32),
                Node::Rank(Direction::Descending)
                | Node::RankBy(..)
                | Node::Aggregation(Aggregation::Sum)
                | Node::Verb(_)
                | Node::Mark(
                    Mark::Which
                    | Mark::List
                    | Mark::Among
                    | Mark::By
                    | Mark::Relative
                    | Mark::All
                    | Mark::Pair
                    | Mark::And
                    | Mark::Ref
                    | Mark::Count
                    | Mark::Distinct
                    | Mark::RankVerb,
                ) => {}
                Node::Mark(Mark::PairNumber) => {
                    by = match self.nodes[i].text.as_str() {
                        "lift" => PairNumber::Lift,
                        "support" => PairNumber::Support,
                        _ => PairNumber::Confidence,
                    };
                }
                _ => return refuse(),
            }
            self.take(i);
        }
        self.draft.refers = false;
        let singular = self.nodes.iter().any(|n| {
            matches!(
                n.text.as_str(),
                "pair of products"
                    | "pair of items"
                    | "combination of products"
                    | "product pair"
                    | "item pair"
            )
        });
        let least = min.unwrap_or(FEWEST_BASKETS);
        self.draft
            .notes
            .push(format!("pairs in fewer than {least} baskets are left out"));
        let time = self.time_for(&FieldRef::new(&lines, ""));
        self.draft.shape = Some(query::Query {
            basket: Some(Basket {
                lines,
                basket,
                item,
                first: super::super::all(first),
                second: None,
                min_baskets: least,
                by,
            }),
            time: self
                .draft
                .period
                .take()
                .zip(time)
                .map(|(p, field)| TimeScope::new(field, Some(p.to_range()))),
            filter: super::super::all(scope),
            limit: Some(limit.unwrap_or(if singular { 1 } else { PAIRS })),
            ..query::Query::default()
        });
        Ok(())
    }

    /// The dataset whose rows are the lines of baskets, what tells baskets apart, and what is bought.
    fn basket_lines(&self) -> Option<(String, FieldRef, FieldRef)> {
        let model = self.model();
        let product = model.entities.iter().find(|e| {
            matches!(
                e.name.as_str(),
                "product" | "item" | "article" | "sku" | "track" | "part"
            )
        })?;
        let order = model.entities.iter().position(|e| {
            matches!(
                e.name.as_str(),
                "order" | "transaction" | "invoice" | "basket" | "receipt" | "sale"
            )
        })?;
        let key = &model.entities[order].key;
        let mut datasets: Vec<&semantics::Dataset> = model
            .datasets
            .iter()
            .filter(|d| {
                query::reachable(model, &d.name, key).is_ok()
                    && query::reachable(model, &d.name, &product.display).is_ok()
            })
            .collect();
        datasets.sort_by_key(|d| std::cmp::Reverse(d.rows.unwrap_or(0)));
        let lines = datasets.first()?;
        let own = lines
            .fields
            .iter()
            .find(|f| f.name == key.field || f.subject == Subject::OrderNumber)
            .map_or_else(|| key.clone(), |f| FieldRef::new(&lines.name, &f.name));
        Some((lines.name.clone(), own, product.display.clone()))
    }

    /// "monthly retention by acquisition cohort", "new customers each year": customers by the period
    /// of their first order.
    pub(super) fn cohorts(&mut self, at: usize, new: bool) -> Result<(), Misfit> {
        let word = self.nodes[at].text.clone();
        let refuse = || Err(Misfit::Unsupported(word.clone()));
        self.take(at);
        self.periods()?;
        let Some(customer) = self.head_entity().or_else(|| {
            self.model().entities.iter().position(|e| {
                matches!(
                    e.name.as_str(),
                    "customer" | "client" | "user" | "member" | "buyer"
                )
            })
        }) else {
            return refuse();
        };
        let subject = self.model().entities[customer].name.clone();
        if new
            && !matches!(
                subject.as_str(),
                "customer" | "client" | "user" | "member" | "buyer" | "shopper"
            )
        {
            return refuse();
        }
        let Some((_, fact)) = self.activity(customer) else {
            return refuse();
        };
        let Some(event) = self.time_for(&fact) else {
            return Err(Misfit::Missing("a date in the data"));
        };
        let mut grain = None;
        let mut filters = Vec::new();
        let mut measure = None;
        for i in 0..self.nodes.len() {
            if self.used[i] {
                continue;
            }
            match self.nodes[i].node.clone() {
                Node::Time(TimeSense::Grain(g)) if !g.is_cyclic() => grain = Some(g),
                Node::Value(found) => filters.push(value_filter(&found).0),
                Node::Named(named) => {
                    if let Some(number) = self.number_of(&named, None) {
                        let counts = matches!(&number.measure, Measure::Metric(m) if self.model().metric(m).is_some_and(|m| matches!(m.unit, Unit::Count(_))));
                        if !counts && !new {
                            measure = Some(query::Term {
                                name: number.name,
                                measure: number.measure,
                            });
                        } else if !counts {
                            return refuse();
                        }
                    } else if self
                        .group_of(&named)
                        .is_none_or(|(_, e)| e != Some(customer))
                    {
                        return refuse();
                    }
                }
                Node::Verb(_)
                | Node::Aggregation(Aggregation::Sum)
                | Node::Mark(
                    Mark::Which
                    | Mark::List
                    | Mark::Among
                    | Mark::By
                    | Mark::Relative
                    | Mark::All
                    | Mark::Count
                    | Mark::Distinct
                    | Mark::Trend
                    | Mark::Cohort
                    | Mark::New
                    | Mark::And,
                ) => {}
                _ => return refuse(),
            }
            self.take(i);
        }
        self.draft.refers = false;
        let range = self.draft.period.take();
        let grain = match (grain, range.as_ref().and_then(|p| p.grain)) {
            (Some(g), _) => g,
            (None, Some(g)) if new => g,
            (None, _) if new => return Err(Misfit::Missing("in which period they are new")),
            (None, _) => Grain::Month,
        };
        let periods = match (new, grain) {
            (true, _) => 0,
            (_, Grain::Day) => 30,
            (_, Grain::Year) => 5,
            _ => 12,
        };
        self.draft.notes.push(format!(
            "a {subject} is new in the {} of the first order in the whole history",
            crate::time::grain_noun(grain)
        ));
        self.draft.shape = Some(query::Query {
            cohort: Some(Cohort {
                entity: fact,
                event: event.clone(),
                grain,
                periods,
                watermark: self.scene.clock.today.to_string(),
                measure,
            }),
            time: Some(TimeScope::new(event, range.map(|p| p.to_range()))),
            filter: super::super::all(filters),
            ..query::Query::default()
        });
        Ok(())
    }
}
