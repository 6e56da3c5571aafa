//! Numbers side by side: each dataset grouped by itself, then stitched on the groups.

use super::Compiler;
use super::calendar::Span;
use super::measure::{Basis, Leaf};
use super::reckoning::Reckoning;
use super::shift::Shift;
use super::statement::Select;
use super::tree::Tree;
use crate::{Dimension, Filter, Grain, Measure, QueryError};
use jiff::civil::Date;
use semantics::{Aggregation, FieldRef};

/// Which rows count, and how days fall into periods.
#[derive(Debug, Clone)]
pub(super) struct Window {
    pub(super) filter: Option<Filter>,
    /// The part of the query's filter that is not in `filter` because it is applied otherwise.
    pub(super) apart: Option<Filter>,
    /// Which stores' rows count, where a comparison is of comparable stores.
    pub(super) stores: Option<Filter>,
    pub(super) time: Option<FieldRef>,
    /// The query's own time field, where that of a measure stands in `time`.
    pub(super) asked: Option<FieldRef>,
    pub(super) span: Span,
    /// Days of the span that are left out: from the first up to but not including the second.
    pub(super) gap: Option<(Date, Date)>,
    pub(super) reckoning: Reckoning,
    /// Of another period: how its days come to meet those of this one.
    pub(super) moved: Option<Moved>,
    /// Retail calendar in whose 53rd weeks days are left out (or the days that they meet).
    pub(super) week_53: Option<Reckoning>,
}

/// How the days of another period come to meet those of this one.
#[derive(Debug, Clone)]
pub(super) struct Moved {
    pub(super) shift: Shift,
    /// Index of the dimension whose periods are moved.
    pub(super) dimension: Option<usize>,
    /// Dimensions from this index on make groups inside a measure: they are those of the other
    /// period itself, and stay.
    pub(super) inside: Option<usize>,
    /// Its grain; a day if there is none.
    pub(super) grain: Grain,
    /// Days that are met.
    pub(super) target: Span,
    /// Whether the days that are met have to be compared with the target, because only the data
    /// knows which they are.
    pub(super) exactly: bool,
    /// The last day that may be met, where only the data knows it.
    pub(super) until: Option<String>,
}

impl Window {
    /// Whether it looks at the time of rows.
    pub(super) fn is_dated(&self) -> bool {
        self.span != Span::default()
            || self.week_53.is_some()
            || self
                .moved
                .as_ref()
                .is_some_and(|m| m.exactly || m.until.is_some())
    }
}

/// Measures as trees over shared leaves.
pub(super) struct TakenApart {
    pub(super) trees: Vec<Tree>,
    pub(super) leaves: Vec<Leaf>,
}

