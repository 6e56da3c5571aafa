//! Numbers and groups that retail knows by name: sell-through, weeks of supply, like for like, new and
//! returning customers, ABC classes, price-volume-mix; and who was last seen when.

use super::*;
use query::{
    Banded, Banding, Decompose, ParetoClass, PriceVolumeMix, Query, Term, TimeScope, ToSell,
};

/// Weeks whose mean sales stand under weeks of supply where the question does not say.
const SUPPLY_WEEKS: u32 = 4;

impl Reader<'_> {
    /// Gives the named numbers and groups their places.
    pub(super) fn retail(&mut self) -> Result<(), Misfit> {
        self.sell_through()?;
        self.weeks_of_supply()?;
        self.comparable_stores()?;
        self.new_or_returning()?;
        self.abc_classes()?;
        self.repeat_customers();
        self.days_since();
        self.below_reorder_level()?;
        self.last_seen()
    }

    /// Stock and units sold, both as measures.
    fn stock_and_units(&self, at: usize) -> Result<(Measure, Measure), Misfit> {
        let units = ["units", "units_sold", "quantity"]
            .iter()
            .find_map(|n| self.model().metric(n))
            .map(|m| Measure::Metric(m.name.clone()));
        match (self.stock_measure(), units) {
            (Some(stock), Some(units)) => Ok((stock.measure, units)),
            _ => Err(Misfit::Unsupported(self.nodes[at].text.clone())),
        }
    }

    fn sell_through(&mut self) -> Result<(), Misfit> {
        let Some(at) = self.find(Mark::SellThrough) else {
            return Ok(());
        };
        let (stock, sold) = self.stock_and_units(at)?;
        self.take(at);
        self.draft.notes.push(
            "sell-through: units sold over units sold and stock left at the end of the period"
                .into(),
        );
        self.add_measure(NamedMeasure {
            name: "Sell-through".into(),
            measure: Measure::SellThrough {
                sold: Box::new(sold),
                of: ToSell::SoldAndClosingStock(Box::new(stock)),
            },
            explicit: true,
        });
        Ok(())
    }

    fn weeks_of_supply(&mut self) -> Result<(), Misfit> {
        let Some(at) = self.find(Mark::Supply) else {
            return Ok(());
        };
        let (stock, sold) = self.stock_and_units(at)?;
        self.take(at);
        self.draft.notes.push(format!(
            "weeks of supply: stock over the mean weekly units of the last {SUPPLY_WEEKS} weeks"
        ));
        self.add_measure(NamedMeasure {
            name: "Weeks of supply".into(),
            measure: Measure::WeeksOfSupply {
                stock: Box::new(stock),
                sold: Box::new(sold),
                weeks: SUPPLY_WEEKS,
                watermark: Some(self.scene.clock.today.to_string()),
            },
            explicit: true,
        });
        Ok(())
    }

    /// "like for like": only where the model says which stores are comparable; without a policy the
    /// words are not understood, for all stores would be another number.
    fn comparable_stores(&mut self) -> Result<(), Misfit> {
        let Some(at) = self.find(Mark::Comparable) else {
            return Ok(());
        };
        let Some(rule) = self.model().comp_rules.first().map(|r| r.name.clone()) else {
            return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
        };
        self.take(at);
        self.draft.comparable = Some(rule);
        Ok(())
    }

    /// "new vs returning customers", with the period of each row as the one in which one is new.
    fn new_or_returning(&mut self) -> Result<(), Misfit> {
        let Some(at) = self.find(Mark::Returning) else {
            return Ok(());
        };
        let word = self.nodes[at].text.clone();
        let customer = self.model().entities.iter().position(|e| {
            matches!(
                e.name.as_str(),
                "customer" | "client" | "user" | "member" | "buyer"
            )
        });
        let seen = customer.and_then(|c| {
            let (_, fact) = self.activity(c)?;
            Some((c, fact.clone(), self.time_for(&fact)?))
        });
        let Some((customer, entity, event)) = seen else {
            return Err(Misfit::Unsupported(word));
        };
        let grain = self.nodes.iter().find_map(|n| match n.node {
            Node::Time(TimeSense::Grain(g)) if !g.is_cyclic() => Some(g),
            _ => None,
        });
        let dated = self.nodes.iter().any(|n| {
            matches!(
                n.node,
                Node::Time(TimeSense::Range(_) | TimeSense::Yearless { .. })
            )
        });
        if grain.is_none() && !dated {
            return Err(Misfit::Missing("in which period they are new"));
        }
        self.take(at);
        // "new vs returning customers": the noun says who, and is counted if nothing else is.
        for i in 0..self.nodes.len() {
            if self.nodes[i].node == Node::Named(Named::Entity(customer)) {
                self.used[i] = true;
            }
        }
        let measured = (0..self.nodes.len()).any(|i| {
            !self.used[i]
                && (matches!(&self.nodes[i].node, Node::Named(n) if self.number_of(n, None).is_some())
                    || self.is(i, Mark::Count) && i + 1 < self.nodes.len())
        });
        if !measured {
            let noun = plural(&self.model().entities[customer].name);
            let counted = self.active_count(customer);
            self.take_all(Mark::Count);
            self.add_measure(NamedMeasure {
                name: capitalised(&noun),
                measure: counted,
                explicit: true,
            });
        }
        self.draft.notes.push(format!(
            "new are those whose first order ever lies in the {}",
            grain.map_or("period", crate::time::grain_noun)
        ));
        self.add_dimension(Dimension::NewOrReturning {
            name: "New or returning".into(),
            entity,
            event,
            grain,
        });
        Ok(())
    }

    /// "ABC classes of the products by revenue": the largest that make 80 % of it, the next 15 %, the
    /// rest.
    fn abc_classes(&mut self) -> Result<(), Misfit> {
        let Some(at) = self.find(Mark::Abc) else {
            return Ok(());
        };
        let word = self.nodes[at].text.clone();
        let entity = self.head_entity().or_else(|| {
            self.model()
                .entities
                .iter()
                .position(|e| matches!(e.name.as_str(), "product" | "item" | "article" | "sku"))
        });
        let Some(entity) = entity else {
            return Err(Misfit::Unsupported(word));
        };
        let said = (0..self.nodes.len()).find_map(|i| match &self.nodes[i].node {
            Node::Named(n) => self.number_of(n, None).map(|x| (i, x)),
            _ => None,
        });
        let measure = match said {
            Some((i, number)) => {
                self.take(i);
                if let Some(by) = i.checked_sub(1).filter(|b| self.is(*b, Mark::By)) {
                    self.take(by);
                }
                NamedMeasure {
                    name: number.name,
                    measure: number.measure,
                    explicit: true,
                }
            }
            None => self
                .metric_like(RankBasis::Revenue)
                .ok_or(Misfit::Missing("a measure"))?,
        };
        self.take(at);
        let (key, display) = {
            let e = &self.scene.model.entities[entity];
            (e.key.clone(), e.display.clone())
        };
        for i in 0..self.nodes.len() {
            if self.nodes[i].node == Node::Named(Named::Entity(entity)) {
                self.used[i] = true;
            }
        }
        let of = Query {
            metrics: vec![Term {
                name: measure.name.clone(),
                measure: measure.measure.clone(),
            }],
            dimensions: vec![Dimension::Field(key)],
            ..Query::default()
        };
        let classes = [("A", 0.8), ("B", 0.95), ("C", 1.0)];
        self.draft.notes.push(
            "A: the largest up to 80 % of the whole history, B: up to 95 %, C: the rest".into(),
        );
        self.add_measure(measure);
        self.add_dimension(Dimension::Band {
            name: "Class".into(),
            of: Banded::Query(Box::new(of)),
            by: Banding::Pareto(
                classes
                    .iter()
                    .map(|(name, up_to)| ParetoClass {
                        name: (*name).into(),
                        up_to: *up_to,
                    })
                    .collect(),
            ),
        });
        self.add_dimension(Dimension::Field(display));
        Ok(())
    }

    /// "price volume mix of revenue, 2024 vs 2023": takes the question whole.
    pub(super) fn price_volume_mix(&mut self, at: usize) -> Result<(), Misfit> {
        let word = self.nodes[at].text.clone();
        self.take(at);
        self.periods()?;
        self.groups()?;
        let model = self.scene.model;
        let product = model
            .entities
            .iter()
            .find(|e| matches!(e.name.as_str(), "product" | "item" | "article" | "sku"))
            .map(|e| e.key.clone());
        let units = self.metric_like(RankBasis::Units).map(|m| m.measure);
        let value = self.metric_like(RankBasis::Revenue);
        let (Some(product), Some(units), Some(value)) = (product, units, value) else {
            return Err(Misfit::Unsupported(word));
        };
        for i in 0..self.nodes.len() {
            let own = match &self.nodes[i].node {
                Node::Named(Named::Metric(m)) => Measure::Metric(m.clone()) == value.measure,
                Node::Change(_)
                | Node::Mark(
                    Mark::Among
                    | Mark::Which
                    | Mark::List
                    | Mark::By
                    | Mark::Versus
                    | Mark::Compare
                    | Mark::And
                    | Mark::All,
                ) => true,
                _ => false,
            };
            if own {
                self.used[i] = true;
            } else if !self.used[i] && !matches!(self.nodes[i].node, Node::Value(_)) {
                return Err(Misfit::Unused(self.nodes[i].text.clone()));
            }
        }
        self.values()?;
        let (Some(period), Some(compare)) = (self.draft.period.take(), self.draft.compare.take())
        else {
            return Err(Misfit::Missing("which periods are compared"));
        };
        let Some(field) = model.default_time.clone() else {
            return Err(Misfit::Missing("a date in the data"));
        };
        let filters = self
            .draft
            .filters
            .drain(..)
            .map(|b| b.filter)
            .collect::<Vec<_>>();
        let mut compared = super::super::finish::comparison(&compare, self.scene);
        compared.show = Vec::new();
        self.draft.shape = Some(Query {
            dimensions: std::mem::take(&mut self.draft.dimensions),
            time: Some(TimeScope::new(field, Some(period.to_range()))),
            filter: super::super::all(filters),
            compare: Some(compared),
            decompose: Some(Decompose::PriceVolumeMix(PriceVolumeMix {
                value: Term {
                    name: value.name,
                    measure: value.measure,
                },
                quantity: units,
                per: vec![Dimension::Field(product)],
            })),
            ..Query::default()
        });
        Ok(())
    }

    /// "days since the last order by customer": from the latest date to the data's last day.
    fn days_since(&mut self) {
        let (Some(at), Some(field)) = (
            self.find(Mark::DaysSince),
            self.scene.model.default_time.clone(),
        ) else {
            return;
        };
        self.take(at);
        let day = self.scene.clock.today.to_string();
        self.draft.notes.push(format!("days are counted to {day}"));
        self.add_measure(NamedMeasure {
            name: format!("Days since the last {}", self.label(&field)),
            measure: Measure::DaysSince { field, day },
            explicit: true,
        });
    }

    /// "which products need reordering": the stock is below the level that stands beside it.
    fn below_reorder_level(&mut self) -> Result<(), Misfit> {
        let Some(at) = self.find(Mark::Reorder) else {
            return Ok(());
        };
        let model = self.scene.model;
        let pair = model
            .datasets
            .iter()
            .filter(|d| d.event_time.is_none())
            .find_map(|d| {
                let stock = d.fields.iter().find(|f| f.subject == Subject::Stock)?;
                let level = d.fields.iter().find(|f| {
                    f.data_type.is_numeric() && f.name.split('_').any(|w| w == "reorder")
                })?;
                Some((
                    FieldRef::new(&d.name, &stock.name),
                    FieldRef::new(&d.name, &level.name),
                ))
            });
        let Some((left, right)) = pair else {
            return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
        };
        self.take(at);
        self.draft.fields.extend([left.clone(), right.clone()]);
        self.draft.filters.push(Bound {
            words: format!("{} below {}", self.label(&left), self.label(&right)),
            field: Some(left.clone()),
            filter: Filter::CompareFields {
                left,
                op: Operator::Lt,
                right,
            },
            numerator: false,
        });
        Ok(())
    }

    /// "repeat customer rate", "share of repeat customers": those with two orders or more, of all who
    /// ordered.
    fn repeat_customers(&mut self) {
        let Some(at) = self.find(Mark::Repeat) else {
            return;
        };
        let customer = self.model().entities.iter().position(|e| {
            matches!(
                e.name.as_str(),
                "customer" | "client" | "user" | "member" | "buyer"
            )
        });
        let (Some(customer), Some(orders)) = (customer, self.metric_like(RankBasis::Orders)) else {
            return;
        };
        self.take(at);
        let counted = self.active_count(customer);
        let noun = plural(&self.model().entities[customer].name);
        self.draft.subject = Some(customer);
        self.draft.notes.push(format!(
            "repeat {noun}: those with two {} or more",
            orders.name.to_lowercase()
        ));
        self.draft.measures = vec![
            NamedMeasure {
                name: capitalised(&noun),
                measure: counted,
                explicit: true,
            },
            orders,
        ];
        self.draft.having.push(Condition {
            metric: 1,
            on: Part::Value,
            op: Operator::Ge,
            value: Threshold::Number(2.0),
        });
        self.take_all(Mark::Share);
        self.draft.share = Some(ShareDraft::Part);
    }

    /// "customers whose last order was before July": there before, and not since.
    fn last_seen(&mut self) -> Result<(), Misfit> {
        let Some(at) = (0..self.nodes.len().saturating_sub(1)).find(|i| {
            matches!(
                self.nodes[*i].node,
                Node::RankBy(RankBasis::Time, Direction::Descending)
            ) && self
                .words_between(self.nodes[*i].start.saturating_sub(1), self.nodes[*i].start)
                .any(|w| w == "whose")
        }) else {
            return Ok(());
        };
        let deed = match &self.nodes[at + 1].node {
            Node::Named(Named::Entity(e)) => self.is_order(*e),
            Node::Named(Named::Metric(m)) => self
                .model()
                .metric(m)
                .is_some_and(|m| matches!(m.unit, Unit::Count(_))),
            _ => false,
        };
        let when = (at + 2..self.nodes.len()).find(|i| {
            matches!(
                self.nodes[*i].node,
                Node::Time(TimeSense::Range(_) | TimeSense::Yearless { .. })
            )
        });
        let (true, Some(when), Some(entity)) = (deed, when, self.head_entity()) else {
            return Ok(());
        };
        let Node::Time(sense) = self.nodes[when].node.clone() else {
            return Ok(());
        };
        let Some(period) = self.resolve(&sense, None) else {
            return Err(Misfit::Missing("a period"));
        };
        let Some((field, fact)) = self.activity(entity) else {
            return Ok(());
        };
        let Some(time) = self.time_for(&fact) else {
            return Err(Misfit::Missing("a date"));
        };
        let active = |range: Option<query::DateRange>| Filter::Members {
            field: field.clone(),
            query: Box::new(Query {
                dimensions: vec![Dimension::Field(fact.clone())],
                time: range.map(|r| TimeScope::new(time.clone(), Some(r))),
                ..Query::default()
            }),
        };
        for i in at..=when {
            self.used[i] = true;
        }
        let words = format!("last seen {}", period.label);
        let mut parts = vec![active(Some(period.to_range()))];
        if let Some(end) = period.end {
            let since = query::DateRange {
                start: Some(end.to_string()),
                end: None,
                label: format!("since {end}"),
            };
            parts.push(Filter::Not(Box::new(active(Some(since)))));
        }
        for filter in parts {
            self.draft.filters.push(Bound {
                field: Some(field.clone()),
                filter,
                words: words.clone(),
                numerator: false,
            });
        }
        Ok(())
    }
}
