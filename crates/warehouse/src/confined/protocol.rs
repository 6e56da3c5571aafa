//! What parent and child say to each other: one line of JSON each way.

use answer::ResultTable;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A table as the reader may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Table {
    /// What SQL calls it.
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    /// Its rows, over the stored tables.
    pub(super) sql: String,
    /// Whether rows are taken away.
    pub(super) restricted: bool,
}

/// What the child is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Request {
    /// The engine's file.
    pub(super) database: PathBuf,
    pub(super) tables: Vec<Table>,
    /// Tables that the guard saw the statement read.
    pub(super) read: Vec<String>,
    pub(super) sql: String,
    /// Bytes.
    pub(super) memory: u64,
    pub(super) processor_seconds: u64,
    pub(super) threads: usize,
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    /// It ran.
    Rows {
        table: ResultTable,
        elapsed_ms: f64,
        tables: Vec<String>,
        confinement: Confinement,
    },
    /// Guard or engine do not read it as the verdict says.
    Refused { code: String, reason: String },
    /// The engine's error.
    Failed { message: String },
    /// Memory ran out.
    Memory,
    /// The rows are too many bytes.
    TooLarge,
    /// The child could not be set up.
    Broken { message: String },
}

/// What the operating system enforced on the child. What it cannot enforce is left to the engine's
/// own settings and to the watch over time and memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Bounds on memory, processor time and file sizes (`setrlimit`).
    pub resources: bool,
    /// No file but the engine's can be opened, and that one for reading (Landlock).
    pub files: bool,
    /// No system calls but those that computing takes (seccomp).
    pub calls: bool,
}
