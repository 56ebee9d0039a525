//! One host, or a group of hosts, in the form of the values of `--allow` and `--i-may-load`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use crate::range::{Range, carried};

/// A host or a group of hosts, at one port or at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRule {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    /// This name, in lower case, without a dot at its end.
    Name(String),
    /// The names below this one: `*.example.com`.
    Below(String),
    /// Every name.
    AnyName,
    /// The addresses that begin with as many bits as this one.
    Network { address: IpAddr, bits: u8 },
}

/// A wider range of addresses contains public ones, too, and its author does not think of the private ones.
const WIDEST_SPECIAL_V4: u8 = 8;
/// The same for IPv6: `fc00::/7` are its private addresses.
const WIDEST_SPECIAL_V6: u8 = 7;

/// Why a text is not a rule.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum HostRuleError {
    /// The text cannot be a host.
    #[error(
        "{0:?} is not a host: write a name (shop.test), a group of names (*.shop.test), an address or a range (10.1.0.0/16), \
         each perhaps with a port (shop.test:8080, [::1]:8080)"
    )]
    Host(String),
    /// The port is not one.
    #[error("{0:?} has a bad port: a port is a number from 1 to 65535")]
    Port(String),
    /// The number of bits is not one.
    #[error("{0:?} is a bad range: behind the / stands how many bits are the same, up to 32 for IPv4 and 128 for IPv6")]
    Bits(String),
}

impl HostRule {
    /// One host at one port.
    pub fn exactly(host: &str, port: u16) -> HostRule {
        let hosts = match host.parse() {
            Ok(address) => Hosts::Network { address, bits: width(address) },
            Err(_) => Hosts::Name(plain(host)),
        };
        HostRule { hosts, port: Some(port) }
    }

    /// Whether it means a name.
    pub fn names(&self, host: &str, port: u16) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        let named = match &self.hosts {
            Hosts::Name(name) => host.eq_ignore_ascii_case(name),
            Hosts::Below(parent) => is_below(host, parent),
            // An address is not a name, so "*" does not open the way to addresses.
            Hosts::AnyName => host.parse::<IpAddr>().is_err(),
            Hosts::Network { .. } => false,
        };
        named && self.has_port(port)
    }

    /// Whether it covers an address. Addresses that are not public have to be named more precisely than others.
    pub fn covers(&self, address: IpAddr, port: u16) -> bool {
        let Hosts::Network { address: network, bits } = &self.hosts else {
            return false;
        };
        let (network, address) = (*network, carried(address));
        let widest = if network.is_ipv4() { WIDEST_SPECIAL_V4 } else { WIDEST_SPECIAL_V6 };
        let exact_enough = match Range::of(address) {
            Range::Public => true,
            Range::Metadata => *bits == width(network),
            _ => *bits >= widest,
        };
        exact_enough && self.has_port(port) && begins_alike(network, address, *bits)
    }

    fn has_port(&self, port: u16) -> bool {
        self.port.is_none_or(|only| only == port)
    }
}

fn plain(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn is_below(host: &str, parent: &str) -> bool {
    let Some(dot) = host.len().checked_sub(parent.len() + 1).filter(|dot| *dot > 0) else {
        return false;
    };
    let (host, parent) = (host.as_bytes(), parent.as_bytes());
    host[dot] == b'.' && host[dot + 1..].eq_ignore_ascii_case(parent)
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

pub(crate) fn begins_alike(one: IpAddr, other: IpAddr, bits: u8) -> bool {
    let number = |address| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    };
    let differing = number(one) ^ number(other);
    one.is_ipv4() == other.is_ipv4() && (differing.leading_zeros() >= u32::from(bits))
}

impl FromStr for HostRule {
    type Err = HostRuleError;

    fn from_str(text: &str) -> Result<HostRule, HostRuleError> {
        let (host, port) = split_port(text)?;
        let hosts = match host.split_once('/') {
            Some((address, bits)) => network(text, address, bits)?,
            None => match host.parse::<IpAddr>() {
                Ok(address) => exact(carried(address)),
                Err(_) => names(text, host)?,
            },
        };
        Ok(HostRule { hosts, port })
    }
}

fn exact(address: IpAddr) -> Hosts {
    Hosts::Network { address, bits: width(address) }
}

/// The host, without the brackets of an IPv6 address, and the port if there is one.
fn split_port(text: &str) -> Result<(&str, Option<u16>), HostRuleError> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':').ok_or_else(|| HostRuleError::Host(text.to_owned()))?)),
        None => match text.split_once(':') {
            // More than one colon, and no bracket: an IPv6 address without a port.
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (text, None),
        },
    };
    let read = |port: &str| match port.parse() {
        Ok(0) | Err(_) if text.contains("://") => Err(HostRuleError::Host(text.to_owned())),
        Ok(0) | Err(_) => Err(HostRuleError::Port(text.to_owned())),
        Ok(port) => Ok(port),
    };
    Ok((host, port.map(read).transpose()?))
}

fn network(text: &str, address: &str, bits: &str) -> Result<Hosts, HostRuleError> {
    let address: IpAddr = address.parse().map_err(|_| HostRuleError::Host(text.to_owned()))?;
    let bits = bits.parse().ok().filter(|bits| *bits <= width(address));
    bits.map(|bits| Hosts::Network { address, bits }).ok_or_else(|| HostRuleError::Bits(text.to_owned()))
}

fn names(text: &str, host: &str) -> Result<Hosts, HostRuleError> {
    if host == "*" {
        return Ok(Hosts::AnyName);
    }
    let (name, make): (_, fn(String) -> Hosts) = match host.strip_prefix("*.") {
        Some(parent) => (parent, Hosts::Below),
        None => (host, Hosts::Name),
    };
    let name = plain(name);
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if name.split('.').all(is_label) { Ok(make(name)) } else { Err(HostRuleError::Host(text.to_owned())) }
}

impl fmt::Display for HostRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match &self.hosts {
            Hosts::Name(name) => name.clone(),
            Hosts::Below(parent) => format!("*.{parent}"),
            Hosts::AnyName => "*".to_owned(),
            Hosts::Network { address, bits } if *bits == width(*address) => address.to_string(),
            Hosts::Network { address, bits } => format!("{address}/{bits}"),
        };
        match self.port {
            None => formatter.write_str(&host),
            Some(port) if host.contains(':') => write!(formatter, "[{host}]:{port}"),
            Some(port) => write!(formatter, "{host}:{port}"),
        }
    }
}
