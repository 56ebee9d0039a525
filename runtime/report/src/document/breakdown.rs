//! A run taken apart: by flow, by name, by transaction, by check, by error.

use std::collections::BTreeMap;

use squall_grpc::Code;
use squall_metrics::{
    Aggregate, FailureClass, FlowId, Histogram, NameId, Problem, ProblemCell, Protocol, RateCell, ScenarioTags,
    Selector, Totals,
};

use super::values::per_second;
use super::{
    CheckLine, Distribution, ErrorLine, FlowLine, RequestLine, ScenarioLine, ServerTimingLine, TransactionLine,
};

/// What was measured up to now, taken apart: what tables are printed from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Breakdown {
    /// By scenario, where the plan has several.
    pub scenarios: Vec<ScenarioLine>,
    /// By flow, where a scenario has several.
    pub flows: Vec<FlowLine>,
    /// By name and method, the most frequent first.
    pub requests: Vec<RequestLine>,
    /// By name.
    pub transactions: Vec<TransactionLine>,
    /// What servers said that their own work took, by its name.
    pub server_timings: Vec<ServerTimingLine>,
    /// By name.
    pub checks: Vec<CheckLine>,
    /// Responses by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Responses by version of HTTP.
    pub protocols: BTreeMap<String, u64>,
    /// What went wrong, by class.
    pub errors: Vec<ErrorLine>,
}

impl Breakdown {
    /// Of these measurements; shares by plan are those of the flows, 0 to 1.
    pub fn of(totals: &Totals, planned_shares: &[f64]) -> Breakdown {
        Breakdown {
            scenarios: scenarios(totals),
            flows: flows(totals, planned_shares),
            requests: requests(totals),
            transactions: transactions(totals),
            server_timings: server_timings(totals),
            checks: checks(totals),
            statuses: statuses(totals),
            protocols: protocols(totals),
            errors: errors(totals),
        }
    }
}

/// By scenario; nothing where there is but one.
fn scenarios(totals: &Totals) -> Vec<ScenarioLine> {
    if totals.scenarios.len() < 2 {
        return Vec::new();
    }
    let line = |scenario: &ScenarioTags| {
        let tag = [("scenario".to_owned(), scenario.name.clone())];
        let select = |metric| totals.select(Selector { metric, tags: &tag });
        let count = |metric| match select(metric) {
            Some(Aggregate::Counter(sum)) => sum as u64,
            _ => 0,
        };
        let rate = |metric| match select(metric) {
            Some(Aggregate::Rate(cell)) => cell,
            _ => RateCell::default(),
        };
        let response_time = match select("response_time") {
            Some(Aggregate::Trend(times)) => Distribution::of(&times),
            _ => None,
        };
        ScenarioLine {
            name: scenario.name.clone(),
            iterations: count("iterations"),
            failed_iterations: rate("iterations_failed").passes,
            dropped_iterations: count("dropped_iterations"),
            requests: count("http_reqs"),
            failed_share: rate("http_req_failed").share().unwrap_or(0.0),
            response_time,
        }
    };
    totals.scenarios.iter().map(line).collect()
}

/// By flow; nothing where each scenario has but one. Shares are those of its scenario's iterations.
fn flows(totals: &Totals, planned_shares: &[f64]) -> Vec<FlowLine> {
    (0..totals.scenarios.len()).flat_map(|scenario| flows_of(totals, scenario, planned_shares)).collect()
}

fn flows_of(totals: &Totals, scenario: usize, planned_shares: &[f64]) -> Vec<FlowLine> {
    let cell = |flow: usize| {
        let flow = u16::try_from(flow).ok().and_then(|flow| totals.recorded.iterations.get(&FlowId(flow)));
        flow.cloned().unwrap_or_default()
    };
    let flows = totals.flows_of(scenario);
    let total: u64 = flows.clone().map(|flow| cell(flow).count).sum();
    let planned = |flow: usize| planned_shares.get(flow).copied().unwrap_or(0.0);
    let several = totals.scenarios.len() > 1;
    let is_only_one = flows.len() < 2 || several && flows.clone().filter(|flow| planned(*flow) > 0.0).count() < 2;
    if is_only_one || total == 0 {
        return Vec::new();
    }
    let line = |flow: usize| {
        let cell = cell(flow);
        (planned(flow) > 0.0 || cell.count > 0).then(|| FlowLine {
            name: totals.full_flow_name(FlowId(flow as u16)),
            planned_share: planned(flow),
            achieved_share: cell.count as f64 / total as f64,
            iterations: cell.count,
            failed: cell.failed + cell.trapped,
            duration: Distribution::of(&cell.duration),
        })
    };
    flows.filter_map(line).collect()
}

