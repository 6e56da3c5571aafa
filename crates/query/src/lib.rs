//! The typed query and its compiler to SQL.
//!
//! [`compile`] turns a [`Query`] over a semantic model into a [`CompiledQuery`]: every measure is
//! aggregated at the grain of its own dataset before anything is joined, so that no row counts
//! twice and none is lost.

mod canonical;
mod compile;
mod compiled;
mod dialect;
mod error;
mod path;
mod retail_calendar;
mod row_filter;
mod schema;
mod typed;

pub use canonical::{canonical, hash};
pub use compile::{Reader, VisibleTable, compile, compile_for, visible_tables};
pub use compiled::{CompiledQuery, Dialect, Note, Origin, OutputColumn, OutputRole};
pub use error::QueryError;
pub use path::{Path, home_datasets, reachable, time_field_of};
pub use retail_calendar::{RetailCalendar, RetailDay};
pub use row_filter::row_filter;
pub use schema::{json_schema, plan_schema};
pub use typed::*;
