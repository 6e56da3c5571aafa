//! From a way through the question to a typed query: phrases are put together by type.

mod columns;
mod draft;
mod edit;
mod finish;
mod level;
mod list;
mod node;
mod read;

pub(crate) use draft::{Draft, Edits};
use finish::all;
pub(crate) use finish::{Finished, finish};
pub(crate) use read::{plural, read};

use crate::time::Clock;
use crate::token::Token;
use semantics::Model;

/// What composition may look at.
pub(crate) struct Scene<'a> {
    /// The model.
    pub model: &'a Model,
    /// Today.
    pub clock: &'a Clock,
    /// The year that the conversation is in.
    pub year_hint: Option<i16>,
    /// The question, for the small words that phrases leave out.
    pub tokens: &'a [Token],
    /// The query that a follow-up edits.
    pub last: Option<&'a query::Query>,
}

/// Why a way through the question makes no query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Misfit {
    /// A word was read but has no place in the query.
    Unused(String),
    /// A kind of question that is not understood yet; the word that says so.
    Unsupported(String),
    /// A needed part is missing.
    Missing(&'static str),
    /// The compiler refuses it.
    Refused {
        /// Its code.
        code: String,
        /// Its message.
        message: String,
    },
}
