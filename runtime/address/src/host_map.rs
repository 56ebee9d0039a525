//! Addresses of hosts that are given instead of looked up: curl's `--resolve HOST:PORT:ADDRESS`, k6's `hosts`.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Addresses by host. An entry's name is a host, perhaps with a port, or `*.` and the name above a group of hosts; its
/// value is an address or several, or one with a port of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct HostMap {
    written: BTreeMap<String, String>,
    /// The most specific first.
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    hosts: Hosts,
    port: Option<u16>,
    mapped: MappedHost,
}

/// In the order of their precedence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Hosts {
    /// This name.
    Name(String),
    /// All names that end like this, which begins with a dot; the longest ending first.
    Below(std::cmp::Reverse<usize>, String),
    /// Every name.
    All,
}

/// Where a host is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedHost {
    /// At least one address, each once.
    pub addresses: Vec<IpAddr>,
    /// The port, where it is another one than the URL's.
    pub port: Option<u16>,
}

/// Why an entry is not one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HostMapError {
    /// The name.
    #[error("{0:?} is not a host: write shop.test, shop.test:8080 or *.shop.test")]
    Host(String),
    /// The value.
    #[error("{0:?} is not an address: write 10.0.0.1, 10.0.0.1:8080, fd00::1 or [fd00::1]:8080; several with commas")]
    Address(String),
    /// The text of a flag.
    #[error("write HOST:PORT:ADDRESS or HOST:ADDRESS, like shop.test:443:10.0.0.1: got {0:?}")]
    Flag(String),
}

impl HostMap {
    /// The addresses of a host at a port, if an entry has them.
    pub fn find(&self, host: &str, port: u16) -> Option<&MappedHost> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let fits = |entry: &&Entry| entry.port.is_none_or(|only| only == port) && entry.hosts.include(host);
        self.entries.iter().find(fits).map(|entry| &entry.mapped)
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Splits what is typed for one host, `HOST:PORT:ADDRESS` or `HOST:ADDRESS`, into an entry's name and value.
    ///
    /// # Errors
    /// If it is neither.
    pub fn split_flag(text: &str) -> Result<(String, String), HostMapError> {
        let flag = || HostMapError::Flag(text.to_owned());
        let (host, rest) = text.split_once(':').ok_or_else(flag)?;
        if let Some((port, addresses)) = rest.split_once(':')
            && port.parse::<u16>().is_ok()
            && mapped(addresses).is_ok()
        {
            return entry(&format!("{host}:{port}"), addresses)
                .map(|_| (format!("{host}:{port}"), addresses.to_owned()));
        }
        if mapped(rest).is_err() {
            return Err(flag());
        }
        entry(host, rest).map(|_| (host.to_owned(), rest.to_owned()))
    }

    /// Whether this is an entry.
    ///
    /// # Errors
    /// If not.
    pub fn check(name: &str, value: &str) -> Result<(), HostMapError> {
        entry(name, value).map(drop)
    }
}

impl TryFrom<BTreeMap<String, String>> for HostMap {
    type Error = HostMapError;

    fn try_from(written: BTreeMap<String, String>) -> Result<HostMap, HostMapError> {
        let entries: Result<Vec<Entry>, _> = written.iter().map(|(name, value)| entry(name, value)).collect();
        let mut entries = entries?;
        entries.sort_by(|one, other| {
            let of = |entry: &Entry| (entry.hosts.clone(), entry.port.is_none());
            of(one).cmp(&of(other))
        });
        Ok(HostMap { written, entries })
    }
}

impl From<HostMap> for BTreeMap<String, String> {
    fn from(map: HostMap) -> BTreeMap<String, String> {
        map.written
    }
}

impl fmt::Display for HostMap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries: Vec<String> = self.written.iter().map(|(name, value)| format!("{name} at {value}")).collect();
        formatter.write_str(&entries.join(", "))
    }
}

impl Hosts {
    fn include(&self, host: &str) -> bool {
        match self {
            Hosts::Name(name) => host.eq_ignore_ascii_case(name),
            Hosts::Below(_, ending) => {
                host.len() > ending.len()
                    && host.as_bytes()[host.len() - ending.len()..].eq_ignore_ascii_case(ending.as_bytes())
            }
            Hosts::All => true,
        }
    }
}

