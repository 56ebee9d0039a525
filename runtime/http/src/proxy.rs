//! The way through a proxy: CONNECT (RFC 9110, 9.3.6) for TLS and for WebSockets, SOCKS5 (RFC 1928, RFC 1929) for both. Plain
//! HTTP through an HTTP proxy needs no exchange: its requests name whole URLs.
//!
//! Answers of proxies are hostile input: they are short, and read within bounds.

use std::io;
use std::net::IpAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use squall_address::{Proxy, ProxyLogin, ProxyProtocol};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::deadline::within;
use crate::dial::{Payload, find_target};
use crate::error::{Error, in_one_line, in_words};
use crate::network::Network;
use crate::socket::Socket;
use crate::stopwatch::Stopwatch;
use crate::url::Origin;

/// The longest head of an answer to CONNECT, in bytes.
const LONGEST_HEAD: usize = 16 << 10;
/// The most of a refusal that is shown, in bytes.
const MOST_SHOWN: usize = 200;

/// The place that a proxy is asked to connect to.
#[derive(Debug)]
pub(crate) enum Exit {
    /// It looks the host up itself.
    Name,
    /// It was looked up here.
    Address(IpAddr, u16),
}

impl Exit {
    /// The place of an origin, if the policy allows it.
    pub(crate) async fn find(network: &Network, proxy: &Proxy, origin: &Origin) -> Result<Exit, Error> {
        if !proxy.looks_up() {
            let place = find_target(network, &origin.host, origin.port).await?;
            let first = place.addresses.first().copied();
            return first
                .map(|address| Exit::Address(address, place.port))
                .ok_or_else(|| Error::Dns(format!("look up {}: it has no address", origin.host)));
        }
        network.config.egress.check_unseen(&origin.host, origin.port)?;
        Ok(Exit::Name)
    }
}

/// Makes a stream to a proxy one to the origin's server. What goes over the wire counts for the request that needs it.
pub(crate) async fn pass_proxy(
    network: &Network,
    proxy: &Proxy,
    origin: &Origin,
    exit: &Exit,
    stream: Socket,
    payload: Payload,
    watch: &mut Stopwatch,
) -> Result<Socket, Error> {
    if proxy.protocol == ProxyProtocol::Http && payload == Payload::PlainRequests {
        return Ok(stream);
    }
    let limit = network.config.connect_timeout;
    let mut wire = Wire { stream, sent: 0, received: 0 };
    let exchange = async {
        match proxy.protocol {
            ProxyProtocol::Http => connect(&mut wire, proxy, origin, &network.config.user_agent).await,
            ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => socks(&mut wire, proxy, origin, exit).await,
        }
    };
    let passed = within(limit, exchange).await.unwrap_or_else(|_| Err(format!("no answer within {limit:?}")));
    watch.sent += wire.sent;
    watch.received += wire.received;
    match passed {
        Ok(()) => Ok(wire.stream),
        Err(reason) => Err(Error::Connect(format!("proxy {proxy}: connect to {}: {reason}", host_and_port(origin)))),
    }
}

/// The value of `Proxy-Authorization`.
pub(crate) fn authorization(login: &ProxyLogin) -> String {
    format!("Basic {}", BASE64_STANDARD.encode([&*login.user, b":", &*login.password].concat()))
}

/// A stream, and how much went over it.
struct Wire {
    stream: Socket,
    sent: u64,
    received: u64,
}

impl Wire {
    async fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.stream.write_all(bytes).await.map_err(|error| in_words(&error))?;
        self.sent += bytes.len() as u64;
        Ok(())
    }

    /// Fills `bytes` and takes no byte more: what follows may be the server's.
    async fn receive(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        self.stream.read_exact(bytes).await.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => "it closed the connection".to_owned(),
            _ => in_words(&error),
        })?;
        self.received += bytes.len() as u64;
        Ok(())
    }
}

fn host_and_port(origin: &Origin) -> String {
    match origin.host.contains(':') {
        true => format!("[{}]:{}", origin.host, origin.port),
        false => format!("{}:{}", origin.host, origin.port),
    }
}

async fn connect(wire: &mut Wire, proxy: &Proxy, origin: &Origin, user_agent: &str) -> Result<(), String> {
    let peer = host_and_port(origin);
    let mut request = format!("CONNECT {peer} HTTP/1.1\r\nHost: {peer}\r\nUser-Agent: {user_agent}\r\n");
    if let Some(login) = &proxy.login {
        request.push_str(&format!("Proxy-Authorization: {}\r\n", authorization(login)));
    }
    request.push_str("\r\n");
    wire.send(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST_HEAD {
            return Err(format!("its answer has more than {LONGEST_HEAD} bytes"));
        }
        // Byte by byte: a server that speaks first must not lose what it says. There are few bytes, once a connection.
        let mut byte = [0];
        wire.receive(&mut byte).await?;
        head.push(byte[0]);
    }
    read_connect_answer(&head, proxy.login.is_some())
}

