//! Reads phrases from left to right and gives each its place in the draft.

mod bands;
mod between;
mod change;
mod count;
mod edits;
mod event;
mod every;
mod extreme;
mod flag_side;
mod group;
mod joined;
mod literal;
mod measure;
mod number;
mod period;
mod rank;
mod related;
mod rest;
mod retail;
mod set;
mod settle;
mod shape;
mod share;
mod threshold;
mod value;

use super::draft::{
    Bound, CompareDraft, Condition, Draft, Dropped, NamedMeasure, RankDraft, ShareDraft,
};
use super::node::{Bar, EditWord, Mark, Node, Placed, RankBasis, phrases};
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
    let mut nodes = phrases(&path.items);
    // Words of a conversation that only say how the new parts meet the old ones.
    let mut draft = Draft::default();
    nodes.retain(|n| match n.node {
        Node::Edit(EditWord::Add) => {
            draft.edits.add = true;
            false
        }
        Node::Edit(EditWord::Swap) => {
            draft.edits.swap = true;
            false
        }
        _ => true,
    });
    if let Some(bad) = nodes.iter().find(|n| n.node == Node::Unknown) {
        return Err(Misfit::Unsupported(bad.text.clone()));
    }
    Reader {
        scene,
        used: vec![false; nodes.len()],
        nodes,
        draft,
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

impl<'a> Reader<'a> {
    /// The folded words of the question from one token up to another.
    fn words_between(&self, start: usize, end: usize) -> impl Iterator<Item = &'a str> + use<'a> {
        let scene: &'a Scene<'a> = self.scene;
        scene
            .tokens
            .get(start..end.min(scene.tokens.len()))
            .unwrap_or_default()
            .iter()
            .map(|t| t.folded.as_str())
    }
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
        match (self.nodes.get(left), self.nodes.get(right)) {
            (Some(left), Some(right)) => left.end == right.start,
            _ => false,
        }
    }

    /// "the customers and what they spent": a pronoun after its noun speaks of that noun.
    fn pronouns(&mut self) {
        let mut noun = false;
        for at in 0..self.nodes.len() {
            noun |= matches!(
                self.nodes[at].node,
                Node::Named(Named::Entity(_)) | Node::Value(_)
            ) && !self.is(at.wrapping_sub(1), Mark::Ref);
            let counted = self.is(at.wrapping_sub(1), Mark::Count)
                || self.is(at.wrapping_sub(1), Mark::Among);
            if noun
                && !counted
                && self.is(at, Mark::Ref)
                && matches!(
                    self.nodes[at].text.as_str(),
                    "they" | "them" | "it" | "their" | "its" | "he" | "she" | "him" | "her" | "his"
                )
            {
                self.used[at] = true;
            }
        }
    }

    /// "who made the most bookings": people that are not named are the customers, or the only people
    /// there are.
    fn persons(&mut self) {
        let asked = self.nodes.first().is_some_and(|n| {
            matches!(n.node, Node::Mark(Mark::Which | Mark::Relative))
                && n.text.split(' ').next() == Some("who")
        });
        // Something must be said of them.
        let asked = asked
            && self
                .nodes
                .iter()
                .any(|n| matches!(n.node, Node::Named(_) | Node::Value(_)));
        if !asked {
            return;
        }
        let model = self.scene.model;
        let people: Vec<usize> = (0..model.entities.len())
            .filter(|e| {
                let entity = &model.entities[*e];
                let named = entity
                    .dataset
                    .as_ref()
                    .and_then(|d| model.dataset(d))
                    .is_some_and(|d| d.fields.iter().any(|f| f.subject == Subject::LastName));
                let customer = matches!(
                    entity.name.as_str(),
                    "customer" | "client" | "member" | "user"
                );
                entity.dataset.is_some() && named || customer
            })
            .collect();
        let said = self.nodes.iter().any(|n| match &n.node {
            Node::Named(Named::Entity(e)) => people.contains(e),
            Node::Named(named @ Named::Field(f)) => {
                people
                    .iter()
                    .any(|p| model.entities[*p].key.dataset == f.dataset)
                    || self
                        .group_of(named)
                        .is_some_and(|(f, _)| self.is_person(&f))
            }
            Node::Value(v) => people.iter().any(|p| model.entities[*p].display == v.field),
            _ => false,
        });
        let customers = people.iter().copied().find(|p| {
            matches!(
                model.entities[*p].name.as_str(),
                "customer" | "client" | "member" | "user" | "student"
            )
        });
        let person = match people[..] {
            [only] => Some(only),
            _ => customers,
        };
        // Who supplies or manages is no customer.
        let deed = self.nodes.iter().any(|n| {
            matches!(
                n.node,
                Node::Verb("supply" | "produce" | "manage" | "own" | "run" | "deliver" | "ship")
            )
        });
        let Some(person) = person.filter(|_| !said && !deed) else {
            return;
        };
        let end = self.nodes[0].end;
        self.nodes.insert(
            1,
            Placed {
                node: Node::Named(Named::Entity(person)),
                start: end,
                end,
                text: model.entities[person].name.clone(),
            },
        );
        self.used.insert(1, false);
        self.draft
            .notes
            .push(format!("“who” read as {}", model.entities[person].name));
    }

    fn run(mut self) -> Result<Draft, Misfit> {
        self.settle();
        self.compounds();
        self.stars();
        self.superiors();
        self.left_out();
        self.margins_in_money();
        self.join_periods();
        self.flag_sides();
        self.persons();
        self.shared_nouns();
        self.pronouns();
        // "the best ones", of nothing that was spoken of.
        let of_nothing = self.scene.last.is_none()
            && self.scene.tokens.iter().any(|t| t.folded == "ones")
            && self
                .nodes
                .iter()
                .any(|n| matches!(n.node, Node::Rank(_) | Node::RankBy(..)))
            && !self.nodes.iter().any(|n| {
                matches!(n.node, Node::Named(_))
                    && !self
                        .words_between(n.start.saturating_sub(1), n.start)
                        .any(|w| matches!(w, "by" | "per" | "each" | "every" | "in"))
            });
        if of_nothing {
            return Err(Misfit::Missing("what is ranked"));
        }
        // "State the highest profit", "Name the part": an order to say it, and no column.
        for at in 0..self.nodes.len() {
            let end = self.nodes[at].end;
            let orders = matches!(
                self.nodes[at].text.as_str(),
                "state" | "name" | "list" | "report" | "return"
            ) && self
                .words_between(end, end + 1)
                .any(|w| matches!(w, "the" | "all" | "every" | "their" | "its"));
            // "the good ones" are no goods.
            let judged = self.nodes[at].text == "good";
            if (judged || orders && self.opens(at)) && matches!(self.nodes[at].node, Node::Named(_))
            {
                return Err(Misfit::Unsupported(self.nodes[at].text.clone()));
            }
        }
        // "same but for France" repeats the question, it points at no member of the answer.
        let same = |n: &Placed| matches!(n.text.as_str(), "same" | "the same");
        self.draft.refers = (0..self.nodes.len())
            .any(|i| !self.used[i] && self.is(i, Mark::Ref) && !same(&self.nodes[i]));
        let again = self.scene.last.is_some()
            && self
                .nodes
                .iter()
                .any(|n| n.node == Node::Mark(Mark::Ref) && same(n));
        self.draft.continues = again
            || self
                .nodes
                .first()
                .is_some_and(|n| matches!(n.node, Node::Mark(Mark::And | Mark::By | Mark::But)));
        if self.scene.last.is_some() {
            self.edits();
        } else if let Some(node) = self.nodes.iter().find(|n| matches!(n.node, Node::Edit(_))) {
            return Err(Misfit::Unsupported(node.text.clone()));
        }
        if let Some(at) = self.find(Mark::Vague) {
            self.take(at);
            return Err(Misfit::Missing("what is compared with what"));
        }
        if let Some(at) = self.find(Mark::PriceVolumeMix) {
            self.price_volume_mix(at)?;
            return Ok(self.draft);
        }
        self.retail()?;
        if let Some(at) = self.find(Mark::Pair) {
            self.pairs(at)?;
            return Ok(self.draft);
        }
        if let Some(at) = self.find(Mark::Cohort) {
            self.cohorts(at, false)?;
            return Ok(self.draft);
        }
        // "new members joined in 2023": those who did.
        if let Some(at) = self.find(Mark::New)
            && self.nodes.iter().any(|n| {
                matches!(
                    n.node,
                    Node::Verb("join" | "register" | "hire" | "open" | "start")
                )
            })
        {
            self.take(at);
        }
        if let Some(at) = self.find(Mark::New) {
            self.cohorts(at, true)?;
            return Ok(self.draft);
        }
        for unsupported in [Mark::Worth] {
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
        if self.between()? {
            return Ok(self.draft);
        }
        self.subset()?;
        self.dated_verbs();
        self.grains();
        self.periods()?;
        self.percent_of_members();
        self.every_period()?;
        self.without_activity()?;
        self.membership()?;
        self.existence();
        self.events();
        self.counted();
        self.limits()?;
        self.bands();
        self.ranged();
        self.zeros();
        self.literals();
        self.groups()?;
        self.measures()?;
        self.values()?;
        self.shares()?;
        self.full_names();
        self.ranking()?;
        self.keys();
        self.thresholds()?;
        self.changes()?;
        self.running();
        self.dated_winner();
        self.leftovers()?;
        self.nothing_summed()?;
        Ok(self.draft)
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
        Aggregation::Percentile(_) => "Percentile of",
        Aggregation::StandardDeviation => "Standard deviation of",
        Aggregation::Variance => "Variance of",
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
    crate::morphology::singular(last) == last
}

/// The foreign keys that lead to a dataset, those of dated and large datasets first.
pub(crate) fn fact_keys(model: &Model, dataset: &str) -> Vec<FieldRef> {
    let mut keys: Vec<((bool, u64), FieldRef)> = model
        .relationships
        .iter()
        .filter(|r| r.to == dataset && r.from != dataset && r.from_fields.len() == 1)
        .map(|r| {
            let from = model.dataset(&r.from);
            // What is dated, itself or through what it belongs to, is what happened.
            let weight = from.map_or((false, 0), |d| {
                let dated = query::time_field_of(model, &d.name).is_some();
                (dated, d.rows.unwrap_or(0))
            });
            (weight, FieldRef::new(&r.from, &r.from_fields[0]))
        })
        .collect();
    keys.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    keys.into_iter().map(|k| k.1).collect()
}
