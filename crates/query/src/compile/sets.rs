//! Set operations between the members that queries find.

use super::Compiler;
use super::statement::Select;
use super::subquery::comparable;
use crate::{Direction, OrderKey, Origin, OutputColumn, Query, QueryError, SetOperation, Sets};

/// Whether a query has nothing beside its sets but order, limit and what holds everywhere.
fn is_plain(query: &Query) -> bool {
    let rest = Query {
        sets: None,
        order: Vec::new(),
        limit: None,
        as_of: None,
        current_attributes: false,
        without_default_filters: Vec::new(),
        ..query.clone()
    };
    rest == Query::default()
}

impl Compiler<'_> {
    pub(super) fn sets(
        &mut self,
        query: &Query,
        sets: &Sets,
    ) -> Result<(Select, Vec<OutputColumn>), QueryError> {
        if !is_plain(query) {
            return Err(QueryError::Malformed(
                "a query of sets has only an order and a limit of its own".into(),
            ));
        }
        if sets.queries.len() < 2 {
            return Err(QueryError::Malformed(
                "a set operation needs two sets".into(),
            ));
        }
        let mut columns: Vec<OutputColumn> = Vec::new();
        let mut parts = Vec::new();
        for (i, part) in sets.queries.iter().enumerate() {
            let (select, found) = self.select(part)?;
            let members: Vec<OutputColumn> = found
                .into_iter()
                .filter(|c| !matches!(c.origin, Origin::Metric(..)))
                .collect();
            if members.is_empty() {
                return Err(QueryError::Malformed(format!(
                    "set {} has no members: it has no dimension",
                    i + 1
                )));
            }
            let mut list = Vec::new();
            for (c, member) in members.iter().enumerate() {
                list.push(format!("{} AS d{c}", self.sql.identifier(&member.name)));
            }
            if i == 0 {
                columns = members;
            } else if members.len() != columns.len()
                || members
                    .iter()
                    .zip(&columns)
                    .any(|(a, b)| !comparable(a.data_type, b.data_type))
            {
                return Err(QueryError::Malformed(format!(
                    "set {} has other columns than the first",
                    i + 1
                )));
            }
            // Its own order and limit stay inside.
            let whole = self.cte(&format!("set_{}", i + 1), "members".into(), &select);
            parts.push(format!("SELECT {} FROM {whole}", list.join(", ")));
        }
        let word = match sets.operation {
            SetOperation::Union => "UNION",
            SetOperation::Intersect => "INTERSECT",
            SetOperation::Except => "EXCEPT",
        };
        let members = self.cte_text(
            "members_of_sets",
            format!("each member once, {}", word.to_lowercase()),
            parts.join(&format!("\n  {word} ")),
        );
        let mut order = Vec::new();
        for key in &query.order {
            let OrderKey::Dimension(i) = key.key else {
                return Err(QueryError::Malformed(
                    "members are sorted by their own columns".into(),
                ));
            };
            let column = columns
                .get(i)
                .ok_or_else(|| QueryError::Malformed(format!("the members have no column {i}")))?;
            let sql = self.sql.sort_key(&format!("d{i}"), column.data_type);
            order.push(
                self.sql
                    .ordered(&sql, key.direction == Direction::Descending),
            );
        }
        for (i, column) in columns.iter().enumerate() {
            let sql = self.sql.sort_key(&format!("d{i}"), column.data_type);
            order.push(self.sql.ordered(&sql, false));
        }
        let select = Select {
            columns: columns
                .iter()
                .enumerate()
                .map(|(i, c)| format!("d{i} AS {}", self.sql.identifier(&c.name)))
                .collect(),
            from: format!("FROM {members}"),
            order,
            limit: query.limit,
            ..Select::default()
        };
        Ok((select, columns))
    }
}
