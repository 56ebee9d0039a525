//! Opening a connection: look up, connect, shake hands.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::deadline::within;
use crate::error::{Error, in_words};
use crate::network::Network;
use crate::stopwatch::{Stage, Stopwatch};
use crate::transport::{Counted, Transport, take};
use crate::url::Origin;

/// A connection, and whom it leads to.
#[derive(Debug)]
pub(crate) struct Connection {
    pub origin: Rc<Origin>,
    pub transport: Transport,
}

/// Opens a connection. The time it takes goes to the phases of `watch`, which is blocked again in the end.
pub(crate) async fn connect(
    network: &Network,
    origin: &Rc<Origin>,
    watch: &mut Stopwatch,
) -> Result<Connection, Error> {
    let addresses = network.resolver.resolve(&origin.host).await?;
    watch.enter(Stage::Connecting, network.clock.now());
    let limit = network.config.connect_timeout;
    let opened = within(limit, open(&addresses, origin.port)).await;
    let stream = opened.unwrap_or_else(|_| Err(format!("no answer within {limit:?}")));
    let stream = stream.map_err(|reason| Error::Connect(format!("connect to {}: {reason}", peer(origin, &addresses))))?;
    let transport = match origin.secure {
        true => shake_hands(network, origin, stream, watch).await?,
        false => Transport::plain(stream),
    };
    watch.enter(Stage::Blocked, network.clock.now());
    Ok(Connection { origin: Rc::clone(origin), transport })
}

/// Tries one address after the other.
async fn open(addresses: &[IpAddr], port: u16) -> Result<TcpStream, String> {
    let mut refusal = "no address".to_owned();
    for address in addresses {
        match TcpStream::connect(SocketAddr::new(*address, port)).await {
            Ok(stream) => {
                // Only a hint: a connection that cannot have it still works.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => refusal = in_words(&error),
        }
    }
    Err(refusal)
}

async fn shake_hands(
    network: &Network,
    origin: &Origin,
    stream: TcpStream,
    watch: &mut Stopwatch,
) -> Result<Transport, Error> {
    let failed = |reason: String| Error::Tls(format!("TLS handshake with {}: {reason}", origin.authority));
    let settings = network.tls.client().map_err(failed)?;
    let name = ServerName::try_from(origin.host.clone()).map_err(|error| failed(error.to_string()))?;
    watch.enter(Stage::TlsHandshaking, network.clock.now());
    let stream = Counted::new(stream);
    let traffic = stream.traffic();
    let limit = network.config.connect_timeout;
    let shaken = within(limit, TlsConnector::from(settings).connect(name, stream)).await;
    let (sent, received) = take(&traffic);
    watch.sent += sent;
    watch.received += received;
    match shaken {
        Ok(Ok(stream)) => Ok(Transport::Tls(Box::new(stream))),
        Ok(Err(error)) => Err(failed(in_words(&error))),
        Err(_) => Err(failed(format!("no answer within {limit:?}"))),
    }
}

/// Whom we tried to reach, with the port, and the address if it is another than the name.
fn peer(origin: &Origin, addresses: &[IpAddr]) -> String {
    match addresses {
        [address] if address.to_string() == origin.host => SocketAddr::new(*address, origin.port).to_string(),
        [address] => format!("{}:{} ({address})", origin.host, origin.port),
        _ => format!("{}:{}", origin.host, origin.port),
    }
}
