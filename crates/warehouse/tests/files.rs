//! Files as people have them, each with the exact tables and words that it has to give. The cases are
//! data under `suites/files`:
//! `[{name, why, files, open, reading, tables, says, error}]`.
//!
//! A file is `text` (in an `encoding`, with a `mark`), `hex` bytes, a `workbook` of the suite, the
//! DuckDB file that `sql` makes, a `parquet` file of a query, a `zip` of files, a link, `zeros` under
//! gzip, or a plan of so many `days`; `gzip` packs it and `cut` leaves so many bytes. All of them are
//! opened as one folder unless `open` names paths. `tables` gives each table's columns as "name type"
//! and its rows in order; `says` parts of what is told about the reading.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test target")]

use duckdb::{AccessMode, Config, Connection};
use flate2::{Compression, write::GzEncoder};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use warehouse::{Options, Reading, Warehouse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Why such a file exists, for people.
    #[serde(rename = "why")]
    _why: String,
    files: Vec<File>,
    #[serde(default)]
    open: Vec<String>,
    #[serde(default)]
    reading: Reading,
    #[serde(default)]
    tables: BTreeMap<String, Table>,
    #[serde(default)]
    says: Vec<String>,
    error: Option<Failure>,
    /// An extension of the engine without which the case cannot be tried.
    needs: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    path: String,
    text: Option<String>,
    encoding: Option<String>,
    #[serde(default)]
    mark: bool,
    hex: Option<String>,
    workbook: Option<String>,
    sql: Option<String>,
    parquet: Option<String>,
    #[serde(default)]
    zip: Vec<File>,
    link: Option<String>,
    zeros: Option<usize>,
    /// So many zeros as they are.
    bytes: Option<usize>,
    days: Option<u32>,
    #[serde(default)]
    gzip: bool,
    cut: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    columns: Vec<String>,
    rows: Option<Vec<Vec<Option<String>>>>,
    count: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    code: String,
    #[serde(default)]
    says: String,
}

fn suite() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/files")
}

fn cases() -> Vec<(String, Case)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(suite())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let cases: Vec<Case> =
                serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            cases.into_iter().map(move |c| (stem.clone(), c))
        })
        .collect()
}

fn encoded(text: &str, encoding: &str, mark: bool) -> Vec<u8> {
    let units = text.encode_utf16();
    let mut out: Vec<u8> = Vec::new();
    match encoding {
        "utf-16le" => {
            out.extend(mark.then_some([0xff, 0xfe]).into_iter().flatten());
            out.extend(units.flat_map(u16::to_le_bytes));
        }
        "utf-16be" => {
            out.extend(mark.then_some([0xfe, 0xff]).into_iter().flatten());
            out.extend(units.flat_map(u16::to_be_bytes));
        }
        name => {
            out.extend(mark.then_some([0xef, 0xbb, 0xbf]).into_iter().flatten());
            let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap();
            out.extend_from_slice(&encoding.encode(text).0);
        }
    }
    out
}

/// Two stores and a column for every day.
fn plan(days: u32) -> String {
    let mut lines = ["store".to_string(), "Pune".to_string(), "Delhi".to_string()];
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (mut year, mut month, mut day) = (2010, 1, 1);
    for i in 0..days {
        let leap = month == 2 && year % 4 == 0;
        let _ = write!(lines[0], ",{year}-{month:02}-{day:02}");
        let _ = write!(lines[1], ",{}", i % 7);
        let _ = write!(lines[2], ",{}", i % 5);
        day += 1;
        if day > lengths[month - 1] + i32::from(leap) {
            day = 1;
            month += 1;
        }
        if month > 12 {
            month = 1;
            year += 1;
        }
    }
    lines.join("\n") + "\n"
}