/// Whether the proxy has opened a tunnel; else why not.
pub(crate) fn read_connect_answer(head: &[u8], has_login: bool) -> Result<(), String> {
    let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let line = String::from_utf8_lossy(&line[..line.len().min(MOST_SHOWN)]).into_owned();
    let mut parts = line.splitn(3, ' ');
    let (version, status) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_http =
        version.starts_with("HTTP/1.") && status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
    if !is_http {
        return Err(format!("its answer is not HTTP/1.1: {:?}", in_one_line(&line)));
    }
    let reason = in_one_line(parts.next().unwrap_or_default());
    match status {
        _ if status.starts_with('2') => Ok(()),
        "407" if has_login => Err(format!("407 {reason} (it does not accept this user and password)")),
        "407" => Err(format!("407 {reason} (it wants a user and a password: --proxy http://USER:PASSWORD@HOST:PORT)")),
        _ => Err(format!("{status} {reason}").trim_end().to_owned()),
    }
}

const SOCKS_VERSION: u8 = 5;
const WITHOUT_LOGIN: u8 = 0;
const WITH_LOGIN: u8 = 2;

async fn socks(wire: &mut Wire, proxy: &Proxy, origin: &Origin, exit: &Exit) -> Result<(), String> {
    match &proxy.login {
        Some(_) => wire.send(&[SOCKS_VERSION, 2, WITHOUT_LOGIN, WITH_LOGIN]).await?,
        None => wire.send(&[SOCKS_VERSION, 1, WITHOUT_LOGIN]).await?,
    }
    let mut chosen = [0; 2];
    wire.receive(&mut chosen).await?;
    match (chosen, &proxy.login) {
        ([SOCKS_VERSION, WITHOUT_LOGIN], _) => {}
        ([SOCKS_VERSION, WITH_LOGIN], Some(login)) => {
            wire.send(&login_message(login)).await?;
            let mut answer = [0; 2];
            wire.receive(&mut answer).await?;
            if answer[1] != 0 {
                return Err("it does not accept this user and password".to_owned());
            }
        }
        ([SOCKS_VERSION, _], None) => {
            return Err("it wants a user and a password: --proxy socks5://USER:PASSWORD@HOST:PORT".to_owned());
        }
        ([SOCKS_VERSION, _], Some(_)) => return Err("it offers no login with user and password".to_owned()),
        _ => return Err("it does not speak SOCKS5".to_owned()),
    }
    wire.send(&connect_message(&origin.host, origin.port, exit)?).await?;
    let mut answer = [0; 4];
    wire.receive(&mut answer).await?;
    let [version, outcome, _, kind] = answer;
    if version != SOCKS_VERSION {
        return Err("it does not speak SOCKS5".to_owned());
    }
    if outcome != 0 {
        return Err(socks_failure(outcome));
    }
    // The address that it connects from, which is of no use here.
    let length = match kind {
        1 => 4,
        4 => 16,
        3 => {
            let mut length = [0];
            wire.receive(&mut length).await?;
            usize::from(length[0])
        }
        _ => return Err("it does not speak SOCKS5".to_owned()),
    };
    let mut rest = [0; 255 + 2];
    wire.receive(&mut rest[..length + 2]).await
}

/// User and password, each with its length before it (RFC 1929).
fn login_message(login: &ProxyLogin) -> Vec<u8> {
    let mut message = vec![1];
    for text in [&login.user, &login.password] {
        // Both were checked to fit into a byte when they were read.
        message.push(text.len() as u8);
        message.extend_from_slice(text);
    }
    message
}

fn connect_message(host: &str, port: u16, exit: &Exit) -> Result<Vec<u8>, String> {
    let mut message = vec![SOCKS_VERSION, 1, 0];
    let (address, port) = match exit {
        Exit::Address(address, port) => (Some(*address), *port),
        Exit::Name => (host.parse().ok(), port),
    };
    match address {
        Some(IpAddr::V4(address)) => {
            message.push(1);
            message.extend_from_slice(&address.octets());
        }
        Some(IpAddr::V6(address)) => {
            message.push(4);
            message.extend_from_slice(&address.octets());
        }
        None => {
            let length = u8::try_from(host.len()).map_err(|_| "the host's name is too long for SOCKS5".to_owned())?;
            message.extend_from_slice(&[3, length]);
            message.extend_from_slice(host.as_bytes());
        }
    }
    message.extend_from_slice(&port.to_be_bytes());
    Ok(message)
}

/// A refusal in words (RFC 1928, section 6).
fn socks_failure(outcome: u8) -> String {
    match outcome {
        1 => "it failed".to_owned(),
        2 => "its rules do not allow that".to_owned(),
        3 => "network unreachable".to_owned(),
        4 => "host unreachable".to_owned(),
        5 => "connection refused".to_owned(),
        6 => "TTL expired".to_owned(),
        7 => "it cannot connect".to_owned(),
        8 => "it does not know this kind of address".to_owned(),
        other => format!("it failed with the unknown number {other}"),
    }
}
