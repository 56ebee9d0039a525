//! What a plan says about requests: options, defaults, limits. Must not know how requests are made.

use std::path::PathBuf;
use std::time::Duration;

use serde::de::Deserializer;
use squall_schedule::limits::{self, LimitError};

use crate::options::allowance::Allowance::{Bytes, Freely, UpToDefault};
use crate::options::headings::REQUESTS;
use crate::options::kinds::{File, Flag, Text, Time, Whole};
use crate::options::table::option_table;
use crate::options::{Key, Keyed, long};

option_table! {
    /// What one layer says about requests; everything optional.
    pub struct HttpOptions {
        /// Accept any TLS certificate.
        insecure: Flag => also(&["insecureSkipTLSVerify"]), flag(long("insecure").short('k').aliases(&["insecure-skip-tls-verify"]).under(REQUESTS).brief("Accept any TLS certificate")), default("false");
        /// A file of certificate authorities (PEM) to trust as well.
        cacert: File => flag(long("cacert").under(REQUESTS));
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
        /// Requests of one batch that go to the same origin at once.
        batch_per_origin: Whole<u32> => also(&["batchPerOrigin", "batchPerHost"]), default("6"), suggest(UpToDefault);
    }
}

impl HttpOptions {
    /// This layer laid over a lower one, which speaks where this one is silent.
    pub fn over(self, lower: HttpOptions) -> HttpOptions {
        self.merged(lower)
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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// How many requests of one batch go to the same origin at once; 6, as browsers have it, unless said otherwise.
    pub batch_per_origin: u32,
    /// How far a request of the scenario may go beyond what the plan says; not at all unless said otherwise.
    pub ceilings: RequestCeilings,
}

/// The most that a request may ask for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
            batch_per_origin: 6,
            ceilings: RequestCeilings { timeout: Duration::from_secs(60), redirects: 10 },
        }
    }
}

impl HttpPlan {
    /// Fills in defaults and checks limits; all that is wrong is returned beside the plan.
    pub(crate) fn resolve(options: HttpOptions) -> (HttpPlan, Vec<LimitError>) {
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
            batch_per_origin: options.batch_per_origin.unwrap_or(plan.batch_per_origin),
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
            limits::count("batch_per_origin", batch, u64::from(u32::MAX)).err(),
        ];
        (plan, mistakes.into_iter().flatten().collect())
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
        // Whoever sets no others has the plan's own values for ceilings.
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
