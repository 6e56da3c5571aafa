//! What is computed.

use super::*;

impl Reader<'_> {
    /// "the total price of all orders", "the value of cancelled orders": a count that stands after
    /// "of" says which rows, not what is computed. Its filter, if it has one, holds.
    fn scope_only(&mut self, at: usize, named: &Named) -> bool {
        let Named::Metric(name) = named else {
            return false;
        };
        let Some(metric) = self.scene.model.metric(name) else {
            return false;
        };
        let MetricKind::Simple {
            aggregation: Aggregation::Count | Aggregation::CountDistinct,
            filter,
            ..
        } = &metric.kind
        else {
            return false;
        };
        // "Among the orders of 2016, what is the product with …"
        let among = at == 1
            && self.is(0, Mark::Among)
            && (at + 1..self.nodes.len()).any(|i| self.is(i, Mark::Which));
        let counted =
            (at + 1..self.nodes.len()).any(|i| self.is(i, Mark::Count) || self.is(i, Mark::Ref));
        if among && !counted && filter.is_none() {
            self.take(0);
            self.take(at);
            return true;
        }
        let Some(first) = (0..at).rev().find(|i| {
            matches!(&self.nodes[*i].node, Node::Named(n) if self.number_of(n, None).is_some_and(|x| x.field.is_some()))
        }) else {
            return false;
        };
        let mut between = self.words_between(self.nodes[first].end, self.nodes[at].start);
        let leads = between.next().is_some_and(|w| {
            matches!(
                w,
                "of" | "for"
                    | "from"
                    | "in"
                    | "on"
                    | "excluding"
                    | "without"
                    | "except"
                    | "minus"
                    | "not"
            )
        });
        let plain = between.all(|w| {
            matches!(
                w,
                "of" | "all" | "the" | "these" | "those" | "our" | "shipped" | "german" | "any"
            ) || self.nodes[first + 1..at]
                .iter()
                .any(|n| matches!(n.node, Node::Value(_)) && n.text.split(' ').any(|t| t == w))
                || self
                    .scene
                    .tokens
                    .iter()
                    .any(|t| t.folded == w && t.text != t.folded)
        });
        if !leads || !plain {
            return false;
        }
        if let Some(filter) = filter {
            let Ok(condition) = query::row_filter(filter) else {
                return false;
            };
            self.draft.filters.push(Bound {
                words: filter.texts().join(", "),
                filter: condition,
                field: filter.fields().first().map(|f| (*f).clone()),
                numerator: false,
            });
        }
        self.take(at);
        true
    }

    /// "median invoice value", "median transaction size": what each order came to, and its middle.
    fn middle_of_orders(
        &self,
        at: usize,
        named: &Named,
        how: Option<Aggregation>,
    ) -> Option<Number> {
        let how = how.filter(|h| *h == Aggregation::Median)?;
        let end = self.nodes[at].end;
        let valued = self.words_between(end, end + 1).any(|w| {
            matches!(
                w,
                "value" | "values" | "amount" | "amounts" | "size" | "sizes" | "total" | "spend"
            )
        });
        let Named::Metric(name) = named else {
            return None;
        };
        let ratio = self.model().metrics.iter().find(|m| {
            matches!(&m.kind, MetricKind::Ratio { numerator, denominator, .. }
                if denominator == name && Some(numerator) == self.model().default_metric.as_ref())
        })?;
        self.over_orders(&ratio.name, Some(how)).filter(|_| valued)
    }

    /// "gross margin dollars", "margin in pounds": the profit itself and no rate of it.
    pub(super) fn margins_in_money(&mut self) {
        let Some(NamedMeasure {
            measure: Measure::Metric(profit),
            ..
        }) = self.metric_like(RankBasis::Profit)
        else {
            return;
        };
        for at in 0..self.nodes.len() {
            let rate = matches!(&self.nodes[at].node, Node::Named(Named::Metric(m))
                if m.contains("margin")
                    && self.model().metric(m).is_some_and(|m| m.unit == Unit::Fraction));
            let end = self.nodes[at].end;
            let money = self
                .words_between(end, end + 2)
                .find(|w| *w != "in")
                .is_some_and(|w| {
                    matches!(
                        w,
                        "dollar"
                            | "dollars"
                            | "pound"
                            | "pounds"
                            | "euro"
                            | "euros"
                            | "money"
                            | "$"
                            | "£"
                            | "€"
                            | "amount"
                    )
                });
            if rate && money && !self.used[at] {
                self.nodes[at].node = Node::Named(Named::Metric(profit.clone()));
            }
        }
    }

    /// "the highest quantity bought in a single order": the number of each order, and its extreme.
    fn in_one_order(&mut self) {
        let one = (0..self.nodes.len()).find_map(|i| {
            let start = self.nodes[i].start;
            let single = self
                .words_between(start.saturating_sub(2), start)
                .any(|w| matches!(w, "single" | "one"));
            let entity = match &self.nodes[i].node {
                Node::Named(Named::Entity(e)) => Some(*e),
                Node::Named(Named::Metric(name)) => match &self.model().metric(name)?.unit {
                    Unit::Count(noun) => self
                        .model()
                        .entities
                        .iter()
                        .position(|e| plural(&e.name) == *noun),
                    _ => None,
                },
                _ => None,
            }?;
            (single && is_singular(&self.nodes[i].text) && self.is_order(entity))
                .then_some((i, entity))
        });
        let Some((order, entity)) = one else { return };
        let extreme = (0..order).find_map(|i| match self.nodes[i].node {
            Node::Rank(Direction::Descending) | Node::Aggregation(Aggregation::Max) => {
                Some((i, Aggregation::Max))
            }
            Node::Rank(Direction::Ascending) | Node::Aggregation(Aggregation::Min) => {
                Some((i, Aggregation::Min))
            }
            _ => None,
        });
        let Some((at, how)) = extreme.filter(|(i, _)| !self.used[*i]) else {
            return;
        };
        let Some((number_at, number)) = (at + 1..order).find_map(|i| match &self.nodes[i].node {
            Node::Named(n) if !self.used[i] => {
                self.number_of(n, Some(Aggregation::Sum)).map(|x| (i, x))
            }
            _ => None,
        }) else {
            return;
        };
        let noun = self.model().entities[entity].name.clone();
        let key = self.model().entities[entity].key.clone();
        for i in [at, number_at, order] {
            self.take(i);
        }
        for i in at..order {
            // "of products bought": what the number counts.
            if matches!(
                self.nodes[i].node,
                Node::Named(Named::Entity(_)) | Node::Verb(_)
            ) {
                self.used[i] = true;
            }
        }
        self.draft.aggregated = true;
        self.add_measure(NamedMeasure {
            name: format!(
                "{} {} per {noun}",
                aggregation_word(how),
                number.name.to_lowercase()
            ),
            measure: Measure::PerGroup {
                aggregation: how,
                measure: Box::new(number.measure),
                per: vec![Dimension::Field(key)],
            },
            explicit: true,
        });
    }

    /// "average order size in units": pieces of an order and not its money.
    fn sizes_in_units(&mut self) {
        let Some(units) = self
            .model()
            .metric("units_per_order")
            .map(|m| m.name.clone())
        else {
            return;
        };
        for at in 0..self.nodes.len() {
            let sized = matches!(&self.nodes[at].node, Node::Named(Named::Metric(m)) if m == "average_order_value");
            let end = self.nodes[at].end;
            let inside: Vec<&str> = self.words_between(end, end + 2).collect();
            if !sized
                || self.used[at]
                || !matches!(
                    inside[..],
                    ["in" | "by", "units" | "items" | "pieces" | "quantity"]
                )
            {
                continue;
            }
            self.nodes[at].node = Node::Named(Named::Metric(units.clone()));
            // The word names the unit and no measure of its own.
            if let Some(next) = (at + 1..self.nodes.len()).find(|i| self.nodes[*i].end == end + 2) {
                self.used[next] = true;
                if let Some(by) = (at + 1..next).find(|i| self.is(*i, Mark::By)) {
                    self.used[by] = true;
                }
            }
        }
    }

    /// "an average weekday against an average weekend day": what each set of days takes a day.
    fn usual_days(&mut self) {
        let average = (0..self.nodes.len()).find(|i| {
            !self.used[*i] && self.nodes[*i].node == Node::Aggregation(Aggregation::Average)
        });
        let days = |f: &Filter| {
            matches!(
                f,
                Filter::Cycle {
                    grain: Grain::Weekday,
                    ..
                }
            )
        };
        let (Some(at), true) = (
            average,
            self.draft.sides.len() > 1 && self.draft.sides.iter().all(|(f, _)| days(f)),
        ) else {
            return;
        };
        for i in 0..self.nodes.len() {
            if self.nodes[i].node == Node::Time(TimeSense::Grain(Grain::Day)) {
                self.used[i] = true;
            }
        }
        self.average_per(Dimension::Time(Grain::Day), at, at);
    }

    /// The two measures of "A as a share of B", and of "the share of B that are A".
    fn part_and_whole(&self, share: usize) -> Option<(NamedMeasure, NamedMeasure)> {
        let [first, second] = &self.draft.measures[..] else {
            return None;
        };
        let numbers: Vec<usize> = (0..self.nodes.len())
            .filter(|i| {
                matches!(&self.nodes[*i].node, Node::Named(n) if self.number_of(n, None).is_some())
            })
            .collect();
        let turned = match numbers[..] {
            [a, b] => share < a && (a + 1..b).any(|i| self.is(i, Mark::Relative)),
            _ => false,
        };
        Some(if turned {
            (second.clone(), first.clone())
        } else {
            (first.clone(), second.clone())
        })
    }

    /// "the average price of all tracks", "the longest call by a user": a mean, a smallest or a
    /// largest of a field is over the rows of its own table, which are no groups.
    fn own_rows(&mut self) {
        let homes: Vec<String> =
            self.draft
                .measures
                .iter()
                .filter_map(|m| match &m.measure {
                    Measure::Aggregate {
                        aggregation:
                            Aggregation::Average
                            | Aggregation::Min
                            | Aggregation::Max
                            | Aggregation::Median,
                        field,
                    } => Some(field.dataset.clone()),
                    Measure::Metric(name) => match &self.model().metric(name)?.kind {
                        MetricKind::Ratio { numerator, .. } => {
                            match &self.model().metric(numerator)?.kind {
                                MetricKind::Simple { dataset, .. } => Some(dataset.clone()),
                                _ => None,
                            }
                        }
                        _ => None,
                    },
                    _ => None,
                })
                .collect();
        if homes.len() != self.draft.measures.len() || homes.is_empty() {
            return;
        }
        let ranked = self
            .nodes
            .iter()
            .any(|n| matches!(n.node, Node::Rank(_) | Node::RankBy(..) | Node::Nth(_)));
        if ranked {
            return;
        }
        for at in 0..self.nodes.len() {
            let Node::Named(Named::Entity(entity)) = self.nodes[at].node else {
                continue;
            };
            let entity = &self.scene.model.entities[entity];
            let own = entity
                .dataset
                .as_ref()
                .is_some_and(|d| homes.iter().all(|h| h == d));
            // What stands between the measure and the noun: "of all the", "for a", "of jazz".
            let start = self.nodes[..at]
                .iter()
                .rev()
                .find(|n| matches!(&n.node, Node::Named(x) if self.number_of(x, None).is_some()))
                .map(|n| n.end);
            let Some(start) = start else { continue };
            let mut words = self.words_between(start, self.nodes[at].start).peekable();
            let leads = words
                .peek()
                .is_some_and(|w| matches!(*w, "of" | "for" | "across" | "in" | "("));
            let per = words.any(|w| {
                matches!(
                    w,
                    "each" | "per" | "every" | "by" | "different" | "respective"
                )
            });
            if !own || !leads || per {
                continue;
            }
            self.take(at);
            self.draft.penalty -= 0.5;
            let display = Dimension::Field(entity.display.clone());
            self.draft.dimensions.retain(|d| *d != display);
            for i in 0..at {
                let all = matches!(
                    self.nodes[i].node,
                    Node::Mark(Mark::By | Mark::All | Mark::Among)
                ) && self.nodes[i].end <= self.nodes[at].start
                    && self.nodes[i].start >= start;
                if all {
                    self.used[i] = true;
                }
            }
        }
    }

    /// "how much do we charge for a latte", "what does a ThinkPad cost": its price.
    fn charged(&mut self) {
        let asks = self.scene.tokens.iter().any(|t| {
            matches!(
                t.folded.as_str(),
                "charge" | "charging" | "cost" | "costs" | "priced"
            )
        });
        let question = self
            .scene
            .tokens
            .first()
            .is_some_and(|t| matches!(t.folded.as_str(), "what" | "how"));
        let goods = self.nodes.iter().any(|n| match &n.node {
            Node::Value(v) => {
                matches!(
                    self.model().field(&v.field).map(|f| f.subject),
                    Some(Subject::Product)
                ) || self.model().entities.iter().any(|e| {
                    e.display == v.field
                        && ["product", "item", "article"].contains(&e.name.as_str())
                })
            }
            _ => false,
        });
        let price_asked = asks && question && goods && self.draft.measures.is_empty();
        if !price_asked {
            return;
        }
        let model = self.scene.model;
        let price = model.datasets.iter().find_map(|d| {
            d.fields
                .iter()
                .find(|f| matches!(f.subject, Subject::ListPrice | Subject::UnitPrice))
                .map(|f| (FieldRef::new(&d.name, &f.name), f.label.clone()))
        });
        if let Some((field, label)) = price {
            for i in 0..self.nodes.len() {
                let said = self.is(i, Mark::HowMuch)
                    || matches!(
                        self.nodes[i].text.as_str(),
                        "cost" | "costs" | "charge" | "priced"
                    );
                if said {
                    self.used[i] = true;
                }
            }
            self.draft.notes.push(format!(
                "asked for the price: the average {}",
                label.to_lowercase()
            ));
            self.add_measure(NamedMeasure {
                name: format!("Average {}", label.to_lowercase()),
                measure: Measure::Aggregate {
                    aggregation: Aggregation::Average,
                    field,
                },
                explicit: true,
            });
        }
    }

    /// "what did store 7 sell", "how did the Leeds shop do": what it took.
    fn takings(&mut self) {
        let words: Vec<&str> = self
            .scene
            .tokens
            .iter()
            .map(|t| t.folded.as_str())
            .collect();
        let did = words
            .iter()
            .position(|w| matches!(*w, "did" | "does" | "do" | "has" | "have"));
        let took = words.iter().rposition(|w| {
            matches!(
                *w,
                "sell"
                    | "sold"
                    | "take"
                    | "taken"
                    | "make"
                    | "made"
                    | "earn"
                    | "earned"
                    | "do"
                    | "done"
                    | "turnover"
            )
        });
        let asked = matches!(words.first(), Some(&("what" | "how")))
            && did.zip(took).is_some_and(|(d, t)| d < t && d <= 1);
        let valued = self.nodes.iter().any(|n| matches!(n.node, Node::Value(_)));
        // "what products did …" asks for products.
        let named = (0..self.nodes.len()).any(|i| {
            !self.used[i]
                && matches!(&self.nodes[i].node, Node::Named(_))
                && !matches!(self.nodes.get(i + 1).map(|n| &n.node), Some(Node::Value(_)))
                && !matches!(
                    i.checked_sub(1).map(|b| &self.nodes[b].node),
                    Some(Node::Value(_))
                )
        });
        if asked
            && valued
            && !named
            && self.scene.last.is_none()
            && self.draft.measures.is_empty()
            && !self.any(Mark::Count)
            && let Some(default) = self.metric_like(RankBasis::Revenue)
        {
            self.draft
                .notes
                .push(format!("asked in money: {}", default.name.to_lowercase()));
            self.add_measure(NamedMeasure {
                explicit: true,
                ..default
            });
        }
    }

    /// "what did Sean Miller buy": the goods, with how many of them.
    fn bought(&mut self) {
        let words: Vec<&str> = self
            .scene
            .tokens
            .iter()
            .map(|t| t.folded.as_str())
            .collect();
        let asked = matches!(words[..], ["what", "did" | "has" | "does", ..])
            && words.iter().any(|w| {
                matches!(
                    *w,
                    "buy" | "bought" | "order" | "ordered" | "purchase" | "purchased"
                )
            });
        let person = self
            .nodes
            .iter()
            .any(|n| matches!(&n.node, Node::Value(v) if self.is_person(&v.field)));
        let named = self
            .nodes
            .iter()
            .any(|n| matches!(n.node, Node::Named(_) | Node::Time(TimeSense::Grain(_))));
        if !asked || !person || named || !self.draft.measures.is_empty() {
            return;
        }
        let goods = self
            .model()
            .entities
            .iter()
            .position(|e| matches!(e.name.as_str(), "product" | "item" | "article" | "sku"));
        let (Some(goods), Some(units)) = (goods, self.metric_like(RankBasis::Units)) else {
            return;
        };
        let display = self.scene.model.entities[goods].display.clone();
        self.add_dimension(Dimension::Field(display));
        self.add_measure(units);
    }

    /// "the invoices with their totals", "order ids and the total": the sum that is not said of what.
    fn totals(&mut self) {
        if !self.draft.measures.is_empty() {
            return;
        }
        let noun = (0..self.nodes.len()).find(|i| {
            let start = self.nodes[*i].start;
            let told = matches!(
                self.nodes[*i].text.as_str(),
                "totals" | "total" | "total amount" | "amounts"
            ) && (start > 0
                && self
                    .words_between(start - 1, start)
                    .any(|w| matches!(w, "their" | "its" | "the" | "and" | "with" | "," | "each")));
            let of_nothing = !matches!(
                self.nodes.get(i + 1).map(|n| &n.node),
                Some(Node::Named(_) | Node::Mark(Mark::Among))
            );
            !self.used[*i]
                && self.nodes[*i].node == Node::Aggregation(Aggregation::Sum)
                && told
                && of_nothing
        });
        let listed = self
            .nodes
            .iter()
            .any(|n| matches!(&n.node, Node::Named(named) if self.group_of(named).is_some()));
        if let Some(at) = noun.filter(|_| listed)
            && let Some(default) = self.metric_like(RankBasis::Revenue)
        {
            self.take(at);
            self.draft.notes.push(format!(
                "“{}” read as {}",
                self.nodes[at].text,
                default.name.to_lowercase()
            ));
            self.add_measure(NamedMeasure {
                explicit: true,
                ..default
            });
        }
    }

    /// "average duration in milliseconds": the field named again after "in" says the unit.
    fn unit_of_measure(&mut self, at: usize, named: &Named) -> bool {
        let Some(field) = self.number_of(named, None).and_then(|n| n.field) else {
            return false;
        };
        let after_in = self.nodes[at].start.checked_sub(1).is_some_and(|t| {
            self.scene
                .tokens
                .get(t)
                .is_some_and(|t| matches!(t.folded.as_str(), "in" | "("))
        });
        let known = self.draft.measures.iter().any(|m| match &m.measure {
            Measure::Aggregate { field: f, .. } => *f == field,
            _ => false,
        });
        // "the total amount paid … and the amount": the same again, for short.
        let aggregated = at
            .checked_sub(1)
            .is_some_and(|b| matches!(self.nodes[b].node, Node::Aggregation(_)));
        let again = !aggregated
            && self.draft.measures.iter().any(|m| match &m.measure {
                Measure::Aggregate { field: f, .. } => {
                    let label = self.label(f);
                    let word = crate::morphology::stem(&self.nodes[at].text);
                    !word.contains(' ') && label != word && label.split(' ').any(|w| w == word)
                }
                _ => false,
            });
        if after_in && known || again {
            self.take(at);
        }
        after_in && known || again
    }

    /// "what do our customers spend on average", "what does each of them spend": revenue for each of
    /// those who are spoken of.
    fn spent_on_average(&mut self) {
        let spends = self.scene.tokens.iter().any(|t| {
            matches!(
                t.folded.as_str(),
                "spend" | "spends" | "spent" | "spending" | "pay" | "pays"
            )
        });
        let average = (0..self.nodes.len()).find(|i| {
            !self.used[*i] && self.nodes[*i].node == Node::Aggregation(Aggregation::Average)
        });
        let (true, Some(at), true) = (spends, average, self.draft.measures.is_empty()) else {
            return;
        };
        let counted = self
            .scene
            .last
            .and_then(|q| match q.metrics.first().map(|t| &t.measure) {
                Some(Measure::Metric(name)) => {
                    self.model().metric(name).and_then(|m| match &m.unit {
                        Unit::Count(noun) => self
                            .model()
                            .entities
                            .iter()
                            .position(|e| plural(&e.name) == *noun),
                        _ => None,
                    })
                }
                Some(Measure::Rows(dataset)) => self
                    .model()
                    .entities
                    .iter()
                    .position(|e| e.dataset.as_ref() == Some(dataset)),
                _ => None,
            });
        let Some(entity) = self
            .head_entity()
            .or(counted)
            .filter(|e| self.is_transactional(*e))
        else {
            return;
        };
        for i in 0..self.nodes.len() {
            let whose = match &self.nodes[i].node {
                Node::Named(Named::Entity(e)) => *e == entity,
                Node::Named(Named::Metric(_)) => false,
                _ => {
                    self.is(i, Mark::By)
                        && matches!(
                            self.nodes[i].text.as_str(),
                            "each" | "each of" | "for each of"
                        )
                }
            };
            if whose && !self.used[i] {
                self.used[i] = true;
            }
        }
        self.average_per_entity(entity, at, at);
    }

    pub(super) fn measures(&mut self) -> Result<(), Misfit> {
        let grain_average = self.nodes.windows(2).any(|w| {
            matches!(
                (&w[0].node, &w[1].node),
                (
                    Node::Aggregation(Aggregation::Average),
                    Node::Time(TimeSense::Grain(_))
                )
            ) || matches!(
                (&w[0].node, &w[1].node),
                (
                    Node::Time(TimeSense::Grain(_)),
                    Node::Aggregation(Aggregation::Average)
                )
            )
        });
        self.usual_days();
        self.sizes_in_units();
        self.in_one_order();
        // "how many orders a day on average"
        let averaged = self
            .nodes
            .iter()
            .any(|n| n.node == Node::Aggregation(Aggregation::Average));
        let grain_average = grain_average
            || averaged
                && (1..self.nodes.len()).any(|i| {
                    let start = self.nodes[i].start;
                    matches!(self.nodes[i].node, Node::Time(TimeSense::Grain(g)) if !g.is_cyclic())
                        && !self.used[i]
                        && !self.is(i - 1, Mark::By)
                        && self
                            .words_between(start - 1, start)
                            .any(|w| matches!(w, "a" | "an"))
                });
        if grain_average && let Some(at) = (0..self.nodes.len()).find(|i| {
            !self.used[*i]
                && matches!(self.nodes[*i].node, Node::Time(TimeSense::Grain(g)) if !g.is_cyclic())
        }) {
            let Node::Time(TimeSense::Grain(grain)) = self.nodes[at].node else {
                return Ok(());
            };
            // "average daily sales"
            let next_number = (at + 1..self.nodes.len()).find(|i| matches!(&self.nodes[*i].node, Node::Named(n) if self.number_of(n, None).is_some()));
            let before_number = averaged && self.has_unclaimed_number(at);
            if (next_number.is_some() || before_number)
                && !self
                    .nodes
                    .iter()
                    .any(|n| matches!(n.node, Node::Threshold(_, Bar::Average)))
            {
                // "the monthly average price": the price of each month, and no mean of those.
                let price = self
                    .nodes
                    .get(at + 1)
                    .is_some_and(|n| n.node == Node::Aggregation(Aggregation::Average))
                    && next_number.is_some_and(|i| match &self.nodes[i].node {
                        Node::Named(named) => self
                            .number_of(named, Some(Aggregation::Sum))
                            .is_none_or(|n| self.summed(&n.measure).is_none()),
                        _ => false,
                    });
                if price {
                    self.take(at);
                    self.add_dimension(Dimension::Time(grain));
                } else {
                    self.average_per(Dimension::Time(grain), at, at);
                }
            }
        }
        // "how many units does a typical order contain": average next to an entity.
        for at in 0..self.nodes.len().saturating_sub(1) {
            if self.used[at] || self.nodes[at].node != Node::Aggregation(Aggregation::Average) {
                continue;
            }
            if let Node::Named(named @ Named::Entity(entity)) = self.nodes[at + 1].node.clone()
                && !self.used[at + 1]
                && self.number_of(&named, None).is_none()
                && self.is_transactional(entity)
                && self.has_unclaimed_number(at + 1)
            {
                self.average_per_entity(entity, at, at + 1);
            }
        }
        // "on average, how many orders has an employee handled"
        for at in 0..self.nodes.len() {
            let averaged =
                self.nodes[at].node == Node::Aggregation(Aggregation::Average) && !self.used[at];
            if !averaged || self.draft.measures.len() != 1 {
                continue;
            }
            let counted = match &self.draft.measures[0].measure {
                Measure::Rows(_) => true,
                Measure::Metric(name) => self
                    .model()
                    .metric(name)
                    .is_some_and(|m| matches!(m.unit, Unit::Count(_))),
                _ => false,
            };
            let one = (0..self.nodes.len()).find_map(|i| match self.nodes[i].node {
                Node::Named(Named::Entity(e))
                    if !self.used[i]
                        && is_singular(&self.nodes[i].text)
                        && self.scene.model.entities[e].dataset.is_some()
                        && self
                            .words_between(
                                self.nodes[i].start.saturating_sub(1),
                                self.nodes[i].start,
                            )
                            .any(|w| matches!(w, "a" | "an" | "one")) =>
                {
                    Some((i, e))
                }
                _ => None,
            });
            if let Some((i, entity)) = one.filter(|_| counted) {
                self.average_per_entity(entity, at, i);
            }
        }
        // "total customers": how many there are.
        for at in 1..self.nodes.len() {
            if let Node::Named(Named::Entity(entity)) = self.nodes[at].node
                && !self.used[at]
                && self.nodes[at - 1].node == Node::Aggregation(Aggregation::Sum)
                && matches!(
                    self.nodes[at - 1].text.as_str(),
                    "total" | "the total" | "overall" | "combined"
                )
                && self.adjacent(at - 1, at)
                && !is_singular(&self.nodes[at].text)
            {
                self.take(at - 1);
                self.take(at);
                let measure = self.count_of_entity(entity);
                self.add_measure(measure);
            }
        }
        for at in 0..self.nodes.len() {
            if self.used[at] {
                continue;
            }
            let Node::Named(named) = self.nodes[at].node.clone() else {
                continue;
            };
            if self.scope_only(at, &named) || self.unit_of_measure(at, &named) {
                continue;
            }
            let before = at.checked_sub(1).filter(|i| !self.used[*i]);
            let aggregation = before.and_then(|i| match self.nodes[i].node {
                Node::Aggregation(how) => Some((i, how)),
                _ => None,
            });
            // "minimum, maximum and average price": one measure for each.
            let mut listed = Vec::new();
            if let Some((last, _)) = aggregation {
                let mut i = last;
                while i > 0 {
                    i -= 1;
                    match self.nodes[i].node {
                        Node::Mark(Mark::And) => {}
                        Node::Aggregation(how) if !self.used[i] => listed.push((i, how)),
                        _ => break,
                    }
                }
            }
            let several = !listed.is_empty();
            for (i, how) in listed.into_iter().rev() {
                if let Some(number) = self.number_of(&named, Some(how)) {
                    self.take(i);
                    self.add_measure(NamedMeasure {
                        name: number.name,
                        measure: number.measure,
                        explicit: true,
                    });
                }
            }
            let stated = match (&named, aggregation) {
                (Named::Metric(name), Some((_, how))) if several => self
                    .model()
                    .metric(name)
                    .filter(|m| matches!(m.kind, MetricKind::Ratio { .. }))
                    .map(|m| m.label.clone())
                    .and_then(|label| self.rate_as_stated(&label, how)),
                _ => None,
            };
            let number = stated
                .or_else(|| self.number_of(&named, aggregation.map(|a| a.1)))
                .or_else(|| self.middle_of_orders(at, &named, aggregation.map(|a| a.1)));
            if let Some(number) = number {
                self.take(at);
                self.draft.aggregated |= self.nodes[at].text.starts_with("average")
                    || self.nodes[at].text.starts_with("mean");
                if let Some((i, _)) = aggregation {
                    self.take(i);
                    self.draft.aggregated = true;
                }
                self.add_measure(NamedMeasure {
                    name: number.name,
                    measure: number.measure,
                    explicit: true,
                });
            }
        }
        self.bought();
        self.totals();
        self.charged();
        self.takings();
        self.spent_on_average();
        self.own_rows();
        // "freight as a percentage of revenue"
        if self.draft.measures.len() == 2
            && let Some(share) = self.find(Mark::Share)
            && self.nodes[share].text.contains(" of")
            && self.draft.filters.is_empty()
            && !self.nodes.iter().any(|n| matches!(n.node, Node::Value(_)))
            && let Some((above, below)) = self.part_and_whole(share)
            && !self.is_fraction(&above.measure)
            && !self.is_fraction(&below.measure)
            && [&above, &below].iter().all(|m| {
                !matches!(
                    m.measure,
                    Measure::Aggregate {
                        aggregation: Aggregation::Average,
                        ..
                    }
                )
            })
        {
            let ratio = NamedMeasure {
                name: format!("{} as a share of {}", above.name, below.name.to_lowercase()),
                measure: Measure::Ratio {
                    numerator: Box::new(above.measure.clone()),
                    denominator: Box::new(below.measure.clone()),
                },
                explicit: true,
            };
            self.take(share);
            self.draft.measures = vec![ratio];
        }
        if self.take_all(Mark::HowMuch) && self.draft.measures.is_empty() && !self.any(Mark::Share)
        {
            let Some(default) = self.metric_like(RankBasis::Revenue) else {
                return Err(Misfit::Missing("a measure"));
            };
            self.draft.notes.push(format!(
                "“how much” read as {}",
                default.name.to_lowercase()
            ));
            self.add_measure(NamedMeasure {
                explicit: true,
                ..default
            });
        }
        Ok(())
    }
}
