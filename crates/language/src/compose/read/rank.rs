//! Rankings: “top 5”, “the best”, “second highest”.

use super::*;

impl Reader<'_> {
    /// "bottom 10 %", "top 5 percent": the sign belongs to the rank and is no share.
    pub(super) fn percent_of_members(&mut self) {
        for at in 2..self.nodes.len() {
            let sign = matches!(
                self.nodes[at].text.as_str(),
                "%" | "percent" | "pct" | "% of" | "percent of"
            );
            if sign
                && self.is(at, Mark::Share)
                && matches!(self.nodes[at - 1].node, Node::Number(_, false))
                && matches!(self.nodes[at - 2].node, Node::Rank(_))
                && self.adjacent(at - 2, at - 1)
                && self.adjacent(at - 1, at)
            {
                self.nodes[at].node = Node::Mark(Mark::Pct);
                self.nodes[at].text = "%".into();
            }
        }
    }

    pub(super) fn ranking(&mut self) -> Result<(), Misfit> {
        if let Some(at) = self.find(Mark::RankVerb) {
            self.take(at);
            let by = self.nodes[at].text.ends_with("by");
            let key = if self.is(at + 1, Mark::By) {
                at + 2
            } else {
                at + 1
            };
            match self.nodes.get(key).map(|n| n.node.clone()) {
                // "sorted by region": the groups in their own order.
                Some(Node::Named(named))
                    if (by || key == at + 2)
                        && self.group_of(&named).is_some_and(|(f, _)| {
                            self.draft.dimensions.contains(&Dimension::Field(f))
                                || self
                                    .nodes
                                    .iter()
                                    .enumerate()
                                    .any(|(i, n)| i != key && n.node == Node::Named(named.clone()))
                        }) =>
                {
                    self.take(key);
                    self.take(key - 1);
                    self.draft.sort = Some(Direction::Ascending);
                    self.draft.sort_by = self.group_of(&named).map(|(f, _)| Dimension::Field(f));
                }
                Some(Node::Time(TimeSense::Grain(grain)))
                    if by && self.draft.dimensions.contains(&Dimension::Time(grain)) =>
                {
                    self.take(key);
                    self.draft.sort = Some(Direction::Ascending);
                    self.draft.sort_by = Some(Dimension::Time(grain));
                }
                _ => self.draft.sort = self.draft.sort.or(Some(Direction::Descending)),
            }
        }
        for i in 0..self.nodes.len() {
            if self.nodes[i].node == Node::Alphabetical {
                self.used[i] = true;
                self.draft.alphabetical = true;
            }
        }
        for i in 0..self.nodes.len() {
            if let Node::Sort(direction) = self.nodes[i].node {
                self.used[i] = true;
                self.draft.sort = Some(direction);
            }
        }
        let place = (0..self.nodes.len()).find(|i| {
            !self.used[*i]
                && matches!(
                    self.nodes[*i].node,
                    Node::Rank(_) | Node::RankBy(..) | Node::Extreme(..)
                )
        });
        // "the top 10 longest serving employees": the plain word says how many, the other by what.
        let telling = place.and_then(|p| {
            (p + 1..self.nodes.len()).find(|i| {
                !self.used[*i]
                    && matches!(self.nodes[*i].node, Node::Extreme(..) | Node::RankBy(..))
                    && matches!(self.nodes[p].node, Node::Rank(_))
                    && matches!(self.nodes[p].text.as_str(), "top" | "bottom")
            })
        });
        if let (Some(plain), Some(_)) = (place, telling) {
            self.take(plain);
        }
        let place = telling.or(place);
        let nth = (0..self.nodes.len())
            .find(|i| !self.used[*i] && matches!(self.nodes[*i].node, Node::Nth(_)));
        let Some(at) = place else {
            self.contest();
            return Ok(());
        };
        if self.both_extremes(at) {
            return Ok(());
        }
        let (direction, basis) = match self.nodes[at].node {
            Node::Rank(direction) => (direction, None),
            Node::RankBy(basis, direction) => (direction, Some(basis)),
            Node::Extreme(direction, _) => (direction, None),
            _ => return Ok(()),
        };
        // "the slowest states by delivery time": where it takes longest.
        let timed = self.draft.measures.iter().any(|m| self.lasts(&m.measure));
        let (direction, basis) = match self.nodes[at].text.as_str() {
            "slowest" if timed => (Direction::Descending, None),
            "fastest" | "quickest" if timed => (Direction::Ascending, None),
            _ => (direction, basis),
        };
        let basis = basis.or_else(|| self.bought_most(at).then_some(RankBasis::Units));
        let stems = match self.nodes[at].node {
            Node::Extreme(_, stems) => Some(stems),
            _ => None,
        };
        self.take(at);
        // "the minimum, maximum and average price": ends of a number, not a ranking.
        let ends = matches!(
            self.nodes[at].text.as_str(),
            "maximum" | "minimum" | "max" | "min"
        );
        if ends && self.draft.aggregated {
            self.draft.penalty += 0.6;
        }
        // "when was the first order from Canada": its date, and not the order.
        let when = basis == Some(RankBasis::Time)
            && self
                .nodes
                .first()
                .is_some_and(|n| n.node == Node::Mark(Mark::Which) && n.text.starts_with("when"))
            && matches!(self.nodes.get(at + 1).map(|n| &n.node), Some(Node::Named(Named::Entity(e))) if self.is_order(*e) && is_singular(&self.nodes[at + 1].text))
            && self
                .model()
                .entities
                .iter()
                .any(|e| matches!(e.name.as_str(), "order" | "transaction" | "invoice"))
            && self.draft.dimensions.is_empty();
        if when {
            return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
        }
        if basis == Some(RankBasis::Time) && self.end_of_dates(direction, at) {
            return Ok(());
        }
        // The number beside it.
        let mut n = None;
        for near in [at.checked_sub(1), Some(at + 1)].into_iter().flatten() {
            if let Some(Node::Number(value, false)) = self.nodes.get(near).map(|x| x.node.clone())
                && !self.used[near]
                && (1.0..=1000.0).contains(&value)
                && value.fract() == 0.0
            {
                // "the bottom 10 %" of the members
                let percent = self.nodes.get(near + 1).is_some_and(|x| {
                    matches!(x.text.as_str(), "%" | "percent" | "pct")
                        && self.adjacent(near, near + 1)
                });
                if percent {
                    self.take(near + 1);
                    self.draft.rank_percent = true;
                }
                n = Some(value as u32);
                self.take(near);
                break;
            }
        }
        if n.is_none()
            && let Some(i) = (0..self.nodes.len()).find(|i| !self.used[*i] && matches!(self.nodes[*i].node, Node::Number(v, false) if (1.0..=1000.0).contains(&v) && v.fract() == 0.0))
            && let Node::Number(value, _) = self.nodes[i].node
        {
            let group_next = matches!(self.nodes.get(i + 1).map(|x| &x.node), Some(Node::Named(_) | Node::Time(TimeSense::Grain(_))));
            if group_next {
                n = Some(value as u32);
                self.take(i);
            }
        }
        let mut skip = 0;
        if let Some(i) = nth
            && let Node::Nth(rank) = self.nodes[i].node
        {
            self.take(i);
            skip = rank - 1;
            n = Some(1);
        }
        let growing = self
            .nodes
            .iter()
            .any(|x| matches!(x.node, Node::Change(_) | Node::Period(_)))
            || self.draft.compare.is_some()
            || basis == Some(RankBasis::Growth);
        // "which artist has the most albums": the counted thing stands after the superlative.
        if basis.is_none() && stems.is_none() && !growing {
            let mut next = at + 1;
            while self.is(next, Mark::Among) || self.is(next, Mark::All) {
                next += 1;
            }
            let other = (0..at).any(|i| !self.used[i] && matches!(&self.nodes[i].node, Node::Named(n) if self.group_of(n).is_some()))
                || !self.draft.dimensions.is_empty()
                || (next + 1..self.nodes.len()).any(|i| !self.used[i] && matches!(&self.nodes[i].node, Node::Named(n) if self.group_of(n).is_some()));
            if let Some(Node::Named(Named::Entity(entity))) =
                self.nodes.get(next).map(|n| n.node.clone())
                && !self.used[next]
                && other
                && (self.draft.measures.is_empty()
                    || self
                        .draft
                        .measures
                        .iter()
                        .any(|m| m.measure == self.count_of_entity(entity).measure))
                && !is_singular(&self.nodes[next].text)
                && (0..at).any(|i| {
                    self.is(i, Mark::Which)
                        || self.is(i, Mark::List)
                        || self.is(i, Mark::Relative)
                        || matches!(&self.nodes[i].node, Node::Named(_))
                })
            {
                self.take(next);
                let measure = self.count_of_entity(entity);
                self.add_measure(measure);
                if n == Some(1) {
                    n = None;
                }
            }
        }
        // What is ranked: the group that is named without "by", nearest after the rank word.
        let grain = (0..self.nodes.len()).find(|i| {
            !self.used[*i] && matches!(self.nodes[*i].node, Node::Time(TimeSense::Grain(_)))
        });
        let bare = basis.is_none() && stems.is_none() && n.is_none() && self.bare_extreme(at);
        let named = (at + 1..self.nodes.len())
            .chain((0..at).rev())
            .filter(|i| !self.used[*i] && !bare)
            .filter(|i| *i < at || !self.is_place(*i))
            .find(|i| matches!(&self.nodes[*i].node, Node::Named(named) if self.group_of(named).is_some()));
        let (named, mean) = self.mean_of_each(stems, at, named);
        let per: Vec<Dimension> = self.draft.dimensions.clone();
        let mut singular = false;
        let mut ranked = None;
        // "which month was best for Supreme pizzas": the period is asked for, the noun is of the scope.
        let asked_period = grain.filter(|g| {
            g.checked_sub(1).is_some_and(|w| self.is(w, Mark::Which))
                && named.is_some_and(|n| {
                    n > *g
                        && matches!(self.nodes[n - 1].node, Node::Value(_))
                        && self.adjacent(n - 1, n)
                })
        });
        let named = if asked_period.is_some() { None } else { named };
        let goods = self.goods_ranked(at, named);
        // "best seller in each category", where nothing is known as what is sold.
        let unknown_goods = goods.is_none()
            && named.is_none()
            && !per.is_empty()
            && self.nodes[at].text.ends_with("seller");
        if unknown_goods {
            return Err(Misfit::Missing("what is ranked"));
        }
        if let Some(entity) = goods {
            singular = is_singular(&self.nodes[at].text)
                && self
                    .nodes
                    .get(at + 1)
                    .is_none_or(|n| !matches!(n.node, Node::Value(_)) || is_singular(&n.text));
            self.draft.subject = Some(entity);
            ranked = Some(Dimension::Field(
                self.scene.model.entities[entity].display.clone(),
            ));
        } else if let Some(i) = named {
            if let Node::Named(named) = self.nodes[i].node.clone()
                && let Some((field, entity)) = self.group_of(&named)
            {
                self.take(i);
                singular = is_singular(&self.nodes[i].text);
                self.draft.subject = entity;
                ranked = Some(Dimension::Field(field));
            }
        } else if let Some(i) = grain
            && let Node::Time(TimeSense::Grain(grain)) = self.nodes[i].node
        {
            self.take(i);
            singular = is_singular(&self.nodes[i].text);
            ranked = Some(Dimension::Time(grain));
        }
        let mut direction = direction;
        if let Some(stems) = stems {
            let Some((field, turned)) = self.field_by_stems(stems, at) else {
                return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
            };
            if turned {
                direction = match direction {
                    Direction::Ascending => Direction::Descending,
                    Direction::Descending => Direction::Ascending,
                };
            }
            let label = self.label(&field);
            self.draft.measures.retain(
                |m| !matches!(&m.measure, Measure::Aggregate { field: f, .. } if *f == field),
            );
            self.draft.measures.insert(
                0,
                NamedMeasure {
                    name: capitalised(&label),
                    measure: Measure::Aggregate {
                        aggregation: match direction {
                            _ if mean => Aggregation::Average,
                            Direction::Descending => Aggregation::Max,
                            Direction::Ascending => Aggregation::Min,
                        },
                        field,
                    },
                    explicit: true,
                },
            );
        }
        let mut within: Vec<usize> = Vec::new();
        match ranked {
            Some(dimension) => {
                if !per.contains(&dimension) {
                    within = (0..per.len()).collect();
                    self.add_dimension(dimension);
                }
            }
            None if per.is_empty() => {
                // "the steepest discount": an extreme of a field, not a ranking of groups.
                if let Some(measure) = self.draft.measures.first_mut()
                    && let Measure::Aggregate { aggregation, field } = &mut measure.measure
                {
                    *aggregation = if direction == Direction::Descending {
                        Aggregation::Max
                    } else {
                        Aggregation::Min
                    };
                    let label = field.field.replace('_', " ");
                    measure.name = format!("{} {label}", aggregation_word(*aggregation));
                    return Ok(());
                }
                // "when did we first sell to …": the date itself.
                if basis == Some(RankBasis::Time) && self.draft.subject.is_none() {
                    // "latest order" asks for the order, "when was the latest order" for its date.
                    let dated = self.scene.tokens.iter().any(|t| {
                        matches!(
                            t.folded.as_str(),
                            "when" | "date" | "dates" | "day" | "time" | "month" | "year"
                        )
                    });
                    let deed = self.draft.measures.iter().any(|m| {
                        matches!(&m.measure, Measure::Metric(name) if self.model().metric(name)
                            .is_some_and(|m| matches!(m.unit, Unit::Count(_))))
                    });
                    if deed && !dated && self.scene.last.is_none() {
                        return Err(Misfit::Missing("what is ranked"));
                    }
                    return self.time_ranking(direction, at);
                }
                if !growing && !self.draft.refers && !self.draft.continues && n.is_none() {
                    return Err(Misfit::Missing("what to rank"));
                }
            }
            None if self.nodes.iter().any(|x| {
                x.node == Node::Mark(Mark::Ref)
                    && matches!(x.text.as_str(), "ones" | "one" | "the ones")
            }) && self.draft.measures.is_empty() =>
            {
                return Err(Misfit::Missing("what is ranked"));
            }
            None if self.extreme_of_each(at) => {
                // "the largest invoice total in each country": an extreme for each group.
                if let Some(NamedMeasure { name, measure, .. }) = self.draft.measures.first_mut() {
                    let how = match direction {
                        Direction::Descending => Aggregation::Max,
                        Direction::Ascending => Aggregation::Min,
                    };
                    if let Measure::Aggregate { aggregation, field } = measure {
                        *aggregation = how;
                        *name = format!(
                            "{} {}",
                            aggregation_word(how),
                            field.field.replace('_', " ")
                        );
                        return Ok(());
                    }
                }
            }
            None => {
                // "orders by shipper, most first" or "which month … grew most": the last group is ranked.
                if per.len() > 1 {
                    within = (0..per.len() - 1).collect();
                }
                singular =
                    n.is_none() && self.nodes.iter().any(|x| x.node == Node::Mark(Mark::Which));
            }
        }
        let which = self.nodes.iter().any(|x| x.node == Node::Mark(Mark::Which));
        if n.is_none() && (singular || skip > 0) {
            n = Some(1);
        }
        if n.is_none() && which && growing {
            n = Some(1);
        }
        if let Some(basis) = basis {
            match basis {
                RankBasis::Price => self.price_ranking()?,
                RankBasis::Time => self.time_ranking(direction, at)?,
                RankBasis::Growth => self.draft.growth = true,
                RankBasis::Orders
                    if self.draft.measures.is_empty()
                        && ["common", "frequent", "used"]
                            .iter()
                            .any(|w| self.nodes[at].text.contains(w)) =>
                {
                    let measure = self.occurrences()?;
                    self.add_measure(measure);
                    // What is counted is no group of its own.
                    within.retain(|i| i + 1 < self.draft.dimensions.len());
                }
                _ => {
                    if self.draft.measures.is_empty() {
                        let Some(measure) = self.metric_like(basis) else {
                            return Err(Misfit::Missing("a measure for the ranking"));
                        };
                        self.draft.notes.push(format!(
                            "“{}” read as by {}",
                            self.nodes[at].text,
                            measure.name.to_lowercase()
                        ));
                        self.add_measure(measure);
                    }
                }
            }
        }
        if self.take_all(Mark::Rest) {
            self.draft.rank_other = true;
        }
        self.own_extreme(direction);
        self.draft.rank_trails = !per.is_empty() && (0..at).any(|i| self.is(i, Mark::By));
        self.draft.rank = Some(RankDraft {
            direction,
            n,
            skip,
            on: Part::Value,
            per: within,
        });
        Ok(())
    }

    /// Whether a number is a length of time.
    pub(super) fn lasts(&self, measure: &Measure) -> bool {
        match measure {
            Measure::Metric(name) => self
                .model()
                .metric(name)
                .is_some_and(|m| m.unit == Unit::Days),
            Measure::Aggregate { field, .. } => {
                self.model()
                    .field(field)
                    .is_some_and(|f| f.unit == Unit::Days || f.subject == Subject::Duration)
                    || field
                        .field
                        .split('_')
                        .any(|w| matches!(w, "days" | "duration" | "hours" | "minutes"))
            }
            _ => false,
        }
    }

    /// "genres with the longest tracks on average": the genres are ranked, by the mean over their
    /// tracks. What is ranked, and whether by a mean.
    fn mean_of_each(
        &mut self,
        stems: Option<&str>,
        at: usize,
        named: Option<usize>,
    ) -> (Option<usize>, bool) {
        let average = (0..self.nodes.len()).find(|i| {
            !self.used[*i] && self.nodes[*i].node == Node::Aggregation(Aggregation::Average)
        });
        let (Some(stems), Some(average), Some(behind)) =
            (stems, average, named.filter(|n| *n > at))
        else {
            return (named, false);
        };
        let before = (0..at).rev().find(|i| {
            !self.used[*i]
                && matches!(&self.nodes[*i].node, Node::Named(n) if self.group_of(n).is_some())
        });
        let own = match (&self.nodes[behind].node, self.field_by_stems(stems, at)) {
            (Node::Named(Named::Entity(e)), Some((field, _))) => {
                self.model().entities[*e].dataset.as_ref() == Some(&field.dataset)
            }
            _ => false,
        };
        if before.is_none() || !own {
            return (named, false);
        }
        self.take(average);
        self.take(behind);
        (before, true)
    }

    /// "who bought the most Xerox 1952": how many of them.
    fn bought_most(&self, at: usize) -> bool {
        let start = self.nodes[at].start;
        let deed = self.words_between(start.saturating_sub(2), start).any(|w| {
            matches!(
                w,
                "bought"
                    | "ordered"
                    | "purchased"
                    | "buys"
                    | "buy"
                    | "sold"
                    | "sells"
                    | "sell"
                    | "orders"
            )
        });
        let goods = self.nodes.get(at + 1).is_some_and(|n| match &n.node {
            Node::Value(v) => {
                self.adjacent(at, at + 1)
                    && (self.identifies_goods(&v.field)
                        || self.model().field(&v.field).is_some_and(|f| {
                            matches!(
                                f.subject,
                                Subject::Category | Subject::Subcategory | Subject::Brand
                            )
                        }))
            }
            _ => false,
        });
        // "which items sell the fewest": pieces, which money is not.
        let pieces = self.nodes[at].text == "fewest" && self.nodes.get(at + 1).is_none();
        matches!(self.nodes[at].text.as_str(), "most" | "least" | "fewest")
            && deed
            && (goods || pieces)
            && self.draft.measures.is_empty()
    }

    /// Whether a field shows the products themselves.
    fn identifies_goods(&self, field: &FieldRef) -> bool {
        self.model()
            .field(field)
            .is_some_and(|f| f.subject == Subject::Product)
            || self.model().entities.iter().any(|e| {
                e.display == *field && matches!(e.name.as_str(), "product" | "item" | "article")
            })
    }

    /// "10 best sellers", "top 5 lines by quantity": the products, where no other noun is ranked.
    fn goods_ranked(&mut self, at: usize, named: Option<usize>) -> Option<usize> {
        // "best selling toy": what is sold, named by its kind alone.
        let kind = matches!(
            self.nodes[at].node,
            Node::RankBy(RankBasis::Revenue | RankBasis::Units, _)
        ) && matches!(self.nodes.get(at + 1).map(|n| &n.node), Some(Node::Value(v)) if !self.identifies_goods(&v.field))
            && self.adjacent(at, at + 1);
        let sellers = kind
            || self.nodes[at]
                .text
                .split(' ')
                .any(|w| matches!(w, "seller" | "sellers" | "bestseller" | "bestsellers"));
        let lines = (at + 1..self.nodes.len().min(at + 3)).find(|i| {
            self.is(*i, Mark::RowsWord) && !self.used[*i] && self.nodes[*i].text == "lines"
        });
        if named.is_some() || !(sellers || lines.is_some()) {
            return None;
        }
        let model = self.scene.model;
        let goods = model.entities.iter().position(|e| {
            model
                .field(&e.display)
                .is_some_and(|f| f.subject == Subject::Product)
                || matches!(e.name.as_str(), "product" | "item" | "article" | "sku")
        })?;
        if let Some(i) = lines {
            self.take(i);
        }
        Some(goods)
    }

    /// "the latest date the items were shipped", "the first day we sold": the date itself, of the verb
    /// if one says which.
    fn end_of_dates(&mut self, direction: Direction, at: usize) -> bool {
        let date = self.nodes.get(at + 1).is_some_and(|n| {
            matches!(n.node, Node::Time(TimeSense::Grain(Grain::Day)))
                && matches!(n.text.as_str(), "date" | "day")
        }) && self.adjacent(at, at + 1);
        let counted = matches!(
            self.nodes.get(at.wrapping_sub(1)).map(|n| &n.node),
            Some(Node::Number(..))
        ) || self.any(Mark::Count)
            || self.any(Mark::HowMuch);
        let grouped = self
            .draft
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Time(_)));
        if !date || counted || grouped || !self.draft.measures.is_empty() {
            return false;
        }
        let said = self.nodes.iter().find_map(|n| match n.node {
            Node::Verb(base) => {
                let stems = crate::lexicon::english().dates_of(base);
                self.date_named(stems).filter(|_| !stems.is_empty())
            }
            _ => None,
        });
        let Some(field) = said.or_else(|| self.model().default_time.clone()) else {
            return false;
        };
        self.take(at + 1);
        let (aggregation, word) = match direction {
            Direction::Descending => (Aggregation::Max, "Latest"),
            Direction::Ascending => (Aggregation::Min, "Earliest"),
        };
        self.add_measure(NamedMeasure {
            name: format!("{word} {}", self.label(&field)),
            measure: Measure::Aggregate { aggregation, field },
            explicit: true,
        });
        true
    }

    /// "when was our biggest invoice": its day stands beside it.
    pub(super) fn dated_winner(&mut self) {
        let thing = self
            .draft
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Field(_)));
        let asked = self
            .nodes
            .iter()
            .any(|n| n.node == Node::Mark(Mark::Which) && n.text.starts_with("when"));
        if !(asked && thing && self.draft.rank.is_some()) || self.tells_when() {
            return;
        }
        if let Some(field) = self.scene.model.default_time.clone() {
            self.add_dimension(Dimension::TimeOf {
                field,
                grain: Grain::Day,
            });
        }
    }

    /// "what is the highest total price of the orders …": the number itself is asked for, not what has
    /// it.
    fn bare_extreme(&self, at: usize) -> bool {
        let asked = at.checked_sub(1).is_some_and(|i| {
            self.is(i, Mark::Which) && self.nodes[i].text.starts_with("what")
                || self.is(i, Mark::List)
        });
        let number = matches!(
            self.nodes.get(at + 1).map(|n| &n.node),
            Some(Node::Named(Named::Field(f))) if self.model().field(f).is_some_and(|x| x.role == Role::Measure)
        );
        // "the highest price product"
        let noun_follows = self.nodes.get(at + 2).is_some_and(|n| {
            self.adjacent(at + 1, at + 2)
                && matches!(n.node, Node::Named(_) | Node::Time(TimeSense::Grain(_)))
        });
        asked && number && !noun_follows && self.draft.dimensions.is_empty()
    }

    /// Whether the superlative stands right before a column's name, and "in each …" after it.
    fn extreme_of_each(&self, at: usize) -> bool {
        let measure = matches!(
            self.nodes.get(at + 1).map(|n| &n.node),
            Some(Node::Named(Named::Field(f))) if self.model().field(f).is_some_and(|x| x.role == Role::Measure)
        );
        let each = (at + 2..self.nodes.len()).any(|i| {
            self.is(i, Mark::By)
                && matches!(
                    self.nodes[i].text.as_str(),
                    "in each"
                        | "for each"
                        | "per"
                        | "by each"
                        | "of each"
                        | "at each"
                        | "in every"
                        | "for every"
                )
        });
        measure
            && each
            && matches!(
                self.draft.measures[..],
                [NamedMeasure {
                    measure: Measure::Aggregate { .. },
                    ..
                }]
            )
    }

    /// "which sold more, rail or mail": the one of the named values that is ahead.
    fn contest(&mut self) {
        let Some(at) = (0..self.nodes.len())
            .find(|i| !self.used[*i] && matches!(self.nodes[*i].node, Node::Contest(_)))
        else {
            return;
        };
        let Node::Contest(direction) = self.nodes[at].node else {
            return;
        };
        let several = self
            .draft
            .filters
            .iter()
            .position(|b| matches!(&b.filter, Filter::In { values, .. } if values.len() > 1));
        let Some(field) = several.and_then(|i| self.draft.filters[i].field.clone()) else {
            return;
        };
        if self.draft.measures.is_empty()
            && let Some(Node::Named(Named::Entity(e))) =
                self.nodes.get(at + 1).map(|n| n.node.clone())
            && !self.used[at + 1]
        {
            self.take(at + 1);
            let measure = self.count_of_entity(e);
            self.add_measure(measure);
        }
        if !self.any(Mark::Or) {
            return;
        }
        if self.draft.measures.is_empty() {
            // "card or cash: which is bigger?" is about money; "more complaints, A or B" is not.
            let last = self
                .nodes
                .iter()
                .rposition(|n| matches!(n.node, Node::Value(_)));
            let Some(default) = self
                .metric_like(RankBasis::Revenue)
                .filter(|_| last.is_some_and(|v| v < at))
            else {
                return;
            };
            self.draft
                .notes
                .push(format!("measured by {}", default.name.to_lowercase()));
            self.add_measure(default);
        }
        self.take(at);
        self.draft.dimensions.clear();
        self.add_dimension(Dimension::Field(field));
        self.draft.rank = Some(RankDraft {
            direction,
            n: Some(1),
            skip: 0,
            on: Part::Value,
            per: Vec::new(),
        });
    }

    /// "the longest and the shortest tracks", "the highest and lowest price": both ends of one number.
    fn both_extremes(&mut self, at: usize) -> bool {
        let second = (at + 1..self.nodes.len().min(at + 3))
            .find(|i| matches!(self.nodes[*i].node, Node::Rank(_) | Node::Extreme(..)));
        let Some(second) = second.filter(|s| *s == at + 1 || self.is(at + 1, Mark::And)) else {
            return false;
        };
        // "the minimum, maximum and average price" has a third number.
        if self.draft.aggregated {
            return false;
        }
        let field = match (&self.nodes[at].node, &self.nodes[second].node) {
            (Node::Extreme(_, a), Node::Extreme(_, b)) if a == b => {
                self.field_by_stems(a, second).map(|f| f.0)
            }
            (Node::Rank(a), Node::Rank(b)) if a != b => {
                self.draft.measures.first().and_then(|m| match &m.measure {
                    Measure::Aggregate { field, .. } => Some(field.clone()),
                    Measure::Metric(name) => self
                        .number_of(&Named::Metric(name.clone()), None)
                        .and_then(|n| n.field),
                    _ => None,
                })
            }
            _ => None,
        };
        let Some(field) = field else { return false };
        let label = self.label(&field);
        self.draft.measures.clear();
        for how in [Aggregation::Max, Aggregation::Min] {
            self.draft.measures.push(NamedMeasure {
                name: format!("{} {label}", aggregation_word(how)),
                measure: Measure::Aggregate {
                    aggregation: how,
                    field: field.clone(),
                },
                explicit: true,
            });
        }
        for i in at..=second {
            self.used[i] = true;
        }
        // The noun behind them says whose it is.
        if let Some(Node::Named(Named::Entity(e))) = self.nodes.get(second + 1).map(|n| &n.node)
            && self.model().entities[*e].dataset.as_ref() == Some(&field.dataset)
        {
            self.used[second + 1] = true;
        }
        true
    }

    /// "the product with the highest price": the price is the product's own, so its extreme counts
    /// and not the mean over products of one name.
    fn own_extreme(&mut self, direction: Direction) {
        let stated = self
            .nodes
            .iter()
            .any(|n| matches!(n.node, Node::Aggregation(_)));
        let Some(home) = self
            .draft
            .subject
            .and_then(|s| self.scene.model.entities[s].dataset.clone())
        else {
            return;
        };
        if let Some(NamedMeasure {
            name,
            measure: Measure::Aggregate { aggregation, field },
            ..
        }) = self.draft.measures.first_mut()
            && *aggregation == Aggregation::Average
            && field.dataset == home
            && !stated
        {
            *aggregation = match direction {
                Direction::Descending => Aggregation::Max,
                Direction::Ascending => Aggregation::Min,
            };
            *name = capitalised(name.trim_start_matches("Average "));
        }
    }

    /// "the most common genre in all tracks": how many of the other thing there are, or how many
    /// rows hold the value.
    fn occurrences(&mut self) -> Result<NamedMeasure, Misfit> {
        let subject = self.draft.subject;
        let other = (0..self.nodes.len()).find_map(|i| match &self.nodes[i].node {
            // "in each mall" groups, and counts nothing.
            Node::Named(Named::Entity(e))
                if Some(*e) != subject
                    && !i.checked_sub(1).is_some_and(|b| {
                        self.is(b, Mark::By) && !self.nodes[b].text.starts_with("across")
                    }) =>
            {
                Some((i, *e))
            }
            _ => None,
        });
        if let Some((i, entity)) = other {
            self.take(i);
            self.draft.dimensions.retain(|d| {
                *d != Dimension::Field(self.scene.model.entities[entity].display.clone())
            });
            return Ok(self.count_of_entity(entity));
        }
        let Some(Dimension::Field(field)) = self.draft.dimensions.last() else {
            return Err(Misfit::Missing("what is counted"));
        };
        let own_rows = subject
            .and_then(|s| self.model().entities[s].dataset.as_ref())
            .is_some_and(|d| *d == field.dataset);
        if own_rows {
            return self
                .metric_like(RankBasis::Orders)
                .ok_or(Misfit::Missing("a measure for the ranking"));
        }
        let noun = self
            .model()
            .dataset(&field.dataset)
            .map_or_else(|| "row".to_string(), |d| d.entity.clone());
        Ok(NamedMeasure {
            name: capitalised(&plural(&noun)),
            measure: Measure::Rows(field.dataset.clone()),
            explicit: true,
        })
    }

    /// "the latest order", "the newest products": by the date of the thing that is ranked.
    fn time_ranking(&mut self, direction: Direction, at: usize) -> Result<(), Misfit> {
        let model = self.scene.model;
        let home = self
            .draft
            .subject
            .and_then(|s| model.entities[s].dataset.as_ref())
            .and_then(|d| model.dataset(d));
        // "the employee who was hired last": the verb says which date.
        let said = self.nodes.iter().find_map(|n| match n.node {
            Node::Verb(base) => {
                let stems = crate::lexicon::english().dates_of(base);
                self.date_named(stems)
                    .filter(|f| !stems.is_empty() && home.is_some_and(|d| d.name == f.dataset))
            }
            _ => None,
        });
        let own = said.or_else(|| {
            home.and_then(|d| {
                let time = d.event_time.clone().or_else(|| {
                    d.fields
                        .iter()
                        .find(|f| f.data_type.is_temporal())
                        .map(|f| f.name.clone())
                })?;
                Some(FieldRef::new(&d.name, time))
            })
        });
        let Some(field) = own.or_else(|| {
            (home.is_none_or(|d| !d.is_fact))
                .then(|| model.default_time.clone())
                .flatten()
        }) else {
            return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
        };
        let aggregation = match direction {
            Direction::Descending => Aggregation::Max,
            Direction::Ascending => Aggregation::Min,
        };
        let word = if direction == Direction::Descending {
            "Latest"
        } else {
            "Earliest"
        };
        let name = format!("{word} {}", self.label(&field));
        self.draft.measures.clear();
        self.add_measure(NamedMeasure {
            name,
            measure: Measure::Aggregate { aggregation, field },
            explicit: true,
        });
        Ok(())
    }

    /// "priciest products": by the price field of the entity's own table, or the average price paid.
    pub(super) fn price_ranking(&mut self) -> Result<(), Misfit> {
        let model = self.model();
        let home = self
            .draft
            .subject
            .and_then(|s| model.entities[s].dataset.clone());
        let field = model
            .datasets
            .iter()
            .filter(|d| home.as_ref().is_none_or(|h| *h == d.name))
            .flat_map(|d| d.fields.iter().map(move |f| (d, f)))
            .find(|(_, f)| matches!(f.subject, Subject::ListPrice | Subject::UnitPrice))
            .map(|(d, f)| (FieldRef::new(&d.name, &f.name), f.label.clone()))
            // The price may stand in a table that pairs the thing with who makes it.
            .or_else(|| {
                let home = home.as_ref()?;
                model
                    .relationships
                    .iter()
                    .filter(|r| r.to == *home)
                    .filter_map(|r| model.dataset(&r.from))
                    .flat_map(|d| d.fields.iter().map(move |f| (d, f)))
                    .find(|(_, f)| matches!(f.subject, Subject::ListPrice | Subject::UnitPrice))
                    .map(|(d, f)| (FieldRef::new(&d.name, &f.name), f.label.clone()))
            });
        let Some((field, label)) = field else {
            return Err(Misfit::Missing("a price"));
        };
        self.add_measure(NamedMeasure {
            name: label,
            measure: Measure::Aggregate {
                aggregation: Aggregation::Max,
                field,
            },
            explicit: true,
        });
        Ok(())
    }
}
