//! One dataset with what it looks up: field expressions and joins.

use super::Compiler;
use super::calendar::Span;
use crate::QueryError;
use crate::dialect::{SqlDialect, own_field};
use crate::path::{Path, reachable, time_field_of};
use semantics::{Dataset, FieldRef, Model};

/// A FROM clause that grows a LEFT JOIN for each look-up, many rows to one only.
pub(super) struct Scope<'m> {
    model: &'m Model,
    sql: &'static dyn SqlDialect,
    pub(super) home: String,
    joins: Vec<(Vec<usize>, String)>,
    extra: Vec<String>,
}

impl<'m> Scope<'m> {
    pub(super) fn new(compiler: &Compiler<'m>, home: &str) -> Result<Self, QueryError> {
        compiler
            .model
            .dataset(home)
            .ok_or_else(|| QueryError::UnknownField(home.to_string()))?;
        Ok(Scope {
            model: compiler.model,
            sql: compiler.sql,
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
        own_field(self.sql, known, dataset, &alias)
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
                    .ok_or_else(|| QueryError::UnknownField(f.clone()))
                    .and_then(|known| own_field(self.sql, known, dataset, &alias))
            })
            .collect()
    }

    pub(super) fn from(&self) -> Result<String, QueryError> {
        let mut out = format!(
            "FROM {} AS {}",
            self.model
                .dataset(&self.home)
                .map(|d| self.sql.table(&d.table))
                .unwrap_or_default(),
            self.sql.identifier(&self.home)
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
            let dataset = |name: &String| {
                self.model
                    .dataset(name)
                    .ok_or_else(|| QueryError::UnknownField(name.clone()))
            };
            let (from, to) = (dataset(&relationship.from)?, dataset(&relationship.to)?);
            let side = |dataset: &Dataset, name: &String, alias: &str| {
                dataset
                    .field(name)
                    .ok_or_else(|| QueryError::UnknownField(format!("{}.{name}", dataset.name)))
                    .and_then(|known| own_field(self.sql, known, dataset, alias))
            };
            let mut on = Vec::new();
            for (a, b) in relationship.from_fields.iter().zip(&relationship.to_fields) {
                on.push(format!(
                    "{} = {}",
                    side(from, a, &left)?,
                    side(to, b, alias)?
                ));
            }
            out.push_str(&format!(
                "\n  LEFT JOIN {} AS {} ON {}",
                self.sql.table(&to.table),
                self.sql.identifier(alias),
                on.join(" AND ")
            ));
        }
        for join in &self.extra {
            out.push_str("\n  ");
            out.push_str(join);
        }
        Ok(out)
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
        Ok(span.condition(self.sql, &sql))
    }
}
