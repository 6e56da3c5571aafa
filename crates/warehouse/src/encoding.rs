//! Text files that are no UTF-8: copies that are.
//!
//! A byte-order mark says which Unicode a file is in. Without one it is taken for Windows-1252, what
//! spreadsheets in the West write, whose signs (curly quotes, dashes, the euro) Latin-1 has not.

use crate::source::Input;
use crate::sql::quoted;
use encoding_rs::WINDOWS_1252;
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Copies in a folder that goes when this goes.
pub(crate) struct Copies {
    folder: PathBuf,
    files: Vec<PathBuf>,
}

impl Copies {
    /// Writes each file anew as UTF-8. The order stays.
    pub(crate) fn of(files: &[Input]) -> io::Result<Self> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let folder = std::env::temp_dir().join(format!(
            "retail-insights-{}-{}",
            std::process::id(),
            MADE.fetch_add(1, Ordering::Relaxed)
        ));
        std::fs::create_dir(&folder)?;
        let mut copies = Copies {
            folder,
            files: Vec::new(),
        };
        for (i, file) in files.iter().enumerate() {
            let copy = copies.folder.join(format!("{i}.csv"));
            transcode(&file.path, &copy)?;
            copies.files.push(copy);
        }
        Ok(copies)
    }

    /// A list of the copies for the engine's readers.
    pub(crate) fn list(&self) -> String {
        let files: Vec<String> = self
            .files
            .iter()
            .map(|f| quoted(&f.display().to_string()))
            .collect();
        format!("[{}]", files.join(", "))
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning of its temporary folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn transcode(from: &Path, to: &Path) -> io::Result<()> {
    let mut reader = DecodeReaderBytesBuilder::new()
        .encoding(Some(WINDOWS_1252))
        .bom_override(true)
        .build(BufReader::new(File::open(from)?));
    let mut writer = BufWriter::new(File::create_new(to)?);
    io::copy(&mut reader, &mut writer)?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_windows_survive() {
        let path = std::env::temp_dir().join(format!("windows-1252-{}.csv", std::process::id()));
        std::fs::write(&path, b"name,price\n\x91Nduja\x92,\x805\n").unwrap();
        let copies = Copies::of(&[Input {
            path: path.clone(),
            shown: String::new(),
        }])
        .unwrap();
        let text = std::fs::read_to_string(&copies.files[0]).unwrap();
        assert_eq!(text, "name,price\n\u{2018}Nduja\u{2019},\u{20ac}5\n");
        let folder = copies.folder.clone();
        drop(copies);
        assert!(!folder.exists());
        std::fs::remove_file(path).unwrap();
    }
}
