//! Rows as files beside the tables that they came from, each under a checksum.
//!
//! A file that was cut short or changed does not fit its checksum and counts as none: nothing has to
//! be synced, what is lost is computed again.

use super::{LARGEST_PART, encoding};
use answer::ResultTable;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

const MAGIC: &[u8; 16] = b"retail-result-1\n";
/// Files that are written between two looks at the room, at most.
const LOOK_EVERY: u64 = 16;

pub(super) struct Disk {
    folder: PathBuf,
    room: u64,
    /// Files and bytes written since the room was looked at.
    since: (AtomicU64, AtomicU64),
}

impl Disk {
    pub(super) fn new(folder: PathBuf, room: u64) -> Disk {
        Disk {
            folder,
            room,
            since: (AtomicU64::new(LOOK_EVERY), AtomicU64::new(0)),
        }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.rows"))
    }

    /// The rows of a key and when they were kept (seconds since 1970).
    pub(super) fn read(&self, key: &str) -> Option<(ResultTable, u64)> {
        let path = self.path(key);
        if fs::metadata(&path).ok()?.len() > self.room {
            return None;
        }
        let bytes = fs::read(path).ok()?;
        let rest = bytes.strip_prefix(MAGIC)?;
        let (sum, rest) = rest.split_first_chunk::<32>()?;
        let (kept_at, body) = rest.split_first_chunk::<8>()?;
        if *sum != checksum(key, kept_at, body) {
            return None;
        }
        Some((encoding::decoded(body)?, u64::from_le_bytes(*kept_at)))
    }

    /// Keeps rows; where that is not possible they are computed again next time.
    pub(super) fn write(&self, key: &str, table: &ResultTable, now: u64) {
        if encoding::size(table) > self.room / LARGEST_PART {
            return;
        }
        let Some(body) = encoding::encoded(table) else {
            return;
        };
        let kept_at = now.to_le_bytes();
        let sum = checksum(key, &kept_at, &body);
        let bytes = [&MAGIC[..], &sum[..], &kept_at[..], &body[..]].concat();
        let part = self
            .folder
            .join(format!("{key}.{}.part", std::process::id()));
        let written = fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&part, &bytes))
            .and_then(|()| fs::rename(&part, self.path(key)));
        if written.is_err() {
            let _ = fs::remove_file(&part);
            return;
        }
        let files = self.since.0.fetch_add(1, Ordering::Relaxed) + 1;
        let size = bytes.len() as u64;
        let written = self.since.1.fetch_add(size, Ordering::Relaxed) + size;
        if files >= LOOK_EVERY || written > self.room / LARGEST_PART {
            self.make_room();
        }
    }

    /// Removes the oldest files until enough room is left for what is written before the next look.
    fn make_room(&self) {
        self.since.0.store(0, Ordering::Relaxed);
        self.since.1.store(0, Ordering::Relaxed);
        let mut files: Vec<(SystemTime, u64, PathBuf)> = fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let meta = entry.metadata().ok()?;
                Some((meta.modified().ok()?, meta.len(), entry.path()))
            })
            .collect();
        files.sort_by(|a, b| b.cmp(a));
        let room = self.room - 2 * (self.room / LARGEST_PART);
        let mut bytes = 0;
        for (_, length, path) in files {
            bytes += length;
            if bytes > room {
                let _ = fs::remove_file(path);
            }
        }
    }
}

fn checksum(key: &str, kept_at: &[u8; 8], body: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key.as_bytes());
    hasher.update(kept_at);
    hasher.update(body);
    *hasher.finalize().as_bytes()
}
