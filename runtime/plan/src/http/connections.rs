//! What a plan says about connections: where they go, where they come from, how they are opened.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use squall_address::{ConnectTo, HostMap, NoProxy, Proxies, Proxy, ProxyError, SourceAddresses};
use squall_schedule::Rate;
use squall_schedule::limits::{self, LimitError};

use super::HttpOptions;
use super::dns::DnsPlan;

/// What is settled about connections; see [`HttpOptions`] for what each means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionPlan {
    /// Addresses of hosts that are not looked up.
    pub hosts: HostMap,
    /// Other servers in the place of hosts.
    pub connect_to: Vec<ConnectTo>,
    /// How names are looked up.
    pub dns: DnsPlan,
    /// The Unix socket that all connections go to.
    pub unix_socket: Option<PathBuf>,
    /// Proxies between this machine and the hosts.
    pub proxies: Proxies,
    /// Whether the proxies are those of the environment, which the caller has to fill in.
    pub proxies_of_environment: bool,
    /// Addresses of this machine that virtual users take turns at.
    pub local_ips: Option<SourceAddresses>,
    /// Whether small packets may wait for others.
    pub no_tcp_nodelay: bool,
    /// How long a connection is idle before the system asks whether the peer is still there.
    pub tcp_keepalive: Option<Duration>,
    /// The least time between the starts of two connections of the run.
    pub connect_interval: Option<Duration>,
}

/// The proxy of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyChoice {
    /// `env`: those that other programs take from the environment.
    Environment,
    /// This one, for all hosts.
    One(Proxy),
}

impl FromStr for ProxyChoice {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<ProxyChoice, ProxyError> {
        if text == "env" { Ok(ProxyChoice::Environment) } else { text.parse().map(ProxyChoice::One) }
    }
}

/// Without user and password.
impl fmt::Display for ProxyChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProxyChoice::Environment => formatter.write_str("env"),
            ProxyChoice::One(proxy) => proxy.fmt(formatter),
        }
    }
}

impl ConnectionPlan {
    pub(super) fn resolve(options: &HttpOptions) -> (ConnectionPlan, Vec<LimitError>) {
        let except: NoProxy = options.no_proxy.clone().unwrap_or_default();
        let (proxies, proxies_of_environment) = match options.proxy.clone() {
            None => (Proxies { except, ..Proxies::default() }, false),
            Some(ProxyChoice::Environment) => (Proxies { except, ..Proxies::default() }, true),
            Some(ProxyChoice::One(proxy)) => (Proxies::all(proxy, except), false),
        };
        let connect_rate = options.connect_rate.map(|level| level.as_rate(None));
        let plan = ConnectionPlan {
            // Each entry was checked when it was read.
            hosts: HostMap::try_from(options.hosts.clone()).unwrap_or_default(),
            connect_to: options.connect_to.clone(),
            dns: options.dns.resolve(),
            unix_socket: options.unix_socket.clone(),
            proxies,
            proxies_of_environment,
            local_ips: options.local_ips.clone(),
            no_tcp_nodelay: options.no_tcp_nodelay.unwrap_or(false),
            tcp_keepalive: options.tcp_keepalive,
            connect_interval: connect_rate.and_then(interval),
        };
        let mistakes = [
            connect_rate.filter(|rate| rate.is_zero()).map(|_| LimitError::NoRate { key: "connect_rate" }),
            connect_rate.and_then(|rate| limits::rate("connect_rate", rate).err()),
            // The system counts in seconds.
            plan.tcp_keepalive
                .filter(|time| *time < Duration::from_secs(1))
                .map(|_| LimitError::NoTime { key: "tcp_keepalive" }),
        ];
        (plan, mistakes.into_iter().flatten().collect())
    }

    /// Takes the proxies of the environment, if they are asked for. Hosts that the plan leaves out go before `NO_PROXY`.
    ///
    /// # Errors
    /// A sentence that names the variable.
    pub fn take_proxies_of(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<(), String> {
        if !self.proxies_of_environment {
            return Ok(());
        }
        let of_environment = Proxies::from_environment(variables)?;
        let own = std::mem::take(&mut self.proxies.except);
        let except = if own == NoProxy::default() { of_environment.except } else { own };
        self.proxies = Proxies { except, ..of_environment };
        self.proxies_of_environment = false;
        Ok(())
    }
}

/// The time between two connections at that rate.
fn interval(rate: Rate) -> Option<Duration> {
    let count = u32::try_from(rate.count()).ok().filter(|count| *count > 0)?;
    Some((rate.per() / count).max(Duration::from_nanos(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(json: &str) -> (ConnectionPlan, Vec<LimitError>) {
        ConnectionPlan::resolve(&crate::Options::from_json(json).unwrap().http)
    }

    #[test]
    fn a_rate_is_a_time_between_connections() {
        for (rate, interval) in [("500", 2_000), ("\"500/s\"", 2_000), ("\"90/m\"", 666_666), ("\"0.5/s\"", 2_000_000)]
        {
            let (plan, mistakes) = resolved(&format!("{{\"connect_rate\": {rate}}}"));
            let micros = plan.connect_interval.map(|time| time.as_micros());
            assert_eq!((micros, mistakes.len()), (Some(interval), 0), "{rate}");
        }
        assert_eq!(resolved(r#"{"connect_rate": 0}"#).1, [LimitError::NoRate { key: "connect_rate" }]);
        assert_eq!(resolved(r#"{"tcp_keepalive": "1ms"}"#).1.len(), 1);
    }

    #[test]
    fn proxies_are_of_the_environment_only_if_that_is_asked_for() {
        let variables =
            || [("HTTPS_PROXY", "a.test:1"), ("NO_PROXY", "b.test")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let found = |json: &str, host: &str| {
            let mut plan = resolved(json).0;
            plan.take_proxies_of(variables().into_iter()).unwrap();
            plan.proxies.find(true, host, 443).map(ToString::to_string)
        };
        assert_eq!(found("{}", "shop.test"), None);
        assert_eq!(found(r#"{"proxy": "env"}"#, "shop.test").as_deref(), Some("http://a.test:1"));
        assert_eq!(found(r#"{"proxy": "env"}"#, "b.test"), None);
        assert_eq!(found(r#"{"proxy": "env", "no_proxy": "shop.test"}"#, "shop.test"), None);
        assert_eq!(
            found(r#"{"proxy": "socks5h://ada:secret@c.test:2"}"#, "b.test").as_deref(),
            Some("socks5h://c.test:2")
        );
    }
}
