//! The row that sums up what a rank leaves out.

use super::Compiler;
use super::grouped::Setting;
use super::measure::Leaf;
use super::parts::Measured;
use super::statement::Select;
use crate::{Dimension, Query, QueryError, Rank};
use semantics::{DataType, Pick};

/// The dimension that holds the label of the rest: the first text outside `per`.
fn labelled(compiler: &Compiler, query: &Query, rank: &Rank) -> Option<usize> {
    query
        .dimensions
        .iter()
        .enumerate()
        .position(|(i, d)| !rank.per.contains(&i) && compiler.dimension_type(d) == DataType::Text)
}

impl Compiler<'_> {
    /// Whether the sums of a leaf over the groups of these dimensions are its value over all of
    /// them: each row is in one group, and its values add up.
    pub(super) fn adds_up(&self, leaf: &Leaf, over: &[&Dimension]) -> bool {
        let Leaf::Rows {
            home,
            level,
            additive,
            basis,
            ..
        } = leaf
        else {
            return false;
        };
        *additive
            // A number that reaches back in time has no value in a group without rows of its own.
            && basis.reach.is_none()
            // The least of all items together is not the sum of the least of each.
            && !level
                .as_ref()
                .is_some_and(|l| matches!(l.read.pick, Pick::Min | Pick::Max))
            && over.iter().all(|d| match d {
                Dimension::Field(field) => self.context.graph.reach(home, field).is_ok(),
                Dimension::TimeOf { field, .. } => {
                    level.is_none() && self.context.graph.reach(home, field).is_ok()
                }
                Dimension::Time(_) => level.is_none(),
                Dimension::Bucket { per: field, .. }
                | Dimension::NewOrReturning { entity: field, .. } => {
                    self.context.graph.reach(home, field).is_ok()
                }
                Dimension::Band { of, .. } => of
                    .key()
                    .is_some_and(|field| self.context.graph.reach(home, field).is_ok()),
            })
    }

    /// Refuses a rest that would be no sum.
    pub(super) fn check_rest(
        &self,
        query: &Query,
        rank: &Rank,
        leaves: &[Leaf],
    ) -> Result<(), QueryError> {
        if rank.skip > 0 {
            return Err(QueryError::Malformed(
                "a rank that passes over places has no rest: what is passed over is neither kept nor rest".into(),
            ));
        }
        if labelled(self, query, rank).is_none() {
            return Err(QueryError::Malformed(
                "no text dimension can hold the name of the rest".into(),
            ));
        }
        let over: Vec<&Dimension> = query
            .dimensions
            .iter()
            .enumerate()
            .filter(|(i, _)| !rank.per.contains(i))
            .map(|(_, d)| d)
            .collect();
        let within = query.share.as_ref().map_or(&[][..], |s| &s.within[..]);
        let unsafe_share = within.iter().any(|d| !rank.per.contains(d));
        let running = query.cumulative || query.rolling.is_some();
        // What is left out of the places is one number, whatever it is grouped by.
        let kept: Vec<Dimension> = rank
            .per
            .iter()
            .filter_map(|d| query.dimensions.get(*d).cloned())
            .collect();
        let window = self.window(query)?;
        for leaf in leaves {
            self.money(leaf, &kept, &window)?;
        }
        if running || unsafe_share || leaves.iter().any(|l| !self.adds_up(l, &over)) {
            let names: Vec<&str> = query.metrics.iter().map(|t| t.name.as_str()).collect();
            return Err(QueryError::UnsafeReaggregation {
                what: names.join(", "),
                how: "summed up over the rest of the groups",
            });
        }
        Ok(())
    }

    /// Adds the row of the rest to the groups that are kept. `ranked` holds all groups with their
    /// `place`, which is NULL for those that are no contenders.
    pub(super) fn with_rest(
        &mut self,
        setting: &Setting,
        rank: &Rank,
        label: &str,
        ranked: &str,
        outside: String,
        measured: &mut Measured,
    ) -> Result<(), QueryError> {
        let query = setting.query;
        let leaves = setting.parts.leaves.len();
        let prior = query.compare.is_some();
        let mut sums = Select {
            columns: rank.per.iter().map(|d| format!("d{d}")).collect(),
            from: format!("FROM {ranked}"),
            conditions: vec![outside],
            keys: rank.per.len(),
            ..Select::default()
        };
        for i in 0..leaves {
            // A group without a rate has no value, and neither has a sum with it.
            let leaf = &setting.parts.leaves[i];
            let converted = self.any_converted([&leaf]);
            let sum = |l: &str| match (converted, leaf.counts()) {
                (true, _) => format!("CASE WHEN COUNT({l}) = COUNT(*) THEN SUM({l}) END AS {l}"),
                // What one of the periods, or of the facts, lacks is none of it.
                (false, true) => format!("COALESCE(SUM({l}), 0) AS {l}"),
                (false, false) => format!("SUM({l}) AS {l}"),
            };
            sums.columns.push(sum(&format!("l{i}")));
            if prior {
                sums.columns.push(sum(&format!("pl{i}")));
            }
        }
        sums.columns.push("COUNT(*) AS n".into());
        let sums = self.cte("rest_sums", "sums over what is not kept".into(), &sums);
        let name = labelled(self, query, rank);
        let mut base = Select {
            from: format!("FROM {sums}"),
            conditions: vec!["n > 0".into()],
            ..Select::default()
        };
        for (i, dimension) in query.dimensions.iter().enumerate() {
            base.columns.push(if rank.per.contains(&i) {
                format!("d{i}")
            } else if name == Some(i) {
                format!(
                    "{} AS d{i}",
                    self.sql.cast(&self.sql.text(label), DataType::Text)
                )
            } else {
                let none = self.sql.cast("NULL", self.dimension_type(dimension));
                format!("{none} AS d{i}")
            });
        }
        for (i, tree) in setting.parts.trees.iter().enumerate() {
            let now = tree.write(self.sql, &|l| format!("l{l}"));
            base.columns.push(format!("{now} AS m{i}"));
            if prior {
                let then = tree.write(self.sql, &|l| format!("pl{l}"));
                base.columns.push(format!("{then} AS p{i}"));
            }
        }
        let base = self.cte(
            "rest",
            format!("“{label}”, computed anew from the sums"),
            &base,
        );
        let rest = self.measured(setting, &base, false)?;
        let columns = measured.internal.join(", ");
        measured.table = self.cte_text(
            "with_rest",
            "the places asked for, and the rest".into(),
            format!(
                "SELECT {columns}, 0 AS rest FROM {}\n  UNION ALL SELECT {columns}, 1 AS rest FROM {}",
                measured.table, rest.table
            ),
        );
        Ok(())
    }
}
