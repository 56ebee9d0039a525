//! The way of a request to its server: a connection, an exchange on it, and another try where that is safe.

mod http3;

use std::cell::Cell;
use std::rc::Rc;

use tracing::debug;

use crate::client::Client;
use crate::config::{ConnectionReuse, HttpVersion, Protocol};
use crate::connect::{Connection, connect, diagnose_failure};
use crate::error::Error;
use crate::exchange::{BodyTransfer, Broken, Cause, exchange};
use crate::http2::{self, Multiplexed};
use crate::reader::Reader;
use crate::request::Prepared;
use crate::stopwatch::{Stage, Stopwatch};
use crate::streams::{Failed, Streams, Way};
use crate::tls::Alpn;
use crate::url::Origin;
use crate::wire_log;

/// Maximum number of idle connections of a client, over all origins; the oldest goes first.
const MOST_IDLE: usize = 64;
/// How often a request is sent again over HTTP/2 because a server did not look at it. Servers that close each connection after
/// its first stream exist.
const MOST_REPEATS: u32 = 3;

/// What came of HTTP/2.
enum Outcome {
    Over(Result<(), Error>),
    /// The server speaks HTTP/1.1, on this connection if one was opened to find out.
    Http1(Option<Connection>),
}

/// A connection of HTTP/2 for one request.
enum Carrier {
    Stream {
        connection: Rc<Multiplexed>,
        /// Whether it was opened for this request.
        is_new: bool,
    },
    Http1(Option<Connection>),
}

impl Client {
    /// Gets a connection and makes the exchange on it; once more if it turns out to have been closed by the server.
    pub(crate) async fn attempt<T: BodyTransfer>(
        &self,
        request: &Prepared,
        travel: &mut T,
        reader: &mut Reader,
        watch: &mut Stopwatch,
    ) -> Result<(), Error> {
        let mut opened = None;
        if request.http == HttpVersion::Http3 && self.network.stub.is_none() {
            return Box::pin(self.attempt_http3(request, travel, reader, watch)).await;
        }
        if self.may_speak_http2(request) {
            // Boxed, because it would make requests over HTTP/1.1 larger.
            match Box::pin(self.attempt_http2(request, travel, reader, watch)).await {
                Outcome::Over(result) => return result,
                Outcome::Http1(connection) => opened = connection,
            }
        }
        self.attempt_http1(opened, request, travel, reader, watch).await
    }

    /// Whether a request may go over HTTP/2.
    #[inline]
    fn may_speak_http2(&self, request: &Prepared) -> bool {
        let by_version = match request.http {
            HttpVersion::Http1 | HttpVersion::Http3 => false,
            HttpVersion::Negotiated => request.origin.secure,
            HttpVersion::Http2 | HttpVersion::Http2PriorKnowledge => true,
        };
        by_version && self.network.stub.is_none()
    }

    /// The same over HTTP/1.1. `opened`: a connection that is there already.
    async fn attempt_http1<T: BodyTransfer>(
        &self,
        mut opened: Option<Connection>,
        request: &Prepared,
        travel: &mut T,
        reader: &mut Reader,
        watch: &mut Stopwatch,
    ) -> Result<(), Error> {
        let network = &*self.network;
        let _place = match &network.pool {
            None => None,
            Some(pool) => {
                if let Some(connection) = opened.take() {
                    pool.keep(connection);
                }
                let place = Box::pin(pool.place(&request.origin)).await;
                watch.lap(network.clock.now());
                place
            }
        };
        let mut idle = if opened.is_none() { self.take_idle(&request.origin) } else { None };
        loop {
            let is_reused = idle.is_some();
            let mut connection = match idle.take().or_else(|| opened.take()) {
                Some(connection) => connection,
                // Boxed, because it is large and rare.
                None => Box::pin(connect(network, &request.origin, Alpn::Http1, self.source, watch))
                    .await
                    .inspect_err(|error| diagnose_failure(&request.origin, error))?,
            };
            let shown = wire_log::request(request, Protocol::Http1);
            watch.enter_at_once(Stage::Sending);
            match exchange(network, &mut connection.transport, request, travel, reader, watch).await {
                Ok(reusable) => {
                    self.note_response(shown, reader);
                    if reusable && !request.close {
                        self.keep_idle(connection);
                    }
                    return Ok(());
                }
                Err(broken)
                    if is_reused
                        && reader.is_untouched()
                        && may_send_again(request, &broken)
                        && travel.can_start_again() =>
                {
                    network.recorder.borrow_mut().run().reconnects += 1;
                    watch.enter(Stage::Blocked, network.clock.now());
                }
                Err(broken) => {
                    let error = broken.cause.into_error(&request.origin.authority);
                    if let Some(shown) = shown {
                        shown.failure(&error);
                    }
                    return Err(error);
                }
            }
        }
    }

