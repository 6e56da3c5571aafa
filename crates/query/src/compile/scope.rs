//! One dataset with what it looks up: field expressions, joins and row filters.

use super::Compiler;
use super::calendar::Span;
use super::text::{expression, identifier, literal, operator, period, table, text};
use crate::path::{Path, bridge, reachable, time_field_of};
use crate::{Filter, QueryError};
use semantics::{FieldRef, Model};

/// A FROM clause that grows a LEFT JOIN for each look-up, many rows to one only.
pub(super) struct Scope<'m> {
    model: &'m Model,
    pub(super) home: String,
    joins: Vec<(Vec<usize>, String)>,
    extra: Vec<String>,
}

impl<'m> Scope<'m> {
    pub(super) fn new(model: &'m Model, home: &str) -> Result<Self, QueryError> {
        model
            .dataset(home)
            .ok_or_else(|| QueryError::UnknownField(home.to_string()))?;
        Ok(Scope {
            model,
            home: home.to_string(),
            joins: Vec::new(),
            extra: Vec::new(),
        })
    }

    /// A join that is no relationship (a sub-query by its key).
    pub(super) fn join_text(&mut self, join: String) {
        if !self.extra.contains(&join) {
            self.extra.push(join);
        }
    }

    fn alias_for(&mut self, path: &Path) -> String {
        if path.steps.is_empty() {
            return self.home.clone();
        }
        for length in 1..=path.steps.len() {
            let prefix = path.steps[..length].to_vec();
            if self.joins.iter().any(|(p, _)| *p == prefix) {
                continue;
            }
            let target = &self.model.relationships[prefix[length - 1]].to;
            let taken = self
                .joins
                .iter()
                .filter(|(_, a)| a == target || a.starts_with(&format!("{target}_")))
                .count()
                + usize::from(*target == self.home);
            let alias = if taken == 0 {
                target.clone()
            } else {
                format!("{target}_{}", taken + 1)
            };
            self.joins.push((prefix, alias));
        }
        self.joins
            .iter()
            .find(|(p, _)| *p == path.steps)
            .map_or_else(|| self.home.clone(), |(_, a)| a.clone())
    }

    /// The SQL of a field that the home looks up.
    pub(super) fn field(&mut self, field: &FieldRef) -> Result<String, QueryError> {
        let known = self
            .model
            .field(field)
            .ok_or_else(|| QueryError::UnknownField(field.to_string()))?;
        let path = reachable(self.model, &self.home, field)?;
        let alias = self.alias_for(&path);
        let dataset = self
            .model
            .dataset(&field.dataset)
            .ok_or_else(|| QueryError::UnknownField(field.to_string()))?;
        Ok(expression(&known.expression, dataset, &alias))
    }

    /// The key fields of the dataset that a path ends in, as seen from here.
    pub(super) fn keys_at(&mut self, path: &Path) -> Result<Vec<String>, QueryError> {
        let Some(last) = path.steps.last() else {
            return Ok(Vec::new());
        };
        let relationship = &self.model.relationships[*last];
        let alias = self.alias_for(path);
        let dataset = self
            .model
            .dataset(&relationship.to)
            .ok_or_else(|| QueryError::UnknownField(relationship.to.clone()))?;
        relationship
            .to_fields
            .iter()
            .map(|f| {
                dataset
                    .field(f)
                    .map(|known| expression(&known.expression, dataset, &alias))
                    .ok_or_else(|| QueryError::UnknownField(f.clone()))
            })
            .collect()
    }

    pub(super) fn from(&self) -> String {
        let mut out = format!(
            "FROM {} AS {}",
            self.model
                .dataset(&self.home)
                .map(|d| table(&d.table))
                .unwrap_or_default(),
            identifier(&self.home)
        );
        for (steps, alias) in &self.joins {
            let relationship = &self.model.relationships[steps[steps.len() - 1]];
            let left = if steps.len() == 1 {
                self.home.clone()
            } else {
                self.joins
                    .iter()
                    .find(|(p, _)| p[..] == steps[..steps.len() - 1])
                    .map_or_else(String::new, |(_, a)| a.clone())
            };
            let (Some(from), Some(to)) = (
                self.model.dataset(&relationship.from),
                self.model.dataset(&relationship.to),
            ) else {
                continue;
            };
            let on: Vec<String> = relationship
                .from_fields
                .iter()
                .zip(&relationship.to_fields)
                .filter_map(|(a, b)| {
                    Some(format!(
                        "{} = {}",
                        expression(&from.field(a)?.expression, from, &left),
                        expression(&to.field(b)?.expression, to, alias)
                    ))
                })
                .collect();
            out.push_str(&format!(
                "\n  LEFT JOIN {} AS {} ON {}",
                table(&to.table),
                identifier(alias),
                on.join(" AND ")
            ));
        }
        for join in &self.extra {
            out.push_str("\n  ");
            out.push_str(join);
        }
        out
    }

