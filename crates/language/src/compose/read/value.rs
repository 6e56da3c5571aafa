//! Values of fields: filters.

use super::*;

impl Reader<'_> {
    pub(super) fn values(&mut self) -> Result<(), Misfit> {
        let makeup = (0..self.nodes.len()).find(|i| self.is(*i, Mark::MakeUp));
        let share = (0..self.nodes.len()).any(|i| self.is(i, Mark::Share));
        self.flags(makeup, share);
        let mut listed: Vec<(FieldRef, usize)> = Vec::new();
        let places: Vec<usize> = (0..self.nodes.len())
            .filter(|i| !self.used[*i] && matches!(self.nodes[*i].node, Node::Value(_)))
            .collect();
        for at in places {
            let Node::Value(found) = self.nodes[at].node.clone() else {
                continue;
            };
            // "not paid with cash": the verb between changes nothing.
            let denial = (0..at)
                .rev()
                .find(|i| {
                    !matches!(
                        self.nodes[*i].node,
                        Node::Verb(_) | Node::Mark(Mark::Relative | Mark::By)
                    )
                })
                .filter(|i| {
                    self.is(*i, Mark::Negation)
                        && !self.used[*i]
                        && (*i + 1 == at
                            || (i + 1..at).any(|v| matches!(self.nodes[v].node, Node::Verb(_))))
                });
            let negated = denial.is_some();
            if let Some(denial) = denial {
                self.take(denial);
            }
            // A field's or entity's own name next to its value says which field is meant ("order 10248", "the West region").
            for near in [at.checked_sub(1), Some(at + 1)].into_iter().flatten() {
                if near < self.nodes.len()
                    && !self.used[near]
                    && let Node::Named(named) = &self.nodes[near].node
                    && let Some((field, entity)) = self.group_of(named)
                    && (field == found.field
                        || near > at
                            && entity.is_some_and(|e| {
                                self.model().entities[e].dataset.as_ref()
                                    == Some(&found.field.dataset)
                            })
                        || entity.is_some_and(|e| {
                            self.model().entities[e].key == found.field
                                || self.model().entities[e].id_field.as_ref() == Some(&found.field)
                        }))
                    && self.beside(near.min(at), near.max(at))
                {
                    let counted_elsewhere = self.draft.counted;
                    let plural_noun = self.nodes[near].text.ends_with('s')
                        && near > at
                        && self.nodes[near].text
                            != crate::morphology::singular(&self.nodes[near].text);
                    if !plural_noun || counted_elsewhere || share {
                        self.used[near] = true;
                        self.draft.penalty -= 0.6;
                    }
                }
            }
            self.take(at);
            // "Texas, California and New York": a list is of one kind.
            let listed_with = at.checked_sub(1).map(|i| {
                if self.is(i, Mark::And) || self.is(i, Mark::Or) {
                    i.wrapping_sub(1)
                } else {
                    i
                }
            });
            if let Some(Node::Value(before)) =
                listed_with.and_then(|i| self.nodes.get(i)).map(|n| &n.node)
                && before.field != found.field
            {
                self.draft.penalty += 0.3;
            }
            // "split between online and store"
            if at > 0 && self.is(at - 1, Mark::Between) {
                self.take(at - 1);
            }
            if found.quality == Quality::Slip {
                self.draft.notes.push(format!(
                    "“{}” read as {}",
                    self.nodes[at].text,
                    found.values.join(", ")
                ));
                self.draft.penalty += 0.3;
            } else if found.quality == Quality::Partial {
                if found.values.len() > 1 {
                    self.draft.notes.push(format!(
                        "“{}” read as {} values of {}: {}",
                        self.nodes[at].text,
                        found.values.len(),
                        self.label(&found.field),
                        shortened(&found.values)
                    ));
                } else {
                    self.draft.notes.push(format!(
                        "“{}” read as {}",
                        self.nodes[at].text, found.values[0]
                    ));
                }
            } else if found.quality == Quality::Alias {
                self.draft.notes.push(format!(
                    "“{}” read as {}",
                    self.nodes[at].text,
                    found.values.join(", ")
                ));
            }
            if found.quality == Quality::Partial
                && found.values.len() > 1
                && self.is_person(&found.field)
            {
                return Err(Misfit::Missing("which person is meant"));
            }
            let numerator = match (makeup, self.part_side(at)) {
                (_, Some(part)) => part,
                (Some(m), _) => at > m || !share,
                (None, _) => share && !self.whole_of_share(at),
            };
            let (mut filter, mut words) = value_filter(&found);
            // "anything with tofu in the name"
            let inside: Vec<&str> = self
                .words_between(self.nodes[at].end, self.nodes[at].end + 3)
                .collect();
            if matches!(
                inside[..],
                [
                    "in",
                    "the" | "its" | "their",
                    "name" | "names" | "title" | "titles" | "description"
                ]
            ) {
                let text = self.nodes[at].text.clone();
                words = format!("with “{text}” in it");
                filter = Filter::Contains {
                    field: found.field.clone(),
                    text,
                };
            }
            if self
                .model()
                .field(&found.field)
                .is_some_and(|f| f.data_type == DataType::Integer)
                && let Filter::In { values, .. } = &mut filter
            {
                for value in values.iter_mut() {
                    if let Literal::Text(t) = value
                        && let Ok(n) = t.parse::<i64>()
                    {
                        *value = Literal::Integer(n);
                    }
                }
            }
            // "outside Germany and the USA": the "not" holds for the whole list.
            let listed_too = at > 1
                && (self.is(at - 1, Mark::And)
                    && matches!(&self.nodes[at - 2].node, Node::Value(v) if v.field == found.field)
                    || matches!(&self.nodes[at - 1].node, Node::Value(v) if v.field == found.field)
                        && self
                            .words_between(self.nodes[at - 1].end, self.nodes[at].start)
                            .any(|w| w == ","));
            if listed_too
                && let Some(Bound {
                    filter: Filter::Not(inner),
                    words: said,
                    ..
                }) = self.draft.filters.last_mut()
                && let Some(merged) = union(inner, &filter)
            {
                **inner = merged;
                said.push_str(", ");
                said.push_str(&words);
                continue;
            }
            if negated {
                filter = Filter::Not(Box::new(filter));
                words = format!("not {words}");
            }
            // Words side by side name one value together ("Bose headphones").
            let beside = at > 0
                && matches!(&self.nodes[at - 1].node, Node::Value(before) if before.field == found.field)
                && self.adjacent(at - 1, at);
            if beside
                && let Some(known) = self
                    .draft
                    .filters
                    .iter_mut()
                    .find(|b| b.field.as_ref() == Some(&found.field))
                && let Some((meet, text)) = intersection(&known.filter, &filter)
            {
                known.filter = meet;
                known.words = text;
                continue;
            }
            // Several values of one field are alternatives.
            if !negated
                && let Some(known) = self.draft.filters.iter_mut().find(|b| {
                    b.field.as_ref() == Some(&found.field)
                        && matches!(b.filter, Filter::In { .. } | Filter::Compare { .. })
                })
                && let Some(merged) = union(&known.filter, &filter)
            {
                known.words = format!("{}, {words}", known.words);
                known.filter = merged;
                let noun = self
                    .scene
                    .model
                    .entities
                    .iter()
                    .any(|e| crate::morphology::stem(&self.nodes[at].text) == e.name);
                if noun {
                    self.draft.penalty -= 1.5;
                }
                // "Latin or Pop": either will do; "Latin and Pop" asks for both.
                // "the average length of Latin and Pop tracks" is of both together.
                let together = self.draft.aggregated
                    && matches!(
                        self.nodes.get(at + 1).map(|n| &n.node),
                        Some(Node::Named(Named::Entity(_)))
                    )
                    && self.adjacent(at, at + 1);
                if !(together || at > 0 && self.is(at - 1, Mark::Or)) {
                    listed.push((found.field.clone(), at));
                }
                continue;
            }
            self.draft.filters.push(Bound {
                field: Some(found.field.clone()),
                filter,
                words,
                numerator,
            });
        }
        // A list of values asks for each of them; "in" or "from" a list of places asks for all together.
        let together = |field: &FieldRef| {
            let first = self
                .nodes
                .iter()
                .find(|n| matches!(&n.node, Node::Value(v) if v.field == *field));
            let inside = first.is_some_and(|n| {
                self.words_between(n.start.saturating_sub(1), n.start)
                    .any(|w| matches!(w, "in" | "from" | "at" | "within" | "across"))
            });
            inside
                && self
                    .nodes
                    .iter()
                    .any(|n| matches!(&n.node, Node::Named(x) if self.number_of(x, None).is_some()))
                && !self.any(Mark::Compare)
                && !self.any(Mark::Versus)
                && !self.any(Mark::Both)
                && !self.nodes.iter().any(|n| n.text.contains("each"))
        };
        let listed: Vec<(FieldRef, usize)> =
            listed.into_iter().filter(|(f, _)| !together(f)).collect();
        for (field, _) in listed {
            if !self
                .draft
                .dimensions
                .contains(&Dimension::Field(field.clone()))
                && !share
            {
                self.add_dimension(Dimension::Field(field));
            }
        }
        self.take_all(Mark::Or);
        // "compare with Janet": beside the value that the last question was about.
        if let Some(last) = self.scene.last
            && (self.find(Mark::Versus).is_some() || self.find(Mark::Compare).is_some())
            && let Some(field) = self.draft.filters.iter().find_map(|b| {
                b.field.clone().filter(|f| {
                    super::super::edit::filters_on(last, f) && matches!(b.filter, Filter::In { .. })
                })
            })
        {
            self.take_all(Mark::Versus);
            self.take_all(Mark::Compare);
            self.draft.edits.against = Some(field);
        }
        if self
            .draft
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Field(_)))
            || self.draft.compare.is_some()
        {
            self.take_all(Mark::Versus);
            self.take_all(Mark::Compare);
        }
        Ok(())
    }

    /// "among the suppliers in Europe, what percentage is in debt": what is said before the share is the
    /// whole, what is said after it the part.
    pub(super) fn part_side(&self, at: usize) -> Option<bool> {
        let share = (1..self.nodes.len()).find(|i| self.is(*i, Mark::Share))?;
        self.is(0, Mark::Among).then_some(at > share)
    }

    /// "women's share of technology purchases": what stands behind "share of" is the whole, if the
    /// part stands before it.
    fn whole_of_share(&self, at: usize) -> bool {
        (1..at).any(|i| {
            self.is(i, Mark::Share)
                && self.nodes[i].text.ends_with(" of")
                && self.nodes[i].text.contains("share")
                && matches!(self.nodes[i - 1].node, Node::Value(_))
                && self.adjacent(i - 1, i)
        })
    }

    /// Whether only small words stand between two nodes ("title is IT Staff", "category of Furniture").
    fn beside(&self, left: usize, right: usize) -> bool {
        self.words_between(self.nodes[left].end, self.nodes[right].start)
            .all(|w| {
                matches!(
                    w,
                    "is" | "are"
                        | "was"
                        | "were"
                        | "of"
                        | "as"
                        | "being"
                        | "the"
                        | "a"
                        | "an"
                        | "="
                        | ":"
                        | "\""
                        | "'"
                        | "“"
                        | "”"
                        | "("
                        | "named"
                        | "equals"
                )
            })
    }

    /// "discontinued products", "products that are not active": a yes-or-no field named beside what
    /// it is said of.
    fn flags(&mut self, makeup: Option<usize>, share: bool) {
        for at in 0..self.nodes.len() {
            let Some(field) = self.flag_at(at) else {
                continue;
            };
            let before = at.checked_sub(1);
            let grouped = before.is_some_and(|b| self.is(b, Mark::By) || self.is(b, Mark::And));
            if self.used[at] || grouped {
                continue;
            }
            let negated = before.is_some_and(|b| self.is(b, Mark::Negation) && !self.used[b]);
            if negated {
                self.take(at - 1);
            }
            self.take(at);
            // "holiday weeks": weeks that are so, and no breakdown by week.
            if matches!(
                self.nodes.get(at + 1).map(|n| &n.node),
                Some(Node::Time(TimeSense::Grain(_)))
            ) && self.adjacent(at, at + 1)
                && !is_singular(&self.nodes[at + 1].text)
            {
                self.take(at + 1);
            }
            let numerator = match (makeup, self.part_side(at)) {
                (_, Some(part)) => part,
                (Some(m), _) => at > m || !share,
                (None, _) => share,
            };
            let bound = self.flag_bound(field, !negated, numerator);
            self.draft.filters.push(bound);
        }
    }

    pub(super) fn is_person(&self, field: &FieldRef) -> bool {
        self.model().field(field).is_some_and(|f| {
            matches!(
                f.subject,
                Subject::Customer
                    | Subject::Employee
                    | Subject::FirstName
                    | Subject::LastName
                    | Subject::Name
            )
        })
    }

    pub(super) fn label(&self, field: &FieldRef) -> String {
        self.model()
            .field(field)
            .map_or_else(|| field.to_string(), |f| f.label.to_lowercase())
    }
}
