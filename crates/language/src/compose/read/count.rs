//! Counting: “how many …”.

use super::*;

impl Reader<'_> {
    /// How often something happened to the entity that the question is about.
    fn occasions(&self) -> Option<NamedMeasure> {
        let model = self.model();
        let home = self
            .head_entity()
            .and_then(|e| model.entities[e].dataset.clone());
        let Some(home) = home else {
            return self.metric_like(RankBasis::Orders);
        };
        let fact = self.fact_field(&home)?.dataset;
        let noun = model.dataset(&fact)?.entity.clone();
        Some(NamedMeasure {
            name: capitalised(&plural(&noun)),
            measure: Measure::Rows(fact),
            explicit: true,
        })
    }

    /// "how many Lego bricks do we have", "… have we got left": what is there, not what was sold.
    fn asks_for_stock(&self) -> bool {
        let words: Vec<&str> = self
            .scene
            .tokens
            .iter()
            .map(|t| t.folded.as_str())
            .collect();
        let sold = words.iter().any(|w| {
            matches!(
                *w,
                "sold" | "sell" | "sales" | "ordered" | "bought" | "shipped"
            )
        });
        !sold
            && words.windows(2).any(|w| {
                matches!(
                    w,
                    ["we", "got"]
                        | ["we", "have"]
                        | ["have", "got"]
                        | ["have", "left"]
                        | ["in", "stock"]
                        | ["on", "hand"]
                        | ["right", "now"]
                        | ["got", "left"]
                )
            })
            && words.windows(2).any(|w| {
                matches!(
                    w,
                    ["have", "we"]
                        | ["do", "we"]
                        | ["we", "have"]
                        | ["are", "there"]
                        | ["in", "stock"]
                        | ["on", "hand"]
                )
            })
    }

    /// Units in stock, where the model has them.
    pub(super) fn stock_measure(&self) -> Option<NamedMeasure> {
        ["stock_units", "stock_on_hand", "units_in_stock"]
            .iter()
            .find_map(|name| self.model().metric(name))
            .map(|m| NamedMeasure {
                name: m.label.clone(),
                measure: Measure::Metric(m.name.clone()),
                explicit: true,
            })
    }

    /// "how many purchases", "what share of transactions": the sales are counted, if the noun follows
    /// right after.
    pub(super) fn deeds_counted(&self, after: usize) -> Option<NamedMeasure> {
        self.words_between(after, after + 3)
            .take_while(|w| {
                matches!(*w, "of" | "the" | "our" | "all")
                    || matches!(*w, "purchases" | "transactions" | "sales" | "orders")
            })
            .any(|w| matches!(w, "purchases" | "transactions" | "sales" | "orders"))
            .then(|| self.metric_like(RankBasis::Orders))
            .flatten()
    }

    /// Whether the question asks how many pieces of a thing were sold: a table of goods that the sales
    /// refer to, named by what they are ("pizzas") and not as products.
    fn pieces_sold(&self, entity: usize) -> bool {
        let model = self.model();
        let entity = &model.entities[entity];
        let sold = self.scene.tokens.iter().any(|t| {
            matches!(
                t.folded.as_str(),
                "sell" | "sold" | "selling" | "shift" | "shifted" | "flog" | "flogged"
            )
        });
        // "how many pizzas are on an order on average"
        let averaged = self
            .nodes
            .iter()
            .any(|n| n.node == Node::Aggregation(Aggregation::Average))
            && self.nodes.iter().any(|n| match &n.node {
                Node::Named(Named::Entity(e)) => self.is_order(*e),
                Node::Named(Named::Metric(m)) => {
                    self.model().metric(m).is_some_and(|m| m.name == "orders")
                }
                _ => false,
            });
        let sold = sold || averaged;
        let generic = ["product", "item", "sku", "article"]
            .iter()
            .any(|w| entity.name.contains(w));
        let priced = entity
            .dataset
            .as_ref()
            .and_then(|d| model.dataset(d))
            .is_some_and(|d| {
                !d.is_fact
                    && d.fields
                        .iter()
                        .any(|f| matches!(f.subject, Subject::ListPrice | Subject::UnitPrice))
            });
        sold && priced && !generic
    }

    /// The facts that the default metric is computed from; the only facts if there is none.
    pub(super) fn default_fact(&self) -> Option<String> {
        let model = self.model();
        let of_metric = model.default_metric.as_ref().and_then(|m| {
            query::home_datasets(model, &Measure::Metric(m.clone()))
                .into_iter()
                .next()
        });
        of_metric.or_else(|| {
            let mut facts = model.datasets.iter().filter(|d| d.is_fact);
            facts
                .next()
                .filter(|_| facts.next().is_none())
                .map(|d| d.name.clone())
        })
    }

    pub(super) fn counted(&mut self) {
        for at in 0..self.nodes.len() {
            if !self.is(at, Mark::Count) || self.used[at] {
                continue;
            }
            let mut next = at + 1;
            while next < self.nodes.len()
                && (matches!(
                    self.nodes[next].node,
                    Node::Mark(Mark::Distinct | Mark::Among | Mark::All) | Node::Value(_)
                ) || self.is(next, Mark::New) && self.used[next])
            {
                next += 1;
            }
            // "the types of store and the number of them": rows of what the field describes.
            if self.is(next, Mark::Ref)
                && self.head_entity().is_none()
                && let Some(dataset) = (0..at).find_map(|i| match &self.nodes[i].node {
                    Node::Named(Named::Field(f)) => Some(f.dataset.clone()),
                    _ => None,
                })
            {
                self.take(at);
                self.take(next);
                self.draft.refers = false;
                let noun = self
                    .model()
                    .dataset(&dataset)
                    .map_or_else(|| dataset.clone(), |d| d.entity.clone());
                self.add_measure(NamedMeasure {
                    name: format!("Number of {}", plural(&noun)),
                    measure: Measure::Rows(dataset),
                    explicit: true,
                });
                continue;
            }
            // "customers with 5 or more orders, and how many they placed": their orders.
            if self.is(next, Mark::Ref)
                && self.nodes[next].text == "they"
                && at.checked_sub(1).is_some_and(|b| self.is(b, Mark::And))
                && let Some(measure) = self.occasions()
            {
                self.take(at);
                self.take(next);
                self.draft.refers = false;
                self.add_measure(measure);
                continue;
            }
            // "how many of them"
            if self.is(next, Mark::Ref)
                && let Some(entity) = self.head_entity()
            {
                self.take(at);
                self.take(next);
                for i in 0..self.nodes.len() {
                    if self.nodes[i].node == Node::Named(Named::Entity(entity)) {
                        self.used[i] = true;
                    }
                }
                self.draft.counted = true;
                self.draft.refers = false;
                self.draft.subject = Some(entity);
                let measure = self.count_of_entity(entity);
                self.add_measure(measure);
                continue;
            }
            // "how many lines were above 50": rows of the facts.
            if self.is(next, Mark::RowsWord)
                && let Some(dataset) = self.default_fact()
            {
                self.take(at);
                self.take(next);
                self.draft.counted = true;
                self.add_measure(NamedMeasure {
                    name: capitalised(&self.nodes[next].text.clone()),
                    measure: Measure::Rows(dataset),
                    explicit: true,
                });
                continue;
            }
            // "the number of times it was ordered": orders, or the rows that refer to it.
            if self.is(next, Mark::Occasions)
                && let Some(measure) = self.occasions()
            {
                self.take(at);
                self.take(next);
                self.add_measure(measure);
                continue;
            }
            // "how many women are subscribers": people, who are the customers.
            if let Some(Node::Value(said)) = self.nodes.get(at + 1).map(|n| n.node.clone())
                && matches!(said.field.field.as_str(), "gender" | "sex")
                && !(matches!(
                    self.nodes.get(next).map(|n| &n.node),
                    Some(Node::Named(Named::Entity(_) | Named::Metric(_)))
                ) && self.adjacent(next - 1, next))
                && let Some(people) = self.model().entities.iter().position(|e| {
                    matches!(e.name.as_str(), "customer" | "client" | "user" | "member")
                })
            {
                self.take(at);
                self.draft.counted = true;
                self.draft.subject = Some(people);
                let measure = self.count_of_entity(people);
                self.add_measure(measure);
                continue;
            }
            // "customers who spent over 1,000 - how many?": at the end it counts what was spoken of.
            if next == self.nodes.len()
                && at > 1
                && !self.is(at - 1, Mark::And)
                && let Some(entity) = self.head_entity()
            {
                self.take(at);
                for i in 0..self.nodes.len() {
                    if self.nodes[i].node == Node::Named(Named::Entity(entity)) {
                        self.used[i] = true;
                    }
                }
                self.draft.counted = true;
                self.draft.subject = Some(entity);
                let measure = self.count_of_entity(entity);
                self.add_measure(measure);
                continue;
            }
            match self.nodes.get(next).map(|n| n.node.clone()) {
                Some(Node::Named(Named::Metric(name))) => {
                    self.take(at);
                    self.take(next);
                    let metric = self.model().metric(&name);
                    // "number of sales": sales are counted, not added up.
                    if metric.is_some_and(|m| matches!(m.unit, Unit::Money(_)))
                        && let Some(orders) = self.metric_like(RankBasis::Orders)
                    {
                        self.draft.notes.push(format!(
                            "“{}” read as the number of {}",
                            self.nodes[next].text,
                            orders.name.to_lowercase()
                        ));
                        self.add_measure(orders);
                    } else {
                        let label = metric.map_or(name.clone(), |m| m.label.clone());
                        self.add_measure(NamedMeasure {
                            name: label,
                            measure: Measure::Metric(name),
                            explicit: true,
                        });
                    }
                }
                Some(Node::Named(named @ (Named::Entity(_) | Named::Field(_)))) => {
                    if let Named::Entity(entity) = named
                        && self.pieces_sold(entity)
                        && let Some(units) = self.metric_like(RankBasis::Units)
                    {
                        // "how many pizzas did we sell": pieces, not kinds of them.
                        self.take(at);
                        self.take(next);
                        self.draft.notes.push(format!(
                            "“{}” counted as {}",
                            self.nodes[next].text,
                            units.name.to_lowercase()
                        ));
                        self.add_measure(units);
                    } else if let Some(number) = self.number_of(&named, None) {
                        self.take(at);
                        self.take(next);
                        self.add_measure(NamedMeasure {
                            name: number.name,
                            measure: number.measure,
                            explicit: true,
                        });
                    } else if let Some((field, entity)) = self
                        .group_of(&named)
                        // Yes and no are two: nobody counts them.
                        .filter(|(f, _)| {
                            self.model()
                                .field(f)
                                .is_none_or(|x| x.data_type != DataType::Boolean)
                        })
                    {
                        self.take(at);
                        self.take(next);
                        // "playlists and their number of tracks" asks for playlists.
                        let owner = (0..at).any(|i| {
                            !self.used[i]
                                && matches!(&self.nodes[i].node, Node::Named(n) if self.group_of(n).is_some_and(|g| g.1 != entity || g.1.is_none()))
                                && self.asked_for(i)
                        });
                        if !owner {
                            self.draft.counted = true;
                            self.draft.subject = entity;
                        }
                        let measure = match entity {
                            Some(entity) => self.count_of_entity(entity),
                            None => {
                                let label = self
                                    .model()
                                    .field(&field)
                                    .map_or(String::new(), |f| f.label.clone());
                                NamedMeasure {
                                    name: format!("Number of {}", plural(&label.to_lowercase())),
                                    measure: Measure::Aggregate {
                                        aggregation: Aggregation::CountDistinct,
                                        field,
                                    },
                                    explicit: true,
                                }
                            }
                        };
                        self.add_measure(measure);
                    }
                }
                Some(Node::Time(TimeSense::Grain(grain))) if !grain.is_cyclic() => {
                    self.take(at);
                    self.take(next);
                    self.draft.counted = true;
                    self.draft.dimensions.insert(0, Dimension::Time(grain));
                }
                _ => {
                    // "how many chairs did we sell": units of what the values name.
                    let value_after = self
                        .nodes
                        .get(at + 1)
                        .is_some_and(|n| matches!(n.node, Node::Value(_)));
                    let held = value_after && self.asks_for_stock();
                    if let Some(stock) = self.stock_measure().filter(|_| held) {
                        self.take(at);
                        self.add_measure(stock);
                    } else if value_after && let Some(units) = self.metric_like(RankBasis::Units) {
                        self.take(at);
                        self.add_measure(units);
                    } else if let Some(deeds) = self.deeds_counted(self.nodes[at].end) {
                        self.take(at);
                        self.draft.counted = true;
                        self.add_measure(deeds);
                    }
                }
            }
            for i in at + 1..next {
                if self.is(i, Mark::Distinct) || self.is(i, Mark::All) || self.is(i, Mark::Among) {
                    self.used[i] = true;
                }
            }
        }
    }
}
