//! The metrics that every run has, under k6's names so that dashboards and thresholds carry over.

use std::fmt;

use crate::histogram::Histogram;
use crate::interval::{GaugeCell, IterationCell, RateCell, RequestCell, RunCell, TransactionCell};
use crate::keys::RequestKey;
use crate::pacing::{DroppedCell, Pacing};
use crate::sample::FailureClass;
use crate::series::{SeriesValue, VuGauges};
use crate::sockets::SocketCell;
use crate::streams::StreamCell;
use crate::websockets::WebSocketCell;

/// How a metric adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A sum.
    Counter,
    /// The latest value, with the least and the greatest.
    Gauge,
    /// A share of events.
    Rate,
    /// A distribution.
    Trend,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Rate => "rate",
            Kind::Trend => "trend",
        })
    }
}

/// What a metric's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Plain numbers.
    Number,
    /// Durations; milliseconds where they leave the program.
    Time,
    /// Bytes.
    Data,
}

/// What a metric's samples are samples of: that decides which tags they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A request.
    Request,
    /// The bytes of a request.
    Bytes,
    /// A response that a guest reads piece by piece.
    Stream,
    /// A socket whose protocol the guest speaks.
    Socket,
    /// A call by gRPC.
    Call,
    /// The messages of a call by gRPC with streams.
    CallMessages,
    /// A WebSocket.
    WebSocket,
    /// A part of a server's work on a request.
    ServerTiming,
    /// An iteration, or a request that was never sent.
    Iteration,
    /// An iteration that never began.
    DroppedIteration,
    /// A transaction.
    Transaction,
    /// A check.
    Check,
    /// A custom metric's own.
    Custom,
    /// The run.
    Run,
}

impl Subject {
    /// The tags that the host gives such samples, beside those of the plan.
    pub fn tags(self) -> &'static [&'static str] {
        match self {
            Subject::Request | Subject::Bytes => {
                &["scenario", "flow", "name", "url", "method", "status", "error", "expected_response", "proto", "group"]
            }
            Subject::Call => {
                &["scenario", "flow", "name", "service", "method", "status", "error", "expected_response", "group"]
            }
            Subject::Stream | Subject::Socket | Subject::WebSocket | Subject::CallMessages | Subject::ServerTiming => {
                &["scenario", "flow", "name", "group"]
            }
            Subject::Iteration | Subject::DroppedIteration | Subject::Custom => &["scenario", "flow", "group"],
            Subject::Transaction => &["scenario", "flow", "transaction", "group"],
            Subject::Check => &["scenario", "flow", "check", "group"],
            Subject::Run => &[],
        }
    }

    /// Whether guests can give such samples tags of their own.
    pub fn takes_tags_of_guests(self) -> bool {
        match self {
            Subject::Request
            | Subject::Stream
            | Subject::Socket
            | Subject::WebSocket
            | Subject::Call
            | Subject::CallMessages => true,
            Subject::Transaction | Subject::Check | Subject::Custom => true,
            Subject::Bytes | Subject::ServerTiming | Subject::Iteration | Subject::DroppedIteration | Subject::Run => {
                false
            }
        }
    }

    /// Whether most runs have no such samples: then reports leave the metric out.
    pub fn is_optional(self) -> bool {
        matches!(self, Subject::Stream | Subject::Socket | Subject::WebSocket | Subject::Call | Subject::CallMessages)
    }
}

/// A value of a series of requests.
pub(crate) type OfRequest = for<'a> fn(&RequestKey, &'a RequestCell) -> SeriesValue<'a>;

