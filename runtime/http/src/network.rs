//! State shared by the clients of one worker thread: settings, names, addresses, buffers, and the recorder.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;

use squall_address::{Proxy, ProxyProtocol};
use squall_metrics::{Clock, Recorder};

use crate::buffers::Buffers;
use crate::config::{ClientConfig, Protocol};
use crate::error::Error;
use crate::pace::Pacer;
use crate::pool::Pool;
use crate::reader::Limits;
use crate::resolve::Resolver;
use crate::stub::Stub;
use crate::tls::{Alpn, SharedTls};
use crate::trace_context::{TraceContext, TraceContexts};
use crate::url::{Origin, Origins, Target, UrlError};
use crate::websocket;

/// Maximum size of one read, in bytes. One buffer serves the whole thread: a connection has none of its own.
const READ_SIZE: usize = 64 * 1024;

/// Most servers whose protocols are kept in mind.
const MOST_PROTOCOLS: usize = 64;

/// State shared by the clients of one worker thread.
pub struct Network {
    pub(crate) config: ClientConfig,
    pub(crate) tls: SharedTls,
    pub(crate) clock: Clock,
    pub(crate) recorder: Rc<RefCell<Recorder>>,
    pub(crate) origins: Origins,
    pub(crate) resolver: Resolver,
    /// The rate at which connections are opened, if it is bounded.
    pub(crate) pacer: Option<Pacer>,
    /// Number of clients that have taken a source address.
    clients: Cell<usize>,
    /// Answers instead of every target.
    pub(crate) stub: Option<Stub>,
    pub(crate) buffers: Buffers,
    /// Names the traces of requests, if the target is to trace some.
    trace_contexts: Option<TraceContexts>,
    /// Replaces each client's own connections.
    pub(crate) pool: Option<Pool>,
    /// What the servers were found to speak that leave it to be negotiated.
    protocols: RefCell<Vec<(Rc<Origin>, Protocol)>>,
    /// Every read goes here first; incomplete or kept data is copied out. Borrowed only while a socket is polled.
    pub(crate) scratch: RefCell<Box<[u8]>>,
    pub(crate) websockets: websocket::Shared,
}

impl Network {
    /// The network of one thread. `recorder` takes the samples of all its clients, `clock` times them.
    pub fn new(config: ClientConfig, tls: SharedTls, clock: Clock, recorder: Rc<RefCell<Recorder>>) -> Rc<Network> {
        Network::to(None, config, tls, clock, recorder)
    }

    /// The same, with a stub that answers instead of all targets.
    pub fn to_stub(
        stub: Stub,
        config: ClientConfig,
        tls: SharedTls,
        clock: Clock,
        recorder: Rc<RefCell<Recorder>>,
    ) -> Rc<Network> {
        Network::to(Some(stub), config, tls, clock, recorder)
    }

    fn to(
        stub: Option<Stub>,
        config: ClientConfig,
        tls: SharedTls,
        clock: Clock,
        recorder: Rc<RefCell<Recorder>>,
    ) -> Rc<Network> {
        let origins = Origins::new(config.base.as_ref());
        if let Some(origin) = origins.base().filter(|origin| origin.secure) {
            // Now, and not in the first handshake, which is measured. An error is reported by that handshake.
            let _ = tls.client_for(&origin.host, Alpn::Either);
        }
        Rc::new(Network {
            origins,
            resolver: Resolver::new(clock.clone(), config.dns, config.turns),
            pacer: config.sockets.pace.map(Pacer::new),
            clients: Cell::default(),
            stub,
            buffers: Buffers::default(),
            trace_contexts: config.trace_sampling.map(TraceContexts::new),
            pool: config.pool.map(|most| Pool::new(most, config.max_streams)),
            protocols: RefCell::default(),
            scratch: RefCell::new(vec![0; READ_SIZE].into()),
            websockets: websocket::Shared::default(),
            config,
            tls,
            clock,
            recorder,
        })
    }

    /// Where a request of that URL goes.
    #[inline]
    pub(crate) fn resolve<'a>(&'a self, url: &'a str) -> Result<Target<'a>, Error> {
        self.origins.resolve(url).map_err(|error| {
            let text = error.to_string();
            if matches!(error, UrlError::NoTarget { .. }) {
                self.config.missing_target.report(&text);
            }
            Error::InvalidRequest(text)
        })
    }

    /// The HTTP proxy that requests to this origin go to as they are, with whole URLs: that of plain HTTP.
    #[inline]
    pub(crate) fn proxy_of_plain(&self, origin: &Origin) -> Option<&Proxy> {
        let routes = &self.config.routes;
        if origin.secure || routes.proxies.http.is_none() || routes.unix_socket.is_some() {
            return None;
        }
        let proxy = routes.proxies.find(origin.secure, &origin.host, origin.port);
        proxy.filter(|proxy| proxy.protocol == ProxyProtocol::Http)
    }

    /// The source address of one more client, if there are some to choose from. Clients of all threads take turns.
    pub(crate) fn next_source(&self) -> Option<IpAddr> {
        let sources = self.config.sockets.sources.as_ref()?;
        Some(sources.nth(self.config.turns.turn(self.clients.replace(self.clients.get() + 1))))
    }

    /// The trace context of a request that is prepared now, if it is to bring one.
    #[inline]
    pub(crate) fn next_trace_context(&self) -> Option<TraceContext> {
        self.trace_contexts.as_ref().map(|contexts| contexts.next(|| self.clock.now()))
    }

    /// What a server was found to speak.
    pub(crate) fn known_protocol(&self, origin: &Rc<Origin>) -> Option<Protocol> {
        let known = self.protocols.borrow();
        known.iter().find(|(other, _)| other.same(origin)).map(|(_, protocol)| *protocol)
    }

    /// A server was found to speak this.
    pub(crate) fn learn_protocol(&self, origin: &Rc<Origin>, protocol: Protocol) {
        let mut known = self.protocols.borrow_mut();
        known.retain(|(other, _)| !other.same(origin));
        if known.len() >= MOST_PROTOCOLS {
            known.remove(0);
        }
        known.push((Rc::clone(origin), protocol));
    }

    #[inline]
    pub(crate) fn limits(&self) -> Limits {
        Limits { head: self.config.max_head, body: self.config.max_body }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Network").field("config", &self.config).finish_non_exhaustive()
    }
}
