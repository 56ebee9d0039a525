//! The keys of series: flows, names, methods and protocols, small enough to be hashed for each request.
//!
//! This module must not know how names become numbers: the registry does.

use std::hash::{Hash, Hasher};

/// A flow, by its index in the component's description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(pub u16);

impl FlowId {
    /// `setup`, which belongs to no flow.
    pub const SETUP: FlowId = FlowId(u16::MAX);
    /// `teardown`.
    pub const TEARDOWN: FlowId = FlowId(u16::MAX - 1);
    /// `start`, which prepares a virtual user.
    pub const START: FlowId = FlowId(u16::MAX - 2);

    /// The index, for flows that have one.
    pub fn index(self) -> Option<usize> {
        (self < FlowId::START).then_some(usize::from(self.0))
    }
}

/// The `name` of a request, a check or a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(pub u32);

impl NameId {
    /// All names past the limit on series.
    pub const OTHER: NameId = NameId(0);
}

/// A custom metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetricId(pub u32);

/// A request's method. Other methods are sent unchanged, and counted as `OTHER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    Other,
}

impl Method {
    /// All methods.
    pub(crate) const ALL: [Method; 8] = [
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Patch,
        Method::Delete,
        Method::Options,
        Method::Other,
    ];

    /// The method with this name, in capitals.
    #[inline]
    pub fn of(name: &str) -> Method {
        match name {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            "OPTIONS" => Method::Options,
            _ => Method::Other,
        }
    }

    /// Its value in the `method` tag.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
            Method::Other => "OTHER",
        }
    }
}

/// The protocol in which a response came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Protocol {
    /// There was no response.
    #[default]
    None,
    /// HTTP/1.0 or HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
    /// HTTP/3.
    Http3,
    /// gRPC: a call with one request and one response, whether it was answered or not.
    Grpc,
    /// gRPC: a call with a stream in either direction, whether it was answered or not.
    GrpcStream,
}

impl Protocol {
    /// All protocols.
    pub(crate) const ALL: [Protocol; 6] =
        [Protocol::None, Protocol::Http1, Protocol::Http2, Protocol::Http3, Protocol::Grpc, Protocol::GrpcStream];
    /// Those that the measured client speaks.
    pub(crate) const SPOKEN: [Protocol; 5] =
        [Protocol::Http1, Protocol::Http2, Protocol::Http3, Protocol::Grpc, Protocol::GrpcStream];

    /// The protocol with this name. Any other text is none.
    pub fn of(name: &str) -> Protocol {
        Protocol::ALL.into_iter().find(|protocol| protocol.name() == name).unwrap_or_default()
    }

    /// Its value in the `proto` tag, as k6 has it; empty without a response.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::None => "",
            Protocol::Http1 => "HTTP/1.1",
            Protocol::Http2 => "HTTP/2.0",
            Protocol::Http3 => "HTTP/3.0",
            Protocol::Grpc => "gRPC",
            Protocol::GrpcStream => "gRPC stream",
        }
    }

    /// Whether the `status` tag is one of gRPC.
    pub fn is_grpc(self) -> bool {
        matches!(self, Protocol::Grpc | Protocol::GrpcStream)
    }
}

/// The tags that make one series of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestKey {
    /// The flow that made the requests.
    pub flow: FlowId,
    /// The `name` tag.
    pub name: NameId,
    /// The `method` tag.
    pub method: Method,
    /// The `status` tag; 0 without a response.
    pub status: u16,
    /// The `error` tag: a [`crate::FailureClass`] as a number, or 0.
    pub failure: u8,
    /// The `expected_response` tag.
    pub expected: bool,
    /// The `proto` tag.
    pub proto: Protocol,
}

/// Once for each request: two rounds of the hash instead of one for each field.
impl Hash for RequestKey {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Without `..`, so that no field is forgotten.
        let RequestKey { flow, name, method, status, failure, expected, proto } = *self;
        state.write_u64(u64::from(name.0) | u64::from(flow.0) << 32 | u64::from(status) << 48);
        state.write_u32(u32::from_le_bytes([method as u8, failure, u8::from(expected), proto as u8]));
    }
}

impl RequestKey {
    /// Where a series goes for which there is no room: one series for each flow and outcome.
    pub(crate) fn in_other(self) -> RequestKey {
        // Calls stay calls: their metrics are others.
        let proto = if self.proto.is_grpc() { self.proto } else { Protocol::None };
        RequestKey { name: NameId::OTHER, method: Method::Other, status: 0, failure: 0, proto, ..self }
    }
}

/// The tags that make one series of a check, a transaction or a custom metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomKey {
    /// The flow.
    pub flow: FlowId,
    /// The name of the check, the transaction or the server's timing, or the metric's number.
    pub id: u32,
}