fn bytes(file: &File) -> Vec<u8> {
    if let Some(text) = &file.text {
        return encoded(text, file.encoding.as_deref().unwrap_or("utf-8"), file.mark);
    }
    if let Some(hex) = &file.hex {
        let byte = |i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
        return (0..hex.len()).step_by(2).map(byte).collect();
    }
    if let Some(name) = &file.workbook {
        return std::fs::read(suite().join("workbooks").join(name)).unwrap();
    }
    if let Some(days) = file.days {
        return plan(days).into_bytes();
    }
    if let Some(bytes) = file.bytes {
        return vec![b'0'; bytes];
    }
    if let Some(zeros) = file.zeros {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let block = vec![b'0'; 1 << 20];
        for _ in 0..zeros / block.len() {
            encoder.write_all(&block).unwrap();
        }
        return encoder.finish().unwrap();
    }
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for member in &file.zip {
        archive
            .start_file(
                member.path.as_str(),
                zip::write::SimpleFileOptions::default(),
            )
            .unwrap();
        archive.write_all(&bytes(member)).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn lay(folder: &Path, file: &File) {
    let path = folder.join(&file.path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    if let Some(sql) = &file.sql {
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(sql).unwrap();
        connection.close().map_err(|(_, e)| e).unwrap();
        return;
    }
    if let Some(query) = &file.parquet {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(&format!(
                "COPY ({query}) TO '{}' (FORMAT parquet)",
                path.display()
            ))
            .unwrap();
        return;
    }
    if let Some(target) = &file.link {
        std::os::unix::fs::symlink(target, path).unwrap();
        return;
    }
    let mut content = bytes(file);
    if file.gzip {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&content).unwrap();
        content = encoder.finish().unwrap();
    }
    if let Some(length) = file.cut {
        content.truncate(length);
    }
    std::fs::write(path, content).unwrap();
}

/// The tables of the one database that is in the cache.
fn engine(cache: &Path) -> Connection {
    let kept = std::fs::read_dir(cache.join("tables"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let config = Config::default().access_mode(AccessMode::ReadOnly).unwrap();
    Connection::open_with_flags(kept.join("tables.duckdb"), config).unwrap()
}

fn rows(
    connection: &Connection,
    table: &str,
    columns: &[(String, String)],
) -> Vec<Vec<Option<String>>> {
    let select: Vec<String> = columns
        .iter()
        .map(|(name, kind)| {
            let text = format!("CAST(\"{name}\" AS VARCHAR)");
            if kind == "decimal" || kind == "float" {
                format!("CASE WHEN contains({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END")
            } else {
                text
            }
        })
        .collect();
    let mut statement = connection
        .prepare(&format!("SELECT {} FROM \"{table}\"", select.join(", ")))
        .unwrap();
    statement
        .query_map([], |row| (0..columns.len()).map(|i| row.get(i)).collect())
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn faults(case: &Case, folder: &Path) -> Vec<String> {
    let data = folder.join("data");
    std::fs::create_dir_all(&data).unwrap();
    for file in &case.files {
        lay(&data, file);
    }
    let alone = case.open.is_empty() && case.files.len() == 1;
    let paths: Vec<PathBuf> = if alone {
        vec![data.join(&case.files[0].path)]
    } else if case.open.is_empty() {
        vec![data]
    } else {
        case.open.iter().map(|p| data.join(p)).collect()
    };
    let cache = folder.join("cache");
    let options = Options {
        cache_dir: Some(cache.clone()),
        threads: Some(1),
        reading: case.reading.clone(),
        ..Options::default()
    };
    let opened = Warehouse::open(&paths, &options);
    let mut out = Vec::new();
    let warehouse = match (opened, &case.error) {
        (Err(e), Some(expected)) => {
            if e.code() != expected.code
                || !e.to_string().contains(&expected.says) && !e.hint().contains(&expected.says)
            {
                out.push(format!("{}: {e} ({})", e.code(), e.hint()));
            }
            // What was begun is gone.
            let left = std::fs::read_dir(cache.join("tables")).map_or(0, Iterator::count);
            if left > 0 {
                out.push(format!("{left} folders left behind"));
            }
            return out;
        }
        (Err(e), None) => return vec![format!("{}: {e}", e.code())],
        (Ok(_), Some(expected)) => return vec![format!("read, but {} was due", expected.code)],
        (Ok(warehouse), None) => warehouse,
    };
    let profile = warehouse.profile().clone();
    let names: Vec<&String> = case.tables.keys().collect();
    let mut found: Vec<&String> = profile.tables.iter().map(|t| &t.name).collect();
    found.sort();
    if names != found {
        out.push(format!("tables {found:?}, expected {names:?}"));
    }
    drop(warehouse);
    let connection = engine(&cache);
    for table in &profile.tables {
        let Some(expected) = case.tables.get(&table.name) else {
            continue;
        };
        let columns: Vec<(String, String)> = table
            .columns
            .iter()
            .map(|c| {
                let kind = format!("{:?}", c.data_type).to_lowercase();
                (c.name.clone(), kind)
            })
            .collect();
        let shown: Vec<String> = columns.iter().map(|(n, k)| format!("{n} {k}")).collect();
        if shown != expected.columns {
            out.push(format!("{}: columns {shown:?}", table.name));
        }
        if let Some(count) = expected.count
            && count != table.rows
        {
            out.push(format!("{}: {} rows", table.name, table.rows));
        }
        if let Some(expected) = &expected.rows {
            let got = rows(&connection, &table.name, &columns);
            if got != *expected {
                out.push(format!("{}: rows {got:?}", table.name));
            }
        }
        if table.intake.read != table.intake.used + table.intake.aside() {
            out.push(format!("{}: {}", table.name, table.intake.sentence()));
        }
    }
    let remarks: Vec<&String> = profile.tables.iter().flat_map(|t| &t.remarks).collect();
    for part in &case.says {
        if !remarks.iter().any(|r| r.contains(part.as_str())) {
            out.push(format!("`{part}` is not said: {remarks:#?}"));
        }
    }
    out
}

/// Whether an extension lies beside the one that the tests are built with.
fn is_packaged(name: &str) -> bool {
    option_env!("RETAIL_SQLITE_EXTENSION").is_some_and(|file| {
        Path::new(file)
            .with_file_name(format!("{name}.duckdb_extension"))
            .is_file()
    })
}

#[test]
fn files_give_exactly_their_tables() {
    let all = cases();
    assert!(all.len() >= 40, "{} cases", all.len());
    let mut wrong = Vec::new();
    // ONLY=part of a name tries some of them.
    let only = std::env::var("ONLY").unwrap_or_default();
    for (i, (group, case)) in all.iter().enumerate() {
        if !format!("{group} / {}", case.name).contains(&only) {
            continue;
        }
        if let Some(name) = case.needs.as_ref().filter(|n| !is_packaged(n)) {
            eprintln!(
                "skipped: {}, without the engine's extension {name}",
                case.name
            );
            continue;
        }
        let folder = std::env::temp_dir().join(format!("files-suite-{}-{i}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let found = faults(case, &folder);
        std::fs::remove_dir_all(&folder).unwrap();
        if !found.is_empty() {
            wrong.push(format!(
                "{group} / {}:\n    {}",
                case.name,
                found.join("\n    ")
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases\n{}",
        wrong.len(),
        all.len(),
        wrong.join("\n")
    );
}
