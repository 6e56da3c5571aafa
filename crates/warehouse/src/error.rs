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
    /// Under a password.
    #[error("`{0}` is protected by a password")]
    Protected(String),
    /// Cut short, or its bytes contradict each other.
    #[error("`{path}` is damaged: {reason}")]
    Damaged {
        /// As given.
        path: String,
        /// What its reader says, with the place where it knows one.
        reason: String,
    },
    /// It would fill memory or disk.
    #[error("`{path}` is too large to be read: {reason}")]
    TooLarge {
        /// As given.
        path: String,
        /// Which limit.
        reason: String,
    },
    /// A folder of which no file can be read.
    #[error("no file of `{path}` can be read: {files}")]
    NothingReadable {
        /// As given.
        path: String,
        /// Each file with its reason.
        files: String,
    },
    /// It was written to while it was being read.
    #[error("`{0}` changed while it was being read")]
    Changed(String),
    /// The rows of a file are not all used or set aside: a defect, and no answer is given.
    #[error("`{path}`: {read} rows were read, but {used} are used and {aside} set aside")]
    Unaccounted {
        /// As given.
        path: String,
        /// Rows of the file.
        read: u64,
        /// Rows of its tables.
        used: u64,
        /// Rows with a reason why they are not used.
        aside: u64,
    },
    /// A setting of how files are read that does not fit them.
    #[error("there is no {option} `{value}`")]
    Reading {
        /// Which setting.
        option: String,
        /// Its value.
        value: String,
        /// What there is.
        known: String,
    },
    /// An address in an object store that cannot be read.
    #[error("`{address}` cannot be read: {reason}")]
    Remote {
        /// As given.
        address: String,
        /// What the store or the network says; never a key.
        reason: String,
    },
    /// An extension of the engine that is needed and not there.
    #[error("the engine's extension `{name}` cannot be loaded: {reason}")]
    Extension {
        /// Its name.
        name: String,
        /// What the engine says.
        reason: String,
    },
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
    /// A statement that was approved for other tables than it is to run on.
    #[error("the statement was not approved for these tables")]
    NotVisible,
    /// A statement that the engine reads otherwise than the guard did.
    #[error("the statement may not run: {reason}")]
    SqlRefused {
        /// The guard's rule, or `witness`.
        code: String,
        /// What was found.
        reason: String,
    },
    /// The engine's error on a statement that the compiler did not write.
    #[error("the statement failed: {0}")]
    SqlFailed(String),
    /// A statement that used more than it may.
    #[error("the statement was ended: it went past its limit of {allowed} ({what})")]
    Limit {
        /// `time`, `memory` or `result`.
        what: &'static str,
        /// The limit.
        allowed: String,
    },
    /// The process that runs such statements does not work.
    #[error("the process that runs the statement failed: {0}")]
    Child(String),
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
            WarehouseError::Protected(_) => "data_protected",
            WarehouseError::Damaged { .. } => "data_damaged",
            WarehouseError::TooLarge { .. } => "data_too_large",
            WarehouseError::NothingReadable { .. } => "data_nothing_readable",
            WarehouseError::Changed(_) => "data_changed",
            WarehouseError::Unaccounted { .. } => "data_unaccounted",
            WarehouseError::Reading { .. } => "reading_invalid",
            WarehouseError::Remote { .. } => "data_unreachable",
            WarehouseError::Extension { .. } => "extension_missing",
            WarehouseError::Cache { .. } => "cache_unusable",
            WarehouseError::Stopped => "stopped",
            WarehouseError::NotVisible => "sql_not_visible",
            WarehouseError::SqlRefused { .. } => "sql_refused",
            WarehouseError::SqlFailed(_) => "sql_failed",
            WarehouseError::Limit { what: "time", .. } => "limit_time",
            WarehouseError::Limit { what: "memory", .. } => "limit_memory",
            WarehouseError::Limit { .. } => "limit_result",
            WarehouseError::Child(_) => "child_failed",
            WarehouseError::Engine(_) => "engine",
        }
    }

    /// Why, without the name of the file: for lists of files that are not read.
    pub(crate) fn reason(&self) -> String {
        match self {
            WarehouseError::Missing(_) => "not there".into(),
            WarehouseError::Empty(_) => "no rows".into(),
            WarehouseError::UnknownType(_) => "of a type that is not read".into(),
            WarehouseError::Protected(_) => "protected by a password".into(),
            WarehouseError::Changed(_) => "changed while it was being read".into(),
            WarehouseError::NothingReadable { files, .. } => files.clone(),
            WarehouseError::Unreadable { reason, .. } | WarehouseError::Remote { reason, .. } => {
                reason.clone()
            }
            WarehouseError::NotATable { reason, .. } => format!("no table: {reason}"),
            WarehouseError::Damaged { reason, .. } => format!("damaged: {reason}"),
            WarehouseError::TooLarge { reason, .. } => format!("too large: {reason}"),
            other => other.to_string(),
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
            WarehouseError::NotATable { .. } => {
                "give a CSV, TSV, XLSX, XLS, ODS, JSON, Parquet, SQLite or DuckDB file".into()
            }
            WarehouseError::UnknownType(_) => "CSV, TSV, XLSX, XLS, ODS, JSON, JSON lines, Parquet, SQLite and DuckDB files are read, packed by gzip or zip too, and folders of them".into(),
            WarehouseError::Protected(_) => {
                "open it with its password and save a copy without one".into()
            }
            WarehouseError::Damaged { .. } => {
                "fetch or export it again; if it opens elsewhere, save it anew from there".into()
            }
            WarehouseError::TooLarge { .. } => {
                "unpack it yourself and give what is inside; Parquet holds more than a sheet".into()
            }
            WarehouseError::NothingReadable { .. } => "give one of the files alone to see more".into(),
            WarehouseError::Changed(_) => "ask again once it is written".into(),
            WarehouseError::Unaccounted { .. } => {
                "this is a defect of the program; save the file as plain CSV and try that".into()
            }
            WarehouseError::Reading { known, .. } => format!("known are: {known}"),
            WarehouseError::Remote { address, .. } if address.starts_with("s3:") => "check the address, and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION (AWS_ENDPOINT_URL for a server of your own)".into(),
            WarehouseError::Remote { .. } => "check the address, and set GCS_ACCESS_KEY_ID and GCS_SECRET_ACCESS_KEY (an HMAC key of the store)".into(),
            WarehouseError::Extension { name, .. } => format!("connect to the network once, so that the engine can fetch it, or put {name}.duckdb_extension beside the program"),
            WarehouseError::Cache { .. } => {
                "set XDG_CACHE_HOME to a folder that can be written".into()
            }
            WarehouseError::Stopped => {
                "ask again; a shorter period or fewer groups take less time".into()
            }
            WarehouseError::NotVisible => "check it against the tables that its reader may see".into(),
            WarehouseError::SqlRefused { .. } => {
                "write one plain SELECT over the tables of the model".into()
            }
            WarehouseError::SqlFailed(_) => "correct the statement".into(),
            WarehouseError::Limit { .. } => {
                "ask for less: a shorter period, fewer groups, a LIMIT".into()
            }
            WarehouseError::Child(_) => {
                "this is a defect of the program or its installation; compiled questions still work".into()
            }
            WarehouseError::Engine(_) => "run again; if it stays, the data may be damaged".into(),
        }
    }
}

/// The first line of what the engine says; further ones repeat the statement.
pub(crate) fn first_line(e: &duckdb::Error) -> String {
    e.to_string().lines().next().unwrap_or_default().to_string()
}
