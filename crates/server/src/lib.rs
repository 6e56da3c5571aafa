//! The HTTP API and the page, on the loopback address.

mod api;

use agents::{Assistant, Conversation};
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

/// What every request sees.
pub(crate) struct Shared {
    pub(crate) assistant: Assistant,
    pub(crate) conversations: Mutex<HashMap<String, Conversation>>,
}

/// Serves until the process is told to stop (SIGTERM or Ctrl-C); `ready` gets the address.
///
/// # Errors
/// When the port is taken.
pub fn serve(assistant: Assistant, port: u16, ready: impl FnOnce(&str)) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        let listener =
            tokio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        ready(&format!("http://{}", listener.local_addr()?));
        let shared = Arc::new(Shared {
            assistant,
            conversations: Mutex::new(HashMap::new()),
        });
        axum::serve(listener, api::routes(shared))
            .with_graceful_shutdown(stopped())
            .await
    })
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
}
