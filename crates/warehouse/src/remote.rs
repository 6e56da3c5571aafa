//! Addresses in object stores (`s3://bucket/…`, `gs://bucket/…`): what is there, and copies of it.
//!
//! Who one is comes from the environment, by the names that the stores' own programs use, and goes
//! into the engine as a secret of the one connection that reads. No text of the engine about a
//! statement that holds a secret is ever shown.

use crate::WarehouseError;
use crate::error::first_line;
use crate::extension::Extension;
use crate::source::Candidate;
use crate::source::{Form, Kind, Skipped};
use crate::sql::quoted;
use duckdb::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A file of another kind than Parquet is copied as a whole; it may have so many bytes.
const LARGEST_COPY: u64 = 1 << 30;

/// Folder of a Delta table that holds its log.
pub(crate) const DELTA_LOG: &str = "_delta_log";

/// The store that an address is in, if it is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Store {
    S3,
    Google,
}

fn store(path: &Path) -> Option<Store> {
    let text = path.to_str()?;
    if text.starts_with("s3://") {
        Some(Store::S3)
    } else if text.starts_with("gs://") || text.starts_with("gcs://") {
        Some(Store::Google)
    } else {
        None
    }
}

/// Whether a path is an address in an object store.
pub(crate) fn is_address(path: &Path) -> bool {
    store(path).is_some()
}

/// The first of these variables that is set and not empty.
fn variable(names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|n| std::env::var(n).ok().filter(|v| !v.is_empty()))
}

/// The statement that makes the secret of a store, from the environment. Without a key objects that
/// everyone may read are read.
fn secret(of: Store) -> String {
    let (kind, key, secret, endpoint) = match of {
        Store::S3 => (
            "s3",
            variable(&["AWS_ACCESS_KEY_ID"]),
            variable(&["AWS_SECRET_ACCESS_KEY"]),
            variable(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]),
        ),
        Store::Google => (
            "gcs",
            variable(&["GCS_ACCESS_KEY_ID"]),
            variable(&["GCS_SECRET_ACCESS_KEY"]),
            variable(&["STORAGE_EMULATOR_HOST"]),
        ),
    };
    let mut parts = vec![format!("TYPE {kind}")];
    let mut add = |name: &str, value: Option<String>| {
        parts.extend(value.map(|v| format!("{name} {}", quoted(&v))));
    };
    add("KEY_ID", key);
    add("SECRET", secret);
    if of == Store::S3 {
        add("SESSION_TOKEN", variable(&["AWS_SESSION_TOKEN"]));
        add("REGION", variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]));
    }
    if let Some(endpoint) = endpoint {
        // A server of one's own goes by its plain name, without the bucket in front.
        let (encrypted, host) = match endpoint.split_once("://") {
            Some(("http", host)) => (false, host),
            Some((_, host)) => (true, host),
            None => (false, endpoint.as_str()),
        };
        add("ENDPOINT", Some(host.trim_end_matches('/').to_string()));
        add("URL_STYLE", Some("path".into()));
        parts.push(format!("USE_SSL {encrypted}"));
    }
    format!(
        "CREATE OR REPLACE SECRET retail_{kind} ({})",
        parts.join(", ")
    )
}

/// Lets a connection read from the stores of these addresses.
///
/// # Errors
/// Where the extension cannot be loaded or what the environment says makes no sense.
pub(crate) fn prepare<'a>(
    connection: &Connection,
    addresses: impl Iterator<Item = &'a Path>,
) -> Result<(), WarehouseError> {
    let mut stores = Vec::new();
    for of in addresses.filter_map(store) {
        if !stores.contains(&of) {
            stores.push(of);
        }
    }
    if stores.is_empty() {
        return Ok(());
    }
    Extension::Httpfs.load(connection)?;
    for of in stores {
        connection
            .execute_batch(&secret(of))
            // The engine's message would repeat the statement.
            .map_err(|_| WarehouseError::Remote {
                address: match of {
                    Store::S3 => "s3://".into(),
                    Store::Google => "gs://".into(),
                },
                reason: "the access keys of the environment cannot be used".into(),
            })?;
    }
    Ok(())
}

/// An object of a listing.
struct Object {
    address: String,
    bytes: u64,
    /// Size and time of the last change, as text.
    print: String,
}

/// A connection that reads from object stores.
pub(crate) struct Reach {
    connection: Connection,
}

impl Reach {
    /// Opens one, if there is an address among the paths.
    ///
    /// # Errors
    /// As [`prepare`].
    pub(crate) fn of(paths: &[PathBuf]) -> Result<Option<Reach>, WarehouseError> {
        if !paths.iter().any(|p| is_address(p)) {
            return Ok(None);
        }
        let connection = Connection::open_in_memory()?;
        prepare(&connection, paths.iter().map(PathBuf::as_path))?;
        Ok(Some(Reach { connection }))
    }

