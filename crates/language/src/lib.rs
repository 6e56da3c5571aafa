//! From plain English to the typed query and back.
//!
//! normalise ([`token`]) → lattice of readings ([`lattice`]) → composition by type ([`compose`]) →
//! scored candidates, coverage and decision ([`understand`]). Every word is consumed, in a closed
//! list of words that carry no meaning, or named to the user.

mod completion;
mod compose;
mod confidence;
mod dialogue;
mod kind;
mod lattice;
mod lexicon;
mod morphology;
mod nearest;
mod nearness;
mod refusal;
mod restate;
mod spelling;
pub mod time;
mod token;
mod understand;
mod values;
mod vocabulary;

pub use completion::{Completion, complete};
pub use confidence::{SIGNS, Signs};
pub use dialogue::{Context, listed_field};
pub use kind::{Kind, kind_of};
pub use restate::{filter_words, restate};
pub use understand::{Knowledge, Reading, Understanding, explain, understand};
pub use values::ValueIndex;
pub use vocabulary::Vocabulary;
