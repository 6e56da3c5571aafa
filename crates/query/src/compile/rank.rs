//! Which groups are kept, and their order.

use super::Compiler;
use super::grouped::Setting;
use super::parts::Measured;
use super::statement::Select;
use crate::{
    Dimension, Direction, Grain, Order, OrderKey, Origin, OutputColumn, QueryError, Rank, Ties,
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
        setting: &Setting,
        measured: &mut Measured,
        running: Option<usize>,
    ) -> Result<Vec<String>, QueryError> {
        let query = setting.query;
        self.means_of_one_currency(setting)?;
        self.meeting(query, measured)?;
        let mut order: Vec<String> = Vec::new();
        if let Some(rank) = &query.rank {
            order = self.ranked(setting, rank, measured)?;
        }
        for Order { key, direction } in &query.order {
            let descending = *direction == Direction::Descending;
            let key = match key {
                OrderKey::Dimension(i) => self.group_key(&query.dimensions, &measured.columns, *i),
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
            let key = self.group_key(&query.dimensions, &measured.columns, d);
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
        setting: &Setting,
        rank: &Rank,
        measured: &mut Measured,
    ) -> Result<Vec<String>, QueryError> {
        let query = setting.query;
        let by = measured.column(rank.by, rank.on)?.to_string();
        if let Some(lost) = rank.per.iter().find(|d| **d >= query.dimensions.len()) {
            return Err(QueryError::Malformed(format!(
                "the query has no dimension {lost}"
            )));
        }
        // The group without a name is no contender, and neither is one without a number.
        let mut contends = vec![format!("{by} IS NOT NULL")];
        let outside: Vec<usize> = (0..query.dimensions.len())
            .filter(|d| !rank.per.contains(d))
            .collect();
        contends.extend(outside.iter().map(|d| format!("d{d} IS NOT NULL")));
        let descending = rank.direction == Direction::Descending;
        let mut keys = vec![format!("{by} {}", if descending { "DESC" } else { "ASC" })];
        let function = match rank.ties {
            Ties::Keep if rank.skip > 0 => "DENSE_RANK",
            Ties::Keep => "RANK",
            Ties::Break => {
                for d in outside {
                    let key = self.group_key(&query.dimensions, &measured.columns, d);
                    keys.push(self.sql.ordered(&key, false));
                }
                "ROW_NUMBER"
            }
        };
        let mut partition: Vec<String> = rank.per.iter().map(|d| format!("d{d}")).collect();
        let mut columns = vec!["*".to_string()];
        let mut conditions = Vec::new();
        // With a rest the other groups are needed too, and have no place.
        let (mut before, mut after) = (String::new(), "");
        if rank.other.is_some() {
            let contends = contends.join(" AND ");
            before = format!("CASE WHEN {contends} THEN ");
            after = " END";
            partition.push(contends);
        } else {
            conditions = contends;
        }
        let partition = if partition.is_empty() {
            String::new()
        } else {
            format!("PARTITION BY {} ", partition.join(", "))
        };
        columns.push(format!(
            "{before}{function}() OVER ({partition}ORDER BY {}){after} AS place",
            keys.join(", ")
        ));
        if rank.percent {
            columns.push(format!(
                "COUNT(*) OVER ({}) AS contenders",
                partition.trim_end()
            ));
        }
        let ranked = self.cte(
            "ranked",
            format!("place by {by}"),
            &Select {
                columns,
                from: format!("FROM {}", measured.table),
                conditions,
                ..Select::default()
            },
        );
        // n percent of the contenders, rounded up: place p counts if p − 1 places are less.
        let within = if rank.percent {
            format!(
                "(place - {} - 1) * 100 < {} * contenders",
                rank.skip, rank.n
            )
        } else {
            format!("place <= {}", u64::from(rank.skip) + u64::from(rank.n))
        };
        let mut kept = vec![within.clone()];
        if rank.skip > 0 {
            kept.insert(0, format!("place > {}", rank.skip));
        }
        measured.table = self.cte(
            "placed",
            "the places asked for".into(),
            &Select::all(&ranked, kept),
        );
        // A stated order comes first; only the rest keeps its place within its group.
        let by_group = query.order.is_empty() || rank.other.is_some();
        let mut order: Vec<String> = rank
            .per
            .iter()
            .filter(|_| by_group)
            .map(|d| {
                let key = self.group_key(&query.dimensions, &measured.columns, *d);
                self.sql.ordered(&key, false)
            })
            .collect();
        if let Some(label) = &rank.other {
            let outside = format!("(({within}) IS NOT TRUE)");
            self.with_rest(setting, rank, label, &ranked, outside, measured)?;
            order.push("rest".into());
        }
        if query.order.is_empty() {
            order.push(self.sql.ordered(&by, descending));
        }
        Ok(order)
    }

    /// What groups are sorted by for a dimension.
    pub(super) fn group_key(
        &self,
        dimensions: &[Dimension],
        columns: &[OutputColumn],
        d: usize,
    ) -> String {
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
            // Bands that are texts are in the order of what they hold.
            Some(Dimension::Band { by, .. }) if !super::bands::labels(by).is_empty() => {
                let cases: Vec<String> = super::bands::labels(by)
                    .iter()
                    .enumerate()
                    .map(|(i, label)| format!("WHEN {} THEN {}", self.sql.text(label), i + 1))
                    .collect();
                format!("CASE d{d} {} END", cases.join(" "))
            }
            _ => {
                let data_type = columns
                    .iter()
                    .find(|c| c.origin == Origin::Dimension(d))
                    .map_or(semantics::DataType::Opaque, |c| c.data_type);
                self.sql.sort_key(&format!("d{d}"), data_type)
            }
        }
    }
}