    /// The same over HTTP/2, if the server speaks it.
    async fn attempt_http2<T: BodyTransfer>(
        &self,
        request: &Prepared,
        travel: &mut T,
        reader: &mut Reader,
        watch: &mut Stopwatch,
    ) -> Outcome {
        let network = &*self.network;
        let mut repeats = 0;
        loop {
            let (connection, is_new) = match self.carrier(request, watch).await {
                Ok(Carrier::Stream { connection, is_new }) => (connection, is_new),
                Ok(Carrier::Http1(opened)) => return Outcome::Http1(opened),
                Err(error) => return Outcome::Over(Err(error)),
            };
            let shown = wire_log::request(request, Protocol::Http2);
            watch.enter_at_once(Stage::Sending);
            let under_way = self.streams().begin_request();
            let outcome = http2::exchange(network, &connection, request, travel, reader, watch).await;
            drop(under_way);
            let failed = match outcome {
                Ok(()) => {
                    self.note_response(shown, reader);
                    return Outcome::Over(Ok(()));
                }
                Err(failed) => failed,
            };
            let again = reader.is_untouched() && travel.can_start_again();
            if again && matches!(failed, Failed::WantsHttp1(_)) && request.http == HttpVersion::Negotiated {
                debug!(origin = request.origin.authority, "the server wants HTTP/1.1");
                network.learn_protocol(&request.origin, Protocol::Http1);
                reader.begin(squall_metrics::Protocol::Http1);
                watch.enter(Stage::Blocked, network.clock.now());
                return Outcome::Http1(None);
            }
            if again && repeats < MOST_REPEATS && may_repeat(request, &failed, is_new) {
                repeats += 1;
                self.begin_repeat(&connection.has_repeats, watch);
                continue;
            }
            return Outcome::Over(Err(note_failure(failed, shown)));
        }
    }

    /// A connection of HTTP/2 with room for a request, opened if need be.
    async fn carrier(&self, request: &Prepared, watch: &mut Stopwatch) -> Result<Carrier, Error> {
        let network = &*self.network;
        let origin = &request.origin;
        if network.config.reuse == ConnectionReuse::Never {
            return Ok(match self.open_http2(request, watch).await? {
                Opened::Http2(connection) => Carrier::Stream { connection, is_new: true },
                Opened::Http1(connection) => Carrier::Http1(Some(connection)),
            });
        }
        let (way, waited) = self.streams().way(origin, network).await;
        if waited {
            watch.lap(network.clock.now());
        }
        let (opening, reconnects) = match way {
            Way::Stream(connection) => return Ok(Carrier::Stream { connection, is_new: false }),
            Way::Elsewhere if request.http == HttpVersion::Negotiated => return Ok(Carrier::Http1(None)),
            Way::Elsewhere => return Err(without_http2(origin)),
            Way::Open { opening, reconnects } => (opening, reconnects),
        };
        if reconnects {
            network.recorder.borrow_mut().run().reconnects += 1;
        }
        Ok(match self.open_http2(request, watch).await? {
            Opened::Http2(connection) => {
                opening.share(&connection);
                Carrier::Stream { connection, is_new: true }
            }
            Opened::Http1(connection) => Carrier::Http1(Some(connection)),
        })
    }

