//! A yes or no on two sides: “promo days v non-promo days”, “with promo versus without”; and before a
//! period: “per open day”.

use super::*;

impl Reader<'_> {
    /// The field of a node that names a yes or no.
    pub(super) fn flag_at(&self, at: usize) -> Option<FieldRef> {
        let Node::Named(Named::Field(field)) = &self.nodes.get(at)?.node else {
            return None;
        };
        let known = self.model().field(field)?;
        let whole = known.data_type == DataType::Integer
            && known.role == Role::Dimension
            && known.distinct.is_some_and(|d| d <= 2)
            && known.min.as_deref() == Some("0")
            && known.max.as_deref() == Some("1");
        (whole || known.data_type == DataType::Boolean).then(|| field.clone())
    }

    /// The condition that a flag holds, or does not.
    pub(super) fn flag_bound(&self, field: FieldRef, holds: bool, numerator: bool) -> Bound {
        let truth = self
            .model()
            .field(&field)
            .is_some_and(|f| f.data_type == DataType::Boolean);
        let said = self.label(&field);
        Bound {
            words: if holds { said } else { format!("not {said}") },
            filter: Filter::Compare {
                field: field.clone(),
                op: Operator::Eq,
                value: if truth {
                    Literal::Bool(holds)
                } else {
                    Literal::Integer(i64::from(holds))
                },
            },
            field: Some(field),
            numerator,
        }
    }

    fn drop_nodes(&mut self, mut from: Vec<usize>) {
        from.sort_unstable();
        from.dedup();
        for at in from.into_iter().rev() {
            self.nodes.remove(at);
            self.used.remove(at);
        }
    }

    fn is_grain(&self, at: usize) -> bool {
        matches!(
            self.nodes.get(at).map(|n| &n.node),
            Some(Node::Time(TimeSense::Grain(g))) if !g.is_cyclic()
        )
    }

    /// Reads the sides of a flag as its two groups, and a flag before a period as a condition.
    pub(super) fn flag_sides(&mut self) {
        self.two_sides();
        // "per open day", "on non-promo days"
        for at in 0..self.nodes.len() {
            let Some(field) = self.flag_at(at) else {
                continue;
            };
            if !self.is_grain(at + 1) || !self.adjacent(at, at + 1) {
                continue;
            }
            let denied = at.checked_sub(1).filter(|b| self.is(*b, Mark::Negation));
            let each = (0..at).rev().find(|i| Some(*i) != denied).is_some_and(|i| {
                self.is(i, Mark::By) || matches!(self.nodes[i].node, Node::Aggregation(_))
            });
            if !each {
                continue;
            }
            let bound = self.flag_bound(field, denied.is_none(), false);
            self.draft.filters.push(bound);
            self.drop_nodes([Some(at), denied].into_iter().flatten().collect());
            return self.flag_sides();
        }
    }

    fn two_sides(&mut self) {
        for joint in 1..self.nodes.len() {
            if !matches!(
                self.nodes[joint].node,
                Node::Mark(Mark::Versus | Mark::And | Mark::Or | Mark::To)
            ) {
                continue;
            }
            let left_grain = self.is_grain(joint - 1);
            let left = if left_grain {
                joint.checked_sub(2)
            } else {
                Some(joint - 1)
            };
            // "with and without promo" names the flag once, at the end.
            let flagged_left = left.and_then(|l| self.flag_at(l).map(|f| (l, f)));
            let mut next = joint + 1;
            let denied = self.is(next, Mark::Negation).then_some(next);
            if denied.is_some() {
                next += 1;
            }
            let flagged_right = self.flag_at(next).map(|f| (next, f));
            let denied_left = flagged_left
                .as_ref()
                .and_then(|(l, _)| l.checked_sub(1))
                .filter(|b| self.is(*b, Mark::Negation));
            let field = match (&flagged_left, &flagged_right) {
                (Some((_, a)), Some((_, b))) if a == b => a.clone(),
                (Some((_, a)), None) if denied.is_some() => a.clone(),
                (None, Some((_, b)))
                    if denied.is_some()
                        && self
                            .words_between(
                                self.nodes[joint].start.saturating_sub(1),
                                self.nodes[joint].start,
                            )
                            .any(|w| w == "with") =>
                {
                    b.clone()
                }
                _ => continue,
            };
            if denied.is_some() == denied_left.is_some() {
                continue;
            }
            let mut gone = vec![joint];
            gone.extend(denied);
            gone.extend(denied_left);
            if left_grain {
                gone.push(joint - 1);
            }
            if let Some((l, _)) = flagged_left {
                gone.push(l);
                if let Some(before) = l.checked_sub(1).filter(|b| self.is(*b, Mark::Relative)) {
                    gone.push(before);
                }
            } else if self.is(joint - 1, Mark::Relative) {
                gone.push(joint - 1);
            }
            if let Some((r, _)) = flagged_right {
                gone.push(r);
                if self.is_grain(r + 1) {
                    gone.push(r + 1);
                }
            }
            self.drop_nodes(gone);
            self.draft.dimensions.push(Dimension::Field(field));
            return;
        }
    }
}
