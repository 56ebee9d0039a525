//! Settings of a run that all of its clients share.

mod connections;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::account::MemoryLimits;
use crate::missing_target::MissingTarget;
use crate::policy::EgressPolicy;
use crate::trace_context::TraceSampling;
use crate::url::BaseUrl;

pub use connections::{AddressChoice, ConnectPace, DnsConfig, FamilyChoice, RouteConfig, SocketConfig};
pub use tls::{ClientIdentity, Material, Password, TlsVersion};

/// Settings of the measured client, the same for all virtual users of a run.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Base of URLs that are only a path.
    pub base: Option<BaseUrl>,
    /// Told of the first URL that is only a path, if there is no base.
    pub missing_target: Arc<MissingTarget>,
    /// Hosts and addresses that requests may go to.
    pub egress: EgressPolicy,
    /// Sent as `User-Agent` by requests that bring none.
    pub user_agent: String,
    /// Limit for opening one connection (TCP and TLS).
    pub connect_timeout: Duration,
    /// Limit for a whole request, redirects included, unless the request has its own.
    pub request_timeout: Duration,
    /// Maximum number of redirects, unless the request has its own.
    pub max_redirects: u32,
    /// The most time that a request may ask for; [`ClientConfig::request_timeout`] is within it.
    pub longest_timeout: Duration,
    /// The most redirects that a request may ask for.
    pub most_redirects: u32,
    /// Certificates to trust.
    pub tls: TlsConfig,
    /// How names are looked up.
    pub dns: DnsConfig,
    /// Where connections go.
    pub routes: RouteConfig,
    /// How sockets are opened.
    pub sockets: SocketConfig,
    /// Order in which this thread's connections use the addresses of a name.
    pub turns: AddressTurns,
    /// The version of HTTP that is spoken, unless the request has its own.
    pub http: HttpVersion,
    /// Maximum number of requests under way on one connection of HTTP/2 or HTTP/3. The server's own limit holds, too.
    pub max_streams: usize,
    /// What a connection is used for.
    pub reuse: ConnectionReuse,
    /// How many connections to one origin the clients of this thread share; without it each has its own: one of HTTP/2 or
    /// HTTP/3, or as many of HTTP/1.1 as it has requests under way.
    pub pool: Option<usize>,
    /// Maximum number of requests of one `send_all` under way to one origin.
    pub batch_per_origin: usize,
    /// Whether bodies are discarded, unless the request has its own setting.
    pub discard_bodies: bool,
    /// The largest response head that is accepted, in bytes.
    pub max_head: usize,
    /// The largest body that is kept, in bytes, both as it came and decoded.
    pub max_body: u64,
    /// Which requests the target is asked to trace; without it, requests bring no trace context.
    pub trace_sampling: Option<TraceSampling>,
    /// Limits of the memory held for one virtual user, and for all together.
    pub memory: MemoryLimits,
}

/// The version of HTTP that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// With TLS what the server prefers (ALPN): HTTP/2 or HTTP/1.1. Without TLS, HTTP/1.1.
    #[default]
    Negotiated,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, negotiated by TLS. A server without it, or a URL without TLS, is an error.
    Http2,
    /// HTTP/2, without TLS from the first byte on.
    Http2PriorKnowledge,
    /// HTTP/3, over QUIC from the first packet on. A URL without TLS is an error.
    Http3,
}

/// The protocol on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
    Http3,
}

/// How long an open connection is used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectionReuse {
    /// As long as the server keeps it open.
    #[default]
    Always,
    /// Until the iteration ends.
    WithinIteration,
    /// For one request.
    Never,
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            base: None,
            missing_target: Arc::default(),
            egress: EgressPolicy::Everywhere,
            user_agent: concat!("squall/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(60),
            max_redirects: 10,
            longest_timeout: Duration::from_secs(60),
            most_redirects: 10,
            tls: TlsConfig::default(),
            dns: DnsConfig::default(),
            routes: RouteConfig::default(),
            sockets: SocketConfig::default(),
            turns: AddressTurns::default(),
            http: HttpVersion::Negotiated,
            max_streams: 100,
            reuse: ConnectionReuse::Always,
            pool: None,
            batch_per_origin: 6,
            discard_bodies: false,
            max_head: 256 * 1024,
            max_body: 256 * 1024 * 1024,
            trace_sampling: None,
            memory: MemoryLimits::default(),
        }
    }
}

/// Order in which the connections of one thread use the addresses of a name. The thread's first connection takes number
/// `first`, each later one the number `step` further on, so that the connections of all threads are spread evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressTurns {
    /// The number of the thread.
    pub first: usize,
    /// Number of threads.
    pub step: usize,
}

impl AddressTurns {
    /// Number of the address for the connection that comes after `others` earlier ones.
    pub(crate) fn turn(self, others: usize) -> usize {
        self.first.wrapping_add(self.step.wrapping_mul(others))
    }
}

/// For a thread that is alone.
impl Default for AddressTurns {
    fn default() -> AddressTurns {
        AddressTurns { first: 0, step: 1 }
    }
}

/// Certificates to trust and to show, and what is offered in a handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// Accept any certificate.
    pub insecure: bool,
    /// A PEM file of authorities that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The client's own certificates; the first that is for a host is shown to it, if it asks for one.
    pub identities: Vec<ClientIdentity>,
    /// The lowest version; TLS 1.2, if not given.
    pub lowest: Option<TlsVersion>,
    /// The highest version; TLS 1.3, if not given.
    pub highest: Option<TlsVersion>,
    /// Names of the cipher suites to offer; all, if there are none.
    pub cipher_suites: Vec<String>,
    /// The name to send to servers, and to look for in their certificates, instead of the host's.
    pub server_name: Option<String>,
    /// Whether each handshake is a full one.
    pub no_resumption: bool,
}
