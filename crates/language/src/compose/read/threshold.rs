//! Conditions on groups and rows: “more than 25 orders”, “priced over 10”.

use super::*;

impl Reader<'_> {
    pub(super) fn thresholds(&mut self) -> Result<(), Misfit> {
        self.nothing();
        self.gains()?;
        self.times()?;
        self.priced()?;
        self.sized();
        self.sized_before();
        for at in 0..self.nodes.len() {
            if self.used[at] {
                continue;
            }
            let Node::Threshold(op, bar) = self.nodes[at].node.clone() else {
                continue;
            };
            if self.of_class(at, op, &bar)
                || self.of_age(at, op, &bar)
                || self.grown_threshold(at, op, &bar)
                || self.row_threshold(at, op, &bar)
            {
                continue;
            }
            if self.below_own_level(at, op, &bar) {
                continue;
            }
            if self.of_unknown_age(at, &bar) || self.lasts_so_long(at, &bar) {
                return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
            }
            let metric = self.threshold_measure(at, &bar)?;
            let value = match &bar {
                Bar::Number(value, _, percent) => {
                    let fraction = self
                        .draft
                        .measures
                        .get(metric)
                        .is_some_and(|m| self.is_fraction(&m.measure));
                    let money = matches!(&bar, Bar::Number(_, true, _));
                    if (*percent && !fraction && self.draft.compare.is_none()) || money && fraction
                    {
                        return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
                    }
                    Threshold::Number(if *percent || (fraction && *value > 1.0) {
                        value / 100.0
                    } else {
                        *value
                    })
                }
                Bar::Average => Threshold::AverageOfGroups,
                Bar::Stat(Aggregation::Median) => Threshold::MedianOfGroups,
                Bar::Stat(_) => return Err(Misfit::Unsupported(self.nodes[at].text.clone())),
                Bar::Named(named) => {
                    let Some(right) = self.number_of(named, None) else {
                        return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
                    };
                    let left = self
                        .draft
                        .measures
                        .get(metric)
                        .and_then(|m| match &m.measure {
                            Measure::Aggregate { field, .. } => Some(field.clone()),
                            Measure::Metric(name) => self
                                .number_of(&Named::Metric(name.clone()), None)
                                .and_then(|n| n.field),
                            _ => None,
                        });
                    let (Some(left), Some(right)) = (left, right.field) else {
                        return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
                    };
                    self.take(at);
                    self.draft.measures.remove(metric);
                    let words = format!(
                        "{} {} {}",
                        self.label(&left),
                        operator_word(op),
                        self.label(&right)
                    );
                    for field in [&left, &right] {
                        self.draft.fields.push(field.clone());
                    }
                    self.draft.filters.push(Bound {
                        field: Some(left.clone()),
                        filter: Filter::CompareFields { left, op, right },
                        words,
                        numerator: false,
                    });
                    continue;
                }
            };
            if self.orders_in_groups(at, metric, op, &value) {
                continue;
            }
            self.orders_limited(at, metric);
            self.take(at);
            self.draft.having.push(Condition {
                metric,
                on: Part::Value,
                op,
                value,
            });
        }
        Ok(())
    }

    /// "number of orders over 5,000 by country": a limit on each order, where orders are counted in other
    /// groups.
    fn orders_in_groups(
        &mut self,
        at: usize,
        metric: usize,
        op: Operator,
        value: &Threshold,
    ) -> bool {
        let order = self.draft.measures.iter().find_map(|m| match &m.measure {
            Measure::Metric(name) => {
                let Unit::Count(noun) = &self.model().metric(name)?.unit else {
                    return None;
                };
                let entity = (0..self.model().entities.len())
                    .find(|e| plural(&self.model().entities[*e].name) == *noun)?;
                self.is_order(entity).then(|| (m.measure.clone(), entity))
            }
            _ => None,
        });
        let Some((counted, entity)) = order else {
            return false;
        };
        let Some(limited) = self.draft.measures.get(metric).cloned() else {
            return false;
        };
        let near = (0..at).rev().take(2).any(|i| {
            matches!(&self.nodes[i].node, Node::Named(Named::Metric(m)) if Measure::Metric(m.clone()) == counted)
        });
        let (key, display) = {
            let e = &self.model().entities[entity];
            (e.key.clone(), e.display.clone())
        };
        let grouped = !self.draft.dimensions.is_empty()
            && self.draft.dimensions.iter().all(|d| {
                *d != Dimension::Field(key.clone()) && *d != Dimension::Field(display.clone())
            });
        if !near || !grouped || limited.measure == counted {
            return false;
        }
        self.take(at);
        if !limited.explicit || self.draft.measures.len() > 1 {
            self.draft.measures.remove(metric);
        }
        let inner = query::Query {
            dimensions: vec![Dimension::Field(key.clone())],
            metrics: vec![query::Term {
                name: limited.name.clone(),
                measure: limited.measure,
            }],
            having: vec![query::Having::new(0, Part::Value, op, value.clone())],
            ..query::Query::default()
        };
        self.draft.filters.push(Bound {
            words: format!("{} {}", limited.name.to_lowercase(), self.nodes[at].text),
            filter: Filter::Members {
                field: key.clone(),
                query: Box::new(inner),
            },
            field: Some(key),
            numerator: false,
        });
        true
    }

    /// "orders over 100, how many", "how many orders with sales of at least 5,000": the orders that pass
    /// are counted.
    fn orders_limited(&mut self, at: usize, metric: usize) {
        let orders = (0..at)
            .rev()
            .take(4)
            .find_map(|i| match &self.nodes[i].node {
                Node::Named(Named::Metric(name)) if !is_singular(&self.nodes[i].text) => {
                    let Unit::Count(noun) = &self.model().metric(name)?.unit else {
                        return None;
                    };
                    let entity = (0..self.model().entities.len())
                        .find(|e| plural(&self.model().entities[*e].name) == *noun)?;
                    self.is_order(entity).then(|| (name.clone(), entity))
                }
                _ => None,
            });
        let Some((name, entity)) = orders else { return };
        // A limit on the number of orders itself is none on an order.
        let own = self
            .draft
            .measures
            .get(metric)
            .is_some_and(|m| m.measure == Measure::Metric(name.clone()));
        if own || !self.any(Mark::Count) || !self.draft.dimensions.is_empty() || self.draft.counted
        {
            return;
        }
        let others = self
            .draft
            .measures
            .iter()
            .all(|m| matches!(&m.measure, Measure::Metric(n) if *n == name || Some(n) == self.model().default_metric.as_ref()));
        if others {
            self.draft.counted = true;
            self.draft.subject = Some(entity);
        }
    }

    /// "products below their reorder level": the stock against the level that stands beside it.
    fn below_own_level(&mut self, at: usize, op: Operator, bar: &Bar) -> bool {
        let Bar::Named(named) = bar else { return false };
        let Some(level) = self.number_of(named, None).and_then(|n| n.field) else {
            return false;
        };
        let kept = level
            .field
            .split('_')
            .any(|w| matches!(w, "reorder" | "safety" | "minimum" | "min" | "par"));
        let said_left = [at.wrapping_sub(1), at.wrapping_sub(2)].iter().any(|i| {
            matches!(self.nodes.get(*i).map(|n| &n.node), Some(Node::Named(n)) if self.number_of(n, None).is_some())
        });
        // Of levels over time only the last day's would be meant.
        let stock = self
            .model()
            .dataset(&level.dataset)
            .filter(|d| d.event_time.is_none())
            .and_then(|d| d.fields.iter().find(|f| f.subject == Subject::Stock))
            .map(|f| FieldRef::new(&level.dataset, &f.name));
        let Some(stock) = stock.filter(|_| kept && !said_left) else {
            return false;
        };
        self.take(at);
        for field in [&stock, &level] {
            self.draft.fields.push(field.clone());
        }
        self.draft.filters.push(Bound {
            words: format!(
                "{} {} {}",
                self.label(&stock),
                operator_word(op),
                self.label(&level)
            ),
            field: Some(stock.clone()),
            filter: Filter::CompareFields {
                left: stock,
                op,
                right: level,
            },
            numerator: false,
        });
        true
    }

    /// "product category 1 = 8": a class that goes by a number.
    fn of_class(&mut self, at: usize, op: Operator, bar: &Bar) -> bool {
        let Bar::Number(value, false, false) = bar else {
            return false;
        };
        let Some(before) = at.checked_sub(1) else {
            return false;
        };
        let field = match &self.nodes[before].node {
            Node::Named(named @ (Named::Field(_) | Named::Entity(_))) => {
                self.group_of(named).map(|g| g.0)
            }
            _ => None,
        };
        let numbered = field.filter(|f| {
            self.model().field(f).is_some_and(|f| {
                f.data_type == DataType::Integer
                    && matches!(f.role, Role::Dimension | Role::Id)
                    && f.distinct.is_none_or(|d| d > 2)
            })
        });
        let (Some(field), Operator::Eq) = (numbered, op) else {
            return false;
        };
        self.take(at);
        self.take(before);
        self.draft
            .dimensions
            .retain(|d| *d != Dimension::Field(field.clone()));
        self.limit_rows(field, op, *value);
        true
    }

    /// "customers over 60", "women under 30": a bare number right behind people is their age, where
    /// the data has ages.
    fn of_age(&mut self, at: usize, op: Operator, bar: &Bar) -> bool {
        let Bar::Number(years, false, false) = bar else {
            return false;
        };
        let goes_on = matches!(
            self.nodes.get(at + 1).map(|n| &n.node),
            Some(Node::Named(n)) if self.number_of(n, None).is_some() && self.adjacent(at, at + 1)
        ) || self.is(at + 1, Mark::Occasions)
            || matches!(
                self.nodes.get(at + 1).map(|n| &n.node),
                Some(Node::Named(Named::Entity(_)))
            );
        let Some(before) = at.checked_sub(1).filter(|b| self.adjacent(*b, at)) else {
            return false;
        };
        let people = match &self.nodes[before].node {
            Node::Named(Named::Entity(e)) => matches!(
                self.model().entities[*e].name.as_str(),
                "customer" | "client" | "member" | "user" | "employee" | "student"
            ),
            Node::Mark(Mark::People) => true,
            Node::Value(v) => self
                .model()
                .field(&v.field)
                .is_some_and(|f| matches!(f.name.as_str(), "gender" | "sex")),
            _ => false,
        };
        if goes_on || !people || !(10.0..=110.0).contains(years) || years.fract() != 0.0 {
            return false;
        }
        let ages: Vec<FieldRef> = self
            .model()
            .datasets
            .iter()
            .flat_map(|d| {
                d.fields
                    .iter()
                    .filter(|f| f.data_type.is_numeric() && f.name.split('_').any(|w| w == "age"))
                    .map(|f| FieldRef::new(&d.name, &f.name))
            })
            .collect();
        let [age] = &ages[..] else { return false };
        self.take(at);
        self.limit_rows(age.clone(), op, *years);
        true
    }

    /// "customers under 30", where nothing says how old they are: no limit on anything else.
    fn of_unknown_age(&self, at: usize, bar: &Bar) -> bool {
        let Bar::Number(years, false, false) = bar else {
            return false;
        };
        let people = at
            .checked_sub(1)
            .filter(|b| self.adjacent(*b, at))
            .is_some_and(|b| {
                matches!(
                    self.nodes[b].text.as_str(),
                    "customers"
                        | "clients"
                        | "shoppers"
                        | "people"
                        | "members"
                        | "users"
                        | "women"
                        | "men"
                )
            });
        let aged = self
            .words_between(self.nodes[at].start, self.nodes[at].end)
            .any(|w| matches!(w, "under" | "over" | "above" | "below" | "aged"));
        let goes_on = self.nodes.get(at + 1).is_some_and(|n| {
            self.adjacent(at, at + 1)
                && matches!(n.node, Node::Named(_) | Node::Mark(Mark::Occasions))
        });
        people && aged && !goes_on && (10.0..=110.0).contains(years) && years.fract() == 0.0
    }

    /// "for more than five years": how long something lasts, which is no number of anything else.
    fn lasts_so_long(&self, at: usize, bar: &Bar) -> bool {
        let long = matches!(bar, Bar::Number(_, false, false))
            && self.nodes.get(at + 1).is_some_and(|n| {
                self.adjacent(at, at + 1)
                    && matches!(
                        n.text.as_str(),
                        "years" | "year" | "months" | "weeks" | "hours" | "minutes"
                    )
                    && matches!(n.node, Node::Time(TimeSense::Grain(_)) | Node::Unit(_))
            });
        long && !self.draft.measures.iter().any(|m| self.lasts(&m.measure))
    }

    /// "customers who ordered only once": exactly one order.
    fn times(&mut self) -> Result<(), Misfit> {
        for at in 0..self.nodes.len() {
            let Node::Times(n) = self.nodes[at].node else {
                continue;
            };
            let Some(orders) = self.metric_like(RankBasis::Orders) else {
                return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
            };
            self.take(at);
            let metric = self.add_measure(orders);
            self.draft.having.push(Condition {
                metric,
                on: Part::Value,
                op: Operator::Eq,
                value: Threshold::Number(f64::from(n)),
            });
        }
        Ok(())
    }

    /// "products priced between 10 and 15": a limit on the price of the listed things themselves.
    fn priced(&mut self) -> Result<(), Misfit> {
        for at in 0..self.nodes.len().saturating_sub(1) {
            let priced = matches!(self.nodes[at].text.as_str(), "priced" | "priced at")
                && self.is(at, Mark::Worth);
            // "products under 20 pounds": money next to a thing that has a price is its price.
            let money = matches!(
                self.nodes[at + 1].node,
                Node::Threshold(_, Bar::Number(_, true, _))
            ) || self
                .words_between(self.nodes[at + 1].end, self.nodes[at + 1].end + 1)
                .any(|w| {
                    matches!(
                        w,
                        "pounds" | "dollars" | "euros" | "bucks" | "quid" | "gbp" | "usd" | "eur"
                    )
                });
            let thing = money
                && self.draft.measures.is_empty()
                && self.adjacent(at, at + 1)
                && matches!(self.nodes[at].node, Node::Named(Named::Entity(_)))
                && self.head_has_price();
            let spoken = priced || thing;
            if !spoken || !matches!(self.nodes[at + 1].node, Node::Threshold(..)) {
                continue;
            }
            let model = self.scene.model;
            let home = self
                .head_entity()
                .and_then(|e| model.entities[e].dataset.clone());
            let price = model
                .datasets
                .iter()
                .filter(|d| home.as_ref() == Some(&d.name))
                .flat_map(|d| {
                    d.fields
                        .iter()
                        .map(move |f| FieldRef::new(&d.name, &f.name))
                })
                .find(|f| {
                    model.field(f).is_some_and(|x| {
                        matches!(x.subject, Subject::ListPrice | Subject::UnitPrice)
                    })
                });
            let Some(price) = price else {
                return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
            };
            if priced {
                self.take(at);
            }
            let mut next = at + 1;
            while let Some(Node::Threshold(op, Bar::Number(value, _, false))) =
                self.nodes.get(next).map(|n| n.node.clone())
            {
                self.take(next);
                self.limit_rows(price.clone(), op, value);
                next += 1;
            }
        }
        Ok(())
    }

    /// "products with zero stock", "out of stock": the number is nothing.
    fn nothing(&mut self) {
        if let Some(at) = self.find(Mark::NoStock)
            && let Some(stock) = self.stock_measure()
        {
            self.take(at);
            let metric = self.add_measure(stock);
            self.draft.having.push(Condition {
                metric,
                on: Part::Value,
                op: Operator::Eq,
                value: Threshold::Number(0.0),
            });
        }
        for at in 0..self.nodes.len().saturating_sub(1) {
            if self.nodes[at].node != Node::Number(0.0, false) || self.used[at] {
                continue;
            }
            let Node::Named(named) = self.nodes[at + 1].node.clone() else {
                continue;
            };
            let Some(number) = self.number_of(&named, None) else {
                continue;
            };
            self.take(at);
            self.take(at + 1);
            let metric = self.add_measure(NamedMeasure {
                name: number.name,
                measure: number.measure,
                explicit: true,
            });
            self.draft.having.push(Condition {
                metric,
                on: Part::Value,
                op: Operator::Eq,
                value: Threshold::Number(0.0),
            });
        }
    }

    /// Whether the thing that the question is about has a price of its own.
    fn head_has_price(&self) -> bool {
        self.head_entity()
            .and_then(|e| self.model().entities[e].dataset.as_ref())
            .and_then(|d| self.model().dataset(d))
            .is_some_and(|d| {
                !d.is_fact
                    && d.fields
                        .iter()
                        .any(|f| matches!(f.subject, Subject::ListPrice | Subject::UnitPrice))
            })
    }

    /// "parts of size 49", "lines with a discount of 20%": a number right after a field that is
    /// never summed is its value.
    fn sized(&mut self) {
        for at in 0..self.nodes.len().saturating_sub(1) {
            let Node::Number(value, false) = self.nodes[at + 1].node else {
                continue;
            };
            let Node::Named(Named::Field(field)) = self.nodes[at].node.clone() else {
                continue;
            };
            let sized = self
                .model()
                .field(&field)
                .is_some_and(|f| f.data_type.is_numeric() && f.additivity == Additivity::Non);
            if !sized || self.used[at + 1] {
                continue;
            }
            let percent = self
                .nodes
                .get(at + 2)
                .is_some_and(|n| matches!(n.text.as_str(), "%" | "percent"));
            self.take(at);
            self.take(at + 1);
            if percent {
                self.take(at + 2);
            }
            let value = if percent { value / 100.0 } else { value };
            self.draft.measures.retain(
                |m| !matches!(&m.measure, Measure::Aggregate { field: f, .. } if *f == field),
            );
            self.limit_rows(field, Operator::Eq, value);
        }
    }

    /// "aged 18 to 25", "ages 18-29": two numbers after a field of the rows themselves.
    pub(super) fn ranged(&mut self) {
        for at in 0..self.nodes.len().saturating_sub(2) {
            let Node::Named(Named::Field(field)) = self.nodes[at].node.clone() else {
                continue;
            };
            let number = |i: usize| match self.nodes.get(i).map(|n| &n.node) {
                Some(Node::Number(value, false)) => Some(*value),
                _ => None,
            };
            let hyphen = self.nodes.get(at + 2).is_some_and(|n| {
                self.words_between(self.nodes[at + 1].end, n.start)
                    .eq(["-"])
            });
            let last = if hyphen { at + 2 } else { at + 3 };
            let (Some(low), Some(high)) = (number(at + 1), number(last)) else {
                continue;
            };
            let joined = hyphen
                || self.is(at + 2, Mark::To)
                || self.is(at + 2, Mark::And) && self.is(at.wrapping_sub(1), Mark::Between);
            let numeric = self
                .model()
                .field(&field)
                .is_some_and(|f| f.data_type.is_numeric());
            if !joined || !numeric || low > high || (at..=last).any(|i| self.used[i]) {
                continue;
            }
            for i in at..=last {
                self.take(i);
            }
            self.draft.measures.retain(
                |m| !matches!(&m.measure, Measure::Aggregate { field: f, .. } if *f == field),
            );
            self.limit_rows(field.clone(), Operator::Ge, low);
            self.limit_rows(field, Operator::Le, high);
        }
    }

    /// "orders with 0.2 discount": a broken number right before such a field.
    fn sized_before(&mut self) {
        for at in 1..self.nodes.len() {
            let Node::Number(value, false) = self.nodes[at - 1].node else {
                continue;
            };
            let Node::Named(named @ (Named::Field(_) | Named::Metric(_))) =
                self.nodes[at].node.clone()
            else {
                continue;
            };
            let Some(field) = self.number_of(&named, None).and_then(|n| n.field) else {
                continue;
            };
            let fraction = self
                .model()
                .field(&field)
                .is_some_and(|f| f.unit == Unit::Fraction);
            if self.used[at - 1] || !fraction || value.fract() == 0.0 || !self.adjacent(at - 1, at)
            {
                continue;
            }
            self.take(at - 1);
            self.take(at);
            self.draft.measures.retain(
                |m| !matches!(&m.measure, Measure::Aggregate { field: f, .. } if *f == field),
            );
            let share = self.any(Mark::Share);
            self.limit_rows(field, Operator::Eq, value);
            if let Some(bound) = self.draft.filters.last_mut() {
                bound.numerator = share;
            }
        }
    }

    /// A filter on the rows themselves.
    pub(super) fn limit_rows(&mut self, field: FieldRef, op: Operator, value: f64) {
        let literal = if value.fract() == 0.0 {
            Literal::Integer(value as i64)
        } else {
            Literal::Number(value)
        };
        self.draft.filters.push(Bound {
            words: format!("{} {} {value}", self.label(&field), operator_word(op)),
            field: Some(field.clone()),
            filter: Filter::Compare {
                field,
                op,
                value: literal,
            },
            numerator: false,
        });
    }

    /// "categories that made a loss": the profit of the group is below nothing.
    fn gains(&mut self) -> Result<(), Misfit> {
        for at in 0..self.nodes.len() {
            let Node::Gain(op) = self.nodes[at].node else {
                continue;
            };
            let Some(profit) = self.metric_like(RankBasis::Profit) else {
                return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
            };
            self.take(at);
            let metric = self.add_measure(profit);
            self.draft.having.push(Condition {
                metric,
                on: Part::Value,
                op,
                value: Threshold::Number(0.0),
            });
        }
        Ok(())
    }

    /// "line items with a quantity over 40", "customers with a credit limit under 1000": a limit on
    /// a field of the very rows that are counted or listed is a filter on rows.
    pub(super) fn row_threshold(&mut self, at: usize, op: Operator, bar: &Bar) -> bool {
        let (value, percent, stat) = match bar {
            Bar::Number(value, _, percent) => (*value, *percent, None),
            Bar::Average => (0.0, false, Some(Aggregation::Average)),
            Bar::Stat(how) => (0.0, false, Some(*how)),
            Bar::Named(_) => return false,
        };
        for near in [at + 1, at.wrapping_sub(1), at.wrapping_sub(2)] {
            let Some(Node::Named(named)) = self.nodes.get(near).map(|n| n.node.clone()) else {
                continue;
            };
            let Some(field) = self.number_of(&named, None).and_then(|n| n.field) else {
                continue;
            };
            // How many orders there are is no limit on their numbers.
            if matches!(&named, Named::Metric(m) if self.model().metric(m).is_some_and(|m| matches!(
                m.kind,
                MetricKind::Simple { aggregation: Aggregation::CountDistinct, .. }
            ))) {
                continue;
            }
            let fraction = self
                .model()
                .field(&field)
                .is_some_and(|f| f.unit == Unit::Fraction);
            if percent && !fraction {
                continue;
            }
            let value = if percent { value / 100.0 } else { value };
            let counted_rows = self.draft.measures.iter().any(|m| match &m.measure {
                Measure::Rows(dataset) => *dataset == field.dataset,
                Measure::Metric(name) => self.model().metric(name).is_some_and(|m| {
                    matches!(&m.kind, MetricKind::Simple { dataset, aggregation: Aggregation::Count, .. } if *dataset == field.dataset)
                }),
                _ => false,
            });
            let listed_rows = self.draft.measures.is_empty()
                && self
                    .head_entity()
                    .and_then(|e| self.model().entities[e].dataset.clone())
                    .is_some_and(|d| d == field.dataset);
            let attached = (0..near).rev().take(3).any(|i| {
                matches!(self.nodes[i].node, Node::Named(Named::Entity(e))
                    if self.model().entities[e].dataset.as_ref() == Some(&field.dataset)
                        && !is_singular(&self.nodes[i].text))
                    && self
                        .words_between(self.nodes[i].end, self.nodes[near].start)
                        .any(|w| {
                            matches!(w, "with" | "having" | "whose" | "where" | "that" | "which")
                        })
            });
            // "categories with an average rating below 7": a limit on the number of each.
            let of_groups = near + 1 == at
                && near >= 2
                && matches!(
                    self.nodes[near - 1].node,
                    Node::Aggregation(
                        Aggregation::Average | Aggregation::Median | Aggregation::Sum
                    )
                )
                && (0..near - 1).any(
                    |i| matches!(&self.nodes[i].node, Node::Named(n) if self.group_of(n).is_some()),
                );
            let aggregated = !of_groups
                && !self.draft.measures.is_empty()
                && self.draft.measures.iter().all(|m| match &m.measure {
                    Measure::Aggregate { field: f, .. } => f.dataset == field.dataset,
                    _ => false,
                })
                && self.draft.rank.is_none()
                && !self.any(Mark::By);
            if !counted_rows && !listed_rows && !attached && !aggregated {
                continue;
            }
            self.take(at);
            self.take(near);
            self.draft.measures.retain(|m| !matches!(&m.measure, Measure::Aggregate { field: f, .. } if *f == field) && !matches!(&m.measure, Measure::Metric(name) if matches!(&named, Named::Metric(n) if n == name)));
            // The bar may name its field again ("below the average price").
            for again in [at + 1, at + 2] {
                let same = match self.nodes.get(again).map(|n| &n.node) {
                    Some(Node::Named(n)) => {
                        self.number_of(n, None).and_then(|n| n.field).as_ref() == Some(&field)
                    }
                    _ => false,
                };
                if stat.is_some() && same {
                    self.take(again);
                }
            }
            match stat {
                None => self.limit_rows(field, op, value),
                Some(how) => self.limit_rows_by(field, op, how),
            }
            let part = self.part_side(at) == Some(true);
            if let Some(bound) = self.draft.filters.last_mut() {
                bound.numerator = part;
            }
            return true;
        }
        self.row_amount(at, op, bar)
    }

    /// "how many lines were above $50,000": a limit on the amount of each row that is counted.
    fn row_amount(&mut self, at: usize, op: Operator, bar: &Bar) -> bool {
        let [
            NamedMeasure {
                measure: Measure::Rows(dataset),
                ..
            },
        ] = &self.draft.measures[..]
        else {
            return false;
        };
        let Bar::Number(value, _, false) = bar else {
            return false;
        };
        let amount = self
            .metric_like(RankBasis::Revenue)
            .and_then(|m| self.summed(&m.measure))
            .filter(|f| f.dataset == *dataset && self.any(Mark::RowsWord));
        let Some(field) = amount else { return false };
        self.take(at);
        self.draft
            .notes
            .push(format!("the limit is on {}", self.label(&field)));
        self.limit_rows(field, op, *value);
        true
    }

    /// "products priced above the average": each row against one number of all rows.
    fn limit_rows_by(&mut self, field: FieldRef, op: Operator, how: Aggregation) {
        let label = self.label(&field);
        let all = query::Query {
            metrics: vec![query::Term {
                name: format!("{} {label}", aggregation_word(how)),
                measure: Measure::Aggregate {
                    aggregation: how,
                    field: field.clone(),
                },
            }],
            ..query::Query::default()
        };
        self.draft.filters.push(Bound {
            words: format!(
                "{label} {} the {} of all",
                operator_word(op),
                aggregation_word(how).to_lowercase()
            ),
            field: Some(field.clone()),
            filter: Filter::CompareQuery {
                field,
                op,
                query: Box::new(all),
            },
            numerator: false,
        });
    }

    /// "in the superstore", "at these shops": where something is, and not what is asked for.
    pub(super) fn is_place(&self, at: usize) -> bool {
        // "at the airport stores", "in the South region superstore"
        let mut described = at;
        while let Some(b) = described.checked_sub(1).filter(|b| {
            self.adjacent(*b, described)
                && (matches!(self.nodes[*b].node, Node::Value(_))
                    || matches!(self.nodes[*b].node, Node::Named(Named::Entity(_)))
                        && b.checked_sub(1).is_some_and(|c| {
                            matches!(self.nodes[c].node, Node::Value(_)) && self.adjacent(c, *b)
                        }))
        }) {
            described = b;
        }
        let mut before = self.nodes[described].start;
        while before > 0
            && matches!(
                self.scene.tokens[before - 1].folded.as_str(),
                "the" | "our" | "this" | "that" | "a" | "these" | "those" | "all"
            )
        {
            before -= 1;
        }
        let place = before > 0
            && matches!(
                self.scene.tokens[before - 1].folded.as_str(),
                "in" | "at" | "within" | "inside" | "from" | "under" | "on"
            );
        place && !self.is(at.wrapping_sub(1), Mark::By)
    }

    /// "the total sales of furniture products", "the total price of all orders": what a sum runs over.
    fn summed_over(&self, at: usize) -> bool {
        let Some(number) = (0..at).rev().find(
            |i| matches!(&self.nodes[*i].node, Node::Named(n) if self.number_of(n, None).is_some()),
        ) else {
            return false;
        };
        let said = &self.nodes[number];
        let total = said.text.starts_with("total ")
            || number.checked_sub(1).is_some_and(|b| {
                self.nodes[b].node == Node::Aggregation(Aggregation::Sum)
                    && self.adjacent(b, number)
            });
        let only_scope = (number + 1..at).all(|i| {
            matches!(
                self.nodes[i].node,
                Node::Mark(Mark::Among | Mark::All) | Node::Value(_)
            )
        });
        total
            && only_scope
            && self.after_of(at)
            && !is_singular(&self.nodes[at].text)
            && !self.any(Mark::List)
            && !self
                .nodes
                .iter()
                .any(|n| matches!(n.node, Node::Rank(_) | Node::RankBy(..)))
    }

    /// Whether a noun stands where a question asks for it ("which customers", "list the names").
    pub(super) fn asked_for(&self, at: usize) -> bool {
        // The columns of one order's lines.
        let one_order = self
            .draft
            .filters
            .iter()
            .filter_map(|b| b.field.as_ref())
            .any(|f| self.model().field(f).is_some_and(|x| x.role == Role::Id));
        if one_order && !self.draft.counted && self.draft.rank.is_none() {
            return true;
        }
        if self.is_place(at) || self.summed_over(at) {
            return false;
        }
        // "For customers in Austria, the average order value": whose, said ahead.
        let ahead = self.nodes[at].start == 1
            && self.words_between(0, 1).any(|w| w == "for")
            && matches!(
                self.nodes.get(at + 1).map(|n| &n.node),
                Some(Node::Value(_))
            );
        if ahead {
            return false;
        }
        // "product/store combinations": the second of a pair is asked for like the first.
        let tied = self
            .scene
            .tokens
            .get(self.nodes[at].start)
            .is_some_and(|t| t.tied == Some('/'));
        if let Some(before) = at.checked_sub(1).filter(|b| {
            tied && matches!(self.nodes[*b].node, Node::Named(_)) && self.adjacent(*b, at)
        }) {
            return self.asked_for(before);
        }
        // "for different investors"
        if at > 0 && self.is(at - 1, Mark::Distinct) && !self.draft.counted {
            return true;
        }
        let mut before = at;
        while before > 0 {
            before -= 1;
            match self.nodes[before].node {
                Node::Mark(Mark::Which) => return true,
                // "suppliers that can provide parts": a verb, and no order to show them.
                Node::Mark(Mark::List) => {
                    return self.begins_sentence(before)
                        || !(0..before).any(|i| self.is(i, Mark::Count));
                }
                Node::Mark(
                    Mark::And
                    | Mark::Distinct
                    | Mark::All
                    | Mark::Among
                    | Mark::Key
                    | Mark::FullName,
                )
                | Node::Named(_)
                | Node::Value(_) => {}
                _ => return false,
            }
        }
        // "customers with over 12 orders", "products by revenue": the head of an elliptic question.
        at == 0
            || (0..at).all(|i| {
                matches!(
                    self.nodes[i].node,
                    Node::Value(_) | Node::Mark(Mark::Ref | Mark::And | Mark::But)
                )
            })
    }

    /// The measure that a threshold is on: the one named right after it, or just before it, or the default.
    pub(super) fn threshold_measure(&mut self, at: usize, bar: &Bar) -> Result<usize, Misfit> {
        let money = matches!(bar, Bar::Number(_, true, _));
        let mut candidates = Vec::new();
        if !matches!(bar, Bar::Named(_)) {
            candidates.push(at + 1);
        }
        candidates.extend([at.wrapping_sub(1), at.wrapping_sub(2)]);
        if self.is(at + 1, Mark::Occasions)
            && let Some(orders) = self.metric_like(RankBasis::Orders)
        {
            self.take(at + 1);
            return Ok(self.add_measure(orders));
        }
        // "fewer than 10 lines"
        if self.is(at + 1, Mark::RowsWord)
            && let Some(dataset) = self.default_fact()
        {
            self.take(at + 1);
            return Ok(self.add_measure(NamedMeasure {
                name: capitalised(&self.nodes[at + 1].text.clone()),
                measure: Measure::Rows(dataset),
                explicit: true,
            }));
        }
        for near in candidates {
            let Some(Node::Named(named)) = self.nodes.get(near).map(|n| n.node.clone()) else {
                continue;
            };
            if let Some(number) = self.number_of(&named, None) {
                // "orders over £100": money limits no count.
                let counts = match &number.measure {
                    Measure::Metric(name) => self
                        .model()
                        .metric(name)
                        .is_some_and(|m| matches!(m.unit, Unit::Count(_))),
                    Measure::Rows(_) => true,
                    _ => false,
                };
                // "orders over 100, how many": no order has a hundred of itself.
                let held = near.checked_sub(1).is_some_and(|b| {
                    self.is(b, Mark::Relative) || self.is(b, Mark::Count) && near + 1 < at
                });
                let own = near < at
                    && counts
                    && !held
                    && matches!(&number.measure, Measure::Metric(m) if m == "orders");
                if money && counts || own {
                    continue;
                }
                self.take(near);
                return Ok(self.add_measure(NamedMeasure {
                    name: number.name,
                    measure: number.measure,
                    explicit: true,
                }));
            }
            if near == at + 1
                && !money
                && let Named::Entity(entity) = named
            {
                self.take(near);
                let measure = self.count_of_entity(entity);
                self.draft.dimensions.retain(|d| {
                    *d != Dimension::Field(self.scene.model.entities[entity].display.clone())
                });
                return Ok(self.add_measure(measure));
            }
        }
        let counts = |m: &NamedMeasure| match &m.measure {
            Measure::Metric(name) => self
                .model()
                .metric(name)
                .is_some_and(|m| matches!(m.unit, Unit::Count(_))),
            Measure::Rows(_) => true,
            _ => false,
        };
        // One transaction is one: a limit on each of them is on what it came to.
        let one_each = |m: &NamedMeasure| {
            let Measure::Metric(name) = &m.measure else {
                return false;
            };
            let Some(Unit::Count(noun)) = self.model().metric(name).map(|m| &m.unit) else {
                return false;
            };
            self.model().entities.iter().any(|e| {
                plural(&e.name) == *noun
                    && self
                        .draft
                        .dimensions
                        .contains(&Dimension::Field(e.key.clone()))
            })
        };
        if let Some(i) = self.draft.measures.iter().rposition(|m| {
            if money && counts(m) || one_each(m) {
                return false;
            }
            !self.draft.counted
                || !matches!(
                    m.measure,
                    Measure::Rows(_)
                        | Measure::Metric(_)
                        | Measure::Aggregate {
                            aggregation: Aggregation::CountDistinct,
                            ..
                        }
                )
        }) {
            return Ok(i);
        }
        // A bare number is a limit on money only where money is spoken of.
        let spoken = money
            || matches!(bar, Bar::Average)
            || self.scene.tokens.iter().any(|t| {
                matches!(
                    t.folded.as_str(),
                    "spend"
                        | "spent"
                        | "spending"
                        | "spends"
                        | "sold"
                        | "sell"
                        | "bought"
                        | "worth"
                        | "earned"
                        | "earn"
                        | "made"
                        | "make"
                        | "took"
                        | "take"
                        | "came"
                        | "come"
                        | "comes"
                        | "total"
                        | "totalled"
                        | "totaled"
                        | "dollars"
                        | "pounds"
                        | "euros"
                        | "only"
                        | "those"
                        | "over"
                        | "k"
                )
            });
        if !spoken {
            return Err(Misfit::Missing("what the limit is on"));
        }
        let Some(default) = self.metric_like(RankBasis::Revenue) else {
            return Err(Misfit::Missing("a measure"));
        };
        self.draft
            .notes
            .push(format!("the limit is on {}", default.name.to_lowercase()));
        Ok(self.add_measure(default))
    }
}
