//! Waiting for a point on the run's clock. The one file of this crate that may use tokio's timer, which is 1 to 2 ms late:
//! good enough for think times and for the ends of stages.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use squall_guest::Timer;
use squall_metrics::{Clock, Nanos};

/// A worker thread's timer.
#[derive(Clone, Debug)]
pub(crate) struct TokioTimer {
    clock: Clock,
}

impl TokioTimer {
    pub(crate) fn new(clock: Clock) -> TokioTimer {
        TokioTimer { clock }
    }

    /// Ready when the clock has reached `time`.
    #[allow(clippy::disallowed_methods)]
    pub(crate) async fn until(&self, time: Nanos) {
        loop {
            let left = time.since(self.clock.now());
            if left == Nanos::ZERO {
                return;
            }
            tokio::time::sleep(Duration::from(left)).await;
        }
    }
}

impl Timer for TokioTimer {
    fn sleep_until(&self, time: Nanos) -> Pin<Box<dyn Future<Output = ()>>> {
        let timer = self.clone();
        Box::pin(async move { timer.until(time).await })
    }
}

/// Waits for `future`, but not longer than `limit`.
#[allow(clippy::disallowed_methods)]
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(limit, future).await.ok()
}

/// A second's beat, for the control thread and for flushing.
#[allow(clippy::disallowed_methods)]
pub(crate) fn every_second() -> tokio::time::Interval {
    let mut beat = tokio::time::interval(Duration::from_secs(1));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    beat.reset();
    beat
}
