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

/// The only cause of a run in which a series has a value under the load, and another one before.
fn cause_of(name: &str, limit: Option<f64>, low: f64, high: f64) -> Vec<Cause> {
    causes(&find(&watched(name, limit, |second| if second < 10 { low } else { high })))
}

#[test]
fn what_a_machine_waits_for_is_told_and_little_of_it_is_not() {
    let rows = [
        ("disk_busy", None, 0.1, 0.97, 0.6, Cause::Disk),
        ("swapped", None, 0.0, 8e6, 1e5, Cause::Memory),
        ("out_of_memory_kills", None, 0.0, 1.0, 0.0, Cause::Memory),
        ("retransmitted", None, 0.0, 0.04, 0.002, Cause::Network),
        ("cpu_stolen", None, 0.0, 0.25, 0.03, Cause::NoisyNeighbour),
        ("descriptors", Some(1024.0), 100.0, 1020.0, 500.0, Cause::Descriptors),
        ("gc_pauses", None, 0.0, 0.3, 0.02, Cause::GarbageCollection),
    ];
    for (name, limit, low, bad, good, cause) in rows {
        assert_eq!(cause_of(name, limit, low, bad), [cause], "{name}");
        assert_eq!(cause_of(name, limit, low, good), [], "{name}");
    }
}

#[test]
fn a_slow_disk_is_confirmed_by_processors_that_wait_for_it() {
    let mut evidence = watched("disk_busy", None, |second| if second < 10 { 0.1 } else { 0.7 });
    assert_eq!(causes(&find(&evidence)), []);
    let more = |name: &str, low: f64, high: f64| {
        let points =
            (0..50).map(|second| (Duration::from_secs(second), if second < 10 { low } else { high })).collect();
        ResourceSeries { source: "process shop".to_owned(), name: name.to_owned(), limit: None, points }
    };
    evidence.resources.push(more("disk_latency_ms", 2.0, 45.0));
    assert_eq!(only(&find(&evidence)).confidence, Confidence::SingleSource);
    evidence.resources.push(more("cpu_waiting", 0.0, 0.4));
    let findings = find(&evidence);
    let found = only(&findings);
    assert_eq!((found.cause, found.confidence), (Cause::Disk, Confidence::ConfirmedByTwoSources));
    assert_eq!(found.evidence[1], "an operation takes 45.0 ms, under low load 2.0 ms");
}

#[test]
fn a_machine_that_is_full_is_told_if_the_target_has_most_of_it() {
    let with_machine = |share: f64, busy: f64| {
        let mut evidence = watched("cpu", Some(1.0), |second| if second < 10 { 0.1 } else { share });
        let points =
            (0..50).map(|second| (Duration::from_secs(second), if second < 10 { 0.2 } else { busy })).collect();
        let machine = ResourceSeries {
            source: "this machine".to_owned(),
            name: "machine_busy".to_owned(),
            limit: Some(1.0),
            points,
        };
        evidence.resources.push(machine);
        causes(&find(&evidence))
    };
    assert_eq!(with_machine(0.7, 0.97), [Cause::Cpu]);
    assert_eq!(with_machine(0.3, 0.97), [], "others have most of it");
    assert_eq!(with_machine(0.7, 0.8), []);
}

#[test]
fn a_process_that_uses_one_processor_of_several_is_told() {
    let findings = find(&watched("cpu_cores", Some(4.0), |second| if second < 10 { 0.2 } else { 0.99 }));
    let found = only(&findings);
    assert_eq!(
        (found.cause, found.title.as_str()),
        (Cause::Cpu, "process shop uses one processor to the full, and no other")
    );
    assert_eq!(causes(&find(&watched("cpu_cores", Some(1.0), |_| 0.99))), [], "it has no other");
    assert_eq!(causes(&find(&watched("cpu_cores", Some(4.0), |second| 0.7 + (second % 10) as f64 / 10.0))), []);
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
    // As Express has it: the request's own span does nothing, that of the middleware below it everything.
    let middleware = |request: &mut Request, _: u64, is_high: bool| {
        request.compute_in_a_span(if is_high { 160.0 } else { 20.0 });
        request.query("SELECT 1", if is_high { 20.0 } else { 1.0 });
    };
    for findings in [find(&evidence(&[("GET /basket", &work)])), find(&evidence(&[("GET /basket", &middleware)]))] {
        let found = only(&findings);
        assert_eq!((found.cause, found.confidence), (Cause::Cpu, Confidence::Hypothesis));
        assert!(found.title.starts_with("GET /basket computes for 20 ms a request"), "{}", found.title);
    }
}
