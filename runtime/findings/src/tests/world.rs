//! Evidence, made by hand: a run of 10 s at low load and 40 s under load, and what a target says of its requests.

use std::time::Duration;

use crate::database::template;
use crate::evidence::{Evidence, LoadSecond, TracedExchange};
use crate::finding::{Cause, Finding, Findings};
use crate::span::{Span, SpanId, SpanKind, TraceId, UnixNanos, Work};

const MILLISECOND: u64 = 1_000_000;
pub(super) const USERS: f64 = 20.0;
const LOW_SECONDS: u64 = 10;
const SECONDS: u64 = 50;

/// A target's work on one request, told call by call.
pub(super) struct Request {
    spans: Vec<Span>,
    /// Milliseconds since the server began.
    at: f64,
    outside: f64,
    received: u64,
}

impl Request {
    fn new() -> Request {
        Request { spans: Vec::new(), at: 0.0, outside: 0.5, received: 1_000 }
    }

    /// The application computes for so many milliseconds.
    pub(super) fn compute(&mut self, ms: f64) {
        self.at += ms;
    }

    /// The same, as a span of the service itself, such as middleware has.
    pub(super) fn compute_in_a_span(&mut self, ms: f64) {
        self.call("middleware", SpanKind::Internal, Work::Other, ms);
    }

    /// It makes a call of the database.
    pub(super) fn query(&mut self, statement: &str, ms: f64) {
        let work = Work::Database { system: "postgresql".into(), statement: template(statement).into(), values: 0 };
        self.call("SELECT", SpanKind::Client, work, ms);
    }

    /// It makes a call of another service.
    pub(super) fn http(&mut self, route: &str, ms: f64) {
        self.call("GET", SpanKind::Client, Work::Http { method: "GET".into(), route: route.into() }, ms);
    }

    /// It makes calls of other services at the same time.
    pub(super) fn http_together(&mut self, routes: &[&str], ms: f64) {
        for route in routes {
            self.http(route, ms);
            self.at -= ms;
        }
        self.at += ms;
    }

    /// The request passes so many milliseconds before the server begins.
    pub(super) fn wait_outside(&mut self, ms: f64) {
        self.outside = ms;
    }

    /// The answer has so many bytes.
    pub(super) fn answer(&mut self, bytes: u64) {
        self.received = bytes;
    }

    fn call(&mut self, name: &str, kind: SpanKind, work: Work, ms: f64) {
        let nanos = |ms: f64| UnixNanos((ms * MILLISECOND as f64) as u64);
        self.spans.push(Span {
            trace: TraceId(0),
            id: SpanId(self.spans.len() as u64 + 2),
            parent: Some(SpanId(1)),
            kind,
            service: "shop".into(),
            scope: "".into(),
            name: name.into(),
            began: nanos(self.at),
            ended: nanos(self.at + ms),
            failed: false,
            work,
        });
        self.at += ms;
    }
}

/// What an endpoint does with a request, of that number, under low load or under the load.
pub(super) type Handler = dyn Fn(&mut Request, u64, bool);

/// The whole of it: each second two requests of each endpoint under low load, and ten under the load. `work` is told the
/// number of the request and whether it is under the load.
pub(super) fn evidence(endpoints: &[(&str, &Handler)]) -> Evidence {
    let mut evidence = Evidence::default();
    for second in 0..SECONDS {
        let is_high = second >= LOW_SECONDS;
        let requests = if is_high { 10 } else { 2 };
        evidence.load.push(LoadSecond {
            at: Duration::from_secs(second),
            intensity: if is_high { USERS } else { 1.0 },
            throughput: requests as f64 * endpoints.len() as f64,
            response_time: Duration::from_millis(10),
        });
        for (index, (endpoint, work)) in (1..).zip(endpoints) {
            for number in 0..requests {
                let mut request = Request::new();
                work(&mut request, second * 3 + number, is_high);
                let trace = TraceId(u128::from(index * 1_000_000 + second * 1_000 + number));
                add(&mut evidence, endpoint, trace, second, request);
            }
        }
    }
    evidence
}

fn add(evidence: &mut Evidence, endpoint: &str, trace: TraceId, second: u64, request: Request) {
    let ended = UnixNanos((request.at * MILLISECOND as f64) as u64);
    let route = endpoint.split(' ').nth(1).unwrap_or(endpoint);
    let root = Span {
        trace,
        id: SpanId(1),
        parent: Some(SpanId(999)),
        kind: SpanKind::Server,
        service: "shop".into(),
        scope: "".into(),
        name: endpoint.into(),
        began: UnixNanos(0),
        ended,
        failed: false,
        work: Work::Http { method: "GET".into(), route: route.into() },
    };
    evidence.spans.push(root);
    evidence.spans.extend(request.spans.into_iter().map(|span| Span { trace, ..span }));
    let duration = Duration::from_secs_f64((request.at + request.outside) / 1e3);
    evidence.exchanges.push(TracedExchange {
        trace,
        endpoint: endpoint.into(),
        flow: Some("browse".into()),
        ended: Duration::from_secs(second) + duration,
        duration,
        received: request.received,
        failed: false,
    });
}

/// The one finding.
pub(super) fn only(findings: &Findings) -> &Finding {
    match &findings.findings[..] {
        [only] => only,
        others => panic!("{} findings: {:?}", others.len(), causes(findings)),
    }
}

pub(super) fn causes(findings: &Findings) -> Vec<Cause> {
    findings.findings.iter().map(|finding| finding.cause).collect()
}

/// What a healthy endpoint does.
pub(super) fn healthy(request: &mut Request, _: u64, _: bool) {
    request.compute(1.0);
    request.query("SELECT id, name FROM products WHERE page = 3", 1.0);
    request.compute(1.0);
}
