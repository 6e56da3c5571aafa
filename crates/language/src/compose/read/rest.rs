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

    /// Whether the answer will hold a date or a time.
    fn tells_when(&self) -> bool {
        let temporal = |f: &FieldRef| {
            self.model()
                .field(f)
                .is_some_and(|x| x.data_type.is_temporal())
        };
        self.draft.fields.iter().any(temporal)
            || self.draft.dimensions.iter().any(|d| match d {
                Dimension::Time(_) | Dimension::TimeOf { .. } => true,
                Dimension::Field(f) => temporal(f),
                Dimension::Bucket { .. } => false,
            })
            || self
                .draft
                .measures
                .iter()
                .any(|m| matches!(&m.measure, Measure::Aggregate { field, .. } if temporal(field)))
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
                    if let Some(e) = entity
                        && self.draft.measures.is_empty()
                        && !listing
                        && !described
                        && self.draft.subject.is_none()
                        && (!self.draft.dimensions.is_empty()
                            || self.draft.period.is_some()
                            || !self.draft.filters.is_empty())
                        && self.is_transactional(e)
                    {
                        // "orders by weekday": the entity is what is counted.
                        let measure = self.count_of_entity(e);
                        self.draft.counted = true;
                        self.draft.subject = Some(e);
                        self.add_measure(measure);
                    } else if time {
                        self.draft.fields.push(field);
                    } else if !self.draft.measures.is_empty()
                        && !self.asked_for(at)
                        && !(self.draft.dimensions.is_empty()
                            && (!self.draft.having.is_empty()
                                || self.draft.share.is_some()
                                || self.any(Mark::RankVerb)))
                    {
                        // "orders placed by German customers": the noun says whose, not by whom to group.
                        self.draft.penalty += 0.2;
                    } else {
                        if self.draft.subject.is_none() {
                            self.draft.subject = entity;
                        }
                        self.draft.fields.push(field.clone());
                        self.add_dimension(Dimension::Field(field));
                    }
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
                Node::Aggregation(Aggregation::Sum) => self.take(at),
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
                        && *aggregation != Aggregation::CountDistinct
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
        if self.draft.when && !self.tells_when() {
            return Err(Misfit::Missing("which date is meant"));
        }
        if self.take_all(Mark::Compare) | self.take_all(Mark::Versus) {
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
