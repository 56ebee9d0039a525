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

/// A metric that every run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its unit.
    pub unit: Unit,
}

const fn metric(name: &'static str, kind: Kind, unit: Unit) -> Builtin {
    Builtin { name, kind, unit }
}

/// All built-in metrics, in the order in which reports show them.
pub const BUILT_IN: &[Builtin] = &[
    metric("response_time", Kind::Trend, Unit::Time),
    metric("http_req_duration", Kind::Trend, Unit::Time),
    metric("http_req_blocked", Kind::Trend, Unit::Time),
    metric("http_req_connecting", Kind::Trend, Unit::Time),
    metric("http_req_tls_handshaking", Kind::Trend, Unit::Time),
    metric("http_req_sending", Kind::Trend, Unit::Time),
    metric("http_req_waiting", Kind::Trend, Unit::Time),
    metric("http_req_receiving", Kind::Trend, Unit::Time),
    metric("server_timing", Kind::Trend, Unit::Time),
    metric("http_req_failed", Kind::Rate, Unit::Number),
    metric("http_reqs", Kind::Counter, Unit::Number),
    metric("http_reconnects", Kind::Counter, Unit::Number),
    metric("http_reqs_refused", Kind::Counter, Unit::Number),
    metric("iteration_duration", Kind::Trend, Unit::Time),
    metric("iterations", Kind::Counter, Unit::Number),
    metric("iterations_failed", Kind::Rate, Unit::Number),
    metric("iterations_interrupted", Kind::Counter, Unit::Number),
    metric("dropped_iterations", Kind::Counter, Unit::Number),
    metric("schedule_lag", Kind::Trend, Unit::Time),
    metric("transaction_duration", Kind::Trend, Unit::Time),
    metric("transaction_failed", Kind::Rate, Unit::Number),
    metric("checks", Kind::Rate, Unit::Number),
    metric("vus", Kind::Gauge, Unit::Number),
    metric("vus_max", Kind::Gauge, Unit::Number),
    metric("data_sent", Kind::Counter, Unit::Data),
    metric("data_received", Kind::Counter, Unit::Data),
];