    /// What an address stands for: one object, all of a pattern, or those of a folder, which are told
    /// apart as those of a folder on disk are.
    ///
    /// # Errors
    /// Where nothing is there, or the store cannot be reached or refuses.
    pub(crate) fn candidates(
        &self,
        address: &Path,
        skipped: &mut Vec<Skipped>,
    ) -> Result<Vec<Candidate>, WarehouseError> {
        let shown = address.display().to_string();
        if shown.contains(['*', '?', '[']) {
            let objects = self.list(&shown)?;
            if objects.is_empty() {
                return Err(WarehouseError::Missing(shown));
            }
            return Ok(objects
                .into_iter()
                .map(|o| candidate(o, Vec::new(), None))
                .collect());
        }
        let root = shown.trim_end_matches('/');
        let last = root.rsplit('/').next().unwrap_or_default();
        let alone = last.contains('.') && !shown.ends_with('/');
        let folder = || self.list(&format!("{root}/**"));
        let objects = if alone { self.list(root)? } else { folder()? };
        let (objects, alone) = if objects.is_empty() {
            // A folder with a dot in its name, or an object without one.
            (if alone { folder()? } else { self.list(root)? }, !alone)
        } else {
            (objects, alone)
        };
        if objects.is_empty() {
            return Err(WarehouseError::Missing(shown));
        }
        if alone {
            return Ok(objects
                .into_iter()
                .map(|o| candidate(o, Vec::new(), None))
                .collect());
        }
        Ok(of_folder(root, objects, skipped))
    }

    /// Objects of a pattern, in the order of their names.
    fn list(&self, pattern: &str) -> Result<Vec<Object>, WarehouseError> {
        let failed = |e: duckdb::Error| WarehouseError::Remote {
            address: pattern.trim_end_matches("/**").to_string(),
            reason: reason(&e),
        };
        let names = self
            .connection
            .query_row("SELECT count(*) FROM glob(?)", [pattern], |r| r.get(0));
        // Reading an empty list is an error to the engine, and a name without a pattern is listed
        // whether there is such an object or not.
        match names {
            Ok(0_i64) => return Ok(Vec::new()),
            Err(e) if is_absent(&e) => return Ok(Vec::new()),
            Err(e) => return Err(failed(e)),
            Ok(_) => {}
        }
        let mut statement = self
            .connection
            .prepare("SELECT filename, size, CAST(last_modified AS VARCHAR) FROM read_blob(?) ORDER BY filename")
            .map_err(failed)?;
        let found = statement
            .query_map([pattern], |r| {
                let (address, bytes, changed): (String, i64, Option<String>) =
                    (r.get(0)?, r.get(1)?, r.get(2)?);
                Ok(Object {
                    address,
                    bytes: bytes.unsigned_abs(),
                    print: format!("{bytes} {}", changed.unwrap_or_default()),
                })
            })
            .and_then(|rows| rows.collect::<duckdb::Result<Vec<_>>>());
        match found {
            Ok(found) => Ok(found),
            Err(e) if is_absent(&e) => Ok(Vec::new()),
            Err(e) => Err(failed(e)),
        }
    }

    /// Copies an object into a folder.
    ///
    /// # Errors
    /// Where it cannot be read or is too large, or the folder cannot be written.
    pub(crate) fn copy(&self, address: &str, folder: &Path) -> Result<PathBuf, WarehouseError> {
        let failed = |e: duckdb::Error| WarehouseError::Remote {
            address: address.to_string(),
            reason: reason(&e),
        };
        let bytes: i64 = self
            .connection
            .query_row("SELECT size FROM read_blob(?)", [address], |r| r.get(0))
            .map_err(failed)?;
        if bytes.unsigned_abs() > LARGEST_COPY {
            return Err(WarehouseError::TooLarge {
                path: address.to_string(),
                reason: format!(
                    "it has {} MB; from an address other files than Parquet are read up to {} MB",
                    bytes >> 20,
                    LARGEST_COPY >> 20
                ),
            });
        }
        let content: Vec<u8> = self
            .connection
            .query_row("SELECT content FROM read_blob(?)", [address], |r| r.get(0))
            .map_err(failed)?;
        let unwritable = |e: std::io::Error| WarehouseError::Unreadable {
            path: address.to_string(),
            reason: format!("no copy can be written: {e}"),
        };
        let name = blake3::hash(address.as_bytes()).to_hex();
        let ending = Path::new(address)
            .extension()
            .map_or(String::new(), |e| format!(".{}", e.to_string_lossy()));
        let file = folder.join(format!("{}{ending}", &name[..16]));
        std::fs::write(&file, content).map_err(unwritable)?;
        Ok(file)
    }
}

