//! Calls of other services: very many, one after the other without need, or one that takes long.

use std::collections::BTreeMap;

use super::{LEAST_COST, LEAST_SHARE, finding_of, ms, percent};
use crate::endpoint::{Endpoint, LEAST_TRACES, MILLISECOND};
use crate::find::View;
use crate::finding::{Cause, Finding};
use crate::numbers::mean;
use crate::trace::{Node, Trace, label};

/// So many calls for one request are very many.
const CHATTY: usize = 10;
/// Calls that could be made together: as many, and what that saves, in nanoseconds and as a share of the request.
const LEAST_SERIAL: usize = 3;
const LEAST_SAVED: f64 = 50.0 * MILLISECOND;
const LEAST_SAVED_SHARE: f64 = 0.2;
/// The share of a request that one call takes, to be its cause, and how long it takes at least: under the load, and alone, in
/// nanoseconds. An application that waits for a processor sees its calls stretched.
const BLOCKING_SHARE: f64 = 0.4;
const LEAST_BLOCKING: f64 = 100.0 * MILLISECOND;
const LEAST_BLOCKING_ALONE: f64 = 50.0 * MILLISECOND;
/// The share of an endpoint's traces in which a cause comes.
const LEAST_OF_TRACES: f64 = 0.2;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.endpoints
        .iter()
        .filter_map(|endpoint| chatty(endpoint).or_else(|| serial(endpoint)).or_else(|| blocking(endpoint)))
        .collect()
}

/// The calls of a trace that one span makes, one after the other.
struct Calls {
    count: usize,
    /// Different callees, by method and route.
    callees: BTreeMap<String, usize>,
    sum: f64,
    longest: f64,
    /// From the first one's beginning to the last one's end.
    wall: f64,
}

impl Calls {
    /// The longest row of calls that do not overlap, under one parent.
    fn of(trace: &Trace<'_>) -> Calls {
        let mut by_parent = BTreeMap::<Option<usize>, Vec<&Node<'_>>>::new();
        for call in trace.http_calls() {
            let row = by_parent.entry(call.parent).or_default();
            if row.last().is_none_or(|last| call.span.began >= last.span.ended) {
                row.push(call);
            }
        }
        let row = by_parent.into_values().max_by_key(Vec::len).unwrap_or_default();
        let mut callees = BTreeMap::new();
        for call in &row {
            *callees.entry(label(call.span)).or_default() += 1;
        }
        let nanos = || row.iter().map(|call| call.span.nanos() as f64);
        let wall = match (row.first(), row.last()) {
            (Some(first), Some(last)) => last.span.ended.0.saturating_sub(first.span.began.0) as f64,
            _ => 0.0,
        };
        Calls { count: row.len(), callees, sum: nanos().sum(), longest: nanos().fold(0.0, f64::max), wall }
    }

    fn commonest(&self) -> String {
        self.callees.iter().max_by_key(|(_, count)| **count).map(|(callee, _)| callee.clone()).unwrap_or_default()
    }
}

/// The traces under the load in which something shows, if there are enough.
fn showing<'e, 'a>(endpoint: &'e Endpoint<'a>, shows: impl Fn(&Trace<'a>) -> bool) -> Option<Vec<&'e Trace<'a>>> {
    let traces: Vec<_> = endpoint.high().filter(|trace| shows(trace)).collect();
    let enough =
        traces.len() >= LEAST_TRACES && traces.len() as f64 >= LEAST_OF_TRACES * endpoint.high().count() as f64;
    enough.then_some(traces)
}

fn chatty(endpoint: &Endpoint<'_>) -> Option<Finding> {
    let traces = showing(endpoint, |trace| {
        let calls = Calls::of(trace);
        calls.count >= CHATTY && calls.wall >= LEAST_COST && calls.wall >= LEAST_SAVED_SHARE * trace.nanos()
    })?;
    let count = mean(traces.iter().map(|trace| Calls::of(trace).count as f64));
    let saved = |trace: &Trace<'_>| {
        let calls = Calls::of(trace);
        if calls.count >= CHATTY { calls.wall * (1.0 - 1.0 / calls.count as f64) } else { 0.0 }
    };
    let explained = endpoint.explained_by(saved);
    let mut finding = finding_of(endpoint, Cause::ChattyCalls, explained);
    finding.title = format!("{} calls {} {count:.0} times a request", endpoint.name, Calls::of(traces[0]).commonest());
    finding.evidence.push(format!(
        "in {} of {} traces: {count:.0} calls one after the other, {} of the request's {}",
        traces.len(),
        endpoint.high().count(),
        ms(mean(traces.iter().map(|trace| Calls::of(trace).wall))),
        ms(mean(traces.iter().map(|trace| trace.nanos())))
    ));
    finding.traces = endpoint.named(traces.into_iter());
    finding.change =
        "Ask for all of it in one call: a batch endpoint of that service, or a cache of its answers.".to_owned();
    finding.improvement = Some(endpoint.improvement(saved, &format!("one call in place of {count:.0}")));
    Some(finding)
}

