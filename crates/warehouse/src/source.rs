//! What a path stands for: which files, of which kind, and their fingerprint.

use crate::reading::Reading;
use crate::remote::Reach;
use crate::{Progress, Stage, WarehouseError};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Changes whenever loading would give other tables for the same bytes.
pub(crate) const LOADER_VERSION: &str = "loader 3";

/// How the rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Delimited(char),
    Parquet,
    Delta,
    Sqlite,
    DuckDb,
    Workbook,
    Json,
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text of rows; the separator is found later.
    Text,
    Gzip,
    Zip,
    Known(Kind),
    /// An object in a store, of which no byte has been read yet.
    Remote,
}

/// A file to read from, and what it is called before people.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    pub(crate) shown: String,
}

impl Input {
    /// The name without folders.
    pub(crate) fn file_name(&self) -> &str {
        self.shown.rsplit('/').next().unwrap_or(&self.shown)
    }

    /// The file name without its endings.
    pub(crate) fn stem(&self) -> String {
        let mut name = self.file_name();
        for ending in [".gz", ".gzip"] {
            name = name.strip_suffix(ending).unwrap_or(name);
        }
        match name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem.to_string(),
            _ => name.to_string(),
        }
    }
}

/// A file that was found, before it is opened.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) input: Input,
    pub(crate) form: Form,
    /// `key=value` folders that it lies in, outermost first.
    pub(crate) partitions: Vec<(String, String)>,
    /// The folder that was given, where the file was not given itself.
    pub(crate) folder: Option<PathBuf>,
    bytes: u64,
    /// Size and time of the last change, on disk.
    stamp: Option<(u64, Option<SystemTime>)>,
}

/// Files that become one table, or one database, or one workbook.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) files: Vec<Input>,
    /// Column names of a delimited file.
    pub(crate) header: Vec<String>,
    /// Whether the files lie in `key=value` folders.
    pub(crate) partitioned: bool,
    /// The folder that was given, where the files were not given themselves.
    pub(crate) folder: Option<PathBuf>,
}

/// A file that is not read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) name: String,
    pub(crate) reason: String,
}

/// What there is to read, in UTF-8 and unpacked.
#[derive(Debug)]
pub(crate) struct Arranged {
    pub(crate) groups: Vec<Group>,
    pub(crate) skipped: Vec<Skipped>,
    /// What has to be told of how it was opened.
    pub(crate) notes: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Inventory {
    pub(crate) found: Vec<Found>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) fingerprint: String,
    pub(crate) sources: Vec<answer::Source>,
}

impl Inventory {
    /// Size of all that is to be read.
    pub(crate) fn bytes(&self) -> u64 {
        self.found.iter().map(|f| f.bytes).sum()
    }

    /// Whether a file has changed since it was looked at.
    pub(crate) fn changed(&self) -> Option<String> {
        self.found
            .iter()
            .find(|f| f.stamp.is_some() && stamp(&f.input.path) != f.stamp)
            .map(|f| f.input.shown.clone())
    }
}

fn stamp(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.len(), meta.modified().ok()))
}

/// The files that paths stand for, before any is opened.
fn candidates(
    paths: &[PathBuf],
    reach: Option<&Reach>,
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<Candidate>, WarehouseError> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for path in paths {
        let shown = path.display().to_string();
        if let Some(reach) = reach.filter(|_| crate::remote::is_address(path)) {
            candidates.extend(reach.candidates(path, skipped)?);
            continue;
        }
        let meta = std::fs::metadata(path).map_err(|e| {
            if e.kind() == std::io::ErrorKind::NotFound {
                WarehouseError::Missing(shown.clone())
            } else {
                unreadable(&shown, &e)
            }
        })?;
        if meta.is_dir() && crate::delta::is_table(path) {
            // Without the slash at its end, which would leave the table without a name.
            let folder: PathBuf = path.components().collect();
            candidates.push(Candidate::at(&folder, None));
        } else if meta.is_dir() {
            let before = candidates.len() + skipped.len();
            walk(path, path, &[], &mut candidates, skipped)?;
            if candidates.len() + skipped.len() == before {
                return Err(WarehouseError::Empty(shown));
            }
        } else {
            candidates.push(Candidate::at(path, None));
        }
    }
    Ok(candidates)
}

