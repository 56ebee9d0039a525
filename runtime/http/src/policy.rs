//! The egress policy. A scenario can be a stranger's: it reaches only the hosts that the person running it has named.
//!
//! It decides twice for each connection: about the name, before it is looked up (a look-up alone can carry secrets
//! away), and about the addresses found, of which only the allowed ones are connected to. Nothing is looked up between
//! the second decision and the connection, so a name that changes its address in between (DNS rebinding) gains nothing.
//! A kept connection was checked when it was opened, so requests pay nothing.
//!
//! Must not look anything up itself, and must not know the origin of the rules.

use std::net::IpAddr;

use squall_address::is_private_name;
use thiserror::Error;

use crate::error::Error;
use crate::url::{Origin, UrlError};

pub use squall_address::{HostRule, HostRuleError, Range};

/// The hosts and addresses that a run may connect to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EgressPolicy {
    /// Wherever it likes: for programs that make their own requests. Scenarios get [`EgressPolicy::Only`].
    #[default]
    Everywhere,
    /// Only where these rules lead.
    Only(EgressRules),
}

/// Hosts named by the person who runs the test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressRules {
    /// Hosts that may be connected to.
    pub allowed: Vec<HostRule>,
    /// Hosts whose public addresses may be put under load.
    pub vouched: Vec<HostRule>,
}

/// Why a connection is not opened. Each text names the option to add if the connection was intended.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// The host was not named.
    #[error(
        "{peer} is not allowed: a scenario reaches only the target and what --allow names; \
         if it is meant to go there, add --allow {peer}"
    )]
    NotNamed {
        /// Host and port.
        peer: String,
    },
    /// A name that any outsider could have registered leads into this network.
    #[error(
        "{peer} leads to {address}, {range}, where a public name may not lead (DNS rebinding); \
         if it is meant to go there, add --allow {address}"
    )]
    Inside {
        /// Host and port.
        peer: String,
        /// The address that the name leads to.
        address: IpAddr,
        /// Kind of that address.
        range: Range,
    },
    /// An address at which a cloud serves credentials.
    #[error(
        "{peer} leads to {address}, {}, which no name and no range can allow; \
         if it is meant to go there, add --allow {address}",
        Range::Metadata
    )]
    Metadata {
        /// Host and port.
        peer: String,
        /// The address that the name leads to.
        address: IpAddr,
    },
    /// A host that a proxy looks up, without a voucher.
    #[error(
        "{peer} is looked up by the proxy, so it cannot be told whether it is on the public Internet, and load on a \
         service without its owner's consent is an attack; if it is yours, or its owner agrees, add --i-may-load {host}"
    )]
    Unseen {
        /// Host and port.
        peer: String,
        /// The host without its port.
        host: String,
    },
    /// A public address without a voucher.
    #[error(
        "{peer} ({address}) is on the public Internet, and load on a service without its owner's consent is an attack; \
         if it is yours, or its owner agrees, add --i-may-load {host}"
    )]
    Public {
        /// Host and port.
        peer: String,
        /// The host without its port.
        host: String,
        /// The address that the name leads to.
        address: IpAddr,
    },
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::RefusedByPolicy(refusal.to_string())
    }
}

impl EgressRules {
    /// Allows a URL's host at its port; ports 80 and 443 are allowed together, because the one redirects to the other.
    ///
    /// # Errors
    /// If it is not a URL.
    pub fn allow_url(&mut self, url: &str) -> Result<(), UrlError> {
        let host_and_port = |origin: &Origin| {
            let ports = if matches!(origin.port, 80 | 443) { vec![80, 443] } else { vec![origin.port] };
            ports.into_iter().map(|port| HostRule::exactly(&origin.host, port)).collect::<Vec<_>>()
        };
        self.allowed.extend(host_and_port(&Origin::parse(url)?.0));
        Ok(())
    }

    /// Before a look-up: whether this host was named.
    fn check_name(&self, host: &str, port: u16) -> Result<(), Refusal> {
        let literal: Option<IpAddr> = host.parse().ok();
        let named = self.allowed.iter().any(|rule| match literal {
            Some(address) => rule.covers(address, port),
            None => rule.names(host, port),
        });
        if named { Ok(()) } else { Err(Refusal::NotNamed { peer: peer(host, port) }) }
    }

    /// After a look-up: whether the host may lead to this address. If the user has given the address, no outsider has chosen
    /// it.
    fn check_address(&self, host: &str, port: u16, address: IpAddr, is_given: bool) -> Result<(), Refusal> {
        let peer = || peer(host, port);
        match Range::of(address) {
            Range::Public if self.vouched.iter().any(|rule| rule.names(host, port) || rule.covers(address, port)) => {
                Ok(())
            }
            Range::Public => Err(Refusal::Public { peer: peer(), host: host.to_owned(), address }),
            _ if self.allowed.iter().any(|rule| rule.covers(address, port)) => Ok(()),
            Range::Metadata => Err(Refusal::Metadata { peer: peer(), address }),
            _ if is_given || is_private_name(host) => Ok(()),
            range => Err(Refusal::Inside { peer: peer(), address, range }),
        }
    }
}

impl EgressPolicy {
    /// Before a look-up: whether this host may be looked up and connected to at all.
    ///
    /// # Errors
    /// If not.
    pub fn check_name(&self, host: &str, port: u16) -> Result<(), Refusal> {
        match self {
            EgressPolicy::Everywhere => Ok(()),
            EgressPolicy::Only(rules) => rules.check_name(host, port),
        }
    }

    /// After it: the addresses that may be connected to.
    ///
    /// # Errors
    /// If there were some, and none of them may.
    pub fn reachable(&self, host: &str, port: u16, addresses: &[IpAddr]) -> Result<Vec<IpAddr>, Refusal> {
        self.among(host, port, addresses, false)
    }

    /// The same of addresses that the user has given for this host, where a look-up would have to find them. Public ones
    /// still need a voucher, and where a cloud keeps credentials, the address still has to be named.
    ///
    /// # Errors
    /// If there were some, and none of them may.
    pub fn reachable_as_given(&self, host: &str, port: u16, addresses: &[IpAddr]) -> Result<Vec<IpAddr>, Refusal> {
        self.among(host, port, addresses, true)
    }

    /// Whether a proxy may be asked for this host, which it looks up itself. What is not seen here cannot be checked: a name
    /// that may be public needs a voucher of its own.
    ///
    /// # Errors
    /// If not.
    pub fn check_unseen(&self, host: &str, port: u16) -> Result<(), Refusal> {
        self.check_name(host, port)?;
        let EgressPolicy::Only(rules) = self else { return Ok(()) };
        match host.parse() {
            Ok(address) => rules.check_address(host, port, address, false),
            Err(_) if is_private_name(host) || rules.vouched.iter().any(|rule| rule.names(host, port)) => Ok(()),
            Err(_) => Err(Refusal::Unseen { peer: peer(host, port), host: host.to_owned() }),
        }
    }

    fn among(&self, host: &str, port: u16, addresses: &[IpAddr], is_given: bool) -> Result<Vec<IpAddr>, Refusal> {
        let EgressPolicy::Only(rules) = self else {
            return Ok(addresses.to_vec());
        };
        let mut refused = None;
        let mut reachable = Vec::new();
        for address in addresses {
            match rules.check_address(host, port, *address, is_given) {
                Ok(()) => reachable.push(*address),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        match refused {
            Some(refusal) if reachable.is_empty() => Err(refusal),
            _ => Ok(reachable),
        }
    }
}

/// Host and port, as `--allow` reads them.
fn peer(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests;
