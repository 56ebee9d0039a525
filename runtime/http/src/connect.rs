//! Opening a connection: look up, connect, shake hands.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tracing::debug;

use crate::deadline::within;
use crate::dial::{Payload, dial};
use crate::error::{Error, in_words};
use crate::network::Network;
use crate::socket::{Socket, connect_tcp, set_options};
use crate::stopwatch::{Stage, Stopwatch};
use crate::tls::{Alpn, report_handshake};
use crate::transport::{Counted, Transport, take};
use crate::url::Origin;

/// A connection, and its origin.
#[derive(Debug)]
pub(crate) struct Connection {
    pub origin: Rc<Origin>,
    pub transport: Transport,
}

/// Opens a connection. The time it takes goes to the phases of `watch`, which is blocked again in the end. `alpn` is
/// for TLS.
pub(crate) async fn connect(
    network: &Network,
    origin: &Rc<Origin>,
    alpn: Alpn,
    source: Option<IpAddr>,
    watch: &mut Stopwatch,
) -> Result<Connection, Error> {
    let payload = if origin.secure { Payload::Opaque } else { Payload::PlainRequests };
    connect_for(network, origin, alpn, source, payload, watch).await
}

/// The same for a connection on which HTTP/1.1 is soon left behind: proxies make a tunnel for it.
pub(crate) async fn connect_to_upgrade(
    network: &Network,
    origin: &Rc<Origin>,
    source: Option<IpAddr>,
    watch: &mut Stopwatch,
) -> Result<Connection, Error> {
    connect_for(network, origin, Alpn::Http1, source, Payload::Opaque, watch).await
}

async fn connect_for(
    network: &Network,
    origin: &Rc<Origin>,
    alpn: Alpn,
    source: Option<IpAddr>,
    payload: Payload,
    watch: &mut Stopwatch,
) -> Result<Connection, Error> {
    // Before the phases that belong to the server: the first time, it reads the system's authorities.
    let tls = match origin.secure {
        true => Some(network.tls.client_for(&origin.host, alpn).map_err(|error| tls_error(origin, &error))?),
        false => None,
    };
    let policy = &network.config.egress;
    policy.check_name(&origin.host, origin.port)?;
    if let Some(stub) = &network.stub {
        return Ok(Connection { origin: Rc::clone(origin), transport: Transport::Stub(Box::new(stub.connect())) });
    }
    if let Some(pacer) = &network.pacer {
        pacer.wait(&network.clock).await;
    }
    let stream = dial(network, origin, source, payload, watch).await?;
    let transport = match tls {
        Some(settings) => shake_hands(network, origin, stream, settings, watch).await?,
        None => Transport::plain(stream),
    };
    network.recorder.borrow_mut().run().connections += 1;
    watch.enter(Stage::Blocked, network.clock.now());
    Ok(Connection { origin: Rc::clone(origin), transport })
}

/// Opens a connection whose protocol the guest speaks: with TLS for the server of that name (empty: the place's host). A
/// proxy makes a tunnel for it. The time goes to the phases of `watch`, as ever.
pub(crate) async fn connect_socket(
    network: &Network,
    place: &Origin,
    server_name: Option<&str>,
    source: Option<IpAddr>,
    watch: &mut Stopwatch,
) -> Result<Transport, Error> {
    let settings = match server_name {
        Some(_) => Some(network.tls.client_for(&place.host, Alpn::Nothing).map_err(|error| tls_error(place, &error))?),
        None => None,
    };
    network.config.egress.check_name(&place.host, place.port)?;
    if network.stub.is_some() {
        return Err(Error::Connect(format!("connect to {}: a rehearsal opens no sockets", place.authority)));
    }
    if let Some(pacer) = &network.pacer {
        pacer.wait(&network.clock).await;
    }
    let stream = dial(network, place, source, Payload::Opaque, watch).await?;
    let transport = match settings {
        Some(settings) => {
            let host = server_name.filter(|name| !name.is_empty()).unwrap_or(&place.host).to_owned();
            let server = Origin { host, secure: true, port: place.port, authority: place.authority.clone() };
            shake_hands(network, &server, stream, settings, watch).await?
        }
        None => Transport::plain(stream),
    };
    watch.enter(Stage::Blocked, network.clock.now());
    Ok(transport)
}