impl Compiler<'_> {
    /// A CTE with columns `d0…` for the dimensions and `m0…` for the measures; its name.
    pub(super) fn frame(
        &mut self,
        name: &str,
        dimensions: &[Dimension],
        measures: &[&Measure],
        window: &Window,
    ) -> Result<String, QueryError> {
        let parts = self.taken_apart(measures)?;
        self.frame_of(name, dimensions, measures, &parts, false, window)
    }

    /// Measures as trees over leaves.
    pub(super) fn taken_apart(&self, measures: &[&Measure]) -> Result<TakenApart, QueryError> {
        let mut leaves = Vec::new();
        let trees: Result<Vec<Tree>, QueryError> = measures
            .iter()
            .map(|m| self.tree(m, &Basis::default(), &mut leaves))
            .collect();
        for leaf in &leaves {
            if let Leaf::Rows {
                aggregation: Aggregation::Percentile(p),
                ..
            }
            | Leaf::Groups {
                aggregation: Aggregation::Percentile(p),
                ..
            } = leaf
                && !(1..=99).contains(p)
            {
                return Err(QueryError::Malformed(format!(
                    "a percentile is between 1 and 99, not {p}"
                )));
            }
        }
        let trees = trees?;
        for tree in &trees {
            let mut used = Vec::new();
            tree.leaves(&mut used);
            let used: Vec<&Leaf> = used.iter().map(|i| &leaves[*i]).collect();
            self.one_currency(&used)?;
        }
        Ok(TakenApart { trees, leaves })
    }

    /// As [`Compiler::frame`], with the leaves as columns `l0…` beside the measures if asked for.
    pub(super) fn frame_of(
        &mut self,
        name: &str,
        dimensions: &[Dimension],
        measures: &[&Measure],
        parts: &TakenApart,
        with_leaves: bool,
        window: &Window,
    ) -> Result<String, QueryError> {
        let TakenApart { trees, leaves } = parts;
        // Leaves over the same rows share one scan.
        let mut blocks: Vec<Vec<usize>> = Vec::new();
        for (i, leaf) in leaves.iter().enumerate() {
            match blocks.iter().position(|b| leaves[b[0]].same_rows(leaf)) {
                Some(at) => blocks[at].push(i),
                None => blocks.push(vec![i]),
            }
        }
        let mut places: Vec<(usize, usize)> = vec![(0, 0); leaves.len()];
        let mut names = Vec::new();
        for (b, block) in blocks.iter().enumerate() {
            for (a, leaf) in block.iter().enumerate() {
                places[*leaf] = (b, a);
            }
            let members: Vec<&Leaf> = block.iter().map(|i| &leaves[*i]).collect();
            names.push(self.block(dimensions, &members, window)?);
        }
        let mut select = Select {
            from: self.stitched(dimensions, &names),
            ..Select::default()
        };
        for d in 0..dimensions.len() {
            select
                .columns
                .push(format!("{} AS d{d}", first_known(d, names.len())));
        }
        let spelled = |i: usize| {
            let (block, at) = places[i];
            if leaves[i].counts() {
                format!("COALESCE(b{block}.a{at}, 0)")
            } else {
                format!("b{block}.a{at}")
            }
        };
        for (i, tree) in trees.iter().enumerate() {
            select
                .columns
                .push(format!("{} AS m{i}", tree.write(self.sql, &spelled)));
        }
        if with_leaves {
            for i in 0..leaves.len() {
                select.columns.push(format!("{} AS l{i}", spelled(i)));
            }
        }
        let note = format!(
            "{}, one row per {}",
            measures
                .iter()
                .map(|m| self.measure_words(m))
                .collect::<Vec<_>>()
                .join(", "),
            self.group_words(dimensions)
        );
        Ok(self.cte(name, note, &select))
    }

    /// Every group of every block: a full outer join in which NULL equals NULL.
    fn stitched(&self, dimensions: &[Dimension], blocks: &[String]) -> String {
        let mut from = String::new();
        for (b, block) in blocks.iter().enumerate() {
            if b == 0 {
                from = format!("FROM {block} AS b0");
            } else if dimensions.is_empty() {
                from.push_str(&format!("\n  CROSS JOIN {block} AS b{b}"));
            } else {
                let on: Vec<String> = dimensions
                    .iter()
                    .enumerate()
                    .map(|(d, dimension)| {
                        self.sql.same(
                            &first_known(d, b),
                            &format!("b{b}.d{d}"),
                            self.dimension_type(dimension),
                        )
                    })
                    .collect();
                from.push_str(&format!(
                    "\n  FULL OUTER JOIN {block} AS b{b} ON {}",
                    on.join(" AND ")
                ));
            }
        }
        from
    }

    /// A measure in words, for comments.
    pub(super) fn measure_words(&self, measure: &Measure) -> String {
        match measure {
            Measure::Metric(name) => name.clone(),
            Measure::Aggregate { aggregation, field } => {
                format!("{} of {field}", format!("{aggregation:?}").to_lowercase())
            }
            Measure::Rows(dataset) => format!("rows of {dataset}"),
            Measure::Ratio {
                numerator,
                denominator,
            } => format!(
                "{} over {}",
                self.measure_words(numerator),
                self.measure_words(denominator)
            ),
            Measure::Difference { left, right } => format!(
                "{} less {}",
                self.measure_words(left),
                self.measure_words(right)
            ),
            Measure::Where { measure, .. } => format!("{} where", self.measure_words(measure)),
            Measure::PerGroup {
                aggregation,
                measure,
                per,
            } => format!(
                "{} over each {} of {}",
                format!("{aggregation:?}").to_lowercase(),
                self.group_words(per),
                self.measure_words(measure)
            ),
            Measure::CountOf(_) => "number of rows".into(),
            Measure::ValueAt { end, field, by } => {
                format!("{} {field} by {by}", format!("{end:?}").to_lowercase())
            }
            Measure::Dated { measure, by } => format!("{} by {by}", self.measure_words(measure)),
            Measure::OrZero(measure) => format!("{} or 0", self.measure_words(measure)),
            Measure::Opening(measure) => format!("opening {}", self.measure_words(measure)),
            Measure::Cumulative { measure, .. } => {
                format!("{} added up over time", self.measure_words(measure))
            }
            Measure::SellThrough { sold, .. } => {
                format!("sell-through of {}", self.measure_words(sold))
            }
            Measure::WeeksOfSupply { stock, .. } => {
                format!("weeks of supply of {}", self.measure_words(stock))
            }
            Measure::BasketAttach { lines, .. } => format!("attach rate in {lines}"),
            Measure::DaysSince { field, day } => format!("days from the last {field} to {day}"),
        }
    }

    /// Groups in words, for comments.
    pub(super) fn group_words(&self, dimensions: &[Dimension]) -> String {
        if dimensions.is_empty() {
            return "everything".into();
        }
        let words: Vec<String> = dimensions
            .iter()
            .map(|d| match d {
                Dimension::Field(f) => f.to_string(),
                Dimension::Time(grain) => format!("{grain:?}").to_lowercase(),
                Dimension::TimeOf { field, grain } => {
                    format!("{} of {field}", format!("{grain:?}").to_lowercase())
                }
                Dimension::Bucket { measure, per, .. } => {
                    format!("{} of each {per}", self.measure_words(measure))
                }
                Dimension::Band { name, .. } => format!("band {name}"),
                Dimension::NewOrReturning { entity, .. } => {
                    format!("whether {entity} is new")
                }
            })
            .collect();
        words.join(", ")
    }
}

/// A dimension's value in the first of the blocks that has the group.
fn first_known(dimension: usize, blocks: usize) -> String {
    let sources: Vec<String> = (0..blocks).map(|b| format!("b{b}.d{dimension}")).collect();
    match &sources[..] {
        [only] => only.clone(),
        many => format!("COALESCE({})", many.join(", ")),
    }
}