    /// Opens a connection, and finds out what the server speaks.
    async fn open_http2(&self, request: &Prepared, watch: &mut Stopwatch) -> Result<Opened, Error> {
        let (network, origin) = (&*self.network, &request.origin);
        let alpn = if request.http == HttpVersion::Negotiated { Alpn::Either } else { Alpn::Http2 };
        let connection = connect(network, origin, alpn, self.source, watch).await;
        let connection = connection.inspect_err(|error| diagnose_failure(origin, error))?;
        let protocol = if origin.secure { connection.transport.negotiated() } else { Protocol::Http2 };
        if protocol == Protocol::Http1 && alpn == Alpn::Http2 {
            return Err(without_http2(origin));
        }
        network.learn_protocol(origin, protocol);
        Ok(match protocol {
            Protocol::Http1 => Opened::Http1(connection),
            Protocol::Http2 | Protocol::Http3 => {
                Opened::Http2(Multiplexed::new(Rc::clone(origin), connection.transport, network))
            }
        })
    }

    /// A request on a shared connection is sent again, on another one if need be.
    fn begin_repeat(&self, has_repeats: &Cell<bool>, watch: &mut Stopwatch) {
        has_repeats.set(true);
        self.network.recorder.borrow_mut().run().reconnects += 1;
        watch.enter(Stage::Blocked, self.network.clock.now());
    }

    /// Shows a response, if that is asked for, and records what it says of the server.
    #[inline]
    pub(crate) fn note_response(&self, shown: Option<wire_log::Shown>, reader: &Reader) {
        if let Some(shown) = shown {
            shown.response(reader);
        }
        if reader.timed {
            self.record_server_timings(&reader.head);
        }
    }

    /// The connections of HTTP/2 that this client uses.
    fn streams(&self) -> &Streams<Multiplexed> {
        match &self.network.pool {
            None => &self.streams,
            Some(pool) => &pool.streams,
        }
    }

    /// The idle connection to an origin that was used last, if one is still good.
    #[inline]
    fn take_idle(&self, origin: &Rc<Origin>) -> Option<Connection> {
        let found = match &self.network.pool {
            None => self.idle.take(origin),
            Some(pool) => pool.take(origin),
        };
        if found.was_closed {
            self.network.recorder.borrow_mut().run().reconnects += 1;
        }
        found.connection
    }

    fn keep_idle(&self, connection: Connection) {
        match &self.network.pool {
            None => self.idle.keep(connection, MOST_IDLE),
            Some(pool) => pool.keep(connection),
        }
    }
}

/// A new connection.
enum Opened {
    Http1(Connection),
    Http2(Rc<Multiplexed>),
}

/// Whether a request whose connection was closed may be sent again: only if the server cannot have seen it, or if it is
/// idempotent.
fn may_send_again(request: &Prepared, broken: &Broken) -> bool {
    let lost = matches!(broken.cause, Cause::Closed | Cause::Io(_));
    lost && (broken.written == 0 || request.is_idempotent())
}

/// The same over HTTP/2, where a server can say that it has not looked at a request.
fn may_repeat(request: &Prepared, failed: &Failed, is_new: bool) -> bool {
    match failed {
        Failed::NotProcessed(_) => true,
        Failed::Lost(_) => !is_new && request.is_idempotent(),
        Failed::WantsHttp1(_) | Failed::Final(_) => false,
    }
}

/// The error of a request that is not sent again, shown if that is asked for.
fn note_failure(failed: Failed, shown: Option<wire_log::Shown>) -> Error {
    let error = failed.into_error();
    if let Some(shown) = shown {
        shown.failure(&error);
    }
    error
}

fn without_http2(origin: &Origin) -> Error {
    Error::Protocol(format!("{} does not speak HTTP/2 (it was not agreed on by ALPN)", origin.authority))
}
