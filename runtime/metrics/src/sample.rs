//! What one measured thing looks like when it is handed to a recorder.

use crate::clock::Nanos;
use crate::registry::{FlowId, Method, NameId};
use crate::tags::TagSetId;

/// Where a sample comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleOrigin {
    /// The flow that made it.
    pub flow: FlowId,
    /// The tags that the guest gave it, as far as thresholds ask for them.
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
    /// Waiting for a free connection, name look-up included.
    pub blocked: Nanos,
    /// Opening the TCP connection; zero on one that was open.
    pub connecting: Nanos,
    /// The TLS handshake; zero without TLS or on a connection that was open.
    pub tls_handshaking: Nanos,
    /// From the first byte written to the last.
    pub sending: Nanos,
    /// From the last byte written to the first byte read.
    pub waiting: Nanos,
    /// From the first byte read to the last.
    pub receiving: Nanos,
}

impl Phases {
    /// `http_req_duration`, exactly as k6 has it: sending + waiting + receiving.
    pub fn duration(&self) -> Nanos {
        self.sending + self.waiting + self.receiving
    }
}

/// Why a request has no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum FailureClass {
    /// The time allowed was over.
    Timeout = 1,
    /// The name could not be looked up.
    Dns,
    /// No connection.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The connection was closed or reset under way.
    Reset,
    /// What came is not HTTP.
    Protocol,
    /// The response is larger than allowed.
    TooLarge,
    /// More redirects than allowed.
    TooManyRedirects,
    /// The run's policy does not allow the target; nothing was sent.
    RefusedByPolicy,
    /// The request makes no sense; nothing was sent.
    InvalidRequest,
    /// The run ended while the request was under way.
    Interrupted,
    /// The guest gave the request up before there was an answer.
    Abandoned,
    /// There was no room for the request beside what its virtual user holds; nothing was sent.
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

    /// The word for it in reports and in the `error` tag.
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

    /// Whether the request never was one: it is a problem, and no sample.
    pub fn is_unsent(self) -> bool {
        matches!(self, FailureClass::InvalidRequest | FailureClass::RefusedByPolicy | FailureClass::NoRoom)
    }
}

/// One request that was sent, or that should have been and could not.
#[derive(Clone, Copy, Debug)]
pub struct RequestSample {
    /// The flow that made it.
    pub flow: FlowId,
    /// The tags that the guest gave it, as far as thresholds ask for them.
    pub tags: TagSetId,
    /// What it is counted under.
    pub name: NameId,
    /// Its method.
    pub method: Method,
    /// The response's status code, or 0 if there is none.
    pub status: u16,
    /// Why there is no response.
    pub failure: Option<FailureClass>,
    /// Whether the response is one that the scenario expects (by default: status 200 to 399).
    pub expected: bool,
    /// Where the time went.
    pub phases: Phases,
    /// From the intended start to the last byte.
    pub response_time: Nanos,
    /// Bytes written to the connection (below TLS, if any).
    pub sent: u64,
    /// Bytes read from the connection (below TLS, if any).
    pub received: u64,
}

/// How an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IterationEnd {
    /// The guest came to its end.
    Completed,
    /// The guest returned an error.
    Failed,
    /// The guest trapped.
    Trapped,
    /// The run, or the ramp-down, did not wait for it. Not counted as an iteration.
    Interrupted,
}
