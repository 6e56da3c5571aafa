//! Which data a command works on.

use crate::ask::SourceArguments;
use crate::cells::one_line;
use agents::{Assistant, CacheSettings, OpenError, Options};
use memory::{Memory, Settings};
use serde::Deserialize;
use std::io::IsTerminal;
use std::path::PathBuf;
use warehouse::{Dates, Decimal, Progress, Reading};

/// The project file's name.
const PROJECT: &str = "retail.toml";

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Project {
    #[serde(default)]
    data: Vec<PathBuf>,
    model: Option<PathBuf>,
    #[serde(default)]
    reading: Reading,
    #[serde(default)]
    cache: CacheSettings,
    #[serde(default)]
    memory: Settings,
}

/// The project file of the current folder, if there is one.
fn project() -> Result<Option<Project>, OpenError> {
    let Ok(text) = std::fs::read_to_string(PROJECT) else {
        return Ok(None);
    };
    toml::from_str(&text).map(Some).map_err(|e| OpenError {
        code: "project_invalid".into(),
        message: format!("{PROJECT} cannot be read: {}", e.message()),
        hint: "it holds `data = [\"file.csv\"]` and, if wanted, `model = \"model.json\"` and the tables `[reading]`, `[cache]` and `[memory]`"
            .into(),
    })
}

/// Where conversations are kept: what the project file and the environment say, else files in the
/// user's folder.
pub(crate) fn memory() -> Result<Memory, OpenError> {
    let settings = project()?.unwrap_or_default().memory;
    let folder = warehouse::default_cache_dir().join("conversations");
    settings
        .memory(&folder, |name| std::env::var(name).ok())
        .map_err(|e| OpenError {
            code: e.code().into(),
            message: e.to_string(),
            hint: e.hint(),
        })
}

/// How files are read, where detection is not to decide.
#[derive(clap::Args, Clone, Default)]
pub(crate) struct ReadingArguments {
    /// Read cells as they stand: no markers as missing, no totals rows set aside, no spellings
    /// brought together.
    #[arg(long)]
    strict: bool,
    /// Separator of delimited files (`tab` for the tab).
    #[arg(long, value_name = "SIGN", value_parser = separator)]
    delimiter: Option<char>,
    /// Encoding of text files (windows-1252, utf-16le, …).
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// Decimal sign of numbers.
    #[arg(long, value_name = "SIGN")]
    decimal: Option<DecimalSign>,
    /// Order of day and month in dates such as 03/04/2024.
    #[arg(long, value_name = "ORDER")]
    dates: Option<DateOrder>,
    /// Sheet of a workbook; all if absent.
    #[arg(long = "sheet", value_name = "NAME")]
    sheets: Vec<String>,
    /// Line or row that holds the column names, counted from 1.
    #[arg(long, value_name = "NUMBER")]
    header_row: Option<usize>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum DecimalSign {
    Point,
    Comma,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum DateOrder {
    DayFirst,
    MonthFirst,
}

fn separator(text: &str) -> Result<char, String> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(sign), None) if sign.is_ascii() && !sign.is_ascii_alphanumeric() => Ok(sign),
        _ => Err("one sign, or `tab`".into()),
    }
}

impl ReadingArguments {
    /// What the flags say, over what the project file says.
    fn over(&self, mut reading: Reading) -> Reading {
        reading.strict |= self.strict;
        reading.delimiter = self.delimiter.or(reading.delimiter);
        reading.encoding = self.encoding.clone().or(reading.encoding);
        reading.decimal = self
            .decimal
            .map(|d| match d {
                DecimalSign::Point => Decimal::Point,
                DecimalSign::Comma => Decimal::Comma,
            })
            .or(reading.decimal);
        reading.dates = self
            .dates
            .map(|d| match d {
                DateOrder::DayFirst => Dates::DayFirst,
                DateOrder::MonthFirst => Dates::MonthFirst,
            })
            .or(reading.dates);
        if !self.sheets.is_empty() {
            reading.sheets = self.sheets.clone();
        }
        reading.header_row = self.header_row.or(reading.header_row);
        reading
    }

    /// What the flags alone say.
    pub(crate) fn reading(&self) -> Reading {
        self.over(Reading::default())
    }
}

/// Opens what the flags name, else what `retail.toml` names, else the bundled data.
pub(crate) fn open(source: &SourceArguments) -> Result<Assistant, OpenError> {
    let mut options = Options {
        data: source.data.clone(),
        model: source.model.clone(),
        name: None,
        reading: source.reading.reading(),
        ..Options::default()
    };
    if options.data.is_empty() {
        let project = project()?.unwrap_or_default();
        options.model = options.model.or(project.model);
        options.reading = source.reading.over(project.reading);
        if project.data.is_empty() {
            return bundled(options.model, options.reading);
        }
        options.data = project.data;
        options.cache = project.cache;
        note("data from retail.toml");
    }
    opened(&options)
}

/// Opens; on a terminal a line says how far it is while it lasts.
fn opened(options: &Options) -> Result<Assistant, OpenError> {
    let shown = std::io::stderr().is_terminal();
    let mut options = options.clone();
    if shown {
        eprint!("reading the data…");
        options.progress = Progress::to(|stage| {
            // A long name would leave parts of its line behind.
            let text: String = one_line(&stage.to_string()).chars().take(60).collect();
            eprint!("\r\u{1b}[2Kreading the data… {text}");
        });
    }
    let done = Assistant::open(&options);
    if shown {
        eprint!("\r\u{1b}[2K");
    }
    done
}

/// Opens the bundled data, generating it on first use; with a model of one's own where one is given.
pub(crate) fn bundled(model: Option<PathBuf>, reading: Reading) -> Result<Assistant, OpenError> {
    let folder = bundled::ensure(&warehouse::default_cache_dir()).map_err(|e| OpenError {
        code: "cache_unusable".into(),
        message: format!("the bundled data cannot be written: {e}"),
        hint: "set XDG_CACHE_HOME to a folder that can be written".into(),
    })?;
    note("no --data and no retail.toml: using the bundled data");
    opened(&Options {
        data: vec![folder],
        model,
        name: Some("bundled data".into()),
        reading,
        ..Options::default()
    })
}

fn note(text: &str) {
    if std::io::stderr().is_terminal() || std::env::var_os("RETAIL_QUIET").is_none() {
        eprintln!("note: {text}");
    }
}
