//! Gives a crate a stamp of its sources: what was derived from data by other code is known by it
//! and made again. The packages that keep such by-products share this script.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders of a package whose content decides what comes out.
const PARTS: &[&str] = &["src", "lexicon", "data"];

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// FNV-1a over names and contents, in the order of the names.
fn stamp(package: &Path) -> io::Result<u64> {
    let mut found = Vec::new();
    for part in PARTS {
        let folder = package.join(part);
        if folder.is_dir() {
            println!("cargo:rerun-if-changed={}", folder.display());
            files(&folder, &mut found)?;
        }
    }
    found.sort();
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |bytes: &[u8]| {
        for byte in bytes {
            state = (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for path in found {
        let name = path.strip_prefix(package).unwrap_or(&path);
        take(name.to_string_lossy().as_bytes());
        take(&fs::read(&path)?);
    }
    Ok(state)
}

fn main() -> io::Result<()> {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    println!("cargo:rustc-env=SOURCE_STAMP={:016x}", stamp(&package)?);
    Ok(())
}
