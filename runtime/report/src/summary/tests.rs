use std::sync::Arc;

use squall_metrics::{
    FailureClass, FlowId, GeneratorVerdict, IterationEnd, Method, Nanos, Phases, Recorder, Registry, RequestSample,
    Totals, Unit, evaluate_thresholds,
};
use squall_plan::{Policy, Threshold, ThresholdSpec};

use super::*;
use crate::summary_export;

const MILLI: u64 = 1_000_000;

/// A run of two seconds whose every number is known.
fn known_run() -> Totals {
    let registry = Arc::new(Registry::new(1000));
    let mut recorder = Recorder::new(Arc::clone(&registry));
    let (browse, checkout) = (FlowId(0), FlowId(1));
    let (home, order) = (recorder.name("home"), recorder.name("order"));
    for index in 1..=100u64 {
        let phases = Phases {
            sending: Nanos(MILLI),
            waiting: Nanos(index.saturating_sub(2) * MILLI),
            receiving: Nanos(MILLI * u64::from(index > 1)),
            ..Phases::default()
        };
        let failed = index > 98;
        recorder.request(&RequestSample {
            flow: if index <= 75 { browse } else { checkout },
            name: if index <= 75 { home } else { order },
            method: if index <= 75 { Method::Get } else { Method::Post },
            status: if failed { 503 } else { 200 },
            failure: None,
            expected: !failed,
            phases,
            response_time: phases.duration(),
            sent: 100,
            received: 1000,
        });
    }
    recorder.request_failure(checkout, FailureClass::Timeout, "POST http://shop/order: no answer within 60s");
    let passed = recorder.name("status is 200");
    for index in 0..100 {
        recorder.check(browse, passed, index < 97);
        let end = if index == 99 { IterationEnd::Failed } else { IterationEnd::Completed };
        let flow = if index < 75 { browse } else { checkout };
        recorder.iteration(flow, end, Nanos(20 * MILLI), Nanos(5_000), "out of stock");
    }
    recorder.transaction(checkout, order, Nanos(40 * MILLI), false);
    let orders = recorder.metric("orders", squall_metrics::Kind::Counter, Unit::Number).expect("new");
    recorder.counter(checkout, orders, 25.0);
    let basket = recorder.metric("basket", squall_metrics::Kind::Trend, Unit::Number).expect("new");
    recorder.trend(checkout, basket, 12.5);
    recorder.busy(Nanos(3 * MILLI));
    let mut totals = Totals::new(registry, "default", vec!["browse".to_owned(), "checkout".to_owned()]);
    totals.recorded = recorder.take();
    totals.elapsed = Nanos(2_000 * MILLI);
    totals.vus_max = 10;
    totals.set_vus(Nanos(1), 10);
    totals
}

fn thresholds() -> Vec<Threshold> {
    [
        ("http_req_duration", "p(95)<500"),
        ("http_req_failed", "rate<0.01"),
        ("http_req_duration{flow:checkout}", "p(99)<50"),
    ]
    .map(|(selector, expression)| Threshold::parse(selector, &ThresholdSpec::from(expression)).expect("valid"))
    .to_vec()
}

#[test]
fn the_summary_of_a_known_run() {
    let totals = known_run();
    let results = evaluate_thresholds(&thresholds(), &totals);
    let summary = Summary {
        totals: &totals,
        thresholds: &results,
        generator: &GeneratorVerdict::default(),
        data: &[
            DataLine { name: "users", rows: 1_000, policy: Policy::OnceEach, taken: 1_000, ended_the_run: true },
            DataLine { name: "terms", rows: 1, policy: Policy::Shuffle, taken: 12_345, ended_the_run: false },
        ],
        planned_shares: &[0.75, 0.25],
        detail: Detail::Full,
        style: Style::Plain,
    };
    insta::assert_snapshot!(summary.render());
}

#[test]
fn the_export_of_a_known_run() {
    let totals = known_run();
    let results = evaluate_thresholds(&thresholds(), &totals);
    let export = summary_export(&totals, &results);
    let metrics = &export["metrics"];
    assert_eq!(metrics["http_reqs"]["count"], 100);
    assert_eq!(metrics["http_reqs"]["rate"], 50.0);
    assert_eq!(metrics["http_req_failed"]["passes"], 2);
    assert_eq!(metrics["http_req_failed"]["value"], 0.02);
    assert_eq!(metrics["data_received"]["count"], 100_000);
    assert_eq!(metrics["checks"]["value"], 0.97);
    let p95 = metrics["http_req_duration"]["p(95)"].as_f64().expect("a number");
    assert!((p95 - 95.0).abs() < 0.1, "{p95}");
    // In k6's legacy form `true` means that the threshold failed.
    assert_eq!(metrics["http_req_duration"]["thresholds"]["p(95)<500"], false);
    assert_eq!(metrics["http_req_failed"]["thresholds"]["rate<0.01"], true);
    assert_eq!(metrics["http_req_duration{flow:checkout}"]["thresholds"]["p(99)<50"], true);
    assert_eq!(export["root_group"]["id"], "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(export["root_group"]["checks"]["status is 200"]["fails"], 3);
}