    /// The condition that a span of time sets, on the home's own time field.
    pub(super) fn during(
        &mut self,
        field: &FieldRef,
        span: Span,
    ) -> Result<Option<String>, QueryError> {
        if span == Span::default() {
            return Ok(None);
        }
        let field = if reachable(self.model, &self.home, field).is_ok() {
            field.clone()
        } else {
            time_field_of(self.model, &self.home).ok_or_else(|| QueryError::NoPath {
                from: self.home.clone(),
                to: field.to_string(),
            })?
        };
        let sql = self.field(&field)?;
        Ok(span_condition(&sql, span))
    }
}

fn span_condition(sql: &str, span: Span) -> Option<String> {
    let parts: Vec<String> = [
        span.start.map(|d| format!("{sql} >= DATE '{d}'")),
        span.end.map(|d| format!("{sql} < DATE '{d}'")),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

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
                let joint = if matches!(filter, Filter::And(_)) {
                    " AND "
                } else {
                    " OR "
                };
                let parts: Result<Vec<String>, QueryError> =
                    parts.iter().map(|p| self.condition(scope, p)).collect();
                let parts = parts?;
                Ok(if parts.is_empty() {
                    "TRUE".into()
                } else if parts.len() == 1 {
                    parts[0].clone()
                } else {
                    format!("({})", parts.join(joint))
                })
            }
            Filter::Not(inner) => Ok(format!("(({}) IS NOT TRUE)", self.condition(scope, inner)?)),
            _ => {
                let fields = fields_of(filter);
                let out_of_reach =
                    fields
                        .iter()
                        .find_map(|f| match reachable(self.model, &scope.home, f) {
                            Ok(_) => None,
                            Err(e) => Some(((*f).clone(), e)),
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

    fn through_bridge(
        &mut self,
        scope: &mut Scope,
        field: &FieldRef,
        filter: &Filter,
    ) -> Result<String, QueryError> {
        let no_path = || QueryError::NoPath {
            from: scope.home.clone(),
            to: field.to_string(),
        };
        let found = bridge(self.model, &scope.home, field).ok_or_else(no_path)?;
        let mut inner = Scope::new(self.model, &found.dataset)?;
        let keys = inner.keys_at(&found.home)?;
        let condition = self.direct(&mut inner, filter)?;
        let Some(last) = found.home.steps.last() else {
            return Err(no_path());
        };
        let relationship = self.model.relationships[*last].clone();
        let own: Result<Vec<String>, QueryError> = relationship
            .to_fields
            .iter()
            .map(|f| scope.field(&FieldRef::new(&relationship.to, f)))
            .collect();
        let (left, right) = (own?.join(", "), keys.join(", "));
        let left = if keys.len() > 1 {
            format!("({left})")
        } else {
            left
        };
        Ok(format!(
            "({left} IN (SELECT {right} {} WHERE {condition}))",
            inner.from().replace('\n', " ")
        ))
    }

    fn direct(&mut self, scope: &mut Scope, filter: &Filter) -> Result<String, QueryError> {
        Ok(match filter {
            Filter::And(_) | Filter::Or(_) | Filter::Not(_) => self.condition(scope, filter)?,
            Filter::Compare { field, op, value } => {
                let temporal = self
                    .model
                    .field(field)
                    .is_some_and(|f| f.data_type.is_temporal());
                let right = match value {
                    crate::Literal::Text(day) if temporal => format!("DATE {}", text(day)),
                    other => literal(other),
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
                        crate::Literal::Text(t) if numeric && t.parse::<f64>().is_ok() => t.clone(),
                        other => literal(other),
                    })
                    .collect();
                match &spelled[..] {
                    [] => "FALSE".into(),
                    [one] => format!("{sql} = {one}"),
                    many => format!("{sql} IN ({})", many.join(", ")),
                }
            }
            Filter::Contains { field, text: part } => {
                let folded = part
                    .to_lowercase()
                    .replace('\\', "\\\\")
                    .replace('%', "\\%")
                    .replace('_', "\\_");
                format!(
                    "strip_accents(lower({})) LIKE strip_accents({}) ESCAPE '\\'",
                    scope.field(field)?,
                    text(&format!("%{folded}%"))
                )
            }
            Filter::IsNull { field } => format!("{} IS NULL", scope.field(field)?),
            Filter::During { field, range } => {
                let span = Span::of(Some(range))?;
                let sql = scope.field(field)?;
                span_condition(&sql, span).unwrap_or_else(|| "TRUE".into())
            }
            Filter::Cycle {
                field,
                grain,
                values,
            } => {
                let sql = scope.field(field)?;
                let list: Vec<String> = values.iter().map(literal).collect();
                format!(
                    "{} IN ({})",
                    period(*grain, &sql, self.model.week_start),
                    list.join(", ")
                )
            }
            Filter::Members { field, query } => {
                let sql = scope.field(field)?;
                let members = self.members(query)?;
                format!("{sql} IN (SELECT member FROM {members} WHERE member IS NOT NULL)")
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
        | Filter::Members { field, .. } => vec![field],
    }
}
