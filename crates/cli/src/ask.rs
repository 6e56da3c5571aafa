//! `ask`, `demo` and `serve`.

use crate::live::Live;
use crate::render::{self, Detail};
use crate::source;
use crate::terminal::{Ink, Terminal};
use agents::{Assistant, Conversation, OpenError, Question};
use answer::{AnswerDocument, ErrorReport, Status};
use export::{ExportError, Format};
use memory::{Key, Memory};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// The question that the product opens with.
const OPENING: &str = "Which region had the highest growth in Q3 2024?";

#[derive(clap::Args)]
pub(crate) struct SourceArguments {
    /// Files or folders: CSV, TSV, XLSX, XLS, ODS, JSON, Parquet, SQLite, DuckDB, packed or not; `-`
    /// for standard input.
    #[arg(long = "data")]
    pub(crate) data: Vec<PathBuf>,
    /// Semantic model; inferred if absent.
    #[arg(long)]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: source::ReadingArguments,
}

#[derive(clap::Args)]
pub(crate) struct AskArguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Keep the thread under this name between calls.
    #[arg(long)]
    conversation: Option<String>,
    /// The day that stands for today (YYYY-MM-DD).
    #[arg(long)]
    as_of: Option<String>,
    /// Print the answer document.
    #[arg(long)]
    json: bool,
    /// Print the answer alone.
    #[arg(long)]
    quiet: bool,
    /// Also write the rows to this file (.csv or .xlsx).
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    export: Option<PathBuf>,
    /// Show the SQL.
    #[arg(long)]
    sql: bool,
    /// Run every step, also where its rows are known from an earlier question.
    #[arg(long)]
    no_cache: bool,
    /// Show on standard error how the words were read.
    #[arg(long)]
    explain: bool,
    /// Questions as JSON lines: {"id","question","conversation"?,"as_of"?}; `-` for standard input.
    #[arg(long)]
    batch: Option<PathBuf>,
    /// The question.
    question: Vec<String>,
}

fn exit_code(document: &AnswerDocument) -> u8 {
    match document.status {
        Status::Answered => 0,
        Status::Clarify => 3,
        Status::Declined => 4,
        Status::Failed => 1,
    }
}

fn print_json(document: &AnswerDocument) {
    let mut out = std::io::stdout().lock();
    if let Ok(text) = serde_json::to_string(document) {
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }
}

fn failed(question: &str, e: &OpenError) -> AnswerDocument {
    let mut document = AnswerDocument::empty(question, Status::Failed);
    document.error = Some(error_of(e));
    document
}

fn error_of(e: &OpenError) -> ErrorReport {
    ErrorReport {
        code: e.code.clone(),
        message: e.message.clone(),
        hint: Some(e.hint.clone()),
    }
}

/// A call that cannot be meant so: exit code 2, and a document where one was asked for.
fn misused(question: &str, json: bool, message: String, hint: &str) -> u8 {
    let e = OpenError {
        code: "usage".into(),
        message,
        hint: hint.into(),
    };
    if json {
        print_json(&failed(question, &e));
    }
    report(&e);
    2
}

pub(crate) fn report(e: &OpenError) {
    for line in render::refusal(&error_of(e), false, Terminal::errors()) {
        eprintln!("{line}");
    }
}

pub(crate) fn ask(arguments: &AskArguments) -> u8 {
    if let Some(batch) = &arguments.batch {
        return ask_batch(arguments, batch);
    }
    let text = arguments.question.join(" ");
    if text.trim().is_empty() {
        let hint = "retail ask --data sales.csv \"sales by region\"";
        return misused(&text, arguments.json, "there is no question".into(), hint);
    }
    if let Some(day) = &arguments.as_of
        && !is_day(day)
    {
        let message = format!("--as-of takes a day as YYYY-MM-DD, not `{day}`");
        return misused(&text, arguments.json, message, "--as-of 2024-12-31");
    }
    if let Some(Err(e)) = arguments.export.as_deref().map(Format::of) {
        return misused(&text, arguments.json, e.to_string(), e.hint());
    }
    let assistant = match source::open(&arguments.source) {
        Ok(assistant) => assistant,
        Err(e) => {
            if arguments.json {
                print_json(&failed(&text, &e));
            }
            report(&e);
            return 5;
        }
    };
    let memory = match arguments.conversation.as_deref().map(|_| source::memory()) {
        Some(Err(e)) => {
            if arguments.json {
                print_json(&failed(&text, &e));
            }
            report(&e);
            return 5;
        }
        Some(Ok(memory)) => Some(memory),
        None => None,
    };
    let question = Question {
        text,
        id: None,
        conversation: arguments.conversation.clone(),
        as_of: arguments.as_of.clone(),
        no_cache: arguments.no_cache,
        ..Question::default()
    };
    if arguments.explain {
        for line in assistant.explain(&question) {
            eprintln!("{line}");
        }
    }
    let shown = !arguments.json && !arguments.quiet;
    let mut live = shown.then(Live::begin).flatten();
    let mut on_event = |event: &_| {
        if let Some(live) = &mut live {
            live.see(event);
        }
    };
    let document = match (&memory, &arguments.conversation) {
        (Some(memory), Some(name)) => {
            let key = Key::new(memory.owner(), name);
            assistant.ask_in(&question, memory, &key, &mut on_event)
        }
        _ => assistant.ask(&question, &mut Conversation::default(), &mut on_event),
    };
    let detail = Detail {
        sql: arguments.sql,
        quiet: arguments.quiet,
    };
    match live {
        _ if arguments.json => print_json(&document),
        Some(live) => live.end(&document, detail),
        None => render::show(&document, detail),
    }
    if let Some(path) = &arguments.export
        && document.status == Status::Answered
        && let Err(e) = write(&document, path)
    {
        report(&e);
        return 1;
    }
    exit_code(&document)
}

