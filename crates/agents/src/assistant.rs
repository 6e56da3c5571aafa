//! One data source with everything that answering questions about it needs.

use answer::{AnswerDocument, Event};
use semantics::Model;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What to open.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Files or folders; empty means the bundled data.
    pub data: Vec<PathBuf>,
    /// A semantic model document; inferred if absent.
    pub model: Option<PathBuf>,
}

/// A question.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// As asked.
    pub text: String,
    /// Batch id.
    pub id: Option<String>,
    /// Conversation id, repeated in the document.
    pub conversation: Option<String>,
    /// The date that stands for today (`YYYY-MM-DD`).
    pub as_of: Option<String>,
}

/// What earlier turns left behind.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Conversation {}

/// Why a source could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct OpenError {
    /// Stable code.
    pub code: String,
    /// What was wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// The assistant over one source.
pub struct Assistant {
    model: Model,
}

impl Assistant {
    /// Loads the data, reads or infers the model, indexes the values.
    pub fn open(_options: &Options) -> Result<Assistant, OpenError> {
        Err(OpenError { code: "not_ready".into(), message: "not ready".into(), hint: "wait".into() })
    }

    /// Answers one question; `on_event` sees the stages as they happen.
    pub fn ask(&self, question: &Question, _conversation: &mut Conversation, _on_event: &mut dyn FnMut(&Event)) -> AnswerDocument {
        AnswerDocument::empty(&question.text, answer::Status::Failed)
    }

    /// The semantic model in use.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Which data is open, in a few words for people ("bundled data", "sales.csv").
    pub fn source_name(&self) -> String {
        String::new()
    }
}
