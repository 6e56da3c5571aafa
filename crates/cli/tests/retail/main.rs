//! The built program from outside: files, flags, questions, processes, and its page.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and one that is skipped says so"
)]

mod bad_input;
mod opening;
mod page;
mod processes;
mod program;
