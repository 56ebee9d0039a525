//! A part of a run, from the seconds that lie in it.

use std::ops::Range;
use std::time::Duration;

use squall_metrics::{History, Nanos, Second};

/// A second belongs to the part in which most of it lies.
const HALF: Nanos = Nanos(500_000_000);

/// What was measured in a part of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Phase {
    /// Requests that ended.
    pub requests: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Iterations that could not start, since no virtual user was free.
    pub dropped: u64,
    /// Requests that ended, per second.
    pub throughput: f64,
    /// The 95th percentile of the response time; none if nothing was answered.
    pub p95: Option<Duration>,
}

impl Phase {
    /// What happened from one time of the load to another.
    pub fn of(history: &History, range: Range<Duration>) -> Phase {
        let (from, to) = (Nanos::from(range.start), Nanos::from(range.end));
        Phase::from(&history.merged(from.since(HALF)..to.since(HALF)))
    }

    /// The share of requests that failed, 0 to 1.
    pub fn failed_share(&self) -> f64 {
        self.failed as f64 / self.requests.max(1) as f64
    }

    /// The share of what was to happen that could not even start, 0 to 1.
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

/// The seconds of a part of a run.
pub(crate) fn seconds(history: &History, range: Range<Duration>) -> Vec<Second> {
    let (from, to) = (Nanos::from(range.start).since(HALF), Nanos::from(range.end).since(HALF));
    history.seconds().filter(|second| second.at >= from && second.at < to).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use squall_metrics::Histogram;

    /// Seconds of a run, each as how many requests, how many of them failed, and how many milliseconds all took.
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
    fn seconds_belong_to_the_part_in_which_most_of_them_lie() {
        let history = history(&[(10, 0, 5), (20, 5, 50), (30, 0, 5)]);
        let middle = Phase::of(&history, Duration::from_millis(1_100)..Duration::from_millis(2_100));
        assert_eq!((middle.requests, middle.failed, middle.throughput), (20, 5, 20.0));
        assert_eq!(middle.failed_share(), 0.25);
        assert_eq!(middle.p95.map(|time| time.as_millis()), Some(50));
        assert_eq!(Phase::of(&history, Duration::from_secs(7)..Duration::from_secs(9)), Phase::default());
    }
}
