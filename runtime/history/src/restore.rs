//! From what is stored back to what was measured, among the names of a registry that several runs may share.

use squall_metrics::{
    Cell, CustomCell, CustomKey, FailureClass, FlowId, GaugeCell, Interval, Kind, LeftOut, Method, NameId, Nanos,
    Problem, ProblemCell, Protocol, RateCell, Registry, RegistryError, RequestKey, Second, Unit,
};

use crate::flows::Flows;
use crate::format::{
    Custom, CustomValue, FlowCell, Gauge, NamedCell, ProblemLine, Requests, SecondLine, Snapshot, WarmUp,
};

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

    fn flow_cells<C: Cell + Clone>(&self, cells: &[FlowCell<C>], of: &Snapshot) -> impl Iterator<Item = (FlowId, C)> {
        cells.iter().map(|line| (self.flows.number(line.flow, of), line.cell.0.clone()))
    }

    fn named_cells<C: Cell + Clone>(
        &self,
        cells: &[NamedCell<C>],
        of: &Snapshot,
    ) -> impl Iterator<Item = (CustomKey, C)> {
        cells.iter().map(|line| {
            let key = CustomKey { flow: self.flows.number(line.flow, of), id: self.name(&line.name).0 };
            (key, line.cell.0.clone())
        })
    }
}

/// What the snapshot holds. Fails if a custom metric has another kind here already.
pub(crate) fn restore(snapshot: &Snapshot, names: &Names<'_>) -> Result<Interval, RegistryError> {
    let mut recorded = Interval {
        iterations: names.flow_cells(&snapshot.iterations, snapshot).collect(),
        dropped: names.flow_cells(&snapshot.dropped, snapshot).collect(),
        checks: names.named_cells(&snapshot.checks, snapshot).collect(),
        transactions: names.named_cells(&snapshot.transactions, snapshot).collect(),
        streams: names.named_cells(&snapshot.streams, snapshot).collect(),
        sockets: names.named_cells(&snapshot.sockets, snapshot).collect(),
        websockets: names.named_cells(&snapshot.websockets, snapshot).collect(),
        run: snapshot.run.0,
        pacing: snapshot.pacing.0.clone(),
        busy: Nanos(snapshot.busy),
        ..Interval::default()
    };
    let flow = |number| names.flows.number(number, snapshot);
    for line in &snapshot.requests {
        recorded.requests.insert(request_key(line, flow(line.flow), names), line.cell.0.clone());
    }
    for (key, times) in names.named_cells(&snapshot.server_timings, snapshot) {
        recorded.server_timings.entry(key).or_default().merge(&times);
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
        proto: Protocol::of(&line.proto),
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