/// By name and method, all statuses, protocols and flows together, the most frequent first.
fn requests(totals: &Totals) -> Vec<RequestLine> {
    let mut names: BTreeMap<(NameId, &str), (u64, u64, Histogram)> = BTreeMap::new();
    for (key, cell) in &totals.recorded.requests {
        let method = if key.proto.is_grpc() { key.proto.name() } else { key.method.name() };
        let (count, failed, times) = names.entry((key.name, method)).or_default();
        *count += cell.count;
        *failed += if key.expected { 0 } else { cell.count };
        // Of gRPC streams, their length.
        times.merge(if key.proto == Protocol::GrpcStream { &cell.duration } else { &cell.response_time });
    }
    let line = |((name, method), (count, failed, times)): ((NameId, &str), (u64, u64, Histogram))| RequestLine {
        name: totals.registry.name(name),
        method: method.to_owned(),
        count,
        rate: per_second(count as f64, totals),
        failed,
        failed_share: failed as f64 / count.max(1) as f64,
        response_time: Distribution::of(&times),
    };
    let mut lines: Vec<RequestLine> = names.into_iter().map(line).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.count));
    lines
}

/// By name, all flows together.
fn transactions(totals: &Totals) -> Vec<TransactionLine> {
    let mut names: BTreeMap<String, (Histogram, RateCell)> = BTreeMap::new();
    for (key, cell) in &totals.recorded.transactions {
        let (durations, failed) = names.entry(totals.registry.name(NameId(key.id))).or_default();
        durations.merge(&cell.duration);
        failed.passes += cell.failed.passes;
        failed.fails += cell.failed.fails;
    }
    let line = |(name, (durations, failed)): (String, (Histogram, RateCell))| TransactionLine {
        name,
        count: durations.count(),
        rate: per_second(durations.count() as f64, totals),
        failed_share: failed.share().unwrap_or(0.0),
        duration: Distribution::of(&durations),
    };
    names.into_iter().map(line).collect()
}

/// By name, all flows together.
fn server_timings(totals: &Totals) -> Vec<ServerTimingLine> {
    let mut names: BTreeMap<String, Histogram> = BTreeMap::new();
    for (key, durations) in &totals.recorded.server_timings {
        names.entry(totals.registry.name(NameId(key.id))).or_default().merge(durations);
    }
    let line = |(name, durations): (String, Histogram)| ServerTimingLine {
        name,
        count: durations.count(),
        duration: Distribution::of(&durations),
    };
    names.into_iter().map(line).collect()
}

/// By name.
fn checks(totals: &Totals) -> Vec<CheckLine> {
    let line = |(name, cell): (String, RateCell)| CheckLine { name, passes: cell.passes, fails: cell.fails };
    totals.checks_by_name().into_iter().map(line).collect()
}

/// By class: first unexpected responses, then what went wrong otherwise.
fn errors(totals: &Totals) -> Vec<ErrorLine> {
    let statuses = unexpected_statuses(totals).into_iter().map(|((is_grpc, status), count)| ErrorLine {
        title: if is_grpc { format!("gRPC {}", Code(status.into())) } else { format!("status {status}") },
        count,
        examples: Vec::new(),
    });
    let problems: BTreeMap<&Problem, &ProblemCell> = totals.recorded.problems.iter().collect();
    let problems = problems.into_iter().map(|(problem, cell)| ErrorLine {
        title: problem_title(totals, problem),
        count: cell.count,
        examples: cell.examples.clone(),
    });
    statuses.chain(problems).collect()
}

fn statuses(totals: &Totals) -> BTreeMap<u16, u64> {
    let mut statuses = BTreeMap::new();
    for (key, cell) in totals.recorded.requests.iter().filter(|(key, _)| key.status > 0 && !key.proto.is_grpc()) {
        *statuses.entry(key.status).or_insert(0) += cell.count;
    }
    statuses
}

fn protocols(totals: &Totals) -> BTreeMap<String, u64> {
    let mut protocols = BTreeMap::new();
    for (key, cell) in totals.recorded.requests.iter().filter(|(key, _)| key.proto != Protocol::None) {
        *protocols.entry(key.proto.name().to_owned()).or_insert(0) += cell.count;
    }
    protocols
}

/// Those of HTTP, then those of gRPC.
fn unexpected_statuses(totals: &Totals) -> BTreeMap<(bool, u16), u64> {
    let mut statuses = BTreeMap::new();
    for (key, cell) in &totals.recorded.requests {
        if !key.expected && key.failure == 0 {
            *statuses.entry((key.proto.is_grpc(), key.status)).or_insert(0) += cell.count;
        }
    }
    statuses
}

fn problem_title(totals: &Totals, problem: &Problem) -> String {
    match problem {
        Problem::Request(flow, class) => {
            format!("{} (flow {:?})", request_problem(*class), totals.full_flow_name(*flow))
        }
        Problem::Failed(flow) => format!("flow {:?} returned an error", totals.full_flow_name(*flow)),
        Problem::Trapped(flow) => format!("flow {:?} trapped", totals.full_flow_name(*flow)),
        Problem::Start => "a virtual user did not start".to_owned(),
    }
}

fn request_problem(class: FailureClass) -> String {
    if class.is_unsent() { format!("{} (not sent)", class.name()) } else { class.name().to_owned() }
}
