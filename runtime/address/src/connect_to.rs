//! Another server in the place of a host, as curl's `--connect-to HOST1:PORT1:HOST2:PORT2`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Connections to one host go to another. The requests stay as they are: URL, `Host` field, server name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectTo {
    /// The host that requests name; any, if it is left out.
    host: Option<String>,
    port: Option<u16>,
    /// The host to connect to; the same, if it is left out.
    to_host: Option<String>,
    to_port: Option<u16>,
}

/// Why a text is not one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("write HOST1:PORT1:HOST2:PORT2, each of which may be left out, like shop.test:443:10.0.0.1:8443: got {0:?}")]
pub struct ConnectToError(String);

impl ConnectTo {
    /// Host and port to connect to instead of these, if this is about them.
    pub fn replace<'a>(&'a self, host: &'a str, port: u16) -> Option<(&'a str, u16)> {
        let is_meant = self.host.as_deref().is_none_or(|only| only.eq_ignore_ascii_case(host))
            && self.port.is_none_or(|only| only == port);
        is_meant.then(|| (self.to_host.as_deref().unwrap_or(host), self.to_port.unwrap_or(port)))
    }
}

impl FromStr for ConnectTo {
    type Err = ConnectToError;

    fn from_str(text: &str) -> Result<ConnectTo, ConnectToError> {
        let read = || {
            let (host, rest) = take_host(text)?;
            let (port, rest) = rest.split_once(':')?;
            let (to_host, to_port) = take_host(rest)?;
            Some(ConnectTo { host, port: read_port(port)?, to_host, to_port: read_port(to_port)? })
        };
        read().ok_or_else(|| ConnectToError(text.to_owned()))
    }
}

/// A host at the beginning, IPv6 addresses in brackets, and what follows its colon.
fn take_host(text: &str) -> Option<(Option<String>, &str)> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, rest.strip_prefix(':')?)
        }
        None => text.split_once(':')?,
    };
    let is_host = host.len() <= 254
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    is_host.then(|| ((!host.is_empty()).then(|| host.to_ascii_lowercase()), rest))
}

/// A port, or nothing for any.
fn read_port(text: &str) -> Option<Option<u16>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().filter(|port| *port > 0).map(Some) }
}

impl fmt::Display for ConnectTo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = |host: &Option<String>| match host {
            Some(host) if host.contains(':') => format!("[{host}]"),
            host => host.clone().unwrap_or_default(),
        };
        let port = |port: Option<u16>| port.map_or_else(String::new, |port| port.to_string());
        let (from, to) = (host(&self.host), host(&self.to_host));
        write!(formatter, "{from}:{}:{to}:{}", port(self.port), port(self.to_port))
    }
}

impl TryFrom<String> for ConnectTo {
    type Error = ConnectToError;

    fn try_from(text: String) -> Result<ConnectTo, ConnectToError> {
        text.parse()
    }
}

impl From<ConnectTo> for String {
    fn from(connect_to: ConnectTo) -> String {
        connect_to.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_left_out_stand_for_any_or_the_same() {
        for (text, host, port, expected) in [
            ("shop.test:443:10.0.0.1:8443", "Shop.test", 443, Some(("10.0.0.1", 8443))),
            ("shop.test:443:10.0.0.1:8443", "shop.test", 80, None),
            ("shop.test:443:10.0.0.1:8443", "other.test", 443, None),
            ("::10.0.0.1:", "other.test", 80, Some(("10.0.0.1", 80))),
            ("shop.test:::8443", "shop.test", 443, Some(("shop.test", 8443))),
            ("[fd00::1]:443:[fd00::2]:8443", "fd00::1", 443, Some(("fd00::2", 8443))),
        ] {
            let connect_to: ConnectTo = text.parse().unwrap();
            assert_eq!(connect_to.replace(host, port), expected, "{text}");
            assert_eq!(connect_to.to_string(), text);
        }
    }

    #[test]
    fn others_are_refused() {
        for text in ["", "shop.test", "a:1:b", "a:x:b:1", "a:0:b:1", "a:1:b:70000", "[a]:1:b:1", "a/b:1:c:1"] {
            let error = text.parse::<ConnectTo>().unwrap_err().to_string();
            assert!(error.starts_with("write HOST1:PORT1:HOST2:PORT2"), "{text}");
        }
    }
}
