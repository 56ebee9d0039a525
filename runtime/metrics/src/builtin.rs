//! The metrics that every run has, under k6's names so that dashboards and thresholds carry over.

use std::fmt;

use crate::histogram::Histogram;
use crate::interval::{GaugeCell, IterationCell, RateCell, RequestCell, RunCell, TransactionCell};
use crate::pacing::{DroppedCell, Pacing};
use crate::registry::RequestKey;
use crate::sample::FailureClass;
use crate::series::{SeriesValue, VuGauges};
use crate::streams::StreamCell;

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
            Subject::Stream | Subject::ServerTiming => &["scenario", "flow", "name", "group"],
            Subject::Iteration | Subject::DroppedIteration | Subject::Custom => &["scenario", "flow", "group"],
            Subject::Transaction => &["scenario", "flow", "transaction", "group"],
            Subject::Check => &["scenario", "flow", "check", "group"],
            Subject::Run => &[],
        }
    }

    /// Whether guests can give such samples tags of their own.
    pub fn takes_tags_of_guests(self) -> bool {
        matches!(self, Subject::Request | Subject::Stream | Subject::Transaction | Subject::Check | Subject::Custom)
    }
}

/// The cells that a metric is in, and its value in one of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// Requests that were sent.
    Request(for<'a> fn(&RequestKey, &'a RequestCell) -> SeriesValue<'a>),
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
        Check, Dropped, Iteration, Pacing, Request, Run, ServerTiming, Stream, Transaction, UnsentRequest, Vus,
    };
    use Unit::{Data, Number};
    &[
        // What was never sent must not make it look better: dropped iterations count with the time they had waited.
        trend(
            "response_time",
            Subject::Request,
            &[Request(|_, cell| Trend(&cell.response_time)), Dropped(|cell| Trend(&cell.waited))],
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
        counter("data_sent", Data, Subject::Bytes, &[Request(|_, cell| Counter(cell.sent))]),
        counter("data_received", Data, Subject::Bytes, &[Request(|_, cell| Counter(cell.received))]),
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
