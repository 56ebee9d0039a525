//! A run whose every number is known, for the tests of all forms of output.

use std::sync::Arc;
use std::time::SystemTime;

use squall_insight::{Demands, Judgement};
use squall_metrics::{
    AgentLine, AgentsReport, DataUse, FailureClass, FlowId, GeneratorVerdict, Health, Histogram, IterationEnd, Kind,
    LostLoad, Method, Nanos, Phases, Protocol, Recorder, Registry, RequestSample, Second, Totals, Unit,
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
            proto: Protocol::Http1,
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
pub(crate) fn document_held_to(name: &str, totals: Totals, demands: &Demands) -> Document {
    document(name, totals, demands, None)
}

/// The document of that run, carried by agents.
pub(crate) fn known_document_of_agents(agents: AgentsReport) -> Document {
    document("browse", known_run(), &Demands::of_thresholds(&thresholds()), Some(agents))
}

/// Three agents, one of which was lost, and another came to take its place.
pub(crate) fn known_agents() -> AgentsReport {
    let agent = |name: &str, host: &str, threads, requests| AgentLine {
        name: name.to_owned(),
        host: host.to_owned(),
        threads,
        requests,
        share: requests as f64 / 100.0,
        clock_error_ms: 0.2,
        ..AgentLine::default()
    };
    AgentsReport {
        agents: vec![
            agent("agent-1", "alpha", 2, 60),
            AgentLine { health: Health::Suspect, lost_ms: Some(31_200.0), ..agent("agent-2", "beta", 2, 10) },
            AgentLine { joined_ms: Some(32_000.0), ..agent("agent-3", "gamma", 4, 30) },
        ],
        start_error_ms: 0.4,
        lost: vec![LostLoad {
            agent: "agent-2".to_owned(),
            at_ms: 31_200.0,
            reason: "nothing was heard of it for 4s".to_owned(),
            arrivals: Some(118),
            repeated: 0,
            iterations: 3,
            missing_from_ms: 27_000.0,
            missing_until_ms: 32_000.0,
            taken_over: true,
        }],
        dropped: vec!["a message of agent-7 was dropped: it cannot be read".to_owned()],
    }
}

/// An agent whose texts try to steer a terminal, a page, a table and a CI system.
pub(crate) fn hostile_agents() -> AgentsReport {
    let (name, host) = ("a|b<i>\u{1b}[31m\nx".to_owned(), "h|<b>\u{202e}".to_owned());
    let reason = "gone|<b>\r\n::error::x ##vso[task.complete] \u{1b}[2J".to_owned();
    let agent = AgentLine { name: name.clone(), host, threads: 1, ..AgentLine::default() };
    AgentsReport {
        agents: vec![agent],
        lost: vec![LostLoad { agent: name, reason: reason.clone(), iterations: 1, ..LostLoad::default() }],
        dropped: vec![reason],
        ..AgentsReport::default()
    }
}

fn document(name: &str, mut totals: Totals, demands: &Demands, agents: Option<AgentsReport>) -> Document {
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
        agents,
    };
    let taken = |name: &str, rows, policy: Policy, taken| {
        let (name, policy) = (name.to_owned(), policy.to_string());
        DataUse { name, rows, policy, taken, ended_the_run: rows == taken }
    };
    let data = vec![taken("users", 1_000, Policy::OnceEach, 1_000), taken("terms", 1, Policy::Shuffle, 12_345)];
    let judgement = demands.judge(&totals, &GeneratorVerdict::default());
    Document::new(&totals, &judgement, data, &(&plan).into(), &facts)
}
