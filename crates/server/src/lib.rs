//! The HTTP API and the page.

use agents::Assistant;

/// Serves until the process is told to stop; `ready` gets the address.
///
/// # Errors
/// When the port is taken.
pub fn serve(_assistant: Assistant, _port: u16, _ready: impl FnOnce(&str)) -> std::io::Result<()> {
    Ok(())
}
