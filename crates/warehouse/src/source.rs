//! What a path stands for: which files, of which kind, and their fingerprint.

use crate::WarehouseError;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Changes whenever loading would give other tables for the same bytes.
pub(crate) const LOADER_VERSION: &str = "loader 2";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Delimited(char),
    Parquet,
    Sqlite,
}

/// Files that become one table, or one database.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) files: Vec<PathBuf>,
    /// Column names of a delimited file.
    pub(crate) header: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Inventory {
    pub(crate) groups: Vec<Group>,
    pub(crate) skipped: Vec<String>,
    pub(crate) fingerprint: String,
    pub(crate) sources: Vec<answer::Source>,
}

pub(crate) fn take_stock(paths: &[PathBuf]) -> Result<Inventory, WarehouseError> {
    let mut inventory = Inventory::default();
    let mut files: Vec<(PathBuf, bool)> = Vec::new();
    for path in paths {
        let shown = path.display().to_string();
        let meta = std::fs::metadata(path).map_err(|e| {
            if e.kind() == std::io::ErrorKind::NotFound {
                WarehouseError::Missing(shown.clone())
            } else {
                WarehouseError::Unreadable {
                    path: shown.clone(),
                    reason: e.to_string(),
                }
            }
        })?;
        if meta.is_dir() {
            let mut inside: Vec<PathBuf> = std::fs::read_dir(path)
                .map_err(|e| unreadable(path, &e))?
                .filter_map(|e| e.ok().map(|e| e.path()))
                .filter(|p| p.is_file())
                .collect();
            inside.sort();
            if inside.is_empty() {
                return Err(WarehouseError::Empty(shown));
            }
            files.extend(inside.into_iter().map(|f| (f, true)));
        } else {
            files.push((path.clone(), false));
        }
    }
    let mut whole = blake3::Hasher::new();
    whole.update(LOADER_VERSION.as_bytes());
    for (file, in_folder) in files {
        let name = file
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let kind = match kind_of(&file) {
            Ok(kind) if !name.starts_with('.') => kind,
            Ok(_) => {
                inventory.skipped.push(name);
                continue;
            }
            Err(_) if in_folder => {
                inventory.skipped.push(name);
                continue;
            }
            Err(e) => return Err(e),
        };
        let print = fingerprint(&file)?;
        whole.update(name.as_bytes());
        whole.update(print.as_bytes());
        inventory.sources.push(answer::Source {
            path_or_url: file.display().to_string(),
            fingerprint: print,
        });
        let header = match kind {
            Kind::Delimited(delimiter) => header_of(&file, delimiter)?,
            _ => Vec::new(),
        };
        let stem = file
            .file_stem()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let same = inventory.groups.iter_mut().find(|g| {
            g.kind == kind
                && matches!(kind, Kind::Delimited(_))
                && g.header == header
                && !header.is_empty()
        });
        match same {
            Some(group) => {
                group.name = shared_name(&group.name, &stem);
                group.files.push(file);
            }
            None => inventory.groups.push(Group {
                name: stem,
                kind,
                files: vec![file],
                header,
            }),
        }
    }
    if inventory.groups.is_empty() {
        return Err(WarehouseError::Empty(
            paths
                .first()
                .map(|p| p.display().to_string())
                .unwrap_or_default(),
        ));
    }
    inventory.fingerprint = whole.finalize().to_hex().to_string();
    Ok(inventory)
}

fn unreadable(path: &Path, e: &std::io::Error) -> WarehouseError {
    WarehouseError::Unreadable {
        path: path.display().to_string(),
        reason: e.to_string(),
    }
}

fn start_of(path: &Path, bytes: u64) -> Result<Vec<u8>, WarehouseError> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|f| f.take(bytes).read_to_end(&mut head))
        .map_err(|e| unreadable(path, &e))?;
    Ok(head)
}

