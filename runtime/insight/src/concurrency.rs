//! A target's concurrency by Little's law, and its limit, if it has one.
//!
//! J. D. C. Little, "A proof for the queuing formula L = λW", *Operations Research* 9 (1961): concurrent requests are
//! throughput times response time. Under more load, a target with a pool of N keeps N requests in progress: past its
//! limit throughput stays and only the response time grows. So the limit is the throughput at the limit times the
//! response time without queueing.

use std::time::Duration;

/// Measurements at one level of load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadStep {
    /// Concurrent requests, on average.
    pub concurrency: f64,
    /// Requests that ended, per second.
    pub throughput: f64,
    /// Their mean response time.
    pub response_time: Duration,
}

/// The number of requests that the target works on at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConcurrencyLimit {
    /// The approximate number of requests.
    pub at_once: f64,
    /// The throughput at that limit, per second.
    pub throughput: f64,
}

/// Throughput counts as level if it grew by less than this ...
const LEVEL: f64 = 0.05;
/// ... while the concurrency grew by at least this.
const MORE: f64 = 0.25;

/// The limit, if the last steps show one: at least three steps, the last two with much more concurrency than the one
/// before and no more throughput. Steps in order of their concurrency.
pub fn concurrency_limit(steps: &[LoadStep]) -> Option<ConcurrencyLimit> {
    let [first, .., before, last] = steps else { return None };
    let grew = |of: f64, from: f64| from > 0.0 && of > from * (1.0 + MORE);
    let level = last.throughput < before.throughput * (1.0 + LEVEL);
    let plateau = grew(last.concurrency, before.concurrency) && level;
    let queueing = last.response_time.as_secs_f64() > first.response_time.as_secs_f64() * (1.0 + MORE);
    let throughput = before.throughput.max(last.throughput);
    (plateau && queueing)
        .then_some(ConcurrencyLimit { at_once: throughput * first.response_time.as_secs_f64(), throughput })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A closed load on a target that works on `pool` requests at once, each taking 10 ms.
    fn closed(users: f64, pool: f64) -> LoadStep {
        let throughput = users.min(pool) * 100.0;
        let response_time = Duration::from_secs_f64(users / throughput);
        LoadStep { concurrency: users, throughput, response_time }
    }

    #[test]
    fn a_pool_of_a_hundred_shows() {
        let steps: Vec<LoadStep> = [10.0, 50.0, 100.0, 200.0, 400.0].map(|users| closed(users, 100.0)).into();
        let limit = concurrency_limit(&steps).expect("a plateau");
        assert!((limit.at_once - 100.0).abs() < 0.5, "{limit:?}");
        assert_eq!(limit.throughput, 10_000.0);
        assert_eq!(concurrency_limit(&steps[..3]), None, "not reached");
    }
}
