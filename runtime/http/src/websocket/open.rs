//! The opening handshake: a request of HTTP/1.1 that changes the protocol of its connection.

use std::borrow::Cow;
use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::rc::Rc;
use std::task::Poll;

use squall_metrics::random::SplitMix64;
use squall_metrics::{FailureClass, NameId, Nanos, Phases, SampleOrigin, without_credentials};
use squall_websocket::{Codec, Connection, Handshake, Limits, OWN_FIELDS};

use super::inbox;
use super::link::{Granted, Link};
use super::session::Session;
use super::socket::WebSocket;
use super::{WebSocketError, WebSocketOptions};
use crate::account::Booked;
use crate::client::Client;
use crate::config::{HttpVersion, Protocol};
use crate::connect::{connect_to_upgrade, diagnose_failure};
use crate::deadline::limit_moving;
use crate::error::Error;
use crate::exchange::{Buffered, exchange};
use crate::network::Network;
use crate::reader::{Reader, fields};
use crate::request::{Brought, Prepared, RequestOptions};
use crate::response::Response;
use crate::stopwatch::{Stage, Stopwatch};
use crate::transport::Transport;
use crate::url::{Origin, without_fragment};
use crate::wire_log;

/// About what the task of a connection and the socket take, in bytes.
const BESIDE: usize = size_of::<WebSocket>() + 1024;
const SUBPROTOCOL: &str = "sec-websocket-protocol";

/// What all WebSockets of a thread share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) codec: RefCell<Codec>,
    random: RefCell<SplitMix64>,
}

impl Default for Shared {
    fn default() -> Shared {
        // Keys and masks have to be different, not secret: the standard library's source of random hashes does.
        let seed = RandomState::new().build_hasher().finish();
        Shared { codec: RefCell::default(), random: RefCell::new(SplitMix64::new(seed)) }
    }
}

impl Shared {
    fn random(&self) -> u64 {
        self.random.borrow_mut().next_bits()
    }

    fn nonce(&self) -> [u8; 16] {
        (u128::from(self.random()) << 64 | u128::from(self.random())).to_ne_bytes()
    }
}

/// A handshake that has been checked, ready to be made.
#[derive(Debug)]
pub struct PreparedWebSocket {
    request: Box<Prepared>,
    handshake: Handshake,
    /// When the guest asked for it.
    asked: Nanos,
}

/// A connection, and its numbers.
#[derive(Debug)]
pub(super) struct Opened {
    pub link: Link,
    pub session: Session,
}

/// The server's answer to the handshake.
#[derive(Debug)]
pub(super) struct Answer {
    origin: Rc<Origin>,
    path: Box<[u8]>,
    status: u16,
    head: Box<[u8]>,
    body: Box<[u8]>,
    phases: Phases,
    booked: Booked,
}

impl Answer {
    fn new(request: &Prepared, reader: &Reader, phases: Phases, mut booked: Booked) -> Result<Answer, Error> {
        let body = if reader.status == 101 { &[][..] } else { &reader.body };
        booked.add(reader.head.len() + request.path().len() + body.len())?;
        Ok(Answer {
            origin: Rc::clone(&request.origin),
            path: request.path().into(),
            status: reader.status,
            head: (*reader.head).into(),
            body: body.into(),
            phases,
            booked,
        })
    }

    /// A copy for the guest.
    pub(super) fn response(&self, network: &Rc<Network>) -> Result<Box<Response>, Error> {
        let head = (self.status, &*self.head);
        let response = Response::of_head(network, &self.origin, &self.path, head, self.phases, self.booked.account())?;
        Ok(response.with_body(&self.body)?)
    }
}

/// How a handshake ended.
enum Shaken {
    /// The server has answered, on this connection.
    Answered(Transport),
    Failed(Error),
}

