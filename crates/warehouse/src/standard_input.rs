//! `-` among the paths: what comes in on standard input, as a file for as long as it is read.

use crate::WarehouseError;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// How standard input is called among the paths and the sources.
pub(crate) const NAME: &str = "-";

pub(crate) struct Held {
    paths: Vec<PathBuf>,
    folder: Option<PathBuf>,
}

impl Held {
    /// Reads standard input to its end, if it is among the paths.
    pub(crate) fn of(paths: &[PathBuf]) -> Result<Self, WarehouseError> {
        let mut held = Held {
            paths: paths.to_vec(),
            folder: None,
        };
        let Some(at) = paths.iter().position(|p| p == Path::new(NAME)) else {
            return Ok(held);
        };
        let failed = |e: io::Error| WarehouseError::Unreadable {
            path: "standard input".into(),
            reason: e.to_string(),
        };
        let folder =
            std::env::temp_dir().join(format!("retail-insights-in-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).map_err(failed)?;
        held.folder = Some(folder.clone());
        let file = folder.join("input");
        let mut out = File::create_new(&file).map_err(failed)?;
        let read = io::copy(&mut io::stdin().lock(), &mut out).map_err(failed)?;
        if read == 0 {
            return Err(WarehouseError::Empty("standard input".into()));
        }
        held.paths[at] = file;
        // It can be read once only.
        held.paths.retain(|p| p != Path::new(NAME));
        Ok(held)
    }

    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The sources by the name that the user gave.
    pub(crate) fn rename(&self, sources: &mut [answer::Source]) {
        let Some(folder) = &self.folder else { return };
        let file = folder.join("input").display().to_string();
        for source in sources.iter_mut().filter(|s| s.path_or_url == file) {
            source.path_or_url = NAME.into();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // What cannot be removed is left to the system's own cleaning of its temporary folder.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
