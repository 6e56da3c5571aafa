//! What an agent sees of language models.

use crate::failure::Failure;
use crate::purse::Purse;
use crate::role::Role;
use answer::ModelCall;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// We, on behalf of the person who asks.
    User,
    /// The model, earlier.
    Model,
}

/// One turn of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub text: String,
}

impl Message {
    /// A turn of ours.
    pub fn user(text: impl Into<String>) -> Self {
        Self {
            author: Author::User,
            text: text.into(),
        }
    }

    /// A turn of the model.
    pub fn model(text: impl Into<String>) -> Self {
        Self {
            author: Author::Model,
            text: text.into(),
        }
    }
}

/// The form that a reply has to have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputSchema {
    /// A short name in `[a-z0-9_]`, at most 64 characters; some providers show it to the model.
    pub name: String,
    /// The JSON Schema (2020-12; its root is an object). Only what the schema says is checked.
    pub json: Value,
}

/// What is asked of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The part that it plays; decides which models are asked, in which order.
    pub role: Role,
    /// The instructions; the part that is the same for many questions comes first, so that providers
    /// can cache it.
    pub system: String,
    /// The turns, oldest first; the last one is ours.
    pub messages: Vec<Message>,
    /// The form of the reply; prose if absent.
    pub schema: Option<OutputSchema>,
    /// The longest reply, in tokens. The configuration may lower it for a model.
    pub max_output_tokens: u32,
}

/// What streams in while a model writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The next characters of the reply.
    Text(&'a str),
    /// All that has come so far is void: the reply starts anew, from a retry, a repair or the next
    /// model.
    Restart,
}

/// What a model replied.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The text as the model wrote it.
    pub text: String,
    /// The parsed reply, which fits the schema; present if and only if a schema was asked for.
    pub value: Option<Value>,
    /// The calls that led to it, oldest first: retries that cost something, repairs, other models of
    /// the role.
    pub calls: Vec<ModelCall>,
}

/// Vectors of texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// One vector for each text, in the order of the texts, all of one length.
    pub vectors: Vec<Vec<f32>>,
    /// The calls that led to them.
    pub calls: Vec<ModelCall>,
}

/// The models that are at hand, by role.
///
/// Implementations retry, repair and go on to the next model of a role by themselves; what they
/// return is final. They take every token from the purse before it is spent.
pub trait Models: Send + Sync {
    /// Whether any model plays this role. Where none does, [`Models::ask`] fails with
    /// [`crate::Fault::NotConfigured`].
    fn offers(&self, role: Role) -> bool;

    /// Whether cell values of the data may be put into a request (`send_values` in the
    /// configuration). Who writes the prompt has to honour it.
    fn may_send_values(&self) -> bool;

    /// The purse of a new question of this user: the budgets of question, user and day, and a
    /// deadline from now on.
    fn purse(&self, user: &str) -> Purse;

    /// Asks the models of the request's role. `stop` is looked at at least ten times a second;
    /// once it says yes, the call ends within a tenth of a second. `on_text` sees the reply while it
    /// is being written, unchecked.
    ///
    /// # Errors
    /// The failure of the last model of the role, with every call that was made.
    fn ask(
        &self,
        request: &Request,
        purse: &Purse,
        stop: &dyn Fn() -> bool,
        on_text: &mut dyn FnMut(Piece<'_>),
    ) -> Result<Reply, Failure>;

    /// Vectors of texts, from the models of [`Role::Embed`].
    ///
    /// # Errors
    /// As [`Models::ask`].
    fn embed(
        &self,
        texts: &[String],
        purse: &Purse,
        stop: &dyn Fn() -> bool,
    ) -> Result<Embedding, Failure>;
}
