//! Which groups are kept, and their order.

use super::Compiler;
use super::parts::Measured;
use super::statement::Select;
use crate::dialect::operator;
use crate::{
    Dimension, Direction, Grain, Order, OrderKey, Origin, Query, QueryError, Rank, Threshold,
};

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

impl Compiler<'_> {
    /// Applies the conditions on groups and the rank; gives the sort keys.
    pub(super) fn kept(
        &mut self,
        query: &Query,
        measured: &mut Measured,
        running: Option<usize>,
    ) -> Result<Vec<String>, QueryError> {
        let mut conditions = Vec::new();
        for having in &query.having {
            let left = measured.column(having.metric, having.on)?;
            let right = match &having.value {
                Threshold::Number(x) => self.sql.number(*x),
                Threshold::AverageOfGroups => {
                    format!("(SELECT AVG({left}) FROM {})", measured.table)
                }
                Threshold::Metric(m) => measured.column(*m, crate::Part::Value)?.to_string(),
            };
            conditions.push(format!("{left} {} {right}", operator(having.op)));
        }
        if !conditions.is_empty() {
            measured.table = self.cte(
                "kept",
                "groups that meet the conditions".into(),
                &Select::all(&measured.table, conditions),
            );
        }
        let mut order: Vec<String> = Vec::new();
        if let Some(rank) = &query.rank {
            order = self.ranked(query, rank, measured)?;
        }
        for Order { key, direction } in &query.order {
            let descending = *direction == Direction::Descending;
            let key = match key {
                OrderKey::Dimension(i) => self.group_key(&query.dimensions, measured, *i),
                OrderKey::Metric(m, part) => measured.column(*m, *part)?.to_string(),
                OrderKey::Field(f) => {
                    return Err(QueryError::Malformed(format!(
                        "groups are not sorted by the field {f}"
                    )));
                }
            };
            order.push(self.sql.ordered(&key, descending));
        }
        if let Some(r) = running.filter(|_| query.rank.is_none() && query.order.is_empty()) {
            order.push(self.sql.ordered(&format!("d{r}"), false));
        }
        for d in 0..query.dimensions.len() {
            let key = self.group_key(&query.dimensions, measured, d);
            let key = self.sql.ordered(&key, false);
            if !order.contains(&key) {
                order.push(key);
            }
        }
        Ok(order)
    }

    /// Keeps the ranks that are asked for; gives the sort keys that follow.
    fn ranked(
        &mut self,
        query: &Query,
        rank: &Rank,
        measured: &mut Measured,
    ) -> Result<Vec<String>, QueryError> {
        let by = measured.column(rank.by, rank.on)?.to_string();
        let per: Vec<String> = rank.per.iter().map(|d| format!("d{d}")).collect();
        let partition = if per.is_empty() {
            String::new()
        } else {
            format!("PARTITION BY {} ", per.join(", "))
        };
        let function = if rank.skip > 0 { "DENSE_RANK" } else { "RANK" };
        let descending = rank.direction == Direction::Descending;
        // The group without a name is no contender, and neither is one without a number.
        let mut contenders = vec![format!("{by} IS NOT NULL")];
        contenders.extend(
            (0..query.dimensions.len())
                .filter(|d| !rank.per.contains(d))
                .map(|d| format!("d{d} IS NOT NULL")),
        );
        let ranked = self.cte(
            "ranked",
            format!("place by {by}"),
            &Select {
                columns: vec![
                    "*".into(),
                    format!(
                        "{function}() OVER ({partition}ORDER BY {by} {}) AS place",
                        if descending { "DESC" } else { "ASC" }
                    ),
                ],
                from: format!("FROM {}", measured.table),
                conditions: contenders,
                ..Select::default()
            },
        );
        measured.table = self.cte(
            "placed",
            "the places asked for".into(),
            &Select::all(
                &ranked,
                vec![
                    format!("place > {}", rank.skip),
                    format!("place <= {}", u64::from(rank.skip) + u64::from(rank.n)),
                ],
            ),
        );
        let mut order: Vec<String> = rank
            .per
            .iter()
            .map(|d| {
                let key = self.group_key(&query.dimensions, measured, *d);
                self.sql.ordered(&key, false)
            })
            .collect();
        if query.order.is_empty() {
            order.push(self.sql.ordered(&by, descending));
        }
        Ok(order)
    }

    /// What groups are sorted by for a dimension.
    fn group_key(&self, dimensions: &[Dimension], measured: &Measured, d: usize) -> String {
        match dimensions.get(d) {
            Some(
                Dimension::Time(Grain::Weekday)
                | Dimension::TimeOf {
                    grain: Grain::Weekday,
                    ..
                },
            ) => {
                let first = usize::from(self.model.week_start.clamp(1, 7)) - 1;
                let cases: Vec<String> = (0..7)
                    .map(|i| {
                        format!(
                            "WHEN {} THEN {}",
                            self.sql.text(WEEKDAYS[(first + i) % 7]),
                            i + 1
                        )
                    })
                    .collect();
                format!("CASE d{d} {} END", cases.join(" "))
            }
            _ => {
                let data_type = measured
                    .columns
                    .iter()
                    .find(|c| c.origin == Origin::Dimension(d))
                    .map_or(semantics::DataType::Opaque, |c| c.data_type);
                self.sql.sort_key(&format!("d{d}"), data_type)
            }
        }
    }
}
