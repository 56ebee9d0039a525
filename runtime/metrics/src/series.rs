//! Built-in metrics as series: the cells that a metric is in, each with its tags and its value. Queries and outputs read
//! metrics in this way, whatever their names.

use crate::builtin::{Builtin, OfRequest, Source};
use crate::histogram::Histogram;
use crate::interval::{GaugeCell, Interval, Problem, RateCell};
use crate::keys::{CustomKey, FlowId, Protocol, RequestKey};

/// What tells a series of a metric from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeriesKey {
    /// The tags of a request.
    Request(RequestKey),
    /// A flow.
    Flow(FlowId),
    /// A tag whose value is a name, and a flow.
    Named(&'static str, CustomKey),
    /// Nothing: there is but one series.
    Run,
}

/// The value of a series.
#[derive(Clone, Copy, Debug)]
pub enum SeriesValue<'a> {
    /// A sum.
    Counter(u64),
    /// A latest value.
    Gauge(GaugeCell),
    /// A share.
    Rate(RateCell),
    /// A distribution.
    Trend(&'a Histogram),
}

/// The numbers of virtual users, which no thread records.
#[derive(Clone, Copy, Debug, Default)]
pub struct VuGauges {
    /// At work.
    pub active: Option<GaugeCell>,
    /// That the run has room for.
    pub most: Option<GaugeCell>,
}

/// Visits a series, unless nothing was measured of it: few streams have events, and fewer have tokens.
fn visit_measured<'a>(key: SeriesKey, value: SeriesValue<'a>, visit: &mut impl FnMut(SeriesKey, SeriesValue<'a>)) {
    let has_nothing = match value {
        SeriesValue::Counter(sum) => sum == 0,
        SeriesValue::Trend(times) => times.is_empty(),
        SeriesValue::Gauge(_) | SeriesValue::Rate(_) => false,
    };
    if !has_nothing {
        visit(key, value);
    }
}

fn visit_requests<'a>(
    recorded: &'a Interval,
    value_of: OfRequest,
    is_wanted: impl Fn(Protocol) -> bool,
    visit: &mut impl FnMut(SeriesKey, SeriesValue<'a>),
) {
    for (key, cell) in recorded.requests.iter().filter(|(key, _)| key.was_sent() && is_wanted(key.proto)) {
        visit(SeriesKey::Request(*key), value_of(key, cell));
    }
}

impl Builtin {
    /// Visits all series of the metric. A counter of the run that counted nothing is not a series, nor is a number of
    /// streams that nothing was measured of.
    pub fn visit_series<'a>(
        &self,
        recorded: &'a Interval,
        vus: VuGauges,
        mut visit: impl FnMut(SeriesKey, SeriesValue<'a>),
    ) {
        for source in self.sources {
            match source {
                Source::Request(value_of) => {
                    visit_requests(recorded, *value_of, |proto| !proto.is_grpc(), &mut visit);
                }
                Source::UnaryCall(value_of) => {
                    visit_requests(recorded, *value_of, |proto| proto == Protocol::Grpc, &mut visit);
                }
                Source::StreamingCall(value_of) => {
                    visit_requests(recorded, *value_of, |proto| proto == Protocol::GrpcStream, &mut visit);
                }
                Source::UnsentRequest(reason) => {
                    for (problem, cell) in &recorded.problems {
                        if let Problem::Request(flow, class) = problem
                            && class == reason
                        {
                            visit(SeriesKey::Flow(*flow), SeriesValue::Counter(cell.count));
                        }
                    }
                }
                Source::Iteration(value_of) => {
                    for (flow, cell) in &recorded.iterations {
                        visit(SeriesKey::Flow(*flow), value_of(cell));
                    }
                }
                Source::Dropped(value_of) => {
                    for (flow, cell) in &recorded.dropped {
                        visit(SeriesKey::Flow(*flow), value_of(cell));
                    }
                }
                Source::Check => {
                    for (key, cell) in &recorded.checks {
                        visit(SeriesKey::Named("check", *key), SeriesValue::Rate(*cell));
                    }
                }
                Source::Transaction(value_of) => {
                    for (key, cell) in &recorded.transactions {
                        visit(SeriesKey::Named("transaction", *key), value_of(cell));
                    }
                }
                Source::Stream(value_of) => {
                    for (key, cell) in &recorded.streams {
                        visit_measured(SeriesKey::Named("name", *key), value_of(cell), &mut visit);
                    }
                }
                Source::WebSocket(value_of) => {
                    for (key, cell) in &recorded.websockets {
                        visit_measured(SeriesKey::Named("name", *key), value_of(cell), &mut visit);
                    }
                }
                Source::Socket(value_of) => {
                    for (key, cell) in &recorded.sockets {
                        visit_measured(SeriesKey::Named("name", *key), value_of(cell), &mut visit);
                    }
                }
                Source::ServerTiming => {
                    for (key, times) in &recorded.server_timings {
                        visit(SeriesKey::Named("name", *key), SeriesValue::Trend(times));
                    }
                }
                Source::Run(count_of) => match count_of(&recorded.run) {
                    0 => {}
                    count => visit(SeriesKey::Run, SeriesValue::Counter(count)),
                },
                Source::Pacing(times_of) => visit(SeriesKey::Run, SeriesValue::Trend(times_of(&recorded.pacing))),
                Source::Vus(gauge_of) => {
                    if let Some(cell) = gauge_of(&vus) {
                        visit(SeriesKey::Run, SeriesValue::Gauge(cell));
                    }
                }
            }
        }
    }
}
