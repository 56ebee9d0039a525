//! The way to an origin's server: straight, to another place that the user prescribes, through a Unix socket, or through a
//! proxy. Every address is one that the policy allows.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use tokio::net::UnixStream;

use crate::connect::open;
use crate::deadline::within;
use crate::error::{Error, in_words};
use crate::network::Network;
use crate::proxy::{Exit, pass_proxy};
use crate::socket::Socket;
use crate::stopwatch::{Stage, Stopwatch};
use crate::url::Origin;

/// A host that a connection is opened to: addresses in the order in which to try them, all of them allowed.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub host: &'a str,
    pub port: u16,
    pub addresses: Vec<IpAddr>,
}

impl Place<'_> {
    /// The addresses that a connection from `source` can go to; else the reason why there are none.
    pub(crate) fn addresses_from(&self, source: Option<IpAddr>) -> Result<Vec<IpAddr>, String> {
        let Some(source) = source else { return Ok(self.addresses.clone()) };
        let fits = |address: &IpAddr| address.is_ipv4() == source.is_ipv4();
        let addresses: Vec<IpAddr> = self.addresses.iter().copied().filter(fits).collect();
        if addresses.is_empty() && !self.addresses.is_empty() {
            let kind = if source.is_ipv4() { "IPv4" } else { "IPv6" };
            return Err(format!("it has no {kind} address, and connections come from {source} (--local-ips)"));
        }
        Ok(addresses)
    }
}

/// Why datagrams cannot go to a host, if they cannot: neither a proxy nor a Unix socket carries them.
pub(crate) fn refusal_of_datagrams(network: &Network, host: &str, port: u16) -> Option<&'static str> {
    let routes = &network.config.routes;
    let is_diverted = routes.unix_socket.is_some() || routes.proxies.find(true, host, port).is_some();
    is_diverted.then_some("the run's proxy or Unix socket carries no datagrams (exempt the host with --no-proxy)")
}

/// What a stream will carry. It decides how an HTTP proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    /// Requests of plain HTTP, which a proxy reads: they name whole URLs.
    PlainRequests,
    /// Anything else, through a tunnel.
    Opaque,
}

/// Opens a stream that leads to the origin's server. From the first packet on, the time belongs to `connecting`.
pub(crate) async fn dial(
    network: &Network,
    origin: &Origin,
    source: Option<IpAddr>,
    payload: Payload,
    watch: &mut Stopwatch,
) -> Result<Socket, Error> {
    let routes = &network.config.routes;
    if let Some(path) = &routes.unix_socket {
        watch.enter(Stage::Connecting, network.clock.now());
        return open_unix(network, origin, path).await;
    }
    let Some(proxy) = routes.proxies.find(origin.secure, &origin.host, origin.port) else {
        let place = find_target(network, &origin.host, origin.port).await?;
        watch.enter(Stage::Connecting, network.clock.now());
        let for_host = if place.host == origin.host { "" } else { &format!(" for {}", origin.authority) };
        return open_tcp(network, &place, source, |peer| format!("{peer}{for_host}")).await;
    };
    let exit = Exit::find(network, proxy, origin).await?;
    let place = find_host(network, &proxy.host, proxy.port, true).await?;
    watch.enter(Stage::Connecting, network.clock.now());
    let stream =
        open_tcp(network, &place, source, |peer| format!("proxy {proxy} at {peer} for {}", origin.authority)).await?;
    pass_proxy(network, proxy, origin, &exit, stream, payload, watch).await
}

/// The place of a target: of the host itself, or of the one that stands in for it.
pub(crate) async fn find_target<'a>(network: &'a Network, host: &'a str, port: u16) -> Result<Place<'a>, Error> {
    let replaced = network.config.routes.connect_to.iter().find_map(|one| one.replace(host, port));
    let (place, port) = replaced.unwrap_or((host, port));
    find_host(network, place, port, place != host).await
}

/// The place of a host, which the user has prescribed or a scenario has named.
async fn find_host<'a>(network: &Network, host: &'a str, port: u16, is_given: bool) -> Result<Place<'a>, Error> {
    let policy = &network.config.egress;
    if let Some(mapped) = network.config.routes.hosts.find(host, port) {
        let port = mapped.port.unwrap_or(port);
        let addresses = network.resolver.order_given(host, &mapped.addresses)?;
        return Ok(Place { host, port, addresses: policy.reachable_as_given(host, port, &addresses)? });
    }
    let addresses = network.resolver.resolve(host).await?;
    let is_given = is_given && host.parse::<IpAddr>().is_ok();
    let addresses = match is_given {
        true => policy.reachable_as_given(host, port, &addresses)?,
        false => policy.reachable(host, port, &addresses)?,
    };
    Ok(Place { host, port, addresses })
}

async fn open_tcp(
    network: &Network,
    place: &Place<'_>,
    source: Option<IpAddr>,
    describe: impl FnOnce(String) -> String,
) -> Result<Socket, Error> {
    let failed = |reason: String| Error::Connect(format!("connect to {}: {reason}", describe(peer(place))));
    let addresses = match place.addresses_from(source) {
        Ok(addresses) => addresses,
        Err(reason) => return Err(failed(reason)),
    };
    match open(&addresses, place.port, source, network).await {
        Ok(stream) => Ok(Socket::Tcp(stream)),
        Err(reason) => Err(failed(match source {
            Some(source) => format!("{reason} (from {source})"),
            None => reason,
        })),
    }
}

async fn open_unix(network: &Network, origin: &Origin, path: &Path) -> Result<Socket, Error> {
    let limit = network.config.connect_timeout;
    let failed = |reason: String| {
        Error::Connect(format!("connect to the Unix socket {} for {}: {reason}", path.display(), origin.authority))
    };
    match within(limit, UnixStream::connect(path)).await {
        Ok(Ok(stream)) => Ok(Socket::Unix(stream)),
        Ok(Err(error)) => Err(failed(in_words(&error))),
        Err(_) => Err(failed(format!("no answer within {limit:?}"))),
    }
}

/// Host and port for an error, with the address if it differs from the name.
fn peer(place: &Place<'_>) -> String {
    let Place { host, port, addresses } = place;
    match &**addresses {
        [address] if address.to_string() == *host => SocketAddr::new(*address, *port).to_string(),
        [address] => format!("{host}:{port} ({address})"),
        [first, others @ ..] => format!("{host}:{port} ({first} and {} more)", others.len()),
        [] => format!("{host}:{port}"),
    }
}
