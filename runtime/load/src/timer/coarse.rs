//! tokio's timer, for what is not measured: deadlines of setup and teardown, and the beat of reports. The one file of
//! this crate that may use it, because it is 1 to 2 ms late.

use std::future::Future;
use std::time::Duration;

use squall_metrics::Nanos;

use super::WorkerTimer;

const SECOND: Nanos = Nanos(1_000_000_000);

/// Waits for `future`, but not longer than `limit`.
#[allow(clippy::disallowed_methods)]
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(limit, future).await.ok()
}

/// A second's beat, for the control thread and for flushing.
pub(crate) enum Beat {
    Real(tokio::time::Interval),
    /// In a rehearsal, on its clock.
    Virtual {
        timer: WorkerTimer,
        next: Nanos,
    },
}

impl Beat {
    #[allow(clippy::disallowed_methods)]
    pub(super) fn real() -> Beat {
        let mut beat = tokio::time::interval(Duration::from_secs(1));
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        beat.reset();
        Beat::Real(beat)
    }

    pub(super) fn of_clock(timer: WorkerTimer, now: Nanos) -> Beat {
        Beat::Virtual { timer, next: now + SECOND }
    }

    /// Waits for the next one. May be given up and waited for anew.
    pub(crate) async fn tick(&mut self) {
        match self {
            Beat::Real(beat) => drop(beat.tick().await),
            Beat::Virtual { timer, next } => {
                timer.until(*next).await;
                *next += SECOND;
            }
        }
    }
}
