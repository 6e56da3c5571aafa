//! Reads phrases from left to right and gives each its place in the draft.

use super::draft::{Bound, CompareDraft, Condition, Draft, NamedMeasure, RankDraft, ShareDraft};
use super::node::{Bar, Mark, Node, Placed, RankBasis, phrases};
use super::{Misfit, Scene};
use crate::lattice::Path;
use crate::time::{Period, TimeSense, in_year};
use crate::values::{Quality, ValueMatch};
use crate::vocabulary::Named;
use query::{Dimension, Direction, Filter, Grain, Literal, Measure, Operator, Part, Threshold};
use semantics::{
    Additivity, Aggregation, DataType, FieldRef, MetricKind, Model, Role, Subject, Unit,
};

/// Reads one way through the question.
pub(crate) fn read(path: &Path, scene: &Scene) -> Result<Draft, Misfit> {
    let nodes = phrases(&path.items);
    if let Some(bad) = nodes.iter().find(|n| n.node == Node::Unknown) {
        return Err(Misfit::Unsupported(bad.text.clone()));
    }
    Reader {
        scene,
        used: vec![false; nodes.len()],
        nodes,
        draft: Draft::default(),
    }
    .run()
}

struct Reader<'a> {
    scene: &'a Scene<'a>,
    nodes: Vec<Placed>,
    used: Vec<bool>,
    draft: Draft,
}

/// Name, measure and the aggregated field (for row filters) of something that is a number.
struct Number {
    name: String,
    measure: Measure,
    field: Option<FieldRef>,
}