/// Writes the rows of an answer, whole or not at all.
fn write(document: &AnswerDocument, path: &Path) -> Result<(), OpenError> {
    let failed = |e: ExportError| OpenError {
        code: e.code().into(),
        message: e.to_string(),
        hint: e.hint().into(),
    };
    let bytes = Format::of(path)
        .and_then(|format| export::export(document, format))
        .map_err(failed)?;
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(part);
    let written = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    written.map_err(|e| {
        let _ = std::fs::remove_file(&part);
        OpenError {
            code: "export_unwritable".into(),
            message: format!("`{}` cannot be written: {e}", path.display()),
            hint: "choose a folder that can be written".into(),
        }
    })
}

fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| {
            if matches!(i, 4 | 7) {
                *b == b'-'
            } else {
                b.is_ascii_digit()
            }
        })
}

#[derive(Deserialize)]
struct Line {
    question: String,
    #[serde(default)]
    conversation: Option<String>,
    #[serde(default)]
    as_of: Option<String>,
}

fn ask_batch(arguments: &AskArguments, path: &Path) -> u8 {
    let text = if path == Path::new("-") {
        let mut all = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut all)
            .map(|_| String::from_utf8_lossy(&all).into_owned())
    } else {
        std::fs::read(path).map(|b| String::from_utf8_lossy(&b).into_owned())
    };
    let text = match text {
        Ok(text) => text,
        Err(e) => {
            report(&OpenError {
                code: "batch_unreadable".into(),
                message: format!("`{}` cannot be read: {e}", path.display()),
                hint: "give a file of JSON lines".into(),
            });
            return 5;
        }
    };
    let opened = source::open(&arguments.source);
    if let Err(e) = &opened {
        report(e);
    }
    let mut conversations: HashMap<String, Conversation> = HashMap::new();
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let value: Result<Value, _> = serde_json::from_str(line);
        let id = value
            .as_ref()
            .ok()
            .and_then(|v| v.get("id"))
            .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_string));
        let parsed = value
            .map_err(|e| e.to_string())
            .and_then(|v| serde_json::from_value::<Line>(v).map_err(|e| e.to_string()));
        let document = match (&opened, parsed) {
            (Err(e), Ok(l)) => AnswerDocument {
                id,
                conversation: l.conversation,
                ..failed(&l.question, e)
            },
            (Err(e), Err(_)) => AnswerDocument {
                id,
                ..failed("", e)
            },
            (Ok(_), Err(e)) => AnswerDocument {
                id,
                ..failed(
                    "",
                    &OpenError {
                        code: "bad_line".into(),
                        message: format!("the line is no question: {e}"),
                        hint: "{\"id\": \"1\", \"question\": \"sales by region\"}".into(),
                    },
                )
            },
            (Ok(_), Ok(l)) if l.question.trim().is_empty() => AnswerDocument {
                id,
                ..failed(
                    "",
                    &OpenError {
                        code: "usage".into(),
                        message: "there is no question".into(),
                        hint: "fill in `question`".into(),
                    },
                )
            },
            (Ok(assistant), Ok(l)) => {
                let question = Question {
                    text: l.question,
                    id,
                    conversation: l.conversation.clone(),
                    as_of: l.as_of.or_else(|| arguments.as_of.clone()),
                    no_cache: arguments.no_cache,
                    ..Question::default()
                };
                match l.conversation {
                    Some(name) => assistant.ask(
                        &question,
                        conversations.entry(name).or_default(),
                        &mut |_| {},
                    ),
                    None => assistant.ask(&question, &mut Conversation::default(), &mut |_| {}),
                }
            }
        };
        print_json(&document);
    }
    if opened.is_err() { 5 } else { 0 }
}

pub(crate) fn demo(port: u16, open: bool) -> u8 {
    let assistant = match source::bundled(None, warehouse::Reading::default()) {
        Ok(assistant) => assistant,
        Err(e) => {
            report(&e);
            return 5;
        }
    };
    let memory = match source::memory() {
        Ok(memory) => memory,
        Err(e) => {
            report(&e);
            return 5;
        }
    };
    println!("{}\n", Terminal::output().paint(Ink::Faint, OPENING));
    let document = assistant.ask(
        &Question {
            text: OPENING.into(),
            ..Question::default()
        },
        &mut Conversation::default(),
        &mut |_| {},
    );
    render::show(&document, Detail::default());
    println!();
    run(assistant, memory, port, open, Some(OPENING))
}

pub(crate) fn serve(arguments: &SourceArguments, port: u16, open: bool) -> u8 {
    let opened = source::memory().and_then(|memory| Ok((source::open(arguments)?, memory)));
    match opened {
        Ok((assistant, memory)) => run(assistant, memory, port, open, None),
        Err(e) => {
            report(&e);
            5
        }
    }
}

fn run(assistant: Assistant, memory: Memory, port: u16, open: bool, opening: Option<&str>) -> u8 {
    let options = server::Options {
        port,
        opening: opening.map(str::to_string),
    };
    let started = server::serve(assistant, memory, &options, |url| {
        println!("Serving {url} (Ctrl-C stops)");
        let _ = std::io::stdout().flush();
        if open && std::io::stdout().is_terminal() {
            let _ = std::process::Command::new("xdg-open")
                .arg(url)
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn();
        }
    });
    match started {
        Ok(()) => 0,
        Err(e) => {
            eprintln!("error[server]: {e}\nhint: choose another port with --port");
            1
        }
    }
}
