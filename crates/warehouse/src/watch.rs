//! Whether files have changed since they were loaded, by what the system says of them.

use crate::{source, standard_input};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The files that paths stood for, each with its marks.
#[derive(Debug)]
pub struct Watch {
    paths: Vec<PathBuf>,
    seen: Vec<(PathBuf, Marks)>,
}

/// What tells two states of a file apart without reading it: length, time of writing, and on Unix
/// the file that the name leads to and the time at which the system last changed it, which no
/// program can set back.
#[derive(Debug, PartialEq, Eq)]
struct Marks {
    length: u64,
    written: Option<SystemTime>,
    identity: Option<(u64, i64, i64)>,
}

impl Watch {
    /// Over files and folders as they are now; standard input does not change.
    pub fn over(paths: &[PathBuf]) -> Watch {
        let paths: Vec<PathBuf> = paths
            .iter()
            .filter(|p| *p != Path::new(standard_input::NAME))
            .cloned()
            .collect();
        let seen = seen(&paths);
        Watch { paths, seen }
    }

    /// Whether the same files are there with the same marks. Of what lies in an object store nothing
    /// is known without asking it, so that it counts as changed.
    pub fn is_unchanged(&self) -> bool {
        !self.paths.iter().any(|p| crate::remote::is_address(p)) && seen(&self.paths) == self.seen
    }
}

fn seen(paths: &[PathBuf]) -> Vec<(PathBuf, Marks)> {
    // Each by itself: one that is gone hides no other.
    paths
        .iter()
        .flat_map(|path| source::files(std::slice::from_ref(path)))
        .filter_map(|path| marks(&path).map(|marks| (path, marks)))
        .collect()
}

fn marks(path: &Path) -> Option<Marks> {
    let meta = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let identity = {
        use std::os::unix::fs::MetadataExt;
        Some((meta.ino(), meta.ctime(), meta.ctime_nsec()))
    };
    #[cfg(not(unix))]
    let identity = None;
    Some(Marks {
        length: meta.len(),
        written: meta.modified().ok(),
        identity,
    })
}
