//! Superlatives and comparatives that choose their own field: “longest”, “youngest”, “older than 30”;
//! and balances: “in debt”.

use super::*;
use crate::morphology::stem;

impl Reader<'_> {
    /// The field that the stems name: in the table of the thing that is spoken of, else the only
    /// one there is; and whether it turns the direction round.
    pub(super) fn field_by_stems(&self, stems: &str, at: usize) -> Option<(FieldRef, bool)> {
        let model = self.model();
        let table_at = |i: usize| match &self.nodes[i].node {
            Node::Named(Named::Entity(e)) => model.entities[*e].dataset.clone(),
            Node::Named(Named::Field(f)) => Some(f.dataset.clone()),
            _ => None,
        };
        let mut near: Vec<String> = Vec::new();
        near.extend((at + 1..self.nodes.len().min(at + 3)).find_map(table_at));
        near.extend((0..at).rev().filter_map(table_at));
        near.extend(
            self.draft
                .subject
                .or_else(|| self.head_entity())
                .and_then(|e| model.entities[e].dataset.clone()),
        );
        let named = |dataset: &semantics::Dataset, wanted: &str| -> Vec<FieldRef> {
            dataset
                .fields
                .iter()
                .filter(|f| f.data_type.is_numeric() || f.data_type.is_temporal())
                .filter(|f| f.role != Role::Id)
                .filter(|f| f.name.split('_').any(|w| w == wanted || stem(w) == wanted))
                .map(|f| FieldRef::new(&dataset.name, &f.name))
                .collect()
        };
        let places = near.iter().map(Some).chain([None]);
        for place in places {
            for wanted in stems.split(' ') {
                let (wanted, turned) = wanted
                    .strip_prefix('-')
                    .map_or((wanted, false), |w| (w, true));
                let found: Vec<FieldRef> = model
                    .datasets
                    .iter()
                    .filter(|d| place.is_none_or(|p| *p == d.name))
                    .flat_map(|d| named(d, wanted))
                    .collect();
                if let [field] = &found[..] {
                    return Some((field.clone(), turned));
                }
            }
        }
        None
    }

    /// "customers older than 30": a filter on the rows.
    pub(super) fn limits(&mut self) -> Result<(), Misfit> {
        self.at_a_rate();
        for at in 0..self.nodes.len() {
            match self.nodes[at].node {
                Node::Limit(op, stems, value) => {
                    let Some((field, _)) = self.field_by_stems(stems, at) else {
                        return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
                    };
                    self.take(at);
                    let mut value = value;
                    if let Some(Node::Unit(unit)) = self.nodes.get(at + 1).map(|n| n.node.clone()) {
                        let Some(scale) = in_units_of(&field.field, unit) else {
                            return Err(Misfit::Unsupported(self.nodes[at + 1].text.clone()));
                        };
                        self.take(at + 1);
                        value *= scale;
                    }
                    self.limit_rows(field, op, value);
                }
                Node::Debt => {
                    let Some((field, _)) = self.field_by_stems("balance", at) else {
                        return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
                    };
                    self.take(at);
                    let negated = at
                        .checked_sub(1)
                        .filter(|b| self.is(*b, Mark::Negation) && !self.used[*b]);
                    if let Some(negation) = negated {
                        self.take(negation);
                    }
                    let op = if negated.is_some() {
                        Operator::Ge
                    } else {
                        Operator::Lt
                    };
                    let share = self.any(Mark::Share);
                    self.limit_rows(field, op, 0.0);
                    if let Some(bound) = self.draft.filters.last_mut() {
                        bound.numerator = share;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// "1 star reviews": those with that rating.
    pub(super) fn stars(&mut self) {
        for at in (0..self.nodes.len().saturating_sub(1)).rev() {
            let Node::Number(value, false) = self.nodes[at].node else {
                continue;
            };
            let Node::Named(Named::Field(field)) = self.nodes[at + 1].node.clone() else {
                continue;
            };
            let rated = matches!(self.nodes[at + 1].text.as_str(), "star" | "stars")
                && self
                    .model()
                    .field(&field)
                    .is_some_and(|f| f.subject == Subject::Rating && f.data_type.is_numeric());
            if rated && self.adjacent(at, at + 1) && !self.used[at] {
                // What is rated stands right behind whatever stood before.
                for _ in 0..2 {
                    self.nodes.remove(at);
                    self.used.remove(at);
                }
                self.limit_rows(field, Operator::Eq, value);
            }
        }
    }

    /// "at 20 % discount": the rows with that rate.
    fn at_a_rate(&mut self) {
        for at in 0..self.nodes.len().saturating_sub(2) {
            let Node::Number(value, false) = self.nodes[at].node else {
                continue;
            };
            let sign = matches!(self.nodes[at + 1].text.as_str(), "%" | "percent" | "pct");
            let Node::Named(Named::Field(field)) = self.nodes[at + 2].node.clone() else {
                continue;
            };
            let rate = self.model().field(&field).filter(|f| {
                f.subject == Subject::Discount
                    && f.additivity == Additivity::Non
                    && f.data_type.is_numeric()
            });
            let together = self.adjacent(at, at + 1) && self.adjacent(at + 1, at + 2);
            if !sign || !together || self.used[at] {
                continue;
            }
            let Some(fraction) = rate.map(|f| f.unit == Unit::Fraction) else {
                continue;
            };
            for taken in at..at + 3 {
                self.take(taken);
            }
            let value = if fraction { value / 100.0 } else { value };
            self.limit_rows(field, Operator::Eq, value);
        }
    }

    /// "sold at a discount", "at full price": the rows with a discount, or without one.
    fn discounts(&mut self) {
        for at in 0..self.nodes.len() {
            let Node::Discounted(op) = self.nodes[at].node else {
                continue;
            };
            // "discounted revenue" is revenue after discount.
            let net = self.nodes[at].text == "discounted"
                && matches!(self.nodes.get(at + 1).map(|n| &n.node), Some(Node::Named(n)) if self.number_of(n, None).is_some());
            if net {
                self.take(at);
                continue;
            }
            let model = self.scene.model;
            let field = model.datasets.iter().filter(|d| d.is_fact).find_map(|d| {
                d.fields
                    .iter()
                    .find(|f| f.subject == Subject::Discount && f.data_type.is_numeric())
                    .map(|f| FieldRef::new(&d.name, &f.name))
            });
            let Some(field) = field else {
                // A yes or no about promotions says as much.
                let flag = model.datasets.iter().filter(|d| d.is_fact).find_map(|d| {
                    d.fields
                        .iter()
                        .find(|f| {
                            f.name.split('_').any(|w| {
                                matches!(w, "promo" | "promotion" | "offer" | "discounted")
                            }) && f.data_type == DataType::Boolean
                        })
                        .map(|f| FieldRef::new(&d.name, &f.name))
                });
                if let Some(flag) = flag {
                    self.take(at);
                    let share = self.any(Mark::Share);
                    let bound = self.flag_bound(flag, op == Operator::Gt, share);
                    self.draft.filters.push(bound);
                }
                continue;
            };
            self.take(at);
            let share = self.any(Mark::Share);
            // "at a discount of more than 30 %"
            let limit =
                (at + 1..self.nodes.len().min(at + 3)).find_map(|i| match &self.nodes[i].node {
                    Node::Threshold(o, Bar::Number(v, false, percent)) => {
                        Some((i, *o, *v, *percent))
                    }
                    _ => None,
                });
            if let Some((i, o, value, percent)) = limit.filter(|_| op == Operator::Gt) {
                for between in at + 1..=i {
                    self.used[between] = true;
                }
                let fraction = self
                    .model()
                    .field(&field)
                    .is_some_and(|f| f.unit == Unit::Fraction);
                let value = if percent && fraction {
                    value / 100.0
                } else {
                    value
                };
                self.limit_rows(field, o, value);
                if let Some(bound) = self.draft.filters.last_mut() {
                    bound.numerator = share;
                }
                continue;
            }
            self.limit_rows(field, op, 0.0);
            if let Some(bound) = self.draft.filters.last_mut() {
                bound.numerator = share;
                bound.words = if op == Operator::Gt {
                    "sold at a discount"
                } else {
                    "sold at full price"
                }
                .into();
            }
        }
    }

    /// "orders that used a discount code", "sales with a gift aid number": something is recorded.
    fn recorded(&mut self) {
        for at in 1..self.nodes.len() {
            let field = match &self.nodes[at].node {
                Node::Named(Named::Field(f)) => f.clone(),
                Node::Named(Named::Entity(e)) if self.model().entities[*e].dataset.is_none() => {
                    self.model().entities[*e].display.clone()
                }
                _ => continue,
            };
            let start = self.nodes[at].start;
            let words: Vec<&str> = self.words_between(start.saturating_sub(3), start).collect();
            let one = matches!(words.last(), Some(&("a" | "an" | "any")));
            let holds = words.iter().any(|w| {
                matches!(
                    *w,
                    "used"
                        | "use"
                        | "with"
                        | "had"
                        | "have"
                        | "has"
                        | "carry"
                        | "carried"
                        | "using"
                )
            });
            let denied = (0..at).rev().take(2).any(|i| self.is(i, Mark::Negation));
            let goes_on = matches!(
                self.nodes.get(at + 1).map(|n| &n.node),
                Some(Node::Threshold(..) | Node::Value(_) | Node::Number(..) | Node::Literal(_))
            );
            let fills = self
                .model()
                .field(&field)
                .is_some_and(|f| f.nulls.is_some_and(|n| n > 0) && f.data_type == DataType::Text);
            if !one || !holds || denied || goes_on || !fills || self.used[at] {
                continue;
            }
            self.take(at);
            let numerator = self.any(Mark::Share);
            self.draft.filters.push(Bound {
                words: format!("with a {}", self.label(&field)),
                filter: Filter::Not(Box::new(Filter::IsNull {
                    field: field.clone(),
                })),
                field: Some(field),
                numerator,
            });
        }
    }

    /// "for which stores is the distance missing": nothing is recorded in the field before.
    fn blanks(&mut self) {
        for at in 1..self.nodes.len() {
            let blank = self.is(at, Mark::Negation)
                && matches!(
                    self.nodes[at].text.as_str(),
                    "missing" | "lacking" | "blank"
                )
                && !self.used[at]
                && at + 1 == self.nodes.len();
            let Node::Named(Named::Field(field)) = self.nodes[at - 1].node.clone() else {
                continue;
            };
            let fills = self
                .model()
                .field(&field)
                .is_some_and(|f| f.nulls.is_some_and(|n| n > 0));
            if !blank || !fills || self.used[at - 1] {
                continue;
            }
            self.take(at - 1);
            self.take(at);
            let numerator = self.any(Mark::Share);
            self.draft.filters.push(Bound {
                words: format!("without a {}", self.label(&field)),
                filter: Filter::IsNull {
                    field: field.clone(),
                },
                field: Some(field),
                numerator,
            });
        }
    }

    /// "without a discount", "no discount": the number is 0.
    pub(super) fn zeros(&mut self) {
        self.discounts();
        self.recorded();
        self.blanks();
        for at in 1..self.nodes.len() {
            let negation = self.nodes[at - 1].text.as_str();
            let has_not = matches!(
                negation,
                "do not" | "does not" | "did not" | "not" | "have not" | "has not" | "don't"
            ) && self
                .words_between(self.nodes[at - 1].start, self.nodes[at].start)
                .any(|w| matches!(w, "have" | "has"));
            let none = self.is(at - 1, Mark::Negation)
                && !self.used[at - 1]
                && (has_not
                    || matches!(
                        negation,
                        "no" | "without" | "with no" | "missing" | "lacking"
                    ));
            let Node::Named(named @ (Named::Field(_) | Named::Metric(_))) =
                self.nodes[at].node.clone()
            else {
                continue;
            };
            let near = self
                .words_between(self.nodes[at - 1].end, self.nodes[at].start)
                .all(|w| matches!(w, "a" | "an" | "the" | "any" | "have" | "has"));
            if !none || self.used[at] || !near {
                continue;
            }
            let Some(field) = self.number_of(&named, None).and_then(|n| n.field) else {
                // "tracks without a composer": nothing is recorded.
                let Named::Field(field) = &named else {
                    continue;
                };
                let rows = self.any(Mark::RowsWord)
                    || self.nodes[at].text.split(' ').any(|w| {
                        matches!(w, "id" | "ids" | "number" | "numbers" | "code" | "codes")
                    });
                let fills = self
                    .model()
                    .field(field)
                    .is_some_and(|f| f.nulls != Some(0) && (f.role != Role::Id || rows));
                if fills {
                    self.take(at - 1);
                    self.take(at);
                    self.draft.filters.push(Bound {
                        words: format!("without a {}", self.label(field)),
                        filter: Filter::IsNull {
                            field: field.clone(),
                        },
                        field: Some(field.clone()),
                        numerator: self.any(Mark::Share),
                    });
                }
                continue;
            };
            self.take(at - 1);
            self.take(at);
            let share = self.any(Mark::Share);
            // "no amount": none is recorded, if some rows have none.
            if self
                .model()
                .field(&field)
                .is_some_and(|f| f.nulls.is_some_and(|n| n > 0))
            {
                self.draft.filters.push(Bound {
                    words: format!("without {}", self.label(&field)),
                    filter: Filter::IsNull {
                        field: field.clone(),
                    },
                    field: Some(field),
                    numerator: share,
                });
                continue;
            }
            self.limit_rows(field, Operator::Eq, 0.0);
            if let Some(bound) = self.draft.filters.last_mut() {
                bound.numerator = share;
            }
        }
    }
}

/// How many units of a field one spoken unit of time is; the field's name says its unit.
fn in_units_of(field: &str, spoken: &str) -> Option<f64> {
    let seconds = match spoken {
        "minute" => 60.0,
        "hour" => 3600.0,
        _ => 1.0,
    };
    let own = field.split('_').find_map(|w| match stem(w).as_str() {
        "millisecond" | "ms" => Some(0.001),
        "second" | "sec" => Some(1.0),
        "minute" | "min" => Some(60.0),
        "hour" => Some(3600.0),
        _ => None,
    })?;
    Some(seconds / own)
}
