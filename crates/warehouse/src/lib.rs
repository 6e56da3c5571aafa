//! The embedded data layer: files in, typed tables and rows out. The only crate that links a database.
//!
//! The engine takes compiled queries and the maintenance statements of this crate, never a text
//! from outside; what the guard approved runs in a process of its own ([`Warehouse::run_approved`]). Typed tables and their profile are kept in the user's cache folder under the
//! fingerprint of the data, so that a second question starts at once.

mod amounts;
mod confined;
mod container;
mod database;
mod declared;
mod delimited;
mod delta;
mod encoding;
mod error;
mod extension;
mod grid;
mod hardening;
mod json;
mod layout;
mod lexical;
mod load;
mod moments;
mod numbered_dates;
mod parquet;
mod periods;
mod profile;
mod progress;
mod quality;
mod reading;
mod remote;
mod result_cache;
mod rows;
mod same_shape;
mod source;
mod spellings;
mod sql;
mod staged;
mod standard_input;
mod stop;
mod text;
mod typing;
mod unpivot;
mod watch;
mod workbook;
mod written_dates;

pub use confined::{Confined, Confinement, Limits, Program, Visible, serve as serve_confined};
pub use error::WarehouseError;
pub use profile::WarehouseEvidence;
pub use progress::{Progress, Stage};
pub use quality::{Coverage, Gap, Spread};
pub use reading::{Dates, Decimal, Reading};
pub use result_cache::{CacheSettings, CacheUse};
pub use rows::Execution;
pub use stop::Stop;
pub use watch::Watch;

use answer::Source;
use duckdb::{AccessMode, Config, Connection};
use semantics::SourceProfile;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How to open.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where typed tables are kept; the user's cache folder if absent.
    pub cache_dir: Option<PathBuf>,
    /// Engine threads; all cores if absent.
    pub threads: Option<usize>,
    /// What the user says about how files are to be read.
    pub reading: Reading,
    /// Loads afresh even if the tables are known.
    pub no_cache: bool,
    /// Memory of the engine, with its unit ("2GB"); what is larger spills to disk. Most of the
    /// machine's if absent.
    pub memory: Option<String>,
    /// Who is told how far loading is.
    pub progress: Progress,
    /// How to start the process for SQL that the compiler did not write; this program if absent,
    /// which has to know [`Program::ARGUMENT`] then.
    pub child: Option<Program>,
    /// How long and how much rows of earlier queries are kept.
    pub results: CacheSettings,
}

/// How a compiled query is to be answered.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// For whom it was compiled; rows are never shared between readers.
    pub reader: Option<&'a query::Reader>,
    /// Runs it, also where its rows are known.
    pub no_cache: bool,
    /// Ends it early.
    pub stop: &'a Stop,
}

impl Options {
    /// Bounds what a connection uses.
    fn bound(&self, connection: &Connection) -> Result<(), WarehouseError> {
        if let Some(threads) = self.threads {
            connection.execute_batch(&format!("SET threads = {threads}"))?;
        }
        if let Some(memory) = &self.memory {
            connection
                .execute_batch(&format!("SET memory_limit = {}", sql::quoted(memory)))
                .map_err(|_| WarehouseError::Reading {
                    option: "memory".into(),
                    value: memory.clone(),
                    known: "500MB, 2GB, 1TiB …".into(),
                })?;
        }
        Ok(())
    }
}

/// Loaded data, ready for compiled queries.
pub struct Warehouse {
    connection: Mutex<Connection>,
    /// Idle connections to the same tables: questions run side by side.
    idle: Mutex<Vec<Connection>>,
    profile: SourceProfile,
    sources: Vec<Source>,
    fingerprint: String,
    folder: PathBuf,
    database: PathBuf,
    child: Option<Program>,
    watch: watch::Watch,
    results: result_cache::ResultCache,
}

/// Stamp of this crate's sources: other code may read the same files into other tables.
const LAYOUT: &str = env!("SOURCE_STAMP");

/// Idle connections that are kept at most.
const IDLE: usize = 16;

/// Files up to so many bytes in all are kept as they are in memory: packing their tables takes longer
/// than reading them, and what it saves on disk is little.
const LARGEST_UNPACKED: u64 = 256 << 20;

/// The user's cache folder of this program.
pub fn default_cache_dir() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|p| p.is_absolute())
        .or_else(|| std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".cache")));
    base.unwrap_or_else(std::env::temp_dir)
        .join("retail-insights")
}

