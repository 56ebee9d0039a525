//! What a plan says about requests: options, defaults, limits. Must not know how requests are made.

mod connections;
mod dns;
mod tls;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};
use squall_schedule::limits;

use crate::PlanError;
use crate::options::allowance::Allowance::{Bytes, Freely, UpToDefault};
use crate::options::headings::{CONNECTIONS, REQUESTS};
use crate::options::kinds::{
    ClientCertificates, Dns, File, Flag, Hosts, RateLevel, StandIns, Text, TextList, Time, Version, Whole, Word,
};
use crate::options::table::option_table;
use crate::options::{Key, Keyed, long};
use crate::plan::http_version::HttpVersion;
use squall_address::{NoProxy, SourceAddresses};

pub use connections::{ConnectionPlan, ProxyChoice};
pub use dns::{DnsOptions, DnsPlan, DnsPolicy, DnsSelect};
pub use tls::{
    CertificateText, ClientCertificate, PasswordSource, PlannedCertificate, PlannedPassword, TlsPlan, TlsVersion,
};

option_table! {
    /// What one layer says about requests; everything optional.
    pub struct HttpOptions {
        /// Accept any TLS certificate.
        insecure: Flag => also(&["insecureSkipTLSVerify"]), flag(long("insecure").short('k').aliases(&["insecure-skip-tls-verify"]).under(REQUESTS).brief("Accept any TLS certificate")), default("false");
        /// A file of certificate authorities (PEM) to trust as well.
        cacert: File => flag(long("cacert").under(REQUESTS));
        /// A certificate of the client's own, for servers that ask for one (PEM, or PKCS#12 with the key).
        cert: File => flag(long("cert").under(CONNECTIONS));
        /// The private key of `cert` (PEM), if it is not in the same file.
        key: File => flag(long("key").under(CONNECTIONS));
        /// Where the password of a `cert` in PKCS#12 comes from: env:VARIABLE or @FILE.
        cert_password: Word<PasswordSource> => flag(long("cert-password").under(CONNECTIONS));
        /// Certificates of the client's own by host, each with `hosts`, `cert` and `key`: paths, or text in PEM.
        client_certificates: ClientCertificates => also(&["tlsAuth"]), in_files_only();
        /// The lowest version of TLS: 1.2 or 1.3.
        tls_min: Version => flag(long("tls-min").under(CONNECTIONS)), default("1.2"), suggest(Freely);
        /// The highest version of TLS: 1.2 or 1.3.
        tls_max: Version => flag(long("tls-max").under(CONNECTIONS)), default("1.3"), suggest(Freely);
        /// The cipher suites to offer, by IANA's names, with commas between them; all that are safe unless said otherwise.
        tls_ciphers: TextList => also(&["tlsCipherSuites"]), flag(long("tls-ciphers").under(CONNECTIONS)), suggest(Freely);
        /// The name to send to servers (SNI), and to look for in their certificates, instead of the host's.
        tls_server_name: Text => flag(long("tls-server-name").value("NAME").under(CONNECTIONS));
        /// Make a full TLS handshake for each connection, instead of resuming sessions.
        no_tls_resumption: Flag => flag(long("no-tls-resumption").under(CONNECTIONS)), default("false"), suggest(Freely);
        /// The address of a host, which is not looked up then: HOST:PORT:ADDRESS, HOST:ADDRESS, or HOST:ADDRESS:PORT;
        /// *.HOST for all names below it.
        hosts: Hosts => flag(long("resolve").under(CONNECTIONS)), in_files_only();
        /// Connect to another server for a host, and leave the requests as they are: HOST1:PORT1:HOST2:PORT2; a part that is
        /// left out stands for any, or for the same.
        connect_to: StandIns => also(&["connectTo"]), flag(long("connect-to").under(CONNECTIONS));
        /// How names are looked up, in k6's words: ttl=30s, select=random, policy=onlyIPv4.
        dns: Dns => flag(long("dns").under(CONNECTIONS)), default("ttl=5m,select=roundRobin,policy=system"), suggest(Freely);
        /// Send requests through a proxy: http://, socks5:// (names are looked up here) or socks5h:// (by the proxy), each
        /// perhaps with USER:PASSWORD@; `env` for those of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.
        proxy: Word<ProxyChoice> => flag(long("proxy").short('x').under(CONNECTIONS));
        /// Hosts that are reached without the proxy, with commas between them: shop.test (and names below it), 10.0.0.0/8, *.
        no_proxy: Word<NoProxy> => flag(long("no-proxy").aliases(&["noproxy"]).under(CONNECTIONS));
        /// Send all requests to a Unix socket.
        unix_socket: File => flag(long("unix-socket").under(CONNECTIONS));
        /// Addresses of this machine that virtual users take turns at: addresses, ranges (10.0.0.1-10.0.0.9) and networks
        /// (10.0.0.0/28), with commas between them.
        local_ips: Word<SourceAddresses> => also(&["localIPs"]), flag(long("local-ips").under(CONNECTIONS));
        /// The most connections that are opened a second, over the whole run: 500, or 90/m.
        connect_rate: RateLevel => also(&["connectRate"]), flag(long("connect-rate").under(CONNECTIONS)), suggest(Freely);
        /// Let small packets wait for others (Nagle's algorithm).
        no_tcp_nodelay: Flag => flag(long("no-tcp-nodelay").under(CONNECTIONS)), default("false"), suggest(Freely);
        /// How long a connection is idle before the system asks whether the peer is still there.
        tcp_keepalive: Time => flag(long("tcp-keepalive").under(CONNECTIONS));
        /// How long a request may take in all.
        request_timeout: Time => also(&["requestTimeout"]), flag(long("timeout").under(REQUESTS)), default("60s"), suggest(UpToDefault);
        /// How long opening a connection may take, TLS included.
        connect_timeout: Time => also(&["connectTimeout"]), flag(long("connect-timeout").under(REQUESTS)), default("10s"), suggest(UpToDefault);
        /// Redirects that are followed; 0 for none.
        max_redirects: Whole<u32> => also(&["maxRedirects"]), flag(long("max-redirects").under(REQUESTS)), default("10"), suggest(UpToDefault);
        /// Open a connection for every request.
        no_connection_reuse: Flag => also(&["noConnectionReuse"]), flag(long("no-connection-reuse").aliases(&["disable-keepalive"]).under(REQUESTS)), default("false"), suggest(Freely);
        /// Close a virtual user's connections at the end of each iteration, as if another user came.
        no_vu_connection_reuse: Flag => also(&["noVUConnectionReuse"]), flag(long("no-vu-connection-reuse").under(REQUESTS)), default("false"), suggest(Freely);
        /// Read the bodies of responses off the connection and throw them away, unless a request says otherwise.
        discard_response_bodies: Flag => also(&["discardResponseBodies"]), flag(long("discard-response-bodies").under(REQUESTS)), default("false"), suggest(Freely);
        /// The `User-Agent` header of requests that bring none.
        user_agent: Text => also(&["userAgent"]), flag(long("user-agent").under(REQUESTS)), default("squall/VERSION"), suggest(Bytes(1_000));
        /// Connections to one origin that all virtual users share; each has its own unless said otherwise.
        shared_connections: Whole<u32> => also(&["sharedConnections"]), flag(long("shared-connections").aliases(&["connection-pool"]).under(REQUESTS)), suggest(Freely);
        /// The version of HTTP: `auto` (with TLS what the server prefers of 2 and 1.1, else 1.1), `1.1`, `2` (agreed on by TLS), `2-prior-knowledge` (also without TLS) or `3` (experimental).
        http_version: Word<HttpVersion> => also(&["httpVersion"]), flag(long("http").aliases(&["http-version"]).under(REQUESTS)), default("auto"), suggest(Freely);
        /// Requests that are under way at once on one connection of HTTP/2, if its server allows as many.
        max_streams: Whole<u32> => also(&["maxStreams"]), flag(long("max-streams").under(REQUESTS)), default("100"), suggest(Freely);
        /// Requests of one batch that go to the same origin at once.
        batch_per_origin: Whole<u32> => also(&["batchPerOrigin", "batchPerHost"]), default("6"), suggest(UpToDefault);
    }
}