/// The files that paths stand for at this moment, of Delta tables the folder of their log; empty
/// where a path is gone.
pub(crate) fn files(paths: &[PathBuf]) -> Vec<PathBuf> {
    candidates(paths, None, &mut Vec::new())
        .map(|all| all.into_iter().map(|c| c.path))
        .map(|all| {
            all.map(|path| {
                if path.is_dir() {
                    path.join("_delta_log")
                } else {
                    path
                }
            })
            .collect()
        })
        .unwrap_or_default()
}

pub(crate) fn take_stock(
    paths: &[PathBuf],
    reach: Option<&Reach>,
    progress: &Progress,
) -> Result<Inventory, WarehouseError> {
    let mut inventory = Inventory::default();
    let candidates = candidates(paths, reach, &mut inventory.skipped)?;
    let mut whole = blake3::Hasher::new();
    whole.update(LOADER_VERSION.as_bytes());
    let mut last = None;
    for candidate in candidates {
        let shown = candidate.path.display().to_string();
        let name = shown.rsplit('/').next().unwrap_or(&shown).to_string();
        let (form, print) = match candidate.known(&shown, progress) {
            Ok(known) => known,
            Err(e) if candidate.folder.is_some() => {
                inventory.skipped.push(Skipped {
                    name,
                    reason: e.reason(),
                });
                last = Some(e);
                continue;
            }
            Err(e) => return Err(e),
        };
        whole.update(name.as_bytes());
        whole.update(print.as_bytes());
        for (key, value) in &candidate.partitions {
            whole.update(format!("{key}={value}/").as_bytes());
        }
        inventory.sources.push(answer::Source {
            path_or_url: shown.clone(),
            fingerprint: print,
        });
        let stamp = stamp(&candidate.path);
        inventory.found.push(Found {
            input: Input {
                path: candidate.path,
                shown,
            },
            form,
            partitions: candidate.partitions,
            folder: candidate.folder,
            bytes: stamp.map_or(candidate.bytes, |s| s.0),
            stamp,
        });
    }
    if inventory.found.is_empty() {
        // One file that cannot be read says why; several are named.
        return Err(match (last, &inventory.skipped[..]) {
            (Some(e), [_]) => e,
            (_, skipped) if !skipped.is_empty() => WarehouseError::NothingReadable {
                path: paths
                    .first()
                    .map(|p| p.display().to_string())
                    .unwrap_or_default(),
                files: named(skipped),
            },
            _ => WarehouseError::Empty(
                paths
                    .first()
                    .map(|p| p.display().to_string())
                    .unwrap_or_default(),
            ),
        });
    }
    inventory.fingerprint = whole.finalize().to_hex().to_string();
    Ok(inventory)
}

