//! Filters as two-valued conditions over a scope's rows.

use super::Compiler;
use super::calendar::Span;
use super::columns::grain_type;
use super::declared::{comparison, one_of};
use super::reckoning::Days;
use super::scope::Scope;
use super::subquery::comparable;
use crate::dialect::operator;
use crate::{Filter, QueryError};
use semantics::{DataType, FieldRef};

impl<'m> Compiler<'m> {
    /// A filter as a two-valued condition over the scope's rows. What is linked one-to-many becomes
    /// a test of membership.
    pub(super) fn condition(
        &mut self,
        scope: &mut Scope<'m>,
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
                for field in fields_of(filter) {
                    match scope.reach(field) {
                        Ok(_) => {}
                        Err(QueryError::NoPath { .. }) => {
                            return self.through_link(scope, field, filter);
                        }
                        Err(e) => return Err(e),
                    }
                }
                self.direct(scope, filter)
            }
        }
    }

    /// A filter on what the scope's rows have or look up.
    pub(super) fn direct(
        &mut self,
        scope: &mut Scope<'m>,
        filter: &Filter,
    ) -> Result<String, QueryError> {
        Ok(match filter {
            Filter::And(_) | Filter::Or(_) | Filter::Not(_) => self.condition(scope, filter)?,
            Filter::Compare { field, op, value } => {
                let data_type = self.data_type(field)?;
                comparison(self.sql, &scope.field(field)?, data_type, *op, value)?
            }
            Filter::CompareFields { left, op, right } => {
                if !comparable(self.data_type(left)?, self.data_type(right)?) {
                    return Err(QueryError::TypeMismatch {
                        left: left.to_string(),
                        right: right.to_string(),
                    });
                }
                let (a, b) = (scope.field(left)?, scope.field(right)?);
                format!("{a} {} {b}", operator(*op))
            }
            Filter::In { field, values } => {
                let data_type = self.data_type(field)?;
                one_of(self.sql, &scope.field(field)?, data_type, values)?
            }
            Filter::Contains { field, text } => self.sql.contains(&scope.field(field)?, text),
            Filter::IsNull { field } => format!("{} IS NULL", scope.field(field)?),
            Filter::During { field, range } => {
                let span = Span::of(Some(range))?;
                let of = scope.field(self.temporal(field)?)?;
                span.condition(self.sql, &of)
                    .unwrap_or_else(|| format!("{of} IS NOT NULL"))
            }
            Filter::Cycle {
                field,
                grain,
                values,
            } => {
                if !grain.is_cyclic() {
                    return Err(QueryError::Malformed(format!(
                        "{grain:?} does not come again: give a range"
                    )));
                }
                let of = scope.field(self.temporal(field)?)?;
                let reckoning = self.reckoning(self.calendar.as_deref())?;
                let days = Days::of_data(self, field)?;
                let cycle = self.period(scope, &reckoning, *grain, &of, &days)?;
                one_of(self.sql, &cycle, grain_type(*grain), values)?
            }
            Filter::Members { field, query } => {
                let sql = scope.field(field)?;
                let members = self.members(query)?;
                format!("{sql} IN (SELECT member FROM {members} WHERE member IS NOT NULL)")
            }
            Filter::CompareQuery { field, op, query } => {
                let left = scope.field(field)?;
                let known = self.data_type(field)?;
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

impl Compiler<'_> {
    /// The type of a field.
    pub(super) fn data_type(&self, field: &FieldRef) -> Result<DataType, QueryError> {
        self.context
            .graph
            .field(field)
            .map(|f| f.data_type)
            .ok_or_else(|| QueryError::UnknownField(field.to_string()))
    }

    /// The field, if it holds dates or times.
    pub(super) fn temporal<'f>(&self, field: &'f FieldRef) -> Result<&'f FieldRef, QueryError> {
        if self.data_type(field)?.is_temporal() {
            Ok(field)
        } else {
            Err(QueryError::Malformed(format!("{field} holds no dates")))
        }
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
