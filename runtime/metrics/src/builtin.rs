//! The metrics that every run has, under k6's names so that dashboards and thresholds carry over.

use std::fmt;

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
    /// A part of a server's work on a request.
    ServerTiming,
    /// An iteration, or a request that was never sent.
    Iteration,
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
                &["scenario", "flow", "name", "url", "method", "status", "error", "expected_response", "group"]
            }
            Subject::ServerTiming => &["scenario", "flow", "name", "group"],
            Subject::Iteration | Subject::Custom => &["scenario", "flow", "group"],
            Subject::Transaction => &["scenario", "flow", "transaction", "group"],
            Subject::Check => &["scenario", "flow", "check", "group"],
            Subject::Run => &[],
        }
    }

    /// Whether guests can give such samples tags of their own.
    pub fn takes_tags_of_guests(self) -> bool {
        matches!(self, Subject::Request | Subject::Transaction | Subject::Check | Subject::Custom)
    }
}

/// A metric that every run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its unit.
    pub unit: Unit,
    /// What its samples are of.
    pub subject: Subject,
}

impl Builtin {
    /// The built-in metric of that name.
    pub fn named(name: &str) -> Option<&'static Builtin> {
        BUILT_IN.iter().find(|built_in| built_in.name == name)
    }
}

const fn metric(name: &'static str, kind: Kind, unit: Unit, subject: Subject) -> Builtin {
    Builtin { name, kind, unit, subject }
}

/// All built-in metrics, in the order in which reports show them.
pub const BUILT_IN: &[Builtin] = &[
    metric("response_time", Kind::Trend, Unit::Time, Subject::Request),
    metric("http_req_duration", Kind::Trend, Unit::Time, Subject::Request),
    metric("http_req_blocked", Kind::Trend, Unit::Time, Subject::Request),
    metric("http_req_connecting", Kind::Trend, Unit::Time, Subject::Request),
    metric("http_req_tls_handshaking", Kind::Trend, Unit::Time, Subject::Request),
    metric("http_req_sending", Kind::Trend, Unit::Time, Subject::Request),
    metric("http_req_waiting", Kind::Trend, Unit::Time, Subject::Request),
    metric("http_req_receiving", Kind::Trend, Unit::Time, Subject::Request),
    metric("server_timing", Kind::Trend, Unit::Time, Subject::ServerTiming),
    metric("http_req_failed", Kind::Rate, Unit::Number, Subject::Request),
    metric("http_reqs", Kind::Counter, Unit::Number, Subject::Request),
    metric("http_reconnects", Kind::Counter, Unit::Number, Subject::Run),
    metric("http_reqs_refused", Kind::Counter, Unit::Number, Subject::Iteration),
    metric("iteration_duration", Kind::Trend, Unit::Time, Subject::Iteration),
    metric("iterations", Kind::Counter, Unit::Number, Subject::Iteration),
    metric("iterations_failed", Kind::Rate, Unit::Number, Subject::Iteration),
    metric("iterations_interrupted", Kind::Counter, Unit::Number, Subject::Iteration),
    metric("dropped_iterations", Kind::Counter, Unit::Number, Subject::Iteration),
    metric("schedule_lag", Kind::Trend, Unit::Time, Subject::Run),
    metric("transaction_duration", Kind::Trend, Unit::Time, Subject::Transaction),
    metric("transaction_failed", Kind::Rate, Unit::Number, Subject::Transaction),
    metric("checks", Kind::Rate, Unit::Number, Subject::Check),
    metric("vus", Kind::Gauge, Unit::Number, Subject::Run),
    metric("vus_max", Kind::Gauge, Unit::Number, Subject::Run),
    metric("data_sent", Kind::Counter, Unit::Data, Subject::Bytes),
    metric("data_received", Kind::Counter, Unit::Data, Subject::Bytes),
];
