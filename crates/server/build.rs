//! Tells the compiler where the fetched parts of the page lie (`scripts/fetch-page-parts.sh`).

use std::path::PathBuf;

/// The folder that the script fills; its number changes with its content.
const FOLDER: &str = "page-1";

fn main() {
    println!("cargo:rerun-if-env-changed=XDG_CACHE_HOME");
    println!("cargo:rerun-if-env-changed=HOME");
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .unwrap_or_default();
    let parts = cache.join("retail-insights").join(FOLDER);
    println!(
        "cargo:rerun-if-changed={}",
        parts.join("complete").display()
    );
    if parts.join("complete").is_file() {
        println!("cargo:rustc-env=RETAIL_PAGE_PARTS={}", parts.display());
    } else {
        println!(
            "cargo:error=the parts of the page are not in {}: run scripts/fetch-page-parts.sh (make does)",
            parts.display()
        );
    }
}
