//! Proxies, and the hosts that are reached without one.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::host_rule::begins_alike;

/// How to talk to a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// HTTP: `CONNECT` for TLS, whole URLs in request lines otherwise.
    Http,
    /// SOCKS5, with addresses: names are looked up here.
    Socks5,
    /// SOCKS5, with names: the proxy looks them up.
    Socks5h,
}

/// A proxy: `http://user:password@host:port`, or with `socks5://` or `socks5h://`. Its password is shown by nothing but
/// its serialization, which is for the machine that connects.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Proxy {
    /// How to talk to it.
    pub protocol: ProxyProtocol,
    /// Its name or address, IPv6 addresses without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password, decoded.
    pub login: Option<ProxyLogin>,
    written: String,
}

/// User and password at a proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyLogin {
    /// The user's name.
    pub user: Vec<u8>,
    /// The password; empty if there is none.
    pub password: Vec<u8>,
}

/// Why a text is not a proxy. It does not repeat the text: that may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProxyError {
    /// The scheme is another.
    #[error("a proxy is http://, socks5:// or socks5h://: got {0:?}")]
    Scheme(String),
    /// A proxy that is spoken to through TLS.
    #[error("a proxy that is itself reached through TLS (https://) is not supported")]
    Tls,
    /// The host is missing or not one.
    #[error("the proxy has no host, or one with letters that no host has")]
    Host,
    /// There is no port. Programs differ in what they take for it, so none is assumed.
    #[error("the proxy needs a port, like http://proxy.test:3128")]
    Port,
    /// There is something after the port.
    #[error("a proxy has no path: write it as http://proxy.test:3128")]
    Path,
    /// A login without a scheme before it. Programs that leave passwords out of what they show look for that.
    #[error("a proxy with a user and a password is written with its scheme, like http://USER:PASSWORD@HOST:PORT")]
    LoginWithoutScheme,
    /// The user or password cannot be sent.
    #[error("the proxy's user or password is too long, or has a wrong %-escape")]
    Login,
}

impl ProxyProtocol {
    /// As it stands before `://`.
    pub fn as_str(self) -> &'static str {
        match self {
            ProxyProtocol::Http => "http",
            ProxyProtocol::Socks5 => "socks5",
            ProxyProtocol::Socks5h => "socks5h",
        }
    }
}

/// The longest user and password: SOCKS5 has one byte for each length.
const LONGEST_LOGIN: usize = 255;

impl Proxy {
    /// Whether it looks hosts up itself, so that their addresses are not seen here.
    pub fn looks_up(&self) -> bool {
        self.protocol != ProxyProtocol::Socks5
    }
}

impl FromStr for Proxy {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Proxy, ProxyError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let protocol = match scheme.to_ascii_lowercase().as_str() {
            "http" => ProxyProtocol::Http,
            "socks5" => ProxyProtocol::Socks5,
            "socks5h" => ProxyProtocol::Socks5h,
            "https" => return Err(ProxyError::Tls),
            _ => return Err(ProxyError::Scheme(scheme.to_owned())),
        };
        let (login, rest) = match rest.rsplit_once('@') {
            Some(_) if !text.contains("://") => return Err(ProxyError::LoginWithoutScheme),
            Some((login, rest)) => (Some(read_login(login)?), rest),
            None => (None, rest),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) {
            return Err(ProxyError::Path);
        }
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => {
                let (host, after) = bracketed.split_once(']').ok_or(ProxyError::Host)?;
                host.parse::<Ipv6Addr>().map_err(|_| ProxyError::Host)?;
                (host, after.strip_prefix(':').ok_or(ProxyError::Port)?)
            }
            None => {
                let (host, port) = rest.split_once(':').ok_or(ProxyError::Port)?;
                if !is_name(host) {
                    return Err(ProxyError::Host);
                }
                (host, port)
            }
        };
        let port = port.parse().ok().filter(|port| *port > 0).ok_or(ProxyError::Port)?;
        Ok(Proxy { protocol, host: host.to_ascii_lowercase(), port, login, written: text.to_owned() })
    }
}

fn is_name(host: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=254).contains(&host.len()) && host.bytes().all(is_letter)
}

fn read_login(text: &str) -> Result<ProxyLogin, ProxyError> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    let read =
        |text: &str| decode(text.as_bytes()).filter(|decoded| decoded.len() <= LONGEST_LOGIN).ok_or(ProxyError::Login);
    Ok(ProxyLogin { user: read(user)?, password: read(password)? })
}

/// Percent-decodes.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        (rest, _) = match (byte, after) {
            (b'%', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).ok().filter(|digits| !digits.starts_with('+'))?;
                (after, decoded.push(u8::from_str_radix(digits, 16).ok()?))
            }
            (b'%', _) => return None,
            _ => (after, decoded.push(*byte)),
        };
    }
    Some(decoded)
}

/// Without user and password.
impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, port) = (self.protocol.as_str(), self.port);
        match self.host.contains(':') {
            true => write!(formatter, "{scheme}://[{}]:{port}", self.host),
            false => write!(formatter, "{scheme}://{}:{port}", self.host),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Proxy({self})")
    }
}

