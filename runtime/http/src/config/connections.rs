//! Settings of connections: where they go, where they come from, and how they are opened.

use std::path::PathBuf;
use std::time::Duration;

use squall_address::{ConnectTo, HostMap, Proxies, SourceAddresses};

/// Where connections go, if not to the host of the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteConfig {
    /// Addresses of hosts that are not looked up.
    pub hosts: HostMap,
    /// Other servers in the place of hosts; the first that fits counts.
    pub connect_to: Vec<ConnectTo>,
    /// Proxies between this machine and the hosts.
    pub proxies: Proxies,
    /// The Unix socket that all connections go to.
    pub unix_socket: Option<PathBuf>,
}

/// How names are looked up, and which of their addresses connections use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DnsConfig {
    /// Lifetime of a looked-up address.
    pub ttl: Duration,
    /// The choice among several addresses.
    pub select: AddressChoice,
    /// The choice between IPv4 and IPv6.
    pub family: FamilyChoice,
}

impl Default for DnsConfig {
    fn default() -> DnsConfig {
        let ttl = Duration::from_secs(300);
        DnsConfig { ttl, select: AddressChoice::default(), family: FamilyChoice::default() }
    }
}

/// Which of several addresses a connection tries first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressChoice {
    /// One after the other.
    #[default]
    RoundRobin,
    /// At random.
    Random,
    /// Always the first.
    First,
}

/// Which addresses are used, and which come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FamilyChoice {
    /// First those of the kind that the system puts first.
    #[default]
    System,
    /// First those of IPv4.
    PreferIpv4,
    /// First those of IPv6.
    PreferIpv6,
    /// Only those of IPv4.
    OnlyIpv4,
    /// Only those of IPv6.
    OnlyIpv6,
    /// All alike.
    Any,
}

/// Options of the sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// Whether data is sent at once (`TCP_NODELAY`).
    pub nodelay: bool,
    /// How long a connection is idle before the system asks whether the peer is still there; never, without it.
    pub keep_alive: Option<Duration>,
    /// Addresses of this machine that virtual users take turns at; the system chooses, without them.
    pub sources: Option<SourceAddresses>,
    /// The least time between the starts of two connections of one thread.
    pub pace: Option<ConnectPace>,
}

impl Default for SocketConfig {
    fn default() -> SocketConfig {
        SocketConfig { nodelay: true, keep_alive: None, sources: None, pace: None }
    }
}

/// The rate at which one thread opens connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectPace {
    /// The least time between the starts of two connections.
    pub interval: Duration,
}
