//! A run whose every number is known, for the tests of all forms of output.

use std::sync::Arc;
use std::time::SystemTime;

use squall_insight::{Demands, Judgement};
use squall_metrics::{
    DataUse, FailureClass, FlowId, GeneratorVerdict, Histogram, IterationEnd, Kind, Method, Nanos, Phases, Recorder,
    Registry, RequestSample, Second, Totals, Unit,
};
use squall_plan::{Defaults, Options, Plan, Policy, Threshold, ThresholdSpec};

use crate::{Document, Ending, Machine, RunFacts};

const MILLI: u64 = 1_000_000;

/// A run of two seconds whose every number is known.
pub(crate) fn known_run() -> Totals {
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
            tags: squall_metrics::TagSetId::NONE,
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
    for time in [3, 5, 7, 9] {
        recorder.server_timing(checkout, "db", Nanos(time * MILLI));
    }
    let orders = recorder.metric("orders", Kind::Counter, Unit::Number).expect("new");
    recorder.counter(checkout, orders, 25.0);
    let basket = recorder.metric("basket", Kind::Trend, Unit::Number).expect("new");
    recorder.trend(checkout, basket, 12.5);
    let mut totals = Totals::new(registry, "default", vec!["browse".to_owned(), "checkout".to_owned()]);
    totals.recorded = recorder.take();
    totals.recorded.busy = Nanos(3 * MILLI);
    totals.elapsed = Nanos(2_000 * MILLI);
    totals.vus_max = 10;
    totals.set_vus(Nanos(1), 10);
    totals
}

pub(crate) fn thresholds() -> Vec<Threshold> {
    [
        ("http_req_duration", "p(95)<500"),
        ("http_req_failed", "rate<0.01"),
        ("http_req_duration{flow:checkout}", "p(99)<50"),
    ]
    .map(|(selector, expression)| Threshold::parse(selector, &ThresholdSpec::from(expression)).expect("valid"))
    .to_vec()
}

/// The judgement on them, by a generator that kept up.
pub(crate) fn judgement(totals: &Totals) -> Judgement {
    Demands::of_thresholds(&thresholds()).judge(totals, &GeneratorVerdict::default())
}

/// The document of that run, in which the flow `browse` was called `name`.
pub(crate) fn known_document(name: &str) -> Document {
    document_held_to(name, known_run(), &Demands::of_thresholds(&thresholds()))
}

/// The document of a run that was held to something else.
pub(crate) fn document_held_to(name: &str, mut totals: Totals, demands: &Demands) -> Document {
    name.clone_into(&mut totals.flows[0]);
    if totals.history.is_empty() {
        let mut response_time = Histogram::new();
        response_time.record(Nanos(5 * MILLI));
        let length = Nanos(1_000 * MILLI);
        totals.history.push(Second { length, requests: 100, vus: 10, response_time, ..Second::default() });
    }
    let flows = [(name.to_owned(), 3), ("checkout".to_owned(), 1)];
    let plan = Plan::resolve(Options::default(), &flows, Defaults { threads: 1, seed: 7 }).expect("a plan");
    let facts = RunFacts {
        scenario: name.to_owned(),
        component: "sha256:0".to_owned(),
        plan: None,
        began: SystemTime::UNIX_EPOCH,
        end: Ending { as_planned: true, text: "as planned".to_owned() },
        machine: Machine { os: "linux".to_owned(), arch: "x86_64".to_owned(), cores: 2 },
        squall: "0.1.0".to_owned(),
        command: format!("squall run {name}"),
        soak: Vec::new(),
        course: Vec::new(),
        findings: None,
    };
    let taken = |name: &str, rows, policy: Policy, taken| {
        let (name, policy) = (name.to_owned(), policy.to_string());
        DataUse { name, rows, policy, taken, ended_the_run: rows == taken }
    };
    let data = vec![taken("users", 1_000, Policy::OnceEach, 1_000), taken("terms", 1, Policy::Shuffle, 12_345)];
    let judgement = demands.judge(&totals, &GeneratorVerdict::default());
    Document::new(&totals, &judgement, data, &(&plan).into(), &facts)
}
