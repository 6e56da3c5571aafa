//! Running totals, and the words that no other pass has taken.

use super::*;

impl Reader<'_> {
    pub(super) fn running(&mut self) {
        if self.take_all(Mark::Cumulative) {
            self.draft.cumulative = true;
        }
        if self.take_all(Mark::Rolling) && self.draft.rolling.is_none() {
            self.draft.rolling = Some(3);
        }
    }

    /// "list the orders that …" asks for orders, and a number of them is no list.
    fn listed_counts(&self) -> Result<(), Misfit> {
        let listed = self.is(0, Mark::List) && self.nodes[0].text.starts_with("list");
        let Some(measure) = self.draft.measures.first() else {
            return Ok(());
        };
        // "list all orders for … with date and sales": the orders are what is listed.
        let head = (1..self.nodes.len())
            .find(|i| !matches!(self.nodes[*i].node, Node::Mark(Mark::All) | Node::Value(_)))
            .is_some_and(|i| {
                matches!(&self.nodes[i].node, Node::Named(Named::Metric(m))
                    if measure.measure == Measure::Metric(m.clone()) && !is_singular(&self.nodes[i].text))
            });
        let counted = match &measure.measure {
            Measure::Rows(_) => true,
            Measure::Metric(name) => self
                .model()
                .metric(name)
                .is_some_and(|m| matches!(m.unit, Unit::Count(_))),
            _ => false,
        };
        let bare = self.draft.dimensions.is_empty()
            && self.draft.fields.is_empty()
            && self.draft.rows.is_none()
            && !self.any(Mark::Count);
        let bare = bare && self.draft.measures.len() == 1
            || head && !self.any(Mark::Count) && !self.any(Mark::By);
        if listed && counted && bare && self.scene.last.is_none() {
            return Err(Misfit::Unsupported(self.nodes[0].text.clone()));
        }
        Ok(())
    }

    /// "shops that have closed": a date that not every row has, told as something that happened.
    fn happened(&self, at: usize, field: &FieldRef) -> bool {
        let start = self.nodes[at].start;
        let told = self.nodes[at].text.ends_with("ed")
            && self.words_between(start.saturating_sub(2), start).any(|w| {
                matches!(
                    w,
                    "have" | "has" | "had" | "been" | "were" | "that" | "which"
                )
            });
        told && self
            .model()
            .field(field)
            .is_some_and(|f| f.nulls.is_some_and(|n| n > 0))
    }

    /// Whether the rows of a thing are what a filter is on.
    fn filtered_table(&self, named: &Named) -> bool {
        let Named::Entity(entity) = named else {
            return false;
        };
        let home = self.model().entities[*entity].dataset.as_ref();
        home.is_some()
            && self
                .draft
                .filters
                .iter()
                .filter_map(|b| b.field.as_ref())
                .any(|f| home == Some(&f.dataset))
    }

    /// "how much did we pay our suppliers", "what did we spend on …": money that went out is no takings.
    fn money_out(&self) -> Result<(), Misfit> {
        let out = self.scene.tokens.windows(2).find(|w| {
            w[0].folded == "we"
                && matches!(
                    w[1].folded.as_str(),
                    "pay" | "paid" | "spend" | "spent" | "owe" | "owed"
                )
        });
        let takings = self.draft.measures.iter().any(|m| {
            matches!(&m.measure, Measure::Metric(name) if Some(name) == self.model().default_metric.as_ref())
        });
        match out {
            Some(w) if takings => Err(Misfit::Unsupported(w[1].text.clone())),
            _ => Ok(()),
        }
    }

    /// Whether a noun only says what the measure is about anyway.
    fn scopes(&self, named: &Named) -> bool {
        let Named::Entity(entity) = named else {
            return false;
        };
        let entity = &self.model().entities[*entity];
        let homes: Vec<String> = self
            .draft
            .measures
            .iter()
            .flat_map(|m| query::home_datasets(self.model(), &m.measure))
            .collect();
        let filtered = self
            .draft
            .filters
            .iter()
            .filter_map(|b| b.field.as_ref())
            .any(|f| f.dataset == entity.key.dataset || *f == entity.key);
        filtered
            || homes.iter().any(|h| {
                *h == entity.key.dataset || query::reachable(self.model(), h, &entity.key).is_ok()
            })
    }

    /// "tracks per media type": things named before "per" are counted.
    fn per_group(&self, at: usize, entity: usize) -> bool {
        self.model().entities[entity].dataset.is_some()
            && !is_singular(&self.nodes[at].text)
            && (at + 1..self.nodes.len()).any(|i| {
                self.is(i, Mark::By)
                    && matches!(
                        self.nodes[i].text.as_str(),
                        "per" | "by" | "for each" | "in each" | "per each" | "by each" | "in every"
                    )
            })
    }

    /// "the type codes of products": the noun after "of" says whose, if a field of its own table is
    /// grouped by already.
    fn possessor(&self, at: usize, field: &FieldRef) -> bool {
        self.after_of(at)
            && self.draft.dimensions.iter().any(
                |d| matches!(d, Dimension::Field(f) if f.dataset == field.dataset && f != field),
            )
    }

    /// Whether "of" leads to the node, but for articles between.
    pub(super) fn after_of(&self, at: usize) -> bool {
        let mut t = self.nodes[at].start;
        while t > 0 {
            let before = t - 1;
            let word = self.scene.tokens[before].folded.as_str();
            let value = self
                .nodes
                .iter()
                .any(|n| matches!(n.node, Node::Value(_)) && n.start <= before && before < n.end);
            if value || matches!(word, "the" | "all" | "our" | "a" | "an" | "\"" | "'") {
                t = before;
                continue;
            }
            return matches!(word, "of" | "for" | "across" | "among");
        }
        false
    }

    /// Whether the answer will hold a date or a time.
    pub(super) fn tells_when(&self) -> bool {
        let temporal = |f: &FieldRef| {
            self.model()
                .field(f)
                .is_some_and(|x| x.data_type.is_temporal())
        };
        self.draft.fields.iter().any(temporal)
            || self.draft.dimensions.iter().any(|d| match d {
                Dimension::Time(_) | Dimension::TimeOf { .. } => true,
                Dimension::Field(f) => temporal(f),
                Dimension::Bucket { .. }
                | Dimension::NewOrReturning { .. }
                | Dimension::Band { .. } => false,
            })
            || self
                .draft
                .measures
                .iter()
                .any(|m| matches!(&m.measure, Measure::Aggregate { field, .. } if temporal(field)))
    }

    /// Whether a word stands at the front of a sentence or of a part joined by "and".
    pub(super) fn begins_sentence(&self, at: usize) -> bool {
        let start = self.nodes[at].start;
        start <= 2
            || self.words_between(start - 1, start).any(|w| {
                matches!(
                    w,
                    "?" | "." | ";" | "," | ":" | "!" | "and" | "then" | "please"
                )
            })
    }

    /// A question for a total or an average is not answered by a list.
    pub(super) fn nothing_summed(&self) -> Result<(), Misfit> {
        let listed = self.draft.measures.is_empty()
            && self.draft.share.is_none()
            && !self.draft.counted
            && self.scene.last.is_none()
            && !(self.draft.fields.is_empty() && self.draft.dimensions.is_empty());
        let dropped = self.scene.tokens.iter().enumerate().find(|(i, t)| {
            matches!(
                t.folded.as_str(),
                "total" | "totals" | "average" | "avg" | "mean" | "sum"
            ) && !self.nodes.iter().any(|n| (n.start..n.end).contains(i))
        });
        match dropped {
            Some((_, token)) if listed => Err(Misfit::Unused(token.text.clone())),
            _ => Ok(()),
        }
    }

    /// Whether nothing stands before a node in its sentence.
    pub(super) fn opens(&self, at: usize) -> bool {
        let start = self.nodes[at].start;
        start == 0
            || self
                .words_between(start - 1, start)
                .any(|w| matches!(w, "?" | "." | ";" | ":" | "!"))
    }

    /// Whether rows of the entity are events with a date (returns, reviews): they are counted.
    fn is_happening(&self, entity: usize) -> bool {
        self.model().entities[entity]
            .dataset
            .as_ref()
            .and_then(|d| self.model().dataset(d))
            .is_some_and(|d| d.is_fact && d.event_time.is_some())
    }

    /// Whether a field can say of which rows the numbers are.
    fn reached(&self, field: &FieldRef) -> bool {
        let homes: Vec<String> = self
            .draft
            .measures
            .iter()
            .flat_map(|m| query::home_datasets(self.model(), &m.measure))
            .collect();
        homes.is_empty()
            || homes.iter().any(|home| {
                *home == field.dataset || query::reachable(self.model(), home, field).is_ok()
            })
            || self.model().relationships.iter().any(|r| {
                r.from == field.dataset && homes.contains(&r.to) && !self.is_fact(&field.dataset)
            })
    }

    fn is_fact(&self, dataset: &str) -> bool {
        self.model().dataset(dataset).is_some_and(|d| d.is_fact)
    }

    /// "revenue trend", "sales over time": a series needs its grain; by month if nothing says.
    fn over_time(&mut self) {
        let trend = self.nodes.iter().any(|n| {
            n.node == Node::Mark(Mark::Trend)
                && matches!(
                    n.text.as_str(),
                    "trend"
                        | "trends"
                        | "trending"
                        | "trended"
                        | "over time"
                        | "timeline"
                        | "time series"
                        | "evolution"
                        | "progression"
                        | "history"
                )
        });
        let dated = self
            .draft
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Time(_) | Dimension::TimeOf { .. }));
        if !trend
            || dated
            || self.draft.rank.is_some()
            || self.draft.compare.is_some()
            || self.scene.model.default_time.is_none()
        {
            return;
        }
        let days = self
            .draft
            .period
            .as_ref()
            .and_then(|p| p.start.zip(p.end))
            .map_or(400, |(s, e)| (e - s).get_days());
        let grain = match days {
            ..=45 => Grain::Day,
            46..=120 => Grain::Week,
            _ => Grain::Month,
        };
        self.draft
            .notes
            .push(format!("by {}", crate::time::grain_noun(grain)));
        self.draft.dimensions.insert(0, Dimension::Time(grain));
    }

    pub(super) fn leftovers(&mut self) -> Result<(), Misfit> {
        let listing = self.any(Mark::List) || self.any(Mark::Which) || self.any(Mark::All);
        let on_rows = self.any(Mark::RowsWord);
        for at in 0..self.nodes.len() {
            if self.used[at] {
                continue;
            }
            match self.nodes[at].node.clone() {
                Node::Time(TimeSense::Grain(grain)) => {
                    self.take(at);
                    self.add_dimension(Dimension::Time(grain));
                }
                Node::Named(named) => {
                    let Some((field, entity)) = self.group_of(&named) else {
                        continue;
                    };
                    self.take(at);
                    let time = self
                        .model()
                        .field(&field)
                        .is_some_and(|f| f.data_type.is_temporal());
                    let described = self.is(at + 1, Mark::Relative)
                        && self
                            .words_between(self.nodes[at].end, self.nodes[at].end + 1)
                            .any(|w| matches!(w, "who" | "that" | "whose"));
                    if !self.draft.measures.is_empty() && self.possessor(at, &field) {
                        continue;
                    }
                    if let Some(e) = entity
                        && self.draft.measures.is_empty()
                        && !listing
                        && !described
                        && self.draft.subject.is_none()
                        && (!self.draft.dimensions.is_empty()
                            || self.draft.period.is_some()
                            || !self.draft.filters.is_empty())
                        && (self.is_transactional(e)
                            || self.per_group(at, e)
                            || self.is_happening(e))
                    {
                        // "orders by weekday": the entity is what is counted.
                        let measure = self.count_of_entity(e);
                        self.draft.counted = true;
                        self.draft.subject = Some(e);
                        self.add_measure(measure);
                    } else if self.draft.measures.is_empty()
                        && !self.draft.dimensions.is_empty()
                        && entity.is_some()
                        && !self.asked_for(at)
                        && !at.checked_sub(1).is_some_and(|b| self.is(b, Mark::And))
                        && self.filtered_table(&named)
                    {
                        // "albums that contain tracks priced over 1": the filter speaks of them.
                        self.draft.penalty += 0.1;
                    } else if time {
                        if self.happened(at, &field) {
                            self.draft.filters.push(Bound {
                                words: format!("with a {}", self.label(&field)),
                                filter: Filter::Not(Box::new(Filter::IsNull {
                                    field: field.clone(),
                                })),
                                field: Some(field.clone()),
                                numerator: false,
                            });
                        }
                        self.draft.fields.push(field);
                    } else if !self.draft.measures.is_empty()
                        && !self.asked_for(at)
                        && !(self.draft.dimensions.is_empty()
                            && (!self.draft.having.is_empty()
                                || self.draft.share.is_some()
                                || self.any(Mark::RankVerb)))
                    {
                        // A field that finds no place is not passed over; a thing that every row of the
                        // measure belongs to is.
                        if !self.scopes(&named) {
                            self.used[at] = false;
                            continue;
                        }
                        // "orders placed by German customers": the noun says whose, not by whom to group.
                        // What the numbers do not reach is no part of their scope.
                        let start = self.nodes[at].start;
                        let each = self
                            .words_between(start.saturating_sub(1), start)
                            .any(|w| matches!(w, "each" | "every" | "per"));
                        if each || !self.reached(&field) {
                            return Err(Misfit::Unused(self.nodes[at].text.clone()));
                        }
                        self.draft.penalty += 0.2;
                        self.draft.scoped += 1;
                    } else {
                        // "the average price of all tracks" asks for one number rather than for many.
                        if self.draft.aggregated && self.after_of(at) && !self.draft.counted {
                            self.draft.penalty += 1.4;
                        }
                        if self.draft.subject.is_none() {
                            self.draft.subject = entity;
                        }
                        self.draft.fields.push(field.clone());
                        self.add_dimension(Dimension::Field(field));
                    }
                }
                Node::Mark(Mark::List)
                    if matches!(
                        self.nodes[at].text.as_str(),
                        "return" | "state" | "report" | "present" | "need" | "want" | "slice"
                    ) && !self.begins_sentence(at) =>
                {
                    return Err(Misfit::Unused(self.nodes[at].text.clone()));
                }
                Node::Mark(
                    Mark::Which
                    | Mark::List
                    | Mark::All
                    | Mark::Relative
                    | Mark::Among
                    | Mark::And
                    | Mark::Trend
                    | Mark::Distinct
                    | Mark::RowsWord
                    | Mark::Over
                    | Mark::From
                    | Mark::To
                    | Mark::But
                    | Mark::Worth,
                ) => self.take(at),
                Node::Mark(Mark::Count) if !self.draft.measures.is_empty() => self.take(at),
                // "margin in percent", "revenue in dollars"
                Node::Mark(Mark::Pct)
                    if self
                        .draft
                        .measures
                        .iter()
                        .any(|m| self.is_fraction(&m.measure)) =>
                {
                    self.take(at)
                }
                Node::Mark(Mark::Absolute) if !self.draft.measures.is_empty() => self.take(at),
                Node::Mark(Mark::Ref) => self.take(at),
                Node::Aggregation(Aggregation::Sum) => {
                    self.take(at);
                    // "just the total", "profit overall": without the groups of the last answer.
                    let alone = self.draft.measures.is_empty() && self.draft.dimensions.is_empty();
                    let all_told = matches!(
                        self.nodes[at].text.as_str(),
                        "in total" | "overall" | "altogether" | "all told" | "in all" | "combined"
                    );
                    self.draft.edits.total = self.scene.last.is_some()
                        && self.draft.dimensions.is_empty()
                        && (alone || all_told);
                }
                Node::Aggregation(Aggregation::Average) if self.draft.rolling.is_some() => {
                    self.take(at)
                }
                Node::Aggregation(how @ (Aggregation::Average | Aggregation::Median)) => {
                    // "orders per customer, on average": the average is in the measure already, if it is a ratio.
                    let ratio = self
                        .draft
                        .measures
                        .first()
                        .is_some_and(|m| match &m.measure {
                            Measure::Metric(name) => self
                                .model()
                                .metric(name)
                                .is_some_and(|m| matches!(m.kind, MetricKind::Ratio { .. })),
                            Measure::Ratio { .. } | Measure::PerGroup { .. } => true,
                            Measure::Aggregate { aggregation, .. } => *aggregation == how,
                            _ => false,
                        });
                    if ratio && how == Aggregation::Average {
                        self.take(at);
                    } else if let Some(NamedMeasure {
                        measure: Measure::Aggregate { aggregation, .. },
                        name,
                        ..
                    }) = self.draft.measures.first_mut()
                        && matches!(aggregation, Aggregation::Sum | Aggregation::Average)
                    {
                        *aggregation = how;
                        *name = format!(
                            "{} {}",
                            aggregation_word(how),
                            name.split_once(' ').map_or("", |x| x.1)
                        );
                        self.take(at);
                    }
                }
                Node::Rank(direction)
                    if self
                        .draft
                        .rank
                        .as_ref()
                        .is_some_and(|r| r.direction == direction) =>
                {
                    self.take(at)
                }
                Node::Mark(Mark::EveryPeriod) => {
                    return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
                }
                _ => {}
            }
        }
        if let Some(at) = (0..self.nodes.len())
            .find(|i| !self.used[*i] && matches!(self.nodes[*i].node, Node::Contest(_)))
            && self.nodes[at].text == "better"
        {
            return Err(Misfit::Missing("what is better"));
        }
        self.listed_counts()?;
        self.money_out()?;
        self.over_time();
        if self.draft.when && !self.tells_when() {
            return Err(Misfit::Missing("which date is meant"));
        }
        if (self.take_all(Mark::Compare) | self.take_all(Mark::Versus))
            && self.draft.compare.is_none()
            && self.draft.edits.drop.is_empty()
        {
            return Err(Misfit::Missing("what is compared with what"));
        }
        if let Some(at) = (0..self.nodes.len()).find(|i| !self.used[*i]) {
            return Err(Misfit::Unused(self.nodes[at].text.clone()));
        }
        if on_rows && self.draft.rows.is_none() && self.draft.measures.is_empty() {
            self.draft.rows = self
                .model()
                .datasets
                .iter()
                .find(|d| d.is_fact)
                .map(|d| d.name.clone());
        }
        Ok(())
    }
}
