//! The answer document: the one JSON shape that the command line, the API and
//! MCP return for a question. Pure data; it depends on nothing else of ours.

mod document;
mod event;
mod schema;

pub use document::*;
pub use event::Event;
pub use schema::json_schema;
