//! The built program with a home of its own.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder to work in and one to be at home in; both go when it is dropped.
pub(crate) struct Place {
    root: PathBuf,
}

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        for folder in ["work", "home"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        Place { root }
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.root.join("home/.cache/retail-insights")
    }

    /// The program, about to be started in the work folder.
    pub(crate) fn retail(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_retail"));
        command
            .args(arguments)
            .current_dir(self.work())
            .env("HOME", self.root.join("home"))
            .env_remove("XDG_CACHE_HOME")
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.retail(arguments).output().unwrap()
    }

    /// Every file below a folder, by its path from there.
    pub(crate) fn files(&self, below: &Path) -> Vec<String> {
        let mut out = Vec::new();
        let mut open = vec![below.to_path_buf()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    open.push(entry.path());
                }
                out.push(
                    entry
                        .path()
                        .strip_prefix(below)
                        .unwrap()
                        .display()
                        .to_string(),
                );
            }
        }
        out.sort();
        out
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.join("home")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

/// What the program printed, as one document.
pub(crate) fn document(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(
        text.lines().count(),
        1,
        "one document: {text} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_str(&text).unwrap()
}
