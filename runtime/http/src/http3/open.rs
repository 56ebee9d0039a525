//! Opening a QUIC connection: the way to the server, and the handshake.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{
    ClientConfig, Connecting, Connection, ConnectionError, Endpoint, EndpointConfig, SendStream, TokioRuntime,
    TransportConfig, VarInt,
};

use super::connection::describe;
use super::udp::{Datagrams, Traffic};
use crate::deadline::within;
use crate::dial::{find_target, refusal_of_datagrams};
use crate::error::{Error, in_words};
use crate::network::Network;
use crate::stopwatch::{Stage, Stopwatch};
use crate::tls::Alpn;
use crate::url::Origin;

/// The most bytes that may wait for all requests of a connection together; and for one of them.
const CONNECTION_WINDOW: u32 = 16 << 20;
const STREAM_WINDOW: u32 = 4 << 20;
/// The most streams that a server may open: its control stream, two for a dynamic table, and some that mean nothing.
const PEER_STREAMS: u32 = 16;

/// A connection that was just opened.
pub(super) struct Opened {
    pub(super) quic: Connection,
    /// The stream of our settings.
    pub(super) control: SendStream,
    pub(super) endpoint: Endpoint,
    pub(super) traffic: Arc<Traffic>,
}

/// Opens a connection. The time it takes goes to the phases of `watch`, which is blocked again in the end.
pub(super) async fn open(
    network: &Network,
    origin: &Rc<Origin>,
    source: Option<IpAddr>,
    watch: &mut Stopwatch,
) -> Result<Opened, Error> {
    let config = client_config(network, origin)?;
    let name = network.tls.server_name(&origin.host).map_err(|error| handshake_error(origin, &error))?;
    network.config.egress.check_name(&origin.host, origin.port)?;
    if let Some(reason) = refusal_of_datagrams(network, &origin.host, origin.port) {
        return Err(Error::InvalidRequest(format!("HTTP/3 to {}: {reason}", origin.authority)));
    }
    if let Some(pacer) = &network.pacer {
        pacer.wait(&network.clock).await;
    }
    let place = find_target(network, &origin.host, origin.port).await?;
    watch.enter(Stage::Connecting, network.clock.now());
    let failed = |reason| Error::Connect(format!("connect to {} over QUIC: {reason}", origin.authority));
    let mut refusal = "no address".to_owned();
    for address in place.addresses_from(source).map_err(failed)? {
        let peer = SocketAddr::new(address, place.port);
        match connect(network, peer, source, &config, &name.to_str(), watch).await {
            Ok(opened) => {
                network.recorder.borrow_mut().run().connections += 1;
                watch.enter(Stage::Blocked, network.clock.now());
                return Ok(opened);
            }
            Err(NotOpened::Handshake(reason)) => return Err(handshake_error(origin, &reason)),
            Err(NotOpened::Unreachable(reason)) => refusal = format!("{peer}: {reason}"),
        }
    }
    Err(failed(refusal))
}

/// Why an address gave no connection.
enum NotOpened {
    /// Another address may do better.
    Unreachable(String),
    /// The server is there, and the two did not agree.
    Handshake(String),
}

/// Connects to one address. `connecting` ends with the server's first packets, which its part of the handshake is in.
async fn connect(
    network: &Network,
    peer: SocketAddr,
    source: Option<IpAddr>,
    config: &ClientConfig,
    name: &str,
    watch: &mut Stopwatch,
) -> Result<Opened, NotOpened> {
    let unreachable = |error: std::io::Error| NotOpened::Unreachable(in_words(&error));
    let socket = Datagrams::open(peer, source, network.clock.clone()).await.map_err(unreachable)?;
    let traffic = Arc::clone(&socket.traffic);
    let (runtime, of_endpoint) = (Arc::new(TokioRuntime), Arc::clone(&socket));
    let endpoint = Endpoint::new_with_abstract_socket(EndpointConfig::default(), None, of_endpoint, runtime);
    let endpoint = endpoint.map_err(unreachable)?;
    let connecting = endpoint.connect_with(config.clone(), peer, name);
    let connecting = connecting.map_err(|error| NotOpened::Handshake(error.to_string()))?;
    let shaken = shake_hands(network, connecting, &socket, watch).await;
    let (sent, received) = traffic.take();
    watch.sent += sent;
    watch.received += received;
    let (quic, control) = shaken?;
    Ok(Opened { quic, control, endpoint, traffic })
}

async fn shake_hands(
    network: &Network,
    mut connecting: Connecting,
    socket: &Datagrams,
    watch: &mut Stopwatch,
) -> Result<(Connection, SendStream), NotOpened> {
    let limit = network.config.connect_timeout;
    let late = || format!("no answer within {limit:?}");
    let failed = |error: ConnectionError| match error {
        ConnectionError::TimedOut => NotOpened::Unreachable(late()),
        error => NotOpened::Handshake(describe(&error)),
    };
    let answered = tokio::select! {
        answered = within_limit(limit, connecting.handshake_data()) => answered,
        () = socket.refused() => {
            return Err(NotOpened::Unreachable("connection refused (nothing listens at this UDP port)".to_owned()));
        }
    };
    match answered {
        None => return Err(NotOpened::Unreachable(late())),
        // The connection itself tells why, just below.
        Some(_) => watch.enter(Stage::TlsHandshaking, socket.traffic.last_read()),
    }
    let quic = match within_limit(limit, connecting).await {
        None => return Err(NotOpened::Handshake(late())),
        Some(connected) => connected.map_err(failed)?,
    };
    let opening = squall_http3::opening(network.config.max_head as u64);
    let control = async {
        let mut control = quic.open_uni().await?;
        control.write_all(&opening).await.map(|()| control).map_err(|_| ConnectionError::Reset)
    };
    match within_limit(limit, control).await {
        None => Err(NotOpened::Handshake("it allows no control stream".to_owned())),
        Some(control) => Ok((quic, control.map_err(failed)?)),
    }
}

async fn within_limit<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    within(limit, work).await.ok()
}

/// What QUIC and TLS are told.
fn client_config(network: &Network, origin: &Origin) -> Result<ClientConfig, Error> {
    let tls = network.tls.client_for(&origin.host, Alpn::Http3).map_err(|error| handshake_error(origin, &error))?;
    let crypto = QuicClientConfig::try_from(tls).map_err(|error| handshake_error(origin, &error.to_string()))?;
    let mut transport = TransportConfig::default();
    transport.receive_window(VarInt::from_u32(CONNECTION_WINDOW));
    transport.stream_receive_window(VarInt::from_u32(STREAM_WINDOW));
    transport.max_concurrent_bidi_streams(VarInt::from_u32(0));
    transport.max_concurrent_uni_streams(VarInt::from_u32(PEER_STREAMS));
    transport.datagram_receive_buffer_size(None);
    let mut config = ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

fn handshake_error(origin: &Origin, reason: &str) -> Error {
    Error::Tls(format!("QUIC handshake with {}: {reason}", origin.authority))
}
