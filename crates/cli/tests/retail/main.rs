//! The built program from outside: files, flags, questions, processes, and its page.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, one that lacks its program says so"
)]

mod bad_input;
mod confined;
mod conversations;
mod imported_models;
mod opening;
mod page;
mod processes;
mod profile;
mod program;
mod remote;
mod replay;
mod unreadable;
