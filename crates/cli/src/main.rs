//! The `retail` command.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program prints"
)]

mod ask;
mod cells;
mod chat;
mod checks;
mod eval;
mod grid;
mod interrupt;
mod line_editor;
mod live;
mod model;
mod profile;
mod render;
mod source;
mod terminal;

use clap::{CommandFactory, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Ask sales data in plain language and get a verified answer.
#[derive(Parser)]
#[command(name = "retail", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer one question, or a file of questions.
    Ask(ask::AskArguments),
    /// Talk to the data.
    Chat(chat::ChatArguments),
    /// Serve the page on the bundled data and answer the opening question.
    Demo(ServeArguments),
    /// Serve the page and the API.
    Serve {
        #[command(flatten)]
        source: ask::SourceArguments,
        #[command(flatten)]
        serve: ServeArguments,
    },
    /// Infer, check or write a semantic model.
    Model {
        #[command(subcommand)]
        action: model::ModelAction,
    },
    /// Look at data before asking: tables, columns, keys, how the tables belong together, gaps,
    /// outliers and other oddities, and questions that are answered.
    Profile(profile::ProfileArguments),
    /// Print the SQL of a typed query.
    Sql {
        /// Semantic model: an Ossie document with its overlay beside it, or JSON.
        #[arg(long)]
        model: PathBuf,
        /// Typed query (JSON).
        #[arg(long)]
        query_file: PathBuf,
        /// SQL dialect.
        #[arg(long, default_value = "duckdb")]
        dialect: String,
    },
    /// Check SQL: `{"id","sql"}` lines on standard input.
    CheckSql {
        /// Semantic model that names the allowed tables and columns.
        #[arg(long)]
        model: Option<PathBuf>,
        /// duckdb, postgres, snowflake, bigquery or spark.
        #[arg(long, default_value = "duckdb")]
        dialect: String,
        /// Print JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Check the numbers of answer documents: one a line on standard input.
    CheckAnswer {
        /// Print JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Ask an answer's question again and compare.
    Verify {
        /// An answer document.
        file: PathBuf,
    },
    /// Run one approved statement for a parent process.
    #[command(name = warehouse::Program::ARGUMENT, hide = true)]
    ConfinedQuery,
    /// Print what makes a shell complete this program's commands and flags.
    Completions {
        /// bash, zsh, fish, elvish or powershell.
        shell: clap_complete::Shell,
    },
    /// Score a board of questions.
    Eval {
        /// A folder with the board's own runner, or a JSON-lines file with rows written out.
        board: PathBuf,
        /// Also prints how often answers of each stated confidence were right.
        #[arg(long)]
        calibration: bool,
    },
}

#[derive(clap::Args)]
struct ServeArguments {
    /// Port on the loopback address; any free one if 0.
    #[arg(long, default_value_t = 8765)]
    port: u16,
    /// Do not open a browser.
    #[arg(long)]
    no_open: bool,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    ExitCode::from(match arguments.command {
        Command::Ask(ask) => ask::ask(&ask),
        Command::Chat(arguments) => chat::chat(arguments),
        Command::Demo(serve) => ask::demo(serve.port, !serve.no_open),
        Command::Serve { source, serve } => ask::serve(&source, serve.port, !serve.no_open),
        Command::Model { action } => model::run(&action),
        Command::Profile(arguments) => profile::profile(&arguments),
        Command::Sql {
            model,
            query_file,
            dialect,
        } => checks::sql(&model, &query_file, &dialect),
        Command::CheckSql {
            model,
            dialect,
            json,
        } => checks::check_sql(model.as_deref(), &dialect, json),
        Command::CheckAnswer { json } => checks::check_answer(json),
        Command::Verify { file } => checks::verify(&file),
        Command::ConfinedQuery => warehouse::serve_confined(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "retail", &mut script);
            let _ = std::io::Write::write_all(&mut std::io::stdout().lock(), &script);
            0
        }
        Command::Eval { board, calibration } => eval::eval(&board, calibration),
    })
}
