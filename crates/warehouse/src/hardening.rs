//! What the engine may do once the tables are there: read them, and nothing else.
//!
//! The profile of compiled queries. The lock on the configuration leaves `USE`, the search path,
//! session variables, profiling and logging open (as of DuckDB 1.5): nothing but compiled queries
//! reaches a connection, so none of them can be said.

use duckdb::Connection;

/// Settings that are locked in, in this order: what an extension or a file could be reached by comes
/// before external access, which ends the reach for files, and the lock comes last.
const PROFILE: &[&str] = &[
    "SET autoload_known_extensions = false",
    "SET autoinstall_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET allow_persistent_secrets = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
];

/// What does not fit into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spill {
    /// Goes to a folder of a capped size.
    Capped,
    /// Ends the statement.
    Never,
}

/// Closes a connection's database to files, networks, extensions and settings.
///
/// # Errors
/// The engine's, if it does not know a setting: an engine that cannot be closed is not used.
pub(crate) fn harden(connection: &Connection, spill: Spill) -> duckdb::Result<()> {
    connection.execute_batch(match spill {
        Spill::Capped => "SET max_temp_directory_size = '16GiB'",
        Spill::Never => "SET max_temp_directory_size = '0KiB'; SET temp_directory = ''",
    })?;
    PROFILE.iter().try_for_each(|s| connection.execute_batch(s))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statements that an open engine runs, or tries to, and a hardened one refuses.
    const REFUSED: &[&str] = &[
        "SELECT * FROM read_csv('/etc/hostname', header = false)",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_blob('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM sniff_csv('/etc/hostname')",
        "COPY (SELECT 1) TO 'written.csv'",
        "EXPORT DATABASE 'written'",
        "ATTACH 'other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET autoload_known_extensions = true",
        "SET allow_community_extensions = true",
        "SET memory_limit = '1TB'",
        "SET threads = 64",
        "SET temp_directory = 'elsewhere'",
        "SET max_temp_directory_size = '1TB'",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'k', SECRET 's')",
    ];

    /// Writing to the tables, which an engine opened for reading refuses by itself.
    const WRITES: &[&str] = &[
        "CREATE TABLE other (a INT)",
        "INSERT INTO sales VALUES (2)",
        "UPDATE sales SET amount = 0",
        "DELETE FROM sales",
        "DROP TABLE sales",
    ];

    #[test]
    fn every_setting_holds() {
        let folder = std::env::temp_dir().join(format!("hardening-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("tables.duckdb");
        let open = Connection::open(&file).unwrap();
        open.execute_batch("CREATE TABLE sales (amount INT); INSERT INTO sales VALUES (1)")
            .unwrap();
        open.close().map_err(|(_, e)| e).unwrap();

        let config = duckdb::Config::default()
            .access_mode(duckdb::AccessMode::ReadOnly)
            .unwrap();
        let connection = Connection::open_with_flags(&file, config).unwrap();
        harden(&connection, Spill::Capped).unwrap();
        let ran: Vec<&&str> = REFUSED
            .iter()
            .chain(WRITES)
            .filter(|sql| connection.execute_batch(sql).is_ok())
            .collect();
        assert!(ran.is_empty(), "{ran:?}");
        let sum: i64 = connection
            .query_row("SELECT sum(amount)::BIGINT FROM sales", [], |r| r.get(0))
            .unwrap();
        assert_eq!(sum, 1);
        drop(connection);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
