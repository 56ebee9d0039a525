//! Where requests go that name only a path: `https://shop.example.test/prefix`. Must not resolve or connect.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::credentials::{credentials_in, without_credentials};

/// How to talk to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The scheme of that name, in any case.
    fn named(name: &str) -> Option<Scheme> {
        [Scheme::Http, Scheme::Https].into_iter().find(|scheme| name.eq_ignore_ascii_case(scheme.as_str()))
    }

    /// As it stands before `://`.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// The port when none is named.
    pub fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// A base URL: scheme, host, perhaps a port and a path; no slash at its end, so that a path can be put behind it.
/// Scheme and host are in lower case. User and password, if it has them, are shown by nothing but
/// [`Target::with_credentials`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    text: String,
    credentials: Credentials,
    scheme: Scheme,
    host: String,
    port: Option<u16>,
    path: String,
}

/// User and password as they were written, with the `@` behind them; or nothing.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Credentials(String);

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "hidden" })
    }
}

/// Why a text is not a target. Each reads behind the word "target".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetError {
    /// The scheme is another.
    #[error("wants http:// or https://: got {0:?}")]
    Scheme(String),
    /// Nothing between scheme and path.
    #[error("has no host: got {0:?}")]
    NoHost(String),
    /// The host is not one.
    #[error(
        "has a bad host {host:?}: got {text:?}; \
         a host is a name, an IPv4 address or an IPv6 address in brackets (in a name beyond ASCII, write xn--)"
    )]
    Host {
        /// What was written.
        text: String,
        /// The host in it.
        host: String,
    },
    /// The port is not one.
    #[error("has a bad port {port:?}: got {text:?}; a port is a number from 1 to 65535")]
    Port {
        /// What was written.
        text: String,
        /// The port in it.
        port: String,
    },
    /// A user or password that ends the host.
    #[error("has a '/', '?' or '#' in its user or password; write it percent-encoded: %2F, %3F, %23 (for {0:?})")]
    Credentials(String),
    /// A base has no query and no fragment.
    #[error("cannot hold {sign:?} and what follows it: got {text:?}; leave it to the requests")]
    QueryOrFragment {
        /// What was written.
        text: String,
        /// `?` or `#`.
        sign: char,
    },
    /// A control character.
    #[error("cannot hold {sign:?}: got {text:?}; write it percent-encoded")]
    Character {
        /// What was written.
        text: String,
        /// The character.
        sign: char,
    },
}

/// With its credentials: for a machine that sends the requests, not for readers.
impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.with_credentials())
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Target, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Target {
    /// The whole, without a slash at its end, as it may be shown: `https://shop.example.test/prefix`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The whole with user and password, for those who send requests: `https://ada:secret@shop.example.test/prefix`.
    pub fn with_credentials(&self) -> String {
        let scheme = self.scheme.as_str();
        let behind = self.text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://")).unwrap_or_default();
        format!("{scheme}://{}{behind}", self.credentials.0)
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The name or address; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host)
    }

    /// The port named, or the scheme's own.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.default_port())
    }

    /// What stands before every path: empty, or `/prefix`.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Target, TargetError> {
        let text = text.trim();
        let whole = || without_credentials(text).into_owned();
        let (scheme, rest) = match text.split_once("://") {
            // As in browsers and curl.
            None => (Scheme::Http, text),
            Some((scheme, rest)) => (Scheme::named(scheme).ok_or_else(|| TargetError::Scheme(whole()))?, rest),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // The sender of the request takes a backslash for a slash.
        let has_backslash = authority.contains('\\');
        if (has_backslash || !authority.contains('@')) && credentials_in(text).is_some() {
            return Err(TargetError::Credentials(whole()));
        }
        if has_backslash {
            return Err(TargetError::Host { text: whole(), host: authority.to_owned() });
        }
        if let Some(sign) = path.chars().find(|c| matches!(c, '?' | '#')) {
            return Err(TargetError::QueryOrFragment { text: whole(), sign });
        }
        let (credentials, authority) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let (host, port) = split_port(authority);
        if host.is_empty() {
            return Err(TargetError::NoHost(whole()));
        }
        if !is_host(host) {
            return Err(TargetError::Host { text: whole(), host: host.to_owned() });
        }
        let port = port
            .map(|port| parse_port(port).ok_or_else(|| TargetError::Port { text: whole(), port: port.to_owned() }))
            .transpose()?;
        if let Some(sign) = path.chars().find(|c| c.is_control()) {
            return Err(TargetError::Character { text: whole(), sign });
        }
        let host = host.to_ascii_lowercase();
        let path = encode_path(path.trim_end_matches('/'));
        let port_text = port.map(|port| format!(":{port}")).unwrap_or_default();
        let text = format!("{}://{host}{port_text}{path}", scheme.as_str());
        Ok(Target { text, credentials: Credentials(credentials.to_owned()), scheme, host, port, path })
    }
}

