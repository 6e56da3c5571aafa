//! Rows of earlier queries, in memory and on disk.
//!
//! The key holds everything that rows depend on: the statement and its columns, for whom it was
//! compiled, the data's fingerprint and the program's stamp. So a changed file has other keys at
//! once, and the lifetime only bounds how long rows are kept. Equal queries at the same time run
//! once; the others wait for its rows.

mod disk;
mod encoding;

use crate::rows::{Execution, ROW_LIMIT};
use crate::{Stop, WarehouseError};
use answer::ResultTable;
use disk::Disk;
use query::{CompiledQuery, Reader};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often who waits for another's rows looks whether it was stopped.
const LOOK_UP: Duration = Duration::from_millis(20);
/// Rows that take more than this part of the room are not kept.
const LARGEST_PART: u64 = 8;

/// How long and how much is kept: the table `[cache]` of a source's retail.toml.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheSettings {
    /// Hours for which rows are given again; 0 keeps none.
    pub hours: f64,
    /// Megabytes in memory.
    pub memory_mb: u64,
    /// Megabytes on disk.
    pub disk_mb: u64,
}

impl Default for CacheSettings {
    fn default() -> Self {
        CacheSettings {
            hours: 24.0,
            memory_mb: 64,
            disk_mb: 256,
        }
    }
}

/// Where rows came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    /// From the engine.
    Miss,
    /// From an earlier run of the same query over the same data.
    Hit,
}

impl CacheUse {
    /// As answer documents call it.
    pub fn name(self) -> &'static str {
        match self {
            CacheUse::Miss => "miss",
            CacheUse::Hit => "hit",
        }
    }
}

/// What rows are kept under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key(String);

type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

pub(crate) struct ResultCache {
    /// The data and how it was read.
    data: String,
    lifetime: u64,
    room: u64,
    disk: Disk,
    state: Mutex<State>,
    /// A query that others wait for has ended.
    ended: Condvar,
    /// Seconds since 1970.
    clock: Clock,
}

#[derive(Default)]
struct State {
    known: HashMap<Key, Entry>,
    bytes: u64,
    uses: u64,
    running: HashSet<Key>,
}

struct Entry {
    table: ResultTable,
    bytes: u64,
    kept_at: u64,
    used: u64,
}

