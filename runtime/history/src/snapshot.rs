//! From what was measured to what is stored. `restore.rs` is the way back.

use squall_metrics::{
    CustomCell, GaugeCell, Histogram, Interval, LeftOut, MetricId, NameId, Pacing, Problem, ScenarioTags, Second,
    Totals, Unit,
};

use crate::format::{
    Check, Custom, CustomValue, Dropped, Gauge, Iterations, PacingLine, ProblemLine, Requests, SecondLine,
    ServerTiming, Snapshot, StoredHistogram, StoredScenario, Transaction, WarmUp,
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
        iterations: iterations(recorded),
        dropped: dropped(recorded),
        checks: checks(totals),
        transactions: transactions(totals),
        server_timings: server_timings(totals),
        customs: customs(totals),
        problems: problems(recorded),
        reconnects: recorded.run.reconnects,
        pacing: pacing(&recorded.pacing),
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

fn requests(totals: &Totals) -> Vec<Requests> {
    let mut series: Vec<_> = totals.recorded.requests.iter().collect();
    series.sort_by_key(|(key, _)| **key);
    let line = |(key, cell): (&squall_metrics::RequestKey, &squall_metrics::RequestCell)| Requests {
        flow: key.flow.0,
        name: totals.registry.name(key.name),
        method: key.method.name().to_owned(),
        status: key.status,
        error: failure_name(key.failure).to_owned(),
        expected_response: key.expected,
        count: cell.count,
        data_sent: cell.sent,
        data_received: cell.received,
        response_time: stored(&cell.response_time),
        duration: stored(&cell.duration),
        blocked: stored(&cell.blocked),
        connecting: stored(&cell.connecting),
        tls_handshaking: stored(&cell.tls_handshaking),
        sending: stored(&cell.sending),
        waiting: stored(&cell.waiting),
        receiving: stored(&cell.receiving),
    };
    series.into_iter().map(line).collect()
}

fn failure_name(number: u8) -> &'static str {
    let class = squall_metrics::FailureClass::ALL.into_iter().find(|class| *class as u8 == number);
    class.map_or("", |class| class.name())
}

fn iterations(recorded: &Interval) -> Vec<Iterations> {
    let mut flows: Vec<_> = recorded.iterations.iter().collect();
    flows.sort_by_key(|(flow, _)| **flow);
    let line = |(flow, cell): (&squall_metrics::FlowId, &squall_metrics::IterationCell)| Iterations {
        flow: flow.0,
        count: cell.count,
        failed: cell.failed,
        trapped: cell.trapped,
        interrupted: cell.interrupted,
        duration: stored(&cell.duration),
        guest_time: cell.guest_time.0,
    };
    flows.into_iter().map(line).collect()
}

fn dropped(recorded: &Interval) -> Vec<Dropped> {
    let mut flows: Vec<_> = recorded.dropped.iter().collect();
    flows.sort_by_key(|(flow, _)| **flow);
    flows
        .into_iter()
        .map(|(flow, cell)| Dropped { flow: flow.0, count: cell.count, waited: stored(&cell.waited) })
        .collect()
}

fn checks(totals: &Totals) -> Vec<Check> {
    let mut series: Vec<_> = totals.recorded.checks.iter().collect();
    series.sort_by_key(|(key, _)| **key);
    let name = |id| totals.registry.name(NameId(id));
    series
        .into_iter()
        .map(|(key, cell)| Check { flow: key.flow.0, name: name(key.id), passes: cell.passes, fails: cell.fails })
        .collect()
}

fn transactions(totals: &Totals) -> Vec<Transaction> {
    let mut series: Vec<_> = totals.recorded.transactions.iter().collect();
    series.sort_by_key(|(key, _)| **key);
    let line = |(key, cell): (&squall_metrics::CustomKey, &squall_metrics::TransactionCell)| Transaction {
        flow: key.flow.0,
        name: totals.registry.name(NameId(key.id)),
        duration: stored(&cell.duration),
        failed: cell.failed.passes,
        succeeded: cell.failed.fails,
    };
    series.into_iter().map(line).collect()
}

fn server_timings(totals: &Totals) -> Vec<ServerTiming> {
    let mut series: Vec<_> = totals.recorded.server_timings.iter().collect();
    series.sort_by_key(|(key, _)| **key);
    let name = |id| totals.registry.name(NameId(id));
    series
        .into_iter()
        .map(|(key, times)| ServerTiming { flow: key.flow.0, name: name(key.id), duration: stored(times) })
        .collect()
}

fn customs(totals: &Totals) -> Vec<Custom> {
    let mut series: Vec<_> = totals.recorded.customs.iter().collect();
    series.sort_by_key(|(key, _)| **key);
    let line = |(key, cell): (&squall_metrics::CustomKey, &CustomCell)| {
        let info = totals.registry.metric(MetricId(key.id))?;
        let value = match cell {
            CustomCell::Counter(sum) => CustomValue::Counter(*sum),
            CustomCell::Gauge(cell) => CustomValue::Gauge(gauge(cell)),
            CustomCell::Rate(cell) => CustomValue::Rate { passes: cell.passes, fails: cell.fails },
            CustomCell::Trend(histogram) => CustomValue::Trend(stored(histogram)),
        };
        Some(Custom { flow: key.flow.0, name: info.name, unit: unit_name(info.unit).to_owned(), value })
    };
    series.into_iter().filter_map(line).collect()
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Number => "number",
        Unit::Time => "time",
        Unit::Data => "data",
    }
}

fn problems(recorded: &Interval) -> Vec<ProblemLine> {
    let mut problems: Vec<_> = recorded.problems.iter().collect();
    problems.sort_by_key(|(problem, _)| **problem);
    let line = |(problem, cell): (&Problem, &squall_metrics::ProblemCell)| {
        let (kind, flow, error) = match problem {
            Problem::Request(flow, class) => ("request", flow.0, class.name()),
            Problem::Failed(flow) => ("failed", flow.0, ""),
            Problem::Trapped(flow) => ("trapped", flow.0, ""),
            Problem::Start => ("start", squall_metrics::FlowId::START.0, ""),
        };
        ProblemLine {
            kind: kind.to_owned(),
            flow,
            error: error.to_owned(),
            count: cell.count,
            examples: cell.examples.clone(),
        }
    };
    problems.into_iter().map(line).collect()
}

fn pacing(pacing: &Pacing) -> PacingLine {
    PacingLine {
        due: pacing.due,
        begun: pacing.begun,
        noticed_late: stored(&pacing.noticed_late),
        schedule_lag: stored(&pacing.schedule_lag),
        runtime_delay: stored(&pacing.runtime_delay),
        under_way: pacing.under_way,
        looks: pacing.looks,
        kept_waiting: pacing.run_delay.0,
    }
}
