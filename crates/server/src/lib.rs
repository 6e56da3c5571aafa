//! The HTTP API and the page, on the loopback address.

mod api;
mod assets;
mod defence;
mod examples;
mod metrics;
mod openapi;
mod problem;
mod stream;

use agents::{Assistant, CurrentAssistant};
use memory::Memory;
use metrics::Metrics;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long answers that are under way may take after the server was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// What every request sees.
pub(crate) struct Shared {
    pub(crate) assistant: CurrentAssistant,
    pub(crate) memory: Memory,
    pub(crate) metrics: Metrics,
    pub(crate) examples: OnceLock<Vec<String>>,
    pub(crate) opening: Option<String>,
}

/// What to serve, and where.
pub struct Options {
    /// On the loopback address; any free one if 0.
    pub port: u16,
    /// A question that the page asks by itself when it is opened.
    pub opening: Option<String>,
}

/// Serves until the process is told to stop (SIGTERM or Ctrl-C); `ready` gets the address.
/// Conversations are kept in `memory`. Files that change are read again before the next question.
///
/// Answers under way are completed, for five seconds at most.
///
/// # Errors
/// When the port is taken.
pub fn serve(
    assistant: Assistant,
    memory: Memory,
    options: &Options,
    ready: impl FnOnce(&str),
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let done = runtime.block_on(async move {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let listener = tokio::net::TcpListener::bind(address).await?;
        let shared = Arc::new(Shared {
            assistant: CurrentAssistant::new(assistant),
            memory,
            metrics: Metrics::default(),
            examples: OnceLock::new(),
            opening: options.opening.clone(),
        });
        // Heard from here on: a signal right after `ready` must not be lost.
        let (told, mut hurry) = tokio::sync::watch::channel(false);
        let stop = stopped()?;
        ready(&format!("http://{}", listener.local_addr()?));
        let serving =
            axum::serve(listener, api::routes(shared)).with_graceful_shutdown(async move {
                stop.await;
                let _ = told.send(true);
            });
        let overdue = async move {
            while !*hurry.borrow_and_update() {
                if hurry.changed().await.is_err() {
                    // The server ended by itself.
                    std::future::pending::<()>().await;
                }
            }
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            done = serving => done,
            () = overdue => Ok(()),
        }
    });
    // What still runs is a query that nobody waits for.
    runtime.shutdown_background();
    done
}

/// Resolves when SIGTERM or SIGINT arrives.
fn stopped() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
