//! SQL that the compiler did not write runs in a process of its own.
//!
//! The engine's limits are not hard: `memory_limit` and an interruption are overrun by single
//! functions ("repeat", "lpad", "levenshtein"). So an approved statement goes to a child process
//! whose memory, processor time, files and system calls the operating system bounds
//! ([`restrict`]), and that is killed when it runs past its time or nobody waits for it. It reads
//! tables as one reader may see them ([`Visible`]), after the engine has bound the statement to
//! empty copies of them ([`witness`]). The child is this program again, told so by an argument.

mod child;
mod protocol;
mod restrict;
mod visible;
mod watch;
mod witness;

pub use child::serve;
pub use protocol::Confinement;
pub use visible::Visible;

use crate::{Execution, Stop, Warehouse, WarehouseError};
use guard::ApprovedSql;
use protocol::{Reply, Request};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// How to start the child: a program that calls [`serve`] and exits with what it gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// What tells it to be the child.
    pub arguments: Vec<OsString>,
}

impl Program {
    /// The argument that the `retail` program knows.
    pub const ARGUMENT: &'static str = "confined-query";

    /// The running program, if the system can name it.
    pub(crate) fn running() -> Option<Program> {
        Some(Program {
            path: std::env::current_exe().ok()?,
            arguments: vec![Program::ARGUMENT.into()],
        })
    }
}

/// What one statement may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Wall time, the child's start included.
    pub time: Duration,
    /// Memory of the child, bytes.
    pub memory: u64,
    /// Engine threads.
    pub threads: usize,
    /// Rows that come back at most; the table says if there were more.
    pub rows: usize,
    /// Size of the rows at most, bytes; a larger result is refused.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            time: Duration::from_secs(10),
            memory: 1 << 30,
            threads: 2,
            rows: crate::rows::ROW_LIMIT,
            bytes: 16 << 20,
        }
    }
}

/// What an approved statement gave.
#[derive(Debug, Clone)]
pub struct Confined {
    /// The rows, and the time in the engine.
    pub execution: Execution,
    /// Tables that the engine read when it bound the statement, as [`Visible`] calls them.
    pub tables: Vec<String>,
    /// What the operating system enforced.
    pub confinement: Confinement,
}

impl Warehouse {
    /// Runs a statement that passed the guard, in a child process, on the tables as one reader may
    /// see them.
    ///
    /// The statement has to be approved for exactly these tables: a verdict for another reader or
    /// another model does not count.
    ///
    /// # Errors
    /// `sql_not_visible` if it was approved for other tables, `sql_refused` if the child's guard or
    /// the engine's own reading disagrees with the verdict, `sql_failed` for the engine's errors,
    /// `limit_time`, `limit_memory` and `limit_result`, `stopped`, and `child_failed` if the child
    /// cannot be started or dies.
    pub fn run_approved(
        &self,
        approved: &ApprovedSql,
        visible: &Visible,
        limits: &Limits,
        stop: &Stop,
    ) -> Result<Confined, WarehouseError> {
        if approved.dialect() != guard::Dialect::DuckDb
            || approved.schema() != Some(visible.schema())
        {
            return Err(WarehouseError::NotVisible);
        }
        let program = self
            .child
            .clone()
            .or_else(Program::running)
            .ok_or_else(|| WarehouseError::Child("the running program has no name".into()))?;
        let database = self
            .database
            .canonicalize()
            .map_err(|e| WarehouseError::Child(format!("`{}`: {e}", self.database.display())))?;
        let request = Request {
            database,
            tables: visible.tables().to_vec(),
            read: approved.tables().iter().cloned().collect(),
            sql: approved.sql().to_string(),
            memory: limits.memory,
            processor_seconds: processor_seconds(limits),
            threads: limits.threads,
            rows: limits.rows,
            bytes: limits.bytes,
        };
        match watch::run(&program, &request, limits, stop)? {
            Reply::Rows {
                table,
                elapsed_ms,
                tables,
                confinement,
            } => Ok(Confined {
                execution: Execution {
                    table,
                    elapsed_ms,
                    cache: crate::CacheUse::Miss,
                },
                tables,
                confinement,
            }),
            Reply::Refused { code, reason } => Err(WarehouseError::SqlRefused { code, reason }),
            Reply::Failed { message } => Err(WarehouseError::SqlFailed(message)),
            Reply::Memory => Err(watch::out_of_memory(limits)),
            Reply::TooLarge => Err(WarehouseError::Limit {
                what: "result",
                allowed: format!("{} MiB", limits.bytes >> 20),
            }),
            Reply::Broken { message } => Err(WarehouseError::Child(message)),
        }
    }
}

/// Processor time for all threads over the whole time, and a second for the end.
fn processor_seconds(limits: &Limits) -> u64 {
    let threads = u64::try_from(limits.threads).unwrap_or(1).max(1);
    limits
        .time
        .as_secs()
        .saturating_add(1)
        .saturating_mul(threads)
        .saturating_add(1)
}
