//! Which data a command works on.

use agents::{Assistant, OpenError, Options};
use serde::Deserialize;
use std::io::IsTerminal;
use std::path::PathBuf;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Project {
    #[serde(default)]
    data: Vec<PathBuf>,
    model: Option<PathBuf>,
}

/// Opens what the flags name, else what `retail.toml` names, else the bundled data.
pub(crate) fn open(data: &[PathBuf], model: Option<&PathBuf>) -> Result<Assistant, OpenError> {
    let mut options = Options {
        data: data.to_vec(),
        model: model.cloned(),
        name: None,
    };
    if options.data.is_empty() {
        match std::fs::read_to_string("retail.toml") {
            Ok(text) => {
                let project: Project = toml::from_str(&text).map_err(|e| OpenError {
                    code: "project_invalid".into(),
                    message: format!("retail.toml cannot be read: {}", e.message()),
                    hint:
                        "it holds `data = [\"file.csv\"]` and, if wanted, `model = \"model.json\"`"
                            .into(),
                })?;
                options.data = project.data;
                options.model = options.model.or(project.model);
                note("data from retail.toml");
            }
            Err(_) => return bundled(),
        }
    }
    opened(&options)
}

/// Opens; on a terminal a line says so while it lasts.
fn opened(options: &Options) -> Result<Assistant, OpenError> {
    let shown = std::io::stderr().is_terminal();
    if shown {
        eprint!("reading the data…");
    }
    let done = Assistant::open(options);
    if shown {
        eprint!("\r\u{1b}[2K");
    }
    done
}

/// Opens the bundled data, generating it on first use.
pub(crate) fn bundled() -> Result<Assistant, OpenError> {
    let folder = bundled::ensure(&warehouse::default_cache_dir()).map_err(|e| OpenError {
        code: "cache_unusable".into(),
        message: format!("the bundled data cannot be written: {e}"),
        hint: "set XDG_CACHE_HOME to a folder that can be written".into(),
    })?;
    note("no --data and no retail.toml: using the bundled data");
    opened(&Options {
        data: vec![folder],
        model: None,
        name: Some("bundled data".into()),
    })
}

fn note(text: &str) {
    if std::io::stderr().is_terminal() || std::env::var_os("RETAIL_QUIET").is_none() {
        eprintln!("note: {text}");
    }
}