/// Files with the reasons why they are not read, for people.
pub(crate) fn named(skipped: &[Skipped]) -> String {
    skipped
        .iter()
        .map(|s| format!("{} ({})", s.name, s.reason))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A file that may be read.
pub(crate) struct Candidate {
    pub(crate) path: PathBuf,
    pub(crate) partitions: Vec<(String, String)>,
    pub(crate) folder: Option<PathBuf>,
    /// Form and fingerprint, where a listing says them.
    pub(crate) known: Option<(Form, String)>,
    /// Size, where it is not on disk.
    pub(crate) bytes: u64,
}

impl Candidate {
    /// A file or Delta table on disk.
    fn at(path: &Path, folder: Option<&Path>) -> Candidate {
        Candidate {
            path: path.to_path_buf(),
            partitions: Vec::new(),
            folder: folder.map(Path::to_path_buf),
            known: None,
            bytes: 0,
        }
    }

    /// Form and fingerprint.
    fn known(&self, shown: &str, progress: &Progress) -> Result<(Form, String), WarehouseError> {
        match &self.known {
            Some(known) => Ok(known.clone()),
            None if self.path.is_dir() => Ok((
                Form::Known(Kind::Delta),
                crate::delta::fingerprint(&self.path, shown)?,
            )),
            None => Ok((
                form_of(&self.path, shown)?,
                fingerprint(&self.path, shown, progress)?,
            )),
        }
    }
}

/// The files of a folder, one level deep, and those of its `key=value` folders.
fn walk(
    root: &Path,
    folder: &Path,
    partitions: &[(String, String)],
    candidates: &mut Vec<Candidate>,
    skipped: &mut Vec<Skipped>,
) -> Result<(), WarehouseError> {
    let shown = folder.display().to_string();
    let mut inside: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(|e| unreadable(&shown, &e))?
        .filter_map(|e| e.ok().map(|e| e.path()))
        .collect();
    inside.sort();
    for path in inside {
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let mut skip = |reason: &str| {
            skipped.push(Skipped {
                name: name.clone(),
                reason: reason.into(),
            });
        };
        if name.starts_with(['.', '_']) {
            // Hidden files, and what engines leave beside their own (`_SUCCESS`).
            if path.is_file() && name.starts_with('.') {
                skip("hidden");
            }
            continue;
        }
        match std::fs::metadata(&path) {
            Err(_) => skip("a link that leads nowhere"),
            Ok(meta) if meta.is_file() => candidates.push(Candidate {
                partitions: partitions.to_vec(),
                ..Candidate::at(&path, Some(root))
            }),
            Ok(meta) if meta.is_dir() && crate::delta::is_table(&path) => {
                candidates.push(Candidate::at(&path, Some(root)));
            }
            Ok(meta) if meta.is_dir() => {
                if let Some((key, value)) = name.split_once('=') {
                    let mut deeper = partitions.to_vec();
                    deeper.push((key.to_string(), value.to_string()));
                    walk(root, &path, &deeper, candidates, skipped)?;
                } else {
                    skip("a folder inside the folder; give it itself");
                }
            }
            Ok(_) => skip("no file"),
        }
    }
    Ok(())
}

pub(crate) fn unreadable(shown: &str, e: &std::io::Error) -> WarehouseError {
    WarehouseError::Unreadable {
        path: shown.to_string(),
        reason: e.to_string(),
    }
}

pub(crate) fn start_of(path: &Path, shown: &str, bytes: u64) -> Result<Vec<u8>, WarehouseError> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|f| f.take(bytes).read_to_end(&mut head))
        .map_err(|e| unreadable(shown, &e))?;
    Ok(head)
}

