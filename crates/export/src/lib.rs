//! Answers as files for other programs.
//!
//! A spreadsheet takes a text that begins with `=` for a formula and runs it. No value of the data may
//! become one: see [`harmless`].

mod delimited;
mod workbook;

use answer::{AnswerDocument, Status};
use std::path::Path;

/// Kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180), UTF-8.
    Csv,
    /// A workbook (Office Open XML): the rows, and a sheet that says where they come from.
    Xlsx,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 2] = [Format::Csv, Format::Xlsx];

    /// Its name, which is also its files' ending.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// By its name.
    ///
    /// # Errors
    /// [`ExportError::Format`].
    pub fn named(name: &str) -> Result<Format, ExportError> {
        Format::ALL
            .into_iter()
            .find(|f| f.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| ExportError::Format(name.chars().take(40).collect()))
    }

    /// By the ending of a file.
    ///
    /// # Errors
    /// [`ExportError::Format`].
    pub fn of(path: &Path) -> Result<Format, ExportError> {
        let ending = path.extension().unwrap_or_default();
        Format::named(&ending.to_string_lossy())
    }
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// An unknown kind of file.
    #[error("answers are not written as `{0}`")]
    Format(String),
    /// There are no rows.
    #[error("there is no answer to write")]
    NoAnswer,
    /// A defect.
    #[error("the file cannot be made: {0}")]
    Made(#[from] std::io::Error),
}

impl ExportError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            ExportError::Format(_) => "export_format",
            ExportError::NoAnswer => "export_no_answer",
            ExportError::Made(_) => "export_failed",
        }
    }

    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            ExportError::Format(_) => "csv and xlsx are written",
            ExportError::NoAnswer => "ask something that is answered",
            ExportError::Made(_) => "try the other format",
        }
    }
}

/// The rows of an answer as a file.
///
/// # Errors
/// [`ExportError::NoAnswer`] unless it is answered.
pub fn export(document: &AnswerDocument, format: Format) -> Result<Vec<u8>, ExportError> {
    let table = match (&document.result, document.status) {
        (Some(table), Status::Answered) => table,
        _ => return Err(ExportError::NoAnswer),
    };
    Ok(match format {
        Format::Csv => delimited::csv(table),
        Format::Xlsx => workbook::xlsx(document, table)?,
    })
}

/// A text that no spreadsheet reads as a formula: one that begins like a formula, also after blanks
/// and in full-width signs, gets an apostrophe before it.
fn harmless(text: &str) -> String {
    let begins = text.trim_start().chars().next();
    let is_sign = matches!(
        begins,
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
    );
    if is_sign || text.starts_with(['\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text.to_string()
    }
}
