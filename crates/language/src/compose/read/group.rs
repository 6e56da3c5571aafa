//! Groups: “by …”, “per …”, “in each …”, and averages per group.

use super::*;

impl Reader<'_> {
    pub(super) fn groups(&mut self) -> Result<(), Misfit> {
        let average = self
            .nodes
            .iter()
            .any(|n| n.node == Node::Aggregation(Aggregation::Average));
        self.strokes();
        let mut at = 0;
        while at < self.nodes.len() {
            if !self.is(at, Mark::By) || self.used[at] {
                at += 1;
                continue;
            }
            let mut next = at + 1;
            let mut found = false;
            // "top 5 countries by number of invoices": what is counted is a measure already.
            if self.is(next, Mark::Count) && self.used[next] {
                self.take(at);
                at += 1;
                continue;
            }
            // "profit per Corporate customer": values between belong to the scope.
            while matches!(self.nodes.get(next).map(|n| &n.node), Some(Node::Value(_)))
                && matches!(
                    self.nodes.get(next + 1).map(|n| &n.node),
                    Some(Node::Named(_) | Node::Value(_))
                )
                && next + 1 < self.nodes.len()
                && self.adjacent(next, next + 1)
            {
                next += 1;
            }
            // "top customers by total amount": what is added up is a measure, not a group.
            let summed = matches!(
                self.nodes.get(next).map(|n| &n.node),
                Some(Node::Aggregation(_))
            ) && matches!(
                self.nodes.get(next + 1).map(|n| &n.node),
                Some(Node::Named(n)) if self.number_of(n, None).is_some()
            );
            if summed {
                self.take(at);
                at += 1;
                continue;
            }
            // "most popular category by orders": how many there are ranks, and groups nothing.
            let ranked = self
                .nodes
                .iter()
                .any(|n| matches!(n.node, Node::Rank(_) | Node::RankBy(..)));
            if let Some(Node::Named(Named::Entity(e))) =
                self.nodes.get(next).map(|n| n.node.clone())
                && ranked
                && self.nodes[at].text == "by"
                && self.is_order(e)
                && !is_singular(&self.nodes[next].text)
            {
                self.take(at);
                self.take(next);
                let measure = self.count_of_entity(e);
                self.add_measure(measure);
                at += 1;
                continue;
            }
            // "orders made by German customers", "supplied by a vendor": who did it, not a group.
            if self.agent(at, next) {
                self.take(at);
                at += 1;
                continue;
            }
            // Numbers and rank words belong to a ranking ("by the top 5 …").
            while let Some(node) = self.nodes.get(next).map(|n| n.node.clone()) {
                match node {
                    Node::Time(TimeSense::Grain(grain)) => {
                        // "average daily sales each month": the days are averaged over.
                        let finer = self.nodes.iter().enumerate().any(|(i, n)| {
                            i != next
                                && !self.used[i]
                                && matches!(n.node, Node::Time(TimeSense::Grain(g)) if !g.is_cyclic() && g != grain)
                                && n.text.ends_with("ly")
                        });
                        let per_average = average
                            && !finer
                            && !grain.is_cyclic()
                            && matches!(
                                self.nodes[at].text.as_str(),
                                "per" | "each" | "every" | "by each" | "for each"
                            )
                            && !self.any(Mark::Rolling)
                            && self.has_unclaimed_number(at);
                        // "average orders per weekday": a usual Monday is an average over Mondays.
                        let usual = average
                            && grain.is_cyclic()
                            && !self.any(Mark::Rolling)
                            && self.sum_waits(at);
                        if per_average && !found {
                            self.average_per(Dimension::Time(grain), at, next);
                        } else if usual && !found {
                            let each = match grain {
                                Grain::MonthOfYear => Grain::Month,
                                _ => Grain::Day,
                            };
                            self.average_per(Dimension::Time(each), at, next);
                            self.add_dimension(Dimension::Time(grain));
                        } else {
                            self.take(next);
                            self.add_dimension(Dimension::Time(grain));
                        }
                        found = true;
                    }
                    Node::Named(named) => {
                        let Some((field, entity)) = self.group_of(&named) else {
                            // "by revenue": the measure of a ranking or a mix.
                            if found {
                                break;
                            }
                            let grouping = matches!(
                                self.nodes[at].text.as_str(),
                                "per"
                                    | "each"
                                    | "for each"
                                    | "in each"
                                    | "every"
                                    | "per each"
                                    | "for every"
                            );
                            // "gross income per unit": one number for each of another.
                            if self.nodes[at].text == "per"
                                && is_singular(&self.nodes[next].text)
                                && self.has_unclaimed_number(next)
                                && let Some(below) = self.number_of(&named, Some(Aggregation::Sum))
                                && self.summed(&below.measure).is_some()
                            {
                                self.ratio_per(below, at, next);
                                found = true;
                                break;
                            }
                            // "how many parts of each size": a number that is never summed is a group.
                            let sized = match &named {
                                Named::Field(f) => self
                                    .model()
                                    .field(f)
                                    .is_some_and(|x| {
                                        x.additivity == Additivity::Non
                                            || x.data_type == DataType::Integer
                                    })
                                    .then(|| f.clone()),
                                _ => None,
                            };
                            let each = grouping
                                || ["each", "every"]
                                    .iter()
                                    .any(|w| self.nodes[at].text.contains(w));
                            if let Some(field) = sized.filter(|_| each) {
                                self.take(at);
                                self.take(next);
                                self.add_dimension(Dimension::Field(field));
                                found = true;
                                break;
                            }
                            if let Some(number) = self.number_of(&named, None).filter(|_| !grouping)
                            {
                                self.take(at);
                                self.take(next);
                                self.add_measure(NamedMeasure {
                                    name: number.name,
                                    measure: number.measure,
                                    explicit: true,
                                });
                                found = true;
                            }
                            break;
                        };
                        let per = matches!(
                            self.nodes[at].text.as_str(),
                            "per" | "each" | "for each" | "by each" | "every" | "per each"
                        );
                        let per_order = self.nodes[at].text == "per"
                            && entity.is_some_and(|e| self.is_order(e));
                        let valued =
                            next > at + 1 && matches!(self.nodes[next - 1].node, Node::Value(_));
                        // "the average number of tracks per album"
                        let counted = average
                            && self.nodes[at].text == "per"
                            && entity.is_some_and(|e| self.model().entities[e].dataset.is_some())
                            && matches!(
                                self.draft.measures[..],
                                [NamedMeasure {
                                    measure: Measure::Rows(_),
                                    ..
                                }]
                            );
                        let ratio = (average || per_order || valued)
                            && per
                            && !found
                            && (counted || entity.is_some_and(|e| self.is_transactional(e)))
                            && self.has_unclaimed_number(at);
                        // "sales per store by region", "… per store, North vs South": of each store there,
                        // on average.
                        let ratio = ratio
                            || self.nodes[at].text == "per"
                                && !found
                                && is_singular(&self.nodes[next].text)
                                && entity.is_some_and(|e| {
                                    self.model().entities[e].dataset.is_some()
                                        || self.model().entities[e].key.field == field.field
                                })
                                && self.sum_waits(at)
                                && self.grouped_elsewhere(at, &field);
                        // "median quantity per purchase order": each row is one of them.
                        let own = per
                            && !found
                            && entity
                                .and_then(|e| self.model().entities[e].dataset.clone())
                                .is_some_and(|d| self.middle_of_rows(&d));
                        if own {
                            self.take(next);
                        } else if ratio {
                            self.average_per_entity(entity.unwrap_or(0), at, next);
                        } else {
                            let time = self
                                .model()
                                .field(&field)
                                .is_some_and(|f| f.data_type.is_temporal());
                            self.take(next);
                            if time {
                                self.add_dimension(Dimension::TimeOf {
                                    field,
                                    grain: Grain::Day,
                                });
                            } else {
                                self.add_dimension(Dimension::Field(field));
                            }
                        }
                        found = true;
                    }
                    _ => break,
                }
                self.take(at);
                // A list goes on after "and" or a comma, if the next is a group as well.
                let after = next + 1;
                let joined = self.is(after, Mark::And);
                let candidate = if joined { after + 1 } else { after };
                let goes_on = match self.nodes.get(candidate).map(|n| &n.node) {
                    Some(Node::Named(named)) => {
                        self.group_of(named).is_some()
                            && (joined || self.comma_between(next, candidate))
                    }
                    Some(Node::Time(TimeSense::Grain(_))) => {
                        joined || self.comma_between(next, candidate)
                    }
                    _ => false,
                };
                if !goes_on {
                    break;
                }
                if joined {
                    self.take(after);
                }
                next = candidate;
            }
            // "average units per line": a number for each row.
            if !found
                && self.nodes[at].text == "per"
                && self.is(at + 1, Mark::RowsWord)
                && let Some(dataset) = self.default_fact()
                && self.has_unclaimed_number(at + 1)
            {
                self.ratio_per(
                    Number {
                        name: "Lines".into(),
                        measure: Measure::Rows(dataset),
                        field: None,
                    },
                    at,
                    at + 1,
                );
                found = true;
            }
            // "in each of SP, RJ and MG": the field of the values that are listed.
            if !found
                && self.nodes[at].text.contains("each")
                && let Some(Node::Value(value)) = self.nodes.get(at + 1).map(|n| &n.node)
            {
                let field = value.field.clone();
                self.take(at);
                self.add_dimension(Dimension::Field(field));
                found = true;
            }
            // "the albums, and how many tracks are on each": each of what was named before.
            let end = self.nodes[at].end;
            let closes = self.words_between(end, end + 1).all(|w| {
                matches!(
                    w,
                    "has"
                        | "have"
                        | "had"
                        | "did"
                        | "does"
                        | "is"
                        | "are"
                        | "one"
                        | "they"
                        | "?"
                        | "."
                )
            });
            if !found
                && closes
                && self.nodes[at].text.contains("each")
                && !self.nodes[at + 1..]
                    .iter()
                    .any(|n| matches!(n.node, Node::Named(_) | Node::Time(_) | Node::Value(_)))
                && self.nodes[..at].iter().any(
                    |n| matches!(&n.node, Node::Named(named) if self.group_of(named).is_some()),
                )
            {
                self.take(at);
                found = true;
            }
            if !found
                && matches!(
                    self.nodes[at].text.as_str(),
                    "across"
                        | "each"
                        | "by"
                        | "every"
                        | "within"
                        | "in each"
                        | "for each of"
                        | "each of"
                        | "for all"
                        | "at each"
                        | "with each"
                        | "of each"
                        | "per"
                )
            {
                // "across 2019", "takings by card": a preposition, if a time or a value follows.
                let next_is_scope = self.nodes.get(at + 1).is_some_and(|n| {
                    matches!(
                        n.node,
                        Node::Time(_) | Node::Value(_) | Node::Mark(Mark::Ref) | Node::Number(..)
                    )
                });
                if next_is_scope {
                    self.take(at);
                }
            }
            at += 1;
        }
        // "within each region": an outer group goes first, and ranks and shares run inside it.
        for i in 0..self.nodes.len() {
            if self.is(i, Mark::By)
                && self.used[i]
                && self.nodes[i].text.starts_with("within")
                && let Some(Node::Named(named)) = self.nodes.get(i + 1).map(|n| n.node.clone())
                && let Some((field, _)) = self.group_of(&named)
                && let Some(at) = self
                    .draft
                    .dimensions
                    .iter()
                    .position(|d| *d == Dimension::Field(field.clone()))
            {
                let dimension = self.draft.dimensions.remove(at);
                self.draft.dimensions.insert(0, dimension);
            }
        }
        Ok(())
    }

    /// Whether the question groups by something else as well: "by …", or values that are set against
    /// each other.
    fn grouped_elsewhere(&self, at: usize, field: &FieldRef) -> bool {
        let by = (0..self.nodes.len()).any(|i| {
            i != at
                && self.is(i, Mark::By)
                && matches!(
                    self.nodes[i].text.as_str(),
                    "by" | "in each" | "for each" | "across"
                )
                && matches!(self.nodes.get(i + 1).map(|n| &n.node), Some(Node::Named(n))
                    if self.group_of(n).is_some_and(|g| g.0 != *field))
        });
        let sides = (1..self.nodes.len().saturating_sub(1)).any(|i| {
            self.is(i, Mark::Versus)
                && matches!((&self.nodes[i - 1].node, &self.nodes[i + 1].node),
                    (Node::Value(a), Node::Value(b)) if a.field == b.field && a.field != *field)
        });
        by || sides
    }

    /// "units/order", "sales/customer": a stroke between a number and a thing divides.
    fn strokes(&mut self) {
        for at in 1..self.nodes.len() {
            let tied = self
                .scene
                .tokens
                .get(self.nodes[at].start)
                .is_some_and(|t| t.tied == Some('/'));
            if !tied || self.used[at] || !self.adjacent(at - 1, at) {
                continue;
            }
            let above = matches!(&self.nodes[at - 1].node, Node::Named(n) if self.number_of(n, None).is_some());
            let entity = match &self.nodes[at].node {
                Node::Named(Named::Entity(e)) => Some(*e),
                Node::Named(Named::Metric(name)) => {
                    self.model().metric(name).and_then(|m| match &m.unit {
                        Unit::Count(noun) => self
                            .model()
                            .entities
                            .iter()
                            .position(|e| plural(&e.name) == *noun),
                        _ => None,
                    })
                }
                _ => None,
            };
            if above && let Some(entity) = entity {
                self.average_per_entity(entity, at, at);
            }
        }
    }

    /// Whether a "by" after a verb names who did it: a plural or "a …" of people or firms.
    fn agent(&self, at: usize, next: usize) -> bool {
        let after_verb = at
            .checked_sub(1)
            .is_some_and(|i| matches!(self.nodes[i].node, Node::Verb(_)));
        let Some(Node::Named(named)) = self.nodes.get(next).map(|n| &n.node) else {
            return false;
        };
        let Some((field, _)) = self.group_of(named) else {
            return false;
        };
        let actor = self.model().field(&field).is_some_and(|f| {
            matches!(
                f.subject,
                Subject::Customer
                    | Subject::Employee
                    | Subject::Supplier
                    | Subject::Shipper
                    | Subject::Name
            ) || f.subject == Subject::Store
                && next > at + 1
                && self
                    .words_between(self.nodes[at].start.saturating_sub(1), self.nodes[at].start)
                    .any(|w| matches!(w, "sold" | "made" | "taken" | "served"))
        }) || matches!(
            self.nodes[next].text.as_str(),
            "customers"
                | "clients"
                | "suppliers"
                | "vendors"
                | "employees"
                | "users"
                | "members"
                | "buyers"
        );
        let article = self
            .words_between(self.nodes[at].end, self.nodes[next].start)
            .any(|w| matches!(w, "a" | "an" | "the" | "our" | "any" | "all"));
        let valued = next > at + 1;
        // "the most ordered products by customers"
        let deed = self.nodes.iter().any(|n| {
            matches!(
                n.node,
                Node::RankBy(RankBasis::Units | RankBasis::Orders, _)
            ) && n.text.ends_with("ed")
        });
        self.nodes[at].text == "by"
            && actor
            && (after_verb || valued || article || deed)
            && (valued || article || !is_singular(&self.nodes[next].text))
    }

    pub(super) fn comma_between(&self, left: usize, right: usize) -> bool {
        self.nodes[right].start > self.nodes[left].end
    }

    /// Whether a number still waits for its group ("average X per order").
    pub(super) fn has_unclaimed_number(&self, before: usize) -> bool {
        (0..self.nodes.len()).any(|i| i != before && !self.used[i] && matches!(&self.nodes[i].node, Node::Named(n) if self.number_of(n, None).is_some())) || !self.draft.measures.is_empty() || self.any(Mark::HowMuch)
    }

    /// Whether the question asks for a mean or a median of a column of these rows.
    fn middle_of_rows(&self, dataset: &str) -> bool {
        (1..self.nodes.len()).any(|i| {
            let before = if self.is(i - 1, Mark::Count) && i > 1 {
                i - 2
            } else {
                i - 1
            };
            matches!(
                self.nodes[before].node,
                Node::Aggregation(Aggregation::Median | Aggregation::Average)
            ) && matches!(&self.nodes[i].node, Node::Named(Named::Field(f)) if f.dataset == dataset
                && self.model().field(f).is_some_and(|x| x.role == Role::Measure))
        })
    }

    /// Whether a number that adds up still waits for its group.
    fn sum_waits(&self, before: usize) -> bool {
        (0..self.nodes.len()).any(|i| {
            i != before
                && !self.used[i]
                && match &self.nodes[i].node {
                    Node::Named(Named::Metric(name)) => {
                        self.model().metric(name).is_some_and(|m| {
                            !matches!(m.kind, MetricKind::Ratio { .. }) && m.unit != Unit::Fraction
                        })
                    }
                    Node::Named(Named::Field(f)) => self.model().field(f).is_some_and(|x| {
                        x.role == Role::Measure && x.additivity == Additivity::Additive
                    }),
                    _ => false,
                }
        })
    }

    /// Whether an entity is an order, a transaction or the like: one of very many.
    pub(super) fn is_order(&self, entity: usize) -> bool {
        let entity = &self.model().entities[entity];
        matches!(
            entity.name.as_str(),
            "order" | "transaction" | "invoice" | "basket" | "sale" | "receipt"
        )
    }

    pub(super) fn is_transactional(&self, entity: usize) -> bool {
        let entity = &self.model().entities[entity];
        let subject = self.model().field(&entity.key).map(|f| f.subject);
        matches!(subject, Some(Subject::OrderNumber | Subject::Customer))
            || matches!(
                entity.name.as_str(),
                "order" | "transaction" | "invoice" | "customer" | "basket" | "sale" | "receipt"
            )
    }

    /// The measure that an average is taken of: the first number that stands free.
    pub(super) fn claim_number(&mut self, not: usize) -> Option<NamedMeasure> {
        if let Some(measure) = self.draft.measures.pop() {
            return Some(measure);
        }
        for i in 0..self.nodes.len() {
            if i == not || self.used[i] {
                continue;
            }
            if let Node::Named(named) = &self.nodes[i].node
                && let Some(number) = self.number_of(named, Some(Aggregation::Sum))
            {
                self.take(i);
                return Some(NamedMeasure {
                    name: number.name,
                    measure: number.measure,
                    explicit: true,
                });
            }
        }
        self.take_all(Mark::HowMuch);
        self.metric_like(RankBasis::Revenue)
    }

    pub(super) fn take_average(&mut self) {
        for i in 0..self.nodes.len() {
            if self.nodes[i].node == Node::Aggregation(Aggregation::Average) {
                self.used[i] = true;
            }
        }
    }

    pub(super) fn average_per(&mut self, per: Dimension, by: usize, at: usize) {
        self.take(by);
        self.take(at);
        if let Some(inner) = self.claim_number(at) {
            let noun = match &per {
                Dimension::Time(grain) => crate::time::grain_noun(*grain).to_string(),
                _ => String::from("group"),
            };
            self.take_average();
            self.add_measure(NamedMeasure {
                name: format!("Average {} per {noun}", inner.name.to_lowercase()),
                measure: Measure::PerGroup {
                    aggregation: Aggregation::Average,
                    measure: Box::new(inner.measure),
                    per: vec![per],
                },
                explicit: true,
            });
        }
    }

    /// One number for each unit of another: "sales per unit".
    fn ratio_per(&mut self, below: Number, by: usize, at: usize) {
        self.take(by);
        self.take(at);
        if let Some(above) = self.claim_number(at) {
            let noun = self.nodes[at].text.clone();
            self.take_average();
            self.add_measure(NamedMeasure {
                name: format!("{} per {noun}", above.name),
                measure: Measure::Ratio {
                    numerator: Box::new(above.measure),
                    denominator: Box::new(below.measure),
                },
                explicit: true,
            });
        }
    }

    pub(super) fn average_per_entity(&mut self, entity: usize, by: usize, at: usize) {
        // Each order has one customer: there is no mean of that.
        let one_each = (0..self.nodes.len()).any(|i| {
            !self.used[i]
                && i != at
                && matches!(self.nodes[i].node, Node::Named(Named::Entity(other)) if self.belongs_to_one(entity, other))
                && self.draft.measures.is_empty()
                && !self.has_unclaimed_number(at)
        });
        if one_each {
            return;
        }
        self.take(by);
        self.take(at);
        if let Some(inner) = self.claim_number(at) {
            let noun = self.model().entities[entity].name.clone();
            // What the model has for it already.
            let known = match &inner.measure {
                Measure::Metric(m) if self.is_order(entity) && m == "units" => {
                    Some("units_per_order")
                }
                Measure::Metric(m) if self.is_order(entity) && m == "revenue" => {
                    Some("average_order_value")
                }
                _ => None,
            };
            if let Some(metric) = known.and_then(|m| self.model().metric(m)) {
                let measure = NamedMeasure {
                    name: metric.label.clone(),
                    measure: Measure::Metric(metric.name.clone()),
                    explicit: true,
                };
                self.take_average();
                self.add_measure(measure);
                return;
            }
            let below = self.active_count(entity);
            self.take_average();
            // "average order value (per transaction)" is divided already.
            let divided = match &inner.measure {
                Measure::Ratio { .. } => true,
                Measure::Metric(name) => self
                    .model()
                    .metric(name)
                    .is_some_and(|m| matches!(m.kind, MetricKind::Ratio { .. })),
                _ => false,
            };
            if divided {
                self.add_measure(inner);
                return;
            }
            // "how many tracks are on an invoice": those on each, and not all that there are.
            let key = self.model().entities[entity].key.clone();
            let stock = match &inner.measure {
                Measure::Rows(d) => {
                    Some(d.clone()).filter(|d| query::reachable(self.model(), d, &key).is_err())
                }
                _ => None,
            };
            if let Some(field) = stock.and_then(|d| self.fact_field(&d)) {
                self.add_measure(NamedMeasure {
                    name: format!("Average {} per {noun}", inner.name.to_lowercase()),
                    measure: Measure::PerGroup {
                        aggregation: Aggregation::Average,
                        measure: Box::new(Measure::Aggregate {
                            aggregation: Aggregation::CountDistinct,
                            field,
                        }),
                        per: vec![Dimension::Field(key)],
                    },
                    explicit: true,
                });
                return;
            }
            self.add_measure(NamedMeasure {
                name: format!("{} per {noun}", inner.name),
                measure: Measure::Ratio {
                    numerator: Box::new(inner.measure),
                    denominator: Box::new(below),
                },
                explicit: true,
            });
        }
    }

    /// Whether each of one entity belongs to a single one of another (an order to its customer).
    fn belongs_to_one(&self, entity: usize, other: usize) -> bool {
        let (entity, other) = (
            &self.model().entities[entity],
            &self.model().entities[other],
        );
        entity.key != other.key
            && entity.dataset.as_ref().is_some_and(|d| {
                query::reachable(self.model(), d, &other.key).is_ok_and(|p| !p.steps.is_empty())
            })
    }

    /// How many of an entity had activity: counted in the fact, not in its own table.
    pub(super) fn active_count(&self, entity: usize) -> Measure {
        let e = &self.model().entities[entity];
        match e.dataset.as_deref().and_then(|d| {
            if self.model().dataset(d).is_some_and(|d| d.is_fact) {
                None
            } else {
                self.fact_field(d)
            }
        }) {
            Some(field) => Measure::Aggregate {
                aggregation: Aggregation::CountDistinct,
                field,
            },
            None => self.count_of_entity(entity).measure,
        }
    }
}
