//! Gzip and zip: copies of what is inside, within limits.

use crate::WarehouseError;
use crate::source::{Form, Input, Kind, Skipped};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use zip::ZipArchive;
use zip::result::ZipError;

/// Bytes that may come out of one container at most.
const LARGEST: u64 = 16 << 30;
/// Below so many bytes out, how well they were packed is not looked at.
const SMALL: u64 = 256 << 20;
/// Text of rows packs ten to thirty times; more than that is made to fill a disk.
const HIGHEST_RATIO: u64 = 200;
/// Members of an archive at most.
const MOST_MEMBERS: usize = 10_000;

fn bomb(shown: &str) -> WarehouseError {
    WarehouseError::TooLarge {
        path: shown.to_string(),
        reason: format!(
            "what it unpacks to is over {HIGHEST_RATIO} times its size, or over {} GiB",
            LARGEST >> 30
        ),
    }
}

fn corrupt(shown: &str, reason: &str) -> WarehouseError {
    WarehouseError::Damaged {
        path: shown.to_string(),
        reason: reason.to_string(),
    }
}

fn zip_error(shown: &str, e: ZipError) -> WarehouseError {
    match e {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            WarehouseError::Protected(shown.to_string())
        }
        ZipError::Io(e) if e.kind() == io::ErrorKind::PermissionDenied => {
            WarehouseError::Unreadable {
                path: shown.to_string(),
                reason: e.to_string(),
            }
        }
        e => corrupt(shown, &e.to_string()),
    }
}

fn archive(path: &Path, shown: &str) -> Result<ZipArchive<BufReader<File>>, WarehouseError> {
    let file = File::open(path).map_err(|e| WarehouseError::Unreadable {
        path: shown.to_string(),
        reason: e.to_string(),
    })?;
    ZipArchive::new(BufReader::new(file)).map_err(|e| zip_error(shown, e))
}

/// Whether a zip file is a workbook, an archive of files, or something else.
pub(crate) fn form(path: &Path, shown: &str) -> Result<Form, WarehouseError> {
    let archive = archive(path, shown)?;
    let sizes: u64 = archive
        .decompressed_size()
        .map_or(0, |n| u64::try_from(n).unwrap_or(u64::MAX));
    let packed = std::fs::metadata(path).map_or(0, |m| m.len());
    if archive.len() > MOST_MEMBERS || too_much(sizes, packed) {
        return Err(bomb(shown));
    }
    let names = names(&archive);
    let has = |name: &str| names.iter().any(|n| n == name);
    if has("xl/workbook.xml") || has("xl/workbook.bin") || has("content.xml") {
        return Ok(Form::Known(Kind::Workbook));
    }
    if has("word/document.xml") || has("ppt/presentation.xml") {
        return Err(WarehouseError::UnknownType(shown.to_string()));
    }
    Ok(Form::Zip)
}

/// The names of the members; those that are no text are no names of ours.
pub(crate) fn names<R: Read + io::Seek>(archive: &ZipArchive<R>) -> Vec<String> {
    archive
        .file_names()
        .filter_map(|n| n.ok().map(std::borrow::Cow::into_owned))
        .collect()
}

fn too_much(unpacked: u64, packed: u64) -> bool {
    unpacked > LARGEST || (unpacked > SMALL && unpacked / packed.max(1) > HIGHEST_RATIO)
}

/// Copies until the end or the limit.
fn copy(mut from: impl Read, to: &Path, packed: u64, shown: &str) -> Result<(), WarehouseError> {
    let unwritable = |e: io::Error| WarehouseError::Cache {
        path: to.display().to_string(),
        reason: e.to_string(),
    };
    let mut out = File::create_new(to).map_err(unwritable)?;
    let mut buffer = vec![0u8; 1 << 16];
    let mut written = 0u64;
    loop {
        let n = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(corrupt(shown, &e.to_string())),
        };
        written += n as u64;
        if too_much(written, packed) {
            return Err(bomb(shown));
        }
        out.write_all(&buffer[..n]).map_err(unwritable)?;
    }
    out.flush().map_err(unwritable)?;
    if written == 0 {
        return Err(WarehouseError::Empty(shown.to_string()));
    }
    Ok(())
}

/// A name in the scratch folder that nothing has yet; the ending stays.
fn fresh(scratch: &Path, name: &str) -> std::path::PathBuf {
    let ending = Path::new(name)
        .extension()
        .map(|e| e.to_string_lossy().to_lowercase())
        .filter(|e| e.chars().all(|c| c.is_ascii_alphanumeric()))
        .unwrap_or_default();
    let mut n = 0;
    loop {
        let path = scratch.join(format!("unpacked-{n}.{ending}"));
        if !path.exists() {
            return path;
        }
        n += 1;
    }
}

/// The one file in a gzip file.
pub(crate) fn gunzip(input: &Input, scratch: &Path) -> Result<Input, WarehouseError> {
    let unreadable = |e: io::Error| WarehouseError::Unreadable {
        path: input.shown.clone(),
        reason: e.to_string(),
    };
    let file = File::open(&input.path).map_err(unreadable)?;
    let packed = file.metadata().map_err(unreadable)?.len();
    let shown = ["gz", "gzip"]
        .iter()
        .find_map(|e| input.shown.strip_suffix(&format!(".{e}")))
        .unwrap_or(&input.shown)
        .to_string();
    let path = fresh(scratch, &shown);
    copy(
        MultiGzDecoder::new(BufReader::new(file)),
        &path,
        packed,
        &input.shown,
    )?;
    Ok(Input { path, shown })
}

/// The files of a zip archive that may hold rows; the others are named as skipped.
pub(crate) fn unzip(
    input: &Input,
    scratch: &Path,
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<Input>, WarehouseError> {
    let mut archive = archive(&input.path, &input.shown)?;
    let mut inside = Vec::new();
    let mut first_error = None;
    for i in 0..archive.len() {
        let opened = archive.by_index(i);
        let mut member = match opened {
            Ok(member) => member,
            Err(e) => {
                let e = zip_error(&input.shown, e);
                skipped.push(Skipped {
                    name: format!("member {} of {}", i + 1, input.file_name()),
                    reason: e.reason(),
                });
                first_error = first_error.or(Some(e));
                continue;
            }
        };
        let name = match member.name() {
            Ok(name) => name.into_owned(),
            Err(_) => format!("member {}", i + 1),
        };
        let base = name.rsplit('/').next().unwrap_or_default().to_string();
        // Folders, and what the archivers of one system add for themselves.
        if member.is_dir()
            || base.is_empty()
            || base.starts_with('.')
            || name.starts_with("__MACOSX/")
        {
            continue;
        }
        let path = fresh(scratch, &base);
        let packed = member.compressed_size();
        let copied = copy(
            &mut member,
            &path,
            packed,
            &format!("{}/{base}", input.shown),
        );
        match copied {
            Ok(()) => inside.push(Input {
                path,
                shown: format!("{}/{base}", input.shown),
            }),
            Err(e) => {
                skipped.push(Skipped {
                    name: base,
                    reason: e.reason(),
                });
                first_error = first_error.or(Some(e));
            }
        }
    }
    match (inside.is_empty(), first_error) {
        (true, Some(e)) => Err(e),
        (true, None) => Err(WarehouseError::Empty(input.shown.clone())),
        _ => Ok(inside),
    }
}
