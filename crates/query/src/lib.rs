//! The typed query and its compiler to SQL.

mod typed;

pub use typed::*;
