//! A phase of a run, computed from its seconds.

use std::ops::Range;
use std::time::Duration;

use squall_metrics::{History, Nanos, Second};

/// A second belongs to the phase that contains most of it.
const HALF: Nanos = Nanos(500_000_000);

/// Measurements of a phase of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Phase {
    /// Requests that ended.
    pub requests: u64,
    /// The failed ones among them.
    pub failed: u64,
    /// Iterations that could not start because no virtual user was free.
    pub dropped: u64,
    /// Requests that ended, per second.
    pub throughput: f64,
    /// The 95th percentile of the response time; `None` without responses.
    pub p95: Option<Duration>,
}

impl Phase {
    /// The measurements between two times of the load.
    pub fn of(history: &History, range: Range<Duration>) -> Phase {
        let (from, to) = (Nanos::from(range.start), Nanos::from(range.end));
        Phase::from(&history.merged(from.since(HALF)..to.since(HALF)))
    }

    /// The share of failed requests, 0 to 1.
    pub fn failed_share(&self) -> f64 {
        self.failed as f64 / self.requests.max(1) as f64
    }

    /// The share of due iterations that could not start, 0 to 1.
    pub fn dropped_share(&self) -> f64 {
        self.dropped as f64 / (self.requests + self.dropped).max(1) as f64
    }
}

impl From<&Second> for Phase {
    fn from(second: &Second) -> Phase {
        let times = &second.response_time;
        Phase {
            requests: second.requests,
            failed: second.failed,
            dropped: second.dropped,
            throughput: second.throughput(),
            p95: (!times.is_empty()).then(|| times.percentile(95.0).into()),
        }
    }
}

/// The seconds of a phase.
pub(crate) fn seconds(history: &History, range: Range<Duration>) -> Vec<Second> {
    let (from, to) = (Nanos::from(range.start).since(HALF), Nanos::from(range.end).since(HALF));
    history.seconds().filter(|second| second.at >= from && second.at < to).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use squall_metrics::Histogram;

    /// Seconds of a run, each as the number of requests, the failed ones among them, and their response time in
    /// milliseconds.
    pub(crate) fn history(seconds: &[(u64, u64, u64)]) -> History {
        let mut history = History::new();
        for (at, (requests, failed, millis)) in seconds.iter().enumerate() {
            let mut response_time = Histogram::new();
            (0..*requests).for_each(|_| response_time.record(Nanos(millis * 1_000_000)));
            let (at, length) = (Nanos(at as u64 * 1_000_000_000), Nanos(1_000_000_000));
            let (requests, failed) = (*requests, *failed);
            history.push(Second { at, length, requests, failed, response_time, ..Second::default() });
        }
        history
    }

    #[test]
    fn seconds_belong_to_the_phase_that_contains_most_of_them() {
        let history = history(&[(10, 0, 5), (20, 5, 50), (30, 0, 5)]);
        let middle = Phase::of(&history, Duration::from_millis(1_100)..Duration::from_millis(2_100));
        assert_eq!((middle.requests, middle.failed, middle.throughput), (20, 5, 20.0));
        assert_eq!(middle.failed_share(), 0.25);
        assert_eq!(middle.p95.map(|time| time.as_millis()), Some(50));
        assert_eq!(Phase::of(&history, Duration::from_secs(7)..Duration::from_secs(9)), Phase::default());
    }
}
