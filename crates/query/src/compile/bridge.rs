//! Many-to-many: groups that rows belong to through links, each (row, group) once.

use super::Compiler;
use super::frame::Window;
use super::scope::Scope;
use crate::path::{Link, Path};
use crate::{Dimension, Filter, Note, QueryError};
use semantics::FieldRef;

impl<'m> Compiler<'m> {
    /// Joins, for each link that leads to some of the dimensions, the distinct pairs of a row's key and
    /// its groups; gives the expression of each dimension.
    ///
    /// A row that nothing is linked to is in the group without a name. Dimensions of one link
    /// take their values from the same linked row.
    pub(super) fn join_links(
        &mut self,
        scope: &mut Scope<'m>,
        dimensions: &[(usize, &Dimension)],
        window: &Window,
    ) -> Result<Vec<(usize, String)>, QueryError> {
        let mut links: Vec<(Link, Vec<(usize, &Dimension)>)> = Vec::new();
        for (i, dimension) in dimensions {
            let (Dimension::Field(field)
            | Dimension::TimeOf { field, .. }
            | Dimension::Bucket { per: field, .. }) = dimension
            else {
                continue;
            };
            let link = self.context.graph.link(&scope.home.name, field)?;
            match links.iter_mut().find(|(known, _)| *known == link) {
                Some((_, list)) => list.push((*i, dimension)),
                None => links.push((link, vec![(*i, dimension)])),
            }
        }
        let mut expressions = Vec::new();
        for (link, list) in links {
            let mut inner = Scope::new(&self.context, &link.dataset)?;
            let mut columns: Vec<String> = inner
                .fields_at(&link.inner, &link.inner_fields)?
                .iter()
                .enumerate()
                .map(|(i, k)| format!("{k} AS k{i}"))
                .collect();
            for (i, dimension) in &list {
                if let Dimension::Field(field) | Dimension::TimeOf { field, .. } = dimension {
                    self.context.note(Note::OverlappingGroups(field.clone()));
                }
                // A time of linked rows does not place the rows that count, and moves with their
                // periods only where it is compared itself.
                let mut window = window.clone();
                if let Some(moved) = &mut window.moved
                    && moved.dimension != Some(*i)
                {
                    moved.dimension = None;
                }
                let sql = match dimension {
                    // The measure is one for each `per` as it is asked for: the linked rows only
                    // look it up.
                    Dimension::Bucket { measure, per, .. } => {
                        let own = inner.field(&onwards(per, &inner))?;
                        self.bucket(&mut inner, &own, measure, per, &window)?
                    }
                    Dimension::Field(field) => inner.field(&onwards(field, &inner))?,
                    Dimension::TimeOf { field, grain } => {
                        let there = Dimension::TimeOf {
                            field: onwards(field, &inner),
                            grain: *grain,
                        };
                        // The range is one of the rows' own time, not of that of what is linked.
                        let mut undated = window.clone();
                        undated.span = Default::default();
                        if let Some(moved) = &mut undated.moved {
                            moved.target = Default::default();
                        }
                        self.dimension(&mut inner, *i, &there, &undated)?
                    }
                    // No others are reached through links.
                    Dimension::Time(_)
                    | Dimension::Band { .. }
                    | Dimension::NewOrReturning { .. } => continue,
                };
                columns.push(format!("{sql} AS d{i}"));
            }
            let mut select = inner.select(columns, Vec::new())?;
            select.distinct = true;
            let table = self.cte(
                &format!("{}_links", link.dataset),
                format!(
                    "each pair of a row of {} and its group once",
                    scope.home.name
                ),
                &select,
            );
            let outer = scope.fields_at(&link.outer, &link.outer_fields)?;
            let alias = scope.join_once("link", |alias| {
                let on: Vec<String> = outer
                    .iter()
                    .enumerate()
                    .map(|(i, field)| format!("{field} = {alias}.k{i}"))
                    .collect();
                format!("LEFT JOIN {table} AS {alias} ON {}", on.join(" AND "))
            });
            expressions.extend(list.iter().map(|(i, _)| (*i, format!("{alias}.d{i}"))));
        }
        Ok(expressions)
    }

    /// A condition on what is linked, as a test of membership: it holds for a row when it holds
    /// for one of its linked rows.
    pub(super) fn through_link(
        &mut self,
        scope: &mut Scope<'m>,
        field: &FieldRef,
        filter: &Filter,
    ) -> Result<String, QueryError> {
        let link = self.context.graph.link(&scope.home.name, field)?;
        let mut inner = Scope::new(&self.context, &link.dataset)?;
        let keys = inner.fields_at(&link.inner, &link.inner_fields)?;
        let mut there = filter.clone();
        for field in fields_mut(&mut there) {
            *field = onwards(field, &inner);
        }
        let condition = self.direct(&mut inner, &there)?;
        let own = scope.fields_at(&link.outer, &link.outer_fields)?;
        let left = match &own[..] {
            [only] => only.clone(),
            many => format!("({})", many.join(", ")),
        };
        let select = inner.select(keys, vec![condition])?;
        Ok(format!(
            "({left} IN (\n    {}\n  ))",
            select.write(self.sql)
        ))
    }
}

/// Fields that a single condition reads on the row itself.
fn fields_mut(filter: &mut Filter) -> Vec<&mut FieldRef> {
    match filter {
        Filter::And(_) | Filter::Or(_) | Filter::Not(_) => Vec::new(),
        Filter::CompareFields { left, right, .. } => vec![left, right],
        Filter::Compare { field, .. }
        | Filter::In { field, .. }
        | Filter::Contains { field, .. }
        | Filter::IsNull { field }
        | Filter::During { field, .. }
        | Filter::Cycle { field, .. }
        | Filter::CompareQuery { field, .. }
        | Filter::Members { field, .. } => vec![field],
    }
}

/// A field as the linked rows reach it: where they need no name of a relationship, it named the
/// link.
fn onwards(field: &FieldRef, scope: &Scope) -> FieldRef {
    match scope.reach(field) {
        Ok(Path { .. }) => field.clone(),
        Err(_) => FieldRef::new(&field.dataset, &field.field),
    }
}