impl fmt::Debug for ProxyLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("hidden")
    }
}

impl TryFrom<String> for Proxy {
    type Error = ProxyError;

    fn try_from(text: String) -> Result<Proxy, ProxyError> {
        text.parse()
    }
}

impl From<Proxy> for String {
    fn from(proxy: Proxy) -> String {
        proxy.written
    }
}

/// The proxies of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxies {
    /// For `http://`.
    pub http: Option<Proxy>,
    /// For `https://`.
    pub https: Option<Proxy>,
    /// Hosts without one.
    pub except: NoProxy,
}

impl Proxies {
    /// One proxy for all.
    pub fn all(proxy: Proxy, except: NoProxy) -> Proxies {
        Proxies { http: Some(proxy.clone()), https: Some(proxy), except }
    }

    /// Those that other programs take from the environment: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in
    /// capitals or not.
    ///
    /// # Errors
    /// A sentence that names the variable.
    pub fn from_environment(variables: impl Iterator<Item = (String, String)>) -> Result<Proxies, String> {
        let names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];
        let mut found: [Option<String>; 4] = Default::default();
        for (name, value) in variables.filter(|(_, value)| !value.is_empty()) {
            if let Some(place) = names.iter().position(|known| name.eq_ignore_ascii_case(known)) {
                found[place].get_or_insert(value);
            }
        }
        let [http, https, all, except] = found;
        let read = |text: Option<String>, name: &str| {
            text.map(|text| text.parse::<Proxy>().map_err(|error| format!("{name}: {error}"))).transpose()
        };
        let all = read(all, "ALL_PROXY")?;
        let except = except.unwrap_or_default().parse().map_err(|error| format!("NO_PROXY: {error}"))?;
        Ok(Proxies {
            http: read(http, "HTTP_PROXY")?.or_else(|| all.clone()),
            https: read(https, "HTTPS_PROXY")?.or(all),
            except,
        })
    }

    /// The proxy for a host, if it is reached through one.
    pub fn find(&self, is_secure: bool, host: &str, port: u16) -> Option<&Proxy> {
        let proxy = if is_secure { &self.https } else { &self.http };
        proxy.as_ref().filter(|_| !self.except.names(host, port))
    }
}

/// Hosts that are reached without a proxy, as the variable `NO_PROXY` has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NoProxy {
    written: String,
    rules: Vec<NoProxyRule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NoProxyRule {
    hosts: NoProxyHosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum NoProxyHosts {
    All,
    /// This name and those below it; only those below it, if it was written with a dot before it.
    Name {
        name: String,
        is_itself: bool,
    },
    Network {
        address: IpAddr,
        bits: u8,
    },
}

/// Why a text is not a list of hosts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is not a host: write shop.test, .shop.test, shop.test:8080, 10.0.0.1, 10.0.0.0/8 or *; several with commas"
)]
pub struct NoProxyError(String);

impl NoProxy {
    /// Whether a host is reached without a proxy.
    pub fn names(&self, host: &str, port: u16) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        let literal: Option<IpAddr> = host.parse().ok();
        self.rules.iter().any(|rule| {
            rule.port.is_none_or(|only| only == port)
                && match (&rule.hosts, literal) {
                    (NoProxyHosts::All, _) => true,
                    (NoProxyHosts::Network { address, bits }, Some(literal)) => begins_alike(*address, literal, *bits),
                    (NoProxyHosts::Name { name, is_itself }, None) => {
                        (*is_itself && host.eq_ignore_ascii_case(name)) || is_below(host, name)
                    }
                    _ => false,
                }
        })
    }
}

fn is_below(host: &str, name: &str) -> bool {
    let (host, name) = (host.as_bytes(), name.as_bytes());
    let Some(dot) = host.len().checked_sub(name.len() + 1) else { return false };
    host[dot] == b'.' && host[dot + 1..].eq_ignore_ascii_case(name)
}

impl FromStr for NoProxy {
    type Err = NoProxyError;

    fn from_str(text: &str) -> Result<NoProxy, NoProxyError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let read = |part: &str| NoProxyRule::read(part).ok_or_else(|| NoProxyError(part.to_owned()));
        Ok(NoProxy { written: text.to_owned(), rules: parts.map(read).collect::<Result<_, _>>()? })
    }
}

impl NoProxyRule {
    fn read(text: &str) -> Option<NoProxyRule> {
        if let Some((address, bits)) = text.split_once('/') {
            let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
            let widest = if address.is_ipv4() { 32 } else { 128 };
            return (bits <= widest)
                .then_some(NoProxyRule { hosts: NoProxyHosts::Network { address, bits }, port: None });
        }
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Some(NoProxyRule { hosts: network(address), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok().filter(|port| *port > 0)?)),
            None => (text, None),
        };
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse() {
            return Some(NoProxyRule { hosts: network(address), port });
        }
        if host == "*" {
            return Some(NoProxyRule { hosts: NoProxyHosts::All, port });
        }
        let below = host.strip_prefix("*.").or_else(|| host.strip_prefix('.'));
        let name = below.unwrap_or(host);
        let hosts = NoProxyHosts::Name { name: name.to_ascii_lowercase(), is_itself: below.is_none() };
        is_name(name).then_some(NoProxyRule { hosts, port })
    }
}

