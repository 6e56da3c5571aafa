//! The semantic model: what the tables mean to a retailer.

mod bind;
mod calendar;
mod check;
mod comparable;
mod complete;
mod currency;
mod dataset;
mod draft;
mod expression;
mod field;
mod filter;
mod gaps;
mod import;
mod infer;
mod lexicon;
mod located;
mod metric;
mod model;
mod ossie;
mod overlay;
mod places;
mod policy;
mod problem;
mod profile;
mod reading;
mod sql;

pub use calendar::*;
pub use check::{check, hash};
pub use comparable::*;
pub use currency::*;
pub use dataset::*;
pub use expression::{AddressPart, CaseBranch, Expression};
pub use field::*;
pub use filter::*;
pub use import::{ImportFormat, Imported, import};
pub use infer::infer;
pub use infer::naming::{plural, words as name_words};
pub use lexicon::*;
pub use metric::*;
pub use model::*;
pub use ossie::{Export, export};
pub use overlay::overlay_schema;
pub use places::{Place, PlaceKind, places};
pub use policy::*;
pub use problem::*;
pub use profile::*;
pub use reading::{Reading, Source, read};

/// Stamp of this crate's sources: a model that other code inferred is known by it.
pub const STAMP: &str = env!("SOURCE_STAMP");