fn kind_of(path: &Path) -> Result<Kind, WarehouseError> {
    let shown = path.display().to_string();
    let head = start_of(path, 65_536)?;
    if head.is_empty() {
        return Err(WarehouseError::Empty(shown));
    }
    if head.starts_with(b"SQLite format 3\0") {
        return Ok(Kind::Sqlite);
    }
    if head.starts_with(b"PAR1") {
        return Ok(Kind::Parquet);
    }
    let ending = path
        .extension()
        .map(|e| e.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    match ending.as_str() {
        "csv" | "tsv" | "txt" | "tab" => {
            if head.contains(&0) {
                return Err(WarehouseError::NotATable {
                    path: shown,
                    reason: "it holds binary data".into(),
                });
            }
            Ok(Kind::Delimited(delimiter_of(&String::from_utf8_lossy(
                &head,
            ))))
        }
        "parquet" | "sqlite" | "sqlite3" | "db" => Err(WarehouseError::NotATable {
            path: shown,
            reason: "its first bytes are not those of such a file".into(),
        }),
        _ => Err(WarehouseError::UnknownType(shown)),
    }
}

/// The separator that cuts the first lines into the same number of parts, two at least.
fn delimiter_of(head: &str) -> char {
    let lines: Vec<&str> = head
        .lines()
        .filter(|l| !l.trim().is_empty())
        .take(20)
        .collect();
    let mut best = (0usize, ',');
    for delimiter in [',', ';', '\t', '|'] {
        let counts: Vec<usize> = lines.iter().map(|l| outside_quotes(l, delimiter)).collect();
        let first = counts.first().copied().unwrap_or(0);
        let agreeing = counts.iter().filter(|c| **c == first).count();
        let score = if first == 0 {
            0
        } else {
            first.min(50) + 50 * agreeing / counts.len().max(1)
        };
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

fn outside_quotes(line: &str, delimiter: char) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for c in line.chars() {
        if c == '"' {
            quoted = !quoted;
        } else if c == delimiter && !quoted {
            count += 1;
        }
    }
    count
}

fn header_of(path: &Path, delimiter: char) -> Result<Vec<String>, WarehouseError> {
    let head = start_of(path, 65_536)?;
    let text = String::from_utf8_lossy(&head);
    let text = text.trim_start_matches('\u{feff}');
    let line = text
        .lines()
        .find(|l| !l.trim().is_empty())
        .unwrap_or_default();
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        if c == '"' {
            quoted = !quoted;
        } else if c == delimiter && !quoted {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(c);
        }
    }
    Ok(cells.into_iter().map(|c| c.trim().to_string()).collect())
}

/// What two file names share: their equal words from the front and from the back.
pub(crate) fn shared_name(a: &str, b: &str) -> String {
    let words =
        |s: &str| -> Vec<String> { s.split(['_', '-', ' ', '.']).map(str::to_string).collect() };
    let (a, b) = (words(a), words(b));
    let front: Vec<String> = a
        .iter()
        .zip(&b)
        .take_while(|(x, y)| x == y)
        .map(|(x, _)| x.clone())
        .collect();
    let rest = a.len().min(b.len()) - front.len();
    let mut back: Vec<String> = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take(rest)
        .take_while(|(x, y)| x == y)
        .map(|(x, _)| x.clone())
        .collect();
    back.reverse();
    let named: Vec<String> = front
        .into_iter()
        .chain(back)
        .filter(|w| !w.chars().all(|c| c.is_ascii_digit()))
        .collect();
    if named.is_empty() {
        "data".into()
    } else {
        named.join("_")
    }
}

fn fingerprint(path: &Path) -> Result<String, WarehouseError> {
    let mut file = File::open(path).map_err(|e| unreadable(path, &e))?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0u8; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(|e| unreadable(path, &e))?;
        if read == 0 {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        hasher.update(&buffer[..read]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monthly_files_share_a_name() {
        assert_eq!(shared_name("Sales_April_2019", "Sales_May_2019"), "Sales");
        assert_eq!(shared_name("Sales", "Sales_June_2019"), "Sales");
    }

    #[test]
    fn separators_are_told_apart() {
        assert_eq!(delimiter_of("a;b;c\n1,5;2;3\n"), ';');
        assert_eq!(delimiter_of("a\tb\n1\t2\n"), '\t');
        assert_eq!(delimiter_of("name,note\nx,\"a;b;c\"\n"), ',');
    }
}