impl Reader<'_> {
    fn model(&self) -> &Model {
        self.scene.model
    }

    fn is(&self, at: usize, mark: Mark) -> bool {
        self.nodes
            .get(at)
            .is_some_and(|n| n.node == Node::Mark(mark))
    }

    fn find(&self, mark: Mark) -> Option<usize> {
        (0..self.nodes.len()).find(|i| !self.used[*i] && self.is(*i, mark))
    }

    fn any(&self, mark: Mark) -> bool {
        (0..self.nodes.len()).any(|i| self.is(i, mark))
    }

    fn take(&mut self, at: usize) {
        self.used[at] = true;
    }

    fn take_all(&mut self, mark: Mark) -> bool {
        let mut found = false;
        for i in 0..self.nodes.len() {
            if self.is(i, mark) && !self.used[i] {
                self.used[i] = true;
                found = true;
            }
        }
        found
    }

    fn adjacent(&self, left: usize, right: usize) -> bool {
        self.nodes[left].end == self.nodes[right].start
    }

    fn run(mut self) -> Result<Draft, Misfit> {
        self.draft.refers = self.any(Mark::Ref);
        self.draft.continues = self
            .nodes
            .first()
            .is_some_and(|n| matches!(n.node, Node::Mark(Mark::And | Mark::By | Mark::But)));
        if let Some(at) = self.find(Mark::Vague) {
            self.take(at);
            return Err(Misfit::Missing("what is compared with what"));
        }
        for unsupported in [Mark::Pair, Mark::New, Mark::Worth] {
            if let Some(at) = self.find(unsupported) {
                if unsupported == Mark::Worth
                    && (matches!(
                        self.nodes.get(at + 1).map(|n| &n.node),
                        Some(Node::Threshold(..))
                    ))
                {
                    self.take(at);
                    continue;
                }
                return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
            }
        }
        self.subset()?;
        self.grains();
        self.periods()?;
        self.membership()?;
        self.counted();
        self.groups()?;
        self.measures()?;
        self.values()?;
        self.shares()?;
        self.ranking()?;
        self.thresholds()?;
        self.changes()?;
        self.running();
        self.leftovers()?;
        Ok(self.draft)
    }

    // ---- numbers -------------------------------------------------------------------------

    fn number_of(&self, named: &Named, aggregation: Option<Aggregation>) -> Option<Number> {
        match named {
            Named::Metric(name) => {
                let metric = self.model().metric(name)?;
                let counts = matches!(metric.unit, Unit::Count(_))
                    && matches!(
                        metric.kind,
                        MetricKind::Simple {
                            aggregation: Aggregation::Count | Aggregation::CountDistinct,
                            ..
                        }
                    );
                if counts
                    && matches!(
                        aggregation,
                        Some(Aggregation::Average | Aggregation::Median)
                    )
                {
                    return None;
                }
                let field = match &metric.kind {
                    MetricKind::Simple {
                        dataset,
                        expression: Some(semantics::Expression::Field(field)),
                        ..
                    } => Some(FieldRef::new(dataset, field)),
                    MetricKind::Simple {
                        dataset,
                        expression: Some(semantics::Expression::Column(column)),
                        ..
                    } => {
                        let found = self.model().dataset(dataset)?.fields.iter().find(|f| {
                            f.expression == semantics::Expression::Column(column.clone())
                        })?;
                        Some(FieldRef::new(dataset, &found.name))
                    }
                    _ => None,
                };
                let measure = match (aggregation, &field) {
                    (
                        Some(
                            how @ (Aggregation::Average
                            | Aggregation::Max
                            | Aggregation::Min
                            | Aggregation::Median),
                        ),
                        Some(field),
                    ) => Measure::Aggregate {
                        aggregation: how,
                        field: field.clone(),
                    },
                    _ => Measure::Metric(name.clone()),
                };
                let label = match (&measure, aggregation) {
                    (Measure::Aggregate { aggregation, .. }, _) => format!(
                        "{} {}",
                        aggregation_word(*aggregation),
                        metric.label.to_lowercase()
                    ),
                    _ => metric.label.clone(),
                };
                Some(Number {
                    name: label,
                    measure,
                    field,
                })
            }
            Named::Field(reference) => {
                let field = self.model().field(reference)?;
                if field.role != Role::Measure {
                    return None;
                }
                let how = aggregation.unwrap_or(match field.additivity {
                    Additivity::Non => Aggregation::Average,
                    _ => Aggregation::Sum,
                });
                let how = if how == Aggregation::Sum && field.additivity == Additivity::Non {
                    Aggregation::Average
                } else {
                    how
                };
                Some(Number {
                    name: format!("{} {}", aggregation_word(how), field.label.to_lowercase()),
                    measure: Measure::Aggregate {
                        aggregation: how,
                        field: reference.clone(),
                    },
                    field: Some(reference.clone()),
                })
            }
            Named::Entity(_) => None,
        }
    }

    fn count_of_entity(&self, entity: usize) -> NamedMeasure {
        let entity = &self.model().entities[entity];
        let plural = plural(&entity.name);
        let by_metric = self.model().metrics.iter().find(|m| {
            m.unit == Unit::Count(plural.clone())
                && matches!(
                    m.kind,
                    MetricKind::Simple {
                        aggregation: Aggregation::Count | Aggregation::CountDistinct,
                        filter: None,
                        ..
                    }
                )
        });
        let measure = match (by_metric, &entity.dataset) {
            (_, Some(dataset)) => Measure::Rows(dataset.clone()),
            (Some(metric), None) => Measure::Metric(metric.name.clone()),
            (None, None) => Measure::Aggregate {
                aggregation: Aggregation::CountDistinct,
                field: entity.key.clone(),
            },
        };
        NamedMeasure {
            name: capitalised(&plural),
            measure,
            explicit: true,
        }
    }

    fn metric_like(&self, basis: RankBasis) -> Option<NamedMeasure> {
        let model = self.model();
        let wanted: &[&str] = match basis {
            RankBasis::Revenue | RankBasis::Growth => {
                let name = model.default_metric.clone()?;
                let metric = model.metric(&name)?;
                return Some(NamedMeasure {
                    name: metric.label.clone(),
                    measure: Measure::Metric(name),
                    explicit: false,
                });
            }
            RankBasis::Units => &["units", "units_sold", "quantity"],
            RankBasis::Orders => &["orders", "transactions", "invoices", "order_count"],
            RankBasis::Profit => &["profit", "gross_profit", "margin_amount"],
            RankBasis::Price | RankBasis::Time => &[],
        };
        wanted
            .iter()
            .find_map(|w| model.metric(w))
            .map(|m| NamedMeasure {
                name: m.label.clone(),
                measure: Measure::Metric(m.name.clone()),
                explicit: true,
            })
    }

    fn add_measure(&mut self, measure: NamedMeasure) -> usize {
        if let Some(at) = self
            .draft
            .measures
            .iter()
            .position(|m| m.measure == measure.measure)
        {
            return at;
        }
        self.draft.measures.push(measure);
        self.draft.measures.len() - 1
    }

    // ---- groups --------------------------------------------------------------------------

    /// The field that a name groups by, and the entity behind it.
    fn group_of(&self, named: &Named) -> Option<(FieldRef, Option<usize>)> {
        match named {
            Named::Entity(i) => Some((self.model().entities[*i].display.clone(), Some(*i))),
            Named::Field(field) => {
                let known = self.model().field(field)?;
                let entity = self
                    .model()
                    .entities
                    .iter()
                    .position(|e| e.display == *field || e.key == *field);
                (known.data_type != DataType::Opaque && known.role != Role::Measure)
                    .then(|| (field.clone(), entity))
            }
            Named::Metric(_) => None,
        }
    }

    fn add_dimension(&mut self, dimension: Dimension) -> usize {
        if let Some(at) = self.draft.dimensions.iter().position(|d| *d == dimension) {
            return at;
        }
        self.draft.dimensions.push(dimension);
        self.draft.dimensions.len() - 1
    }

    // ---- time ----------------------------------------------------------------------------

    /// `the week of`, `monthly`, `by quarter`: grains become dimensions unless they count or average.
    fn grains(&mut self) {
        for at in 0..self.nodes.len() {
            let Node::Time(TimeSense::Grain(grain)) = self.nodes[at].node else {
                continue;
            };
            if self.used[at] {
                continue;
            }
            if let Some(Node::Number(n, false)) = at.checked_sub(1).map(|i| &self.nodes[i].node)
                && at + 1 < self.nodes.len()
                && self.is(at + 1, Mark::Rolling)
            {
                self.draft.rolling = Some(*n as u32);
                self.take(at - 1);
                self.take(at);
                self.add_dimension(Dimension::Time(grain));
                continue;
            }
            self.draft.grain = self.draft.grain.or(Some(grain));
        }
    }

    fn resolve(&self, sense: &TimeSense, year: Option<i16>) -> Option<Period> {
        match sense {
            TimeSense::Range(period) => Some(period.clone()),
            TimeSense::Yearless { .. } => match year {
                Some(year) => in_year(sense, year),
                None if self.scene.year_hint.is_some() => {
                    self.scene.year_hint.and_then(|y| in_year(sense, y))
                }
                None => {
                    let today = self.scene.clock.today;
                    (0..2)
                        .filter_map(|back| in_year(sense, today.year() - back))
                        .find(|p| p.start.is_none_or(|s| s <= today))
                }
            },
            _ => None,
        }
    }

    fn periods(&mut self) -> Result<(), Misfit> {
        let places: Vec<usize> = (0..self.nodes.len())
            .filter(|i| {
                !self.used[*i]
                    && matches!(
                        self.nodes[*i].node,
                        Node::Time(TimeSense::Range(_) | TimeSense::Yearless { .. })
                    )
            })
            .collect();
        for at in 0..self.nodes.len() {
            match &self.nodes[at].node {
                Node::Time(TimeSense::Whole) => {
                    self.draft.whole = true;
                    self.take(at);
                }
                Node::Time(TimeSense::Shift(by, grain)) => {
                    self.draft.shift = Some((*by, *grain));
                    self.take(at);
                }
                Node::Time(TimeSense::Weekday(day)) => {
                    let day = day.clone();
                    if let Some(field) = self.model().default_time.clone() {
                        self.draft.filters.push(Bound {
                            field: Some(field.clone()),
                            words: format!("on {day}s"),
                            filter: Filter::Cycle {
                                field,
                                grain: Grain::Weekday,
                                values: vec![Literal::Text(day)],
                            },
                            numerator: false,
                        });
                        self.take(at);
                    }
                }
                _ => {}
            }
        }
        if places.is_empty() {
            return Ok(());
        }
        // A year said once holds for the parts of a year beside it.
        let year = places
            .iter()
            .rev()
            .find_map(|i| match &self.nodes[*i].node {
                Node::Time(TimeSense::Range(p)) if !p.relative => {
                    p.start.or(p.end).map(|d| d.year())
                }
                Node::Time(TimeSense::Range(p)) if p.grain == Some(Grain::Year) => {
                    p.start.map(|d| d.year())
                }
                _ => None,
            });
        let mut periods: Vec<(usize, Period)> = Vec::new();
        for at in places {
            let Node::Time(sense) = &self.nodes[at].node else {
                continue;
            };
            let assumed = matches!(sense, TimeSense::Yearless { .. }) && year.is_none();
            let Some(period) = self.resolve(sense, year) else {
                return Err(Misfit::Missing("a period of the data"));
            };
            if assumed {
                self.draft
                    .notes
                    .push(format!("{} read as {}", self.nodes[at].text, period.label));
            }
            periods.push((at, period));
        }
        // `Q4 2022` said as a quarter and its year apart is one period, not two.
        if periods.len() == 2
            && let (Some(a), Some(b)) = (
                contains(&periods[0].1, &periods[1].1),
                contains(&periods[1].1, &periods[0].1),
            )
            && (a || b)
            && !self.any(Mark::Versus)
            && !self.any(Mark::Share)
        {
            let keep = if a { 1 } else { 0 };
            for (at, _) in &periods {
                self.used[*at] = true;
            }
            let period = periods.swap_remove(keep).1;
            self.draft.period = Some(period);
            return Ok(());
        }
        match periods.len() {
            1 => {
                let (at, period) = periods.remove(0);
                self.take(at);
                if at > 0
                    && matches!(
                        self.nodes[at - 1].node,
                        Node::Mark(Mark::From | Mark::Over | Mark::Between)
                    )
                {
                    self.used[at - 1] = true;
                }
                self.draft.period = Some(period);
            }
            2 => {
                let negated = (periods[0].0..periods[1].0).any(|i| self.is(i, Mark::Negation));
                if negated {
                    // "sold in 2021 but not in 2022": membership takes both.
                    return Ok(());
                }
                let (first_at, first) = periods.remove(0);
                let (second_at, second) = periods.remove(0);
                let compared = self.nodes.iter().any(|n| {
                    matches!(
                        n.node,
                        Node::Mark(Mark::Versus | Mark::Than | Mark::Compare)
                            | Node::Change(_)
                            | Node::Period(_)
                    )
                }) || (first_at..second_at).any(|i| {
                    self.is(i, Mark::Over) || matches!(&self.nodes[i].node, Node::Threshold(..))
                });
                let spans = (first_at > 0
                    && matches!(
                        self.nodes[first_at - 1].node,
                        Node::Mark(Mark::Between | Mark::From)
                    ))
                    || (first_at..second_at).any(|i| self.is(i, Mark::To));
                let than_op = (first_at..second_at).find(|i| {
                    matches!(
                        &self.nodes[*i].node,
                        Node::Mark(
                            Mark::Than
                                | Mark::Over
                                | Mark::Versus
                                | Mark::Compare
                                | Mark::To
                                | Mark::And
                        )
                    )
                });
                self.take(first_at);
                self.take(second_at);
                for i in first_at.saturating_sub(1)..second_at {
                    if matches!(
                        self.nodes[i].node,
                        Node::Mark(
                            Mark::Than
                                | Mark::Over
                                | Mark::Versus
                                | Mark::To
                                | Mark::And
                                | Mark::Between
                                | Mark::From
                                | Mark::Compare
                        )
                    ) {
                        self.used[i] = true;
                    }
                }
                let _ = than_op;
                if compared {
                    let (earlier, later) = if first.start <= second.start {
                        (first, second)
                    } else {
                        (second, first)
                    };
                    self.draft.period = Some(later);
                    self.draft.compare = Some(CompareDraft::Periods(earlier));
                } else if spans {
                    self.draft.period = Some(Period {
                        start: first.start,
                        end: second.end,
                        label: format!("{} to {}", first.label, second.label),
                        grain: None,
                        relative: false,
                    });
                } else if first.grain == second.grain && first.grain.is_some() {
                    // Two periods side by side ("May and June 2022"): one bucket each.
                    let (earlier, later) = if first.start <= second.start {
                        (first, second)
                    } else {
                        (second, first)
                    };
                    if earlier.end == later.start {
                        let grain = later.grain.unwrap_or(Grain::Month);
                        self.draft.period = Some(Period {
                            start: earlier.start,
                            end: later.end,
                            label: format!("{} and {}", earlier.label, later.label),
                            grain: None,
                            relative: false,
                        });
                        self.add_dimension(Dimension::Time(grain));
                    } else {
                        self.draft.period = Some(later);
                        self.draft.compare = Some(CompareDraft::Periods(earlier));
                    }
                } else {
                    return Err(Misfit::Missing("one period"));
                }
            }
            _ => return Err(Misfit::Missing("one period")),
        }
        Ok(())
    }

    // ---- sets ----------------------------------------------------------------------------

    /// "of the top 3 states by revenue, which one …": the first half names a set.
    fn subset(&mut self) -> Result<(), Misfit> {
        let Some(which) = (1..self.nodes.len()).find(|i| {
            self.is(*i, Mark::Which)
                || (self.is(*i, Mark::Ref) && self.is(i.wrapping_sub(1), Mark::Which))
        }) else {
            return Ok(());
        };
        let head: Vec<usize> = (0..which).collect();
        let has_rank = head
            .iter()
            .any(|i| matches!(self.nodes[*i].node, Node::Rank(_) | Node::RankBy(..)));
        let tail_rank = (which..self.nodes.len()).any(|i| {
            matches!(
                self.nodes[i].node,
                Node::Rank(_) | Node::RankBy(..) | Node::Change(_) | Node::Threshold(..)
            )
        });
        if !has_rank || !tail_rank || !(self.is(0, Mark::Among)) {
            return Ok(());
        }
        let scene = self.scene;
        let nodes: Vec<Placed> = self.nodes[..which]
            .iter()
            .filter(|n| n.node != Node::Mark(Mark::Among))
            .cloned()
            .collect();
        let set = Reader {
            scene,
            used: vec![false; nodes.len()],
            nodes,
            draft: Draft::default(),
        }
        .run()?;
        let Some(Dimension::Field(field)) = set.dimensions.last().cloned() else {
            return Err(Misfit::Missing("what is ranked"));
        };
        let finished = super::finish(set, scene, None)?;
        let words = finished.words.clone();
        self.draft.filters.push(Bound {
            field: Some(field.clone()),
            filter: Filter::Members {
                field: field.clone(),
                query: Box::new(finished.query),
            },
            words,
            numerator: false,
        });
        self.add_dimension(Dimension::Field(field));
        for i in head {
            self.used[i] = true;
        }
        for i in which..self.nodes.len() {
            if self.is(i, Mark::Ref) {
                self.used[i] = true;
            }
        }
        self.draft.refers = false;
        Ok(())
    }

    /// Entities who did one thing and not another: "bought furniture but never technology".
    fn membership(&mut self) -> Result<(), Misfit> {
        if let Some(at) = self.find(Mark::NeverOrdered) {
            self.take(at);
            let Some(entity) = self.head_entity() else {
                return Err(Misfit::Missing("who is meant"));
            };
            let Some((field, fact)) = self.activity(entity) else {
                return Err(Misfit::Missing("the orders"));
            };
            let query = query::Query {
                dimensions: vec![Dimension::Field(fact)],
                ..query::Query::default()
            };
            self.draft.filters.push(Bound {
                field: Some(field.clone()),
                filter: Filter::Not(Box::new(Filter::Members {
                    field,
                    query: Box::new(query),
                })),
                words: "without any order".into(),
                numerator: false,
            });
            return Ok(());
        }
        let negation = self.find(Mark::Negation);
        let both = self.find(Mark::Both);
        let parts: Vec<usize> = (0..self.nodes.len())
            .filter(|i| {
                !self.used[*i]
                    && matches!(
                        self.nodes[*i].node,
                        Node::Value(_)
                            | Node::Time(TimeSense::Range(_) | TimeSense::Yearless { .. })
                    )
            })
            .collect();
        let first_part = parts.first().copied();
        let split = match (negation, first_part) {
            (Some(at), Some(first)) if first < at && parts.iter().any(|p| *p > at) => Some(at),
            _ => None,
        };
        if split.is_none() && both.is_none() {
            return Ok(());
        }
        let Some(entity) = self.head_entity() else {
            return Ok(());
        };
        let same_field = |a: usize, b: usize| match (&self.nodes[a].node, &self.nodes[b].node) {
            (Node::Value(x), Node::Value(y)) => x.field == y.field,
            (Node::Time(_), Node::Time(_)) => true,
            _ => false,
        };
        let pair = match split {
            Some(at) => {
                let after = parts.iter().copied().find(|p| *p > at);
                let before = parts
                    .iter()
                    .copied()
                    .rev()
                    .find(|p| *p < at && after.is_some_and(|a| same_field(*p, a)));
                before.zip(after)
            }
            None => {
                let at = both.unwrap_or(0);
                let values: Vec<usize> = parts.iter().copied().filter(|p| *p > at).collect();
                match values[..] {
                    [a, b, ..] if same_field(a, b) => Some((a, b)),
                    _ => None,
                }
            }
        };
        let Some((first, second)) = pair else {
            return Ok(());
        };
        let key = self.model().entities[entity].key.clone();
        let Some((field, fact)) = self
            .activity(entity)
            .or_else(|| Some((key.clone(), key.clone())))
        else {
            return Ok(());
        };
        for (at, negated) in [(first, false), (second, split.is_some())] {
            let mut query = query::Query {
                dimensions: vec![Dimension::Field(fact.clone())],
                ..query::Query::default()
            };
            let words = match self.nodes[at].node.clone() {
                Node::Value(found) => {
                    let (filter, words) = value_filter(&found);
                    query.filter = Some(filter);
                    words
                }
                Node::Time(sense) => {
                    let Some(period) = self.resolve(&sense, None) else {
                        return Err(Misfit::Missing("a period"));
                    };
                    let Some(time) = self.time_for(&fact) else {
                        return Err(Misfit::Missing("a date"));
                    };
                    query.time = Some(query::TimeScope {
                        field: time,
                        range: Some(period.to_range()),
                    });
                    format!("in {}", period.label)
                }
                _ => continue,
            };
            // A period that holds for both parts holds in both sets.
            if query.time.is_none()
                && let Some(period) = self.draft.period.clone()
                && let Some(time) = self.time_for(&fact)
            {
                query.time = Some(query::TimeScope {
                    field: time,
                    range: Some(period.to_range()),
                });
            }
            let members = Filter::Members {
                field: field.clone(),
                query: Box::new(query),
            };
            let filter = if negated {
                Filter::Not(Box::new(members))
            } else {
                members
            };
            let noun = plural(&self.model().entities[entity].name);
            self.draft.filters.push(Bound {
                field: Some(field.clone()),
                filter,
                words: format!(
                    "{noun} {} {words}",
                    if negated { "without" } else { "with" }
                ),
                numerator: false,
            });
            self.take(at);
        }
        if split.is_some() {
            self.take_all(Mark::Negation);
        }
        self.take_all(Mark::Both);
        self.take_all(Mark::But);
        if self.draft.period.is_some() {
            // The sets hold the period; the members themselves are not dated.
            self.draft.period = None;
        }
        Ok(())
    }

    /// The entity that the question is about: the first named one.
    fn head_entity(&self) -> Option<usize> {
        (0..self.nodes.len()).find_map(|i| match &self.nodes[i].node {
            Node::Named(named) => match named {
                Named::Entity(e) => Some(*e),
                Named::Metric(name) => {
                    let metric = self.model().metric(name)?;
                    let Unit::Count(noun) = &metric.unit else {
                        return None;
                    };
                    self.model()
                        .entities
                        .iter()
                        .position(|e| plural(&e.name) == *noun)
                }
                Named::Field(_) => self.group_of(named).and_then(|(_, e)| e),
            },
            _ => None,
        })
    }

    /// For an entity: the field to test, and the field of the fact whose rows are its activity.
    fn activity(&self, entity: usize) -> Option<(FieldRef, FieldRef)> {
        let model = self.model();
        let entity = &model.entities[entity];
        let Some(dataset) = &entity.dataset else {
            return Some((entity.key.clone(), entity.key.clone()));
        };
        let fact = self.fact_field(dataset)?;
        Some((entity.key.clone(), fact))
    }

    /// The foreign key in the dated or fact dataset nearest to this one.
    fn fact_field(&self, dataset: &str) -> Option<FieldRef> {
        fact_key(self.model(), dataset)
    }

    fn time_for(&self, fact: &FieldRef) -> Option<FieldRef> {
        query::time_field_of(self.model(), &fact.dataset)
            .or_else(|| self.model().default_time.clone())
    }

    // ---- counting ------------------------------------------------------------------------

    fn counted(&mut self) {
        for at in 0..self.nodes.len() {
            if !self.is(at, Mark::Count) || self.used[at] {
                continue;
            }
            let mut next = at + 1;
            while next < self.nodes.len()
                && matches!(
                    self.nodes[next].node,
                    Node::Mark(Mark::Distinct | Mark::Among | Mark::All) | Node::Value(_)
                )
            {
                next += 1;
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
                    if let Some(number) = self.number_of(&named, None) {
                        self.take(at);
                        self.take(next);
                        self.add_measure(NamedMeasure {
                            name: number.name,
                            measure: number.measure,
                            explicit: true,
                        });
                    } else if let Some((field, entity)) = self.group_of(&named) {
                        self.take(at);
                        self.take(next);
                        self.draft.counted = true;
                        self.draft.subject = entity;
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
                    if value_after && let Some(units) = self.metric_like(RankBasis::Units) {
                        self.take(at);
                        self.add_measure(units);
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

    // ---- groups by words -----------------------------------------------------------------

    fn groups(&mut self) -> Result<(), Misfit> {
        let average = self
            .nodes
            .iter()
            .any(|n| n.node == Node::Aggregation(Aggregation::Average));
        let mut at = 0;
        while at < self.nodes.len() {
            if !self.is(at, Mark::By) || self.used[at] {
                at += 1;
                continue;
            }
            let mut next = at + 1;
            let mut found = false;
            // Numbers and rank words belong to a ranking ("by the top 5 …").
            while let Some(node) = self.nodes.get(next).map(|n| n.node.clone()) {
                match node {
                    Node::Time(TimeSense::Grain(grain)) => {
                        let per_average = average
                            && !grain.is_cyclic()
                            && matches!(
                                self.nodes[at].text.as_str(),
                                "per" | "each" | "every" | "by each" | "for each"
                            )
                            && !self.any(Mark::Rolling)
                            && self.has_unclaimed_number(at);
                        if per_average && !found {
                            self.average_per(Dimension::Time(grain), at, next);
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
                        let ratio = (average || per_order)
                            && per
                            && !found
                            && entity.is_some_and(|e| self.is_transactional(e))
                            && self.has_unclaimed_number(at);
                        if ratio {
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

    fn comma_between(&self, left: usize, right: usize) -> bool {
        self.nodes[right].start > self.nodes[left].end
    }

    /// Whether a number still waits for its group ("average X per order").
    fn has_unclaimed_number(&self, before: usize) -> bool {
        (0..self.nodes.len()).any(|i| i != before && !self.used[i] && matches!(&self.nodes[i].node, Node::Named(n) if self.number_of(n, None).is_some())) || !self.draft.measures.is_empty() || self.any(Mark::HowMuch)
    }

    /// Whether an entity is an order, a transaction or the like: one of very many.
    fn is_order(&self, entity: usize) -> bool {
        let entity = &self.model().entities[entity];
        matches!(
            entity.name.as_str(),
            "order" | "transaction" | "invoice" | "basket" | "sale" | "receipt"
        )
    }

    fn is_transactional(&self, entity: usize) -> bool {
        let entity = &self.model().entities[entity];
        let subject = self.model().field(&entity.key).map(|f| f.subject);
        matches!(subject, Some(Subject::OrderNumber | Subject::Customer))
            || matches!(
                entity.name.as_str(),
                "order" | "transaction" | "invoice" | "customer" | "basket" | "sale" | "receipt"
            )
    }

    /// The measure that an average is taken of: the first number that stands free.
    fn claim_number(&mut self, not: usize) -> Option<NamedMeasure> {
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

    fn take_average(&mut self) {
        for i in 0..self.nodes.len() {
            if self.nodes[i].node == Node::Aggregation(Aggregation::Average) {
                self.used[i] = true;
            }
        }
    }

    fn average_per(&mut self, per: Dimension, by: usize, at: usize) {
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

    fn average_per_entity(&mut self, entity: usize, by: usize, at: usize) {
        self.take(by);
        self.take(at);
        if let Some(inner) = self.claim_number(at) {
            let noun = self.model().entities[entity].name.clone();
            let below = self.active_count(entity);
            self.take_average();
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

    /// How many of an entity had activity: counted in the fact, not in its own table.
    fn active_count(&self, entity: usize) -> Measure {
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

    // ---- measures ------------------------------------------------------------------------

    fn measures(&mut self) -> Result<(), Misfit> {
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
        if grain_average && let Some(at) = (0..self.nodes.len()).find(|i| {
            !self.used[*i]
                && matches!(self.nodes[*i].node, Node::Time(TimeSense::Grain(g)) if !g.is_cyclic())
        }) {
            let Node::Time(TimeSense::Grain(grain)) = self.nodes[at].node else {
                return Ok(());
            };
            // "average daily sales"
            let next_number = (at + 1..self.nodes.len()).find(|i| matches!(&self.nodes[*i].node, Node::Named(n) if self.number_of(n, None).is_some()));
            if next_number.is_some()
                && !self
                    .nodes
                    .iter()
                    .any(|n| matches!(n.node, Node::Threshold(_, Bar::Average)))
            {
                self.average_per(Dimension::Time(grain), at, at);
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
        for at in 0..self.nodes.len() {
            if self.used[at] {
                continue;
            }
            let Node::Named(named) = self.nodes[at].node.clone() else {
                continue;
            };
            let before = at.checked_sub(1).filter(|i| !self.used[*i]);
            let aggregation = before.and_then(|i| match self.nodes[i].node {
                Node::Aggregation(how) => Some((i, how)),
                _ => None,
            });
            // "revenue over 60,000" and "more than 25 orders" stay with their threshold.
            if let Some(number) = self.number_of(&named, aggregation.map(|a| a.1)) {
                self.take(at);
                if let Some((i, _)) = aggregation {
                    self.take(i);
                }
                self.add_measure(NamedMeasure {
                    name: number.name,
                    measure: number.measure,
                    explicit: true,
                });
            }
        }
        // "freight as a percentage of revenue"
        if self.draft.measures.len() == 2
            && let Some(share) = self.find(Mark::Share)
            && self.nodes[share].text.contains(" of")
            && self.draft.filters.is_empty()
            && !self.nodes.iter().any(|n| matches!(n.node, Node::Value(_)))
            && let [above, below] = &self.draft.measures[..]
            && !self.is_fraction(&above.measure)
            && !self.is_fraction(&below.measure)
            && [above, below].iter().all(|m| {
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

    // ---- values --------------------------------------------------------------------------

    fn values(&mut self) -> Result<(), Misfit> {
        let makeup = (0..self.nodes.len()).find(|i| self.is(*i, Mark::MakeUp));
        let share = (0..self.nodes.len()).any(|i| self.is(i, Mark::Share));
        let mut listed: Vec<(FieldRef, usize)> = Vec::new();
        let places: Vec<usize> = (0..self.nodes.len())
            .filter(|i| !self.used[*i] && matches!(self.nodes[*i].node, Node::Value(_)))
            .collect();
        for at in places {
            let Node::Value(found) = self.nodes[at].node.clone() else {
                continue;
            };
            let negated = at > 0 && self.is(at - 1, Mark::Negation) && !self.used[at - 1];
            if negated {
                self.take(at - 1);
            }
            // A field's or entity's own name next to its value says which field is meant ("order 10248", "the West region").
            for near in [at.checked_sub(1), Some(at + 1)].into_iter().flatten() {
                if near < self.nodes.len()
                    && !self.used[near]
                    && let Node::Named(named) = &self.nodes[near].node
                    && let Some((field, entity)) = self.group_of(named)
                    && (field == found.field
                        || entity.is_some_and(|e| {
                            self.model().entities[e].key == found.field
                                || self.model().entities[e].id_field.as_ref() == Some(&found.field)
                        }))
                    && (self.adjacent(near.min(at), near.max(at)))
                {
                    let counted_elsewhere = self.draft.counted;
                    let plural_noun = self.nodes[near].text.ends_with('s')
                        && near > at
                        && self.nodes[near].text != crate::morphology::stem(&self.nodes[near].text);
                    if !plural_noun || counted_elsewhere {
                        self.used[near] = true;
                        self.draft.penalty -= 0.6;
                    }
                }
            }
            self.take(at);
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
            let numerator = match makeup {
                Some(m) => at > m || !share,
                None => share,
            };
            let (mut filter, mut words) = value_filter(&found);
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
                listed.push((found.field.clone(), at));
                continue;
            }
            self.draft.filters.push(Bound {
                field: Some(found.field.clone()),
                filter,
                words,
                numerator,
            });
        }
        // A list of values asks for each of them.
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

    fn is_person(&self, field: &FieldRef) -> bool {
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

    fn label(&self, field: &FieldRef) -> String {
        self.model()
            .field(field)
            .map_or_else(|| field.to_string(), |f| f.label.to_lowercase())
    }

    // ---- shares --------------------------------------------------------------------------

    fn shares(&mut self) -> Result<(), Misfit> {
        let Some(share) = self.find(Mark::Share) else {
            // "orders that came from …" is no share.
            self.take_all(Mark::MakeUp);
            return Ok(());
        };
        let changing = self
            .nodes
            .iter()
            .any(|n| matches!(n.node, Node::Change(_) | Node::Period(_)));
        if changing || self.draft.compare.is_some() {
            // "by what percentage did … grow"
            for i in 0..self.nodes.len() {
                if self.is(i, Mark::Share) {
                    self.used[i] = true;
                    self.nodes[i].node = Node::Mark(Mark::Pct);
                }
            }
            return Ok(());
        }
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
        self.take_all(Mark::Share);
        self.take_all(Mark::MakeUp);
        self.draft.share = Some(if numerators {
            ShareDraft::Part
        } else {
            ShareDraft::Groups(Vec::new())
        });
        Ok(())
    }

    fn is_fraction(&self, measure: &Measure) -> bool {
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

    // ---- ranking -------------------------------------------------------------------------

    fn ranking(&mut self) -> Result<(), Misfit> {
        if let Some(at) = self.find(Mark::RankVerb) {
            self.take(at);
            self.draft.sort = self.draft.sort.or(Some(Direction::Descending));
        }
        for i in 0..self.nodes.len() {
            if let Node::Sort(direction) = self.nodes[i].node {
                self.used[i] = true;
                self.draft.sort = Some(direction);
            }
        }
        let place = (0..self.nodes.len()).find(|i| {
            !self.used[*i] && matches!(self.nodes[*i].node, Node::Rank(_) | Node::RankBy(..))
        });
        let nth = (0..self.nodes.len())
            .find(|i| !self.used[*i] && matches!(self.nodes[*i].node, Node::Nth(_)));
        let Some(at) = place else { return Ok(()) };
        let (direction, basis) = match self.nodes[at].node {
            Node::Rank(direction) => (direction, None),
            Node::RankBy(basis, direction) => (direction, Some(basis)),
            _ => return Ok(()),
        };
        self.take(at);
        // The number beside it.
        let mut n = None;
        for near in [at.checked_sub(1), Some(at + 1)].into_iter().flatten() {
            if let Some(Node::Number(value, false)) = self.nodes.get(near).map(|x| x.node.clone())
                && !self.used[near]
                && value >= 1.0
                && value.fract() == 0.0
            {
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
        if basis.is_none() && self.draft.measures.is_empty() && !growing {
            let next = at + 1;
            let other = (0..at).any(|i| !self.used[i] && matches!(&self.nodes[i].node, Node::Named(n) if self.group_of(n).is_some()))
                || !self.draft.dimensions.is_empty()
                || (next + 1..self.nodes.len()).any(|i| !self.used[i] && matches!(&self.nodes[i].node, Node::Named(n) if self.group_of(n).is_some()));
            if let Some(Node::Named(Named::Entity(entity))) =
                self.nodes.get(next).map(|n| n.node.clone())
                && !self.used[next]
                && other
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
        let named = (at + 1..self.nodes.len())
            .chain((0..at).rev())
            .filter(|i| !self.used[*i])
            .find(|i| matches!(&self.nodes[*i].node, Node::Named(named) if self.group_of(named).is_some()));
        let per: Vec<Dimension> = self.draft.dimensions.clone();
        let mut singular = false;
        let mut ranked = None;
        if let Some(i) = named {
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
                RankBasis::Time => return Err(Misfit::Unsupported(self.nodes[at].text.clone())),
                RankBasis::Growth => self.draft.growth = true,
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
        self.draft.rank = Some(RankDraft {
            direction,
            n,
            skip,
            on: Part::Value,
            per: within,
        });
        Ok(())
    }

    /// "priciest products": by the price field of the entity's own table, or the average price paid.
    fn price_ranking(&mut self) -> Result<(), Misfit> {
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
            .map(|(d, f)| (FieldRef::new(&d.name, &f.name), f.label.clone()));
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

    // ---- thresholds ----------------------------------------------------------------------

    fn thresholds(&mut self) -> Result<(), Misfit> {
        for at in 0..self.nodes.len() {
            if self.used[at] {
                continue;
            }
            let Node::Threshold(op, bar) = self.nodes[at].node.clone() else {
                continue;
            };
            if self.row_threshold(at, op, &bar) {
                continue;
            }
            let metric = self.threshold_measure(at, &bar)?;
            let value = match &bar {
                Bar::Number(value, _, percent) => {
                    let fraction = self
                        .draft
                        .measures
                        .get(metric)
                        .is_some_and(|m| self.is_fraction(&m.measure));
                    if *percent && !fraction && self.draft.compare.is_none() {
                        return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
                    }
                    Threshold::Number(if *percent || (fraction && *value > 1.0) {
                        value / 100.0
                    } else {
                        *value
                    })
                }
                Bar::Average => Threshold::AverageOfGroups,
                Bar::Named(named) => {
                    let Some(right) = self.number_of(named, None) else {
                        return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
                    };
                    let left = self
                        .draft
                        .measures
                        .get(metric)
                        .and_then(|m| match &m.measure {
                            Measure::Aggregate { field, .. } => Some(field.clone()),
                            Measure::Metric(name) => self
                                .number_of(&Named::Metric(name.clone()), None)
                                .and_then(|n| n.field),
                            _ => None,
                        });
                    let (Some(left), Some(right)) = (left, right.field) else {
                        return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
                    };
                    self.take(at);
                    self.draft.measures.remove(metric);
                    let words = format!(
                        "{} {} {}",
                        self.label(&left),
                        operator_word(op),
                        self.label(&right)
                    );
                    for field in [&left, &right] {
                        self.draft.fields.push(field.clone());
                    }
                    self.draft.filters.push(Bound {
                        field: Some(left.clone()),
                        filter: Filter::CompareFields { left, op, right },
                        words,
                        numerator: false,
                    });
                    continue;
                }
            };
            self.take(at);
            self.draft.having.push(Condition {
                metric,
                on: Part::Value,
                op,
                value,
            });
        }
        Ok(())
    }

    /// "line items with a quantity over 40", "customers with a credit limit under 1000": a limit on
    /// a field of the very rows that are counted or listed is a filter on rows.
    fn row_threshold(&mut self, at: usize, op: Operator, bar: &Bar) -> bool {
        let Bar::Number(value, _, false) = bar else {
            return false;
        };
        for near in [at + 1, at.wrapping_sub(1), at.wrapping_sub(2)] {
            let Some(Node::Named(named)) = self.nodes.get(near).map(|n| n.node.clone()) else {
                continue;
            };
            let Some(field) = self.number_of(&named, None).and_then(|n| n.field) else {
                continue;
            };
            let counted_rows = self.draft.measures.iter().any(|m| match &m.measure {
                Measure::Rows(dataset) => *dataset == field.dataset,
                Measure::Metric(name) => self.model().metric(name).is_some_and(|m| {
                    matches!(&m.kind, MetricKind::Simple { dataset, aggregation: Aggregation::Count, .. } if *dataset == field.dataset)
                }),
                _ => false,
            });
            let listed_rows = self.draft.measures.is_empty()
                && self
                    .head_entity()
                    .and_then(|e| self.model().entities[e].dataset.clone())
                    .is_some_and(|d| d == field.dataset);
            if !counted_rows && !listed_rows {
                continue;
            }
            self.take(at);
            self.take(near);
            let words = format!("{} {} {value}", self.label(&field), operator_word(op));
            let literal = if value.fract() == 0.0 {
                Literal::Integer(*value as i64)
            } else {
                Literal::Number(*value)
            };
            self.draft.measures.retain(|m| !matches!(&m.measure, Measure::Aggregate { field: f, .. } if *f == field) && !matches!(&m.measure, Measure::Metric(name) if matches!(&named, Named::Metric(n) if n == name)));
            self.draft.filters.push(Bound {
                field: Some(field.clone()),
                filter: Filter::Compare {
                    field,
                    op,
                    value: literal,
                },
                words,
                numerator: false,
            });
            return true;
        }
        false
    }

    /// Whether a noun stands where a question asks for it ("which customers", "list the names").
    fn asked_for(&self, at: usize) -> bool {
        // The columns of one order's lines.
        let one_order = self
            .draft
            .filters
            .iter()
            .filter_map(|b| b.field.as_ref())
            .any(|f| self.model().field(f).is_some_and(|x| x.role == Role::Id));
        if one_order && !self.draft.counted && self.draft.rank.is_none() {
            return true;
        }
        let mut before = at;
        while before > 0 {
            before -= 1;
            match self.nodes[before].node {
                Node::Mark(Mark::Which | Mark::List) => return true,
                Node::Mark(Mark::And | Mark::Distinct | Mark::All | Mark::Among)
                | Node::Named(_)
                | Node::Value(_) => {}
                _ => return false,
            }
        }
        // "customers with over 12 orders", "products by revenue": the head of an elliptic question.
        at == 0 || (0..at).all(|i| matches!(self.nodes[i].node, Node::Value(_)))
    }

    /// The measure that a threshold is on: the one named right after it, or just before it, or the default.
    fn threshold_measure(&mut self, at: usize, bar: &Bar) -> Result<usize, Misfit> {
        let money = matches!(bar, Bar::Number(_, true, _));
        let mut candidates = Vec::new();
        if !matches!(bar, Bar::Named(_)) {
            candidates.push(at + 1);
        }
        candidates.extend([at.wrapping_sub(1), at.wrapping_sub(2)]);
        for near in candidates {
            let Some(Node::Named(named)) = self.nodes.get(near).map(|n| n.node.clone()) else {
                continue;
            };
            if let Some(number) = self.number_of(&named, None) {
                self.take(near);
                return Ok(self.add_measure(NamedMeasure {
                    name: number.name,
                    measure: number.measure,
                    explicit: true,
                }));
            }
            if near == at + 1
                && !money
                && let Named::Entity(entity) = named
            {
                self.take(near);
                let measure = NamedMeasure {
                    measure: self.active_count(entity),
                    ..self.count_of_entity(entity)
                };
                self.draft.dimensions.retain(|d| {
                    *d != Dimension::Field(self.scene.model.entities[entity].display.clone())
                });
                return Ok(self.add_measure(measure));
            }
        }
        if let Some(i) = self.draft.measures.iter().rposition(|m| {
            !self.draft.counted
                || !matches!(
                    m.measure,
                    Measure::Rows(_)
                        | Measure::Metric(_)
                        | Measure::Aggregate {
                            aggregation: Aggregation::CountDistinct,
                            ..
                        }
                )
        }) {
            return Ok(i);
        }
        let Some(default) = self.metric_like(RankBasis::Revenue) else {
            return Err(Misfit::Missing("a measure"));
        };
        self.draft
            .notes
            .push(format!("the limit is on {}", default.name.to_lowercase()));
        Ok(self.add_measure(default))
    }

    // ---- change --------------------------------------------------------------------------

    fn changes(&mut self) -> Result<(), Misfit> {
        let mut direction = None;
        let mut changed = false;
        let mut period = None;
        let mut trend_word = false;
        for i in 0..self.nodes.len() {
            if self.used[i] {
                continue;
            }
            match self.nodes[i].node {
                Node::Change(way) => {
                    changed = true;
                    if way.is_none()
                        && matches!(
                            self.nodes[i].text.as_str(),
                            "develop"
                                | "developed"
                                | "evolve"
                                | "evolved"
                                | "move"
                                | "moved"
                                | "moving"
                                | "change"
                                | "changed"
                                | "changes"
                        )
                    {
                        trend_word = true;
                    }
                    direction = direction.or(way);
                    self.take(i);
                }
                Node::Period(grain) => {
                    changed = true;
                    period = Some(grain);
                    self.take(i);
                }
                _ => {}
            }
        }
        let pct = self.take_all(Mark::Pct);
        let absolute = self.take_all(Mark::Absolute);
        if self.draft.growth {
            changed = true;
        }
        if self.draft.compare.is_some() {
            changed = true;
        }
        if !changed {
            return Ok(());
        }
        let running = self
            .draft
            .dimensions
            .iter()
            .any(|d| matches!(d, Dimension::Time(g) if !g.is_cyclic()))
            || self.nodes.iter().zip(&self.used).any(|(n, used)| {
                !used && matches!(n.node, Node::Time(TimeSense::Grain(g)) if !g.is_cyclic())
            });
        let explicit_growth =
            period.is_some() || pct || absolute || direction.is_some() || !trend_word;
        if running && !explicit_growth && self.draft.compare.is_none() {
            // "how has it developed year by year" asks for the series itself.
            return Ok(());
        }
        self.draft.growth = true;
        match period {
            Some(Some(Grain::Year)) => {
                if self.draft.compare.is_none() {
                    self.draft.compare = Some(CompareDraft::Year);
                    if self.draft.period.is_none() && !running {
                        self.add_dimension(Dimension::Time(Grain::Year));
                    }
                }
            }
            Some(Some(grain)) => {
                if self.draft.compare.is_none() {
                    self.draft.compare = Some(CompareDraft::Prior);
                    let single = self
                        .draft
                        .period
                        .as_ref()
                        .is_some_and(|p| p.grain == Some(grain));
                    if !single {
                        self.add_dimension(Dimension::Time(grain));
                    }
                }
            }
            _ => {
                if self.draft.compare.is_none() {
                    self.draft.compare = Some(CompareDraft::Prior);
                }
            }
        }
        let part = if absolute { Part::Delta } else { Part::Pct };
        let which = self.any(Mark::Which) || self.any(Mark::List);
        match &mut self.draft.rank {
            Some(rank) => {
                rank.on = part;
                if direction == Some(Direction::Ascending)
                    && rank.direction == Direction::Descending
                {
                    rank.direction = Direction::Ascending;
                    if !pct {
                        rank.on = if absolute { Part::Delta } else { Part::Pct };
                    }
                }
            }
            None => {
                let grouped = self.draft.dimensions.iter().any(|d| matches!(d, Dimension::Field(_))) || self.nodes.iter().zip(&self.used).any(|(n, used)| !used && matches!(&n.node, Node::Named(named) if self.group_of(named).is_some()));
                let superlative = self
                    .nodes
                    .iter()
                    .any(|n| matches!(n.text.as_str(), "fastest"));
                if superlative {
                    self.draft.rank = Some(RankDraft {
                        direction: direction.unwrap_or(Direction::Descending),
                        n: Some(1),
                        skip: 0,
                        on: part,
                        per: Vec::new(),
                    });
                } else if which
                    && grouped
                    && let Some(way) = direction
                {
                    self.draft.having.push(Condition {
                        metric: 0,
                        on: Part::Delta,
                        op: if way == Direction::Ascending {
                            Operator::Lt
                        } else {
                            Operator::Gt
                        },
                        value: Threshold::Number(0.0),
                    });
                }
            }
        }
        Ok(())
    }

    // ---- running totals ------------------------------------------------------------------

    fn running(&mut self) {
        if self.take_all(Mark::Cumulative) {
            self.draft.cumulative = true;
        }
        if self.take_all(Mark::Rolling) && self.draft.rolling.is_none() {
            self.draft.rolling = Some(3);
        }
    }

    // ---- what is left --------------------------------------------------------------------

    fn leftovers(&mut self) -> Result<(), Misfit> {
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
                    if let Some(e) = entity
                        && self.draft.measures.is_empty()
                        && !listing
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
                    | Mark::Count
                    | Mark::Distinct
                    | Mark::RowsWord
                    | Mark::Over
                    | Mark::From
                    | Mark::To
                    | Mark::But
                    | Mark::Worth
                    | Mark::Pct
                    | Mark::Absolute,
                ) => self.take(at),
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

fn contains(outer: &Period, inner: &Period) -> Option<bool> {
    let (os, oe, is, ie) = (outer.start?, outer.end?, inner.start?, inner.end?);
    Some(os <= is && ie <= oe)
}

/// The filter for values and its words.
pub(super) fn value_filter(found: &ValueMatch) -> (Filter, String) {
    let literals: Vec<Literal> = found
        .values
        .iter()
        .map(|v| Literal::Text(v.clone()))
        .collect();
    let words = shortened(&found.values);
    (
        Filter::In {
            field: found.field.clone(),
            values: literals,
        },
        words,
    )
}

fn union(a: &Filter, b: &Filter) -> Option<Filter> {
    match (a, b) {
        (Filter::In { field, values }, Filter::In { values: more, .. }) => {
            let mut all = values.clone();
            for value in more {
                if !all.contains(value) {
                    all.push(value.clone());
                }
            }
            Some(Filter::In {
                field: field.clone(),
                values: all,
            })
        }
        _ => None,
    }
}

fn intersection(a: &Filter, b: &Filter) -> Option<(Filter, String)> {
    match (a, b) {
        (Filter::In { field, values }, Filter::In { values: more, .. }) => {
            let both: Vec<Literal> = values
                .iter()
                .filter(|v| more.contains(v))
                .cloned()
                .collect();
            let names: Vec<String> = both
                .iter()
                .filter_map(|l| {
                    if let Literal::Text(t) = l {
                        Some(t.clone())
                    } else {
                        None
                    }
                })
                .collect();
            (!both.is_empty()).then(|| {
                (
                    Filter::In {
                        field: field.clone(),
                        values: both,
                    },
                    shortened(&names),
                )
            })
        }
        _ => None,
    }
}

fn shortened(values: &[String]) -> String {
    match values.len() {
        0..=4 => values.join(", "),
        n => format!("{} and {} more", values[..3].join(", "), n - 3),
    }
}

pub(super) fn aggregation_word(how: Aggregation) -> &'static str {
    match how {
        Aggregation::Sum => "Total",
        Aggregation::Count => "Count of",
        Aggregation::CountDistinct => "Number of",
        Aggregation::Average => "Average",
        Aggregation::Min => "Lowest",
        Aggregation::Max => "Highest",
        Aggregation::Median => "Median",
    }
}

pub(super) fn operator_word(op: Operator) -> &'static str {
    match op {
        Operator::Eq => "equal to",
        Operator::Ne => "other than",
        Operator::Lt => "below",
        Operator::Le => "at most",
        Operator::Gt => "above",
        Operator::Ge => "at least",
    }
}

/// Plural of an English noun.
pub(crate) fn plural(noun: &str) -> String {
    if noun.ends_with('s') || noun.ends_with('x') || noun.ends_with("ch") || noun.ends_with("sh") {
        format!("{noun}es")
    } else if noun.ends_with('y') && !noun.ends_with("ey") && !noun.ends_with("ay") {
        format!("{}ies", &noun[..noun.len() - 1])
    } else {
        format!("{noun}s")
    }
}

pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn is_singular(text: &str) -> bool {
    let last = text.rsplit(' ').next().unwrap_or(text);
    crate::morphology::stem(last) == last
}

/// The foreign key that leads from the nearest dated or fact dataset to this one.
pub(crate) fn fact_key(model: &Model, dataset: &str) -> Option<FieldRef> {
    let mut keys: Vec<((bool, u64), FieldRef)> = model
        .relationships
        .iter()
        .filter(|r| r.to == dataset && r.from != dataset && r.from_fields.len() == 1)
        .map(|r| {
            let from = model.dataset(&r.from);
            let weight = from.map_or((false, 0), |d| {
                (d.event_time.is_some(), d.rows.unwrap_or(0))
            });
            (weight, FieldRef::new(&r.from, &r.from_fields[0]))
        })
        .collect();
    keys.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    keys.into_iter().next().map(|k| k.1)
}
