//! Samples, as a recorder receives them.

use crate::clock::Nanos;
use crate::keys::{FlowId, Method, NameId, Protocol};
use crate::tags::TagSetId;

/// The origin of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleOrigin {
    /// The flow that made it.
    pub flow: FlowId,
    /// The guest's tags, as far as thresholds ask for them.
    pub tags: TagSetId,
}

impl From<FlowId> for SampleOrigin {
    fn from(flow: FlowId) -> SampleOrigin {
        SampleOrigin { flow, tags: TagSetId::NONE }
    }
}

/// The time that one request spent in each phase, by k6's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Waiting for a free connection, and for the name look-up.
    pub blocked: Nanos,
    /// Opening the TCP connection; zero on an open one.
    pub connecting: Nanos,
    /// The TLS handshake; zero without TLS or on an open connection.
    pub tls_handshaking: Nanos,
    /// From the first byte written to the last.
    pub sending: Nanos,
    /// From the last byte written to the first byte read.
    pub waiting: Nanos,
    /// From the first byte read to the last.
    pub receiving: Nanos,
}

impl Phases {
    /// `http_req_duration`, defined as in k6: sending + waiting + receiving.
    pub fn duration(&self) -> Nanos {
        self.sending + self.waiting + self.receiving
    }
}

/// The reason why a request has no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum FailureClass {
    /// The time limit passed.
    Timeout = 1,
    /// The name could not be looked up.
    Dns,
    /// The connection could not be opened.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The connection was closed or reset under way.
    Reset,
    /// The response is not HTTP.
    Protocol,
    /// The response is larger than the limit.
    TooLarge,
    /// More redirects than the limit.
    TooManyRedirects,
    /// The run's policy forbids the target; nothing was sent.
    RefusedByPolicy,
    /// The request is invalid; nothing was sent.
    InvalidRequest,
    /// The run ended while the request was under way.
    Interrupted,
    /// The guest cancelled the request before there was a response.
    Abandoned,
    /// The virtual user's other requests left no room for this one; nothing was sent.
    NoRoom,
}

impl FailureClass {
    /// All classes.
    pub const ALL: [FailureClass; 13] = [
        FailureClass::Timeout,
        FailureClass::Dns,
        FailureClass::Connect,
        FailureClass::Tls,
        FailureClass::Reset,
        FailureClass::Protocol,
        FailureClass::TooLarge,
        FailureClass::TooManyRedirects,
        FailureClass::RefusedByPolicy,
        FailureClass::InvalidRequest,
        FailureClass::Interrupted,
        FailureClass::Abandoned,
        FailureClass::NoRoom,
    ];

    /// The class's name in reports and in the `error` tag.
    pub fn name(self) -> &'static str {
        match self {
            FailureClass::Timeout => "timeout",
            FailureClass::Dns => "dns",
            FailureClass::Connect => "connect",
            FailureClass::Tls => "tls",
            FailureClass::Reset => "reset",
            FailureClass::Protocol => "protocol",
            FailureClass::TooLarge => "too large",
            FailureClass::TooManyRedirects => "too many redirects",
            FailureClass::RefusedByPolicy => "refused by policy",
            FailureClass::InvalidRequest => "invalid request",
            FailureClass::Interrupted => "interrupted",
            FailureClass::Abandoned => "abandoned",
            FailureClass::NoRoom => "no room",
        }
    }

    /// Whether the request was never made: it is a problem, but not a sample.
    pub fn is_unsent(self) -> bool {
        matches!(self, FailureClass::InvalidRequest | FailureClass::RefusedByPolicy | FailureClass::NoRoom)
    }
}

/// One request that was sent, or that should have been sent and could not.
#[derive(Clone, Copy, Debug)]
pub struct RequestSample {
    /// The flow that made it.
    pub flow: FlowId,
    /// The guest's tags, as far as thresholds ask for them.
    pub tags: TagSetId,
    /// The name under which it is counted.
    pub name: NameId,
    /// Its method.
    pub method: Method,
    /// The response's status code, or 0 if there is none.
    pub status: u16,
    /// The reason why there is no response.
    pub failure: Option<FailureClass>,
    /// Whether the response is one that the scenario expects (by default: status 200 to 399).
    pub expected: bool,
    /// The version of HTTP in which the response came.
    pub proto: Protocol,
    /// The time spent in each phase.
    pub phases: Phases,
    /// From the intended start to the last byte.
    pub response_time: Nanos,
    /// Bytes written to the connection (below TLS, if any).
    pub sent: u64,
    /// Bytes read from the connection (below TLS, if any).
    pub received: u64,
}

/// The ways in which an iteration ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IterationEnd {
    /// The guest returned normally.
    Completed,
    /// The guest returned an error.
    Failed,
    /// The guest trapped.
    Trapped,
    /// The run, or the ramp-down, did not wait for it. Not counted as an iteration.
    Interrupted,
}
