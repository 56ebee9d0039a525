//! Requests wait for a thread or process of the server: they reach it late, while its work on each takes as long as
//! before.

use super::{LEAST_COST, finding_of, ms, percent};
use crate::endpoint::Endpoint;
use crate::find::View;
use crate::finding::{Cause, Confidence, Finding};
use crate::level::Level;
use crate::numbers::mean;
use crate::trace::Trace;

/// The share of a request that the wait takes.
const LEAST_SHARE: f64 = 0.3;
/// The wait, in what the server's own work has become slower by.
const LEAST_OF_STRETCH: f64 = 2.0;
/// The wait under the load, in waits under low load.
const GROWTH: f64 = 3.0;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    let waits: Vec<(&Endpoint<'_>, f64)> =
        view.endpoints.iter().filter_map(|endpoint| Some((endpoint, wait_at(endpoint)?))).collect();
    let lost = |(endpoint, wait): &(&Endpoint<'_>, f64)| wait * endpoint.high().count() as f64;
    let Some((endpoint, _)) = waits.iter().max_by(|one, other| lost(one).total_cmp(&lost(other))) else {
        return Vec::new();
    };
    let others = waits.iter().map(|(endpoint, _)| endpoint.name.as_str()).filter(|name| *name != endpoint.name);
    vec![describe(endpoint, &others.collect::<Vec<_>>(), view)]
}

/// What a request waits without a queue, in nanoseconds.
fn alone(endpoint: &Endpoint<'_>) -> f64 {
    endpoint.alone(Trace::outside, 0.05)
}

fn wait_at(endpoint: &Endpoint<'_>) -> Option<f64> {
    let (alone, high) = (alone(endpoint), endpoint.mean_high(Trace::outside));
    let wait = high - alone;
    let waits = wait >= LEAST_COST && high >= GROWTH * alone && wait >= LEAST_SHARE * endpoint.mean_high(Trace::nanos);
    (waits && wait >= LEAST_OF_STRETCH * stretch(endpoint)).then_some(wait)
}

/// What the server's own work has become slower by, in nanoseconds: a busy processor stretches that as much as the wait before
/// it. Without low load, all of it may be.
fn stretch(endpoint: &Endpoint<'_>) -> f64 {
    let work = |trace: &Trace<'_>| trace.server().nanos() as f64;
    (endpoint.mean_high(work) - endpoint.mean_low(work).unwrap_or_default()).max(0.0)
}

fn describe(endpoint: &Endpoint<'_>, others: &[&str], view: &View<'_>) -> Finding {
    let alone = alone(endpoint);
    let saved = |trace: &Trace<'_>| (trace.outside() - alone).max(0.0);
    let explained = endpoint.explained_by(saved);
    let high = endpoint.mean_high(Trace::outside);
    let mut finding = finding_of(endpoint, Cause::WorkerPool, explained);
    finding.title = format!("requests wait {} before the server begins with them", ms(high - alone));
    finding.evidence.push(format!(
        "{}: {} pass outside of the server's own span under the load, {} without a queue: {} of the request",
        endpoint.name,
        ms(high),
        ms(alone),
        percent(explained.high)
    ));
    if let Some(at_once) = at_once(view) {
        finding.evidence.push(format!(
            "throughput times the server's own time: it works on about {at_once:.0} requests at once (Little's law)"
        ));
    }
    if !others.is_empty() {
        finding.evidence.push(format!("the same wait is seen at {}", others.join(", ")));
        finding.confidence = Confidence::SingleSource;
    }
    finding.traces = endpoint.named(endpoint.high().filter(|trace| saved(trace) > 0.0));
    finding.change =
        "Give the server more worker threads or processes, or free them sooner: what they wait for in their own spans \
                      holds them."
            .to_owned();
    finding.improvement = Some(endpoint.improvement(saved, "without the queue"));
    finding
}

/// The requests that the server works on at once, under the load.
fn at_once(view: &View<'_>) -> Option<f64> {
    let high = view.load.iter().filter(|second| view.levels.at(second.at) == Level::High);
    let throughput = mean(high.map(|second| second.throughput));
    let traces = || view.endpoints.iter().flat_map(Endpoint::high);
    let work = mean(traces().map(|trace| trace.server().nanos() as f64 / 1e9));
    (throughput > 0.0 && work > 0.0).then_some(throughput * work)
}
