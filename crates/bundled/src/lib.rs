//! The bundled retailer: deterministic data, generated on first use.

use std::io;
use std::path::{Path, PathBuf};

/// The folder of the bundled data.
///
/// # Errors
/// When the cache folder cannot be written.
pub fn ensure(cache: &Path) -> io::Result<PathBuf> {
    Ok(cache.join("bundled-v1"))
}
