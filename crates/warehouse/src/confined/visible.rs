//! The tables of a model as one reader may see them.

use super::protocol::Table;
use guard::Schema;
use query::{QueryError, Reader};
use semantics::Model;

/// Under this name the child attaches the stored tables, out of the way of what SQL can name: the
/// guard refuses names that are not in [`Visible::schema`].
pub(super) const STORED: &str = "stored";

/// Tables as one reader may see them: what the guard lets SQL name, and what the child shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visible {
    tables: Vec<Table>,
    schema: Schema,
}

impl Visible {
    /// The tables of a model for a reader, or all of them.
    ///
    /// # Errors
    /// `E_ACCESS_DENIED` if the model shows the reader nothing.
    pub fn of(model: &Model, reader: Option<&Reader>) -> Result<Visible, QueryError> {
        let tables: Vec<Table> =
            query::visible_tables(model, query::Dialect::DuckDb, reader, Some(STORED))?
                .into_iter()
                .map(|t| Table {
                    name: t.name,
                    columns: t.columns,
                    sql: t.sql,
                    restricted: t.restricted,
                })
                .collect();
        Ok(Visible {
            schema: schema(&tables),
            tables,
        })
    }

    /// What to approve statements for: [`guard::check`].
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(super) fn tables(&self) -> &[Table] {
        &self.tables
    }
}

pub(super) fn schema(tables: &[Table]) -> Schema {
    Schema {
        tables: tables
            .iter()
            .map(|t| {
                let columns = t.columns.iter().map(|c| c.to_lowercase()).collect();
                (t.name.to_lowercase(), columns)
            })
            .collect(),
    }
}