fn ending_of(shown: &str) -> String {
    Path::new(shown)
        .extension()
        .map(|e| e.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

/// The form of a file by its first bytes; by its ending where these say nothing.
pub(crate) fn form_of(path: &Path, shown: &str) -> Result<Form, WarehouseError> {
    const COMPOUND: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    let head = start_of(path, shown, 65_536)?;
    let not_a_table = |reason: &str| WarehouseError::NotATable {
        path: shown.to_string(),
        reason: reason.into(),
    };
    if head.is_empty() {
        return Err(WarehouseError::Empty(shown.to_string()));
    }
    if head.starts_with(b"SQLite format 3\0") {
        return Ok(Form::Known(Kind::Sqlite));
    }
    if head.get(8..12) == Some(b"DUCK") {
        return Ok(Form::Known(Kind::DuckDb));
    }
    if head.starts_with(b"PAR1") {
        return Ok(Form::Known(Kind::Parquet));
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Form::Gzip);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return crate::container::form(path, shown);
    }
    if head.starts_with(COMPOUND) {
        return Ok(Form::Known(Kind::Workbook));
    }
    let ending = ending_of(shown);
    let text_like = crate::text::is_text(&head);
    match ending.as_str() {
        "csv" | "tsv" | "txt" | "tab" | "psv" | "json" | "jsonl" | "ndjson" | "geojson" => {}
        "xls" | "xlsx" | "xlsm" | "xlsb" | "ods" if text_like => {}
        "parquet" | "sqlite" | "sqlite3" | "db" | "duckdb" | "xls" | "xlsx" | "xlsm" | "xlsb"
        | "ods" | "gz" | "zip" => {
            return Err(not_a_table("its first bytes are not those of such a file"));
        }
        // Standard input and files without an ending say what they are by what they hold.
        "" | "dat" | "data" | "asc" | "out" | "export" if text_like => {}
        _ => return Err(WarehouseError::UnknownType(shown.to_string())),
    }
    if !text_like {
        return Err(not_a_table("it holds binary data"));
    }
    let start = crate::text::decode_start(&head);
    let start = start.trim_start_matches('\u{feff}').trim_start();
    if start.len() > 1 && start[..1].eq("<") && looks_like_markup(start) {
        return Err(not_a_table(
            "it holds a page or XML, not rows; save it as XLSX or CSV",
        ));
    }
    let braces = start.starts_with('{') || start.starts_with("[{") || start.starts_with("[[");
    let spaced = start
        .strip_prefix('[')
        .is_some_and(|rest| rest.trim_start().starts_with(['{', '[', ']']));
    Ok(
        if matches!(ending.as_str(), "json" | "jsonl" | "ndjson" | "geojson")
            || braces
            || (spaced && !matches!(ending.as_str(), "csv" | "tsv"))
        {
            Form::Known(Kind::Json)
        } else {
            Form::Text
        },
    )
}

fn looks_like_markup(start: &str) -> bool {
    let lower = start.chars().take(200).collect::<String>().to_lowercase();
    ["<!doctype", "<html", "<?xml", "<table", "<body", "<head"]
        .iter()
        .any(|sign| lower.starts_with(sign))
}

/// Opens containers, turns other encodings into UTF-8 and puts together what belongs together.
/// `scratch` is a folder of this process that goes with the work.
pub(crate) fn arrange(
    inventory: &Inventory,
    reach: Option<&Reach>,
    scratch: &Path,
    reading: &Reading,
) -> Result<Arranged, WarehouseError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut skipped = inventory.skipped.clone();
    let mut notes = Vec::new();
    let mut first_error = None;
    for found in &inventory.found {
        let copied = match copied(found, reach, scratch) {
            Ok(copied) => copied,
            Err(e) => {
                skipped.push(Skipped {
                    name: found.input.file_name().to_string(),
                    reason: e.reason(),
                });
                first_error = first_error.or(Some(e));
                continue;
            }
        };
        let found = copied.as_ref().unwrap_or(found);
        let opened = match found.form {
            Form::Gzip => crate::container::gunzip(&found.input, scratch).map(|i| vec![i]),
            Form::Zip => crate::container::unzip(&found.input, scratch, &mut skipped),
            _ => Ok(vec![found.input.clone()]),
        };
        let inside = match opened {
            Ok(inside) => inside,
            Err(e) => {
                skipped.push(Skipped {
                    name: found.input.file_name().to_string(),
                    reason: e.reason(),
                });
                first_error = first_error.or(Some(e));
                continue;
            }
        };
        let contained = matches!(found.form, Form::Gzip | Form::Zip);
        for input in inside {
            let form = if contained {
                form_of(&input.path, &input.shown)
            } else {
                Ok(found.form)
            };
            let placed = form.and_then(|form| match form {
                Form::Known(kind) => {
                    place(&mut groups, kind, input.clone(), Vec::new(), found);
                    Ok(())
                }
                Form::Text => {
                    let (input, note) = crate::text::utf8(&input, scratch, reading)?;
                    notes.extend(note);
                    let head = start_of(&input.path, &input.shown, 65_536)?;
                    let text = String::from_utf8_lossy(&head);
                    let text = text.trim_start_matches('\u{feff}');
                    let delimiter = reading
                        .delimiter
                        .or_else(|| crate::text::declared_separator(text).map(|(c, _)| c))
                        .unwrap_or_else(|| delimiter_of(text));
                    let header = header_of(text, delimiter);
                    place(
                        &mut groups,
                        Kind::Delimited(delimiter),
                        input,
                        header,
                        found,
                    );
                    Ok(())
                }
                Form::Gzip | Form::Zip | Form::Remote => Err(WarehouseError::NotATable {
                    path: input.shown.clone(),
                    reason: "a container inside a container is not opened".into(),
                }),
            });
            if let Err(e) = placed {
                skipped.push(Skipped {
                    name: input.file_name().to_string(),
                    reason: e.reason(),
                });
                first_error = first_error.or(Some(e));
            }
        }
    }
    match (groups.is_empty(), first_error) {
        (true, Some(e)) => Err(e),
        (true, None) => Err(WarehouseError::Empty(
            inventory
                .found
                .first()
                .map(|f| f.input.shown.clone())
                .unwrap_or_default(),
        )),
        _ => Ok(Arranged {
            groups,
            skipped,
            notes,
        }),
    }
}

