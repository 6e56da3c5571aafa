//! Conditions on groups.

use super::Compiler;
use super::parts::Measured;
use super::statement::Select;
use super::subquery::comparable;
use crate::dialect::operator;
use crate::{Having, Origin, Part, Query, QueryError, Threshold};
use semantics::DataType;

/// The right side of a condition. A mean is kept as a sum over a count, so that a group that is
/// exactly average is not told from the average by rounding.
struct Right {
    sql: String,
    /// What the left side is multiplied by.
    count: Option<String>,
    data_type: DataType,
}

impl Right {
    fn plain(sql: String, data_type: DataType) -> Right {
        Right {
            sql,
            count: None,
            data_type,
        }
    }
}

impl Compiler<'_> {
    /// Keeps the groups that meet every condition.
    pub(super) fn meeting(
        &mut self,
        query: &Query,
        measured: &mut Measured,
    ) -> Result<(), QueryError> {
        if query.having.is_empty() {
            return Ok(());
        }
        self.means(query, measured)?;
        let mut conditions = Vec::new();
        for having in &query.having {
            conditions.push(self.having(having, measured)?);
        }
        measured.table = self.cte(
            "kept",
            "groups that meet the conditions".into(),
            &Select::all(&measured.table, conditions),
        );
        Ok(())
    }

    fn having(&mut self, having: &Having, measured: &Measured) -> Result<String, QueryError> {
        let left = measured.column(having.metric, having.on)?.to_string();
        let data_type = measured.data_type(having.metric, having.on)?;
        let right = self.threshold(having, &having.value, measured)?;
        if !comparable(data_type, right.data_type) {
            return Err(QueryError::TypeMismatch {
                left: measured.name(having.metric, having.on),
                right: format!("{:?}", having.value),
            });
        }
        let left = match &right.count {
            Some(count) => format!("{left} * {count}"),
            None => left,
        };
        let mut alternatives = vec![format!("{left} {} {}", operator(having.op), right.sql)];
        for other in &having.or {
            alternatives.push(self.having(other, measured)?);
        }
        Ok(match &alternatives[..] {
            [one] => one.clone(),
            many => format!("({})", many.join(" OR ")),
        })
    }

    fn threshold(
        &mut self,
        having: &Having,
        value: &Threshold,
        measured: &Measured,
    ) -> Result<Right, QueryError> {
        let column = measured.column(having.metric, having.on)?.to_string();
        Ok(match value {
            Threshold::Number(x) => Right::plain(self.sql.number(*x), DataType::Float),
            Threshold::AverageOfGroups => Right {
                sql: format!("(SELECT SUM({column}) FROM {})", measured.table),
                count: Some(format!("(SELECT COUNT({column}) FROM {})", measured.table)),
                data_type: DataType::Float,
            },
            Threshold::AverageWithin(within) => {
                let name = mean_name(&column, within);
                Right {
                    sql: format!("sum_{name}"),
                    count: Some(format!("count_{name}")),
                    data_type: DataType::Float,
                }
            }
            Threshold::MedianOfGroups => Right::plain(
                format!(
                    "(SELECT {} FROM {})",
                    self.sql.quantile(&column, 0.5),
                    measured.table
                ),
                DataType::Float,
            ),
            Threshold::Metric(m) => Right::plain(
                measured.column(*m, Part::Value)?.to_string(),
                measured.data_type(*m, Part::Value)?,
            ),
            Threshold::Part(m, part) => Right::plain(
                measured.column(*m, *part)?.to_string(),
                measured.data_type(*m, *part)?,
            ),
            Threshold::Query(query) => {
                let (sql, data_type) = self.scalar(query)?;
                Right::plain(sql, data_type)
            }
            Threshold::Times(factor, of) => {
                let right = self.threshold(having, of, measured)?;
                if !right.data_type.is_numeric() {
                    return Err(QueryError::TypeMismatch {
                        left: format!("{factor}"),
                        right: format!("{of:?}"),
                    });
                }
                Right {
                    sql: format!("{} * {}", self.sql.number(*factor), right.sql),
                    ..right
                }
            }
        })
    }

    /// Adds sums and counts within groups of groups, for means that only some groups share.
    fn means(&mut self, query: &Query, measured: &mut Measured) -> Result<(), QueryError> {
        fn within<'q>(value: &'q Threshold, found: &mut Vec<&'q [usize]>) {
            match value {
                Threshold::AverageWithin(dimensions) => found.push(dimensions),
                Threshold::Times(_, of) => within(of, found),
                _ => {}
            }
        }
        fn all<'h>(having: &'h [Having], found: &mut Vec<&'h Having>) {
            for h in having {
                found.push(h);
                all(&h.or, found);
            }
        }
        let mut conditions = Vec::new();
        all(&query.having, &mut conditions);
        let mut select = Select::all(&measured.table, Vec::new());
        for having in conditions {
            let mut groups = Vec::new();
            within(&having.value, &mut groups);
            for group in groups {
                let column = measured.column(having.metric, having.on)?;
                if let Some(lost) = group.iter().find(|d| **d >= query.dimensions.len()) {
                    return Err(QueryError::Malformed(format!(
                        "the query has no dimension {lost}"
                    )));
                }
                let keys: Vec<String> = group.iter().map(|d| format!("d{d}")).collect();
                let over = if keys.is_empty() {
                    "OVER ()".to_string()
                } else {
                    format!("OVER (PARTITION BY {})", keys.join(", "))
                };
                let name = mean_name(column, group);
                for (how, function) in [("sum", "SUM"), ("count", "COUNT")] {
                    let added = format!("{function}({column}) {over} AS {how}_{name}");
                    if !select.columns.contains(&added) {
                        select.columns.push(added);
                    }
                }
            }
        }
        if select.columns.len() > 1 {
            measured.table = self.cte(
                "with_means",
                "with the sums and counts that means are made of".into(),
                &select,
            );
        }
        Ok(())
    }
}

fn mean_name(column: &str, within: &[usize]) -> String {
    let keys: Vec<String> = within.iter().map(|d| format!("_d{d}")).collect();
    format!("{column}{}", keys.concat())
}

impl Measured {
    fn at(&self, m: usize, part: Part) -> Result<&crate::OutputColumn, QueryError> {
        self.columns
            .iter()
            .find(|c| c.origin == Origin::Metric(m, part))
            .ok_or_else(|| {
                QueryError::Malformed(format!("the query shows no {part:?} of measure {m}"))
            })
    }

    fn data_type(&self, m: usize, part: Part) -> Result<DataType, QueryError> {
        self.at(m, part).map(|c| c.data_type)
    }

    fn name(&self, m: usize, part: Part) -> String {
        self.at(m, part).map_or(String::new(), |c| c.name.clone())
    }
}
