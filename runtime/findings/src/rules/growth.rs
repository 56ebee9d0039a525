//! Work that grows faster than its input: a server's own time against the size of its answers, on logarithmic axes.

use super::{LEAST_COST, finding_of, ms, percent};
use crate::endpoint::Endpoint;
use crate::find::View;
use crate::finding::{Cause, Confidence, Finding};
use crate::numbers::line;
use crate::trace::Trace;

/// The exponent from which work counts as super-linear.
const LEAST_EXPONENT: f64 = 1.3;
/// A size counts that is larger than the smallest by this share of it.
const LEAST_BEYOND: f64 = 0.5;
/// The share of the variance that the exponent explains.
const LEAST_FIT: f64 = 0.7;
/// The largest answer, in the smallest ones.
const LEAST_RANGE: f64 = 2.5;
/// The share of the request that is its own work.
const LEAST_SHARE: f64 = 0.3;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.endpoints.iter().filter_map(find_at).collect()
}

/// The time of the server's spans in which nothing else was called.
fn own(trace: &Trace<'_>) -> f64 {
    trace.spans[trace.root].own as f64
}

fn find_at(endpoint: &Endpoint<'_>) -> Option<Finding> {
    let explained = endpoint.explained_by(own);
    if explained.high < LEAST_SHARE || endpoint.mean_high(own) < LEAST_COST {
        return None;
    }
    let sizes = by_size(endpoint);
    let (smallest, largest) = (sizes.first()?, sizes.last()?);
    if largest.0 < LEAST_RANGE * smallest.0 {
        return None;
    }
    // What both have beyond the smallest: the work that every answer takes is in neither.
    let beyond = |(size, nanos): &(f64, f64)| (size - smallest.0, nanos - smallest.1);
    let grown = sizes.iter().map(beyond).filter(|(size, nanos)| *size > LEAST_BEYOND * smallest.0 && *nanos > 0.0);
    let points: Vec<(f64, f64)> = grown.map(|(size, nanos)| (size.ln(), nanos.ln())).collect();
    let line = line(&points).filter(|line| line.slope >= LEAST_EXPONENT && line.fit >= LEAST_FIT)?;
    let mut finding = finding_of(endpoint, Cause::SuperLinear, explained);
    finding.confidence = Confidence::Proved;
    finding.title =
        format!("the work of {} grows faster than its answer, to the power of {:.1}", endpoint.name, line.slope);
    finding.evidence.push(format!(
        "its own time, without calls, goes from {} for answers of {:.0} bytes to {} for {:.0} bytes; a power of {:.1} explains {} of \
         the variance",
        ms(smallest.1),
        smallest.0,
        ms(largest.1),
        largest.0,
        line.slope,
        percent(line.fit)
    ));
    finding.traces = endpoint.named(endpoint.high());
    finding.change =
        "Look for a loop within a loop over the same items: a dictionary or a sort in its place makes it linear."
            .to_owned();
    // Linear from the smallest answer on.
    let saved = |trace: &Trace<'_>| (own(trace) - smallest.1 * trace.exchange.received as f64 / smallest.0).max(0.0);
    finding.improvement =
        Some(endpoint.improvement(saved, "own time in proportion to the size of the answer, from the smallest on"));
    Some(finding)
}

/// The sizes of answers in steps of a quarter, the quickest answer of each: its size and its own time, in the order of their size.
fn by_size(endpoint: &Endpoint<'_>) -> Vec<(f64, f64)> {
    let mut traces: Vec<(f64, f64)> = endpoint
        .traces
        .iter()
        .filter(|trace| trace.exchange.received > 0)
        .map(|trace| (trace.exchange.received as f64, own(trace)))
        .collect();
    traces.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut steps: Vec<Vec<(f64, f64)>> = Vec::new();
    for trace in traces {
        match steps.last_mut().filter(|step| trace.0 <= 1.25 * step[0].0) {
            Some(step) => step.push(trace),
            None => steps.push(vec![trace]),
        }
    }
    let quickest = |step: Vec<(f64, f64)>| step.into_iter().min_by(|one, other| one.1.total_cmp(&other.1));
    steps.into_iter().filter_map(quickest).collect()
}
