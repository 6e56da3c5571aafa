//! One dataset with what it looks up: field expressions, joins and the conditions that always hold.

use super::Context;
use super::calendar::Span;
use super::statement::Select;
use crate::dialect::{Outside, expression};
use crate::path::Path;
use crate::{Note, QueryError};
use semantics::{Dataset, Field, FieldRef, RowFilter, Validity};
use std::rc::Rc;

/// A look-up: a LEFT JOIN from many rows to one.
struct Join {
    steps: Vec<usize>,
    alias: String,
    on: String,
}

/// A FROM clause that grows a LEFT JOIN for each look-up, many rows to one only.
pub(super) struct Scope<'m> {
    context: Rc<Context<'m>>,
    pub(super) home: &'m Dataset,
    joins: Vec<Join>,
    /// Ways whose joins are being written, with their aliases.
    joining: Vec<(Vec<usize>, String)>,
    /// Joins that are no relationships (sub-queries, calendars), by alias.
    extra: Vec<(String, String)>,
    /// What holds for every row that counts.
    standing: Vec<String>,
    /// Fields that are computed from each other's look-ups so far.
    depth: usize,
}

impl<'m> Scope<'m> {
    /// The rows of a dataset that the reader may see and that count by default.
    pub(super) fn new(context: &Rc<Context<'m>>, home: &str) -> Result<Self, QueryError> {
        let mut scope = Scope::unrestricted(context, home)?;
        scope.standing = scope.default_filters()?;
        Ok(scope)
    }

    /// Every row of a dataset that the reader may see.
    pub(super) fn unrestricted(context: &Rc<Context<'m>>, home: &str) -> Result<Self, QueryError> {
        let home = context
            .graph
            .dataset(home)
            .ok_or_else(|| QueryError::UnknownField(home.to_string()))?;
        Ok(Scope {
            context: Rc::clone(context),
            home,
            joins: Vec::new(),
            joining: Vec::new(),
            extra: Vec::new(),
            standing: Vec::new(),
            depth: 0,
        })
    }

    /// The way to the dataset of a field.
    pub(super) fn reach(&self, field: &FieldRef) -> Result<Path, QueryError> {
        self.context.graph.reach(&self.home.name, field)
    }

    /// Adds a join that is no relationship under a name of its own, and gives that name. The same
    /// join is not added again.
    pub(super) fn join_once(&mut self, name: &str, join: impl Fn(&str) -> String) -> String {
        let mut number = 1;
        loop {
            let alias = if number == 1 {
                name.to_string()
            } else {
                format!("{name}_{number}")
            };
            match self.extra.iter().find(|(a, _)| *a == alias) {
                Some((_, known)) if *known == join(&alias) => return alias,
                None if !self.taken(&alias) => {
                    self.extra.push((alias.clone(), join(&alias)));
                    return alias;
                }
                _ => number += 1,
            }
        }
    }

    fn taken(&self, alias: &str) -> bool {
        let same = |other: &str| other.eq_ignore_ascii_case(alias);
        same(&self.home.name)
            || self.joins.iter().any(|j| same(&j.alias))
            || self.joining.iter().any(|(_, a)| same(a))
            || self.extra.iter().any(|(a, _)| same(a))
    }