/// An object in a store as a file, for those that are not read in place.
fn copied(
    found: &Found,
    reach: Option<&Reach>,
    scratch: &Path,
) -> Result<Option<Found>, WarehouseError> {
    let Some(reach) = reach.filter(|_| found.form == Form::Remote) else {
        return Ok(None);
    };
    let shown = found.input.shown.clone();
    let path = reach.copy(&shown, scratch)?;
    let form = form_of(&path, &shown)?;
    Ok(Some(Found {
        input: Input { path, shown },
        form,
        ..found.clone()
    }))
}

fn place(groups: &mut Vec<Group>, kind: Kind, input: Input, header: Vec<String>, found: &Found) {
    let partitioned = !found.partitions.is_empty();
    let same = groups.iter_mut().find(|g| {
        g.kind == kind
            && match kind {
                Kind::Delimited(_) => g.header == header && !header.is_empty(),
                // Which of them belong together is seen once their columns are known.
                Kind::Workbook | Kind::Json => true,
                Kind::Parquet => partitioned && g.partitioned,
                Kind::Sqlite | Kind::DuckDb | Kind::Delta => false,
            }
    });
    let name = match (&found.folder, partitioned) {
        (Some(folder), true) => folder
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_else(|| input.stem()),
        _ => input.stem(),
    };
    match same {
        Some(group) => {
            group.name = shared_name(&group.name, &name);
            group.files.push(input);
        }
        None => groups.push(Group {
            name,
            kind,
            files: vec![input],
            header,
            partitioned,
            folder: found.folder.clone(),
        }),
    }
}

/// The separator that cuts most of the first lines into the same number of parts, two at least.
fn delimiter_of(head: &str) -> char {
    let lines: Vec<&str> = head
        .split(['\n', '\r'])
        .filter(|l| !l.trim().is_empty())
        .take(30)
        .collect();
    let mut best = (0usize, ',');
    for delimiter in [',', ';', '\t', '|'] {
        let counts: Vec<usize> = lines.iter().map(|l| outside_quotes(l, delimiter)).collect();
        let agreeing = |n: usize| counts.iter().filter(|c| **c == n).count();
        let usual = counts
            .iter()
            .copied()
            .filter(|n| *n > 0)
            .max_by_key(|n| (agreeing(*n), *n));
        let score = usual.map_or(0, |n| n.min(50) + 50 * agreeing(n) / counts.len().max(1));
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

fn header_of(text: &str, delimiter: char) -> Vec<String> {
    let line = text
        .split(['\n', '\r'])
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
    cells.into_iter().map(|c| c.trim().to_string()).collect()
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

/// Hash of all bytes of a file.
pub(crate) fn fingerprint(
    path: &Path,
    shown: &str,
    progress: &Progress,
) -> Result<String, WarehouseError> {
    let mut file = File::open(path).map_err(|e| unreadable(shown, &e))?;
    let bytes = file.metadata().map_or(0, |m| m.len());
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0u8; 1 << 20];
    let mut done = 0;
    loop {
        let read = file.read(&mut buffer).map_err(|e| unreadable(shown, &e))?;
        if read == 0 {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        hasher.update(&buffer[..read]);
        done += read as u64;
        // Every so often only: a line on a terminal is slow.
        if done % (64 << 20) < read as u64 {
            progress.tell(&Stage::Looking {
                file: shown,
                done,
                bytes,
            });
        }
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
        for (text, want) in [
            ("a;b;c\n1,5;2;3\n", ';'),
            ("a\tb\n1\t2\n", '\t'),
            ("name,note\nx,\"a;b;c\"\n", ','),
            (
                "Sales report\nGenerated 1 March\n\na,b,c\n1,2,3\n4,5,6\n",
                ',',
            ),
            ("id;amount\n1;2,50\n2;3,50\n", ';'),
            ("a|b\n1|2\n", '|'),
        ] {
            assert_eq!(delimiter_of(text), want, "{text:?}");
        }
    }
}
