//! From what was measured to what is stored. `restore.rs` is the way back.

use squall_metrics::{
    Cell, CustomCell, CustomKey, FlowId, GaugeCell, Histogram, Interval, LeftOut, MetricId, NameId, Problem,
    ProblemCell, RequestCell, RequestKey, ScenarioTags, Second, Totals, Unit,
};

use crate::format::{
    Custom, CustomValue, FlowCell, Gauge, NamedCell, ProblemLine, Requests, SecondLine, Snapshot, StoredCell,
    StoredHistogram, StoredScenario, WarmUp,
};

/// Everything that was measured up to now. Lists are sorted, so that the same measurements make the same file.
pub fn snapshot(totals: &Totals) -> Snapshot {
    let recorded = &totals.recorded;
    Snapshot {
        elapsed: totals.elapsed.0,
        scenario: totals.scenarios.first().map(|first| first.name.clone()).unwrap_or_default(),
        scenarios: totals.scenarios.iter().map(scenario).collect(),
        flows: totals.flows.clone(),
        vus: totals.vus.as_ref().map(gauge),
        vus_max: totals.vus_max,
        warm_up: warm_up(totals.warm_up),
        counts_from: totals.history.first_at().0,
        requests: requests(totals),
        iterations: flow_cells(&recorded.iterations),
        dropped: flow_cells(&recorded.dropped),
        checks: named_cells(totals, &recorded.checks),
        transactions: named_cells(totals, &recorded.transactions),
        streams: named_cells(totals, &recorded.streams),
        sockets: named_cells(totals, &recorded.sockets),
        websockets: named_cells(totals, &recorded.websockets),
        server_timings: named_cells(totals, &recorded.server_timings),
        customs: customs(totals),
        problems: problems(recorded),
        run: StoredCell(recorded.run),
        pacing: StoredCell(recorded.pacing.clone()),
        busy: recorded.busy.0,
    }
}

pub(crate) fn second_line(second: &Second) -> SecondLine {
    SecondLine {
        at: second.at.0,
        length: second.length.0,
        requests: second.requests,
        failed: second.failed,
        iterations: second.iterations,
        dropped: second.dropped,
        vus: second.vus,
        response_time: stored(&second.response_time),
        http_req_duration: stored(&second.service_time),
    }
}

fn scenario(scenario: &ScenarioTags) -> StoredScenario {
    StoredScenario { name: scenario.name.clone(), first_flow: scenario.first_flow, tags: scenario.tags.clone() }
}

fn stored(histogram: &Histogram) -> StoredHistogram {
    StoredHistogram(histogram.clone())
}

fn gauge(cell: &GaugeCell) -> Gauge {
    Gauge { at: cell.at.0, value: cell.value, min: cell.min, max: cell.max }
}

fn warm_up(left_out: LeftOut) -> WarmUp {
    let (kind, time) = match left_out {
        LeftOut::Nothing => ("nothing", 0),
        LeftOut::Planned(time) => ("planned", time.0),
        LeftOut::Found(time) => ("found", time.0),
        LeftOut::NeverSettled => ("never-settled", 0),
        LeftOut::TooShort => ("too-short", 0),
    };
    WarmUp { kind: kind.to_owned(), time }
}

/// The cells of a kind, in the order of their keys.
fn sorted<'a, K: Copy + Ord + 'a, C: 'a>(
    cells: impl IntoIterator<Item = (&'a K, &'a C)>,
) -> impl Iterator<Item = (K, &'a C)> {
    let mut cells: Vec<(K, &C)> = cells.into_iter().map(|(key, cell)| (*key, cell)).collect();
    cells.sort_by_key(|(key, _)| *key);
    cells.into_iter()
}

fn requests(totals: &Totals) -> Vec<Requests> {
    let line = |(key, cell): (RequestKey, &RequestCell)| Requests {
        flow: key.flow.0,
        name: totals.registry.name(key.name),
        method: key.method.name().to_owned(),
        status: key.status,
        error: failure_name(key.failure).to_owned(),
        expected_response: key.expected,
        proto: key.proto.name().to_owned(),
        cell: StoredCell(cell.clone()),
    };
    sorted(&totals.recorded.requests).map(line).collect()
}

fn failure_name(number: u8) -> &'static str {
    let class = squall_metrics::FailureClass::ALL.into_iter().find(|class| *class as u8 == number);
    class.map_or("", |class| class.name())
}

fn flow_cells<'a, C: Cell + Clone>(cells: impl IntoIterator<Item = (&'a FlowId, &'a C)>) -> Vec<FlowCell<C>> {
    sorted(cells).map(|(flow, cell)| FlowCell { flow: flow.0, cell: StoredCell(cell.clone()) }).collect()
}

fn named_cells<'a, C: Cell + Clone>(
    totals: &Totals,
    cells: impl IntoIterator<Item = (&'a CustomKey, &'a C)>,
) -> Vec<NamedCell<C>> {
    let name = |id| totals.registry.name(NameId(id));
    sorted(cells)
        .map(|(key, cell)| NamedCell { flow: key.flow.0, name: name(key.id), cell: StoredCell(cell.clone()) })
        .collect()
}

fn customs(totals: &Totals) -> Vec<Custom> {
    let line = |(key, cell): (CustomKey, &CustomCell)| {
        let info = totals.registry.metric(MetricId(key.id))?;
        let value = match cell {
            CustomCell::Counter(sum) => CustomValue::Counter(*sum),
            CustomCell::Gauge(cell) => CustomValue::Gauge(gauge(cell)),
            CustomCell::Rate(cell) => CustomValue::Rate { passes: cell.passes, fails: cell.fails },
            CustomCell::Trend(histogram) => CustomValue::Trend(stored(histogram)),
        };
        Some(Custom { flow: key.flow.0, name: info.name, unit: unit_name(info.unit).to_owned(), value })
    };
    sorted(&totals.recorded.customs).filter_map(line).collect()
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Number => "number",
        Unit::Time => "time",
        Unit::Data => "data",
    }
}

fn problems(recorded: &Interval) -> Vec<ProblemLine> {
    let line = |(problem, cell): (Problem, &ProblemCell)| {
        let (kind, flow, error) = match problem {
            Problem::Request(flow, class) => ("request", flow.0, class.name()),
            Problem::Failed(flow) => ("failed", flow.0, ""),
            Problem::Trapped(flow) => ("trapped", flow.0, ""),
            Problem::Start => ("start", FlowId::START.0, ""),
        };
        ProblemLine {
            kind: kind.to_owned(),
            flow,
            error: error.to_owned(),
            count: cell.count,
            examples: cell.examples.clone(),
        }
    };
    sorted(&recorded.problems).map(line).collect()
}
