//! Conversations as files: one each, written whole beside its place and renamed into it.
//!
//! A file is a line with the format's name and the BLAKE3 of the rest, then the record as JSON. Bytes
//! and folder are synced before a save is acknowledged, so that neither a killed process nor a power
//! cut takes back what was.

use crate::record::Record;
use crate::{Conversation, Kept, Key, Limits, MemoryError, Saved, Store};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const MAGIC: &str = "retail-conversation";
/// Conversations write one after the other within a lock, side by side between locks.
const LOCKS: usize = 16;
/// How long another process may hold a lock.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a lock is tried.
const AGAIN: Duration = Duration::from_millis(2);
/// Seconds between two looks for what has expired.
const SWEEP_EVERY: i64 = 3600;

/// Keeps conversations in a folder.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    idle_seconds: i64,
    /// Bytes of a file that is read at most.
    readable: u64,
    room: Room,
}

/// Bounds of the whole folder; the conversations that were idle longest go first.
#[derive(Debug, Clone, Copy)]
struct Room {
    conversations: usize,
    bytes: u64,
}

impl Files {
    /// In that folder, which is made when the first conversation is saved. It holds 10,000
    /// conversations and 256 MiB at most.
    pub fn new(folder: &Path, limits: &Limits) -> Files {
        Files {
            folder: folder.to_path_buf(),
            idle_seconds: limits.idle_seconds,
            readable: 2 * limits.bytes as u64 + 4096,
            room: Room {
                conversations: 10_000,
                bytes: 256 << 20,
            },
        }
    }

    /// With other bounds of the whole folder.
    #[must_use]
    pub fn with_room(mut self, conversations: usize, bytes: u64) -> Files {
        self.room = Room {
            conversations,
            bytes,
        };
        self
    }

    fn path(&self, key: &Key) -> PathBuf {
        let name = format!("{}.conversation", key.part());
        self.folder.join(key.owner_part()).join(name)
    }

    fn failed(&self, e: &io::Error) -> MemoryError {
        let store = self.name();
        match e.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                MemoryError::Full { store }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                MemoryError::Refused {
                    store,
                    reason: e.to_string(),
                }
            }
            _ => MemoryError::Unreachable {
                store,
                reason: e.to_string(),
            },
        }
    }

    /// Reads without a lock: a rename leaves the old file or the new one, never a part.
    fn read(&self, key: &Key) -> Result<Option<Record>, MemoryError> {
        let path = self.path(key);
        let poisoned = |reason: String| MemoryError::Poisoned {
            store: self.name(),
            reason,
        };
        let length = match fs::metadata(&path) {
            Ok(meta) => meta.len(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(self.failed(&e)),
        };
        if length > self.readable {
            return Err(poisoned(format!("it has {length} bytes")));
        }
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(self.failed(&e)),
        };
        let line = bytes.iter().position(|b| *b == b'\n').unwrap_or(0);
        let (head, body) = bytes.split_at(line);
        let body = body.get(1..).unwrap_or_default();
        if head != header(body).as_bytes() {
            return Err(poisoned("its checksum does not fit".into()));
        }
        Record::read(body, key).map(Some).map_err(poisoned)
    }

    fn write(&self, key: &Key, record: &Record) -> io::Result<()> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let body = record.bytes();
        let part = folder.join(format!(
            "{}.{}.{}.part",
            key.part(),
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        let written = (|| {
            let mut file = private(&part)?;
            file.write_all(header(&body).as_bytes())?;
            file.write_all(b"\n")?;
            file.write_all(&body)?;
            // Expiry goes by the clock that is passed in, here as in the record.
            let seconds = u64::try_from(record.saved_at).unwrap_or_default();
            file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds))?;
            file.sync_all()?;
            fs::rename(&part, &path)?;
            File::open(folder)?.sync_all()
        })();
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written
    }

    fn lock(&self, key: &Key) -> Result<File, MemoryError> {
        let locks = self.folder.join("locks");
        fs::create_dir_all(&locks).map_err(|e| self.failed(&e))?;
        let shard = usize::from_str_radix(&key.part()[..4], 16).unwrap_or(0) % LOCKS;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(locks.join(format!("{shard:02}")))
            .map_err(|e| self.failed(&e))?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                    std::thread::sleep(AGAIN);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(MemoryError::Unreachable {
                        store: self.name(),
                        reason: "another process holds it".into(),
                    });
                }
                Err(TryLockError::Error(e)) => return Err(self.failed(&e)),
            }
        }
    }

    /// Removes what has expired and what goes beyond the room, at most once an hour.
    fn sweep(&self, now: i64) {
        let mark = self.folder.join("swept");
        let last = modified(&mark).unwrap_or(0);
        if (0..SWEEP_EVERY).contains(&(now - last)) || fs::write(&mark, b"").is_err() {
            return;
        }
        let mut all: Vec<(i64, u64, PathBuf)> = Vec::new();
        for owner in entries(&self.folder).filter(|p| p.is_dir()) {
            for path in entries(&owner) {
                let (Some(at), Ok(meta)) = (modified(&path), fs::metadata(&path)) else {
                    continue;
                };
                let kind = path.extension().and_then(|e| e.to_str());
                let abandoned = kind == Some("part") && now - at > SWEEP_EVERY;
                let expired = kind != Some("part") && now - at > self.idle_seconds;
                if abandoned || expired {
                    let _ = fs::remove_file(&path);
                } else if kind == Some("conversation") {
                    all.push((at, meta.len(), path));
                }
            }
        }
        all.sort_by(|a, b| b.cmp(a));
        let mut bytes = 0;
        for (i, (_, length, path)) in all.iter().enumerate() {
            bytes += length;
            if i >= self.room.conversations || bytes > self.room.bytes {
                let _ = fs::remove_file(path);
            }
        }
    }
}

