//! A run taken apart: by flow, by name, by transaction, by check, by error.

use std::collections::BTreeMap;

use squall_metrics::{FailureClass, FlowId, Histogram, Method, NameId, Problem, ProblemCell, RateCell, Totals};

use super::values::per_second;
use super::{CheckLine, Distribution, ErrorLine, FlowLine, RequestLine, TransactionLine};

/// By flow; nothing where there is but one.
pub(crate) fn flows(totals: &Totals, planned_shares: &[f64]) -> Vec<FlowLine> {
    let iterations = &totals.recorded.iterations;
    let total: u64 = iterations.values().map(|cell| cell.count).sum();
    if totals.flows.len() < 2 || total == 0 {
        return Vec::new();
    }
    let line = |(index, name): (usize, &String)| {
        let planned_share = planned_shares.get(index).copied().unwrap_or(0.0);
        let flow = u16::try_from(index).ok().and_then(|index| iterations.get(&FlowId(index)));
        let cell = flow.cloned().unwrap_or_default();
        (planned_share > 0.0 || cell.count > 0).then(|| FlowLine {
            name: name.clone(),
            planned_share,
            achieved_share: cell.count as f64 / total as f64,
            iterations: cell.count,
            failed: cell.failed + cell.trapped,
            duration: Distribution::of(&cell.duration),
        })
    };
    totals.flows.iter().enumerate().filter_map(line).collect()
}

/// By name and method, all statuses and flows together, the most frequent first.
pub(crate) fn requests(totals: &Totals) -> Vec<RequestLine> {
    let mut names: BTreeMap<(NameId, Method), (u64, u64, Histogram)> = BTreeMap::new();
    for (key, cell) in &totals.recorded.requests {
        let (count, failed, times) = names.entry((key.name, key.method)).or_default();
        *count += cell.count;
        *failed += if key.expected { 0 } else { cell.count };
        times.merge(&cell.response_time);
    }
    let line = |((name, method), (count, failed, times)): ((NameId, Method), (u64, u64, Histogram))| RequestLine {
        name: totals.registry.name(name),
        method: method.name().to_owned(),
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
pub(crate) fn transactions(totals: &Totals) -> Vec<TransactionLine> {
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

/// By name.
pub(crate) fn checks(totals: &Totals) -> Vec<CheckLine> {
    let line = |(name, cell): (String, RateCell)| CheckLine { name, passes: cell.passes, fails: cell.fails };
    totals.checks_by_name().into_iter().map(line).collect()
}

/// By class: first responses that nobody expected, then what went wrong otherwise.
pub(crate) fn errors(totals: &Totals) -> Vec<ErrorLine> {
    let statuses = unexpected_statuses(totals).into_iter().map(|(status, count)| ErrorLine {
        title: format!("status {status}"),
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

fn unexpected_statuses(totals: &Totals) -> BTreeMap<u16, u64> {
    let mut statuses = BTreeMap::new();
    for (key, cell) in &totals.recorded.requests {
        if !key.expected && key.failure == 0 {
            *statuses.entry(key.status).or_insert(0) += cell.count;
        }
    }
    statuses
}

fn problem_title(totals: &Totals, problem: &Problem) -> String {
    match problem {
        Problem::Request(flow, class) => format!("{} (flow {:?})", request_problem(*class), totals.flow_name(*flow)),
        Problem::Failed(flow) => format!("flow {:?} returned an error", totals.flow_name(*flow)),
        Problem::Trapped(flow) => format!("flow {:?} trapped", totals.flow_name(*flow)),
        Problem::Start => "a virtual user did not start".to_owned(),
    }
}

fn request_problem(class: FailureClass) -> String {
    match class {
        FailureClass::RefusedByPolicy | FailureClass::InvalidRequest => format!("{} (not sent)", class.name()),
        _ => class.name().to_owned(),
    }
}