/// Splits at the colon before the port; the colons within the brackets of an IPv6 address are none.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let host_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[host_end..].find(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(host_end + colon);
            (host, Some(&port[1..]))
        }
        None => (authority, None),
    }
}

fn parse_port(port: &str) -> Option<u16> {
    // A sign is something that `parse` would accept and a URL does not.
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|port| is_number && *port > 0)
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']');
        return address.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    }
    // A name may end in a dot, which makes it absolute.
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// The path with what no URL holds percent-encoded, as browsers do.
fn encode_path(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for c in path.chars() {
        if is_path_character(c) {
            encoded.push(c);
        } else {
            let mut bytes = [0; 4];
            encoded.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")));
        }
    }
    encoded
}

/// What a path may hold unescaped (RFC 3986), and the percent sign of what is escaped.
fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@%".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_base_urls() {
        for (text, canonical, host, port, path) in [
            ("http://shop.test", "http://shop.test", "shop.test", 80, ""),
            ("HTTPS://Shop.Test/", "https://shop.test", "shop.test", 443, ""),
            ("http://127.0.0.1:8080/api/v1//", "http://127.0.0.1:8080/api/v1", "127.0.0.1", 8080, "/api/v1"),
            ("http://[::1]:81/a", "http://[::1]:81/a", "::1", 81, "/a"),
            (" http://[::1] ", "http://[::1]", "::1", 80, ""),
            ("http://my_host.test.:80", "http://my_host.test.:80", "my_host.test.", 80, ""),
            ("shop.test:8080/api", "http://shop.test:8080/api", "shop.test", 8080, "/api"),
            ("[::1]:81", "http://[::1]:81", "::1", 81, ""),
            ("http://a/b c/ü|", "http://a/b%20c/%C3%BC%7C", "a", 80, "/b%20c/%C3%BC%7C"),
            ("http://ada:se%20cret@Host/x", "http://host/x", "host", 80, "/x"),
        ] {
            let target: Target = text.parse().unwrap();
            let read = (target.as_str(), target.host(), target.port(), target.path());
            assert_eq!(read, (canonical, host, port, path));
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            ("ftp://shop.test", "wants http:// or https://: got \"ftp://shop.test\""),
            ("", "has no host: got \"\""),
            ("http://", "has no host: got \"http://\""),
            ("http://:80", "has no host: got \"http://:80\""),
            ("http://a:0", "has a bad port \"0\": got \"http://a:0\"; a port is a number from 1 to 65535"),
            ("http://a:+1", "has a bad port \"+1\": got \"http://a:+1\"; a port is a number from 1 to 65535"),
            ("http://a:", "has a bad port \"\": got \"http://a:\"; a port is a number from 1 to 65535"),
            ("http://a/b?c", "cannot hold '?' and what follows it: got \"http://a/b?c\"; leave it to the requests"),
            ("http://a/b\tc", "cannot hold '\\t': got \"http://a/b\\tc\"; write it percent-encoded"),
        ] {
            let error = text.parse::<Target>().map_err(|error| error.to_string());
            assert_eq!(error, Err(message.to_owned()));
        }
        for text in ["https://\\ada:secret@host", "https:///ada:secret@host"] {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        for host in ["a..b", "a\\b@c", "-a", "[::1", "[zz]", "bücher.test", "::1]"] {
            let error = format!("http://{host}").parse::<Target>().unwrap_err();
            assert!(matches!(error, TargetError::Host { .. }), "{host}: {error}");
        }
    }

    #[test]
    fn user_and_password_are_for_requests_alone() {
        let target: Target = "HTTP://ada:se%40cret@host:81/api/".parse().unwrap();
        assert_eq!(target.with_credentials(), "http://ada:se%40cret@host:81/api");
        assert!(!format!("{target} {target:?} {}", target.as_str()).contains("se%40cret"));
        assert_eq!("http://host/a".parse::<Target>().unwrap().with_credentials(), "http://host/a");
        for wrong in ["ftp://ada:secret@a", "http://ada:secret@a:x", "http://ada:sec/ret@a", "http://ada:sec?ret@a"] {
            let error = wrong.parse::<Target>().unwrap_err().to_string();
            assert!(!error.contains("sec"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_reads_the_same_again(text in "https?://[a-zA-Z0-9.:\\[\\]-]{1,20}(/[a-z/%~ ]{0,9})?") {
            if let Ok(target) = text.parse::<Target>() {
                prop_assert_eq!(target.as_str().parse::<Target>(), Ok(target.clone()));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,30}", near in "http://[\\[\\]:@/?#a-z0-9.ü]{0,20}") {
            let _ = text.parse::<Target>();
            let _ = near.parse::<Target>();
        }
    }
}
