//! Values of the interface, as the contract has them.

use squall_http::{Error, HttpVersion};
use squall_metrics::Phases;
use wasmtime::component::{ComponentType, Lift, Lower};

#[derive(Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "the guest makes them")]
pub(super) enum Version {
    #[component(name = "negotiated")]
    Negotiated,
    #[component(name = "http1")]
    Http1,
    #[component(name = "http2")]
    Http2,
    #[component(name = "http2-prior-knowledge")]
    Http2PriorKnowledge,
    #[component(name = "http3")]
    Http3,
}

impl From<Version> for HttpVersion {
    fn from(version: Version) -> HttpVersion {
        match version {
            Version::Negotiated => HttpVersion::Negotiated,
            Version::Http1 => HttpVersion::Http1,
            Version::Http2 => HttpVersion::Http2,
            Version::Http2PriorKnowledge => HttpVersion::Http2PriorKnowledge,
            Version::Http3 => HttpVersion::Http3,
        }
    }
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(in crate::host) struct Timings {
    blocked: u64,
    connecting: u64,
    #[component(name = "tls-handshaking")]
    tls_handshaking: u64,
    sending: u64,
    waiting: u64,
    receiving: u64,
}

impl From<Phases> for Timings {
    fn from(phases: Phases) -> Timings {
        Timings {
            blocked: phases.blocked.0,
            connecting: phases.connecting.0,
            tls_handshaking: phases.tls_handshaking.0,
            sending: phases.sending.0,
            waiting: phases.waiting.0,
            receiving: phases.receiving.0,
        }
    }
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub(in crate::host) enum Failure {
    #[component(name = "timeout")]
    Timeout,
    #[component(name = "dns")]
    Dns(String),
    #[component(name = "connect")]
    Connect(String),
    #[component(name = "tls")]
    Tls(String),
    #[component(name = "reset")]
    Reset(String),
    #[component(name = "protocol")]
    Protocol(String),
    #[component(name = "too-large")]
    TooLarge(String),
    #[component(name = "too-many-redirects")]
    TooManyRedirects(String),
    #[component(name = "refused-by-policy")]
    RefusedByPolicy(String),
    #[component(name = "invalid-request")]
    InvalidRequest(String),
    #[component(name = "other")]
    Other(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Timeout => Failure::Timeout,
            Error::Dns(text) => Failure::Dns(text),
            Error::Connect(text) => Failure::Connect(text),
            Error::Tls(text) => Failure::Tls(text),
            Error::Reset(text) => Failure::Reset(text),
            Error::Protocol(text) => Failure::Protocol(text),
            Error::TooLarge(text) | Error::NoRoom(text) => Failure::TooLarge(text),
            Error::TooManyRedirects(text) => Failure::TooManyRedirects(text),
            Error::RefusedByPolicy(text) => Failure::RefusedByPolicy(text),
            Error::InvalidRequest(text) => Failure::InvalidRequest(text),
            Error::Abandoned(text) => Failure::Other(text),
        }
    }
}
