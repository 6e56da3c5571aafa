//! Stopping a query that nobody waits for any more.

use duckdb::InterruptHandle;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Tells a running question to stop. Clones share one state.
#[derive(Clone, Default)]
pub struct Stop(Arc<State>);

#[derive(Default)]
struct State {
    asked: AtomicBool,
    running: Mutex<Option<Arc<InterruptHandle>>>,
}

impl Stop {
    /// Stops what runs now and whatever would run later under this token.
    ///
    /// A query that is just about to start may miss the interruption; who stops asks again until
    /// the work has ended.
    pub fn stop(&self) {
        self.0.asked.store(true, Ordering::SeqCst);
        if let Some(handle) = self.running().as_ref() {
            handle.interrupt();
        }
    }

    /// Whether it was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// Runs `work` as something that [`Stop::stop`] interrupts.
    pub(crate) fn guard<T>(&self, handle: Arc<InterruptHandle>, work: impl FnOnce() -> T) -> T {
        *self.running() = Some(handle);
        let done = work();
        *self.running() = None;
        done
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<Arc<InterruptHandle>>> {
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stop").field(&self.is_stopped()).finish()
    }
}
