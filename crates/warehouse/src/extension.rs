//! The engine's extensions: packaged files where there are any, else the engine fetches its own.

use crate::WarehouseError;
use crate::sql::quoted;
use duckdb::Connection;
use std::path::PathBuf;

/// What an extension is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extension {
    Sqlite,
    /// Addresses: S3 and Google Cloud Storage.
    Httpfs,
    Delta,
}

impl Extension {
    /// The name of its file, without the ending; the engine looks its entry point up by it.
    fn file_stem(self) -> &'static str {
        match self {
            Extension::Sqlite => "sqlite_scanner",
            Extension::Httpfs => "httpfs",
            Extension::Delta => "delta",
        }
    }

    /// The packaged file: beside the library that the program was built with, or beside the program.
    fn file(self) -> Option<PathBuf> {
        let name = format!("{}.duckdb_extension", self.file_stem());
        let beside = std::env::current_exe()
            .ok()
            .and_then(|p| p.canonicalize().ok())
            .and_then(|p| p.parent().map(|d| d.join(&name)));
        // Both variables name the SQLite extension; the others lie beside it.
        let built = option_env!("RETAIL_SQLITE_EXTENSION").map(PathBuf::from);
        let at_run = std::env::var_os("RETAIL_SQLITE_EXTENSION").map(PathBuf::from);
        [at_run, built]
            .into_iter()
            .flatten()
            .map(|p| p.with_file_name(&name))
            .chain(beside)
            .find(|p| p.is_file())
    }

    /// Loads it.
    ///
    /// # Errors
    /// Where there is no packaged file and the engine can fetch none.
    pub(crate) fn load(self, connection: &Connection) -> Result<(), WarehouseError> {
        let name = self.file_stem();
        let loaded = match self.file() {
            Some(file) => {
                connection.execute_batch(&format!("LOAD {}", quoted(&file.display().to_string())))
            }
            // On a user's machine without the packaged file the engine installs it itself.
            None => connection.execute_batch(&format!("INSTALL {name}; LOAD {name}")),
        };
        loaded.map_err(|e| WarehouseError::Extension {
            name: name.to_string(),
            reason: crate::error::first_line(&e),
        })
    }
}
