//! tokio's timer, for what nobody measures: deadlines of setup and teardown, and the beat of reports. The one file of
//! this crate that may use it, because it is 1 to 2 ms late.

use std::future::Future;
use std::time::Duration;

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
