//! The semantic model: what the tables mean to a retailer.

mod expression;
mod model;
mod profile;

pub use expression::{AddressPart, Expression};
pub use model::*;
pub use profile::*;