    fn relationship(&self, step: usize) -> &'m semantics::Relationship {
        &self.context.model.relationships[step]
    }

    /// The dataset that a path ends in.
    fn dataset_at(&self, path: &[usize]) -> Result<&'m Dataset, QueryError> {
        match path.last() {
            None => Ok(self.home),
            Some(step) => {
                let name = &self.relationship(*step).to;
                self.context
                    .graph
                    .dataset(name)
                    .ok_or_else(|| QueryError::UnknownField(name.clone()))
            }
        }
    }

    fn alias_for(&mut self, path: &[usize]) -> Result<String, QueryError> {
        for length in 1..=path.len() {
            let prefix = &path[..length];
            if self.joins.iter().any(|j| j.steps == prefix) {
                continue;
            }
            let target = self.dataset_at(prefix)?;
            if self.joining.iter().any(|(steps, _)| steps == prefix) {
                return Err(QueryError::Malformed(format!(
                    "which version of {0} a row has hangs on a time that it finds through {0}: give its dataset a time of its own, or ask for current attributes",
                    target.name
                )));
            }
            let mut alias = target.name.clone();
            let mut number = 2;
            while self.taken(&alias) {
                alias = format!("{}_{number}", target.name);
                number += 1;
            }
            self.joining.push((prefix.to_vec(), alias.clone()));
            let on = self.looked_up_by(prefix, target, &alias);
            self.joining.pop();
            self.joins.push(Join {
                steps: prefix.to_vec(),
                alias,
                on: on?.join(" AND "),
            });
        }
        Ok(self.joined(path))
    }

    /// What joins the last step of a path whose steps before it are joined.
    fn looked_up_by(
        &mut self,
        path: &[usize],
        target: &'m Dataset,
        alias: &str,
    ) -> Result<Vec<String>, QueryError> {
        let (last, before) = match path.split_last() {
            Some((last, before)) => (*last, before),
            None => return Err(QueryError::Malformed("a look-up without a way".into())),
        };
        let relationship = self.relationship(last);
        let left = self.joined(before);
        let from = self.dataset_at(before)?;
        let mut on = Vec::new();
        for (many, one) in relationship.from_fields.iter().zip(&relationship.to_fields) {
            let many = self.known(from, many)?;
            let one = self.known(target, one)?;
            on.push(format!(
                "{} = {}",
                self.expression_of(before, from, &left, &many.expression)?,
                self.expression_of(path, target, alias, &one.expression)?
            ));
        }
        if let Some(validity) = &target.validity {
            on.push(self.valid(before, from, path, target, validity, alias)?);
        }
        Ok(on)
    }

    /// The alias of a path whose joins are there.
    fn joined(&self, path: &[usize]) -> String {
        self.joins
            .iter()
            .find(|j| j.steps == path)
            .map_or_else(|| self.home.name.clone(), |j| j.alias.clone())
    }

    /// That a version holds at the time of the row that looks it up; where that row has no time,
    /// the version that still holds.
    fn valid(
        &mut self,
        before: &[usize],
        from: &'m Dataset,
        path: &[usize],
        target: &'m Dataset,
        validity: &Validity,
        alias: &str,
    ) -> Result<String, QueryError> {
        let sql = self.context.sql;
        let first = self.known(target, &validity.from)?;
        let last = self.known(target, &validity.to)?;
        let first = self.expression_of(path, target, alias, &first.expression)?;
        let last = self.expression_of(path, target, alias, &last.expression)?;
        let at = match (
            self.context.versions,
            self.context.graph.time_field(&from.name),
        ) {
            (Versions::Current, _) | (_, Err(QueryError::NoPath { .. })) => {
                return Ok(format!("{last} IS NULL"));
            }
            (Versions::AtEvent, Ok(time)) => self.field_at(before, &time)?,
            (Versions::AtEvent, Err(e)) => return Err(e),
        };
        let until = if validity.to_inclusive {
            format!("{} <= {last}", sql.day(&at))
        } else {
            format!("{at} < {last}")
        };
        Ok(format!("{at} >= {first} AND ({last} IS NULL OR {until})"))
    }

    fn known(&self, dataset: &'m Dataset, field: &str) -> Result<&'m Field, QueryError> {
        dataset
            .field(field)
            .ok_or_else(|| QueryError::UnknownField(format!("{}.{field}", dataset.name)))
    }

    /// The SQL of a field that the home looks up.
    pub(super) fn field(&mut self, field: &FieldRef) -> Result<String, QueryError> {
        self.field_at(&[], field)
    }

    /// The SQL of a field that the dataset at the end of a path looks up.
    fn field_at(&mut self, at: &[usize], field: &FieldRef) -> Result<String, QueryError> {
        let known = self
            .context
            .graph
            .field(field)
            .ok_or_else(|| QueryError::UnknownField(field.to_string()))?;
        let from = self.dataset_at(at)?;
        let onwards = self.context.graph.reach(&from.name, field)?;
        let mut path = at.to_vec();
        path.extend(onwards.steps);
        let alias = self.alias_for(&path)?;
        let dataset = self.dataset_at(&path)?;
        self.expression_of(&path, dataset, &alias, &known.expression)
    }

    /// Fields of the dataset at the end of a path.
    pub(super) fn fields_at(
        &mut self,
        path: &Path,
        fields: &[String],
    ) -> Result<Vec<String>, QueryError> {
        let alias = self.alias_for(&path.steps)?;
        let dataset = self.dataset_at(&path.steps)?;
        fields
            .iter()
            .map(|name| {
                let known = self.known(dataset, name)?;
                self.expression_of(&path.steps, dataset, &alias, &known.expression)
            })
            .collect()
    }

    /// An expression over the home's rows.
    pub(super) fn value(&mut self, e: &semantics::Expression) -> Result<String, QueryError> {
        let alias = self.home.name.clone();
        self.expression_of(&[], self.home, &alias, e)
    }

    /// An expression over the rows of the dataset at the end of a path.
    fn expression_of(
        &mut self,
        path: &[usize],
        dataset: &'m Dataset,
        alias: &str,
        e: &semantics::Expression,
    ) -> Result<String, QueryError> {
        if self.depth > 20 {
            return Err(QueryError::Malformed(format!(
                "a field of {} is computed from itself",
                dataset.name
            )));
        }
        self.depth += 1;
        let sql = self.context.sql;
        let written = expression(sql, e, dataset, alias, &mut |outside| match outside {
            Outside::Field(field) => self.field_at(path, field),
            Outside::Condition(condition) => self.declared(path, condition),
        });
        self.depth -= 1;
        written
    }

    /// A condition of the model on the rows of the dataset at the end of a path.
    pub(super) fn declared(
        &mut self,
        path: &[usize],
        condition: &RowFilter,
    ) -> Result<String, QueryError> {
        let context = Rc::clone(&self.context);
        super::declared::condition(&context, condition, &mut |field| self.field_at(path, field))
    }

    /// The default filters of the home, and of the facts that it is a line of: a row counts where
    /// the row that it belongs to counts, or where there is none.
    fn default_filters(&mut self) -> Result<Vec<String>, QueryError> {
        let mut standing = Vec::new();
        for dataset in &self.context.filtered.clone() {
            if self.context.unfiltered.contains(&dataset.name) {
                continue;
            }
            let home = dataset.name == self.home.name;
            let line = dataset.is_fact && self.home.is_fact;
            if !home && !line {
                continue;
            }
            let path = match self.reach(&FieldRef::new(&dataset.name, "")) {
                Ok(path) => path,
                Err(QueryError::NoPath { .. }) => continue,
                Err(e) => return Err(e),
            };
            self.context.note(Note::DefaultFilters {
                dataset: dataset.name.clone(),
                filters: dataset.default_filters.clone(),
            });
            for filter in &dataset.default_filters {
                let holds = self.declared(&path.steps, filter)?;
                let Some(last) = path.steps.last() else {
                    standing.push(holds);
                    continue;
                };
                let key = self.fields_at(&path, &self.relationship(*last).to_fields[..1])?;
                standing.push(format!("({} IS NULL OR {holds})", key.join("")));
            }
        }
        Ok(standing)
    }

    /// A table, the query that stands for it, or the rows of it that the reader may see.
    fn source(&self, dataset: &'m Dataset) -> Result<String, QueryError> {
        let sql = self.context.sql;
        let table = match &dataset.query {
            Some(query) => format!("(\n  {query}\n  )"),
            None => sql.table(&dataset.table),
        };
        let Some(reader) = &self.context.reader else {
            return Ok(table);
        };
        let mut inner = Scope {
            context: Rc::new(Context {
                reader: None,
                // Who may see a row does not hang on how the query looks at it.
                versions: Versions::AtEvent,
                ..(*self.context).clone()
            }),
            home: dataset,
            joins: Vec::new(),
            joining: Vec::new(),
            extra: Vec::new(),
            standing: Vec::new(),
            depth: 0,
        };
        let Some(visible) = super::reader::visible(reader, &self.context, &mut inner)? else {
            return Ok(table);
        };
        self.context.note(Note::Restricted);
        let select = inner.select(
            vec![format!("{}.*", sql.identifier(&dataset.name))],
            vec![visible],
        )?;
        Ok(format!("(\n  {}\n  )", select.write(sql)))
    }

    pub(super) fn from(&self) -> Result<String, QueryError> {
        let sql = self.context.sql;
        let mut out = format!(
            "FROM {} AS {}",
            self.source(self.home)?,
            sql.identifier(&self.home.name)
        );
        // A calendar may date a look-up's time, and a look-up never reads a calendar.
        for join in &self.joins {
            out.push_str(&format!(
                "\n  LEFT JOIN {} AS {} ON {}",
                self.source(self.dataset_at(&join.steps)?)?,
                sql.identifier(&join.alias),
                join.on
            ));
        }
        for (_, join) in &self.extra {
            out.push_str("\n  ");
            out.push_str(join);
        }
        Ok(out)
    }

    /// A SELECT from here; what always holds is added to the conditions.
    pub(super) fn select(
        &self,
        columns: Vec<String>,
        conditions: Vec<String>,
    ) -> Result<Select, QueryError> {
        Ok(Select {
            columns,
            from: self.from()?,
            conditions: self.standing.iter().cloned().chain(conditions).collect(),
            ..Select::default()
        })
    }

    /// The time field that places the home's rows: the one that is stated, if it is in reach,
    /// else its own.
    pub(super) fn time(&self, stated: Option<&FieldRef>) -> Result<FieldRef, QueryError> {
        match stated {
            Some(field) => match self.reach(field) {
                Ok(_) => Ok(field.clone()),
                Err(QueryError::NoPath { .. }) => self.context.graph.time_field(&self.home.name),
                Err(e) => Err(e),
            },
            None => self.context.graph.time_field(&self.home.name),
        }
    }

    /// The condition that a span of time sets on a time field.
    pub(super) fn during(
        &mut self,
        field: &FieldRef,
        span: Span,
    ) -> Result<Option<String>, QueryError> {
        if span == Span::default() {
            return Ok(None);
        }
        let of = self.field(field)?;
        Ok(span.condition(self.context.sql, &of))
    }
}

/// Which version of a row whose attributes change is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Versions {
    /// The one that held when the event took place.
    AtEvent,
    /// The one that holds now.
    Current,
}