impl Store for Files {
    fn name(&self) -> String {
        format!("in `{}`", self.folder.display())
    }

    fn load(&self, key: &Key, now: i64) -> Result<Option<Kept>, MemoryError> {
        Ok(self
            .read(key)?
            .filter(|record| now - record.saved_at <= self.idle_seconds)
            .map(kept))
    }

    fn save(
        &self,
        key: &Key,
        conversation: &Conversation,
        after: u64,
        now: i64,
    ) -> Result<Saved, MemoryError> {
        let held = self.lock(key)?;
        let there = self.read(key)?;
        let expired = there
            .as_ref()
            .is_some_and(|r| now - r.saved_at > self.idle_seconds);
        let version = there.as_ref().map_or(0, |r| r.version);
        // Whoever read an expired conversation read none.
        if after != version && !(expired && after == 0) {
            return Ok(Saved::Overtaken(
                there.filter(|_| !expired).map(kept).map(Box::new),
            ));
        }
        let record = Record::new(key, conversation, version + 1, now);
        self.write(key, &record).map_err(|e| self.failed(&e))?;
        drop(held);
        self.sweep(now);
        Ok(Saved::Kept(record.version))
    }

    fn set_aside(&self, key: &Key) -> Result<(), MemoryError> {
        let path = self.path(key);
        fs::rename(&path, path.with_extension("damaged")).map_err(|e| self.failed(&e))
    }

    fn may_forget(&self) -> bool {
        false
    }
}

fn kept(record: Record) -> Kept {
    Kept {
        conversation: record.conversation,
        version: record.version,
    }
}

fn header(body: &[u8]) -> String {
    format!("{MAGIC} 1 {}", blake3::hash(body).to_hex())
}

/// A new file that only its user reads.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path())
}

/// Seconds since 1970.
fn modified(path: &Path) -> Option<i64> {
    let at: SystemTime = fs::metadata(path).ok()?.modified().ok()?;
    i64::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}
