//! The measured HTTP client: resolve, connect, TLS, send, wait, receive.
//!
//! A worker thread has one [`Network`], and each of its virtual users a [`Client`] on it. A client prepares requests,
//! sends them over connections of its own, and records one sample for each exchange, also for failed ones. Everything
//! is single-threaded: a request meets no lock, no channel and no shared counter.
//!
//! This crate must not know WebAssembly, plans, or terminals.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod account;
mod attempt;
mod batch;
mod buffers;
mod client;
mod config;
mod connect;
mod cookies;
mod credentials;
mod deadline;
mod decode;
mod dial;
mod error;
mod event_stream;
mod exchange;
mod framing;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod grpc;
mod head;
mod head_fields;
mod http2;
mod http3;
mod idle;
mod json_pointer;
mod missing_target;
mod network;
mod origin_limit;
mod pace;
mod policy;
mod pool;
mod proxy;
mod reader;
mod readiness;
mod redirect;
mod request;
mod resolve;
mod response;
mod server_timing;
mod socket;
mod sockets;
mod stopwatch;
mod streamed;
mod streams;
mod stub;
#[cfg(test)]
mod tests;
mod tls;
mod trace_context;
mod transport;
mod unfold;
mod url;
mod waker;
mod websocket;
mod wire_log;

pub use account::{Booked, KeptList, MemoryAccount, MemoryLimits, OverLimit, SharedAccount};
pub use client::Client;
pub use config::{
    AddressChoice, AddressTurns, ClientConfig, ClientIdentity, ConnectPace, ConnectionReuse, DnsConfig, FamilyChoice,
    HttpVersion, Material, Password, RouteConfig, SocketConfig, TlsConfig, TlsVersion,
};
pub use cookies::CookieJar;
pub use error::Error;
pub use event_stream::{EventParser, EventTooLarge, ServerEvent};
pub use grpc::{
    Call, CallMessage, CallOptions, Channel, ChannelOptions, DEFAULT_RECEIVE_LIMIT, Metadata, PreparedCall, Reply,
};
pub use json_pointer::{JsonPointer, JsonPointerError};
pub use missing_target::MissingTarget;
pub use network::Network;
pub use origin_limit::OriginLimit;
pub use policy::{EgressPolicy, EgressRules, HostRule, HostRuleError, Range, Refusal};
pub use readiness::{Readiness, ReadyMark};
pub use request::{Prepared, RequestOptions, check_request};
pub use response::Response;
pub use sockets::{TcpConnection, UdpPeer};
pub use squall_websocket::{CloseReason, InvalidClose};
pub use streamed::{
    BodyQueue, BodySource, GivenUp, Head, Incoming, Listener, PreparedStream, QueuedBody, StreamLimits, Streamed,
    StreamedBody, TimedEvent, TooMuch,
};
pub use stub::{Stub, StubAnswer, Wait};
pub use tls::{SharedTls, TlsError};
pub use trace_context::TraceSampling;
pub use url::{BaseUrl, UrlError};
pub use websocket::{Content, PreparedWebSocket, TimedMessage, WebSocket, WebSocketError, WebSocketOptions};
pub use wire_log::{MOST_EXCHANGES, WIRE};