/// The cells that a metric is in, and its value in one of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// Requests of HTTP that were sent.
    Request(OfRequest),
    /// Calls by gRPC with one request and one response.
    UnaryCall(OfRequest),
    /// Calls by gRPC with streams.
    StreamingCall(OfRequest),
    /// Requests that were not sent, for this reason: how many.
    UnsentRequest(FailureClass),
    /// The iterations of a flow.
    Iteration(fn(&IterationCell) -> SeriesValue<'_>),
    /// Iterations that never began.
    Dropped(fn(&DroppedCell) -> SeriesValue<'_>),
    /// Checks: the share that passed.
    Check,
    /// Transactions.
    Transaction(fn(&TransactionCell) -> SeriesValue<'_>),
    /// Streams.
    Stream(fn(&StreamCell) -> SeriesValue<'_>),
    /// Sockets.
    Socket(fn(&SocketCell) -> SeriesValue<'_>),
    /// WebSockets.
    WebSocket(fn(&WebSocketCell) -> SeriesValue<'_>),
    /// What servers say that their work took.
    ServerTiming,
    /// A count of the run as a whole.
    Run(fn(&RunCell) -> u64),
    /// How well the generator kept to its plan.
    Pacing(fn(&Pacing) -> &Histogram),
    /// Virtual users.
    Vus(fn(&VuGauges) -> Option<GaugeCell>),
}

/// A metric that every run has.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its unit.
    pub unit: Unit,
    /// What its samples are of.
    pub subject: Subject,
    /// Where its values are.
    pub(crate) sources: &'static [Source],
}

impl Builtin {
    /// The built-in metric of that name.
    pub fn named(name: &str) -> Option<&'static Builtin> {
        BUILT_IN.iter().find(|built_in| built_in.name == name)
    }
}

const fn counter(name: &'static str, unit: Unit, subject: Subject, sources: &'static [Source]) -> Builtin {
    Builtin { name, kind: Kind::Counter, unit, subject, sources }
}

const fn gauge(name: &'static str, subject: Subject, sources: &'static [Source]) -> Builtin {
    Builtin { name, kind: Kind::Gauge, unit: Unit::Number, subject, sources }
}

const fn rate(name: &'static str, subject: Subject, sources: &'static [Source]) -> Builtin {
    Builtin { name, kind: Kind::Rate, unit: Unit::Number, subject, sources }
}

/// All built-in trends are of times.
const fn trend(name: &'static str, subject: Subject, sources: &'static [Source]) -> Builtin {
    Builtin { name, kind: Kind::Trend, unit: Unit::Time, subject, sources }
}

/// All built-in metrics, in the order in which reports show them. Whatever is done with each of them goes by this table.
pub const BUILT_IN: &[Builtin] = {
    use SeriesValue::{Counter, Rate, Trend};
    use Source::{
        Check, Dropped, Iteration, Pacing, Request, Run, ServerTiming, Socket, Stream, StreamingCall, Transaction,
        UnaryCall, UnsentRequest, Vus, WebSocket,
    };
    use Unit::{Data, Number};
    &[
        // What was never sent must not make it look better: dropped iterations count with the time they had waited.
        trend(
            "response_time",
            Subject::Request,
            &[
                Request(|_, cell| Trend(&cell.response_time)),
                UnaryCall(|_, cell| Trend(&cell.response_time)),
                Dropped(|cell| Trend(&cell.waited)),
            ],
        ),
        trend("http_req_duration", Subject::Request, &[Request(|_, cell| Trend(&cell.duration))]),
        trend("http_req_blocked", Subject::Request, &[Request(|_, cell| Trend(&cell.blocked))]),
        trend("http_req_connecting", Subject::Request, &[Request(|_, cell| Trend(&cell.connecting))]),
        trend("http_req_tls_handshaking", Subject::Request, &[Request(|_, cell| Trend(&cell.tls_handshaking))]),
        trend("http_req_sending", Subject::Request, &[Request(|_, cell| Trend(&cell.sending))]),
        trend("http_req_waiting", Subject::Request, &[Request(|_, cell| Trend(&cell.waiting))]),
        trend("http_req_receiving", Subject::Request, &[Request(|_, cell| Trend(&cell.receiving))]),
        trend("server_timing", Subject::ServerTiming, &[ServerTiming]),
        rate("http_req_failed", Subject::Request, &[Request(|key, cell| Rate(failed_requests(key, cell)))]),
        counter("http_reqs", Number, Subject::Request, &[Request(|_, cell| Counter(cell.count))]),
        counter("http_connections", Number, Subject::Run, &[Run(|run| run.connections)]),
        counter("http_reconnects", Number, Subject::Run, &[Run(|run| run.reconnects)]),
        counter("http_reqs_refused", Number, Subject::Iteration, &[UnsentRequest(FailureClass::RefusedByPolicy)]),
        trend("http_stream_first_event", Subject::Stream, &[Stream(|cell| Trend(&cell.first_event))]),
        trend("http_stream_event_gap", Subject::Stream, &[Stream(|cell| Trend(&cell.event_gap))]),
        counter("http_stream_events", Number, Subject::Stream, &[Stream(|cell| Counter(cell.events))]),
        trend("http_stream_duration", Subject::Stream, &[Stream(|cell| Trend(&cell.duration))]),
        counter("http_stream_reconnects", Number, Subject::Stream, &[Stream(|cell| Counter(cell.reconnects))]),
        counter("http_stream_inbox_full", Number, Subject::Stream, &[Stream(|cell| Counter(cell.inbox_full))]),
        trend("llm_time_to_first_token", Subject::Stream, &[Stream(|cell| Trend(&cell.first_token))]),
        trend("llm_inter_token", Subject::Stream, &[Stream(|cell| Trend(&cell.inter_token))]),
        trend("llm_time_per_output_token", Subject::Stream, &[Stream(|cell| Trend(&cell.time_per_output_token))]),
        counter("llm_output_tokens", Number, Subject::Stream, &[Stream(|cell| Counter(cell.output_tokens))]),
        counter("tcp_connections", Number, Subject::Socket, &[Socket(|cell| Counter(cell.connections))]),
        trend("tcp_connecting", Subject::Socket, &[Socket(|cell| Trend(&cell.connecting))]),
        trend("tcp_tls_handshaking", Subject::Socket, &[Socket(|cell| Trend(&cell.tls_handshaking))]),
        trend("tcp_session_duration", Subject::Socket, &[Socket(|cell| Trend(&cell.session_duration))]),
        trend("tcp_response", Subject::Socket, &[Socket(|cell| Trend(&cell.response))]),
        counter("tcp_inbox_full", Number, Subject::Socket, &[Socket(|cell| Counter(cell.inbox_full))]),
        counter("tcp_errors", Number, Subject::Socket, &[Socket(|cell| Counter(cell.errors))]),
        counter("udp_datagrams_sent", Number, Subject::Socket, &[Socket(|cell| Counter(cell.datagrams_sent))]),
        counter("udp_datagrams_received", Number, Subject::Socket, &[Socket(|cell| Counter(cell.datagrams_received))]),
        counter("udp_datagrams_dropped", Number, Subject::Socket, &[Socket(|cell| Counter(cell.datagrams_dropped))]),
        trend("udp_response", Subject::Socket, &[Socket(|cell| Trend(&cell.datagram_response))]),
        counter("udp_errors", Number, Subject::Socket, &[Socket(|cell| Counter(cell.datagram_errors))]),
        trend("grpc_req_duration", Subject::Call, &[UnaryCall(|_, cell| Trend(&cell.duration))]),
        trend("grpc_req_blocked", Subject::Call, &[UnaryCall(|_, cell| Trend(&cell.blocked))]),
        trend("grpc_req_connecting", Subject::Call, &[UnaryCall(|_, cell| Trend(&cell.connecting))]),
        trend("grpc_req_tls_handshaking", Subject::Call, &[UnaryCall(|_, cell| Trend(&cell.tls_handshaking))]),
        trend("grpc_req_sending", Subject::Call, &[UnaryCall(|_, cell| Trend(&cell.sending))]),
        trend("grpc_req_waiting", Subject::Call, &[UnaryCall(|_, cell| Trend(&cell.waiting))]),
        trend("grpc_req_receiving", Subject::Call, &[UnaryCall(|_, cell| Trend(&cell.receiving))]),
        rate(
            "grpc_req_failed",
            Subject::Call,
            &[
                UnaryCall(|key, cell| Rate(failed_requests(key, cell))),
                StreamingCall(|key, cell| Rate(failed_requests(key, cell))),
            ],
        ),
        counter("grpc_reqs", Number, Subject::Call, &[UnaryCall(|_, cell| Counter(cell.count))]),
        counter("grpc_streams", Number, Subject::Call, &[StreamingCall(|_, cell| Counter(cell.count))]),
        trend("grpc_stream_duration", Subject::Call, &[StreamingCall(|_, cell| Trend(&cell.duration))]),
        trend("grpc_stream_first_msg", Subject::CallMessages, &[Stream(|cell| Trend(&cell.first_message))]),
        trend("grpc_stream_msg_gap", Subject::CallMessages, &[Stream(|cell| Trend(&cell.message_gap))]),
        trend("grpc_stream_response", Subject::CallMessages, &[Stream(|cell| Trend(&cell.message_response))]),
        counter("grpc_streams_msgs_sent", Number, Subject::CallMessages, &[Stream(|cell| Counter(cell.messages_sent))]),
        counter(
            "grpc_streams_msgs_received",
            Number,
            Subject::CallMessages,
            &[Stream(|cell| Counter(cell.messages_received))],
        ),
        trend("ws_connecting", Subject::WebSocket, &[WebSocket(|cell| Trend(&cell.connecting))]),
        counter("ws_sessions", Number, Subject::WebSocket, &[WebSocket(|cell| Counter(cell.sessions))]),
        rate("ws_sessions_failed", Subject::WebSocket, &[WebSocket(|cell| Rate(cell.failures()))]),
        trend("ws_session_duration", Subject::WebSocket, &[WebSocket(|cell| Trend(&cell.session_duration))]),
        counter("ws_msgs_sent", Number, Subject::WebSocket, &[WebSocket(|cell| Counter(cell.messages_sent))]),
        counter("ws_msgs_received", Number, Subject::WebSocket, &[WebSocket(|cell| Counter(cell.messages_received))]),
        trend("ws_ping", Subject::WebSocket, &[WebSocket(|cell| Trend(&cell.ping))]),
        trend("ws_response", Subject::WebSocket, &[WebSocket(|cell| Trend(&cell.response))]),
        trend("ws_msg_gap", Subject::WebSocket, &[WebSocket(|cell| Trend(&cell.message_gap))]),
        counter("ws_inbox_full", Number, Subject::WebSocket, &[WebSocket(|cell| Counter(cell.inbox_full))]),
        counter(
            "ws_closed_unexpectedly",
            Number,
            Subject::WebSocket,
            &[WebSocket(|cell| Counter(cell.closed_unexpectedly))],
        ),
        trend("iteration_duration", Subject::Iteration, &[Iteration(|cell| Trend(&cell.duration))]),
        counter("iterations", Number, Subject::Iteration, &[Iteration(|cell| Counter(cell.count))]),
        rate("iterations_failed", Subject::Iteration, &[Iteration(|cell| Rate(failed_iterations(cell)))]),
        counter("iterations_interrupted", Number, Subject::Iteration, &[Iteration(|cell| Counter(cell.interrupted))]),
        counter("dropped_iterations", Number, Subject::DroppedIteration, &[Dropped(|cell| Counter(cell.count))]),
        trend("schedule_lag", Subject::Run, &[Pacing(|pacing| &pacing.schedule_lag)]),
        trend("transaction_duration", Subject::Transaction, &[Transaction(|cell| Trend(&cell.duration))]),
        rate("transaction_failed", Subject::Transaction, &[Transaction(|cell| Rate(cell.failed))]),
        rate("checks", Subject::Check, &[Check]),
        gauge("vus", Subject::Run, &[Vus(|vus| vus.active)]),
        gauge("vus_max", Subject::Run, &[Vus(|vus| vus.most)]),
        counter(
            "data_sent",
            Data,
            Subject::Bytes,
            &[
                Request(|_, cell| Counter(cell.sent)),
                UnaryCall(|_, cell| Counter(cell.sent)),
                StreamingCall(|_, cell| Counter(cell.sent)),
                Socket(|cell| Counter(cell.sent)),
                WebSocket(|cell| Counter(cell.sent)),
            ],
        ),
        counter(
            "data_received",
            Data,
            Subject::Bytes,
            &[
                Request(|_, cell| Counter(cell.received)),
                UnaryCall(|_, cell| Counter(cell.received)),
                StreamingCall(|_, cell| Counter(cell.received)),
                Socket(|cell| Counter(cell.received)),
                WebSocket(|cell| Counter(cell.received)),
            ],
        ),
    ]
};

/// As in k6: a pass of `http_req_failed` is a request that failed.
fn failed_requests(key: &RequestKey, cell: &RequestCell) -> RateCell {
    if key.expected { RateCell { passes: 0, fails: cell.count } } else { RateCell { passes: cell.count, fails: 0 } }
}

fn failed_iterations(cell: &IterationCell) -> RateCell {
    let passes = cell.failed + cell.trapped;
    RateCell { passes, fails: cell.count - passes }
}