impl Client {
    /// Checks a handshake with the server of a URL ("wss://host/path", or a path below the run's target). An invalid one is
    /// counted as a failure, but is not a session.
    ///
    /// # Errors
    /// As [`Client::prepare`].
    pub fn prepare_websocket<'h>(
        &self,
        url: &str,
        headers: impl Iterator<Item = (&'h str, &'h str)>,
        options: &WebSocketOptions,
    ) -> Result<(PreparedWebSocket, Rc<WebSocket>), Error> {
        self.prepare_handshake(url, headers, options).map_err(|error| {
            let error = error.before_sending();
            self.record_failure(&error, &error.to_string());
            error
        })
    }

    fn prepare_handshake<'h>(
        &self,
        url: &str,
        headers: impl Iterator<Item = (&'h str, &'h str)>,
        options: &WebSocketOptions,
    ) -> Result<(PreparedWebSocket, Rc<WebSocket>), Error> {
        let network = &self.network;
        let mut subprotocols = options.subprotocols.clone();
        let mut own = Vec::new();
        for (name, value) in headers {
            if name.eq_ignore_ascii_case(SUBPROTOCOL) {
                subprotocols.extend(value.split(',').map(|name| name.trim().to_owned()));
            } else if OWN_FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field)) {
                return Err(Error::InvalidRequest(format!(
                    "header {name} belongs to the handshake, which is not the script's"
                )));
            } else {
                own.push((name, value));
            }
        }
        let handshake = Handshake::new(network.websockets.nonce(), subprotocols, options.compression)
            .map_err(|error| Error::InvalidRequest(error.to_string()))?;
        let name = options
            .name
            .unwrap_or_else(|| network.recorder.borrow_mut().name(&without_credentials(without_fragment(url))));
        let of_request = RequestOptions {
            name: Some(name),
            tags: options.tags,
            http: Some(HttpVersion::Http1),
            timeout: options.timeout,
            redirects: Some(0),
            discard_body: Some(false),
            cookie_jar: options.cookie_jar.clone(),
            ..RequestOptions::default()
        };
        let fields = handshake.fields();
        let fields = fields.iter().map(|(name, value)| (*name, &**value)).chain(own);
        let url = http_url(url)?;
        let belongings = self.belongings(self.cookie_jar());
        let request = Prepared::new(belongings, ("GET", &url), fields, Brought::Upgrade, &of_request)?;
        let origin = SampleOrigin { flow: self.flow.get(), tags: options.tags.unwrap_or(self.tags.get()) };
        let shown = request.url().replacen("http", "ws", 1).into();
        let booked = self.account().book(BESIDE)?;
        let inbox = options.inbox.unwrap_or(inbox::USUAL);
        let socket = WebSocket::new(Rc::clone(network), origin, (name, shown), inbox, booked);
        Ok((PreparedWebSocket { request, handshake, asked: network.clock.now() }, Rc::new(socket)))
    }

    /// A WebSocket that will not open, because the request is refused.
    pub fn refuse_websocket(&self, error: Error) -> Result<Rc<WebSocket>, Error> {
        let origin = SampleOrigin { flow: self.flow.get(), tags: self.tags.get() };
        let named = (NameId::OTHER, "".into());
        let socket = WebSocket::new(Rc::clone(&self.network), origin, named, 1, self.account().book(BESIDE)?);
        socket.refused(error.into());
        Ok(Rc::new(socket))
    }

    /// Opens a WebSocket, and carries it until it is closed.
    pub async fn websocket(&self, prepared: PreparedWebSocket, socket: Rc<WebSocket>) {
        // Boxed: it is large, and soon over. What carries the connection afterwards is small.
        let opened = Box::pin(self.open_websocket(prepared, &socket)).await;
        match opened {
            Ok(()) => socket.carry().await,
            Err(error) => socket.refused(error),
        }
    }

    async fn open_websocket(&self, prepared: PreparedWebSocket, socket: &WebSocket) -> Result<(), WebSocketError> {
        let PreparedWebSocket { mut request, handshake, asked } = prepared;
        let mut watch = Stopwatch::start_late(asked, self.late_by.take());
        let mut reader = self.reader(&request).map_err(Error::from)?;
        reader.upgrades = true;
        let shaken = self.shake(&request, &mut reader, &mut watch, socket).await;
        let outcome = match shaken {
            Shaken::Answered(transport) => self.conclude(&request, &handshake, &reader, transport, &watch, socket),
            Shaken::Failed(error) => {
                watch.lap(self.network.clock.now());
                Err(error.into())
            }
        };
        self.record_handshake(socket, &watch, outcome.as_ref().err());
        self.network.buffers.give(std::mem::take(&mut request.bytes));
        let (link, subprotocol) = outcome?;
        socket.opened(link, &subprotocol, &reader.body, watch.last_lap());
        if socket.is_gone() {
            socket.let_go();
        }
        self.network.buffers.give(reader.head);
        self.network.buffers.give(reader.body);
        Ok(())
    }

    /// Connects, sends the request, and reads the answer, within the request's time.
    async fn shake(
        &self,
        request: &Prepared,
        reader: &mut Reader,
        watch: &mut Stopwatch,
        socket: &WebSocket,
    ) -> Shaken {
        let network = &*self.network;
        let url = socket.url();
        let deadline = watch.last_lap() + request.timeout.into();
        let attempt = async {
            let connection = connect_to_upgrade(network, &request.origin, self.source, watch).await;
            let mut connection = connection.inspect_err(|error| diagnose_failure(&request.origin, error))?;
            let shown = wire_log::request(request, Protocol::Http1);
            watch.enter_at_once(Stage::Sending);
            match exchange(network, &mut connection.transport, request, &mut Buffered::default(), reader, watch).await {
                Ok(_) => {
                    self.note_response(shown, reader);
                    Ok(connection.transport)
                }
                Err(broken) => {
                    let error = broken.cause.into_error(&request.origin.authority);
                    if let Some(shown) = shown {
                        shown.failure(&error);
                    }
                    Err(error)
                }
            }
        };
        let mut attempt = Box::pin(attempt);
        let ended = limit_moving(
            &self.timer,
            &network.clock,
            || deadline,
            |context| match attempt.as_mut().poll(context) {
                Poll::Ready(outcome) => Poll::Ready(outcome),
                Poll::Pending => socket
                    .poll_gone(context)
                    .map(|()| Err(Error::Abandoned(format!("{url}: given up by the guest before it was answered")))),
            },
        );
        match ended.await {
            Ok(Ok(transport)) => Shaken::Answered(transport),
            Ok(Err(error)) => Shaken::Failed(error),
            Err(_) => Shaken::Failed(Error::Timeout),
        }
    }

    /// Takes the answer, and what it agrees to.
    fn conclude(
        &self,
        request: &Prepared,
        handshake: &Handshake,
        reader: &Reader,
        transport: Transport,
        watch: &Stopwatch,
        socket: &WebSocket,
    ) -> Result<(Link, String), WebSocketError> {
        if reader.sets_cookies {
            request.jar(self.cookie_jar()).set(&request.origin, request.path(), &reader.head);
        }
        socket.answered(Answer::new(request, reader, watch.phases(), self.account().receipt())?);
        let agreed = handshake
            .check(reader.status, fields(&reader.head))
            .map_err(|error| WebSocketError::Handshake(format!("{}: the server {error}", socket.url())))?;
        let limits = Limits { message: usize::try_from(self.network.config.max_body).unwrap_or(usize::MAX) };
        let connection = Connection::new(limits, agreed.deflate, self.network.websockets.random());
        let link = Link::new(transport, connection, Granted::new(self.account().receipt()));
        Ok((link, agreed.subprotocol))
    }

    /// A handshake is a session, whatever came of it, unless nothing was sent.
    fn record_handshake(&self, socket: &WebSocket, watch: &Stopwatch, error: Option<&WebSocketError>) {
        if !error.is_some_and(|error| error.class().is_unsent()) {
            socket.record(watch.last_lap(), |cell| {
                cell.connecting.record(watch.elapsed());
                cell.sessions += 1;
                cell.failed += u64::from(error.is_some());
                cell.sent += watch.sent;
                cell.received += watch.received;
            });
        }
        let text = match error {
            None => return,
            Some(WebSocketError::Failed(Error::Timeout)) => {
                format!("{}: no answer to the handshake in time", socket.url())
            }
            Some(error) => error.to_string(),
        };
        let class = error.map_or(FailureClass::Protocol, WebSocketError::class);
        self.network.recorder.borrow_mut().request_failure(socket.origin().flow, class, &text);
    }
}

/// The URL of the handshake: "https://host/path" for "wss://host/path". Paths, and URLs that say http, stay.
fn http_url(url: &str) -> Result<Cow<'_, str>, Error> {
    let Some((scheme, rest)) = url.split_once("://") else { return Ok(url.into()) };
    match &*scheme.to_ascii_lowercase() {
        "ws" => Ok(format!("http://{rest}").into()),
        "wss" => Ok(format!("https://{rest}").into()),
        "http" | "https" => Ok(url.into()),
        _ if scheme.contains(['/', '?']) => Ok(url.into()),
        _ => Err(Error::InvalidRequest(format!(
            "\"{}\": a WebSocket's URL begins with ws:// or wss://",
            without_credentials(url).escape_debug()
        ))),
    }
}
