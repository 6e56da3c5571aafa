//! The semantic model: what the tables mean to a retailer.

mod check;
mod expression;
mod infer;
mod model;
mod profile;

pub use check::{Problem, check, hash};
pub use expression::{AddressPart, Expression};
pub use infer::infer;
pub use model::*;
pub use profile::*;
