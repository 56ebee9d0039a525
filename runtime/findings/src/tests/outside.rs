//! What shows without a look inside.

use std::time::Duration;

use super::world::{causes, only};
use crate::evidence::{Evidence, LoadSecond};
use crate::find;
use crate::finding::{Cause, Confidence};

/// A closed load on a target that works on `pool` requests at once, each taking 10 ms.
fn closed(levels: &[f64], pool: f64) -> Evidence {
    let second = |(at, users): (u64, f64)| {
        let throughput = users.min(pool) * 100.0;
        let response_time = Duration::from_secs_f64(users / throughput);
        LoadSecond { at: Duration::from_secs(at), intensity: users, throughput, response_time }
    };
    let seconds = levels.iter().flat_map(|users| [*users; 5]);
    Evidence { load: (0..).zip(seconds).map(second).collect(), ..Evidence::default() }
}

#[test]
fn a_pool_shows_by_little_s_law_with_its_size() {
    let findings = find(&closed(&[1.0, 32.0], 4.0));
    let found = only(&findings);
    assert_eq!((found.cause, found.confidence), (Cause::ConcurrencyLimit, Confidence::Hypothesis));
    assert_eq!(found.title, "the target works on about 4 requests at once");
    assert_eq!(causes(&find(&closed(&[1.0, 32.0], 64.0))), []);
}

#[test]
fn contention_shows_in_a_ramp() {
    // X(N) = 100 N / (1 + 0.1 (N - 1)).
    let mut evidence = closed(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0], f64::MAX);
    for second in &mut evidence.load {
        let users = second.intensity;
        second.throughput = 100.0 * users / (1.0 + 0.1 * (users - 1.0));
        second.response_time = Duration::from_secs_f64(users / second.throughput);
    }
    let findings = find(&evidence);
    assert!(causes(&findings).contains(&Cause::Scaling), "{:?}", causes(&findings));
    let found = findings.findings.iter().find(|found| found.cause == Cause::Scaling).unwrap();
    assert_eq!(found.title, "10 % of each request's work waits for a resource that all share");
}
