//! What a reader may see of each table, for SQL that the compiler did not write.
//!
//! Such SQL reads the tables below in place of the stored ones: rows that a policy takes away are
//! not in them, columns that it hides or masks neither.

use super::reader::{self, Reader};
use super::scope::{Scope, Versions};
use super::{Context, writer};
use crate::path::Graph;
use crate::{Dialect, Note, QueryError};
use semantics::{Dataset, Expression, FieldRef, Model, Policy};
use std::collections::BTreeSet;
use std::rc::Rc;

/// A table as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibleTable {
    /// The name that SQL calls it by: the last part of the stored table's.
    pub name: String,
    /// Its columns, as stored, in alphabetical order.
    pub columns: Vec<String>,
    /// The SELECT that gives its rows.
    pub sql: String,
    /// Whether a policy takes rows away.
    pub restricted: bool,
}

/// The tables of a model as a reader sees them; without a reader, all rows and every column that a
/// field of the model reads.
///
/// `database` is put before the names of stored tables. Masked fields are left out like hidden
/// ones, since SQL that has their values can compare and show them. Two datasets that would bear
/// the same name are left out where they do not show the same rows.
///
/// # Errors
/// `E_ACCESS_DENIED` if the model shows nothing to the reader.
pub fn visible_tables(
    model: &Model,
    dialect: Dialect,
    reader: Option<&Reader>,
    database: Option<&str>,
) -> Result<Vec<VisibleTable>, QueryError> {
    let policies = match reader {
        Some(reader) => reader::policies(model, reader)?,
        None => None,
    };
    let mut stored = model.clone();
    for dataset in &mut stored.datasets {
        if let (Some(database), false) = (database, dataset.table.is_empty()) {
            dataset.table.insert(0, database.to_string());
        }
    }
    let context = Rc::new(Context {
        model: &stored,
        graph: Rc::new(Graph::new(&stored)),
        sql: writer(dialect),
        reader: policies.clone().map(Rc::new),
        attributes: reader.map(|r| Rc::new(r.attributes.clone())),
        as_of: None,
        versions: Versions::Current,
        filtered: Vec::new(),
        unfiltered: Vec::new(),
        notes: Rc::default(),
    });
    let mut tables: Vec<VisibleTable> = Vec::new();
    let mut ambiguous = BTreeSet::new();
    for dataset in &stored.datasets {
        let columns = visible_columns(dataset, policies.as_deref());
        if columns.is_empty() {
            continue;
        }
        let name = dataset.table.last().unwrap_or(&dataset.name).clone();
        let sql = context.sql;
        let scope = Scope::unrestricted(&context, &dataset.name)?;
        context.notes.borrow_mut().clear();
        let listed = columns
            .iter()
            .map(|c| format!("{}.{}", sql.identifier(&dataset.name), sql.identifier(c)))
            .collect();
        let select = scope.select(listed, Vec::new())?.write(sql);
        let table = VisibleTable {
            restricted: context.notes.borrow().contains(&Note::Restricted),
            name,
            columns,
            sql: select,
        };
        match tables
            .iter_mut()
            .find(|t| t.name.eq_ignore_ascii_case(&table.name))
        {
            None => tables.push(table),
            Some(known) => {
                let same_rows = !known.restricted
                    && !table.restricted
                    && shares_table(&stored, dataset, &known.name);
                if !same_rows {
                    ambiguous.insert(table.name.to_lowercase());
                } else if table.columns.len() > known.columns.len() {
                    *known = table;
                }
            }
        }
    }
    tables.retain(|t| !ambiguous.contains(&t.name.to_lowercase()));
    Ok(tables)
}

/// Whether all datasets of that table name are the same stored table.
fn shares_table(model: &Model, dataset: &Dataset, name: &str) -> bool {
    model
        .datasets
        .iter()
        .filter(|d| d.table.last().unwrap_or(&d.name).eq_ignore_ascii_case(name))
        .all(|d| d.query.is_none() && d.table == dataset.table)
}

/// Stored columns whose values are open to the reader: those that a visible field is, and those
/// that visible fields are computed from and no other field is.
fn visible_columns(dataset: &Dataset, policies: Option<&[&Policy]>) -> Vec<String> {
    let closed = |name: &str| {
        let field = FieldRef::new(&dataset.name, name);
        policies.is_some_and(|all| {
            all.iter()
                .all(|p| p.hidden_fields.contains(&field) || p.masked_fields.contains(&field))
        })
    };
    let mut plain = BTreeSet::new();
    let mut read = BTreeSet::new();
    let mut kept_back = BTreeSet::new();
    for field in &dataset.fields {
        let mut columns = BTreeSet::new();
        let open = !computed_from(
            dataset,
            &field.name,
            &mut columns,
            &mut BTreeSet::new(),
            &closed,
        );
        match (&field.expression, open) {
            (Expression::Column(column), true) => {
                plain.insert(column.clone());
            }
            (_, true) => read.extend(columns),
            (_, false) => kept_back.extend(columns),
        }
    }
    let read = read.difference(&kept_back).cloned();
    plain
        .iter()
        .cloned()
        .chain(read)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// Gathers the stored columns that a field of a dataset is computed from; whether one of the
/// fields on the way is closed to the reader.
fn computed_from(
    dataset: &Dataset,
    name: &str,
    columns: &mut BTreeSet<String>,
    seen: &mut BTreeSet<String>,
    closed: &impl Fn(&str) -> bool,
) -> bool {
    let Some(field) = dataset.field(name) else {
        return false;
    };
    if !seen.insert(name.to_string()) {
        return false;
    }
    let expression = &field.expression;
    columns.extend(expression.columns().into_iter().map(str::to_string));
    let conditions = expression.conditions();
    let own = conditions
        .iter()
        .flat_map(|c| c.fields())
        .filter(|f| f.dataset == dataset.name)
        .map(|f| f.field.as_str());
    let mut found = closed(name);
    for inner in expression.fields().into_iter().chain(own) {
        found |= computed_from(dataset, inner, columns, seen, closed);
    }
    found
}
