//! Causes below the application.

use std::time::Duration;

use super::world::{Request, causes, evidence, only};
use crate::evidence::{Evidence, ResourceSeries};
use crate::find;
use crate::finding::{Cause, CauseClass, Confidence};

fn busy(request: &mut Request, _: u64, is_high: bool) {
    request.compute(if is_high { 9.0 } else { 3.0 });
}

fn watched(name: &str, limit: Option<f64>, value: impl Fn(u64) -> f64) -> Evidence {
    let points = (0..50).map(|second| (Duration::from_secs(second), value(second))).collect();
    let series = ResourceSeries { source: "process shop".to_owned(), name: name.to_owned(), limit, points };
    Evidence { resources: vec![series], ..evidence(&[("GET /products", &busy)]) }
}

#[test]
fn busy_processors_are_saturated_at_the_endpoint_that_computes_most() {
    let findings = find(&watched("cpu", Some(1.0), |second| if second < 10 { 0.2 } else { 0.97 }));
    let found = only(&findings);
    assert_eq!((found.cause, found.class), (Cause::Cpu, CauseClass::Infrastructure));
    assert_eq!(found.endpoint.as_deref(), Some("GET /products"));
    assert_eq!(causes(&find(&watched("cpu", Some(1.0), |_| 0.7))), []);
}

#[test]
fn a_quota_that_holds_back_is_told() {
    assert_eq!(only(&find(&watched("cpu_throttled", None, |_| 0.3))).cause, Cause::Cpu);
    assert_eq!(causes(&find(&watched("cpu_throttled", None, |_| 0.01))), []);
}

#[test]
fn memory_that_is_full_or_grows_with_requests_is_told() {
    const MIB: f64 = 1_048_576.0;
    assert_eq!(only(&find(&watched("memory", Some(1_000.0 * MIB), |_| 960.0 * MIB))).cause, Cause::Memory);
    let findings = find(&watched("memory", None, |second| (100.0 + second as f64) * MIB));
    let found = only(&findings);
    assert_eq!((found.cause, found.confidence), (Cause::MemoryLeak, Confidence::Hypothesis));
    // A MiB each second, and ten requests.
    assert!(found.evidence[0].contains("102.4 KiB a request"), "{:?}", found.evidence);
    let settles = |second: u64| (100.0 + second.min(25) as f64) * MIB;
    assert_eq!(causes(&find(&watched("memory", None, settles))), []);
}

#[test]
fn work_that_takes_longer_under_the_load_is_a_processor_s_queue_perhaps() {
    let work = |request: &mut Request, _: u64, is_high: bool| {
        request.compute(if is_high { 160.0 } else { 20.0 });
        request.query("SELECT 1", if is_high { 20.0 } else { 1.0 });
    };
    let findings = find(&evidence(&[("GET /basket", &work)]));
    let found = only(&findings);
    assert_eq!((found.cause, found.confidence), (Cause::Cpu, Confidence::Hypothesis));
    assert!(found.title.starts_with("GET /basket computes for 20 ms a request"), "{}", found.title);
}