/// Says why there is no connection. Only for one that was to be opened: a request on one that is open meets no diagnosis.
#[cold]
pub(crate) fn diagnose_failure(origin: &Origin, error: &Error) {
    debug!(origin = origin.authority, %error, "could not open a connection");
}

/// How long an address has for itself before the next is tried as well (RFC 8305, whose 250 ms are for people who wait). By
/// then the system has asked again; sooner, a target that is only slow would be asked for two connections in place of one.
const HEAD_START: Duration = Duration::from_secs(1);

type Attempt<'a> = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + 'a>>;

/// Connects to the first address that answers. The next is tried after a refusal or after [`HEAD_START`], so a server
/// that is down costs little as long as there are others.
pub(crate) async fn open(
    addresses: &[IpAddr],
    port: u16,
    source: Option<IpAddr>,
    network: &Network,
) -> Result<TcpStream, String> {
    let limit = network.config.connect_timeout;
    let late = || Err(format!("no answer within {limit:?}"));
    let stream = within(limit, first_to_answer(addresses, port, source)).await.unwrap_or_else(|_| late())?;
    set_options(&stream, &network.config.sockets);
    Ok(stream)
}

async fn first_to_answer(addresses: &[IpAddr], port: u16, source: Option<IpAddr>) -> Result<TcpStream, String> {
    let mut refusal = "no address".to_owned();
    let mut waiting = addresses.iter().map(|address| SocketAddr::new(*address, port));
    let mut attempts: Vec<Attempt<'_>> = Vec::new();
    loop {
        let next = waiting.next();
        attempts.extend(next.map(|address| Box::pin(connect_tcp(address, source)) as Attempt<'_>));
        if attempts.is_empty() {
            return Err(refusal);
        }
        let answer = match waiting.len() {
            0 => Ok(any_of(&mut attempts).await),
            _ => within(HEAD_START, any_of(&mut attempts)).await,
        };
        match answer {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => refusal = in_words(&error),
            // The next begins, and those that have begun go on.
            Err(_) => {}
        }
    }
}

/// The first attempt that succeeds or fails, taken out of the list.
async fn any_of(attempts: &mut Vec<Attempt<'_>>) -> io::Result<TcpStream> {
    poll_fn(|context| {
        let ready = attempts.iter_mut().enumerate().find_map(|(place, attempt)| match attempt.as_mut().poll(context) {
            Poll::Ready(outcome) => Some((place, outcome)),
            Poll::Pending => None,
        });
        match ready {
            Some((place, outcome)) => {
                drop(attempts.swap_remove(place));
                Poll::Ready(outcome)
            }
            None => Poll::Pending,
        }
    })
    .await
}

async fn shake_hands(
    network: &Network,
    origin: &Origin,
    stream: Socket,
    settings: Arc<rustls::ClientConfig>,
    watch: &mut Stopwatch,
) -> Result<Transport, Error> {
    let name = network.tls.server_name(&origin.host).map_err(|error| tls_error(origin, &error))?;
    watch.enter(Stage::TlsHandshaking, network.clock.now());
    let stream = Counted::new(stream);
    let traffic = stream.traffic();
    let limit = network.config.connect_timeout;
    let shaken = within(limit, TlsConnector::from(settings).connect(name, stream)).await;
    let (sent, received) = take(&traffic);
    watch.sent += sent;
    watch.received += received;
    match shaken {
        Ok(Ok(stream)) => {
            report_handshake(origin, stream.get_ref().1);
            Ok(Transport::Tls(Box::new(stream)))
        }
        Ok(Err(error)) => Err(tls_error(origin, &in_words(&error))),
        Err(_) => Err(tls_error(origin, &format!("no answer within {limit:?}"))),
    }
}

fn tls_error(origin: &Origin, reason: &dyn fmt::Display) -> Error {
    Error::Tls(format!("TLS handshake with {}: {reason}", origin.authority))
}
