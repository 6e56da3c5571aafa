//! What a user says about how files are to be read; whatever is left open is detected.

use crate::WarehouseError;
use serde::{Deserialize, Serialize};

/// The sign before the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimal {
    /// 1,234.56
    Point,
    /// 1.234,56
    Comma,
}

/// Which of day and month stands first in dates such as 03/04/2024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dates {
    /// 3 April.
    DayFirst,
    /// 4 March.
    MonthFirst,
}

/// How files are to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reading {
    /// Cells stay as they stand: no markers read as missing, no totals rows set aside, no spellings
    /// brought together, no columns of months turned into rows.
    pub strict: bool,
    /// Separator of delimited files.
    pub delimiter: Option<char>,
    /// Encoding of text files by its label in the WHATWG Encoding Standard ("windows-1252").
    pub encoding: Option<String>,
    /// Decimal sign of numbers.
    pub decimal: Option<Decimal>,
    /// Order of day and month.
    pub dates: Option<Dates>,
    /// Sheets of workbooks that are read; all if empty.
    pub sheets: Vec<String>,
    /// The line (counted from 1) that holds the column names.
    pub header_row: Option<usize>,
}

impl Reading {
    /// Whether everything is left to detection.
    pub fn is_plain(&self) -> bool {
        *self == Reading::default()
    }

    /// The encoding that is named.
    ///
    /// # Errors
    /// A label that no encoding has.
    pub(crate) fn encoding(
        &self,
    ) -> Result<Option<&'static encoding_rs::Encoding>, WarehouseError> {
        self.encoding
            .as_deref()
            .map(|label| {
                encoding_rs::Encoding::for_label(label.as_bytes()).ok_or_else(|| {
                    WarehouseError::Reading {
                        option: "encoding".into(),
                        value: label.into(),
                        known: "utf-8, windows-1252, utf-16le, utf-16be, iso-8859-15, shift_jis …"
                            .into(),
                    }
                })
            })
            .transpose()
    }

    /// Part of the name under which the tables are kept.
    pub(crate) fn stamp(&self) -> String {
        if self.is_plain() {
            return String::new();
        }
        let text = serde_json::to_string(self).unwrap_or_default();
        format!("-{}", &blake3::hash(text.as_bytes()).to_hex()[..12])
    }
}
