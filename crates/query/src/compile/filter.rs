//! Filters as two-valued conditions over a scope's rows.

use super::Compiler;
use super::calendar::Span;
use super::scope::Scope;
use super::subquery::comparable;
use crate::dialect::operator;
use crate::path::reachable;
use crate::{Filter, Literal, QueryError};
use semantics::{DataType, FieldRef};

impl Compiler<'_> {
    /// A filter as a two-valued condition over the scope's rows. What is linked one-to-many becomes
    /// a test of membership.
    pub(super) fn condition(
        &mut self,
        scope: &mut Scope,
        filter: &Filter,
    ) -> Result<String, QueryError> {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => {
                let all = matches!(filter, Filter::And(_));
                let parts: Result<Vec<String>, QueryError> =
                    parts.iter().map(|p| self.condition(scope, p)).collect();
                Ok(match &parts?[..] {
                    [] => if all { "TRUE" } else { "FALSE" }.into(),
                    [one] => one.clone(),
                    many => format!("({})", many.join(if all { " AND " } else { " OR " })),
                })
            }
            Filter::Not(inner) => Ok(format!("(({}) IS NOT TRUE)", self.condition(scope, inner)?)),
            _ => {
                let out_of_reach = fields_of(filter).into_iter().find_map(|f| {
                    reachable(self.model, &scope.home, f)
                        .err()
                        .map(|e| (f.clone(), e))
                });
                match out_of_reach {
                    None => self.direct(scope, filter),
                    Some((
                        _,
                        e @ (QueryError::AmbiguousPath { .. } | QueryError::UnknownField(_)),
                    )) => Err(e),
                    Some((field, _)) => self.through_bridge(scope, &field, filter),
                }
            }
        }
    }

    /// A filter on what the scope's rows have or look up.
    pub(super) fn direct(
        &mut self,
        scope: &mut Scope,
        filter: &Filter,
    ) -> Result<String, QueryError> {
        Ok(match filter {
            Filter::And(_) | Filter::Or(_) | Filter::Not(_) => self.condition(scope, filter)?,
            Filter::Compare { field, op, value } => {
                let temporal = self
                    .model
                    .field(field)
                    .is_some_and(|f| f.data_type.is_temporal());
                let right = match value {
                    Literal::Text(day) if temporal => self.sql.date(super::calendar::day(day)?),
                    other => self.sql.literal(other),
                };
                format!("{} {} {right}", scope.field(field)?, operator(*op))
            }
            Filter::CompareFields { left, op, right } => format!(
                "{} {} {}",
                scope.field(left)?,
                operator(*op),
                scope.field(right)?
            ),
            Filter::In { field, values } => {
                let numeric = self
                    .model
                    .field(field)
                    .is_some_and(|f| f.data_type.is_numeric());
                let sql = scope.field(field)?;
                let spelled: Vec<String> = values
                    .iter()
                    .map(|v| match v {
                        Literal::Text(t) if numeric && t.parse::<f64>().is_ok() => t.clone(),
                        other => self.sql.literal(other),
                    })
                    .collect();
                match &spelled[..] {
                    [] => "FALSE".into(),
                    [one] => format!("{sql} = {one}"),
                    many => format!("{sql} IN ({})", many.join(", ")),
                }
            }
            Filter::Contains { field, text } => self.sql.contains(&scope.field(field)?, text),
            Filter::IsNull { field } => format!("{} IS NULL", scope.field(field)?),
            Filter::During { field, range } => {
                let span = Span::of(Some(range))?;
                let sql = scope.field(field)?;
                span.condition(self.sql, &sql)
                    .unwrap_or_else(|| "TRUE".into())
            }
            Filter::Cycle {
                field,
                grain,
                values,
            } => {
                let sql = scope.field(field)?;
                let list: Vec<String> = values.iter().map(|v| self.sql.literal(v)).collect();
                format!(
                    "{} IN ({})",
                    self.sql.period(*grain, &sql, self.model.week_start),
                    list.join(", ")
                )
            }
            Filter::Members { field, query } => {
                let sql = scope.field(field)?;
                let members = self.members(query)?;
                format!("{sql} IN (SELECT member FROM {members} WHERE member IS NOT NULL)")
            }
            Filter::CompareQuery { field, op, query } => {
                let left = scope.field(field)?;
                let known = self
                    .model
                    .field(field)
                    .map_or(DataType::Opaque, |f| f.data_type);
                let (right, data_type) = self.scalar(query)?;
                if !comparable(known, data_type) {
                    return Err(QueryError::TypeMismatch {
                        left: field.to_string(),
                        right: query
                            .metrics
                            .first()
                            .map_or(String::new(), |t| t.name.clone()),
                    });
                }
                format!("{left} {} {right}", operator(*op))
            }
        })
    }
}

/// Fields that a filter reads on the row itself.
fn fields_of(filter: &Filter) -> Vec<&FieldRef> {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().flat_map(fields_of).collect(),
        Filter::Not(inner) => fields_of(inner),
        Filter::CompareFields { left, right, .. } => vec![left, right],
        Filter::Compare { field, .. }
        | Filter::In { field, .. }
        | Filter::Contains { field, .. }
        | Filter::IsNull { field }
        | Filter::During { field, .. }
        | Filter::Cycle { field, .. }
        | Filter::Members { field, .. }
        | Filter::CompareQuery { field, .. } => vec![field],
    }
}