impl HttpOptions {
    /// This layer laid over a lower one, which speaks where this one is silent.
    pub fn over(self, lower: HttpOptions) -> HttpOptions {
        self.merged(lower)
    }

    /// Files that it names are meant from this folder.
    pub(crate) fn in_folder(&mut self, folder: &Path) {
        for file in [&mut self.cacert, &mut self.cert, &mut self.key, &mut self.unix_socket].into_iter().flatten() {
            *file = folder.join(&*file);
        }
        if let Some(PasswordSource::File(file)) = &mut self.cert_password {
            *file = folder.join(&*file);
        }
        self.client_certificates.iter_mut().for_each(|certificate| certificate.in_folder(folder));
    }
}

impl Keyed for HttpOptions {
    fn keys() -> impl Iterator<Item = &'static Key> {
        HttpOptions::own_keys().iter()
    }

    fn set<'de, D: Deserializer<'de>>(&mut self, key: &str, value: D) -> Result<(), D::Error> {
        self.set_own(key, value)
    }
}

/// What is settled about requests; see [`HttpOptions`] for what each means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpPlan {
    /// Whether certificates go unchecked; false unless asked for.
    pub insecure: bool,
    /// A file of certificate authorities (PEM) to trust as well.
    pub cacert: Option<PathBuf>,
    /// How long a request may take in all; 60 seconds unless said otherwise.
    pub request_timeout: Duration,
    /// How long opening a connection may take, TLS included; 10 seconds unless said otherwise.
    pub connect_timeout: Duration,
    /// How many redirects are followed; 10 unless said otherwise.
    pub max_redirects: u32,
    /// Whether each request opens a connection of its own; false unless asked for.
    pub no_connection_reuse: bool,
    /// Whether a virtual user's connections are closed at the end of each iteration; false unless asked for.
    pub no_vu_connection_reuse: bool,
    /// Whether bodies of responses are thrown away; false unless asked for.
    pub discard_response_bodies: bool,
    /// The `user-agent` header of requests that bring none; `squall/` and the version unless said otherwise.
    pub user_agent: String,
    /// How many connections to one origin all virtual users share; each has its own unless asked for.
    pub shared_connections: Option<u32>,
    /// The version of HTTP; negotiated unless said otherwise.
    pub http_version: HttpVersion,
    /// How many requests are under way at once on one connection of HTTP/2; 100 unless said otherwise.
    pub max_streams: u32,
    /// How many requests of one batch go to the same origin at once; 6, as browsers have it, unless said otherwise.
    pub batch_per_origin: u32,
    /// Client certificates, versions and ciphers.
    pub tls: TlsPlan,
    /// Where connections go and come from, and how they are opened.
    pub connections: ConnectionPlan,
    /// How far a request of the scenario may go beyond what the plan says; not at all unless said otherwise.
    pub ceilings: RequestCeilings,
}

