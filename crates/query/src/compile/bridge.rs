//! Many-to-many: groups that rows belong to through a third dataset, each (row, group) once.

use super::Compiler;
use super::frame::Window;
use super::scope::Scope;
use super::statement::Select;
use crate::path::{bridge, time_field_of};
use crate::{Filter, QueryError};
use semantics::FieldRef;

impl Compiler<'_> {
    /// Joins the distinct (row key, groups) pairs of a bridge as `link`, with columns `d<i>`.
    pub(super) fn join_links(
        &mut self,
        scope: &mut Scope,
        fields: &[(usize, FieldRef)],
        window: &Window,
    ) -> Result<(), QueryError> {
        let home = scope.home.clone();
        let mut over = None;
        for (_, field) in fields {
            let found = bridge(self.model, &home, field).ok_or_else(|| QueryError::NoPath {
                from: home.clone(),
                to: field.dataset.clone(),
            })?;
            match &over {
                None => over = Some(found),
                Some(known) if known.dataset == found.dataset => {}
                Some(_) => return Err(QueryError::NoSafeRewrite(home)),
            }
        }
        let Some(over) = over else { return Ok(()) };
        let Some(last) = over.home.steps.last() else {
            return Err(QueryError::NoSafeRewrite(home));
        };
        let relationship = &self.model.relationships[*last];
        let mut inner = Scope::new(self, &over.dataset)?;
        let mut columns: Vec<String> = inner
            .keys_at(&over.home)?
            .iter()
            .enumerate()
            .map(|(i, k)| format!("{k} AS k{i}"))
            .collect();
        for (i, field) in fields {
            columns.push(format!("{} AS d{i}", inner.field(field)?));
        }
        // The span limits which links count, where the links are dated.
        let mut conditions = Vec::new();
        if let Some(time) = &window.time
            && time_field_of(self.model, &over.dataset).is_some()
            && let Some(c) = inner.during(time, window.span)?
        {
            conditions.push(c);
        }
        let links = self.cte(
            &format!("{}_links", over.dataset),
            format!("each pair of a row of {home} and its group once"),
            &Select {
                distinct: true,
                columns,
                from: inner.from()?,
                conditions,
                ..Select::default()
            },
        );
        let on: Result<Vec<String>, QueryError> = relationship
            .to_fields
            .iter()
            .enumerate()
            .map(|(i, f)| {
                Ok(format!(
                    "{} = link.k{i}",
                    scope.field(&FieldRef::new(&home, f))?
                ))
            })
            .collect();
        scope.join_text(format!(
            "LEFT JOIN {links} AS link ON {}",
            on?.join(" AND ")
        ));
        Ok(())
    }

    /// A condition on what is linked one-to-many, as a test of membership.
    pub(super) fn through_bridge(
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
        let Some(last) = found.home.steps.last() else {
            return Err(no_path());
        };
        let mut inner = Scope::new(self, &found.dataset)?;
        let keys = inner.keys_at(&found.home)?;
        let condition = self.direct(&mut inner, filter)?;
        let relationship = &self.model.relationships[*last];
        let own: Result<Vec<String>, QueryError> = relationship
            .to_fields
            .iter()
            .map(|f| scope.field(&FieldRef::new(&relationship.to, f)))
            .collect();
        let left = own?.join(", ");
        let left = if keys.len() > 1 {
            format!("({left})")
        } else {
            left
        };
        Ok(format!(
            "({left} IN (SELECT {} {} WHERE {condition}))",
            keys.join(", "),
            inner.from()?.replace("\n ", "")
        ))
    }
}