fn serial(endpoint: &Endpoint<'_>) -> Option<Finding> {
    let saved_by = |calls: &Calls| (calls.wall - calls.longest).max(0.0);
    let shows = |calls: &Calls, request: f64| {
        calls.count >= LEAST_SERIAL
            && calls.callees.len() >= 2
            && saved_by(calls) >= LEAST_SAVED
            && saved_by(calls) >= LEAST_SAVED_SHARE * request
    };
    let traces = showing(endpoint, |trace| shows(&Calls::of(trace), trace.nanos()))?;
    let saved = |trace: &Trace<'_>| {
        let calls = Calls::of(trace);
        if shows(&calls, trace.nanos()) { saved_by(&calls) } else { 0.0 }
    };
    let explained = endpoint.explained_by(saved);
    let mut finding = finding_of(endpoint, Cause::SerialisedCalls, explained);
    let calls = Calls::of(traces[0]);
    let callees: Vec<&str> = calls.callees.keys().map(String::as_str).collect();
    finding.title =
        format!("{} makes {} calls one after the other: {}", endpoint.name, calls.count, callees.join(", "));
    let (sum, longest) = (
        mean(traces.iter().map(|trace| Calls::of(trace).sum)),
        mean(traces.iter().map(|trace| Calls::of(trace).longest)),
    );
    finding.evidence.push(format!(
        "in {} of {} traces: together they take {}, the longest {}; none begins before the one before it has ended",
        traces.len(),
        endpoint.high().count(),
        ms(sum),
        ms(longest)
    ));
    finding.traces = endpoint.named(traces.into_iter());
    finding.change = "Make those calls at the same time, as far as none needs the answer of another.".to_owned();
    finding.improvement = Some(endpoint.improvement(
        saved,
        &format!("together they take as long as the longest, {} in place of {}", ms(longest), ms(sum)),
    ));
    Some(finding)
}

fn blocking(endpoint: &Endpoint<'_>) -> Option<Finding> {
    let longest = |trace: &Trace<'_>| Calls::of(trace).longest;
    let traces = showing(endpoint, |trace| {
        longest(trace) >= LEAST_BLOCKING && longest(trace) >= BLOCKING_SHARE * trace.nanos()
    })?;
    let explained = endpoint.explained_by(longest);
    let alone = endpoint.mean_low(longest).unwrap_or(LEAST_BLOCKING_ALONE);
    if explained.high < LEAST_SHARE || alone < LEAST_BLOCKING_ALONE {
        return None;
    }
    let callee = traces[0].http_calls().max_by_key(|call| call.span.nanos()).map(|call| label(call.span))?;
    let mut finding = finding_of(endpoint, Cause::BlockingCall, explained);
    finding.title = format!("{} waits for {callee}", endpoint.name);
    finding.evidence.push(format!(
        "in {} of {} traces the call takes {}, {} of the request",
        traces.len(),
        endpoint.high().count(),
        ms(mean(traces.iter().map(|trace| longest(trace)))),
        percent(explained.high)
    ));
    if let Some(low) = endpoint.mean_low(longest) {
        finding.evidence.push(format!("under low load it takes {}", ms(low)));
    }
    finding.traces = endpoint.named(traces.into_iter());
    finding.change =
        format!("Keep the answer of {callee} in a cache, make the call beside the request, or give it a deadline.");
    finding.improvement = Some(endpoint.improvement(longest, "at best, without the call"));
    Some(finding)
}
