//! Conversations in both stores: what is acknowledged stays, whatever happens to the store.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, one that lacks its program says so"
)]

mod files;
mod redis;
mod thread;
