//! Shares of a total.

use super::*;

impl Reader<'_> {
    pub(super) fn shares(&mut self) -> Result<(), Misfit> {
        self.signs();
        let Some(share) = self.find(Mark::Share) else {
            // "orders that came from …" is no share.
            self.take_all(Mark::MakeUp);
            return Ok(());
        };
        // "the ratio of men to women" sets one against the other.
        if self.nodes[share].text.starts_with("ratio") && self.any(Mark::To) {
            return Err(Misfit::Unsupported(self.nodes[share].text.clone()));
        }
        let changing = self
            .nodes
            .iter()
            .any(|n| matches!(n.node, Node::Change(_) | Node::Period(_)));
        // "the revenue share of Indonesia in 1995 and 1996" compares shares.
        let named_share = self.nodes[share].text.contains("share")
            && self.draft.filters.iter().any(|f| f.numerator)
            && self.draft.compare.is_some();
        if (changing || self.draft.compare.is_some()) && !named_share {
            // "by what percentage did … grow"
            for i in 0..self.nodes.len() {
                if self.is(i, Mark::Share) {
                    self.used[i] = true;
                    self.nodes[i].node = Node::Mark(Mark::Pct);
                }
            }
            return Ok(());
        }
        self.share_of_entity(share);
        let ratio_metric = self
            .draft
            .measures
            .iter()
            .any(|m| self.is_fraction(&m.measure));
        let numerators = self.draft.filters.iter().any(|f| f.numerator);
        let share_text: Vec<usize> = (0..self.nodes.len())
            .filter(|i| self.is(*i, Mark::Share))
            .collect();
        if ratio_metric {
            // "margin %": the measure is a percentage already.
            let sign = |t: &str| {
                matches!(
                    t,
                    "%" | "percent" | "pct" | "percentage" | "in percent" | "rate"
                )
            };
            if !sign(&self.nodes[share].text)
                && !self
                    .draft
                    .measures
                    .iter()
                    .all(|m| self.is_fraction(&m.measure))
            {
                return Err(Misfit::Unsupported(self.nodes[share].text.clone()));
            }
            for i in share_text {
                self.used[i] = true;
            }
            return Ok(());
        }
        if !numerators && self.rate_of_part() {
            self.take_all(Mark::Share);
            return Ok(());
        }
        self.take_all(Mark::Share);
        self.take_all(Mark::MakeUp);
        if numerators && self.draft.measures.is_empty() {
            self.count_of_what_is_spoken_of();
        }
        if numerators && self.draft.measures.is_empty() {
            let after = self.nodes[share].end;
            if let Some(measure) = self.deeds_counted(after) {
                self.add_measure(measure);
            }
        }
        if numerators && self.draft.measures.is_empty() {
            self.rows_of_the_part();
        }
        self.within_parent();
        self.draft.share = Some(if numerators {
            ShareDraft::Part
        } else {
            ShareDraft::Groups(Vec::new())
        });
        Ok(())
    }

    /// "discount %": the sign of a field that is a percentage.
    fn signs(&mut self) {
        self.profit_rates();
        for at in 1..self.nodes.len() {
            let sign = matches!(self.nodes[at].text.as_str(), "%" | "pct" | "percent")
                && !self.used[at]
                && self.adjacent(at - 1, at);
            let fraction = match &self.nodes[at - 1].node {
                Node::Named(Named::Field(f)) => self.model().field(f).is_some_and(|x| {
                    x.unit == Unit::Fraction
                        || ["pct", "percent", "percentage"]
                            .iter()
                            .any(|w| x.name.split('_').any(|p| p == *w))
                }),
                Node::Named(Named::Metric(m)) => self
                    .model()
                    .metric(m)
                    .is_some_and(|x| x.unit == Unit::Fraction),
                _ => false,
            };
            if sign && fraction {
                self.take(at);
            }
        }
    }

    /// "percentage of late orders by shipper": the rate that the model has for such a part.
    fn rate_of_part(&mut self) -> bool {
        let [
            NamedMeasure {
                measure: Measure::Metric(name),
                ..
            },
        ] = &self.draft.measures[..]
        else {
            return false;
        };
        let part = matches!(
            self.model().metric(name).map(|m| &m.kind),
            Some(MetricKind::Simple {
                filter: Some(_),
                aggregation: Aggregation::Count | Aggregation::CountDistinct,
                ..
            })
        );
        let rate = self
            .model()
            .metrics
            .iter()
            .find(|m| {
                matches!(&m.kind, MetricKind::Ratio { numerator, .. } if numerator == name)
                    && m.unit == Unit::Fraction
            })
            .map(|m| (m.name.clone(), m.label.clone()));
        let Some((rate, label)) = rate.filter(|_| part) else {
            return false;
        };
        self.draft.measures = vec![NamedMeasure {
            name: label,
            measure: Measure::Metric(rate),
            explicit: true,
        }];
        true
    }

    /// "GP%", "profit % by department": profit over sales, where the model has it.
    fn profit_rates(&mut self) {
        for at in 1..self.nodes.len() {
            let sign = matches!(
                self.nodes[at].text.as_str(),
                "%" | "pct" | "percent" | "percentage"
            ) && self.adjacent(at - 1, at)
                && !self.used[at];
            let profit = matches!(&self.nodes[at - 1].node, Node::Named(Named::Metric(name))
                if matches!(name.as_str(), "profit" | "gross_profit" | "margin_amount"));
            let rate = ["margin", "gross_margin", "profit_margin"]
                .iter()
                .filter_map(|m| self.model().metric(m))
                .find(|m| m.unit == Unit::Fraction)
                .map(|m| (m.name.clone(), m.label.clone()));
            let Some((name, label)) = rate.filter(|_| sign && profit) else {
                continue;
            };
            let Node::Named(Named::Metric(money)) = self.nodes[at - 1].node.clone() else {
                continue;
            };
            self.take(at);
            self.draft
                .measures
                .retain(|m| m.measure != Measure::Metric(money.clone()));
            self.add_measure(NamedMeasure {
                name: label,
                measure: Measure::Metric(name),
                explicit: true,
            });
        }
    }

    /// "among all customers, what percentage is German": a part of the things that are spoken of,
    /// where no measure is.
    fn count_of_what_is_spoken_of(&mut self) {
        let valued: Vec<&FieldRef> = self
            .draft
            .filters
            .iter()
            .filter_map(|b| b.field.as_ref())
            .collect();
        let found = (0..self.nodes.len()).find_map(|i| match self.nodes[i].node {
            Node::Named(Named::Entity(e)) if !self.used[i] => {
                let entity = &self.scene.model.entities[e];
                let grouped = i.checked_sub(1).is_some_and(|b| self.is(b, Mark::By));
                (!grouped
                    && !is_singular(&self.nodes[i].text)
                    && !valued.contains(&&entity.display))
                .then_some(e)
            }
            _ => None,
        });
        let Some(entity) = found else { return };
        for i in 0..self.nodes.len() {
            if self.nodes[i].node == Node::Named(Named::Entity(entity)) {
                self.used[i] = true;
            }
        }
        self.draft.subject = Some(entity);
        let measure = self.count_of_entity(entity);
        self.add_measure(measure);
    }

    /// "percentage of the household segment": rows of the table that knows of it, if those are things
    /// and no sales.
    fn rows_of_the_part(&mut self) {
        let home = self
            .draft
            .filters
            .iter()
            .filter(|f| f.numerator)
            .find_map(|f| f.field.as_ref())
            .and_then(|f| self.model().dataset(&f.dataset))
            .filter(|d| !d.is_fact && !d.entity.is_empty())
            .map(|d| (d.name.clone(), d.entity.clone()));
        if let Some((dataset, noun)) = home {
            self.draft
                .notes
                .push(format!("counted in {}", plural(&noun)));
            self.add_measure(NamedMeasure {
                name: capitalised(&plural(&noun)),
                measure: Measure::Rows(dataset),
                explicit: true,
            });
        }
    }

    /// "of the region's sales", "of its category": the whole is the parent group, which is shown too.
    fn within_parent(&mut self) {
        for at in 0..self.nodes.len() {
            let Node::Named(named) = self.nodes[at].node.clone() else {
                continue;
            };
            let Some((field, _)) = self.group_of(&named) else {
                continue;
            };
            let (start, end) = (self.nodes[at].start, self.nodes[at].end);
            let leads: Vec<&str> = self.words_between(start.saturating_sub(2), start).collect();
            let owned = matches!(
                leads[..],
                ["of" | "in" | "within", "the" | "its" | "their" | "each"] | [_, "within"]
            );
            let measured = self.nodes.get(at + 1).is_some_and(|n| {
                n.start == end
                    && matches!(&n.node, Node::Named(x) if self.number_of(x, None).is_some())
            });
            let its = matches!(leads.last(), Some(&"its") | Some(&"their"));
            let others = (0..self.nodes.len()).any(|i| {
                i != at && matches!(&self.nodes[i].node, Node::Named(n) if self.group_of(n).is_some_and(|g| g.0 != field))
            });
            if self.is(at.wrapping_sub(1), Mark::By) || !owned || !(measured || its) || !others {
                continue;
            }
            self.take(at);
            let parent = Dimension::Field(field);
            self.draft.dimensions.retain(|d| *d != parent);
            self.draft.dimensions.insert(0, parent);
            for i in 0..self.nodes.len() {
                if self.is(i, Mark::Ref) && matches!(self.nodes[i].text.as_str(), "its" | "their") {
                    self.used[i] = true;
                }
            }
            self.draft.refers = false;
        }
    }

    /// "percentage of suppliers in Germany", "what share of customers from France is in furniture":
    /// the entity is counted; values after the verb are the part, those before it the whole.
    fn share_of_entity(&mut self, share: usize) {
        let mut next = share + 1;
        // "of female shoppers": the value before the noun says of whom the part is taken.
        let mut described: Vec<FieldRef> = Vec::new();
        while let Some(node) = self.nodes.get(next).map(|n| &n.node) {
            match node {
                Node::Mark(Mark::Among | Mark::All | Mark::Count) => {}
                Node::Value(v) => described.push(v.field.clone()),
                _ => break,
            }
            next += 1;
        }
        let parts = self
            .draft
            .filters
            .iter()
            .filter(|f| f.numerator && f.field.as_ref().is_none_or(|x| !described.contains(x)))
            .count();
        let whole_first = !described.is_empty() && parts > 0;
        if !described.is_empty() && !whole_first {
            return;
        }
        let entity = match self.nodes.get(next).map(|n| &n.node) {
            Some(Node::Named(Named::Entity(entity))) => *entity,
            // "orders" may be named as a number.
            Some(Node::Named(Named::Metric(name))) => {
                let noun = match self.model().metric(name).map(|m| &m.unit) {
                    Some(Unit::Count(noun)) => noun.clone(),
                    _ => return,
                };
                match self
                    .model()
                    .entities
                    .iter()
                    .position(|e| plural(&e.name) == noun)
                {
                    Some(entity) => entity,
                    None => return,
                }
            }
            _ => return,
        };
        let limited = self
            .nodes
            .iter()
            .any(|n| matches!(n.node, Node::Times(_) | Node::Threshold(..)));
        let named_number = matches!(self.nodes[next].node, Node::Named(Named::Metric(_)));
        if named_number && limited {
            self.draft.measures.clear();
            self.used[next] = false;
        } else if named_number {
            return;
        }
        // A value before the noun may have taken it ("of female shoppers").
        if self.used[next] && described.is_empty()
            || !self.draft.measures.is_empty()
            || is_singular(&self.nodes[next].text)
            || !(self.draft.filters.iter().any(|f| f.numerator)
                || self
                    .nodes
                    .iter()
                    .any(|n| matches!(n.node, Node::Times(_) | Node::Threshold(..))))
        {
            return;
        }
        for i in share + 1..=next {
            self.take(i);
        }
        for bound in &mut self.draft.filters {
            if bound.field.as_ref().is_some_and(|f| described.contains(f)) {
                bound.numerator = false;
            }
        }
        self.draft.subject = Some(entity);
        let measure = self.count_of_entity(entity);
        self.add_measure(measure);
        let after = self.nodes[next].end;
        let verb = (after..self.scene.tokens.len()).find(|i| {
            matches!(
                self.scene.tokens[*i].folded.as_str(),
                "is" | "are"
                    | "was"
                    | "were"
                    | "being"
                    | "have"
                    | "has"
                    | "had"
                    | "belong"
                    | "belongs"
            )
        });
        if let Some(verb) = verb {
            let whole: Vec<FieldRef> = self
                .nodes
                .iter()
                .filter(|n| n.start < verb && n.start >= after)
                .filter_map(|n| match &n.node {
                    Node::Value(v) => Some(v.field.clone()),
                    _ => None,
                })
                .collect();
            let part_left = self
                .draft
                .filters
                .iter()
                .any(|f| f.numerator && !f.field.as_ref().is_some_and(|x| whole.contains(x)));
            if part_left {
                for bound in &mut self.draft.filters {
                    if bound.field.as_ref().is_some_and(|f| whole.contains(f)) {
                        bound.numerator = false;
                    }
                }
            }
        }
    }

    pub(super) fn is_fraction(&self, measure: &Measure) -> bool {
        match measure {
            Measure::Metric(name) => self
                .model()
                .metric(name)
                .is_some_and(|m| m.unit == Unit::Fraction),
            Measure::Ratio { .. } => true,
            Measure::Aggregate { field, .. } => self
                .model()
                .field(field)
                .is_some_and(|f| f.unit == Unit::Fraction),
            _ => false,
        }
    }
}