/// The engine's message in one line, without the statement.
fn reason(e: &duckdb::Error) -> String {
    let line = first_line(e);
    if line.contains("403") || line.contains("401") {
        return "the store refuses access".into();
    }
    line
}

fn is_absent(e: &duckdb::Error) -> bool {
    let text = e.to_string();
    text.contains("404") || text.contains("No files found")
}

fn candidate(
    object: Object,
    partitions: Vec<(String, String)>,
    folder: Option<PathBuf>,
) -> Candidate {
    let form = match Path::new(&object.address).extension() {
        // The engine reads the columns that it needs in place.
        Some(e) if e.eq_ignore_ascii_case("parquet") => Form::Known(Kind::Parquet),
        _ => Form::Remote,
    };
    Candidate {
        path: PathBuf::from(&object.address),
        partitions,
        folder,
        known: Some((
            form,
            blake3::hash(object.print.as_bytes()).to_hex().to_string(),
        )),
        bytes: object.bytes,
    }
}

/// The objects of a folder, one level deep, those of its `key=value` folders, and its Delta tables.
fn of_folder(root: &str, objects: Vec<Object>, skipped: &mut Vec<Skipped>) -> Vec<Candidate> {
    let mark = format!("/{DELTA_LOG}/");
    // Each Delta table with the prints of its log.
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for object in &objects {
        if let Some((table, _)) = object.address.split_once(&mark) {
            let print = format!("{} {}", object.address, object.print);
            tables.entry(table.to_string()).or_default().push(print);
        }
    }
    let mut out = Vec::new();
    let mut folders = BTreeSet::new();
    for object in objects {
        let inside = |table: &String| object.address.starts_with(&format!("{table}/"));
        let rest = object
            .address
            .strip_prefix(root)
            .unwrap_or(&object.address)
            .trim_start_matches('/')
            .to_string();
        if tables.keys().any(inside) || rest.is_empty() || rest.ends_with('/') {
            continue;
        }
        let (above, name) = rest.rsplit_once('/').unwrap_or(("", &rest));
        if name.starts_with(['.', '_']) {
            continue;
        }
        let partitions: Option<Vec<(String, String)>> = above
            .split('/')
            .filter(|p| !p.is_empty())
            .map(|p| p.split_once('=').map(|(k, v)| (k.into(), v.into())))
            .collect();
        match partitions {
            Some(partitions) => out.push(candidate(object, partitions, Some(PathBuf::from(root)))),
            None => {
                let first = rest.split('/').next().unwrap_or_default().to_string();
                if folders.insert(first.clone()) {
                    skipped.push(Skipped {
                        name: first,
                        reason: "a folder inside the folder; give it itself".into(),
                    });
                }
            }
        }
    }
    for (table, mut prints) in tables {
        prints.sort();
        out.push(Candidate {
            folder: (table != root).then(|| PathBuf::from(root)),
            path: PathBuf::from(table),
            partitions: Vec::new(),
            known: Some((
                Form::Known(Kind::Delta),
                blake3::hash(prints.join("\n").as_bytes())
                    .to_hex()
                    .to_string(),
            )),
            bytes: 0,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(address: &str) -> Object {
        Object {
            address: address.into(),
            bytes: 1,
            print: "1 2024-01-01".into(),
        }
    }

    #[test]
    fn a_folder_of_a_store_is_told_apart_like_one_on_disk() {
        let mut skipped = Vec::new();
        let found = of_folder(
            "s3://shop/lake",
            [
                "s3://shop/lake/orders.csv",
                "s3://shop/lake/_SUCCESS",
                "s3://shop/lake/year=2024/month=1/part-0.parquet",
                "s3://shop/lake/old/x.csv",
                "s3://shop/lake/old/y.csv",
                "s3://shop/lake/stock/_delta_log/00000000000000000000.json",
                "s3://shop/lake/stock/part-1.parquet",
            ]
            .map(object)
            .into(),
            &mut skipped,
        );
        let shown: Vec<(String, usize)> = found
            .iter()
            .map(|c| (c.path.display().to_string(), c.partitions.len()))
            .collect();
        assert_eq!(
            shown,
            [
                ("s3://shop/lake/orders.csv".to_string(), 0),
                ("s3://shop/lake/year=2024/month=1/part-0.parquet".into(), 2),
                ("s3://shop/lake/stock".into(), 0),
            ]
        );
        assert_eq!(skipped.len(), 1, "{skipped:?}");
        assert_eq!(skipped[0].name, "old");
    }

    #[test]
    fn addresses_are_known_by_their_scheme() {
        for (path, expected) in [
            ("s3://bucket/a.csv", true),
            ("gs://bucket/a.csv", true),
            ("/data/s3/a.csv", false),
            ("s3", false),
            ("https://example.org/a.csv", false),
        ] {
            assert_eq!(is_address(Path::new(path)), expected, "{path}");
        }
    }
}
