//! Causes in the application.

use super::world::{Request, causes, evidence, healthy, only};
use crate::find;
use crate::finding::{Cause, CauseClass, Confidence};

#[test]
fn calls_one_after_the_other_could_be_made_together() {
    let work = |request: &mut Request, _: u64, _: bool| {
        request.compute(1.0);
        ["stock/levels", "prices/now", "reviews/latest"].iter().for_each(|route| request.http(route, 60.0));
    };
    let findings = find(&evidence(&[("GET /products/{id}", &work)]));
    let found = only(&findings);
    assert_eq!((found.cause, found.class), (Cause::SerialisedCalls, CauseClass::Application));
    let improvement = found.improvement.as_ref().unwrap();
    assert!(
        (improvement.p95_ms - 181.5).abs() < 0.1 && (improvement.expected_p95_ms - 61.5).abs() < 0.1,
        "{improvement:?}"
    );
}

#[test]
fn calls_at_the_same_time_are_no_row() {
    let work = |request: &mut Request, _: u64, _: bool| {
        request.compute(1.0);
        request.http_together(&["stock/levels", "prices/now", "reviews/latest"], 15.0);
        request.compute(30.0);
    };
    assert_eq!(causes(&find(&evidence(&[("GET /products/{id}", &work)]))), []);
}

#[test]
fn very_many_calls_are_chatty() {
    let work = |request: &mut Request, _: u64, _: bool| (0..24).for_each(|_| request.http("prices/{}", 3.0));
    let findings = find(&evidence(&[("GET /basket", &work)]));
    let found = only(&findings);
    assert_eq!(found.cause, Cause::ChattyCalls);
    assert_eq!(found.title, "GET /basket calls GET prices/{} 24 times a request");
}

#[test]
fn one_long_call_blocks_the_request() {
    let work = |request: &mut Request, _: u64, _: bool| {
        request.compute(2.0);
        request.http("payment/check", 150.0);
    };
    let findings = find(&evidence(&[("POST /checkout", &work), ("GET /products", &healthy)]));
    let found = only(&findings);
    assert_eq!((found.cause, found.endpoint.as_deref()), (Cause::BlockingCall, Some("POST /checkout")));
    assert!(found.title.contains("payment/check"));
}

#[test]
fn time_before_the_server_begins_is_a_wait_for_a_worker() {
    let work = |request: &mut Request, _: u64, is_high: bool| {
        request.wait_outside(if is_high { 90.0 } else { 0.5 });
        request.compute(10.0);
    };
    let findings = find(&evidence(&[("GET /products", &work)]));
    let found = only(&findings);
    assert_eq!(found.cause, Cause::WorkerPool);
    // Ten requests a second of 10 ms each.
    assert!(found.evidence[1].contains("about 0 requests at once"), "{:?}", found.evidence);
    assert!((found.explains.unwrap().high - 0.89).abs() < 0.01, "{:?}", found.explains);
}

#[test]
fn work_that_grows_with_the_square_of_the_answer_is_super_linear() {
    let work = |request: &mut Request, number: u64, _: bool| {
        let size = 10.0 * (1 + number % 5) as f64;
        request.compute(0.05 * size * size);
        request.answer(100 * size as u64);
    };
    let findings = find(&evidence(&[("GET /report", &work)]));
    let found = only(&findings);
    assert_eq!((found.cause, found.confidence), (Cause::SuperLinear, Confidence::Proved));
    assert!(found.title.ends_with("faster than its answer, to the power of 1.5"), "{}", found.title);

    let linear = |request: &mut Request, number: u64, _: bool| {
        let size = 10.0 * (1 + number % 5) as f64;
        request.compute(size);
        request.answer(100 * size as u64);
    };
    assert_eq!(causes(&find(&evidence(&[("GET /report", &linear)]))), []);
}

#[test]
fn a_busy_processor_is_no_queue_for_a_worker() {
    let work = |request: &mut Request, _: u64, is_high: bool| {
        request.wait_outside(if is_high { 20.0 } else { 1.0 });
        request.query("SELECT 1", if is_high { 25.0 } else { 4.0 });
    };
    assert_eq!(causes(&find(&evidence(&[("GET /basket", &work)]))), []);
}
