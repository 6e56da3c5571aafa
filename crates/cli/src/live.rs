//! An answer on a terminal while it is being made: how the question was read at once, the rows when
//! they are verified, then sentence by sentence.

use crate::render::{self, Detail};
use crate::terminal::{Ink, Terminal};
use crate::{cells, grid};
use answer::{AnswerDocument, Event, Status, Verdict};
use serde_json::Value;

pub(crate) struct Live {
    terminal: Terminal,
    /// The query that is being answered.
    query: Value,
    /// Steps that have run.
    so_far: AnswerDocument,
    said: usize,
}

impl Live {
    /// Where standard output is a terminal.
    pub(crate) fn begin() -> Option<Live> {
        std::io::IsTerminal::is_terminal(&std::io::stdout()).then(|| Live {
            terminal: Terminal::output(),
            query: Value::Null,
            so_far: AnswerDocument::empty("", Status::Failed),
            said: 0,
        })
    }

    /// Shows what an event adds.
    pub(crate) fn see(&mut self, event: &Event) {
        match event {
            Event::Understanding { restatement, query } => {
                self.query = query.clone();
                render::print(&render::labelled("Read as", restatement, self.terminal));
            }
            Event::Rows { step, table } => {
                if step.query == self.query {
                    self.so_far.result = Some(table.clone());
                }
                self.so_far.plan.push((**step).clone());
            }
            // Rows that did not pass the checks are not shown.
            Event::Verdict(verification) if verification.verdict == Verdict::Verified => {
                let mut lines = vec![String::new()];
                if let Some((table, answers)) = render::table(&self.so_far) {
                    lines.extend(grid::lines(table, self.terminal, &answers));
                    lines.push(String::new());
                }
                render::print(&lines);
            }
            Event::Sentence(sentence) => {
                let lines = self.terminal.wrapped(&cells::one_line(sentence.trim()), 0);
                let ink = (self.said == 0).then_some(Ink::Strong);
                let lines: Vec<String> = lines
                    .iter()
                    .map(|l| ink.map_or_else(|| l.clone(), |ink| self.terminal.paint(ink, l)))
                    .collect();
                render::print(&lines);
                self.said += 1;
            }
            _ => {}
        }
    }

    /// Shows the rest.
    pub(crate) fn end(self, document: &AnswerDocument, detail: Detail) {
        if document.status != Status::Answered {
            render::show(document, detail);
            return;
        }
        let mut lines = vec![String::new()];
        lines.extend(render::beside(document, self.terminal, detail));
        render::print(&lines);
    }
}
