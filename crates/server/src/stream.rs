//! The stream of events, and the end of work that nobody waits for.

use agents::Stop;
use axum::body::Bytes;
use futures_core::Stream;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How often a stop is repeated while the work has not ended.
const AGAIN: Duration = Duration::from_millis(25);
/// Repeats at most: no query starts as late as that.
const REPEATS: u32 = 400;

/// Stops a question when it is dropped before [`Withdrawn::keep`], or when its time is over.
pub(crate) struct Withdrawn(Option<oneshot::Sender<()>>);

impl Withdrawn {
    pub(crate) fn after(stop: Stop, limit: Duration) -> Self {
        let (kept, waiting) = oneshot::channel::<()>();
        tokio::spawn(async move {
            if let Ok(Ok(())) = tokio::time::timeout(limit, waiting).await {
                return;
            }
            // A query that was just about to start misses the first interruption.
            for _ in 0..REPEATS {
                stop.stop();
                tokio::time::sleep(AGAIN).await;
            }
        });
        Withdrawn(Some(kept))
    }

    /// The answer is complete: nothing is left to stop.
    pub(crate) fn keep(&mut self) {
        if let Some(kept) = self.0.take() {
            let _ = kept.send(());
        }
    }
}

/// Events on their way to a client.
pub(crate) struct Messages {
    events: mpsc::Receiver<Bytes>,
    withdrawn: Withdrawn,
}

impl Messages {
    pub(crate) fn new(events: mpsc::Receiver<Bytes>, withdrawn: Withdrawn) -> Self {
        Messages { events, withdrawn }
    }
}

impl Stream for Messages {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.events.poll_recv(context);
        if matches!(next, Poll::Ready(None)) {
            self.withdrawn.keep();
        }
        next.map(|event| event.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn within_a_second(stop: &Stop) -> bool {
        for _ in 0..100 {
            if stop.is_stopped() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    #[tokio::test]
    async fn a_reader_who_leaves_stops_the_question() {
        let stop = Stop::default();
        let (_sender, events) = mpsc::channel(1);
        let withdrawn = Withdrawn::after(stop.clone(), Duration::from_secs(60));
        drop(Messages::new(events, withdrawn));
        assert!(within_a_second(&stop).await);
    }

    #[tokio::test]
    async fn a_complete_answer_stops_nothing() {
        let stop = Stop::default();
        let mut withdrawn = Withdrawn::after(stop.clone(), Duration::from_secs(60));
        withdrawn.keep();
        drop(withdrawn);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!stop.is_stopped());
    }

    #[tokio::test]
    async fn time_runs_out() {
        let stop = Stop::default();
        let withdrawn = Withdrawn::after(stop.clone(), Duration::from_millis(50));
        assert!(within_a_second(&stop).await);
        drop(withdrawn);
    }
}
