//! `chat`: the conversation on a terminal, or line by line from a pipe.

use crate::ask::{SourceArguments, report};
use crate::interrupt::Interrupts;
use crate::line_editor::{Entered, LineEditor, Prompt};
use crate::live::Live;
use crate::render::{self, Detail};
use crate::source;
use crate::terminal::{Ink, Terminal};
use agents::{Conversation, CurrentAssistant, Question};
use memory::{Key, Memory};
use std::io::{BufRead, IsTerminal};

/// Ways to go on that Tab offers, at most.
const OFFERED: usize = 8;

#[derive(clap::Args)]
pub(crate) struct ChatArguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Go on with the conversation of this name, and keep it.
    #[arg(long)]
    conversation: Option<String>,
}

pub(crate) fn chat(arguments: ChatArguments) -> u8 {
    let opened = arguments
        .conversation
        .map(|name| Ok((source::memory()?, name)))
        .transpose()
        .and_then(|kept| Ok((source::open(&arguments.source)?, kept)));
    let (assistant, kept) = match opened {
        Ok(opened) => opened,
        Err(e) => {
            report(&e);
            return 5;
        }
    };
    let interrupts = match Interrupts::heard() {
        Ok(interrupts) => interrupts,
        Err(e) => {
            eprintln!("note: Ctrl-C ends the program: {e}");
            Interrupts::default()
        }
    };
    let talk = Talk {
        name: assistant.source_name(),
        assistant: CurrentAssistant::new(assistant),
        conversation: match kept {
            Some((memory, name)) => {
                let key = Key::new(memory.owner(), &name);
                Thread::Kept(Box::new(memory), key)
            }
            None => Thread::Here(Box::default()),
        },
        interrupts,
    };
    if std::io::stdin().is_terminal() {
        at_a_prompt(talk)
    } else {
        line_by_line(talk)
    }
}

/// Where the thread is.
enum Thread {
    /// In this process, and gone with it.
    Here(Box<Conversation>),
    /// In the store.
    Kept(Box<Memory>, Key),
}

struct Talk {
    name: String,
    assistant: CurrentAssistant,
    conversation: Thread,
    interrupts: Interrupts,
}

impl Talk {
    fn ask(&mut self, text: String) {
        let assistant = match self.assistant.get() {
            Ok(assistant) => assistant,
            Err(e) => return report(&e),
        };
        let question = Question {
            text,
            ..Question::default()
        };
        let mut live = Live::begin();
        let mut on_event = |event: &_| {
            if let Some(live) = &mut live {
                live.see(event);
            }
        };
        let thread = &mut self.conversation;
        let document = self.interrupts.during(&question.stop, || match thread {
            Thread::Here(conversation) => {
                assistant.leave_other_data(conversation);
                assistant.ask(&question, conversation, &mut on_event)
            }
            Thread::Kept(memory, key) => assistant.ask_in(&question, memory, key, &mut on_event),
        });
        match live {
            Some(live) => live.end(&document, Detail::default()),
            None => render::show(&document, Detail::default()),
        }
    }

    /// Ways to go on from a text; none where the files cannot be read just now, which asking says.
    fn complete(&self, typed: &str) -> Vec<String> {
        let Ok(assistant) = self.assistant.get() else {
            return Vec::new();
        };
        let mut conversation = match &self.conversation {
            Thread::Here(conversation) => (**conversation).clone(),
            Thread::Kept(memory, key) => memory.look(key).unwrap_or_default(),
        };
        assistant.leave_other_data(&mut conversation);
        let cursor = typed.chars().count();
        let found = assistant.complete(typed, cursor, &conversation, OFFERED);
        found.into_iter().map(|c| c.text).collect()
    }
}

fn line_by_line(mut talk: Talk) -> u8 {
    for line in std::io::stdin().lock().lines() {
        match line {
            Ok(line) if !line.trim().is_empty() => talk.ask(line),
            _ => return 0,
        }
    }
    0
}

fn at_a_prompt(mut talk: Talk) -> u8 {
    println!(
        "Ask {} anything. Tab completes, a number picks an option, Ctrl-C stops a question; an empty line or Ctrl-D ends it.",
        talk.name
    );
    let mut editor = LineEditor::with_history(warehouse::default_cache_dir().join("chat-history"));
    let prompt = Prompt {
        painted: format!("{} ", Terminal::output().paint(Ink::Accent, "›")),
        width: 2,
    };
    loop {
        println!();
        match editor.read(&prompt, &|typed| talk.complete(typed)) {
            Ok(Entered::Line(line)) if line.trim().is_empty() => return 0,
            Ok(Entered::Line(line)) => {
                if let Err(e) = editor.remember(&line) {
                    eprintln!("note: the history could not be kept: {e}");
                }
                talk.ask(line);
            }
            Ok(Entered::GivenUp) => {}
            Ok(Entered::End) => return 0,
            Err(e) => {
                eprintln!("error[terminal]: {e}\nhint: give the questions on standard input");
                return 1;
            }
        }
    }
}