/// The most that a request may ask for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCeilings {
    /// How long it may take in all.
    pub timeout: Duration,
    /// How many redirects may be followed.
    pub redirects: u32,
}

impl RequestCeilings {
    /// What the user says, and where the user says nothing the defaults: a component's suggestion for all of its requests
    /// is not a bound on one of them.
    pub fn of_user(users: &HttpOptions) -> RequestCeilings {
        let defaults = HttpPlan::default();
        RequestCeilings {
            timeout: users.request_timeout.unwrap_or(defaults.request_timeout),
            redirects: users.max_redirects.unwrap_or(defaults.max_redirects),
        }
    }
}

impl Default for HttpPlan {
    fn default() -> HttpPlan {
        HttpPlan {
            insecure: false,
            cacert: None,
            request_timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            max_redirects: 10,
            no_connection_reuse: false,
            no_vu_connection_reuse: false,
            discard_response_bodies: false,
            user_agent: concat!("squall/", env!("CARGO_PKG_VERSION")).to_owned(),
            shared_connections: None,
            http_version: HttpVersion::Auto,
            max_streams: 100,
            batch_per_origin: 6,
            tls: TlsPlan::default(),
            connections: ConnectionPlan::default(),
            ceilings: RequestCeilings { timeout: Duration::from_secs(60), redirects: 10 },
        }
    }
}

