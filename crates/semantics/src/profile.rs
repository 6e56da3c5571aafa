//! What is measured about the tables before a model is inferred from them.
//!
//! The warehouse fills these in; inference reads nothing else.

use crate::DataType;
use serde::{Deserialize, Serialize};

/// Measurements of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Physical name.
    pub name: String,
    /// Logical type after cleaning.
    pub data_type: DataType,
    /// NULLs.
    pub nulls: u64,
    /// Distinct non-null values (exact).
    pub distinct: u64,
    /// Smallest value as text (ISO for dates).
    pub min: Option<String>,
    /// Largest value as text.
    pub max: Option<String>,
    /// For dates: the last plausible day; later ones are isolated (see `stray_after`).
    pub watermark: Option<String>,
    /// For dates: rows dated after the watermark.
    pub stray_after: u64,
    /// For text: mean length in characters.
    pub mean_length: f64,
    /// Up to 20 frequent values as text, most frequent first.
    pub samples: Vec<String>,
    /// Whether any value is negative (numbers).
    pub has_negative: bool,
    /// Whether all values are whole (numbers).
    pub all_whole: bool,
    /// Whether the source wrote a currency sign, and which ISO code it stands for.
    pub currency: Option<String>,
}

/// A foreign key that the source declares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeclaredKey {
    /// Columns here.
    pub columns: Vec<String>,
    /// Table there.
    pub to_table: String,
    /// Columns there; empty means its primary key.
    pub to_columns: Vec<String>,
}

/// Rows of a source that are no rows of its table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Why ("totals row").
    pub reason: String,
    /// How many.
    pub rows: u64,
    /// Lines of the file or rows of the sheet, counted from 1: the first ones, where they are known.
    #[serde(default)]
    pub at: Vec<u64>,
}

/// What became of the rows of the sources of a table. Always `read` = `used` + all set aside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intake {
    /// Rows that the sources hold; lines of column names are none.
    pub read: u64,
    /// Of those, rows of the table.
    pub used: u64,
    /// The others.
    pub set_aside: Vec<SetAside>,
}

impl Intake {
    /// Rows that were set aside.
    pub fn aside(&self) -> u64 {
        self.set_aside.iter().map(|s| s.rows).sum()
    }

    /// The reckoning in words: "118 rows read: 116 used, 1 totals row (line 118) and 1 blank row set
    /// aside".
    pub fn sentence(&self) -> String {
        if self.set_aside.is_empty() {
            return format!("{} rows read, all used", self.read);
        }
        let parts: Vec<String> = self
            .set_aside
            .iter()
            .map(|s| {
                let lines: Vec<String> = s.at.iter().take(3).map(u64::to_string).collect();
                let place = match (lines.len(), s.rows) {
                    (0, _) => String::new(),
                    (1, 1) => format!(" (line {})", lines[0]),
                    (n, rows) if n as u64 == rows => format!(" (lines {})", lines.join(", ")),
                    _ => format!(" (lines {} …)", lines.join(", ")),
                };
                let noun = if s.rows == 1 {
                    s.reason.clone()
                } else {
                    plural(&s.reason)
                };
                format!("{} {noun}{place}", s.rows)
            })
            .collect();
        let listed = match parts.split_last() {
            Some((last, before)) if !before.is_empty() => {
                format!("{} and {last}", before.join(", "))
            }
            _ => parts.concat(),
        };
        format!(
            "{} rows read: {} used, {listed} set aside",
            self.read, self.used
        )
    }
}

/// The first noun of a reason in the plural: "totals rows", "titles above the header".
fn plural(reason: &str) -> String {
    for noun in ["row", "title", "remark", "line"] {
        let found = reason
            .split(' ')
            .position(|w| w == noun)
            .filter(|at| *at <= 3);
        if let Some(at) = found {
            return reason
                .split(' ')
                .enumerate()
                .map(|(i, w)| {
                    if i == at {
                        format!("{w}s")
                    } else {
                        w.to_string()
                    }
                })
                .collect::<Vec<_>>()
                .join(" ")
                .replace("lines that is", "lines that are");
        }
    }
    reason.to_string()
}

/// Measurements of one table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableProfile {
    /// Name as the source has it ("Order Details", "Sales").
    pub name: String,
    /// Identifier parts in the engine.
    pub table: Vec<String>,
    /// Rows after cleaning.
    pub rows: u64,
    /// Rows that repeat another row exactly.
    pub duplicate_rows: u64,
    /// Columns, in order.
    pub columns: Vec<ColumnProfile>,
    /// Declared primary key.
    pub primary_key: Vec<String>,
    /// Declared foreign keys.
    pub foreign_keys: Vec<DeclaredKey>,
    /// What was cleaned while reading, one sentence each.
    pub remarks: Vec<String>,
    /// What became of the rows of the sources.
    #[serde(default)]
    pub intake: Intake,
}

/// Measurements of everything that was loaded.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SourceProfile {
    /// Name for the model (the file's or folder's).
    pub name: String,
    /// Tables, in a stable order.
    pub tables: Vec<TableProfile>,
}

/// Questions about the data that inference may ask (answered by the warehouse).
pub trait Evidence {
    /// Share (0..1) of the distinct values of `from` (without a NULL) that occur in `to`; each a
    /// table name of the profile and column names, as many on both sides.
    fn inclusion(&mut self, from: (&str, &[&str]), to: (&str, &[&str])) -> f64;
    /// Whether these columns together are free of repeats and NULLs in the table.
    fn is_unique(&mut self, table: &str, columns: &[&str]) -> bool;
    /// Whether, in the table, each value of `of` has one value of `on` only (functional
    /// dependency), over non-null pairs: 1.0 if always.
    fn determines(&mut self, table: &str, of: &str, on: &str) -> f64;
    /// Mean absolute relative difference between column `amount` and the product of
    /// `factors` (columns) over rows where all are present; `f64::INFINITY` if none.
    fn product_error(&mut self, table: &str, amount: &str, factors: &[&str]) -> f64;
    /// First and last value (as text) of column `day` in the rows of `calendar` whose `key` occurs
    /// in column `from.1` of table `from.0`; none where the data is not at hand.
    fn span(
        &mut self,
        _calendar: &str,
        _day: &str,
        _key: &str,
        _from: (&str, &str),
    ) -> Option<(String, String)> {
        None
    }
}
