//! From evidence to findings: the traces are put together, every rule looks at them, and what it finds is put in order.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::database::DatabaseReport;
use crate::endpoint::{Endpoint, LEAST_TRACES};
use crate::evidence::{Evidence, LoadSecond, ResourceSeries, TracedExchange};
use crate::finding::{Finding, Findings};
use crate::level::Levels;
use crate::rules;
use crate::span::{Span, TraceId};
use crate::trace::{Trace, label};

/// Endpoints whose time is told.
const MOST_ENDPOINTS: usize = 30;

/// The evidence, put in order for the rules.
pub(crate) struct View<'a> {
    /// Those with enough traces under the load, by the time that they took together.
    pub(crate) endpoints: Vec<Endpoint<'a>>,
    pub(crate) databases: &'a [DatabaseReport],
    pub(crate) resources: &'a [ResourceSeries],
    pub(crate) load: &'a [LoadSecond],
    pub(crate) levels: Levels,
}

/// Names the causes of slow responses that the evidence shows.
pub fn find(evidence: &Evidence) -> Findings {
    let levels = Levels::of(&evidence.load);
    let traces = traces(evidence, &levels);
    let complete = traces.len();
    let view = View {
        endpoints: endpoints(traces),
        databases: &evidence.databases,
        resources: &evidence.resources,
        load: &evidence.load,
        levels,
    };
    let mut findings = rules::apply(&view);
    findings.sort_by(|one, other| effect(other, &view).total_cmp(&effect(one, &view)));
    let times = view.endpoints.iter().take(MOST_ENDPOINTS).map(Endpoint::time).collect();
    let not_seen = evidence.databases.iter().flat_map(|database| database.not_seen.clone()).collect();
    Findings { findings, looked_at: looked_at(evidence, &view, complete), not_seen, endpoints: times }
}

/// The time that a finding explains, over all traced requests, in nanoseconds; without one, less than any.
fn effect(finding: &Finding, view: &View<'_>) -> f64 {
    let of = |name: &String| view.endpoints.iter().find(|endpoint| endpoint.name == *name);
    let time = finding.endpoint.as_ref().and_then(of).map(|endpoint| endpoint.high().map(Trace::nanos).sum::<f64>());
    time.zip(finding.explains).map_or(-1.0, |(time, explained)| time * explained.high)
}

fn traces<'a>(evidence: &'a Evidence, levels: &Levels) -> Vec<Trace<'a>> {
    let spans = spans_by_trace(&evidence.spans);
    let trace = |exchange: &'a TracedExchange| {
        let began = exchange.ended.saturating_sub(exchange.duration);
        Trace::of(exchange, levels.at(began), spans.get(&exchange.trace)?)
    };
    evidence.exchanges.iter().filter_map(trace).collect()
}

/// The spans of each trace. They are sorted by it.
fn spans_by_trace(spans: &[Span]) -> HashMap<TraceId, &[Span]> {
    spans.chunk_by(|one, other| one.trace == other.trace).map(|spans| (spans[0].trace, spans)).collect()
}

/// The traces by endpoint: by the name of their requests or, where one route of the server has several of those, by that.
fn endpoints(traces: Vec<Trace<'_>>) -> Vec<Endpoint<'_>> {
    let mut names_of_route = BTreeMap::<String, Vec<Arc<str>>>::new();
    for trace in &traces {
        let names = names_of_route.entry(label(trace.server())).or_default();
        if !names.contains(&trace.exchange.endpoint) {
            names.push(Arc::clone(&trace.exchange.endpoint));
        }
    }
    let mut by_name = BTreeMap::<String, Vec<Trace<'_>>>::new();
    for trace in traces {
        let route = label(trace.server());
        let name = match &names_of_route[&route][..] {
            [only] => only.to_string(),
            _ => route,
        };
        by_name.entry(name).or_default().push(trace);
    }
    let mut endpoints: Vec<_> = by_name.into_iter().map(|(name, traces)| Endpoint { name, traces }).collect();
    endpoints.retain(|endpoint| endpoint.high().count() >= LEAST_TRACES);
    let time = |endpoint: &Endpoint<'_>| endpoint.high().map(Trace::nanos).sum::<f64>();
    endpoints.sort_by(|one, other| time(other).total_cmp(&time(one)));
    endpoints
}

fn looked_at(evidence: &Evidence, view: &View<'_>, complete: usize) -> Vec<String> {
    let mut looked_at = Vec::new();
    if !evidence.exchanges.is_empty() {
        let asked = evidence.exchanges.len();
        let high = view.endpoints.iter().flat_map(Endpoint::high).count();
        let baseline = match view.levels.have_low() {
            true => "held against a stretch of low load",
            false => "without a stretch of low load to hold them against",
        };
        looked_at.push(format!(
            "traces of {complete} of {asked} requests that were sampled, {high} of them under the load, {baseline}"
        ));
    }
    for database in &evidence.databases {
        looked_at.push(format!(
            "{}: statistics of {} intervals, {} samples of its sessions, {} tables, {} plans",
            database.name,
            database.intervals.len(),
            database.sessions.len(),
            database.tables.len(),
            database.plans.len()
        ));
    }
    let mut sources: Vec<&str> = evidence.resources.iter().map(|series| series.source.as_str()).collect();
    sources.dedup();
    looked_at.extend(sources.iter().map(|source| format!("{source}: its resources")));
    if !evidence.load.is_empty() {
        looked_at.push("the load itself: throughput and response times against concurrency".to_owned());
    }
    looked_at
}