impl HttpPlan {
    /// Fills in defaults and checks limits; all that is wrong is returned beside the plan.
    pub(crate) fn resolve(options: HttpOptions) -> (HttpPlan, Vec<PlanError>) {
        let (tls, bad_tls) = TlsPlan::resolve(&options);
        let (connections, bad_connections) = ConnectionPlan::resolve(&options);
        let plan = HttpPlan::default();
        let plan = HttpPlan {
            insecure: options.insecure.unwrap_or(plan.insecure),
            cacert: options.cacert,
            request_timeout: options.request_timeout.unwrap_or(plan.request_timeout),
            connect_timeout: options.connect_timeout.unwrap_or(plan.connect_timeout),
            max_redirects: options.max_redirects.unwrap_or(plan.max_redirects),
            no_connection_reuse: options.no_connection_reuse.unwrap_or(plan.no_connection_reuse),
            no_vu_connection_reuse: options.no_vu_connection_reuse.unwrap_or(plan.no_vu_connection_reuse),
            discard_response_bodies: options.discard_response_bodies.unwrap_or(plan.discard_response_bodies),
            user_agent: options.user_agent.unwrap_or(plan.user_agent),
            shared_connections: options.shared_connections,
            http_version: options.http_version.unwrap_or(plan.http_version),
            max_streams: options.max_streams.unwrap_or(plan.max_streams),
            batch_per_origin: options.batch_per_origin.unwrap_or(plan.batch_per_origin),
            tls,
            connections,
            ceilings: RequestCeilings {
                timeout: options.request_timeout.unwrap_or(plan.ceilings.timeout),
                redirects: options.max_redirects.unwrap_or(plan.ceilings.redirects),
            },
        };
        let pool = u64::from(plan.shared_connections.unwrap_or(u32::MAX));
        let batch = u64::from(plan.batch_per_origin);
        let mistakes = [
            limits::some_time("request_timeout", plan.request_timeout).err(),
            limits::some_time("connect_timeout", plan.connect_timeout).err(),
            limits::count("shared_connections", pool, u64::from(u32::MAX)).err(),
            limits::count("max_streams", u64::from(plan.max_streams), u64::from(u32::MAX)).err(),
            limits::count("batch_per_origin", batch, u64::from(u32::MAX)).err(),
        ];
        let mistakes = mistakes.into_iter().flatten().chain(bad_connections).map(PlanError::from);
        (plan, mistakes.chain(bad_tls).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_goes_as_far_as_the_user_says_and_not_as_a_component() {
        let second = Duration::from_secs(1);
        let users = HttpOptions { request_timeout: Some(second), max_redirects: Some(2), ..HttpOptions::default() };
        assert_eq!(RequestCeilings::of_user(&users), RequestCeilings { timeout: second, redirects: 2 });
        let defaults = RequestCeilings { timeout: 60 * second, redirects: 10 };
        assert_eq!(RequestCeilings::of_user(&HttpOptions::default()), defaults);
        // A scenario that sets no others has the plan's own values for ceilings.
        let (plan, _) = HttpPlan::resolve(users);
        assert_eq!(plan.ceilings, RequestCeilings { timeout: second, redirects: 2 });
    }

    #[test]
    fn defaults_and_limits() {
        let (plan, mistakes) = HttpPlan::resolve(HttpOptions::default());
        assert_eq!((plan, mistakes), (HttpPlan::default(), vec![]));
        let (_, mistakes) = HttpPlan::resolve(HttpOptions {
            request_timeout: Some(Duration::ZERO),
            batch_per_origin: Some(0),
            shared_connections: Some(0),
            ..HttpOptions::default()
        });
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
    }
}
