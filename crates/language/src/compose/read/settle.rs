//! Words that the words beside them settle: “the order with the highest total” is one order and no
//! number of orders; “the year 2016” is a period and no breakdown.

use super::*;

impl Reader<'_> {
    pub(super) fn settle(&mut self) {
        for at in 0..self.nodes.len() {
            if let Some(entity) = self.one_of_many(at) {
                self.nodes[at].node = Node::Named(Named::Entity(entity));
            }
            if self.names_its_period(at) {
                self.take(at);
            }
            if self.says_the_unit(at) {
                self.take(at);
            }
            if self.dated_by_order(at) {
                self.take(at + 2);
            }
            if self.is(at, Mark::People) {
                self.people(at);
            }
            if self.points_back(at) {
                self.nodes[at].node = Node::Mark(Mark::Ref);
            }
            // "priced at 1.99"
            if self.is(at, Mark::Worth)
                && self.nodes[at].text.starts_with("priced")
                && let Some(Node::Number(value, money)) =
                    self.nodes.get(at + 1).map(|n| n.node.clone())
            {
                self.nodes[at + 1].node =
                    Node::Threshold(Operator::Eq, Bar::Number(value, money, false));
            }
            // "how much do the ten biggest represent of our sales": what share of them.
            if self.is(at, Mark::HowMuch)
                && self.any(Mark::MakeUp)
                && self.any(Mark::Among)
                && self.nodes.iter().any(|n| matches!(n.node, Node::Rank(_)))
            {
                self.nodes[at].node = Node::Mark(Mark::Share);
            }
            if self.on_such_days(at) {
                self.take(at);
            }
            if self.of_lines(at) {
                self.nodes[at].node = Node::Mark(Mark::RowsWord);
            }
            if self.of_several(at) {
                self.nodes[at].node = Node::Mark(Mark::By);
                self.nodes[at].text = "for each".into();
            }
            if self.same_period(at) {
                self.take(at);
                self.take(at + 1);
            }
        }
    }

    /// "product" in "product category", "customer" in "customer segment": the noun before a column of
    /// its own table names no group of its own.
    pub(super) fn compounds(&mut self) {
        let mut at = 0;
        while at + 1 < self.nodes.len() {
            let home = match &self.nodes[at].node {
                Node::Named(Named::Entity(e)) if is_singular(&self.nodes[at].text) => {
                    let entity = &self.model().entities[*e];
                    let shown = &entity.display.dataset;
                    let own = self.model().dataset(shown).is_some_and(|d| !d.is_fact);
                    entity.dataset.clone().or(own.then(|| shown.clone()))
                }
                _ => None,
            };
            let column = match &self.nodes[at + 1].node {
                Node::Named(Named::Field(f)) => Some(f.clone()),
                Node::Named(Named::Entity(e)) if self.model().entities[*e].dataset.is_none() => {
                    Some(self.model().entities[*e].display.clone())
                }
                _ => None,
            };
            let described = column.filter(|f| {
                home.as_ref() == Some(&f.dataset)
                    && self
                        .model()
                        .field(f)
                        .is_some_and(|x| x.role == Role::Dimension && !x.data_type.is_temporal())
            });
            // "by item revenue", "of product revenue": revenue.
            let scoped = at.checked_sub(1).is_some_and(|b| {
                // "each region's revenue" groups.
                self.is(b, Mark::By) && self.nodes[b].text == "by" || self.is(b, Mark::Share)
            });
            let money = matches!(&self.nodes[at + 1].node, Node::Named(Named::Metric(m))
                if self.model().metric(m).is_some_and(|m| matches!(m.unit, Unit::Money(_))));
            let thing = is_singular(&self.nodes[at].text)
                && match &self.nodes[at].node {
                    Node::Named(Named::Entity(_)) => true,
                    Node::Named(Named::Metric(m)) => self.model().metric(m).is_some_and(|m| {
                        !matches!(m.unit, Unit::Money(_)) && m.unit != Unit::Fraction
                    }),
                    _ => false,
                };
            // "which category had the highest item revenue": of what was sold.
            let sold = matches!(
                self.nodes[at].text.as_str(),
                "item" | "product" | "line" | "sku" | "article"
            ) && self.nodes.iter().enumerate().any(|(i, n)| {
                i != at && matches!(&n.node, Node::Named(named) if self.group_of(named).is_some())
            });
            let qualified = (scoped || sold) && money && thing;
            if (described.is_some() || qualified) && self.adjacent(at, at + 1) {
                self.nodes[at + 1].start = self.nodes[at].start;
                self.nodes.remove(at);
                self.used.remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// "who reports to Nancy Edwards": those whose superior she is, where a table refers to itself.
    pub(super) fn superiors(&mut self) {
        for at in 0..self.nodes.len().saturating_sub(1) {
            let Node::Named(Named::Field(field)) = self.nodes[at].node.clone() else {
                continue;
            };
            let upwards = self.model().relationships.iter().find(|r| {
                r.from == r.to && r.from == field.dataset && r.from_fields == [field.field.clone()]
            });
            let Some(upwards) = upwards.map(|r| r.name.clone()) else {
                continue;
            };
            let mut found = false;
            for next in at + 1..self.nodes.len() {
                match &mut self.nodes[next].node {
                    Node::Value(v) if v.field.dataset == field.dataset => {
                        v.field.via = Some(upwards.clone());
                        found = true;
                    }
                    _ => break,
                }
            }
            let entity = self
                .model()
                .entities
                .iter()
                .position(|e| e.dataset.as_ref() == Some(&field.dataset));
            let Some(entity) = entity.filter(|_| found) else {
                continue;
            };
            let said = self.nodes[..at]
                .iter()
                .any(|n| n.node == Node::Named(Named::Entity(entity)));
            if said {
                self.take(at);
            } else {
                self.nodes[at].node = Node::Named(Named::Entity(entity));
            }
        }
    }

    /// "…, cancelled orders left out": the negation stands behind what it takes away.
    pub(super) fn left_out(&mut self) {
        for at in 1..self.nodes.len() {
            let behind = self.is(at, Mark::Negation)
                && matches!(
                    self.nodes[at].text.as_str(),
                    "left out"
                        | "excluded"
                        | "taken out"
                        | "removed"
                        | "omitted"
                        | "not counted"
                        | "not included"
                );
            if !behind {
                continue;
            }
            let mut from = at - 1;
            let noun = match &self.nodes[from].node {
                Node::Named(Named::Metric(_) | Named::Entity(_)) => true,
                Node::Value(_) | Node::Named(Named::Field(_)) => false,
                _ => continue,
            };
            if noun {
                match from.checked_sub(1) {
                    Some(b) if matches!(self.nodes[b].node, Node::Value(_)) => from = b,
                    _ => continue,
                }
            }
            let node = self.nodes.remove(at);
            self.nodes.insert(from, node);
            let used = self.used.remove(at);
            self.used.insert(from, used);
        }
    }

    /// "female shoppers", "normal customers": the customers of the model; where it has none, whoever
    /// the value before the noun is said of.
    fn people(&mut self, at: usize) {
        let customers =
            self.model().entities.iter().position(|e| {
                matches!(e.name.as_str(), "customer" | "client" | "buyer" | "shopper")
            });
        if let Some(entity) = customers {
            self.nodes[at].node = Node::Named(Named::Entity(entity));
            return;
        }
        let described = at
            .checked_sub(1)
            .is_some_and(|i| matches!(self.nodes[i].node, Node::Value(_)) && self.adjacent(i, at));
        if described {
            self.take(at);
        }
    }

    /// "delivery time in days": the unit of the measure, and no breakdown by day.
    fn says_the_unit(&self, at: usize) -> bool {
        let unit = matches!(
            self.nodes[at].text.as_str(),
            "days" | "hours" | "minutes" | "weeks"
        ) && matches!(
            self.nodes[at].node,
            Node::Time(TimeSense::Grain(_)) | Node::Unit(_)
        );
        let start = self.nodes[at].start;
        let inside = self
            .words_between(start.saturating_sub(1), start)
            .any(|w| w == "in");
        let lasting = (0..at).any(|i| match &self.nodes[i].node {
            Node::Named(Named::Metric(m)) => ["days", "time", "hours", "delay"]
                .iter()
                .any(|w| m.split('_').any(|p| p == *w)),
            Node::Named(Named::Field(f)) => ["days", "time", "duration", "delay"]
                .iter()
                .any(|w| f.field.split('_').any(|p| p == *w)),
            _ => false,
        });
        unit && inside && lasting
    }

    /// "by year of order", "per month of purchase": the date that the default is.
    fn dated_by_order(&self, at: usize) -> bool {
        let grain = matches!(
            self.nodes[at].node,
            Node::Time(TimeSense::Grain(g)) if !g.is_cyclic()
        ) && is_singular(&self.nodes[at].text);
        let thing = match self.nodes.get(at + 2).map(|n| &n.node) {
            Some(Node::Named(Named::Entity(e))) => self.is_order(*e),
            Some(Node::Named(Named::Metric(m))) => m == "orders",
            Some(Node::Verb(base)) => *base == "order",
            _ => false,
        };
        grain && self.is(at + 1, Mark::Among) && thing && is_singular(&self.nodes[at + 2].text)
    }

    /// "that profit", "that year" in a conversation: what was spoken of before.
    fn points_back(&self, at: usize) -> bool {
        self.scene.last.is_some()
            && self.is(at, Mark::Relative)
            && self.nodes[at].text == "that"
            && self.nodes.get(at + 1).is_some_and(|n| {
                self.adjacent(at, at + 1)
                    && match &n.node {
                        Node::Time(TimeSense::Grain(_)) => true,
                        Node::Named(named) => self.number_of(named, None).is_some(),
                        _ => false,
                    }
            })
    }

    /// "the total value of the lines with …": which rows the number is of, and no number of rows.
    fn of_lines(&self, at: usize) -> bool {
        let rows =
            matches!(&self.nodes[at].node, Node::Named(Named::Metric(m)) if m == "line_items");
        let number = at
            .checked_sub(2)
            .is_some_and(|i| match &self.nodes[i].node {
                Node::Named(named) => self.number_of(named, None).is_some(),
                _ => false,
            });
        rows && number && self.is(at - 1, Mark::Among) && self.is(at + 1, Mark::Relative)
    }

    /// "on snowy days", "on promo days": which days' rows, and no breakdown by day.
    fn on_such_days(&self, at: usize) -> bool {
        let days = matches!(
            self.nodes[at].node,
            Node::Time(TimeSense::Grain(Grain::Day))
        ) && matches!(self.nodes[at].text.as_str(), "days" | "day");
        let kind = at.checked_sub(1).filter(|i| self.adjacent(*i, at));
        let described = kind.is_some_and(|i| match &self.nodes[i].node {
            Node::Value(_) => true,
            Node::Named(Named::Field(f)) => self.model().field(f).is_some_and(|f| {
                f.data_type == DataType::Boolean || f.distinct.is_some_and(|d| d <= 2)
            }),
            _ => false,
        });
        let on = kind.is_some_and(|i| {
            let start = self.nodes[i].start;
            self.words_between(start.saturating_sub(1), start)
                .any(|w| matches!(w, "on" | "during"))
        });
        days && described && on
    }

    /// "for different segments", "across various regions": one by one.
    fn of_several(&self, at: usize) -> bool {
        let several = self.is(at, Mark::Distinct)
            && matches!(self.nodes[at].text.as_str(), "different" | "various");
        let start = self.nodes[at].start;
        several
            && self
                .words_between(start.saturating_sub(1), start)
                .any(|w| matches!(w, "for" | "across" | "by" | "in" | "among"))
            && matches!(&self.nodes.get(at + 1).map(|n| &n.node), Some(Node::Named(named)) if self.group_of(named).is_some())
    }

    /// "that year" in a conversation: the period of the last question.
    fn same_period(&self, at: usize) -> bool {
        self.is(at, Mark::Ref)
            && matches!(self.nodes[at].text.as_str(), "that" | "the same" | "same")
            && matches!(
                self.nodes.get(at + 1).map(|n| &n.node),
                Some(Node::Time(TimeSense::Grain(_)))
            )
            && self.adjacent(at, at + 1)
            && is_singular(&self.nodes[at + 1].text)
            && self
                .scene
                .last
                .is_some_and(|q| q.time.as_ref().is_some_and(|t| t.range.is_some()))
    }

    /// "order" in "the order with the highest total price", "which 5 products sold", "an item": a
    /// count's noun that stands for the things themselves.
    fn one_of_many(&self, at: usize) -> Option<usize> {
        let Node::Named(Named::Metric(name)) = &self.nodes[at].node else {
            return None;
        };
        let chosen = self.is(at + 1, Mark::Relative)
            && self.nodes.get(at + 2).is_some_and(|n| {
                matches!(
                    n.node,
                    Node::Rank(_) | Node::RankBy(..) | Node::Extreme(..) | Node::Nth(_)
                )
            });
        let before = |back: usize| at.checked_sub(back).map(|i| &self.nodes[i].node);
        let asked = self.nodes[at].text.contains(' ')
            && (matches!(before(1), Some(Node::Mark(Mark::Which)))
                || matches!(before(1), Some(Node::Number(..)))
                    && matches!(before(2), Some(Node::Mark(Mark::Which))));
        // "given on an item": one of them.
        let start = self.nodes[at].start;
        let single = is_singular(&self.nodes[at].text)
            && self
                .words_between(start.saturating_sub(1), start)
                .any(|w| matches!(w, "a" | "an"));
        if single {
            let text = &self.nodes[at].text;
            return self
                .model()
                .entities
                .iter()
                .position(|e| e.name == *text || e.synonyms.contains(text));
        }
        // "largest order by Corporate customers": one order.
        let largest = is_singular(&self.nodes[at].text)
            && matches!(before(1), Some(Node::Rank(_)))
            && at.checked_sub(1).is_some_and(|b| {
                self.adjacent(b, at)
                    && matches!(
                        self.nodes[b].text.as_str(),
                        "largest"
                            | "biggest"
                            | "smallest"
                            | "highest"
                            | "lowest"
                            | "single biggest"
                    )
            });
        // "customers that bought in both years": those who did, at the head of the question.
        let people = at == 0
            && self.is(1, Mark::Relative)
            && matches!(
                self.nodes[at].text.as_str(),
                "customers" | "clients" | "shoppers" | "members" | "buyers" | "users"
            );
        if !chosen && !asked && !largest && !people {
            return None;
        }
        let Unit::Count(noun) = &self.model().metric(name)?.unit else {
            return None;
        };
        self.model()
            .entities
            .iter()
            .position(|e| plural(&e.name) == *noun)
    }

    /// "year" in "the year 2016", "month" in "the month of March".
    fn names_its_period(&self, at: usize) -> bool {
        let Node::Time(TimeSense::Grain(grain)) = self.nodes[at].node else {
            return false;
        };
        let grouped = at
            .checked_sub(1)
            .is_some_and(|i| self.is(i, Mark::By) || self.is(i, Mark::Which));
        let near = self
            .nodes
            .get(at + 1)
            .is_some_and(|n| n.start <= self.nodes[at].end + 1);
        near && !grouped
            && is_singular(&self.nodes[at].text)
            && matches!(
                self.nodes.get(at + 1).map(|n| &n.node),
                Some(Node::Time(TimeSense::Range(period))) if period.grain == Some(grain)
            )
    }
}