fn entry(name: &str, value: &str) -> Result<Entry, HostMapError> {
    let wrong = || HostMapError::Host(name.to_owned());
    let (host, port) = match name.split_once(':') {
        None => (name, None),
        Some((host, port)) => (host, Some(port_number(port).ok_or_else(wrong)?)),
    };
    let lower = host.to_ascii_lowercase();
    let is_name = |text: &str| {
        !text.is_empty()
            && text.len() <= LONGEST_NAME
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let hosts = match lower.strip_prefix('*') {
        Some("") => Hosts::All,
        Some(ending) if ending.starts_with('.') && is_name(&ending[1..]) => {
            Hosts::Below(std::cmp::Reverse(ending.len()), ending.to_owned())
        }
        None if is_name(&lower) => Hosts::Name(lower.strip_suffix('.').unwrap_or(&lower).to_owned()),
        _ => return Err(wrong()),
    };
    Ok(Entry { hosts, port, mapped: mapped(value)? })
}

/// The longest name of a host, as the DNS has it, and a dot at its end.
const LONGEST_NAME: usize = 254;

fn port_number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

/// Reads addresses with commas between them, or one with a port.
fn mapped(value: &str) -> Result<MappedHost, HostMapError> {
    let wrong = || HostMapError::Address(value.to_owned());
    if let Ok(at) = value.parse::<SocketAddr>() {
        return if at.port() == 0 {
            Err(wrong())
        } else {
            Ok(MappedHost { addresses: vec![at.ip()], port: Some(at.port()) })
        };
    }
    let mut addresses = Vec::new();
    for address in value.split(',').map(str::trim) {
        let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
        let address = bare.parse().map_err(|_| wrong())?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(MappedHost { addresses, port: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, &str)]) -> HostMap {
        let written: BTreeMap<String, String> =
            entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        written.try_into().unwrap()
    }

    #[test]
    fn the_most_specific_entry_counts() {
        let map = map(&[
            ("*", "10.0.0.1"),
            ("*.shop.test", "10.0.0.2"),
            ("*.eu.shop.test", "10.0.0.3"),
            ("api.shop.test", "10.0.0.4"),
            ("Api.Shop.Test:8443", "10.0.0.5:9443"),
        ]);
        for (host, port, address) in [
            ("other.test", 80, "10.0.0.1"),
            ("shop.test", 80, "10.0.0.1"),
            ("a.shop.test", 80, "10.0.0.2"),
            ("a.b.shop.test.", 80, "10.0.0.2"),
            ("a.eu.SHOP.test", 80, "10.0.0.3"),
            ("api.shop.test", 80, "10.0.0.4"),
            ("API.shop.test", 8443, "10.0.0.5"),
        ] {
            let found = map.find(host, port).unwrap();
            assert_eq!(found.addresses, [address.parse::<IpAddr>().unwrap()], "{host}:{port}");
            assert_eq!(found.port, (port == 8443).then_some(9443), "{host}:{port}");
        }
        assert_eq!(HostMap::default().find("shop.test", 80), None);
    }

    #[test]
    fn what_is_typed_is_read_as_curl_reads_it() {
        for (typed, name, value) in [
            ("shop.test:443:10.0.0.1", "shop.test:443", "10.0.0.1"),
            ("shop.test:443:10.0.0.1,10.0.0.2", "shop.test:443", "10.0.0.1,10.0.0.2"),
            ("shop.test:443:[fd00::1]", "shop.test:443", "[fd00::1]"),
            ("shop.test:443:fd00::1", "shop.test:443", "fd00::1"),
            ("*:443:10.0.0.1", "*:443", "10.0.0.1"),
            ("shop.test:10.0.0.1", "shop.test", "10.0.0.1"),
            ("shop.test:10.0.0.1:8443", "shop.test", "10.0.0.1:8443"),
            // An address of IPv6 that could begin with a port has to be in brackets.
            ("shop.test:[2001:db8::1]", "shop.test", "[2001:db8::1]"),
            ("shop.test:fd00::1", "shop.test", "fd00::1"),
        ] {
            assert_eq!(HostMap::split_flag(typed), Ok((name.to_owned(), value.to_owned())), "{typed}");
        }
        for wrong in ["", "shop.test", "shop.test:443", "shop.test:443:other", "shop.test:0:10.0.0.1", "a b:10.0.0.1"] {
            assert!(HostMap::split_flag(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (name, value, part) in [
            ("*shop.test", "10.0.0.1", "is not a host"),
            ("", "10.0.0.1", "is not a host"),
            ("shop.test:x", "10.0.0.1", "is not a host"),
            ("shop.test", "", "is not an address"),
            ("shop.test", "10.0.0.1:0", "is not an address"),
            ("shop.test", "10.0.0.1,shop", "is not an address"),
        ] {
            let error = HostMap::check(name, value).unwrap_err().to_string();
            assert!(error.contains(part), "{name} {value}: {error}");
        }
    }
}
