//! The bundled retailer: deterministic data, generated on first use.

mod calendar;
mod random;
mod retailer;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of the bundled data, `bundled-v2` inside `cache`, written if it is not there.
///
/// The files appear all at once: they are written beside their place and renamed into it.
///
/// # Errors
/// When the cache folder cannot be written.
pub fn ensure(cache: &Path) -> io::Result<PathBuf> {
    let place = cache.join("bundled-v2");
    if place.is_dir() {
        return Ok(place);
    }
    let draft = cache.join(format!(".bundled-v2.{}", std::process::id()));
    let written = fs::create_dir_all(&draft)
        .and_then(|()| {
            retailer::files()
                .into_iter()
                .try_for_each(|(name, text)| fs::write(draft.join(name), text))
        })
        .and_then(|()| fs::rename(&draft, &place));
    if let Err(error) = written {
        let _ = fs::remove_dir_all(&draft);
        // Another process may have been first.
        if !place.is_dir() {
            return Err(error);
        }
    }
    Ok(place)
}