/// Removes what processes that live no more were writing (`KEY.PROCESS.TIME.part`).
fn remove_abandoned(tables: &Path) {
    for entry in std::fs::read_dir(tables).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut parts = name.split('.').rev();
        if parts.next() != Some("part") {
            continue;
        }
        let process = parts.nth(1).and_then(|p| p.parse::<u32>().ok());
        let lives = process.is_some_and(|p| Path::new("/proc").join(p.to_string()).exists());
        if !lives && Path::new("/proc/self").exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// The measurements kept beside the tables.
fn read_profile(folder: &Path) -> Result<SourceProfile, WarehouseError> {
    let unusable = |reason: String| WarehouseError::Cache {
        path: folder.display().to_string(),
        reason,
    };
    let bytes = std::fs::read(folder.join("profile.json")).map_err(|e| unusable(e.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|e| unusable(e.to_string()))
}

impl Warehouse {
    /// Loads what the paths stand for, or opens it from the cache. A path may be an address
    /// (`s3://…`, `gs://…`); the store's keys come from the environment.
    ///
    /// # Errors
    /// Each file that is missing, empty, unreadable or no table, by name.
    pub fn open(paths: &[PathBuf], options: &Options) -> Result<Warehouse, WarehouseError> {
        // Before anything is read, so that no later change goes unnoticed.
        let watch = watch::Watch::over(paths);
        let input = standard_input::Held::of(paths)?;
        let paths = input.paths();
        let reach = remote::Reach::of(paths)?;
        let mut inventory = source::take_stock(paths, reach.as_ref(), &options.progress)?;
        input.rename(&mut inventory.sources);
        let cache = options.cache_dir.clone().unwrap_or_else(default_cache_dir);
        let key = &inventory.fingerprint[..24];
        let folder = cache
            .join("tables")
            .join(format!("{key}-{LAYOUT}{}", options.reading.stamp()));
        let database = folder.join("tables.duckdb");
        let unusable = |e: std::io::Error| WarehouseError::Cache {
            path: cache.display().to_string(),
            reason: e.to_string(),
        };
        let kept = read_profile(&folder).is_ok() && database.is_file();
        if options.no_cache || !kept {
            std::fs::create_dir_all(cache.join("tables")).map_err(unusable)?;
            remove_abandoned(&cache.join("tables"));
            let unique = format!(
                "{key}.{}.{:?}.part",
                std::process::id(),
                std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .map(|d| d.as_nanos())
                    .unwrap_or(0)
            );
            let work = cache.join("tables").join(unique);
            std::fs::create_dir_all(&work).map_err(unusable)?;
            let made = Self::build(&work, &inventory, reach.as_ref(), paths, options);
            if let Err(e) = made {
                let _ = std::fs::remove_dir_all(&work);
                return Err(e);
            }
            // A folder whose measurements cannot be read is of no use to anyone.
            if options.no_cache || read_profile(&folder).is_err() {
                let _ = std::fs::remove_dir_all(&folder);
            }
            if std::fs::rename(&work, &folder).is_err() {
                // Another process was first; its tables are the same.
                let _ = std::fs::remove_dir_all(&work);
            }
        }
        let profile = read_profile(&folder)?;
        let config = Config::default().access_mode(AccessMode::ReadOnly)?;
        let connection = Connection::open_with_flags(&database, config)?;
        options.bound(&connection)?;
        for setting in query::Dialect::DuckDb.session() {
            connection.execute_batch(setting)?;
        }
        hardening::harden(&connection, hardening::Spill::Capped)?;
        Ok(Warehouse {
            connection: Mutex::new(connection),
            idle: Mutex::new(Vec::new()),
            profile,
            sources: inventory.sources,
            results: result_cache::ResultCache::new(
                &options.results,
                folder.join("results"),
                &format!("{} {}", inventory.fingerprint, folder.display()),
            ),
            fingerprint: inventory.fingerprint,
            folder,
            database,
            child: options.child.clone(),
            watch,
        })
    }

    fn build(
        work: &Path,
        inventory: &source::Inventory,
        reach: Option<&remote::Reach>,
        paths: &[PathBuf],
        options: &Options,
    ) -> Result<(), WarehouseError> {
        let connection = Connection::open(work.join("tables.duckdb"))?;
        options.bound(&connection)?;
        connection.execute_batch("SET preserve_insertion_order = true")?;
        if inventory.bytes() <= LARGEST_UNPACKED {
            connection.execute_batch("SET force_compression = 'uncompressed'")?;
        }
        remote::prepare(&connection, paths.iter().map(PathBuf::as_path))?;
        let scratch = work.join("scratch");
        let unusable = |e: std::io::Error| WarehouseError::Cache {
            path: work.display().to_string(),
            reason: e.to_string(),
        };
        std::fs::create_dir(&scratch).map_err(unusable)?;
        let arranged = source::arrange(inventory, reach, &scratch, &options.reading)?;
        let tables = load::load(&connection, arranged, &options.reading, &options.progress)?;
        std::fs::remove_dir_all(&scratch).map_err(unusable)?;
        if let Some(file) = inventory.changed() {
            return Err(WarehouseError::Changed(file));
        }
        let name = paths
            .first()
            .and_then(|p| p.file_stem())
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let mut profile = SourceProfile {
            name,
            tables: Vec::new(),
        };
        for table in &tables {
            options.progress.tell(&Stage::Measuring {
                table: &table.name,
                rows: table.intake.used,
            });
            profile.tables.push(profile::profile(&connection, table)?);
        }
        let json = serde_json::to_vec(&profile).map_err(|e| WarehouseError::Cache {
            path: work.display().to_string(),
            reason: e.to_string(),
        })?;
        std::fs::write(work.join("profile.json"), json).map_err(|e| WarehouseError::Cache {
            path: work.display().to_string(),
            reason: e.to_string(),
        })?;
        connection.execute_batch("CHECKPOINT")?;
        connection.close().map_err(|(_, e)| e)?;
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Measurements of the tables.
    pub fn profile(&self) -> &SourceProfile {
        &self.profile
    }

    /// What inference may ask the engine.
    pub fn evidence(&self) -> WarehouseEvidence<'_> {
        WarehouseEvidence {
            connection: self.lock(),
        }
    }

    /// Runs a compiled query: at most 10,000 rows come back, and the table says if there were more.
    ///
    /// # Errors
    /// The engine's, which for a compiled query is a defect or damaged data.
    pub fn run(&self, query: &query::CompiledQuery) -> Result<Execution, WarehouseError> {
        self.run_until(query, &Stop::default())
    }

    /// As [`Warehouse::run`], ended by `stop`.
    ///
    /// # Errors
    /// `Stopped` when it was stopped, else the engine's.
    pub fn run_until(
        &self,
        query: &query::CompiledQuery,
        stop: &Stop,
    ) -> Result<Execution, WarehouseError> {
        if stop.is_stopped() {
            return Err(WarehouseError::Stopped);
        }
        let connection = self.take()?;
        let done = stop.guard(connection.interrupt_handle(), || {
            rows::execute(&connection, query, rows::ROW_LIMIT, stop)
        });
        self.give_back(connection);
        match done {
            Err(_) if stop.is_stopped() => Err(WarehouseError::Stopped),
            done => done,
        }
    }

    /// The rows of a compiled query: those that are known of the same query over the same data for the
    /// same reader, or what the engine gives. Equal queries at the same time run once.
    ///
    /// # Errors
    /// As [`Warehouse::run_until`].
    pub fn answer(
        &self,
        query: &query::CompiledQuery,
        asked: &Asked<'_>,
    ) -> Result<Execution, WarehouseError> {
        let key = self.results.key(query, asked.reader);
        self.results
            .get_or_run(&key, asked.no_cache, asked.stop, || {
                self.run_until(query, asked.stop)
            })
    }

    /// Whether the files are still those that were loaded.
    pub fn is_current(&self) -> bool {
        self.watch.is_unchanged()
    }

    fn take(&self) -> Result<Connection, WarehouseError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        match idle {
            Some(connection) => Ok(connection),
            None => Ok(self.lock().try_clone()?),
        }
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(connection);
        }
    }

    /// Runs a compiled query whose rows feed an index and never an answer: up to `limit` rows.
    ///
    /// # Errors
    /// As [`Warehouse::run`].
    pub fn scan(
        &self,
        query: &query::CompiledQuery,
        limit: usize,
    ) -> Result<Execution, WarehouseError> {
        rows::execute(&self.lock(), query, limit, &Stop::default())
    }

    /// Files that were read.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Fingerprint of everything that was loaded.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Engine and version.
    pub fn engine(&self) -> String {
        let version: Result<String, _> =
            self.lock().query_row("SELECT version()", [], |r| r.get(0));
        format!(
            "duckdb {}",
            version.unwrap_or_default().trim_start_matches('v')
        )
    }

    /// A by-product kept beside the tables.
    pub fn artifact(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.folder.join(name)).ok()
    }

    /// Keeps a by-product beside the tables; if it cannot be written, it is made again next time.
    pub fn store_artifact(&self, name: &str, bytes: &[u8]) {
        let part = self
            .folder
            .join(format!("{name}.{}.part", std::process::id()));
        if std::fs::write(&part, bytes).is_ok()
            && std::fs::rename(&part, self.folder.join(name)).is_err()
        {
            let _ = std::fs::remove_file(&part);
        }
    }
}