fn network(address: IpAddr) -> NoProxyHosts {
    NoProxyHosts::Network { address, bits: if address.is_ipv4() { 32 } else { 128 } }
}

impl fmt::Display for NoProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

impl TryFrom<String> for NoProxy {
    type Error = NoProxyError;

    fn try_from(text: String) -> Result<NoProxy, NoProxyError> {
        text.parse()
    }
}

impl From<NoProxy> for String {
    fn from(no_proxy: NoProxy) -> String {
        no_proxy.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_has_a_protocol_a_place_and_perhaps_a_login() {
        let proxy: Proxy = "socks5h://ada:p%40ss%3A@Proxy.test:1080/".parse().unwrap();
        assert_eq!((proxy.protocol, proxy.host.as_str(), proxy.port), (ProxyProtocol::Socks5h, "proxy.test", 1080));
        let login = proxy.login.clone().unwrap();
        assert_eq!((&*login.user, &*login.password), (&b"ada"[..], &b"p@ss:"[..]));
        assert_eq!(proxy.to_string(), "socks5h://proxy.test:1080");
        assert_eq!(format!("{proxy:?} {login:?}"), "Proxy(socks5h://proxy.test:1080) hidden");
        let plain: Proxy = "[::1]:3128".parse().unwrap();
        assert_eq!(
            (plain.protocol, plain.host.as_str(), plain.to_string()),
            (ProxyProtocol::Http, "::1", "http://[::1]:3128".to_owned())
        );
    }

    #[test]
    fn a_mistake_is_named_without_the_password() {
        for (text, expected) in [
            ("ftp://ada:secret@proxy.test:1", ProxyError::Scheme("ftp".to_owned())),
            ("https://ada:secret@proxy.test:1", ProxyError::Tls),
            ("ada:secret@proxy.test:1", ProxyError::LoginWithoutScheme),
            ("http://ada:secret@:1", ProxyError::Host),
            ("http://ada:secret@a b:1", ProxyError::Host),
            ("http://ada:secret@proxy.test", ProxyError::Port),
            ("http://ada:secret@proxy.test:0", ProxyError::Port),
            ("http://ada:secret@proxy.test:1/path", ProxyError::Path),
            ("http://ada:secret%4@proxy.test:1", ProxyError::Login),
            ("http://ada:%+1@proxy.test:1", ProxyError::Login),
        ] {
            let error = text.parse::<Proxy>().unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn the_environment_names_a_proxy_for_each_scheme() {
        let read = |variables: &[(&str, &str)]| {
            let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Proxies::from_environment(variables)
        };
        let proxies =
            read(&[("https_proxy", "a.test:1"), ("ALL_PROXY", "socks5h://b.test:2"), ("NO_PROXY", "shop.test")])
                .unwrap();
        let found = |is_secure, host| proxies.find(is_secure, host, 80).map(ToString::to_string);
        assert_eq!(found(true, "other.test").as_deref(), Some("http://a.test:1"));
        assert_eq!(found(false, "other.test").as_deref(), Some("socks5h://b.test:2"));
        assert_eq!(found(false, "shop.test"), None);
        assert_eq!(read(&[("HTTP_PROXY", "")]), Ok(Proxies::default()));
        let mistake = read(&[("HTTP_PROXY", "http://ada:secret@proxy.test")]).unwrap_err();
        assert!(mistake.starts_with("HTTP_PROXY: the proxy needs a port"), "{mistake}");
    }

    #[test]
    fn hosts_are_left_out_as_the_variable_has_them() {
        let no_proxy: NoProxy =
            "shop.test, .cdn.test,*.img.test,api.test:8080,10.0.0.0/8,[fd00::1]:443,".parse().unwrap();
        for (host, port, expected) in [
            ("shop.test", 80, true),
            ("a.SHOP.test.", 80, true),
            ("myshop.test", 80, false),
            ("cdn.test", 80, false),
            ("a.cdn.test", 80, true),
            ("a.img.test", 80, true),
            ("api.test", 8080, true),
            ("api.test", 80, false),
            ("10.1.2.3", 80, true),
            ("11.1.2.3", 80, false),
            ("fd00::1", 443, true),
            ("fd00::1", 80, false),
        ] {
            assert_eq!(no_proxy.names(host, port), expected, "{host}:{port}");
        }
        assert!("*".parse::<NoProxy>().unwrap().names("anything", 1));
        assert!(!"".parse::<NoProxy>().unwrap().names("anything", 1));
        for wrong in ["a b", "10.0.0.0/33", "shop.test:x", "."] {
            assert!(wrong.parse::<NoProxy>().is_err(), "{wrong}");
        }
    }
}