impl ResultCache {
    /// With its files in `folder`, over the data that `data` names.
    pub(crate) fn new(settings: &CacheSettings, folder: PathBuf, data: &str) -> Self {
        let clock = || {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |d| d.as_secs())
        };
        Self::with_clock(settings, folder, data, Box::new(clock))
    }

    fn with_clock(settings: &CacheSettings, folder: PathBuf, data: &str, clock: Clock) -> Self {
        let hours = if settings.hours.is_finite() {
            settings.hours.max(0.0)
        } else {
            0.0
        };
        ResultCache {
            data: data.to_string(),
            lifetime: (hours * 3600.0) as u64,
            room: settings.memory_mb.saturating_mul(1 << 20),
            disk: Disk::new(folder, settings.disk_mb.saturating_mul(1 << 20)),
            state: Mutex::default(),
            ended: Condvar::new(),
            clock,
        }
    }

    /// The key of a query that was compiled for that reader.
    pub(crate) fn key(&self, query: &CompiledQuery, reader: Option<&Reader>) -> Key {
        let mut hasher = blake3::Hasher::new();
        let columns = format!("{:?}", query.columns());
        let reader = format!("{reader:?}");
        let limit = ROW_LIMIT.to_string();
        for part in [
            &self.data,
            query.dialect().name(),
            query.sql(),
            &columns,
            &reader,
            &limit,
        ] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Key(hasher.finalize().to_hex().to_string())
    }

    /// The rows that are known, or those that `run` gives; `no_cache` runs in any case.
    pub(crate) fn get_or_run(
        &self,
        key: &Key,
        no_cache: bool,
        stop: &Stop,
        run: impl FnOnce() -> Result<Execution, WarehouseError>,
    ) -> Result<Execution, WarehouseError> {
        if self.lifetime == 0 {
            return run();
        }
        if no_cache {
            return run().inspect(|done| self.keep(key, &done.table));
        }
        let start = Instant::now();
        let hit = |table: ResultTable| Execution {
            table,
            elapsed_ms: start.elapsed().as_secs_f64() * 1000.0,
            cache: CacheUse::Hit,
        };
        let mut state = self.state();
        loop {
            if let Some(table) = self.known(&mut state, key) {
                return Ok(hit(table));
            }
            if state.running.insert(key.clone()) {
                break;
            }
            if stop.is_stopped() {
                return Err(WarehouseError::Stopped);
            }
            state = self
                .ended
                .wait_timeout(state, LOOK_UP)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        drop(state);
        // Whatever happens from here on, those who wait are woken and run it themselves.
        let _running = Running { cache: self, key };
        if let Some((table, kept_at)) = self.disk.read(&key.0)
            && self.lives(kept_at)
        {
            self.hold(key, &table, kept_at);
            return Ok(hit(table));
        }
        run().inspect(|done| self.keep(key, &done.table))
    }

    fn lives(&self, kept_at: u64) -> bool {
        let now = (self.clock)();
        // An entry from the future was written by another clock.
        kept_at <= now && now - kept_at < self.lifetime
    }

    fn known(&self, state: &mut State, key: &Key) -> Option<ResultTable> {
        state.uses += 1;
        let now = state.uses;
        let entry = state.known.get_mut(key)?;
        if self.lives(entry.kept_at) {
            entry.used = now;
            return Some(entry.table.clone());
        }
        state.bytes -= entry.bytes;
        state.known.remove(key);
        None
    }

    fn keep(&self, key: &Key, table: &ResultTable) {
        let now = (self.clock)();
        self.hold(key, table, now);
        self.disk.write(&key.0, table, now);
    }

    /// Keeps rows in memory; those that were used longest ago make room.
    fn hold(&self, key: &Key, table: &ResultTable, kept_at: u64) {
        let bytes = encoding::size(table);
        if bytes > self.room / LARGEST_PART {
            return;
        }
        let mut state = self.state();
        state.uses += 1;
        let entry = Entry {
            table: table.clone(),
            bytes,
            kept_at,
            used: state.uses,
        };
        state.bytes += bytes;
        if let Some(before) = state.known.insert(key.clone(), entry) {
            state.bytes -= before.bytes;
        }
        while state.bytes > self.room {
            let oldest = state.known.iter().min_by_key(|(_, e)| e.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            if let Some(gone) = state.known.remove(&oldest) {
                state.bytes -= gone.bytes;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A query that others may wait for.
struct Running<'a> {
    cache: &'a ResultCache,
    key: &'a Key,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.cache.state().running.remove(self.key);
        self.cache.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use answer::{Cell, Column, ColumnRole};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    struct Bench {
        cache: ResultCache,
        folder: PathBuf,
        now: Arc<AtomicU64>,
        runs: AtomicUsize,
    }

    impl Bench {
        fn new(name: &str, settings: &CacheSettings) -> Bench {
            let folder =
                std::env::temp_dir().join(format!("retail-results-{}-{name}", std::process::id()));
            let _ = std::fs::remove_dir_all(&folder);
            let mut bench = Bench {
                cache: ResultCache::new(settings, folder.clone(), ""),
                folder,
                now: Arc::new(AtomicU64::new(1_000_000)),
                runs: AtomicUsize::new(0),
            };
            bench.restart(settings);
            bench
        }

        /// Another process: nothing in memory, the same files.
        fn restart(&mut self, settings: &CacheSettings) {
            let now = self.now.clone();
            self.cache = ResultCache::with_clock(
                settings,
                self.folder.clone(),
                "data",
                Box::new(move || now.load(Ordering::SeqCst)),
            );
        }

        fn pass(&self, seconds: u64) {
            self.now.fetch_add(seconds, Ordering::SeqCst);
        }

        fn ask(&self, name: &str, no_cache: bool) -> Execution {
            let key = Key(name.into());
            self.cache
                .get_or_run(&key, no_cache, &Stop::default(), || {
                    self.runs.fetch_add(1, Ordering::SeqCst);
                    Ok(ran(table(name, 3)))
                })
                .unwrap()
        }

        fn uses(&self, name: &str) -> CacheUse {
            self.ask(name, false).cache
        }

        fn files(&self) -> Vec<PathBuf> {
            let mut files: Vec<PathBuf> = std::fs::read_dir(&self.folder)
                .into_iter()
                .flatten()
                .map(|e| e.unwrap().path())
                .collect();
            files.sort();
            files
        }
    }

    impl Drop for Bench {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    fn ran(table: ResultTable) -> Execution {
        Execution {
            table,
            elapsed_ms: 1.0,
            cache: CacheUse::Miss,
        }
    }

    fn table(name: &str, rows: usize) -> ResultTable {
        let column = Column {
            name: name.into(),
            data_type: "number".into(),
            unit: Some("EUR".into()),
            role: ColumnRole::Measure,
            grain: None,
        };
        ResultTable {
            columns: vec![column],
            rows: (0..rows)
                .map(|i| vec![Cell::Number(i as f64 / 3.0)])
                .collect(),
            row_count: rows,
            truncated: false,
        }
    }

    #[test]
    fn rows_are_given_again_the_same_from_memory_and_from_disk() {
        let settings = CacheSettings::default();
        let mut bench = Bench::new("again", &settings);
        let first = bench.ask("a", false);
        assert_eq!(first.cache, CacheUse::Miss);
        let again = bench.ask("a", false);
        assert_eq!((again.cache, &again.table), (CacheUse::Hit, &first.table));
        bench.restart(&settings);
        let later = bench.ask("a", false);
        assert_eq!((later.cache, &later.table), (CacheUse::Hit, &first.table));
        assert_eq!(bench.runs.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn equal_queries_at_the_same_time_run_once() {
        let bench = Bench::new("flight", &CacheSettings::default());
        let runs = AtomicUsize::new(0);
        let key = Key("slow".into());
        let uses: Vec<CacheUse> = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..16)
                .map(|_| {
                    scope.spawn(|| {
                        let done = bench.cache.get_or_run(&key, false, &Stop::default(), || {
                            runs.fetch_add(1, Ordering::SeqCst);
                            std::thread::sleep(Duration::from_millis(100));
                            Ok(ran(table("slow", 2)))
                        });
                        done.unwrap().cache
                    })
                })
                .collect();
            asked.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        let misses = uses.iter().filter(|u| **u == CacheUse::Miss).count();
        assert_eq!(misses, 1);
    }

    #[test]
    fn who_waits_goes_on_when_the_first_was_stopped_and_can_be_stopped_itself() {
        let bench = Bench::new("stopped", &CacheSettings::default());
        let key = Key("slow".into());
        std::thread::scope(|scope| {
            let first = scope.spawn(|| {
                bench.cache.get_or_run(&key, false, &Stop::default(), || {
                    std::thread::sleep(Duration::from_millis(200));
                    Err(WarehouseError::Stopped)
                })
            });
            std::thread::sleep(Duration::from_millis(50));
            let withdrawn = Stop::default();
            withdrawn.stop();
            let start = Instant::now();
            let gone = bench
                .cache
                .get_or_run(&key, false, &withdrawn, || Ok(ran(table("slow", 1))));
            assert!(matches!(gone, Err(WarehouseError::Stopped)));
            assert!(
                start.elapsed() < Duration::from_millis(120),
                "it did not wait"
            );
            let second = bench
                .cache
                .get_or_run(&key, false, &Stop::default(), || Ok(ran(table("slow", 1))))
                .unwrap();
            assert_eq!(second.cache, CacheUse::Miss);
            assert!(matches!(
                first.join().unwrap(),
                Err(WarehouseError::Stopped)
            ));
        });
    }

    #[test]
    fn rows_expire_in_memory_and_on_disk() {
        let settings = CacheSettings {
            hours: 2.0,
            ..CacheSettings::default()
        };
        let mut bench = Bench::new("expiry", &settings);
        assert_eq!(bench.uses("a"), CacheUse::Miss);
        bench.pass(2 * 3600 - 1);
        assert_eq!(bench.uses("a"), CacheUse::Hit);
        bench.restart(&settings);
        assert_eq!(bench.uses("a"), CacheUse::Hit);
        bench.pass(1);
        assert_eq!(bench.uses("a"), CacheUse::Miss, "in memory");
        bench.pass(2 * 3600);
        bench.restart(&settings);
        assert_eq!(bench.uses("a"), CacheUse::Miss, "on disk");
    }

    #[test]
    fn no_hours_keep_nothing_and_no_cache_runs_but_keeps() {
        let none = CacheSettings {
            hours: 0.0,
            ..CacheSettings::default()
        };
        let bench = Bench::new("none", &none);
        assert_eq!(bench.uses("a"), CacheUse::Miss);
        assert_eq!(bench.uses("a"), CacheUse::Miss);
        assert!(bench.files().is_empty());
        let bench = Bench::new("bypass", &CacheSettings::default());
        assert_eq!(bench.uses("a"), CacheUse::Miss);
        assert_eq!(bench.ask("a", true).cache, CacheUse::Miss);
        assert_eq!(bench.uses("a"), CacheUse::Hit);
        assert_eq!(bench.runs.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_damaged_file_is_computed_again() {
        let settings = CacheSettings::default();
        let mut bench = Bench::new("damaged", &settings);
        let whole = bench.ask("a", false).table;
        let file = bench.files().pop().unwrap();
        let good = std::fs::read(&file).unwrap();
        let mut cases: Vec<Vec<u8>> = (0..good.len())
            .step_by(7)
            .flat_map(|at| {
                let mut flipped = good.clone();
                flipped[at] ^= 0x20;
                [flipped, good[..at].to_vec()]
            })
            .collect();
        cases.push([&good[..], b"more"].concat());
        for (i, bytes) in cases.iter().enumerate() {
            std::fs::write(&file, bytes).unwrap();
            bench.restart(&settings);
            let again = bench.ask("a", false);
            assert_eq!(again.cache, CacheUse::Miss, "case {i}");
            assert_eq!(again.table, whole);
        }
        std::fs::write(&file, &good).unwrap();
        bench.restart(&settings);
        assert_eq!(bench.uses("a"), CacheUse::Hit, "it was the damage");
    }

    #[test]
    fn an_entry_under_another_name_is_not_taken() {
        let settings = CacheSettings::default();
        let mut bench = Bench::new("name", &settings);
        bench.ask("a", false);
        let file = bench.files().pop().unwrap();
        bench.ask("b", false);
        let other = bench.files().into_iter().find(|f| *f != file).unwrap();
        std::fs::copy(&file, &other).unwrap();
        bench.restart(&settings);
        assert_eq!(bench.uses("b"), CacheUse::Miss);
    }

    #[test]
    fn memory_and_disk_stay_within_their_room() {
        let settings = CacheSettings {
            memory_mb: 1,
            disk_mb: 1,
            ..CacheSettings::default()
        };
        let bench = Bench::new("room", &settings);
        for i in 0..200 {
            let key = Key(format!("{i:03}"));
            bench
                .cache
                .get_or_run(&key, false, &Stop::default(), || Ok(ran(table("x", 1_000))))
                .unwrap();
        }
        let state = bench.cache.state();
        assert!(state.bytes <= 1 << 20);
        let sum: u64 = state.known.values().map(|e| e.bytes).sum();
        assert_eq!(state.bytes, sum);
        assert!(state.known.len() > 20, "the room is used");
        assert!(state.known.contains_key(&Key("199".into())));
        assert!(!state.known.contains_key(&Key("000".into())));
        drop(state);
        let on_disk: u64 = bench
            .files()
            .iter()
            .map(|f| std::fs::metadata(f).unwrap().len())
            .sum();
        assert!(on_disk <= 1 << 20, "{on_disk}");
        let large = Key("large".into());
        let runs = || Ok(ran(table("x", 100_000)));
        for _ in 0..2 {
            let done = bench
                .cache
                .get_or_run(&large, false, &Stop::default(), runs)
                .unwrap();
            assert_eq!(done.cache, CacheUse::Miss);
        }
    }
}
