//! What goes into a prompt: the metrics, fields, links, checked questions and values that a question is
//! about, within a budget of tokens, and nothing that whoever asks may not see.
//!
//! [`Library`] holds one entry for each thing of a model. A question ranks them twice, by its words
//! ([`bm25`]) and by nearness in a vector space ([`vectors`]), and both rankings become one
//! ([`fusion`]). What [`Visibility`] does not show is never an entry.

pub mod bm25;
mod briefing;
pub mod fusion;
mod library;
pub mod vectors;
mod visibility;
mod words;

pub use briefing::{Briefing, Budget, Ground, KnownValue, Wanted};
pub use library::{Entry, Kind, Library};
pub use vectors::{Embedder, HashedWords};
pub use visibility::Visibility;
pub use words::words_of;
