//! From what is stored back to what was measured, among the names of a registry that several runs may share.

use squall_metrics::{
    CustomCell, CustomKey, DroppedCell, FailureClass, FlowId, GaugeCell, Interval, IterationCell, Kind, LeftOut,
    Method, NameId, Nanos, Pacing, Problem, ProblemCell, RateCell, Registry, RegistryError, RequestCell, RequestKey,
    Second, TransactionCell, Unit,
};

use crate::flows::Flows;
use crate::format::{Custom, CustomValue, Gauge, PacingLine, ProblemLine, Requests, SecondLine, Snapshot, WarmUp};

/// Where restored series find their names: those of one run, or of several that are merged.
pub(crate) struct Names<'a> {
    pub(crate) registry: &'a Registry,
    /// Those of the runs' flows.
    pub(crate) flows: &'a Flows,
}

impl Names<'_> {
    fn name(&self, name: &str) -> NameId {
        if name == self.registry.name(NameId::OTHER) { NameId::OTHER } else { self.registry.intern(name) }
    }
}

/// What the snapshot holds. Fails if a custom metric has another kind here already.
pub(crate) fn restore(snapshot: &Snapshot, names: &Names<'_>) -> Result<Interval, RegistryError> {
    let mut recorded = Interval::default();
    let flow = |number| names.flows.number(number, snapshot);
    for line in &snapshot.requests {
        let key = request_key(line, flow(line.flow), names);
        recorded.requests.insert(key, request_cell(line));
    }
    for line in &snapshot.iterations {
        let cell = IterationCell {
            count: line.count,
            failed: line.failed,
            trapped: line.trapped,
            interrupted: line.interrupted,
            duration: line.duration.0.clone(),
            guest_time: Nanos(line.guest_time),
        };
        recorded.iterations.insert(flow(line.flow), cell);
    }
    for line in &snapshot.dropped {
        let cell = DroppedCell { count: line.count, waited: line.waited.0.clone() };
        recorded.dropped.insert(flow(line.flow), cell);
    }
    for line in &snapshot.checks {
        let key = CustomKey { flow: flow(line.flow), id: names.name(&line.name).0 };
        recorded.checks.insert(key, RateCell { passes: line.passes, fails: line.fails });
    }
    for line in &snapshot.transactions {
        let key = CustomKey { flow: flow(line.flow), id: names.name(&line.name).0 };
        let failed = RateCell { passes: line.failed, fails: line.succeeded };
        recorded.transactions.insert(key, TransactionCell { duration: line.duration.0.clone(), failed });
    }
    for line in &snapshot.server_timings {
        let key = CustomKey { flow: flow(line.flow), id: names.name(&line.name).0 };
        recorded.server_timings.entry(key).or_default().merge(&line.duration.0);
    }
    for line in &snapshot.customs {
        let (kind, cell) = custom_cell(line);
        let id = names.registry.register(&line.name, kind, unit(&line.unit))?.0;
        recorded.customs.insert(CustomKey { flow: flow(line.flow), id }, cell);
    }
    for line in &snapshot.problems {
        let flow = flow(line.flow);
        let cell = ProblemCell { count: line.count, examples: line.examples.clone() };
        recorded.problems.insert(problem(line, flow), cell);
    }
    recorded.run.reconnects = snapshot.reconnects;
    recorded.pacing = pacing(&snapshot.pacing);
    recorded.busy = Nanos(snapshot.busy);
    Ok(recorded)
}

pub(crate) fn second(line: SecondLine) -> Second {
    Second {
        at: Nanos(line.at),
        length: Nanos(line.length),
        requests: line.requests,
        failed: line.failed,
        iterations: line.iterations,
        dropped: line.dropped,
        vus: line.vus,
        response_time: line.response_time.0,
        service_time: line.http_req_duration.0,
    }
}

pub(crate) fn warm_up(stored: &WarmUp) -> LeftOut {
    match stored.kind.as_str() {
        "planned" => LeftOut::Planned(Nanos(stored.time)),
        "found" => LeftOut::Found(Nanos(stored.time)),
        "never-settled" => LeftOut::NeverSettled,
        "too-short" => LeftOut::TooShort,
        _ => LeftOut::Nothing,
    }
}

pub(crate) fn gauge(stored: &Gauge) -> GaugeCell {
    GaugeCell { at: Nanos(stored.at), value: stored.value, min: stored.min, max: stored.max }
}

fn request_key(line: &Requests, flow: FlowId, names: &Names<'_>) -> RequestKey {
    RequestKey {
        flow,
        name: names.name(&line.name),
        method: Method::of(&line.method),
        status: line.status,
        failure: failure(&line.error).map_or(0, |class| class as u8),
        expected: line.expected_response,
    }
}

fn request_cell(line: &Requests) -> RequestCell {
    RequestCell {
        count: line.count,
        sent: line.data_sent,
        received: line.data_received,
        response_time: line.response_time.0.clone(),
        duration: line.duration.0.clone(),
        blocked: line.blocked.0.clone(),
        connecting: line.connecting.0.clone(),
        tls_handshaking: line.tls_handshaking.0.clone(),
        sending: line.sending.0.clone(),
        waiting: line.waiting.0.clone(),
        receiving: line.receiving.0.clone(),
    }
}

fn failure(name: &str) -> Option<FailureClass> {
    FailureClass::ALL.into_iter().find(|class| class.name() == name)
}

fn custom_cell(line: &Custom) -> (Kind, CustomCell) {
    match &line.value {
        CustomValue::Counter(sum) => (Kind::Counter, CustomCell::Counter(*sum)),
        CustomValue::Gauge(value) => (Kind::Gauge, CustomCell::Gauge(gauge(value))),
        CustomValue::Rate { passes, fails } => {
            (Kind::Rate, CustomCell::Rate(RateCell { passes: *passes, fails: *fails }))
        }
        CustomValue::Trend(histogram) => (Kind::Trend, CustomCell::Trend(histogram.0.clone())),
    }
}

fn unit(name: &str) -> Unit {
    match name {
        "time" => Unit::Time,
        "data" => Unit::Data,
        _ => Unit::Number,
    }
}

fn problem(line: &ProblemLine, flow: FlowId) -> Problem {
    match (line.kind.as_str(), failure(&line.error)) {
        ("request", Some(class)) => Problem::Request(flow, class),
        ("failed", _) => Problem::Failed(flow),
        ("trapped", _) => Problem::Trapped(flow),
        _ => Problem::Start,
    }
}

fn pacing(line: &PacingLine) -> Pacing {
    Pacing {
        due: line.due,
        begun: line.begun,
        noticed_late: line.noticed_late.0.clone(),
        schedule_lag: line.schedule_lag.0.clone(),
        runtime_delay: line.runtime_delay.0.clone(),
        under_way: line.under_way,
        looks: line.looks,
        run_delay: Nanos(line.kept_waiting),
    }
}
