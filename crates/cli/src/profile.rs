//! What there is in the data: printed, or written as a page that stands alone.

mod listing;
mod page;
mod picture;

use crate::ask::{SourceArguments, report};
use crate::model::{print, save};
use crate::source;
use crate::terminal::Terminal;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct ProfileArguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Write a page (HTML) that needs nothing beside it.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn profile(arguments: &ProfileArguments) -> u8 {
    let found = source::open(&arguments.source).and_then(|assistant| assistant.data_report());
    let found = match found {
        Ok(found) => found,
        Err(e) => {
            report(&e);
            return 5;
        }
    };
    if let Some(file) = &arguments.html {
        let saved = save(file, &page::page(&found));
        if saved != 0 || !arguments.json {
            return saved;
        }
    }
    if arguments.json {
        let text = serde_json::to_string(&found).unwrap_or_default();
        return print(&format!("{text}\n"));
    }
    let lines = listing::lines(&found, Terminal::output());
    print(
        &lines
            .iter()
            .map(|l| format!("{}\n", l.trim_end()))
            .collect::<String>(),
    )
}
