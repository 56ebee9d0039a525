//! From what a run measured to the evidence that findings are made from.

use std::net::SocketAddr;
use std::sync::Arc;

use squall_findings::database::DatabaseReport;
use squall_findings::span::{Span, TraceId};
use squall_findings::{Evidence, LoadSecond, ResourceSeries, TracedExchange, endpoint_name};
use squall_load::RunOutcome;
use squall_metrics::{FlowId, Second, Totals, TracedRequest, WatchedSeries, WatchedSource};
use squall_traces::Received;

/// The evidence of a run.
pub(super) fn evidence(outcome: &RunOutcome, spans: Vec<Span>, databases: Vec<DatabaseReport>) -> Evidence {
    let RunOutcome { totals, plan, .. } = outcome;
    Evidence {
        exchanges: totals.traced.requests().iter().map(|request| exchange(totals, request)).collect(),
        spans,
        load: totals.history.seconds().map(|second| load_second(&second, plan.is_open())).collect(),
        databases,
        resources: totals.watched.sources().iter().flat_map(resources).collect(),
    }
}

fn exchange(totals: &Totals, request: &TracedRequest) -> TracedExchange {
    let name = totals.registry.name(request.name);
    TracedExchange {
        trace: TraceId(request.trace),
        endpoint: endpoint_name(request.method.name(), &name).into(),
        flow: flow(totals, request.flow),
        ended: request.ended.into(),
        duration: request.service_time.into(),
        received: request.received,
        failed: request.failed,
    }
}

fn flow(totals: &Totals, flow: FlowId) -> Option<Arc<str>> {
    totals.flows.get(flow.index()?).map(|name| name.as_str().into())
}

fn load_second(second: &Second, is_open: bool) -> LoadSecond {
    let seconds = second.length.as_secs_f64();
    LoadSecond {
        at: second.at.into(),
        intensity: if is_open { (second.iterations + second.dropped) as f64 / seconds } else { second.vus as f64 },
        throughput: second.requests as f64 / seconds,
        response_time: second.service_time.mean().into(),
    }
}

fn resources(source: &WatchedSource) -> impl Iterator<Item = ResourceSeries> {
    let series = |series: &WatchedSeries| ResourceSeries {
        source: source.name.to_string(),
        name: series.name.to_string(),
        limit: series.limit,
        points: series.points().iter().map(|point| (point.at.into(), point.mean)).collect(),
    };
    source.series.iter().map(series)
}

/// What of the traces could not be seen, in sentences.
pub(super) fn problems(received: &Received, addresses: &[SocketAddr], totals: &Totals) -> Vec<String> {
    let mut problems = received.problems.clone();
    if totals.traced.left_out() > 0 {
        let (left_out, held) = (totals.traced.left_out(), totals.traced.requests().len());
        problems.push(format!("{left_out} traced requests beyond the first {held} were left out: lower --trace-share"));
    }
    if received.counts.requests == 0 {
        let address = addresses.first().map(SocketAddr::to_string).unwrap_or_default();
        problems.push(format!(
            "no traces came: set OTEL_EXPORTER_OTLP_ENDPOINT=http://{address} for the target, and let it follow the \
             caller's sampling (OTEL_TRACES_SAMPLER=parentbased_always_off)"
        ));
    } else if received.counts.kept == 0 {
        problems.push(format!(
            "{} spans came, none of them of this run's requests: does the target take up the header traceparent?",
            received.counts.spans
        ));
    }
    problems
}
