//! Ctrl-C: it stops the question that runs, and the program only where none does.

use agents::Stop;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Exit code of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;
/// How often a stop is repeated: a query that is just about to start misses the first one.
const AGAIN: Duration = Duration::from_millis(25);

/// The question that runs now.
#[derive(Clone, Default)]
pub(crate) struct Interrupts(Arc<Mutex<Option<Stop>>>);

impl Interrupts {
    /// From here on, Ctrl-C is heard.
    pub(crate) fn heard() -> std::io::Result<Interrupts> {
        let interrupts = Interrupts::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let mut signals = {
            let _entered = runtime.enter();
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?
        };
        let heard = interrupts.clone();
        std::thread::spawn(move || {
            runtime.block_on(async {
                while signals.recv().await.is_some() {
                    heard.stop().await;
                }
            });
        });
        Ok(interrupts)
    }

    async fn stop(&self) {
        let Some(asked) = self.running().clone() else {
            // At a prompt the line editor hears the key itself, and the terminal is its own.
            if !std::io::stdin().is_terminal() {
                std::process::exit(INTERRUPTED);
            }
            return;
        };
        asked.stop();
        while self.running().as_ref().is_some_and(Stop::is_stopped) {
            asked.stop();
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Runs a question as the one that Ctrl-C stops.
    pub(crate) fn during<T>(&self, stop: &Stop, work: impl FnOnce() -> T) -> T {
        *self.running() = Some(stop.clone());
        let done = work();
        *self.running() = None;
        done
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<Stop>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
