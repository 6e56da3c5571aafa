//! What can go wrong between the user's files and rows.

use thiserror::Error;

/// A failure of data or engine, with a stable code and what to do.
#[derive(Debug, Error)]
pub enum WarehouseError {
    /// Nothing is there.
    #[error("there is no file or folder `{0}`")]
    Missing(String),
    /// It cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// As given.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// Zero bytes, or no row below the header.
    #[error("`{0}` holds no rows")]
    Empty(String),
    /// Not a table.
    #[error("`{path}` is not a table: {reason}")]
    NotATable {
        /// As given.
        path: String,
        /// Why.
        reason: String,
    },
    /// A file type that is not read.
    #[error("`{0}` is of a type that is not read")]
    UnknownType(String),
    /// The cache folder cannot be used.
    #[error("the cache folder `{path}` cannot be used: {reason}")]
    Cache {
        /// Folder.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// The question was withdrawn, or ran past its time.
    #[error("the question was stopped before its rows were complete")]
    Stopped,
    /// The engine refuses or fails.
    #[error("the engine failed: {0}")]
    Engine(#[from] duckdb::Error),
}

impl WarehouseError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            WarehouseError::Missing(_) => "data_missing",
            WarehouseError::Unreadable { .. } => "data_unreadable",
            WarehouseError::Empty(_) => "data_empty",
            WarehouseError::NotATable { .. } => "data_not_a_table",
            WarehouseError::UnknownType(_) => "data_unknown_type",
            WarehouseError::Cache { .. } => "cache_unusable",
            WarehouseError::Stopped => "stopped",
            WarehouseError::Engine(_) => "engine",
        }
    }

    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            WarehouseError::Missing(_) => "check the spelling of the path".into(),
            WarehouseError::Unreadable { .. } => "check the file's permissions".into(),
            WarehouseError::Empty(_) => {
                "give a file with a header line and at least one row".into()
            }
            WarehouseError::NotATable { .. } => "give a CSV, TSV, Parquet or SQLite file".into(),
            WarehouseError::UnknownType(_) => {
                "CSV, TSV, Parquet and SQLite files are read, and folders of them".into()
            }
            WarehouseError::Cache { .. } => {
                "set XDG_CACHE_HOME to a folder that can be written".into()
            }
            WarehouseError::Stopped => {
                "ask again; a shorter period or fewer groups take less time".into()
            }
            WarehouseError::Engine(_) => "run again; if it stays, the data may be damaged".into(),
        }
    }
}
