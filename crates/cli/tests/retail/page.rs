//! The page in a real browser (`web/tests/page.mjs`); says so where there is none.

use crate::program::Place;
use std::path::Path;
use std::process::Command;

/// What the script ends with where there is no browser.
const SKIPPED: i32 = 77;

#[test]
fn the_page_holds_in_a_real_browser() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/tests/page.mjs");
    let place = Place::new("page");
    let started = Command::new("node")
        .arg(script)
        .args(["--retail", env!("CARGO_BIN_EXE_retail")])
        .env("HOME", place.home())
        .env_remove("XDG_CACHE_HOME")
        .output();
    let Ok(output) = started else {
        eprintln!("skipped: there is no node");
        return;
    };
    if output.status.code() == Some(SKIPPED) {
        eprintln!("skipped: there is no Chromium");
        return;
    }
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
