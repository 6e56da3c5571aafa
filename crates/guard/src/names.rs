//! Table names that are no tables: catalogues, files, URLs, stages.

use crate::Refusal;

/// Schemas and tables that describe the engine or its users.
const CATALOGUES: [&str; 15] = [
    "information_schema",
    "pg_catalog",
    "pg_toast",
    "sqlite_master",
    "sqlite_schema",
    "sqlite_temp_master",
    "account_usage",
    "organization_usage",
    "reader_account_usage",
    "performance_schema",
    "__tables__",
    "__tables_summary__",
    "svv_tables",
    "stl_query",
    "dba_tables",
];

/// Words that are catalogues in front of a name; by themselves a table may be called so.
const QUALIFIERS: [&str; 6] = [
    "mysql",
    "sys",
    "system",
    "global_temp",
    "snowflake",
    "system_information",
];

/// Beginnings of names that belong to the engine.
const PREFIXES: [&str; 6] = ["pg_", "duckdb_", "sqlite_", "pragma_", "stv_", "svl_"];

/// Endings of names that engines open as files.
const ENDINGS: [&str; 20] = [
    ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xls", ".db",
    ".duckdb", ".sqlite", ".gz", ".zst", ".avro", ".orc", ".arrow", ".feather", ".log", ".xml",
];

/// First parts that make Spark read a path.
const FORMATS: [&str; 9] = [
    "csv",
    "json",
    "parquet",
    "orc",
    "text",
    "avro",
    "delta",
    "binaryfile",
    "iceberg",
];

/// Columns that engines add to tables: places of rows, versions, files behind them.
const PSEUDO: [&str; 15] = [
    "rowid",
    "ctid",
    "xmin",
    "xmax",
    "cmin",
    "cmax",
    "tableoid",
    "_metadata",
    "_table_suffix",
    "_partitiontime",
    "_partitiondate",
    "_file_name",
    "_change_type",
    "_commit_version",
    "input_file_name",
];

/// Whether a column is one that the engine adds, not one of the table.
pub(crate) fn is_pseudo_column(name: &str) -> bool {
    PSEUDO.contains(&name) || name.starts_with("metadata$")
}

/// Refuses names that lead out of the tables. Parts come without their quotation marks.
pub(crate) fn relation(parts: &[String]) -> Result<(), Refusal> {
    let lower: Vec<String> = parts.iter().map(|p| p.to_lowercase()).collect();
    // BigQuery writes a whole path in one pair of backticks.
    let pieces: Vec<&str> = lower.iter().flat_map(|p| p.split('.')).collect();
    let qualifiers = &pieces[..pieces.len().saturating_sub(1)];
    if let Some(name) = pieces
        .iter()
        .find(|p| {
            CATALOGUES.contains(p)
                || PREFIXES.iter().any(|x| p.starts_with(x))
                || p.starts_with("region-")
        })
        .or_else(|| qualifiers.iter().find(|p| QUALIFIERS.contains(p)))
    {
        return Err(Refusal::new(
            "catalogue",
            format!("`{name}` describes the engine, not the data"),
            "Read the tables of the model only.",
        ));
    }
    let path = |p: &String| {
        p.contains(['/', '\\', ':', '*', '?', '@', '%', '~']) || p.starts_with('$') || p.is_empty()
    };
    if lower.iter().any(path)
        || ENDINGS
            .iter()
            .any(|e| lower.iter().any(|p| p.ends_with(e)) || lower.join(".").ends_with(e))
    {
        return Err(Refusal::new(
            "file_or_url",
            format!(
                "`{}` is a file, a URL, a stage or a pattern",
                parts.join(".")
            ),
            "Read the tables of the model only.",
        ));
    }
    if parts.len() == 2 && FORMATS.contains(&lower[0].as_str()) {
        return Err(Refusal::new(
            "file_or_url",
            format!("`{}` reads a path", parts.join(".")),
            "Read the tables of the model only.",
        ));
    }
    Ok(())
}
