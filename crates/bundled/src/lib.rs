//! The bundled retailer: deterministic data, generated on first use.

mod calendar;
mod random;
mod retailer;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of the bundled data, `bundled-v1` inside `cache`, written if it is not there.
///
/// The files appear all at once: they are written beside their place and renamed into it.
///
/// # Errors
/// When the cache folder cannot be written.
pub fn ensure(cache: &Path) -> io::Result<PathBuf> {
    let place = cache.join("bundled-v1");
    if place.is_dir() {
        return Ok(place);
    }
    let draft = cache.join(format!(".bundled-v1.{}", std::process::id()));
    fs::create_dir_all(&draft)?;
    for (name, text) in retailer::files() {
        fs::write(draft.join(name), text)?;
    }
    match fs::rename(&draft, &place) {
        Ok(()) => Ok(place),
        Err(error) => {
            fs::remove_dir_all(&draft)?;
            // Another process may have been first.
            if place.is_dir() {
                Ok(place)
            } else {
                Err(error)
            }
        }
    }
}
