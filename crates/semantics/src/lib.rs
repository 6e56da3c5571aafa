//! The semantic model: what the tables mean to a retailer.

mod calendar;
mod check;
mod comparable;
mod currency;
mod dataset;
mod expression;
mod field;
mod filter;
mod infer;
mod lexicon;
mod metric;
mod model;
mod policy;
mod profile;

pub use calendar::*;
pub use check::{Problem, check, hash};
pub use comparable::*;
pub use currency::*;
pub use dataset::*;
pub use expression::{AddressPart, CaseBranch, Expression};
pub use field::*;
pub use filter::*;
pub use infer::infer;
pub use lexicon::*;
pub use metric::*;
pub use model::*;
pub use policy::*;
pub use profile::*;
